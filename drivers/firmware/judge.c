/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Judges firmware tables: the headers of all of them, then each table by its
 * own file (judge_dmar.c, judge_ivrs.c, ...). Every check is a rule: id,
 * severity, what it trips, what to do; the sentence has the values.
 */
#include "judge_internal.h"

#include "memory.h"

#define MADT_LOCAL_APIC 0u
#define MADT_LOCAL_X2APIC 9u

const char *fw_severity_name(enum fw_severity severity)
{
    return severity == FW_ERROR ? "error" : severity == FW_WARNING ? "warning" : "note";
}

void judge_found(struct judge *j, const struct judge_rule *rule, const struct judge_table *t,
                 uint32_t offset, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    judge_format(j->what, sizeof(j->what), format, args);
    va_end(args);
    if (rule->severity != FW_NOTE)
        j->count++;
    j->sink->found(j->sink->ctx,
                   &(struct fw_finding) { .severity = rule->severity,
                                          .id = rule->id,
                                          .table = t == NULL ? "" : t->signature,
                                          .offset = offset,
                                          .what = j->what,
                                          .trips = rule->trips,
                                          .remedy = j->remedy[0] != '\0' ? j->remedy : rule->remedy,
                                          .reference = rule->reference });
    j->remedy[0] = '\0';
}

void judge_remedy(struct judge *j, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    judge_format(j->remedy, sizeof(j->remedy), format, args);
    va_end(args);
}

static const struct judge_rule table_cut = {
    FW_ERROR,
    "table-cut",
    "Linux and Xen refuse a table whose length they cannot map; the reader stops at what is there",
    "take the table again; if firmware hands it out like this, a firmware update",
    "ACPI 6.5 §5.2.6",
};
static const struct judge_rule table_length = {
    FW_ERROR,          "table-length",    "Linux, FreeBSD and Xen ignore the table",
    "firmware update", "ACPI 6.5 §5.2.6",
};
static const struct judge_rule table_huge = {
    FW_WARNING, "table-huge", "", "firmware update", "ACPI 6.5 §5.2.6",
};
static const struct judge_rule trailing = {
    FW_NOTE, "table-trailing", "nobody reads behind a table's length", "", "ACPI 6.5 §5.2.6",
};
static const struct judge_rule checksum = {
    FW_ERROR,
    "checksum",
    "Linux does not use AMD-Vi with a wrong IVRS checksum and warns of other tables; Xen refuses "
    "the IVRS",
    "firmware update; on Linux an intact table can be given in the initrd (ACPI table upgrade)",
    "ACPI 6.5 §5.2.6",
};
static const struct judge_rule revision_rule = {
    FW_WARNING,
    "revision",
    "a reader of another revision may take the fields for something else",
    "firmware update",
    "ACPI 6.5 §5.2.6",
};
static const struct judge_rule twice = {
    FW_ERROR,
    "table-twice",
    "Linux, FreeBSD and Xen use the first one and never see the other",
    "firmware update",
    "ACPI 6.5 §5.2.6",
};
static const struct judge_rule two_vendors = {
    FW_ERROR,
    "tables-contradict",
    "Linux takes what its CPU vendor's driver finds; the other table is unused",
    "firmware update",
    "VT-d §8.1, AMD-Vi §5.2.1",
};
static const struct judge_rule measured = {
    FW_ERROR,
    "measured-launch-without-iommu",
    "Linux stops when it was launched by tboot and finds no working DMAR",
    "switch VT-d on in the firmware setup, or intel_iommu=tboot_noforce",
    "VT-d §8.1",
};
static const struct judge_rule measured_note = {
    FW_NOTE,
    "measured-launch",
    "Linux switches translation on whatever intel_iommu=off says",
    "intel_iommu=tboot_noforce takes that back",
    "VT-d §8.1",
};

#define NO_TABLE_TRIPS                                                                             \
    "Linux, FreeBSD and Xen find no IOMMU: a device that may master the bus reaches all memory"
static const struct judge_rule no_table = {
    FW_WARNING,
    "iommu-table-missing",
    NO_TABLE_TRIPS,
    "switch VT-d, AMD-Vi or IOMMU on in the firmware setup, where processor and chip set have one",
    "VT-d §8.1, AMD-Vi §5.2.1",
};
static const struct judge_rule no_table_guest = {
    FW_NOTE,
    "iommu-table-missing",
    NO_TABLE_TRIPS,
    "give the virtual machine an IOMMU",
    "VT-d §8.1, AMD-Vi §5.2.1",
};

/* What each table needs before its first structure, and the revisions that are known. */
static const struct {
    const char *signature;
    uint32_t fixed;
    uint8_t first, last;
} layouts[] = {
    { "DMAR", 48, 1, 2 }, { "IVRS", 48, 1, 2 }, { "VIOT", 48, 0, 0 },
    { "APIC", 44, 1, 7 }, { "MCFG", 44, 1, 1 }, { "HPET", 56, 1, 1 },
};

#define LAYOUTS (sizeof(layouts) / sizeof(layouts[0]))

static bool is_signature(const struct fw_table *t, const char *signature)
{
    return memcmp(t->signature, signature, 4) == 0;
}

static uint32_t fixed_of(const struct fw_table *t)
{
    for (size_t i = 0; i < LAYOUTS; i++)
        if (is_signature(t, layouts[i].signature))
            return layouts[i].fixed;
    return JUDGE_ACPI_HEADER;
}

/* bytes is NULL where the header makes no sense. */
static struct judge_table checked(const struct fw_table *t)
{
    struct judge_table out = { .signature = t->signature };
    uint32_t fixed = fixed_of(t), length;

    if (t->len < fixed || memcmp(t->bytes, t->signature, 4) != 0)
        return out;
    length = bytes_u32(t->bytes + 4);
    if (length < fixed)
        return out;
    out.bytes = t->bytes;
    out.len = length < t->len ? length : t->len;
    if (out.len > JUDGE_TABLE_BYTES)
        out.len = JUDGE_TABLE_BYTES;
    return out;
}

struct judge_table judge_table(const struct judge *j, const char *signature)
{
    for (size_t i = 0; i < j->facts->table_count; i++) {
        struct judge_table t = checked(&j->facts->tables[i]);

        if (is_signature(&j->facts->tables[i], signature) && t.bytes != NULL)
            return t;
    }
    return (struct judge_table) { .signature = signature };
}

static void judge_revision(struct judge *j, const struct judge_table *t)
{
    uint8_t revision = t->bytes[8];

    for (size_t i = 0; i < LAYOUTS; i++)
        if (memcmp(t->signature, layouts[i].signature, 4) == 0 &&
            (revision < layouts[i].first || revision > layouts[i].last))
            judge_found(j, &revision_rule, t, 8, "%s has revision %u, known are %u to %u",
                        t->signature, revision, layouts[i].first, layouts[i].last);
}

static void judge_header(struct judge *j, const struct fw_table *table)
{
    const struct judge_table name = { .signature = table->signature };
    const struct judge_table t = checked(table);
    uint32_t length;
    uint8_t sum;

    if (t.bytes == NULL) {
        judge_found(j, &table_length, &name, 4,
                    "%s is too short for its fixed part of %u bytes: %u there, its header says %u",
                    table->signature, fixed_of(table), table->len,
                    table->len < 8 ? 0 : bytes_u32(table->bytes + 4));
        return;
    }
    length = bytes_u32(t.bytes + 4);
    judge_revision(j, &t);
    if (length > table->len) {
        judge_found(j, &table_cut, &t, 4, "%s says it has %u bytes, only %u are there", t.signature,
                    length, table->len);
        return;
    }
    if (length < table->len)
        judge_found(j, &trailing, &t, 4, "%s says it has %u bytes, %u are there", t.signature,
                    length, table->len);
    if (length > JUDGE_TABLE_BYTES)
        judge_found(j, &table_huge, &t, 4,
                    "%s says it has %u bytes; what is behind the first %u is not judged",
                    t.signature, length, JUDGE_TABLE_BYTES);
    sum = bytes_sum(t.bytes, length);
    if (sum != 0)
        judge_found(
            j, &checksum, &t, 9,
            "the bytes of %s add up to 0x%02x instead of 0: checksum 0x%02x, right would be 0x%02x",
            t.signature, sum, t.bytes[9], (uint8_t)(t.bytes[9] - sum));
}

static void judge_headers(struct judge *j)
{
    const struct fw_facts *facts = j->facts;

    for (size_t i = 0; i < facts->table_count; i++) {
        const struct fw_table *t = &facts->tables[i];

        judge_header(j, t);
        for (size_t earlier = 0; earlier < i && fixed_of(t) != JUDGE_ACPI_HEADER; earlier++)
            if (is_signature(&facts->tables[earlier], t->signature)) {
                judge_found(j, &twice, &(struct judge_table) { .signature = t->signature }, 0,
                            "there is more than one %s", t->signature);
                break;
            }
    }
}

static bool is_there(const struct judge *j, const char *signature)
{
    for (size_t i = 0; i < j->facts->table_count; i++)
        if (is_signature(&j->facts->tables[i], signature))
            return true;
    return false;
}

/* Local APICs are x86's: machines of other kinds have other tables. */
static bool is_x86(const struct judge *j)
{
    const struct judge_table madt = judge_table(j, "APIC");
    struct judge_item item = { 0 };

    while (judge_madt_next(&madt, &item))
        if (item.type == MADT_LOCAL_APIC || item.type == MADT_LOCAL_X2APIC)
            return true;
    return false;
}

static void judge_presence(struct judge *j)
{
    if (j->facts->every_table && is_x86(j) && !is_there(j, "DMAR") && !is_there(j, "IVRS") &&
        !is_there(j, "VIOT"))
        judge_found(j, j->facts->hypervisor ? &no_table_guest : &no_table, NULL, 0,
                    "there is no DMAR, IVRS or VIOT table: firmware describes no IOMMU");
}

static void judge_launch(struct judge *j, const struct judge_table *dmar)
{
    if (!j->facts->measured_launch)
        return;
    if (dmar->bytes == NULL)
        judge_found(j, &measured, NULL, 0,
                    "a measured launch has happened, and there is no DMAR table");
    else
        judge_found(j, &measured_note, dmar, 0, "a measured launch has happened");
}

size_t fw_judge(const struct fw_facts *facts, const struct fw_sink *sink)
{
    struct judge j = { .facts = facts, .sink = sink };
    const struct judge_table dmar = judge_table(&j, "DMAR"), ivrs = judge_table(&j, "IVRS");
    const struct {
        const char *signature;
        void (*judge)(struct judge *j, const struct judge_table *t);
    } others[] = {
        { "APIC", judge_madt }, { "HPET", judge_hpet }, { "MCFG", judge_mcfg },
        { "DMAR", judge_dmar }, { "IVRS", judge_ivrs }, { "VIOT", judge_viot },
    };

    judge_headers(&j);
    judge_presence(&j);
    if (dmar.bytes != NULL && ivrs.bytes != NULL)
        judge_found(&j, &two_vendors, &ivrs, 0, "there is a DMAR table and an IVRS table");
    judge_launch(&j, &dmar);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        const struct judge_table t = judge_table(&j, others[i].signature);

        if (t.bytes != NULL)
            others[i].judge(&j, &t);
    }
    return j.count;
}
