/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command ring, AMD-Vi §2.4: 128-bit commands in two pages. Each batch ends
 * with a COMPLETION_WAIT that stores how many commands are done, so the lock is
 * held only while commands are stored and the tail is written; everyone then
 * polls cached memory. Waits complete in order, so that one word serves all.
 *
 * The head register is read only where the unit has stopped: QEMU 7.2 shows the
 * ring's length instead of 0 where it wraps, and who waited for head == tail
 * there would wait for ever. Completion interrupts are not used to wait:
 * nothing here sleeps.
 */
#include "amd/amdvi.h"
#include "memory.h"

/* Polls of the semaphore between two looks at clock and status register. */
#define POLLS 64u
/* A unit that stops at the same command so often has something else to complain of. */
#define RESTARTS_MAX 4u

#define RING_PAGES (AMDVI_COMMAND_SLOTS * sizeof(struct amdvi_command) / IOMMU_PAGE)
#define RING_LEN_CODE ((uint64_t)__builtin_ctz(AMDVI_COMMAND_SLOTS))

static uint32_t slot_of(uint64_t number)
{
    return (uint32_t)(number % AMDVI_COMMAND_SLOTS);
}

static uint64_t slot_offset(uint64_t number)
{
    return slot_of(number) * sizeof(struct amdvi_command);
}

/* end: the number that follows the batch's last command, which is its wait. */
static bool batch_done(const struct amdvi_queue *q, uint64_t end)
{
    return __atomic_load_n(q->semaphore, __ATOMIC_ACQUIRE) >= end;
}

static bool bit_test(const uint64_t *bits, uint32_t slot)
{
    return (bits[slot / 64] & BIT64(slot % 64)) != 0;
}

/* ---- life ---- */

enum iommu_status amdvi_queue_create(struct amdvi_unit *unit)
{
    const struct iommu_platform *platform = unit->base.platform;
    struct amdvi_queue *q = &unit->queue;

    q->ring = platform->page_alloc(unit->base.ctx, RING_PAGES, iommu_unit_limit(&unit->base));
    q->semaphore = platform->page_alloc(unit->base.ctx, 1, iommu_unit_limit(&unit->base));
    if (q->ring == NULL || q->semaphore == NULL) {
        amdvi_queue_destroy(unit);
        return IOMMU_ERR_NOMEM;
    }
    q->wait_lo = amdvi_completion_wait(iommu_pa(platform, q->semaphore), 0).lo;
    return IOMMU_OK;
}

void amdvi_queue_destroy(struct amdvi_unit *unit)
{
    const struct iommu_platform *platform = unit->base.platform;
    struct amdvi_queue *q = &unit->queue;

    if (q->ring != NULL)
        platform->page_free(unit->base.ctx, q->ring, RING_PAGES);
    if (q->semaphore != NULL)
        platform->page_free(unit->base.ctx, q->semaphore, 1);
    q->ring = NULL;
    q->semaphore = NULL;
}

/* Commands are fetched only while IommuEn is set; until then there is no run bit to wait for. */
static uint32_t run_bit(const struct amdvi_unit *unit)
{
    return unit->control & AMDVI_CONTROL_IOMMU_EN ? AMDVI_STATUS_CMD_BUF_RUN : 0;
}

enum iommu_status amdvi_queue_enable(struct amdvi_unit *unit)
{
    struct amdvi_queue *q = &unit->queue;
    enum iommu_status status;

    /* Both pointers are 0 then: number and slot start together again. */
    q->tail = (q->tail + AMDVI_COMMAND_SLOTS - 1) & ~(uint64_t)(AMDVI_COMMAND_SLOTS - 1);
    q->head = q->settled = q->tail;
    reg_write64(&unit->regs, AMDVI_CMD_BASE,
                field_make(AMDVI_RING_LEN, RING_LEN_CODE) |
                (iommu_pa(unit->base.platform, q->ring) & AMDVI_RING_BASE));
    /* A write of the base should clear them; QEMU leaves them as they were. */
    reg_write64(&unit->regs, AMDVI_CMD_HEAD, 0);
    reg_write64(&unit->regs, AMDVI_CMD_TAIL, 0);
    status = amdvi_control(unit, 0, AMDVI_CONTROL_CMD_BUF_EN, run_bit(unit));
    q->on = status == IOMMU_OK;
    return status;
}

enum iommu_status amdvi_queue_disable(struct amdvi_unit *unit)
{
    uintptr_t flags = amdvi_lock(unit);
    enum iommu_status status = amdvi_control_locked(unit, AMDVI_CONTROL_CMD_BUF_EN, 0, AMDVI_STATUS_CMD_BUF_RUN);

    if (status == IOMMU_OK)
        unit->queue.on = false;
    amdvi_unlock(unit, flags);
    return status;
}

/* ---- errors, AMD-Vi §2.4, §2.5.6, §2.5.7 ---- */

/* The wait of one of our batches, and not what a caller put there. */
static bool is_batch_wait(const struct amdvi_queue *q, uint64_t number)
{
    const struct amdvi_command *c = &q->ring[slot_of(number)];

    return c->lo == q->wait_lo && c->hi == number + 1;
}

/* The end of the batch that holds command number, which is in the ring. */
static uint64_t batch_end(const struct amdvi_queue *q, uint64_t number)
{
    while (number != q->tail && !is_batch_wait(q, number))
        number++;
    return number == q->tail ? number : number + 1;
}

/*
 * What comes of the batches when the unit has stopped at command number: the
 * one that holds it is dropped, those behind it have not been looked at and
 * will be run, and of those before it some may not have been done: hardware
 * makes no promise about commands it had under way. Returns where to go on.
 */
static uint64_t settle_locked(struct amdvi_queue *q, uint64_t number)
{
    uint64_t resume = number == q->tail ? number : batch_end(q, number);

    for (uint64_t at = q->head, end; at < resume; at = end) {
        end = batch_end(q, at);
        if (!batch_done(q, end))
            iommu_refusals_add_locked(&q->refusals, end);
    }
    q->settled = resume;
    return resume;
}

static void report_stop(struct amdvi_unit *unit, uint64_t head)
{
    const struct amdvi_command *c = &unit->queue.ring[slot_of(head / sizeof(*c))];

    iommu_log(unit->base.iommu, IOMMU_LOG_ERROR,
              "%s: command ring stopped head=0x%llx tail=0x%llx command=0x%016llx:0x%016llx status=0x%x",
              unit->base.name, (unsigned long long)head, (unsigned long long)slot_offset(unit->queue.tail),
              (unsigned long long)c->hi, (unsigned long long)c->lo, reg_read32(&unit->regs, AMDVI_STATUS));
}

/* The head may be written only while the unit does not fetch. */
static enum iommu_status restart_locked(struct amdvi_unit *unit)
{
    struct amdvi_queue *q = &unit->queue;
    uint64_t head = reg_read64(&unit->regs, AMDVI_CMD_HEAD) & AMDVI_POINTER;
    uint64_t number = q->tail - slot_of(q->tail - head / sizeof(struct amdvi_command)), resume;
    enum iommu_status status;

    report_stop(unit, head);
    if (number < q->head)
        number = q->tail;
    q->restarts = number == q->stopped_at ? q->restarts + 1 : 1;
    q->stopped_at = number;
    if (q->restarts > RESTARTS_MAX)
        return IOMMU_ERR_HARDWARE;
    status = amdvi_control_locked(unit, AMDVI_CONTROL_CMD_BUF_EN, 0, AMDVI_STATUS_CMD_BUF_RUN);
    if (status != IOMMU_OK)
        return status;
    resume = settle_locked(q, number);
    reg_write64(&unit->regs, AMDVI_CMD_HEAD, slot_offset(resume));
    reg_write64(&unit->regs, AMDVI_CMD_TAIL, slot_offset(q->tail));
    return amdvi_control_locked(unit, 0, AMDVI_CONTROL_CMD_BUF_EN, AMDVI_STATUS_CMD_BUF_RUN);
}

void amdvi_queue_recover(struct amdvi_unit *unit)
{
    enum iommu_status status = IOMMU_OK;
    uintptr_t flags = amdvi_lock(unit);

    if (unit->queue.on && run_bit(unit) != 0 && !iommu_unit_fenced(&unit->base) &&
        !(reg_read32(&unit->regs, AMDVI_STATUS) & AMDVI_STATUS_CMD_BUF_RUN))
        status = restart_locked(unit);
    amdvi_unlock(unit, flags);
    if (status != IOMMU_OK)
        iommu_unit_fence(&unit->base, "command ring restart", status);
}

/*
 * A batch that is done already cannot be told any more, unless its submitter
 * asks (amdvi_queue_run_raw()). QEMU names no address: all who ask are meant.
 */
void amdvi_queue_refuse(struct amdvi_unit *unit, uint64_t command_pa)
{
    struct amdvi_queue *q = &unit->queue;
    uint64_t offset = command_pa - iommu_pa(unit->base.platform, q->ring), number, end;
    uint32_t slot = slot_of(offset / sizeof(struct amdvi_command));
    uintptr_t flags = amdvi_lock(unit);

    if (offset >= RING_PAGES * IOMMU_PAGE) {
        memset(q->illegal, 0xff, sizeof(q->illegal));
        amdvi_unlock(unit, flags);
        return;
    }
    q->illegal[slot / 64] |= BIT64(slot % 64);
    number = q->tail - 1 - slot_of(q->tail - 1 - slot);
    if (number >= q->settled && number >= q->head && number < q->tail) {
        end = batch_end(q, number);
        if (!batch_done(q, end))
            iommu_refusals_add_locked(&q->refusals, end);
    }
    amdvi_unlock(unit, flags);
}

/* ---- submit and wait ---- */

/* Slots whose batches have completed, or were dropped by a restart, may be written again. */
static void reclaim_locked(struct amdvi_queue *q)
{
    uint64_t done = __atomic_load_n(q->semaphore, __ATOMIC_ACQUIRE);

    if (done < q->settled)
        done = q->settled;
    if (done > q->head && done <= q->tail)
        q->head = done;
}

/* One slot always stays free: a full ring would look empty (head == tail). */
static bool has_room(const struct amdvi_queue *q, uint32_t count)
{
    return q->tail - q->head + count < AMDVI_COMMAND_SLOTS;
}

static IOMMU_COLD void write_back_commands(const struct amdvi_unit *unit, uint64_t first, uint64_t end)
{
    for (; first != end; first++)
        amdvi_write_back(unit, &unit->queue.ring[slot_of(first)], sizeof(struct amdvi_command));
}

/* The wait of a batch whose count commands are in the ring already, from the tail on: first; and the doorbell. */
static inline __attribute__((always_inline)) uint64_t submit_locked(struct amdvi_unit *unit, uint64_t first, uint32_t count)
{
    struct amdvi_queue *q = &unit->queue;
    uint64_t wait = first + count, end = wait + 1;

    q->ring[slot_of(wait)] = (struct amdvi_command){ .lo = q->wait_lo, .hi = end };
    if (__builtin_expect(!unit->base.coherent, 0))
        write_back_commands(unit, first, end);
    q->tail = end;
    q->commands += count + 1;
    q->doorbells++;
    unit->base.platform->dma_write_barrier(unit->base.ctx);
    reg_write64(&unit->regs, AMDVI_CMD_TAIL, slot_offset(end));
    return end;
}

static uint64_t store_locked(struct amdvi_unit *unit, const struct amdvi_command *commands, uint32_t count)
{
    struct amdvi_queue *q = &unit->queue;

    for (uint32_t i = 0; i < count; i++)
        q->ring[slot_of(q->tail + i)] = commands[i];
    return submit_locked(unit, q->tail, count);
}

static bool has_stopped(const struct amdvi_unit *unit)
{
    return !(reg_read32(&unit->regs, AMDVI_STATUS) & AMDVI_STATUS_CMD_BUF_RUN);
}

/* The ring is full of batches that have not completed: rare, and bounded like any wait. */
static IOMMU_COLD enum iommu_status
store_when_room(struct amdvi_unit *unit, const struct amdvi_command *commands, uint32_t count, uint64_t *end)
{
    const struct iommu_platform *platform = unit->base.platform;
    uint64_t start = platform->now_us(unit->base.ctx);

    for (;;) {
        uint64_t now = platform->now_us(unit->base.ctx);
        uintptr_t flags = amdvi_lock(unit);
        bool room;

        reclaim_locked(&unit->queue);
        room = has_room(&unit->queue, count + 1);
        if (room)
            *end = store_locked(unit, commands, count);
        amdvi_unlock(unit, flags);
        if (room)
            return IOMMU_OK;
        if (iommu_unit_fenced(&unit->base))
            return IOMMU_ERR_FENCED;
        if (now - start >= AMDVI_COMMAND_TIMEOUT_US) {
            iommu_unit_fence(&unit->base, "command ring full", IOMMU_ERR_TIMEOUT);
            return IOMMU_ERR_TIMEOUT;
        }
        if (has_stopped(unit))
            amdvi_queue_recover(unit);
        platform->relax(unit->base.ctx);
    }
}

static IOMMU_COLD bool was_refused(struct amdvi_unit *unit, uint64_t end)
{
    uintptr_t flags = amdvi_lock(unit);
    bool refused = iommu_refusals_name_locked(&unit->queue.refusals, end);

    amdvi_unlock(unit, flags);
    return refused;
}

static bool may_be_refused(const struct amdvi_queue *q, uint64_t end)
{
    return iommu_refusals_may_name(&q->refusals, end);
}

/* The clock is read before the semaphore, so that a late wake-up is no time-out. */
static IOMMU_COLD enum iommu_status wait_long(struct amdvi_unit *unit, uint64_t end)
{
    const struct iommu_platform *platform = unit->base.platform;
    struct amdvi_queue *q = &unit->queue;
    uint64_t start = platform->now_us(unit->base.ctx);

    for (;;) {
        uint64_t now = platform->now_us(unit->base.ctx);
        bool stopped = has_stopped(unit);

        for (unsigned i = 0; i < POLLS; i++) {
            if (batch_done(q, end))
                return IOMMU_OK;
            platform->relax(unit->base.ctx);
            if (may_be_refused(q, end))
                break;
        }
        if (may_be_refused(q, end) && was_refused(unit, end))
            return IOMMU_ERR_QUEUE;
        if (iommu_unit_fenced(&unit->base))
            return IOMMU_ERR_FENCED;
        if (now - start >= AMDVI_COMMAND_TIMEOUT_US) {
            iommu_unit_fence(&unit->base, "completion wait", IOMMU_ERR_TIMEOUT);
            return IOMMU_ERR_TIMEOUT;
        }
        if (stopped)
            amdvi_queue_recover(unit);
    }
}

/* A batch behind one that was refused takes the semaphore past both: being done is looked at before being refused. */
static inline enum iommu_status finish(struct amdvi_unit *unit, uint64_t end)
{
    const struct amdvi_queue *q = &unit->queue;

    if (__builtin_expect(!batch_done(q, end), 0)) {
        enum iommu_status status = wait_long(unit, end);

        if (status != IOMMU_OK)
            return status;
    }
    if (__builtin_expect(may_be_refused(q, end), 0) && was_refused(unit, end))
        return IOMMU_ERR_QUEUE;
    return IOMMU_OK;
}

static IOMMU_COLD enum iommu_status
run_when_room(struct amdvi_unit *unit, const struct amdvi_command *commands, uint32_t count)
{
    uint64_t end = 0;
    enum iommu_status status = store_when_room(unit, commands, count, &end);

    return status != IOMMU_OK ? status : finish(unit, end);
}

enum iommu_status amdvi_queue_run(struct amdvi_unit *unit, const struct amdvi_command *commands, uint32_t count)
{
    uint64_t end;
    uintptr_t flags;

    if (iommu_unit_fenced(&unit->base))
        return IOMMU_ERR_FENCED;
    flags = amdvi_lock(unit);
    if (__builtin_expect(!has_room(&unit->queue, count + 1), 0)) {
        amdvi_unlock(unit, flags);
        return run_when_room(unit, commands, count);
    }
    end = store_locked(unit, commands, count);
    amdvi_unlock(unit, flags);
    return finish(unit, end);
}

static IOMMU_COLD enum iommu_status run_one_when_room(struct amdvi_unit *unit, struct amdvi_command command)
{
    return run_when_room(unit, &command, 1);
}

/* The flush of one page: the command stays in registers. */
enum iommu_status amdvi_queue_run_one(struct amdvi_unit *unit, struct amdvi_command command)
{
    uint64_t first, end;
    uintptr_t flags;

    if (iommu_unit_fenced(&unit->base))
        return IOMMU_ERR_FENCED;
    flags = amdvi_lock(unit);
    if (__builtin_expect(!has_room(&unit->queue, 2), 0)) {
        amdvi_unlock(unit, flags);
        return run_one_when_room(unit, command);
    }
    first = unit->queue.tail;
    unit->queue.ring[slot_of(first)] = command;
    end = submit_locked(unit, first, 1);
    amdvi_unlock(unit, flags);
    return finish(unit, end);
}

enum iommu_status amdvi_queue_run_raw(struct amdvi_unit *unit, struct amdvi_command command)
{
    struct amdvi_queue *q = &unit->queue;
    enum iommu_status status;
    uint32_t slot;
    uintptr_t flags;
    uint64_t end;

    if (iommu_unit_fenced(&unit->base))
        return IOMMU_ERR_FENCED;
    flags = amdvi_lock(unit);
    reclaim_locked(q);
    if (!has_room(q, 2)) {
        amdvi_unlock(unit, flags);
        return IOMMU_ERR_BUSY;
    }
    slot = slot_of(q->tail);
    q->illegal[slot / 64] &= ~BIT64(slot % 64);
    end = store_locked(unit, &command, 1);
    amdvi_unlock(unit, flags);
    status = finish(unit, end);
    amdvi_read_events(unit);
    if (status != IOMMU_OK)
        return status;
    flags = amdvi_lock(unit);
    if (bit_test(q->illegal, slot))
        status = IOMMU_ERR_QUEUE;
    amdvi_unlock(unit, flags);
    return status;
}

void amdvi_queue_dump(struct amdvi_unit *unit)
{
    const struct amdvi_queue *q = &unit->queue;

    if (q->ring == NULL)
        return;
    iommu_log(unit->base.iommu, IOMMU_LOG_ERROR, "%s: dump cmd-head=0x%llx cmd-tail=0x%llx cmd-base=0x%llx "
              "done=%llu of=%llu", unit->base.name,
              (unsigned long long)reg_read64(&unit->regs, AMDVI_CMD_HEAD),
              (unsigned long long)reg_read64(&unit->regs, AMDVI_CMD_TAIL),
              (unsigned long long)reg_read64(&unit->regs, AMDVI_CMD_BASE),
              (unsigned long long)*q->semaphore, (unsigned long long)q->tail);
    for (uint32_t back = 8; back > 0; back--) {
        const struct amdvi_command *c = &q->ring[slot_of(q->tail - back)];

        iommu_log(unit->base.iommu, IOMMU_LOG_ERROR, "%s: dump slot=%u command=0x%016llx:0x%016llx",
                  unit->base.name, slot_of(q->tail - back), (unsigned long long)c->hi,
                  (unsigned long long)c->lo);
    }
}
