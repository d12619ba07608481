/* SPDX-License-Identifier: BSD-2-Clause */
/* irq.c: whether interrupts are remapped and why not, sources and overrides, blocks and their arguments. */
#include "test.h"

#include "internal.h"
#include "irq_rig.h"

static struct iommu_irq_info info_of(const struct driver *d)
{
    struct iommu_irq_info info;

    iommu_irq_info(d->iommu, &info);
    return info;
}

/* Started with that configuration and table; the units translate whatever becomes of interrupts. */
static struct driver *started(const struct vtd_model_config *model, const struct iommu_config *config, uint8_t flags)
{
    struct driver *d = driver_create(model, config);

    CHECK_OK(irq_add_table(d, flags));
    driver_add(d, DRIVER_RID);
    CHECK_OK(iommu_start(d->iommu));
    return d;
}

static void check_refused(const struct vtd_model_config *model, const struct iommu_config *config, uint8_t flags,
                          const char *reason)
{
    struct driver *d = started(model, config, flags);
    struct iommu_device *device = iommu_find_device(d->iommu, 0, DRIVER_RID);
    struct iommu_irqs *irqs;

    CHECK(!info_of(d).remapping && !info_of(d).x2apic && !info_of(d).posting);
    CHECK_STR(info_of(d).reason, reason);
    CHECK_EQ(vtd_model_reg32(d->m, 0, SPEC_GSTS) & (SPEC_GCMD_IRE | SPEC_GCMD_TE), SPEC_GCMD_TE);
    CHECK_EQ(iommu_irq_alloc(device, 1, &irqs), IOMMU_ERR_UNSUPPORTED);
    driver_destroy(d);
}

/* ---- whether ---- */

TEST(remapped_where_every_unit_can)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);

    CHECK(info_of(d).remapping && info_of(d).x2apic && info_of(d).posting);
    CHECK_STR(info_of(d).reason, "");
    CHECK_STR(info_of(d).suggestion, "");
    CHECK_EQ(info_of(d).failed_units, 0);
    driver_destroy(d);
}

TEST(not_remapped_unless_asked_for)
{
    struct vtd_model_config model = irq_model();
    struct iommu_config config = { 0 };

    check_refused(&model, &config, IRQ_RIG_INTR_REMAP, "iommu: remapping was not asked for");
}

TEST(refusals_name_the_unit_and_the_bit)
{
    struct iommu_config config = irq_config();
    struct vtd_model_config model = irq_model();

    check_refused(&model, &config, 0, "vtd0: the DMAR table says that interrupts cannot be remapped");
    spec_put(&model.units[0].ecap, SPEC_ECAP_IR, 0);
    check_refused(&model, &config, IRQ_RIG_INTR_REMAP, "vtd0: ecap.IR is 0");
    model = irq_model();
    spec_put(&model.units[0].ecap, SPEC_ECAP_QI, 0);
    check_refused(&model, &config, IRQ_RIG_INTR_REMAP,
                  "vtd0: ecap.QI is 0: its interrupt entries cannot be flushed");
    model = irq_model();
    config.no_queue = true;
    check_refused(&model, &config, IRQ_RIG_INTR_REMAP,
                  "vtd0: its queue is not to be used: its interrupt entries cannot be flushed");
}

/* One unit that cannot is enough: its devices would send what the others block. */
TEST(one_unit_that_cannot_keeps_all_from_it)
{
    struct vtd_model_config model = irq_model();
    struct iommu_config config = irq_config();

    model.units[0].include_all = false;
    model.units[1] = vtd_model_default_unit(1, true);
    model.unit_count = 2;
    check_refused(&model, &config, IRQ_RIG_INTR_REMAP, "vtd1: ecap.IR is 0");
}

TEST(a_unit_that_does_not_start_keeps_all_from_it)
{
    struct vtd_model_config model = irq_model();
    struct iommu_config config = irq_config();
    struct driver *d;

    model.units[1] = vtd_model_default_unit(1, false);
    model.units[1].ecap = model.units[0].ecap;
    spec_put(&model.units[1].cap, SPEC_CAP_ND, 7);
    model.unit_count = 2;
    d = driver_create(&model, &config);
    CHECK_OK(irq_add_table(d, IRQ_RIG_INTR_REMAP));
    CHECK_EQ(iommu_start(d->iommu), IOMMU_ERR_HARDWARE);
    CHECK(!info_of(d).remapping);
    CHECK_STR(info_of(d).reason, "vtd1: the unit was not started");
    driver_destroy(d);
}

/*
 * It was to remap and failed when that had been decided: the others do, and what it lets through is told. Their
 * entries are of x2APIC mode by then (IRTA.EIME), which CPUs have to be in too.
 */
TEST(a_unit_that_fails_later_is_told)
{
    struct vtd_model_config model = irq_model();
    struct iommu_config config = irq_config();
    const struct iommu_irq_target wide = { .apic_id = 256, .vector = 0x40 };
    struct iommu_irqs *irqs;
    struct driver *d;

    model.units[1] = vtd_model_default_unit(1, false);
    model.units[1].ecap = model.units[0].ecap;
    model.units[1].cap = model.units[0].cap;
    model.unit_count = 2;
    d = driver_create(&model, &config);
    CHECK_OK(irq_add_table(d, IRQ_RIG_INTR_REMAP));
    driver_add(d, DRIVER_RID);
    vtd_model_hang(d->m, 1, VTD_MODEL_HANG_SRTP);
    CHECK_EQ(iommu_start(d->iommu), IOMMU_ERR_TIMEOUT);
    CHECK(info_of(d).remapping && info_of(d).x2apic && !info_of(d).posting);
    CHECK(vtd_model_reg64(d->m, 0, 0xb8) & 0x800);
    CHECK_EQ(info_of(d).failed_units, 1);
    CHECK_STR(info_of(d).reason, "vtd1: it failed when it was started");
    CHECK_OK(iommu_irq_alloc(iommu_find_device(d->iommu, 0, DRIVER_RID), 1, &irqs));
    CHECK_OK(iommu_irq_route(irqs, 0, &wide));
    CHECK_OK(iommu_irq_route(irqs, 0, &(struct iommu_irq_target){ .apic_id = 1, .vector = 0x40 }));
    driver_abandon(d);
}

/* No entry is left that would name a CPU so. */
TEST(where_all_units_fail_later_nothing_is_of_x2apic_mode)
{
    struct vtd_model_config model = irq_model();
    struct iommu_config config = irq_config();
    struct driver *d = driver_create(&model, &config);

    CHECK_OK(irq_add_table(d, IRQ_RIG_INTR_REMAP));
    vtd_model_hang(d->m, 0, VTD_MODEL_HANG_SRTP);
    CHECK_EQ(iommu_start(d->iommu), IOMMU_ERR_TIMEOUT);
    CHECK(info_of(d).remapping && !info_of(d).x2apic && !info_of(d).posting);
    CHECK_EQ(info_of(d).failed_units, 1);
    driver_abandon(d);
}

/* ---- x2APIC ---- */

static void check_x2apic(const struct vtd_model_config *model, enum iommu_irq_x2apic wanted, uint8_t flags, bool ignore,
                         bool remapping, bool x2apic, const char *reason)
{
    struct iommu_config config = irq_config();
    struct driver *d;

    config.irq.x2apic = wanted;
    config.irq.ignore_x2apic_opt_out = ignore;
    d = started(model, &config, flags);
    CHECK_EQ(info_of(d).remapping, remapping);
    CHECK_EQ(info_of(d).x2apic, x2apic);
    CHECK_STR(info_of(d).reason, reason);
    CHECK_STR(info_of(d).suggestion, strstr(reason, "asks not") == NULL ? "" : "intremap=no_x2apic_optout");
    driver_destroy(d);
}

TEST(x2apic_by_wish_capability_and_opt_out)
{
    static const char out[] = "firmware: its table asks not to use x2APIC", eim[] = "vtd0: ecap.EIM is 0";
    struct vtd_model_config model = irq_model(), without = model;
    uint8_t yes = IRQ_RIG_INTR_REMAP, no = IRQ_RIG_INTR_REMAP | IRQ_RIG_X2APIC_OPT_OUT;

    spec_put(&without.units[0].ecap, SPEC_ECAP_EIM, 0);
    check_x2apic(&model, IOMMU_X2APIC_NO, yes, false, true, false, "");
    check_x2apic(&model, IOMMU_X2APIC_AUTO, yes, false, true, true, "");
    check_x2apic(&model, IOMMU_X2APIC_AUTO, no, false, true, false, out);
    check_x2apic(&model, IOMMU_X2APIC_AUTO, no, true, true, true, "");
    check_x2apic(&model, IOMMU_X2APIC_NEEDED, no, false, true, true, "");
    check_x2apic(&without, IOMMU_X2APIC_AUTO, yes, false, true, false, eim);
    check_x2apic(&without, IOMMU_X2APIC_NEEDED, yes, false, false, false, eim);
    check_x2apic(&without, IOMMU_X2APIC_AUTO, no, true, true, false, eim);
}

/* ECAP.EIMER, bit 61: without EIME every message is blocked (VT-d §5.1.4). */
TEST(a_unit_for_x2apic_only_does_not_remap_without)
{
    struct vtd_model_config model = irq_model();

    model.units[0].ecap |= 1ull << 61;
    check_x2apic(&model, IOMMU_X2APIC_NO, IRQ_RIG_INTR_REMAP, false, false, false,
                 "vtd0: it remaps in x2APIC mode only");
    check_x2apic(&model, IOMMU_X2APIC_AUTO, IRQ_RIG_INTR_REMAP, false, true, true, "");
}

TEST(posting_by_wish_and_capability)
{
    struct vtd_model_config model = irq_model();
    struct iommu_config config = irq_config();
    struct driver *d;

    config.irq.no_posting = true;
    d = irq_started(&model, &config);
    CHECK(info_of(d).remapping && !info_of(d).posting);
    driver_destroy(d);
    model.units[0].cap &= ~(1ull << 59);
    d = irq_started(&model, NULL);
    CHECK(info_of(d).remapping && !info_of(d).posting);
    driver_destroy(d);
}

/* ---- sources ---- */

TEST(sources_are_those_of_the_scopes)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    struct iommu_irq_source_info source;

    CHECK_OK(iommu_irq_source(d->iommu, IOMMU_IRQ_IOAPIC, 4, &source));
    CHECK(source.rid == 0xf0f8 && source.segment == 0 && source.unit == 0 && !source.overridden);
    CHECK_OK(iommu_irq_source(d->iommu, IOMMU_IRQ_HPET, 0, &source));
    CHECK_EQ(source.rid, 0xf078);
    CHECK_EQ(iommu_irq_source(d->iommu, IOMMU_IRQ_IOAPIC, 0, &source), IOMMU_ERR_NOT_FOUND);
    CHECK_EQ(iommu_irq_source(d->iommu, IOMMU_IRQ_HPET, 4, &source), IOMMU_ERR_NOT_FOUND);
    driver_destroy(d);
}

TEST(of_two_scopes_for_one_source_the_first_holds)
{
    struct vtd_model_config model = irq_model();
    struct iommu_irq_source_info source;
    struct driver *d;

    model.units[0].scopes[model.units[0].scope_count] = model.units[0].scopes[0];
    model.units[0].scopes[model.units[0].scope_count++].bus = 0xee;
    d = irq_started(&model, NULL);
    CHECK_OK(iommu_irq_source(d->iommu, IOMMU_IRQ_IOAPIC, 4, &source));
    CHECK_EQ(source.rid, 0xf0f8);
    driver_destroy(d);
}

TEST(overrides_go_before_firmware_and_beyond_it)
{
    static const struct iommu_irq_override overrides[] = {
        { .kind = IOMMU_IRQ_IOAPIC, .id = 4, .rid = 0x00a0 },
        { .kind = IOMMU_IRQ_IOAPIC, .id = 9, .rid = 0x0001 },
        { .kind = IOMMU_IRQ_HPET, .id = 1, .segment = 7, .rid = 0x00a0 },
    };
    struct vtd_model_config model = irq_model();
    struct iommu_config config = irq_config();
    struct iommu_irq_source_info source;
    struct driver *d;

    config.irq.overrides = overrides;
    config.irq.override_count = 3;
    d = irq_started(&model, &config);
    CHECK_OK(iommu_irq_source(d->iommu, IOMMU_IRQ_IOAPIC, 4, &source));
    CHECK(source.rid == 0x00a0 && source.overridden);
    CHECK_OK(iommu_irq_source(d->iommu, IOMMU_IRQ_IOAPIC, 9, &source));
    CHECK(source.rid == 0x0001 && source.overridden);
    CHECK_EQ(iommu_irq_source(d->iommu, IOMMU_IRQ_HPET, 1, &source), IOMMU_ERR_NOT_FOUND); /* no unit in segment 7 */
    CHECK_OK(iommu_irq_source(d->iommu, IOMMU_IRQ_HPET, 0, &source));
    CHECK(!source.overridden);
    driver_destroy(d);
}

TEST(too_many_overrides_are_refused)
{
    static const struct iommu_irq_override overrides[IOMMU_IRQ_OVERRIDES_MAX + 1];
    struct vtd_model_config model = irq_model();
    struct vtd_model *m = vtd_model_create(&model);
    struct iommu_config config = irq_config();
    struct iommu *iommu;

    config.irq.overrides = overrides;
    config.irq.override_count = IOMMU_IRQ_OVERRIDES_MAX + 1;
    CHECK_EQ(iommu_create(vtd_model_platform(m), vtd_model_ctx(m), &config, &iommu), IOMMU_ERR_INVALID);
    CHECK_EQ(vtd_model_live_pages(m), 0);
    vtd_model_destroy(m);
}

TEST(an_ioapic_that_nobody_names_keeps_remapping_off)
{
    static const uint8_t both[] = { 4, 200 }, known[] = { 4 };
    static const struct iommu_irq_override override = { .kind = IOMMU_IRQ_IOAPIC, .id = 200, .rid = 0x00a0 };
    struct vtd_model_config model = irq_model();
    struct iommu_config config = irq_config();
    struct driver *d;

    config.irq.ioapics = both;
    config.irq.ioapic_count = 2;
    check_refused(&model, &config, IRQ_RIG_INTR_REMAP, "IOAPIC 200 is not in firmware's table");
    config.irq.overrides = &override;
    config.irq.override_count = 1;
    d = irq_started(&model, &config);
    CHECK(info_of(d).remapping);
    driver_destroy(d);
    config.irq.override_count = 0;
    config.irq.ioapics = known;
    config.irq.ioapic_count = 1;
    d = irq_started(&model, &config);
    CHECK(info_of(d).remapping);
    driver_destroy(d);
}

/* A vendor that has a word for it is asked; VT-d has none, so its ops are given one here. */
TEST(the_suggestion_is_the_first_place_that_is_free)
{
    static const uint8_t ids[] = { 33 };
    static const struct iommu_irq_override taken = { .kind = IOMMU_IRQ_IOAPIC, .id = 4, .rid = 0x00a0 };
    static struct iommu_ops ops;

    for (unsigned i = 0; i < 2; i++) {
        struct vtd_model_config model = irq_model();
        struct iommu_config config = irq_config();
        struct driver *d;

        config.irq.ioapics = ids;
        config.irq.ioapic_count = 1;
        config.irq.overrides = &taken;
        config.irq.override_count = i;
        d = driver_create(&model, &config);
        CHECK_OK(irq_add_table(d, IRQ_RIG_INTR_REMAP));
        ops = *d->iommu->units[0]->ops;
        ops.ioapic_word = "ivrs_ioapic";
        ops.ioapic_rids[0] = 0x00a0;
        ops.ioapic_rids[1] = 0x0001;
        d->iommu->units[0]->ops = &ops;
        CHECK_OK(iommu_start(d->iommu));
        CHECK_STR(info_of(d).suggestion, i == 0 ? "ivrs_ioapic=33@0000:00:14.0" : "ivrs_ioapic=33@0000:00:00.1");
        driver_destroy(d);
    }
}

/* ---- blocks ---- */

TEST(arguments_of_blocks_are_checked)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    struct iommu_device *device = iommu_find_device(d->iommu, 0, DRIVER_RID);
    const struct iommu_irq_target target = { .apic_id = 1, .vector = 0x40 };
    struct iommu_irq_target bad;
    struct iommu_irqs *irqs;

    CHECK_EQ(iommu_irq_alloc(device, 0, &irqs), IOMMU_ERR_INVALID);
    CHECK_EQ(iommu_irq_alloc(device, 33, &irqs), IOMMU_ERR_INVALID);
    CHECK_EQ(iommu_irq_alloc_ioapic(d->iommu, 5, 0, &irqs), IOMMU_ERR_NOT_FOUND);
    CHECK_EQ(iommu_irq_alloc_hpet(d->iommu, 1, 1, &irqs), IOMMU_ERR_NOT_FOUND);
    CHECK_OK(iommu_irq_alloc(device, 3, &irqs));
    CHECK_OK(iommu_irq_route(irqs, 2, &target));
    CHECK_EQ(iommu_irq_route(irqs, 3, &target), IOMMU_ERR_INVALID);
    CHECK_EQ(iommu_irq_mask(irqs, 3, true), IOMMU_ERR_INVALID);
    bad = target;
    bad.vector = 15;
    CHECK_EQ(iommu_irq_route(irqs, 0, &bad), IOMMU_ERR_INVALID);
    bad.vector = 16;
    CHECK_OK(iommu_irq_route(irqs, 0, &bad));
    bad.level = true; /* a message has no level */
    CHECK_EQ(iommu_irq_route(irqs, 0, &bad), IOMMU_ERR_INVALID);
    CHECK_OK(iommu_irq_free(irqs));
    driver_destroy(d);
}

TEST(wide_destinations_need_x2apic)
{
    struct vtd_model_config model = irq_model();
    struct iommu_config config = irq_config();
    const struct iommu_irq_target wide = { .apic_id = 256, .vector = 0x40 }, last = { .apic_id = 254, .vector = 0x40 };
    /* Every CPU, without and with x2APIC: Intel SDM volume 3, 10.6.2.1 and 10.12.9. */
    const struct iommu_irq_target all = { .apic_id = 255, .vector = 0x40 };
    const struct iommu_irq_target all_wide = { .apic_id = 0xffffffff, .vector = 0x40 };

    for (unsigned i = 0; i < 2; i++) {
        struct iommu_irqs *irqs;
        struct driver *d;

        config.irq.x2apic = i == 0 ? IOMMU_X2APIC_NO : IOMMU_X2APIC_AUTO;
        d = irq_started(&model, &config);
        CHECK_OK(iommu_irq_alloc(iommu_find_device(d->iommu, 0, DRIVER_RID), 1, &irqs));
        CHECK_EQ(iommu_irq_route(irqs, 0, &wide), i == 0 ? IOMMU_ERR_RANGE : IOMMU_OK);
        CHECK_EQ(iommu_irq_route(irqs, 0, &all), i == 0 ? IOMMU_ERR_RANGE : IOMMU_OK);
        CHECK_EQ(iommu_irq_route(irqs, 0, &all_wide), IOMMU_ERR_RANGE);
        CHECK_OK(iommu_irq_route(irqs, 0, &last));
        CHECK_OK(iommu_irq_free(irqs));
        driver_destroy(d);
    }
}

TEST(after_a_stop_blocks_can_be_given_back_and_nothing_else)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    struct iommu_device *device = iommu_find_device(d->iommu, 0, DRIVER_RID);
    const struct iommu_irq_target target = { .apic_id = 1, .vector = 0x40 };
    struct iommu_irqs *irqs, *more;
    struct iommu_unit_info unit;

    CHECK_OK(iommu_irq_alloc(device, 4, &irqs));
    CHECK_OK(iommu_irq_route(irqs, 0, &target));
    CHECK_OK(iommu_stop(d->iommu));
    CHECK_EQ(vtd_model_reg32(d->m, 0, SPEC_GSTS) & (SPEC_GCMD_IRE | SPEC_GCMD_TE | SPEC_GCMD_QIE), 0);
    CHECK_EQ(iommu_irq_route(irqs, 0, &target), IOMMU_ERR_UNSUPPORTED);
    CHECK_EQ(iommu_irq_mask(irqs, 0, true), IOMMU_ERR_UNSUPPORTED);
    CHECK_EQ(iommu_irq_alloc(device, 1, &more), IOMMU_ERR_UNSUPPORTED);
    CHECK_OK(iommu_irq_free(irqs));
    CHECK_OK(iommu_unit_info(d->iommu, 0, &unit));
    CHECK(unit.irq_used == 0 && !unit.remapping);
    driver_destroy(d);
}

/* ---- interrupts without translation, translation without interrupts ---- */

TEST(interrupts_alone)
{
    struct vtd_model_config model = irq_model();
    struct iommu_config config = irq_config();
    struct iommu_device *device;
    struct iommu_domain *domain;
    struct iommu_unit_info unit;
    struct iommu_irqs *irqs;
    struct driver *d;
    uint32_t value;

    config.no_translation = true;
    d = irq_started(&model, &config);
    device = iommu_find_device(d->iommu, 0, DRIVER_RID);
    CHECK(info_of(d).remapping);
    CHECK_OK(iommu_unit_info(d->iommu, 0, &unit));
    CHECK(unit.remapping && !unit.translating && !unit.fenced);
    CHECK_EQ(vtd_model_reg32(d->m, 0, SPEC_GSTS) & (SPEC_GCMD_IRE | SPEC_GCMD_TE | SPEC_GCMD_SRTP), SPEC_GCMD_IRE);
    CHECK_EQ(driver_read(d, DRIVER_RID, d->frame, &value), 0); /* nothing stands in its way */
    CHECK_OK(iommu_irq_alloc(device, 1, &irqs));
    domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);
    CHECK_EQ(iommu_attach(domain, device, IOMMU_NO_PASID), IOMMU_ERR_UNSUPPORTED);
    CHECK_OK(iommu_domain_destroy(domain));
    CHECK_OK(iommu_irq_free(irqs));
    driver_destroy(d);
}

/* Neither one nor the other: what firmware left on goes off, and the caller is told that nothing is done. */
TEST(no_translation_ends_firmware_s)
{
    struct vtd_model_config model = irq_model();
    struct iommu_config config = { .no_translation = true };
    struct driver *d = driver_create(&model, &config);

    vtd_model_firmware_left(d->m, 0, &(struct vtd_model_firmware){ .translate = true, .interrupts = true });
    CHECK_OK(irq_add_table(d, IRQ_RIG_INTR_REMAP));
    driver_add(d, DRIVER_RID);
    CHECK_EQ(iommu_start(d->iommu), IOMMU_ERR_UNSUPPORTED);
    CHECK_EQ(vtd_model_reg32(d->m, 0, SPEC_GSTS) & (SPEC_GCMD_TE | SPEC_GCMD_IRE), 0);
    driver_destroy(d);
}

/* A unit without page tables of any width (QEMU's dma-translation=off) still remaps. */
TEST(a_unit_that_cannot_translate_remaps)
{
    struct vtd_model_config model = irq_model();
    struct iommu_config config = irq_config();
    struct iommu_irqs *irqs;
    struct iommu_unit_info unit;
    struct driver *d;

    spec_put(&model.units[0].cap, SPEC_CAP_SAGAW, 0);
    d = driver_create(&model, &config);
    CHECK_OK(irq_add_table(d, IRQ_RIG_INTR_REMAP));
    driver_add(d, DRIVER_RID);
    CHECK_EQ(iommu_start(d->iommu), IOMMU_ERR_UNSUPPORTED);
    CHECK_OK(iommu_unit_info(d->iommu, 0, &unit));
    CHECK(unit.remapping && !unit.translating && !unit.fenced);
    CHECK_OK(iommu_irq_alloc(iommu_find_device(d->iommu, 0, DRIVER_RID), 1, &irqs));
    CHECK_OK(iommu_irq_free(irqs));
    driver_destroy(d);
    /* Without a wish for it the unit is left alone, as ever. */
    config.irq.mode = IOMMU_IRQ_OFF;
    d = driver_create(&model, &config);
    CHECK_OK(irq_add_table(d, IRQ_RIG_INTR_REMAP));
    CHECK_EQ(iommu_start(d->iommu), IOMMU_ERR_UNSUPPORTED);
    CHECK_OK(iommu_unit_info(d->iommu, 0, &unit));
    CHECK(!unit.remapping && unit.fenced);
    driver_destroy(d);
}

/* ---- memory ---- */

TEST(every_failing_allocation_is_told_or_got_along_without)
{
    unsigned remapped = 0, without = 0;

    for (uint64_t nth = 1; remapped == 0 || nth < 3; nth++) {
        struct vtd_model_config model = irq_model();
        struct iommu_config config = irq_config();
        struct driver *d = driver_create(&model, &config);
        struct iommu_device *device;
        struct iommu_irqs *irqs;
        enum iommu_status status;

        CHECK(nth < 40);
        vtd_model_fail_alloc(d->m, nth);
        status = irq_add_table(d, IRQ_RIG_INTR_REMAP);
        if (status == IOMMU_OK)
            status = iommu_add_device(d->iommu, &(struct iommu_device_desc){ .rids = { DRIVER_RID }, .rid_count = 1 },
                                      &device);
        if (status == IOMMU_OK)
            status = iommu_start(d->iommu);
        if (status == IOMMU_OK && info_of(d).remapping) {
            status = iommu_irq_alloc(device, 1, &irqs);
            if (status == IOMMU_OK) {
                CHECK_OK(iommu_irq_free(irqs));
                remapped++;
            }
        } else if (status == IOMMU_OK) {
            CHECK_STR(info_of(d).reason, "vtd0: no memory for its interrupt table");
            without++;
        }
        CHECK(status == IOMMU_OK || status == IOMMU_ERR_NOMEM);
        vtd_model_fail_alloc(d->m, 0);
        driver_destroy(d);
    }
    CHECK_EQ(without, 2); /* the table and the map of its entries */
}
