/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several CPUs on purpose: locks misused, panics at once, a translation taken
 * away, calls, a vector freed. Each ends in a trap or a panic, and prints what was seen before.
 */
#include "smp_test.h"

#include <stddef.h>

#include "apic.h"
#include "clock.h"
#include "console.h"
#include "irq.h"
#include "mm.h"
#include "panic.h"
#include "smp.h"
#include "spinlock.h"
#include "thread.h"
#include "vm.h"

#define WAIT_US 1000000u
#define NOISE_ROUNDS 5u
/* Between two lines, so that all come to the lock. */
#define NOISE_PAUSE_US 200u
#define NOISE_WAIT_US 20000000u
#define CALLS 20u
#define WAKES 200u
#define STRESS_ROUNDS 20u
#define STRESS_PAGES 8u
/* The IOAPIC's window: not RAM on any PC, and only mapped here. */
#define STRESS_WINDOW_PA 0xfec00000u
/* Below STACKS_BASE's root entry, far from what stack.c has reached. */
#define PROBE_VA (STACKS_BASE + (1ull << 38))
#define PROBE_VALUE 0x70726f6265ull

static struct spin_lock lock = SPIN_LOCK("test");
static uint32_t step;           /* what two CPUs have agreed on; atomic */

static void set_step(uint32_t to)
{
    __atomic_store_n(&step, to, __ATOMIC_SEQ_CST);
}

static bool await_step(uint32_t wanted)
{
    uint64_t until = now_us() + WAIT_US;

    while (__atomic_load_n(&step, __ATOMIC_SEQ_CST) != wanted) {
        if (now_us() > until)
            return false;
        smp_relax();
    }
    return true;
}

static bool needs_cpus(unsigned count)
{
    for (unsigned cpu = 0; cpu < count; cpu++) {
        if (smp_online(cpu))
            continue;
        log_line(LOG_ERROR, "trap test: %u CPUs are needed, cpu %u is not online", count, cpu);
        return false;
    }
    return true;
}

/* ---- locks ---- */

void smp_test_lock_recursion(void)
{
    uintptr_t outer = spin_lock(&lock), inner = spin_lock(&lock);

    spin_unlock(&lock, inner);
    spin_unlock(&lock, outer);
}

static void hold_lock(void *arg)
{
    (void)arg;
    (void)spin_lock(&lock);
    set_step(1);
    for (;;)
        smp_relax();
}

void smp_test_lock_release(void)
{
    if (!needs_cpus(2) || thread_create_on(1, "holder", hold_lock, NULL) == NULL || !await_step(1))
        return;
    spin_unlock(&lock, irq_save());
}

/* ---- panic ---- */

static uint32_t rounds[CPUS_MAX];      /* lines printed by each CPU; atomic */

static void make_noise(void *arg)
{
    (void)arg;
    for (unsigned round = 0; __atomic_load_n(&step, __ATOMIC_RELAXED) == 0; round++) {
        log_line(LOG_INFO, "noise cpu=%u round=%u", this_cpu()->index, round);
        __atomic_add_fetch(&rounds[this_cpu()->index], 1, __ATOMIC_RELAXED);
        delay_us(NOISE_PAUSE_US);
    }
    if (this_cpu()->index != 1)
        panic("trap test: cpu %u panics", this_cpu()->index);
    for (unsigned round = 0;; round++)
        log_line(LOG_INFO, "noise cpu=%u round=%u after the panic", this_cpu()->index, round);
}

/* CPU 1 goes on printing, the others panic together, and this one waits to be stopped. */
void smp_test_panic(void)
{
    if (!needs_cpus(4))
        return;
    for (unsigned cpu = smp_next(1); cpu < CPUS_MAX; cpu = smp_next(cpu + 1))
        (void)thread_create_on(cpu, "noise", make_noise, NULL);
    for (unsigned cpu = smp_next(1); cpu < CPUS_MAX; cpu = smp_next(cpu + 1))
        for (uint64_t until = now_us() + NOISE_WAIT_US;
             __atomic_load_n(&rounds[cpu], __ATOMIC_RELAXED) < NOISE_ROUNDS && now_us() < until;)
            sleep_us(1000);
    set_step(1);
    sleep_us(WAIT_US);
}

/* ---- shootdown ---- */

static void read_twice(void *arg)
{
    const volatile uint64_t *at = (const volatile uint64_t *)PROBE_VA;
    uint64_t *seen = arg;

    *seen = *at;
    set_step(1);
    if (await_step(2))
        *seen = *at;
    set_step(3);
}

/* CPU 1 keeps the translation it has used unless it is told: only the second read may fault. */
void smp_test_shootdown(void)
{
    static uint64_t seen;
    uint64_t *frame = pages_alloc(1, PAGE_BYTES, 0, UINT64_MAX);

    if (!needs_cpus(2) || frame == NULL ||
        !vm_kernel_map(PROBE_VA, virt_to_phys(frame), PAGE_BYTES, VM_DATA))
        return;
    *frame = PROBE_VALUE;
    if (thread_create_on(1, "reader", read_twice, &seen) == NULL || !await_step(1))
        return;
    print("# shootdown: mapped page read by cpu 1: %s\n", seen == PROBE_VALUE ? "yes" : "no");
    vm_kernel_unmap(PROBE_VA, PAGE_BYTES);
    *frame = 0;
    set_step(2);
    if (await_step(3))
        print("# shootdown: unmapped page read by cpu 1, value 0x%llx\n", (unsigned long long)seen);
}

/* ---- calls ---- */

struct call_test {
    uint32_t calls;             /* that ran where they should; atomic */
    uint32_t wrong;             /* elsewhere, interrupts on, before it was made, not at all */
    uint32_t wakes;
};

struct one_call {
    struct call_test *test;
    unsigned cpu;
    uint64_t began_us;
};

static void count_call(void *arg)
{
    struct one_call *call = arg;
    uintptr_t flags = irq_save();
    bool right = this_cpu()->index == call->cpu && !(flags & BIT64(9)) &&
                 now_us() >= call->began_us;

    irq_restore(flags);
    __atomic_add_fetch(right ? &call->test->calls : &call->test->wrong, 1, __ATOMIC_RELAXED);
}

/* From this CPU to all, itself included, again and again: every CPU does so at once. */
static void call_all(void *arg)
{
    struct call_test *test = arg;

    for (unsigned i = 0; i < CALLS; i++)
        for (unsigned cpu = smp_next(0); cpu < CPUS_MAX; cpu = smp_next(cpu + 1)) {
            struct one_call call = { .test = test, .cpu = cpu, .began_us = now_us() };

            if (!smp_call(cpu, count_call, &call))
                __atomic_add_fetch(&test->wrong, 1, __ATOMIC_RELAXED);
        }
}

static struct wait_queue ball;
static uint32_t ball_side;

static void play(struct call_test *test, uint32_t side)
{
    for (unsigned i = 0; i < WAKES;) {
        uint32_t ticket = wait_ticket(&ball);

        if (__atomic_load_n(&ball_side, __ATOMIC_ACQUIRE) != side) {
            if (!wait_sleep_since(&ball, ticket, WAIT_US))
                return;
            continue;
        }
        __atomic_store_n(&ball_side, !side, __ATOMIC_RELEASE);
        __atomic_add_fetch(&test->wakes, 1, __ATOMIC_RELAXED);
        wait_wake(&ball);
        i++;
    }
}

static void play_other(void *arg)
{
    play(arg, 1);
}

static void undefined_opcode(void *arg)
{
    (void)arg;
    __asm__ volatile("ud2");
}

void smp_test_ipi_call(void)
{
    static struct call_test test;
    struct thread *threads[CPUS_MAX], *other;
    unsigned cpus = smp_count();

    if (!needs_cpus(2))
        return;
    for (unsigned cpu = smp_next(0); cpu < CPUS_MAX; cpu = smp_next(cpu + 1))
        threads[cpu] = thread_create_on(cpu, "caller", call_all, &test);
    for (unsigned cpu = smp_next(0); cpu < CPUS_MAX; cpu = smp_next(cpu + 1))
        if (threads[cpu] != NULL)
            thread_join(threads[cpu]);
    print("# ipi: calls=%u expected=%u wrong=%u\n", test.calls, CALLS * cpus * cpus, test.wrong);
    other = thread_create_on(1, "player", play_other, &test);
    play(&test, 0);
    if (other != NULL)
        thread_join(other);
    print("# ipi: wakes=%u expected=%u\n", test.wakes, 2 * WAKES);
    (void)smp_call(1, undefined_opcode, NULL);
}

/* ---- vectors ---- */

/* CR8 is the task priority: 14 keeps all back but what CPUs send each other. */
#define ONLY_IPIS 14ull
#define HELD_US 50000u

static uint32_t handled;        /* atomic */

static void set_priority(void *arg)
{
    __asm__ volatile("mov %0, %%cr8" : : "r"(*(const uint64_t *)arg) : "memory");
}

static void count_handled(void *arg)
{
    (void)arg;
    __atomic_add_fetch(&handled, 1, __ATOMIC_RELAXED);
}

static void hold_back(void *arg)
{
    uint64_t priority = ONLY_IPIS;

    (void)arg;
    set_priority(&priority);
    set_step(1);
    if (await_step(2))
        delay_us(HELD_US);
    priority = 0;
    set_priority(&priority);
}

/* How many of the vectors that can be had are this one. */
static unsigned given_out(int vector)
{
    unsigned found = 0;

    for (int got = irq_vector_alloc(count_handled, NULL); got >= 0; got = irq_vector_alloc(count_handled, NULL))
        found += got == vector;
    return found;
}

static void send_to_cpu_1(int vector)
{
    (void)apic_ipi(percpu_at(1)->apic_id, APIC_IPI_FIXED | (uint32_t)vector);
}

/* First CPU 1 handles it after a while, then never while the vector is being freed. */
void smp_test_vector_free(void)
{
    const uint64_t only_ipis = ONLY_IPIS, all = 0;
    int vector = irq_vector_alloc(count_handled, NULL);
    struct thread *holder;

    if (!needs_cpus(2) || (holder = thread_create_on(1, "holder", hold_back, NULL)) == NULL || !await_step(1))
        return;
    send_to_cpu_1(vector);
    set_step(2);
    irq_vector_free(vector);
    print("# vector: handled=%u before it was free\n", __atomic_load_n(&handled, __ATOMIC_RELAXED));
    thread_join(holder);
    vector = irq_vector_alloc(count_handled, NULL);
    (void)smp_call(1, set_priority, (void *)(uintptr_t)&only_ipis);
    send_to_cpu_1(vector);
    irq_vector_free(vector);
    (void)smp_call(1, set_priority, (void *)(uintptr_t)&all);
    sleep_us(HELD_US);
    print("# vector: given out again=%u handled=%u\n", given_out(vector), __atomic_load_n(&handled, __ATOMIC_RELAXED));
    panic("trap test: vectors freed, unexpected=%llu", (unsigned long long)irq_unexpected());
}

/* ---- a CPU that does not follow ---- */

static void hear_nothing(void *arg)
{
    (void)arg;
    (void)irq_save();
    set_step(1);
    for (;;)
        cpu_relax();
}

static void say_mode(void *arg)
{
    (void)arg;
    print("# modes: cpu=%u %s\n", this_cpu()->index, irq_x2apic() ? "x2apic" : "xapic");
}

/* CPU 1 answers nobody while the others enter x2APIC mode; afterwards they are a machine without it. */
void smp_test_modes(void)
{
    if (!needs_cpus(3) || thread_create_on(1, "deaf", hear_nothing, NULL) == NULL || !await_step(1))
        return;
    smp_enter_x2apic();
    for (unsigned cpu = smp_next(0); cpu < CPUS_MAX; cpu = smp_next(cpu + 1))
        (void)smp_call(cpu, say_mode, NULL);
    smp_flush_tlb(PROBE_VA, PROBE_VA + PAGE_BYTES);
    panic("trap test: %u of %u cpus run, cpu 1 answers: %s", smp_summary().online, smp_summary().named,
          smp_call(1, say_mode, NULL) ? "yes" : "no");
}

/* ---- everything at once ---- */

static uint32_t stress_errors;  /* atomic */

static void stress_expect(bool right)
{
    if (!right)
        __atomic_add_fetch(&stress_errors, 1, __ATOMIC_RELAXED);
}

/* Frames that belong to one CPU alone keep what it wrote, however long the others run. */
static void stress_frames(uint64_t mark)
{
    uint64_t *pages[STRESS_PAGES];

    for (unsigned i = 0; i < STRESS_PAGES; i++) {
        pages[i] = pages_alloc(1 + i % 2, PAGE_BYTES, 0, UINT64_MAX);
        stress_expect(pages[i] != NULL && *pages[i] == 0);
        if (pages[i] != NULL)
            *pages[i] = mark + i;
    }
    thread_yield();
    for (unsigned i = 0; i < STRESS_PAGES; i++) {
        stress_expect(pages[i] != NULL && *pages[i] == mark + i);
        if (pages[i] != NULL)
            pages_free(pages[i], 1 + i % 2);
    }
}

static void stress_window(void)
{
    void *window = mmio_map(STRESS_WINDOW_PA, PAGE_BYTES);

    stress_expect(window != NULL);
    if (window != NULL)
        mmio_unmap(window, PAGE_BYTES);
}

static void stress_child(void *arg)
{
    *(unsigned *)arg = this_cpu()->index;
}

static void stress_thread(void)
{
    unsigned self = this_cpu()->index, next = smp_next(self + 1), ran = CPUS_MAX;

    next = next < CPUS_MAX ? next : smp_next(0);
    stress_expect(smp_run(next, stress_child, &ran) && ran == next);
}

static void stress_one_cpu(void *arg)
{
    (void)arg;
    for (unsigned round = 0; round < STRESS_ROUNDS; round++) {
        stress_frames((uint64_t)this_cpu()->index << 32 | round << 8);
        stress_window();
        stress_thread();
        sleep_us(round % 4);
    }
}

#define STRESS_RUNS 6u

void smp_test_stress(void)
{
    struct thread *threads[CPUS_MAX];
    long long missing = 1;

    /*
     * Stacks are never given back, and one whose thread has just ended may not be free for the
     * next: every run makes fewer of them, until one makes none. A leak is in every run.
     */
    for (unsigned run = 0; run < STRESS_RUNS && missing != 0; run++) {
        uint64_t free_before = free_bytes();

        for (unsigned cpu = smp_next(0); cpu < CPUS_MAX; cpu = smp_next(cpu + 1))
            threads[cpu] = thread_create_on(cpu, "stress", stress_one_cpu, NULL);
        for (unsigned cpu = smp_next(0); cpu < CPUS_MAX; cpu = smp_next(cpu + 1))
            if (threads[cpu] != NULL)
                thread_join(threads[cpu]);
        missing = (long long)(free_before - free_bytes()) / (long long)PAGE_BYTES;
    }
    panic("trap test: stress of %u cpus, errors=%u, frames missing=%lld", smp_count(),
          stress_errors, missing);
}
