/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vtd_rig.h with interrupt remapping: entries written by hand, for the tests of
 * the model itself. The library on the same model: irq_rig.h.
 */
#ifndef IOMMU_VTD_IRQ_RIG_H
#define IOMMU_VTD_IRQ_RIG_H

#include "vtd_rig.h"

/* A table of 16 entries. */
#define VIRQ_S 3u
#define VIRQ_EIME 0x800u
/* RIG_RID by all its bits: SVT 01, SQ 00. */
#define VIRQ_SOURCE (1ull << 18 | RIG_RID)

struct virq {
    struct rig r;
    uint64_t table; /* pa, one page */
};

/* vtd_model_default() with IR, EIM, MHMV 4 and PI. */
struct vtd_model_config virq_model(void);
/* An empty table and the queue; the unit knows nothing of the table. */
struct virq virq_created(const struct vtd_model_config *config);
/* IRTA with these bits beside the address, SIRTP, global invalidation, IRE. */
struct virq virq_started_with(const struct vtd_model_config *config, uint64_t irta_bits);
struct virq virq_started(void);
/* Fails the test when a rule was broken. */
void virq_ended(struct virq *q);

/* The word that holds P last. */
void virq_put(struct virq *q, unsigned index, uint64_t lo, uint64_t hi);
/* A first word: present, to APIC id 5 in xAPIC mode, that vector, fixed, edge. */
uint64_t virq_to(unsigned vector);
/* IEC by index and index mask; globally. */
bool virq_flush(struct virq *q, unsigned index, unsigned mask);
bool virq_flush_all(struct virq *q);

/* A remappable message's address. */
uint64_t virq_address(unsigned handle);
/* The fault reason; 0: accepted. */
unsigned virq_message(struct virq *q, uint16_t rid, uint64_t address, uint32_t data);
/* By RIG_RID, through one entry. */
unsigned virq_raise(struct virq *q, unsigned index);
/* The vector of the last interrupt that reached a CPU. */
unsigned virq_vector(const struct virq *q);
uint64_t virq_delivered(const struct virq *q);

#endif
