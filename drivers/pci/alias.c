/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The requester ids under which a function's requests reach the root: bridges
 * to conventional PCI take requests over, and some devices use ids of
 * functions they do not have. Phantom functions and the many ids of
 * non-transparent bridges are left out.
 * Sources: PCI Express to PCI/PCI-X Bridge 1.0 §2.3, VT-d §3.12
 */
#include "pci_internal.h"

#define SUBSYSTEM_ANY 0u

/* Devices that also, or only, use another id on their own bus. */
struct alias_quirk {
    uint16_t vendor, device;
    uint16_t subsystem_vendor, subsystem_device;    /* SUBSYSTEM_ANY: whichever */
    uint8_t devfn;                  /* of the alias */
    bool function_only;             /* devfn is a function of the same device */
};

#define FUNCTION(v, d, fn) { v, d, SUBSYSTEM_ANY, SUBSYSTEM_ANY, fn, true }
#define FIXED(v, d, dev, fn) { v, d, SUBSYSTEM_ANY, SUBSYSTEM_ANY, (dev) << 3 | (fn), false }

static const struct alias_quirk alias_quirks[] = {
    /* Ricoh */
    FUNCTION(0x1180, 0xe832, 0), FUNCTION(0x1180, 0xe476, 0),
    /* Glenfly */
    FUNCTION(0x6766, 0x3d40, 0), FUNCTION(0x6766, 0x3d41, 0),
    /* Marvell */
    FUNCTION(0x1b4b, 0x9120, 1), FUNCTION(0x1b4b, 0x9123, 1), FUNCTION(0x1b4b, 0x9125, 1),
    FUNCTION(0x1b4b, 0x9128, 1), FUNCTION(0x1b4b, 0x9130, 1), FUNCTION(0x1b4b, 0x9170, 1),
    FUNCTION(0x1b4b, 0x9172, 1), FUNCTION(0x1b4b, 0x917a, 1), FUNCTION(0x1b4b, 0x9182, 1),
    FUNCTION(0x1b4b, 0x9183, 1), FUNCTION(0x1b4b, 0x91a0, 1), FUNCTION(0x1b4b, 0x9215, 1),
    FUNCTION(0x1b4b, 0x9220, 1), FUNCTION(0x1b4b, 0x9230, 1), FUNCTION(0x1b4b, 0x9235, 1),
    /* TTI, JMicron, Lite-On */
    FUNCTION(0x1103, 0x0642, 1), FUNCTION(0x1103, 0x0645, 1), FUNCTION(0x197b, 0x2392, 1),
    FUNCTION(0x1c28, 0x0122, 1),
    /* Adaptec, two boards only */
    { 0x9005, 0x0285, 0x9005, 0x02bb, 1u << 3, false },
    { 0x9005, 0x0285, 0x9005, 0x02bc, 1u << 3, false },
    /* Intel MIC x200 */
    FIXED(0x8086, 0x2260, 0x10, 0), FIXED(0x8086, 0x2260, 0x11, 0), FIXED(0x8086, 0x2260, 0x12, 3),
    FIXED(0x8086, 0x2264, 0x10, 0), FIXED(0x8086, 0x2264, 0x11, 0), FIXED(0x8086, 0x2264, 0x12, 3),
};

/* Bridges that act as PCIe-to-PCI bridges without having the capability that says so. */
static const struct {
    uint16_t vendor, device;
} hidden_express_bridges[] = {
    { 0x1b21, 0x1080 }, { 0x10e3, 0x8113 }, { 0x1283, 0x8892 },
    { 0x1283, 0x8893 }, { 0x8086, 0x244e },
};

struct id_list {
    uint16_t *rids;
    size_t count, max;
};

static void id_add(struct id_list *list, uint16_t rid)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->rids[i] == rid)
            return;
    if (list->count < list->max)
        list->rids[list->count++] = rid;
}

static bool quirk_applies(const struct alias_quirk *q, const struct pci_function *f)
{
    if (q->vendor != f->vendor || q->device != f->device)
        return false;
    return q->subsystem_vendor == SUBSYSTEM_ANY || (q->subsystem_vendor == f->subsystem_vendor &&
                                                    q->subsystem_device == f->subsystem_device);
}

static void quirk_ids(struct id_list *list, const struct pci_function *f)
{
    for (size_t i = 0; i < sizeof(alias_quirks) / sizeof(alias_quirks[0]); i++) {
        const struct alias_quirk *q = &alias_quirks[i];

        if (quirk_applies(q, f))
            id_add(list, (uint16_t)((f->rid & (q->function_only ? 0xfff8u : 0xff00u)) | q->devfn));
    }
}

/* Only below a PCIe port: on a root bus the same chips are conventional bridges. */
static bool is_hidden_express_bridge(const struct pci_function *bridge)
{
    const struct pci_function *above = bridge->parent;

    if (above == NULL || above->express_type == PCI_EXP_NONE ||
        above->express_type == PCI_EXP_TO_PCI_BRIDGE)
        return false;
    for (size_t i = 0; i < sizeof(hidden_express_bridges) / sizeof(hidden_express_bridges[0]); i++)
        if (hidden_express_bridges[i].vendor == bridge->vendor &&
            hidden_express_bridges[i].device == bridge->device)
            return true;
    return false;
}

bool pci_bridge_takes_over(const struct pci_function *bridge)
{
    return bridge->express_type == PCI_EXP_TO_PCI_BRIDGE ||
           bridge->express_type == PCI_EXP_FROM_PCI_BRIDGE || bridge->express_type == PCI_EXP_NONE;
}

static void bridge_ids(struct id_list *list, const struct pci_function *bridge)
{
    switch (bridge->express_type) {
    case PCI_EXP_TO_PCI_BRIDGE:
        id_add(list, PCI_RID(bridge->secondary_bus, 0, 0));
        break;
    case PCI_EXP_FROM_PCI_BRIDGE:
        id_add(list, bridge->rid);
        break;
    case PCI_EXP_NONE:
        id_add(list, is_hidden_express_bridge(bridge)
                         ? (uint16_t)PCI_RID(bridge->secondary_bus, 0, 0)
                         : bridge->rid);
        break;
    default:
        break;      /* ports pass requests on as they are */
    }
}

size_t pci_requester_ids(const struct pci_function *f, uint16_t *rids, size_t max)
{
    struct id_list list = { .rids = rids, .max = max };

    id_add(&list, f->rid);
    quirk_ids(&list, f);
    for (const struct pci_function *bridge = f->parent; bridge != NULL; bridge = bridge->parent)
        bridge_ids(&list, bridge);
    return list.count;
}

size_t pci_bridges_above(const struct pci_function *f, uint16_t *rids, size_t max)
{
    size_t count = 0;

    for (const struct pci_function *bridge = f->parent; bridge != NULL && count < max;
         bridge = bridge->parent)
        rids[count++] = bridge->rid;
    return count;
}
