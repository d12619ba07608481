/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A report saved earlier: the JSON object alone, or somewhere in a serial log
 * between the lines with which the kernel surrounds it. Whether it is JSON is
 * asked of a library that reads it; nothing else is.
 */
#include "lint.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define REPORT_BYTES_MAX (64u << 20)
#define START "---8<--- report"
#define END "--->8---"
#define TABLE_START_BYTES 8u

bool report_is(const char *path)
{
    char start[TABLE_START_BYTES];
    FILE *file = fopen(path, "rb");
    size_t len;

    if (file == NULL)
        return false;
    len = fread(start, 1, sizeof(start), file);
    fclose(file);
    return file_is_text(start, len);
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

char *report_read(const char *path, size_t *len)
{
    uint8_t *bytes = file_read(path, REPORT_BYTES_MAX, len);
    struct text text = { 0 };
    char *report;

    if (bytes == NULL) {
        fprintf(stderr, "iommukit-lint: %s: %s\n", path, strerror(errno));
        return NULL;
    }
    text_add(&text, (const char *)bytes, *len);
    free(bytes);
    report = cut_out(text.bytes);
    if (!is_object(path, report)) {
        free(text.bytes);
        return NULL;
    }
    report = lint_copy(report);
    *len = strlen(report);
    free(text.bytes);
    return report;
}
