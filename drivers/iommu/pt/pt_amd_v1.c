/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AMD-Vi host page tables, version 1 (AMD-Vi §2.2.3): 1 to 6 levels, leaves of
 * every power of two from 4 KiB to 256 GiB, trees that grow. Entries name the
 * level they lead to, and may skip levels.
 *
 * Left 0: U (an attribute of ATS answers), A and D, which hardware sets only
 * where the device table entry asks for it and which nothing here compares.
 * 512 GiB leaves are never made: processors have an erratum about them.
 */
#include "pt/pt_grow.h"

#define V1_PR BIT64(0)
#define V1_NEXT BITS64(11, 9)       /* 0: leaf of the level's size; 1 to 6: table of that level; */
#define V1_NEXT_SIZE BITS64(11, 9)  /* 7: leaf whose address has the size in it */
#define V1_ADDR BITS64(51, 12)
#define V1_FC BIT64(60)             /* leaves: snoop, whatever the request says */
#define V1_RIGHTS BITS64(62, 61)    /* IW, IR */

/* Ignored by hardware: 4:1 and 8:7 of all entries. */
#define V1_SPLIT BITS64(4, 1)
#define V1_FRESH BIT64(7)
#define V1_SETTLED BIT64(8)

static enum pt_kind v1_kind(uint64_t entry, unsigned level)
{
    (void)level;
    if (!(entry & V1_PR))
        return PT_EMPTY;
    return (entry & V1_NEXT) == 0 || (entry & V1_NEXT) == V1_NEXT_SIZE ? PT_LEAF : PT_TABLE;
}

/*
 * The code of a size: below its highest bit, which is 0, the address is all
 * ones. The lowest 0 from bit 12 on is that of the size, halved.
 */
static uint64_t v1_leaf(uint64_t pa, unsigned size_shift, unsigned prot)
{
    uint64_t half = BIT64(size_shift - 1);
    uint64_t entry = pa | V1_PR | V1_FC | field_make(V1_RIGHTS, prot & IOMMU_RW);

    if ((size_shift - PT_PAGE_SHIFT) % PT_INDEX_BITS == 0)
        return entry;
    return entry | V1_NEXT_SIZE | ((half - 1) & V1_ADDR);
}
_Static_assert(IOMMU_READ == 1 && IOMMU_WRITE == 2, "permissions are IR and IW, in this order");

static unsigned v1_size(uint64_t entry, unsigned level)
{
    if ((entry & V1_NEXT) != V1_NEXT_SIZE)
        return pt_shift(level);
    return (unsigned)__builtin_ctzll(~(entry | (PT_PAGE - 1))) + 1;
}

static uint64_t v1_leaf_pa(uint64_t entry, unsigned size_shift)
{
    return entry & V1_ADDR & ~(BIT64(size_shift) - 1);
}

static unsigned v1_prot(uint64_t entry)
{
    return (unsigned)field_get(entry, V1_RIGHTS);
}

/* Rights are the AND over all levels: tables give all, leaves decide. */
static uint64_t v1_table(uint64_t pa, unsigned level, unsigned table_prot)
{
    (void)table_prot;
    return pa | V1_PR | V1_RIGHTS | field_make(V1_NEXT, level + 1);
}

static unsigned v1_next(uint64_t entry)
{
    return (unsigned)field_get(entry, V1_NEXT) - 1;
}

static const struct pt_format v1_format = {
    .min_levels = 1,
    .max_levels = 6,
    .page_sizes = BITS64(38, 12),
    .canonical = false,
    .table_address = V1_ADDR,
    .settled = V1_SETTLED,
    .split = V1_SPLIT,
    .kind = v1_kind,
    .leaf = v1_leaf,
    .leaf_pa = v1_leaf_pa,
    .prot = v1_prot,
    .table = v1_table,
    .grows = true,
    .next = v1_next,
    .fresh = V1_FRESH,
    .wide = true,
    .size = v1_size,
    .compound = V1_NEXT | V1_SPLIT,
    .present = V1_PR,
};

static enum iommu_status v1_create(struct pt_table *table, const struct pt_config *config)
{
    return pt_create(&v1_format, table, config);
}

static void v1_destroy(struct pt_table *table)
{
    pt_destroy(&v1_format, table);
}

static enum iommu_status v1_map(struct pt_table *table, const struct iommu_mapping *m,
                                struct iommu_gather *gather)
{
    return pt_map(&v1_format, table, m, gather);
}

static enum iommu_status v1_unmap(struct pt_table *table, uint64_t iova, uint64_t len,
                                  struct iommu_gather *gather, uint64_t *unmapped)
{
    return pt_unmap(&v1_format, table, iova, len, gather, unmapped);
}

static uint64_t *v1_map_page(struct pt_table *table, const struct iommu_mapping *m)
{
    return pt_map_page(&v1_format, table, m);
}

static uint64_t *v1_unmap_page(struct pt_table *table, uint64_t iova, uint64_t len)
{
    return pt_unmap_page(&v1_format, table, iova, len);
}

static enum iommu_status v1_translate(const struct pt_table *table, uint64_t iova, uint64_t *pa)
{
    return pt_translate(&v1_format, table, iova, pa);
}

static enum iommu_status v1_lookup(const struct pt_table *table, uint64_t iova,
                                   struct iommu_leaf *leaf)
{
    return pt_lookup(&v1_format, table, iova, leaf);
}

static enum iommu_status v1_grow(struct pt_table *table, uint64_t last, struct pt_root *out)
{
    return pt_grow(&v1_format, table, last, out);
}

static void v1_raise(struct pt_table *table, const struct pt_root *root)
{
    pt_raise(&v1_format, table, root);
}

static void v1_trim(struct pt_table *table, struct iommu_gather *gather)
{
    pt_trim(&v1_format, table, gather);
}

const struct pt_ops pt_amd_v1 = {
    .name = "amd-v1",
    .create = v1_create,
    .destroy = v1_destroy,
    .map = v1_map,
    .unmap = v1_unmap,
    .map_page = v1_map_page,
    .unmap_page = v1_unmap_page,
    .translate = v1_translate,
    .lookup = v1_lookup,
    .grow = v1_grow,
    .raise = v1_raise,
    .trim = v1_trim,
};
