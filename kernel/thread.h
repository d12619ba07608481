/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel threads, cooperative on one CPU, and wait queues. */
#ifndef KERNEL_THREAD_H
#define KERNEL_THREAD_H

#include <stdbool.h>
#include <stdint.h>

struct thread;

void thread_init(void);         /* after clock_init(); the caller becomes the first thread */
/* Starts fn(arg) on a stack of its own. NULL: no memory. */
struct thread *thread_create(const char *name, void (*fn)(void *arg), void *arg);
void thread_join(struct thread *thread);    /* waits for its end and frees it */
void thread_yield(void);
struct thread *thread_current(void);
const char *thread_name(const struct thread *thread);

struct wait_queue {
    struct thread *first;
};
/*
 * Sleeps until wait_wake() or until the time is over; true when woken. Check
 * the condition again after it: wake-ups may be spurious. Where an interrupt
 * handler wakes, keep interrupts off (irq_save()) from the look at the
 * condition until the call; it lets them in while it waits.
 */
bool wait_sleep(struct wait_queue *queue, uint64_t timeout_us);
void wait_wake(struct wait_queue *queue);   /* all of them; any context */

#endif
