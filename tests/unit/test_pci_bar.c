/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/pci/bar.c: sizes, and nothing disturbed by taking them. */
#include "fake_pci.h"
#include "test.h"

static struct fake_pci fake;
static struct fake_pci_function *hw;

static void device(uint32_t class_code)
{
    fake_pci_reset(&fake);
    hw = fake_pci_add(&fake, 0, 0x18, 0x00101b36, class_code);
}

TEST(memory_and_io_bars_are_sized)
{
    struct pci_function *f;

    device(0x010802);
    fake_pci_bar(hw, 0, 0xfebd0000, 0x10000);
    fake_pci_bar(hw, 1, 0x0000c041, 0x20);          /* I/O */
    hw->bar_writable[1] &= 0xffff;                  /* upper half hard-wired */
    fake_pci_bar(hw, 2, 0x80000008, 0x80000000);    /* prefetchable, 2 GiB */
    f = pci_first(fake_pci_start(&fake));
    CHECK_EQ(f->bars[0].pa, 0xfebd0000);
    CHECK_EQ(f->bars[0].len, 0x10000);
    CHECK(!f->bars[0].io && !f->bars[0].is_64bit && !f->bars[0].prefetchable);
    CHECK_EQ(f->bars[1].pa, 0xc040);
    CHECK_EQ(f->bars[1].len, 0x20);
    CHECK(f->bars[1].io);
    CHECK_EQ(f->bars[2].len, 0x80000000);
    CHECK(f->bars[2].prefetchable);
    CHECK_EQ(f->bars[3].len, 0);
}

TEST(wide_bars_take_two_registers)
{
    struct pci_function *f;

    device(0x010802);
    fake_pci_bar(hw, 0, 0x0000000c, 0);             /* 16 GiB at 20_00000000h */
    hw->bar_writable[0] = 0;
    fake_pci_bar(hw, 1, 0x00000020, 4);
    hw->bar_writable[1] = 0xfffffffc;
    fake_pci_bar(hw, 2, 0xfebf0004, 0x4000);
    hw->bar_writable[3] = 0xffffffff;
    f = pci_first(fake_pci_start(&fake));
    CHECK_EQ(f->bars[0].pa, 0x2000000000ull);
    CHECK_EQ(f->bars[0].len, 0x400000000ull);
    CHECK(f->bars[0].is_64bit && f->bars[0].prefetchable);
    CHECK_EQ(f->bars[1].len, 0);
    CHECK_EQ(f->bars[2].pa, 0xfebf0000);
    CHECK_EQ(f->bars[2].len, 0x4000);
    CHECK_EQ(f->bars[3].len, 0);
}

TEST(unassigned_bar_has_no_length)
{
    struct pci_function *f;

    device(0x010802);
    fake_pci_bar(hw, 0, 0x00000004, 0x4000);
    hw->bar_writable[1] = 0xffffffff;
    f = pci_first(fake_pci_start(&fake));
    CHECK_EQ(f->bars[0].pa, 0);
    CHECK_EQ(f->bars[0].len, 0);
}

TEST(everything_is_restored_and_nothing_moves_while_decoding)
{
    device(0x010802);
    fake_pci_bar(hw, 0, 0xfebd0000, 0x10000);
    fake_pci_bar(hw, 1, 0x0000c041, 0x20);
    fake_pci_start(&fake);
    CHECK_EQ(fake_pci_get(hw, 0x10, 4), 0xfebd0000);
    CHECK_EQ(fake_pci_get(hw, 0x14, 4), 0x0000c041);
    CHECK_EQ(fake_pci_get(hw, 0x04, 2), 0x0003);    /* bus mastering alone is gone */
    CHECK_EQ(fake.bar_moved_while_decoding, 0);
}

TEST(decoding_that_was_off_stays_off)
{
    device(0x010802);
    fake_pci_bar(hw, 0, 0xfebd0000, 0x10000);
    fake_pci_set(hw, 0x04, 2, 0);
    CHECK_EQ(pci_first(fake_pci_start(&fake))->bars[0].len, 0x10000);
    CHECK_EQ(fake_pci_get(hw, 0x04, 2), 0);
}

TEST(bridges_of_any_kind_are_left_alone)
{
    static const uint32_t kinds[] = { 0x060000, 0x060100, 0x068000 };

    for (size_t i = 0; i < 3; i++) {
        device(kinds[i]);
        fake_pci_bar(hw, 0, 0xfebd0000, 0x10000);
        CHECK_EQ(pci_first(fake_pci_start(&fake))->bars[0].len, 0);
    }
}

TEST(broken_size_masks_are_reported)
{
    struct pci_function *f;

    device(0x010802);
    fake_pci_bar(hw, 0, 0xf0f00000, 0x1000);
    hw->bar_writable[0] = 0xf0f00000;
    fake_pci_bar(hw, 5, 0x80000004, 0x1000);
    f = pci_first(fake_pci_start(&fake));
    CHECK_EQ(f->bars[0].len, 0);
    CHECK_EQ(f->bars[5].len, 0);
    CHECK(fake_pci_logged(&fake, "0000:00:03.0 BAR 0 has size mask 0xf0f00000"));
    CHECK(fake_pci_logged(&fake, "0000:00:03.0 last BAR says it has 64 bits"));
}
