/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Area takeover: units that were left enabled by firmware or a predecessor
 * (docs/design.md, "Order at boot", step 3). That translation was never off in between cannot
 * be seen from here: the boot tests take it from the emulator's trace.
 */
#include "scenario.h"

/* The unit that the hand-off snapshot describes; false: the library has none there. */
static bool unit_at(const struct suite_case *t, uint64_t registers_pa, struct iommu_unit_info *info)
{
    for (size_t i = 0; iommu_unit_info(t->env->iommu, i, info) == IOMMU_OK; i++)
        if (info->registers_pa == registers_pa)
            return true;
    return false;
}

static unsigned check_units(struct suite_case *t)
{
    const struct iommu_handoff *handoff = t->env->handoff;
    struct iommu_unit_info info = { 0 };
    unsigned enabled = 0;

    for (size_t i = 0; i < handoff->unit_count && i < IOMMU_HANDOFF_UNITS; i++) {
        const struct iommu_handoff_unit *unit = &handoff->units[i];

        /* One that is left off as asked stays with the old tables. */
        if (!unit->present || !unit->translating ||
            iommu_unit_left_off(t->env->iommu, unit->registers_pa))
            continue;
        enabled++;
        case_check(t, unit_at(t, unit->registers_pa, &info), "a unit found enabled is driven");
        case_check(t, info.found_translating, "the library saw that translation was on");
        case_check(t, info.translating && !info.fenced, "translation is on under the library");
    }
    return enabled;
}

/*
 * The old tables let devices through; with ours a device in no domain is
 * stopped at its entry, wherever it goes, so that no old table is used.
 */
static void old_tables_are_replaced(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct refusal refusal;
    struct buffer *frame;
    struct iommu_domain *domain;
    struct plan plan;

    if (t->env->handoff == NULL || t->env->handoff->taken == 0)
        case_skip(t, "no hand-off snapshot was taken");
    if (case_runs(t) && check_units(t) == 0)
        case_skip(t, "unit found disabled at entry");
    case_needs_masters(t, 1);
    frame = case_frame(t);
    if (!case_runs(t))
        return;
    case_bus_master(t, m, true);
    refusal = refusal_unattached(m, EX_WRITE);
    plan = plan_page(m, EX_WRITE, frame->pa & (GIB1 / 8 - 1), frame, 0);
    expect_refused(t, &plan, &refusal);
    domain = case_enter(t, m);
    if (!case_runs(t))
        return;
    case_map(t, domain, m->window, frame->pa, FRAME_BYTES, IOMMU_RW);
    plan = plan_page(m, EX_WRITE, m->window, frame, 0);
    expect_arrives(t, &plan);
}

static const struct scenario rows[] = {
    { "takeover/old-tables-are-replaced", "VT-d §11.4.5", PER_MACHINE, old_tables_are_replaced, 0 },
};

const struct scenario_table takeover_scenarios = SCENARIO_TABLE(rows);
