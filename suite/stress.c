/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Area stress: random maps and unmaps against a plain array that says what
 * should be there, the device's view sampled in between. The seed is printed
 * at the start of a run; seed= repeats it.
 */
#include "scenario.h"

#define SLOTS 1024u         /* pages of the window: two tables of 4 KiB leaves */
#define BACKING 6u          /* frames they are mapped to */
#define OPERATIONS 600u
#define SAMPLES 4u

/* What slot i is mapped to: frame number plus one, 0 for nothing. */
struct reference {
    struct iommu_domain *domain;
    struct buffer *frames;
    uint8_t slot[SLOTS];
};

static uint64_t slot_iova(const struct suite_case *t, size_t slot)
{
    return t->master[0].window + slot * FRAME_BYTES;
}

static void random_map(struct suite_case *t, struct reference *r)
{
    size_t len = 1 + case_random(t, BACKING), frame = case_random(t, BACKING - len + 1);
    size_t first = case_random(t, SLOTS - len + 1);
    bool taken = false;

    for (size_t i = 0; i < len; i++)
        taken |= r->slot[first + i] != 0;
    case_status(t, taken ? "iommu_map over a mapped page" : "iommu_map of free pages",
                iommu_map(r->domain, &(struct iommu_mapping){
                    .iova = slot_iova(t, first), .pa = r->frames->pa + frame * FRAME_BYTES,
                    .len = len * FRAME_BYTES, .prot = IOMMU_RW }),
                taken ? IOMMU_ERR_EXISTS : IOMMU_OK);
    for (size_t i = 0; i < len && !taken; i++)
        r->slot[first + i] = (uint8_t)(frame + i + 1);
}

static void random_unmap(struct suite_case *t, struct reference *r)
{
    /* Now and then a whole table and more, holes and all. */
    size_t longest = case_random(t, 32) == 0 ? SLOTS : 2 * BACKING;
    size_t len = 1 + case_random(t, longest), first = case_random(t, SLOTS - len + 1);
    uint64_t unmapped = 0, expected = 0;

    for (size_t i = 0; i < len; i++) {
        expected += r->slot[first + i] != 0 ? FRAME_BYTES : 0;
        r->slot[first + i] = 0;
    }
    case_status(t, "iommu_unmap with holes",
                iommu_unmap(r->domain, slot_iova(t, first), len * FRAME_BYTES, &unmapped),
                IOMMU_OK);
    if (unmapped != expected)
        case_fail(t, "iommu_unmap says how much was mapped", "0x%llx bytes instead of 0x%llx",
                  (unsigned long long)unmapped, (unsigned long long)expected);
}

static void compare_all(struct suite_case *t, const struct reference *r)
{
    for (size_t i = 0; i < SLOTS && t->outcome == CASE_RUNS; i++) {
        uint64_t expected = r->slot[i] == 0 ? 0 : r->frames->pa + (r->slot[i] - 1u) * FRAME_BYTES;
        uint64_t pa = 0;

        (void)(iommu_lookup(r->domain, slot_iova(t, i), &pa) == IOMMU_OK);
        if (pa != expected)
            case_fail(t, "iommu_lookup agrees with what was mapped",
                      "page %u: 0x%llx instead of 0x%llx", (unsigned)i, (unsigned long long)pa,
                      (unsigned long long)expected);
    }
}

/* The device sees the next page of the wanted kind as the reference has it. */
static void sample(struct suite_case *t, const struct reference *r, bool mapped)
{
    struct master *m = &t->master[0];
    struct refusal refusal = refusal_of(case_operation(m), ANY_LEVEL);
    size_t first = case_random(t, SLOTS);

    for (size_t i = 0; i < SLOTS; i++) {
        size_t slot = (first + i) % SLOTS;
        struct plan plan;

        if ((r->slot[slot] != 0) != mapped)
            continue;
        plan = plan_page(m, case_operation(m), slot_iova(t, slot), r->frames,
                         mapped ? r->slot[slot] - 1u : 0);
        if (mapped)
            expect_arrives(t, &plan);
        else
            expect_refused(t, &plan, &refusal);
        return;
    }
}

static void map_and_unmap(struct suite_case *t)
{
    struct buffer *frames = case_buffer(t, BACKING, FRAME_BYTES, 0, UINT64_MAX);
    struct iommu_domain *domain = case_enter(t, &t->master[0]);
    struct reference r = { .domain = domain, .frames = frames };

    for (unsigned i = 1; i <= OPERATIONS && case_runs(t); i++) {
        if (case_random(t, 3) < 2)
            random_map(t, &r);
        else
            random_unmap(t, &r);
        if (i % (OPERATIONS / SAMPLES) != 0)
            continue;
        compare_all(t, &r);
        sample(t, &r, true);
        sample(t, &r, false);
    }
    if (case_runs(t))
        case_status(t, "iommu_unmap of the whole window",
                    iommu_unmap(domain, slot_iova(t, 0), SLOTS * FRAME_BYTES, NULL), IOMMU_OK);
    for (size_t i = 0; i < SLOTS; i++)
        r.slot[i] = 0;
    if (case_runs(t))
        compare_all(t, &r);
}

static const struct scenario rows[] = {
    { "stress/map-and-unmap", "VT-d §6.5.3", PER_EXERCISER, map_and_unmap, 30000 },
};

const struct scenario_table stress_scenarios = SCENARIO_TABLE(rows);
