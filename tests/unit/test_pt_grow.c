/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trees that grow (AMD-Vi §2.2.3): taller roots, entries that skip levels, and
 * levels put in later. A walker written from the specification stands for units
 * that walk from the old root, and for those that already have the new one.
 */
#include "test.h"

#include <pthread.h>

#include "fake_platform.h"
#include "pt_walker.h"

#define TABLE_IGNORED 0x80000000000001deull
#define SIZE_4K 0x1000ull
#define SIZE_2M 0x200000ull
#define SIZE_1G 0x40000000ull
#define SIZE_512G 0x8000000000ull       /* what three levels reach */
#define SIZE_256T 0x1000000000000ull    /* what four reach */
#define SIZE_128P 0x200000000000000ull  /* what five reach */
#define ALL_SIZES 0x7ffffff000ull
#define ROOT 0x240000000ull

static struct fake_platform fake;
static struct pt_table t;
static const struct pt_ops *const ops = &pt_amd_v1;

static void create_sized(unsigned levels, unsigned input_bits, bool coherent)
{
    struct pt_config config = {
        .platform = &fake.platform, .platform_ctx = &fake, .levels = levels,
        .input_bits = input_bits, .page_sizes = ALL_SIZES, .output_bits = 46,
        .coherent = coherent, .table_limit_pa = IOMMU_ANY_PA,
    };

    fake_platform_init(&fake, 48);
    config.platform = &fake.platform;
    CHECK_OK(ops->create(&t, &config));
}

static void create(unsigned levels)
{
    create_sized(levels, 64, false);
}

static void finish(void)
{
    ops->destroy(&t);
    CHECK_EQ(fake.live_pages, 0);
    CHECK_EQ(fake.misuses, 0);
    fake_platform_free(&fake);
}

static enum iommu_status map_gather(uint64_t iova, uint64_t pa, uint64_t len, struct iommu_gather *gather)
{
    struct iommu_mapping m = { .iova = iova, .pa = pa, .len = len, .prot = IOMMU_RW };

    return ops->map(&t, &m, gather);
}

static enum iommu_status map(uint64_t iova, uint64_t pa, uint64_t len)
{
    struct iommu_gather gather = { 0 };
    enum iommu_status status = map_gather(iova, pa, len, &gather);

    pt_free_gathered(&t, &gather);
    return status;
}

static uint64_t *map_page(uint64_t iova, uint64_t pa)
{
    struct iommu_mapping m = { .iova = iova, .pa = pa, .len = SIZE_4K, .prot = IOMMU_RW };

    return ops->map_page(&t, &m);
}

static void grow(uint64_t last)
{
    struct pt_root root;

    CHECK_OK(ops->grow(&t, last, &root));
    ops->raise(&t, &root);
}

static uint64_t entry(uint64_t pa, unsigned index)
{
    return fake_read64(&fake, pa + index * 8, t.config.coherent) & ~TABLE_IGNORED;
}

static uint64_t seen_from(struct pt_root root, uint64_t iova)
{
    return pt_walk_v1(&fake, t.config.coherent, root, iova).seen;
}

/* Hardware and the library's own walks agree. */
static void check_at(uint64_t iova, uint64_t pa)
{
    struct pt_root root = { .pa = t.root_pa, .levels = t.config.levels };
    struct iommu_leaf leaf;
    uint64_t to;
    bool mapped = pa != PT_WALK_NONE;

    CHECK_EQ(seen_from(root, iova), mapped ? pa | IOMMU_RW : pa);
    CHECK_EQ(ops->lookup(&t, iova, &leaf), mapped ? IOMMU_OK : IOMMU_ERR_NOT_FOUND);
    CHECK_EQ(leaf.pa, mapped ? pa : 0);
    CHECK_EQ(ops->translate(&t, iova, &to), mapped ? IOMMU_OK : IOMMU_ERR_NOT_FOUND);
    CHECK_EQ(to, mapped ? pa : 0);
}

/* ---- roots ---- */

TEST(next_root_leads_to_the_one_before)
{
    struct pt_root old = { .pa = ROOT, .levels = 3 }, root;

    create(3);
    CHECK_OK(map(0x5000, 0x7000, SIZE_4K));
    CHECK_EQ(map(SIZE_512G, 0x8000, SIZE_4K), IOMMU_ERR_RANGE);
    CHECK_EQ(map(SIZE_512G - SIZE_4K, 0x8000, 2 * SIZE_4K), IOMMU_ERR_RANGE);
    CHECK_OK(ops->grow(&t, SIZE_512G + 0xfff, &root));
    CHECK_EQ(root.levels, 4);
    CHECK_EQ(root.pa, 0x240003000);
    CHECK_EQ(entry(root.pa, 0), 0x6000000240000601);
    CHECK_EQ(entry(root.pa, 1), 0);
    CHECK_EQ(t.table_pages, 4);
    /* Units may walk from either, and nothing is mapped that only one of them sees. */
    CHECK_EQ(t.root_pa, ROOT);
    CHECK_EQ(map(SIZE_512G, 0x8000, SIZE_4K), IOMMU_ERR_RANGE);
    CHECK(map_page(SIZE_512G, 0x8000) == NULL);
    CHECK_OK(map(0x6000, 0x9000, SIZE_4K));
    CHECK_EQ(seen_from(old, 0x6000), 0x9000 | IOMMU_RW);
    CHECK_EQ(seen_from(root, 0x6000), 0x9000 | IOMMU_RW);
    ops->raise(&t, &root);
    CHECK_EQ(t.root_pa, root.pa);
    CHECK_EQ(t.config.levels, 4);
    CHECK(t.root == fake_at(&fake, root.pa));
    CHECK_OK(map(SIZE_512G, 0x8000, SIZE_4K));
    check_at(SIZE_512G, 0x8000);
    check_at(0x5000, 0x7000);
    check_at(SIZE_512G + SIZE_4K, PT_WALK_NONE);
    CHECK_EQ(seen_from(old, 0x5000), 0x7000 | IOMMU_RW);
    finish();
}

/* The operations on one page follow at once, and not before. */
static void check_quick(unsigned levels, uint64_t last)
{
    uint64_t *at;

    create(levels);
    CHECK_OK(map(0, 0x7000, SIZE_4K));
    CHECK_EQ(map_page(SIZE_4K, 0x8000) != NULL, levels >= 3);
    CHECK(map_page(last & ~0xfffull, 0x8000) == NULL);
    grow(last);
    CHECK_OK(map(last & ~0x1fffffull, 0x9000, SIZE_4K));
    at = map_page(last & ~0xfffull, 0x8000);
    CHECK(at != NULL);
    pt_flush_entry(&t, at);
    check_at(last & ~0xfffull, 0x8000);
    check_at(0, 0x7000);
    CHECK(ops->unmap_page(&t, last & ~0xfffull, SIZE_4K) == at);
    pt_flush_entry(&t, at);
    check_at(last & ~0xfffull, PT_WALK_NONE);
    CHECK(map_page(last + 1, 0x8000) == NULL);
    finish();
}

TEST(page_operations_know_the_new_root)
{
    check_quick(3, SIZE_256T - 1);
    check_quick(2, SIZE_512G - 1);
    check_quick(1, SIZE_512G - 1);
    check_quick(1, SIZE_256T - 1);
    check_quick(2, SIZE_256T - 1);
}

/* Above four levels they step aside, whatever a five-level root's entries look like to them. */
TEST(page_operations_leave_taller_roots_alone)
{
    create(3);
    CHECK_OK(map(SIZE_1G, 0x7000, SIZE_4K));
    grow(SIZE_256T);
    CHECK_EQ(t.config.levels, 5);
    /* Entry 1 of the root: 2^48, and to the eye of four levels 2^39. */
    CHECK_OK(map(SIZE_256T + SIZE_1G, 0x8000, SIZE_4K));
    CHECK(map_page(SIZE_512G + SIZE_1G + SIZE_4K, 0x9000) == NULL);
    CHECK(ops->unmap_page(&t, SIZE_512G + SIZE_1G, SIZE_4K) == NULL);
    check_at(SIZE_512G + SIZE_1G, PT_WALK_NONE);
    check_at(SIZE_256T + SIZE_1G, 0x8000);
    check_at(SIZE_1G, 0x7000);
    finish();
}

TEST(several_levels_at_once_take_one_root)
{
    struct pt_root root;
    struct iommu_leaf leaf;

    create(3);
    CHECK_OK(map(0x5000, 0x7000, SIZE_4K));
    CHECK_OK(ops->grow(&t, 1ull << 60, &root));
    CHECK_EQ(root.levels, 6);
    CHECK_EQ(t.table_pages, 4);
    ops->raise(&t, &root);
    /* From level 6 to level 3: bits 56:39 must be 0. */
    CHECK_EQ(entry(root.pa, 0), 0x6000000240000601);
    check_at(0x5000, 0x7000);
    check_at(SIZE_512G + 0x5000, PT_WALK_NONE);
    check_at(SIZE_256T + 0x5000, PT_WALK_NONE);
    CHECK_EQ(ops->lookup(&t, SIZE_512G + 0x5000, &leaf), IOMMU_ERR_NOT_FOUND);
    CHECK_EQ(leaf.level, 5);
    /* 2^60 is entry 8; no level is skipped there. */
    CHECK_OK(map(1ull << 60, 0x8000, SIZE_4K));
    CHECK_EQ(entry(root.pa, 8), 0x6000000240004a01);
    check_at(1ull << 60, 0x8000);
    finish();
}

TEST(width_bounds_growth)
{
    struct pt_root root;

    create_sized(3, 50, false);
    CHECK_EQ(ops->grow(&t, 1ull << 50, &root), IOMMU_ERR_RANGE);
    CHECK_OK(ops->grow(&t, (1ull << 50) - 1, &root));
    CHECK_EQ(root.levels, 5);
    ops->raise(&t, &root);
    CHECK_EQ(map(1ull << 50, 0x8000, SIZE_4K), IOMMU_ERR_RANGE);
    CHECK_OK(map((1ull << 50) - SIZE_4K, 0x8000, SIZE_4K));
    check_at((1ull << 50) - SIZE_4K, 0x8000);
    check_at(1ull << 50, PT_WALK_NONE);
    finish();
    create(3);
    CHECK_EQ(ops->grow(&t, UINT64_MAX, &root), IOMMU_ERR_RANGE);
    CHECK_OK(ops->grow(&t, 0xffffffffffffefff, &root));
    CHECK_EQ(root.levels, 6);
    ops->raise(&t, &root);
    CHECK_OK(map(0xffffffffffffe000, 0x8000, SIZE_4K));
    CHECK_EQ(map(0xfffffffffffff000, 0x8000, SIZE_4K), IOMMU_ERR_RANGE);
    finish();
    /* 0: as the levels say, which is not to grow. */
    create_sized(3, 0, false);
    CHECK_EQ(ops->grow(&t, SIZE_512G, &root), IOMMU_ERR_RANGE);
    finish();
}

/* A unit may have a root that never was raised: it is neither freed nor forgotten. */
TEST(root_not_raised_is_kept)
{
    struct pt_root first, again, taller;

    create(3);
    CHECK_OK(map(0x5000, 0x7000, SIZE_4K));
    CHECK_OK(ops->grow(&t, SIZE_512G, &first));
    CHECK_OK(ops->grow(&t, SIZE_512G + SIZE_4K, &again));
    CHECK_EQ(again.pa, first.pa);
    CHECK_EQ(again.levels, 4);
    CHECK_OK(ops->grow(&t, SIZE_128P, &taller));
    CHECK_EQ(taller.levels, 6);
    CHECK_EQ(entry(taller.pa, 0), 0x6000000000000801 | first.pa);
    CHECK_EQ(seen_from(first, 0x5000), 0x7000 | IOMMU_RW);
    CHECK_EQ(seen_from(taller, 0x5000), 0x7000 | IOMMU_RW);
    CHECK_EQ(t.table_pages, 5);
    finish();
    create(3);
    CHECK_OK(ops->grow(&t, SIZE_512G, &first));
    CHECK_OK(ops->grow(&t, SIZE_128P, &taller));
    ops->raise(&t, &taller);
    CHECK_OK(map(SIZE_512G, 0x8000, SIZE_4K));
    check_at(SIZE_512G, 0x8000);
    finish();
}

TEST(root_that_suffices_is_given_back)
{
    struct pt_root root;

    create(4);
    CHECK_OK(ops->grow(&t, SIZE_256T - 1, &root));
    CHECK_EQ(root.pa, ROOT);
    CHECK_EQ(root.levels, 4);
    CHECK_EQ(fake.allocations, 1);
    fake.fail_at = 2;
    CHECK_EQ(ops->grow(&t, SIZE_256T, &root), IOMMU_ERR_NOMEM);
    CHECK_EQ(t.table_pages, 1);
    fake.fail_at = 0;
    grow(SIZE_256T);
    CHECK_EQ(t.config.levels, 5);
    finish();
}

static unsigned early;

/* Before a root is given out, what leads on from it is where the unit sees it. */
static void look_at_root(void *ctx, const void *at, size_t len, bool done)
{
    (void)ctx;
    early += done && len == SIZE_4K && fake_read64(&fake, fake_pa(&fake, at), false) != 0;
}

TEST(new_root_is_written_back)
{
    struct pt_root root;

    create(3);
    early = 0;
    fake.on_flush = look_at_root;
    CHECK_OK(ops->grow(&t, SIZE_512G, &root));
    fake.on_flush = NULL;
    CHECK_EQ(early, 1);
    finish();
    create_sized(3, 64, true);
    grow(SIZE_512G);
    CHECK_EQ(fake.flushes, 0);
    finish();
}

/* ---- what the root does not reach ---- */

TEST(unmap_above_the_root_finds_nothing)
{
    struct iommu_gather gather = { 0 };
    uint64_t unmapped = 1;

    create(3);
    CHECK_OK(map(SIZE_512G - SIZE_4K, 0x7000, SIZE_4K));
    CHECK_OK(ops->unmap(&t, SIZE_512G, SIZE_512G, &gather, &unmapped));
    CHECK_EQ(unmapped, 0);
    CHECK_OK(ops->unmap(&t, 0xffffffffffffe000, SIZE_4K, &gather, &unmapped));
    CHECK_EQ(unmapped, 0);
    CHECK_EQ(gather.start | gather.end | gather.freed_pa, 0);
    CHECK_OK(ops->unmap(&t, SIZE_4K, 0xffffffffffffe000, &gather, &unmapped));
    CHECK_EQ(unmapped, SIZE_4K);
    check_at(SIZE_512G - SIZE_4K, PT_WALK_NONE);
    check_at(SIZE_512G, PT_WALK_NONE);
    pt_free_gathered(&t, &gather);
    finish();
}

/* ---- levels put in ---- */

/* From level 6 straight to level 3, with a page below; root is the new one. */
static void create_skipping(void)
{
    create(3);
    CHECK_OK(map(0x5000, 0x7000, SIZE_4K));
    grow(SIZE_128P);
    CHECK_EQ(t.config.levels, 6);
}

TEST(skipped_level_is_put_in_where_it_is_needed)
{
    struct iommu_gather gather = { 0 };
    uint64_t root, pages;

    create_skipping();
    root = t.root_pa;
    pages = t.table_pages;
    /* 47:39 is 2: level 4 is needed, level 5 still is not. */
    CHECK_OK(map_gather(2 * SIZE_512G, 0x8000, SIZE_4K, &gather));
    CHECK_EQ(entry(root, 0) & 0xe00, 0x800);
    CHECK_EQ(entry(entry(root, 0) & 0xffffffffff000, 0), 0x6000000240000601);
    CHECK_EQ(entry(entry(root, 0) & 0xffffffffff000, 2) & 0xe00, 0x600);
    /* Caches may hold the entry as it was. */
    CHECK(gather.tables);
    CHECK_EQ(gather.start, 0);
    CHECK_EQ(gather.end, SIZE_128P);
    check_at(2 * SIZE_512G, 0x8000);
    check_at(0x5000, 0x7000);
    check_at(2 * SIZE_512G + 0x5000, PT_WALK_NONE);
    check_at(SIZE_256T + 2 * SIZE_512G, PT_WALK_NONE);
    pt_free_gathered(&t, &gather);
    CHECK_EQ(t.table_pages, pages + 4);
    /* And level 5 above it, when that is. */
    CHECK_OK(map(SIZE_256T + 0x5000, 0x9000, SIZE_4K));
    CHECK_EQ(entry(root, 0) & 0xe00, 0xa00);
    check_at(SIZE_256T + 0x5000, 0x9000);
    check_at(2 * SIZE_512G, 0x8000);
    check_at(0x5000, 0x7000);
    CHECK_EQ(t.table_pages, pages + 4 + 5);
    finish();
}

TEST(both_skipped_levels_at_once)
{
    create_skipping();
    CHECK_OK(map(SIZE_256T + SIZE_512G, 0x8000, SIZE_4K));
    check_at(SIZE_256T + SIZE_512G, 0x8000);
    check_at(SIZE_512G, PT_WALK_NONE);
    check_at(SIZE_256T, PT_WALK_NONE);
    check_at(0x5000, 0x7000);
    CHECK_OK(map(SIZE_512G, 0x9000, SIZE_4K));
    check_at(SIZE_512G, 0x9000);
    check_at(SIZE_256T + SIZE_512G, 0x8000);
    check_at(0x5000, 0x7000);
    finish();
}

/* A leaf of a level that is skipped needs a table of that level, even at address 0. */
TEST(large_leaf_in_a_skipped_level)
{
    struct iommu_gather gather = { 0 };

    create(1);
    CHECK_OK(map(0x5000, 0x7000, SIZE_4K));
    grow(SIZE_512G - 1);
    CHECK_EQ(map(0, SIZE_1G, SIZE_1G), IOMMU_ERR_EXISTS);
    check_at(0x5000, 0x7000);
    CHECK_EQ(map(0, SIZE_1G, SIZE_2M), IOMMU_ERR_EXISTS);
    CHECK_OK(ops->unmap(&t, 0x5000, SIZE_4K, &gather, NULL));
    gather = (struct iommu_gather){ 0 };
    /* The old root maps nothing and gives way. */
    CHECK_OK(map(0, SIZE_1G, 2 * SIZE_2M));
    check_at(0x5000, SIZE_1G + 0x5000);
    check_at(SIZE_2M, SIZE_1G + SIZE_2M);
    finish();
    create(1);
    grow(SIZE_512G - 1);
    CHECK_OK(map(0, SIZE_1G, SIZE_1G));
    check_at(0x5000, SIZE_1G + 0x5000);
    CHECK_EQ(t.table_pages, 1);
    finish();
}

/* While the notice is not served, others cannot know that the unit forgot the entry as it was. */
TEST(others_flush_until_the_insertion_is_flushed)
{
    struct iommu_gather first = { 0 }, gather = { 0 };
    uint64_t iova = 3 * SIZE_1G;

    create(2);
    CHECK_OK(map(0x5000, 0x7000, SIZE_4K));
    grow(SIZE_256T - 1);
    CHECK_EQ(t.config.levels, 4);
    CHECK_OK(map_gather(iova, 0x8000, SIZE_4K, &first));
    CHECK(first.tables && first.freed_pa != 0);
    CHECK(map_page(iova + SIZE_4K, 0x9000) == NULL);
    CHECK_OK(map_gather(iova + SIZE_4K, 0x9000, SIZE_4K, &gather));
    CHECK(gather.tables);
    CHECK_EQ(gather.start, 0);
    CHECK_EQ(gather.end, SIZE_512G);
    CHECK_EQ(gather.freed_pa, 0);
    /* Flushed. From now on it is a table entry like any other. */
    pt_free_gathered(&t, &first);
    gather = (struct iommu_gather){ 0 };
    CHECK_OK(map_gather(iova + 2 * SIZE_4K, 0xa000, SIZE_4K, &gather));
    CHECK_EQ(gather.start | gather.end | gather.tables, 0);
    CHECK(map_page(iova + 3 * SIZE_4K, 0xb000) != NULL);
    finish();
}

/* The later of two insertions at one entry is the one that counts. */
TEST(earlier_notice_does_not_speak_for_the_later)
{
    struct iommu_gather first = { 0 }, second = { 0 }, gather = { 0 };

    create(1);
    grow(SIZE_256T - 1);
    CHECK_OK(map_gather(SIZE_2M, 0x7000, SIZE_4K, &first));
    CHECK_OK(map_gather(SIZE_1G, 0x8000, SIZE_4K, &second));
    pt_free_gathered(&t, &first);
    CHECK_OK(map_gather(SIZE_2M + SIZE_4K, 0x9000, SIZE_4K, &gather));
    CHECK(gather.tables);
    CHECK_EQ(gather.end, SIZE_512G);
    pt_free_gathered(&t, &second);
    gather = (struct iommu_gather){ 0 };
    CHECK_OK(map_gather(SIZE_2M + 2 * SIZE_4K, 0xa000, SIZE_4K, &gather));
    CHECK_EQ(gather.tables, false);
    CHECK_EQ(t.notices, 0);
    check_at(SIZE_2M, 0x7000);
    check_at(SIZE_1G, 0x8000);
    finish();
}

TEST(insertion_without_memory)
{
    enum iommu_status status = IOMMU_ERR_NOMEM;
    unsigned failures = 0;

    for (size_t nth = 1; status == IOMMU_ERR_NOMEM; nth++) {
        struct iommu_gather gather = { 0 };

        create_skipping();
        fake.fail_at = fake.allocations + nth;
        status = map_gather(SIZE_256T + SIZE_512G, 0x8000, SIZE_4K, &gather);
        check_at(SIZE_256T + SIZE_512G, status == IOMMU_OK ? 0x8000 : PT_WALK_NONE);
        check_at(0x5000, 0x7000);
        pt_free_gathered(&t, &gather);
        CHECK_EQ(t.table_pages, fake.live_pages);
        failures += status != IOMMU_OK;
        finish();
    }
    CHECK_OK(status);
    /* Level 5 and its notice, then levels 4 to 1. */
    CHECK_EQ(failures, 6);
}

/* ---- letting go ---- */

static unsigned seen_hole;
static struct pt_root watched;

/* Whatever the unit sees at this moment, in memory or in caches: the old page is there. */
static void look_for_hole(void *ctx, const void *at, size_t len, bool done)
{
    (void)ctx;
    (void)at;
    (void)len;
    (void)done;
    for (int snoops = 0; snoops < 2; snoops++)
        seen_hole += pt_walk_v1(&fake, snoops, watched, 0x5000).seen != (0x7000 | IOMMU_RW);
}

TEST(insertion_keeps_the_rest_reachable)
{
    create_skipping();
    watched = (struct pt_root){ .pa = t.root_pa, .levels = 6 };
    seen_hole = 0;
    fake.on_flush = look_for_hole;
    CHECK_OK(map(SIZE_256T, 0x8000, SIZE_4K));
    CHECK_OK(map(SIZE_512G, 0x9000, SIZE_4K));
    fake.on_flush = NULL;
    CHECK_EQ(seen_hole, 0);
    finish();
}

TEST(unmap_goes_round_what_is_skipped)
{
    struct iommu_gather gather = { 0 };
    uint64_t unmapped;

    create_skipping();
    CHECK_OK(map(SIZE_128P, 0x8000, SIZE_4K));
    CHECK_OK(ops->unmap(&t, SIZE_512G, SIZE_512G, &gather, &unmapped));
    CHECK_EQ(unmapped, 0);
    CHECK_EQ(gather.start, gather.end);
    check_at(0x5000, 0x7000);
    CHECK_OK(ops->unmap(&t, 0x4000, SIZE_128P - 0x4000, &gather, &unmapped));
    CHECK_EQ(unmapped, SIZE_4K);
    check_at(0x5000, PT_WALK_NONE);
    check_at(SIZE_128P, 0x8000);
    pt_free_gathered(&t, &gather);
    /* All that entry 0 of the root spans: the old root goes with it. */
    CHECK_OK(map(0x5000, 0x7000, SIZE_4K));
    CHECK_OK(ops->unmap(&t, 0, SIZE_128P, &gather, &unmapped));
    CHECK_EQ(unmapped, SIZE_4K);
    CHECK(gather.freed_pa != 0 && gather.tables);
    pt_free_gathered(&t, &gather);
    CHECK_OK(map(0x5000, 0x9000, SIZE_4K));
    check_at(0x5000, 0x9000);
    finish();
}

TEST(trim_frees_the_old_root_too)
{
    struct iommu_gather gather = { 0 };

    create_skipping();
    CHECK_OK(ops->unmap(&t, 0x5000, SIZE_4K, &gather, NULL));
    ops->trim(&t, &gather);
    CHECK(gather.tables);
    pt_free_gathered(&t, &gather);
    CHECK_EQ(t.table_pages, 1);
    CHECK_OK(map(0x5000, 0x9000, SIZE_4K));
    check_at(0x5000, 0x9000);
    finish();
}

/* ---- another caller puts the level in first ---- */

static struct iommu_platform inner;
static unsigned intrude_after;

static void *intruded_alloc(void *ctx, size_t count, uint64_t limit_pa)
{
    void *page = inner.page_alloc(ctx, count, limit_pa);

    if (intrude_after-- == 0)
        CHECK_OK(map(SIZE_512G + SIZE_4K, 0x9000, SIZE_4K));
    return page;
}

static void lose_insertion(unsigned after)
{
    uint64_t pages;

    create_skipping();
    pages = t.table_pages;
    inner = fake.platform;
    intrude_after = after;
    fake.platform.page_alloc = intruded_alloc;
    CHECK_OK(map(SIZE_512G, 0x8000, SIZE_4K));
    fake.platform.page_alloc = inner.page_alloc;
    check_at(SIZE_512G, 0x8000);
    check_at(SIZE_512G + SIZE_4K, 0x9000);
    check_at(0x5000, 0x7000);
    CHECK_EQ(t.table_pages, pages + 4);
    CHECK_EQ(fake.live_pages, pages + 4);
    CHECK_EQ(t.notices, 0);
    finish();
}

TEST(the_loser_of_an_insertion_frees_its_pages)
{
    lose_insertion(0);
    lose_insertion(1);
}

/* ---- a reader beside all of it ---- */

static bool over;
static unsigned wrong;

/* Root and levels belong together at every moment, and so do the bounds of the quick way and its root. */
static void *read_on(void *unused)
{
    (void)unused;
    while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE)) {
        struct iommu_leaf leaf;
        uint64_t pa;

        wrong += ops->translate(&t, 0x5123, &pa) != IOMMU_OK || pa != 0x7123;
        wrong += ops->lookup(&t, 0x5123, &leaf) != IOMMU_OK || leaf.pa != 0x7123;
        wrong += ops->translate(&t, SIZE_256T + 0x5123, &pa) != IOMMU_ERR_NOT_FOUND;
        wrong += ops->translate(&t, SIZE_512G + 0x5123, &pa) != IOMMU_ERR_NOT_FOUND;
    }
    return NULL;
}

TEST(reader_never_sees_half_a_root)
{
    static const uint64_t steps[] = { SIZE_2M, SIZE_1G, SIZE_512G, SIZE_256T, SIZE_128P };

    wrong = 0;
    for (unsigned round = 0; round < 200; round++) {
        pthread_t reader;

        create_sized(1, 64, true);
        CHECK_OK(map(0x5000, 0x7000, SIZE_4K));
        over = false;
        CHECK_EQ(pthread_create(&reader, NULL, read_on, NULL), 0);
        /* One level at a time, or straight to the fourth and the sixth. */
        for (size_t i = round % 2 ? 2 : 0; i < 5; i += round % 2 ? 2 : 1) {
            grow(steps[i]);
            CHECK_OK(map(steps[i], 0x8000, SIZE_4K));
        }
        __atomic_store_n(&over, true, __ATOMIC_RELEASE);
        pthread_join(reader, NULL);
        finish();
    }
    CHECK_EQ(wrong, 0);
}
