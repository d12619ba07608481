/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intel/vtd_irte.c again: commands of interrupt remapping that never finish, at
 * the start, at a take-over and at the end (VT-d §11.4.4), and a status that
 * means nothing yet.
 */
#include "test.h"

#include "irq_rig.h"

#define HANGS_US 1000000u
#define ON (SPEC_GCMD_IRE | SPEC_GCMD_CFI)

static struct driver *machine(struct vtd_model_config *model, bool x2apic, const struct vtd_model_firmware *left)
{
    struct iommu_config config = irq_config();
    struct driver *d;

    config.irq.x2apic = x2apic ? IOMMU_X2APIC_AUTO : IOMMU_X2APIC_NO;
    d = driver_create(model, &config);
    if (left != NULL)
        vtd_model_firmware_left(d->m, 0, left);
    CHECK_OK(irq_add_table(d, IRQ_RIG_INTR_REMAP));
    driver_add(d, DRIVER_RID);
    return d;
}

static uint64_t shown(const struct driver *d)
{
    return vtd_model_reg32(d->m, 0, SPEC_GSTS) & ON;
}

static bool was_given(const struct driver *d, uint64_t bit)
{
    for (size_t i = 0; i < d->command_count; i++)
        if (d->commands[i] & bit)
            return true;
    return false;
}

/* One time-out, told by its step; nothing of the machine sends interrupts by that unit, and nobody is told it does. */
static void check_start_ends(struct driver *d, const char *step)
{
    uint64_t before = vtd_model_now(d->m);
    struct iommu_unit_info unit;
    struct iommu_irq_info irq;
    struct iommu_irqs *irqs;

    CHECK_EQ(iommu_start(d->iommu), IOMMU_ERR_TIMEOUT);
    CHECK(vtd_model_now(d->m) - before >= HANGS_US);
    CHECK(vtd_model_now(d->m) - before < 2 * HANGS_US);
    CHECK(strstr(vtd_model_log(d->m), step) != NULL);
    CHECK_OK(iommu_unit_info(d->iommu, 0, &unit));
    CHECK(unit.fenced && !unit.remapping && !unit.translating);
    iommu_irq_info(d->iommu, &irq);
    CHECK(!irq.x2apic && !irq.posting);
    CHECK(!irq.remapping || irq.failed_units == 1);
    CHECK(!vtd_model_bus_master_is_on(d->m, 0, DRIVER_RID));
    CHECK_EQ(iommu_irq_alloc(iommu_find_device(d->iommu, 0, DRIVER_RID), 1, &irqs),
             irq.remapping ? IOMMU_ERR_FENCED : IOMMU_ERR_UNSUPPORTED);
}

/* ---- start ---- */

/* The unit may take the table at any time, so that it is not given back. */
TEST(table_that_is_never_taken)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = machine(&model, true, NULL);
    size_t pages;

    vtd_model_hang(d->m, 0, VTD_MODEL_HANG_SIRTP);
    check_start_ends(d, "step=\"set the interrupt table\" status=timeout");
    CHECK(!was_given(d, SPEC_GCMD_IRE));
    pages = vtd_model_live_pages(d->m);
    CHECK_EQ(iommu_stop(d->iommu), IOMMU_ERR_TIMEOUT);
    iommu_destroy(d->iommu);
    CHECK_EQ(vtd_model_live_pages(d->m), pages);
    driver_abandon(d);
}

TEST(remapping_that_never_comes_on)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = machine(&model, true, NULL);

    vtd_model_hang(d->m, 0, VTD_MODEL_HANG_IRE);
    check_start_ends(d, "step=\"remap interrupts\" status=timeout");
    CHECK(was_given(d, SPEC_GCMD_IRE));
    CHECK_EQ(shown(d), 0);
    CHECK(!was_given(d, SPEC_GCMD_TE)); /* translation is the step after */
    driver_abandon(d);
}

/* It would let messages pass that nobody remaps. */
TEST(compatibility_format_that_never_goes)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = machine(&model, false, &(struct vtd_model_firmware){ .compatibility = true });

    vtd_model_hang(d->m, 0, VTD_MODEL_HANG_CFI);
    check_start_ends(d, "step=\"remap interrupts\" status=timeout");
    driver_abandon(d);
}

/* Some units show it only when remapping is on. */
static void show_compatibility(struct driver *d)
{
    if (!(d->commands[d->command_count - 1] & SPEC_GCMD_IRE) || (shown(d) & SPEC_GCMD_CFI))
        return;
    vtd_model_advance(d->m, 100);
    vtd_model_poke32(d->m, 0, SPEC_GSTS, vtd_model_reg32(d->m, 0, SPEC_GSTS) | SPEC_GCMD_CFI);
}

TEST(compatibility_format_that_comes_with_remapping_and_never_goes)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = machine(&model, false, NULL);

    d->on_command = show_compatibility;
    vtd_model_hang(d->m, 0, VTD_MODEL_HANG_CFI);
    check_start_ends(d, "step=\"remap interrupts\" status=timeout");
    driver_abandon(d);
}

/* ---- take-over ---- */

static const struct vtd_model_firmware remapping = { .interrupts = true, .translate = true, .queue = true };

TEST(firmware_s_table_that_is_never_replaced)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = machine(&model, false, &remapping);

    vtd_model_hang(d->m, 0, VTD_MODEL_HANG_SIRTP);
    check_start_ends(d, "step=\"set the interrupt table\" status=timeout");
    CHECK_EQ(shown(d), SPEC_GCMD_IRE); /* its entries, of which none is present */
    CHECK_EQ(iommu_stop(d->iommu), IOMMU_ERR_TIMEOUT);
    driver_abandon(d);
}

/* The width of destinations changes only while remapping is off (VT-d §11.4.10): firmware's stays. */
TEST(firmware_s_remapping_that_never_goes_off)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = machine(&model, true, &remapping);
    uint64_t irta = vtd_model_reg64(d->m, 0, SPEC_IRTA);

    vtd_model_hang(d->m, 0, VTD_MODEL_HANG_IRE);
    check_start_ends(d, "step=\"set the interrupt table\" status=timeout");
    CHECK(!was_given(d, SPEC_GCMD_SIRTP));
    CHECK_EQ(vtd_model_reg64(d->m, 0, SPEC_IRTA), irta);
    driver_abandon(d);
}

TEST(firmware_s_remapping_that_nobody_wants_and_never_goes_off)
{
    struct vtd_model_config model = irq_model();
    struct iommu_config config = { .irq = { .mode = IOMMU_IRQ_OFF } };
    struct driver *d = driver_create(&model, &config);

    vtd_model_firmware_left(d->m, 0, &remapping);
    CHECK_OK(irq_add_table(d, IRQ_RIG_INTR_REMAP));
    driver_add(d, DRIVER_RID);
    vtd_model_hang(d->m, 0, VTD_MODEL_HANG_IRE);
    check_start_ends(d, "step=\"set the interrupt table\" status=timeout");
    driver_abandon(d);
}

/* ---- stop ---- */

/* Table and translation stay as they are, and with them all memory, until it does go off. */
TEST(remapping_that_never_goes_off)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    size_t pages = vtd_model_live_pages(d->m);
    uint64_t before = vtd_model_now(d->m);

    vtd_model_hang(d->m, 0, VTD_MODEL_HANG_IRE);
    CHECK_EQ(iommu_stop(d->iommu), IOMMU_ERR_TIMEOUT);
    CHECK(vtd_model_now(d->m) - before < 2 * HANGS_US);
    CHECK(strstr(vtd_model_log(d->m), "vtd0: stop status=timeout") != NULL);
    CHECK(vtd_model_reg32(d->m, 0, SPEC_GSTS) & SPEC_GCMD_TE);
    CHECK_EQ(vtd_model_live_pages(d->m), pages);
    iommu_destroy(d->iommu);
    CHECK_EQ(vtd_model_live_pages(d->m), pages);
    vtd_model_hang(d->m, 0, 0);
    vtd_model_advance(d->m, 100);
    CHECK_OK(iommu_stop(d->iommu));
    CHECK_EQ(vtd_model_reg32(d->m, 0, SPEC_GSTS) & (ON | SPEC_GCMD_TE), 0);
    vtd_model_violations_clear(d->m); /* time-outs end in commands on top of one another */
    driver_destroy(d);
}

/* ---- CFIS ---- */

/* VT-d §11.4.4.2: it is applicable only when remapping is on, and EIME is not. Until then it shows anything. */
TEST(compatibility_format_that_is_shown_as_long_as_it_means_nothing)
{
    for (unsigned x2apic = 0; x2apic < 2; x2apic++) {
        struct vtd_model_config model = irq_model();
        struct iommu_unit_info unit;
        struct driver *d;

        model.units[0].late_cfis = true;
        spec_put(&model.units[0].cap, SPEC_CAP_RWBF, 1); /* commands between */
        d = machine(&model, x2apic, &(struct vtd_model_firmware){ .compatibility = true });
        CHECK_OK(iommu_start(d->iommu));
        CHECK_EQ(shown(d), x2apic ? ON : SPEC_GCMD_IRE);
        CHECK_OK(iommu_unit_info(d->iommu, 0, &unit));
        CHECK(unit.remapping);
        if (!x2apic)
            CHECK(!(d->commands[d->command_count - 1] & SPEC_GCMD_CFI));
        CHECK(vtd_model_interrupt(d->m, 0, DRIVER_RID, 0xfee00000, 0x41) == VTD_MODEL_FAULT);
        CHECK_EQ(vtd_model_last_reason(d->m), 0x25);
        driver_destroy(d);
    }
}
