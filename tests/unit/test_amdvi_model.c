/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The AMD-Vi model's translation: device table entries (AMD-Vi §2.2.2), host
 * tables (§2.2.3), guest tables (§2.2.6), caches and what drops them (§2.4).
 */
#include "amdvi_rig.h"
#include "test.h"

#define PR ASPEC_PT_PR
#define R ASPEC_PT_IR
#define W ASPEC_PT_IW
#define VALUE 0x1122334455667788ull
#define PAGE 4096u

static struct amdvi_rig started(void)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct amdvi_rig r = amdvi_rig_create(&config);

    amdvi_rig_enable(&r);
    return r;
}

static uint64_t flags_of(struct amdvi_rig *r)
{
    uint64_t event[2];

    amdvi_model_last_event(r->m, event);
    return event[0] & (ASPEC_EV_PR | ASPEC_EV_PE | ASPEC_EV_RZ | ASPEC_EV_RW | ASPEC_EV_I |
                       ASPEC_EV_GN | ASPEC_EV_TR);
}

TEST(a_mapped_address_reaches_its_frame)
{
    struct amdvi_rig r = started();
    uint64_t seen = 0;

    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA + 0x10, VALUE), 0);
    CHECK_EQ(amdvi_rig_load(&r, r.frame + 0x10), VALUE);
    CHECK_EQ(amdvi_rig_read(&r, ARIG_RID, ARIG_IOVA + 0x10, &seen), 0);
    CHECK_EQ(seen, VALUE);
    amdvi_rig_destroy(&r);
}

TEST(an_absent_page_faults_with_all_fields)
{
    struct amdvi_rig r = started();
    uint64_t event[2];

    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA + PAGE + 8, VALUE), ASPEC_EV_PAGE_FAULT);
    amdvi_rig_event(&r, 0, event);
    /* Code 2, domain 5, device 00:02.0, RW; not PR, as the entry was not there. */
    CHECK_EQ(event[0], 0x2020000500000010ull);
    CHECK_EQ(event[1], ARIG_IOVA + PAGE + 8);
    CHECK_EQ(amdvi_model_reg64(r.m, 0, ASPEC_EVT_TAIL), 16);
    amdvi_rig_destroy(&r);
}

TEST(permissions_are_those_of_every_level)
{
    static const uint64_t words[] = { 0, 1, 2, 3, 4 };

    for (size_t i = 0; i < 5; i++) {
        struct amdvi_rig r = started();
        uint64_t places[] = { r.table + ARIG_RID * 32ull, r.top, r.level3 + 8, r.level2 + 8,
                              r.level1 + 8 },
                 seen;
        uint64_t pa = places[words[i]];

        amdvi_rig_store(&r, pa, amdvi_rig_load(&r, pa) & ~W);
        CHECK_EQ(amdvi_rig_read(&r, ARIG_RID, ARIG_IOVA, &seen), 0);
        CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1), ASPEC_EV_PAGE_FAULT);
        CHECK_EQ(flags_of(&r), ASPEC_EV_PR | ASPEC_EV_PE | ASPEC_EV_RW);
        amdvi_rig_destroy(&r);
    }
}

TEST(an_entry_without_v_passes_everything_and_is_counted)
{
    struct amdvi_rig r = started();

    amdvi_rig_entry(&r, ARIG_OTHER, 0, 0);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_OTHER, r.frame, VALUE), 0);
    CHECK_EQ(amdvi_rig_load(&r, r.frame), VALUE);
    CHECK_EQ(amdvi_model_stats(r.m, 0).leaks, 1);
    amdvi_rig_destroy(&r);
}

TEST(an_entry_without_tv_blocks)
{
    struct amdvi_rig r = started();

    CHECK_EQ(amdvi_rig_write(&r, ARIG_OTHER, r.frame, VALUE), ASPEC_EV_PAGE_FAULT);
    CHECK_EQ(amdvi_rig_load(&r, r.frame), 0);
    CHECK_EQ(amdvi_model_stats(r.m, 0).leaks, 0);
    CHECK_EQ(amdvi_model_stats(r.m, 0).events, 1);
    amdvi_rig_destroy(&r);
}

TEST(blocking_may_go_without_an_event)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct amdvi_rig r;

    config.units[0].quiet_blocked = true;
    r = amdvi_rig_create(&config);
    amdvi_rig_enable(&r);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_OTHER, r.frame, VALUE), ASPEC_EV_PAGE_FAULT);
    CHECK_EQ(amdvi_model_stats(r.m, 0).events, 0);
    amdvi_rig_destroy(&r);
}

TEST(mode_0_passes_by_the_entrys_permissions)
{
    struct amdvi_rig r = started();
    uint64_t seen;

    amdvi_rig_entry(&r, ARIG_OTHER, 0, ASPEC_DTE_V | ASPEC_DTE_TV | R);
    CHECK_EQ(amdvi_rig_read(&r, ARIG_OTHER, r.frame, &seen), 0);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_OTHER, r.frame, 1), ASPEC_EV_PAGE_FAULT);
    CHECK_EQ(flags_of(&r), ASPEC_EV_PR | ASPEC_EV_PE | ASPEC_EV_RW);
    CHECK_EQ(amdvi_model_stats(r.m, 0).leaks, 0);
    amdvi_rig_destroy(&r);
}

TEST(without_iommu_en_everything_passes)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct amdvi_rig r = amdvi_rig_create(&config);

    CHECK_EQ(amdvi_rig_write(&r, ARIG_OTHER, r.frame, VALUE), 0);
    CHECK_EQ(amdvi_model_stats(r.m, 0).unprotected, 1);
    amdvi_rig_destroy(&r);
}

TEST(an_id_beyond_the_table_faults)
{
    struct amdvi_rig r = started();
    uint64_t event[2];

    /* What follows the table in memory would let it pass. */
    CHECK_EQ(r.top, r.table + 256 * 32);
    amdvi_rig_store(&r, r.top, 0);
    CHECK_EQ(amdvi_rig_write(&r, 0x0100, r.frame, VALUE), ASPEC_EV_PAGE_FAULT);
    amdvi_rig_event(&r, 0, event);
    CHECK_EQ(event[0], 0x2020000000000100ull);
    amdvi_rig_destroy(&r);
}

struct illegal {
    const char *what;
    unsigned word;
    uint64_t bits;
    bool reserved;
};

TEST(illegal_entries_are_refused_as_such)
{
    static const struct illegal cases[] = {
        { "bit 2", 0, BIT_SPEC(2), true },
        { "bit 63", 0, BIT_SPEC(63), true },
        { "HAD without HASup", 0, BIT_SPEC(7), true },
        { "GV without GTEn", 0, BIT_SPEC(55), true },
        { "Mode 7", 0, 7ull << 9, false },
        { "IoCtl 3", 1, 3ull << 35, false },
        { "I without IotlbSup", 1, BIT_SPEC(32), true },
        { "bit 180", 2, BIT_SPEC(52), true },
        { "IntCtl 3", 2, 1 | 3ull << 60, false },
        { "IntTabLen 12", 2, 1 | 12ull << 1, false },
        { "bit 192", 3, BIT_SPEC(0), true },
        { "AttrV without AttrFWSup", 3, BIT_SPEC(54), true },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct amdvi_rig r = started();

        amdvi_rig_entry(&r, ARIG_RID, cases[i].word,
                        amdvi_rig_entry_word(&r, ARIG_RID, cases[i].word) | cases[i].bits);
        if (amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1) != ASPEC_EV_ILLEGAL_DTE)
            test_fail(__FILE__, __LINE__, "%s: accepted", cases[i].what);
        CHECK_EQ(flags_of(&r), ASPEC_EV_RW | (cases[i].reserved ? ASPEC_EV_RZ : 0));
        amdvi_rig_destroy(&r);
    }
}

TEST(int_tab_len_11_is_legal)
{
    struct amdvi_rig r = started();

    amdvi_rig_entry(&r, ARIG_RID, 2, 1 | 11ull << 1 | 2ull << 60);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1), 0);
    amdvi_rig_destroy(&r);
}

/* ---- host tables ---- */

TEST(an_address_above_the_levels_faults)
{
    struct amdvi_rig r = started();

    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA | BIT_SPEC(48), 1), ASPEC_EV_PAGE_FAULT);
    CHECK_EQ(flags_of(&r), ASPEC_EV_RW);
    amdvi_rig_destroy(&r);
}

TEST(skipped_levels_need_zero_address_bits)
{
    struct amdvi_rig r = started();

    /* From level 4 to level 1 at once: bits 38:21 are not translated. */
    amdvi_rig_store(&r, r.top, r.level1 | PR | R | W | spec_make(ASPEC_PT_NEXT, 1));
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, 0x1000, VALUE), 0);
    CHECK_EQ(amdvi_rig_load(&r, r.frame), VALUE);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, 0x1000 | BIT_SPEC(21), 1), ASPEC_EV_PAGE_FAULT);
    CHECK_EQ(flags_of(&r), ASPEC_EV_PR | ASPEC_EV_RW);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, 0x1000 | BIT_SPEC(38), 1), ASPEC_EV_PAGE_FAULT);
    amdvi_rig_destroy(&r);
}

TEST(skipped_levels_need_zero_address_bits_at_the_first_walk_too)
{
    struct amdvi_rig r = started();

    amdvi_rig_store(&r, r.top, r.level1 | PR | R | W | spec_make(ASPEC_PT_NEXT, 1));
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, 0x1000 | BIT_SPEC(21), 1), ASPEC_EV_PAGE_FAULT);
    CHECK_EQ(flags_of(&r), ASPEC_EV_PR | ASPEC_EV_RW);
    amdvi_rig_destroy(&r);
}

TEST(a_level_that_does_not_fall_is_refused)
{
    struct amdvi_rig r = started();

    amdvi_rig_store(&r, r.level2 + 8, r.level1 | PR | R | W | spec_make(ASPEC_PT_NEXT, 2));
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1), ASPEC_EV_PAGE_FAULT);
    CHECK_EQ(flags_of(&r), ASPEC_EV_PR | ASPEC_EV_RW);
    amdvi_rig_destroy(&r);
}

TEST(reserved_bits_of_page_and_directory_are_refused)
{
    struct amdvi_rig r = started();

    amdvi_rig_store(&r, r.level1 + 8, r.frame | PR | R | W | BIT_SPEC(58));
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1), ASPEC_EV_PAGE_FAULT);
    CHECK_EQ(flags_of(&r), ASPEC_EV_PR | ASPEC_EV_RZ | ASPEC_EV_RW);
    /* FC is a page's, not a directory's. */
    amdvi_rig_store(&r, r.level1 + 8, r.frame | PR | R | W | ASPEC_PT_FC);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1), 0);
    amdvi_rig_destroy(&r);
    r = started();
    amdvi_rig_store(&r, r.level2 + 8, amdvi_rig_load(&r, r.level2 + 8) | ASPEC_PT_FC);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1), ASPEC_EV_PAGE_FAULT);
    CHECK_EQ(flags_of(&r), ASPEC_EV_PR | ASPEC_EV_RZ | ASPEC_EV_RW);
    amdvi_rig_destroy(&r);
}

/* 16 KiB at an aligned frame: bits 12 is one, 13 is zero (2^(13+1)). */
static uint64_t map_16k(struct amdvi_rig *r, unsigned copies)
{
    uint64_t pa = amdvi_model_frames(r->m, 4, 4 * PAGE, 0, IOMMU_ANY_PA);

    for (unsigned i = 0; i < copies; i++)
        amdvi_rig_store(r, r->level1 + 8 * (4 + i),
                        pa | 0x1000 | PR | R | W | spec_make(ASPEC_PT_NEXT, 7));
    return pa;
}

#define IOVA_16K (ARIG_IOVA + 3 * PAGE)

TEST(an_encoded_size_is_one_page)
{
    struct amdvi_rig r = started();
    uint64_t pa = map_16k(&r, 4);

    for (unsigned i = 0; i < 4; i++)
        CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, IOVA_16K + i * PAGE, VALUE + i), 0);
    for (unsigned i = 0; i < 4; i++)
        CHECK_EQ(amdvi_rig_load(&r, pa + i * PAGE), VALUE + i);
    CHECK_EQ(amdvi_model_stats(r.m, 0).walks, 1);
    amdvi_rig_destroy(&r);
}

TEST(copies_of_a_page_that_differ_are_a_violation)
{
    struct amdvi_rig r = started();

    (void)map_16k(&r, 4);
    amdvi_rig_store(&r, r.level1 + 8 * 6, r.frame | PR | R);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, IOVA_16K, 1), 0);
    CHECK(strstr(amdvi_model_violation_text(r.m), "copies of one page differ") != NULL);
    amdvi_rig_abandon(&r);
}

TEST(copies_still_to_come_are_no_violation)
{
    struct amdvi_rig r = started();

    (void)map_16k(&r, 1);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, IOVA_16K, 1), 0);
    amdvi_rig_destroy(&r);
}

TEST(an_encoded_size_of_another_level_is_refused)
{
    struct amdvi_rig r = started();

    /* 8 KiB in level 2, whose pages are larger than 2 MiB. */
    amdvi_rig_store(&r, r.level2 + 8, r.frame | PR | R | W | spec_make(ASPEC_PT_NEXT, 7));
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1), ASPEC_EV_PAGE_FAULT);
    CHECK_EQ(flags_of(&r), ASPEC_EV_PR | ASPEC_EV_RW);
    amdvi_rig_destroy(&r);
}

TEST(an_encoded_size_of_the_next_level_s_default_is_refused)
{
    struct amdvi_rig r = started();

    /* Ones from bit 12 to 19, zero in bit 20: 2 MiB, in level 1. */
    amdvi_rig_store(&r, r.level1 + 8, 0xff000 | PR | R | W | spec_make(ASPEC_PT_NEXT, 7));
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1), ASPEC_EV_PAGE_FAULT);
    CHECK_EQ(flags_of(&r), ASPEC_EV_PR | ASPEC_EV_RW);
    amdvi_rig_destroy(&r);
}

TEST(a_and_d_are_set_as_had_says)
{
    static const uint64_t wanted[4] = { 0, ASPEC_PT_A, 0, ASPEC_PT_A | ASPEC_PT_D };

    for (unsigned had = 0; had < 4; had++) {
        struct amdvi_model_config config = amdvi_model_default();
        struct amdvi_rig r;

        spec_put(&config.units[0].efr, ASPEC_EFR_HA_SUP, 1);
        spec_put(&config.units[0].efr, ASPEC_EFR_HD_SUP, 1);
        r = amdvi_rig_create(&config);
        amdvi_rig_entry(&r, ARIG_RID, 0,
                        amdvi_rig_entry_word(&r, ARIG_RID, 0) | spec_make(ASPEC_DTE_HAD, had));
        amdvi_rig_enable(&r);
        CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1), had == 2 ? ASPEC_EV_ILLEGAL_DTE : 0);
        CHECK_EQ(amdvi_rig_load(&r, r.level1 + 8) & (ASPEC_PT_A | ASPEC_PT_D), wanted[had]);
        amdvi_rig_destroy(&r);
    }
}

/* ---- what no table decides ---- */

TEST(with_snp_mode_0_is_illegal)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct amdvi_rig r;

    config.units[0].snp = true;
    r = amdvi_rig_create(&config);
    amdvi_rig_entry(&r, ARIG_OTHER, 0, ASPEC_DTE_V | ASPEC_DTE_TV | R | W);
    amdvi_rig_enable(&r);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_OTHER, r.frame, 1), ASPEC_EV_ILLEGAL_DTE);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1), 0);
    amdvi_rig_destroy(&r);
}

TEST(the_exclusion_range_passes_whom_it_allows)
{
    struct amdvi_rig r = started();

    amdvi_model_write64(r.m, 0, ASPEC_EXCL_LIMIT, r.frame);
    amdvi_model_write64(r.m, 0, ASPEC_EXCL_BASE, r.frame | ASPEC_EXCL_EN);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_OTHER, r.frame, 1), ASPEC_EV_PAGE_FAULT);
    amdvi_model_write64(r.m, 0, ASPEC_EXCL_BASE, r.frame | ASPEC_EXCL_EN | ASPEC_EXCL_ALLOW);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_OTHER, r.frame, 1), 0);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_OTHER, r.frame + PAGE, 1), ASPEC_EV_PAGE_FAULT);
    amdvi_rig_destroy(&r);
}

TEST(the_hypertransport_range_is_no_memory)
{
    struct amdvi_rig r = started();

    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, 0xfd00000000ull, 1), ASPEC_EV_INVALID_REQUEST);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, 0xfcfffff000ull, 1), ASPEC_EV_PAGE_FAULT);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, 0x10000000000ull, 1), ASPEC_EV_PAGE_FAULT);
    amdvi_rig_destroy(&r);
}

TEST(a_segment_of_the_device_table_is_chosen_by_the_top_bits)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct amdvi_rig r;

    spec_put(&config.units[0].efr, ASPEC_EFR_DEV_TBL_SEG_SUP, 1);
    r = amdvi_rig_create(&config);
    /* Two segments: ids from 8000h on are in the second, which is the same table here. */
    amdvi_model_write64(r.m, 0, ASPEC_DEV_TAB_SEG_1, r.table | 1);
    amdvi_rig_control(&r, spec_make(ASPEC_CTL_DEV_TBL_SEG_EN, 1), true);
    amdvi_rig_enable(&r);
    CHECK_EQ(amdvi_rig_write(&r, 0x8000 | ARIG_RID, ARIG_IOVA, 1), 0);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1), 0);
    CHECK_EQ(amdvi_rig_write(&r, 0x8100, ARIG_IOVA, 1), ASPEC_EV_PAGE_FAULT);
    amdvi_rig_destroy(&r);
}

/* ---- caches ---- */

TEST(a_translation_stays_until_its_pages_are_invalidated)
{
    struct amdvi_rig r = started();

    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1), 0);
    amdvi_rig_store(&r, r.level1 + 8, 0);
    CHECK(amdvi_rig_flush_entry(&r, ARIG_RID));
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 2), 0);
    /* The page beside it, and another domain's. */
    CHECK(amdvi_rig_flush_pages(&r, ARIG_IOVA + PAGE));
    CHECK(amdvi_rig_submit(
        &r, spec_make(ASPEC_OP, ASPEC_OP_INV_PAGES) | spec_make(ASPEC_PAGES_DOMAIN, ARIG_DID + 1),
        ASPEC_ALL_PAGES | ASPEC_PAGES_S));
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 3), 0);
    CHECK(amdvi_rig_flush_pages(&r, ARIG_IOVA));
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 4), ASPEC_EV_PAGE_FAULT);
    amdvi_rig_destroy(&r);
}

TEST(a_large_page_is_dropped_as_a_whole_or_not)
{
    struct amdvi_rig r = started();

    (void)map_16k(&r, 4);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, IOVA_16K, 1), 0);
    for (unsigned i = 0; i < 4; i++)
        amdvi_rig_store(&r, r.level1 + 8 * (4 + i), 0);
    for (unsigned i = 0; i < 4; i++)
        CHECK(amdvi_rig_flush_pages(&r, IOVA_16K + i * PAGE));
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, IOVA_16K, 2), 0);
    CHECK(amdvi_rig_flush_pages(&r, IOVA_16K | 0x1000 | ASPEC_PAGES_S));
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, IOVA_16K, 3), ASPEC_EV_PAGE_FAULT);
    amdvi_rig_destroy(&r);
}

TEST(a_directory_stays_without_pde)
{
    struct amdvi_rig r = started();
    uint64_t other = amdvi_model_frames(r.m, 1, PAGE, 0, IOMMU_ANY_PA);

    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1), 0);
    for (unsigned i = 0; i < PAGE; i += 8)
        amdvi_rig_store(&r, other + i, 0);
    amdvi_rig_store(&r, r.level2 + 8, other | PR | R | W | spec_make(ASPEC_PT_NEXT, 1));
    CHECK(amdvi_rig_flush_pages(&r, ASPEC_ALL_PAGES | ASPEC_PAGES_S));
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 2), 0);
    CHECK(amdvi_rig_flush_pages(&r, ASPEC_ALL_PAGES | ASPEC_PAGES_S | ASPEC_PAGES_PDE));
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 3), ASPEC_EV_PAGE_FAULT);
    amdvi_rig_destroy(&r);
}

TEST(an_entry_stays_until_it_is_invalidated)
{
    struct amdvi_rig r = started();

    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1), 0);
    amdvi_rig_entry(&r, ARIG_RID, 0, ASPEC_DTE_V);
    CHECK(amdvi_rig_flush_entry(&r, ARIG_OTHER));
    CHECK(amdvi_rig_flush_pages(&r, ASPEC_ALL_PAGES | ASPEC_PAGES_S | ASPEC_PAGES_PDE));
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 2), 0);
    CHECK(amdvi_rig_flush_entry(&r, ARIG_RID));
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 3), ASPEC_EV_PAGE_FAULT);
    amdvi_rig_destroy(&r);
}

TEST(invalidating_all_drops_all)
{
    struct amdvi_rig r = started();

    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1), 0);
    amdvi_rig_store(&r, r.level2 + 8, 0);
    CHECK(amdvi_rig_submit(&r, spec_make(ASPEC_OP, ASPEC_OP_INV_ALL), 0));
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 3), ASPEC_EV_PAGE_FAULT);
    amdvi_rig_destroy(&r);
}

TEST(absent_entries_are_cached_only_with_np_cache)
{
    for (unsigned np = 0; np < 2; np++) {
        struct amdvi_model_config config = amdvi_model_default();
        struct amdvi_rig r;

        config.units[0].header |= (uint32_t)spec_make(ASPEC_CAPH_NP_CACHE, np);
        r = amdvi_rig_create(&config);
        amdvi_rig_enable(&r);
        CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA + PAGE, 1), ASPEC_EV_PAGE_FAULT);
        amdvi_rig_store(&r, r.level1 + 16, r.frame | PR | R | W);
        CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA + PAGE, 1), np ? ASPEC_EV_PAGE_FAULT : 0);
        CHECK(amdvi_rig_flush_pages(&r, ARIG_IOVA + PAGE));
        CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA + PAGE, 1), 0);
        amdvi_rig_destroy(&r);
    }
}

TEST(what_is_dropped_is_fetched_again_at_once)
{
    struct amdvi_rig r = started();

    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1), 0);
    /* Invalidated before the table is changed: the old page is back. */
    CHECK(amdvi_rig_flush_pages(&r, ARIG_IOVA));
    amdvi_rig_store(&r, r.level1 + 8, 0);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 2), 0);
    amdvi_rig_destroy(&r);
}

TEST(one_domain_id_with_two_tables_is_a_violation)
{
    struct amdvi_rig r = started();
    uint64_t top = amdvi_model_frames(r.m, 1, PAGE, 0, IOMMU_ANY_PA);

    amdvi_rig_entry(&r, ARIG_OTHER, 1, ARIG_DID);
    amdvi_rig_entry(&r, ARIG_OTHER, 0,
                    top | ASPEC_DTE_V | ASPEC_DTE_TV | R | W | spec_make(ASPEC_DTE_MODE, 4));
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1), 0);
    (void)amdvi_rig_write(&r, ARIG_OTHER, ARIG_IOVA, 1);
    CHECK(strstr(amdvi_model_violation_text(r.m), "names two tables") != NULL);
    amdvi_rig_abandon(&r);
}

TEST(without_coherent_only_flushed_memory_is_seen)
{
    struct amdvi_rig r = started();
    uint64_t entry = r.frame | PR | R | W;

    amdvi_rig_control(&r, ASPEC_CTL_COHERENT, false);
    memcpy(amdvi_model_ram(r.m, r.level1 + 16, 8), &entry, 8);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA + PAGE, 1), ASPEC_EV_PAGE_FAULT);
    amdvi_rig_store(&r, r.level1 + 16, entry);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA + PAGE, 1), 0);
    amdvi_rig_destroy(&r);
}

/* ---- guest tables ---- */

/* The host levels 4 to 1 of the rig serve as AMD64 tables: entries are made anew. */
static struct amdvi_rig guest_started(bool giov)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct amdvi_rig r = amdvi_rig_create(&config);
    uint64_t gcr3 = amdvi_model_frames(r.m, 1, PAGE, 0, IOMMU_ANY_PA);
    uint64_t attributes = ASPEC_V2_P | ASPEC_V2_RW | ASPEC_V2_US;

    for (unsigned i = 0; i < PAGE; i += 8)
        amdvi_rig_store(&r, gcr3 + i, 0);
    amdvi_rig_store(&r, gcr3, r.top | ASPEC_GCR3_V);
    amdvi_rig_store(&r, gcr3 + 8 * 3, r.top | ASPEC_GCR3_V);
    amdvi_rig_store(&r, r.top, r.level3 | attributes);
    amdvi_rig_store(&r, r.level3 + 8, r.level2 | attributes);
    amdvi_rig_store(&r, r.level2 + 8, r.level1 | attributes);
    amdvi_rig_store(&r, r.level1 + 8, r.frame | attributes);
    amdvi_rig_entry(&r, ARIG_RID, 1,
                    ARIG_DID | spec_make(ASPEC_DTE_GCR3_30_15, gcr3 >> 15) |
                        spec_make(ASPEC_DTE_GCR3_51_31, gcr3 >> 31));
    amdvi_rig_entry(&r, ARIG_RID, 0,
                    ASPEC_DTE_V | ASPEC_DTE_TV | R | W | ASPEC_DTE_GV |
                        (giov ? ASPEC_DTE_GIOV : 0) | spec_make(ASPEC_DTE_GCR3_14_12, gcr3 >> 12));
    amdvi_rig_control(&r, ASPEC_CTL_GT_EN, true);
    amdvi_rig_enable(&r);
    return r;
}

static unsigned pasid_write(struct amdvi_rig *r, uint32_t pasid, uint64_t iova)
{
    uint64_t value = VALUE;

    (void)amdvi_model_request(r->m, &(struct amdvi_model_request){ .rid = ARIG_RID,
                                                                    .iova = iova,
                                                                    .data = &value,
                                                                    .len = sizeof(value),
                                                                    .access = AMDVI_MODEL_WRITE,
                                                                    .has_pasid = true,
                                                                    .pasid = pasid });
    return amdvi_model_last_reason(r->m);
}

TEST(guest_tables_translate_with_and_without_pasid)
{
    struct amdvi_rig r = guest_started(true);

    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, VALUE), 0);
    CHECK_EQ(amdvi_rig_load(&r, r.frame), VALUE);
    CHECK_EQ(amdvi_rig_load(&r, r.level1 + 8) & (ASPEC_V2_A | ASPEC_V2_D), ASPEC_V2_A | ASPEC_V2_D);
    CHECK_EQ(pasid_write(&r, 3, ARIG_IOVA + 8), 0);
    CHECK_EQ(amdvi_rig_load(&r, r.frame + 8), VALUE);
    CHECK_EQ(pasid_write(&r, 4, ARIG_IOVA), ASPEC_EV_PAGE_FAULT);
    CHECK_EQ(flags_of(&r), ASPEC_EV_GN | ASPEC_EV_RW);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA | BIT_SPEC(48), 1), ASPEC_EV_PAGE_FAULT);
    amdvi_rig_destroy(&r);
}

TEST(without_giov_requests_without_pasid_take_the_host_way)
{
    struct amdvi_rig r = guest_started(false);

    /* Mode is 0: untranslated. */
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, r.frame + 16, VALUE), 0);
    CHECK_EQ(amdvi_rig_load(&r, r.frame + 16), VALUE);
    amdvi_rig_destroy(&r);
}

TEST(guest_translations_are_dropped_by_gn_and_their_pasid)
{
    struct amdvi_rig r = guest_started(true);
    uint64_t lo = spec_make(ASPEC_OP, ASPEC_OP_INV_PAGES) | spec_make(ASPEC_PAGES_DOMAIN, ARIG_DID);
    uint64_t all = ASPEC_ALL_PAGES | ASPEC_PAGES_S | ASPEC_PAGES_PDE;

    CHECK_EQ(pasid_write(&r, 3, ARIG_IOVA), 0);
    amdvi_rig_store(&r, r.level1 + 8, 0);
    CHECK(amdvi_rig_submit(&r, lo, all));
    CHECK(amdvi_rig_submit(&r, lo, all | ASPEC_PAGES_GN));
    CHECK_EQ(pasid_write(&r, 3, ARIG_IOVA), 0);
    CHECK(amdvi_rig_submit(&r, lo | 3, all | ASPEC_PAGES_GN));
    CHECK_EQ(pasid_write(&r, 3, ARIG_IOVA), ASPEC_EV_PAGE_FAULT);
    amdvi_rig_destroy(&r);
}

TEST(guest_translations_without_pasid_are_pasid_0_s_and_no_host_ones)
{
    struct amdvi_rig r = guest_started(true);
    uint64_t all = ASPEC_ALL_PAGES | ASPEC_PAGES_S | ASPEC_PAGES_PDE;

    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1), 0);
    amdvi_rig_store(&r, r.level1 + 8, 0);
    CHECK(amdvi_rig_flush_pages(&r, all));
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1), 0);
    CHECK(amdvi_rig_flush_pages(&r, all | ASPEC_PAGES_GN));
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1), ASPEC_EV_PAGE_FAULT);
    amdvi_rig_destroy(&r);
}

TEST(guest_pages_without_us_are_refused)
{
    struct amdvi_rig r = guest_started(true);

    amdvi_rig_store(&r, r.level1 + 8, r.frame | ASPEC_V2_P | ASPEC_V2_RW);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1), ASPEC_EV_PAGE_FAULT);
    CHECK_EQ(flags_of(&r), ASPEC_EV_GN | ASPEC_EV_PR | ASPEC_EV_PE | ASPEC_EV_RW);
    amdvi_rig_destroy(&r);
}
