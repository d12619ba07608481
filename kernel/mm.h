/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory: frames, the direct map, register windows, kernel stacks.
 *
 * Address map (48-bit canonical, 4-level tables built with the library's
 * x86-64 format; W^X, NX, the null page and everything not listed unmapped):
 *   ffff8000_00000000  DIRECT_MAP_BASE: all RAM at its physical address, RW NX
 *   ffffc000_00000000  MMIO_BASE: register windows, uncached, RW NX
 *   ffffe000_00000000  STACKS_BASE: kernel stacks, a guard page below and above each
 *   ffffffff_80000000  KERNEL_BASE: the image (text RX, rodata R, data RW)
 */
#ifndef KERNEL_MM_H
#define KERNEL_MM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot_info.h"

#define PAGE_BYTES 4096ull
#define DIRECT_MAP_BASE 0xffff800000000000ull
#define MMIO_BASE 0xffffc00000000000ull
#define STACKS_BASE 0xffffe00000000000ull
#define KERNEL_BASE 0xffffffff80000000ull

/* Only for RAM, which the direct map holds. */
static inline void *phys_to_virt(uint64_t pa)
{
    return (void *)(uintptr_t)(pa + DIRECT_MAP_BASE);
}

/* For pointers into the direct map and into the kernel image. */
uint64_t virt_to_phys(const void *va);

/*
 * Takes over from the boot page tables: page allocator from the memory map,
 * the kernel's own tables, guard pages. Panics when RAM is too little.
 */
void mm_init(const struct boot_info *info);

/*
 * count frames, contiguous, aligned to align bytes (power of two >= 4096),
 * inside [start_pa, end_pa), zeroed. NULL when there are none. Any context.
 */
void *pages_alloc(size_t count, uint64_t align, uint64_t start_pa, uint64_t end_pa);
void pages_free(void *pages, size_t count);

/* A page of RAM below 1 MiB that nobody uses, for starting processors; 0: there is none. */
uint64_t mm_startup_page_pa(void);

uint64_t ram_end_pa(void);      /* highest usable RAM address plus one */
uint64_t ram_bytes(void);       /* usable RAM */
uint64_t free_bytes(void);

/*
 * Zeroed, 16-byte aligned, never freed: for what lives as long as the kernel. Panics when memory is
 * gone.
 */
void *kalloc(size_t bytes);

/* Uncached window of registers; any alignment. NULL when pa is RAM or no address space is left. */
void *mmio_map(uint64_t pa, uint64_t len);
void mmio_unmap(void *window, uint64_t len);
/* The same, write-combining, for a framebuffer. */
void *mmio_map_wc(uint64_t pa, uint64_t len);

/*
 * Memory that firmware filled (ACPI tables, the BIOS areas), for reading: the
 * direct map where it is RAM, else a read-only window of its own that stays.
 * NULL when no address space is left.
 */
const void *firmware_map(uint64_t pa, uint64_t len);
/* Gives such a window back after all. */
void firmware_unmap(const void *at, uint64_t len);

/* A kernel stack with guard pages, never given back; returns its top, NULL when memory is gone. */
void *stack_alloc(size_t pages);

#endif
