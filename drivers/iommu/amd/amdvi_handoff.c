/* SPDX-License-Identifier: BSD-2-Clause */
/* The hand-off snapshot of AMD-Vi units: their registers as they are, none written. See handoff.c. */
#include "amd/amdvi_regs.h"
#include "amd/ivrs.h"
#include "internal.h"

struct taker {
    const struct iommu_platform *platform;
    void *ctx;
    struct iommu_handoff *out;
};

static void take_registers(const struct reg_window *w, struct iommu_handoff_unit *unit)
{
    unit->amd.control = reg_read64(w, AMDVI_CONTROL);
    unit->amd.status = reg_read32(w, AMDVI_STATUS);
    unit->present = unit->amd.control != UINT64_MAX || unit->amd.status != UINT32_MAX;
    if (!unit->present) {
        unit->amd.control = 0;
        unit->amd.status = 0;
        return;
    }
    unit->translating = (unit->amd.control & AMDVI_CONTROL_IOMMU_EN) != 0;
    unit->amd.features = reg_read64(w, AMDVI_EFR);
    unit->amd.features2 = reg_read64(w, AMDVI_EFR2);
    unit->amd.device_table = reg_read64(w, AMDVI_DEV_TAB);
    unit->amd.command_base = reg_read64(w, AMDVI_CMD_BASE);
    unit->amd.command_head = reg_read64(w, AMDVI_CMD_HEAD);
    unit->amd.command_tail = reg_read64(w, AMDVI_CMD_TAIL);
    unit->amd.event_base = reg_read64(w, AMDVI_EVENT_BASE);
    unit->amd.event_head = reg_read64(w, AMDVI_EVENT_HEAD);
    unit->amd.event_tail = reg_read64(w, AMDVI_EVENT_TAIL);
    unit->amd.exclusion_base = reg_read64(w, AMDVI_EXCL_BASE);
    unit->amd.exclusion_limit = reg_read64(w, AMDVI_EXCL_LIMIT);
}

static void take_unit(void *arg, const struct ivrs_unit *found)
{
    const struct taker *t = arg;
    struct iommu_handoff_unit *unit;
    struct reg_window window = { .platform = t->platform, .ctx = t->ctx, .len = AMDVI_REGISTERS_LEN };

    if (t->out->unit_count == IOMMU_HANDOFF_UNITS)
        return;
    unit = &t->out->units[t->out->unit_count++];
    unit->vendor = IOMMU_HANDOFF_AMD;
    unit->registers_pa = found->registers_pa;
    unit->segment = found->segment;
    unit->amd.rid = found->rid;
    unit->amd.capability_offset = found->capability;
    if (found->registers_pa % IOMMU_PAGE != 0)
        return;
    window.base = t->platform->mmio_map(t->ctx, found->registers_pa, AMDVI_REGISTERS_LEN);
    if (window.base == NULL)
        return;
    take_registers(&window, unit);
    t->platform->mmio_unmap(t->ctx, window.base, AMDVI_REGISTERS_LEN);
}

enum iommu_status amdvi_take_handoff(const struct iommu_platform *platform, void *ctx,
                                     const void *table, size_t len, struct iommu_handoff *out)
{
    static const struct ivrs_handler handler = { .unit = take_unit };
    struct taker taker = { .platform = platform, .ctx = ctx, .out = out };

    return ivrs_read(table, len, &handler, &taker);
}
