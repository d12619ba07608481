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
 *     lead to tables are shared, and those are installed by compare-exchange.
 *   - Where walks do not snoop, what a table holds is written back before the
 *     entry that leads to it, and each run of entries by one dma_flush.
 *   - A table that was unlinked keeps its contents until pt_free_gathered(),
 *     but for entry 0, which links the gather's list: an address with the low
 *     12 bits 0 is an empty entry in every format.
 */
#ifndef IOMMU_PT_ENGINE_H
#define IOMMU_PT_ENGINE_H

#include "pt/pt_walk.h"

/* ---- unmap ---- */

/* A large leaf became a table: caches may hold both it and the way there. */
static inline void pt_gather_leaf(struct iommu_gather *gather, uint64_t start, uint64_t len)
{
    pt_gather_add(gather, start, len);
    gather->tables = true;
}

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
    unsigned shift = pt_shift(level), below = pt_shift(level - 1);
    uint64_t *page = pt_page_alloc(t);

    if (page == NULL)
        return IOMMU_ERR_NOMEM;
    pt_fill(page, PT_ENTRIES, f->leaf(f->leaf_pa(seen, shift), below, f->prot(seen)), BIT64(below));
    pt_install(f, t, entry, seen, page, level - 1, f->split);
    pt_gather_leaf(gather, iova & ~(pt_span(level) - 1), pt_span(level));
    return IOMMU_OK;
}

/* Clears count entries of a leaf table, from that of iova on. */
static inline void pt_clear_pages(const struct pt_format *f, const struct pt_table *t,
                                  uint64_t *table, uint64_t iova, size_t count,
                                  struct iommu_gather *gather, uint64_t *bytes)
{
    uint64_t *entry = &table[pt_index(iova, 0)];

    if (f->kind(pt_union(entry, count), 0) == PT_EMPTY)
        return;
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
        if (kind == PT_TABLE)
            pt_release(f, t, old & f->table_address, level - 1, gather, bytes);
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
 * Unmaps the first part of [iova, iova + len): as many whole entries as follow
 * each other in one table, at the highest level they are whole at, or a hole.
 * *done is how far that goes.
 */
static inline enum iommu_status
pt_unmap_run(const struct pt_format *f, struct pt_table *t, uint64_t iova, uint64_t len,
             struct iommu_gather *gather, uint64_t *bytes, uint64_t *done)
{
    uint64_t *table = t->root, split = 0;  /* the span of the highest leaf split on the way */
    unsigned level = pt_top(t);

    for (;;) {
        uint64_t *entry = &table[pt_index(iova, level)], seen = pt_load(entry);
        uint64_t span = pt_span(level), before = iova & (span - 1);
        enum pt_kind kind = f->kind(seen, level);

        if (before == 0 && len >= span) {
            uint64_t whole = len >> pt_shift(level), left = PT_ENTRIES - pt_index(iova, level);
            size_t count = whole < left ? whole : left;

            if (level == 0)
                pt_clear_pages(f, t, table, iova, count, gather, bytes);
            else
                pt_clear_spans(f, t, table, level, iova, count, gather, bytes);
            if (split != 0)
                pt_gather_leaf(gather, iova & ~(split - 1), split);
            *done = (uint64_t)count << pt_shift(level);
            return IOMMU_OK;
        }
        if (kind == PT_EMPTY) {
            *done = span - before < len ? span - before : len;
            return IOMMU_OK;
        }
        if (kind == PT_LEAF) {
            enum iommu_status status = pt_split(f, t, entry, seen, level, iova, gather);

            if (status != IOMMU_OK)
                return status;
            continue;
        }
        if (!(seen & f->settled))
            pt_settle(f, t, entry);
        if ((seen & f->split) && split == 0)
            split = span;
        table = pt_below(f, t, seen);
        level--;
    }
}

static inline enum iommu_status
pt_unmap_range(const struct pt_format *f, struct pt_table *t, uint64_t iova, uint64_t len,
               struct iommu_gather *gather, uint64_t *bytes)
{
    while (len > 0) {
        uint64_t done;
        enum iommu_status status = pt_unmap_run(f, t, iova, len, gather, bytes, &done);

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

    if ((pt_biased(f, t, iova) & t->iova_refused) || (iova & (pt_span(level) - PT_PAGE)) ||
        !pt_find(f, t, iova, level, &entry) || f->kind(*entry, level) != PT_LEAF)
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
    enum iommu_status status;

    if (unmapped != NULL)
        *unmapped = 0;
    status = pt_check_range(f, t, iova, len);
    if (status != IOMMU_OK)
        return status;
    return pt_unmap_range(f, t, iova, len, gather, unmapped);
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

/* The level of the largest leaf that may begin at an address with these bits and fits in len. */
static inline unsigned pt_leaf_level(const struct pt_table *t, uint64_t address_bits, uint64_t len)
{
    for (unsigned level = 2; level > 0; level--) {
        uint64_t span = pt_span(level);

        if ((t->config.page_sizes & span) && (address_bits & (span - 1)) == 0 && len >= span)
            return level;
    }
    return 0;
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
        if (kind == PT_TABLE && !pt_table_empty(f, t, pt_below(f, t, old), level - 1))
            return false;
    }
    return true;
}

/*
 * Fills a run of large leaves. Tables that map nothing give way; hardware may
 * remember the entries that led to them, so they wait on the gather.
 */
static inline enum iommu_status
pt_map_spans(const struct pt_format *f, const struct pt_table *t, uint64_t *entry, size_t count,
             unsigned level, uint64_t iova, uint64_t value, struct iommu_gather *gather)
{
    uint64_t span = pt_span(level);

    if (!pt_run_free(f, t, entry, count, level))
        return IOMMU_ERR_EXISTS;
    for (size_t i = 0; i < count; i++, value += span) {
        uint64_t old = pt_load(&entry[i]);

        pt_store(&entry[i], value);
        if (f->kind(old, level) == PT_TABLE) {
            pt_release(f, t, old & f->table_address, level - 1, gather, NULL);
            pt_gather_add(gather, iova + i * span, span);
        }
    }
    return IOMMU_OK;
}

/* Maps the first part of m: all leaves of one size that lie in one table. *done is their length. */
static inline enum iommu_status
pt_map_run(const struct pt_format *f, struct pt_table *t, const struct iommu_mapping *m,
           struct iommu_gather *gather, uint64_t *done)
{
    unsigned level = pt_leaf_level(t, m->iova | m->pa, m->len), shift = pt_shift(level);
    uint64_t value = f->leaf(m->pa, shift, m->prot);
    uint64_t whole = m->len >> shift, left = PT_ENTRIES - pt_index(m->iova, level);
    size_t count = whole < left ? whole : left;
    uint64_t *entry;
    enum iommu_status status = pt_reach(f, t, m->iova, level, gather, &entry);

    if (status != IOMMU_OK)
        return status;
    entry += pt_index(m->iova, level);
    if (level > 0) {
        status = pt_map_spans(f, t, entry, count, level, m->iova, value, gather);
        if (status != IOMMU_OK)
            return status;
    } else {
        if (f->kind(pt_union(entry, count), 0) != PT_EMPTY)
            return IOMMU_ERR_EXISTS;
        pt_fill(entry, count, value, PT_PAGE);
    }
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

    if ((pt_biased(f, t, iova) & t->iova_refused) || (pa & t->pa_refused) ||
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
pt_map_check(const struct pt_format *f, const struct pt_table *t, const struct iommu_mapping *m)
{
    enum iommu_status status = pt_check_range(f, t, m->iova, m->len);

    if ((m->pa & (PT_PAGE - 1)) || !pt_prot_valid(m->prot))
        return IOMMU_ERR_INVALID;
    if (status != IOMMU_OK)
        return status;
    if (m->pa + (m->len - 1) < m->pa || (m->pa + (m->len - 1)) >> t->config.output_bits)
        return IOMMU_ERR_RANGE;
    return IOMMU_OK;
}

PT_SELDOM enum iommu_status
pt_map_any(const struct pt_format *f, struct pt_table *t, const struct iommu_mapping *m,
           struct iommu_gather *gather)
{
    struct iommu_mapping rest = *m;
    enum iommu_status status = pt_map_check(f, t, m);

    if (status != IOMMU_OK)
        return status;
    while (rest.len > 0) {
        uint64_t done;

        status = pt_map_run(f, t, &rest, gather, &done);
        if (status != IOMMU_OK)
            goto unmap_done;
        rest.iova += done;
        rest.pa += done;
        rest.len -= done;
    }
    return IOMMU_OK;

unmap_done:
    /* Only whole leaves lie before rest, so nothing is split and this does not fail. */
    (void)pt_unmap_range(f, t, m->iova, m->len - rest.len, gather, NULL);
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

static inline enum iommu_status
pt_leaf_at(const struct pt_format *f, const uint64_t *table, unsigned level, uint64_t iova,
           struct iommu_leaf *leaf)
{
    uint64_t entry = pt_load(&table[pt_index(iova, level)]);
    unsigned shift = pt_shift(level);

    if (f->kind(entry, level) != PT_LEAF) {
        *leaf = (struct iommu_leaf){ .level = level };
        return IOMMU_ERR_NOT_FOUND;
    }
    leaf->pa = f->leaf_pa(entry, shift) | (iova & (BIT64(shift) - 1));
    leaf->size_shift = shift;
    leaf->prot = f->prot(entry);
    leaf->level = level;
    return IOMMU_OK;
}

static inline enum iommu_status
pt_lookup(const struct pt_format *f, const struct pt_table *t, uint64_t iova,
          struct iommu_leaf *leaf)
{
    unsigned level = pt_top(t);
    const uint64_t *table;

    if (pt_biased(f, t, iova) >> t->input_bits) {
        *leaf = (struct iommu_leaf){ .level = level };
        return IOMMU_ERR_NOT_FOUND;
    }
    for (table = t->root; level > 0; level--) {
        uint64_t entry = pt_load(&table[pt_index(iova, level)]);

        if (f->kind(entry, level) != PT_TABLE)
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

    if (pt_biased(f, t, iova) > t->iova_last || !pt_find(f, t, iova, 0, &at))
        return pt_translate_any(f, t, iova, pa);
    entry = pt_load(at);
    if (f->kind(entry, 0) != PT_LEAF)
        return pt_translate_any(f, t, iova, pa);
    *pa = f->leaf_pa(entry, PT_PAGE_SHIFT) | (iova & (PT_PAGE - 1));
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
        enum pt_kind kind = f->kind(old, level);

        if (kind == PT_EMPTY)
            continue;
        if (kind == PT_LEAF ||
            !pt_trim_table(f, t, pt_below(f, t, old), level - 1, start, gather)) {
            empty = false;
            continue;
        }
        pt_store(&table[i], 0);
        pt_gather_table(gather, pt_below(f, t, old), old & f->table_address);
        pt_gather_add(gather, (start ^ t->iova_bias) - t->iova_bias, pt_span(level));
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
    (void)pt_trim_table(f, t, t->root, pt_top(t), 0, gather);
}

/* A 1 GiB page is split through 2 MiB pages, so these must be there too. */
static inline bool pt_config_valid(const struct pt_format *f, const struct pt_config *config)
{
    uint64_t sizes = config->page_sizes;

    return config->levels >= f->min_levels && config->levels <= f->max_levels &&
           (sizes & PT_PAGE) && !(sizes & ~f->page_sizes) &&
           (!(sizes & pt_span(2)) || (sizes & pt_span(1))) &&
           config->output_bits > PT_PAGE_SHIFT && config->output_bits <= 52 &&
           (config->input_bits == 0 ||
            (!f->canonical && config->input_bits <= pt_shift(config->levels)));
}

/*
 * Operations on one page walk four levels. Three have a stand-in above them; five
 * one that leads nowhere, and bounds that let only its entry 0 be looked at:
 * these tables are rare and take the general way.
 */
static inline void pt_prepare_quick(const struct pt_format *f, struct pt_table *t)
{
    unsigned prot = t->config.table_prot;
    uint64_t limit = BIT64(t->config.levels > 4 ? pt_shift(3) : t->input_bits);

    t->start = t->config.levels == 4 ? t->root : &t->stand_in;
    if (t->config.levels == 3)
        t->stand_in = f->table(t->root_pa, 2, prot) | f->settled;
    for (unsigned level = 1; level <= 3; level++)
        t->below[level] = t->table_offset - (f->table(0, level - 1, prot) | f->settled);
    t->iova_last = limit - 1;
    t->iova_refused = ~t->iova_last | (PT_PAGE - 1);
    t->pa_refused = ~(BIT64(t->config.output_bits) - 1) | (PT_PAGE - 1);
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
    t->input_bits = config->input_bits != 0 ? config->input_bits : pt_shift(config->levels);
    t->iova_bias = f->canonical ? BIT64(t->input_bits - 1) : 0;
    pt_prepare_quick(f, t);
    pt_flush(t, t->root, PT_PAGE);
    return IOMMU_OK;
}

static inline void pt_destroy(const struct pt_format *f, struct pt_table *t)
{
    struct iommu_gather gather = { 0 };

    /* A root that is alone leads nowhere, and need not be read to know it. */
    if (t->table_pages == 1) {
        t->config.platform->page_free(t->config.platform_ctx, t->root, 1);
        return;
    }
    pt_release(f, t, t->root_pa, pt_top(t), &gather, NULL);
    pt_free_gathered(t, &gather);
}

#endif
