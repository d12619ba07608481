/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bring-up of one VT-d unit as a list of named steps (VT-d §11.4.4, §6.6),
 * take-over of what firmware left running, and stopping it again. Legacy mode
 * only. A unit may be there for interrupts alone: translation stays off then.
 */
#include "intel/vtd.h"
#include "store16.h"

/* The last major version whose registers still invalidate (VT-d §6.5). */
#define LAST_REGISTER_INVALIDATION 5u

static void report(const struct vtd_unit *unit, enum iommu_log_level level, const char *what, uint64_t seen)
{
    iommu_log(unit->base.iommu, level, "%s: %s seen=0x%llx", unit->base.name, what, (unsigned long long)seen);
}

/* ---- commands ---- */

/* What a command leaves as it is. */
static uint32_t standing(const struct vtd_unit *unit)
{
    return reg_read32(&unit->regs, VTD_GSTS) & VTD_GCMD_STANDING & ~unit->gcmd_clear;
}

enum iommu_status vtd_command_locked(struct vtd_unit *unit, uint32_t bit, bool on)
{
    uint32_t others = standing(unit) & ~bit;
    enum iommu_status status;

    reg_write32(&unit->regs, VTD_GCMD, on ? others | bit : others);
    status = reg_wait32(&unit->regs, VTD_GSTS, bit, on ? bit : 0, VTD_COMMAND_TIMEOUT_US);
    if (status != IOMMU_OK)
        iommu_log(unit->base.iommu, IOMMU_LOG_ERROR, "%s: timeout command=0x%08x on=%u gsts=0x%08x",
                  unit->base.name, bit, on, reg_read32(&unit->regs, VTD_GSTS));
    return status;
}

enum iommu_status vtd_command(struct vtd_unit *unit, uint32_t bit, bool on)
{
    uintptr_t flags = vtd_lock(unit);
    enum iommu_status status = vtd_command_locked(unit, bit, on);

    vtd_unlock(unit, flags);
    return status;
}

enum iommu_status vtd_flush_write_buffers(struct vtd_unit *unit)
{
    enum iommu_status status;
    uintptr_t flags;

    if (!(unit->cap & VTD_CAP_RWBF))
        return IOMMU_OK;
    flags = vtd_lock(unit);
    reg_write32(&unit->regs, VTD_GCMD, standing(unit) | VTD_GCMD_WBF);
    status = reg_wait32(&unit->regs, VTD_GSTS, VTD_GSTS_WBFS, 0, VTD_COMMAND_TIMEOUT_US);
    vtd_unlock(unit, flags);
    if (status != IOMMU_OK)
        iommu_unit_fence(&unit->base, "write-buffer flush", status);
    return status;
}

/* ---- what the unit can do ---- */

static unsigned levels_of(uint64_t cap)
{
    return (cap & VTD_CAP_SAGAW_39 ? BIT32(3) : 0) | (cap & VTD_CAP_SAGAW_48 ? BIT32(4) : 0) |
           (cap & VTD_CAP_SAGAW_57 ? BIT32(5) : 0);
}

static uint64_t page_sizes_of(uint64_t cap)
{
    uint64_t sizes = BIT64(12);

    if (cap & VTD_CAP_SSLPS_2M)
        sizes |= BIT64(21);
    /* A unit with 1 GiB pages has 2 MiB pages too (VT-d §11.4.2). */
    if ((cap & VTD_CAP_SSLPS_2M) && (cap & VTD_CAP_SSLPS_1G))
        sizes |= BIT64(30);
    return sizes;
}

/* What keeps it from remapping interrupts, as far as its registers say. */
static void identify_interrupts(struct vtd_unit *unit)
{
    struct iommu_unit *base = &unit->base;

    if (!(unit->ecap & VTD_ECAP_IR))
        base->no_remapping = "ecap.IR is 0";
    else if (!(unit->ecap & VTD_ECAP_QI))
        base->no_remapping = "ecap.QI is 0: its interrupt entries cannot be flushed";
    else if (base->iommu->config.no_queue)
        base->no_remapping = "its queue is not to be used: its interrupt entries cannot be flushed";
    if (!(unit->ecap & VTD_ECAP_EIM))
        base->no_x2apic = "ecap.EIM is 0";
    base->x2apic_only = (unit->ecap & VTD_ECAP_EIMER) != 0;
    if (!(unit->cap & VTD_CAP_PI))
        base->no_posting = "cap.PI is 0";
    else if (!store16_available())
        base->no_posting = "the CPU has no CMPXCHG16B";
}

enum iommu_status vtd_unit_identify(struct vtd_unit *unit)
{
    struct iommu_unit *base = &unit->base;
    unsigned mgaw, widest;

    unit->version = reg_read32(&unit->regs, VTD_VER);
    unit->cap = reg_read64(&unit->regs, VTD_CAP);
    unit->ecap = reg_read64(&unit->regs, VTD_ECAP);
    if (unit->cap == UINT64_MAX && unit->ecap == UINT64_MAX)
        return IOMMU_ERR_NOT_FOUND;
    base->level_mask = levels_of(unit->cap);
    base->page_sizes = page_sizes_of(unit->cap);
    mgaw = (unsigned)field_get(unit->cap, VTD_CAP_MGAW) + 1;
    widest = base->level_mask == 0 ? 0 : 12 + 9 * (31 - (unsigned)__builtin_clz(base->level_mask));
    base->input_bits = mgaw < widest ? mgaw : widest;
    base->pass_through = (unit->ecap & VTD_ECAP_PT) != 0;
    base->coherent = (unit->ecap & VTD_ECAP_C) != 0;
    base->flush_present = (unit->cap & (VTD_CAP_CM | VTD_CAP_RWBF)) != 0;
    base->domain_id_count = 1u << (4 + 2 * field_get(unit->cap, VTD_CAP_ND));
    unit->fault_records = (unsigned)field_get(unit->cap, VTD_CAP_NFR) + 1;
    unit->am_count = unit->cap & VTD_CAP_PSI ? (unsigned)field_get(unit->cap, VTD_CAP_MAMV) + 1 : 0;
    unit->drain = (unit->cap & VTD_CAP_DRD ? VTD_QI_IOTLB_DR : 0) | (unit->cap & VTD_CAP_DWD ? VTD_QI_IOTLB_DW : 0);
    identify_interrupts(unit);
    return IOMMU_OK;
}

/* ---- steps: prepare ---- */

static enum iommu_status step_check(struct vtd_unit *unit)
{
    const char *name = unit->base.name;
    unsigned major = (unsigned)field_get(unit->version, VTD_VER_MAX);

    unit->base.no_translation = unit->base.iommu->config.no_translation;
    if (unit->base.level_mask == 0) {
        iommu_log(unit->base.iommu, IOMMU_LOG_ERROR, "%s: no translation: sagaw=0x%x, expected 39, 48 or 57 bits",
                  name, (unsigned)field_get(unit->cap, VTD_CAP_SAGAW));
        unit->base.no_translation = true;
        if (unit->base.iommu->config.irq.mode == IOMMU_IRQ_OFF || unit->base.no_remapping != NULL)
            return IOMMU_ERR_UNSUPPORTED;
    }
    if (field_get(unit->cap, VTD_CAP_ND) == 7) {
        report(unit, IOMMU_LOG_ERROR, "cap.ND is reserved, expected 0 to 6", unit->cap);
        return IOMMU_ERR_HARDWARE;
    }
    if (field_get(unit->cap, VTD_CAP_FRO) == 0) {
        report(unit, IOMMU_LOG_ERROR, "cap.FRO puts the fault records over other registers, cap", unit->cap);
        return IOMMU_ERR_HARDWARE;
    }
    if (!(unit->ecap & VTD_ECAP_QI) && major > LAST_REGISTER_INVALIDATION) {
        report(unit, IOMMU_LOG_ERROR, "neither queue nor register invalidation, version", unit->version);
        return IOMMU_ERR_UNSUPPORTED;
    }
    unit->base.uses_queue = (unit->ecap & VTD_ECAP_QI) &&
                            !(unit->base.iommu->config.no_queue && major <= LAST_REGISTER_INVALIDATION);
    if (!unit->base.uses_queue && field_get(unit->ecap, VTD_ECAP_IRO) == 0) {
        report(unit, IOMMU_LOG_ERROR, "ecap.IRO puts the IOTLB registers over other registers, ecap", unit->ecap);
        return IOMMU_ERR_HARDWARE;
    }
    return IOMMU_OK;
}

/* Reads what was left on; it is reported and never trusted. */
static enum iommu_status step_look(struct vtd_unit *unit)
{
    uint32_t gsts = reg_read32(&unit->regs, VTD_GSTS);

    vtd_irq_mask(unit);
    unit->base.found_translating = (gsts & VTD_GSTS_TES) != 0;
    unit->base.found_remapping = (gsts & VTD_GSTS_IRES) != 0;
    if (!unit->base.found_translating && !unit->base.found_remapping)
        return IOMMU_OK;
    unit->found_root = reg_read64(&unit->regs, VTD_RTADDR);
    unit->found_irta = reg_read64(&unit->regs, VTD_IRTA);
    iommu_log(unit->base.iommu, IOMMU_LOG_WARNING,
              "%s: take-over gsts=0x%08x rtaddr=0x%llx irta=0x%llx iqa=0x%llx iqh=0x%llx iqt=0x%llx",
              unit->base.name, gsts, (unsigned long long)unit->found_root, (unsigned long long)unit->found_irta,
              (unsigned long long)reg_read64(&unit->regs, VTD_IQA),
              (unsigned long long)reg_read64(&unit->regs, VTD_IQH),
              (unsigned long long)reg_read64(&unit->regs, VTD_IQT));
    return IOMMU_OK;
}

static enum iommu_status wait_drained(struct vtd_unit *unit)
{
    const struct iommu_platform *platform = unit->base.platform;
    uint64_t start = platform->now_us(unit->base.ctx);

    for (;;) {
        uint64_t now = platform->now_us(unit->base.ctx);

        if (((reg_read64(&unit->regs, VTD_IQH) ^ reg_read64(&unit->regs, VTD_IQT)) & VTD_IQT_QT) == 0)
            return IOMMU_OK;
        if (now - start >= VTD_DRAIN_TIMEOUT_US || (reg_read32(&unit->regs, VTD_FSTS) & VTD_FSTS_IQE))
            return IOMMU_ERR_TIMEOUT;
        platform->relax(unit->base.ctx);
    }
}

/*
 * The queue found lies in memory that is not ours. A unit may refuse to switch
 * it off unless the last descriptor was a wait (QEMU does); writing one there
 * would mean to trust an address of firmware's, and switching translation off
 * to open a window, so the unit is given up then and keeps the tables it has.
 */
static enum iommu_status step_old_queue(struct vtd_unit *unit)
{
    enum iommu_status status;

    if (!(reg_read32(&unit->regs, VTD_GSTS) & VTD_GSTS_QIES))
        return IOMMU_OK;
    if (wait_drained(unit) != IOMMU_OK)
        report(unit, IOMMU_LOG_WARNING, "take-over: old queue does not drain, fsts",
               reg_read32(&unit->regs, VTD_FSTS));
    status = vtd_queue_disable(unit);
    if (status != IOMMU_OK)
        report(unit, IOMMU_LOG_ERROR, "take-over: old queue stays on, expected QIES=0, gsts",
               reg_read32(&unit->regs, VTD_GSTS));
    return status;
}

static enum iommu_status step_stale_faults(struct vtd_unit *unit)
{
    vtd_faults_discard(unit);
    return IOMMU_OK;
}

static enum iommu_status step_memory(struct vtd_unit *unit)
{
    enum iommu_status status = iommu_domain_ids_create(&unit->base);

    if (status == IOMMU_OK)
        status = vtd_tables_create(unit);
    if (status == IOMMU_OK && (unit->ecap & VTD_ECAP_QI))
        status = vtd_queue_create(unit);
    if (status == IOMMU_OK)
        vtd_interrupts_create(unit);
    return status;
}

static enum iommu_status step_queue(struct vtd_unit *unit)
{
    return unit->base.uses_queue ? vtd_queue_enable(unit) : IOMMU_OK;
}

/* ---- steps: tables ---- */

/* Nobody asked for protection from DMA, and firmware's tables know nothing of our devices. */
static enum iommu_status step_no_translation(struct vtd_unit *unit)
{
    if (!unit->base.no_translation || !unit->base.found_translating)
        return IOMMU_OK;
    report(unit, IOMMU_LOG_WARNING, "window: translation off, as nothing is to be translated, rtaddr",
           unit->found_root);
    return vtd_command(unit, VTD_GCMD_TE, false);
}

/*
 * The table mode may change under translation only where SRTP flushes by
 * itself (VT-d §11.4.5); the address always may. Elsewhere translation goes
 * off although devices may have been running, which lose bus mastering first:
 * the one thing a take-over tries to avoid, and says.
 */
static enum iommu_status step_old_mode(struct vtd_unit *unit)
{
    if (!unit->base.found_translating || (unit->cap & VTD_CAP_ESRTPS))
        return IOMMU_OK;
    if (field_get(unit->found_root, VTD_RTADDR_TTM) == VTD_TTM_LEGACY &&
        !(unit->found_root & VTD_RTADDR_SSIRWE))
        return IOMMU_OK;
    report(unit, IOMMU_LOG_WARNING, "window: translation off to change the table mode, rtaddr", unit->found_root);
    iommu_unit_stop_masters(&unit->base);
    return vtd_command(unit, VTD_GCMD_TE, false);
}

static enum iommu_status step_write_buffers(struct vtd_unit *unit)
{
    return vtd_flush_write_buffers(unit);
}

/* Over live tables too: devices go from the old ones to ours without a moment of pass-through. */
static enum iommu_status step_root(struct vtd_unit *unit)
{
    enum iommu_status status;

    reg_write64(&unit->regs, VTD_RTADDR, iommu_pa(unit->base.platform, unit->root) & VTD_RTADDR_RTA);
    status = vtd_command(unit, VTD_GCMD_SRTP, true);
    unit->has_tables = status == IOMMU_OK;
    unit->in_doubt |= status != IOMMU_OK;
    return status;
}

/* ---- steps: enable ---- */

/* VT-d §6.6. Also on a unit that says SRTP flushes by itself: old entries of a take-over must be gone for certain. */
static enum iommu_status step_flush(struct vtd_unit *unit)
{
    unit->root_changed = false;
    return vtd_invalidate_all(unit);
}

static enum iommu_status step_fault_event(struct vtd_unit *unit)
{
    vtd_irq_enable(unit);
    return IOMMU_OK;
}

/* Faults from here on: a device not yet attached is blocked, not passed through. */
static enum iommu_status step_translate(struct vtd_unit *unit)
{
    return vtd_command(unit, VTD_GCMD_TE, true);
}

/* They blocked DMA while there was nothing better; now they would block it silently (VT-d §11.4.8.1). */
static enum iommu_status step_protected_memory(struct vtd_unit *unit)
{
    uint32_t pmen;
    enum iommu_status status;

    if (!(unit->cap & (VTD_CAP_PLMR | VTD_CAP_PHMR)))
        return IOMMU_OK;
    pmen = reg_read32(&unit->regs, VTD_PMEN);
    if (!(pmen & (VTD_PMEN_EPM | VTD_PMEN_PRS)))
        return IOMMU_OK;
    reg_write32(&unit->regs, VTD_PMEN, pmen & ~VTD_PMEN_EPM);
    status = reg_wait32(&unit->regs, VTD_PMEN, VTD_PMEN_PRS, 0, VTD_COMMAND_TIMEOUT_US);
    if (status != IOMMU_OK)
        report(unit, IOMMU_LOG_ERROR, "protected memory stays on, expected PRS=0, pmen",
               reg_read32(&unit->regs, VTD_PMEN));
    return status;
}

/* ---- the list ---- */

struct step {
    enum iommu_start_stage stage;
    bool translation;           /* left out on a unit without */
    const char *name;
    enum iommu_status (*run)(struct vtd_unit *unit);
};

static const struct step steps[] = {
    { IOMMU_START_PREPARE, false, "check capabilities", step_check },
    { IOMMU_START_PREPARE, false, "look at what was left on", step_look },
    { IOMMU_START_PREPARE, false, "stop the old queue", step_old_queue },
    { IOMMU_START_PREPARE, false, "discard stale faults", step_stale_faults },
    { IOMMU_START_PREPARE, false, "allocate tables and queue", step_memory },
    { IOMMU_START_PREPARE, false, "start the queue", step_queue },
    { IOMMU_START_TABLES, false, "switch unwanted translation off", step_no_translation },
    { IOMMU_START_TABLES, true, "leave the old table mode", step_old_mode },
    { IOMMU_START_TABLES, false, "flush write buffers", step_write_buffers },
    { IOMMU_START_TABLES, true, "set the root table", step_root },
    { IOMMU_START_TABLES, false, "set the interrupt table", vtd_interrupts_set_table },
    { IOMMU_START_ENABLE, true, "flush all caches", step_flush },
    { IOMMU_START_ENABLE, false, "flush interrupt entries", vtd_interrupts_flush },
    { IOMMU_START_ENABLE, false, "enable the fault event", step_fault_event },
    { IOMMU_START_ENABLE, false, "remap interrupts", vtd_interrupts_enable },
    { IOMMU_START_ENABLE, true, "enable translation", step_translate },
    { IOMMU_START_ENABLE, false, "switch protected memory regions off", step_protected_memory },
};

static enum iommu_status vtd_start(struct iommu_unit *base, enum iommu_start_stage stage)
{
    struct vtd_unit *unit = vtd_unit_of(base);

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        enum iommu_status status;

        if (steps[i].stage != stage || (steps[i].translation && base->no_translation))
            continue;
        status = steps[i].run(unit);
        iommu_log(base->iommu, status == IOMMU_OK ? IOMMU_LOG_DEBUG : IOMMU_LOG_ERROR, "%s: step=\"%s\" status=%s",
                  base->name, steps[i].name, iommu_status_name(status));
        if (status != IOMMU_OK)
            return status;
    }
    return IOMMU_OK;
}

/* ---- stop ---- */

/* OK: none of our memory is in use by the unit. From then on there is nothing to flush: see run_registers(). */
static enum iommu_status vtd_stop(struct iommu_unit *base)
{
    struct vtd_unit *unit = vtd_unit_of(base);
    enum iommu_status status, disabled = IOMMU_OK;

    if (unit->has_tables || unit->has_irtes)
        vtd_irq_mask(unit);
    status = vtd_interrupts_disable(unit);
    if (status != IOMMU_OK)
        return status;
    if (unit->has_tables) {
        status = vtd_command(unit, VTD_GCMD_TE, false);
        if (status != IOMMU_OK)
            return status;
        /* Leaves no trace of tables that are about to be freed; the queue's last descriptor is a wait then. */
        if (!iommu_unit_fenced(base))
            status = vtd_invalidate_all(unit);
    }
    if (unit->queue.on)
        disabled = vtd_queue_disable(unit);
    if (status == IOMMU_OK)
        status = disabled;
    if (status == IOMMU_OK && unit->in_doubt)
        status = IOMMU_ERR_TIMEOUT;
    if (status == IOMMU_OK) {
        unit->has_tables = false;
        base->uses_queue = false;
    }
    return status;
}

static void vtd_destroy(struct iommu_unit *base)
{
    struct vtd_unit *unit = vtd_unit_of(base);

    vtd_queue_destroy(unit);
    vtd_interrupts_destroy(unit);
    vtd_tables_destroy(unit);
    iommu_domain_ids_destroy(base);
    base->platform->mmio_unmap(base->ctx, unit->regs.base, unit->regs.len);
    base->platform->page_free(base->ctx, unit, (sizeof(*unit) + IOMMU_PAGE - 1) / IOMMU_PAGE);
}

/* ---- what is known of it ---- */

static void vtd_info(const struct iommu_unit *base, struct iommu_unit_info *out)
{
    const struct vtd_unit *unit = (const struct vtd_unit *)base;

    out->version = (uint32_t)(field_get(unit->version, VTD_VER_MAX) << 8 | field_get(unit->version, VTD_VER_MIN));
    out->capability = unit->cap;
    out->extended = unit->ecap;
    out->caching_mode = (unit->cap & VTD_CAP_CM) != 0;
    out->fault_records = unit->fault_records;
    out->fault_interrupt = unit->fault_event;
    out->translating = base->running && (reg_read32(&unit->regs, VTD_GSTS) & VTD_GSTS_TES);
    out->remapping = base->remaps && (reg_read32(&unit->regs, VTD_GSTS) & VTD_GSTS_IRES);
}

void vtd_unit_dump(struct iommu_unit *base)
{
    struct vtd_unit *unit = vtd_unit_of(base);

    iommu_log(base->iommu, IOMMU_LOG_ERROR,
              "%s: dump base=0x%llx ver=0x%x cap=0x%016llx ecap=0x%016llx gsts=0x%08x rtaddr=0x%llx irta=0x%llx",
              base->name, (unsigned long long)base->registers_pa, unit->version, (unsigned long long)unit->cap,
              (unsigned long long)unit->ecap, reg_read32(&unit->regs, VTD_GSTS),
              (unsigned long long)reg_read64(&unit->regs, VTD_RTADDR),
              (unsigned long long)reg_read64(&unit->regs, VTD_IRTA));
    iommu_log(base->iommu, IOMMU_LOG_ERROR, "%s: dump fsts=0x%08x fectl=0x%08x ccmd=0x%llx pmen=0x%08x",
              base->name, reg_read32(&unit->regs, VTD_FSTS), reg_read32(&unit->regs, VTD_FECTL),
              (unsigned long long)reg_read64(&unit->regs, VTD_CCMD), reg_read32(&unit->regs, VTD_PMEN));
    vtd_queue_dump(unit);
}

/* ---- iommu/debug.h ---- */

static enum iommu_status debug_submit(struct iommu_unit *base, uint64_t low, uint64_t high)
{
    const struct vtd_descriptor raw = { .lo = low, .hi = high };

    if (!base->uses_queue)
        return IOMMU_ERR_UNSUPPORTED;
    return vtd_queue_run(vtd_unit_of(base), &raw, 1);
}

static enum iommu_status debug_use_queue(struct iommu_unit *base, bool use_queue)
{
    struct vtd_unit *unit = vtd_unit_of(base);
    bool registers = field_get(unit->version, VTD_VER_MAX) <= LAST_REGISTER_INVALIDATION;
    enum iommu_status status;

    if (use_queue == base->uses_queue)
        return IOMMU_OK;
    if (!unit->has_tables || unit->has_irtes)
        return IOMMU_ERR_UNSUPPORTED;
    if (use_queue ? unit->queue.ring == NULL : !registers)
        return IOMMU_ERR_UNSUPPORTED;
    status = use_queue ? vtd_queue_enable(unit) : vtd_queue_disable(unit);
    if (status == IOMMU_OK)
        base->uses_queue = use_queue;
    return status;
}

static enum iommu_status debug_flush_all(struct iommu_unit *base)
{
    struct vtd_unit *unit = vtd_unit_of(base);
    enum iommu_status status = vtd_invalidate_all(unit);

    return status != IOMMU_OK ? status : vtd_interrupts_flush(unit);
}

static void debug_counters(const struct iommu_unit *base, struct iommu_debug_counters *out)
{
    const struct vtd_unit *unit = (const struct vtd_unit *)base;

    out->descriptors = unit->queue.descriptors;
    out->doorbells = unit->queue.doorbells;
}

const struct iommu_ops vtd_ops = {
    .vendor = "intel",
    .start = vtd_start,
    .stop = vtd_stop,
    .destroy = vtd_destroy,
    .set_device = vtd_set_device,
    .device_state = vtd_device_state,
    .flush = vtd_flush,
    .flush_page = vtd_flush_page,
    .flush_present = vtd_flush_present,
    .flush_present_page = vtd_flush_present_page,
    .read_faults = vtd_read_faults,
    .dump = vtd_unit_dump,
    .info = vtd_info,
    .capability = vtd_capability,
    .debug_submit = debug_submit,
    .debug_use_queue = debug_use_queue,
    .debug_flush_all = debug_flush_all,
    .debug_counters = debug_counters,
    .irq_alloc = vtd_irte_alloc,
    .irq_free = vtd_irte_free,
    .irq_route = vtd_irte_route,
    .irq_post = vtd_irte_post,
    .irq_mask = vtd_irte_mask,
    .irq_message = vtd_irte_message,
    .irq_ioapic_entry = vtd_irte_ioapic_entry,
    .debug_irq_read = vtd_irte_debug_read,
    .debug_irq_write = vtd_irte_debug_write,
    .debug_registers = vtd_debug_registers,
    .debug_queues = vtd_debug_queues,
    .debug_irq_entries = vtd_debug_irq_entries,
    .debug_walk = vtd_debug_walk,
};
