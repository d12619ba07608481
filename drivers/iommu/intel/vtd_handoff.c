/* SPDX-License-Identifier: BSD-2-Clause */
/* The hand-off snapshot of VT-d units: see handoff.c. */
#include "bits.h"
#include "intel/dmar.h"
#include "intel/vtd_regs.h"
#include "internal.h"

#define PAGE_BYTES 4096u

struct taker {
    const struct iommu_platform *platform;
    void *ctx;
    struct iommu_handoff *out;
};

/* Registers that are there only where CAP says so (VT-d §11.4.8.2 to §11.4.8.5). */
static void take_protected_regions(const struct reg_window *w, struct iommu_handoff_unit *unit)
{
    if ((unit->intel.capability & VTD_CAP_PLMR) != 0) {
        unit->intel.protected_low_base = reg_read32(w, VTD_PLMBASE);
        unit->intel.protected_low_limit = reg_read32(w, VTD_PLMLIMIT);
    }
    if ((unit->intel.capability & VTD_CAP_PHMR) != 0) {
        unit->intel.protected_high_base = reg_read64(w, VTD_PHMBASE);
        unit->intel.protected_high_limit = reg_read64(w, VTD_PHMLIMIT);
    }
}

static void take_registers(const struct reg_window *w, struct iommu_handoff_unit *unit)
{
    unit->intel.version = reg_read32(w, VTD_VER);
    unit->intel.capability = reg_read64(w, VTD_CAP);
    unit->intel.extended = reg_read64(w, VTD_ECAP);
    unit->present = unit->intel.capability != UINT64_MAX || unit->intel.extended != UINT64_MAX;
    if (!unit->present)
        return;
    unit->intel.status = reg_read32(w, VTD_GSTS);
    unit->translating = (unit->intel.status & VTD_GSTS_TES) != 0;
    unit->intel.root = reg_read64(w, VTD_RTADDR);
    unit->intel.fault_status = reg_read32(w, VTD_FSTS);
    unit->intel.fault_control = reg_read32(w, VTD_FECTL);
    unit->intel.protected_memory = reg_read32(w, VTD_PMEN);
    take_protected_regions(w, unit);
    unit->intel.queue_head = reg_read64(w, VTD_IQH);
    unit->intel.queue_tail = reg_read64(w, VTD_IQT);
    unit->intel.queue_address = reg_read64(w, VTD_IQA);
    unit->intel.interrupt_root = reg_read64(w, VTD_IRTA);
}

static void take_unit(void *arg, const struct dmar_unit *found)
{
    const struct taker *t = arg;
    struct iommu_handoff_unit *unit;
    struct reg_window window = { .platform = t->platform, .ctx = t->ctx, .len = PAGE_BYTES };

    if (t->out->unit_count == IOMMU_HANDOFF_UNITS)
        return;
    unit = &t->out->units[t->out->unit_count++];
    unit->vendor = IOMMU_HANDOFF_INTEL;
    unit->registers_pa = found->registers_pa;
    unit->segment = found->segment;
    window.base = t->platform->mmio_map(t->ctx, found->registers_pa, PAGE_BYTES);
    if (window.base == NULL)
        return;
    take_registers(&window, unit);
    t->platform->mmio_unmap(t->ctx, window.base, PAGE_BYTES);
}

enum iommu_status vtd_take_handoff(const struct iommu_platform *platform, void *ctx,
                                   const void *table, size_t len, struct iommu_handoff *out)
{
    static const struct dmar_handler handler = { .unit = take_unit };
    struct taker taker = { .platform = platform, .ctx = ctx, .out = out };

    return dmar_read(table, len, &handler, &taker);
}
