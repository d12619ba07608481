/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine with up to four AMD-Vi units for host tests: registers, caches,
 * command ring, event log, the units' PCI functions, and memory as awkward as
 * the specification (publication 48882) allows. It holds no driver code and
 * includes no driver header but the platform's interface: its numbers are in
 * amdvi_spec.h. The VT-d model is its twin, and names are the same where the
 * thing is.
 *
 * What it does to a driver:
 *  - device table entries, directory entries and translations are cached
 *    until the one command that drops them, and fetched again at once from
 *    whatever is still cached (speculate); translations belong to a domain id,
 *    not to a device;
 *  - with control bit Coherent off, tables and commands are seen as they were
 *    last flushed with dma_flush();
 *  - nothing is done at once: see delay, and amdvi_model_hang() for never;
 *  - reserved bits are refused; a broken rule of software is a violation.
 *
 * Interrupts of devices are passed, refused or remapped as IV and IntCtl say.
 * What the unit reads of a device's table, absent entries too, is cached until
 * INVALIDATE_INTERRUPT_TABLE names the device, and fetched again at once by the
 * device table entry it knows. Interrupts arrive before the request returns.
 * SMI filters are not there: an SMI is refused.
 *
 * No device TLB is kept. Nested translation (GV with Mode above 0), the PPR log
 * and the second logs are not there.
 *
 * Calls are safe from several threads at once.
 */
#ifndef IOMMU_AMDVI_MODEL_H
#define IOMMU_AMDVI_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amdvi_spec.h"
#include "iommu/platform.h"

#define AMDVI_MODEL_UNITS 4
#define AMDVI_MODEL_ENTRIES 16
#define AMDVI_MODEL_IVMDS 4

struct amdvi_model;

/* A device entry of an IVHD: type as in the table. */
struct amdvi_model_entry {
    uint8_t type;
    uint8_t setting;
    uint16_t id;    /* 02h, 03h, 04h, 42h, 43h, 46h, 47h, F0h */
    uint16_t alias; /* 42h, 43h; the id that 48h sends as */
    uint32_t extra; /* 46h, 47h: the extended setting; 48h: handle, and variety << 8 */
};

struct amdvi_model_unit_config {
    uint64_t base; /* of its registers: 16 KiB */
    uint16_t segment;
    uint16_t rid;       /* of its PCI function */
    uint32_t header;    /* first word of its capability block, but for id, type and next pointer */
    uint64_t efr, efr2; /* as read; see spec_put() */
    bool absent;        /* every register reads all ones */
    bool decode_off;    /* ... until Enable is set in the capability block */

    /*
     * Ticks until what was asked for takes effect and is reported: Run bits,
     * each step of the command processor. A tick is one register access, one
     * now_us() or one relax(). 0: by the next access.
     */
    unsigned delay;
    /* Non-zero: commands between two waits are executed in a random permitted order (AMD-Vi
     * §2.4.9). */
    uint32_t reorder_seed;
    /* Translations that an invalidation drops are fetched again at once, from what the unit still
     * caches. */
    bool speculate;
    bool never_snoops;  /* control bit Coherent cannot be set */
    bool late_events;   /* tail and interrupt come delay ticks before the entry (errata 732, 733) */
    bool ignores_bases; /* base registers cannot be written while what uses them is on; else they
                           are honoured */
    bool resets_pointers; /* a base register's write clears its head and tail; some units do not */
    bool quiet_blocked;   /* V = 1, TV = 0 blocks without an event */
    bool snp; /* SNP is enabled: V = 1, TV = 1, Mode = 0 is illegal (revision 3.06 on) */

    /* Its description in IVRS: one IVHD of each type in the mask (1: 10h, 2: 11h, 4: 40h), in this
     * order. */
    unsigned ivhd_types;
    uint8_t ivhd_flags;
    uint32_t ivhd_features; /* 10h: feature reporting; 11h, 40h: attributes */
    struct amdvi_model_entry entries[AMDVI_MODEL_ENTRIES];
    size_t entry_count;
};

struct amdvi_model_ivmd {
    uint8_t type;  /* 20h all devices, 21h one, 22h first to last */
    uint8_t flags; /* 1 unity, 2 read, 4 write, 8 exclusion */
    uint16_t segment;
    uint16_t first, last;
    uint64_t start, end; /* half-open */
};

struct amdvi_model_config {
    struct amdvi_model_unit_config units[AMDVI_MODEL_UNITS];
    size_t unit_count;
    uint8_t ivrs_revision;
    uint32_t ivinfo;
    unsigned host_bits; /* physical addresses are below 2^host_bits */
    uint64_t ram_pa;    /* RAM is [ram_pa, ram_pa + ram_len) */
    uint64_t
        ram_len; /* lower half: amdvi_model_frames(); upper half: the platform's page_alloc() */
    bool fault_interrupts;  /* the platform's fault_interrupt() has one for every unit */
    unsigned clock_step_us; /* what now_us() and relax() add to the clock */
    struct amdvi_model_ivmd ivmds[AMDVI_MODEL_IVMDS];
    size_t ivmd_count;
};

/*
 * One unit at FD000000h, function 00:00.2, for the ids 0 to 01FFh: 4 to 6
 * levels, guest translation with GIoV, INVALIDATE_IOMMU_ALL, 128-bit IRTEs and
 * XT; NpCache = 0, no IOTLB; IVHDs 10h, 11h and 40h, EFR valid; delay 3,
 * speculate on; 48 physical bits; 4 MiB of RAM at 1 MiB; fault interrupts;
 * 1 us per clock read.
 */
struct amdvi_model_config amdvi_model_default(void);
/* The same as unit number index, 1 MiB further up each, function 0 to 3's bus of its own;
 * include_all: the ids above. */
struct amdvi_model_unit_config amdvi_model_default_unit(unsigned index, bool include_all);

struct amdvi_model *amdvi_model_create(const struct amdvi_model_config *config);
void amdvi_model_destroy(struct amdvi_model *m);

const struct iommu_platform *amdvi_model_platform(struct amdvi_model *m);
void *amdvi_model_ctx(struct amdvi_model *m);
/* For tests that leave members out or replace them; the model's own copy, changed in place. */
struct iommu_platform *amdvi_model_platform_edit(struct amdvi_model *m);

/* ---- what software did wrong ---- */

size_t amdvi_model_violations(const struct amdvi_model *m);
/* All of them, one a line; "" when there are none. */
const char *amdvi_model_violation_text(const struct amdvi_model *m);
void amdvi_model_violations_clear(struct amdvi_model *m);

/* ---- memory ---- */

/* The CPU's pointer to [pa, pa + len), which must be RAM. */
void *amdvi_model_ram(struct amdvi_model *m, uint64_t pa, size_t len);
uint64_t amdvi_model_pa(const struct amdvi_model *m, const void *at);
/* Zeroed frames for the test or its devices, out of the lower half, aligned; 0: none left. */
uint64_t amdvi_model_frames(struct amdvi_model *m, size_t count, uint64_t align, uint64_t start_pa,
                            uint64_t end_pa);
void amdvi_model_frames_free(struct amdvi_model *m, uint64_t pa, size_t count);
/* The nth page_alloc() from now on (1: the next) returns NULL, and no other; 0: none. */
void amdvi_model_fail_alloc(struct amdvi_model *m, uint64_t nth);
/* The nth mmio_map() from now on returns NULL. */
void amdvi_model_fail_map(struct amdvi_model *m, uint64_t nth);
uint64_t amdvi_model_alloc_calls(const struct amdvi_model *m);
size_t amdvi_model_live_pages(const struct amdvi_model *m);   /* page_alloc() minus page_free() */
size_t amdvi_model_live_windows(const struct amdvi_model *m); /* both maps minus unmaps */
unsigned amdvi_model_irq_depth(const struct amdvi_model *m);  /* irq_save() minus irq_restore() */

/* ---- devices ---- */

enum amdvi_model_access { AMDVI_MODEL_READ, AMDVI_MODEL_WRITE, AMDVI_MODEL_ATOMIC };
enum amdvi_model_at { AMDVI_MODEL_UNTRANSLATED, AMDVI_MODEL_TRANSLATION, AMDVI_MODEL_TRANSLATED };

enum amdvi_model_result {
    AMDVI_MODEL_DONE,
    AMDVI_MODEL_FAULT,     /* refused; an event unless SE, SA, overflow */
    AMDVI_MODEL_NO_MEMORY, /* let through, but there is no RAM at the address */
    AMDVI_MODEL_INTERRUPT, /* FEExxxxxh: an interrupt request, passed on or given to a guest */
    AMDVI_MODEL_NO_MASTER, /* the function's bus mastering is off */
    AMDVI_MODEL_MASKED,    /* the IOAPIC's pin sends nothing */
};

struct amdvi_model_request {
    unsigned unit;
    uint16_t rid;
    uint64_t iova;
    void *data; /* read into, or written from */
    size_t len; /* split at page boundaries; the pieces before a refused one are done */
    enum amdvi_model_access access;
    enum amdvi_model_at at;
    bool has_pasid;
    uint32_t pasid;
};

/* Refused reads return all ones. */
enum amdvi_model_result amdvi_model_request(struct amdvi_model *m,
                                            const struct amdvi_model_request *request);
enum amdvi_model_result amdvi_model_dma(struct amdvi_model *m, unsigned unit, uint16_t rid,
                                        uint64_t iova, void *data, size_t len, bool write);
/* The event code of the last refused request, whether or not it was recorded; 0: none. */
unsigned amdvi_model_last_reason(const struct amdvi_model *m);
/* Its event, as it was or would have been recorded. */
void amdvi_model_last_event(const struct amdvi_model *m, uint64_t event[2]);

/* ---- interrupts ---- */

/* As it reaches the CPUs. */
struct amdvi_model_interrupt {
    unsigned unit;
    uint32_t apic_id;
    uint8_t vector;
    uint8_t mode; /* delivery mode: 0 fixed, 1 arbitrated, 4 NMI, ... */
    bool logical, level;
    bool remapped;
    bool doorbell; /* no interrupt: tells the CPU that its guest's backing page has changed */
};

/* A device's DMA write of four bytes at address, or a message of an HPET. */
enum amdvi_model_result amdvi_model_interrupt(struct amdvi_model *m, unsigned unit, uint16_t rid,
                                              uint64_t address, uint32_t data);
/* What a pin of an IOAPIC sends that has this redirection entry; it is asserted once. */
enum amdvi_model_result amdvi_model_ioapic(struct amdvi_model *m, unsigned unit, uint16_t rid,
                                           uint64_t redirection_entry);
/* The legacy messages LINT0 and LINT1, which have no address; number 0 or 1. */
enum amdvi_model_result amdvi_model_lint(struct amdvi_model *m, unsigned unit, uint16_t rid,
                                         unsigned number);
/* Called with the model's lock released, before the request returns. */
typedef void amdvi_model_deliver_fn(void *ctx, const struct amdvi_model_interrupt *interrupt);
void amdvi_model_on_interrupt(struct amdvi_model *m, amdvi_model_deliver_fn *fn, void *ctx);
/* The last one delivered; all zero: none yet. */
struct amdvi_model_interrupt amdvi_model_last_interrupt(const struct amdvi_model *m);

/* A bridge that the platform's pci_read() knows. All other functions: amdvi_model_function(). */
void amdvi_model_bridge(struct amdvi_model *m, uint16_t segment, uint16_t rid, uint8_t secondary,
                        uint8_t subordinate);
void amdvi_model_function(struct amdvi_model *m, uint16_t segment, uint16_t rid);
/* Bus mastering is on until the platform's bus_master_off() or this switches it off. */
void amdvi_model_bus_master(struct amdvi_model *m, uint16_t segment, uint16_t rid, bool on);
bool amdvi_model_bus_master_is_on(const struct amdvi_model *m, uint16_t segment, uint16_t rid);
/* Configuration space of a function the model has, as software's accesses through the platform. */
uint32_t amdvi_model_config_read(struct amdvi_model *m, uint16_t segment, uint16_t rid,
                                 uint16_t offset, unsigned width);
void amdvi_model_config_write(struct amdvi_model *m, uint16_t segment, uint16_t rid,
                              uint16_t offset, unsigned width, uint32_t value);

/* Where the default configuration spaces of units hold their capability block, and their MSI
 * capability. */
#define AMDVI_MODEL_CAPABILITY 0x40u
#define AMDVI_MODEL_MSI 0x64u

/* ---- a unit from outside ---- */

/* A register without side effects, rules or delay. */
uint32_t amdvi_model_reg32(const struct amdvi_model *m, unsigned unit, unsigned offset);
uint64_t amdvi_model_reg64(const struct amdvi_model *m, unsigned unit, unsigned offset);
void amdvi_model_poke32(struct amdvi_model *m, unsigned unit, unsigned offset, uint32_t value);
void amdvi_model_poke64(struct amdvi_model *m, unsigned unit, unsigned offset, uint64_t value);
/* As software's access through the platform, with all that follows from it. */
uint32_t amdvi_model_read32(struct amdvi_model *m, unsigned unit, unsigned offset);
uint64_t amdvi_model_read64(struct amdvi_model *m, unsigned unit, unsigned offset);
void amdvi_model_write32(struct amdvi_model *m, unsigned unit, unsigned offset, uint32_t value);
void amdvi_model_write64(struct amdvi_model *m, unsigned unit, unsigned offset, uint64_t value);

/* What is accepted and never finishes. */
#define AMDVI_MODEL_HANG_CMD_START BIT_SPEC(0)   /* CmdBufRun is never set */
#define AMDVI_MODEL_HANG_CMD_STOP BIT_SPEC(1)    /* ... or, being set, never cleared */
#define AMDVI_MODEL_HANG_EVENT_START BIT_SPEC(2) /* the same for EventLogRun */
#define AMDVI_MODEL_HANG_EVENT_STOP BIT_SPEC(3)
#define AMDVI_MODEL_HANG_WAIT BIT_SPEC(4)  /* the processor stops before the next COMPLETION_WAIT  \
                                            */
#define AMDVI_MODEL_HANG_STORE BIT_SPEC(5) /* COMPLETION_WAIT is executed, but its store is lost   \
                                            */
#define AMDVI_MODEL_HANG_GUEST_LOG_START BIT_SPEC(6) /* GALogRun is never set */
#define AMDVI_MODEL_HANG_GUEST_LOG_STOP BIT_SPEC(7)  /* ... or never cleared */
void amdvi_model_hang(struct amdvi_model *m, unsigned unit, uint64_t mask);

/* A device that does not answer an INVALIDATE_IOTLB_PAGES: IOTLB_INV_TIMEOUT for the command at
 * that address. */
void amdvi_model_raise_iotlb_timeout(struct amdvi_model *m, unsigned unit, uint16_t rid,
                                     uint64_t command_pa);
/* Any event, as if the unit had it to record. */
void amdvi_model_raise_event(struct amdvi_model *m, unsigned unit, uint64_t lo, uint64_t hi);

/* What firmware left running. Its tables are not in the page_alloc() counts. */
struct amdvi_model_firmware {
    bool translate;      /* IommuEn = 1, every device on bus 0 identity-mapped below 2 MiB */
    bool commands;       /* CmdBufEn = 1, ring empty */
    bool commands_stuck; /* ... with an illegal command at its head */
    bool event_log;      /* EventLogEn = 1 */
    bool stale_event;    /* ... one event in it, and EventOverflow */
    bool interrupts;     /* the devices' IV = 1, IntCtl = 1; MSI of the unit enabled */
    uint64_t control;    /* bits of Control that are 1 besides */
};
void amdvi_model_firmware_left(struct amdvi_model *m, unsigned unit,
                               const struct amdvi_model_firmware *left);

/* Interrupts that a unit sends itself, by MSI or XT registers. Called with the model's lock
 * released. */
typedef void amdvi_model_msi_fn(void *ctx, unsigned unit, uint64_t address, uint32_t data);
void amdvi_model_on_msi(struct amdvi_model *m, amdvi_model_msi_fn *fn, void *ctx);

/*
 * Half-written entries. fn judges the device table entry of rid as the unit
 * would fetch it: at every barrier, flush, register access and command while
 * watched, and, between checker_start and checker_stop, in a thread that does
 * nothing else. false is a violation. NULL ends the watch. At most one id at a
 * time. fn must not call the model.
 */
typedef bool amdvi_model_entry_fn(void *ctx, uint16_t rid, const uint64_t entry[4]);
void amdvi_model_watch_entry(struct amdvi_model *m, unsigned unit, uint16_t rid,
                             amdvi_model_entry_fn *fn, void *ctx);
void amdvi_model_checker_start(struct amdvi_model *m);
/* How many times it has looked so far. */
uint64_t amdvi_model_checker_looks(const struct amdvi_model *m);
void amdvi_model_checker_stop(struct amdvi_model *m);
/*
 * The same for the interrupt entry that rid's message with that index goes by;
 * the table is the one that its device table entry names when the watch, or the
 * checker, begins. Of a 32-bit entry entry[1] is 0. Beyond that a 128-bit entry
 * that the unit has cached and that is seen to change word by word while
 * RemapEn is set is a violation anyhow.
 */
typedef bool amdvi_model_irte_fn(void *ctx, uint16_t rid, uint32_t index, const uint64_t entry[2]);
void amdvi_model_watch_irte(struct amdvi_model *m, unsigned unit, uint16_t rid, uint32_t index,
                            amdvi_model_irte_fn *fn, void *ctx);
/* The entry as fetched now, past the cache; false: no memory there, or beyond the table. */
bool amdvi_model_fetch_entry(struct amdvi_model *m, unsigned unit, uint16_t rid, uint64_t entry[4]);
/* Is that entry refused as ILLEGAL_DEV_TABLE_ENTRY by this unit? */
bool amdvi_model_entry_is_illegal(const struct amdvi_model *m, unsigned unit,
                                  const uint64_t entry[4]);

struct amdvi_model_stats {
    uint64_t devtab, pages, iotlb, interrupt_table, all, prefetches, ppr, waits;
    uint64_t pages_all; /* of pages: those with every address */
    uint64_t commands;  /* executed */
    uint64_t illegal_commands;
    uint64_t doorbells;  /* writes of the command tail */
    uint64_t interrupts; /* messages sent */
    uint64_t walks, tlb_hits;
    uint64_t events, events_lost; /* recorded; not recorded for want of room or log */
    uint64_t faults;              /* requests refused */
    uint64_t leaks;       /* requests passed untranslated because V = 0, while IommuEn = 1 */
    uint64_t unprotected; /* requests passed because IommuEn = 0 */
    uint64_t mmio_reads, mmio_writes;
    uint64_t delivered; /* interrupts of devices that reached a CPU, doorbells not among them */
    uint64_t guest_interrupts, guest_doorbells;
    uint64_t guest_log, guest_log_lost;        /* entries of the guest virtual APIC log */
    uint64_t interrupt_walks, interrupt_hits;  /* interrupt entries read; found in the cache */
};
struct amdvi_model_stats amdvi_model_stats(const struct amdvi_model *m, unsigned unit);
uint64_t
amdvi_model_flushed_lines(const struct amdvi_model *m); /* cache lines given to dma_flush() */
uint64_t amdvi_model_barriers(const struct amdvi_model *m);

/* ---- firmware table, clock, log ---- */

/* The matching IVRS table; its length, or 0 when size is too small. */
size_t amdvi_model_ivrs(const struct amdvi_model *m, void *buf, size_t size);

uint64_t amdvi_model_now(const struct amdvi_model *m);
void amdvi_model_advance(struct amdvi_model *m,
                         uint64_t us); /* one tick a microsecond, at most 10,000 */

/* All lines logged through the platform so far, each ended by a newline. */
const char *amdvi_model_log(const struct amdvi_model *m);
size_t amdvi_model_log_lines(const struct amdvi_model *m, enum iommu_log_level level);
void amdvi_model_log_clear(struct amdvi_model *m);

#endif
