/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * suite/env.h on the register-level models: the driver under test runs on
 * the model's platform, and exercisers made of C send their requests through
 * the model's units. CPUs are threads; exercisers that would run side by side
 * run one after the other.
 */
#ifndef IOMMU_MODEL_ENV_H
#define IOMMU_MODEL_ENV_H

#include "amdvi_model.h"
#include "env.h"
#include "machine.h"
#include "vtd_model.h"

#define MODEL_EXERCISERS 4

/* Sources of model_env_interrupts(). */
#define MODEL_IOAPIC 4
#define MODEL_HPET 0

/* How a device behaves when its request is refused. */
enum model_manner {
    MODEL_SILENT, /* as edu: it ends, and says nothing */
    MODEL_QUEUED, /* as NVMe: it fetches each command from private memory, reports a refused
                     transfer, and does nothing more until it is made ready again when a fetch was
                     refused */
};

struct model_exerciser_config {
    uint16_t rid;
    unsigned unit;
    enum model_manner manner;
    unsigned address_bits;
    bool uncovered;             /* no unit is told of it */
    uint16_t sends_as;          /* another id that its requests carry, behind a bridge; 0: its own */
    bool secret;                /* nobody knows of that id */
    bool firmware_alias;        /* the embedder does not know of that id: firmware's table does */
    size_t payload;             /* a transfer is requests of so many bytes; 0: one */
};

struct model_env_config {
    struct vtd_model_config model;
    struct vtd_model_firmware firmware;     /* left running on unit 0 */
    bool is_amd;                            /* then these count, instead of the two above: */
    struct amdvi_model_config amdvi;
    struct amdvi_model_firmware amdvi_firmware;
    bool narrow_store;                      /* the processor has no CMPXCHG16B */
    struct iommu_config iommu;              /* fault and fault_ctx are the environment's */
    bool interrupts;                        /* DMAR says that they may be remapped */
    uint16_t ioapic_rid, hpet_rid;          /* under which the two send */
    bool no_iommu;
    bool one_cpu;                           /* instead of four */
    /* What a library with a defect would do, so that the suite is seen to notice: */
    uint64_t fault_address_mask;            /* faults have only these address bits; 0: all */
    bool interrupts_lost;                   /* the units' interrupts reach nobody */
    bool faults_lost;                       /* nor do faults */
    /* What a machine would do that keeps its devices from one another's registers by nothing: */
    bool turns_round;                       /* a switch without ACS above all exercisers */
    bool swallows;                          /* or a bridge that drops what is for another's register */
    struct model_exerciser_config exercisers[MODEL_EXERCISERS];
    size_t exerciser_count;
};

/*
 * The model's default machine with a silent device of 64 address bits, one of 32, and a queued one.
 */
struct model_env_config model_env_default(void);
/* The AMD-Vi model's default machine with the same devices. */
struct model_env_config model_env_amd(void);

/*
 * The same machine with interrupt remapping: 32-bit destinations, an IOAPIC and
 * an HPET of unit 0, a library that is asked for it. Silent exercisers have 32
 * messages of MSI and a wire, queued ones 8 of MSI-X. APIC ids are 0, 1, 3, 287.
 */
void model_env_interrupts(struct model_env_config *config);

struct model_env;

/*
 * Model, driver started, devices added. NULL: the driver did not start; model_env_error() says
 * where.
 */
struct model_env *model_env_create(const struct model_env_config *config);
void model_env_destroy(struct model_env *me);
const char *model_env_error(void);

struct suite_env *model_env_suite(struct model_env *me);
const struct machine *model_env_machine(const struct model_env *me);
struct vtd_model *model_env_model(struct model_env *me);    /* NULL on an AMD machine */
/* What the suite has printed. */
const char *model_env_output(const struct model_env *me);

#endif
