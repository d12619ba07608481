/* SPDX-License-Identifier: BSD-2-Clause */
/* What boot/doors.c and boot/multiboot2.c share. */
#ifndef BOOT_DOORS_INTERNAL_H
#define BOOT_DOORS_INTERNAL_H

#include "doors.h"

/* Adds a range, or lengthens the last one; empty ranges are left out. */
const char *door_add_range(struct boot_info *info, const struct boot_range *range);
/* The same for an entry of a BIOS map. */
const char *door_add_bios_range(struct boot_info *info, uint64_t pa, uint64_t len, uint32_t type);
/* A map without RAM is no map. */
const char *door_require_ram(const struct boot_info *info);

#endif
