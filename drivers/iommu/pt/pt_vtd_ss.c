/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VT-d second-stage page tables (VT-d §3.7, §9.8, Tables 41 to 48): 3, 4 or 5
 * levels, leaves of 4 KiB, 2 MiB and 1 GiB. Left 0: memory type and IPAT
 * (ignored outside scalable mode), SNP (reserved where ECAP.SC is 0), A and D
 * of leaves (ignored unless SSADE), IR and IW (unless SSIRWE).
 */
#include "pt/pt_engine.h"

#define SS_R BIT64(0)
#define SS_W BIT64(1)
#define SS_PS BIT64(7)              /* reserved above level 2, ignored at level 0 */
#define SS_A BIT64(8)
#define SS_TABLE_IGNORED BIT64(10)  /* 10:9 of entries that lead to tables are ignored */
#define SS_TABLE_SPLIT BIT64(9)
#define SS_ADDR BITS64(63, 12)      /* of our entries: hardware's ends at 51, above it we write 0 */

/* No present bit: R or W makes an entry present (VT-d §3.7). */
static enum pt_kind ss_kind(uint64_t entry, unsigned level)
{
    if (!(entry & (SS_R | SS_W)))
        return PT_EMPTY;
    return level == 0 || (entry & SS_PS) ? PT_LEAF : PT_TABLE;
}

static uint64_t ss_leaf(uint64_t pa, unsigned size_shift, unsigned prot)
{
    return pa | (prot & IOMMU_RW) | (size_shift > PT_PAGE_SHIFT ? SS_PS : 0);
}
_Static_assert(SS_R == IOMMU_READ && SS_W == IOMMU_WRITE, "permissions are the entry's own bits");

static uint64_t ss_leaf_pa(uint64_t entry, unsigned size_shift)
{
    return entry & SS_ADDR & ~(BIT64(size_shift) - 1);
}

static unsigned ss_prot(uint64_t entry)
{
    return entry & IOMMU_RW;
}

#define SS_TABLE (SS_R | SS_W | SS_A)

/*
 * Rights are the AND over all levels (VT-d §3.7): tables give all, leaves
 * decide. A is set in advance, so that hardware changes nothing in a table entry.
 */
static uint64_t ss_table(uint64_t pa, unsigned level, unsigned table_prot)
{
    (void)level;
    (void)table_prot;
    return pa | SS_TABLE;
}

static const struct pt_format ss_format = {
    .min_levels = 3,
    .max_levels = 5,
    .page_sizes = BIT64(12) | BIT64(21) | BIT64(30),
    .canonical = false,
    .table_address = SS_ADDR,
    .settled = SS_TABLE_IGNORED,
    .split = SS_TABLE_SPLIT,
    .kind = ss_kind,
    .leaf = ss_leaf,
    .leaf_pa = ss_leaf_pa,
    .prot = ss_prot,
    .table = ss_table,
};

static enum iommu_status ss_create(struct pt_table *table, const struct pt_config *config)
{
    return pt_create(&ss_format, table, config);
}

static void ss_destroy(struct pt_table *table)
{
    pt_destroy(&ss_format, table);
}

static enum iommu_status ss_map(struct pt_table *table, const struct iommu_mapping *m,
                                struct iommu_gather *gather)
{
    return pt_map(&ss_format, table, m, gather);
}

static enum iommu_status ss_unmap(struct pt_table *table, uint64_t iova, uint64_t len,
                                  struct iommu_gather *gather, uint64_t *unmapped)
{
    return pt_unmap(&ss_format, table, iova, len, gather, unmapped);
}

static uint64_t *ss_map_page(struct pt_table *table, const struct iommu_mapping *m)
{
    return pt_map_page(&ss_format, table, m);
}

static uint64_t *ss_unmap_page(struct pt_table *table, uint64_t iova, uint64_t len)
{
    return pt_unmap_page(&ss_format, table, iova, len);
}

static enum iommu_status ss_translate(const struct pt_table *table, uint64_t iova, uint64_t *pa)
{
    return pt_translate(&ss_format, table, iova, pa);
}

static enum iommu_status ss_lookup(const struct pt_table *table, uint64_t iova,
                                   struct iommu_leaf *leaf)
{
    return pt_lookup(&ss_format, table, iova, leaf);
}

static void ss_trim(struct pt_table *table, struct iommu_gather *gather)
{
    pt_trim(&ss_format, table, gather);
}

const struct pt_ops pt_vtd_ss = {
    .name = "vtd-ss",
    .create = ss_create,
    .destroy = ss_destroy,
    .map = ss_map,
    .unmap = ss_unmap,
    .map_page = ss_map_page,
    .unmap_page = ss_unmap_page,
    .translate = ss_translate,
    .lookup = ss_lookup,
    .trim = ss_trim,
};
