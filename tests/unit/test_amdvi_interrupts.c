/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * amd/amdvi_interrupts.c, and what amdvi_discover.c reads of interrupts: when
 * remapping is refused and why, one format for all units, take-over of a unit
 * that had another, units that are there for interrupts alone.
 */
#include "test.h"

#include "amdvi_irq_fake.h"

#define IOMMU_EN 1ull
#define ALL_FORMATS (IRQ_FAKE_GA_EN | 7ull << 25 | 3ull << 43 | IRQ_FAKE_XT_EN)

static struct iommu_irq_info info(const struct irq_fake *f)
{
    struct iommu_irq_info out;

    iommu_irq_info(f->iommu, &out);
    return out;
}

static struct iommu_irq_source_info source(const struct irq_fake *f, enum iommu_irq_source_kind kind, uint8_t id)
{
    struct iommu_irq_source_info out;

    CHECK_OK(iommu_irq_source(f->iommu, kind, id, &out));
    return out;
}

static struct iommu_unit_info unit_info(const struct irq_fake *f)
{
    struct iommu_unit_info out;

    CHECK_OK(iommu_unit_info(f->iommu, 0, &out));
    return out;
}

static void check_words(const struct irq_fake *f, uint64_t expected)
{
    for (unsigned rid = 0; rid < irq_fake_unit(f)->table_entries; rid++)
        CHECK_EQ(irq_fake_word(f, (uint16_t)rid) & 0x3000000000000001, expected);
}

/* ---- bring-up ---- */

TEST(format_is_there_before_the_unit_is_on)
{
    struct irq_fake *f = irq_fake_make();
    size_t on, table, format;

    f->efr |= IRQ_FAKE_EFR_XT;
    f->config.irq.x2apic = IOMMU_X2APIC_NEEDED;
    irq_fake_open(f);
    CHECK_OK(iommu_start(f->iommu));
    CHECK_EQ(irq_fake_control(f, 0) & ALL_FORMATS, IRQ_FAKE_GA_EN | IRQ_FAKE_XT_EN);
    CHECK_EQ(irq_fake_control(f, 0) >> 59 & 1, 0); /* IRTCacheDis */
    on = fake_amdvi_find(&f->fake, 0, 0, IRQ_FAKE_CONTROL, IOMMU_EN);
    format = fake_amdvi_find(&f->fake, 0, 0, IRQ_FAKE_CONTROL, IRQ_FAKE_GA_EN | IRQ_FAKE_XT_EN);
    table = fake_amdvi_find(&f->fake, 0, 0, IRQ_FAKE_DEV_TAB, 1);
    CHECK(format < table && table < on);
    CHECK(info(f).remapping && info(f).x2apic && !info(f).posting);
    CHECK_EQ(unit_info(f).irq_entries, 512);
    CHECK(unit_info(f).remapping);
    check_words(f, 1); /* IV, IntCtl = abort */
    irq_fake_free(f);
}

TEST(nothing_is_touched_where_nothing_is_asked_for)
{
    struct irq_fake *f = irq_fake_make();

    f->config.irq.mode = IOMMU_IRQ_OFF;
    fake_amdvi_set(&f->fake, 0, IRQ_FAKE_CONTROL, IOMMU_EN | IRQ_FAKE_GA_EN | IRQ_FAKE_XT_EN | 1ull << 59);
    irq_fake_open(f);
    CHECK_OK(iommu_start(f->iommu));
    CHECK(!info(f).remapping);
    CHECK(!unit_info(f).remapping);
    CHECK_EQ(irq_fake_control(f, 0) & ALL_FORMATS, IRQ_FAKE_GA_EN | IRQ_FAKE_XT_EN);
    check_words(f, 0); /* firmware's remapping ends with its table */
    irq_fake_free(f);
}

/* Of several units the poorest decides. */
TEST(all_units_have_one_format)
{
    static const struct {
        enum iommu_irq_format format;
        uint64_t first, second, control;
    } cases[] = {
        { IOMMU_IRQ_FORMAT_AUTO, IRQ_FAKE_EFR, IRQ_FAKE_EFR, IRQ_FAKE_GA_EN },
        { IOMMU_IRQ_FORMAT_AUTO, IRQ_FAKE_EFR, IRQ_FAKE_EFR & ~IRQ_FAKE_EFR_GA, 0 },
        { IOMMU_IRQ_FORMAT_AUTO, IRQ_FAKE_EFR & ~IRQ_FAKE_EFR_GA, IRQ_FAKE_EFR, 0 },
        { IOMMU_IRQ_FORMAT_LEGACY, IRQ_FAKE_EFR, IRQ_FAKE_EFR, 0 },
        { IOMMU_IRQ_FORMAT_VAPIC, IRQ_FAKE_EFR | IRQ_FAKE_EFR_VAPIC, IRQ_FAKE_EFR, IRQ_FAKE_GA_EN },
        { IOMMU_IRQ_FORMAT_VAPIC, IRQ_FAKE_EFR | IRQ_FAKE_EFR_VAPIC, IRQ_FAKE_EFR | IRQ_FAKE_EFR_VAPIC,
          IRQ_FAKE_GA_EN | IRQ_FAKE_GAM_VAPIC },
        { IOMMU_IRQ_FORMAT_AUTO, IRQ_FAKE_EFR | IRQ_FAKE_EFR_VAPIC, IRQ_FAKE_EFR | IRQ_FAKE_EFR_VAPIC,
          IRQ_FAKE_GA_EN },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct irq_fake *f = irq_fake_make();

        f->efr = cases[i].first;
        f->efr_second = cases[i].second;
        f->config.irq.format = cases[i].format;
        irq_fake_open(f);
        CHECK_OK(iommu_start(f->iommu));
        CHECK(info(f).remapping);
        for (unsigned u = 0; u < 2; u++)
            CHECK_EQ(irq_fake_control(f, u) & ALL_FORMATS, cases[i].control);
        CHECK_EQ(info(f).posting, (cases[i].control & IRQ_FAKE_GAM_VAPIC) != 0);
        irq_fake_free(f);
    }
}

/* Its commands are not executed: the first unit remaps, the second is fenced. */
TEST(a_unit_that_fails_later_is_told)
{
    struct irq_fake *f = irq_fake_make();

    f->efr = f->efr_second = IRQ_FAKE_EFR | IRQ_FAKE_EFR_XT | IRQ_FAKE_EFR_VAPIC;
    f->config.irq.format = IOMMU_IRQ_FORMAT_VAPIC;
    f->config.irq.x2apic = IOMMU_X2APIC_AUTO;
    irq_fake_open(f);
    f->fake.units[1].run_zero |= 0x10; /* CmdBufRun */
    CHECK(iommu_start(f->iommu) != IOMMU_OK);
    CHECK(info(f).remapping && info(f).x2apic && !info(f).posting);
    CHECK_EQ(info(f).failed_units, 1);
    CHECK_STR(info(f).reason, "amdvi1: it failed when it was started");
    CHECK_OK(iommu_irq_route(irq_fake_block(f->device, 1), 0,
                             &(struct iommu_irq_target){ .apic_id = 256, .vector = 0x40 }));
    irq_fake_abandon(f);
}

TEST(x2apic_needs_it_on_every_unit)
{
    static const struct {
        enum iommu_irq_format format;
        uint64_t first, second;
        const char *reason;
    } cases[] = {
        { IOMMU_IRQ_FORMAT_AUTO, IRQ_FAKE_EFR, IRQ_FAKE_EFR | IRQ_FAKE_EFR_XT, "amdvi0: efr.XTSup is 0" },
        { IOMMU_IRQ_FORMAT_AUTO, IRQ_FAKE_EFR | IRQ_FAKE_EFR_XT, IRQ_FAKE_EFR, "amdvi1: efr.XTSup is 0" },
        { IOMMU_IRQ_FORMAT_AUTO, (IRQ_FAKE_EFR | IRQ_FAKE_EFR_XT) & ~IRQ_FAKE_EFR_GA, IRQ_FAKE_EFR | IRQ_FAKE_EFR_XT,
          "amdvi0: efr.GASup is 0" },
        { IOMMU_IRQ_FORMAT_LEGACY, IRQ_FAKE_EFR | IRQ_FAKE_EFR_XT, IRQ_FAKE_EFR | IRQ_FAKE_EFR_XT,
          "amdvi0: entries of 32 bits are asked for" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (unsigned needed = 0; needed < 2; needed++) {
            struct irq_fake *f = irq_fake_make();

            f->efr = cases[i].first;
            f->efr_second = cases[i].second;
            f->config.irq.format = cases[i].format;
            f->config.irq.x2apic = needed ? IOMMU_X2APIC_NEEDED : IOMMU_X2APIC_AUTO;
            irq_fake_open(f);
            CHECK_OK(iommu_start(f->iommu));
            CHECK_EQ(info(f).remapping, !needed);
            CHECK(!info(f).x2apic);
            CHECK_STR(info(f).reason, cases[i].reason);
            CHECK_EQ(irq_fake_control(f, 0) & IRQ_FAKE_XT_EN, 0);
            check_words(f, needed ? 0 : 1);
            irq_fake_free(f);
        }
}

TEST(format_that_is_not_taken_is_noticed)
{
    struct irq_fake *f = irq_fake_make();
    struct iommu_irqs *irqs;

    f->fake.units[0].control_zero = IRQ_FAKE_GA_EN;
    irq_fake_open(f);
    CHECK_EQ(iommu_start(f->iommu), IOMMU_ERR_HARDWARE);
    CHECK(fake_amdvi_logged(&f->fake, "format of interrupt entries refused"));
    CHECK_EQ(iommu_irq_alloc(f->device, 1, &irqs), IOMMU_ERR_FENCED);
    CHECK(!unit_info(f).remapping);
    irq_fake_free(f);
}

/* ---- take-over ---- */

static void left_running(struct irq_fake *f, unsigned unit, uint64_t control)
{
    fake_amdvi_set(&f->fake, unit, IRQ_FAKE_CONTROL, control);
    fake_amdvi_set(&f->fake, unit, IRQ_FAKE_DEV_TAB, 0x7654000);
}

static void take_over(struct irq_fake *f)
{
    irq_fake_open(f);
    f->fake.write_count = 0;
    CHECK_OK(iommu_start(f->iommu));
    CHECK(info(f).remapping);
}

/* Writes of Control with IommuEn = 0. */
static unsigned windows(const struct irq_fake *f, unsigned unit)
{
    unsigned count = 0;

    for (size_t i = 0; i < f->fake.write_count; i++)
        count += f->fake.writes[i].unit == unit && f->fake.writes[i].offset == IRQ_FAKE_CONTROL &&
                 !(f->fake.writes[i].value & IOMMU_EN);
    return count;
}

#define EFR2_MODE_2048 (1ull << 8)
#define MODE_RESERVED (2ull << 43)
#define EFR_ALL (IRQ_FAKE_EFR | IRQ_FAKE_EFR_XT | IRQ_FAKE_EFR_VAPIC)

struct found {
    enum iommu_irq_format format;
    enum iommu_irq_x2apic x2apic;
    uint64_t efr, efr2;
    uint64_t found, after; /* of Control */
};

static struct irq_fake *take_over_found(const struct found *c)
{
    struct irq_fake *f = irq_fake_make();

    f->efr = c->efr;
    f->efr2 = c->efr2;
    f->config.irq.format = c->format;
    f->config.irq.x2apic = c->x2apic;
    left_running(f, 0, IOMMU_EN | c->found);
    take_over(f);
    CHECK_EQ(irq_fake_control(f, 0) & (ALL_FORMATS | IOMMU_EN), c->after | IOMMU_EN);
    CHECK_EQ(irq_fake_unit(f)->wide_entries, (c->after & IRQ_FAKE_GA_EN) != 0);
    CHECK_EQ(unit_info(f).irq_entries, c->after & IRQ_FAKE_MODE_2048 ? 2048 : 512);
    return f;
}

TEST(unit_that_runs_is_never_off)
{
    static const struct found cases[] = {
        { IOMMU_IRQ_FORMAT_AUTO, IOMMU_X2APIC_NO, IRQ_FAKE_EFR, 0, 0, 0 },
        { IOMMU_IRQ_FORMAT_AUTO, IOMMU_X2APIC_NO, IRQ_FAKE_EFR, 0, IRQ_FAKE_GA_EN | 1ull << 59, IRQ_FAKE_GA_EN },
        { IOMMU_IRQ_FORMAT_AUTO, IOMMU_X2APIC_AUTO, EFR_ALL, 0, 0, 0 },
        { IOMMU_IRQ_FORMAT_AUTO, IOMMU_X2APIC_AUTO, EFR_ALL, 0, IRQ_FAKE_GA_EN, IRQ_FAKE_GA_EN },
        { IOMMU_IRQ_FORMAT_AUTO, IOMMU_X2APIC_NO, EFR_ALL, 0, IRQ_FAKE_GA_EN | IRQ_FAKE_XT_EN,
          IRQ_FAKE_GA_EN | IRQ_FAKE_XT_EN },
        { IOMMU_IRQ_FORMAT_AUTO, IOMMU_X2APIC_AUTO, EFR_ALL, 0, IRQ_FAKE_GA_EN | IRQ_FAKE_XT_EN,
          IRQ_FAKE_GA_EN | IRQ_FAKE_XT_EN },
        { IOMMU_IRQ_FORMAT_AUTO, IOMMU_X2APIC_NEEDED, EFR_ALL, 0, IRQ_FAKE_GA_EN | IRQ_FAKE_XT_EN,
          IRQ_FAKE_GA_EN | IRQ_FAKE_XT_EN },
        { IOMMU_IRQ_FORMAT_AUTO, IOMMU_X2APIC_NO, EFR_ALL, 0, IRQ_FAKE_GA_EN | IRQ_FAKE_GAM_VAPIC, IRQ_FAKE_GA_EN },
        { IOMMU_IRQ_FORMAT_AUTO, IOMMU_X2APIC_NO, EFR_ALL, EFR2_MODE_2048, IRQ_FAKE_GA_EN, IRQ_FAKE_GA_EN },
        { IOMMU_IRQ_FORMAT_AUTO, IOMMU_X2APIC_NO, EFR_ALL, EFR2_MODE_2048, IRQ_FAKE_GA_EN | IRQ_FAKE_MODE_2048,
          IRQ_FAKE_GA_EN | IRQ_FAKE_MODE_2048 },
        { IOMMU_IRQ_FORMAT_LEGACY, IOMMU_X2APIC_NO, EFR_ALL, 0, 0, 0 },
        { IOMMU_IRQ_FORMAT_VAPIC, IOMMU_X2APIC_NO, EFR_ALL, 0, IRQ_FAKE_GA_EN, IRQ_FAKE_GA_EN | IRQ_FAKE_GAM_VAPIC },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct irq_fake *f = take_over_found(&cases[i]);

        CHECK_EQ(windows(f, 0), 0);
        CHECK_EQ(f->fake.stopped_count, 0);
        CHECK(!fake_amdvi_logged(&f->fake, "window"));
        CHECK_EQ(irq_fake_control(f, 0) >> 59 & 1, 0); /* the cache that was left off is on */
        CHECK_EQ(info(f).x2apic, cases[i].x2apic != IOMMU_X2APIC_NO && (cases[i].after & IRQ_FAKE_XT_EN) != 0);
        CHECK_STR(info(f).reason, cases[i].x2apic == IOMMU_X2APIC_AUTO && !(cases[i].after & IRQ_FAKE_XT_EN)
                                      ? "amdvi0: it was found running with control.XTEn=0" : "");
        CHECK_OK(iommu_stop(f->iommu));
        CHECK_EQ(irq_fake_control(f, 0) & ALL_FORMATS, cases[i].found & ALL_FORMATS);
        irq_fake_free(f);
    }
}

/* It tells what GuestMode means: as found while entries are that may have it, ours from then on. */
TEST(guest_mode_changes_when_old_entries_are_gone)
{
    for (unsigned found = 0; found < 2; found++) {
        const struct found c = {
            .format = found ? IOMMU_IRQ_FORMAT_AUTO : IOMMU_IRQ_FORMAT_VAPIC, .efr = EFR_ALL,
            .found = IRQ_FAKE_GA_EN | (found ? IRQ_FAKE_GAM_VAPIC : 0),
            .after = IRQ_FAKE_GA_EN | (found ? 0 : IRQ_FAKE_GAM_VAPIC),
        };
        struct irq_fake *f = take_over_found(&c);
        size_t tail = 0, first = SIZE_MAX;

        for (size_t w = 0; w < f->fake.write_count; w++) {
            tail = f->fake.writes[w].offset == 0x2008 ? w : tail; /* the ring's: commands */
            if (first == SIZE_MAX && f->fake.writes[w].offset == IRQ_FAKE_CONTROL &&
                (f->fake.writes[w].value & ALL_FORMATS) == c.after)
                first = w;
        }
        CHECK(tail != 0 && first != SIZE_MAX && tail < first);
        irq_fake_free(f);
    }
}

TEST(guest_mode_that_stays_is_noticed)
{
    struct irq_fake *f = irq_fake_make();

    f->efr = EFR_ALL;
    f->config.irq.format = IOMMU_IRQ_FORMAT_VAPIC;
    f->fake.units[0].control_zero = IRQ_FAKE_GAM_VAPIC;
    left_running(f, 0, IOMMU_EN | IRQ_FAKE_GA_EN);
    irq_fake_open(f);
    CHECK_EQ(iommu_start(f->iommu), IOMMU_ERR_HARDWARE);
    CHECK(fake_amdvi_logged(&f->fake, "format of interrupt entries refused"));
    CHECK(!unit_info(f).remapping);
    irq_fake_free(f);
}

/* Its tables would be read in a format that is not theirs. */
TEST(unit_of_another_format_is_off_while_it_changes)
{
    static const struct found cases[] = {
        { IOMMU_IRQ_FORMAT_AUTO, IOMMU_X2APIC_NEEDED, EFR_ALL, 0, 0, IRQ_FAKE_GA_EN | IRQ_FAKE_XT_EN },
        { IOMMU_IRQ_FORMAT_AUTO, IOMMU_X2APIC_NEEDED, EFR_ALL, 0, IRQ_FAKE_GA_EN, IRQ_FAKE_GA_EN | IRQ_FAKE_XT_EN },
        { IOMMU_IRQ_FORMAT_LEGACY, IOMMU_X2APIC_NO, EFR_ALL, 0, IRQ_FAKE_GA_EN | IRQ_FAKE_GAM_VAPIC, 0 },
        { IOMMU_IRQ_FORMAT_VAPIC, IOMMU_X2APIC_NO, EFR_ALL, 0, 0, IRQ_FAKE_GA_EN | IRQ_FAKE_GAM_VAPIC },
        { IOMMU_IRQ_FORMAT_AUTO, IOMMU_X2APIC_NO, EFR_ALL & ~IRQ_FAKE_EFR_GA, 0, IRQ_FAKE_GA_EN, 0 },
        { IOMMU_IRQ_FORMAT_AUTO, IOMMU_X2APIC_NO, EFR_ALL, 0, IRQ_FAKE_GA_EN | IRQ_FAKE_MODE_2048, IRQ_FAKE_GA_EN },
        { IOMMU_IRQ_FORMAT_AUTO, IOMMU_X2APIC_NO, EFR_ALL, EFR2_MODE_2048, IRQ_FAKE_GA_EN | MODE_RESERVED,
          IRQ_FAKE_GA_EN | IRQ_FAKE_MODE_2048 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct irq_fake *f = take_over_found(&cases[i]);
        size_t off = SIZE_MAX, format = SIZE_MAX;

        for (size_t w = f->fake.write_count; w-- > 0;) {
            if (f->fake.writes[w].offset != IRQ_FAKE_CONTROL)
                continue;
            if (!(f->fake.writes[w].value & IOMMU_EN))
                off = w;
            if ((f->fake.writes[w].value & ALL_FORMATS) == cases[i].after)
                format = w;
        }
        CHECK(off < format);
        CHECK(f->fake.stopped_count != 0);
        CHECK(f->fake.stopped_while_on); /* bus mastering went before */
        CHECK(fake_amdvi_logged(&f->fake, "window: translation off, since interrupt entries are of another format"));
        /* What was found comes back when we stop: its table does too. */
        CHECK_OK(iommu_stop(f->iommu));
        CHECK_EQ(irq_fake_control(f, 0) & (ALL_FORMATS | IOMMU_EN), cases[i].found);
        CHECK_EQ(fake_amdvi_get(&f->fake, 0, IRQ_FAKE_DEV_TAB), 0x7654000);
        CHECK(!unit_info(f).remapping);
        irq_fake_free(f);
    }
}

/* Units that are off join those that run; of two formats only one can stay. */
TEST(all_units_have_the_format_that_was_found)
{
    static const struct {
        uint64_t found[2], efr_second, control;
        unsigned off; /* a bit for each unit that had to be */
    } cases[] = {
        { { IOMMU_EN, IOMMU_EN }, IRQ_FAKE_EFR, 0, 0 },
        { { IOMMU_EN, 0 }, IRQ_FAKE_EFR, 0, 0 },
        { { 0, IOMMU_EN }, IRQ_FAKE_EFR, 0, 0 },
        { { IOMMU_EN | IRQ_FAKE_GA_EN, IRQ_FAKE_XT_EN }, IRQ_FAKE_EFR, IRQ_FAKE_GA_EN, 0 },
        { { IRQ_FAKE_GA_EN, IOMMU_EN }, IRQ_FAKE_EFR, 0, 0 },
        { { IOMMU_EN | IRQ_FAKE_GA_EN, IOMMU_EN }, IRQ_FAKE_EFR, IRQ_FAKE_GA_EN, 2 },
        { { IOMMU_EN, IOMMU_EN | IRQ_FAKE_GA_EN }, IRQ_FAKE_EFR, IRQ_FAKE_GA_EN, 1 },
        { { IOMMU_EN | IRQ_FAKE_GA_EN, 0 }, IRQ_FAKE_EFR & ~IRQ_FAKE_EFR_GA, 0, 1 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct irq_fake *f = irq_fake_make();

        f->efr_second = cases[i].efr_second;
        for (unsigned u = 0; u < 2; u++)
            left_running(f, u, cases[i].found[u]);
        take_over(f);
        CHECK_EQ(fake_amdvi_logged(&f->fake, "window"), cases[i].off != 0);
        for (unsigned u = 0; u < 2; u++) {
            CHECK_EQ(irq_fake_control(f, u) & ALL_FORMATS, cases[i].control);
            if (cases[i].found[u] & IOMMU_EN)
                CHECK_EQ(windows(f, u) != 0, cases[i].off >> u & 1);
        }
        irq_fake_free(f);
    }
}

/* ---- sources ---- */

TEST(sources_are_those_of_the_table)
{
    struct irq_fake *f = irq_fake_start();

    CHECK_EQ(source(f, IOMMU_IRQ_IOAPIC, 0).rid, IRQ_FAKE_SMBUS);
    CHECK_EQ(source(f, IOMMU_IRQ_IOAPIC, 9).rid, IRQ_FAKE_IOAPIC2);
    CHECK_EQ(source(f, IOMMU_IRQ_HPET, 0).rid, IRQ_FAKE_HPET);
    CHECK(!source(f, IOMMU_IRQ_HPET, 0).overridden);
    irq_fake_free(f);
}

TEST(forgotten_ioapic_keeps_remapping_off)
{
    struct irq_fake *f = irq_fake_make();

    f->no_second_ioapic = true;
    irq_fake_open(f);
    CHECK_OK(iommu_start(f->iommu));
    CHECK(!info(f).remapping);
    CHECK_STR(info(f).reason, "IOAPIC 9 is not in firmware's table");
    CHECK_STR(info(f).suggestion, "ivrs_ioapic=9@0000:00:00.2"); /* 00:14.0 is IOAPIC 0's */
    check_words(f, 0);
    irq_fake_free(f);
}

/* AMD's southbridges send as 00:14.0, whatever firmware says. */
TEST(no_ioapic_of_the_southbridge_keeps_remapping_off)
{
    struct irq_fake *f = irq_fake_make();

    f->ioapic_rid = 0x00a8;
    irq_fake_open(f);
    CHECK_OK(iommu_start(f->iommu));
    CHECK(!info(f).remapping);
    CHECK_STR(info(f).reason, "amdvi0: no IOAPIC is the southbridge's, 00:14.0 (ivrs_ioapic=)");
    irq_fake_free(f);
}

TEST(southbridge_may_be_known_by_its_function)
{
    static const struct { uint16_t rid; uint32_t class_code; bool good; } cases[] = {
        { 0x00a8, 0x0c0500, true }, { 0x00a8, 0x060100, true }, { 0x00a8, 0x060000, false },
        { 0x01a8, 0x0c0500, false },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct irq_fake *f = irq_fake_make();

        f->ioapic_rid = cases[i].rid;
        fake_amdvi_function(&f->fake, 0, cases[i].rid, 0x790b1022, cases[i].class_code);
        irq_fake_open(f);
        CHECK_OK(iommu_start(f->iommu));
        CHECK_EQ(info(f).remapping, cases[i].good);
        irq_fake_free(f);
    }
}

TEST(overrides_replace_what_firmware_says)
{
    struct irq_fake *f = irq_fake_make();
    static const struct iommu_irq_override overrides[] = {
        { .kind = IOMMU_IRQ_IOAPIC, .id = 0, .rid = 0x00a0 },
        { .kind = IOMMU_IRQ_IOAPIC, .id = 9, .rid = 0x0180 },
        { .kind = IOMMU_IRQ_HPET, .id = 0, .rid = 0x0321 },
    };
    struct iommu_irqs *pin, *timer;

    f->ioapic_rid = 0x00a8;
    f->no_second_ioapic = true;
    f->config.irq.overrides = overrides;
    f->config.irq.override_count = 3;
    irq_fake_open(f);
    CHECK_OK(iommu_start(f->iommu));
    CHECK_STR(info(f).reason, "");
    CHECK(info(f).remapping);
    CHECK_EQ(source(f, IOMMU_IRQ_IOAPIC, 0).rid, 0x00a0);
    CHECK_EQ(source(f, IOMMU_IRQ_IOAPIC, 9).rid, 0x0180);
    CHECK(source(f, IOMMU_IRQ_IOAPIC, 9).overridden);
    /* Beyond what firmware names: the device table reaches as far. */
    CHECK_EQ(irq_fake_unit(f)->table_entries, 0x380);
    CHECK_OK(iommu_irq_alloc_ioapic(f->iommu, 0, 1, &pin));
    CHECK_OK(iommu_irq_alloc_hpet(f->iommu, 0, 1, &timer));
    CHECK_EQ(irq_fake_word(f, 0x00a8) >> 60 & 3, 0);
    CHECK_EQ(irq_fake_word(f, 0x00a0), (irq_fake_word(f, 0x0321) & 0x3000000000001f) |
             (irq_fake_word(f, 0x00a0) & 0xfffffffffffc0) | 0xa000000000000000); /* Lint1Pass went along */
    CHECK_EQ(irq_fake_word(f, 0x0321) >> 60 & 3, 2);
    irq_fake_free(f);
}

/* An ACPI device of another segment or unique id is not meant. */
TEST(acpi_devices_have_overrides_too)
{
    static const struct {
        const char *hid, *uid;
        uint8_t format, len;
        uint8_t bytes[8];
        uint16_t segment;
        bool meant;
    } cases[] = {
        { "AMDI0020", "ID00", 2, 4, "ID00", 0, true },     { "AMDI0020", "ID01", 2, 4, "ID00", 0, false },
        { "AMDI0020", "ID0", 2, 4, "ID00", 0, false },     { "AMDI0021", "ID00", 2, 4, "ID00", 0, false },
        { "AMDI0020", "7", 1, 8, { 7 }, 0, true },         { "AMDI0020", "258", 1, 8, { 2, 1 }, 0, true },
        { "AMDI0020", "8", 1, 8, { 7 }, 0, false },        { "AMDI0020", "H", 1, 8, { 24 }, 0, false },
        { "AMDI0020", "", 0, 0, "", 0, true },             { "AMDI0020", "1", 0, 0, "", 0, false },
        { "AMDI0020", "", 1, 8, { 0 }, 0, false },         { "AMDI0020", "7", 1, 8, { 7 }, 1, false },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct irq_fake *f = irq_fake_make();
        struct iommu_irq_override override = { .kind = IOMMU_IRQ_ACPI, .segment = cases[i].segment, .rid = 0x0450 };
        struct fake_amdvi *fake = &f->fake;
        struct iommu_device *device;
        enum iommu_status status;

        memcpy(override.hid, cases[i].hid, 9);
        strcpy(override.uid, cases[i].uid);
        f->config.irq.overrides = &override;
        f->config.irq.override_count = 1;
        CHECK_OK(iommu_create(&fake->memory.platform, f, &f->config, &f->iommu));
        fake_ivrs_begin(fake, 0x2801);
        fake_ivrs_ivhd(fake, 0x40, 0, IRQ_FAKE_UNIT, FAKE_AMDVI_BASE, f->efr);
        fake_ivrs_entry(fake, 0xf0, 0x00a5, 0);
        memcpy(fake->table + fake->table_len, "AMDI0020", 8);
        fake->table[fake->table_len + 16] = cases[i].format;
        fake->table[fake->table_len + 17] = cases[i].len;
        memcpy(fake->table + fake->table_len + 18, cases[i].bytes, cases[i].len);
        fake->table_len += 18u + cases[i].len;
        fake_ivrs_end(fake);
        CHECK_OK(iommu_add_table(f->iommu, fake->table, fake->table_len));
        status = iommu_add_device(f->iommu, &(struct iommu_device_desc){ .rids = { 0x0450 }, .rid_count = 1 }, &device);
        CHECK_EQ(status, cases[i].meant ? IOMMU_OK : IOMMU_ERR_NOT_FOUND);
        status = iommu_add_device(f->iommu, &(struct iommu_device_desc){ .rids = { 0x00a5 }, .rid_count = 1 }, &device);
        CHECK_EQ(status, cases[i].meant ? IOMMU_ERR_NOT_FOUND : IOMMU_OK);
        CHECK_EQ(irq_fake_unit(f)->table_entries, cases[i].meant ? 0x480 : 0x100);
        irq_fake_free(f);
    }
}

/* SP5100 erratum 28: SATA in combined mode sends under another id. */
TEST(erratum_28_keeps_remapping_off)
{
    for (unsigned combined = 0; combined < 2; combined++) {
        struct irq_fake *f = irq_fake_make();
        struct fake_amdvi_function *smbus = fake_amdvi_function(&f->fake, 0, 0x00a0, 0x43851002, 0x0c0500);

        fake_amdvi_config(smbus, 0xad, 1, combined ? 0x08 : 0x00);
        irq_fake_open(f);
        CHECK_OK(iommu_start(f->iommu));
        CHECK_EQ(info(f).remapping, !combined);
        irq_fake_free(f);
    }
}

/* ---- interrupts alone ---- */

TEST(dma_passes_where_only_interrupts_are_remapped)
{
    for (unsigned by_hardware = 0; by_hardware < 2; by_hardware++) {
        struct irq_fake *f = irq_fake_make();
        struct iommu_domain *domain;
        struct iommu_irqs *irqs;
        const struct iommu_irq_target target = { .apic_id = 1, .vector = 0x30 };

        f->config.no_translation = !by_hardware;
        if (by_hardware)
            f->efr |= 3 << 10; /* HATS: none */
        irq_fake_open(f);
        CHECK_EQ(iommu_start(f->iommu), by_hardware ? IOMMU_ERR_UNSUPPORTED : IOMMU_OK);
        CHECK(info(f).remapping);
        CHECK(unit_info(f).remapping && !unit_info(f).translating);
        CHECK_EQ(irq_fake_control(f, 0) & IOMMU_EN, IOMMU_EN);
        for (unsigned rid = 0; rid < irq_fake_unit(f)->table_entries; rid++) {
            const uint64_t *q = irq_fake_unit(f)->table[rid].q;

            CHECK_EQ(q[0], 0x6000000000000003); /* V, TV, no table, IR, IW */
            CHECK_EQ(q[1], 0xffff); /* an id of nobody */
            CHECK_EQ(q[2] & 0x3000000000000001, 1);
        }
        irqs = irq_fake_block(f->device, 1);
        CHECK_OK(iommu_irq_route(irqs, 0, &target));
        CHECK_EQ(irq_fake_word(f, IRQ_FAKE_DEVICE) >> 60 & 3, 2);
        CHECK_OK(iommu_domain_create(f->iommu, &(struct iommu_domain_desc){ .type = IOMMU_DOMAIN_BLOCKED,
                                     .devices = &f->other, .device_count = 1 }, &domain));
        CHECK_EQ(iommu_attach(domain, f->other, IOMMU_NO_PASID), IOMMU_ERR_UNSUPPORTED);
        CHECK_OK(iommu_domain_destroy(domain));
        CHECK_OK(iommu_irq_free(irqs));
        CHECK_OK(iommu_stop(f->iommu));
        CHECK_EQ(irq_fake_control(f, 0) & IOMMU_EN, 0);
        irq_fake_free(f);
    }
}

/* Neither the one nor the other: off, and what was found on goes off. */
TEST(unit_without_a_task_stays_off)
{
    for (unsigned found_on = 0; found_on < 2; found_on++) {
        struct irq_fake *f = irq_fake_make();

        f->config.no_translation = true;
        f->config.irq.mode = IOMMU_IRQ_OFF;
        fake_amdvi_set(&f->fake, 0, IRQ_FAKE_CONTROL, found_on);
        fake_amdvi_set(&f->fake, 0, IRQ_FAKE_DEV_TAB, 0x7654000);
        irq_fake_open(f);
        CHECK_EQ(iommu_start(f->iommu), IOMMU_ERR_UNSUPPORTED);
        CHECK_EQ(irq_fake_control(f, 0) & IOMMU_EN, 0);
        CHECK_EQ(fake_amdvi_get(&f->fake, 0, IRQ_FAKE_DEV_TAB), 0x7654000);
        CHECK_EQ(fake_amdvi_logged(&f->fake, "window: translation off, as nothing is to be translated"), found_on);
        CHECK_OK(iommu_stop(f->iommu));
        irq_fake_free(f);
    }
}

TEST(unit_that_can_do_neither_is_left_out)
{
    struct irq_fake *f = irq_fake_make();

    f->efr |= 3 << 10;
    f->config.irq.mode = IOMMU_IRQ_OFF;
    irq_fake_open(f);
    CHECK_EQ(iommu_start(f->iommu), IOMMU_ERR_UNSUPPORTED);
    CHECK_EQ(irq_fake_control(f, 0) & IOMMU_EN, 0);
    irq_fake_free(f);
}

/* ---- memory ---- */

/* Whatever is missing, nothing is left behind, and DMA is as protected as it would be. */
TEST(every_allocation_of_bring_up_may_fail)
{
    size_t count;

    for (size_t n = 1;; n++) {
        struct irq_fake *f = irq_fake_make();
        enum iommu_status status;

        f->efr |= IRQ_FAKE_EFR_VAPIC;
        f->config.irq.format = IOMMU_IRQ_FORMAT_VAPIC;
        irq_fake_open(f);
        f->fake.memory.allocations = 0;
        f->fake.memory.fail_at = n;
        status = iommu_start(f->iommu);
        count = f->fake.memory.allocations;
        if (n > count)
            CHECK(status == IOMMU_OK && info(f).posting);
        else
            CHECK(status == IOMMU_ERR_NOMEM || (info(f).remapping && !info(f).posting));
        CHECK_OK(iommu_stop(f->iommu));
        irq_fake_free(f);
        if (n > count)
            break;
    }
    CHECK(count > 3);
}
