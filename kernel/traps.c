/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt descriptor table, which all CPUs share, and what happens at an
 * exception: the other CPUs stop, registers, the faulting address, a backtrace,
 * and the end of the run. There is no recovery: kernel code has no reason to
 * fault. Vectors from 32 on go to irq.c.
 */
#include "traps.h"

#include <stddef.h>

#include "apic.h"
#include "console.h"
#include "cpu.h"
#include "mm.h"
#include "panic.h"
#include "smp.h"
#include "stack.h"

#define VECTOR_NMI 2
#define VECTOR_DOUBLE_FAULT 8
#define VECTOR_PAGE_FAULT 14
#define VECTOR_MACHINE_CHECK 18

/* SDM 6.14.1: interrupt gate, present, ring 0; an interrupt gate leaves interrupts off. */
#define GATE_INTERRUPT      0x8e0000000000ull
#define GATE_OFFSET_LOW     BITS64(15, 0)
#define GATE_SELECTOR       BITS64(31, 16)
#define GATE_IST            BITS64(34, 32)
#define GATE_OFFSET_MIDDLE  BITS64(63, 48)

/* SDM 4.7: error code of a page fault. */
#define PAGE_FAULT_PRESENT  BIT64(0)
#define PAGE_FAULT_WRITE    BIT64(1)
#define PAGE_FAULT_USER     BIT64(2)
#define PAGE_FAULT_RESERVED BIT64(3)
#define PAGE_FAULT_FETCH    BIT64(4)

extern const uint64_t trap_entries[TRAP_VECTORS];
void trap_dispatch(struct trap_frame *frame);

static uint64_t idt[TRAP_VECTORS][2] __attribute__((aligned(16)));

static const char *const exception_names[TRAP_EXCEPTIONS] = {
    "divide error", "debug", "NMI", "breakpoint", "overflow", "bound range", "invalid opcode",
    "no FPU", "double fault", "FPU segment overrun", "invalid TSS", "segment not present",
    "stack segment", "general protection", "page fault", "reserved", "FPU error",
    "alignment check", "machine check", "SIMD error", "virtualization", "control protection",
    [28] = "hypervisor injection", [29] = "VMM communication", [30] = "security",
};

static enum ist ist_of(unsigned vector)
{
    switch (vector) {
    case VECTOR_NMI:
        return IST_NMI;
    case VECTOR_DOUBLE_FAULT:
        return IST_DOUBLE_FAULT;
    case VECTOR_MACHINE_CHECK:
        return IST_MACHINE_CHECK;
    default:
        return IST_NONE;
    }
}

void traps_load(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) pointer = { sizeof(idt) - 1, (uint64_t)(uintptr_t)idt };

    __asm__ volatile("lidt %0" : : "m"(pointer));
}

void traps_init(void)
{
    for (unsigned vector = 0; vector < TRAP_VECTORS; vector++) {
        uint64_t entry = trap_entries[vector];

        idt[vector][0] = GATE_INTERRUPT | field_make(GATE_OFFSET_LOW, entry) |
                         field_make(GATE_SELECTOR, SELECTOR_KERNEL_CODE) |
                         field_make(GATE_IST, ist_of(vector)) |
                         field_make(GATE_OFFSET_MIDDLE, entry >> 16);
        idt[vector][1] = entry >> 32;
    }
    traps_load();
}

static void print_registers(const struct trap_frame *f)
{
    log_line(LOG_ERROR, "rax=0x%016llx rbx=0x%016llx rcx=0x%016llx rdx=0x%016llx",
             (unsigned long long)f->rax, (unsigned long long)f->rbx,
             (unsigned long long)f->rcx, (unsigned long long)f->rdx);
    log_line(LOG_ERROR, "rsi=0x%016llx rdi=0x%016llx rbp=0x%016llx rsp=0x%016llx",
             (unsigned long long)f->rsi, (unsigned long long)f->rdi,
             (unsigned long long)f->rbp, (unsigned long long)f->rsp);
    log_line(LOG_ERROR, "r8 =0x%016llx r9 =0x%016llx r10=0x%016llx r11=0x%016llx",
             (unsigned long long)f->r8, (unsigned long long)f->r9,
             (unsigned long long)f->r10, (unsigned long long)f->r11);
    log_line(LOG_ERROR, "r12=0x%016llx r13=0x%016llx r14=0x%016llx r15=0x%016llx",
             (unsigned long long)f->r12, (unsigned long long)f->r13,
             (unsigned long long)f->r14, (unsigned long long)f->r15);
    log_line(LOG_ERROR,
             "rip=0x%016llx cs=0x%llx rflags=0x%llx ss=0x%llx cr0=0x%llx cr3=0x%llx cr4=0x%llx",
             (unsigned long long)f->rip, (unsigned long long)f->cs,
             (unsigned long long)f->rflags, (unsigned long long)f->ss,
             (unsigned long long)cr0_read(), (unsigned long long)cr3_read(),
             (unsigned long long)cr4_read());
}

_Noreturn static void page_fault(const struct trap_frame *f, uint64_t address)
{
    const char *access = f->error & PAGE_FAULT_FETCH ? "fetch" :
                         f->error & PAGE_FAULT_WRITE ? "write" : "read";
    const char *why = f->error & PAGE_FAULT_RESERVED ? "reserved bit set" :
                      f->error & PAGE_FAULT_PRESENT ? "not permitted" : "not mapped";

    panic_at(f->rip, f->rbp, "page fault: %s of 0x%llx from %s code: %s (error=0x%llx)", access,
             (unsigned long long)address, f->error & PAGE_FAULT_USER ? "user" : "kernel", why,
             (unsigned long long)f->error);
}

_Noreturn static void exception(const struct trap_frame *f)
{
    const char *name = exception_names[f->vector];
    uint64_t address = cr2_read();

    smp_stop_others();
    console_begin_line();
    log_line(LOG_ERROR, "exception %llu (%s) error=0x%llx cr2=0x%llx",
             (unsigned long long)f->vector, name == NULL ? "reserved" : name,
             (unsigned long long)f->error, (unsigned long long)address);
    print_registers(f);
    if (f->vector == VECTOR_PAGE_FAULT)
        page_fault(f, address);
    if (f->vector == VECTOR_DOUBLE_FAULT && stack_guard_hit(address))
        panic_at(f->rip, f->rbp, "stack overflow: guard page 0x%llx was hit",
                 (unsigned long long)(address & ~(PAGE_BYTES - 1)));
    panic_at(f->rip, f->rbp, "exception %llu (%s) error=0x%llx", (unsigned long long)f->vector,
             name == NULL ? "reserved" : name, (unsigned long long)f->error);
}

void trap_dispatch(struct trap_frame *frame)
{
    if (frame->vector == VECTOR_NMI)
        smp_stop_here();
    if (frame->vector < TRAP_EXCEPTIONS)
        exception(frame);
    irq_dispatch((unsigned)frame->vector);
}
