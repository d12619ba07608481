/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shell: a table of commands over what the report, the suite and the
 * library offer. A command says what it expected where a word makes no sense.
 */
#include "shell.h"

#include "acpi.h"
#include "clock.h"
#include "console.h"
#include "format.h"
#include "line.h"
#include "machine.h"
#include "panic.h"
#include "run_record.h"
#include "suite.h"
#include "verdict.h"
#include "words.h"

/* A 16550 holds 16 bytes, which take 1.4 ms at 115200 baud. */
#define POLL_US 1000u
/* A terminal sends a sequence at once; behind a slow line two bytes of it are 8 ms apart. */
#define IDLE_TURNS 100u

static void run_help(unsigned count, char *const *words);

/* ---- the suite ---- */

static struct suite_options options_for(unsigned count, char *const *words)
{
    return (struct suite_options){ .run = count > 0 ? words[0] : "*",
                                    .loglevel = machine.options.loglevel,
                                    .observer = &run_record_observer };
}

static void run_run(unsigned count, char *const *words)
{
    struct suite_options options = options_for(count, words);
    struct suite_totals totals = suite_run(&machine.suite, &options);
    char reason[VERDICT_REASON_BYTES];
    const char *verdict = machine_verdict(reason, sizeof(reason));

    print("# verdict: %s (%s)\n", verdict, reason);
    print("%u passed, %u failed, %u skipped\n", totals.passed, totals.failed, totals.skipped);
}

static void run_list(unsigned count, char *const *words)
{
    struct suite_options options = options_for(count, words);

    suite_list(&machine.suite, &options);
}

/* ---- the end ---- */

static void run_reboot(unsigned count, char *const *words)
{
    (void)count;
    (void)words;
    exit_set_action(EXIT_REBOOT);
    kernel_exit(EXIT_PASSED);
}

static void run_poweroff(unsigned count, char *const *words)
{
    (void)count;
    (void)words;
    exit_set_action(EXIT_POWEROFF);
    kernel_exit(EXIT_PASSED);
}

/* ---- the table ---- */

/* run and subs NULL: ends the shell. */
static const struct shell_command commands[] = {
    { .name = "help",
      .arguments = "[COMMAND]",
      .meaning = "this list, or more of one command",
      .run = run_help,
      .most = 2,
      .kinds = { SHELL_COMMAND } },
    { .name = "report",
      .arguments = "[summary|full|json]",
      .meaning = "what is known about the machine",
      .run = shell_report,
      .most = 1,
      .kinds = { SHELL_REPORT } },
    { .name = "run",
      .arguments = "[GLOB,...]",
      .meaning = "run scenarios",
      .run = run_run,
      .most = 1,
      .kinds = { SHELL_SCENARIO },
      .more = "dma/* runs one area; without a word all of them. The verdict follows." },
    { .name = "list",
      .arguments = "[GLOB,...]",
      .meaning = "name the scenarios",
      .run = run_list,
      .most = 1,
      .kinds = { SHELL_SCENARIO } },
    { .name = "iommu",
      .arguments = "...",
      .meaning = "look at the units: see help iommu",
      .subs = shell_iommu_commands },
    { .name = "lspci",
      .arguments = "[RID]",
      .meaning = "the PCI functions as a tree, and the unit that covers each",
      .run = shell_lspci,
      .most = 1,
      .kinds = { SHELL_RID },
      .more = "With a RID (00:03.0) one function: its registers, BARs and capabilities." },
    { .name = "acpi",
      .arguments = "[SIGNATURE [N]]",
      .meaning = "the ACPI tables, or one decoded",
      .run = shell_acpi,
      .most = 2,
      .kinds = { SHELL_TABLE },
      .more = "N counts tables of one signature from 0. Of tables that are not about IOMMUs the "
              "header is decoded." },
    { .name = "findings",
      .arguments = "",
      .meaning = "what is wrong with what firmware says",
      .run = shell_findings },
    { .name = "reserved",
      .arguments = "[RID]",
      .meaning = "memory that stays mapped, and what never can be",
      .run = shell_reserved,
      .most = 1,
      .kinds = { SHELL_RID } },
    { .name = "faults",
      .arguments = "",
      .meaning = "the newest refused requests",
      .run = shell_faults },
    { .name = "irqs",
      .arguments = "",
      .meaning = "how often each vector's handler ran",
      .run = shell_irqs },
    { .name = "qr",
      .arguments = "",
      .meaning = "the compact report, and as a QR code",
      .run = shell_qr },
    { .name = "cmdline", .arguments = "", .meaning = "the command line", .run = shell_cmdline },
    { .name = "mem",
      .arguments = "",
      .meaning = "memory and the loader's map of it",
      .run = shell_mem },
    { .name = "exit", .arguments = "", .meaning = "end the run with the suite's status" },
    { .name = "reboot", .arguments = "", .meaning = "reset the machine", .run = run_reboot },
    { .name = "poweroff",
      .arguments = "",
      .meaning = "switch the machine off",
      .run = run_poweroff },
    { .name = NULL },
};

static bool value(enum shell_kind kind, size_t n, char *out, size_t size);
static const struct shell_table table = { .commands = commands, .value = value };

/* ---- help ---- */

static void help_line(const char *before, const struct shell_command *command)
{
    char call[40];

    (void)format_line(call, sizeof(call), "%s%s %s", before, command->name, command->arguments);
    print("  %-24s %s\n", call, command->meaning);
}

static void help_keys(void)
{
    print("A RID is a PCI function, BUS:DEVICE.FUNCTION in hexadecimal: 00:03.0.\n"
          "Tab completes. Arrows, Home, End, Delete; Ctrl-A E B F P N D as in other shells,\n"
          "Ctrl-K U W cut to the end, to the beginning, a word; Ctrl-C forgets the line, Ctrl-D "
          "ends.\n");
}

static void help_subs(const struct shell_command *command)
{
    for (const struct shell_command *sub = command->subs; sub->name != NULL; sub++) {
        help_line("iommu ", sub);
        if (sub->more != NULL)
            print("      %s\n", sub->more);
    }
}

static void run_help(unsigned count, char *const *words)
{
    const struct shell_command *found;
    unsigned used;

    if (count == 0) {
        for (const struct shell_command *command = commands; command->name != NULL; command++)
            help_line("", command);
        help_keys();
        return;
    }
    found = shell_find(commands, words[0]);
    if (found != NULL && found->subs != NULL && count == 1) {
        help_subs(found);
        return;
    }
    found = shell_resolve(&table, count, words, &used);
    if (found == NULL || used != count) {
        print("help: \"%s\" is no command, \"help\" lists them\n",
              words[used < count ? used : count - 1]);
        return;
    }
    help_line(count > 1 ? "iommu " : "", found);
    if (found->more != NULL)
        print("      %s\n", found->more);
}

/* ---- completion ---- */

static bool nth_function(size_t n, char *out, size_t size)
{
    for (const struct pci_function *f = machine.pci ? pci_first(machine.pci) : NULL; f != NULL;
         f = f->next) {
        if (n-- != 0)
            continue;
        if (f->segment != 0)
            (void)format_line(out, size, PCI_FORMAT, PCI_ARGS(f));
        else
            (void)format_line(out, size, "%02x:%02x.%x", f->rid >> 8, f->rid >> 3 & 31u,
                              f->rid & 7u);
        return true;
    }
    return false;
}

static bool nth_unit(size_t n, char *out, size_t size)
{
    struct iommu_unit_info unit;

    return machine.iommu != NULL && iommu_unit_info(machine.iommu, n, &unit) == IOMMU_OK &&
           text_copy(out, size, unit.name);
}

static bool value(enum shell_kind kind, size_t n, char *out, size_t size)
{
    static const char *const reports[] = { "summary", "full", "json" };

    switch (kind) {
    case SHELL_RID:
        return nth_function(n, out, size);
    case SHELL_UNIT:
        return nth_unit(n, out, size);
    case SHELL_TABLE:
        return n < machine_acpi.table_count &&
               text_copy(out, size, machine_acpi.tables[n].signature);
    case SHELL_REPORT:
        return n < sizeof(reports) / sizeof(reports[0]) && text_copy(out, size, reports[n]);
    case SHELL_ANYTHING:
    case SHELL_COMMAND:
    case SHELL_SCENARIO:
        break;
    }
    return false;
}

static bool candidate(void *ctx, const char *text, size_t start, size_t n, char *out, size_t size)
{
    (void)ctx;
    return shell_candidate(&table, text, start, n, out, size);
}

/* ---- running ---- */

bool shell_want_id(const char *command, const char *word, struct shell_id *id)
{
    if (shell_read_id(word, id))
        return true;
    print("%s: \"%s\" is no requester id: expected BUS:DEVICE.FUNCTION in hexadecimal (00:03.0)\n",
          command, word);
    return false;
}

static void complain(unsigned count, char *const *words, unsigned used)
{
    const struct shell_command *above = used > 0 ? shell_find(commands, words[0]) : NULL;

    if (above == NULL) {
        print("%s: no such command, \"help\" lists them\n", words[0]);
        return;
    }
    print("%s: expected", words[0]);
    for (const struct shell_command *sub = above->subs; sub->name != NULL; sub++)
        print("%s %s", sub == above->subs ? "" : sub[1].name == NULL ? " or" : ",", sub->name);
    if (used < count)
        print(", not \"%s\"", words[used]);
    print("\n");
}

/* False: the shell ends. */
static bool execute(char *text)
{
    char *words[SHELL_WORDS];
    unsigned count = shell_split(text, words, SHELL_WORDS), used;
    const struct shell_command *found;

    if (count == 0)
        return true;
    if (count > SHELL_WORDS) {
        print("%s: more than %u words\n", words[0], SHELL_WORDS);
        return true;
    }
    found = shell_resolve(&table, count, words, &used);
    if (found == NULL) {
        complain(count, words, used);
        return true;
    }
    if (count - used < found->least || count - used > found->most) {
        const char *above = used > 1 ? words[0] : "", *blank = used > 1 ? " " : "";

        print("%s%s%s: expected %s%s%s %s\n", above, blank, found->name, above, blank, found->name,
              *found->arguments != '\0' ? found->arguments : "and nothing behind it");
        return true;
    }
    if (found->run == NULL)
        return false;
    found->run(count - used, words + used);
    return true;
}

static char next_char(struct line *line)
{
    int c;

    for (unsigned turns = 0; (c = console_getc()) < 0; turns++) {
        if (turns == IDLE_TURNS)
            line_idle(line);
        sleep_us(POLL_US);
    }
    return (char)c;
}

static void show(void *ctx, const char *text, size_t len)
{
    (void)ctx;
    console_write(text, len);
}

void shell_run(void)
{
    static struct line line = { .show = show, .candidate = candidate, .prompt = "> " };
    enum line_state state;

    print("\"help\" lists the commands\n");
    do {
        line_begin(&line);
        while ((state = line_put(&line, next_char(&line))) == LINE_OPEN)
            ;
    } while (state == LINE_DONE && execute(line.text));
}
