/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames of 4 KiB: from firmware's memory map to zones of free ones, and runs
 * of frames out of them. Touches no hardware: frames are reached at
 * their physical address plus a constant.
 */
#ifndef KERNEL_PAGE_ALLOC_H
#define KERNEL_PAGE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot_info.h"

struct page_range {
    uint64_t start;     /* page aligned, half-open */
    uint64_t end;
};

#define PAGE_ALLOC_RANGES (BOOT_RANGES + 4)
#define PAGE_ALLOC_ZONES PAGE_ALLOC_RANGES
#define PAGE_ALLOC_LEVELS 7     /* 64^7 frames: more than 52 bits of address */
#define PAGE_TYPE(type) (1u << (type))

/*
 * The page-aligned ranges every byte of which is covered by the given ranges,
 * and by no other type than those in types (a set of PAGE_TYPE()): where
 * ranges overlap, a type outside the set wins. Ascending, merged, at most max;
 * returns how many. count is at most PAGE_ALLOC_RANGES.
 */
size_t page_ranges(const struct boot_range *ranges, size_t count, uint32_t types,
                   struct page_range *out, size_t max);

/* Free frames of one range, a bit each; a level above: a bit for each word below that is not 0. */
struct page_zone {
    uint64_t first;             /* frame number */
    uint64_t frames;
    uint64_t hint;              /* frames below it, relative to first, are in use */
    unsigned levels;
    uint64_t *bits[PAGE_ALLOC_LEVELS];
};

struct page_alloc {
    uintptr_t offset;           /* virtual minus physical */
    uint64_t total_frames;
    uint64_t free_frames;
    size_t zone_count;
    struct page_zone zones[PAGE_ALLOC_ZONES];
};

/*
 * Takes over the ranges (ascending, apart). The bit maps go into one of them,
 * below metadata_limit. False: no range there is big enough for them.
 */
bool page_alloc_init(struct page_alloc *alloc, const struct page_range *ranges, size_t count,
                     uintptr_t offset, uint64_t metadata_limit);

/*
 * Physical address of count contiguous frames aligned to align (a power of
 * two, at least 4096) inside [start, end), every byte zero; 0: there are none.
 * Takes the highest range that has them, so that low memory lasts.
 */
uint64_t page_alloc_take(struct page_alloc *alloc, uint64_t count, uint64_t align,
                         uint64_t start, uint64_t end);

/* False, and nothing changed, when some frame of it is free already or was never ours. */
bool page_alloc_give(struct page_alloc *alloc, uint64_t pa, uint64_t count);

#endif
