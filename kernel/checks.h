/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a machine is protected or not, as a tree of checks: processor, chip set,
 * table, its flags, units, translation, devices, proof, interrupts. A branch
 * below one that failed is not reached; the first that failed says what to do
 * about it. Pure: what is known comes in, text goes out. Portable.
 */
#ifndef KERNEL_CHECKS_H
#define KERNEL_CHECKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chipset.h"

enum check_state {
    CHECK_OK,
    CHECK_FAILED,
    CHECK_UNKNOWN,          /* it could not be tried here */
    CHECK_NOT_REACHED,      /* what it depends on failed */
};

#define CHECK_TEXT_BYTES 160
struct check {
    const char *name;
    unsigned depth; /* 0: of the machine; the branch above is the nearest before with one less */
    enum check_state state;
    char text[CHECK_TEXT_BYTES];    /* what was seen; "" where it was not reached */
    char remedy[CHECK_TEXT_BYTES];  /* what to do; "" unless it failed or is unknown */
};

/* As the table names it, and as it was found. */
struct check_unit {
    uint64_t registers_pa;
    bool answers;           /* its registers are not all ones */
    bool translates;        /* switched on, and it still says so */
    bool left_off;          /* by graphics_word */
};

#define CHECK_UNITS 16
struct check_facts {
    const char *cpu_vendor;             /* CPUID's 12 characters */
    bool x2apic_capable, x2apic_on;
    bool hypervisor;
    uint16_t bridge_vendor, bridge_device;  /* of function 0000:00:00.0; 0: it is no host bridge */
    enum chipset_units chipset;         /* what that says of itself */

    const char *table;                  /* "DMAR", "IVRS"; NULL: none */
    const char *missing_word; /* a table number was asked for that is not there: "dmar=3"; NULL */
    bool virtio_table;                  /* there is a VIOT */
    uint32_t table_len;
    uint8_t table_revision;
    bool table_checksum_ok;
    bool table_damaged;                 /* its reader gave up on all or part of it */
    bool flags_known;                   /* its header could be read: */
    bool intel_interrupts, intel_x2apic_opt_out, intel_dma_opt_in;      /* DMAR.Flags */
    bool amd_efr, amd_dma_remap;        /* IVinfo */

    const char *off_word;               /* "iommu=off"; NULL */
    const char *failure;                /* of the driver, in words; NULL: none */
    struct check_unit units[CHECK_UNITS];   /* the first of */
    size_t unit_count, answering, translating;  /* each set of registers once */

    const char *graphics_word;          /* that leaves units off which watch graphics alone */
    size_t functions, covered;
    size_t left_off;                    /* of those that no unit covers, by that word */
    char uncovered[16];                 /* the first that no unit covers; "" */

    size_t blocked, passed;             /* exercisers, of the proof */
    const char *leak;                   /* the first that passed */
    bool qemu_amd;                      /* where that has a known reason */

    bool remapping;
    unsigned failed_irq_units;          /* of the units, those that remap no longer */
    bool interrupts_off_word;           /* intremap=off */
    bool no_queue_word;                 /* vtd=noqueue, which no unit remaps interrupts with */
    const char *interrupts_reason, *interrupts_suggestion;
};

#define CHECKS_MAX 16
/* Returns how many there are. */
size_t checks_make(const struct check_facts *facts, struct check out[CHECKS_MAX]);
/* The first that failed; NULL: none did. */
const struct check *checks_first_failed(const struct check *checks, size_t count);
/* "ok", "failed", "unknown", "not-reached". */
const char *check_state_name(enum check_state state);

#endif
