/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole catalogue on the VT-d model, machine by machine: nothing fails, the
 * driver breaks no rule, and what is skipped is what that machine has not.
 */
#include "test.h"

#include "scenario.h"
#include "suite_check.h"

/* What no VT-d machine has. */
#define SKIP_VTD SKIP_AMD, SKIP_RUNS, SKIP_TOPOLOGY, SKIP_IRQ
#define SKIP_USUAL                                                                                 \
    SKIP_VTD, SKIP_STRANGER, SKIP_TAKEOVER, SKIP_OVERFLOW, SKIP_ABOVE_4G, SKIP_RESERVED

TEST(default_machine)
{
    static const char *const skips[] = { SKIP_USUAL, NULL };
    struct model_env_config config = model_env_default();

    suite_check_all(&config, skips);
}

TEST(one_cpu)
{
    static const char *const skips[] = { SKIP_USUAL, SKIP_SMP, NULL };
    struct model_env_config config = model_env_default();

    config.one_cpu = true;
    suite_check_all(&config, skips);
}

TEST(caching_mode)
{
    static const char *const skips[] = { SKIP_USUAL, NULL };
    struct model_env_config config = model_env_default();

    spec_put(&config.model.units[0].cap, SPEC_CAP_CM, 1);
    suite_check_all(&config, skips);
}

/* SAGAW 00010b, MGAW 38: 39 bits, three levels (VT-d §11.4.2). */
TEST(three_levels)
{
    static const char *const skips[] = { SKIP_USUAL, EACH("map/top-grows-under-dma"), NULL };
    struct model_env_config config = model_env_default();

    spec_put(&config.model.units[0].cap, SPEC_CAP_SAGAW, 2);
    spec_put(&config.model.units[0].cap, SPEC_CAP_MGAW, 38);
    suite_check_all(&config, skips);
}

TEST(walks_do_not_snoop)
{
    static const char *const skips[] = { SKIP_USUAL, NULL };
    struct model_env_config config = model_env_default();

    spec_put(&config.model.units[0].ecap, SPEC_ECAP_C, 0);
    suite_check_all(&config, skips);
}

TEST(write_buffer_needs_flushing)
{
    static const char *const skips[] = { SKIP_USUAL, NULL };
    struct model_env_config config = model_env_default();

    spec_put(&config.model.units[0].cap, SPEC_CAP_RWBF, 1);
    suite_check_all(&config, skips);
}

/* Interrupt remapping needs the queue, so it goes too (VT-d §11.4.3). */
TEST(registers_only)
{
    static const char *const skips[] = { SKIP_USUAL, "intel/refused-descriptor-and-recovery",
                                         "smp/one-is-refused-among-many", NULL };
    struct model_env_config config = model_env_default();

    spec_put(&config.model.units[0].ecap, SPEC_ECAP_QI, 0);
    spec_put(&config.model.units[0].ecap, SPEC_ECAP_IR, 0);
    suite_check_all(&config, skips);
}

/* As QEMU: with one record two devices that fault at once overflow it. */
TEST(one_fault_record)
{
    static const char *const skips[] = { SKIP_VTD, SKIP_STRANGER, SKIP_TAKEOVER, SKIP_ABOVE_4G, SKIP_RESERVED, NULL };
    struct model_env_config config = model_env_default();

    spec_put(&config.model.units[0].cap, SPEC_CAP_NFR, 0);
    suite_check_all(&config, skips);
}

TEST(faults_are_polled)
{
    static const char *const skips[] = { SKIP_USUAL, "fault/interrupt-delivers-the-record", NULL };
    struct model_env_config config = model_env_default();

    config.model.fault_interrupts = false;
    suite_check_all(&config, skips);
}

TEST(no_pass_through)
{
    static const char *const skips[] = { SKIP_USUAL, EACH("domain/pass-through-needs-no-tables"),
                                         NULL };
    struct model_env_config config = model_env_default();

    spec_put(&config.model.units[0].ecap, SPEC_ECAP_PT, 0);
    suite_check_all(&config, skips);
}

TEST(no_large_pages)
{
    static const char *const skips[] = { SKIP_USUAL, EACH("map/leaf-of-2m"),
                                         EACH("map/unmap-inside-2m"),
                                         EACH("map/leaf-of-1g-and-hole"), NULL };
    struct model_env_config config = model_env_default();

    config.iommu.no_superpages = true;
    suite_check_all(&config, skips);
}

/* All RAM above 4 GiB: a device of 32 bits reaches none of it without translation. */
TEST(all_memory_above_4g)
{
    static const char *const skips[] = { SKIP_VTD, SKIP_STRANGER,
                                         SKIP_TAKEOVER,
                                         SKIP_OVERFLOW,
                                         SKIP_RESERVED,
                                         "entry/unattached-device-is-blocked:model@0000:00:05.0",
                                         "domain/blocked-domain-reaches-nothing:model@0000:00:05.0",
                                         "domain/identity-reaches-physical:model@0000:00:05.0",
                                         "domain/every-change-takes-effect:model@0000:00:05.0", NULL };
    struct model_env_config config = model_env_default();

    config.model.ram_pa = 5 * GIB1;
    suite_check_all(&config, skips);
}

/* The predecessor's tables let devices on bus 0 reach what lies below 2 MiB. */
TEST(unit_left_enabled)
{
    static const char *const skips[] = { SKIP_VTD, SKIP_STRANGER, SKIP_OVERFLOW, SKIP_ABOVE_4G, SKIP_RESERVED, NULL };
    struct model_env_config config = model_env_default();

    config.firmware =
        (struct vtd_model_firmware){ .translate = true, .queue = true, .stale_fault = true };
    suite_check_all(&config, skips);
}

TEST(slow_and_reordering_unit)
{
    static const char *const skips[] = { SKIP_USUAL, NULL };
    struct model_env_config config = model_env_default();

    config.model.units[0].delay = 40;
    config.model.units[0].reorder_seed = 7;
    suite_check_all(&config, skips);
}

/* One exerciser under a unit of its own, by scope. */
TEST(two_units)
{
    static const char *const skips[] = { SKIP_USUAL, NULL };
    struct model_env_config config = model_env_default();

    config.model.units[0] = vtd_model_default_unit(0, false);
    config.model.units[0].scopes[0] =
        (struct vtd_model_scope){ .type = 1, .path_count = 1, .path = { { 5, 0 } } };
    config.model.units[0].scope_count = 1;
    config.model.units[1] = vtd_model_default_unit(1, true);
    config.model.unit_count = 2;
    config.exercisers[0].unit = 1;
    config.exercisers[2].unit = 1;
    suite_check_all(&config, skips);
}

/* SAGAW 39 and 48, MGAW 38: the domain ends at 39 bits, the record at 48 (VT-d §11.4.7.6). */
static struct model_env_config narrow_aperture(void)
{
    struct model_env_config config = model_env_default();

    spec_put(&config.model.units[0].cap, SPEC_CAP_MGAW, 38);
    return config;
}

TEST(aperture_narrower_than_the_record)
{
    static const char *const skips[] = { SKIP_USUAL, EACH("map/top-grows-under-dma"), NULL };
    struct model_env_config config = narrow_aperture();

    suite_check_all(&config, skips);
}

/* A region of 32 KiB in the middle of RAM, for the first exerciser and for the one with queues. */
TEST(reserved_regions)
{
    static const char *const skips[] = { SKIP_VTD, SKIP_STRANGER, SKIP_TAKEOVER, SKIP_OVERFLOW, SKIP_ABOVE_4G,
                                         "reserved/region-stays-reachable:model@0000:00:05.0",
                                         NULL };
    struct model_env_config config = model_env_default();
    uint64_t middle = config.model.ram_pa + config.model.ram_len / 2;

    config.model.rmrrs[0] = (struct vtd_model_rmrr){
        .start = middle, .end = middle + 0x8000, .scope_count = 2,
        .scopes = { { .type = 1, .path_count = 1, .path = { { 4, 0 } } },
                    { .type = 1, .bus = 1, .path_count = 1, .path = { { 0, 0 } } } } };
    config.model.rmrr_count = 1;
    suite_check_all(&config, skips);
}

TEST(a_stranger_is_blocked)
{
    suite_check_stranger(model_env_default());
}

/* ---- what the suite is there for: it notices ---- */

/* Cut where the domain ends instead of where the unit's widest table does. */
TEST(addresses_cut_too_short_are_noticed)
{
    struct model_env_config config = narrow_aperture();

    config.fault_address_mask = (1ull << 39) - 1;
    suite_check_fails(&config, "map/last-page-of-the-aperture:model@0000:00:04.0", 1);
}

TEST(lost_interrupts_are_noticed)
{
    struct model_env_config config = model_env_default();

    config.interrupts_lost = true;
    suite_check_fails(&config, "fault/interrupt-delivers-the-record", 1);
    suite_check_fails(&config, "dma/*", 0);
}
