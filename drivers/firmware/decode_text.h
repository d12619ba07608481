/* SPDX-License-Identifier: BSD-2-Clause */
/* A firmware table as lines of text: for the host tool and for the kernel's shell. */
#ifndef FIRMWARE_DECODE_TEXT_H
#define FIRMWARE_DECODE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* One line, terminated, without newline; valid during the call. */
typedef void fw_line(void *ctx, const char *line);

/*
 * Prints the whole table: a line a structure, a field, a bit, and one
 * "problem" line for each that fw_decode() tells. False: there was a problem.
 */
bool fw_print(const void *table, size_t len, fw_line *line, void *ctx);

#endif
