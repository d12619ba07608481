/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * amd/amdvi_takeover.c on the model: units that are found with translation on,
 * whose old table is reported, whose old domains stay apart from ours for as
 * long as they may be cached, and whose IVMD regions are reachable throughout.
 */
#include "test.h"

#include "amd/amdvi.h"
#include "amdvi_model.h"

#define DEVICE 0x0010
#define OTHER 0x0018
#define OLD 0x100000ull         /* RAM that firmware's tables map for everybody */
#define REGION 0x280000ull      /* RAM of OTHER's IVMD, which they do not map */
#define SHARED 0x180000ull      /* RAM of OTHER's IVMD, which they do */
#define FORWARD 0x10            /* IVHD setting: SysMgt = 1 */

static struct {
    struct amdvi_model *m;
    struct iommu_platform below;
    struct iommu *iommu;
    const uint8_t *window;      /* of the unit's registers */
    void (*probe)(void);
    bool given;                 /* the unit has a table of ours */
    unsigned probes, hits;
    struct iommu_device *device, *other;
} t;

/* ---- the machine ---- */

static void *map(void *ctx, uint64_t pa, size_t len)
{
    void *window = t.below.mmio_map(ctx, pa, len);

    t.window = window;
    return window;
}

static void look(void)
{
    if (t.probe == NULL || !t.given)
        return;
    t.probes++;
    t.probe();
}

static void write32(void *ctx, volatile void *at, uint32_t value)
{
    t.below.mmio_write32(ctx, at, value);
    look();
}

static void write64(void *ctx, volatile void *at, uint64_t value)
{
    t.below.mmio_write64(ctx, at, value);
    t.given |= (const volatile uint8_t *)at == t.window;
    look();
}

static void machine(const struct amdvi_model_config *model, const struct iommu_config *wanted)
{
    struct iommu_config config = wanted != NULL ? *wanted : (struct iommu_config){ 0 };
    struct iommu_platform *platform;

    config.storm_threshold = UINT32_MAX;
    memset(&t, 0, sizeof(t));
    t.m = amdvi_model_create(model);
    platform = amdvi_model_platform_edit(t.m);
    t.below = *platform;
    platform->mmio_map = map;
    platform->mmio_write32 = write32;
    platform->mmio_write64 = write64;
    amdvi_model_function(t.m, 0, DEVICE);
    amdvi_model_function(t.m, 0, OTHER);
    CHECK_OK(iommu_create(amdvi_model_platform(t.m), amdvi_model_ctx(t.m), &config, &t.iommu));
}

static enum iommu_status add_table(void)
{
    static uint8_t table[4096];
    size_t len = amdvi_model_ivrs(t.m, table, sizeof(table));

    CHECK(len != 0);
    return amdvi_add_table(t.iommu, table, len);
}

static enum iommu_status add_device(uint16_t rid, struct iommu_device **device)
{
    const struct iommu_device_desc desc = { .rids = { rid }, .rid_count = 1 };

    return iommu_add_device(t.iommu, &desc, device);
}

static void add_all(void)
{
    CHECK_OK(add_table());
    CHECK_OK(add_device(DEVICE, &t.device));
    CHECK_OK(add_device(OTHER, &t.other));
}

static void leave_on(void)
{
    static const struct amdvi_model_firmware left = {
        .translate = true, .commands = true, .event_log = true, .interrupts = true,
    };

    amdvi_model_firmware_left(t.m, 0, &left);
}

static struct amdvi_model_config with_region(uint64_t start)
{
    struct amdvi_model_config config = amdvi_model_default();

    config.ivmds[0] = (struct amdvi_model_ivmd){
        .type = 0x21, .flags = 7, .first = OTHER, .start = start, .end = start + 0x1000 };
    config.ivmd_count = 1;
    return config;
}

static void finish(void)
{
    iommu_destroy(t.iommu);
    CHECK_STR(amdvi_model_violation_text(t.m), "");
    CHECK_EQ(amdvi_model_live_pages(t.m), 0);
    CHECK_EQ(amdvi_model_live_windows(t.m), 0);
    CHECK_EQ(amdvi_model_irq_depth(t.m), 0);
    amdvi_model_destroy(t.m);
}

/* ---- the old table ---- */

/* Quadword n of the entry that firmware made of an id. */
static uint64_t *old_word(uint16_t rid, unsigned n)
{
    uint64_t table = amdvi_model_reg64(t.m, 0, 0) & 0x000ffffffffff000;

    return amdvi_model_ram(t.m, table + rid * 32u + n * 8, 8);
}

static void old_domain_of_all(uint16_t id)
{
    for (uint16_t rid = 0; rid < 256; rid++)
        *old_word(rid, 1) = id;
}

static bool reaches(uint16_t rid, uint64_t iova, bool write)
{
    uint32_t value = 0;

    return amdvi_model_dma(t.m, 0, rid, iova, &value, 4, write) == AMDVI_MODEL_DONE;
}

static bool logged(const char *text)
{
    return strstr(amdvi_model_log(t.m), text) != NULL;
}

TEST(old_table_is_reported)
{
    struct amdvi_model_config config = amdvi_model_default();

    machine(&config, NULL);
    leave_on();
    *old_word(1, 0) = 0;                    /* V = 0: everything passes */
    *old_word(2, 0) = 1;                    /* blocked */
    *old_word(3, 0) = 0x6000000000000003;   /* Mode = 0: passes */
    *old_word(4, 0) = 0x6080000000000003;   /* GV */
    *old_word(4, 1) = 77;
    *old_word(5, 2) = 0;                    /* IV = 0 */
    add_all();
    CHECK_OK(iommu_start(t.iommu));
    CHECK(logged("amdvi0: take-over entries=256 translating=253 passing=2 remapped=255 domains=2 segments=1"));
    finish();
}

/* Of a table that cannot be read nothing is known. */
TEST(old_table_says_whether_interrupts_were_remapped)
{
    for (unsigned i = 0; i < 3; i++) {
        struct amdvi_model_config config = amdvi_model_default();
        const struct amdvi_model_firmware left = { .translate = true, .interrupts = i == 1 };
        struct iommu_unit_info info;

        machine(&config, NULL);
        amdvi_model_firmware_left(t.m, 0, &left);
        if (i == 2)
            amdvi_model_platform_edit(t.m)->memory_map = NULL;
        add_all();
        CHECK_OK(iommu_start(t.iommu));
        CHECK_OK(iommu_unit_info(t.iommu, 0, &info));
        CHECK_EQ(info.found_remapping, i != 0);
        finish();
    }
}

TEST(old_table_that_cannot_be_read_does_not_matter)
{
    for (unsigned i = 0; i < 3; i++) {
        struct amdvi_model_config config = amdvi_model_default();

        machine(&config, NULL);
        leave_on();
        if (i == 0)
            amdvi_model_platform_edit(t.m)->memory_map = NULL;
        if (i == 1)
            amdvi_model_poke64(t.m, 0, 0, 0x40000000); /* no memory */
        if (i == 2)
            amdvi_model_poke64(t.m, 0, 0, 0x0000fffffffff1ff); /* would end beyond all */
        add_all();
        CHECK_OK(iommu_start(t.iommu));
        CHECK(logged("cannot be read"));
        CHECK(!logged("take-over entries="));
        CHECK(!reaches(DEVICE, OLD, false));
        finish();
    }
}

TEST(nothing_is_read_after_a_cold_start)
{
    struct amdvi_model_config config = amdvi_model_default();

    machine(&config, NULL);
    add_all();
    CHECK_OK(iommu_start(t.iommu));
    CHECK(!logged("take-over"));
    CHECK_EQ(t.iommu->units[0]->domain_id_next, 1);
    finish();
}

/* ---- domain ids ---- */

/* OTHER uses its region, which caches it under the id of its reserved domain. */
static void region_of_another(void)
{
    (void)reaches(OTHER, REGION, false);
    t.hits += reaches(DEVICE, REGION, true);
}

/* The id of the old domain, which DEVICE's old entry has cached. */
static const uint16_t old_ids[] = { 1, 2, 0x7fff, 0x8000, 0x8001, 0xffff };

TEST(old_entry_does_not_reach_the_region_of_another)
{
    for (unsigned i = 0; i < sizeof(old_ids) / sizeof(old_ids[0]); i++) {
        struct amdvi_model_config config = with_region(REGION);

        machine(&config, NULL);
        leave_on();
        old_domain_of_all(old_ids[i]);
        add_all();
        CHECK(reaches(DEVICE, OLD, false));
        CHECK(!reaches(DEVICE, REGION, true));
        t.probe = region_of_another;
        CHECK_OK(iommu_start(t.iommu));
        t.probe = NULL;
        CHECK(t.probes > 10);
        CHECK_EQ(t.hits, 0);
        CHECK(reaches(OTHER, REGION, true));
        finish();
    }
}

static void old_page(void)
{
    t.hits += reaches(OTHER, OLD, true);
}

TEST(reserved_domain_does_not_reach_what_the_old_one_cached)
{
    for (unsigned i = 0; i < sizeof(old_ids) / sizeof(old_ids[0]); i++) {
        struct amdvi_model_config config = with_region(REGION);

        machine(&config, NULL);
        leave_on();
        old_domain_of_all(old_ids[i]);
        *old_word(OTHER, 0) = 1; /* blocked by the old owner */
        add_all();
        CHECK(reaches(DEVICE, OLD, false));
        t.probe = old_page;
        CHECK_OK(iommu_start(t.iommu));
        CHECK(t.probes > 10);
        CHECK_EQ(t.hits, 0);
        finish();
    }
}

/* SysMgt = 1 blocks by translating; domain ids of others, and 0, are cached. */
TEST(blocked_id_does_not_reach_what_the_old_owner_cached)
{
    static const uint16_t ids[] = { 0, 1, 0xfffe, 0xffff };

    for (unsigned i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        struct amdvi_model_config config = amdvi_model_default();
        struct amdvi_model_unit_config *unit = &config.units[0];

        unit->entries[unit->entry_count++] = (struct amdvi_model_entry){ .type = 0x02, .id = OTHER, .setting = FORWARD };
        machine(&config, NULL);
        leave_on();
        old_domain_of_all(ids[i]);
        *old_word(OTHER, 0) = 1;
        add_all();
        CHECK(reaches(DEVICE, OLD, false));
        t.probe = old_page;
        CHECK_OK(iommu_start(t.iommu));
        CHECK(t.probes > 10);
        CHECK_EQ(t.hits, 0);
        finish();
    }
}

static unsigned ids_taken(void)
{
    unsigned count = 0;

    for (uint32_t id = 0; id < 65536; id++)
        count += (t.iommu->units[0]->domain_id_map[id / 64] >> (id % 64) & 1) != 0;
    return count;
}

/* 0, that of blocked ids, and that of the reserved domain. */
TEST(old_ids_are_free_after_the_flush)
{
    struct amdvi_model_config config = with_region(REGION);
    struct iommu_domain *domain;

    machine(&config, NULL);
    leave_on();
    for (uint16_t rid = 0; rid < 256; rid++)
        *old_word(rid, 1) = 0x8000u + rid;
    add_all();
    CHECK_OK(iommu_start(t.iommu));
    CHECK_EQ(ids_taken(), 3);
    CHECK_OK(iommu_domain_create(t.iommu, &(struct iommu_domain_desc){
        .type = IOMMU_DOMAIN_DMA, .devices = &t.device, .device_count = 1 }, &domain));
    CHECK_OK(iommu_attach(domain, t.device, IOMMU_NO_PASID));
    CHECK_EQ(ids_taken(), 4);
    CHECK_OK(iommu_detach(t.device, IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
    CHECK_EQ(ids_taken(), 3);
    finish();
}

/* ---- regions ---- */

static void region_stays(void)
{
    t.hits += !reaches(OTHER, SHARED, false);
}

/* GTEn before the table, and not a moment without the region: v1 and v2, all kinds of units. */
TEST(region_is_reachable_at_every_moment)
{
    for (unsigned i = 0; i < 8; i++) {
        struct amdvi_model_config config = with_region(SHARED);
        const struct iommu_config wanted = { .guest_tables = i & 1 };

        config.units[0].never_snoops = i & 2;
        if (i & 4)
            spec_put(&config.units[0].efr, ASPEC_EFR_IA_SUP, 0);
        machine(&config, &wanted);
        leave_on();
        add_all();
        CHECK(reaches(OTHER, SHARED, true));
        t.given = true; /* from the first write on */
        t.probe = region_stays;
        CHECK_OK(iommu_start(t.iommu));
        CHECK(t.probes > 20);
        CHECK_EQ(t.hits, 0);
        CHECK(!reaches(OTHER, OLD, true));
        CHECK(!reaches(DEVICE, SHARED, true));
        CHECK_EQ(((struct amdvi_unit *)t.iommu->units[0])->guest_tables, (i & 1) != 0);
        finish();
    }
}

TEST(region_is_reachable_after_a_cold_start_without_snooping)
{
    for (unsigned i = 0; i < 2; i++) {
        struct amdvi_model_config config = with_region(REGION);
        const struct iommu_config wanted = { .guest_tables = i == 1 };

        config.units[0].never_snoops = true;
        machine(&config, &wanted);
        add_all();
        CHECK_OK(iommu_start(t.iommu));
        CHECK(reaches(OTHER, REGION, true));
        CHECK(!reaches(OTHER, OLD, true));
        finish();
    }
}

/* Whether the unit snoops is found out later. */
TEST(domain_made_before_the_start_is_attached_to_a_unit_that_does_not_snoop)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct iommu_domain *domain;

    config.units[0].never_snoops = true;
    machine(&config, NULL);
    add_all();
    CHECK_OK(iommu_domain_create(t.iommu, &(struct iommu_domain_desc){
        .type = IOMMU_DOMAIN_DMA, .devices = &t.device, .device_count = 1 }, &domain));
    CHECK_OK(iommu_map(domain, &(struct iommu_mapping){
        .iova = 0x40000000, .pa = OLD, .len = 4096, .prot = IOMMU_RW }));
    CHECK_OK(iommu_start(t.iommu));
    CHECK_OK(iommu_attach(domain, t.device, IOMMU_NO_PASID));
    CHECK(reaches(DEVICE, 0x40000000, true));
    CHECK_OK(iommu_detach(t.device, IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
    finish();
}

/* ---- memory ---- */

/* All of it: table, devices, reserved domains, v1 and v2, cold and found translating. */
TEST(each_failing_allocation_leaks_nothing)
{
    for (unsigned i = 0; i < 4; i++) {
        struct amdvi_model_config config = with_region(SHARED);
        const struct iommu_config wanted = { .guest_tables = i & 1 };

        for (uint64_t nth = 1;; nth++) {
            enum iommu_status status;
            uint64_t before;
            bool all;

            machine(&config, &wanted);
            if (i & 2)
                leave_on();
            before = amdvi_model_alloc_calls(t.m);
            amdvi_model_fail_alloc(t.m, nth);
            status = add_table();
            if (status == IOMMU_OK)
                status = add_device(OTHER, &t.other);
            if (status == IOMMU_OK)
                status = iommu_start(t.iommu);
            all = amdvi_model_alloc_calls(t.m) - before < nth;
            CHECK_EQ(status, all ? IOMMU_OK : IOMMU_ERR_NOMEM);
            if (i & 2)
                CHECK(!reaches(DEVICE, REGION, true));
            finish();
            if (!all)
                continue;
            CHECK(nth > 9);
            break;
        }
    }
}
