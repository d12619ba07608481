/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The few tables the kernel needs itself: MADT (ACPI §5.2.12), MCFG (PCI
 * Firmware §4.1.2), HPET, FADT's PM timer (ACPI §5.2.9), SPCR. Portable.
 * Every offset is checked against the table's length before it is read. A
 * wrong checksum was reported when the table was found and forbids nothing.
 */
#include "acpi.h"

#include "bytes.h"

#define MADT_LOCAL_APIC 36u
#define MADT_FLAGS 40u
#define MADT_FLAGS_PCAT (1u << 0)
#define MADT_ENTRIES 44u
#define MADT_TYPE_LOCAL_APIC 0u
#define MADT_TYPE_IOAPIC 1u
#define MADT_TYPE_ADDRESS 5u
#define MADT_TYPE_X2APIC 9u
#define MADT_ENABLED (1u << 0)
#define MADT_ENTRY_HEADER 2u

#define MCFG_ENTRIES 44u
#define MCFG_ENTRY_BYTES 16u

/* Generic address structure (ACPI §5.2.3.2). */
#define GAS_ADDRESS 4u
#define GAS_BYTES 12u
#define GAS_MEMORY 0u
#define GAS_PORT 1u

#define HPET_ADDRESS 40u
#define FADT_PM_TIMER 76u
#define FADT_PM_TIMER_LEN 91u
#define FADT_FLAGS 112u
#define FADT_FLAGS_TIMER_32 (1u << 8)
#define FADT_X_PM_TIMER 208u
#define PM_TIMER_BYTES 4u
#define SPCR_INTERFACE 36u
#define SPCR_INTERFACE_16550_GAS 0x12u
#define SPCR_ADDRESS 40u

static bool holds(const struct acpi_table *table, uint32_t offset, uint32_t len)
{
    return table != NULL && offset <= table->len && table->len - offset >= len;
}

/* The address of a GAS in the given space; 0 where it is in another one. */
static uint64_t gas_address(const struct acpi_table *table, uint32_t offset, uint8_t space)
{
    if (!holds(table, offset, GAS_BYTES) || table->bytes[offset] != space)
        return 0;
    return bytes_u64(table->bytes + offset + GAS_ADDRESS);
}

static uint16_t as_port(uint64_t address)
{
    return address <= UINT16_MAX ? (uint16_t)address : 0;
}

/* ---- MADT ---- */

struct madt_kind {
    uint8_t type;
    uint8_t len;        /* at least */
    void (*read)(const struct acpi *acpi, const uint8_t *entry, struct acpi_madt *out);
};

static void read_local_apic(const struct acpi *acpi, const uint8_t *entry, struct acpi_madt *out)
{
    (void)acpi;
    out->cpu_count += (bytes_u32(entry + 4) & MADT_ENABLED) != 0;
}

static void read_x2apic(const struct acpi *acpi, const uint8_t *entry, struct acpi_madt *out)
{
    (void)acpi;
    out->cpu_count += (bytes_u32(entry + 8) & MADT_ENABLED) != 0;
}

static void read_ioapic(const struct acpi *acpi, const uint8_t *entry, struct acpi_madt *out)
{
    if (out->ioapic_count == ACPI_IOAPICS_MAX) {
        out->ioapics_left_out++;
        acpi->memory->log(acpi->memory->ctx,
                          "acpi: APIC names more IOAPICs than %u, id=%u left out",
                          (unsigned)out->ioapic_count, entry[2]);
        return;
    }
    out->ioapics[out->ioapic_count++] = (struct acpi_ioapic){
        .id = entry[2],
        .pa = bytes_u32(entry + 4),
        .gsi_base = bytes_u32(entry + 8),
    };
}

static void read_address(const struct acpi *acpi, const uint8_t *entry, struct acpi_madt *out)
{
    (void)acpi;
    out->local_apic_pa = bytes_u64(entry + 4);
}

static const struct madt_kind madt_kinds[] = {
    { MADT_TYPE_LOCAL_APIC, 8, read_local_apic },
    { MADT_TYPE_IOAPIC, 12, read_ioapic },
    { MADT_TYPE_ADDRESS, 12, read_address },
    { MADT_TYPE_X2APIC, 16, read_x2apic },
};

static void read_madt_entry(const struct acpi *acpi, const uint8_t *entry, uint32_t offset,
                            struct acpi_madt *out)
{
    for (size_t i = 0; i < sizeof(madt_kinds) / sizeof(madt_kinds[0]); i++) {
        if (entry[0] != madt_kinds[i].type)
            continue;
        if (entry[1] >= madt_kinds[i].len)
            madt_kinds[i].read(acpi, entry, out);
        else
            acpi->memory->log(acpi->memory->ctx,
                              "acpi: APIC offset=%u type=%u length=%u expected=%u, left out",
                              offset, entry[0], entry[1], madt_kinds[i].len);
    }
}

bool acpi_read_madt(const struct acpi *acpi, struct acpi_madt *out)
{
    const struct acpi_table *table = acpi_find(acpi, "APIC", acpi->madt_index);

    *out = (struct acpi_madt){ 0 };
    if (!holds(table, 0, MADT_ENTRIES))
        return false;
    out->local_apic_pa = bytes_u32(table->bytes + MADT_LOCAL_APIC);
    out->has_8259 = (bytes_u32(table->bytes + MADT_FLAGS) & MADT_FLAGS_PCAT) != 0;
    for (uint32_t at = MADT_ENTRIES; at < table->len;) {
        const uint8_t *entry = table->bytes + at;

        if (!holds(table, at, MADT_ENTRY_HEADER) || entry[1] < MADT_ENTRY_HEADER ||
            !holds(table, at, entry[1])) {
            acpi->memory->log(acpi->memory->ctx,
                              "acpi: APIC offset=%u entry does not fit, the rest is left out",
                              at);
            break;
        }
        read_madt_entry(acpi, entry, at, out);
        at += entry[1];
    }
    return true;
}

/* ---- the others ---- */

size_t acpi_read_mcfg(const struct acpi *acpi, struct acpi_mcfg_entry *out, size_t max)
{
    const struct acpi_table *table = acpi_find(acpi, "MCFG", 0);
    size_t count = 0;

    for (uint32_t at = MCFG_ENTRIES; holds(table, at, MCFG_ENTRY_BYTES); at += MCFG_ENTRY_BYTES) {
        const uint8_t *entry = table->bytes + at;
        struct acpi_mcfg_entry e = {
            .base_pa = bytes_u64(entry),
            .segment = bytes_u16(entry + 8),
            .start_bus = entry[10],
            .end_bus = entry[11],
        };

        if (e.start_bus > e.end_bus || e.base_pa == 0) {
            acpi->memory->log(acpi->memory->ctx,
                              "acpi: MCFG offset=%u base=0x%llx buses=%u..%u, left out", at,
                              (unsigned long long)e.base_pa, e.start_bus, e.end_bus);
            continue;
        }
        if (count == max) {
            acpi->memory->log(acpi->memory->ctx, "acpi: MCFG has more than %u windows",
                              (unsigned)max);
            break;
        }
        out[count++] = e;
    }
    return count;
}

uint64_t acpi_hpet_pa(const struct acpi *acpi)
{
    return gas_address(acpi_find(acpi, "HPET", 0), HPET_ADDRESS, GAS_MEMORY);
}

/* ACPI §5.2.9: X_PM_TMR_BLK replaces PM_TMR_BLK where it is not zero. */
uint16_t acpi_pm_timer_port(const struct acpi *acpi, bool *wide)
{
    const struct acpi_table *table = acpi_find(acpi, "FACP", 0);
    uint16_t port = as_port(gas_address(table, FADT_X_PM_TIMER, GAS_PORT));

    *wide = holds(table, FADT_FLAGS, sizeof(uint32_t)) &&
            (bytes_u32(table->bytes + FADT_FLAGS) & FADT_FLAGS_TIMER_32) != 0;
    if (port != 0)
        return port;
    if (!holds(table, 0, FADT_PM_TIMER_LEN + 1) ||
        table->bytes[FADT_PM_TIMER_LEN] != PM_TIMER_BYTES)
        return 0;
    return as_port(bytes_u32(table->bytes + FADT_PM_TIMER));
}

/* Interface 0 and 1 are 16550 and 16450; others speak differently (SPCR specification, table 2). */
uint16_t acpi_serial_port(const struct acpi *acpi)
{
    const struct acpi_table *table = acpi_find(acpi, "SPCR", 0);

    if (!holds(table, SPCR_INTERFACE, 1))
        return 0;
    if (table->bytes[SPCR_INTERFACE] > 1 &&
        table->bytes[SPCR_INTERFACE] != SPCR_INTERFACE_16550_GAS)
        return 0;
    return as_port(gas_address(table, SPCR_ADDRESS, GAS_PORT));
}
