/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One unit of the model driven by raw register accesses and hand-made tables,
 * for the tests of the model itself: what a driver would do, one step a call.
 */
#ifndef IOMMU_VTD_RIG_H
#define IOMMU_VTD_RIG_H

#include "vtd_model.h"

#define RIG_RID 0x0010        /* 00:02.0 */
#define RIG_OTHER 0x0018      /* 00:03.0 */
#define RIG_DID 5
#define RIG_IOVA 0x40201000ull /* its index is 1 at every one of the levels 0, 1 and 2 */

struct rig {
    struct vtd_model *m;
    uint64_t root, contexts, top, level2, level1, level0; /* pa */
    uint64_t frame;      /* mapped at RIG_IOVA, read and write */
    uint64_t queue, status;
    uint64_t tail;
    uint32_t waits;
};

/* Tables for RIG_RID in domain RIG_DID, four levels, flushed; the unit is untouched. */
struct rig rig_create(const struct vtd_model_config *config);
/* Root pointer, global invalidations by whatever interface is on, translation. */
void rig_enable(struct rig *r);
void rig_destroy(struct rig *r);

/* Stores a table entry and writes its line back. */
void rig_store(struct rig *r, uint64_t pa, uint64_t value);
/* One GCMD bit, the others restated; waits until GSTS tells. */
void rig_command(struct rig *r, uint64_t bit, bool on);
void rig_settle(struct rig *r);

void rig_queue_on(struct rig *r);
/* Created, queue and translation on. NULL: the default unit. */
struct rig rig_started(const struct vtd_model_config *config);
/* One descriptor without a doorbell. */
void rig_put(struct rig *r, uint64_t lo, uint64_t hi);
void rig_ring(struct rig *r);
/* A wait behind what was put, the doorbell, and time: did the wait complete? */
bool rig_wait(struct rig *r);
bool rig_submit(struct rig *r, uint64_t lo, uint64_t hi);

uint64_t rig_context_descriptor(unsigned granularity, unsigned did, unsigned rid, unsigned fm);
uint64_t rig_iotlb_descriptor(unsigned granularity, unsigned did);

/* Four bytes read at iova by rid; the fault reason, 0 when it was done. */
unsigned rig_read(struct rig *r, uint16_t rid, uint64_t iova, uint32_t *value);
unsigned rig_write(struct rig *r, uint16_t rid, uint64_t iova, uint32_t value);

#endif
