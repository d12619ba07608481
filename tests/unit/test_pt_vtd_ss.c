/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bits of second-stage entries against VT-d §9.8 (Tables 41 to 48), read
 * from memory as hardware finds them. Walking, splitting and flushing, which
 * all formats share, are in test_pt_engine.c.
 */
#include "test.h"

#include "fake_platform.h"
#include "pt/pt.h"

/*
 * Table entries: 63, 61:52, 10:9, 6:2 and, without SSADE, 8 are ignored by
 * hardware (Tables 41, 42, 44, 46).
 */
#define TABLE_IGNORED 0xbff000000000077cull

#define SIZE_4K 0x1000ull
#define SIZE_2M 0x200000ull
#define SIZE_1G 0x40000000ull

static struct fake_platform fake;
static struct pt_table table;

static enum iommu_status create(unsigned levels, uint64_t page_sizes)
{
    struct pt_config config = {
        .platform = &fake.platform, .platform_ctx = &fake, .levels = levels,
        .page_sizes = page_sizes,
        .output_bits = 39, .coherent = false, .table_limit_pa = IOMMU_ANY_PA,
    };

    fake_platform_init(&fake, 16);
    return pt_vtd_ss.create(&table, &config);
}

static enum iommu_status map(uint64_t iova, uint64_t pa, uint64_t len, unsigned prot)
{
    struct iommu_gather gather = { 0 };
    struct iommu_mapping m = { .iova = iova, .pa = pa, .len = len, .prot = prot };
    enum iommu_status status = pt_vtd_ss.map(&table, &m, &gather);

    pt_free_gathered(&table, &gather);
    return status;
}

static void finish(void)
{
    pt_vtd_ss.destroy(&table);
    CHECK_EQ(fake.live_pages, 0);
    CHECK_EQ(fake.misuses, 0);
    fake_platform_free(&fake);
}

/* The entry of that number in the table at pa, as a unit that does not snoop sees it. */
static uint64_t entry(uint64_t pa, unsigned index)
{
    return fake_read64(&fake, pa + index * 8, false);
}

TEST(four_level_walk_to_a_4k_leaf)
{
    CHECK_OK(create(4, SIZE_4K));
    CHECK_EQ(table.root_pa, 0x240000000);
    CHECK_EQ(table.input_bits, 48);
    /* 0xff7f12345000: 47:39 = 0x1fe, 38:30 = 0x1fc, 29:21 = 0x091, 20:12 = 0x145 */
    CHECK_OK(map(0xff7f12345000, 0x1abcde000, SIZE_4K, IOMMU_RW));
    CHECK_EQ(entry(0x240000000, 0x1fe) & ~TABLE_IGNORED, 0x240001003);
    CHECK_EQ(entry(0x240001000, 0x1fc) & ~TABLE_IGNORED, 0x240002003);
    CHECK_EQ(entry(0x240002000, 0x091) & ~TABLE_IGNORED, 0x240003003);
    CHECK_EQ(entry(0x240003000, 0x145), 0x1abcde003);
    CHECK_EQ(entry(0x240003000, 0x144), 0);
    CHECK_EQ(entry(0x240003000, 0x146), 0);
    CHECK_EQ(table.table_pages, 4);
    finish();
}

TEST(rights_are_bits_0_and_1)
{
    struct iommu_leaf leaf;

    CHECK_OK(create(3, SIZE_4K));
    CHECK_OK(map(0x0000, 0x10000, SIZE_4K, IOMMU_READ));
    CHECK_OK(map(0x1000, 0x11000, SIZE_4K, IOMMU_WRITE));
    CHECK_OK(map(0x2000, 0x12000, SIZE_4K, IOMMU_RW));
    CHECK_EQ(entry(0x240002000, 0), 0x10001);
    CHECK_EQ(entry(0x240002000, 1), 0x11002);
    CHECK_EQ(entry(0x240002000, 2), 0x12003);
    CHECK_OK(pt_vtd_ss.lookup(&table, 0x1fff, &leaf));
    CHECK_EQ(leaf.pa, 0x11fff);
    CHECK_EQ(leaf.prot, IOMMU_WRITE);
    /* Second stage has no bits for these: they change nothing. */
    CHECK_OK(map(0x3000, 0x13000, SIZE_4K,
                 IOMMU_READ | PT_EXECUTE | PT_USER | PT_UNCACHED | PT_GLOBAL));
    CHECK_EQ(entry(0x240002000, 3), 0x13001);
    finish();
}

TEST(three_levels_start_at_bit_30)
{
    CHECK_OK(create(3, SIZE_4K));
    CHECK_EQ(table.input_bits, 39);
    CHECK_OK(map(0x7fffffe000, 0x5000, 2 * SIZE_4K, IOMMU_RW));
    CHECK_EQ(entry(0x240000000, 511) & ~TABLE_IGNORED, 0x240001003);
    CHECK_EQ(entry(0x240001000, 511) & ~TABLE_IGNORED, 0x240002003);
    CHECK_EQ(entry(0x240002000, 510), 0x5003);
    CHECK_EQ(entry(0x240002000, 511), 0x6003);
    CHECK_EQ(map(0x8000000000, 0x5000, SIZE_4K, IOMMU_RW), IOMMU_ERR_RANGE);
    finish();
}

TEST(five_levels_start_at_bit_48)
{
    CHECK_OK(create(5, SIZE_4K));
    CHECK_EQ(table.input_bits, 57);
    CHECK_OK(map(0x1ff000000000000, 0x5000, SIZE_4K, IOMMU_RW));
    CHECK_EQ(entry(0x240000000, 511) & ~TABLE_IGNORED, 0x240001003);
    CHECK_EQ(entry(0x240001000, 0) & ~TABLE_IGNORED, 0x240002003);
    CHECK_EQ(entry(0x240004000, 0), 0x5003);
    CHECK_EQ(map(0x200000000000000, 0x5000, SIZE_4K, IOMMU_RW), IOMMU_ERR_RANGE);
    finish();
}

/* Bit 7 makes a leaf of a PDE and a PDPE; the address bits below the size are reserved. */
TEST(large_leaves_have_bit_7)
{
    struct iommu_leaf leaf;

    CHECK_OK(create(4, SIZE_4K | SIZE_2M | SIZE_1G));
    CHECK_OK(map(SIZE_1G, 3 * SIZE_1G, SIZE_1G, IOMMU_RW));
    CHECK_EQ(entry(0x240001000, 1), 0xc0000083);
    CHECK_OK(map(0x200000, 0x7e00000, SIZE_2M, IOMMU_READ));
    CHECK_EQ(entry(0x240002000, 1), 0x7e00081);
    CHECK_OK(pt_vtd_ss.lookup(&table, 0x2abcde, &leaf));
    CHECK_EQ(leaf.pa, 0x7eabcde);
    CHECK_EQ(leaf.size_shift, 21);
    CHECK_EQ(leaf.level, 1);
    CHECK_OK(pt_vtd_ss.lookup(&table, 0x7fffffff, &leaf));
    CHECK_EQ(leaf.pa, 0xffffffff);
    CHECK_EQ(leaf.size_shift, 30);
    CHECK_EQ(leaf.level, 2);
    finish();
}

/*
 * 1 GiB - 2 MiB - 4 KiB .. 2 GiB + 2 MiB + 4 KiB: each boundary takes the
 * largest leaf that starts there.
 */
TEST(alignment_chooses_the_leaf)
{
    uint64_t start = SIZE_1G - SIZE_2M - SIZE_4K, end = 2 * SIZE_1G + SIZE_2M + SIZE_4K;
    struct iommu_leaf leaf;

    CHECK_OK(create(4, SIZE_4K | SIZE_2M | SIZE_1G));
    CHECK_OK(map(start, start + 4 * SIZE_1G, end - start, IOMMU_RW));
    CHECK_OK(pt_vtd_ss.lookup(&table, start, &leaf));
    CHECK_EQ(leaf.size_shift, 12);
    CHECK_OK(pt_vtd_ss.lookup(&table, start + SIZE_4K, &leaf));
    CHECK_EQ(leaf.size_shift, 21);
    CHECK_OK(pt_vtd_ss.lookup(&table, SIZE_1G, &leaf));
    CHECK_EQ(leaf.size_shift, 30);
    CHECK_OK(pt_vtd_ss.lookup(&table, 2 * SIZE_1G, &leaf));
    CHECK_EQ(leaf.size_shift, 21);
    CHECK_OK(pt_vtd_ss.lookup(&table, end - SIZE_4K, &leaf));
    CHECK_EQ(leaf.size_shift, 12);
    CHECK_EQ(leaf.pa, end - SIZE_4K + 4 * SIZE_1G);
    CHECK_EQ(pt_vtd_ss.lookup(&table, end, &leaf), IOMMU_ERR_NOT_FOUND);
    CHECK_EQ(leaf.level, 0);
    CHECK_EQ(pt_vtd_ss.lookup(&table, start - 1, &leaf), IOMMU_ERR_NOT_FOUND);
    /* Frame and address that are not aligned alike take small leaves. */
    CHECK_OK(map(4 * SIZE_1G, SIZE_2M + SIZE_4K, SIZE_2M, IOMMU_RW));
    CHECK_OK(pt_vtd_ss.lookup(&table, 4 * SIZE_1G, &leaf));
    CHECK_EQ(leaf.size_shift, 12);
    finish();
}

TEST(only_the_allowed_sizes_are_used)
{
    struct iommu_leaf leaf;

    CHECK_OK(create(4, SIZE_4K | SIZE_2M));
    CHECK_OK(map(0, 0, SIZE_1G, IOMMU_RW));
    CHECK_OK(pt_vtd_ss.lookup(&table, 0, &leaf));
    CHECK_EQ(leaf.size_shift, 21);
    CHECK_EQ(entry(0x240002000, 511), 0x3fe00083);
    finish();
}

/* A split takes the rights along and drops bit 7 at the 4 KiB level, where it is not a size. */
TEST(split_entries_have_the_same_rights)
{
    struct iommu_gather gather = { 0 };
    uint64_t unmapped;

    CHECK_OK(create(4, SIZE_4K | SIZE_2M | SIZE_1G));
    CHECK_OK(map(0, SIZE_1G, SIZE_1G, IOMMU_READ));
    CHECK_OK(pt_vtd_ss.unmap(&table, 0x201000, SIZE_4K, &gather, &unmapped));
    CHECK_EQ(unmapped, SIZE_4K);
    CHECK_EQ(entry(0x240002000, 0), 0x40000081);
    CHECK_EQ(entry(0x240002000, 511), 0x7fe00081);
    CHECK_EQ(entry(0x240002000, 1) & ~TABLE_IGNORED, 0x240003003);
    CHECK_EQ(entry(0x240003000, 0), 0x40200001);
    CHECK_EQ(entry(0x240003000, 1), 0);
    CHECK_EQ(entry(0x240003000, 2), 0x40202001);
    CHECK_EQ(entry(0x240003000, 511), 0x403ff001);
    CHECK_EQ(gather.start, 0);
    CHECK_EQ(gather.end, SIZE_1G);
    CHECK(gather.tables);
    pt_free_gathered(&table, &gather);
    finish();
}

TEST(output_width_limits_frames)
{
    CHECK_OK(create(4, SIZE_4K | SIZE_2M));
    CHECK_OK(map(0, 0x7ffffff000, SIZE_4K, IOMMU_RW));
    CHECK_EQ(map(0x10000, 0x8000000000, SIZE_4K, IOMMU_RW), IOMMU_ERR_RANGE);
    CHECK_EQ(map(0x10000, 0x7ffffff000, 2 * SIZE_4K, IOMMU_RW), IOMMU_ERR_RANGE);
    CHECK_EQ(map(0x10000, 0xfffffffffffff000, 2 * SIZE_4K, IOMMU_RW), IOMMU_ERR_RANGE);
    finish();
}

static void check_refused(unsigned levels, uint64_t page_sizes)
{
    CHECK_EQ(create(levels, page_sizes), IOMMU_ERR_UNSUPPORTED);
    CHECK_EQ(fake.live_pages, 0);
    fake_platform_free(&fake);
}

TEST(what_the_format_has_not_is_refused)
{
    check_refused(2, SIZE_4K);
    check_refused(6, SIZE_4K);
    check_refused(4, SIZE_2M);
    check_refused(4, SIZE_4K | 0x2000);
    check_refused(4, SIZE_4K | 0x8000000000);
    check_refused(4, SIZE_4K | SIZE_1G);
}

TEST(input_width_limits_addresses)
{
    CHECK_OK(create(3, SIZE_4K | SIZE_2M));
    CHECK_OK(map((1ull << 39) - SIZE_4K, 0, SIZE_4K, IOMMU_RW));
    CHECK_EQ(map(1ull << 39, 0, SIZE_4K, IOMMU_RW), IOMMU_ERR_RANGE);
    CHECK_EQ(map((1ull << 39) - SIZE_2M, 0, 2 * SIZE_2M, IOMMU_RW), IOMMU_ERR_RANGE);
    finish();
}

/* Both ends of [iova, iova + len) lead to [pa, pa + len), and the pages around to nothing. */
static void check_range(uint64_t iova, uint64_t pa, uint64_t len)
{
    struct iommu_leaf leaf;

    CHECK_OK(pt_vtd_ss.lookup(&table, iova, &leaf));
    CHECK_EQ(leaf.pa, pa);
    CHECK_OK(pt_vtd_ss.lookup(&table, iova + len - 1, &leaf));
    CHECK_EQ(leaf.pa, pa + len - 1);
    CHECK_EQ(pt_vtd_ss.lookup(&table, iova - 1, &leaf), IOMMU_ERR_NOT_FOUND);
    CHECK_EQ(pt_vtd_ss.lookup(&table, iova + len, &leaf), IOMMU_ERR_NOT_FOUND);
}

/* As long as a large leaf, but not where one could be; tables of that depth stand already. */
TEST(large_length_at_an_odd_address)
{
    struct iommu_gather gather = { 0 };
    uint64_t unmapped;

    CHECK_OK(create(4, SIZE_4K | SIZE_2M));
    CHECK_OK(map(0, SIZE_2M, SIZE_4K, IOMMU_RW));
    CHECK_OK(map(4 * SIZE_2M, 8 * SIZE_2M + SIZE_4K, SIZE_2M, IOMMU_RW));
    check_range(4 * SIZE_2M, 8 * SIZE_2M + SIZE_4K, SIZE_2M);
    CHECK_OK(map(6 * SIZE_2M + SIZE_4K, 8 * SIZE_2M, SIZE_2M, IOMMU_RW));
    check_range(6 * SIZE_2M + SIZE_4K, 8 * SIZE_2M, SIZE_2M);
    CHECK_OK(map(10 * SIZE_2M, 20 * SIZE_2M, 2 * SIZE_2M, IOMMU_RW));
    CHECK_OK(pt_vtd_ss.unmap(&table, 10 * SIZE_2M + SIZE_4K, SIZE_2M, &gather, &unmapped));
    CHECK_EQ(unmapped, SIZE_2M);
    check_range(10 * SIZE_2M, 20 * SIZE_2M, SIZE_4K);
    check_range(11 * SIZE_2M + SIZE_4K, 21 * SIZE_2M + SIZE_4K, SIZE_2M - SIZE_4K);
    pt_free_gathered(&table, &gather);
    finish();
}

TEST(run_over_one_page_is_refused_and_changes_nothing)
{
    CHECK_OK(create(4, SIZE_4K));
    CHECK_OK(map(0x107000, 0x5000, SIZE_4K, IOMMU_RW));
    CHECK_EQ(map(0x100000, 0x9000000, 16 * SIZE_4K, IOMMU_RW), IOMMU_ERR_EXISTS);
    check_range(0x107000, 0x5000, SIZE_4K);
    finish();
}

/* A guest's 9 GiB at 4 GiB and 32 GiB of memory: as few entries and tables as the sizes allow. */
TEST(large_memory_takes_few_leaves)
{
    CHECK_OK(create(4, SIZE_4K | SIZE_2M | SIZE_1G));
    CHECK_OK(map(0x100000000, 0x40000000, 0x240000000, IOMMU_RW));
    CHECK_EQ(table.table_pages, 2);
    CHECK_EQ(entry(0x240001000, 4), 0x40000083);
    CHECK_EQ(entry(0x240001000, 12), 0x240000083);
    CHECK_EQ(entry(0x240001000, 13), 0);
    CHECK_OK(map(0x4000000000, 0, 0x800000000, IOMMU_RW));
    CHECK_EQ(table.table_pages, 2);
    CHECK_EQ(entry(0x240001000, 256 + 31), 0x7c0000083);
    finish();
    /* Without 1 GiB leaves every GiB takes one table more. */
    CHECK_OK(create(4, SIZE_4K | SIZE_2M));
    CHECK_OK(map(0x100000000, 0x40000000, 0x240000000, IOMMU_RW));
    CHECK_EQ(table.table_pages, 2 + 9);
    finish();
}
