/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capability lists: the standard one inside the first 256 bytes, the extended
 * one from 100h on. The lists are the device's word: each visits a place once
 * and ends at the first pointer that cannot be one.
 * Sources: PCI Local Bus 3.0 §6.7, PCI Express Base §7.6.3
 */
#include "pci_internal.h"

#define STANDARD_FIRST 0x40u
#define EXTENDED_FIRST 0x100u
#define EXTENDED_ID PCI_BITS32(15, 0)
#define EXTENDED_NEXT_SHIFT 20
#define ID_ALL 0xffffffffu /* looks for none: walks to the end */
#define DWORDS (PCI_CONFIG_BYTES / 4)

/* A place in one list: where, and which have been visited. */
struct walk {
    const struct pci_function *f;
    bool extended;
    bool report;
    uint32_t at;
    uint32_t visited[DWORDS / 32];
};

static void walk_cut(const struct walk *w, uint32_t bad, const char *why)
{
    if (w->report)
        pci_log(w->f->pci, "pci: " PCI_FORMAT " %scapability list cut at 0x%x: pointer 0x%x %s",
                PCI_ARGS(w->f), w->extended ? "extended " : "", (unsigned)w->at, (unsigned)bad,
                why);
}

/* Moves to the place a pointer names; false at the end of the list, orderly or not. */
static bool walk_to(struct walk *w, uint32_t next)
{
    uint32_t first = w->extended ? EXTENDED_FIRST : STANDARD_FIRST;
    uint32_t index = next / 4;

    if (next == 0)
        return false;
    if (next < first || next % 4 != 0) {
        walk_cut(w, next, "is no place for one");
        return false;
    }
    if (w->visited[index / 32] & PCI_BIT32(index % 32)) {
        walk_cut(w, next, "leads back");
        return false;
    }
    w->visited[index / 32] |= PCI_BIT32(index % 32);
    w->at = next;
    return true;
}

static uint16_t standard_find(const struct pci_function *f, uint32_t id, bool report)
{
    struct walk w = { .f = f, .report = report };
    uint16_t pointer =
        f->header_type == PCI_HEADER_CARDBUS ? PCI_CAP_POINTER_CARDBUS : PCI_CAP_POINTER;

    if (!(pci_read(f, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST))
        return 0;
    w.at = pointer;
    for (uint32_t next = pci_read(f, pointer, 1); walk_to(&w, next);
         next = pci_read(f, (uint16_t)(w.at + 1), 1))
        if (pci_read(f, (uint16_t)w.at, 1) == id)
            return (uint16_t)w.at;
    return 0;
}

static uint16_t extended_find(const struct pci_function *f, uint32_t id, bool report)
{
    struct walk w = { .f = f, .extended = true, .report = report, .at = EXTENDED_FIRST };
    uint32_t next = EXTENDED_FIRST;

    if (f->cap_express == 0)
        return 0;
    while (walk_to(&w, next)) {
        uint32_t header = pci_read(f, (uint16_t)w.at, 4);

        if (header == 0 || header == ~0u)
            return 0;
        if ((header & EXTENDED_ID) == id)
            return (uint16_t)w.at;
        next = header >> EXTENDED_NEXT_SHIFT;
    }
    return 0;
}

uint16_t pci_capability(const struct pci_function *f, uint8_t id)
{
    return standard_find(f, id, false);
}

uint16_t pci_extended_capability(const struct pci_function *f, uint16_t id)
{
    return extended_find(f, id, false);
}

static void sriov_read(struct pci_function *f)
{
    f->sriov_total = (uint16_t)pci_read(f, (uint16_t)(f->cap_sriov + PCI_SRIOV_TOTAL), 2);
    f->sriov_offset = (uint16_t)pci_read(f, (uint16_t)(f->cap_sriov + PCI_SRIOV_OFFSET), 2);
    f->sriov_stride = (uint16_t)pci_read(f, (uint16_t)(f->cap_sriov + PCI_SRIOV_STRIDE), 2);
}

void pci_capabilities_read(struct pci_function *f)
{
    uint32_t flags;

    standard_find(f, ID_ALL, true);
    f->cap_power = pci_capability(f, PCI_CAP_POWER);
    f->cap_msi = pci_capability(f, PCI_CAP_MSI);
    f->cap_msix = pci_capability(f, PCI_CAP_MSIX);
    f->cap_express = pci_capability(f, PCI_CAP_EXPRESS);
    f->express_type = PCI_EXP_NONE;
    if (f->cap_express == 0)
        return;
    flags = pci_read(f, (uint16_t)(f->cap_express + PCI_EXPRESS_FLAGS), 2);
    f->express_type = (enum pci_express_type)((flags & PCI_EXPRESS_FLAGS_TYPE) >> 4);
    extended_find(f, ID_ALL, true);
    f->cap_acs = pci_extended_capability(f, PCI_XCAP_ACS);
    f->cap_ats = pci_extended_capability(f, PCI_XCAP_ATS);
    f->ari = pci_extended_capability(f, PCI_XCAP_ARI) != 0;
    f->cap_sriov = pci_extended_capability(f, PCI_XCAP_SRIOV);
    if (f->cap_acs != 0)
        pci_acs_read(f);
    if (f->cap_sriov != 0)
        sriov_read(f);
}
