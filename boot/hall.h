/* SPDX-License-Identifier: BSD-2-Clause */
/* Where boot/entry.asm calls C, and what C calls next. */
#ifndef BOOT_HALL_H
#define BOOT_HALL_H

#include <stdint.h>

#include "boot_info.h"

/*
 * One for each entry: what EBX held (EDI for UEFI), what EAX held, and the
 * physical address of the image.
 */
_Noreturn void hall_pvh(uint32_t payload_pa, uint32_t eax, uint32_t kernel_pa);
_Noreturn void hall_multiboot2(uint32_t payload_pa, uint32_t eax, uint32_t kernel_pa);
_Noreturn void hall_uefi(uint32_t payload_pa, uint32_t eax, uint32_t kernel_pa);

/* Shows a line on the screen while the boot page tables are in place. */
void hall_show(const struct boot_info *info, const char *line);

/* The kernel. Interrupts are off; info stays valid. Does not return. */
void kernel_main(struct boot_info *info);

#endif
