/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One real DMA before the units are this kernel's: a device reads a frame that
 * holds a secret, and once the units are started it is asked what it holds. A
 * read of a device that writes nothing does no harm wherever tables that are
 * not ours lead it; a write might land in memory of nobody's choice, so none
 * is sent. An exception to the rule that no device is made a bus master
 * before translation is on, for one transfer of one device. Portable.
 */
#ifndef KERNEL_PREBOOT_DMA_H
#define KERNEL_PREBOOT_DMA_H

#include "env.h"

enum preboot_dma_result {
    PREBOOT_DMA_NOT_TRIED,
    PREBOOT_DMA_REACHED,    /* the device holds the secret */
    PREBOOT_DMA_STOPPED,    /* it does not, and fetched it when it was allowed to */
    PREBOOT_DMA_UNCLEAR,    /* it was told to read, and what became of it cannot be known */
};

struct preboot_dma {
    enum preboot_dma_result result;
    const char *reason;         /* of not tried and unclear */
    struct exerciser *ex;       /* NULL: none */
    size_t recorded;            /* units that recorded a fault meanwhile */
    size_t undecided;           /* units that had faults pending before, so that one more need not show */
    /* Until preboot_dma_look(): the secret's frame and, behind it, the one that the device gives it back in. */
    uint8_t *frames;
    uint64_t frames_pa;
};

/*
 * Why none may be sent on units as they are now; NULL: it may. A fault that it would provoke must not reach
 * anybody: no interrupt to a vector of a predecessor's, no record in memory that cannot be named.
 */
const char *preboot_dma_refused(const struct iommu_handoff *now);
/* Where an AMD unit would record a fault in memory. False: nowhere. */
bool preboot_dma_event_log(const struct iommu_handoff_unit *unit, uint64_t *pa, uint64_t *len);

/*
 * Has ex, which has fetch(), read the secret. Its function is no bus master when it returns unless it was one before.
 * No unit may have been programmed. The secret is made from the number, which must differ from boot to boot.
 */
void preboot_dma_send(struct suite_env *env, struct exerciser *ex, uint64_t number, struct preboot_dma *out);
/* Counts the units that have recorded a fault between two snapshots. */
void preboot_dma_faults(const struct iommu_handoff *before, const struct iommu_handoff *after, struct preboot_dma *dma);
/*
 * Judges what was sent, once the units are started and before the device does anything else: it is as it was
 * afterwards, and nothing of it is among the faults. Does nothing where nothing was sent.
 */
void preboot_dma_look(struct suite_env *env, struct preboot_dma *dma);

/* "not-tried", "reached", ... */
const char *preboot_dma_name(enum preboot_dma_result result);

#endif
