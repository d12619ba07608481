/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x86-64 page tables: the processor's own (Intel SDM volume 3, 4-level and
 * 5-level paging) and VT-d first stage (VT-d §3.6, §9.7, Tables 31 to 40).
 * 4 or 5 levels; leaves of 4 KiB, 2 MiB and 1 GiB. IOVAs are canonical: bits
 * above the width repeat its highest bit, so both halves can be mapped.
 *
 * First stage ignores NX and G, and reserves nothing that is set here. Not
 * used: the PAT bit (7 in 4 KiB leaves, 12 in large ones), protection keys, EA.
 */
#include "pt/pt_engine.h"

#define X86_P BIT64(0)
#define X86_RW BIT64(1)
#define X86_US BIT64(2)
#define X86_PWT BIT64(3)
#define X86_PCD BIT64(4)
#define X86_A BIT64(5)
#define X86_D BIT64(6)
#define X86_PS BIT64(7)             /* large leaves; PAT at level 0, reserved above level 2 */
#define X86_G BIT64(8)
#define X86_TABLE_IGNORED BIT64(9)  /* of entries that lead to tables, by both walkers */
#define X86_TABLE_SPLIT BIT64(6)    /* the same; dirty in leaves */
#define X86_ADDR BITS64(51, 12)
#define X86_NX BIT64(63)

static enum pt_kind x86_kind(uint64_t entry, unsigned level)
{
    if (!(entry & X86_P))
        return PT_EMPTY;
    return level == 0 || (entry & X86_PS) ? PT_LEAF : PT_TABLE;
}

/* PAT entry 3 is uncached at reset and stays so; entry 1 is the kernel's write-combining. */
static uint64_t x86_memory_type(unsigned prot)
{
    if (prot & PT_UNCACHED)
        return X86_PCD | X86_PWT;
    return prot & PT_WRITE_COMBINE ? X86_PWT : 0;
}

/*
 * P alone lets everybody read: there is no write-only page. A and D are set in
 * advance: a unit whose walks do not snoop cannot set them and faults (VT-d
 * §3.6.2). D only with RW, where alone it is needed; D without RW is a shadow
 * stack to the processor.
 */
static uint64_t x86_leaf(uint64_t pa, unsigned size_shift, unsigned prot)
{
    return pa | X86_P | X86_A | (prot & IOMMU_WRITE ? X86_RW | X86_D : 0) |
           (prot & PT_USER ? X86_US : 0) | x86_memory_type(prot) |
           (prot & PT_GLOBAL ? X86_G : 0) | (prot & PT_EXECUTE ? 0 : X86_NX) |
           (size_shift > PT_PAGE_SHIFT ? X86_PS : 0);
}

/* The address of a large leaf starts above its PAT bit, 12. */
static uint64_t x86_leaf_pa(uint64_t entry, unsigned size_shift)
{
    return entry & X86_ADDR & ~(BIT64(size_shift) - 1);
}

static unsigned x86_prot(uint64_t entry)
{
    unsigned prot = IOMMU_READ;

    if (entry & X86_RW)
        prot |= IOMMU_WRITE;
    if (!(entry & X86_NX))
        prot |= PT_EXECUTE;
    if (entry & X86_US)
        prot |= PT_USER;
    if (entry & X86_G)
        prot |= PT_GLOBAL;
    if (entry & X86_PCD)
        prot |= PT_UNCACHED;
    else if (entry & X86_PWT)
        prot |= PT_WRITE_COMBINE;
    return prot;
}

/* Rights are the AND over all levels; U/S is given where the whole table may serve users. */
static uint64_t x86_table(uint64_t pa, unsigned level, unsigned table_prot)
{
    (void)level;
    return pa | X86_P | X86_RW | X86_A | (table_prot & PT_USER ? X86_US : 0);
}

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
