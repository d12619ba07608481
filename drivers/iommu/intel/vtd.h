/* SPDX-License-Identifier: BSD-2-Clause */
/* One VT-d unit and what the vtd_*.c files share of it. */
#ifndef IOMMU_VTD_H
#define IOMMU_VTD_H

#include "internal.h"
#include "refusals.h"
#include "intel/vtd_formats.h"
#include "intel/vtd_regs.h"

/* No architectural limit exists (VT-d §11.4.4); normal completion takes microseconds. */
#define VTD_COMMAND_TIMEOUT_US 1000000u
#define VTD_QUEUE_TIMEOUT_US 1000000u
/* An old queue that has not drained by then will not. */
#define VTD_DRAIN_TIMEOUT_US 100000u

#define VTD_QUEUE_SLOTS 256u
/* Descriptors one submission may have besides its wait. */
#define VTD_BATCH_MAX 32u

/*
 * What the queue needs beside the descriptors, in one page. Hardware writes
 * status[] and scratch; the rest is ours. Descriptors are counted on without
 * end; number n lies in slot n modulo VTD_QUEUE_SLOTS.
 */
struct vtd_queue_page {
    uint32_t status[VTD_QUEUE_SLOTS];   /* of a wait: ~number until it has completed, in 32 bits */
    uint64_t batch_end[VTD_QUEUE_SLOTS]; /* at a batch's first descriptor: the number of its wait */
    uint32_t scratch;                   /* where the wait that replaces a refused descriptor writes */
};
_Static_assert(sizeof(struct vtd_queue_page) <= IOMMU_PAGE, "one page");

struct vtd_queue {
    struct vtd_descriptor *ring;
    struct vtd_queue_page *page;
    uint64_t status_pa;
    bool on;            /* the unit has taken the ring */
    uint64_t head;      /* first descriptor whose slot may not be reused */
    uint64_t tail;      /* next to be written */
    uint64_t refused;   /* number of the last descriptor the unit refused */
    uint32_t repeats;   /* how often in a row it refused that one */
    struct iommu_refusals refusals; /* batches, by the number of their wait */
    uint64_t doorbells;
    uint64_t descriptors;
};

struct vtd_unit {
    struct iommu_unit base;     /* first: the core's pointer is ours */
    struct reg_window regs;
    uint32_t version;           /* VER */
    uint64_t cap;
    uint64_t ecap;

    bool has_tables;            /* the unit has taken our root table, and has not been stopped */
    bool in_doubt;              /* a command that gives it memory of ours has timed out: it may use it at any time */
    uint64_t drain;             /* DR and DW of IOTLB descriptors, where the unit knows them */
    unsigned am_count;          /* page-selective flushes have AM below this; 0: there are none (CAP.PSI) */
    unsigned fault_records;
    uint64_t found_root;        /* RTADDR as found, when translation was on */
    uint64_t found_irta;        /* IRTA as found, when interrupt remapping was on */
    uint32_t gcmd_clear;        /* GCMD fields that are 0, whatever GSTS shows: see vtd_interrupts_enable() */
    bool fault_event;           /* it has an interrupt of its own */

    struct vtd_root_entry *root;
    bool root_changed;          /* a root entry became present; matters where absent ones are cached */
    struct vtd_irte *irtes;     /* interrupt remapping table; NULL: interrupts are not remapped */
    bool has_irtes;             /* the unit has taken it, and has not been stopped */
    uint64_t *irte_map;         /* bit set: in use; guarded by base.irq_lock, as the next is */
    uint32_t irte_next;         /* behind the block that was given out last */
    struct vtd_queue queue;
    struct iommu_lock lock;     /* guards: queue, GCMD, and the registers of invalidation */
};

static inline struct vtd_unit *vtd_unit_of(struct iommu_unit *unit)
{
    return (struct vtd_unit *)unit;
}

static inline uintptr_t vtd_lock(struct vtd_unit *unit)
{
    return iommu_unit_lock(&unit->base, &unit->lock);
}

static inline void vtd_unlock(struct vtd_unit *unit, uintptr_t flags)
{
    iommu_unlock_irq(unit->base.platform, unit->base.ctx, &unit->lock, flags);
}

/* Writes a table back for a unit whose walks do not snoop (ECAP.C = 0). */
static inline void vtd_write_back(const struct vtd_unit *unit, const void *at, size_t len)
{
    if (!unit->base.coherent)
        unit->base.platform->dma_flush(unit->base.ctx, at, len);
}

/* ---- vtd_unit.c: bring-up ---- */

extern const struct iommu_ops vtd_ops;

/* Reads version and capabilities and what the core wants to know of them. Errors: the unit is of no use. */
enum iommu_status vtd_unit_identify(struct vtd_unit *unit);

/*
 * Switches one GCMD bit and waits for GSTS to report it.
 *
 * GCMD is write-only: each write must restate every standing bit, read back
 * from GSTS, and leave the one-shot bits clear or they fire again
 * (VT-d §11.4.4.1). Not for WBF, whose status bit clears when it is done.
 */
enum iommu_status vtd_command(struct vtd_unit *unit, uint32_t bit, bool on);
enum iommu_status vtd_command_locked(struct vtd_unit *unit, uint32_t bit, bool on);

/* VT-d §6.8. Nothing to do where CAP.RWBF is 0. */
enum iommu_status vtd_flush_write_buffers(struct vtd_unit *unit);

/* All that was seen, to the log. */
void vtd_unit_dump(struct iommu_unit *unit);

/* ---- vtd_queue.c: the invalidation queue ---- */

enum iommu_status vtd_queue_create(struct vtd_unit *unit);
void vtd_queue_destroy(struct vtd_unit *unit);
/* Empties the rings and switches QIE on (VT-d §6.5.2). */
enum iommu_status vtd_queue_enable(struct vtd_unit *unit);
/* The queue must be idle. */
enum iommu_status vtd_queue_disable(struct vtd_unit *unit);
/*
 * Puts count descriptors and a wait into the queue, one doorbell, and returns
 * when the wait has completed. IOMMU_ERR_QUEUE: the unit refused one of them
 * and the queue has recovered; TIMEOUT: the unit has been fenced.
 */
enum iommu_status vtd_queue_run(struct vtd_unit *unit, const struct vtd_descriptor *descriptors, uint32_t count);
enum iommu_status vtd_queue_run_one(struct vtd_unit *unit, struct vtd_descriptor descriptor);
/* Clears ICE, ITE and IQE, and gets the queue going again; who waits learns what became of its batch. */
void vtd_queue_recover(struct vtd_unit *unit);
void vtd_queue_dump(struct vtd_unit *unit);

/* ---- vtd_invalidate.c: what to flush, by queue or registers ---- */

static inline struct vtd_descriptor vtd_context_device(uint16_t rid, uint32_t domain_id)
{
    return (struct vtd_descriptor){
        .lo = VTD_QI_TYPE_CC | field_make(VTD_QI_CC_G, VTD_CONTEXT_DEVICE) |
              field_make(VTD_QI_CC_DID, domain_id) | field_make(VTD_QI_CC_SID, rid),
    };
}

static inline struct vtd_descriptor vtd_iotlb_domain(const struct vtd_unit *unit, uint32_t domain_id)
{
    return (struct vtd_descriptor){
        .lo = VTD_QI_TYPE_IOTLB | field_make(VTD_QI_IOTLB_G, VTD_IOTLB_DOMAIN) | unit->drain |
              field_make(VTD_QI_IOTLB_DID, domain_id),
    };
}

/* Executes descriptors of types 1 and 2 in order, and waits. After any error the unit has been fenced. */
enum iommu_status vtd_invalidate(struct vtd_unit *unit, const struct vtd_descriptor *descriptors, uint32_t count);
/* Context cache and IOTLB, all of them. */
enum iommu_status vtd_invalidate_all(struct vtd_unit *unit);
enum iommu_status vtd_flush(struct iommu_unit *unit, uint32_t domain_id, const struct iommu_gather *gather);
enum iommu_status vtd_flush_page(struct iommu_unit *unit, uint32_t domain_id, uint64_t iova, uint64_t len);
enum iommu_status vtd_flush_present_page(struct iommu_unit *unit, uint32_t domain_id, uint64_t iova, uint64_t len);
enum iommu_status vtd_flush_present(struct iommu_unit *unit, uint32_t domain_id,
                                    const struct iommu_gather *gather);

/* ---- vtd_device.c: root and context tables ---- */

enum iommu_status vtd_tables_create(struct vtd_unit *unit);
void vtd_tables_destroy(struct vtd_unit *unit);
enum iommu_status vtd_set_device(struct iommu_unit *unit, const uint16_t *rids, size_t count,
                                 const struct iommu_entry *old, const struct iommu_entry *next);
enum iommu_entry_kind vtd_device_state(struct iommu_unit *unit, uint16_t rid);

/* ---- vtd_irte.c: interrupt remapping; the steps do nothing on a unit that is not to remap ---- */

/* Sets base.no_remapping where there is no memory. */
void vtd_interrupts_create(struct vtd_unit *unit);
void vtd_interrupts_destroy(struct vtd_unit *unit);
enum iommu_status vtd_interrupts_set_table(struct vtd_unit *unit);
/* The interrupt entry cache, all of it. */
enum iommu_status vtd_interrupts_flush(struct vtd_unit *unit);
enum iommu_status vtd_interrupts_enable(struct vtd_unit *unit);
enum iommu_status vtd_interrupts_disable(struct vtd_unit *unit);
enum iommu_status vtd_irte_alloc(struct iommu_irqs *irqs);
enum iommu_status vtd_irte_free(struct iommu_irqs *irqs);
enum iommu_status vtd_irte_route(struct iommu_irqs *irqs, unsigned index, const struct iommu_irq_target *target);
enum iommu_status vtd_irte_post(struct iommu_irqs *irqs, unsigned index, const struct iommu_irq_posting *posting);
enum iommu_status vtd_irte_mask(struct iommu_irqs *irqs, unsigned index, bool masked);
void vtd_irte_message(const struct iommu_irqs *irqs, unsigned index, struct iommu_msi *out);
uint64_t vtd_irte_ioapic_entry(const struct iommu_irqs *irqs, bool active_low);
void vtd_irte_debug_read(const struct iommu_irqs *irqs, unsigned index, struct iommu_debug_irq_entry *out);
enum iommu_status vtd_irte_debug_write(struct iommu_irqs *irqs, unsigned index,
                                      const struct iommu_debug_irq_entry *entry, bool flush);

/* ---- vtd_dump.c, vtd_walk.c: iommu/debug.h ---- */

void vtd_debug_registers(struct iommu_unit *unit, const struct iommu_debug_visitor *visitor);
enum iommu_status vtd_debug_queues(struct iommu_unit *unit, size_t count, const struct iommu_debug_visitor *visitor);
enum iommu_status vtd_debug_irq_entries(struct iommu_unit *unit, const struct iommu_debug_irq_filter *filter,
                                        const struct iommu_debug_visitor *visitor);
void vtd_debug_walk(struct iommu_unit *unit, uint16_t rid, uint64_t iova,
                    const struct iommu_debug_visitor *visitor, struct iommu_debug_walk *out);

/* ---- vtd_fault.c, vtd_irq.c, vtd_caps.c ---- */

/* Clears what was recorded before we came; nothing is reported. */
void vtd_faults_discard(struct vtd_unit *unit);
size_t vtd_read_faults(struct iommu_unit *unit);
/* The specification's meaning of a fault reason (Table 15, Table 30). Never NULL. */
const char *vtd_fault_reason_name(uint32_t reason);

/* Masks the fault event. */
void vtd_irq_mask(struct vtd_unit *unit);
/* Asks the embedder for an interrupt and lets the unit send it. */
void vtd_irq_enable(struct vtd_unit *unit);

enum iommu_status vtd_capability(const struct iommu_unit *unit, size_t index, struct iommu_capability *out);

#endif
