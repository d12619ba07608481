/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Area reserved: what firmware wants to stay reachable for a device (RMRR,
 * VT-d §8.4; IVMD, AMD-Vi §5.2.2) is mapped one to one while the device is in no domain. Memory of
 * a region is written to only where the machine calls it free: elsewhere it is
 * the firmware's.
 */
#include "scenario.h"

/* A frame of the first region that has a free one, which is in *region then; NULL: none has. */
static struct buffer *frame_in_region(struct suite_case *t, const struct master *m,
                                      struct iommu_region *region)
{
    for (size_t i = 0; iommu_reserved_region(m->device, i, region) == IOMMU_OK; i++) {
        struct buffer *frame = case_try_buffer(t, 1, FRAME_BYTES, region->start, region->end);

        if (frame != NULL)
            return frame;
    }
    return NULL;
}

/* The page behind the last region: reserved for nobody. */
static uint64_t page_outside(const struct master *m)
{
    struct iommu_region region;
    uint64_t end = 0;

    for (size_t i = 0; iommu_reserved_region(m->device, i, &region) == IOMMU_OK; i++)
        if (region.end > end)
            end = region.end;
    return end;
}

static void check_unattached_is_translated(struct suite_case *t, const struct master *m)
{
    case_check(t, iommu_device_domain(m->device) == NULL, "the device is in no domain");
    case_check(t, case_state_is(m, "translated"),
               "the unit's tables give it a translation all the same");
}

/*
 * The exerciser takes its pattern in a domain and leaves it; what it then
 * writes goes through the tables that the library made when it started.
 */
static void region_stays_reachable(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct refusal refusal = refusal_of(EX_WRITE, ANY_LEVEL);
    struct iommu_region region;
    struct buffer *frame;
    struct plan plan;

    if (!iommu_device_has_reserved(m->device))
        case_skip(t, "firmware reserves no region for the device");
    if (!case_runs(t))
        return;
    check_unattached_is_translated(t, m);
    frame = frame_in_region(t, m, &region);
    if (frame == NULL || !m->ex->silent) {
        case_note(t, "checked without DMA: %s", frame == NULL
                      ? "the region's memory is the firmware's"
                      : "the exerciser does nothing without its own memory");
        return;
    }
    (void)case_enter(t, m);
    case_prepare(t, m);
    case_detach(t, m);
    if (!case_runs(t))
        return;
    check_unattached_is_translated(t, m);
    plan = plan_page(m, EX_WRITE, frame->pa, frame, 0);
    if (region.prot & IOMMU_WRITE)
        expect_arrives(t, &plan);
    else
        expect_refused(t, &plan, &refusal);
    plan = plan_page(m, EX_WRITE, page_outside(m), NULL, 0);
    expect_refused(t, &plan, &refusal);
}

static const struct scenario rows[] = {
    { "reserved/region-stays-reachable", "VT-d §8.4", PER_EXERCISER, region_stays_reachable, 0 },
};

const struct scenario_table reserved_scenarios = SCENARIO_TABLE(rows);
