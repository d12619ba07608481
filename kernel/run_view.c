/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The dashboard on this machine's screen: filled from the machine and the
 * record of the run, drawn at each result and twice a second between them. At
 * the end keys of the keyboard choose what is shown; the serial line has its
 * shell all the while.
 */
#include "run_view.h"

#include "clock.h"
#include "console.h"
#include "dashboard.h"
#include "format.h"
#include "machine.h"
#include "mm.h"
#include "report.h"
#include "run_record.h"
#include "screen.h"
#include "smp.h"
#include "thread.h"
#include "verdict.h"
#include "version.h"

#define MIB (1ull << 20)
#define TICK_US 500000u

enum view { VIEW_TEXT, VIEW_RUN, VIEW_QR };
static enum view view, view_before;
static struct panel run_panel, qr_panel;
static struct dashboard dashboard;
static struct qr end_qr;
static enum exit_status end_status;
static struct thread *ticker;
static struct wait_queue ticks;
static bool stopping;

/* ---- what is shown ---- */

static void fill_units(void)
{
    struct iommu_unit_info info;

    dashboard.unit_count = machine.iommu == NULL ? 0 : iommu_unit_count(machine.iommu);
    for (size_t i = 0; i < dashboard.unit_count && i < DASHBOARD_UNITS; i++)
        if (iommu_unit_info(machine.iommu, i, &info) == IOMMU_OK)
            dashboard.units[i] = (struct dashboard_unit){
                .name = info.name,
                .vendor = info.vendor,
                .registers_pa = info.registers_pa,
                .faults = info.faults,
                .translating = info.translating,
                .remapping = info.remapping,
            };
}

static void fill_run(void)
{
    uint64_t now = now_us();

    dashboard.done = run_record.done;
    dashboard.total = run_record.total;
    dashboard.passed = run_record.passed;
    dashboard.failed = run_record.failed;
    dashboard.skipped = run_record.skipped;
    dashboard.run_us = now - run_record.start_us;
    dashboard.scenario_us = now - run_record.scenario_us;
}

static void fill_machine(void)
{
    static char name[CPU_NAME_BYTES], firmware[96], reason[VERDICT_REASON_BYTES];
    char vendor[13];

    report_cpu_names(vendor, name);
    format_line(firmware, sizeof(firmware), "%s, loaded by %s",
                machine.boot->efi_system_table_pa != 0 ? "UEFI" : "BIOS", machine.boot->loader);
    dashboard = (struct dashboard){
        .title = "iommukit " IOMMUKIT_VERSION,
        .processor = name,
        .firmware = firmware,
        .online = smp_summary().online,
        .named = smp_summary().named,
        .ram_mib = ram_bytes() / MIB,
        .scenario = run_record.scenario,
        .failures = run_record.failures,
        .reason = reason,
        .no_unit = reason,
    };
    dashboard.verdict = machine_verdict(reason, sizeof(reason));
}

static void show_panel(void *panel)
{
    screen_show(panel);
}

static void draw_run(void *panel)
{
    dashboard_draw(&dashboard, panel);
    screen_show(panel);
}

static void redraw(void)
{
    fill_units();
    fill_run();
    console_draw(draw_run, &run_panel);
}

/* ---- the run ---- */

static void tick(void *arg)
{
    (void)arg;
    while (!stopping)
        if (!wait_sleep(&ticks, TICK_US) && view == VIEW_RUN)
            redraw();
}

static bool have_panels(void)
{
    if (run_panel.cells == NULL && !(screen_make_panel(&run_panel) && screen_make_panel(&qr_panel)))
        return false;
    return dashboard_fits(&run_panel);
}

/* A run of nothing leaves the report on the screen. */
static void begin(void *ctx, unsigned results)
{
    run_record_observer.begin(ctx, results);
    if (results == 0 || !have_panels())
        return;
    view = VIEW_RUN;
    fill_machine();
    redraw();
    ticker = thread_create("screen", tick, NULL);
}

static void scenario(void *ctx, const char *name)
{
    run_record_observer.scenario(ctx, name);
    if (view == VIEW_RUN)
        redraw();
}

static void result(void *ctx, const struct tap_result *one)
{
    run_record_observer.result(ctx, one);
    if (view == VIEW_RUN)
        redraw();
}

const struct suite_observer *run_view_observer(void)
{
    static const struct suite_observer observer = { .begin = begin,
                                                    .scenario = scenario,
                                                    .result = result };

    return &observer;
}

/* ---- the end ---- */

void run_view_show_qr(const struct qr *qr)
{
    if (!have_panels())
        return;
    if (view != VIEW_QR)
        view_before = view;
    view = VIEW_QR;
    dashboard_draw_qr(qr, &qr_panel, "any key: back");
    console_draw(show_panel, &qr_panel);
}

static void show(enum view wanted)
{
    view = wanted;
    if (view == VIEW_RUN)
        console_draw(show_panel, &run_panel);
    else
        console_show_text();
}

static void end_machine(enum exit_action how)
{
    exit_set_action(how);
    kernel_exit(end_status);
}

/* Keys are the shell's as soon as it is on the screen. */
static int read_key(int c)
{
    if (view == VIEW_TEXT)
        return c;
    if (view == VIEW_QR)
        show(view_before);
    else if (c == 's')
        show(VIEW_TEXT);
    else if (c == 'q' && dashboard.qr != NULL)
        run_view_show_qr(dashboard.qr);
    else if (c == 'r')
        end_machine(EXIT_REBOOT);
    else if (c == 'p')
        end_machine(EXIT_POWEROFF);
    return -1;
}

static void make_qr(void)
{
    static char text[COMPACT_BYTES];
    size_t len = run_record_compact(text, sizeof(text));

    if (qr_encode(&end_qr, text, len, QR_LEVEL_L, COMPACT_VERSION_MAX))
        dashboard.qr = &end_qr;
}

void run_view_end(enum exit_status status)
{
    end_status = status;
    run_record.bad = status != EXIT_PASSED;
    console_set_key_reader(read_key);
    if (view != VIEW_RUN)
        return;
    stopping = true;
    wait_wake(&ticks);
    if (ticker != NULL)
        thread_join(ticker);
    fill_machine();
    make_qr();
    dashboard.over = true;
    dashboard.good = status == EXIT_PASSED;
    dashboard.keys = exit_get_action() == EXIT_SHELL && console_has_keyboard();
    run_panel.pictures_changed = true;
    redraw();
}
