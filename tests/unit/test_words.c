/* SPDX-License-Identifier: BSD-2-Clause */
#include "test.h"

#include "words.h"

TEST(compare)
{
    CHECK(text_equal("", "") && text_equal("abc", "abc"));
    CHECK(!text_equal("abc", "ab") && !text_equal("ab", "abc") && !text_equal("", "a"));
    CHECK_STR(text_after("run=x", "run="), "x");
    CHECK_STR(text_after("run=", "run="), "");
    CHECK(text_after("run", "run=") == NULL);
    CHECK_EQ(text_len("four"), 4);
}

TEST(copy_cuts_and_says_so)
{
    char out[4] = "zzz";

    CHECK(text_copy(out, sizeof(out), "abc"));
    CHECK_STR(out, "abc");
    CHECK(!text_copy(out, sizeof(out), "abcd"));
    CHECK_STR(out, "abc");
    CHECK(text_copy(out, 1, ""));
    CHECK_STR(out, "");
}

TEST(numbers)
{
    uint64_t value = 7;

    CHECK(text_number("0", &value));
    CHECK_EQ(value, 0);
    CHECK(text_number("18446744073709551615", &value));
    CHECK_EQ(value, UINT64_MAX);
    CHECK(text_number("0xDeadBeef", &value));
    CHECK_EQ(value, 0xdeadbeef);
}

TEST(what_is_no_number_leaves_the_value)
{
    static const char *const wrong[] = { "", "0x", "1a", "-1", " 1", "1 ", "18446744073709551616",
                                         "0x10000000000000000" };
    uint64_t value = 7;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CHECK(!text_number(wrong[i], &value));
    CHECK_EQ(value, 7);
}
