/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine with up to four VT-d units for host tests: registers, caches,
 * invalidation queue, faults and memory as awkward as the specification
 * (revision 5.10) allows. It holds no driver code and includes no driver
 * header but the platform's interface: its numbers are in vtd_spec.h.
 *
 * What it does to a driver:
 *  - everything read from memory is cached until an invalidation drops it, and
 *    fetched again at once from whatever is still cached (speculate);
 *  - tables of a unit with ECAP.C = 0 are seen as they were last flushed with
 *    dma_flush(), those of a unit with RWBF as they were at the last WBF;
 *  - nothing is done at once: see delay, and vtd_model_hang() for never;
 *  - reserved bits are refused; a broken rule of software is a violation.
 *
 * Legacy mode only: TTM 01 and 11 are accepted in RTADDR and answered with the
 * faults of a unit without SMTS and ADMS. No device-TLB is kept: descriptors of
 * type 3 are checked and counted.
 *
 * Interrupts are remapped and posted (§5); what the unit reads of its table is
 * cached until the invalidation that names it, and fetched again at once. They
 * arrive before the request returns, so that there is nothing to drain. A
 * posted-interrupt descriptor is changed by two atomic stores, PIR first, where
 * hardware has one: who takes the vectors between them may be notified in vain.
 *
 * Calls are safe from several threads at once.
 */
#ifndef IOMMU_VTD_MODEL_H
#define IOMMU_VTD_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iommu/platform.h"
#include "vtd_spec.h"

#define VTD_MODEL_UNITS 4
#define VTD_MODEL_SCOPES 8
#define VTD_MODEL_RMRRS 4

struct vtd_model;

/* A device scope (VT-d §8.3.1): type as in the table; path of device/function pairs. */
struct vtd_model_scope {
    uint8_t type;
    uint8_t enumeration_id;
    uint8_t bus;
    uint8_t path_count; /* pairs; 0 means 1 */
    uint8_t path[4][2];
};

struct vtd_model_unit_config {
    uint64_t base;      /* of its registers */
    uint8_t size_shift; /* the window is 2^size_shift pages */
    uint16_t segment;
    uint32_t version;   /* VER_REG */
    uint64_t cap;       /* CAP_REG and ECAP_REG as read; see spec_put() */
    uint64_t ecap;
    bool absent;        /* every register reads all ones */

    /*
     * Ticks until a command takes effect and is reported: GSTS bits, ICC, IVT,
     * PRS, each step of the queue. A tick is one register access, one now_us()
     * or one relax(). 0: by the next access.
     */
    unsigned delay;
    /* Non-zero: descriptors between two waits are executed in a random permitted order (VT-d §6.5.2.12). */
    uint32_t reorder_seed;
    /* Translations that an invalidation drops are fetched again at once, from what the unit still caches. */
    bool speculate;
    /* CFIS stays as it was, whatever CFI is told, until it is applicable: IRES = 1, EIME = 0 (VT-d §11.4.4.2). */
    bool late_cfis;

    bool include_all;
    struct vtd_model_scope scopes[VTD_MODEL_SCOPES];
    size_t scope_count;
};

struct vtd_model_rmrr {
    uint64_t start, end; /* half-open; the table gets end - 1 */
    uint16_t segment;
    struct vtd_model_scope scopes[VTD_MODEL_SCOPES];
    size_t scope_count;
};

struct vtd_model_config {
    struct vtd_model_unit_config units[VTD_MODEL_UNITS];
    size_t unit_count;
    unsigned host_bits;         /* HAW: physical addresses are below 2^host_bits */
    uint64_t ram_pa;            /* RAM is [ram_pa, ram_pa + ram_len) */
    uint64_t ram_len;           /* lower half: vtd_model_frames(); upper half: the platform's page_alloc() */
    bool fault_interrupts;      /* the platform's fault_interrupt() has one for every unit */
    unsigned clock_step_us;     /* what now_us() and relax() add to the clock */
    struct vtd_model_rmrr rmrrs[VTD_MODEL_RMRRS];
    size_t rmrr_count;
};

/*
 * One unit at FED90000h that covers every device: version 1.0, 39- and 48-bit
 * second stage, 2 MiB and 1 GiB pages, PSI with MAMV 18, 256 domains, 8 fault
 * records, pass-through, queue, coherent, CM = 0, RWBF = 0; delay 3, speculate
 * on; HAW 39; 4 MiB of RAM at 1 MiB; fault interrupts; 1 us per clock read.
 */
struct vtd_model_config vtd_model_default(void);
/* The same as unit number index, 64 KiB further up each; include_all only on request. */
struct vtd_model_unit_config vtd_model_default_unit(unsigned index, bool include_all);

struct vtd_model *vtd_model_create(const struct vtd_model_config *config);
void vtd_model_destroy(struct vtd_model *m);

const struct iommu_platform *vtd_model_platform(struct vtd_model *m);
void *vtd_model_ctx(struct vtd_model *m);
/* For tests that leave members out or replace them; the model's own copy, changed in place. */
struct iommu_platform *vtd_model_platform_edit(struct vtd_model *m);

/* ---- what software did wrong ---- */

size_t vtd_model_violations(const struct vtd_model *m);
/* All of them, one a line; "" when there are none. */
const char *vtd_model_violation_text(const struct vtd_model *m);
void vtd_model_violations_clear(struct vtd_model *m);

/* ---- memory ---- */

/* The CPU's pointer to [pa, pa + len), which must be RAM. */
void *vtd_model_ram(struct vtd_model *m, uint64_t pa, size_t len);
uint64_t vtd_model_pa(const struct vtd_model *m, const void *at);
/* Zeroed frames for the test or its devices, out of the lower half, aligned; 0: none left. */
uint64_t vtd_model_frames(struct vtd_model *m, size_t count, uint64_t align, uint64_t start_pa, uint64_t end_pa);
void vtd_model_frames_free(struct vtd_model *m, uint64_t pa, size_t count);
/* The nth page_alloc() from now on (1: the next) returns NULL, and no other; 0: none. */
void vtd_model_fail_alloc(struct vtd_model *m, uint64_t nth);
/* The nth mmio_map() from now on returns NULL. */
void vtd_model_fail_map(struct vtd_model *m, uint64_t nth);
uint64_t vtd_model_alloc_calls(const struct vtd_model *m);
size_t vtd_model_live_pages(const struct vtd_model *m);   /* page_alloc() minus page_free() */
size_t vtd_model_live_windows(const struct vtd_model *m); /* both maps minus unmaps */
unsigned vtd_model_irq_depth(const struct vtd_model *m);  /* irq_save() minus irq_restore() */

/* ---- devices ---- */

enum vtd_model_access { VTD_MODEL_READ, VTD_MODEL_WRITE, VTD_MODEL_ATOMIC, VTD_MODEL_ZERO_READ };
enum vtd_model_at { VTD_MODEL_UNTRANSLATED, VTD_MODEL_TRANSLATION, VTD_MODEL_TRANSLATED };

enum vtd_model_result {
    VTD_MODEL_DONE,
    VTD_MODEL_FAULT,     /* refused by translation; recorded unless FPD, overflow */
    VTD_MODEL_PROTECTED, /* refused by a protected memory region; never recorded (VT-d §11.4.8.1) */
    VTD_MODEL_NO_MEMORY, /* translated, but there is no RAM at the address */
    VTD_MODEL_INTERRUPT, /* FEExxxxxh: an interrupt request, delivered or posted */
    VTD_MODEL_NO_MASTER, /* the function's bus mastering is off */
    VTD_MODEL_MASKED,    /* the IOAPIC's pin sends nothing */
};

struct vtd_model_request {
    unsigned unit;
    uint16_t rid;
    uint64_t iova;
    void *data;                    /* read into, or written from; may be NULL for ZERO_READ */
    size_t len;                    /* split at page boundaries; the pieces before a refused one are done */
    enum vtd_model_access access;
    enum vtd_model_at at;
    bool has_pasid;
    uint32_t pasid;
};

/* Refused reads return all ones. */
enum vtd_model_result vtd_model_request(struct vtd_model *m, const struct vtd_model_request *request);
enum vtd_model_result vtd_model_dma(struct vtd_model *m, unsigned unit, uint16_t rid, uint64_t iova,
                                    void *data, size_t len, bool write);
/* The fault reason of the last refused request, whether or not it was recorded; 0: none. */
unsigned vtd_model_last_reason(const struct vtd_model *m);

/* ---- interrupts ---- */

/* As it reaches the CPUs' interrupt controllers. */
struct vtd_model_interrupt {
    unsigned unit;
    uint32_t apic_id;
    uint8_t vector;
    uint8_t mode; /* delivery mode: 0 fixed, 1 lowest priority, 4 NMI, ... */
    bool logical, hint, level;
    bool remapped;     /* false: a request in compatibility format that passed */
    bool notification; /* for a posted-interrupt descriptor */
};

/* A device's DMA write of four bytes at address, or a message of an HPET. */
enum vtd_model_result vtd_model_interrupt(struct vtd_model *m, unsigned unit, uint16_t rid, uint64_t address,
                                          uint32_t data);
/* What a pin of an IOAPIC sends that has this redirection entry; it is asserted once. */
enum vtd_model_result vtd_model_ioapic(struct vtd_model *m, unsigned unit, uint16_t rid, uint64_t redirection_entry);
/* Called with the model's lock released, before the request returns. */
typedef void vtd_model_deliver_fn(void *ctx, const struct vtd_model_interrupt *interrupt);
void vtd_model_on_interrupt(struct vtd_model *m, vtd_model_deliver_fn *fn, void *ctx);
/* The last one delivered; all zero: none yet. */
struct vtd_model_interrupt vtd_model_last_interrupt(const struct vtd_model *m);

/*
 * Half-written entries. A present one that the unit has cached and that is seen
 * to change word by word without an invalidation between is a violation anyhow.
 * Beyond that fn judges one entry as the unit would fetch it: at every barrier,
 * flush, register access and interrupt while watched, and, between
 * checker_start and checker_stop, in a thread that does nothing else. false is
 * a violation. NULL ends the watch. fn must not call the model.
 */
typedef bool vtd_model_irte_fn(void *ctx, uint32_t index, const uint64_t entry[2]);
void vtd_model_watch_irte(struct vtd_model *m, unsigned unit, uint32_t index, vtd_model_irte_fn *fn, void *ctx);
void vtd_model_checker_start(struct vtd_model *m);
/* How many times it has looked so far. */
uint64_t vtd_model_checker_looks(const struct vtd_model *m);
void vtd_model_checker_stop(struct vtd_model *m);

/* A bridge that the platform's pci_read() knows. All other functions: vtd_model_function(). */
void vtd_model_bridge(struct vtd_model *m, uint16_t segment, uint16_t rid, uint8_t secondary, uint8_t subordinate);
void vtd_model_function(struct vtd_model *m, uint16_t segment, uint16_t rid);
/* One of class 03h. */
void vtd_model_display(struct vtd_model *m, uint16_t segment, uint16_t rid);
/* Bus mastering is on until the platform's bus_master_off() or this switches it off. */
void vtd_model_bus_master(struct vtd_model *m, uint16_t segment, uint16_t rid, bool on);
bool vtd_model_bus_master_is_on(const struct vtd_model *m, uint16_t segment, uint16_t rid);

/* ---- a unit from outside ---- */

/* A register without side effects, rules or delay. */
uint32_t vtd_model_reg32(const struct vtd_model *m, unsigned unit, unsigned offset);
uint64_t vtd_model_reg64(const struct vtd_model *m, unsigned unit, unsigned offset);
void vtd_model_poke32(struct vtd_model *m, unsigned unit, unsigned offset, uint32_t value);
void vtd_model_poke64(struct vtd_model *m, unsigned unit, unsigned offset, uint64_t value);
/* As software's access through the platform, with all that follows from it. */
uint32_t vtd_model_read32(struct vtd_model *m, unsigned unit, unsigned offset);
uint64_t vtd_model_read64(struct vtd_model *m, unsigned unit, unsigned offset);
void vtd_model_write32(struct vtd_model *m, unsigned unit, unsigned offset, uint32_t value);
void vtd_model_write64(struct vtd_model *m, unsigned unit, unsigned offset, uint64_t value);

/* Commands that are accepted and never finish. */
#define VTD_MODEL_HANG_TE BIT_SPEC(0)
#define VTD_MODEL_HANG_SRTP BIT_SPEC(1)
#define VTD_MODEL_HANG_QIE BIT_SPEC(2)
#define VTD_MODEL_HANG_WBF BIT_SPEC(3)
#define VTD_MODEL_HANG_WAIT BIT_SPEC(4)   /* the queue stops before the next wait descriptor */
#define VTD_MODEL_HANG_CCMD BIT_SPEC(5)
#define VTD_MODEL_HANG_IOTLB BIT_SPEC(6)
#define VTD_MODEL_HANG_PMEN BIT_SPEC(7)
#define VTD_MODEL_HANG_IRE BIT_SPEC(8)    /* whether it is set or cleared */
#define VTD_MODEL_HANG_SIRTP BIT_SPEC(9)
#define VTD_MODEL_HANG_CFI BIT_SPEC(10)
void vtd_model_hang(struct vtd_model *m, unsigned unit, uint64_t mask);

/* The next register-based invalidation is refused: CAIG or IAIG reads 00. */
void vtd_model_refuse_register_invalidation(struct vtd_model *m, unsigned unit);
/* An invalidation time-out or completion error of a device (VT-d §6.5.2.11). */
void vtd_model_raise_ite(struct vtd_model *m, unsigned unit, uint16_t rid);
void vtd_model_raise_ice(struct vtd_model *m, unsigned unit, uint16_t rid);

/* What firmware left running. Its tables are not in the page_alloc() counts. */
struct vtd_model_firmware {
    bool translate;         /* TE = 1, every device on bus 0 identity-mapped below 2 MiB */
    bool queue;             /* QIE = 1, queue empty */
    bool queue_stuck;       /* ... with a tail that is never reached (IQE) */
    bool protected_memory;  /* PMEN over all of low RAM */
    bool stale_fault;       /* record 0 pending, and PFO */
    bool interrupts;        /* IRE = 1, two entries, both absent */
    bool compatibility;     /* CFI = 1 */
};
void vtd_model_firmware_left(struct vtd_model *m, unsigned unit, const struct vtd_model_firmware *left);

/* Fault and completion events, as MSI writes that the unit sends. Called with the model's lock released. */
typedef void vtd_model_msi_fn(void *ctx, unsigned unit, uint64_t address, uint32_t data);
void vtd_model_on_msi(struct vtd_model *m, vtd_model_msi_fn *fn, void *ctx);

struct vtd_model_stats {
    uint64_t context_global, context_domain, context_device;
    uint64_t iotlb_global, iotlb_domain, iotlb_page;
    uint64_t device_tlb, interrupt_cache, waits;
    uint64_t register_invalidations; /* of the above, by CCMD and IOTLB_REG */
    uint64_t undrained;              /* IOTLB invalidations without DR or DW where the unit has them (VT-d §6.5.4) */
    uint64_t doorbells;              /* writes of IQT */
    uint64_t wbfs, srtps;
    uint64_t events;                 /* MSIs sent */
    uint64_t walks, iotlb_hits;
    uint64_t faults, faults_lost;
    uint64_t mmio_reads, mmio_writes;
    uint64_t interrupts;             /* reached a CPU, notifications included */
    uint64_t posted, notifications;
    uint64_t interrupt_walks, interrupt_hits; /* entries read from memory; found in the cache */
};
struct vtd_model_stats vtd_model_stats(const struct vtd_model *m, unsigned unit);
uint64_t vtd_model_flushed_lines(const struct vtd_model *m); /* cache lines given to dma_flush() */
uint64_t vtd_model_barriers(const struct vtd_model *m);

/* ---- firmware table, clock, log ---- */

/* The matching DMAR table; its length, or 0 when size is too small. */
size_t vtd_model_dmar(const struct vtd_model *m, void *buf, size_t size);

uint64_t vtd_model_now(const struct vtd_model *m);
void vtd_model_advance(struct vtd_model *m, uint64_t us); /* one tick a microsecond, at most 10,000 */

/* All lines logged through the platform so far, each ended by a newline. */
const char *vtd_model_log(const struct vtd_model *m);
size_t vtd_model_log_lines(const struct vtd_model *m, enum iommu_log_level level);
void vtd_model_log_clear(struct vtd_model *m);

#endif
