/* SPDX-License-Identifier: BSD-2-Clause */
/* window_space.c: where windows lie, and that address space comes back. */
#include "test.h"

#include "mm.h"
#include "window_space.h"

#define PAGE 0x1000ull
#define LARGE 0x200000ull
#define HUGE 0x40000000ull
#define REGISTERS 0xfed90000ull
/* kernel/mm.h: one root entry, 512 GiB. */
#define SPACE_END (MMIO_BASE + 0x8000000000ull)

static void give(uint64_t at, uint64_t len)
{
    CHECK(window_give(at, at + len));
}

TEST(windows_have_a_page_between_them_and_are_used_again)
{
    uint64_t a = window_take(REGISTERS, PAGE), b = window_take(REGISTERS, PAGE), c;

    CHECK_EQ(a, MMIO_BASE);
    CHECK_EQ(b, a + 2 * PAGE);
    give(a, PAGE);
    CHECK_EQ(window_take(REGISTERS, PAGE), a);
    give(a, PAGE);
    /* Two pages do not fit into the gap of one and the page behind it. */
    c = window_take(REGISTERS, 2 * PAGE);
    CHECK_EQ(c, b + 2 * PAGE);
    give(c, 2 * PAGE);
    give(b, PAGE);
}

TEST(large_windows_agree_with_large_pages)
{
    uint64_t small = window_take(REGISTERS, PAGE);
    uint64_t large = window_take(0xe0012000, LARGE), huge = window_take(0x4000305000, HUGE);

    CHECK_EQ(large, MMIO_BASE + 0x12000);
    CHECK_EQ(huge % HUGE, 0x305000);
    CHECK(huge >= large + LARGE + PAGE);
    give(huge, HUGE);
    give(large, LARGE);
    give(small, PAGE);
}

TEST(what_is_larger_than_the_space)
{
    uint64_t all = window_take(0, 0x8000000000ull);

    CHECK_EQ(all, MMIO_BASE);
    CHECK_EQ(window_take(REGISTERS, PAGE), 0);
    give(all, 0x8000000000ull);
    CHECK_EQ(window_take(0, 0x8000000000ull + PAGE), 0);
    CHECK_EQ(window_take(HUGE - PAGE, 0x8000000000ull), 0);
    CHECK_EQ(window_take(0, UINT64_MAX - PAGE + 1), 0);
}

TEST(only_whole_windows_are_given_back)
{
    uint64_t at = window_take(REGISTERS, 2 * PAGE);

    CHECK(!window_give(at + PAGE, at + 2 * PAGE));
    CHECK(!window_give(at, at + PAGE));
    CHECK(!window_give(at, at + 3 * PAGE));
    give(at, 2 * PAGE);
    CHECK(!window_give(at, at + 2 * PAGE));
}

TEST(the_table_of_windows_ends)
{
    static uint64_t taken[1024];
    size_t count = 0;

    while (count < 1024 && (taken[count] = window_take(REGISTERS, PAGE)) != 0) {
        CHECK(taken[count] + PAGE <= SPACE_END);
        CHECK(count == 0 || taken[count] >= taken[count - 1] + 2 * PAGE);
        count++;
    }
    CHECK_EQ(count, 512);
    while (count-- > 0)
        give(taken[count], PAGE);
}
