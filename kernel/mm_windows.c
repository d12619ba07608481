/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows on what is not RAM: registers uncached, a framebuffer
 * write-combining, firmware's tables read-only. Address space from MMIO_BASE
 * on is given out first fit, with a page left free behind each window.
 */
#include "mm_windows.h"

#include "irq.h"
#include "mm.h"
#include "panic.h"
#include "vm.h"

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

static uint64_t window_take(uint64_t pa, uint64_t len)
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

static void window_give(uint64_t start, uint64_t end)
{
    size_t i = 0;

    while (i < window_count && windows[i].start != start)
        i++;
    if (i == window_count || windows[i].end != end)
        panic("mmio_unmap: no window 0x%llx-0x%llx", (unsigned long long)start,
              (unsigned long long)end);
    window_count--;
    for (; i < window_count; i++)
        windows[i] = windows[i + 1];
}

static void *window_map(uint64_t pa, uint64_t len, unsigned prot)
{
    uint64_t offset = pa & (PAGE_BYTES - 1), first = pa - offset, at;
    uint64_t bytes = (offset + len + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    uintptr_t flags;
    bool mapped;

    if (len == 0 || pa + len < pa || bytes < len)
        return NULL;
    flags = irq_save();
    at = window_take(first, bytes);
    mapped = at != 0 && vm_kernel_map(at, first, bytes, prot);
    if (at != 0 && !mapped)
        window_give(at, at + bytes);
    irq_restore(flags);
    return mapped ? (void *)(uintptr_t)(at + offset) : NULL;
}

void *mmio_map(uint64_t pa, uint64_t len)
{
    return ram_touches(pa, len) ? NULL : window_map(pa, len, VM_DATA | PT_UNCACHED);
}

void *mmio_map_wc(uint64_t pa, uint64_t len)
{
    return ram_touches(pa, len) ? NULL : window_map(pa, len, VM_DATA | PT_WRITE_COMBINE);
}

void mmio_unmap(void *window, uint64_t len)
{
    uint64_t offset = (uintptr_t)window & (PAGE_BYTES - 1);
    uint64_t start = (uintptr_t)window - offset;
    uint64_t end = (start + offset + len + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    uintptr_t flags = irq_save();

    window_give(start, end);
    vm_kernel_unmap(start, end - start);
    irq_restore(flags);
}

const void *firmware_map(uint64_t pa, uint64_t len)
{
    if (ram_holds(pa, len))
        return phys_to_virt(pa);
    return window_map(pa, len, VM_RODATA);
}
