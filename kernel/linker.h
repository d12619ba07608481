/* SPDX-License-Identifier: BSD-2-Clause */
/* The image's sections as linker.ld places them, the boot stack of boot/entry.asm: page aligned. */
#ifndef KERNEL_LINKER_H
#define KERNEL_LINKER_H

extern char kernel_image_start[], kernel_image_end[];
extern char text_start[], text_end[];
extern char data_start[], data_end[];
extern char bss_start[], bss_end[];
extern char rodata_start[], rodata_end[];
extern char boot_stack_guard[], boot_stack_bottom[], boot_stack_top[];

#endif
