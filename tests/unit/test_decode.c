/* SPDX-License-Identifier: BSD-2-Clause */
/* firmware/decode.c: the header of any table (ACPI §5.2.6). */
#include "test.h"

#include "decode_seen.h"

/* "OEMID " and so on, sum: 0 once byte 9 is right. */
static void make_header(uint8_t *out, const char *signature, uint8_t length)
{
    uint8_t sum = 0;

    memset(out, 0, length);
    memcpy(out, signature, 4);
    out[4] = length;
    out[8] = 2;
    memcpy(out + 10, "MAKER ", 6);
    memcpy(out + 16, "MACHINE ", 8);
    out[24] = 0x78;
    out[27] = 0x12;
    memcpy(out + 28, "TOOL", 4);
    out[32] = 5;
    out[length - 1] = 0xa5;
    for (unsigned i = 0; i < length; i++)
        sum = (uint8_t)(sum + out[i]);
    out[9] = (uint8_t)-sum;
}

TEST(header_of_any_table_is_decoded)
{
    uint8_t table[40];
    const struct seen *seen;

    make_header(table, "SSDT", sizeof(table));
    seen = decode_bytes(table, sizeof(table));
    check_sound(seen);
    check_block(seen, 0, "SSDT", 0, 40);
    CHECK(!seen->blocks[0].known);
    CHECK_STR(seen_field(seen, 0)->text, "SSDT");
    check_field(seen, 4, 4, "Table Length", 40, "");
    check_field(seen, 8, 1, "Revision", 2, "");
    check_field(seen, 9, 1, "Checksum", table[9], "");
    CHECK_STR(seen_field(seen, 10)->text, "MAKER ");
    CHECK_STR(seen_field(seen, 16)->text, "MACHINE ");
    check_field(seen, 24, 4, "OEM Revision", 0x12000078, "");
    CHECK_STR(seen_field(seen, 28)->text, "TOOL");
    check_field(seen, 32, 4, "Creator Revision", 5, "");
    check_field(seen, 36, 4, "Body", 0, "");
    CHECK_EQ(seen->field_count, 10);
}

TEST(wrong_checksum_is_told_with_the_right_one)
{
    uint8_t table[40];
    uint8_t right;

    make_header(table, "SSDT", sizeof(table));
    right = table[9];
    table[9] = (uint8_t)(right + 1);
    check_problem(decode_bytes(table, sizeof(table)), 9,
                  "the bytes do not add up to zero, as a checksum of this value would make them",
                  right);
    table[9] = right;
    check_sound(decode_bytes(table, sizeof(table)));
}

TEST(length_beyond_the_bytes_is_told)
{
    uint8_t table[40];

    make_header(table, "SSDT", sizeof(table));
    check_problem(decode_bytes(table, 39), 4, "a length beyond the bytes there are", 40);
}

TEST(length_below_the_header_is_told)
{
    uint8_t table[40];

    make_header(table, "SSDT", sizeof(table));
    table[4] = 35;
    check_problem(decode_bytes(table, sizeof(table)), 4, "a length below that of the header", 35);
}

TEST(bytes_behind_the_table_are_kept_apart)
{
    uint8_t table[44] = { 0 };
    const struct seen *seen;

    make_header(table, "SSDT", 40);
    seen = decode_bytes(table, sizeof(table));
    check_sound(seen);
    check_field(seen, 36, 4, "Body", 0, "");
    check_field(seen, 40, 4, "Bytes behind the table", 0, "");
}

TEST(fewer_bytes_than_a_header)
{
    static const uint8_t few[35] = "DMAR";

    check_problem(decode_bytes(few, sizeof(few)), 0, "fewer bytes than a table's header has", 35);
    check_problem(decode_bytes(few, 0), 0, "fewer bytes than a table's header has", 0);
}

TEST(tables_it_knows)
{
    CHECK(fw_decodes("DMAR") && fw_decodes("IVRS") && fw_decodes("VIOT"));
    CHECK(fw_decodes("APIC") && fw_decodes("MCFG") && fw_decodes("HPET"));
    CHECK(!fw_decodes("SSDT"));
    CHECK(!fw_decodes("dmar"));
}

TEST(members_of_a_visitor_may_be_missing)
{
    static const struct fw_visitor nothing;
    uint8_t table[40];

    make_header(table, "SSDT", sizeof(table));
    CHECK(fw_decode(table, sizeof(table), &nothing));
    CHECK(!fw_decode(table, 39, &nothing));
}
