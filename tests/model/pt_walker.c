/* SPDX-License-Identifier: BSD-2-Clause */
/* See pt_walker.h. */
#include "pt_walker.h"

#include <stdlib.h>

#define OUTPUT_BITS 46u
#define ADDRESS_RESERVED 0x000fc00000000000ull  /* bits 51:46 */

#define LEVEL_SIZES 0x40201000ull       /* 4 KiB, 2 MiB, 1 GiB */
#define ALL_SIZES 0x7ffffff000ull       /* each power of two up to 256 GiB */

const struct pt_variant pt_variants[] = {
    { &pt_vtd_ss, 3, false, LEVEL_SIZES }, { &pt_vtd_ss, 4, false, LEVEL_SIZES },
    { &pt_vtd_ss, 5, false, LEVEL_SIZES }, { &pt_vtd_ss, 4, true, LEVEL_SIZES },
    { &pt_x86_64, 4, false, LEVEL_SIZES }, { &pt_x86_64, 5, false, LEVEL_SIZES },
    { &pt_x86_64, 4, true, LEVEL_SIZES },
    { &pt_amd_v1, 3, false, LEVEL_SIZES }, { &pt_amd_v1, 3, false, ALL_SIZES },
    { &pt_amd_v1, 4, false, ALL_SIZES }, { &pt_amd_v1, 6, false, ALL_SIZES },
    { &pt_amd_v1, 4, true, ALL_SIZES },
    { &pt_amd_v2, 4, false, LEVEL_SIZES }, { &pt_amd_v2, 5, true, LEVEL_SIZES },
};
const size_t pt_variant_count = sizeof(pt_variants) / sizeof(pt_variants[0]);

struct pt_config pt_variant_config(const struct pt_variant *variant, struct fake_platform *fake)
{
    return (struct pt_config){
        .platform = &fake->platform, .platform_ctx = fake, .levels = variant->levels,
        .page_sizes = variant->page_sizes, .output_bits = OUTPUT_BITS, .coherent = variant->coherent,
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

/* NextLevel 7: the lowest 0 from bit 12 on, doubled (AMD-Vi §2.2.3). */
static unsigned v1_encoded_shift(uint64_t entry)
{
    unsigned bit = 12;

    while (bit < 52 && (entry >> bit & 1))
        bit++;
    return bit + 1;
}

/*
 * True for a leaf that the specification knows. A size lies between that of
 * the level and the next one's; 512 GiB pages nobody uses.
 */
static bool v1_leaf_valid(uint64_t entry, unsigned level, unsigned size_shift)
{
    unsigned shift = 12 + 9 * (level - 1), next = entry >> 9 & 7;
    uint64_t size_mask = (1ull << size_shift) - 1;

    if (next == 0)
        return level <= 3 && (entry & 0xffffffffff000 & size_mask) == 0;
    return size_shift > shift && size_shift < shift + 9 && size_shift < 39;
}

struct pt_v1_leaf pt_walk_v1(const struct fake_platform *fake, bool snoops, struct pt_root root,
                             uint64_t iova)
{
    struct pt_v1_leaf leaf = { .seen = PT_WALK_NONE };
    uint64_t at = root.pa, rights = IOMMU_RW;
    unsigned level = root.levels;

    if (level < 6 && iova >> (12 + 9 * level) != 0)
        return leaf;
    for (;;) {
        unsigned shift = 12 + 9 * (level - 1), next;
        uint64_t entry, size_mask, skipped;

        leaf.entry_pa = at + ((iova >> shift) & 0x1ff) * 8;
        entry = fake_read64(fake, leaf.entry_pa, snoops);
        next = entry >> 9 & 7;
        if (!(entry & 1))
            return leaf;
        rights &= entry >> 61 & 3;
        leaf.seen = PT_WALK_RESERVED;
        leaf.size_shift = next == 7 ? v1_encoded_shift(entry) : shift;
        size_mask = (1ull << leaf.size_shift) - 1;
        if (next == 0 || next == 7) {
            /* 58:52, 59 (U) and the address above 46 bits are 0, FC is 1. */
            if ((entry & 0x0ff0000000000000) || !(entry >> 60 & 1) ||
                (entry & ~size_mask & ADDRESS_RESERVED) || !v1_leaf_valid(entry, level, leaf.size_shift))
                return leaf;
            leaf.seen = (entry & 0x3ffffffff000 & ~size_mask) | (iova & size_mask & ~0xfffull) | rights;
            return leaf;
        }
        if ((entry & (0x1ff0000000000000 | ADDRESS_RESERVED)) || next >= level)
            return leaf;
        leaf.seen = PT_WALK_NONE;
        skipped = (iova & ((1ull << shift) - 1)) >> (12 + 9 * next);
        if (skipped != 0)
            return leaf;
        at = entry & 0x3ffffffff000;
        level = next;
    }
}

bool pt_v1_copies_agree(const struct fake_platform *fake, bool snoops, const struct pt_v1_leaf *leaf)
{
    uint64_t accessed_dirty = 0x60, entry = fake_read64(fake, leaf->entry_pa, snoops) & ~accessed_dirty;
    uint64_t bytes = 8ull << (leaf->size_shift - 12) % 9, first = leaf->entry_pa & ~(bytes - 1);

    for (uint64_t pa = first; pa < first + bytes; pa += 8)
        if ((fake_read64(fake, pa, snoops) & ~accessed_dirty) != entry)
            return false;
    return true;
}

uint64_t pt_walk(const struct pt_table *table, const struct pt_ops *ops,
                 const struct fake_platform *fake, bool snoops, uint64_t iova)
{
    bool first_stage = ops == &pt_x86_64 || ops == &pt_amd_v2, users = ops == &pt_amd_v2;
    uint64_t at = table->root_pa, rights = IOMMU_RW;
    struct pt_root root = { .pa = at, .levels = table->config.levels };

    if (ops == &pt_amd_v1)
        return pt_walk_v1(fake, snoops, root, iova).seen;
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
        if ((entry & reserved) || (first_stage && !(entry & 4) && (users || !leaf)))
            return PT_WALK_RESERVED;
        rights &= first_stage ? 1 | (entry & 2) : entry & 3;
        if (leaf)
            return (entry & 0x3ffffffff000 & ~size_mask) | (iova & size_mask & ~0xfffull) | rights;
        at = entry & 0x3ffffffff000;
    }
}
