/* SPDX-License-Identifier: BSD-2-Clause */
/* One CPU's ready and sleeping threads as two lists. */
#include "run_queue.h"

#include <stddef.h>

void run_queue_push(struct run_queue *queue, struct run_entry *entry)
{
    struct run_entry *last = queue->last;

    entry->next = NULL;
    queue->last = entry;
    if (queue->first == NULL)
        __atomic_store_n(&queue->first, entry, __ATOMIC_RELEASE);
    else
        last->next = entry;
}

struct run_entry *run_queue_take(struct run_queue *queue)
{
    struct run_entry *entry = queue->first;

    if (entry != NULL)
        queue->first = entry->next;
    return entry;
}

void run_queue_sleep(struct run_queue *queue, struct run_entry *entry, uint64_t deadline_us)
{
    entry->deadline_us = deadline_us;
    entry->sleeping = true;
    entry->last_sleeper = NULL;
    entry->next_sleeper = queue->sleepers;
    if (queue->sleepers != NULL)
        queue->sleepers->last_sleeper = entry;
    queue->sleepers = entry;
}

void run_queue_wake(struct run_queue *queue, struct run_entry *entry)
{
    if (entry->last_sleeper != NULL)
        entry->last_sleeper->next_sleeper = entry->next_sleeper;
    else
        queue->sleepers = entry->next_sleeper;
    if (entry->next_sleeper != NULL)
        entry->next_sleeper->last_sleeper = entry->last_sleeper;
    entry->sleeping = false;
}

struct run_entry *run_queue_expired(struct run_queue *queue, uint64_t now_us, uint64_t *next_us)
{
    *next_us = RUN_NEVER;
    for (struct run_entry *entry = queue->sleepers; entry != NULL; entry = entry->next_sleeper) {
        if (entry->deadline_us <= now_us && entry->deadline_us != RUN_NEVER) {
            run_queue_wake(queue, entry);
            return entry;
        }
        if (entry->deadline_us < *next_us)
            *next_us = entry->deadline_us;
    }
    return NULL;
}
