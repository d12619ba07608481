/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cutting wide leaves (AMD-Vi §2.2.3: an entry repeated 2 to 256 times): what
 * is left, what must be flushed, and that a unit never sees a hole or a wrong
 * address meanwhile; several callers at one leaf, with threads too.
 */
#define _GNU_SOURCE /* REG_EFL */
#include "test.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "fake_platform.h"
#include "pt_walker.h"

#define SIZE_4K 0x1000ull
#define SIZE_64K 0x10000ull
#define SIZE_2M 0x200000ull
#define SIZE_1G 0x40000000ull
#define ALL_SIZES 0x7ffffff000ull
#define TRAP_FLAG 0x100ll

static struct fake_platform fake;
static struct pt_table t;
static const struct pt_ops *const ops = &pt_amd_v1;

static void create_sized(uint64_t page_sizes, bool coherent)
{
    struct pt_config config = {
        .platform = &fake.platform, .platform_ctx = &fake, .levels = 3,
        .page_sizes = page_sizes, .output_bits = 46, .coherent = coherent,
        .table_limit_pa = IOMMU_ANY_PA,
    };

    fake_platform_init(&fake, 64);
    CHECK_OK(ops->create(&t, &config));
}

static void create(void)
{
    create_sized(ALL_SIZES, false);
}

static void finish(void)
{
    ops->destroy(&t);
    CHECK_EQ(fake.live_pages, 0);
    CHECK_EQ(fake.misuses, 0);
    fake_platform_free(&fake);
}

static void map(uint64_t iova, uint64_t pa, uint64_t len, unsigned prot)
{
    struct iommu_mapping m = { .iova = iova, .pa = pa, .len = len, .prot = prot };
    struct iommu_gather gather = { 0 };

    CHECK_OK(ops->map(&t, &m, &gather));
    CHECK_EQ(gather.start, gather.end);
}

/* Unmaps len bytes that are mapped, and says what the hull is. */
static struct iommu_gather unmap(uint64_t iova, uint64_t len)
{
    struct iommu_gather gather = { 0 };
    uint64_t unmapped;

    CHECK_OK(ops->unmap(&t, iova, len, &gather, &unmapped));
    CHECK_EQ(unmapped, len);
    return gather;
}

static void check_hull(struct iommu_gather gather, uint64_t start, uint64_t end)
{
    CHECK_EQ(gather.start, start);
    CHECK_EQ(gather.end, end);
}

static struct pt_v1_leaf walk(uint64_t iova, bool snoops)
{
    return pt_walk_v1(&fake, snoops, (struct pt_root){ .pa = t.root_pa, .levels = 3 }, iova);
}

/* Leads to pa in leaves of 2^size_shift bytes, in memory and to the library. */
static void check_leaf(uint64_t iova, uint64_t pa, unsigned size_shift)
{
    struct pt_v1_leaf leaf = walk(iova, t.config.coherent);
    struct iommu_leaf found;
    uint64_t to;

    CHECK_EQ(leaf.seen & ~3ull, pa);
    CHECK_EQ(leaf.size_shift, size_shift);
    CHECK(pt_v1_copies_agree(&fake, t.config.coherent, &leaf));
    CHECK_OK(ops->lookup(&t, iova + 0x123, &found));
    CHECK_EQ(found.pa, pa + 0x123);
    CHECK_EQ(found.size_shift, size_shift);
    CHECK_OK(ops->translate(&t, iova + 0x123, &to));
    CHECK_EQ(to, pa + 0x123);
}

static void check_hole(uint64_t iova, uint64_t len)
{
    for (uint64_t at = iova; at < iova + len; at += SIZE_4K)
        CHECK_EQ(walk(at, t.config.coherent).seen, PT_WALK_NONE);
}

/* ---- what is left ---- */

/* Page 5 of 16: 16 KiB, a page, a hole, 8 KiB and 32 KiB. */
TEST(rest_stays_in_the_largest_leaves)
{
    create();
    map(SIZE_64K, 7 * SIZE_64K, SIZE_64K, IOMMU_READ);
    check_leaf(0x15000, 0x75000, 16);
    check_hull(unmap(0x15000, SIZE_4K), SIZE_64K, 2 * SIZE_64K);
    for (uint64_t at = 0; at < SIZE_64K; at += SIZE_4K)
        if (at != 0x5000)
            check_leaf(SIZE_64K + at, 7 * SIZE_64K + at,
                       at < 0x4000 ? 14 : at < 0x5000 ? 12 : at < 0x8000 ? 13 : 15);
    check_hole(0x15000, SIZE_4K);
    /* 0x70000 to 0x73fff for reading: NextLevel 7, 12 set and 13 clear. The mark is software's. */
    CHECK_EQ(fake_read64(&fake, 0x240002000 + 0x10 * 8, false) & ~0x1eull, 0x3000000000071e01);
    CHECK_EQ(fake_read64(&fake, 0x240002000 + 0x14 * 8, false) & ~0x1eull, 0x3000000000074001);
    CHECK_EQ(t.table_pages, 3);
    finish();
}

/* A hole in the middle leaves something on both sides; ends at odd pages; all but a page. */
TEST(holes_of_every_kind)
{
    for (uint64_t first = 0; first < 16; first++)
        for (uint64_t count = 1; first + count <= 16; count++) {
            struct iommu_gather gather;

            create();
            map(0, SIZE_2M, SIZE_64K, IOMMU_RW);
            gather = unmap(first * SIZE_4K, count * SIZE_4K);
            check_hull(gather, 0, SIZE_64K);
            check_hole(first * SIZE_4K, count * SIZE_4K);
            for (uint64_t page = 0; page < 16; page++) {
                struct pt_v1_leaf leaf = walk(page * SIZE_4K, false);

                if (page >= first && page < first + count)
                    continue;
                CHECK_EQ(leaf.seen, (SIZE_2M + page * SIZE_4K) | IOMMU_RW);
                CHECK(pt_v1_copies_agree(&fake, false, &leaf));
            }
            finish();
        }
}

TEST(only_allowed_sizes_are_left)
{
    /* 4 KiB, 16 KiB, 64 KiB. */
    create_sized(0x15000, false);
    map(0, SIZE_2M, SIZE_64K, IOMMU_RW);
    check_leaf(0, SIZE_2M, 16);
    (void)unmap(0, SIZE_4K);
    check_leaf(SIZE_4K, SIZE_2M + SIZE_4K, 12);
    check_leaf(4 * SIZE_4K, SIZE_2M + 4 * SIZE_4K, 14);
    check_leaf(15 * SIZE_4K, SIZE_2M + 15 * SIZE_4K, 14);
    finish();
}

/* From the middle of one wide leaf to the middle of another, over small ones and tables. */
TEST(range_over_several_leaves)
{
    struct iommu_gather gather = { 0 };
    uint64_t unmapped;

    create();
    map(0x30000, 0x230000, 0x10000, IOMMU_RW);
    map(0x40000, 0x540000, 0x40000, IOMMU_RW);
    map(0x80000, 0x181000, 0x3000, IOMMU_RW);
    map(0x400000, 0x800000, 0x400000, IOMMU_RW);
    CHECK_OK(ops->unmap(&t, 0x38000, 0x608000 - 0x38000, &gather, &unmapped));
    CHECK_EQ(unmapped, 0x8000 + 0x40000 + 0x3000 + 0x208000);
    check_hull(gather, 0x30000, 0x800000);
    CHECK(gather.tables);
    pt_free_gathered(&t, &gather);
    check_leaf(0x30000, 0x230000, 15);
    check_hole(0x38000, 0x48000);
    check_hole(0x400000, 0x208000);
    check_leaf(0x608000, 0xa08000, 15);
    check_leaf(0x610000, 0xa10000, 16);
    check_leaf(0x700000, 0xb00000, 20);
    finish();
}

/* 4 MiB are two entries of level 2: one becomes a table, the other is a leaf again. */
TEST(part_of_an_entry_is_cut_and_split)
{
    struct iommu_gather gather;

    create();
    map(0x400000, 0x800000, 0x400000, IOMMU_RW);
    gather = unmap(0x403000, SIZE_4K);
    check_hull(gather, 0x400000, 0x800000);
    CHECK(gather.tables);
    check_leaf(0x600000, 0xa00000, 21);
    check_leaf(0x400000, 0x800000, 13);
    check_leaf(0x402000, 0x802000, 12);
    check_hole(0x403000, SIZE_4K);
    check_leaf(0x404000, 0x804000, 14);
    check_leaf(0x500000, 0x900000, 20);
    CHECK_EQ(t.table_pages, 3);
    /* 256 GiB, through all levels. */
    map(0x4000000000, 0x4000000000, 0x4000000000, IOMMU_RW);
    gather = unmap(0x7ffffff000, SIZE_4K);
    check_hull(gather, 0x4000000000, 0x8000000000);
    check_leaf(0x4000000000, 0x4000000000, 37);
    check_leaf(0x7fffffe000, 0x7fffffe000, 12);
    check_leaf(0x7f80000000, 0x7f80000000, 30);
    CHECK_EQ(t.table_pages, 5);
    finish();
}

TEST(cut_without_memory_maps_what_it_did)
{
    struct iommu_gather gather = { 0 };
    uint64_t unmapped;

    create();
    map(0x400000, 0x800000, 0x400000, IOMMU_RW);
    fake.fail_at = fake.allocations + 1;
    CHECK_EQ(ops->unmap(&t, 0x403000, SIZE_4K, &gather, &unmapped), IOMMU_ERR_NOMEM);
    CHECK_EQ(unmapped, 0);
    for (uint64_t at = 0; at < 0x400000; at += SIZE_4K)
        CHECK_EQ(walk(0x400000 + at, false).seen, (0x800000 + at) | IOMMU_RW);
    fake.fail_at = 0;
    gather = unmap(0x403000, SIZE_4K);
    check_hull(gather, 0x400000, 0x800000);
    finish();
}

/* ---- what must be flushed ---- */

/* Nobody says when the first caller has flushed, so the next one flushes all of it too. */
TEST(unmap_beside_a_cut_has_all_of_it_in_the_hull)
{
    create();
    map(0, SIZE_2M, SIZE_64K, IOMMU_RW);
    check_hull(unmap(0, SIZE_4K), 0, SIZE_64K);
    CHECK(ops->unmap_page(&t, SIZE_4K, SIZE_4K) == NULL);
    check_hull(unmap(SIZE_4K, SIZE_4K), 0, SIZE_64K);
    check_hull(unmap(0x8000, 0x8000), 0, SIZE_64K);
    /* New pages at both ends of an old one, which still has its mark. */
    map(0x2000 - SIZE_4K, 0x9000, SIZE_4K, IOMMU_RW);
    check_hull(unmap(0x1000, 0x3000), 0, SIZE_64K);
    /* What was mapped since is nobody's part. */
    map(0x8000, 0x9000, SIZE_4K, IOMMU_RW);
    check_hull(unmap(0x8000, SIZE_4K), 0x8000, 0x9000);
    map(0x9000, 0x9000, SIZE_4K, IOMMU_RW);
    CHECK(ops->unmap_page(&t, 0x9000, SIZE_4K) != NULL);
    finish();
}

TEST(mark_inside_the_range_counts)
{
    create();
    map(0, SIZE_2M, SIZE_64K, IOMMU_RW);
    (void)unmap(0, SIZE_4K);
    (void)unmap(0x3000, SIZE_4K);
    map(0, 0x7000, SIZE_4K, IOMMU_RW);
    map(0x3000, 0x7000, SIZE_4K, IOMMU_RW);
    check_hull(unmap(0, 0x4000), 0, SIZE_64K);
    finish();
}

/* The mark goes along when the entry becomes a table, and when that goes. */
TEST(table_of_a_cut_leaf_remembers_it)
{
    struct iommu_gather gather;

    create();
    map(0x400000, 0x800000, 0x400000, IOMMU_RW);
    gather = unmap(0x400000, SIZE_4K);
    check_hull(gather, 0x400000, 0x800000);
    gather = unmap(0x401000, SIZE_4K);
    check_hull(gather, 0x400000, 0x800000);
    CHECK(gather.tables);
    CHECK(ops->unmap_page(&t, 0x402000, SIZE_4K) == NULL);
    CHECK(ops->unmap_page(&t, 0x600000, SIZE_2M) == NULL);
    gather = (struct iommu_gather){ 0 };
    CHECK_OK(ops->unmap(&t, 0x400000, SIZE_2M, &gather, NULL));
    check_hull(gather, 0x400000, 0x800000);
    pt_free_gathered(&t, &gather);
    gather = unmap(0x600000, SIZE_2M);
    check_hull(gather, 0x400000, 0x800000);
    finish();
}

TEST(whole_leaf_needs_no_cut)
{
    size_t lines;

    create();
    map(0, SIZE_2M, SIZE_64K, IOMMU_RW);
    lines = fake.lines;
    check_hull(unmap(0, SIZE_64K), 0, SIZE_64K);
    CHECK_EQ(fake.lines, lines + 2);
    finish();
}

/* ---- what the unit sees meanwhile ---- */

static uint64_t hole, hole_len, whole, frames;
static unsigned looks, wrong;

static void look(void *ctx, const void *at, size_t len, bool done)
{
    (void)ctx;
    (void)at;
    (void)len;
    (void)done;
    looks++;
    for (int snoops = 0; snoops < 2; snoops++)
        for (uint64_t page = 0; page < whole; page += SIZE_4K)
            if (page < hole || page >= hole + hole_len)
                wrong += walk(page, snoops).seen != ((frames + page) | IOMMU_RW);
}

static void cut_watched(uint64_t len, uint64_t start, uint64_t count)
{
    create();
    frames = 4 * SIZE_1G;
    map(0, frames, len, IOMMU_RW);
    whole = len;
    hole = start;
    hole_len = count;
    looks = wrong = 0;
    fake.on_flush = look;
    (void)unmap(start, count);
    fake.on_flush = NULL;
    look(NULL, NULL, 0, true);
    CHECK(looks > 2);
    CHECK_EQ(wrong, 0);
    finish();
}

TEST(rest_is_reachable_at_every_flush)
{
    cut_watched(SIZE_64K, 0x5000, SIZE_4K);
    cut_watched(2 * SIZE_4K, 0, SIZE_4K);
    cut_watched(SIZE_2M / 2, 0x7f000, 0x3000);
    cut_watched(2 * SIZE_2M, 0x1ff000, 2 * SIZE_4K);
    cut_watched(4 * SIZE_2M, 3 * SIZE_2M, SIZE_2M);
}

/* ---- another caller at the same leaf ---- */

static uint64_t intruder;

/* Comes when the first caller has cut, and before that is written back. */
static void intrude(void *ctx, const void *at, size_t len, bool done)
{
    (void)ctx;
    (void)at;
    if (done || len != 16 * 8)
        return;
    fake.on_flush = NULL;
    check_hull(unmap(intruder, SIZE_4K), 0, SIZE_64K);
    /* Memory must not tell of it any more, nor must what covers it. */
    for (uint64_t page = 0; page < SIZE_64K; page += SIZE_4K) {
        struct pt_v1_leaf leaf = walk(page, false);
        uint64_t mask = ~((1ull << leaf.size_shift) - 1);

        if (leaf.seen != PT_WALK_NONE)
            CHECK((page & mask) != (intruder & mask));
    }
}

TEST(second_cut_comes_between)
{
    for (uint64_t second = 0; second < 16; second++) {
        if (second == 5)
            continue;
        create();
        map(0, SIZE_2M, SIZE_64K, IOMMU_RW);
        intruder = second * SIZE_4K;
        fake.on_flush = intrude;
        check_hull(unmap(0x5000, SIZE_4K), 0, SIZE_64K);
        CHECK(fake.on_flush == NULL);
        for (uint64_t page = 0; page < 16; page++) {
            struct pt_v1_leaf leaf = walk(page * SIZE_4K, false);

            if (page == 5 || page == second) {
                CHECK_EQ(leaf.seen, PT_WALK_NONE);
                continue;
            }
            CHECK_EQ(leaf.seen, (SIZE_2M + page * SIZE_4K) | IOMMU_RW);
            CHECK(pt_v1_copies_agree(&fake, false, &leaf));
        }
        finish();
    }
}

/*
 * The same between reading an entry and changing it: the table cannot be
 * written, so that each change of it traps and is made in a single step; at
 * one of them the other caller's whole unmap is done by then.
 */
static void *trap;
static unsigned traps_left;
static uint64_t trapped;
static struct iommu_gather trapped_gather;

static void spring(int number, siginfo_t *info, void *context)
{
    void *page = (void *)((uintptr_t)info->si_addr & ~(uintptr_t)(SIZE_4K - 1));
    ucontext_t *interrupted = context;

    if (trap == NULL || page != trap || mprotect(trap, SIZE_4K, PROT_READ | PROT_WRITE) != 0) {
        signal(number, SIG_DFL);
        return;
    }
    if (traps_left-- > 0) {
        interrupted->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
        return;
    }
    trap = NULL;
    (void)ops->unmap(&t, trapped, SIZE_4K, &trapped_gather, NULL);
}

static void stepped(int number, siginfo_t *info, void *context)
{
    ucontext_t *interrupted = context;

    (void)number;
    (void)info;
    interrupted->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
    (void)mprotect(trap, SIZE_4K, PROT_READ);
}

/* Of two leaves of 64 KiB each [start, end) goes; that of second has gone before store n. */
static void cut_trapped(uint64_t start, uint64_t end, uint64_t second, unsigned n)
{
    create_sized(ALL_SIZES, true);
    map(0, SIZE_2M, SIZE_64K, IOMMU_RW);
    map(SIZE_64K, 2 * SIZE_2M, SIZE_64K, IOMMU_RW);
    trapped = second;
    traps_left = n;
    trapped_gather = (struct iommu_gather){ 0 };
    trap = fake_at(&fake, walk(0, true).entry_pa & ~(SIZE_4K - 1));
    CHECK_EQ(mprotect(trap, SIZE_4K, PROT_READ), 0);
    check_hull(unmap(start, end - start), 0, end <= SIZE_64K ? SIZE_64K : 2 * SIZE_64K);
    CHECK(trap == NULL);
    check_hull(trapped_gather, second & ~(SIZE_64K - 1), (second | (SIZE_64K - 1)) + 1);
    for (uint64_t page = 0; page < 2 * SIZE_64K; page += SIZE_4K) {
        struct pt_v1_leaf leaf = walk(page, true);

        if ((page >= start && page < end) || page == second) {
            CHECK_EQ(leaf.seen, PT_WALK_NONE);
            continue;
        }
        CHECK_EQ(leaf.seen, (page < SIZE_64K ? SIZE_2M : 2 * SIZE_2M - SIZE_64K) + page + IOMMU_RW);
        CHECK(pt_v1_copies_agree(&fake, true, &leaf));
    }
    finish();
}

TEST(second_cut_comes_between_reading_and_changing)
{
    const struct sigaction catch = { .sa_sigaction = spring, .sa_flags = SA_SIGINFO };
    const struct sigaction step = { .sa_sigaction = stepped, .sa_flags = SA_SIGINFO };
    struct sigaction before[2];

    CHECK_EQ(sigaction(SIGSEGV, &catch, &before[0]), 0);
    CHECK_EQ(sigaction(SIGTRAP, &step, &before[1]), 0);
    for (uint64_t first = 0; first < 16; first++)
        for (uint64_t second = 0; second < 16; second++)
            if (first != second)
                cut_trapped(first * SIZE_4K, (first + 1) * SIZE_4K, second * SIZE_4K, 0);
    /* The first leaf whole, and the begin of the other, which is cut at one end only. */
    for (unsigned n = 0; n < 12; n++)
        for (uint64_t second = 21; second < 32; second++)
            cut_trapped(0, 21 * SIZE_4K, second * SIZE_4K, n);
    CHECK_EQ(sigaction(SIGSEGV, &before[0], NULL), 0);
    CHECK_EQ(sigaction(SIGTRAP, &before[1], NULL), 0);
}

/* ---- threads ---- */

#define CALLERS 2u
#define ROUNDS 400u
#define UNMAPS 3u

static pthread_mutex_t memory = PTHREAD_MUTEX_INITIALIZER;
static struct iommu_platform inner;
static unsigned at_gate;
static uint64_t area;           /* the leaf */
static uint8_t gone[4 * SIZE_2M / SIZE_4K]; /* its caller has begun to unmap the page */
static bool over;
static unsigned holes, stale, failed;

static void *locked_alloc(void *ctx, size_t count, uint64_t limit_pa)
{
    void *page;

    pthread_mutex_lock(&memory);
    page = inner.page_alloc(ctx, count, limit_pa);
    pthread_mutex_unlock(&memory);
    return page;
}

static void locked_free(void *ctx, void *pages, size_t count)
{
    pthread_mutex_lock(&memory);
    inner.page_free(ctx, pages, count);
    pthread_mutex_unlock(&memory);
}

/* Walks as a unit does, while entries change: what nobody has touched is always there, and right. */
static void *watch(void *unused)
{
    (void)unused;
    for (uint64_t page = 0; !__atomic_load_n(&over, __ATOMIC_ACQUIRE); page = (page + 7) % (area / SIZE_4K)) {
        uint64_t seen = walk(page * SIZE_4K, true).seen;

        /* Read after the walk: had it begun before, this would say so. */
        if (__atomic_load_n(&gone[page], __ATOMIC_SEQ_CST) == 0)
            holes += seen != ((frames + page * SIZE_4K) | IOMMU_RW);
    }
    return NULL;
}

/* No leaf that a unit could load now translates the pages from first on, wherever it is read. */
static void check_forgotten(uint64_t first, uint64_t count)
{
    for (uint64_t page = 0; page < area / SIZE_4K; page++) {
        struct pt_v1_leaf leaf = walk(page * SIZE_4K, true);
        uint64_t pages = leaf.size_shift < 12 ? 0 : 1ull << (leaf.size_shift - 12);
        uint64_t start = pages == 0 ? 0 : page & ~(pages - 1);

        if (leaf.seen != PT_WALK_NONE && start < first + count && first < start + pages)
            __atomic_fetch_add(&stale, 1, __ATOMIC_RELAXED);
    }
}

/* All callers leave at once: what they are to meet in lasts a microsecond. */
static void wait_for_all(unsigned round)
{
    __atomic_fetch_add(&at_gate, 1, __ATOMIC_SEQ_CST);
    for (unsigned spins = 1; __atomic_load_n(&at_gate, __ATOMIC_SEQ_CST) < (round + 1) * CALLERS; spins++)
        if (spins % 1000 == 0)
            sched_yield();
}

/* Unmaps its own parts, of 1 to 4 pages, that lie between those of the others. */
static void *unmap_own(void *number)
{
    uint64_t own = (uintptr_t)number % 16, seed = (uintptr_t)number;

    for (unsigned i = 0; i < UNMAPS; i++) {
        struct iommu_gather gather = { 0 };
        uint64_t first, count = 1 + i % 4, unmapped;

        wait_for_all(i);
        seed = seed * 6364136223846793005 + 1442695040888963407;
        first = ((seed >> 33) % (area / SIZE_4K / 16)) * 16 + own * 5;
        if (gone[first] != 0)
            continue;
        for (uint64_t page = first; page < first + count; page++)
            __atomic_store_n(&gone[page], 1, __ATOMIC_SEQ_CST);
        /* Any of it may be in caches as the leaf it was. */
        if (ops->unmap(&t, first * SIZE_4K, count * SIZE_4K, &gather, &unmapped) != IOMMU_OK ||
            unmapped != count * SIZE_4K || gather.start != 0 || gather.end != area)
            __atomic_fetch_add(&failed, 1, __ATOMIC_RELAXED);
        check_forgotten(first, count);
    }
    return NULL;
}

static void run_threads(size_t round)
{
    pthread_t callers[CALLERS], watcher;

    over = false;
    at_gate = 0;
    CHECK_EQ(pthread_create(&watcher, NULL, watch, NULL), 0);
    for (size_t i = 0; i < CALLERS; i++)
        CHECK_EQ(pthread_create(&callers[i], NULL, unmap_own, (void *)(round * 16 + i)), 0);
    for (size_t i = 0; i < CALLERS; i++)
        pthread_join(callers[i], NULL);
    __atomic_store_n(&over, true, __ATOMIC_RELEASE);
    pthread_join(watcher, NULL);
}

TEST(threads_at_one_leaf)
{
    failed = holes = stale = 0;
    frames = 4 * SIZE_1G;
    for (unsigned round = 0; round < ROUNDS; round++) {
        create_sized(ALL_SIZES, true);
        inner = fake.platform;
        fake.platform.page_alloc = locked_alloc;
        fake.platform.page_free = locked_free;
        memset(gone, 0, sizeof(gone));
        /* 256 entries that all write, or four of which one becomes a table. */
        area = round % 4 != 0 ? SIZE_2M / 2 : 4 * SIZE_2M;
        map(0, frames, area, IOMMU_RW);
        run_threads(round);
        for (uint64_t page = 0; page < area / SIZE_4K; page++) {
            struct pt_v1_leaf leaf = walk(page * SIZE_4K, true);

            CHECK_EQ(leaf.seen, gone[page] ? PT_WALK_NONE : (frames + page * SIZE_4K) | IOMMU_RW);
            if (leaf.seen != PT_WALK_NONE && leaf.entry_pa % (8ull << (leaf.size_shift - 12) % 9) == 0)
                CHECK(pt_v1_copies_agree(&fake, true, &leaf));
        }
        finish();
    }
    CHECK_EQ(failed, 0);
    CHECK_EQ(holes, 0);
    CHECK_EQ(stale, 0);
}
