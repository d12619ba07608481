/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The event log (AMD-Vi §2.5): entries read, cleared and handed on, refused
 * commands told to the queue, overflow restarted. Left out: the second log
 * (DualEventLogEn), the severe events of EFR.HESup, page requests.
 *
 * QEMU before 10.1 logs nothing. QEMU 11.1 logs page faults without address,
 * bus number and domain id, sets I on all of them, and GN or NX where it means
 * read or write: what is reported of those is what its record says, but that
 * no interrupt request has an address outside the interrupt range.
 */
#include "amd/amdvi.h"
#include "memory.h"

/* Rounds over the log in one call; a device that is faster than that is fenced meanwhile. */
#define ROUNDS_MAX 1024u
#define INTERRUPTS (AMDVI_STATUS_EVENT_LOG_INT | AMDVI_STATUS_COM_WAIT_INT | AMDVI_STATUS_GA_LOG_INT)
/* Errata 732, 733: tail and interrupt may come before the entry. Longer than any was seen to take. */
#define LATE_ENTRY_US 1000u

#define LOG_BYTES ((unsigned long long)(AMDVI_EVENT_SLOTS * sizeof(struct amdvi_event)))
#define LOG_PAGES (LOG_BYTES / IOMMU_PAGE)
#define LOG_LEN_CODE ((uint64_t)__builtin_ctz(AMDVI_EVENT_SLOTS))

/* ---- life ---- */

enum iommu_status amdvi_events_create(struct amdvi_unit *unit)
{
    unit->events.ring = unit->base.platform->page_alloc(unit->base.ctx, LOG_PAGES, iommu_unit_limit(&unit->base));
    return unit->events.ring != NULL ? IOMMU_OK : IOMMU_ERR_NOMEM;
}

void amdvi_events_destroy(struct amdvi_unit *unit)
{
    if (unit->events.ring != NULL)
        unit->base.platform->page_free(unit->base.ctx, unit->events.ring, LOG_PAGES);
    unit->events.ring = NULL;
}

/* Events are recorded only while IommuEn is set; until then there is no run bit to wait for. */
static uint32_t run_bit(const struct amdvi_unit *unit)
{
    return unit->control & AMDVI_CONTROL_IOMMU_EN ? AMDVI_STATUS_EVENT_LOG_RUN : 0;
}

enum iommu_status amdvi_events_enable(struct amdvi_unit *unit)
{
    enum iommu_status status;

    memset(unit->events.ring, 0, LOG_PAGES * IOMMU_PAGE);
    amdvi_write_back(unit, unit->events.ring, LOG_PAGES * IOMMU_PAGE);
    /* Before the base: QEMU ignores its write while EventLogInt is set. */
    reg_write32(&unit->regs, AMDVI_STATUS, AMDVI_STATUS_EVENT_LOG_INT | AMDVI_STATUS_EVENT_OVERFLOW);
    reg_write64(&unit->regs, AMDVI_EVENT_BASE,
                field_make(AMDVI_RING_LEN, LOG_LEN_CODE) |
                (iommu_pa(unit->base.platform, unit->events.ring) & AMDVI_RING_BASE));
    reg_write64(&unit->regs, AMDVI_EVENT_HEAD, 0);
    reg_write64(&unit->regs, AMDVI_EVENT_TAIL, 0);
    status = amdvi_control(unit, 0, AMDVI_CONTROL_EVENT_LOG_EN, run_bit(unit));
    unit->events.on = status == IOMMU_OK;
    return status;
}

enum iommu_status amdvi_events_disable(struct amdvi_unit *unit)
{
    uintptr_t flags = amdvi_lock(unit);
    enum iommu_status status = amdvi_control_locked(unit, AMDVI_CONTROL_EVENT_LOG_EN, 0,
                                                    AMDVI_STATUS_EVENT_LOG_RUN);

    if (status == IOMMU_OK)
        unit->events.on = false;
    amdvi_unlock(unit, flags);
    return status;
}

/* ---- what an event says ---- */

static const char *const names[16] = {
    [AMDVI_EVENT_ILLEGAL_DEV_TABLE_ENTRY] = "ILLEGAL_DEV_TABLE_ENTRY",
    [AMDVI_EVENT_IO_PAGE_FAULT] = "IO_PAGE_FAULT",
    [AMDVI_EVENT_DEV_TAB_HARDWARE_ERROR] = "DEV_TAB_HARDWARE_ERROR",
    [AMDVI_EVENT_PAGE_TAB_HARDWARE_ERROR] = "PAGE_TAB_HARDWARE_ERROR",
    [AMDVI_EVENT_ILLEGAL_COMMAND_ERROR] = "ILLEGAL_COMMAND_ERROR",
    [AMDVI_EVENT_COMMAND_HARDWARE_ERROR] = "COMMAND_HARDWARE_ERROR",
    [AMDVI_EVENT_IOTLB_INV_TIMEOUT] = "IOTLB_INV_TIMEOUT",
    [AMDVI_EVENT_INVALID_DEVICE_REQUEST] = "INVALID_DEVICE_REQUEST",
    [AMDVI_EVENT_INVALID_PPR_REQUEST] = "INVALID_PPR_REQUEST",
    [AMDVI_EVENT_EVENT_COUNTER_ZERO] = "EVENT_COUNTER_ZERO",
    [AMDVI_EVENT_GUEST_EVENT_FAULT] = "GUEST_EVENT_FAULT",
    [AMDVI_EVENT_RMP_PAGE_FAULT] = "RMP_PAGE_FAULT",
    [AMDVI_EVENT_RMP_HARDWARE_ERROR] = "RMP_HARDWARE_ERROR",
};

const char *amdvi_event_name(uint32_t code)
{
    return code < 16 && names[code] != NULL ? names[code] : "unknown";
}

static bool in_interrupt_range(uint64_t address)
{
    return address >= IOMMU_INTERRUPT_START && address < IOMMU_INTERRUPT_END;
}

/* Where the event carries the request's address, it must agree with I. */
static enum iommu_fault_kind kind_of(uint32_t code, const struct amdvi_event *event)
{
    bool interrupt = (event->lo & AMDVI_EVENT_I) != 0;

    switch (code) {
    case AMDVI_EVENT_IO_PAGE_FAULT:
    case AMDVI_EVENT_ILLEGAL_DEV_TABLE_ENTRY:
        return interrupt && in_interrupt_range(event->hi) ? IOMMU_FAULT_INTERRUPT : IOMMU_FAULT_DMA;
    case AMDVI_EVENT_DEV_TAB_HARDWARE_ERROR:
    case AMDVI_EVENT_PAGE_TAB_HARDWARE_ERROR:
        return interrupt ? IOMMU_FAULT_INTERRUPT : IOMMU_FAULT_DMA;
    case AMDVI_EVENT_INVALID_DEVICE_REQUEST:
    case AMDVI_EVENT_RMP_PAGE_FAULT:
        return IOMMU_FAULT_DMA;
    default:
        return IOMMU_FAULT_UNIT;
    }
}

/* Domain id 0 is that of blocked entries, and given to no domain. RZ means something only with PR. */
static enum iommu_fault_cause cause_of(const struct amdvi_unit *unit, uint32_t code, uint64_t lo)
{
    uint64_t domain_id = field_get(lo, AMDVI_EVENT_DOMAIN_ID);

    switch (code) {
    case AMDVI_EVENT_ILLEGAL_DEV_TABLE_ENTRY:
    case AMDVI_EVENT_DEV_TAB_HARDWARE_ERROR:
    case AMDVI_EVENT_PAGE_TAB_HARDWARE_ERROR:
        return IOMMU_CAUSE_BAD_ENTRY;
    case AMDVI_EVENT_IO_PAGE_FAULT:
        if ((lo & AMDVI_EVENT_RZ) && (lo & AMDVI_EVENT_PR))
            return IOMMU_CAUSE_BAD_ENTRY;
        if (!(lo & AMDVI_EVENT_GN) && (domain_id == 0 || domain_id == unit->nowhere_id))
            return IOMMU_CAUSE_BLOCKED;
        return lo & AMDVI_EVENT_RW ? IOMMU_CAUSE_NOT_WRITABLE : IOMMU_CAUSE_NOT_READABLE;
    default:
        return IOMMU_CAUSE_OTHER;
    }
}

static bool has_request_address(uint32_t code)
{
    return code == AMDVI_EVENT_IO_PAGE_FAULT || code == AMDVI_EVENT_ILLEGAL_DEV_TABLE_ENTRY ||
           code == AMDVI_EVENT_INVALID_DEVICE_REQUEST || code == AMDVI_EVENT_INVALID_PPR_REQUEST ||
           code == AMDVI_EVENT_RMP_PAGE_FAULT;
}

/* Commands and counters have no DeviceID (§2.5.6, §2.5.7, §2.5.11). */
static bool has_source(uint32_t code)
{
    return code != AMDVI_EVENT_ILLEGAL_COMMAND_ERROR && code != AMDVI_EVENT_COMMAND_HARDWARE_ERROR &&
           code != AMDVI_EVENT_EVENT_COUNTER_ZERO && names[code] != NULL;
}

static uint32_t pasid_of(uint32_t code, uint64_t lo)
{
    if (code == AMDVI_EVENT_INVALID_PPR_REQUEST)
        return lo & AMDVI_PPR_GN ? (uint32_t)(field_get(lo, AMDVI_PPR_PASID_15_0) |
                                              field_get(lo, AMDVI_PPR_PASID_19_16) << 16) : IOMMU_NO_PASID;
    if (!(lo & AMDVI_EVENT_GN) || !has_source(code))
        return IOMMU_NO_PASID;
    return (uint32_t)(field_get(lo, AMDVI_EVENT_PASID_15_0) | field_get(lo, AMDVI_EVENT_PASID_19_16) << 16);
}

static enum iommu_access access_of(uint32_t code, uint64_t lo)
{
    if (code == AMDVI_EVENT_INVALID_PPR_REQUEST)
        return IOMMU_ACCESS_PAGE_REQUEST;
    return lo & AMDVI_EVENT_RW ? IOMMU_ACCESS_WRITE : IOMMU_ACCESS_READ;
}

static struct iommu_fault decode(const struct amdvi_unit *unit, const struct amdvi_event *event)
{
    uint32_t code = (uint32_t)field_get(event->lo, AMDVI_EVENT_CODE);
    struct iommu_fault fault = {
        .kind = kind_of(code, event),
        .rid = has_source(code) ? (uint16_t)field_get(event->lo, AMDVI_EVENT_DEVICE_ID) : 0,
        .pasid = pasid_of(code, event->lo),
        .access = access_of(code, event->lo),
        .cause = cause_of(unit, code, event->lo),
        .reason = (uint32_t)field_get(event->lo, AMDVI_EVENT_REASON),
        .reason_name = amdvi_event_name(code),
        .walk_level = IOMMU_LEVEL_NONE,
        .raw = { event->lo, event->hi },
    };

    if (fault.kind == IOMMU_FAULT_INTERRUPT)
        fault.cause = IOMMU_CAUSE_INTERRUPT; /* which entry it asked for is not in the event */
    else if (has_request_address(code))
        fault.iova = event->hi & ~(IOMMU_PAGE - 1);
    if (code == AMDVI_EVENT_IO_PAGE_FAULT && fault.pasid == IOMMU_NO_PASID)
        fault.domain_id = (uint32_t)field_get(event->lo, AMDVI_EVENT_DOMAIN_ID);
    return fault;
}

/* An error of no request: nobody is counted, and nobody fenced, for it. */
static void report_unit_error(struct amdvi_unit *unit, struct iommu_fault *fault)
{
    const struct iommu *iommu = unit->base.iommu;

    fault->unit_index = unit->base.index;
    fault->segment = unit->base.segment;
    fault->time_us = unit->base.platform->now_us(unit->base.ctx);
    __atomic_fetch_add(&unit->base.faults, 1, __ATOMIC_RELAXED);
    if (iommu->config.fault != NULL)
        iommu->config.fault(iommu->config.fault_ctx, fault);
}

static void report_event(struct amdvi_unit *unit, const struct amdvi_event *event)
{
    uint32_t code = (uint32_t)field_get(event->lo, AMDVI_EVENT_CODE);
    struct iommu_fault fault = decode(unit, event);

    if (code == AMDVI_EVENT_ILLEGAL_COMMAND_ERROR || code == AMDVI_EVENT_COMMAND_HARDWARE_ERROR) {
        iommu_log(unit->base.iommu, IOMMU_LOG_ERROR, "%s: %s event=0x%016llx:0x%016llx", unit->base.name,
                  fault.reason_name, (unsigned long long)event->hi, (unsigned long long)event->lo);
        amdvi_queue_refuse(unit, event->hi);
        amdvi_queue_recover(unit);
    }
    if (has_source(code))
        iommu_fault_report(&unit->base, &fault,
                           code == AMDVI_EVENT_IO_PAGE_FAULT && fault.kind == IOMMU_FAULT_DMA &&
                           fault.cause != IOMMU_CAUSE_BLOCKED);
    else
        report_unit_error(unit, &fault);
}

/* ---- the log ---- */

bool amdvi_entry_arrives(const struct amdvi_unit *unit, const uint64_t *word)
{
    const struct iommu_platform *platform = unit->base.platform;
    uint64_t start = platform->now_us(unit->base.ctx);

    for (;;) {
        uint64_t now = platform->now_us(unit->base.ctx);

        if (field_get(__atomic_load_n(word, __ATOMIC_ACQUIRE), AMDVI_EVENT_CODE) != 0)
            return true;
        if (now - start >= LATE_ENTRY_US)
            return false;
        platform->relax(unit->base.ctx);
    }
}

/*
 * Takes the oldest entry, if there is one, and clears it so that its code is 0
 * when its turn comes again. The lock keeps another CPU from reading an entry
 * that this one is about to clear. An entry that does not come is passed over.
 */
static bool take_event(struct amdvi_unit *unit, struct amdvi_event *out)
{
    uintptr_t flags = iommu_lock_irq(unit->base.platform, unit->base.ctx, &unit->base.fault_lock);
    uint64_t head = reg_read64(&unit->regs, AMDVI_EVENT_HEAD) & AMDVI_POINTER;
    uint64_t tail = reg_read64(&unit->regs, AMDVI_EVENT_TAIL) & AMDVI_POINTER;
    uint64_t slot = head / sizeof(*out) % AMDVI_EVENT_SLOTS;
    bool outside = head >= LOG_BYTES || tail >= LOG_BYTES, found = head != tail && !outside;

    if (outside)
        unit->events.on = false;
    *out = (struct amdvi_event){ 0, 0 };
    if (found) {
        struct amdvi_event *entry = &unit->events.ring[slot];

        if (amdvi_entry_arrives(unit, &entry->lo))
            *out = *entry;
        *entry = (struct amdvi_event){ 0, 0 };
        amdvi_write_back(unit, entry, sizeof(*entry));
        reg_write64(&unit->regs, AMDVI_EVENT_HEAD, (slot + 1) % AMDVI_EVENT_SLOTS * sizeof(*out));
    }
    iommu_unlock_irq(unit->base.platform, unit->base.ctx, &unit->base.fault_lock, flags);
    if (outside)
        iommu_log(unit->base.iommu, IOMMU_LOG_ERROR,
                  "%s: event log has no such place head=0x%llx tail=0x%llx expected<0x%llx, no more events",
                  unit->base.name, (unsigned long long)head, (unsigned long long)tail, LOG_BYTES);
    return found;
}

/* It translates, remaps interrupts, or both. */
static bool is_at_work(const struct iommu_unit *base)
{
    return base->running || __atomic_load_n(&base->remaps, __ATOMIC_RELAXED);
}

/* False: an entry did not come. What is behind it waits for the next call, or a log of such would hold the CPU. */
static bool read_events(struct amdvi_unit *unit, size_t *count)
{
    struct amdvi_event event;

    if (!is_at_work(&unit->base))
        return true;
    for (unsigned i = 0; i < AMDVI_EVENT_SLOTS && unit->events.on && take_event(unit, &event); i++) {
        ++*count;
        if (event.lo == 0) {
            iommu_log(unit->base.iommu, IOMMU_LOG_ERROR, "%s: event does not arrive after=%uus", unit->base.name,
                      LATE_ENTRY_US);
            return false;
        }
        report_event(unit, &event);
    }
    return true;
}

size_t amdvi_read_events(struct amdvi_unit *unit)
{
    size_t count = 0;

    (void)read_events(unit, &count);
    return count;
}

enum iommu_status amdvi_log_restart_locked(struct amdvi_unit *unit, const struct amdvi_log_bits *log)
{
    uint64_t interrupt = unit->control & log->interrupt;
    enum iommu_status status = amdvi_control_locked(unit, log->enable | interrupt, 0, log->run);

    if (status != IOMMU_OK)
        return status;
    reg_write32(&unit->regs, AMDVI_STATUS, log->overflow);
    return amdvi_control_locked(unit, 0, log->enable | interrupt, log->run);
}

static const struct amdvi_log_bits event_log = {
    .enable = AMDVI_CONTROL_EVENT_LOG_EN, .interrupt = AMDVI_CONTROL_EVENT_INT_EN,
    .run = AMDVI_STATUS_EVENT_LOG_RUN, .overflow = AMDVI_STATUS_EVENT_OVERFLOW,
};

/* Two CPUs may have seen the overflow; one of them restarts, unless the log has been switched off meanwhile. */
static void serve_overflow(struct amdvi_unit *unit)
{
    uintptr_t flags = amdvi_lock(unit);
    bool overflow = unit->events.on && (reg_read32(&unit->regs, AMDVI_STATUS) & AMDVI_STATUS_EVENT_OVERFLOW);
    enum iommu_status status = overflow ? amdvi_log_restart_locked(unit, &event_log) : IOMMU_OK;

    if (status != IOMMU_OK)
        unit->events.on = false;
    amdvi_unlock(unit, flags);
    if (status != IOMMU_OK)
        iommu_log(unit->base.iommu, IOMMU_LOG_ERROR, "%s: event log does not restart status=0x%x, no more events",
                  unit->base.name, reg_read32(&unit->regs, AMDVI_STATUS));
    if (overflow)
        iommu_fault_overflow(&unit->base);
}

static uint32_t pending_bits(const struct amdvi_unit *unit)
{
    uint32_t bits = AMDVI_STATUS_COM_WAIT_INT;

    if (unit->events.on)
        bits |= AMDVI_STATUS_EVENT_LOG_INT | AMDVI_STATUS_EVENT_OVERFLOW;
    if (unit->guest_log.on)
        bits |= AMDVI_STATUS_GA_LOG_INT | AMDVI_STATUS_GA_LOG_OVERFLOW;
    return reg_read32(&unit->regs, AMDVI_STATUS) & bits;
}

/* Of several CPUs that ask at once one takes an interrupt bit, and counts it. */
static uint32_t take_pending(struct amdvi_unit *unit)
{
    uintptr_t flags = amdvi_lock(unit);
    uint32_t pending = pending_bits(unit);

    if (pending & INTERRUPTS)
        reg_write32(&unit->regs, AMDVI_STATUS, pending & INTERRUPTS);
    if (pending & AMDVI_STATUS_COM_WAIT_INT)
        unit->queue.completion_interrupts++;
    amdvi_unlock(unit, flags);
    return pending;
}

/*
 * Interrupt bits are cleared before the log is read, and looked at again after:
 * an event that comes while one is being cleared may send no interrupt (errata
 * 787, 1312). QEMU sets EventLogInt only with EventIntEn, so the log is read
 * once whatever the bits say.
 */
size_t amdvi_read_faults(struct iommu_unit *base)
{
    struct amdvi_unit *unit = amdvi_unit_of(base);
    uint32_t pending;
    size_t count = 0;

    if (!is_at_work(base))
        return 0;
    pending = take_pending(unit);
    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        bool all = read_events(unit, &count);

        if (pending & AMDVI_STATUS_EVENT_OVERFLOW)
            serve_overflow(unit);
        if (unit->guest_log.on)
            amdvi_guest_log_read(unit);
        if (!all)
            return count;
        pending = take_pending(unit);
        if (pending == 0)
            return count;
    }
    iommu_log(base->iommu, IOMMU_LOG_ERROR, "%s: events do not end rounds=%u status=0x%x", base->name, ROUNDS_MAX,
              reg_read32(&unit->regs, AMDVI_STATUS));
    return count;
}
