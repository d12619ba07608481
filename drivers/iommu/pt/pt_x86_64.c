/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x86-64 page tables: the processor's own (Intel SDM volume 3, 4-level and
 * 5-level paging) and VT-d first stage (VT-d §3.6, §9.7, Tables 31 to 40).
 * 4 or 5 levels; leaves of 4 KiB, 2 MiB and 1 GiB. IOVAs are canonical: bits
 * above the width repeat its highest bit, so both halves can be mapped.
 *
 * The entries are in pt_x86.h.
 */
#include "pt/pt_x86.h"

static const struct pt_format x86_format = {
    .min_levels = 4,
    .max_levels = 5,
    .page_sizes = BIT64(12) | BIT64(21) | BIT64(30),
    .canonical = true,
    .table_address = X86_ADDR,
    .settled = X86_TABLE_IGNORED,
    .split = X86_TABLE_SPLIT,
    .kind = x86_kind,
    .leaf = x86_leaf,
    .leaf_pa = x86_leaf_pa,
    .prot = x86_prot,
    .table = x86_table,
};

static enum iommu_status x86_create(struct pt_table *table, const struct pt_config *config)
{
    return pt_create(&x86_format, table, config);
}

static void x86_destroy(struct pt_table *table)
{
    pt_destroy(&x86_format, table);
}

static enum iommu_status x86_map(struct pt_table *table, const struct iommu_mapping *m,
                                 struct iommu_gather *gather)
{
    return pt_map(&x86_format, table, m, gather);
}

static enum iommu_status x86_unmap(struct pt_table *table, uint64_t iova, uint64_t len,
                                   struct iommu_gather *gather, uint64_t *unmapped)
{
    return pt_unmap(&x86_format, table, iova, len, gather, unmapped);
}

static uint64_t *x86_map_page(struct pt_table *table, const struct iommu_mapping *m)
{
    return pt_map_page(&x86_format, table, m);
}

static uint64_t *x86_unmap_page(struct pt_table *table, uint64_t iova, uint64_t len)
{
    return pt_unmap_page(&x86_format, table, iova, len);
}

static enum iommu_status x86_translate(const struct pt_table *table, uint64_t iova, uint64_t *pa)
{
    return pt_translate(&x86_format, table, iova, pa);
}

static enum iommu_status x86_lookup(const struct pt_table *table, uint64_t iova,
                                    struct iommu_leaf *leaf)
{
    return pt_lookup(&x86_format, table, iova, leaf);
}

static void x86_trim(struct pt_table *table, struct iommu_gather *gather)
{
    pt_trim(&x86_format, table, gather);
}

const struct pt_ops pt_x86_64 = {
    .name = "x86-64",
    .create = x86_create,
    .destroy = x86_destroy,
    .map = x86_map,
    .unmap = x86_unmap,
    .map_page = x86_map_page,
    .unmap_page = x86_unmap_page,
    .translate = x86_translate,
    .lookup = x86_lookup,
    .trim = x86_trim,
};
