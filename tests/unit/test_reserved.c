/* SPDX-License-Identifier: BSD-2-Clause */
/* reserved.c on the model: RMRR regions at start, at attach, at detach, across a take-over. */
#include "test.h"

#include "driver_rig.h"
#include "internal.h"

#define START 0x1c0000ull
#define END 0x1c3000ull
#define RESERVED_RID 0x00a0 /* 00:14.0 */

static struct vtd_model_config with_region(void)
{
    struct vtd_model_config config = vtd_model_default();

    config.rmrrs[0] = (struct vtd_model_rmrr){
        .start = START, .end = END, .scopes[0] = { .type = 1, .path = { { 0x14, 0 } } }, .scope_count = 1 };
    config.rmrr_count = 1;
    return config;
}

static struct driver *prepared(const struct vtd_model_config *config)
{
    struct driver *d = driver_create(config, NULL);

    vtd_model_function(d->m, 0, RESERVED_RID);
    vtd_model_function(d->m, 0, DRIVER_RID);
    CHECK_OK(driver_add_table(d));
    return d;
}

static void check_reaches_just_the_region(struct driver *d, uint16_t rid)
{
    uint32_t value;

    CHECK_EQ(driver_read(d, rid, START, &value), 0);
    CHECK_EQ(driver_write(d, rid, END - 4, 5), 0);
    CHECK_EQ(driver_read(d, rid, START - 4, &value), SPEC_FR_READ);
    CHECK_EQ(driver_write(d, rid, END, 5), SPEC_FR_WRITE);
}

TEST(device_has_its_region_from_the_start)
{
    struct vtd_model_config config = with_region();
    struct driver *d = prepared(&config);
    struct iommu_device *device = driver_add(d, RESERVED_RID), *other = driver_add(d, DRIVER_RID);
    struct iommu_region region;
    uint32_t value;

    CHECK(iommu_device_has_reserved(device));
    CHECK(!iommu_device_has_reserved(other));
    CHECK_OK(iommu_reserved_region(device, 0, &region));
    CHECK(region.start == START && region.end == END);
    CHECK_EQ(iommu_reserved_region(device, 1, &region), IOMMU_ERR_NOT_FOUND);
    CHECK_EQ(iommu_reserved_region(other, 0, &region), IOMMU_ERR_NOT_FOUND);
    CHECK_OK(iommu_start(d->iommu));
    check_reaches_just_the_region(d, RESERVED_RID);
    CHECK_EQ(driver_read(d, DRIVER_RID, START, &value), SPEC_FR_CONTEXT_P);
    CHECK(iommu_device_domain(device) == NULL);
    driver_destroy(d);
}

TEST(device_that_nobody_adds_keeps_its_region_and_can_be_added_later)
{
    struct vtd_model_config config = with_region();
    struct driver *d = prepared(&config);
    struct iommu_device *device;

    CHECK_OK(iommu_start(d->iommu));
    check_reaches_just_the_region(d, RESERVED_RID);
    CHECK_OK(iommu_add_device(d->iommu, &(struct iommu_device_desc){
        .rids = { RESERVED_RID, RESERVED_RID + 1 }, .rid_count = 2 }, &device));
    check_reaches_just_the_region(d, RESERVED_RID);
    check_reaches_just_the_region(d, RESERVED_RID + 1);
    CHECK_EQ(iommu_add_device(d->iommu, &(struct iommu_device_desc){
        .rids = { RESERVED_RID }, .rid_count = 1 }, &device), IOMMU_ERR_EXISTS);
    driver_destroy(d);
}

TEST(region_goes_with_the_device_from_domain_to_domain)
{
    struct vtd_model_config config = with_region();
    struct driver *d = prepared(&config);
    struct iommu_device *device = driver_add(d, RESERVED_RID);
    struct iommu_domain *domain;
    uint32_t value;

    CHECK_OK(iommu_start(d->iommu));
    domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);
    /* Part of it is mapped the same way already: no conflict. */
    driver_map(domain, START + 4096, START + 4096, 4096, IOMMU_RW);
    driver_map(domain, DRIVER_IOVA, d->frame, 4096, IOMMU_RW);
    CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
    check_reaches_just_the_region(d, RESERVED_RID);
    CHECK_EQ(driver_read(d, RESERVED_RID, DRIVER_IOVA, &value), 0);
    CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
    check_reaches_just_the_region(d, RESERVED_RID);
    CHECK_EQ(driver_read(d, RESERVED_RID, DRIVER_IOVA, &value), SPEC_FR_READ);
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

static unsigned lookups;

static enum iommu_status counted_lookup(const struct pt_table *table, uint64_t iova, struct iommu_leaf *leaf)
{
    lookups++;
    return pt_vtd_ss.lookup(table, iova, leaf);
}

/* Firmware may ask for anything: the work goes with the tables, not with the size of the region. */
TEST(huge_region_is_mapped_in_few_steps)
{
    struct vtd_model_config config = with_region();
    struct pt_ops counted = pt_vtd_ss;
    struct iommu_device *device;
    struct iommu_domain *domain;
    struct iommu_leaf leaf;
    struct driver *d;

    config.rmrrs[0].start = 0x100000000;
    config.rmrrs[0].end = 0x100000000 + (64ull << 30);
    d = prepared(&config);
    device = driver_add(d, RESERVED_RID);
    CHECK_OK(iommu_start(d->iommu));
    domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);
    /* Islands that are mapped alike: one page, and 2 MiB further up. */
    driver_map(domain, 0x100005000, 0x100005000, 4096, IOMMU_RW);
    driver_map(domain, 0x240000000, 0x240000000, 0x200000, IOMMU_RW);
    counted.lookup = counted_lookup;
    domain->pt = &counted;
    lookups = 0;
    CHECK_OK(iommu_reserved_map(device, domain));
    domain->pt = &pt_vtd_ss;
    /* At most two tables of 512 entries for either island, and the top one. */
    CHECK(lookups < 5 * 512);
    for (uint64_t at = 0x100000000; at < config.rmrrs[0].end; at += 0x37fff000) {
        CHECK_OK(iommu_lookup_leaf(domain, at, &leaf));
        CHECK_EQ(leaf.pa, at);
    }
    CHECK_OK(iommu_lookup_leaf(domain, config.rmrrs[0].end - 1, &leaf));
    CHECK_EQ(iommu_lookup_leaf(domain, config.rmrrs[0].end, &leaf), IOMMU_ERR_NOT_FOUND);
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

/* §8.1: no address has more bits than the header's host address width. */
TEST(region_beyond_the_host_width_is_left_out)
{
    struct vtd_model_config config = with_region();
    struct iommu_region region;
    struct iommu_device *device;
    struct driver *d;

    config.rmrrs[1] = config.rmrrs[0];
    config.rmrrs[1].start = 0x100000000;
    config.rmrrs[1].end = 1ull << 52;
    config.rmrr_count = 2;
    d = prepared(&config);
    device = driver_add(d, RESERVED_RID);
    CHECK_OK(iommu_reserved_region(device, 0, &region));
    CHECK_EQ(region.end, END);
    CHECK_EQ(iommu_reserved_region(device, 1, &region), IOMMU_ERR_NOT_FOUND);
    CHECK_OK(iommu_start(d->iommu));
    check_reaches_just_the_region(d, RESERVED_RID);
    driver_destroy(d);
}

TEST(conflict_with_a_mapping_is_refused_and_changes_nothing)
{
    struct vtd_model_config config = with_region();
    struct driver *d = prepared(&config);
    struct iommu_device *device = driver_add(d, RESERVED_RID);
    struct iommu_domain *elsewhere, *readonly;

    CHECK_OK(iommu_start(d->iommu));
    elsewhere = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);
    readonly = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);
    driver_map(elsewhere, START + 8192, d->frame, 4096, IOMMU_RW);
    driver_map(readonly, START, START, 4096, IOMMU_READ);
    CHECK_EQ(iommu_attach(elsewhere, device, IOMMU_NO_PASID), IOMMU_ERR_EXISTS);
    CHECK_EQ(iommu_attach(readonly, device, IOMMU_NO_PASID), IOMMU_ERR_EXISTS);
    check_reaches_just_the_region(d, RESERVED_RID);
    CHECK_OK(iommu_domain_destroy(elsewhere));
    CHECK_OK(iommu_domain_destroy(readonly));
    driver_destroy(d);
}

TEST(device_added_after_start_gets_its_region)
{
    struct vtd_model_config config = with_region();
    struct driver *d;

    /* A bridge in the scope: nobody can know the devices below it before they are added. */
    config.rmrrs[0].scopes[0].type = 2;
    d = driver_create(&config, NULL);
    vtd_model_bridge(d->m, 0, RESERVED_RID, 7, 7);
    CHECK_OK(driver_add_table(d));
    CHECK_OK(iommu_start(d->iommu));
    CHECK(iommu_find_device(d->iommu, 0, RESERVED_RID) == NULL);
    {
        struct iommu_device *device;
        struct iommu_device_desc below = { .rids = { 0x0700 }, .rid_count = 1, .bridges = { RESERVED_RID },
                                           .bridge_count = 1 };

        CHECK_OK(iommu_add_device(d->iommu, &below, &device));
        CHECK(iommu_device_has_reserved(device));
    }
    check_reaches_just_the_region(d, 0x0700);
    driver_destroy(d);
}

static unsigned refused, functions_used;

/* A function that has not done DMA yet: nothing of it is cached. */
static void use_region(struct driver *d)
{
    uint32_t value;

    refused += driver_read(d, (uint16_t)(RESERVED_RID + functions_used++ % 8), START, &value) != 0;
}

/* Firmware's tables are live and a device runs: it loses what is not reserved, and never more. */
TEST(region_is_reachable_at_every_moment_of_a_take_over)
{
    struct vtd_model_config config = with_region();
    struct driver *d;

    for (uint8_t i = 0; i < 8; i++)
        config.rmrrs[0].scopes[i] = (struct vtd_model_scope){ .type = 1, .path = { { 0x14, i } } };
    config.rmrrs[0].scope_count = 8;
    d = driver_create(&config, NULL);
    for (unsigned i = 0; i < 8; i++)
        vtd_model_function(d->m, 0, (uint16_t)(RESERVED_RID + i));
    vtd_model_firmware_left(d->m, 0, &(struct vtd_model_firmware){ .translate = true, .queue = true });
    CHECK_OK(driver_add_table(d));
    driver_add(d, RESERVED_RID);
    refused = functions_used = 0;
    d->on_command = use_region;
    CHECK_OK(iommu_start(d->iommu));
    CHECK_EQ(refused, 0);
    CHECK(functions_used >= 4 && functions_used <= 8);
    d->on_command = NULL;
    for (size_t i = 0; i < d->command_count; i++)
        CHECK(d->commands[i] & SPEC_GCMD_TE);
    check_reaches_just_the_region(d, RESERVED_RID);
    iommu_poll_faults(d->iommu);
    CHECK_EQ(d->fault_count, 2); /* those two that were asked for */
    driver_destroy(d);
}

TEST(identity_domain_covers_a_region_past_its_end)
{
    struct vtd_model_config config = with_region();
    struct iommu_device *devices[1];
    struct iommu_domain *domain;
    struct driver *d;
    uint32_t value;

    spec_put(&config.units[0].ecap, SPEC_ECAP_PT, 0);
    d = prepared(&config);
    devices[0] = driver_add(d, RESERVED_RID);
    CHECK_OK(iommu_start(d->iommu));
    CHECK_OK(iommu_domain_create(d->iommu, &(struct iommu_domain_desc){ .type = IOMMU_DOMAIN_IDENTITY,
        .devices = devices, .device_count = 1, .identity_end = START + 4096 }, &domain));
    CHECK_OK(iommu_attach(domain, devices[0], IOMMU_NO_PASID));
    CHECK_EQ(driver_read(d, RESERVED_RID, 0x100000, &value), 0);
    CHECK_EQ(driver_read(d, RESERVED_RID, END - 4, &value), 0);
    CHECK_EQ(driver_read(d, RESERVED_RID, END, &value), SPEC_FR_READ);
    CHECK_OK(iommu_detach(devices[0], IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

TEST(no_memory_at_any_step_leaves_nothing_behind)
{
    enum iommu_status status = IOMMU_ERR_NOMEM;
    struct vtd_model_config config = with_region();

    for (unsigned nth = 1; status != IOMMU_OK; nth++) {
        struct driver *d = driver_create(&config, NULL);

        vtd_model_function(d->m, 0, RESERVED_RID);
        vtd_model_fail_alloc(d->m, nth);
        status = driver_add_table(d);
        if (status == IOMMU_OK)
            status = iommu_start(d->iommu);
        CHECK(status == IOMMU_OK || status == IOMMU_ERR_NOMEM);
        driver_destroy(d);
    }
}

/* From the moment the unit has our root table, no entry may still be missing in it. */
static void use_region_of_new_tables(struct driver *d)
{
    if (vtd_model_stats(d->m, 0).srtps > 0)
        use_region(d);
}

TEST(regions_are_in_the_tables_before_the_unit_is)
{
    struct vtd_model_config config = with_region();
    struct driver *d;

    for (uint8_t i = 0; i < 8; i++)
        config.rmrrs[0].scopes[i] = (struct vtd_model_scope){ .type = 1, .path = { { 0x14, i } } };
    config.rmrrs[0].scope_count = 8;
    d = driver_create(&config, NULL);
    for (unsigned i = 0; i < 8; i++)
        vtd_model_function(d->m, 0, (uint16_t)(RESERVED_RID + i));
    vtd_model_firmware_left(d->m, 0, &(struct vtd_model_firmware){ .translate = true });
    CHECK_OK(driver_add_table(d));
    refused = functions_used = 0;
    d->on_barrier = use_region_of_new_tables;
    CHECK_OK(iommu_start(d->iommu));
    d->on_barrier = NULL;
    CHECK(functions_used > 0);
    CHECK_EQ(refused, 0);
    driver_destroy(d);
}

/* IVMD regions name ranges of ids and may be for reading only (AMD-Vi §5.2.2). */
TEST(region_of_a_range_is_given_with_its_rights_to_what_is_added)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_create(&config, NULL);
    struct iommu_reserved *region;
    struct iommu_device *inside, *outside;
    struct iommu_region said;
    uint32_t value;

    CHECK_OK(driver_add_table(d));
    region = iommu_pool_get(d->iommu, &d->iommu->reserved_pool);
    *region = (struct iommu_reserved){ .start = START, .end = END, .prot = IOMMU_READ };
    CHECK_OK(iommu_scope_add_range(d->iommu, &region->scopes, DRIVER_RID - 1, DRIVER_RID));
    d->iommu->reserved = region;
    inside = driver_add(d, DRIVER_RID);
    outside = driver_add(d, DRIVER_RID + 1);
    CHECK(iommu_device_has_reserved(inside));
    CHECK(!iommu_device_has_reserved(outside));
    CHECK_OK(iommu_reserved_region(inside, 0, &said));
    CHECK_EQ(said.prot, IOMMU_READ);
    CHECK_OK(iommu_start(d->iommu));
    CHECK_EQ(driver_read(d, DRIVER_RID, START, &value), 0);
    CHECK_EQ(driver_write(d, DRIVER_RID, START, 5), SPEC_FR_WRITE);
    CHECK_EQ(driver_read(d, DRIVER_RID + 1, START, &value), SPEC_FR_CONTEXT_P);
    /* Nobody has added that one: a range makes no devices. */
    CHECK(iommu_find_device(d->iommu, 0, DRIVER_RID - 1) == NULL);
    CHECK_EQ(driver_read(d, DRIVER_RID - 1, START, &value), SPEC_FR_CONTEXT_P);
    driver_destroy(d);
}

TEST(region_concerns_every_id_of_a_device_in_its_segment)
{
    struct iommu_scope scope = { .rid = 0x0010, .last_rid = 0x0017 };
    const struct iommu_reserved region = { .segment = 1, .scopes = &scope };

    CHECK(iommu_reserved_applies(&region, &(struct iommu_device_desc){
        .segment = 1, .rids = { 0x0100, 0x0017 }, .rid_count = 2 }));
    CHECK(!iommu_reserved_applies(&region, &(struct iommu_device_desc){
        .segment = 1, .rids = { 0x0100, 0x0018 }, .rid_count = 2 }));
    CHECK(!iommu_reserved_applies(&region, &(struct iommu_device_desc){
        .rids = { 0x0010 }, .rid_count = 1 }));
}

/* A page that is there already splits the region; what is around it has the region's rights. */
TEST(region_for_reading_is_mapped_around_what_may_be_read)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = prepared(&config);
    struct iommu_reserved *region = iommu_pool_get(d->iommu, &d->iommu->reserved_pool);
    struct iommu_device *device;
    struct iommu_domain *domain;

    *region = (struct iommu_reserved){ .start = START, .end = END, .prot = IOMMU_READ };
    CHECK_OK(iommu_scope_add(d->iommu, &region->scopes, RESERVED_RID, false));
    d->iommu->reserved = region;
    device = driver_add(d, RESERVED_RID);
    CHECK_OK(iommu_start(d->iommu));
    domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);
    driver_map(domain, START + 4096, START + 4096, 4096, IOMMU_READ);
    CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
    for (uint64_t at = START; at < END; at += 4096) {
        uint32_t value;

        CHECK_EQ(driver_read(d, RESERVED_RID, at, &value), 0);
        CHECK_EQ(driver_write(d, RESERVED_RID, at, 5), SPEC_FR_WRITE);
    }
    CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

/* ---- regions that meet ---- */

static void push_region(struct driver *d, uint64_t start, uint64_t end, unsigned prot)
{
    struct iommu_reserved *region = iommu_pool_get(d->iommu, &d->iommu->reserved_pool);

    *region = (struct iommu_reserved){ .next = d->iommu->reserved, .start = start, .end = end, .prot = prot };
    CHECK_OK(iommu_scope_add(d->iommu, &region->scopes, DRIVER_RID, false));
    d->iommu->reserved = region;
}

static void check_rights(struct driver *d, uint64_t at, unsigned prot)
{
    uint32_t value;

    CHECK_EQ(driver_read(d, DRIVER_RID, at, &value), prot & IOMMU_READ ? 0 : SPEC_FR_READ);
    CHECK_EQ(driver_write(d, DRIVER_RID, at, 5), prot & IOMMU_WRITE ? 0 : SPEC_FR_WRITE);
}

TEST(overlapping_regions_join_their_rights_in_any_order)
{
    static const struct {
        uint64_t start, end;
        unsigned prot;
    } regions[] = {
        { START, START + 0x2000, IOMMU_READ }, { START + 0x1000, START + 0x4000, IOMMU_WRITE },
        { START + 0x3000, START + 0x5000, IOMMU_READ },
    };
    static const unsigned orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    static const unsigned rights[] = { IOMMU_READ, IOMMU_RW, IOMMU_WRITE, IOMMU_RW, IOMMU_READ };

    for (unsigned o = 0; o < 6; o++) {
        struct vtd_model_config config = vtd_model_default();
        struct driver *d = driver_create(&config, NULL);
        struct iommu_device *device;
        struct iommu_domain *domain;

        CHECK_OK(driver_add_table(d));
        for (unsigned i = 0; i < 3; i++)
            push_region(d, regions[orders[o][i]].start, regions[orders[o][i]].end, regions[orders[o][i]].prot);
        device = driver_add(d, DRIVER_RID);
        CHECK_OK(iommu_start(d->iommu));
        for (unsigned page = 0; page < 5; page++)
            check_rights(d, START + page * 0x1000, rights[page]);
        check_rights(d, START + 0x5000, 0);
        domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);
        CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
        for (unsigned page = 0; page < 5; page++)
            check_rights(d, START + page * 0x1000, rights[page]);
        CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
        CHECK_OK(iommu_domain_destroy(domain));
        driver_destroy(d);
    }
}

/* What cannot be mapped is an error, of that region alone. */
TEST(region_that_cannot_be_mapped_leaves_the_others)
{
    for (unsigned order = 0; order < 2; order++) {
        struct vtd_model_config config = vtd_model_default();
        struct driver *d = driver_create(&config, NULL);

        CHECK_OK(driver_add_table(d));
        if (order)
            push_region(d, START, END, IOMMU_RW);
        push_region(d, IOMMU_INTERRUPT_START, IOMMU_INTERRUPT_START + 0x1000, IOMMU_RW);
        if (!order)
            push_region(d, START, END, IOMMU_RW);
        driver_add(d, DRIVER_RID);
        CHECK_EQ(iommu_start(d->iommu), IOMMU_ERR_RANGE);
        check_reaches_just_the_region(d, DRIVER_RID);
        driver_destroy(d);
    }
}
