/* SPDX-License-Identifier: BSD-2-Clause */
/* judge_dmar.c and judge_unit.c: each finding by a table that has only it, and a twin that has
 * none. */
#include "test.h"

#include "judged.h"

#define IOAPIC " scope ioapic id=2 bus=0xf0 path=1f.0\n"
#define UNIT "drhd base=0xfed90000 flags=1\n" IOAPIC
#define SOUND "dmar flags=5\n" UNIT
#define DEVICE " scope endpoint bus=0 path=14.0\n"

/* One unit as found, at SOUND's address. */
static const struct fw_unit_state good_unit = {
    .registers_pa = 0xfed90000,
    .answers = true,
    .interrupt_remapping = true,
    .translated_at_entry = true,
};
static const struct fw_unit_state dead_unit = { .registers_pa = 0xfed90000 };
static const struct fw_unit_state pmr_unit = {
    .registers_pa = 0xfed90000,
    .answers = true,
    .interrupt_remapping = true,
    .protected_memory_at_entry = true,
};
static const struct fw_unit_state open_unit = {
    .registers_pa = 0xfed90000,
    .answers = true,
    .interrupt_remapping = true,
};
static const struct fw_unit_state old_unit = {
    .registers_pa = 0xfed90000,
    .answers = true,
    .translated_at_entry = true,
};
static const struct fw_facts with_good = { .units = &good_unit, .unit_count = 1 };
static const struct fw_facts with_dead = { .units = &dead_unit, .unit_count = 1 };
static const struct fw_facts with_pmr = { .units = &pmr_unit, .unit_count = 1 };
static const struct fw_facts with_open = { .units = &open_unit, .unit_count = 1 };
static const struct fw_facts with_running = { .units = &open_unit,
                                              .unit_count = 1,
                                              .entry_unknown = true };
static const struct fw_facts with_unused = { .entry_unknown = true, .units_unused = true };
static const struct fw_facts with_old = { .units = &old_unit, .unit_count = 1 };

static const struct fw_memory map[] = {
    { 0x100000, 0x80000000, FW_MEMORY_RAM },
    { 0x80000000, 0x90000000, FW_MEMORY_RESERVED },
    { 0x100000000, 0x880000000, FW_MEMORY_RAM },
};
static const struct fw_facts with_memory = { .memory = map,
                                             .memory_count = 3,
                                             .cpu_physical_bits = 46 };
static const struct fw_memory map_32_gib[] = { { 0x100000000, 0x800000000, FW_MEMORY_RAM } };
static const struct fw_facts with_32_gib = { .memory = map_32_gib, .memory_count = 1 };
static struct pci_function large_bar = {
    .rid = PCI_RID(0, 2, 0),
    .class_code = 0x030000,
    .bars = { [0] = { .io = true, .pa = 0xffffffffffff, .len = 4 },
              [2] = { .pa = 0x7e00000000, .len = 0x200000000 } },
};
static const struct fw_facts with_bar = { .functions = &large_bar };

TEST(each_fault_of_header_and_structures_is_found_and_its_twin_is_sound)
{
    static const struct judged_case cases[] = {
        { "structure-length", 72, SOUND "pad bytes=00000000\n", SOUND, NULL, NULL },
        { "structure-length", 72, SOUND "pad bytes=0000\n", SOUND, NULL, NULL },
        { "structure-length", 72, SOUND "raw type=9 length=100 bytes=00000000\n", SOUND, NULL,
          NULL },
        { "structure-length", 72, SOUND "raw type=9 length=2\n", SOUND, NULL, NULL },
        { "structure-short", 72, SOUND "raw type=5\n", SOUND "satc\n", NULL, NULL },
        { "structure-short", 72, SOUND "raw type=0\n", SOUND, NULL, NULL },
        { "structure-unknown", 72, SOUND "raw type=9 bytes=00000000\n", SOUND, NULL, NULL },
        { "structure-unknown", 72, SOUND "raw type=7 bytes=00000000\n", SOUND "sidp\n", NULL,
          NULL },
        { "structure-unaligned", 72, SOUND "rhsa base=0xfed90000 length=21\npad bytes=00\n",
          SOUND "rhsa base=0xfed90000\n", NULL, NULL },
        { "address-width", 36, "dmar flags=5 haw=11\n" UNIT, "dmar flags=5 haw=12\n" UNIT, NULL,
          NULL },
        { "address-width", 36, "dmar flags=5 haw=256\n" UNIT, "dmar flags=5 haw=64\n" UNIT, NULL,
          NULL },
        { "address-width", 36, "dmar flags=5 haw=65\n" UNIT, "dmar flags=5 haw=64\n" UNIT, NULL,
          NULL },
        { "reserved-set", 37, "dmar flags=0x85\n" UNIT, SOUND, NULL, NULL },
        { "reserved-set", 37, "dmar flags=0x0d\n" UNIT, SOUND, NULL, NULL },
        { "no-unit", 0, "dmar flags=5\nsatc\n", "dmar flags=5\n" UNIT "satc\n", NULL, NULL },
        { "address-width-below-ram", 36, "dmar flags=5 haw=35\n" UNIT, "dmar flags=5 haw=36\n" UNIT,
          &with_memory, NULL },
        { "address-width-below-ram", 36, "dmar flags=5 haw=34\n" UNIT, "dmar flags=5 haw=35\n" UNIT,
          &with_32_gib, NULL },
        { "address-width-below-ram", 36, "dmar flags=5 haw=34\n" UNIT, "dmar flags=5 haw=64\n" UNIT,
          &with_32_gib, NULL },
        { "address-width-below-bar", 36, "dmar flags=5 haw=38\n" UNIT, "dmar flags=5 haw=39\n" UNIT,
          &with_bar, NULL },
    };

    JUDGED_CHECK(cases);
}

TEST(structures_out_of_order_are_a_note)
{
    CHECK_STR(judge_text("dmar flags=5\nsatc\n" UNIT, NULL)->notes, "structure-order");
    CHECK_STR(judge_text("dmar flags=5\n" UNIT "satc\n", NULL)->notes, "");
    CHECK_STR(judge_text(SOUND "rhsa base=0xfed90000\natsr flags=1\n", NULL)->notes,
              "structure-order");
}

/* Bytes 38 to 47: VT-d §8.1. */
TEST(a_reserved_byte_of_the_header_is_a_note)
{
    uint8_t bytes[48] = "DMAR\x30\0\0\0\x01";
    const struct fw_table table = { "DMAR", bytes, sizeof(bytes) };
    const struct fw_facts facts = { .tables = &table, .table_count = 1 };

    bytes[36] = 38;
    bytes[37] = 5;
    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[9] = (uint8_t)(bytes[9] - (i == 9 ? 0 : bytes[i]));
    CHECK_STR(judge_tables(&facts)->every, "no-unit");
    for (unsigned at = 38; at < sizeof(bytes); at++) {
        bytes[at] = 0xcc;
        bytes[9] = (uint8_t)(bytes[9] - 0xcc);
        CHECK_STR(judge_tables(&facts)->notes, "reserved-set");
        CHECK_EQ(seen_find(judge_tables(&facts), "reserved-set")->offset, at);
        bytes[at] = 0;
        bytes[9] = (uint8_t)(bytes[9] + 0xcc);
    }
}

TEST(each_fault_of_the_flags_is_found_and_its_twin_is_sound)
{
    static const struct judged_case cases[] = {
        { "interrupt-remapping-not-offered", 37, "dmar flags=4\n" UNIT, SOUND, NULL, NULL },
        { "x2apic-opt-out", 37, "dmar flags=7\n" UNIT, SOUND, NULL, NULL },
        { "x2apic-opt-out-needed", 37,
          "dmar flags=7\n" UNIT "---\napic\nioapic id=2\nx2apic id=255\n",
          SOUND "---\napic\nioapic id=2\nx2apic id=255\n", NULL, NULL },
        { "x2apic-opt-out", 37,
          "dmar flags=7\n" UNIT "---\napic\nioapic id=2\nx2apic id=254\nx2apic id=255 flags=0\n",
          SOUND "---\napic\nioapic id=2\n", NULL, NULL },
        { "dma-opt-in-missing", 37, "dmar flags=1\n" UNIT, SOUND, NULL, NULL },
        { "dma-opt-in-not-protected", 37, SOUND, NULL, &with_open, &with_good },
        { "dma-opt-in-not-protected", 37, SOUND, NULL, &with_open, &with_running },
        { "dma-opt-in-unused", 37, SOUND, NULL, &with_unused, &with_running },
        { "dma-opt-in-not-protected", 37, SOUND, NULL, &with_open, &with_pmr },
        { "intremap-not-capable", 37, SOUND, NULL, &with_old, &with_good },
    };

    JUDGED_CHECK(cases);
    CHECK(strstr(judge_text("dmar flags=7\n" UNIT
                            "---\napic\nioapic id=2\nx2apic id=300\nx2apic id=299\n",
                            NULL)
                     ->finding[0]
                     .what,
                 "APIC id 300 ") != NULL);
    CHECK_STR(judge_text("dmar flags=6\n" UNIT, NULL)->notes,
              "interrupt-remapping-not-offered x2apic-opt-out-alone");
}

TEST(each_fault_of_a_units_registers_is_found_and_its_twin_is_sound)
{
    static const struct judged_case cases[] = {
        { "unit-base-zero", 48, "dmar flags=5\ndrhd base=0 flags=1\n" IOAPIC, SOUND, NULL, NULL },
        { "unit-base-all-ones", 48, "dmar flags=5\ndrhd base=0xffffffffffffffff flags=1\n" IOAPIC,
          SOUND, NULL, NULL },
        { "unit-base-all-ones", 48, "dmar flags=5\ndrhd base=0xffffffff flags=1\n" IOAPIC, SOUND,
          NULL, NULL },
        { "unit-base-all-ones", 48, "dmar flags=5\ndrhd base=0xfffffffffffff000 flags=1\n" IOAPIC,
          SOUND, NULL, NULL },
        { "unit-base-all-ones", 48, "dmar flags=5\ndrhd base=0xfffff000 flags=1\n" IOAPIC,
          "dmar flags=5\ndrhd base=0xffffe000 flags=1\n" IOAPIC, NULL, NULL },
        { "unit-base-unaligned", 48, "dmar flags=5\ndrhd base=0xfed90800 flags=1\n" IOAPIC, SOUND,
          NULL, NULL },
        { "unit-base-unaligned", 48, "dmar flags=5\ndrhd base=0xfed91000 size=1 flags=1\n" IOAPIC,
          "dmar flags=5\ndrhd base=0xfed92000 size=1 flags=1\n" IOAPIC, NULL, NULL },
        { "unit-base-unreachable", 48, "dmar flags=5\ndrhd base=0x10000000000000 flags=1\n" IOAPIC,
          SOUND, NULL, NULL },
        { "unit-base-unreachable", 48, "dmar flags=5\ndrhd base=0x400000000000 flags=1\n" IOAPIC,
          "dmar flags=5\ndrhd base=0x200000000000 flags=1\n" IOAPIC, &with_memory, NULL },
        { "unit-base-in-ram", 48, "dmar flags=5\ndrhd base=0x7ffff000 flags=1\n" IOAPIC,
          "dmar flags=5\ndrhd base=0x80000000 flags=1\n" IOAPIC, &with_memory, NULL },
        { "unit-base-in-ram", 48, "dmar flags=5\ndrhd base=0x100000 flags=1\n" IOAPIC,
          "dmar flags=5\ndrhd base=0xff000 flags=1\n" IOAPIC, &with_memory, NULL },
        { "unit-base-shared", 72, "dmar flags=5\ndrhd base=0xfed90000\n" DEVICE UNIT,
          "dmar flags=5\ndrhd base=0xfed91000\n" DEVICE UNIT, NULL, NULL },
        { "unit-dead", 48, SOUND, NULL, &with_dead, &with_good },
    };

    JUDGED_CHECK(cases);
}

TEST(each_fault_of_include_all_and_segments_is_found_and_its_twin_is_sound)
{
    static const struct judged_case cases[] = {
        { "include-all-missing", 48, "dmar flags=5\ndrhd base=0xfed90000\n" DEVICE IOAPIC, SOUND,
          NULL, NULL },
        { "include-all-missing", 72,
          SOUND "drhd base=0xfed91000 segment=1\n" DEVICE
                "---\nmcfg\nwindow last=1\nwindow segment=1 base=0xf0000000\n",
          SOUND "drhd base=0xfed91000 segment=1 flags=1\n"
                "---\nmcfg\nwindow last=1\nwindow segment=1 base=0xf0000000\n",
          NULL, NULL },
        { "include-all-twice", 72, SOUND "drhd base=0xfed91000 flags=1\n", SOUND, NULL, NULL },
        { "include-all-not-last", 72, SOUND "drhd base=0xfed91000\n" DEVICE,
          "dmar flags=5\ndrhd base=0xfed91000\n" DEVICE UNIT, NULL, NULL },
        { "unit-without-devices", 48, "dmar flags=5\ndrhd base=0xfed91000\n" UNIT,
          "dmar flags=5\ndrhd base=0xfed91000\n" DEVICE UNIT, NULL, NULL },
        { "segment-unknown", 78,
          SOUND "drhd base=0xfed91000 segment=1 flags=1\n"
                "---\nmcfg\nwindow\n",
          SOUND "---\nmcfg\nwindow\n", NULL, NULL },
    };

    JUDGED_CHECK(cases);
}

/* QEMU's table lists every function; what is not listed is named by device-without-unit. */
TEST(a_table_that_lists_its_devices_instead_of_including_all_is_sound)
{
    const struct seen_findings *seen =
        judge_text("dmar flags=5\ndrhd base=0xfed90000\n" DEVICE IOAPIC, NULL);

    CHECK_STR(seen->ids, "");
    CHECK(seen_find(seen, "include-all-missing") != NULL);
}
