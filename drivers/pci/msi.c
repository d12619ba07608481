/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One message-signalled interrupt of a function: an entry of the MSI-X table,
 * or the single message of MSI. Several messages of one MSI capability are
 * left out.
 * Sources: PCI Local Bus 3.0 §6.8.1 (MSI), §6.8.2 (MSI-X)
 */
#include "pci_internal.h"

#define MSI_CONTROL             0x02
#define MSI_CONTROL_ENABLE      PCI_BIT32(0)
#define MSI_CONTROL_MULTIPLE    PCI_BITS32(6, 4)
#define MSI_CONTROL_64BIT       PCI_BIT32(7)
#define MSI_CONTROL_MASKABLE    PCI_BIT32(8)
#define MSI_ADDRESS             0x04
#define MSI_ADDRESS_UPPER       0x08
#define MSI_DATA_32             0x08
#define MSI_DATA_64             0x0c
#define MSI_MASK_32             0x0cu
#define MSI_MASK_64             0x10u

#define MSIX_CONTROL            0x02
#define MSIX_CONTROL_SIZE       PCI_BITS32(10, 0)   /* entries - 1 */
#define MSIX_CONTROL_MASK       PCI_BIT32(14)
#define MSIX_CONTROL_ENABLE     PCI_BIT32(15)
#define MSIX_TABLE              0x04
#define MSIX_TABLE_BIR          PCI_BITS32(2, 0)
#define MSIX_TABLE_OFFSET       PCI_BITS32(31, 3)
#define MSIX_BYTES              0x0cu               /* of the capability */
#define MSIX_ENTRY_BYTES        16u
#define MSIX_ENTRY_ADDRESS      0u
#define MSIX_ENTRY_UPPER        4u
#define MSIX_ENTRY_DATA         8u
#define MSIX_ENTRY_CONTROL      12u
#define MSIX_ENTRY_MASKED       PCI_BIT32(0)

static bool malformed(const struct pci_function *f, const char *what)
{
    pci_log(f->pci, "pci: " PCI_FORMAT " %s: no interrupt from it", PCI_ARGS(f), what);
    return false;
}

static struct pci_function_state *state_of(struct pci_function *f)
{
    return (struct pci_function_state *)f;
}

static unsigned msix_entries(const struct pci_function *f)
{
    return (pci_read(f, (uint16_t)(f->cap_msix + MSIX_CONTROL), 2) & MSIX_CONTROL_SIZE) + 1;
}

/* Maps the table, once; false: the capability places it where nothing is. */
static bool msix_table_map(struct pci_function *f)
{
    struct pci_function_state *state = state_of(f);
    uint32_t table = pci_read(f, (uint16_t)(f->cap_msix + MSIX_TABLE), 4);
    uint32_t bir = table & MSIX_TABLE_BIR;
    uint64_t offset = table & MSIX_TABLE_OFFSET;
    uint64_t len = (uint64_t)msix_entries(f) * MSIX_ENTRY_BYTES;
    const struct pci_bar *bar;

    if (state->msix_table != NULL)
        return true;
    if (bir >= sizeof(f->bars) / sizeof(f->bars[0]))
        return malformed(f, "MSI-X table is in a BAR that does not exist");
    bar = &f->bars[bir];
    if (bar->len == 0 || bar->io)
        return malformed(f, "MSI-X table is in a BAR without memory");
    if (offset > bar->len || len > bar->len - offset)
        return malformed(f, "MSI-X table reaches beyond its BAR");
    state->msix_table = f->pci->host->mmio_map(f->pci->ctx, bar->pa + offset, len);
    return state->msix_table != NULL || malformed(f, "MSI-X table cannot be mapped");
}

static void msix_entry_write(struct pci_function *f, unsigned vector, uint64_t address,
                             uint32_t data)
{
    volatile uint8_t *entry = state_of(f)->msix_table + (size_t)vector * MSIX_ENTRY_BYTES;
    const struct pci_host *host = f->pci->host;
    void *ctx = f->pci->ctx;

    host->mmio_write(ctx, entry + MSIX_ENTRY_CONTROL, 4, MSIX_ENTRY_MASKED);
    host->mmio_write(ctx, entry + MSIX_ENTRY_ADDRESS, 4, (uint32_t)address);
    host->mmio_write(ctx, entry + MSIX_ENTRY_UPPER, 4, (uint32_t)(address >> 32));
    host->mmio_write(ctx, entry + MSIX_ENTRY_DATA, 4, data);
    host->mmio_write(ctx, entry + MSIX_ENTRY_CONTROL, 4, 0);
}

/* The function stays masked until its entry is whole. */
static bool msix_enable(struct pci_function *f, unsigned vector, uint64_t address, uint32_t data)
{
    uint16_t control_at = (uint16_t)(f->cap_msix + MSIX_CONTROL);
    uint32_t control;

    if (f->cap_msix + MSIX_BYTES > PCI_CONFIG_PORT_BYTES)
        return malformed(f, "MSI-X capability reaches beyond its place");
    if (!(pci_read(f, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY))
        return malformed(f, "memory decode is off");
    if (!msix_table_map(f))
        return false;
    control = pci_read(f, control_at, 2);
    pci_write(f, control_at, 2, control | MSIX_CONTROL_ENABLE | MSIX_CONTROL_MASK);
    msix_entry_write(f, vector, address, data);
    pci_write(f, control_at, 2, (control | MSIX_CONTROL_ENABLE) & ~MSIX_CONTROL_MASK);
    return true;
}

static bool msi_enable(struct pci_function *f, uint64_t address, uint32_t data)
{
    uint16_t cap = f->cap_msi;
    uint32_t control = pci_read(f, (uint16_t)(cap + MSI_CONTROL), 2) &
                       ~(MSI_CONTROL_ENABLE | MSI_CONTROL_MULTIPLE);
    bool wide = (control & MSI_CONTROL_64BIT) != 0;
    unsigned mask_at = cap + (wide ? MSI_MASK_64 : MSI_MASK_32);

    if (mask_at + 4 > PCI_CONFIG_PORT_BYTES)
        return malformed(f, "MSI capability reaches beyond its place");
    if (!wide && address >> 32 != 0)
        return malformed(f, "MSI address has 32 bits, the message needs more");
    pci_write(f, (uint16_t)(cap + MSI_CONTROL), 2, control);
    pci_write(f, (uint16_t)(cap + MSI_ADDRESS), 4, (uint32_t)address);
    if (wide)
        pci_write(f, (uint16_t)(cap + MSI_ADDRESS_UPPER), 4, (uint32_t)(address >> 32));
    pci_write(f, (uint16_t)(cap + (wide ? MSI_DATA_64 : MSI_DATA_32)), 2, data);
    if (control & MSI_CONTROL_MASKABLE)
        pci_write(f, (uint16_t)mask_at, 4, 0);
    pci_write(f, (uint16_t)(cap + MSI_CONTROL), 2, control | MSI_CONTROL_ENABLE);
    return true;
}

bool pci_msi_enable(struct pci_function *f, unsigned vector, uint64_t address, uint32_t data)
{
    if (f->cap_msix != 0 && vector < msix_entries(f))
        return msix_enable(f, vector, address, data);
    return f->cap_msi != 0 && vector == 0 && msi_enable(f, address, data);
}

void pci_msi_disable(struct pci_function *f)
{
    if (f->cap_msix != 0) {
        uint16_t control_at = (uint16_t)(f->cap_msix + MSIX_CONTROL);
        uint32_t control = pci_read(f, control_at, 2);

        pci_write(f, control_at, 2, (control | MSIX_CONTROL_MASK) & ~MSIX_CONTROL_ENABLE);
    }
    if (f->cap_msi != 0) {
        uint16_t control_at = (uint16_t)(f->cap_msi + MSI_CONTROL);

        pci_write(f, control_at, 2, pci_read(f, control_at, 2) & ~MSI_CONTROL_ENABLE);
    }
}
