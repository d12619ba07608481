/* SPDX-License-Identifier: BSD-2-Clause */
/* fault.c on the model: the record's completion, storms, fences. */
#include "test.h"

#include "driver_rig.h"

#define THRESHOLD 10

static struct driver *stormy(const struct vtd_model_config *config)
{
    struct driver *d = driver_started(config);

    iommu_debug_set_storm(d->iommu, THRESHOLD, 1000000);
    return d;
}

/* One fault, reported. */
static void fault_once(struct driver *d, uint16_t rid)
{
    uint32_t value;

    driver_read(d, rid, 0x5000, &value);
    iommu_poll_faults(d->iommu);
}

static size_t count_kind(const struct driver *d, enum iommu_fault_kind kind)
{
    size_t count = 0;

    for (size_t i = 0; i < d->fault_count; i++)
        count += d->faults[i].kind == kind;
    return count;
}

TEST(record_is_completed_by_the_core)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;
    const struct iommu_fault *f;

    config.units[0].segment = 0;
    d = driver_started(&config);
    fault_once(d, DRIVER_OTHER);
    f = driver_fault(d);
    CHECK_EQ(f->unit_index, 0);
    CHECK_EQ(f->segment, 0);
    CHECK(f->device == iommu_find_device(d->iommu, 0, DRIVER_OTHER));
    CHECK_EQ(f->domain_id, 0);
    CHECK(f->time_us > 0);
    fault_once(d, 0x0a00);
    CHECK(driver_fault(d)->device == NULL);
    driver_destroy(d);
}

TEST(storm_fences_the_device_and_nobody_else)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;
    struct iommu_device *device;
    struct iommu_domain *domain;
    uint32_t value;

    config.fault_interrupts = false;
    d = stormy(&config);
    device = iommu_find_device(d->iommu, 0, DRIVER_RID);
    domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);
    driver_map(domain, DRIVER_IOVA, d->frame, 4096, IOMMU_RW);
    CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
    CHECK_OK(iommu_attach(domain, iommu_find_device(d->iommu, 0, DRIVER_OTHER), IOMMU_NO_PASID));
    for (unsigned i = 0; i < THRESHOLD - 1; i++)
        fault_once(d, DRIVER_RID);
    CHECK(!iommu_device_fenced(device));
    CHECK_EQ(driver_read(d, DRIVER_RID, DRIVER_IOVA, &value), 0);
    fault_once(d, DRIVER_RID);
    CHECK(iommu_device_fenced(device));
    CHECK_EQ(count_kind(d, IOMMU_FAULT_FENCED), 1);
    CHECK(d->faults[d->fault_count - 1].device == device);
    CHECK(!vtd_model_bus_master_is_on(d->m, 0, DRIVER_RID));
    CHECK_EQ(driver_read(d, DRIVER_OTHER, DRIVER_IOVA, &value), 0);
    CHECK_EQ(iommu_attach(domain, device, IOMMU_NO_PASID), IOMMU_ERR_FENCED);
    CHECK(iommu_device_domain(device) == domain);
    /* Bus mastering back on from outside: blocked all the same, and its faults are not recorded. */
    vtd_model_bus_master(d->m, 0, DRIVER_RID, true);
    d->fault_count = 0;
    CHECK_EQ(driver_read(d, DRIVER_RID, DRIVER_IOVA, &value), SPEC_FR_CONTEXT_P);
    CHECK_EQ(iommu_poll_faults(d->iommu), 0);
    CHECK_OK(iommu_device_unfence(device));
    CHECK(!iommu_device_fenced(device));
    CHECK_EQ(driver_read(d, DRIVER_RID, DRIVER_IOVA, &value), 0);
    CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
    CHECK_OK(iommu_detach(iommu_find_device(d->iommu, 0, DRIVER_OTHER), IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

TEST(slow_faults_are_no_storm)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    config.fault_interrupts = false;
    d = stormy(&config);
    iommu_debug_set_storm(d->iommu, THRESHOLD, 1000);
    for (unsigned i = 0; i < 3 * THRESHOLD; i++) {
        fault_once(d, DRIVER_RID);
        vtd_model_advance(d->m, 200); /* five in a window */
    }
    CHECK(!iommu_device_fenced(iommu_find_device(d->iommu, 0, DRIVER_RID)));
    CHECK_EQ(count_kind(d, IOMMU_FAULT_FENCED), 0);
    driver_destroy(d);
}

TEST(reset_forgets_the_count)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    config.fault_interrupts = false;
    d = stormy(&config);
    for (unsigned i = 0; i < 3 * THRESHOLD; i++) {
        if (i % 5 == 0)
            iommu_reset_fault_counters(d->iommu);
        fault_once(d, DRIVER_RID);
        fault_once(d, 0x0a00);
    }
    CHECK_EQ(count_kind(d, IOMMU_FAULT_FENCED), 0);
    driver_destroy(d);
}

TEST(fenced_device_can_be_detached_and_comes_back_blocked)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;
    struct iommu_device *device;
    struct iommu_domain *domain;
    uint32_t value;

    config.fault_interrupts = false;
    d = stormy(&config);
    device = iommu_find_device(d->iommu, 0, DRIVER_RID);
    domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);
    CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
    for (unsigned i = 0; i < THRESHOLD; i++)
        fault_once(d, DRIVER_RID);
    CHECK(iommu_device_fenced(device));
    CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
    CHECK_OK(iommu_device_unfence(device));
    vtd_model_bus_master(d->m, 0, DRIVER_RID, true);
    CHECK_EQ(driver_read(d, DRIVER_RID, DRIVER_IOVA, &value), SPEC_FR_CONTEXT_P);
    CHECK_EQ(iommu_poll_faults(d->iommu), 1);
    driver_destroy(d);
}

TEST(unknown_source_loses_its_bus_mastering)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    config.fault_interrupts = false;
    d = stormy(&config);
    vtd_model_bus_master(d->m, 0, 0x0a00, true);
    /* Other unknown sources in between do not push it out of the table. */
    for (unsigned i = 0; i < THRESHOLD; i++) {
        CHECK(vtd_model_bus_master_is_on(d->m, 0, 0x0a00));
        fault_once(d, 0x0a00);
        fault_once(d, (uint16_t)(0x0b00 + 8 * (i % 4)));
    }
    CHECK(!vtd_model_bus_master_is_on(d->m, 0, 0x0a00));
    CHECK_EQ(count_kind(d, IOMMU_FAULT_FENCED), 1);
    driver_destroy(d);
}

static void msi_to_driver(void *ctx, unsigned unit, uint64_t address, uint32_t data)
{
    struct driver *d = ctx;

    (void)address;
    (void)data;
    iommu_unit_interrupt(d->iommu, unit);
}

TEST(fence_from_the_fault_interrupt)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = stormy(&config);
    struct iommu_device *device = iommu_find_device(d->iommu, 0, DRIVER_RID);
    uint32_t value;

    vtd_model_on_msi(d->m, msi_to_driver, d);
    for (unsigned i = 0; i < 2 * THRESHOLD; i++) {
        driver_read(d, DRIVER_RID, 0x5000, &value);
        vtd_model_advance(d->m, 50);
    }
    CHECK(iommu_device_fenced(device));
    CHECK_EQ(count_kind(d, IOMMU_FAULT_DMA), THRESHOLD);
    CHECK_EQ(count_kind(d, IOMMU_FAULT_FENCED), 1);
    driver_destroy(d);
}
