/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lower half of the page-table engine: what a format is, entries and runs
 * of entries, the walk, and how tables are linked and let go. The rules that
 * hold for all of it are in pt_engine.h.
 *
 * Trees that grow: a new root leads to the old one, over the levels between
 * them (AMD-Vi §2.2.3, level skipping). How it comes to be is in pt_grow.h;
 * the walk sees one root from begin to end, and puts in a level when something
 * is to be mapped that a skipping entry does not serve.
 */
#ifndef IOMMU_PT_WALK_H
#define IOMMU_PT_WALK_H

#include "bits.h"
#include "pt/pt.h"

#define PT_PAGE_SHIFT 12u
#define PT_PAGE BIT64(PT_PAGE_SHIFT)
#define PT_INDEX_BITS 9u
#define PT_ENTRIES BIT64(PT_INDEX_BITS)
#define PT_LINE_ENTRIES 8u      /* in a cache line of 64 bytes */

#define PT_PROT_ALL (IOMMU_RW | PT_EXECUTE | PT_USER | PT_UNCACHED | PT_GLOBAL | PT_WRITE_COMBINE)

/*
 * The common case, inlined whole; and the rest, kept out of it so that it has
 * no registers to save.
 */
#define PT_OFTEN static inline __attribute__((always_inline))
#define PT_SELDOM static __attribute__((noinline, unused))

enum pt_kind { PT_EMPTY, PT_TABLE, PT_LEAF };

/*
 * A page in the list of a gather that is no table: the flush after which it is
 * freed makes the entry one like any other, if it still leads to that table.
 */
struct pt_notice {
    uint64_t next;          /* of the list, where a table has its entry 0 */
    uint64_t *entry;
    uint64_t fresh;
    uint64_t address;       /* the mask of addresses */
    uint64_t table_pa;
};

/* Tells it from a table, in the address that leads to it; in no format a bit of presence. */
#define PT_NOTICE BIT64(11)

struct pt_format {
    unsigned min_levels;
    unsigned max_levels;
    uint64_t page_sizes;    /* bit n: leaves of 2^n bytes */
    bool canonical;         /* IOVAs are sign-extended from input_bits */
    uint64_t table_address; /* where a table entry holds its address */

    /*
     * A bit of table entries that hardware ignores. Set: the entry has been
     * written back. Without it a caller could map or unmap through a table
     * another CPU has just linked, and return before hardware sees the link.
     */
    uint64_t settled;

    /*
     * Another one, below the address. Set: a large leaf was split here, and
     * caches may hold it as one for as long as its splitter has not flushed.
     * Who unmaps below flushes all of it; the operations on one page, which
     * know no such entry, leave it to the others. With wide leaves: a field,
     * of leaves too, which says how large it was (pt_wide.h).
     */
    uint64_t split;

    /* Trees that grow. A table entry says which table it leads to, one level below or further. */
    bool grows;
    unsigned (*next)(uint64_t entry);   /* the level of that table */
    /* A bit like settled. Set: a level was put in here, and caches may hold the entry without it. */
    uint64_t fresh;

    /* Leaves of every size: an entry repeated 2 to 256 times (pt_wide.h). */
    bool wide;
    unsigned (*size)(uint64_t entry, unsigned level);   /* of a leaf, as a shift */
    uint64_t compound;      /* bits that are 0 in a leaf which stands alone and always did, and not in tables; */
    uint64_t present;       /* the one bit by which an entry is not empty */

    unsigned unused_bits;   /* that many of the highest bits the levels have are 0 in every IOVA */

    enum pt_kind (*kind)(uint64_t entry, unsigned level);
    uint64_t (*leaf)(uint64_t pa, unsigned size_shift, unsigned prot);
    uint64_t (*leaf_pa)(uint64_t entry, unsigned size_shift);
    unsigned (*prot)(uint64_t entry);   /* of a leaf; leaf() and prot() lose nothing between them */
    /* level: of the table at pa. Adds the same to every pa. */
    uint64_t (*table)(uint64_t pa, unsigned level, unsigned table_prot);
};

/* ---- addresses and entries ---- */

static inline unsigned pt_shift(unsigned level)
{
    return PT_PAGE_SHIFT + PT_INDEX_BITS * level;
}

static inline uint64_t pt_span(unsigned level)
{
    return BIT64(pt_shift(level));
}

static inline size_t pt_index(uint64_t iova, unsigned level)
{
    return (size_t)((iova >> pt_shift(level)) & (PT_ENTRIES - 1));
}

/* Relaxed: a walk reaches a table only through the address it has loaded, which ThreadSanitizer cannot know. */
#ifndef PT_LOAD_ORDER
#define PT_LOAD_ORDER __ATOMIC_RELAXED
#endif

static inline uint64_t pt_load(const uint64_t *entry)
{
    return __atomic_load_n(entry, PT_LOAD_ORDER);
}

static inline void pt_store(uint64_t *entry, uint64_t value)
{
    __atomic_store_n(entry, value, __ATOMIC_RELAXED);
}

static inline uint64_t *pt_at(const struct pt_table *t, uint64_t pa)
{
    return (uint64_t *)((uintptr_t)pa + t->table_offset);
}

/* Where a walk begins, and that level. */
struct pt_from {
    uint64_t *table;
    unsigned level;
};

#define PT_TOP_LEVELS (PT_PAGE - 1)     /* of pt_table.top: the number of levels; the rest is the address */

static inline struct pt_from pt_from_top(const struct pt_table *t, uint64_t top)
{
    return (struct pt_from){ pt_at(t, top & ~PT_TOP_LEVELS), (unsigned)(top & PT_TOP_LEVELS) - 1 };
}

/* The present root. Where trees grow its two parts are read as one: another may follow at any moment. */
static inline struct pt_from pt_from(const struct pt_format *f, const struct pt_table *t)
{
    if (f->grows)
        return pt_from_top(t, __atomic_load_n(&t->top, __ATOMIC_ACQUIRE));
    return (struct pt_from){ t->root, t->config.levels - 1 };
}

static inline uint64_t *pt_below(const struct pt_format *f, const struct pt_table *t,
                                 uint64_t entry)
{
    return pt_at(t, entry & f->table_address);
}

static inline void pt_flush(const struct pt_table *t, const void *at, size_t len)
{
    if (!t->config.coherent)
        t->config.platform->dma_flush(t->config.platform_ctx, at, len);
}

/* Moves a canonical range down to [0, 2^input_bits). */
static inline uint64_t pt_biased(const struct pt_format *f, const struct pt_table *t, uint64_t iova)
{
    return f->canonical ? iova + t->iova_bias : iova;
}

/* The highest address of so many bits; of 64 bits the last page is given up. */
static inline uint64_t pt_last(unsigned bits)
{
    return bits >= 64 ? ~PT_PAGE : BIT64(bits) - 1;
}

/* Where trees grow: the highest IOVA that a root of that level reaches. */
static inline uint64_t pt_reached(const struct pt_table *t, unsigned level)
{
    unsigned bits = pt_shift(level + 1);

    return pt_last(bits < t->input_bits ? bits : t->input_bits);
}

/* True if a root of that level reaches a biased IOVA. */
static inline bool pt_reaches(const struct pt_format *f, const struct pt_table *t, unsigned level,
                              uint64_t biased)
{
    return f->grows ? biased <= pt_reached(t, level) : biased >> t->input_bits == 0;
}

static inline enum iommu_status
pt_check_range(const struct pt_format *f, const struct pt_table *t, uint64_t iova, uint64_t len)
{
    uint64_t first = pt_biased(f, t, iova), last = first + (len - 1);

    if (len == 0 || ((iova | len) & (PT_PAGE - 1)))
        return IOMMU_ERR_INVALID;
    if (last < first || (f->grows ? last > pt_last(t->input_bits) : last >> t->input_bits != 0) ||
        iova + (len - 1) < iova)
        return IOMMU_ERR_RANGE;
    return IOMMU_OK;
}

static inline bool pt_prot_valid(unsigned prot)
{
    return (prot & IOMMU_RW) && !(prot & ~PT_PROT_ALL);
}

/* ---- the gather ---- */

/* end is compared as end - 1: the hull may end at 2^64. */
static inline void pt_gather_add(struct iommu_gather *gather, uint64_t start, uint64_t len)
{
    uint64_t end = start + len;
    bool empty = gather->start == gather->end;

    if (empty || start < gather->start)
        gather->start = start;
    if (empty || end - 1 > gather->end - 1)
        gather->end = end;
}

/* Of the naturally aligned block of 2^shift bytes that iova lies in. */
static inline void pt_gather_block(struct iommu_gather *gather, uint64_t iova, unsigned shift)
{
    pt_gather_add(gather, iova & ~(BIT64(shift) - 1), BIT64(shift));
}

/* The same where a table entry has replaced another or a leaf: caches may hold both, and the way there. */
static inline void pt_gather_link(struct iommu_gather *gather, uint64_t iova, unsigned shift)
{
    pt_gather_block(gather, iova, shift);
    gather->tables = true;
}

static inline void pt_gather_table(struct iommu_gather *gather, uint64_t *table, uint64_t pa)
{
    pt_store(&table[0], gather->freed_pa);
    gather->freed_pa = pa;
    gather->tables = true;
}

/* ---- runs of entries in one table ---- */

/*
 * The OR of count entries: present if one of them is. Plain reads: nobody else
 * writes entries of the caller's range, but for who cuts a wide leaf that
 * began or ends outside of it, and that changes no presence.
 */
static inline uint64_t pt_union(const uint64_t *entry, size_t count)
{
    uint64_t all = 0;

    for (; count >= PT_LINE_ENTRIES; count -= PT_LINE_ENTRIES, entry += PT_LINE_ENTRIES)
        all |= entry[0] | entry[1] | entry[2] | entry[3] |
               entry[4] | entry[5] | entry[6] | entry[7];
    for (; count > 0; count--)
        all |= *entry++;
    return all;
}

/* How many of count leaf entries map a page. A bit of presence that all share settles it at once. */
static inline size_t pt_count_pages(const struct pt_format *f, const uint64_t *entry, size_t count)
{
    uint64_t common = UINT64_MAX;
    size_t present = 0;

    for (size_t i = 0; i < count; i++)
        common &= entry[i];
    if (f->kind(common, 0) != PT_EMPTY)
        return count;
    for (size_t i = 0; i < count; i++)
        present += f->kind(entry[i], 0) != PT_EMPTY;
    return present;
}

/* Stores value, value + step, ... in count entries: one cache line a turn. */
static inline void pt_fill(uint64_t *entry, size_t count, uint64_t value, uint64_t step)
{
    for (; count >= PT_LINE_ENTRIES; count -= PT_LINE_ENTRIES, entry += PT_LINE_ENTRIES) {
        pt_store(&entry[0], value);
        pt_store(&entry[1], value += step);
        pt_store(&entry[2], value += step);
        pt_store(&entry[3], value += step);
        pt_store(&entry[4], value += step);
        pt_store(&entry[5], value += step);
        pt_store(&entry[6], value += step);
        pt_store(&entry[7], value += step);
        value += step;
    }
    for (; count > 0; count--, value += step)
        pt_store(entry++, value);
}

/* The level of the table that a table entry of a level leads to. */
static inline unsigned pt_next(const struct pt_format *f, uint64_t entry, unsigned level)
{
    return f->grows ? f->next(entry) : level - 1;
}

/* True when nothing is mapped by the table nor below it. */
static inline bool pt_table_empty(const struct pt_format *f, const struct pt_table *t,
                                  const uint64_t *table, unsigned level)
{
    if (level == 0)
        return f->kind(pt_union(table, PT_ENTRIES), 0) == PT_EMPTY;
    for (size_t i = 0; i < PT_ENTRIES; i++) {
        uint64_t entry = pt_load(&table[i]);
        enum pt_kind kind = f->kind(entry, level);

        if (kind == PT_LEAF)
            return false;
        if (kind == PT_TABLE && !pt_table_empty(f, t, pt_below(f, t, entry), pt_next(f, entry, level)))
            return false;
    }
    return true;
}

/*
 * Hangs a table that was just unlinked, and all below it, on the gather. Adds
 * what they mapped to *bytes; without bytes leaf tables are not even read.
 * Recursion ends at level 0, five calls down at most.
 */
static inline void pt_release(const struct pt_format *f, const struct pt_table *t, uint64_t pa,
                              unsigned level, struct iommu_gather *gather, uint64_t *bytes)
{
    uint64_t *table = pt_at(t, pa);

    if (level == 0 && bytes != NULL)
        *bytes += pt_count_pages(f, table, PT_ENTRIES) * PT_PAGE;
    for (size_t i = 0; i < PT_ENTRIES && level > 0; i++) {
        uint64_t entry = pt_load(&table[i]);
        enum pt_kind kind = f->kind(entry, level);

        if (kind == PT_TABLE)
            pt_release(f, t, entry & f->table_address, pt_next(f, entry, level), gather, bytes);
        else if (kind == PT_LEAF && bytes != NULL)
            *bytes += pt_span(level);
    }
    pt_gather_table(gather, table, pa);
}

/* ---- the walk ---- */

/* A bound of the operations on one page: where trees grow, read before the root that goes with it. */
PT_OFTEN uint64_t pt_bound(const struct pt_format *f, const uint64_t *bound)
{
    return f->grows ? __atomic_load_n(bound, __ATOMIC_ACQUIRE) : *bound;
}

/*
 * True when a table entry of a level, which leads to a table of level next,
 * serves iova: the bits it skips must be 0 (AMD-Vi §2.2.3).
 */
static inline bool pt_serves(const struct pt_format *f, uint64_t iova, unsigned level, unsigned next)
{
    return !f->grows || (iova & (pt_span(level) - 1)) >> pt_shift(next + 1) == 0;
}

/*
 * From a table of that level to the one below it. Every settled table entry of
 * a level has the same bits below its address, so one sum takes them away,
 * adds the offset of tables, and leaves the low 12 bits 0 for no other entry.
 * Where levels are skipped that is true of those that skip none.
 */
PT_OFTEN bool pt_step(const struct pt_table *t, uint64_t **table, size_t index, unsigned level)
{
    uint64_t at = pt_load(&(*table)[index]) + t->below[level - 1];

    *table = (uint64_t *)(uintptr_t)at;
    return (at & (PT_PAGE - 1)) == 0;
}

/*
 * The entry of a level, 0 or 1, for an IOVA in bounds. False unless settled table
 * entries lead to it. Written out level by level: this is most of the cost of
 * mapping one page.
 */
PT_OFTEN bool pt_find(const struct pt_format *f, const struct pt_table *t, uint64_t iova,
                      unsigned level, uint64_t **entry)
{
    /* A biased address in bounds has no bits above those of the index. */
    size_t index = f->canonical ? pt_index(iova, 3) : (size_t)(iova >> pt_shift(3));
    uint64_t *table = f->grows ? __atomic_load_n(&t->start, __ATOMIC_RELAXED) : t->start;

    if (!pt_step(t, &table, index, 3) || !pt_step(t, &table, pt_index(iova, 2), 2))
        return false;
    if (level == 0 && !pt_step(t, &table, pt_index(iova, 1), 1))
        return false;
    *entry = &table[pt_index(iova, level)];
    return true;
}

/*
 * Sees to it that hardware sees a table entry, whoever linked it. One that has
 * changed meanwhile was settled by another; what it is now is for its own caller.
 */
static inline void pt_settle(const struct pt_format *f, const struct pt_table *t, uint64_t *entry,
                             uint64_t seen)
{
    pt_flush(t, entry, sizeof(*entry));
    __atomic_compare_exchange_n(entry, &seen, seen | f->settled, false, __ATOMIC_RELEASE,
                                __ATOMIC_RELAXED);
}

/*
 * Makes page, a complete table of that level, what *entry leads to (with marks set), if *entry
 * still is seen; else frees it, false, and the caller looks again.
 */
static inline bool pt_install(const struct pt_format *f, struct pt_table *t, uint64_t *entry,
                              uint64_t seen, void *page, unsigned level, uint64_t marks)
{
    uint64_t pa = (uintptr_t)page - t->table_offset;
    uint64_t value = f->table(pa, level, t->config.table_prot) | marks;

    pt_flush(t, page, PT_PAGE);
    if (t->config.coherent)
        value |= f->settled;
    if (!__atomic_compare_exchange_n(entry, &seen, value, false, __ATOMIC_RELEASE,
                                     __ATOMIC_RELAXED)) {
        t->config.platform->page_free(t->config.platform_ctx, page, 1);
        return false;
    }
    __atomic_fetch_add(&t->table_pages, 1, __ATOMIC_RELAXED);
    if (!t->config.coherent)
        pt_settle(f, t, entry, value);
    return true;
}

static inline void *pt_page_alloc(const struct pt_table *t)
{
    return t->config.platform->page_alloc(t->config.platform_ctx, 1, t->config.table_limit_pa);
}

/*
 * The level of the table that the entry of level at must lead to, for a walk to
 * iova that ends at level: next, or one that it skips.
 */
static inline unsigned pt_needed(uint64_t iova, unsigned at, unsigned next, unsigned level)
{
    for (unsigned skipped = at - 1; skipped > next; skipped--)
        if (pt_index(iova, skipped) != 0 || skipped == level)
            return skipped;
    return next;
}

/*
 * Puts a table of that level between *entry and the table it leads to, which
 * serves the same addresses as before. Caches may hold the entry without it:
 * whoever maps through it flushes too, until the notice on the gather is served.
 */
static inline enum iommu_status
pt_insert(const struct pt_format *f, struct pt_table *t, uint64_t *entry, uint64_t seen,
          unsigned level, struct iommu_gather *gather)
{
    const struct iommu_platform *platform = t->config.platform;
    uint64_t *page = pt_page_alloc(t), pa = (uintptr_t)page - t->table_offset;
    struct pt_notice *notice;

    if (page == NULL)
        return IOMMU_ERR_NOMEM;
    notice = pt_page_alloc(t);
    if (notice == NULL) {
        platform->page_free(t->config.platform_ctx, page, 1);
        return IOMMU_ERR_NOMEM;
    }
    page[0] = seen & ~f->fresh;
    if (!pt_install(f, t, entry, seen, page, level, f->fresh)) {
        platform->page_free(t->config.platform_ctx, notice, 1);
        return IOMMU_OK;
    }
    *notice = (struct pt_notice){ .next = gather->freed_pa, .entry = entry, .fresh = f->fresh,
                                  .address = f->table_address, .table_pa = pa };
    gather->freed_pa = ((uintptr_t)notice - t->table_offset) | PT_NOTICE;
    __atomic_fetch_add(&t->table_pages, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&t->notices, 1, __ATOMIC_RELAXED);
    return IOMMU_OK;
}

/*
 * Steps over a table entry, settled or not, on the way to iova; *at becomes the
 * level of the table it leads to. Puts that table in, and leaves *at, if the
 * entry skips it.
 */
static inline enum iommu_status
pt_pass(const struct pt_format *f, struct pt_table *t, uint64_t *entry, uint64_t seen,
        uint64_t iova, unsigned level, unsigned *at, struct iommu_gather *gather)
{
    unsigned next = pt_next(f, seen, *at), needed;

    if (!(seen & f->settled))
        pt_settle(f, t, entry, seen);
    if (f->grows) {
        if (seen & f->fresh)
            pt_gather_link(gather, iova, pt_shift(*at));
        needed = pt_needed(iova, *at, next, level);
        if (needed != next)
            return pt_insert(f, t, entry, seen, needed, gather);
    }
    *at = next;
    return IOMMU_OK;
}

/* The table of that level on the way to iova, linking what is missing. */
static inline enum iommu_status
pt_reach(const struct pt_format *f, struct pt_table *t, struct pt_from from, uint64_t iova,
         unsigned level, struct iommu_gather *gather, uint64_t **out)
{
    uint64_t *table = from.table;
    unsigned at = from.level;

    while (at > level) {
        uint64_t *entry = &table[pt_index(iova, at)], seen = pt_load(entry);
        enum pt_kind kind = f->kind(seen, at);
        unsigned before = at;

        if (kind == PT_LEAF)
            return IOMMU_ERR_EXISTS;
        if (kind == PT_EMPTY) {
            void *page = pt_page_alloc(t);

            if (page == NULL)
                return IOMMU_ERR_NOMEM;
            pt_install(f, t, entry, seen, page, at - 1, 0);
            gather->tables = true;
        } else {
            enum iommu_status status = pt_pass(f, t, entry, seen, iova, level, &at, gather);

            if (status != IOMMU_OK)
                return status;
            if (at != before)
                table = pt_below(f, t, seen);
        }
    }
    *out = table;
    return IOMMU_OK;
}

#endif
