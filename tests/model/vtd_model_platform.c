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

#include "vtd_model_private.h"

#define CONFIG_HEADER_TYPE 0x0e
#define CONFIG_CLASS 0x0b
#define CONFIG_SUBCLASS 0x0a
#define CONFIG_SECONDARY_BUS 0x19
#define CONFIG_SUBORDINATE_BUS 0x1a
#define FAULT_MSI_ADDRESS 0xfee00000u
#define FAULT_MSI_VECTOR 0x40u

/* Per thread, as a CPU has its own interrupt flag. */
static _Thread_local unsigned irq_depth;

static void *page_alloc(void *ctx, size_t count, uint64_t limit_pa)
{
    struct vtd_model *m = ctx;
    void *pages;

    vm_lock(m);
    pages = vm_page_alloc(m, count, limit_pa);
    vm_unlock(m);
    return pages;
}

static void page_free(void *ctx, void *pages, size_t count)
{
    struct vtd_model *m = ctx;

    vm_lock(m);
    vm_page_free(m, pages, count);
    vm_unlock(m);
}

/* Windows are unreadable memory: an access that goes round mmio_*() ends the test. */
static void *mmio_map(void *ctx, uint64_t pa, size_t len)
{
    struct vtd_model *m = ctx;
    void *host = NULL;

    vm_lock(m);
    if ((pa | len) % VM_PAGE != 0 || len == 0)
        vm_violation(m, "mmio_map of 0x%llx length 0x%zx: not whole pages", (unsigned long long)pa, len);
    if (m->fail_map > 0 && --m->fail_map == 0)
        goto out;
    for (size_t i = 0; i < VM_WINDOWS && host == NULL; i++) {
        if (m->windows[i].host != NULL)
            continue;
        host = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (host == MAP_FAILED)
            host = NULL;
        else
            m->windows[i] = (struct vm_window){ host, len, pa };
        break;
    }
out:
    vm_unlock(m);
    return host;
}

static void mmio_unmap(void *ctx, void *window, size_t len)
{
    struct vtd_model *m = ctx;

    vm_lock(m);
    for (size_t i = 0; i < VM_WINDOWS; i++) {
        if (m->windows[i].host != window || window == NULL)
            continue;
        if (m->windows[i].len != len)
            vm_violation(m, "mmio_unmap with length 0x%zx of a window of 0x%zx", len, m->windows[i].len);
        munmap(m->windows[i].host, m->windows[i].len);
        m->windows[i] = (struct vm_window){ 0 };
        vm_unlock(m);
        return;
    }
    vm_violation(m, "mmio_unmap of %p, which is not mapped", window);
    vm_unlock(m);
}

static const void *memory_map(void *ctx, uint64_t pa, size_t len)
{
    struct vtd_model *m = ctx;
    const void *at = NULL;

    vm_lock(m);
    if ((pa | len) % VM_PAGE != 0 || len == 0)
        vm_violation(m, "memory_map of 0x%llx length 0x%zx: not whole pages", (unsigned long long)pa, len);
    if (vm_is_ram(m, pa, len)) {
        at = vm_ram(m, pa);
        m->memory_windows++;
    }
    vm_unlock(m);
    return at;
}

static void memory_unmap(void *ctx, const void *at, size_t len)
{
    struct vtd_model *m = ctx;

    vm_lock(m);
    if (at == NULL || len == 0 || m->memory_windows == 0)
        vm_violation(m, "memory_unmap of %p, which is not mapped", at);
    else
        m->memory_windows--;
    vm_unlock(m);
}

/* The unit and offset behind a pointer into a window; NULL where no unit answers. */
static struct vm_unit *decode(struct vtd_model *m, const volatile void *at, unsigned width, unsigned *offset)
{
    uintptr_t address = (uintptr_t)at;

    for (size_t i = 0; i < VM_WINDOWS; i++) {
        const struct vm_window *window = &m->windows[i];
        uintptr_t start = (uintptr_t)window->host;
        uint64_t pa;

        if (window->host == NULL || address < start || address + width > start + window->len)
            continue;
        pa = window->pa + (address - start);
        for (unsigned n = 0; n < m->config.unit_count; n++) {
            const struct vtd_model_unit_config *unit = &m->config.units[n];

            if (pa >= unit->base && pa - unit->base < ((uint64_t)VM_PAGE << unit->size_shift)) {
                *offset = (unsigned)(pa - unit->base);
                return &m->units[n];
            }
        }
        return NULL;
    }
    vm_violation(m, "register access at %p, outside every mapped window", (const void *)(uintptr_t)at);
    return NULL;
}

static uint64_t mmio_read(struct vtd_model *m, const volatile void *at, unsigned width)
{
    uint64_t value = ~0ull;
    unsigned offset;
    struct vm_unit *u;

    vm_lock(m);
    vm_tick(m, 1);
    vm_irte_look(m);
    u = decode(m, at, width, &offset);
    if (u != NULL)
        value = vm_register_read(u, offset, width);
    vm_unlock(m);
    return value;
}

static void mmio_write(struct vtd_model *m, const volatile void *at, unsigned width, uint64_t value)
{
    unsigned offset;
    struct vm_unit *u;

    vm_lock(m);
    vm_tick(m, 1);
    vm_irte_look(m);
    u = decode(m, at, width, &offset);
    if (u != NULL)
        vm_register_write(u, offset, width, value);
    vm_unlock(m);
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

/* ---- PCI functions ---- */

struct vm_function *vm_function(struct vtd_model *m, uint16_t segment, uint16_t rid, bool add)
{
    struct vm_function *unused = NULL;

    for (size_t i = 0; i < VM_FUNCTIONS; i++) {
        struct vm_function *function = &m->functions[i];

        if ((function->present || function->master_off) && function->segment == segment && function->rid == rid)
            return function;
        if (!function->present && !function->master_off && unused == NULL)
            unused = function;
    }
    if (!add || unused == NULL)
        return NULL;
    *unused = (struct vm_function){ .segment = segment, .rid = rid };
    return unused;
}

void vtd_model_function(struct vtd_model *m, uint16_t segment, uint16_t rid)
{
    struct vm_function *function = vm_function(m, segment, rid, true);

    function->present = true;
    memcpy(function->config, "\x86\x80\x01\x00", 4); /* vendor and device id: any but all ones */
    function->config[CONFIG_CLASS] = 0x02;
}

void vtd_model_display(struct vtd_model *m, uint16_t segment, uint16_t rid)
{
    vtd_model_function(m, segment, rid);
    vm_function(m, segment, rid, false)->config[CONFIG_CLASS] = 0x03;
}

void vtd_model_bridge(struct vtd_model *m, uint16_t segment, uint16_t rid, uint8_t secondary, uint8_t subordinate)
{
    struct vm_function *function;

    vtd_model_function(m, segment, rid);
    function = vm_function(m, segment, rid, false);
    function->config[CONFIG_HEADER_TYPE] = 0x01;
    function->config[CONFIG_CLASS] = 0x06;
    function->config[CONFIG_SUBCLASS] = 0x04;
    function->config[CONFIG_SECONDARY_BUS] = secondary;
    function->config[CONFIG_SUBORDINATE_BUS] = subordinate;
}

void vtd_model_bus_master(struct vtd_model *m, uint16_t segment, uint16_t rid, bool on)
{
    struct vm_function *function;

    vm_lock(m);
    function = vm_function(m, segment, rid, !on);
    if (function != NULL)
        function->master_off = !on;
    vm_unlock(m);
}

bool vtd_model_bus_master_is_on(const struct vtd_model *m, uint16_t segment, uint16_t rid)
{
    for (size_t i = 0; i < VM_FUNCTIONS; i++) {
        const struct vm_function *function = &m->functions[i];

        if (function->master_off && function->segment == segment && function->rid == rid)
            return false;
    }
    return true;
}

static uint32_t pci_read(void *ctx, uint16_t segment, uint16_t rid, uint16_t offset, unsigned width)
{
    struct vtd_model *m = ctx;
    const struct vm_function *function;
    uint32_t value = UINT32_MAX >> (32 - width * 8);

    vm_lock(m);
    function = vm_function(m, segment, rid, false);
    if ((width != 1 && width != 2 && width != 4) || offset % width != 0)
        vm_violation(m, "pci_read of %u bytes at 0x%x", width, offset);
    else if (function != NULL && function->present) {
        value = 0;
        if (offset + width <= sizeof(function->config))
            memcpy(&value, function->config + offset, width);
    }
    vm_unlock(m);
    return value;
}

static void bus_master_off(void *ctx, uint16_t segment, uint16_t rid)
{
    vtd_model_bus_master(ctx, segment, rid, false);
}

/* ---- memory order, time, interrupts, log ---- */

static void dma_flush(void *ctx, const void *at, size_t len)
{
    struct vtd_model *m = ctx;

    vm_lock(m);
    vm_flush(m, at, len);
    vm_unlock(m);
}

static void dma_write_barrier(void *ctx)
{
    struct vtd_model *m = ctx;

    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    vm_lock(m);
    m->barriers++;
    vm_irte_look(m);
    vm_unlock(m);
}

static uint64_t now_us(void *ctx)
{
    struct vtd_model *m = ctx;
    uint64_t now;

    vm_lock(m);
    m->clock_us += m->config.clock_step_us;
    now = m->clock_us;
    vm_tick(m, 1);
    vm_unlock(m);
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
    struct vtd_model *m = ctx;

    __atomic_add_fetch(&m->irq_depth, 1, __ATOMIC_RELAXED);
    return irq_depth++;
}

static void irq_restore(void *ctx, uintptr_t flags)
{
    struct vtd_model *m = ctx;

    if (irq_depth == 0 || flags != irq_depth - 1) {
        vm_lock(m);
        vm_violation(m, "irq_restore of level %u at level %u", (unsigned)flags, irq_depth);
        vm_unlock(m);
        return;
    }
    irq_depth--;
    __atomic_sub_fetch(&m->irq_depth, 1, __ATOMIC_RELAXED);
}

static bool fault_interrupt(void *ctx, unsigned unit_index, struct iommu_msi *msi)
{
    const struct vtd_model *m = ctx;

    if (!m->config.fault_interrupts)
        return false;
    *msi = (struct iommu_msi){ FAULT_MSI_ADDRESS, FAULT_MSI_VECTOR + unit_index };
    return true;
}

__attribute__((format(printf, 3, 0))) static void log_line(void *ctx, enum iommu_log_level level,
                                                           const char *format, va_list args)
{
    struct vtd_model *m = ctx;
    char line[512];

    vsnprintf(line, sizeof(line), format, args);
    vm_lock(m);
    if (strchr(line, '\n') != NULL)
        vm_violation(m, "log line with a newline: %s", line);
    vm_append(&m->log, line);
    m->log_lines[level]++;
    vm_unlock(m);
}

void vm_platform_create(struct vtd_model *m)
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

void vm_platform_destroy(struct vtd_model *m)
{
    for (size_t i = 0; i < VM_WINDOWS; i++) {
        if (m->windows[i].host != NULL)
            munmap(m->windows[i].host, m->windows[i].len);
    }
}
