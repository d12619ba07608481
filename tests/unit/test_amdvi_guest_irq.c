/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * amd/amdvi_guest_irq.c: entries that lead into a virtual APIC, bit by bit
 * (AMD-Vi §2.2.5.2), and the log of what came while it did not run.
 */
#include "test.h"

#include "amdvi_irq_fake.h"

#define GA_BASE 0xe0u
#define GA_TAIL_ADDRESS 0xe8u
#define XT_GENERAL 0x170u
#define XT_GA 0x180u
#define GA_HEAD 0x2040u
#define GA_TAIL 0x2048u
#define GA_LOG_EN (1ull << 28)
#define GA_INT_EN (1ull << 29)
#define GA_RUN 0x100u
#define GA_OVERFLOW 0x200u
#define GA_INT 0x400u
#define PAGE_PA 0x5a5a123000ull

static struct {
    uint32_t tags[2048];
    unsigned count, lost;
    void *ctx;
} told;

static void guest_log(void *ctx, uint32_t tag, bool lost)
{
    told.ctx = ctx;
    if (lost) {
        CHECK_EQ(tag, 0);
        told.lost++;
    } else {
        told.tags[told.count++ % 2048] = tag;
    }
}

static struct irq_fake *make(uint64_t efr)
{
    struct irq_fake *f = irq_fake_make();

    memset(&told, 0, sizeof(told));
    f->efr = IRQ_FAKE_EFR | IRQ_FAKE_EFR_VAPIC | efr;
    f->config.irq.format = IOMMU_IRQ_FORMAT_VAPIC;
    f->config.irq.x2apic = IOMMU_X2APIC_AUTO;
    f->config.irq.guest_log = guest_log;
    f->config.irq.guest_log_ctx = f;
    return f;
}

static struct irq_fake *start(uint64_t efr)
{
    struct irq_fake *f = make(efr);
    struct iommu_irq_info info;

    if (efr & IRQ_FAKE_EFR_XT)
        f->fake.message.address |= 1ull << 40; /* more than MSI reaches */
    irq_fake_open(f);
    CHECK_OK(iommu_start(f->iommu));
    iommu_irq_info(f->iommu, &info);
    CHECK(info.posting);
    return f;
}

static void check_entry(const struct iommu_irqs *irqs, uint64_t low, uint64_t high)
{
    struct iommu_debug_irq_entry e = irq_fake_entry(irqs, 0);

    CHECK_EQ(e.low, low);
    CHECK_EQ(e.high, high);
}

/* ---- entries ---- */

TEST(posted_entries_bit_by_bit)
{
    struct irq_fake *f = start(IRQ_FAKE_EFR_XT);
    struct iommu_irqs *irqs = irq_fake_block(f->device, 1);
    struct iommu_irq_posting posting = { .descriptor_pa = PAGE_PA, .vector = 0x61 };

    CHECK_OK(iommu_irq_post(irqs, 0, &posting));
    check_entry(irqs, 0x81, 0x61 | PAGE_PA); /* RemapEn, GuestMode */
    posting.log = true;
    posting.tag = 0xcafe1234;
    CHECK_OK(iommu_irq_post(irqs, 0, &posting));
    check_entry(irqs, 0xcafe123400000085, 0x61 | PAGE_PA);
    posting.running = true;
    posting.apic_id = 0x12345678;
    CHECK_OK(iommu_irq_post(irqs, 0, &posting));
    check_entry(irqs, 0xcafe1234345678c5, 0x61 | PAGE_PA | 0x12ull << 56);
    CHECK_EQ(irq_fake_command(f, 2), 0x5000000000000000 | IRQ_FAKE_DEVICE);
    posting.apic_id = 0xffffffff; /* every CPU */
    CHECK_EQ(iommu_irq_post(irqs, 0, &posting), IOMMU_ERR_RANGE);
    irq_fake_free(f);
}

TEST(posting_and_routing_take_turns)
{
    struct irq_fake *f = start(0);
    struct iommu_irqs *irqs = irq_fake_block(f->device, 1);
    const struct iommu_irq_posting posting = {
        .descriptor_pa = PAGE_PA, .vector = 0x61, .running = true, .apic_id = 3,
    };
    const struct iommu_irq_target target = { .apic_id = 5, .vector = 0x41 };

    CHECK_OK(iommu_irq_post(irqs, 0, &posting));
    CHECK_OK(iommu_irq_mask(irqs, 0, true));
    check_entry(irqs, 0x3c0, 0x61 | PAGE_PA);
    CHECK_OK(iommu_irq_mask(irqs, 0, false));
    check_entry(irqs, 0x3c1, 0x61 | PAGE_PA);
    CHECK_OK(iommu_irq_route(irqs, 0, &target));
    check_entry(irqs, 0x501, 0x41);
    CHECK_OK(iommu_irq_mask(irqs, 0, true));
    CHECK_OK(iommu_irq_post(irqs, 0, &posting));
    check_entry(irqs, 0x3c0, 0x61 | PAGE_PA);
    irq_fake_free(f);
}

TEST(what_cannot_be_posted_is_refused)
{
    struct irq_fake *f = start(0);
    struct iommu_irqs *irqs = irq_fake_block(f->device, 1), *pin;
    struct iommu_irq_posting posting = { .descriptor_pa = PAGE_PA + 64, .vector = 0x61 };

    CHECK_EQ(iommu_irq_post(irqs, 0, &posting), IOMMU_ERR_INVALID);
    posting.descriptor_pa = 1ull << 40; /* of 40 bits */
    CHECK_EQ(iommu_irq_post(irqs, 0, &posting), IOMMU_ERR_RANGE);
    posting.descriptor_pa = PAGE_PA;
    posting.apic_id = 0x100;
    CHECK_EQ(iommu_irq_post(irqs, 0, &posting), IOMMU_ERR_RANGE);
    posting.apic_id = 0xff; /* every CPU */
    CHECK_EQ(iommu_irq_post(irqs, 0, &posting), IOMMU_ERR_RANGE);
    posting.apic_id = 0;
    CHECK_EQ(iommu_irq_post(irqs, 1, &posting), IOMMU_ERR_INVALID);
    CHECK_OK(iommu_irq_alloc_ioapic(f->iommu, 0, 2, &pin));
    CHECK_EQ(iommu_irq_post(pin, 0, &posting), IOMMU_ERR_INVALID);
    check_entry(irqs, 0, 0);
    irq_fake_free(f);
}

TEST(nothing_is_posted_where_it_is_not_asked_for)
{
    static const struct { enum iommu_irq_format format; uint64_t efr; } cases[] = {
        { IOMMU_IRQ_FORMAT_AUTO, IRQ_FAKE_EFR | IRQ_FAKE_EFR_VAPIC },
        { IOMMU_IRQ_FORMAT_LEGACY, IRQ_FAKE_EFR | IRQ_FAKE_EFR_VAPIC },
        { IOMMU_IRQ_FORMAT_VAPIC, IRQ_FAKE_EFR },
        { IOMMU_IRQ_FORMAT_VAPIC, (IRQ_FAKE_EFR & ~IRQ_FAKE_EFR_GA) | IRQ_FAKE_EFR_VAPIC },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct irq_fake *f = make(0);
        const struct iommu_irq_posting posting = { .descriptor_pa = PAGE_PA, .vector = 0x61 };

        f->efr = cases[i].efr;
        f->config.irq.format = cases[i].format;
        irq_fake_open(f);
        CHECK_OK(iommu_start(f->iommu));
        CHECK_EQ(iommu_irq_post(irq_fake_block(f->device, 1), 0, &posting), IOMMU_ERR_UNSUPPORTED);
        CHECK_EQ(irq_fake_control(f, 0) & (GA_LOG_EN | GA_INT_EN | IRQ_FAKE_GAM_VAPIC), 0);
        CHECK_EQ(fake_amdvi_get(&f->fake, 0, GA_BASE), 0);
        irq_fake_free(f);
    }
}

/* ---- the log ---- */

TEST(log_is_given_and_switched_on)
{
    struct irq_fake *f = start(IRQ_FAKE_EFR_XT);
    uint64_t ring = fake_pa(&f->fake.memory, irq_fake_unit(f)->guest_log.ring);

    CHECK_EQ(fake_amdvi_get(&f->fake, 0, GA_BASE), ring | 8ull << 56);
    CHECK_EQ(fake_amdvi_get(&f->fake, 0, GA_TAIL_ADDRESS), ring + 4096);
    CHECK_EQ(irq_fake_control(f, 0) & (GA_LOG_EN | GA_INT_EN), GA_LOG_EN | GA_INT_EN);
    CHECK_EQ(fake_amdvi_get(&f->fake, 0, IRQ_FAKE_STATUS) & GA_RUN, GA_RUN);
    /* Its interrupt goes where that of events goes. */
    CHECK_EQ(fake_amdvi_get(&f->fake, 0, XT_GA), fake_amdvi_get(&f->fake, 0, XT_GENERAL));
    CHECK(fake_amdvi_get(&f->fake, 0, XT_GA) != 0);
    CHECK_OK(iommu_stop(f->iommu));
    CHECK_EQ(irq_fake_control(f, 0) & (GA_LOG_EN | GA_INT_EN), 0);
    CHECK_EQ(fake_amdvi_get(&f->fake, 0, XT_GA), 0);
    irq_fake_free(f);
}

TEST(log_without_an_interrupt_is_polled)
{
    struct irq_fake *f = make(0);

    f->fake.no_message = true;
    irq_fake_open(f);
    CHECK_OK(iommu_start(f->iommu));
    CHECK_EQ(irq_fake_control(f, 0) & (GA_LOG_EN | GA_INT_EN), GA_LOG_EN);
    irq_fake_free(f);
}

TEST(log_that_does_not_start_is_an_error)
{
    struct irq_fake *f = make(0);

    f->fake.units[0].run_zero = GA_RUN;
    irq_fake_open(f);
    CHECK_EQ(iommu_start(f->iommu), IOMMU_ERR_TIMEOUT);
    irq_fake_abandon(f);
}

/* As the unit does: an entry, the tail, the interrupt bit. */
static void put(struct irq_fake *f, uint64_t entry)
{
    uint64_t tail = fake_amdvi_get(&f->fake, 0, GA_TAIL);

    irq_fake_unit(f)->guest_log.ring[tail / 8] = entry;
    fake_amdvi_set(&f->fake, 0, GA_TAIL, (tail + 8) % 4096);
    fake_amdvi_set(&f->fake, 0, IRQ_FAKE_STATUS, fake_amdvi_get(&f->fake, 0, IRQ_FAKE_STATUS) | GA_INT);
}

static uint64_t logged(uint32_t tag)
{
    return 1ull << 60 | (uint64_t)IRQ_FAKE_DEVICE << 32 | tag;
}

TEST(tags_are_told_in_order_around_the_end)
{
    struct irq_fake *f = start(0);
    uint32_t next = 100;

    for (unsigned round = 0; round < 7; round++) {
        for (unsigned n = 0; n < 200; n++)
            put(f, logged(next + n));
        iommu_unit_interrupt(f->iommu, 0);
        CHECK_EQ(told.count, 200);
        for (unsigned n = 0; n < 200; n++)
            CHECK_EQ(told.tags[n], next + n);
        CHECK(told.ctx == f);
        CHECK_EQ(fake_amdvi_get(&f->fake, 0, GA_HEAD), fake_amdvi_get(&f->fake, 0, GA_TAIL));
        CHECK_EQ(fake_amdvi_get(&f->fake, 0, IRQ_FAKE_STATUS) & GA_INT, 0);
        next += 200;
        told.count = 0;
    }
    /* 1400 so far: the last slot, and no more. */
    for (unsigned n = 0; n < 3 * 512 - 1400; n++)
        put(f, logged(n));
    iommu_unit_interrupt(f->iommu, 0);
    CHECK_EQ(told.count, 136);
    CHECK_EQ(fake_amdvi_get(&f->fake, 0, GA_HEAD), 0);
    for (unsigned n = 0; n < 512; n++)
        CHECK_EQ(irq_fake_unit(f)->guest_log.ring[n], 0); /* what has been read is cleared */
    CHECK_EQ(told.lost, 0);
    irq_fake_free(f);
}

TEST(entry_of_another_type_is_not_told)
{
    struct irq_fake *f = start(0);

    put(f, 2ull << 60 | 7);
    put(f, logged(8));
    CHECK_EQ(iommu_poll_faults(f->iommu), 0);
    CHECK_EQ(told.count, 1);
    CHECK_EQ(told.tags[0], 8);
    CHECK(fake_amdvi_logged(&f->fake, "guest log entry seen=0x2000000000000007"));
    irq_fake_free(f);
}

static struct irq_fake *late;

static void relax(void *ctx)
{
    struct fake_platform *memory = ctx;

    memory->time_us++;
    irq_fake_unit(late)->guest_log.ring[0] = logged(42);
}

/* The tail may come before the entry, as with events (errata 732, 733). */
TEST(late_entry_is_waited_for)
{
    struct irq_fake *f = start(0);

    late = f;
    f->fake.memory.platform.relax = relax;
    put(f, 0);
    iommu_unit_interrupt(f->iommu, 0);
    CHECK_EQ(told.count, 1);
    CHECK_EQ(told.tags[0], 42);
    irq_fake_free(f);
}

TEST(entry_that_never_comes_is_passed_over)
{
    struct irq_fake *f = start(0);

    put(f, 0);
    put(f, logged(43));
    iommu_unit_interrupt(f->iommu, 0);
    CHECK_EQ(told.count, 0);
    CHECK(fake_amdvi_logged(&f->fake, "guest log entry seen=0x0000000000000000"));
    iommu_unit_interrupt(f->iommu, 0);
    CHECK_EQ(told.count, 1);
    CHECK_EQ(told.tags[0], 43);
    irq_fake_free(f);
}

/* Pointers are the unit's: one outside of the page is believed no more. */
TEST(log_with_a_pointer_outside_is_left)
{
    static const unsigned pointers[] = { GA_HEAD, GA_TAIL };

    for (unsigned i = 0; i < 2; i++) {
        struct irq_fake *f = start(0);

        put(f, logged(1));
        fake_amdvi_set(&f->fake, 0, pointers[i], 0x1008);
        iommu_unit_interrupt(f->iommu, 0);
        CHECK_EQ(told.count, 0);
        CHECK(fake_amdvi_logged(&f->fake, "guest log has no such place"));
        CHECK(!irq_fake_unit(f)->guest_log.on);
        CHECK_OK(iommu_stop(f->iommu));
        CHECK_EQ(irq_fake_control(f, 0) & (GA_LOG_EN | GA_INT_EN), 0);
        irq_fake_free(f);
    }
}

TEST(full_log_is_started_again)
{
    struct irq_fake *f = start(0);
    size_t off, on;

    for (unsigned n = 0; n < 511; n++)
        put(f, logged(n));
    fake_amdvi_set(&f->fake, 0, IRQ_FAKE_STATUS,
                   (fake_amdvi_get(&f->fake, 0, IRQ_FAKE_STATUS) & ~(uint64_t)GA_RUN) | GA_OVERFLOW);
    f->fake.write_count = 0;
    iommu_unit_interrupt(f->iommu, 0);
    CHECK_EQ(told.count, 511);
    CHECK_EQ(told.lost, 1);
    CHECK_EQ(fake_amdvi_get(&f->fake, 0, IRQ_FAKE_STATUS) & (GA_RUN | GA_OVERFLOW), GA_RUN);
    CHECK_EQ(irq_fake_control(f, 0) & (GA_LOG_EN | GA_INT_EN), GA_LOG_EN | GA_INT_EN);
    /* Off before the bit is cleared, on after it. */
    off = fake_amdvi_find(&f->fake, 0, 0, IRQ_FAKE_CONTROL, 0);
    CHECK_EQ(f->fake.writes[off].value & GA_LOG_EN, 0);
    on = fake_amdvi_find(&f->fake, 0, 0, IRQ_FAKE_CONTROL, GA_LOG_EN);
    CHECK(off < fake_amdvi_find(&f->fake, 0, 0, IRQ_FAKE_STATUS, GA_OVERFLOW));
    CHECK(fake_amdvi_find(&f->fake, 0, 0, IRQ_FAKE_STATUS, GA_OVERFLOW) < on);
    put(f, logged(9));
    iommu_unit_interrupt(f->iommu, 0);
    CHECK_EQ(told.tags[511], 9);
    CHECK_EQ(told.lost, 1);
    irq_fake_free(f);
}

TEST(log_that_does_not_restart_is_left_off)
{
    struct irq_fake *f = start(0);

    f->fake.units[0].run_zero = GA_RUN;
    fake_amdvi_set(&f->fake, 0, IRQ_FAKE_STATUS, fake_amdvi_get(&f->fake, 0, IRQ_FAKE_STATUS) | GA_OVERFLOW);
    iommu_unit_interrupt(f->iommu, 0);
    CHECK_EQ(told.lost, 1);
    CHECK(fake_amdvi_logged(&f->fake, "guest log does not restart"));
    CHECK(!irq_fake_unit(f)->guest_log.on);
    put(f, logged(1));
    iommu_unit_interrupt(f->iommu, 0);
    CHECK_EQ(told.count, 0);
    irq_fake_free(f);
}

TEST(log_is_read_without_a_listener)
{
    struct irq_fake *f = make(0);

    f->config.irq.guest_log = NULL;
    irq_fake_open(f);
    CHECK_OK(iommu_start(f->iommu));
    put(f, logged(1));
    iommu_unit_interrupt(f->iommu, 0);
    CHECK_EQ(fake_amdvi_get(&f->fake, 0, GA_HEAD), 8);
    irq_fake_free(f);
}
