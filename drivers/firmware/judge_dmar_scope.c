/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device scopes of DMAR structures: their form, whether what they name is
 * there, and which functions no unit has. VT-d §8.3.1
 */
#include "judge_internal.h"

#include "intel/dmar.h"

#define SCOPE_FIXED 6u
#define DRHD_FLAGS 4u
#define DRHD_INCLUDE_ALL 1u
#define DMAR_FLAGS 37u
#define HIDDEN_DISPLAY PCI_RID(0, 2, 0)

static const struct judge_rule scope_length = {
    FW_ERROR,
    "scope-length",
    "Linux does not check it: with length 0 it never ends, with others it reads scopes that are "
    "none",
    "firmware update",
    "VT-d §8.3.1",
};
static const struct judge_rule scope_unknown = {
    FW_WARNING,        "scope-unknown", "Linux warns and skips the entry",
    "firmware update", "VT-d §8.3.1",
};
static const struct judge_rule scope_path = {
    FW_ERROR, "scope-path", "Linux finds no such device", "firmware update", "VT-d §8.3.1",
};
static const struct judge_rule scope_misplaced = {
    FW_WARNING,
    "scope-misplaced",
    "Linux looks for endpoints and bridges only where they belong",
    "firmware update",
    "VT-d §8.3, §8.5, §8.8",
};
static const struct judge_rule scope_twice = {
    FW_ERROR,          "scope-in-two-units", "Linux takes the unit that comes first",
    "firmware update", "VT-d §8.3.1",
};
static const struct judge_rule scope_kind = {
    FW_ERROR,
    "scope-kind",
    "Linux says that the scope's type does not match and leaves DMA remapping off altogether",
    "firmware update",
    "VT-d §8.3.1",
};
static const struct judge_rule scope_absent = {
    FW_NOTE,
    "scope-absent",
    "Linux warns that the device is not found; harmless where the device is switched off",
    "",
    "VT-d §8.3.1",
};
static const struct judge_rule bridge_absent = {
    FW_WARNING,
    "scope-bridge-absent",
    "Linux warns; what is below the bridge goes to another unit and its DMA fails",
    "firmware update",
    "VT-d §8.3.1",
};
static const struct judge_rule unit_absent = {
    FW_NOTE, "unit-devices-absent", "Linux and Xen ignore the unit", "", "VT-d §8.3",
};
static const struct judge_rule uncovered = {
    FW_WARNING, "device-without-unit", "its DMA is not translated", "firmware update", "VT-d §8.3",
};
static const struct judge_rule graphics_only = {
    FW_NOTE,
    "unit-graphics-only",
    "Linux leaves the unit off when asked",
    "intel_iommu=igfx_off takes graphics out of remapping",
    "VT-d §8.3",
};

static struct dmar_scopes scopes_of(const struct judge_item *item)
{
    uint32_t fixed = judge_dmar_fixed(item->type);

    return (struct dmar_scopes) { .at = item->at + fixed,
                                  .left = item->len - fixed,
                                  .offset = item->offset + fixed };
}

static bool has_scopes(const struct judge_item *item)
{
    return item->type < JUDGE_DMAR_TYPES && item->type != JUDGE_RHSA && item->type != JUDGE_ANDD &&
           item->len >= judge_dmar_fixed(item->type);
}

static bool is_unit(const struct judge_item *item)
{
    return item->type == JUDGE_DRHD;
}

static uint16_t segment_of(const struct judge_item *item)
{
    return bytes_u16(item->at + 6);
}

static bool is_pci(const struct dmar_scope *scope)
{
    return scope->type == DMAR_SCOPE_ENDPOINT || scope->type == DMAR_SCOPE_BRIDGE;
}

static bool path_possible(const struct dmar_scope *scope)
{
    for (unsigned i = 0; i < scope->path_length; i++)
        if (scope->path[2 * i] > 31 || scope->path[2 * i + 1] > 7)
            return false;
    return true;
}

/* The function a path leads to; NULL: none is there. */
static const struct pci_function *function_of(const struct judge *j, uint16_t segment,
                                              const struct dmar_scope *scope)
{
    unsigned bus = scope->start_bus;
    const struct pci_function *f = NULL;

    for (unsigned i = 0; i < scope->path_length; i++) {
        f = judge_function(j, segment, PCI_RID(bus, scope->path[2 * i], scope->path[2 * i + 1]));
        if (f == NULL || (i + 1u < scope->path_length && !f->is_bridge))
            return NULL;
        bus = f->secondary_bus;
    }
    return f;
}

/* Which scope types each structure may have: a bit a type. */
static unsigned allowed(const struct judge_item *item)
{
    static const uint8_t types[JUDGE_DMAR_TYPES] = {
        [JUDGE_DRHD] = 0x3e, [JUDGE_RMRR] = 0x26, [JUDGE_ATSR] = 0x04,
        [JUDGE_SATC] = 0x02, [JUDGE_SIDP] = 0x22,
    };

    if (is_unit(item) && (item->at[DRHD_FLAGS] & DRHD_INCLUDE_ALL) != 0)
        return 0x38;
    return types[item->type];
}

static void judge_form(struct judge *j, const struct judge_table *dmar,
                       const struct judge_item *item, const struct dmar_scope *scope)
{
    if (scope->type < DMAR_SCOPE_ENDPOINT || scope->type > DMAR_SCOPE_ACPI)
        judge_found(j, &scope_unknown, dmar, scope->offset, "device scope type %u is not known",
                    scope->type);
    else if ((allowed(item) >> scope->type & 1u) == 0)
        judge_found(j, &scope_misplaced, dmar, scope->offset,
                    "a device scope of type %u cannot be in a structure of type %u%s", scope->type,
                    item->type, is_unit(item) ? " that includes all" : "");
    if (!path_possible(scope))
        judge_found(j, &scope_path, dmar, scope->offset,
                    "the path of the scope has a device above 1f or a function above 7");
}

static bool same_scope(const struct dmar_scope *a, const struct dmar_scope *b)
{
    if (a->type != b->type || a->start_bus != b->start_bus || a->path_length != b->path_length)
        return false;
    for (unsigned i = 0; i < 2u * a->path_length; i++)
        if (a->path[i] != b->path[i])
            return false;
    return true;
}

static void judge_twice(struct judge *j, const struct judge_table *dmar,
                        const struct judge_item *unit, const struct dmar_scope *scope)
{
    struct judge_item item = { 0 };
    struct dmar_scope other;

    while (judge_dmar_next_of(dmar, &item, JUDGE_DRHD) && item.offset < unit->offset) {
        struct dmar_scopes scopes = scopes_of(&item);

        while (segment_of(&item) == segment_of(unit) && dmar_scope_next(&scopes, &other))
            if (same_scope(scope, &other)) {
                judge_found(j, &scope_twice, dmar, scope->offset,
                            "%02x:%02x.%x is also in the unit at 0x%x", scope->start_bus,
                            scope->path[0], scope->path[1], item.offset);
                return;
            }
    }
}

static void add_source(struct judge *j, const struct judge_item *unit,
                       const struct dmar_scope *scope)
{
    if (scope->type != DMAR_SCOPE_IOAPIC && scope->type != DMAR_SCOPE_HPET)
        return;
    judge_source_add(j,
                     &(struct judge_source) { .offset = scope->offset,
                                              .hpet = scope->type == DMAR_SCOPE_HPET,
                                              .id = scope->enumeration_id,
                                              .segment = segment_of(unit),
                                              .rid = PCI_RID(scope->start_bus, scope->path[0] & 31,
                                                             scope->path[1] & 7) });
}

/* Whether a bridge is one: an NTB is class 06h with an endpoint's header. */
static void judge_kind(struct judge *j, const struct judge_table *dmar,
                       const struct dmar_scope *scope, const struct pci_function *f)
{
    bool bridge_class = f->class_code >> 16 == 6;

    if (scope->type == DMAR_SCOPE_ENDPOINT ? f->is_bridge : !f->is_bridge && !bridge_class)
        judge_found(j, &scope_kind, dmar, scope->offset,
                    "the scope says %s, " PCI_FORMAT " (%04x:%04x) is none",
                    scope->type == DMAR_SCOPE_ENDPOINT ? "endpoint" : "bridge", PCI_ARGS(f),
                    f->vendor, f->device);
}

static void judge_presence(struct judge *j, const struct judge_table *dmar,
                           const struct judge_item *item)
{
    struct dmar_scopes scopes = scopes_of(item);
    struct dmar_scope scope, first = { 0 };
    unsigned absent = 0, all = 0;

    while (dmar_scope_next(&scopes, &scope)) {
        const struct pci_function *f = function_of(j, segment_of(item), &scope);

        if (!is_pci(&scope))
            continue;
        all++;
        if (f != NULL) {
            judge_kind(j, dmar, &scope, f);
            continue;
        }
        if (absent++ == 0)
            first = scope;
        if (scope.type == DMAR_SCOPE_BRIDGE && is_unit(item))
            judge_found(j, &bridge_absent, dmar, scope.offset, "there is no bridge %02x:%02x.%x",
                        scope.start_bus, scope.path[0], scope.path[1]);
    }
    if (absent != 0 && absent == all && is_unit(item))
        judge_found(j, &unit_absent, dmar, item->offset, "none of the unit's %u devices is there",
                    all);
    else if (absent != 0)
        judge_found(j, &scope_absent, dmar, first.offset,
                    "%u of the structure's %u devices are not there, the first %02x:%02x.%x",
                    absent, all, first.start_bus, first.path[0], first.path[1]);
}

static void judge_graphics(struct judge *j, const struct judge_table *dmar,
                           const struct judge_item *unit)
{
    struct dmar_scopes scopes = scopes_of(unit);
    struct dmar_scope scope;
    unsigned count = 0;

    if ((unit->at[DRHD_FLAGS] & DRHD_INCLUDE_ALL) != 0)
        return;
    for (; dmar_scope_next(&scopes, &scope); count++) {
        const struct pci_function *f = function_of(j, segment_of(unit), &scope);
        uint16_t rid = PCI_RID(scope.start_bus, scope.path[0] & 31, scope.path[1] & 7);

        if (scope.type != DMAR_SCOPE_ENDPOINT ||
            (f != NULL ? !judge_is_display(f) : rid != HIDDEN_DISPLAY))
            return;
    }
    if (count != 0)
        judge_found(j, &graphics_only, dmar, unit->offset, "the unit at 0x%llx has graphics only",
                    (unsigned long long)bytes_u64(unit->at + 8));
}

/* Whether a scope names f, or a bridge above it. */
static bool covers(const struct judge *j, const struct judge_item *unit,
                   const struct pci_function *f)
{
    struct dmar_scopes scopes = scopes_of(unit);
    struct dmar_scope scope;

    while (dmar_scope_next(&scopes, &scope)) {
        const struct pci_function *named =
            is_pci(&scope) ? function_of(j, f->segment, &scope) : NULL;

        for (const struct pci_function *up = f; named != NULL && up != NULL; up = up->parent)
            if (up == named && (up == f || scope.type == DMAR_SCOPE_BRIDGE))
                return true;
    }
    return false;
}

static bool has_unit(const struct judge *j, const struct judge_table *dmar,
                     const struct pci_function *f)
{
    struct judge_item item = { 0 };

    while (judge_dmar_next_of(dmar, &item, JUDGE_DRHD))
        if (segment_of(&item) == f->segment &&
            ((item.at[DRHD_FLAGS] & DRHD_INCLUDE_ALL) != 0 || covers(j, &item, f)))
            return true;
    return false;
}

static void judge_coverage(struct judge *j, const struct judge_table *dmar)
{
    for (const struct pci_function *f = j->facts->functions; f != NULL; f = f->next)
        if (f->physical == NULL && !judge_is_host_bridge(f) && !has_unit(j, dmar, f))
            judge_found(j, &uncovered, dmar, 0,
                        "no unit has " PCI_FORMAT " (%04x:%04x, class %06x)", PCI_ARGS(f),
                        f->vendor, f->device, f->class_code);
}

static void judge_list(struct judge *j, const struct judge_table *dmar,
                       const struct judge_item *item)
{
    struct dmar_scopes scopes = scopes_of(item);
    struct dmar_scope scope;

    while (dmar_scope_next(&scopes, &scope)) {
        judge_form(j, dmar, item, &scope);
        if (is_unit(item) && is_pci(&scope))
            judge_twice(j, dmar, item, &scope);
        if (is_unit(item))
            add_source(j, item, &scope);
    }
    if (scopes.left != 0)
        judge_found(j, &scope_length, dmar, scopes.offset,
                    "a device scope cannot have length %u, with %u bytes left",
                    scopes.left > 1 ? scopes.at[1] : 0, (unsigned)scopes.left);
    if (j->facts->functions != NULL)
        judge_presence(j, dmar, item);
    if (is_unit(item))
        judge_graphics(j, dmar, item);
}

void judge_dmar_scopes(struct judge *j, const struct judge_table *dmar)
{
    struct judge_item item = { 0 };
    bool any = false;

    j->source_count = 0;
    while (judge_dmar_next(dmar, &item))
        if (has_scopes(&item)) {
            any |= is_unit(&item);
            judge_list(j, dmar, &item);
        }
    if (any && (dmar->bytes[DMAR_FLAGS] & DMAR_FLAG_INTR_REMAP) != 0)
        judge_sources(j, dmar);
    if (j->facts->functions != NULL)
        judge_coverage(j, dmar);
}
