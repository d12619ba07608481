/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several CPUs on purpose: locks misused, panics at once, a translation taken
 * away, calls. Each ends in a trap or a panic, and prints what was seen before.
 */
#include "smp_test.h"

#include <stddef.h>

#include "clock.h"
#include "console.h"
#include "mm.h"
#include "panic.h"
#include "smp.h"
#include "spinlock.h"
#include "thread.h"
#include "vm.h"

#define WAIT_US 1000000u
#define NOISE_ROUNDS 5u
#define NOISE_WAIT_US 20000000u
#define CALLS 20u
#define WAKES 200u
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
    if (smp_count() >= count)
        return true;
    log_line(LOG_ERROR, "trap test: %u CPUs are needed, there are %u", count, smp_count());
    return false;
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
    uint32_t wrong;             /* elsewhere, with interrupts on, before it was made, or not at all */
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
