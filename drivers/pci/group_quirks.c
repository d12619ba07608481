/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices whose isolation their ACS capability does not show, as data: which
 * ids, why, and who says so. The ids and reasons are those that Linux's
 * drivers/pci/quirks.c gathered from the vendors; root ports of processors
 * other than x86 are left out.
 */
#include "group_internal.h"

#define INTEL 0x8086u
#define ZHAOXIN 0x1d17u

static const char no_peers_reason[] =
    "its maker says that the functions of this device do no peer-to-peer";
static const char linux_source[] = "Linux drivers/pci/quirks.c";
static const char pch_reason[] =
    "this chip set's root ports are isolated by registers of their own instead of ACS";
static const char pch_source[] = "Intel's list in Red Hat bug 1037684";
static const char dwords_reason[] =
    "this root port's ACS registers are double words: listings show the wrong control";
static const char port_reason[] =
    "this port passes no peer-to-peer requests although it has no ACS";
static const char southbridge_reason[] =
    "AMD says that this south bridge sends all requests up where there is an AMD-Vi unit";
static const char southbridge_source[] = "AMD, linux-pci list, July and October 2012";

#define NO_PEERS(v, low, high) { v, low, high, PCI_QUIRK_NO_PEERS, no_peers_reason, linux_source }
#define PCH(low, high) { INTEL, low, high, PCI_QUIRK_CHIPSET_PORT, pch_reason, pch_source }
#define SOUTHBRIDGE(v, d) { v, d, d, PCI_QUIRK_SOUTHBRIDGE, southbridge_reason, southbridge_source }
#define DWORDS(low, high, source) { INTEL, low, high, PCI_QUIRK_DWORDS, dwords_reason, source }
#define ZHAOXIN_PORT(low, high) \
    { ZHAOXIN, low, high, PCI_QUIRK_PORT_ISOLATES, port_reason, linux_source }

static const struct pci_quirk quirks[] = {
    /* ATI and AMD south bridges: SMBus, IDE, audio, LPC, PCI bridge, USB */
    SOUTHBRIDGE(0x1002, 0x4383), SOUTHBRIDGE(0x1002, 0x4384), SOUTHBRIDGE(0x1002, 0x4385),
    SOUTHBRIDGE(0x1002, 0x4399), SOUTHBRIDGE(0x1002, 0x439c), SOUTHBRIDGE(0x1002, 0x439d),
    SOUTHBRIDGE(0x1022, 0x7809), SOUTHBRIDGE(0x1022, 0x780f),
    /* Solarflare */
    NO_PEERS(0x1924, 0x0903, 0x0903), NO_PEERS(0x1924, 0x0923, 0x0923),
    NO_PEERS(0x1924, 0x0a03, 0x0a03),
    /* Intel 82598, 82599, X540 */
    NO_PEERS(INTEL, 0x10c6, 0x10c6), NO_PEERS(INTEL, 0x10db, 0x10db),
    NO_PEERS(INTEL, 0x10dd, 0x10dd), NO_PEERS(INTEL, 0x10e1, 0x10e1),
    NO_PEERS(INTEL, 0x10f1, 0x10f1), NO_PEERS(INTEL, 0x10f7, 0x10fc),
    NO_PEERS(INTEL, 0x1507, 0x1507), NO_PEERS(INTEL, 0x1514, 0x1514),
    NO_PEERS(INTEL, 0x151c, 0x151c), NO_PEERS(INTEL, 0x1529, 0x152a),
    NO_PEERS(INTEL, 0x154d, 0x154d), NO_PEERS(INTEL, 0x154f, 0x154f),
    NO_PEERS(INTEL, 0x1551, 0x1551), NO_PEERS(INTEL, 0x1558, 0x1558),
    /* Intel 82580 */
    NO_PEERS(INTEL, 0x1509, 0x1509), NO_PEERS(INTEL, 0x150e, 0x1511),
    NO_PEERS(INTEL, 0x1516, 0x1516), NO_PEERS(INTEL, 0x1527, 0x1527),
    /* Intel 82576 */
    NO_PEERS(INTEL, 0x10c9, 0x10c9), NO_PEERS(INTEL, 0x10e6, 0x10e8),
    NO_PEERS(INTEL, 0x150a, 0x150a), NO_PEERS(INTEL, 0x150d, 0x150d),
    NO_PEERS(INTEL, 0x1518, 0x1518), NO_PEERS(INTEL, 0x1526, 0x1526),
    /* Intel 82575 */
    NO_PEERS(INTEL, 0x10a7, 0x10a7), NO_PEERS(INTEL, 0x10a9, 0x10a9),
    NO_PEERS(INTEL, 0x10d6, 0x10d6),
    /* Intel I350 */
    NO_PEERS(INTEL, 0x1521, 0x1524),
    /* Intel 82571, but for the boards of four ports, whose switch has no ACS */
    NO_PEERS(INTEL, 0x105e, 0x1060), NO_PEERS(INTEL, 0x10d9, 0x10d9),
    /* Intel I219 */
    NO_PEERS(INTEL, 0x15b7, 0x15b8),
    /* Emulex BE3-R, Skyhawk-R */
    NO_PEERS(0x19a2, 0x0710, 0x0710), NO_PEERS(0x10df, 0x0720, 0x0720),
    /* Broadcom */
    NO_PEERS(0x14e4, 0x16d7, 0x16d7), NO_PEERS(0x14e4, 0x1750, 0x1752),
    NO_PEERS(0x14e4, 0x1760, 0x1763),
    /* Zhaoxin: USB, SATA; its root and downstream ports */
    NO_PEERS(ZHAOXIN, 0x3038, 0x3038), NO_PEERS(ZHAOXIN, 0x3104, 0x3104),
    NO_PEERS(ZHAOXIN, 0x9083, 0x9083), ZHAOXIN_PORT(0x0710, 0x071e),
    ZHAOXIN_PORT(0x0721, 0x0721), ZHAOXIN_PORT(0x0723, 0x0752),
    /* Wangxun 1G, 10G, 25G to 40G */
    NO_PEERS(0x8088, 0x0100, 0x010f), NO_PEERS(0x8088, 0x1001, 0x1001),
    NO_PEERS(0x8088, 0x2001, 0x2001), NO_PEERS(0x8088, 0x5010, 0x5010),
    NO_PEERS(0x8088, 0x5025, 0x5025), NO_PEERS(0x8088, 0x5040, 0x5040),
    NO_PEERS(0x8088, 0x5110, 0x5110), NO_PEERS(0x8088, 0x5125, 0x5125),
    NO_PEERS(0x8088, 0x5140, 0x5140),
    /* Ibex Peak, Cougar Point, Panther Point, Lynx Point -H (8 and 9 series) and -LP */
    PCH(0x3b42, 0x3b51), PCH(0x1c10, 0x1c1f), PCH(0x1e10, 0x1e1f), PCH(0x8c10, 0x8c1f),
    PCH(0x8c90, 0x8c90), PCH(0x8c92, 0x8c92), PCH(0x8c94, 0x8c94), PCH(0x8c96, 0x8c96),
    PCH(0x8c98, 0x8c98), PCH(0x8c9a, 0x8c9a), PCH(0x8c9c, 0x8c9c), PCH(0x8c9e, 0x8c9e),
    PCH(0x9c10, 0x9c1b),
    /* Wildcat Point, Patsburg, Wellsburg */
    PCH(0x9c90, 0x9c9b), PCH(0x1d10, 0x1d10), PCH(0x1d12, 0x1d12), PCH(0x1d14, 0x1d14),
    PCH(0x1d16, 0x1d16), PCH(0x1d18, 0x1d18), PCH(0x1d1a, 0x1d1a), PCH(0x1d1c, 0x1d1c),
    PCH(0x1d1e, 0x1d1e), PCH(0x8d10, 0x8d1e),
    /* Sunrise Point, Union Point, 7th and 8th generation mobile */
    DWORDS(0xa110, 0xa11f, "Intel 100 series specification update, erratum 23"),
    DWORDS(0xa167, 0xa16a, "Intel 100 series specification update, erratum 23"),
    DWORDS(0xa290, 0xa29f, "Intel 200 series specification update, erratum 22"),
    DWORDS(0xa2e7, 0xa2ee, "Intel 200 series specification update, erratum 22"),
    DWORDS(0x9d10, 0x9d1b, "Intel 7th generation I/O specification update, erratum 22"),
    /* Last: whatever else of Intel is part of the root complex */
    { INTEL, 0x0000, 0xffff, PCI_QUIRK_ROOT_ENDPOINT,
      "what is part of Intel's root complex sends untranslated requests through the unit",
      "VT-d §3.17" },
};

static bool holds(const struct pci_quirk *q, const struct pci_function *f, bool amd_unit)
{
    switch (q->kind) {
    case PCI_QUIRK_SOUTHBRIDGE:
        return amd_unit && f->parent == NULL && pci_one_of_several(f);
    case PCI_QUIRK_ROOT_ENDPOINT:
        return f->express_type == PCI_EXP_ROOT_ENDPOINT;
    case PCI_QUIRK_CHIPSET_PORT:
    case PCI_QUIRK_DWORDS:
        return f->express_type == PCI_EXP_ROOT_PORT;
    case PCI_QUIRK_PORT_ISOLATES:
        return pci_is_port(f);
    case PCI_QUIRK_NO_PEERS:
        return true;
    }
    return false;
}

const struct pci_quirk *pci_quirk_of(const struct pci_function *f, bool amd_unit)
{
    for (size_t i = 0; i < sizeof(quirks) / sizeof(quirks[0]); i++) {
        const struct pci_quirk *q = &quirks[i];

        if (q->vendor == f->vendor && f->device >= q->first && f->device <= q->last &&
            holds(q, f, amd_unit))
            return q;
    }
    return NULL;
}
