/* SPDX-License-Identifier: BSD-2-Clause */
/* One AMD-Vi unit and what the amdvi_*.c files share of it. */
#ifndef IOMMU_AMDVI_H
#define IOMMU_AMDVI_H

#include "internal.h"
#include "refusals.h"
#include "amd/amdvi_formats.h"
#include "amd/amdvi_regs.h"
#include "amd/ivrs.h"

/* No limits are given for these; normal completion takes microseconds. */
#define AMDVI_RUN_TIMEOUT_US 1000000u
#define AMDVI_COMMAND_TIMEOUT_US 1000000u

/* Entries of 16 bytes: one more than the smallest ring has, so that a full log is rare. */
#define AMDVI_COMMAND_SLOTS 512u
#define AMDVI_EVENT_SLOTS 512u
/* Commands one submission may have besides its COMPLETION_WAIT. */
#define AMDVI_BATCH_MAX 32u

/*
 * The command ring. Commands are counted on without end; number n lies in slot n modulo AMDVI_COMMAND_SLOTS.
 * The COMPLETION_WAIT of a batch stores the number that follows its own: how many commands are done.
 */
struct amdvi_queue {
    struct amdvi_command *ring;
    uint64_t *semaphore;    /* a page of its own: how many commands are done, as hardware says */
    uint64_t wait_lo;       /* first word of the COMPLETION_WAIT that stores there */
    bool on;                /* the unit has taken the ring */
    uint64_t head;          /* first command whose slot may not be reused */
    uint64_t tail;          /* next to be written */
    uint64_t settled;       /* commands below were done, or refused, when the unit was last restarted */
    uint64_t stopped_at;    /* the command at which it had stopped, */
    uint32_t restarts;      /* how often in a row at that one */
    struct iommu_refusals refusals; /* batches, by their ends */
    uint64_t illegal[AMDVI_COMMAND_SLOTS / 64]; /* bit set: an event has named the command in that slot */
    uint64_t doorbells;
    uint64_t commands;
    uint64_t completion_interrupts;
};

/*
 * Interrupt entries of one device or source, whatever ids it sends under: never of two, or one could raise what the
 * other was given. Stays with its ids until the device table goes.
 */
#define AMDVI_IRQ_ENTRIES_MAX 2048u
/* Bits 7:0 of an index are an IOAPIC's vector, by which it knows an end of interrupt: pins have indexes below this. */
#define AMDVI_IRQ_PIN_ENTRIES 256u

struct amdvi_irq_table {
    struct amdvi_irq_table *next;   /* of the unit */
    void *entries;                  /* page-aligned */
    uint32_t count;                 /* a power of two, 512 at least */
    uint32_t rid_count;             /* grows, read atomically */
    uint16_t rids[IOMMU_DEVICE_RIDS];
    uint64_t level[AMDVI_IRQ_PIN_ENTRIES / 64];     /* bit set: a level-triggered pin; changed atomically */
    uint64_t taken[AMDVI_IRQ_ENTRIES_MAX / 64];     /* guarded by base.irq_lock */
};

/* What came for virtual CPUs that do not run (AMD-Vi §2.2.5.5): entries of 8 bytes. */
struct amdvi_guest_log {
    uint64_t *ring;     /* a page, and after it one into which the unit stores its tail pointer */
    bool on;
};

struct amdvi_event_log {
    struct amdvi_event *ring;
    bool on;
};

struct amdvi_unit {
    struct iommu_unit base;     /* first: the core's pointer is ours */
    struct reg_window regs;
    uint16_t rid;               /* of its PCI function */
    uint16_t capability;        /* offset of its capability block there */
    uint32_t header;            /* that block's first word */
    uint64_t efr;               /* as the IVHD has it where that is valid, else the register */
    uint64_t efr2;
    uint8_t ivhd_flags;
    uint64_t control;           /* what the control register should hold: written whole, never read back to be changed */

    bool has_tables;            /* the unit works with our device table and executes commands, and has not been
                                   stopped: from the last step before the first flush */
    bool wide_store;            /* 16 bytes can be stored at once (CMPXCHG16B); tests switch it off */
    bool guest_tables;          /* domains are v2 tables (base.pt is the x86-64 format) */
    bool event_interrupt;       /* it has an interrupt of its own */
    uint64_t found_control;     /* control register as found, */
    uint64_t found_table;       /* and the device table base */
    bool table_given;           /* that base register holds our table: hardware may read it, IommuEn or not */
    uint16_t nowhere_id;        /* domain id of entries that translate by nowhere, and of no domain */
    bool host_off;              /* the IVHD denies host (v1) tables: HATDis */
    unsigned virtual_bits;      /* IVinfo VASize; 0: not said */

    struct amdvi_dte *table;    /* of table_entries, the unit's own */
    size_t table_entries;       /* a multiple of 128: ids 0 to the highest that firmware names */
    uint64_t *nowhere;          /* a page table that maps nothing; see amdvi_device.c */
    uint64_t **guest_roots;     /* GCR3 table of an id, NULL: none; made when the first is needed */
    bool wide_entries;          /* interrupt entries have 128 bits (GAEn), on every unit alike */
    bool many_entries;          /* tables of 2048 (NumIntRemapMode): messages name them in another way */
    struct amdvi_irq_table **irq_tables;    /* of an id, NULL: none; made when the first is needed; by attach_lock */
    struct amdvi_irq_table *all_irq_tables; /* guarded by attach_lock */
    struct iommu_pool irq_table_pool;
    struct amdvi_queue queue;
    struct amdvi_event_log events;
    struct amdvi_guest_log guest_log;
    struct iommu_lock lock;     /* guards: queue, control */
};

static inline struct amdvi_unit *amdvi_unit_of(struct iommu_unit *unit)
{
    return (struct amdvi_unit *)unit;
}

static inline uintptr_t amdvi_lock(struct amdvi_unit *unit)
{
    return iommu_unit_lock(&unit->base, &unit->lock);
}

static inline void amdvi_unlock(struct amdvi_unit *unit, uintptr_t flags)
{
    iommu_unlock_irq(unit->base.platform, unit->base.ctx, &unit->lock, flags);
}

/* Writes back what a unit reads that does not snoop (control bit Coherent cannot be set). */
static inline void amdvi_write_back(const struct amdvi_unit *unit, const void *at, size_t len)
{
    if (!unit->base.coherent)
        unit->base.platform->dma_flush(unit->base.ctx, at, len);
}

/* ---- amdvi_unit.c: bring-up ---- */

extern const struct iommu_ops amdvi_ops;

/*
 * Reads the features and what the core wants to know of them; with has_efr the image of the IVHD rules.
 * IOMMU_ERR_NOT_FOUND: the registers read all ones.
 */
enum iommu_status amdvi_unit_identify(struct amdvi_unit *unit, bool has_efr);

/*
 * Sets or clears bits of the control register, and waits until the status register's run bits (0: none) say so too:
 * all 1 after a set, all 0 otherwise. While IommuEn is 0 nothing runs, so that bits which are to come are not waited
 * for; who sets IommuEn waits for all of them. The second is for who holds amdvi_lock().
 */
enum iommu_status amdvi_control(struct amdvi_unit *unit, uint64_t clear, uint64_t set, uint32_t run_bits);
enum iommu_status amdvi_control_locked(struct amdvi_unit *unit, uint64_t clear, uint64_t set, uint32_t run_bits);

/*
 * Translation off although devices may be running, which lose bus mastering first: what changes next is not taken, or
 * would be misread, while it is on.
 */
void amdvi_open_window(struct amdvi_unit *unit, const char *why, uint64_t seen);

/* All that was seen, to the log. */
void amdvi_unit_dump(struct iommu_unit *unit);

/* ---- amdvi_takeover.c: what the unit's last owner left ---- */

/* Control and the table's base as found: logged where translation is on, and never trusted. */
void amdvi_takeover_look(struct amdvi_unit *unit);
/*
 * After iommu_domain_ids_create(), before any id is given out: the old device table to the log, and domain ids that
 * may be cached are kept from ours.
 */
void amdvi_takeover_hold_ids(struct amdvi_unit *unit);
/* Nothing old is cached any more: every id that is not in our table is free. */
void amdvi_takeover_free_ids(struct amdvi_unit *unit);
/* Bring-up has failed with translation off, which was on: the old table protects again, if the unit takes it. */
void amdvi_takeover_undo(struct amdvi_unit *unit);

/* ---- amdvi_errata.c ---- */

/* What is to be done on this unit's part, by PCI ids and CPU; IOMMU_ERR_UNSUPPORTED: leave it off (config.force overrides). */
enum iommu_status amdvi_errata_apply(struct amdvi_unit *unit);

/* ---- amdvi_queue.c: the command ring ---- */

enum iommu_status amdvi_queue_create(struct amdvi_unit *unit);
void amdvi_queue_destroy(struct amdvi_unit *unit);
/* Empties the ring, gives it to the unit and switches CmdBufEn on (AMD-Vi §2.4). */
enum iommu_status amdvi_queue_enable(struct amdvi_unit *unit);
/* Switches it off and waits for CmdBufRun = 0. */
enum iommu_status amdvi_queue_disable(struct amdvi_unit *unit);
/*
 * Puts count commands and a COMPLETION_WAIT that stores into the ring, one
 * doorbell, and returns when it has stored. IOMMU_ERR_QUEUE: the unit refused
 * one of them and the ring has recovered; TIMEOUT: the unit has been fenced.
 */
enum iommu_status amdvi_queue_run(struct amdvi_unit *unit, const struct amdvi_command *commands, uint32_t count);
enum iommu_status amdvi_queue_run_one(struct amdvi_unit *unit, struct amdvi_command command);
/*
 * For iommu_debug_queue_submit(): the same for any command, and events are read before it returns, since a unit
 * that goes on behind an illegal command (QEMU) says so nowhere else. QEMU 7.2 says it nowhere at all.
 */
enum iommu_status amdvi_queue_run_raw(struct amdvi_unit *unit, struct amdvi_command command);
/* Restarts the unit if it has stopped fetching; who waits learns what became of its batch. */
void amdvi_queue_recover(struct amdvi_unit *unit);
/* An event says that the command at that address is illegal or could not be read. */
void amdvi_queue_refuse(struct amdvi_unit *unit, uint64_t command_pa);
void amdvi_queue_dump(struct amdvi_unit *unit);

/* ---- commands (AMD-Vi §2.4) ---- */

static inline uint64_t amdvi_opcode(unsigned op)
{
    return field_make(AMDVI_CMD_OP, op);
}

/* Stores data at store_pa when everything before it is done. */
static inline struct amdvi_command amdvi_completion_wait(uint64_t store_pa, uint64_t data)
{
    return (struct amdvi_command){
        .lo = amdvi_opcode(AMDVI_CMD_OP_COMPLETION_WAIT) | AMDVI_CMD_WAIT_S | (store_pa & AMDVI_CMD_WAIT_ADDRESS),
        .hi = data,
    };
}

/* Tells nobody, but holds what follows until everything before is done: commands have no order of their own (§2.4.9). */
static inline struct amdvi_command amdvi_hold(void)
{
    return (struct amdvi_command){ .lo = amdvi_opcode(AMDVI_CMD_OP_COMPLETION_WAIT) | AMDVI_CMD_WAIT_F };
}

/* By an interrupt: Status.ComWaitInt. */
static inline struct amdvi_command amdvi_completion_interrupt(void)
{
    return (struct amdvi_command){ .lo = amdvi_opcode(AMDVI_CMD_OP_COMPLETION_WAIT) | AMDVI_CMD_WAIT_I };
}

static inline struct amdvi_command amdvi_invalidate_entry(uint16_t rid)
{
    return (struct amdvi_command){ .lo = amdvi_opcode(AMDVI_CMD_OP_INVALIDATE_DEVTAB_ENTRY) | rid };
}

static inline struct amdvi_command amdvi_invalidate_interrupts(uint16_t rid)
{
    return (struct amdvi_command){ .lo = amdvi_opcode(AMDVI_CMD_OP_INVALIDATE_INTERRUPT_TABLE) | rid };
}

/*
 * The address word of a size that is a power of two, at least a page, of memory aligned to it: S, and ones
 * below the first zero from bit 12 on, which say half the size. Beyond 2^52 bytes it is AMDVI_CMD_PAGES_ALL.
 */
static inline uint64_t amdvi_range_word(uint64_t start, uint64_t len)
{
    if (__builtin_expect(len == IOMMU_PAGE, 1))
        return start & AMDVI_CMD_PAGES_ADDRESS;
    return ((start | ((len >> 1) - 1)) & AMDVI_CMD_PAGES_ADDRESS) | (len > IOMMU_PAGE ? AMDVI_CMD_PAGES_S : 0);
}

/* What a domain id's tables are made of decides GN: requests without a PASID are those of PASID 0 there. */
static inline struct amdvi_command amdvi_invalidate_pages(const struct amdvi_unit *unit, uint32_t domain_id,
                                                          uint64_t range_word, bool tables)
{
    return (struct amdvi_command){
        .lo = amdvi_opcode(AMDVI_CMD_OP_INVALIDATE_IOMMU_PAGES) | field_make(AMDVI_CMD_PAGES_DOMAIN_ID, (uint16_t)domain_id),
        .hi = range_word | (tables ? AMDVI_CMD_PAGES_PDE : 0) | (unit->guest_tables ? AMDVI_CMD_PAGES_GN : 0),
    };
}

static inline struct amdvi_command amdvi_invalidate_domain(const struct amdvi_unit *unit, uint32_t domain_id)
{
    return amdvi_invalidate_pages(unit, domain_id, AMDVI_CMD_PAGES_ALL | AMDVI_CMD_PAGES_S, true);
}

/* depth: invalidations the device takes at once (ATS capability). */
static inline struct amdvi_command amdvi_invalidate_iotlb(uint16_t rid, uint16_t queue_rid, unsigned depth,
                                                          uint64_t range_word)
{
    return (struct amdvi_command){
        .lo = amdvi_opcode(AMDVI_CMD_OP_INVALIDATE_IOTLB_PAGES) | rid | field_make(AMDVI_CMD_IOTLB_MAXPEND, depth) |
              field_make(AMDVI_CMD_IOTLB_QUEUE_ID, queue_rid),
        .hi = range_word,
    };
}

/* pages from iova on may be asked for soon. */
static inline struct amdvi_command amdvi_prefetch(uint16_t rid, uint64_t iova, unsigned pages)
{
    return (struct amdvi_command){
        .lo = amdvi_opcode(AMDVI_CMD_OP_PREFETCH_IOMMU_PAGES) | rid | field_make(AMDVI_CMD_PREFETCH_COUNT, pages),
        .hi = iova & AMDVI_CMD_PREFETCH_ADDRESS,
    };
}

/* Answers a page request; pasid IOMMU_NO_PASID: it had none. */
static inline struct amdvi_command amdvi_complete_request(uint16_t rid, uint32_t pasid, unsigned tag, unsigned answer)
{
    struct amdvi_command c = {
        .lo = amdvi_opcode(AMDVI_CMD_OP_COMPLETE_PPR_REQUEST) | rid,
        .hi = field_make(AMDVI_CMD_PPR_TAG, tag) | field_make(AMDVI_CMD_PPR_STATUS, answer),
    };

    if (pasid != IOMMU_NO_PASID) {
        c.lo |= field_make(AMDVI_CMD_PPR_PASID, pasid);
        c.hi |= AMDVI_CMD_PPR_GN;
    }
    return c;
}

static inline struct amdvi_command amdvi_invalidate_everything(void)
{
    return (struct amdvi_command){ .lo = amdvi_opcode(AMDVI_CMD_OP_INVALIDATE_IOMMU_ALL) };
}

/* ---- amdvi_invalidate.c: what to flush ---- */

/* Executes commands in order, and waits; refused batches are tried again. After any error the unit has been fenced. */
enum iommu_status amdvi_invalidate(struct amdvi_unit *unit, const struct amdvi_command *commands, uint32_t count);
/* Everything the unit may cache: INVALIDATE_IOMMU_ALL, or each kind in turn where there is no such command. */
enum iommu_status amdvi_invalidate_all(struct amdvi_unit *unit);
/*
 * INVALIDATE_DEVTAB_ENTRY for every id of the table, once translation is on: QEMU 11.1 lets a device pass
 * untranslated until it has seen that command for it, whatever its entry says.
 */
enum iommu_status amdvi_invalidate_devices(struct amdvi_unit *unit);
/* INVALIDATE_INTERRUPT_TABLE for up to IOMMU_DEVICE_RIDS ids, one batch. */
enum iommu_status amdvi_flush_interrupts(struct amdvi_unit *unit, const uint16_t *rids, uint32_t count);
enum iommu_status amdvi_flush(struct iommu_unit *unit, uint32_t domain_id, const struct iommu_gather *gather);
enum iommu_status amdvi_flush_page(struct iommu_unit *unit, uint32_t domain_id, uint64_t iova, uint64_t len);
enum iommu_status amdvi_flush_present_page(struct iommu_unit *unit, uint32_t domain_id, uint64_t iova, uint64_t len);
enum iommu_status amdvi_flush_present(struct iommu_unit *unit, uint32_t domain_id,
                                      const struct iommu_gather *gather);

/* ---- amdvi_device.c: the device table ---- */

/* Every entry blocked, for ids 0 to highest. */
enum iommu_status amdvi_table_create(struct amdvi_unit *unit, uint16_t highest);
void amdvi_table_destroy(struct amdvi_unit *unit);
/* Bits of an IVHD setting byte into the entry of an id; they stay there whatever else it says. Before start. */
void amdvi_table_setting(struct amdvi_unit *unit, uint16_t rid, uint8_t setting);
/* Another domain id for blocked ids that have to be translated. Before start. */
void amdvi_table_set_nowhere(struct amdvi_unit *unit, uint16_t domain_id);
enum iommu_status amdvi_set_device(struct iommu_unit *unit, const uint16_t *rids, size_t count,
                                   const struct iommu_entry *old, const struct iommu_entry *next);
enum iommu_entry_kind amdvi_device_state(struct iommu_unit *unit, uint16_t rid);
/* Before the table is given: every id's DMA passes (config.no_translation). */
void amdvi_table_pass(struct amdvi_unit *unit);
/* Before the table is given: every id's interrupts are aborted. */
void amdvi_table_abort_interrupts(struct amdvi_unit *unit);
/*
 * attach_lock held, interrupts remapped: the id's are looked up in 2^len_shift entries at table_pa, or, where that
 * is 0, aborted. What firmware lets pass stays. Not flushed.
 */
void amdvi_table_set_interrupts(const struct amdvi_unit *unit, uint16_t rid, uint64_t table_pa, unsigned len_shift);

/* The IOAPIC of AMD's southbridges always sends as 00:14.0; a second one, in the northbridge, often as 00:00.2. */
#define AMDVI_SOUTHBRIDGE_RID 0x00a0u
#define AMDVI_NORTHBRIDGE_RID 0x0002u

/* ---- amdvi_interrupts.c: is remapping possible; its format, on and off ---- */

/* What the features allow: no_remapping, no_x2apic, no_posting. */
void amdvi_interrupts_identify(struct amdvi_unit *unit);
/* Steps of bring-up, in this order. */
enum iommu_status amdvi_interrupts_check(struct amdvi_unit *unit);
enum iommu_status amdvi_interrupts_format(struct amdvi_unit *unit);
enum iommu_status amdvi_interrupts_block(struct amdvi_unit *unit);
enum iommu_status amdvi_interrupts_enable(struct amdvi_unit *unit);
/* Nothing is accepted any more; the unit still remaps until IommuEn is 0. */
void amdvi_interrupts_disable(struct amdvi_unit *unit);
/* IommuEn is 0: the format that was found. */
void amdvi_interrupts_restore(struct amdvi_unit *unit);

/* ---- amdvi_irte.c: tables, blocks, entries ---- */

void amdvi_irq_tables_destroy(struct amdvi_unit *unit);
enum iommu_status amdvi_irte_alloc(struct iommu_irqs *irqs);
enum iommu_status amdvi_irte_free(struct iommu_irqs *irqs);
enum iommu_status amdvi_irte_route(struct iommu_irqs *irqs, unsigned index, const struct iommu_irq_target *target);
enum iommu_status amdvi_irte_mask(struct iommu_irqs *irqs, unsigned index, bool masked);
/* The entry becomes value (RemapEn set), unless it is masked; flushed. */
enum iommu_status amdvi_irte_lead(struct iommu_irqs *irqs, unsigned index, struct amdvi_irte value);
void amdvi_irte_message(const struct iommu_irqs *irqs, unsigned index, struct iommu_msi *out);
uint64_t amdvi_irte_ioapic_entry(const struct iommu_irqs *irqs, bool active_low);
void amdvi_irte_debug_read(const struct iommu_irqs *irqs, unsigned index, struct iommu_debug_irq_entry *out);
enum iommu_status amdvi_irte_debug_write(struct iommu_irqs *irqs, unsigned index,
                                         const struct iommu_debug_irq_entry *entry, bool flush);

/* ---- amdvi_guest_irq.c: interrupts of virtual CPUs ---- */

enum iommu_status amdvi_irte_post(struct iommu_irqs *irqs, unsigned index, const struct iommu_irq_posting *posting);
enum iommu_status amdvi_guest_log_create(struct amdvi_unit *unit);
void amdvi_guest_log_destroy(struct amdvi_unit *unit);
enum iommu_status amdvi_guest_log_enable(struct amdvi_unit *unit);
enum iommu_status amdvi_guest_log_disable(struct amdvi_unit *unit);
/* Calls config.irq.guest_log for what is in it, and starts it again where it has run over. */
void amdvi_guest_log_read(struct amdvi_unit *unit);

/* ---- amdvi_dump.c, amdvi_walk.c: iommu/debug.h ---- */

void amdvi_debug_registers(struct iommu_unit *unit, const struct iommu_debug_visitor *visitor);
enum iommu_status amdvi_debug_queues(struct iommu_unit *unit, size_t count, const struct iommu_debug_visitor *visitor);
enum iommu_status amdvi_debug_irq_entries(struct iommu_unit *unit, const struct iommu_debug_irq_filter *filter,
                                        const struct iommu_debug_visitor *visitor);
void amdvi_debug_walk(struct iommu_unit *unit, uint16_t rid, uint64_t iova,
                    const struct iommu_debug_visitor *visitor, struct iommu_debug_walk *out);
/*
 * The entry of an id as it lies in the table that the registers name, and that to the visitor. False: it cannot be
 * read; out's outcome, reason and why say so.
 */
bool amdvi_debug_entry(struct amdvi_unit *unit, uint16_t rid, const struct iommu_debug_visitor *visitor,
                       struct amdvi_dte *entry, struct iommu_debug_walk *out);

/* ---- amdvi_fault.c, amdvi_irq.c, amdvi_caps.c ---- */

/* A log that stops when it has run over. */
struct amdvi_log_bits {
    uint64_t enable;        /* of Control, */
    uint64_t interrupt;
    uint32_t run;           /* and of Status */
    uint32_t overflow;
};
/* amdvi_lock() held: off, the overflow bit cleared, on again (AMD-Vi §2.5.1). Both pointers stay where they are. */
enum iommu_status amdvi_log_restart_locked(struct amdvi_unit *unit, const struct amdvi_log_bits *log);
/* Waits until the code, bits 63:60, of an entry that the tail has announced is there; false: it did not come. */
bool amdvi_entry_arrives(const struct amdvi_unit *unit, const uint64_t *word);

enum iommu_status amdvi_events_create(struct amdvi_unit *unit);
void amdvi_events_destroy(struct amdvi_unit *unit);
/* Empties the log, gives it to the unit and switches EventLogEn on. */
enum iommu_status amdvi_events_enable(struct amdvi_unit *unit);
enum iommu_status amdvi_events_disable(struct amdvi_unit *unit);
size_t amdvi_read_faults(struct iommu_unit *unit);
/* The log's entries alone: interrupts of COMPLETION_WAIT stay as they are. */
size_t amdvi_read_events(struct amdvi_unit *unit);
/* The specification's name of an event code (AMD-Vi §2.5). Never NULL. */
const char *amdvi_event_name(uint32_t code);

/* Offset of the first capability of that id in a function's configuration space; 0: none. */
unsigned amdvi_find_capability(const struct amdvi_unit *unit, uint16_t rid, uint8_t id);
/* Asks the embedder for an interrupt and lets the unit send it: its MSI capability, or the XT registers. */
void amdvi_irq_enable(struct amdvi_unit *unit);
void amdvi_irq_disable(struct amdvi_unit *unit);

enum iommu_status amdvi_capability(const struct iommu_unit *unit, size_t index, struct iommu_capability *out);

#endif
