/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device entries of an IVHD, AMD-Vi §5.2.2.7 and §5.2.2.8: split, paired
 * to ranges, checked. Whether the devices exist is not asked here.
 */
#include "amd/ivrs.h"

#include "bits.h"

/* What all entries begin with. */
struct ivrs_device {
    uint8_t type;
    uint16_t rid;
    uint8_t setting;
} __attribute__((packed));
_Static_assert(sizeof(struct ivrs_device) == 4, "AMD-Vi §5.2.2.7");

/* Types 42h and 43h. */
struct ivrs_device_alias {
    struct ivrs_device device;
    uint8_t reserved0;
    uint16_t alias;
    uint8_t reserved1;
} __attribute__((packed));
_Static_assert(sizeof(struct ivrs_device_alias) == 8, "AMD-Vi §5.2.2.7");

/* Types 46h and 47h. */
struct ivrs_device_extended {
    struct ivrs_device device;
    uint32_t extended;
} __attribute__((packed));
_Static_assert(sizeof(struct ivrs_device_extended) == 8, "AMD-Vi §5.2.2.7");

/* Type 48h, where the first id is reserved. */
struct ivrs_device_special {
    struct ivrs_device device;
    uint8_t handle;
    uint16_t rid;
    uint8_t variety;
} __attribute__((packed));
_Static_assert(sizeof(struct ivrs_device_special) == 8, "AMD-Vi §5.2.2.7");

/* Type F0h, followed by uid_len bytes. */
struct ivrs_device_acpi {
    struct ivrs_device device;
    char hid[8];
    char cid[8];
    uint8_t uid_format;
    uint8_t uid_len;
} __attribute__((packed));
_Static_assert(sizeof(struct ivrs_device_acpi) == 22, "AMD-Vi §5.2.2.8");

enum ivrs_device_type {
    DEVICE_PAD4 = 0x00,
    DEVICE_ALL = 0x01,
    DEVICE_SELECT = 0x02,
    DEVICE_START = 0x03,
    DEVICE_END = 0x04,
    DEVICE_PAD8 = 0x40,
    DEVICE_ALIAS_SELECT = 0x42,
    DEVICE_ALIAS_START = 0x43,
    DEVICE_EXTENDED_SELECT = 0x46,
    DEVICE_EXTENDED_START = 0x47,
    DEVICE_SPECIAL = 0x48,
    DEVICE_ACPI = 0xf0,
};

#define EXTENDED_ATS_DENIED BIT32(31)
#define VARIETY_IOAPIC 1u
#define VARIETY_HPET 2u
#define UID_NONE 0u
#define UID_INTEGER 1u
#define UID_STRING 2u

/* Bytes of the entry at at, of which left can be read; 0: its length is not to be had. */
static size_t entry_length(const uint8_t *at, size_t left)
{
    const struct ivrs_device_acpi *acpi = (const void *)at;

    if (*at != DEVICE_ACPI)
        return 4u << (*at >> 6);
    return left < sizeof(*acpi) ? 0 : sizeof(*acpi) + acpi->uid_len;
}

/* Splits the next entry off; NULL at the end, and where what is left is no whole entry. */
static const struct ivrs_device *entry_split(struct ivrs_entries *entries)
{
    const struct ivrs_device *device = (const void *)entries->at;
    size_t length;

    if (entries->left == 0)
        return NULL;
    length = entry_length(entries->at, entries->left);
    if (length == 0 || length > entries->left)
        return NULL;
    entries->at += length;
    entries->left -= length;
    entries->offset += (uint32_t)length;
    return device;
}

static bool is_start(uint8_t type)
{
    return type == DEVICE_START || type == DEVICE_ALIAS_START || type == DEVICE_EXTENDED_START;
}

static bool is_padding(uint8_t type)
{
    return type == DEVICE_PAD4 || type == DEVICE_PAD8;
}

/*
 * The end that belongs to a range start, which rest follows; NULL: another
 * start or the end of the list comes first. between: how many entries lie
 * between the two.
 */
static const struct ivrs_device *range_end(struct ivrs_entries rest, unsigned *between)
{
    const struct ivrs_device *device;

    *between = 0;
    while ((device = entry_split(&rest)) != NULL && !is_start(device->type)) {
        if (device->type == DEVICE_END)
            return device;
        if (!is_padding(device->type))
            ++*between;
    }
    return NULL;
}

static bool range_fill(const struct ivrs_device *start, struct ivrs_entries rest, struct ivrs_entry *out)
{
    unsigned between;
    const struct ivrs_device *end = range_end(rest, &between);

    if (end == NULL || end->rid < start->rid)
        return false;
    out->last = end->rid;
    return true;
}

static void alias_fill(const struct ivrs_device *device, struct ivrs_entry *out)
{
    const struct ivrs_device_alias *alias = (const void *)device;

    out->has_alias = true;
    out->alias = alias->alias;
}

static void extended_fill(const struct ivrs_device *device, struct ivrs_entry *out)
{
    const struct ivrs_device_extended *extended = (const void *)device;

    out->ats_denied = (extended->extended & EXTENDED_ATS_DENIED) != 0;
}

static void special_fill(const struct ivrs_device *device, struct ivrs_entry *out)
{
    const struct ivrs_device_special *special = (const void *)device;

    out->kind = special->variety == VARIETY_IOAPIC ? IVRS_ENTRY_IOAPIC :
                special->variety == VARIETY_HPET ? IVRS_ENTRY_HPET : IVRS_ENTRY_SPECIAL;
    out->first = special->rid;
    out->last = special->rid;
    out->handle = special->handle;
    out->variety = special->variety;
}

static void acpi_fill(const struct ivrs_device *device, struct ivrs_entry *out)
{
    const struct ivrs_device_acpi *acpi = (const void *)device;

    out->kind = IVRS_ENTRY_ACPI;
    out->hid = acpi->hid;
    out->cid = acpi->cid;
    out->uid_format = acpi->uid_format;
    out->uid_len = acpi->uid_len;
    out->uid = (const uint8_t *)(acpi + 1);
}

/* False: nothing to be told of. rest follows the entry. */
static bool entry_fill(const struct ivrs_device *device, struct ivrs_entries rest, struct ivrs_entry *out)
{
    *out = (struct ivrs_entry){
        .kind = IVRS_ENTRY_DEVICES, .type = device->type, .setting = device->setting,
        .first = device->rid, .last = device->rid, .offset = out->offset,
    };
    switch (device->type) {
    case DEVICE_ALL:
        out->first = 0;
        out->last = UINT16_MAX;
        return true;
    case DEVICE_SELECT:
        return true;
    case DEVICE_START:
        return range_fill(device, rest, out);
    case DEVICE_ALIAS_SELECT:
        alias_fill(device, out);
        return true;
    case DEVICE_ALIAS_START:
        alias_fill(device, out);
        return range_fill(device, rest, out);
    case DEVICE_EXTENDED_SELECT:
        extended_fill(device, out);
        return true;
    case DEVICE_EXTENDED_START:
        extended_fill(device, out);
        return range_fill(device, rest, out);
    case DEVICE_SPECIAL:
        special_fill(device, out);
        return true;
    case DEVICE_ACPI:
        acpi_fill(device, out);
        return true;
    default:
        return false;
    }
}

bool ivrs_entry_next(struct ivrs_entries *entries, struct ivrs_entry *out)
{
    const struct ivrs_device *device;

    do {
        out->offset = entries->offset;
        device = entry_split(entries);
        if (device == NULL)
            return false;
    } while (!entry_fill(device, *entries, out));
    return true;
}

/* One run over the entries of a block. */
struct checker {
    const struct ivrs_handler *handler;
    void *arg;
    uint8_t block;              /* its type */
};

static void problem(const struct checker *c, uint32_t offset, const char *what, uint64_t value)
{
    if (c->handler->problem != NULL)
        c->handler->problem(c->arg, offset, what, value);
}

static void start_check(const struct checker *c, const struct ivrs_device *start, uint32_t offset,
                        struct ivrs_entries rest)
{
    unsigned between;
    const struct ivrs_device *end = range_end(rest, &between);

    if (end == NULL)
        problem(c, offset, "start of a range without an end, left out", start->rid);
    else if (end->rid < start->rid)
        problem(c, offset, "range ends below its start, left out; end", end->rid);
    else if (between != 0)
        problem(c, offset, "other entries inside a range", between);
}

static void acpi_check(const struct checker *c, const struct ivrs_device *device, uint32_t offset)
{
    const struct ivrs_device_acpi *acpi = (const void *)device;

    if (c->block != IVRS_UNIT_40)
        problem(c, offset, "ACPI device in a block of fixed-size entries, type", c->block);
    if (acpi->hid[0] == '\0')
        problem(c, offset, "ACPI device without a hardware id", device->rid);
    if (acpi->uid_format > UID_STRING)
        problem(c, offset, "unknown format of an ACPI device's unique id", acpi->uid_format);
    else if ((acpi->uid_format == UID_NONE && acpi->uid_len != 0) ||
             (acpi->uid_format == UID_INTEGER && acpi->uid_len != sizeof(uint64_t)))
        problem(c, offset, "length of an ACPI device's unique id does not fit its format", acpi->uid_len);
}

/* open: a range start has come and no end yet. */
static void entry_check(const struct checker *c, const struct ivrs_device *device, uint32_t offset,
                        struct ivrs_entries rest, bool *open)
{
    const struct ivrs_device_special *special = (const void *)device;
    struct ivrs_entry entry = { .offset = offset };

    if (is_start(device->type)) {
        start_check(c, device, offset, rest);
        *open = true;
    } else if (device->type == DEVICE_END) {
        if (!*open)
            problem(c, offset, "end of a range without a start", device->rid);
        *open = false;
    } else if (device->type == DEVICE_ACPI) {
        acpi_check(c, device, offset);
    } else if (device->type == DEVICE_SPECIAL) {
        if (special->variety != VARIETY_IOAPIC && special->variety != VARIETY_HPET)
            problem(c, offset, "special device of unknown variety", special->variety);
    } else if (!is_padding(device->type) && !entry_fill(device, rest, &entry)) {
        problem(c, offset, "unknown device entry type, skipped", device->type);
    }
}

bool ivrs_entries_check(const struct ivrs_unit *unit, const struct ivrs_handler *handler, void *arg)
{
    const struct checker c = { .handler = handler, .arg = arg, .block = unit->type };
    struct ivrs_entries entries = unit->entries;
    const struct ivrs_device *device;
    uint32_t offset = entries.offset;
    bool open = false;

    while ((device = entry_split(&entries)) != NULL) {
        entry_check(&c, device, offset, entries, &open);
        offset = entries.offset;
    }
    if (entries.left == 0)
        return true;
    problem(&c, offset, "device entry runs past its block, rest of the block lost; type", *entries.at);
    return false;
}
