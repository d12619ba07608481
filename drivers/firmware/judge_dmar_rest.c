/* SPDX-License-Identifier: BSD-2-Clause */
/* DMAR structures that say more of units and devices named elsewhere: ATSR, RHSA, ANDD, SATC, SIDP.
 * VT-d §8.5 to §8.9 */
#include "judge_internal.h"

#include "intel/dmar.h"

#define ATSR_ALL_PORTS 1u
#define ANDD_NUMBER 7u
#define ANDD_NAME 8u

static const struct judge_rule atsr_both = {
    FW_WARNING,        "atsr-all-and-scopes", "Linux takes all ports and ignores the list",
    "firmware update", "VT-d §8.5",
};
static const struct judge_rule atsr_empty = {
    FW_WARNING,        "atsr-empty", "Linux uses ATS below no port of the segment",
    "firmware update", "VT-d §8.5",
};
static const struct judge_rule atsr_twice = {
    FW_WARNING,
    "atsr-contradiction",
    "Linux uses ATS wherever one of the structures allows it",
    "firmware update",
    "VT-d §8.5",
};
static const struct judge_rule rhsa_unknown = {
    FW_WARNING, "rhsa-without-unit", "Linux calls the table broken", "firmware update", "VT-d §8.6",
};
static const struct judge_rule rhsa_twice = {
    FW_WARNING,
    "rhsa-twice",
    "Linux puts the unit's tables into the memory of the last one's node",
    "firmware update",
    "VT-d §8.6",
};
static const struct judge_rule andd_name = {
    FW_ERROR,          "andd-name", "Linux calls the table broken and refuses it",
    "firmware update", "VT-d §8.7",
};
static const struct judge_rule andd_no_scope = {
    FW_WARNING,
    "andd-without-scope",
    "Linux warns that no unit has the device; its DMA is not translated",
    "firmware update",
    "VT-d §8.7",
};
static const struct judge_rule scope_no_andd = {
    FW_WARNING,        "acpi-scope-without-andd", "nothing says which device the scope means",
    "firmware update", "VT-d §8.3.1, §8.7",
};
static const struct judge_rule andd_twice = {
    FW_ERROR,          "andd-number-twice", "Linux puts both devices where the number is found",
    "firmware update", "VT-d §8.7",
};
static const struct judge_rule satc_unused = {
    FW_NOTE, "satc-beside-sidp", "a system that reads SIDP ignores SATC", "", "VT-d §8.8, §8.9",
};
static const struct judge_rule path_long = {
    FW_WARNING,
    "satc-not-integrated",
    "Linux looks for root-complex integrated endpoints only",
    "firmware update",
    "VT-d §8.8, §8.9",
};

static void judge_atsr(struct judge *j, const struct judge_table *dmar,
                       const struct judge_item *atsr)
{
    struct judge_item item = { 0 };
    bool all = (atsr->at[4] & ATSR_ALL_PORTS) != 0,
         scopes = atsr->len > judge_dmar_fixed(JUDGE_ATSR);

    if (all && scopes)
        judge_found(j, &atsr_both, dmar, atsr->offset, "ALL_PORTS is set and ports are listed");
    if (!all && !scopes)
        judge_found(j, &atsr_empty, dmar, atsr->offset,
                    "no port is listed and ALL_PORTS is not set");
    while (judge_dmar_next_of(dmar, &item, JUDGE_ATSR) && item.offset < atsr->offset)
        if (bytes_u16(item.at + 6) == bytes_u16(atsr->at + 6) &&
            (all || (item.at[4] & ATSR_ALL_PORTS) != 0)) {
            judge_found(j, &atsr_twice, dmar, atsr->offset,
                        "segment %u has another ATSR at 0x%x, and one of them has ALL_PORTS",
                        bytes_u16(atsr->at + 6), item.offset);
            return;
        }
}

static void judge_rhsa(struct judge *j, const struct judge_table *dmar,
                       const struct judge_item *rhsa)
{
    struct judge_item item = { 0 };
    uint64_t base = bytes_u64(rhsa->at + 8);
    bool found = false;

    while (judge_dmar_next_of(dmar, &item, JUDGE_DRHD))
        found |= bytes_u64(item.at + 8) == base;
    if (!found)
        judge_found(j, &rhsa_unknown, dmar, rhsa->offset, "there is no unit at 0x%llx",
                    (unsigned long long)base);
    item.offset = 0;
    while (judge_dmar_next_of(dmar, &item, JUDGE_RHSA) && item.offset < rhsa->offset)
        if (bytes_u64(item.at + 8) == base) {
            judge_found(j, &rhsa_twice, dmar, rhsa->offset,
                        "the unit at 0x%llx is near domain %u and near domain %u",
                        (unsigned long long)base, bytes_u32(item.at + 16),
                        bytes_u32(rhsa->at + 16));
            return;
        }
}

/* Whether a unit has an ACPI scope of that number. */
static bool acpi_scope(const struct judge_table *dmar, uint8_t number)
{
    struct judge_item item = { 0 };
    struct dmar_scope scope;

    while (judge_dmar_next_of(dmar, &item, JUDGE_DRHD)) {
        struct dmar_scopes scopes = { .at = item.at + 16,
                                      .left = item.len - 16,
                                      .offset = item.offset + 16 };

        while (dmar_scope_next(&scopes, &scope))
            if (scope.type == DMAR_SCOPE_ACPI && scope.enumeration_id == number)
                return true;
    }
    return false;
}

static void judge_andd(struct judge *j, const struct judge_table *dmar,
                       const struct judge_item *andd)
{
    struct judge_item item = { 0 };
    uint8_t number = andd->at[ANDD_NUMBER];
    bool ended = false;

    for (uint32_t i = ANDD_NAME; i < andd->len; i++)
        ended |= andd->at[i] == 0;
    if (!ended || andd->at[ANDD_NAME] == 0)
        judge_found(j, &andd_name, dmar, andd->offset, "the name of ACPI device %u %s", number,
                    ended ? "is empty" : "does not end inside the structure");
    if (!acpi_scope(dmar, number))
        judge_found(j, &andd_no_scope, dmar, andd->offset, "no unit has a scope for ACPI device %u",
                    number);
    while (judge_dmar_next_of(dmar, &item, JUDGE_ANDD) && item.offset < andd->offset)
        if (item.at[ANDD_NUMBER] == number) {
            judge_found(j, &andd_twice, dmar, andd->offset,
                        "ACPI device %u is also declared at 0x%x", number, item.offset);
            return;
        }
}

static bool declared(const struct judge_table *dmar, uint8_t number)
{
    struct judge_item item = { 0 };

    while (judge_dmar_next_of(dmar, &item, JUDGE_ANDD))
        if (item.at[ANDD_NUMBER] == number)
            return true;
    return false;
}

/* ACPI scopes of units; paths of what SATC and SIDP list. */
static void judge_listed(struct judge *j, const struct judge_table *dmar,
                         const struct judge_item *item)
{
    uint32_t fixed = judge_dmar_fixed(item->type);
    struct dmar_scopes scopes = { .at = item->at + fixed,
                                  .left = item->len - fixed,
                                  .offset = item->offset + fixed };
    struct dmar_scope scope;

    while (dmar_scope_next(&scopes, &scope)) {
        if (item->type == JUDGE_DRHD && scope.type == DMAR_SCOPE_ACPI &&
            !declared(dmar, scope.enumeration_id))
            judge_found(j, &scope_no_andd, dmar, scope.offset,
                        "no structure declares ACPI device %u", scope.enumeration_id);
        if (item->type != JUDGE_DRHD && scope.path_length > 1)
            judge_found(j, &path_long, dmar, scope.offset,
                        "a path of %u elements leads to no integrated endpoint", scope.path_length);
    }
}

void judge_dmar_rest(struct judge *j, const struct judge_table *dmar)
{
    struct judge_item item = { 0 }, sidp = { 0 };
    bool has_sidp = judge_dmar_next_of(dmar, &sidp, JUDGE_SIDP);

    while (judge_dmar_next(dmar, &item)) {
        if (item.len < judge_dmar_fixed(item.type))
            continue;
        if (item.type == JUDGE_ATSR)
            judge_atsr(j, dmar, &item);
        else if (item.type == JUDGE_RHSA)
            judge_rhsa(j, dmar, &item);
        else if (item.type == JUDGE_ANDD)
            judge_andd(j, dmar, &item);
        if (item.type == JUDGE_SATC && has_sidp)
            judge_found(j, &satc_unused, dmar, item.offset, "the table has SATC and SIDP");
        if (item.type == JUDGE_DRHD || item.type == JUDGE_SATC || item.type == JUDGE_SIDP)
            judge_listed(j, dmar, &item);
    }
}
