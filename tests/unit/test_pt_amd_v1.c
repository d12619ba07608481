/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bits of AMD-Vi version 1 entries against AMD-Vi §2.2.3, computed by hand
 * and read from memory as hardware finds them. How trees grow is in
 * test_pt_grow.c, how wide leaves are cut in test_pt_wide.c; walking, splitting
 * and flushing, which all formats share, in test_pt_engine.c.
 */
#include "test.h"

#include "fake_platform.h"
#include "pt_walker.h"

/* Of entries that lead to tables hardware ignores 63, 8:6 and 4:1. */
#define TABLE_IGNORED 0x80000000000001deull

#define SIZE_4K 0x1000ull
#define SIZE_2M 0x200000ull
#define SIZE_1G 0x40000000ull
#define SIZE_512G 0x8000000000ull
#define ALL_SIZES 0x7ffffff000ull       /* 4 KiB to 256 GiB */
#define ROOT 0x240000000ull

static struct fake_platform fake;
static struct pt_table table;

static enum iommu_status create(unsigned levels, uint64_t page_sizes)
{
    struct pt_config config = {
        .platform = &fake.platform, .platform_ctx = &fake, .levels = levels,
        .page_sizes = page_sizes, .output_bits = 52, .coherent = false,
        .table_limit_pa = IOMMU_ANY_PA,
    };

    fake_platform_init(&fake, 16);
    return pt_amd_v1.create(&table, &config);
}

static enum iommu_status map(uint64_t iova, uint64_t pa, uint64_t len, unsigned prot)
{
    struct iommu_gather gather = { 0 };
    struct iommu_mapping m = { .iova = iova, .pa = pa, .len = len, .prot = prot };
    enum iommu_status status = pt_amd_v1.map(&table, &m, &gather);

    pt_free_gathered(&table, &gather);
    return status;
}

static void finish(void)
{
    pt_amd_v1.destroy(&table);
    CHECK_EQ(fake.live_pages, 0);
    CHECK_EQ(fake.misuses, 0);
    fake_platform_free(&fake);
}

/* The entry of that number in the table at pa, as a unit that does not snoop sees it. */
static uint64_t entry(uint64_t pa, unsigned index)
{
    return fake_read64(&fake, pa + index * 8, false);
}

/* PR, NextLevel of the table below (11:9), IR and IW. */
TEST(four_level_walk_to_a_4k_leaf)
{
    CHECK_OK(create(4, SIZE_4K));
    CHECK_EQ(table.root_pa, ROOT);
    CHECK_EQ(table.input_bits, 48);
    /* 0xff7f12345000: 47:39 = 0x1fe, 38:30 = 0x1fc, 29:21 = 0x091, 20:12 = 0x145 */
    CHECK_OK(map(0xff7f12345000, 0x1abcde000, SIZE_4K, IOMMU_RW));
    CHECK_EQ(entry(ROOT, 0x1fe) & ~TABLE_IGNORED, 0x6000000240001601);
    CHECK_EQ(entry(0x240001000, 0x1fc) & ~TABLE_IGNORED, 0x6000000240002401);
    CHECK_EQ(entry(0x240002000, 0x091) & ~TABLE_IGNORED, 0x6000000240003201);
    CHECK_EQ(entry(0x240003000, 0x145), 0x70000001abcde001);
    CHECK_EQ(entry(0x240003000, 0x144), 0);
    CHECK_EQ(entry(0x240003000, 0x146), 0);
    CHECK_EQ(table.table_pages, 4);
    finish();
}

/* IR is bit 61, IW 62; FC, 60, goes with every leaf; U, 59, with none. */
TEST(rights_are_bits_61_and_62)
{
    struct iommu_leaf leaf;

    CHECK_OK(create(3, SIZE_4K));
    CHECK_OK(map(0x0000, 0x10000, SIZE_4K, IOMMU_READ));
    CHECK_OK(map(0x1000, 0x11000, SIZE_4K, IOMMU_WRITE));
    CHECK_OK(map(0x2000, 0x12000, SIZE_4K, IOMMU_RW | PT_EXECUTE | PT_USER | PT_GLOBAL));
    CHECK_EQ(entry(0x240002000, 0), 0x3000000000010001);
    CHECK_EQ(entry(0x240002000, 1), 0x5000000000011001);
    CHECK_EQ(entry(0x240002000, 2), 0x7000000000012001);
    CHECK_OK(pt_amd_v1.lookup(&table, 0x1fff, &leaf));
    CHECK_EQ(leaf.pa, 0x11fff);
    CHECK_EQ(leaf.prot, IOMMU_WRITE);
    finish();
}

TEST(sizes_of_the_levels_have_next_level_0)
{
    struct iommu_leaf leaf;

    CHECK_OK(create(3, SIZE_4K | SIZE_2M | SIZE_1G));
    CHECK_OK(map(0, 3 * SIZE_1G, SIZE_1G, IOMMU_RW));
    CHECK_OK(map(SIZE_1G, 0x7e00000, SIZE_2M, IOMMU_RW));
    CHECK_EQ(entry(ROOT, 0), 0x70000000c0000001);
    CHECK_EQ(entry(0x240001000, 0), 0x7000000007e00001);
    CHECK_OK(pt_amd_v1.lookup(&table, 0x12345678, &leaf));
    CHECK_EQ(leaf.pa, 0xd2345678);
    CHECK_EQ(leaf.size_shift, 30);
    CHECK_EQ(leaf.level, 2);
    finish();
}

/* Maps len at iova; copies entries, from that index of the table at pa on, are value. */
static void check_copies(uint64_t iova, uint64_t frame, uint64_t len, uint64_t pa, unsigned index,
                         unsigned copies, uint64_t value)
{
    struct iommu_leaf leaf;
    uint64_t to;

    CHECK_OK(map(iova, frame, len, IOMMU_RW));
    for (unsigned i = index; i < index + copies; i++)
        CHECK_EQ(entry(pa, i), value);
    CHECK_EQ(entry(pa, index + copies), 0);
    CHECK_OK(pt_amd_v1.lookup(&table, iova + len - 1, &leaf));
    CHECK_EQ(leaf.pa, frame + len - 1);
    CHECK_EQ(1ull << leaf.size_shift, len);
    CHECK_OK(pt_amd_v1.translate(&table, iova + len / 2 + 0x123, &to));
    CHECK_EQ(to, frame + len / 2 + 0x123);
}

/*
 * NextLevel 7. The address has ones below the highest bit that is less than
 * the size, which is 0: 8 KiB at 0x80000 is 0x80000, 16 KiB 0x81000.
 */
TEST(sizes_between_are_repeated_entries)
{
    CHECK_OK(create(3, ALL_SIZES));
    check_copies(0x002000, 0x80000, 0x2000, 0x240002000, 0x02, 2, 0x7000000000080e01);
    check_copies(0x008000, 0x80000, 0x4000, 0x240002000, 0x08, 4, 0x7000000000081e01);
    check_copies(0x010000, 0x80000, 0x8000, 0x240002000, 0x10, 8, 0x7000000000083e01);
    check_copies(0x020000, 0x80000, 0x10000, 0x240002000, 0x20, 16, 0x7000000000087e01);
    check_copies(0x100000 - 0x80000, 0x80000, 0x80000, 0x240002000, 0x80, 128, 0x70000000000bfe01);
    check_copies(0x800000, 0x400000, 0x400000, 0x240001000, 4, 2, 0x70000000005ffe01);
    check_copies(0x10000000, 0x40000000, 0x10000000, 0x240001000, 128, 128, 0x7000000047fffe01);
    finish();
}

/* The largest: half of what 512 GiB would be. Three tables in all. */
TEST(largest_leaf_is_256g)
{
    struct iommu_leaf leaf;

    CHECK_OK(create(4, ALL_SIZES));
    CHECK_OK(map(2 * SIZE_512G, SIZE_512G, SIZE_512G, IOMMU_RW));
    CHECK_EQ(table.table_pages, 2);
    CHECK_EQ(entry(ROOT, 2) & ~TABLE_IGNORED, 0x6000000240001601);
    /* 0x8000000000 and 0xc000000000, with 36:12 all ones and 37 zero. */
    CHECK_EQ(entry(0x240001000, 0), 0x7000009ffffffe01);
    CHECK_EQ(entry(0x240001000, 255), 0x7000009ffffffe01);
    CHECK_EQ(entry(0x240001000, 256), 0x700000dffffffe01);
    CHECK_EQ(entry(0x240001000, 511), 0x700000dffffffe01);
    CHECK_OK(pt_amd_v1.lookup(&table, 3 * SIZE_512G - 1, &leaf));
    CHECK_EQ(leaf.pa, 2 * SIZE_512G - 1);
    CHECK_EQ(leaf.size_shift, 38);
    finish();
}

/* From 4 KiB below 1 MiB on: what begins at each address is the most that fits there. */
TEST(alignment_chooses_the_leaf)
{
    static const struct {
        uint64_t iova;
        unsigned size_shift;
    } expected[] = {
        { 0x0ff000, 12 }, { 0x100000, 20 }, { 0x1fffff, 20 }, { 0x200000, 21 }, { 0x3fffff, 21 },
        { 0x400000, 22 }, { 0x7fffff, 22 }, { 0x800000, 13 }, { 0x802000, 12 },
    };
    struct iommu_leaf leaf;

    CHECK_OK(create(3, ALL_SIZES));
    /* Address and frame are alike in 21:0 only. */
    CHECK_OK(map(0xff000, 0x10000000 + 0xff000 + 0x400000, 0x803000 - 0xff000, IOMMU_RW));
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        CHECK_OK(pt_amd_v1.lookup(&table, expected[i].iova, &leaf));
        CHECK_EQ(leaf.pa, 0x10400000 + expected[i].iova);
        CHECK_EQ(leaf.size_shift, expected[i].size_shift);
    }
    CHECK_EQ(pt_amd_v1.lookup(&table, 0x803000, &leaf), IOMMU_ERR_NOT_FOUND);
    finish();
}

TEST(only_the_allowed_sizes_are_used)
{
    struct iommu_leaf leaf;

    /* 4 KiB, 64 KiB, 2 MiB. */
    CHECK_OK(create(3, 0x211000));
    CHECK_OK(map(0x8000, 0x8000, 0x400000 - 0x8000, IOMMU_RW));
    CHECK_OK(pt_amd_v1.lookup(&table, 0x8000, &leaf));
    CHECK_EQ(leaf.size_shift, 12);
    CHECK_OK(pt_amd_v1.lookup(&table, 0x10000, &leaf));
    CHECK_EQ(leaf.size_shift, 16);
    CHECK_EQ(entry(0x240002000, 0x1f), 0x7000000000017e01);
    CHECK_OK(pt_amd_v1.lookup(&table, 0x200000, &leaf));
    CHECK_EQ(leaf.size_shift, 21);
    finish();
}

/* A tree has no leaf that its root has no place for. */
TEST(one_level_holds_half_of_its_span_at_most)
{
    CHECK_OK(create(1, ALL_SIZES));
    CHECK_EQ(table.input_bits, 21);
    CHECK_OK(map(0, SIZE_2M, SIZE_2M, IOMMU_RW));
    CHECK_EQ(table.table_pages, 1);
    CHECK_EQ(entry(ROOT, 0), 0x700000000027fe01);
    CHECK_EQ(entry(ROOT, 511), 0x700000000037fe01);
    CHECK_EQ(map(SIZE_2M, 0, SIZE_4K, IOMMU_RW), IOMMU_ERR_RANGE);
    finish();
    CHECK_OK(create(2, ALL_SIZES));
    CHECK_OK(map(0, SIZE_1G, SIZE_1G, IOMMU_RW));
    CHECK_EQ(table.table_pages, 1);
    CHECK_EQ(entry(ROOT, 511), 0x700000006ffffe01);
    finish();
}

/* 63:57 index the sixth level. The last page of the address space is given up. */
TEST(six_levels_end_at_64_bits)
{
    struct iommu_gather gather = { 0 };
    uint64_t last = 0xffffffffffffe000, pa, unmapped;

    CHECK_OK(create(6, ALL_SIZES));
    CHECK_EQ(table.input_bits, 64);
    CHECK_OK(map(last, 0x5000, SIZE_4K, IOMMU_RW));
    CHECK_EQ(entry(ROOT, 127) & ~TABLE_IGNORED, 0x6000000240001a01);
    CHECK_EQ(entry(0x240001000, 511) & ~TABLE_IGNORED, 0x6000000240002801);
    CHECK_EQ(entry(0x240005000, 510), 0x7000000000005001);
    CHECK_EQ(map(last, 0x5000, 2 * SIZE_4K, IOMMU_RW), IOMMU_ERR_RANGE);
    CHECK_EQ(map(last + SIZE_4K, 0x5000, SIZE_4K, IOMMU_RW), IOMMU_ERR_RANGE);
    CHECK_OK(pt_amd_v1.translate(&table, last + 0xfff, &pa));
    CHECK_EQ(pa, 0x5fff);
    CHECK_EQ(pt_amd_v1.translate(&table, last + SIZE_4K, &pa), IOMMU_ERR_NOT_FOUND);
    CHECK_EQ(pt_amd_v1.unmap(&table, last, 2 * SIZE_4K, &gather, NULL), IOMMU_ERR_RANGE);
    CHECK_OK(pt_amd_v1.unmap(&table, 0, last + SIZE_4K, &gather, &unmapped));
    CHECK_EQ(unmapped, SIZE_4K);
    pt_free_gathered(&table, &gather);
    /* Tables at both ends: the hull is not taken for an empty one. */
    CHECK_OK(map(last, 0x5000, SIZE_4K, IOMMU_RW));
    CHECK_OK(map(0, 0x5000, SIZE_4K, IOMMU_RW));
    CHECK_OK(pt_amd_v1.unmap(&table, last, SIZE_4K, &gather, NULL));
    CHECK_OK(pt_amd_v1.unmap(&table, 0, SIZE_4K, &gather, NULL));
    gather = (struct iommu_gather){ 0 };
    pt_amd_v1.trim(&table, &gather);
    CHECK_EQ(gather.start, 0);
    CHECK_EQ(gather.end, last + SIZE_4K);
    pt_free_gathered(&table, &gather);
    CHECK_EQ(table.table_pages, 1);
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
    check_refused(0, SIZE_4K);
    check_refused(7, SIZE_4K);
    check_refused(4, SIZE_2M);
    check_refused(4, SIZE_4K | SIZE_2M | SIZE_1G | SIZE_512G);
    check_refused(4, SIZE_4K | 2 * SIZE_2M);
    check_refused(4, SIZE_4K | SIZE_2M | 2 * SIZE_1G);
    CHECK_OK(create(4, SIZE_4K | 0x2000));
    finish();
}

/* A in tables and A and D in leaves may be set by hardware at any time: they change nothing. */
TEST(accessed_and_dirty_are_ignored)
{
    struct iommu_gather gather = { 0 };
    uint64_t pa, unmapped;

    CHECK_OK(create(3, ALL_SIZES));
    CHECK_OK(map(0x10000, 0x80000, 0x10000, IOMMU_RW));
    for (unsigned i = 0; i < 3; i++) {
        uint64_t *first = fake_at(&fake, ROOT + i * SIZE_4K);

        first[i == 2 ? 0x13 : 0] |= i == 2 ? 0x60 : 0x20;
    }
    CHECK_OK(pt_amd_v1.translate(&table, 0x13456, &pa));
    CHECK_EQ(pa, 0x83456);
    CHECK_OK(map(0, 0x7000, SIZE_4K, IOMMU_RW));
    CHECK_EQ(map(0x13000, 0x7000, SIZE_4K, IOMMU_RW), IOMMU_ERR_EXISTS);
    CHECK_OK(pt_amd_v1.unmap(&table, 0x12000, SIZE_4K, &gather, &unmapped));
    CHECK_EQ(unmapped, SIZE_4K);
    CHECK_EQ(entry(0x240002000, 0x12), 0);
    /* 8 KiB at 0x80000, then 4 KiB at 0x83000, software's bits apart. */
    CHECK_EQ(entry(0x240002000, 0x10) & ~0x1eull, 0x7000000000080e01);
    CHECK_EQ(entry(0x240002000, 0x13) & ~0x1eull, 0x7000000000083001);
    pt_free_gathered(&table, &gather);
    finish();
}

/* The walker that other tests rely on sees what is wrong. */
TEST(walker_knows_wrong_copies_and_levels)
{
    struct pt_root root;
    struct pt_v1_leaf leaf;
    uint64_t *entries;

    CHECK_OK(create(4, ALL_SIZES));
    CHECK_OK(map(0, 0x10000, 0x10000, IOMMU_RW));
    root = (struct pt_root){ .pa = ROOT, .levels = 4 };
    leaf = pt_walk_v1(&fake, false, root, 0x3000);
    CHECK_EQ(leaf.seen, 0x13000 | IOMMU_RW);
    CHECK_EQ(leaf.size_shift, 16);
    CHECK(pt_v1_copies_agree(&fake, false, &leaf));
    entries = fake_at(&fake, 0x240003000);
    entries[9] = 0;
    CHECK(!pt_v1_copies_agree(&fake, true, &leaf));
    entries = fake_at(&fake, ROOT);
    entries[0] |= 0x800;
    CHECK_EQ(pt_walk_v1(&fake, true, root, 0x3000).seen, PT_WALK_RESERVED);
    entries[0] = (entries[0] & ~0xe00ull) | 0x200;
    CHECK_EQ(pt_walk_v1(&fake, true, root, SIZE_1G).seen, PT_WALK_NONE);
    entries[0] = 0x6000000240001601;
    finish();
}
