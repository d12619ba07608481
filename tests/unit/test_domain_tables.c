/* SPDX-License-Identifier: BSD-2-Clause */
/* domain.c on the model: what units are told when tables and pages, large ones too, go away. */
#include "test.h"

#include "driver_rig.h"

static struct iommu_device *device_of(struct driver *d, uint16_t rid)
{
    return iommu_find_device(d->iommu, 0, rid);
}

static void attach(struct iommu_domain *domain, struct iommu_device *device)
{
    CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
}

static void detach(struct iommu_device *device)
{
    CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
}

/* ---- tables that go away ---- */

/* The unit still caches the entry that led to the table of 4 KiB pages. */
TEST(large_page_over_an_empty_table_is_seen)
{
    struct vtd_model_config config = vtd_model_default();
    uint64_t large, iova = 0x40200000;
    struct iommu_domain *domain;
    struct driver *d;
    uint32_t value;

    config.ram_len = 16u << 20;
    d = driver_started(&config);
    large = vtd_model_frames(d->m, 512, 2ull << 20, 0, IOMMU_ANY_PA);
    CHECK(large != 0);
    domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device_of(d, DRIVER_RID));
    attach(domain, device_of(d, DRIVER_RID));
    driver_map(domain, iova, d->frame, 4096, IOMMU_RW);
    CHECK_EQ(driver_read(d, DRIVER_RID, iova, &value), 0);
    CHECK_OK(iommu_unmap(domain, iova, 4096, NULL));
    driver_map(domain, iova, large, 2ull << 20, IOMMU_RW);
    CHECK_EQ(driver_write(d, DRIVER_RID, iova + 0x5000, 5), 0);
    CHECK_EQ(driver_word(d, large + 0x5000), 5);
    detach(device_of(d, DRIVER_RID));
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

TEST(trimmed_tables_are_forgotten_by_the_unit)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_domain *domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device_of(d, DRIVER_RID));
    uint32_t value;

    attach(domain, device_of(d, DRIVER_RID));
    driver_map(domain, DRIVER_IOVA, d->frame, 4096, IOMMU_RW);
    CHECK_EQ(driver_read(d, DRIVER_RID, DRIVER_IOVA, &value), 0);
    CHECK_OK(iommu_unmap(domain, DRIVER_IOVA, 4096, NULL));
    CHECK_OK(iommu_domain_trim(domain));
    /* Pages taken in between: the new tables lie elsewhere than the old ones. */
    driver_map(domain, 0x80000000, d->frame, 4096, IOMMU_RW);
    driver_map(domain, DRIVER_IOVA, d->frame, 4096, IOMMU_RW);
    CHECK_EQ(driver_read(d, DRIVER_RID, DRIVER_IOVA, &value), 0);
    detach(device_of(d, DRIVER_RID));
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

/* ---- one page or several ---- */

TEST(range_is_forgotten_by_every_unit)
{
    struct vtd_model_config config = vtd_model_default();
    struct iommu_device *devices[2];
    struct iommu_domain *domain;
    struct driver *d;
    uint32_t value;

    config.units[0].include_all = false;
    config.units[0].scopes[0] = (struct vtd_model_scope){ .type = 1, .path = { { 2, 0 } } };
    config.units[0].scope_count = 1;
    config.units[1] = vtd_model_default_unit(1, true);
    config.unit_count = 2;
    d = driver_started(&config);
    devices[0] = device_of(d, DRIVER_RID);
    devices[1] = device_of(d, DRIVER_OTHER);
    domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, devices[0]);
    attach(domain, devices[0]);
    attach(domain, devices[1]);
    for (uint64_t at = DRIVER_IOVA; at < DRIVER_IOVA + 4 * 4096; at += 4096) {
        driver_map(domain, at, d->frame, 4096, IOMMU_RW);
        CHECK_EQ(vtd_model_dma(d->m, 0, DRIVER_RID, at, &value, 4, false), VTD_MODEL_DONE);
        CHECK_EQ(vtd_model_dma(d->m, 1, DRIVER_OTHER, at, &value, 4, false), VTD_MODEL_DONE);
    }
    CHECK_OK(iommu_unmap(domain, DRIVER_IOVA, 4 * 4096, NULL));
    for (uint64_t at = DRIVER_IOVA; at < DRIVER_IOVA + 4 * 4096; at += 4096) {
        CHECK_EQ(vtd_model_dma(d->m, 0, DRIVER_RID, at, &value, 4, false), VTD_MODEL_FAULT);
        CHECK_EQ(vtd_model_dma(d->m, 1, DRIVER_OTHER, at, &value, 4, false), VTD_MODEL_FAULT);
    }
    detach(devices[0]);
    detach(devices[1]);
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

/* The second page finds its tables standing; what the unit remembers of its absence must go all the same. */
TEST(second_page_of_a_table_is_seen_on_every_kind_of_unit)
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
        driver_map(domain, DRIVER_IOVA, d->frame, 4096, IOMMU_RW);
        CHECK_EQ(driver_read(d, DRIVER_RID, DRIVER_IOVA + 4096, &value), SPEC_FR_READ);
        driver_map(domain, DRIVER_IOVA + 4096, d->frame, 4096, IOMMU_RW);
        CHECK_EQ(driver_read(d, DRIVER_RID, DRIVER_IOVA + 4096, &value), 0);
        detach(device_of(d, DRIVER_RID));
        CHECK_OK(iommu_domain_destroy(domain));
        driver_destroy(d);
    }
}

/* FEF00000h has the same leaf table as the interrupt range, which ends there. */
TEST(interrupt_range_is_refused_beside_a_mapped_page)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_domain *domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device_of(d, DRIVER_RID));
    struct iommu_mapping m = { .pa = d->frame, .len = 4096, .prot = IOMMU_RW };

    driver_map(domain, 0xfef00000, d->frame, 4096, IOMMU_RW);
    for (m.iova = 0xfee00000; m.iova < 0xfef00000; m.iova += 0xff000)
        CHECK_EQ(iommu_map(domain, &m), IOMMU_ERR_RANGE);
    CHECK_OK(iommu_unmap(domain, 0xfef00000, 4096, NULL));
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

/* Caches may hold a large page in pieces: one flush must take all of them. */
TEST(large_page_is_forgotten_whole)
{
    struct vtd_model_config config = vtd_model_default();
    uint64_t large, iova = 0x40200000;
    struct iommu_domain *domain;
    struct driver *d;
    uint32_t value;

    config.ram_len = 16u << 20;
    d = driver_started(&config);
    large = vtd_model_frames(d->m, 512, 2ull << 20, 0, IOMMU_ANY_PA);
    CHECK(large != 0);
    domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device_of(d, DRIVER_RID));
    attach(domain, device_of(d, DRIVER_RID));
    driver_map(domain, iova, large, 2ull << 20, IOMMU_RW);
    for (uint64_t at = 0; at < 2ull << 20; at += 0x55000)
        CHECK_EQ(driver_read(d, DRIVER_RID, iova + at, &value), 0);
    CHECK_OK(iommu_unmap(domain, iova, 2ull << 20, NULL));
    for (uint64_t at = 0; at < 2ull << 20; at += 0x55000)
        CHECK_EQ(driver_read(d, DRIVER_RID, iova + at, &value), SPEC_FR_READ);
    detach(device_of(d, DRIVER_RID));
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

/*
 * Another caller has split the large page and not flushed yet: the unit may
 * still hold it as one translation (VT-d §6.5.3.3).
 */
static void unmap_beside_a_split(uint64_t span, uint64_t first, uint64_t second)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_device *device = iommu_find_device(d->iommu, 0, DRIVER_RID);
    struct iommu_domain *domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);
    struct iommu_gather gather = { 0 };
    const uint64_t iova = 0x40000000;
    uint64_t used = iova + (d->frame & (span - 1));

    CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
    driver_map(domain, iova, d->frame & ~(span - 1), span, IOMMU_RW);
    CHECK_EQ(driver_write(d, DRIVER_RID, used, 7), 0);
    first += first == used - iova ? 4096 : 0;
    CHECK_OK(iommu_unmap_gather(domain, iova + first, 4096, &gather, NULL));
    CHECK_OK(iommu_unmap(domain, used & ~(second - 1), second, NULL));
    CHECK_EQ(driver_write(d, DRIVER_RID, used, 8), SPEC_FR_WRITE);
    CHECK_EQ(driver_word(d, d->frame), 7);
    CHECK_OK(iommu_sync(domain, &gather));
    CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

TEST(unmap_beside_a_split_not_yet_flushed_reaches_the_large_page)
{
    unmap_beside_a_split(0x200000, 0x1000, 0x1000);
    unmap_beside_a_split(0x40000000, 0x1000, 0x1000);
    unmap_beside_a_split(0x40000000, 0x3fe00000, 0x200000);
}
