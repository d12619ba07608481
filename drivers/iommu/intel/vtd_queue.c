/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The invalidation queue, VT-d §6.5.2: 128-bit descriptors in one page. Each
 * batch ends with a wait descriptor that has a status word of its own, so the
 * lock is held only while descriptors are stored and the tail is written;
 * everyone then polls cached memory. Completion events (IF) are not used:
 * nothing here sleeps, and QEMU 7.2 aborts on SW with IF.
 */
#include "intel/vtd.h"

/* Polls of the status word between two looks at clock and FSTS. */
#define POLLS 64u
/* The unit refusing the same descriptor so often has something else to complain of. */
#define REFUSALS_MAX 4u

/* IQERCD.IQEI, VT-d §11.4.9.9 */
enum { IQEI_NONE = 0, IQEI_FETCH = 2, IQEI_TYPE = 3, IQEI_RESERVED = 4 };

static uint32_t slot_of(uint64_t number)
{
    return (uint32_t)(number % VTD_QUEUE_SLOTS);
}

static uint64_t slot_offset(uint64_t number)
{
    return (uint64_t)slot_of(number) * sizeof(struct vtd_descriptor);
}

static bool wait_done(const struct vtd_queue *q, uint64_t number)
{
    return __atomic_load_n(&q->page->status[slot_of(number)], __ATOMIC_ACQUIRE) != (uint32_t)~number;
}

/* FN: nothing behind it is done before it, so that waits complete in the order of the queue (VT-d §6.5.2.12). */
static struct vtd_descriptor wait_descriptor(const struct vtd_queue *q, uint64_t data, uint64_t status_offset)
{
    return (struct vtd_descriptor){
        .lo = VTD_QI_TYPE_WAIT | VTD_QI_WAIT_SW | VTD_QI_WAIT_FN | field_make(VTD_QI_WAIT_STATUS_DATA, (uint32_t)data),
        .hi = q->status_pa + status_offset,
    };
}

static struct vtd_descriptor batch_wait(const struct vtd_queue *q, uint64_t number)
{
    return wait_descriptor(q, number, slot_of(number) * sizeof(uint32_t));
}

/* ---- life ---- */

enum iommu_status vtd_queue_create(struct vtd_unit *unit)
{
    const struct iommu_platform *platform = unit->base.platform;
    struct vtd_queue *q = &unit->queue;

    q->ring = platform->page_alloc(unit->base.ctx, 1, iommu_unit_limit(&unit->base));
    q->page = platform->page_alloc(unit->base.ctx, 1, iommu_unit_limit(&unit->base));
    if (q->ring == NULL || q->page == NULL) {
        vtd_queue_destroy(unit);
        return IOMMU_ERR_NOMEM;
    }
    q->status_pa = iommu_pa(platform, q->page);
    return IOMMU_OK;
}

void vtd_queue_destroy(struct vtd_unit *unit)
{
    const struct iommu_platform *platform = unit->base.platform;
    struct vtd_queue *q = &unit->queue;

    if (q->ring != NULL)
        platform->page_free(unit->base.ctx, q->ring, 1);
    if (q->page != NULL)
        platform->page_free(unit->base.ctx, q->page, 1);
    q->ring = NULL;
    q->page = NULL;
}

static enum iommu_status enable_locked(struct vtd_unit *unit)
{
    struct vtd_queue *q = &unit->queue;
    enum iommu_status status;

    /* IQH is 0 while the queue is off: number and slot start together again. */
    q->tail = (q->tail + VTD_QUEUE_SLOTS - 1) & ~(uint64_t)(VTD_QUEUE_SLOTS - 1);
    q->head = q->tail;
    reg_write64(&unit->regs, VTD_IQT, 0);
    reg_write64(&unit->regs, VTD_IQA, iommu_pa(unit->base.platform, q->ring) & VTD_IQA_IQA);
    status = vtd_command_locked(unit, VTD_GCMD_QIE, true);
    q->on = status == IOMMU_OK;
    unit->in_doubt |= status != IOMMU_OK;
    return status;
}

static enum iommu_status disable_locked(struct vtd_unit *unit)
{
    enum iommu_status status = vtd_command_locked(unit, VTD_GCMD_QIE, false);

    if (status == IOMMU_OK)
        unit->queue.on = false;
    return status;
}

enum iommu_status vtd_queue_enable(struct vtd_unit *unit)
{
    uintptr_t flags = vtd_lock(unit);
    enum iommu_status status = enable_locked(unit);

    vtd_unlock(unit, flags);
    return status;
}

enum iommu_status vtd_queue_disable(struct vtd_unit *unit)
{
    uintptr_t flags = vtd_lock(unit);
    enum iommu_status status = disable_locked(unit);

    vtd_unlock(unit, flags);
    return status;
}

/* ---- errors, VT-d §6.5.2.11 ---- */

/* The batch that holds descriptor number, by the number of its wait; false when none does. */
static bool find_batch(const struct vtd_queue *q, uint64_t number, uint64_t *wait)
{
    for (uint64_t at = q->head; at != q->tail; at = *wait + 1) {
        *wait = q->page->batch_end[slot_of(at)];
        if (number - at <= *wait - at)
            return true;
    }
    return false;
}

/* Everything under way counts as refused; who waits for it is released. */
static void abandon_batches_locked(struct vtd_queue *q)
{
    uint64_t wait;

    for (uint64_t at = q->head; at != q->tail; at = wait + 1) {
        wait = q->page->batch_end[slot_of(at)];
        if (wait_done(q, wait))
            continue;
        iommu_refusals_add_locked(&q->refusals, wait);
        __atomic_store_n(&q->page->status[slot_of(wait)], (uint32_t)wait, __ATOMIC_RELEASE);
    }
}

/* Tail, width or table mode are wrong: no descriptor is to blame, so the queue starts afresh. */
static enum iommu_status restart_locked(struct vtd_unit *unit)
{
    enum iommu_status status = disable_locked(unit);

    if (status != IOMMU_OK)
        return status;
    reg_write32(&unit->regs, VTD_FSTS, VTD_FSTS_IQE);
    abandon_batches_locked(&unit->queue);
    return enable_locked(unit);
}

/* Puts something harmless into the slot the unit stopped at and lets it go on. */
static void replace_refused(struct vtd_unit *unit, uint64_t number)
{
    struct vtd_queue *q = &unit->queue;
    uint64_t wait;
    bool found;

    found = find_batch(q, number, &wait);
    if (found)
        iommu_refusals_add_locked(&q->refusals, wait);
    /* Its submitter polls for what a batch's own wait writes. */
    q->ring[slot_of(number)] = found && number == wait ? batch_wait(q, wait) :
                               wait_descriptor(q, 0, offsetof(struct vtd_queue_page, scratch));
    unit->base.platform->dma_write_barrier(unit->base.ctx);
    reg_write32(&unit->regs, VTD_FSTS, VTD_FSTS_IQE);
    /* QEMU goes on only at the next write of IQT, whatever its value. */
    reg_write64(&unit->regs, VTD_IQT, slot_offset(q->tail));
}

static enum iommu_status recover_iqe_locked(struct vtd_unit *unit)
{
    struct vtd_queue *q = &unit->queue;
    uint64_t info = field_get(reg_read64(&unit->regs, VTD_IQERCD), VTD_IQERCD_IQEI);
    uint32_t slot = (uint32_t)(field_get(reg_read64(&unit->regs, VTD_IQH), VTD_IQH_QH) % VTD_QUEUE_SLOTS);
    uint64_t number = q->tail - slot_of(q->tail - slot);

    iommu_log(unit->base.iommu, IOMMU_LOG_ERROR,
              "%s: queue refused descriptor=0x%016llx:0x%016llx slot=%u iqei=%u head=0x%x tail=0x%llx",
              unit->base.name, (unsigned long long)q->ring[slot].hi, (unsigned long long)q->ring[slot].lo,
              slot, (unsigned)info, slot * (unsigned)sizeof(struct vtd_descriptor),
              (unsigned long long)slot_offset(q->tail));
    q->repeats = number == q->refused && q->repeats != 0 ? q->repeats + 1 : 1;
    q->refused = number;
    if (q->repeats > REFUSALS_MAX)
        return IOMMU_ERR_HARDWARE;
    if (info != IQEI_NONE && info != IQEI_FETCH && info != IQEI_TYPE && info != IQEI_RESERVED)
        return restart_locked(unit);
    if (number == q->tail)
        return restart_locked(unit);
    replace_refused(unit, number);
    return IOMMU_OK;
}

/*
 * A device did not answer. Waits that the unit had fetched never complete, and
 * what stood before them may be lost; batches it has yet to fetch are run, but
 * the one it was in counts as refused.
 */
static void recover_ite_locked(struct vtd_unit *unit)
{
    struct vtd_queue *q = &unit->queue;
    uint32_t slot = (uint32_t)(field_get(reg_read64(&unit->regs, VTD_IQH), VTD_IQH_QH) % VTD_QUEUE_SLOTS);
    uint64_t fetched = q->tail - slot_of(q->tail - slot), wait;
    unsigned source = (unsigned)field_get(reg_read64(&unit->regs, VTD_IQERCD), VTD_IQERCD_ITESID);

    iommu_log(unit->base.iommu, IOMMU_LOG_ERROR, "%s: queue device-tlb time-out src=" IOMMU_RID_FORMAT,
              unit->base.name, IOMMU_RID_ARGS(unit->base.segment, source));
    for (uint64_t at = q->head; at != q->tail && fetched - at <= VTD_QUEUE_SLOTS; at = wait + 1) {
        wait = q->page->batch_end[slot_of(at)];
        if (wait_done(q, wait) || fetched == at)
            continue;
        iommu_refusals_add_locked(&q->refusals, wait);
        if (fetched - at > wait - at)
            __atomic_store_n(&q->page->status[slot_of(wait)], (uint32_t)wait, __ATOMIC_RELEASE);
    }
    reg_write32(&unit->regs, VTD_FSTS, VTD_FSTS_ITE);
}

void vtd_queue_recover(struct vtd_unit *unit)
{
    enum iommu_status status = IOMMU_OK;
    uintptr_t flags = vtd_lock(unit);
    uint32_t fsts = reg_read32(&unit->regs, VTD_FSTS);

    if (fsts & VTD_FSTS_ICE) {
        iommu_log(unit->base.iommu, IOMMU_LOG_ERROR, "%s: queue unexpected completion src=" IOMMU_RID_FORMAT,
                  unit->base.name, IOMMU_RID_ARGS(unit->base.segment, (unsigned)field_get(
                      reg_read64(&unit->regs, VTD_IQERCD), VTD_IQERCD_ICESID)));
        reg_write32(&unit->regs, VTD_FSTS, VTD_FSTS_ICE);
    }
    if (fsts & VTD_FSTS_ITE)
        recover_ite_locked(unit);
    if (fsts & VTD_FSTS_IQE)
        status = recover_iqe_locked(unit);
    vtd_unlock(unit, flags);
    if (status != IOMMU_OK)
        iommu_unit_fence(&unit->base, "queue recovery", status);
}

/* ---- submit and wait ---- */

/*
 * Slots whose batches have completed may be written again. When the last has,
 * all have: waits complete in the order of the queue, each being a fence, and
 * those that never will were released by recovery before the unit went on.
 */
static void reclaim_locked(struct vtd_queue *q)
{
    if (wait_done(q, q->tail - 1)) {
        q->head = q->tail;
        return;
    }
    while (q->head != q->tail) {
        uint64_t wait = q->page->batch_end[slot_of(q->head)];

        if (!wait_done(q, wait))
            return;
        q->head = wait + 1;
    }
}

/* One slot always stays free: a full ring would look empty (head == tail). */
static bool has_room(const struct vtd_queue *q, uint32_t count)
{
    return q->tail - q->head + count < VTD_QUEUE_SLOTS;
}

/* The wait of a batch whose count descriptors are in the ring already, and the doorbell. */
static inline __attribute__((always_inline)) uint64_t submit_locked(struct vtd_unit *unit, uint32_t count)
{
    struct vtd_queue *q = &unit->queue;
    struct vtd_queue_page *page = q->page;
    uint64_t first = q->tail, wait = first + count;

    q->ring[slot_of(wait)] = batch_wait(q, wait);
    /* It releases whoever had the slot before, too, and who sees then whether his batch was refused. */
    __atomic_store_n(&page->status[slot_of(wait)], (uint32_t)~wait, __ATOMIC_RELEASE);
    page->batch_end[slot_of(first)] = wait;
    q->tail = wait + 1;
    q->descriptors += count + 1;
    q->doorbells++;
    unit->base.platform->dma_write_barrier(unit->base.ctx);
    reg_write64(&unit->regs, VTD_IQT, slot_offset(wait + 1));
    return wait;
}

static uint64_t store_one_locked(struct vtd_unit *unit, struct vtd_descriptor descriptor)
{
    unit->queue.ring[slot_of(unit->queue.tail)] = descriptor;
    return submit_locked(unit, 1);
}

static uint64_t
store_locked(struct vtd_unit *unit, const struct vtd_descriptor *descriptors, uint32_t count)
{
    struct vtd_queue *q = &unit->queue;

    for (uint32_t i = 0; i < count; i++)
        q->ring[slot_of(q->tail + i)] = descriptors[i];
    return submit_locked(unit, count);
}

/* The ring is full of batches that have not completed: rare, and bounded like any wait. */
static enum iommu_status
store_when_room(struct vtd_unit *unit, const struct vtd_descriptor *descriptors, uint32_t count, uint64_t *wait)
{
    const struct iommu_platform *platform = unit->base.platform;
    uint64_t start = platform->now_us(unit->base.ctx);

    for (;;) {
        uint64_t now = platform->now_us(unit->base.ctx);
        uintptr_t flags = vtd_lock(unit);
        bool room;

        reclaim_locked(&unit->queue);
        room = has_room(&unit->queue, count + 1);
        if (room)
            *wait = store_locked(unit, descriptors, count);
        vtd_unlock(unit, flags);
        if (room)
            return IOMMU_OK;
        if (iommu_unit_fenced(&unit->base))
            return IOMMU_ERR_FENCED;
        if (now - start >= VTD_QUEUE_TIMEOUT_US) {
            iommu_unit_fence(&unit->base, "queue full", IOMMU_ERR_TIMEOUT);
            return IOMMU_ERR_TIMEOUT;
        }
        if (reg_read32(&unit->regs, VTD_FSTS) & (VTD_FSTS_IQE | VTD_FSTS_ITE | VTD_FSTS_ICE))
            vtd_queue_recover(unit);
        platform->relax(unit->base.ctx);
    }
}

/* The clock is read before the status word, so that a late wake-up is no time-out. */
static IOMMU_COLD enum iommu_status wait_long(struct vtd_unit *unit, uint64_t wait)
{
    const struct iommu_platform *platform = unit->base.platform;
    uint64_t start = platform->now_us(unit->base.ctx);

    for (;;) {
        uint64_t now = platform->now_us(unit->base.ctx);
        uint32_t fsts = reg_read32(&unit->regs, VTD_FSTS);

        for (unsigned i = 0; i < POLLS; i++) {
            if (wait_done(&unit->queue, wait))
                return IOMMU_OK;
            platform->relax(unit->base.ctx);
        }
        if (iommu_unit_fenced(&unit->base))
            return IOMMU_ERR_FENCED;
        if (now - start >= VTD_QUEUE_TIMEOUT_US) {
            iommu_unit_fence(&unit->base, "invalidation wait", IOMMU_ERR_TIMEOUT);
            return IOMMU_ERR_TIMEOUT;
        }
        if (fsts & (VTD_FSTS_IQE | VTD_FSTS_ITE | VTD_FSTS_ICE))
            vtd_queue_recover(unit);
    }
}

/* A batch behind this one was refused, or this one. */
static IOMMU_COLD enum iommu_status ask_refusals(struct vtd_unit *unit, uint64_t wait)
{
    uintptr_t flags = vtd_lock(unit);
    bool refused = iommu_refusals_name_locked(&unit->queue.refusals, wait);

    vtd_unlock(unit, flags);
    return refused ? IOMMU_ERR_QUEUE : IOMMU_OK;
}

static inline enum iommu_status finish(struct vtd_unit *unit, uint64_t wait)
{
    const struct vtd_queue *q = &unit->queue;

    if (__builtin_expect(!wait_done(q, wait), 0)) {
        enum iommu_status status = wait_long(unit, wait);

        if (status != IOMMU_OK)
            return status;
    }
    if (__builtin_expect(iommu_refusals_may_name(&q->refusals, wait), 0))
        return ask_refusals(unit, wait);
    return IOMMU_OK;
}

static IOMMU_COLD enum iommu_status
run_when_room(struct vtd_unit *unit, const struct vtd_descriptor *descriptors, uint32_t count)
{
    uint64_t wait = 0;
    enum iommu_status status = store_when_room(unit, descriptors, count, &wait);

    return status != IOMMU_OK ? status : finish(unit, wait);
}

enum iommu_status vtd_queue_run(struct vtd_unit *unit, const struct vtd_descriptor *descriptors, uint32_t count)
{
    struct vtd_queue *q = &unit->queue;
    uint64_t wait;
    uintptr_t flags;

    if (iommu_unit_fenced(&unit->base))
        return IOMMU_ERR_FENCED;
    flags = vtd_lock(unit);
    if (__builtin_expect(!has_room(q, count + 1), 0)) {
        vtd_unlock(unit, flags);
        return run_when_room(unit, descriptors, count);
    }
    wait = store_locked(unit, descriptors, count);
    vtd_unlock(unit, flags);
    return finish(unit, wait);
}

static IOMMU_COLD enum iommu_status run_one_when_room(struct vtd_unit *unit, struct vtd_descriptor descriptor)
{
    return run_when_room(unit, &descriptor, 1);
}

/* The flush of one page: the descriptor stays in registers. */
enum iommu_status vtd_queue_run_one(struct vtd_unit *unit, struct vtd_descriptor descriptor)
{
    uint64_t wait;
    uintptr_t flags;

    if (iommu_unit_fenced(&unit->base))
        return IOMMU_ERR_FENCED;
    flags = vtd_lock(unit);
    if (__builtin_expect(!has_room(&unit->queue, 2), 0)) {
        vtd_unlock(unit, flags);
        return run_one_when_room(unit, descriptor);
    }
    wait = store_one_locked(unit, descriptor);
    vtd_unlock(unit, flags);
    return finish(unit, wait);
}

void vtd_queue_dump(struct vtd_unit *unit)
{
    const struct vtd_queue *q = &unit->queue;

    if (q->ring == NULL)
        return;
    iommu_log(unit->base.iommu, IOMMU_LOG_ERROR, "%s: dump iqh=0x%llx iqt=0x%llx iqa=0x%llx iqercd=0x%llx",
              unit->base.name, (unsigned long long)reg_read64(&unit->regs, VTD_IQH),
              (unsigned long long)reg_read64(&unit->regs, VTD_IQT),
              (unsigned long long)reg_read64(&unit->regs, VTD_IQA),
              (unsigned long long)reg_read64(&unit->regs, VTD_IQERCD));
    for (uint32_t back = 8; back > 0; back--) {
        const struct vtd_descriptor *d = &q->ring[slot_of(q->tail - back)];

        iommu_log(unit->base.iommu, IOMMU_LOG_ERROR, "%s: dump slot=%u descriptor=0x%016llx:0x%016llx",
                  unit->base.name, slot_of(q->tail - back), (unsigned long long)d->hi,
                  (unsigned long long)d->lo);
    }
}
