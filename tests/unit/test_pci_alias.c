/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/pci/alias.c: the ids that requests carry behind bridges. */
#include "fake_pci.h"
#include "test.h"

static struct fake_pci fake;

/* 00:01.0 leads to bus 1, whose 01:00.0 leads to bus 2 with 02:04.0. */
static struct fake_pci_function *upper, *lower;

static void chain(void)
{
    fake_pci_reset(&fake);
    upper = fake_pci_add_bridge(&fake, PCI_RID(0, 1, 0), 1, 2);
    lower = fake_pci_add_bridge(&fake, PCI_RID(1, 0, 0), 2, 2);
    fake_pci_add(&fake, 0, PCI_RID(2, 4, 0), 0x11e81234, 0x00ff00);
}

static size_t ids_of(uint16_t rid, uint16_t *ids, size_t max)
{
    return pci_requester_ids(pci_find(fake_pci_start(&fake), 0, rid), ids, max);
}

TEST(ports_add_no_id)
{
    uint16_t ids[8];

    chain();
    fake_pci_express(upper, PCI_EXP_ROOT_PORT);
    fake_pci_express(lower, PCI_EXP_UPSTREAM);
    CHECK_EQ(ids_of(0x0220, ids, 8), 1);
    CHECK_EQ(ids[0], 0x0220);
}

TEST(express_to_pci_bridge_adds_function_0_of_its_bus)
{
    uint16_t ids[8];

    chain();
    fake_pci_express(upper, PCI_EXP_ROOT_PORT);
    fake_pci_express(lower, PCI_EXP_TO_PCI_BRIDGE);
    CHECK_EQ(ids_of(0x0220, ids, 8), 2);
    CHECK_EQ(ids[0], 0x0220);
    CHECK_EQ(ids[1], 0x0200);
}

TEST(function_0_behind_the_bridge_is_named_once)
{
    uint16_t ids[8];

    chain();
    fake_pci_express(lower, PCI_EXP_TO_PCI_BRIDGE);
    fake_pci_express(upper, PCI_EXP_ROOT_PORT);
    fake_pci_add(&fake, 0, PCI_RID(2, 0, 0), 0x11e81234, 0x00ff00);
    CHECK_EQ(ids_of(0x0200, ids, 8), 1);
}

TEST(conventional_bridges_add_their_own_id)
{
    uint16_t ids[8];

    chain();
    CHECK_EQ(ids_of(0x0220, ids, 8), 3);
    CHECK_EQ(ids[1], 0x0100);
    CHECK_EQ(ids[2], 0x0008);
}

TEST(pci_to_express_bridge_adds_its_own_id)
{
    uint16_t ids[8];

    chain();
    fake_pci_express(upper, PCI_EXP_ROOT_PORT);
    fake_pci_express(lower, PCI_EXP_FROM_PCI_BRIDGE);
    CHECK_EQ(ids_of(0x0220, ids, 8), 2);
    CHECK_EQ(ids[1], 0x0100);
}

TEST(bridges_that_hide_their_express_side)
{
    uint16_t ids[8];

    chain();
    fake_pci_express(upper, PCI_EXP_ROOT_PORT);
    fake_pci_set(lower, 0, 4, 0x10801b21);
    CHECK_EQ(ids_of(0x0220, ids, 8), 2);
    CHECK_EQ(ids[1], 0x0200);
    fake_pci_set(lower, 0, 4, 0x10801b22); /* another maker's */
    CHECK_EQ(ids_of(0x0220, ids, 8), 2);
    CHECK_EQ(ids[1], 0x0100);

    /* The same chip on the root bus is what it says. */
    fake_pci_reset(&fake);
    fake_pci_set(fake_pci_add_bridge(&fake, PCI_RID(0, 0x1e, 0), 1, 1), 0, 4, 0x244e8086);
    fake_pci_add(&fake, 0, PCI_RID(1, 4, 0), 0x11e81234, 0x00ff00);
    CHECK_EQ(ids_of(0x0120, ids, 8), 2);
    CHECK_EQ(ids[1], 0x00f0);
}

TEST(quirks_add_ids_on_the_same_bus)
{
    static const struct {
        uint32_t vendor_device;
        uint16_t subsystem[2];
        size_t count;
        uint16_t ids[4];
    } cases[] = {
        { 0x91201b4b, { 0, 0 }, 2, { 0x001a, 0x0019 } },
        { 0xe8321180, { 0, 0 }, 2, { 0x001a, 0x0018 } },
        { 0x02859005, { 0x9005, 0x02bb }, 2, { 0x001a, 0x0008 } },
        { 0x02859005, { 0x9005, 0x1111 }, 1, { 0x001a } },
        { 0x22608086, { 0, 0 }, 4, { 0x001a, 0x0080, 0x0088, 0x0093 } },
        { 0x91211b4b, { 0, 0 }, 1, { 0x001a } },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fake_pci_function *hw;
        uint16_t ids[8];

        fake_pci_reset(&fake);
        hw = fake_pci_add(&fake, 0, PCI_RID(0, 3, 0), 0x00011111, 0x010601);
        fake_pci_set(hw, 0x0e, 1, 0x80);
        hw = fake_pci_add(&fake, 0, PCI_RID(0, 3, 2), cases[i].vendor_device, 0x010601);
        fake_pci_set(hw, 0x2c, 2, cases[i].subsystem[0]);
        fake_pci_set(hw, 0x2e, 2, cases[i].subsystem[1]);
        CHECK_EQ(ids_of(0x001a, ids, 8), cases[i].count);
        for (size_t k = 0; k < cases[i].count; k++)
            CHECK_EQ(ids[k], cases[i].ids[k]);
    }
}

TEST(no_more_ids_than_there_is_room_for)
{
    uint16_t ids[2] = { 0, 0xabcd };

    chain();
    CHECK_EQ(ids_of(0x0220, ids, 1), 1);
    CHECK_EQ(ids[1], 0xabcd);
}

TEST(bridges_above_are_listed_nearest_first)
{
    uint16_t rids[4];
    struct pci_function *f;

    chain();
    f = pci_find(fake_pci_start(&fake), 0, 0x0220);
    CHECK_EQ(pci_bridges_above(f, rids, 4), 2);
    CHECK_EQ(rids[0], 0x0100);
    CHECK_EQ(rids[1], 0x0008);
    CHECK_EQ(pci_bridges_above(f, rids, 1), 1);
}
