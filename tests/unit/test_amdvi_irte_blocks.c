/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * amd/amdvi_irte.c: blocks of entries, taken and given back, and what sources
 * are given to send. Values are from AMD-Vi §2.2.2 and §2.2.5.
 */
#include "test.h"

#include "amdvi_irq_fake.h"

/* IV, 512 entries, IntCtl = 2 */
#define REMAPPED 0x2000000000000013ull
#define INTERRUPTS(rid) (0x5000000000000000ull | (rid))

static const struct iommu_irq_target plain = { .apic_id = 5, .vector = 0x41 };
static const struct iommu_irq_target moved = { .apic_id = 6, .vector = 0x52 };

static struct irq_fake *started(enum iommu_irq_format format)
{
    struct irq_fake *f = irq_fake_make();

    f->config.irq.format = format;
    irq_fake_open(f);
    CHECK_OK(iommu_start(f->iommu));
    return f;
}

static void check_entry(const struct iommu_irqs *irqs, unsigned index, uint64_t low, uint64_t high)
{
    struct iommu_debug_irq_entry e = irq_fake_entry(irqs, index);

    CHECK_EQ(e.low, low);
    CHECK_EQ(e.high, high);
}

/* ---- blocks ---- */

TEST(blocks_are_aligned_for_messages_with_numbers)
{
    struct irq_fake *f = irq_fake_start();
    bool taken[512] = { false };

    for (unsigned count = 1; count <= 32; count++) {
        struct iommu_irqs *irqs = irq_fake_block(f->device, count);
        unsigned size = 1;

        while (size < count)
            size *= 2;
        CHECK_EQ(irqs->first % size, 0);
        if (count <= 16)
            for (unsigned i = 0; i < size; i++) {
                CHECK(!taken[irqs->first + i]);
                taken[irqs->first + i] = true;
            }
        else
            CHECK_OK(iommu_irq_free(irqs));
    }
    irq_fake_free(f);
}

TEST(a_full_table_is_freed_without_a_leak)
{
    static const enum iommu_irq_format formats[] = { IOMMU_IRQ_FORMAT_LEGACY, IOMMU_IRQ_FORMAT_AUTO };
    static struct iommu_irqs *blocks[512];

    for (unsigned i = 0; i < 2; i++) {
        struct irq_fake *f = started(formats[i]);
        struct iommu_irqs *none;
        size_t pages = 0;

        for (unsigned round = 0; round < 3; round++) {
            uint64_t seen[8] = { 0 };

            for (unsigned n = 0; n < 512; n++) {
                blocks[n] = irq_fake_block(f->device, 1);
                CHECK(blocks[n]->first < 0x200); /* bits 10:8 are a delivery mode: 0 and 1 only */
                seen[blocks[n]->first / 64] |= 1ull << blocks[n]->first % 64;
                CHECK_OK(iommu_irq_route(blocks[n], 0, &plain));
            }
            for (unsigned w = 0; w < 8; w++)
                CHECK_EQ(seen[w], UINT64_MAX);
            CHECK_EQ(iommu_irq_alloc(f->device, 1, &none), IOMMU_ERR_RANGE);
            CHECK_EQ(irq_fake_used(f), 512);
            /* One that is full is no other's business. */
            CHECK_OK(iommu_irq_free(irq_fake_block(f->other, 32)));
            for (unsigned n = 0; n < 512; n++)
                CHECK_OK(iommu_irq_free(blocks[n]));
            CHECK_EQ(irq_fake_used(f), 0);
            if (round != 0)
                CHECK_EQ(f->fake.memory.live_pages, pages);
            pages = f->fake.memory.live_pages;
        }
        irq_fake_free(f);
    }
}

TEST(a_freed_block_is_absent_and_forgotten)
{
    struct irq_fake *f = irq_fake_start();
    struct iommu_irqs *irqs = irq_fake_block(f->aliased, 3);
    const uint64_t *live = irqs->entries;
    unsigned first = irqs->first;

    for (unsigned i = 0; i < 3; i++)
        CHECK_OK(iommu_irq_route(irqs, i, &plain));
    f->fake.write_count = 0;
    CHECK_OK(iommu_irq_free(irqs));
    for (unsigned i = 0; i < 8; i++)
        CHECK_EQ(live[i], 0);
    CHECK_EQ(f->fake.write_count, 1);
    CHECK_EQ(irq_fake_command(f, 4), INTERRUPTS(IRQ_FAKE_ALIASED));
    /* One that was never routed needs no flush. */
    irqs = irq_fake_block(f->aliased, 3);
    CHECK_EQ(irqs->first, first);
    f->fake.write_count = 0;
    CHECK_OK(iommu_irq_free(irqs));
    CHECK_EQ(f->fake.write_count, 0);
    irq_fake_free(f);
}

TEST(a_block_freed_without_confirmation_is_never_used_again)
{
    struct irq_fake *f = irq_fake_start();
    struct iommu_irqs *irqs = irq_fake_block(f->device, 1);
    const struct amdvi_irq_table *table = irqs->table;
    unsigned first = irqs->first;

    CHECK_OK(iommu_irq_route(irqs, 0, &plain));
    irq_fake_hang(f);
    CHECK(iommu_irq_free(irqs) != IOMMU_OK);
    CHECK_EQ(table->taken[first / 64] >> first % 64 & 1, 1);
    CHECK_EQ(((const uint64_t *)table->entries)[2 * first], 0);
    CHECK_EQ(irq_fake_used(f), 1);
    irq_fake_abandon(f);
}

TEST(blocks_outlive_the_unit_at_work)
{
    struct irq_fake *f = irq_fake_start();
    struct iommu_irqs *irqs = irq_fake_block(f->device, 1);

    CHECK_OK(iommu_irq_route(irqs, 0, &plain));
    CHECK_OK(iommu_stop(f->iommu));
    CHECK_EQ(iommu_irq_route(irqs, 0, &moved), IOMMU_ERR_UNSUPPORTED);
    CHECK_EQ(iommu_irq_mask(irqs, 0, true), IOMMU_ERR_UNSUPPORTED);
    CHECK_OK(iommu_irq_free(irqs));
    irq_fake_free(f);
}

/* ---- what a source sends ---- */

TEST(a_message_carries_its_index)
{
    struct irq_fake *f = irq_fake_start();
    struct iommu_irqs *irqs = irq_fake_block(f->device, 8);
    struct iommu_msi msi;

    for (unsigned i = 0; i < 8; i++) {
        iommu_irq_message(irqs, i, &msi);
        CHECK_EQ(msi.address, 0xfee00000);
        CHECK_EQ(msi.data, irqs->first + i);
        CHECK_EQ(msi.data & 0x600, 0);
    }
    /* A device with several messages puts their number into the low bits of the data of message 0. */
    iommu_irq_message(irqs, 0, &msi);
    CHECK_EQ(msi.data % 8, 0);
    irq_fake_free(f);
}

static struct irq_fake *started_many(unsigned messages)
{
    struct irq_fake *f = irq_fake_make();
    struct fake_amdvi_function *function = fake_amdvi_function(&f->fake, 0, IRQ_FAKE_DEVICE, 0x12348086, 0x020000);

    fake_amdvi_config(function, 0x06, 2, 0x10);
    fake_amdvi_config(function, 0x34, 1, 0x70);
    fake_amdvi_config(function, 0x70, 2, 0x11);
    fake_amdvi_config(function, 0x72, 2, messages - 1);
    f->efr2 = 1 << 8;
    irq_fake_open(f);
    CHECK_OK(iommu_start(f->iommu));
    return f;
}

/* Indexes above 1FFh exist only where the unit has the mode, and then every message says so. */
TEST(tables_of_2048_need_the_mode)
{
    static struct iommu_irqs *blocks[64];
    struct irq_fake *f = started_many(1024);
    struct iommu_irqs *pin, *none;
    struct iommu_msi msi;
    uint64_t rte;

    CHECK_EQ(irq_fake_control(f, 0) & 3ull << 43, IRQ_FAKE_MODE_2048);
    for (unsigned n = 0; n < 64; n++)
        blocks[n] = irq_fake_block(f->device, 32);
    CHECK_EQ(iommu_irq_alloc(f->device, 1, &none), IOMMU_ERR_RANGE);
    CHECK_EQ(irq_fake_word(f, IRQ_FAKE_DEVICE) & 0x1f, 0x17); /* 2^11 */
    iommu_irq_message(blocks[55], 31, &msi);
    CHECK_EQ(msi.address, 0xfee00004);
    CHECK_EQ(msi.data, blocks[55]->first + 31);
    CHECK(msi.data >= 0x200);
    irq_fake_block(f->other, 1);
    CHECK_EQ(irq_fake_word(f, IRQ_FAKE_OTHER) & 0x1f, 0x13);
    CHECK_OK(iommu_irq_alloc_ioapic(f->iommu, 0, 2, &pin));
    CHECK_OK(iommu_irq_route(pin, 0, &plain));
    iommu_irq_ioapic_entry(pin, false, &rte);
    CHECK_EQ(rte, 0x800 | pin->first);
    irq_fake_free(f);

    f = started_many(512);
    irq_fake_block(f->device, 1);
    CHECK_EQ(irq_fake_word(f, IRQ_FAKE_DEVICE) & 0x1f, 0x13);
    irq_fake_free(f);
}

TEST(a_pin_sends_its_index_and_trigger)
{
    struct irq_fake *f = irq_fake_start();
    const struct iommu_irq_target level = { .apic_id = 5, .vector = 0x41, .level = true };
    struct iommu_irqs *edge, *pin;
    uint64_t rte;

    CHECK_OK(iommu_irq_alloc_ioapic(f->iommu, 0, 2, &edge));
    CHECK_OK(iommu_irq_alloc_ioapic(f->iommu, 0, 16, &pin));
    CHECK_OK(iommu_irq_route(edge, 0, &plain));
    CHECK_OK(iommu_irq_route(pin, 0, &level));
    check_entry(pin, 0, 0x501, 0x41); /* an entry has no trigger mode */
    iommu_irq_ioapic_entry(edge, false, &rte);
    CHECK_EQ(rte, edge->first);
    iommu_irq_ioapic_entry(pin, true, &rte);
    CHECK_EQ(rte, 0x8000 | 0x2000 | pin->first);
    CHECK_OK(iommu_irq_route(pin, 0, &moved));
    iommu_irq_ioapic_entry(pin, false, &rte);
    CHECK_EQ(rte, pin->first);
    CHECK_OK(iommu_irq_route(pin, 0, &level));
    CHECK_OK(iommu_irq_free(pin));
    CHECK_OK(iommu_irq_alloc_ioapic(f->iommu, 0, 17, &pin));
    CHECK_OK(iommu_irq_route(pin, 0, &plain));
    iommu_irq_ioapic_entry(pin, false, &rte);
    CHECK_EQ(rte, pin->first);
    irq_fake_free(f);
}

/* The IOAPIC knows an end of interrupt by bits 7:0: no two pins of it may have them in common. */
TEST(pins_never_have_the_same_vector)
{
    struct irq_fake *f = irq_fake_start();
    struct iommu_irqs *pin;
    bool vectors[256] = { false };

    for (unsigned n = 0; n < 256; n++) {
        uint64_t rte;

        CHECK_OK(iommu_irq_alloc_ioapic(f->iommu, 9, n, &pin));
        iommu_irq_ioapic_entry(pin, false, &rte);
        CHECK_EQ(rte & 0x700, 0);
        CHECK(!vectors[rte & 0xff]);
        vectors[rte & 0xff] = true;
    }
    CHECK_EQ(iommu_irq_alloc_ioapic(f->iommu, 9, 256, &pin), IOMMU_ERR_RANGE);
    CHECK_EQ(iommu_irq_alloc_ioapic(f->iommu, 7, 0, &pin), IOMMU_ERR_NOT_FOUND);
    irq_fake_free(f);
}

TEST(an_hpet_sends_messages)
{
    struct irq_fake *f = irq_fake_start();
    struct iommu_irqs *timer;
    struct iommu_msi msi;

    CHECK_OK(iommu_irq_alloc_hpet(f->iommu, 0, 3, &timer));
    CHECK_EQ(irq_fake_word(f, IRQ_FAKE_HPET) & REMAPPED, REMAPPED);
    CHECK_OK(iommu_irq_route(timer, 2, &plain));
    iommu_irq_message(timer, 2, &msi);
    CHECK_EQ(msi.address, 0xfee00000);
    CHECK_EQ(msi.data, timer->first + 2);
    check_entry(timer, 2, 0x501, 0x41);
    irq_fake_free(f);
}

/* ---- a fenced device ---- */

TEST(refusals_of_a_fenced_device_are_not_recorded)
{
    struct irq_fake *f = irq_fake_start();
    const struct iommu_entry fenced = { .kind = IOMMU_ENTRY_FENCED }, blocked = { .kind = IOMMU_ENTRY_BLOCKED };
    const uint16_t rid = IRQ_FAKE_OTHER;
    uint64_t word;

    irq_fake_block(f->other, 1);
    word = irq_fake_word(f, rid);
    CHECK_OK(amdvi_set_device(f->iommu->units[0], &rid, 1, &blocked, &fenced));
    CHECK_EQ(irq_fake_word(f, rid), word | 1 << 5);
    CHECK_OK(amdvi_set_device(f->iommu->units[0], &rid, 1, &fenced, &blocked));
    CHECK_EQ(irq_fake_word(f, rid), word);
    irq_fake_free(f);
}

/* ---- iommu/debug.h ---- */

TEST(any_bits_can_be_put_there)
{
    static const enum iommu_irq_format formats[] = { IOMMU_IRQ_FORMAT_LEGACY, IOMMU_IRQ_FORMAT_AUTO };

    for (unsigned i = 0; i < 2; i++) {
        struct irq_fake *f = started(formats[i]);
        struct iommu_irqs *irqs = irq_fake_block(f->device, 2);
        const struct iommu_debug_irq_entry wild = { .low = 0xdeadbeef, .high = i == 0 ? 0 : 0x123456789abcdef0 };
        struct iommu_msi msi;

        f->fake.write_count = 0;
        CHECK_OK(iommu_debug_irq_write(irqs, 1, &wild, false));
        CHECK_EQ(f->fake.write_count, 0);
        check_entry(irqs, 1, wild.low, wild.high);
        check_entry(irqs, 0, 0, 0);
        CHECK_OK(iommu_debug_irq_write(irqs, 1, &wild, true));
        CHECK_EQ(irq_fake_command(f, 2), INTERRUPTS(IRQ_FAKE_DEVICE));
        iommu_debug_irq_message(irqs, 700, &msi);
        CHECK_EQ(msi.data, (irqs->first + 700) & 0x7ff);
        irq_fake_free(f);
    }
}
