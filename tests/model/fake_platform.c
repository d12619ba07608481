/* SPDX-License-Identifier: BSD-2-Clause */
/* See fake_platform.h. */
#include "fake_platform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FREED_BYTE 0xdd     /* in memory that is not allocated: present in every format */

uint64_t fake_pa(const struct fake_platform *fake, const void *at)
{
    return FAKE_ARENA_PA + (uint64_t)((const uint8_t *)at - fake->memory);
}

void *fake_at(const struct fake_platform *fake, uint64_t pa)
{
    if (pa < FAKE_ARENA_PA || pa - FAKE_ARENA_PA >= fake->page_count * FAKE_PAGE)
        return NULL;
    return fake->memory + (pa - FAKE_ARENA_PA);
}

uint64_t fake_read64(const struct fake_platform *fake, uint64_t pa, bool snoops)
{
    const uint8_t *at = fake_at(fake, pa);
    uint64_t value = UINT64_MAX;

    if (at != NULL)
        memcpy(&value, snoops ? at : fake->seen + (at - fake->memory), sizeof(value));
    return value;
}

static bool run_is_free(const struct fake_platform *fake, size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (first + i >= fake->page_count || fake->run[first + i] != 0)
            return false;
    return true;
}

static void *fake_page_alloc(void *ctx, size_t count, uint64_t limit_pa)
{
    struct fake_platform *fake = ctx;
    size_t step = 1;

    if (++fake->allocations == fake->fail_at)
        return NULL;
    while (step < count)
        step *= 2;
    for (size_t first = 0; first + count <= fake->page_count; first += step) {
        uint8_t *at = fake->memory + first * FAKE_PAGE;

        if (!run_is_free(fake, first, count))
            continue;
        if (fake_pa(fake, at) + count * FAKE_PAGE - 1 > limit_pa)
            return NULL;
        memset(at, 0, count * FAKE_PAGE);
        memset(fake->run + first, 2, count);
        fake->run[first] = 1;
        fake->live_pages += count;
        return at;
    }
    return NULL;
}

static void fake_page_free(void *ctx, void *pages, size_t count)
{
    struct fake_platform *fake = ctx;
    size_t first = (size_t)((uint8_t *)pages - fake->memory) / FAKE_PAGE;
    bool valid = first + count <= fake->page_count && fake->run[first] == 1;

    for (size_t i = 1; i < count && valid; i++)
        valid = fake->run[first + i] == 2;
    if (!valid) {
        fake->misuses++;
        return;
    }
    memset(fake->run + first, 0, count);
    memset(pages, FREED_BYTE, count * FAKE_PAGE);
    memset(fake->seen + first * FAKE_PAGE, FREED_BYTE, count * FAKE_PAGE);
    fake->live_pages -= count;
}

static void fake_dma_flush(void *ctx, const void *at, size_t len)
{
    struct fake_platform *fake = ctx;
    size_t start = (size_t)((const uint8_t *)at - fake->memory), end = start + len;

    if (start >= fake->page_count * FAKE_PAGE || end > fake->page_count * FAKE_PAGE || len == 0) {
        fake->misuses++;
        return;
    }
    if (fake->on_flush != NULL)
        fake->on_flush(fake->on_flush_ctx, at, len, false);
    start -= start % FAKE_LINE;
    end += (FAKE_LINE - end % FAKE_LINE) % FAKE_LINE;
    memcpy(fake->seen + start, fake->memory + start, end - start);
    fake->flushes++;
    fake->flushed_bytes += len;
    fake->lines += (end - start) / FAKE_LINE;
    if (fake->on_flush != NULL)
        fake->on_flush(fake->on_flush_ctx, at, len, true);
}

static void fake_dma_write_barrier(void *ctx)
{
    (void)ctx;
}

static uint64_t fake_now_us(void *ctx)
{
    struct fake_platform *fake = ctx;

    return fake->time_us++;
}

static void fake_relax(void *ctx)
{
    (void)ctx;
}

static uintptr_t fake_irq_save(void *ctx)
{
    (void)ctx;
    return 0;
}

static void fake_irq_restore(void *ctx, uintptr_t flags)
{
    (void)ctx;
    (void)flags;
}

static void fake_log(void *ctx, enum iommu_log_level level, const char *format, va_list args)
{
    struct fake_platform *fake = ctx;

    (void)level;
    vsnprintf(fake->log, sizeof(fake->log), format, args);
}

void fake_platform_init(struct fake_platform *fake, size_t page_count)
{
    size_t len = page_count * FAKE_PAGE;

    *fake = (struct fake_platform){ .page_count = page_count };
    fake->memory = aligned_alloc(FAKE_PAGE, len);
    fake->seen = malloc(len);
    fake->run = calloc(page_count, 1);
    if (fake->memory == NULL || fake->seen == NULL || fake->run == NULL)
        abort();
    memset(fake->memory, FREED_BYTE, len);
    memset(fake->seen, FREED_BYTE, len);
    fake->platform = (struct iommu_platform){
        .table_offset = (uintptr_t)fake->memory - (uintptr_t)FAKE_ARENA_PA,
        .page_alloc = fake_page_alloc,
        .page_free = fake_page_free,
        .dma_flush = fake_dma_flush,
        .dma_write_barrier = fake_dma_write_barrier,
        .now_us = fake_now_us,
        .relax = fake_relax,
        .irq_save = fake_irq_save,
        .irq_restore = fake_irq_restore,
        .log = fake_log,
    };
}

void fake_platform_free(struct fake_platform *fake)
{
    free(fake->memory);
    free(fake->seen);
    free(fake->run);
}
