/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all page-table formats share: splitting, undoing, freeing, flushing,
 * races. Each test runs on every format and depth. A walker written from the
 * specification stands for the hardware; it reads memory as the unit does: the
 * lines written back only, or, where walks snoop, everything. Random sequences
 * are in test_pt_random.c.
 */
#include "test.h"

#include "fake_platform.h"
#include "pt_walker.h"

#define SIZE_4K 0x1000ull
#define SIZE_2M 0x200000ull
#define SIZE_1G 0x40000000ull

/* Runs body for every variant, with fake, t and ops set. Nothing may be left when it is done. */
static struct fake_platform fake;
static struct pt_table t;
static const struct pt_ops *ops;

static void each_variant(void (*body)(void))
{
    for (size_t i = 0; i < pt_variant_count; i++) {
        ops = pt_variants[i].ops;
        pt_variant_create(&pt_variants[i], &fake, 96, &t);
        body();
        fake.on_flush = NULL;
        ops->destroy(&t);
        CHECK_EQ(fake.live_pages, 0);
        CHECK_EQ(fake.misuses, 0);
        fake_platform_free(&fake);
    }
}

static enum iommu_status map(uint64_t iova, uint64_t pa, uint64_t len, struct iommu_gather *gather)
{
    struct iommu_mapping m = { .iova = iova, .pa = pa, .len = len, .prot = IOMMU_RW };

    return ops->map(&t, &m, gather);
}

static void map_ok(uint64_t iova, uint64_t pa, uint64_t len)
{
    struct iommu_gather gather = { 0 };

    CHECK_OK(map(iova, pa, len, &gather));
    CHECK_EQ(gather.start, gather.end);
    CHECK_EQ(gather.freed_pa, 0);
}

/*
 * The unit, as it really sees memory, finds len bytes at iova mapped to pa, or
 * (PT_WALK_NONE) nothing.
 */
static void check_seen(uint64_t iova, uint64_t pa, uint64_t len)
{
    for (uint64_t at = 0; at < len; at += SIZE_4K) {
        uint64_t seen = pt_walk(&t, ops, &fake, t.config.coherent, iova + at);

        if (seen != (pa == PT_WALK_NONE ? PT_WALK_NONE : ((pa + at) | IOMMU_RW)))
            test_fail(__FILE__, __LINE__, "%s %u levels: iova 0x%llx is 0x%llx to the unit",
                      ops->name, t.config.levels, (unsigned long long)(iova + at),
                      (unsigned long long)seen);
    }
}

static void run_of_pages(void)
{
    size_t allocations, lines;

    map_ok(0, SIZE_4K, SIZE_4K);
    allocations = fake.allocations;
    lines = fake.lines;
    /* From the middle of one leaf table into the next: 700 entries in two tables. */
    map_ok(0x100000, 0x9001000, 700 * SIZE_4K);
    CHECK_EQ(fake.allocations, allocations + 1);
    check_seen(0x100000, 0x9001000, 700 * SIZE_4K);
    check_seen(0x100000 - SIZE_4K, PT_WALK_NONE, SIZE_4K);
    check_seen(0x100000 + 700 * SIZE_4K, PT_WALK_NONE, SIZE_4K);
    /* 32 lines for 256 entries, 64 for the new table, 1 for its link, 56 for 444 entries. */
    if (!t.config.coherent)
        CHECK_EQ(fake.lines, lines + 32 + 64 + 1 + 56);
    else
        CHECK_EQ(fake.flushes, 0);
}

TEST(a_run_takes_one_walk_and_one_flush_a_table)
{
    each_variant(run_of_pages);
}

static void unmap_with_holes(void)
{
    struct iommu_gather gather = { 0 };
    uint64_t unmapped;

    map_ok(0x3000, 0x13000, 2 * SIZE_4K);
    map_ok(0x8000, 0x18000, SIZE_4K);
    map_ok(SIZE_2M + SIZE_4K, 0x99000, SIZE_4K);
    CHECK_OK(ops->unmap(&t, 0x4000, SIZE_2M, &gather, &unmapped));
    CHECK_EQ(unmapped, 3 * SIZE_4K);
    CHECK(gather.start <= 0x4000 && gather.end >= SIZE_2M + 2 * SIZE_4K);
    CHECK(!gather.tables);
    check_seen(0x3000, 0x13000, SIZE_4K);
    check_seen(0x4000, PT_WALK_NONE, SIZE_2M);
    gather = (struct iommu_gather){ 0 };
    CHECK_OK(ops->unmap(&t, 0x4000, SIZE_2M, &gather, &unmapped));
    CHECK_EQ(unmapped, 0);
    CHECK_EQ(gather.start, gather.end);
    CHECK_OK(ops->unmap(&t, 16 * SIZE_1G, 4 * SIZE_1G, &gather, NULL));
    CHECK_EQ(gather.start, gather.end);
}

TEST(holes_are_skipped_and_need_no_flush)
{
    each_variant(unmap_with_holes);
}

/* ---- splitting ---- */

static struct {
    uint64_t iova, len;     /* the large page, mapped to iova + SIZE_1G */
    uint64_t hole, hole_len;
    unsigned calls;
} rest;

/*
 * Cache lines may reach memory before they are flushed: both views must
 * translate what stays. A unit that snoops has only one.
 */
static void check_rest(void *ctx, const void *written, size_t len, bool done)
{
    (void)ctx;
    (void)written;
    (void)len;
    (void)done;
    rest.calls++;
    for (uint64_t at = rest.iova; at < rest.iova + rest.len; at += rest.len / 512) {
        bool in_hole = at >= rest.hole && at < rest.hole + rest.hole_len;

        for (int snoops = t.config.coherent; snoops < 2 && !in_hole; snoops++) {
            uint64_t seen = pt_walk(&t, ops, &fake, snoops, at);

            if (seen != ((at + SIZE_1G) | IOMMU_RW))
                test_fail(__FILE__, __LINE__, "%s: 0x%llx became 0x%llx", ops->name,
                          (unsigned long long)at, (unsigned long long)seen);
        }
    }
}

static void split(uint64_t iova, uint64_t len, uint64_t hole, uint64_t hole_len)
{
    struct iommu_gather gather = { 0 };
    uint64_t unmapped;

    map_ok(iova, iova + SIZE_1G, len);
    rest.iova = iova;
    rest.len = len;
    rest.hole = hole;
    rest.hole_len = hole_len;
    rest.calls = 0;
    fake.on_flush = check_rest;
    CHECK_OK(ops->unmap(&t, hole, hole_len, &gather, &unmapped));
    fake.on_flush = NULL;
    check_rest(NULL, NULL, 0, true);
    CHECK(t.config.coherent || rest.calls > 6);
    CHECK_EQ(unmapped, hole_len);
    CHECK(gather.start <= iova && gather.end >= iova + len && gather.tables);
    check_seen(hole, PT_WALK_NONE, hole_len);
    pt_free_gathered(&t, &gather);
    CHECK_OK(ops->unmap(&t, iova, len, &gather, &unmapped));
    CHECK_EQ(unmapped, len - hole_len);
    pt_free_gathered(&t, &gather);
}

static void splits(void)
{
    split(SIZE_2M, SIZE_2M, SIZE_2M, SIZE_4K);
    split(SIZE_2M, SIZE_2M, SIZE_2M + 0x10000, 17 * SIZE_4K);
    split(SIZE_2M, SIZE_2M, 2 * SIZE_2M - SIZE_4K, SIZE_4K);
    split(SIZE_1G, SIZE_1G, SIZE_1G + 5 * SIZE_2M, SIZE_2M);
    split(SIZE_1G, SIZE_1G, SIZE_1G + 5 * SIZE_2M - SIZE_4K, SIZE_2M + 2 * SIZE_4K);
}

TEST(split_keeps_the_rest_reachable_at_every_flush)
{
    each_variant(splits);
}

static void split_without_memory(void)
{
    struct iommu_gather gather = { 0 };
    uint64_t unmapped;

    map_ok(SIZE_2M - SIZE_4K, 0x40000000 - SIZE_4K, SIZE_4K);
    map_ok(SIZE_2M, 0x40000000, SIZE_2M);
    fake.fail_at = fake.allocations + 1;
    CHECK_EQ(ops->unmap(&t, SIZE_2M - SIZE_4K, 3 * SIZE_4K, &gather, &unmapped), IOMMU_ERR_NOMEM);
    CHECK_EQ(unmapped, SIZE_4K);
    check_seen(SIZE_2M - SIZE_4K, PT_WALK_NONE, SIZE_4K);
    check_seen(SIZE_2M, 0x40000000, SIZE_2M);
    pt_free_gathered(&t, &gather);
}

TEST(split_without_memory_leaves_the_large_page)
{
    each_variant(split_without_memory);
}

/* ---- undoing ---- */

static void exists(void)
{
    struct iommu_gather gather = { 0 };

    map_ok(2 * SIZE_2M + 0x5000, 0x77000, SIZE_4K);
    CHECK_EQ(map(SIZE_4K, 0x10001000, 3 * SIZE_2M, &gather), IOMMU_ERR_EXISTS);
    check_seen(0, PT_WALK_NONE, 2 * SIZE_2M + 0x5000);
    check_seen(2 * SIZE_2M + 0x5000, 0x77000, SIZE_4K);
    check_seen(2 * SIZE_2M + 0x6000, PT_WALK_NONE, 2 * SIZE_2M);
    /*
     * Up to 2 MiB pages were there for a moment and must be flushed; the run
     * after that was refused whole.
     */
    CHECK_EQ(gather.start, SIZE_4K);
    CHECK_EQ(gather.end, SIZE_2M);
    pt_free_gathered(&t, &gather);
    /* Large leaves before the table that is in use, and over a page of a large one. */
    CHECK_EQ(map(0, 0x40000000, 4 * SIZE_2M, &gather), IOMMU_ERR_EXISTS);
    check_seen(0, PT_WALK_NONE, 2 * SIZE_2M + 0x5000);
    check_seen(2 * SIZE_2M + 0x5000, 0x77000, SIZE_4K);
    pt_free_gathered(&t, &gather);
    map_ok(8 * SIZE_2M, 0x40000000, SIZE_2M);
    CHECK_EQ(map(8 * SIZE_2M + SIZE_4K, 0x5000, SIZE_4K, &gather), IOMMU_ERR_EXISTS);
    CHECK_EQ(map(7 * SIZE_2M, 0x5000, SIZE_2M + SIZE_4K, &gather), IOMMU_ERR_EXISTS);
    CHECK_EQ(map(7 * SIZE_2M, 0x80000000, 4 * SIZE_2M, &gather), IOMMU_ERR_EXISTS);
    check_seen(7 * SIZE_2M, PT_WALK_NONE, SIZE_2M);
    check_seen(8 * SIZE_2M, 0x40000000, SIZE_2M);
    CHECK_EQ(map(0, 0, SIZE_1G, &gather), IOMMU_ERR_EXISTS);
    check_seen(2 * SIZE_2M + 0x5000, 0x77000, SIZE_4K);
    pt_free_gathered(&t, &gather);
}

TEST(exists_undoes_what_was_mapped_and_nothing_else)
{
    each_variant(exists);
}

static void each_allocation_fails(void)
{
    uint64_t start = SIZE_1G - SIZE_2M - SIZE_4K, len = 2 * SIZE_2M + 2 * SIZE_4K;
    enum iommu_status status = IOMMU_ERR_NOMEM;
    unsigned failures = 0;

    map_ok(start - SIZE_4K, 0x5000, SIZE_4K);
    for (size_t nth = 1; status == IOMMU_ERR_NOMEM; nth++) {
        struct iommu_gather gather = { 0 };

        fake.fail_at = fake.allocations + nth;
        status = map(start, 0x40000000 + start, len, &gather);
        check_seen(start, status == IOMMU_OK ? 0x40000000 + start : PT_WALK_NONE, len);
        check_seen(start - SIZE_4K, 0x5000, SIZE_4K);
        pt_free_gathered(&t, &gather);
        failures += status != IOMMU_OK;
        /* Without trimming, the next attempt would find the tables of this one. */
        if (status != IOMMU_OK)
            ops->trim(&t, &gather);
        pt_free_gathered(&t, &gather);
    }
    CHECK_OK(status);
    fake.fail_at = 0;
    /* Beyond the first page's tables: a directory above 1 GiB and its leaf table. */
    CHECK_EQ(failures, 2);
}

TEST(every_allocation_fails_in_turn)
{
    each_variant(each_allocation_fails);
}

TEST(creation_without_memory)
{
    for (size_t i = 0; i < pt_variant_count; i++) {
        struct pt_config config;

        fake_platform_init(&fake, 4);
        fake.fail_at = 1;
        config = pt_variant_config(&pt_variants[i], &fake);
        CHECK_EQ(pt_variants[i].ops->create(&t, &config), IOMMU_ERR_NOMEM);
        CHECK_EQ(fake.live_pages, 0);
        fake_platform_free(&fake);
    }
}

static void arguments(void)
{
    struct iommu_gather gather = { 0 };
    struct iommu_mapping m = { .iova = 0x1000, .pa = 0x1000, .len = 0x1000, .prot = 0 };
    uint64_t unmapped = 1;

    CHECK_EQ(ops->map(&t, &m, &gather), IOMMU_ERR_INVALID);
    m.prot = 0x80 | IOMMU_READ;
    CHECK_EQ(ops->map(&t, &m, &gather), IOMMU_ERR_INVALID);
    CHECK_EQ(map(0x1001, 0x1000, SIZE_4K, &gather), IOMMU_ERR_INVALID);
    CHECK_EQ(map(0x1000, 0x1001, SIZE_4K, &gather), IOMMU_ERR_INVALID);
    CHECK_EQ(map(0x1000, 0x1000, SIZE_4K + 1, &gather), IOMMU_ERR_INVALID);
    CHECK_EQ(map(0x1000, 0x1000, 0, &gather), IOMMU_ERR_INVALID);
    CHECK_EQ(map(0x1000, 0x1000, 0ull - 0x1000, &gather), IOMMU_ERR_RANGE);
    CHECK_EQ(ops->unmap(&t, 0x1000, 0, &gather, &unmapped), IOMMU_ERR_INVALID);
    CHECK_EQ(unmapped, 0);
    CHECK_EQ(ops->unmap(&t, 0x1001, SIZE_4K, &gather, NULL), IOMMU_ERR_INVALID);
    CHECK_EQ(ops->unmap(&t, 0x1000, 0x800, &gather, NULL), IOMMU_ERR_INVALID);
    CHECK_EQ(ops->unmap(&t, 0x1000, 0ull - 0x1000, &gather, NULL), IOMMU_ERR_RANGE);
    CHECK_EQ(gather.start | gather.end | gather.freed_pa, 0);
    CHECK_EQ(t.table_pages, 1);
}

TEST(bad_arguments_change_nothing)
{
    each_variant(arguments);
}

/* ---- freeing ---- */

static void dropped_table(void)
{
    struct iommu_gather gather = { 0 };
    uint64_t leaf_table, unmapped, pages;

    map_ok(SIZE_2M, 0x7001000, SIZE_2M);
    pages = t.table_pages;
    leaf_table = fake_pa(&fake, t.root) + (pages - 1) * SIZE_4K;
    CHECK_OK(ops->unmap(&t, SIZE_2M, SIZE_2M, &gather, &unmapped));
    CHECK_EQ(unmapped, SIZE_2M);
    CHECK_EQ(gather.freed_pa, leaf_table);
    CHECK(gather.tables);
    check_seen(SIZE_2M, PT_WALK_NONE, SIZE_2M);
    /*
     * A unit that cached the way to the table still walks it: entry 0 is empty,
     * the others stand.
     */
    CHECK_EQ(fake_read64(&fake, leaf_table, true), 0);
    for (unsigned i = 1; i < 512; i++)
        CHECK_EQ(fake_read64(&fake, leaf_table + i * 8, true) & 0xffffffffff000,
                 0x7001000 + i * SIZE_4K);
    CHECK_EQ(fake.live_pages, pages);
    pt_free_gathered(&t, &gather);
    CHECK_EQ(gather.start | gather.end | gather.tables | gather.freed_pa, 0);
    CHECK_EQ(fake.live_pages, pages - 1);
    CHECK_EQ(t.table_pages, pages - 1);
}

TEST(a_covered_table_is_dropped_and_freed_after_the_flush)
{
    each_variant(dropped_table);
}

static void dropped_tree(void)
{
    struct iommu_gather gather = { 0 };
    uint64_t unmapped;
    size_t flushes;

    map_ok(SIZE_1G + 7 * SIZE_2M, 0x7001000, SIZE_2M);
    map_ok(SIZE_1G + 9 * SIZE_2M, 0x40000000, SIZE_2M);
    map_ok(2 * SIZE_1G + SIZE_4K, 0x5000, SIZE_4K);
    flushes = fake.flushes;
    CHECK_OK(ops->unmap(&t, SIZE_1G, 2 * SIZE_1G, &gather, &unmapped));
    CHECK_EQ(unmapped, 2 * SIZE_2M + SIZE_4K);
    CHECK_EQ(fake.flushes, flushes + (t.config.coherent ? 0 : 1));
    check_seen(SIZE_1G + 7 * SIZE_2M, PT_WALK_NONE, SIZE_2M);
    pt_free_gathered(&t, &gather);
    CHECK_EQ(t.table_pages, t.config.levels - 2);
    CHECK_EQ(fake.live_pages, t.config.levels - 2);
}

TEST(tables_below_a_dropped_one_are_freed_too)
{
    each_variant(dropped_tree);
}

static void trimmed(void)
{
    struct iommu_gather gather = { 0 };

    map_ok(SIZE_4K, 0x5000, SIZE_4K);
    map_ok(SIZE_1G, 0x6000, SIZE_4K);
    map_ok(SIZE_1G + SIZE_2M, 0x40000000, SIZE_2M);
    CHECK_OK(ops->unmap(&t, SIZE_4K, SIZE_4K, &gather, NULL));
    CHECK_OK(ops->unmap(&t, SIZE_1G, SIZE_4K, &gather, NULL));
    CHECK_EQ(gather.freed_pa, 0);
    gather = (struct iommu_gather){ 0 };
    ops->trim(&t, &gather);
    CHECK(gather.tables);
    CHECK_EQ(gather.start, 0);
    CHECK_EQ(gather.end, SIZE_1G + SIZE_2M);
    pt_free_gathered(&t, &gather);
    check_seen(SIZE_1G + SIZE_2M, 0x40000000, SIZE_2M);
    check_seen(SIZE_4K, PT_WALK_NONE, SIZE_4K);
    CHECK_EQ(t.table_pages, t.config.levels - 1);
    ops->trim(&t, &gather);
    CHECK_EQ(gather.start | gather.end | gather.freed_pa, 0);
}

TEST(trim_frees_what_maps_nothing)
{
    each_variant(trimmed);
}

static void replaced(void)
{
    struct iommu_gather gather = { 0 };

    map_ok(SIZE_1G + SIZE_4K, 0x5000, SIZE_4K);
    map_ok(SIZE_1G + SIZE_2M, 0x5000, SIZE_4K);
    CHECK_OK(ops->unmap(&t, SIZE_1G + SIZE_4K, SIZE_4K, &gather, NULL));
    gather = (struct iommu_gather){ 0 };
    /*
     * A leaf table in use elsewhere keeps a 1 GiB leaf out, an empty one gives
     * way to a 2 MiB leaf.
     */
    CHECK_EQ(map(SIZE_1G, SIZE_1G, SIZE_1G, &gather), IOMMU_ERR_EXISTS);
    CHECK_EQ(gather.freed_pa, 0);
    CHECK_OK(map(SIZE_1G, 0x40000000, SIZE_2M, &gather));
    CHECK(gather.tables && gather.freed_pa != 0);
    CHECK_EQ(gather.start, SIZE_1G);
    CHECK_EQ(gather.end, SIZE_1G + SIZE_2M);
    check_seen(SIZE_1G, 0x40000000, SIZE_2M);
    pt_free_gathered(&t, &gather);
    CHECK_OK(ops->unmap(&t, SIZE_1G, SIZE_2M + SIZE_4K, &gather, NULL));
    pt_free_gathered(&t, &gather);
    /* A directory with an empty table in it gives way as well. */
    CHECK_OK(map(SIZE_1G, 2 * SIZE_1G, SIZE_1G, &gather));
    check_seen(2 * SIZE_1G - SIZE_2M, 3 * SIZE_1G - SIZE_2M, SIZE_2M);
    CHECK_EQ(gather.start, SIZE_1G);
    CHECK_EQ(gather.end, 2 * SIZE_1G);
    pt_free_gathered(&t, &gather);
    CHECK_EQ(t.table_pages, t.config.levels - 2);
}

TEST(an_empty_table_gives_way_to_a_large_leaf)
{
    each_variant(replaced);
}

/* ---- races, played out in the callbacks of the platform ---- */

static struct iommu_platform inner;     /* the platform without the intruder */
static void (*intrude)(void);

static void *intruded_alloc(void *ctx, size_t count, uint64_t limit_pa)
{
    void (*now)(void) = intrude;

    intrude = NULL;
    if (now != NULL)
        now();
    return inner.page_alloc(ctx, count, limit_pa);
}

static void intrude_at_next_alloc(void (*with)(void))
{
    inner = fake.platform;
    fake.platform.page_alloc = intruded_alloc;
    intrude = with;
}

static void other_map(void)
{
    map_ok(SIZE_2M, 0x9000, SIZE_4K);
}

/* While this caller allocates the first table, another links the whole way. */
static void lost_link(void)
{
    uint64_t pages;

    intrude_at_next_alloc(other_map);
    map_ok(SIZE_2M + SIZE_4K, 0x5000, SIZE_4K);
    fake.platform.page_alloc = inner.page_alloc;
    check_seen(SIZE_2M, 0x9000, SIZE_4K);
    check_seen(SIZE_2M + SIZE_4K, 0x5000, SIZE_4K);
    pages = t.config.levels;
    CHECK_EQ(t.table_pages, pages);
    CHECK_EQ(fake.live_pages, pages);
}

TEST(the_loser_of_a_link_frees_its_page)
{
    each_variant(lost_link);
}

static void other_unmap(void)
{
    struct iommu_gather gather = { 0 };

    CHECK_OK(ops->unmap(&t, SIZE_2M, SIZE_4K, &gather, NULL));
    pt_free_gathered(&t, &gather);
}

static void lost_split(void)
{
    struct iommu_gather gather = { 0 };
    uint64_t unmapped;

    map_ok(SIZE_2M, 0x40000000, SIZE_2M);
    intrude_at_next_alloc(other_unmap);
    CHECK_OK(ops->unmap(&t, SIZE_2M + SIZE_4K, SIZE_4K, &gather, &unmapped));
    fake.platform.page_alloc = inner.page_alloc;
    CHECK_EQ(unmapped, SIZE_4K);
    CHECK(gather.start <= SIZE_2M && gather.end >= 2 * SIZE_2M);
    check_seen(SIZE_2M, PT_WALK_NONE, 2 * SIZE_4K);
    check_seen(SIZE_2M + 2 * SIZE_4K, 0x40002000, SIZE_2M - 2 * SIZE_4K);
    CHECK_EQ(t.table_pages, fake.live_pages);
    pt_free_gathered(&t, &gather);
}

/* Nobody says when the splitter has flushed, so whoever comes later flushes the large page too. */
static void beside_split(void)
{
    struct iommu_gather splitter = { 0 }, gather = { 0 };
    uint64_t unmapped;

    map_ok(SIZE_1G, SIZE_1G, SIZE_1G);
    CHECK_OK(ops->unmap(&t, SIZE_1G, SIZE_4K, &splitter, NULL));
    CHECK(ops->unmap_page(&t, SIZE_1G + SIZE_4K, SIZE_4K) == NULL);
    CHECK_OK(ops->unmap(&t, SIZE_1G + SIZE_4K, SIZE_4K, &gather, &unmapped));
    CHECK_EQ(unmapped, SIZE_4K);
    CHECK(gather.start == SIZE_1G && gather.end == 2 * SIZE_1G && gather.tables);
    gather = (struct iommu_gather){ 0 };
    CHECK(ops->unmap_page(&t, SIZE_1G + SIZE_2M, SIZE_2M) == NULL);
    CHECK_OK(ops->unmap(&t, SIZE_1G + SIZE_2M, SIZE_2M, &gather, &unmapped));
    CHECK_EQ(unmapped, SIZE_2M);
    CHECK(gather.start == SIZE_1G && gather.end == 2 * SIZE_1G && gather.tables);
    /* A neighbour that was never part of it goes by itself. */
    map_ok(2 * SIZE_1G, 0x5000, 2 * SIZE_4K);
    gather = (struct iommu_gather){ 0 };
    CHECK_OK(ops->unmap(&t, 2 * SIZE_1G, SIZE_4K, &gather, NULL));
    CHECK(gather.start == 2 * SIZE_1G && gather.end == 2 * SIZE_1G + SIZE_4K && !gather.tables);
    check_seen(SIZE_1G, PT_WALK_NONE, 2 * SIZE_4K);
    check_seen(SIZE_1G + 2 * SIZE_4K, SIZE_1G + 2 * SIZE_4K, SIZE_4K);
    pt_free_gathered(&t, &splitter);
}

TEST(unmap_beside_a_split_has_all_of_it_in_the_hull)
{
    each_variant(beside_split);
}

TEST(the_loser_of_a_split_frees_its_page)
{
    each_variant(lost_split);
}

/*
 * Another caller comes between the store that links a table and its flush: it
 * may return only when the unit sees the link as well.
 */
static unsigned links_before;   /* flushes of single entries to let pass */

static void when_linked(void *ctx, const void *at, size_t len, bool done)
{
    (void)ctx;
    (void)at;
    if (done || len != sizeof(uint64_t) || links_before-- > 0)
        return;
    fake.on_flush = NULL;
    intrude();
    intrude = NULL;
}

static void intrude_at_link(unsigned number, void (*with)(void))
{
    links_before = number;
    intrude = with;
    fake.on_flush = when_linked;
}

static void other_map_is_seen(void)
{
    map_ok(SIZE_2M + SIZE_4K, 0x9000, SIZE_4K);
    check_seen(SIZE_2M + SIZE_4K, 0x9000, SIZE_4K);
}

static void unsettled_links(void)
{
    for (unsigned link = 0; link < t.config.levels - 1 && !t.config.coherent; link++) {
        struct iommu_gather gather = { 0 };

        intrude_at_link(link, other_map_is_seen);
        map_ok(SIZE_2M, 0x5000, SIZE_4K);
        CHECK(intrude == NULL);
        check_seen(SIZE_2M, 0x5000, SIZE_4K);
        check_seen(SIZE_2M + SIZE_4K, 0x9000, SIZE_4K);
        CHECK_OK(ops->unmap(&t, SIZE_2M, 2 * SIZE_4K, &gather, NULL));
        ops->trim(&t, &gather);
        pt_free_gathered(&t, &gather);
        CHECK_EQ(t.table_pages, 1);
    }
}

TEST(map_waits_for_links_the_unit_does_not_see)
{
    each_variant(unsettled_links);
}

static void other_unmap_is_seen(void)
{
    other_unmap();
    check_seen(SIZE_2M, PT_WALK_NONE, SIZE_4K);
}

static void unsettled_split(void)
{
    for (uint64_t len = SIZE_4K; len <= 2 * SIZE_4K && !t.config.coherent; len += SIZE_4K) {
        struct iommu_gather gather = { 0 };

        map_ok(SIZE_2M, 0x40000000, SIZE_2M);
        intrude_at_link(0, other_unmap_is_seen);
        CHECK_OK(ops->unmap(&t, SIZE_2M + SIZE_4K, len, &gather, NULL));
        CHECK(intrude == NULL);
        CHECK_OK(ops->unmap(&t, SIZE_2M, SIZE_2M, &gather, NULL));
        pt_free_gathered(&t, &gather);
    }
}

TEST(unmap_waits_for_a_split_the_unit_does_not_see)
{
    each_variant(unsettled_split);
}

/* Units that cache absent entries must be told of a new table, others of nothing. */
static void link_says_so(void)
{
    struct iommu_gather gather = { 0 };

    CHECK_OK(map(0, SIZE_4K, SIZE_4K, &gather));
    CHECK(gather.tables);
    gather = (struct iommu_gather){ 0 };
    CHECK_OK(map(SIZE_4K, SIZE_4K, SIZE_4K, &gather));
    CHECK(!gather.tables);
}

TEST(new_table_is_told)
{
    each_variant(link_says_so);
}

static unsigned tables_flushed, linked_early;

/* While a new table is being written back, no entry may lead to it: any line may reach memory by itself. */
static void look_for_link(void *ctx, const void *at, size_t len, bool done)
{
    uint64_t pa = fake_pa(&fake, at);

    (void)ctx;
    if (done || len != SIZE_4K)
        return;
    tables_flushed++;
    for (uint64_t word = 0; word < fake.page_count * SIZE_4K; word += 8)
        linked_early += (fake_read64(&fake, FAKE_ARENA_PA + word, true) & 0xffffffffff000) == pa;
}

static void links_are_last(void)
{
    struct iommu_gather gather = { 0 };

    tables_flushed = linked_early = 0;
    fake.on_flush = look_for_link;
    map_ok(SIZE_4K, SIZE_4K, SIZE_4K);
    map_ok(SIZE_2M, SIZE_2M, SIZE_2M);
    CHECK_OK(ops->unmap(&t, SIZE_2M, SIZE_4K, &gather, NULL));
    fake.on_flush = NULL;
    CHECK_EQ(tables_flushed, t.config.coherent ? 0 : t.config.levels);
    CHECK_EQ(linked_early, 0);
}

TEST(table_is_written_back_before_it_is_linked)
{
    each_variant(links_are_last);
}
