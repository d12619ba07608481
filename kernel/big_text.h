/* SPDX-License-Identifier: BSD-2-Clause */
/* A word in large letters, as dots. Portable. */
#ifndef KERNEL_BIG_TEXT_H
#define KERNEL_BIG_TEXT_H

#include <stdint.h>

#define BIG_TEXT_LETTERS 16u
#define BIG_TEXT_LETTER_DOTS 6u /* across, the gap included */
#define BIG_TEXT_STRIDE (BIG_TEXT_LETTERS * BIG_TEXT_LETTER_DOTS / 8u)
#define BIG_TEXT_HEIGHT 7u

struct big_text {
    unsigned width; /* dots, without the last letter's gap */
    uint8_t bits[BIG_TEXT_HEIGHT]
                [BIG_TEXT_STRIDE]; /* bit 7 of a line's first byte is its first dot */
};

/* What is longer is cut. */
void big_text_make(struct big_text *big, const char *text);

#endif
