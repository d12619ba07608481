/* SPDX-License-Identifier: BSD-2-Clause */
/* Area flush: what stays visible until it is flushed, and no longer. */
#include "scenario.h"

/*
 * iommu_unmap_gather() leaves the flush out, so the translation that the first
 * transfer brought into the IOTLB still serves (VT-d §6.2.2). Hardware may have
 * dropped it meanwhile: that is no failure on a real machine.
 */
static void stale_until_sync(struct suite_case *t, struct master *m, struct iommu_domain *domain,
                             const struct plan *plan)
{
    struct refusal refusal = refusal_of(plan->operation, 0);
    struct iommu_gather gather = { 0 };
    struct iommu_fault fault = { 0 };
    uint64_t unmapped = 0;

    expect_arrives(t, plan);
    if (!case_runs(t))
        return;
    case_status(t, "iommu_unmap_gather",
                iommu_unmap_gather(domain, m->window, FRAME_BYTES, &gather, &unmapped), IOMMU_OK);
    case_check(t, unmapped == FRAME_BYTES && gather.start < gather.end,
               "the gather holds the page");
    if (t->env->emulated) {
        expect_arrives(t, plan);
    } else if (case_runs(t)) {
        (void)exerciser_run(m->ex, &(struct ex_dma){ plan->operation, plan->iova, plan->len });
        if (case_faults(t, m, &fault) > 0)
            case_note(t, "the unit had dropped the translation by itself");
        case_refill(t);
        m->needs_rebase = true;
    }
    case_status(t, "iommu_sync", iommu_sync(domain, &gather), IOMMU_OK);
    expect_refused(t, plan, &refusal);
}

void flush_cycle(struct suite_case *t, struct master *m)
{
    struct buffer *frame = case_frame(t);
    struct iommu_domain *domain = case_enter(t, m);
    struct plan plan;

    if (!case_runs(t))
        return;
    case_map(t, domain, m->window, frame->pa, FRAME_BYTES, IOMMU_RW);
    plan = plan_page(m, case_operation(m), m->window, frame, 0);
    stale_until_sync(t, m, domain, &plan);
}

static void stale_window_ends_with_the_flush(struct suite_case *t)
{
    flush_cycle(t, &t->master[0]);
}

/* A page that was unmapped and is mapped to another frame reaches only that one. */
static void remap_reaches_the_new_frame(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frames[2] = { case_frame(t), case_frame(t) };
    struct iommu_domain *domain = case_enter(t, m);
    struct plan plan;

    for (size_t i = 0; i < 2 && case_runs(t); i++) {
        case_map(t, domain, m->window, frames[i]->pa, FRAME_BYTES, IOMMU_RW);
        plan = plan_page(m, case_operation(m), m->window, frames[i], 0);
        expect_arrives(t, &plan);
        case_unmap(t, domain, m->window, FRAME_BYTES);
    }
}

/*
 * A range that covers a whole table frees it, and the page soon serves another
 * domain: a directory entry that stayed cached would lead the device there.
 */
static void freed_table_is_walked_no_more(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frames[2] = { case_frame(t), case_frame(t) };
    struct refusal refusal = refusal_of(case_operation(m), 1);
    struct iommu_domain *domain = case_enter(t, m), *other;
    uint64_t page = m->window + FRAME_BYTES;
    struct plan plan;

    if (!case_runs(t))
        return;
    case_map(t, domain, page, frames[0]->pa, FRAME_BYTES, IOMMU_RW);
    plan = plan_page(m, case_operation(m), page, frames[0], 0);
    expect_arrives(t, &plan);
    case_status(t, "iommu_unmap of the table's whole span",
                iommu_unmap(domain, m->window, MIB2, NULL), IOMMU_OK);
    other = case_domain(t, IOMMU_DOMAIN_UNMANAGED, m, 1);
    if (!case_runs(t))
        return;
    case_map(t, other, page, frames[1]->pa, FRAME_BYTES, IOMMU_RW);
    plan = plan_page(m, case_operation(m), page, frames[1], 0);
    expect_refused(t, &plan, &refusal);
    case_map(t, domain, page, frames[0]->pa, FRAME_BYTES, IOMMU_RW);
    plan = plan_page(m, case_operation(m), page, frames[0], 0);
    expect_arrives(t, &plan);
}

#define REFUSALS 3

static void refused_on(struct suite_case *t, size_t unit, uint64_t refused, uint64_t harmless)
{
    struct iommu *iommu = t->env->iommu;

    for (unsigned i = 0; i < REFUSALS && case_runs(t); i++) {
        enum iommu_status status = iommu_debug_queue_submit(iommu, unit, refused, 0);

        if (status != IOMMU_OK || !case_quirk(t, QUIRK_AMD_COMMAND_GOES_ON))
            case_status(t, "a command that does not exist", status, IOMMU_ERR_QUEUE);
        case_status(t, "a harmless command after it",
                    iommu_debug_queue_submit(iommu, unit, harmless, 0), IOMMU_OK);
    }
}

void flush_refused(struct suite_case *t, uint64_t refused, uint64_t harmless)
{
    size_t with_queue = 0;
    struct iommu_unit_info info;

    case_needs_masters(t, 1);
    for (size_t i = 0; i < iommu_unit_count(t->env->iommu) && case_runs(t); i++)
        if (iommu_unit_info(t->env->iommu, i, &info) == IOMMU_OK && info.uses_queue
            && !info.fenced) {
            with_queue++;
            refused_on(t, i, refused, harmless);
        }
    if (with_queue == 0)
        case_skip(t, "no unit runs with a queue");
    if (case_runs(t))
        flush_cycle(t, &t->master[0]);
}

static const struct scenario rows[] = {
    { "flush/stale-window-ends-with-the-flush", "VT-d §6.2.2", PER_EXERCISER,
      stale_window_ends_with_the_flush, 0 },
    { "flush/remap-reaches-the-new-frame", "VT-d §6.5.3", PER_EXERCISER,
      remap_reaches_the_new_frame, 0 },
    { "flush/freed-table-is-walked-no-more", "VT-d §6.5.2.3, AMD-Vi §2.4.3", PER_EXERCISER,
      freed_table_is_walked_no_more, 0 },
};

const struct scenario_table flush_scenarios = SCENARIO_TABLE(rows);
