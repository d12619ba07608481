/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The library called by several threads at once, on the models: the scenarios
 * of area smp, and what they cannot reach. "make check-threads" runs the same
 * with the library under ThreadSanitizer.
 */
#include "test.h"

#include <pthread.h>
#include <unistd.h>

#include "internal.h"
#include "irq_rig.h"
#include "suite_check.h"

#define THREADS 4u

/* ---- scenarios ---- */

#define SMP_SCENARIOS 7
#define AMD_SCENARIOS "smp/*,amd/growth-beside-mapping"

TEST(intel)
{
    struct model_env_config config = model_env_default();

    suite_check_passes(&config, "smp/*", SMP_SCENARIOS);
}

/* CAP.CM: mapping flushes too, and looks for domain ids while devices come. */
TEST(intel_with_caching_mode)
{
    struct model_env_config config = model_env_default();

    spec_put(&config.model.units[0].cap, SPEC_CAP_CM, 1);
    suite_check_passes(&config, "smp/*", SMP_SCENARIOS);
}

TEST(amd)
{
    struct model_env_config config = model_env_amd();

    suite_check_passes(&config, AMD_SCENARIOS, SMP_SCENARIOS + 1);
}

/* A tree that grows blocks its devices for a moment there: they are not to transfer meanwhile. */
TEST(amd_without_cmpxchg16b)
{
    struct model_env_config config = model_env_amd();

    config.narrow_store = true;
    suite_check_passes(&config, "smp/*", SMP_SCENARIOS);
}

/* ---- threads of one test ---- */

struct job {
    struct driver *d;
    unsigned index;
    pthread_barrier_t *together;
    struct iommu_domain *domain;
    struct iommu_device *devices[32];
    unsigned added, known, failed;
    enum iommu_status status;
};

static void run_jobs(struct job jobs[THREADS], void *(*fn)(void *job))
{
    pthread_t threads[THREADS];
    pthread_barrier_t together;

    pthread_barrier_init(&together, NULL, THREADS);
    for (unsigned i = 0; i < THREADS; i++) {
        jobs[i].index = i;
        jobs[i].together = &together;
        if (pthread_create(&threads[i], NULL, fn, &jobs[i]) != 0)
            abort();
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&together);
}

/* Where the library asks for memory or takes a lock, the others go on. */
static void *late_page_alloc(void *ctx, size_t count, uint64_t limit_pa)
{
    usleep(1);
    return vtd_model_platform(ctx)->page_alloc(ctx, count, limit_pa);
}

static uintptr_t late_irq_save(void *ctx)
{
    usleep(1);
    return vtd_model_platform(ctx)->irq_save(ctx);
}

static void let_others_in(struct driver *d)
{
    d->platform.page_alloc = late_page_alloc;
    d->platform.irq_save = late_irq_save;
}

/* ---- devices ---- */

#define DEVICES 32u

static void *add_devices(void *arg)
{
    struct job *job = arg;

    for (unsigned i = 0; i < DEVICES; i++) {
        const struct iommu_device_desc desc = { .rids = { (uint16_t)(0x0200 + i) }, .rid_count = 1 };
        enum iommu_status status;

        pthread_barrier_wait(job->together);
        status = iommu_add_device(job->d->iommu, &desc, &job->devices[i]);
        job->added += status == IOMMU_OK;
        job->known += status == IOMMU_ERR_EXISTS;
    }
    return NULL;
}

/* One of those that add it is first; the others are told which device it is. None is lost. */
TEST(a_device_is_added_once)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct job jobs[THREADS] = { { .d = d }, { .d = d }, { .d = d }, { .d = d } };
    unsigned added = 0, known = 0;

    let_others_in(d);
    run_jobs(jobs, add_devices);
    for (unsigned t = 0; t < THREADS; t++) {
        added += jobs[t].added;
        known += jobs[t].known;
        for (unsigned i = 0; i < DEVICES; i++)
            CHECK(jobs[t].devices[i] == iommu_find_device(d->iommu, 0, (uint16_t)(0x0200 + i)));
    }
    CHECK_EQ(added, DEVICES);
    CHECK_EQ(known, (THREADS - 1) * DEVICES);
    driver_destroy(d);
}

/* ---- a region of several devices ---- */

#define REGION 0x1c0000ull
#define REGION_END 0x200000ull
#define ROUNDS 16u

static void *attach(void *arg)
{
    struct job *job = arg;

    pthread_barrier_wait(job->together);
    job->status = iommu_attach(job->domain, job->devices[0], IOMMU_NO_PASID);
    return NULL;
}

/* VT-d §8.4: one region names all four. Whoever comes first maps it, and none finds it half mapped. */
TEST(devices_that_share_a_region_come_at_once)
{
    struct vtd_model_config config = vtd_model_default();
    struct vtd_model_rmrr *region = &config.rmrrs[0];
    struct job jobs[THREADS];
    struct driver *d;

    *region = (struct vtd_model_rmrr){ .start = REGION, .end = REGION_END, .scope_count = THREADS };
    for (unsigned i = 0; i < THREADS; i++)
        region->scopes[i] = (struct vtd_model_scope){ .type = 1, .path = { { (uint8_t)(0x10 + i), 0 } } };
    config.rmrr_count = 1;
    d = driver_create(&config, NULL);
    CHECK_OK(driver_add_table(d));
    for (unsigned i = 0; i < THREADS; i++)
        jobs[i] = (struct job){ .d = d, .devices = { driver_add(d, IOMMU_RID(0, 0x10 + i, 0)) } };
    CHECK_OK(iommu_start(d->iommu));
    let_others_in(d);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct iommu_domain *domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, jobs[0].devices[0]);

        for (unsigned i = 0; i < THREADS; i++)
            jobs[i].domain = domain;
        run_jobs(jobs, attach);
        for (unsigned i = 0; i < THREADS; i++) {
            uint32_t value;

            CHECK_OK(jobs[i].status);
            CHECK_EQ(driver_read(d, IOMMU_RID(0, 0x10 + i, 0), REGION_END - 4, &value), 0);
            CHECK_OK(iommu_detach(jobs[i].devices[0], IOMMU_NO_PASID));
        }
        CHECK_OK(iommu_domain_destroy(domain));
    }
    driver_destroy(d);
}

/* ---- interrupts ---- */

#define BLOCKS 64u
#define VECTOR 0x40u

/* A block's entries are this thread's alone: what it routed is what it reads. */
static void *use_interrupts(void *arg)
{
    struct job *job = arg;

    for (unsigned i = 0; i < BLOCKS; i++) {
        unsigned count = 1 + (i + job->index) % 8, index = i % count;
        struct iommu_debug_irq_entry entry;
        struct iommu_irqs *irqs;

        if (iommu_irq_alloc(job->devices[0], count, &irqs) != IOMMU_OK) {
            job->failed++;
            continue;
        }
        for (unsigned n = 0; n < count; n++)
            job->failed += iommu_irq_route(irqs, n, &(struct iommu_irq_target){
                .apic_id = job->index, .vector = (uint8_t)(VECTOR + job->index) }) != IOMMU_OK;
        iommu_debug_irq_read(irqs, index, &entry);
        /* VT-d §9.9: P, and the vector in bits 23:16 */
        job->failed += !(entry.low & 1) || (entry.low >> 16 & 0xff) != VECTOR + job->index;
        job->failed += iommu_irq_mask(irqs, index, true) != IOMMU_OK;
        iommu_debug_irq_read(irqs, index, &entry);
        job->failed += (entry.low & 1) != 0;
        job->failed += iommu_irq_free(irqs) != IOMMU_OK;
    }
    return NULL;
}

TEST(interrupts_are_allocated_and_routed_at_once)
{
    struct vtd_model_config config = irq_model();
    struct driver *d = irq_started(&config, NULL);
    struct job jobs[THREADS];
    struct iommu_unit_info info;

    let_others_in(d);
    for (unsigned i = 0; i < THREADS; i++)
        jobs[i] = (struct job){ .d = d, .devices = { iommu_find_device(d->iommu, 0, DRIVER_RID) } };
    run_jobs(jobs, use_interrupts);
    for (unsigned i = 0; i < THREADS; i++)
        CHECK_EQ(jobs[i].failed, 0);
    CHECK_OK(iommu_unit_info(d->iommu, 0, &info));
    CHECK_EQ(info.irq_used, 0);
    driver_destroy(d);
}
