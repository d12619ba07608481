/* SPDX-License-Identifier: BSD-2-Clause */
/* big_text.c: the font's dots, letter beside letter. */
#include "test.h"

#include "big_text.h"
#include "font.h"

static bool dot(const struct big_text *big, unsigned column, unsigned row)
{
    return big->bits[row][column / 8] >> (7 - column % 8) & 1;
}

TEST(letters_stand_six_dots_apart)
{
    struct big_text big;

    big_text_make(&big, "FAIL");
    CHECK_EQ(big.width, 23);
    for (unsigned letter = 0; letter < 4; letter++)
        for (unsigned row = 0; row < BIG_TEXT_HEIGHT; row++) {
            for (unsigned i = 0; i < 5; i++)
                CHECK_EQ(dot(&big, 6 * letter + i, row),
                         font_dots((unsigned char)"FAIL"[letter], row) >> (4 - i) & 1);
            CHECK(!dot(&big, 6 * letter + 5, row));
        }
    /* I and L as they look. */
    CHECK(dot(&big, 14, 3) && !dot(&big, 12, 3));
    CHECK(dot(&big, 18, 3) && dot(&big, 22, 6) && !dot(&big, 22, 5));
}

TEST(what_is_too_long_is_cut)
{
    struct big_text big;

    big_text_make(&big, "MMMMMMMMMMMMMMMMMMMM");
    CHECK_EQ(big.width, 16 * 6 - 1);
    big_text_make(&big, "");
    CHECK_EQ(big.width, 0);
}
