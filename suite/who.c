/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who a device is: the requester ids that a unit sees are asked of the unit
 * itself, by a request that it refuses, and compared with those that were
 * computed from the topology and given to the library. An id that was not
 * computed is a hole in both ways: the device gets no DMA, or somebody else's.
 */
#include "scenario.h"

#include "case.h"
#include "finding.h"
#include "format.h"

#define RECORDS_READ 32u
#define LIST_BYTES 100u

static bool is_one_of(const struct master *m, const struct suite_env *env, uint16_t rid)
{
    for (size_t i = 0; i < m->rid_count; i++)
        if (case_fault_rid(env, m->rids[i]) == rid)
            return true;
    return false;
}

static bool within(uint64_t at, uint64_t start, uint64_t len)
{
    return at >= start && at - start < len;
}

/* Whether the record is of what the case has sent: other devices may fault at the same time. */
static bool is_of_case(struct suite_case *t, const struct master *m,
                       const struct iommu_fault *fault)
{
    if (!case_is_refusal(t, fault) || fault->segment != iommu_device_segment(m->device))
        return false;
    return case_quirk(t, QUIRK_AMD_EVENT_FIELDS) || within(fault->iova, m->window, 2 * FRAME_BYTES)
           || within(fault->iova, m->private_iova, m->ex->private_pages * FRAME_BYTES);
}

static void list_ids(const struct master *m, char *out, size_t size)
{
    size_t len = 0;

    for (size_t i = 0; i < m->rid_count && len < size; i++)
        len += format_line(out + len, size - len, "%s" IOMMU_RID_FORMAT, i == 0 ? "" : ", ",
                           IOMMU_RID_ARGS(iommu_device_segment(m->device), m->rids[i]));
}

static void report_stranger(struct suite_case *t, const struct master *m, uint16_t rid)
{
    char computed[LIST_BYTES], what[CASE_TEXT];
    uint16_t segment = iommu_device_segment(m->device);

    list_ids(m, computed, sizeof(computed));
    format_line(what, sizeof(what), "%s sends as " IOMMU_RID_FORMAT ", computed are %s",
                m->ex->label, IOMMU_RID_ARGS(segment, rid), computed);
    case_finding(
        t, &(struct fw_finding){ .severity = FW_ERROR,
                                  .id = "requester-id",
                                  .table = "",
                                  .what = what,
                                  .trips = "every system programs the computed ids alone: the "
                                           "device's DMA is refused, or translated as another's",
                                  .remedy = "the device or a bridge above it needs a DMA alias "
                                            "quirk (Linux: a PCI quirk that adds a DMA alias)",
                                  .reference = "VT-d §3.12" });
    case_fail(t, computed, IOMMU_RID_FORMAT, IOMMU_RID_ARGS(segment, rid));
}

/* The library knows the id: what is programmed for the device is programmed for it. */
static void check_programmed(struct suite_case *t, const struct master *m,
                             const struct iommu_fault *fault)
{
    if (case_quirk(t, QUIRK_AMD_EVENT_FIELDS) || fault->device == m->device)
        return;
    case_fail(t, "the id belongs to the device", IOMMU_RID_FORMAT " belongs to %s",
              IOMMU_RID_ARGS(fault->segment, fault->rid),
              fault->device == NULL ? "none" : "another");
}

/* Everything recorded since there were before records. */
static void compare_records(struct suite_case *t, const struct master *m, size_t before)
{
    struct iommu_fault faults[RECORDS_READ];
    size_t count = t->env->ops->all_faults(t->env, before, faults, RECORDS_READ), own = 0;

    for (size_t i = 0; i < count && i < RECORDS_READ && case_runs(t); i++) {
        if (!is_of_case(t, m, &faults[i]))
            continue;
        if (!is_one_of(m, t->env, faults[i].rid)) {
            report_stranger(t, m, faults[i].rid);
            return;
        }
        check_programmed(t, m, &faults[i]);
        if (own++ == 0)
            case_note(t, "seen as " IOMMU_RID_FORMAT,
                      IOMMU_RID_ARGS(faults[i].segment, faults[i].rid));
    }
    if (case_runs(t) && own == 0)
        case_fail(t, "a record of the refused request", "none of its own among %u",
                  (unsigned)count);
}

/* Blocked, but where that leaves no record: there it asks for a page that is not mapped. */
static void provoke(struct suite_case *t, struct master *m)
{
    struct plan plan = plan_page(m, case_operation(m), m->window + FRAME_BYTES, NULL, 0);

    if (case_quirk(t, QUIRK_AMD_NO_BLOCKED_EVENTS)) {
        (void)case_enter(t, m);
        case_prepare(t, m);
        expect_nothing(t, &plan);
        return;
    }
    m->private_iova = case_private_iova(t, m);
    case_bus_master(t, m, true);
    (void)m->ex->ops->rebase(m->ex, m->private_iova);
    (void)exerciser_run(m->ex, &(struct ex_dma){ plan.operation, plan.iova, plan.len });
}

void topology_requester_id(struct suite_case *t)
{
    struct master *m = &t->master[0];
    size_t before;

    case_needs_no(t, QUIRK_AMD_NO_EVENTS);
    if (!case_runs(t))
        return;
    case_faults_clear(t, m);
    before = t->env->ops->all_faults(t->env, 0, NULL, 0);
    provoke(t, m);
    if (case_runs(t))
        compare_records(t, m, before);
}
