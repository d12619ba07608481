/* SPDX-License-Identifier: BSD-2-Clause */
/* run_queue.c: who is ready runs in the order of coming, who sleeps wakes when the time has come. */
#include "test.h"

#include "run_queue.h"

TEST(the_ready_run_in_the_order_of_coming)
{
    struct run_queue queue = { 0 };
    struct run_entry a = { 0 }, b = { 0 }, c = { 0 };

    CHECK(run_queue_take(&queue) == NULL);
    run_queue_push(&queue, &a);
    run_queue_push(&queue, &b);
    CHECK(run_queue_take(&queue) == &a);
    run_queue_push(&queue, &c);
    run_queue_push(&queue, &a);
    CHECK(run_queue_take(&queue) == &b);
    CHECK(run_queue_take(&queue) == &c);
    CHECK(run_queue_take(&queue) == &a);
    CHECK(run_queue_take(&queue) == NULL);
}

TEST(an_emptied_queue_takes_newcomers)
{
    struct run_queue queue = { 0 };
    struct run_entry a = { 0 }, b = { 0 };

    run_queue_push(&queue, &a);
    CHECK(run_queue_take(&queue) == &a);
    run_queue_push(&queue, &b);
    CHECK(run_queue_take(&queue) == &b);
    CHECK(run_queue_take(&queue) == NULL);
}

TEST(a_sleeper_wakes_at_its_deadline_and_not_before)
{
    struct run_queue queue = { 0 };
    struct run_entry a = { 0 };
    uint64_t next;

    run_queue_sleep(&queue, &a, 100);
    CHECK(a.sleeping);
    CHECK(run_queue_expired(&queue, 99, &next) == NULL);
    CHECK_EQ(next, 100);
    CHECK(run_queue_expired(&queue, 100, &next) == &a);
    CHECK(!a.sleeping);
    CHECK(run_queue_expired(&queue, 200, &next) == NULL);
    CHECK_EQ(next, RUN_NEVER);
}

TEST(the_next_deadline_is_the_earliest)
{
    struct run_queue queue = { 0 };
    struct run_entry a = { 0 }, b = { 0 }, c = { 0 };
    uint64_t next;

    run_queue_sleep(&queue, &a, 300);
    run_queue_sleep(&queue, &b, 200);
    run_queue_sleep(&queue, &c, RUN_NEVER);
    CHECK(run_queue_expired(&queue, 0, &next) == NULL);
    CHECK_EQ(next, 200);
}

TEST(whoever_sleeps_without_a_deadline_is_never_expired)
{
    struct run_queue queue = { 0 };
    struct run_entry a = { 0 };
    uint64_t next;

    run_queue_sleep(&queue, &a, RUN_NEVER);
    CHECK(run_queue_expired(&queue, UINT64_MAX, &next) == NULL);
    CHECK_EQ(next, RUN_NEVER);
    run_queue_wake(&queue, &a);
    CHECK(queue.sleepers == NULL);
}

/* Out of the front, the middle and the end of the list, and everybody else stays. */
TEST(waking_one_leaves_the_others)
{
    for (unsigned woken = 0; woken < 3; woken++) {
        struct run_queue queue = { 0 };
        struct run_entry entries[3] = { 0 };
        unsigned expired = 0;
        struct run_entry *entry;
        uint64_t next;

        for (unsigned i = 0; i < 3; i++)
            run_queue_sleep(&queue, &entries[i], 10 + i);
        run_queue_wake(&queue, &entries[woken]);
        CHECK(!entries[woken].sleeping);
        while ((entry = run_queue_expired(&queue, 50, &next)) != NULL)
            expired |= 1u << (entry - entries);
        CHECK_EQ(expired, 7u & ~(1u << woken));
        CHECK(queue.sleepers == NULL);
    }
}

TEST(a_woken_one_is_not_ready_by_itself)
{
    struct run_queue queue = { 0 };
    struct run_entry a = { 0 };

    run_queue_sleep(&queue, &a, 5);
    run_queue_wake(&queue, &a);
    CHECK(run_queue_take(&queue) == NULL);
}
