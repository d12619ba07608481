/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions and the way interrupts enter the kernel. */
#ifndef KERNEL_TRAPS_H
#define KERNEL_TRAPS_H

#include <stdint.h>

/* As traps.asm pushes it; the processor's own part starts at error. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

#define TRAP_VECTORS 256
#define TRAP_EXCEPTIONS 32

void traps_init(void);  /* cpu_init() calls it */
void traps_load(void);  /* on every other CPU: all share the table */

/*
 * Raises a fault on purpose: "null", "write-text",
 * "exec-data", both again by the direct map ("write-text-direct", "exec-direct"),
 * "identity", "stack-overflow" (needs thread_init()), "ud", "div", "space", those of
 * smp_test.h ("lock-recursion", "lock-release", "panic", "shootdown", "ipi-call", "vector-free", "smp-stress"). Returns only when the
 * kind is unknown or, which is then a failure, when nothing trapped.
 */
void trap_test(const char *kind);

#endif
