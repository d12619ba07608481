/* SPDX-License-Identifier: BSD-2-Clause */
/* dashboard.c: what stands where, on panels of several sizes. */
#include "test.h"

#include "dashboard.h"
#include "font.h"

#define CELLS_MAX (240u * 70u)

static panel_cell cells[CELLS_MAX];
static const char failures[DASHBOARD_FAILED][DASHBOARD_NAME_BYTES] = { "dma/one:edu",
                                                                       "dma/two:edu" };

static struct panel panel_of(unsigned columns, unsigned rows)
{
    for (size_t i = 0; i < CELLS_MAX; i++)
        cells[i] = panel_make('!', PANEL_RED, PANEL_RED);
    return (struct panel){ .columns = columns,
                           .rows = rows,
                           .cell_width = FONT_WIDTH,
                           .cell_height = FONT_HEIGHT,
                           .cells = cells };
}

static struct dashboard dashboard_of(void)
{
    struct dashboard d = {
        .title = "iommukit 9.9",
        .processor = "Some CPU",
        .firmware = "BIOS, loaded by GRUB",
        .online = 3,
        .named = 4,
        .ram_mib = 6144,
        .unit_count = 1,
        .no_unit = "no table",
        .done = 25,
        .total = 100,
        .units = { { "vtd0", "intel", 0xfed90000, 7, true, false } },
        .scenario = "dma/some",
        .run_us = 83000000,
        .scenario_us = 1250000,
        .passed = 20,
        .skipped = 5,
        .failures = failures,
        .verdict = "protected",
        .reason = "one unit",
    };

    for (unsigned i = 1; i < DASHBOARD_UNITS; i++)
        d.units[i] = (struct dashboard_unit){ "vtdX", "intel", 0, 0, true, true };
    return d;
}

/* The text of a row without the blanks behind it. */
static const char *row_text(const struct panel *panel, unsigned row)
{
    static char text[512];
    unsigned len = 0;

    for (unsigned i = 0; i < panel->columns; i++) {
        text[i] = (char)(panel->cells[row * panel->columns + i] & 0xff);
        if (text[i] != ' ')
            len = i + 1;
    }
    text[len] = '\0';
    return text;
}

static unsigned row_with(const struct panel *panel, const char *text)
{
    for (unsigned row = 0; row < panel->rows; row++)
        if (strstr(row_text(panel, row), text) != NULL)
            return row;
    return panel->rows;
}

static bool shows(const struct panel *panel, const char *text)
{
    return row_with(panel, text) < panel->rows;
}

static unsigned painted(const struct panel *panel, unsigned row, enum panel_colour paper)
{
    unsigned count = 0;

    for (unsigned i = 0; i < panel->columns; i++)
        count += panel->cells[row * panel->columns + i] >> PANEL_PAPER_SHIFT == paper;
    return count;
}

/* ---- the run ---- */

TEST(lines_of_a_run)
{
    struct panel panel = panel_of(80, 25);
    struct dashboard d = dashboard_of();

    dashboard_draw(&d, &panel);
    CHECK_STR(row_text(&panel, 0), " iommukit 9.9"
                                   "                                                           "
                                   "running");
    CHECK_EQ(painted(&panel, 0, PANEL_BLUE), 80);
    CHECK_STR(row_text(&panel, 1), " CPU      Some CPU, 3 of 4 processors");
    CHECK_STR(row_text(&panel, 2), " Memory   6144 MiB");
    CHECK_STR(row_text(&panel, 3), " Firmware BIOS, loaded by GRUB");
    CHECK_STR(row_text(&panel, 5), " vtd0     intel   0xfed90000    yes          no         7");
    CHECK_STR(row_text(&panel, 7), " Now      dma/some  1.2 s");
    CHECK_STR(row_text(&panel, 8), " Results  20 passed   0 failed   5 skipped");
    CHECK_STR(row_text(&panel, 9), " Output");
    CHECK_EQ(panel.window_row, 10);
    CHECK_EQ(panel.window_rows, 14);
    CHECK_STR(row_text(&panel, 24), " keys do nothing until the run is over");
    CHECK_EQ(panel.picture_count, 0);
    CHECK(!shows(&panel, "no table") && !shows(&panel, "PASS") && !shows(&panel, "!"));
}

TEST(no_unit_is_said_with_the_reason)
{
    struct panel panel = panel_of(80, 25);
    struct dashboard d = dashboard_of();

    d.unit_count = 0;
    dashboard_draw(&d, &panel);
    CHECK_STR(row_text(&panel, 4), " IOMMU    no table");
    CHECK(!shows(&panel, "translating"));
}

TEST(units_that_do_not_fit_are_counted)
{
    struct panel panel = panel_of(80, 25);
    struct dashboard d = dashboard_of();

    d.unit_count = 3;
    dashboard_draw(&d, &panel);
    CHECK(strstr(row_text(&panel, 7), "vtdX") != NULL);
    CHECK(!shows(&panel, "more"));
    panel = panel_of(80, 25);
    d.unit_count = 9;
    dashboard_draw(&d, &panel);
    CHECK_STR(row_text(&panel, 7), " and 7 more");
    panel = panel_of(80, 70);
    dashboard_draw(&d, &panel);
    CHECK(shows(&panel, "and 2 more"));
}

/* ---- the bar ---- */

static unsigned bar_of(unsigned done, unsigned total, unsigned failed)
{
    struct panel panel = panel_of(80, 25);
    struct dashboard d = dashboard_of();

    d.done = done;
    d.total = total;
    d.failed = failed;
    dashboard_draw(&d, &panel);
    CHECK_EQ(painted(&panel, 6, failed > 0 ? PANEL_DARK_GREEN : PANEL_DARK_RED), 0);
    return painted(&panel, 6, failed > 0 ? PANEL_DARK_RED : PANEL_DARK_GREEN);
}

TEST(the_bar_is_as_long_as_the_share)
{
    /* 80 columns, 10 for the label, 1 at the edge; "  50%  50 of 100  1:23" and a blank are 22. */
    CHECK_EQ(bar_of(50, 100, 0), 23);
    CHECK_EQ(bar_of(0, 100, 0), 0);
    /* One more digit of "done" leaves one column less. */
    CHECK_EQ(bar_of(100, 100, 0), 46);
    CHECK_EQ(bar_of(100, 100, 1), 46);
    CHECK_EQ(bar_of(99, 100, 0), 46);
    CHECK_EQ(bar_of(0, 0, 0), 0);
    /* More than there should be: full, not beyond. "100%  101 of 100  1:23". */
    CHECK_EQ(bar_of(101, 100, 0), 46);
}

/* ---- the end ---- */

static struct panel end_of(struct dashboard *d, unsigned columns, unsigned rows)
{
    struct panel panel = panel_of(columns, rows);

    d->over = true;
    d->done = d->total;
    dashboard_draw(d, &panel);
    return panel;
}

TEST(the_end_of_a_good_run)
{
    struct dashboard d = dashboard_of();
    struct panel panel;

    d.good = d.keys = true;
    panel = end_of(&d, 80, 25);
    CHECK(shows(&panel, " PASS"));
    CHECK(shows(&panel, " PROTECTED"));
    CHECK(!shows(&panel, "FAIL") && !shows(&panel, "NOT PROTECTED") && !shows(&panel, "failed:"));
    CHECK(shows(&panel, " one unit"));
    CHECK_STR(row_text(&panel, 24), " s shell   r reboot   p power off");
    CHECK_EQ(panel.picture_count, 2);
    CHECK_EQ(panel.pictures[0].paper, PANEL_DARK_GREEN);
    CHECK_EQ(panel.pictures[1].paper, PANEL_DARK_GREEN);
    CHECK(panel.window_rows >= 4);
    CHECK_EQ(panel.window_row + panel.window_rows, 24);
    d.keys = false;
    panel = end_of(&d, 80, 25);
    CHECK_STR(row_text(&panel, 24), "");
}

TEST(the_end_of_a_run_that_failed)
{
    struct dashboard d = dashboard_of();
    struct panel panel;

    d.failed = 2;
    d.verdict = "not-protected";
    panel = end_of(&d, 80, 30);
    CHECK(shows(&panel, " FAIL") && shows(&panel, " NOT PROTECTED") && !shows(&panel, "PASS"));
    CHECK(shows(&panel, "failed: dma/one:edu") && shows(&panel, "failed: dma/two:edu"));
    CHECK_EQ(panel.pictures[0].paper, PANEL_DARK_RED);
    CHECK_EQ(panel.pictures[1].paper, PANEL_DARK_RED);
    d.verdict = "protected";
    panel = end_of(&d, 80, 30);
    CHECK_EQ(panel.pictures[0].paper, PANEL_DARK_RED);
    CHECK_EQ(panel.pictures[1].paper, PANEL_BLUE);
    d.good = true;
    d.verdict = "partial";
    panel = end_of(&d, 80, 30);
    CHECK(shows(&panel, " PARTIAL") && !shows(&panel, "PROTECTED"));
    CHECK_EQ(panel.pictures[0].paper, PANEL_BLUE);
    CHECK_EQ(panel.pictures[1].paper, PANEL_DARK_YELLOW);
}

TEST(a_long_reason_is_cut_between_words)
{
    struct dashboard d = dashboard_of();
    struct panel panel;
    unsigned row;

    d.reason = "aaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbb "
               "cccccccccccccccccccccccccccc ddd";
    panel = end_of(&d, 60, 30);
    row = row_with(&panel, " aaaa");
    CHECK_STR(row_text(&panel, row), " aaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
    CHECK_STR(row_text(&panel, row + 1), " cccccccccccccccccccccccccccc ddd");
}

TEST(a_qr_code_stands_beside_where_its_dots_are_large_enough)
{
    static struct qr qr;
    struct dashboard d = dashboard_of();
    struct panel panel;

    CHECK(qr_encode(
        &qr,
        "some text that is longer than one hundred bytes, which makes it a symbol of version 6 "
        "or 7 in level L or M",
        107, QR_LEVEL_L, QR_VERSION_MAX));
    CHECK_EQ(qr.version, 6);
    d.qr = &qr;
    d.keys = true;
    /*
     * 48 rows of 16 pixels less 14 above and one below: 33 rows, 528 pixels, so 64 columns at most:
     * 512.
     */
    panel = end_of(&d, 128, 48);
    CHECK_EQ(panel.picture_count, 3);
    CHECK_EQ(panel.pictures[0].column, 64);
    CHECK_EQ(panel.pictures[0].columns, 64);
    CHECK_EQ(panel.pictures[0].rows, 32);
    CHECK_EQ(panel.pictures[0].width, 41);
    CHECK_EQ(panel.pictures[0].margin, 4);
    CHECK_EQ(panel.pictures[1].columns, 63);
    CHECK_STR(row_text(&panel, 47), " s shell   r reboot   p power off   q QR code");
    /* 15 rows: 240 pixels for 49 modules of 4. */
    panel = end_of(&d, 80, 25);
    CHECK_EQ(panel_dot(&panel, &panel.pictures[0]), 4);
    CHECK_EQ(panel.pictures[0].columns, 30);
    /* Version 25: 125 modules. It is the whole screen's then. */
    CHECK(qr_encode(&qr, cells, QR_BYTES_MAX, QR_LEVEL_L, QR_VERSION_MAX));
    panel = end_of(&d, 80, 25);
    CHECK_EQ(panel.picture_count, 2);
    CHECK_STR(row_text(&panel, 24), " s shell   r reboot   p power off   q QR code");
    dashboard_draw_qr(&qr, &panel, "back");
    CHECK_EQ(panel.picture_count, 1);
    CHECK_EQ(panel.pictures[0].rows, 24);
    CHECK_EQ(panel_dot(&panel, &panel.pictures[0]), 3);
    CHECK_STR(row_text(&panel, 24), " back");
    CHECK_EQ(panel.window_rows, 0);
}

TEST(panels_of_every_size_are_drawn_inside)
{
    static struct qr qr;

    CHECK(qr_encode(&qr, "x", 1, QR_LEVEL_L, 1));
    for (unsigned columns = 60; columns <= 240; columns += 9)
        for (unsigned rows = 24; rows <= 70; rows++) {
            struct dashboard d = dashboard_of();
            struct panel panel;

            d.qr = &qr;
            d.failed = 40;
            d.unit_count = 12;
            panel = end_of(&d, columns, rows);
            CHECK(dashboard_fits(&panel));
            CHECK(panel.window_rows >= 4);
            CHECK_EQ(panel.window_row + panel.window_rows, rows - 1);
            for (size_t i = 0; i < panel.picture_count; i++) {
                CHECK(panel.pictures[i].column + panel.pictures[i].columns <= columns);
                CHECK(panel.pictures[i].row + panel.pictures[i].rows <= rows - 1);
                CHECK(panel_dot(&panel, &panel.pictures[i]) > 0);
            }
        }
}

TEST(small_panels_have_no_room)
{
    struct panel panel = panel_of(60, 24);

    CHECK(dashboard_fits(&panel));
    panel.columns = 59;
    CHECK(!dashboard_fits(&panel));
    panel = panel_of(60, 23);
    CHECK(!dashboard_fits(&panel));
}
