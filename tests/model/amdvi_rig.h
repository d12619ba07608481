/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One unit of the model driven by raw register accesses and hand-made tables,
 * for the tests of the model itself: what a driver would do, one step a call.
 */
#ifndef IOMMU_AMDVI_RIG_H
#define IOMMU_AMDVI_RIG_H

#include "amdvi_model.h"

#define ARIG_RID 0x0010   /* 00:02.0 */
#define ARIG_OTHER 0x0018 /* 00:03.0 */
#define ARIG_DID 5
#define ARIG_IOVA 0x40201000ull /* its index is 1 at every one of the levels 1, 2 and 3 */

struct amdvi_rig {
    struct amdvi_model *m;
    uint64_t table;                       /* device table of 256 entries, pa, as all here */
    uint64_t top, level3, level2, level1; /* 4 levels */
    uint64_t frame;                       /* mapped at ARIG_IOVA, read and write */
    uint64_t commands, events, semaphore;
    uint64_t control;
    uint64_t tail;
    uint64_t waits;
};

/* Tables for ARIG_RID in domain ARIG_DID, every other id blocked (V alone), flushed; the unit is
 * untouched. */
struct amdvi_rig amdvi_rig_create(const struct amdvi_model_config *config);
/* Bases, both rings, Coherent, IommuEn; nothing is invalidated. */
void amdvi_rig_enable(struct amdvi_rig *r);
/* Fails the test when the model saw a rule broken. */
void amdvi_rig_destroy(struct amdvi_rig *r);
/* For tests that break rules. */
void amdvi_rig_abandon(struct amdvi_rig *r);

/* Stores a table entry and writes its line back. */
void amdvi_rig_store(struct amdvi_rig *r, uint64_t pa, uint64_t value);
uint64_t amdvi_rig_load(struct amdvi_rig *r, uint64_t pa);
/* One word of a device table entry. */
void amdvi_rig_entry(struct amdvi_rig *r, uint16_t rid, unsigned word, uint64_t value);
uint64_t amdvi_rig_entry_word(struct amdvi_rig *r, uint16_t rid, unsigned word);
/* Control bits, then time. */
void amdvi_rig_control(struct amdvi_rig *r, uint64_t bits, bool on);
void amdvi_rig_settle(struct amdvi_rig *r);

/* One command without a doorbell. */
void amdvi_rig_put(struct amdvi_rig *r, uint64_t lo, uint64_t hi);
void amdvi_rig_ring(struct amdvi_rig *r);
/* A COMPLETION_WAIT behind what was put, the doorbell, and time: did it store? */
bool amdvi_rig_wait(struct amdvi_rig *r);
bool amdvi_rig_submit(struct amdvi_rig *r, uint64_t lo, uint64_t hi);
bool amdvi_rig_flush_entry(struct amdvi_rig *r, uint16_t rid);
/* INVALIDATE_IOMMU_PAGES of domain ARIG_DID; hi as in the command: address, S, PDE, GN. */
bool amdvi_rig_flush_pages(struct amdvi_rig *r, uint64_t hi);

/* Eight bytes read at iova by rid; the event code, 0 when it was done. */
unsigned amdvi_rig_read(struct amdvi_rig *r, uint16_t rid, uint64_t iova, uint64_t *value);
unsigned amdvi_rig_write(struct amdvi_rig *r, uint16_t rid, uint64_t iova, uint64_t value);
/* Number n of the entries recorded, whether or not the head is past it. */
void amdvi_rig_event(struct amdvi_rig *r, unsigned n, uint64_t event[2]);

#endif
