/* SPDX-License-Identifier: BSD-2-Clause */
/* The reference port of the IOMMU library: struct iommu_platform on this kernel. */
#include "hosts.h"

#include "acpi.h"
#include "console.h"
#include "irq.h"
#include "machine.h"
#include "mm.h"
#include "mm_windows.h"
#include "smp.h"
#include "table_memory.h"
#include "words.h"

#define CACHE_LINE 64u
#define FAULT_UNITS 64u
#define MCFG_MAX 16u

static void *platform_page_alloc(void *ctx, size_t count, uint64_t limit_pa)
{
    uint64_t end = limit_pa == UINT64_MAX ? limit_pa : limit_pa + 1;
    size_t aligned = 1;

    (void)ctx;
    while (aligned < count)
        aligned *= 2;
    return pages_alloc(count, aligned * PAGE_BYTES, 0, end);
}

static void platform_page_free(void *ctx, void *pages, size_t count)
{
    (void)ctx;
    pages_free(pages, count);
}

static void *platform_mmio_map(void *ctx, uint64_t pa, size_t len)
{
    (void)ctx;
    return mmio_map(pa, len);
}

static void platform_mmio_unmap(void *ctx, void *window, size_t len)
{
    (void)ctx;
    mmio_unmap(window, len);
}

static bool is_memory(uint64_t pa, size_t len)
{
    static struct acpi_mcfg_entry mcfg[MCFG_MAX];
    static size_t mcfg_count = SIZE_MAX;

    if (ram_holds(pa, len))
        return true;
    if (mcfg_count == SIZE_MAX) {
        size_t found = acpi_read_mcfg(&machine_acpi, mcfg, MCFG_MAX);

        mcfg_count = found < MCFG_MAX ? found : MCFG_MAX;
    }
    return table_memory_holds(machine.boot, mcfg, mcfg_count, pa, len);
}

static const void *platform_memory_map(void *ctx, uint64_t pa, size_t len)
{
    (void)ctx;
    return is_memory(pa, len) ? firmware_map(pa, len) : NULL;
}

static void platform_memory_unmap(void *ctx, const void *at, size_t len)
{
    (void)ctx;
    firmware_unmap(at, len);
}

static uint32_t platform_pci_read(void *ctx, uint16_t segment, uint16_t rid, uint16_t offset,
                                  unsigned width)
{
    (void)ctx;
    return pci_read_raw(machine.pci, segment, rid, offset, width);
}

static void platform_pci_write(void *ctx, uint16_t segment, uint16_t rid, uint16_t offset,
                               unsigned width, uint32_t value)
{
    (void)ctx;
    pci_write_raw(machine.pci, segment, rid, offset, width, value);
}

static void platform_bus_master_off(void *ctx, uint16_t segment, uint16_t rid)
{
    struct pci_function *f = pci_find(machine.pci, segment, rid);

    (void)ctx;
    if (f != NULL)
        (void)pci_bus_master(f, false);
}

static inline void flush_line(uintptr_t at)
{
    __asm__ volatile("clflush %0" : : "m"(*(const char *)at) : "memory");
}

static void flush_lines(uintptr_t at, size_t count)
{
    for (; count >= 8; count -= 8, at += 8 * CACHE_LINE) {
        flush_line(at);
        flush_line(at + CACHE_LINE);
        flush_line(at + 2 * CACHE_LINE);
        flush_line(at + 3 * CACHE_LINE);
        flush_line(at + 4 * CACHE_LINE);
        flush_line(at + 5 * CACHE_LINE);
        flush_line(at + 6 * CACHE_LINE);
        flush_line(at + 7 * CACHE_LINE);
    }
    for (; count > 0; count--, at += CACHE_LINE)
        flush_line(at);
}

/*
 * CLFLUSH is ordered with the stores around it, so no fence is needed, and
 * takes any address in a line (SDM vol. 2, CLFLUSH). Most calls are for one entry.
 */
static void platform_dma_flush(void *ctx, const void *at, size_t len)
{
    uintptr_t first = (uintptr_t)at, last = first + len - 1, line_last = first | (CACHE_LINE - 1);

    (void)ctx;
    flush_line(first);
    if (last > line_last)
        flush_lines(line_last + 1, (last - line_last - 1) / CACHE_LINE + 1);
}

/* Stores to write-back memory stay in program order on x86: only the compiler must keep it. */
static void platform_write_barrier(void *ctx)
{
    (void)ctx;
    __asm__ volatile("" : : : "memory");
}

static void platform_relax(void *ctx)
{
    (void)ctx;
    smp_relax();
}

static uintptr_t platform_irq_save(void *ctx)
{
    (void)ctx;
    return irq_save();
}

static void platform_irq_restore(void *ctx, uintptr_t flags)
{
    (void)ctx;
    irq_restore(flags);
}

static void unit_interrupt(void *arg)
{
    iommu_unit_interrupt(machine.iommu, (unsigned)(uintptr_t)arg);
}

/* A unit that is started again keeps its vector. */
static bool platform_fault_interrupt(void *ctx, unsigned unit_index, struct iommu_msi *msi)
{
    static int vectors[FAULT_UNITS];

    (void)ctx;
    if (unit_index >= FAULT_UNITS)
        return false;
    if (vectors[unit_index] == 0)
        vectors[unit_index] = irq_vector_alloc(unit_interrupt, (void *)(uintptr_t)unit_index);
    if (vectors[unit_index] < 0)
        return false;
    if (irq_message(vectors[unit_index], &msi->address, &msi->data))
        return true;
    /*
     * An MSI capability has no room for such a CPU. A VT-d unit that has none either says so
     * itself.
     */
    if (!text_equal(machine.table->signature, "DMAR"))
        return false;
    msi->address |= (uint64_t)(irq_apic_id() & ~0xffu) << 32;
    return true;
}

static void platform_log(void *ctx, enum iommu_log_level level, const char *format, va_list args)
{
    static const enum log_level levels[] = {
        [IOMMU_LOG_ERROR] = LOG_ERROR,
        [IOMMU_LOG_WARNING] = LOG_WARNING,
        [IOMMU_LOG_INFO] = LOG_INFO,
        [IOMMU_LOG_DEBUG] = LOG_DEBUG,
    };

    (void)ctx;
    vlog_line(levels[level], format, args);
}

const struct iommu_platform kernel_iommu_platform = {
    .table_offset = DIRECT_MAP_BASE,
    .page_alloc = platform_page_alloc,
    .page_free = platform_page_free,
    .mmio_map = platform_mmio_map,
    .mmio_unmap = platform_mmio_unmap,
    .memory_map = platform_memory_map,
    .memory_unmap = platform_memory_unmap,
    .mmio_read32 = host_read32,
    .mmio_read64 = host_read64,
    .mmio_write32 = host_write32,
    .mmio_write64 = host_write64,
    .pci_read = platform_pci_read,
    .pci_write = platform_pci_write,
    .bus_master_off = platform_bus_master_off,
    .dma_flush = platform_dma_flush,
    .dma_write_barrier = platform_write_barrier,
    .now_us = host_now_us,
    .relax = platform_relax,
    .irq_save = platform_irq_save,
    .irq_restore = platform_irq_restore,
    .fault_interrupt = platform_fault_interrupt,
    .log = platform_log,
};
