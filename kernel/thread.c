/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads, cooperative on each CPU. A thread runs until it waits, yields or
 * ends, and stays on its CPU, so nobody else can run it while its registers
 * are being saved; whoever wakes it puts it into its CPU's queue and, from
 * another CPU, sends an interrupt. With nobody to run a CPU's idle thread halts
 * until the next deadline or interrupt.
 */
#include "thread.h"

#include <stddef.h>

#include "clock.h"
#include "cpu.h"
#include "mm.h"
#include "panic.h"
#include "smp.h"
#include "spinlock.h"

#define STACK_PAGES 8
#define IDLE_STACK_PAGES 4
/* At the low end of every stack: a frame that jumped over the guard page leaves its mark here. */
#define CANARY 0x6b636174735f6f6eull
#define FOREVER RUN_NEVER
/* While somebody sleeps, an idle CPU looks again after that long even without a deadline. */
#define IDLE_US 1000000u

struct thread {
    struct run_entry entry;     /* first: an entry's address is its thread's */
    uint64_t sp;
    const char *name;
    void (*fn)(void *arg);
    void *arg;
    struct per_cpu *cpu;        /* where it runs, always */
    bool over;                  /* has run its last */
    bool on_stack;              /* some CPU still uses its stack; atomic */
    bool woken;                 /* by wait_wake(), not by the deadline */
    struct wait_queue *queue;   /* that it waits in */
    struct thread *next;        /* in the wait queue, or of the spare ones */
    struct wait_queue ended;
    uint64_t *stack_low;        /* NULL: the boot stack */
};
_Static_assert(offsetof(struct thread, entry) == 0, "thread_of() relies on it");

void thread_switch(uint64_t *save_sp, uint64_t next_sp);
void thread_entry(void);
_Noreturn void thread_main(struct thread *thread);

static struct thread first_thread = { .name = "main", .cpu = &boot_cpu, .on_stack = true };
/* Guards: every run queue, every wait queue, the spare threads. */
static struct spin_lock scheduler = SPIN_LOCK("scheduler");
static struct thread *spare;        /* ended and joined: their stacks are used again */

static struct thread *thread_of(struct run_entry *entry)
{
    return (struct thread *)(void *)entry;
}

struct thread *thread_current(void)
{
    return this_cpu()->thread;
}

const char *thread_name(const struct thread *thread)
{
    return thread == NULL ? "none" : thread->name;
}

/* ---- the queues ---- */

static void make_ready_locked(struct thread *thread)
{
    run_queue_push(&thread->cpu->queue, &thread->entry);
    if (thread->cpu != this_cpu())
        smp_kick(thread->cpu->index);
}

static void leave_queue_locked(struct thread *thread)
{
    struct thread **at = &thread->queue->first;

    while (*at != thread)
        at = &(*at)->next;
    *at = thread->next;
}

/*
 * Nobody is here, ready or asleep. Without the lock: who is pushed meanwhile
 * comes with an interrupt, which ends the idle thread's HLT. A machine of many
 * idle CPUs must not meet at one lock.
 */
static bool is_deserted(const struct run_queue *queue)
{
    return __atomic_load_n(&queue->first, __ATOMIC_ACQUIRE) == NULL &&
           __atomic_load_n(&queue->sleepers, __ATOMIC_ACQUIRE) == NULL;
}

/* Makes ready whose time is over here; the next one to run, or NULL and when to look again. */
static struct thread *next_to_run(uint64_t *look_us)
{
    struct run_queue *queue = &this_cpu()->queue;
    struct run_entry *entry;
    uint64_t now = now_us();
    uintptr_t flags;

    *look_us = FOREVER;
    if (is_deserted(queue))
        return NULL;
    flags = spin_lock(&scheduler);
    while ((entry = run_queue_expired(queue, now, look_us)) != NULL) {
        leave_queue_locked(thread_of(entry));
        run_queue_push(queue, entry);
    }
    entry = run_queue_take(queue);
    spin_unlock(&scheduler, flags);
    if (*look_us > now + IDLE_US)
        *look_us = now + IDLE_US;
    return entry == NULL ? NULL : thread_of(entry);
}

/* ---- switching ---- */

static void check_canary(const struct thread *thread)
{
    if (thread->stack_low != NULL && *thread->stack_low != CANARY)
        panic("thread %s: stack overflow, canary 0x%llx", thread->name,
              (unsigned long long)*thread->stack_low);
}

/* The first thing on the new stack: the old one may be used by others from now on. */
static void finish_switch(void)
{
    struct thread *left = this_cpu()->left;

    this_cpu()->left = NULL;
    if (left != NULL)
        __atomic_store_n(&left->on_stack, false, __ATOMIC_RELEASE);
}

static void switch_to(struct thread *to)
{
    struct per_cpu *cpu = this_cpu();
    struct thread *from = cpu->thread;

    if (to == from)
        return;
    check_canary(from);
    cpu->thread = to;
    cpu->left = from;
    __atomic_store_n(&to->on_stack, true, __ATOMIC_RELAXED);
    thread_switch(&from->sp, to->sp);
    finish_switch();
}

/* To the next thread; the caller has put the current one where it belongs. Interrupts are off. */
static void schedule(void)
{
    uint64_t look_us;
    struct thread *to = next_to_run(&look_us);

    switch_to(to == NULL ? this_cpu()->idle : to);
}

/*
 * Halts until somebody can run. STI takes effect behind the instruction that
 * follows it, so no wake-up falls between it and HLT (SDM volume 2, STI).
 */
_Noreturn void thread_idle(void)
{
    finish_switch();
    for (;;) {
        uint64_t look_us;
        struct thread *to = next_to_run(&look_us);

        if (to != NULL) {
            switch_to(to);
            continue;
        }
        if (look_us != FOREVER)
            clock_arm(look_us);
        __asm__ volatile("sti; hlt; cli" : : : "memory");
    }
}

void thread_yield(void)
{
    uintptr_t outer = irq_save(), flags = spin_lock(&scheduler);

    make_ready_locked(thread_current());
    spin_unlock(&scheduler, flags);
    schedule();
    irq_restore(outer);
}

/* ---- waiting ---- */

/* Puts this thread into the queue, with the lock held and interrupts off since the look. */
static void enqueue_locked(struct wait_queue *queue, uint64_t timeout_us)
{
    struct thread *self = thread_current();
    uint64_t now = now_us();

    self->woken = false;
    self->queue = queue;
    self->next = queue->first;
    queue->first = self;
    run_queue_sleep(&self->cpu->queue, &self->entry,
                    timeout_us > FOREVER - now ? FOREVER : now + timeout_us);
}

uint32_t wait_ticket(const struct wait_queue *queue)
{
    return __atomic_load_n(&queue->wakes, __ATOMIC_ACQUIRE);
}

bool wait_sleep_since(struct wait_queue *queue, uint32_t ticket, uint64_t timeout_us)
{
    uintptr_t outer = irq_save(), flags = spin_lock(&scheduler);
    bool missed = queue->wakes != ticket, woken = true;

    if (!missed)
        enqueue_locked(queue, timeout_us);
    spin_unlock(&scheduler, flags);
    if (!missed) {
        schedule();
        woken = thread_current()->woken;
    }
    irq_restore(outer);
    return woken;
}

bool wait_sleep(struct wait_queue *queue, uint64_t timeout_us)
{
    return wait_sleep_since(queue, wait_ticket(queue), timeout_us);
}

void wait_wake(struct wait_queue *queue)
{
    uintptr_t flags = spin_lock(&scheduler);

    __atomic_store_n(&queue->wakes, queue->wakes + 1, __ATOMIC_RELEASE);
    while (queue->first != NULL) {
        struct thread *thread = queue->first;

        queue->first = thread->next;
        run_queue_wake(&thread->cpu->queue, &thread->entry);
        thread->woken = true;
        make_ready_locked(thread);
    }
    spin_unlock(&scheduler, flags);
}

void sleep_us(uint64_t us)
{
    struct wait_queue nobody = { 0 };

    wait_sleep(&nobody, us);
}

/* ---- beginning and end ---- */

_Noreturn void thread_main(struct thread *thread)
{
    finish_switch();
    __asm__ volatile("sti" : : : "memory");
    thread->fn(thread->arg);
    irq_save();
    __atomic_store_n(&thread->over, true, __ATOMIC_RELEASE);
    wait_wake(&thread->ended);
    schedule();
    panic("thread %s: ran after its end", thread->name);
}

static struct thread *take_spare(void)
{
    uintptr_t flags = spin_lock(&scheduler);
    struct thread *thread = spare;

    if (thread != NULL)
        spare = thread->next;
    spin_unlock(&scheduler, flags);
    return thread;
}

static struct thread *new_thread(size_t stack_pages)
{
    uint8_t *top = stack_alloc(stack_pages);
    struct thread *thread;

    if (top == NULL)
        return NULL;
    thread = kalloc(sizeof(*thread));
    thread->stack_low = (uint64_t *)(uintptr_t)(top - stack_pages * PAGE_BYTES);
    return thread;
}

static void fill_thread(struct thread *thread, struct per_cpu *cpu, const char *name,
                        void (*fn)(void *arg), void *arg)
{
    *thread = (struct thread){
        .name = name, .fn = fn, .arg = arg, .cpu = cpu, .stack_low = thread->stack_low,
    };
    *thread->stack_low = CANARY;
}

/* As thread_switch() leaves a stack: r15 r14 r13 r12 rbx rbp and a return address. */
static void lay_out_stack(struct thread *thread, size_t stack_pages)
{
    uint64_t *sp = thread->stack_low + stack_pages * PAGE_BYTES / sizeof(*sp);

    *--sp = 0;
    *--sp = 0;
    *--sp = (uintptr_t)thread_entry;
    *--sp = 0;
    *--sp = (uintptr_t)thread;
    sp -= 4;
    thread->sp = (uintptr_t)sp;
}

struct thread *thread_create_on(unsigned cpu, const char *name, void (*fn)(void *arg), void *arg)
{
    struct thread *thread;
    uintptr_t flags;

    if (!smp_online(cpu))
        return NULL;
    thread = take_spare();
    if (thread == NULL)
        thread = new_thread(STACK_PAGES);
    if (thread == NULL)
        return NULL;
    fill_thread(thread, percpu_at(cpu), name, fn, arg);
    lay_out_stack(thread, STACK_PAGES);
    flags = spin_lock(&scheduler);
    make_ready_locked(thread);
    spin_unlock(&scheduler, flags);
    return thread;
}

struct thread *thread_create(const char *name, void (*fn)(void *arg), void *arg)
{
    return thread_create_on(this_cpu()->index, name, fn, arg);
}

void thread_join(struct thread *thread)
{
    uintptr_t flags;

    for (;;) {
        uint32_t ticket = wait_ticket(&thread->ended);

        if (__atomic_load_n(&thread->over, __ATOMIC_ACQUIRE))
            break;
        wait_sleep_since(&thread->ended, ticket, FOREVER);
    }
    while (__atomic_load_n(&thread->on_stack, __ATOMIC_ACQUIRE))
        smp_relax();
    flags = spin_lock(&scheduler);
    thread->next = spare;
    spare = thread;
    spin_unlock(&scheduler, flags);
}

/* ---- idle threads ---- */

static void idle_main(void *arg)
{
    (void)arg;
    irq_save();
    thread_idle();
}

bool thread_prepare_idle(struct per_cpu *cpu, void **stack_top)
{
    struct thread *thread = new_thread(IDLE_STACK_PAGES);

    if (thread == NULL)
        return false;
    fill_thread(thread, cpu, "idle", idle_main, NULL);
    lay_out_stack(thread, IDLE_STACK_PAGES);
    *stack_top = thread->stack_low + IDLE_STACK_PAGES * PAGE_BYTES / sizeof(uint64_t);
    cpu->idle = thread;
    return true;
}

void thread_init(void)
{
    void *unused;

    this_cpu()->thread = &first_thread;
    if (!thread_prepare_idle(this_cpu(), &unused))
        panic("thread: no memory for the idle thread");
}
