; SPDX-License-Identifier: BSD-2-Clause
; Entry of all 256 vectors. Each pushes an error code where the processor does
; not (SDM volume 3, 6.13) and its number, then saves what struct trap_frame
; names and calls trap_dispatch() with interrupts off and the stack aligned.
bits 64
default rel

extern trap_dispatch
global trap_entries

section .text

%macro entry 1
entry_%1:
%if %1 = 8 || (%1 >= 10 && %1 <= 14) || %1 = 17 || %1 = 21 || %1 = 29 || %1 = 30
%else
    push 0
%endif
    push %1
    jmp save_registers
%endmacro

%assign vector 0
%rep 256
    entry vector
%assign vector vector + 1
%endrep

; Stack: vector, error, rip, cs, rflags, rsp, ss.
save_registers:
    test byte [rsp + 24], 3
    jz .saved_gs
    swapgs
.saved_gs:
    push rax
    push rbx
    push rcx
    push rdx
    push rsi
    push rdi
    push rbp
    push r8
    push r9
    push r10
    push r11
    push r12
    push r13
    push r14
    push r15
    cld
    mov rdi, rsp
    call trap_dispatch
    pop r15
    pop r14
    pop r13
    pop r12
    pop r11
    pop r10
    pop r9
    pop r8
    pop rbp
    pop rdi
    pop rsi
    pop rdx
    pop rcx
    pop rbx
    pop rax
    test byte [rsp + 24], 3
    jz .return
    swapgs
.return:
    add rsp, 16
    iretq

section .rodata
align 8
trap_entries:
%assign vector 0
%rep 256
    dq entry_ %+ vector
%assign vector vector + 1
%endrep

section .note.GNU-stack noalloc noexec nowrite progbits
