/* SPDX-License-Identifier: BSD-2-Clause */
/* Characters into a panel's cells. What lies outside is left out. Portable. */
#include "panel.h"

void panel_fill(struct panel *panel, unsigned row, unsigned column, unsigned width,
                enum panel_colour ink, enum panel_colour paper)
{
    for (unsigned i = column; i < column + width && i < panel->columns && row < panel->rows; i++)
        panel->cells[(size_t)row * panel->columns + i] = panel_make(' ', ink, paper);
}

unsigned panel_text(struct panel *panel, unsigned row, unsigned column, unsigned width,
                    enum panel_colour ink, const char *text)
{
    for (; *text != '\0' && width > 0 && column < panel->columns && row < panel->rows;
         text++, width--) {
        panel_cell *cell = &panel->cells[(size_t)row * panel->columns + column++];

        *cell =
            panel_make((unsigned char)*text, ink, (enum panel_colour)(*cell >> PANEL_PAPER_SHIFT));
    }
    return column;
}

unsigned panel_dot(const struct panel *panel, const struct panel_picture *picture)
{
    unsigned across = picture->columns * panel->cell_width / (picture->width + 2 * picture->margin);
    unsigned down = picture->rows * panel->cell_height / (picture->height + 2 * picture->margin);

    return across < down ? across : down;
}
