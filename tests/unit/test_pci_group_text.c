/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/pci/group_text.c: every reason in words. */
#include "pci_group.h"
#include "test.h"

static struct pci_function root = {
    .rid = 0x0008, .is_bridge = true, .secondary_bus = 1, .express_type = PCI_EXP_ROOT_PORT
};
static struct pci_function f = { .rid = 0x0100, .parent = &root };
static struct pci_function other = { .segment = 2, .rid = 0x01fa, .parent = &root };

static const char *text(struct pci_group_member member)
{
    static char out[320];

    CHECK_EQ(pci_group_text(&member, out, sizeof(out)), strlen(out));
    return out;
}

#define TEXT(...) text((struct pci_group_member) { .function = &f, __VA_ARGS__ })

static void reset(void)
{
    root.cap_acs = 0;
    root.express_type = PCI_EXP_ROOT_PORT;
    other.express_type = PCI_EXP_NONE;
}

TEST(alone)
{
    reset();
    CHECK_STR(TEXT(.reason = PCI_GROUP_ALONE), "every port above it up to the root keeps it apart");
    CHECK_STR(text((struct pci_group_member) { .function = &root }), "on a root bus, by itself");
    CHECK_STR(text((struct pci_group_member) { .function = &root, .missing = 0x1d }),
              "begins the group, and what is behind it joins: it has no ACS");
}

TEST(ports)
{
    reset();
    CHECK_STR(TEXT(.reason = PCI_GROUP_PORT_WITHOUT_ACS, .because = &root, .missing = 0x1d),
              "root port 0000:00:01.0 above it has no ACS: it may turn requests round to others");
    root.cap_acs = 0x100;
    CHECK_STR(TEXT(.reason = PCI_GROUP_PORT_WITHOUT_ACS, .because = &root, .missing = 0x0c),
              "root port 0000:00:01.0 above it has ACS RR CR off: it may turn requests round to "
              "others");
    other.express_type = PCI_EXP_DOWNSTREAM;
    CHECK_STR(TEXT(.reason = PCI_GROUP_PORT_WITHOUT_ACS, .because = &other, .missing = 0x0c),
              "downstream port 0002:01:1f.2 of the same switch has no ACS: it may turn requests "
              "round to this one");
}

TEST(bridges)
{
    reset();
    root.express_type = PCI_EXP_TO_PCI_BRIDGE;
    CHECK_STR(TEXT(.reason = PCI_GROUP_BEHIND_BRIDGE, .because = &root),
              "behind PCIe-to-PCI bridge 0000:00:01.0, which sends for all behind it as "
              "0000:01:00.0");
    root.express_type = PCI_EXP_NONE;
    CHECK_STR(TEXT(.reason = PCI_GROUP_BEHIND_BRIDGE, .because = &root),
              "behind conventional bridge 0000:00:01.0, which sends for all behind it as itself");
}

TEST(functions)
{
    reset();
    CHECK_STR(TEXT(.reason = PCI_GROUP_FUNCTION_WITHOUT_ACS, .because = &other, .missing = 0x0c),
              "function 0002:01:1f.2 of the same device is conventional and cannot have ACS: each "
              "may reach the other inside the device");
    CHECK_STR(TEXT(.reason = PCI_GROUP_SAME_ALIAS, .because = &other),
              "shares a requester id with 0002:01:1f.2");
    CHECK_STR(TEXT(.reason = PCI_GROUP_NO_UNIT), "no unit watches it");
}

TEST(what_a_quirk_decided_is_said)
{
    static const struct pci_quirk quirk = { .reason = "it is so", .source = "its maker" };

    reset();
    CHECK_STR(TEXT(.reason = PCI_GROUP_ALONE, .quirk = &quirk),
              "every port above it up to the root keeps it apart; it is so (its maker)");
}

TEST(text_is_cut_to_size)
{
    struct pci_group_member member = { .function = &f, .reason = PCI_GROUP_NO_UNIT };
    char out[8] = "abcdefg";

    CHECK_EQ(pci_group_text(&member, out, 3), 2);
    CHECK_STR(out, "no");
    CHECK_EQ(out[3], 'd');
    CHECK_EQ(pci_group_text(&member, out, 0), 0);
    CHECK_EQ(out[0], 'n');
}
