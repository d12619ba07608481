/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows on what is not RAM: registers uncached, a framebuffer
 * write-combining, firmware's tables read-only.
 */
#include "mm_windows.h"

#include "mm.h"
#include "panic.h"
#include "spinlock.h"
#include "vm.h"
#include "window_space.h"

/* Guards: window_space.c, and that what it gives out is mapped once. */
static struct spin_lock lock = SPIN_LOCK("windows");

static void *window_map(uint64_t pa, uint64_t len, unsigned prot)
{
    uint64_t offset = pa & (PAGE_BYTES - 1), first = pa - offset, at;
    uint64_t bytes = (offset + len + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    uintptr_t flags;
    bool mapped;

    if (len == 0 || pa + len < pa || bytes < len)
        return NULL;
    flags = spin_lock(&lock);
    at = window_take(first, bytes);
    mapped = at != 0 && vm_kernel_map(at, first, bytes, prot);
    if (at != 0 && !mapped)
        (void)window_give(at, at + bytes);
    spin_unlock(&lock, flags);
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
    uintptr_t flags = spin_lock(&lock);

    if (!window_give(start, end))
        panic("mmio_unmap: no window 0x%llx-0x%llx", (unsigned long long)start,
              (unsigned long long)end);
    vm_kernel_unmap(start, end - start);
    spin_unlock(&lock, flags);
}

const void *firmware_map(uint64_t pa, uint64_t len)
{
    if (ram_holds(pa, len))
        return phys_to_virt(pa);
    return window_map(pa, len, VM_RODATA);
}

void firmware_unmap(const void *at, uint64_t len)
{
    if ((uintptr_t)at >= MMIO_BASE)
        mmio_unmap((void *)(uintptr_t)at, len);
}
