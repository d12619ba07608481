; SPDX-License-Identifier: BSD-2-Clause
; thread_switch(uint64_t *save_sp, uint64_t next_sp): keeps what the C calling
; convention says a call preserves, and returns on the other thread's stack.
; Interrupts are off.
; thread_entry: where a new thread's first switch returns to; rbx holds its
; struct thread.
bits 64
default rel

extern thread_main
global thread_switch, thread_entry

section .text

thread_switch:
    push rbp
    push rbx
    push r12
    push r13
    push r14
    push r15
    mov [rdi], rsp
    mov rsp, rsi
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbx
    pop rbp
    ret

; The stack is 16-byte aligned here, so that it is as C expects it in thread_main().
thread_entry:
    mov rdi, rbx
    call thread_main
    ud2

section .note.GNU-stack noalloc noexec nowrite progbits
