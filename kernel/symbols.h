/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of the kernel's functions, for backtraces. The table is made from the
 * linked image by tools/symbols.awk and linked in behind everything else.
 */
#ifndef KERNEL_SYMBOLS_H
#define KERNEL_SYMBOLS_H

#include <stdint.h>

struct symbol_entry {
    uint64_t address;       /* ascending */
    uint64_t name_offset;   /* into symbol_names; an empty name ends the code before it */
};

extern const struct symbol_entry symbol_table[];
extern const uint64_t symbol_count;
extern const char symbol_names[];

/* The function that address lies in and how far; NULL when it lies in none. Any context. */
const char *symbol_find(uint64_t address, uint64_t *offset);

#endif
