/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leaves of sizes between those of the levels (AMD-Vi §2.2.3): one entry,
 * repeated 2 to 256 times, naturally aligned in one table. How a run of entries
 * is filled with them, and how one is cut when a part of it is unmapped.
 *
 * While a wide leaf is cut, hardware finds old copies beside new entries. Each
 * of them translates the addresses of its own place rightly at every moment,
 * and old ones give the same translation as new ones; so it is of no account
 * which of them was read, until the caller flushes all that the old leaf had.
 * New entries remember how large that was, as they may be unmapped before.
 *
 * In formats without wide leaves all of this comes down to one size a level.
 */
#ifndef IOMMU_PT_WIDE_H
#define IOMMU_PT_WIDE_H

#include "pt/pt_walk.h"

/* Indexes of entries in one table, half-open. */
struct pt_run {
    size_t start, end;
};

/* The size of a leaf, as a shift. */
static inline unsigned pt_leaf_shift(const struct pt_format *f, uint64_t entry, unsigned level)
{
    return f->wide ? f->size(entry, level) : pt_shift(level);
}

/* True for a leaf of the level's own size that was never part of another. */
PT_OFTEN bool pt_single(const struct pt_format *f, uint64_t entry, unsigned level)
{
    if (f->wide)
        return (entry & (f->present | f->compound)) == f->present;
    return f->kind(entry, level) == PT_LEAF;
}

/*
 * The largest page that caches may hold for an entry, as a shift: its own size,
 * or that of the leaf it came from. The mark is one more than what that was
 * wider than the level.
 */
static inline unsigned pt_held(const struct pt_format *f, uint64_t entry, unsigned level)
{
    unsigned own = pt_shift(level), before;

    if (!f->wide)
        return own;
    before = own + (unsigned)field_get(entry, f->split) - 1;
    if (f->kind(entry, level) == PT_LEAF)
        own = f->size(entry, level);
    return own > before ? own : before;
}

static inline uint64_t pt_mark(const struct pt_format *f, unsigned held, unsigned level)
{
    return f->wide ? field_make(f->split, held - pt_shift(level) + 1) : f->split;
}

/* Adds what caches may hold besides the entry's own span. */
static inline void pt_gather_held(const struct pt_format *f, uint64_t entry, unsigned level,
                                  uint64_t iova, struct iommu_gather *gather)
{
    unsigned held = pt_held(f, entry, level);

    if (held > pt_shift(level))
        pt_gather_block(gather, iova, held);
}

/* ---- filling ---- */

/* The largest of sizes that may begin at an address with these bits and fits in len, as a shift. */
static inline unsigned pt_largest(uint64_t sizes, uint64_t address_bits, uint64_t len)
{
    unsigned aligned = (unsigned)__builtin_ctzll(address_bits | BIT64(63));
    unsigned fits = 63 - (unsigned)__builtin_clzll(len);
    unsigned most = aligned < fits ? aligned : fits;

    return 63 - (unsigned)__builtin_clzll(sizes & (BIT64(most) * 2 - 1));
}

/*
 * Fills count entries with leaves of 2^shift bytes, from the address in m on.
 * Two copies are told apart because a loop of known length costs half as much.
 */
static inline void pt_fill_blocks(const struct pt_format *f, uint64_t *entry, size_t count,
                                  unsigned level, unsigned shift, const struct iommu_mapping *m)
{
    size_t copies = (size_t)1 << (shift - pt_shift(level));
    uint64_t value = f->leaf(m->pa, shift, m->prot);

    if (copies == 1)
        pt_fill(entry, count, value, BIT64(shift));
    else if (copies == 2)
        for (size_t i = 0; i < count; i += 2, value += BIT64(shift))
            pt_fill(&entry[i], 2, value, 0);
    else
        for (size_t i = 0; i < count; i += copies, value += BIT64(shift))
            pt_fill(&entry[i], copies, value, 0);
}

/* Fills count entries with the largest leaves of that level that the addresses of m allow. */
static inline void pt_fill_wide(const struct pt_format *f, const struct pt_table *t,
                                uint64_t *entry, size_t count, unsigned level,
                                const struct iommu_mapping *m)
{
    uint64_t sizes = t->config.page_sizes & BITS64(pt_shift(level) + 8, pt_shift(level));
    /* Addresses that differ in a bit are never both aligned to more than it. */
    unsigned limit = pt_largest(sizes, m->iova ^ m->pa, UINT64_MAX);
    struct iommu_mapping rest = *m;

    while (count > 0) {
        uint64_t left = (uint64_t)count << pt_shift(level), len;
        unsigned shift = pt_largest(sizes, rest.iova | rest.pa, left);
        size_t entries;

        len = shift == limit ? left & ~(BIT64(shift) - 1) : BIT64(shift);
        entries = len >> pt_shift(level);
        pt_fill_blocks(f, entry, entries, level, shift, &rest);
        entry += entries;
        count -= entries;
        rest.iova += len;
        rest.pa += len;
    }
}

/* Fills count entries from the addresses of m on; its length is not used. */
PT_OFTEN void pt_fill_leaves(const struct pt_format *f, const struct pt_table *t, uint64_t *entry,
                             size_t count, unsigned level, const struct iommu_mapping *m)
{
    if (f->wide)
        pt_fill_wide(f, t, entry, count, level, m);
    else
        pt_fill(entry, count, f->leaf(m->pa, pt_shift(level), m->prot), pt_span(level));
}

/* ---- cutting ---- */

/* True when a block of entries has some inside the run and some outside. */
static inline bool pt_straddles(struct pt_run run, size_t first, size_t count)
{
    return (first < run.start && run.start < first + count) ||
           (first < run.end && run.end < first + count);
}

/* The largest size around an entry, smaller than 2^shift, that keeps to one side of each end of the run. */
static inline unsigned pt_cut_size(const struct pt_table *t, unsigned level, size_t index,
                                   struct pt_run run, unsigned shift)
{
    size_t copies;

    do {
        shift--;
        copies = (size_t)1 << (shift - pt_shift(level));
    } while (copies > 1 && (!(t->config.page_sizes & BIT64(shift)) ||
                            pt_straddles(run, index & ~(copies - 1), copies)));
    return shift;
}

/*
 * Makes the leaf at an entry so small that it does not straddle the run.
 * Another caller may be cutting the same leaf for a run of its own: leaves only
 * ever shrink, so whoever comes later sees the smaller one and goes on from it.
 */
static inline void pt_cut_entry(const struct pt_format *f, const struct pt_table *t,
                                uint64_t *table, unsigned level, size_t index, struct pt_run run)
{
    uint64_t seen = pt_load(&table[index]), value, offset;

    do {
        unsigned shift = pt_leaf_shift(f, seen, level), smaller;
        size_t copies = (size_t)1 << (shift - pt_shift(level));

        if (f->kind(seen, level) != PT_LEAF ||
            !pt_straddles(run, index & ~(copies - 1), copies))
            return;
        smaller = pt_cut_size(t, level, index, run, shift);
        offset = ((uint64_t)index << pt_shift(level)) & (BIT64(shift) - 1) & ~(BIT64(smaller) - 1);
        value = f->leaf(f->leaf_pa(seen, shift) + offset, smaller, f->prot(seen)) |
                pt_mark(f, pt_held(f, seen, level), level);
    } while (!__atomic_compare_exchange_n(&table[index], &seen, value, false, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
}

/*
 * Sees to it that no leaf which has to do with the run's entry index straddles
 * the run, in the caches' sight and in that of a unit that does not snoop; what
 * was cut, by this caller or another that may not have flushed, goes to the
 * hull. An entry of the caller's own tells it all: it is the wide leaf, or has
 * its mark, unless the cut was done long ago. iova is any address of it.
 */
static inline void pt_cut(const struct pt_format *f, const struct pt_table *t, uint64_t *table,
                          unsigned level, size_t index, struct pt_run run, uint64_t iova,
                          struct iommu_gather *gather)
{
    uint64_t seen = pt_load(&table[index]);
    unsigned held;
    size_t copies, first;

    /* The common case: empty, or alone. */
    if (!(seen & f->compound))
        return;
    held = pt_held(f, seen, level);
    copies = (size_t)1 << (held - pt_shift(level));
    first = index & ~(copies - 1);
    if (f->kind(seen, level) != PT_LEAF || !pt_straddles(run, first, copies))
        return;
    for (size_t i = first; i < first + copies; i++)
        pt_cut_entry(f, t, table, level, i, run);
    pt_flush(t, &table[first], copies * sizeof(*table));
    pt_gather_block(gather, iova, held);
}

/* The same for both ends of a run of count entries from that of iova on. */
static inline void pt_cut_ends(const struct pt_format *f, const struct pt_table *t,
                               uint64_t *table, unsigned level, uint64_t iova, size_t count,
                               struct iommu_gather *gather)
{
    size_t start = pt_index(iova, level);
    struct pt_run run = { start, start + count };

    pt_cut(f, t, table, level, start, run, iova, gather);
    pt_cut(f, t, table, level, run.end - 1, run, iova + ((count - 1) << pt_shift(level)), gather);
}

#endif
