/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs scenarios and prints their results. What is per exerciser runs side by
 * side, since an exerciser may take long over a transfer (edu: 100 ms); results
 * are printed in the order of the exercisers afterwards.
 */
#include "suite.h"

#include "case.h"
#include "format.h"
#include "glob.h"
#include "tap.h"

/*
 * Apart at the start, so that exercisers of one make do not fault at the same
 * moment: QEMU's unit has one fault record, and its edu rounds to milliseconds.
 */
#define STAGGER_US 3000u

#define CASES 32u

struct run {
    struct suite_env *env;
    const struct suite_options *options;
    struct tap tap;
    struct suite_totals totals;
    struct suite_case *cases;   /* CASES of them */
    void *args[CASES];
    size_t count;               /* cases of the scenario at hand */
    bool list;
    size_t listed;
    bool measured;              /* the exercisers' address widths */
};

#define CASES_FRAMES ((sizeof(struct suite_case) * CASES + FRAME_BYTES - 1) / FRAME_BYTES)

/* ---- one case ---- */

static uint64_t name_hash(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325ull;  /* FNV-1a */

    for (; *name != '\0'; name++)
        hash = (hash ^ (uint8_t)*name) * 0x100000001b3ull;
    return hash;
}

static void case_begin(struct suite_case *t, struct suite_env *env, const struct scenario *scenario)
{
    *t = (struct suite_case){ .env = env, .scenario = scenario };
    format_line(t->name, sizeof(t->name), "%s", scenario->name);
}

static void run_case(void *arg)
{
    struct suite_case *t = arg;
    struct suite_env *env = t->env;
    uint32_t limit_ms = t->scenario->limit_ms == 0 ? SCENARIO_LIMIT_MS : t->scenario->limit_ms;

    t->start_us = env->ops->now_us(env);
    t->deadline_us = t->start_us + limit_ms * 1000ull;
    t->random = (name_hash(t->name) ^ env->seed) | 1;   /* xorshift never leaves 0 */
    t->scenario->run(t);
    (void)case_runs(t);
    case_close(t);
    t->time_us = env->ops->now_us(env) - t->start_us;
}

/* ---- between scenarios ---- */

/* An event for every four bytes is no storm. */
static void usual_storm(struct suite_env *env)
{
    if (env->iommu != NULL)
        iommu_debug_set_storm(env->iommu,
                              quirk_applies(env, QUIRK_AMD_EVENT_FIELDS) ? SUITE_NO_STORM : 0, 0);
}

/* No fault, fence or attachment of one scenario reaches the next. */
static void reset_machine(struct suite_env *env)
{
    uint16_t rids[IOMMU_DEVICE_RIDS];

    if (env->iommu == NULL)
        return;
    for (size_t i = 0; i < env->exerciser_count; i++) {
        struct exerciser *ex = env->exercisers[i];
        size_t count;

        if (ex->device == NULL)
            continue;
        if (iommu_device_fenced(ex->device) && iommu_device_unfence(ex->device) != IOMMU_OK)
            tap_text(env, "# suite: %s cannot be unfenced\n", ex->label);
        count = case_requester_ids(env, ex, rids);
        for (size_t r = 0; r < count; r++)
            env->ops->faults_clear(env, iommu_device_segment(ex->device),
                                   case_fault_rid(env, rids[r]));
    }
    usual_storm(env);
    iommu_reset_fault_counters(env->iommu);
}

/* A scenario that leaves a device attached has failed; the device is blocked for the next. */
static void find_left_attached(struct run *run)
{
    struct suite_env *env = run->env;

    for (size_t i = 0; i < env->exerciser_count; i++) {
        struct exerciser *ex = env->exercisers[i];
        struct suite_case *t = &run->cases[0];

        if (ex->device == NULL || iommu_device_domain(ex->device) == NULL)
            continue;
        for (size_t c = 0; c < run->count; c++)
            if (run->cases[c].master_count > 0 && run->cases[c].master[0].ex == ex)
                t = &run->cases[c];
        if (t->outcome != CASE_FAILED) {
            t->outcome = CASE_RUNS;
            case_fail(t, "every device is blocked after a scenario", "%s was left attached",
                      ex->label);
        }
        env->ops->bus_master(env, ex, false);
        if (iommu_detach(ex->device, IOMMU_NO_PASID) != IOMMU_OK)
            tap_text(env, "# suite: %s cannot be detached\n", ex->label);
    }
}

/* ---- results ---- */

static void print_result(struct run *run, const struct tap_result *result)
{
    const struct suite_observer *observer = run->options->observer;

    if (observer != NULL)
        observer->result(observer->ctx, result);
    tap_print(&run->tap, result);
}

static void report(struct run *run, const struct suite_case *t)
{
    bool skipped = t->outcome == CASE_SKIPPED;

    if (t->note[0] != '\0')
        tap_text(run->env, "# %s: %s\n", t->name, t->note);
    for (unsigned q = 0; q < QUIRK_COUNT && !skipped; q++)
        if (t->quirks >> q & 1)
            tap_text(run->env, "# %s: quirk %s: %s\n", t->name, quirk(q)->name,
                     quirk(q)->left_out);
    print_result(run, &(struct tap_result){ .name = t->name,
                                            .ok = t->outcome == CASE_RUNS,
                                            .skip = skipped ? t->seen : NULL,
                                            .time_us = t->time_us,
                                            .expected = t->expected,
                                            .seen = t->seen,
                                            .cite = t->scenario->cite });
    if (skipped)
        run->totals.skipped++;
    else if (t->outcome == CASE_FAILED)
        run->totals.failed++;
    else
        run->totals.passed++;
}

static bool names_nothing(const char *run)
{
    static const char none[] = "none";

    for (size_t i = 0; i < sizeof(none); i++)
        if (run == NULL || run[i] != none[i])
            return false;
    return true;
}

/* A selection that is a slip of the pen must not look like a good run. */
static void report_empty(struct run *run)
{
    print_result(run, &(struct tap_result){ .name = "suite/run-names-a-scenario",
                                            .expected = "run= names a scenario (list shows them), or is none",
                                            .seen = run->options->run });
    run->totals.failed++;
}

/* ---- which cases a scenario has ---- */

static bool covered(const struct exerciser *ex)
{
    return ex->device != NULL;
}

/* The unit translates its requests by the entry of another function. */
static bool mistaken(const struct suite_env *env, const struct exerciser *ex)
{
    return covered(ex) && iommu_device_rid(ex->device) >> 8 != 0
           && quirk_applies(env, QUIRK_AMD_BUS_ZERO);
}

static bool usable(const struct suite_env *env, const struct exerciser *ex)
{
    return covered(ex) && !mistaken(env, ex);
}

static bool area_is(const struct scenario *scenario, const char *area)
{
    size_t i = 0;

    while (area[i] != '\0' && area[i] == scenario->name[i])
        i++;
    return area[i] == '\0' && scenario->name[i] == '/';
}

/* The area of a scenario that one vendor's units have alone is the vendor's name; NULL: any vendor. */
static const char *vendor_of(const struct scenario *scenario)
{
    static const char *const vendors[] = { "intel", "amd" };

    for (size_t v = 0; v < sizeof(vendors) / sizeof(vendors[0]); v++)
        if (area_is(scenario, vendors[v]))
            return vendors[v];
    return NULL;
}

/* Keeps the case if the globs name it; a list only prints its name. */
static void keep_case(struct run *run, struct suite_case *t)
{
    if (!glob_list_match(run->options->run, t->name))
        return;
    if (run->list) {
        tap_text(run->env, "%s\n", t->name);
        run->listed++;
    } else {
        run->count++;
    }
}

static void add_single(struct run *run, const struct scenario *scenario, struct exerciser *ex)
{
    struct suite_case *t = &run->cases[run->count];

    case_begin(t, run->env, scenario);
    format_line(t->name, sizeof(t->name), "%s:%s", scenario->name, ex->label);
    if (usable(run->env, ex))
        case_add_master(t, ex);
    else if (mistaken(run->env, ex))
        case_needs_no(t, QUIRK_AMD_BUS_ZERO);
    else
        case_skip(t, "no unit covers the device");
    keep_case(run, t);
}

static void add_pair(struct run *run, const struct scenario *scenario, struct exerciser *a,
                     struct exerciser *b)
{
    struct suite_case *t = &run->cases[run->count];

    case_begin(t, run->env, scenario);
    format_line(t->name, sizeof(t->name), "%s:%s+%s", scenario->name, a->label, b->label);
    case_add_master(t, a);
    case_add_master(t, b);
    keep_case(run, t);
}

/* A scenario with nothing to run on is one line that says so. */
static void add_plain(struct run *run, const struct scenario *scenario, const char *skip)
{
    struct suite_case *t = &run->cases[run->count];
    struct suite_env *env = run->env;

    case_begin(t, env, scenario);
    if (skip != NULL)
        case_skip(t, "%s", skip);
    for (size_t i = 0; skip == NULL && i < env->exerciser_count && t->master_count < CASE_MASTERS;
         i++)
        if (usable(env, env->exercisers[i]) && env->exercisers[i]->can_write)
            case_add_master(t, env->exercisers[i]);
    keep_case(run, t);
}

static void add_pairs(struct run *run, const struct scenario *scenario)
{
    struct suite_env *env = run->env;
    struct exerciser *before = NULL;
    bool any = false;

    for (size_t i = 0; i < env->exerciser_count && run->count < CASES; i++) {
        struct exerciser *ex = env->exercisers[i];

        if (!usable(env, ex))
            continue;
        if (before != NULL) {
            add_pair(run, scenario, before, ex);
            any = true;
        }
        before = ex;
    }
    if (!any)
        add_plain(run, scenario, "needs two exercisers that a unit covers");
}

static void add_bare(struct run *run, const struct scenario *scenario)
{
    struct suite_env *env = run->env;

    if (suite_translates(env) || env->exerciser_count == 0) {
        add_plain(run, scenario, suite_translates(env) ? "a unit stands between devices and memory"
                                                       : "there is no exerciser");
        return;
    }
    for (size_t i = 0; i < env->exerciser_count && run->count < CASES; i++) {
        struct suite_case *t = &run->cases[run->count];

        case_begin(t, env, scenario);
        format_line(t->name, sizeof(t->name), "%s:%s", scenario->name, env->exercisers[i]->label);
        (void)case_add_bare_master(t, env->exercisers[i]);
        keep_case(run, t);
    }
}

static void add_other_vendor(struct run *run, const struct scenario *scenario, const char *vendor)
{
    char reason[32];

    format_line(reason, sizeof(reason), "needs vendor %s", vendor);
    add_plain(run, scenario, reason);
}

static void add_cases(struct run *run, const struct scenario *scenario)
{
    struct suite_env *env = run->env;
    const char *vendor = vendor_of(scenario);

    run->count = 0;
    if (env->iommu != NULL && vendor != NULL && !suite_vendor_is(env, vendor)) {
        add_other_vendor(run, scenario, vendor);
    } else if (scenario->kind == PER_BARE_EXERCISER) {
        add_bare(run, scenario);
    } else if (env->iommu == NULL) {
        add_plain(run, scenario, "there is no IOMMU, or it is switched off");
    } else if (!suite_translates(env) && !area_is(scenario, "irq")) {
        add_plain(run, scenario, "units remap interrupts, DMA is not translated");
    } else if (scenario->kind == PER_MACHINE) {
        add_plain(run, scenario, NULL);
    } else if (scenario->kind == PER_PAIR) {
        add_pairs(run, scenario);
    } else {
        for (size_t i = 0; i < env->exerciser_count && run->count < CASES; i++)
            add_single(run, scenario, env->exercisers[i]);
        if (env->exerciser_count == 0)
            add_plain(run, scenario, "there is no exerciser");
    }
}

/* ---- the run ---- */

/* Runs the cases that are not skipped already, and resets the machine. */
static void run_cases(struct run *run, const struct scenario *scenario)
{
    struct suite_env *env = run->env;
    size_t ready = 0;

    for (size_t i = 0; i < run->count; i++)
        if (run->cases[i].outcome == CASE_RUNS)
            run->args[ready++] = &run->cases[i];
    if (ready > 0 && run->options->observer != NULL)
        run->options->observer->scenario(run->options->observer->ctx, scenario->name);
    if (ready > 0 && run->options->loglevel >= SUITE_LOG_STEPS)
        tap_text(env, "# %s starts\n", scenario->name);
    if ((scenario->kind == PER_EXERCISER || scenario->kind == PER_BARE_EXERCISER) && ready > 0) {
        env->ops->parallel(env, run_case, run->args, ready, STAGGER_US);
    } else {
        /* Pairs overlap, and what is done to a unit is done to everybody. */
        for (size_t i = 0; i < ready; i++)
            run_case(run->args[i]);
    }
    if (ready > 0) {
        find_left_attached(run);
        reset_machine(env);
    }
}

static void measure_widths(struct run *run)
{
    struct suite_env *env = run->env;

    run->measured = true;
    run->count = 0;
    for (size_t i = 0; i < env->exerciser_count && run->count < CASES; i++) {
        struct exerciser *ex = env->exercisers[i];
        struct suite_case *t = &run->cases[run->count];

        if (!usable(env, ex) || !ex->can_write || ex->address_bits >= WIDTH_KNOWN)
            continue;
        case_begin(t, env, &width_measurement);
        case_add_master(t, ex);
        run->count++;
    }
    run_cases(run, &width_measurement);
    for (size_t i = 0; i < run->count; i++) {
        const struct suite_case *t = &run->cases[i];

        tap_text(env, "# suite: %s: %s\n", t->master[0].ex->label,
                 t->outcome == CASE_RUNS ? t->note : t->seen);
    }
}

/* entry: devices as the machine was found, so nothing is attached before. */
static void run_scenario(struct run *run, const struct scenario *scenario, bool entry)
{
    add_cases(run, scenario);
    if (run->count > 0 && !entry && !run->measured && suite_translates(run->env)) {
        measure_widths(run);
        add_cases(run, scenario);
    }
    run_cases(run, scenario);
    for (size_t i = 0; i < run->count; i++)
        report(run, &run->cases[i]);
}

static bool run_begin(struct run *run, struct suite_env *env, const struct suite_options *options)
{
    uint64_t pa;

    run->env = env;
    run->options = options;
    run->cases = env->ops->frames_alloc(env, CASES_FRAMES, FRAME_BYTES, 0, UINT64_MAX, &pa);
    if (run->cases == NULL)
        tap_text(env, "Bail out! no memory for the suite\n");
    return run->cases != NULL;
}

/* Tells the observer how many results there will be. */
static void count_results(struct run *run, const struct scenario_table *const *tables, size_t count)
{
    const struct suite_observer *observer = run->options->observer;
    unsigned results = 0;

    for (size_t i = 0; observer != NULL && i < count; i++)
        for (size_t s = 0; s < tables[i]->count; s++) {
            add_cases(run, &tables[i]->rows[s]);
            results += (unsigned)run->count;
        }
    if (observer != NULL)
        observer->begin(observer->ctx, results);
}

struct suite_totals suite_run_tables(struct suite_env *env, const struct suite_options *options,
                                     const struct scenario_table *const *tables, size_t count)
{
    struct run run = { .list = false };

    tap_begin(&run.tap, env);
    if (!run_begin(&run, env, options))
        return (struct suite_totals){ .failed = 1 };
    count_results(&run, tables, count);
    usual_storm(env);
    tap_text(env, "# suite: seed=%u exercisers=%u\n", env->seed, (unsigned)env->exerciser_count);
    for (size_t i = 0; i < count; i++)
        for (size_t s = 0; s < tables[i]->count; s++)
            run_scenario(&run, &tables[i]->rows[s], tables[i] == &entry_scenarios);
    if (run.tap.count == 0 && !names_nothing(options->run))
        report_empty(&run);
    tap_end(&run.tap);
    env->ops->frames_free(env, run.cases, CASES_FRAMES);
    return run.totals;
}

struct suite_totals suite_run(struct suite_env *env, const struct suite_options *options)
{
    return suite_run_tables(env, options, suite_catalogue, suite_catalogue_count);
}

void suite_list(struct suite_env *env, const struct suite_options *options)
{
    struct run run = { .list = true };

    if (!run_begin(&run, env, options))
        return;
    for (size_t i = 0; i < suite_catalogue_count; i++)
        for (size_t s = 0; s < suite_catalogue[i]->count; s++)
            add_cases(&run, &suite_catalogue[i]->rows[s]);
    if (run.listed == 0 && !names_nothing(options->run))
        tap_text(env, "# list: no scenario has a name like %s; list alone shows all of them\n", options->run);
    env->ops->frames_free(env, run.cases, CASES_FRAMES);
}
