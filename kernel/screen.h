/* SPDX-License-Identifier: BSD-2-Clause */
/* Text on a linear framebuffer, and panels. */
#ifndef KERNEL_SCREEN_H
#define KERNEL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "boot_info.h"
#include "panel.h"

/*
 * Maps and clears it. False: there is none, or it is of a kind this cannot draw on (which is
 * logged). Needs mm_init().
 */
bool screen_init(const struct boot_framebuffer *framebuffer);
/*
 * ASCII, newline, carriage return, backspace, tab; other bytes as a box. Any context, once
 * screen_init() has returned.
 */
void screen_write(const char *text, size_t len);
/*
 * One line at the top, over whatever is there, for a machine that ends before mm_init(): pixels is
 * where the framebuffer can be reached. What cannot be drawn on stays as it is.
 */
void screen_first_line(const struct boot_framebuffer *framebuffer, void *pixels, const char *text);
/* The columns and rows of text; 0 where there is no screen. */
unsigned screen_columns(void);
unsigned screen_rows(void);

/* An empty panel of the screen's size; false: there is no screen. Stays for good. */
bool screen_make_panel(struct panel *panel);
/*
 * Shows the panel, or NULL the text alone, and draws what has changed in it. Text is taken all the
 * while, whatever is shown.
 */
void screen_show(struct panel *panel);

#endif
