/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page-table engine in nanoseconds, on the host, alone: page_alloc takes
 * from a list, dma_flush is an empty function (walks do not snoop, so it is
 * called wherever a real one would be). pt/stores-256 is a plain loop of 256
 * stores, the least that 256 pages can cost. Best of several rounds.
 *
 *   gcc -std=gnu11 -O2 -Idrivers/iommu/include -Idrivers/iommu -o pt_bench \
 *       tests/bench/pt_bench.c $(find drivers/iommu/pt -name '*.c')
 *
 * pt/ is VT-d's second stage, pt-amd/ the AMD v1 format: with 4 KiB pages only,
 * as the other, and (-wide) with all its sizes, where the frames allow 8 KiB.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pt/pt.h"

#define PAGE 4096ull
#define ARENA_PAGES 2048u
#define ROUNDS 20u
#define IOVA 0x40000000ull
#define FRAME 0x123456000ull    /* no larger alignment than a page: 4 KiB leaves */
#define HUGE_LEN (512ull << 20)
#define ALL_SIZES 0x7ffffff000ull   /* 4 KiB to 256 GiB */

struct arena {
    uint8_t *memory;
    void *free;         /* freed pages, linked through their first word */
    size_t used;
};

static void *page_alloc(void *ctx, size_t count, uint64_t limit_pa)
{
    struct arena *arena = ctx;
    void *page = arena->free;

    (void)limit_pa;
    if (page != NULL)
        memcpy(&arena->free, page, sizeof(arena->free));
    else if (count == 1 && arena->used < ARENA_PAGES)
        page = arena->memory + arena->used++ * PAGE;
    return page == NULL ? NULL : memset(page, 0, PAGE);
}

static void page_free(void *ctx, void *page, size_t count)
{
    struct arena *arena = ctx;

    (void)count;
    memcpy(page, &arena->free, sizeof(arena->free));
    arena->free = page;
}

static void dma_flush(void *ctx, const void *at, size_t len)
{
    (void)ctx;
    (void)at;
    (void)len;
}

static double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static const struct pt_ops *ops;
static const char *area;        /* what the names of the results begin with */

static void must(enum iommu_status status)
{
    if (status != IOMMU_OK) {
        fprintf(stderr, "pt_bench: status %d\n", (int)status);
        exit(1);
    }
}

static void map(struct pt_table *t, uint64_t iova, uint64_t pa, uint64_t len)
{
    struct iommu_gather gather = { 0 };
    struct iommu_mapping m = { .iova = iova, .pa = pa, .len = len, .prot = IOMMU_RW };

    must(ops->map(t, &m, &gather));
}

static void unmap(struct pt_table *t, uint64_t iova, uint64_t len)
{
    struct iommu_gather gather = { 0 };

    must(ops->unmap(t, iova, len, &gather, NULL));
    pt_free_gathered(t, &gather);
}

static void keep_best(double *best, double ns)
{
    if (*best == 0 || ns < *best)
        *best = ns;
}

/* Single pages up and down a leaf table that stands. */
static void bench_page(struct pt_table *t)
{
    enum { PAGES = 400, REPEATS = 50 };
    double best_map = 0, best_unmap = 0, best_lookup = 0;
    struct iommu_leaf leaf;

    map(t, IOVA, FRAME, PAGE);
    for (unsigned round = 0; round < ROUNDS; round++) {
        double spent_map = 0, spent_unmap = 0, spent_lookup = 0;

        for (unsigned repeat = 0; repeat < REPEATS; repeat++) {
            double start = now_ns(), mapped, looked;

            for (uint64_t i = 1; i <= PAGES; i++)
                map(t, IOVA + i * PAGE, FRAME + i * PAGE, PAGE);
            mapped = now_ns();
            for (uint64_t i = 1; i <= PAGES; i++)
                must(ops->lookup(t, IOVA + i * PAGE, &leaf));
            looked = now_ns();
            for (uint64_t i = 1; i <= PAGES; i++)
                unmap(t, IOVA + i * PAGE, PAGE);
            spent_map += mapped - start;
            spent_lookup += looked - mapped;
            spent_unmap += now_ns() - looked;
        }
        keep_best(&best_map, spent_map / (PAGES * REPEATS));
        keep_best(&best_unmap, spent_unmap / (PAGES * REPEATS));
        keep_best(&best_lookup, spent_lookup / (PAGES * REPEATS));
    }
    unmap(t, IOVA, PAGE);
    printf("bench %s/map-4k ns=%.1f\nbench %s/unmap-4k ns=%.1f\nbench %s/lookup ns=%.1f\n",
           area, best_map, area, best_unmap, area, best_lookup);
}

/* One call for len bytes; name is that of the benchmark. */
static void bench_range(struct pt_table *t, const char *name, uint64_t len, unsigned repeats)
{
    double best_map = 0, best_unmap = 0, pages = (double)(len / PAGE);

    for (unsigned round = 0; round < ROUNDS; round++) {
        double spent_map = 0, spent_unmap = 0;

        for (unsigned repeat = 0; repeat < repeats; repeat++) {
            double start = now_ns(), mapped;

            map(t, IOVA, FRAME, len);
            mapped = now_ns();
            unmap(t, IOVA, len);
            spent_map += mapped - start;
            spent_unmap += now_ns() - mapped;
        }
        keep_best(&best_map, spent_map / repeats);
        keep_best(&best_unmap, spent_unmap / repeats);
    }
    printf("bench %s/map-%s ns_per_page=%.3f\nbench %s/unmap-%s ns_per_page=%.3f\n", area, name,
           best_map / pages, area, name, best_unmap / pages);
}

static void bench_stores(struct arena *arena)
{
    enum { STORES = 256, REPEATS = 1000 };
    volatile uint64_t *table = page_alloc(arena, 1, IOMMU_ANY_PA);
    double best = 0;

    for (unsigned round = 0; round < ROUNDS; round++) {
        double start = now_ns();

        for (unsigned repeat = 0; repeat < REPEATS; repeat++)
            for (uint64_t i = 0; i < STORES; i++)
                table[i] = i * PAGE;
        keep_best(&best, (now_ns() - start) / (STORES * REPEATS));
    }
    printf("bench pt/stores-256 ns_per_page=%.3f\n", best);
}

static void bench_format(const struct pt_ops *format, const char *name,
                         const struct iommu_platform *platform, struct arena *arena,
                         uint64_t page_sizes)
{
    struct pt_config config = {
        .platform = platform, .platform_ctx = arena, .levels = 4, .page_sizes = page_sizes,
        .output_bits = 52, .coherent = false, .table_limit_pa = IOMMU_ANY_PA,
    };
    struct pt_table t;

    ops = format;
    area = name;
    must(ops->create(&t, &config));
    bench_page(&t);
    bench_range(&t, "256", 256 * PAGE, 200);
    bench_range(&t, "512m", HUGE_LEN, 1);
    ops->destroy(&t);
}

int main(void)
{
    struct arena arena = { .memory = aligned_alloc(PAGE, ARENA_PAGES * PAGE) };
    struct iommu_platform platform = {
        .table_offset = 0, .page_alloc = page_alloc, .page_free = page_free, .dma_flush = dma_flush,
    };

    if (arena.memory == NULL)
        return 1;
    bench_format(&pt_vtd_ss, "pt", &platform, &arena, PAGE);
    bench_format(&pt_amd_v1, "pt-amd", &platform, &arena, PAGE);
    bench_format(&pt_amd_v1, "pt-amd-wide", &platform, &arena, ALL_SIZES);
    bench_stores(&arena);
    free(arena.memory);
    return 0;
}
