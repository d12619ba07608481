/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/pci/msi.c: messages where the capability is sound, none where it is not. */
#include "fake_pci.h"
#include "test.h"

static struct fake_pci fake;
static struct fake_pci_function *hw;

#define MESSAGE 0xfee01000ull
#define DATA 0x4041u

static void device(void)
{
    fake_pci_reset(&fake);
    hw = fake_pci_add(&fake, 0, 0x18, 0x00101b36, 0x010802);
    fake_pci_bar(hw, 0, (uint32_t)FAKE_PCI_REGISTERS, 0x4000);
}

static void msix(uint16_t entries, uint32_t table)
{
    fake_pci_cap(hw, 0x40, 0x11, 0x00);
    fake_pci_set(hw, 0x42, 2, entries - 1u);
    fake_pci_set(hw, 0x44, 4, table);
}

static bool enable(unsigned vector)
{
    return pci_msi_enable(pci_first(fake_pci_start(&fake)), vector, MESSAGE, DATA);
}

static uint32_t register32(size_t offset)
{
    uint32_t value;

    memcpy(&value, fake.registers + offset, sizeof(value));
    return value;
}

TEST(msix_entry_is_programmed)
{
    device();
    msix(4, 0x2000);
    fake.registers[0x202c] = 1;                         /* masked, as after reset */
    CHECK(enable(2));
    CHECK_EQ(register32(0x2020), MESSAGE);
    CHECK_EQ(register32(0x2024), 0);
    CHECK_EQ(register32(0x2028), DATA);
    CHECK_EQ(register32(0x202c), 0);
    CHECK_EQ(fake_pci_get(hw, 0x42, 2), 0x8003);        /* enabled, not masked */
    CHECK_EQ(register32(0x2000), 0);                    /* others untouched */
}

TEST(msix_disable_masks)
{
    struct pci_function *f;

    device();
    msix(4, 0x2000);
    f = pci_first(fake_pci_start(&fake));
    CHECK(pci_msi_enable(f, 0, MESSAGE, DATA));
    pci_msi_disable(f);
    CHECK_EQ(fake_pci_get(hw, 0x42, 2), 0x4003);
    CHECK(pci_msi_enable(f, 0, MESSAGE, DATA));
    CHECK_EQ(fake_pci_get(hw, 0x42, 2), 0x8003);
}

TEST(msix_table_in_no_bar_is_refused)
{
    device();
    msix(4, 0x2006);
    CHECK(!enable(0));
    CHECK(fake_pci_logged(&fake, "BAR that does not exist"));
    CHECK_EQ(fake_pci_get(hw, 0x42, 2), 0x0003);
}

TEST(msix_table_in_an_empty_bar_is_refused)
{
    device();
    msix(4, 0x2003);
    CHECK(!enable(0));
    CHECK(fake_pci_logged(&fake, "BAR without memory"));
}

TEST(msix_table_beyond_its_bar_is_refused)
{
    device();
    msix(4, 0x3fc8);        /* 64 bytes from 3fc8h end at 4008h */
    CHECK(!enable(0));
    CHECK(fake_pci_logged(&fake, "reaches beyond its BAR"));
    device();
    msix(4, 0x3fc0);
    CHECK(enable(0));
    device();
    msix(1, 0xfffffff8);
    CHECK(!enable(0));
}

TEST(msix_needs_memory_decode)
{
    device();
    msix(4, 0x2000);
    fake_pci_set(hw, 0x04, 2, 0);
    CHECK(!enable(0));
    CHECK(fake_pci_logged(&fake, "memory decode is off"));
}

TEST(msi_with_64_bits)
{
    struct pci_function *f;

    device();
    fake_pci_cap(hw, 0x40, 0x05, 0);
    fake_pci_set(hw, 0x42, 2, 0x01a0);      /* maskable, 64-bit, firmware left 4 messages on */
    fake_pci_set(hw, 0x50, 4, 0xf);
    f = pci_first(fake_pci_start(&fake));
    CHECK(pci_msi_enable(f, 0, 0x1fee00000ull, DATA));
    CHECK_EQ(fake_pci_get(hw, 0x44, 4), 0xfee00000);
    CHECK_EQ(fake_pci_get(hw, 0x48, 4), 1);
    CHECK_EQ(fake_pci_get(hw, 0x4c, 2), DATA);
    CHECK_EQ(fake_pci_get(hw, 0x50, 4), 0);
    CHECK_EQ(fake_pci_get(hw, 0x42, 2), 0x0181);
    pci_msi_disable(f);
    CHECK_EQ(fake_pci_get(hw, 0x42, 2), 0x0180);
}

TEST(msi_with_32_bits)
{
    struct pci_function *f;

    device();
    fake_pci_cap(hw, 0x40, 0x05, 0);
    f = pci_first(fake_pci_start(&fake));
    CHECK(pci_msi_enable(f, 0, MESSAGE, DATA));
    CHECK_EQ(fake_pci_get(hw, 0x44, 4), MESSAGE);
    CHECK_EQ(fake_pci_get(hw, 0x48, 2), DATA);
    CHECK_EQ(fake_pci_get(hw, 0x4c, 4), 0);
    CHECK_EQ(fake_pci_get(hw, 0x42, 2), 0x0001);
    CHECK(!pci_msi_enable(f, 0, 0x1fee00000ull, DATA));
}

TEST(msi_has_one_vector_only)
{
    device();
    fake_pci_cap(hw, 0x40, 0x05, 0);
    CHECK(!enable(1));
}

TEST(msix_is_preferred_to_msi)
{
    device();
    msix(1, 0x2000);
    fake_pci_cap(hw, 0x60, 0x05, 0x00);
    fake_pci_cap(hw, 0x40, 0x11, 0x60);
    CHECK(enable(0));
    CHECK_EQ(fake_pci_get(hw, 0x62, 2), 0);
    CHECK(!enable(1));
}

TEST(msi_beyond_its_place_is_refused)
{
    device();
    fake_pci_cap(hw, 0xf4, 0x05, 0);
    CHECK(!enable(0));
    CHECK(fake_pci_logged(&fake, "MSI capability reaches beyond its place"));
}

TEST(neither_is_no_error)
{
    device();
    CHECK(!enable(0));
    CHECK_STR(fake.log, "");
}
