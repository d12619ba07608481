/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Area map: what iommu_map() and iommu_unmap() make of ranges and edges, seen by the device. Leaf
 * sizes are in leaves.c.
 */
#include "tables.h"

void map_check_leaf(struct suite_case *t, struct iommu_domain *domain, uint64_t iova, uint64_t pa,
                    unsigned size_shift)
{
    struct iommu_leaf leaf = { 0 };

    if (!case_runs(t))
        return;
    case_status(t, "iommu_lookup_leaf", iommu_lookup_leaf(domain, iova, &leaf), IOMMU_OK);
    if (leaf.pa != pa || leaf.size_shift != size_shift)
        case_fail(t, "the largest leaf that fits",
                  "0x%llx is reached by a leaf of 2^%u bytes at 0x%llx",
                  (unsigned long long)leaf.pa, leaf.size_shift, (unsigned long long)iova);
}

void map_check_unmapped(struct suite_case *t, struct iommu_domain *domain, uint64_t iova)
{
    uint64_t pa = 1;

    if (!case_runs(t))
        return;
    case_status(t, "iommu_lookup of an unmapped page", iommu_lookup(domain, iova, &pa),
                IOMMU_ERR_NOT_FOUND);
    case_check(t, pa == 0, "iommu_lookup of an unmapped page gives address 0");
}

void map_needs_leaves(struct suite_case *t, const struct iommu_domain *domain, unsigned shift)
{
    struct iommu_domain_info info;

    if (!case_runs(t))
        return;
    iommu_domain_info(domain, &info);
    if ((info.page_sizes >> shift & 1) == 0)
        case_skip(t, "the domain has no leaves of 2^%u bytes", shift);
}

void map_arrives_at(struct suite_case *t, uint64_t iova, const struct buffer *buffer, size_t frame)
{
    struct master *m = &t->master[0];
    struct plan plan;

    if (!case_runs(t))
        return;
    plan = plan_page(m, case_operation(m), iova, buffer, frame);
    expect_arrives(t, &plan);
}

void map_refused_at(struct suite_case *t, uint64_t iova, uint8_t level)
{
    struct master *m = &t->master[0];
    struct refusal refusal = refusal_of(case_operation(m), level);
    struct plan plan = plan_page(m, case_operation(m), iova, NULL, 0);

    expect_refused(t, &plan, &refusal);
}

/* ---- ranges ---- */

/*
 * Adds the pieces of [iova, iova + len) given the frame that each page reaches; pages count from
 * window.
 */
static void add_pieces(struct plan *plan, uint64_t window, const struct buffer *frames,
                       const size_t *order)
{
    uint64_t at = plan->iova, end = plan->iova + plan->len;

    while (at < end) {
        uint64_t in_page = at & (FRAME_BYTES - 1);
        uint64_t len = end - at < FRAME_BYTES - in_page ? end - at : FRAME_BYTES - in_page;
        size_t frame = order[(at - window) / FRAME_BYTES];

        plan->pieces[plan->piece_count++] =
            (struct piece){ frames->at + frame * FRAME_BYTES + in_page, (uint32_t)len };
        at += len;
    }
}

/* One transfer over the border of two pages whose frames are not neighbours. */
static void contiguous_over_shuffled_frames(struct suite_case *t)
{
    static const size_t order[] = { 2, 0, 3, 1 };
    struct master *m = &t->master[0];
    struct buffer *frames = case_buffer(t, 4, FRAME_BYTES, 0, UINT64_MAX);
    struct iommu_domain *domain = case_enter(t, m);
    uint32_t step = m->ex->step_len > m->ex->align ? m->ex->step_len : m->ex->align;
    uint32_t wanted =
        m->ex->max_len < 2 * FRAME_BYTES ? m->ex->max_len : (uint32_t)(2 * FRAME_BYTES);
    struct plan plan = { .m = m, .operation = case_operation(m), .len = wanted / step * step };

    if (!case_runs(t))
        return;
    plan.iova = m->window + (m->ex->align <= FRAME_BYTES / 8 ? FRAME_BYTES - FRAME_BYTES / 8 : 0);
    if (plan.iova + plan.len <= m->window + FRAME_BYTES)
        case_skip(t, "no operation of the exerciser reaches over a page");
    for (size_t i = 0; i < 4; i++)
        case_map(t, domain, m->window + i * FRAME_BYTES, frames->pa + order[i] * FRAME_BYTES,
                 FRAME_BYTES, IOMMU_RW);
    add_pieces(&plan, m->window, frames, order);
    expect_arrives(t, &plan);
}

/*
 * No bounce buffer: the frame itself is where the device writes, though its address needs more bits
 * than the IOVA.
 */
static void frame_above_4g_without_copy(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct iommu_domain *domain;
    struct buffer *frame;

    if (t->env->ops->ram_end(t->env) <= GIB4)
        case_skip(t, "no RAM above 4 GiB");
    frame = case_buffer(t, 1, FRAME_BYTES, GIB4, UINT64_MAX);
    domain = case_enter(t, m);
    if (!case_runs(t))
        return;
    case_map(t, domain, m->window, frame->pa, FRAME_BYTES, IOMMU_RW);
    map_arrives_at(t, m->window, frame, 0);
    map_refused_at(t, m->window + FRAME_BYTES, 0);
}

/* ---- edges ---- */

static enum iommu_status try_map(struct iommu_domain *domain, uint64_t iova, uint64_t pa,
                                 uint64_t len, unsigned prot)
{
    return iommu_map(domain,
                     &(struct iommu_mapping){ .iova = iova, .pa = pa, .len = len, .prot = prot });
}

/*
 * VT-d §11.4.7.6: a record has no address bits from N up, where N is the widest
 * AGAW of the unit, however wide the domain is. SAGAW, bits 12:8 of CAP: bit 1
 * of it is 39 bits, each further one 9 more. AMD-Vi records all bits: 0.
 */
static uint64_t recorded_end(struct suite_case *t, const struct master *m)
{
    struct iommu_unit_info info = { 0 };
    unsigned bits = 39;

    if (!suite_vendor_is(t->env, "intel"))
        return 0;
    case_status(t, "iommu_unit_info",
                iommu_unit_info(t->env->iommu, iommu_device_unit(m->device), &info), IOMMU_OK);
    for (uint64_t sagaw = info.capability >> 10 & 0x7; sagaw != 0; sagaw >>= 1)
        bits += 9;
    return 1ull << bits;
}

/* The last page that can be mapped: the aperture may end in a hole. */
static uint64_t last_page(const struct iommu_domain *domain, uint64_t aperture_end)
{
    uint64_t end = aperture_end;
    struct iommu_region hole;

    for (size_t i = 0; iommu_domain_hole(domain, i, &hole) == IOMMU_OK; i++)
        if (hole.start < aperture_end && hole.end >= aperture_end)
            end = hole.start;
    return end - FRAME_BYTES;
}

static void last_page_of_the_aperture(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frame = case_frame(t);
    struct iommu_domain *domain = case_enter(t, m);
    struct refusal too_wide = { .cause = IOMMU_CAUSE_TOO_WIDE, .level = IOMMU_LEVEL_NONE };
    struct iommu_domain_info info;
    uint64_t last;
    struct plan plan;

    if (!case_runs(t))
        return;
    iommu_domain_info(domain, &info);
    last = last_page(domain, info.aperture_end);
    too_wide.cut_end = recorded_end(t, m);
    case_map(t, domain, last, frame->pa, FRAME_BYTES, IOMMU_RW);
    map_check_leaf(t, domain, last, frame->pa, 12);
    case_status(t, "iommu_map beyond the aperture",
                try_map(domain, info.aperture_end, frame->pa, FRAME_BYTES, IOMMU_RW),
                IOMMU_ERR_RANGE);
    case_status(t, "iommu_map across its end",
                try_map(domain, last, frame->pa, 2 * FRAME_BYTES, IOMMU_RW), IOMMU_ERR_RANGE);
    if (!case_reaches(m, info.aperture_end)) {
        case_note(t, "checked without DMA: the device sends %u address bits", m->ex->address_bits);
        return;
    }
    map_arrives_at(t, last, frame, 0);
    if (!case_reaches(m, info.aperture_end + m->window + FRAME_BYTES)
        || info.aperture_end > UINT64_MAX / 2)
        return;
    plan = plan_page(m, case_operation(m), info.aperture_end + m->window, frame, 0);
    expect_refused(t, &plan, &too_wide);
}

#define INTERRUPT_START 0xfee00000ull
#define INTERRUPT_END   0xfef00000ull

/* VT-d §3.15: requests to FEExxxxxh are interrupts, so nothing can be mapped there. */
static void interrupt_range_is_refused(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frame = case_frame(t);
    struct iommu_domain *domain;

    case_needs_masters(t, 1);
    domain = case_domain(t, IOMMU_DOMAIN_UNMANAGED, m, 1);
    if (!case_runs(t))
        return;
    case_status(t, "iommu_map at FEE00000h",
                try_map(domain, INTERRUPT_START, frame->pa, FRAME_BYTES, IOMMU_RW),
                IOMMU_ERR_RANGE);
    case_status(t, "iommu_map at FEEFF000h",
                try_map(domain, INTERRUPT_END - FRAME_BYTES, frame->pa, FRAME_BYTES, IOMMU_RW),
                IOMMU_ERR_RANGE);
    case_status(
        t, "iommu_map into FEE00000h",
        try_map(domain, INTERRUPT_START - FRAME_BYTES, frame->pa, 2 * FRAME_BYTES, IOMMU_RW),
        IOMMU_ERR_RANGE);
    map_check_unmapped(t, domain, INTERRUPT_START - FRAME_BYTES);
    case_map(t, domain, INTERRUPT_START - FRAME_BYTES, frame->pa, FRAME_BYTES, IOMMU_RW);
    case_map(t, domain, INTERRUPT_END, frame->pa, FRAME_BYTES, IOMMU_RW);
    map_check_leaf(t, domain, INTERRUPT_END, frame->pa, 12);
}

/*
 * Every hole of the domain: its first and last page, and a range that ends in it. What lies just
 * before and after can be mapped.
 */
static void check_hole(struct suite_case *t, struct iommu_domain *domain,
                       const struct iommu_region *hole, uint64_t pa)
{
    struct iommu_domain_info info;

    iommu_domain_info(domain, &info);
    case_status(t, "iommu_map of a hole's first page",
                try_map(domain, hole->start, pa, FRAME_BYTES, IOMMU_RW), IOMMU_ERR_RANGE);
    case_status(t, "iommu_map of a hole's last page",
                try_map(domain, hole->end - FRAME_BYTES, pa, FRAME_BYTES, IOMMU_RW),
                IOMMU_ERR_RANGE);
    case_status(t, "iommu_map into a hole",
                try_map(domain, hole->start - FRAME_BYTES, pa, 2 * FRAME_BYTES, IOMMU_RW),
                IOMMU_ERR_RANGE);
    map_check_unmapped(t, domain, hole->start - FRAME_BYTES);
    case_map(t, domain, hole->start - FRAME_BYTES, pa, FRAME_BYTES, IOMMU_RW);
    if (hole->end >= info.aperture_end)
        return;
    case_map(t, domain, hole->end, pa, FRAME_BYTES, IOMMU_RW);
    map_check_leaf(t, domain, hole->end, pa, 12);
}

static void holes_are_refused(struct suite_case *t)
{
    struct buffer *frame = case_frame(t);
    struct iommu_domain *domain;
    struct iommu_region hole;
    uint64_t end = 0;

    case_needs_masters(t, 1);
    domain = case_domain(t, IOMMU_DOMAIN_UNMANAGED, &t->master[0], 1);
    for (size_t i = 0; case_runs(t) && iommu_domain_hole(domain, i, &hole) == IOMMU_OK; i++) {
        case_check(t, hole.start >= end && hole.start < hole.end, "holes are in ascending order");
        check_hole(t, domain, &hole, frame->pa);
        end = hole.end;
    }
    if (case_runs(t))
        case_check(t, end != 0, "there is a hole: the interrupt range");
}

static void errors_leave_everything(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frames = case_buffer(t, 4, FRAME_BYTES, 0, UINT64_MAX);
    struct iommu_domain *domain = case_enter(t, m);
    uint64_t iova = m->window, taken = m->window + 2 * FRAME_BYTES;

    if (!case_runs(t))
        return;
    case_map(t, domain, taken, frames->pa, FRAME_BYTES, IOMMU_RW);
    case_status(t, "iommu_map over a mapped page",
                try_map(domain, iova, frames->pa, 4 * FRAME_BYTES, IOMMU_RW), IOMMU_ERR_EXISTS);
    case_status(t, "iommu_map of 0 bytes", try_map(domain, iova, frames->pa, 0, IOMMU_RW),
                IOMMU_ERR_INVALID);
    case_status(t, "iommu_map without permission",
                try_map(domain, iova, frames->pa, FRAME_BYTES, 0), IOMMU_ERR_INVALID);
    case_status(t, "iommu_map of half a page",
                try_map(domain, iova, frames->pa, FRAME_BYTES / 2, IOMMU_RW), IOMMU_ERR_INVALID);
    case_status(t, "iommu_map off a page",
                try_map(domain, iova + 8, frames->pa, FRAME_BYTES, IOMMU_RW), IOMMU_ERR_INVALID);
    for (size_t i = 0; i < 4; i++)
        if (i != 2)
            map_check_unmapped(t, domain, iova + i * FRAME_BYTES);
    map_check_leaf(t, domain, taken, frames->pa, 12);
    map_refused_at(t, iova, 0);
    map_arrives_at(t, taken, frames, 0);
}

static const struct scenario rows[] = {
    { "map/contiguous-over-shuffled-frames", "VT-d §3.7", PER_EXERCISER,
      contiguous_over_shuffled_frames, 0 },
    { "map/frame-above-4g-without-copy", "VT-d §3.7", PER_EXERCISER, frame_above_4g_without_copy,
      0 },
    { "map/last-page-of-the-aperture", "VT-d §3.7.1", PER_EXERCISER, last_page_of_the_aperture, 0 },
    { "map/interrupt-range-is-refused", "VT-d §3.15", PER_MACHINE, interrupt_range_is_refused, 0 },
    { "map/holes-are-refused", "VT-d §3.15, AMD-Vi §2.1.2", PER_MACHINE, holes_are_refused, 0 },
    { "map/errors-leave-everything", "VT-d §3.7", PER_EXERCISER, errors_leave_everything, 0 },
};

const struct scenario_table map_scenarios = SCENARIO_TABLE(rows);
