/* SPDX-License-Identifier: BSD-2-Clause */
/* firmware/decode_mcfg.c, PCI Firmware §4.1.2. Offsets are counted by hand: the header is 44 bytes.
 */
#include "test.h"

#include "decode_seen.h"

TEST(windows)
{
    const struct seen *seen =
        decode_table("mcfg\nwindow base=0xe0000000 first=0 last=0xff\n"
                     "window base=0x4010000000 segment=5 first=0x10 last=0x1f\n");

    check_sound(seen);
    check_field(seen, 36, 8, "Reserved", 0, "");
    check_block(seen, 1, "window", 44, 16);
    check_field(seen, 44, 8, "Base Address", 0xe0000000, "");
    check_field(seen, 52, 2, "PCI Segment Group Number", 0, "");
    check_field(seen, 54, 1, "Start Bus Number", 0, "");
    check_field(seen, 55, 1, "End Bus Number", 0xff, "");
    check_field(seen, 56, 4, "Reserved", 0, "");
    check_block(seen, 2, "window", 60, 16);
    check_field(seen, 60, 8, "Base Address", 0x4010000000, "");
    check_field(seen, 68, 2, "PCI Segment Group Number", 5, "");
    check_field(seen, 70, 1, "Start Bus Number", 0x10, "");
    check_field(seen, 71, 1, "End Bus Number", 0x1f, "");
}

TEST(bytes_that_are_no_window)
{
    const struct seen *seen =
        decode_table("mcfg\nwindow\npad bytes=001122334455667788990011223344\n");

    check_problem(seen, 60, "bytes left that are no window", 15);
    check_field(seen, 60, 15, "Left over", 0, "");
}

TEST(table_without_windows)
{
    const struct seen *seen = decode_table("mcfg\n");

    check_sound(seen);
    CHECK_EQ(seen->block_count, 1);
}

TEST(damaged_everywhere)
{
    decode_damaged("mcfg\nwindow base=0xe0000000\nwindow base=0xd0000000 segment=1\n");
}
