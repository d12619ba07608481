/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hand-off snapshot: what the registers of every unit hold, read and not
 * changed, before a driver touches them. Works without a struct iommu, so
 * that a boot loader can take it too.
 */
#include "bits.h"
#include "intel/dmar.h"
#include "intel/vtd_regs.h"
#include "memory.h"

#define PAGE_BYTES 4096u

struct taker {
    const struct iommu_platform *platform;
    void *ctx;
    struct iommu_handoff *out;
};

static void take_registers(const struct reg_window *w, struct iommu_handoff_unit *unit)
{
    unit->version = reg_read32(w, VTD_VER);
    unit->capability = reg_read64(w, VTD_CAP);
    unit->extended = reg_read64(w, VTD_ECAP);
    unit->present = unit->capability != UINT64_MAX || unit->extended != UINT64_MAX;
    if (!unit->present)
        return;
    unit->status = reg_read32(w, VTD_GSTS);
    unit->root = reg_read64(w, VTD_RTADDR);
    unit->fault_status = reg_read32(w, VTD_FSTS);
    unit->fault_control = reg_read32(w, VTD_FECTL);
    unit->protected_memory = reg_read32(w, VTD_PMEN);
    unit->queue_head = reg_read64(w, VTD_IQH);
    unit->queue_tail = reg_read64(w, VTD_IQT);
    unit->queue_address = reg_read64(w, VTD_IQA);
    unit->interrupt_root = reg_read64(w, VTD_IRTA);
}

static void take_unit(void *arg, const struct dmar_unit *found)
{
    const struct taker *t = arg;
    struct iommu_handoff_unit *unit;
    struct reg_window window = { .platform = t->platform, .ctx = t->ctx, .len = PAGE_BYTES };

    if (t->out->unit_count == IOMMU_HANDOFF_UNITS)
        return;
    unit = &t->out->units[t->out->unit_count++];
    unit->registers_pa = found->registers_pa;
    unit->segment = found->segment;
    window.base = t->platform->mmio_map(t->ctx, found->registers_pa, PAGE_BYTES);
    if (window.base == NULL)
        return;
    take_registers(&window, unit);
    t->platform->mmio_unmap(t->ctx, window.base, PAGE_BYTES);
}

enum iommu_status iommu_take_handoff(const struct iommu_platform *platform, void *ctx,
                                     const void *table, size_t len, struct iommu_handoff *out)
{
    static const struct dmar_handler handler = { .unit = take_unit };
    struct taker taker = { .platform = platform, .ctx = ctx, .out = out };

    memset(out, 0, sizeof(*out));
    out->taken = 1;
    return dmar_read(table, len, &handler, &taker);
}
