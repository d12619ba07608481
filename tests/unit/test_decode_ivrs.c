/* SPDX-License-Identifier: BSD-2-Clause */
/* firmware/decode_ivrs.c, AMD-Vi §5.2. Offsets are counted by hand: the header is 48 bytes. */
#include "test.h"

#include "decode_seen.h"

TEST(ivinfo)
{
    /* EFRSup, 2 in GVASize, 48 = 30h bits physical, 64 = 40h virtual, HtAtsResv: 1 | 2<<5 | 30h<<8
     * | 40h<<15 | 1<<22 */
    const struct seen *seen = decode_table("ivrs ivinfo=0x00603041 revision=2");

    check_sound(seen);
    check_field(seen, 36, 4, "IVinfo", 0x00603041, "");
    check_bits(seen, 36, 0, 1, "EFRSup", 1);
    check_bits(seen, 36, 1, 1, "DMA remap", 0);
    check_bits(seen, 36, 5, 3, "GVASize", 2);
    check_bits(seen, 36, 8, 7, "PASize", 48);
    CHECK_STR(seen_bit(seen, 36, 8)->meaning, "48 bits");
    check_bits(seen, 36, 15, 7, "VASize", 64);
    CHECK_STR(seen_bit(seen, 36, 15)->meaning, "64 bits");
    check_bits(seen, 36, 22, 1, "HtAtsResv", 1);
    check_field(seen, 40, 8, "Reserved", 0, "");
    CHECK_STR(seen_bit(decode_table("ivrs ivinfo=2"), 36, 8)->meaning, "not said");
}

TEST(ivhd_10h)
{
    const struct seen *seen =
        decode_table("ivrs\nivhd type=0x10 flags=0xb1 device=0x0002 capability=0x40 "
                     "base=0xfeb80000 segment=3 info=0x1305 features=0x80048f6e\n");

    check_sound(seen);
    check_block(seen, 1, "IVHD 10h", 48, 24);
    check_field(seen, 48, 1, "Type", 0x10, "I/O virtualization hardware definition");
    check_field(seen, 49, 1, "Flags", 0xb1, "");
    check_bits(seen, 49, 0, 1, "HtTunEn", 1);
    check_bits(seen, 49, 4, 1, "IotlbSup", 1);
    check_bits(seen, 49, 5, 1, "Coherent", 1);
    check_bits(seen, 49, 6, 1, "PreFSup", 0);
    check_bits(seen, 49, 7, 1, "PPRSup", 1);
    check_field(seen, 50, 2, "Length", 24, "");
    check_field(seen, 52, 2, "DeviceID", 2, "00:00.2");
    check_field(seen, 54, 2, "Capability Offset", 0x40, "");
    check_field(seen, 56, 8, "IOMMU Base Address", 0xfeb80000, "");
    check_field(seen, 64, 2, "PCI Segment Group", 3, "");
    check_bits(seen, 66, 0, 5, "MSInum", 5);
    check_bits(seen, 66, 8, 5, "UnitID", 0x13);
    check_field(seen, 68, 4, "IOMMU Feature Reporting", 0x80048f6e, "");
    /* 80048f6eh: HATS 2, GATS 0, PNBanks 2, PNCounters 4, PASmax 15, and 6eh: NX, GT, GLX 1, IA,
     * GA, not XT, not HE */
    check_bits(seen, 68, 0, 1, "XTSup", 0);
    check_bits(seen, 68, 1, 1, "NXSup", 1);
    check_bits(seen, 68, 2, 1, "GTSup", 1);
    check_bits(seen, 68, 3, 2, "GLXSup", 1);
    check_bits(seen, 68, 5, 1, "IASup", 1);
    check_bits(seen, 68, 6, 1, "GASup", 1);
    check_bits(seen, 68, 7, 1, "HESup", 0);
    check_bits(seen, 68, 8, 5, "PASmax", 15);
    check_bits(seen, 68, 13, 4, "PNCounters", 4);
    check_bits(seen, 68, 17, 6, "PNBanks", 2);
    check_bits(seen, 68, 30, 2, "HATS", 2);
    CHECK_STR(seen_bit(seen, 68, 30)->meaning, "6 levels");
}

TEST(ivhd_11h_and_40h)
{
    const struct seen *seen =
        decode_table("ivrs revision=2\n"
                     "ivhd type=0x11 features=0x00040201 efr=0x8000000000000084 efr2=0x900\n"
                     "ivhd type=0x40 features=0 efr=0 efr2=0\n");

    check_sound(seen);
    check_block(seen, 1, "IVHD 11h", 48, 40);
    check_field(seen, 68, 4, "IOMMU Attributes", 0x00040201, "");
    check_bits(seen, 68, 0, 1, "HATDis", 1);
    check_bits(seen, 68, 17, 6, "PNBanks", 2);
    check_field(seen, 72, 8, "EFR Register Image", 0x8000000000000084, "");
    check_bits(seen, 72, 2, 1, "XTSup", 1);
    check_bits(seen, 72, 3, 1, "NXSup", 0);
    check_bits(seen, 72, 7, 1, "GASup", 1);
    check_bits(seen, 72, 63, 1, "SNPSup", 1);
    check_field(seen, 80, 8, "EFR2 Register Image", 0x900, "");
    check_bits(seen, 80, 8, 2, "NumIntRemapSup", 1);
    check_bits(seen, 80, 11, 1, "HTRangeIgnore", 1);
    check_block(seen, 2, "IVHD 40h", 88, 40);
}

TEST(entries_of_four_bytes)
{
    const struct seen *seen =
        decode_table("ivrs\nivhd\n  all setting=0xd7\n  select device=0x0008\n"
                     "  start device=0x0100\n  end device=0x01ff\n  entry bytes=00000000\n");

    check_sound(seen);
    check_block(seen, 2, "all devices", 72, 4);
    check_field(seen, 72, 1, "Type", 1, "");
    check_field(seen, 75, 1, "DTE Setting", 0xd7, "");
    check_bits(seen, 75, 0, 1, "INITPass", 1);
    check_bits(seen, 75, 1, 1, "EIntPass", 1);
    check_bits(seen, 75, 2, 1, "NMIPass", 1);
    check_bits(seen, 75, 3, 1, "Reserved", 0);
    check_bits(seen, 75, 4, 2, "SysMgt", 1);
    CHECK_STR(seen_bit(seen, 75, 4)->meaning, "messages forwarded untranslated");
    check_bits(seen, 75, 6, 1, "Lint0Pass", 1);
    check_bits(seen, 75, 7, 1, "Lint1Pass", 1);
    check_block(seen, 3, "device", 76, 4);
    check_field(seen, 77, 2, "DeviceID", 8, "00:01.0");
    check_block(seen, 4, "range start", 80, 4);
    check_block(seen, 5, "range end", 84, 4);
    check_field(seen, 85, 2, "DeviceID", 0x1ff, "01:1f.7");
    check_block(seen, 6, "padding", 88, 4);
}

TEST(entries_of_eight_bytes)
{
    const struct seen *seen =
        decode_table("ivrs\nivhd\n  select device=0x0500 as=0x00a5\n"
                     "  start device=0x0600 as=0x00a6\n  select device=0x0700 extended=0x80000000\n"
                     "  start device=0x0800 extended=1\n  ioapic id=33 device=0x00a0\n  hpet id=0 "
                     "device=0x00a0\n"
                     "  special variety=7 id=1 device=0\n  entry bytes=4000000011223344\n");

    check_sound(seen);
    check_block(seen, 2, "alias", 72, 8);
    check_field(seen, 73, 2, "DeviceID", 0x500, "05:00.0");
    check_field(seen, 76, 1, "Reserved", 0, "");
    check_field(seen, 77, 2, "Source DeviceID", 0xa5, "00:14.5");
    check_field(seen, 79, 1, "Reserved", 0, "");
    check_block(seen, 3, "alias range start", 80, 8);
    check_block(seen, 4, "extended device", 88, 8);
    check_field(seen, 92, 4, "Extended DTE Setting", 0x80000000, "");
    check_bits(seen, 92, 31, 1, "AtsDisabled", 1);
    check_block(seen, 5, "extended range start", 96, 8);
    check_bits(seen, 100, 31, 1, "AtsDisabled", 0);
    check_block(seen, 6, "special device", 104, 8);
    check_field(seen, 108, 1, "Handle", 33, "");
    check_field(seen, 109, 2, "Source DeviceID", 0xa0, "00:14.0");
    check_field(seen, 111, 1, "Variety", 1, "IOAPIC");
    check_field(seen, 119, 1, "Variety", 2, "HPET");
    check_field(seen, 127, 1, "Variety", 7, "");
    check_block(seen, 9, "padding of 8 bytes", 128, 8);
    check_field(seen, 132, 4, "Padding", 0, "");
}

TEST(acpi_devices)
{
    const struct seen *seen =
        decode_table("ivrs revision=2\nivhd type=0x40\n"
                     "  acpi device=0x00a5 hid=AMDI0020 cid=PNP0501 uid=\\_SB.FUR0\n  acpi "
                     "device=0x00a5 hid=MSFT0201 number=0x1234\n"
                     "  acpi device=0x00a5 hid=AMDI0010\n");

    check_sound(seen);
    check_block(seen, 2, "ACPI device", 88, 31);
    CHECK_STR(seen_field(seen, 92)->text, "AMDI0020");
    CHECK_STR(seen_field(seen, 92)->name, "Hardware ID");
    CHECK_STR(seen_field(seen, 100)->text, "PNP0501");
    CHECK_STR(seen_field(seen, 100)->name, "Compatible ID");
    check_field(seen, 108, 1, "UID Format", 2, "string");
    check_field(seen, 109, 1, "UID Length", 9, "");
    CHECK_STR(seen_field(seen, 110)->text, "\\_SB.FUR0");
    check_block(seen, 3, "ACPI device", 119, 30);
    check_field(seen, 139, 1, "UID Format", 1, "integer");
    check_field(seen, 141, 8, "UID", 0x1234, "");
    check_block(seen, 4, "ACPI device", 149, 22);
    check_field(seen, 169, 1, "UID Format", 0, "none");
    check_field(seen, 170, 1, "UID Length", 0, "");
}

/* An integer of another length than eight bytes is shown as it lies there. */
TEST(uid_integer_of_a_wrong_length)
{
    const struct seen *seen = decode_table("ivrs revision=2\nivhd type=0x40\n"
                                           "  acpi device=0 hid=X uid=abcd format=1\n");

    check_sound(seen);
    CHECK_EQ(seen_field(seen, 110)->kind, FW_TEXT);
    CHECK_EQ(seen_field(seen, 110)->len, 4);
}

TEST(unknown_entries_have_the_length_of_their_class)
{
    const struct seen *seen = decode_table(
        "ivrs\nivhd\n  entry bytes=3f010203\n  entry bytes=4411223344556677\n"
        "  entry bytes=80000102030405060708090a0b0c0d0e\n"
        "  entry bytes=c0000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e\n");

    check_sound(seen);
    check_block(seen, 2, "unknown device entry 3fh", 72, 4);
    CHECK(!seen->blocks[2].known);
    check_block(seen, 3, "unknown device entry 44h", 76, 8);
    check_field(seen, 80, 4, "Undecoded", 0, "");
    check_block(seen, 4, "unknown device entry 80h", 84, 16);
    check_block(seen, 5, "unknown device entry c0h", 100, 32);
}

TEST(entry_past_its_block)
{
    const struct seen *seen = decode_table("ivrs\nivhd\n  entry bytes=48000000\nivmd type=0x20\n");

    check_problem(seen, 72, "a device entry beyond the end of its block, of type", 0x48);
    check_field(seen, 72, 4, "Left over", 0, "");
    check_block(seen, 2, "IVMD 20h", 76, 32);
    seen = decode_table("ivrs revision=2\nivhd type=0x40\n  entry bytes=f0000000\n");
    check_problem(seen, 88, "a device entry beyond the end of its block, of type", 0xf0);
    seen = decode_table(
        "ivrs revision=2\nivhd type=0x40\n  acpi device=0 hid=X uid=abcd uid-length=5\n");
    check_problem(seen, 88, "a device entry beyond the end of its block, of type", 0xf0);
}

TEST(ivmd)
{
    const struct seen *seen =
        decode_table("ivrs\nivmd type=0x22 flags=0x0d device=0x0200 last=0x02ff segment=1 "
                     "start=0x7132c000 size=0x26000\n");

    check_sound(seen);
    check_block(seen, 1, "IVMD 22h", 48, 32);
    check_bits(seen, 49, 0, 1, "Unity", 1);
    check_bits(seen, 49, 1, 1, "IR", 0);
    check_bits(seen, 49, 2, 1, "IW", 1);
    check_bits(seen, 49, 3, 1, "ExclusionRange", 1);
    check_field(seen, 52, 2, "DeviceID", 0x200, "02:00.0");
    check_field(seen, 54, 2, "Auxiliary Data", 0x2ff, "02:1f.7");
    check_field(seen, 56, 2, "PCI Segment Group", 1, "");
    check_field(seen, 58, 6, "Reserved", 0, "");
    check_field(seen, 64, 8, "IVMD Start Address", 0x7132c000, "");
    check_field(seen, 72, 8, "IVMD Memory Block Length", 0x26000, "");
}

TEST(unknown_block)
{
    const struct seen *seen =
        decode_table("ivrs\nraw type=0x51 flags=8 bytes=00112233\nivmd type=0x20\n");

    check_sound(seen);
    check_block(seen, 1, "unknown block 51h", 48, 8);
    CHECK(!seen->blocks[1].known);
    check_field(seen, 49, 1, "Flags", 8, "");
    check_field(seen, 50, 2, "Length", 8, "");
    check_field(seen, 52, 4, "Undecoded", 0, "");
    check_block(seen, 2, "IVMD 20h", 56, 32);
}

TEST(blocks_whose_length_is_wrong)
{
    check_problem(decode_table("ivrs\nivmd length=3\n"), 50,
                  "a length below that of the structure's own header", 3);
    check_problem(decode_table("ivrs\nivmd length=33\n"), 50,
                  "a length beyond the end of what it lies in", 33);
    check_problem(decode_table("ivrs\nraw type=0x10 bytes=0200400000000000\n"), 56,
                  "ends before its fields do, after bytes", 12);
    check_field(decode_table("ivrs\nraw type=0x20 bytes="
                             "00000000000000000000000000000000000000000000000000000000aa\n"),
                80, 1, "Beyond the fields", 0, "");
}

TEST(damaged_everywhere)
{
    decode_damaged(
        "ivrs ivinfo=0x203041 revision=2\nivhd type=0x10\n  all\n  select device=8 as=9\n"
        "ivhd type=0x40\n  acpi device=5 hid=AMDI0020 uid=\\_SB\n  ioapic id=1 device=2\n"
        "ivmd type=0x21 start=0x1000 size=0x1000\nraw type=0x51 bytes=0011\n");
}
