/* SPDX-License-Identifier: BSD-2-Clause */
/* firmware/decode_hpet.c, HPET §3.2.4. */
#include "test.h"

#include "decode_seen.h"

TEST(all_fields)
{
    /* 8086a201h: vendor 8086h, legacy routes, 64 bits wide, timers up to number 2, revision 1 */
    const struct seen *seen = decode_table("hpet number=3 base=0xfed00000 space=1\n");

    check_sound(seen);
    check_block(seen, 0, "HPET", 0, 56);
    check_field(seen, 36, 4, "Event Timer Block ID", 0x8086a201, "");
    check_bits(seen, 36, 0, 8, "REV_ID", 1);
    check_bits(seen, 36, 8, 5, "NUM_TIM_CAP", 2);
    check_bits(seen, 36, 13, 1, "COUNT_SIZE_CAP", 1);
    check_bits(seen, 36, 15, 1, "LEG_RT_CAP", 1);
    check_bits(seen, 36, 16, 16, "VENDOR_ID", 0x8086);
    check_field(seen, 40, 1, "Address Space ID", 1, "system I/O");
    check_field(seen, 41, 1, "Register Bit Width", 64, "");
    check_field(seen, 42, 1, "Register Bit Offset", 0, "");
    check_field(seen, 43, 1, "Access Size", 0, "not said");
    check_field(seen, 44, 8, "Base Address", 0xfed00000, "");
    check_field(seen, 52, 1, "HPET Number", 3, "");
    check_field(seen, 53, 2, "Main Counter Minimum Clock Tick in Periodic Mode", 0x80, "");
    check_field(seen, 55, 1, "Page Protection and OEM Attribute", 0, "");
    check_bits(seen, 55, 0, 4, "Page Protection", 0);
    CHECK_STR(seen_bit(seen, 55, 0)->meaning, "none");
    check_bits(seen, 55, 4, 4, "OEM Attribute", 0);
}

TEST(table_too_short_and_too_long)
{
    const struct seen *seen = decode_table("hpet length=55\n");

    CHECK_EQ(seen->problems[seen->problem_count - 1].offset, 55);
    seen = decode_table("hpet\npad bytes=0011\n");
    check_sound(seen);
    check_field(seen, 56, 2, "Beyond the fields", 0, "");
}

TEST(damaged_everywhere)
{
    decode_damaged("hpet number=0\n");
}
