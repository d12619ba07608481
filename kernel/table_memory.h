/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where tables of somebody else's may be looked at: a pointer in one of them may say anything, and
 * reading registers may change them. Portable.
 */
#ifndef KERNEL_TABLE_MEMORY_H
#define KERNEL_TABLE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acpi.h"
#include "boot_info.h"

/*
 * Whether the loader's map names all of [pa, pa + len) as one range of memory of whatever use, and
 * nothing tells that registers are there: reserved ranges are made of both.
 */
bool table_memory_holds(const struct boot_info *boot, const struct acpi_mcfg_entry *mcfg,
                        size_t mcfg_count, uint64_t pa, size_t len);

#endif
