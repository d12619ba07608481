/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Benchmarks of area scale: the time between a barrier at which all CPUs begin and
 * one at which all have ended. Under "-icount" CPUs take turns, so that it is
 * the work of all of them, waiting included; where they run side by side it
 * shows what they wait for one another.
 */
#include "bench_scale.h"

#include "clock.h"
#include "smp.h"
#include "thread.h"

#define PAGE_4K 0x1000ull
#define RANGE 0x200000ull       /* no two CPUs share a table of leaves */

struct scale {
    struct iommu_domain *domain;
    unsigned ready, ended;      /* atomic, as the next is */
    bool go;
};

struct worker {
    struct scale *scale;
    uint64_t iova;
    int failed;                 /* bits of a status */
};

static void await(const unsigned *count, unsigned wanted)
{
    while (__atomic_load_n(count, __ATOMIC_ACQUIRE) != wanted)
        smp_relax();
}

static void map_and_unmap(struct worker *w)
{
    struct iommu_domain *domain = w->scale->domain;
    struct iommu_mapping m = { .iova = w->iova, .len = PAGE_4K, .prot = IOMMU_RW };
    int failed = 0;

    for (uint32_t i = 0; i < BENCH_SCALE_OPS; i++) {
        failed |= (int)iommu_map(domain, &m);
        failed |= (int)iommu_unmap(domain, m.iova, PAGE_4K, NULL);
    }
    w->failed |= failed;
}

static void work(void *arg)
{
    struct worker *w = arg;
    struct scale *s = w->scale;

    __atomic_fetch_add(&s->ready, 1, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&s->go, __ATOMIC_ACQUIRE))
        smp_relax();
    map_and_unmap(w);
    __atomic_fetch_add(&s->ended, 1, __ATOMIC_RELEASE);
}

/* Its tables are there already, as in a domain that is in use. */
static void warm(struct worker *w)
{
    struct iommu_mapping m = { .iova = w->iova, .len = PAGE_4K, .prot = IOMMU_RW };

    w->failed |= (int)iommu_map(w->scale->domain, &m);
    w->failed |= (int)iommu_unmap(w->scale->domain, w->iova, PAGE_4K, NULL);
}

bool bench_scale(struct iommu_domain *domain, uint64_t iova, unsigned cpus, uint64_t *begin, uint64_t *end)
{
    struct thread *threads[BENCH_SCALE_CPUS_MAX] = { NULL };
    struct worker workers[BENCH_SCALE_CPUS_MAX];
    struct scale shared = { .domain = domain };
    unsigned started = 0, cpu = smp_next(0);
    int failed = 0;

    for (unsigned i = 0; i < cpus; i++) {
        workers[i] = (struct worker){ .scale = &shared, .iova = iova + i * RANGE };
        warm(&workers[i]);
    }
    for (unsigned i = 1; i < cpus; i++) {
        cpu = smp_next(cpu + 1);
        threads[i] = cpu < CPUS_MAX ? thread_create_on(cpu, "scale", work, &workers[i]) : NULL;
        started += threads[i] != NULL;
    }
    await(&shared.ready, started);
    *begin = now_tsc();
    __atomic_store_n(&shared.go, true, __ATOMIC_RELEASE);
    map_and_unmap(&workers[0]);
    await(&shared.ended, started);
    *end = now_tsc();
    for (unsigned i = 0; i < cpus; i++) {
        if (threads[i] != NULL)
            thread_join(threads[i]);
        failed |= workers[i].failed;
    }
    return failed == 0 && started + 1 == cpus;
}
