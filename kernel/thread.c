/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cooperative threads on one CPU. A thread runs until it waits, yields or
 * ends; interrupt handlers only move threads to the run queue. With nobody to
 * run the CPU halts until the next deadline or interrupt.
 */
#include "thread.h"

#include <stddef.h>

#include "clock.h"
#include "cpu.h"
#include "irq.h"
#include "mm.h"
#include "panic.h"

#define STACK_PAGES 8
/* At the low end of every stack: a frame that jumped over the guard page leaves its mark here. */
#define CANARY 0x6b636174735f6f6eull
#define FOREVER UINT64_MAX
/* An idle CPU looks again after that long even without a deadline. */
#define IDLE_US 1000000u

enum thread_state { THREAD_READY, THREAD_WAITING, THREAD_ENDED };

struct thread {
    uint64_t sp;
    const char *name;
    void (*fn)(void *arg);
    void *arg;
    enum thread_state state;
    bool woken;                 /* by wait_wake(), not by the deadline */
    uint64_t deadline_us;
    struct wait_queue *queue;   /* that it waits in */
    struct thread *next;        /* in the run queue or the wait queue */
    struct thread *next_sleeper;
    struct wait_queue ended;
    uint64_t *stack_low;        /* NULL: the boot stack */
};

void thread_switch(uint64_t *save_sp, uint64_t next_sp);
void thread_entry(void);
_Noreturn void thread_main(struct thread *thread);

static struct thread first_thread = { .name = "main" };
/* Guarded by interrupts being off, as is every struct thread. */
static struct thread *run_first, **run_last = &run_first;
static struct thread *sleepers;     /* every waiting thread, with a deadline or not */
static struct thread *spare;        /* ended and joined: their stacks are used again */

void thread_init(void)
{
    this_cpu()->thread = &first_thread;
}

struct thread *thread_current(void)
{
    return this_cpu()->thread;
}

const char *thread_name(const struct thread *thread)
{
    return thread->name;
}

/* ---- the queues ---- */

static void make_ready(struct thread *thread)
{
    thread->state = THREAD_READY;
    thread->next = NULL;
    *run_last = thread;
    run_last = &thread->next;
}

static struct thread *take_ready(void)
{
    struct thread *thread = run_first;

    if (thread == NULL)
        return NULL;
    run_first = thread->next;
    if (run_first == NULL)
        run_last = &run_first;
    return thread;
}

static void leave_sleepers(struct thread *thread)
{
    struct thread **at = &sleepers;

    while (*at != thread)
        at = &(*at)->next_sleeper;
    *at = thread->next_sleeper;
}

static void leave_queue(struct thread *thread)
{
    struct thread **at = &thread->queue->first;

    while (*at != thread)
        at = &(*at)->next;
    *at = thread->next;
}

/* Wakes whose time is over; returns the next deadline. */
static uint64_t wake_expired(uint64_t now)
{
    uint64_t next = FOREVER;
    struct thread *following;

    for (struct thread *thread = sleepers; thread != NULL; thread = following) {
        following = thread->next_sleeper;
        if (thread->deadline_us > now) {
            next = thread->deadline_us < next ? thread->deadline_us : next;
            continue;
        }
        leave_queue(thread);
        leave_sleepers(thread);
        make_ready(thread);
    }
    return next;
}

/* ---- switching ---- */

static void check_canary(const struct thread *thread)
{
    if (thread->stack_low != NULL && *thread->stack_low != CANARY)
        panic("thread %s: stack overflow, canary 0x%llx", thread->name,
              (unsigned long long)*thread->stack_low);
}

/*
 * Halts until somebody can run. STI takes effect behind the instruction that
 * follows it, so no wake-up falls between it and HLT (SDM volume 2, STI).
 */
static struct thread *wait_for_ready(void)
{
    for (;;) {
        uint64_t now = now_us(), next = wake_expired(now);
        struct thread *thread = take_ready();

        if (thread != NULL)
            return thread;
        clock_arm(next < now + IDLE_US ? next : now + IDLE_US);
        __asm__ volatile("sti; hlt; cli" : : : "memory");
    }
}

/* To the next thread; the caller has put the current one where it belongs. Interrupts are off. */
static void schedule(void)
{
    struct thread *from = thread_current(), *to = wait_for_ready();

    if (to == from)
        return;
    check_canary(from);
    this_cpu()->thread = to;
    thread_switch(&from->sp, to->sp);
}

void thread_yield(void)
{
    uintptr_t flags = irq_save();

    make_ready(thread_current());
    schedule();
    irq_restore(flags);
}

bool wait_sleep(struct wait_queue *queue, uint64_t timeout_us)
{
    uintptr_t flags = irq_save();
    struct thread *self = thread_current();
    uint64_t now = now_us();
    bool woken;

    self->state = THREAD_WAITING;
    self->woken = false;
    self->deadline_us = timeout_us > FOREVER - now ? FOREVER : now + timeout_us;
    self->queue = queue;
    self->next = queue->first;
    queue->first = self;
    self->next_sleeper = sleepers;
    sleepers = self;
    schedule();
    woken = self->woken;
    irq_restore(flags);
    return woken;
}

void wait_wake(struct wait_queue *queue)
{
    uintptr_t flags = irq_save();

    while (queue->first != NULL) {
        struct thread *thread = queue->first;

        queue->first = thread->next;
        leave_sleepers(thread);
        thread->woken = true;
        make_ready(thread);
    }
    irq_restore(flags);
}

void sleep_us(uint64_t us)
{
    struct wait_queue nobody = { NULL };

    wait_sleep(&nobody, us);
}

/* ---- beginning and end ---- */

_Noreturn void thread_main(struct thread *thread)
{
    __asm__ volatile("sti" : : : "memory");
    thread->fn(thread->arg);
    irq_save();
    thread->state = THREAD_ENDED;
    wait_wake(&thread->ended);
    schedule();
    panic("thread %s: ran after its end", thread->name);
}

static struct thread *thread_obtain(void)
{
    struct thread *thread = spare;
    uint8_t *top;

    if (thread != NULL) {
        spare = thread->next;
        return thread;
    }
    top = stack_alloc(STACK_PAGES);
    if (top == NULL)
        return NULL;
    thread = kalloc(sizeof(*thread));
    thread->stack_low = (uint64_t *)(uintptr_t)(top - STACK_PAGES * PAGE_BYTES);
    return thread;
}

struct thread *thread_create(const char *name, void (*fn)(void *arg), void *arg)
{
    uintptr_t flags = irq_save();
    struct thread *thread = thread_obtain();
    uint64_t *sp;

    if (thread == NULL)
        goto out;
    *thread = (struct thread){
        .name = name, .fn = fn, .arg = arg, .stack_low = thread->stack_low,
    };
    *thread->stack_low = CANARY;
    /* As thread_switch() leaves a stack: r15 r14 r13 r12 rbx rbp and a return address. */
    sp = thread->stack_low + STACK_PAGES * PAGE_BYTES / sizeof(*sp);
    *--sp = 0;
    *--sp = 0;
    *--sp = (uintptr_t)thread_entry;
    *--sp = 0;
    *--sp = (uintptr_t)thread;
    sp -= 4;
    thread->sp = (uintptr_t)sp;
    make_ready(thread);
out:
    irq_restore(flags);
    return thread;
}

void thread_join(struct thread *thread)
{
    uintptr_t flags = irq_save();

    while (thread->state != THREAD_ENDED)
        wait_sleep(&thread->ended, FOREVER);
    thread->next = spare;
    spare = thread;
    irq_restore(flags);
}
