/* SPDX-License-Identifier: BSD-2-Clause */
/* Which addresses register windows have. */
#ifndef KERNEL_WINDOW_SPACE_H
#define KERNEL_WINDOW_SPACE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Room for len bytes (whole pages) of the frames from pa on; 0: there is none.
 * From 2 MiB on it agrees with pa modulo the large page that fits.
 */
uint64_t window_take(uint64_t pa, uint64_t len);
/* False: there is no such window. */
bool window_give(uint64_t start, uint64_t end);

#endif
