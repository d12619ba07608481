/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A struct iommu_platform for unit tests: an arena of pages at physical
 * addresses that are not their virtual ones, an allocation that fails on
 * demand, and a second copy of memory, which is what a unit sees whose walks
 * do not snoop the caches: only dma_flush brings a line there. Register and
 * PCI access are left NULL for the test to fill in.
 *
 *     struct fake_platform fake;
 *
 *     fake_platform_init(&fake, 64);
 *     ... &fake.platform, with &fake as ctx ...
 *     CHECK_EQ(fake.live_pages, 0);
 *     fake_platform_free(&fake);
 */
#ifndef FAKE_PLATFORM_H
#define FAKE_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iommu/platform.h"

#define FAKE_PAGE 4096u
#define FAKE_LINE 64u
/* Above 4 GiB, so that an address cut to 32 bits does not work by chance. */
#define FAKE_ARENA_PA 0x240000000ull

struct fake_platform {
    struct iommu_platform platform;
    uint8_t *memory;        /* page_count pages at FAKE_ARENA_PA, as the CPU sees them */
    uint8_t *seen;          /* the same as a unit sees them that does not snoop */
    uint8_t *run;           /* per page: 0 free, 1 first of an allocation, 2 a later one */
    size_t page_count;
    size_t live_pages;
    size_t allocations;     /* calls of page_alloc that were asked for, failed ones too */
    size_t fail_at;         /* the allocation of this number, counted from 1, fails; 0: none */
    size_t flushes;         /* calls of dma_flush */
    size_t flushed_bytes;
    size_t lines;           /* cache lines written back */
    size_t misuses;         /* frees of what is not allocated, flushes outside the arena */
    uint64_t time_us;       /* now_us returns it and adds 1 */
    char log[256];          /* the last line logged */
    /* Called before and after each dma_flush has done its work. May be NULL. */
    void (*on_flush)(void *ctx, const void *at, size_t len, bool done);
    void *on_flush_ctx;
};

void fake_platform_init(struct fake_platform *fake, size_t page_count);
void fake_platform_free(struct fake_platform *fake);

/* Physical address of memory in the arena, and back; NULL for what is not in it. */
uint64_t fake_pa(const struct fake_platform *fake, const void *at);
void *fake_at(const struct fake_platform *fake, uint64_t pa);

/*
 * Eight bytes as the CPU has them, or as a unit that does not snoop sees them.
 * All ones outside the arena.
 */
uint64_t fake_read64(const struct fake_platform *fake, uint64_t pa, bool snoops);

#endif
