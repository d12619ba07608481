/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page-table engine: map, unmap, split, lookup, trim, written once on top
 * of pt_walk.h. A format is a constant of masks and pure functions; every
 * function takes it first, so that the compiler makes one specialised copy in
 * each format's file.
 *
 * What holds throughout:
 *   - A level's number is that of the leaf it could hold: 0 = 4 KiB.
 *   - An entry is written by one 64-bit store. An empty entry is 0.
 *   - No two callers work on overlapping ranges at once. Only entries that
 *     lead to tables, and the copies of one wide leaf, are shared: the former
 *     are installed, the latter cut by compare-exchange.
 *   - Where walks do not snoop, what a table holds is written back before the
 *     entry that leads to it, and each run of entries by one dma_flush.
 *   - A table that was unlinked keeps its contents until pt_free_gathered(),
 *     but for entry 0, which links the gather's list: an address with the low
 *     11 bits 0 is an empty entry in every format. A table that is reached by
 *     skipping levels is only unlinked with the whole span of that entry.
 */
#ifndef IOMMU_PT_ENGINE_H
#define IOMMU_PT_ENGINE_H

#include "pt/pt_wide.h"

/* ---- unmap ---- */

/*
 * Replaces a large leaf by a table of the next smaller ones that translates
 * alike, so that what is not unmapped stays reachable at every moment. The
 * hull takes in the whole leaf: caches hold it as one.
 * Source: VT-d §6.5.3
 */
static inline enum iommu_status
pt_split(const struct pt_format *f, struct pt_table *t, uint64_t *entry, uint64_t seen,
         unsigned level, uint64_t iova, struct iommu_gather *gather)
{
    struct iommu_mapping all = { .pa = f->leaf_pa(seen, pt_shift(level)), .prot = f->prot(seen) };
    unsigned held = pt_held(f, seen, level);
    uint64_t *page = pt_page_alloc(t);

    if (page == NULL)
        return IOMMU_ERR_NOMEM;
    pt_fill_leaves(f, t, page, PT_ENTRIES, level - 1, &all);
    pt_install(f, t, entry, seen, page, level - 1, pt_mark(f, held, level));
    pt_gather_link(gather, iova, held);
    return IOMMU_OK;
}

/* Clears count entries of a leaf table, from that of iova on. */
static inline void pt_clear_pages(const struct pt_format *f, const struct pt_table *t,
                                  uint64_t *table, uint64_t iova, size_t count,
                                  struct iommu_gather *gather, uint64_t *bytes)
{
    uint64_t *entry = &table[pt_index(iova, 0)], all = pt_union(entry, count);

    if (f->kind(all, 0) == PT_EMPTY)
        return;
    if (f->wide && (all & f->split))
        for (size_t i = 0; i < count; i++)
            pt_gather_held(f, pt_load(&entry[i]), 0, iova + i * PT_PAGE, gather);
    if (bytes != NULL)
        *bytes += pt_count_pages(f, entry, count) * PT_PAGE;
    pt_fill(entry, count, 0, 0);
    pt_flush(t, entry, count * sizeof(*entry));
    pt_gather_add(gather, iova, count * PT_PAGE);
}

/* The same above level 0, where each entry is unmapped with all that is below it. */
static inline void pt_clear_spans(const struct pt_format *f, const struct pt_table *t,
                                  uint64_t *table, unsigned level, uint64_t iova, size_t count,
                                  struct iommu_gather *gather, uint64_t *bytes)
{
    uint64_t *entry = &table[pt_index(iova, level)];
    size_t first = count, end = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t old = pt_load(&entry[i]);
        enum pt_kind kind = f->kind(old, level);

        if (kind == PT_EMPTY)
            continue;
        pt_store(&entry[i], 0);
        if (f->wide)
            pt_gather_held(f, old, level, iova + (i << pt_shift(level)), gather);
        if (kind == PT_TABLE)
            pt_release(f, t, old & f->table_address, pt_next(f, old, level), gather, bytes);
        else if (bytes != NULL)
            *bytes += pt_span(level);
        first = i < first ? i : first;
        end = i + 1;
    }
    if (end == 0)
        return;
    pt_flush(t, &entry[first], (end - first) * sizeof(*entry));
    pt_gather_add(gather, iova + (first << pt_shift(level)), (end - first) << pt_shift(level));
}

/*
 * Unmaps count entries of a table from that of iova on. Wide leaves that
 * reach over an end are cut there.
 */
static inline void pt_clear(const struct pt_format *f, const struct pt_table *t, uint64_t *table,
                            unsigned level, uint64_t iova, size_t count,
                            struct iommu_gather *gather, uint64_t *bytes)
{
    if (f->wide)
        pt_cut_ends(f, t, table, level, iova, count, gather);
    if (level == 0)
        pt_clear_pages(f, t, table, iova, count, gather, bytes);
    else
        pt_clear_spans(f, t, table, level, iova, count, gather, bytes);
}

/* A leaf that stays in part: made smaller by one step. The caller looks again. */
static inline enum iommu_status
pt_unmap_part(const struct pt_format *f, struct pt_table *t, uint64_t *table, uint64_t seen,
              unsigned level, uint64_t iova, struct iommu_gather *gather)
{
    size_t index = pt_index(iova, level);

    if (!f->wide || f->size(seen, level) == pt_shift(level))
        return pt_split(f, t, &table[index], seen, level, iova, gather);
    pt_cut(f, t, table, level, index, (struct pt_run){ index, index + 1 }, iova, gather);
    return IOMMU_OK;
}

/*
 * Unmaps the first part of [iova, iova + len): as many whole entries as follow
 * each other in one table, at the highest level they are whole at, or a hole.
 * *done is how far that goes.
 */
static inline enum iommu_status
pt_unmap_run(const struct pt_format *f, struct pt_table *t, struct pt_from from, uint64_t iova,
             uint64_t len, struct iommu_gather *gather, uint64_t *bytes, uint64_t *done)
{
    uint64_t *table = from.table;
    unsigned level = from.level, next, split = 0;   /* the highest leaf split on the way, as a shift */

    for (;; level = next) {
        uint64_t *entry = &table[pt_index(iova, level)], seen = pt_load(entry);
        uint64_t span = pt_span(level), before = iova & (span - 1);
        enum pt_kind kind = f->kind(seen, level);

        if (before == 0 && len >= span) {
            uint64_t whole = len >> pt_shift(level), left = PT_ENTRIES - pt_index(iova, level);
            size_t count = whole < left ? whole : left;

            pt_clear(f, t, table, level, iova, count, gather, bytes);
            if (split != 0)
                pt_gather_link(gather, iova, split);
            *done = (uint64_t)count << pt_shift(level);
            return IOMMU_OK;
        }
        next = level;
        if (kind == PT_LEAF) {
            enum iommu_status status = pt_unmap_part(f, t, table, seen, level, iova, gather);

            if (status != IOMMU_OK)
                return status;
            continue;
        }
        if (kind == PT_TABLE)
            next = pt_next(f, seen, level);
        if (kind == PT_EMPTY || !pt_serves(f, iova, level, next)) {
            *done = span - before < len ? span - before : len;
            return IOMMU_OK;
        }
        if (!(seen & f->settled))
            pt_settle(f, t, entry, seen);
        if ((seen & f->split) && split == 0)
            split = pt_held(f, seen, level);
        table = pt_below(f, t, seen);
    }
}

static inline enum iommu_status
pt_unmap_range(const struct pt_format *f, struct pt_table *t, struct pt_from from, uint64_t iova,
               uint64_t len, struct iommu_gather *gather, uint64_t *bytes)
{
    while (len > 0) {
        uint64_t done;
        enum iommu_status status = pt_unmap_run(f, t, from, iova, len, gather, bytes, &done);

        if (status != IOMMU_OK)
            return status;
        iova += done;
        len -= done;
    }
    return IOMMU_OK;
}

/*
 * One leaf of a level, 0 or 1, through tables that stand: the common case. The
 * entry, to be written back; or NULL, and nothing was done.
 */
PT_OFTEN uint64_t *pt_unmap_leaf(const struct pt_format *f, const struct pt_table *t, uint64_t iova,
                                 unsigned level)
{
    uint64_t *entry;

    if ((pt_biased(f, t, iova) & pt_bound(f, &t->iova_refused)) ||
        (iova & (pt_span(level) - PT_PAGE)) || !pt_find(f, t, iova, level, &entry) ||
        !pt_single(f, *entry, level))
        return NULL;
    pt_store(entry, 0);
    return entry;
}

PT_OFTEN uint64_t *
pt_unmap_page(const struct pt_format *f, const struct pt_table *t, uint64_t iova, uint64_t len)
{
    if (len == PT_PAGE)
        return pt_unmap_leaf(f, t, iova, 0);
    return len == pt_span(1) ? pt_unmap_leaf(f, t, iova, 1) : NULL;
}

PT_SELDOM enum iommu_status
pt_unmap_any(const struct pt_format *f, struct pt_table *t, uint64_t iova, uint64_t len,
             struct iommu_gather *gather, uint64_t *unmapped)
{
    struct pt_from from = pt_from(f, t);
    uint64_t last = f->grows ? pt_reached(t, from.level) : 0;
    enum iommu_status status;

    if (unmapped != NULL)
        *unmapped = 0;
    status = pt_check_range(f, t, iova, len);
    if (status != IOMMU_OK)
        return status;
    /* Where trees grow, more may be asked for than the present root has. */
    if (f->grows && iova > last)
        return IOMMU_OK;
    if (f->grows && len - 1 > last - iova)
        len = last - iova + 1;
    return pt_unmap_range(f, t, from, iova, len, gather, unmapped);
}

static inline enum iommu_status
pt_unmap(const struct pt_format *f, struct pt_table *t, uint64_t iova, uint64_t len,
         struct iommu_gather *gather, uint64_t *unmapped)
{
    uint64_t *entry = pt_unmap_page(f, t, iova, len);

    if (entry == NULL)
        return pt_unmap_any(f, t, iova, len, gather, unmapped);
    pt_flush_entry(t, entry);
    pt_gather_add(gather, iova, len);
    if (unmapped != NULL)
        *unmapped = len;
    return IOMMU_OK;
}

/* ---- map ---- */

/* The level of the largest leaf that m may begin with, in a tree that begins there. */
static inline unsigned pt_leaf_level(const struct pt_format *f, const struct pt_table *t,
                                     struct pt_from from, const struct iommu_mapping *m)
{
    uint64_t sizes = t->config.page_sizes;

    if (f->grows && from.level < 2)
        sizes &= pt_span(from.level + 1) - 1;
    return (pt_largest(sizes, m->iova | m->pa, m->len) - PT_PAGE_SHIFT) / PT_INDEX_BITS;
}

/* True when every entry of the run is empty, or leads to tables that map nothing. */
static inline bool pt_run_free(const struct pt_format *f, const struct pt_table *t,
                               const uint64_t *entry, size_t count, unsigned level)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t old = pt_load(&entry[i]);
        enum pt_kind kind = f->kind(old, level);

        if (kind == PT_LEAF)
            return false;
        if (kind == PT_TABLE && !pt_table_empty(f, t, pt_below(f, t, old), pt_next(f, old, level)))
            return false;
    }
    return true;
}

/*
 * Makes place for large leaves. Tables that map nothing give way; hardware may
 * remember the entries that led to them, so they wait on the gather.
 */
static inline enum iommu_status
pt_make_room(const struct pt_format *f, const struct pt_table *t, uint64_t *entry, size_t count,
             unsigned level, uint64_t iova, struct iommu_gather *gather)
{
    if (!pt_run_free(f, t, entry, count, level))
        return IOMMU_ERR_EXISTS;
    for (size_t i = 0; i < count; i++) {
        uint64_t old = pt_load(&entry[i]);

        if (f->kind(old, level) != PT_TABLE)
            continue;
        pt_store(&entry[i], 0);
        pt_release(f, t, old & f->table_address, pt_next(f, old, level), gather, NULL);
        pt_gather_block(gather, iova + (i << pt_shift(level)), pt_held(f, old, level));
    }
    return IOMMU_OK;
}

/* Maps the first part of m: all leaves of one level that lie in one table. *done is their length. */
static inline enum iommu_status
pt_map_run(const struct pt_format *f, struct pt_table *t, struct pt_from from,
           const struct iommu_mapping *m, struct iommu_gather *gather, uint64_t *done)
{
    unsigned level = pt_leaf_level(f, t, from, m), shift = pt_shift(level);
    uint64_t whole = m->len >> shift, left = PT_ENTRIES - pt_index(m->iova, level);
    size_t count = whole < left ? whole : left;
    uint64_t *entry;
    enum iommu_status status = pt_reach(f, t, from, m->iova, level, gather, &entry);

    if (status != IOMMU_OK)
        return status;
    entry += pt_index(m->iova, level);
    if (level > 0) {
        status = pt_make_room(f, t, entry, count, level, m->iova, gather);
        if (status != IOMMU_OK)
            return status;
    } else if (f->kind(pt_union(entry, count), 0) != PT_EMPTY) {
        return IOMMU_ERR_EXISTS;
    }
    pt_fill_leaves(f, t, entry, count, level, m);
    pt_flush(t, entry, count * sizeof(*entry));
    *done = (uint64_t)count << shift;
    return IOMMU_OK;
}

/* Permissions that a device's page has: IOMMU_READ, IOMMU_WRITE or both, nothing else. */
static inline bool pt_prot_plain(unsigned prot)
{
    return prot - IOMMU_READ <= IOMMU_RW - IOMMU_READ;
}

/*
 * One leaf of a level, 0 or 1, into a table that stands: the common case. The
 * entry, to be written back; or NULL, and nothing was done.
 */
PT_OFTEN uint64_t *pt_map_leaf(const struct pt_format *f, const struct pt_table *t,
                               const struct iommu_mapping *m, unsigned level)
{
    uint64_t iova = m->iova, pa = m->pa, value, *entry;

    if ((pt_biased(f, t, iova) & pt_bound(f, &t->iova_refused)) || (pa & t->pa_refused) ||
        ((iova | pa) & (pt_span(level) - PT_PAGE)) || !pt_prot_plain(m->prot))
        return NULL;
    value = f->leaf(pa, pt_shift(level), m->prot);
    if (!pt_find(f, t, iova, level, &entry) || f->kind(*entry, level) != PT_EMPTY)
        return NULL;
    pt_store(entry, value);
    return entry;
}

PT_OFTEN uint64_t *pt_map_page(const struct pt_format *f, const struct pt_table *t,
                               const struct iommu_mapping *m)
{
    if (m->len == PT_PAGE)
        return pt_map_leaf(f, t, m, 0);
    return m->len == pt_span(1) && (t->config.page_sizes & pt_span(1)) ? pt_map_leaf(f, t, m, 1) : NULL;
}

static inline enum iommu_status
pt_map_check(const struct pt_format *f, const struct pt_table *t, struct pt_from from,
             const struct iommu_mapping *m)
{
    enum iommu_status status = pt_check_range(f, t, m->iova, m->len);

    if ((m->pa & (PT_PAGE - 1)) || !pt_prot_valid(m->prot))
        return IOMMU_ERR_INVALID;
    if (status != IOMMU_OK)
        return status;
    if (f->grows && m->iova + (m->len - 1) > pt_reached(t, from.level))
        return IOMMU_ERR_RANGE;
    if (m->pa + (m->len - 1) < m->pa || (m->pa + (m->len - 1)) >> t->config.output_bits)
        return IOMMU_ERR_RANGE;
    return IOMMU_OK;
}

PT_SELDOM enum iommu_status
pt_map_any(const struct pt_format *f, struct pt_table *t, const struct iommu_mapping *m,
           struct iommu_gather *gather)
{
    struct pt_from from = pt_from(f, t);
    struct iommu_mapping rest = *m;
    enum iommu_status status = pt_map_check(f, t, from, m);

    if (status != IOMMU_OK)
        return status;
    while (rest.len > 0) {
        uint64_t done;

        status = pt_map_run(f, t, from, &rest, gather, &done);
        if (status != IOMMU_OK)
            goto unmap_done;
        rest.iova += done;
        rest.pa += done;
        rest.len -= done;
    }
    return IOMMU_OK;

unmap_done:
    /* Only whole leaves lie before rest, so nothing is split and this does not fail. */
    (void)pt_unmap_range(f, t, from, m->iova, m->len - rest.len, gather, NULL);
    return status;
}

static inline enum iommu_status
pt_map(const struct pt_format *f, struct pt_table *t, const struct iommu_mapping *m,
       struct iommu_gather *gather)
{
    uint64_t *entry = pt_map_page(f, t, m);

    if (entry == NULL)
        return pt_map_any(f, t, m, gather);
    pt_flush_entry(t, entry);
    return IOMMU_OK;
}

/* ---- lookup ---- */

PT_OFTEN enum iommu_status
pt_leaf_at(const struct pt_format *f, const uint64_t *table, unsigned level, uint64_t iova,
           struct iommu_leaf *leaf)
{
    uint64_t entry = pt_load(&table[pt_index(iova, level)]);
    unsigned shift;

    if (f->kind(entry, level) != PT_LEAF) {
        *leaf = (struct iommu_leaf){ .level = level };
        return IOMMU_ERR_NOT_FOUND;
    }
    shift = pt_leaf_shift(f, entry, level);
    leaf->pa = f->leaf_pa(entry, shift) | (iova & (BIT64(shift) - 1));
    leaf->size_shift = shift;
    leaf->prot = f->prot(entry);
    leaf->level = level;
    return IOMMU_OK;
}

PT_OFTEN enum iommu_status
pt_lookup(const struct pt_format *f, const struct pt_table *t, uint64_t iova,
          struct iommu_leaf *leaf)
{
    struct pt_from from = pt_from(f, t);
    const uint64_t *table = from.table;
    unsigned level = from.level, next;

    if (!pt_reaches(f, t, level, pt_biased(f, t, iova))) {
        *leaf = (struct iommu_leaf){ .level = level };
        return IOMMU_ERR_NOT_FOUND;
    }
    for (; level > 0; level = next) {
        uint64_t entry = pt_load(&table[pt_index(iova, level)]);

        if (f->kind(entry, level) != PT_TABLE)
            break;
        next = pt_next(f, entry, level);
        if (!pt_serves(f, iova, level, next))
            break;
        table = pt_below(f, t, entry);
    }
    return pt_leaf_at(f, table, level, iova, leaf);
}

PT_SELDOM enum iommu_status
pt_translate_any(const struct pt_format *f, const struct pt_table *t, uint64_t iova, uint64_t *pa)
{
    struct iommu_leaf leaf;
    enum iommu_status status = pt_lookup(f, t, iova, &leaf);

    *pa = status == IOMMU_OK ? leaf.pa : 0;
    return status;
}

static inline enum iommu_status
pt_translate(const struct pt_format *f, const struct pt_table *t, uint64_t iova, uint64_t *pa)
{
    uint64_t *at, entry;
    unsigned shift;

    if (pt_biased(f, t, iova) > pt_bound(f, &t->iova_last) || !pt_find(f, t, iova, 0, &at))
        return pt_translate_any(f, t, iova, pa);
    entry = pt_load(at);
    if (__builtin_expect(pt_single(f, entry, 0), 1)) {
        *pa = f->leaf_pa(entry, PT_PAGE_SHIFT) | (iova & (PT_PAGE - 1));
        return IOMMU_OK;
    }
    if (f->kind(entry, 0) != PT_LEAF)
        return pt_translate_any(f, t, iova, pa);
    shift = pt_leaf_shift(f, entry, 0);
    *pa = f->leaf_pa(entry, shift) | (iova & (BIT64(shift) - 1));
    return IOMMU_OK;
}

/* ---- trim, create, destroy ---- */

/*
 * base is the IOVA of the table's entry 0, not sign-extended. True when the
 * table maps nothing any more.
 */
static inline bool pt_trim_table(const struct pt_format *f, struct pt_table *t, uint64_t *table,
                                 unsigned level, uint64_t base, struct iommu_gather *gather)
{
    size_t first = PT_ENTRIES, end = 0;
    bool empty = true;

    if (level == 0)
        return pt_table_empty(f, t, table, 0);
    for (size_t i = 0; i < PT_ENTRIES; i++) {
        uint64_t old = pt_load(&table[i]), start = base + (i << pt_shift(level));
        uint64_t span = pt_span(level);
        enum pt_kind kind = f->kind(old, level);

        if (kind == PT_EMPTY)
            continue;
        if (kind == PT_LEAF ||
            !pt_trim_table(f, t, pt_below(f, t, old), pt_next(f, old, level), start, gather)) {
            empty = false;
            continue;
        }
        pt_store(&table[i], 0);
        pt_gather_table(gather, pt_below(f, t, old), old & f->table_address);
        /* Of 64 bits the last page maps nothing, and a hull from 0 to 2^64 would be empty. */
        if (f->grows && start + span == 0)
            span -= PT_PAGE;
        pt_gather_add(gather, (start ^ t->iova_bias) - t->iova_bias, span);
        first = i < first ? i : first;
        end = i + 1;
    }
    if (end > 0)
        pt_flush(t, &table[first], (end - first) * sizeof(*table));
    return empty;
}

static inline void pt_trim(const struct pt_format *f, struct pt_table *t,
                           struct iommu_gather *gather)
{
    struct pt_from from = pt_from(f, t);

    (void)pt_trim_table(f, t, from.table, from.level, 0, gather);
}

/* The widest IOVAs that so many levels can have. */
static inline unsigned pt_width(const struct pt_format *f, unsigned levels)
{
    unsigned bits = pt_shift(levels) - f->unused_bits;

    return bits < 64 ? bits : 64;
}

/* A page is cut and split into those of levels, so these must be there too: 2 MiB pages for 1 GiB. */
static inline bool pt_sizes_valid(const struct pt_format *f, uint64_t sizes)
{
    uint64_t above_1 = f->page_sizes & ~(pt_span(1) * 2 - 1);
    uint64_t above_2 = f->page_sizes & ~(pt_span(2) * 2 - 1);

    return (sizes & PT_PAGE) && !(sizes & ~f->page_sizes) &&
           (!(sizes & above_1) || (sizes & pt_span(1))) &&
           (!(sizes & above_2) || (sizes & pt_span(2)));
}

static inline bool pt_config_valid(const struct pt_format *f, const struct pt_config *config)
{
    return config->levels >= f->min_levels && config->levels <= f->max_levels &&
           pt_sizes_valid(f, config->page_sizes) &&
           config->output_bits > PT_PAGE_SHIFT && config->output_bits <= 52 &&
           (config->input_bits == 0 ||
            (!f->canonical &&
             config->input_bits <= pt_width(f, f->grows ? f->max_levels : config->levels)));
}

/*
 * Operations on one page walk four levels. Three have a stand-in above them; fewer
 * one that leads nowhere. So have five, and bounds that let only its entry 0 be
 * looked at: these tables are rare and take the general way. Where trees grow,
 * entries say where they lead, and a taller root refuses by itself.
 */
static inline void
pt_set_quick(const struct pt_format *f, struct pt_table *t, uint64_t *root, unsigned levels)
{
    uint64_t pa = (uintptr_t)root - t->table_offset;
    uint64_t *start = &t->stand_in, last;
    unsigned bits = t->input_bits;

    if (levels > 4)
        bits = pt_shift(f->grows ? 4 : 3);
    else if (f->grows)
        bits = pt_shift(levels);
    last = BIT64(f->grows && t->input_bits < bits ? t->input_bits : bits) - 1;
    if (f->grows ? levels >= 4 : levels == 4)
        start = root;
    else if (levels == 3)
        pt_store(&t->stand_in, f->table(pa, 2, t->config.table_prot) | f->settled);
    /* Who sees the bounds, sees a root that is as wide. */
    __atomic_store_n(&t->start, start, __ATOMIC_RELAXED);
    __atomic_store_n(&t->iova_last, last, __ATOMIC_RELEASE);
    __atomic_store_n(&t->iova_refused, ~last | (PT_PAGE - 1), __ATOMIC_RELEASE);
}

static inline void pt_prepare_quick(const struct pt_format *f, struct pt_table *t)
{
    unsigned prot = t->config.table_prot;

    for (unsigned level = 1; level <= 3; level++)
        t->below[level - 1] = t->table_offset - (f->table(0, level - 1, prot) | f->settled);
    t->pa_refused = ~(BIT64(t->config.output_bits) - 1) | (PT_PAGE - 1);
    pt_set_quick(f, t, t->root, t->config.levels);
}

static inline enum iommu_status
pt_create(const struct pt_format *f, struct pt_table *t, const struct pt_config *config)
{
    if (!pt_config_valid(f, config))
        return IOMMU_ERR_UNSUPPORTED;
    *t = (struct pt_table){
        .config = *config, .table_offset = config->platform->table_offset, .table_pages = 1,
    };
    t->root = pt_page_alloc(t);
    if (t->root == NULL)
        return IOMMU_ERR_NOMEM;
    t->root_pa = (uintptr_t)t->root - t->table_offset;
    t->input_bits = config->input_bits != 0 ? config->input_bits : pt_width(f, config->levels);
    if (f->grows)
        t->top = t->root_pa | config->levels;
    if (f->canonical)
        t->iova_bias = BIT64(t->input_bits - 1);
    pt_prepare_quick(f, t);
    pt_flush(t, t->root, PT_PAGE);
    return IOMMU_OK;
}

/* A root that was made and not raised leads to the present one. */
PT_SELDOM void pt_destroy_tree(const struct pt_format *f, struct pt_table *t)
{
    struct pt_from from = pt_from(f, t);
    struct iommu_gather gather = { 0 };

    if (f->grows && t->grown != 0)
        from = pt_from_top(t, t->grown);
    pt_release(f, t, (uintptr_t)from.table - t->table_offset, from.level, &gather, NULL);
    pt_free_gathered(t, &gather);
}

static inline void pt_destroy(const struct pt_format *f, struct pt_table *t)
{
    /* A root that is alone leads nowhere, and need not be read to know it. */
    if (t->table_pages == 1)
        t->config.platform->page_free(t->config.platform_ctx, t->root, 1);
    else
        pt_destroy_tree(f, t);
}

#endif
