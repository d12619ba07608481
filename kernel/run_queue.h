/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may run on a CPU next, first come first served, and who sleeps there
 * until when. Entries are members of their owner's structure. No lock: the
 * caller holds the scheduler's. Portable.
 */
#ifndef KERNEL_RUN_QUEUE_H
#define KERNEL_RUN_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#define RUN_NEVER UINT64_MAX

struct run_entry {
    struct run_entry *next;             /* in the queue of the ready */
    struct run_entry *next_sleeper, *last_sleeper;
    uint64_t deadline_us;
    bool sleeping;
};

/* All zero is empty. */
struct run_queue {
    struct run_entry *first, *last;
    struct run_entry *sleepers;         /* any order */
};

void run_queue_push(struct run_queue *queue, struct run_entry *entry);
struct run_entry *run_queue_take(struct run_queue *queue);      /* NULL: nobody is ready */

/* RUN_NEVER: until it is taken out. An entry sleeps once at a time. */
void run_queue_sleep(struct run_queue *queue, struct run_entry *entry, uint64_t deadline_us);
/* Out of the sleepers, and not ready either: the caller says what comes next. */
void run_queue_wake(struct run_queue *queue, struct run_entry *entry);
/* A sleeper whose deadline is at or before now, taken out; NULL, and the next deadline. */
struct run_entry *run_queue_expired(struct run_queue *queue, uint64_t now_us, uint64_t *next_us);

#endif
