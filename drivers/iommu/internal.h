/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the core and the vendors share: the machine, its units, domains and
 * devices, and the operations a vendor provides.
 *
 * Locks, outermost first; all are taken with interrupts off:
 *
 *     iommu.devices_lock       which devices there are, reserved regions into domains
 *     iommu.attach_lock        attachments, domain ids, device entries, growth of trees
 *     iommu_unit.irq_lock      which interrupt entries are taken; entries that need two stores, and
 *                              the flush between them
 *     a unit's own lock        vtd_lock(), amdvi_lock(): ring and tail, recovery, commands by
 *                              register, the control register, restart of logs that overflowed
 *     iommu.pool_lock          small objects
 *
 * iommu_unit.fault_lock (records, counts of faults) may be taken under the first
 * two, and none is taken under it. The platform's functions are called with any
 * of them held, the embedder's callbacks (config.fault, config.irq.guest_log)
 * with none. A caller that changes entries waits for the unit's confirmation
 * with attach_lock held: it recovers the queue by itself while it waits, so
 * that a fault handler on another CPU, which may need attach_lock to fence a
 * device, is held up for a bounded time and never needed.
 *
 * Without a lock: iommu_map(), iommu_unmap() and iommu_lookup() (compare-exchange
 * in the tables; both change their entry before they look for domain ids, an
 * attach shows its id before the device can walk: unit_get_locked()); a domain's list of units,
 * which only grows; the list and buckets of devices, which only grow;
 * iommu_irq_route(), iommu_irq_post() and iommu_irq_mask() (compare-exchange of
 * the entry). A fault handler looks into a domain while iommu.walkers counts
 * it; who frees a domain or its tables waits for the count to be 0. Likewise
 * iommu_unit.readers counts the CPUs that read a unit's faults, for which a stop
 * and iommu_poll_faults() wait, with no lock held.
 */
#ifndef IOMMU_INTERNAL_H
#define IOMMU_INTERNAL_H

#include "iommu/debug.h"
#include "iommu/iommu.h"
#include "pt/pt.h"

/* Kept out of the paths that the benchmarks count: called rarely. */
#define IOMMU_COLD __attribute__((noinline, cold))

#define IOMMU_PAGE 4096ull
/* Requests to these addresses are interrupts on every x86 machine (VT-d §3.15). */
#define IOMMU_INTERRUPT_START 0xfee00000ull
#define IOMMU_INTERRUPT_END 0xfef00000ull

/* One past the last address of so many bits; of 64 bits the last page is given up. */
static inline uint64_t iommu_width_end(unsigned bits)
{
    return bits >= 64 ? ~(IOMMU_PAGE - 1) : 1ull << bits;
}

#define IOMMU_UNITS_MAX 256u
#define IOMMU_BUCKETS 256u
#define IOMMU_STRANGERS 8u
#define IOMMU_STORM_THRESHOLD 256u
#define IOMMU_STORM_WINDOW_US 1000000u

struct iommu_unit;

/* ---- locks ---- */

struct iommu_lock {
    uint32_t held;
};

/* Another holds it. Kept out, so that who finds it free has no registers to save for a loop. */
static __attribute__((noinline, cold, unused)) void
iommu_lock_wait(const struct iommu_platform *platform, void *ctx, struct iommu_lock *lock)
{
    do {
        while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED) != 0)
            platform->relax(ctx);
    } while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE) != 0);
}

/* False: another holds it. */
static inline bool iommu_lock_try(struct iommu_lock *lock)
{
    return __builtin_expect(__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE) == 0, 1);
}

static inline uintptr_t
iommu_lock_irq(const struct iommu_platform *platform, void *ctx, struct iommu_lock *lock)
{
    uintptr_t flags = platform->irq_save(ctx);

    if (!iommu_lock_try(lock))
        iommu_lock_wait(platform, ctx, lock);
    return flags;
}

static inline void
iommu_unlock_irq(const struct iommu_platform *platform, void *ctx, struct iommu_lock *lock, uintptr_t flags)
{
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
    platform->irq_restore(ctx, flags);
}

/* ---- objects of one size, cut from pages (objects.c) ---- */

struct iommu_pool {
    uint32_t size;      /* bytes, a multiple of 8 */
    void *free;         /* linked through the first word */
    void *pages;        /* linked through the first word */
};

/* A zeroed object; NULL: platform->page_alloc has no page. */
void *iommu_pool_get(struct iommu *iommu, struct iommu_pool *pool);
void iommu_pool_put(struct iommu *iommu, struct iommu_pool *pool, void *object);
/* Gives all pages back; every object is gone. */
void iommu_pool_destroy(struct iommu *iommu, struct iommu_pool *pool);

/* ---- what firmware's tables say ---- */

/* PCI functions named by a scope; bridge: one, and everything below it. */
struct iommu_scope {
    struct iommu_scope *next;
    uint16_t rid;
    uint16_t last_rid;          /* inclusive */
    bool bridge;
};

/* Requests of these ids may arrive as those of alias (AMD-Vi §5.2.2.5). */
struct iommu_alias {
    struct iommu_alias *next;
    uint16_t rid;
    uint16_t last_rid;          /* inclusive */
    uint16_t alias;
};

/* A unit that config.skip_graphics leaves off: its devices are no other's. */
struct iommu_left_off {
    struct iommu_left_off *next;
    struct iommu_scope *scopes;
    uint64_t registers_pa;
    uint16_t segment;
};

/* A region that stays mapped for the devices of its scopes. */
struct iommu_reserved {
    struct iommu_reserved *next;
    struct iommu_scope *scopes;
    uint64_t start;
    uint64_t end;
    uint16_t segment;
    unsigned prot;
};

/* ---- interrupts ---- */

#define IOMMU_IRQ_REASON 96u

/* An IOAPIC or HPET that firmware or an override names; on iommu.irq_sources. */
struct iommu_irq_source {
    struct iommu_irq_source *next;
    struct iommu_unit *unit;
    enum iommu_irq_source_kind kind;
    uint8_t id;
    uint16_t rid;
    bool overridden;            /* rid is not what firmware said */
};

/* A block; the core fills the first half, the vendor's irq_alloc the rest. */
struct iommu_irqs {
    struct iommu_unit *unit;
    struct iommu_device *device;            /* NULL: */
    const struct iommu_irq_source *source;  /* it is a source's */
    unsigned pin;                           /* IOAPIC */
    unsigned count;

    uint32_t first;             /* its first entry's index */
    void *entries;              /* and that entry, of the vendor's format */
    void *table;                /* the vendor's */
};

/* Entries of a block in tables: its count as a power of two. */
static inline unsigned iommu_irqs_shift(const struct iommu_irqs *irqs)
{
    return irqs->count == 1 ? 0 : 32 - (unsigned)__builtin_clz(irqs->count - 1);
}

/* What was decided when the units were started (irq.c). */
struct iommu_irq_state {
    bool remapping;             /* every unit is to remap */
    bool x2apic;                /* the units' registers and entries have 32-bit destinations */
    bool wide;                  /* and there are units that deliver there */
    bool posting;
    unsigned failed_units;
    bool x2apic_opt_out;        /* firmware's wish, set by a vendor as it reads its table */
    bool ioapics[256];          /* by id: the machine has it */
    struct iommu_irq_override overrides[IOMMU_IRQ_OVERRIDES_MAX];
    char reason[IOMMU_IRQ_REASON];
    char suggestion[40];
};

/* ---- vendor operations ---- */

/* What the unit's tables say of a requester id. */
enum iommu_entry_kind {
    IOMMU_ENTRY_BLOCKED,
    IOMMU_ENTRY_FENCED,         /* blocked, and its faults are not recorded */
    IOMMU_ENTRY_TRANSLATED,
    IOMMU_ENTRY_PASS_THROUGH,
    IOMMU_ENTRY_UNKNOWN,        /* blocked, but a flush has failed: what the unit remembers cannot be known */
};

struct iommu_entry {
    enum iommu_entry_kind kind;
    uint32_t domain_id;         /* not 0 unless blocked */
    uint64_t root_pa;           /* TRANSLATED */
    unsigned levels;            /* TRANSLATED */
};

/*
 * Bring-up happens in stages, each on every unit before the next begins:
 * old X58 parts hang in a first flush while another unit has no root table.
 */
enum iommu_start_stage {
    IOMMU_START_PREPARE,        /* ready for set_device(); nothing live changes but the old queue */
                                /* here the core decides iommu.irq.remapping, x2apic and posting */
    IOMMU_START_TABLES,         /* hardware takes our tables */
    IOMMU_START_ENABLE,         /* caches flushed, faults reported, interrupts remapped, translation on */
    IOMMU_START_STAGES,
};

struct iommu_ops {
    const char *vendor;

    /* One stage of bring-up; the status says why a unit is left out. May sleep in mmio_map. */
    enum iommu_status (*start)(struct iommu_unit *unit, enum iommu_start_stage stage);
    /* Translation off, everything quiet. OK: flushes and set_device() succeed from now on, also after a failure. */
    enum iommu_status (*stop)(struct iommu_unit *unit);
    /* Gives back all memory and windows; the unit has been stopped or never ran. */
    void (*destroy)(struct iommu_unit *unit);

    /*
     * Replaces the entries of count requester ids, old by next, and returns
     * when old can no longer be reached. Called with attach_lock held.
     * iommu_entry_unchanged(): nothing has changed; RANGE: an id lies beyond rid_end. Any other error: the unit has been fenced,
     * the entries are blocked, and both old and next may be cached; after an
     * old that was UNKNOWN next has not been written.
     */
    enum iommu_status (*set_device)(struct iommu_unit *unit, const uint16_t *rids, size_t count,
                                    const struct iommu_entry *old, const struct iommu_entry *next);
    enum iommu_entry_kind (*device_state)(struct iommu_unit *unit, uint16_t rid);

    /* Flushes what a gather names for one domain id, and waits. */
    enum iommu_status (*flush)(struct iommu_unit *unit, uint32_t domain_id, const struct iommu_gather *gather);
    /* The same for one page, of 4 KiB or 2 MiB, whose leaf is gone. QUEUE: refused once, and flush() must follow. */
    enum iommu_status (*flush_page)(struct iommu_unit *unit, uint32_t domain_id, uint64_t iova, uint64_t len);
    /* What flush does, after entries only became present; only called where unit->flush_present. */
    enum iommu_status (*flush_present)(struct iommu_unit *unit, uint32_t domain_id,
                                       const struct iommu_gather *gather);
    /* The same for one page, as flush_page; tables on the way to it may have become present too. */
    enum iommu_status (*flush_present_page)(struct iommu_unit *unit, uint32_t domain_id, uint64_t iova,
                                            uint64_t len);

    /*
     * Interrupts; all of them, or none where no unit of the vendor remaps. Called only on units that do
     * (iommu.irq.remapping), fenced or stopped ones too. No lock is held. irq_alloc finds room for irqs->count
     * entries, absent, that take messages of the block's device or source only, aligned to iommu_irqs_shift();
     * its errors are those of iommu_irq_alloc(). irq_free makes them absent, flushes, gives the room back; what is
     * unconfirmed stays taken. irq_route, irq_post and irq_mask may run at once on one entry; index, vector,
     * delivery and the width of a destination have been checked.
     */
    enum iommu_status (*irq_alloc)(struct iommu_irqs *irqs);
    enum iommu_status (*irq_free)(struct iommu_irqs *irqs);
    enum iommu_status (*irq_route)(struct iommu_irqs *irqs, unsigned index, const struct iommu_irq_target *target);
    enum iommu_status (*irq_post)(struct iommu_irqs *irqs, unsigned index, const struct iommu_irq_posting *posting);
    enum iommu_status (*irq_mask)(struct iommu_irqs *irqs, unsigned index, bool masked);
    /* index may lie outside of the block, for iommu/debug.h. */
    void (*irq_message)(const struct iommu_irqs *irqs, unsigned index, struct iommu_msi *out);
    uint64_t (*irq_ioapic_entry)(const struct iommu_irqs *irqs, bool active_low);
    /* The word that names an IOAPIC firmware forgot, "ivrs_ioapic"; NULL: there is none. */
    const char *ioapic_word;
    /* Where such IOAPICs usually are; the first that no other source has is suggested. */
    uint16_t ioapic_rids[2];

    /* Reads, clears and reports (iommu_fault_report) what is pending; returns how many records. See iommu_unit.readers. */
    size_t (*read_faults)(struct iommu_unit *unit);
    /* The unit is of no more use: registers and last commands to the log. */
    void (*dump)(struct iommu_unit *unit);

    void (*info)(const struct iommu_unit *unit, struct iommu_unit_info *out);
    enum iommu_status (*capability)(const struct iommu_unit *unit, size_t index, struct iommu_capability *out);

    /* iommu/debug.h */
    enum iommu_status (*debug_submit)(struct iommu_unit *unit, uint64_t low, uint64_t high);
    enum iommu_status (*debug_use_queue)(struct iommu_unit *unit, bool use_queue);
    enum iommu_status (*debug_flush_all)(struct iommu_unit *unit);
    void (*debug_counters)(const struct iommu_unit *unit, struct iommu_debug_counters *out);
    void (*debug_irq_read)(const struct iommu_irqs *irqs, unsigned index, struct iommu_debug_irq_entry *out);
    enum iommu_status (*debug_irq_write)(struct iommu_irqs *irqs, unsigned index,
                                         const struct iommu_debug_irq_entry *entry, bool flush);
    /* The platform has memory_map; but for debug_registers, which needs none. */
    void (*debug_registers)(struct iommu_unit *unit, const struct iommu_debug_visitor *visitor);
    enum iommu_status (*debug_queues)(struct iommu_unit *unit, size_t count,
                                      const struct iommu_debug_visitor *visitor);
    enum iommu_status (*debug_irq_entries)(struct iommu_unit *unit, const struct iommu_debug_irq_filter *filter,
                                           const struct iommu_debug_visitor *visitor);
    /* out is zero but for its unit, and reason_name and why "". */
    void (*debug_walk)(struct iommu_unit *unit, uint16_t rid, uint64_t iova,
                       const struct iommu_debug_visitor *visitor, struct iommu_debug_walk *out);
};

/* How often one source has faulted in the running window. */
struct iommu_storm {
    uint64_t window_start_us;
    uint32_t count;
};

/* A source of faults that was never added as a device. */
struct iommu_stranger {
    struct iommu_storm storm;
    uint16_t rid;
    bool used;
    bool fenced;
};

/* The core's half of a unit; a vendor's struct begins with it. */
struct iommu_unit {
    struct iommu *iommu;
    const struct iommu_platform *platform;
    void *ctx;
    const struct iommu_ops *ops;
    unsigned index;
    char name[12];              /* "vtd0" */
    uint16_t segment;
    uint64_t registers_pa;
    bool include_all;           /* every device of the segment that no scope names */
    struct iommu_scope *scopes;
    struct iommu_alias *aliases;
    uint32_t rid_end;           /* its tables have entries for ids below; 0: for all */

    bool running;               /* translation has been enabled by us */
    bool no_translation;        /* it is there for interrupts only: config.no_translation, or set by its vendor */
    bool remaps;                /* interrupt remapping has been enabled by us; changed and read atomically */
    bool fenced;                /* changed once, atomically: false to true */
    bool found_translating;
    bool uses_queue;

    /* What it can do, for domains; filled by the vendor before it is added. */
    const struct pt_ops *pt;    /* of translated domains */
    uint64_t hole_start;        /* besides the interrupt range nothing may be mapped here; half-open, */
    uint64_t hole_end;          /* 0: there is no such hole */
    uint64_t page_sizes;
    unsigned level_mask;        /* bit n: tables of n levels */
    unsigned input_bits;
    uint64_t input_end;         /* of input_bits: set when it is added */
    unsigned output_bits;
    bool pass_through;
    bool coherent;
    bool flush_present;         /* entries that become present need a flush (caching mode, write buffers) */

    /* Why it cannot; NULL: it can. Constant strings, set by the vendor before the end of PREPARE. */
    const char *no_remapping;
    const char *no_x2apic;
    const char *no_posting;
    bool x2apic_only;           /* it remaps with 32-bit destinations only (VT-d ECAP.EIMER) */
    bool found_remapping;
    uint32_t irq_entries;       /* of its table, or of the largest that one source can have; 0: it has none */
    uint32_t irq_used;          /* changed and read atomically */
    struct iommu_lock irq_lock; /* guards: which entries are taken */

    uint32_t domain_id_count;
    uint32_t domain_id_next;    /* guarded by attach_lock, as the map is */
    uint64_t *domain_id_map;    /* bit set: in use; made by iommu_domain_ids_create() */

    struct iommu_lock fault_lock;   /* guards: the fault records, strangers[] */
    uint32_t readers;           /* CPUs in ops->read_faults, changed and read atomically */
    bool stopping;              /* none begins any more; changed and read atomically */
    struct iommu_stranger strangers[IOMMU_STRANGERS];
    uint64_t faults;
    uint64_t overflows;
    uint32_t storm_threshold;   /* changed and read atomically */
    uint32_t storm_window_us;
};

/* ---- domains ---- */

/* A unit on which a domain has or had devices. Never taken off the list before the domain goes. */
struct iommu_domain_unit {
    struct iommu_domain_unit *next;
    struct iommu_unit *unit;    /* NULL: the first one, not used yet */
    uint32_t domain_id;         /* 0: on no device of the unit now */
    uint32_t devices;           /* guarded by attach_lock */
};

struct iommu_domain {
    struct pt_table table;      /* first: operations on one page are called with the domain's own address */
    struct iommu *iommu;
    const struct pt_ops *pt;    /* NULL: no tables (blocked, pass-through) */
    /* Those of pt for one page; what they do in domains that are not mappable or translated is in domain.c. */
    uint64_t *(*map_page)(struct pt_table *table, const struct iommu_mapping *m);
    uint64_t *(*unmap_page)(struct pt_table *table, uint64_t iova, uint64_t len);
    enum iommu_status (*translate)(const struct pt_table *table, uint64_t iova, uint64_t *pa);
    bool mappable;              /* iommu_map() and iommu_unmap() are allowed */
    bool flush_present;         /* some unit of the machine wants it; set when it is made */
    enum iommu_domain_type type;
    uint64_t aperture_end;
    uint64_t reach_last;        /* highest address of the root that devices walk from; grows, read atomically */
    uint64_t page_sizes;
    uint64_t hole_start, hole_end; /* of its units; see struct iommu_unit */
    bool coherent;
    unsigned output_bits;
    size_t devices;             /* guarded by attach_lock */
    struct iommu_domain_unit units; /* the first; most domains have one */
};

/* ---- devices ---- */

struct iommu_rid {
    struct iommu_rid *next;     /* in its bucket */
    struct iommu_device *device;
    uint16_t rid;
};

struct iommu_device {
    struct iommu_device *next;
    struct iommu *iommu;
    struct iommu_unit *unit;
    struct iommu_device_desc desc;
    struct iommu_rid rids[IOMMU_DEVICE_RIDS];
    bool firmware_only;         /* named by a reserved region, never added by the embedder */
    bool has_reserved;
    /* The following are guarded by attach_lock; the fault path reads them. */
    bool fenced;
    struct iommu_domain *domain;            /* the embedder's; NULL: none */
    struct iommu_domain *reserved_domain;   /* its reserved regions, while it has no other; may be NULL */
    struct iommu_entry entry;               /* as the unit's tables say */
    struct iommu_domain_unit *attached;     /* whose domain id entry has; NULL: blocked */
    struct iommu_domain *doubtful;          /* of an attach that was not confirmed; counts this device; may be NULL */
    struct iommu_storm storm;               /* guarded by the unit's fault_lock */
};

struct iommu {
    const struct iommu_platform *platform;
    void *ctx;
    struct iommu_config config;
    bool started;
    bool stopped;
    unsigned unit_count;
    unsigned host_bits;         /* of the table being added */
    struct iommu_unit *units[IOMMU_UNITS_MAX];
    struct iommu_rid *buckets[IOMMU_BUCKETS];
    struct iommu_device *devices;
    struct iommu_reserved *reserved;
    struct iommu_left_off *left_off;
    struct iommu_lock devices_lock; /* guards: which devices there are, the mapping of reserved regions */
    struct iommu_lock attach_lock;  /* guards: devices' and domains' attachment, domain ids, unit tables */
    struct iommu_lock pool_lock;    /* guards: the pools */
    struct iommu_pool domain_pool, domain_unit_pool, device_pool, scope_pool, alias_pool, reserved_pool;
    struct iommu_pool left_off_pool;
    struct iommu_pool irqs_pool, irq_source_pool;
    struct iommu_irq_source *irq_sources;
    struct iommu_irq_state irq;
    uint32_t walkers;           /* fault handlers inside a domain's tables */
};

/* ---- core, for vendors and between core files ---- */

__attribute__((format(printf, 3, 4)))
void iommu_log(const struct iommu *iommu, enum iommu_log_level level, const char *format, ...);

static inline uint64_t iommu_pa(const struct iommu_platform *platform, const void *page)
{
    return (uint64_t)((uintptr_t)page - platform->table_offset);
}

static inline void *iommu_at(const struct iommu_platform *platform, uint64_t pa)
{
    return (void *)((uintptr_t)pa + platform->table_offset);
}

/* The highest address a table of the unit may have. */
static inline uint64_t iommu_unit_limit(const struct iommu_unit *unit)
{
    return (1ull << unit->output_bits) - 1;
}

/* Adds a unit that a vendor has made, and names it prefix plus number. IOMMU_ERR_RANGE: too many. */
enum iommu_status iommu_unit_add(struct iommu *iommu, struct iommu_unit *unit, const char *prefix);
/* Adds a scope to a list. */
enum iommu_status iommu_scope_add(struct iommu *iommu, struct iommu_scope **list, uint16_t rid, bool bridge);
/* The same for the ids from first to last. */
enum iommu_status iommu_scope_add_range(struct iommu *iommu, struct iommu_scope **list, uint16_t first, uint16_t last);
enum iommu_status iommu_alias_add(struct iommu *iommu, struct iommu_unit *unit, uint16_t first, uint16_t last,
                                  uint16_t alias);

/*
 * The unit failed in a way that leaves its protection in doubt: dumped once,
 * refused from now on, bus mastering of its devices off.
 */
void iommu_unit_fence(struct iommu_unit *unit, const char *operation, enum iommu_status status);

/* Bus mastering of the unit's devices off, as far as they are known. */
void iommu_unit_stop_masters(struct iommu_unit *unit);

/* iommu_lock_irq() of a lock of the unit's: for a wait it keeps nothing over irq_save(). Every flush takes it. */
static inline uintptr_t iommu_unit_lock(const struct iommu_unit *unit, struct iommu_lock *lock)
{
    uintptr_t flags = unit->platform->irq_save(unit->ctx);

    if (!iommu_lock_try(lock))
        iommu_lock_wait(unit->platform, unit->ctx, lock);
    return flags;
}

static inline bool iommu_unit_fenced(const struct iommu_unit *unit)
{
    return __atomic_load_n(&unit->fenced, __ATOMIC_RELAXED);
}

/* An error of iommu_ops.set_device that leaves everything as it was. */
static inline bool iommu_entry_unchanged(enum iommu_status status)
{
    return status == IOMMU_ERR_NOMEM || status == IOMMU_ERR_RANGE;
}

/* attach.c, and the last two domain.c */
enum iommu_status iommu_domain_ids_create(struct iommu_unit *unit);
void iommu_domain_ids_destroy(struct iommu_unit *unit);
/* attach_lock held: makes the unit's tables say what device->domain, reserved_domain and fenced ask for. */
enum iommu_status iommu_device_apply_locked(struct iommu_device *device);
uintptr_t iommu_attach_lock(struct iommu *iommu);
void iommu_attach_unlock(struct iommu *iommu, uintptr_t flags);
/*
 * attach_lock held: makes every device of the domain walk from a root that leads to the present one
 * (pt_ops.grow). Until it returns OK devices may be under either.
 */
enum iommu_status iommu_domain_reroot_locked(struct iommu_domain *domain, const struct pt_root *root);
/* The domain id under which the unit knows the device's domain; 0: none. */
uint32_t iommu_device_domain_id(const struct iommu_device *device);
/* Waits until no fault handler looks into tables that were reachable before the call. */
void iommu_wait_walkers(struct iommu *iommu);
/* iommu_map() without the check that the embedder may map there. */
enum iommu_status iommu_domain_map(struct iommu_domain *domain, const struct iommu_mapping *m);

/* device.c: the unit that sees requests of such a device; NULL: there is none. */
struct iommu_unit *iommu_unit_covering(const struct iommu *iommu, const struct iommu_device_desc *desc);
/* A device of an id that nobody has, with the aliases firmware gives it: a region names it, nobody has added it. */
enum iommu_status iommu_device_add_named(struct iommu *iommu, uint16_t segment, uint16_t rid);

/* reserved.c */
bool iommu_reserved_applies(const struct iommu_reserved *region, const struct iommu_device_desc *desc);
/* Maps the device's regions into a translated domain. IOMMU_ERR_EXISTS: one is mapped to something else. */
enum iommu_status iommu_reserved_map(const struct iommu_device *device, struct iommu_domain *domain);
/*
 * Gives a device that has regions a domain of just those while it has no
 * other, and its requester ids their place in the unit's tables: attaching it
 * later needs no memory.
 */
enum iommu_status iommu_reserved_apply(struct iommu_device *device);
/* The same for every device, and for those that only firmware has named. */
enum iommu_status iommu_reserved_apply_all(struct iommu *iommu);

/* fault.c: completes a record of a vendor (device, domain, walk level, time), calls back, counts storms. */
void iommu_fault_report(struct iommu_unit *unit, struct iommu_fault *fault, bool walk);
/* The device begins a new window of faults. */
void iommu_storm_forget(struct iommu_device *device);
/*
 * Reads a unit's faults, as ops->read_faults does. Not while it is being stopped, nor after: a handler, which may
 * get the queue going again, and a stop would change the same registers.
 */
size_t iommu_faults_read(struct iommu_unit *unit);
/* Returns when no other CPU is in there; IOMMU_ERR_TIMEOUT: one was for so long. */
enum iommu_status iommu_faults_wait(struct iommu_unit *unit, uint64_t timeout_us);
/* Records were lost. */
void iommu_fault_overflow(struct iommu_unit *unit);

/* irq.c */
/* Copies what config.irq points to. IOMMU_ERR_INVALID: too many overrides, or one that makes no sense. */
enum iommu_status iommu_irq_configure(struct iommu *iommu);
/*
 * Firmware says that interrupts of an IOAPIC or HPET of the unit, which has
 * been added, carry rid. Overrides go before it; of two for one id the first holds.
 */
enum iommu_status iommu_irq_source_add(struct iommu *iommu, struct iommu_unit *unit, enum iommu_irq_source_kind kind,
                                       uint8_t id, uint16_t rid);
/* After the tables: overrides of sources that firmware does not name at all. */
enum iommu_status iommu_irq_sources_complete(struct iommu *iommu);
/* All units are prepared: is remapping to be switched on, and how? */
void iommu_irq_decide(struct iommu *iommu);
/* All units are started: do those remap that were to? */
void iommu_irq_confirm(struct iommu *iommu);

/* The hand-off snapshot of one vendor's units, added to out->units. */
enum iommu_status vtd_take_handoff(const struct iommu_platform *platform, void *ctx, const void *table, size_t len,
                                   struct iommu_handoff *out);
enum iommu_status amdvi_take_handoff(const struct iommu_platform *platform, void *ctx, const void *table, size_t len,
                                     struct iommu_handoff *out);

/* One vendor's reader of its firmware table, */
enum iommu_status vtd_add_table(struct iommu *iommu, const void *table, size_t len);
enum iommu_status amdvi_add_table(struct iommu *iommu, const void *table, size_t len);

#endif
