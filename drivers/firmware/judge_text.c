/* SPDX-License-Identifier: BSD-2-Clause */
/* The few conversions the sentences of findings need: %s %c %u %x with ll, width and 0. */
#include "judge_internal.h"

struct text {
    char *out;
    size_t size, used;
};

static void put(struct text *t, char c)
{
    if (t->used + 1 < t->size)
        t->out[t->used++] = c;
}

static void put_number(struct text *t, unsigned long long value, unsigned base, unsigned width,
                       char fill)
{
    char digits[20];
    unsigned count = 0;

    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    for (; width > count; width--)
        put(t, fill);
    while (count > 0)
        put(t, digits[--count]);
}

void judge_format(char *out, size_t size, const char *format, va_list args)
{
    struct text t = { .out = out, .size = size };

    for (const char *at = format; *at != '\0'; at++) {
        char fill = ' ';
        unsigned width = 0;
        bool wide = false;

        if (*at != '%') {
            put(&t, *at);
            continue;
        }
        for (at++; *at >= '0' && *at <= '9'; at++) {
            if (*at == '0' && width == 0)
                fill = '0';
            width = width * 10 + (unsigned)(*at - '0');
        }
        for (; *at == 'l'; at++)
            wide = true;
        if (*at == 's') {
            for (const char *s = va_arg(args, const char *); *s != '\0'; s++)
                put(&t, *s);
        } else if (*at == 'c') {
            put(&t, (char)va_arg(args, int));
        } else {
            unsigned long long value =
                wide ? va_arg(args, unsigned long long) : va_arg(args, unsigned);

            put_number(&t, value, *at == 'x' ? 16 : 10, width, fill);
        }
    }
    out[t.used] = '\0';
}
