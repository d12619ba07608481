/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes units and reserved regions of what a DMAR table names (VT-d §8):
 * scopes resolved to requester ids, registers mapped as far as they reach.
 */
#include "intel/dmar.h"
#include "intel/vtd.h"

#define UNIT_PAGES ((sizeof(struct vtd_unit) + IOMMU_PAGE - 1) / IOMMU_PAGE)

/* Host address widths a machine can have; firmware's byte may say anything. */
#define HOST_BITS_MIN 32u
#define HOST_BITS_MAX 52u

/* Configuration space. */
#define PCI_ID 0x00u
#define PCI_REVISION 0x08u
#define PCI_BASE_CLASS 0x0bu
#define PCI_BASE_CLASS_DISPLAY 0x03u

struct discovery {
    struct iommu *iommu;
    enum iommu_status status;   /* the first that went wrong on our side */
    unsigned added;             /* or left off as asked */
    bool no_interrupts;         /* DMAR.Flags.INTR_REMAP is 0 */
};

static void remember(struct discovery *d, enum iommu_status status)
{
    if (d->status == IOMMU_OK)
        d->status = status;
}

static void on_problem(void *arg, uint32_t offset, const char *what, uint64_t value)
{
    const struct discovery *d = arg;

    iommu_log(d->iommu, IOMMU_LOG_WARNING, "dmar: %s offset=0x%x seen=0x%llx", what, offset,
              (unsigned long long)value);
}

static void on_header(void *arg, const struct dmar_info *info)
{
    struct discovery *d = arg;
    unsigned bits = info->host_address_bits;

    if (bits < HOST_BITS_MIN || bits > HOST_BITS_MAX) {
        iommu_log(d->iommu, IOMMU_LOG_WARNING, "dmar: host address width seen=%u expected=%u..%u", bits,
                  HOST_BITS_MIN, HOST_BITS_MAX);
        bits = bits < HOST_BITS_MIN ? HOST_BITS_MIN : HOST_BITS_MAX;
    }
    d->iommu->host_bits = bits;
    d->no_interrupts = !(info->flags & DMAR_FLAG_INTR_REMAP);
    d->iommu->irq.x2apic_opt_out = (info->flags & DMAR_FLAG_X2APIC_OPT_OUT) != 0;
}

/* Functions among the scopes; IOAPICs, HPETs and ACPI devices are not DMA masters of their own. */
static enum iommu_status
add_scopes(struct iommu *iommu, uint16_t segment, struct dmar_scopes scopes, struct iommu_scope **list)
{
    struct dmar_scope scope;

    while (dmar_scope_next(&scopes, &scope)) {
        enum iommu_status status;
        uint16_t rid;

        if (scope.type != DMAR_SCOPE_ENDPOINT && scope.type != DMAR_SCOPE_BRIDGE && scope.type != DMAR_SCOPE_ACPI)
            continue;
        if (dmar_scope_rid(iommu->platform, iommu->ctx, segment, &scope, &rid) != IOMMU_OK) {
            iommu_log(iommu, IOMMU_LOG_WARNING, "dmar: scope leads nowhere offset=0x%x bus=0x%02x", scope.offset,
                      scope.start_bus);
            continue;
        }
        status = iommu_scope_add(iommu, list, rid, scope.type == DMAR_SCOPE_BRIDGE);
        if (status != IOMMU_OK)
            return status;
    }
    return IOMMU_OK;
}

/* VT-d §8.3.1.1, §8.3.1.2: the ids under which IOAPICs and HPETs send. */
static enum iommu_status add_sources(struct vtd_unit *unit, struct dmar_scopes scopes)
{
    struct iommu *iommu = unit->base.iommu;
    struct dmar_scope scope;

    while (dmar_scope_next(&scopes, &scope)) {
        enum iommu_irq_source_kind kind = scope.type == DMAR_SCOPE_IOAPIC ? IOMMU_IRQ_IOAPIC : IOMMU_IRQ_HPET;
        enum iommu_status status;
        uint16_t rid;

        if (scope.type != DMAR_SCOPE_IOAPIC && scope.type != DMAR_SCOPE_HPET)
            continue;
        if (dmar_scope_rid(iommu->platform, iommu->ctx, unit->base.segment, &scope, &rid) != IOMMU_OK) {
            iommu_log(iommu, IOMMU_LOG_WARNING, "dmar: source of interrupts leads nowhere offset=0x%x bus=0x%02x",
                      scope.offset, scope.start_bus);
            continue;
        }
        status = iommu_irq_source_add(iommu, &unit->base, kind, scope.enumeration_id, rid);
        if (status != IOMMU_OK)
            return status;
    }
    return IOMMU_OK;
}

/* IOTLB and fault registers may lie past the first page (VT-d §11.3). */
static size_t window_len(const struct vtd_unit *unit)
{
    uint64_t iotlb = field_get(unit->ecap, VTD_ECAP_IRO) * 16 + 16;
    uint64_t faults = (field_get(unit->cap, VTD_CAP_FRO) + unit->fault_records) * 16;
    uint64_t len = iotlb > faults ? iotlb : faults;

    return (size_t)((len + IOMMU_PAGE - 1) & ~(IOMMU_PAGE - 1));
}

static enum iommu_status map_registers(struct vtd_unit *unit, size_t len)
{
    struct reg_window *w = &unit->regs;

    if (w->base != NULL)
        w->platform->mmio_unmap(w->ctx, w->base, w->len);
    w->base = w->platform->mmio_map(w->ctx, unit->base.registers_pa, len);
    w->len = len;
    return w->base == NULL ? IOMMU_ERR_NOMEM : IOMMU_OK;
}

static enum iommu_status open_unit(struct vtd_unit *unit)
{
    enum iommu_status status = map_registers(unit, IOMMU_PAGE);
    size_t len;

    if (status != IOMMU_OK)
        return status;
    status = vtd_unit_identify(unit);
    if (status != IOMMU_OK)
        return status;
    len = window_len(unit);
    return len > unit->regs.len ? map_registers(unit, len) : IOMMU_OK;
}

/*
 * 5500, 5520 and X58 chip sets lose interrupts while they drain them: errata 47
 * and 53 of the first two up to revision 13h (and of 3405h up to 22h). Their
 * host bridge is device 00:00.0.
 */
static bool drains_badly(const struct discovery *d)
{
    const struct iommu_platform *platform = d->iommu->platform;
    uint32_t id = platform->pci_read(d->iommu->ctx, 0, 0, PCI_ID, 4);
    uint32_t revision = platform->pci_read(d->iommu->ctx, 0, 0, PCI_REVISION, 1) & 0xff;

    switch (id) {
    case 0x34038086:
    case 0x34068086:
        return revision <= 0x13;
    case 0x34058086:
        return revision <= 0x13 || revision == 0x22;
    default:
        return false;
    }
}

static const char *platform_refusal(const struct discovery *d)
{
    if (d->no_interrupts)
        return "the DMAR table says that interrupts cannot be remapped";
    return !d->iommu->config.force && drains_badly(d) ? "its chip set loses interrupts (errata 47, 53)" : NULL;
}

static struct vtd_unit *make_unit(struct iommu *iommu, const struct dmar_unit *found)
{
    struct vtd_unit *unit = iommu->platform->page_alloc(iommu->ctx, UNIT_PAGES, IOMMU_ANY_PA);

    if (unit == NULL)
        return NULL;
    unit->base.iommu = iommu;
    unit->base.platform = iommu->platform;
    unit->base.ctx = iommu->ctx;
    unit->base.ops = &vtd_ops;
    unit->base.pt = &pt_vtd_ss;
    unit->base.segment = found->segment;
    unit->base.registers_pa = found->registers_pa;
    unit->base.include_all = found->include_pci_all;
    unit->base.output_bits = iommu->host_bits;
    unit->regs = (struct reg_window){ .platform = iommu->platform, .ctx = iommu->ctx };
    return unit;
}

static void drop_unit(struct vtd_unit *unit)
{
    const struct reg_window *w = &unit->regs;

    if (w->base != NULL)
        w->platform->mmio_unmap(w->ctx, w->base, w->len);
    w->platform->page_free(w->ctx, unit, UNIT_PAGES);
}

static bool known_unit(const struct iommu *iommu, uint64_t registers_pa)
{
    for (unsigned i = 0; i < iommu->unit_count; i++)
        if (iommu->units[i]->registers_pa == registers_pa)
            return true;
    return iommu_unit_left_off(iommu, registers_pa);
}

/* The unit names functions that are there, and each of them is a display's. */
static bool graphics_only(const struct iommu *iommu, const struct dmar_unit *found)
{
    const struct iommu_platform *platform = iommu->platform;
    struct dmar_scopes scopes = found->scopes;
    struct dmar_scope scope;
    bool any = false;

    for (; dmar_scope_next(&scopes, &scope); any = true) {
        uint16_t rid;

        if (scope.type != DMAR_SCOPE_ENDPOINT ||
            dmar_scope_rid(platform, iommu->ctx, found->segment, &scope, &rid) != IOMMU_OK ||
            (platform->pci_read(iommu->ctx, found->segment, rid, PCI_BASE_CLASS, 1) & 0xff) != PCI_BASE_CLASS_DISPLAY)
            return false;
    }
    /* What follows a scope that makes no sense is lost: it may have named anything. */
    return any && scopes.left == 0 && !found->include_pci_all;
}

static void leave_off(struct discovery *d, const struct dmar_unit *found)
{
    struct iommu *iommu = d->iommu;
    struct iommu_left_off *off = iommu_pool_get(iommu, &iommu->left_off_pool);

    if (off == NULL) {
        remember(d, IOMMU_ERR_NOMEM);
        return;
    }
    off->segment = found->segment;
    off->registers_pa = found->registers_pa;
    remember(d, add_scopes(iommu, found->segment, found->scopes, &off->scopes));
    off->next = iommu->left_off;
    iommu->left_off = off;
    d->added++;
    iommu_log(iommu, IOMMU_LOG_INFO, "dmar: unit base=0x%llx watches graphics only, left off by igfx_off",
              (unsigned long long)found->registers_pa);
}

static void on_unit(void *arg, const struct dmar_unit *found)
{
    struct discovery *d = arg;
    struct iommu *iommu = d->iommu;
    struct vtd_unit *unit;
    enum iommu_status status;

    if (known_unit(iommu, found->registers_pa)) {
        on_problem(d, found->offset, "second unit at the same registers", found->registers_pa);
        return;
    }
    if (iommu->config.skip_graphics && graphics_only(iommu, found)) {
        leave_off(d, found);
        return;
    }
    unit = make_unit(iommu, found);
    if (unit == NULL) {
        remember(d, IOMMU_ERR_NOMEM);
        return;
    }
    status = open_unit(unit);
    if (status == IOMMU_OK)
        status = add_scopes(iommu, found->segment, found->scopes, &unit->base.scopes);
    if (status == IOMMU_OK && unit->base.no_remapping == NULL)
        unit->base.no_remapping = platform_refusal(d);
    if (status == IOMMU_OK)
        status = iommu_unit_add(iommu, &unit->base, "vtd");
    if (status != IOMMU_OK) {
        on_problem(d, found->offset, status == IOMMU_ERR_NOT_FOUND ? "registers read all ones" : "unit left out",
                   found->registers_pa);
        if (status != IOMMU_ERR_NOT_FOUND)
            remember(d, status);
        drop_unit(unit);
        return;
    }
    d->added++;
    remember(d, add_sources(unit, found->scopes));
    iommu_log(iommu, IOMMU_LOG_INFO, "%s: unit base=0x%llx version=%u.%u cap=0x%016llx ecap=0x%016llx",
              unit->base.name, (unsigned long long)found->registers_pa,
              (unsigned)field_get(unit->version, VTD_VER_MAX), (unsigned)field_get(unit->version, VTD_VER_MIN),
              (unsigned long long)unit->cap, (unsigned long long)unit->ecap);
}

static void on_reserved(void *arg, const struct dmar_reserved *found)
{
    struct discovery *d = arg;
    struct iommu *iommu = d->iommu;
    struct iommu_reserved *region;

    if (found->end > BIT64(iommu->host_bits)) {
        on_problem(d, found->offset, "RMRR ends beyond the host address width, left out", found->end);
        return;
    }
    region = iommu_pool_get(iommu, &iommu->reserved_pool);
    if (region == NULL) {
        remember(d, IOMMU_ERR_NOMEM);
        return;
    }
    region->segment = found->segment;
    region->prot = IOMMU_RW;
    region->start = found->start;
    region->end = found->end;
    remember(d, add_scopes(iommu, found->segment, found->scopes, &region->scopes));
    region->next = iommu->reserved;
    iommu->reserved = region;
    iommu_log(iommu, IOMMU_LOG_INFO, "dmar: reserved region start=0x%llx end=0x%llx segment=%04x",
              (unsigned long long)region->start, (unsigned long long)region->end, region->segment);
}

enum iommu_status vtd_add_table(struct iommu *iommu, const void *table, size_t len)
{
    static const struct dmar_handler handler = {
        .header = on_header, .unit = on_unit, .reserved = on_reserved, .problem = on_problem,
    };
    struct discovery d = { .iommu = iommu, .status = IOMMU_OK };
    enum iommu_status status = dmar_read(table, len, &handler, &d);

    if (d.status != IOMMU_OK)
        return d.status;
    return status == IOMMU_OK && d.added == 0 ? IOMMU_ERR_TABLE : status;
}
