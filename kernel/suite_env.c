/* SPDX-License-Identifier: BSD-2-Clause */
/* suite/env.h on this kernel: frames, threads, the clock, and a log of faults by source. */
#include "suite_env.h"

#include "clock.h"
#include "console.h"
#include "machine.h"
#include "mm.h"
#include "panic.h"
#include "smp.h"
#include "spinlock.h"
#include "suite_irq.h"
#include "thread.h"

#define FAULT_LOG 1024u
#define FAULTS_KEPT 64u
#define PARALLEL_MAX 32u

/*
 * Faults as the library reported them, oldest first. Written by the unit's
 * interrupt and by whoever polls, on any CPU. A full log drops new entries;
 * scenarios clear it before they provoke anything.
 */
static struct spin_lock faults_lock = SPIN_LOCK("faults");     /* guards: the five below */
static struct iommu_fault fault_log[FAULT_LOG];
static size_t fault_count;
static uint64_t overflow_count;
/* What an operator is shown: whatever scenarios took out of the log. */
static struct iommu_fault newest[FAULTS_KEPT];
static uint64_t faults_seen;

void suite_env_fault(void *ctx, const struct iommu_fault *fault)
{
    uintptr_t flags = spin_lock(&faults_lock);

    (void)ctx;
    if (fault->kind == IOMMU_FAULT_OVERFLOW) {
        overflow_count++;
    } else {
        newest[faults_seen++ % FAULTS_KEPT] = *fault;
        if (fault_count < FAULT_LOG)
            fault_log[fault_count++] = *fault;
    }
    spin_unlock(&faults_lock, flags);
}

static bool same_source(const struct iommu_fault *fault, uint16_t segment, uint16_t rid)
{
    return fault->segment == segment && fault->rid == rid;
}

static size_t env_faults_delivered(struct suite_env *env, uint16_t segment, uint16_t rid,
                                   struct iommu_fault *out, size_t max)
{
    size_t found = 0;
    uintptr_t flags = spin_lock(&faults_lock);

    (void)env;
    for (size_t i = 0; i < fault_count; i++) {
        if (!same_source(&fault_log[i], segment, rid))
            continue;
        if (found < max)
            out[found] = fault_log[i];
        found++;
    }
    spin_unlock(&faults_lock, flags);
    return found;
}

static size_t env_faults(struct suite_env *env, uint16_t segment, uint16_t rid,
                         struct iommu_fault *out, size_t max)
{
    if (env->iommu != NULL)
        (void)iommu_poll_faults(env->iommu);
    return env_faults_delivered(env, segment, rid, out, max);
}

static void env_faults_clear(struct suite_env *env, uint16_t segment, uint16_t rid)
{
    size_t kept = 0;
    uintptr_t flags;

    if (env->iommu != NULL)
        (void)iommu_poll_faults(env->iommu);
    flags = spin_lock(&faults_lock);
    for (size_t i = 0; i < fault_count; i++)
        if (!same_source(&fault_log[i], segment, rid))
            fault_log[kept++] = fault_log[i];
    fault_count = kept;
    spin_unlock(&faults_lock, flags);
}

static size_t env_all_faults(struct suite_env *env, size_t skip, struct iommu_fault *out, size_t max)
{
    size_t count;
    uintptr_t flags;

    if (env->iommu != NULL)
        (void)iommu_poll_faults(env->iommu);
    flags = spin_lock(&faults_lock);
    count = fault_count > skip ? fault_count - skip : 0;
    for (size_t i = 0; i < count && i < max; i++)
        out[i] = fault_log[skip + i];
    spin_unlock(&faults_lock, flags);
    return count;
}

size_t suite_env_recent_faults(struct iommu_fault *out, size_t max)
{
    uintptr_t flags = spin_lock(&faults_lock);
    size_t kept = faults_seen < FAULTS_KEPT ? (size_t)faults_seen : FAULTS_KEPT, count = kept < max ? kept : max;

    for (size_t i = 0; i < count; i++)
        out[i] = newest[(faults_seen - count + i) % FAULTS_KEPT];
    spin_unlock(&faults_lock, flags);
    return count;
}

uint64_t suite_env_faults_seen(void)
{
    return __atomic_load_n(&faults_seen, __ATOMIC_RELAXED);
}

static uint64_t env_overflows(struct suite_env *env)
{
    (void)env;
    return overflow_count;
}

static void *env_frames_alloc(struct suite_env *env, size_t count, uint64_t align,
                              uint64_t start_pa, uint64_t end_pa, uint64_t *pa)
{
    void *frames = pages_alloc(count, align, start_pa, end_pa);

    (void)env;
    if (frames != NULL)
        *pa = virt_to_phys(frames);
    return frames;
}

static void env_frames_free(struct suite_env *env, void *frames, size_t count)
{
    (void)env;
    pages_free(frames, count);
}

static uint64_t env_now_us(struct suite_env *env)
{
    (void)env;
    return now_us();
}

static void env_sleep_us(struct suite_env *env, uint64_t us)
{
    (void)env;
    sleep_us(us);
}

struct job {
    void (*fn)(void *arg);
    void *arg;
    uint64_t delay_us;
};

static void job_run(void *arg)
{
    struct job *job = arg;

    if (job->delay_us != 0)
        sleep_us(job->delay_us);
    job->fn(job->arg);
}

/* One thread a job; where a thread cannot be had the job runs here, one after the other. */
static void env_parallel(struct suite_env *env, void (*fn)(void *arg), void *const args[],
                         size_t count, uint64_t stagger_us)
{
    struct thread *threads[PARALLEL_MAX];
    struct job jobs[PARALLEL_MAX];

    (void)env;
    for (size_t first = 0; first < count; first += PARALLEL_MAX) {
        size_t n = count - first < PARALLEL_MAX ? count - first : PARALLEL_MAX;

        for (size_t i = 0; i < n; i++) {
            jobs[i] = (struct job){ .fn = fn, .arg = args[first + i], .delay_us = i * stagger_us };
            threads[i] = thread_create("scenario", job_run, &jobs[i]);
            if (threads[i] == NULL)
                job_run(&jobs[i]);
        }
        for (size_t i = 0; i < n; i++)
            if (threads[i] != NULL)
                thread_join(threads[i]);
    }
}

static void env_bus_master(struct suite_env *env, struct exerciser *ex, bool on)
{
    (void)env;
    (void)pci_bus_master(ex->function, on);
}

static void env_print(struct suite_env *env, const char *format, va_list args)
{
    (void)env;
    vprint(format, args);
}

static uint64_t env_ram_end(struct suite_env *env)
{
    (void)env;
    return ram_end_pa();
}

static unsigned env_cpus(struct suite_env *env)
{
    (void)env;
    return smp_count();
}

unsigned suite_env_cpu(unsigned n)
{
    unsigned cpu = smp_next(0);

    for (; n > 0 && cpu < CPUS_MAX; n--)
        cpu = smp_next(cpu + 1);
    return cpu;
}

static bool env_run_on(struct suite_env *env, unsigned cpu, void (*fn)(void *arg), void *arg)
{
    (void)env;
    return smp_run(suite_env_cpu(cpu), fn, arg);
}

static bool env_run_on_cpus(struct suite_env *env, void (*fn)(void *arg), void *const args[],
                            size_t count)
{
    static struct thread *threads[CPUS_MAX];    /* one scenario at a time */
    bool all = true;

    (void)env;
    for (unsigned i = 1; i < count; i++) {
        unsigned cpu = suite_env_cpu(i);

        threads[i] = cpu < CPUS_MAX ? thread_create_on(cpu, "scenario", fn, args[i]) : NULL;
        all = all && threads[i] != NULL;
    }
    fn(args[0]);
    for (size_t i = 1; i < count; i++)
        if (threads[i] != NULL)
            thread_join(threads[i]);
    return all;
}

const struct suite_env_ops kernel_suite_env_ops = {
    .frames_alloc = env_frames_alloc,
    .frames_free = env_frames_free,
    .now_us = env_now_us,
    .sleep_us = env_sleep_us,
    .parallel = env_parallel,
    .faults = env_faults,
    .faults_delivered = env_faults_delivered,
    .faults_clear = env_faults_clear,
    .all_faults = env_all_faults,
    .overflows = env_overflows,
    .bus_master = env_bus_master,
    .print = env_print,
    .ram_end = env_ram_end,
    .cpus = env_cpus,
    .run_on = env_run_on,
    .run_on_cpus = env_run_on_cpus,
    .irqs = &kernel_suite_irq_ops,
};
