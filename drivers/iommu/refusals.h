/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The batches that a unit has refused, for whoever waits for one of them. A
 * record does not lie in the batch's slots, so that the ring goes on while a
 * submitter has yet to look, and it does not matter when he looks.
 *
 * Batches have numbers that grow and are never used again. One above the
 * highest that was refused was not; of the others the last refused ones are
 * kept, and what is below those that are not kept any more counts as refused:
 * it is submitted again then, which does no harm.
 */
#ifndef IOMMU_REFUSALS_H
#define IOMMU_REFUSALS_H

#include <stdbool.h>
#include <stdint.h>

#define IOMMU_REFUSALS_KEPT 32u

/* Guarded by the unit's lock; highest is read without it. No batch has the number 0. */
struct iommu_refusals {
    uint64_t highest;
    uint64_t forgotten;     /* the highest that is not kept */
    uint32_t next;
    uint64_t numbers[IOMMU_REFUSALS_KEPT];
};

static inline bool iommu_refusals_may_name(const struct iommu_refusals *r, uint64_t number)
{
    return number <= __atomic_load_n(&r->highest, __ATOMIC_RELAXED);
}

static inline bool iommu_refusals_keep(const struct iommu_refusals *r, uint64_t number)
{
    for (uint32_t i = 0; i < IOMMU_REFUSALS_KEPT; i++)
        if (r->numbers[i] == number)
            return true;
    return false;
}

/* A batch may be refused for several reasons, one after the other. */
static inline void iommu_refusals_add_locked(struct iommu_refusals *r, uint64_t number)
{
    if (iommu_refusals_keep(r, number))
        return;
    if (r->numbers[r->next] > r->forgotten)
        r->forgotten = r->numbers[r->next];
    r->numbers[r->next] = number;
    r->next = (r->next + 1) % IOMMU_REFUSALS_KEPT;
    if (number > r->highest)
        __atomic_store_n(&r->highest, number, __ATOMIC_RELEASE);
}

static inline bool iommu_refusals_name_locked(const struct iommu_refusals *r, uint64_t number)
{
    return number <= r->forgotten || iommu_refusals_keep(r, number);
}

#endif
