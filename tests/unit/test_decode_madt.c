/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * firmware/decode_madt.c and decode_madt_other.c, ACPI §5.2.12. Every
 * structure's bytes are 02h, 03h, 04h ... from its third on, so that each field
 * shows where it was read. Offsets are counted by hand: the header is 44 bytes.
 */
#include "test.h"

#include "decode_seen.h"

#define AT 44u

/* A table with one structure of that type and length, counting up. */
static const struct seen *decode_one(unsigned type, unsigned length)
{
    char text[1024] = "apic\nraw bytes=";
    size_t used = strlen(text);

    for (unsigned i = 2; i < length; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%02x", i);
    snprintf(text + used, sizeof(text) - used, " type=%u", type);
    return decode_table(text);
}

/* What bytes that count up from the field's offset make. */
static uint64_t counting(unsigned offset, unsigned len)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < len; i++)
        value |= (uint64_t)(offset + i) << (8 * i);
    return value;
}

struct expected {
    unsigned offset, len;
    const char *name;
};

static void check_structure(unsigned type, unsigned length, const char *name,
                            const struct expected *fields)
{
    const struct seen *seen = decode_one(type, length);
    unsigned at = 2;

    check_sound(seen);
    CHECK(seen->blocks[1].known);
    check_block(seen, 1, name, AT, length);
    check_field(seen, AT, 1, "Type", type, NULL);
    check_field(seen, AT + 1, 1, "Length", length, NULL);
    for (; fields->name != NULL; fields++) {
        CHECK_EQ(fields->offset, at);
        check_field(seen, AT + fields->offset, fields->len, fields->name,
                    counting(fields->offset, fields->len), NULL);
        at += fields->len;
    }
    CHECK_EQ(at, length);
}

#define CHECK_STRUCTURE(type, length, name, ...)                                                   \
    check_structure(type, length, name, (const struct expected[]) { __VA_ARGS__, { 0, 0, NULL } })

TEST(table_fields)
{
    const struct seen *seen = decode_table("apic flags=1\n");

    check_sound(seen);
    check_field(seen, 36, 4, "Local Interrupt Controller Address", 0xfee00000, "");
    check_field(seen, 40, 4, "Flags", 1, "");
    check_bits(seen, 40, 0, 1, "PCAT_COMPAT", 1);
    CHECK_EQ(seen->block_count, 1);
}

TEST(structures_of_x86)
{
    CHECK_STRUCTURE(0, 8, "local APIC", { 2, 1, "ACPI Processor UID" }, { 3, 1, "APIC ID" },
                    { 4, 4, "Flags" });
    CHECK_STRUCTURE(1, 12, "I/O APIC", { 2, 1, "I/O APIC ID" }, { 3, 1, "Reserved" },
                    { 4, 4, "I/O APIC Address" }, { 8, 4, "Global System Interrupt Base" });
    CHECK_STRUCTURE(2, 10, "interrupt source override", { 2, 1, "Bus" }, { 3, 1, "Source" },
                    { 4, 4, "Global System Interrupt" }, { 8, 2, "Flags" });
    CHECK_STRUCTURE(3, 8, "NMI source", { 2, 2, "Flags" }, { 4, 4, "Global System Interrupt" });
    CHECK_STRUCTURE(4, 6, "local APIC NMI", { 2, 1, "ACPI Processor UID" }, { 3, 2, "Flags" },
                    { 5, 1, "Local APIC LINT#" });
    CHECK_STRUCTURE(5, 12, "local APIC address override", { 2, 2, "Reserved" },
                    { 4, 8, "Local APIC Address" });
    CHECK_STRUCTURE(9, 16, "local x2APIC", { 2, 2, "Reserved" }, { 4, 4, "X2APIC ID" },
                    { 8, 4, "Flags" }, { 12, 4, "ACPI Processor UID" });
    CHECK_STRUCTURE(0xa, 12, "local x2APIC NMI", { 2, 2, "Flags" }, { 4, 4, "ACPI Processor UID" },
                    { 8, 1, "Local x2APIC LINT#" }, { 9, 3, "Reserved" });
    CHECK_STRUCTURE(0x10, 16, "multiprocessor wakeup", { 2, 2, "MailBox Version" },
                    { 4, 4, "Reserved" }, { 8, 8, "MailBox Address" });
    CHECK_STRUCTURE(0x10, 24, "multiprocessor wakeup", { 2, 2, "MailBox Version" },
                    { 4, 4, "Reserved" }, { 8, 8, "MailBox Address" }, { 16, 8, "Reset Vector" });
}

TEST(structures_of_itanium)
{
    const struct seen *seen;

    CHECK_STRUCTURE(6, 16, "I/O SAPIC", { 2, 1, "I/O APIC ID" }, { 3, 1, "Reserved" },
                    { 4, 4, "Global System Interrupt Base" }, { 8, 8, "I/O SAPIC Address" });
    CHECK_STRUCTURE(8, 16, "platform interrupt source", { 2, 2, "Flags" },
                    { 4, 1, "Interrupt Type" }, { 5, 1, "Processor ID" }, { 6, 1, "Processor EID" },
                    { 7, 1, "I/O SAPIC Vector" }, { 8, 4, "Global System Interrupt" },
                    { 12, 4, "Platform Interrupt Source Flags" });
    seen = decode_one(7, 20);
    check_field(seen, AT + 4, 1, "Local SAPIC EID", 4, NULL);
    check_field(seen, AT + 5, 3, "Reserved", counting(5, 3), NULL);
    check_field(seen, AT + 12, 4, "ACPI Processor UID Value", counting(12, 4), NULL);
    CHECK_STR(seen_field(seen, AT + 16)->name, "ACPI Processor UID String");
    CHECK_EQ(seen_field(seen, AT + 16)->len, 4);
}

TEST(structures_of_arm)
{
    static const struct expected gicc[] = {
        { 2, 2, "Reserved" },
        { 4, 4, "CPU Interface Number" },
        { 8, 4, "ACPI Processor UID" },
        { 12, 4, "Flags" },
        { 16, 4, "Parking Protocol Version" },
        { 20, 4, "Performance Interrupt GSIV" },
        { 24, 8, "Parked Address" },
        { 32, 8, "Physical Base Address" },
        { 40, 8, "GICV" },
        { 48, 8, "GICH" },
        { 56, 4, "VGIC Maintenance Interrupt" },
        { 60, 8, "GICR Base Address" },
        { 68, 8, "MPIDR" },
        { 76, 1, "Processor Power Efficiency Class" },
        { 77, 1, "Reserved" },
        { 78, 2, "SPE Overflow Interrupt" },
        { 80, 2, "TRBE Interrupt" },
        { 0, 0, NULL },
    };
    struct expected older[sizeof(gicc) / sizeof(gicc[0])];

    check_structure(0xb, 82, "GIC CPU interface", gicc);
    memcpy(older, gicc, sizeof(gicc));
    older[16] = (struct expected) { 0 };
    check_structure(0xb, 80, "GIC CPU interface", older);
    older[13] = (struct expected) { 0 };
    check_structure(0xb, 76, "GIC CPU interface", older);
    CHECK_STRUCTURE(0xc, 24, "GIC distributor", { 2, 2, "Reserved" }, { 4, 4, "GIC ID" },
                    { 8, 8, "Physical Base Address" }, { 16, 4, "System Vector Base" },
                    { 20, 1, "GIC Version" }, { 21, 3, "Reserved" });
    CHECK_STRUCTURE(0xd, 24, "GIC MSI frame", { 2, 2, "Reserved" }, { 4, 4, "GIC MSI Frame ID" },
                    { 8, 8, "Physical Base Address" }, { 16, 4, "Flags" }, { 20, 2, "SPI Count" },
                    { 22, 2, "SPI Base" });
    CHECK_STRUCTURE(0xe, 16, "GIC redistributor", { 2, 2, "Reserved" },
                    { 4, 8, "Discovery Range Base Address" }, { 12, 4, "Discovery Range Length" });
    CHECK_STRUCTURE(0xf, 20, "GIC interrupt translation service", { 2, 2, "Reserved" },
                    { 4, 4, "GIC ITS ID" }, { 8, 8, "Physical Base Address" },
                    { 16, 4, "Reserved" });
}

TEST(structures_of_loongarch)
{
    CHECK_STRUCTURE(0x11, 15, "CORE PIC", { 2, 1, "Version" }, { 3, 4, "ACPI Processor ID" },
                    { 7, 4, "Physical Processor ID" }, { 11, 4, "Flags" });
    CHECK_STRUCTURE(0x12, 23, "LIO PIC", { 2, 1, "Version" }, { 3, 8, "Base Address" },
                    { 11, 2, "Size" }, { 13, 2, "Cascade Vector" },
                    { 15, 8, "Cascade Vector Mapping" });
    CHECK_STRUCTURE(0x13, 21, "HT PIC", { 2, 1, "Version" }, { 3, 8, "Base Address" },
                    { 11, 2, "Size" }, { 13, 8, "Cascade Vector" });
    CHECK_STRUCTURE(0x14, 13, "EIO PIC", { 2, 1, "Version" }, { 3, 1, "Cascade Vector" },
                    { 4, 1, "Node" }, { 5, 8, "Node Map" });
    CHECK_STRUCTURE(0x15, 19, "MSI PIC", { 2, 1, "Version" }, { 3, 8, "Message Address" },
                    { 11, 4, "Start" }, { 15, 4, "Count" });
    CHECK_STRUCTURE(0x16, 17, "BIO PIC", { 2, 1, "Version" }, { 3, 8, "Base Address" },
                    { 11, 2, "Size" }, { 13, 2, "Hardware ID" }, { 15, 2, "GSI Base" });
    CHECK_STRUCTURE(0x17, 14, "LPC PIC", { 2, 1, "Version" }, { 3, 8, "Base Address" },
                    { 11, 2, "Size" }, { 13, 1, "Cascade Vector" });
}

TEST(structures_of_riscv)
{
    CHECK_STRUCTURE(0x18, 36, "RINTC", { 2, 1, "Version" }, { 3, 1, "Reserved" }, { 4, 4, "Flags" },
                    { 8, 8, "Hart ID" }, { 16, 4, "ACPI Processor UID" },
                    { 20, 4, "External Interrupt Controller ID" }, { 24, 8, "IMSIC Base Address" },
                    { 32, 4, "IMSIC Size" });
    CHECK_STRUCTURE(0x19, 16, "IMSIC", { 2, 1, "Version" }, { 3, 1, "Reserved" }, { 4, 4, "Flags" },
                    { 8, 2, "Supervisor Mode Interrupt Identities" },
                    { 10, 2, "Guest Mode Interrupt Identities" }, { 12, 1, "Guest Index Bits" },
                    { 13, 1, "Hart Index Bits" }, { 14, 1, "Group Index Bits" },
                    { 15, 1, "Group Index Shift" });
    CHECK_STRUCTURE(0x1a, 36, "APLIC", { 2, 1, "Version" }, { 3, 1, "APLIC ID" }, { 4, 4, "Flags" },
                    { 8, 8, "Hardware ID" }, { 16, 2, "Interrupt Delivery Control Structures" },
                    { 18, 2, "External Interrupt Sources" },
                    { 20, 4, "Global System Interrupt Base" }, { 24, 8, "APLIC Address" },
                    { 32, 4, "APLIC Size" });
    CHECK_STRUCTURE(0x1b, 36, "PLIC", { 2, 1, "Version" }, { 3, 1, "PLIC ID" },
                    { 4, 8, "Hardware ID" }, { 12, 2, "External Interrupt Sources" },
                    { 14, 2, "Maximum Priority" }, { 16, 4, "Flags" }, { 20, 4, "PLIC Size" },
                    { 24, 8, "PLIC Address" }, { 32, 4, "Global System Interrupt Base" });
}

TEST(flags)
{
    const struct seen *seen = decode_table("apic\nlapic flags=2\noverride irq=9 gsi=9 flags=0xd\n");

    check_bits(seen, 48, 0, 1, "Enabled", 0);
    check_bits(seen, 48, 1, 1, "Online Capable", 1);
    check_bits(seen, 60, 0, 2, "Polarity", 1);
    CHECK_STR(seen_bit(seen, 60, 0)->meaning, "active high");
    check_bits(seen, 60, 2, 2, "Trigger Mode", 3);
    CHECK_STR(seen_bit(seen, 60, 2)->meaning, "level");
}

TEST(unknown_structures)
{
    const struct seen *seen =
        decode_table("apic\nraw type=0x7f bytes=0011\nraw type=0x80 bytes=\nioapic id=2\n");

    check_sound(seen);
    check_block(seen, 1, "unknown structure 7fh", 44, 4);
    CHECK(!seen->blocks[1].known);
    check_field(seen, 46, 2, "Undecoded", 0, "");
    check_block(seen, 2, "unknown structure 80h", 48, 2);
    check_block(seen, 3, "I/O APIC", 50, 12);
}

TEST(lengths_that_are_wrong)
{
    const struct seen *seen = decode_table("apic\nioapic length=1\nlapic\n");

    check_problem(seen, 45, "a length below that of the structure's own header", 1);
    check_field(seen, 44, 20, "Left over", 0, "");
    check_problem(decode_table("apic\nlapic length=9\n"), 45,
                  "a length beyond the end of what it lies in", 9);
    seen = decode_table("apic\nraw type=1 bytes=0200\nlapic\n");
    check_problem(seen, 48, "ends before its fields do, after bytes", 4);
    check_block(seen, 2, "local APIC", 48, 8);
    check_problem(decode_table("apic\npad bytes=01\n"), 44, "bytes left that are no structure", 1);
}

/* A field of a later revision may be missing, but not half of it. */
TEST(half_of_a_newer_field)
{
    check_problem(decode_one(0xb, 79), AT + 78, "ends before its fields do, after bytes", 79);
    check_problem(decode_one(0xb, 75), AT + 68, "ends before its fields do, after bytes", 75);
}

TEST(damaged_everywhere)
{
    decode_damaged("apic\nlapic id=1\nx2apic id=2\nioapic id=3\noverride irq=1 gsi=2\nraw "
                   "type=0x7f bytes=0011\n");
}
