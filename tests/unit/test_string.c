/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel/string.c under other names, because the host has its own. */
#include "test.h"

#define memcpy kernel_memcpy
#define memmove kernel_memmove
#define memset kernel_memset
#define memcmp kernel_memcmp
#include "kernel/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp

#define BYTES 32

static void check_bytes(const uint8_t *seen, const uint8_t *wanted)
{
    for (size_t i = 0; i < BYTES; i++)
        CHECK_EQ(seen[i], wanted[i]);
}

static void number(uint8_t bytes[BYTES])
{
    for (size_t i = 0; i < BYTES; i++)
        bytes[i] = (uint8_t)(i + 1);
}

/* Every pair of places and every length inside 32 bytes, overlapping or not. */
TEST(memmove_overlaps_both_ways)
{
    for (size_t from = 0; from < BYTES; from++) {
        for (size_t to = 0; to < BYTES; to++) {
            for (size_t len = 0; len <= BYTES - (from > to ? from : to); len++) {
                uint8_t seen[BYTES], wanted[BYTES];

                number(seen);
                number(wanted);
                for (size_t i = 0; i < len; i++)
                    wanted[to + i] = (uint8_t)(from + i + 1);
                CHECK(kernel_memmove(seen + to, seen + from, len) == seen + to);
                check_bytes(seen, wanted);
            }
        }
    }
}

TEST(memcpy_copies_len_bytes)
{
    uint8_t from[BYTES], seen[BYTES] = { 0 }, wanted[BYTES] = { [3] = 6, [4] = 7, [5] = 8 };

    number(from);
    CHECK(kernel_memcpy(seen + 3, from + 5, 3) == seen + 3);
    check_bytes(seen, wanted);
    kernel_memcpy(seen, from, 0);
    check_bytes(seen, wanted);
}

TEST(memset_sets_len_bytes)
{
    uint8_t seen[BYTES] = { 0 }, wanted[BYTES] = { [7] = 0xa5, [8] = 0xa5 };

    CHECK(kernel_memset(seen + 7, 0x1a5, 2) == seen + 7);
    check_bytes(seen, wanted);
}

TEST(memcmp_orders_unsigned_bytes)
{
    CHECK_EQ(kernel_memcmp("abc", "abd", 2), 0);
    CHECK(kernel_memcmp("abc", "abd", 3) < 0);
    CHECK(kernel_memcmp("\xff", "\x01", 1) > 0);
    CHECK_EQ(kernel_memcmp("a", "b", 0), 0);
}
