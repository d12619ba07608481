/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A domain whose root grows while devices use it (AMD-Vi §2.2.3), on the
 * AMD-Vi model: domain.c and attach.c where both meet. The trees alone are in
 * test_pt_grow.c, entries alone in test_amdvi_device.c.
 */
#include "test.h"

#include <pthread.h>

#include "amd/amdvi.h"
#include "amdvi_model.h"
#include "iommu/debug.h"
#include "iommu/iommu.h"

#define RID 0x0010
#define OTHER 0x0018
#define ALIAS 0x0041
#define PAGE 4096u
#define LOW 0x40201000ull
#define LOW_VALUE 0x11111111u
#define HIGH_VALUE 0x22222222u
#define HIGH_4 (1ull << 40)         /* the first of four levels is 1 << 39, */
#define HIGH_5 (1ull << 50)         /* of five 1 << 48, */
#define HIGH_6 (1ull << 60)         /* and of six 1 << 57 */

static struct {
    struct amdvi_model *m;
    struct iommu_platform below;
    struct iommu *iommu;
    struct iommu_device *devices[2];
    unsigned units[2];              /* of the devices */
    struct iommu_domain *domain;
    uint64_t low_pa, high_pa;
    /* what the devices do at every store that hardware can see */
    void (*at_store)(void);
    uint64_t high;                  /* where they look for what is being mapped */
    unsigned probes, refused, wrong, early, reached;
} t;

static void put_word(uint64_t pa, uint32_t value)
{
    memcpy(amdvi_model_ram(t.m, pa, sizeof(value)), &value, sizeof(value));
}

static uint16_t rid_of(unsigned device)
{
    return device == 0 ? RID : OTHER;
}

static enum amdvi_model_result read_word(unsigned device, uint16_t rid, uint64_t iova,
                                         uint32_t *value)
{
    return amdvi_model_dma(t.m, t.units[device], rid, iova, value, sizeof(*value), false);
}

static bool reads(unsigned device, uint64_t iova, uint32_t wanted)
{
    uint32_t value = 0;

    return read_word(device, rid_of(device), iova, &value) == AMDVI_MODEL_DONE && value == wanted;
}

static bool refuses(unsigned device, uint64_t iova)
{
    uint32_t value = 0;

    return read_word(device, rid_of(device), iova, &value) != AMDVI_MODEL_DONE;
}

/* ---- the platform, with a device at work between any two steps ---- */

static void step(void)
{
    if (t.at_store != NULL)
        t.at_store();
}

static void barrier(void *ctx)
{
    step();
    t.below.dma_write_barrier(ctx);
    step();
}

static void flush(void *ctx, const void *at, size_t len)
{
    step();
    t.below.dma_flush(ctx, at, len);
    step();
}

static void write64(void *ctx, volatile void *at, uint64_t value)
{
    step();
    t.below.mmio_write64(ctx, at, value);
    step();
}

static uint64_t now(void *ctx)
{
    step();
    return t.below.now_us(ctx);
}

static struct iommu_device *add(uint16_t rid)
{
    struct iommu_device *device;

    CHECK_OK(iommu_add_device(t.iommu, &(struct iommu_device_desc){
        .rids = { rid }, .rid_count = 1 }, &device));
    return device;
}

/* As wide as tables can be. */
static struct amdvi_model_config widest(void)
{
    struct amdvi_model_config config = amdvi_model_default();

    config.ivinfo = (config.ivinfo & ~(0x7fu << 15)) | 64u << 15; /* VASize */
    config.units[0].delay = 1;
    return config;
}

static void begin(const struct amdvi_model_config *config)
{
    struct iommu_platform *platform;
    uint8_t table[4096];

    memset(&t, 0, sizeof(t));
    t.m = amdvi_model_create(config);
    platform = amdvi_model_platform_edit(t.m);
    t.below = *platform;
    platform->dma_write_barrier = barrier;
    platform->dma_flush = flush;
    platform->mmio_write64 = write64;
    platform->now_us = now;
    for (unsigned i = 0; i < 2; i++)
        amdvi_model_function(t.m, 0, rid_of(i));
    CHECK_OK(iommu_create(platform, amdvi_model_ctx(t.m), &(struct iommu_config){
        .storm_threshold = UINT32_MAX }, &t.iommu));
    CHECK_OK(iommu_add_table(t.iommu, table, amdvi_model_ivrs(t.m, table, sizeof(table))));
}

static enum iommu_status map_at(uint64_t iova, uint64_t pa)
{
    return iommu_map(t.domain, &(struct iommu_mapping){
        .iova = iova, .pa = pa, .len = PAGE, .prot = IOMMU_RW });
}

static void attach(unsigned device)
{
    CHECK_OK(iommu_attach(t.domain, t.devices[device], IOMMU_NO_PASID));
}

/* Two devices in one domain, which maps LOW. */
static void both_in_one_domain(void)
{
    t.devices[0] = add(RID);
    t.devices[1] = add(OTHER);
    for (unsigned i = 0; i < 2; i++)
        t.units[i] = (unsigned)iommu_device_unit(t.devices[i]);
    CHECK_OK(iommu_start(t.iommu));
    t.low_pa = amdvi_model_frames(t.m, 1, PAGE, 0, IOMMU_ANY_PA);
    t.high_pa = amdvi_model_frames(t.m, 1, PAGE, 0, IOMMU_ANY_PA);
    put_word(t.low_pa, LOW_VALUE);
    put_word(t.high_pa, HIGH_VALUE);
    CHECK_OK(iommu_domain_create(t.iommu, &(struct iommu_domain_desc){
        .type = IOMMU_DOMAIN_UNMANAGED, .devices = t.devices, .device_count = 2 }, &t.domain));
    CHECK_OK(map_at(LOW, t.low_pa));
    attach(0);
    attach(1);
    CHECK(reads(0, LOW, LOW_VALUE) && reads(1, LOW, LOW_VALUE));
}

static void end(void)
{
    iommu_destroy(t.iommu);
    CHECK_STR(amdvi_model_violation_text(t.m), "");
    CHECK_EQ(amdvi_model_live_pages(t.m), 0);
    CHECK_EQ(amdvi_model_irq_depth(t.m), 0);
    amdvi_model_destroy(t.m);
}

static void detach_both_and_end(void)
{
    for (unsigned i = 0; i < 2; i++)
        CHECK_OK(iommu_detach(t.devices[i], IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(t.domain));
    end();
}

static unsigned levels(void)
{
    struct iommu_domain_info info;

    iommu_domain_info(t.domain, &info);
    return info.levels;
}

/* ---- DMA goes on ---- */

/*
 * What is mapped stays reachable for both; what is being mapped is so for both
 * or for none, and leads nowhere else.
 */
static void probe(void)
{
    uint32_t value[2] = { 0, 0 };
    unsigned done = 0;

    t.at_store = NULL;
    t.probes++;
    for (unsigned i = 0; i < 2; i++)
        t.refused += !reads(i, LOW, LOW_VALUE);
    for (unsigned i = 0; i < 2; i++) {
        bool now_done = read_word(i, rid_of(i), t.high, &value[i]) == AMDVI_MODEL_DONE;

        done += now_done;
        t.wrong += now_done && value[i] != HIGH_VALUE;
    }
    t.early += done == 1;
    t.reached += done == 2;
    t.at_store = probe;
}

static void grow_under_dma(uint64_t iova, unsigned wanted)
{
    t.high = iova;
    t.probes = 0;
    t.at_store = probe;
    CHECK_OK(map_at(iova, t.high_pa));
    t.at_store = NULL;
    CHECK(t.probes >= 4);
    CHECK_EQ(t.wrong, 0);
    CHECK_EQ(t.early, 0);
    CHECK_EQ(levels(), wanted);
    for (unsigned i = 0; i < 2; i++) {
        CHECK(reads(i, iova, HIGH_VALUE));
        CHECK(reads(i, LOW, LOW_VALUE));
        CHECK(refuses(i, iova + PAGE));
    }
}

static void all_heights(const struct amdvi_model_config *config, bool wide)
{
    begin(config);
    amdvi_unit_of(t.iommu->units[0])->wide_store = wide;
    both_in_one_domain();
    CHECK_EQ(levels(), 3);
    grow_under_dma(HIGH_4, 4);
    grow_under_dma(HIGH_5, 5);
    grow_under_dma(HIGH_6, 6);
    /* Blocked for a moment only where no store is as wide as half an entry. */
    CHECK_EQ(t.refused != 0, !wide);
    for (unsigned i = 0; i < 3; i++) {
        uint64_t iova = (const uint64_t[]){ HIGH_4, HIGH_5, HIGH_6 }[i];

        CHECK_OK(iommu_unmap(t.domain, iova, PAGE, NULL));
        CHECK(refuses(0, iova) && refuses(1, iova));
    }
    detach_both_and_end();
}

TEST(dma_goes_on_while_the_root_grows)
{
    struct amdvi_model_config config = widest();

    all_heights(&config, true);
    config.units[0].never_snoops = true;
    all_heights(&config, true);
    config.units[0].header |= ASPEC_CAPH_NP_CACHE;
    all_heights(&config, true);
}

TEST(growing_without_the_wide_store_blocks_for_a_moment)
{
    struct amdvi_model_config config = widest();

    all_heights(&config, false);
}

TEST(root_of_six_levels_at_once)
{
    struct amdvi_model_config config = widest();

    begin(&config);
    both_in_one_domain();
    grow_under_dma(HIGH_6, 6);
    CHECK_EQ(t.refused, 0);
    grow_under_dma(HIGH_4, 6);
    CHECK_EQ(t.refused, 0);
    detach_both_and_end();
}

/* The last byte of the range decides, and at the width of the unit it ends. */
TEST(range_across_the_end_of_the_root_makes_it_grow)
{
    struct amdvi_model_config config = amdvi_model_default(); /* 48 bits */
    const uint64_t border = 1ull << 39;
    uint64_t pa;

    begin(&config);
    both_in_one_domain();
    pa = amdvi_model_frames(t.m, 2, 2 * PAGE, 0, IOMMU_ANY_PA);
    put_word(pa, LOW_VALUE);
    put_word(pa + PAGE, HIGH_VALUE);
    CHECK_OK(map_at(border - 2 * PAGE, t.low_pa));
    CHECK_EQ(levels(), 3);
    CHECK_OK(iommu_map(t.domain, &(struct iommu_mapping){
        .iova = border - PAGE, .pa = pa, .len = 2 * PAGE, .prot = IOMMU_RW }));
    CHECK_EQ(levels(), 4);
    for (unsigned i = 0; i < 2; i++)
        CHECK(reads(i, border - PAGE, LOW_VALUE) && reads(i, border, HIGH_VALUE));
    CHECK_EQ(map_at(1ull << 48, t.high_pa), IOMMU_ERR_RANGE);
    CHECK_OK(map_at((1ull << 48) - PAGE, t.high_pa));
    CHECK_EQ(levels(), 4);
    detach_both_and_end();
}

/* Once: entries are not touched again for what the root reaches. */
TEST(reach_is_remembered)
{
    struct amdvi_model_config config = widest();
    uint64_t before;

    begin(&config);
    both_in_one_domain();
    before = amdvi_model_stats(t.m, 0).devtab;
    CHECK_OK(map_at(HIGH_4, t.high_pa));
    CHECK_EQ(amdvi_model_stats(t.m, 0).devtab, before + 2);
    CHECK_OK(map_at(HIGH_4 + PAGE, t.high_pa));
    CHECK_OK(map_at((1ull << 48) - PAGE, t.high_pa));
    CHECK_EQ(amdvi_model_stats(t.m, 0).devtab, before + 2);
    CHECK_OK(map_at(1ull << 48, t.high_pa));
    CHECK_EQ(amdvi_model_stats(t.m, 0).devtab, before + 4);
    detach_both_and_end();
}

/* ---- failures ---- */

TEST(growth_without_memory_at_any_step_changes_nothing_below)
{
    struct amdvi_model_config config = widest();
    enum iommu_status status = IOMMU_ERR_NOMEM;
    unsigned n;

    for (n = 1; status == IOMMU_ERR_NOMEM; n++) {
        begin(&config);
        both_in_one_domain();
        t.high = HIGH_5;
        t.at_store = probe;
        amdvi_model_fail_alloc(t.m, n);
        status = map_at(HIGH_5, t.high_pa);
        amdvi_model_fail_alloc(t.m, 0);
        t.at_store = NULL;
        CHECK_EQ(t.refused, 0);
        CHECK(reads(0, LOW, LOW_VALUE) && reads(1, LOW, LOW_VALUE));
        CHECK(status == IOMMU_OK || (refuses(0, HIGH_5) && refuses(1, HIGH_5)));
        CHECK_EQ(levels(), n == 1 ? 3 : 5);
        if (status != IOMMU_OK)
            CHECK_OK(map_at(HIGH_5, t.high_pa));
        CHECK(reads(0, HIGH_5, HIGH_VALUE) && reads(1, HIGH_5, HIGH_VALUE));
        detach_both_and_end();
    }
    CHECK_EQ(n, 7); /* a root, four tables below it, and the one that succeeds */
}

/* Two units, a device of the domain on each; one stops answering while the root grows. */
static void one_unit_fenced(unsigned failed)
{
    struct amdvi_model_config config = widest();
    unsigned good = 1 - failed;
    uint64_t pa;

    config.units[0].entries[0] = (struct amdvi_model_entry){ .type = 2, .id = RID }; /* select */
    config.units[0].entry_count = 1;
    config.units[1] = amdvi_model_default_unit(1, false);
    config.units[1].entries[0] = (struct amdvi_model_entry){ .type = 2, .id = OTHER };
    config.units[1].entry_count = 1;
    config.units[1].delay = 1;
    config.unit_count = 2;
    begin(&config);
    both_in_one_domain();
    CHECK_EQ(t.units[1], 1);
    amdvi_model_hang(t.m, failed, AMDVI_MODEL_HANG_WAIT);
    CHECK_EQ(map_at(HIGH_4, t.high_pa), IOMMU_ERR_TIMEOUT);
    CHECK(iommu_unit_fenced(t.iommu->units[failed]));
    CHECK(!iommu_unit_fenced(t.iommu->units[good]));
    CHECK_EQ(t.devices[failed]->entry.kind, IOMMU_ENTRY_UNKNOWN);
    /* Mapped for nobody, as it is not mapped for all; and so it stays. */
    for (unsigned again = 0; again < 2; again++) {
        CHECK_EQ(iommu_lookup(t.domain, HIGH_4, &pa), IOMMU_ERR_NOT_FOUND);
        CHECK(refuses(0, HIGH_4) && refuses(1, HIGH_4));
        CHECK(reads(good, LOW, LOW_VALUE));
        CHECK(refuses(failed, LOW));
        CHECK_EQ(levels(), 3);
        CHECK_EQ(map_at(HIGH_4, t.high_pa), IOMMU_ERR_FENCED);
    }
    /* What the old root reaches is mapped as before; a device that comes gets the old root. */
    CHECK_OK(map_at(LOW + PAGE, t.high_pa));
    CHECK(reads(good, LOW + PAGE, HIGH_VALUE));
    CHECK_OK(iommu_detach(t.devices[good], IOMMU_NO_PASID));
    attach(good);
    CHECK(reads(good, LOW + PAGE, HIGH_VALUE));
    CHECK_STR(amdvi_model_violation_text(t.m), "");
    amdvi_model_destroy(t.m);
}

TEST(unit_that_fails_meanwhile_keeps_the_rest_of_the_tree)
{
    one_unit_fenced(0);
    one_unit_fenced(1);
}

/* ---- devices that do not walk now ---- */

TEST(fenced_device_gets_the_new_root_when_it_is_unfenced)
{
    struct amdvi_model_config config = widest();

    begin(&config);
    both_in_one_domain();
    CHECK_OK(iommu_unit_set_storm(t.iommu, 0, 4, 0));
    for (unsigned i = 0; i < 8; i++)
        CHECK(refuses(1, LOW + PAGE));
    iommu_poll_faults(t.iommu);
    CHECK(iommu_device_fenced(t.devices[1]));
    amdvi_model_bus_master(t.m, 0, OTHER, true); /* its entry alone holds it */
    CHECK_OK(map_at(HIGH_4, t.high_pa));
    CHECK(reads(0, HIGH_4, HIGH_VALUE));
    CHECK(refuses(1, HIGH_4) && refuses(1, LOW));
    CHECK_OK(iommu_unit_set_storm(t.iommu, 0, UINT32_MAX, 0));
    CHECK_OK(iommu_device_unfence(t.devices[1]));
    CHECK(reads(1, HIGH_4, HIGH_VALUE) && reads(1, LOW, LOW_VALUE));
    detach_both_and_end();
}

TEST(devices_of_other_domains_are_left_alone)
{
    struct amdvi_model_config config = widest();
    struct iommu_domain *grown, *own;

    begin(&config);
    both_in_one_domain();
    grown = t.domain;
    CHECK_OK(iommu_detach(t.devices[1], IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_create(t.iommu, &(struct iommu_domain_desc){
        .type = IOMMU_DOMAIN_UNMANAGED, .devices = &t.devices[1], .device_count = 1 }, &own));
    t.domain = own;
    CHECK_OK(map_at(LOW + PAGE, t.low_pa));
    attach(1);
    t.domain = grown;
    CHECK_OK(map_at(HIGH_4, t.high_pa));
    CHECK(reads(0, HIGH_4, HIGH_VALUE) && refuses(0, LOW + PAGE));
    CHECK(reads(1, LOW + PAGE, LOW_VALUE) && refuses(1, HIGH_4) && refuses(1, LOW));
    CHECK_OK(iommu_detach(t.devices[1], IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(own));
    attach(1);
    CHECK(reads(1, HIGH_4, HIGH_VALUE));
    detach_both_and_end();
}

/* A domain that only reserved regions use, and an alias that the embedder brings later. */
TEST(reserved_domain_grows_under_its_device)
{
    struct amdvi_model_config config = widest();
    struct iommu_device *device;
    uint32_t value = 0;

    config.ivmds[0] = (struct amdvi_model_ivmd){
        .type = 0x21, .flags = 7, .first = RID, .start = 0x200000, .end = 0x201000 };
    config.ivmd_count = 1;
    begin(&config);
    CHECK_OK(iommu_start(t.iommu));
    put_word(0x200000, LOW_VALUE);
    t.high_pa = amdvi_model_frames(t.m, 1, PAGE, 0, 0x200000);
    put_word(t.high_pa, HIGH_VALUE);
    device = iommu_find_device(t.iommu, 0, RID);
    CHECK(device != NULL && device->reserved_domain != NULL);
    CHECK(reads(0, 0x200000, LOW_VALUE));
    CHECK_OK(iommu_domain_map(device->reserved_domain, &(struct iommu_mapping){
        .iova = HIGH_4, .pa = t.high_pa, .len = PAGE, .prot = IOMMU_READ }));
    CHECK(reads(0, 0x200000, LOW_VALUE) && reads(0, HIGH_4, HIGH_VALUE));
    CHECK_OK(iommu_domain_map(device->reserved_domain, &(struct iommu_mapping){
        .iova = HIGH_4 + PAGE, .pa = t.high_pa, .len = PAGE, .prot = IOMMU_READ }));
    CHECK_OK(iommu_add_device(t.iommu, &(struct iommu_device_desc){
        .rids = { RID, ALIAS }, .rid_count = 2 }, &device));
    CHECK(iommu_find_device(t.iommu, 0, ALIAS) == device);
    /* No translation of that page is cached. */
    CHECK_EQ(read_word(0, ALIAS, HIGH_4 + PAGE, &value), AMDVI_MODEL_DONE);
    CHECK_EQ(value, HIGH_VALUE);
    CHECK_EQ(read_word(0, ALIAS, 0x200000, &value), AMDVI_MODEL_DONE);
    end();
}

/* ---- several CPUs ---- */

#define ROUNDS 30

struct mapper {
    pthread_barrier_t *start;
    uint64_t iova;
    enum iommu_status status;
};

static void *map_high(void *arg)
{
    struct mapper *mapper = arg;

    pthread_barrier_wait(mapper->start);
    mapper->status = map_at(mapper->iova, t.high_pa);
    return NULL;
}

struct worker {
    bool done;
    unsigned reads, refused;
};

/* A device, and the handler of its faults, which looks into the tables too. */
static void *work(void *arg)
{
    struct worker *w = arg;

    while (!__atomic_load_n(&w->done, __ATOMIC_ACQUIRE)) {
        w->refused += !reads(0, LOW, LOW_VALUE);
        (void)refuses(1, HIGH_5 + PAGE);
        iommu_poll_faults(t.iommu);
        __atomic_fetch_add(&w->reads, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void two_mappers(uint64_t first, uint64_t second, unsigned wanted)
{
    struct amdvi_model_config config = widest();
    pthread_barrier_t start;
    struct mapper mappers[2] = { { &start, first, IOMMU_ERR_INVALID },
                                 { &start, second, IOMMU_ERR_INVALID } };
    struct worker worker = { .done = false };
    pthread_t threads[3];

    begin(&config);
    both_in_one_domain();
    CHECK_EQ(pthread_barrier_init(&start, NULL, 2), 0);
    CHECK_EQ(pthread_create(&threads[2], NULL, work, &worker), 0);
    while (__atomic_load_n(&worker.reads, __ATOMIC_RELAXED) == 0)
        ;
    for (unsigned i = 0; i < 2; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, map_high, &mappers[i]), 0);
    for (unsigned i = 0; i < 2; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    __atomic_store_n(&worker.done, true, __ATOMIC_RELEASE);
    CHECK_EQ(pthread_join(threads[2], NULL), 0);
    pthread_barrier_destroy(&start);
    CHECK_EQ(worker.refused, 0);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_OK(mappers[i].status);
        CHECK(reads(0, mappers[i].iova, HIGH_VALUE) && reads(1, mappers[i].iova, HIGH_VALUE));
    }
    CHECK_EQ(levels(), wanted);
    CHECK_OK(iommu_unmap(t.domain, first, PAGE, NULL));
    CHECK_OK(iommu_unmap(t.domain, second, PAGE, NULL));
    CHECK_OK(iommu_domain_trim(t.domain));
    detach_both_and_end();
}

TEST(two_cpus_make_the_root_grow_at_once)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        two_mappers(HIGH_4, HIGH_4 + PAGE, 4);
        two_mappers(HIGH_4, HIGH_6, 6);
        two_mappers(HIGH_5, 3ull << 50, 5);
    }
}
