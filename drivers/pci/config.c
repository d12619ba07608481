/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration space: ECAM windows, and ports CF8h/CFCh for the buses of
 * segment 0 that no window holds.
 * Sources: PCI Local Bus 3.0 §3.2.2.3.2 (configuration mechanism 1), PCI
 * Express Base §7.2.2 (ECAM), PCI Firmware Specification §4.1.2 (MCFG)
 */
#include "pci_internal.h"

#define PORT_ADDRESS 0xcf8
#define PORT_DATA 0xcfc
#define PORT_ADDRESS_ENABLE PCI_BIT32(31)
#define PORT_ADDRESS_DWORD 0xfcu

void pci_log(const struct pci *pci, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    pci->host->log(pci->ctx, format, args);
    va_end(args);
}

void pci_no_interrupt(const struct pci_function *f, const char *why)
{
    pci_log(f->pci, "pci: " PCI_FORMAT " %s: no interrupt from it", PCI_ARGS(f), why);
}

static uint32_t ones(unsigned width)
{
    return ~0u >> (32 - 8 * width);
}

static bool access_ok(uint16_t offset, unsigned width)
{
    return (width == 1 || width == 2 || width == 4) && offset % width == 0 &&
           offset < PCI_CONFIG_BYTES;
}

static uint32_t port_address(uint16_t rid, uint16_t offset)
{
    return PORT_ADDRESS_ENABLE | (uint32_t)rid << 8 | (offset & PORT_ADDRESS_DWORD);
}

/*
 * One access of the dword that holds offset. The address register is put back
 * as it was, so that an access from an interrupt handler does not divert the
 * one it interrupted. That holds on one CPU only: the embedder keeps a second
 * one out.
 */
static uint32_t port_access(const struct pci *pci, uint32_t address, bool write, uint32_t value)
{
    uint32_t interrupted = pci->host->port_read32(pci->ctx, PORT_ADDRESS);

    pci->host->port_write32(pci->ctx, PORT_ADDRESS, address);
    if (write)
        pci->host->port_write32(pci->ctx, PORT_DATA, value);
    else
        value = pci->host->port_read32(pci->ctx, PORT_DATA);
    pci->host->port_write32(pci->ctx, PORT_ADDRESS, interrupted);
    return value;
}

uint32_t pci_port_read(const struct pci *pci, uint16_t rid, uint16_t offset, unsigned width)
{
    uint32_t dword;

    if (offset >= PCI_CONFIG_PORT_BYTES)
        return ones(width);
    dword = port_access(pci, port_address(rid, offset), false, 0);
    return dword >> (8 * (offset & 3u)) & ones(width);
}

static void port_write(const struct pci *pci, uint16_t rid, uint16_t offset, unsigned width,
                       uint32_t value)
{
    uint32_t address = port_address(rid, offset);
    unsigned shift = 8 * (offset & 3u);
    uint32_t dword = value;

    if (offset >= PCI_CONFIG_PORT_BYTES)
        return;
    if (width < 4) {
        dword = port_access(pci, address, false, 0) & ~(ones(width) << shift);
        /* STATUS shares COMMAND's dword, and its bits are cleared by writing ones. */
        if (offset < PCI_STATUS && offset >= PCI_COMMAND)
            dword &= ones(2);
        dword |= (value & ones(width)) << shift;
    }
    port_access(pci, address, true, dword);
}

static struct pci_window *window_find(const struct pci *pci, uint16_t segment, uint8_t bus)
{
    for (size_t i = 0; i < pci->window_count; i++) {
        struct pci_window *w = pci->windows[i];

        if (!w->dropped && w->ecam.segment == segment && bus >= w->ecam.start_bus &&
            bus <= w->ecam.end_bus)
            return w;
    }
    return NULL;
}

/* The function's 4096 bytes; NULL: no window holds them. */
static volatile uint8_t *ecam_at(const struct pci *pci, uint16_t segment, uint16_t rid)
{
    uint8_t bus = pci_bus_of(rid);
    struct pci_window *w = window_find(pci, segment, bus);

    if (w == NULL || w->bus_failed[bus])
        return NULL;
    if (w->bus_at[bus] == NULL) {
        w->bus_at[bus] =
            pci->host->mmio_map(pci->ctx, w->ecam.base_pa + bus * PCI_BUS_BYTES, PCI_BUS_BYTES);
        if (w->bus_at[bus] == NULL) {
            w->bus_failed[bus] = true;
            pci_log(pci, "pci: window of bus %04x:%02x cannot be mapped", (unsigned)segment,
                    (unsigned)bus);
            return NULL;
        }
    }
    return (volatile uint8_t *)w->bus_at[bus] + (size_t)(rid & 0xffu) * PCI_CONFIG_BYTES;
}

uint32_t pci_read_raw(struct pci *pci, uint16_t segment, uint16_t rid, uint16_t offset,
                      unsigned width)
{
    volatile uint8_t *at;

    if (!access_ok(offset, width))
        return ~0u;
    at = ecam_at(pci, segment, rid);
    if (at != NULL)
        return pci->host->mmio_read(pci->ctx, at + offset, width) & ones(width);
    return segment == 0 ? pci_port_read(pci, rid, offset, width) : ones(width);
}

void pci_write_raw(struct pci *pci, uint16_t segment, uint16_t rid, uint16_t offset, unsigned width,
                   uint32_t value)
{
    volatile uint8_t *at;

    if (!access_ok(offset, width))
        return;
    at = ecam_at(pci, segment, rid);
    if (at != NULL)
        pci->host->mmio_write(pci->ctx, at + offset, width, value);
    else if (segment == 0)
        port_write(pci, rid, offset, width, value);
}

uint32_t pci_read(const struct pci_function *f, uint16_t offset, unsigned width)
{
    return pci_read_raw(f->pci, f->segment, f->rid, offset, width);
}

void pci_write(const struct pci_function *f, uint16_t offset, unsigned width, uint32_t value)
{
    pci_write_raw(f->pci, f->segment, f->rid, offset, width, value);
}

/* Returns whether any bit of it was on before. */
static bool command_set(const struct pci_function *f, uint32_t bits, bool on)
{
    uint32_t command = pci_read(f, PCI_COMMAND, 2);
    uint32_t wanted = on ? command | bits : command & ~bits;

    if (wanted != command)
        pci_write(f, PCI_COMMAND, 2, wanted);
    return (command & bits) != 0;
}

bool pci_bus_master(const struct pci_function *f, bool on)
{
    return command_set(f, PCI_COMMAND_MASTER, on);
}

bool pci_bus_master_enabled(const struct pci_function *f)
{
    return (pci_read(f, PCI_COMMAND, 2) & PCI_COMMAND_MASTER) != 0;
}

void pci_memory_decode(const struct pci_function *f, bool on)
{
    command_set(f, PCI_COMMAND_MEMORY, on);
}

static bool window_plausible(const struct pci_ecam *e)
{
    return e->base_pa != 0 && e->base_pa % PCI_BUS_BYTES == 0 && e->start_bus <= e->end_bus;
}

/* Whether the window answers for the first function that the ports find on its first bus. */
static bool window_answers(struct pci *pci, const struct pci_ecam *e)
{
    for (unsigned device = 0; device < PCI_DEVICES; device++) {
        uint16_t rid = PCI_RID(e->start_bus, device, 0);
        uint32_t by_port = pci_port_read(pci, rid, PCI_VENDOR, 4);

        if ((by_port & 0xffffu) != 0xffffu)
            return pci_read_raw(pci, e->segment, rid, PCI_VENDOR, 4) == by_port;
    }
    return true;
}

/*
 * MCFG is firmware's word: a window whose place is impossible, or which on
 * segment 0 does not show what the ports show, is not used.
 */
void pci_windows_check(struct pci *pci)
{
    for (size_t i = 0; i < pci->window_count; i++) {
        struct pci_window *w = pci->windows[i];
        const struct pci_ecam *e = &w->ecam;

        w->dropped = !window_plausible(e) || (e->segment == 0 && !window_answers(pci, e));
        if (w->dropped)
            pci_log(
                pci,
                "pci: window base=0x%llx segment=%04x buses=%02x-%02x is unusable, taking ports",
                (unsigned long long)e->base_pa, (unsigned)e->segment, (unsigned)e->start_bus,
                (unsigned)e->end_bus);
    }
}
