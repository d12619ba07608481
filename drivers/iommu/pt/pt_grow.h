/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trees that grow (AMD-Vi §2.2.3): a taller root whose entry 0 leads to the
 * root before it, whatever the number of levels between them. The old root
 * stays a table of the tree, so it makes no difference which of the two a walk
 * begins with, for an address that both reach.
 */
#ifndef IOMMU_PT_GROW_H
#define IOMMU_PT_GROW_H

#include "pt/pt_engine.h"

static inline struct pt_root pt_root_of(uint64_t top)
{
    return (struct pt_root){ .pa = top & ~PT_TOP_LEVELS, .levels = (unsigned)(top & PT_TOP_LEVELS) };
}

/* A root that was made and not raised may be in use by some units already: the next leads to it. */
static inline enum iommu_status pt_grow(const struct pt_format *f, struct pt_table *t,
                                        uint64_t last, struct pt_root *out)
{
    struct pt_root root = pt_root_of(t->grown != 0 ? t->grown : t->top);
    unsigned levels = root.levels;
    uint64_t *page;

    if (last > pt_last(t->input_bits))
        return IOMMU_ERR_RANGE;
    while (last > pt_last(pt_width(f, levels)))
        levels++;
    *out = root;
    if (levels == root.levels)
        return IOMMU_OK;
    page = pt_page_alloc(t);
    if (page == NULL)
        return IOMMU_ERR_NOMEM;
    page[0] = f->table(root.pa, root.levels - 1, t->config.table_prot) | f->settled;
    pt_flush(t, page, PT_PAGE);
    __atomic_fetch_add(&t->table_pages, 1, __ATOMIC_RELAXED);
    *out = (struct pt_root){ .pa = (uintptr_t)page - t->table_offset, .levels = levels };
    t->grown = out->pa | levels;
    return IOMMU_OK;
}

static inline void pt_raise(const struct pt_format *f, struct pt_table *t, const struct pt_root *root)
{
    uint64_t top = root->pa | root->levels;

    t->root = pt_at(t, root->pa);
    t->root_pa = root->pa;
    __atomic_store_n(&t->config.levels, root->levels, __ATOMIC_RELAXED);
    if (t->grown == top)
        t->grown = 0;
    __atomic_store_n(&t->top, top, __ATOMIC_RELEASE);
    pt_set_quick(f, t, t->root, root->levels);
}

#endif
