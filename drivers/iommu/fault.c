/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One fault record for every vendor: the device and domain it belongs to, the
 * level at which the walk ended, the callback; and the storm control that
 * fences a device which does not stop faulting.
 */
#include "internal.h"

/* Counts one more fault; true when it is the one that crosses the threshold. */
static bool storm_count(const struct iommu_unit *unit, struct iommu_storm *storm, uint64_t now_us)
{
    uint32_t window_us = __atomic_load_n(&unit->storm_window_us, __ATOMIC_RELAXED);

    if (storm->count == 0 || now_us - storm->window_start_us >= window_us) {
        storm->window_start_us = now_us;
        storm->count = 0;
    }
    return ++storm->count == __atomic_load_n(&unit->storm_threshold, __ATOMIC_RELAXED);
}

static void call_back(const struct iommu *iommu, const struct iommu_fault *fault)
{
    if (iommu->config.fault != NULL)
        iommu->config.fault(iommu->config.fault_ctx, fault);
}

/* Where the walk for an address ends. */
static uint8_t walk_level(const struct iommu_device *device, uint64_t iova)
{
    const struct iommu_domain *domain = iommu_device_domain(device);
    enum iommu_status status;
    struct iommu_leaf leaf;

    if (domain == NULL)
        domain = __atomic_load_n(&device->reserved_domain, __ATOMIC_ACQUIRE);
    if (domain == NULL || domain->pt == NULL || iova >= domain->aperture_end)
        return IOMMU_LEVEL_NONE;
    status = domain->pt->lookup(&domain->table, iova, &leaf);
    return status == IOMMU_OK || status == IOMMU_ERR_NOT_FOUND ? (uint8_t)leaf.level : IOMMU_LEVEL_NONE;
}

/*
 * What the device's domain says of a fault. The walker count keeps the domain
 * and its tables from being freed meanwhile; it is raised before the domain is
 * looked up. Interrupts are off, or a handler that frees tables would wait for
 * the thread it interrupted.
 */
static void ask_domain(struct iommu *iommu, struct iommu_fault *fault, bool walk)
{
    uintptr_t flags = iommu->platform->irq_save(iommu->ctx);

    __atomic_fetch_add(&iommu->walkers, 1, __ATOMIC_SEQ_CST);
    fault->domain_id = iommu_device_domain_id(fault->device);
    if (walk)
        fault->walk_level = walk_level(fault->device, fault->iova);
    __atomic_fetch_sub(&iommu->walkers, 1, __ATOMIC_SEQ_CST);
    iommu->platform->irq_restore(iommu->ctx, flags);
}

static void bus_master_off(struct iommu *iommu, uint16_t segment, uint16_t rid)
{
    if (iommu->platform->bus_master_off != NULL)
        iommu->platform->bus_master_off(iommu->ctx, segment, rid);
}

static void report_fenced(struct iommu_unit *unit, const struct iommu_fault *last, enum iommu_status status)
{
    struct iommu_fault fault = *last;

    iommu_log(unit->iommu, IOMMU_LOG_WARNING,
              "%s: device fenced src=" IOMMU_RID_FORMAT " faults=%u window=%uus reason=0x%02x(%s) status=%s",
              unit->name, IOMMU_RID_ARGS(last->segment, last->rid), unit->storm_threshold,
              unit->storm_window_us, last->reason, last->reason_name,
              iommu_status_name(status));
    fault.kind = IOMMU_FAULT_FENCED;
    call_back(unit->iommu, &fault);
}

/* The entry is blocked and flushed before the bus is silenced: the order in which each alone suffices. */
static void fence_device(struct iommu_device *device, const struct iommu_fault *last)
{
    struct iommu *iommu = device->iommu;
    enum iommu_status status = IOMMU_OK;
    bool changed = false;
    uintptr_t flags = iommu_attach_lock(iommu);

    if (!device->fenced) {
        changed = true;
        __atomic_store_n(&device->fenced, true, __ATOMIC_RELAXED);
        status = iommu_device_apply_locked(device);
    }
    iommu_attach_unlock(iommu, flags);
    if (!changed)
        return;
    bus_master_off(iommu, device->desc.segment, device->desc.rids[0]);
    report_fenced(device->unit, last, status);
}

/* The slot of an unknown source: its own, a free one, else the one that faulted longest ago. */
static struct iommu_stranger *stranger_slot(struct iommu_unit *unit, uint16_t rid)
{
    struct iommu_stranger *slot = &unit->strangers[0];

    for (unsigned i = 0; i < IOMMU_STRANGERS; i++) {
        struct iommu_stranger *s = &unit->strangers[i];

        if (s->used && s->rid == rid)
            return s;
        if (slot->used && (!s->used || s->storm.window_start_us < slot->storm.window_start_us))
            slot = s;
    }
    *slot = (struct iommu_stranger){ .used = true, .rid = rid };
    return slot;
}

/* Its entry stays absent, and says that its faults are not to be recorded; adding the device takes that back. */
static enum iommu_status silence_stranger(struct iommu_unit *unit, uint16_t rid)
{
    static const struct iommu_entry blocked = { .kind = IOMMU_ENTRY_BLOCKED };
    static const struct iommu_entry fenced = { .kind = IOMMU_ENTRY_FENCED };
    enum iommu_status status = IOMMU_OK;
    uintptr_t flags = iommu_attach_lock(unit->iommu);

    if (iommu_find_device(unit->iommu, unit->segment, rid) == NULL)
        status = unit->ops->set_device(unit, &rid, 1, &blocked, &fenced);
    iommu_attach_unlock(unit->iommu, flags);
    return status;
}

static void count_stranger(struct iommu_unit *unit, const struct iommu_fault *fault)
{
    struct iommu *iommu = unit->iommu;
    struct iommu_stranger *s;
    enum iommu_status status;
    bool fence;
    uintptr_t flags = iommu_lock_irq(iommu->platform, iommu->ctx, &unit->fault_lock);

    s = stranger_slot(unit, fault->rid);
    fence = storm_count(unit, &s->storm, fault->time_us) && !s->fenced;
    s->fenced = s->fenced || fence;
    iommu_unlock_irq(iommu->platform, iommu->ctx, &unit->fault_lock, flags);
    if (!fence)
        return;
    status = silence_stranger(unit, fault->rid);
    bus_master_off(iommu, fault->segment, fault->rid);
    report_fenced(unit, fault, status);
}

static bool count_device(struct iommu_device *device, uint64_t now_us)
{
    struct iommu *iommu = device->iommu;
    struct iommu_unit *unit = device->unit;
    uintptr_t flags = iommu_lock_irq(iommu->platform, iommu->ctx, &unit->fault_lock);
    bool fence = storm_count(unit, &device->storm, now_us);

    iommu_unlock_irq(iommu->platform, iommu->ctx, &unit->fault_lock, flags);
    return fence;
}

void iommu_storm_forget(struct iommu_device *device)
{
    struct iommu *iommu = device->iommu;
    uintptr_t flags = iommu_lock_irq(iommu->platform, iommu->ctx, &device->unit->fault_lock);

    device->storm = (struct iommu_storm){ 0 };
    iommu_unlock_irq(iommu->platform, iommu->ctx, &device->unit->fault_lock, flags);
}

void iommu_fault_report(struct iommu_unit *unit, struct iommu_fault *fault, bool walk)
{
    struct iommu *iommu = unit->iommu;

    fault->unit_index = unit->index;
    fault->segment = unit->segment;
    fault->time_us = iommu->platform->now_us(iommu->ctx);
    fault->device = iommu_find_device(iommu, unit->segment, fault->rid);
    fault->walk_level = IOMMU_LEVEL_NONE;
    if (fault->device != NULL)
        ask_domain(iommu, fault, walk);
    __atomic_fetch_add(&unit->faults, 1, __ATOMIC_RELAXED);
    call_back(iommu, fault);
    if (fault->device == NULL)
        count_stranger(unit, fault);
    else if (count_device(fault->device, fault->time_us))
        fence_device(fault->device, fault);
}

size_t iommu_faults_read(struct iommu_unit *unit)
{
    size_t count = 0;

    /* Counted before it looks, as a stop says so before it looks at the count. */
    __atomic_fetch_add(&unit->readers, 1, __ATOMIC_SEQ_CST);
    if (!__atomic_load_n(&unit->stopping, __ATOMIC_SEQ_CST))
        count = unit->ops->read_faults(unit);
    __atomic_fetch_sub(&unit->readers, 1, __ATOMIC_SEQ_CST);
    return count;
}

enum iommu_status iommu_faults_wait(struct iommu_unit *unit, uint64_t timeout_us)
{
    const struct iommu_platform *platform = unit->platform;
    uint64_t start = platform->now_us(unit->ctx);

    for (;;) {
        uint64_t now = platform->now_us(unit->ctx);

        if (__atomic_load_n(&unit->readers, __ATOMIC_SEQ_CST) == 0)
            return IOMMU_OK;
        if (now - start >= timeout_us)
            return IOMMU_ERR_TIMEOUT;
        platform->relax(unit->ctx);
    }
}

void iommu_fault_overflow(struct iommu_unit *unit)
{
    struct iommu *iommu = unit->iommu;

    __atomic_fetch_add(&unit->overflows, 1, __ATOMIC_RELAXED);
    call_back(iommu, &(struct iommu_fault){
        .kind = IOMMU_FAULT_OVERFLOW, .unit_index = unit->index, .segment = unit->segment,
        .pasid = IOMMU_NO_PASID, .reason_name = "fault records lost", .walk_level = IOMMU_LEVEL_NONE,
        .time_us = iommu->platform->now_us(iommu->ctx),
    });
}

void iommu_reset_fault_counters(struct iommu *iommu)
{
    struct iommu_device *device = __atomic_load_n(&iommu->devices, __ATOMIC_ACQUIRE);

    for (; device != NULL; device = device->next)
        iommu_storm_forget(device);
    for (unsigned i = 0; i < iommu->unit_count; i++) {
        struct iommu_unit *unit = iommu->units[i];
        uintptr_t flags = iommu_lock_irq(iommu->platform, iommu->ctx, &unit->fault_lock);

        for (unsigned s = 0; s < IOMMU_STRANGERS; s++)
            unit->strangers[s] = (struct iommu_stranger){ 0 };
        iommu_unlock_irq(iommu->platform, iommu->ctx, &unit->fault_lock, flags);
        __atomic_store_n(&unit->faults, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&unit->overflows, 0, __ATOMIC_RELAXED);
    }
}
