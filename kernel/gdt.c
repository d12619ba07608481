/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Segments, the task state segment with its interrupt stacks, the per-CPU
 * block in GS, and the control register bits that do not need the kernel's
 * own page tables (SDM volume 3, chapters 3, 6.14.5 and 8.7).
 */
#include "clock.h"
#include "cpu.h"
#include "mm.h"
#include "panic.h"
#include "traps.h"

#define EARLY_STACK_BYTES 4096
#define IST_STACK_PAGES 2
/* Knuth's multiplicative constant: spreads the TSC's low bits over the word. */
#define GUARD_MULTIPLIER 0x9e3779b97f4a7c15ull
#define GUARD_ZERO_BYTE BITS64(7, 0)

/*
 * SDM 3.4.5: present, privilege and type in bits 47:40, granularity, D/B and L
 * in 55:53; the limit is all ones.
 */
#define SEGMENT_KERNEL_CODE 0x00af9a000000ffffull
#define SEGMENT_KERNEL_DATA 0x00cf92000000ffffull
#define SEGMENT_USER_CODE32 0x00cffa000000ffffull
#define SEGMENT_USER_DATA   0x00cff2000000ffffull
#define SEGMENT_USER_CODE   0x00affa000000ffffull
/* SDM 7.2.3: 64-bit TSS, available. */
#define SEGMENT_TSS         0x0000890000000000ull
#define SEGMENT_LIMIT_LOW   BITS64(15, 0)
#define SEGMENT_BASE_LOW    BITS64(39, 16)
#define SEGMENT_BASE_HIGH   BITS64(63, 56)

/* SDM 7.7; the 64-bit members are not aligned, so they are pairs. */
struct tss {
    uint32_t reserved0;
    uint32_t rsp[3][2];
    uint32_t reserved1[2];
    uint32_t ist[7][2];
    uint32_t reserved2[2];
    uint16_t reserved3;
    uint16_t io_map;
};
_Static_assert(sizeof(struct tss) == 104, "SDM figure 8-11");

static uint64_t gdt[8];
static struct tss tss;
static struct per_cpu boot_cpu = { .self = &boot_cpu };
static uint8_t early_stacks[IST_COUNT - 1][EARLY_STACK_BYTES] __attribute__((aligned(16)));

static void store_pointer(uint32_t out[2], const void *pointer)
{
    uint64_t value = (uint64_t)(uintptr_t)pointer;

    out[0] = (uint32_t)value;
    out[1] = (uint32_t)(value >> 32);
}

void gdt_set_kernel_stack(const void *top)
{
    store_pointer(tss.rsp[0], top);
}

void gdt_guard_stacks(void)
{
    for (unsigned ist = IST_NMI; ist < IST_COUNT; ist++)
        store_pointer(tss.ist[ist - 1], stack_alloc(IST_STACK_PAGES));
}

static void fill_gdt(void)
{
    uint64_t base = (uint64_t)(uintptr_t)&tss;

    gdt[SELECTOR_KERNEL_CODE / 8] = SEGMENT_KERNEL_CODE;
    gdt[SELECTOR_KERNEL_DATA / 8] = SEGMENT_KERNEL_DATA;
    gdt[SELECTOR_USER_CODE32 / 8] = SEGMENT_USER_CODE32;
    gdt[SELECTOR_USER_DATA / 8] = SEGMENT_USER_DATA;
    gdt[SELECTOR_USER_CODE / 8] = SEGMENT_USER_CODE;
    gdt[SELECTOR_TSS / 8] = SEGMENT_TSS | field_make(SEGMENT_LIMIT_LOW, sizeof(tss) - 1) |
                            field_make(SEGMENT_BASE_LOW, base) |
                            field_make(SEGMENT_BASE_HIGH, base >> 24);
    gdt[SELECTOR_TSS / 8 + 1] = base >> 32;
}

void gdt_init(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) pointer = { sizeof(gdt) - 1, (uint64_t)(uintptr_t)gdt };

    tss.io_map = sizeof(tss);
    for (unsigned ist = IST_NMI; ist < IST_COUNT; ist++)
        store_pointer(tss.ist[ist - 1], early_stacks[ist - 1] + EARLY_STACK_BYTES);
    fill_gdt();
    __asm__ volatile("lgdt %0\n\t"
                     "pushq %1\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\tmovl %2, %%eax\n\t"
                     "movl %%eax, %%ds\n\t"
                     "movl %%eax, %%es\n\t"
                     "movl %%eax, %%ss\n\t"
                     "xorl %%eax, %%eax\n\t"
                     "movl %%eax, %%fs\n\t"
                     "movl %%eax, %%gs\n\t"
                     "lldt %%ax\n\t"
                     "ltr %w3"
                     : : "m"(pointer), "i"(SELECTOR_KERNEL_CODE), "i"(SELECTOR_KERNEL_DATA),
                       "r"(SELECTOR_TSS) : "rax", "memory");
    msr_write(MSR_GS_BASE, (uint64_t)(uintptr_t)&boot_cpu);
    msr_write(MSR_KERNEL_GS_BASE, 0);
}

/*
 * Different from run to run where the TSC is. The low byte stays 0, so that a
 * string cannot carry the value along.
 */
static void seed_stack_protector(void)
{
    uint64_t seed = now_tsc() * GUARD_MULTIPLIER;

    __stack_chk_guard ^= (seed ^ seed >> 32) & ~GUARD_ZERO_BYTE;
}

void cpu_init(void)
{
    seed_stack_protector();
    gdt_init();
    traps_init();
    if (cpuid_read(CPUID_FEATURES).edx & CPUID_1_EDX_MCE)
        cr4_write(cr4_read() | CR4_MCE);
}
