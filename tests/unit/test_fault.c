/* SPDX-License-Identifier: BSD-2-Clause */
/* fault.c on the model: the record's completion, storms, fences. */
#include "test.h"

#include <pthread.h>
#include <unistd.h>

#include "driver_rig.h"
#include "internal.h"

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

static struct driver *looking;
static unsigned looked_with_interrupts_on, looks;

static enum iommu_status watched_lookup(const struct pt_table *table, uint64_t iova, struct iommu_leaf *leaf)
{
    looks++;
    looked_with_interrupts_on += vtd_model_irq_depth(looking->m) == 0;
    return pt_vtd_ss.lookup(table, iova, leaf);
}

/*
 * A poll in thread context that were interrupted inside the tables would be
 * waited for by an unmap of the handler, for ever.
 */
TEST(tables_are_looked_into_with_interrupts_off)
{
    struct vtd_model_config config = vtd_model_default();
    struct pt_ops watched = pt_vtd_ss;
    struct iommu_device *device;
    struct iommu_domain *domain;
    struct driver *d;

    config.fault_interrupts = false;
    d = looking = driver_started(&config);
    device = iommu_find_device(d->iommu, 0, DRIVER_RID);
    domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);
    CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
    watched.lookup = watched_lookup;
    domain->pt = &watched;
    looks = looked_with_interrupts_on = 0;
    fault_once(d, DRIVER_RID);
    domain->pt = &pt_vtd_ss;
    CHECK_EQ(looks, 1);
    CHECK_EQ(looked_with_interrupts_on, 0);
    CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
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

/* Each unit has its own threshold and window; the machine's are where it begins. */
TEST(storm_parameters_belong_to_the_unit)
{
    struct vtd_model_config config = vtd_model_default();
    struct iommu_config machine = { .storm_threshold = 3, .storm_window_us = 500000 };
    struct iommu_unit_info info;
    struct driver *d;

    config.fault_interrupts = false;
    config.units[0] = vtd_model_default_unit(0, false);
    config.units[0].scopes[0] = (struct vtd_model_scope){ .type = 1, .path_count = 1, .path = { { 3, 0 } } };
    config.units[0].scope_count = 1;
    config.units[1] = vtd_model_default_unit(1, true);
    config.unit_count = 2;
    d = driver_create(&config, &machine);
    vtd_model_function(d->m, 0, DRIVER_OTHER);
    CHECK_OK(driver_add_table(d));
    CHECK_OK(iommu_unit_info(d->iommu, 0, &info));
    CHECK_EQ(info.storm_threshold, 3);
    CHECK_EQ(info.storm_window_us, 500000);
    CHECK_OK(iommu_unit_set_storm(d->iommu, 0, 1000, 20));
    CHECK_EQ(iommu_unit_set_storm(d->iommu, 2, 1000, 20), IOMMU_ERR_NOT_FOUND);
    CHECK_OK(iommu_unit_info(d->iommu, 0, &info));
    CHECK_EQ(info.storm_threshold, 1000);
    CHECK_EQ(info.storm_window_us, 20);
    CHECK_OK(iommu_unit_info(d->iommu, 1, &info));
    CHECK_EQ(info.storm_threshold, 3);
    driver_add(d, DRIVER_OTHER);
    driver_add(d, DRIVER_RID);
    CHECK_OK(iommu_start(d->iommu));
    for (unsigned i = 0; i < 5; i++) {
        uint32_t value;

        (void)vtd_model_dma(d->m, 0, DRIVER_OTHER, 0x5000, &value, sizeof(value), false);
        (void)vtd_model_dma(d->m, 1, DRIVER_RID, 0x5000, &value, sizeof(value), false);
        iommu_poll_faults(d->iommu);
    }
    CHECK(!iommu_device_fenced(iommu_find_device(d->iommu, 0, DRIVER_OTHER)));
    CHECK(iommu_device_fenced(iommu_find_device(d->iommu, 0, DRIVER_RID)));
    /* 0: as the machine was made. */
    CHECK_OK(iommu_unit_set_storm(d->iommu, 0, 0, 0));
    CHECK_OK(iommu_unit_info(d->iommu, 0, &info));
    CHECK_EQ(info.storm_threshold, 3);
    CHECK_EQ(info.storm_window_us, 500000);
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

/* Without bus_master_off only the context entry stops it: FPD, and its faults are not recorded (VT-d §7.2.1). */
TEST(unknown_source_is_silenced_without_bus_master_off)
{
    struct vtd_model_config config = vtd_model_default();
    struct iommu_device *device;
    struct driver *d;
    uint32_t value;

    config.fault_interrupts = false;
    d = stormy(&config);
    d->platform.bus_master_off = NULL;
    for (unsigned i = 0; i < THRESHOLD; i++)
        fault_once(d, 0x0a00);
    CHECK_EQ(count_kind(d, IOMMU_FAULT_FENCED), 1);
    d->fault_count = 0;
    CHECK_EQ(driver_read(d, 0x0a00, 0x5000, &value), SPEC_FR_CONTEXT_P);
    fault_once(d, 0x0a00);
    CHECK_EQ(d->fault_count, 0);
    fault_once(d, 0x0a08);
    CHECK_EQ(d->fault_count, 1);
    /* Added, it is a device like any other: blocked, and its faults are seen. */
    device = driver_add(d, 0x0a00);
    CHECK(!iommu_device_fenced(device));
    fault_once(d, 0x0a00);
    CHECK_EQ(d->fault_count, 2);
    CHECK(d->faults[1].device == device);
    driver_destroy(d);
}

/* A unit with caching mode remembers absent entries, and so whether their faults are reported (VT-d §6.1). */
static void blocked_device_is_silenced(uint16_t rid, bool added)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;
    uint32_t value;

    spec_put(&config.units[0].cap, SPEC_CAP_CM, 1);
    config.fault_interrupts = false;
    d = stormy(&config);
    d->platform.bus_master_off = NULL;
    for (unsigned i = 0; i < THRESHOLD; i++)
        fault_once(d, rid);
    CHECK_EQ(count_kind(d, IOMMU_FAULT_FENCED), 1);
    d->fault_count = 0;
    for (unsigned i = 0; i < THRESHOLD; i++)
        fault_once(d, rid);
    CHECK_EQ(d->fault_count, 0);
    if (added) {
        CHECK_OK(iommu_device_unfence(iommu_find_device(d->iommu, 0, rid)));
        fault_once(d, rid);
        CHECK_EQ(d->fault_count, 1);
    }
    CHECK_EQ(driver_read(d, rid, 0x5000, &value), SPEC_FR_CONTEXT_P);
    driver_destroy(d);
}

TEST(fence_of_a_blocked_device_reaches_a_caching_unit)
{
    blocked_device_is_silenced(DRIVER_OTHER, true);
}

TEST(silence_of_a_stranger_reaches_a_caching_unit)
{
    blocked_device_is_silenced(0x0a00, false);
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

/* ---- another CPU is in the handler ---- */

static struct {
    struct driver *d;
    pthread_t thread;
    bool entered, let_go, done; /* atomic */
} handler;

static void hold_fault(void *ctx, const struct iommu_fault *fault)
{
    (void)ctx;
    (void)fault;
    __atomic_store_n(&handler.entered, true, __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&handler.let_go, __ATOMIC_SEQ_CST))
        usleep(100);
    usleep(20000);
    __atomic_store_n(&handler.done, true, __ATOMIC_SEQ_CST);
}

static void *handle(void *arg)
{
    struct driver *d = arg;

    iommu_unit_interrupt(d->iommu, 0);
    return NULL;
}

/* The record is not in the unit any more, and has not been reported. */
static struct driver *held(unsigned clock_step_us)
{
    struct vtd_model_config config = vtd_model_default();

    config.fault_interrupts = false;
    config.clock_step_us = clock_step_us;
    memset(&handler, 0, sizeof(handler));
    handler.d = driver_started(&config);
    handler.d->iommu->config.fault = hold_fault;
    driver_write(handler.d, DRIVER_RID, 0x5000, 1);
    CHECK_EQ(pthread_create(&handler.thread, NULL, handle, handler.d), 0);
    while (!__atomic_load_n(&handler.entered, __ATOMIC_SEQ_CST))
        usleep(100);
    return handler.d;
}

static void let_go(void)
{
    __atomic_store_n(&handler.let_go, true, __ATOMIC_SEQ_CST);
}

static void end_held(struct driver *d)
{
    CHECK_EQ(pthread_join(handler.thread, NULL), 0);
    driver_destroy(d);
}

TEST(poll_returns_when_what_others_took_is_reported)
{
    struct driver *d = held(0);

    let_go();
    CHECK_EQ(iommu_poll_faults(d->iommu), 0);
    CHECK(__atomic_load_n(&handler.done, __ATOMIC_SEQ_CST));
    end_held(d);
}

TEST(poll_does_not_wait_for_ever_for_others)
{
    struct driver *d = held(100);

    CHECK_EQ(iommu_poll_faults(d->iommu), 0);
    CHECK(!__atomic_load_n(&handler.done, __ATOMIC_SEQ_CST));
    let_go();
    end_held(d);
}

/* A handler may get the queue going again, and write the register that a stop writes. */
TEST(stop_waits_for_a_handler_before_it_touches_the_unit)
{
    struct driver *d = held(0);

    let_go();
    CHECK_OK(iommu_stop(d->iommu));
    CHECK(__atomic_load_n(&handler.done, __ATOMIC_SEQ_CST));
    end_held(d);
}

TEST(stop_gives_up_on_a_handler_and_may_be_called_again)
{
    struct driver *d = held(100000);
    size_t commands = d->command_count;

    CHECK_EQ(iommu_stop(d->iommu), IOMMU_ERR_TIMEOUT);
    CHECK_EQ(d->command_count, commands);
    let_go();
    CHECK_EQ(pthread_join(handler.thread, NULL), 0);
    CHECK_OK(iommu_stop(d->iommu));
    CHECK(d->command_count > commands);
    driver_destroy(d);
}

static void poll_within(void *ctx, const struct iommu_fault *fault)
{
    (void)fault;
    if (!handler.done) {
        handler.done = true;
        CHECK_EQ(iommu_poll_faults(((struct driver *)ctx)->iommu), 0);
    }
}

TEST(poll_within_a_report_returns)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    config.fault_interrupts = false;
    memset(&handler, 0, sizeof(handler));
    d = driver_started(&config);
    d->iommu->config.fault = poll_within;
    driver_write(d, DRIVER_RID, 0x5000, 1);
    CHECK_EQ(iommu_poll_faults(d->iommu), 1);
    CHECK(handler.done);
    driver_destroy(d);
}
