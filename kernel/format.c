/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * printf's language as far as a console needs it: no floating point, no
 * positional arguments. Portable. A conversion that is not known is printed
 * as it stands and takes no argument.
 */
#include "format.h"

#include <stdbool.h>
#include <stdint.h>

#define NO_PRECISION SIZE_MAX
#define DIGITS_MAX 20u      /* of 2^64 - 1 in decimal */
#define FIELD_MAX 4096u     /* a wider field is a mistake, and would print for ever */

struct out {
    format_put *put;
    void *ctx;
};

struct conversion {
    bool left, zero;
    size_t width, precision;
    unsigned longs;         /* how many l; z and ll are 64 bits wide */
};

static void put_repeated(const struct out *out, char c, size_t count)
{
    while (count-- > 0)
        out->put(out->ctx, &c, 1);
}

static void put_field(const struct out *out, const struct conversion *conv, const char *text,
                      size_t len)
{
    size_t padding = conv->width > len ? conv->width - len : 0;

    if (!conv->left)
        put_repeated(out, ' ', padding);
    out->put(out->ctx, text, len);
    if (conv->left)
        put_repeated(out, ' ', padding);
}

static void put_text(const struct out *out, const struct conversion *conv, const char *text)
{
    size_t len = 0;

    if (text == NULL)
        text = "(null)";
    while (len < conv->precision && text[len] != '\0')
        len++;
    put_field(out, conv, text, len);
}

static void put_number(const struct out *out, const struct conversion *conv, uint64_t value,
                       unsigned base, const char *sign)
{
    char digits[DIGITS_MAX + 2];
    size_t at = sizeof(digits), signs = 0;

    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    while (sign[signs] != '\0')
        signs++;
    if (conv->zero && !conv->left) {
        size_t len = sizeof(digits) - at + signs;

        out->put(out->ctx, sign, signs);
        put_repeated(out, '0', conv->width > len ? conv->width - len : 0);
        out->put(out->ctx, &digits[at], sizeof(digits) - at);
        return;
    }
    while (signs > 0)
        digits[--at] = sign[--signs];
    put_field(out, conv, &digits[at], sizeof(digits) - at);
}

/* A number, or the argument where a star stands. */
static const char *read_count(const char *at, va_list *args, size_t *count)
{
    *count = 0;
    if (*at == '*') {
        int value = va_arg(*args, int);

        *count = value > 0 ? (size_t)value : 0;
        at++;
    }
    for (; *at >= '0' && *at <= '9'; at++)
        if (*count < FIELD_MAX)
            *count = *count * 10 + (size_t)(*at - '0');
    return at;
}

static const char *read_conversion(const char *at, va_list *args, struct conversion *conv)
{
    *conv = (struct conversion){ .precision = NO_PRECISION };
    for (; *at == '-' || *at == '0'; at++) {
        conv->left |= *at == '-';
        conv->zero |= *at == '0';
    }
    at = read_count(at, args, &conv->width);
    if (conv->width > FIELD_MAX)
        conv->width = FIELD_MAX;
    if (*at == '.')
        at = read_count(at + 1, args, &conv->precision);
    for (; *at == 'l' || *at == 'z'; at++)
        conv->longs++;
    return at;
}

static uint64_t read_unsigned(const struct conversion *conv, va_list *args)
{
    return conv->longs > 0 ? va_arg(*args, unsigned long) : va_arg(*args, unsigned);
}

static void put_signed(const struct out *out, const struct conversion *conv, va_list *args)
{
    int64_t value = conv->longs > 0 ? va_arg(*args, long) : va_arg(*args, int);

    put_number(out, conv, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, value < 0 ? "-" : "");
}

/* False: no such conversion. */
static bool put_conversion(const struct out *out, const struct conversion *conv, char kind,
                           va_list *args)
{
    char c;

    switch (kind) {
    case 's':
        put_text(out, conv, va_arg(*args, const char *));
        return true;
    case 'c':
        c = (char)va_arg(*args, int);
        put_field(out, conv, &c, 1);
        return true;
    case 'd':
        put_signed(out, conv, args);
        return true;
    case 'u':
        put_number(out, conv, read_unsigned(conv, args), 10, "");
        return true;
    case 'x':
        put_number(out, conv, read_unsigned(conv, args), 16, "");
        return true;
    case 'p':
        put_number(out, conv, (uintptr_t)va_arg(*args, void *), 16, "0x");
        return true;
    case '%':
        put_repeated(out, '%', 1);
        return true;
    default:
        return false;
    }
}

void format_stream(format_put *put, void *ctx, const char *format, va_list args)
{
    struct out out = { .put = put, .ctx = ctx };
    const char *plain = format, *at = format;
    va_list rest;

    va_copy(rest, args);
    while (*at != '\0') {
        struct conversion conv;
        const char *end;

        if (*at != '%') {
            at++;
            continue;
        }
        if (at != plain)
            put(ctx, plain, (size_t)(at - plain));
        plain = at;
        end = read_conversion(at + 1, &rest, &conv);
        at = *end != '\0' ? end + 1 : end;
        if (put_conversion(&out, &conv, *end, &rest))
            plain = at;
    }
    if (at != plain)
        put(ctx, plain, (size_t)(at - plain));
    va_end(rest);
}

struct memory {
    char *out;
    size_t size, len;
};

static void put_memory(void *ctx, const char *text, size_t len)
{
    struct memory *memory = ctx;

    for (size_t i = 0; i < len; i++, memory->len++)
        if (memory->len + 1 < memory->size)
            memory->out[memory->len] = text[i];
}

size_t format_text(char *out, size_t size, const char *format, va_list args)
{
    struct memory memory = { .out = out, .size = size };

    format_stream(put_memory, &memory, format, args);
    if (size > 0)
        out[memory.len < size ? memory.len : size - 1] = '\0';
    return memory.len;
}

size_t format_line(char *out, size_t size, const char *format, ...)
{
    va_list args;
    size_t len;

    va_start(args, format);
    len = format_text(out, size, format, args);
    va_end(args);
    return len;
}
