/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AMD-Vi guest page tables, version 2 (AMD-Vi §2.2.6.5), for requests without a
 * PASID (GIoV): entries as x86-64 has them, 4 or 5 levels.
 *
 * Requests of devices are those of users, so U/S is set at every level, and NX
 * never. What may be written can be read. IOVAs are not sign-extended (AMD-Vi §2.2.6.5): the highest bit that the levels
 * have is 0 in all of them, so that they mean the same either way.
 */
#include "pt/pt_x86.h"

static uint64_t v2_leaf(uint64_t pa, unsigned size_shift, unsigned prot)
{
    return x86_leaf(pa, size_shift, (prot & IOMMU_RW) | PT_USER | PT_EXECUTE);
}

static unsigned v2_prot(uint64_t entry)
{
    return x86_prot(entry) & IOMMU_RW;
}

static uint64_t v2_table(uint64_t pa, unsigned level, unsigned table_prot)
{
    (void)table_prot;
    return x86_table(pa, level, PT_USER);
}

static const struct pt_format v2_format = {
    .min_levels = 4,
    .max_levels = 5,
    .page_sizes = BIT64(12) | BIT64(21) | BIT64(30),
    .canonical = false,
    .unused_bits = 1,
    .table_address = X86_ADDR,
    .settled = X86_TABLE_IGNORED,
    .split = X86_TABLE_SPLIT,
    .kind = x86_kind,
    .leaf = v2_leaf,
    .leaf_pa = x86_leaf_pa,
    .prot = v2_prot,
    .table = v2_table,
};

static enum iommu_status v2_create(struct pt_table *table, const struct pt_config *config)
{
    return pt_create(&v2_format, table, config);
}

static void v2_destroy(struct pt_table *table)
{
    pt_destroy(&v2_format, table);
}

static enum iommu_status v2_map(struct pt_table *table, const struct iommu_mapping *m,
                                struct iommu_gather *gather)
{
    return pt_map(&v2_format, table, m, gather);
}

static enum iommu_status v2_unmap(struct pt_table *table, uint64_t iova, uint64_t len,
                                   struct iommu_gather *gather, uint64_t *unmapped)
{
    return pt_unmap(&v2_format, table, iova, len, gather, unmapped);
}

static uint64_t *v2_map_page(struct pt_table *table, const struct iommu_mapping *m)
{
    return pt_map_page(&v2_format, table, m);
}

static uint64_t *v2_unmap_page(struct pt_table *table, uint64_t iova, uint64_t len)
{
    return pt_unmap_page(&v2_format, table, iova, len);
}

static enum iommu_status v2_translate(const struct pt_table *table, uint64_t iova, uint64_t *pa)
{
    return pt_translate(&v2_format, table, iova, pa);
}

static enum iommu_status v2_lookup(const struct pt_table *table, uint64_t iova,
                                    struct iommu_leaf *leaf)
{
    return pt_lookup(&v2_format, table, iova, leaf);
}

static void v2_trim(struct pt_table *table, struct iommu_gather *gather)
{
    pt_trim(&v2_format, table, gather);
}

const struct pt_ops pt_amd_v2 = {
    .name = "amd-v2",
    .create = v2_create,
    .destroy = v2_destroy,
    .map = v2_map,
    .unmap = v2_unmap,
    .map_page = v2_map_page,
    .unmap_page = v2_unmap_page,
    .translate = v2_translate,
    .lookup = v2_lookup,
    .trim = v2_trim,
};
