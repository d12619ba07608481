/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The compact report, schema word iommukit-compact/1. A line begins with what
 * it is: the result, why, c(pu), u(nit), n(umbers), F(ailed scenario), f(inding).
 * docs/report-json.md has the long form. Portable.
 */
#include "compact.h"

#include "format.h"
#include "words.h"

/* Room for the line that says that something is left out. */
#define MORE_BYTES 3u
#define LINE_BYTES 200u

struct sheet {
    char *out;
    size_t size, len;
    bool full;
};

/* A phone shows what it reads: control characters and what lies beyond ASCII stay out. */
static char shown(char c)
{
    return c >= ' ' && c <= '~' ? c : '?';
}

static void add_line(struct sheet *sheet, const char *line)
{
    size_t len = text_len(line);

    if (sheet->full || sheet->len + 1 + len + MORE_BYTES > sheet->size) {
        if (!sheet->full)
            sheet->len += format_line(sheet->out + sheet->len, sheet->size - sheet->len, "\n+");
        sheet->full = true;
        return;
    }
    if (sheet->len > 0)
        sheet->out[sheet->len++] = '\n';
    for (size_t i = 0; i < len; i++)
        sheet->out[sheet->len++] = shown(line[i]);
    sheet->out[sheet->len] = '\0';
}

static void add_unit(struct sheet *sheet, const struct compact_unit *unit)
{
    char line[LINE_BYTES];

    format_line(line, sizeof(line), "u %s %llx %c%c %s=%llx %s=%llx faults=%llu", unit->name,
                (unsigned long long)unit->registers_pa, unit->translating ? 'T' : '-',
                unit->remapping ? 'R' : '-', unit->amd ? "efr" : "cap",
                (unsigned long long)unit->capability, unit->amd ? "efr2" : "ecap",
                (unsigned long long)unit->extended, (unsigned long long)unit->faults);
    add_line(sheet, line);
}

static void add_named(struct sheet *sheet, char kind, const char names[][COMPACT_NAME_BYTES],
                      size_t count)
{
    char line[LINE_BYTES];

    for (size_t i = 0; i < count && names[i][0] != '\0'; i++) {
        format_line(line, sizeof(line), "%c %s", kind, names[i]);
        add_line(sheet, line);
    }
}

static void add_head(struct sheet *sheet, const struct compact_facts *f)
{
    char line[LINE_BYTES];

    add_line(sheet, "iommukit-compact/1");
    format_line(line, sizeof(line), "%s %s %s", f->version, f->door, f->loader);
    add_line(sheet, line);
    format_line(line, sizeof(line), "%s %s", f->result, f->verdict);
    add_line(sheet, line);
    format_line(line, sizeof(line), "n %u passed %u failed %u skipped", f->passed, f->failed,
                f->skipped);
    add_line(sheet, line);
    format_line(line, sizeof(line), "%s", f->reason);
    add_line(sheet, line);
    format_line(line, sizeof(line), "c %s, %u CPUs, %llu MiB", f->processor, f->online,
                (unsigned long long)f->ram_mib);
    add_line(sheet, line);
}

size_t compact_make(const struct compact_facts *facts, char *out, size_t size)
{
    struct sheet sheet = { .out = out, .size = size < COMPACT_BYTES ? size : COMPACT_BYTES };
    char line[LINE_BYTES];

    out[0] = '\0';
    add_head(&sheet, facts);
    for (size_t i = 0; i < facts->unit_count && i < COMPACT_UNITS; i++)
        add_unit(&sheet, &facts->units[i]);
    if (facts->unit_count > COMPACT_UNITS) {
        format_line(line, sizeof(line), "u %zu more", facts->unit_count - COMPACT_UNITS);
        add_line(&sheet, line);
    }
    add_named(&sheet, 'F', facts->failures, COMPACT_FAILED);
    add_named(&sheet, 'f', facts->findings, COMPACT_FINDINGS);
    return sheet.len;
}
