/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts in the VT-d model against the specification, by raw register
 * accesses and entries written by hand: formats and gates (VT-d §5.1.4), Table
 * 15, source checks (§9.9), IOAPIC pins (§5.1.5), posting (§5.2.3).
 */
#include "test.h"
#include "vtd_irq_rig.h"

#define VIOLATION(q, words) CHECK(strstr(vtd_model_violation_text((q).r.m), words) != NULL)

static void record(const struct virq *q, unsigned n, uint64_t words[2])
{
    words[0] = vtd_model_reg64(q->r.m, 0, 0x400 + n * 16);
    words[1] = vtd_model_reg64(q->r.m, 0, 0x408 + n * 16);
}

/* ---- formats and gates (§5.1.2, §5.1.4) ---- */

TEST(off_passes_the_compatibility_format)
{
    struct vtd_model_config config = virq_model();
    struct virq q = virq_created(&config);
    struct vtd_model_interrupt seen;

    CHECK_EQ(virq_message(&q, RIG_RID, 0xfee0300c, 0x8141), 0);
    seen = vtd_model_last_interrupt(q.r.m);
    CHECK_EQ(seen.apic_id, 3);
    CHECK_EQ(seen.vector, 0x41);
    CHECK_EQ(seen.mode, 1);
    CHECK(seen.logical && seen.hint && seen.level && !seen.remapped && !seen.notification);
    virq_ended(&q);
}

TEST(blocked_while_off_where_remapping_is_required)
{
    struct vtd_model_config config = virq_model();
    struct virq q;

    spec_put(&config.units[0].ecap, SPEC_ECAP_IRREQ, 1);
    q = virq_created(&config);
    CHECK_EQ(virq_message(&q, RIG_RID, 0xfee00000, 0x41), 0x2b);
    CHECK_EQ(virq_delivered(&q), 0);
    virq_ended(&q);
}

TEST(compatibility_format_by_eime_and_cfis)
{
    for (unsigned eime = 0; eime < 2; eime++) {
        struct vtd_model_config config = virq_model();
        struct virq q = virq_started_with(&config, VIRQ_S | (eime ? VIRQ_EIME : 0));

        CHECK_EQ(virq_message(&q, RIG_RID, 0xfee00000, 0x41), 0x25);
        rig_command(&q.r, SPEC_GCMD_CFI, true);
        CHECK_EQ(virq_message(&q, RIG_RID, 0xfee00000, 0x41), eime ? 0x25 : 0);
        CHECK_EQ(virq_delivered(&q), eime ? 0 : 1);
        virq_ended(&q);
    }
}

TEST(eime_where_it_is_required)
{
    for (unsigned eime = 0; eime < 2; eime++) {
        struct vtd_model_config config = virq_model();
        struct virq q;

        spec_put(&config.units[0].ecap, SPEC_ECAP_EIMER, 1);
        q = virq_started_with(&config, VIRQ_S | (eime ? VIRQ_EIME : 0));
        virq_put(&q, 1, 5ull << 32 << (eime ? 0 : 8) | 0x410001, VIRQ_SOURCE);
        CHECK_EQ(virq_raise(&q, 1), eime ? 0 : 0x2a);
        virq_ended(&q);
    }
}

TEST(handle_and_subhandle_make_the_index)
{
    static const struct {
        uint64_t address;
        uint32_t data;
        unsigned reason, vector;
    } cases[] = {
        { 0xfee00070, 0, 0, 0x53 },          /* handle 3 */
        { 0xfee00070, 0xffffffff, 0, 0x53 }, /* SHV = 0: data ignored */
        { 0xfee00078, 0, 0, 0x53 },          /* SHV = 1, subhandle 0 */
        { 0xfee00078, 4, 0, 0x57 },          /* 3 + 4 */
        { 0xfee00018, 15, 0, 0x5f },         /* 0 + 15 */
        { 0xfee00078, 0x10004, 0x20, 0 },    /* reserved data bits */
        { 0xfee00210, 0, 0x21, 0 },          /* handle 16 */
        { 0xfee001f8, 1, 0x21, 0 },          /* 15 + 1 */
        { 0xfee00074, 0, 0x21, 0 },          /* handle 8003h: bit 2 is handle 15 */
    };
    struct virq q = virq_started();

    for (unsigned i = 0; i < 16; i++)
        virq_put(&q, i, virq_to(0x50 + i), VIRQ_SOURCE);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_EQ(virq_message(&q, RIG_RID, cases[i].address, cases[i].data), cases[i].reason);
        if (cases[i].reason == 0)
            CHECK_EQ(virq_vector(&q), cases[i].vector);
    }
    virq_ended(&q);
}

/* §11.4.10: 2^(S + 1) entries. */
TEST(table_size_is_two_to_the_s_plus_one)
{
    for (unsigned s = 0; s < 8; s++) {
        struct vtd_model_config config = virq_model();
        struct virq q = virq_started_with(&config, s);

        CHECK_EQ(virq_raise(&q, (2u << s) - 1), 0x22);
        CHECK_EQ(virq_raise(&q, 2u << s), 0x21);
        virq_ended(&q);
    }
}

TEST(malformed_requests_to_the_range)
{
    struct virq q = virq_started();
    uint64_t value = 0;

    virq_put(&q, 0, virq_to(0x41), VIRQ_SOURCE);
    CHECK_EQ(vtd_model_dma(q.r.m, 0, RIG_RID, 0xfee00010, &value, 8, true), VTD_MODEL_FAULT);
    CHECK_EQ(vtd_model_last_reason(q.r.m), 0x29);
    CHECK_EQ(vtd_model_dma(q.r.m, 0, RIG_RID, 0xfee00012, &value, 4, true), VTD_MODEL_FAULT);
    CHECK_EQ(vtd_model_last_reason(q.r.m), 0x29);
    CHECK_EQ(vtd_model_dma(q.r.m, 0, RIG_RID, 0xfee00010, &value, 4, false), VTD_MODEL_FAULT);
    CHECK_EQ(vtd_model_last_reason(q.r.m), 0x29);
    CHECK_EQ(vtd_model_dma(q.r.m, 0, RIG_RID, 0xfee00010, &value, 4, true), VTD_MODEL_INTERRUPT);
    CHECK_EQ(virq_delivered(&q), 1);
    virq_ended(&q);
}

/* ---- what an entry says (§9.9) ---- */

TEST(entry_fields_reach_the_cpu)
{
    static const struct {
        unsigned eime;
        uint64_t lo;
        struct vtd_model_interrupt wanted;
    } cases[] = {
        { 0, 0x0000050000410001ull, { .apic_id = 5, .vector = 0x41 } },
        { 0,
          0x0000ff0000ff001dull,
          { .apic_id = 0xff, .vector = 0xff, .logical = true, .hint = true, .level = true } },
        { 0,
          0x0000050000410f21ull,
          { .apic_id = 5, .vector = 0x41, .mode = 1 } }, /* AVAIL ignored */
        { 0, 0x0000050000000081ull, { .apic_id = 5, .mode = 4 } },
        { 1, 0x0000011f00410001ull, { .apic_id = 0x11f, .vector = 0x41 } },
        { 1, 0xfffffffe00410001ull, { .apic_id = 0xfffffffe, .vector = 0x41 } },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vtd_model_config config = virq_model();
        struct virq q = virq_started_with(&config, VIRQ_S | (cases[i].eime ? VIRQ_EIME : 0));
        struct vtd_model_interrupt seen;

        virq_put(&q, 2, cases[i].lo, VIRQ_SOURCE);
        CHECK_EQ(virq_raise(&q, 2), 0);
        seen = vtd_model_last_interrupt(q.r.m);
        CHECK_EQ(seen.apic_id, cases[i].wanted.apic_id);
        CHECK_EQ(seen.vector, cases[i].wanted.vector);
        CHECK_EQ(seen.mode, cases[i].wanted.mode);
        CHECK_EQ(seen.logical, cases[i].wanted.logical);
        CHECK_EQ(seen.hint, cases[i].wanted.hint);
        CHECK_EQ(seen.level, cases[i].wanted.level);
        CHECK(seen.remapped && !seen.notification);
        virq_ended(&q);
    }
}

TEST(reserved_bits_of_a_present_entry)
{
    static const struct {
        unsigned eime, reason;
        uint64_t lo, hi;
    } cases[] = {
        { 0, 0, 0x0000050000410001ull, VIRQ_SOURCE },
        { 0, 0x24, 0x0000050000411001ull, VIRQ_SOURCE }, /* 12 */
        { 0, 0x24, 0x0000050000412001ull, VIRQ_SOURCE }, /* 13 */
        { 0, 0x24, 0x0000050000414001ull, VIRQ_SOURCE }, /* 14: URG, with IM = 0 */
        { 0, 0x24, 0x0000050001410001ull, VIRQ_SOURCE }, /* 24 */
        { 0, 0x24, 0x0000050080410001ull, VIRQ_SOURCE }, /* 31 */
        { 0, 0x24, 0x0000050100410001ull, VIRQ_SOURCE }, /* 32, xAPIC */
        { 0, 0x24, 0x0001050000410001ull, VIRQ_SOURCE }, /* 48, xAPIC */
        { 1, 0, 0x0001050100410001ull, VIRQ_SOURCE },    /* ... are the id's with VIRQ_EIME */
        { 0, 0x24, 0x0000050000410061ull, VIRQ_SOURCE }, /* DLM 011 */
        { 0, 0x24, 0x00000500004100c1ull, VIRQ_SOURCE }, /* DLM 110 */
        { 0, 0x24, 0x0000050000410001ull, VIRQ_SOURCE | 1ull << 20 }, /* 84 */
        { 0, 0x24, 0x0000050000410001ull, VIRQ_SOURCE | 1ull << 63 }, /* 127 */
        { 0, 0x24, 0x0000050000410001ull, VIRQ_SOURCE | 3ull << 18 }, /* SVT 11 */
        { 0, 0x22, 0x0000050080412000ull, 3ull << 18 }, /* P = 0: nothing else counts */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vtd_model_config config = virq_model();
        struct virq q = virq_started_with(&config, VIRQ_S | (cases[i].eime ? VIRQ_EIME : 0));

        virq_put(&q, 2, cases[i].lo, cases[i].hi);
        CHECK_EQ(virq_raise(&q, 2), cases[i].reason);
        CHECK_EQ(virq_delivered(&q), cases[i].reason == 0);
        virq_ended(&q);
    }
}

TEST(sources_by_svt_and_sq)
{
    static const struct {
        uint64_t hi;
        uint16_t rid;
        bool passes;
    } cases[] = {
        { 0x0000, 0x1234, true }, /* SVT 00 */
        { 1 << 18 | 0x0010, 0x0010, true },
        { 1 << 18 | 0x0010, 0x0011, false },
        { 1 << 18 | 0x0010, 0x0110, false },
        { 1 << 18 | 1 << 16 | 0x0010, 0x0014, true }, /* SQ 01: bit 2 left out */
        { 1 << 18 | 1 << 16 | 0x0010, 0x0012, false },
        { 1 << 18 | 2 << 16 | 0x0010, 0x0016, true }, /* SQ 10: bits 2:1 */
        { 1 << 18 | 2 << 16 | 0x0010, 0x0011, false },
        { 1 << 18 | 3 << 16 | 0x0010, 0x0017, true }, /* SQ 11: bits 2:0 */
        { 1 << 18 | 3 << 16 | 0x0010, 0x0018, false },
        { 2 << 18 | 0x0406, 0x0400, true }, /* SVT 10: buses 4 to 6 */
        { 2 << 18 | 0x0406, 0x06ff, true },
        { 2 << 18 | 0x0406, 0x03ff, false },
        { 2 << 18 | 0x0406, 0x0700, false },
        { 2 << 18 | 0x0604, 0x0500, false }, /* the first is the upper byte */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct virq q = virq_started();

        virq_put(&q, 2, virq_to(0x41), cases[i].hi);
        CHECK_EQ(virq_message(&q, cases[i].rid, virq_address(2), 0), cases[i].passes ? 0 : 0x26);
        virq_ended(&q);
    }
}

TEST(vectors_below_16_are_violations)
{
    struct virq q = virq_started();

    virq_put(&q, 2, virq_to(0x0f), VIRQ_SOURCE);
    CHECK_EQ(virq_raise(&q, 2), 0);
    VIOLATION(q, "vector 0xf");
    rig_destroy(&q.r);
}

/* ---- records (§11.4.7.6) ---- */

TEST(records_name_index_source_and_reason)
{
    struct virq q = virq_started();
    uint64_t words[2];

    CHECK_EQ(virq_raise(&q, 7), 0x22);
    record(&q, 0, words);
    CHECK_EQ(words[0], 0x0007000000000000ull);
    CHECK_EQ(words[1], 0x8000002200000010ull);
    CHECK_EQ(virq_message(&q, 0x0100, virq_address(0x9abc), 0), 0x21);
    record(&q, 1, words);
    CHECK_EQ(words[0], 0x9abc000000000000ull);
    CHECK_EQ(words[1], 0x8000002100000100ull);
    virq_ended(&q);
}

/* Software must not read the index of a request that has none. */
TEST(fault_info_is_undefined_without_an_index)
{
    struct virq q = virq_started();
    uint64_t words[2];

    CHECK_EQ(virq_message(&q, RIG_RID, 0xfee00000, 0x41), 0x25);
    record(&q, 0, words);
    CHECK(words[0] != 0);
    CHECK_EQ(words[1], 0x8000002500000010ull);
    virq_ended(&q);
}

TEST(fpd_keeps_qualified_faults_out_of_the_records)
{
    static const struct {
        uint64_t lo, hi;
        unsigned reason;
    } cases[] = {
        { 0x2, 0, 0x22 }, /* FPD counts without P */
        { 0x0000050001410003ull, VIRQ_SOURCE, 0x24 },
        { 0x0000050000410003ull, VIRQ_SOURCE + 1, 0x26 },
        { 0x0000000000418003ull, VIRQ_SOURCE, 0x27 }, /* descriptor at 0, no memory */
    };
    struct virq q = virq_started();
    uint64_t before = 0;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        virq_put(&q, 2, cases[i].lo, cases[i].hi);
        CHECK_EQ(virq_raise(&q, 2), cases[i].reason);
        CHECK_EQ(vtd_model_stats(q.r.m, 0).faults, before);
        virq_put(&q, 2, cases[i].lo & ~2ull, cases[i].hi);
        CHECK_EQ(virq_raise(&q, 2), cases[i].reason);
        CHECK_EQ(vtd_model_stats(q.r.m, 0).faults, ++before);
    }
    virq_ended(&q);
}

TEST(tables_that_are_not_there)
{
    struct vtd_model_config config = virq_model();
    struct virq q = virq_created(&config);

    vtd_model_write64(q.r.m, 0, SPEC_IRTA, 0x40000000ull | VIRQ_S);
    rig_command(&q.r, SPEC_GCMD_SIRTP, true);
    CHECK(virq_flush_all(&q));
    rig_command(&q.r, SPEC_GCMD_IRE, true);
    CHECK_EQ(virq_raise(&q, 2), 0x23);
    virq_ended(&q);
}

/* ---- IOAPIC and HPET (§5.1.5) ---- */

#define IOAPIC_RID 0xf0f8

/* Index 14:0 in 63:49, bit 15 in 11, format in 48. */
static uint64_t pin(unsigned index, uint64_t rest)
{
    return (uint64_t)(index & 0x7fff) << 49 | 1ull << 48 | (uint64_t)(index >> 15) << 11 | rest;
}

TEST(pins_send_what_their_entry_says)
{
    struct virq q = virq_started();

    virq_put(&q, 6, virq_to(0x61) | 1 << 4, 1ull << 18 | IOAPIC_RID);
    CHECK_EQ(vtd_model_ioapic(q.r.m, 0, IOAPIC_RID, pin(6, 0x8061)), VTD_MODEL_INTERRUPT);
    CHECK_EQ(virq_vector(&q), 0x61);
    CHECK(vtd_model_last_interrupt(q.r.m).level);
    CHECK_EQ(vtd_model_ioapic(q.r.m, 0, IOAPIC_RID, pin(6, 0x18061)), VTD_MODEL_MASKED);
    CHECK_EQ(vtd_model_ioapic(q.r.m, 0, IOAPIC_RID + 1, pin(6, 0x8061)), VTD_MODEL_FAULT);
    CHECK_EQ(vtd_model_last_reason(q.r.m), 0x26);
    CHECK_EQ(vtd_model_ioapic(q.r.m, 0, IOAPIC_RID, pin(0x8006, 0x8061)), VTD_MODEL_FAULT);
    CHECK_EQ(vtd_model_last_reason(q.r.m), 0x21);
    /* Unremapped, to id 6: compatibility format. */
    CHECK_EQ(vtd_model_ioapic(q.r.m, 0, IOAPIC_RID, 6ull << 56 | 0x61), VTD_MODEL_FAULT);
    CHECK_EQ(vtd_model_last_reason(q.r.m), 0x25);
    virq_ended(&q);
}

TEST(pin_and_entry_must_agree)
{
    static const struct {
        uint64_t lo, pin;
        const char *words;
    } cases[] = {
        { 0x0000050000610001ull, 0x8061, "trigger modes" },
        { 0x0000050000610011ull, 0x0061, "trigger modes" },
        { 0x0000050000610011ull, 0x8062, "vectors" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct virq q = virq_started();

        virq_put(&q, 6, cases[i].lo, 1ull << 18 | IOAPIC_RID);
        CHECK_EQ(vtd_model_ioapic(q.r.m, 0, IOAPIC_RID, pin(6, cases[i].pin)), VTD_MODEL_INTERRUPT);
        CHECK_EQ(vtd_model_violations(q.r.m), 1);
        VIOLATION(q, cases[i].words);
        rig_destroy(&q.r);
    }
}

/* ---- posted (§5.2.3, §9.10, §9.11) ---- */

#define ON 1ull
#define SN 2ull
/* NV f2h to APIC id 7 in xAPIC mode: bits 279:272 and 303:296. */
#define NOTIFY (0xf2ull << 16 | 7ull << 40)

static uint64_t *descriptor(struct virq *q, uint64_t control)
{
    uint64_t *at = vtd_model_ram(q->r.m, q->r.frame + 64, 64);

    memset(at, 0, 64);
    at[4] = control;
    return at;
}

/* The descriptor above, virtual vector 91h; URG = bit 14. */
static void put_posted(struct virq *q, uint64_t bits)
{
    uint64_t pa = q->r.frame + 64;

    virq_put(q, 2, pa << 32 | 0x918001 | bits, VIRQ_SOURCE | pa >> 32 << 32);
}

TEST(posting_notifies_unless_on_or_suppressed)
{
    static const struct {
        uint64_t before, bits, after;
        bool notifies;
    } cases[] = {
        { 0, 0, ON, true },
        { ON, 0, ON, false },
        { SN, 0, SN, false },
        { SN | ON, 0, SN | ON, false },
        { SN, 1 << 14, SN | ON, true },
        { ON, 1 << 14, ON, false },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct virq q = virq_started();
        uint64_t *at = descriptor(&q, NOTIFY | cases[i].before);
        struct vtd_model_interrupt seen;

        put_posted(&q, cases[i].bits);
        CHECK_EQ(virq_raise(&q, 2), 0);
        CHECK(at[0] == 0 && at[1] == 0 && at[2] == 1ull << (0x91 - 128) && at[3] == 0);
        CHECK_EQ(at[4], NOTIFY | cases[i].after);
        CHECK_EQ(virq_delivered(&q), cases[i].notifies);
        seen = vtd_model_last_interrupt(q.r.m);
        if (cases[i].notifies) {
            CHECK(seen.notification && !seen.logical && !seen.level && !seen.hint);
            CHECK(seen.apic_id == 7 && seen.vector == 0xf2 && seen.mode == 0);
        }
        CHECK_EQ(vtd_model_stats(q.r.m, 0).posted, 1);
        virq_ended(&q);
    }
}

TEST(notification_of_32_bit_ids)
{
    struct vtd_model_config config = virq_model();
    struct virq q = virq_started_with(&config, VIRQ_S | VIRQ_EIME);

    descriptor(&q, 0xf2ull << 16 | 0x11full << 32);
    put_posted(&q, 0);
    CHECK_EQ(virq_raise(&q, 2), 0);
    CHECK_EQ(vtd_model_last_interrupt(q.r.m).apic_id, 0x11f);
    virq_ended(&q);
}

TEST(reserved_bits_of_posted_entries_and_descriptors)
{
    static const struct {
        uint64_t bits, hi, control, tail;
        unsigned reason;
    } cases[] = {
        { 1 << 2, 0, 0, 0, 0x24 },     { 1 << 7, 0, 0, 0, 0x24 },     { 1 << 12, 0, 0, 0, 0x24 },
        { 1 << 24, 0, 0, 0, 0x24 },    { 1ull << 37, 0, 0, 0, 0x24 }, { 0, 1 << 20, 0, 0, 0x24 },
        { 0, 1ull << 39, 0, 0, 0x24 }, /* address bit 39, beyond HAW */
        { 0, 0, 1 << 2, 0, 0x28 },     { 0, 0, 1 << 15, 0, 0x28 },    { 0, 0, 1 << 24, 0, 0x28 },
        { 0, 0, 1ull << 32, 0, 0x28 }, { 0, 0, 1ull << 48, 0, 0x28 }, { 0, 0, 0, 1, 0x28 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct virq q = virq_started();
        uint64_t *at = descriptor(&q, NOTIFY | cases[i].control);

        at[7] = cases[i].tail;
        put_posted(&q, cases[i].bits);
        rig_store(&q.r, q.table + 40, VIRQ_SOURCE | cases[i].hi);
        CHECK_EQ(virq_raise(&q, 2), cases[i].reason);
        CHECK(at[2] == 0 && virq_delivered(&q) == 0);
        rig_destroy(&q.r);
    }
}

TEST(posted_format_needs_the_capability)
{
    struct vtd_model_config config = virq_model();
    struct virq q;

    spec_put(&config.units[0].cap, SPEC_CAP_PI, 0);
    q = virq_started_with(&config, VIRQ_S);
    descriptor(&q, NOTIFY);
    put_posted(&q, 0);
    CHECK_EQ(virq_raise(&q, 2), 0x24);
    virq_ended(&q);
}

TEST(pins_that_are_level_triggered_are_not_posted)
{
    struct virq q = virq_started();

    descriptor(&q, NOTIFY);
    put_posted(&q, 0);
    CHECK_EQ(vtd_model_ioapic(q.r.m, 0, RIG_RID, pin(2, 0x8091)), VTD_MODEL_INTERRUPT);
    VIOLATION(q, "level-triggered pin is posted");
    rig_destroy(&q.r);
}

TEST(freed_descriptors)
{
    struct virq q = virq_started();

    descriptor(&q, NOTIFY);
    put_posted(&q, 0);
    CHECK_EQ(virq_raise(&q, 2), 0);
    vtd_model_frames_free(q.r.m, q.r.frame, 1);
    CHECK_EQ(virq_raise(&q, 2), 0x27);
    VIOLATION(q, "posted-interrupt descriptor");
    rig_destroy(&q.r);
}

/* ---- delivery ---- */

static unsigned heard;

static void hear(void *ctx, const struct vtd_model_interrupt *interrupt)
{
    struct virq *q = ctx;

    heard += interrupt->vector;
    (void)vtd_model_read32(q->r.m, 0, SPEC_GSTS); /* the model may be called */
}

TEST(handlers_run_before_the_request_returns)
{
    struct virq q = virq_started();

    heard = 0;
    vtd_model_on_interrupt(q.r.m, hear, &q);
    virq_put(&q, 2, virq_to(0x41), VIRQ_SOURCE);
    CHECK_EQ(virq_raise(&q, 2), 0);
    CHECK_EQ(heard, 0x41);
    CHECK_EQ(virq_raise(&q, 3), 0x22);
    CHECK_EQ(heard, 0x41);
    virq_ended(&q);
}
