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

struct cpu_segments {
    uint64_t gdt[8];
    struct tss tss;
};

static struct cpu_segments boot_segments;
static uint8_t early_stacks[IST_COUNT - 1][EARLY_STACK_BYTES] __attribute__((aligned(16)));

static void store_pointer(uint32_t out[2], const void *pointer)
{
    uint64_t value = (uint64_t)(uintptr_t)pointer;

    out[0] = (uint32_t)value;
    out[1] = (uint32_t)(value >> 32);
}

void gdt_set_kernel_stack(const void *top)
{
    store_pointer(this_cpu()->segments->tss.rsp[0], top);
}

static bool guard_stacks(struct cpu_segments *segments)
{
    for (unsigned ist = IST_NMI; ist < IST_COUNT; ist++) {
        const void *top = stack_alloc(IST_STACK_PAGES);

        if (top == NULL)
            return false;
        store_pointer(segments->tss.ist[ist - 1], top);
    }
    return true;
}

void gdt_guard_stacks(void)
{
    if (!guard_stacks(&boot_segments))
        panic("gdt: no memory for the interrupt stacks");
}

static void fill_gdt(struct cpu_segments *segments)
{
    uint64_t base = (uint64_t)(uintptr_t)&segments->tss, *gdt = segments->gdt;

    gdt[SELECTOR_KERNEL_CODE / 8] = SEGMENT_KERNEL_CODE;
    gdt[SELECTOR_KERNEL_DATA / 8] = SEGMENT_KERNEL_DATA;
    gdt[SELECTOR_USER_CODE32 / 8] = SEGMENT_USER_CODE32;
    gdt[SELECTOR_USER_DATA / 8] = SEGMENT_USER_DATA;
    gdt[SELECTOR_USER_CODE / 8] = SEGMENT_USER_CODE;
    gdt[SELECTOR_TSS / 8] = SEGMENT_TSS | field_make(SEGMENT_LIMIT_LOW, sizeof(struct tss) - 1) |
                            field_make(SEGMENT_BASE_LOW, base) |
                            field_make(SEGMENT_BASE_HIGH, base >> 24);
    gdt[SELECTOR_TSS / 8 + 1] = base >> 32;
    segments->tss.io_map = sizeof(struct tss);
}

bool gdt_create(struct per_cpu *cpu)
{
    cpu->segments = kalloc(sizeof(*cpu->segments));
    fill_gdt(cpu->segments);
    return guard_stacks(cpu->segments);
}

void gdt_load(struct per_cpu *cpu)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) pointer = { sizeof(cpu->segments->gdt) - 1,
                                          (uint64_t)(uintptr_t)cpu->segments->gdt };

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
    msr_write(MSR_GS_BASE, (uint64_t)(uintptr_t)cpu);
    msr_write(MSR_KERNEL_GS_BASE, 0);
}

void gdt_init(void)
{
    boot_cpu.segments = &boot_segments;
    for (unsigned ist = IST_NMI; ist < IST_COUNT; ist++)
        store_pointer(boot_segments.tss.ist[ist - 1], early_stacks[ist - 1] + EARLY_STACK_BYTES);
    fill_gdt(&boot_segments);
    gdt_load(&boot_cpu);
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

static void enable_machine_checks(void)
{
    if (cpuid_read(CPUID_FEATURES).edx & CPUID_1_EDX_MCE)
        cr4_write(cr4_read() | CR4_MCE);
}

void cpu_init(void)
{
    seed_stack_protector();
    gdt_init();
    traps_init();
    enable_machine_checks();
}

void cpu_init_other(struct per_cpu *cpu)
{
    gdt_load(cpu);
    traps_load();
    enable_machine_checks();
}
