/* SPDX-License-Identifier: BSD-2-Clause */
/* Editing one line of input, with history. Portable: characters in, text to show out. */
#ifndef KERNEL_LINE_H
#define KERNEL_LINE_H

#include <stdbool.h>
#include <stddef.h>

#define LINE_BYTES 128u
#define LINE_HISTORY 16u

struct line {
    void (*show)(void *ctx, const char *text, size_t len);
    void *ctx;
    char text[LINE_BYTES];      /* zero-terminated */
    size_t len, cursor;
    char history[LINE_HISTORY][LINE_BYTES];
    size_t history_count;       /* ever; the newest LINE_HISTORY are kept */
    size_t history_back;        /* how far up the arrow has gone; 0: the line itself */
    unsigned escape;            /* bytes of an escape sequence seen */
    char parameter;             /* its digit */
};

/* Empties the line for the next command; the history stays. */
void line_begin(struct line *line);
/* One character. True: the line is complete in text, and in the history. */
bool line_put(struct line *line, char c);

#endif
