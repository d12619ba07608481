/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For test suites and diagnosis only: what a driver must never do in
 * operation. Each call says what it breaks.
 */
#ifndef IOMMU_DEBUG_H
#define IOMMU_DEBUG_H

#include "iommu/iommu.h"

/*
 * Puts one raw 128-bit descriptor into the unit's queue, followed by a wait,
 * and returns how that ended: IOMMU_OK, or IOMMU_ERR_QUEUE when the unit
 * refused it and the queue was recovered (VT-d §6.5.2.11; AMD-Vi §2.4).
 * IOMMU_ERR_UNSUPPORTED: the unit runs without a queue.
 */
IOMMU_MUST_CHECK enum iommu_status
iommu_debug_queue_submit(struct iommu *iommu, size_t unit, uint64_t low, uint64_t high);

/*
 * Switches a running unit between its queue and register-based invalidation
 * (VT-d §6.5.1). IOMMU_ERR_UNSUPPORTED: the unit has only the other kind, or remaps interrupts.
 * No other call may run on the machine meanwhile.
 */
IOMMU_MUST_CHECK enum iommu_status
iommu_debug_use_queue(struct iommu *iommu, size_t unit, bool use_queue);

/* Flushes every cache of the unit (context, IOTLB, interrupt entries) and waits. Harmless. */
IOMMU_MUST_CHECK enum iommu_status iommu_debug_flush_all(struct iommu *iommu, size_t unit);

/* How many descriptors and doorbells the unit has been given, for the benchmarks. */
struct iommu_debug_counters {
    uint64_t descriptors;
    uint64_t doorbells;
    uint64_t completion_interrupts; /* AMD-Vi: COMPLETION_WAIT with I, seen by the unit's handler */
};
void iommu_debug_counters(const struct iommu *iommu, size_t unit, struct iommu_debug_counters *out);

/* iommu_unit_set_storm() on every unit. */
void iommu_debug_set_storm(struct iommu *iommu, uint32_t threshold, uint32_t window_us);

/*
 * An interrupt entry as it lies in memory: index of the table, and its bits.
 * AMD-Vi's format of 32 bits has high 0. Index of the block; for iommu_debug_irq_message() also one beyond
 * it, which names entries that are somebody else's or past the table.
 */
struct iommu_debug_irq_entry {
    uint32_t table_index;
    uint64_t low;
    uint64_t high;
};
void iommu_debug_irq_read(const struct iommu_irqs *irqs, unsigned index, struct iommu_debug_irq_entry *out);
/*
 * Puts any bits there, table_index aside; without flush the unit may go on with
 * the old ones. Errors as iommu_irq_route(), which does not put back what
 * belongs to the source: write back what was read.
 */
IOMMU_MUST_CHECK enum iommu_status
iommu_debug_irq_write(struct iommu_irqs *irqs, unsigned index, const struct iommu_debug_irq_entry *entry, bool flush);
void iommu_debug_irq_message(const struct iommu_irqs *irqs, unsigned index, struct iommu_msi *out);

/* The kind of an attached domain's translation as the unit's own tables say: "blocked", "translated", "pass-through". */
const char *iommu_debug_device_state(const struct iommu_device *device);
/* The same of any requester id, device or not; "blocked" where there is no such unit. */
const char *iommu_debug_id_state(const struct iommu *iommu, size_t unit, uint16_t rid);

/* ---- looking: nothing is changed, and nothing that is read is trusted ---- */

/* A register, an entry of a table, or a descriptor in a ring. */
struct iommu_debug_item {
    const char *name;           /* as the specification has it: "GSTS", "context entry", "COMPLETION_WAIT" */
    bool is_register;
    uint64_t at;                /* a register: its offset; else a physical address */
    uint32_t index;             /* in its table or ring; of registers 0, but for those there are several of */
    unsigned bits;              /* 32, 64, 128 or 256 */
    uint64_t words[4];          /* the lowest first */
};

/* Whoever shows what is seen. All members are needed; texts are valid during the call. */
struct iommu_debug_visitor {
    void (*item)(void *ctx, const struct iommu_debug_item *item);
    /* A field of the item before; meaning: of the value, "" where the name says it all. */
    void (*field)(void *ctx, const char *name, uint64_t value, const char *meaning);
    void (*note)(void *ctx, const char *text);  /* a remark between the items */
    void *ctx;
};

/*
 * Every register that the unit has, read now, with all its fields.
 * IOMMU_ERR_NOT_FOUND: there is no such unit.
 */
IOMMU_MUST_CHECK enum iommu_status
iommu_debug_registers(struct iommu *iommu, size_t unit, const struct iommu_debug_visitor *visitor);

/*
 * The rings between unit and driver as the registers say where they are: base,
 * head, tail, and of each the newest count entries, oldest first.
 *
 * IOMMU_ERR_NOT_FOUND    there is no such unit
 * IOMMU_ERR_UNSUPPORTED  it has no queue, or the platform has no memory_map
 * Context: of this call and the next two: one that may sleep (platform->memory_map).
 */
IOMMU_MUST_CHECK enum iommu_status
iommu_debug_queues(struct iommu *iommu, size_t unit, size_t count, const struct iommu_debug_visitor *visitor);

/* Which interrupt entries: all that are not zero, those for messages of rid, the one at index, or both. */
struct iommu_debug_irq_filter {
    bool has_rid;
    bool has_index;
    uint16_t rid;
    uint32_t index;
};
/*
 * Interrupt entries as they lie in the tables that the registers (AMD-Vi: the device table) name.
 * Errors as iommu_debug_queues(); UNSUPPORTED also where no interrupts are remapped.
 */
IOMMU_MUST_CHECK enum iommu_status
iommu_debug_irq_entries(struct iommu *iommu, size_t unit, const struct iommu_debug_irq_filter *filter,
                        const struct iommu_debug_visitor *visitor);

enum iommu_debug_outcome {
    IOMMU_DEBUG_TRANSLATED,     /* pa, prot and size_shift are valid; prot may be 0 */
    IOMMU_DEBUG_UNTRANSLATED,   /* the unit lets it pass: pa is iova */
    IOMMU_DEBUG_INTERRUPT,      /* a write there is an interrupt request, which no page table sees */
    IOMMU_DEBUG_REFUSED,        /* reason, reason_name */
    IOMMU_DEBUG_UNKNOWN,        /* what follows is not looked at, or a table cannot be read (reason as well then) */
};

/* Where a walk ended. */
struct iommu_debug_walk {
    size_t unit;
    enum iommu_debug_outcome outcome;
    uint64_t pa;                /* of the byte at iova */
    unsigned prot;
    unsigned size_shift;        /* the page covers 2^size_shift bytes */
    uint32_t reason;            /* VT-d fault reason; AMD-Vi event code */
    const char *reason_name;
    const char *why;            /* in a few words; constant strings */
};

/*
 * What the unit does with a request of rid to iova that has no PASID: every
 * step from the root of its tables, read from memory as the registers say,
 * past all caches. Pointers are followed only to memory there is.
 *
 * IOMMU_ERR_NOT_FOUND    no unit covers rid
 * IOMMU_ERR_UNSUPPORTED  the platform has no memory_map
 */
IOMMU_MUST_CHECK enum iommu_status
iommu_debug_walk(struct iommu *iommu, uint16_t segment, uint16_t rid, uint64_t iova,
                 const struct iommu_debug_visitor *visitor, struct iommu_debug_walk *out);

#endif
