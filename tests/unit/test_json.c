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

/* U+00A7 is c2 a7, U+20AC is e2 82 ac (RFC 3629). */
TEST(utf8_is_escaped_as_its_character)
{
    struct json json = begin();

    json_text(&json, NULL, "VT-d \xc2\xa7" "8.4 \xe2\x82\xac");
    CHECK_STR(out, "\"VT-d \\u00a78.4 \\u20ac\"");
}

/* Cut, longer than need be, half of a surrogate pair, four bytes: each byte is its own. */
TEST(bytes_that_are_no_utf8_stay_bytes)
{
    struct json json = begin();

    json_text(&json, NULL, "\xc2 \xe2\x82 \xc0\xaf \xe0\x80\xaf \xed\xa0\x80 \xa7 \xf0\x9f\x98\x80 \xc2");
    CHECK_STR(out, "\"\\u00c2 \\u00e2\\u0082 \\u00c0\\u00af \\u00e0\\u0080\\u00af \\u00ed\\u00a0\\u0080 \\u00a7 "
                   "\\u00f0\\u009f\\u0098\\u0080 \\u00c2\"");
}
