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

static void put_escaped(struct json *json, const char *text)
{
    put(json, "\"");
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        char escape[8];

        if (c == '"' || c == '\\')
            format_line(escape, sizeof(escape), "\\%c", c);
        else if (c < ' ' || c > '~')
            format_line(escape, sizeof(escape), "\\u%04x", c);
        else
            format_line(escape, sizeof(escape), "%c", c);
        put(json, escape);
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
