/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model of a VT-d unit against the specification, by raw register
 * accesses: bring-up, translation and its faults. Caches: test_vtd_model_caches.c;
 * registers and queue: test_vtd_model_unit.c; records: test_vtd_model_faults.c.
 */
#include "test.h"
#include "vtd_rig.h"

#define NO_VIOLATION(r) CHECK_STR(vtd_model_violation_text((r).m), "")
#define VIOLATION(r, words) CHECK(strstr(vtd_model_violation_text((r).m), words) != NULL)

/* ---- bring-up (§6.6, §11.4.4) ---- */

TEST(translation_off_passes_everything)
{
    struct vtd_model_config config = vtd_model_default();
    struct rig r = rig_create(&config);
    uint32_t value = 0;

    CHECK_EQ(rig_write(&r, RIG_RID, r.frame, 0x11223344), 0);
    CHECK_EQ(rig_read(&r, RIG_RID, r.frame, &value), 0);
    CHECK_EQ(value, 0x11223344);
    rig_destroy(&r);
}

TEST(enabled_unit_translates_what_is_mapped_and_nothing_else)
{
    struct rig r = rig_started(NULL);
    uint32_t value = 0;

    CHECK_EQ(vtd_model_reg32(r.m, 0, SPEC_GSTS), 0xc4000000); /* TES, RTPS, QIES */
    CHECK_EQ(rig_write(&r, RIG_RID, RIG_IOVA + 8, 0xcafe), 0);
    memcpy(&value, vtd_model_ram(r.m, r.frame + 8, 4), 4);
    CHECK_EQ(value, 0xcafe);
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA + 0x1000, &value), 0x6);
    CHECK_EQ(value, 0xffffffff);
    CHECK_EQ(rig_write(&r, RIG_RID, RIG_IOVA + 0x1000, 1), 0x5);
    NO_VIOLATION(r);
    rig_destroy(&r);
}

TEST(dma_is_split_at_page_boundaries)
{
    struct rig r = rig_started(NULL);
    uint8_t bytes[16] = { 0 };

    /* The second half lies in a page that is not mapped. */
    CHECK_EQ(vtd_model_dma(r.m, 0, RIG_RID, RIG_IOVA + 0xff8, bytes, 16, true), VTD_MODEL_FAULT);
    CHECK_EQ(vtd_model_last_reason(r.m), 0x5);
    rig_store(&r, r.level0 + 16, r.frame | 3);
    CHECK_EQ(vtd_model_dma(r.m, 0, RIG_RID, RIG_IOVA + 0xff8, bytes, 16, true), VTD_MODEL_DONE);
    rig_destroy(&r);
}

TEST(commands_take_their_time)
{
    struct vtd_model_config config = vtd_model_default();
    struct rig r;

    config.units[0].delay = 20;
    r = rig_create(&config);
    vtd_model_write64(r.m, 0, SPEC_RTADDR, r.root);
    vtd_model_write32(r.m, 0, SPEC_GCMD, SPEC_GCMD_SRTP);
    CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_GSTS), 0);
    vtd_model_advance(r.m, 20);
    CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_GSTS), SPEC_GCMD_SRTP);
    NO_VIOLATION(r);
    rig_destroy(&r);
}

TEST(hung_commands_never_finish)
{
    struct vtd_model_config config = vtd_model_default();
    struct rig r = rig_create(&config);

    vtd_model_hang(r.m, 0, VTD_MODEL_HANG_SRTP);
    vtd_model_write32(r.m, 0, SPEC_GCMD, SPEC_GCMD_SRTP);
    vtd_model_advance(r.m, 5000);
    CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_GSTS), 0);
    rig_destroy(&r);
}

TEST(rtaddr_counts_only_after_srtp)
{
    struct rig r = rig_started(NULL);
    uint32_t value;

    vtd_model_write64(r.m, 0, SPEC_RTADDR, r.frame);
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0);
    CHECK_EQ(rig_read(&r, 0x0100, 0, &value), 0x1); /* still the old root: bus 1 absent */
    rig_destroy(&r);
}

TEST(enabling_out_of_order_is_a_violation)
{
    struct vtd_model_config config = vtd_model_default();
    struct rig r = rig_create(&config);

    rig_command(&r, SPEC_GCMD_TE, true);
    VIOLATION(r, "TE without SRTP");
    rig_destroy(&r);

    r = rig_create(&config);
    vtd_model_write64(r.m, 0, SPEC_RTADDR, r.root);
    rig_command(&r, SPEC_GCMD_SRTP, true);
    rig_command(&r, SPEC_GCMD_TE, true);
    VIOLATION(r, "without global invalidation");
    rig_destroy(&r);
}

TEST(esrtps_needs_no_invalidation)
{
    struct vtd_model_config config = vtd_model_default();
    struct rig r;

    spec_put(&config.units[0].cap, SPEC_CAP_ESRTPS, 1);
    r = rig_create(&config);
    vtd_model_write64(r.m, 0, SPEC_RTADDR, r.root);
    rig_command(&r, SPEC_GCMD_SRTP, true);
    rig_command(&r, SPEC_GCMD_TE, true);
    NO_VIOLATION(r);
    rig_destroy(&r);
}

TEST(srtp_is_needed_again_after_translation_was_off)
{
    struct rig r = rig_started(NULL);

    rig_command(&r, SPEC_GCMD_TE, false);
    NO_VIOLATION(r);
    rig_command(&r, SPEC_GCMD_TE, true);
    VIOLATION(r, "TE without SRTP");
    rig_destroy(&r);
}

TEST(restated_one_shot_bits_are_noticed)
{
    struct rig r = rig_started(NULL);

    /* GSTS as read, RTPS included, is what a careless driver writes back. */
    vtd_model_write32(r.m, 0, SPEC_GCMD, vtd_model_read32(r.m, 0, SPEC_GSTS) & ~(uint32_t)SPEC_GCMD_TE);
    VIOLATION(r, "changes more than one bit: 0xc0000000");
    rig_destroy(&r);
}

TEST(forgotten_level_bits_are_noticed)
{
    struct rig r = rig_started(NULL);

    /* QIE off and SRTP at once. */
    vtd_model_write32(r.m, 0, SPEC_GCMD, SPEC_GCMD_TE | SPEC_GCMD_SRTP);
    VIOLATION(r, "changes more than one bit: 0x44000000");
    rig_destroy(&r);
}

TEST(second_command_before_the_first_is_done_is_a_violation)
{
    struct vtd_model_config config = vtd_model_default();
    struct rig r = rig_create(&config);

    vtd_model_write32(r.m, 0, SPEC_GCMD, SPEC_GCMD_SRTP);
    vtd_model_write32(r.m, 0, SPEC_GCMD, SPEC_GCMD_QIE);
    VIOLATION(r, "GCMD written while a GCMD command is pending");
    rig_destroy(&r);
}

/* ---- each fault of legacy mode (§7.1.3) ---- */

/*
 * The reason a read by RIG_RID ends with when the bits of flip are inverted in
 * one entry: of the root ('r'), context ('c') or top ('t') table, or of level 2, 1 or 0.
 */
static unsigned reason_with(const struct vtd_model_config *config, uint64_t offset_in, char which, uint64_t flip)
{
    struct rig r = rig_create(config);
    uint64_t base = which == 'r' ? r.root : which == 'c' ? r.contexts : which == 't' ? r.top :
                    which == '2' ? r.level2 : which == '1' ? r.level1 : r.level0;
    uint64_t good;
    uint32_t seen = 0;
    unsigned reason;

    memcpy(&good, vtd_model_ram(r.m, base + offset_in, 8), 8);
    rig_store(&r, base + offset_in, good ^ flip);
    rig_queue_on(&r);
    rig_enable(&r);
    reason = rig_read(&r, RIG_RID, RIG_IOVA, &seen);
    CHECK_STR(vtd_model_violation_text(r.m), "");
    /* Recorded with the same number. */
    if (reason != 0)
        CHECK_EQ(spec_get(vtd_model_reg64(r.m, 0, 0x408), SPEC_FRCD_HI_FR), reason);
    rig_destroy(&r);
    return reason;
}

#define CONTEXT_LO (RIG_RID * 16)
#define CONTEXT_HI (RIG_RID * 16 + 8)

TEST(root_entry_faults)
{
    struct vtd_model_config config = vtd_model_default();

    CHECK_EQ(reason_with(&config, 0, 'r', 0), 0);
    CHECK_EQ(reason_with(&config, 0, 'r', 1), 0x1);             /* P = 0 */
    for (unsigned bit = 1; bit <= 11; bit++)
        CHECK_EQ(reason_with(&config, 0, 'r', BIT_SPEC(bit)), 0xa);
    CHECK_EQ(reason_with(&config, 0, 'r', BIT_SPEC(39)), 0xa);  /* HAW is 39 */
    CHECK_EQ(reason_with(&config, 0, 'r', BIT_SPEC(38)), 0x9);  /* below HAW: no memory there */
    CHECK_EQ(reason_with(&config, 8, 'r', BIT_SPEC(0)), 0xa);
    CHECK_EQ(reason_with(&config, 8, 'r', BIT_SPEC(63)), 0xa);
}

TEST(root_table_outside_memory_faults)
{
    struct vtd_model_config config = vtd_model_default();
    struct rig r = rig_create(&config);
    uint32_t value;

    r.root = 0x4000000000;
    rig_queue_on(&r);
    rig_enable(&r);
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0x8);
    rig_destroy(&r);
}

TEST(context_entry_faults)
{
    struct vtd_model_config config = vtd_model_default();

    CHECK_EQ(reason_with(&config, CONTEXT_LO, 'c', 1), 0x2);
    for (unsigned bit = 4; bit <= 11; bit++)
        CHECK_EQ(reason_with(&config, CONTEXT_LO, 'c', BIT_SPEC(bit)), 0xb);
    CHECK_EQ(reason_with(&config, CONTEXT_LO, 'c', BIT_SPEC(39)), 0xb);
    CHECK_EQ(reason_with(&config, CONTEXT_HI, 'c', BIT_SPEC(7)), 0xb);   /* bit 71 */
    for (unsigned bit = 3; bit <= 6; bit++)                              /* 70:67 are ignored */
        CHECK_EQ(reason_with(&config, CONTEXT_HI, 'c', BIT_SPEC(bit)), 0);
    CHECK_EQ(reason_with(&config, CONTEXT_HI, 'c', BIT_SPEC(24)), 0xb);  /* bit 88 */
    CHECK_EQ(reason_with(&config, CONTEXT_HI, 'c', BIT_SPEC(63)), 0xb);
}

TEST(domain_id_bits_above_nd_are_reserved)
{
    struct vtd_model_config config = vtd_model_default();

    /* ND = 2: 8 bits, so 87:80 are reserved; ND = 6: none. */
    CHECK_EQ(reason_with(&config, CONTEXT_HI, 'c', BIT_SPEC(80 - 64)), 0xb);
    CHECK_EQ(reason_with(&config, CONTEXT_HI, 'c', BIT_SPEC(79 - 64)), 0);
    spec_put(&config.units[0].cap, SPEC_CAP_ND, 6);
    CHECK_EQ(reason_with(&config, CONTEXT_HI, 'c', BIT_SPEC(87 - 64)), 0);
}

TEST(context_entry_programming_faults)
{
    struct vtd_model_config config = vtd_model_default();

    CHECK_EQ(reason_with(&config, CONTEXT_HI, 'c', 2 ^ 3), 0x3);     /* 57 bits: not in SAGAW */
    CHECK_EQ(reason_with(&config, CONTEXT_HI, 'c', 2 ^ 0), 0x3);
    CHECK_EQ(reason_with(&config, CONTEXT_HI, 'c', 2 ^ 4), 0x3);
    CHECK_EQ(reason_with(&config, CONTEXT_LO, 'c', 3 << 2), 0x3);    /* TT = 11 */
    CHECK_EQ(reason_with(&config, CONTEXT_LO, 'c', 1 << 2), 0x3);    /* TT = 01 with DT = 0 */
    spec_put(&config.units[0].ecap, SPEC_ECAP_DT, 1);
    CHECK_EQ(reason_with(&config, CONTEXT_LO, 'c', 1 << 2), 0);
    spec_put(&config.units[0].ecap, SPEC_ECAP_PT, 0);
    CHECK_EQ(reason_with(&config, CONTEXT_LO, 'c', 2 << 2), 0x3);    /* TT = 10 with PT = 0 */
}

TEST(top_table_and_lower_tables_outside_memory_are_told_apart)
{
    struct vtd_model_config config = vtd_model_default();

    CHECK_EQ(reason_with(&config, CONTEXT_LO, 'c', BIT_SPEC(38)), 0x3);
    CHECK_EQ(reason_with(&config, 0, 't', BIT_SPEC(38)), 0x7);
    CHECK_EQ(reason_with(&config, 8, '1', BIT_SPEC(38)), 0x7);
}

TEST(second_stage_reserved_bits)
{
    struct vtd_model_config config = vtd_model_default();

    for (unsigned level = 0; level < 4; level++) {
        char which = "012t"[level];
        uint64_t at = level == 3 ? 0 : 8;

        CHECK_EQ(reason_with(&config, at, which, BIT_SPEC(62)), 0xc);
        CHECK_EQ(reason_with(&config, at, which, BIT_SPEC(51)), 0xc);
        CHECK_EQ(reason_with(&config, at, which, BIT_SPEC(39)), 0xc);
        CHECK_EQ(reason_with(&config, at, which, BIT_SPEC(11)), 0xc); /* SNP with SC = 0; reserved elsewhere */
        CHECK_EQ(reason_with(&config, at, which, 3), 0x6);            /* neither R nor W */
        CHECK_EQ(reason_with(&config, at, which, 3 | BIT_SPEC(62)), 0x6); /* then nothing else counts */
        for (unsigned bit = 52; bit <= 63; bit++) {
            if (bit != 62)
                CHECK_EQ(reason_with(&config, at, which, BIT_SPEC(bit)), 0);
        }
        CHECK_EQ(reason_with(&config, at, which, SPEC_F(6, 2) | SPEC_F(10, 8)), 0);
    }
    CHECK_EQ(reason_with(&config, 0, 't', BIT_SPEC(7)), 0xc);
    CHECK_EQ(reason_with(&config, 8, '0', BIT_SPEC(7)), 0); /* PTE: ignored */
    spec_put(&config.units[0].ecap, SPEC_ECAP_SC, 1);
    CHECK_EQ(reason_with(&config, 8, '0', BIT_SPEC(11)), 0);
    CHECK_EQ(reason_with(&config, 8, '1', BIT_SPEC(11)), 0xc);
}

/* A leaf of that level that covers RIG_IOVA, with extra bits XORed in. */
static unsigned large_leaf(const struct vtd_model_config *config, unsigned level, uint64_t extra)
{
    struct rig r = rig_create(config);
    uint32_t value;
    unsigned reason;

    rig_store(&r, (level == 1 ? r.level1 : r.level2) + 8, (0x1000000000 | 0x83) ^ extra);
    rig_queue_on(&r);
    rig_enable(&r);
    reason = rig_read(&r, RIG_RID, RIG_IOVA, &value);
    CHECK_STR(vtd_model_violation_text(r.m), "");
    rig_destroy(&r);
    return reason;
}

TEST(large_pages_follow_sslps)
{
    struct vtd_model_config config = vtd_model_default();

    CHECK_EQ(large_leaf(&config, 1, 0), 0);
    CHECK_EQ(large_leaf(&config, 1, BIT_SPEC(12)), 0xc);
    CHECK_EQ(large_leaf(&config, 1, BIT_SPEC(20)), 0xc);
    CHECK_EQ(large_leaf(&config, 1, BIT_SPEC(21)), 0);
    CHECK_EQ(large_leaf(&config, 2, 0), 0);
    CHECK_EQ(large_leaf(&config, 2, BIT_SPEC(29)), 0xc);
    CHECK_EQ(large_leaf(&config, 2, BIT_SPEC(30)), 0);
    spec_put(&config.units[0].cap, SPEC_CAP_SSLPS, 1);
    CHECK_EQ(large_leaf(&config, 1, 0), 0);
    CHECK_EQ(large_leaf(&config, 2, 0), 0xc);
    spec_put(&config.units[0].cap, SPEC_CAP_SSLPS, 0);
    CHECK_EQ(large_leaf(&config, 1, 0), 0xc);
}

TEST(permissions_are_the_and_of_all_levels)
{
    struct rig r = rig_started(NULL);
    uint32_t value;

    rig_store(&r, r.level1 + 16, r.level0 | SPEC_SS_R);
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA + 0x200000, &value), 0);
    CHECK_EQ(rig_write(&r, RIG_RID, RIG_IOVA + 0x200000, 0), 0x5);
    rig_store(&r, r.level1 + 24, r.level0 | SPEC_SS_W);
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA + 0x400000, &value), 0x6);
    CHECK_EQ(rig_write(&r, RIG_RID, RIG_IOVA + 0x400000, 0), 0);
    rig_destroy(&r);
}

TEST(zero_length_reads_and_atomics)
{
    struct vtd_model_config config = vtd_model_default();

    for (unsigned zlr = 0; zlr < 2; zlr++) {
        struct vtd_model_request request = { .rid = RIG_RID, .iova = RIG_IOVA, .access = VTD_MODEL_ZERO_READ };
        struct rig r;

        spec_put(&config.units[0].cap, SPEC_CAP_ZLR, zlr);
        r = rig_create(&config);
        rig_store(&r, r.level0 + 8, r.frame | SPEC_SS_W);
        rig_queue_on(&r);
        rig_enable(&r);
        CHECK_EQ(vtd_model_request(r.m, &request), zlr ? VTD_MODEL_DONE : VTD_MODEL_FAULT);
        request.access = VTD_MODEL_ATOMIC;
        CHECK_EQ(vtd_model_request(r.m, &request), VTD_MODEL_FAULT);
        CHECK_EQ(vtd_model_last_reason(r.m), 0x6);
        CHECK(vtd_model_reg64(r.m, 0, zlr ? 0x408 : 0x418) & SPEC_FRCD_HI_T1);
        CHECK(vtd_model_reg64(r.m, 0, zlr ? 0x408 : 0x418) & SPEC_FRCD_HI_T2);
        rig_destroy(&r);
    }
}

TEST(input_width_is_the_smaller_of_mgaw_and_aw)
{
    struct vtd_model_config config = vtd_model_default();
    struct rig r = rig_started(NULL);
    uint32_t value;

    CHECK_EQ(rig_read(&r, RIG_RID, BIT_SPEC(48) - 4096, &value), 0x6);
    CHECK_EQ(rig_read(&r, RIG_RID, BIT_SPEC(48), &value), 0x4);
    rig_destroy(&r);
    spec_put(&config.units[0].cap, SPEC_CAP_MGAW, 39 - 1);
    r = rig_started(&config);
    CHECK_EQ(rig_read(&r, RIG_RID, BIT_SPEC(39) - 4096, &value), 0x6);
    CHECK_EQ(rig_read(&r, RIG_RID, BIT_SPEC(39), &value), 0x4);
    rig_destroy(&r);
}

TEST(pass_through_is_bounded_by_the_host_width_and_needs_the_largest_aw)
{
    struct vtd_model_config config = vtd_model_default();
    struct rig r = rig_create(&config);
    uint32_t value;

    rig_store(&r, r.contexts + CONTEXT_LO, SPEC_CONTEXT_P | spec_make(SPEC_CONTEXT_TT, SPEC_TT_PASS));
    rig_queue_on(&r);
    rig_enable(&r);
    CHECK_EQ(rig_read(&r, RIG_RID, r.frame, &value), 0);
    CHECK_EQ(rig_read(&r, RIG_RID, BIT_SPEC(39), &value), 0x4);
    NO_VIOLATION(r);
    rig_destroy(&r);

    r = rig_create(&config);
    rig_store(&r, r.contexts + CONTEXT_LO, SPEC_CONTEXT_P | spec_make(SPEC_CONTEXT_TT, SPEC_TT_PASS));
    rig_store(&r, r.contexts + CONTEXT_HI, 1 | RIG_DID << 8);
    rig_queue_on(&r);
    rig_enable(&r);
    CHECK_EQ(rig_read(&r, RIG_RID, r.frame, &value), 0x3);
    rig_destroy(&r);
}

TEST(interrupt_range)
{
    struct rig r = rig_started(NULL);
    uint32_t value = 0;

    CHECK_EQ(vtd_model_dma(r.m, 0, RIG_RID, 0xfee00000, &value, 4, true), VTD_MODEL_INTERRUPT);
    CHECK_EQ(rig_read(&r, RIG_RID, 0xfee00000, &value), 0x29);
    /* A translation that ends there faults (LGN.4). */
    rig_store(&r, r.level0 + 16, 0xfee01000 | 3);
    CHECK_EQ(rig_write(&r, RIG_RID, RIG_IOVA + 0x1000, 0), 0xe);
    rig_destroy(&r);
}

TEST(requests_with_pasid_and_of_other_types)
{
    struct vtd_model_request request = { .rid = RIG_RID, .iova = RIG_IOVA, .has_pasid = true };
    struct rig r = rig_started(NULL);

    CHECK_EQ(vtd_model_request(r.m, &request), VTD_MODEL_FAULT);
    CHECK_EQ(vtd_model_last_reason(r.m), 0x31);
    request.has_pasid = false;
    request.at = VTD_MODEL_TRANSLATED;
    CHECK_EQ(vtd_model_request(r.m, &request), VTD_MODEL_FAULT);
    CHECK_EQ(vtd_model_last_reason(r.m), 0xd);
    request.at = VTD_MODEL_TRANSLATION;
    CHECK_EQ(vtd_model_request(r.m, &request), VTD_MODEL_FAULT);
    CHECK_EQ(vtd_model_last_reason(r.m), 0xd);
    rig_destroy(&r);
}

TEST(table_modes_the_unit_does_not_have)
{
    struct vtd_model_config config = vtd_model_default();

    for (unsigned ttm = 1; ttm <= 3; ttm++) {
        struct rig r = rig_create(&config);
        uint32_t value;

        r.root |= spec_make(SPEC_RTADDR_TTM, ttm);
        rig_enable(&r);
        CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0x30);
        rig_destroy(&r);
    }
}

TEST(fpd_suppresses_qualified_faults_only)
{
    struct vtd_model_config config = vtd_model_default();
    struct rig r = rig_create(&config);
    uint32_t value;

    rig_store(&r, r.contexts + RIG_OTHER * 16, SPEC_CONTEXT_FPD);
    rig_queue_on(&r);
    rig_enable(&r);
    CHECK_EQ(rig_read(&r, RIG_OTHER, 0, &value), 0x2);
    CHECK_EQ(vtd_model_reg32(r.m, 0, SPEC_FSTS), 0);
    CHECK_EQ(rig_read(&r, 0x0100, 0, &value), 0x1); /* not qualified: the root entry */
    CHECK_EQ(vtd_model_reg32(r.m, 0, SPEC_FSTS), SPEC_FSTS_PPF);
    rig_destroy(&r);
}
