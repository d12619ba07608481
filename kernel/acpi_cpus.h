/* SPDX-License-Identifier: BSD-2-Clause */
/* The processors that the MADT names. */
#ifndef KERNEL_ACPI_CPUS_H
#define KERNEL_ACPI_CPUS_H

#include <stddef.h>
#include <stdint.h>

#include "acpi.h"

struct acpi_cpus {
    size_t count;           /* entries of apic_ids[] */
    size_t disabled;        /* neither enabled nor to be enabled later */
    size_t later;           /* may be enabled later (online capable), are not now */
    size_t duplicates;
    size_t absurd;          /* enabled, with an id that means all of them */
    size_t lost;            /* enabled, and more than fit */
};

/*
 * The APIC ids of the enabled processors in the table's order, each once, at
 * most max. What is odd is logged; entries that do not fit were reported by
 * acpi_read_madt(). All zero without a MADT.
 */
struct acpi_cpus acpi_read_cpus(const struct acpi *acpi, uint32_t *apic_ids, size_t max);

#endif
