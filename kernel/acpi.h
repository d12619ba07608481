/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ACPI tables' root: RSDP, RSDT, XSDT, and the few tables the kernel needs
 * itself. Tables are firmware's bytes: nothing is read past a length that has
 * not been checked. Lengths and checksums are verified; a table with a wrong
 * checksum is kept and marked, because its reader must be able to report it.
 */
#ifndef KERNEL_ACPI_H
#define KERNEL_ACPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How the tables' bytes are reached: maps [pa, pa + len) for reading for good; NULL when that
 * cannot be.
 */
struct acpi_memory {
    const void *(*map)(void *ctx, uint64_t pa, uint64_t len);
    void (*log)(void *ctx, const char *format, ...) __attribute__((format(printf, 2, 3)));
    void *ctx;
};

struct acpi_table {
    char signature[5];
    uint64_t pa;
    uint32_t len;
    const uint8_t *bytes;
    bool checksum_ok;
};

#define ACPI_TABLES 64
/* The header all tables begin with: ACPI §5.2.6. */
#define ACPI_HEADER_BYTES 36u
#define ACPI_LENGTH 4u

struct acpi {
    uint64_t rsdp_pa;
    uint8_t revision;           /* of the RSDP: 0 or 2 */
    bool used_xsdt;
    const struct acpi_memory *memory;   /* as given to acpi_read(); must outlive this */
    struct acpi_table tables[ACPI_TABLES];
    size_t table_count;
    unsigned madt_index;        /* which of several APIC tables is read */
};

/*
 * Finds the RSDP (rsdp_pa, else the copy, else EBDA and E0000h-FFFFFh when
 * search_bios) and lists the tables. False, with the reason logged, when
 * there is none that checks.
 */
bool acpi_read(struct acpi *acpi, const struct acpi_memory *memory, uint64_t rsdp_pa,
               const uint8_t *rsdp_copy, size_t rsdp_copy_len, bool search_bios);

/* The index-th table with that signature, NULL past the last. */
const struct acpi_table *acpi_find(const struct acpi *acpi, const char *signature, size_t index);

/*
 * Interrupt source overrides (type 2: where an ISA line ends, how it is triggered) are not read: nothing here
 * uses an ISA line. Serial ports and keyboards are polled; an HPET and INTx name pins, which are global
 * interrupts as they are.
 */
struct acpi_ioapic {
    uint8_t id;
    uint32_t pa, gsi_base;
};
/* An id has 8 bits: more can only be wrong. */
#define ACPI_IOAPICS_MAX 256u

struct acpi_madt {
    uint64_t local_apic_pa;
    size_t cpu_count;           /* enabled local APICs */
    struct acpi_ioapic ioapics[ACPI_IOAPICS_MAX];
    size_t ioapic_count;
    size_t ioapics_left_out;    /* there was no room for them */
    bool has_8259;
};
bool acpi_read_madt(const struct acpi *acpi, struct acpi_madt *out);

struct acpi_mcfg_entry {
    uint64_t base_pa;
    uint16_t segment;
    uint8_t start_bus, end_bus;
};
size_t acpi_read_mcfg(const struct acpi *acpi, struct acpi_mcfg_entry *out, size_t max);

uint64_t acpi_hpet_pa(const struct acpi *acpi);         /* 0: none */
/* I/O port of the PM timer and whether it has 32 bits; 0: none. */
uint16_t acpi_pm_timer_port(const struct acpi *acpi, bool *wide);
/* I/O port of SPCR's 16550 (0: none, or memory mapped). */
uint16_t acpi_serial_port(const struct acpi *acpi);

/* The machine's, filled by acpi_init() from boot_info. */
extern struct acpi machine_acpi;

#endif
