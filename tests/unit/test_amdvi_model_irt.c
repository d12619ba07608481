/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The AMD-Vi model's cache of interrupt entries, and what it holds against
 * software that changes live ones by halves or frees their table.
 */
#include <sched.h>

#include "amdvi_irt_rig.h"
#include "test.h"

#define PAGE_FAULT 2u
/* RemapEn, destination 5. */
#define LIVE 0x0501ull
#define NO_VIOLATION(q) CHECK_STR(amdvi_model_violation_text((q).r.m), "")
#define VIOLATION(q, words) CHECK(strstr(amdvi_model_violation_text((q).r.m), words) != NULL)

/* ---- the cache ---- */

TEST(old_target_until_its_invalidation)
{
    for (unsigned speculate = 0; speculate < 2; speculate++) {
        struct amdvi_model_config config = airt_model();
        struct airt q;

        config.units[0].speculate = speculate;
        q = airt_started(&config, ASPEC_CTL_GA_EN);
        airt_put(&q, 3, LIVE, 0x41);
        CHECK_EQ(airt_raise(&q, 3), 0);
        amdvi_rig_store(&q.r, q.table + 3 * 16 + 8, 0x42);
        CHECK_EQ(airt_raise(&q, 3), 0);
        CHECK_EQ(airt_vector(&q), 0x41);
        CHECK(airt_flush(&q, ARIG_OTHER));
        CHECK(amdvi_rig_flush_entry(&q.r, ARIG_RID));
        CHECK_EQ(airt_raise(&q, 3), 0);
        CHECK_EQ(airt_vector(&q), 0x41);
        CHECK(airt_flush(&q, ARIG_RID));
        CHECK_EQ(airt_raise(&q, 3), 0);
        CHECK_EQ(airt_vector(&q), 0x42);
        airt_ended(&q);
    }
}

TEST(absent_entries_are_cached_too)
{
    struct airt q = airt_wide();

    CHECK_EQ(airt_raise(&q, 3), PAGE_FAULT);
    airt_put(&q, 3, LIVE, 0x41);
    CHECK_EQ(airt_raise(&q, 3), PAGE_FAULT);
    CHECK(airt_flush(&q, ARIG_RID));
    CHECK_EQ(airt_raise(&q, 3), 0);
    airt_ended(&q);
}

TEST(entries_of_32_bits_are_cached_one_by_one)
{
    struct amdvi_model_config config = airt_model();
    struct airt q = airt_started(&config, 0);

    airt_put32(&q, 2, 0x00410501);
    airt_put32(&q, 3, 0x00420501);
    CHECK_EQ(airt_raise(&q, 2), 0);
    airt_put32(&q, 2, 0x00430501);
    airt_put32(&q, 3, 0x00440501);
    CHECK_EQ(airt_raise(&q, 2), 0);
    CHECK_EQ(airt_vector(&q), 0x41);
    CHECK_EQ(airt_raise(&q, 3), 0);
    CHECK_EQ(airt_vector(&q), 0x44);
    airt_ended(&q);
}

TEST(everything_goes_with_invalidate_all)
{
    struct airt q = airt_wide();

    airt_put(&q, 3, LIVE, 0x41);
    CHECK_EQ(airt_raise(&q, 3), 0);
    amdvi_rig_store(&q.r, q.table + 3 * 16 + 8, 0x42);
    CHECK(amdvi_rig_submit(&q.r, spec_make(ASPEC_OP, ASPEC_OP_INV_ALL), 0));
    CHECK_EQ(airt_raise(&q, 3), 0);
    CHECK_EQ(airt_vector(&q), 0x42);
    airt_ended(&q);
}

/* Tables change by the device table entry: that is to be dropped first. */
TEST(another_table_takes_both_invalidations_in_order)
{
    for (unsigned right = 0; right < 2; right++) {
        struct airt q = airt_wide();
        uint64_t old = q.table;

        airt_put(&q, 3, LIVE, 0x41);
        CHECK_EQ(airt_raise(&q, 3), 0);
        q.table = amdvi_model_frames(q.r.m, 1, 4096, 0, IOMMU_ANY_PA);
        airt_put(&q, 3, LIVE, 0x42);
        amdvi_rig_entry(&q.r, ARIG_RID, 2, airt_word(q.table, 4));
        if (right) {
            CHECK(amdvi_rig_flush_entry(&q.r, ARIG_RID));
            CHECK(airt_flush(&q, ARIG_RID));
        } else {
            CHECK(airt_flush(&q, ARIG_RID));
            CHECK(amdvi_rig_flush_entry(&q.r, ARIG_RID));
        }
        CHECK_EQ(airt_raise(&q, 3), 0);
        CHECK_EQ(airt_vector(&q), right ? 0x42 : 0x41);
        CHECK(old != q.table);
        airt_ended(&q);
    }
}

TEST(entries_have_to_be_written_back_without_coherent)
{
    struct amdvi_model_config config = airt_model();
    struct airt q;
    uint64_t value = 0x42;

    config.units[0].never_snoops = true;
    q = airt_started(&config, ASPEC_CTL_GA_EN);
    airt_put(&q, 3, LIVE, 0x41);
    memcpy(amdvi_model_ram(q.r.m, q.table + 3 * 16 + 8, 8), &value, 8);
    CHECK_EQ(airt_raise(&q, 3), 0);
    CHECK_EQ(airt_vector(&q), 0x41);
    amdvi_rig_store(&q.r, q.table + 3 * 16 + 8, value);
    CHECK(airt_flush(&q, ARIG_RID));
    CHECK_EQ(airt_raise(&q, 3), 0);
    CHECK_EQ(airt_vector(&q), 0x42);
    airt_ended(&q);
}

TEST(nothing_is_cached_with_irt_cache_dis)
{
    struct amdvi_model_config config = airt_model();
    struct airt q = airt_started(&config, ASPEC_CTL_GA_EN | 1ull << 59);

    airt_put(&q, 3, LIVE, 0x41);
    CHECK_EQ(airt_raise(&q, 3), 0);
    amdvi_rig_store(&q.r, q.table + 3 * 16 + 8, 0x42);
    CHECK_EQ(airt_raise(&q, 3), 0);
    CHECK_EQ(airt_vector(&q), 0x42);
    airt_ended(&q);
}

/* ---- what hardware does not forgive ---- */

TEST(live_entry_changed_word_by_word)
{
    struct airt q = airt_wide();

    airt_put(&q, 3, LIVE, 0x41);
    CHECK_EQ(airt_raise(&q, 3), 0);
    airt_put(&q, 3, LIVE + 0x100, 0x42);
    VIOLATION(q, "live interrupt entry 0x3 of 0010 was changed word by word");
    amdvi_rig_abandon(&q.r);
}

TEST(live_entry_changed_by_one_store)
{
    struct airt q = airt_wide();
    uint64_t words[2] = { LIVE + 0x100, 0x42 };
    void *entry = amdvi_model_ram(q.r.m, q.table + 3 * 16, sizeof(words));

    airt_put(&q, 3, LIVE, 0x41);
    CHECK_EQ(airt_raise(&q, 3), 0);
    memcpy(entry, words, sizeof(words));
    amdvi_model_platform(q.r.m)->dma_flush(amdvi_model_ctx(q.r.m), entry, sizeof(words));
    airt_ended(&q);
}

TEST(absent_meanwhile_it_may_be)
{
    struct airt q = airt_wide();

    airt_put(&q, 3, LIVE, 0x41);
    CHECK_EQ(airt_raise(&q, 3), 0);
    amdvi_rig_store(&q.r, q.table + 3 * 16, 0);
    CHECK(airt_flush(&q, ARIG_RID));
    airt_put(&q, 3, LIVE + 0x100, 0x42);
    CHECK(airt_flush(&q, ARIG_RID));
    CHECK_EQ(airt_raise(&q, 3), 0);
    CHECK_EQ(amdvi_model_last_interrupt(q.r.m).apic_id, 6);
    airt_ended(&q);
}

/* Destination and vector are each other's complement. */
static bool is_whole(void *ctx, uint16_t rid, uint32_t index, const uint64_t entry[2])
{
    (void)ctx;
    return rid == ARIG_RID && index == 3 && ((entry[0] >> 8 ^ entry[1]) & 0xff) == 0xff;
}

/* The first of them may have begun before. */
static void wait_for_looks(struct amdvi_model *m, uint64_t count)
{
    uint64_t before = amdvi_model_checker_looks(m);

    for (unsigned i = 0; i < 100000000 && amdvi_model_checker_looks(m) < before + count; i++)
        sched_yield();
}

TEST(checker_sees_what_is_there_for_a_moment)
{
    for (unsigned torn = 0; torn < 2; torn++) {
        struct airt q = airt_wide();
        uint64_t *entry = amdvi_model_ram(q.r.m, q.table + 3 * 16, 16);

        airt_put(&q, 3, 0x5501, 0xaa);
        amdvi_model_watch_irte(q.r.m, 0, ARIG_RID, 3, is_whole, NULL);
        amdvi_model_checker_start(q.r.m);
        for (unsigned i = 0; i < 4; i++) {
            if (torn)
                __atomic_store_n(&entry[1], i, __ATOMIC_SEQ_CST);
            wait_for_looks(q.r.m, 2);
            if (torn)
                __atomic_store_n(&entry[1], 0xaa, __ATOMIC_SEQ_CST);
        }
        amdvi_model_checker_stop(q.r.m);
        if (torn)
            VIOLATION(q, "the checker refused");
        else
            NO_VIOLATION(q);
        amdvi_rig_abandon(&q.r);
    }
}

static void *pages_of(struct airt *q)
{
    void *pages =
        amdvi_model_platform(q->r.m)->page_alloc(amdvi_model_ctx(q->r.m), 1, IOMMU_ANY_PA);

    memset(pages, 0, 4096);
    amdvi_model_platform(q->r.m)->dma_flush(amdvi_model_ctx(q->r.m), pages, 4096);
    q->table = amdvi_model_pa(q->r.m, pages);
    amdvi_rig_entry(&q->r, ARIG_RID, 2, airt_word(q->table, 4));
    return pages;
}

static void free_page(struct airt *q, void *page)
{
    amdvi_model_platform(q->r.m)->page_free(amdvi_model_ctx(q->r.m), page, 1);
}

TEST(freed_tables)
{
    struct airt q = airt_wide();
    void *page = pages_of(&q);

    airt_put(&q, 3, LIVE, 0x41);
    CHECK_EQ(airt_raise(&q, 3), 0);
    NO_VIOLATION(q);
    free_page(&q, page);
    VIOLATION(q, "is freed, the interrupt table of 0010");
    VIOLATION(q, "whence interrupt entry 0x3 of 0010 is cached");
    amdvi_rig_abandon(&q.r);
}

TEST(tables_may_be_freed_when_both_caches_have_dropped_them)
{
    struct airt q = airt_wide();
    void *page = pages_of(&q);

    airt_put(&q, 3, LIVE, 0x41);
    CHECK_EQ(airt_raise(&q, 3), 0);
    amdvi_rig_entry(&q.r, ARIG_RID, 2, 1);
    CHECK(amdvi_rig_flush_entry(&q.r, ARIG_RID));
    CHECK(airt_flush(&q, ARIG_RID));
    free_page(&q, page);
    CHECK_EQ(airt_raise(&q, 3), PAGE_FAULT);
    airt_ended(&q);
}

TEST(tables_are_aligned_to_128_bytes)
{
    struct airt q = airt_wide();

    amdvi_rig_entry(&q.r, ARIG_RID, 2, airt_word(q.table + 64, 4));
    CHECK_EQ(airt_raise(&q, 3), PAGE_FAULT);
    VIOLATION(q, "is not aligned");
    amdvi_rig_abandon(&q.r);
}
