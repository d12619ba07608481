/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address space from MMIO_BASE on, given out first fit, with a page left free
 * behind each window. Portable; no lock: mm_windows.c holds one.
 */
#include "window_space.h"

#include <stddef.h>

#include "mm.h"

#define WINDOWS 512
/* One entry of the root table, which all address spaces share. */
#define WINDOWS_END (MMIO_BASE + (1ull << 39))
#define LARGE_BYTES (1ull << 21)
#define HUGE_BYTES (1ull << 30)

struct window {
    uint64_t start;
    uint64_t end;
};

static struct window windows[WINDOWS];  /* ascending */
static size_t window_count;

/* The lowest address at or above from that is offset modulo align. */
static uint64_t fit(uint64_t from, uint64_t align, uint64_t offset)
{
    uint64_t at = (from & ~(align - 1)) + offset;

    return at < from ? at + align : at;
}

/* Large windows (ECAM) get large pages: virtual and physical address agree modulo the page. */
static uint64_t window_align(uint64_t len)
{
    return len >= HUGE_BYTES ? HUGE_BYTES : len >= LARGE_BYTES ? LARGE_BYTES : PAGE_BYTES;
}

uint64_t window_take(uint64_t pa, uint64_t len)
{
    uint64_t align = window_align(len), at = fit(MMIO_BASE, align, pa & (align - 1));
    size_t i = 0;

    if (window_count == WINDOWS || len > WINDOWS_END - MMIO_BASE)
        return 0;
    for (; i < window_count && at + len + PAGE_BYTES > windows[i].start; i++)
        at = fit(windows[i].end + PAGE_BYTES, align, pa & (align - 1));
    if (at > WINDOWS_END - len)
        return 0;
    for (size_t j = window_count++; j > i; j--)
        windows[j] = windows[j - 1];
    windows[i] = (struct window){ .start = at, .end = at + len };
    return at;
}

bool window_give(uint64_t start, uint64_t end)
{
    size_t i = 0;

    while (i < window_count && windows[i].start != start)
        i++;
    if (i == window_count || windows[i].end != end)
        return false;
    window_count--;
    for (; i < window_count; i++)
        windows[i] = windows[i + 1];
    return true;
}
