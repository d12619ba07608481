/* SPDX-License-Identifier: BSD-2-Clause */
/* cpu_set.h: members across words, the ends, and an index that is none. */
#include "test.h"

#include "cpu_set.h"

TEST(an_empty_set_has_nobody)
{
    struct cpu_set set = { 0 };

    CHECK_EQ(cpu_set_count(&set), 0);
    CHECK_EQ(cpu_set_next(&set, 0), CPUS_MAX);
    CHECK(!cpu_set_has(&set, 0));
}

TEST(members_are_found_in_order_across_words)
{
    static const unsigned members[] = { 0, 63, 64, 287, 511 };
    struct cpu_set set = { 0 };
    unsigned at = 0;

    for (size_t i = sizeof(members) / sizeof(members[0]); i-- > 0;)
        cpu_set_add(&set, members[i]);
    CHECK_EQ(cpu_set_count(&set), 5);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        CHECK(cpu_set_has(&set, members[i]));
        CHECK_EQ(cpu_set_next(&set, at), members[i]);
        at = members[i] + 1;
    }
    CHECK_EQ(cpu_set_next(&set, at), CPUS_MAX);
    CHECK(!cpu_set_has(&set, 1));
    CHECK(!cpu_set_has(&set, 65));
}

TEST(the_next_one_may_be_the_first_of_a_later_word)
{
    struct cpu_set set = { 0 };

    cpu_set_add(&set, 64);
    cpu_set_add(&set, 192);
    CHECK_EQ(cpu_set_next(&set, 1), 64);
    CHECK_EQ(cpu_set_next(&set, 100), 192);
}

TEST(a_member_counts_once_and_leaves_alone)
{
    struct cpu_set set = { 0 };

    cpu_set_add(&set, 64);
    cpu_set_add(&set, 64);
    cpu_set_add(&set, 65);
    CHECK_EQ(cpu_set_count(&set), 2);
    cpu_set_remove(&set, 64);
    cpu_set_remove(&set, 64);
    CHECK_EQ(cpu_set_count(&set), 1);
    CHECK(!cpu_set_has(&set, 64));
    CHECK(cpu_set_has(&set, 65));
}

TEST(an_index_beyond_the_last_is_in_no_set)
{
    struct cpu_set set;

    memset(&set, 0xff, sizeof(set));
    CHECK(cpu_set_has(&set, CPUS_MAX - 1));
    CHECK(!cpu_set_has(&set, CPUS_MAX));
    CHECK_EQ(cpu_set_next(&set, CPUS_MAX), CPUS_MAX);
    CHECK_EQ(cpu_set_count(&set), CPUS_MAX);
}
