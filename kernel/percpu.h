/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every CPU has for itself, reached by GS. Indices count from 0, the boot
 * CPU, in the order in which CPUs were started; one that was left out keeps its
 * index. A block lives as long as the kernel.
 */
#ifndef KERNEL_PERCPU_H
#define KERNEL_PERCPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu_set.h"
#include "run_queue.h"

#define PER_CPU_VECTORS 256u

struct thread;
struct vm_space;
struct cpu_segments;

/* A function that another CPU asked this one to run (smp_call()). */
struct cpu_call {
    void (*fn)(void *arg);
    void *arg;
    uint32_t state;             /* enum call_state in smp_ipi.c; atomic */
};

struct per_cpu {
    struct per_cpu *self;       /* first: this_cpu() */
    uint32_t index;
    uint32_t apic_id;
    struct thread *thread;      /* the one that runs */
    uint64_t user_rsp;          /* saved by a system call's entry */
    struct thread *idle;        /* runs when nobody else can */
    struct thread *left;        /* the one before, until its stack is left; thread.c */
    struct run_queue queue;     /* guarded by the scheduler's lock */
    struct vm_space *space;     /* that CR3 holds */
    struct cpu_segments *segments;
    bool x2apic;                /* the mode of its local APIC; changed by itself, interrupts off */
    int64_t tsc_offset;         /* its TSC minus the boot CPU's, in ticks */
    uint32_t lock_id;           /* what locks it holds have for a holder: index plus one */
    uint32_t flush_wanted;      /* somebody waits for this CPU to flush its TLB; atomic */
    uint32_t start_state;       /* enum start_state in smp.c; atomic */
    uint32_t stopped;           /* by a panic elsewhere; atomic */
    struct cpu_call call;
    uint64_t irq_counts[PER_CPU_VECTORS];
};

extern struct per_cpu boot_cpu;

/* GS to the boot CPU's block: before anything that takes a lock. */
void percpu_early_init(void);
/* A block for the next index, in nobody's set yet. NULL: CPUS_MAX are there. Boot CPU only. */
struct per_cpu *percpu_create(uint32_t apic_id);
/* NULL: no CPU has had that index. */
struct per_cpu *percpu_at(unsigned index);

static inline struct per_cpu *this_cpu(void)
{
    struct per_cpu *cpu;

    __asm__ volatile("mov %%gs:0, %0" : "=r"(cpu));
    return cpu;
}

/* this_cpu()->lock_id in one instruction. */
static inline uint32_t this_lock_id(void)
{
    uint32_t id;

    __asm__ volatile("mov %%gs:%c1, %0" : "=r"(id) : "i"(offsetof(struct per_cpu, lock_id)));
    return id;
}

#endif
