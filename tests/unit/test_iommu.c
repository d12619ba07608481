/* SPDX-License-Identifier: BSD-2-Clause */
/* iommu.c on the model: the machine, tables, devices and the unit that covers them. */
#include "test.h"

#include "driver_rig.h"
#include "internal.h"

TEST(every_status_has_a_name)
{
    for (int status = 0; status >= -12; status--)
        CHECK(strcmp(iommu_status_name((enum iommu_status)status), "unknown") != 0);
    CHECK_STR(iommu_status_name(IOMMU_OK), "ok");
    CHECK_STR(iommu_status_name(IOMMU_ERR_FENCED), "fenced");
    CHECK_STR(iommu_status_name((enum iommu_status)-13), "unknown");
    CHECK_STR(iommu_status_name((enum iommu_status)1), "unknown");
}

TEST(platform_must_be_complete)
{
    struct vtd_model_config config = vtd_model_default();
    struct vtd_model *m = vtd_model_create(&config);
    struct iommu_platform platform = *vtd_model_platform(m);
    struct iommu *iommu;

    platform.fault_interrupt = NULL;
    platform.bus_master_off = NULL;
    CHECK_OK(iommu_create(&platform, vtd_model_ctx(m), NULL, &iommu));
    iommu_destroy(iommu);
    platform.dma_flush = NULL;
    CHECK_EQ(iommu_create(&platform, vtd_model_ctx(m), NULL, &iommu), IOMMU_ERR_INVALID);
    platform = *vtd_model_platform(m);
    platform.log = NULL;
    CHECK_EQ(iommu_create(&platform, vtd_model_ctx(m), NULL, &iommu), IOMMU_ERR_INVALID);
    vtd_model_fail_alloc(m, 1);
    CHECK_EQ(iommu_create(vtd_model_platform(m), vtd_model_ctx(m), NULL, &iommu), IOMMU_ERR_NOMEM);
    CHECK_EQ(vtd_model_live_pages(m), 0);
    vtd_model_destroy(m);
}

TEST(tables_that_are_no_good)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_create(&config, NULL);
    uint8_t table[4096];
    size_t len = vtd_model_dmar(d->m, table, sizeof(table));

    CHECK_EQ(iommu_add_table(d->iommu, "VIOT", 4), IOMMU_ERR_UNSUPPORTED);
    CHECK_EQ(iommu_add_table(d->iommu, "IVRS", 4), IOMMU_ERR_TABLE);
    CHECK_EQ(iommu_add_table(d->iommu, table, 3), IOMMU_ERR_TABLE);
    CHECK_EQ(iommu_add_table(d->iommu, table, 40), IOMMU_ERR_TABLE);
    CHECK_EQ(iommu_unit_count(d->iommu), 0);
    CHECK_EQ(iommu_start(d->iommu), IOMMU_ERR_NOT_FOUND);
    CHECK_OK(iommu_add_table(d->iommu, table, len));
    CHECK_OK(iommu_start(d->iommu));
    CHECK_EQ(iommu_add_table(d->iommu, table, len), IOMMU_ERR_BUSY);
    CHECK_EQ(iommu_start(d->iommu), IOMMU_ERR_BUSY);
    driver_destroy(d);
}

/* Said to be wrong, but what could be used has been added. */
TEST(table_with_a_wrong_checksum_still_protects)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_create(&config, NULL);
    uint8_t table[4096];
    size_t len = vtd_model_dmar(d->m, table, sizeof(table));

    table[9] ^= 1;
    CHECK_EQ(iommu_add_table(d->iommu, table, len), IOMMU_ERR_TABLE);
    CHECK_EQ(iommu_unit_count(d->iommu), 1);
    CHECK_OK(iommu_start(d->iommu));
    driver_destroy(d);
}

TEST(unit_named_twice_is_one_unit)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_create(&config, NULL);

    CHECK_OK(driver_add_table(d));
    CHECK_EQ(driver_add_table(d), IOMMU_ERR_TABLE);
    CHECK_EQ(iommu_unit_count(d->iommu), 1);
    driver_destroy(d);
}

TEST(device_descriptions_that_are_refused)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_create(&config, NULL);
    struct iommu_device *device;
    int owner;
    struct iommu_device_desc desc = { .rids = { 0x10, 0x20 }, .rid_count = 2, .owner = &owner };

    CHECK_OK(driver_add_table(d));
    CHECK_OK(iommu_add_device(d->iommu, &desc, &device));
    CHECK(iommu_device_owner(device) == &owner);
    CHECK_EQ(iommu_device_rid(device), 0x10);
    CHECK_EQ(iommu_device_segment(device), 0);
    CHECK(iommu_find_device(d->iommu, 0, 0x20) == device);
    CHECK(iommu_find_device(d->iommu, 1, 0x20) == NULL);
    CHECK(iommu_find_device(d->iommu, 0, 0x21) == NULL);
    CHECK_EQ(iommu_add_device(d->iommu, &desc, &device), IOMMU_ERR_EXISTS);
    desc.rids[0] = 0x30; /* shares its second id */
    CHECK_EQ(iommu_add_device(d->iommu, &desc, &device), IOMMU_ERR_EXISTS);
    CHECK(iommu_find_device(d->iommu, 0, 0x30) == NULL);
    desc.rid_count = 0;
    CHECK_EQ(iommu_add_device(d->iommu, &desc, &device), IOMMU_ERR_INVALID);
    desc.rid_count = IOMMU_DEVICE_RIDS + 1;
    CHECK_EQ(iommu_add_device(d->iommu, &desc, &device), IOMMU_ERR_INVALID);
    desc.rid_count = 2;
    desc.rids[0] = desc.rids[1] = 0x40;
    CHECK_EQ(iommu_add_device(d->iommu, &desc, &device), IOMMU_ERR_INVALID);
    CHECK(iommu_find_device(d->iommu, 0, 0x40) == NULL);
    desc.rid_count = 1;
    desc.bridge_count = 17;
    CHECK_EQ(iommu_add_device(d->iommu, &desc, &device), IOMMU_ERR_INVALID);
    desc.bridge_count = 0;
    desc.segment = 1;
    CHECK_EQ(iommu_add_device(d->iommu, &desc, &device), IOMMU_ERR_NOT_FOUND);
    driver_destroy(d);
}

/* Which unit translates a device: attach it and see at which unit it gets through. */
static unsigned unit_of(struct driver *d, const struct iommu_device_desc *desc)
{
    struct iommu_device *device;
    struct iommu_domain *domain;
    unsigned found = 99;
    uint32_t value;

    CHECK_OK(iommu_add_device(d->iommu, desc, &device));
    domain = driver_domain(d, IOMMU_DOMAIN_IDENTITY, device);
    CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
    for (unsigned unit = 0; unit < 2; unit++)
        if (vtd_model_dma(d->m, unit, desc->rids[0], d->frame, &value, 4, false) == VTD_MODEL_DONE)
            found = unit;
    CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
    return found;
}

/* VT-d §8.3: endpoints by their id, bridges with what is below, the rest to INCLUDE_PCI_ALL. */
TEST(scopes_choose_the_unit)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    config.units[0].include_all = true; /* listed first: it must not win over a scope that names the device */
    config.units[1] = vtd_model_default_unit(1, false);
    config.units[1].scopes[0] = (struct vtd_model_scope){ .type = 1, .path = { { 2, 0 } } };
    config.units[1].scopes[1] = (struct vtd_model_scope){ .type = 2, .path = { { 0x1c, 0 } } };
    /* 00:1d.0, whose secondary bus is 5, then 05:03.1 */
    config.units[1].scopes[2] = (struct vtd_model_scope){
        .type = 1, .path_count = 2, .path = { { 0x1d, 0 }, { 3, 1 } } };
    config.units[1].scope_count = 3;
    config.unit_count = 2;
    d = driver_create(&config, NULL);
    vtd_model_function(d->m, 0, IOMMU_RID(0, 2, 0));
    vtd_model_bridge(d->m, 0, IOMMU_RID(0, 0x1c, 0), 3, 4);
    vtd_model_bridge(d->m, 0, IOMMU_RID(0, 0x1d, 0), 5, 5);
    vtd_model_function(d->m, 0, IOMMU_RID(5, 3, 1));
    CHECK_OK(driver_add_table(d));
    CHECK_OK(iommu_start(d->iommu));
    CHECK_EQ(unit_of(d, &(struct iommu_device_desc){ .rids = { IOMMU_RID(0, 2, 0) }, .rid_count = 1 }), 1);
    CHECK_EQ(unit_of(d, &(struct iommu_device_desc){ .rids = { IOMMU_RID(0, 2, 1) }, .rid_count = 1 }), 0);
    CHECK_EQ(unit_of(d, &(struct iommu_device_desc){ .rids = { IOMMU_RID(0, 0x1c, 0) }, .rid_count = 1 }), 1);
    CHECK_EQ(unit_of(d, &(struct iommu_device_desc){ .rids = { IOMMU_RID(4, 0, 0) }, .rid_count = 1,
        .bridges = { IOMMU_RID(3, 0, 0), IOMMU_RID(0, 0x1c, 0) }, .bridge_count = 2 }), 1);
    CHECK_EQ(unit_of(d, &(struct iommu_device_desc){ .rids = { IOMMU_RID(6, 0, 0) }, .rid_count = 1,
        .bridges = { IOMMU_RID(0, 2, 0) }, .bridge_count = 1 }), 0); /* an endpoint scope covers no others */
    CHECK_EQ(unit_of(d, &(struct iommu_device_desc){ .rids = { IOMMU_RID(5, 3, 1) }, .rid_count = 1,
        .bridges = { IOMMU_RID(0, 0x1d, 0) }, .bridge_count = 1 }), 1);
    CHECK_EQ(unit_of(d, &(struct iommu_device_desc){ .rids = { IOMMU_RID(5, 3, 0) }, .rid_count = 1,
        .bridges = { IOMMU_RID(0, 0x1d, 0) }, .bridge_count = 1 }), 0);
    driver_destroy(d);
}

/* ---- devices that firmware names before the embedder does ---- */

#define REGION 0x1c0000ull
#define BELOW_REGION 0x1d0000ull
#define BRIDGE IOMMU_RID(0, 0x1c, 0)
#define NAMED IOMMU_RID(7, 0, 0)

/* One region names a function behind a bridge, one the bridge; so does a unit's scope if it is told to. */
static struct driver *started_with_regions(bool second_unit)
{
    const struct vtd_model_scope bridge = { .type = 2, .path = { { 0x1c, 0 } } };
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    config.rmrrs[0] = (struct vtd_model_rmrr){ .start = REGION, .end = REGION + 4096, .scope_count = 1,
        .scopes[0] = { .type = 1, .path_count = 2, .path = { { 0x1c, 0 }, { 0, 0 } } } };
    config.rmrrs[1] = (struct vtd_model_rmrr){ .start = BELOW_REGION, .end = BELOW_REGION + 4096,
        .scopes[0] = bridge, .scope_count = 1 };
    config.rmrr_count = 2;
    if (second_unit) {
        config.units[1] = vtd_model_default_unit(1, false);
        config.units[1].scopes[0] = bridge;
        config.units[1].scope_count = 1;
        config.unit_count = 2;
    }
    d = driver_create(&config, NULL);
    vtd_model_bridge(d->m, 0, BRIDGE, 7, 7);
    vtd_model_function(d->m, 0, NAMED);
    CHECK_OK(driver_add_table(d));
    CHECK_OK(iommu_start(d->iommu));
    return d;
}

static const struct iommu_device_desc named = {
    .rids = { NAMED, NAMED + 1 }, .rid_count = 2, .bridges = { BRIDGE }, .bridge_count = 1 };

static bool reaches(struct driver *d, unsigned unit, uint16_t rid, uint64_t iova)
{
    uint32_t value;

    return vtd_model_dma(d->m, unit, rid, iova, &value, 4, false) == VTD_MODEL_DONE;
}

TEST(bridges_of_an_adopted_device_bring_their_regions)
{
    struct driver *d = started_with_regions(false);
    struct iommu_device *device;

    CHECK(reaches(d, 0, NAMED, REGION));
    CHECK(!reaches(d, 0, NAMED, BELOW_REGION));
    CHECK_OK(iommu_add_device(d->iommu, &named, &device));
    CHECK(iommu_device_has_reserved(device));
    for (uint16_t i = 0; i < 2; i++) {
        CHECK(reaches(d, 0, NAMED + i, REGION));
        CHECK(reaches(d, 0, NAMED + i, BELOW_REGION));
        CHECK(!reaches(d, 0, NAMED + i, BELOW_REGION + 4096));
    }
    driver_destroy(d);
}

TEST(bridges_of_an_adopted_device_choose_its_unit)
{
    struct driver *d = started_with_regions(true);
    struct iommu_device *device;
    struct iommu_domain *domain;

    CHECK(reaches(d, 0, NAMED, REGION));
    CHECK(!reaches(d, 1, NAMED, REGION));
    device = iommu_find_device(d->iommu, 0, NAMED);
    domain = driver_domain(d, IOMMU_DOMAIN_BLOCKED, device);
    CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
    CHECK_EQ(iommu_add_device(d->iommu, &named, &device), IOMMU_ERR_BUSY);
    CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
    CHECK_OK(iommu_add_device(d->iommu, &named, &device));
    CHECK_EQ(iommu_device_unit(device), 1);
    CHECK(!reaches(d, 0, NAMED, REGION));
    CHECK(reaches(d, 1, NAMED, REGION));
    CHECK(reaches(d, 1, NAMED + 1, BELOW_REGION));
    domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);
    driver_map(domain, DRIVER_IOVA, d->frame, 4096, IOMMU_RW);
    CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
    CHECK(reaches(d, 1, NAMED, DRIVER_IOVA));
    CHECK(!reaches(d, 0, NAMED, DRIVER_IOVA));
    CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

TEST(adoption_without_memory_leaves_nothing_behind)
{
    for (unsigned second_unit = 0; second_unit < 2; second_unit++) {
        enum iommu_status status = IOMMU_ERR_NOMEM;

        for (unsigned nth = 1; status != IOMMU_OK; nth++) {
            struct driver *d = started_with_regions(second_unit);
            struct iommu_device *device;

            vtd_model_fail_alloc(d->m, nth);
            status = iommu_add_device(d->iommu, &named, &device);
            CHECK(status == IOMMU_OK || status == IOMMU_ERR_NOMEM);
            CHECK(reaches(d, second_unit, NAMED, REGION) || status != IOMMU_OK);
            driver_destroy(d);
        }
    }
}

TEST(indices_past_the_end)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_unit_info info;

    CHECK_EQ(iommu_unit_count(d->iommu), 1);
    CHECK_EQ(iommu_unit_info(d->iommu, 1, &info), IOMMU_ERR_NOT_FOUND);
    CHECK_EQ(iommu_debug_flush_all(d->iommu, 1), IOMMU_ERR_NOT_FOUND);
    CHECK_EQ(iommu_debug_queue_submit(d->iommu, 1, 1, 0), IOMMU_ERR_NOT_FOUND);
    CHECK_EQ(iommu_debug_use_queue(d->iommu, 1, true), IOMMU_ERR_NOT_FOUND);
    iommu_unit_interrupt(d->iommu, 1); /* nothing happens */
    CHECK_EQ(iommu_poll_faults(d->iommu), 0);
    driver_destroy(d);
}

TEST(stop_twice_is_no_error)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_create(&config, NULL);

    CHECK_OK(iommu_stop(d->iommu));
    CHECK_OK(driver_add_table(d));
    CHECK_OK(iommu_start(d->iommu));
    CHECK_OK(iommu_stop(d->iommu));
    CHECK_OK(iommu_stop(d->iommu));
    driver_destroy(d);
}

/* ---- what IVRS tables say: ranges of ids, aliases (AMD-Vi §5.2.2.5) ---- */

/* A machine whose one unit covers only what is added to its scopes. */
static struct driver *without_scopes(void)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    config.units[0].include_all = false;
    d = driver_create(&config, NULL);
    CHECK_OK(driver_add_table(d));
    return d;
}

static enum iommu_status add(struct driver *d, uint16_t rid, struct iommu_device **out)
{
    return iommu_add_device(d->iommu, &(struct iommu_device_desc){ .rids = { rid }, .rid_count = 1 }, out);
}

TEST(range_of_ids_covers_its_ends_and_no_more)
{
    struct driver *d = without_scopes();
    struct iommu_unit *unit = d->iommu->units[0];
    struct iommu_device *device;

    CHECK_OK(iommu_scope_add_range(d->iommu, &unit->scopes, 0x0010, 0x0107));
    CHECK_EQ(add(d, 0x000f, &device), IOMMU_ERR_NOT_FOUND);
    CHECK_EQ(add(d, 0x0108, &device), IOMMU_ERR_NOT_FOUND);
    CHECK_OK(add(d, 0x0010, &device));
    CHECK_OK(add(d, 0x0080, &device));
    CHECK_OK(add(d, 0x0107, &device));
    driver_destroy(d);
}

TEST(alias_that_firmware_gives_is_one_of_the_devices_ids)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_create(&config, NULL);
    struct iommu_device *device, *other;
    struct iommu_domain *domain;
    uint32_t value;

    CHECK_OK(driver_add_table(d));
    CHECK_OK(iommu_alias_add(d->iommu, d->iommu->units[0], DRIVER_RID, DRIVER_RID + 1, 0x0041));
    CHECK_OK(add(d, DRIVER_RID, &device));
    CHECK_OK(add(d, DRIVER_RID + 2, &other));
    CHECK(iommu_find_device(d->iommu, 0, 0x0041) == device);
    CHECK_EQ(iommu_device_rid(device), DRIVER_RID);
    CHECK_OK(iommu_start(d->iommu));
    domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);
    driver_map(domain, DRIVER_IOVA, d->frame, 4096, IOMMU_RW);
    CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
    CHECK_EQ(driver_read(d, 0x0041, DRIVER_IOVA, &value), 0);
    CHECK_EQ(driver_read(d, DRIVER_RID + 2, DRIVER_IOVA, &value), SPEC_FR_CONTEXT_P);
    CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
    CHECK_EQ(driver_read(d, 0x0041, DRIVER_IOVA, &value), SPEC_FR_CONTEXT_P);
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

TEST(every_id_of_a_range_has_its_alias)
{
    struct driver *d = without_scopes();
    struct iommu_unit *unit = d->iommu->units[0];
    struct iommu_device *device;

    CHECK_OK(iommu_scope_add_range(d->iommu, &unit->scopes, 0, 0xffff));
    CHECK_OK(iommu_alias_add(d->iommu, unit, 0x0020, 0x0027, 0x0041));
    CHECK_OK(add(d, 0x001f, &device));
    CHECK_OK(add(d, 0x0028, &device));
    CHECK(iommu_find_device(d->iommu, 0, 0x0041) == NULL);
    CHECK_OK(add(d, 0x0027, &device));
    CHECK(iommu_find_device(d->iommu, 0, 0x0041) == device);
    driver_destroy(d);
}

TEST(alias_has_no_alias_and_is_named_once)
{
    struct driver *d = without_scopes();
    struct iommu_unit *unit = d->iommu->units[0];
    struct iommu_device *device;

    CHECK_OK(iommu_scope_add_range(d->iommu, &unit->scopes, 0, 0xffff));
    /* In either order of the list. */
    CHECK_OK(iommu_alias_add(d->iommu, unit, 0x0051, 0x0051, 0x0052));
    CHECK_OK(iommu_alias_add(d->iommu, unit, 0x0050, 0x0050, 0x0051));
    CHECK_OK(iommu_alias_add(d->iommu, unit, 0x0061, 0x0061, 0x0062));
    CHECK_OK(add(d, 0x0050, &device));
    CHECK_EQ(device->desc.rid_count, 2);
    CHECK(iommu_find_device(d->iommu, 0, 0x0051) == device);
    CHECK(iommu_find_device(d->iommu, 0, 0x0052) == NULL);
    /* One that the embedder has found by itself. */
    CHECK_OK(iommu_add_device(d->iommu, &(struct iommu_device_desc){
        .rids = { 0x0061, 0x0062 }, .rid_count = 2 }, &device));
    CHECK_EQ(device->desc.rid_count, 2);
    driver_destroy(d);
}

TEST(who_holds_an_id_already_is_said)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_create(&config, NULL);
    struct iommu_device *device, *holder = NULL;

    CHECK_OK(driver_add_table(d));
    CHECK_OK(iommu_alias_add(d->iommu, d->iommu->units[0], DRIVER_RID, DRIVER_RID, DRIVER_OTHER));
    CHECK_OK(add(d, DRIVER_OTHER, &device));
    CHECK_EQ(add(d, DRIVER_RID, &holder), IOMMU_ERR_EXISTS);
    CHECK(holder == device);
    holder = NULL;
    CHECK_EQ(add(d, DRIVER_OTHER, &holder), IOMMU_ERR_EXISTS);
    CHECK(holder == device);
    CHECK(iommu_find_device(d->iommu, 0, DRIVER_RID) == NULL);
    driver_destroy(d);
}

/* The ninth id is said and stays blocked. */
TEST(more_aliases_than_a_device_can_have)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_create(&config, NULL);
    struct iommu_device *device;
    unsigned found = 0;

    CHECK_OK(driver_add_table(d));
    for (uint16_t i = 0; i < IOMMU_DEVICE_RIDS; i++)
        CHECK_OK(iommu_alias_add(d->iommu, d->iommu->units[0], DRIVER_RID, DRIVER_RID, (uint16_t)(0x40 + i)));
    CHECK_OK(add(d, DRIVER_RID, &device));
    for (uint16_t i = 0; i < IOMMU_DEVICE_RIDS; i++)
        found += iommu_find_device(d->iommu, 0, (uint16_t)(0x40 + i)) == device;
    CHECK_EQ(found, IOMMU_DEVICE_RIDS - 1);
    CHECK(strstr(vtd_model_log(d->m), "stays blocked") != NULL);
    driver_destroy(d);
}

TEST(no_memory_for_scopes_and_aliases)
{
    struct driver *d = without_scopes();
    struct iommu_unit *unit = d->iommu->units[0];

    vtd_model_fail_alloc(d->m, 1);
    CHECK_EQ(iommu_alias_add(d->iommu, unit, 1, 1, 2), IOMMU_ERR_NOMEM);
    CHECK(unit->aliases == NULL);
    vtd_model_fail_alloc(d->m, 1);
    CHECK_EQ(iommu_scope_add_range(d->iommu, &unit->scopes, 1, 2), IOMMU_ERR_NOMEM);
    CHECK(unit->scopes == NULL);
    driver_destroy(d);
}
