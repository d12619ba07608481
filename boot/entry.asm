; SPDX-License-Identifier: BSD-2-Clause
;
; Every way into the kernel, down to one hall: 64-bit mode, interrupts off,
; the image at its linked address, physical [0, 4 GiB) in the direct map, the
; boot stack. The rest is boot/hall.c.
;
;   pvh_entry         32-bit, EBX = hvm_start_info (Xen PVH boot ABI)
;   multiboot2_entry  32-bit, EAX = magic, EBX = boot information (Multiboot2 3.3)
;   uefi_entry        64-bit, RDI = struct boot_info below 4 GiB; left again for
;                     32-bit mode, so that one piece of code sets up paging
;                     (firmware may use five levels, which only that can end)
;
; The image runs wherever it was put: nothing here uses an absolute address
; before paging is on. In the 32-bit part EBP holds the image's first byte.

extern hall_pvh, hall_multiboot2, hall_uefi
extern boot_load_pa, pvh_entry_pa, multiboot2_entry_pa
extern boot_tables_offset, boot_stack_top_offset, boot_large_pages
global pvh_entry, multiboot2_entry, uefi_entry
global boot_tables, boot_stack_guard, boot_stack_bottom, boot_stack_top

; ---- what loaders look for ----

MULTIBOOT2_MAGIC equ 0xe85250d6
MULTIBOOT2_ARCH_I386 equ 0
MULTIBOOT2_OPTIONAL equ 1
MULTIBOOT2_PREFER_LOW equ 1
LARGE_PAGE equ 0x200000

section .boot progbits alloc exec nowrite align=16
image_start:
multiboot2_header:
    dd MULTIBOOT2_MAGIC, MULTIBOOT2_ARCH_I386
    dd multiboot2_end - multiboot2_header
    dd -(MULTIBOOT2_MAGIC + MULTIBOOT2_ARCH_I386 + (multiboot2_end - multiboot2_header))
    dw 3, 0                             ; entry address
    dd 12, multiboot2_entry_pa
    align 8, db 0
    dw 5, MULTIBOOT2_OPTIONAL           ; framebuffer: width, height, bits
    dd 20, 1024, 768, 32
    align 8, db 0
    dw 10, MULTIBOOT2_OPTIONAL          ; relocatable: lowest, highest, alignment
    dd 24, boot_load_pa, 0xffffffff, LARGE_PAGE, MULTIBOOT2_PREFER_LOW
    align 8, db 0
    dw 0, 0                             ; end
    dd 8
multiboot2_end:

XEN_ELFNOTE_PHYS32_ENTRY equ 18
section .note.pvh note alloc noexec nowrite align=4
    dd 4, 4, XEN_ELFNOTE_PHYS32_ENTRY   ; name bytes, payload bytes, type
    db "Xen", 0
    dd pvh_entry_pa

; ---- memory of this file ----

PAGE equ 4096
BOOT_STACK equ 32 * 1024
; One page each: the root, directory pointers of the direct map and of the
; image, four directories of the direct map, one of the image.
TABLE_ROOT equ 0
TABLE_LOW equ 1 * PAGE
TABLE_HIGH equ 2 * PAGE
TABLE_DIRECT equ 3 * PAGE
TABLE_IMAGE equ 7 * PAGE
TABLE_BYTES equ 8 * PAGE

section .bss.page_aligned nobits alloc noexec write align=4096
boot_stack_guard:
    resb PAGE
boot_stack_bottom:
    resb BOOT_STACK
boot_stack_top:
boot_tables:
    resb TABLE_BYTES

; ---- processor constants (Intel SDM volume 3, 2.5, 4.5, 5.8) ----

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
EFLAGS_ID equ 1 << 21
FLAGS_CLEAR equ 1 << 1                 ; the one bit that is always set
CPUID_EXTENDED equ 0x80000000
CPUID_FEATURES equ 0x80000001
FEATURE_NX equ 1 << 20                  ; EDX of CPUID_FEATURES
FEATURE_LM equ 1 << 29
PTE_TABLE equ 3                         ; present, writable
PTE_LARGE equ 0x83                      ; present, writable, 2 MiB
PTE_NX_HIGH equ 1 << 31                 ; in the upper half of an entry
ENTRY equ 8
; kernel/mm.h and linker.ld: DIRECT_MAP_BASE and KERNEL_BASE as table indices.
DIRECT_ROOT equ 256
KERNEL_ROOT equ 511
KERNEL_POINTER equ 510

CODE64 equ 0x08
DATA equ 0x10
CODE32 equ 0x18

; Position in door_table.
DOOR_PVH equ 0
DOOR_MULTIBOOT2 equ 1
DOOR_UEFI equ 2

; Where a door that knows no stack may keep four bytes for two instructions:
; RAM on every PC. What was there is put back.
SCRATCH equ 0x7bfc

section .boot

align 8
gdt:
    dq 0
    dq 0x00af9b000000ffff               ; CODE64
    dq 0x00cf93000000ffff               ; DATA
    dq 0x00cf9b000000ffff               ; CODE32
gdt_end:

; For LGDT in each mode; the base is filled in by who uses it.
gdt_pointer:
    dw gdt_end - gdt - 1
    dq 0

; ---- 32-bit entries: load EBP, ESI = door, EDI = EAX as found ----

bits 32
pvh_entry:
    mov esi, DOOR_PVH
    jmp find_image
multiboot2_entry:
    mov esi, DOOR_MULTIBOOT2
find_image:
    cli
    cld
    mov edi, eax
    mov edx, [SCRATCH]
    mov esp, SCRATCH + 4
    call .here
.here:
    pop ebp
    mov [SCRATCH], edx
    sub ebp, .here - image_start

; Leaves: our segments, the boot stack. EBP, EBX, ESI, EDI as above.
setup32:
    lea esp, [ebp + boot_stack_top_offset]
    lea eax, [ebp + gdt - image_start]
    mov [ebp + gdt_pointer - image_start + 2], eax
    lgdt [ebp + gdt_pointer - image_start]
    mov eax, DATA
    mov ds, eax
    mov es, eax
    mov ss, eax
    lea eax, [ebp + .flat - image_start]
    push CODE32
    push eax
    retf
.flat:
    push edi
    push ebx
    call check_processor
    pop ebx
    pop edi

; Leaves: the tables written. Loaders zero .bss, so only present entries are.
build_tables:
    push edi
    lea edi, [ebp + boot_tables_offset]
    lea eax, [edi + TABLE_LOW + PTE_TABLE]
    mov [edi + TABLE_ROOT], eax         ; identity, until the jump to the hall
    mov [edi + TABLE_ROOT + DIRECT_ROOT * ENTRY], eax
    mov dword [edi + TABLE_ROOT + DIRECT_ROOT * ENTRY + 4], PTE_NX_HIGH
    lea eax, [edi + TABLE_HIGH + PTE_TABLE]
    mov [edi + TABLE_ROOT + KERNEL_ROOT * ENTRY], eax
    lea eax, [edi + TABLE_IMAGE + PTE_TABLE]
    mov [edi + TABLE_HIGH + KERNEL_POINTER * ENTRY], eax

    lea eax, [edi + TABLE_DIRECT + PTE_TABLE]
    xor ecx, ecx
.pointers:
    mov [edi + TABLE_LOW + ecx * ENTRY], eax
    add eax, PAGE
    inc ecx
    cmp ecx, 4
    jb .pointers

    mov eax, PTE_LARGE
    xor ecx, ecx
.direct:
    mov [edi + TABLE_DIRECT + ecx * ENTRY], eax
    add eax, LARGE_PAGE
    inc ecx
    cmp ecx, 4 * PAGE / ENTRY
    jb .direct

    lea eax, [ebp + PTE_LARGE]
    xor ecx, ecx
.image:
    mov [edi + TABLE_IMAGE + ecx * ENTRY], eax
    add eax, LARGE_PAGE
    inc ecx
    cmp ecx, boot_large_pages
    jb .image

; Leaves: 64-bit mode, still at the physical address (SDM volume 3, 10.8.5).
enter_long_mode:
    mov eax, CR4_PAE
    mov cr4, eax
    mov cr3, edi
    pop edi
    mov ecx, MSR_EFER
    mov eax, EFER_LME | EFER_NXE
    xor edx, edx
    wrmsr
    mov eax, CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG
    mov cr0, eax
    lea eax, [ebp + .long - image_start]
    push CODE64
    push eax
    retf

bits 64
.long:
    mov rax, hall
    jmp rax

; Leaves: the linked address, the identity map gone, RSP fresh.
hall:
    mov rax, gdt
    mov rcx, gdt_pointer
    mov [rcx + 2], rax
    lgdt [rcx]
    xor eax, eax
    mov fs, eax
    mov gs, eax
    lldt ax
    mov rsp, boot_stack_top
    push FLAGS_CLEAR
    popfq
    mov rax, boot_tables
    mov qword [rax + TABLE_ROOT], 0
    mov rax, cr3
    mov cr3, rax
    mov eax, esi
    mov rcx, door_table
    mov rax, [rcx + rax * 8]
    mov esi, edi                        ; second: EAX at the entry
    mov edi, ebx                        ; first: what the loader handed over
    mov edx, ebp                        ; third: where the image lies
    xor ebp, ebp                        ; backtraces end here
    call rax
.never:
    hlt
    jmp .never

align 8
door_table:
    dq hall_pvh, hall_multiboot2, hall_uefi

; ---- UEFI: 64-bit firmware mode back to setup32 ----

uefi_entry:
    cli
    cld
    mov ebx, edi
    lea rbp, [rel image_start]
    lea rax, [rel gdt]
    mov [rel gdt_pointer + 2], rax
    lgdt [rel gdt_pointer]
    lea rax, [rel .compatible]
    push CODE32
    push rax
    retfq
bits 32
.compatible:
    mov eax, CR0_PE | CR0_ET
    mov cr0, eax                        ; paging off: long mode is left
    mov ecx, MSR_EFER
    xor eax, eax
    xor edx, edx
    wrmsr
    mov esi, DOOR_UEFI
    xor edi, edi
    jmp setup32

; ---- a processor that cannot run the kernel ----

; Returns when there are long mode and no-execute pages. Clobbers all but EBP, ESI.
check_processor:
    pushfd
    pop eax
    mov ecx, eax
    xor eax, EFLAGS_ID
    push eax
    popfd
    pushfd
    pop eax
    xor eax, ecx
    test eax, EFLAGS_ID
    jz .no_long_mode
    mov eax, CPUID_EXTENDED
    cpuid
    cmp eax, CPUID_FEATURES
    jb .no_long_mode
    mov eax, CPUID_FEATURES
    cpuid
    test edx, FEATURE_LM
    jz .no_long_mode
    test edx, FEATURE_NX
    jz .no_nx
    ret
.no_long_mode:
    lea esi, [ebp + text_no_long_mode - image_start]
    jmp refuse
.no_nx:
    lea esi, [ebp + text_no_nx - image_start]

COM1 equ 0x3f8
COM1_LINE_STATUS equ COM1 + 5
TRANSMIT_EMPTY equ 1 << 5
TRANSMIT_TURNS equ 100000               ; of one character; a missing port costs no more
VGA_TEXT equ 0xb8000
VGA_LIGHT_GREY equ 0x07
DEBUG_EXIT equ 0xf4
EXIT_PANIC equ 2                        ; kernel/panic.h

; Says the text at ESI on COM1 and on a VGA text screen, ends the run.
refuse:
    call serial_init
    mov edi, VGA_TEXT
.next:
    lodsb
    test al, al
    jz .end
    call serial_putc
    cmp al, ' '
    jb .next
    mov ah, VGA_LIGHT_GREY
    stosw
    jmp .next
.end:
    mov al, EXIT_PANIC
    out DEBUG_EXIT, al
.halt:
    cli
    hlt
    jmp .halt

; 115200 baud, 8 data bits, no parity, no interrupts.
serial_init:
    mov edx, COM1 + 1
    xor eax, eax
    out dx, al
    mov edx, COM1 + 3
    mov al, 0x80                        ; divisor latch
    out dx, al
    mov edx, COM1
    mov al, 1
    out dx, al
    inc edx
    xor eax, eax
    out dx, al
    mov edx, COM1 + 3
    mov al, 3
    out dx, al
    ret

serial_putc:
    push eax
    mov edx, COM1_LINE_STATUS
    mov ecx, TRANSMIT_TURNS
.wait:
    in al, dx
    test al, TRANSMIT_EMPTY
    loopz .wait
    pop eax
    mov edx, COM1
    out dx, al
    ret

text_no_long_mode:
    db "boot: this processor has no 64-bit mode (CPUID 80000001h EDX bit 29)", 13, 10, 0
text_no_nx:
    db "boot: this processor has no no-execute pages (CPUID 80000001h EDX bit 20)", 13, 10, 0
