/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the machine's ACPI tables into machine_acpi. */
#ifndef KERNEL_ACPI_INIT_H
#define KERNEL_ACPI_INIT_H

#include <stdbool.h>

#include "boot_info.h"

/* Needs mm_init(). False: no RSDP that checks; the reason is logged. */
bool acpi_init(const struct boot_info *info);

#endif
