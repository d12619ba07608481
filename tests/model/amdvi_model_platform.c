/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The struct iommu_platform of the model's machine. Every call that a driver
 * makes while it waits lets the units' time pass.
 */
#define _DEFAULT_SOURCE
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "amdvi_model_private.h"

#define FAULT_MSI_ADDRESS 0xfee00000u
#define FAULT_MSI_VECTOR 0x40u

/* Per thread, as a CPU has its own interrupt flag. */
static _Thread_local unsigned irq_depth;

static void *page_alloc(void *ctx, size_t count, uint64_t limit_pa)
{
    struct amdvi_model *m = ctx;
    void *pages;

    am_lock(m);
    pages = am_page_alloc(m, count, limit_pa);
    am_unlock(m);
    return pages;
}

static void page_free(void *ctx, void *pages, size_t count)
{
    struct amdvi_model *m = ctx;

    am_lock(m);
    am_page_free(m, pages, count);
    am_unlock(m);
}

/* Windows are unreadable memory: an access that goes round mmio_*() ends the test. */
static void *mmio_map(void *ctx, uint64_t pa, size_t len)
{
    struct amdvi_model *m = ctx;
    void *host = NULL;

    am_lock(m);
    if ((pa | len) % AM_PAGE != 0 || len == 0)
        am_violation(m, "mmio_map of 0x%llx length 0x%zx: not whole pages", (unsigned long long)pa,
                     len);
    if (m->fail_map > 0 && --m->fail_map == 0)
        goto out;
    for (size_t i = 0; i < AM_WINDOWS && host == NULL; i++) {
        if (m->windows[i].host != NULL)
            continue;
        host = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (host == MAP_FAILED)
            host = NULL;
        else
            m->windows[i] = (struct am_window){ host, len, pa };
        break;
    }
out:
    am_unlock(m);
    return host;
}

static void mmio_unmap(void *ctx, void *window, size_t len)
{
    struct amdvi_model *m = ctx;

    am_lock(m);
    for (size_t i = 0; i < AM_WINDOWS; i++) {
        if (m->windows[i].host != window || window == NULL)
            continue;
        if (m->windows[i].len != len)
            am_violation(m, "mmio_unmap with length 0x%zx of a window of 0x%zx", len,
                         m->windows[i].len);
        munmap(m->windows[i].host, m->windows[i].len);
        m->windows[i] = (struct am_window){ 0 };
        am_unlock(m);
        return;
    }
    am_violation(m, "mmio_unmap of %p, which is not mapped", window);
    am_unlock(m);
}

static const void *memory_map(void *ctx, uint64_t pa, size_t len)
{
    struct amdvi_model *m = ctx;
    const void *at = NULL;

    am_lock(m);
    if ((pa | len) % AM_PAGE != 0 || len == 0)
        am_violation(m, "memory_map of 0x%llx length 0x%zx: not whole pages", (unsigned long long)pa,
                     len);
    if (am_is_ram(m, pa, len)) {
        at = am_ram(m, pa);
        m->memory_windows++;
    }
    am_unlock(m);
    return at;
}

static void memory_unmap(void *ctx, const void *at, size_t len)
{
    struct amdvi_model *m = ctx;

    am_lock(m);
    if (at == NULL || len == 0 || m->memory_windows == 0)
        am_violation(m, "memory_unmap of %p, which is not mapped", at);
    else
        m->memory_windows--;
    am_unlock(m);
}

/* The unit and offset behind a pointer into a window; NULL where no unit answers. */
static struct am_unit *decode(struct amdvi_model *m, const volatile void *at, unsigned width,
                              unsigned *offset)
{
    uintptr_t address = (uintptr_t)at;

    for (size_t i = 0; i < AM_WINDOWS; i++) {
        const struct am_window *window = &m->windows[i];
        uintptr_t start = (uintptr_t)window->host;
        uint64_t pa;

        if (window->host == NULL || address < start || address + width > start + window->len)
            continue;
        pa = window->pa + (address - start);
        for (unsigned n = 0; n < m->config.unit_count; n++) {
            const struct amdvi_model_unit_config *unit = &m->config.units[n];

            if (pa >= unit->base && pa - unit->base < ASPEC_WINDOW) {
                *offset = (unsigned)(pa - unit->base);
                return &m->units[n];
            }
        }
        return NULL;
    }
    am_violation(m, "register access at %p, outside every mapped window",
                 (const void *)(uintptr_t)at);
    return NULL;
}

static uint64_t mmio_read(struct amdvi_model *m, const volatile void *at, unsigned width)
{
    uint64_t value = ~0ull;
    unsigned offset;
    struct am_unit *u;

    am_lock(m);
    am_tick(m, 1);
    u = decode(m, at, width, &offset);
    am_watch_look(m);
    if (u != NULL)
        value = am_register_read(u, offset, width);
    am_unlock(m);
    return value;
}

static void mmio_write(struct amdvi_model *m, const volatile void *at, unsigned width,
                       uint64_t value)
{
    unsigned offset;
    struct am_unit *u;

    am_lock(m);
    am_tick(m, 1);
    u = decode(m, at, width, &offset);
    am_watch_look(m);
    if (u != NULL)
        am_register_write(u, offset, width, value);
    am_unlock(m);
}

static uint32_t mmio_read32(void *ctx, const volatile void *at)
{
    return (uint32_t)mmio_read(ctx, at, 4);
}

static uint64_t mmio_read64(void *ctx, const volatile void *at)
{
    return mmio_read(ctx, at, 8);
}

static void mmio_write32(void *ctx, volatile void *at, uint32_t value)
{
    mmio_write(ctx, at, 4, value);
}

static void mmio_write64(void *ctx, volatile void *at, uint64_t value)
{
    mmio_write(ctx, at, 8, value);
}

/* ---- PCI ---- */

static uint32_t pci_read(void *ctx, uint16_t segment, uint16_t rid, uint16_t offset, unsigned width)
{
    return amdvi_model_config_read(ctx, segment, rid, offset, width);
}

static void pci_write(void *ctx, uint16_t segment, uint16_t rid, uint16_t offset, unsigned width,
                      uint32_t value)
{
    amdvi_model_config_write(ctx, segment, rid, offset, width, value);
}

static void bus_master_off(void *ctx, uint16_t segment, uint16_t rid)
{
    amdvi_model_bus_master(ctx, segment, rid, false);
}

/* ---- memory order, time, interrupts, log ---- */

static void dma_flush(void *ctx, const void *at, size_t len)
{
    struct amdvi_model *m = ctx;

    am_lock(m);
    am_flush(m, at, len);
    am_watch_look(m);
    am_unlock(m);
}

static void dma_write_barrier(void *ctx)
{
    struct amdvi_model *m = ctx;

    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    am_lock(m);
    m->barriers++;
    am_watch_look(m);
    am_unlock(m);
}

static uint64_t now_us(void *ctx)
{
    struct amdvi_model *m = ctx;
    uint64_t now;

    am_lock(m);
    m->clock_us += m->config.clock_step_us;
    now = m->clock_us;
    am_tick(m, 1);
    am_unlock(m);
    return now;
}

/* Whoever is waited for may be a thread that does not run: time must not fly meanwhile. */
static void relax(void *ctx)
{
    sched_yield();
    (void)now_us(ctx);
}

static uintptr_t irq_save(void *ctx)
{
    struct amdvi_model *m = ctx;

    __atomic_add_fetch(&m->irq_depth, 1, __ATOMIC_RELAXED);
    return irq_depth++;
}

static void irq_restore(void *ctx, uintptr_t flags)
{
    struct amdvi_model *m = ctx;

    if (irq_depth == 0 || flags != irq_depth - 1) {
        am_lock(m);
        am_violation(m, "irq_restore of level %u at level %u", (unsigned)flags, irq_depth);
        am_unlock(m);
        return;
    }
    irq_depth--;
    __atomic_sub_fetch(&m->irq_depth, 1, __ATOMIC_RELAXED);
}

static bool fault_interrupt(void *ctx, unsigned unit_index, struct iommu_msi *msi)
{
    const struct amdvi_model *m = ctx;

    if (!m->config.fault_interrupts)
        return false;
    *msi = (struct iommu_msi){ FAULT_MSI_ADDRESS, FAULT_MSI_VECTOR + unit_index };
    return true;
}

__attribute__((format(printf, 3, 0))) static void log_line(void *ctx, enum iommu_log_level level,
                                                           const char *format, va_list args)
{
    struct amdvi_model *m = ctx;
    char line[512];

    vsnprintf(line, sizeof(line), format, args);
    am_lock(m);
    if (strchr(line, '\n') != NULL)
        am_violation(m, "log line with a newline: %s", line);
    am_append(&m->log, line);
    m->log_lines[level]++;
    am_unlock(m);
}

void am_platform_create(struct amdvi_model *m)
{
    irq_depth = 0;
    m->platform = (struct iommu_platform){
        .table_offset = (uintptr_t)m->ram - (uintptr_t)m->config.ram_pa,
        .page_alloc = page_alloc,
        .page_free = page_free,
        .mmio_map = mmio_map,
        .mmio_unmap = mmio_unmap,
        .memory_map = memory_map,
        .memory_unmap = memory_unmap,
        .mmio_read32 = mmio_read32,
        .mmio_read64 = mmio_read64,
        .mmio_write32 = mmio_write32,
        .mmio_write64 = mmio_write64,
        .pci_read = pci_read,
        .pci_write = pci_write,
        .bus_master_off = bus_master_off,
        .dma_flush = dma_flush,
        .dma_write_barrier = dma_write_barrier,
        .now_us = now_us,
        .relax = relax,
        .irq_save = irq_save,
        .irq_restore = irq_restore,
        .fault_interrupt = fault_interrupt,
        .log = log_line,
    };
}

void am_platform_destroy(struct amdvi_model *m)
{
    for (size_t i = 0; i < AM_WINDOWS; i++) {
        if (m->windows[i].host != NULL)
            munmap(m->windows[i].host, m->windows[i].len);
    }
}
