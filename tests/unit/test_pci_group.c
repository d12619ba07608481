/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/pci/group.c: made-up machines whose groups were found by hand, each
 * with the twin that one changed fact groups otherwise.
 */
#include "pci_group.h"
#include "test.h"

#define MAX 24
#define ALL PCI_ACS_ISOLATION

static struct pci_function functions[MAX];
static struct pci_group_member members[MAX];
static struct pci_group_options options;
static size_t count;

static void reset(void)
{
    memset(functions, 0, sizeof(functions));
    memset(&options, 0, sizeof(options));
    count = 0;
}

/* Functions are added in ascending order. A parent of NULL: on a root bus. */
static struct pci_function *add(unsigned bus, unsigned device, unsigned function,
                                enum pci_express_type type, struct pci_function *parent)
{
    struct pci_function *f = &functions[count];

    if (count > 0)
        functions[count - 1].next = f;
    count++;
    f->rid = PCI_RID(bus, device, function);
    f->vendor = 0x1234;
    f->express_type = type;
    f->parent = parent;
    f->multifunction = function != 0;
    return f;
}

static struct pci_function *bridge(struct pci_function *f, unsigned secondary)
{
    f->is_bridge = true;
    f->secondary_bus = f->subordinate_bus = (uint8_t)secondary;
    return f;
}

static struct pci_function *port(unsigned bus, unsigned device, unsigned function,
                                 unsigned secondary, enum pci_express_type type,
                                 struct pci_function *parent)
{
    return bridge(add(bus, device, function, type, parent), secondary);
}

static struct pci_function *acs(struct pci_function *f, unsigned capability, unsigned control)
{
    f->cap_acs = 0x100;
    f->acs_capability = (uint16_t)capability;
    f->acs_control = (uint16_t)control;
    return f;
}

/* "0 1 1 -" */
static const char *groups(void)
{
    static char text[MAX * 4];
    size_t used = 0;

    CHECK_EQ(pci_groups(functions, &options, members, MAX), count);
    for (size_t i = 0; i < count; i++)
        used +=
            (size_t)(members[i].group == PCI_NO_GROUP
                         ? snprintf(text + used, sizeof(text) - used, "- ")
                         : snprintf(text + used, sizeof(text) - used, "%zu ", members[i].group));
    text[used - 1] = '\0';
    return text;
}

static void check_reason(size_t i, enum pci_group_reason reason, const struct pci_function *because,
                         unsigned missing)
{
    CHECK_STR(pci_group_reason_name(members[i].reason), pci_group_reason_name(reason));
    CHECK(members[i].because == because);
    CHECK_EQ(members[i].missing, missing);
}

/* ---- root ports ---- */

TEST(a_root_port_with_acs_keeps_its_device_apart)
{
    struct pci_function *root;

    reset();
    add(0, 0, 0, PCI_EXP_NONE, NULL);
    root = acs(port(0, 1, 0, 1, PCI_EXP_ROOT_PORT, NULL), ALL, ALL);
    add(1, 0, 0, PCI_EXP_ENDPOINT, root);
    CHECK_STR(groups(), "0 1 2");
    check_reason(1, PCI_GROUP_ALONE, NULL, 0);
    check_reason(2, PCI_GROUP_ALONE, NULL, 0);

    root->acs_control = 0;
    CHECK_STR(groups(), "0 1 1");
    check_reason(1, PCI_GROUP_ALONE, NULL, ALL);
    check_reason(2, PCI_GROUP_PORT_WITHOUT_ACS, root, ALL);

    root->cap_acs = root->acs_capability = 0;
    CHECK_STR(groups(), "0 1 1");
    check_reason(2, PCI_GROUP_PORT_WITHOUT_ACS, root, ALL);
}

TEST(one_missing_bit_is_enough)
{
    static const uint16_t bits[] = { PCI_ACS_SV, PCI_ACS_RR, PCI_ACS_CR, PCI_ACS_UF };
    struct pci_function *root;

    reset();
    root = acs(port(0, 1, 0, 1, PCI_EXP_ROOT_PORT, NULL), ALL, ALL);
    add(1, 0, 0, PCI_EXP_ENDPOINT, root);
    for (size_t i = 0; i < 4; i++) {
        root->acs_control = ALL & (uint16_t)~bits[i];
        CHECK_STR(groups(), "0 0");
        check_reason(1, PCI_GROUP_PORT_WITHOUT_ACS, root, bits[i]);
        /* What the port does not offer is wired as it should be. */
        root->acs_capability = ALL & (uint16_t)~bits[i];
        CHECK_STR(groups(), "0 1");
        root->acs_capability = ALL;
    }
}

TEST(bits_that_isolation_does_not_take_are_not_asked_for)
{
    struct pci_function *root;

    reset();
    root = acs(port(0, 1, 0, 1, PCI_EXP_ROOT_PORT, NULL), 0x7f, ALL);
    add(1, 0, 0, PCI_EXP_ENDPOINT, root);
    CHECK_STR(groups(), "0 1");
}

TEST(two_ports_of_one_device_without_acs_are_one_group_with_all_below)
{
    struct pci_function *a, *b;

    reset();
    a = port(0, 1, 0, 1, PCI_EXP_ROOT_PORT, NULL);
    b = port(0, 1, 1, 2, PCI_EXP_ROOT_PORT, NULL);
    a->multifunction = true;
    add(1, 0, 0, PCI_EXP_ENDPOINT, a);
    add(2, 0, 0, PCI_EXP_ENDPOINT, b);
    CHECK_STR(groups(), "0 0 0 0");
    check_reason(0, PCI_GROUP_FUNCTION_WITHOUT_ACS, b, ALL);
    check_reason(1, PCI_GROUP_FUNCTION_WITHOUT_ACS, a, ALL);

    /* One of them with ACS: the other is by itself with what is below it. */
    acs(b, ALL, ALL);
    CHECK_STR(groups(), "0 1 0 2");
    acs(a, ALL, ALL);
    CHECK_STR(groups(), "0 1 2 3");
}

/* ---- switches ---- */

static struct pci_function *root, *up, *down1, *down2;

/* 00:01.0 - 01:00.0 - 02:00.0 and 02:01.0, an endpoint behind each. Every port has ACS on. */
static void a_switch(void)
{
    reset();
    root = acs(port(0, 1, 0, 1, PCI_EXP_ROOT_PORT, NULL), ALL, ALL);
    up = port(1, 0, 0, 2, PCI_EXP_UPSTREAM, root);
    down1 = acs(port(2, 0, 0, 3, PCI_EXP_DOWNSTREAM, up), ALL, ALL);
    down2 = acs(port(2, 1, 0, 4, PCI_EXP_DOWNSTREAM, up), ALL, ALL);
    add(3, 0, 0, PCI_EXP_ENDPOINT, down1);
    add(4, 0, 0, PCI_EXP_ENDPOINT, down2);
}

TEST(a_switch_with_acs_keeps_all_apart)
{
    a_switch();
    CHECK_STR(groups(), "0 1 2 3 4 5");
}

/* What is below it reaches its peers through the switch, and they cannot refuse. */
TEST(a_downstream_port_without_acs_joins_what_is_below_the_switch)
{
    a_switch();
    down2->acs_control = ALL & (uint16_t)~PCI_ACS_RR;
    CHECK_STR(groups(), "0 1 2 2 2 2");
    check_reason(2, PCI_GROUP_PORT_WITHOUT_ACS, down2, PCI_ACS_RR);
    check_reason(3, PCI_GROUP_ALONE, NULL, PCI_ACS_RR);
    check_reason(4, PCI_GROUP_PORT_WITHOUT_ACS, down2, PCI_ACS_RR);
    check_reason(5, PCI_GROUP_PORT_WITHOUT_ACS, down2, PCI_ACS_RR);
}

/* Linux parts them nevertheless. */
TEST(as_linux_a_downstream_port_without_acs_joins_what_is_below_it_only)
{
    a_switch();
    options.as_linux = true;
    down2->acs_control = ALL & (uint16_t)~PCI_ACS_RR;
    CHECK_STR(groups(), "0 1 2 3 4 3");
    check_reason(5, PCI_GROUP_PORT_WITHOUT_ACS, down2, PCI_ACS_RR);
    down1->acs_control = 0;
    CHECK_STR(groups(), "0 1 2 3 2 3");
    /* Ports of a switch are devices, whatever ARI makes of numbers below a port. */
    down1->ari = down2->ari = true;
    CHECK_STR(groups(), "0 1 2 3 2 3");
}

TEST(another_switch_is_no_peer)
{
    struct pci_function *other_up, *other_down;

    a_switch();
    other_up = port(5, 0, 0, 6, PCI_EXP_UPSTREAM, root);
    other_down = port(6, 0, 0, 7, PCI_EXP_DOWNSTREAM, other_up);
    add(7, 0, 0, PCI_EXP_ENDPOINT, other_down);
    CHECK_STR(groups(), "0 1 2 3 4 5 6 7 7");
}

TEST(a_root_port_without_acs_joins_the_whole_switch)
{
    a_switch();
    root->acs_control = 0;
    CHECK_STR(groups(), "0 0 0 0 0 0");
    check_reason(1, PCI_GROUP_PORT_WITHOUT_ACS, root, ALL);
    check_reason(5, PCI_GROUP_PORT_WITHOUT_ACS, root, ALL);
    /* The highest port is what decides, whatever is missing below. */
    down2->acs_control = 0;
    CHECK_STR(groups(), "0 0 0 0 0 0");
    check_reason(5, PCI_GROUP_PORT_WITHOUT_ACS, root, ALL);
}

TEST(a_switch_beside_another_function_needs_acs_upstream_too)
{
    struct pci_function *beside;

    reset();
    root = acs(port(0, 1, 0, 1, PCI_EXP_ROOT_PORT, NULL), ALL, ALL);
    beside = add(1, 0, 0, PCI_EXP_ENDPOINT, root);
    up = port(1, 0, 1, 2, PCI_EXP_UPSTREAM, root);
    down1 = acs(port(2, 0, 0, 3, PCI_EXP_DOWNSTREAM, up), ALL, ALL);
    add(3, 0, 0, PCI_EXP_ENDPOINT, down1);
    beside->multifunction = true;
    CHECK_STR(groups(), "0 1 1 1 1");
    check_reason(4, PCI_GROUP_PORT_WITHOUT_ACS, up, PCI_ACS_RR | PCI_ACS_CR);
    acs(up, PCI_ACS_RR | PCI_ACS_CR, PCI_ACS_RR | PCI_ACS_CR);
    CHECK_STR(groups(), "0 1 2 3 4");
}

/* ---- bridges to conventional buses ---- */

TEST(behind_a_pcie_to_pci_bridge_all_are_one)
{
    struct pci_function *to_pci;

    reset();
    root = acs(port(0, 1, 0, 1, PCI_EXP_ROOT_PORT, NULL), ALL, ALL);
    to_pci = port(1, 0, 0, 2, PCI_EXP_TO_PCI_BRIDGE, root);
    add(2, 1, 0, PCI_EXP_NONE, to_pci);
    add(2, 2, 0, PCI_EXP_NONE, to_pci);
    CHECK_STR(groups(), "0 1 1 1");
    check_reason(1, PCI_GROUP_ALONE, NULL, ALL);
    check_reason(2, PCI_GROUP_BEHIND_BRIDGE, to_pci, 0);
    /* A port in its place: the devices are the same, their ids are their own. */
    to_pci->express_type = PCI_EXP_ROOT_PORT;
    acs(to_pci, ALL, ALL);
    CHECK_STR(groups(), "0 1 2 3");
}

TEST(behind_a_conventional_bridge_all_are_one)
{
    struct pci_function *conventional;

    reset();
    conventional = port(0, 0x1e, 0, 1, PCI_EXP_NONE, NULL);
    add(0, 0x1f, 0, PCI_EXP_NONE, NULL);
    add(1, 1, 0, PCI_EXP_NONE, conventional);
    add(1, 2, 0, PCI_EXP_ENDPOINT, conventional);
    CHECK_STR(groups(), "0 1 0 0");
    check_reason(0, PCI_GROUP_ALONE, NULL, ALL);
    check_reason(3, PCI_GROUP_BEHIND_BRIDGE, conventional, 0);
}

TEST(a_bridge_back_to_pcie_does_not_part_them_again)
{
    struct pci_function *to_pci, *from_pci, *below;

    reset();
    to_pci = port(0, 1, 0, 1, PCI_EXP_TO_PCI_BRIDGE, NULL);
    from_pci = port(1, 0, 0, 2, PCI_EXP_FROM_PCI_BRIDGE, to_pci);
    below = acs(port(2, 0, 0, 3, PCI_EXP_DOWNSTREAM, from_pci), ALL, ALL);
    add(3, 0, 0, PCI_EXP_ENDPOINT, below);
    CHECK_STR(groups(), "0 0 0 0");
    check_reason(3, PCI_GROUP_BEHIND_BRIDGE, from_pci, 0);
}

/* ---- functions of one device ---- */

TEST(functions_of_one_device_need_acs)
{
    struct pci_function *a, *b;

    reset();
    root = acs(port(0, 1, 0, 1, PCI_EXP_ROOT_PORT, NULL), ALL, ALL);
    a = add(1, 0, 0, PCI_EXP_ENDPOINT, root);
    b = add(1, 0, 1, PCI_EXP_ENDPOINT, root);
    a->multifunction = true;
    CHECK_STR(groups(), "0 1 1");
    check_reason(1, PCI_GROUP_FUNCTION_WITHOUT_ACS, b, PCI_ACS_RR | PCI_ACS_CR);
    check_reason(2, PCI_GROUP_FUNCTION_WITHOUT_ACS, a, PCI_ACS_RR | PCI_ACS_CR);

    /* A capability that offers nothing says that there is nothing to redirect. */
    acs(a, 0, 0);
    CHECK_STR(groups(), "0 1 2");
    acs(b, PCI_ACS_RR | PCI_ACS_CR, 0);
    CHECK_STR(groups(), "0 1 2");
    acs(a, PCI_ACS_RR | PCI_ACS_CR, PCI_ACS_RR);
    CHECK_STR(groups(), "0 1 1");
    check_reason(2, PCI_GROUP_FUNCTION_WITHOUT_ACS, a, PCI_ACS_CR);
    acs(b, PCI_ACS_RR | PCI_ACS_CR, PCI_ACS_RR | PCI_ACS_CR);
    CHECK_STR(groups(), "0 1 2");
}

TEST(conventional_functions_of_one_device_are_one)
{
    reset();
    add(0, 0x14, 0, PCI_EXP_NONE, NULL)->multifunction = true;
    add(0, 0x14, 2, PCI_EXP_NONE, NULL);
    add(0, 0x15, 0, PCI_EXP_NONE, NULL);
    CHECK_STR(groups(), "0 0 1");
}

TEST(another_device_or_bus_is_not_the_same_device)
{
    reset();
    add(0, 1, 0, PCI_EXP_NONE, NULL)->multifunction = true;
    add(0, 2, 1, PCI_EXP_NONE, NULL);
    add(0x40, 1, 1, PCI_EXP_NONE, NULL);
    CHECK_STR(groups(), "0 1 2");
}

TEST(with_ari_a_device_fills_the_bus)
{
    struct pci_function *a, *b;

    reset();
    root = acs(port(0, 1, 0, 1, PCI_EXP_ROOT_PORT, NULL), ALL, ALL);
    a = add(1, 0, 0, PCI_EXP_ENDPOINT, root);
    b = add(1, 1, 0, PCI_EXP_ENDPOINT, root); /* function 8 */
    a->multifunction = a->ari = b->ari = true;
    CHECK_STR(groups(), "0 1 1");
    b->ari = false;
    CHECK_STR(groups(), "0 1 2");
    b->multifunction = true;
    CHECK_STR(groups(), "0 1 2");
}

/* ---- virtual functions ---- */

TEST(virtual_functions_are_apart_unless_something_above_joins_them)
{
    struct pci_function *physical;

    reset();
    root = acs(port(0, 1, 0, 1, PCI_EXP_ROOT_PORT, NULL), ALL, ALL);
    physical = add(1, 0, 0, PCI_EXP_ENDPOINT, root);
    add(1, 0, 4, PCI_EXP_ENDPOINT, root)->physical = physical;
    add(1, 0, 6, PCI_EXP_ENDPOINT, root)->physical = physical;
    add(2, 0, 0, PCI_EXP_ENDPOINT, root)->physical = physical;
    functions[2].multifunction = functions[3].multifunction = false;
    CHECK_STR(groups(), "0 1 2 3 4");
    functions[2].physical = NULL; /* as if it were a function of the device */
    functions[3].physical = NULL;
    physical->multifunction = true;
    CHECK_STR(groups(), "0 1 1 1 2");
    root->acs_control = 0;
    CHECK_STR(groups(), "0 0 0 0 0");
}

/* ---- ids ---- */

TEST(a_function_that_sends_as_another_is_of_its_group)
{
    struct pci_function *marvell;

    reset();
    root = acs(port(0, 1, 0, 1, PCI_EXP_ROOT_PORT, NULL), ALL, ALL);
    marvell = acs(add(1, 0, 0, PCI_EXP_ENDPOINT, root), 0, 0);
    acs(add(1, 0, 1, PCI_EXP_ENDPOINT, root), 0, 0);
    marvell->vendor = 0x1b4b;
    marvell->device = 0x9123; /* sends as function 1 */
    CHECK_STR(groups(), "0 1 1");
    check_reason(1, PCI_GROUP_SAME_ALIAS, &functions[2], 0);
    check_reason(2, PCI_GROUP_SAME_ALIAS, marvell, 0);
    marvell->device = 0x9121;
    CHECK_STR(groups(), "0 1 2");
}

/*
 * Firmware says that both functions of device 2 send as 00:03.0, where there may be a function or
 * not.
 */
static size_t as_device_3(void *ctx, const struct pci_function *f, uint16_t *rids, size_t max)
{
    (void)ctx;
    if (max == 0 || f->rid >> 3 != 2)
        return 0;
    rids[0] = PCI_RID(0, 3, 0);
    return 1;
}

TEST(firmware_may_say_that_two_send_as_one)
{
    reset();
    acs(add(0, 2, 0, PCI_EXP_ENDPOINT, NULL), 0, 0);
    acs(add(0, 2, 1, PCI_EXP_ENDPOINT, NULL), 0, 0);
    add(0, 4, 0, PCI_EXP_NONE, NULL);
    CHECK_STR(groups(), "0 1 2");
    options.firmware_ids = as_device_3;
    CHECK_STR(groups(), "0 0 1");
    check_reason(0, PCI_GROUP_SAME_ALIAS, &functions[1], 0);
    functions[2].rid = PCI_RID(0, 3, 0);
    CHECK_STR(groups(), "0 0 0");
    /* Another segment has ids of its own. */
    functions[2].segment = 1;
    CHECK_STR(groups(), "0 0 1");
}

/* What is behind a bridge sends as the bridge: that is their reason, and not the bridge's. */
TEST(a_bridge_that_lends_its_id_has_no_alias_for_it)
{
    struct pci_function *conventional;

    reset();
    conventional = port(0, 2, 0, 1, PCI_EXP_NONE, NULL);
    add(1, 1, 0, PCI_EXP_NONE, conventional);
    options.firmware_ids = as_device_3;     /* the bridge has another id */
    CHECK_STR(groups(), "0 0");
    check_reason(0, PCI_GROUP_ALONE, NULL, ALL);
    check_reason(1, PCI_GROUP_BEHIND_BRIDGE, conventional, 0);
}

TEST(segments_have_nothing_in_common)
{
    reset();
    add(0, 1, 0, PCI_EXP_NONE, NULL)->multifunction = true;
    add(0, 1, 1, PCI_EXP_NONE, NULL)->segment = 1;
    CHECK_STR(groups(), "0 1");
    functions[1].segment = 0;
    CHECK_STR(groups(), "0 0");
}

/* The chip set isolates it, and no capability says so. */
TEST(the_quirk_that_keeps_a_device_apart_is_named)
{
    reset();
    root = port(0, 0x1c, 0, 1, PCI_EXP_ROOT_PORT, NULL);
    root->vendor = 0x8086;
    root->device = 0x8c10;
    root->acs_control = ALL;
    add(1, 0, 0, PCI_EXP_ENDPOINT, root);
    CHECK_STR(groups(), "0 1");
    CHECK(members[1].quirk != NULL && members[1].quirk->kind == PCI_QUIRK_CHIPSET_PORT);
    check_reason(1, PCI_GROUP_ALONE, NULL, 0);
}

/* ---- what nobody watches, and room ---- */

static bool all_but_bus_0_device_1(void *ctx, const struct pci_function *f)
{
    (void)ctx;
    return f->rid >> 3 != 1;
}

TEST(what_no_unit_watches_is_in_no_group_and_still_joins_others)
{
    reset();
    root = port(0, 1, 0, 1, PCI_EXP_ROOT_PORT, NULL);
    add(0, 2, 0, PCI_EXP_NONE, NULL);
    add(1, 0, 0, PCI_EXP_ENDPOINT, root);
    add(1, 1, 0, PCI_EXP_ENDPOINT, root);
    options.watched = all_but_bus_0_device_1;
    CHECK_STR(groups(), "- 0 1 1");
    check_reason(0, PCI_GROUP_NO_UNIT, NULL, 0);
    check_reason(2, PCI_GROUP_PORT_WITHOUT_ACS, root, ALL);
    acs(root, ALL, ALL);
    CHECK_STR(groups(), "- 0 1 2");
}

TEST(no_more_members_than_there_is_room_for)
{
    reset();
    a_switch();
    memset(members, 0xee, sizeof(members));
    CHECK_EQ(pci_groups(functions, &options, members, 4), 6);
    CHECK_EQ(members[3].group, 3);
    CHECK_EQ(members[4].missing, 0xeeee);
    CHECK_EQ(pci_groups(NULL, &options, members, 4), 0);
    CHECK_EQ(pci_groups(functions, NULL, members, MAX), 6);
}

TEST(the_first_member_stands_for_a_group)
{
    reset();
    add(0, 0, 0, PCI_EXP_NONE, NULL);
    add(0, 1, 0, PCI_EXP_NONE, NULL)->multifunction = true;
    add(0, 1, 1, PCI_EXP_NONE, NULL);
    CHECK_STR(groups(), "0 1 1");
    CHECK(pci_group_first(members, count, &members[2]) == &members[1]);
    CHECK(pci_group_first(members, count, &members[0]) == &members[0]);
    members[1].group = members[2].group = PCI_NO_GROUP;
    CHECK(pci_group_first(members, count, &members[2]) == &members[2]);
}

/*
 * Everything at once, in the manner of a desktop: 00:00.0 host bridge; 00:01.0 port without ACS
 * with a display and its sound; 00:02.0 alone; 00:14.0 and .2 conventional; 00:1c.0 and .1 ports
 * with ACS, an endpoint below each; 00:1f.0 and .3.
 */
TEST(a_desktop)
{
    struct pci_function *graphics, *p0, *p1;

    reset();
    add(0, 0, 0, PCI_EXP_NONE, NULL);
    graphics = port(0, 1, 0, 1, PCI_EXP_ROOT_PORT, NULL);
    add(0, 2, 0, PCI_EXP_ROOT_ENDPOINT, NULL);
    add(0, 0x14, 0, PCI_EXP_NONE, NULL)->multifunction = true;
    add(0, 0x14, 2, PCI_EXP_NONE, NULL);
    p0 = acs(port(0, 0x1c, 0, 2, PCI_EXP_ROOT_PORT, NULL), 0xf, 0xd);
    p1 = acs(port(0, 0x1c, 1, 3, PCI_EXP_ROOT_PORT, NULL), 0xf, 0xf);
    p0->multifunction = true;
    add(0, 0x1f, 0, PCI_EXP_NONE, NULL)->multifunction = true;
    add(0, 0x1f, 3, PCI_EXP_NONE, NULL);
    add(1, 0, 0, PCI_EXP_LEGACY_ENDPOINT, graphics)->multifunction = true;
    add(1, 0, 1, PCI_EXP_ENDPOINT, graphics);
    add(2, 0, 0, PCI_EXP_ENDPOINT, p0);
    add(3, 0, 0, PCI_EXP_ENDPOINT, p1);
    CHECK_STR(groups(), "0 1 2 3 3 4 5 6 6 1 1 7 8");
}

/*
 * In the manner of a laptop with an AMD-Vi unit: devices 1 and 8 of the root bus have a host bridge
 * of no use as function 0 and ports behind it; 00:14.x is the south bridge, 00:18.x the processor.
 * Ports of device 1 lead to a display with its sound and to a disk, 00:08.1 to functions with ACS.
 */
static struct pci_function *ports[3], *internal[2];

static void a_laptop(void)
{
    reset();
    add(0, 0, 0, PCI_EXP_NONE, NULL);
    add(0, 1, 0, PCI_EXP_NONE, NULL)->multifunction = true;
    ports[0] = port(0, 1, 1, 1, PCI_EXP_ROOT_PORT, NULL);
    ports[1] = port(0, 1, 2, 2, PCI_EXP_ROOT_PORT, NULL);
    add(0, 8, 0, PCI_EXP_NONE, NULL)->multifunction = true;
    ports[2] = port(0, 8, 1, 3, PCI_EXP_ROOT_PORT, NULL);
    add(0, 0x14, 0, PCI_EXP_NONE, NULL)->multifunction = true;
    add(0, 0x14, 3, PCI_EXP_NONE, NULL);
    add(1, 0, 0, PCI_EXP_LEGACY_ENDPOINT, ports[0])->multifunction = true;
    add(1, 0, 1, PCI_EXP_LEGACY_ENDPOINT, ports[0]);
    add(2, 0, 0, PCI_EXP_ENDPOINT, ports[1]);
    internal[0] = acs(add(3, 0, 0, PCI_EXP_ENDPOINT, ports[2]), 0, 0);
    internal[1] = acs(add(3, 0, 2, PCI_EXP_ENDPOINT, ports[2]), 0, 0);
    internal[0]->multifunction = true;
}

/* Nothing has ACS: a device of the root bus is one group with all that is behind its ports. */
TEST(a_laptop_without_acs)
{
    a_laptop();
    CHECK_STR(groups(), "0 1 1 1 2 2 3 3 1 1 1 2 2");
    check_reason(10, PCI_GROUP_PORT_WITHOUT_ACS, ports[1], ALL);
}

/* Ports of another make: what is offered is on, and little is offered inside the processor. */
TEST(a_laptop_with_acs)
{
    a_laptop();
    acs(ports[0], 0x5f, 0x1d);
    acs(ports[1], 0x5f, 0x1d);
    acs(ports[2], 0x03, 0x01);
    CHECK_STR(groups(), "0 1 2 3 4 5 6 6 7 7 8 9 10");
    check_reason(1, PCI_GROUP_ALONE, NULL, 0);
    check_reason(8, PCI_GROUP_FUNCTION_WITHOUT_ACS, &functions[9], PCI_ACS_RR | PCI_ACS_CR);
    /* One bit less on one port: the disk and the host bridge beside the port join it, the other port does not. */
    ports[1]->acs_control &= (uint16_t)~PCI_ACS_UF;
    CHECK_STR(groups(), "0 1 2 1 3 4 5 5 6 6 1 7 8");
    check_reason(1, PCI_GROUP_FUNCTION_WITHOUT_ACS, ports[1], PCI_ACS_UF);
    /* On the other too: both ports and all behind them are one. */
    ports[0]->acs_control &= (uint16_t)~PCI_ACS_SV;
    CHECK_STR(groups(), "0 1 1 1 2 3 4 4 1 1 1 5 6");
}

/*
 * In the manner of an Intel workstation with the display's unit of its own: what Intel's root
 * complex holds is apart from conventional functions of its device only by the quirk.
 */
TEST(a_workstation)
{
    struct pci_function *wireless, *p0, *p2;

    reset();
    add(0, 0, 0, PCI_EXP_NONE, NULL);
    add(0, 2, 0, PCI_EXP_ROOT_ENDPOINT, NULL);
    p0 = acs(port(0, 6, 0, 1, PCI_EXP_ROOT_PORT, NULL), ALL | 0x42, ALL);
    add(0, 0xe, 0, PCI_EXP_NONE, NULL);     /* RAID: whatever it hides sends as it does */
    add(0, 0x14, 0, PCI_EXP_NONE, NULL)->multifunction = true;
    add(0, 0x14, 2, PCI_EXP_NONE, NULL);
    wireless = add(0, 0x14, 3, PCI_EXP_ROOT_ENDPOINT, NULL);
    add(0, 0x1c, 0, PCI_EXP_NONE, NULL)->multifunction = true;
    p2 = acs(port(0, 0x1c, 2, 2, PCI_EXP_ROOT_PORT, NULL), ALL, ALL);
    add(1, 0, 0, PCI_EXP_ENDPOINT, p0);
    add(2, 0, 0, PCI_EXP_ENDPOINT, p2);
    CHECK_STR(groups(), "0 1 2 3 4 4 4 5 6 7 8");
    wireless->vendor = 0x8086;
    CHECK_STR(groups(), "0 1 2 3 4 4 5 6 7 8 9");
    CHECK(members[6].quirk != NULL && members[6].quirk->kind == PCI_QUIRK_ROOT_ENDPOINT);
    CHECK(members[4].quirk == NULL);
    options.no_quirks = true;
    CHECK_STR(groups(), "0 1 2 3 4 4 4 5 6 7 8");
}
