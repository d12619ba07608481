/* SPDX-License-Identifier: BSD-2-Clause */
/* Large letters: the font's dots one by one. What hangs below the line is left out. Portable. */
#include "big_text.h"

#include "font.h"

void big_text_make(struct big_text *big, const char *text)
{
    unsigned letters = 0;

    *big = (struct big_text){ 0 };
    for (; letters < BIG_TEXT_LETTERS && text[letters] != '\0'; letters++)
        for (unsigned row = 0; row < BIG_TEXT_HEIGHT; row++)
            for (unsigned dot = 0; dot < FONT_DOTS; dot++) {
                unsigned at = letters * BIG_TEXT_LETTER_DOTS + dot;

                if (font_dots((unsigned char)text[letters], row) >> (FONT_DOTS - 1 - dot) & 1)
                    big->bits[row][at / 8] = (uint8_t)(big->bits[row][at / 8] | 0x80u >> at % 8);
            }
    big->width = letters == 0 ? 0 : letters * BIG_TEXT_LETTER_DOTS - 1;
}
