/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For the page-table tests: the variants each test runs on, and a walk of
 * their tables as hardware does it, written from VT-d §3.6, §3.7, §9.7 and
 * §9.8 and from AMD-Vi §2.2.3, and not from the engine. Reserved bits that are
 * set end a walk.
 */
#ifndef PT_WALKER_H
#define PT_WALKER_H

#include "fake_platform.h"
#include "pt/pt.h"

#define PT_WALK_NONE UINT64_MAX             /* not present */
#define PT_WALK_RESERVED (UINT64_MAX - 1)   /* a reserved bit, or a table outside memory */

struct pt_variant {
    const struct pt_ops *ops;
    unsigned levels;
    bool coherent;
    uint64_t page_sizes;
};

extern const struct pt_variant pt_variants[];
extern const size_t pt_variant_count;

/* 46 bits of physical address. */
struct pt_config pt_variant_config(const struct pt_variant *variant, struct fake_platform *fake);
/* Makes a platform of so many pages and an empty table; aborts when that fails. */
void pt_variant_create(const struct pt_variant *variant, struct fake_platform *fake, size_t pages,
                       struct pt_table *table);

/*
 * What hardware reaches at iova: the address with IOMMU_READ and IOMMU_WRITE in
 * its low bits, or the above.
 */
uint64_t pt_walk(const struct pt_table *table, const struct pt_ops *ops,
                 const struct fake_platform *fake, bool snoops, uint64_t iova);

/* The same for AMD v1 from any root, and what a TLB would keep of it. */
struct pt_v1_leaf {
    uint64_t seen;          /* as pt_walk() returns it */
    unsigned size_shift;
    uint64_t entry_pa;      /* where the entry was read */
};

struct pt_v1_leaf pt_walk_v1(const struct fake_platform *fake, bool snoops, struct pt_root root,
                             uint64_t iova);
/* True when the leaf stands in as many copies as its size asks for, naturally aligned and all the same. */
bool pt_v1_copies_agree(const struct fake_platform *fake, bool snoops, const struct pt_v1_leaf *leaf);

#endif
