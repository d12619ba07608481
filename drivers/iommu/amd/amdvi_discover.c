/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes units, their device tables and reserved regions of what an IVRS table
 * names (AMD-Vi §5.2). A unit is known by its IVHD and the capability block of
 * its PCI function (§3.2), never by a PCI id; where the two differ the IVHD
 * holds, but for a register base that is locked. Device-TLBs (46h, 47h) are not used. The embedder's overrides replace
 * ids of ACPI devices (F0h) here, those of IOAPICs and HPETs (48h) in irq.c.
 */
#include "amd/amdvi.h"
#include "amd/ivrs.h"
#include "memory.h"

#define UNIT_PAGES ((sizeof(struct amdvi_unit) + IOMMU_PAGE - 1) / IOMMU_PAGE)

/* Address widths a machine can have; firmware's fields may say anything. */
#define ADDRESS_BITS_MIN 32u
#define HOST_BITS_MAX 52u
#define VIRTUAL_BITS_MAX 64u

#define PCI_CLASS 0x08u
#define PCI_CLASS_CODE BITS32(31, 8)

/* Of a function that does not answer as an IOMMU: what is safe whatever it has. */
#define HEADER_UNKNOWN (AMDVI_CAP_HEADER_NP_CACHE | AMDVI_CAP_HEADER_EFR_SUP)

struct discovery {
    struct iommu *iommu;
    enum iommu_status status;   /* the first that went wrong on our side */
    unsigned added;
    unsigned virtual_bits;
};

static void remember(struct discovery *d, enum iommu_status status)
{
    if (d->status == IOMMU_OK)
        d->status = status;
}

static void on_problem(void *arg, uint32_t offset, const char *what, uint64_t value)
{
    const struct discovery *d = arg;

    iommu_log(d->iommu, IOMMU_LOG_WARNING, "ivrs: %s offset=0x%x seen=0x%llx", what, offset,
              (unsigned long long)value);
}

/* 0 is not said, and means the widest. */
static unsigned width(const struct discovery *d, const char *what, unsigned bits, unsigned widest)
{
    if (bits == 0)
        return widest;
    if (bits >= ADDRESS_BITS_MIN && bits <= widest)
        return bits;
    iommu_log(d->iommu, IOMMU_LOG_WARNING, "ivrs: %s address width seen=%u expected=%u..%u", what, bits,
              ADDRESS_BITS_MIN, widest);
    return bits < ADDRESS_BITS_MIN ? ADDRESS_BITS_MIN : widest;
}

static void on_header(void *arg, const struct ivrs_info *info)
{
    struct discovery *d = arg;

    d->iommu->host_bits = width(d, "physical", info->physical_bits, HOST_BITS_MAX);
    d->virtual_bits = width(d, "virtual", info->virtual_bits, VIRTUAL_BITS_MAX);
    iommu_log(d->iommu, IOMMU_LOG_INFO, "ivrs: revision=%u ivinfo=0x%08x firmware-remaps-dma=%u", info->revision,
              info->ivinfo, info->dma_remap);
}

/* ---- the PCI function (AMD-Vi §3.2) ---- */

static uint32_t config_read(const struct discovery *d, const struct ivrs_unit *found, unsigned offset)
{
    return d->iommu->platform->pci_read(d->iommu->ctx, found->segment, found->rid, (uint16_t)offset, 4);
}

/* Where Enable is set the block's base is locked, and true: what answers at another is no unit. */
static void correct_base(struct discovery *d, struct ivrs_unit *found)
{
    uint32_t low = config_read(d, found, found->capability + AMDVI_CAP_BASE_LOW);
    uint64_t base = (uint64_t)config_read(d, found, found->capability + AMDVI_CAP_BASE_HIGH) << 32 |
                    (low & AMDVI_CAP_BASE_LOW_ADDRESS);

    if (!(low & AMDVI_CAP_BASE_LOW_ENABLE) || base == found->registers_pa)
        return;
    on_problem(d, found->offset, "capability block decodes at another base than the IVHD says, which is used", base);
    found->registers_pa = base;
}

static uint32_t read_header(struct discovery *d, struct ivrs_unit *found)
{
    uint32_t class_code = config_read(d, found, PCI_CLASS);
    uint32_t header;

    if (class_code == UINT32_MAX) {
        on_problem(d, found->offset, "unit's PCI function does not answer", found->rid);
        return HEADER_UNKNOWN;
    }
    if (field_get(class_code, PCI_CLASS_CODE) != AMDVI_PCI_CLASS_CODE)
        on_problem(d, found->offset, "unit's PCI function is of another class than 080600h",
                   field_get(class_code, PCI_CLASS_CODE));
    header = config_read(d, found, found->capability + AMDVI_CAP_HEADER);
    if (field_get(header, AMDVI_CAP_HEADER_ID) != AMDVI_CAP_ID ||
        field_get(header, AMDVI_CAP_HEADER_TYPE) != AMDVI_CAP_TYPE_IOMMU) {
        on_problem(d, found->offset, "capability block is no IOMMU's, expected id 0Fh type 3", header);
        return HEADER_UNKNOWN;
    }
    correct_base(d, found);
    return header;
}

/* ---- device entries ---- */

static uint16_t larger(uint16_t a, uint16_t b)
{
    return a > b ? a : b;
}

/* A number as its digits say it; false: there is something else too. */
static bool parse_uid(const char *text, uint64_t *value)
{
    *value = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at < '0' || *at > '9')
            return false;
        *value = *value * 10 + (uint64_t)(*at - '0');
    }
    return *text != '\0';
}

/* Unique ids are text, a number of 8 bytes, or there is none. */
static bool same_uid(const struct ivrs_entry *entry, const char *uid)
{
    uint64_t wanted, value = 0;
    size_t len = 0;

    while (uid[len] != '\0')
        len++;
    if (entry->uid_format == 1) {
        memcpy(&value, entry->uid, entry->uid_len < sizeof(value) ? entry->uid_len : sizeof(value));
        return parse_uid(uid, &wanted) && value == wanted;
    }
    return len == entry->uid_len && memcmp(uid, entry->uid, len) == 0;
}

static bool same_hid(const struct ivrs_entry *entry, const char *hid)
{
    for (size_t i = 0; i < 8; i++) {
        if (entry->hid[i] != hid[i])
            return false;
        if (hid[i] == '\0')
            break;
    }
    return true;
}

/* The embedder's word on an entry; NULL: there is none. */
static const struct iommu_irq_override *
find_override(const struct iommu *iommu, uint16_t segment, const struct ivrs_entry *entry)
{
    const struct iommu_irq_config *config = &iommu->config.irq;

    for (size_t i = 0; i < config->override_count; i++) {
        const struct iommu_irq_override *override = &config->overrides[i];

        if (override->segment != segment)
            continue;
        if (entry->kind == IVRS_ENTRY_ACPI && override->kind == IOMMU_IRQ_ACPI &&
            same_hid(entry, override->hid) && same_uid(entry, override->uid))
            return override;
        if (override->id == entry->handle &&
            ((entry->kind == IVRS_ENTRY_IOAPIC && override->kind == IOMMU_IRQ_IOAPIC) ||
             (entry->kind == IVRS_ENTRY_HPET && override->kind == IOMMU_IRQ_HPET)))
            return override;
    }
    return NULL;
}

static bool next_entry(const struct iommu *iommu, uint16_t segment, struct ivrs_entries *entries,
                       struct ivrs_entry *entry)
{
    const struct iommu_irq_override *override;

    if (!ivrs_entry_next(entries, entry))
        return false;
    override = find_override(iommu, segment, entry);
    if (override != NULL)
        entry->first = entry->last = override->rid;
    return true;
}

/* IOAPICs and HPETs send interrupts under an id that needs an entry like any other. */
static uint16_t highest_id(const struct iommu *iommu, const struct ivrs_unit *found)
{
    struct ivrs_entries entries = found->entries;
    struct ivrs_entry entry;
    uint16_t highest = 0;

    while (next_entry(iommu, found->segment, &entries, &entry)) {
        highest = larger(highest, larger(entry.first, entry.last));
        if (entry.has_alias)
            highest = larger(highest, entry.alias);
    }
    return highest;
}

static void set_entries(struct amdvi_unit *unit, const struct ivrs_entry *entry)
{
    if (entry->setting == 0)
        return;
    for (uint32_t rid = entry->first; rid <= larger(entry->first, entry->last); rid++)
        amdvi_table_setting(unit, (uint16_t)rid, entry->setting);
    if (entry->has_alias)
        amdvi_table_setting(unit, entry->alias, entry->setting);
}

static enum iommu_status add_entry(struct amdvi_unit *unit, const struct ivrs_entry *entry)
{
    struct iommu *iommu = unit->base.iommu;
    enum iommu_status status;

    set_entries(unit, entry);
    if (entry->kind != IVRS_ENTRY_DEVICES && entry->kind != IVRS_ENTRY_ACPI)
        return IOMMU_OK;
    status = iommu_scope_add_range(iommu, &unit->base.scopes, entry->first, larger(entry->first, entry->last));
    if (status == IOMMU_OK && entry->has_alias)
        status = iommu_alias_add(iommu, &unit->base, entry->first, larger(entry->first, entry->last), entry->alias);
    return status;
}

static enum iommu_status add_entries(struct amdvi_unit *unit, struct ivrs_entries entries)
{
    struct ivrs_entry entry;

    while (next_entry(unit->base.iommu, unit->base.segment, &entries, &entry)) {
        enum iommu_status status = add_entry(unit, &entry);

        if (status != IOMMU_OK)
            return status;
    }
    return IOMMU_OK;
}

/* Who sends interrupts without being a PCI function. The unit has been added. */
static enum iommu_status add_sources(struct amdvi_unit *unit, struct ivrs_entries entries)
{
    struct iommu *iommu = unit->base.iommu;
    struct ivrs_entry entry;
    enum iommu_status status = IOMMU_OK;

    while (status == IOMMU_OK && ivrs_entry_next(&entries, &entry)) {
        if (entry.kind == IVRS_ENTRY_IOAPIC)
            status = iommu_irq_source_add(iommu, &unit->base, IOMMU_IRQ_IOAPIC, entry.handle, entry.first);
        else if (entry.kind == IVRS_ENTRY_HPET)
            status = iommu_irq_source_add(iommu, &unit->base, IOMMU_IRQ_HPET, entry.handle, entry.first);
    }
    return status;
}

/* ---- units ---- */

static struct amdvi_unit *make_unit(struct discovery *d, const struct ivrs_unit *found, uint32_t header)
{
    struct iommu *iommu = d->iommu;
    struct amdvi_unit *unit = iommu->platform->page_alloc(iommu->ctx, UNIT_PAGES, IOMMU_ANY_PA);

    if (unit == NULL)
        return NULL;
    unit->base.iommu = iommu;
    unit->base.platform = iommu->platform;
    unit->base.ctx = iommu->ctx;
    unit->base.ops = &amdvi_ops;
    unit->base.segment = found->segment;
    unit->base.registers_pa = found->registers_pa;
    unit->base.output_bits = iommu->host_bits;
    unit->regs = (struct reg_window){ .platform = iommu->platform, .ctx = iommu->ctx, .len = AMDVI_REGISTERS_LEN };
    unit->rid = found->rid;
    unit->capability = found->capability;
    unit->header = header;
    unit->efr = found->efr;
    unit->efr2 = found->efr2;
    unit->ivhd_flags = found->flags;
    unit->host_off = found->type != IVRS_UNIT_10 && (found->features & AMDVI_IVHD_ATTRIBUTE_HAT_DIS);
    unit->virtual_bits = d->virtual_bits;
    return unit;
}

static void drop_unit(struct amdvi_unit *unit)
{
    const struct reg_window *w = &unit->regs;

    amdvi_table_destroy(unit);
    if (w->base != NULL)
        w->platform->mmio_unmap(w->ctx, w->base, w->len);
    w->platform->page_free(w->ctx, unit, UNIT_PAGES);
}

static void config_write(const struct amdvi_unit *unit, unsigned offset, uint32_t value)
{
    unit->base.platform->pci_write(unit->base.ctx, unit->base.segment, unit->rid,
                                   (uint16_t)(unit->capability + offset), 4, value);
}

/* Nothing is decoded there. In memory not every byte is FFh. */
static bool is_free(const struct amdvi_unit *unit)
{
    for (uint32_t offset = 0; offset < AMDVI_REGISTERS_LEN; offset += 8)
        if (reg_read64(&unit->regs, REG64(offset)) != UINT64_MAX)
            return false;
    return true;
}

/*
 * Registers answer from when Enable is set in the capability block, which
 * firmware may have left undone; it cannot be cleared again. False: they
 * should answer already, something else does, or there is no such block.
 */
static bool enable_registers(struct discovery *d, const struct amdvi_unit *unit, const struct ivrs_unit *found)
{
    uint32_t low = (uint32_t)unit->base.registers_pa & AMDVI_CAP_BASE_LOW_ADDRESS;

    if (unit->base.platform->pci_write == NULL || field_get(unit->header, AMDVI_CAP_HEADER_ID) != AMDVI_CAP_ID ||
        (config_read(d, found, unit->capability + AMDVI_CAP_BASE_LOW) & AMDVI_CAP_BASE_LOW_ENABLE) ||
        !is_free(unit))
        return false;
    on_problem(d, found->offset, "registers were switched off, switched on", unit->base.registers_pa);
    config_write(unit, AMDVI_CAP_BASE_HIGH, (uint32_t)(unit->base.registers_pa >> 32));
    config_write(unit, AMDVI_CAP_BASE_LOW, low | AMDVI_CAP_BASE_LOW_ENABLE);
    return true;
}

static enum iommu_status open_unit(struct discovery *d, struct amdvi_unit *unit, const struct ivrs_unit *found)
{
    struct reg_window *w = &unit->regs;
    enum iommu_status status;

    w->base = w->platform->mmio_map(w->ctx, unit->base.registers_pa, w->len);
    if (w->base == NULL)
        return IOMMU_ERR_NOMEM;
    status = amdvi_unit_identify(unit, found->has_efr);
    if (status == IOMMU_ERR_NOT_FOUND && enable_registers(d, unit, found))
        status = amdvi_unit_identify(unit, found->has_efr);
    if (status == IOMMU_OK)
        status = amdvi_table_create(unit, highest_id(d->iommu, found));
    if (status == IOMMU_OK)
        status = add_entries(unit, found->entries);
    return status;
}

/* One function is one unit, and so is one block of registers. */
static bool known_unit(const struct iommu *iommu, const struct ivrs_unit *found)
{
    for (unsigned i = 0; i < iommu->unit_count; i++) {
        const struct iommu_unit *unit = iommu->units[i];

        if (unit->registers_pa == found->registers_pa)
            return true;
        if (unit->ops == &amdvi_ops && unit->segment == found->segment &&
            ((const struct amdvi_unit *)unit)->rid == found->rid)
            return true;
    }
    return false;
}

static bool acceptable(struct discovery *d, const struct ivrs_unit *found)
{
    if (found->registers_pa % AMDVI_REGISTERS_LEN != 0) {
        on_problem(d, found->offset, "unit left out, expected a register base that is a multiple of 16 KiB",
                   found->registers_pa);
        return false;
    }
    if (found->registers_pa == 0 || found->registers_pa >= iommu_width_end(d->iommu->host_bits)) {
        on_problem(d, found->offset, "unit left out, no registers can be at", found->registers_pa);
        return false;
    }
    if (known_unit(d->iommu, found)) {
        on_problem(d, found->offset, "second block for one unit", found->rid);
        return false;
    }
    return true;
}

static void leave_out(struct discovery *d, const struct ivrs_unit *found, enum iommu_status status)
{
    if (status == IOMMU_ERR_NOT_FOUND) {
        on_problem(d, found->offset, "registers read all ones", found->registers_pa);
        return;
    }
    iommu_log(d->iommu, IOMMU_LOG_WARNING, "ivrs: unit left out offset=0x%x base=0x%llx status=%s", found->offset,
              (unsigned long long)found->registers_pa, iommu_status_name(status));
    remember(d, status);
}

static void on_unit(void *arg, const struct ivrs_unit *described)
{
    struct discovery *d = arg;
    struct ivrs_unit corrected = *described;
    const struct ivrs_unit *found = &corrected;
    uint32_t header = read_header(d, &corrected);
    struct amdvi_unit *unit;
    enum iommu_status status;

    if (!acceptable(d, found))
        return;
    unit = make_unit(d, found, header);
    if (unit == NULL) {
        leave_out(d, found, IOMMU_ERR_NOMEM);
        return;
    }
    status = open_unit(d, unit, found);
    if (status == IOMMU_OK)
        status = iommu_unit_add(d->iommu, &unit->base, "amdvi");
    if (status != IOMMU_OK) {
        leave_out(d, found, status);
        drop_unit(unit);
        return;
    }
    d->added++;
    iommu_log(d->iommu, IOMMU_LOG_INFO,
              "%s: unit base=0x%llx rid=" IOMMU_RID_FORMAT " block=0x%x cap=0x%08x efr=0x%016llx efr2=0x%llx "
              "entries=%zu",
              unit->base.name, (unsigned long long)found->registers_pa, IOMMU_RID_ARGS(found->segment, found->rid),
              found->type, unit->header, (unsigned long long)unit->efr, (unsigned long long)unit->efr2,
              unit->table_entries);
    remember(d, add_sources(unit, found->entries));
}

/* ---- memory regions ---- */

static bool touches(const struct ivrs_region *found, uint64_t start, uint64_t end)
{
    return found->start < end && found->end > start;
}

/* Why no table of the segment's units can hold it; NULL: they can. */
static const char *objection(const struct iommu *iommu, const struct ivrs_region *found)
{
    if (found->end > BIT64(iommu->host_bits))
        return "IVMD ends beyond the physical address width, left out";
    if (touches(found, IOMMU_INTERRUPT_START, IOMMU_INTERRUPT_END))
        return "IVMD touches the interrupt range, left out";
    for (unsigned i = 0; i < iommu->unit_count; i++) {
        const struct iommu_unit *unit = iommu->units[i];

        if (unit->segment != found->segment)
            continue;
        if (touches(found, unit->hole_start, unit->hole_end))
            return "IVMD touches the HyperTransport range, left out";
        if (found->end > unit->input_end)
            return "IVMD ends beyond what a unit translates, left out";
    }
    return NULL;
}

/* Units have been read. */
static void on_region(void *arg, const struct ivrs_region *found)
{
    struct discovery *d = arg;
    struct iommu *iommu = d->iommu;
    const char *why = objection(iommu, found);
    struct iommu_reserved *region;
    enum iommu_status status;

    if (why != NULL) {
        on_problem(d, found->offset, why, found->start);
        return;
    }
    region = iommu_pool_get(iommu, &iommu->reserved_pool);
    if (region == NULL) {
        remember(d, IOMMU_ERR_NOMEM);
        return;
    }
    region->segment = found->segment;
    region->start = found->start;
    region->end = found->end;
    region->prot = found->prot;
    status = iommu_scope_add_range(iommu, &region->scopes, found->first, found->last);
    remember(d, status);
    region->next = iommu->reserved;
    iommu->reserved = region;
    iommu_log(iommu, IOMMU_LOG_INFO,
              "ivrs: reserved region start=0x%llx end=0x%llx segment=%04x first=%04x last=%04x prot=%u",
              (unsigned long long)region->start, (unsigned long long)region->end, region->segment, found->first,
              found->last, region->prot);
}

enum iommu_status amdvi_add_table(struct iommu *iommu, const void *table, size_t len)
{
    /* What a region may be depends on the units, and it may come before them. */
    static const struct ivrs_handler units = { .header = on_header, .unit = on_unit, .problem = on_problem };
    static const struct ivrs_handler regions = { .region = on_region };
    struct discovery d = { .iommu = iommu, .status = IOMMU_OK };
    enum iommu_status status = ivrs_read(table, len, &units, &d);

    (void)ivrs_read(table, len, &regions, &d);
    if (d.status != IOMMU_OK)
        return d.status;
    return status == IOMMU_OK && d.added == 0 ? IOMMU_ERR_TABLE : status;
}
