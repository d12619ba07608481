/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DMAR (VT-d §8): header, the sequence of structures, units. Scopes:
 * judge_dmar_scope.c; reserved regions: judge_rmrr.c; ATSR, RHSA, ANDD, SATC,
 * SIDP: judge_dmar_rest.c.
 */
#include "judge_internal.h"

#include "intel/dmar.h"

#define DMAR_FIXED 48u
#define DMAR_WIDTH 36u
#define DMAR_FLAGS 37u
#define DMAR_RESERVED 38u
#define DMAR_FLAGS_KNOWN 7u
#define WIDTH_LEAST 12u
#define DRHD_FLAGS 4u
#define DRHD_SIZE 5u
#define DRHD_SIZE_MASK 15u
#define DRHD_INCLUDE_ALL 1u
#define X2APIC_NEEDED 255u

static const struct judge_rule structure_length = {
    FW_ERROR,
    "structure-length",
    "Linux and Xen refuse the table; DMA remapping stays off",
    "firmware update",
    "VT-d §8.2",
};
static const struct judge_rule structure_short = {
    FW_ERROR,
    "structure-short",
    "readers that trust the type read into the next structure",
    "firmware update",
    "VT-d §8.2",
};
static const struct judge_rule structure_unknown = {
    FW_NOTE, "structure-unknown", "Linux skips it, as the specification says", "", "VT-d §8.2",
};
static const struct judge_rule structure_unaligned = {
    FW_NOTE,
    "structure-unaligned",
    "harmless on x86; a reader on a processor with strict alignment traps",
    "",
    "VT-d §8.2",
};
static const struct judge_rule structure_order = {
    FW_NOTE, "structure-order", "Linux and Xen do not mind", "", "VT-d §8.2",
};
static const struct judge_rule width_bad = {
    FW_ERROR, "address-width", "Linux and Xen refuse the table", "firmware update", "VT-d §8.1",
};
static const struct judge_rule reserved_set = {
    FW_NOTE, "reserved-set", "readers ignore reserved bytes", "", "VT-d §8.1",
};
static const struct judge_rule no_unit = {
    FW_ERROR,
    "no-unit",
    "Linux says that the table has no unit and leaves DMA remapping off",
    "firmware update",
    "VT-d §8.3",
};
static const struct judge_rule no_remapping = {
    FW_NOTE,
    "interrupt-remapping-not-offered",
    "Linux does not remap interrupts; VFIO then wants allow_unsafe_interrupts",
    "switch interrupt remapping or x2APIC on in the firmware setup, where there is such a switch",
    "VT-d §8.1",
};
static const struct judge_rule unit_no_remapping = {
    FW_ERROR,
    "intremap-not-capable",
    "Linux and Xen want the capability of every unit, else none remaps interrupts",
    "intremap=off; firmware update",
    "VT-d §8.1, §11.4.3",
};
static const struct judge_rule opt_out = {
    FW_NOTE,
    "x2apic-opt-out",
    "Linux obeys: processors stay in xAPIC mode",
    "intremap=no_x2apic_optout on Linux",
    "VT-d §8.1",
};
static const struct judge_rule opt_out_needed = {
    FW_WARNING,
    "x2apic-opt-out-needed",
    "Linux obeys: processors with APIC ids above 254 stay off",
    "intremap=no_x2apic_optout on Linux; firmware update",
    "VT-d §8.1",
};
static const struct judge_rule opt_out_alone = {
    FW_NOTE,     "x2apic-opt-out-alone", "the flag has no meaning without interrupt remapping", "",
    "VT-d §8.1",
};
static const struct judge_rule opt_in_open = {
    FW_WARNING,
    "dma-opt-in-not-protected",
    "Windows (Kernel DMA Protection) and Linux take the flag for a promise that nothing wrote "
    "memory before them",
    "switch pre-boot DMA protection on in the firmware setup; firmware update",
    "VT-d §8.1",
};
static const struct judge_rule opt_in_unused = {
    FW_WARNING,
    "dma-opt-in-unused",
    "what firmware kept out comes in as soon as the system runs without the units; Linux shows "
    "Thunderbolt's iommu_dma_protection as 0",
    "on Linux intel_iommu=on, and no iommu=off",
    "VT-d §8.1",
};
static const struct judge_rule opt_in_missing = {
    FW_NOTE,
    "dma-opt-in-missing",
    "Windows offers no Kernel DMA Protection; Linux does not switch the IOMMU on for external "
    "ports "
    "by itself, and Thunderbolt's iommu_dma_protection is 0",
    "firmware setup: Kernel DMA Protection or pre-boot DMA protection; on Linux intel_iommu=on",
    "VT-d §8.1",
};
static const struct judge_rule all_missing = {
    FW_NOTE,
    "include-all-missing",
    "only devices that a unit names are translated, and what is below the bridges it names",
    "",
    "VT-d §8.3",
};
static const struct judge_rule all_twice = {
    FW_ERROR,
    "include-all-twice",
    "Xen refuses the table where it is segment 0; Linux takes the first",
    "firmware update",
    "VT-d §8.3",
};
static const struct judge_rule all_not_last = {
    FW_WARNING,
    "include-all-not-last",
    "a reader that stops at the first match takes it for every device",
    "firmware update",
    "VT-d §8.3",
};
static const struct judge_rule no_devices = {
    FW_WARNING,  "unit-without-devices", "Linux ignores a unit without devices", "firmware update",
    "VT-d §8.3",
};
static const struct judge_rule segment_unknown = {
    FW_WARNING,
    "segment-unknown",
    "Linux finds none of the unit's devices",
    "firmware update",
    "VT-d §8.3, PCI Firmware 3.3 §4.1.2",
};

uint32_t judge_dmar_fixed(unsigned type)
{
    static const uint8_t fixed[JUDGE_DMAR_TYPES] = { 16, 24, 8, 20, 8, 8, 8 };

    return type < JUDGE_DMAR_TYPES ? fixed[type] : 4;
}

bool judge_dmar_next(const struct judge_table *dmar, struct judge_item *item)
{
    uint32_t at = item->offset == 0 ? DMAR_FIXED : item->offset + item->len;

    if (dmar->len - at < 4)
        return false;
    *item = (struct judge_item) { .at = dmar->bytes + at,
                                  .offset = at,
                                  .type = bytes_u16(dmar->bytes + at),
                                  .len = bytes_u16(dmar->bytes + at + 2) };
    return item->len >= 4 && item->len <= dmar->len - at;
}

bool judge_dmar_next_of(const struct judge_table *dmar, struct judge_item *item, unsigned type)
{
    while (judge_dmar_next(dmar, item))
        if (item->type == type && item->len >= judge_dmar_fixed(type))
            return true;
    return false;
}

static void judge_structures(struct judge *j, const struct judge_table *dmar)
{
    struct judge_item item = { 0 };
    uint32_t end = DMAR_FIXED;
    unsigned type = 0;

    for (; judge_dmar_next(dmar, &item); end = item.offset + item.len) {
        if (item.len < judge_dmar_fixed(item.type))
            judge_found(j, &structure_short, dmar, item.offset,
                        "a structure of type %u needs %u bytes and has %u", item.type,
                        judge_dmar_fixed(item.type), item.len);
        if (item.type >= JUDGE_DMAR_TYPES)
            judge_found(j, &structure_unknown, dmar, item.offset,
                        "structure type %u of %u bytes is not known", item.type, item.len);
        if (item.type < type)
            judge_found(j, &structure_order, dmar, item.offset,
                        "a structure of type %u comes after one of type %u", item.type, type);
        if (item.offset % 4 != 0 || item.len % 4 != 0)
            judge_found(j, &structure_unaligned, dmar, item.offset,
                        "a structure of type %u and %u bytes at 0x%x: not a multiple of 4",
                        item.type, item.len, item.offset);
        type = item.type;
    }
    if (end != dmar->len)
        judge_found(j, &structure_length, dmar, end,
                    "a structure cannot have length %u, with %u bytes left",
                    dmar->len - end < 4 ? 0 : bytes_u16(dmar->bytes + end + 2), dmar->len - end);
}

static uint32_t highest_apic_id(const struct judge *j)
{
    const struct judge_table madt = judge_table(j, "APIC");
    struct judge_item item = { 0 };
    uint32_t highest = 0;

    while (judge_madt_next(&madt, &item))
        if (item.type == 9 && (item.at[8] & 1) != 0 && bytes_u32(item.at + 4) > highest)
            highest = bytes_u32(item.at + 4);
    return highest;
}

static void judge_flags(struct judge *j, const struct judge_table *dmar)
{
    uint8_t flags = dmar->bytes[DMAR_FLAGS];
    uint32_t id = highest_apic_id(j);

    if ((flags & ~DMAR_FLAGS_KNOWN) != 0)
        judge_found(j, &reserved_set, dmar, DMAR_FLAGS, "flags 0x%02x have reserved bits set",
                    flags);
    for (uint32_t at = DMAR_RESERVED; at < DMAR_FIXED; at++)
        if (dmar->bytes[at] != 0) {
            judge_found(j, &reserved_set, dmar, at, "a reserved byte of the header is 0x%02x",
                        dmar->bytes[at]);
            break;
        }
    if ((flags & DMAR_FLAG_INTR_REMAP) == 0)
        judge_found(j, &no_remapping, dmar, DMAR_FLAGS,
                    "flags 0x%02x do not offer interrupt remapping", flags);
    if ((flags & DMAR_FLAG_X2APIC_OPT_OUT) == 0)
        return;
    if ((flags & DMAR_FLAG_INTR_REMAP) == 0)
        judge_found(j, &opt_out_alone, dmar, DMAR_FLAGS, "flags 0x%02x ask not to use x2APIC",
                    flags);
    else if (id >= X2APIC_NEEDED)
        judge_found(j, &opt_out_needed, dmar, DMAR_FLAGS,
                    "flags 0x%02x ask not to use x2APIC, without which a processor with APIC id %u "
                    "cannot be started",
                    flags, id);
    else
        judge_found(j, &opt_out, dmar, DMAR_FLAGS, "flags 0x%02x ask not to use x2APIC", flags);
}

/* The promise of pre-boot protection against how the units were found. */
static void judge_opt_in(struct judge *j, const struct judge_table *dmar)
{
    bool opted = (dmar->bytes[DMAR_FLAGS] & DMAR_FLAG_DMA_CTRL_OPT_IN) != 0;

    if (!opted) {
        judge_found(j, &opt_in_missing, dmar, DMAR_FLAGS,
                    "flags 0x%02x do not promise that firmware kept DMA out",
                    dmar->bytes[DMAR_FLAGS]);
        return;
    }
    if (j->facts->units_unused)
        judge_found(j, &opt_in_unused, dmar, DMAR_FLAGS,
                    "firmware promises that DMA was kept out; the running system uses no unit");
    for (size_t i = 0; !j->facts->entry_unknown && i < j->facts->unit_count; i++) {
        const struct fw_unit_state *unit = &j->facts->units[i];

        if (unit->answers && !unit->translated_at_entry && !unit->protected_memory_at_entry)
            judge_found(j, &opt_in_open, dmar, DMAR_FLAGS,
                        "firmware promises that DMA was kept out; the unit at 0x%llx came with "
                        "translation and protected memory off",
                        (unsigned long long)unit->registers_pa);
    }
}

static void judge_capable(struct judge *j, const struct judge_table *dmar)
{
    if ((dmar->bytes[DMAR_FLAGS] & DMAR_FLAG_INTR_REMAP) == 0)
        return;
    for (size_t i = 0; i < j->facts->unit_count; i++)
        if (j->facts->units[i].answers && !j->facts->units[i].interrupt_remapping)
            judge_found(j, &unit_no_remapping, dmar, DMAR_FLAGS,
                        "the table offers interrupt remapping, the unit at 0x%llx cannot do it",
                        (unsigned long long)j->facts->units[i].registers_pa);
}

static void judge_width(struct judge *j, const struct judge_table *dmar)
{
    unsigned bits = dmar->bytes[DMAR_WIDTH] + 1u;

    if (bits < WIDTH_LEAST || bits > 64)
        judge_found(j, &width_bad, dmar, DMAR_WIDTH, "the host address width is %u bits", bits);
    else
        judge_address_width(j, dmar, DMAR_WIDTH, bits, "the host address width");
}

static bool includes_all(const struct judge_item *drhd)
{
    return (drhd->at[DRHD_FLAGS] & DRHD_INCLUDE_ALL) != 0;
}

static uint16_t segment_of(const struct judge_item *drhd)
{
    return bytes_u16(drhd->at + 6);
}

/* The units before this one: those of its segment that include all, and one with its registers. */
static void look_back(const struct judge_table *dmar, const struct judge_item *drhd, bool *all,
                      bool *repeated)
{
    struct judge_item item = { 0 };

    *all = *repeated = false;
    while (judge_dmar_next_of(dmar, &item, JUDGE_DRHD) && item.offset < drhd->offset) {
        if (segment_of(&item) == segment_of(drhd) && includes_all(&item))
            *all = true;
        if (bytes_u64(item.at + 8) == bytes_u64(drhd->at + 8))
            *repeated = true;
    }
}

static void judge_unit(struct judge *j, const struct judge_table *dmar,
                       const struct judge_item *drhd)
{
    uint16_t segment = segment_of(drhd);
    bool all, repeated;

    look_back(dmar, drhd, &all, &repeated);
    judge_unit_registers(j, &(struct judge_unit) {
                                .table = dmar,
                                .offset = drhd->offset,
                                .registers_pa = bytes_u64(drhd->at + 8),
                                .registers_len = 4096ull << (drhd->at[DRHD_SIZE] & DRHD_SIZE_MASK),
                                .repeated = repeated });
    if (includes_all(drhd) && all)
        judge_found(j, &all_twice, dmar, drhd->offset,
                    "segment %u has a second unit with INCLUDE_PCI_ALL", segment);
    else if (all)
        judge_found(j, &all_not_last, dmar, drhd->offset,
                    "a unit of segment %u comes after the one with INCLUDE_PCI_ALL", segment);
    if (!includes_all(drhd) && drhd->len == judge_dmar_fixed(JUDGE_DRHD))
        judge_found(j, &no_devices, dmar, drhd->offset,
                    "the unit at 0x%llx names no device and does not include all",
                    (unsigned long long)bytes_u64(drhd->at + 8));
    if (!judge_segment_known(j, segment))
        judge_found(j, &segment_unknown, dmar, drhd->offset + 6,
                    "the unit at 0x%llx is for segment %u, which MCFG does not have",
                    (unsigned long long)bytes_u64(drhd->at + 8), segment);
}

/* Once a segment: at its first unit. */
static void judge_include_all(struct judge *j, const struct judge_table *dmar,
                              const struct judge_item *drhd)
{
    struct judge_item item = { 0 };

    while (judge_dmar_next_of(dmar, &item, JUDGE_DRHD))
        if (segment_of(&item) == segment_of(drhd) &&
            (item.offset < drhd->offset || includes_all(&item)))
            return;
    judge_found(j, &all_missing, dmar, drhd->offset, "no unit of segment %u has INCLUDE_PCI_ALL",
                segment_of(drhd));
}

void judge_dmar(struct judge *j, const struct judge_table *dmar)
{
    struct judge_item item = { 0 };
    bool any = false;

    judge_width(j, dmar);
    judge_flags(j, dmar);
    judge_opt_in(j, dmar);
    judge_capable(j, dmar);
    judge_structures(j, dmar);
    for (; judge_dmar_next_of(dmar, &item, JUDGE_DRHD); any = true) {
        judge_unit(j, dmar, &item);
        judge_include_all(j, dmar, &item);
    }
    if (!any)
        judge_found(j, &no_unit, dmar, 0, "the table has no unit");
    judge_dmar_scopes(j, dmar);
    judge_rmrr(j, dmar);
    judge_dmar_rest(j, dmar);
}
