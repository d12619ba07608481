/* SPDX-License-Identifier: BSD-2-Clause */
/* Register windows and reading of firmware's memory; the calls are in mm.h. */
#ifndef KERNEL_MM_WINDOWS_H
#define KERNEL_MM_WINDOWS_H

#include <stdbool.h>
#include <stdint.h>

/* Does the direct map hold all of the range, or any of it? */
bool ram_holds(uint64_t pa, uint64_t len);
bool ram_touches(uint64_t pa, uint64_t len);

#endif
