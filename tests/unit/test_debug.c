/* SPDX-License-Identifier: BSD-2-Clause */
/* debug.c on the model: each call reaches the unit it names and no other. */
#include "test.h"

#include "driver_rig.h"

/* VT-d §6.5.2.1: type 1, G = 01, every context entry. */
#define CONTEXT_GLOBAL 0x11ull
/* No descriptor has type 14. */
#define NO_TYPE 0x0eull

static struct driver *two_units(void)
{
    struct vtd_model_config config = vtd_model_default();

    config.units[1] = vtd_model_default_unit(1, false);
    config.unit_count = 2;
    return driver_started(&config);
}

TEST(units_that_do_not_exist)
{
    struct driver *d = two_units();
    struct iommu_debug_counters counters = { 7, 7, 7 };

    CHECK_EQ(iommu_debug_queue_submit(d->iommu, 2, CONTEXT_GLOBAL, 0), IOMMU_ERR_NOT_FOUND);
    CHECK_EQ(iommu_debug_use_queue(d->iommu, 2, true), IOMMU_ERR_NOT_FOUND);
    CHECK_EQ(iommu_debug_flush_all(d->iommu, 2), IOMMU_ERR_NOT_FOUND);
    iommu_debug_counters(d->iommu, SIZE_MAX, &counters);
    CHECK_EQ(counters.descriptors + counters.doorbells + counters.completion_interrupts, 0);
    driver_destroy(d);
}

TEST(descriptor_goes_to_the_unit_named)
{
    struct driver *d = two_units();
    struct vtd_model_stats first = vtd_model_stats(d->m, 0), second = vtd_model_stats(d->m, 1), after;

    CHECK_OK(iommu_debug_queue_submit(d->iommu, 1, CONTEXT_GLOBAL, 0));
    CHECK_EQ(vtd_model_stats(d->m, 0).doorbells, first.doorbells);
    after = vtd_model_stats(d->m, 1);
    CHECK_EQ(after.doorbells, second.doorbells + 1);
    CHECK_EQ(after.context_global, second.context_global + 1);
    CHECK_EQ(after.waits, second.waits + 1);
    driver_destroy(d);
}

TEST(refused_descriptor_harms_nobody)
{
    struct driver *d = two_units();
    struct iommu_unit_info info;

    CHECK_EQ(iommu_debug_queue_submit(d->iommu, 1, NO_TYPE, 0), IOMMU_ERR_QUEUE);
    for (size_t unit = 0; unit < 2; unit++) {
        CHECK_OK(iommu_debug_queue_submit(d->iommu, unit, CONTEXT_GLOBAL, 0));
        CHECK_OK(iommu_unit_info(d->iommu, unit, &info));
        CHECK(!info.fenced);
        CHECK_EQ(vtd_model_reg32(d->m, (unsigned)unit, SPEC_FSTS) & SPEC_FSTS_IQE, 0);
    }
    driver_destroy(d);
}

TEST(one_unit_changes_its_interface_and_the_other_keeps_its_own)
{
    struct driver *d = two_units();
    uint64_t before;

    CHECK_OK(iommu_debug_use_queue(d->iommu, 1, false));
    CHECK_EQ(vtd_model_reg32(d->m, 1, SPEC_GSTS) & SPEC_GCMD_QIE, 0);
    CHECK(vtd_model_reg32(d->m, 0, SPEC_GSTS) & SPEC_GCMD_QIE);
    CHECK_EQ(iommu_debug_queue_submit(d->iommu, 1, CONTEXT_GLOBAL, 0), IOMMU_ERR_UNSUPPORTED);
    CHECK_OK(iommu_debug_use_queue(d->iommu, 1, false)); /* as it is already */
    before = vtd_model_stats(d->m, 1).register_invalidations;
    CHECK_OK(iommu_debug_flush_all(d->iommu, 1));
    CHECK_EQ(vtd_model_stats(d->m, 1).register_invalidations, before + 2);
    CHECK_OK(iommu_debug_use_queue(d->iommu, 1, true));
    CHECK(vtd_model_reg32(d->m, 1, SPEC_GSTS) & SPEC_GCMD_QIE);
    CHECK_OK(iommu_debug_queue_submit(d->iommu, 1, CONTEXT_GLOBAL, 0));
    driver_destroy(d);
}

/* VT-d §6.5: no queue without ECAP.QI, no registers from major version 6 on. */
TEST(interface_that_the_unit_has_not_is_refused)
{
    for (unsigned has_queue = 0; has_queue <= 1; has_queue++) {
        struct vtd_model_config config = vtd_model_default();
        struct driver *d;

        if (has_queue)
            config.units[0].version = 0x60;
        else
            spec_put(&config.units[0].ecap, SPEC_ECAP_QI, 0);
        d = driver_started(&config);
        CHECK_EQ(iommu_debug_use_queue(d->iommu, 0, !has_queue), IOMMU_ERR_UNSUPPORTED);
        CHECK_OK(iommu_debug_use_queue(d->iommu, 0, has_queue));
        CHECK_OK(iommu_debug_flush_all(d->iommu, 0));
        driver_destroy(d);
    }
}

TEST(flush_all_is_both_caches_of_one_unit_and_is_counted)
{
    struct driver *d = two_units();
    struct vtd_model_stats first = vtd_model_stats(d->m, 0), second = vtd_model_stats(d->m, 1), after;
    struct iommu_debug_counters before, counted, other, other_after;

    iommu_debug_counters(d->iommu, 0, &other);
    iommu_debug_counters(d->iommu, 1, &before);
    CHECK_OK(iommu_debug_flush_all(d->iommu, 1));
    iommu_debug_counters(d->iommu, 0, &other_after);
    iommu_debug_counters(d->iommu, 1, &counted);
    after = vtd_model_stats(d->m, 1);
    CHECK_EQ(after.context_global, second.context_global + 1);
    CHECK_EQ(after.iotlb_global, second.iotlb_global + 1);
    CHECK_EQ(vtd_model_stats(d->m, 0).iotlb_global, first.iotlb_global);
    CHECK_EQ(counted.descriptors, before.descriptors + 3); /* the wait is the third */
    CHECK_EQ(counted.doorbells, before.doorbells + 1);
    CHECK_EQ(other_after.descriptors, other.descriptors);
    CHECK_EQ(other_after.doorbells, other.doorbells);
    driver_destroy(d);
}

TEST(storm_is_set_on_every_unit)
{
    struct driver *d = two_units();
    struct iommu_unit_info info;

    iommu_debug_set_storm(d->iommu, 17, 2500);
    for (size_t unit = 0; unit < 2; unit++) {
        CHECK_OK(iommu_unit_info(d->iommu, unit, &info));
        CHECK_EQ(info.storm_threshold, 17);
        CHECK_EQ(info.storm_window_us, 2500);
    }
    iommu_debug_set_storm(d->iommu, 0, 0);
    for (size_t unit = 0; unit < 2; unit++) {
        CHECK_OK(iommu_unit_info(d->iommu, unit, &info));
        CHECK_EQ(info.storm_threshold, 256);
        CHECK_EQ(info.storm_window_us, 1000000);
    }
    driver_destroy(d);
}

TEST(device_state_is_what_the_tables_say)
{
    static const struct {
        enum iommu_domain_type type;
        const char *state;
    } cases[] = {
        { IOMMU_DOMAIN_UNMANAGED, "translated" },
        { IOMMU_DOMAIN_IDENTITY, "pass-through" },
        { IOMMU_DOMAIN_BLOCKED, "blocked" },
    };
    struct driver *d = two_units();
    struct iommu_device *device = iommu_find_device(d->iommu, 0, DRIVER_RID);

    CHECK_STR(iommu_debug_device_state(device), "blocked");
    for (unsigned i = 0; i < 3; i++) {
        struct iommu_domain *domain = driver_domain(d, cases[i].type, device);

        CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
        CHECK_STR(iommu_debug_device_state(device), cases[i].state);
        CHECK_STR(iommu_debug_device_state(iommu_find_device(d->iommu, 0, DRIVER_OTHER)), "blocked");
        CHECK_STR(iommu_debug_id_state(d->iommu, iommu_device_unit(device), DRIVER_RID), cases[i].state);
        CHECK_STR(iommu_debug_id_state(d->iommu, iommu_device_unit(device), DRIVER_RID + 1), "blocked");
        CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
        CHECK_STR(iommu_debug_device_state(device), "blocked");
        CHECK_OK(iommu_domain_destroy(domain));
    }
    CHECK_STR(iommu_debug_id_state(d->iommu, 2, DRIVER_RID), "blocked");
    driver_destroy(d);
}
