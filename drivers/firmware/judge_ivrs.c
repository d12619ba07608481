/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IVRS (AMD-Vi §5.2): header, the sequence of blocks, units (IVHD). Device
 * entries: judge_ivhd.c; memory regions: judge_ivmd.c.
 */
#include "judge_internal.h"

#include "bits.h"

#define IVRS_FIXED 48u
#define IVRS_REVISION 8u
#define IVRS_IVINFO 36u
#define IVRS_RESERVED 40u
#define IVINFO_EFR BIT32(0)
#define IVINFO_DMA_REMAP BIT32(1)
#define IVINFO_PHYSICAL_BITS BITS32(14, 8)
#define IVINFO_VIRTUAL_BITS BITS32(21, 15)
#define BLOCK_10 0x10u
#define BLOCK_11 0x11u
#define BLOCK_40 0x40u
#define BLOCK_IVMD_FIRST 0x20u
#define BLOCK_IVMD_LAST 0x22u
#define REGISTERS_LEN 0x4000u /* AMD-Vi §3.2 */
#define EFR2_HT_IGNORED BIT64(11)

static const struct judge_rule block_length = {
    FW_ERROR,          "block-length",  "Linux and Xen refuse the table; the IOMMU stays off",
    "firmware update", "AMD-Vi §5.2.2",
};
static const struct judge_rule block_short = {
    FW_ERROR,          "block-short",   "readers that trust the type read into the next block",
    "firmware update", "AMD-Vi §5.2.2",
};
static const struct judge_rule block_unknown = {
    FW_NOTE, "block-unknown", "Linux and Xen skip it", "", "AMD-Vi §5.2.2",
};
static const struct judge_rule block_revision = {
    FW_WARNING,
    "block-revision",
    "a reader of revision 1 expects entries of fixed size only",
    "firmware update",
    "AMD-Vi §5.2.1",
};
static const struct judge_rule reserved_set = {
    FW_NOTE, "reserved-set", "readers ignore reserved bytes", "", "AMD-Vi §5.2.1",
};
static const struct judge_rule no_unit = {
    FW_ERROR, "no-unit", "Linux finds no IOMMU", "firmware update", "AMD-Vi §5.2.2",
};
static const struct judge_rule names_nothing = {
    FW_ERROR,          "unit-without-function", "Linux and Xen refuse the block",
    "firmware update", "AMD-Vi §5.2.2",
};
static const struct judge_rule function_absent = {
    FW_ERROR,
    "unit-function-absent",
    "Linux cannot switch the unit on without its PCI function",
    "firmware update",
    "AMD-Vi §3.2, §5.2.2",
};
static const struct judge_rule segment_unknown = {
    FW_WARNING,
    "segment-unknown",
    "Linux finds none of the unit's devices",
    "firmware update",
    "AMD-Vi §5.2.2, PCI Firmware 3.3 §4.1.2",
};
static const struct judge_rule type_missing = {
    FW_ERROR,
    "block-type-missing",
    "Linux takes blocks of one type, the highest of the first unit: it never sees this unit, and "
    "DMA "
    "of its devices is not translated",
    "firmware update",
    "AMD-Vi §5.2.2",
};
static const struct judge_rule twice = {
    FW_ERROR,
    "block-twice",
    "Linux adds the second block's devices to the first's; Xen refuses the table",
    "firmware update",
    "AMD-Vi §5.2.2",
};
static const struct judge_rule disagree = {
    FW_ERROR,
    "blocks-disagree",
    "which of the blocks is used depends on the system: Linux takes 40h, Xen 11h",
    "firmware update",
    "AMD-Vi §5.2.2",
};
static const struct judge_rule efr_invalid = {
    FW_NOTE, "efr-not-valid", "Linux and Xen read the features from the registers instead",
    "",      "AMD-Vi §5.2.1",
};
static const struct judge_rule no_remapping = {
    FW_ERROR,
    "intremap-not-capable",
    "Linux switches interrupt remapping off for the whole machine",
    "intremap=off; firmware update",
    "AMD-Vi §5.2.2.7",
};
static const struct judge_rule opt_in_open = {
    FW_WARNING,
    "dma-opt-in-not-protected",
    "Windows (Kernel DMA Protection) and Linux take the flag for a promise that nothing wrote "
    "memory before them",
    "switch pre-boot DMA protection on in the firmware setup; firmware update",
    "AMD-Vi §5.2.1",
};
static const struct judge_rule opt_in_unused = {
    FW_WARNING,
    "dma-opt-in-unused",
    "what firmware kept out comes in as soon as the system runs without the units; Linux shows "
    "Thunderbolt's iommu_dma_protection as 0",
    "on Linux no iommu=off or amd_iommu=off",
    "AMD-Vi §5.2.1",
};
static const struct judge_rule opt_in_missing = {
    FW_NOTE,
    "dma-opt-in-missing",
    "Windows offers no Kernel DMA Protection, and Thunderbolt's iommu_dma_protection is 0 on Linux",
    "firmware setup: Kernel or pre-boot DMA protection",
    "AMD-Vi §5.2.1",
};
static const struct judge_rule ht_hole = {
    FW_ERROR,
    "ht-hole",
    "these are HyperTransport's own addresses: DMA there never reaches memory",
    "firmware update",
    "AMD-Vi §3.4, EFR2.HTRangeIgnore",
};
static const struct judge_rule virtual_width = {
    FW_WARNING,
    "virtual-width",
    "a driver that trusts the table maps addresses that the unit cannot take",
    "firmware update",
    "AMD-Vi §5.2.1",
};

bool judge_ivrs_next(const struct judge_table *ivrs, struct judge_item *item)
{
    uint32_t at = item->offset == 0 ? IVRS_FIXED : item->offset + item->len;

    if (ivrs->len - at < 4)
        return false;
    *item = (struct judge_item) { .at = ivrs->bytes + at,
                                  .offset = at,
                                  .type = ivrs->bytes[at],
                                  .len = bytes_u16(ivrs->bytes + at + 2) };
    return item->len >= 4 && item->len <= ivrs->len - at;
}

uint32_t judge_ivhd_fixed(unsigned type)
{
    return type == BLOCK_10 ? 24 : 40;
}

static bool is_ivhd_type(unsigned type)
{
    return type == BLOCK_10 || type == BLOCK_11 || type == BLOCK_40;
}

bool judge_is_ivhd(const struct judge_item *item)
{
    return is_ivhd_type(item->type) && item->len >= judge_ivhd_fixed(item->type);
}

static uint16_t rid_of(const struct judge_item *ivhd)
{
    return bytes_u16(ivhd->at + 4);
}

static uint16_t segment_of(const struct judge_item *ivhd)
{
    return bytes_u16(ivhd->at + 16);
}

static bool same_unit(const struct judge_item *a, const struct judge_item *b)
{
    return rid_of(a) == rid_of(b) && segment_of(a) == segment_of(b);
}

static bool ivhd_next(const struct judge_table *ivrs, struct judge_item *item)
{
    while (judge_ivrs_next(ivrs, item))
        if (judge_is_ivhd(item))
            return true;
    return false;
}

/* The unit has no block of a higher type, and none of the same before. */
static bool is_best(const struct judge_table *ivrs, const struct judge_item *ivhd)
{
    struct judge_item item = { 0 };

    while (ivhd_next(ivrs, &item))
        if (same_unit(&item, ivhd) &&
            (item.type > ivhd->type || (item.type == ivhd->type && item.offset < ivhd->offset)))
            return false;
    return true;
}

static void judge_blocks(struct judge *j, const struct judge_table *ivrs)
{
    struct judge_item item = { 0 };
    uint32_t end = IVRS_FIXED;

    for (; judge_ivrs_next(ivrs, &item); end = item.offset + item.len) {
        if (item.type >= BLOCK_IVMD_FIRST && item.type <= BLOCK_IVMD_LAST)
            continue;
        if (!is_ivhd_type(item.type))
            judge_found(j, &block_unknown, ivrs, item.offset,
                        "block type %02xh of %u bytes is not known", item.type, item.len);
        else if (!judge_is_ivhd(&item))
            judge_found(j, &block_short, ivrs, item.offset,
                        "a block of type %02xh needs %u bytes and has %u", item.type,
                        judge_ivhd_fixed(item.type), item.len);
        else if (item.type == BLOCK_40 && ivrs->bytes[IVRS_REVISION] < 2)
            judge_found(j, &block_revision, ivrs, item.offset,
                        "a block of type 40h in a table of revision %u",
                        ivrs->bytes[IVRS_REVISION]);
    }
    if (end != ivrs->len)
        judge_found(j, &block_length, ivrs, end,
                    "a block cannot have length %u, with %u bytes left",
                    ivrs->len - end < 4 ? 0 : bytes_u16(ivrs->bytes + end + 2), ivrs->len - end);
}

bool judge_ht_ignored(const struct judge_table *ivrs)
{
    uint32_t ivinfo = bytes_u32(ivrs->bytes + IVRS_IVINFO);
    struct judge_item item = { 0 };

    while ((ivinfo & IVINFO_EFR) != 0 && ivhd_next(ivrs, &item))
        if (item.type != BLOCK_10 && (bytes_u64(item.at + 32) & EFR2_HT_IGNORED) != 0)
            return true;
    return false;
}

static void judge_ht_ram(struct judge *j, const struct judge_table *ivrs)
{
    const struct fw_memory *ram = judge_memory_of(j, JUDGE_HT_START, JUDGE_HT_END, FW_MEMORY_RAM);

    if (ram != NULL && !judge_ht_ignored(ivrs))
        judge_found(j, &ht_hole, ivrs, 0,
                    "RAM from 0x%llx to 0x%llx meets 0xfd00000000 to 0xffffffffff",
                    (unsigned long long)ram->start, (unsigned long long)ram->end - 1);
}

static void judge_widths(struct judge *j, const struct judge_table *ivrs, uint32_t ivinfo)
{
    unsigned bits = (unsigned)field_get(ivinfo, IVINFO_VIRTUAL_BITS);

    judge_address_width(j, ivrs, IVRS_IVINFO, (unsigned)field_get(ivinfo, IVINFO_PHYSICAL_BITS),
                        "the physical address size");
    for (size_t i = 0; i < j->facts->unit_count; i++) {
        unsigned can = j->facts->units[i].guest_address_bits;

        if (bits != 0 && can != 0 && j->facts->units[i].answers && bits > can)
            judge_found(j, &virtual_width, ivrs, IVRS_IVINFO,
                        "the table says %u bits of virtual address, the unit at 0x%llx takes %u",
                        bits, (unsigned long long)j->facts->units[i].registers_pa, can);
    }
}

static void judge_protection(struct judge *j, const struct judge_table *ivrs, uint32_t ivinfo)
{
    if ((ivinfo & IVINFO_DMA_REMAP) == 0) {
        judge_found(j, &opt_in_missing, ivrs, IVRS_IVINFO,
                    "IVinfo 0x%08x does not say that firmware kept DMA out", ivinfo);
        return;
    }
    if (j->facts->units_unused)
        judge_found(j, &opt_in_unused, ivrs, IVRS_IVINFO,
                    "firmware says that DMA was kept out; the running system uses no unit");
    for (size_t i = 0; !j->facts->entry_unknown && i < j->facts->unit_count; i++)
        if (j->facts->units[i].answers && !j->facts->units[i].translated_at_entry)
            judge_found(j, &opt_in_open, ivrs, IVRS_IVINFO,
                        "firmware says that DMA was kept out; the unit at 0x%llx came switched off",
                        (unsigned long long)j->facts->units[i].registers_pa);
}

static void judge_header(struct judge *j, const struct judge_table *ivrs)
{
    uint32_t ivinfo = bytes_u32(ivrs->bytes + IVRS_IVINFO);
    struct judge_item item = { 0 };

    for (uint32_t at = IVRS_RESERVED; at < IVRS_FIXED; at++)
        if (ivrs->bytes[at] != 0) {
            judge_found(j, &reserved_set, ivrs, at, "a reserved byte of the header is 0x%02x",
                        ivrs->bytes[at]);
            break;
        }
    while ((ivinfo & IVINFO_EFR) == 0 && ivhd_next(ivrs, &item))
        if (item.type != BLOCK_10) {
            judge_found(j, &efr_invalid, ivrs, IVRS_IVINFO,
                        "IVinfo 0x%08x says that the feature register of block %02xh is not valid",
                        ivinfo, item.type);
            break;
        }
    judge_widths(j, ivrs, ivinfo);
    judge_protection(j, ivrs, ivinfo);
    judge_ht_ram(j, ivrs);
}

/* An earlier unit, as its best block says, has the same registers. */
static bool registers_taken(const struct judge_table *ivrs, const struct judge_item *ivhd)
{
    struct judge_item item = { 0 };

    while (ivhd_next(ivrs, &item) && item.offset < ivhd->offset)
        if (bytes_u64(item.at + 8) == bytes_u64(ivhd->at + 8) && !same_unit(&item, ivhd) &&
            is_best(ivrs, &item))
            return true;
    return false;
}

static void judge_function_of(struct judge *j, const struct judge_table *ivrs,
                              const struct judge_item *ivhd)
{
    uint16_t rid = rid_of(ivhd), segment = segment_of(ivhd), capability = bytes_u16(ivhd->at + 6);
    const struct pci_function *f = judge_function(j, segment, rid);

    if (rid == 0 || capability < 0x40 || capability > 0xfc || capability % 4 != 0)
        judge_found(j, &names_nothing, ivrs, ivhd->offset,
                    "the block is for function %02x:%02x.%x, capability at 0x%x", rid >> 8,
                    rid >> 3 & 31u, rid & 7u, capability);
    else if (j->facts->functions != NULL && (f == NULL || f->class_code >> 8 != 0x0806))
        judge_found(j, &function_absent, ivrs, ivhd->offset, "the unit's function %02x:%02x.%x %s",
                    rid >> 8, rid >> 3 & 31u, rid & 7u,
                    f == NULL ? "is not there" : "is no IOMMU (class 0806h)");
    if (!judge_segment_known(j, segment))
        judge_found(j, &segment_unknown, ivrs, ivhd->offset + 16,
                    "the unit is for segment %u, which MCFG does not have", segment);
}

/* Linux compares functions without their segments. */
static void judge_type(struct judge *j, const struct judge_table *ivrs,
                       const struct judge_item *ivhd)
{
    struct judge_item item = { 0 }, first = { 0 };
    unsigned taken = 0;
    bool has = false;

    (void)ivhd_next(ivrs, &first);
    while (ivhd_next(ivrs, &item))
        if (rid_of(&item) == rid_of(&first) && item.type > taken)
            taken = item.type;
    item.offset = 0;
    while (ivhd_next(ivrs, &item))
        has |= same_unit(&item, ivhd) && item.type == taken;
    if (!has)
        judge_found(j, &type_missing, ivrs, ivhd->offset,
                    "the unit has no block of type %02xh, as the first unit has", taken);
}

static void judge_unit(struct judge *j, const struct judge_table *ivrs,
                       const struct judge_item *ivhd)
{
    const struct fw_unit_state *state = judge_unit_state(j, bytes_u64(ivhd->at + 8));

    judge_unit_registers(j, &(struct judge_unit) { .table = ivrs,
                                                   .offset = ivhd->offset,
                                                   .registers_pa = bytes_u64(ivhd->at + 8),
                                                   .registers_len = REGISTERS_LEN,
                                                   .repeated = registers_taken(ivrs, ivhd) });
    judge_function_of(j, ivrs, ivhd);
    judge_type(j, ivrs, ivhd);
    if (state != NULL && state->answers && !state->interrupt_remapping)
        judge_found(j, &no_remapping, ivrs, ivhd->offset,
                    "the unit at 0x%llx cannot remap interrupts",
                    (unsigned long long)state->registers_pa);
}

/* A block that repeats an earlier one of its unit: what both say must be the same. */
static void judge_repetition(struct judge *j, const struct judge_table *ivrs,
                             const struct judge_item *ivhd)
{
    struct judge_item item = { 0 };

    while (ivhd_next(ivrs, &item) && item.offset < ivhd->offset) {
        if (!same_unit(&item, ivhd))
            continue;
        if (item.type == ivhd->type)
            judge_found(j, &twice, ivrs, ivhd->offset,
                        "the unit has another block of type %02xh at 0x%x", item.type, item.offset);
        if (bytes_u64(item.at + 8) != bytes_u64(ivhd->at + 8) ||
            bytes_u16(item.at + 6) != bytes_u16(ivhd->at + 6))
            judge_found(j, &disagree, ivrs, ivhd->offset,
                        "block %02xh says registers 0x%llx, capability 0x%x; block %02xh at 0x%x "
                        "0x%llx and 0x%x",
                        ivhd->type, (unsigned long long)bytes_u64(ivhd->at + 8),
                        bytes_u16(ivhd->at + 6), item.type, item.offset,
                        (unsigned long long)bytes_u64(item.at + 8), bytes_u16(item.at + 6));
        if (item.type != BLOCK_10 && ivhd->type != BLOCK_10 &&
            bytes_u64(item.at + 24) != bytes_u64(ivhd->at + 24))
            judge_found(j, &disagree, ivrs, ivhd->offset + 24,
                        "block %02xh says features 0x%llx, block %02xh at 0x%x 0x%llx", ivhd->type,
                        (unsigned long long)bytes_u64(ivhd->at + 24), item.type, item.offset,
                        (unsigned long long)bytes_u64(item.at + 24));
        return;
    }
}

void judge_ivrs(struct judge *j, const struct judge_table *ivrs)
{
    struct judge_item item = { 0 };
    bool any = false;

    j->source_count = 0;
    judge_header(j, ivrs);
    judge_blocks(j, ivrs);
    for (; ivhd_next(ivrs, &item); any = true) {
        bool best = is_best(ivrs, &item);

        if (best)
            judge_unit(j, ivrs, &item);
        judge_repetition(j, ivrs, &item);
        judge_ivhd_entries(j, ivrs, &item, best);
    }
    if (!any)
        judge_found(j, &no_unit, ivrs, 0, "the table has no unit");
    judge_ivhd_compare(j, ivrs);
    judge_ivmd(j, ivrs);
    judge_ivrs_coverage(j, ivrs);
    if (any)
        judge_sources(j, ivrs);
}
