/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Groups: the smallest sets of functions that an IOMMU can tell apart and
 * that cannot reach one another behind its back, and for every function why
 * it is where it is. Computed from what struct pci_function holds alone, so
 * that a machine's topology from elsewhere can be judged too.
 *
 * No allocation, no access to the hardware, task context.
 * Sources: PCI Express 6.0 §6.12 (ACS), PCI Express to PCI/PCI-X Bridge 1.0 §2.3
 */
#ifndef PCI_GROUP_H
#define PCI_GROUP_H

#include "pci.h"

enum pci_group_reason {
    PCI_GROUP_ALONE,         /* isolated up to the root; starts the group, which others may join */
    PCI_GROUP_BEHIND_BRIDGE, /* shares a requester id with the others behind because (a bridge) */
    PCI_GROUP_PORT_WITHOUT_ACS,     /* because (a port above, or beside one above) may turn requests
                                       round: missing */
    PCI_GROUP_FUNCTION_WITHOUT_ACS, /* because (a function of the same device) may reach it inside
                                       the device */
    PCI_GROUP_SAME_ALIAS, /* because (another function) sends under one of its ids: quirk or
                             firmware */
    PCI_GROUP_NO_UNIT,    /* no unit watches it: it is in no group */
};

/* A device whose capability does not tell how isolated it is. */
enum pci_quirk_kind {
    PCI_QUIRK_NO_PEERS,      /* a device whose functions do no peer-to-peer */
    PCI_QUIRK_SOUTHBRIDGE,   /* the same, on a root bus under an AMD-Vi unit */
    PCI_QUIRK_ROOT_ENDPOINT, /* the same, part of Intel's root complex */
    PCI_QUIRK_PORT_ISOLATES, /* a port that passes nothing to its peers */
    PCI_QUIRK_CHIPSET_PORT,  /* a root port that chip set registers isolate: pci_acs_enable() */
    PCI_QUIRK_DWORDS,        /* a root port whose ACS registers are 32 bits wide */
};

struct pci_quirk {
    uint16_t vendor, first, last; /* device ids, last inclusive */
    enum pci_quirk_kind kind;
    const char *reason, *source;
};

struct pci_group_member {
    const struct pci_function *function;
    size_t group; /* from 0 in the order of the functions; PCI_NO_GROUP */
    enum pci_group_reason reason;
    const struct pci_function *because; /* NULL: nobody */
    uint16_t missing; /* ACS control bits that because lacks, or where nobody is named itself:
                         PCI_ACS_* */
    const struct pci_quirk *quirk; /* data that decided instead of the capability; NULL: none */
};

#define PCI_NO_GROUP ((size_t)-1)

/* ACS capability and control bits (PCI Express 6.0 §7.7.11.2, §7.7.11.3). */
#define PCI_ACS_SV 0x01u /* source validation */
#define PCI_ACS_TB 0x02u /* translation blocking */
#define PCI_ACS_RR 0x04u /* P2P request redirect */
#define PCI_ACS_CR 0x08u /* P2P completion redirect */
#define PCI_ACS_UF 0x10u /* upstream forwarding */
#define PCI_ACS_EC 0x20u /* P2P egress control */
#define PCI_ACS_DT 0x40u /* direct translated P2P */
/* What isolation takes. */
#define PCI_ACS_ISOLATION (PCI_ACS_SV | PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_UF)

struct pci_group_options {
    /*
     * Further requester ids that firmware says f has (IVRS aliases); NULL: none. Returns the count,
     * at most max.
     */
    size_t (*firmware_ids)(void *ctx, const struct pci_function *f, uint16_t *rids, size_t max);
    /* Whether some unit watches f; NULL: all are watched. */
    bool (*watched)(void *ctx, const struct pci_function *f);
    void *ctx;
    bool no_quirks; /* capabilities alone decide */
    /*
     * Groups as Linux forms them (seen to 7.0): a switch's downstream port without ACS then joins
     * what is below it, but not what is below its peers, although requests may be turned round to
     * them.
     */
    bool as_linux;
    bool amd_unit; /* an AMD-Vi unit watches the root bus: some south bridges count on it */
};

/*
 * One member for every function of the list, in its order, bridges included.
 * Returns how many there are; of more than max the first max are written.
 */
size_t pci_groups(const struct pci_function *first, const struct pci_group_options *options,
                  struct pci_group_member *members, size_t max);

/* The lowest-numbered member of member's group; itself where it is in none. */
const struct pci_group_member *pci_group_first(const struct pci_group_member *members, size_t count,
                                               const struct pci_group_member *member);

/* Why it is where it is, one sentence without a full stop. Returns its length, cut to size. */
size_t pci_group_text(const struct pci_group_member *member, char *out, size_t size);
/* "alone", "behind-bridge", ... */
const char *pci_group_reason_name(enum pci_group_reason reason);

/*
 * Switches on what f's ACS capability offers of PCI_ACS_ISOLATION, and of chip sets that have the
 * same under other names; f->acs_control says what came of it. Call it on every function before
 * pci_groups(). Task context.
 */
void pci_acs_enable(struct pci_function *f);
/*
 * For lists that come from elsewhere, another system's: what that one has switched on out of sight
 * of the standard registers, as far as quirks know. No access to the hardware.
 */
void pci_acs_assume_hidden(struct pci_function *f);
/*
 * The bits of PCI_ACS_ISOLATION that are not in force at f; 0: requests are not turned round at it
 * (a port), its other functions cannot reach it (a function of several). *quirk: as in struct
 * pci_group_member.
 */
uint16_t pci_acs_missing(const struct pci_function *f, const struct pci_group_options *options,
                         const struct pci_quirk **quirk);
/*
 * Memory that requests of f may be turned round to before they meet a unit: windows of bridges
 * above or beside it, BARs of its device's other functions. As an IOVA such an address may reach
 * what is there, or nothing. Ranges may overlap. Returns how many there are; of more than max the
 * first max are written.
 * Source: PCI Express 6.0 §6.12.1
 */
size_t pci_turned_ranges(const struct pci_function *first, const struct pci_function *f,
                         const struct pci_group_options *options, struct pci_range *out,
                         size_t max);
/* "SV RR CR UF" of the bits that are set. Returns its length, cut to size. */
size_t pci_acs_names(uint16_t bits, char *out, size_t size);

#endif
