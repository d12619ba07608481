/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A started AMD-Vi unit without machine or firmware around it, for the tests of
 * ring, device table and event log: memory of fake_platform, registers that do
 * just what a test needs, and commands that are run inside the register write.
 * Whatever is to be seen or broken is a member. Bring-up in odd ways is
 * fake_amdvi.h's, what devices see amdvi_model.h's.
 */
#ifndef AMDVI_BARE_H
#define AMDVI_BARE_H

#include "amd/amdvi.h"
#include "fake_platform.h"

#define AMDVI_BARE_COMMANDS 8192
#define AMDVI_BARE_FAULTS 1024
#define AMDVI_BARE_PAGES 256

struct amdvi_bare {
    struct fake_platform mem;       /* first: it is the platform's ctx */
    struct iommu iommu;
    struct amdvi_unit unit;
    uint64_t regs[0x4000 / 8];

    struct amdvi_command seen[AMDVI_BARE_COMMANDS]; /* what was executed, but for the batches' own waits */
    size_t seen_count;
    size_t waits;                   /* the batches' own */
    size_t doorbells;
    struct iommu_fault faults[AMDVI_BARE_FAULTS];
    size_t fault_count;

    bool stopped;                   /* at an illegal command: CmdBufRun is 0 */
    bool hangs;                     /* commands are not executed */
    bool goes_on;                   /* an illegal command does not stop the unit */
    bool silent;                    /* it logs no event for one */
    bool nameless;                  /* ... or one without an address, as QEMU does */
    bool never_starts;              /* CmdBufRun stays 0 once it was */
    bool log_never_starts;          /* EventLogRun too */
    bool log_never_stops;           /* EventLogRun stays 1 */
    bool head_at_length;            /* CmdHeadPtr shows the ring's length instead of 0 (QEMU 7.2) */
    unsigned refuse;                /* the next so many INVALIDATE_IOMMU_PAGES are refused as illegal */
    unsigned late;                  /* relax() calls until the code of the event raised next is there */
    uint64_t *late_entry;
    uint64_t late_lo;
    bool log_stopped;               /* overflow: EventLogRun is 0 until EventLogEn has been off */

    void (*on_relax)(struct amdvi_bare *hw);
    void (*on_status)(struct amdvi_bare *hw);   /* before the status register is read */
    void (*on_barrier)(struct amdvi_bare *hw);
    void (*on_command)(struct amdvi_bare *hw, const struct amdvi_command *command);
    void (*on_fault)(struct amdvi_bare *hw);
};

/* A unit for ids 0 to highest whose ring and log run. */
struct amdvi_bare *amdvi_bare_create(uint16_t highest);
/* The same, of which nothing has been made or switched on. */
struct amdvi_bare *amdvi_bare_empty(void);
/* Checks that all memory was given back, and that nothing was misused. */
void amdvi_bare_destroy(struct amdvi_bare *hw);

/* Runs what is in the ring, for instance after hangs. */
void amdvi_bare_run(struct amdvi_bare *hw);
/* An entry of the event log; sets the overflow bit where it is full. */
void amdvi_bare_event(struct amdvi_bare *hw, uint64_t lo, uint64_t hi);
uint32_t amdvi_bare_status(const struct amdvi_bare *hw);

#endif
