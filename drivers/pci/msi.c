/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The messages of an MSI capability: 1 to 32 of them, with or without mask
 * bits, address of 32 or 64 bits; and the wire that a function uses without
 * messages.
 * Source: PCI Local Bus 3.0 §6.8.1
 */
#include "pci_internal.h"

#define MSI_CONTROL             0x02
#define MSI_CONTROL_ENABLE      PCI_BIT32(0)
#define MSI_CONTROL_CAPABLE     PCI_BITS32(3, 1)    /* log2 of the messages */
#define MSI_CONTROL_MULTIPLE    PCI_BITS32(6, 4)    /* log2 of those in use */
#define MSI_CONTROL_64BIT       PCI_BIT32(7)
#define MSI_CONTROL_MASKABLE    PCI_BIT32(8)
#define MSI_CAPABLE_MAX         5u
#define MSI_ADDRESS             0x04
#define MSI_ADDRESS_UPPER       0x08
#define MSI_DATA_32             0x08
#define MSI_DATA_64             0x0c
#define MSI_MASK_32             0x0cu
#define MSI_MASK_64             0x10u
#define MSI_PENDING             0x04u               /* behind the mask bits */
#define MSI_BYTES_32            0x0au
#define MSI_BYTES_64            0x0eu

static uint32_t control_of(const struct pci_function *f)
{
    return pci_read(f, (uint16_t)(f->cap_msi + MSI_CONTROL), 2);
}

static void set_control(const struct pci_function *f, uint32_t control)
{
    pci_write(f, (uint16_t)(f->cap_msi + MSI_CONTROL), 2, control);
}

static uint16_t mask_at(const struct pci_function *f, uint32_t control)
{
    return (uint16_t)(f->cap_msi + (control & MSI_CONTROL_64BIT ? MSI_MASK_64 : MSI_MASK_32));
}

static uint16_t data_at(const struct pci_function *f, uint32_t control)
{
    return (uint16_t)(f->cap_msi + (control & MSI_CONTROL_64BIT ? MSI_DATA_64 : MSI_DATA_32));
}

static unsigned log2_capable(uint32_t control)
{
    return (control & MSI_CONTROL_CAPABLE) >> 1;
}

/* Where a capability of its form ends. */
static unsigned end_of(const struct pci_function *f, uint32_t control)
{
    if (control & MSI_CONTROL_MASKABLE)
        return mask_at(f, control) + MSI_PENDING + 4u;
    return f->cap_msi + (control & MSI_CONTROL_64BIT ? MSI_BYTES_64 : MSI_BYTES_32);
}

unsigned pci_msi_count(const struct pci_function *f)
{
    uint32_t control;

    if (f->cap_msi == 0)
        return 0;
    control = control_of(f);
    if (end_of(f, control) > PCI_CONFIG_PORT_BYTES) {
        pci_no_interrupt(f, "MSI capability reaches beyond its place");
        return 0;
    }
    if (log2_capable(control) > MSI_CAPABLE_MAX) {
        pci_no_interrupt(f, "MSI capability with a reserved number of messages");
        return 0;
    }
    return 1u << log2_capable(control);
}

static void set_masks(const struct pci_function *f, uint32_t control, uint32_t masks)
{
    if (control & MSI_CONTROL_MASKABLE)
        pci_write(f, mask_at(f, control), 4, masks);
}

bool pci_msi_write(const struct pci_function *f, uint64_t address, uint32_t data)
{
    uint32_t control = control_of(f);
    bool wide = (control & MSI_CONTROL_64BIT) != 0;

    if (!wide && address >> 32 != 0) {
        pci_no_interrupt(f, "MSI address has 32 bits, the message needs more");
        return false;
    }
    pci_write(f, (uint16_t)(f->cap_msi + MSI_ADDRESS), 4, (uint32_t)address);
    if (wide)
        pci_write(f, (uint16_t)(f->cap_msi + MSI_ADDRESS_UPPER), 4, (uint32_t)(address >> 32));
    pci_write(f, data_at(f, control), 2, data);
    return true;
}

void pci_msi_read(const struct pci_function *f, uint64_t *address, uint32_t *data)
{
    uint32_t control = control_of(f);

    *address = pci_read(f, (uint16_t)(f->cap_msi + MSI_ADDRESS), 4);
    if (control & MSI_CONTROL_64BIT)
        *address |= (uint64_t)pci_read(f, (uint16_t)(f->cap_msi + MSI_ADDRESS_UPPER), 4) << 32;
    *data = pci_read(f, data_at(f, control), 2);
}

static unsigned log2_up(unsigned count)
{
    unsigned shift = 0;

    while (1u << shift < count)
        shift++;
    return shift;
}

bool pci_msi_enable(const struct pci_function *f, unsigned count, uint64_t address, uint32_t data)
{
    unsigned shift = log2_up(count);
    uint32_t control;

    if (count == 0 || count > pci_msi_count(f))
        return false;
    control = control_of(f) & ~(MSI_CONTROL_ENABLE | MSI_CONTROL_MULTIPLE);
    set_control(f, control);
    if (!pci_msi_write(f, address, data))
        return false;
    set_masks(f, control, ~0u);
    set_control(f, control | shift << 4 | MSI_CONTROL_ENABLE);
    return true;
}

bool pci_msi_mask(const struct pci_function *f, unsigned index, bool masked)
{
    uint32_t control = control_of(f), bit = PCI_BIT32(index), masks;

    if (!(control & MSI_CONTROL_MASKABLE))
        return false;
    masks = pci_read(f, mask_at(f, control), 4);
    pci_write(f, mask_at(f, control), 4, masked ? masks | bit : masks & ~bit);
    return true;
}

bool pci_msi_pending(const struct pci_function *f, unsigned index)
{
    uint32_t control = control_of(f);

    return (control & MSI_CONTROL_MASKABLE) != 0 &&
           (pci_read(f, (uint16_t)(mask_at(f, control) + MSI_PENDING), 4) & PCI_BIT32(index)) != 0;
}

void pci_msi_disable(const struct pci_function *f)
{
    if (f->cap_msi != 0)
        set_control(f, control_of(f) & ~MSI_CONTROL_ENABLE);
}

uint8_t pci_intx_pin(const struct pci_function *f)
{
    return (uint8_t)pci_read(f, PCI_INTERRUPT_PIN, 1);
}

void pci_intx_enable(const struct pci_function *f, bool on)
{
    uint32_t command = pci_read(f, PCI_COMMAND, 2);

    pci_write(f, PCI_COMMAND, 2,
              on ? command & ~PCI_COMMAND_INTX_OFF : command | PCI_COMMAND_INTX_OFF);
}

bool pci_intx_asserted(const struct pci_function *f)
{
    return (pci_read(f, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT) != 0;
}
