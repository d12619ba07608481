/* SPDX-License-Identifier: BSD-2-Clause */
/* Zero-terminated text for a kernel without a C library. Portable. */
#include "words.h"

size_t text_len(const char *text)
{
    size_t len = 0;

    while (text[len] != '\0')
        len++;
    return len;
}

bool text_equal(const char *a, const char *b)
{
    const char *rest = text_after(a, b);

    return rest != NULL && *rest == '\0';
}

const char *text_after(const char *text, const char *prefix)
{
    for (; *prefix != '\0'; text++, prefix++)
        if (*text != *prefix)
            return NULL;
    return text;
}

bool text_copy(char *out, size_t size, const char *text)
{
    size_t len = 0;

    for (; text[len] != '\0' && len + 1 < size; len++)
        out[len] = text[len];
    out[len] = '\0';
    return text[len] == '\0';
}

/* 16 where it is none. */
static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (unsigned)(c - 'A') + 10;
    return 16;
}

bool text_number(const char *text, uint64_t *value)
{
    const char *hex = text_after(text, "0x");
    const char *at = hex != NULL ? hex : text;
    unsigned base = hex != NULL ? 16 : 10;
    uint64_t sum = 0;

    if (*at == '\0')
        return false;
    for (; *at != '\0'; at++) {
        unsigned digit = digit_value(*at);

        if (digit >= base || sum > (UINT64_MAX - digit) / base)
            return false;
        sum = sum * base + digit;
    }
    *value = sum;
    return true;
}
