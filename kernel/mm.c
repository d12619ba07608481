/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of the running kernel: the page allocator on the machine's memory
 * map, and the take-over from the boot page tables.
 */
#include "mm.h"

#include "console.h"
#include "cpu.h"
#include "format.h"
#include "hall.h"
#include "linker.h"
#include "mm_windows.h"
#include "page_alloc.h"
#include "panic.h"
#include "spinlock.h"
#include "vm.h"

#define LEAST_RAM_BYTES (32ull << 20)
#define LOW_MEMORY_END (1ull << 20)
#define BOOT_MAPPED_END 0x100000000ull
#define MEBIBYTE (1ull << 20)
#define KALLOC_ALIGN 16u
#define KALLOC_CHUNK_PAGES 16u

/* Guards: frames. */
static struct spin_lock frames_lock = SPIN_LOCK("frames");
static struct page_alloc frames;
static struct page_range direct[PAGE_ALLOC_RANGES];
static size_t direct_count;
static uint64_t mapped_end = BOOT_MAPPED_END;
static uint64_t image_pa;
static uint64_t usable_end;
static uint64_t startup_page_pa;

uint64_t virt_to_phys(const void *va)
{
    uint64_t address = (uintptr_t)va;

    if (address >= KERNEL_BASE)
        return address - KERNEL_BASE + image_pa;
    if (address < DIRECT_MAP_BASE || address >= MMIO_BASE)
        panic("virt_to_phys: 0x%llx is neither image nor direct map", (unsigned long long)address);
    return address - DIRECT_MAP_BASE;
}

/* ---- what is RAM ---- */

bool ram_holds(uint64_t pa, uint64_t len)
{
    for (size_t i = 0; i < direct_count; i++) {
        if (pa >= direct[i].start && pa < direct[i].end && len <= direct[i].end - pa)
            return true;
    }
    return false;
}

bool ram_touches(uint64_t pa, uint64_t len)
{
    for (size_t i = 0; i < direct_count; i++) {
        if (pa < direct[i].end && pa + len > direct[i].start)
            return true;
    }
    return false;
}

/* Firmware's ranges, and the image; room for one more is left. */
static size_t collect(const struct boot_info *info, struct boot_range *all)
{
    size_t count = info->range_count < BOOT_RANGES ? info->range_count : BOOT_RANGES;

    for (size_t i = 0; i < count; i++)
        all[i] = info->ranges[i];
    all[count++] = (struct boot_range){ info->kernel_pa, info->kernel_end_pa, BOOT_LOADER, 0 };
    return count;
}

/* The direct map ends where MMIO_BASE begins; RAM beyond is not used. */
static void clip(struct page_range *ranges, size_t *count)
{
    uint64_t limit = MMIO_BASE - DIRECT_MAP_BASE;

    while (*count > 0 && ranges[*count - 1].start >= limit)
        --*count;
    if (*count > 0 && ranges[*count - 1].end > limit)
        ranges[*count - 1].end = limit;
}

static uint64_t bytes_of(const struct page_range *ranges, size_t count)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < count; i++)
        bytes += ranges[i].end - ranges[i].start;
    return bytes;
}

/* Not a fault of the kernel's, so no backtrace. */
static _Noreturn void refuse(const struct boot_info *info, uint64_t usable_bytes)
{
    char line[96];

    format_line(line, sizeof(line),
                "Bail out! mm: %llu MiB of usable RAM, at least %llu MiB are needed\n",
                usable_bytes / MEBIBYTE, LEAST_RAM_BYTES / MEBIBYTE);
    print("%s", line);
    hall_show(info, line);
    kernel_exit(EXIT_PANIC);
}

/*
 * The highest free page below 1 MiB, where a starting processor executes
 * (SDM 8.4.3); none of it is ever given out. Page 0 holds the BIOS data area.
 */
static uint64_t find_startup_page(const struct boot_info *info)
{
    static struct boot_range all[PAGE_ALLOC_RANGES];
    static struct page_range usable[PAGE_ALLOC_RANGES];
    size_t count = collect(info, all);
    uint64_t found = 0;

    count = page_ranges(all, count, PAGE_TYPE(BOOT_RAM), usable, PAGE_ALLOC_RANGES);
    for (size_t i = 0; i < count && usable[i].start < LOW_MEMORY_END; i++) {
        uint64_t end = usable[i].end < LOW_MEMORY_END ? usable[i].end : LOW_MEMORY_END;

        if (end - PAGE_BYTES >= usable[i].start && end - PAGE_BYTES != 0)
            found = end - PAGE_BYTES;
    }
    return found;
}

uint64_t mm_startup_page_pa(void)
{
    return startup_page_pa;
}

void mm_init(const struct boot_info *info)
{
    static struct boot_range all[PAGE_ALLOC_RANGES];
    static struct page_range usable[PAGE_ALLOC_RANGES];
    size_t count = collect(info, all), usable_count;
    uint64_t usable_bytes;

    image_pa = info->kernel_pa;
    direct_count = page_ranges(all, count, PAGE_TYPE(BOOT_RAM) | PAGE_TYPE(BOOT_LOADER), direct,
                               PAGE_ALLOC_RANGES);
    clip(direct, &direct_count);
    all[count++] = (struct boot_range){ 0, LOW_MEMORY_END, BOOT_RESERVED, 0 };
    usable_count = page_ranges(all, count, PAGE_TYPE(BOOT_RAM), usable, PAGE_ALLOC_RANGES);
    clip(usable, &usable_count);
    usable_bytes = bytes_of(usable, usable_count);
    if (usable_bytes < LEAST_RAM_BYTES)
        refuse(info, usable_bytes);
    if (!page_alloc_init(&frames, usable, usable_count, DIRECT_MAP_BASE, BOOT_MAPPED_END))
        panic("mm: no room below 4 GiB for the map of %llu MiB of RAM", usable_bytes / MEBIBYTE);
    usable_end = usable[usable_count - 1].end;
    startup_page_pa = find_startup_page(info);
    vm_init(direct, direct_count, image_pa);
    mapped_end = UINT64_MAX;
    gdt_guard_stacks();
    log_line(LOG_INFO, "mm: ram=%lluMiB ranges=%zu end=0x%llx free=%lluMiB",
             usable_bytes / MEBIBYTE, usable_count, (unsigned long long)usable_end,
             free_bytes() / MEBIBYTE);
}

/* ---- frames ---- */

void *pages_alloc(size_t count, uint64_t align, uint64_t start_pa, uint64_t end_pa)
{
    uintptr_t flags = spin_lock(&frames_lock);
    uint64_t pa = page_alloc_take(&frames, count, align, start_pa,
                                  end_pa < mapped_end ? end_pa : mapped_end);

    spin_unlock(&frames_lock, flags);
    return pa == 0 ? NULL : phys_to_virt(pa);
}

void pages_free(void *pages, size_t count)
{
    uintptr_t flags = spin_lock(&frames_lock);
    bool given = page_alloc_give(&frames, virt_to_phys(pages), count);

    spin_unlock(&frames_lock, flags);
    if (!given)
        panic("pages_free: %zu frames at 0x%llx are not all allocated", count,
              (unsigned long long)virt_to_phys(pages));
}

uint64_t ram_end_pa(void)
{
    return usable_end;
}

uint64_t ram_bytes(void)
{
    return frames.total_frames * PAGE_BYTES;
}

uint64_t free_bytes(void)
{
    return __atomic_load_n(&frames.free_frames, __ATOMIC_RELAXED) * PAGE_BYTES;
}

void *kalloc(size_t bytes)
{
    static struct spin_lock lock = SPIN_LOCK("kalloc");     /* guards: chunk, left */
    static uint8_t *chunk;
    static size_t left;
    uintptr_t flags = spin_lock(&lock);
    size_t size = (bytes + KALLOC_ALIGN - 1) & ~(size_t)(KALLOC_ALIGN - 1);
    uint8_t *result;

    if (size > left) {
        size_t pages = (size + PAGE_BYTES - 1) / PAGE_BYTES;

        pages = pages < KALLOC_CHUNK_PAGES ? KALLOC_CHUNK_PAGES : pages;
        chunk = pages_alloc(pages, PAGE_BYTES, 0, UINT64_MAX);
        if (chunk == NULL)
            panic("kalloc: no memory for %zu bytes", bytes);
        left = pages * PAGE_BYTES;
    }
    result = chunk;
    chunk += size;
    left -= size;
    spin_unlock(&lock, flags);
    return result;
}
