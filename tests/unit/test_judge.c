/* SPDX-License-Identifier: BSD-2-Clause */
/* judge.c: headers, tables that contradict one another, what is returned. */
#include "test.h"

#include "judged.h"

#define SOUND "drhd base=0xfed90000 flags=1\n scope ioapic id=2 bus=0xf0 path=1f.0\n"
#define IVRS                                                                                       \
    "ivrs ivinfo=0x203043 revision=2\nivhd type=0x11 base=0xfeb80000\n all\n ioapic id=2 "         \
    "device=0xa0\n"

static const struct fw_facts launched = { .measured_launch = true };
static const struct fw_facts nothing;

TEST(each_fault_of_a_header_is_found_and_its_twin_is_sound)
{
    static const struct judged_case cases[] = {
        { "table-cut", 4, "dmar flags=5 length=200\n" SOUND, "dmar flags=5\n" SOUND, NULL, NULL },
        { "checksum", 9, "dmar flags=5 checksum=0x55\n" SOUND, "dmar flags=5\n" SOUND, NULL, NULL },
        { "revision", 8, "dmar flags=5 revision=3\n" SOUND, "dmar flags=5 revision=2\n" SOUND, NULL,
          NULL },
        { "revision", 8, "dmar flags=5 revision=0\n" SOUND, "dmar flags=5 revision=1\n" SOUND, NULL,
          NULL },
        { "table-twice", 0, "dmar flags=5\n" SOUND "---\ndmar flags=5\n" SOUND,
          "dmar flags=5\n" SOUND, NULL, NULL },
        { "tables-contradict", 0, "dmar flags=5\n" SOUND "---\n" IVRS, IVRS, NULL, NULL },
        { "measured-launch", 0, "dmar flags=5\n" SOUND, NULL, &launched, &nothing },
        { "measured-launch-without-iommu", 0, "mcfg\nwindow\n", NULL, &launched, &nothing },
    };

    JUDGED_CHECK(cases);
}

TEST(a_table_shorter_than_its_fixed_part_is_found_and_not_read)
{
    static const uint8_t bytes[] = { 'D', 'M', 'A', 'R', 12, 0, 0, 0, 1, 0, 0, 0 };
    uint8_t *own = malloc(sizeof(bytes));
    struct fw_table table = { "DMAR", own, sizeof(bytes) };
    const struct fw_facts facts = { .tables = &table, .table_count = 1 };

    memcpy(own, bytes, sizeof(bytes));
    CHECK_STR(judge_tables(&facts)->every, "table-length");
    for (table.len = 0; table.len < sizeof(bytes); table.len++)
        CHECK_STR(judge_tables(&facts)->every, "table-length");
    free(own);
}

/* A DMAR's fixed part is 48 bytes: VT-d §8.1. */
TEST(a_header_that_leaves_no_room_for_the_fixed_part)
{
    static const uint8_t bytes[48] = "DMAR\x28\0\0\0\x01";

    for (uint32_t len = 36; len <= sizeof(bytes); len++) {
        uint8_t *own = malloc(len);
        const struct fw_table table = { "DMAR", own, len };
        const struct fw_facts facts = { .tables = &table, .table_count = 1 };

        memcpy(own, bytes, len);
        own[4] = len < sizeof(bytes) ? 48 : 40;
        CHECK_STR(judge_tables(&facts)->every, "table-length");
        free(own);
    }
}

TEST(bytes_behind_a_table_are_a_note)
{
    uint8_t bytes[60] = { 0 };
    const struct fw_table table = { "XYZW", bytes, sizeof(bytes) };
    const struct fw_facts facts = { .tables = &table, .table_count = 1 };

    memcpy(bytes, "XYZW\x28\0\0\0", 8);
    bytes[9] = (uint8_t) - ('X' + 'Y' + 'Z' + 'W' + 0x28);
    CHECK_STR(judge_tables(&facts)->notes, "table-trailing");
    CHECK_EQ(judge_tables(&facts)->judged, 0);
    bytes[4] = 59;
    bytes[9] = (uint8_t)(bytes[9] - 19);
    CHECK_STR(judge_tables(&facts)->notes, "table-trailing");
    bytes[4] = 60;
    bytes[9]--;
    CHECK_STR(judge_tables(&facts)->every, "");
}

TEST(a_table_of_more_than_64_kib_is_judged_so_far)
{
    const size_t size = 0x10000 + 64;
    uint8_t *bytes = calloc(1, size);
    const struct fw_table table = { "XYZW", bytes, (uint32_t)size };
    const struct fw_facts facts = { .tables = &table, .table_count = 1 };

    memcpy(bytes, "XYZW\x40\0\x01\0", 8);
    bytes[9] = (uint8_t) - ('X' + 'Y' + 'Z' + 'W' + 0x41);
    CHECK_STR(judge_tables(&facts)->every, "table-huge");
    free(bytes);
}

/* Entries of 4 bytes up to there, and then one that cannot be. */
TEST(what_is_behind_64_kib_is_not_judged)
{
    const uint32_t size = 0x10000 + 4;
    uint8_t *bytes = calloc(1, size);
    const struct fw_table table = { "APIC", bytes, size };
    const struct fw_facts facts = { .tables = &table, .table_count = 1 };

    memcpy(bytes, "APIC\x04\0\x01\0\x04", 9);
    for (uint32_t at = 44; at < size; at += 4)
        memcpy(bytes + at, "\x7f\x04", 2);
    bytes[size - 3] = 1;
    for (uint32_t i = 0; i < size; i++)
        bytes[9] = (uint8_t)(bytes[9] - (i == 9 ? 0 : bytes[i]));
    CHECK_STR(judge_tables(&facts)->every, "table-huge");
    free(bytes);
}

TEST(a_table_of_64_kib_is_judged_whole)
{
    uint8_t *bytes = calloc(1, 0x10000);
    const struct fw_table table = { "XYZW", bytes, 0x10000 };
    const struct fw_facts facts = { .tables = &table, .table_count = 1 };

    memcpy(bytes, "XYZW\0\0\x01\0", 8);
    bytes[9] = (uint8_t) - ('X' + 'Y' + 'Z' + 'W' + 1);
    CHECK_STR(judge_tables(&facts)->every, "");
    free(bytes);
}

TEST(the_right_checksum_is_said)
{
    const struct seen_findings *seen = judge_text("dmar flags=5 checksum=0x55\n" SOUND, NULL);
    const struct seen_finding *f = seen_find(seen, "checksum");
    uint8_t table[72] =
        "DMAR\x48\0\0\0\x01\0IOMMUKFIXTURE \x01\0\0\0IOMK\x01\0\0\0\x26\x05\0\0\0\0\0\0\0\0\0\0"
        "\0\0\x18\0\x01\0\0\0\0\0\xd9\xfe\0\0\0\0\x03\x08\0\0\x02\xf0\x1f";
    uint8_t sum = 0;
    char said[40];

    for (size_t i = 0; i < sizeof(table); i++)
        sum = (uint8_t)(sum + table[i]);
    snprintf(said, sizeof(said), "right would be 0x%02x", (uint8_t)-sum);
    CHECK(f != NULL && strstr(f->what, said) != NULL);
}

TEST(a_machine_whose_tables_are_all_known_and_none_of_them_an_iommus_is_told)
{
    static const char x86[] = "apic revision=4\nlapic id=1\n---\nmcfg\nwindow\n",
                      arm[] = "apic revision=4\nraw type=0x0b bytes=0000\n";
    const struct fw_facts all = { .every_table = true },
                          guest = { .every_table = true, .hypervisor = true };

    CHECK_STR(judge_text(x86, &all)->ids, "iommu-table-missing");
    CHECK_STR(judge_text(x86, &guest)->notes, "iommu-table-missing");
    CHECK_STR(judge_text(x86, NULL)->every, "");
    CHECK_STR(judge_text(arm, &all)->every, "");
    CHECK_STR(judge_text("viot revision=0\n---\napic revision=4\nlapic id=1\n", &all)->every, "");
}

TEST(no_facts_and_no_tables_have_no_finding)
{
    CHECK_EQ(judge_tables(&nothing)->count, 0);
}

TEST(severities_have_names)
{
    CHECK_STR(fw_severity_name(FW_NOTE), "note");
    CHECK_STR(fw_severity_name(FW_WARNING), "warning");
    CHECK_STR(fw_severity_name(FW_ERROR), "error");
}
