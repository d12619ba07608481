/* SPDX-License-Identifier: BSD-2-Clause */
/* json.c against RFC 8259. */
#include "test.h"

#include "json.h"

static char out[1024];

static void collect(void *ctx, const char *text, size_t len)
{
    (void)ctx;
    strncat(out, text, len);
}

static struct json begin(void)
{
    out[0] = '\0';
    return (struct json){ .put = collect };
}

TEST(commas_stand_between_values_only)
{
    struct json json = begin();

    json_open(&json, NULL, '{');
    json_text(&json, "schema", "a/1");
    json_open(&json, "list", '[');
    json_number(&json, NULL, 1);
    json_number(&json, NULL, UINT64_MAX);
    json_close(&json, ']');
    json_open(&json, "empty", '[');
    json_close(&json, ']');
    json_bool(&json, "on", true);
    json_bool(&json, "off", false);
    json_hex(&json, "base", 0xfed90000);
    json_close(&json, '}');
    CHECK_STR(out, "{\n\"schema\": \"a/1\",\n\"list\": [\n1,\n18446744073709551615\n],\n\"empty\": [\n\n],\n"
                   "\"on\": true,\n\"off\": false,\n\"base\": \"0xfed90000\"\n}");
}

TEST(text_is_escaped)
{
    struct json json = begin();

    json_text(&json, NULL, "a\"b\\c\n\t\x7f\xff%s");
    CHECK_STR(out, "\"a\\\"b\\\\c\\u000a\\u0009\\u007f\\u00ff%s\"");
}

TEST(names_are_escaped_too)
{
    struct json json = begin();

    json_number(&json, "a\"", 0);
    CHECK_STR(out, "\"a\\\"\": 0");
}
