/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/pci/msi.c: messages where the capability is sound, none where it is not; the wire. */
#include "fake_pci.h"
#include "test.h"

static struct fake_pci fake;
static struct fake_pci_function *hw;

#define MESSAGE 0xfee01000ull
#define DATA 0x4040u

/* A function with an MSI capability at a place. */
static struct pci_function *device(uint8_t cap, uint32_t control)
{
    fake_pci_reset(&fake);
    hw = fake_pci_add(&fake, 0, 0x18, 0x00101b36, 0x010802);
    if (cap != 0) {
        fake_pci_cap(hw, cap, 0x05, 0);
        fake_pci_set(hw, (uint16_t)(cap + 2), 2, control);
    }
    return pci_first(fake_pci_start(&fake));
}

TEST(with_64_bits_and_masks)
{
    struct pci_function *f = device(0x40, 0x01a4);  /* 4 capable; firmware left 4 on */
    uint64_t address;
    uint32_t data;

    CHECK_EQ(pci_msi_count(f), 4);
    CHECK(pci_msi_enable(f, 1, 0x1fee00000ull, DATA));
    CHECK_EQ(fake_pci_get(hw, 0x44, 4), 0xfee00000);
    CHECK_EQ(fake_pci_get(hw, 0x48, 4), 1);
    CHECK_EQ(fake_pci_get(hw, 0x4c, 2), DATA);
    CHECK_EQ(fake_pci_get(hw, 0x50, 4), 0xffffffff);
    CHECK_EQ(fake_pci_get(hw, 0x42, 2), 0x0185);
    pci_msi_read(f, &address, &data);
    CHECK_EQ(address, 0x1fee00000ull);
    CHECK_EQ(data, DATA);
    pci_msi_disable(f);
    CHECK_EQ(fake_pci_get(hw, 0x42, 2), 0x0184);
}

TEST(with_32_bits)
{
    struct pci_function *f = device(0x40, 0);
    uint64_t address;
    uint32_t data;

    CHECK_EQ(pci_msi_count(f), 1);
    CHECK(pci_msi_enable(f, 1, MESSAGE, DATA));
    CHECK_EQ(fake_pci_get(hw, 0x44, 4), MESSAGE);
    CHECK_EQ(fake_pci_get(hw, 0x48, 2), DATA);
    CHECK_EQ(fake_pci_get(hw, 0x4c, 4), 0);
    CHECK_EQ(fake_pci_get(hw, 0x42, 2), 0x0001);
    pci_msi_read(f, &address, &data);
    CHECK_EQ(address, MESSAGE);
    CHECK_EQ(data, DATA);
    CHECK(!pci_msi_enable(f, 1, 0x1fee00000ull, DATA));
    CHECK_EQ(fake_pci_get(hw, 0x42, 2), 0);         /* not left on with half an address */
    CHECK(fake_pci_logged(&fake, "MSI address has 32 bits"));
}

/* Multiple Message Enable is log2: 0 for 1, 2 for 3 and 4, 5 for 32. */
TEST(several_messages)
{
    struct pci_function *f = device(0x40, 0x008a);

    CHECK_EQ(pci_msi_count(f), 32);
    CHECK(pci_msi_enable(f, 3, MESSAGE, DATA));
    CHECK_EQ(fake_pci_get(hw, 0x42, 2), 0x00ab);
    CHECK(pci_msi_enable(f, 32, MESSAGE, DATA));
    CHECK_EQ(fake_pci_get(hw, 0x42, 2), 0x00db);
    CHECK(!pci_msi_enable(f, 33, MESSAGE, DATA));
    CHECK(!pci_msi_enable(f, 0, MESSAGE, DATA));
    f = device(0x40, 0x0084);
    CHECK(!pci_msi_enable(f, 5, MESSAGE, DATA));
    CHECK_EQ(fake_pci_get(hw, 0x42, 2), 0x0084);
}

TEST(one_mask_bit_a_message)
{
    struct pci_function *f = device(0x40, 0x018a);

    CHECK(pci_msi_enable(f, 4, MESSAGE, DATA));
    CHECK(pci_msi_mask(f, 3, false));
    CHECK_EQ(fake_pci_get(hw, 0x50, 4), 0xfffffff7);
    CHECK(pci_msi_mask(f, 0, false));
    CHECK(pci_msi_mask(f, 3, true));
    CHECK_EQ(fake_pci_get(hw, 0x50, 4), 0xfffffffe);
    CHECK(!pci_msi_pending(f, 3));
    fake_pci_set(hw, 0x54, 4, 1 << 3);
    CHECK(pci_msi_pending(f, 3));
    CHECK(!pci_msi_pending(f, 2));
}

TEST(masks_with_32_bits)
{
    struct pci_function *f = device(0x40, 0x0100);

    CHECK(pci_msi_enable(f, 1, MESSAGE, DATA));
    CHECK_EQ(fake_pci_get(hw, 0x4c, 4), 0xffffffff);
    CHECK(pci_msi_mask(f, 0, false));
    CHECK_EQ(fake_pci_get(hw, 0x4c, 4), 0xfffffffe);
    fake_pci_set(hw, 0x50, 4, 1);
    CHECK(pci_msi_pending(f, 0));
}

TEST(without_mask_bits_nothing_is_masked)
{
    struct pci_function *f = device(0x40, 0x0080);

    CHECK(pci_msi_enable(f, 1, MESSAGE, DATA));
    fake_pci_set(hw, 0x54, 4, 1);
    CHECK(!pci_msi_mask(f, 0, true));
    CHECK_EQ(fake_pci_get(hw, 0x50, 4), 0);
    CHECK(!pci_msi_pending(f, 0));
}

/* The last forms that fit before 100h, and the first that do not. */
TEST(beyond_its_place_is_refused)
{
    static const struct {
        uint8_t cap;
        uint32_t control;
        bool fits;
    } places[] = {
        { 0xf4, 0x0000, true }, { 0xf8, 0x0000, false }, { 0xf0, 0x0080, true }, { 0xf4, 0x0080, false },
        { 0xec, 0x0100, true }, { 0xf0, 0x0100, false }, { 0xe8, 0x0180, true }, { 0xec, 0x0180, false },
    };

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct pci_function *f = device(places[i].cap, places[i].control);

        CHECK_EQ(pci_msi_count(f), places[i].fits);
        CHECK_EQ(fake_pci_logged(&fake, "MSI capability reaches beyond its place"), !places[i].fits);
        CHECK_EQ(pci_msi_enable(f, 1, MESSAGE, DATA), places[i].fits);
    }
}

TEST(reserved_counts_are_refused)
{
    CHECK_EQ(pci_msi_count(device(0x40, 0x008c)), 0);
    CHECK(fake_pci_logged(&fake, "reserved number of messages"));
    CHECK_EQ(pci_msi_count(device(0x40, 0x008e)), 0);
    CHECK(!pci_msi_enable(pci_first(fake_pci_start(&fake)), 1, MESSAGE, DATA));
    CHECK_EQ(fake_pci_get(hw, 0x42, 2), 0x008e);
}

TEST(none_is_no_error)
{
    struct pci_function *f = device(0, 0);

    CHECK_EQ(pci_msi_count(f), 0);
    CHECK(!pci_msi_enable(f, 1, MESSAGE, DATA));
    pci_msi_disable(f);
    CHECK_STR(fake.log, "");
}

TEST(the_wire)
{
    struct pci_function *f = device(0, 0);

    CHECK_EQ(pci_intx_pin(f), 0);
    fake_pci_set(hw, 0x3d, 1, 2);
    CHECK_EQ(pci_intx_pin(f), 2);
    fake_pci_set(hw, 0x04, 2, 0x0006);
    pci_intx_enable(f, false);
    CHECK_EQ(fake_pci_get(hw, 0x04, 2), 0x0406);
    pci_intx_enable(f, true);
    CHECK_EQ(fake_pci_get(hw, 0x04, 2), 0x0006);
    CHECK(!pci_intx_asserted(f));
    fake_pci_set(hw, 0x06, 2, 0x0008);
    CHECK(pci_intx_asserted(f));
}
