/* SPDX-License-Identifier: BSD-2-Clause */
/* The processor's instructions and registers (SDM volumes 2 and 3). */
#ifndef KERNEL_CPU_H
#define KERNEL_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "bits.h"
#include "percpu.h"

/*
 * GDT, TSS, IDT, GS, and a new value for the stack protector, so no function
 * that is active then may return: kernel_main() calls it before mm_init().
 */
void cpu_init(void);
void cpu_init_other(struct per_cpu *cpu);   /* the same on another CPU, after gdt_create() */

/* The GDT's selectors, in the order that SYSCALL and SYSRET derive them (SDM 5.8.8). */
#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_USER_CODE32 0x18
#define SELECTOR_USER_DATA   0x20
#define SELECTOR_USER_CODE   0x28
#define SELECTOR_TSS         0x30

/* Interrupt stack table: vectors that must not trust the stack they hit. */
enum ist { IST_NONE, IST_NMI, IST_DOUBLE_FAULT, IST_MACHINE_CHECK, IST_COUNT };
void gdt_init(void);            /* the boot CPU's */
/* GDT, TSS and IST stacks for another CPU. False: no memory. */
bool gdt_create(struct per_cpu *cpu);
void gdt_load(struct per_cpu *cpu);     /* on that CPU; GS too */
/* Moves the IST stacks to ones with guard pages; mm_init() calls it. */
void gdt_guard_stacks(void);
/* Where this processor goes when ring 3 is interrupted. */
void gdt_set_kernel_stack(const void *top);

#define MSR_APIC_BASE       0x1bu
#define MSR_PAT             0x277u
#define MSR_TSC_DEADLINE    0x6e0u
#define MSR_X2APIC          0x800u
#define MSR_EFER            0xc0000080u
#define MSR_STAR            0xc0000081u
#define MSR_GS_BASE         0xc0000101u
#define MSR_KERNEL_GS_BASE  0xc0000102u
#define EFER_NXE            BIT64(11)

#define CR0_WP      BIT64(16)
#define CR4_MCE     BIT64(6)
#define CR4_PGE     BIT64(7)
#define CR4_UMIP    BIT64(11)
#define CR4_LA57    BIT64(12)
#define CR4_SMEP    BIT64(20)
#define CR4_SMAP    BIT64(21)

#define CPUID_FEATURES              1u
#define CPUID_1_ECX_X2APIC          BIT32(21)
#define CPUID_1_ECX_TSC_DEADLINE    BIT32(24)
#define CPUID_1_ECX_RDRAND          BIT32(30)
#define CPUID_1_ECX_HYPERVISOR      BIT32(31)
#define CPUID_1_EDX_MCE             BIT32(7)
#define CPUID_1_EDX_PGE             BIT32(13)
#define CPUID_1_EDX_PAT             BIT32(16)
#define CPUID_EXTENDED_FEATURES     7u
#define CPUID_HYPERVISOR            0x40000000u     /* where there is one; its name */
#define CPUID_7_EBX_SMEP            BIT32(7)
#define CPUID_7_EBX_SMAP            BIT32(20)
#define CPUID_7_ECX_UMIP            BIT32(2)
#define CPUID_AMD_HIGHEST           0x80000000u
#define CPUID_AMD_FEATURES          0x80000001u
#define CPUID_AMD_1_EDX_NX          BIT32(20)
#define CPUID_AMD_1_EDX_1G_PAGES    BIT32(26)
#define CPUID_AMD_POWER             0x80000007u
#define CPUID_AMD_7_EDX_INVARIANT_TSC BIT32(8)
#define CPUID_AMD_SIZES             0x80000008u
#define CPUID_AMD_8_EAX_PHYSICAL    BITS32(7, 0)

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

/* All zero where the processor has no such leaf. */
static inline struct cpuid cpuid_read(uint32_t leaf)
{
    struct cpuid r = { .eax = leaf & CPUID_AMD_HIGHEST };
    uint32_t highest;

    __asm__ volatile("cpuid" : "+a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx));
    highest = r.eax;
    r = (struct cpuid){ .eax = leaf };
    if (leaf > highest)
        return (struct cpuid){ 0 };
    __asm__ volatile("cpuid" : "+a"(r.eax), "=b"(r.ebx), "+c"(r.ecx), "=d"(r.edx));
    return r;
}

static inline uint64_t msr_read(uint32_t msr)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
    return (uint64_t)high << 32 | low;
}

static inline void msr_write(uint32_t msr, uint64_t value)
{
    uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);

    __asm__ volatile("wrmsr" : : "c"(msr), "a"(low), "d"(high) : "memory");
}

#define CPU_CONTROL_REGISTER(name)                                                  \
    static inline uint64_t name##_read(void)                                        \
    {                                                                               \
        uint64_t value;                                                             \
                                                                                    \
        __asm__ volatile("mov %%" #name ", %0" : "=r"(value) : : "memory");         \
        return value;                                                               \
    }                                                                               \
    static inline void name##_write(uint64_t value)                                 \
    {                                                                               \
        __asm__ volatile("mov %0, %%" #name : : "r"(value) : "memory");             \
    }
CPU_CONTROL_REGISTER(cr0)
CPU_CONTROL_REGISTER(cr2)
CPU_CONTROL_REGISTER(cr3)
CPU_CONTROL_REGISTER(cr4)

static inline void cpu_invlpg(uint64_t va)
{
    __asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

static inline void cpu_relax(void)
{
    __asm__ volatile("pause" : : : "memory");
}

_Noreturn static inline void cpu_halt(void)
{
    for (;;)
        __asm__ volatile("cli; hlt" : : : "memory");
}

static inline uint8_t io_read8(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint16_t io_read16(uint16_t port)
{
    uint16_t value;

    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint32_t io_read32(uint16_t port)
{
    uint32_t value;

    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline void io_write8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void io_write16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void io_write32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

#endif
