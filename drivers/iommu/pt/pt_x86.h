/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries of x86-64 page tables (Intel SDM volume 3, 4-level and 5-level
 * paging; VT-d §9.7, Tables 31 to 40; AMD-Vi §2.2.6.5), for the formats made of them.
 *
 * First stage ignores NX and G, and reserves nothing that is set here. Not
 * used: the PAT bit (7 in 4 KiB leaves, 12 in large ones), protection keys, EA.
 */
#ifndef IOMMU_PT_X86_H
#define IOMMU_PT_X86_H

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

static inline enum pt_kind x86_kind(uint64_t entry, unsigned level)
{
    if (!(entry & X86_P))
        return PT_EMPTY;
    return level == 0 || (entry & X86_PS) ? PT_LEAF : PT_TABLE;
}

/* PAT entry 3 is uncached at reset and stays so; entry 1 is the kernel's write-combining. */
static inline uint64_t x86_memory_type(unsigned prot)
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
static inline uint64_t x86_leaf(uint64_t pa, unsigned size_shift, unsigned prot)
{
    return pa | X86_P | X86_A | (prot & IOMMU_WRITE ? X86_RW | X86_D : 0) |
           (prot & PT_USER ? X86_US : 0) | x86_memory_type(prot) |
           (prot & PT_GLOBAL ? X86_G : 0) | (prot & PT_EXECUTE ? 0 : X86_NX) |
           (size_shift > PT_PAGE_SHIFT ? X86_PS : 0);
}

/* The address of a large leaf starts above its PAT bit, 12. */
static inline uint64_t x86_leaf_pa(uint64_t entry, unsigned size_shift)
{
    return entry & X86_ADDR & ~(BIT64(size_shift) - 1);
}

static inline unsigned x86_prot(uint64_t entry)
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
static inline uint64_t x86_table(uint64_t pa, unsigned level, unsigned table_prot)
{
    (void)level;
    return pa | X86_P | X86_RW | X86_A | (table_prot & PT_USER ? X86_US : 0);
}

#endif
