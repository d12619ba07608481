; SPDX-License-Identifier: BSD-2-Clause
;
; Where a processor wakes after INIT and STARTUP: copied to a page below 1 MiB,
; entered in real mode with CS at that page, offset 0 (Intel SDM volume 3,
; 8.4.3). It makes sure that it is the one that is awaited, goes to 64-bit
; mode and calls the kernel. What it needs to know lies in the same page, as
; struct ap_parameters of kernel/smp.c, whose offsets are checked there.
;
; Nothing here has an address of its own: EBP holds the page's.

global ap_code_start, ap_code_end

PARAMETERS equ 0xf00
APIC_ID equ PARAMETERS + 0
CLAIM equ PARAMETERS + 4
ROOT_PA equ PARAMETERS + 8
GDT_POINTER equ PARAMETERS + 16         ; limit, base
FAR_32 equ PARAMETERS + 24              ; offset, selector
FAR_64 equ PARAMETERS + 32
GDT equ PARAMETERS + 40
STACK_TOP equ PARAMETERS + 72
ENTRY_POINT equ PARAMETERS + 80
OWN_BLOCK equ PARAMETERS + 88
CLAIM_OPEN equ 1
CLAIM_TAKEN equ 2

DATA equ 0x10

CR0_PE equ 1 << 0
CR0_MP equ 1 << 1
CR0_ET equ 1 << 4
CR0_NE equ 1 << 5
CR0_WP equ 1 << 16
CR0_PG equ 1 << 31
CR4_PAE equ 1 << 5
MSR_EFER equ 0xc0000080
EFER_LME equ 1 << 8
EFER_NXE equ 1 << 11
CPUID_FEATURES equ 1
CPUID_TOPOLOGY equ 0xb

section .rodata
align 16
bits 16
ap_code_start:
    cli
    cld
    mov ax, cs
    mov ds, ax
    movzx ebp, ax
    shl ebp, 4

; Leaves: EDX = the processor's APIC id, all 32 bits where it has a topology leaf.
    xor eax, eax
    cpuid
    cmp eax, CPUID_TOPOLOGY
    jb .short_id
    mov eax, CPUID_TOPOLOGY
    xor ecx, ecx
    cpuid
    test bx, bx
    jnz .have_id
.short_id:
    mov eax, CPUID_FEATURES
    cpuid
    shr ebx, 24
    mov edx, ebx
.have_id:

; One that comes too late, or was never called, must not take the place of the next.
    cmp edx, [APIC_ID]
    jne .stranger
    mov eax, CLAIM_OPEN
    mov ecx, CLAIM_TAKEN
    lock cmpxchg [CLAIM], ecx
    jne .stranger

; Leaves: protected mode, flat segments. Caches on: INIT leaves CD and NW as they were.
    o32 lgdt [GDT_POINTER]
    mov eax, CR0_PE | CR0_ET
    mov cr0, eax
    jmp far dword [FAR_32]
.stranger:
    cli
    hlt
    jmp .stranger

bits 32
ap_protected:
    mov eax, DATA
    mov ds, eax
    mov es, eax
    mov ss, eax

; Leaves: 64-bit mode on the startup tables, which map this page where it is.
    mov eax, CR4_PAE
    mov cr4, eax
    mov eax, [ebp + ROOT_PA]
    mov cr3, eax
    mov ecx, MSR_EFER
    mov eax, EFER_LME | EFER_NXE
    xor edx, edx
    wrmsr
    mov eax, CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG
    mov cr0, eax
    jmp far dword [ebp + FAR_64]

bits 64
ap_long:
    mov ebp, ebp
    mov rsp, [rbp + STACK_TOP]
    mov rdi, [rbp + OWN_BLOCK]
    mov rax, [rbp + ENTRY_POINT]
    xor ebp, ebp                        ; backtraces end here
    call rax
.never:
    hlt
    jmp .never
ap_code_end:

; For kernel/smp.c: where the two far jumps go, from the page's first byte.
global ap_protected_offset, ap_long_offset
align 4
ap_protected_offset:
    dd ap_protected - ap_code_start
ap_long_offset:
    dd ap_long - ap_code_start

section .note.GNU-stack noalloc noexec nowrite progbits
