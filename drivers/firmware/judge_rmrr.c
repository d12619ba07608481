/* SPDX-License-Identifier: BSD-2-Clause */
/* RMRR: memory that devices may reach at any time, VT-d §8.4. Whose devices: judge_dmar_scope.c. */
#include "judge_internal.h"

#define DMAR_WIDTH 36u
#define RMRR_BASE 8u
#define RMRR_LIMIT 16u
#define CONVENTIONAL_END 0xa0000ull
#define LARGE (256 * JUDGE_MIB)

static const struct judge_rule reversed = {
    FW_ERROR,
    "rmrr-reversed",
    "Linux calls the region broken; Xen refuses the table; FreeBSD makes one of 32 pages of it",
    "firmware update",
    "VT-d §8.4",
};
static const struct judge_rule unaligned = {
    FW_WARNING,
    "rmrr-unaligned",
    "Linux calls the region broken and maps it rounded; FreeBSD rounds it",
    "firmware update",
    "VT-d §8.4",
};
static const struct judge_rule page_zero = {
    FW_WARNING,
    "rmrr-page-zero",
    "Linux reserves page 0 itself and maps it: DMA of these devices to address 0 by mistake is not "
    "stopped",
    "firmware update",
    "VT-d §8.4",
};
static const struct judge_rule conventional = {
    FW_WARNING,
    "rmrr-below-1m",
    "an operating system uses this memory for starting processors and sleep",
    "firmware update",
    "VT-d §8.4",
};
static const struct judge_rule legacy = {
    FW_NOTE,
    "rmrr-in-legacy-area",
    "Xen has met such regions outside of what the memory map reserves",
    "",
    "VT-d §8.4",
};
static const struct judge_rule in_ram = {
    FW_ERROR,
    "rmrr-in-ram",
    "Linux calls the region broken and maps it; Xen fails to convert it and starts without IOMMU: "
    "devices may write memory in use",
    "firmware update; memmap=SIZE$ADDRESS keeps Linux away from it",
    "VT-d §8.4",
};
static const struct judge_rule not_reserved = {
    FW_WARNING,
    "rmrr-not-reserved",
    "Linux says that no reserved region covers it and calls the region broken; Xen reserves it",
    "firmware update",
    "VT-d §8.4",
};
static const struct judge_rule huge = {
    FW_WARNING,
    "rmrr-huge",
    "all of it stays open to its devices, and no other DMA address can be there",
    "less graphics memory in the firmware setup; firmware update",
    "VT-d §8.4",
};
static const struct judge_rule large = {
    FW_NOTE,
    "rmrr-large",
    "all of it stays open to its devices, and no other DMA address can be there",
    "less graphics memory in the firmware setup",
    "VT-d §8.4",
};
static const struct judge_rule duplicate = {
    FW_WARNING,        "rmrr-duplicate", "Linux maps it twice, which is harmless; Xen warns",
    "firmware update", "VT-d §8.4",
};
static const struct judge_rule overlap = {
    FW_NOTE, "rmrr-overlap", "FreeBSD and Linux allow it", "", "VT-d §8.4",
};
static const struct judge_rule interrupts = {
    FW_ERROR,
    "rmrr-interrupt-range",
    "requests there are interrupts and never memory: the region cannot be mapped",
    "firmware update",
    "VT-d §3.15, §8.4",
};
static const struct judge_rule beyond = {
    FW_ERROR,          "rmrr-beyond-width", "the region cannot be mapped",
    "firmware update", "VT-d §8.1, §8.4",
};
static const struct judge_rule ht_hole = {
    FW_ERROR,
    "ht-hole",
    "these are HyperTransport's own addresses: DMA there never reaches memory",
    "firmware update",
    "AMD-Vi §3.4, EFR2.HTRangeIgnore",
};
static const struct judge_rule no_device = {
    FW_WARNING,        "rmrr-without-device", "Linux maps it for no device; Xen ignores it",
    "firmware update", "VT-d §8.4",
};

static void judge_place(struct judge *j, const struct judge_table *dmar, uint32_t at, uint64_t base,
                        uint64_t limit)
{
    unsigned bits = dmar->bytes[DMAR_WIDTH] + 1u;
    unsigned long long first = base, last = limit;

    if (base <= JUDGE_PAGE_MASK)
        judge_found(j, &page_zero, dmar, at, "the region 0x%llx to 0x%llx has page 0 in it", first,
                    last);
    else if (base < CONVENTIONAL_END)
        judge_found(j, &conventional, dmar, at,
                    "the region 0x%llx to 0x%llx begins in the first 640 KiB", first, last);
    else if (base < JUDGE_MIB)
        judge_found(j, &legacy, dmar, at, "the region 0x%llx to 0x%llx begins below 1 MiB", first,
                    last);
    if (base < JUDGE_INTERRUPTS_END && limit >= JUDGE_INTERRUPTS_START)
        judge_found(j, &interrupts, dmar, at,
                    "the region 0x%llx to 0x%llx meets 0xfee00000 to 0xfeefffff", first, last);
    if (bits < 64 && limit >> bits != 0)
        judge_found(j, &beyond, dmar, at,
                    "the region 0x%llx to 0x%llx has more than the table's %u address bits", first,
                    last, bits);
    if (j->facts->amd && base < JUDGE_HT_END && limit >= JUDGE_HT_START)
        judge_found(j, &ht_hole, dmar, at,
                    "the region 0x%llx to 0x%llx meets 0xfd00000000 to 0xffffffffff", first, last);
}

static void judge_memory(struct judge *j, const struct judge_table *dmar, uint32_t at,
                         uint64_t base, uint64_t limit)
{
    const struct fw_memory *ram = judge_memory_of(j, base, limit + 1, FW_MEMORY_RAM);
    unsigned long long first = base, last = limit;

    if (j->facts->memory == NULL)
        return;
    if (ram != NULL)
        judge_found(j, &in_ram, dmar, at,
                    "the region 0x%llx to 0x%llx lies in RAM (0x%llx to 0x%llx in the memory map)",
                    first, last, (unsigned long long)ram->start, (unsigned long long)ram->end - 1);
    else if (!judge_memory_is(j, base, limit + 1, FW_MEMORY_RESERVED))
        judge_found(j, &not_reserved, dmar, at,
                    "the memory map does not reserve all of the region 0x%llx to 0x%llx", first,
                    last);
}

static void judge_others(struct judge *j, const struct judge_table *dmar,
                         const struct judge_item *rmrr)
{
    struct judge_item item = { 0 };
    uint64_t base = bytes_u64(rmrr->at + RMRR_BASE), limit = bytes_u64(rmrr->at + RMRR_LIMIT);

    while (judge_dmar_next_of(dmar, &item, JUDGE_RMRR) && item.offset < rmrr->offset) {
        uint64_t other = bytes_u64(item.at + RMRR_BASE),
                 other_limit = bytes_u64(item.at + RMRR_LIMIT);

        if (bytes_u16(item.at + 6) != bytes_u16(rmrr->at + 6) || base > other_limit ||
            other > limit)
            continue;
        judge_found(
            j, base == other && limit == other_limit ? &duplicate : &overlap, dmar, rmrr->offset,
            "the region 0x%llx to 0x%llx and the one at 0x%x (0x%llx to 0x%llx) share memory",
            (unsigned long long)base, (unsigned long long)limit, item.offset,
            (unsigned long long)other, (unsigned long long)other_limit);
        return;
    }
}

static void judge_region(struct judge *j, const struct judge_table *dmar,
                         const struct judge_item *rmrr)
{
    uint64_t base = bytes_u64(rmrr->at + RMRR_BASE), limit = bytes_u64(rmrr->at + RMRR_LIMIT);
    uint32_t at = rmrr->offset;

    if (rmrr->len == judge_dmar_fixed(JUDGE_RMRR))
        judge_found(j, &no_device, dmar, at, "the region 0x%llx to 0x%llx is for no device",
                    (unsigned long long)base, (unsigned long long)limit);
    if (limit <= base || limit == UINT64_MAX) {
        judge_found(j, &reversed, dmar, at, "the region ends at 0x%llx and begins at 0x%llx",
                    (unsigned long long)limit, (unsigned long long)base);
        return;
    }
    if ((base & JUDGE_PAGE_MASK) != 0 || ((limit + 1) & JUDGE_PAGE_MASK) != 0)
        judge_found(j, &unaligned, dmar, at,
                    "the region 0x%llx to 0x%llx is not made of whole pages",
                    (unsigned long long)base, (unsigned long long)limit);
    if (limit - base >= LARGE)
        judge_found(j, limit - base >= JUDGE_GIB ? &huge : &large, dmar, at,
                    "the region 0x%llx to 0x%llx has %u MiB", (unsigned long long)base,
                    (unsigned long long)limit, (unsigned)((limit - base + 1) / JUDGE_MIB));
    judge_place(j, dmar, at, base, limit);
    judge_memory(j, dmar, at, base, limit);
    judge_others(j, dmar, rmrr);
}

void judge_rmrr(struct judge *j, const struct judge_table *dmar)
{
    struct judge_item item = { 0 };

    while (judge_dmar_next_of(dmar, &item, JUDGE_RMRR))
        judge_region(j, dmar, &item);
}
