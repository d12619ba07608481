/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IOAPIC registers (82093AA data sheet; the EOI register as of version 20h in
 * the ICH's). The MADT and the registers are checked before either is used.
 */
#include "ioapic.h"

#include "bits.h"

#define INDEX               0x00u
#define DATA                0x10u
#define EOI                 0x40u
#define WINDOW_BYTES        0x44u
#define WINDOW_ALIGN        0x10u
#define REG_VERSION         0x01u
#define VERSION_NUMBER      BITS32(7, 0)
#define VERSION_LAST        BITS32(23, 16)
#define REG_ENTRY           0x10u
#define PINS_MAX            240u
#define VERSION_WITH_EOI    0x20u
#define ALL_ONES            0xffffffffu
#define ENTRY_DESTINATION   BITS64(63, 56)

static void say(const struct ioapic_host *host, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(const struct ioapic_host *host, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    host->log(host->ctx, format, args);
    va_end(args);
}

/* ---- registers: the caller holds the lock ---- */

static uint32_t reg_read(const struct ioapic *ioapic, uint32_t index)
{
    ioapic->host->write(ioapic->host->ctx, ioapic->window + INDEX, index);
    return ioapic->host->read(ioapic->host->ctx, ioapic->window + DATA);
}

static void reg_write(const struct ioapic *ioapic, uint32_t index, uint32_t value)
{
    ioapic->host->write(ioapic->host->ctx, ioapic->window + INDEX, index);
    ioapic->host->write(ioapic->host->ctx, ioapic->window + DATA, value);
}

static uint32_t low_of(unsigned pin)
{
    return REG_ENTRY + 2 * pin;
}

static uintptr_t lock(const struct ioapic *ioapic)
{
    return ioapic->host->lock(ioapic->host->ctx);
}

static void unlock(const struct ioapic *ioapic, uintptr_t flags)
{
    ioapic->host->unlock(ioapic->host->ctx, flags);
}

/* ---- entries ---- */

uint64_t ioapic_read(const struct ioapic *ioapic, unsigned pin)
{
    uintptr_t flags = lock(ioapic);
    uint64_t entry = reg_read(ioapic, low_of(pin)) | (uint64_t)reg_read(ioapic, low_of(pin) + 1) << 32;

    unlock(ioapic, flags);
    return entry;
}

void ioapic_write(const struct ioapic *ioapic, unsigned pin, uint64_t entry)
{
    uintptr_t flags = lock(ioapic);

    reg_write(ioapic, low_of(pin), (uint32_t)(entry | IOAPIC_MASKED));
    reg_write(ioapic, low_of(pin) + 1, (uint32_t)(entry >> 32));
    if (!(entry & IOAPIC_MASKED))
        reg_write(ioapic, low_of(pin), (uint32_t)entry);
    unlock(ioapic, flags);
}

void ioapic_mask(const struct ioapic *ioapic, unsigned pin, bool masked)
{
    uintptr_t flags = lock(ioapic);
    uint32_t low = reg_read(ioapic, low_of(pin));

    reg_write(ioapic, low_of(pin),
              masked ? low | (uint32_t)IOAPIC_MASKED : low & ~(uint32_t)IOAPIC_MASKED);
    unlock(ioapic, flags);
}

/* Older ones forget Remote IRR when a pin is made edge-triggered. */
static void eoi_by_trigger(const struct ioapic *ioapic, unsigned pin, uint32_t low)
{
    reg_write(ioapic, low_of(pin), (low | (uint32_t)IOAPIC_MASKED) & ~(uint32_t)IOAPIC_LEVEL);
    reg_write(ioapic, low_of(pin), low | (uint32_t)IOAPIC_MASKED);
    reg_write(ioapic, low_of(pin), low);
}

void ioapic_eoi(const struct ioapic *ioapic, unsigned pin)
{
    uintptr_t flags = lock(ioapic);
    uint32_t low = reg_read(ioapic, low_of(pin));

    if (ioapic->version >= VERSION_WITH_EOI)
        ioapic->host->write(ioapic->host->ctx, ioapic->window + EOI, (uint32_t)(low & IOAPIC_VECTOR));
    else
        eoi_by_trigger(ioapic, pin, low);
    unlock(ioapic, flags);
}

void ioapic_forget(const struct ioapic *ioapic, unsigned pin)
{
    const uint64_t waits = IOAPIC_LEVEL | IOAPIC_REMOTE_IRR;

    if ((ioapic_read(ioapic, pin) & waits) == waits)
        ioapic_eoi(ioapic, pin);
}

uint64_t ioapic_direct_entry(uint32_t apic_id, uint8_t vector, bool level, bool active_low)
{
    return field_make(ENTRY_DESTINATION, apic_id) | vector | (level ? IOAPIC_LEVEL : 0) |
           (active_low ? IOAPIC_ACTIVE_LOW : 0);
}

/* ---- finding them ---- */

static bool answers(struct ioapic *ioapic)
{
    const struct ioapic_host *host = ioapic->host;
    uintptr_t flags;
    uint32_t version;

    if (ioapic->pa == 0 || ioapic->pa % WINDOW_ALIGN != 0) {
        say(host, "ioapic%u: 0x%llx is no address of one, ignored", ioapic->id, (unsigned long long)ioapic->pa);
        return false;
    }
    ioapic->window = host->map(host->ctx, ioapic->pa, WINDOW_BYTES);
    if (ioapic->window == NULL) {
        say(host, "ioapic%u: registers at 0x%llx cannot be mapped, not masked", ioapic->id,
            (unsigned long long)ioapic->pa);
        return false;
    }
    flags = lock(ioapic);
    version = reg_read(ioapic, REG_VERSION);
    unlock(ioapic, flags);
    ioapic->version = (uint8_t)(version & VERSION_NUMBER);
    ioapic->pins = (unsigned)field_get(version, VERSION_LAST) + 1;
    /* All ones would be 256. */
    if (ioapic->pins <= PINS_MAX)
        return true;
    say(host, "ioapic%u: version at 0x%llx reads 0x%x%s, ignored", ioapic->id, (unsigned long long)ioapic->pa,
        (unsigned)version, version == ALL_ONES ? ", all ones" : ": more pins than there can be");
    return false;
}

static bool overlap(const struct ioapic *a, const struct ioapic *b)
{
    return (uint64_t)a->gsi_base < (uint64_t)b->gsi_base + b->pins &&
           (uint64_t)b->gsi_base < (uint64_t)a->gsi_base + a->pins;
}

/* What it has in common with one before, or NULL. */
static const char *clash(const struct ioapics *all, const struct ioapic *ioapic)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct ioapic *other = &all->list[i];

        if (other->pa == ioapic->pa)
            return "the address of another one";
        if (other->id == ioapic->id)
            return "the id of another one";
        if (overlap(other, ioapic))
            return "interrupts of another one";
    }
    return (uint64_t)ioapic->gsi_base + ioapic->pins > (uint64_t)ALL_ONES + 1 ? "interrupts beyond the last one"
                                                                              : NULL;
}

_Static_assert(IOAPICS_MAX > UINT8_MAX, "room for one of each id, and no id is listed twice");

void ioapics_find(struct ioapics *out, const struct ioapic_host *host, const struct acpi_madt *madt)
{
    out->count = 0;
    out->unknown = madt->ioapics_left_out;
    for (size_t i = 0; i < madt->ioapic_count; i++) {
        struct ioapic ioapic = { .host = host, .id = madt->ioapics[i].id, .pa = madt->ioapics[i].pa,
                                 .gsi_base = madt->ioapics[i].gsi_base };
        const char *wrong;

        if (!answers(&ioapic))
            continue;
        /* Also one that is left out below: what firmware left unmasked must not come. */
        for (unsigned pin = 0; pin < ioapic.pins; pin++)
            ioapic_mask(&ioapic, pin, true);
        for (unsigned pin = 0; pin < ioapic.pins; pin++)
            ioapic_forget(&ioapic, pin);
        wrong = clash(out, &ioapic);
        if (wrong == NULL)
            out->list[out->count++] = ioapic;
        else
            say(host, "ioapic%u: gsi=%u pins=%u at 0x%llx has %s, left out", ioapic.id, (unsigned)ioapic.gsi_base,
                ioapic.pins, (unsigned long long)ioapic.pa, wrong);
    }
}

const struct ioapic *ioapics_by_gsi(const struct ioapics *all, uint32_t gsi, unsigned *pin)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct ioapic *ioapic = &all->list[i];

        if (gsi >= ioapic->gsi_base && gsi - ioapic->gsi_base < ioapic->pins) {
            *pin = gsi - ioapic->gsi_base;
            return ioapic;
        }
    }
    return NULL;
}
