/* SPDX-License-Identifier: BSD-2-Clause */
/* Area fault: records that overflow, and devices that keep faulting. */
#include "scenario.h"

#define OVERFLOW_TURNS 8

/* The longest write within a page: a bus may carry it in many requests, each refused by itself. */
static uint32_t long_write(const struct master *m)
{
    uint32_t step = m->ex->step_len > m->ex->align ? m->ex->step_len : m->ex->align;
    uint32_t len = m->ex->max_len < FRAME_BYTES ? m->ex->max_len : (uint32_t)FRAME_BYTES;

    return len / step * step;
}

/* Both masters write to a page that is not mapped, as close together as can be. */
static void fault_together(struct suite_case *t)
{
    enum ex_status status[2];
    bool busy = true;

    for (size_t i = 0; i < 2; i++)
        case_prepare(t, &t->master[i]);
    for (size_t i = 0; i < 2 && case_runs(t); i++) {
        struct master *m = &t->master[i];

        status[i] =
            m->ex->ops->start(m->ex, &(struct ex_dma){ EX_WRITE, m->window + FRAME_BYTES, long_write(m) });
    }
    while (busy && case_runs(t)) {
        busy = false;
        t->env->ops->sleep_us(t->env, 1000);
        for (size_t i = 0; i < 2; i++) {
            struct master *m = &t->master[i];

            if (status[i] == EX_PENDING)
                status[i] = m->ex->ops->poll(m->ex);
            busy |= status[i] == EX_PENDING;
            m->needs_rebase |= status[i] != EX_DONE;
        }
    }
}

/*
 * VT-d §7.2.1: with all records taken PFO is set and further faults are lost.
 * Once it is cleared, faults are recorded again. AMD-Vi §2.5: a full log stops
 * until it is restarted.
 */
static void overflow_is_seen_and_cleared(struct suite_case *t)
{
    struct suite_env *env = t->env;
    struct refusal refusal = refusal_of(EX_WRITE, ANY_LEVEL);
    uint64_t before = env->ops->overflows(env);
    struct iommu_fault fault = { 0 };

    case_needs_no(t, QUIRK_AMD_NO_EVENTS);
    case_needs_masters(t, 2);
    for (size_t i = 0; i < 2 && case_runs(t); i++)
        (void)case_enter(t, &t->master[i]);
    /* A log that overflows holds more faults than a storm has. */
    if (case_runs(t))
        iommu_debug_set_storm(env->iommu, SUITE_NO_STORM, 0);
    for (unsigned turn = 0; turn < OVERFLOW_TURNS && case_runs(t); turn++) {
        fault_together(t);
        for (size_t i = 0; i < 2; i++)
            (void)case_faults(t, &t->master[i], &fault);
        if (env->ops->overflows(env) != before)
            break;
    }
    if (case_runs(t) && env->ops->overflows(env) == before)
        case_skip(t, "two exercisers did not fill the unit's fault records in %u attempts",
                  OVERFLOW_TURNS);
    for (size_t i = 0; i < 2 && case_runs(t); i++) {
        struct master *m = &t->master[i];
        struct plan plan = plan_page(m, EX_WRITE, m->window + FRAME_BYTES, NULL, 0);

        expect_refused(t, &plan, &refusal);
    }
}

#define DELIVERY_US 1000000u
#define DELIVERY_STEP_US 1000u

static bool is_record_of(struct suite_case *t, const struct iommu_fault *fault, uint64_t page)
{
    if (!case_is_refusal(t, fault))
        return false;
    return (fault->cause == IOMMU_CAUSE_NOT_WRITABLE && fault->iova == page)
           || case_quirk(t, QUIRK_AMD_EVENT_FIELDS);
}

/* True when a record of that page has come without anybody asking the unit. */
static bool record_came(struct suite_case *t, const struct master *m, uint64_t page)
{
    uint64_t start = t->env->ops->now_us(t->env);
    struct iommu_fault faults[4];

    do {
        for (size_t i = 0; i < m->rid_count; i++) {
            size_t count = t->env->ops->faults_delivered(
                t->env, iommu_device_segment(m->device), case_fault_rid(t->env, m->rids[i]), faults, 4);

            for (size_t f = 0; f < count && f < 4; f++)
                if (is_record_of(t, &faults[f], page))
                    return true;
        }
        t->env->ops->sleep_us(t->env, DELIVERY_STEP_US);
    } while (t->env->ops->now_us(t->env) - start < DELIVERY_US);
    return false;
}

/*
 * VT-d §7.3: the event arrives, and again after its handler has cleared every
 * status bit. Nothing here reads the unit: only its interrupt can.
 */
static void interrupt_delivers_the_record(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct iommu_unit_info info = { 0 };

    case_needs_no(t, QUIRK_AMD_NO_EVENTS);
    case_needs_masters(t, 1);
    if (!case_runs(t))
        return;
    case_status(t, "iommu_unit_info",
                iommu_unit_info(t->env->iommu, iommu_device_unit(m->device), &info), IOMMU_OK);
    if (!info.fault_interrupt)
        case_skip(t, "the unit's faults are polled for");
    (void)case_enter(t, m);
    for (unsigned turn = 1; turn <= 3 && case_runs(t); turn++) {
        uint64_t page = m->window + turn * FRAME_BYTES;
        struct plan plan = plan_page(m, EX_WRITE, page, NULL, 0);

        case_prepare(t, m);
        case_faults_clear(t, m);
        expect_nothing(t, &plan);
        if (case_runs(t) && !record_came(t, m, page))
            case_fail(t, "the fault interrupt brings the record", "none in %u ms, turn %u",
                      DELIVERY_US / 1000, turn);
    }
}

#define STORM_THRESHOLD 3u
#define STORM_WINDOW_US 20000000u
/* A transfer may be refused in many pieces before the fence is seen. */
#define FENCE_FAULTS 64u

static void fault_until_fenced(struct suite_case *t, struct master *m)
{
    struct plan plan = plan_page(m, EX_WRITE, m->window + FRAME_BYTES, NULL, 0);

    iommu_debug_set_storm(t->env->iommu, STORM_THRESHOLD, STORM_WINDOW_US);
    case_check(t, !iommu_device_fenced(m->device), "the device is not fenced before the storm");
    for (unsigned i = 0; i < 2 * STORM_THRESHOLD && case_runs(t) && !iommu_device_fenced(m->device);
         i++) {
        struct iommu_fault fault = { 0 };

        case_prepare(t, m);
        expect_nothing(t, &plan);
        (void)case_faults(t, m, &fault);
    }
    case_check(t, iommu_device_fenced(m->device), "a device that keeps faulting is fenced");
}

static bool fence_was_reported(struct suite_case *t, const struct master *m)
{
    struct iommu_fault faults[FENCE_FAULTS];

    for (size_t i = 0; i < m->rid_count; i++) {
        size_t count =
            t->env->ops->faults(t->env, iommu_device_segment(m->device), case_fault_rid(t->env, m->rids[i]),
                                faults, FENCE_FAULTS);

        for (size_t f = 0; f < count && f < FENCE_FAULTS; f++)
            if (faults[f].kind == IOMMU_FAULT_FENCED)
                return true;
    }
    return false;
}

/*
 * Requirement A18: entry blocked, bus master off, reported; the others go on; unfence brings it
 * back.
 */
static void storm_fences_the_device(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frames[2] = { case_frame(t), case_frame(t) };
    struct iommu_domain *domains[2];
    struct plan plans[2];

    case_needs_no(t, QUIRK_AMD_NO_EVENTS);
    case_needs_masters(t, 1);
    for (size_t i = 0; i < t->master_count && case_runs(t); i++) {
        domains[i] = case_enter(t, &t->master[i]);
        if (!case_runs(t))
            return;
        case_map(t, domains[i], t->master[i].window, frames[i]->pa, FRAME_BYTES, IOMMU_RW);
        plans[i] = plan_page(&t->master[i], EX_WRITE, t->master[i].window, frames[i], 0);
    }
    if (!case_runs(t))
        return;
    expect_arrives(t, &plans[0]);
    case_faults_clear(t, m);
    fault_until_fenced(t, m);
    if (!case_runs(t))
        return;
    case_check(t, fence_was_reported(t, m), "the fence is reported");
    if (m->ex->function != NULL)
        case_check(t, !pci_bus_master_enabled(m->ex->function),
                   "bus mastering of a fenced device is off");
    case_status(t, "iommu_attach of a fenced device",
                iommu_attach(domains[0], m->device, IOMMU_NO_PASID), IOMMU_ERR_FENCED);
    expect_nothing(t, &plans[0]);
    case_bus_master(t, m, true);
    expect_nothing(t, &plans[0]);
    if (t->master_count > 1)
        expect_arrives(t, &plans[1]);
    iommu_debug_set_storm(t->env->iommu, 0, 0);
    if (!case_runs(t))
        return;
    case_status(t, "iommu_device_unfence", iommu_device_unfence(m->device), IOMMU_OK);
    case_bus_master(t, m, true);
    m->needs_rebase = true;
    expect_arrives(t, &plans[0]);
}

static const struct scenario rows[] = {
    { "fault/overflow-is-seen-and-cleared", "VT-d §7.2.1", PER_MACHINE,
      overflow_is_seen_and_cleared, 20000 },
    { "fault/interrupt-delivers-the-record", "VT-d §7.3", PER_MACHINE,
      interrupt_delivers_the_record, 20000 },
    { "fault/storm-fences-the-device", "VT-d §7.2.1", PER_MACHINE, storm_fences_the_device, 30000 },
};

const struct scenario_table fault_scenarios = SCENARIO_TABLE(rows);
