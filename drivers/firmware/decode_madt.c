/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MADT (signature APIC), ACPI §5.2.12: the table and the structures of x86.
 * Those of Arm, LoongArch and RISC-V are in decode_madt_other.c.
 */
#include "decode_madt.h"

static const struct fw_part table_flags[] = { FW_PART(0, 1, "PCAT_COMPAT"), { .name = NULL } };

static const struct fw_layout table[] = {
    FW_FIELD(36, 4, FW_HEX, "Local Interrupt Controller Address"),
    FW_FIELD(40, 4, FW_HEX, "Flags", .parts = table_flags),
    { .name = NULL },
};

static const struct fw_layout structure_header[] = {
    FW_FIELD(0, 1, FW_HEX, "Type"),
    FW_FIELD(1, 1, FW_NUMBER, "Length"),
    { .name = NULL },
};

static const struct fw_part local_flags[] = {
    FW_PART(0, 1, "Enabled"),
    FW_PART(1, 1, "Online Capable"),
    { .name = NULL },
};

static const struct fw_word polarities[] = {
    { 0, "as the bus has it" }, { 1, "active high" }, { 2, "reserved" },
    { 3, "active low" },        { 0, NULL },
};
static const struct fw_word triggers[] = {
    { 0, "as the bus has it" }, { 1, "edge" }, { 2, "reserved" }, { 3, "level" }, { 0, NULL },
};

/* MPS INTI flags, §5.2.12.5. */
static const struct fw_part inti_flags[] = {
    FW_PART(0, 2, "Polarity", .words = polarities),
    FW_PART(2, 2, "Trigger Mode", .words = triggers),
    { .name = NULL },
};

static const struct fw_layout local_apic[] = {
    FW_FIELD(2, 1, FW_NUMBER, "ACPI Processor UID"),
    FW_FIELD(3, 1, FW_NUMBER, "APIC ID"),
    FW_FIELD(4, 4, FW_HEX, "Flags", .parts = local_flags),
    { .name = NULL },
};

static const struct fw_layout ioapic[] = {
    FW_FIELD(2, 1, FW_NUMBER, "I/O APIC ID"),
    FW_FIELD(3, 1, FW_HEX, "Reserved"),
    FW_FIELD(4, 4, FW_HEX, "I/O APIC Address"),
    FW_FIELD(8, 4, FW_NUMBER, "Global System Interrupt Base"),
    { .name = NULL },
};

static const struct fw_layout override[] = {
    FW_FIELD(2, 1, FW_NUMBER, "Bus"),
    FW_FIELD(3, 1, FW_NUMBER, "Source"),
    FW_FIELD(4, 4, FW_NUMBER, "Global System Interrupt"),
    FW_FIELD(8, 2, FW_HEX, "Flags", .parts = inti_flags),
    { .name = NULL },
};

static const struct fw_layout nmi_source[] = {
    FW_FIELD(2, 2, FW_HEX, "Flags", .parts = inti_flags),
    FW_FIELD(4, 4, FW_NUMBER, "Global System Interrupt"),
    { .name = NULL },
};

static const struct fw_layout local_nmi[] = {
    FW_FIELD(2, 1, FW_NUMBER, "ACPI Processor UID"),
    FW_FIELD(3, 2, FW_HEX, "Flags", .parts = inti_flags),
    FW_FIELD(5, 1, FW_NUMBER, "Local APIC LINT#"),
    { .name = NULL },
};

static const struct fw_layout local_address[] = {
    FW_FIELD(2, 2, FW_HEX, "Reserved"),
    FW_FIELD(4, 8, FW_HEX, "Local APIC Address"),
    { .name = NULL },
};

static const struct fw_layout iosapic[] = {
    FW_FIELD(2, 1, FW_NUMBER, "I/O APIC ID"),
    FW_FIELD(3, 1, FW_HEX, "Reserved"),
    FW_FIELD(4, 4, FW_NUMBER, "Global System Interrupt Base"),
    FW_FIELD(8, 8, FW_HEX, "I/O SAPIC Address"),
    { .name = NULL },
};

static const struct fw_layout local_sapic[] = {
    FW_FIELD(2, 1, FW_NUMBER, "ACPI Processor ID"),
    FW_FIELD(3, 1, FW_NUMBER, "Local SAPIC ID"),
    FW_FIELD(4, 1, FW_NUMBER, "Local SAPIC EID"),
    FW_FIELD(5, 3, FW_HEX, "Reserved"),
    FW_FIELD(8, 4, FW_HEX, "Flags", .parts = local_flags),
    FW_FIELD(12, 4, FW_NUMBER, "ACPI Processor UID Value"),
    { .name = NULL },
};

static void decode_uid_string(struct fw_reader *r, uint32_t at, uint32_t end)
{
    fw_text(r, "ACPI Processor UID String", at, end);
}

static const struct fw_word platform_types[] = {
    { 1, "PMI" }, { 2, "INIT" }, { 3, "corrected error" }, { 0, NULL }
};
static const struct fw_part platform_flags[] = { FW_PART(0, 1, "CPEI Processor Override"),
                                                 { .name = NULL } };

static const struct fw_layout platform_source[] = {
    FW_FIELD(2, 2, FW_HEX, "Flags", .parts = inti_flags),
    FW_FIELD(4, 1, FW_NUMBER, "Interrupt Type", .words = platform_types),
    FW_FIELD(5, 1, FW_NUMBER, "Processor ID"),
    FW_FIELD(6, 1, FW_NUMBER, "Processor EID"),
    FW_FIELD(7, 1, FW_NUMBER, "I/O SAPIC Vector"),
    FW_FIELD(8, 4, FW_NUMBER, "Global System Interrupt"),
    FW_FIELD(12, 4, FW_HEX, "Platform Interrupt Source Flags", .parts = platform_flags),
    { .name = NULL },
};

static const struct fw_layout local_x2apic[] = {
    FW_FIELD(2, 2, FW_HEX, "Reserved"),
    FW_FIELD(4, 4, FW_NUMBER, "X2APIC ID"),
    FW_FIELD(8, 4, FW_HEX, "Flags", .parts = local_flags),
    FW_FIELD(12, 4, FW_NUMBER, "ACPI Processor UID"),
    { .name = NULL },
};

static const struct fw_layout x2apic_nmi[] = {
    FW_FIELD(2, 2, FW_HEX, "Flags", .parts = inti_flags),
    FW_FIELD(4, 4, FW_NUMBER, "ACPI Processor UID"),
    FW_FIELD(8, 1, FW_NUMBER, "Local x2APIC LINT#"),
    FW_FIELD(9, 3, FW_HEX, "Reserved"),
    { .name = NULL },
};

static const struct fw_layout wakeup[] = {
    FW_FIELD(2, 2, FW_NUMBER, "MailBox Version"),
    FW_FIELD(4, 4, FW_HEX, "Reserved"),
    FW_FIELD(8, 8, FW_HEX, "MailBox Address"),
    FW_FIELD(16, 8, FW_HEX, "Reset Vector", .newer = true),
    { .name = NULL },
};

static const struct fw_structure structures[] = {
    { .type = 0x00, .name = "local APIC", .layout = local_apic },
    { .type = 0x01, .name = "I/O APIC", .layout = ioapic },
    { .type = 0x02, .name = "interrupt source override", .layout = override },
    { .type = 0x03, .name = "NMI source", .layout = nmi_source },
    { .type = 0x04, .name = "local APIC NMI", .layout = local_nmi },
    { .type = 0x05, .name = "local APIC address override", .layout = local_address },
    { .type = 0x06, .name = "I/O SAPIC", .layout = iosapic },
    { .type = 0x07, .name = "local SAPIC", .layout = local_sapic, .rest = decode_uid_string },
    { .type = 0x08, .name = "platform interrupt source", .layout = platform_source },
    { .type = 0x09, .name = "local x2APIC", .layout = local_x2apic },
    { .type = 0x0a, .name = "local x2APIC NMI", .layout = x2apic_nmi },
    { .type = 0x0b, .name = "GIC CPU interface", .layout = madt_gicc },
    { .type = 0x0c, .name = "GIC distributor", .layout = madt_gicd },
    { .type = 0x0d, .name = "GIC MSI frame", .layout = madt_gic_msi },
    { .type = 0x0e, .name = "GIC redistributor", .layout = madt_gicr },
    { .type = 0x0f, .name = "GIC interrupt translation service", .layout = madt_gic_its },
    { .type = 0x10, .name = "multiprocessor wakeup", .layout = wakeup },
    { .type = 0x11, .name = "CORE PIC", .layout = madt_core_pic },
    { .type = 0x12, .name = "LIO PIC", .layout = madt_lio_pic },
    { .type = 0x13, .name = "HT PIC", .layout = madt_ht_pic },
    { .type = 0x14, .name = "EIO PIC", .layout = madt_eio_pic },
    { .type = 0x15, .name = "MSI PIC", .layout = madt_msi_pic },
    { .type = 0x16, .name = "BIO PIC", .layout = madt_bio_pic },
    { .type = 0x17, .name = "LPC PIC", .layout = madt_lpc_pic },
    { .type = 0x18, .name = "RINTC", .layout = madt_rintc },
    { .type = 0x19, .name = "IMSIC", .layout = madt_imsic },
    { .type = 0x1a, .name = "APLIC", .layout = madt_aplic },
    { .type = 0x1b, .name = "PLIC", .layout = madt_plic },
    { .name = NULL },
};

static const struct fw_list structure_list = {
    .structures = structures,
    .header = structure_header,
    .header_len = 2,
    .type_len = 1,
    .length_at = 1,
    .length_len = 1,
    .unknown = "unknown structure",
};

void fw_decode_madt(struct fw_reader *r, uint32_t end)
{
    fw_walk(r, &structure_list, fw_fields(r, 0, end, table), end);
}
