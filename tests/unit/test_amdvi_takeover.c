/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * amd/amdvi_unit.c and amdvi_takeover.c on the model: devices do DMA at every
 * register write of bring-up and take-over, and none ever passes where nothing
 * lets it. What becomes of reserved regions, domain ids and tables that are
 * found is in test_amdvi_inherited.c.
 */
#include "test.h"

#include "amd/amdvi.h"
#include "amdvi_model.h"

#define DEVICE 0x0010
#define OTHER 0x0018
#define PRIVATE 0x300000ull     /* RAM that firmware's tables do not map */
#define CONTROL 0x18u

static struct {
    struct amdvi_model *m;
    struct iommu_platform below;
    struct iommu *iommu;
    const uint8_t *window;  /* of the unit mapped last */
    bool watching;
    unsigned probes;
    unsigned passed;        /* reads of PRIVATE that were let through */
    unsigned cleared;       /* writes of Control with IommuEn = 0 */
} t;

static void probe(void)
{
    uint32_t value;

    if (!t.watching)
        return;
    t.probes++;
    t.passed += amdvi_model_dma(t.m, 0, DEVICE, PRIVATE, &value, 4, false) == AMDVI_MODEL_DONE;
    t.passed += amdvi_model_dma(t.m, 0, OTHER, PRIVATE, &value, 4, false) == AMDVI_MODEL_DONE;
}

static void *map(void *ctx, uint64_t pa, size_t len)
{
    void *window = t.below.mmio_map(ctx, pa, len);

    t.window = window;
    return window;
}

static void write32(void *ctx, volatile void *at, uint32_t value)
{
    probe();
    t.below.mmio_write32(ctx, at, value);
    probe();
}

static void write64(void *ctx, volatile void *at, uint64_t value)
{
    if ((const volatile uint8_t *)at == t.window + CONTROL)
        t.cleared += !(value & 1);
    probe();
    t.below.mmio_write64(ctx, at, value);
    probe();
}

static void machine_of(const struct amdvi_model_config *config, const struct iommu_irq_config *irq)
{
    const struct iommu_config no_storms = { .storm_threshold = UINT32_MAX, .irq = *irq };
    struct iommu_platform *platform;

    memset(&t, 0, sizeof(t));
    t.m = amdvi_model_create(config);
    platform = amdvi_model_platform_edit(t.m);
    t.below = *platform;
    platform->mmio_map = map;
    platform->mmio_write32 = write32;
    platform->mmio_write64 = write64;
    amdvi_model_function(t.m, 0, DEVICE);
    amdvi_model_function(t.m, 0, OTHER);
    CHECK_OK(iommu_create(amdvi_model_platform(t.m), amdvi_model_ctx(t.m), &no_storms, &t.iommu));
}

static void machine(const struct amdvi_model_config *config)
{
    static const struct iommu_irq_config off = { .mode = IOMMU_IRQ_OFF };

    machine_of(config, &off);
}

static enum iommu_status add_table(void)
{
    static uint8_t table[4096];
    size_t len = amdvi_model_ivrs(t.m, table, sizeof(table));

    CHECK(len != 0);
    return amdvi_add_table(t.iommu, table, len);
}

static void add_devices(void)
{
    static const uint16_t rids[] = { DEVICE, OTHER };

    for (unsigned i = 0; i < 2; i++) {
        const struct iommu_device_desc desc = { .rids = { rids[i] }, .rid_count = 1 };
        struct iommu_device *device;

        CHECK_OK(iommu_add_device(t.iommu, &desc, &device));
    }
}

static void finish(void)
{
    iommu_destroy(t.iommu);
    CHECK_STR(amdvi_model_violation_text(t.m), "");
    CHECK_EQ(amdvi_model_live_pages(t.m), 0);
    CHECK_EQ(amdvi_model_live_windows(t.m), 0);
    CHECK_EQ(amdvi_model_irq_depth(t.m), 0);
    amdvi_model_destroy(t.m);
}

static void check_blocked(void)
{
    uint32_t value;

    CHECK_EQ(amdvi_model_dma(t.m, 0, DEVICE, PRIVATE, &value, 4, false), AMDVI_MODEL_FAULT);
    CHECK_EQ(value, UINT32_MAX);
    CHECK_EQ(amdvi_model_dma(t.m, 0, DEVICE, 0x100000, &value, 4, true), AMDVI_MODEL_FAULT);
    CHECK_EQ(amdvi_model_stats(t.m, 0).leaks, 0);
}

TEST(cold_start_blocks_everything)
{
    struct amdvi_model_config config = amdvi_model_default();
    uint32_t value;

    machine(&config);
    CHECK_EQ(amdvi_model_dma(t.m, 0, DEVICE, PRIVATE, &value, 4, false), AMDVI_MODEL_DONE);
    CHECK_OK(add_table());
    add_devices();
    CHECK_OK(iommu_start(t.iommu));
    check_blocked();
    finish();
}

/* Units that finish late, reorder, have no INVALIDATE_IOMMU_ALL, keep their pointers, never snoop. */
TEST(awkward_units_start_too)
{
    for (unsigned i = 0; i < 6; i++) {
        struct amdvi_model_config config = amdvi_model_default();
        struct amdvi_model_unit_config *unit = &config.units[0];

        unit->delay = i == 0 ? 200 : 3;
        unit->reorder_seed = i == 1 ? 77 : 0;
        if (i == 2)
            spec_put(&unit->efr, ASPEC_EFR_IA_SUP, 0);
        unit->resets_pointers = i == 3;
        unit->never_snoops = i == 4;
        unit->ignores_bases = i == 5;
        machine(&config);
        CHECK_OK(add_table());
        add_devices();
        CHECK_OK(iommu_start(t.iommu));
        check_blocked();
        CHECK_OK(iommu_stop(t.iommu));
        finish();
    }
}

static enum iommu_status take_over(const struct amdvi_model_config *config, const struct amdvi_model_firmware *left)
{
    machine(config);
    amdvi_model_firmware_left(t.m, 0, left);
    CHECK_OK(add_table());
    add_devices();
    t.watching = true;
    return iommu_start(t.iommu);
}

static const struct amdvi_model_firmware left_all = {
    .translate = true, .commands = true, .event_log = true, .stale_event = true, .interrupts = true,
};

TEST(take_over_has_no_moment_of_pass_through)
{
    struct amdvi_model_config config = amdvi_model_default();
    uint32_t value;

    machine(&config);
    amdvi_model_firmware_left(t.m, 0, &left_all);
    CHECK_EQ(amdvi_model_dma(t.m, 0, DEVICE, 0x100000, &value, 4, false), AMDVI_MODEL_DONE);
    CHECK_EQ(amdvi_model_dma(t.m, 0, DEVICE, PRIVATE, &value, 4, false), AMDVI_MODEL_FAULT);
    finish();

    CHECK_OK(take_over(&config, &left_all));
    CHECK(t.probes > 20);
    CHECK_EQ(t.passed, 0);
    CHECK_EQ(t.cleared, 0);
    CHECK_EQ(amdvi_model_stats(t.m, 0).unprotected, 0);
    CHECK_EQ(amdvi_model_stats(t.m, 0).leaks, 0);
    t.watching = false;
    check_blocked();
    CHECK(amdvi_model_bus_master_is_on(t.m, 0, DEVICE));
    finish();
}

#define GA_EN (1ull << 17)
#define GAM_VAPIC (1ull << 25)
#define MODE_2048 (1ull << 43)
#define XT_EN (1ull << 50)

/* Only a format that was asked for is reason to switch off, and then devices are silent. */
TEST(interrupts_of_a_running_unit_keep_their_format)
{
    static const struct {
        enum iommu_irq_format format;
        enum iommu_irq_x2apic x2apic;
        uint64_t found;
        bool off;
    } cases[] = {
        { IOMMU_IRQ_FORMAT_AUTO, IOMMU_X2APIC_NO, 0, false },
        { IOMMU_IRQ_FORMAT_AUTO, IOMMU_X2APIC_AUTO, 0, false },
        { IOMMU_IRQ_FORMAT_AUTO, IOMMU_X2APIC_NO, GA_EN, false },
        { IOMMU_IRQ_FORMAT_AUTO, IOMMU_X2APIC_NO, GA_EN | GAM_VAPIC | XT_EN | MODE_2048, false },
        { IOMMU_IRQ_FORMAT_AUTO, IOMMU_X2APIC_NEEDED, GA_EN | XT_EN, false },
        { IOMMU_IRQ_FORMAT_AUTO, IOMMU_X2APIC_NEEDED, GA_EN, true },
        { IOMMU_IRQ_FORMAT_LEGACY, IOMMU_X2APIC_NO, 0, false },
        { IOMMU_IRQ_FORMAT_LEGACY, IOMMU_X2APIC_NO, GA_EN | GAM_VAPIC, true },
        { IOMMU_IRQ_FORMAT_VAPIC, IOMMU_X2APIC_NO, GA_EN, false },
        { IOMMU_IRQ_FORMAT_VAPIC, IOMMU_X2APIC_NO, 0, true },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct iommu_irq_config irq = { .mode = IOMMU_IRQ_AUTO, .format = cases[i].format,
                                              .x2apic = cases[i].x2apic };
        struct amdvi_model_config config = amdvi_model_default();
        struct amdvi_model_firmware left = left_all;
        struct iommu_irq_info info;

        spec_put(&config.units[0].efr, ASPEC_EFR_GAM_SUP, 1);
        spec_put(&config.units[0].efr2, ASPEC_EFR2_NUM_INT_REMAP_SUP, 1);
        left.control = cases[i].found;
        machine_of(&config, &irq);
        amdvi_model_firmware_left(t.m, 0, &left);
        CHECK_OK(add_table());
        add_devices();
        t.watching = true;
        CHECK_OK(iommu_start(t.iommu));
        iommu_irq_info(t.iommu, &info);
        CHECK(info.remapping);
        CHECK_EQ(t.passed, 0);
        CHECK_EQ(t.cleared != 0, cases[i].off);
        CHECK_EQ(strstr(amdvi_model_log(t.m), "window") != NULL, cases[i].off);
        CHECK_EQ(amdvi_model_bus_master_is_on(t.m, 0, DEVICE), !cases[i].off);
        CHECK_EQ(amdvi_model_stats(t.m, 0).unprotected, 0);
        t.watching = false;
        amdvi_model_bus_master(t.m, 0, DEVICE, true);
        check_blocked();
        finish();
    }
}

TEST(ring_that_stopped_at_an_illegal_command_is_taken_over)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct amdvi_model_firmware left = left_all;

    left.commands_stuck = true;
    CHECK_OK(take_over(&config, &left));
    CHECK_EQ(t.passed, 0);
    t.watching = false;
    check_blocked();
    finish();
}

/* Nothing passes there either: the devices' bus mastering goes off before translation does. */
TEST(locked_bases_are_taken_over_with_silent_devices)
{
    struct amdvi_model_config config = amdvi_model_default();

    config.units[0].ignores_bases = true;
    CHECK_OK(take_over(&config, &left_all));
    CHECK(t.cleared > 0);
    CHECK_EQ(t.passed, 0);
    CHECK_EQ(amdvi_model_stats(t.m, 0).unprotected, 0);
    CHECK(!amdvi_model_bus_master_is_on(t.m, 0, DEVICE));
    CHECK(strstr(amdvi_model_log(t.m), "window: translation off") != NULL);
    t.watching = false;
    amdvi_model_bus_master(t.m, 0, DEVICE, true);
    check_blocked();
    finish();
}

/* A hang at any point of a take-over ends, and opens nothing; what ours the unit may have stays its own. */
TEST(hangs_of_a_take_over_open_nothing)
{
    static const uint64_t hangs[] = {
        AMDVI_MODEL_HANG_CMD_START, AMDVI_MODEL_HANG_CMD_STOP, AMDVI_MODEL_HANG_EVENT_START,
        AMDVI_MODEL_HANG_EVENT_STOP, AMDVI_MODEL_HANG_WAIT, AMDVI_MODEL_HANG_STORE,
    };

    for (unsigned i = 0; i < sizeof(hangs) / sizeof(hangs[0]); i++) {
        struct amdvi_model_config config = amdvi_model_default();
        struct amdvi_model_firmware left = left_all;
        uint64_t before;

        left.stale_event = false; /* a log that has overflowed does not run */
        machine(&config);
        amdvi_model_firmware_left(t.m, 0, &left);
        CHECK_OK(add_table());
        add_devices();
        amdvi_model_hang(t.m, 0, hangs[i]);
        t.watching = true;
        before = amdvi_model_now(t.m);
        CHECK_EQ(iommu_start(t.iommu), IOMMU_ERR_TIMEOUT);
        CHECK(amdvi_model_now(t.m) - before < 6000000);
        CHECK_EQ(t.passed, 0);
        CHECK_EQ(t.cleared, 0);
        CHECK(!amdvi_model_bus_master_is_on(t.m, 0, DEVICE));
        CHECK(strstr(amdvi_model_log(t.m), "amdvi0: dump base=") != NULL);
        amdvi_model_destroy(t.m); /* with the memory a hung unit may use */
    }
}

TEST(units_of_one_machine_start_side_by_side)
{
    struct amdvi_model_config config = amdvi_model_default();
    uint32_t value;

    config.units[1] = amdvi_model_default_unit(1, false);
    config.units[1].entries[0] = (struct amdvi_model_entry){ .type = 0x02, .id = 0x0300 };
    config.units[1].entry_count = 1;
    config.unit_count = 2;
    machine(&config);
    CHECK_OK(add_table());
    CHECK_EQ(iommu_unit_count(t.iommu), 2);
    CHECK_OK(iommu_start(t.iommu));
    CHECK_EQ(amdvi_model_dma(t.m, 1, 0x0300, PRIVATE, &value, 4, false), AMDVI_MODEL_FAULT);
    check_blocked();
    finish();
}

/* AMD-Vi §3.2: registers answer once Enable is set in the capability block. */
TEST(unit_whose_registers_firmware_left_off_is_switched_on)
{
    struct amdvi_model_config config = amdvi_model_default();

    config.units[0].decode_off = true;
    machine(&config);
    CHECK_OK(add_table());
    add_devices();
    CHECK_OK(iommu_start(t.iommu));
    check_blocked();
    finish();
}

TEST(unit_that_stays_absent_is_left_out)
{
    struct amdvi_model_config config = amdvi_model_default();

    config.units[0].absent = true;
    machine(&config);
    CHECK_EQ(add_table(), IOMMU_ERR_TABLE);
    CHECK_EQ(iommu_unit_count(t.iommu), 0);
    finish();
}

/* Memory may end at any point, and nothing of it is lost. */
TEST(each_failing_allocation_leaks_nothing)
{
    for (uint64_t nth = 1;; nth++) {
        struct amdvi_model_config config = amdvi_model_default();
        enum iommu_status status;
        uint64_t before;

        machine(&config);
        before = amdvi_model_alloc_calls(t.m);
        amdvi_model_fail_alloc(t.m, nth);
        status = add_table();
        if (status == IOMMU_OK)
            status = iommu_start(t.iommu);
        if (amdvi_model_alloc_calls(t.m) - before < nth) {
            CHECK_OK(status);
            CHECK(nth > 6);
            finish();
            return;
        }
        CHECK_EQ(status, IOMMU_ERR_NOMEM);
        finish();
    }
}
