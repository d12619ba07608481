/* SPDX-License-Identifier: BSD-2-Clause */
/* intel/vtd_irq.c on the model: which registers of the fault event get what, in which order. */
#include "test.h"

#include "driver_rig.h"

#define WRITES 32
#define EVENT_FIRST SPEC_FECTL
#define EVENT_LAST (SPEC_FEUADDR + 3)

struct access {
    unsigned offset;
    uint32_t value;
    bool masked; /* FECTL.IM, before the write */
};

/* Writes of the fault event's four registers, and accesses of them that were not 32 bits wide. */
static struct {
    struct driver *d;
    struct iommu_platform below;
    struct access writes[WRITES];
    unsigned count;
    unsigned wide;
    struct iommu_msi message;
    unsigned asked;         /* units that have asked for a message, as bits */
    bool refuse;
} watch;

static unsigned offset_of(const volatile void *at)
{
    return (unsigned)((uintptr_t)at & 0xfff);
}

static bool is_event(unsigned offset, unsigned width)
{
    return offset + width > EVENT_FIRST && offset <= EVENT_LAST;
}

static void write32(void *ctx, volatile void *at, uint32_t value)
{
    bool masked = vtd_model_reg32(watch.d->m, 0, SPEC_FECTL) & SPEC_ECTL_IM;

    if (is_event(offset_of(at), 4) && watch.count < WRITES)
        watch.writes[watch.count++] = (struct access){ offset_of(at), value, masked };
    watch.below.mmio_write32(ctx, at, value);
}

static void write64(void *ctx, volatile void *at, uint64_t value)
{
    watch.wide += is_event(offset_of(at), 8);
    watch.below.mmio_write64(ctx, at, value);
}

static uint64_t read64(void *ctx, const volatile void *at)
{
    watch.wide += is_event(offset_of(at), 8);
    return watch.below.mmio_read64(ctx, at);
}

static bool message(void *ctx, unsigned unit, struct iommu_msi *msi)
{
    (void)ctx;
    watch.asked |= 1u << unit;
    *msi = (struct iommu_msi){ watch.message.address + unit * 0x1000, watch.message.data + unit };
    return !watch.refuse;
}

static struct driver *machine(const struct vtd_model_config *config, uint64_t address, uint32_t data)
{
    struct driver *d = driver_create(config, NULL);

    memset(&watch, 0, sizeof(watch));
    watch.d = d;
    watch.below = d->platform;
    watch.message = (struct iommu_msi){ address, data };
    d->platform.mmio_write32 = write32;
    d->platform.mmio_write64 = write64;
    d->platform.mmio_read64 = read64;
    d->platform.fault_interrupt = message;
    return d;
}

static void start(struct driver *d)
{
    CHECK_OK(driver_add_table(d));
    driver_add(d, DRIVER_RID);
    CHECK_OK(iommu_start(d->iommu));
}

static unsigned writes_of(unsigned offset)
{
    unsigned count = 0;

    for (unsigned i = 0; i < watch.count; i++)
        count += watch.writes[i].offset == offset;
    return count;
}

static uint32_t event(const struct driver *d, unsigned unit, unsigned offset)
{
    return vtd_model_reg32(d->m, unit, offset);
}

TEST(message_is_the_platforms)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = machine(&config, 0xfee0f00c, 0x4071);

    start(d);
    CHECK_EQ(watch.asked, 1);
    CHECK_EQ(event(d, 0, SPEC_FEDATA), 0x4071);
    CHECK_EQ(event(d, 0, SPEC_FEADDR), 0xfee0f00c);
    CHECK_EQ(event(d, 0, SPEC_FECTL) & SPEC_ECTL_IM, 0);
    /* §11.4.7.5: without ECAP.EIM the upper address is reserved. */
    CHECK_EQ(writes_of(SPEC_FEUADDR), 0);
    driver_destroy(d);
}

TEST(each_unit_has_its_own_message)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    config.units[1] = vtd_model_default_unit(1, false);
    config.unit_count = 2;
    d = machine(&config, 0xfee00000, 0x50);
    start(d);
    CHECK_EQ(watch.asked, 3);
    CHECK_EQ(event(d, 0, SPEC_FEDATA), 0x50);
    CHECK_EQ(event(d, 0, SPEC_FEADDR), 0xfee00000);
    CHECK_EQ(event(d, 1, SPEC_FEDATA), 0x51);
    CHECK_EQ(event(d, 1, SPEC_FEADDR), 0xfee01000);
    CHECK_EQ(event(d, 1, SPEC_FECTL) & SPEC_ECTL_IM, 0);
    driver_destroy(d);
}

/* §11.4.7.3, §11.4.7.4: data is 16 bits, address bits 1:0 are reserved. */
TEST(reserved_bits_of_a_message_are_left_out)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = machine(&config, 0xfee00003, 0x12340051);

    start(d);
    for (unsigned i = 0; i < watch.count; i++) {
        if (watch.writes[i].offset == SPEC_FEDATA)
            CHECK_EQ(watch.writes[i].value, 0x51);
        if (watch.writes[i].offset == SPEC_FEADDR)
            CHECK_EQ(watch.writes[i].value, 0xfee00000);
    }
    CHECK_EQ(writes_of(SPEC_FEDATA), 1);
    CHECK_EQ(writes_of(SPEC_FEADDR), 1);
    driver_destroy(d);
}

TEST(upper_address_is_written_where_the_unit_has_it)
{
    for (unsigned upper = 0; upper <= 1; upper++) {
        struct vtd_model_config config = vtd_model_default();
        struct driver *d;

        spec_put(&config.units[0].ecap, SPEC_ECAP_EIM, 1);
        d = machine(&config, 0xfee01000 | (uint64_t)upper << 40, 0x52);
        vtd_model_poke32(d->m, 0, SPEC_FEUADDR, 0x77); /* firmware's */
        start(d);
        CHECK_EQ(event(d, 0, SPEC_FEUADDR), upper << 8);
        CHECK_EQ(event(d, 0, SPEC_FEADDR), 0xfee01000);
        CHECK_EQ(event(d, 0, SPEC_FECTL) & SPEC_ECTL_IM, 0);
        driver_destroy(d);
    }
}

TEST(address_that_the_unit_cannot_send_to_leaves_the_event_masked)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = machine(&config, 1ull << 32 | 0xfee01000, 0x52);
    uint32_t value;

    start(d);
    CHECK(event(d, 0, SPEC_FECTL) & SPEC_ECTL_IM);
    CHECK_EQ(writes_of(SPEC_FEDATA) + writes_of(SPEC_FEADDR) + writes_of(SPEC_FEUADDR), 0);
    CHECK(strstr(vtd_model_log(d->m), "vtd0: fault event not sent: address=0x1fee01000 needs ecap.EIM") != NULL);
    driver_read(d, DRIVER_RID, 0x10000, &value);
    CHECK_EQ(driver_fault(d)->iova, 0x10000);
    driver_destroy(d);
}

/* §11.4.7.2: a message changed under a unit that may send it would go astray. */
TEST(event_is_masked_while_its_message_changes_and_unmasked_last)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = machine(&config, 0xfee01000, 0x53);

    vtd_model_poke32(d->m, 0, SPEC_FECTL, 0); /* firmware left it unmasked */
    start(d);
    CHECK(watch.count >= 4);
    CHECK_EQ(watch.writes[0].offset, SPEC_FECTL);
    CHECK_EQ(watch.writes[0].value, 0x80000000);
    for (unsigned i = 1; i < watch.count; i++)
        CHECK(watch.writes[i].masked);
    CHECK_EQ(watch.writes[watch.count - 1].offset, SPEC_FECTL);
    CHECK_EQ(watch.writes[watch.count - 1].value, 0);
    driver_destroy(d);
}

/* §11.2: bits of FECTL that are reserved and preserved are written as they were read. */
TEST(reserved_bits_of_the_control_register_are_kept)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = machine(&config, 0xfee01000, 0x53);

    vtd_model_poke32(d->m, 0, SPEC_FECTL, 0x00001234);
    start(d);
    CHECK_EQ(watch.writes[0].offset, SPEC_FECTL);
    CHECK_EQ(watch.writes[0].value, 0x80001234);
    driver_destroy(d);
}

TEST(every_access_is_32_bits_wide)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;
    uint32_t value;

    spec_put(&config.units[0].ecap, SPEC_ECAP_EIM, 1);
    d = machine(&config, 0x1fee01000, 0x54);
    start(d);
    driver_read(d, DRIVER_RID, 0x10000, &value);
    CHECK_EQ(driver_fault(d)->iova, 0x10000);
    iommu_destroy(d->iommu);
    CHECK_EQ(watch.wide, 0);
    CHECK(event(d, 0, SPEC_FECTL) & SPEC_ECTL_IM);
    CHECK_STR(vtd_model_violation_text(d->m), "");
    driver_abandon(d);
}

/* Neither is an error: faults are found by looking. */
TEST(platform_without_a_message_polls)
{
    for (unsigned refuse = 0; refuse <= 1; refuse++) {
        struct vtd_model_config config = vtd_model_default();
        struct driver *d = machine(&config, 0xfee01000, 0x55);
        uint32_t value;

        watch.refuse = true;
        if (!refuse)
            d->platform.fault_interrupt = NULL;
        start(d);
        CHECK_EQ(watch.asked, refuse);
        CHECK(event(d, 0, SPEC_FECTL) & SPEC_ECTL_IM);
        CHECK_EQ(writes_of(SPEC_FEDATA) + writes_of(SPEC_FEADDR), 0);
        driver_read(d, DRIVER_RID, 0x10000, &value);
        vtd_model_advance(d->m, 100);
        CHECK_EQ(vtd_model_stats(d->m, 0).events, 0);
        CHECK_EQ(iommu_poll_faults(d->iommu), 1);
        CHECK_EQ(d->faults[0].iova, 0x10000);
        driver_destroy(d);
    }
}

static uint64_t sent_address;
static uint32_t sent_data;

static void on_msi(void *ctx, unsigned unit, uint64_t address, uint32_t data)
{
    (void)ctx;
    (void)unit;
    sent_address = address;
    sent_data = data;
}

TEST(unit_sends_what_it_was_given)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;
    uint32_t value;

    spec_put(&config.units[0].ecap, SPEC_ECAP_EIM, 1);
    d = machine(&config, 0x2fee03000, 0x4056);
    start(d);
    vtd_model_on_msi(d->m, on_msi, NULL);
    driver_read(d, DRIVER_RID, 0x10000, &value);
    vtd_model_advance(d->m, 100);
    CHECK_EQ(vtd_model_stats(d->m, 0).events, 1);
    CHECK_EQ(sent_address, 0x2fee03000);
    CHECK_EQ(sent_data, 0x4056);
    driver_destroy(d);
}
