/* SPDX-License-Identifier: BSD-2-Clause */
/* See pt_walker.h. */
#include "pt_walker.h"

#include <stdlib.h>

#define OUTPUT_BITS 46u
#define ADDRESS_RESERVED 0x000fc00000000000ull  /* bits 51:46 */

const struct pt_variant pt_variants[] = {
    { &pt_vtd_ss, 3, false }, { &pt_vtd_ss, 4, false },
    { &pt_vtd_ss, 5, false }, { &pt_vtd_ss, 4, true },
    { &pt_x86_64, 4, false }, { &pt_x86_64, 5, false }, { &pt_x86_64, 4, true },
};
const size_t pt_variant_count = sizeof(pt_variants) / sizeof(pt_variants[0]);

struct pt_config pt_variant_config(const struct pt_variant *variant, struct fake_platform *fake)
{
    return (struct pt_config){
        .platform = &fake->platform, .platform_ctx = fake, .levels = variant->levels,
        .page_sizes = 0x40201000, .output_bits = OUTPUT_BITS, .coherent = variant->coherent,
        .table_limit_pa = IOMMU_ANY_PA, .table_prot = PT_USER,
    };
}

void pt_variant_create(const struct pt_variant *variant, struct fake_platform *fake, size_t pages,
                       struct pt_table *table)
{
    struct pt_config config;

    fake_platform_init(fake, pages);
    config = pt_variant_config(variant, fake);
    if (variant->ops->create(table, &config) != IOMMU_OK)
        abort();
}

/* Bits that must be 0. level counts from 1 at the leaf table, as the specification's names do. */
static uint64_t second_stage_reserved(unsigned level, bool leaf)
{
    uint64_t reserved = ADDRESS_RESERVED | 1ull << 62 | 1ull << 11;

    if (level >= 4)
        reserved |= 1ull << 7;
    if (leaf && level == 2)
        reserved |= 0x001ff000;     /* 20:12 */
    if (leaf && level == 3)
        reserved |= 0x3ffff000;     /* 29:12 */
    return reserved;
}

static uint64_t first_stage_reserved(unsigned level, bool leaf)
{
    uint64_t reserved = ADDRESS_RESERVED;

    if (level >= 4)
        reserved |= 1ull << 7;
    if (leaf && level == 2)
        reserved |= 0x001fe000;     /* 20:13 */
    if (leaf && level == 3)
        reserved |= 0x3fffe000;     /* 29:13 */
    return reserved;
}

uint64_t pt_walk(const struct pt_table *table, const struct pt_ops *ops,
                 const struct fake_platform *fake, bool snoops, uint64_t iova)
{
    bool first_stage = ops == &pt_x86_64;
    uint64_t at = table->root_pa, rights = IOMMU_RW;

    for (unsigned level = table->config.levels;; level--) {
        unsigned shift = 12 + 9 * (level - 1);
        uint64_t entry = fake_read64(fake, at + ((iova >> shift) & 0x1ff) * 8, snoops);
        bool leaf = level == 1 || (level <= 3 && (entry & 0x80));
        uint64_t reserved = first_stage ? first_stage_reserved(level, leaf)
                                        : second_stage_reserved(level, leaf);
        uint64_t size_mask = (1ull << shift) - 1;

        /* First stage: P; U/S is needed too, R/W writes. Second stage: R, W. */
        if (first_stage ? !(entry & 1) : !(entry & 3))
            return PT_WALK_NONE;
        if ((entry & reserved) || (first_stage && !(entry & 4) && !leaf))
            return PT_WALK_RESERVED;
        rights &= first_stage ? 1 | (entry & 2) : entry & 3;
        if (leaf)
            return (entry & 0x3ffffffff000 & ~size_mask) | (iova & size_mask & ~0xfffull) | rights;
        at = entry & 0x3ffffffff000;
    }
}
