/* SPDX-License-Identifier: BSD-2-Clause */
/* What the PCI driver and the exercisers ask of their embedder, on this kernel. */
#include "hosts.h"

#include "clock.h"
#include "console.h"
#include "mm.h"

static void *host_mmio_map(void *ctx, uint64_t pa, uint64_t len)
{
    (void)ctx;
    return mmio_map(pa, len);
}

static uint32_t host_mmio_read(void *ctx, const volatile void *at, unsigned width)
{
    (void)ctx;
    switch (width) {
    case 1:
        return *(const volatile uint8_t *)at;
    case 2:
        return *(const volatile uint16_t *)at;
    default:
        return *(const volatile uint32_t *)at;
    }
}

static void host_mmio_write(void *ctx, volatile void *at, unsigned width, uint32_t value)
{
    (void)ctx;
    switch (width) {
    case 1:
        *(volatile uint8_t *)at = (uint8_t)value;
        break;
    case 2:
        *(volatile uint16_t *)at = (uint16_t)value;
        break;
    default:
        *(volatile uint32_t *)at = value;
        break;
    }
}

static uint32_t host_port_read32(void *ctx, uint16_t port)
{
    uint32_t value;

    (void)ctx;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static void host_port_write32(void *ctx, uint16_t port, uint32_t value)
{
    (void)ctx;
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static void *host_alloc(void *ctx, size_t bytes)
{
    (void)ctx;
    return kalloc(bytes);
}

static void host_log(void *ctx, const char *format, va_list args)
{
    (void)ctx;
    vlog_line(LOG_WARNING, format, args);
}

const struct pci_host kernel_pci_host = {
    .mmio_map = host_mmio_map,
    .mmio_read = host_mmio_read,
    .mmio_write = host_mmio_write,
    .port_read32 = host_port_read32,
    .port_write32 = host_port_write32,
    .alloc = host_alloc,
    .log = host_log,
};

static void *host_pages_alloc(void *ctx, size_t count, uint64_t limit_pa, uint64_t *pa)
{
    void *pages =
        pages_alloc(count, PAGE_BYTES, 0, limit_pa == UINT64_MAX ? limit_pa : limit_pa + 1);

    (void)ctx;
    if (pages != NULL)
        *pa = virt_to_phys(pages);
    return pages;
}

static void host_pages_free(void *ctx, void *pages, size_t count)
{
    (void)ctx;
    pages_free(pages, count);
}

uint32_t host_read32(void *ctx, const volatile void *at)
{
    (void)ctx;
    return *(const volatile uint32_t *)at;
}

uint64_t host_read64(void *ctx, const volatile void *at)
{
    (void)ctx;
    return *(const volatile uint64_t *)at;
}

void host_write32(void *ctx, volatile void *at, uint32_t value)
{
    (void)ctx;
    *(volatile uint32_t *)at = value;
}

void host_write64(void *ctx, volatile void *at, uint64_t value)
{
    (void)ctx;
    *(volatile uint64_t *)at = value;
}

static void host_barrier(void *ctx)
{
    (void)ctx;
    __asm__ volatile("" : : : "memory");
}

uint64_t host_now_us(void *ctx)
{
    (void)ctx;
    return now_us();
}

static void host_sleep_us(void *ctx, uint64_t us)
{
    (void)ctx;
    sleep_us(us);
}

const struct exerciser_host kernel_exerciser_host = {
    .pages_alloc = host_pages_alloc,
    .pages_free = host_pages_free,
    .alloc = host_alloc,
    .mmio_map = host_mmio_map,
    .mmio_read32 = host_read32,
    .mmio_read64 = host_read64,
    .mmio_write32 = host_write32,
    .mmio_write64 = host_write64,
    .barrier = host_barrier,
    .now_us = host_now_us,
    .sleep_us = host_sleep_us,
    .log = host_log,
};
