/* SPDX-License-Identifier: BSD-2-Clause */
/* The CPUs' blocks by index. */
#include "percpu.h"

#include "cpu.h"
#include "mm.h"

struct per_cpu boot_cpu = { .self = &boot_cpu, .lock_id = 1 };
static struct per_cpu *blocks[CPUS_MAX] = { &boot_cpu };
static unsigned block_count = 1;

_Static_assert(offsetof(struct per_cpu, self) == 0, "this_cpu() reads gs:0");

void percpu_early_init(void)
{
    msr_write(MSR_GS_BASE, (uint64_t)(uintptr_t)&boot_cpu);
    msr_write(MSR_KERNEL_GS_BASE, 0);
}

struct per_cpu *percpu_create(uint32_t apic_id)
{
    struct per_cpu *cpu;

    if (block_count == CPUS_MAX)
        return NULL;
    cpu = kalloc(sizeof(*cpu));
    cpu->self = cpu;
    cpu->index = block_count;
    cpu->lock_id = block_count + 1;
    cpu->apic_id = apic_id;
    __atomic_store_n(&blocks[block_count], cpu, __ATOMIC_RELEASE);
    block_count++;
    return cpu;
}

struct per_cpu *percpu_at(unsigned index)
{
    return index < CPUS_MAX ? __atomic_load_n(&blocks[index], __ATOMIC_ACQUIRE) : NULL;
}
