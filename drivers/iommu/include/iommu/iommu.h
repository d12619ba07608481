/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IOMMU library: every remapping unit of a machine behind one interface.
 *
 * In this order: iommu_create(), iommu_add_table() for each firmware table,
 * iommu_add_device() for each function that may do DMA, iommu_start(). From
 * then on every device is blocked until it is attached to a domain. Domains
 * are made with iommu_domain_create(), filled with iommu_map(), and given to
 * devices with iommu_attach().
 *
 * Addresses and lengths are in bytes, ranges half-open. Functions may be
 * called on several CPUs at once and from interrupt context unless their
 * comment says otherwise; none sleeps. Section numbers are explained in
 * docs/specs.md.
 *
 * "Unconfirmed", where a call lists it, stands for four errors: IOMMU_ERR_TIMEOUT,
 * IOMMU_ERR_QUEUE or IOMMU_ERR_HARDWARE when a unit has not confirmed a flush,
 * several times in the case of QUEUE, and IOMMU_ERR_FENCED when it had failed
 * before. The unit has been fenced, bus mastering of its devices is off, and
 * what was to be flushed may be reachable until iommu_stop() has succeeded;
 * nothing that could be reached through it is freed.
 */
#ifndef IOMMU_IOMMU_H
#define IOMMU_IOMMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iommu/irq.h"
#include "iommu/platform.h"
#include "iommu/status.h"

struct iommu;        /* all units of one machine */
struct iommu_domain; /* one DMA address space */
struct iommu_device; /* one device: a set of requester ids that cannot be told apart */

/* Address-space id of requests without a PASID; the only value accepted until PASIDs are supported. */
#define IOMMU_NO_PASID UINT32_MAX

/* A requester id as the hardware prints it: bus 15:8, device 7:3, function 2:0. */
#define IOMMU_RID(bus, device, function) \
    ((uint16_t)(((unsigned)(bus) << 8) | ((unsigned)(device) << 3) | (unsigned)(function)))
#define IOMMU_RID_FORMAT "%04x:%02x:%02x.%x"
#define IOMMU_RID_ARGS(segment, rid) \
    (unsigned)(segment), (unsigned)(rid) >> 8, ((unsigned)(rid) >> 3) & 31u, (unsigned)(rid) & 7u

/* ---- faults ---- */

enum iommu_access { IOMMU_ACCESS_READ, IOMMU_ACCESS_WRITE, IOMMU_ACCESS_ATOMIC, IOMMU_ACCESS_PAGE_REQUEST };

enum iommu_fault_kind {
    IOMMU_FAULT_DMA,       /* a DMA request was refused */
    IOMMU_FAULT_INTERRUPT, /* an interrupt request was refused; index, not iova, is valid */
    IOMMU_FAULT_OVERFLOW,  /* records were lost; nothing but unit_index is valid */
    IOMMU_FAULT_FENCED,    /* the device was fenced because it kept faulting */
    IOMMU_FAULT_UNIT,      /* the unit reports an error that is no request's: reason and raw; rid where the record has one */
};

/* Why, as far as every vendor can say. */
enum iommu_fault_cause {
    IOMMU_CAUSE_OTHER,          /* see reason */
    IOMMU_CAUSE_BLOCKED,        /* the source is in no domain */
    IOMMU_CAUSE_NOT_READABLE,   /* nothing is mapped there, or not for reading */
    IOMMU_CAUSE_NOT_WRITABLE,
    IOMMU_CAUSE_TOO_WIDE,       /* the address is beyond the domain's width */
    IOMMU_CAUSE_BAD_ENTRY,      /* a table entry makes no sense, or cannot be read */
    IOMMU_CAUSE_INTERRUPT,      /* the interrupt's entry refuses it, or there is none */
};

/* walk_level of a fault that no page-table level explains (no root or context entry, address too wide). */
#define IOMMU_LEVEL_NONE 0xff

/*
 * One refused request, the same record for every vendor.
 * Source: VT-d §7.1.3, §11.4.7.6; AMD-Vi §2.5
 */
struct iommu_fault {
    enum iommu_fault_kind kind;
    unsigned unit_index;
    uint16_t segment;
    uint16_t rid;              /* the source of the request as the unit saw it */
    uint32_t pasid;            /* IOMMU_NO_PASID when the request carried none */
    enum iommu_access access;
    uint64_t iova;             /* page address: the low 12 bits are 0 */
    uint32_t index;            /* interrupt index, for IOMMU_FAULT_INTERRUPT */
    enum iommu_fault_cause cause;
    /* The vendor's own number: VT-d fault reason; AMD-Vi bits 63:48 of the event, code << 12 | flags. */
    uint32_t reason;
    const char *reason_name;   /* its meaning in a few words; a constant string */
    uint32_t domain_id;        /* the hardware's domain id, 0 when the device is in none */
    uint8_t walk_level;        /* page-table level at which the walk ended: 0 = 4 KiB leaf; IOMMU_LEVEL_NONE */
    struct iommu_device *device; /* NULL when the source was never added */
    uint64_t raw[2];           /* the record as the unit wrote it; 0 for OVERFLOW and FENCED */
    uint64_t time_us;          /* platform->now_us when it was read */
};

/* Called once for every fault, in interrupt context; must not sleep, may call any function that allows interrupt context. */
typedef void iommu_fault_fn(void *ctx, const struct iommu_fault *fault);

/* ---- the machine ---- */

struct iommu_config {
    bool no_superpages;         /* only 4 KiB leaves (intel_iommu=sp_off) */
    bool no_queue;              /* register-based invalidation even where there is a queue (VT-d §6.5.1) */
    bool guest_tables;          /* AMD-Vi: v2 (x86-64) page tables where the unit has them (amd_iommu=pgtbl_v2) */
    bool no_translation;        /* interrupts only; DMA is neither translated nor blocked (intel_iommu=off) */
    struct iommu_irq_config irq; /* off unless asked for: the embedder has to give every source its entry */
    /*
     * VT-d: a unit that watches display functions alone (class 03h) is left off (intel_iommu=igfx_off): none of its
     * registers is read or written. One that firmware left translating goes on with firmware's tables. Its devices
     * are under no unit: their DMA is not confined and their interrupts are not remapped. Units that watch anything
     * else too, or all that is left of a segment, are started in spite of it. AMD-Vi: no effect.
     */
    bool skip_graphics;
    bool force;                 /* start units that a known erratum says to leave off (amd_iommu=force_enable) */
    /* What each unit begins with (iommu_unit_set_storm()): */
    uint32_t storm_threshold;   /* a device that faults this often ... 0: the default of 256 */
    uint32_t storm_window_us;   /* ... within this time is fenced. 0: the default of 1 s */
    iommu_fault_fn *fault;      /* may be NULL */
    void *fault_ctx;
};

/*
 * Makes an empty machine. platform and its ctx must outlive it; config is
 * copied and may be NULL for the defaults. The result is freed by
 * iommu_destroy().
 *
 * IOMMU_ERR_INVALID  a member of platform that must not be NULL is NULL; too many overrides
 * IOMMU_ERR_NOMEM
 */
IOMMU_MUST_CHECK enum iommu_status
iommu_create(const struct iommu_platform *platform, void *ctx, const struct iommu_config *config,
             struct iommu **out);

/*
 * Stops the units if they run, frees everything. Every domain must have been
 * destroyed. Where a unit does not stop all memory stays as it is, since the
 * unit may still read it. Not for interrupt context.
 */
void iommu_destroy(struct iommu *iommu);

/*
 * Reads one firmware table ("DMAR", "IVRS") and adds the units it describes; the bytes are not referenced afterwards.
 * A structure that makes no sense is reported with its byte offset and left
 * out; units whose registers read all ones are left out the same way.
 *
 * IOMMU_ERR_TABLE        length or checksum wrong, or no usable unit in it; what could be used has been added. Units
 *                        that config.skip_graphics leaves off are usable, and not among iommu_unit_count()
 * IOMMU_ERR_UNSUPPORTED  not a table this library knows
 * IOMMU_ERR_BUSY         after iommu_start()
 * IOMMU_ERR_RANGE        more than 256 units; those that come first have been added
 * IOMMU_ERR_NOMEM
 *
 * Context: before iommu_start(), one caller at a time.
 * Source:  VT-d §8; AMD-Vi §5.2
 */
IOMMU_MUST_CHECK enum iommu_status
iommu_add_table(struct iommu *iommu, const void *table, size_t len);

#define IOMMU_DEVICE_RIDS 8

/*
 * What the embedder knows of a device. Aliases (other ids under which its
 * requests may arrive, because of bridges or quirks) are computed by the
 * embedder; each id is programmed alike.
 */
struct iommu_device_desc {
    uint16_t segment;
    uint16_t rids[IOMMU_DEVICE_RIDS]; /* [0] is the function's own id */
    size_t rid_count;
    /*
     * Bridges from the device up to the root bus, nearest first, by their own
     * requester ids: a unit that names one of them covers the device.
     */
    uint16_t bridges[16];
    size_t bridge_count;
    void *owner;                      /* the embedder's; given back by iommu_device_owner() */
};

/*
 * Adds a device and finds its unit. The device belongs to the machine until
 * iommu_destroy(). Two devices that share a requester id are not allowed:
 * such devices are one. A device that only a reserved region has named so far
 * (iommu_start()) becomes this one. An alias for which the unit's table has no
 * entry (AMD-Vi) is left out with a line: hardware refuses it. After iommu_start() it is given its
 * reserved regions at once; the errors from RANGE on concern those, and the
 * device has been added all the same: it is found by iommu_find_device(),
 * and attaching it tries again.
 *
 * IOMMU_ERR_NOT_FOUND  no unit covers it, or one that config.skip_graphics leaves off: it is not translated and
 *                      cannot be attached
 * IOMMU_ERR_EXISTS     one of its ids, or an alias firmware gives one (AMD-Vi §5.2.2), belongs to a device
 *                      already; that device is *out
 * IOMMU_ERR_INVALID    rid_count or bridge_count out of bounds, or one id twice
 * IOMMU_ERR_BUSY       firmware named it, it has been attached since, and its bridges put it under another unit
 * IOMMU_ERR_RANGE      a region lies beyond what the unit can map, or no domain id is left in the unit
 * IOMMU_ERR_NOMEM
 * unconfirmed
 *
 * Context: any time before or after iommu_start(), not during it.
 */
IOMMU_MUST_CHECK enum iommu_status
iommu_add_device(struct iommu *iommu, const struct iommu_device_desc *desc, struct iommu_device **out);

void *iommu_device_owner(const struct iommu_device *device);
uint16_t iommu_device_segment(const struct iommu_device *device);
uint16_t iommu_device_rid(const struct iommu_device *device);       /* rids[0] */
size_t iommu_device_unit(const struct iommu_device *device);        /* index of its unit, for iommu_unit_info() */
/* Every id under which its requests may arrive, firmware's aliases too. Returns the count, at most max. */
size_t iommu_device_ids(const struct iommu_device *device, uint16_t *rids, size_t max);
/*
 * The unit that covers such a device, which is not added; index as for iommu_unit_info().
 * IOMMU_ERR_NOT_FOUND: none. Context: any time after iommu_add_table().
 */
IOMMU_MUST_CHECK enum iommu_status
iommu_covering_unit(const struct iommu *iommu, const struct iommu_device_desc *desc, size_t *index);
/* True: no unit covers such a device because config.skip_graphics leaves its unit off. Context: as before. */
bool iommu_device_left_off(const struct iommu *iommu, const struct iommu_device_desc *desc);
/* NULL: never added, nor named by a reserved region when the units were started. */
struct iommu_device *iommu_find_device(struct iommu *iommu, uint16_t segment, uint16_t rid);
struct iommu_domain *iommu_device_domain(const struct iommu_device *device); /* NULL: blocked or reserved regions only */
/* True where firmware asked for memory to stay reachable for this device (RMRR, IVMD); see iommu_reserved_region(). */
bool iommu_device_has_reserved(const struct iommu_device *device);

/* A region that firmware wants mapped for a device, rounded to pages. */
struct iommu_region {
    uint64_t start;
    uint64_t end;
    unsigned prot;
};
/* Region number index of a device; IOMMU_ERR_NOT_FOUND past the last. */
IOMMU_MUST_CHECK enum iommu_status
iommu_reserved_region(const struct iommu_device *device, size_t index, struct iommu_region *out);

/*
 * Brings every unit up: takes over what firmware left on, gives devices with
 * reserved regions just those, everything else is blocked, and enables
 * translation as the last step. A unit that fails is reported, fenced and
 * left out; the others run. Devices that a region names alone and that were
 * never added are given it too. Interrupts are remapped where config.irq asks
 * for it and every unit can; that they are not is no error: iommu_irq_info().
 * With config.no_translation translation is off, also where it was found on.
 *
 * IOMMU_ERR_NOT_FOUND    there is no unit
 * IOMMU_ERR_UNSUPPORTED  a unit cannot translate (it may remap interrupts all the same), or with
 *                        config.no_translation interrupts are not remapped either
 * otherwise the status of the first unit that failed
 *
 * Context: once, one caller, not from interrupt context.
 * Source:  VT-d §6.6, §11.4.4; take-over: docs/design.md
 */
IOMMU_MUST_CHECK enum iommu_status iommu_start(struct iommu *iommu);

/*
 * Turns translation and interrupt remapping off on every unit. DMA is unprotected afterwards. Domains
 * and devices remain: what is mapped and attached can be unmapped, detached
 * and destroyed without a flush, also what was unconfirmed; nothing can be
 * attached. It may be called again after an error.
 *
 * IOMMU_ERR_TIMEOUT  a unit did not switch off, or may still take memory it was given when it failed; or
 *                    another CPU did not come back from a fault's report
 * IOMMU_ERR_QUEUE, IOMMU_ERR_HARDWARE  a unit did not confirm the last flush
 *
 * Context: one caller, no other call under way but iommu_unit_interrupt(), not from interrupt context.
 */
IOMMU_MUST_CHECK enum iommu_status iommu_stop(struct iommu *iommu);

/* ---- units ---- */

struct iommu_unit_info {
    const char *name;          /* "vtd0", "amdvi0" */
    const char *vendor;        /* "intel", "amd" */
    uint16_t segment;
    bool has_rid;              /* the unit is a PCI function: */
    uint16_t rid;
    uint64_t registers_pa;
    uint32_t version;          /* VT-d major << 8 | minor; AMD-Vi revision of the PCI capability */
    uint64_t capability;       /* VT-d CAP; AMD-Vi EFR */
    uint64_t extended;         /* VT-d ECAP; AMD-Vi EFR2 */
    bool translating;          /* this library enabled it and it still says so */
    bool remapping;            /* the same of interrupt remapping */
    bool found_translating;    /* firmware or a predecessor had left translation on */
    bool found_remapping;      /* the same of interrupt remapping */
    bool uses_queue;
    bool fenced;               /* bring-up failed, or a flush was not confirmed */
    bool pass_through;         /* identity domains need no tables */
    bool coherent;             /* page walks snoop the caches */
    bool caching_mode;         /* absent entries may be cached (VT-d CAP.CM; AMD-Vi NpCache) */
    unsigned input_bits;       /* widest IOVA */
    unsigned output_bits;      /* widest physical address (host address width) */
    uint64_t page_sizes;       /* bit n set: leaves of 2^n bytes */
    uint32_t domain_ids;       /* how many the unit has */
    uint32_t irq_entries;      /* of its interrupt table (AMD-Vi: of the table of one source); 0: it has none */
    uint32_t irq_used;         /* entries of blocks */
    unsigned fault_records;
    bool fault_interrupt;      /* faults arrive by platform->fault_interrupt; otherwise iommu_poll_faults() */
    uint64_t faults;           /* read since the last reset of the counters */
    uint64_t overflows;
    uint32_t storm_threshold;  /* see iommu_unit_set_storm() */
    uint32_t storm_window_us;
};

size_t iommu_unit_count(const struct iommu *iommu);
/* True: the table names a unit there that config.skip_graphics leaves off; it has no number. */
bool iommu_unit_left_off(const struct iommu *iommu, uint64_t registers_pa);
/* IOMMU_ERR_NOT_FOUND past the last. */
IOMMU_MUST_CHECK enum iommu_status
iommu_unit_info(const struct iommu *iommu, size_t index, struct iommu_unit_info *out);

/*
 * Names capability number index of a unit: "cap.PSI", value, and what it
 * means. Every bit the unit's registers define is listed, set or not.
 * IOMMU_ERR_NOT_FOUND past the last.
 */
struct iommu_capability {
    const char *name;
    const char *meaning;
    uint64_t value;
};
IOMMU_MUST_CHECK enum iommu_status
iommu_unit_capability(const struct iommu *iommu, size_t unit, size_t index, struct iommu_capability *out);

/*
 * A device of this unit that faults threshold times within window_us is
 * fenced. So is a source that was never added: its faults are not recorded
 * until it is. 0: as struct iommu_config says.
 * IOMMU_ERR_NOT_FOUND: there is no such unit. Context: any time after iommu_add_table().
 */
IOMMU_MUST_CHECK enum iommu_status
iommu_unit_set_storm(struct iommu *iommu, size_t unit, uint32_t threshold, uint32_t window_us);

/* To be called when the interrupt of platform->fault_interrupt arrives. Reads, clears and reports all faults. */
void iommu_unit_interrupt(struct iommu *iommu, unsigned unit_index);
/*
 * The same for all units, for platforms without that interrupt. Returns how many faults this call has reported.
 * Those that another CPU is reporting at that time have been reported too, unless it takes longer than 10 ms, or
 * the calls are nested: config.fault, or an interrupt meanwhile, that calls this waits so long in vain.
 */
size_t iommu_poll_faults(struct iommu *iommu);

/* ---- domains ---- */

enum iommu_domain_type {
    IOMMU_DOMAIN_BLOCKED,   /* nothing is reachable */
    IOMMU_DOMAIN_IDENTITY,  /* IOVA = physical address: pass-through, or identity tables where there is none */
    IOMMU_DOMAIN_UNMANAGED, /* mapped by iommu_map() only */
    IOMMU_DOMAIN_DMA,       /* the same, for a DMA API that allocates IOVAs; strict */
    IOMMU_DOMAIN_DMA_FQ,    /* the same, flushed lazily: IOMMU_ERR_UNSUPPORTED so far */
    IOMMU_DOMAIN_SVA,       /* shares a CPU page table: IOMMU_ERR_UNSUPPORTED so far */
};

struct iommu_domain_desc {
    enum iommu_domain_type type;
    /* The devices it is for, so that format and widths fit each of their units; at least one. */
    struct iommu_device *const *devices;
    size_t device_count;
    /*
     * The IOVA width needed. 0: 48 where the units can; where a table grows
     * with what is mapped (AMD-Vi v1), which costs nothing, their whole width.
     */
    unsigned input_bits;
    /*
     * IDENTITY where a unit has no pass-through: physical memory is mapped up
     * to this address (half-open). 0: the unit's whole width that one table of
     * large pages covers.
     */
    uint64_t identity_end;
};

struct iommu_domain_info {
    enum iommu_domain_type type;
    uint64_t page_sizes;    /* bit n set: leaves of 2^n bytes are used */
    uint64_t aperture_end;  /* IOVAs are below this */
    unsigned levels;        /* of its page table; 0 for pass-through and blocked */
    const char *format;     /* "vtd-ss", "amd-v1", "x86-64"; "none" */
    size_t devices;         /* attached, confirmed or not */
    size_t table_pages;     /* pages its page table takes */
};

/*
 * IOMMU_ERR_INVALID      no device, or an unknown type
 * IOMMU_ERR_UNSUPPORTED  the units of the devices have no format in common, or a type as said above
 * IOMMU_ERR_RANGE        input_bits is more than the units have
 * IOMMU_ERR_NOMEM
 */
IOMMU_MUST_CHECK enum iommu_status
iommu_domain_create(struct iommu *iommu, const struct iommu_domain_desc *desc, struct iommu_domain **out);

/* Frees a domain and its tables. IOMMU_ERR_BUSY: a device is attached, or may reach it after an unconfirmed attach. */
IOMMU_MUST_CHECK enum iommu_status iommu_domain_destroy(struct iommu_domain *domain);

void iommu_domain_info(const struct iommu_domain *domain, struct iommu_domain_info *out);

/*
 * Ranges below aperture_end that iommu_map() refuses, in ascending order: the
 * interrupt range, and the HyperTransport range of AMD machines.
 * IOMMU_ERR_NOT_FOUND past the last.
 */
IOMMU_MUST_CHECK enum iommu_status
iommu_domain_hole(const struct iommu_domain *domain, size_t index, struct iommu_region *out);

#define IOMMU_READ 1u
#define IOMMU_WRITE 2u
#define IOMMU_RW (IOMMU_READ | IOMMU_WRITE)

struct iommu_mapping {
    uint64_t iova;
    uint64_t pa;
    uint64_t len;   /* bytes */
    unsigned prot;  /* IOMMU_READ | IOMMU_WRITE; not 0. "x86-64" tables have no page for writing alone: it can be read */
};

/*
 * Maps m->len bytes at m->iova to m->pa, all three multiples of 4096. The
 * largest leaves that alignment, length and unit allow are used. On error
 * nothing is mapped, except where it is unconfirmed: the mapping stands then,
 * and the device may not see it; but where the table had to grow for it and a
 * unit did not confirm that, it is not there, and nothing can be mapped at such
 * addresses while a device of that unit is in the domain. Table pages come from platform->page_alloc and belong to
 * the domain until they are trimmed or it is destroyed.
 *
 * IOMMU_ERR_INVALID      misaligned, empty, prot is 0 or unknown, or the domain is not a translated one
 * IOMMU_ERR_RANGE        the range passes the domain's input or output width, or touches a hole
 *                        (iommu_domain_hole(): FEE00000h-FEEFFFFFh are interrupts, VT-d §3.15)
 * IOMMU_ERR_EXISTS       some page of the range is already mapped
 * IOMMU_ERR_NOMEM        platform->page_alloc returned NULL
 * unconfirmed            a unit that caches absent entries, has write buffers, or walked a page of the
 *                        range while part of it was mapped and taken back
 *
 * Context: any; takes no lock. Calls may run at once on one domain, on ranges that do not overlap.
 * Source:  VT-d §3.7, §9.8; AMD-Vi §2.2.3
 */
IOMMU_MUST_CHECK enum iommu_status
iommu_map(struct iommu_domain *domain, const struct iommu_mapping *m);

/*
 * Takes away what is mapped in [iova, iova + len) and returns when no DMA can
 * reach it any more. Holes are allowed; a large page that reaches beyond the
 * range is split, and its rest stays mapped at every moment. *unmapped, which
 * may be NULL, receives the number of bytes that were mapped.
 *
 * IOMMU_ERR_INVALID  misaligned, empty, or not a translated domain
 * IOMMU_ERR_RANGE    beyond the domain's width
 * IOMMU_ERR_NOMEM    a large page could not be split; the part before it is gone, the rest is as it was
 * unconfirmed        the device may still reach the pages; also where nothing was mapped, when a unit of
 *                    the domain has failed before
 *
 * Context: any. As iommu_map().
 * Source:  VT-d §6.5.3
 */
IOMMU_MUST_CHECK enum iommu_status
iommu_unmap(struct iommu_domain *domain, uint64_t iova, uint64_t len, uint64_t *unmapped);

/*
 * What has been unmapped and not yet flushed. Start with { 0 }. Between
 * iommu_unmap_gather() and iommu_sync() devices may still reach the pages, so
 * they must not be reused. One gather belongs to one domain and one caller.
 */
struct iommu_gather {
    uint64_t start;         /* hull of the changes; start == end: nothing to flush */
    uint64_t end;
    bool tables;            /* a table entry changed, not only leaves */
    uint64_t freed_pa;      /* table pages to free after the flush, linked; 0: none */
};
IOMMU_MUST_CHECK enum iommu_status
iommu_unmap_gather(struct iommu_domain *domain, uint64_t iova, uint64_t len,
                   struct iommu_gather *gather, uint64_t *unmapped);
/*
 * Flushes what was gathered, waits, frees the table pages, empties the gather.
 * Unconfirmed: the gather is as it was, and may be synchronised again.
 */
IOMMU_MUST_CHECK enum iommu_status iommu_sync(struct iommu_domain *domain, struct iommu_gather *gather);

/*
 * The physical address that a device in the domain reaches at iova, as the
 * tables say. IDENTITY domains return iova itself.
 *
 * IOMMU_ERR_NOT_FOUND  nothing is mapped there (*pa is set to 0); always so in a BLOCKED domain
 */
IOMMU_MUST_CHECK enum iommu_status
iommu_lookup(const struct iommu_domain *domain, uint64_t iova, uint64_t *pa);

/* The leaf that maps iova; level 0 is 4 KiB. IOMMU_ERR_NOT_FOUND: level says where the walk ended. */
struct iommu_leaf {
    uint64_t pa;            /* of the byte at iova */
    unsigned size_shift;    /* the leaf covers 2^size_shift bytes */
    unsigned prot;
    unsigned level;
};
IOMMU_MUST_CHECK enum iommu_status
iommu_lookup_leaf(const struct iommu_domain *domain, uint64_t iova, struct iommu_leaf *leaf);

/*
 * Frees every table page that maps nothing, after a flush. Unconfirmed: they
 * are not used any more, and not freed. Nothing else may use the domain meanwhile.
 */
IOMMU_MUST_CHECK enum iommu_status iommu_domain_trim(struct iommu_domain *domain);

/*
 * Gives the device the domain, for all its requester ids, instead of what it
 * had. Reserved regions of the device are mapped into a translated domain
 * first. Returns when the old domain can no longer be reached.
 *
 * IOMMU_ERR_UNSUPPORTED  pasid is not IOMMU_NO_PASID, the domain's format does not fit the device's unit, or the
 *                        unit does not translate
 * IOMMU_ERR_FENCED       the device is fenced: iommu_device_unfence() first; or its unit is
 * IOMMU_ERR_BUSY         the units do not run
 * IOMMU_ERR_EXISTS       a reserved region of the device is mapped to something else in the domain
 * IOMMU_ERR_RANGE        no domain id is left in the unit, or a reserved region lies beyond the domain's width
 * IOMMU_ERR_NOMEM
 * unconfirmed            the device is blocked, but may reach the old domain and the new: both count it until
 *                        iommu_stop() and then iommu_detach() have succeeded. iommu_device_domain() is the old one
 */
IOMMU_MUST_CHECK enum iommu_status
iommu_attach(struct iommu_domain *domain, struct iommu_device *device, uint32_t pasid);

/*
 * Blocks the device again (reserved regions stay). Returns when its domain can
 * no longer be reached.
 *
 * IOMMU_ERR_NOT_FOUND    it was in no domain
 * IOMMU_ERR_UNSUPPORTED  pasid is not IOMMU_NO_PASID
 * IOMMU_ERR_RANGE        it has reserved regions, and no domain id is left in the unit for them
 * unconfirmed            as iommu_attach(); it stays in its domain, and detaching it again is no way out
 */
IOMMU_MUST_CHECK enum iommu_status iommu_detach(struct iommu_device *device, uint32_t pasid);

/* True while a device is fenced. */
bool iommu_device_fenced(const struct iommu_device *device);
/*
 * Puts a fenced device back where it was; no error if it is not fenced. Bus
 * mastering stays off. IOMMU_ERR_RANGE: no domain id is left in the unit.
 * Unconfirmed: it stays fenced.
 */
IOMMU_MUST_CHECK enum iommu_status iommu_device_unfence(struct iommu_device *device);
/* Forgets how often each device has faulted, and the counters of the units. */
void iommu_reset_fault_counters(struct iommu *iommu);

/* ---- the state of units as found, before anything of ours touches them ---- */

#define IOMMU_HANDOFF_UNITS 16

enum iommu_handoff_vendor { IOMMU_HANDOFF_INTEL = 1, IOMMU_HANDOFF_AMD };

/* No pointers: a boot loader hands it to another program. */
struct iommu_handoff_unit {
    uint32_t vendor;        /* enum iommu_handoff_vendor */
    uint16_t segment;
    bool present;           /* the registers did not read all ones */
    bool translating;       /* VT-d GSTS.TES; AMD-Vi IommuEn */
    uint64_t registers_pa;
    union {
        struct {
            uint32_t version, status, fault_status, fault_control, protected_memory; /* VER GSTS FSTS FECTL PMEN */
            uint64_t capability, extended, root, queue_address, queue_head, queue_tail, interrupt_root;
                                    /* CAP ECAP RTADDR IQA IQH IQT IRTA */
            /* PLMBASE PLMLIMIT PHMBASE PHMLIMIT; 0 where CAP has no such region */
            uint32_t protected_low_base, protected_low_limit;
            uint64_t protected_high_base, protected_high_limit;
        } intel;
        struct {
            uint16_t rid, capability_offset;    /* of the unit's PCI function, as the IVHD says */
            uint64_t control, status, features, features2, device_table, command_base, command_head,
                command_tail, event_base, event_head, event_tail, exclusion_base, exclusion_limit;
        } amd;
    };
};

struct iommu_handoff {
    uint32_t taken;         /* 0: nobody took it */
    uint32_t unit_count;
    struct iommu_handoff_unit units[IOMMU_HANDOFF_UNITS];
};

/*
 * Reads the registers of every unit a DMAR or IVRS table names, changing nothing.
 * Usable before iommu_create(), on a platform of which only mmio_map,
 * mmio_unmap, mmio_read32 and mmio_read64 are set.
 * IOMMU_ERR_TABLE: the table is unusable. Units past IOMMU_HANDOFF_UNITS are left out.
 */
IOMMU_MUST_CHECK enum iommu_status
iommu_take_handoff(const struct iommu_platform *platform, void *ctx, const void *table, size_t len,
                   struct iommu_handoff *out);

#endif
