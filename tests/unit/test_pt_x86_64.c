/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bits of x86-64 entries against VT-d §9.7 (Tables 31 to 40), which are
 * the processor's own but for NX and G, and canonical addresses. Walking,
 * splitting and flushing are in test_pt_engine.c.
 */
#include "test.h"

#include "fake_platform.h"
#include "pt/pt.h"

/*
 * Table entries: 63:52, 11, 9:8, 6, 4:3 are ignored by hardware, as CR4.PKS and
 * NX apart, by the processor.
 */
#define TABLE_IGNORED 0x7ff0000000000b58ull
#define NX 0x8000000000000000ull

#define SIZE_4K 0x1000ull
#define SIZE_2M 0x200000ull
#define SIZE_1G 0x40000000ull
#define UPPER_HALF_48 0xffff800000000000ull
#define UPPER_HALF_57 0xff00000000000000ull

static struct fake_platform fake;
static struct pt_table table;

static enum iommu_status create(unsigned levels, unsigned table_prot)
{
    struct pt_config config = {
        .platform = &fake.platform, .platform_ctx = &fake, .levels = levels,
        .page_sizes = SIZE_4K | SIZE_2M | SIZE_1G, .output_bits = 52, .coherent = false,
        .table_limit_pa = IOMMU_ANY_PA, .table_prot = table_prot,
    };

    fake_platform_init(&fake, 16);
    return pt_x86_64.create(&table, &config);
}

static enum iommu_status map(uint64_t iova, uint64_t pa, uint64_t len, unsigned prot)
{
    struct iommu_gather gather = { 0 };
    struct iommu_mapping m = { .iova = iova, .pa = pa, .len = len, .prot = prot };
    enum iommu_status status = pt_x86_64.map(&table, &m, &gather);

    pt_free_gathered(&table, &gather);
    return status;
}

static void finish(void)
{
    pt_x86_64.destroy(&table);
    CHECK_EQ(fake.live_pages, 0);
    CHECK_EQ(fake.misuses, 0);
    fake_platform_free(&fake);
}

static uint64_t entry(uint64_t pa, unsigned index)
{
    return fake_read64(&fake, pa + index * 8, false);
}

TEST(four_level_walk_in_the_lower_half)
{
    CHECK_OK(create(4, 0));
    CHECK_EQ(table.input_bits, 48);
    /* 0x7f7f12345000: 47:39 = 0x0fe, 38:30 = 0x1fc, 29:21 = 0x091, 20:12 = 0x145 */
    CHECK_OK(map(0x7f7f12345000, 0x9abcde000, SIZE_4K, IOMMU_RW | PT_EXECUTE));
    /* P, R/W, A; no U/S */
    CHECK_EQ(entry(0x240000000, 0x0fe) & ~TABLE_IGNORED, 0x240001023);
    CHECK_EQ(entry(0x240001000, 0x1fc) & ~TABLE_IGNORED, 0x240002023);
    CHECK_EQ(entry(0x240002000, 0x091) & ~TABLE_IGNORED, 0x240003023);
    /* P, R/W, A, D */
    CHECK_EQ(entry(0x240003000, 0x145), 0x9abcde063);
    finish();
}

TEST(permission_bits_of_leaves)
{
    static const struct {
        unsigned prot;
        uint64_t bits;
    } cases[] = {
        { IOMMU_READ | PT_EXECUTE, 0x021 },                             /* P A */
        { IOMMU_READ, NX | 0x021 },
        { IOMMU_RW, NX | 0x063 },                                       /* P R/W A D */
        { IOMMU_READ | PT_USER, NX | 0x025 },                           /* U/S */
        { IOMMU_RW | PT_UNCACHED, NX | 0x07b },                         /* PWT PCD */
        { IOMMU_RW | PT_WRITE_COMBINE, NX | 0x06b },                    /* PWT */
        { IOMMU_RW | PT_EXECUTE | PT_GLOBAL, 0x163 },                   /* G */
    };
    struct iommu_leaf leaf;

    CHECK_OK(create(4, PT_USER));
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_OK(map(i * SIZE_4K, 0x50000 + i * SIZE_4K, SIZE_4K, cases[i].prot));
        CHECK_EQ(entry(0x240003000, i), cases[i].bits | (0x50000 + i * SIZE_4K));
        CHECK_OK(pt_x86_64.lookup(&table, i * SIZE_4K + 5, &leaf));
        CHECK_EQ(leaf.prot, cases[i].prot);
        CHECK_EQ(leaf.pa, 0x50005 + i * SIZE_4K);
    }
    /* Requests without privilege need U/S at every level (VT-d §3.6.1). */
    CHECK_EQ(entry(0x240000000, 0) & ~TABLE_IGNORED, 0x240001027);
    CHECK_EQ(entry(0x240001000, 0) & ~TABLE_IGNORED, 0x240002027);
    CHECK_EQ(entry(0x240002000, 0) & ~TABLE_IGNORED, 0x240003027);
    finish();
}

/*
 * Bit 7 is the size in a PDE and PDPE, PAT in a PTE; bit 12 of a large leaf is
 * PAT and not its address.
 */
TEST(large_leaves_and_the_two_places_of_pat)
{
    struct iommu_gather gather = { 0 };
    struct iommu_leaf leaf;

    CHECK_OK(create(4, 0));
    CHECK_OK(map(SIZE_1G, 5 * SIZE_1G, SIZE_1G, IOMMU_RW));
    CHECK_EQ(entry(0x240001000, 1), NX | 0x1400000e3);
    CHECK_OK(map(SIZE_2M, 7 * SIZE_2M, SIZE_2M, IOMMU_RW | PT_WRITE_COMBINE));
    CHECK_EQ(entry(0x240002000, 1), NX | 0xe000eb);
    CHECK_OK(pt_x86_64.unmap(&table, SIZE_2M, SIZE_4K, &gather, NULL));
    CHECK_EQ(entry(0x240003000, 0), 0);
    CHECK_EQ(entry(0x240003000, 1), NX | 0xe0106b);
    CHECK_EQ(entry(0x240003000, 511), NX | 0xfff06b);
    CHECK_OK(pt_x86_64.lookup(&table, SIZE_2M + 0x1234, &leaf));
    CHECK_EQ(leaf.pa, 0xe01234);
    CHECK_EQ(leaf.prot, IOMMU_RW | PT_WRITE_COMBINE);
    pt_free_gathered(&table, &gather);
    finish();
}

TEST(upper_half_addresses_are_canonical)
{
    struct iommu_leaf leaf;

    CHECK_OK(create(4, 0));
    CHECK_OK(map(UPPER_HALF_48, 0x5000, SIZE_4K, IOMMU_RW));
    CHECK_EQ(entry(0x240000000, 256) & ~TABLE_IGNORED, 0x240001023);
    CHECK_EQ(entry(0x240003000, 0), NX | 0x5063);
    CHECK_OK(map(0x7ffffffff000, 0x6000, SIZE_4K, IOMMU_RW));
    CHECK_EQ(entry(0x240000000, 255) & ~TABLE_IGNORED, 0x240004023);
    CHECK_OK(pt_x86_64.lookup(&table, UPPER_HALF_48 + 7, &leaf));
    CHECK_EQ(leaf.pa, 0x5007);
    /* The same index, but not sign-extended. */
    CHECK_EQ(pt_x86_64.lookup(&table, 0x800000000000, &leaf), IOMMU_ERR_NOT_FOUND);
    CHECK_EQ(leaf.level, 3);
    finish();
}

TEST(non_canonical_ranges_are_refused)
{
    struct iommu_gather gather = { 0 };

    CHECK_OK(create(4, 0));
    CHECK_EQ(map(0x800000000000, 0x5000, SIZE_4K, IOMMU_RW), IOMMU_ERR_RANGE);
    CHECK_EQ(map(UPPER_HALF_48 - SIZE_4K, 0x5000, SIZE_4K, IOMMU_RW), IOMMU_ERR_RANGE);
    CHECK_EQ(map(UPPER_HALF_48 - SIZE_4K, 0x5000, 2 * SIZE_4K, IOMMU_RW), IOMMU_ERR_RANGE);
    CHECK_EQ(map(0x7ffffffff000, 0x5000, 2 * SIZE_4K, IOMMU_RW), IOMMU_ERR_RANGE);
    /* From the last page round to the first. */
    CHECK_EQ(map(0xfffffffffffff000, 0x5000, 2 * SIZE_4K, IOMMU_RW), IOMMU_ERR_RANGE);
    CHECK_EQ(pt_x86_64.unmap(&table, 0x800000000000, SIZE_4K, &gather, NULL), IOMMU_ERR_RANGE);
    CHECK_EQ(pt_x86_64.unmap(&table, 0x7ffffffff000, 1ull << 63, &gather, NULL), IOMMU_ERR_RANGE);
    CHECK_EQ(gather.start | gather.end, 0);
    finish();
}

/* The range that ends at 2^64: its half-open end is 0. */
TEST(the_last_page_of_all)
{
    struct iommu_gather gather = { 0 };
    struct iommu_leaf leaf;
    uint64_t unmapped;

    CHECK_OK(create(4, 0));
    CHECK_OK(map(0ull - SIZE_1G, SIZE_1G, SIZE_1G, IOMMU_RW));
    CHECK_OK(pt_x86_64.lookup(&table, UINT64_MAX, &leaf));
    CHECK_EQ(leaf.pa, 2 * SIZE_1G - 1);
    CHECK_OK(pt_x86_64.unmap(&table, 0ull - SIZE_4K, SIZE_4K, &gather, &unmapped));
    CHECK_EQ(unmapped, SIZE_4K);
    CHECK_EQ(gather.start, 0ull - SIZE_1G);
    CHECK_EQ(gather.end, 0);
    CHECK_OK(pt_x86_64.unmap(&table, UPPER_HALF_48, 1ull << 47, &gather, &unmapped));
    CHECK_EQ(unmapped, SIZE_1G - SIZE_4K);
    CHECK_EQ(gather.start, 0ull - (1ull << 39));
    CHECK_EQ(gather.end, 0);
    pt_free_gathered(&table, &gather);
    CHECK_EQ(table.table_pages, 1);
    finish();
}

TEST(trim_reports_canonical_ranges)
{
    struct iommu_gather gather = { 0 };

    CHECK_OK(create(4, 0));
    CHECK_OK(map(UPPER_HALF_48, 0x5000, SIZE_4K, IOMMU_RW));
    CHECK_OK(pt_x86_64.unmap(&table, UPPER_HALF_48, SIZE_4K, &gather, NULL));
    pt_free_gathered(&table, &gather);
    CHECK_EQ(table.table_pages, 4);
    pt_x86_64.trim(&table, &gather);
    CHECK_EQ(gather.start, UPPER_HALF_48);
    CHECK_EQ(gather.end, UPPER_HALF_48 + (1ull << 39));
    CHECK(gather.tables);
    pt_free_gathered(&table, &gather);
    CHECK_EQ(table.table_pages, 1);
    finish();
}

TEST(five_levels_start_at_bit_48)
{
    CHECK_OK(create(5, 0));
    CHECK_EQ(table.input_bits, 57);
    CHECK_OK(map(0x800000000000, 0x5000, SIZE_4K, IOMMU_RW));
    CHECK_EQ(entry(0x240000000, 0) & ~TABLE_IGNORED, 0x240001023);
    CHECK_EQ(entry(0x240001000, 256) & ~TABLE_IGNORED, 0x240002023);
    CHECK_OK(map(UPPER_HALF_57, 0x6000, SIZE_4K, IOMMU_RW));
    CHECK_EQ(entry(0x240000000, 256) & ~TABLE_IGNORED, 0x240005023);
    CHECK_EQ(map(0x100000000000000, 0x5000, SIZE_4K, IOMMU_RW), IOMMU_ERR_RANGE);
    finish();
}

TEST(what_the_format_has_not_is_refused)
{
    CHECK_EQ(create(3, 0), IOMMU_ERR_UNSUPPORTED);
    fake_platform_free(&fake);
    CHECK_EQ(create(6, 0), IOMMU_ERR_UNSUPPORTED);
    fake_platform_free(&fake);
}
