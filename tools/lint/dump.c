/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables in the text that acpidump prints: a line "DMAR @ 0x..." before each,
 * then lines of up to 16 bytes with their offset, "    0010: 41 4D ...", and
 * what they are as characters. A line that does not go on where the one
 * before it ended is the end of the table.
 */
#include "lint.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SIGNATURE_BYTES 4u
#define START " @ 0x"
#define LINE_BYTES 16u
#define DIGITS "0123456789abcdefABCDEF"

/* The bytes of a line that goes on at offset at; their count, 0: it is none. */
static size_t read_line(const char *line, const char *end, size_t at, uint8_t *bytes)
{
    char *next;
    size_t count = 0;

    line += strspn(line, " \t");
    if (line >= end || !isxdigit((unsigned char)*line) || strtoull(line, &next, 16) != at ||
        *next != ':')
        return 0;
    for (next++;
         count < LINE_BYTES && next + 2 < end && *next == ' ' && strspn(next + 1, DIGITS) == 2;
         next += 3)
        bytes[count++] = (uint8_t)strtoul(next + 1, NULL, 16);
    return count;
}

static bool is_start(const char *line, const char *end)
{
    return (size_t)(end - line) > SIGNATURE_BYTES + strlen(START) &&
           memcmp(line + SIGNATURE_BYTES, START, strlen(START)) == 0;
}

static const char *line_end(const char *line, const char *end)
{
    const char *newline = memchr(line, '\n', (size_t)(end - line));

    return newline == NULL ? end : newline;
}

bool dump_read(const char **text, const char *end, uint8_t **bytes, size_t *len)
{
    const char *line = *text, *stop;
    struct text table = { 0 };
    uint8_t piece[LINE_BYTES];
    size_t count;

    while (line < end && !is_start(line, line_end(line, end)))
        line = line_end(line, end) < end ? line_end(line, end) + 1 : end;
    if (line >= end)
        return false;
    for (stop = line_end(line, end); stop < end; stop = line_end(line, end)) {
        line = stop + 1;
        count = read_line(line, line_end(line, end), table.len, piece);
        if (count == 0)
            break;
        text_add(&table, (const char *)piece, count);
    }
    *text = line < end ? line : end;
    *len = table.len;
    *bytes = lint_alloc(table.bytes, table.len);
    return true;
}
