/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other CPUs: bringing them up, and what one CPU asks of another. Index 0
 * is the boot CPU. With one CPU everything here works and costs nothing.
 */
#ifndef KERNEL_SMP_H
#define KERNEL_SMP_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu.h"
#include "percpu.h"

/*
 * Starts every CPU that the MADT names with an APIC id up to 254, one after the
 * other. One that does not come up in time, or not as it should, is reported
 * and left out. Needs thread_init(); call it once, on the boot CPU.
 */
void smp_init(void);
/*
 * Every CPU that runs into x2APIC mode, once interrupts are remapped with
 * 32-bit destinations; those with higher ids are started in it by
 * smp_init_wide(). One that does not answer is reported, stopped and left out.
 * On the boot CPU, which alone has work.
 */
void smp_enter_x2apic(void);
/* The rest, which no interrupt reaches without x2APIC mode and remapping; why not NULL: they stay parked, and why is said. */
void smp_init_wide(const char *why_not);

struct smp_summary {
    unsigned named;             /* by the MADT, the boot CPU included */
    unsigned online;
    uint64_t tsc_error;         /* the widest uncertainty of the TSCs' comparison, in ticks */
    uint64_t tsc_offset;        /* the largest offset that was found and is corrected */
};
struct smp_summary smp_summary(void);

unsigned smp_count(void);                       /* CPUs that run */
bool smp_online(unsigned cpu);
/* The next running CPU at or above from; CPUS_MAX: none. */
unsigned smp_next(unsigned from);

/*
 * Runs fn(arg) on that CPU in interrupt context and waits for its end. Not
 * with interrupts off or a lock held, unless cpu is this one. False: the CPU is
 * not online, or has not answered in time; then fn has not run and will not.
 */
bool smp_call(unsigned cpu, void (*fn)(void *arg), void *arg);
/* The same in a thread, which may sleep and takes what time it needs. */
bool smp_run(unsigned cpu, void (*fn)(void *arg), void *arg);

/* Makes that CPU look at its run queue. Any context. */
void smp_kick(unsigned cpu);

/*
 * No CPU remembers a translation of [start, end) when it returns. Any context.
 * Panics when a CPU does not answer: what it remembers cannot be known.
 */
void smp_flush_tlb(uint64_t start, uint64_t end);
void smp_flush_own_tlb(uint64_t start, uint64_t end);
void smp_flush_here(void);      /* does what was asked of this CPU */

/* In every turn of a wait with interrupts off. */
static inline void smp_relax(void)
{
    if (__atomic_load_n(&this_cpu()->flush_wanted, __ATOMIC_ACQUIRE))
        smp_flush_here();
    cpu_relax();
}

/*
 * For good: stops all other CPUs by NMI and waits a bounded time. The first CPU to call it
 * goes on, any other stops here.
 */
void smp_stop_others(void);
bool smp_alone(void);           /* smp_stop_others() is done and this CPU called it */
unsigned smp_stopped(void);     /* how many others have stopped */
/* By an NMI: stops this CPU when somebody wants that; returns otherwise. */
void smp_stop_here(void);

/* In smp_ipi.c, for the bring-up. */
void smp_ipi_init(void);
void smp_set_online(struct per_cpu *cpu);
/* By another CPU: it is asked nothing any more. */
void smp_set_offline(const struct per_cpu *cpu);

#endif
