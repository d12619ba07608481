/* SPDX-License-Identifier: BSD-2-Clause */
/* MADT (ACPI 6.5 §5.2.12) against itself, as far as interrupt remapping depends on it, and the HPET
 * table. */
#include "judge_internal.h"

#define MADT_FIXED 44u
#define HPET_ADDRESS 44u
#define HPET_ADDRESS_SPACE 40u

enum { MADT_LAPIC = 0, MADT_IOAPIC = 1, MADT_OVERRIDE = 2, MADT_X2APIC = 9, MADT_TYPES = 10 };

#define LAPIC_ENABLED 1u
#define APIC_ID_ALL 0xffu

/* Shorter is no entry of that type; 0: not looked at. */
static const uint8_t shortest[MADT_TYPES] = {
    [MADT_LAPIC] = 8,
    [MADT_IOAPIC] = 12,
    [MADT_OVERRIDE] = 10,
    [MADT_X2APIC] = 16,
};

static const struct judge_rule entry_length = {
    FW_ERROR,
    "madt-entry-length",
    "Linux stops reading the table there: processors and IOAPICs behind it are lost",
    "firmware update",
    "ACPI 6.5 §5.2.12",
};
static const struct judge_rule ioapic_twice = {
    FW_ERROR,
    "madt-ioapic-id-twice",
    "Linux gives the second one another id, which no DMAR or IVRS entry names",
    "firmware update",
    "ACPI 6.5 §5.2.12.3",
};
static const struct judge_rule ioapic_address = {
    FW_ERROR,
    "madt-ioapic-address",
    "Linux and Xen reject an IOAPIC that is at 0 or where another one is",
    "firmware update",
    "ACPI 6.5 §5.2.12.3",
};
static const struct judge_rule gsi_twice = {
    FW_ERROR,
    "madt-gsi-base-twice",
    "an interrupt's wire leads to two IOAPICs; Linux asks the first",
    "firmware update",
    "ACPI 6.5 §5.2.12.3",
};
static const struct judge_rule cpu_twice = {
    FW_WARNING,
    "madt-apic-id-twice",
    "the processor is there once, whatever an operating system counts",
    "firmware update",
    "ACPI 6.5 §5.2.12.2",
};
static const struct judge_rule override_twice = {
    FW_WARNING,        "madt-override-twice", "Linux takes the later of two overrides",
    "firmware update", "ACPI 6.5 §5.2.12.5",
};
static const struct judge_rule hpet_address = {
    FW_ERROR,
    "hpet-address",
    "Linux ignores an HPET at address 0 or not in memory space",
    "firmware update",
    "IA-PC HPET 1.0a §3.2.4",
};

bool judge_madt_next(const struct judge_table *madt, struct judge_item *item)
{
    uint32_t at = item->offset == 0 ? MADT_FIXED : item->offset + item->len;

    if (madt->bytes == NULL || madt->len - at < 2)
        return false;
    *item = (struct judge_item) {
        .at = madt->bytes + at, .offset = at, .type = madt->bytes[at], .len = madt->bytes[at + 1]
    };
    return item->len >= 2 && item->len <= madt->len - at &&
           (item->type >= MADT_TYPES || item->len >= shortest[item->type]);
}

bool judge_ioapic_next(const struct judge_table *madt, struct judge_item *item,
                       struct judge_ioapic *out)
{
    while (judge_madt_next(madt, item))
        if (item->type == MADT_IOAPIC) {
            *out = (struct judge_ioapic) { .offset = item->offset,
                                           .id = item->at[2],
                                           .address = bytes_u32(item->at + 4),
                                           .gsi_base = bytes_u32(item->at + 8) };
            return true;
        }
    return false;
}

static void judge_ioapic(struct judge *j, const struct judge_table *madt,
                         const struct judge_ioapic *io)
{
    struct judge_item item = { 0 };
    struct judge_ioapic other;

    if (io->address == 0)
        judge_found(j, &ioapic_address, madt, io->offset, "IOAPIC %u is at address 0", io->id);
    while (judge_ioapic_next(madt, &item, &other) && other.offset < io->offset) {
        if (other.id == io->id)
            judge_found(j, &ioapic_twice, madt, io->offset,
                        "IOAPIC id %u is given twice: at 0x%x and at 0x%x", io->id, other.address,
                        io->address);
        if (other.address == io->address)
            judge_found(j, &ioapic_address, madt, io->offset,
                        "IOAPICs %u and %u are at the same address 0x%x", other.id, io->id,
                        io->address);
        if (other.gsi_base == io->gsi_base)
            judge_found(j, &gsi_twice, madt, io->offset,
                        "IOAPICs %u and %u both begin with interrupt %u", other.id, io->id,
                        io->gsi_base);
    }
}

/* The APIC id of a processor that is enabled. */
static bool processor(const struct judge_item *item, uint32_t *id)
{
    if (item->type == MADT_LAPIC) {
        *id = item->at[3];
        return (bytes_u32(item->at + 4) & LAPIC_ENABLED) != 0 && *id != APIC_ID_ALL;
    }
    *id = item->type == MADT_X2APIC ? bytes_u32(item->at + 4) : 0;
    return item->type == MADT_X2APIC && (bytes_u32(item->at + 8) & LAPIC_ENABLED) != 0;
}

static void judge_processor(struct judge *j, const struct judge_table *madt,
                            const struct judge_item *cpu)
{
    struct judge_item item = { 0 };
    uint32_t id, other;

    if (!processor(cpu, &id))
        return;
    while (judge_madt_next(madt, &item) && item.offset < cpu->offset)
        if (item.type == cpu->type && processor(&item, &other) && other == id) {
            judge_found(j, &cpu_twice, madt, cpu->offset, "two enabled processors have APIC id %u",
                        id);
            return;
        }
}

static void judge_override(struct judge *j, const struct judge_table *madt,
                           const struct judge_item *entry)
{
    struct judge_item item = { 0 };

    while (judge_madt_next(madt, &item) && item.offset < entry->offset)
        if (item.type == MADT_OVERRIDE && item.at[3] == entry->at[3] &&
            bytes_u32(item.at + 4) != bytes_u32(entry->at + 4)) {
            judge_found(j, &override_twice, madt, entry->offset,
                        "interrupt %u leads to wire %u and to wire %u", entry->at[3],
                        bytes_u32(item.at + 4), bytes_u32(entry->at + 4));
            return;
        }
}

void judge_madt(struct judge *j, const struct judge_table *madt)
{
    struct judge_item item = { 0 }, ioapics = { 0 };
    struct judge_ioapic io;
    uint32_t end = MADT_FIXED;

    while (judge_madt_next(madt, &item)) {
        if (item.type == MADT_LAPIC || item.type == MADT_X2APIC)
            judge_processor(j, madt, &item);
        else if (item.type == MADT_OVERRIDE)
            judge_override(j, madt, &item);
        end = item.offset + item.len;
    }
    if (end < madt->len)
        judge_found(j, &entry_length, madt, end,
                    "an entry of type %u cannot have length %u, with %u bytes left",
                    madt->bytes[end], madt->len - end > 1 ? madt->bytes[end + 1] : 0,
                    madt->len - end);
    while (judge_ioapic_next(madt, &ioapics, &io))
        judge_ioapic(j, madt, &io);
}

void judge_hpet(struct judge *j, const struct judge_table *hpet)
{
    uint64_t address = bytes_u64(hpet->bytes + HPET_ADDRESS);

    if (address == 0 || hpet->bytes[HPET_ADDRESS_SPACE] != 0)
        judge_found(j, &hpet_address, hpet, HPET_ADDRESS_SPACE,
                    "the HPET is at 0x%llx in address space %u", (unsigned long long)address,
                    hpet->bytes[HPET_ADDRESS_SPACE]);
}
