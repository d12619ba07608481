/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * amd/amdvi_irte.c: whose table is whose, entries of both formats bit by bit,
 * and what each change costs. Values are from the layouts of AMD-Vi §2.2.2 and
 * §2.2.5. Blocks are test_amdvi_irte_blocks.c's.
 */
#include <pthread.h>

#include "test.h"

#include "amdvi_irq_fake.h"

#define PAGE_TABLE(word) ((word) & 0xfffffffffffc0ull)
/* IV, 512 entries, IntCtl = 2 */
#define REMAPPED 0x2000000000000013ull
#define ABORTED 1ull
#define DEVTAB(rid) (0x2000000000000000ull | (rid))
#define INTERRUPTS(rid) (0x5000000000000000ull | (rid))
#define HOLD 0x1000000000000004ull /* COMPLETION_WAIT with F alone */

static const struct iommu_irq_target plain = { .apic_id = 5, .vector = 0x41 };
static const struct iommu_irq_target moved = { .apic_id = 6, .vector = 0x52 };

static struct irq_fake *started(enum iommu_irq_format format, uint64_t efr, enum iommu_irq_x2apic x2apic)
{
    struct irq_fake *f = irq_fake_make();
    struct iommu_irq_info info;

    f->efr = efr;
    f->config.irq.format = format;
    f->config.irq.x2apic = x2apic;
    irq_fake_open(f);
    CHECK_OK(iommu_start(f->iommu));
    iommu_irq_info(f->iommu, &info);
    CHECK(info.remapping);
    return f;
}

static void check_entry(const struct iommu_irqs *irqs, unsigned index, uint64_t low, uint64_t high)
{
    struct iommu_debug_irq_entry e = irq_fake_entry(irqs, index);

    CHECK_EQ(e.low, low);
    CHECK_EQ(e.high, high);
}

/* ---- tables ---- */

TEST(nobody_has_interrupts_before_they_are_given)
{
    struct irq_fake *f = irq_fake_start();

    for (unsigned rid = 0; rid < irq_fake_unit(f)->table_entries; rid++)
        CHECK_EQ(irq_fake_word(f, (uint16_t)rid),
                 rid == IRQ_FAKE_DEVICE ? ABORTED | 1ull << 56 :
                 rid == IRQ_FAKE_SMBUS ? ABORTED | 1ull << 63 : ABORTED);
    irq_fake_free(f);
}

TEST(first_block_gives_the_device_a_table)
{
    struct irq_fake *f = irq_fake_start();
    struct iommu_irqs *irqs = irq_fake_block(f->device, 1), *second;
    uint64_t table = fake_pa(&f->fake.memory, irq_fake_unit(f)->irq_tables[IRQ_FAKE_DEVICE]->entries);
    size_t pages = f->fake.memory.live_pages;

    CHECK_EQ(table % 128, 0);
    CHECK_EQ(irq_fake_word(f, IRQ_FAKE_DEVICE), REMAPPED | table | 1ull << 56); /* INITPass stays */
    CHECK_EQ(irq_fake_command(f, 4), DEVTAB(IRQ_FAKE_DEVICE));
    CHECK_EQ(irq_fake_command(f, 3), HOLD);
    CHECK_EQ(irq_fake_command(f, 2), INTERRUPTS(IRQ_FAKE_DEVICE));
    CHECK_EQ(irq_fake_word(f, IRQ_FAKE_OTHER), ABORTED);
    check_entry(irqs, 0, 0, 0);
    /* Another block of the same device changes nothing there, and nothing is flushed for it. */
    f->fake.write_count = 0;
    second = irq_fake_block(f->device, 4);
    CHECK_EQ(f->fake.write_count, 0);
    CHECK_EQ(f->fake.memory.live_pages, pages);
    CHECK_EQ(irq_fake_word(f, IRQ_FAKE_DEVICE), REMAPPED | table | 1ull << 56);
    CHECK_OK(iommu_irq_free(irqs));
    CHECK_OK(iommu_irq_free(second));
    CHECK_EQ(irq_fake_used(f), 0);
    irq_fake_free(f);
}

TEST(all_ids_of_a_device_have_its_table)
{
    struct irq_fake *f = irq_fake_start();
    struct iommu_irqs *irqs = irq_fake_block(f->aliased, 1);
    static const uint16_t rids[] = { IRQ_FAKE_ALIASED, IRQ_FAKE_ALIAS, IRQ_FAKE_ALIAS2 };
    uint64_t word = irq_fake_word(f, rids[0]);

    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ(irq_fake_word(f, rids[i]), word);
        CHECK_EQ(irq_fake_command(f, 8 - i), DEVTAB(rids[i]));
        CHECK_EQ(irq_fake_command(f, 4 - i), INTERRUPTS(rids[i]));
    }
    CHECK_OK(iommu_irq_route(irqs, 0, &plain));
    for (unsigned i = 0; i < 3; i++)
        CHECK_EQ(irq_fake_command(f, 4 - i), INTERRUPTS(rids[i]));
    CHECK_OK(iommu_irq_free(irqs));
    irq_fake_free(f);
}

/* XSA-36: in a table of two devices one could raise what the other was given. */
TEST(no_two_devices_share_a_table)
{
    static const enum iommu_irq_format formats[] = { IOMMU_IRQ_FORMAT_LEGACY, IOMMU_IRQ_FORMAT_AUTO };

    for (unsigned i = 0; i < 2; i++) {
        struct irq_fake *f = started(formats[i], IRQ_FAKE_EFR, IOMMU_X2APIC_NO);
        uint64_t len = i == 0 ? 512 * 4 : 512 * 16, tables[4];
        struct iommu_irqs *pin;

        irq_fake_block(f->device, 1);
        irq_fake_block(f->other, 32);
        irq_fake_block(f->aliased, 8);
        CHECK_OK(iommu_irq_alloc_ioapic(f->iommu, 9, 3, &pin));
        tables[0] = PAGE_TABLE(irq_fake_word(f, IRQ_FAKE_DEVICE));
        tables[1] = PAGE_TABLE(irq_fake_word(f, IRQ_FAKE_OTHER));
        tables[2] = PAGE_TABLE(irq_fake_word(f, IRQ_FAKE_ALIASED));
        tables[3] = PAGE_TABLE(irq_fake_word(f, IRQ_FAKE_IOAPIC2));
        for (unsigned a = 0; a < 4; a++)
            for (unsigned b = 0; b < a; b++)
                CHECK(tables[a] >= tables[b] + len || tables[b] >= tables[a] + len);
        irq_fake_free(f);
    }
}

/* A function that sends as an IOAPIC does cannot be told from it. */
TEST(what_sends_alike_has_one_table)
{
    struct irq_fake *f = irq_fake_start();
    const struct iommu_device_desc desc = { .rids = { IRQ_FAKE_SMBUS, 0x00a1 }, .rid_count = 2 };
    struct iommu_irqs *pin, *irqs, *late;
    struct iommu_device *smbus;

    CHECK_OK(iommu_irq_alloc_ioapic(f->iommu, 0, 2, &pin));
    CHECK_EQ(irq_fake_word(f, 0x00a1), ABORTED);
    CHECK_OK(iommu_add_device(f->iommu, &desc, &smbus));
    irqs = irq_fake_block(smbus, 8);
    CHECK_EQ(irq_fake_word(f, 0x00a1), irq_fake_word(f, IRQ_FAKE_SMBUS) & ~(1ull << 63));
    CHECK_EQ(pin->table == irqs->table, true);
    CHECK(irqs->first >= 256);
    CHECK_OK(iommu_irq_alloc_ioapic(f->iommu, 0, 4, &late));
    CHECK(pin->first < 256 && late->first < 256 && late->first != pin->first);
    irq_fake_free(f);
}

/* Both ids had a table before they were known as one device's. */
TEST(two_tables_do_not_become_one)
{
    struct irq_fake *f = irq_fake_start();
    const struct iommu_device_desc desc = { .rids = { IRQ_FAKE_SMBUS, IRQ_FAKE_HPET }, .rid_count = 2 };
    struct iommu_irqs *pin, *timer, *none;
    struct iommu_device *device;

    CHECK_OK(iommu_irq_alloc_ioapic(f->iommu, 0, 2, &pin));
    CHECK_OK(iommu_irq_alloc_hpet(f->iommu, 0, 2, &timer));
    CHECK_OK(iommu_add_device(f->iommu, &desc, &device));
    CHECK_EQ(iommu_irq_alloc(device, 1, &none), IOMMU_ERR_RANGE);
    CHECK(fake_amdvi_logged(&f->fake, "rid=00a0 and rid=00a2 were given entries before"));
    CHECK_EQ(irq_fake_used(f), 3);
    irq_fake_free(f);
}

TEST(every_allocation_for_a_first_block_may_fail)
{
    for (size_t n = 1; n <= 4; n++) {
        struct irq_fake *f = irq_fake_start();
        struct iommu_irqs *irqs;

        f->fake.memory.allocations = 0;
        f->fake.memory.fail_at = n;
        CHECK_EQ(iommu_irq_alloc(f->aliased, 2, &irqs), IOMMU_ERR_NOMEM);
        CHECK_EQ(irq_fake_word(f, IRQ_FAKE_ALIASED), ABORTED);
        CHECK_EQ(irq_fake_used(f), 0);
        irqs = irq_fake_block(f->aliased, 2);
        CHECK_EQ(irq_fake_word(f, IRQ_FAKE_ALIASED) & REMAPPED, REMAPPED);
        CHECK_OK(iommu_irq_free(irqs));
        irq_fake_free(f);
    }
}

TEST(table_that_is_not_taken_gives_nothing)
{
    struct irq_fake *f = irq_fake_start();
    struct iommu_irqs *irqs = NULL;

    irq_fake_hang(f);
    CHECK(iommu_irq_alloc(f->aliased, 2, &irqs) != IOMMU_OK);
    CHECK(irqs == NULL);
    CHECK_EQ(irq_fake_word(f, IRQ_FAKE_ALIASED), ABORTED);
    CHECK_EQ(irq_fake_word(f, IRQ_FAKE_ALIAS2), ABORTED);
    CHECK_EQ(irq_fake_used(f), 0);
    CHECK_EQ(iommu_irq_alloc(f->device, 1, &irqs), IOMMU_ERR_FENCED);
    irq_fake_abandon(f);
}

TEST(ids_beyond_the_device_table_get_none)
{
    struct irq_fake *f = irq_fake_start();
    const struct iommu_device_desc desc = { .rids = { 0x0030, 0x4000 }, .rid_count = 2 };
    struct iommu_device *device;
    struct iommu_irqs *irqs;

    CHECK_OK(iommu_add_device(f->iommu, &desc, &device));
    device->desc.rids[device->desc.rid_count++] = 0x4000;
    CHECK_EQ(iommu_irq_alloc(device, 1, &irqs), IOMMU_ERR_RANGE);
    CHECK_EQ(irq_fake_word(f, 0x0030), ABORTED);
    /* The core leaves such an alias out: the device has its interrupts. */
    device->desc.rid_count--;
    CHECK_OK(iommu_irq_alloc(device, 1, &irqs));
    CHECK_OK(iommu_irq_free(irqs));
    irq_fake_free(f);
}

/* ---- entries ---- */

TEST(entries_of_32_bits)
{
    struct irq_fake *f = started(IOMMU_IRQ_FORMAT_LEGACY, IRQ_FAKE_EFR, IOMMU_X2APIC_NO);
    struct iommu_irqs *irqs = irq_fake_block(f->device, 2), *next;
    struct iommu_irq_target lowest = { .apic_id = 0xfe, .vector = 0xfd, .delivery = IOMMU_IRQ_LOWEST };
    const uint32_t *table = irq_fake_unit(f)->irq_tables[IRQ_FAKE_DEVICE]->entries;

    next = irq_fake_block(f->device, 1);
    CHECK_EQ(irq_fake_control(f, 0) & IRQ_FAKE_GA_EN, 0);
    CHECK_OK(iommu_irq_route(irqs, 1, &plain));
    check_entry(irqs, 1, 0x00410501, 0);
    CHECK_EQ(table[irqs->first + 1], 0x00410501);
    CHECK_EQ(table[irqs->first], 0);
    CHECK_OK(iommu_irq_route(irqs, 1, &lowest));
    check_entry(irqs, 1, 0x00fdfe05, 0);
    check_entry(next, 0, 0, 0);
    CHECK_EQ(irq_fake_entry(next, 0).table_index, next->first);
    lowest.apic_id = 0xff; /* every CPU */
    CHECK_EQ(iommu_irq_route(irqs, 1, &lowest), IOMMU_ERR_RANGE);
    lowest.apic_id = 0x100;
    CHECK_EQ(iommu_irq_route(irqs, 1, &lowest), IOMMU_ERR_RANGE);
    check_entry(irqs, 1, 0x00fdfe05, 0);
    irq_fake_free(f);
}

TEST(entries_of_128_bits)
{
    struct irq_fake *f = started(IOMMU_IRQ_FORMAT_AUTO, IRQ_FAKE_EFR | IRQ_FAKE_EFR_XT, IOMMU_X2APIC_AUTO);
    struct iommu_irqs *irqs = irq_fake_block(f->device, 2);
    const struct iommu_irq_target far = { .apic_id = 0x12345678, .vector = 0x31, .delivery = IOMMU_IRQ_LOWEST };
    const uint64_t *table = irq_fake_unit(f)->irq_tables[IRQ_FAKE_DEVICE]->entries;

    CHECK_OK(iommu_irq_route(irqs, 1, &plain));
    check_entry(irqs, 1, 0x501, 0x41);
    CHECK_EQ(table[2 * (irqs->first + 1)], 0x501);
    CHECK_EQ(table[2 * (irqs->first + 1) + 1], 0x41);
    CHECK_OK(iommu_irq_route(irqs, 1, &far));
    check_entry(irqs, 1, 0x34567805, 0x1200000000000031);
    check_entry(irqs, 0, 0, 0);
    irq_fake_free(f);
}

TEST(destinations_beyond_8_bits_need_xt)
{
    struct irq_fake *f = started(IOMMU_IRQ_FORMAT_AUTO, IRQ_FAKE_EFR, IOMMU_X2APIC_AUTO);
    struct iommu_irqs *irqs = irq_fake_block(f->device, 1);
    const struct iommu_irq_target far = { .apic_id = 0x100, .vector = 0x31 };

    CHECK_EQ(iommu_irq_route(irqs, 0, &far), IOMMU_ERR_RANGE);
    check_entry(irqs, 0, 0, 0);
    irq_fake_free(f);
}

/* A change of affinity is one store and one invalidation with its wait. */
TEST(a_change_costs_one_invalidation)
{
    static const enum iommu_irq_format formats[] = { IOMMU_IRQ_FORMAT_LEGACY, IOMMU_IRQ_FORMAT_AUTO };

    for (unsigned i = 0; i < 2; i++) {
        struct irq_fake *f = started(formats[i], IRQ_FAKE_EFR, IOMMU_X2APIC_NO);
        struct iommu_irqs *irqs = irq_fake_block(f->device, 1);
        struct iommu_debug_counters before, after;

        CHECK_OK(iommu_irq_route(irqs, 0, &plain));
        iommu_debug_counters(f->iommu, 0, &before);
        f->fake.write_count = 0;
        CHECK_OK(iommu_irq_route(irqs, 0, &moved));
        iommu_debug_counters(f->iommu, 0, &after);
        CHECK_EQ(after.descriptors - before.descriptors, 2);
        CHECK_EQ(after.doorbells - before.doorbells, 1);
        CHECK_EQ(f->fake.write_count, 1);
        CHECK_EQ(irq_fake_command(f, 2), INTERRUPTS(IRQ_FAKE_DEVICE));
        CHECK_EQ(irq_fake_command(f, 1) >> 60, 1);
        irq_fake_free(f);
    }
}

/* The entry is in memory before the command is given, also where the unit does not snoop. */
TEST(an_entry_is_written_back)
{
    for (unsigned i = 0; i < 2; i++) {
        struct irq_fake *f = irq_fake_make();
        struct iommu_irqs *irqs;
        uint64_t at;

        f->config.irq.format = i == 0 ? IOMMU_IRQ_FORMAT_LEGACY : IOMMU_IRQ_FORMAT_AUTO;
        f->fake.units[0].control_zero = 1 << 10; /* Coherent */
        irq_fake_open(f);
        CHECK_OK(iommu_start(f->iommu));
        CHECK_EQ(fake_read64(&f->fake.memory, fake_pa(&f->fake.memory, irq_fake_unit(f)->table) + 16, false), ABORTED);
        irqs = irq_fake_block(f->other, 1);
        at = fake_pa(&f->fake.memory, &irq_fake_unit(f)->table[IRQ_FAKE_OTHER]) + 16;
        CHECK_EQ(fake_read64(&f->fake.memory, at, false), irq_fake_word(f, IRQ_FAKE_OTHER));
        at = fake_pa(&f->fake.memory, irqs->entries);
        CHECK_OK(iommu_irq_route(irqs, 0, &plain));
        CHECK_EQ(fake_read64(&f->fake.memory, at, false), i == 0 ? 0x00410501 : 0x501);
        CHECK_OK(iommu_irq_mask(irqs, 0, true));
        CHECK_EQ(fake_read64(&f->fake.memory, at, false) & 1, 0);
        CHECK_OK(iommu_irq_free(irqs));
        CHECK_EQ(fake_read64(&f->fake.memory, at, false), 0);
        irq_fake_free(f);
    }
}

TEST(a_masked_entry_keeps_where_it_leads)
{
    static const enum iommu_irq_format formats[] = { IOMMU_IRQ_FORMAT_LEGACY, IOMMU_IRQ_FORMAT_AUTO };
    static const uint64_t low[2][2] = { { 0x00410501, 0x00520601 }, { 0x501, 0x601 } };
    static const uint64_t high[2][2] = { { 0, 0 }, { 0x41, 0x52 } };

    for (unsigned i = 0; i < 2; i++)
        for (unsigned wide = 0; wide < 2; wide++) {
            struct irq_fake *f = started(formats[i], IRQ_FAKE_EFR, IOMMU_X2APIC_NO);
            struct iommu_irqs *irqs = irq_fake_block(f->device, 1);

            irq_fake_unit(f)->wide_store = wide;
            CHECK_OK(iommu_irq_route(irqs, 0, &plain));
            CHECK_OK(iommu_irq_mask(irqs, 0, true));
            CHECK_EQ(irq_fake_command(f, 2), INTERRUPTS(IRQ_FAKE_DEVICE));
            check_entry(irqs, 0, low[i][0] & ~1ull, high[i][0]);
            CHECK_OK(iommu_irq_mask(irqs, 0, true));
            CHECK_OK(iommu_irq_route(irqs, 0, &moved));
            check_entry(irqs, 0, low[i][1] & ~1ull, high[i][1]);
            CHECK_OK(iommu_irq_mask(irqs, 0, false));
            check_entry(irqs, 0, low[i][1], high[i][1]);
            CHECK_OK(iommu_irq_mask(irqs, 0, false));
            check_entry(irqs, 0, low[i][1], high[i][1]);
            irq_fake_free(f);
        }
}

/* Masked before it was ever routed: routing does not make it present, and unmasking neither before. */
TEST(an_entry_may_be_masked_before_it_leads_anywhere)
{
    static const enum iommu_irq_format formats[] = { IOMMU_IRQ_FORMAT_LEGACY, IOMMU_IRQ_FORMAT_AUTO };

    for (unsigned i = 0; i < 2; i++) {
        struct irq_fake *f = started(formats[i], IRQ_FAKE_EFR, IOMMU_X2APIC_NO);
        struct iommu_irqs *irqs = irq_fake_block(f->device, 2);

        CHECK_OK(iommu_irq_mask(irqs, 0, false));
        check_entry(irqs, 0, 0, 0);
        CHECK_OK(iommu_irq_mask(irqs, 0, true));
        CHECK_EQ(irq_fake_entry(irqs, 0).low & 1, 0);
        CHECK_OK(iommu_irq_route(irqs, 0, &plain));
        CHECK_EQ(irq_fake_entry(irqs, 0).low & 1, 0);
        CHECK_OK(iommu_irq_mask(irqs, 0, false));
        CHECK_EQ(irq_fake_entry(irqs, 0).low, i == 0 ? 0x00410501 : 0x501);
        CHECK_OK(iommu_irq_mask(irqs, 1, true));
        CHECK_OK(iommu_irq_mask(irqs, 1, false));
        check_entry(irqs, 1, 0, 0);
        CHECK_OK(iommu_irq_route(irqs, 1, &plain));
        CHECK_EQ(irq_fake_entry(irqs, 1).low & 1, 1);
        irq_fake_free(f);
    }
}

TEST(a_change_that_is_not_confirmed_is_told)
{
    struct irq_fake *f = irq_fake_start();
    struct iommu_irqs *irqs = irq_fake_block(f->device, 1);

    CHECK_OK(iommu_irq_route(irqs, 0, &plain));
    irq_fake_hang(f);
    CHECK(iommu_irq_route(irqs, 0, &moved) != IOMMU_OK);
    CHECK(iommu_unit_fenced(f->iommu->units[0]));
    CHECK_EQ(iommu_irq_route(irqs, 0, &moved), IOMMU_ERR_FENCED);
    irq_fake_abandon(f);
}

/* ---- without CMPXCHG16B ---- */

static struct {
    struct irq_fake *f;
    const struct iommu_irqs *irqs;
    unsigned looks, absent, wrong, stale;
    uint64_t doorbells; /* before the change */
} steps;

/* What the unit may read at any moment: the old entry, an absent one, the new; never halves of two. */
static void look(void)
{
    const uint64_t *live = steps.irqs->entries;
    bool old = live[0] == 0x501 && live[1] == 0x41, new = live[0] == 0x601 && live[1] == 0x52;

    steps.looks++;
    if (!(live[0] & 1)) {
        steps.absent++;
        /* The new content comes only when the unit has forgotten the old. */
        if (live[1] == 0x52 && irq_fake_unit(steps.f)->queue.doorbells == steps.doorbells)
            steps.stale++;
    } else if (!old && !new) {
        steps.wrong++;
    }
}

static void looking_barrier(void *ctx)
{
    (void)ctx;
    look();
}

TEST(without_the_wide_store_an_entry_is_absent_in_between)
{
    struct irq_fake *f = irq_fake_start();
    struct iommu_irqs *irqs = irq_fake_block(f->device, 1);
    struct iommu_debug_counters before, after;

    CHECK_OK(iommu_irq_route(irqs, 0, &plain));
    irq_fake_unit(f)->wide_store = false;
    memset(&steps, 0, sizeof(steps));
    steps.f = f;
    steps.irqs = irqs;
    steps.doorbells = irq_fake_unit(f)->queue.doorbells;
    iommu_debug_counters(f->iommu, 0, &before);
    f->fake.memory.platform.dma_write_barrier = looking_barrier;
    CHECK_OK(iommu_irq_route(irqs, 0, &moved));
    iommu_debug_counters(f->iommu, 0, &after);
    check_entry(irqs, 0, 0x601, 0x52);
    CHECK(steps.absent != 0);
    CHECK_EQ(steps.wrong, 0);
    CHECK_EQ(steps.stale, 0);
    CHECK_EQ(after.doorbells - before.doorbells, 2); /* forgotten before it is written, and after */
    CHECK_OK(iommu_irq_free(irqs));
    irq_fake_free(f);
}

/* ---- two threads ---- */

struct pair {
    uint64_t lo, hi;
} __attribute__((aligned(16)));

static struct {
    struct iommu_irqs *irqs;
    bool done;
    unsigned looks, wrong;
} shared;

static struct pair load_pair(struct pair *at)
{
    struct pair seen = { 0, 0 };
    bool equal;

    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(equal), "+m"(*at), "+a"(seen.lo), "+d"(seen.hi)
                     : "b"(0ull), "c"(0ull)
                     : "memory");
    return seen;
}

static void *watch(void *arg)
{
    (void)arg;
    while (!__atomic_load_n(&shared.done, __ATOMIC_ACQUIRE)) {
        struct pair seen = load_pair(shared.irqs->entries);
        uint64_t lo = seen.lo | 1;

        __atomic_fetch_add(&shared.looks, 1, __ATOMIC_RELAXED);
        if (!(lo == 0x501 && seen.hi == 0x41) && !(lo == 0x601 && seen.hi == 0x52))
            shared.wrong++;
    }
    return NULL;
}

static void *mask_often(void *arg)
{
    for (unsigned i = 0; i < 2000; i++)
        if (iommu_irq_mask(arg, 0, i % 2 == 0) != IOMMU_OK)
            shared.wrong++;
    return NULL;
}

TEST(changes_at_once_leave_whole_entries)
{
    struct irq_fake *f = irq_fake_start();
    pthread_t watcher, masker;

    memset(&shared, 0, sizeof(shared));
    shared.irqs = irq_fake_block(f->device, 1);
    CHECK_OK(iommu_irq_route(shared.irqs, 0, &plain));
    CHECK_EQ(pthread_create(&watcher, NULL, watch, NULL), 0);
    CHECK_EQ(pthread_create(&masker, NULL, mask_often, shared.irqs), 0);
    /* Until it has been watched for long enough, on a machine that may have other things to do. */
    for (unsigned i = 0; i < 1000000 && (i < 2000 || __atomic_load_n(&shared.looks, __ATOMIC_RELAXED) < 50000); i++)
        CHECK_OK(iommu_irq_route(shared.irqs, 0, i % 2 == 0 ? &moved : &plain));
    CHECK_OK(iommu_irq_route(shared.irqs, 0, &plain));
    CHECK_EQ(pthread_join(masker, NULL), 0);
    __atomic_store_n(&shared.done, true, __ATOMIC_RELEASE);
    CHECK_EQ(pthread_join(watcher, NULL), 0);
    CHECK(shared.looks != 0);
    CHECK_EQ(shared.wrong, 0);
    check_entry(shared.irqs, 0, 0x501, 0x41); /* the last mask call let it through */
    irq_fake_free(f);
}
