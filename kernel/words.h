/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Zero-terminated text: compare, copy, read numbers. What the kernel needs of a C library's
 * strings.
 */
#ifndef KERNEL_WORDS_H
#define KERNEL_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

size_t text_len(const char *text);
bool text_equal(const char *a, const char *b);
/* What follows prefix in text; NULL when text does not start with it. */
const char *text_after(const char *text, const char *prefix);
/* Copies as much as fits and terminates it (size > 0); false when something was cut off. */
bool text_copy(char *out, size_t size, const char *text);
/*
 * Decimal, or hexadecimal behind 0x; the whole text. False: empty, another character, more than
 * 64 bits.
 */
bool text_number(const char *text, uint64_t *value);

#endif
