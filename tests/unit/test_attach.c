/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attach.c on the model: which domains fit which units, and their holes. Ids and flushes are in test_domain.c and
 * test_vtd_device.c.
 */
#include "test.h"

#include "driver_rig.h"
#include "internal.h"

/* A domain made for unit 0 alone, attached to a device of unit 1, which lacks one thing. */
static void check_misfit(const struct vtd_model_unit_config *second, enum iommu_domain_type type)
{
    struct vtd_model_config config = vtd_model_default();
    struct iommu_domain *domain;
    struct driver *d;

    config.units[0].include_all = false;
    config.units[0].scopes[0] = (struct vtd_model_scope){ .type = 1, .path = { { 2, 0 } } };
    config.units[0].scope_count = 1;
    config.units[1] = *second;
    config.unit_count = 2;
    d = driver_started(&config);
    domain = driver_domain(d, type, iommu_find_device(d->iommu, 0, DRIVER_RID));
    CHECK_EQ(iommu_attach(domain, iommu_find_device(d->iommu, 0, DRIVER_OTHER), IOMMU_NO_PASID), IOMMU_ERR_UNSUPPORTED);
    CHECK_OK(iommu_attach(domain, iommu_find_device(d->iommu, 0, DRIVER_RID), IOMMU_NO_PASID));
    CHECK_OK(iommu_detach(iommu_find_device(d->iommu, 0, DRIVER_RID), IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

TEST(domain_fits_only_units_with_all_it_uses)
{
    struct vtd_model_unit_config second = vtd_model_default_unit(1, true);

    spec_put(&second.cap, SPEC_CAP_SAGAW, 8); /* 57 bits alone: five levels */
    spec_put(&second.cap, SPEC_CAP_MGAW, 56);
    check_misfit(&second, IOMMU_DOMAIN_UNMANAGED);
    second = vtd_model_default_unit(1, true);
    spec_put(&second.cap, SPEC_CAP_SSLPS, 1);
    check_misfit(&second, IOMMU_DOMAIN_UNMANAGED);
    second = vtd_model_default_unit(1, true);
    spec_put(&second.cap, SPEC_CAP_MGAW, 45);
    check_misfit(&second, IOMMU_DOMAIN_UNMANAGED);
    second = vtd_model_default_unit(1, true);
    spec_put(&second.ecap, SPEC_ECAP_C, 0);
    check_misfit(&second, IOMMU_DOMAIN_UNMANAGED);
    second = vtd_model_default_unit(1, true);
    spec_put(&second.ecap, SPEC_ECAP_PT, 0);
    check_misfit(&second, IOMMU_DOMAIN_IDENTITY);
}

/*
 * A unit that remembers absent pages comes to a domain that was made for another one: the domain tells such units
 * from its beginning, or mapping beside the attach would have to be ordered with it.
 */
TEST(unit_that_caches_absent_pages_comes_later)
{
    struct vtd_model_config config = vtd_model_default();
    struct iommu_device *first, *later;
    struct iommu_domain *domain;
    struct driver *d;
    uint32_t value;

    config.units[0].include_all = false;
    config.units[0].scopes[0] = (struct vtd_model_scope){ .type = 1, .path = { { 2, 0 } } };
    config.units[0].scope_count = 1;
    config.units[1] = vtd_model_default_unit(1, true);
    spec_put(&config.units[1].cap, SPEC_CAP_CM, 1);
    config.unit_count = 2;
    d = driver_started(&config);
    first = iommu_find_device(d->iommu, 0, DRIVER_RID);
    later = iommu_find_device(d->iommu, 0, DRIVER_OTHER);
    domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, first);
    CHECK(domain->flush_present);
    CHECK_OK(iommu_attach(domain, first, IOMMU_NO_PASID));
    driver_map(domain, DRIVER_IOVA, d->frame, 4096, IOMMU_RW);
    CHECK_OK(iommu_attach(domain, later, IOMMU_NO_PASID));
    CHECK_EQ(vtd_model_dma(d->m, 1, DRIVER_OTHER, DRIVER_IOVA + 4096, &value, 4, false), VTD_MODEL_FAULT);
    driver_map(domain, DRIVER_IOVA + 4096, d->frame, 4096, IOMMU_RW);
    CHECK_EQ(vtd_model_dma(d->m, 1, DRIVER_OTHER, DRIVER_IOVA + 4096, &value, 4, false), VTD_MODEL_DONE);
    CHECK_OK(iommu_detach(later, IOMMU_NO_PASID));
    domain->flush_present = false; /* as if it had been made before the unit was known */
    CHECK_EQ(iommu_attach(domain, later, IOMMU_NO_PASID), IOMMU_ERR_UNSUPPORTED);
    CHECK_OK(iommu_detach(first, IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

#define HOLE_START 0xfd00000000ull
#define HOLE_END 0x10000000000ull

static enum iommu_status map_at(struct iommu_domain *domain, struct driver *d, uint64_t iova, uint64_t len)
{
    return iommu_map(domain, &(struct iommu_mapping){ .iova = iova, .pa = d->frame & ~(len - 1), .len = len,
                                                      .prot = IOMMU_READ });
}

TEST(nothing_is_mapped_in_a_hole)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_device *device = iommu_find_device(d->iommu, 0, DRIVER_RID);
    struct iommu_domain *plain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device), *domain;
    struct iommu_region hole;

    d->iommu->units[0]->hole_start = HOLE_START;
    d->iommu->units[0]->hole_end = HOLE_END;
    domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);
    CHECK_OK(iommu_domain_hole(domain, 0, &hole));
    CHECK(hole.start == 0xfee00000 && hole.end == 0xfef00000);
    CHECK_OK(iommu_domain_hole(domain, 1, &hole));
    CHECK(hole.start == HOLE_START && hole.end == HOLE_END);
    CHECK_EQ(iommu_domain_hole(domain, 2, &hole), IOMMU_ERR_NOT_FOUND);
    CHECK_EQ(iommu_domain_hole(plain, 1, &hole), IOMMU_ERR_NOT_FOUND);
    /* On either side of each end, first where no table stands yet, then where tables do. */
    for (int round = 0; round < 2; round++) {
        CHECK_EQ(map_at(domain, d, HOLE_START, 4096), IOMMU_ERR_RANGE);
        CHECK_EQ(map_at(domain, d, HOLE_END - 4096, 4096), IOMMU_ERR_RANGE);
        CHECK_EQ(map_at(domain, d, HOLE_START - 4096, 8192), IOMMU_ERR_RANGE);
        CHECK_OK(map_at(domain, d, HOLE_START - 4096, 4096));
        CHECK_OK(map_at(domain, d, HOLE_END, 4096));
        CHECK_OK(iommu_unmap(domain, HOLE_START - 4096, 4096, NULL));
        CHECK_OK(iommu_unmap(domain, HOLE_END, 4096, NULL));
    }
    CHECK_OK(map_at(plain, d, HOLE_START, 4096));
    /* A domain that may map there does not fit a unit that has the hole. */
    CHECK_EQ(iommu_attach(plain, device, IOMMU_NO_PASID), IOMMU_ERR_UNSUPPORTED);
    CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
    CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(plain));
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

/* Where one table maps pages on both sides of a hole, pages of it have an entry too. */
TEST(hole_inside_a_table_is_left_out_page_by_page)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_device *device = iommu_find_device(d->iommu, 0, DRIVER_RID);
    struct iommu_domain *domain;

    d->iommu->units[0]->hole_start = 0x40203000;
    d->iommu->units[0]->hole_end = 0x40206000;
    domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);
    for (int round = 0; round < 3; round++) {
        CHECK_OK(map_at(domain, d, 0x40202000, 4096));
        CHECK_OK(map_at(domain, d, 0x40206000, 4096));
        for (uint64_t iova = 0x40203000; iova < 0x40206000; iova += 4096)
            CHECK_EQ(map_at(domain, d, iova, 4096), IOMMU_ERR_RANGE);
        CHECK_OK(iommu_unmap(domain, 0x40202000, 4096, NULL));
        CHECK_OK(iommu_unmap(domain, 0x40206000, 4096, NULL));
    }
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

TEST(hole_ends_with_the_aperture)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_device *const devices[] = { iommu_find_device(d->iommu, 0, DRIVER_RID) };
    struct iommu_domain *domain;
    struct iommu_region hole;

    d->iommu->units[0]->hole_start = 1ull << 38;
    d->iommu->units[0]->hole_end = 1ull << 40;
    CHECK_OK(iommu_domain_create(d->iommu, &(struct iommu_domain_desc){
        .type = IOMMU_DOMAIN_UNMANAGED, .devices = devices, .device_count = 1,
        .input_bits = 39 }, &domain));
    CHECK_OK(iommu_domain_hole(domain, 1, &hole));
    CHECK(hole.start == 1ull << 38 && hole.end == 1ull << 39);
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

/* What the unit leaves out the domain must leave out, to the last page of either end. */
TEST(smaller_hole_does_not_fit)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_device *device = iommu_find_device(d->iommu, 0, DRIVER_RID);
    struct iommu_unit *unit = d->iommu->units[0];

    for (unsigned i = 0; i < 3; i++) {
        struct iommu_domain *domain;

        unit->hole_start = HOLE_START + (i == 1 ? 4096 : 0);
        unit->hole_end = HOLE_END - (i == 2 ? 4096 : 0);
        domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);
        unit->hole_start = HOLE_START;
        unit->hole_end = HOLE_END;
        CHECK_EQ(iommu_attach(domain, device, IOMMU_NO_PASID),
                 i == 0 ? IOMMU_OK : IOMMU_ERR_UNSUPPORTED);
        if (i == 0)
            CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
        CHECK_OK(iommu_domain_destroy(domain));
    }
    driver_destroy(d);
}

/* Tables of a unit without pass-through: up to the hole. */
TEST(identity_domain_ends_at_a_hole)
{
    struct vtd_model_config config = vtd_model_default();
    struct iommu_domain *domain;
    struct iommu_leaf leaf;
    struct driver *d;

    spec_put(&config.units[0].ecap, SPEC_ECAP_PT, 0);
    d = driver_started(&config);
    d->iommu->units[0]->hole_start = 0x200000000;
    d->iommu->units[0]->hole_end = 0x240000000;
    domain = driver_domain(d, IOMMU_DOMAIN_IDENTITY, iommu_find_device(d->iommu, 0, DRIVER_RID));
    CHECK_OK(iommu_lookup_leaf(domain, 0x1fffff000, &leaf));
    CHECK_EQ(leaf.pa, 0x1fffff000);
    CHECK_EQ(iommu_lookup_leaf(domain, 0x200000000, &leaf), IOMMU_ERR_NOT_FOUND);
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}
