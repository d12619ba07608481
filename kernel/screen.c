/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text on a linear framebuffer of 24 or 32 bits a pixel, or a panel in its
 * place. The console's text stands in cells[]; shown[] is what has been drawn.
 * Scrolling moves cells in RAM, and drawing touches only those that differ:
 * the framebuffer is never read, and a line of empty cells that stays empty
 * costs nothing.
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
/* Characters are drawn larger as long as this much fits on the screen. */
#define SCALED_COLUMNS 100u
#define SCALED_ROWS 30u
#define SCALE_MAX 8u
#define PICTURE_CELL 0xffffu /* in shown[]: part of a picture */

/* Red, green, blue. */
static const uint32_t colours[PANEL_COLOURS] = {
    [PANEL_BLACK] = 0x000000,    [PANEL_GREY] = 0xd0d0d0,        [PANEL_WHITE] = 0xffffff,
    [PANEL_DIM] = 0x8c8c8c,      [PANEL_BLUE] = 0x1c3f94,        [PANEL_GREEN] = 0x40c850,
    [PANEL_RED] = 0xff5048,      [PANEL_YELLOW] = 0xe0c030,      [PANEL_DARK_GREEN] = 0x0f6b2a,
    [PANEL_DARK_RED] = 0xa01818, [PANEL_DARK_YELLOW] = 0x7a5a00,
};

/* A loader's pitch may leave lines at any alignment. */
typedef volatile uint64_t pixel_pair __attribute__((aligned(1)));
typedef volatile uint32_t one_pixel __attribute__((aligned(1)));

static struct {
    uint8_t *pixels;
    uint32_t pitch, bytes_per_pixel;
    uint32_t pixel_of[PANEL_COLOURS];
    unsigned scale;
    unsigned columns, rows, column, row;
    unsigned first_changed, last_changed; /* rows that may differ; first > last: none */
    unsigned char *cells;                 /* columns * rows; so are the following */
    panel_cell *shown;
    struct panel *panel; /* NULL: the text alone */
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
static void draw_row_32(uint8_t *at, unsigned dots, uint32_t ink, uint32_t paper)
{
    pixel_pair *pair = (pixel_pair *)at;

    for (unsigned x = 0; x < FONT_WIDTH; x += 2, dots <<= 2)
        *pair++ = (dots & 0x80u ? ink : paper) |
                  (uint64_t)(dots & 0x40u ? ink : paper) << 32;
}

static void draw_row(uint8_t *at, unsigned dots, uint32_t ink, uint32_t paper)
{
    for (unsigned x = 0; x < FONT_WIDTH * screen.scale; x++, at += screen.bytes_per_pixel)
        put_pixel(at, dots & 0x80u >> x / screen.scale ? ink : paper);
}

static void draw_cell(unsigned column, unsigned row, panel_cell cell)
{
    uint32_t ink = screen.pixel_of[(cell >> PANEL_INK_SHIFT & 15u) % PANEL_COLOURS];
    uint32_t paper = screen.pixel_of[(cell >> PANEL_PAPER_SHIFT) % PANEL_COLOURS];
    unsigned left = column * FONT_WIDTH * screen.scale, top = row * FONT_HEIGHT * screen.scale;

    for (unsigned y = 0; y < FONT_HEIGHT * screen.scale; y++) {
        unsigned dots = font_row((unsigned char)cell, y / screen.scale);

        if (screen.bytes_per_pixel == BYTES_PER_PIXEL_32 && screen.scale == 1)
            draw_row_32(pixel_at(left, top + y), dots, ink, paper);
        else
            draw_row(pixel_at(left, top + y), dots, ink, paper);
    }
}

static unsigned scale_of(const struct boot_framebuffer *fb)
{
    unsigned scale = 1;

    while (scale < SCALE_MAX && fb->width / (FONT_WIDTH * (scale + 1)) >= SCALED_COLUMNS &&
           fb->height / (FONT_HEIGHT * (scale + 1)) >= SCALED_ROWS)
        scale++;
    return scale;
}

static void use_pixels(const struct boot_framebuffer *fb, void *pixels)
{
    screen.pixels = pixels;
    screen.pitch = fb->pitch;
    screen.bytes_per_pixel = fb->bits_per_pixel / 8u;
    screen.scale = scale_of(fb);
    for (unsigned i = 0; i < PANEL_COLOURS; i++)
        screen.pixel_of[i] = (colours[i] >> 16 & 0xffu) << fb->red_shift |
                             (colours[i] >> 8 & 0xffu) << fb->green_shift |
                             (colours[i] & 0xffu) << fb->blue_shift;
}

/* ---- what should be seen ---- */

static bool row_begins(const unsigned char *cells, const char *text)
{
    while (*text != '\0' && *cells == (unsigned char)*text)
        text++, cells++;
    return *text == '\0';
}

static bool row_holds(const unsigned char *cells, const char *text)
{
    for (unsigned column = 0; column + 8 < screen.columns; column++)
        if (row_begins(cells + column, text))
            return true;
    return false;
}

/* A line of text in a panel's window. */
static enum panel_colour row_colour(const unsigned char *cells)
{
    if (row_begins(cells, "ok "))
        return row_holds(cells, "# SKIP ") ? PANEL_YELLOW : PANEL_GREEN;
    if (row_begins(cells, "not ok ") || row_begins(cells, "Bail out!"))
        return PANEL_RED;
    return row_begins(cells, "# ") ? PANEL_DIM : PANEL_GREY;
}

/*
 * The row of text that stands in that row of the window, NULL above the first. The last is the
 * cursor's.
 */
static const unsigned char *window_text(unsigned row)
{
    unsigned used = screen.row + (screen.column > 0);
    unsigned behind = screen.panel->window_row + screen.panel->window_rows - row;

    return behind > used ? NULL : screen.cells + (size_t)(used - behind) * screen.columns;
}

static bool in_picture(unsigned column, unsigned row)
{
    for (size_t i = 0; i < screen.panel->picture_count; i++) {
        const struct panel_picture *p = &screen.panel->pictures[i];

        if (column - p->column < p->columns && row - p->row < p->rows)
            return true;
    }
    return false;
}

static void draw_line(unsigned row, const panel_cell *panel, const unsigned char *text,
                      enum panel_colour ink)
{
    for (unsigned column = 0; column < screen.columns; column++) {
        panel_cell *shown = &screen.shown[(size_t)row * screen.columns + column];
        panel_cell cell = panel != NULL
                              ? panel[column]
                              : panel_make(text == NULL ? ' ' : text[column], ink, PANEL_BLACK);

        /* Of an empty cell the colour does not show. */
        if ((cell & 0xffu) == ' ')
            cell = panel_make(' ', PANEL_BLACK, (enum panel_colour)(cell >> PANEL_PAPER_SHIFT));
        if (cell == *shown || (screen.panel != NULL && in_picture(column, row)))
            continue;
        draw_cell(column, row, cell);
        *shown = cell;
    }
}

static void draw_panel_row(unsigned row)
{
    const unsigned char *text;

    if (row - screen.panel->window_row >= screen.panel->window_rows) {
        draw_line(row, screen.panel->cells + (size_t)row * screen.columns, NULL, PANEL_GREY);
        return;
    }
    text = window_text(row);
    draw_line(row, NULL, text, text == NULL ? PANEL_GREY : row_colour(text));
}

static void mark_changed(unsigned first, unsigned last)
{
    if (first < screen.first_changed)
        screen.first_changed = first;
    if (last > screen.last_changed)
        screen.last_changed = last;
}

/* The text has changed. In a window every row may show another one. */
static void draw_changed(void)
{
    for (unsigned i = 0; screen.panel != NULL && i < screen.panel->window_rows; i++)
        draw_panel_row(screen.panel->window_row + i);
    for (unsigned row = screen.first_changed;
         screen.panel == NULL && row <= screen.last_changed && row < screen.rows; row++)
        draw_line(row, NULL, screen.cells + (size_t)row * screen.columns, PANEL_GREY);
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
    for (unsigned column = 0;
         text[column] >= ' ' && column < fb->width / (FONT_WIDTH * screen.scale); column++)
        draw_cell(column, 0, panel_make((unsigned char)text[column], PANEL_GREY, PANEL_BLACK));
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

static void make_cells(const struct boot_framebuffer *fb)
{
    unsigned rows = at_most(fb->height / (FONT_HEIGHT * screen.scale), ROWS_MAX);
    size_t count;

    screen.columns = at_most(fb->width / (FONT_WIDTH * screen.scale), COLUMNS_MAX);
    count = (size_t)screen.columns * rows;
    screen.cells = kalloc(count);
    screen.shown = kalloc(count * sizeof(*screen.shown));
    clear(fb);
    screen.panel = NULL;
    screen.rows = rows;
    __builtin_memset(screen.cells, ' ', count);
    for (size_t i = 0; i < count; i++)
        screen.shown[i] = panel_make(' ', PANEL_BLACK, PANEL_BLACK);
    screen.first_changed = rows;
    screen.column = screen.row = 0;
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
    make_cells(fb);
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

/* ---- panels ---- */

bool screen_make_panel(struct panel *panel)
{
    if (screen.rows == 0)
        return false;
    *panel = (struct panel){ .columns = screen.columns,
                             .rows = screen.rows,
                             .cell_width = FONT_WIDTH * screen.scale,
                             .cell_height = FONT_HEIGHT * screen.scale };
    panel->cells = kalloc(sizeof(*panel->cells) * panel->columns * panel->rows);
    for (unsigned row = 0; row < panel->rows; row++)
        panel_fill(panel, row, 0, panel->columns, PANEL_GREY, PANEL_BLACK);
    return true;
}

static void fill_box(unsigned left, unsigned top, unsigned width, unsigned height, uint32_t pixel)
{
    for (unsigned y = top; y < top + height; y++)
        for (unsigned x = left; x < left + width; x++)
            put_pixel(pixel_at(x, y), pixel);
}

static void draw_picture(const struct panel_picture *p)
{
    unsigned dot = panel_dot(screen.panel, p);
    unsigned cell_width = screen.panel->cell_width, cell_height = screen.panel->cell_height;
    unsigned left = p->column * cell_width + (p->columns * cell_width - dot * p->width) / 2;
    unsigned top = p->row * cell_height + (p->rows * cell_height - dot * p->height) / 2;

    fill_box(p->column * cell_width, p->row * cell_height, p->columns * cell_width,
             p->rows * cell_height, screen.pixel_of[p->paper]);
    for (unsigned y = 0; y < p->height; y++)
        for (unsigned x = 0; x < p->width; x++)
            if (p->bits[y * p->stride + x / 8] >> (7 - x % 8) & 1)
                fill_box(left + x * dot, top + y * dot, dot, dot, screen.pixel_of[p->ink]);
    for (unsigned row = 0; row < p->rows; row++)
        for (unsigned column = 0; column < p->columns; column++)
            screen.shown[(size_t)(p->row + row) * screen.columns + p->column + column] =
                PICTURE_CELL;
}

static bool is_inside(const struct panel_picture *p)
{
    return p->column + p->columns <= screen.columns && p->row + p->rows <= screen.rows &&
           p->columns > 0 && p->rows > 0;
}

void screen_show(struct panel *panel)
{
    bool draw_pictures = panel != NULL && (panel != screen.panel || panel->pictures_changed);

    if (screen.rows == 0)
        return;
    screen.panel = panel;
    mark_changed(0, screen.rows - 1);
    for (unsigned row = 0; panel != NULL && row < screen.rows; row++)
        draw_panel_row(row);
    for (size_t i = 0; draw_pictures && i < panel->picture_count; i++)
        if (is_inside(&panel->pictures[i]))
            draw_picture(&panel->pictures[i]);
    if (draw_pictures)
        panel->pictures_changed = false;
    draw_changed();
}
