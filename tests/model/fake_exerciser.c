/* SPDX-License-Identifier: BSD-2-Clause */
#include "fake_exerciser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No such address is ever mapped in a process: a stray access faults. */
#define FAKE_MAPPED 0x1000000000000000ull
#define PAGE 4096u

static bool alloc_fails(struct fake_exerciser *fake)
{
    return ++fake->allocs == fake->fail_alloc;
}

static void *block(struct fake_exerciser *fake, size_t bytes)
{
    void *at = aligned_alloc(PAGE, (bytes + PAGE - 1) / PAGE * PAGE);

    if (at == NULL || fake->block_count == sizeof(fake->blocks) / sizeof(fake->blocks[0]))
        abort();
    memset(at, 0, bytes);
    return fake->blocks[fake->block_count++] = at;
}

static void *fake_pages_alloc(void *ctx, size_t count, uint64_t limit_pa, uint64_t *pa)
{
    struct fake_exerciser *fake = ctx;
    void *pages;

    if (limit_pa < fake->no_pages_below || alloc_fails(fake))
        return NULL;
    pages = block(fake, count * PAGE);
    *pa = (uintptr_t)pages;
    return pages;
}

/* Blocks live until the reset: a late access of the device shows as a wrong byte. */
static void fake_pages_free(void *ctx, void *pages, size_t count)
{
    (void)ctx;
    memset(pages, 0xdb, count * PAGE);
}

static void *fake_alloc(void *ctx, size_t bytes)
{
    struct fake_exerciser *fake = ctx;

    return alloc_fails(fake) ? NULL : block(fake, bytes);
}

static void *fake_mmio_map(void *ctx, uint64_t pa, uint64_t len)
{
    (void)pa;
    (void)len;
    return alloc_fails(ctx) ? NULL : (void *)(uintptr_t)FAKE_MAPPED;
}

static uint32_t offset_of(const volatile void *at)
{
    return (uint32_t)((uintptr_t)at - FAKE_MAPPED);
}

static uint32_t fake_read32(void *ctx, const volatile void *at)
{
    struct fake_exerciser *fake = ctx;

    return (uint32_t)fake->read(fake, offset_of(at), 4);
}

static uint64_t fake_read64(void *ctx, const volatile void *at)
{
    struct fake_exerciser *fake = ctx;

    return fake->read(fake, offset_of(at), 8);
}

static void fake_write32(void *ctx, volatile void *at, uint32_t value)
{
    struct fake_exerciser *fake = ctx;

    fake->write(fake, offset_of(at), 4, value);
}

static void fake_write64(void *ctx, volatile void *at, uint64_t value)
{
    struct fake_exerciser *fake = ctx;

    fake->write(fake, offset_of(at), 8, value);
}

static void fake_barrier(void *ctx)
{
    (void)ctx;
}

static uint64_t fake_now(void *ctx)
{
    return ((struct fake_exerciser *)ctx)->now_us;
}

static void fake_sleep(void *ctx, uint64_t us)
{
    ((struct fake_exerciser *)ctx)->now_us += us;
}

static void fake_log(void *ctx, const char *format, va_list args)
{
    struct fake_exerciser *fake = ctx;
    size_t used = strlen(fake->log);

    vsnprintf(fake->log + used, sizeof(fake->log) - used, format, args);
    used = strlen(fake->log);
    snprintf(fake->log + used, sizeof(fake->log) - used, "\n");
}

const struct exerciser_host fake_exerciser_host = {
    .pages_alloc = fake_pages_alloc,
    .pages_free = fake_pages_free,
    .alloc = fake_alloc,
    .mmio_map = fake_mmio_map,
    .mmio_read32 = fake_read32,
    .mmio_read64 = fake_read64,
    .mmio_write32 = fake_write32,
    .mmio_write64 = fake_write64,
    .barrier = fake_barrier,
    .now_us = fake_now,
    .sleep_us = fake_sleep,
    .log = fake_log,
};

void fake_exerciser_reset(struct fake_exerciser *fake)
{
    for (size_t i = 0; i < fake->block_count; i++)
        free(fake->blocks[i]);
    memset(fake, 0, sizeof(*fake));
}

void fake_exerciser_map(struct fake_exerciser *fake, uint64_t iova, void *memory, uint64_t len,
                        bool readable, bool writable)
{
    if (fake->map_count == FAKE_MAPPINGS)
        abort();
    fake->maps[fake->map_count++] = (struct fake_mapping){ iova, len, memory, readable, writable };
}

void fake_exerciser_unmap(struct fake_exerciser *fake, uint64_t iova)
{
    for (size_t i = 0; i < fake->map_count; i++)
        if (fake->maps[i].iova == iova)
            fake->maps[i] = fake->maps[--fake->map_count];
}

static uint8_t *translate(struct fake_exerciser *fake, uint64_t iova, bool to_memory)
{
    for (size_t i = 0; i < fake->map_count; i++) {
        struct fake_mapping *m = &fake->maps[i];

        if (iova >= m->iova && iova - m->iova < m->len && (to_memory ? m->writable : m->readable))
            return m->memory + (iova - m->iova);
    }
    fake->refused++;
    return NULL;
}

bool fake_exerciser_dma(struct fake_exerciser *fake, uint64_t iova, void *buffer, uint64_t len,
                        bool to_memory)
{
    uint8_t *bytes = buffer;
    bool whole = true;

    while (len > 0) {
        uint64_t part = PAGE - iova % PAGE;
        uint8_t *memory = translate(fake, iova, to_memory);

        if (part > len)
            part = len;
        if (memory == NULL)
            whole = false;
        else
            memcpy(to_memory ? memory : bytes, to_memory ? bytes : memory, part);
        iova += part;
        bytes += part;
        len -= part;
    }
    return whole;
}

bool fake_exerciser_logged(const struct fake_exerciser *fake, const char *text)
{
    return strstr(fake->log, text) != NULL;
}
