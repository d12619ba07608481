/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * screen.c on framebuffers in this program's memory: what is drawn where, and
 * that nothing outside is touched (the sanitizer watches both ends).
 */
#include "test.h"

#include <stdarg.h>

#include "console.h"
#include "font.h"
#include "mm.h"
#include "screen.h"

#define PITCH_SPARE 12u
#define GREY 0xd0d0d0u

static uint8_t *pixels;
static size_t pixel_bytes;
static uint64_t mapped_len;
static unsigned warnings;

/* ---- what the kernel gives screen.c ---- */

void *mmio_map_wc(uint64_t pa, uint64_t len)
{
    mapped_len = len;
    return pa == 0x1000 && len <= pixel_bytes ? pixels : NULL;
}

void *kalloc(size_t bytes)
{
    static void *kept[64];
    static size_t count;

    return kept[count++ % 64] = calloc(1, bytes);
}

void log_line(enum log_level level, const char *format, ...)
{
    (void)format;
    warnings += level == LOG_WARNING;
}

/* ---- */

static struct boot_framebuffer screen_of(unsigned columns, unsigned rows, uint8_t bits)
{
    struct boot_framebuffer fb = {
        .pa = 0x1000,
        .width = columns * FONT_WIDTH,
        .height = rows * FONT_HEIGHT,
        .bits_per_pixel = bits,
        .red_shift = 16,
        .green_shift = 8,
        .blue_shift = 0,
    };

    fb.pitch = fb.width * bits / 8 + PITCH_SPARE;
    free(pixels);
    /* The last line ends with its last pixel. */
    pixel_bytes = (size_t)fb.pitch * fb.height;
    pixels = malloc(pixel_bytes);
    memset(pixels, 0x5a, pixel_bytes);
    warnings = 0;
    return fb;
}

static uint32_t pixel(const struct boot_framebuffer *fb, unsigned x, unsigned y)
{
    uint32_t colour = 0;

    memcpy(&colour, pixels + (size_t)y * fb->pitch + x * fb->bits_per_pixel / 8u,
           fb->bits_per_pixel / 8u);
    return colour;
}

static void check_cell(const struct boot_framebuffer *fb, unsigned column, unsigned row, char c)
{
    for (unsigned y = 0; y < FONT_HEIGHT; y++)
        for (unsigned x = 0; x < FONT_WIDTH; x++) {
            bool lit = font_row((unsigned char)c, y) & 0x80u >> x;

            CHECK_EQ(pixel(fb, column * FONT_WIDTH + x, row * FONT_HEIGHT + y), lit ? GREY : 0);
        }
}

static void check_spare(const struct boot_framebuffer *fb)
{
    for (unsigned y = 0; y < fb->height; y++)
        for (unsigned i = 0; i < PITCH_SPARE; i++)
            CHECK_EQ(pixels[(size_t)(y + 1) * fb->pitch - 1 - i], 0x5a);
}

static void write_text(const char *text)
{
    screen_write(text, strlen(text));
}

TEST(text_wraps_and_scrolls_at_both_depths)
{
    static const uint8_t depths[] = { 24, 32 };

    for (size_t i = 0; i < sizeof(depths); i++) {
        struct boot_framebuffer fb = screen_of(3, 2, depths[i]);

        CHECK(screen_init(&fb));
        CHECK_EQ(screen_columns(), 3);
        CHECK_EQ(screen_rows(), 2);
        write_text("abcd");
        check_cell(&fb, 2, 0, 'c');
        check_cell(&fb, 0, 1, 'd');
        check_cell(&fb, 1, 1, ' ');
        write_text("\nxy\bz");
        check_cell(&fb, 0, 0, 'd');
        check_cell(&fb, 1, 0, ' ');
        check_cell(&fb, 0, 1, 'x');
        check_cell(&fb, 1, 1, 'z');
        write_text("\t\r!");
        check_cell(&fb, 0, 1, '!');
        check_spare(&fb);
    }
}

/* The section sign is C2 A7 in UTF-8. */
TEST(a_character_beyond_ascii_takes_one_cell)
{
    struct boot_framebuffer fb = screen_of(3, 2, 32);

    CHECK(screen_init(&fb));
    write_text("\xc2\xa7"
               "8");
    check_cell(&fb, 0, 0, (char)0xc2);
    check_cell(&fb, 1, 0, '8');
    check_cell(&fb, 2, 0, ' ');
}

TEST(a_rest_of_pixels_stays_black)
{
    struct boot_framebuffer fb = screen_of(3, 2, 32);

    fb.width -= 1;
    fb.height -= 1;
    CHECK(screen_init(&fb));
    CHECK_EQ(screen_columns(), 2);
    CHECK_EQ(screen_rows(), 1);
    write_text("abc");
    check_cell(&fb, 0, 0, 'c');
    CHECK_EQ(pixel(&fb, fb.width - 1, 0), 0);
}

TEST(descriptions_that_do_not_fit_together)
{
    struct boot_framebuffer good = screen_of(3, 2, 32), bad[9];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        bad[i] = good;
    bad[0].pitch = good.width * 4 - 1;
    bad[1].bits_per_pixel = 16;
    bad[2].bits_per_pixel = 0;
    bad[3].red_shift = 25;
    bad[4].width = FONT_WIDTH - 1;
    bad[5].height = FONT_HEIGHT - 1;
    bad[6].height = UINT32_MAX;
    bad[7].width = 1u << 30;
    bad[7].pitch = UINT32_MAX;
    bad[8].pitch = 1u << 24;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        mapped_len = warnings = 0;
        CHECK(!screen_init(&bad[i]));
        CHECK_EQ(warnings, 1);
        CHECK_EQ(mapped_len, 0);
    }
    CHECK(screen_init(&good));
}

TEST(none_at_all_is_no_warning)
{
    struct boot_framebuffer none = { 0 };

    warnings = 0;
    CHECK(!screen_init(&none));
    CHECK_EQ(warnings, 0);
}

TEST(one_that_cannot_be_mapped_is_said)
{
    struct boot_framebuffer fb = screen_of(3, 2, 32);

    fb.pa = 0x2000;
    CHECK(!screen_init(&fb));
    CHECK_EQ(warnings, 1);
}

TEST(a_first_line_needs_no_memory_and_ends_at_the_edge)
{
    struct boot_framebuffer fb = screen_of(3, 2, 32);

    screen_first_line(&fb, pixels, "abcd\n");
    check_cell(&fb, 0, 0, 'a');
    check_cell(&fb, 2, 0, 'c');
    CHECK_EQ(pixel(&fb, 0, FONT_HEIGHT), 0x5a5a5a5au);
    fb.pitch = 1;
    memset(pixels, 0x5a, pixel_bytes);
    screen_first_line(&fb, pixels, "abcd");
    CHECK_EQ(pixels[0], 0x5a);
}

/* ---- panels ---- */

#define GREEN 0x40c850u
#define BLUE 0x1c3f94u
#define WHITE 0xffffffu

static panel_cell panel_cells[32 * 8];

static struct panel panel_here(void)
{
    struct panel panel;

    CHECK(screen_make_panel(&panel));
    CHECK(panel.columns * panel.rows <= sizeof(panel_cells) / sizeof(panel_cells[0]));
    panel.cells = panel_cells;
    for (unsigned row = 0; row < panel.rows; row++)
        panel_fill(&panel, row, 0, panel.columns, PANEL_GREY, PANEL_BLACK);
    return panel;
}

/* A cell's colours: every pixel is one of the two, as the font says. */
static void check_colours(const struct boot_framebuffer *fb, unsigned column, unsigned row, char c,
                          uint32_t ink, uint32_t paper)
{
    for (unsigned y = 0; y < FONT_HEIGHT; y++)
        for (unsigned x = 0; x < FONT_WIDTH; x++) {
            bool lit = font_row((unsigned char)c, y) & 0x80u >> x;

            CHECK_EQ(pixel(fb, column * FONT_WIDTH + x, row * FONT_HEIGHT + y), lit ? ink : paper);
        }
}

TEST(a_panel_stands_in_the_place_of_the_text_and_goes_again)
{
    static const uint8_t depths[] = { 24, 32 };

    for (size_t i = 0; i < sizeof(depths); i++) {
        struct boot_framebuffer fb = screen_of(4, 3, depths[i]);
        struct panel panel;

        CHECK(screen_init(&fb));
        panel = panel_here();
        write_text("ab");
        panel_fill(&panel, 0, 0, 4, PANEL_WHITE, PANEL_BLUE);
        panel_text(&panel, 0, 1, 3, PANEL_WHITE, "X");
        screen_show(&panel);
        check_colours(&fb, 0, 0, ' ', WHITE, BLUE);
        check_colours(&fb, 1, 0, 'X', WHITE, BLUE);
        write_text("c");
        check_colours(&fb, 1, 0, 'X', WHITE, BLUE);
        check_colours(&fb, 2, 0, ' ', WHITE, BLUE);
        screen_show(NULL);
        check_cell(&fb, 0, 0, 'a');
        check_cell(&fb, 2, 0, 'c');
        check_cell(&fb, 3, 0, ' ');
        check_spare(&fb);
    }
}

TEST(a_window_shows_the_newest_text)
{
    struct boot_framebuffer fb = screen_of(12, 4, 32);
    struct panel panel;

    CHECK(screen_init(&fb));
    panel = panel_here();
    panel_text(&panel, 0, 0, 1, PANEL_WHITE, "T");
    panel.window_row = 1;
    panel.window_rows = 2;
    write_text("one\n");
    screen_show(&panel);
    check_cell(&fb, 0, 1, ' ');
    check_cell(&fb, 0, 2, 'o');
    write_text("ok 1\nnot ok\nok # SKIP x");
    check_colours(&fb, 0, 0, 'T', WHITE, 0);
    check_colours(&fb, 0, 1, 'n', 0xff5048u, 0);
    check_colours(&fb, 1, 2, 'k', 0xe0c030u, 0);
    check_cell(&fb, 0, 3, ' ');
    write_text("\nok 2\n# x\n");
    check_colours(&fb, 3, 1, '2', GREEN, 0);
    check_colours(&fb, 2, 2, 'x', 0x8c8c8cu, 0);
}

TEST(a_picture_is_as_large_as_its_box_and_text_leaves_it_alone)
{
    static const uint8_t bits[] = { 0x80, 0x40 };
    struct boot_framebuffer fb = screen_of(5, 3, 32);
    struct panel panel;

    CHECK(screen_init(&fb));
    panel = panel_here();
    panel.window_rows = 3;
    /* 24 by 32 pixels for 4 by 4 dots: of 6, 12 by 12 of them in the middle from 6 and 10 on. */
    panel.pictures[0] = (struct panel_picture){ .column = 2,
                                                .columns = 3,
                                                .rows = 2,
                                                .bits = bits,
                                                .stride = 1,
                                                .width = 2,
                                                .height = 2,
                                                .margin = 1,
                                                .ink = PANEL_GREEN,
                                                .paper = PANEL_WHITE };
    panel.picture_count = 1;
    panel.pictures_changed = true;
    screen_show(&panel);
    for (unsigned y = 0; y < 32; y++)
        for (unsigned x = 0; x < 24; x++) {
            bool lit =
                (x >= 6 && x < 12 && y >= 10 && y < 16) || (x >= 12 && x < 18 && y >= 16 && y < 22);

            CHECK_EQ(pixel(&fb, 16 + x, y), lit ? GREEN : WHITE);
        }
    CHECK(!panel.pictures_changed);
    write_text("12345\n12345\nab");
    check_cell(&fb, 1, 0, '2');
    CHECK_EQ(pixel(&fb, 16 + 6, 10), GREEN);
    CHECK_EQ(pixel(&fb, 16, 0), WHITE);
    screen_show(NULL);
    check_cell(&fb, 2, 0, '3');
    screen_show(&panel);
    CHECK_EQ(pixel(&fb, 16, 0), WHITE);
    panel.picture_count = 0;
    screen_show(&panel);
    check_cell(&fb, 2, 0, '3');
}

/* The boxes lie over each other, so no cell says that one has been replaced. */
TEST(a_picture_follows_another_panels)
{
    static const uint8_t bits[] = { 0xff };
    struct boot_framebuffer fb = screen_of(3, 2, 32);
    struct panel one, other;

    CHECK(screen_init(&fb));
    one = panel_here();
    one.pictures[0] = (struct panel_picture){ .columns = 2,
                                              .rows = 1,
                                              .bits = bits,
                                              .stride = 1,
                                              .width = 1,
                                              .height = 1,
                                              .ink = PANEL_GREEN };
    one.picture_count = 1;
    other = one;
    other.pictures[0].ink = PANEL_BLUE;
    screen_show(&one);
    CHECK_EQ(pixel(&fb, 4, 4), GREEN);
    screen_show(&other);
    CHECK_EQ(pixel(&fb, 4, 4), BLUE);
    screen_show(&one);
    CHECK_EQ(pixel(&fb, 4, 4), GREEN);
    /* Nothing is drawn twice. */
    memset(pixels, 0x5a, pixel_bytes);
    screen_show(&one);
    CHECK_EQ(pixel(&fb, 4, 4), 0x5a5a5a5au);
    one.pictures_changed = true;
    screen_show(&one);
    CHECK_EQ(pixel(&fb, 4, 4), GREEN);
}

TEST(a_picture_outside_is_not_drawn)
{
    static const uint8_t bits[] = { 0xff };
    struct boot_framebuffer fb = screen_of(3, 2, 32);
    struct panel panel;

    CHECK(screen_init(&fb));
    panel = panel_here();
    panel.pictures[0] = (struct panel_picture){ .column = 1,
                                                .columns = 3,
                                                .rows = 1,
                                                .bits = bits,
                                                .stride = 1,
                                                .width = 1,
                                                .height = 1,
                                                .ink = PANEL_RED };
    panel.picture_count = 1;
    screen_show(&panel);
    check_cell(&fb, 2, 0, ' ');
    check_spare(&fb);
}

TEST(large_screens_have_large_characters)
{
    static const struct {
        unsigned width, height, columns, rows;
    } wanted[] = {
        { 640, 400, 80, 25 },    { 640, 480, 80, 30 },    { 1024, 768, 128, 48 },
        { 1280, 800, 160, 50 },  { 1599, 960, 199, 60 },  { 1600, 959, 200, 59 },
        { 1600, 960, 100, 30 },  { 1920, 1080, 120, 33 }, { 2560, 1440, 106, 30 },
        { 3840, 2160, 120, 33 },
    };

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        struct boot_framebuffer fb = screen_of(1, 1, 32);
        unsigned scale = wanted[i].width / FONT_WIDTH / wanted[i].columns;

        fb.width = wanted[i].width;
        fb.height = wanted[i].height;
        fb.pitch = fb.width * 4;
        free(pixels);
        pixel_bytes = (size_t)fb.pitch * fb.height;
        pixels = malloc(pixel_bytes);
        CHECK(screen_init(&fb));
        CHECK_EQ(screen_columns(), wanted[i].columns);
        CHECK_EQ(screen_rows(), wanted[i].rows);
        write_text(" #");
        for (unsigned y = 0; y < FONT_HEIGHT * scale; y++)
            for (unsigned x = 0; x < FONT_WIDTH * scale; x++) {
                bool lit = font_row('#', y / scale) & 0x80u >> x / scale;

                CHECK_EQ(pixel(&fb, FONT_WIDTH * scale + x, y), lit ? GREY : 0);
            }
    }
}
