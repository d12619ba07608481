/* SPDX-License-Identifier: BSD-2-Clause */
/* domain.c on the model: formats, ids, what is flushed where, identity, errors. */
#include "test.h"

#include "driver_rig.h"

static struct iommu_device *device_of(struct driver *d, uint16_t rid)
{
    return iommu_find_device(d->iommu, 0, rid);
}

static enum iommu_status create(struct driver *d, enum iommu_domain_type type, unsigned input_bits,
                                struct iommu_domain **out)
{
    struct iommu_device *const devices[] = { device_of(d, DRIVER_RID) };

    return iommu_domain_create(d->iommu, &(struct iommu_domain_desc){
        .type = type, .devices = devices, .device_count = 1, .input_bits = input_bits }, out);
}

static void attach(struct iommu_domain *domain, struct iommu_device *device)
{
    CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
}

static void detach(struct iommu_device *device)
{
    CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
}

/* ---- create ---- */

static void check_levels(uint64_t sagaw, unsigned mgaw, unsigned input_bits, enum iommu_status expected,
                         unsigned levels, uint64_t end)
{
    struct vtd_model_config config = vtd_model_default();
    struct iommu_domain_info info;
    struct iommu_domain *domain;
    struct driver *d;

    spec_put(&config.units[0].cap, SPEC_CAP_SAGAW, sagaw);
    spec_put(&config.units[0].cap, SPEC_CAP_MGAW, mgaw - 1);
    d = driver_started(&config);
    CHECK_EQ(create(d, IOMMU_DOMAIN_UNMANAGED, input_bits, &domain), expected);
    if (expected == IOMMU_OK) {
        iommu_domain_info(domain, &info);
        CHECK_EQ(info.levels, levels);
        CHECK_EQ(info.aperture_end, end);
        CHECK_STR(info.format, "vtd-ss");
        CHECK_OK(iommu_domain_destroy(domain));
    }
    driver_destroy(d);
}

/* SAGAW bits 1, 2, 3: 39, 48 and 57 bits (VT-d §11.4.2). */
TEST(depth_follows_the_width_asked_for_and_the_unit)
{
    check_levels(2 | 4, 48, 0, IOMMU_OK, 4, 1ull << 48);
    check_levels(2 | 4, 48, 39, IOMMU_OK, 3, 1ull << 39);
    check_levels(2 | 4, 48, 40, IOMMU_OK, 4, 1ull << 48);
    check_levels(2, 39, 0, IOMMU_OK, 3, 1ull << 39);
    check_levels(2, 39, 40, IOMMU_ERR_RANGE, 0, 0);
    check_levels(2 | 4 | 8, 57, 0, IOMMU_OK, 4, 1ull << 48);
    check_levels(2 | 4 | 8, 57, 52, IOMMU_OK, 5, 1ull << 57);
    check_levels(8, 57, 0, IOMMU_OK, 5, 1ull << 57);
    check_levels(2 | 4, 42, 0, IOMMU_OK, 4, 1ull << 42);
    check_levels(2 | 4, 42, 43, IOMMU_ERR_RANGE, 0, 0);
}

TEST(types_and_arguments_that_are_refused)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_domain *domain;

    CHECK_EQ(create(d, IOMMU_DOMAIN_DMA_FQ, 0, &domain), IOMMU_ERR_UNSUPPORTED);
    CHECK_EQ(create(d, IOMMU_DOMAIN_SVA, 0, &domain), IOMMU_ERR_UNSUPPORTED);
    CHECK_EQ(create(d, (enum iommu_domain_type)77, 0, &domain), IOMMU_ERR_INVALID);
    CHECK_EQ(iommu_domain_create(d->iommu, &(struct iommu_domain_desc){ .type = IOMMU_DOMAIN_DMA }, &domain),
             IOMMU_ERR_INVALID);
    driver_destroy(d);
}

/* Two units: what only one has is not used; the domain is flushed on both. */
TEST(domain_for_two_units_takes_what_both_have)
{
    struct vtd_model_config config = vtd_model_default();
    struct iommu_device *devices[2];
    struct iommu_domain_info info;
    struct iommu_domain *domain, *own;
    struct driver *d;
    uint32_t value = 0;

    config.units[0].include_all = false;
    config.units[0].scopes[0] = (struct vtd_model_scope){ .type = 1, .path = { { 2, 0 } } };
    config.units[0].scope_count = 1;
    config.units[1] = vtd_model_default_unit(1, true);
    config.unit_count = 2;
    spec_put(&config.units[1].cap, SPEC_CAP_SSLPS, 1); /* no 1 GiB pages */
    spec_put(&config.units[1].cap, SPEC_CAP_SAGAW, 2);
    spec_put(&config.units[1].cap, SPEC_CAP_MGAW, 38);
    spec_put(&config.units[1].ecap, SPEC_ECAP_C, 0);
    d = driver_started(&config);
    devices[0] = device_of(d, DRIVER_RID);
    devices[1] = device_of(d, DRIVER_OTHER);
    CHECK_OK(iommu_domain_create(d->iommu, &(struct iommu_domain_desc){
        .type = IOMMU_DOMAIN_UNMANAGED, .devices = devices, .device_count = 2 }, &domain));
    iommu_domain_info(domain, &info);
    CHECK_EQ(info.page_sizes, 1ull << 12 | 1ull << 21);
    CHECK_EQ(info.levels, 3);
    attach(domain, devices[0]);
    attach(domain, devices[1]);
    driver_map(domain, DRIVER_IOVA, d->frame, 4096, IOMMU_RW);
    CHECK_EQ(vtd_model_dma(d->m, 0, DRIVER_RID, DRIVER_IOVA, &value, 4, false), VTD_MODEL_DONE);
    CHECK_EQ(vtd_model_dma(d->m, 1, DRIVER_OTHER, DRIVER_IOVA, &value, 4, false), VTD_MODEL_DONE);
    CHECK_OK(iommu_unmap(domain, DRIVER_IOVA, 4096, NULL));
    CHECK_EQ(vtd_model_dma(d->m, 0, DRIVER_RID, DRIVER_IOVA, &value, 4, false), VTD_MODEL_FAULT);
    CHECK_EQ(vtd_model_dma(d->m, 1, DRIVER_OTHER, DRIVER_IOVA, &value, 4, false), VTD_MODEL_FAULT);
    /* A domain made for the first alone does not fit the second. */
    CHECK_OK(create(d, IOMMU_DOMAIN_UNMANAGED, 0, &own));
    CHECK_EQ(iommu_attach(own, devices[1], IOMMU_NO_PASID), IOMMU_ERR_UNSUPPORTED);
    CHECK_OK(iommu_domain_destroy(own));
    detach(devices[0]);
    CHECK_EQ(iommu_domain_destroy(domain), IOMMU_ERR_BUSY);
    detach(devices[1]);
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

/* ---- domain ids ---- */

TEST(ids_run_out_and_come_back)
{
    struct vtd_model_config config = vtd_model_default();
    struct iommu_device *devices[17];
    struct iommu_domain *domains[17];
    struct driver *d;

    spec_put(&config.units[0].cap, SPEC_CAP_ND, 0); /* 16 ids, of which 0 is not used */
    d = driver_started(&config);
    for (unsigned i = 0; i < 17; i++) {
        devices[i] = driver_add(d, (uint16_t)(0x0800 + 8 * i));
        domains[i] = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, devices[i]);
        CHECK_EQ(iommu_attach(domains[i], devices[i], IOMMU_NO_PASID), i < 15 ? IOMMU_OK : IOMMU_ERR_RANGE);
    }
    detach(devices[3]);
    attach(domains[15], devices[15]);
    CHECK_EQ(iommu_attach(domains[16], devices[16], IOMMU_NO_PASID), IOMMU_ERR_RANGE);
    for (unsigned i = 0; i < 17; i++) {
        if (iommu_device_domain(devices[i]) != NULL)
            detach(devices[i]);
        CHECK_OK(iommu_domain_destroy(domains[i]));
    }
    driver_destroy(d);
}

/* What one domain cached must not serve the next one that gets its id. */
TEST(reused_id_finds_no_old_translation)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;
    uint32_t value;

    spec_put(&config.units[0].cap, SPEC_CAP_ND, 0);
    d = driver_started(&config);
    for (unsigned i = 0; i < 60; i++) {
        struct iommu_device *device = device_of(d, i % 2 ? DRIVER_RID : DRIVER_OTHER);
        struct iommu_domain *domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);

        attach(domain, device);
        CHECK_EQ(driver_read(d, iommu_device_rid(device), DRIVER_IOVA, &value), SPEC_FR_READ);
        driver_map(domain, DRIVER_IOVA, d->frame, 4096, IOMMU_RW);
        CHECK_EQ(driver_read(d, iommu_device_rid(device), DRIVER_IOVA, &value), 0);
        detach(device);
        CHECK_OK(iommu_domain_destroy(domain));
    }
    driver_destroy(d);
}

TEST(two_devices_share_a_domain_and_its_id)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_domain *domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device_of(d, DRIVER_RID));
    struct iommu_domain_info info;
    uint32_t value;

    attach(domain, device_of(d, DRIVER_RID));
    attach(domain, device_of(d, DRIVER_OTHER));
    driver_map(domain, DRIVER_IOVA, d->frame, 4096, IOMMU_RW);
    CHECK_EQ(driver_read(d, DRIVER_RID, DRIVER_IOVA, &value), 0);
    CHECK_EQ(driver_read(d, DRIVER_OTHER, DRIVER_IOVA, &value), 0);
    iommu_domain_info(domain, &info);
    CHECK_EQ(info.devices, 2);
    detach(device_of(d, DRIVER_RID));
    CHECK_EQ(driver_read(d, DRIVER_RID, DRIVER_IOVA, &value), SPEC_FR_CONTEXT_P);
    CHECK_EQ(driver_read(d, DRIVER_OTHER, DRIVER_IOVA, &value), 0);
    CHECK_EQ(iommu_domain_destroy(domain), IOMMU_ERR_BUSY);
    detach(device_of(d, DRIVER_OTHER));
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

/* ---- map ---- */

static enum iommu_status map(struct iommu_domain *domain, uint64_t iova, uint64_t pa, uint64_t len, unsigned prot)
{
    return iommu_map(domain, &(struct iommu_mapping){ .iova = iova, .pa = pa, .len = len, .prot = prot });
}

TEST(map_refuses_what_the_header_says)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_domain *domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device_of(d, DRIVER_RID));
    struct iommu_domain *identity = driver_domain(d, IOMMU_DOMAIN_IDENTITY, device_of(d, DRIVER_RID));
    uint64_t end = 1ull << 48;

    CHECK_EQ(map(domain, 0x1001, 0x2000, 4096, IOMMU_RW), IOMMU_ERR_INVALID);
    CHECK_EQ(map(domain, 0x1000, 0x2001, 4096, IOMMU_RW), IOMMU_ERR_INVALID);
    CHECK_EQ(map(domain, 0x1000, 0x2000, 4097, IOMMU_RW), IOMMU_ERR_INVALID);
    CHECK_EQ(map(domain, 0x1000, 0x2000, 0, IOMMU_RW), IOMMU_ERR_INVALID);
    CHECK_EQ(map(domain, 0, 0x2000, 0, IOMMU_RW), IOMMU_ERR_INVALID);
    CHECK_EQ(map(domain, 0x1000, 0x2000, 4096, 0), IOMMU_ERR_INVALID);
    CHECK_EQ(map(domain, 0x1000, 0x2000, 4096, 4), IOMMU_ERR_INVALID);
    CHECK_EQ(map(identity, 0x1000, 0x2000, 4096, IOMMU_RW), IOMMU_ERR_INVALID);
    CHECK_EQ(map(domain, end, 0x2000, 4096, IOMMU_RW), IOMMU_ERR_RANGE);
    CHECK_EQ(map(domain, end - 4096, 0x2000, 8192, IOMMU_RW), IOMMU_ERR_RANGE);
    CHECK_EQ(map(domain, 0ull - 4096, 0x2000, 8192, IOMMU_RW), IOMMU_ERR_RANGE);
    CHECK_EQ(map(domain, 0x1000, 1ull << 39, 4096, IOMMU_RW), IOMMU_ERR_RANGE);
    /* VT-d §3.15: FEE00000h to FEEFFFFFh. */
    CHECK_EQ(map(domain, 0xfee00000, 0x2000, 4096, IOMMU_RW), IOMMU_ERR_RANGE);
    CHECK_EQ(map(domain, 0xfeeff000, 0x2000, 4096, IOMMU_RW), IOMMU_ERR_RANGE);
    CHECK_EQ(map(domain, 0xfedff000, 0x2000, 8192, IOMMU_RW), IOMMU_ERR_RANGE);
    CHECK_OK(map(domain, 0xfedff000, 0x2000, 4096, IOMMU_RW));
    CHECK_OK(map(domain, 0xfef00000, 0x2000, 4096, IOMMU_RW));
    CHECK_OK(map(domain, end - 4096, 0x2000, 4096, IOMMU_RW));
    CHECK_EQ(map(domain, end - 4096, 0x2000, 4096, IOMMU_RW), IOMMU_ERR_EXISTS);
    CHECK_EQ(iommu_unmap(domain, end, 4096, NULL), IOMMU_ERR_RANGE);
    CHECK_EQ(iommu_unmap(domain, 0x1000, 0, NULL), IOMMU_ERR_INVALID);
    CHECK_EQ(iommu_unmap(identity, 0x1000, 4096, NULL), IOMMU_ERR_INVALID);
    CHECK_OK(iommu_domain_destroy(domain));
    CHECK_OK(iommu_domain_destroy(identity));
    driver_destroy(d);
}

TEST(gathered_unmap_leaves_a_window_until_it_is_synchronised)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_domain *domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device_of(d, DRIVER_RID));
    struct iommu_gather gather = { 0 };
    uint64_t unmapped;
    uint32_t value;

    attach(domain, device_of(d, DRIVER_RID));
    driver_map(domain, DRIVER_IOVA, d->frame, 4096, IOMMU_RW);
    CHECK_EQ(driver_read(d, DRIVER_RID, DRIVER_IOVA, &value), 0);
    CHECK_OK(iommu_unmap_gather(domain, DRIVER_IOVA, 4096, &gather, &unmapped));
    CHECK_EQ(unmapped, 4096);
    CHECK_EQ(driver_read(d, DRIVER_RID, DRIVER_IOVA, &value), 0);
    CHECK_OK(iommu_sync(domain, &gather));
    CHECK(gather.start == 0 && gather.end == 0);
    CHECK_EQ(driver_read(d, DRIVER_RID, DRIVER_IOVA, &value), SPEC_FR_READ);
    detach(device_of(d, DRIVER_RID));
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

/* A page that was absent, used and then mapped: seen at once, also where absence is cached. */
TEST(new_mapping_is_seen_on_every_kind_of_unit)
{
    for (unsigned number = 0; number < 8; number++) {
        struct vtd_model_config config = vtd_model_default();
        struct iommu_domain *domain;
        struct driver *d;
        uint32_t value;

        spec_put(&config.units[0].ecap, SPEC_ECAP_C, !(number & 1));
        spec_put(&config.units[0].cap, SPEC_CAP_CM, (number & 2) != 0);
        spec_put(&config.units[0].cap, SPEC_CAP_RWBF, (number & 4) != 0);
        d = driver_started(&config);
        domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device_of(d, DRIVER_RID));
        attach(domain, device_of(d, DRIVER_RID));
        for (unsigned i = 0; i < 4; i++) {
            uint64_t iova = DRIVER_IOVA + (i << 21) + i * 4096ull;

            CHECK_EQ(driver_read(d, DRIVER_RID, iova, &value), SPEC_FR_READ);
            driver_map(domain, iova, d->frame, 4096, IOMMU_RW);
            CHECK_EQ(driver_read(d, DRIVER_RID, iova, &value), 0);
        }
        detach(device_of(d, DRIVER_RID));
        CHECK_OK(iommu_domain_destroy(domain));
        driver_destroy(d);
    }
}

TEST(trim_frees_empty_tables_after_a_flush)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_domain *domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device_of(d, DRIVER_RID));
    struct iommu_domain_info info;

    attach(domain, device_of(d, DRIVER_RID));
    driver_map(domain, DRIVER_IOVA, d->frame, 4096, IOMMU_RW);
    iommu_domain_info(domain, &info);
    CHECK_EQ(info.table_pages, 4);
    CHECK_OK(iommu_unmap(domain, DRIVER_IOVA, 4096, NULL));
    CHECK_OK(iommu_domain_trim(domain));
    iommu_domain_info(domain, &info);
    CHECK_EQ(info.table_pages, 1);
    detach(device_of(d, DRIVER_RID));
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

TEST(nothing_unmapped_is_nothing_flushed)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_domain *domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device_of(d, DRIVER_RID));
    uint64_t doorbells, unmapped = 1;

    attach(domain, device_of(d, DRIVER_RID));
    doorbells = vtd_model_stats(d->m, 0).doorbells;
    CHECK_OK(iommu_unmap(domain, DRIVER_IOVA, 4096, &unmapped));
    CHECK_EQ(unmapped, 0);
    CHECK_EQ(vtd_model_stats(d->m, 0).doorbells, doorbells);
    detach(device_of(d, DRIVER_RID));
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

TEST(new_domain_has_nothing_of_the_last_one)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_domain *domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device_of(d, DRIVER_RID));
    struct iommu_domain_info info;

    CHECK_OK(iommu_domain_destroy(domain));
    domain = driver_domain(d, IOMMU_DOMAIN_BLOCKED, device_of(d, DRIVER_RID));
    iommu_domain_info(domain, &info);
    CHECK_STR(info.format, "none");
    CHECK_EQ(info.aperture_end, 0);
    CHECK_EQ(map(domain, 0x1000, 0x2000, 4096, IOMMU_RW), IOMMU_ERR_INVALID);
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

/* ---- identity and lookup ---- */

TEST(identity_without_pass_through_is_made_of_large_pages)
{
    struct vtd_model_config config = vtd_model_default();
    struct iommu_device *devices[1];
    struct iommu_domain *domain;
    struct iommu_domain_info info;
    struct iommu_leaf leaf;
    struct driver *d;
    uint64_t pa;

    spec_put(&config.units[0].ecap, SPEC_ECAP_PT, 0);
    d = driver_started(&config);
    devices[0] = device_of(d, DRIVER_RID);
    CHECK_OK(iommu_domain_create(d->iommu, &(struct iommu_domain_desc){ .type = IOMMU_DOMAIN_IDENTITY,
        .devices = devices, .device_count = 1, .identity_end = 6ull << 30 }, &domain));
    iommu_domain_info(domain, &info);
    CHECK_STR(info.format, "vtd-ss");
    attach(domain, devices[0]);
    CHECK_EQ(driver_write(d, DRIVER_RID, d->frame, 0x4711), 0);
    CHECK_EQ(driver_word(d, d->frame), 0x4711);
    CHECK_OK(iommu_lookup_leaf(domain, 1ull << 30, &leaf));
    CHECK_EQ(leaf.size_shift, 30);
    CHECK_EQ(leaf.pa, 1ull << 30);
    CHECK_EQ(iommu_lookup_leaf(domain, 0xfee00000, &leaf), IOMMU_ERR_NOT_FOUND);
    CHECK_EQ(iommu_lookup_leaf(domain, 0xfeeff000, &leaf), IOMMU_ERR_NOT_FOUND);
    CHECK_OK(iommu_lookup_leaf(domain, 0xfef00000, &leaf));
    CHECK_OK(iommu_lookup_leaf(domain, (6ull << 30) - 4096, &leaf));
    CHECK_EQ(iommu_lookup_leaf(domain, 6ull << 30, &leaf), IOMMU_ERR_NOT_FOUND);
    CHECK_OK(iommu_lookup(domain, 0x123456, &pa));
    CHECK_EQ(pa, 0x123456);
    detach(devices[0]);
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

TEST(lookup_says_what_the_device_reaches)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_domain *domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device_of(d, DRIVER_RID));
    struct iommu_domain *blocked = driver_domain(d, IOMMU_DOMAIN_BLOCKED, device_of(d, DRIVER_RID));
    uint64_t pa = 1;

    driver_map(domain, DRIVER_IOVA, 0x2345000, 4096, IOMMU_READ);
    CHECK_OK(iommu_lookup(domain, DRIVER_IOVA + 0x678, &pa));
    CHECK_EQ(pa, 0x2345678);
    CHECK_EQ(iommu_lookup(domain, DRIVER_IOVA + 4096, &pa), IOMMU_ERR_NOT_FOUND);
    CHECK_EQ(pa, 0);
    CHECK_EQ(iommu_lookup(blocked, DRIVER_IOVA, &pa), IOMMU_ERR_NOT_FOUND);
    CHECK_OK(iommu_domain_destroy(domain));
    CHECK_OK(iommu_domain_destroy(blocked));
    driver_destroy(d);
}

TEST(no_superpages_on_request)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_create(&config, &(struct iommu_config){ .no_superpages = true });
    struct iommu_domain_info info;
    struct iommu_domain *domain;
    struct iommu_leaf leaf;

    CHECK_OK(driver_add_table(d));
    domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, driver_add(d, DRIVER_RID));
    iommu_domain_info(domain, &info);
    CHECK_EQ(info.page_sizes, 4096);
    driver_map(domain, 0x40000000, 0x200000, 0x200000, IOMMU_RW);
    CHECK_OK(iommu_lookup_leaf(domain, 0x40000000, &leaf));
    CHECK_EQ(leaf.size_shift, 12);
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

/* ---- attach ---- */

TEST(attach_refuses_what_the_header_says)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_create(&config, NULL);
    struct iommu_device *device;
    struct iommu_domain *domain;

    CHECK_OK(driver_add_table(d));
    device = driver_add(d, DRIVER_RID);
    domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);
    CHECK_EQ(iommu_attach(domain, device, IOMMU_NO_PASID), IOMMU_ERR_BUSY);
    CHECK_OK(iommu_start(d->iommu));
    CHECK_EQ(iommu_attach(domain, device, 5), IOMMU_ERR_UNSUPPORTED);
    CHECK_EQ(iommu_detach(device, 5), IOMMU_ERR_UNSUPPORTED);
    CHECK_EQ(iommu_detach(device, IOMMU_NO_PASID), IOMMU_ERR_NOT_FOUND);
    attach(domain, device);
    attach(domain, device); /* once more is no change */
    detach(device);
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

static enum iommu_status use(struct driver *d)
{
    struct iommu_device *const devices[] = { device_of(d, DRIVER_RID) };
    struct iommu_domain *domain;
    enum iommu_status status = iommu_domain_create(d->iommu, &(struct iommu_domain_desc){
        .type = IOMMU_DOMAIN_UNMANAGED, .devices = devices, .device_count = 1 }, &domain);

    if (status != IOMMU_OK)
        return status;
    status = iommu_attach(domain, devices[0], IOMMU_NO_PASID);
    if (status == IOMMU_OK) {
        status = map(domain, DRIVER_IOVA, 0x2000, 0x400000, IOMMU_RW);
        CHECK_OK(iommu_unmap(domain, DRIVER_IOVA, 0x400000, NULL));
        detach(devices[0]);
    }
    CHECK_OK(iommu_domain_destroy(domain));
    return status;
}

TEST(no_memory_at_any_step_leaves_nothing_behind)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    size_t pages;
    unsigned nth = 1;

    CHECK_OK(use(d)); /* the pools have their pages now */
    pages = vtd_model_live_pages(d->m);
    for (;; nth++) {
        enum iommu_status status;

        vtd_model_fail_alloc(d->m, nth);
        status = use(d);
        CHECK_EQ(vtd_model_live_pages(d->m), pages);
        if (status == IOMMU_OK)
            break;
        CHECK_EQ(status, IOMMU_ERR_NOMEM);
    }
    CHECK(nth > 4);
    vtd_model_fail_alloc(d->m, 0);
    driver_destroy(d);
}

/* ---- where it ends ---- */

/* The tables of four levels reach further than a unit with MGAW of 42 bits does. */
TEST(map_ends_at_the_width_of_the_unit)
{
    struct vtd_model_config config = vtd_model_default();
    struct iommu_domain *domain;
    struct iommu_mapping m = { .len = 4096, .prot = IOMMU_RW };
    struct driver *d;

    spec_put(&config.units[0].cap, SPEC_CAP_MGAW, 41);
    d = driver_started(&config);
    domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device_of(d, DRIVER_RID));
    m.pa = d->frame;
    m.iova = 1ull << 42;
    CHECK_EQ(iommu_map(domain, &m), IOMMU_ERR_RANGE);
    m.iova -= 4096;
    CHECK_OK(iommu_map(domain, &m));
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}
