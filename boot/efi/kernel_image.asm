; SPDX-License-Identifier: BSD-2-Clause
; The kernel, as data of the UEFI application.

global kernel_elf:data hidden, kernel_elf_end:data hidden

section .rodata align=16
kernel_elf:
    incbin "boot/iommukit.elf"
kernel_elf_end:
section .note.GNU-stack noalloc noexec nowrite progbits
