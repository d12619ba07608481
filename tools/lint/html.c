/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Puts a report into the page of page.html, which is part of the program. In
 * the page the report is the text of a script element: "<" is written as the
 * escape JSON has for it, so that nothing in the report can end that element.
 */
#include "lint.h"

#include <stdlib.h>
#include <string.h>

#define MARKER "@REPORT@"

/* page_start to page_end, terminated. */
__asm__(".section .rodata\n"
        "page_start: .incbin \"tools/lint/page.html\"\n"
        ".byte 0\n"
        ".previous\n");
extern const char page_start[] __asm__("page_start");

/* Outside of its texts JSON has no "<". */
static void put_escaped(const char *report, size_t len, FILE *out)
{
    for (size_t i = 0; i < len; i++)
        if (report[i] == '<')
            fputs("\\u003c", out);
        else
            fputc(report[i], out);
}

void show_html(const char *report, size_t len, FILE *out)
{
    const char *marker = strstr(page_start, MARKER);

    if (marker == NULL)
        abort();
    fwrite(page_start, 1, (size_t)(marker - page_start), out);
    put_escaped(report, len, out);
    fputs(marker + strlen(MARKER), out);
}
