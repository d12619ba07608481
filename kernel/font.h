/* SPDX-License-Identifier: BSD-2-Clause */
/* The screen's font: ASCII 32 to 126, one cell of 8 by 16 pixels each. */
#ifndef KERNEL_FONT_H
#define KERNEL_FONT_H

#include <stdint.h>

#define FONT_WIDTH 8u
#define FONT_HEIGHT 16u

/* Row 0 is the top one, bit 7 its leftmost pixel. Any other character is a box. */
uint8_t font_row(unsigned char c, unsigned row);
/* The grid behind it: FONT_DOTS across, bit 4 the leftmost, in 8 rows. */
#define FONT_DOTS 5u
uint8_t font_dots(unsigned char c, unsigned row);

#endif
