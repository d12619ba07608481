/* SPDX-License-Identifier: BSD-2-Clause */
/* Area intel: what only VT-d units have: both ways of flushing, and a descriptor they refuse. */
#include "scenario.h"

/*
 * VT-d §6.5.2: no descriptor has type Fh; an unused type, a global context-cache flush for
 * comparison.
 */
#define DESCRIPTOR_RESERVED 0x0full
#define DESCRIPTOR_CONTEXT_GLOBAL 0x11ull
static void refused_descriptor_and_recovery(struct suite_case *t)
{
    flush_refused(t, DESCRIPTOR_RESERVED, DESCRIPTOR_CONTEXT_GLOBAL);
}

#define UNITS_MAX 16

/*
 * VT-d §6.5.1. Whole map, unmap and stale cycle without the queue; the units
 * that had one get it back whatever came out.
 */
static void register_based_invalidation(struct suite_case *t)
{
    struct iommu *iommu = t->env->iommu;
    size_t units = iommu_unit_count(iommu), registers_only = 0;
    bool switched[UNITS_MAX] = { false };
    struct iommu_unit_info info;

    case_needs_masters(t, 1);
    for (size_t i = 0; i < units && i < UNITS_MAX && case_runs(t); i++) {
        if (iommu_unit_info(iommu, i, &info) != IOMMU_OK || info.fenced)
            continue;
        if (info.uses_queue)
            switched[i] = iommu_debug_use_queue(iommu, i, false) == IOMMU_OK;
        registers_only += switched[i] || !info.uses_queue;
    }
    if (registers_only == 0)
        case_skip(t, "no unit has register-based invalidation");
    if (case_runs(t))
        flush_cycle(t, &t->master[0]);
    case_detach(t, &t->master[0]);
    for (size_t i = 0; i < units && i < UNITS_MAX; i++)
        if (switched[i]) {
            enum iommu_status status = iommu_debug_use_queue(iommu, i, true);

            if (status != IOMMU_OK)
                case_fail(t, "the queue is switched on again", "unit %u: %s", (unsigned)i,
                          iommu_status_name(status));
        }
}

static const struct scenario rows[] = {
    { "intel/refused-descriptor-and-recovery", "VT-d §6.5.2.11", PER_MACHINE,
      refused_descriptor_and_recovery, 0 },
    { "intel/register-based-invalidation", "VT-d §6.5.1", PER_MACHINE, register_based_invalidation,
      0 },
};

const struct scenario_table intel_scenarios = SCENARIO_TABLE(rows);
