/* SPDX-License-Identifier: BSD-2-Clause */
/* font.c: every character is there, fits its cell and differs from the others. */
#include "test.h"

#include "font.h"

static bool same_glyph(unsigned a, unsigned b)
{
    for (unsigned row = 0; row < FONT_HEIGHT; row++)
        if (font_row((unsigned char)a, row) != font_row((unsigned char)b, row))
            return false;
    return true;
}

static unsigned pixels_of(unsigned c)
{
    unsigned count = 0;

    for (unsigned row = 0; row < FONT_HEIGHT; row++)
        count += (unsigned)__builtin_popcount(font_row((unsigned char)c, row));
    return count;
}

TEST(space_is_empty_and_nothing_else_is)
{
    CHECK_EQ(pixels_of(' '), 0);
    for (unsigned c = 33; c < 127; c++)
        CHECK(pixels_of(c) > 0);
}

TEST(characters_differ)
{
    for (unsigned a = 32; a < 127; a++)
        for (unsigned b = a + 1; b < 127; b++)
            if (same_glyph(a, b))
                test_fail(__FILE__, __LINE__, "'%c' looks like '%c'", (int)a, (int)b);
}

TEST(neighbours_do_not_touch)
{
    for (unsigned c = 0; c < 256; c++)
        for (unsigned row = 0; row < FONT_HEIGHT; row++)
            CHECK_EQ(font_row((unsigned char)c, row) & 1, 0);
}

TEST(what_is_not_ascii_is_a_box)
{
    CHECK(pixels_of(0x1f) > 0);
    CHECK(same_glyph(0x1f, 0x7f));
    CHECK(same_glyph(0x80, 0xff));
    CHECK(!same_glyph('~', 0x7f));
}

/* Drawn by hand from the letter's dots: ..#.. is pixel 4, ##### are pixels 7 to 1. */
TEST(letter_t_is_upright_and_not_mirrored)
{
    CHECK_EQ(font_row('T', 0), 0xfe);
    CHECK_EQ(font_row('T', 1), 0xfe);
    CHECK_EQ(font_row('T', 2), 0x10);
    CHECK_EQ(font_row('T', 13), 0x10);
    CHECK_EQ(font_row('T', 14), 0);
    CHECK_EQ(font_row('L', 0), 0x80);
    CHECK_EQ(font_row('L', 13), 0xfe);
    CHECK_EQ(font_row('_', 15), 0xfe);
}
