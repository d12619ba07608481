/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Area dma: a transfer reaches what is mapped for it, with the permissions it has, and nothing
 * else.
 */
#include "scenario.h"

static void mapped_arrives(struct suite_case *t, enum ex_operation operation)
{
    struct master *m = &t->master[0];
    struct buffer *frame = case_frame(t);
    struct iommu_domain *domain = case_enter(t, m);
    struct plan plan;

    if (!case_runs(t))
        return;
    case_map(t, domain, m->window, frame->pa, FRAME_BYTES, IOMMU_RW);
    plan = plan_page(m, operation, m->window, frame, 0);
    expect_arrives(t, &plan);
}

static void mapped_write_arrives(struct suite_case *t)
{
    mapped_arrives(t, EX_WRITE);
}

static void mapped_read_arrives(struct suite_case *t)
{
    mapped_arrives(t, EX_READ);
}

/* The page before is mapped, so that the level is known; another GiB has no table at all. */
static void unmapped_faults(struct suite_case *t, enum ex_operation operation)
{
    struct master *m = &t->master[0];
    struct buffer *frame = case_frame(t);
    struct iommu_domain *domain = case_enter(t, m);
    struct refusal refusal = refusal_of(operation, 0);
    struct plan plan;

    if (!case_runs(t))
        return;
    case_map(t, domain, m->window, frame->pa, FRAME_BYTES, IOMMU_RW);
    plan = plan_page(m, operation, m->window + FRAME_BYTES, frame, 0);
    expect_refused(t, &plan, &refusal);
    if (m->ex->address_bits < 32)
        return;
    refusal.level = 2;
    plan = plan_page(m, operation, m->other_gib, frame, 0);
    expect_refused(t, &plan, &refusal);
}

static void unmapped_write_faults(struct suite_case *t)
{
    unmapped_faults(t, EX_WRITE);
}

static void unmapped_read_faults(struct suite_case *t)
{
    unmapped_faults(t, EX_READ);
}

/*
 * The refused access comes first: a translation that the other access has
 * brought into the IOTLB may refuse it without a record on QEMU.
 */
static void permission(struct suite_case *t, unsigned prot, enum ex_operation refused,
                       enum ex_operation allowed)
{
    struct master *m = &t->master[0];
    struct buffer *frame = case_frame(t);
    struct iommu_domain *domain = case_enter(t, m);
    struct refusal refusal = refusal_of(refused, 0);
    struct plan plan;

    if (!case_runs(t))
        return;
    if (prot == IOMMU_WRITE && case_format_is(domain, "amd-v2"))
        case_skip(t, "these page tables cannot forbid reads");
    case_map(t, domain, m->window, frame->pa, FRAME_BYTES, prot);
    plan = plan_page(m, refused, m->window, frame, 0);
    expect_refused(t, &plan, &refusal);
    if (allowed == EX_WRITE ? !m->ex->can_write : !m->ex->can_read)
        return;
    plan = plan_page(m, allowed, m->window, frame, 0);
    expect_arrives(t, &plan);
}

static void read_only_page_refuses_write(struct suite_case *t)
{
    permission(t, IOMMU_READ, EX_WRITE, EX_READ);
}

static void write_only_page_refuses_read(struct suite_case *t)
{
    permission(t, IOMMU_WRITE, EX_READ, EX_WRITE);
}

static void unmapped_page_is_gone(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frame = case_frame(t);
    struct iommu_domain *domain = case_enter(t, m);
    struct refusal refusal = refusal_of(case_operation(m), 0);
    struct plan plan;

    if (!case_runs(t))
        return;
    case_map(t, domain, m->window, frame->pa, FRAME_BYTES, IOMMU_RW);
    plan = plan_page(m, case_operation(m), m->window, frame, 0);
    expect_arrives(t, &plan);
    case_unmap(t, domain, m->window, FRAME_BYTES);
    expect_refused(t, &plan, &refusal);
}

/* Without an IOMMU an address on the bus is a physical one, and nothing refuses it. */
static void bare_address_is_physical(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frame = case_buffer(t, 1, FRAME_BYTES, 0, case_address_end(m->ex));
    struct plan plan;

    case_enter_bare(t, m);
    if (!case_runs(t))
        return;
    plan = plan_page(m, case_operation(m), frame->pa, frame, 0);
    expect_arrives(t, &plan);
}

static const struct scenario rows[] = {
    { "dma/mapped-write-arrives", "VT-d §3.7.1", PER_EXERCISER, mapped_write_arrives, 0 },
    { "dma/mapped-read-arrives", "VT-d §3.7.1", PER_EXERCISER, mapped_read_arrives, 0 },
    { "dma/unmapped-write-faults", "VT-d §7.1.3", PER_EXERCISER, unmapped_write_faults, 0 },
    { "dma/unmapped-read-faults", "VT-d §7.1.3", PER_EXERCISER, unmapped_read_faults, 0 },
    { "dma/read-only-page-refuses-write", "VT-d §7.1.3", PER_EXERCISER,
      read_only_page_refuses_write, 0 },
    { "dma/write-only-page-refuses-read", "VT-d §7.1.3", PER_EXERCISER,
      write_only_page_refuses_read, 0 },
    { "dma/unmapped-page-is-gone", "VT-d §6.5.3", PER_EXERCISER, unmapped_page_is_gone, 0 },
    { "dma/bare-address-is-physical", "VT-d §3.1", PER_BARE_EXERCISER, bare_address_is_physical, 0 },
};

const struct scenario_table dma_scenarios = SCENARIO_TABLE(rows);
