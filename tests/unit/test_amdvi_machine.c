/* SPDX-License-Identifier: BSD-2-Clause */
/* The AMD-Vi driver on the model: ring, device table and event log together, as devices see them. */
#include "test.h"

#include <pthread.h>

#include "amd/amdvi.h"
#include "amdvi_model.h"
#include "iommu/debug.h"

#define RID 0x0010      /* 00:02.0 */
#define OTHER 0x0018    /* 00:03.0 */
#define IOVA 0x40201000ull
#define THREADS 3
#define ROUNDS 100
#define FAULTS 2048

struct machine {
    struct amdvi_model *m;
    struct iommu *iommu;
    struct iommu_device *device, *other;
    struct iommu_fault faults[FAULTS];
    size_t fault_count;
    uint64_t frame;
};

static void keep_fault(void *ctx, const struct iommu_fault *fault)
{
    struct machine *d = ctx;

    d->faults[d->fault_count++ % FAULTS] = *fault;
}

static struct iommu_device *add(struct machine *d, uint16_t rid)
{
    struct iommu_device *device;

    CHECK_OK(iommu_add_device(d->iommu, &(struct iommu_device_desc){ .rids = { rid }, .rid_count = 1 }, &device));
    return device;
}

static struct amdvi_unit *unit_of(struct machine *d)
{
    return amdvi_unit_of(d->iommu->units[0]);
}

static struct machine *started(const struct amdvi_model_config *config, bool guest_tables)
{
    struct machine *d = calloc(1, sizeof(*d));
    struct iommu_config iommu = { .fault = keep_fault, .fault_ctx = d, .guest_tables = guest_tables,
                                  .storm_threshold = 100000 };
    uint8_t table[4096];
    size_t len;

    d->m = amdvi_model_create(config);
    amdvi_model_function(d->m, 0, RID);
    amdvi_model_function(d->m, 0, OTHER);
    CHECK_OK(iommu_create(amdvi_model_platform(d->m), amdvi_model_ctx(d->m), &iommu, &d->iommu));
    len = amdvi_model_ivrs(d->m, table, sizeof(table));
    CHECK_OK(iommu_add_table(d->iommu, table, len));
    d->device = add(d, RID);
    d->other = add(d, OTHER);
    CHECK_OK(iommu_start(d->iommu));
    d->frame = amdvi_model_frames(d->m, 1, 4096, 0, IOMMU_ANY_PA);
    return d;
}

static void check_rules(struct machine *d)
{
    if (amdvi_model_violations(d->m) != 0)
        test_fail(__FILE__, __LINE__, "violations:\n%s", amdvi_model_violation_text(d->m));
    CHECK_EQ(amdvi_model_stats(d->m, 0).leaks, 0);
}

static void abandon(struct machine *d)
{
    amdvi_model_destroy(d->m);
    free(d);
}

static void finish(struct machine *d)
{
    check_rules(d);
    iommu_destroy(d->iommu);
    if (amdvi_model_violations(d->m) != 0)
        test_fail(__FILE__, __LINE__, "violations:\n%s", amdvi_model_violation_text(d->m));
    CHECK_EQ(amdvi_model_live_pages(d->m), 0);
    CHECK_EQ(amdvi_model_live_windows(d->m), 0);
    CHECK_EQ(amdvi_model_irq_depth(d->m), 0);
    abandon(d);
}

static struct iommu_domain *domain_of(struct machine *d)
{
    struct iommu_domain *domain;
    struct iommu_device *devices[] = { d->device, d->other };

    CHECK_OK(iommu_domain_create(d->iommu, &(struct iommu_domain_desc){
        .type = IOMMU_DOMAIN_UNMANAGED, .devices = devices, .device_count = 2 }, &domain));
    return domain;
}

static void map(struct iommu_domain *domain, uint64_t iova, uint64_t pa, unsigned prot)
{
    CHECK_OK(iommu_map(domain, &(struct iommu_mapping){ .iova = iova, .pa = pa, .len = 4096, .prot = prot }));
}

/* 0 when it was done, else the event's code. */
static unsigned dma(struct machine *d, uint16_t rid, uint64_t iova, uint32_t *value, bool write)
{
    enum amdvi_model_result result = amdvi_model_dma(d->m, 0, rid, iova, value, 4, write);

    return result == AMDVI_MODEL_DONE ? 0 : result == AMDVI_MODEL_FAULT ? amdvi_model_last_reason(d->m) : 0xff;
}

static void check_reads(struct machine *d, uint16_t rid, uint32_t expected)
{
    uint32_t value = 0;

    CHECK_EQ(dma(d, rid, IOVA, &value, false), 0);
    CHECK_EQ(value, expected);
}

static void check_blocked(struct machine *d, uint16_t rid)
{
    uint32_t value = 0;

    CHECK_EQ(dma(d, rid, IOVA, &value, false), 2);
    CHECK_EQ(dma(d, rid, IOVA, &value, true), 2);
}

/* A domain with a frame of its own at IOVA, which holds mark. */
static struct iommu_domain *marked(struct machine *d, uint32_t mark)
{
    struct iommu_domain *domain = domain_of(d);
    uint64_t pa = amdvi_model_frames(d->m, 1, 4096, 0, IOMMU_ANY_PA);

    memcpy(amdvi_model_ram(d->m, pa, 4), &mark, 4);
    map(domain, IOVA, pa, IOMMU_RW);
    return domain;
}

/* What a unit may be like; bits: NpCache, never snoops, reorders, no wide store; and one without INVALIDATE_IOMMU_ALL. */
#define VARIANTS 17u
static struct machine *variant(unsigned number, bool guest_tables)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct machine *d;

    if (number & 1)
        config.units[0].header |= BIT32(26);
    config.units[0].never_snoops = (number & 2) != 0;
    if (number & 16)
        config.units[0].efr &= ~BIT64(6);
    config.units[0].reorder_seed = number & 4 ? 99 : 0;
    d = started(&config, guest_tables);
    unit_of(d)->wide_store = !(number & 8);
    return d;
}

static void attach_move_detach(struct machine *d)
{
    struct iommu_domain *a = marked(d, 0xaaaa), *b = marked(d, 0xbbbb);

    check_blocked(d, RID);
    CHECK_OK(iommu_attach(a, d->device, IOMMU_NO_PASID));
    CHECK_STR(iommu_debug_device_state(d->device), "translated");
    check_reads(d, RID, 0xaaaa);
    CHECK_OK(iommu_attach(b, d->other, IOMMU_NO_PASID));
    check_reads(d, OTHER, 0xbbbb);
    CHECK_OK(iommu_attach(b, d->device, IOMMU_NO_PASID));
    check_reads(d, RID, 0xbbbb);
    CHECK_OK(iommu_domain_destroy(a));
    CHECK_OK(iommu_detach(d->device, IOMMU_NO_PASID));
    check_blocked(d, RID);
    check_reads(d, OTHER, 0xbbbb);
    CHECK_OK(iommu_detach(d->other, IOMMU_NO_PASID));
    check_blocked(d, OTHER);
    CHECK_OK(iommu_domain_destroy(b));
}

TEST(attach_move_and_detach_on_every_kind_of_unit)
{
    for (unsigned number = 0; number < VARIANTS; number++) {
        struct machine *d = variant(number, false);

        attach_move_detach(d);
        finish(d);
    }
}

TEST(attach_move_and_detach_with_guest_tables)
{
    for (unsigned number = 0; number < VARIANTS; number++) {
        struct machine *d = variant(number, true);

        CHECK(unit_of(d)->guest_tables);
        attach_move_detach(d);
        finish(d);
    }
}

static void map_use_unmap(struct machine *d, struct iommu_domain *domain, uint64_t iova)
{
    uint32_t value = 1;

    map(domain, iova, d->frame, IOMMU_RW);
    CHECK_EQ(dma(d, RID, iova, &value, true), 0);
    CHECK_OK(iommu_unmap(domain, iova, 4096, NULL));
    CHECK_EQ(dma(d, RID, iova, &value, true), 2);
}

/* IVMDs of one device share the page in which one ends and the other begins (AMD-Vi §5.2.2). */
TEST(regions_are_rounded_to_pages_and_join_their_rights)
{
    static const struct amdvi_model_ivmd read_only = { .type = 0x21, .flags = 3, .first = RID, .start = 0x17f800,
                                                       .end = 0x180800 };
    static const struct amdvi_model_ivmd both = { .type = 0x22, .flags = 7, .first = RID - 1, .last = RID + 1,
                                                  .start = 0x180800, .end = 0x181001 };

    for (unsigned order = 0; order < 2; order++) {
        struct amdvi_model_config config = amdvi_model_default();
        struct machine *d;
        uint32_t value = 0;

        config.ivmds[order] = read_only;
        config.ivmds[!order] = both;
        config.ivmd_count = 2;
        d = started(&config, false);
        CHECK_EQ(dma(d, RID, 0x17f000, &value, false), 0);
        CHECK_EQ(dma(d, RID, 0x17f000, &value, true), 2);
        CHECK_EQ(dma(d, RID, 0x180000, &value, true), 0);
        CHECK_EQ(dma(d, RID, 0x181ffc, &value, true), 0);
        CHECK_EQ(dma(d, RID, 0x182000, &value, false), 2);
        CHECK_EQ(dma(d, RID, 0x17effc, &value, false), 2);
        CHECK_EQ(dma(d, OTHER, 0x180000, &value, false), 2);
        finish(d);
    }
}

/* Commands complete in any order (AMD-Vi §2.4.9): what is dropped last must not be fetched through what is dropped next. */
TEST(freed_id_finds_nothing_of_its_last_domain)
{
    for (uint32_t seed = 1; seed <= 40; seed++) {
        struct amdvi_model_config config = amdvi_model_default();
        struct iommu_domain *one, *two;
        struct machine *d;
        uint32_t value;

        config.units[0].reorder_seed = seed;
        d = started(&config, false);
        one = marked(d, 0xaaaa);
        two = domain_of(d);
        CHECK_OK(iommu_attach(one, d->device, IOMMU_NO_PASID));
        check_reads(d, RID, 0xaaaa);
        CHECK_OK(iommu_detach(d->device, IOMMU_NO_PASID));
        unit_of(d)->base.domain_id_next = 1; /* as after all the others had been given out */
        CHECK_OK(iommu_attach(two, d->device, IOMMU_NO_PASID));
        CHECK_EQ(dma(d, RID, IOVA, &value, true), 2);
        CHECK_OK(iommu_detach(d->device, IOMMU_NO_PASID));
        CHECK_OK(iommu_domain_destroy(one));
        CHECK_OK(iommu_domain_destroy(two));
        finish(d);
    }
}

TEST(unmapped_is_gone_round_the_ring_many_times)
{
    for (unsigned number = 0; number < 16; number += 7) {
        struct machine *d = variant(number, false);
        struct iommu_domain *domain = domain_of(d);

        CHECK_OK(iommu_attach(domain, d->device, IOMMU_NO_PASID));
        for (unsigned i = 0; i < 900; i++) {
            map_use_unmap(d, domain, IOVA + i % 64 * 4096ull);
            amdvi_read_faults(&unit_of(d)->base);
        }
        CHECK(unit_of(d)->queue.tail > 3 * AMDVI_COMMAND_SLOTS);
        CHECK_OK(iommu_detach(d->device, IOMMU_NO_PASID));
        CHECK_OK(iommu_domain_destroy(domain));
        finish(d);
    }
}

TEST(strict_unmap_is_two_commands_and_one_doorbell)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct machine *d = started(&config, false);
    struct iommu_domain *domain = domain_of(d);
    struct amdvi_model_stats before, after;

    CHECK_OK(iommu_attach(domain, d->device, IOMMU_NO_PASID));
    before = amdvi_model_stats(d->m, 0);
    map_use_unmap(d, domain, IOVA);
    after = amdvi_model_stats(d->m, 0);
    CHECK_EQ(after.doorbells - before.doorbells, 1);
    CHECK_EQ(after.pages - before.pages, 1);
    CHECK_EQ(after.waits - before.waits, 1);
    CHECK_EQ(after.commands - before.commands, 2);
    CHECK_OK(iommu_detach(d->device, IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
    finish(d);
}

/* ---- refusals and time-outs ---- */

TEST(illegal_command_is_reported_and_the_ring_goes_on)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct machine *d = started(&config, false);
    struct iommu_domain *domain = domain_of(d);

    CHECK_OK(iommu_attach(domain, d->device, IOMMU_NO_PASID));
    for (unsigned i = 0; i < 200; i++) {
        CHECK_EQ(iommu_debug_queue_submit(d->iommu, 0, 0xf000000000000000, 0), IOMMU_ERR_QUEUE);
        CHECK_EQ(iommu_debug_queue_submit(d->iommu, 0, 0x2000000000010000, 0), IOMMU_ERR_QUEUE); /* reserved bit */
        CHECK_OK(iommu_debug_queue_submit(d->iommu, 0, 0x2000000000000000 | RID, 0));
        map_use_unmap(d, domain, IOVA);
        amdvi_read_faults(&unit_of(d)->base);
    }
    CHECK(strstr(amdvi_model_log(d->m), "command ring stopped") != NULL);
    CHECK_OK(iommu_detach(d->device, IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
    finish(d);
}

TEST(wait_that_never_completes_fences_the_unit)
{
    static const uint64_t hangs[] = { AMDVI_MODEL_HANG_WAIT, AMDVI_MODEL_HANG_STORE };

    for (unsigned i = 0; i < 2; i++) {
        struct amdvi_model_config config = amdvi_model_default();
        struct machine *d = started(&config, false);
        struct iommu_domain *domain = domain_of(d);
        uint64_t before = amdvi_model_now(d->m);

        CHECK_OK(iommu_attach(domain, d->device, IOMMU_NO_PASID));
        map(domain, IOVA, d->frame, IOMMU_RW);
        amdvi_model_hang(d->m, 0, hangs[i]);
        CHECK_EQ(iommu_unmap(domain, IOVA, 4096, NULL), IOMMU_ERR_TIMEOUT);
        CHECK(amdvi_model_now(d->m) - before < 3000000);
        CHECK(!amdvi_model_bus_master_is_on(d->m, 0, RID));
        CHECK_EQ(iommu_debug_flush_all(d->iommu, 0), IOMMU_ERR_FENCED);
        CHECK_EQ(iommu_attach(domain, d->other, IOMMU_NO_PASID), IOMMU_ERR_FENCED);
        check_rules(d);
        abandon(d);
    }
}

/* ---- several callers ---- */

struct worker {
    struct machine *d;
    struct iommu_domain *domain;
    uint64_t iova;
    unsigned failures;
};

static void *work(void *arg)
{
    struct worker *w = arg;

    for (unsigned i = 0; i < ROUNDS; i++) {
        const struct iommu_mapping m = { .iova = w->iova, .pa = w->d->frame, .len = 4096, .prot = IOMMU_RW };
        uint32_t value = 0;

        w->failures += iommu_map(w->domain, &m) != IOMMU_OK;
        w->failures += dma(w->d, RID, w->iova, &value, false) != 0;
        w->failures += iommu_unmap(w->domain, w->iova, 4096, NULL) != IOMMU_OK;
        w->failures += amdvi_model_dma(w->d->m, 0, RID, w->iova, &value, 4, false) != AMDVI_MODEL_FAULT;
    }
    return NULL;
}

static void *refuse(void *arg)
{
    struct worker *w = arg;

    for (unsigned i = 0; i < ROUNDS / 10; i++)
        w->failures += iommu_debug_queue_submit(w->d->iommu, 0, 0xf000000000000000, 0) != IOMMU_ERR_QUEUE;
    return NULL;
}

/* Beside one that sends illegal commands: every flush is confirmed all the same. */
TEST(many_callers_and_one_that_breaks_rules)
{
    for (unsigned broken = 0; broken < 2; broken++) {
        struct machine *d = variant(4, false);
        struct iommu_domain *domain = domain_of(d);
        struct worker workers[THREADS + 1];
        pthread_t threads[THREADS + 1];

        CHECK_OK(iommu_attach(domain, d->device, IOMMU_NO_PASID));
        for (unsigned i = 0; i < THREADS + broken; i++) {
            workers[i] = (struct worker){ .d = d, .domain = domain, .iova = IOVA + i * 0x200000ull };
            CHECK_EQ(pthread_create(&threads[i], NULL, i == THREADS ? refuse : work, &workers[i]), 0);
        }
        for (unsigned i = 0; i < THREADS + broken; i++)
            CHECK_EQ(pthread_join(threads[i], NULL), 0);
        for (unsigned i = 0; i < THREADS + broken; i++)
            CHECK_EQ(workers[i].failures, 0);
        CHECK_OK(iommu_detach(d->device, IOMMU_NO_PASID));
        CHECK_OK(iommu_domain_destroy(domain));
        finish(d);
    }
}

/* ---- entries while they change ---- */

static uint64_t allowed[3][2];

/* Any of three lower halves: blocked, and two translated ones; nothing of the upper half but settings. */
static bool is_whole(void *ctx, uint16_t rid, const uint64_t entry[4])
{
    (void)ctx;
    (void)rid;
    for (unsigned i = 0; i < 3; i++)
        if (entry[0] == allowed[i][0] && (entry[1] == allowed[i][1] || entry[0] == 1))
            return entry[3] == 0;
    return false;
}

static void note_entry(struct machine *d, uint64_t half[2])
{
    uint64_t entry[4];

    CHECK(amdvi_model_fetch_entry(d->m, 0, RID, entry));
    memcpy(half, entry, 16);
}

TEST(no_half_of_an_entry_is_fetched_while_a_device_moves)
{
    for (unsigned number = 0; number < 16; number += 8) {
        struct machine *d = variant(number, false);
        struct iommu_domain *a = marked(d, 0xaaaa), *b = marked(d, 0xbbbb);

        CHECK_OK(iommu_attach(a, d->other, IOMMU_NO_PASID)); /* both keep their ids */
        CHECK_OK(iommu_attach(a, d->device, IOMMU_NO_PASID));
        note_entry(d, allowed[0]);
        CHECK_OK(iommu_attach(b, d->device, IOMMU_NO_PASID));
        note_entry(d, allowed[1]);
        CHECK_OK(iommu_attach(b, d->other, IOMMU_NO_PASID));
        CHECK_OK(iommu_attach(a, d->device, IOMMU_NO_PASID));
        note_entry(d, allowed[0]);
        memcpy(allowed[2], allowed[0], 16);
        if (number & 8)
            allowed[2][0] = 1;
        amdvi_model_watch_entry(d->m, 0, RID, is_whole, NULL);
        amdvi_model_checker_start(d->m);
        CHECK_OK(iommu_attach(b, d->device, IOMMU_NO_PASID));
        amdvi_model_checker_stop(d->m);
        amdvi_model_watch_entry(d->m, 0, RID, NULL, NULL);
        CHECK_OK(iommu_detach(d->device, IOMMU_NO_PASID));
        CHECK_OK(iommu_detach(d->other, IOMMU_NO_PASID));
        CHECK_OK(iommu_domain_destroy(a));
        CHECK_OK(iommu_domain_destroy(b));
        finish(d);
    }
}

/* ---- events ---- */

static const struct iommu_fault *last_fault(struct machine *d)
{
    amdvi_read_faults(&unit_of(d)->base);
    CHECK(d->fault_count != 0);
    return &d->faults[(d->fault_count - 1) % FAULTS];
}

TEST(fault_says_who_what_where_and_why)
{
    for (unsigned late = 0; late < 2; late++) {
        struct amdvi_model_config config = amdvi_model_default();
        const struct iommu_fault *f;
        struct iommu_domain *domain;
        struct machine *d;
        uint32_t value = 0;

        config.units[0].late_events = late;
        d = started(&config, false);
        domain = domain_of(d);
        CHECK_OK(iommu_attach(domain, d->device, IOMMU_NO_PASID));
        map(domain, IOVA, d->frame, IOMMU_READ);
        CHECK_EQ(dma(d, RID, IOVA + 0x123, &value, true), 2);
        amdvi_model_advance(d->m, 100);
        f = last_fault(d);
        CHECK_EQ(f->kind, IOMMU_FAULT_DMA);
        CHECK_EQ(f->rid, RID);
        CHECK_EQ(f->iova, IOVA);
        CHECK_EQ(f->access, IOMMU_ACCESS_WRITE);
        CHECK_EQ(f->cause, IOMMU_CAUSE_NOT_WRITABLE);
        CHECK_EQ(f->walk_level, 0);
        CHECK_EQ(f->domain_id, iommu_device_domain_id(d->device));
        CHECK(f->device == d->device);
        CHECK_EQ(dma(d, RID, 0x7000, &value, false), 2);
        amdvi_model_advance(d->m, 100);
        f = last_fault(d);
        CHECK_EQ(f->access, IOMMU_ACCESS_READ);
        CHECK_EQ(f->cause, IOMMU_CAUSE_NOT_READABLE);
        CHECK_EQ(dma(d, OTHER, 0x7000, &value, true), 2);
        amdvi_model_advance(d->m, 100);
        f = last_fault(d);
        CHECK_EQ(f->rid, OTHER);
        CHECK_EQ(f->cause, IOMMU_CAUSE_BLOCKED);
        CHECK_EQ(f->walk_level, IOMMU_LEVEL_NONE);
        CHECK_OK(iommu_detach(d->device, IOMMU_NO_PASID));
        CHECK_OK(iommu_domain_destroy(domain));
        finish(d);
    }
}

TEST(overflow_is_reported_and_recording_goes_on)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct machine *d;
    uint32_t value = 0;
    size_t overflows = 0;

    config.fault_interrupts = false;
    d = started(&config, false);
    for (unsigned i = 0; i < 600; i++)
        CHECK_EQ(dma(d, RID, 0x10000 + i * 0x1000ull, &value, false), 2);
    amdvi_model_advance(d->m, 100);
    CHECK_EQ(iommu_poll_faults(d->iommu), 511);
    for (size_t i = 0; i < d->fault_count; i++)
        overflows += d->faults[i].kind == IOMMU_FAULT_OVERFLOW;
    CHECK_EQ(overflows, 1);
    CHECK_EQ(d->faults[510].iova, 0x10000 + 510 * 0x1000);
    CHECK_EQ(dma(d, RID, 0x5000, &value, false), 2);
    amdvi_model_advance(d->m, 100);
    CHECK_EQ(iommu_poll_faults(d->iommu), 1);
    CHECK_EQ(last_fault(d)->iova, 0x5000);
    finish(d);
}

static void on_msi(void *ctx, unsigned unit, uint64_t address, uint32_t data)
{
    struct machine *d = ctx;

    (void)address;
    (void)data;
    iommu_unit_interrupt(d->iommu, unit);
}

TEST(every_fault_arrives_by_interrupt)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct machine *d = started(&config, false);
    uint32_t value = 0;

    amdvi_model_on_msi(d->m, on_msi, d);
    for (unsigned i = 0; i < 1500; i++) {
        CHECK_EQ(dma(d, RID, 0x10000 + i * 0x1000ull, &value, false), 2);
        amdvi_model_advance(d->m, 100);
        CHECK_EQ(d->fault_count, i + 1);
    }
    CHECK_OK(iommu_debug_queue_submit(d->iommu, 0, 0x1000000000000002, 0)); /* COMPLETION_WAIT with I */
    amdvi_model_advance(d->m, 100);
    CHECK_EQ(unit_of(d)->queue.completion_interrupts, 1);
    finish(d);
}
