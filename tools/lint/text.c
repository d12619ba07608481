/* SPDX-License-Identifier: BSD-2-Clause */
/* What a person reads: a line a table, every field where asked for, findings last. */
#include "lint.h"

#include <string.h>

#include "decode.h"
#include "decode_text.h"

#define INDENT "    "

static void print_line(void *ctx, const char *line)
{
    fprintf(ctx, "%s\n", line);
}

/* Firmware's text goes to a terminal: what could steer it is left out. */
static void put_signature(const char *signature, FILE *out)
{
    for (; *signature != '\0'; signature++)
        fputc(*signature < ' ' || *signature > '~' ? '?' : *signature, out);
}

static void print_table_line(const struct lint_table *table, FILE *out)
{
    put_signature(table->table.signature, out);
    fputc(' ', out);
    put_plain(table->file, out);
    fprintf(out, ", %u bytes", (unsigned)table->table.len);
    if (!table->relevant)
        fprintf(out, ", the header only");
    if (table->problems > 0)
        fprintf(out, ", %zu problem%s", table->problems, table->problems == 1 ? "" : "s");
    fputc('\n', out);
}

struct problems {
    const struct lint_table *table;
    FILE *out;
};

static void print_problem(void *ctx, uint32_t offset, const char *what, uint64_t value)
{
    const struct problems *problems = ctx;

    fputs(INDENT "problem at ", problems->out);
    put_signature(problems->table->table.signature, problems->out);
    fprintf(problems->out, "+0x%x: %s (0x%llx)\n", (unsigned)offset, what,
            (unsigned long long)value);
}

static void print_optional(const char *name, const char *text, FILE *out)
{
    if (*text != '\0')
        fprintf(out, INDENT "%-11s%s\n", name, text);
}

static void print_finding(const struct lint_finding *finding, FILE *out)
{
    fprintf(out, "%s %s", fw_severity_name(finding->severity), finding->id);
    if (finding->table[0] != '\0')
        fprintf(out, " (%s+0x%x)", finding->table, (unsigned)finding->offset);
    fputc('\n', out);
    fprintf(out, INDENT "%s\n", finding->what);
    print_optional("trips:", finding->trips, out);
    print_optional("do:", finding->remedy, out);
    print_optional("see:", finding->reference, out);
}

static void print_findings(const struct lint_machine *machine, FILE *out)
{
    for (size_t i = 0; i < machine->finding_count; i++)
        print_finding(&machine->findings[i], out);
}

static void print_total(const struct lint *lint, FILE *out)
{
    size_t counts[FW_ERROR + 1] = { 0 }, problems = 0;

    for (size_t i = 0; i < lint->machine_count; i++)
        for (size_t f = 0; f < lint->machines[i].finding_count; f++)
            counts[lint->machines[i].findings[f].severity]++;
    for (size_t i = 0; i < lint->table_count; i++)
        problems += lint->tables[i].problems;
    fprintf(out, "%zu tables, %zu errors, %zu warnings, %zu notes, %zu decoding problems\n",
            lint->table_count, counts[FW_ERROR], counts[FW_WARNING], counts[FW_NOTE], problems);
}

static void show_machine(const struct lint_machine *machine, bool all, FILE *out)
{
    for (size_t i = 0; i < machine->table_count; i++) {
        const struct lint_table *table = &machine->tables[i];
        struct problems problems = { .table = table, .out = out };
        const struct fw_visitor visitor = { .problem = print_problem, .ctx = &problems };

        print_table_line(table, out);
        if (all)
            fw_print(table->table.bytes, table->table.len, print_line, out);
        else if (table->problems > 0)
            fw_decode(table->table.bytes, table->table.len, &visitor);
    }
    print_findings(machine, out);
}

static void show_all(const struct lint *lint, bool all, FILE *out)
{
    for (size_t i = 0; i < lint->machine_count; i++)
        show_machine(&lint->machines[i], all, out);
    print_total(lint, out);
}

void show_summary(const struct lint *lint, FILE *out)
{
    show_all(lint, false, out);
}

void show_text(const struct lint *lint, FILE *out)
{
    show_all(lint, true, out);
}
