/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VT-d model's interrupt entry cache (VT-d §6.4, §6.5.2.8), the table
 * pointer (§6.7), and what it holds against software that changes live entries
 * by halves or frees their table.
 */
#include <sched.h>

#include "test.h"
#include "vtd_irq_rig.h"

#define NO_VIOLATION(q) CHECK_STR(vtd_model_violation_text((q).r.m), "")
#define VIOLATION(q, words) CHECK(strstr(vtd_model_violation_text((q).r.m), words) != NULL)

/* ---- the cache (§6.4, §6.5.2.8) ---- */

TEST(old_target_until_its_invalidation)
{
    for (unsigned speculate = 0; speculate < 2; speculate++) {
        struct vtd_model_config config = virq_model();
        struct virq q;

        config.units[0].speculate = speculate;
        q = virq_started_with(&config, VIRQ_S);
        virq_put(&q, 2, virq_to(0x41), VIRQ_SOURCE);
        CHECK_EQ(virq_raise(&q, 2), 0);
        rig_store(&q.r, q.table + 2 * 16, virq_to(0x42));
        CHECK_EQ(virq_raise(&q, 2), 0);
        CHECK_EQ(virq_vector(&q), 0x41);
        CHECK(virq_flush(&q, 3, 0)); /* another's */
        CHECK_EQ(virq_raise(&q, 2), 0);
        CHECK_EQ(virq_vector(&q), 0x41);
        CHECK(virq_flush(&q, 2, 0));
        CHECK_EQ(virq_raise(&q, 2), 0);
        CHECK_EQ(virq_vector(&q), 0x42);
        virq_ended(&q);
    }
}

TEST(removed_entry_stays_until_its_invalidation)
{
    struct virq q = virq_started();

    virq_put(&q, 2, virq_to(0x41), VIRQ_SOURCE);
    CHECK_EQ(virq_raise(&q, 2), 0);
    virq_put(&q, 2, 0, 0);
    CHECK_EQ(virq_raise(&q, 2), 0);
    CHECK(virq_flush_all(&q));
    CHECK_EQ(virq_raise(&q, 2), 0x22);
    virq_put(&q, 2, virq_to(0x43), VIRQ_SOURCE); /* an absent one is in no cache */
    CHECK_EQ(virq_raise(&q, 2), 0);
    virq_ended(&q);
}

TEST(invalidated_too_early_the_old_entry_comes_back)
{
    struct virq q = virq_started();

    virq_put(&q, 2, virq_to(0x41), VIRQ_SOURCE);
    CHECK_EQ(virq_raise(&q, 2), 0);
    CHECK(virq_flush(&q, 2, 0));
    virq_put(&q, 2, virq_to(0x42), VIRQ_SOURCE);
    CHECK_EQ(virq_raise(&q, 2), 0);
    CHECK_EQ(virq_vector(&q), 0x41);
    virq_ended(&q);
}

TEST(caching_mode_caches_what_is_absent)
{
    struct vtd_model_config config = virq_model();
    struct virq q;

    spec_put(&config.units[0].cap, SPEC_CAP_CM, 1);
    q = virq_started_with(&config, VIRQ_S);
    CHECK_EQ(virq_raise(&q, 2), 0x22);
    virq_put(&q, 2, virq_to(0x41), VIRQ_SOURCE);
    CHECK_EQ(virq_raise(&q, 2), 0x22);
    CHECK(virq_flush(&q, 2, 0));
    CHECK_EQ(virq_raise(&q, 2), 0);
    virq_ended(&q);
}

/* The right source's entry is in the cache; the check is made for each request. */
TEST(cached_entries_are_checked_for_each_source)
{
    struct virq q = virq_started();

    virq_put(&q, 2, virq_to(0x41), VIRQ_SOURCE);
    CHECK_EQ(virq_raise(&q, 2), 0);
    CHECK_EQ(virq_message(&q, RIG_OTHER, virq_address(2), 0), 0x26);
    CHECK_EQ(virq_raise(&q, 2), 0);
    CHECK_EQ(vtd_model_stats(q.r.m, 0).interrupt_walks, 1);
    virq_ended(&q);
}

TEST(index_masks)
{
    struct virq q = virq_started();

    for (unsigned i = 0; i < 16; i++) {
        virq_put(&q, i, virq_to(0x50 + i), VIRQ_SOURCE);
        CHECK_EQ(virq_raise(&q, i), 0);
        virq_put(&q, i, virq_to(0x70 + i), VIRQ_SOURCE);
    }
    CHECK(virq_flush(&q, 4, 2)); /* 4 to 7 */
    for (unsigned i = 0; i < 16; i++) {
        CHECK_EQ(virq_raise(&q, i), 0);
        CHECK_EQ(virq_vector(&q), (i & 12) == 4 ? 0x70 + i : 0x50 + i);
    }
    NO_VIOLATION(q);
    CHECK(virq_flush(&q, 0, 5));
    VIOLATION(q, "beyond MHMV");
    rig_destroy(&q.r);
}

/* ECAP.C = 0 and RWBF: entries are seen as tables are. */
TEST(entries_have_to_be_written_back)
{
    struct vtd_model_config config = virq_model();
    struct virq q;
    uint64_t value = virq_to(0x42);

    spec_put(&config.units[0].ecap, SPEC_ECAP_C, 0);
    q = virq_started_with(&config, VIRQ_S);
    virq_put(&q, 2, virq_to(0x41), VIRQ_SOURCE);
    memcpy(vtd_model_ram(q.r.m, q.table + 32, 8), &value, 8);
    CHECK_EQ(virq_raise(&q, 2), 0);
    CHECK_EQ(virq_vector(&q), 0x41);
    rig_store(&q.r, q.table + 32, value);
    CHECK(virq_flush(&q, 2, 0));
    CHECK_EQ(virq_raise(&q, 2), 0);
    CHECK_EQ(virq_vector(&q), 0x42);
    virq_ended(&q);
}

/* ---- the table pointer (§6.7) ---- */

TEST(pointer_needs_a_global_invalidation)
{
    struct vtd_model_config config = virq_model();

    for (unsigned enhanced = 0; enhanced < 2; enhanced++) {
        struct virq q;

        spec_put(&config.units[0].cap, SPEC_CAP_ESIRTPS, enhanced);
        q = virq_created(&config);
        vtd_model_write64(q.r.m, 0, SPEC_IRTA, q.table | VIRQ_S);
        rig_command(&q.r, SPEC_GCMD_SIRTP, true);
        CHECK(virq_flush(&q, 0, 0)); /* not global */
        rig_command(&q.r, SPEC_GCMD_IRE, true);
        CHECK_EQ(vtd_model_violations(q.r.m), enhanced ? 0 : 1);
        rig_destroy(&q.r);
    }
}

TEST(old_table_is_used_until_the_invalidation)
{
    for (unsigned enhanced = 0; enhanced < 2; enhanced++) {
        struct vtd_model_config config = virq_model();
        struct virq q;
        uint64_t other;

        spec_put(&config.units[0].cap, SPEC_CAP_ESIRTPS, enhanced);
        q = virq_started_with(&config, VIRQ_S);
        virq_put(&q, 2, virq_to(0x41), VIRQ_SOURCE);
        CHECK_EQ(virq_raise(&q, 2), 0);
        other = vtd_model_frames(q.r.m, 1, 4096, 0, IOMMU_ANY_PA);
        rig_store(&q.r, other + 40, VIRQ_SOURCE);
        rig_store(&q.r, other + 32, virq_to(0x42));
        vtd_model_write64(q.r.m, 0, SPEC_IRTA, other | VIRQ_S);
        rig_command(&q.r, SPEC_GCMD_SIRTP, true);
        CHECK_EQ(virq_raise(&q, 2), 0);
        CHECK_EQ(virq_vector(&q), enhanced ? 0x42 : 0x41);
        CHECK(virq_flush_all(&q));
        CHECK_EQ(virq_raise(&q, 2), 0);
        CHECK_EQ(virq_vector(&q), 0x42);
        virq_ended(&q);
    }
}

TEST(irta_rules)
{
    struct vtd_model_config config = virq_model();
    struct virq q = virq_started_with(&config, VIRQ_S);

    vtd_model_write64(q.r.m, 0, SPEC_IRTA, q.table | VIRQ_EIME | VIRQ_S);
    VIOLATION(q, "EIME changed while IRES is set");
    vtd_model_violations_clear(q.r.m);
    vtd_model_write64(q.r.m, 0, SPEC_IRTA, q.table | VIRQ_EIME | VIRQ_S | 0x10);
    VIOLATION(q, "IRTA written with reserved bits 0x10");
    rig_destroy(&q.r);

    spec_put(&config.units[0].ecap, SPEC_ECAP_EIM, 0);
    q = virq_created(&config);
    vtd_model_write64(q.r.m, 0, SPEC_IRTA, q.table | VIRQ_EIME);
    VIOLATION(q, "IRTA written with reserved bits 0x800");
    rig_destroy(&q.r);

    spec_put(&config.units[0].ecap, SPEC_ECAP_IR, 0);
    q = virq_created(&config);
    vtd_model_write64(q.r.m, 0, SPEC_IRTA, q.table);
    VIOLATION(q, "IRTA written with reserved bits");
    rig_destroy(&q.r);
}

/* ---- what hardware does not forgive ---- */

TEST(live_entry_changed_word_by_word)
{
    struct virq q = virq_started();

    virq_put(&q, 2, virq_to(0x41), VIRQ_SOURCE);
    CHECK_EQ(virq_raise(&q, 2), 0);
    rig_store(&q.r, q.table + 40, VIRQ_SOURCE + 1);
    rig_store(&q.r, q.table + 32, virq_to(0x42));
    VIOLATION(q, "live interrupt entry 0x2 was changed word by word");
    rig_destroy(&q.r);
}

TEST(live_entry_changed_by_one_store)
{
    struct virq q = virq_started();
    uint64_t words[2] = { virq_to(0x42), VIRQ_SOURCE + 1 };
    void *entry = vtd_model_ram(q.r.m, q.table + 32, sizeof(words));

    virq_put(&q, 2, virq_to(0x41), VIRQ_SOURCE);
    CHECK_EQ(virq_raise(&q, 2), 0);
    memcpy(entry, words, sizeof(words));
    vtd_model_platform(q.r.m)->dma_flush(vtd_model_ctx(q.r.m), entry, sizeof(words));
    virq_ended(&q);
}

TEST(absent_meanwhile_or_flushed_between_it_may_be)
{
    struct virq q = virq_started();

    virq_put(&q, 2, virq_to(0x41), VIRQ_SOURCE);
    CHECK_EQ(virq_raise(&q, 2), 0);
    rig_store(&q.r, q.table + 32, 0);
    virq_put(&q, 2, virq_to(0x42), VIRQ_SOURCE + 1);
    CHECK(virq_flush(&q, 2, 0));
    virq_put(&q, 3, virq_to(0x43), VIRQ_SOURCE);
    CHECK_EQ(virq_raise(&q, 3), 0);
    rig_store(&q.r, q.table + 48, virq_to(0x44));
    CHECK(virq_flush(&q, 3, 0));
    rig_store(&q.r, q.table + 56, VIRQ_SOURCE | 1ull << 16);
    CHECK(virq_flush(&q, 3, 0));
    virq_ended(&q);
}

/* The second word is always the first's complement in its lowest byte. */
static bool is_whole(void *ctx, uint32_t index, const uint64_t entry[2])
{
    (void)ctx;
    (void)index;
    return ((entry[0] >> 16 ^ entry[1]) & 0xff) == 0xff;
}

/* The first of them may have begun before. */
static void wait_for_looks(struct vtd_model *m, uint64_t count)
{
    uint64_t before = vtd_model_checker_looks(m);

    for (unsigned i = 0; i < 100000000 && vtd_model_checker_looks(m) < before + count; i++)
        sched_yield();
}

TEST(checker_sees_what_is_there_for_a_moment)
{
    for (unsigned torn = 0; torn < 2; torn++) {
        struct virq q = virq_started();
        uint64_t *entry = vtd_model_ram(q.r.m, q.table + 32, 16);

        virq_put(&q, 2, 0x00550001, 0xaa);
        vtd_model_watch_irte(q.r.m, 0, 2, is_whole, NULL);
        vtd_model_checker_start(q.r.m);
        for (unsigned i = 0; i < 4; i++) {
            if (torn)
                __atomic_store_n(&entry[1], i, __ATOMIC_SEQ_CST);
            wait_for_looks(q.r.m, 2);
            if (torn)
                __atomic_store_n(&entry[1], 0xaa, __ATOMIC_SEQ_CST);
        }
        vtd_model_checker_stop(q.r.m);
        if (torn)
            VIOLATION(q, "refused interrupt entry 0x2");
        else
            NO_VIOLATION(q);
        rig_destroy(&q.r);
    }
}

TEST(freed_tables)
{
    struct vtd_model_config config = virq_model();
    struct virq q = virq_created(&config);
    const struct iommu_platform *platform = vtd_model_platform(q.r.m);
    void *pages = platform->page_alloc(vtd_model_ctx(q.r.m), 2, IOMMU_ANY_PA);

    memset(pages, 0, 8192);
    vtd_model_write64(q.r.m, 0, SPEC_IRTA, vtd_model_pa(q.r.m, pages) | 8); /* 512 entries */
    rig_command(&q.r, SPEC_GCMD_SIRTP, true);
    CHECK(virq_flush_all(&q));
    rig_command(&q.r, SPEC_GCMD_IRE, true);
    NO_VIOLATION(q);
    platform->page_free(vtd_model_ctx(q.r.m), pages, 2);
    CHECK_EQ(vtd_model_violations(q.r.m), 2);
    VIOLATION(q, "is freed while IRES is set");
    CHECK_EQ(virq_raise(&q, 2), 0x22);
    VIOLATION(q, "which is freed");
    rig_destroy(&q.r);
}
