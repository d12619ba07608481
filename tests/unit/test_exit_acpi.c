/* SPDX-License-Identifier: BSD-2-Clause */
/* The \_S5 package and the FADT's ports, in bytes written after ACPI 6.5 §5.2.9 and §20.2. */
#include "exit_acpi.h"
#include "test.h"

#include "kernel/exit_acpi.c"

#define FIND(aml, type) exit_find_s5((aml), sizeof(aml), (type))

TEST(s5_with_byte_constants_is_found)
{
    static const uint8_t aml[] = { 0x5b, 0x08, '_', 'S', '5', '_', 0x12, 0x08, 0x04,
                                   0x0a, 0x05, 0x0a, 0x07, 0x00, 0x00 };
    uint8_t type[2];

    CHECK(FIND(aml, type));
    CHECK_EQ(type[0], 5);
    CHECK_EQ(type[1], 7);
}

TEST(s5_with_zero_and_one_behind_the_root_is_found)
{
    static const uint8_t aml[] = { 0x08, '\\', '_', 'S', '5', '_', 0x12, 0x06, 0x04,
                                   0x01, 0x00, 0x00, 0x00 };
    uint8_t type[2];

    CHECK(FIND(aml, type));
    CHECK_EQ(type[0], 1);
    CHECK_EQ(type[1], 0);
}

TEST(a_package_length_of_two_bytes_is_stepped_over)
{
    static const uint8_t aml[] = { 0x08, '_', 'S', '5', '_', 0x12, 0x46, 0x01, 0x02,
                                   0x0a, 0x03, 0x01 };
    uint8_t type[2];

    CHECK(FIND(aml, type));
    CHECK_EQ(type[0], 3);
    CHECK_EQ(type[1], 1);
}

TEST(the_name_without_a_declaration_or_package_is_not_taken)
{
    static const uint8_t used[] = { 0x70, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x01, 0x00 };
    static const uint8_t no_package[] = { 0x08, '_', 'S', '5', '_', 0x0a, 0x05, 0x00, 0x00 };
    static const uint8_t no_constant[] = { 0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 'A', 'B' };
    uint8_t type[2];

    CHECK(!FIND(used, type));
    CHECK(!FIND(no_package, type));
    CHECK(!FIND(no_constant, type));
}

/* Each prefix in memory of exactly its size, so that the address sanitizer sees a read too far. */
TEST(every_truncation_is_refused_without_reading_on)
{
    static const uint8_t aml[] = { 0x08, '_', 'S', '5', '_', 0x12, 0xc6, 0, 0, 0, 0x02,
                                   0x0a, 0x03, 0x0a, 0x01 };
    uint8_t type[2];

    CHECK(FIND(aml, type));
    for (size_t len = 0; len < sizeof(aml); len++) {
        uint8_t *copy = malloc(len + 1);
        bool found;

        memcpy(copy + 1, aml, len);
        found = exit_find_s5(copy + 1, len, type);
        free(copy);
        CHECK(!found);
    }
}

static void put32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, sizeof(value));
}

TEST(fadt_ports_and_the_wide_dsdt_pointer)
{
    uint8_t fadt[148] = { 0 };
    struct exit_fadt out;

    put32(fadt + 40, 0x7ffe0000);
    put32(fadt + 48, 0xb2);
    fadt[52] = 0x02;
    put32(fadt + 64, 0x604);
    CHECK(exit_read_fadt(fadt, sizeof(fadt), &out));
    CHECK_EQ(out.dsdt_pa, 0x7ffe0000);
    CHECK_EQ(out.smi_command, 0xb2);
    CHECK_EQ(out.acpi_enable, 2);
    CHECK_EQ(out.pm1a_control, 0x604);
    CHECK_EQ(out.pm1b_control, 0);
    put32(fadt + 140, 0x1000);
    put32(fadt + 144, 0x2);
    CHECK(exit_read_fadt(fadt, sizeof(fadt), &out));
    CHECK_EQ(out.dsdt_pa, 0x200001000ull);
    CHECK(exit_read_fadt(fadt, 147, &out));
    CHECK_EQ(out.dsdt_pa, 0x7ffe0000);
}

TEST(a_short_fadt_or_one_without_a_port_is_refused)
{
    uint8_t fadt[148] = { 0 };
    struct exit_fadt out;

    CHECK(!exit_read_fadt(fadt, sizeof(fadt), &out));
    put32(fadt + 64, 0x10604);
    CHECK(!exit_read_fadt(fadt, sizeof(fadt), &out));
    put32(fadt + 64, 0x604);
    CHECK(!exit_read_fadt(fadt, 71, &out));
    CHECK(exit_read_fadt(fadt, 72, &out));
}
