/* SPDX-License-Identifier: BSD-2-Clause */
#include "look.h"

#include <stdarg.h>

#include "test.h"

__attribute__((format(printf, 2, 3))) static void add(struct look *look, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    look->len += (size_t)vsnprintf(look->text + look->len, LOOK_BYTES - look->len, format, args);
    va_end(args);
    CHECK(look->len < LOOK_BYTES);
}

static void item(void *ctx, const struct iommu_debug_item *seen)
{
    struct look *look = ctx;

    CHECK(look->count < LOOK_ITEMS);
    look->items[look->count++] = *seen;
    add(look, "%s%s[%x] %llx %u:", look->len > 0 ? "\n" : "", seen->name, seen->index, (unsigned long long)seen->at,
        seen->bits);
}

static void field(void *ctx, const char *name, uint64_t value, const char *meaning)
{
    CHECK(((struct look *)ctx)->count > 0);
    add(ctx, " %s=%llx(%s)", name, (unsigned long long)value, meaning);
}

static void note(void *ctx, const char *text)
{
    add(ctx, "\n# %s", text);
}

struct look *look_new(void)
{
    struct look *look = calloc(1, sizeof(*look));

    look->visitor = (struct iommu_debug_visitor){ .item = item, .field = field, .note = note, .ctx = look };
    return look;
}

void look_clear(struct look *look)
{
    look->count = look->len = 0;
    look->text[0] = '\0';
}

struct look *look_anew(void)
{
    static struct look *look;

    if (look == NULL)
        look = look_new();
    look_clear(look);
    return look;
}

bool look_noted(const struct look *look, const char *text)
{
    return strstr(look->text, text) != NULL;
}

const struct iommu_debug_item *look_item(const struct look *look, const char *name)
{
    for (size_t i = 0; i < look->count; i++)
        if (strcmp(look->items[i].name, name) == 0)
            return &look->items[i];
    test_fail(__FILE__, __LINE__, "no item \"%s\" in:\n%s", name, look->text);
}

const char *look_line(const struct look *look, const char *name)
{
    const char *at = look->text;
    size_t len = strlen(name);

    while (at != NULL) {
        at += *at == '\n';
        if (strncmp(at, name, len) == 0 && at[len] == '[')
            return at;
        at = strchr(at, '\n');
    }
    test_fail(__FILE__, __LINE__, "no line \"%s\" in:\n%s", name, look->text);
}

bool look_has(const struct look *look, const char *name, const char *field_text)
{
    const char *line = look_line(look, name), *end = strchr(line, '\n'), *found;
    char wanted[96];

    snprintf(wanted, sizeof(wanted), " %s", field_text);
    found = strstr(line, wanted);
    return found != NULL && (end == NULL || found < end);
}
