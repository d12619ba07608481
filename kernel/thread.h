/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel threads and wait queues. A thread stays on the CPU that it was made
 * for and runs there until it waits, yields or ends; threads of different CPUs
 * run at once. Any CPU may wake any thread.
 */
#ifndef KERNEL_THREAD_H
#define KERNEL_THREAD_H

#include <stdbool.h>
#include <stdint.h>

struct thread;
struct per_cpu;

void thread_init(void);         /* after clock_init(); the caller becomes the first thread */
/* Starts fn(arg) on a stack of its own, on this CPU. NULL: no memory. */
struct thread *thread_create(const char *name, void (*fn)(void *arg), void *arg);
/* The same on that CPU. NULL also: it is not online. */
struct thread *thread_create_on(unsigned cpu, const char *name, void (*fn)(void *arg), void *arg);
void thread_join(struct thread *thread);    /* waits for its end and frees it */
void thread_yield(void);
struct thread *thread_current(void);
const char *thread_name(const struct thread *thread);

/* The idle thread of a CPU that is being started, with its stack's top. False: no memory. */
bool thread_prepare_idle(struct per_cpu *cpu, void **stack_top);
/* On that CPU and stack: runs what threads there are, for ever. Interrupts are off. */
_Noreturn void thread_idle(void);

/* All zero is empty. */
struct wait_queue {
    struct thread *first;
    uint32_t wakes;
};
/*
 * Sleeps until wait_wake() or until the time is over; true when woken. Check
 * the condition again after it: wake-ups may be spurious. Where an interrupt
 * handler of this CPU wakes, keep interrupts off (irq_save()) from the look at
 * the condition until the call; it lets them in while it waits.
 */
bool wait_sleep(struct wait_queue *queue, uint64_t timeout_us);
/*
 * Where another CPU may wake: take a ticket, look at the condition, then sleep
 * with that ticket; a wake-up since the ticket ends the sleep at once.
 */
uint32_t wait_ticket(const struct wait_queue *queue);
bool wait_sleep_since(struct wait_queue *queue, uint32_t ticket, uint64_t timeout_us);
void wait_wake(struct wait_queue *queue);   /* all of them; any context, any CPU */

#endif
