/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the library asks of whoever embeds it. Fill in one struct
 * iommu_platform and pass it, with a pointer of your own that comes back in
 * every call as ctx, to iommu_create().
 *
 * Rules for every member, unless it says otherwise: it must not sleep, it may
 * be called from any context including the fault interrupt, it may be called
 * on several CPUs at once, and it must not call back into the library. NULL
 * is not allowed where "may be NULL" is not written.
 */
#ifndef IOMMU_PLATFORM_H
#define IOMMU_PLATFORM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum iommu_log_level { IOMMU_LOG_ERROR, IOMMU_LOG_WARNING, IOMMU_LOG_INFO, IOMMU_LOG_DEBUG };

/*
 * Where a unit's own interrupt goes, as an MSI that is not remapped: VT-d FEADDR/FEUADDR and FEDATA
 * (§11.4.7), whose address bits 63:40 are the x2APIC id's bits 31:8; AMD-Vi's MSI capability.
 */
struct iommu_msi {
    uint64_t address;
    uint32_t data;
};

/* No limit for page_alloc. */
#define IOMMU_ANY_PA UINT64_MAX

struct iommu_platform {
    /*
     * Virtual minus physical address of every page that page_alloc returns.
     * One constant for the life of the library: page tables are walked with
     * it, one addition a level. A platform without a linear map of memory
     * cannot embed the library.
     */
    uintptr_t table_offset;

    /*
     * count pages of 4096 bytes, physically contiguous, aligned to count
     * rounded up to a power of two pages, every byte zero, the last byte at or
     * below limit_pa. Memory is ordinary write-back memory. NULL when there is
     * none; the caller copes with it.
     */
    void *(*page_alloc)(void *ctx, size_t count, uint64_t limit_pa);
    /* Gives back what page_alloc returned; count is what was asked for. */
    void (*page_free)(void *ctx, void *pages, size_t count);

    /*
     * A window of uncached, strongly ordered access to len bytes of registers
     * at pa (both multiples of 4096). The result is only ever passed to the
     * mmio_* members, with an offset added. NULL when it cannot be mapped.
     * Called while units are added and stopped only; may sleep.
     */
    void *(*mmio_map)(void *ctx, uint64_t pa, size_t len);
    void (*mmio_unmap)(void *ctx, void *window, size_t len);

    /*
     * len bytes of memory at pa (both multiples of 4096), to be read only: a table that the last owner of a unit
     * left there, or what iommu/debug.h looks at. NULL where there is no memory. Called while units are started and
     * by those calls only; may sleep. May be NULL, and then so is the other: such tables are not looked at.
     */
    const void *(*memory_map)(void *ctx, uint64_t pa, size_t len);
    void (*memory_unmap)(void *ctx, const void *at, size_t len);

    /* One access of exactly that width, neither merged, split nor reordered with other register accesses. */
    uint32_t (*mmio_read32)(void *ctx, const volatile void *at);
    uint64_t (*mmio_read64)(void *ctx, const volatile void *at);
    void (*mmio_write32)(void *ctx, volatile void *at, uint32_t value);
    void (*mmio_write64)(void *ctx, volatile void *at, uint64_t value);

    /*
     * Reads width (1, 2 or 4) bytes of a function's configuration space, to
     * follow the paths of firmware's device scopes through bridges. All ones
     * where there is no such function.
     */
    uint32_t (*pci_read)(void *ctx, uint16_t segment, uint16_t rid, uint16_t offset, unsigned width);

    /*
     * Writes width (1, 2 or 4) bytes there: an AMD-Vi unit is a PCI function,
     * whose own message, and work-arounds for errata, are programmed so. May be
     * NULL: such units then have no interrupt of their own, and say so.
     */
    void (*pci_write)(void *ctx, uint16_t segment, uint16_t rid, uint16_t offset, unsigned width, uint32_t value);

    /*
     * Clears Bus Master Enable of a function that is being fenced. May be
     * NULL: then a fence blocks the device in the unit's tables only.
     */
    void (*bus_master_off)(void *ctx, uint16_t segment, uint16_t rid);

    /*
     * Writes the cache lines that hold [at, at + len) back to memory, for units
     * that do not snoop the caches, and orders that before any later store.
     * May leave the lines valid (CLWB) or not (CLFLUSH, CLFLUSHOPT).
     */
    void (*dma_flush)(void *ctx, const void *at, size_t len);

    /* Earlier stores to memory are visible to devices before later ones. */
    void (*dma_write_barrier)(void *ctx);

    /* A clock in microseconds that never goes backwards and never stops; any starting value. */
    uint64_t (*now_us)(void *ctx);
    /* Called in every turn of a bounded wait (PAUSE). */
    void (*relax)(void *ctx);

    /*
     * Interrupts off on this CPU, as the library's locks need it; returns what
     * irq_restore takes to put them back as they were. Nested calls occur.
     */
    uintptr_t (*irq_save)(void *ctx);
    void (*irq_restore)(void *ctx, uintptr_t flags);

    /*
     * Allocates an interrupt for unit number unit_index and stores where it
     * goes. From then on the embedder calls iommu_unit_interrupt() with that
     * number in its handler. May be NULL, and may return false: then the
     * embedder calls iommu_poll_faults() from time to time instead.
     */
    bool (*fault_interrupt)(void *ctx, unsigned unit_index, struct iommu_msi *msi);

    /*
     * One line, without a newline, in printf's language restricted to
     * %s %c %d %u %x %% with ll, l, z, field width and 0; no floating point.
     */
    void (*log)(void *ctx, enum iommu_log_level level, const char *format, va_list args);
};

#endif
