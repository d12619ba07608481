/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device entries of an IVHD: ranges, aliases, ACPI devices; the blocks of
 * one unit against one another; which functions no unit has. AMD-Vi §5.2.2.7
 */
#include "judge_internal.h"

#include "memory.h"

enum {
    ENTRY_PAD4 = 0x00,
    ENTRY_ALL = 0x01,
    ENTRY_SELECT = 0x02,
    ENTRY_START = 0x03,
    ENTRY_END = 0x04,
    ENTRY_PAD8 = 0x40,
    ENTRY_ALIAS_SELECT = 0x42,
    ENTRY_ALIAS_START = 0x43,
    ENTRY_EXTENDED_SELECT = 0x46,
    ENTRY_EXTENDED_START = 0x47,
    ENTRY_SPECIAL = 0x48,
    ENTRY_ACPI = 0xf0,
};

#define ACPI_FIXED 22u
#define BLOCK_40 0x40u
#define VARIETY_IOAPIC 1u
#define VARIETY_HPET 2u
#define REFERENCE "AMD-Vi §5.2.2.7"

static const struct judge_rule entry_length = {
    FW_ERROR,          "entry-length", "Linux reads into the next block; Xen refuses the table",
    "firmware update", REFERENCE,
};
static const struct judge_rule entry_unknown = {
    FW_WARNING,
    "entry-unknown",
    "Linux skips it by the rule for lengths; Xen refuses the table",
    "firmware update",
    REFERENCE,
};
static const struct judge_rule range_reversed = {
    FW_ERROR,          "range-reversed", "Linux takes no device of it; Xen refuses the table",
    "firmware update", REFERENCE,
};
static const struct judge_rule range_open = {
    FW_ERROR,          "range-without-end", "Linux takes no device of it; Xen refuses the table",
    "firmware update", REFERENCE,
};
static const struct judge_rule range_no_start = {
    FW_WARNING,
    "range-without-start",
    "Linux ends the range that came before once more",
    "firmware update",
    REFERENCE,
};
static const struct judge_rule range_inside = {
    FW_WARNING,
    "entry-inside-range",
    "Xen refuses the table; Linux mixes the two",
    "firmware update",
    REFERENCE,
};
static const struct judge_rule alias_beyond = {
    FW_WARNING,
    "alias-beyond",
    "requests that arrive under the alias are those of no device",
    "firmware update",
    REFERENCE,
};
static const struct judge_rule acpi_block = {
    FW_WARNING,
    "acpi-entry-misplaced",
    "a reader of fixed-size entries loses the rest of the block",
    "firmware update",
    "AMD-Vi §5.2.2.8",
};
static const struct judge_rule acpi_nameless = {
    FW_ERROR,          "acpi-entry-nameless",
    "Linux skips it",  "ivrs_acpihid=HID:UID@bus:dev.fn; firmware update",
    "AMD-Vi §5.2.2.8",
};
static const struct judge_rule acpi_uid = {
    FW_ERROR,
    "acpi-entry-uid",
    "the device is found by its hardware id only, or not at all",
    "firmware update",
    "AMD-Vi §5.2.2.8",
};
static const struct judge_rule acpi_shared = {
    FW_NOTE, "acpi-devices-share-id", "Linux puts them into one group: they cannot be kept apart",
    "",      "AMD-Vi §5.2.2.8",
};
static const struct judge_rule special_unknown = {
    FW_WARNING, "special-unknown", "Linux ignores it", "firmware update", REFERENCE,
};
static const struct judge_rule disagree = {
    FW_ERROR,
    "blocks-disagree",
    "which of the blocks is used depends on the system: Linux takes 40h, Xen 11h",
    "firmware update",
    "AMD-Vi §5.2.2",
};
static const struct judge_rule uncovered = {
    FW_WARNING, "device-without-unit", "its DMA is not translated", "firmware update", REFERENCE,
};

/* item->offset 0 begins; false at the end, and where an entry does not fit. */
static bool entry_next(const struct judge_item *ivhd, struct judge_item *item)
{
    uint32_t at =
        item->offset == 0 ? judge_ivhd_fixed(ivhd->type) : item->offset - ivhd->offset + item->len;
    uint32_t left = ivhd->len - at;
    const uint8_t *bytes = ivhd->at + at;

    if (left == 0)
        return false;
    *item = (struct judge_item) {
        .at = bytes, .offset = ivhd->offset + at, .type = *bytes, .len = 4u << (*bytes >> 6)
    };
    if (item->type == ENTRY_ACPI)
        item->len = left < ACPI_FIXED ? left + 1 : ACPI_FIXED + bytes[21];
    return item->len <= left;
}

static bool is_start(unsigned type)
{
    return type == ENTRY_START || type == ENTRY_ALIAS_START || type == ENTRY_EXTENDED_START;
}

static bool is_padding(unsigned type)
{
    return type == ENTRY_PAD4 || type == ENTRY_PAD8;
}

static bool is_known(unsigned type)
{
    return type <= ENTRY_END || is_padding(type) || is_start(type) || type == ENTRY_ALIAS_SELECT ||
           type == ENTRY_EXTENDED_SELECT || type == ENTRY_SPECIAL || type == ENTRY_ACPI;
}

static uint16_t rid_of(const struct judge_item *entry)
{
    return bytes_u16(entry->at + 1);
}

/* One run over a block's entries. */
struct run {
    const struct judge_table *ivrs;
    const struct judge_item *ivhd;
    struct judge_item start; /* of the open range; len 0: none is open */
};

/* Ranges do not nest, and nothing but padding belongs between their ends. */
static void judge_range(struct judge *j, struct run *r, const struct judge_item *entry)
{
    bool open = r->start.len != 0;

    if (is_start(entry->type)) {
        if (open)
            judge_found(j, &range_open, r->ivrs, r->start.offset,
                        "the range from 0x%04x has no end before the next begins",
                        rid_of(&r->start));
        r->start = *entry;
    } else if (entry->type == ENTRY_END) {
        if (!open)
            judge_found(j, &range_no_start, r->ivrs, entry->offset,
                        "a range ends at 0x%04x that did not begin", rid_of(entry));
        else if (rid_of(entry) < rid_of(&r->start))
            judge_found(j, &range_reversed, r->ivrs, r->start.offset,
                        "the range from 0x%04x ends at 0x%04x", rid_of(&r->start), rid_of(entry));
        r->start.len = 0;
    } else if (open && !is_padding(entry->type)) {
        judge_found(j, &range_inside, r->ivrs, entry->offset,
                    "an entry of type %02xh stands inside the range from 0x%04x", entry->type,
                    rid_of(&r->start));
    }
}

static void judge_alias(struct judge *j, const struct run *r, const struct judge_item *entry)
{
    uint16_t alias = bytes_u16(entry->at + 5), segment = bytes_u16(r->ivhd->at + 16);

    if (!judge_bus_known(j, segment, alias >> 8))
        judge_found(j, &alias_beyond, r->ivrs, entry->offset + 5,
                    "the alias 0x%04x is on bus %02x, which segment %u does not have", alias,
                    alias >> 8, segment);
}

static void judge_shared(struct judge *j, const struct run *r, const struct judge_item *entry)
{
    struct judge_item other = { 0 };

    while (entry_next(r->ivhd, &other) && other.offset < entry->offset)
        if (other.type == ENTRY_ACPI && rid_of(&other) == rid_of(entry)) {
            judge_found(j, &acpi_shared, r->ivrs, entry->offset,
                        "an ACPI device at 0x%x sends as %04x, too", other.offset, rid_of(entry));
            return;
        }
}

static void judge_acpi(struct judge *j, const struct run *r, const struct judge_item *entry)
{
    uint8_t format = entry->at[20], len = entry->at[21];

    if (r->ivhd->type != BLOCK_40)
        judge_found(j, &acpi_block, r->ivrs, entry->offset,
                    "an ACPI device in a block of type %02xh", r->ivhd->type);
    if (entry->at[4] == 0)
        judge_found(j, &acpi_nameless, r->ivrs, entry->offset + 4,
                    "the ACPI device that sends as %04x has no hardware id", rid_of(entry));
    if (format > 2 || (format == 0 && len != 0) || (format == 1 && len != 8))
        judge_found(j, &acpi_uid, r->ivrs, entry->offset + 20,
                    "a unique id of format %u cannot have %u bytes", format, len);
    judge_shared(j, r, entry);
}

static void judge_special(struct judge *j, const struct run *r, const struct judge_item *entry,
                          bool best)
{
    uint8_t variety = entry->at[7];

    if (variety != VARIETY_IOAPIC && variety != VARIETY_HPET)
        judge_found(j, &special_unknown, r->ivrs, entry->offset + 7, "special device of variety %u",
                    variety);
    else if (best)
        judge_source_add(j, &(struct judge_source) { .offset = entry->offset,
                                                     .hpet = variety == VARIETY_HPET,
                                                     .id = entry->at[4],
                                                     .segment = bytes_u16(r->ivhd->at + 16),
                                                     .rid = bytes_u16(entry->at + 5) });
}

static void judge_entry(struct judge *j, struct run *r, const struct judge_item *entry, bool best)
{
    judge_range(j, r, entry);
    if (!is_known(entry->type))
        judge_found(j, &entry_unknown, r->ivrs, entry->offset,
                    "device entry type %02xh is not known", entry->type);
    if (entry->type == ENTRY_ALIAS_SELECT || entry->type == ENTRY_ALIAS_START)
        judge_alias(j, r, entry);
    else if (entry->type == ENTRY_ACPI)
        judge_acpi(j, r, entry);
    else if (entry->type == ENTRY_SPECIAL)
        judge_special(j, r, entry, best);
}

void judge_ivhd_entries(struct judge *j, const struct judge_table *ivrs,
                        const struct judge_item *ivhd, bool best)
{
    struct run r = { .ivrs = ivrs, .ivhd = ivhd };
    struct judge_item entry = { 0 };
    uint32_t end = ivhd->offset + judge_ivhd_fixed(ivhd->type);

    for (; entry_next(ivhd, &entry); end = entry.offset + entry.len)
        judge_entry(j, &r, &entry, best);
    if (r.start.len != 0)
        judge_found(j, &range_open, ivrs, r.start.offset, "the range from 0x%04x has no end",
                    rid_of(&r.start));
    if (end != ivhd->offset + ivhd->len)
        judge_found(j, &entry_length, ivrs, end,
                    "an entry of type %02xh does not fit the %u bytes left of its block",
                    ivrs->bytes[end], ivhd->offset + ivhd->len - end);
}

/* The next entry that a block of fixed-size entries has as well. */
static bool common_next(const struct judge_item *ivhd, struct judge_item *item)
{
    while (entry_next(ivhd, item))
        if (!is_padding(item->type) && item->type != ENTRY_ACPI)
            return true;
    return false;
}

static void compare(struct judge *j, const struct judge_table *ivrs, const struct judge_item *a,
                    const struct judge_item *b)
{
    struct judge_item in_a = { 0 }, in_b = { 0 };
    bool more_a, more_b;

    do {
        more_a = common_next(a, &in_a);
        more_b = common_next(b, &in_b);
    } while (more_a && more_b && in_a.len == in_b.len && memcmp(in_a.at, in_b.at, in_a.len) == 0);
    if (more_a || more_b)
        judge_found(j, &disagree, ivrs, more_b ? in_b.offset : b->offset,
                    "blocks %02xh at 0x%x and %02xh at 0x%x of one unit have other device entries "
                    "from 0x%x and here on",
                    a->type, a->offset, b->type, b->offset,
                    more_a ? in_a.offset : a->offset + a->len);
}

void judge_ivhd_compare(struct judge *j, const struct judge_table *ivrs)
{
    struct judge_item a = { 0 };

    while (judge_ivrs_next(ivrs, &a)) {
        struct judge_item b = a;

        while (judge_is_ivhd(&a) && judge_ivrs_next(ivrs, &b))
            if (judge_is_ivhd(&b) && bytes_u16(a.at + 4) == bytes_u16(b.at + 4) &&
                bytes_u16(a.at + 16) == bytes_u16(b.at + 16) && a.type != b.type) {
                compare(j, ivrs, &a, &b);
                break;
            }
    }
}

/* Whether one of the block's entries names the function; ends of ranges as they come. */
static bool names(const struct judge_item *ivhd, uint16_t rid)
{
    struct judge_item entry = { 0 }, start = { 0 };

    while (entry_next(ivhd, &entry)) {
        if (entry.type == ENTRY_ALL)
            return true;
        if ((entry.type == ENTRY_SELECT || entry.type == ENTRY_ALIAS_SELECT ||
             entry.type == ENTRY_EXTENDED_SELECT) &&
            rid_of(&entry) == rid)
            return true;
        if (is_start(entry.type))
            start = entry;
        if (entry.type == ENTRY_END && start.len != 0 && rid >= rid_of(&start) &&
            rid <= rid_of(&entry))
            return true;
    }
    return false;
}

static bool has_unit(const struct judge_table *ivrs, const struct pci_function *f)
{
    struct judge_item item = { 0 };

    while (judge_ivrs_next(ivrs, &item))
        if (judge_is_ivhd(&item) && bytes_u16(item.at + 16) == f->segment && names(&item, f->rid))
            return true;
    return false;
}

/* Host bridges and the units themselves need none. */
void judge_ivrs_coverage(struct judge *j, const struct judge_table *ivrs)
{
    for (const struct pci_function *f = j->facts->functions; f != NULL; f = f->next)
        if (f->physical == NULL && !judge_is_host_bridge(f) && f->class_code >> 8 != 0x0806 &&
            !has_unit(ivrs, f))
            judge_found(j, &uncovered, ivrs, 0,
                        "no unit has " PCI_FORMAT " (%04x:%04x, class %06x)", PCI_ARGS(f),
                        f->vendor, f->device, f->class_code);
}
