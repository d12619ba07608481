/* SPDX-License-Identifier: BSD-2-Clause */
/* IVMD: memory that devices may reach at any time, AMD-Vi §5.2 */
#include "judge_internal.h"

#include "bits.h"

#define IVMD_LEN 32u
#define IVMD_ONE 0x21u
#define IVMD_RANGE 0x22u
#define FLAG_UNITY 0x01u
#define FLAG_ACCESS 0x06u
#define FLAG_EXCLUSION 0x08u
#define FLAGS_RESERVED 0xf0u
#define IVINFO 36u
#define IVINFO_PHYSICAL_BITS BITS32(14, 8)
#define PHYSICAL_BITS 52u

static const struct judge_rule length_rule = {
    FW_ERROR,
    "ivmd-length",
    "Xen refuses the table; Linux reads 32 bytes whatever it says",
    "firmware update",
    "AMD-Vi §5.2",
};
static const struct judge_rule flags_rule = {
    FW_ERROR,          "ivmd-flags",  "Xen refuses the block; Linux maps nothing",
    "firmware update", "AMD-Vi §5.2",
};
static const struct judge_rule reserved_flags = {
    FW_NOTE, "ivmd-reserved-flags", "Linux and Xen ignore them", "", "AMD-Vi §5.2",
};
static const struct judge_rule exclusion = {
    FW_NOTE,
    "ivmd-exclusion",
    "Linux and Xen map an exclusion range for its devices instead of excluding it",
    "",
    "AMD-Vi §5.2",
};
static const struct judge_rule devices_reversed = {
    FW_ERROR,
    "ivmd-devices-reversed",
    "Xen refuses the table; Linux maps it for no device",
    "firmware update",
    "AMD-Vi §5.2",
};
static const struct judge_rule empty = {
    FW_ERROR, "ivmd-empty", "Linux maps nothing", "firmware update", "AMD-Vi §5.2",
};
static const struct judge_rule beyond = {
    FW_ERROR,          "ivmd-beyond-width", "Xen skips a region that the IOMMU cannot address",
    "firmware update", "AMD-Vi §5.2",
};
static const struct judge_rule unaligned = {
    FW_WARNING,
    "ivmd-unaligned",
    "Linux begins with the next whole page, so that DMA to what lies before it faults; Xen maps "
    "the "
    "pages whole, so that devices reach what lies beside it",
    "firmware update",
    "AMD-Vi §5.2",
};
static const struct judge_rule in_ram = {
    FW_ERROR,
    "ivmd-in-ram",
    "Xen fails to convert the pages and starts without IOMMU; under Linux devices may write memory "
    "in use",
    "firmware update; Xen: ivmd=; memmap=SIZE$ADDRESS keeps Linux away from it",
    "AMD-Vi §5.2",
};
static const struct judge_rule not_reserved = {
    FW_WARNING,        "ivmd-not-reserved", "Xen warns and reserves what is not RAM",
    "firmware update", "AMD-Vi §5.2",
};
static const struct judge_rule in_acpi = {
    FW_NOTE, "ivmd-in-acpi-memory", "Xen warns; nobody hands such memory out", "", "AMD-Vi §5.2",
};
static const struct judge_rule ht_hole = {
    FW_ERROR,
    "ht-hole",
    "these are HyperTransport's own addresses: DMA there never reaches memory",
    "firmware update",
    "AMD-Vi §3.4, EFR2.HTRangeIgnore",
};
static const struct judge_rule interrupts = {
    FW_ERROR,          "ivmd-interrupt-range", "requests there are interrupts and never memory",
    "firmware update", "AMD-Vi §2.2.5",
};
static const struct judge_rule duplicate = {
    FW_WARNING,        "ivmd-duplicate", "Linux maps it twice, which is harmless",
    "firmware update", "AMD-Vi §5.2",
};

static void judge_form(struct judge *j, const struct judge_table *ivrs,
                       const struct judge_item *ivmd)
{
    uint8_t flags = ivmd->at[1];

    if (ivmd->len > IVMD_LEN)
        judge_found(j, &length_rule, ivrs, ivmd->offset + 2,
                    "a block of type %02xh has %u bytes instead of %u", ivmd->type, ivmd->len,
                    IVMD_LEN);
    if ((flags & FLAGS_RESERVED) != 0)
        judge_found(j, &reserved_flags, ivrs, ivmd->offset + 1,
                    "flags 0x%02x have reserved bits set", flags);
    if ((flags & (FLAG_UNITY | FLAG_EXCLUSION)) == 0)
        judge_found(j, &flags_rule, ivrs, ivmd->offset + 1,
                    "flags 0x%02x say neither unity mapping nor exclusion", flags);
    else if ((flags & (FLAG_EXCLUSION | FLAG_ACCESS)) == 0)
        judge_found(j, &flags_rule, ivrs, ivmd->offset + 1,
                    "flags 0x%02x allow neither reading nor writing", flags);
    else if ((flags & FLAG_EXCLUSION) != 0)
        judge_found(j, &exclusion, ivrs, ivmd->offset + 1,
                    "flags 0x%02x make it an exclusion range", flags);
    if (ivmd->type == IVMD_RANGE && bytes_u16(ivmd->at + 6) < bytes_u16(ivmd->at + 4))
        judge_found(j, &devices_reversed, ivrs, ivmd->offset + 4,
                    "the region is for functions 0x%04x to 0x%04x", bytes_u16(ivmd->at + 4),
                    bytes_u16(ivmd->at + 6));
}

/* Every byte lies in memory that firmware keeps, for itself or for ACPI. */
static bool is_kept(const struct judge *j, uint64_t start, uint64_t end)
{
    while (start < end) {
        const struct fw_memory *m = judge_memory_of(j, start, start + 1, FW_MEMORY_RESERVED);

        if (m == NULL)
            m = judge_memory_of(j, start, start + 1, FW_MEMORY_ACPI);
        if (m == NULL)
            return false;
        start = m->end;
    }
    return true;
}

static void judge_place(struct judge *j, const struct judge_table *ivrs, uint32_t at,
                        uint64_t start, uint64_t end)
{
    const struct fw_memory *ram = judge_memory_of(j, start, end, FW_MEMORY_RAM);
    unsigned long long first = start, last = end - 1;

    if (((start | end) & JUDGE_PAGE_MASK) != 0)
        judge_found(j, &unaligned, ivrs, at,
                    "the region 0x%llx to 0x%llx is not made of whole pages", first, last);
    if (start < JUDGE_HT_END && end > JUDGE_HT_START && !judge_ht_ignored(ivrs))
        judge_found(j, &ht_hole, ivrs, at,
                    "the region 0x%llx to 0x%llx meets 0xfd00000000 to 0xffffffffff", first, last);
    if (start < JUDGE_INTERRUPTS_END && end > JUDGE_INTERRUPTS_START)
        judge_found(j, &interrupts, ivrs, at,
                    "the region 0x%llx to 0x%llx meets 0xfee00000 to 0xfeefffff", first, last);
    if (ram != NULL)
        judge_found(j, &in_ram, ivrs, at,
                    "the region 0x%llx to 0x%llx lies in RAM (0x%llx to 0x%llx in the memory map)",
                    first, last, (unsigned long long)ram->start, (unsigned long long)ram->end - 1);
    else if (j->facts->memory != NULL && !judge_memory_is(j, start, end, FW_MEMORY_RESERVED))
        judge_found(j, is_kept(j, start, end) ? &in_acpi : &not_reserved, ivrs, at,
                    "the memory map does not reserve all of the region 0x%llx to 0x%llx", first,
                    last);
}

static bool is_ivmd(const struct judge_item *item)
{
    return item->type >= 0x20 && item->type <= IVMD_RANGE;
}

/* All but flags: devices, segment and region. */
static bool same_region(const struct judge_item *a, const struct judge_item *b)
{
    return a->type == b->type && bytes_u64(a->at + 16) == bytes_u64(b->at + 16) &&
           bytes_u64(a->at + 24) == bytes_u64(b->at + 24) &&
           bytes_u32(a->at + 4) == bytes_u32(b->at + 4) &&
           bytes_u16(a->at + 8) == bytes_u16(b->at + 8);
}

static void judge_region(struct judge *j, const struct judge_table *ivrs,
                         const struct judge_item *ivmd)
{
    uint64_t start = bytes_u64(ivmd->at + 16), len = bytes_u64(ivmd->at + 24), end;
    unsigned bits = (unsigned)field_get(bytes_u32(ivrs->bytes + IVINFO), IVINFO_PHYSICAL_BITS);
    struct judge_item item = { 0 };

    judge_form(j, ivrs, ivmd);
    if (bits == 0 || bits > PHYSICAL_BITS)
        bits = PHYSICAL_BITS;
    end = 1ull << bits;
    if (len == 0) {
        judge_found(j, &empty, ivrs, ivmd->offset + 24, "the region at 0x%llx is empty",
                    (unsigned long long)start);
        return;
    }
    if (start >= end || len > end - start) {
        judge_found(j, &beyond, ivrs, ivmd->offset + 16,
                    "the region at 0x%llx of 0x%llx bytes ends above %u bits",
                    (unsigned long long)start, (unsigned long long)len, bits);
        return;
    }
    judge_place(j, ivrs, ivmd->offset + 16, start, start + len);
    while (judge_ivrs_next(ivrs, &item) && item.offset < ivmd->offset)
        if (is_ivmd(&item) && item.len >= IVMD_LEN && same_region(&item, ivmd)) {
            judge_found(j, &duplicate, ivrs, ivmd->offset,
                        "the block at 0x%x is for the same devices and memory", item.offset);
            return;
        }
}

void judge_ivmd(struct judge *j, const struct judge_table *ivrs)
{
    struct judge_item item = { 0 };

    while (judge_ivrs_next(ivrs, &item)) {
        if (!is_ivmd(&item))
            continue;
        if (item.len < IVMD_LEN)
            judge_found(j, &length_rule, ivrs, item.offset + 2,
                        "a block of type %02xh has %u bytes instead of %u", item.type, item.len,
                        IVMD_LEN);
        else
            judge_region(j, ivrs, &item);
    }
}
