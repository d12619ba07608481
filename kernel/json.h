/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes JSON (RFC 8259), piece by piece. Commas are set by the writer. Every
 * value inside an object is given its name; inside an array the name is NULL.
 */
#ifndef KERNEL_JSON_H
#define KERNEL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
    void (*put)(void *ctx, const char *text, size_t len);
    void *ctx;
    bool follows;       /* a value precedes on this level: a comma comes first */
};

/* { or [ opens a level, } or ] closes it. The outermost one has no name. */
void json_open(struct json *json, const char *name, char bracket);
void json_close(struct json *json, char bracket);

/* Text may hold any bytes: what is not printable ASCII is escaped, UTF-8 as its character. */
void json_text(struct json *json, const char *name, const char *text);
void json_number(struct json *json, const char *name, uint64_t value);
/* "0x..." as text: many readers round numbers above 2^53. */
void json_hex(struct json *json, const char *name, uint64_t value);
void json_bool(struct json *json, const char *name, bool value);

#endif
