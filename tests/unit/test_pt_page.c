/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operations on one page (map_page, unmap_page, translate) against what the
 * unit sees in memory. They may decline, but never do anything else than map,
 * unmap and lookup would.
 */
#include "test.h"

#include "fake_platform.h"
#include "pt_walker.h"

#define SIZE_4K 0x1000ull
#define SIZE_2M 0x200000ull
#define IOVA 0x40000000ull
#define FRAME 0x7000000ull      /* a multiple of 2 MiB */

static struct fake_platform fake;
static struct pt_table t;
static const struct pt_ops *ops;

static void each_variant(void (*body)(void))
{
    for (size_t i = 0; i < pt_variant_count; i++) {
        ops = pt_variants[i].ops;
        pt_variant_create(&pt_variants[i], &fake, 32, &t);
        body();
        ops->destroy(&t);
        CHECK_EQ(fake.live_pages, 0);
        CHECK_EQ(fake.misuses, 0);
        fake_platform_free(&fake);
    }
}

/* Tables of five levels are left to the general operations. */
static bool quick(void)
{
    return t.config.levels < 5;
}

static uint64_t *map_page(uint64_t iova, uint64_t pa, uint64_t len, unsigned prot)
{
    struct iommu_mapping m = { .iova = iova, .pa = pa, .len = len, .prot = prot };

    return ops->map_page(&t, &m);
}

static void map_any(uint64_t iova, uint64_t pa, uint64_t len)
{
    struct iommu_mapping m = { .iova = iova, .pa = pa, .len = len, .prot = IOMMU_RW };
    struct iommu_gather gather = { 0 };

    CHECK_OK(ops->map(&t, &m, &gather));
}

static uint64_t seen(uint64_t iova)
{
    return pt_walk(&t, ops, &fake, t.config.coherent, iova);
}

static void check_translates(uint64_t iova, enum iommu_status wanted, uint64_t pa)
{
    uint64_t found = 1;

    CHECK_EQ(ops->translate(&t, iova, &found), wanted);
    CHECK_EQ(found, pa);
}

/* A page up and down, beside one that keeps the tables. */
static void one_page(uint64_t len)
{
    uint64_t iova = IOVA + len, *entry;

    CHECK(map_page(iova, FRAME, len, IOMMU_RW) == NULL);
    CHECK_EQ(t.table_pages, 1);
    map_any(IOVA, FRAME + len, len);
    entry = map_page(iova, FRAME, len, IOMMU_READ);
    CHECK_EQ(entry != NULL, quick());
    if (entry == NULL)
        return;
    pt_flush_entry(&t, entry);
    CHECK_EQ(seen(iova), FRAME | IOMMU_READ);
    CHECK_EQ(seen(iova + len - SIZE_4K), (FRAME + len - SIZE_4K) | IOMMU_READ);
    CHECK_EQ(seen(iova + len), PT_WALK_NONE);
    check_translates(iova + len - 1, IOMMU_OK, FRAME + len - 1);
    CHECK(map_page(iova, FRAME, len, IOMMU_READ) == NULL);
    CHECK(ops->unmap_page(&t, iova, len) == entry);
    pt_flush_entry(&t, entry);
    CHECK_EQ(seen(iova), PT_WALK_NONE);
    CHECK_EQ(seen(IOVA), (FRAME + len) | IOMMU_RW);
    check_translates(iova, IOMMU_ERR_NOT_FOUND, 0);
    CHECK(ops->unmap_page(&t, iova, len) == NULL);
}

static void small_page(void)
{
    one_page(SIZE_4K);
}

static void large_page(void)
{
    one_page(SIZE_2M);
}

TEST(small_page_up_and_down)
{
    each_variant(small_page);
}

TEST(large_page_up_and_down)
{
    each_variant(large_page);
}

/* The level where a page would be holds something of another size: nothing is done. */
static void other_sizes(void)
{
    map_any(IOVA, FRAME, SIZE_4K);
    map_any(IOVA + SIZE_2M, FRAME, SIZE_2M);
    CHECK(map_page(IOVA, FRAME, SIZE_2M, IOMMU_RW) == NULL);
    CHECK(ops->unmap_page(&t, IOVA, SIZE_2M) == NULL);
    CHECK(map_page(IOVA + SIZE_2M, FRAME, SIZE_4K, IOMMU_RW) == NULL);
    CHECK(ops->unmap_page(&t, IOVA + SIZE_2M, SIZE_4K) == NULL);
    CHECK_EQ(seen(IOVA), FRAME | IOMMU_RW);
    CHECK_EQ(seen(IOVA + SIZE_2M), FRAME | IOMMU_RW);
    check_translates(IOVA + SIZE_2M + 0x12345, IOMMU_OK, FRAME + 0x12345);
}

TEST(page_of_another_size_is_left_alone)
{
    each_variant(other_sizes);
}

static void refusals(void)
{
    /* Of 64 bits the last page is what there may not be. */
    uint64_t beyond = t.input_bits == 64 ? ~(SIZE_4K - 1) : 1ull << t.input_bits;

    map_any(IOVA, FRAME, SIZE_4K);
    map_any(IOVA + SIZE_2M, FRAME, SIZE_2M);
    for (uint64_t len = SIZE_4K; len <= SIZE_2M; len *= 512) {
        uint64_t iova = IOVA + 2 * len;

        CHECK(map_page(iova + 1, FRAME, len, IOMMU_RW) == NULL);
        CHECK(map_page(iova + len / 2, FRAME, len, IOMMU_RW) == NULL);
        CHECK(map_page(iova, FRAME + len / 2, len, IOMMU_RW) == NULL);
        CHECK(map_page(iova, 1ull << t.config.output_bits, len, IOMMU_RW) == NULL);
        CHECK(map_page(iova | beyond, FRAME, len, IOMMU_RW) == NULL);
        CHECK(map_page(iova, FRAME, len, 0) == NULL);
        CHECK(map_page(iova, FRAME, len, IOMMU_RW | PT_GLOBAL) == NULL);
        CHECK(map_page(iova, FRAME, 2 * len, IOMMU_RW) == NULL);
        CHECK(map_page(iova, FRAME, 0, IOMMU_RW) == NULL);
        CHECK_EQ(seen(iova), PT_WALK_NONE);
    }
    CHECK(ops->unmap_page(&t, IOVA + 1, SIZE_4K) == NULL);
    CHECK(ops->unmap_page(&t, IOVA | beyond, SIZE_4K) == NULL);
    CHECK(ops->unmap_page(&t, IOVA + SIZE_2M + SIZE_4K, SIZE_2M) == NULL);
    CHECK(ops->unmap_page(&t, IOVA, 2 * SIZE_4K) == NULL);
    CHECK_EQ(seen(IOVA), FRAME | IOMMU_RW);
    CHECK_EQ(seen(IOVA + SIZE_2M), FRAME | IOMMU_RW);
    check_translates(IOVA | beyond, IOMMU_ERR_NOT_FOUND, 0);
}

TEST(page_out_of_bounds_is_left_alone)
{
    each_variant(refusals);
}

/* Far from entry 0 of every table above the leaf. */
static void high_page(void)
{
    uint64_t iova = (1ull << (t.input_bits - 2)) + 5 * SIZE_2M, *entry;

    map_any(iova, FRAME, SIZE_4K);
    check_translates(iova + 0x123, IOMMU_OK, FRAME + 0x123);
    check_translates(iova + SIZE_4K, IOMMU_ERR_NOT_FOUND, 0);
    entry = map_page(iova + SIZE_4K, FRAME, SIZE_4K, IOMMU_RW);
    CHECK_EQ(entry != NULL, quick());
    CHECK_EQ(ops->unmap_page(&t, iova, SIZE_4K) != NULL, quick());
}

TEST(page_high_up)
{
    each_variant(high_page);
}

/* No page of 2 MiB where the table may have none. */
TEST(large_page_only_where_allowed)
{
    struct pt_config config;

    fake_platform_init(&fake, 32);
    config = pt_variant_config(&pt_variants[1], &fake);
    config.page_sizes = SIZE_4K;
    ops = pt_variants[1].ops;
    CHECK_OK(ops->create(&t, &config));
    map_any(IOVA, FRAME, SIZE_4K);
    CHECK(map_page(IOVA + SIZE_2M, FRAME, SIZE_2M, IOMMU_RW) == NULL);
    CHECK(map_page(IOVA + SIZE_4K, FRAME, SIZE_4K, IOMMU_RW) != NULL);
    ops->destroy(&t);
    fake_platform_free(&fake);
}

/* A width below that of the levels holds for every operation. */
TEST(narrow_table_ends_where_it_says)
{
    struct iommu_mapping m = { .iova = 1ull << 41, .pa = FRAME, .len = SIZE_4K, .prot = IOMMU_RW };
    struct iommu_gather gather = { 0 };
    struct pt_config config;

    fake_platform_init(&fake, 32);
    config = pt_variant_config(&pt_variants[1], &fake);
    config.input_bits = 49;
    ops = pt_variants[1].ops;
    CHECK_EQ(ops->create(&t, &config), IOMMU_ERR_UNSUPPORTED);
    config.input_bits = 41;
    CHECK_OK(ops->create(&t, &config));
    CHECK_EQ(ops->map(&t, &m, &gather), IOMMU_ERR_RANGE);
    CHECK(ops->map_page(&t, &m) == NULL);
    m.iova -= SIZE_4K;
    CHECK_OK(ops->map(&t, &m, &gather));
    check_translates(m.iova, IOMMU_OK, FRAME);
    check_translates(m.iova + SIZE_4K, IOMMU_ERR_NOT_FOUND, 0);
    ops->destroy(&t);
    fake_platform_free(&fake);
}
