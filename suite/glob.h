/* SPDX-License-Identifier: BSD-2-Clause */
/* Which scenarios a run= word names. */
#ifndef SUITE_GLOB_H
#define SUITE_GLOB_H

#include <stdbool.h>
#include <stddef.h>

/* '*' stands for any characters, '/' too; '?' for one. Both texts by length. */
bool glob_match(const char *glob, size_t glob_len, const char *text, size_t text_len);

bool text_is(const char *text, const char *other);

/*
 * list: globs separated by commas. A glob that holds ':' is compared with the
 * whole name, any other with the part before the first ':'. Those that start
 * with '-' leave out, wherever they stand in the list. A list of nothing but
 * exclusions starts from everything; NULL and "" are "*"; "none" is no
 * scenario's name, so it names nothing.
 */
bool glob_list_match(const char *list, const char *name);

#endif
