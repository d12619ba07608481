/* SPDX-License-Identifier: BSD-2-Clause */
/* The whole catalogue on the AMD-Vi model, as test_suite_model.c has it on the VT-d model. */
#include "test.h"

#include "scenario.h"
#include "suite_check.h"

/* What no AMD machine has. */
#define SKIP_AMDVI SKIP_INTEL, SKIP_TOPOLOGY, SKIP_STRANGER, SKIP_IRQ
#define SKIP_AMD_USUAL SKIP_AMDVI, SKIP_TAKEOVER, SKIP_OVERFLOW, SKIP_ABOVE_4G, SKIP_RESERVED

/* IVHD flag Coherent, IVinfo VASize (AMD-Vi §5.2.1, §5.2.2) and the device entries used here (§5.2.2.5). */
#define IVHD_COHERENT 0x20u
#define IVINFO_VA_SIZE SPEC_F(21, 15)
#define ENTRY_SELECT 0x02
#define ENTRY_START 0x03
#define ENTRY_END 0x04
#define ENTRY_ALIAS_START 0x43
#define SETTING_SYSMGT_FORWARD 0x10
#define IVMD_SELECT 0x21
#define IVMD_UNITY 0x01u
#define IVMD_READ 0x02u
#define IVMD_WRITE 0x04u
#define IVMD_EXCLUSION 0x08u

#define FIRST_RID IOMMU_RID(0, 4, 0)
#define SECOND_RID IOMMU_RID(0, 5, 0)
#define QUEUED_RID IOMMU_RID(1, 0, 0)

static void set_input_bits(struct model_env_config *config, unsigned bits)
{
    uint64_t info = config->amdvi.ivinfo;

    spec_put(&info, IVINFO_VA_SIZE, bits);
    config->amdvi.ivinfo = (uint32_t)info;
}

static void run_amd(const struct model_env_config *config)
{
    static const char *const skips[] = { SKIP_AMD_USUAL, NULL };

    suite_check_all(config, skips);
}

TEST(default_machine)
{
    struct model_env_config config = model_env_amd();

    run_amd(&config);
}

/* Absent entries are cached, as VT-d's caching mode. */
TEST(np_cache)
{
    struct model_env_config config = model_env_amd();

    config.amdvi.units[0].header |= (uint32_t)ASPEC_CAPH_NP_CACHE;
    run_amd(&config);
}

TEST(walks_do_not_snoop)
{
    struct model_env_config config = model_env_amd();

    config.amdvi.units[0].ivhd_flags &= (uint8_t)~IVHD_COHERENT;
    config.amdvi.units[0].never_snoops = true;
    run_amd(&config);
}

/* One CPU: a tree that grows blocks its devices for a moment there. What several do is in test_threads.c. */
TEST(without_cmpxchg16b)
{
    static const char *const skips[] = { SKIP_AMD_USUAL, SKIP_SMP, "amd/growth-beside-mapping", NULL };
    struct model_env_config config = model_env_amd();

    config.narrow_store = true;
    config.one_cpu = true;
    suite_check_all(&config, skips);
}

TEST(without_invalidate_all)
{
    struct model_env_config config = model_env_amd();

    spec_put(&config.amdvi.units[0].efr, ASPEC_EFR_IA_SUP, 0);
    run_amd(&config);
}

/* IVHD 10h alone, whose word of features rules. */
TEST(old_firmware)
{
    struct model_env_config config = model_env_amd();

    config.amdvi.ivrs_revision = 1;
    config.amdvi.units[0].ivhd_types = 1;
    config.amdvi.ivinfo &= ~1u;
    run_amd(&config);
}

TEST(slow_and_reordering_unit)
{
    struct model_env_config config = model_env_amd();

    config.amdvi.units[0].delay = 40;
    config.amdvi.units[0].reorder_seed = 7;
    run_amd(&config);
}

/* Errata 732 and 733: tail and interrupt come before the entry. */
TEST(late_events)
{
    struct model_env_config config = model_env_amd();

    config.amdvi.units[0].late_events = true;
    run_amd(&config);
}

TEST(registers_hold_on)
{
    struct model_env_config config = model_env_amd();

    config.amdvi.units[0].ignores_bases = true;
    config.amdvi.units[0].resets_pointers = true;
    run_amd(&config);
}

/* 39 bits: three levels suffice for ever. */
TEST(three_levels)
{
    static const char *const skips[] = { SKIP_AMD_USUAL, EACH("map/top-grows-under-dma"),
                                         "amd/growth-beside-mapping", NULL };
    struct model_env_config config = model_env_amd();

    set_input_bits(&config, 39);
    suite_check_all(&config, skips);
}

/* 40 bits: the aperture ends with the HyperTransport range. */
TEST(forty_bits)
{
    struct model_env_config config = model_env_amd();

    set_input_bits(&config, 40);
    run_amd(&config);
}

TEST(four_levels)
{
    struct model_env_config config = model_env_amd();

    spec_put(&config.amdvi.units[0].efr, ASPEC_EFR_HATS, 0);
    set_input_bits(&config, 64);
    run_amd(&config);
}

TEST(five_levels)
{
    struct model_env_config config = model_env_amd();

    spec_put(&config.amdvi.units[0].efr, ASPEC_EFR_HATS, 1);
    set_input_bits(&config, 64);
    run_amd(&config);
}

TEST(six_levels)
{
    struct model_env_config config = model_env_amd();

    set_input_bits(&config, 64);
    run_amd(&config);
}

TEST(guest_tables)
{
    static const char *const skips[] = { SKIP_AMD_USUAL, SKIP_RUNS,
                                         EACH("dma/write-only-page-refuses-read"),
                                         "amd/growth-beside-mapping", NULL };
    struct model_env_config config = model_env_amd();

    config.iommu.guest_tables = true;
    suite_check_all(&config, skips);
}

TEST(no_large_pages)
{
    static const char *const skips[] = { SKIP_AMD_USUAL, SKIP_RUNS, EACH("map/leaf-of-2m"),
                                         EACH("map/unmap-inside-2m"),
                                         EACH("map/leaf-of-1g-and-hole"), NULL };
    struct model_env_config config = model_env_amd();

    config.iommu.no_superpages = true;
    suite_check_all(&config, skips);
}

TEST(faults_are_polled)
{
    static const char *const skips[] = { SKIP_AMD_USUAL, "fault/interrupt-delivers-the-record",
                                         "amd/completion-interrupts-arrive", NULL };
    struct model_env_config config = model_env_amd();

    config.amdvi.fault_interrupts = false;
    suite_check_all(&config, skips);
}

/* A device's transfer is many small requests, and each refused one an event: the log overflows. */
TEST(log_overflows)
{
    struct model_env_config config = model_env_amd();

    for (size_t i = 0; i < config.exerciser_count; i++)
        config.exercisers[i].payload = 4;
    suite_check_passes(&config, "fault/*", 3);
    suite_check_passes(&config, "dma/unmapped-*", 9);
}

TEST(all_memory_above_4g)
{
    static const char *const skips[] = { SKIP_AMDVI,
                                         SKIP_TAKEOVER,
                                         SKIP_OVERFLOW,
                                         SKIP_RESERVED,
                                         "entry/unattached-device-is-blocked:model@0000:00:05.0",
                                         "domain/blocked-domain-reaches-nothing:model@0000:00:05.0",
                                         "domain/identity-reaches-physical:model@0000:00:05.0",
                                         "domain/every-change-takes-effect:model@0000:00:05.0",
                                         NULL };
    struct model_env_config config = model_env_amd();

    config.amdvi.ram_pa = 5 * GIB1;
    suite_check_all(&config, skips);
}

TEST(unit_left_enabled)
{
    static const char *const skips[] = { SKIP_AMDVI, SKIP_OVERFLOW, SKIP_ABOVE_4G, SKIP_RESERVED,
                                         NULL };
    struct model_env_config config = model_env_amd();

    config.amdvi_firmware = (struct amdvi_model_firmware){ .translate = true,
                                                           .commands = true,
                                                           .event_log = true,
                                                           .stale_event = true,
                                                           .interrupts = true };
    suite_check_all(&config, skips);
}

/* Its command processor has stopped at a command that is none. */
TEST(unit_left_stuck)
{
    static const char *const skips[] = { SKIP_AMDVI, SKIP_OVERFLOW, SKIP_ABOVE_4G, SKIP_RESERVED,
                                         NULL };
    struct model_env_config config = model_env_amd();

    config.amdvi_firmware = (struct amdvi_model_firmware){ .translate = true,
                                                           .commands = true,
                                                           .commands_stuck = true };
    suite_check_all(&config, skips);
}

/* One exerciser under a unit of its own, in the same segment. */
TEST(two_units)
{
    struct model_env_config config = model_env_amd();

    config.amdvi.units[0] = amdvi_model_default_unit(0, false);
    config.amdvi.units[0].entries[0] =
        (struct amdvi_model_entry){ .type = ENTRY_SELECT, .id = SECOND_RID };
    config.amdvi.units[0].entry_count = 1;
    config.amdvi.units[1] = amdvi_model_default_unit(1, false);
    config.amdvi.units[1].entries[0] =
        (struct amdvi_model_entry){ .type = ENTRY_SELECT, .id = FIRST_RID };
    config.amdvi.units[1].entries[1] =
        (struct amdvi_model_entry){ .type = ENTRY_START, .id = QUEUED_RID };
    config.amdvi.units[1].entries[2] =
        (struct amdvi_model_entry){ .type = ENTRY_END, .id = QUEUED_RID | 0xff };
    config.amdvi.units[1].entry_count = 3;
    config.amdvi.unit_count = 2;
    config.exercisers[0].unit = 1;
    config.exercisers[2].unit = 1;
    run_amd(&config);
}

/* The queued device sits behind a bridge, which sends for it. */
static struct model_env_config behind_a_bridge(void)
{
    struct model_env_config config = model_env_amd();
    struct amdvi_model_unit_config *unit = &config.amdvi.units[0];
    const uint16_t bridge = IOMMU_RID(0, 3, 0);

    unit->entries[0] = (struct amdvi_model_entry){ .type = ENTRY_START, .id = 0 };
    unit->entries[1] = (struct amdvi_model_entry){ .type = ENTRY_END, .id = 0xff };
    unit->entries[2] = (struct amdvi_model_entry){ .type = ENTRY_ALIAS_START, .id = QUEUED_RID,
                                                   .alias = bridge };
    unit->entries[3] = (struct amdvi_model_entry){ .type = ENTRY_END, .id = QUEUED_RID | 0xff };
    unit->entry_count = 4;
    config.exercisers[2].sends_as = bridge;
    return config;
}

TEST(alias_known_to_the_embedder)
{
    struct model_env_config config = behind_a_bridge();

    run_amd(&config);
}

TEST(alias_known_to_firmware_alone)
{
    struct model_env_config config = behind_a_bridge();

    config.exercisers[2].firmware_alias = true;
    run_amd(&config);
}

/* The same 32 KiB as on the VT-d machine, for the first exerciser and the one with queues. */
static struct model_env_config with_regions(uint8_t flags)
{
    static const uint16_t rids[] = { FIRST_RID, QUEUED_RID };
    struct model_env_config config = model_env_amd();
    uint64_t middle = config.amdvi.ram_pa + config.amdvi.ram_len / 2;

    for (size_t i = 0; i < 2; i++)
        config.amdvi.ivmds[i] = (struct amdvi_model_ivmd){ .type = IVMD_SELECT, .flags = flags,
            .first = rids[i], .start = middle, .end = middle + 0x8000 };
    config.amdvi.ivmd_count = 2;
    return config;
}

#define SKIP_REGIONS                                                                               \
    SKIP_AMDVI, SKIP_TAKEOVER, SKIP_OVERFLOW, SKIP_ABOVE_4G,                                       \
        "reserved/region-stays-reachable:model@0000:00:05.0"

TEST(unity_regions)
{
    static const char *const skips[] = { SKIP_REGIONS, NULL };
    struct model_env_config config = with_regions(IVMD_UNITY | IVMD_READ | IVMD_WRITE);

    suite_check_all(&config, skips);
}

TEST(unity_regions_to_read)
{
    static const char *const skips[] = { SKIP_REGIONS, NULL };
    struct model_env_config config = with_regions(IVMD_UNITY | IVMD_READ);

    suite_check_all(&config, skips);
}

/* What firmware wants excluded from translation is mapped instead. */
TEST(exclusion_ranges)
{
    static const char *const skips[] = { SKIP_REGIONS, NULL };
    struct model_env_config config = with_regions(IVMD_EXCLUSION);

    suite_check_all(&config, skips);
}

/* Entries that forward system management messages block by a table without pages (AMD-Vi §2.2.2). */
TEST(system_management_is_forwarded)
{
    struct model_env_config config = model_env_amd();

    config.amdvi.units[0].entries[0].setting = SETTING_SYSMGT_FORWARD;
    run_amd(&config);
}

TEST(a_stranger_is_blocked)
{
    suite_check_stranger(model_env_amd());
}

TEST(lost_interrupts_are_noticed)
{
    struct model_env_config config = model_env_amd();

    config.interrupts_lost = true;
    suite_check_fails(&config, "fault/interrupt-delivers-the-record,amd/completion-interrupts-arrive", 2);
    suite_check_fails(&config, "dma/*", 0);
}
