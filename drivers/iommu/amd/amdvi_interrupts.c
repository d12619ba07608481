/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupt remapping of a unit as a whole (AMD-Vi §2.2.5): whether it is
 * possible, the format of entries, which is the same on all units, and when it
 * takes effect. Units found running keep theirs, so that they need not be off
 * for a moment, unless what is asked for needs another. Remapping has no switch of its own: an id's device table entry
 * says what becomes of its interrupts, and here all of them say that they are
 * aborted. Tables and entries are amdvi_irte.c's.
 */
#include "amd/amdvi.h"
#include "amd/amdvi_store.h"

#define FORMAT (AMDVI_CONTROL_GA_EN | AMDVI_CONTROL_GAM_EN | AMDVI_CONTROL_NUM_INT_REMAP_MODE | AMDVI_CONTROL_XT_EN)

/* GAMEn, and the bit of GAMSup that says it: guest virtual APICs */
#define GAM_VAPIC 1u
/* NumIntRemapMode, NumIntRemapSup: 2048 entries */
#define NUM_INT_REMAP_2048 1u

#define PCI_CLASS 0x08u
#define PCI_CLASS_SMBUS 0x0c05u
#define PCI_CLASS_ISA_BRIDGE 0x0601u

/* ---- what is possible ---- */

static const char *no_wide_entries(const struct amdvi_unit *unit)
{
    if (!(unit->efr & AMDVI_EFR_GA_SUP))
        return "efr.GASup is 0";
    if (unit->base.iommu->config.irq.format == IOMMU_IRQ_FORMAT_LEGACY)
        return "entries of 32 bits are asked for";
    return NULL;
}

void amdvi_interrupts_identify(struct amdvi_unit *unit)
{
    struct iommu_unit *base = &unit->base;

    base->no_x2apic = no_wide_entries(unit);
    if (base->no_x2apic == NULL && !(unit->efr & AMDVI_EFR_XT_SUP))
        base->no_x2apic = "efr.XTSup is 0";
    base->no_posting = no_wide_entries(unit);
    if (base->no_posting != NULL)
        return;
    if (base->iommu->config.irq.format != IOMMU_IRQ_FORMAT_VAPIC)
        base->no_posting = "guest virtual APICs are not asked for";
    else if (!(field_get(unit->efr, AMDVI_EFR_GAM_SUP) & GAM_VAPIC))
        base->no_posting = "efr.GAMSup is without guest virtual APICs";
    else if (!amdvi_has_wide_store())
        base->no_posting = "the CPU has no CMPXCHG16B";
}

/* The IOAPIC of the southbridge, or of a function that is part of one. */
static bool is_southbridge(const struct amdvi_unit *unit, const struct iommu_irq_source_info *source)
{
    uint32_t class_code;

    if (source->rid == AMDVI_SOUTHBRIDGE_RID)
        return true;
    if (source->rid >> 8 != 0)
        return false;
    class_code = unit->base.platform->pci_read(unit->base.ctx, source->segment, source->rid, PCI_CLASS, 4) >> 16;
    return class_code == PCI_CLASS_SMBUS || class_code == PCI_CLASS_ISA_BRIDGE;
}

/*
 * Firmware that names its IOAPICs, but none of them as the southbridge's, is
 * wrong about that one: its interrupts would be lost. One that it does not name
 * at all is the core's to find. Destinations of 32 bits that nobody has to have
 * are no reason to switch a unit off.
 */
enum iommu_status amdvi_interrupts_check(struct amdvi_unit *unit)
{
    const struct iommu *iommu = unit->base.iommu;
    bool any = false;

    if (unit->base.found_translating && !(unit->found_control & AMDVI_CONTROL_XT_EN) &&
        iommu->config.irq.x2apic != IOMMU_X2APIC_NEEDED && unit->base.no_x2apic == NULL)
        unit->base.no_x2apic = "it was found running with control.XTEn=0";

    for (unsigned id = 0; id < sizeof(iommu->irq.ioapics); id++) {
        struct iommu_irq_source_info source;

        if (!iommu->irq.ioapics[id])
            continue;
        if (iommu_irq_source(iommu, IOMMU_IRQ_IOAPIC, (uint8_t)id, &source) != IOMMU_OK ||
            is_southbridge(unit, &source))
            return IOMMU_OK;
        any = true;
    }
    if (any && unit->base.no_remapping == NULL)
        unit->base.no_remapping = "no IOAPIC is the southbridge's, 00:14.0 (ivrs_ioapic=)";
    return IOMMU_OK;
}

/* ---- the format ---- */

/* Entries of two formats on one machine would be two ways to be wrong: all units, or none. */
static bool all_have_wide_entries(const struct iommu *iommu)
{
    for (unsigned i = 0; i < iommu->unit_count; i++)
        if (iommu->units[i]->ops == &amdvi_ops &&
            no_wide_entries((const struct amdvi_unit *)iommu->units[i]) != NULL)
            return false;
    return true;
}

/* Some units were found running, and all of these with entries of 32 bits. */
static bool narrow_entries_found(const struct iommu *iommu)
{
    bool any = false;

    for (unsigned i = 0; i < iommu->unit_count; i++) {
        const struct amdvi_unit *unit = (const struct amdvi_unit *)iommu->units[i];

        if (unit->base.ops != &amdvi_ops || !unit->base.found_translating)
            continue;
        if (unit->found_control & AMDVI_CONTROL_GA_EN)
            return false;
        any = true;
    }
    return any;
}

static bool choose_wide_entries(const struct iommu *iommu)
{
    bool needed = iommu->config.irq.format != IOMMU_IRQ_FORMAT_AUTO || iommu->irq.x2apic;

    return all_have_wide_entries(iommu) && (needed || !narrow_entries_found(iommu));
}

static uint64_t wanted_format(const struct amdvi_unit *unit)
{
    const struct iommu_irq_state *irq = &unit->base.iommu->irq;
    bool many = field_get(unit->efr2, AMDVI_EFR2_NUM_INT_REMAP_SUP) == NUM_INT_REMAP_2048;

    return (unit->wide_entries ? AMDVI_CONTROL_GA_EN : 0) | (irq->x2apic ? AMDVI_CONTROL_XT_EN : 0) |
           (irq->posting ? field_make(AMDVI_CONTROL_GAM_EN, GAM_VAPIC) : 0) |
           (many ? field_make(AMDVI_CONTROL_NUM_INT_REMAP_MODE, NUM_INT_REMAP_2048) : 0);
}

/*
 * Tables may be shorter than they could be. XTEn that is not asked for makes no
 * difference: destinations of 8 bits are 0 above these. For GAMEn see enable.
 */
static bool is_usable(uint64_t found, uint64_t wanted)
{
    uint64_t tables = found & AMDVI_CONTROL_NUM_INT_REMAP_MODE;

    return ((found ^ wanted) & AMDVI_CONTROL_GA_EN) == 0 && (wanted & ~found & AMDVI_CONTROL_XT_EN) == 0 &&
           (tables == 0 || tables == (wanted & AMDVI_CONTROL_NUM_INT_REMAP_MODE));
}

static enum iommu_status set_format(struct amdvi_unit *unit, uint64_t mask, uint64_t wanted)
{
    uint64_t seen;

    (void)amdvi_control(unit, mask, wanted & mask, 0);
    seen = reg_read64(&unit->regs, AMDVI_CONTROL);
    if ((seen & mask) == (wanted & mask))
        return IOMMU_OK;
    iommu_log(unit->base.iommu, IOMMU_LOG_ERROR,
              "%s: format of interrupt entries refused control=0x%016llx expected=0x%llx", unit->base.name,
              (unsigned long long)seen, (unsigned long long)(wanted & mask));
    return IOMMU_ERR_HARDWARE;
}

/*
 * While the unit runs by tables of another format, which it may have cached, it
 * would read them in ours: no message of theirs means what it did. Only there
 * it is switched off, with IommuEn; it is on again with our tables.
 */
enum iommu_status amdvi_interrupts_format(struct amdvi_unit *unit)
{
    enum iommu_status status = IOMMU_OK;

    if (!unit->base.iommu->irq.remapping)
        return IOMMU_OK;
    unit->wide_entries = choose_wide_entries(unit->base.iommu);
    if ((unit->control & AMDVI_CONTROL_IOMMU_EN) && !is_usable(unit->control, wanted_format(unit)))
        amdvi_open_window(unit, "interrupt entries are of another format, control", unit->found_control);
    if (!(unit->control & AMDVI_CONTROL_IOMMU_EN))
        status = set_format(unit, FORMAT, wanted_format(unit));
    unit->many_entries = field_get(unit->control, AMDVI_CONTROL_NUM_INT_REMAP_MODE) == NUM_INT_REMAP_2048;
    unit->base.irq_entries = unit->many_entries ? BIT32(AMDVI_INT_TAB_LEN_2048) : BIT32(AMDVI_INT_TAB_LEN_512);
    return status;
}

/* ---- on and off ---- */

/* Before the table is given: QEMU remaps by it from that moment, IommuEn or not. */
enum iommu_status amdvi_interrupts_block(struct amdvi_unit *unit)
{
    if (unit->base.iommu->irq.remapping)
        amdvi_table_abort_interrupts(unit);
    return IOMMU_OK;
}

/*
 * What firmware's tables said has been flushed, and no entry with GuestMode is
 * left of which GAMEn would make another. The guest log comes last (AMD-Vi §2.2.5.5).
 */
enum iommu_status amdvi_interrupts_enable(struct amdvi_unit *unit)
{
    enum iommu_status status;

    if (!unit->base.iommu->irq.remapping)
        return IOMMU_OK;
    status = set_format(unit, AMDVI_CONTROL_GAM_EN, wanted_format(unit));
    if (status == IOMMU_OK && unit->base.iommu->irq.posting)
        status = amdvi_guest_log_enable(unit);
    if (status == IOMMU_OK)
        __atomic_store_n(&unit->base.remaps, true, __ATOMIC_RELEASE);
    return status;
}

void amdvi_interrupts_disable(struct amdvi_unit *unit)
{
    __atomic_store_n(&unit->base.remaps, false, __ATOMIC_RELAXED);
    if (unit->guest_log.ring != NULL)
        (void)amdvi_guest_log_disable(unit);
}

void amdvi_interrupts_restore(struct amdvi_unit *unit)
{
    (void)amdvi_control(unit, FORMAT, unit->found_control & FORMAT, 0);
}
