/* SPDX-License-Identifier: BSD-2-Clause */
/* firmware/decode_dmar.c, VT-d §8. Offsets are counted by hand: the header is 48 bytes. */
#include "test.h"

#include "decode_seen.h"

TEST(table_flags_and_width)
{
    const struct seen *seen = decode_table("dmar haw=39 flags=0x5");

    check_sound(seen);
    check_block(seen, 0, "DMAR", 0, 48);
    check_field(seen, 36, 1, "Host Address Width", 38, "39 bits");
    check_field(seen, 37, 1, "Flags", 5, "");
    check_bits(seen, 37, 0, 1, "INTR_REMAP", 1);
    check_bits(seen, 37, 1, 1, "X2APIC_OPT_OUT", 0);
    check_bits(seen, 37, 2, 1, "DMA_CTRL_PLATFORM_OPT_IN_FLAG", 1);
    check_bits(seen, 37, 3, 5, "Reserved", 0);
    check_field(seen, 38, 10, "Reserved", 0, "");
    CHECK_EQ(seen->block_count, 1);
}

TEST(drhd_with_scopes)
{
    const struct seen *seen = decode_table("dmar\n"
                                           "drhd segment=2 base=0xfed91000 size=3 flags=1\n"
                                           "  scope ioapic id=8 bus=0xf0 path=1f.7\n"
                                           "  scope bridge bus=0 path=1c.5,02.1\n");

    check_sound(seen);
    check_block(seen, 1, "DRHD", 48, 34);
    check_field(seen, 48, 2, "Type", 0, "remapping hardware unit");
    check_field(seen, 50, 2, "Length", 34, "");
    check_field(seen, 52, 1, "Flags", 1, "");
    check_bits(seen, 52, 0, 1, "INCLUDE_PCI_ALL", 1);
    check_bits(seen, 53, 0, 4, "Size", 3);
    CHECK_STR(seen_bit(seen, 53, 0)->meaning, "32 KiB");
    check_field(seen, 54, 2, "Segment Number", 2, "");
    check_field(seen, 56, 8, "Register Base Address", 0xfed91000, "");
    check_block(seen, 2, "scope IOAPIC", 64, 8);
    check_field(seen, 64, 1, "Type", 3, "IOAPIC");
    check_field(seen, 65, 1, "Length", 8, "");
    check_field(seen, 68, 1, "Enumeration ID", 8, "");
    check_field(seen, 69, 1, "Start Bus Number", 0xf0, "");
    check_field(seen, 70, 2, "Path", 0x071f, "device 31 function 7");
    check_block(seen, 3, "scope bridge", 72, 10);
    check_field(seen, 78, 2, "Path", 0x051c, "device 28 function 5");
    check_field(seen, 80, 2, "Path", 0x0102, "device 2 function 1");
    CHECK_EQ(seen->block_count, 4);
}

TEST(rmrr)
{
    const struct seen *seen = decode_table("dmar\nrmrr segment=1 base=0x7b800000 limit=0x7fffffff\n"
                                           "  scope endpoint bus=0 path=02.0\n");

    check_sound(seen);
    check_block(seen, 1, "RMRR", 48, 32);
    check_field(seen, 52, 2, "Reserved", 0, "");
    check_field(seen, 54, 2, "Segment Number", 1, "");
    check_field(seen, 56, 8, "Reserved Memory Region Base Address", 0x7b800000, "");
    check_field(seen, 64, 8, "Reserved Memory Region Limit Address", 0x7fffffff, "");
    check_block(seen, 2, "scope endpoint", 72, 8);
}

TEST(atsr_satc_sidp)
{
    const struct seen *seen =
        decode_table("dmar\natsr segment=3 flags=1\n"
                     "satc segment=4 flags=1\n  scope endpoint bus=0 path=02.0\n"
                     "sidp segment=5\n  scope acpi flags=0x19 id=1 bus=0 path=02.0\n");

    check_sound(seen);
    check_block(seen, 1, "ATSR", 48, 8);
    check_bits(seen, 52, 0, 1, "ALL_PORTS", 1);
    check_field(seen, 54, 2, "Segment Number", 3, "");
    check_block(seen, 2, "SATC", 56, 16);
    check_bits(seen, 60, 0, 1, "ATC_REQUIRED", 1);
    check_field(seen, 62, 2, "Segment Number", 4, "");
    check_block(seen, 4, "SIDP", 72, 16);
    check_field(seen, 78, 2, "Segment Number", 5, "");
    check_block(seen, 5, "scope ACPI device", 80, 8);
    check_bits(seen, 82, 0, 1, "REQ_WO_PASID_NESTED_NOTALLOWED", 1);
    check_bits(seen, 82, 1, 1, "REQ_WO_PASID_PWSNP_NOTALLOWED", 0);
    check_bits(seen, 82, 2, 1, "REQ_WO_PASID_PGSNP_NOTALLOWED", 0);
    check_bits(seen, 82, 3, 1, "ATC_HARDENED", 1);
    check_bits(seen, 82, 4, 1, "ATC_REQUIRED", 1);
}

/* The flags of a scope mean something in a SIDP only (VT-d §8.3.1). */
TEST(scope_flags_elsewhere_have_no_parts)
{
    const struct seen *seen =
        decode_table("dmar\nsatc segment=0\n  scope endpoint flags=0x19 bus=0 path=02.0\n");

    check_field(seen, 58, 1, "Flags", 0x19, "");
    for (size_t i = 0; i < seen->field_count; i++)
        CHECK(seen->fields[i].offset != 58 || seen->fields[i].bits == 0);
}

TEST(rhsa_andd)
{
    const struct seen *seen =
        decode_table("dmar\nrhsa base=0xfed90000 domain=7\nandd number=3 name=\\_SB.I2C0\n");

    check_sound(seen);
    check_block(seen, 1, "RHSA", 48, 20);
    check_field(seen, 56, 8, "Register Base Address", 0xfed90000, "");
    check_field(seen, 64, 4, "Proximity Domain", 7, "");
    check_block(seen, 2, "ANDD", 68, 18);
    check_field(seen, 72, 3, "Reserved", 0, "");
    check_field(seen, 75, 1, "ACPI Device Number", 3, "");
    CHECK_STR(seen_field(seen, 76)->name, "ACPI Object Name");
    CHECK_STR(seen_field(seen, 76)->text, "\\_SB.I2C0");
    CHECK_EQ(seen_field(seen, 76)->len, 10);
}

TEST(name_with_padding_and_name_without_end)
{
    const struct seen *seen = decode_table("dmar\nraw type=4 bytes=000000015c5f5300aabb\n");

    check_sound(seen);
    CHECK_EQ(seen_field(seen, 56)->len, 4);
    check_field(seen, 60, 2, "Padding", 0, "");
    seen = decode_table("dmar\nraw type=4 bytes=000000015c5f5353\n");
    check_problem(seen, 60, "an object name that does not end, after bytes", 4);
}

TEST(unknown_structure_and_unknown_scope)
{
    const struct seen *seen = decode_table("dmar\nraw type=0x0107 bytes=11223344\n"
                                           "atsr\n  scope type=9 bus=0 path=02.0\n");

    check_sound(seen);
    check_block(seen, 1, "unknown structure 0107h", 48, 8);
    CHECK(!seen->blocks[1].known);
    check_field(seen, 52, 4, "Undecoded", 0, "");
    check_block(seen, 3, "unknown scope 09h", 64, 8);
    CHECK(!seen->blocks[3].known);
    check_field(seen, 66, 6, "Undecoded", 0, "");
}

TEST(structure_shorter_than_its_fields)
{
    const struct seen *seen = decode_table("dmar\nraw type=0 bytes=0100000000d0fe\n");

    check_problem(seen, 56, "ends before its fields do, after bytes", 11);
    check_field(seen, 54, 2, "Segment Number", 0, "");
    check_field(seen, 56, 3, "Cut short", 0, "");
}

TEST(structure_longer_than_its_fields)
{
    const struct seen *seen =
        decode_table("dmar\nraw type=3 bytes=000000000000d0fe000000000100000099\n");

    check_sound(seen);
    check_field(seen, 64, 4, "Proximity Domain", 1, "");
    check_field(seen, 68, 1, "Beyond the fields", 0, "");
}

TEST(length_that_leads_nowhere)
{
    const struct seen *seen = decode_table("dmar\natsr length=3\nrhsa\n");

    check_problem(seen, 50, "a length below that of the structure's own header", 3);
    check_field(seen, 48, 28, "Left over", 0, "");
}

TEST(length_past_the_table)
{
    const struct seen *seen = decode_table("dmar\natsr length=9\n");

    check_problem(seen, 50, "a length beyond the end of what it lies in", 9);
    check_field(seen, 54, 2, "Segment Number", 0, "");
}

TEST(bytes_that_are_no_structure)
{
    const struct seen *seen = decode_table("dmar\npad bytes=010203\n");

    check_problem(seen, 48, "bytes left that are no structure", 3);
}

TEST(scope_past_its_structure)
{
    const struct seen *seen =
        decode_table("dmar\natsr\n  scope bridge length=10 bus=0 path=1c.0\nrhsa\n");

    check_problem(seen, 57, "a length beyond the end of what it lies in", 10);
    check_block(seen, 3, "RHSA", 64, 20);
}

TEST(scope_without_a_path_and_with_half_a_pair)
{
    const struct seen *seen = decode_table("dmar\natsr\n  scope bridge bus=0\n");

    check_problem(seen, 62, "a scope without a path, which has at least one pair", 0);
    seen = decode_table("dmar\nraw type=2 bytes=00000000"
                        "0209000000001c0005\n");
    check_problem(seen, 64, "half a pair at the end of a path", 5);
    check_field(seen, 62, 2, "Path", 0x001c, "device 28 function 0");
}

TEST(table_that_ends_in_its_fields)
{
    const struct seen *seen = decode_table("dmar length=40");

    CHECK(!seen->sound);
    CHECK_EQ(seen->problems[seen->problem_count - 1].offset, 38);
    check_field(seen, 38, 2, "Cut short", 0, "");
    check_field(seen, 40, 8, "Bytes behind the table", 0, "");
}

TEST(damaged_everywhere)
{
    decode_damaged(
        "dmar\ndrhd base=0xfed91000 flags=1\n  scope ioapic id=8 bus=0xf0 path=1f.7\n"
        "rmrr base=0x1000 limit=0x1fff\n  scope bridge bus=0 path=1c.5,02.1\natsr\nrhsa\n"
        "andd number=1 name=\\_SB\nsatc\n  scope endpoint bus=0 path=2.0\n"
        "sidp\n  scope endpoint bus=0 path=2.0\nraw type=9 bytes=0011\n");
}
