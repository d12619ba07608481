/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model of a VT-d unit against the specification, continued: caches and
 * what each invalidation drops (VT-d §6), and memory the unit does not see.
 */
#include "test.h"
#include "vtd_rig.h"

#define NO_VIOLATION(r) CHECK_STR(vtd_model_violation_text((r).m), "")
#define VIOLATION(r, words) CHECK(strstr(vtd_model_violation_text((r).m), words) != NULL)

#define CONTEXT_LO (RIG_RID * 16)
#define CONTEXT_HI (RIG_RID * 16 + 8)

/* ---- caches (§6.1, §6.2, §6.5) ---- */

TEST(translations_stay_until_invalidated)
{
    struct rig r = rig_started(NULL);
    uint32_t value;

    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0);
    rig_store(&r, r.level0 + 8, 0);
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0);
    CHECK(rig_submit(&r, rig_iotlb_descriptor(SPEC_G_DOMAIN, RIG_DID + 1), 0));
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0); /* another domain */
    CHECK(rig_submit(&r, rig_iotlb_descriptor(SPEC_G_SELECTIVE, RIG_DID), (RIG_IOVA + 0x1000) | 0x40));
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0); /* another page */
    CHECK(rig_submit(&r, rig_iotlb_descriptor(SPEC_G_SELECTIVE, RIG_DID), RIG_IOVA | 0x40));
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0x6);
    NO_VIOLATION(r);
    rig_destroy(&r);
}

TEST(address_mask_covers_its_region)
{
    struct rig r = rig_started(NULL);
    uint32_t value;

    rig_store(&r, r.level0 + 24, r.frame | 3);
    CHECK_EQ(rig_read(&r, RIG_RID, 0x40203000, &value), 0);
    rig_store(&r, r.level0 + 24, 0);
    /* AM = 1 from 0x40200000: two pages, not the fourth. */
    CHECK(rig_submit(&r, rig_iotlb_descriptor(SPEC_G_SELECTIVE, RIG_DID), 0x40200000 | 1));
    CHECK_EQ(rig_read(&r, RIG_RID, 0x40203000, &value), 0);
    CHECK(rig_submit(&r, rig_iotlb_descriptor(SPEC_G_SELECTIVE, RIG_DID), 0x40200000 | 2));
    CHECK_EQ(rig_read(&r, RIG_RID, 0x40203000, &value), 0x6);
    rig_destroy(&r);
}

/* §6.5.3.3: AM = 9 for 2 MiB; whether less drops any of it is up to the unit, and this one keeps it. */
TEST(large_pages_are_dropped_by_what_covers_them)
{
    struct rig r = rig_started(NULL);
    uint32_t value;

    rig_store(&r, r.level1 + 8, 0x200000 | 0x83);
    CHECK_EQ(rig_read(&r, RIG_RID, 0x40200000, &value), 0);
    CHECK_EQ(rig_read(&r, RIG_RID, 0x40300000, &value), 0);
    rig_store(&r, r.level1 + 8, 0);
    CHECK(rig_submit(&r, rig_iotlb_descriptor(SPEC_G_SELECTIVE, RIG_DID), 0x40200000));
    CHECK_EQ(rig_read(&r, RIG_RID, 0x40200000, &value), 0);
    CHECK_EQ(rig_read(&r, RIG_RID, 0x40300000, &value), 0);
    CHECK(rig_submit(&r, rig_iotlb_descriptor(SPEC_G_SELECTIVE, RIG_DID), 0x40200000 | 8));
    CHECK_EQ(rig_read(&r, RIG_RID, 0x40200000, &value), 0);
    CHECK(rig_submit(&r, rig_iotlb_descriptor(SPEC_G_SELECTIVE, RIG_DID), 0x40200000 | 9));
    CHECK_EQ(rig_read(&r, RIG_RID, 0x40200000, &value), 0x6);
    CHECK_EQ(rig_read(&r, RIG_RID, 0x40300000, &value), 0x6);
    rig_destroy(&r);
}

TEST(invalidation_hint_keeps_the_paging_structure_caches)
{
    struct rig r = rig_started(NULL);
    uint32_t value;

    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0);
    rig_store(&r, r.level1 + 8, 0); /* the table is unlinked */
    CHECK(rig_submit(&r, rig_iotlb_descriptor(SPEC_G_SELECTIVE, RIG_DID), RIG_IOVA | 0x40));
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0); /* still reached through the cached entry */
    CHECK(rig_submit(&r, rig_iotlb_descriptor(SPEC_G_SELECTIVE, RIG_DID), RIG_IOVA));
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0x6);
    rig_destroy(&r);
}

TEST(page_selective_drops_cached_tables_of_its_range_only)
{
    struct rig r = rig_started(NULL);
    uint32_t value;

    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0);
    rig_store(&r, r.level1 + 8, 0);
    /* IH = 0 in the next 2 MiB: the cached level-1 entry is not of that range. */
    CHECK(rig_submit(&r, rig_iotlb_descriptor(SPEC_G_SELECTIVE, RIG_DID), RIG_IOVA + 0x200000));
    CHECK(rig_submit(&r, rig_iotlb_descriptor(SPEC_G_SELECTIVE, RIG_DID), RIG_IOVA | 0x40));
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0);
    rig_destroy(&r);
}

TEST(not_present_is_not_cached_without_caching_mode)
{
    struct rig r = rig_started(NULL);
    uint32_t value;

    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA + 0x1000, &value), 0x6);
    rig_store(&r, r.level0 + 16, r.frame | 3);
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA + 0x1000, &value), 0);
    CHECK_EQ(rig_read(&r, RIG_OTHER, RIG_IOVA, &value), 0x2);
    rig_store(&r, r.contexts + RIG_OTHER * 16 + 8, 2 | RIG_DID << 8);
    rig_store(&r, r.contexts + RIG_OTHER * 16, r.top | 1);
    CHECK_EQ(rig_read(&r, RIG_OTHER, RIG_IOVA, &value), 0);
    rig_destroy(&r);
}

TEST(caching_mode_keeps_not_present_pages_and_tables)
{
    struct vtd_model_config config = vtd_model_default();
    struct rig r;
    uint32_t value;

    spec_put(&config.units[0].cap, SPEC_CAP_CM, 1);
    r = rig_started(&config);
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA + 0x1000, &value), 0x6);
    rig_store(&r, r.level0 + 16, r.frame | 3);
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA + 0x1000, &value), 0x6);
    CHECK(rig_submit(&r, rig_iotlb_descriptor(SPEC_G_SELECTIVE, RIG_DID), (RIG_IOVA + 0x1000) | 0x40));
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA + 0x1000, &value), 0);
    /* A missing table needs IH = 0. */
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA + 0x200000, &value), 0x6);
    rig_store(&r, r.level1 + 16, r.level0 | 3);
    CHECK(rig_submit(&r, rig_iotlb_descriptor(SPEC_G_SELECTIVE, RIG_DID), (RIG_IOVA + 0x200000) | 0x40));
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA + 0x200000, &value), 0x6);
    CHECK(rig_submit(&r, rig_iotlb_descriptor(SPEC_G_SELECTIVE, RIG_DID), RIG_IOVA + 0x200000));
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA + 0x200000, &value), 0);
    NO_VIOLATION(r);
    rig_destroy(&r);
}

TEST(caching_mode_tags_absent_contexts_with_domain_0)
{
    struct vtd_model_config config = vtd_model_default();
    struct rig r;
    uint32_t value;

    spec_put(&config.units[0].cap, SPEC_CAP_CM, 1);
    r = rig_started(&config);
    CHECK_EQ(rig_read(&r, RIG_OTHER, RIG_IOVA, &value), 0x2);
    rig_store(&r, r.contexts + RIG_OTHER * 16 + 8, 2 | RIG_DID << 8);
    rig_store(&r, r.contexts + RIG_OTHER * 16, r.top | 1);
    CHECK(rig_submit(&r, rig_context_descriptor(SPEC_G_SELECTIVE, RIG_DID, RIG_OTHER, 0), 0));
    CHECK_EQ(rig_read(&r, RIG_OTHER, RIG_IOVA, &value), 0x2);
    CHECK(rig_submit(&r, rig_context_descriptor(SPEC_G_SELECTIVE, 0, RIG_OTHER, 0), 0));
    CHECK_EQ(rig_read(&r, RIG_OTHER, RIG_IOVA, &value), 0);
    rig_destroy(&r);
}

TEST(domain_0_is_forbidden_with_caching_mode)
{
    struct vtd_model_config config = vtd_model_default();
    struct rig r;
    uint32_t value;

    spec_put(&config.units[0].cap, SPEC_CAP_CM, 1);
    r = rig_create(&config);
    rig_store(&r, r.contexts + CONTEXT_HI, 2);
    rig_queue_on(&r);
    rig_enable(&r);
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0);
    VIOLATION(r, "domain 0 with CM = 1");
    rig_destroy(&r);
}

TEST(context_entries_stay_until_invalidated)
{
    struct rig r = rig_started(NULL);
    uint32_t value;

    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0);
    rig_store(&r, r.contexts + CONTEXT_LO, 0);
    CHECK(rig_submit(&r, rig_iotlb_descriptor(SPEC_G_GLOBAL, 0), 0));
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0); /* the context is cached yet */
    CHECK(rig_submit(&r, rig_context_descriptor(SPEC_G_SELECTIVE, RIG_DID + 1, RIG_RID, 0), 0));
    CHECK(rig_submit(&r, rig_context_descriptor(SPEC_G_SELECTIVE, RIG_DID, RIG_OTHER, 0), 0));
    CHECK(rig_submit(&r, rig_iotlb_descriptor(SPEC_G_GLOBAL, 0), 0));
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0); /* wrong domain, wrong source */
    CHECK(rig_submit(&r, rig_context_descriptor(SPEC_G_SELECTIVE, RIG_DID, RIG_RID, 0), 0));
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0); /* the IOTLB serves it without a context */
    CHECK(rig_submit(&r, rig_iotlb_descriptor(SPEC_G_DOMAIN, RIG_DID), 0));
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0x2);
    NO_VIOLATION(r);
    rig_destroy(&r);
}

TEST(function_mask_widens_a_device_invalidation)
{
    /* FM 1 masks bit 2, FM 2 bits 2:1, FM 3 bits 2:0 (§11.4.6.1). */
    static const struct { unsigned fm, rid; bool drops; } cases[] = {
        { 0, RIG_RID, true },     { 0, RIG_RID + 4, false }, { 1, RIG_RID + 4, true }, { 1, RIG_RID + 2, false },
        { 2, RIG_RID + 6, true }, { 2, RIG_RID + 1, false }, { 3, RIG_RID + 7, true }, { 3, RIG_RID + 8, false },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rig r = rig_started(NULL);
        uint32_t value;

        CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0);
        rig_store(&r, r.contexts + CONTEXT_LO, 0);
        CHECK(rig_submit(&r, rig_context_descriptor(SPEC_G_SELECTIVE, RIG_DID, cases[i].rid, cases[i].fm), 0));
        CHECK(rig_submit(&r, rig_iotlb_descriptor(SPEC_G_DOMAIN, RIG_DID), 0));
        CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), cases[i].drops ? 0x2 : 0);
        rig_destroy(&r);
    }
}

TEST(iotlb_before_context_leaves_the_old_translation)
{
    struct rig r = rig_started(NULL);
    uint32_t value;

    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0);
    rig_store(&r, r.contexts + CONTEXT_LO, 0);
    /* The wrong order: the device goes on in between and the old context fills the IOTLB again. */
    rig_put(&r, rig_iotlb_descriptor(SPEC_G_DOMAIN, RIG_DID), 0);
    CHECK(rig_submit(&r, rig_context_descriptor(SPEC_G_SELECTIVE, RIG_DID, RIG_RID, 0), 0));
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0);
    rig_destroy(&r);
}

TEST(one_domain_with_two_tables_is_a_violation)
{
    struct rig r = rig_started(NULL);
    uint32_t value;

    rig_store(&r, r.contexts + RIG_OTHER * 16 + 8, 2 | RIG_DID << 8);
    rig_store(&r, r.contexts + RIG_OTHER * 16, r.level2 | 1);
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0);
    NO_VIOLATION(r);
    (void)rig_read(&r, RIG_OTHER, 0, &value);
    VIOLATION(r, "names two tables");
    rig_destroy(&r);
}

/* ---- memory the unit does not see (§6.8, §11.4.3) ---- */

TEST(units_that_do_not_snoop_see_flushed_lines_only)
{
    struct vtd_model_config config = vtd_model_default();
    struct rig r;
    uint64_t entry;
    uint32_t value;

    spec_put(&config.units[0].ecap, SPEC_ECAP_C, 0);
    r = rig_started(&config);
    entry = r.frame | 3;
    memcpy(vtd_model_ram(r.m, r.level0 + 16, 8), &entry, 8);
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA + 0x1000, &value), 0x6);
    vtd_model_platform(r.m)->dma_flush(r.m, vtd_model_ram(r.m, r.level0 + 16, 8), 8);
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA + 0x1000, &value), 0);
    NO_VIOLATION(r);
    rig_destroy(&r);
}

TEST(tables_that_were_never_flushed_are_noticed)
{
    struct vtd_model_config config = vtd_model_default();
    struct rig r;
    uint64_t fresh;
    uint32_t value;

    spec_put(&config.units[0].ecap, SPEC_ECAP_C, 0);
    r = rig_started(&config);
    fresh = vtd_model_pa(r.m, vtd_model_platform(r.m)->page_alloc(r.m, 1, IOMMU_ANY_PA));
    rig_store(&r, r.level1 + 16, fresh | 3);
    (void)rig_read(&r, RIG_RID, RIG_IOVA + 0x200000, &value);
    VIOLATION(r, "was never flushed");
    rig_destroy(&r);
}

TEST(write_buffers_hold_updates_back)
{
    struct vtd_model_config config = vtd_model_default();
    struct rig r;
    uint32_t value;

    spec_put(&config.units[0].cap, SPEC_CAP_RWBF, 1);
    r = rig_started(&config); /* the global invalidations imply a flush */
    rig_store(&r, r.level0 + 16, r.frame | 3);
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA + 0x1000, &value), 0x6);
    rig_command(&r, SPEC_GCMD_WBF, true);
    CHECK_EQ(vtd_model_reg32(r.m, 0, SPEC_GSTS) & SPEC_GCMD_WBF, 0);
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA + 0x1000, &value), 0);
    CHECK_EQ(vtd_model_stats(r.m, 0).wbfs, 1);
    NO_VIOLATION(r);
    rig_destroy(&r);
}

TEST(walks_into_freed_tables_are_noticed)
{
    struct rig r = rig_started(NULL);
    const struct iommu_platform *platform = vtd_model_platform(r.m);
    void *page = platform->page_alloc(r.m, 1, IOMMU_ANY_PA);
    uint32_t value;

    rig_store(&r, r.level1 + 16, vtd_model_pa(r.m, page) | 3);
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA + 0x200000, &value), 0x6);
    NO_VIOLATION(r);
    platform->page_free(r.m, page, 1);
    (void)rig_read(&r, RIG_RID, RIG_IOVA + 0x200000, &value);
    VIOLATION(r, "which is freed");
    rig_destroy(&r);
}
