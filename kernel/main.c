/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel_main(): the kernel as a list of steps, from the door to the exit
 * status.
 */
#include "hall.h"

#include "acpi.h"
#include "acpi_init.h"
#include "bench.h"
#include "clock.h"
#include "console.h"
#include "cpu.h"
#include "irq.h"
#include "machine.h"
#include "mm.h"
#include "panic.h"
#include "policy.h"
#include "report.h"
#include "run_view.h"
#include "shell.h"
#include "smp.h"
#include "suite.h"
#include "thread.h"
#include "traps.h"
#include "verdict.h"
#include "version.h"
#include "words.h"

/* One clear line, then the panic status: for input that no kernel can run on. */
static _Noreturn void refuse(const char *reason)
{
    print("Bail out! %s\n", reason);
    kernel_exit(EXIT_PANIC);
}

static void check_boot_info(const struct boot_info *info)
{
    if (info->magic != BOOT_INFO_MAGIC || info->size != sizeof(*info))
        refuse("boot: boot_info is not this kernel's (another version's boot application?)");
    if (info->range_count == 0 || info->range_count > BOOT_RANGES)
        refuse("boot: the loader gave no memory map");
}

static void announce(const struct boot_info *info)
{
    print("# iommukit %s booted by %s (%s)\n", IOMMUKIT_VERSION, report_door_name(), info->loader);
    print("# cmdline: %s\n", info->cmdline);
    if (info->cmdline_truncated)
        log_line(LOG_WARNING, "cmdline: longer than %u bytes, the rest is lost",
                 BOOT_CMDLINE_BYTES - 1);
    if (info->ranges_lost > 0)
        log_line(LOG_WARNING, "boot: %u memory ranges did not fit and are not used",
                 info->ranges_lost);
}

static void warn_cmdline(void *ctx, const char *line)
{
    (void)ctx;
    log_line(LOG_WARNING, "cmdline: %s", line);
}

static void read_cmdline(const struct boot_info *info)
{
    char policy[256];

    cmdline_parse(&machine.options, info->cmdline, warn_cmdline, NULL);
    console_set_level((enum log_level)machine.options.loglevel);
    exit_set_action(machine.options.exit);
    (void)policy_line(&machine.options, policy, sizeof(policy));
    print("# %s\n", policy);
}

static void choose_seed(void)
{
    if (!machine.options.seed_given)
        machine.options.seed = (uint32_t)now_tsc();
    print("# seed: %llu\n", (unsigned long long)machine.options.seed);
}

static struct suite_options suite_options(void)
{
    return (struct suite_options){ .run = machine.options.run,
                                   .loglevel = machine.options.loglevel };
}

/* The machine has a table that describes units, whether or not this kernel can drive them. */
static bool has_iommu(void)
{
    return acpi_find(&machine_acpi, "DMAR", 0) != NULL ||
           acpi_find(&machine_acpi, "IVRS", 0) != NULL || acpi_find(&machine_acpi, "VIOT", 0) != NULL;
}

static enum exit_status judge(const struct suite_totals *totals, const char *verdict)
{
    if (totals->failed > 0)
        return EXIT_FAILED;
    if (text_equal(verdict, "protected") || machine_open_as_asked() ||
        machine.options.expect_unprotected)
        return EXIT_PASSED;
    return has_iommu() ? EXIT_FAILED : EXIT_PASSED;
}

static enum exit_status run_suite(void)
{
    struct suite_options options = suite_options();
    struct suite_totals totals;
    enum exit_status status;
    char reason[VERDICT_REASON_BYTES];
    const char *verdict;

    options.observer = run_view_observer();
    totals = suite_run(&machine.suite, &options);
    machine_check_scratch();
    verdict = machine_verdict(reason, sizeof(reason));
    print("# verdict: %s (%s)\n", verdict, reason);
    print("%u passed, %u failed, %u skipped\n", totals.passed, totals.failed, totals.skipped);
    status = judge(&totals, verdict);
    run_view_end(status);
    return status;
}

static enum exit_status use_machine(void)
{
    enum exit_status status;
    bool benched;

    if (machine.options.list) {
        struct suite_options options = suite_options();

        suite_list(&machine.suite, &options);
        return EXIT_PASSED;
    }
    report_print(machine.options.report, "report=full");
    benched = machine.options.bench[0] == '\0' || bench_run(machine.options.bench);
    status = run_suite();
    return benched ? status : EXIT_FAILED;
}

void kernel_main(struct boot_info *info)
{
    enum exit_status status;
    bool have_acpi;

    console_early_init();
    check_boot_info(info);
    machine.boot = info;
    announce(info);
    read_cmdline(info);
    cpu_init();
    mm_init(info);
    have_acpi = acpi_init(info);
    console_init(info);
    if (!have_acpi)
        refuse("boot: no ACPI root pointer (RSDP) that checks, so no IOMMU can be found");
    irq_init();
    clock_init();
    thread_init();
    __asm__ volatile("sti");
    smp_init();
    choose_seed();
    machine_init(info);
    if (machine.options.trap[0] != '\0')
        trap_test(machine.options.trap);
    status = use_machine();
    if (exit_get_action() == EXIT_SHELL)
        shell_run();
    kernel_exit(status);
}
