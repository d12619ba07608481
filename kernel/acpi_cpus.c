/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processors of the MADT: local APIC and local x2APIC structures (ACPI
 * §5.2.12.2, §5.2.12.12). Firmware may name one processor in both kinds, and
 * fills room it does not need with disabled entries of any id, so only enabled
 * ones are looked at. Portable.
 */
#include "acpi_cpus.h"

#include <stdbool.h>

#include "bytes.h"

#define MADT_ENTRIES 44u
#define MADT_ENTRY_HEADER 2u
#define MADT_ENABLED (1u << 0)
#define MADT_ONLINE_CAPABLE (1u << 1)

/* Where each kind keeps its id, and the id that a message to all of them has. */
static const struct cpu_kind {
    uint8_t type, len, id_at, id_bytes, flags_at;
    uint32_t everybody;
} kinds[] = {
    { .type = 0, .len = 8, .id_at = 3, .id_bytes = 1, .flags_at = 4, .everybody = 0xff },
    { .type = 9, .len = 16, .id_at = 4, .id_bytes = 4, .flags_at = 8, .everybody = 0xffffffff },
};

struct reader {
    const struct acpi *acpi;
    struct acpi_cpus found;
    uint32_t *apic_ids;
    size_t max;
};

static const struct cpu_kind *kind_of(const uint8_t *entry)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (entry[0] == kinds[i].type && entry[1] >= kinds[i].len)
            return &kinds[i];
    return NULL;
}

static bool is_known(const struct reader *reader, uint32_t id)
{
    for (size_t i = 0; i < reader->found.count; i++)
        if (reader->apic_ids[i] == id)
            return true;
    return false;
}

static void add_enabled(struct reader *reader, const struct cpu_kind *kind, uint32_t id,
                        uint32_t offset)
{
    const struct acpi_memory *memory = reader->acpi->memory;

    if (id == kind->everybody) {
        reader->found.absurd++;
        memory->log(memory->ctx, "acpi: APIC offset=%u type=%u id=0x%x means every CPU, left out",
                    offset, kind->type, id);
        return;
    }
    if (is_known(reader, id)) {
        reader->found.duplicates++;
        memory->log(memory->ctx, "acpi: APIC offset=%u type=%u id=0x%x is named twice, left out",
                    offset, kind->type, id);
        return;
    }
    if (reader->found.count == reader->max) {
        if (reader->found.lost++ == 0)
            memory->log(memory->ctx, "acpi: APIC names more than %u CPUs, the rest is left out",
                        (unsigned)reader->max);
        return;
    }
    reader->apic_ids[reader->found.count++] = id;
}

static void read_entry(struct reader *reader, const uint8_t *entry, uint32_t offset)
{
    const struct cpu_kind *kind = kind_of(entry);
    uint32_t flags, id;

    if (kind == NULL)
        return;
    flags = bytes_u32(entry + kind->flags_at);
    id = kind->id_bytes == 1 ? entry[kind->id_at] : bytes_u32(entry + kind->id_at);
    if (flags & MADT_ENABLED)
        add_enabled(reader, kind, id, offset);
    else if (flags & MADT_ONLINE_CAPABLE)
        reader->found.later++;
    else
        reader->found.disabled++;
}

struct acpi_cpus acpi_read_cpus(const struct acpi *acpi, uint32_t *apic_ids, size_t max)
{
    const struct acpi_table *table = acpi_find(acpi, "APIC", acpi->madt_index);
    struct reader reader = { .acpi = acpi, .apic_ids = apic_ids, .max = max };

    for (uint32_t at = MADT_ENTRIES; table != NULL && at < table->len;) {
        const uint8_t *entry = table->bytes + at;

        if (table->len - at < MADT_ENTRY_HEADER || entry[1] < MADT_ENTRY_HEADER ||
            entry[1] > table->len - at)
            break;
        read_entry(&reader, entry, at);
        at += entry[1];
    }
    return reader.found;
}
