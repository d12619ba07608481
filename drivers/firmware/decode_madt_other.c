/* SPDX-License-Identifier: BSD-2-Clause */
/* MADT structures of Arm, LoongArch and RISC-V, ACPI §5.2.12.14 to §5.2.12.27. */
#include "decode_madt.h"

/* ---- Arm ---- */

static const struct fw_word triggers[] = { { 0, "level" }, { 1, "edge" }, { 0, NULL } };

static const struct fw_part gicc_flags[] = {
    FW_PART(0, 1, "Enabled"),
    FW_PART(1, 1, "Performance Interrupt Mode", .words = triggers),
    FW_PART(2, 1, "VGIC Maintenance Interrupt Mode", .words = triggers),
    FW_PART(3, 1, "Online Capable"),
    { .name = NULL },
};

const struct fw_layout madt_gicc[] = {
    FW_FIELD(2, 2, FW_HEX, "Reserved"),
    FW_FIELD(4, 4, FW_NUMBER, "CPU Interface Number"),
    FW_FIELD(8, 4, FW_NUMBER, "ACPI Processor UID"),
    FW_FIELD(12, 4, FW_HEX, "Flags", .parts = gicc_flags),
    FW_FIELD(16, 4, FW_NUMBER, "Parking Protocol Version"),
    FW_FIELD(20, 4, FW_NUMBER, "Performance Interrupt GSIV"),
    FW_FIELD(24, 8, FW_HEX, "Parked Address"),
    FW_FIELD(32, 8, FW_HEX, "Physical Base Address"),
    FW_FIELD(40, 8, FW_HEX, "GICV"),
    FW_FIELD(48, 8, FW_HEX, "GICH"),
    FW_FIELD(56, 4, FW_NUMBER, "VGIC Maintenance Interrupt"),
    FW_FIELD(60, 8, FW_HEX, "GICR Base Address"),
    FW_FIELD(68, 8, FW_HEX, "MPIDR"),
    FW_FIELD(76, 1, FW_NUMBER, "Processor Power Efficiency Class", .newer = true),
    FW_FIELD(77, 1, FW_HEX, "Reserved", .newer = true),
    FW_FIELD(78, 2, FW_NUMBER, "SPE Overflow Interrupt", .newer = true),
    FW_FIELD(80, 2, FW_NUMBER, "TRBE Interrupt", .newer = true),
    { .name = NULL },
};

const struct fw_layout madt_gicd[] = {
    FW_FIELD(2, 2, FW_HEX, "Reserved"),
    FW_FIELD(4, 4, FW_NUMBER, "GIC ID"),
    FW_FIELD(8, 8, FW_HEX, "Physical Base Address"),
    FW_FIELD(16, 4, FW_NUMBER, "System Vector Base"),
    FW_FIELD(20, 1, FW_NUMBER, "GIC Version"),
    FW_FIELD(21, 3, FW_HEX, "Reserved"),
    { .name = NULL },
};

static const struct fw_part gic_msi_flags[] = { FW_PART(0, 1, "SPI Count/Base Select"),
                                                { .name = NULL } };

const struct fw_layout madt_gic_msi[] = {
    FW_FIELD(2, 2, FW_HEX, "Reserved"),
    FW_FIELD(4, 4, FW_NUMBER, "GIC MSI Frame ID"),
    FW_FIELD(8, 8, FW_HEX, "Physical Base Address"),
    FW_FIELD(16, 4, FW_HEX, "Flags", .parts = gic_msi_flags),
    FW_FIELD(20, 2, FW_NUMBER, "SPI Count"),
    FW_FIELD(22, 2, FW_NUMBER, "SPI Base"),
    { .name = NULL },
};

const struct fw_layout madt_gicr[] = {
    FW_FIELD(2, 2, FW_HEX, "Reserved"),
    FW_FIELD(4, 8, FW_HEX, "Discovery Range Base Address"),
    FW_FIELD(12, 4, FW_HEX, "Discovery Range Length"),
    { .name = NULL },
};

const struct fw_layout madt_gic_its[] = {
    FW_FIELD(2, 2, FW_HEX, "Reserved"),
    FW_FIELD(4, 4, FW_NUMBER, "GIC ITS ID"),
    FW_FIELD(8, 8, FW_HEX, "Physical Base Address"),
    FW_FIELD(16, 4, FW_HEX, "Reserved"),
    { .name = NULL },
};

/* ---- LoongArch ---- */

const struct fw_layout madt_core_pic[] = {
    FW_FIELD(2, 1, FW_NUMBER, "Version"),
    FW_FIELD(3, 4, FW_NUMBER, "ACPI Processor ID"),
    FW_FIELD(7, 4, FW_NUMBER, "Physical Processor ID"),
    FW_FIELD(11, 4, FW_HEX, "Flags"),
    { .name = NULL },
};

const struct fw_layout madt_lio_pic[] = {
    FW_FIELD(2, 1, FW_NUMBER, "Version"),
    FW_FIELD(3, 8, FW_HEX, "Base Address"),
    FW_FIELD(11, 2, FW_HEX, "Size"),
    FW_FIELD(13, 2, FW_HEX, "Cascade Vector"),
    FW_FIELD(15, 8, FW_HEX, "Cascade Vector Mapping"),
    { .name = NULL },
};

const struct fw_layout madt_ht_pic[] = {
    FW_FIELD(2, 1, FW_NUMBER, "Version"),
    FW_FIELD(3, 8, FW_HEX, "Base Address"),
    FW_FIELD(11, 2, FW_HEX, "Size"),
    FW_FIELD(13, 8, FW_HEX, "Cascade Vector"),
    { .name = NULL },
};

const struct fw_layout madt_eio_pic[] = {
    FW_FIELD(2, 1, FW_NUMBER, "Version"),
    FW_FIELD(3, 1, FW_NUMBER, "Cascade Vector"),
    FW_FIELD(4, 1, FW_NUMBER, "Node"),
    FW_FIELD(5, 8, FW_HEX, "Node Map"),
    { .name = NULL },
};

const struct fw_layout madt_msi_pic[] = {
    FW_FIELD(2, 1, FW_NUMBER, "Version"),
    FW_FIELD(3, 8, FW_HEX, "Message Address"),
    FW_FIELD(11, 4, FW_NUMBER, "Start"),
    FW_FIELD(15, 4, FW_NUMBER, "Count"),
    { .name = NULL },
};

const struct fw_layout madt_bio_pic[] = {
    FW_FIELD(2, 1, FW_NUMBER, "Version"),   FW_FIELD(3, 8, FW_HEX, "Base Address"),
    FW_FIELD(11, 2, FW_HEX, "Size"),        FW_FIELD(13, 2, FW_NUMBER, "Hardware ID"),
    FW_FIELD(15, 2, FW_NUMBER, "GSI Base"), { .name = NULL },
};

const struct fw_layout madt_lpc_pic[] = {
    FW_FIELD(2, 1, FW_NUMBER, "Version"),
    FW_FIELD(3, 8, FW_HEX, "Base Address"),
    FW_FIELD(11, 2, FW_HEX, "Size"),
    FW_FIELD(13, 1, FW_NUMBER, "Cascade Vector"),
    { .name = NULL },
};

/* ---- RISC-V ---- */

const struct fw_layout madt_rintc[] = {
    FW_FIELD(2, 1, FW_NUMBER, "Version"),
    FW_FIELD(3, 1, FW_HEX, "Reserved"),
    FW_FIELD(4, 4, FW_HEX, "Flags"),
    FW_FIELD(8, 8, FW_NUMBER, "Hart ID"),
    FW_FIELD(16, 4, FW_NUMBER, "ACPI Processor UID"),
    FW_FIELD(20, 4, FW_HEX, "External Interrupt Controller ID"),
    FW_FIELD(24, 8, FW_HEX, "IMSIC Base Address"),
    FW_FIELD(32, 4, FW_HEX, "IMSIC Size"),
    { .name = NULL },
};

const struct fw_layout madt_imsic[] = {
    FW_FIELD(2, 1, FW_NUMBER, "Version"),
    FW_FIELD(3, 1, FW_HEX, "Reserved"),
    FW_FIELD(4, 4, FW_HEX, "Flags"),
    FW_FIELD(8, 2, FW_NUMBER, "Supervisor Mode Interrupt Identities"),
    FW_FIELD(10, 2, FW_NUMBER, "Guest Mode Interrupt Identities"),
    FW_FIELD(12, 1, FW_NUMBER, "Guest Index Bits"),
    FW_FIELD(13, 1, FW_NUMBER, "Hart Index Bits"),
    FW_FIELD(14, 1, FW_NUMBER, "Group Index Bits"),
    FW_FIELD(15, 1, FW_NUMBER, "Group Index Shift"),
    { .name = NULL },
};

const struct fw_layout madt_aplic[] = {
    FW_FIELD(2, 1, FW_NUMBER, "Version"),
    FW_FIELD(3, 1, FW_NUMBER, "APLIC ID"),
    FW_FIELD(4, 4, FW_HEX, "Flags"),
    FW_FIELD(8, 8, FW_HEX, "Hardware ID"),
    FW_FIELD(16, 2, FW_NUMBER, "Interrupt Delivery Control Structures"),
    FW_FIELD(18, 2, FW_NUMBER, "External Interrupt Sources"),
    FW_FIELD(20, 4, FW_NUMBER, "Global System Interrupt Base"),
    FW_FIELD(24, 8, FW_HEX, "APLIC Address"),
    FW_FIELD(32, 4, FW_HEX, "APLIC Size"),
    { .name = NULL },
};

const struct fw_layout madt_plic[] = {
    FW_FIELD(2, 1, FW_NUMBER, "Version"),
    FW_FIELD(3, 1, FW_NUMBER, "PLIC ID"),
    FW_FIELD(4, 8, FW_HEX, "Hardware ID"),
    FW_FIELD(12, 2, FW_NUMBER, "External Interrupt Sources"),
    FW_FIELD(14, 2, FW_NUMBER, "Maximum Priority"),
    FW_FIELD(16, 4, FW_HEX, "Flags"),
    FW_FIELD(20, 4, FW_HEX, "PLIC Size"),
    FW_FIELD(24, 8, FW_HEX, "PLIC Address"),
    FW_FIELD(32, 4, FW_NUMBER, "Global System Interrupt Base"),
    { .name = NULL },
};
