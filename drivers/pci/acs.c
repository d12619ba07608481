/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Access Control Services: what a function has of them, what it takes to be
 * isolated at that point of the hierarchy, and switching it on. Two of
 * Intel's families of root ports keep the same elsewhere (group_quirks.c).
 * Translation blocking, egress control and direct translated requests are
 * left as firmware set them.
 * Sources: PCI Express 6.0 §6.12, §7.7.11; for the chip sets see group_quirks.c
 */
#include "group_internal.h"

/*
 * What functions of one device need towards each other: the other two bits are a port's
 * (§6.12.1.2).
 */
#define FUNCTION_ISOLATION (PCI_ACS_RR | PCI_ACS_CR)

/* ---- Intel's chip sets before Sunrise Point: the block that the LPC bridge names ---- */
#define LPC_DEVICE 31u
#define LPC_RCBA 0xf0
#define LPC_RCBA_ENABLE PCI_BIT32(0)
#define LPC_RCBA_BASE PCI_BITS32(31, 14)
#define RCBA_BYTES 0x4000u
#define RCBA_UPDCR 0x1014 /* upstream peer decode, a bit for each port */
#define RCBA_UPDCR_DECODE PCI_BITS32(5, 0)
#define RCBA_BSPR 0x1104                    /* backbone scratch pad, set by straps */
#define RCBA_BSPR_NO_PEERS PCI_BITS32(9, 8) /* neither posted nor other peer cycles */
#define PORT_MPC 0xd8                       /* miscellaneous port configuration */
#define PORT_MPC_IRBNCE PCI_BIT32(26)       /* checks the requesters' bus numbers */

bool pci_is_port(const struct pci_function *f)
{
    return f->express_type == PCI_EXP_ROOT_PORT || f->express_type == PCI_EXP_DOWNSTREAM;
}

/* Below a port the function number may fill the device number's place too. */
static bool numbers_functions_only(const struct pci_function *f)
{
    return f->ari && f->parent != NULL && pci_is_port(f->parent);
}

bool pci_same_device(const struct pci_function *a, const struct pci_function *b)
{
    if (a->segment != b->segment || pci_bus_of(a->rid) != pci_bus_of(b->rid))
        return false;
    return a->rid >> 3 == b->rid >> 3 || (numbers_functions_only(a) && numbers_functions_only(b));
}

bool pci_one_of_several(const struct pci_function *f)
{
    unsigned number = f->rid & (numbers_functions_only(f) ? 0xffu : 0x7u);

    return f->physical == NULL && (f->multifunction || number != 0);
}

/*
 * What capability and control say; bits that are not offered are wired as isolation wants them
 * (§7.7.11.2).
 */
static uint16_t missing_by_capability(const struct pci_function *f)
{
    switch (f->express_type) {
    case PCI_EXP_ROOT_PORT:
    case PCI_EXP_DOWNSTREAM:
        return f->cap_acs == 0 ? PCI_ACS_ISOLATION
                               : PCI_ACS_ISOLATION & f->acs_capability & (uint16_t)~f->acs_control;
    case PCI_EXP_ENDPOINT:
    case PCI_EXP_LEGACY_ENDPOINT:
    case PCI_EXP_UPSTREAM:
    case PCI_EXP_ROOT_ENDPOINT:
        if (!pci_one_of_several(f))
            return 0;
        return f->cap_acs == 0 ? FUNCTION_ISOLATION
                               : PCI_ACS_ISOLATION & f->acs_capability & (uint16_t)~f->acs_control;
    default:
        /* On a conventional bus, or where one begins, everybody hears everybody. */
        return f->is_bridge ? PCI_ACS_ISOLATION : FUNCTION_ISOLATION;
    }
}

uint16_t pci_acs_missing(const struct pci_function *f, const struct pci_group_options *options,
                         const struct pci_quirk **quirk)
{
    uint16_t missing = missing_by_capability(f);
    const struct pci_quirk *q = options->no_quirks ? NULL : pci_quirk_of(f, options->amd_unit);

    *quirk = NULL;
    if (q == NULL)
        return missing;
    switch (q->kind) {
    case PCI_QUIRK_NO_PEERS:
    case PCI_QUIRK_SOUTHBRIDGE:
    case PCI_QUIRK_ROOT_ENDPOINT:
    case PCI_QUIRK_PORT_ISOLATES:
        *quirk = missing != 0 ? q : NULL;
        return 0;
    case PCI_QUIRK_CHIPSET_PORT:
        *quirk = q;
        return PCI_ACS_ISOLATION & (uint16_t)~f->acs_control;
    case PCI_QUIRK_DWORDS:
        *quirk = f->cap_acs != 0 ? q : NULL;
        return missing;
    }
    return missing;
}

static bool has_dwords(const struct pci_function *f)
{
    const struct pci_quirk *q = pci_quirk_of(f, false);

    return q != NULL && q->kind == PCI_QUIRK_DWORDS;
}

void pci_acs_read(struct pci_function *f)
{
    uint16_t control = has_dwords(f) ? PCI_ACS_DWORD_CONTROL : PCI_ACS_CONTROL;

    f->acs_capability = (uint16_t)pci_read(f, (uint16_t)(f->cap_acs + PCI_ACS_CAPABILITY), 2);
    f->acs_control = (uint16_t)pci_read(f, (uint16_t)(f->cap_acs + control), 2);
}

static uint32_t chipset_read(const struct pci_function *f, unsigned offset)
{
    return f->pci->host->mmio_read(f->pci->ctx, (volatile uint8_t *)f->pci->chipset + offset, 4);
}

/* The block's address stands in the LPC bridge, function 0 of device 31 on the port's bus. */
static bool chipset_map(const struct pci_function *f)
{
    struct pci *pci = f->pci;
    uint32_t rcba;

    if (pci->chipset != NULL)
        return true;
    rcba = pci_read_raw(pci, f->segment, PCI_RID(pci_bus_of(f->rid), LPC_DEVICE, 0), LPC_RCBA, 4);
    if (rcba == ~0u || !(rcba & LPC_RCBA_ENABLE))
        return false;
    pci->chipset = pci->host->mmio_map(pci->ctx, rcba & LPC_RCBA_BASE, RCBA_BYTES);
    return pci->chipset != NULL;
}

/*
 * Straps may forbid peer cycles for good; where they do not, each port stops decoding its peers'.
 */
static bool chipset_stop_peers(const struct pci_function *f)
{
    uint32_t decode;

    if (!chipset_map(f))
        return false;
    if ((chipset_read(f, RCBA_BSPR) & RCBA_BSPR_NO_PEERS) == RCBA_BSPR_NO_PEERS)
        return true;
    decode = chipset_read(f, RCBA_UPDCR);
    if (decode & RCBA_UPDCR_DECODE)
        f->pci->host->mmio_write(f->pci->ctx, (volatile uint8_t *)f->pci->chipset + RCBA_UPDCR, 4,
                                 decode & ~RCBA_UPDCR_DECODE);
    return (chipset_read(f, RCBA_UPDCR) & RCBA_UPDCR_DECODE) == 0;
}

static void chipset_port_enable(struct pci_function *f)
{
    uint32_t mpc = pci_read(f, PORT_MPC, 4);

    if (!chipset_stop_peers(f)) {
        pci_log(f->pci,
                "pci: " PCI_FORMAT
                " cannot be isolated: the chip set's registers are not to be had",
                PCI_ARGS(f));
        return;
    }
    if (!(mpc & PORT_MPC_IRBNCE))
        pci_write(f, PORT_MPC, 4, mpc | PORT_MPC_IRBNCE);
    f->acs_control = PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_UF;
    if (pci_read(f, PORT_MPC, 4) & PORT_MPC_IRBNCE)
        f->acs_control |= PCI_ACS_SV;
}

static void capability_enable(struct pci_function *f)
{
    bool dwords = has_dwords(f);
    uint16_t at = (uint16_t)(f->cap_acs + (dwords ? PCI_ACS_DWORD_CONTROL : PCI_ACS_CONTROL));
    unsigned width = dwords ? 4 : 2;
    uint32_t control = pci_read(f, at, width);
    uint32_t wanted = control | (f->acs_capability & PCI_ACS_ISOLATION);

    if (wanted != control)
        pci_write(f, at, width, wanted);
    f->acs_control = (uint16_t)pci_read(f, at, width);
}

void pci_acs_enable(struct pci_function *f)
{
    const struct pci_quirk *q = pci_quirk_of(f, false);

    if (q != NULL && q->kind == PCI_QUIRK_CHIPSET_PORT)
        chipset_port_enable(f);
    else if (f->cap_acs != 0)
        capability_enable(f);
}

void pci_acs_assume_hidden(struct pci_function *f)
{
    const struct pci_quirk *q = pci_quirk_of(f, false);

    if (q == NULL)
        return;
    if (q->kind == PCI_QUIRK_CHIPSET_PORT)
        f->acs_control = PCI_ACS_ISOLATION;
    else if (q->kind == PCI_QUIRK_DWORDS)
        f->acs_control |= f->acs_capability & PCI_ACS_ISOLATION;
}
