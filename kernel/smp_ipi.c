/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one CPU asks of another: to look at its run queue, to run a function,
 * to forget translations (SDM 4.10.5), to stop for a panic. Every wait is
 * bounded; requests are words in the other CPU's block, so an interrupt that
 * comes twice, or from a device that has no business to send it, does no harm.
 */
#include "smp.h"

#include <stddef.h>

#include "apic.h"
#include "clock.h"
#include "irq.h"
#include "mm.h"
#include "panic.h"
#include "spinlock.h"
#include "thread.h"

/* A CPU keeps interrupts off for microseconds; one that is emulated on a busy host is slow. */
#define CALL_WAIT_US 2000000u
#define CALL_RUN_US 20000000u
#define FLUSH_WAIT_US 10000000u
#define STOP_WAIT_US 500000u
/* More single invalidations than that cost more than losing the whole TLB. */
#define FLUSH_ALL_PAGES 64
#define RFLAGS_IF BIT64(9)

enum call_state { CALL_FREE, CALL_CLAIMED, CALL_WANTED, CALL_RUNNING, CALL_DONE };

static struct cpu_set online = { .words = { 1 } };
static unsigned online_count = 1;

/* Guards: the range that all of them are asked to forget. */
static struct spin_lock flush_lock = SPIN_LOCK("flush");
static uint64_t flush_start, flush_end;

static uint32_t stop_owner;     /* index plus one of the CPU that stops the others; atomic */
static bool alone;

unsigned smp_count(void)
{
    return __atomic_load_n(&online_count, __ATOMIC_ACQUIRE);
}

bool smp_online(unsigned cpu)
{
    return cpu_set_has(&online, cpu);
}

unsigned smp_next(unsigned from)
{
    return cpu_set_next(&online, from);
}

/* On that CPU. Translations it took up before it could be asked to forget them go now. */
void smp_set_online(struct per_cpu *cpu)
{
    cpu_set_add(&online, cpu->index);
    __atomic_add_fetch(&online_count, 1, __ATOMIC_SEQ_CST);
    smp_flush_own_tlb(0, UINT64_MAX);
}

void smp_set_offline(const struct per_cpu *cpu)
{
    cpu_set_remove(&online, cpu->index);
    __atomic_sub_fetch(&online_count, 1, __ATOMIC_SEQ_CST);
}

/* ---- run queue ---- */

/* Its work is done by having ended HLT. */
static void kicked(void *arg)
{
    (void)arg;
}

void smp_kick(unsigned cpu)
{
    (void)apic_ipi(percpu_at(cpu)->apic_id, APIC_IPI_FIXED | IRQ_IPI_KICK);
}

/* ---- calls ---- */

static bool call_step(struct cpu_call *call, uint32_t from, uint32_t to)
{
    return __atomic_compare_exchange_n(&call->state, &from, to, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

static void called(void *arg)
{
    struct cpu_call *call = &this_cpu()->call;

    (void)arg;
    if (!call_step(call, CALL_WANTED, CALL_RUNNING))
        return;
    call->fn(call->arg);
    __atomic_store_n(&call->state, CALL_DONE, __ATOMIC_RELEASE);
}

/* False: withdrawn, since that CPU has not begun in time. */
static bool call_wait(unsigned cpu, struct cpu_call *call)
{
    uint64_t began = now_us();

    while (__atomic_load_n(&call->state, __ATOMIC_ACQUIRE) != CALL_DONE) {
        uint64_t waited = now_us() - began;

        if (waited > CALL_WAIT_US && call_step(call, CALL_WANTED, CALL_FREE))
            return false;
        if (waited > CALL_RUN_US)
            panic("smp: cpu %u has not ended a call after %u us", cpu, CALL_RUN_US);
        smp_relax();
    }
    __atomic_store_n(&call->state, CALL_FREE, __ATOMIC_RELEASE);
    return true;
}

static bool call_claim(struct cpu_call *call)
{
    uint64_t until = now_us() + CALL_WAIT_US;

    while (!call_step(call, CALL_FREE, CALL_CLAIMED)) {
        if (now_us() > until)
            return false;
        smp_relax();
    }
    return true;
}

bool smp_call(unsigned cpu, void (*fn)(void *arg), void *arg)
{
    uintptr_t flags = irq_save();
    struct cpu_call *call;

    if (cpu == this_cpu()->index) {
        fn(arg);
        irq_restore(flags);
        return true;
    }
    irq_restore(flags);
    /* Two CPUs that call each other must both be able to answer. */
    if (!(flags & RFLAGS_IF))
        panic("smp: cpu %u calls cpu %u with interrupts off", this_cpu()->index, cpu);
    call = smp_online(cpu) ? &percpu_at(cpu)->call : NULL;
    if (call == NULL || !call_claim(call))
        return false;
    call->fn = fn;
    call->arg = arg;
    __atomic_store_n(&call->state, CALL_WANTED, __ATOMIC_RELEASE);
    (void)apic_ipi(percpu_at(cpu)->apic_id, APIC_IPI_FIXED | IRQ_IPI_CALL);
    return call_wait(cpu, call);
}

bool smp_run(unsigned cpu, void (*fn)(void *arg), void *arg)
{
    struct thread *thread;

    if (cpu == this_cpu()->index) {
        fn(arg);
        return true;
    }
    thread = smp_online(cpu) ? thread_create_on(cpu, "run", fn, arg) : NULL;
    if (thread == NULL)
        return false;
    thread_join(thread);
    return true;
}

/* ---- translations ---- */

void smp_flush_own_tlb(uint64_t start, uint64_t end)
{
    if ((end - start) / PAGE_BYTES > FLUSH_ALL_PAGES) {
        uint64_t cr4 = cr4_read();

        /* SDM 4.10.4.1: a change of PGE drops global entries too. */
        cr4_write(cr4 & ~CR4_PGE);
        cr4_write(cr4);
        return;
    }
    for (uint64_t va = start; va < end; va += PAGE_BYTES)
        cpu_invlpg(va);
}

/* Interrupts stay off from look to answer, or it could answer a later request unread. */
void smp_flush_here(void)
{
    uint32_t *wanted = &this_cpu()->flush_wanted;
    uintptr_t flags = irq_save();

    if (__atomic_load_n(wanted, __ATOMIC_ACQUIRE)) {
        smp_flush_own_tlb(flush_start, flush_end);
        __atomic_store_n(wanted, 0, __ATOMIC_RELEASE);
    }
    irq_restore(flags);
}

static void flush_asked(void *arg)
{
    (void)arg;
    smp_flush_here();
}

static void flush_wait(unsigned cpu)
{
    uint64_t until = now_us() + FLUSH_WAIT_US;

    while (__atomic_load_n(&percpu_at(cpu)->flush_wanted, __ATOMIC_ACQUIRE)) {
        if (now_us() > until)
            panic("smp: cpu %u has not flushed 0x%llx-0x%llx after %u us", cpu,
                  (unsigned long long)flush_start, (unsigned long long)flush_end, FLUSH_WAIT_US);
        cpu_relax();
    }
}

static void flush_others_locked(uint64_t start, uint64_t end)
{
    unsigned self = this_cpu()->index;

    flush_start = start;
    flush_end = end;
    for (unsigned cpu = smp_next(0); cpu < CPUS_MAX; cpu = smp_next(cpu + 1)) {
        if (cpu == self)
            continue;
        __atomic_store_n(&percpu_at(cpu)->flush_wanted, 1, __ATOMIC_RELEASE);
        (void)apic_ipi(percpu_at(cpu)->apic_id, APIC_IPI_FIXED | IRQ_IPI_FLUSH);
    }
    for (unsigned cpu = smp_next(0); cpu < CPUS_MAX; cpu = smp_next(cpu + 1))
        if (cpu != self)
            flush_wait(cpu);
}

/* The fence: a CPU that comes up now either sees the tables as they are or is seen here. */
void smp_flush_tlb(uint64_t start, uint64_t end)
{
    uintptr_t flags;

    smp_flush_own_tlb(start, end);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (smp_count() == 1 || smp_alone())
        return;
    flags = spin_lock(&flush_lock);
    flush_others_locked(start, end);
    spin_unlock(&flush_lock, flags);
}

/* ---- the end ---- */

_Noreturn static void stop_for_good(void)
{
    __atomic_store_n(&this_cpu()->stopped, 1, __ATOMIC_RELEASE);
    cpu_halt();
}

void smp_stop_here(void)
{
    uint32_t owner = __atomic_load_n(&stop_owner, __ATOMIC_ACQUIRE);

    if (owner != 0 && owner != this_cpu()->index + 1)
        stop_for_good();
}

unsigned smp_stopped(void)
{
    unsigned count = 0;

    for (unsigned cpu = smp_next(0); cpu < CPUS_MAX; cpu = smp_next(cpu + 1))
        count += __atomic_load_n(&percpu_at(cpu)->stopped, __ATOMIC_ACQUIRE);
    return count;
}

bool smp_alone(void)
{
    return __atomic_load_n(&alone, __ATOMIC_RELAXED) && stop_owner == this_cpu()->index + 1;
}

void smp_stop_others(void)
{
    uint32_t me = this_cpu()->index + 1, owner = 0;
    uint64_t until;

    if (!__atomic_compare_exchange_n(&stop_owner, &owner, me, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE)) {
        if (owner == me)
            return;
        stop_for_good();
    }
    for (unsigned cpu = smp_next(0); cpu < CPUS_MAX; cpu = smp_next(cpu + 1))
        if (cpu != me - 1)
            (void)apic_ipi(percpu_at(cpu)->apic_id, APIC_IPI_NMI);
    until = now_us() + STOP_WAIT_US;
    while (smp_stopped() + 1 < smp_count() && now_us() <= until)
        cpu_relax();
    __atomic_store_n(&alone, true, __ATOMIC_RELEASE);
}

void smp_ipi_init(void)
{
    irq_vector_set(IRQ_IPI_KICK, kicked, NULL);
    irq_vector_set(IRQ_IPI_CALL, called, NULL);
    irq_vector_set(IRQ_IPI_FLUSH, flush_asked, NULL);
}
