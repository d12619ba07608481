/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI: configuration space, enumeration, capabilities, BARs, MSI and MSI-X,
 * requester ids. Knows nothing of IOMMUs and nothing of the kernel: it reaches
 * the hardware through struct pci_host.
 *
 * One caller at a time, not from interrupt context, unless a comment says otherwise.
 */
#ifndef PCI_H
#define PCI_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCI_RID(bus, device, function) \
    ((uint16_t)(((unsigned)(bus) << 8) | ((unsigned)(device) << 3) | (unsigned)(function)))
#define PCI_FORMAT "%04x:%02x:%02x.%x"
#define PCI_ARGS(f) \
    (unsigned)(f)->segment, (unsigned)(f)->rid >> 8, ((unsigned)(f)->rid >> 3) & 31u, \
        (unsigned)(f)->rid & 7u

/* One ECAM window of MCFG; without any, ports CF8h/CFCh reach segment 0. */
struct pci_ecam {
    uint64_t base_pa;       /* of bus 0 of the segment, even where start_bus > 0 */
    uint16_t segment;
    uint8_t start_bus, end_bus; /* inclusive, as MCFG says */
};

/* What this driver asks of its embedder; all are needed. */
struct pci_host {
    void *(*mmio_map)(void *ctx, uint64_t pa, uint64_t len);    /* uncached; NULL: cannot */
    /* width: 1, 2 or 4 bytes. */
    uint32_t (*mmio_read)(void *ctx, const volatile void *at, unsigned width);
    void (*mmio_write)(void *ctx, volatile void *at, unsigned width, uint32_t value);
    uint32_t (*port_read32)(void *ctx, uint16_t port);
    void (*port_write32)(void *ctx, uint16_t port, uint32_t value);
    void *(*alloc)(void *ctx, size_t bytes);    /* zeroed, never freed; NULL: none left */
    void (*log)(void *ctx, const char *format, va_list args);   /* one line, without newline */
};

enum pci_express_type {
    PCI_EXP_ENDPOINT = 0, PCI_EXP_LEGACY_ENDPOINT = 1, PCI_EXP_ROOT_PORT = 4, PCI_EXP_UPSTREAM = 5,
    PCI_EXP_DOWNSTREAM = 6, PCI_EXP_TO_PCI_BRIDGE = 7, PCI_EXP_FROM_PCI_BRIDGE = 8,
    PCI_EXP_ROOT_ENDPOINT = 9, PCI_EXP_EVENT_COLLECTOR = 10, PCI_EXP_NONE = 0xff,
};

struct pci_bar {
    uint64_t pa;
    uint64_t len;           /* bytes; 0: not there, not assigned, or a 64-bit one's upper half */
    bool io, is_64bit, prefetchable;
};

/* Memory addresses, half-open; start == end: none. */
struct pci_range {
    uint64_t start, end;
};

struct pci_function {
    struct pci_function *next;      /* in order of segment and requester id as found */
    struct pci_function *parent;    /* the bridge above; NULL on a root bus */
    struct pci *pci;
    uint16_t segment, rid;
    uint16_t vendor, device;
    uint16_t subsystem_vendor, subsystem_device;
    uint32_t class_code;            /* class 23:16, subclass 15:8, interface 7:0 */
    uint8_t revision;
    uint8_t header_type;            /* without the multifunction bit */
    bool multifunction;
    bool is_bridge;
    uint8_t secondary_bus, subordinate_bus;     /* of a bridge */
    enum pci_express_type express_type;         /* PCI_EXP_NONE: conventional */
    uint16_t cap_express, cap_msi, cap_msix, cap_power;   /* offsets; 0: none */
    uint16_t cap_acs, cap_sriov, cap_ats;       /* extended ones; 0: none */
    uint16_t acs_capability, acs_control;   /* PCI_ACS_* of pci_group.h; control: what is in force, pci_acs_enable() */
    bool ari;                       /* has the ARI capability */
    uint16_t sriov_total;           /* virtual functions it may have; their ids: pci_virtual_id() */
    uint16_t sriov_offset, sriov_stride;
    const struct pci_function *physical;    /* of a virtual function; NULL: it is none */
    uint16_t command_at_entry;      /* COMMAND as found, before bus mastering was taken away */
    struct pci_bar bars[6];
    struct pci_range windows[2];    /* of a bridge: what it passes down, memory and prefetchable memory */
    void *owner;                    /* the embedder's: its iommu_device */
};

struct pci;     /* one machine's buses */

/*
 * Finds every function of every bus: root buses are bus 0 of each segment and
 * those in extra_roots (further host bridges), and any bus of an ECAM window
 * that no bridge leads to and that has a function. Bus mastering is switched
 * off on every function that is not a bridge of any kind (host bridges gate
 * their devices' requests) as soon as it is seen when stop_bus_masters is set.
 * Malformed capability lists are reported and cut.
 * NULL: out of memory.
 */
struct pci *pci_enumerate(const struct pci_host *host, void *ctx, const struct pci_ecam *ecams,
                          size_t ecam_count, bool stop_bus_masters);

struct pci_function *pci_first(struct pci *pci);
struct pci_function *pci_find(struct pci *pci, uint16_t segment, uint16_t rid);  /* NULL: none */

/*
 * width 1, 2 or 4, offset aligned to it and below 4096. All ones where nothing answers; beyond 255
 * without ECAM too.
 */
uint32_t pci_read_raw(struct pci *pci, uint16_t segment, uint16_t rid, uint16_t offset,
                      unsigned width);
void pci_write_raw(struct pci *pci, uint16_t segment, uint16_t rid, uint16_t offset, unsigned width,
                   uint32_t value);
uint32_t pci_read(const struct pci_function *f, uint16_t offset, unsigned width);
void pci_write(const struct pci_function *f, uint16_t offset, unsigned width, uint32_t value);

/* Offset of the first capability with that id, 0: there is none. A list that loops ends. */
uint16_t pci_capability(const struct pci_function *f, uint8_t id);
uint16_t pci_extended_capability(const struct pci_function *f, uint16_t id);

/* Any context. Returns whether it was on before. */
bool pci_bus_master(const struct pci_function *f, bool on);
bool pci_bus_master_enabled(const struct pci_function *f);
void pci_memory_decode(const struct pci_function *f, bool on);

/*
 * Every id under which requests of f may arrive, its own first: through
 * PCIe-to-PCI bridges, conventional bridges and for known quirks.
 * Returns the count, at most max. Source: PCIe-to-PCI bridge rules, VT-d §3.12
 */
size_t pci_requester_ids(const struct pci_function *f, uint16_t *rids, size_t max);
/*
 * The id of virtual function n, from 0, of a physical one: rid + offset + n * stride, onto further buses as it comes.
 * False: it cannot have so many. Offset and stride may change when their number is set. Source: PCIe §9.2.1.2
 */
bool pci_virtual_id(const struct pci_function *physical, unsigned n, uint16_t *rid);
/* The bridges above f, nearest first. */
size_t pci_bridges_above(const struct pci_function *f, uint16_t *rids, size_t max);

/* ---- interrupts: any context but for counting and enabling; one caller at a time for a function ---- */

/* How many messages the capability has, 1 to 32; 0: there is none, or it is malformed (which is logged). */
unsigned pci_msi_count(const struct pci_function *f);
/*
 * count messages, in a block of the next power of two: message n sends data + n. All masked, where there are mask
 * bits. False: more than pci_msi_count(), or the address has more bits than the capability.
 */
bool pci_msi_enable(const struct pci_function *f, unsigned count, uint64_t address, uint32_t data);
/* Another address and data while it is enabled. False: the address does not fit. */
bool pci_msi_write(const struct pci_function *f, uint64_t address, uint32_t data);
void pci_msi_read(const struct pci_function *f, uint64_t *address, uint32_t *data);
bool pci_msi_mask(const struct pci_function *f, unsigned index, bool masked);   /* false: no mask bits */
bool pci_msi_pending(const struct pci_function *f, unsigned index);
void pci_msi_disable(const struct pci_function *f);

/*
 * How many entries the table has; 0: there is none, or it or its pending bits lie outside of the function's memory
 * (which is logged). Maps both.
 */
unsigned pci_msix_count(struct pci_function *f);
/* All entries masked. Needs memory decode. False, logged: as a count of 0. */
bool pci_msix_enable(struct pci_function *f);
/* The rest needs pci_msix_count(); of an index that is not below it nothing is touched, and 0 is read. */
void pci_msix_write(const struct pci_function *f, unsigned index, uint64_t address, uint32_t data);
void pci_msix_read(const struct pci_function *f, unsigned index, uint64_t *address, uint32_t *data);
void pci_msix_mask(const struct pci_function *f, unsigned index, bool masked);
bool pci_msix_pending(const struct pci_function *f, unsigned index);
bool pci_msix_enabled(const struct pci_function *f);
void pci_msix_disable(const struct pci_function *f);

/* Its wire: 1 to 4 for INTA to INTD, 0: it has none. */
uint8_t pci_intx_pin(const struct pci_function *f);
void pci_intx_enable(const struct pci_function *f, bool on);
/* The function wants an interrupt, whether or not its wire may say so. */
bool pci_intx_asserted(const struct pci_function *f);

/* "NVMe controller" and the like, from the class code; never NULL. */
const char *pci_class_name(uint32_t class_code);

#endif
