/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * device.c on the AMD-Vi model: aliases that firmware gives, ids its tables
 * have no room for, devices that a region has named first. Scopes and what is
 * refused are in test_iommu.c, regions in test_reserved.c.
 */
#include "test.h"

#include "amdvi_model.h"
#include "internal.h"

#define DEVICE 0x0010
#define BEHIND 0x0108       /* its requests may arrive as ALIAS's */
#define ALIAS 0x0100
#define BEYOND 0x0300       /* the table ends at 01FFh */
#define REGION 0x180000ull

static struct amdvi_model *model;
static struct iommu *iommu;

static void prepare(const struct amdvi_model_config *config, uint32_t storm_threshold)
{
    const struct iommu_config machine = { .storm_threshold = storm_threshold };
    uint8_t table[4096];
    size_t len;

    model = amdvi_model_create(config);
    amdvi_model_function(model, 0, DEVICE);
    CHECK_OK(iommu_create(amdvi_model_platform(model), amdvi_model_ctx(model), &machine, &iommu));
    len = amdvi_model_ivrs(model, table, sizeof(table));
    CHECK_OK(iommu_add_table(iommu, table, len));
}

static void finish(void)
{
    iommu_destroy(iommu);
    CHECK_STR(amdvi_model_violation_text(model), "");
    CHECK_EQ(amdvi_model_live_pages(model), 0);
    CHECK_EQ(amdvi_model_live_windows(model), 0);
    amdvi_model_destroy(model);
}

static struct iommu_device *add(const uint16_t *rids, size_t count)
{
    struct iommu_device_desc desc = { .rid_count = count };
    struct iommu_device *device;

    memcpy(desc.rids, rids, count * sizeof(rids[0]));
    CHECK_OK(iommu_add_device(iommu, &desc, &device));
    return device;
}

static bool reaches(uint16_t rid, uint64_t iova)
{
    uint32_t value;

    return amdvi_model_dma(model, 0, rid, iova, &value, 4, true) == AMDVI_MODEL_DONE;
}

static struct iommu_domain *domain_with_page(struct iommu_device *device, uint64_t at)
{
    struct iommu_domain *domain;

    CHECK_OK(iommu_domain_create(iommu, &(struct iommu_domain_desc){
        .type = IOMMU_DOMAIN_UNMANAGED, .devices = &device, .device_count = 1 }, &domain));
    CHECK_OK(iommu_map(domain, &(struct iommu_mapping){ .iova = at, .pa = at, .len = 4096, .prot = IOMMU_RW }));
    return domain;
}

static struct iommu_domain *domain_with_region(struct iommu_device *device)
{
    return domain_with_page(device, REGION);
}

/* ---- ids beyond the table ---- */

static void check_usable(struct iommu_device *device)
{
    struct iommu_domain *domain = domain_with_region(device);

    CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
    CHECK(reaches(DEVICE, REGION));
    CHECK(!reaches(BEYOND, REGION));
    CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
    CHECK(!reaches(DEVICE, REGION));
    CHECK_OK(iommu_domain_destroy(domain));
}

TEST(alias_beyond_the_table_stays_blocked_and_the_device_is_of_use)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct iommu_device *device;

    prepare(&config, UINT32_MAX);
    device = add((const uint16_t[]){ DEVICE, BEYOND }, 2);
    CHECK(strstr(amdvi_model_log(model), "alias 0x0300 is beyond the unit's table of 0x200 ids, stays blocked") != NULL);
    CHECK_OK(iommu_start(iommu));
    check_usable(device);
    CHECK(iommu_find_device(iommu, 0, BEYOND) == NULL);
    finish();
}

TEST(adopted_device_may_bring_an_alias_beyond_the_table)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct iommu_device *device;

    config.ivmds[0] = (struct amdvi_model_ivmd){ .type = 0x21, .flags = 7, .first = DEVICE, .start = REGION + 4096,
                                                 .end = REGION + 8192 };
    config.ivmd_count = 1;
    prepare(&config, UINT32_MAX);
    CHECK_OK(iommu_start(iommu));
    device = add((const uint16_t[]){ DEVICE, BEYOND }, 2);
    CHECK(reaches(DEVICE, REGION + 4096));
    check_usable(device);
    CHECK(reaches(DEVICE, REGION + 4096));
    finish();
}

/* Whatever a vendor refuses without having changed anything is refused, and nothing more. */
TEST(id_that_a_unit_has_no_entry_for_puts_nothing_in_doubt)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct iommu_device *device;
    struct iommu_domain *domain;

    prepare(&config, UINT32_MAX);
    device = add((const uint16_t[]){ DEVICE, 0x0018 }, 2);
    CHECK_OK(iommu_start(iommu));
    domain = domain_with_region(device);
    device->desc.rids[1] = BEYOND;
    CHECK_EQ(iommu_attach(domain, device, IOMMU_NO_PASID), IOMMU_ERR_RANGE);
    CHECK_EQ(device->entry.kind, IOMMU_ENTRY_BLOCKED);
    CHECK(!iommu_unit_fenced(device->unit));
    device->desc.rids[1] = 0x0018;
    check_usable(device);
    CHECK_OK(iommu_domain_destroy(domain));
    finish();
}

/* Nobody can silence it but its bridge: it is reported and counted, and the unit goes on. */
TEST(stranger_beyond_the_table_does_no_harm)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct iommu_device *device;

    prepare(&config, 4);
    device = add((const uint16_t[]){ DEVICE }, 1);
    amdvi_model_function(model, 0, BEYOND);
    CHECK_OK(iommu_start(iommu));
    for (unsigned i = 0; i < 20; i++) {
        CHECK(!reaches(BEYOND, REGION));
        (void)iommu_poll_faults(iommu);
    }
    CHECK(!iommu_unit_fenced(iommu->units[0]));
    check_usable(device);
    finish();
}

/* ---- devices that a region names ---- */

/* BEHIND's requests may arrive as ALIAS's; firmware wants a region for named. */
static struct amdvi_model_config with_alias(uint16_t named)
{
    struct amdvi_model_config config = amdvi_model_default();

    config.units[0].entries[config.units[0].entry_count++] =
        (struct amdvi_model_entry){ .type = 0x42, .id = BEHIND, .alias = ALIAS };
    config.ivmds[0] = (struct amdvi_model_ivmd){ .type = 0x21, .flags = 7, .first = named, .start = REGION,
                                                 .end = REGION + 4096 };
    config.ivmd_count = 1;
    return config;
}

TEST(device_comes_whose_alias_a_region_has_named)
{
    struct amdvi_model_config config = with_alias(ALIAS);
    struct iommu_device *device;

    prepare(&config, UINT32_MAX);
    CHECK_OK(iommu_start(iommu));
    CHECK(reaches(ALIAS, REGION));
    device = add((const uint16_t[]){ BEHIND }, 1);
    CHECK_EQ(iommu_device_rid(device), BEHIND);
    CHECK(iommu_find_device(iommu, 0, ALIAS) == device);
    CHECK(iommu_find_device(iommu, 0, BEHIND) == device);
    CHECK(reaches(ALIAS, REGION));
    CHECK(reaches(BEHIND, REGION));
    CHECK(!reaches(BEHIND, REGION + 4096));
    CHECK_EQ(iommu_add_device(iommu, &(struct iommu_device_desc){ .rids = { ALIAS }, .rid_count = 1 }, &device),
             IOMMU_ERR_EXISTS);
    finish();
}

TEST(region_of_a_device_that_nobody_adds_holds_under_its_alias)
{
    for (unsigned later = 0; later < 3; later++) {
        static const uint16_t rids[] = { BEHIND, ALIAS };
        struct amdvi_model_config config = with_alias(BEHIND);
        struct iommu_domain *domain;
        struct iommu_device *device;

        prepare(&config, UINT32_MAX);
        CHECK_OK(iommu_start(iommu));
        CHECK(reaches(BEHIND, REGION));
        CHECK(reaches(ALIAS, REGION));
        if (later < 2) {
            device = add(&rids[later], 1);
            CHECK_EQ(iommu_device_rid(device), rids[later]);
            CHECK(iommu_find_device(iommu, 0, ALIAS) == device);
            CHECK(iommu_find_device(iommu, 0, BEHIND) == device);
            CHECK(reaches(BEHIND, REGION));
            CHECK(reaches(ALIAS, REGION));
            domain = domain_with_page(device, REGION + 4096);
            CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
            CHECK(reaches(BEHIND, REGION + 4096));
            CHECK(reaches(ALIAS, REGION + 4096));
            CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
            CHECK_OK(iommu_domain_destroy(domain));
        }
        finish();
    }
}

TEST(regions_of_a_device_and_of_its_alias_make_one_device)
{
    for (unsigned order = 0; order < 2; order++) {
        struct amdvi_model_config config = with_alias(order ? ALIAS : BEHIND);
        struct iommu_device *device;

        config.ivmds[1] = config.ivmds[0];
        config.ivmds[1].first = order ? BEHIND : ALIAS;
        config.ivmds[1].start = REGION + 4096;
        config.ivmds[1].end = REGION + 8192;
        config.ivmd_count = 2;
        prepare(&config, UINT32_MAX);
        CHECK_OK(iommu_start(iommu));
        for (unsigned round = 0; round < 2; round++) {
            for (uint64_t at = REGION; at < REGION + 8192; at += 4096) {
                CHECK(reaches(BEHIND, at));
                CHECK(reaches(ALIAS, at));
            }
            if (round == 0)
                device = add((const uint16_t[]){ BEHIND }, 1);
        }
        CHECK(iommu_find_device(iommu, 0, ALIAS) == device);
        finish();
    }
}

TEST(region_of_a_device_whose_alias_is_somebody_elses)
{
    struct amdvi_model_config config = with_alias(BEHIND);

    prepare(&config, UINT32_MAX);
    add((const uint16_t[]){ ALIAS }, 1);
    CHECK_OK(iommu_start(iommu));
    CHECK(reaches(BEHIND, REGION));
    CHECK(!reaches(ALIAS, REGION));
    finish();
}

TEST(ids_of_a_device_are_all_that_it_sends_under)
{
    struct amdvi_model_config config = with_alias(BEHIND);
    struct iommu_device *device;
    uint16_t ids[4] = { 0 };

    prepare(&config, UINT32_MAX);
    device = add((const uint16_t[]){ BEHIND }, 1);
    CHECK_EQ(iommu_device_ids(device, ids, 4), 2);
    CHECK_EQ(ids[0], BEHIND);
    CHECK_EQ(ids[1], ALIAS);
    ids[1] = 0;
    CHECK_EQ(iommu_device_ids(device, ids, 1), 1);
    CHECK_EQ(ids[1], 0);
    CHECK_EQ(iommu_device_ids(add((const uint16_t[]){ DEVICE }, 1), ids, 4), 1);
    finish();
}

TEST(covering_unit_adds_nothing)
{
    struct amdvi_model_config config = with_alias(BEHIND);
    struct iommu_device_desc desc = { .rids = { DEVICE }, .rid_count = 1 };
    size_t index = 9;

    prepare(&config, UINT32_MAX);
    CHECK_OK(iommu_covering_unit(iommu, &desc, &index));
    CHECK_EQ(index, 0);
    CHECK(iommu_find_device(iommu, 0, DEVICE) == NULL);
    desc.segment = 1;
    CHECK_EQ(iommu_covering_unit(iommu, &desc, &index), IOMMU_ERR_NOT_FOUND);
    finish();
}
