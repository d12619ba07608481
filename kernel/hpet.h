/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The comparators of an HPET as sources of interrupts: through a pin of an
 * IOAPIC, or as a message where the comparator can (FSB). Each is fired once
 * for every hpet_raise(). The main counter runs on, so that clocks may read it.
 * Portable: registers are reached through struct hpet_host.
 */
#ifndef KERNEL_HPET_H
#define KERNEL_HPET_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hpet_host {
    volatile void *(*map)(void *ctx, uint64_t pa, uint64_t len);    /* uncached; NULL: cannot */
    uint32_t (*read)(void *ctx, const volatile void *at);
    void (*write)(void *ctx, volatile void *at, uint32_t value);
    void (*log)(void *ctx, const char *format, va_list args);
    void *ctx;
};

#define HPET_COMPARATORS_MAX 32u
struct hpet {
    const struct hpet_host *host;
    volatile uint8_t *window;
    unsigned comparators;
    uint32_t period_fs;         /* of its counter */
    uint8_t number;             /* as ACPI counts HPETs */
    uint32_t lowered[HPET_COMPARATORS_MAX];     /* how often; atomic */
};

/*
 * Makes all comparators silent and ends legacy replacement. False, logged: it does not answer, or
 * says of itself what cannot be.
 */
bool hpet_find(struct hpet *hpet, const struct hpet_host *host, uint64_t pa, uint8_t number);
/* The pins of the first IOAPIC that the comparator may use. */
uint32_t hpet_pins(const struct hpet *hpet, unsigned n);
bool hpet_has_messages(const struct hpet *hpet, unsigned n);
/*
 * It raises that pin, or sends that message, from now on. The wire stays up until hpet_lower() or the next
 * hpet_raise(), whichever trigger mode the pin has: for an edge it is enough that it rises.
 */
void hpet_use_pin(struct hpet *hpet, unsigned n, unsigned pin);
void hpet_use_message(struct hpet *hpet, unsigned n, uint64_t address, uint32_t data);
void hpet_message(const struct hpet *hpet, unsigned n, uint64_t *address, uint32_t *data);
/* Once, that many microseconds from now. */
void hpet_raise(const struct hpet *hpet, unsigned n, uint32_t delay_us);
void hpet_lower(struct hpet *hpet, unsigned n);
void hpet_silence(struct hpet *hpet, unsigned n);

#endif
