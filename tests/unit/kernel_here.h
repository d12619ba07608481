/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests of kernel files that speak to the processor: stands in for
 * spinlock.h, percpu.h and smp.h, whose guards it takes. A test includes this
 * first, then the kernel file itself, and gives what is declared here.
 */
#ifndef KERNEL_HERE_H
#define KERNEL_HERE_H

#define KERNEL_SPINLOCK_H
#define KERNEL_PERCPU_H
#define KERNEL_SMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu_set.h"
#include "test.h"

#define PER_CPU_VECTORS 256u

struct per_cpu {
    uint32_t index;
    uint32_t apic_id;
    uint64_t irq_counts[PER_CPU_VECTORS];
};
struct per_cpu *percpu_at(unsigned index);
struct per_cpu *this_cpu(void);

/* A turn of a wait. */
void smp_relax(void);
bool smp_online(unsigned cpu);
unsigned smp_next(unsigned from);
bool smp_call(unsigned cpu, void (*fn)(void *arg), void *arg);
void smp_set_offline(const struct per_cpu *cpu);
void smp_enter_x2apic(void);

struct spin_lock {
    bool held;
    const char *name;
};
#define SPIN_LOCK(text) { .name = (text) }

static inline uintptr_t spin_lock(struct spin_lock *lock)
{
    CHECK(!lock->held);
    lock->held = true;
    return 0;
}

static inline void spin_unlock(struct spin_lock *lock, uintptr_t flags)
{
    (void)flags;
    CHECK(lock->held);
    lock->held = false;
}

#endif
