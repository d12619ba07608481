/* SPDX-License-Identifier: BSD-2-Clause */
/* panel.c: text stays inside, and keeps the colour behind it. */
#include "test.h"

#include "panel.h"

static panel_cell cells[12];

static struct panel panel_of(void)
{
    memset(cells, 0, sizeof(cells));
    return (struct panel){
        .columns = 4, .rows = 2, .cell_width = 8, .cell_height = 16, .cells = cells
    };
}

TEST(text_keeps_the_colour_behind_it)
{
    struct panel panel = panel_of();

    panel_fill(&panel, 1, 1, 2, PANEL_GREY, PANEL_BLUE);
    CHECK_EQ(cells[4], 0);
    CHECK_EQ(cells[5], ' ' | PANEL_GREY << 8 | PANEL_BLUE << 12);
    CHECK_EQ(cells[7], 0);
    CHECK_EQ(panel_text(&panel, 1, 1, 9, PANEL_RED, "ab"), 3);
    CHECK_EQ(cells[5], 'a' | PANEL_RED << 8 | PANEL_BLUE << 12);
    CHECK_EQ(cells[6], 'b' | PANEL_RED << 8 | PANEL_BLUE << 12);
    CHECK_EQ(cells[7], 0);
}

TEST(what_lies_outside_is_left_out)
{
    struct panel panel = panel_of();

    CHECK_EQ(panel_text(&panel, 0, 2, 9, PANEL_RED, "abc"), 4);
    CHECK_EQ(cells[3] & 0xff, 'b');
    CHECK_EQ(cells[4], 0);
    CHECK_EQ(panel_text(&panel, 0, 0, 1, PANEL_RED, "xyz"), 1);
    CHECK_EQ(cells[1], 0);
    CHECK_EQ(panel_text(&panel, 2, 0, 4, PANEL_RED, "abc"), 0);
    panel_fill(&panel, 2, 0, 4, PANEL_GREY, PANEL_BLUE);
    panel_fill(&panel, 1, 3, 4, PANEL_GREY, PANEL_BLUE);
    for (size_t i = 8; i < 12; i++)
        CHECK_EQ(cells[i], 0);
}

TEST(dots_are_as_large_as_the_tighter_side_lets_them)
{
    struct panel panel = panel_of();
    struct panel_picture picture = { .columns = 4, .rows = 2, .width = 8, .height = 8 };

    CHECK_EQ(panel_dot(&panel, &picture), 4);
    picture.margin = 1; /* 32 pixels for 10 dots */
    CHECK_EQ(panel_dot(&panel, &picture), 3);
    picture.rows = 1; /* 16 pixels down */
    CHECK_EQ(panel_dot(&panel, &picture), 1);
    picture.margin = 5;
    CHECK_EQ(panel_dot(&panel, &picture), 0);
}
