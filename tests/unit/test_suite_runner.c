/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runner with scenarios made for it, on the model: each way a case can end, and what is undone
 * afterwards.
 */
#include "test.h"

#include "model_env.h"
#include "scenario.h"
#include "suite.h"
#include "tap.h"

static struct suite_totals run_rows(struct model_env *me, const char *run,
                                    const struct scenario *rows, size_t count)
{
    struct scenario_table table = { rows, count };
    const struct scenario_table *const tables[] = { &table };

    return suite_run_tables(model_env_suite(me), &(struct suite_options){ .run = run }, tables, 1);
}

static struct model_env *env_create(size_t exercisers)
{
    struct model_env_config config = model_env_default();
    struct model_env *me;

    config.exerciser_count = exercisers;
    me = model_env_create(&config);
    if (me == NULL)
        test_fail(__FILE__, __LINE__, "%s failed", model_env_error());
    return me;
}

/* The environment goes even when a check fails, or a leak would hide the message. */
#define CHECK_SAYS(me, text)                                                            \
    do {                                                                                \
        if (strstr(model_env_output(me), (text)) == NULL)                               \
            test_fail(__FILE__, __LINE__, "no \"%s\" in:\n%s", (text), model_env_output(me)); \
    } while (0)

static unsigned runs;

static void passes(struct suite_case *t)
{
    (void)t;
    runs++;
}

static void skips(struct suite_case *t)
{
    case_skip(t, "there is no %s", "moon");
    case_fail(t, "never", "reached");
}

static void fails(struct suite_case *t)
{
    case_fail(t, "a moon", "%u moons", 2u);
    case_fail(t, "another", "reason");
    case_skip(t, "too late");
}

TEST(each_outcome_is_counted_and_printed)
{
    static const struct scenario rows[] = {
        { "a/passes", "x", PER_MACHINE, passes, 0 },
        { "a/skips", "x", PER_MACHINE, skips, 0 },
        { "a/fails", "VT-d §1", PER_MACHINE, fails, 0 },
    };
    struct model_env *me = env_create(1);
    struct suite_totals totals = run_rows(me, NULL, rows, 3);

    CHECK_EQ(totals.passed, 1);
    CHECK_EQ(totals.skipped, 1);
    CHECK_EQ(totals.failed, 1);
    CHECK_SAYS(me, "TAP version 14\n");
    CHECK_SAYS(me, "ok 1 - a/passes # time=");
    CHECK_SAYS(me, "ok 2 - a/skips # SKIP there is no moon\n");
    CHECK_SAYS(me, "not ok 3 - a/fails\n  ---\n  expected: a moon\n  seen: 2 moons\n  cite: VT-d "
                   "§1\n  ...\n1..3\n");
    model_env_destroy(me);
}

/* ---- who looks on ---- */

struct seen {
    unsigned begun, expected;
    char text[512];
};

static void see_begin(void *ctx, unsigned results)
{
    struct seen *seen = ctx;

    seen->begun++;
    seen->expected = results;
}

static void see_scenario(void *ctx, const char *name)
{
    struct seen *seen = ctx;

    strcat(strcat(strcat(seen->text, "("), name), ")");
}

static void see_result(void *ctx, const struct tap_result *result)
{
    struct seen *seen = ctx;

    strcat(strcat(seen->text, result->skip != NULL ? "skip " : result->ok ? "ok " : "not ok "), result->name);
    strcat(seen->text, ";");
}

static struct seen watch(struct model_env *me, const char *run, const struct scenario *rows, size_t count)
{
    struct seen seen = { 0 };
    struct suite_observer observer = { see_begin, see_scenario, see_result, &seen };
    struct scenario_table table = { rows, count };
    const struct scenario_table *const tables[] = { &table };

    (void)suite_run_tables(model_env_suite(me), &(struct suite_options){ .run = run, .observer = &observer }, tables,
                           1);
    return seen;
}

TEST(an_observer_is_told_how_many_results_there_will_be_and_each)
{
    static const struct scenario rows[] = {
        { "a/passes", "x", PER_MACHINE, passes, 0 },
        { "a/each", "x", PER_EXERCISER, skips, 0 },
        { "amd/foreign", "x", PER_MACHINE, passes, 0 },
        { "a/fails", "x", PER_MACHINE, fails, 0 },
    };
    struct model_env *me = env_create(2);
    struct seen seen = watch(me, "*", rows, 4);

    CHECK_EQ(seen.begun, 1);
    CHECK_EQ(seen.expected, 5);
    CHECK(strncmp(seen.text, "(a/passes)ok a/passes;(a/each)skip a/each:", 42) == 0);
    CHECK(strstr(seen.text, ";skip amd/foreign;(a/fails)not ok a/fails;") != NULL);
    CHECK_SAYS(me, "\n1..5\n");
    seen = watch(me, "a/fails", rows, 4);
    CHECK_EQ(seen.expected, 1);
    CHECK_STR(seen.text, "(a/fails)not ok a/fails;");
    seen = watch(me, "nothing", rows, 4);
    CHECK_EQ(seen.expected, 0);
    CHECK_STR(seen.text, "not ok suite/run-names-a-scenario;");
    model_env_destroy(me);
}

static void loops_for_ever(struct suite_case *t)
{
    while (case_runs(t))
        t->env->ops->sleep_us(t->env, 1000);
}

TEST(a_case_past_its_deadline_fails_and_the_run_goes_on)
{
    static const struct scenario rows[] = {
        { "a/loops", "x", PER_MACHINE, loops_for_ever, 20 },
        { "a/passes", "x", PER_MACHINE, passes, 0 },
    };
    struct model_env *me = env_create(1);
    struct suite_totals totals = run_rows(me, NULL, rows, 2);

    CHECK_EQ(totals.failed, 1);
    CHECK_EQ(totals.passed, 1);
    CHECK_SAYS(me, "not ok 1 - a/loops\n");
    CHECK_SAYS(me, "  seen: timed out after 20 ms\n");
    model_env_destroy(me);
}

/* It does not look at the clock, but it is late all the same. */
static void oversleeps(struct suite_case *t)
{
    t->env->ops->sleep_us(t->env, 30000);
}

TEST(a_case_that_ends_late_fails)
{
    static const struct scenario rows[] = { { "a/oversleeps", "x", PER_MACHINE, oversleeps, 20 } };
    struct model_env *me = env_create(1);

    CHECK_EQ(run_rows(me, NULL, rows, 1).failed, 1);
    CHECK_SAYS(me, "timed out");
    model_env_destroy(me);
}

static struct iommu_domain *leaked;

static void leaves_device_attached(struct suite_case *t)
{
    struct iommu_device *device = t->master[0].device;
    struct iommu_domain_desc desc = { .type = IOMMU_DOMAIN_UNMANAGED,
                                      .devices = &device,
                                      .device_count = 1 };

    if (iommu_domain_create(t->env->iommu, &desc, &leaked) != IOMMU_OK
        || iommu_attach(leaked, device, IOMMU_NO_PASID) != IOMMU_OK)
        case_skip(t, "no domain");
}

TEST(a_device_left_attached_is_a_failure_and_is_blocked)
{
    static const struct scenario rows[] = {
        { "a/leaves", "x", PER_EXERCISER, leaves_device_attached, 0 },
        { "a/passes", "x", PER_MACHINE, passes, 0 },
    };
    struct model_env *me = env_create(1);
    struct suite_totals totals = run_rows(me, NULL, rows, 2);
    struct suite_env *env = model_env_suite(me);

    CHECK_EQ(totals.failed, 1);
    CHECK_EQ(totals.passed, 1);
    CHECK_SAYS(me, "was left attached");
    CHECK(iommu_device_domain(env->exercisers[0]->device) == NULL);
    CHECK(!machine_bus_master_is_on(model_env_machine(me), IOMMU_RID(0, 4, 0)));
    CHECK_OK(iommu_domain_destroy(leaked));
    model_env_destroy(me);
}

static void uses_everything(struct suite_case *t)
{
    struct buffer *frame = case_frame(t);
    struct iommu_domain *domain = case_enter(t, &t->master[0]);

    case_map(t, domain, t->master[0].window, frame->pa, FRAME_BYTES, IOMMU_RW);
}

TEST(what_a_case_owns_is_given_back)
{
    static const struct scenario rows[] = { { "a/uses", "x", PER_EXERCISER, uses_everything, 0 } };
    struct model_env *me = env_create(2);
    size_t pages = machine_live_pages(model_env_machine(me));

    CHECK_EQ(run_rows(me, NULL, rows, 1).passed, 2);
    /* The first attach may leave context tables for its bus; a second run needs no more. */
    pages = machine_live_pages(model_env_machine(me));
    CHECK_EQ(run_rows(me, NULL, rows, 1).passed, 2);
    CHECK_EQ(machine_live_pages(model_env_machine(me)), pages);
    CHECK(!machine_bus_master_is_on(model_env_machine(me), IOMMU_RID(0, 4, 0)));
    model_env_destroy(me);
}

/* A frame is mapped where the scenario says nothing is: the checks must see the transfer. */
static void expects_too_little(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frame = case_frame(t);
    struct iommu_domain *domain = case_enter(t, m);
    struct plan plan = plan_page(m, EX_WRITE, m->window, frame, 0);
    struct refusal refusal = refusal_of(EX_WRITE, 0);

    case_map(t, domain, m->window, frame->pa, FRAME_BYTES, IOMMU_RW);
    expect_refused(t, &plan, &refusal);
}

static void expects_too_much(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frame = case_frame(t);
    struct plan plan = plan_page(m, EX_WRITE, m->window, frame, 0);

    (void)case_enter(t, m);
    expect_arrives(t, &plan);
}

static void expects_wrong_reason(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct plan plan = plan_page(m, EX_WRITE, m->window, NULL, 0);
    struct refusal refusal = refusal_of(EX_READ, ANY_LEVEL);

    (void)case_enter(t, m);
    expect_refused(t, &plan, &refusal);
}

/* The device is sent to the canary behind the frame. */
static void writes_a_canary(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frame = case_frame(t);
    struct iommu_domain *domain = case_enter(t, m);
    struct plan plan = plan_page(m, EX_WRITE, m->window, frame, 0);

    case_map(t, domain, m->window, frame->pa + FRAME_BYTES, FRAME_BYTES, IOMMU_RW);
    expect_arrives(t, &plan);
}

static void reads_the_wrong_frame(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frame = case_frame(t);
    struct iommu_domain *domain = case_enter(t, m);
    struct plan plan = plan_page(m, EX_READ, m->window, frame, 0);

    case_map(t, domain, m->window, frame->pa + FRAME_BYTES, FRAME_BYTES, IOMMU_RW);
    expect_arrives(t, &plan);
}

TEST(wrong_expectations_fail)
{
    static const struct scenario rows[] = {
        { "a/too-little", "x", PER_EXERCISER, expects_too_little, 0 },
        { "a/too-much", "x", PER_EXERCISER, expects_too_much, 0 },
        { "a/wrong-reason", "x", PER_EXERCISER, expects_wrong_reason, 0 },
        { "a/canary", "x", PER_EXERCISER, writes_a_canary, 0 },
        { "a/wrong-frame", "x", PER_EXERCISER, reads_the_wrong_frame, 0 },
    };
    struct model_env *me = env_create(1);
    struct suite_totals totals = run_rows(me, NULL, rows, 5);

    CHECK_EQ(totals.failed, 5);
    CHECK_SAYS(me, "seen: 64 bytes changed\n");
    CHECK_SAYS(me, "64 of 64 bytes wrong, 64 changed elsewhere");
    CHECK_SAYS(me, "seen: fault reason 0x05 (not-writable), write from 0000:00:04.0 (its device) at 0x40000000");
    CHECK_SAYS(me, "read at 0x40000100 ended mismatch");
    model_env_destroy(me);
}

TEST(kinds_name_their_exercisers)
{
    static const struct scenario rows[] = {
        { "a/each", "x", PER_EXERCISER, passes, 0 },
        { "a/pair", "x", PER_PAIR, passes, 0 },
        { "a/machine", "x", PER_MACHINE, passes, 0 },
    };
    struct model_env *me = env_create(3);

    CHECK_EQ(run_rows(me, NULL, rows, 3).passed, 6);
    CHECK_SAYS(me, "ok 1 - a/each:model@0000:00:04.0 #");
    CHECK_SAYS(me, "ok 3 - a/each:model@0000:01:00.0 #");
    CHECK_SAYS(me, "ok 4 - a/pair:model@0000:00:04.0+model@0000:00:05.0 #");
    CHECK_SAYS(me, "ok 5 - a/pair:model@0000:00:05.0+model@0000:01:00.0 #");
    CHECK_SAYS(me, "ok 6 - a/machine #");
    model_env_destroy(me);
}

TEST(globs_choose_and_leave_out)
{
    static const struct scenario rows[] = {
        { "a/each", "x", PER_EXERCISER, passes, 0 },
        { "b/machine", "x", PER_MACHINE, passes, 0 },
    };
    struct model_env *me = env_create(2);

    runs = 0;
    CHECK_EQ(run_rows(me, "a/*,-*:*05.0", rows, 2).passed, 1);
    CHECK_EQ(runs, 1);
    CHECK_SAYS(me, "ok 1 - a/each:model@0000:00:04.0 #");
    CHECK_EQ(run_rows(me, "none", rows, 2).passed, 0);
    CHECK_SAYS(me, "1..0\n");
    model_env_destroy(me);
}

TEST(without_an_iommu_everything_is_skipped)
{
    static const struct scenario rows[] = { { "a/each", "x", PER_EXERCISER, passes, 0 },
                                            { "a/machine", "x", PER_MACHINE, passes, 0 } };
    struct model_env_config config = model_env_default();
    struct model_env *me;
    struct suite_totals totals;

    config.no_iommu = true;
    me = model_env_create(&config);
    CHECK(me != NULL);
    totals = run_rows(me, NULL, rows, 2);
    CHECK_EQ(totals.skipped, 2);
    CHECK_EQ(totals.passed + totals.failed, 0);
    CHECK_SAYS(me, "ok 1 - a/each # SKIP there is no IOMMU, or it is switched off\n");
    model_env_destroy(me);
}

static void reaches_memory(struct suite_case *t)
{
    struct master *m = &t->master[0];

    case_enter_bare(t, m);
    case_check(t, m->device == NULL && m->private_iova == m->ex->private_pa, "addresses are physical");
}

TEST(bare_scenarios_run_only_without_an_iommu)
{
    static const struct scenario rows[] = { { "a/bare", "x", PER_BARE_EXERCISER, reaches_memory, 0 } };
    struct model_env_config config = model_env_default();
    struct model_env *me = model_env_create(&config);

    CHECK(me != NULL);
    CHECK_EQ(run_rows(me, NULL, rows, 1).skipped, 1);
    CHECK_SAYS(me, "ok 1 - a/bare # SKIP a unit stands between devices and memory\n");
    model_env_destroy(me);
    config.no_iommu = true;
    config.exerciser_count = 2;
    me = model_env_create(&config);
    CHECK(me != NULL);
    CHECK_EQ(run_rows(me, NULL, rows, 1).passed, 2);
    CHECK_SAYS(me, "ok 2 - a/bare:model@0000:00:05.0");
    model_env_destroy(me);
}

TEST(a_selection_that_names_nothing_fails)
{
    static const struct scenario rows[] = { { "a/each", "x", PER_EXERCISER, passes, 0 } };
    struct model_env *me = env_create(1);
    struct suite_totals totals = run_rows(me, "b/*", rows, 1);

    CHECK_EQ(totals.failed, 1);
    CHECK_EQ(totals.passed + totals.skipped, 0);
    CHECK_SAYS(me, "not ok 1 - suite/run-names-a-scenario\n");
    CHECK_SAYS(me, "seen: b/*\n");
    totals = run_rows(me, "none", rows, 1);
    CHECK_EQ(totals.failed + totals.passed + totals.skipped, 0);
    model_env_destroy(me);
}

TEST(uncovered_exerciser_is_skipped_by_name)
{
    static const struct scenario rows[] = { { "a/each", "x", PER_EXERCISER, passes, 0 },
                                            { "a/pair", "x", PER_PAIR, passes, 0 } };
    struct model_env_config config = model_env_default();
    struct model_env *me;

    config.exerciser_count = 2;
    config.exercisers[1].uncovered = true;
    me = model_env_create(&config);
    CHECK(me != NULL);
    CHECK_EQ(run_rows(me, NULL, rows, 2).skipped, 2);
    CHECK_SAYS(me, "ok 2 - a/each:model@0000:00:05.0 # SKIP no unit covers the device\n");
    CHECK_SAYS(me, "ok 3 - a/pair # SKIP needs two exercisers that a unit covers\n");
    model_env_destroy(me);
}

TEST(list_prints_names_only)
{
    struct model_env *me = env_create(1);

    suite_list(model_env_suite(me), &(struct suite_options){ .run = "dma/mapped-*" });
    CHECK_STR(model_env_output(me), "dma/mapped-write-arrives:model@0000:00:04.0\n"
                                    "dma/mapped-read-arrives:model@0000:00:04.0\n");
    model_env_destroy(me);
}

TEST(a_list_of_nothing_says_so)
{
    struct model_env *me = env_create(1);

    suite_list(model_env_suite(me), &(struct suite_options){ .run = "none" });
    CHECK_STR(model_env_output(me), "");
    suite_list(model_env_suite(me), &(struct suite_options){ .run = "zz" });
    CHECK_STR(model_env_output(me), "# list: no scenario has a name like zz; list alone shows all of them\n");
    model_env_destroy(me);
}

static void notes_width(struct suite_case *t)
{
    case_note(t, "%u bits", t->master[0].ex->address_bits);
}

/* The model's devices send as many bits as they were made with; one of them does not know. */
TEST(unknown_address_width_is_measured_once)
{
    static const struct scenario rows[] = { { "a/first", "x", PER_EXERCISER, notes_width, 0 } };
    struct model_env *me = env_create(2);

    model_env_suite(me)->exercisers[1]->address_bits = 28;
    CHECK_EQ(run_rows(me, NULL, rows, 1).passed, 2);
    CHECK_SAYS(me, "# suite: model@0000:00:05.0: sends 32 address bits\n");
    CHECK_SAYS(me, "# a/first:model@0000:00:04.0: 64 bits\n");
    CHECK_SAYS(me, "# a/first:model@0000:00:05.0: 32 bits\n");
    model_env_destroy(me);
}

/* The area of a scenario that one vendor has alone is the vendor's name. */
TEST(other_vendors_scenarios_are_skipped)
{
    static const struct scenario rows[] = { { "intel/here", "x", PER_MACHINE, passes, 0 },
                                            { "amd/there", "x", PER_EXERCISER, passes, 0 },
                                            { "amdahl/law", "x", PER_MACHINE, passes, 0 } };
    struct model_env *me = env_create(1);
    struct suite_totals totals = run_rows(me, NULL, rows, 3);

    CHECK_EQ(totals.passed, 2);
    CHECK_SAYS(me, "ok 2 - amd/there # SKIP needs vendor amd\n");
    model_env_destroy(me);
}

static void write_is_refused(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct plan plan = plan_page(m, EX_WRITE, m->window, NULL, 0);
    struct refusal refusal = refusal_of(EX_WRITE, ANY_LEVEL);

    (void)case_enter(t, m);
    expect_refused(t, &plan, &refusal);
}

static void needs_records(struct suite_case *t)
{
    case_needs_no(t, QUIRK_AMD_NO_EVENTS);
}

static struct model_env *env_of_emulator(bool faults_lost)
{
    struct model_env_config config = model_env_default();
    struct model_env *me;

    config.exerciser_count = 1;
    config.faults_lost = faults_lost;
    me = model_env_create(&config);
    CHECK(me != NULL);
    model_env_suite(me)->model = false;
    return me;
}

/* Only what the quirk is about is left out, and only where the environment has it. */
TEST(without_events_the_data_is_checked)
{
    static const struct scenario rows[] = {
        { "a/refused", "x", PER_EXERCISER, write_is_refused, 0 },
        { "a/too-little", "x", PER_EXERCISER, expects_too_little, 0 },
        { "a/records", "x", PER_EXERCISER, needs_records, 0 },
    };
    struct model_env *me = env_of_emulator(true);
    struct suite_totals totals = run_rows(me, "a/refused", rows, 3);

    CHECK_EQ(totals.failed, 1);
    CHECK_SAYS(me, "seen: no fault, no byte changed\n");
    model_env_suite(me)->no_events = true;
    totals = run_rows(me, NULL, rows, 3);
    CHECK_EQ(totals.passed, 1);
    CHECK_EQ(totals.failed, 1);
    CHECK_EQ(totals.skipped, 1);
    CHECK_SAYS(me, "# a/refused:model@0000:00:04.0: quirk amd-no-events: fault record not checked\n");
    CHECK_SAYS(me, "SKIP quirk amd-no-events: fault record not checked\n");
    model_env_suite(me)->model = true;
    CHECK_EQ(run_rows(me, "a/refused", rows, 3).failed, 1);
    model_env_destroy(me);
}

TEST(of_wrong_event_fields_nothing_is_compared)
{
    static const struct scenario rows[] = {
        { "a/wrong-reason", "x", PER_EXERCISER, expects_wrong_reason, 0 },
        { "a/too-little", "x", PER_EXERCISER, expects_too_little, 0 },
    };
    struct model_env *me = env_of_emulator(false);

    CHECK_EQ(run_rows(me, "a/wrong-reason", rows, 2).failed, 1);
    model_env_suite(me)->event_fields_wrong = true;
    CHECK_EQ(run_rows(me, NULL, rows, 2).failed, 1);
    CHECK_SAYS(me, "# a/wrong-reason:model@0000:00:04.0: quirk amd-event-fields: of the fault record only");
    model_env_destroy(me);
    me = env_of_emulator(true);
    model_env_suite(me)->event_fields_wrong = true;
    CHECK_EQ(run_rows(me, "a/wrong-reason", rows, 2).failed, 1);    /* there must be a record */
    model_env_destroy(me);
}

/* A QEMU without events translates devices of other buses by the entries of bus 0: only they are left out. */
TEST(devices_on_other_buses_are_left_out_where_their_entries_are_not_used)
{
    static const struct scenario rows[] = { { "a/each", "x", PER_EXERCISER, passes, 0 },
                                            { "a/pair", "x", PER_PAIR, passes, 0 } };
    struct model_env_config config = model_env_amd();
    struct model_env *me = model_env_create(&config);
    struct suite_totals totals;

    CHECK(me != NULL);
    CHECK_EQ(run_rows(me, NULL, rows, 2).passed, 5);
    model_env_suite(me)->model = false;
    CHECK_EQ(run_rows(me, NULL, rows, 2).passed, 5);
    model_env_suite(me)->no_events = true;
    totals = run_rows(me, NULL, rows, 2);
    CHECK_EQ(totals.passed, 3);
    CHECK_EQ(totals.skipped, 1);
    CHECK_SAYS(me, "a/each:model@0000:01:00.0 # SKIP quirk amd-bus-zero: ");
    CHECK_SAYS(me, "ok 4 - a/pair:model@0000:00:04.0+model@0000:00:05.0 #");
    model_env_destroy(me);
}

static void is_blocked(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct refusal refusal = refusal_unattached(m, EX_WRITE);
    struct plan plan = plan_page(m, EX_WRITE, m->window, NULL, 0);

    (void)case_enter(t, m);
    case_prepare(t, m);
    case_detach(t, m);
    expect_refused(t, &plan, &refusal);
}

/* Of a blocked device the record may be missing; that of a mapping's refusal may not. */
TEST(blocked_devices_may_be_refused_without_a_record)
{
    static const struct scenario rows[] = { { "a/blocked", "x", PER_EXERCISER, is_blocked, 0 },
                                            { "a/refused", "x", PER_EXERCISER, write_is_refused, 0 } };
    struct model_env_config config = model_env_amd();
    struct model_env *me;

    config.exerciser_count = 1;
    config.amdvi.units[0].quiet_blocked = true;
    me = model_env_create(&config);
    CHECK(me != NULL);
    CHECK_EQ(run_rows(me, NULL, rows, 2).failed, 1);
    model_env_suite(me)->model = false;
    model_env_suite(me)->no_blocked_events = true;
    CHECK_EQ(run_rows(me, NULL, rows, 2).passed, 2);
    CHECK_SAYS(me, "# a/blocked:model@0000:00:04.0: quirk amd-no-blocked-events: ");
    model_env_destroy(me);
    me = env_of_emulator(true);
    model_env_suite(me)->no_blocked_events = true;
    CHECK_EQ(run_rows(me, "a/refused", rows, 2).failed, 1);
    model_env_destroy(me);
}
