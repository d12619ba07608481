/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/pci/msix.c: the table and its pending bits, where the capability is sound. */
#include "fake_pci.h"
#include "test.h"

static struct fake_pci fake;
static struct fake_pci_function *hw;

#define MESSAGE 0x1fee01000ull
#define DATA 0x4041u

/* A BAR of 16 KiB; table and pending bits where the words say. */
static struct pci_function *device(uint16_t entries, uint32_t table, uint32_t pending)
{
    fake_pci_reset(&fake);
    hw = fake_pci_add(&fake, 0, 0x18, 0x00101b36, 0x010802);
    fake_pci_bar(hw, 0, (uint32_t)FAKE_PCI_REGISTERS, 0x4000);
    fake_pci_cap(hw, 0x40, 0x11, 0x00);
    fake_pci_set(hw, 0x42, 2, entries - 1u);
    fake_pci_set(hw, 0x44, 4, table);
    fake_pci_set(hw, 0x48, 4, pending);
    return pci_first(fake_pci_start(&fake));
}

static uint32_t register32(size_t offset)
{
    uint32_t value;

    memcpy(&value, fake.registers + offset, sizeof(value));
    return value;
}

TEST(an_entry_is_programmed)
{
    struct pci_function *f = device(4, 0x2000, 0x3000);
    uint64_t address;
    uint32_t data;

    CHECK_EQ(pci_msix_count(f), 4);
    CHECK(!pci_msix_enabled(f));
    CHECK(pci_msix_enable(f));
    CHECK_EQ(fake_pci_get(hw, 0x42, 2), 0x8003);        /* enabled, the function not masked */
    CHECK(pci_msix_enabled(f));
    for (size_t i = 0; i < 4; i++)
        CHECK_EQ(register32(0x200c + 16 * i), 1);
    pci_msix_write(f, 2, MESSAGE, DATA);
    CHECK_EQ(register32(0x2020), (uint32_t)MESSAGE);
    CHECK_EQ(register32(0x2024), 1);
    CHECK_EQ(register32(0x2028), DATA);
    CHECK_EQ(register32(0x202c), 1);                    /* masked as it was */
    pci_msix_mask(f, 2, false);
    CHECK_EQ(register32(0x202c), 0);
    pci_msix_write(f, 2, MESSAGE, DATA + 1);
    CHECK_EQ(register32(0x2028), DATA + 1);
    CHECK_EQ(register32(0x202c), 0);
    pci_msix_read(f, 2, &address, &data);
    CHECK_EQ(address, MESSAGE);
    CHECK_EQ(data, DATA + 1);
    CHECK_EQ(register32(0x2000), 0);                    /* others untouched */
    CHECK_EQ(register32(0x2030), 0);
}

/* Bits 31:16 of the control word are the steering tag. */
TEST(the_mask_keeps_other_bits)
{
    struct pci_function *f = device(1, 0x2000, 0x3000);

    memcpy(fake.registers + 0x200c, &(uint32_t){ 0x00120000 }, 4);
    CHECK_EQ(pci_msix_count(f), 1);
    pci_msix_mask(f, 0, true);
    CHECK_EQ(register32(0x200c), 0x00120001);
    pci_msix_mask(f, 0, false);
    CHECK_EQ(register32(0x200c), 0x00120000);
}

/* Memory writes are posted: the device has the mask only once a read has come back. */
TEST(the_mask_has_arrived)
{
    struct pci_function *f = device(1, 0x2000, 0x3000);

    CHECK_EQ(pci_msix_count(f), 1);
    pci_msix_mask(f, 0, false);
    CHECK(fake.write_on_its_way);
    pci_msix_mask(f, 0, true);
    CHECK(!fake.write_on_its_way);
}

TEST(pending_bits)
{
    struct pci_function *f = device(70, 0x2000, 0x3008);

    CHECK_EQ(pci_msix_count(f), 70);
    fake.registers[0x3008 + 8] = 1 << 1;                /* entry 65 */
    fake.registers[0x3008 + 4] = 1 << 3;                /* entry 35 */
    CHECK(pci_msix_pending(f, 65));
    CHECK(pci_msix_pending(f, 35));
    CHECK(!pci_msix_pending(f, 64));
    CHECK(!pci_msix_pending(f, 3));
}

TEST(disable_masks_and_enable_helps_again)
{
    struct pci_function *f = device(4, 0x2000, 0x3000);

    CHECK(pci_msix_enable(f));
    pci_msix_disable(f);
    CHECK_EQ(fake_pci_get(hw, 0x42, 2), 0x4003);
    CHECK(pci_msix_enable(f));
    CHECK_EQ(fake_pci_get(hw, 0x42, 2), 0x8003);
}

static void refused(uint16_t entries, uint32_t table, uint32_t pending, const char *why)
{
    struct pci_function *f = device(entries, table, pending);

    CHECK_EQ(pci_msix_count(f), 0);
    CHECK(fake_pci_logged(&fake, why));
    CHECK(!pci_msix_enable(f));
    CHECK_EQ(fake_pci_get(hw, 0x42, 2), entries - 1u);
}

TEST(outside_of_its_memory_is_refused)
{
    refused(4, 0x2006, 0x3000, "MSI-X table is in a BAR that does not exist");
    refused(4, 0x2003, 0x3000, "MSI-X table is in a BAR without memory");
    refused(4, 0x3fc8, 0x3000, "MSI-X table reaches beyond its BAR");   /* 64 bytes from there end at 4008h */
    refused(1, 0xfffffff8, 0x3000, "MSI-X table reaches beyond its BAR");
    refused(4, 0x2000, 0x3007, "MSI-X pending bits are in a BAR that does not exist");
    refused(4, 0x2000, 0x3001, "MSI-X pending bits are in a BAR without memory");
    refused(65, 0x2000, 0x3ff8, "MSI-X pending bits reach beyond their BAR");
    CHECK_EQ(pci_msix_count(device(4, 0x3fc0, 0x3000)), 4);
    CHECK_EQ(pci_msix_count(device(64, 0x2000, 0x3ff8)), 64);
}

/* What a device says of its size later, or all ones after it has gone, is not what was mapped. */
TEST(a_size_that_changes_is_not_believed)
{
    struct pci_function *f = device(4, 0x2000, 0x3000);

    CHECK_EQ(pci_msix_count(f), 4);
    fake_pci_set(hw, 0x42, 2, 0x7ff);
    CHECK_EQ(pci_msix_count(f), 4);
    CHECK(pci_msix_enable(f));
    CHECK_EQ(register32(0x203c), 1);
    CHECK_EQ(register32(0x204c), 0);                    /* of a fifth entry */
    f = device(4, 0x2000, 0x3007);
    CHECK_EQ(pci_msix_count(f), 0);                     /* the table is mapped by then */
    fake_pci_set(hw, 0x42, 2, 0x7ff);
    fake_pci_set(hw, 0x48, 4, 0x3000);
    CHECK_EQ(pci_msix_count(f), 4);
}

TEST(beyond_the_last_entry_nothing_is_touched)
{
    struct pci_function *f = device(4, 0x2000, 0x2038);
    uint64_t address;
    uint32_t data;

    CHECK_EQ(pci_msix_count(f), 4);
    memset(fake.registers + 0x2000, 0xff, 0x60);
    pci_msix_mask(f, 4, false);
    pci_msix_write(f, 4, MESSAGE, DATA);
    for (size_t at = 0x2040; at < 0x2060; at += 4)
        CHECK_EQ(register32(at), 0xffffffff);
    pci_msix_read(f, 4, &address, &data);
    CHECK(address == 0 && data == 0);
    CHECK(pci_msix_pending(f, 3));
    CHECK(!pci_msix_pending(f, 4));
}

TEST(an_unmappable_table_is_refused)
{
    struct pci_function *f = device(4, 0x2000, 0x3000);

    fake.map_fails = true;
    CHECK_EQ(pci_msix_count(f), 0);
    CHECK(fake_pci_logged(&fake, "MSI-X table cannot be mapped"));
    fake.map_fails = false;
    CHECK_EQ(pci_msix_count(f), 4);
}

TEST(memory_decode_is_needed)
{
    struct pci_function *f = device(4, 0x2000, 0x3000);

    fake_pci_set(hw, 0x04, 2, 0);
    CHECK(!pci_msix_enable(f));
    CHECK(fake_pci_logged(&fake, "memory decode is off"));
}

TEST(beyond_its_place_is_refused)
{
    struct pci_function *f;

    fake_pci_reset(&fake);
    hw = fake_pci_add(&fake, 0, 0x18, 0x00101b36, 0x010802);
    fake_pci_bar(hw, 0, (uint32_t)FAKE_PCI_REGISTERS, 0x4000);
    fake_pci_cap(hw, 0xf8, 0x11, 0x00);
    f = pci_first(fake_pci_start(&fake));
    CHECK_EQ(pci_msix_count(f), 0);
    CHECK(fake_pci_logged(&fake, "MSI-X capability reaches beyond its place"));
}

TEST(none_is_no_error)
{
    struct pci_function *f;

    fake_pci_reset(&fake);
    hw = fake_pci_add(&fake, 0, 0x18, 0x00101b36, 0x010802);
    f = pci_first(fake_pci_start(&fake));
    CHECK_EQ(pci_msix_count(f), 0);
    CHECK(!pci_msix_enabled(f));
    pci_msix_disable(f);
    CHECK_STR(fake.log, "");
}
