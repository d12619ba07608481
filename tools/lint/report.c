/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A report saved earlier: the JSON object alone, or somewhere in a serial log
 * between the lines with which the kernel surrounds it. Whether it is JSON is
 * asked of a library that reads it; nothing else is.
 */
#include "lint.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"

#define START "---8<--- report"
#define END "--->8---"
#define SIGNATURE_BYTES 4u

static bool has_table(const char *text, size_t len)
{
    const char *at = text;
    uint8_t *table;
    size_t table_len;

    while (dump_read(&at, text + len, &table, &table_len)) {
        bool counts = table_len >= SIGNATURE_BYTES && fw_decodes((const char *)table);

        free(table);
        if (counts)
            return true;
    }
    return false;
}

bool report_is(const uint8_t *bytes, size_t len)
{
    struct text copy = { 0 };
    bool is;

    if (!file_is_text(bytes, len))
        return false;
    text_add(&copy, (const char *)bytes, len);
    is = strstr(copy.bytes, START) != NULL || !has_table(copy.bytes, len);
    free(copy.bytes);
    return is;
}

/* A serial log's lines end in CR LF, which JSON takes for blanks. */
static char *cut_out(char *text)
{
    char *start = strstr(text, START), *end;

    if (start == NULL)
        return text;
    start += strlen(START);
    end = strstr(start, END);
    if (end != NULL)
        *end = '\0';
    return start;
}

static bool is_object(const char *path, const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, 0, &error);
    bool object = json_is_object(json);

    if (json == NULL)
        fprintf(stderr, "iommukit-lint: %s: not JSON: line %d: %s\n", path, error.line, error.text);
    else if (!object || json_object_get(json, "schema") == NULL)
        fprintf(stderr, "iommukit-lint: %s: no report: an object with a \"schema\" is expected\n",
                path);
    object = object && json_object_get(json, "schema") != NULL;
    json_decref(json);
    return object;
}

char *report_cut(const char *path, const uint8_t *bytes, size_t *len)
{
    struct text text = { 0 };
    char *report;

    text_add(&text, (const char *)bytes, *len);
    report = cut_out(text.bytes);
    report = is_object(path, report) ? lint_copy(report) : NULL;
    if (report != NULL)
        *len = strlen(report);
    free(text.bytes);
    return report;
}
