/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A configuration space for host tests: functions by segment and requester
 * id, reached through ECAM windows and ports as a struct pci_host asks. The
 * registers that matter behave: COMMAND keeps its writable bits, STATUS is
 * cleared by ones, BARs keep address bits only. Addresses that the driver
 * maps are never memory: each access comes here.
 */
#ifndef FAKE_PCI_H
#define FAKE_PCI_H

#include "pci.h"

#define FAKE_PCI_FUNCTIONS 48
#define FAKE_PCI_ECAM 0xe0000000ull     /* of segment 0; each further segment lies 256 MiB above */
#define FAKE_PCI_REGISTERS 0xc0000000ull /* 64 KiB of device memory for BARs */
#define FAKE_PCI_REGISTER_BYTES 65536u

struct fake_pci_function {
    uint16_t segment, rid;
    uint8_t config[4096];
    uint32_t bar_writable[6];           /* the bits of each BAR that can be written */
};

struct fake_pci {
    struct fake_pci_function functions[FAKE_PCI_FUNCTIONS];
    size_t count;
    bool ecam_dead;                     /* windows read all ones */
    bool ports_dead;                    /* so do the ports */
    bool map_fails;
    unsigned maps;
    bool read_only;                     /* writes through windows are lost */
    uint32_t port_address;
    uint8_t registers[FAKE_PCI_REGISTER_BYTES];
    bool write_on_its_way;      /* to a register, and none was read since */
    unsigned port_accesses;             /* of the data port */
    unsigned ecam_accesses;
    unsigned bar_moved_while_decoding;  /* BAR changed with its decoding on */
    unsigned bad_width_accesses;        /* misaligned, or of no width */
    size_t allocs, fail_alloc;          /* the fail_alloc-th fails, counted from 1; 0: none */
    void *blocks[512];
    char log[8192];                     /* all lines, each with a newline */
};

extern const struct pci_host fake_pci_host;     /* its ctx is a struct fake_pci */

/* Empties it and frees what the driver was given. Start with a static, zeroed one. */
void fake_pci_reset(struct fake_pci *fake);
struct fake_pci_function *fake_pci_add(struct fake_pci *fake, uint16_t segment, uint16_t rid,
                                       uint32_t vendor_device, uint32_t class_code);
/* vendor_device is device << 16 | vendor, as the register reads. */
struct fake_pci_function *fake_pci_add_bridge(struct fake_pci *fake, uint16_t rid,
                                              uint8_t secondary, uint8_t subordinate);
void fake_pci_set(struct fake_pci_function *f, uint16_t offset, unsigned width, uint32_t value);
uint32_t fake_pci_get(const struct fake_pci_function *f, uint16_t offset, unsigned width);
/* A capability at a place; sets the status bit, and the list's head where it is the first. */
void fake_pci_cap(struct fake_pci_function *f, uint8_t at, uint8_t id, uint8_t next);
/* Puts an express capability of a type at 40h, alone in the list. */
void fake_pci_express(struct fake_pci_function *f, enum pci_express_type type);
/* A 32-bit BAR of len bytes, its value with flag bits. */
void fake_pci_bar(struct fake_pci_function *f, unsigned index, uint32_t value, uint32_t len);
/* The window of a segment, all buses. */
struct pci_ecam fake_pci_window(uint16_t segment);
/* The driver on this machine with one window for segment 0, bus masters stopped. */
struct pci *fake_pci_start(struct fake_pci *fake);
bool fake_pci_logged(const struct fake_pci *fake, const char *text);

#endif
