/* SPDX-License-Identifier: BSD-2-Clause */
/* The shell: a table of commands over what the report and the suite offer. */
#include "shell.h"

#include "acpi.h"
#include "clock.h"
#include "console.h"
#include "hosts.h"
#include "irq.h"
#include "line.h"
#include "machine.h"
#include "panic.h"
#include "report.h"
#include "suite.h"
#include "suite_env.h"
#include "verdict.h"
#include "words.h"

/* A 16550 holds 16 bytes, which take 1.4 ms at 115200 baud. */
#define POLL_US 1000u
#define FAULTS_SHOWN 32u

struct command {
    const char *name, *arguments, *meaning;
    void (*run)(const char *argument);
};
static void run_help(const char *argument);

static void run_report(const char *argument)
{
    if (text_equal(argument, "full"))
        report_print(REPORT_FULL);
    else if (text_equal(argument, "json"))
        report_print(REPORT_JSON);
    else if (*argument == '\0')
        report_print(REPORT_SUMMARY);
    else
        print("report: full, json or nothing, not \"%s\"\n", argument);
}

static struct suite_options options_for(const char *globs)
{
    return (struct suite_options){ .run = *globs != '\0' ? globs : "*",
                                   .loglevel = machine.options.loglevel };
}

static void run_run(const char *argument)
{
    struct suite_options options = options_for(argument);
    struct suite_totals totals = suite_run(&machine.suite, &options);
    char reason[VERDICT_REASON_BYTES];
    const char *verdict = machine_verdict(reason, sizeof(reason));

    print("# verdict: %s (%s)\n", verdict, reason);
    print("%u passed, %u failed, %u skipped\n", totals.passed, totals.failed, totals.skipped);
}

static void run_list(const char *argument)
{
    struct suite_options options = options_for(argument);

    suite_list(&machine.suite, &options);
}

static void run_lspci(const char *argument)
{
    (void)argument;
    report_topology();
}

static void run_acpi(const char *argument)
{
    (void)argument;
    report_acpi();
}

/* The registers as they are now, read the way the hand-off snapshot is. */
static void run_regs(const char *argument)
{
    const struct acpi_table *table = machine.table;
    struct iommu_handoff now = { 0 };

    (void)argument;
    report_units(false);
    report_handoff();
    if (table == NULL)
        return;
    if (iommu_take_handoff(&kernel_iommu_platform, NULL, table->bytes, table->len, &now) == IOMMU_OK)
        report_handoff_units("now", &now);
}

static const char *access_name(enum iommu_access access)
{
    static const char *const names[] = {
        [IOMMU_ACCESS_READ] = "read",
        [IOMMU_ACCESS_WRITE] = "write",
        [IOMMU_ACCESS_ATOMIC] = "atomic",
        [IOMMU_ACCESS_PAGE_REQUEST] = "page-request",
    };

    return names[access];
}

static void print_fault(const struct iommu_fault *f)
{
    struct iommu_unit_info unit;

    if (iommu_unit_info(machine.iommu, f->unit_index, &unit) != IOMMU_OK)
        return;
    print("%s: fault src=" IOMMU_RID_FORMAT
          " access=%s addr=0x%llx reason=0x%02x(%s) time=%lluus\n",
          unit.name, IOMMU_RID_ARGS(f->segment, f->rid), access_name(f->access),
          (unsigned long long)f->iova, f->reason, f->reason_name != NULL ? f->reason_name : "",
          (unsigned long long)f->time_us);
}

static void run_faults(const char *argument)
{
    static struct iommu_fault faults[FAULTS_SHOWN];
    size_t count;

    (void)argument;
    if (machine.iommu != NULL)
        (void)iommu_poll_faults(machine.iommu);
    count = suite_env_recent_faults(faults, FAULTS_SHOWN);
    for (size_t i = 0; i < count; i++)
        print_fault(&faults[i]);
    print("%zu faults\n", count);
}

/* The first vector is the timer's, the next are the units' fault events. */
static void run_irqs(const char *argument)
{
    (void)argument;
    for (int vector = 0; vector < IRQ_VECTORS; vector++)
        if (irq_count(vector) > 0)
            print("irq: vector=0x%x count=%llu\n", (unsigned)vector,
                  (unsigned long long)irq_count(vector));
    print("irq: unexpected=%llu\n", (unsigned long long)irq_unexpected());
}

static void run_cmdline(const char *argument)
{
    (void)argument;
    print("%s\n", machine.boot->cmdline);
}

static void run_mem(const char *argument)
{
    (void)argument;
    report_memory();
    for (uint32_t i = 0; i < machine.boot->range_count; i++) {
        const struct boot_range *range = &machine.boot->ranges[i];

        print("# range: 0x%016llx-0x%016llx type=%u firmware-type=%u\n",
              (unsigned long long)range->start, (unsigned long long)range->end, range->type,
              range->firmware_type);
    }
}

static void run_reboot(const char *argument)
{
    (void)argument;
    exit_set_action(EXIT_REBOOT);
    kernel_exit(EXIT_PASSED);
}

static void run_poweroff(const char *argument)
{
    (void)argument;
    exit_set_action(EXIT_POWEROFF);
    kernel_exit(EXIT_PASSED);
}

/* run == NULL ends the shell. */
static const struct command commands[] = {
    { "help", "", "this list", run_help },
    { "report", "[full|json]", "what is known about the machine", run_report },
    { "run", "[GLOB,...]", "run scenarios", run_run },
    { "list", "[GLOB,...]", "name the scenarios", run_list },
    { "lspci", "", "the PCI functions as a tree, and the unit that covers each", run_lspci },
    { "acpi", "", "the ACPI tables", run_acpi },
    { "regs", "", "the units' registers as found and as they are", run_regs },
    { "faults", "", "the newest refused requests", run_faults },
    { "irqs", "", "how often each vector's handler ran", run_irqs },
    { "cmdline", "", "the command line", run_cmdline },
    { "mem", "", "memory and the loader's map of it", run_mem },
    { "exit", "", "end the run with the suite's status", NULL },
    { "reboot", "", "reset the machine", run_reboot },
    { "poweroff", "", "switch the machine off", run_poweroff },
};
static const size_t command_count = sizeof(commands) / sizeof(commands[0]);

static void run_help(const char *argument)
{
    (void)argument;
    for (size_t i = 0; i < command_count; i++)
        print("  %-9s %-12s %s\n", commands[i].name, commands[i].arguments, commands[i].meaning);
}

/* Splits text at its first space, cutting blanks around both halves. */
static char *split(char *text)
{
    char *end, *argument;

    for (end = text; *end != '\0' && *end != ' '; end++)
        ;
    argument = end;
    while (*argument == ' ')
        *argument++ = '\0';
    for (end = argument + text_len(argument); end > argument && end[-1] == ' '; end--)
        end[-1] = '\0';
    return argument;
}

/* False: the shell ends. */
static bool execute(char *text)
{
    char *argument;

    while (*text == ' ')
        text++;
    if (*text == '\0')
        return true;
    argument = split(text);
    for (size_t i = 0; i < command_count; i++) {
        if (!text_equal(commands[i].name, text))
            continue;
        if (commands[i].run == NULL)
            return false;
        commands[i].run(argument);
        return true;
    }
    print("%s: no such command, \"help\" lists them\n", text);
    return true;
}

static char next_char(void)
{
    int c;

    while ((c = console_getc()) < 0)
        sleep_us(POLL_US);
    return (char)c;
}

static void show(void *ctx, const char *text, size_t len)
{
    (void)ctx;
    console_write(text, len);
}

void shell_run(void)
{
    static struct line line = { .show = show };

    print("\"help\" lists the commands\n");
    do {
        print("> ");
        line_begin(&line);
        while (!line_put(&line, next_char()))
            ;
    } while (execute(line.text));
}
