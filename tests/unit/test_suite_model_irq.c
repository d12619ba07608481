/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The catalogue with interrupts remapped, on both models, machine by machine;
 * and that the suite notices what a machine or a library does wrong.
 */
#include "test.h"

#include "scenario.h"
#include "suite_check.h"

/* Of area irq alone: all that there is, and what this machine has not. */
#define IRQ_CASES 45

#define SKIP_WITH_IRQ                                                                              \
    SKIP_TOPOLOGY, SKIP_STRANGER, SKIP_TAKEOVER, SKIP_OVERFLOW, SKIP_ABOVE_4G, SKIP_RESERVED, SKIP_WIRE

static struct model_env_config vtd(void)
{
    struct model_env_config config = model_env_default();

    model_env_interrupts(&config);
    return config;
}

static struct model_env_config amd(void)
{
    struct model_env_config config = model_env_amd();

    model_env_interrupts(&config);
    return config;
}

/* Everything, DMA too. */
TEST(vtd_machine)
{
    static const char *const skips[] = { SKIP_AMD, SKIP_RUNS, SKIP_WITH_IRQ,
                                         "intel/register-based-invalidation", NULL };
    struct model_env_config config = vtd();

    suite_check_all(&config, skips);
}

TEST(amd_machine)
{
    static const char *const skips[] = { SKIP_INTEL, SKIP_WITH_IRQ, NULL };
    struct model_env_config config = amd();

    suite_check_all(&config, skips);
}

/* Area irq alone, without the wire that one exerciser has not. */
static void check_irq(const struct model_env_config *config)
{
    suite_check_some(config, "irq/*", IRQ_CASES - 1, 1);
}

/* ---- VT-d ---- */

/* Destinations of 8 bits: that 9 are refused is checked instead. */
TEST(vtd_without_eim)
{
    struct model_env_config config = vtd();

    spec_put(&config.model.units[0].ecap, SPEC_ECAP_EIM, 0);
    check_irq(&config);
}

TEST(vtd_without_flush_mask)
{
    struct model_env_config config = vtd();

    spec_put(&config.model.units[0].ecap, SPEC_ECAP_MHMV, 0);
    check_irq(&config);
}

TEST(vtd_walks_do_not_snoop)
{
    struct model_env_config config = vtd();

    spec_put(&config.model.units[0].ecap, SPEC_ECAP_C, 0);
    check_irq(&config);
}

TEST(vtd_caching_mode)
{
    struct model_env_config config = vtd();

    spec_put(&config.model.units[0].cap, SPEC_CAP_CM, 1);
    check_irq(&config);
}

TEST(vtd_slow_and_reordering_unit)
{
    struct model_env_config config = vtd();

    config.model.units[0].delay = 40;
    config.model.units[0].reorder_seed = 7;
    check_irq(&config);
}

/* As QEMU: two devices that are refused at once lose one's record. */
TEST(vtd_one_fault_record)
{
    struct model_env_config config = vtd();

    spec_put(&config.model.units[0].cap, SPEC_CAP_NFR, 0);
    check_irq(&config);
}

/* What firmware left is taken over; its entries are absent in ours. */
TEST(vtd_left_remapping)
{
    struct model_env_config config = vtd();

    config.firmware = (struct vtd_model_firmware){ .queue = true, .interrupts = true };
    check_irq(&config);
}

/* A message behind a bridge carries the bridge's id: the bus is checked. */
TEST(vtd_behind_a_bridge)
{
    struct model_env_config config = vtd();

    config.exercisers[2].sends_as = IOMMU_RID(1, 0, 1);
    check_irq(&config);
}

/* intremap=nosid: the foreign message passes, and everything else is as before. */
TEST(vtd_without_source_check)
{
    struct model_env_config config = vtd();

    config.iommu.irq.no_source_check = true;
    check_irq(&config);
    config.ioapic_rid = IOMMU_RID(0xf0, 0x1f, 1);
    suite_check_some(&config, "irq/pin-*", 4, 0);
}

/* ---- AMD-Vi ---- */

/* 32 bits, and no x2APIC. */
TEST(amd_legacy_entries)
{
    struct model_env_config config = amd();

    config.iommu.irq.format = IOMMU_IRQ_FORMAT_LEGACY;
    check_irq(&config);
}

TEST(amd_without_xt)
{
    struct model_env_config config = amd();

    spec_put(&config.amdvi.units[0].efr, ASPEC_EFR_XT_SUP, 0);
    check_irq(&config);
}

/* An entry of 128 bits changes in steps, and what comes between them is lost. */
TEST(amd_without_cmpxchg16b)
{
    struct model_env_config config = amd();

    config.narrow_store = true;
    suite_check_some(&config, "irq/*,-irq/moved-by-another-cpu", IRQ_CASES - 2, 1);
}

/* Indexes of 11 bits: one past a table of 512 can be named. */
TEST(amd_indexes_of_11_bits)
{
    struct model_env_config config = amd();

    spec_put(&config.amdvi.units[0].efr2, ASPEC_EFR2_NUM_INT_REMAP_SUP, 1);
    check_irq(&config);
}

TEST(amd_slow_and_reordering_unit)
{
    struct model_env_config config = amd();

    config.amdvi.units[0].delay = 40;
    config.amdvi.units[0].reorder_seed = 7;
    check_irq(&config);
}

TEST(amd_alias)
{
    struct model_env_config config = amd();

    config.exercisers[2].sends_as = IOMMU_RID(1, 0, 1);
    check_irq(&config);
}

/* ---- interrupts without DMA translation, and the other way round ---- */

static void check_alone(struct model_env_config config)
{
    config.iommu.no_translation = true;
    check_irq(&config);
    suite_check_some(&config, "dma/bare*", 3, 0);
    suite_check_some(&config, "dma/mapped-write*", 0, 1);
}

TEST(vtd_remapping_without_translation)
{
    check_alone(vtd());
}

TEST(amd_remapping_without_translation)
{
    check_alone(amd());
}

static void check_translation_alone(struct model_env_config config)
{
    config.iommu.irq.mode = IOMMU_IRQ_OFF;
    suite_check_some(&config, "irq/*", 0, IRQ_CASES);
    suite_check_some(&config, "dma/mapped-write*", 3, 0);
}

TEST(vtd_translation_without_remapping)
{
    check_translation_alone(vtd());
}

TEST(amd_translation_without_remapping)
{
    check_translation_alone(amd());
}

/* ---- what the suite is there for: it notices ---- */

/* Pins that send under another id than firmware's table says: blocked, as on hardware. */
static void check_wrong_ioapic(struct model_env_config config)
{
    config.ioapic_rid ^= 0x10;
    suite_check_fails(&config, "irq/pin-edge", 1);
    suite_check_fails(&config, "irq/pin-level", 1);
    suite_check_fails(&config, "irq/intx", 2);
    suite_check_fails(&config, "irq/delivered-as-routed", 0);
}

TEST(vtd_wrong_ioapic_id_is_noticed)
{
    check_wrong_ioapic(vtd());
}

TEST(amd_wrong_ioapic_id_is_noticed)
{
    check_wrong_ioapic(amd());
}

/* The override of the command line puts it right. */
static void check_override(struct model_env_config config)
{
    const struct iommu_irq_override override = {
        .kind = IOMMU_IRQ_IOAPIC, .id = MODEL_IOAPIC, .rid = config.ioapic_rid ^ 0x10,
    };

    config.ioapic_rid = override.rid;
    config.iommu.irq.overrides = &override;
    config.iommu.irq.override_count = 1;
    suite_check_some(&config, "irq/pin-*,irq/intx", 6, 1);
}

TEST(vtd_ioapic_override)
{
    check_override(vtd());
}

TEST(wrong_hpet_id_is_noticed)
{
    struct model_env_config config = vtd();

    config.hpet_rid ^= 0x10;
    suite_check_fails(&config, "irq/hpet", 1);
    config = amd();
    config.hpet_rid ^= 0x10;
    suite_check_fails(&config, "irq/hpet", 1);
}

/* Refused, and nobody is told. */
TEST(missing_records_are_noticed)
{
    struct model_env_config config = vtd();

    config.faults_lost = true;
    suite_check_fails(&config, "irq/entry-not-present,irq/index*,irq/reserved*,irq/wrong*,irq/compat*,irq/forged*", 17);
}
