/* SPDX-License-Identifier: BSD-2-Clause */
/* Looks an address up in the embedded symbol table: the last entry at or below it. */
#include "symbols.h"

#include <stddef.h>

const char *symbol_find(uint64_t address, uint64_t *offset)
{
    uint64_t below = 0, above = symbol_count;
    const char *name;

    while (below < above) {
        uint64_t middle = below + (above - below) / 2;

        if (symbol_table[middle].address <= address)
            below = middle + 1;
        else
            above = middle;
    }
    if (below == 0)
        return NULL;
    name = symbol_names + symbol_table[below - 1].name_offset;
    if (*name == '\0')
        return NULL;
    *offset = address - symbol_table[below - 1].address;
    return name;
}
