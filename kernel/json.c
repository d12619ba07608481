/* SPDX-License-Identifier: BSD-2-Clause */
/* A JSON writer without memory of its own. Portable. */
#include "json.h"

#include "format.h"
#include "words.h"

#define NUMBER_BYTES 24u

static void put(struct json *json, const char *text)
{
    json->put(json->ctx, text, text_len(text));
}

/*
 * A character of two or three bytes in UTF-8, as our own texts have them ("§");
 * 0: the bytes at text are none. A terminator is no continuation byte.
 */
static unsigned wide_character(const unsigned char *text, unsigned *len)
{
    unsigned value = 0;

    *len = (text[0] & 0xe0) == 0xc0 ? 2 : (text[0] & 0xf0) == 0xe0 ? 3 : 0;
    for (unsigned i = 1; i < *len; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    if (*len == 2)
        value = (text[0] & 0x1fu) << 6 | (text[1] & 0x3fu);
    else if (*len == 3)
        value = (text[0] & 0x0fu) << 12 | (text[1] & 0x3fu) << 6 | (text[2] & 0x3fu);
    /* Longer than need be, or half of a pair of UTF-16. */
    return value < (*len == 2 ? 0x80u : 0x800u) || (value >= 0xd800 && value < 0xe000) ? 0 : value;
}

static void put_escaped(struct json *json, const char *text)
{
    put(json, "\"");
    while (*text != '\0') {
        unsigned char c = (unsigned char)*text;
        unsigned len, wide = wide_character((const unsigned char *)text, &len);
        char escape[8];

        if (wide != 0)
            format_line(escape, sizeof(escape), "\\u%04x", wide);
        else if (c == '"' || c == '\\')
            format_line(escape, sizeof(escape), "\\%c", c);
        else if (c < ' ' || c > '~')
            format_line(escape, sizeof(escape), "\\u%04x", c);
        else
            format_line(escape, sizeof(escape), "%c", c);
        put(json, escape);
        text += wide != 0 ? len : 1;
    }
    put(json, "\"");
}

static void begin_value(struct json *json, const char *name)
{
    if (json->follows)
        put(json, ",\n");
    json->follows = true;
    if (name == NULL)
        return;
    put_escaped(json, name);
    put(json, ": ");
}

void json_open(struct json *json, const char *name, char bracket)
{
    begin_value(json, name);
    json->put(json->ctx, &bracket, 1);
    put(json, "\n");
    json->follows = false;
}

void json_close(struct json *json, char bracket)
{
    put(json, "\n");
    json->put(json->ctx, &bracket, 1);
    json->follows = true;
}

void json_text(struct json *json, const char *name, const char *text)
{
    begin_value(json, name);
    put_escaped(json, text);
}

void json_number(struct json *json, const char *name, uint64_t value)
{
    char text[NUMBER_BYTES];

    begin_value(json, name);
    format_line(text, sizeof(text), "%llu", (unsigned long long)value);
    put(json, text);
}

void json_hex(struct json *json, const char *name, uint64_t value)
{
    char text[NUMBER_BYTES];

    format_line(text, sizeof(text), "0x%llx", (unsigned long long)value);
    json_text(json, name, text);
}

void json_bool(struct json *json, const char *name, bool value)
{
    begin_value(json, name);
    put(json, value ? "true" : "false");
}
