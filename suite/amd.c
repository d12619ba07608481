/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Area amd: what only AMD-Vi units have: commands that end with an interrupt, a ring that wraps,
 * and a processor that stops at a command it does not know.
 */
#include "scenario.h"

/* AMD-Vi §2.4: the opcode is in bits 63:60 of the first half. No command has opcode Fh. */
#define COMMAND_RESERVED 0xf000000000000000ull
#define COMMAND_COMPLETION_WAIT 0x1000000000000000ull
#define COMPLETION_WAIT_INTERRUPT (1ull << 1)

static void refused_command_and_recovery(struct suite_case *t)
{
    flush_refused(t, COMMAND_RESERVED, COMMAND_COMPLETION_WAIT);
}

#define INTERRUPT_US 1000000u
#define INTERRUPT_STEP_US 1000u

static uint64_t completion_interrupts(const struct suite_case *t, size_t unit)
{
    struct iommu_debug_counters counters;

    iommu_debug_counters(t->env->iommu, unit, &counters);
    return counters.completion_interrupts;
}

/* AMD-Vi §2.4.1: I sets ComWaitInt, which interrupts, and again once it has been cleared. */
static void completion_interrupts_on(struct suite_case *t, size_t unit)
{
    for (unsigned turn = 1; turn <= 3 && case_runs(t); turn++) {
        uint64_t before = completion_interrupts(t, unit);
        uint64_t start = t->env->ops->now_us(t->env);

        case_status(t, "COMPLETION_WAIT with I",
                    iommu_debug_queue_submit(t->env->iommu, unit,
                                             COMMAND_COMPLETION_WAIT | COMPLETION_WAIT_INTERRUPT, 0),
                    IOMMU_OK);
        while (completion_interrupts(t, unit) == before && case_runs(t)
               && t->env->ops->now_us(t->env) - start < INTERRUPT_US)
            t->env->ops->sleep_us(t->env, INTERRUPT_STEP_US);
        if (completion_interrupts(t, unit) == before)
            case_fail(t, "COMPLETION_WAIT with I interrupts", "not in %u ms, turn %u",
                      INTERRUPT_US / 1000, turn);
    }
}

static void completion_interrupts_arrive(struct suite_case *t)
{
    struct iommu_unit_info info;
    size_t units = 0;

    for (size_t i = 0; iommu_unit_info(t->env->iommu, i, &info) == IOMMU_OK; i++)
        if (info.fault_interrupt && info.uses_queue && !info.fenced) {
            units++;
            completion_interrupts_on(t, i);
        }
    if (units == 0)
        case_skip(t, "no unit has an interrupt of its own");
}

/* Twice round the ring that the library makes, and a little more. */
#define WRAPS_COMMANDS 1200u

/* Every command is carried out though the ring wraps, also those just before and after. */
static void ring_wraps(struct suite_case *t)
{
    struct iommu_debug_counters before, after;
    struct iommu_unit_info info = { 0 };
    size_t unit;

    case_needs_masters(t, 1);
    if (!case_runs(t))
        return;
    unit = iommu_device_unit(t->master[0].device);
    case_status(t, "iommu_unit_info", iommu_unit_info(t->env->iommu, unit, &info), IOMMU_OK);
    if (!info.uses_queue)
        case_skip(t, "the unit runs without a ring");
    iommu_debug_counters(t->env->iommu, unit, &before);
    after = before;
    while (after.descriptors - before.descriptors < WRAPS_COMMANDS && case_runs(t)) {
        case_status(t, "COMPLETION_WAIT",
                    iommu_debug_queue_submit(t->env->iommu, unit, COMMAND_COMPLETION_WAIT, 0),
                    IOMMU_OK);
        iommu_debug_counters(t->env->iommu, unit, &after);
        case_check(t, after.descriptors > before.descriptors, "commands are counted");
    }
    if (case_runs(t))
        flush_cycle(t, &t->master[0]);
}

static const struct scenario rows[] = {
    { "amd/refused-command-and-recovery", "AMD-Vi §2.4", PER_MACHINE, refused_command_and_recovery,
      0 },
    { "amd/completion-interrupts-arrive", "AMD-Vi §2.4.1", PER_MACHINE,
      completion_interrupts_arrive, 0 },
    { "amd/ring-wraps", "AMD-Vi §2.4", PER_MACHINE, ring_wraps, 0 },
};

const struct scenario_table amd_scenarios = SCENARIO_TABLE(rows);
