/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Editing one line of input, with history and completion. Portable: characters in, text to show
 * out.
 */
#ifndef KERNEL_LINE_H
#define KERNEL_LINE_H

#include <stdbool.h>
#include <stddef.h>

#define LINE_BYTES 128u
#define LINE_HISTORY 32u

struct line {
    void (*show)(void *ctx, const char *text, size_t len);
    /*
     * What could stand where text[start] begins, number n, into out; false
     * past the last. Those that do not begin as what is there are passed over.
     * NULL: nothing is completed.
     */
    bool (*candidate)(void *ctx, const char *text, size_t start, size_t n, char *out, size_t size);
    void *ctx;
    const char *prompt;         /* NULL: none */
    char text[LINE_BYTES];      /* zero-terminated */
    size_t len, cursor;
    bool too_long;              /* characters did not fit since it was begun or last cut */
    char history[LINE_HISTORY][LINE_BYTES];
    size_t history_count;       /* ever; the newest LINE_HISTORY are kept */
    size_t history_back;        /* how far up the arrow has gone; 0: the line itself */
    char kept[LINE_BYTES];      /* that line, while the arrow is in the history */
    unsigned escape;            /* where in an escape sequence the input is */
    unsigned parameter;         /* its first number */
    bool more_parameters;
    bool after_return;          /* a line feed belongs to the return before it */
};

enum line_state {
    LINE_OPEN,
    /*
     * The line is complete in text, and in the history; text is empty after Ctrl-C, and where more
     * was typed than fits, which is then said.
     */
    LINE_DONE,
    LINE_CLOSED, /* Ctrl-D on an empty line: there is no more input */
};

/* Empties the line for the next command and shows the prompt; the history stays. */
void line_begin(struct line *line);
/* One character. Behind anything but LINE_OPEN comes line_begin(). */
enum line_state line_put(struct line *line, char c);
/* Nothing came for a while: what looked like the beginning of a sequence was the Escape key. */
void line_idle(struct line *line);

#endif
