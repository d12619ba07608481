/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IOAPICs: the pins of those that the MADT names, their redirection entries,
 * the end of a level-triggered interrupt. Portable: registers are reached
 * through struct ioapic_host.
 */
#ifndef KERNEL_IOAPIC_H
#define KERNEL_IOAPIC_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acpi.h"

struct ioapic_host {
    volatile void *(*map)(void *ctx, uint64_t pa, uint64_t len);    /* uncached; NULL: cannot */
    uint32_t (*read)(void *ctx, const volatile void *at);
    void (*write)(void *ctx, volatile void *at, uint32_t value);
    uintptr_t (*lock)(void *ctx);       /* two accesses make one: no other CPU, no interrupt between them */
    void (*unlock)(void *ctx, uintptr_t flags);
    void (*log)(void *ctx, const char *format, va_list args);
    void *ctx;
};

struct ioapic {
    const struct ioapic_host *host;
    volatile uint8_t *window;
    uint64_t pa;
    uint32_t gsi_base;
    unsigned pins;
    uint8_t id;                 /* as the MADT says */
    uint8_t version;
};

#define IOAPICS_MAX 256u
struct ioapics {
    struct ioapic list[IOAPICS_MAX];
    size_t count;
    size_t unknown;             /* named by the MADT, and neither masked nor looked at: what they send cannot be known */
};

/*
 * Maps those the MADT names and masks every pin; none waits for an end of interrupt. One that does not answer, or
 * whose entry cannot be right (an address or pins of another one, an id twice), is reported and left out: nothing
 * is routed there.
 */
void ioapics_find(struct ioapics *out, const struct ioapic_host *host, const struct acpi_madt *madt);
/* The one that has a global interrupt, and which of its pins; NULL: none. */
const struct ioapic *ioapics_by_gsi(const struct ioapics *all, uint32_t gsi, unsigned *pin);

/* 82093AA data sheet, IOREDTBL. */
#define IOAPIC_VECTOR       0xffull
#define IOAPIC_SENDING      (1ull << 12)    /* not accepted yet */
#define IOAPIC_ACTIVE_LOW   (1ull << 13)
#define IOAPIC_REMOTE_IRR   (1ull << 14)    /* level: sent, and no end of interrupt has come */
#define IOAPIC_LEVEL        (1ull << 15)
#define IOAPIC_MASKED       (1ull << 16)

uint64_t ioapic_read(const struct ioapic *ioapic, unsigned pin);
/* The pin is masked while its entry changes, and as the entry says afterwards. */
void ioapic_write(const struct ioapic *ioapic, unsigned pin, uint64_t entry);
void ioapic_mask(const struct ioapic *ioapic, unsigned pin, bool masked);
/*
 * Ends a level-triggered interrupt of the pin at the IOAPIC itself, for when the processor's end of interrupt
 * does not name it. Where the line is still up the next one follows.
 */
void ioapic_eoi(const struct ioapic *ioapic, unsigned pin);
/* A masked pin no longer waits for the end of an interrupt, which may never come: it was blocked, or was firmware's. */
void ioapic_forget(const struct ioapic *ioapic, unsigned pin);
/* An entry that is not remapped: fixed delivery to an APIC id up to 255, not masked. */
uint64_t ioapic_direct_entry(uint32_t apic_id, uint8_t vector, bool level, bool active_low);

#endif
