/* SPDX-License-Identifier: BSD-2-Clause */
/* The compact report: a few lines that a QR code has room for. Portable. */
#ifndef KERNEL_COMPACT_H
#define KERNEL_COMPACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a QR code of version 15 and level L holds, and the zero behind it. */
#define COMPACT_BYTES 521u
#define COMPACT_VERSION_MAX 15u
#define COMPACT_UNITS 8u
#define COMPACT_FAILED 24u
#define COMPACT_FINDINGS 12u
#define COMPACT_NAME_BYTES 64u

struct compact_unit {
    const char *name;
    bool amd; /* capability and extended are EFR and EFR2 instead of CAP and ECAP */
    uint64_t registers_pa, capability, extended, faults;
    bool translating, remapping;
};

struct compact_facts {
    const char *version, *door, *loader;
    const char *result; /* "PASS", "FAIL"; "-" where no suite has run */
    const char *verdict, *reason;
    const char *processor;
    unsigned online; /* processors */
    uint64_t ram_mib;
    struct compact_unit units[COMPACT_UNITS];
    size_t unit_count; /* all of them: more than COMPACT_UNITS are counted only */
    unsigned passed, failed, skipped;
    const char (
        *failures)[COMPACT_NAME_BYTES]; /* COMPACT_FAILED of them at most; "" behind the last */
    char findings[COMPACT_FINDINGS][COMPACT_NAME_BYTES]; /* "unit-base-zero DMAR+0x30" */
    size_t finding_count;
};

/*
 * Lines, the last without its newline, ASCII only; what does not fit is left out from the end, and
 * the line "+" says that something was. Returns the length. size is COMPACT_BYTES at most, 64 at
 * least.
 */
size_t compact_make(const struct compact_facts *facts, char *out, size_t size);

#endif
