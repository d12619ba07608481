/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Groups of the machine: drivers/pci finds them, from what the units say of
 * each function: whether one watches it, and under which further ids the
 * firmware says that it sends.
 */
#include "groups.h"

#include "acpi.h"
#include "console.h"
#include "format.h"
#include "machine.h"
#include "mm.h"
#include "words.h"

#define REASON_BYTES 320u
#define ADDRESS_BYTES 16u

static struct {
    struct pci_group_member *members;
    size_t count;           /* of members */
    size_t groups;
    const char *none;
} groups = { .none = "the units have not been looked at" };

/* ---- what the units say ---- */

static size_t firmware_ids(void *ctx, const struct pci_function *f, uint16_t *rids, size_t max)
{
    (void)ctx;
    return f->owner == NULL ? 0 : iommu_device_ids(f->owner, rids, max);
}

/* Bridges are no devices of their own to the units, but their ids are somebody's all the same. */
static bool watched(void *ctx, const struct pci_function *f)
{
    struct iommu_device_desc desc = { .segment = f->segment, .rids = { f->rid }, .rid_count = 1 };
    size_t unit;

    (void)ctx;
    if (!f->is_bridge)
        return f->owner != NULL;
    desc.bridge_count =
        pci_bridges_above(f, desc.bridges, sizeof(desc.bridges) / sizeof(desc.bridges[0]));
    return iommu_covering_unit(machine.iommu, &desc, &unit) == IOMMU_OK;
}

static const char *why_none(void)
{
    if (machine.pci == NULL || pci_first(machine.pci) == NULL)
        return "there are no PCI functions";
    if (machine.table == NULL)
        return acpi_find(&machine_acpi, "DMAR", 0) != NULL ||
                       acpi_find(&machine_acpi, "IVRS", 0) != NULL
                   ? "the table that dmar= or ivrs= asks for is not there"
                   : "firmware gives no DMAR or IVRS table";
    if (machine_off_word() != NULL)
        return machine_off_word();
    if (machine.iommu == NULL)
        return iommu_status_name(machine.iommu_status);
    if (machine_translating_units() == 0)
        return "no unit translates";
    return NULL;
}

static struct pci_group_options options_now(void)
{
    return (struct pci_group_options){
        .firmware_ids = firmware_ids,
        .watched = watched,
        .amd_unit = text_equal(machine.table->signature, "IVRS"),
    };
}

static void find(void)
{
    const struct pci_group_options options = options_now();
    const struct pci_function *first = pci_first(machine.pci);

    for (const struct pci_function *f = first; f != NULL; f = f->next)
        groups.count++;
    groups.members = kalloc(groups.count * sizeof(*groups.members));
    if (groups.members == NULL) {
        groups.count = 0;
        groups.none = "out of memory";
        return;
    }
    pci_groups(first, &options, groups.members, groups.count);
    for (size_t i = 0; i < groups.count; i++)
        if (groups.members[i].group != PCI_NO_GROUP && groups.members[i].group >= groups.groups)
            groups.groups = groups.members[i].group + 1;
}

void groups_init(void)
{
    groups.none = why_none();
    if (groups.none != NULL)
        return;
    find();
    for (size_t i = 0; i < groups.count; i++)
        if (groups.members[i].group != PCI_NO_GROUP)
            log_line(LOG_DEBUG, "pci " PCI_FORMAT ": Adding to iommu group %zu",
                     PCI_ARGS(groups.members[i].function), groups.members[i].group);
}

const char *groups_none(void)
{
    return groups.none;
}

size_t groups_count(void)
{
    return groups.groups;
}

size_t groups_functions(void)
{
    size_t count = 0;

    for (size_t i = 0; i < groups.count; i++)
        count += groups.members[i].group != PCI_NO_GROUP;
    return count;
}

const struct pci_group_member *groups_member(const struct pci_function *f)
{
    for (size_t i = 0; i < groups.count; i++)
        if (groups.members[i].function == f)
            return &groups.members[i];
    return NULL;
}

size_t groups_of_id(uint16_t segment, uint16_t rid, const struct pci_group_member **member)
{
    const struct pci_function *f = groups.count > 0 ? pci_find(machine.pci, segment, rid) : NULL;
    const struct pci_group_member *found;

    if (f == NULL && groups.count > 0) {
        const struct iommu_device *device = iommu_find_device(machine.iommu, segment, rid);

        f = device != NULL ? iommu_device_owner(device) : NULL;
    }
    found = f != NULL ? groups_member(f) : NULL;
    if (member != NULL)
        *member = found;
    return found != NULL ? found->group : PCI_NO_GROUP;
}

size_t groups_turned(const struct pci_function *f, struct pci_range *out, size_t max)
{
    struct pci_group_options options;

    if (groups.none != NULL)
        return 0;
    options = options_now();
    return pci_turned_ranges(pci_first(machine.pci), f, &options, out, max);
}

/* ---- text ---- */

static void print_member(const struct pci_group_member *m)
{
    char reason[REASON_BYTES];

    pci_group_text(m, reason, sizeof(reason));
    print("#   " PCI_FORMAT " %s: %s\n", PCI_ARGS(m->function),
          pci_class_name(m->function->class_code), reason);
}

void groups_print_group(size_t group)
{
    print("# group %zu:", group);
    for (size_t i = 0; i < groups.count; i++)
        if (groups.members[i].group == group)
            print(" " PCI_FORMAT, PCI_ARGS(groups.members[i].function));
    print("\n");
    for (size_t i = 0; i < groups.count; i++)
        if (groups.members[i].group == group)
            print_member(&groups.members[i]);
}

void groups_print(void)
{
    size_t outside = 0;

    if (groups.none != NULL) {
        print("# groups: none (%s)\n", groups.none);
        return;
    }
    for (size_t group = 0; group < groups.groups; group++)
        groups_print_group(group);
    for (size_t i = 0; i < groups.count; i++) {
        if (groups.members[i].group != PCI_NO_GROUP)
            continue;
        if (outside++ == 0)
            print("# in no group:\n");
        print_member(&groups.members[i]);
    }
    print("# groups: %zu, with %zu functions; %zu in none\n", groups.groups, groups.count - outside,
          outside);
}

/* ---- JSON ---- */

static void put_address(struct json *json, const char *name, const struct pci_function *f)
{
    char text[ADDRESS_BYTES];

    format_line(text, sizeof(text), PCI_FORMAT, PCI_ARGS(f));
    json_text(json, name, text);
}

static bool same_region(const struct iommu_region *a, const struct iommu_region *b)
{
    return a->start == b->start && a->end == b->end && a->prot == b->prot;
}

/* Whether a member before this one has the region too: it is written once. */
static bool seen_before(size_t member, const struct iommu_region *region)
{
    struct iommu_region other;

    for (size_t i = 0; i < member; i++) {
        const struct pci_group_member *m = &groups.members[i];

        for (size_t k = 0; m->group == groups.members[member].group && m->function->owner != NULL &&
                           iommu_reserved_region(m->function->owner, k, &other) == IOMMU_OK;
             k++)
            if (same_region(&other, region))
                return true;
    }
    return false;
}

static void put_reserved(struct json *json, size_t member)
{
    const struct pci_function *f = groups.members[member].function;
    struct iommu_region region;

    for (size_t k = 0; f->owner != NULL && iommu_reserved_region(f->owner, k, &region) == IOMMU_OK;
         k++) {
        if (seen_before(member, &region))
            continue;
        json_open(json, NULL, '{');
        json_hex(json, "start", region.start);
        json_hex(json, "end", region.end);
        json_bool(json, "read", (region.prot & IOMMU_READ) != 0);
        json_bool(json, "write", (region.prot & IOMMU_WRITE) != 0);
        json_close(json, '}');
    }
}

static void put_group(struct json *json, size_t group)
{
    json_open(json, NULL, '{');
    json_number(json, "id", group);
    json_open(json, "members", '[');
    for (size_t i = 0; i < groups.count; i++)
        if (groups.members[i].group == group)
            put_address(json, NULL, groups.members[i].function);
    json_close(json, ']');
    json_open(json, "reserved", '[');
    for (size_t i = 0; i < groups.count; i++)
        if (groups.members[i].group == group)
            put_reserved(json, i);
    json_close(json, ']');
    json_close(json, '}');
}

void groups_json(struct json *json)
{
    if (groups.none != NULL)
        json_text(json, "groups_none", groups.none);
    json_open(json, "groups", '[');
    for (size_t group = 0; group < groups.groups; group++)
        put_group(json, group);
    json_close(json, ']');
}

void groups_json_function(struct json *json, const struct pci_function *f)
{
    const struct pci_group_member *m = groups_member(f);
    char text[REASON_BYTES];

    if (m == NULL)
        return;
    if (m->group != PCI_NO_GROUP)
        json_number(json, "group", m->group);
    json_text(json, "group_kind", pci_group_reason_name(m->reason));
    if (m->because != NULL)
        put_address(json, "group_because", m->because);
    pci_group_text(m, text, sizeof(text));
    json_text(json, "group_reason", text);
}
