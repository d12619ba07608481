/* SPDX-License-Identifier: BSD-2-Clause */
/* intel/vtd_fault.c and vtd_irq.c on the model: records, order, overflow, the fault event. */
#include "test.h"

#include "driver_rig.h"
#include "intel/vtd.h"

static struct iommu_domain *attached(struct driver *d, uint16_t rid)
{
    struct iommu_device *device = iommu_find_device(d->iommu, 0, rid);
    struct iommu_domain *domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);

    CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
    return domain;
}

static void release(struct driver *d, uint16_t rid, struct iommu_domain *domain)
{
    CHECK_OK(iommu_detach(iommu_find_device(d->iommu, 0, rid), IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
}

TEST(record_says_who_what_where_and_why)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_domain *domain = attached(d, DRIVER_RID);
    const struct iommu_fault *f;

    driver_map(domain, DRIVER_IOVA, d->frame, 4096, IOMMU_READ);
    CHECK_EQ(driver_write(d, DRIVER_RID, DRIVER_IOVA + 0x123, 1), SPEC_FR_WRITE);
    f = driver_fault(d);
    CHECK_EQ(f->kind, IOMMU_FAULT_DMA);
    CHECK_EQ(f->rid, DRIVER_RID);
    CHECK_EQ(f->iova, DRIVER_IOVA);
    CHECK_EQ(f->access, IOMMU_ACCESS_WRITE);
    CHECK_EQ(f->reason, 5);
    CHECK_STR(f->reason_name, "not-writable");
    CHECK_EQ(f->pasid, IOMMU_NO_PASID);
    CHECK_EQ(f->walk_level, 0);
    CHECK(f->domain_id != 0);
    CHECK(f->device == iommu_find_device(d->iommu, 0, DRIVER_RID));
    CHECK_EQ(vtd_model_reg32(d->m, 0, SPEC_FSTS) & (SPEC_FSTS_PPF | SPEC_FSTS_PFO), 0);
    release(d, DRIVER_RID, domain);
    driver_destroy(d);
}

TEST(walk_level_is_where_the_tables_end)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_domain *domain = attached(d, DRIVER_RID);
    uint32_t value;

    driver_map(domain, 0x40201000, d->frame, 4096, IOMMU_RW);
    CHECK_EQ(driver_read(d, DRIVER_RID, 0x40202000, &value), SPEC_FR_READ);  /* the same leaf table */
    CHECK_EQ(driver_fault(d)->walk_level, 0);
    CHECK_EQ(driver_read(d, DRIVER_RID, 0x40401000, &value), SPEC_FR_READ);  /* the next 2 MiB */
    CHECK_EQ(driver_fault(d)->walk_level, 1);
    CHECK_EQ(driver_read(d, DRIVER_RID, 0x80001000, &value), SPEC_FR_READ);  /* the next GiB */
    CHECK_EQ(driver_fault(d)->walk_level, 2);
    CHECK_EQ(driver_read(d, DRIVER_RID, 1ull << 39, &value), SPEC_FR_READ);
    CHECK_EQ(driver_fault(d)->walk_level, 3);
    CHECK_EQ(driver_read(d, DRIVER_OTHER, 0x40201000, &value), SPEC_FR_CONTEXT_P);
    CHECK_EQ(driver_fault(d)->walk_level, IOMMU_LEVEL_NONE);
    CHECK_EQ(driver_fault(d)->domain_id, 0);
    release(d, DRIVER_RID, domain);
    driver_destroy(d);
}

/* §11.4.7.6: T1 and T2. */
TEST(access_types)
{
    static const struct {
        enum vtd_model_access access;
        enum iommu_access expected;
    } cases[] = {
        { VTD_MODEL_READ, IOMMU_ACCESS_READ },
        { VTD_MODEL_WRITE, IOMMU_ACCESS_WRITE },
        { VTD_MODEL_ATOMIC, IOMMU_ACCESS_ATOMIC },
    };
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    uint64_t data = 0;

    for (unsigned i = 0; i < 3; i++) {
        struct vtd_model_request request = {
            .rid = DRIVER_RID, .iova = 0x7000, .data = &data, .len = 8, .access = cases[i].access };

        CHECK_EQ(vtd_model_request(d->m, &request), VTD_MODEL_FAULT);
        CHECK_EQ(driver_fault(d)->access, cases[i].expected);
    }
    driver_destroy(d);
}

TEST(records_come_in_order_round_the_ring)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;
    uint32_t value;

    config.fault_interrupts = false;
    d = driver_started(&config);
    for (unsigned round = 0; round < 5; round++) {
        d->fault_count = 0;
        /* Six of eight records, so that the first one moves; sources differ: hardware may collapse equal ones. */
        for (unsigned i = 0; i < 6; i++)
            driver_read(d, (uint16_t)(0x0800 + 8 * i), 0x10000 + 0x1000ull * i, &value);
        CHECK_EQ(iommu_poll_faults(d->iommu), 6);
        CHECK_EQ(d->fault_count, 6);
        for (unsigned i = 0; i < 6; i++) {
            CHECK_EQ(d->faults[i].rid, 0x0800 + 8 * i);
            CHECK_EQ(d->faults[i].iova, 0x10000 + 0x1000ull * i);
            CHECK_EQ(d->faults[i].reason, SPEC_FR_ROOT_P);
        }
    }
    CHECK_EQ(iommu_poll_faults(d->iommu), 0);
    driver_destroy(d);
}

TEST(overflow_is_reported_and_recording_goes_on)
{
    struct vtd_model_config config = vtd_model_default();
    struct iommu_unit_info info;
    struct driver *d;
    uint32_t value;
    unsigned overflows = 0;

    config.fault_interrupts = false;
    d = driver_started(&config);
    for (unsigned i = 0; i < 12; i++)
        driver_read(d, (uint16_t)(0x0800 + 8 * i), 0x10000, &value);
    CHECK_EQ(iommu_poll_faults(d->iommu), 8);
    for (size_t i = 0; i < d->fault_count; i++)
        overflows += d->faults[i].kind == IOMMU_FAULT_OVERFLOW;
    CHECK_EQ(overflows, 1);
    CHECK_OK(iommu_unit_info(d->iommu, 0, &info));
    CHECK_EQ(info.overflows, 1);
    CHECK_EQ(info.faults, 8);
    CHECK_EQ(vtd_model_reg32(d->m, 0, SPEC_FSTS) & SPEC_FSTS_PFO, 0);
    driver_read(d, 0x0900, 0x20000, &value);
    CHECK_EQ(iommu_poll_faults(d->iommu), 1);
    iommu_reset_fault_counters(d->iommu);
    CHECK_OK(iommu_unit_info(d->iommu, 0, &info));
    CHECK_EQ(info.faults + info.overflows, 0);
    driver_destroy(d);
}

static void on_msi(void *ctx, unsigned unit, uint64_t address, uint32_t data)
{
    struct driver *d = ctx;

    (void)address;
    (void)data;
    iommu_unit_interrupt(d->iommu, unit);
}

/* §7.3: another event comes only if the last handler has left every status bit clear. */
TEST(each_fault_sends_an_event_when_the_last_was_served)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    uint32_t value;

    vtd_model_on_msi(d->m, on_msi, d);
    for (unsigned i = 0; i < 20; i++) {
        driver_read(d, DRIVER_RID, 0x10000 + 0x1000ull * i, &value);
        vtd_model_advance(d->m, 100);
        CHECK_EQ(d->fault_count, i + 1);
    }
    CHECK_EQ(vtd_model_stats(d->m, 0).events, 20);
    driver_destroy(d);
}

/* A DMA right behind each step that has translation on, and time for the event. */
static void fault_behind_enable(struct driver *d)
{
    uint32_t value;

    if (d->commands[d->command_count - 1] & SPEC_GCMD_TE) {
        vtd_model_advance(d->m, 10);
        driver_read(d, DRIVER_RID, 0x123000, &value);
        vtd_model_advance(d->m, 10);
    }
}

/* §7.3: an event that arrives before the core serves the unit must not be the last. */
TEST(fault_during_start_is_served_and_events_go_on)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_create(&config, NULL);
    uint32_t value;

    CHECK_OK(driver_add_table(d));
    driver_add(d, DRIVER_RID);
    vtd_model_on_msi(d->m, on_msi, d);
    d->on_command = fault_behind_enable;
    CHECK_OK(iommu_start(d->iommu));
    d->on_command = NULL;
    CHECK_EQ(d->fault_count, 1);
    CHECK_EQ(d->faults[0].iova, 0x123000);
    driver_read(d, DRIVER_RID, 0x200000, &value);
    vtd_model_advance(d->m, 100);
    CHECK_EQ(d->fault_count, 2);
    driver_destroy(d);
}

static bool faulted;

/* The handler of the queue's error has returned; its waiter has not looked yet. */
static void msi_and_a_fault_behind_it(void *ctx, unsigned unit, uint64_t address, uint32_t data)
{
    struct driver *d = ctx;
    uint32_t value;

    on_msi(ctx, unit, address, data);
    if (!faulted) {
        faulted = true;
        driver_read(d, DRIVER_RID, 0x77000, &value);
    }
}

/* §7.3: IQE left set by the handler would keep the next fault's event away for good. */
TEST(fault_behind_a_queue_error_sends_an_event)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    uint32_t value;

    faulted = false;
    vtd_model_on_msi(d->m, msi_and_a_fault_behind_it, d);
    CHECK_EQ(iommu_debug_queue_submit(d->iommu, 0, 0xe, 0), IOMMU_ERR_QUEUE);
    CHECK(faulted);
    for (unsigned i = 0; i < 5; i++) {
        driver_read(d, DRIVER_RID, 0x200000 + 0x1000 * i, &value);
        vtd_model_advance(d->m, 100);
    }
    CHECK_EQ(d->fault_count, 6);
    CHECK_EQ(vtd_model_reg32(d->m, 0, SPEC_FSTS) & (SPEC_FSTS_PPF | SPEC_FSTS_IQE), 0);
    driver_destroy(d);
}

TEST(without_an_interrupt_the_event_stays_masked)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;
    uint32_t value;

    config.fault_interrupts = false;
    d = driver_started(&config);
    CHECK(vtd_model_reg32(d->m, 0, SPEC_FECTL) & SPEC_ECTL_IM);
    driver_read(d, DRIVER_RID, 0x10000, &value);
    vtd_model_advance(d->m, 100);
    CHECK_EQ(vtd_model_stats(d->m, 0).events, 0);
    CHECK_EQ(driver_fault(d)->iova, 0x10000);
    driver_destroy(d);
}

/* Table 30 and Table 15: a handful, by their numbers. */
TEST(reasons_have_names)
{
    CHECK_STR(vtd_fault_reason_name(0x01), "root-entry-not-present");
    CHECK_STR(vtd_fault_reason_name(0x02), "context-entry-not-present");
    CHECK_STR(vtd_fault_reason_name(0x0e), "output-in-interrupt-range");
    CHECK_STR(vtd_fault_reason_name(0x22), "interrupt-entry-not-present");
    CHECK_STR(vtd_fault_reason_name(0x26), "interrupt-source-refused");
    CHECK_STR(vtd_fault_reason_name(0x0f), "unknown");
    CHECK_STR(vtd_fault_reason_name(0xffff), "unknown");
}

/* A unit takes interrupts only from the address it was given, whole in three 32-bit registers. */
TEST(fault_event_goes_where_the_platform_says)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);

    CHECK_EQ(vtd_model_reg32(d->m, 0, SPEC_FEADDR) >> 20, 0xfee);
    CHECK_EQ(vtd_model_reg32(d->m, 0, SPEC_FECTL) & SPEC_ECTL_IM, 0);
    driver_destroy(d);
}

TEST(event_that_firmware_left_unmasked_is_masked)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    config.fault_interrupts = false;
    d = driver_create(&config, NULL);
    vtd_model_poke32(d->m, 0, SPEC_FECTL, 0);
    CHECK_OK(driver_add_table(d));
    CHECK_OK(iommu_start(d->iommu));
    CHECK(vtd_model_reg32(d->m, 0, SPEC_FECTL) & SPEC_ECTL_IM);
    driver_destroy(d);
}

/* VT-d §7.1.3: Eh is found after the walk; its address leads to a leaf, so no level explains it. */
TEST(walk_level_is_left_out_where_tables_explain_nothing)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_domain *domain = attached(d, DRIVER_RID);
    unsigned at = (unsigned)spec_get(vtd_model_reg64(d->m, 0, SPEC_CAP), SPEC_CAP_FRO) * 16;

    driver_map(domain, DRIVER_IOVA, d->frame, 4096, IOMMU_RW);
    vtd_model_poke64(d->m, 0, at, DRIVER_IOVA);
    vtd_model_poke64(d->m, 0, at + 8, SPEC_FRCD_HI_F | spec_make(SPEC_FRCD_HI_FR, 0x0e) |
                                          spec_make(SPEC_FRCD_HI_SID, DRIVER_RID));
    vtd_model_poke32(d->m, 0, SPEC_FSTS, (uint32_t)SPEC_FSTS_PPF);
    CHECK_EQ(driver_fault(d)->reason, 0x0e);
    CHECK_EQ(driver_fault(d)->walk_level, IOMMU_LEVEL_NONE);
    release(d, DRIVER_RID, domain);
    driver_destroy(d);
}
