/* SPDX-License-Identifier: BSD-2-Clause */
/* intel/vtd_queue.c and vtd_invalidate.c on the model: batches, errors, time-outs, both interfaces. */
#include "test.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "driver_rig.h"
#include "intel/vtd.h"

#define THREADS 4
#define ROUNDS 150

struct attached {
    struct driver *d;
    struct iommu_device *device;
    struct iommu_domain *domain;
};

static struct attached attach(const struct vtd_model_config *config)
{
    struct attached a = { .d = driver_started(config) };

    a.device = iommu_find_device(a.d->iommu, 0, DRIVER_RID);
    a.domain = driver_domain(a.d, IOMMU_DOMAIN_UNMANAGED, a.device);
    CHECK_OK(iommu_attach(a.domain, a.device, IOMMU_NO_PASID));
    return a;
}

static void detach(struct attached *a)
{
    CHECK_OK(iommu_detach(a->device, IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(a->domain));
    driver_destroy(a->d);
}

/* Mapped, used, unmapped: the device must not reach it any more. */
static void map_use_unmap(struct attached *a, uint64_t iova)
{
    driver_map(a->domain, iova, a->d->frame, 4096, IOMMU_RW);
    CHECK_EQ(driver_write(a->d, DRIVER_RID, iova, 1), 0);
    CHECK_OK(iommu_unmap(a->domain, iova, 4096, NULL));
    CHECK_EQ(driver_write(a->d, DRIVER_RID, iova, 2), SPEC_FR_WRITE);
}

TEST(strict_unmap_is_two_descriptors_and_one_doorbell)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a = attach(&config);
    struct vtd_model_stats before = vtd_model_stats(a.d->m, 0), after;
    struct iommu_debug_counters ours, then;

    iommu_debug_counters(a.d->iommu, 0, &ours);
    map_use_unmap(&a, DRIVER_IOVA);
    after = vtd_model_stats(a.d->m, 0);
    iommu_debug_counters(a.d->iommu, 0, &then);
    CHECK_EQ(after.doorbells - before.doorbells, 1);
    CHECK_EQ(after.iotlb_page - before.iotlb_page, 1);
    CHECK_EQ(after.waits - before.waits, 1);
    CHECK_EQ(then.descriptors - ours.descriptors, 2);
    CHECK_EQ(then.doorbells - ours.doorbells, 1);
    detach(&a);
}

TEST(ring_wraps_many_times)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a = attach(&config);

    for (unsigned i = 0; i < 700; i++)
        map_use_unmap(&a, DRIVER_IOVA + i * 4096ull);
    detach(&a);
}

TEST(permitted_reordering_and_slow_units_change_nothing)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a;

    config.units[0].reorder_seed = 1234;
    config.units[0].delay = 40;
    a = attach(&config);
    for (unsigned i = 0; i < 100; i++)
        map_use_unmap(&a, DRIVER_IOVA + i * 4096ull);
    detach(&a);
}

/*
 * §6.5.2.12: without FN, bit 6 (§6.5.2.9), a wait may complete before those ahead of it, whose slots would then be
 * somebody else's when they do.
 */
TEST(every_wait_is_a_fence)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a = attach(&config);
    const struct vtd_unit *unit = (const struct vtd_unit *)(void *)a.d->iommu->units[0];
    unsigned waits = 0;

    for (unsigned i = 0; i < 200; i++)
        map_use_unmap(&a, DRIVER_IOVA + i * 4096ull);
    for (unsigned i = 0; i < 256; i++)
        if ((unit->queue.ring[i].lo & 0xf) == 5) {
            CHECK(unit->queue.ring[i].lo & 0x40);
            waits++;
        }
    CHECK(waits >= 100);
    detach(&a);
}

/* ---- how much is flushed ---- */

static struct vtd_model_stats unmap_range(struct attached *a, uint64_t iova, uint64_t len)
{
    struct vtd_model_stats before, after;

    driver_map(a->domain, iova, 0x200000, len, IOMMU_RW);
    before = vtd_model_stats(a->d->m, 0);
    CHECK_OK(iommu_unmap(a->domain, iova, len, NULL));
    after = vtd_model_stats(a->d->m, 0);
    after.iotlb_page -= before.iotlb_page;
    after.iotlb_domain -= before.iotlb_domain;
    after.doorbells -= before.doorbells;
    return after;
}

TEST(range_within_the_mask_is_page_selective_and_beyond_it_domain_selective)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a;
    struct vtd_model_stats s;

    spec_put(&config.units[0].cap, SPEC_CAP_MAMV, 3); /* 8 pages */
    a = attach(&config);
    s = unmap_range(&a, 0x40200000, 8 * 4096);
    CHECK(s.iotlb_page == 1 && s.iotlb_domain == 0);
    /* As many pages, but over a border of 32 KiB: 16 aligned pages would be needed. */
    s = unmap_range(&a, 0x40204000, 8 * 4096);
    CHECK(s.iotlb_page == 0 && s.iotlb_domain == 1);
    CHECK_EQ(s.doorbells, 1);
    detach(&a);
}

TEST(unit_without_page_selective_invalidation_flushes_the_domain)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a;
    struct vtd_model_stats s;

    spec_put(&config.units[0].cap, SPEC_CAP_PSI, 0);
    spec_put(&config.units[0].cap, SPEC_CAP_MAMV, 0);
    a = attach(&config);
    s = unmap_range(&a, 0x40200000, 4096);
    CHECK(s.iotlb_page == 0 && s.iotlb_domain == 1);
    CHECK_EQ(vtd_model_log_lines(a.d->m, IOMMU_LOG_ERROR), 0);
    CHECK_EQ(s.doorbells, 1); /* nothing was refused first */
    detach(&a);
}

/* ---- errors ---- */

TEST(refused_descriptor_is_reported_and_the_queue_goes_on)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a = attach(&config);

    /* Types that do not exist, a reserved bit, a reserved granularity; each several times. */
    for (unsigned i = 0; i < 20; i++) {
        CHECK_EQ(iommu_debug_queue_submit(a.d->iommu, 0, 0xf, 0), IOMMU_ERR_QUEUE);
        CHECK_EQ(iommu_debug_queue_submit(a.d->iommu, 0, SPEC_DSC_CONTEXT | SPEC_F(63, 63), 0), IOMMU_ERR_QUEUE);
        CHECK_EQ(iommu_debug_queue_submit(a.d->iommu, 0, SPEC_DSC_IOTLB, 0), IOMMU_ERR_QUEUE);
        CHECK_EQ(vtd_model_reg32(a.d->m, 0, SPEC_FSTS) & SPEC_FSTS_IQE, 0);
        map_use_unmap(&a, DRIVER_IOVA);
    }
    CHECK(strstr(vtd_model_log(a.d->m), "queue refused descriptor=0x0000000000000000:0x000000000000000f") != NULL);
    detach(&a);
}

TEST(accepted_raw_descriptor_is_fine)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a = attach(&config);

    CHECK_OK(iommu_debug_queue_submit(a.d->iommu, 0, SPEC_DSC_CONTEXT | spec_make(SPEC_DSC_G, SPEC_G_GLOBAL), 0));
    CHECK_OK(iommu_debug_flush_all(a.d->iommu, 0));
    detach(&a);
}

TEST(wrong_tail_restarts_the_queue)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a = attach(&config);

    vtd_model_write64(a.d->m, 0, SPEC_IQT, 0x2000); /* past the page */
    vtd_model_advance(a.d->m, 100);
    CHECK(vtd_model_reg32(a.d->m, 0, SPEC_FSTS) & SPEC_FSTS_IQE);
    vtd_model_violations_clear(a.d->m);
    CHECK_EQ(iommu_debug_queue_submit(a.d->iommu, 0, SPEC_DSC_CONTEXT | spec_make(SPEC_DSC_G, SPEC_G_GLOBAL), 0),
             IOMMU_ERR_QUEUE);
    CHECK_OK(iommu_debug_flush_all(a.d->iommu, 0));
    map_use_unmap(&a, DRIVER_IOVA);
    vtd_model_violations_clear(a.d->m); /* the queue was switched off with work in it: there is no other way */
    detach(&a);
}

TEST(device_time_out_aborts_and_the_queue_goes_on)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a = attach(&config);
    enum iommu_status status;

    vtd_model_raise_ite(a.d->m, 0, DRIVER_RID);
    status = iommu_debug_flush_all(a.d->iommu, 0);
    CHECK(status == IOMMU_OK || status == IOMMU_ERR_QUEUE);
    CHECK_EQ(vtd_model_reg32(a.d->m, 0, SPEC_FSTS) & SPEC_FSTS_ITE, 0);
    CHECK(strstr(vtd_model_log(a.d->m), "time-out src=0000:00:02.0") != NULL);
    map_use_unmap(&a, DRIVER_IOVA);
    detach(&a);
}

TEST(unexpected_completion_does_no_harm)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a;

    config.units[0].delay = 400; /* slow enough for the waiter to look at FSTS */
    a = attach(&config);
    vtd_model_raise_ice(a.d->m, 0, DRIVER_RID);
    CHECK_OK(iommu_debug_flush_all(a.d->iommu, 0));
    CHECK_EQ(vtd_model_reg32(a.d->m, 0, SPEC_FSTS) & SPEC_FSTS_ICE, 0);
    detach(&a);
}

TEST(wait_that_never_completes_fences_the_unit_once)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a = attach(&config);
    struct iommu_unit_info info;
    uint64_t before = vtd_model_now(a.d->m);
    const char *dump;

    driver_map(a.domain, DRIVER_IOVA, a.d->frame, 4096, IOMMU_RW);
    vtd_model_hang(a.d->m, 0, VTD_MODEL_HANG_WAIT);
    CHECK_EQ(iommu_unmap(a.domain, DRIVER_IOVA, 4096, NULL), IOMMU_ERR_TIMEOUT);
    CHECK(vtd_model_now(a.d->m) - before >= 1000000 && vtd_model_now(a.d->m) - before < 3000000);
    CHECK_OK(iommu_unit_info(a.d->iommu, 0, &info));
    CHECK(info.fenced);
    CHECK(!vtd_model_bus_master_is_on(a.d->m, 0, DRIVER_RID));
    CHECK_EQ(iommu_debug_flush_all(a.d->iommu, 0), IOMMU_ERR_FENCED);
    CHECK_EQ(iommu_attach(a.domain, iommu_find_device(a.d->iommu, 0, DRIVER_OTHER), IOMMU_NO_PASID),
             IOMMU_ERR_FENCED);
    dump = strstr(vtd_model_log(a.d->m), "vtd0: dump base");
    CHECK(dump != NULL && strstr(dump + 1, "vtd0: dump base") == NULL);
    driver_abandon(a.d);
}

/* Table pages that the unit may still walk must not go back to the allocator. */
TEST(unconfirmed_flush_frees_no_table)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a = attach(&config);
    size_t pages;

    driver_map(a.domain, 0x40200000, a.d->frame, 4096, IOMMU_RW);
    pages = vtd_model_live_pages(a.d->m);
    CHECK_OK(iommu_unmap(a.domain, 0x40200000, 2u << 20, NULL));
    CHECK_EQ(vtd_model_live_pages(a.d->m), pages - 1);
    driver_map(a.domain, 0x40200000, a.d->frame, 4096, IOMMU_RW);
    pages = vtd_model_live_pages(a.d->m);
    vtd_model_hang(a.d->m, 0, VTD_MODEL_HANG_WAIT);
    CHECK_EQ(iommu_unmap(a.domain, 0x40200000, 2u << 20, NULL), IOMMU_ERR_TIMEOUT);
    CHECK_EQ(vtd_model_live_pages(a.d->m), pages);
    driver_abandon(a.d);
}

/* ---- batches that are refused ---- */

/* VT-d §6.5.2.11: a neighbour's error ends innocent batches too, and a flush may be repeated. */
TEST(refused_flush_is_submitted_again)
{
    static const unsigned back[] = { 2, 1 }; /* the invalidation; the batch's wait */

    for (unsigned i = 0; i < 2; i++) {
        struct vtd_model_config config = vtd_model_default();
        struct attached a = attach(&config);
        uint64_t before;

        driver_map(a.domain, DRIVER_IOVA, a.d->frame, 4096, IOMMU_RW);
        CHECK_EQ(driver_write(a.d, DRIVER_RID, DRIVER_IOVA, 1), 0);
        before = vtd_model_now(a.d->m);
        driver_refuse(a.d, back[i], 2);
        CHECK_OK(iommu_unmap(a.domain, DRIVER_IOVA, 4096, NULL));
        CHECK(vtd_model_now(a.d->m) - before < 100000);
        CHECK_EQ(driver_write(a.d, DRIVER_RID, DRIVER_IOVA, 2), SPEC_FR_WRITE);
        detach(&a);
    }
}

TEST(flush_that_is_refused_every_time_fences_the_unit)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a = attach(&config);
    struct iommu_gather gather = { 0 };
    struct iommu_unit_info info;

    driver_map(a.domain, DRIVER_IOVA, a.d->frame, 8192, IOMMU_RW);
    CHECK_EQ(driver_write(a.d, DRIVER_RID, DRIVER_IOVA, 1), 0);
    CHECK_OK(iommu_unmap_gather(a.domain, DRIVER_IOVA + 4096, 4096, &gather, NULL));
    driver_refuse(a.d, 2, UINT32_MAX);
    CHECK_EQ(iommu_unmap(a.domain, DRIVER_IOVA, 4096, NULL), IOMMU_ERR_QUEUE);
    CHECK_OK(iommu_unit_info(a.d->iommu, 0, &info));
    CHECK(info.fenced);
    CHECK(!vtd_model_bus_master_is_on(a.d->m, 0, DRIVER_RID));
    /* Nothing is mapped there any more, and still nobody knows that it cannot be reached. */
    CHECK_EQ(iommu_unmap(a.domain, DRIVER_IOVA, 4096, NULL), IOMMU_ERR_FENCED);
    CHECK_EQ(iommu_sync(a.domain, &gather), IOMMU_ERR_FENCED);
    CHECK(gather.end - gather.start == 4096); /* to be tried again */
    driver_abandon(a.d);
}

/* Of two errors the one that leaves pages reachable is told. */
TEST(unconfirmed_flush_is_told_rather_than_a_split_that_failed)
{
    for (unsigned refused = 0; refused < 2; refused++) {
        struct vtd_model_config config = vtd_model_default();
        struct attached a = attach(&config);

        driver_map(a.domain, 0x40200000, 0x200000, 0x200000, IOMMU_RW);
        driver_map(a.domain, 0x401ff000, a.d->frame, 4096, IOMMU_RW);
        vtd_model_fail_alloc(a.d->m, 1);
        if (refused)
            driver_refuse(a.d, 2, UINT32_MAX);
        CHECK_EQ(iommu_unmap(a.domain, 0x401ff000, 8192, NULL), refused ? IOMMU_ERR_QUEUE : IOMMU_ERR_NOMEM);
        if (refused)
            driver_abandon(a.d);
        else
            detach(&a);
    }
}

/* The words that waits write have 32 bits, numbers have not; none of them has been refused. */
TEST(numbers_of_descriptors_wrap)
{
    for (unsigned odd = 0; odd < 2; odd++) {
        struct vtd_model_config config = vtd_model_default();
        struct attached a = attach(&config);
        struct vtd_queue *q = &vtd_unit_of(a.d->iommu->units[0])->queue;

        if (odd)
            CHECK_OK(iommu_debug_flush_all(a.d->iommu, 0)); /* three slots: the waits are in other slots then */
        q->tail = q->head = BIT64(32) - 2 * VTD_QUEUE_SLOTS + q->tail % VTD_QUEUE_SLOTS;
        for (unsigned i = 0; i < 3 * VTD_QUEUE_SLOTS; i++)
            CHECK_OK(iommu_debug_queue_submit(a.d->iommu, 0, SPEC_DSC_CONTEXT | spec_make(SPEC_DSC_G, SPEC_G_GLOBAL), 0));
        CHECK(q->tail > BIT64(32) + VTD_QUEUE_SLOTS);
        detach(&a);
    }
}

#define LEGAL (SPEC_DSC_CONTEXT | spec_make(SPEC_DSC_G, SPEC_G_GLOBAL))

/* Between storing a batch and looking at it others run to their ends, some of them refused. */
static struct {
    struct attached *a;     /* NULL: none */
    unsigned refused, done;
    void (*restore)(void *ctx, uintptr_t flags);
} between;

static void interrupt_once(void *ctx, uintptr_t flags)
{
    struct attached *a = between.a;

    between.restore(ctx, flags);
    if (a == NULL)
        return;
    between.a = NULL;
    for (unsigned i = 0; i < between.refused; i++)
        CHECK_EQ(iommu_debug_queue_submit(a->d->iommu, 0, 0xf, 0), IOMMU_ERR_QUEUE);
    for (unsigned i = 0; i < between.done; i++)
        CHECK_OK(iommu_debug_queue_submit(a->d->iommu, 0, LEGAL, 0));
}

/* How one batch ends that is looked at after those; the unit is never fenced. */
static enum iommu_status look_late(uint64_t low, unsigned refused, unsigned done)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a = attach(&config);
    enum iommu_status status;

    between.a = &a;
    between.refused = refused;
    between.done = done;
    between.restore = a.d->platform.irq_restore;
    a.d->platform.irq_restore = interrupt_once;
    status = iommu_debug_queue_submit(a.d->iommu, 0, low, 0);
    a.d->platform.irq_restore = between.restore;
    CHECK(between.a == NULL);
    CHECK(!iommu_unit_fenced(a.d->iommu->units[0]));
    map_use_unmap(&a, DRIVER_IOVA);
    detach(&a);
    return status;
}

/* A submitter that does not look for long holds up nobody, and is told all the same. */
TEST(refusal_outlives_its_slot)
{
    CHECK_EQ(look_late(0xf, 0, 1), IOMMU_ERR_QUEUE);
    CHECK_EQ(look_late(0xf, 0, 1000), IOMMU_ERR_QUEUE);
    CHECK_OK(look_late(LEGAL, 1, 1000));
}

/* Who cannot be told any more whether he was refused was: he submits again. */
TEST(refusals_that_are_forgotten_count_for_all_before)
{
    CHECK_OK(look_late(LEGAL, 32, 1));
    CHECK_EQ(look_late(LEGAL, 33, 1), IOMMU_ERR_QUEUE);
    CHECK_EQ(look_late(0xf, 33, 1), IOMMU_ERR_QUEUE);
}

/* ---- registers ---- */

TEST(registers_do_the_same_where_there_is_no_queue)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a;
    struct vtd_model_stats s;

    spec_put(&config.units[0].ecap, SPEC_ECAP_QI, 0);
    a = attach(&config);
    for (unsigned i = 0; i < 20; i++)
        map_use_unmap(&a, DRIVER_IOVA + i * 4096ull);
    s = vtd_model_stats(a.d->m, 0);
    CHECK_EQ(s.doorbells, 0);
    CHECK_EQ(s.iotlb_page, 20);
    CHECK_EQ(iommu_debug_queue_submit(a.d->iommu, 0, 1, 0), IOMMU_ERR_UNSUPPORTED);
    CHECK_EQ(iommu_debug_use_queue(a.d->iommu, 0, true), IOMMU_ERR_UNSUPPORTED);
    detach(&a);
}

TEST(running_unit_switches_between_queue_and_registers)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a = attach(&config);
    uint64_t doorbells;

    CHECK_OK(iommu_debug_use_queue(a.d->iommu, 0, false));
    doorbells = vtd_model_stats(a.d->m, 0).doorbells;
    map_use_unmap(&a, DRIVER_IOVA);
    CHECK_EQ(vtd_model_stats(a.d->m, 0).doorbells, doorbells);
    CHECK_OK(iommu_debug_use_queue(a.d->iommu, 0, true));
    map_use_unmap(&a, DRIVER_IOVA);
    CHECK(vtd_model_stats(a.d->m, 0).doorbells > doorbells);
    detach(&a);
}

TEST(refused_register_invalidation_is_an_error)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a;

    spec_put(&config.units[0].ecap, SPEC_ECAP_QI, 0);
    a = attach(&config);
    vtd_model_refuse_register_invalidation(a.d->m, 0);
    CHECK_EQ(iommu_debug_flush_all(a.d->iommu, 0), IOMMU_ERR_HARDWARE);
    driver_abandon(a.d);
}

TEST(register_invalidation_that_never_finishes_is_bounded)
{
    static const uint64_t hangs[] = { VTD_MODEL_HANG_CCMD, VTD_MODEL_HANG_IOTLB };

    for (unsigned i = 0; i < 2; i++) {
        struct vtd_model_config config = vtd_model_default();
        struct attached a;

        spec_put(&config.units[0].ecap, SPEC_ECAP_QI, 0);
        a = attach(&config);
        vtd_model_hang(a.d->m, 0, hangs[i]);
        CHECK_EQ(iommu_debug_flush_all(a.d->iommu, 0), IOMMU_ERR_TIMEOUT);
        driver_abandon(a.d);
    }
}

/* ---- several callers ---- */

struct worker {
    struct attached *a;
    uint64_t iova;
    unsigned failures;
};

static void *work(void *arg)
{
    struct worker *w = arg;

    for (unsigned i = 0; i < ROUNDS; i++) {
        struct iommu_mapping m = { .iova = w->iova, .pa = w->a->d->frame, .len = 4096, .prot = IOMMU_RW };

        w->failures += iommu_map(w->a->domain, &m) != IOMMU_OK;
        w->failures += iommu_unmap(w->a->domain, w->iova, 4096, NULL) != IOMMU_OK;
        if (i % 8 == w->iova / 4096 % 8)
            w->failures += iommu_debug_queue_submit(w->a->d->iommu, 0, 0xf, 0) != IOMMU_ERR_QUEUE;
    }
    return NULL;
}

/* A refused descriptor is charged to the batch that held it, whoever notices it first. */
TEST(callers_at_once_get_their_own_results)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a = attach(&config);
    struct worker workers[THREADS];
    pthread_t threads[THREADS];

    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){ .a = &a, .iova = DRIVER_IOVA + i * 4096ull };
        CHECK_EQ(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < THREADS; i++)
        CHECK_EQ(workers[i].failures, 0);
    detach(&a);
}

#define CROWD 160

static void *unmap_once(void *arg)
{
    struct worker *w = arg;

    w->failures += iommu_unmap(w->a->domain, w->iova, 4096, NULL) != IOMMU_OK;
    return NULL;
}

/* More batches at once than the ring holds: the late ones wait for room. */
TEST(more_callers_than_slots)
{
    static struct worker workers[CROWD];
    struct vtd_model_config config = vtd_model_default();
    pthread_t threads[CROWD];
    struct attached a;
    uint64_t doorbells;

    config.clock_step_us = 0; /* nobody times out */
    a = attach(&config);
    for (unsigned i = 0; i < CROWD; i++) {
        workers[i] = (struct worker){ .a = &a, .iova = DRIVER_IOVA + i * 8192ull };
        driver_map(a.domain, workers[i].iova, a.d->frame, 4096, IOMMU_RW);
    }
    vtd_model_hang(a.d->m, 0, VTD_MODEL_HANG_WAIT);
    doorbells = vtd_model_stats(a.d->m, 0).doorbells;
    for (unsigned i = 0; i < CROWD; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, unmap_once, &workers[i]), 0);
    /* 255 of 256 slots can be in use, two a batch; those of the attach have been given back. */
    while (vtd_model_stats(a.d->m, 0).doorbells - doorbells < 127)
        sched_yield();
    usleep(20000);
    CHECK_EQ(vtd_model_stats(a.d->m, 0).doorbells - doorbells, 127);
    vtd_model_hang(a.d->m, 0, 0);
    for (unsigned i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < CROWD; i++)
        CHECK_EQ(workers[i].failures, 0);
    detach(&a);
}

/* ---- what a flush must not leave out ---- */

/* VT-d §6.5.4: reads and writes under way are waited for where the unit can. */
TEST(flushes_are_drained_by_queue_and_by_registers)
{
    for (unsigned has_queue = 0; has_queue <= 1; has_queue++) {
        struct vtd_model_config config = vtd_model_default();
        struct attached a;

        spec_put(&config.units[0].ecap, SPEC_ECAP_QI, has_queue);
        spec_put(&config.units[0].cap, SPEC_CAP_DRD, 1);
        spec_put(&config.units[0].cap, SPEC_CAP_DWD, 1);
        a = attach(&config);
        map_use_unmap(&a, DRIVER_IOVA);
        CHECK_OK(iommu_detach(a.device, IOMMU_NO_PASID));
        CHECK_OK(iommu_debug_flush_all(a.d->iommu, 0));
        CHECK(vtd_model_stats(a.d->m, 0).iotlb_domain > 0 && vtd_model_stats(a.d->m, 0).iotlb_global > 0);
        CHECK_EQ(vtd_model_stats(a.d->m, 0).undrained, 0);
        CHECK_OK(iommu_domain_destroy(a.domain));
        driver_destroy(a.d);
    }
}

TEST(refused_register_invalidation_of_the_iotlb_alone)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a;

    spec_put(&config.units[0].ecap, SPEC_ECAP_QI, 0);
    a = attach(&config);
    driver_map(a.domain, DRIVER_IOVA, a.d->frame, 4096, IOMMU_RW);
    vtd_model_refuse_register_invalidation(a.d->m, 0);
    CHECK_EQ(iommu_unmap(a.domain, DRIVER_IOVA, 4096, NULL), IOMMU_ERR_HARDWARE);
    driver_abandon(a.d);
}

static uint64_t tail_before;
static unsigned barriers, early_tails;

static void look_at_tail(struct driver *d)
{
    barriers++;
    early_tails += vtd_model_reg64(d->m, 0, SPEC_IQT) != tail_before;
}

TEST(tail_is_written_behind_a_barrier)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a = attach(&config);

    tail_before = vtd_model_reg64(a.d->m, 0, SPEC_IQT);
    barriers = early_tails = 0;
    a.d->on_barrier = look_at_tail;
    CHECK_OK(iommu_debug_flush_all(a.d->iommu, 0));
    a.d->on_barrier = NULL;
    CHECK_EQ(barriers, 1);
    CHECK_EQ(early_tails, 0);
    CHECK(vtd_model_reg64(a.d->m, 0, SPEC_IQT) != tail_before);
    detach(&a);
}

TEST(queue_switched_on_again_runs_nothing_twice)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a = attach(&config);
    struct vtd_model_stats before, after;

    map_use_unmap(&a, DRIVER_IOVA);
    CHECK_OK(iommu_debug_use_queue(a.d->iommu, 0, false));
    CHECK_OK(iommu_debug_use_queue(a.d->iommu, 0, true));
    before = vtd_model_stats(a.d->m, 0);
    CHECK_OK(iommu_debug_flush_all(a.d->iommu, 0));
    after = vtd_model_stats(a.d->m, 0);
    CHECK_EQ(after.waits - before.waits, 1);
    CHECK_EQ(after.context_global - before.context_global, 1);
    CHECK_EQ(after.iotlb_page, before.iotlb_page);
    detach(&a);
}

TEST(fenced_unit_is_given_no_more_to_do)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a = attach(&config);
    uint64_t doorbells;

    driver_map(a.domain, DRIVER_IOVA, a.d->frame, 4096, IOMMU_RW);
    vtd_model_hang(a.d->m, 0, VTD_MODEL_HANG_WAIT);
    CHECK_EQ(iommu_debug_flush_all(a.d->iommu, 0), IOMMU_ERR_TIMEOUT);
    doorbells = vtd_model_stats(a.d->m, 0).doorbells;
    CHECK_EQ(iommu_debug_flush_all(a.d->iommu, 0), IOMMU_ERR_FENCED);
    CHECK_EQ(iommu_unmap(a.domain, DRIVER_IOVA, 4096, NULL), IOMMU_ERR_FENCED);
    CHECK_EQ(vtd_model_stats(a.d->m, 0).doorbells, doorbells);
    driver_abandon(a.d);
}

static unsigned polls;
static void (*model_relax)(void *ctx);
static struct vtd_model *polled;

/* Raised while the batch is under way. */
static void raise_on_first_poll(void *ctx)
{
    if (polls++ == 0)
        vtd_model_raise_ite(polled, 0, DRIVER_RID);
    model_relax(ctx);
}

TEST(flush_that_a_device_time_out_aborts_is_submitted_again)
{
    struct vtd_model_config config = vtd_model_default();
    struct attached a = attach(&config);
    uint64_t doorbells;

    polls = 0;
    polled = a.d->m;
    model_relax = a.d->platform.relax;
    a.d->platform.relax = raise_on_first_poll;
    doorbells = vtd_model_stats(a.d->m, 0).doorbells;
    CHECK_OK(iommu_debug_flush_all(a.d->iommu, 0));
    CHECK(polls > 0);
    CHECK_EQ(vtd_model_stats(a.d->m, 0).doorbells - doorbells, 2);
    detach(&a);
}
