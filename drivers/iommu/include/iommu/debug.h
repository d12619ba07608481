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

#endif
