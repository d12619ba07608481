/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an emulator gets wrong though the driver is right, by name. A check that
 * a quirk makes impossible is left out and the result says so; everything else
 * is checked. The model has no quirks: there the specification decides.
 */
#ifndef SUITE_QUIRKS_H
#define SUITE_QUIRKS_H

#include "env.h"

enum suite_quirk {
    QUIRK_AMD_NO_EVENTS,
    QUIRK_AMD_NO_BLOCKED_EVENTS,
    QUIRK_AMD_EVENT_FIELDS,
    QUIRK_AMD_BUS_ZERO,
    QUIRK_AMD_COMMAND_GOES_ON,
    QUIRK_QEMU_MAPS_AHEAD,
    QUIRK_QEMU_WIDE_ADDRESS,
    QUIRK_QEMU_NO_IRQ_RECORDS,
    QUIRK_QEMU_NO_IRQ_CACHE,
    QUIRK_QEMU_COMPATIBILITY_PASSES,
    QUIRK_QEMU_IOAPIC_SOURCE,
    QUIRK_QEMU_DMA_SOURCE,
    QUIRK_QEMU_BUS_RANGE,
    QUIRK_AMD_NO_IRQ_EVENTS,
    QUIRK_AMD_IRQ_TABLE_LENGTH,
    QUIRK_AMD_LEVEL_AS_EDGE,
    QUIRK_COUNT,
};

struct quirk {
    const char *name;       /* as results print it */
    const char *left_out;   /* what is not checked because of it */
};

const struct quirk *quirk(enum suite_quirk which);
bool quirk_applies(const struct suite_env *env, enum suite_quirk which);
/* "intel", "amd": the vendor of the machine's units. */
bool suite_vendor_is(const struct suite_env *env, const char *vendor);
/* Whether units translate DMA; false: there are none, or they are there for interrupts alone. */
bool suite_translates(const struct suite_env *env);

#endif
