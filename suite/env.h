/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All that a scenario sees besides the library's public API and the
 * exercisers. The kernel implements it on a machine, tests/model on the
 * register-level model; a scenario cannot tell which.
 */
#ifndef SUITE_ENV_H
#define SUITE_ENV_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exerciser.h"
#include "iommu/debug.h"
#include "iommu/iommu.h"

struct suite_env;

struct suite_env_ops {
    /*
     * count frames of 4096 bytes, contiguous, aligned to align bytes (a power
     * of two, at least 4096), zeroed, with start_pa <= pa and pa + len <= end_pa.
     * Returns the CPU's pointer, NULL when there are none.
     */
    void *(*frames_alloc)(struct suite_env *env, size_t count, uint64_t align, uint64_t start_pa,
                          uint64_t end_pa, uint64_t *pa);
    void (*frames_free)(struct suite_env *env, void *frames, size_t count);

    uint64_t (*now_us)(struct suite_env *env);
    void (*sleep_us)(struct suite_env *env, uint64_t us);   /* lets others run */

    /*
     * Runs fn(args[i]) for every i, side by side where the environment can,
     * and returns when all have ended. Starts are stagger_us apart.
     */
    void (*parallel)(struct suite_env *env, void (*fn)(void *arg), void *const args[], size_t count,
                     uint64_t stagger_us);

    /*
     * Faults of a source since faults_clear(), oldest first: copies up to max,
     * returns how many there were. Makes sure first that pending ones are read.
     */
    size_t (*faults)(struct suite_env *env, uint16_t segment, uint16_t rid, struct iommu_fault *out, size_t max);
    /* The same without reading what is pending: what the units' interrupts have brought so far. */
    size_t (*faults_delivered)(struct suite_env *env, uint16_t segment, uint16_t rid,
                               struct iommu_fault *out, size_t max);
    void (*faults_clear)(struct suite_env *env, uint16_t segment, uint16_t rid);
    uint64_t (*overflows)(struct suite_env *env);           /* fault record overflows so far, all units */

    /* Bus mastering of an exerciser's function. */
    void (*bus_master)(struct suite_env *env, struct exerciser *ex, bool on);
    /* Writes text straight to the console. */
    void (*print)(struct suite_env *env, const char *format, va_list args);
    /* The highest physical address of RAM plus one. */
    uint64_t (*ram_end)(struct suite_env *env);
    /*
     * The ids under which requests of an exerciser may arrive, its own first; returns how many.
     * May be NULL: those of its PCI function.
     */
    size_t (*requester_ids)(struct suite_env *env, struct exerciser *ex, uint16_t *rids, size_t max);

    /* The three may be NULL where there is one CPU. CPUs count from 0, which runs the scenarios. */
    unsigned (*cpus)(struct suite_env *env);
    /* Runs fn(arg) in a thread of that CPU and waits for its end; false: it could not be started. */
    bool (*run_on)(struct suite_env *env, unsigned cpu, void (*fn)(void *arg), void *arg);
    /*
     * fn(args[i]) on CPU i, all at once, for 1 to cpus() of them; returns when all have ended.
     * False: some could not be started, the others have run.
     */
    bool (*run_on_cpus)(struct suite_env *env, void (*fn)(void *arg), void *const args[],
                        size_t count);
};

struct suite_env {
    const struct suite_env_ops *ops;
    void *ctx;
    struct iommu *iommu;                /* NULL: there is none, or it is switched off */
    struct exerciser **exercisers;      /* device is set where the unit covers it, else NULL */
    size_t exerciser_count;
    const struct iommu_handoff *handoff; /* as the kernel found the units */
    bool emulated;                      /* QEMU or the model: a stale window that does not show is a failure */
    bool model;                         /* the model: quirks of QEMU do not apply */
    /* What a proof at bring-up has shown of the fault records here (quirks.h); never on the model: */
    bool no_events;                     /* a refused request leaves no record */
    bool no_blocked_events;             /* none of a device in no domain, though others leave one */
    bool event_fields_wrong;            /* there are records, but of a record only device and function are true */
    bool trace_dma;                     /* say of every transfer that arrived where it went (trace=dma) */
    const char *scratch_serial;         /* the disk with this serial number may be written; NULL or "": none */
    uint32_t seed;
};

#endif
