/* SPDX-License-Identifier: BSD-2-Clause */
/* Scan codes of set 1 to characters, US layout. Portable. */
#ifndef KERNEL_KEYMAP_H
#define KERNEL_KEYMAP_H

#include <stdbool.h>
#include <stdint.h>

struct keymap {
    bool shift_left, shift_right, control, caps;
    bool extended;          /* E0h came before */
    uint8_t swallow;        /* bytes of an E1h sequence still to come */
};

/* One byte from the keyboard; the characters it means, "" for none. */
const char *keymap_read(struct keymap *keys, uint8_t code);

#endif
