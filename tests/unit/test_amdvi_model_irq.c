/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts in the AMD-Vi model (AMD-Vi §2.2.5) by raw register accesses and
 * entries written by hand: both formats, message classes and indexes, events,
 * IOAPIC pins and LINT messages.
 */
#include "amdvi_irt_rig.h"
#include "test.h"

#define PAGE_FAULT 2u
/* RemapEn, destination 5, that vector. */
#define NARROW(vector) ((uint32_t)(vector) << 16 | 5u << 8 | 1u)
#define VIOLATION(q, words) CHECK(strstr(amdvi_model_violation_text((q).r.m), words) != NULL)

static struct airt narrow(void)
{
    struct amdvi_model_config config = airt_model();

    return airt_started(&config, 0);
}

static void check_event(struct airt *q, unsigned n, uint64_t lo, uint64_t hi)
{
    uint64_t event[2];

    amdvi_rig_event(&q->r, n, event);
    CHECK_EQ(event[0], lo);
    CHECK_EQ(event[1], hi);
}

/* ---- what an entry says ---- */

TEST(fields_of_32_bit_entries)
{
    static const struct {
        uint32_t entry, data;
        struct amdvi_model_interrupt wanted;
    } cases[] = {
        { 0x00410501, 3, { .apic_id = 5, .vector = 0x41 } },
        { 0x00ffff41, 3, { .apic_id = 0xff, .vector = 0xff, .logical = true } },
        { 0x00410505, 3, { .apic_id = 5, .vector = 0x41, .mode = 1 } },
        { 0x00410521, 0x8003, { .apic_id = 5, .vector = 0x41, .level = true } }, /* RqEoi */
        { 0x00410501, 0xf0004003, { .apic_id = 5, .vector = 0x41 } },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct airt q = narrow();
        struct amdvi_model_interrupt seen;

        airt_put32(&q, 3, cases[i].entry);
        CHECK_EQ(airt_message(&q, ARIG_RID, AIRT_ADDRESS, cases[i].data), 0);
        seen = amdvi_model_last_interrupt(q.r.m);
        CHECK_EQ(seen.apic_id, cases[i].wanted.apic_id);
        CHECK_EQ(seen.vector, cases[i].wanted.vector);
        CHECK_EQ(seen.mode, cases[i].wanted.mode);
        CHECK_EQ(seen.logical, cases[i].wanted.logical);
        CHECK_EQ(seen.level, cases[i].wanted.level);
        CHECK(seen.remapped && !seen.doorbell);
        airt_ended(&q);
    }
}

TEST(fields_of_128_bit_entries)
{
    static const struct {
        bool x2apic;
        uint64_t lo, hi;
        uint32_t apic_id, vector, mode;
        bool logical;
    } cases[] = {
        { false, 0x0501, 0x41, 5, 0x41, 0, false },
        { false, 0xff45, 0xff, 0xff, 0xff, 1, true },
        { true, 0x11f01, 0x41, 0x11f, 0x41, 0, false },
        { true, 0xfffffe01, 0xff00000000000041, 0xfffffffe, 0x41, 0, false },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct airt q = cases[i].x2apic ? airt_x2apic() : airt_wide();
        struct amdvi_model_interrupt seen;

        airt_put(&q, 3, cases[i].lo, cases[i].hi);
        CHECK_EQ(airt_raise(&q, 3), 0);
        seen = amdvi_model_last_interrupt(q.r.m);
        CHECK_EQ(seen.apic_id, cases[i].apic_id);
        CHECK_EQ(seen.vector, cases[i].vector);
        CHECK_EQ(seen.mode, cases[i].mode);
        CHECK_EQ(seen.logical, cases[i].logical);
        airt_ended(&q);
    }
}

TEST(wide_destinations_need_xt_en)
{
    struct airt q = airt_wide();

    airt_put(&q, 3, 0x11f01, 0x41);
    CHECK_EQ(airt_raise(&q, 3), 0);
    VIOLATION(q, "APIC id 0x11f without XTEn");
    amdvi_rig_abandon(&q.r);
}

TEST(vectors_below_16_are_violations)
{
    struct airt q = narrow();

    airt_put32(&q, 3, NARROW(0xf));
    CHECK_EQ(airt_raise(&q, 3), 0);
    VIOLATION(q, "vector 0xf");
    amdvi_rig_abandon(&q.r);
}

TEST(reserved_bits_of_entries)
{
    static const struct {
        bool wide;
        uint64_t lo, hi;
        bool passes;
    } cases[] = {
        { false, 0x00410501, 0, true },
        { false, 0x00410581, 0, false }, /* GuestMode */
        { false, 0x01410501, 0, false },
        { false, 0x80410501, 0, false },
        { false, 0x00410509, 0, false }, /* IntType 2 */
        { true, 0x0501, 0x41, true },
        { true, 0x100000501, 0x41, false },
        { true, 0x0501, 0x141, false },
        { true, 0x0501, 0x0080000000000041, false },
        { true, 0x0509, 0x41, false },
        { true, 0x0581, 0x41, false }, /* GuestMode without GAMEn */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct airt q = cases[i].wide ? airt_wide() : narrow();

        if (cases[i].wide)
            airt_put(&q, 3, cases[i].lo, cases[i].hi);
        else
            airt_put32(&q, 3, (uint32_t)cases[i].lo);
        CHECK_EQ(airt_raise(&q, 3), cases[i].passes ? 0 : PAGE_FAULT);
        if (!cases[i].passes)
            check_event(&q, 0, 0x20b8000500000010, AIRT_ADDRESS); /* I, PR, RW, RZ, domain 5 */
        airt_ended(&q);
    }
}

/* ---- indexes and classes ---- */

TEST(table_length_bounds_the_index)
{
    for (unsigned len = 0; len <= 9; len++) {
        struct amdvi_model_config config = airt_model();
        struct airt q = airt_started(&config, 0);

        amdvi_rig_entry(&q.r, ARIG_RID, 2, airt_word(q.table, len));
        airt_put32(&q, (1u << len) - 1, NARROW(0x41));
        airt_put32(&q, 1u << len, NARROW(0x42));
        CHECK_EQ(airt_raise(&q, (1u << len) - 1), 0);
        if (len < 9) {
            CHECK_EQ(airt_raise(&q, 1u << len), PAGE_FAULT);
            check_event(&q, 0, 0x2028000500000010, AIRT_ADDRESS); /* I, RW, domain 5 */
        }
        airt_ended(&q);
    }
}

/* Data 10:8 is the class with a physical destination: no index of 200h and above. */
TEST(classes_of_messages)
{
    static const struct {
        uint64_t address, pass;
        uint32_t data;
        bool passes, remapped;
    } cases[] = {
        { AIRT_ADDRESS, 0, 0x1ff, true, true },
        { AIRT_ADDRESS, 0, 0x241, false, false },
        { AIRT_ADDRESS, 0, 0x441, false, false },
        { AIRT_ADDRESS, ASPEC_DTE_NMI_PASS, 0x441, true, false },
        { AIRT_ADDRESS, ASPEC_DTE_INIT_PASS, 0x541, true, false },
        { AIRT_ADDRESS, ASPEC_DTE_EINT_PASS, 0x741, true, false },
        { AIRT_LOGICAL, ASPEC_DTE_NMI_PASS, 0x441, false, false },
        { AIRT_LOGICAL, 0, 0x1ff, true, true },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct airt q = narrow();

        amdvi_rig_entry(&q.r, ARIG_RID, 2, airt_word(q.table, 9) | cases[i].pass);
        airt_put32(&q, 0x1ff, NARROW(0x41));
        CHECK_EQ(airt_message(&q, ARIG_RID, cases[i].address, cases[i].data),
                 cases[i].passes ? 0 : PAGE_FAULT);
        CHECK_EQ(amdvi_model_last_interrupt(q.r.m).remapped, cases[i].remapped);
        airt_ended(&q);
    }
}

TEST(eleven_bits_of_index_need_the_mode_and_a_logical_destination)
{
    struct amdvi_model_config config = airt_model();
    struct airt q;

    spec_put(&config.units[0].efr2, ASPEC_EFR2_NUM_INT_REMAP_SUP, 1);
    q = airt_started(&config, 1ull << 43);
    q.table = amdvi_model_frames(q.r.m, 2, 8192, 0, IOMMU_ANY_PA);
    amdvi_rig_entry(&q.r, ARIG_RID, 2, airt_word(q.table, 11));
    airt_put32(&q, 0x7ff, NARROW(0x41));
    CHECK_EQ(airt_message(&q, ARIG_RID, AIRT_LOGICAL, 0x7ff), 0);
    CHECK_EQ(airt_vector(&q), 0x41);
    CHECK_EQ(airt_message(&q, ARIG_RID, AIRT_ADDRESS, 0x7ff), PAGE_FAULT);
    airt_ended(&q);
}

TEST(other_devices_are_not_touched)
{
    struct airt q = narrow();

    airt_put32(&q, 3, NARROW(0x41));
    CHECK_EQ(airt_message(&q, ARIG_OTHER, AIRT_ADDRESS, 3), 0); /* IV = 0 */
    CHECK(!amdvi_model_last_interrupt(q.r.m).remapped);
    amdvi_rig_entry(&q.r, ARIG_OTHER, 2, 1);
    CHECK(amdvi_rig_flush_entry(&q.r, ARIG_OTHER));
    CHECK_EQ(airt_message(&q, ARIG_OTHER, AIRT_ADDRESS, 3), PAGE_FAULT); /* IntCtl = 0 */
    airt_ended(&q);
}

/* ---- events ---- */

TEST(absent_entries_are_reported_unless_suppressed)
{
    static const struct {
        uint64_t word;
        uint32_t entry;
        bool recorded;
    } cases[] = {
        { 0, 0x00410500, true },
        { 0, 0x00410502, false },      /* SupIOPF */
        { 1 << 5, 0x00410500, false }, /* IG */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct airt q = narrow();

        amdvi_rig_entry(&q.r, ARIG_RID, 2, airt_word(q.table, 4) | cases[i].word);
        airt_put32(&q, 3, cases[i].entry);
        CHECK_EQ(airt_message(&q, ARIG_RID, 0xfee01000, 3), PAGE_FAULT);
        CHECK_EQ(amdvi_model_stats(q.r.m, 0).events, cases[i].recorded);
        CHECK_EQ(amdvi_model_stats(q.r.m, 0).delivered, 0);
        if (cases[i].recorded)
            check_event(&q, 0, 0x2028000500000010, 0xfee01000);
        airt_ended(&q);
    }
}

TEST(tables_that_are_not_there)
{
    struct airt q = airt_wide();

    amdvi_rig_entry(&q.r, ARIG_RID, 2, airt_word(0x40000000, 4));
    CHECK_EQ(airt_raise(&q, 3), 4);
    check_event(&q, 0, 0x4228000000000010, 0x40000030); /* master abort */
    airt_ended(&q);
}

/* ---- IOAPIC, LINT ---- */

TEST(pins_send_index_and_trigger_mode)
{
    struct airt q = narrow();

    amdvi_rig_entry(&q.r, 0xa0, 2, airt_word(q.table, 9));
    airt_put32(&q, 0x105, NARROW(0x41));
    CHECK_EQ(amdvi_model_ioapic(q.r.m, 0, 0xa0, 0x8105), AMDVI_MODEL_INTERRUPT);
    CHECK_EQ(airt_vector(&q), 0x41);
    CHECK(amdvi_model_last_interrupt(q.r.m).level);
    CHECK_EQ(amdvi_model_ioapic(q.r.m, 0, 0xa0, 0x18105), AMDVI_MODEL_MASKED);
    CHECK_EQ(amdvi_model_ioapic(q.r.m, 0, 0xa0, 0x8106), AMDVI_MODEL_FAULT);
    CHECK_EQ(amdvi_model_ioapic(q.r.m, 0, 0xa0, 0x8405), AMDVI_MODEL_FAULT); /* NMI */
    airt_ended(&q);
}

TEST(lint_messages_by_their_bits)
{
    struct airt q = narrow();

    CHECK_EQ(amdvi_model_lint(q.r.m, 0, ARIG_RID, 0), AMDVI_MODEL_FAULT);
    CHECK_EQ(amdvi_model_lint(q.r.m, 0, ARIG_OTHER, 0), AMDVI_MODEL_INTERRUPT);
    amdvi_rig_entry(&q.r, ARIG_RID, 2, airt_word(q.table, 4) | 1ull << 63);
    CHECK(amdvi_rig_flush_entry(&q.r, ARIG_RID));
    CHECK_EQ(amdvi_model_lint(q.r.m, 0, ARIG_RID, 0), AMDVI_MODEL_FAULT);
    CHECK_EQ(amdvi_model_lint(q.r.m, 0, ARIG_RID, 1), AMDVI_MODEL_INTERRUPT);
    airt_ended(&q);
}

/* ---- control bits ---- */

TEST(formats_need_their_features)
{
    static const struct {
        uint64_t control;
        const char *words;
    } cases[] = {
        { 1ull << 43, "NumIntRemapMode without NumIntRemapSup" },
        { 1ull << 25, "GAMEn without GAEn" },
        { 1ull << 50, "XTEn without GAEn" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct amdvi_model_config config = airt_model();
        struct amdvi_rig r = amdvi_rig_create(&config);

        amdvi_rig_control(&r, cases[i].control, true);
        CHECK(strstr(amdvi_model_violation_text(r.m), cases[i].words) != NULL);
        amdvi_rig_abandon(&r);
    }
}

/* ---- delivery ---- */

static unsigned heard;

static void hear(void *ctx, const struct amdvi_model_interrupt *interrupt)
{
    struct airt *q = ctx;

    heard += interrupt->vector;
    (void)amdvi_model_read64(q->r.m, 0, ASPEC_STATUS); /* the model may be called */
}

TEST(handlers_run_before_the_request_returns)
{
    struct airt q = narrow();

    heard = 0;
    amdvi_model_on_interrupt(q.r.m, hear, &q);
    airt_put32(&q, 3, NARROW(0x41));
    CHECK_EQ(airt_raise(&q, 3), 0);
    CHECK_EQ(heard, 0x41);
    CHECK_EQ(airt_raise(&q, 4), PAGE_FAULT);
    CHECK_EQ(heard, 0x41);
    airt_ended(&q);
}
