/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/pci/reach.c: what a request may reach before it meets a unit, on made-up machines. */
#include "fake_pci.h"
#include "test.h"

#include "pci_group.h"

#define ALL 0x1d        /* SV RR CR UF, PCI Express 6.0 §7.7.11.2 */
#define NOT_RR 0x19
#define NOT_UF 0x0d

/*
 * Root port 02.0 with a switch, two downstream ports with a device each; root port 03.0 with a
 * device; the bridge 04.0 to a conventional bus with a device.
 */
static struct pci_function root, up, down[2], end[2], other, lonely, bridge, slow;
static struct pci_range seen[16];

static void port(struct pci_function *f, uint16_t rid, struct pci_function *parent,
                 enum pci_express_type type, uint64_t start, uint64_t end_pa)
{
    *f = (struct pci_function){ .rid = rid,
                                 .parent = parent,
                                 .express_type = type,
                                 .is_bridge = true,
                                 .cap_acs = 0x100,
                                 .acs_capability = ALL,
                                 .acs_control = ALL,
                                 .windows = { { start, end_pa } } };
}

static void begin(void)
{
    struct pci_function *list[] = { &root,   &up,    &down[0], &end[0], &down[1],
                                    &end[1], &other, &lonely,  &bridge, &slow };

    port(&root, 0x0010, NULL, PCI_EXP_ROOT_PORT, 0xe0000000, 0xe0400000);
    port(&up, 0x0100, &root, PCI_EXP_UPSTREAM, 0xe0000000, 0xe0300000);
    port(&down[0], 0x0200, &up, PCI_EXP_DOWNSTREAM, 0xe0000000, 0xe0100000);
    port(&down[1], 0x0208, &up, PCI_EXP_DOWNSTREAM, 0xe0100000, 0xe0200000);
    up.cap_acs = 0;
    end[0] = (struct pci_function){ .rid = 0x0300,
                                     .parent = &down[0],
                                     .bars = { { .pa = 0xe0000000, .len = 4096 } } };
    end[1] = (struct pci_function){ .rid = 0x0400,
                                     .parent = &down[1],
                                     .bars = { { .pa = 0xe0100000, .len = 4096 } } };
    port(&other, 0x0018, NULL, PCI_EXP_ROOT_PORT, 0xe1000000, 0xe1100000);
    lonely = (struct pci_function){ .rid = 0x0500, .parent = &other };
    port(&bridge, 0x0020, NULL, PCI_EXP_TO_PCI_BRIDGE, 0xe2000000, 0xe2100000);
    bridge.windows[1] = (struct pci_range){ 0x800000000, 0x800100000 };
    bridge.cap_acs = 0;
    slow = (struct pci_function){ .rid = 0x0608, .parent = &bridge, .express_type = PCI_EXP_NONE };
    for (size_t i = 0; i + 1 < sizeof(list) / sizeof(list[0]); i++)
        list[i]->next = list[i + 1];
}

static void reaches(const struct pci_function *f, size_t count)
{
    CHECK_EQ(pci_turned_ranges(&root, f, NULL, seen, 16), count);
}

static void is_range(size_t index, uint64_t start, uint64_t end_pa)
{
    CHECK_EQ(seen[index].start, start);
    CHECK_EQ(seen[index].end, end_pa);
}

TEST(ports_that_redirect_let_nothing_by)
{
    begin();
    reaches(&end[0], 0);
    reaches(&end[1], 0);
    reaches(&lonely, 0);
}

TEST(a_switch_s_port_reaches_what_the_switch_has)
{
    begin();
    down[0].acs_control = NOT_RR;
    reaches(&end[0], 1);
    is_range(0, 0xe0000000, 0xe0300000);
    reaches(&end[1], 0);
    /* Only what lies below itself. */
    down[0].acs_control = NOT_UF;
    reaches(&end[0], 1);
    is_range(0, 0xe0000000, 0xe0100000);
    down[0].cap_acs = down[0].acs_control = 0;
    reaches(&end[0], 2);
    is_range(0, 0xe0000000, 0xe0100000);
    is_range(1, 0xe0000000, 0xe0300000);
}

TEST(a_root_port_keeps_what_is_below_it)
{
    begin();
    root.acs_control = NOT_UF;
    reaches(&end[0], 1);
    is_range(0, 0xe0000000, 0xe0400000);
    reaches(&lonely, 0);
    /* Another root port is reached where both are functions of one device. */
    root.acs_control = other.acs_control = NOT_RR;
    reaches(&end[0], 0);
    root.multifunction = other.multifunction = true;
    other.rid = 0x0011;
    reaches(&end[0], 1);
    is_range(0, 0xe1000000, 0xe1100000);
    reaches(&lonely, 1);
    is_range(0, 0xe0000000, 0xe0400000);
    other.acs_control = ALL;
    reaches(&lonely, 0);
}

TEST(a_conventional_bus_keeps_its_windows)
{
    begin();
    reaches(&slow, 2);
    is_range(0, 0xe2000000, 0xe2100000);
    is_range(1, 0x800000000, 0x800100000);
    bridge.express_type = PCI_EXP_NONE;
    reaches(&slow, 2);
    /* No more than there is room for. */
    seen[1].start = 5;
    CHECK_EQ(pci_turned_ranges(&root, &slow, NULL, seen, 1), 2);
    CHECK_EQ(seen[1].start, 5);
}

TEST(functions_of_one_device)
{
    begin();
    end[0].multifunction = true;
    end[1] = (struct pci_function){ .next = end[1].next, .rid = 0x0301, .parent = &down[0],
                                    .bars = { { .pa = 0xe0002000, .len = 0x1000 },
                                              { .pa = 0xc000, .len = 0x20, .io = true } } };
    reaches(&end[0], 1);
    is_range(0, 0xe0002000, 0xe0003000);
    reaches(&end[1], 1);
    is_range(0, 0xe0000000, 0xe0001000);
    end[1].cap_acs = 0x100;
    end[1].acs_capability = end[1].acs_control = 0x0c;
    reaches(&end[1], 0);
    /* As in groups: one that is isolated itself is not reached. */
    reaches(&end[0], 0);
}

/*
 * PCI-to-PCI Bridge 1.2 §3.2.5: 1 MiB units, limits inclusive, bit 0 of the prefetchable pair: 64
 * bits.
 */
TEST(windows_of_a_bridge)
{
    static struct fake_pci fake;
    struct fake_pci_function *hw;
    struct pci_function *f;

    fake_pci_reset(&fake);
    hw = fake_pci_add_bridge(&fake, 0x0010, 1, 1);
    fake_pci_set(hw, 0x04, 2, 0x0002);
    fake_pci_set(hw, 0x20, 4, 0xe010e000);
    fake_pci_set(hw, 0x24, 4, 0x00110001);
    fake_pci_set(hw, 0x28, 4, 8);
    fake_pci_set(hw, 0x2c, 4, 8);
    f = pci_first(fake_pci_start(&fake));
    CHECK_EQ(f->windows[0].start, 0xe0000000);
    CHECK_EQ(f->windows[0].end, 0xe0200000);
    CHECK_EQ(f->windows[1].start, 0x800000000);
    CHECK_EQ(f->windows[1].end, 0x800200000);
    /* 32 bits: what stands in the upper halves is nothing. Closed: the limit below the base. */
    fake_pci_set(hw, 0x24, 4, 0xe210e200);
    fake_pci_set(hw, 0x20, 4, 0xe000e010);
    f = pci_first(fake_pci_start(&fake));
    CHECK_EQ(f->windows[0].end, 0);
    CHECK_EQ(f->windows[1].start, 0xe2000000);
    CHECK_EQ(f->windows[1].end, 0xe2200000);
    fake_pci_set(hw, 0x04, 2, 0);       /* nothing is passed down */
    f = pci_first(fake_pci_start(&fake));
    CHECK_EQ(f->windows[1].end, 0);
}
