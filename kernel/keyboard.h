/* SPDX-License-Identifier: BSD-2-Clause */
/* The PS/2 keyboard, polled. */
#ifndef KERNEL_KEYBOARD_H
#define KERNEL_KEYBOARD_H

#include <stdbool.h>

/* False: no controller answers. */
bool keyboard_init(void);
/* -1: none waits; arrows and the like as ESC sequences, one byte a call. */
int keyboard_getc(void);

#endif
