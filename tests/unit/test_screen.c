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
        .pa = 0x1000, .width = columns * FONT_WIDTH, .height = rows * FONT_HEIGHT,
        .bits_per_pixel = bits, .red_shift = 16, .green_shift = 8, .blue_shift = 0,
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
    write_text("\xc2\xa7" "8");
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
