/* SPDX-License-Identifier: BSD-2-Clause */
/* amd/amdvi_fault.c: every event, order, late entries, overflow, the bits of the status register. */
#include "test.h"

#include "amdvi_bare.h"

#define RID 0x0123u

/* Entries by AMD-Vi §2.5: code 63:60, flags 59:48, domain id 47:32. */
#define EVENT(code, flags, domain_id) \
    ((uint64_t)(code) << 60 | (uint64_t)(flags) << 48 | (uint64_t)(domain_id) << 32 | RID)
enum { GN = 0x001, NX = 0x002, US = 0x004, I = 0x008, PR = 0x010, RW = 0x020, PE = 0x040, RZ = 0x080, TR = 0x100 };

static const struct iommu_fault *only_fault(struct amdvi_bare *hw)
{
    hw->fault_count = 0;
    CHECK_EQ(amdvi_read_faults(&hw->unit.base), 1);
    CHECK_EQ(hw->fault_count, 1);
    return &hw->faults[0];
}

static const struct iommu_fault *event(struct amdvi_bare *hw, uint64_t lo, uint64_t hi)
{
    const struct iommu_fault *f;

    amdvi_bare_event(hw, lo, hi);
    f = only_fault(hw);
    CHECK_EQ(f->raw[0], lo);
    CHECK_EQ(f->raw[1], hi);
    CHECK_EQ(f->reason, lo >> 48);
    CHECK_EQ(f->walk_level, IOMMU_LEVEL_NONE);
    return f;
}

TEST(page_fault_says_who_what_where_and_why)
{
    static const struct {
        unsigned flags, domain_id;
        enum iommu_access access;
        enum iommu_fault_cause cause;
    } cases[] = {
        { 0, 0, IOMMU_ACCESS_READ, IOMMU_CAUSE_BLOCKED },
        { RW, 0, IOMMU_ACCESS_WRITE, IOMMU_CAUSE_BLOCKED },
        { 0, 7, IOMMU_ACCESS_READ, IOMMU_CAUSE_NOT_READABLE },
        { RW, 7, IOMMU_ACCESS_WRITE, IOMMU_CAUSE_NOT_WRITABLE },
        { RW | PR | PE, 0xfffe, IOMMU_ACCESS_WRITE, IOMMU_CAUSE_NOT_WRITABLE },
        { RW, 0xffff, IOMMU_ACCESS_WRITE, IOMMU_CAUSE_BLOCKED }, /* SysMgt = 1: see amdvi_device.c */
        { PR | PE | US, 7, IOMMU_ACCESS_READ, IOMMU_CAUSE_NOT_READABLE },
        { PR | RZ, 7, IOMMU_ACCESS_READ, IOMMU_CAUSE_BAD_ENTRY },
        { RZ, 7, IOMMU_ACCESS_READ, IOMMU_CAUSE_NOT_READABLE }, /* RZ means nothing without PR */
        { TR, 7, IOMMU_ACCESS_READ, IOMMU_CAUSE_NOT_READABLE },
    };
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct iommu_fault *f = event(hw, EVENT(2, cases[i].flags, cases[i].domain_id), 0x123456789abc);

        CHECK_EQ(f->kind, IOMMU_FAULT_DMA);
        CHECK_EQ(f->rid, RID);
        CHECK_EQ(f->iova, 0x123456789000);
        CHECK_EQ(f->access, cases[i].access);
        CHECK_EQ(f->cause, cases[i].cause);
        CHECK_EQ(f->pasid, IOMMU_NO_PASID);
        CHECK_EQ(f->domain_id, cases[i].domain_id);
        CHECK_STR(f->reason_name, "IO_PAGE_FAULT");
        CHECK(f->device == NULL);
    }
    amdvi_bare_destroy(hw);
}

/* GN: 47:32 and 19:16 are the PASID, and no domain id tells whether the source is blocked. */
TEST(page_fault_with_a_pasid)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);
    const struct iommu_fault *f = event(hw, EVENT(2, GN | RW, 0x2345) | 1u << 16, 0x7000);

    CHECK_EQ(f->pasid, 0x12345);
    CHECK_EQ(f->domain_id, 0);
    CHECK_EQ(f->cause, IOMMU_CAUSE_NOT_WRITABLE);
    f = event(hw, EVENT(2, GN, 0), 0x7000);
    CHECK_EQ(f->pasid, 0);
    CHECK_EQ(f->cause, IOMMU_CAUSE_NOT_READABLE);
    amdvi_bare_destroy(hw);
}

TEST(refused_interrupts)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);
    const struct iommu_fault *f = event(hw, EVENT(2, I | RW, 0), 0xfee12004);

    CHECK_EQ(f->kind, IOMMU_FAULT_INTERRUPT);
    CHECK_EQ(f->cause, IOMMU_CAUSE_INTERRUPT);
    CHECK_EQ(f->rid, RID);
    CHECK_EQ(f->iova, 0);
    CHECK_EQ(event(hw, EVENT(1, I, 0), 0xfeeffffc)->kind, IOMMU_FAULT_INTERRUPT);
    CHECK_EQ(event(hw, EVENT(3, I, 0), 0x12340)->kind, IOMMU_FAULT_INTERRUPT);
    /* QEMU 11.1: I on every page fault, and no address. */
    f = event(hw, EVENT(2, I | NX, 0), 0);
    CHECK_EQ(f->kind, IOMMU_FAULT_DMA);
    CHECK_EQ(f->cause, IOMMU_CAUSE_BLOCKED);
    amdvi_bare_destroy(hw);
}

TEST(every_other_code)
{
    enum { DMA = IOMMU_FAULT_DMA, UNIT = IOMMU_FAULT_UNIT };
    static const struct {
        unsigned code;
        const char *name;
        unsigned kind;
        enum iommu_fault_cause cause;
        bool has_rid;
        bool has_iova;
    } cases[] = {
        { 0x1, "ILLEGAL_DEV_TABLE_ENTRY", DMA, IOMMU_CAUSE_BAD_ENTRY, true, true },
        { 0x3, "DEV_TAB_HARDWARE_ERROR", DMA, IOMMU_CAUSE_BAD_ENTRY, true, false },
        { 0x4, "PAGE_TAB_HARDWARE_ERROR", DMA, IOMMU_CAUSE_BAD_ENTRY, true, false },
        { 0x5, "ILLEGAL_COMMAND_ERROR", UNIT, IOMMU_CAUSE_OTHER, false, false },
        { 0x6, "COMMAND_HARDWARE_ERROR", UNIT, IOMMU_CAUSE_OTHER, false, false },
        { 0x7, "IOTLB_INV_TIMEOUT", UNIT, IOMMU_CAUSE_OTHER, true, false },
        { 0x8, "INVALID_DEVICE_REQUEST", DMA, IOMMU_CAUSE_OTHER, true, true },
        { 0x9, "INVALID_PPR_REQUEST", UNIT, IOMMU_CAUSE_OTHER, true, true },
        { 0xa, "EVENT_COUNTER_ZERO", UNIT, IOMMU_CAUSE_OTHER, false, false },
        { 0xb, "GUEST_EVENT_FAULT", UNIT, IOMMU_CAUSE_OTHER, true, false },
        { 0xc, "unknown", UNIT, IOMMU_CAUSE_OTHER, false, false },
        { 0xd, "RMP_PAGE_FAULT", DMA, IOMMU_CAUSE_OTHER, true, true },
        { 0xe, "RMP_HARDWARE_ERROR", UNIT, IOMMU_CAUSE_OTHER, true, false },
        { 0xf, "unknown", UNIT, IOMMU_CAUSE_OTHER, false, false },
    };
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct iommu_fault *f = event(hw, EVENT(cases[i].code, RW, 0), 0xabcdef0);

        CHECK_STR(f->reason_name, cases[i].name);
        CHECK_STR(amdvi_event_name(cases[i].code), cases[i].name);
        CHECK_EQ(f->kind, cases[i].kind);
        CHECK_EQ(f->cause, cases[i].cause);
        CHECK_EQ(f->rid, cases[i].has_rid ? RID : 0);
        CHECK_EQ(f->iova, cases[i].has_iova ? 0xabcd000 : 0);
        CHECK_EQ(f->pasid, IOMMU_NO_PASID);
    }
    CHECK_STR(amdvi_event_name(0), "unknown");
    CHECK_STR(amdvi_event_name(16), "unknown");
    amdvi_bare_destroy(hw);
}

TEST(page_request_that_makes_no_sense)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);
    /* PASID 15:0 in 31:16, 19:16 in 45:42, GN in bit 56 */
    const struct iommu_fault *f = event(hw, 9ull << 60 | 1ull << 56 | 5ull << 42 | 0x1234ull << 16 | RID, 0x5678000);

    CHECK_EQ(f->access, IOMMU_ACCESS_PAGE_REQUEST);
    CHECK_EQ(f->pasid, 0x51234);
    CHECK_EQ(f->iova, 0x5678000);
    amdvi_bare_destroy(hw);
}

/* ---- order, lateness ---- */

TEST(events_come_in_order_round_the_ring)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);
    uint64_t sent = 0, seen = 0;

    for (unsigned round = 0; round < 6; round++) {
        for (unsigned i = 0; i < 300; i++)
            amdvi_bare_event(hw, EVENT(2, 0, 7), sent++ << 12);
        hw->fault_count = 0;
        CHECK_EQ(amdvi_read_faults(&hw->unit.base), 300);
        for (unsigned i = 0; i < 300; i++)
            CHECK_EQ(hw->faults[i].iova, seen++ << 12);
        CHECK_EQ(amdvi_bare_status(hw) & 3, 0);
    }
    CHECK_EQ(hw->unit.base.faults, 1800);
    CHECK_EQ(amdvi_read_faults(&hw->unit.base), 0);
    amdvi_bare_destroy(hw);
}

/* Errata 732, 733: the tail may come before the entry. */
TEST(late_entry_is_waited_for)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

    hw->late = 100;
    amdvi_bare_event(hw, EVENT(2, RW, 7), 0);
    CHECK_EQ(only_fault(hw)->raw[0], EVENT(2, RW, 7));
    CHECK_EQ(hw->late, 0);
    amdvi_bare_destroy(hw);
}

/* One call waits for one entry; what lies behind it is for the next. */
TEST(entry_that_never_comes_is_passed_over)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);
    uint64_t before;

    hw->late = 1000000;
    amdvi_bare_event(hw, EVENT(2, RW, 7), 0);
    hw->late_entry = NULL;
    hw->late = 0;
    amdvi_bare_event(hw, EVENT(2, 0, 8), 0x5000);
    before = hw->mem.time_us;
    CHECK_EQ(amdvi_read_faults(&hw->unit.base), 1);
    CHECK(hw->mem.time_us - before < 10000);
    CHECK_EQ(hw->fault_count, 0);
    CHECK_EQ(amdvi_read_faults(&hw->unit.base), 1);
    CHECK_EQ(hw->fault_count, 1);
    CHECK_EQ(hw->faults[0].iova, 0x5000);
    CHECK(strstr(hw->mem.log, "event does not arrive") != NULL);
    amdvi_bare_destroy(hw);
}

static unsigned unlocked;

static void look_at_lock(struct amdvi_bare *hw)
{
    unlocked += hw->unit.lock.held == 0;
}

/* ComWaitInt, bit 2: of two CPUs that see it at once one counts it. */
TEST(completion_interrupt_is_taken_under_the_lock)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

    unlocked = 0;
    hw->on_status = look_at_lock;
    hw->regs[0x2020 / 8] |= 4;
    CHECK_EQ(amdvi_read_faults(&hw->unit.base), 0);
    CHECK_EQ(unlocked, 0);
    CHECK_EQ(hw->unit.queue.completion_interrupts, 1);
    CHECK_EQ(amdvi_read_faults(&hw->unit.base), 0);
    CHECK_EQ(hw->unit.queue.completion_interrupts, 1);
    amdvi_bare_destroy(hw);
}

static void raise_again(struct amdvi_bare *hw)
{
    hw->regs[0x2020 / 8] |= 2;
}

/* Neither a log full of entries that do not come nor a bit that sticks holds the CPU. */
TEST(entries_that_never_come_end_the_call)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);
    uint64_t before = hw->mem.time_us;

    hw->regs[0x2018 / 8] = 500 * 16;
    hw->on_status = raise_again;
    CHECK_EQ(amdvi_read_faults(&hw->unit.base), 1);
    CHECK(hw->mem.time_us - before < 10000);
    amdvi_bare_destroy(hw);
}

TEST(pointers_outside_of_the_log_end_it)
{
    for (unsigned head = 0; head < 2; head++) {
        struct amdvi_bare *hw = amdvi_bare_create(0x1ff);
        uint64_t before = hw->mem.time_us;

        hw->regs[(head ? 0x2010 : 0x2018) / 8] = 512 * 16;
        CHECK_EQ(amdvi_read_faults(&hw->unit.base), 0);
        CHECK(hw->mem.time_us - before < 1000);
        CHECK(strstr(hw->mem.log, "event log has no such place") != NULL);
        CHECK(!hw->unit.events.on);
        amdvi_bare_destroy(hw);
    }
}

/* Errata 787, 1312: what comes while the bit is cleared and the log read must not wait for another interrupt. */
static unsigned reads;

static void raise_behind_the_log(struct amdvi_bare *hw)
{
    if (++reads == 2) /* the log has been read to its end */
        amdvi_bare_event(hw, EVENT(2, 0, 9), 0x9000);
}

static void look_at_bit(struct amdvi_bare *hw)
{
    CHECK_EQ(amdvi_bare_status(hw) & 2, 0); /* cleared before the log is read */
}

TEST(event_that_comes_meanwhile_is_read)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

    reads = 0;
    hw->on_status = raise_behind_the_log;
    hw->on_fault = look_at_bit;
    amdvi_bare_event(hw, EVENT(2, 0, 7), 0);
    hw->fault_count = 0;
    CHECK_EQ(amdvi_read_faults(&hw->unit.base), 2);
    CHECK_EQ(amdvi_bare_status(hw) & 2, 0);
    amdvi_bare_destroy(hw);
}

/* QEMU sets EventLogInt only with EventIntEn. */
TEST(log_is_read_though_no_bit_says_so)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

    amdvi_bare_event(hw, EVENT(2, 0, 7), 0x3000);
    hw->regs[0x2020 / 8] = 0;
    CHECK_EQ(only_fault(hw)->iova, 0x3000);
    amdvi_bare_destroy(hw);
}

static void raise_for_ever(struct amdvi_bare *hw)
{
    amdvi_bare_event(hw, EVENT(2, 0, 9), 0x9000);
}

TEST(device_that_does_not_stop_ends_the_call)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

    hw->on_fault = raise_for_ever;
    amdvi_bare_event(hw, EVENT(2, 0, 7), 0);
    CHECK_EQ(amdvi_read_faults(&hw->unit.base), 1024 * 512);
    CHECK(strstr(hw->mem.log, "events do not end") != NULL);
    amdvi_bare_destroy(hw);
}

/* ---- overflow ---- */

TEST(overflow_is_reported_and_recording_goes_on)
{
    for (unsigned interrupt = 0; interrupt < 2; interrupt++) {
        struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

        if (interrupt)
            CHECK_OK(amdvi_control(&hw->unit, 0, 1u << 3, 0)); /* EventIntEn */
        for (unsigned i = 0; i < 600; i++)
            amdvi_bare_event(hw, EVENT(2, 0, 7), i * 0x1000ull);
        CHECK_EQ(amdvi_bare_status(hw) & 0x9, 1); /* EventOverflow, EventLogRun = 0 */
        CHECK_EQ(amdvi_read_faults(&hw->unit.base), 511);
        CHECK_EQ(hw->fault_count, 512);
        CHECK_EQ(hw->faults[511].kind, IOMMU_FAULT_OVERFLOW);
        CHECK_EQ(hw->unit.base.overflows, 1);
        CHECK_EQ(amdvi_bare_status(hw) & 0x9, 8);
        CHECK_EQ(hw->regs[0x18 / 8] >> 3 & 1, interrupt); /* as it was */
        CHECK_EQ(event(hw, EVENT(2, 0, 7), 0x8000)->iova, 0x8000);
        amdvi_bare_destroy(hw);
    }
}

TEST(log_that_does_not_restart_is_left_alone)
{
    for (unsigned never_stops = 0; never_stops < 2; never_stops++) {
        struct amdvi_bare *hw = amdvi_bare_create(0x1ff);
        uint64_t before;

        hw->log_never_starts = true;
        for (unsigned i = 0; i < 600; i++)
            amdvi_bare_event(hw, EVENT(2, 0, 7), 0);
        hw->log_never_stops = never_stops;
        before = hw->mem.time_us;
        CHECK_EQ(amdvi_read_faults(&hw->unit.base), 511);
        CHECK(hw->mem.time_us - before < 2000000);
        CHECK(strstr(hw->mem.log, "event log does not restart") != NULL);
        before = hw->mem.time_us;
        CHECK_EQ(amdvi_read_faults(&hw->unit.base), 0);
        CHECK(hw->mem.time_us - before < 100);
        amdvi_bare_destroy(hw);
    }
}

/* ---- life ---- */

TEST(log_of_512_events_is_given_to_the_unit)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

    CHECK_EQ(hw->regs[2], fake_pa(&hw->mem, hw->unit.events.ring) | 9ull << 56);
    CHECK_EQ(amdvi_bare_status(hw) & 8, 8);
    CHECK_OK(amdvi_events_disable(&hw->unit));
    CHECK_EQ(amdvi_bare_status(hw) & 8, 0);
    amdvi_bare_destroy(hw);
    hw = amdvi_bare_empty();
    hw->mem.fail_at = 1;
    CHECK_EQ(amdvi_events_create(&hw->unit), IOMMU_ERR_NOMEM);
    amdvi_bare_destroy(hw);
}

/* Nothing of an earlier life is taken for an event, or keeps the base from being written (QEMU). */
static uint32_t status_at_base;

static void look_at_status(void *ctx, volatile void *at, uint64_t value)
{
    struct amdvi_bare *hw = ctx;
    size_t offset = (size_t)((volatile uint8_t *)at - (volatile uint8_t *)hw->regs);

    if (offset == 0x10)
        status_at_base = amdvi_bare_status(hw);
    hw->regs[offset / 8] = value;
}

TEST(log_that_is_enabled_again_is_empty)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);
    uint64_t ring = fake_pa(&hw->mem, hw->unit.events.ring);

    CHECK_OK(amdvi_events_disable(&hw->unit));
    CHECK(!hw->unit.events.on);
    memset(hw->unit.events.ring, 0xff, 2 * 4096);
    hw->regs[0x2010 / 8] = 0x40;
    hw->regs[0x2018 / 8] = 0x80;
    hw->regs[0x2020 / 8] = 3; /* EventOverflow, EventLogInt */
    hw->unit.base.coherent = false;
    hw->mem.platform.mmio_write64 = look_at_status;
    status_at_base = UINT32_MAX;
    CHECK_OK(amdvi_events_enable(&hw->unit));
    CHECK(hw->unit.events.on);
    CHECK_EQ(status_at_base & 3, 0);
    CHECK_EQ(hw->regs[0x2010 / 8], 0);
    CHECK_EQ(hw->regs[0x2018 / 8], 0);
    for (unsigned at = 0; at < 2 * 4096; at += 8)
        CHECK_EQ(fake_read64(&hw->mem, ring + at, false), 0);
    CHECK_EQ(amdvi_read_faults(&hw->unit.base), 0);
    amdvi_bare_destroy(hw);
}

TEST(log_that_does_not_start_is_not_read)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

    CHECK_OK(amdvi_events_disable(&hw->unit));
    hw->log_stopped = true;
    CHECK_EQ(amdvi_events_enable(&hw->unit), IOMMU_ERR_TIMEOUT);
    CHECK(!hw->unit.events.on);
    amdvi_bare_destroy(hw);
}

TEST(cleared_entry_is_written_back_where_the_unit_does_not_snoop)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);
    uint64_t ring = fake_pa(&hw->mem, hw->unit.events.ring);

    hw->unit.base.coherent = false;
    amdvi_bare_event(hw, EVENT(2, 0, 7), 0x3000);
    hw->mem.platform.dma_flush(hw, hw->unit.events.ring, 16); /* hardware wrote it */
    CHECK_EQ(fake_read64(&hw->mem, ring, false), EVENT(2, 0, 7));
    CHECK_EQ(amdvi_read_faults(&hw->unit.base), 1);
    CHECK_EQ(fake_read64(&hw->mem, ring, false), 0);
    amdvi_bare_destroy(hw);
}

TEST(log_that_is_off_is_not_read)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

    amdvi_bare_event(hw, EVENT(2, 0, 7), 0);
    hw->unit.events.on = false;
    CHECK_EQ(amdvi_read_faults(&hw->unit.base), 0);
    CHECK_EQ(hw->fault_count, 0);
    amdvi_bare_destroy(hw);
}

TEST(unit_that_does_not_run_is_not_read)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

    amdvi_bare_event(hw, EVENT(2, 0, 7), 0);
    hw->unit.base.running = false;
    CHECK_EQ(amdvi_read_faults(&hw->unit.base), 0);
    CHECK_EQ(hw->fault_count, 0);
    hw->unit.base.running = true;
    CHECK_EQ(amdvi_read_faults(&hw->unit.base), 1);
    amdvi_bare_destroy(hw);
}

/* ---- storms ---- */

TEST(source_that_floods_is_fenced)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);
    unsigned fences = 0;

    hw->unit.base.storm_threshold = 16;
    for (unsigned i = 0; i < 40; i++)
        amdvi_bare_event(hw, EVENT(2, 0, 0), 0x1000);
    CHECK_EQ(amdvi_read_faults(&hw->unit.base), 40);
    for (size_t i = 0; i < hw->fault_count; i++)
        fences += hw->faults[i].kind == IOMMU_FAULT_FENCED;
    CHECK_EQ(fences, 1);
    CHECK_EQ(amdvi_device_state(&hw->unit.base, RID), IOMMU_ENTRY_FENCED);
    CHECK_EQ(hw->unit.table[RID].q[1], 1ull << 34); /* SA: no more of its events */
    amdvi_bare_destroy(hw);
}

/* Errors of commands name no device: 00:00.0 must not be fenced for them. */
TEST(errors_of_the_unit_fence_nobody)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

    hw->unit.base.storm_threshold = 16;
    for (unsigned i = 0; i < 40; i++)
        amdvi_bare_event(hw, 5ull << 60, 0);
    CHECK_EQ(amdvi_read_faults(&hw->unit.base), 40);
    CHECK_EQ(hw->fault_count, 40);
    CHECK_EQ(amdvi_device_state(&hw->unit.base, 0), IOMMU_ENTRY_BLOCKED);
    amdvi_bare_destroy(hw);
}
