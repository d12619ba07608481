/* SPDX-License-Identifier: BSD-2-Clause */
/* One machine's tables, decoded and judged, and which unit watches which function. */
#include "lint.h"

#include <stdlib.h>
#include <string.h>

#include "decode.h"

/* ---- problems and findings ---- */

static void count_problem(void *ctx, uint32_t offset, const char *what, uint64_t value)
{
    (void)offset;
    (void)what;
    (void)value;
    ++*(size_t *)ctx;
}

static const char *file_of(const struct lint_machine *machine, const char *signature)
{
    for (size_t i = 0; i < machine->table_count; i++)
        if (machine->tables[i].relevant &&
            strcmp(machine->tables[i].table.signature, signature) == 0)
            return machine->tables[i].file;
    return "";
}

static void keep_finding(void *ctx, const struct fw_finding *finding)
{
    struct lint_machine *machine = ctx;
    struct lint_finding *kept;

    machine->findings = lint_alloc(machine->findings, (machine->finding_count + 1) * sizeof(*kept));
    kept = &machine->findings[machine->finding_count++];
    *kept = (struct lint_finding) {
        .severity = finding->severity,
        .id = lint_copy(finding->id),
        .table = lint_copy(finding->table),
        .what = lint_copy(finding->what),
        .trips = lint_copy(finding->trips),
        .remedy = lint_copy(finding->remedy),
        .reference = lint_copy(finding->reference),
        .file = file_of(machine, finding->table),
        .offset = finding->offset,
    };
}

/* ---- units ---- */

static struct lint_unit *add_unit(struct lint_machine *machine, const char *prefix)
{
    struct lint_unit *unit;

    if (machine->unit_count == LINT_UNITS)
        return NULL;
    unit = &machine->units[machine->unit_count];
    snprintf(unit->name, sizeof(unit->name), "%s%zu", prefix, machine->unit_count);
    machine->unit_count++;
    return unit;
}

static void keep_drhd(void *ctx, const struct dmar_unit *drhd)
{
    struct lint_unit *unit = add_unit(ctx, "vtd");

    if (unit == NULL)
        return;
    unit->segment = drhd->segment;
    unit->base = drhd->registers_pa;
    unit->offset = drhd->offset;
    unit->file = file_of(ctx, "DMAR");
    unit->all = drhd->include_pci_all;
    unit->scopes = drhd->scopes;
}

static void keep_ivhd(void *ctx, const struct ivrs_unit *ivhd)
{
    struct lint_unit *unit = add_unit(ctx, "amdvi");

    if (unit == NULL)
        return;
    unit->amd = true;
    unit->segment = ivhd->segment;
    unit->rid = ivhd->rid;
    unit->base = ivhd->registers_pa;
    unit->offset = ivhd->offset;
    unit->file = file_of(ctx, "IVRS");
    unit->entries = ivhd->entries;
}

static struct lint_region *add_region(struct lint_machine *machine)
{
    machine->regions =
        lint_alloc(machine->regions, (machine->region_count + 1) * sizeof(*machine->regions));
    return &machine->regions[machine->region_count++];
}

static void keep_rmrr(void *ctx, const struct dmar_reserved *rmrr)
{
    *add_region(ctx) = (struct lint_region) {
        .segment = rmrr->segment,
        .start = rmrr->start,
        .end = rmrr->end,
        .prot = IOMMU_READ | IOMMU_WRITE,
        .scopes = rmrr->scopes,
    };
}

static void keep_ivmd(void *ctx, const struct ivrs_region *ivmd)
{
    *add_region(ctx) = (struct lint_region) {
        .amd = true,
        .segment = ivmd->segment,
        .start = ivmd->start,
        .end = ivmd->end,
        .prot = ivmd->prot,
        .first = ivmd->first,
        .last = ivmd->last,
    };
}

static void find_units(struct lint_machine *machine)
{
    const struct dmar_handler dmar = { .unit = keep_drhd, .reserved = keep_rmrr };
    const struct ivrs_handler ivrs = { .unit = keep_ivhd, .region = keep_ivmd };

    for (size_t i = 0; i < machine->table_count; i++) {
        const struct fw_table *table = &machine->tables[i].table;

        if (strcmp(table->signature, "DMAR") == 0)
            dmar_read(table->bytes, table->len, &dmar, machine);
        if (strcmp(table->signature, "IVRS") == 0)
            ivrs_read(table->bytes, table->len, &ivrs, machine);
    }
}

/* ---- who watches whom ---- */

/* The function of that bus, device and function number; NULL: there is none. */
static const struct pci_function *function_at(const struct lint_machine *machine, uint16_t segment,
                                              unsigned bus, const uint8_t *pair)
{
    uint16_t rid = PCI_RID(bus, pair[0] & 31, pair[1] & 7);

    for (const struct pci_function *f = machine->facts.functions; f != NULL; f = f->next)
        if (f->segment == segment && f->rid == rid)
            return f;
    return NULL;
}

/* Where a scope's path ends, through the secondary bus of each bridge on it. */
static const struct pci_function *scope_end(const struct lint_machine *machine, uint16_t segment,
                                            const struct dmar_scope *scope)
{
    const struct pci_function *f = NULL;
    unsigned bus = scope->start_bus;

    for (unsigned i = 0; i < scope->path_length; i++) {
        f = function_at(machine, segment, bus, scope->path + 2 * i);
        if (f == NULL)
            return NULL;
        bus = f->secondary_bus;
    }
    return f;
}

static bool is_or_below(const struct pci_function *f, const struct pci_function *top)
{
    while (f != NULL && f != top)
        f = f->parent;
    return f != NULL;
}

static bool scopes_name(const struct lint_machine *machine, uint16_t segment,
                        struct dmar_scopes scopes, const struct pci_function *f)
{
    struct dmar_scope scope;

    while (dmar_scope_next(&scopes, &scope)) {
        const struct pci_function *end;

        if (scope.type != DMAR_SCOPE_ENDPOINT && scope.type != DMAR_SCOPE_BRIDGE)
            continue;
        end = scope_end(machine, segment, &scope);
        if (end == f || (end != NULL && scope.type == DMAR_SCOPE_BRIDGE && is_or_below(f, end)))
            return true;
    }
    return false;
}

static bool entries_name(const struct lint_unit *unit, uint16_t rid)
{
    struct ivrs_entries entries = unit->entries;
    struct ivrs_entry entry;

    while (ivrs_entry_next(&entries, &entry))
        if (entry.kind == IVRS_ENTRY_DEVICES && rid >= entry.first && rid <= entry.last)
            return true;
    return false;
}

/* A virtual function is never listed: it belongs where its physical one does (VT-d §8.3.3). */
const struct lint_unit *machine_unit_of(const struct lint_machine *machine,
                                        const struct pci_function *f)
{
    const struct pci_function *named = f->physical != NULL ? f->physical : f;
    const struct lint_unit *rest = NULL;

    for (size_t i = 0; i < machine->unit_count; i++) {
        const struct lint_unit *unit = &machine->units[i];

        if (unit->segment != f->segment)
            continue;
        if (unit->amd ? unit->rid != f->rid && entries_name(unit, f->rid)
                      : scopes_name(machine, unit->segment, unit->scopes, named))
            return unit;
        if (unit->all)
            rest = unit;
    }
    return rest;
}

bool machine_region_names(const struct lint_machine *machine, const struct lint_region *region,
                          const struct pci_function *f)
{
    if (region->segment != f->segment)
        return false;
    return region->amd ? f->rid >= region->first && f->rid <= region->last
                       : scopes_name(machine, region->segment, region->scopes, f);
}

size_t machine_aliases(const struct lint_machine *machine, const struct pci_function *f,
                       uint16_t *rids, size_t max)
{
    const struct lint_unit *unit = machine_unit_of(machine, f);
    struct ivrs_entries entries;
    struct ivrs_entry entry;
    size_t count = 0;

    if (unit == NULL || !unit->amd)
        return 0;
    entries = unit->entries;
    while (ivrs_entry_next(&entries, &entry))
        if (entry.kind == IVRS_ENTRY_DEVICES && entry.has_alias && f->rid >= entry.first &&
            f->rid <= entry.last && entry.alias != f->rid && count < max)
            rids[count++] = entry.alias;
    return count;
}

/* ---- groups ---- */

static size_t firmware_ids(void *ctx, const struct pci_function *f, uint16_t *rids, size_t max)
{
    return machine_aliases(ctx, f, rids, max);
}

static bool is_watched(void *ctx, const struct pci_function *f)
{
    return machine_unit_of(ctx, f) != NULL;
}

static void find_groups(struct lint_machine *machine)
{
    const struct pci_group_options options = {
        .firmware_ids = firmware_ids,
        .watched = is_watched,
        .ctx = machine,
        .amd_unit = machine->unit_count > 0 && machine->units[0].amd,
    };
    size_t count = 0;

    for (const struct pci_function *f = machine->facts.functions; f != NULL; f = f->next)
        count++;
    if (count == 0)
        return;
    machine->members = lint_alloc(NULL, count * sizeof(*machine->members));
    machine->member_count = pci_groups(machine->facts.functions, &options, machine->members, count);
}

void machine_judge(const struct lint *lint, struct lint_machine *machine, const char *sysfs)
{
    const struct fw_sink sink = { .found = keep_finding, .ctx = machine };

    machine->judged = lint_alloc(NULL, machine->table_count * sizeof(*machine->judged));
    for (size_t i = 0; i < machine->table_count; i++) {
        struct lint_table *table = &machine->tables[i];
        const struct fw_visitor visitor = { .problem = count_problem, .ctx = &table->problems };

        fw_decode(table->table.bytes, table->table.len, &visitor);
        machine->trouble += table->problems;
        if (table->relevant)
            machine->judged[machine->facts.table_count++] = table->table;
    }
    machine->facts.tables = machine->judged;
    if (sysfs != NULL) {
        machine->running = true;
        machine->facts.every_table = !lint->unreadable;
        facts_read(&machine->facts, sysfs);
    }
    find_units(machine);
    find_groups(machine);
    machine->trouble += fw_judge(&machine->facts, &sink);
}
