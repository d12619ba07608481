/* SPDX-License-Identifier: BSD-2-Clause */
/* Area map: which leaves a range becomes, what is left of a leaf, and tables that grow. */
#include "tables.h"

/* ---- leaf sizes ---- */

/* Mapped to a frame of an odd number, no two pages of the range fit a larger leaf. */
static void leaves_of_4k(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frames = case_buffer(t, 4, FRAME_BYTES, 0, UINT64_MAX);
    struct iommu_domain *domain = case_enter(t, m);
    size_t odd;

    if (!case_runs(t))
        return;
    odd = 1 - frames->pa / FRAME_BYTES % 2;
    case_map(t, domain, m->window, frames->pa + odd * FRAME_BYTES, 3 * FRAME_BYTES, IOMMU_RW);
    for (size_t i = 0; i < 3; i++)
        map_check_leaf(t, domain, m->window + i * FRAME_BYTES,
                       frames->pa + (odd + i) * FRAME_BYTES, 12);
    map_arrives_at(t, m->window + 2 * FRAME_BYTES, frames, odd + 2);
    case_unmap(t, domain, m->window + FRAME_BYTES, FRAME_BYTES);
    map_refused_at(t, m->window + FRAME_BYTES, 0);
    map_arrives_at(t, m->window, frames, odd);
}

#define MIB2_FRAMES (MIB2 / FRAME_BYTES)
#define MIB2_LAST (MIB2_FRAMES - 1)

static void leaf_of_2m(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frames = case_buffer(t, MIB2_FRAMES, MIB2, 0, UINT64_MAX);
    struct iommu_domain *domain = case_enter(t, m);

    map_needs_leaves(t, domain, 21);
    if (!case_runs(t))
        return;
    case_map(t, domain, m->window, frames->pa, MIB2, IOMMU_RW);
    map_check_leaf(t, domain, m->window + FRAME_BYTES, frames->pa + FRAME_BYTES, 21);
    map_arrives_at(t, m->window, frames, 0);
    map_arrives_at(t, m->window + MIB2_LAST * FRAME_BYTES, frames, MIB2_LAST);
    map_refused_at(t, m->window + MIB2, 1);
}

static void unmap_inside_2m(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frames = case_buffer(t, MIB2_FRAMES, MIB2, 0, UINT64_MAX);
    struct iommu_domain *domain = case_enter(t, m);

    map_needs_leaves(t, domain, 21);
    if (!case_runs(t))
        return;
    case_map(t, domain, m->window, frames->pa, MIB2, IOMMU_RW);
    map_arrives_at(t, m->window + FRAME_BYTES, frames, 1);
    case_unmap(t, domain, m->window + FRAME_BYTES, FRAME_BYTES);
    map_check_unmapped(t, domain, m->window + FRAME_BYTES);
    map_check_leaf(t, domain, m->window, frames->pa, 12);
    map_refused_at(t, m->window + FRAME_BYTES, 0);
    map_arrives_at(t, m->window, frames, 0);
    map_arrives_at(t, m->window + MIB2_LAST * FRAME_BYTES, frames, MIB2_LAST);
}

/* What is left of a leaf that was split: of at least that size, and without the hole. */
static void check_leaf_apart(struct suite_case *t, struct iommu_domain *domain, uint64_t iova,
                             uint64_t pa, uint64_t hole, unsigned least_shift)
{
    struct iommu_leaf leaf = { 0 };

    if (!case_runs(t))
        return;
    case_status(t, "iommu_lookup_leaf", iommu_lookup_leaf(domain, iova, &leaf), IOMMU_OK);
    if (leaf.pa != pa || leaf.size_shift < least_shift
        || iova >> leaf.size_shift == hole >> leaf.size_shift)
        case_fail(t, "the rest of a split leaf in large leaves",
                  "0x%llx is reached by a leaf of 2^%u bytes at 0x%llx",
                  (unsigned long long)leaf.pa, leaf.size_shift, (unsigned long long)iova);
}

/* A frame in a GiB that holds no output address of the interrupt range (VT-d §3.15). */
static struct buffer *frame_for_1g(struct suite_case *t)
{
    uint64_t low_end = 3 * GIB1;

    return t->env->ops->ram_end(t->env) > GIB4 ? case_buffer(t, 1, FRAME_BYTES, GIB4, UINT64_MAX)
                                               : case_buffer(t, 1, FRAME_BYTES, 0, low_end);
}

/* The GiB around the frame is mapped; the device is sent to that frame and its canary only. */
static void leaf_of_1g_and_hole(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frame;
    struct iommu_domain *domain;
    uint64_t offset, hole, far_offset;

    case_needs_bits(t, m, 32);
    frame = frame_for_1g(t);
    domain = case_enter(t, m);
    map_needs_leaves(t, domain, 30);
    if (!case_runs(t))
        return;
    offset = frame->pa & (GIB1 - 1);
    hole = m->window + (offset > 0 ? offset - FRAME_BYTES : FRAME_BYTES);
    far_offset = (offset + GIB1 / 2) & (GIB1 - 1);
    case_map(t, domain, m->window, frame->pa - offset, GIB1, IOMMU_RW);
    map_check_leaf(t, domain, m->window + offset, frame->pa, 30);
    map_arrives_at(t, m->window + offset, frame, 0);
    case_unmap(t, domain, hole, FRAME_BYTES);
    map_check_unmapped(t, domain, hole);
    check_leaf_apart(t, domain, m->window + offset, frame->pa, hole, 12);
    check_leaf_apart(t, domain, m->window + far_offset, frame->pa - offset + far_offset, hole, 21);
    map_refused_at(t, hole, 0);
    map_arrives_at(t, m->window + offset, frame, 0);
}

/* ---- runs of small pages ---- */

/* AMD-Vi §2.2.3: an aligned run of a power of two is one leaf, where such leaves are. */
static void run_is_one_leaf(struct suite_case *t, unsigned shift)
{
    struct master *m = &t->master[0];
    size_t count = (size_t)1 << (shift - 12), middle = count / 2 + 1;
    struct buffer *frames = case_buffer(t, count, 1ull << shift, 0, UINT64_MAX);
    struct iommu_domain *domain = case_enter(t, m);
    uint64_t hole = m->window + middle * FRAME_BYTES;

    map_needs_leaves(t, domain, shift);
    if (!case_runs(t))
        return;
    case_map(t, domain, m->window, frames->pa, 1ull << shift, IOMMU_RW);
    map_check_leaf(t, domain, m->window, frames->pa, shift);
    map_check_leaf(t, domain, hole, frames->pa + middle * FRAME_BYTES, shift);
    map_arrives_at(t, m->window, frames, 0);
    map_arrives_at(t, m->window + (count - 1) * FRAME_BYTES, frames, count - 1);
    map_arrives_at(t, hole, frames, middle);
    case_unmap(t, domain, hole, FRAME_BYTES);
    map_check_unmapped(t, domain, hole);
    check_leaf_apart(t, domain, m->window, frames->pa, hole, 12);
    check_leaf_apart(t, domain, hole + FRAME_BYTES, frames->pa + (middle + 1) * FRAME_BYTES, hole,
                     12);
    map_refused_at(t, hole, 0);
    map_arrives_at(t, hole - FRAME_BYTES, frames, middle - 1);
    map_arrives_at(t, hole + FRAME_BYTES, frames, middle + 1);
    case_unmap(t, domain, m->window, middle * FRAME_BYTES);
    map_refused_at(t, m->window, 0);
    map_arrives_at(t, hole + FRAME_BYTES, frames, middle + 1);
}

static void run_of_32k_is_one_leaf(struct suite_case *t)
{
    run_is_one_leaf(t, 15);
}

static void run_of_64k_is_one_leaf(struct suite_case *t)
{
    run_is_one_leaf(t, 16);
}

/* ---- every size there is ---- */

#define BLOCK_SHIFT 22

/* The largest block up to 4 MiB that can be had, aligned to its size. */
static struct buffer *large_block(struct suite_case *t)
{
    for (unsigned shift = BLOCK_SHIFT; shift >= 12; shift--) {
        struct buffer *block =
            case_try_buffer(t, (size_t)1 << (shift - 12), 1ull << shift, 0, UINT64_MAX);

        if (block != NULL)
            return block;
    }
    case_skip(t, "no free frame");
    return NULL;
}

/*
 * A leaf larger than the block is mapped around it, and reached in the block only. False: there is
 * no room for such a leaf.
 */
static bool one_size(struct suite_case *t, struct iommu_domain *domain, const struct buffer *block,
                     unsigned shift, uint64_t pa_end)
{
    uint64_t size = 1ull << shift, base = block->pa & ~(size - 1);
    uint64_t iova = case_free_iova(t, domain, size);
    size_t frames = size / FRAME_BYTES < block->frames ? size / FRAME_BYTES : block->frames;
    uint64_t at = iova + (block->pa - base);

    if (iova == 0 || size > pa_end - base)
        return false;
    case_map(t, domain, iova, base, size, IOMMU_RW);
    map_check_leaf(t, domain, iova, base, shift);
    map_check_leaf(t, domain, iova + size - FRAME_BYTES, base + size - FRAME_BYTES, shift);
    if (case_reaches(&t->master[0], iova + size)) {
        map_arrives_at(t, at, block, 0);
        map_arrives_at(t, at + (frames - 1) * FRAME_BYTES, block, frames - 1);
    }
    case_unmap(t, domain, iova, size);
    map_check_unmapped(t, domain, iova);
    map_check_unmapped(t, domain, iova + size - FRAME_BYTES);
    if (case_reaches(&t->master[0], iova + size))
        map_refused_at(t, at, ANY_LEVEL);
    return true;
}

static void every_leaf_size(struct suite_case *t)
{
    struct iommu_unit_info unit = { 0 };
    struct iommu_domain_info info;
    struct iommu_domain *domain;
    struct buffer *block;
    unsigned sizes = 0, tried = 0;

    case_needs_masters(t, 1);
    if (!case_runs(t))
        return;
    block = large_block(t);
    domain = case_enter_wide(t, &t->master[0]);
    if (!case_runs(t))
        return;
    iommu_domain_info(domain, &info);
    case_status(t, "iommu_unit_info",
                iommu_unit_info(t->env->iommu, iommu_device_unit(t->master[0].device), &unit),
                IOMMU_OK);
    for (unsigned shift = 12; shift < 64 && case_runs(t); shift++)
        if (info.page_sizes >> shift & 1) {
            sizes++;
            tried += one_size(t, domain, block, shift, 1ull << unit.output_bits);
        }
    case_note(t, "%u of %u leaf sizes, up to 2^%u addresses", tried, sizes, unit.output_bits);
}

/* ---- tables that grow ---- */

struct growth {
    struct iommu_domain *domain;
    uint64_t iova;
    uint64_t pa;
};

static void map_high(struct suite_case *t, void *arg)
{
    const struct growth *growth = arg;

    case_map(t, growth->domain, growth->iova, growth->pa, FRAME_BYTES, IOMMU_RW);
}

/*
 * AMD-Vi §2.2.2.2: a taller table takes the place of the present one while the
 * device uses it. Where tables do not grow the mapping must be as harmless.
 */
static void top_grows_under_dma(struct suite_case *t)
{
    static const unsigned shifts[] = { 39, 48, 57 };
    struct master *m = &t->master[0];
    struct buffer *frames = case_buffer(t, 2, FRAME_BYTES, 0, UINT64_MAX);
    struct iommu_domain *domain = case_enter_wide(t, m);
    struct growth growth = { .domain = domain };
    struct iommu_domain_info before, after;
    struct plan plan;

    if (!case_runs(t))
        return;
    case_map(t, domain, m->window, frames->pa, FRAME_BYTES, IOMMU_RW);
    iommu_domain_info(domain, &before);
    if (before.aperture_end <= 1ull << shifts[0])
        case_skip(t, "the domain ends at 0x%llx", (unsigned long long)before.aperture_end);
    for (size_t i = 0; i < 3 && case_runs(t) && 1ull << shifts[i] < before.aperture_end; i++) {
        growth.iova = 1ull << shifts[i];
        growth.pa = frames->pa + FRAME_BYTES;
        plan = plan_page(m, case_operation(m), m->window, frames, 0);
        plan.meanwhile = map_high;
        plan.arg = &growth;
        expect_arrives(t, &plan);
        map_check_leaf(t, domain, growth.iova, growth.pa, 12);
        if (case_reaches(m, growth.iova + FRAME_BYTES))
            map_arrives_at(t, growth.iova, frames, 1);
        case_unmap(t, domain, growth.iova, FRAME_BYTES);
        if (case_reaches(m, growth.iova + FRAME_BYTES))
            map_refused_at(t, growth.iova, ANY_LEVEL);
    }
    map_arrives_at(t, m->window, frames, 0);
    iommu_domain_info(domain, &after);
    case_note(t, "%u levels, then %u", before.levels, after.levels);
}

static const struct scenario rows[] = {
    { "map/leaves-of-4k", "VT-d §9.8", PER_EXERCISER, leaves_of_4k, 0 },
    { "map/leaf-of-2m", "VT-d §3.7.1", PER_EXERCISER, leaf_of_2m, 0 },
    { "map/unmap-inside-2m", "VT-d §6.5.3", PER_EXERCISER, unmap_inside_2m, 0 },
    { "map/leaf-of-1g-and-hole", "VT-d §3.7.1", PER_EXERCISER, leaf_of_1g_and_hole, 0 },
    { "map/run-of-32k-is-one-leaf", "AMD-Vi §2.2.3", PER_EXERCISER, run_of_32k_is_one_leaf, 0 },
    { "map/run-of-64k-is-one-leaf", "AMD-Vi §2.2.3", PER_EXERCISER, run_of_64k_is_one_leaf, 0 },
    { "map/every-leaf-size", "VT-d §3.7.1, AMD-Vi §2.2.3", PER_MACHINE, every_leaf_size, 60000 },
    { "map/top-grows-under-dma", "AMD-Vi §2.2.2.2", PER_EXERCISER, top_grows_under_dma, 0 },
};

const struct scenario_table leaf_scenarios = SCENARIO_TABLE(rows);
