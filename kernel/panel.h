/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can stand on the screen instead of plain text: a grid of coloured
 * characters, rows of it that show the newest text of the console, and
 * pictures over it. Portable: whoever fills one needs no screen.
 */
#ifndef KERNEL_PANEL_H
#define KERNEL_PANEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum panel_colour {
    PANEL_BLACK,
    PANEL_GREY,
    PANEL_WHITE,
    PANEL_DIM,
    PANEL_BLUE,
    PANEL_GREEN,
    PANEL_RED,
    PANEL_YELLOW,
    PANEL_DARK_GREEN,
    PANEL_DARK_RED,
    PANEL_DARK_YELLOW,
    PANEL_COLOURS
};

/* A cell: the character, its colour, that behind it. */
typedef uint16_t panel_cell;
#define PANEL_INK_SHIFT 8
#define PANEL_PAPER_SHIFT 12

static inline panel_cell panel_make(unsigned char c, enum panel_colour ink, enum panel_colour paper)
{
    return (panel_cell)(c | (unsigned)ink << PANEL_INK_SHIFT |
                        (unsigned)paper << PANEL_PAPER_SHIFT);
}

/* Dots in a box of cells, as large as it takes them whole, in its middle. */
struct panel_picture {
    unsigned column, row, columns, rows; /* the box */
    const uint8_t *bits;                 /* bit 7 of the first byte is the upper left dot */
    unsigned stride, width, height;      /* bytes a line of dots; dots */
    unsigned margin;                     /* dots of paper around them */
    enum panel_colour ink, paper;
};

#define PANEL_PICTURES 4u

struct panel {
    unsigned columns, rows;
    unsigned cell_width, cell_height; /* pixels */
    panel_cell *cells;                /* columns * rows */
    unsigned window_row, window_rows; /* where the console's text shows; 0 rows: nowhere */
    struct panel_picture pictures[PANEL_PICTURES];
    size_t picture_count;
    bool pictures_changed; /* set by who fills it, cleared when drawn */
};

void panel_fill(struct panel *panel, unsigned row, unsigned column, unsigned width,
                enum panel_colour ink, enum panel_colour paper);
/* At most width characters, the colour behind them kept; returns the column behind them. */
unsigned panel_text(struct panel *panel, unsigned row, unsigned column, unsigned width,
                    enum panel_colour ink, const char *text);
/* Pixels of a dot of the picture; 0: it does not fit. */
unsigned panel_dot(const struct panel *panel, const struct panel_picture *picture);

#endif
