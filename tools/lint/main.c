/* SPDX-License-Identifier: BSD-2-Clause */
/* iommukit-lint: the command line. */
#include "lint.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "version.h"

#define EXIT_FINDINGS 1
#define EXIT_UNREADABLE 2

#define TABLES_FOLDER "/firmware/acpi/tables"
#define REPORT_BYTES_MAX (64u << 20)

enum format { SUMMARY, TEXT, JSON, DOT, HTML };

struct options {
    enum format format;
    const char *sysfs;
};

static const char usage[] =
    "usage: iommukit-lint [--text|--json|--dot|--html] [DIR|FILE...]\n"
    "       iommukit-lint --html REPORT.json\n"
    "\n"
    "Decodes the ACPI tables that describe IOMMUs (DMAR, IVRS, VIOT) and what they\n"
    "refer to (APIC, MCFG, HPET), and says what is wrong with them, which check of an\n"
    "operating system that trips, and what to do about it.\n"
    "\n"
    "Without DIR or FILE: this machine's own tables, from " LINT_SYSFS TABLES_FOLDER ",\n"
    "judged against its memory map, processor and PCI devices. This needs root: the\n"
    "tables and most of PCI configuration space can be read by root only.\n"
    "\n"
    "  (no format)  one line a table, and the findings\n"
    "  --text       every field of every table too\n"
    "  --json       one object, schema iommukit-lint/1\n"
    "  --dot        units, bridges, devices and groups, for Graphviz\n"
    "  --html       one page to look at in a browser, which needs no network; of a\n"
    "               report the kernel printed too (report=json, also in its serial log)\n"
    "  --sys=DIR    a copy of another machine's /sys instead of this one's\n"
    "  --help, --version\n"
    "\n"
    "A FILE is a table's bytes, as in " LINT_SYSFS TABLES_FOLDER " or from acpixtract, or\n"
    "what acpidump prints. In a DIR, files that hold no such table are passed over; folders\n"
    "in it are not entered. The tables of one folder are judged together, as one machine's,\n"
    "unless two have the same signature: then they are from several machines, and each\n"
    "is judged alone.\n"
    "\n"
    "Exit status: 0 nothing found (notes are no findings), 1 findings, 2 something could\n"
    "not be read, or there was no table.\n";

static void fail(const char *what, const char *about)
{
    fprintf(stderr, "iommukit-lint: %s%s\n", what, about);
    exit(EXIT_UNREADABLE);
}

static struct options read_options(int argc, char **argv)
{
    enum { HELP = 256, VERSION, SYS };
    static const struct option words[] = {
        { "text", no_argument, NULL, TEXT },       { "json", no_argument, NULL, JSON },
        { "dot", no_argument, NULL, DOT },         { "html", no_argument, NULL, HTML },
        { "sys", required_argument, NULL, SYS },   { "help", no_argument, NULL, HELP },
        { "version", no_argument, NULL, VERSION }, { NULL, 0, NULL, 0 },
    };
    struct options options = { .format = SUMMARY };
    int word;

    while ((word = getopt_long(argc, argv, "h", words, NULL)) != -1) {
        if (word == HELP || word == 'h') {
            fputs(usage, stdout);
            exit(EXIT_SUCCESS);
        }
        if (word == VERSION) {
            puts("iommukit-lint " IOMMUKIT_VERSION);
            exit(EXIT_SUCCESS);
        }
        if (word == '?')
            fail("see --help", "");
        if (word == SYS)
            options.sysfs = optarg;
        else if (options.format != SUMMARY)
            fail("more than one format: ", argv[optind - 1]);
        else
            options.format = (enum format)word;
    }
    return options;
}

static void show(const struct lint *lint, enum format format)
{
    struct text json = { 0 };

    switch (format) {
    case SUMMARY:
        show_summary(lint, stdout);
        return;
    case TEXT:
        show_text(lint, stdout);
        return;
    case DOT:
        show_dot(lint, stdout);
        return;
    case JSON:
    case HTML:
        show_json(lint, &json);
        if (format == HTML)
            show_html(json.bytes, json.len, stdout);
        else
            printf("%s\n", json.bytes);
        free(json.bytes);
    }
}

static int show_report(const char *path, const uint8_t *bytes, size_t len)
{
    char *report = report_cut(path, bytes, &len);

    if (report == NULL)
        return EXIT_UNREADABLE;
    show_html(report, len, stdout);
    free(report);
    return EXIT_SUCCESS;
}

static void load_own(struct lint *lint, const char *sysfs)
{
    struct text folder = { 0 };

    lint->own = true;
    text_add(&folder, sysfs, strlen(sysfs));
    text_add(&folder, TABLES_FOLDER, strlen(TABLES_FOLDER));
    tables_load(lint, folder.bytes);
    if (lint->denied)
        fprintf(stderr, "iommukit-lint: only root can read the machine's tables\n");
    free(folder.bytes);
}

int main(int argc, char **argv)
{
    struct options options = read_options(argc, argv);
    struct lint lint = { 0 };
    int count = argc - optind;
    uint8_t *bytes = NULL;
    size_t len;

    if (options.sysfs != NULL && count > 0)
        fail("--sys goes without DIR or FILE", "");
    if (options.sysfs == NULL)
        options.sysfs = LINT_SYSFS;
    /* Read once: it may be a pipe. */
    if (options.format == HTML && count == 1)
        bytes = file_read(argv[optind], REPORT_BYTES_MAX, &len);
    if (bytes != NULL && report_is(bytes, len))
        return show_report(argv[optind], bytes, len);
    if (count == 0)
        load_own(&lint, options.sysfs);
    else if (bytes != NULL)
        tables_take(&lint, argv[optind], bytes, len);
    else
        for (int i = 0; i < count; i++)
            tables_load(&lint, argv[optind + i]);
    if (lint.table_count == 0)
        return EXIT_UNREADABLE;
    tables_sort(&lint);
    for (size_t i = 0; i < lint.machine_count; i++) {
        machine_judge(&lint, &lint.machines[i], lint.own ? options.sysfs : NULL);
        lint.trouble += lint.machines[i].trouble;
    }
    show(&lint, options.format);
    if (fflush(stdout) != 0 || ferror(stdout))
        fail("the output could not be written", "");
    if (lint.unreadable)
        return EXIT_UNREADABLE;
    return lint.trouble > 0 ? EXIT_FINDINGS : EXIT_SUCCESS;
}
