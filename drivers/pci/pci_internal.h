/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of drivers/pci share: register offsets and fields of
 * configuration space, and the machine's state.
 */
#ifndef PCI_INTERNAL_H
#define PCI_INTERNAL_H

#include "pci.h"

#define PCI_BIT32(n) (1u << (n))
#define PCI_BITS32(high, low) ((~0u >> (31 - (high))) & (~0u << (low)))

/* ---- header, offsets common to all types (PCI Local Bus 3.0 §6.1) ---- */
#define PCI_VENDOR              0x00
#define PCI_DEVICE              0x02
#define PCI_COMMAND             0x04
#define PCI_COMMAND_IO          PCI_BIT32(0)
#define PCI_COMMAND_MEMORY      PCI_BIT32(1)
#define PCI_COMMAND_MASTER      PCI_BIT32(2)
#define PCI_COMMAND_INTX_OFF    PCI_BIT32(10)
#define PCI_STATUS              0x06
#define PCI_STATUS_INTERRUPT    PCI_BIT32(3)
#define PCI_STATUS_CAP_LIST     PCI_BIT32(4)
#define PCI_REVISION            0x08
#define PCI_HEADER              0x0e
#define PCI_HEADER_TYPE         PCI_BITS32(6, 0)
#define PCI_HEADER_MULTI        PCI_BIT32(7)
#define PCI_BAR0                0x10
#define PCI_SUBSYSTEM           0x2c    /* type 0 */
#define PCI_CAP_POINTER         0x34    /* types 0 and 1 */
#define PCI_CAP_POINTER_CARDBUS 0x14    /* type 2 */
#define PCI_INTERRUPT_PIN       0x3d
#define PCI_SECONDARY_BUS       0x19    /* types 1 and 2 */
#define PCI_SUBORDINATE_BUS     0x1a
/* type 1: bits 31:20 of memory, and of prefetchable memory, whose upper halves follow */
#define PCI_MEMORY_BASE         0x20
#define PCI_MEMORY_LIMIT        0x22
#define PCI_PREFETCH_BASE       0x24
#define PCI_PREFETCH_LIMIT      0x26
#define PCI_PREFETCH_BASE_HIGH  0x28
#define PCI_PREFETCH_LIMIT_HIGH 0x2c
#define PCI_WINDOW_ADDRESS      PCI_BITS32(15, 4)
#define PCI_WINDOW_64           PCI_BIT32(0)

enum { PCI_HEADER_DEVICE = 0, PCI_HEADER_BRIDGE = 1, PCI_HEADER_CARDBUS = 2 };

#define PCI_BAR_IO              PCI_BIT32(0)
#define PCI_BAR_TYPE            PCI_BITS32(2, 1)
#define PCI_BAR_TYPE_64         PCI_BIT32(2)
#define PCI_BAR_PREFETCH        PCI_BIT32(3)
#define PCI_BAR_IO_ADDRESS      PCI_BITS32(31, 2)
#define PCI_BAR_MEMORY_ADDRESS  PCI_BITS32(31, 4)

/* ---- capabilities ---- */
#define PCI_CAP_POWER           0x01
#define PCI_CAP_MSI             0x05
#define PCI_CAP_EXPRESS         0x10
#define PCI_CAP_MSIX            0x11

#define PCI_EXPRESS_FLAGS       0x02
#define PCI_EXPRESS_FLAGS_TYPE  PCI_BITS32(7, 4)

/* ---- extended capabilities (PCI Express 6.0 §7.7.11, §7.8.7, §10.5.1, §9.3.3) ---- */
#define PCI_XCAP_ACS            0x000d
#define PCI_ACS_CAPABILITY      0x04
#define PCI_ACS_CONTROL         0x06
#define PCI_ACS_DWORD_CONTROL   0x08    /* where a chip set has dwords, see group_quirks.c */
#define PCI_XCAP_ARI            0x000e
#define PCI_XCAP_ATS            0x000f
#define PCI_XCAP_SRIOV          0x0010
#define PCI_SRIOV_CONTROL       0x08
#define PCI_SRIOV_CONTROL_VFE   PCI_BIT32(0)
#define PCI_SRIOV_TOTAL         0x0e
#define PCI_SRIOV_COUNT         0x10
#define PCI_SRIOV_OFFSET        0x14
#define PCI_SRIOV_STRIDE        0x16
#define PCI_SRIOV_DEVICE        0x1a

#define PCI_CLASS_BASE          PCI_BITS32(23, 16)
#define PCI_CLASS_BASE_BRIDGE   (0x06u << 16)
#define PCI_CLASS_SUB           PCI_BITS32(23, 8)
#define PCI_CLASS_HOST_BRIDGE   (0x0600u << 8)

#define PCI_BUSES 256u
#define PCI_DEVICES 32u
#define PCI_FUNCTIONS 8u
#define PCI_BUS_BYTES (1ull << 20)      /* of an ECAM window */
#define PCI_CONFIG_BYTES 4096u
#define PCI_CONFIG_PORT_BYTES 256u      /* what ports CF8h/CFCh reach */

struct pci_window {
    struct pci_ecam ecam;
    bool dropped;                       /* reads all ones where the ports find a function */
    void *bus_at[PCI_BUSES];            /* mapped when first needed */
    bool bus_failed[PCI_BUSES];         /* could not be mapped; not tried again */
};

struct pci {
    const struct pci_host *host;
    void *ctx;
    struct pci_window **windows;
    size_t window_count;
    bool stop_bus_masters;
    volatile void *chipset;             /* registers of Intel's chip set, mapped when first needed */
    struct pci_function *first, *last;
    /* Of the segment being scanned: the innermost bridge whose range holds a bus. */
    struct pci_function *range_of[PCI_BUSES];
    struct pci_function *secondary_of[PCI_BUSES];   /* the bridge that leads to a bus */
};

/* Every struct pci_function is the first member of one of these. */
struct pci_function_state {
    struct pci_function function;
    volatile uint8_t *msix_table, *msix_pending;    /* NULL: not mapped yet */
    unsigned msix_entries;                          /* of what is mapped, whatever the device says later */
};

static inline uint8_t pci_bus_of(uint16_t rid)
{
    return (uint8_t)(rid >> 8);
}

void pci_log(const struct pci *pci, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Says why no interrupt is taken from f. */
void pci_no_interrupt(const struct pci_function *f, const char *why);

/* Through ports CF8h/CFCh, segment 0 only. */
uint32_t pci_port_read(const struct pci *pci, uint16_t rid, uint16_t offset, unsigned width);
/* Takes windows that cannot be right out of use; see config.c. */
void pci_windows_check(struct pci *pci);

/* Whether requests pass the bridge under its id or its secondary bus's, not under their own. */
bool pci_bridge_takes_over(const struct pci_function *bridge);

/* acs_capability and acs_control as they stand. */
void pci_acs_read(struct pci_function *f);

/* Finds the capabilities this driver uses and says once what is wrong with the lists. */
void pci_capabilities_read(struct pci_function *f);
/* Fills f->windows of a bridge. */
void pci_windows_read(struct pci_function *f);
/* Fills f->bars; decoding is off meanwhile and restored. */
void pci_bars_read(struct pci_function *f);

#endif
