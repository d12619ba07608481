/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random sequences of map, unmap and trim, with allocations that fail, against
 * a plain array of what each page should be. After every operation, before any
 * flush of the unit's caches, hardware must find exactly that in memory.
 */
#include "test.h"

#include "fake_platform.h"
#include "pt_walker.h"

#define SIZE_4K 0x1000ull
#define SIZE_2M 0x200000ull
#define SIZE_1G 0x40000000ull
#define WINDOW_PAGES 0x60000u   /* 1.5 GiB, so that one 1 GiB leaf fits in two ways */
#define OPERATIONS 300u

static struct fake_platform fake;
static struct pt_table t;
static const struct pt_ops *ops;
static uint64_t base;                   /* IOVA of the window */
static uint64_t expected[WINDOW_PAGES]; /* address and rights, or PT_WALK_NONE */
static uint64_t state;

/* xorshift64: the sequence is the same in every run. */
static uint64_t random_below(uint64_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % limit;
}

/* A unit may keep what any copy of a wide leaf says: they are all the same, and none is missing. */
static void check_copies(size_t page, unsigned size_shift)
{
    struct pt_root root = { .pa = t.root_pa, .levels = t.config.levels };
    struct pt_v1_leaf leaf = pt_walk_v1(&fake, t.config.coherent, root, base + page * SIZE_4K);

    CHECK_EQ(leaf.size_shift, size_shift);
    CHECK(pt_v1_copies_agree(&fake, t.config.coherent, &leaf));
}

static void check_page(size_t page)
{
    uint64_t seen = pt_walk(&t, ops, &fake, t.config.coherent, base + page * SIZE_4K);
    struct iommu_leaf leaf;
    enum iommu_status status = ops->lookup(&t, base + page * SIZE_4K, &leaf);

    if (seen != expected[page])
        test_fail(__FILE__, __LINE__, "%s %u levels: page 0x%zx is 0x%llx, expected 0x%llx",
                  ops->name, t.config.levels, page, (unsigned long long)seen,
                  (unsigned long long)expected[page]);
    CHECK_EQ(status, seen == PT_WALK_NONE ? IOMMU_ERR_NOT_FOUND : IOMMU_OK);
    if (status != IOMMU_OK)
        return;
    CHECK_EQ(leaf.pa | (leaf.prot & IOMMU_RW), seen);
    if (ops == &pt_amd_v1)
        check_copies(page, leaf.size_shift);
}

static void check_around(size_t first, size_t count)
{
    size_t from = first < 2 ? 0 : first - 2;

    for (size_t page = from; page < first + 2; page++)
        check_page(page);
    for (size_t page = first + count - 1; page < first + count + 2 && page < WINDOW_PAGES; page++)
        check_page(page);
    for (unsigned i = 0; i < 40; i++) {
        check_page(first + random_below(count));
        check_page(random_below(WINDOW_PAGES));
    }
}

static void check_all(void)
{
    for (size_t page = 0; page < WINDOW_PAGES; page++)
        check_page(page);
}

/* A range whose ends lie on pages, 64 KiB, 2 MiB or 1 GiB, in all mixtures. */
static void random_range(size_t *first, size_t *count)
{
    static const size_t grains[] = { 1, 1, 16, 512, 512, 0x40000 };
    size_t grain = grains[random_below(6)], most = random_below(3) == 0 ? 3000 : 5;

    *first = random_below(WINDOW_PAGES - 2) / grain * grain;
    *count = (1 + random_below(most)) * (grain == 0x40000 ? 512 * 170 : grain);
    if (random_below(8) == 0)
        *count = 0x40000;
    if (*count > WINDOW_PAGES - *first)
        *count = WINDOW_PAGES - *first;
}

static bool range_is_free(size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (expected[first + i] != PT_WALK_NONE)
            return false;
    return true;
}

static void random_map(size_t first, size_t count, struct iommu_gather *gather)
{
    static const uint64_t shifts[] = { 0, SIZE_4K, 2 * SIZE_4K, 16 * SIZE_4K, SIZE_2M, SIZE_1G };
    uint64_t pa = SIZE_1G + first * SIZE_4K + shifts[random_below(6)];
    /* Read only or both: x86-64 has no write-only page. */
    unsigned prot = random_below(2) ? IOMMU_READ : IOMMU_RW;
    struct iommu_mapping m = {
        .iova = base + first * SIZE_4K, .pa = pa, .len = count * SIZE_4K, .prot = prot | PT_USER,
    };
    bool is_free = range_is_free(first, count);
    enum iommu_status status = ops->map(&t, &m, gather);

    if (status == IOMMU_ERR_NOMEM) {
        CHECK(fake.fail_at != 0 && fake.allocations >= fake.fail_at);
        return;
    }
    CHECK_EQ(status, is_free ? IOMMU_OK : IOMMU_ERR_EXISTS);
    for (size_t i = 0; i < count && is_free; i++)
        expected[first + i] = (pa + i * SIZE_4K) | prot;
}

/* Of a page that was mapped: caches may hold all of its leaf, so the hull must have it. */
static void check_hull(const struct iommu_gather *gather, uint64_t iova,
                       const struct iommu_leaf *before)
{
    uint64_t size = 1ull << before->size_shift, start = iova & ~(size - 1);

    CHECK(gather->start != gather->end);
    CHECK(gather->start <= start && gather->end - 1 >= start + size - 1);
}

static void random_unmap(size_t first, size_t count, struct iommu_gather *gather)
{
    uint64_t iova = base + first * SIZE_4K, end = iova + count * SIZE_4K, unmapped = 0, mapped = 0;
    struct iommu_leaf head, tail;
    bool had_head = ops->lookup(&t, iova, &head) == IOMMU_OK;
    bool had_tail = ops->lookup(&t, end - SIZE_4K, &tail) == IOMMU_OK, counted = random_below(2);
    enum iommu_status status = ops->unmap(&t, iova, count * SIZE_4K, gather,
                                          counted ? &unmapped : NULL);
    bool stopped = false;

    if (status != IOMMU_OK)
        CHECK_EQ(status, IOMMU_ERR_NOMEM);
    for (size_t i = first; i < first + count && !stopped; i++) {
        /* Without memory for a split the part before it is gone, the rest is as it was. */
        stopped = status == IOMMU_ERR_NOMEM && expected[i] != PT_WALK_NONE &&
                  pt_walk(&t, ops, &fake, t.config.coherent, base + i * SIZE_4K) != PT_WALK_NONE;
        if (!stopped && expected[i] != PT_WALK_NONE) {
            expected[i] = PT_WALK_NONE;
            mapped += SIZE_4K;
        }
    }
    CHECK(status == IOMMU_OK || stopped);
    if (counted)
        CHECK_EQ(unmapped, mapped);
    if (status == IOMMU_OK && had_head)
        check_hull(gather, iova, &head);
    if (status == IOMMU_OK && had_tail)
        check_hull(gather, end - SIZE_4K, &tail);
}

static void random_operation(void)
{
    struct iommu_gather gather = { 0 };
    size_t first, count;

    random_range(&first, &count);
    fake.fail_at = random_below(4) == 0 ? fake.allocations + 1 + random_below(3) : 0;
    if (random_below(20) == 0)
        ops->trim(&t, &gather);
    else if (random_below(2))
        random_map(first, count, &gather);
    else
        random_unmap(first, count, &gather);
    check_around(first, count);
    pt_free_gathered(&t, &gather);
    check_around(first, count);
    CHECK_EQ(t.table_pages, fake.live_pages);
    CHECK_EQ(fake.misuses, 0);
}

static void begin_sequence(const struct pt_variant *variant, unsigned input_bits, uint64_t window)
{
    struct pt_config config;

    ops = variant->ops;
    base = window;
    fake_platform_init(&fake, 2000);
    config = pt_variant_config(variant, &fake);
    config.input_bits = input_bits;
    CHECK_OK(ops->create(&t, &config));
    memset(expected, 0xff, sizeof(expected));
}

static void run_sequence(unsigned operations)
{
    for (unsigned i = 0; i < operations; i++)
        random_operation();
    check_all();
    fake.fail_at = 0;
}

static void end_sequence(void)
{
    struct iommu_gather gather = { 0 };

    CHECK_OK(ops->unmap(&t, base, WINDOW_PAGES * SIZE_4K, &gather, NULL));
    pt_free_gathered(&t, &gather);
    ops->trim(&t, &gather);
    pt_free_gathered(&t, &gather);
    CHECK_EQ(t.table_pages, 1);
    ops->destroy(&t);
    CHECK_EQ(fake.live_pages, 0);
    fake_platform_free(&fake);
}

static void random_sequence(const struct pt_variant *variant, uint64_t window)
{
    begin_sequence(variant, 0, window);
    run_sequence(OPERATIONS);
    end_sequence();
}

TEST(memory_is_what_the_sequence_says)
{
    state = 0x9e3779b97f4a7c15;
    for (size_t i = 0; i < pt_variant_count; i++)
        random_sequence(&pt_variants[i], 7 * SIZE_1G);
}

/* The window ends with the address space, or with its upper half. */
TEST(the_same_at_the_end_of_the_address_space)
{
    state = 0x2545f4914f6cdd1d;
    for (size_t i = 0; i < pt_variant_count; i++) {
        unsigned bits = 12 + 9 * pt_variants[i].levels - (pt_variants[i].ops == &pt_amd_v2);
        uint64_t end = bits > 64 ? 0 - SIZE_1G : 1ull << bits;

        if (pt_variants[i].ops == &pt_x86_64)
            end = 0;
        random_sequence(&pt_variants[i], end - WINDOW_PAGES * SIZE_4K);
    }
}

/* One page, to be unmapped again: the way there stays. */
static void touch(uint64_t iova)
{
    struct iommu_mapping m = { .iova = iova, .pa = SIZE_2M, .len = SIZE_4K, .prot = IOMMU_RW };
    struct iommu_gather gather = { 0 };

    CHECK_OK(ops->map(&t, &m, &gather));
    CHECK_OK(ops->unmap(&t, iova, SIZE_4K, &gather, NULL));
    pt_free_gathered(&t, &gather);
}

/* The root is replaced by one that skips two levels, then these are put in. */
TEST(the_same_in_a_tree_that_grows)
{
    state = 0xda942042e4dd58b5;
    for (size_t i = 0; i < pt_variant_count; i++) {
        struct pt_root root;

        if (pt_variants[i].ops != &pt_amd_v1 || pt_variants[i].levels != 3)
            continue;
        begin_sequence(&pt_variants[i], 64, 7 * SIZE_1G);
        run_sequence(OPERATIONS / 3);
        CHECK_OK(ops->grow(&t, 1ull << 60, &root));
        run_sequence(OPERATIONS / 6);
        ops->raise(&t, &root);
        run_sequence(OPERATIONS / 3);
        touch(1ull << 45);
        run_sequence(OPERATIONS / 6);
        touch(1ull << 50);
        run_sequence(OPERATIONS / 3);
        end_sequence();
    }
}
