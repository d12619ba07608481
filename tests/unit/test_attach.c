/* SPDX-License-Identifier: BSD-2-Clause */
/* attach.c on the model: which domains fit which units. Ids and flushes are in test_domain.c and test_vtd_device.c. */
#include "test.h"

#include "driver_rig.h"

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
