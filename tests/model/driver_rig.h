/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The library on the VT-d model, step by step, for the tests of its own files:
 * a machine whose faults are kept and whose writes of GCMD are recorded.
 */
#ifndef IOMMU_DRIVER_RIG_H
#define IOMMU_DRIVER_RIG_H

#include "iommu/debug.h"
#include "iommu/iommu.h"
#include "vtd_model.h"

#define DRIVER_FAULTS 512
#define DRIVER_COMMANDS 64

#define DRIVER_RID 0x0010   /* 00:02.0 */
#define DRIVER_OTHER 0x0018 /* 00:03.0 */
#define DRIVER_FAR 0x0100   /* 01:00.0 */
#define DRIVER_IOVA 0x40201000ull

struct driver {
    struct vtd_model *m;
    struct iommu_platform platform;     /* the model's, with GCMD, IQT and barriers watched */
    struct iommu *iommu;
    struct iommu_fault faults[DRIVER_FAULTS];
    size_t fault_count;
    uint32_t commands[DRIVER_COMMANDS]; /* what was written to GCMD of any unit */
    size_t command_count;
    void (*on_command)(struct driver *d); /* called after each write of GCMD; may be NULL */
    void (*on_barrier)(struct driver *d); /* called at each dma_write_barrier(); may be NULL */
    uint64_t frame;                     /* one page of RAM, physical */
    unsigned unit_count;
    unsigned refuse_batches;            /* see driver_refuse() */
    unsigned refuse_back;
    uint64_t last_tail;
};

/* Model and an empty machine; nothing is added yet. */
struct driver *driver_create(const struct vtd_model_config *config, const struct iommu_config *iommu);
/* The model's DMAR table goes to the library. */
enum iommu_status driver_add_table(struct driver *d);
/* A device of segment 0 with one requester id; the test fails when it cannot be added. */
struct iommu_device *driver_add(struct driver *d, uint16_t rid);
/* create, add_table, the three devices above, start: all must succeed. */
struct driver *driver_started(const struct vtd_model_config *config);
/*
 * Fails the test when the model has seen a rule broken or an invalidation that
 * did not drain (VT-d §6.5.4), or memory or windows were not given back.
 */
void driver_destroy(struct driver *d);
/* The same without the library having to give up anything: for a unit that has failed for good. */
void driver_abandon(struct driver *d);

/*
 * The descriptor that lies back slots before the tail (1: a batch's wait)
 * becomes one of no known type, in the next count batches.
 */
void driver_refuse(struct driver *d, unsigned back, unsigned count);

struct iommu_domain *driver_domain(struct driver *d, enum iommu_domain_type type, struct iommu_device *device);
void driver_map(struct iommu_domain *domain, uint64_t iova, uint64_t pa, uint64_t len, unsigned prot);

/* Four bytes; the fault reason, 0 when it was done. */
unsigned driver_read(struct driver *d, uint16_t rid, uint64_t iova, uint32_t *value);
unsigned driver_write(struct driver *d, uint16_t rid, uint64_t iova, uint32_t value);
/* The word at a physical address. */
uint32_t driver_word(struct driver *d, uint64_t pa);
/* Reads pending faults and returns the last one; the test fails when there is none. */
const struct iommu_fault *driver_fault(struct driver *d);

#endif
