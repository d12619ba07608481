/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text on a linear framebuffer of 24 or 32 bits a pixel. What should be seen
 * stands in cells[]; shown[] is what has been drawn. Scrolling moves cells in
 * RAM, and drawing touches only those that differ: the framebuffer is never
 * read, and a line of empty cells that stays empty costs nothing.
 */
#include "screen.h"

#include "console.h"
#include "font.h"
#include "mm.h"

#define COLUMNS_MAX 512u
#define ROWS_MAX 256u
#define UTF8_CONTINUATION_MASK 0xc0u
#define UTF8_CONTINUATION 0x80u
#define TAB_STOP 8u
#define BYTES_PER_PIXEL_24 3u
#define BYTES_PER_PIXEL_32 4u
/* No screen is larger: clearing what a damaged description claims would take for ever. */
#define PIXELS_MAX 32768u
#define PITCH_MAX (PIXELS_MAX * 8)
#define TEXT_LEVEL 0xd0u        /* of each colour */

/* A loader's pitch may leave lines at any alignment. */
typedef volatile uint64_t pixel_pair __attribute__((aligned(1)));
typedef volatile uint32_t one_pixel __attribute__((aligned(1)));

static struct {
    uint8_t *pixels;
    uint32_t pitch, bytes_per_pixel;
    uint32_t ink;
    unsigned columns, rows, column, row;
    unsigned first_changed, last_changed;   /* rows that may differ; first > last: none */
    unsigned char *cells, *shown;           /* columns * rows */
} screen;

static uint8_t *pixel_at(unsigned x, unsigned y)
{
    return screen.pixels + (uint64_t)y * screen.pitch + (uint64_t)x * screen.bytes_per_pixel;
}

static void put_pixel(uint8_t *at, uint32_t colour)
{
    if (screen.bytes_per_pixel == BYTES_PER_PIXEL_32) {
        *(one_pixel *)at = colour;
        return;
    }
    for (unsigned i = 0; i < BYTES_PER_PIXEL_24; i++)
        ((volatile uint8_t *)at)[i] = (uint8_t)(colour >> (8 * i));
}

/* Two pixels a store: bit 7 of dots is the left one of them. */
static void draw_row_32(uint8_t *at, unsigned dots)
{
    pixel_pair *pair = (pixel_pair *)at;

    for (unsigned x = 0; x < FONT_WIDTH; x += 2, dots <<= 2)
        *pair++ = (dots & 0x80u ? screen.ink : 0ull) |
                  (dots & 0x40u ? (uint64_t)screen.ink << 32 : 0ull);
}

static void draw_row_24(uint8_t *at, unsigned dots)
{
    for (unsigned x = 0; x < FONT_WIDTH; x++, dots <<= 1, at += BYTES_PER_PIXEL_24)
        put_pixel(at, dots & 0x80u ? screen.ink : 0);
}

static void draw_cell(unsigned column, unsigned row, unsigned char c)
{
    for (unsigned y = 0; y < FONT_HEIGHT; y++) {
        uint8_t *at = pixel_at(column * FONT_WIDTH, row * FONT_HEIGHT + y);

        if (screen.bytes_per_pixel == BYTES_PER_PIXEL_32)
            draw_row_32(at, font_row(c, y));
        else
            draw_row_24(at, font_row(c, y));
    }
}

static void use_pixels(const struct boot_framebuffer *fb, void *pixels)
{
    screen.pixels = pixels;
    screen.pitch = fb->pitch;
    screen.bytes_per_pixel = fb->bits_per_pixel / 8u;
    screen.ink = TEXT_LEVEL << fb->red_shift | TEXT_LEVEL << fb->green_shift |
                 TEXT_LEVEL << fb->blue_shift;
}

static void mark_changed(unsigned first, unsigned last)
{
    if (first < screen.first_changed)
        screen.first_changed = first;
    if (last > screen.last_changed)
        screen.last_changed = last;
}

static void draw_changed(void)
{
    for (unsigned row = screen.first_changed; row <= screen.last_changed && row < screen.rows;
         row++)
        for (unsigned column = 0; column < screen.columns; column++) {
            size_t i = (size_t)row * screen.columns + column;

            if (screen.cells[i] == screen.shown[i])
                continue;
            draw_cell(column, row, screen.cells[i]);
            screen.shown[i] = screen.cells[i];
        }
    screen.first_changed = screen.rows;
    screen.last_changed = 0;
}

static void scroll(void)
{
    size_t kept = (size_t)(screen.rows - 1) * screen.columns;

    __builtin_memmove(screen.cells, screen.cells + screen.columns, kept);
    __builtin_memset(screen.cells + kept, ' ', screen.columns);
    mark_changed(0, screen.rows - 1);
}

static void new_line(void)
{
    screen.column = 0;
    if (screen.row + 1 < screen.rows)
        screen.row++;
    else
        scroll();
}

static void put_cell(unsigned char c)
{
    if (screen.column == screen.columns)
        new_line();
    screen.cells[(size_t)screen.row * screen.columns + screen.column++] = c;
    mark_changed(screen.row, screen.row);
}

/* A character beyond ASCII is one box: its first byte stands for it. */
static bool continues_character(unsigned char c)
{
    return (c & UTF8_CONTINUATION_MASK) == UTF8_CONTINUATION;
}

static void put(unsigned char c)
{
    if (continues_character(c))
        return;
    switch (c) {
    case '\n':
        new_line();
        break;
    case '\r':
        screen.column = 0;
        break;
    case '\b':
        screen.column -= screen.column > 0;
        break;
    case '\t':
        do
            put_cell(' ');
        while (screen.column % TAB_STOP != 0 && screen.column < screen.columns);
        break;
    case '\0':
        break;
    default:
        put_cell(c);
        break;
    }
}

void screen_write(const char *text, size_t len)
{
    if (screen.rows == 0)
        return;
    for (size_t i = 0; i < len; i++)
        put((unsigned char)text[i]);
    draw_changed();
}

/* The loader's description is believed only as far as it fits together. */
static bool is_usable(const struct boot_framebuffer *fb, uint32_t bytes_per_pixel)
{
    if (fb->bits_per_pixel != 24 && fb->bits_per_pixel != 32)
        return false;
    if (fb->red_shift > 24 || fb->green_shift > 24 || fb->blue_shift > 24)
        return false;
    return fb->width >= FONT_WIDTH && fb->height >= FONT_HEIGHT && fb->width <= PIXELS_MAX &&
           fb->height <= PIXELS_MAX && fb->pitch <= PITCH_MAX &&
           fb->pitch / bytes_per_pixel >= fb->width;
}

void screen_first_line(const struct boot_framebuffer *fb, void *pixels, const char *text)
{
    uint32_t bytes_per_pixel = fb->bits_per_pixel / 8u;

    if (!is_usable(fb, bytes_per_pixel))
        return;
    use_pixels(fb, pixels);
    for (unsigned column = 0; text[column] >= ' ' && column < fb->width / FONT_WIDTH; column++)
        draw_cell(column, 0, (unsigned char)text[column]);
}

static unsigned at_most(unsigned value, unsigned highest)
{
    return value < highest ? value : highest;
}

static void clear(const struct boot_framebuffer *fb)
{
    for (unsigned y = 0; y < fb->height; y++)
        for (unsigned x = 0; x < fb->width; x++)
            put_pixel(pixel_at(x, y), 0);
}

bool screen_init(const struct boot_framebuffer *fb)
{
    uint32_t bytes_per_pixel = fb->bits_per_pixel / 8u;
    void *pixels;

    if (fb->pa == 0)
        return false;
    if (!is_usable(fb, bytes_per_pixel)) {
        log_line(LOG_WARNING, "screen: framebuffer %ux%u pitch=%u bits=%u cannot be drawn on",
                 fb->width, fb->height, fb->pitch, fb->bits_per_pixel);
        return false;
    }
    pixels = mmio_map_wc(fb->pa, (uint64_t)fb->pitch * fb->height);
    if (pixels == NULL) {
        log_line(LOG_WARNING, "screen: framebuffer pa=0x%llx cannot be mapped",
                 (unsigned long long)fb->pa);
        return false;
    }
    use_pixels(fb, pixels);
    screen.columns = at_most(fb->width / FONT_WIDTH, COLUMNS_MAX);
    screen.cells = kalloc((size_t)screen.columns * at_most(fb->height / FONT_HEIGHT, ROWS_MAX));
    screen.shown = kalloc((size_t)screen.columns * at_most(fb->height / FONT_HEIGHT, ROWS_MAX));
    clear(fb);
    screen.rows = at_most(fb->height / FONT_HEIGHT, ROWS_MAX);
    __builtin_memset(screen.cells, ' ', (size_t)screen.columns * screen.rows);
    __builtin_memset(screen.shown, ' ', (size_t)screen.columns * screen.rows);
    screen.first_changed = screen.rows;
    screen.column = screen.row = 0;
    return true;
}

unsigned screen_columns(void)
{
    return screen.columns;
}

unsigned screen_rows(void)
{
    return screen.rows;
}
