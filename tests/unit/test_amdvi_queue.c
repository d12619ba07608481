/* SPDX-License-Identifier: BSD-2-Clause */
/* amd/amdvi_queue.c: batches, wraps, refusals, restarts, time-outs. */
#include "test.h"

#include "amdvi_bare.h"

/* INVALIDATE_IOMMU_PAGES of one page; the domain id tells who sent it. */
static struct amdvi_command pages(unsigned domain_id)
{
    return (struct amdvi_command){ .lo = 0x3000000000000000ull | (uint64_t)domain_id << 32, .hi = 0x1000 };
}

static const struct amdvi_command illegal = { .lo = 0xf000000000000000ull, .hi = 0 };

TEST(encodings)
{
    struct amdvi_unit unit = { .guest_tables = false };
    struct amdvi_command c = amdvi_completion_wait(0x123456780, 0x1122334455667788);

    CHECK_EQ(c.lo, 0x1000000123456781);
    CHECK_EQ(c.hi, 0x1122334455667788);
    CHECK_EQ(amdvi_completion_interrupt().lo, 0x1000000000000002);
    CHECK_EQ(amdvi_invalidate_entry(0x1234).lo, 0x2000000000001234);
    CHECK_EQ(amdvi_invalidate_interrupts(0x1234).lo, 0x5000000000001234);
    CHECK_EQ(amdvi_invalidate_everything().lo, 0x8000000000000000);
    c = amdvi_invalidate_domain(&unit, 5); /* dwords 00000000 30000005 FFFFF003 7FFFFFFF */
    CHECK_EQ(c.lo, 0x3000000500000000);
    CHECK_EQ(c.hi, 0x7ffffffffffff003);
    unit.guest_tables = true;
    c = amdvi_invalidate_domain(&unit, 5);
    CHECK_EQ(c.lo, 0x3000000500000000);
    CHECK_EQ(c.hi, 0x7ffffffffffff007);
    c = amdvi_invalidate_iotlb(0x0108, 0x0100, 32, 0x7ffffffffffff001);
    CHECK_EQ(c.lo, 0x4000010020000108);
    CHECK_EQ(c.hi, 0x7ffffffffffff001);
    c = amdvi_prefetch(0x0108, 0x12345678, 3);
    CHECK_EQ(c.lo, 0x6000000003000108);
    CHECK_EQ(c.hi, 0x12345000);
    c = amdvi_complete_request(0x0108, IOMMU_NO_PASID, 0x1ff, 1);
    CHECK_EQ(c.lo, 0x7000000000000108);
    CHECK_EQ(c.hi, 0x000011ff00000000);
    c = amdvi_complete_request(0x0108, 0xabcde, 2, 0xf);
    CHECK_EQ(c.lo, 0x700abcde00000108);
    CHECK_EQ(c.hi, 0x0000f00200000004);
}

TEST(size_is_ones_below_the_first_zero)
{
    CHECK_EQ(amdvi_range_word(0x12345000, 0x1000), 0x12345000);
    CHECK_EQ(amdvi_range_word(0x12346000, 0x2000), 0x12346001);
    CHECK_EQ(amdvi_range_word(0x12344000, 0x4000), 0x12345001);
    CHECK_EQ(amdvi_range_word(0x40000000, 0x200000), 0x400ff001);
    CHECK_EQ(amdvi_range_word(0, 1ull << 52), 0x7fffffffff001ull);
}

TEST(every_allocation_may_fail)
{
    for (size_t n = 1; n <= 2; n++) {
        struct amdvi_bare *hw = amdvi_bare_empty();

        hw->mem.fail_at = n;
        CHECK_EQ(amdvi_queue_create(&hw->unit), IOMMU_ERR_NOMEM);
        amdvi_bare_destroy(hw);
    }
}

TEST(ring_of_512_commands_is_given_to_the_unit)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);

    CHECK_EQ(hw->regs[1], fake_pa(&hw->mem, hw->unit.queue.ring) | 9ull << 56);
    CHECK_EQ(amdvi_bare_status(hw) & 0x10, 0x10);
    CHECK_OK(amdvi_queue_disable(&hw->unit));
    CHECK_EQ(amdvi_bare_status(hw) & 0x10, 0);
    amdvi_bare_destroy(hw);
}

/* Both pointers are 0 then, and nothing of before is waited for or refused. */
TEST(ring_that_is_enabled_again_begins_at_its_first_slot)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);
    struct amdvi_queue *q = &hw->unit.queue;

    for (unsigned i = 0; i < 5; i++)
        CHECK_OK(amdvi_queue_run_one(&hw->unit, pages(i)));
    q->ring[10] = illegal; /* nobody waits for it */
    q->ring[11] = (struct amdvi_command){ .lo = q->wait_lo, .hi = 12 };
    q->tail = 12;
    hw->regs[0x2008 / 8] = 12 * 16;
    amdvi_bare_run(hw);
    amdvi_read_faults(&hw->unit.base);
    CHECK_EQ(q->refusals.highest, 12);
    CHECK_OK(amdvi_queue_disable(&hw->unit));
    CHECK(!q->on);
    CHECK_OK(amdvi_queue_enable(&hw->unit));
    CHECK_EQ(hw->regs[0x2000 / 8], 0);
    CHECK_EQ(hw->regs[0x2008 / 8], 0);
    CHECK_EQ(q->tail, 512);
    CHECK_EQ(q->head, 512);
    CHECK_EQ(q->settled, 512);
    for (unsigned i = 0; i < 600; i++)
        CHECK_OK(amdvi_queue_run_one(&hw->unit, pages(i)));
    CHECK_EQ(hw->seen_count, 605);
    CHECK_EQ(*q->semaphore, 512 + 1200);
    amdvi_bare_destroy(hw);
}

TEST(ring_that_does_not_start_is_not_used)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);

    CHECK_OK(amdvi_queue_disable(&hw->unit));
    hw->stopped = true;
    CHECK_EQ(amdvi_queue_enable(&hw->unit), IOMMU_ERR_TIMEOUT);
    CHECK(!hw->unit.queue.on);
    amdvi_bare_destroy(hw);
}

TEST(one_command_is_one_doorbell_and_one_wait)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);

    CHECK_OK(amdvi_queue_run_one(&hw->unit, pages(7)));
    CHECK_EQ(hw->doorbells, 1);
    CHECK_EQ(hw->waits, 1);
    CHECK_EQ(hw->seen_count, 1);
    CHECK_EQ(hw->seen[0].lo, pages(7).lo);
    CHECK_EQ(hw->seen[0].hi, pages(7).hi);
    CHECK_EQ(hw->unit.queue.doorbells, 1);
    CHECK_EQ(hw->unit.queue.commands, 2);
    amdvi_bare_destroy(hw);
}

/* QEMU 7.2 shows the ring's length as head at the wrap; nobody may wait for that. */
TEST(ring_wraps_many_times)
{
    for (unsigned quirk = 0; quirk < 2; quirk++) {
        struct amdvi_bare *hw = amdvi_bare_create(0xff);
        size_t sent = 0;

        hw->head_at_length = quirk;
        for (unsigned i = 0; i < 1200; i++) { /* 3 commands and a wait: the wait is in the last slot at each wrap */
            struct amdvi_command batch[3] = { pages(i), pages(i + 1), pages(i + 2) };

            CHECK_OK(amdvi_queue_run(&hw->unit, batch, 3));
            sent += 3;
            CHECK_EQ(hw->seen_count, sent);
            CHECK_EQ(hw->seen[sent - 1].lo, batch[2].lo);
        }
        CHECK(hw->unit.queue.tail > 3 * 512);
        amdvi_bare_destroy(hw);
    }
}

/* ---- not snooping ---- */

static size_t stale;

static void look_at_memory(struct amdvi_bare *hw)
{
    uint64_t first = hw->regs[0x2008 / 8], ring = fake_pa(&hw->mem, hw->unit.queue.ring);

    for (uint64_t at = first; at < first + 80; at += 8)
        stale += fake_read64(&hw->mem, ring + at, false) != fake_read64(&hw->mem, ring + at, true);
}

TEST(commands_are_written_back_where_the_unit_does_not_snoop)
{
    for (unsigned coherent = 0; coherent < 2; coherent++) {
        struct amdvi_bare *hw = amdvi_bare_create(0xff);
        const struct amdvi_command batch[4] = { pages(4), pages(5), pages(6), pages(7) };

        hw->unit.base.coherent = coherent;
        stale = 0;
        hw->on_barrier = look_at_memory;
        CHECK_OK(amdvi_queue_run(&hw->unit, batch, 4)); /* a line; the wait is in the next */
        CHECK_EQ(stale != 0, coherent);
        amdvi_bare_destroy(hw);
    }
}

static uint64_t tail_seen;

static void look_at_tail(struct amdvi_bare *hw)
{
    tail_seen = hw->regs[0x2008 / 8];
}

TEST(tail_is_written_behind_a_barrier)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);

    tail_seen = 1;
    hw->on_barrier = look_at_tail;
    CHECK_OK(amdvi_queue_run_one(&hw->unit, pages(7)));
    CHECK_EQ(tail_seen, 0);
    CHECK_EQ(hw->regs[0x2008 / 8], 0x20);
    amdvi_bare_destroy(hw);
}

/* ---- time-outs ---- */

TEST(wait_that_never_completes_fences_the_unit_once)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);
    uint64_t before = hw->mem.time_us;

    hw->hangs = true;
    CHECK_EQ(amdvi_queue_run_one(&hw->unit, pages(7)), IOMMU_ERR_TIMEOUT);
    CHECK(hw->mem.time_us - before >= 1000000 && hw->mem.time_us - before < 2000000);
    CHECK(iommu_unit_fenced(&hw->unit.base));
    CHECK_EQ(amdvi_queue_run_one(&hw->unit, pages(7)), IOMMU_ERR_FENCED);
    CHECK_EQ(amdvi_queue_run(&hw->unit, &illegal, 1), IOMMU_ERR_FENCED);
    CHECK_EQ(hw->doorbells, 1);
    amdvi_bare_destroy(hw);
}

/* Batches that nobody waits for, until there is no room: 511 slots may be in use. */
static void fill(struct amdvi_bare *hw, unsigned batches)
{
    struct amdvi_queue *q = &hw->unit.queue;

    hw->hangs = true;
    for (unsigned i = 0; i < batches; i++) {
        q->ring[q->tail % 512] = pages(i);
        q->ring[(q->tail + 1) % 512] = (struct amdvi_command){ .lo = q->wait_lo, .hi = q->tail + 2 };
        q->tail += 2;
    }
    hw->regs[0x2008 / 8] = q->tail % 512 * 16;
}

static void run_after_a_while(struct amdvi_bare *hw)
{
    hw->on_relax = NULL;
    hw->hangs = false;
    amdvi_bare_run(hw);
}

TEST(full_ring_is_waited_for)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);

    fill(hw, 255); /* 510 slots: room for one, and it stays free */
    hw->on_relax = run_after_a_while;
    CHECK_OK(amdvi_queue_run_one(&hw->unit, pages(999)));
    CHECK_EQ(hw->seen_count, 256);
    CHECK_EQ(hw->seen[255].lo, pages(999).lo);
    amdvi_bare_destroy(hw);
}

TEST(ring_that_stays_full_fences_the_unit)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);

    fill(hw, 255);
    CHECK_EQ(amdvi_queue_run_one(&hw->unit, pages(999)), IOMMU_ERR_TIMEOUT);
    CHECK_EQ(hw->doorbells, 0); /* nothing of a batch that has no room is stored */
    CHECK(iommu_unit_fenced(&hw->unit.base));
    amdvi_bare_destroy(hw);
}

/* ---- illegal commands ---- */

TEST(unit_that_stops_at_an_illegal_command_is_restarted)
{
    for (unsigned silent = 0; silent < 2; silent++) {
        struct amdvi_bare *hw = amdvi_bare_create(0xff);

        hw->silent = silent;
        for (unsigned i = 0; i < 600; i++) {
            struct amdvi_command batch[3] = { pages(1), illegal, pages(2) };
            size_t seen = hw->seen_count;

            CHECK_EQ(amdvi_queue_run(&hw->unit, batch, 3), IOMMU_ERR_QUEUE);
            CHECK(!hw->stopped);
            CHECK_EQ(hw->seen_count, seen + 1); /* what lies behind it is not run */
            CHECK_OK(amdvi_queue_run_one(&hw->unit, pages(3)));
            CHECK_EQ(hw->seen[seen + 1].lo, pages(3).lo);
            amdvi_read_faults(&hw->unit.base);
        }
        amdvi_bare_destroy(hw);
    }
}

TEST(batches_behind_an_illegal_command_are_run)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);
    struct amdvi_queue *q = &hw->unit.queue;

    hw->hangs = true;
    /* The first two wait for nobody; the third is waited for when the unit runs. */
    q->ring[0] = pages(1);
    q->ring[1] = (struct amdvi_command){ .lo = q->wait_lo, .hi = 2 };
    q->ring[2] = illegal;
    q->ring[3] = (struct amdvi_command){ .lo = q->wait_lo, .hi = 4 };
    q->tail = 4;
    hw->on_relax = run_after_a_while;
    CHECK_OK(amdvi_queue_run_one(&hw->unit, pages(3)));
    CHECK_EQ(hw->seen_count, 2);
    CHECK_EQ(hw->seen[0].lo, pages(1).lo);
    CHECK_EQ(hw->seen[1].lo, pages(3).lo);
    CHECK(iommu_refusals_name_locked(&q->refusals, 4)); /* the second, when it asks */
    CHECK(!iommu_refusals_name_locked(&q->refusals, 2));
    CHECK(!iommu_refusals_name_locked(&q->refusals, 6));
    amdvi_bare_destroy(hw);
}

/* Each submitter waits inside the poll of the one before, and the last makes the unit run. */
static enum iommu_status inner[2];

static void run_in_the_third(struct amdvi_bare *hw)
{
    if (hw->unit.lock.held != 0)
        return;
    hw->on_relax = run_after_a_while;
    inner[1] = amdvi_queue_run_one(&hw->unit, pages(3));
}

static void illegal_in_the_second(struct amdvi_bare *hw)
{
    if (hw->unit.lock.held != 0)
        return;
    hw->on_relax = run_in_the_third;
    inner[0] = amdvi_queue_run_one(&hw->unit, illegal);
}

TEST(illegal_command_between_two_submitters)
{
    for (unsigned event_first = 0; event_first < 2; event_first++) {
        struct amdvi_bare *hw = amdvi_bare_create(0xff);

        inner[0] = inner[1] = IOMMU_ERR_INVALID;
        hw->silent = !event_first;
        hw->hangs = true;
        hw->on_relax = illegal_in_the_second;
        CHECK_OK(amdvi_queue_run_one(&hw->unit, pages(1)));
        CHECK_OK(inner[1]);
        CHECK_EQ(inner[0], IOMMU_ERR_QUEUE);
        CHECK_EQ(hw->seen_count, 2);
        amdvi_bare_destroy(hw);
    }
}

/* The event is read before anybody has seen that the unit has stopped. */
static void read_event_and_run(struct amdvi_bare *hw)
{
    hw->on_relax = NULL;
    hw->hangs = false;
    amdvi_bare_run(hw);
    CHECK(hw->stopped);
    amdvi_read_faults(&hw->unit.base);
}

TEST(batch_that_an_event_refuses_first_is_told_once)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);

    hw->hangs = true;
    hw->on_relax = read_event_and_run;
    CHECK_EQ(amdvi_queue_run_one(&hw->unit, illegal), IOMMU_ERR_QUEUE);
    CHECK(!hw->stopped);
    CHECK_EQ(hw->fault_count, 1);
    CHECK_EQ(hw->faults[0].kind, IOMMU_FAULT_UNIT);
    for (unsigned i = 0; i < 1000; i++)
        CHECK_OK(amdvi_queue_run_one(&hw->unit, pages(i)));
    amdvi_bare_destroy(hw);
}

/* QEMU: no stop, and an event without an address. */
TEST(raw_command_is_judged_by_the_event_where_the_unit_goes_on)
{
    for (unsigned nameless = 0; nameless < 2; nameless++) {
        struct amdvi_bare *hw = amdvi_bare_create(0xff);

        hw->goes_on = true;
        hw->nameless = nameless;
        for (unsigned i = 0; i < 600; i++) {
            CHECK_EQ(amdvi_queue_run_raw(&hw->unit, illegal), IOMMU_ERR_QUEUE);
            CHECK_OK(amdvi_queue_run_raw(&hw->unit, pages(i)));
        }
        CHECK(strstr(hw->mem.log, "command ring stopped") == NULL); /* it had not */
        hw->silent = true;
        CHECK_OK(amdvi_queue_run_raw(&hw->unit, illegal)); /* QEMU 7.2: nobody can know */
        amdvi_bare_destroy(hw);
    }
}

TEST(raw_command_is_judged_by_the_restart_where_the_unit_stops)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);

    CHECK_EQ(amdvi_queue_run_raw(&hw->unit, illegal), IOMMU_ERR_QUEUE);
    CHECK_OK(amdvi_queue_run_raw(&hw->unit, pages(1)));
    amdvi_bare_destroy(hw);
}

TEST(completion_interrupt_is_acknowledged_and_counted)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);

    CHECK_OK(amdvi_queue_run_raw(&hw->unit, amdvi_completion_interrupt()));
    CHECK_EQ(amdvi_bare_status(hw) & 4, 4); /* not by the submitter: it is the handler's */
    CHECK_EQ(hw->unit.queue.completion_interrupts, 0);
    amdvi_read_faults(&hw->unit.base);
    CHECK_EQ(amdvi_bare_status(hw) & 4, 0);
    CHECK_EQ(hw->unit.queue.completion_interrupts, 1);
    amdvi_read_faults(&hw->unit.base);
    CHECK_EQ(hw->unit.queue.completion_interrupts, 1);
    amdvi_bare_destroy(hw);
}

/* No batch is done in between, so only restarts say which slots are free. */
TEST(illegal_commands_alone_do_not_fill_the_ring)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);

    for (unsigned i = 0; i < 1000; i++)
        CHECK_EQ(amdvi_queue_run_one(&hw->unit, illegal), IOMMU_ERR_QUEUE);
    CHECK_EQ(hw->seen_count, 0);
    CHECK_OK(amdvi_queue_run_one(&hw->unit, pages(1)));
    amdvi_bare_destroy(hw);
}

/* Between storing a batch and looking at it others run to their ends, some of them refused. */
static struct {
    struct amdvi_bare *hw;  /* NULL: none */
    unsigned refused, done;
} between;

static void interrupt_once(void *ctx, uintptr_t flags)
{
    struct amdvi_bare *hw = between.hw;

    (void)ctx;
    (void)flags;
    if (hw == NULL || hw->unit.queue.tail == 0)
        return;
    between.hw = NULL;
    for (unsigned i = 0; i < between.refused; i++)
        CHECK_EQ(amdvi_queue_run_one(&hw->unit, illegal), IOMMU_ERR_QUEUE);
    for (unsigned i = 0; i < between.done; i++)
        CHECK_OK(amdvi_queue_run_one(&hw->unit, pages(i)));
}

/* How one batch ends that is looked at after those; the unit is never fenced. */
static enum iommu_status look_late(struct amdvi_command command, unsigned refused, unsigned done)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);
    enum iommu_status status;

    between.hw = hw;
    between.refused = refused;
    between.done = done;
    hw->mem.platform.irq_restore = interrupt_once;
    status = amdvi_queue_run_one(&hw->unit, command);
    CHECK(between.hw == NULL);
    CHECK(!iommu_unit_fenced(&hw->unit.base));
    CHECK_OK(amdvi_queue_run_one(&hw->unit, pages(3)));
    amdvi_bare_destroy(hw);
    return status;
}

/* The semaphore has passed both. */
TEST(refusal_is_seen_though_later_batches_are_done)
{
    CHECK_EQ(look_late(illegal, 0, 1), IOMMU_ERR_QUEUE);
    CHECK_OK(look_late(pages(1), 0, 1));
}

/* A submitter that does not look for long holds up nobody, and is told all the same. */
TEST(refusal_outlives_its_slot)
{
    CHECK_EQ(look_late(illegal, 0, 2000), IOMMU_ERR_QUEUE);
    CHECK_OK(look_late(pages(1), 1, 2000));
}

/* Who cannot be told any more whether he was refused was: he submits again. */
TEST(refusals_that_are_forgotten_count_for_all_before)
{
    CHECK_OK(look_late(pages(1), 32, 1));
    CHECK_EQ(look_late(pages(1), 33, 1), IOMMU_ERR_QUEUE);
}

TEST(full_ring_that_has_stopped_is_restarted)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);

    hw->silent = true;
    fill(hw, 255);
    hw->unit.queue.ring[0] = illegal;
    hw->on_relax = run_after_a_while;
    CHECK_OK(amdvi_queue_run_one(&hw->unit, pages(999)));
    CHECK_EQ(hw->seen_count, 255); /* 254, and the last */
    amdvi_bare_destroy(hw);
}

/* A head where nothing is to be done blames nobody: what is under way counts as refused, nothing is run twice. */
static void stop_elsewhere(struct amdvi_bare *hw)
{
    hw->on_relax = NULL;
    hw->stopped = true;
    hw->hangs = false;
    hw->regs[0x2000 / 8] = 0;
}

TEST(stop_at_a_head_that_makes_no_sense)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);

    for (unsigned i = 0; i < 10; i++)
        CHECK_OK(amdvi_queue_run_one(&hw->unit, pages(i)));
    hw->unit.queue.head = hw->unit.queue.tail;
    hw->hangs = true;
    hw->on_relax = stop_elsewhere;
    CHECK_EQ(amdvi_queue_run_one(&hw->unit, pages(99)), IOMMU_ERR_QUEUE);
    CHECK_EQ(hw->seen_count, 10);
    CHECK_OK(amdvi_queue_run_one(&hw->unit, pages(100)));
    CHECK_EQ(hw->seen_count, 11);
    amdvi_bare_destroy(hw);
}

static void stop_at_the_first(struct amdvi_bare *hw)
{
    if (hw->unit.lock.held != 0)
        return;
    hw->stopped = true;
    hw->regs[0x2000 / 8] = 0;
}

TEST(unit_that_stops_at_one_command_for_ever_is_fenced)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);
    uint64_t before = hw->mem.time_us;

    hw->hangs = true;
    hw->on_relax = stop_at_the_first;
    CHECK_EQ(amdvi_queue_run_one(&hw->unit, pages(1)), IOMMU_ERR_QUEUE); /* it was the one */
    CHECK(!iommu_unit_fenced(&hw->unit.base));
    CHECK_EQ(amdvi_queue_run_one(&hw->unit, pages(2)), IOMMU_ERR_FENCED);
    CHECK(hw->mem.time_us - before < 100000);
    amdvi_bare_destroy(hw);
}

TEST(unit_that_does_not_start_again_is_fenced)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);

    hw->never_starts = true;
    CHECK_EQ(amdvi_queue_run_one(&hw->unit, illegal), IOMMU_ERR_QUEUE);
    CHECK(iommu_unit_fenced(&hw->unit.base));
    CHECK_EQ(amdvi_queue_run_one(&hw->unit, pages(1)), IOMMU_ERR_FENCED);
    amdvi_bare_destroy(hw);
}

TEST(fenced_unit_is_not_restarted)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);

    hw->stopped = true;
    iommu_unit_fence(&hw->unit.base, "test", IOMMU_ERR_HARDWARE);
    amdvi_queue_recover(&hw->unit);
    CHECK(hw->stopped);
    CHECK(strstr(hw->mem.log, "command ring stopped") == NULL);
    amdvi_bare_destroy(hw);
}

/* The event alone, read by whoever is interrupted: nobody may be waiting. */
TEST(stopped_ring_is_restarted_by_its_event)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);
    struct amdvi_queue *q = &hw->unit.queue;

    q->ring[0] = illegal;
    q->ring[1] = (struct amdvi_command){ .lo = q->wait_lo, .hi = 2 };
    q->tail = 2;
    hw->regs[0x2008 / 8] = 2 * 16;
    amdvi_bare_run(hw);
    CHECK(hw->stopped);
    amdvi_read_faults(&hw->unit.base);
    CHECK(!hw->stopped);
    CHECK_EQ(hw->regs[0x2000 / 8], 2 * 16);
    amdvi_bare_destroy(hw);
}

/* What was fetched before the command it stopped at may not have been done (AMD-Vi §2.4). */
static enum iommu_status second;

static void stop_at_the_second(struct amdvi_bare *hw)
{
    if (hw->unit.lock.held != 0)
        return;
    hw->on_relax = NULL;
    hw->stopped = true;
    hw->hangs = false;
    hw->regs[0x2000 / 8] = 2 * 16;
}

static void submit_the_second(struct amdvi_bare *hw)
{
    if (hw->unit.lock.held != 0)
        return;
    hw->on_relax = stop_at_the_second;
    second = amdvi_queue_run_one(&hw->unit, pages(2));
}

TEST(batch_before_the_stop_that_is_not_done_is_refused_too)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);

    second = IOMMU_OK;
    hw->hangs = true;
    hw->on_relax = submit_the_second;
    CHECK_EQ(amdvi_queue_run_one(&hw->unit, pages(1)), IOMMU_ERR_QUEUE);
    CHECK_EQ(second, IOMMU_ERR_QUEUE);
    CHECK(!iommu_unit_fenced(&hw->unit.base));
    CHECK_OK(amdvi_queue_run_one(&hw->unit, pages(3)));
    amdvi_bare_destroy(hw);
}

/* A command that stores to our semaphore is no end of a batch. */
TEST(wait_that_a_caller_made_ends_no_batch)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);
    const struct amdvi_command stores = { .lo = hw->unit.queue.wait_lo, .hi = 0 };
    const struct amdvi_command batch[3] = { illegal, stores, pages(1) };

    CHECK_EQ(amdvi_queue_run(&hw->unit, batch, 3), IOMMU_ERR_QUEUE);
    CHECK_EQ(hw->seen_count, 0);
    CHECK_OK(amdvi_queue_run_one(&hw->unit, pages(2)));
    amdvi_bare_destroy(hw);
}

/* An event may name a slot where no command has been yet. */
static void refuse_an_unused_slot(struct amdvi_bare *hw)
{
    if (hw->unit.lock.held != 0)
        return;
    amdvi_queue_refuse(&hw->unit, fake_pa(&hw->mem, hw->unit.queue.ring) + 300 * 16);
    run_after_a_while(hw);
}

TEST(event_of_an_unused_slot_refuses_nobody)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);

    hw->hangs = true;
    hw->on_relax = refuse_an_unused_slot;
    CHECK_OK(amdvi_queue_run_one(&hw->unit, pages(1)));
    amdvi_bare_destroy(hw);
}

TEST(number_of_commands_needs_no_wrap)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);
    struct amdvi_queue *q = &hw->unit.queue;

    q->tail = q->head = q->settled = 1ull << 40; /* beyond 32 bits */
    for (unsigned i = 0; i < 1000; i++)
        CHECK_OK(amdvi_queue_run_one(&hw->unit, pages(i)));
    CHECK_EQ(*q->semaphore, (1ull << 40) + 2000);
    amdvi_bare_destroy(hw);
}
