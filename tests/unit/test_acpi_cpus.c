/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * acpi_cpus.c on hand-built tables: offsets as ACPI 6.5 tables 5-21 and 5-34
 * print them, a second transcription beside the code's.
 */
#include "test.h"

#include <stdarg.h>

#include "acpi_cpus.h"

#define ENABLED 1u
#define ONLINE_CAPABLE 2u
#define ROOM 1024u

static char logged[4096];

static void fake_log(void *ctx, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void fake_log(void *ctx, const char *format, ...)
{
    size_t used = strlen(logged);
    va_list args;

    (void)ctx;
    va_start(args, format);
    vsnprintf(logged + used, sizeof(logged) - used, format, args);
    va_end(args);
}

static const struct acpi_memory memory = { .log = fake_log };
static uint8_t build[44 + 32 * ROOM];
static uint32_t build_len;

static void begin(void)
{
    memset(build, 0, sizeof(build));
    build_len = 44;
    logged[0] = '\0';
}

static void add_cpu(uint8_t id, uint32_t flags)
{
    uint8_t *at = build + build_len;

    at[0] = 0;
    at[1] = 8;
    at[3] = id;
    at[4] = (uint8_t)flags;
    build_len += 8;
}

static void add_x2(uint32_t id, uint32_t flags)
{
    uint8_t *at = build + build_len;

    at[0] = 9;
    at[1] = 16;
    for (unsigned i = 0; i < 4; i++)
        at[4 + i] = (uint8_t)(id >> (8 * i));
    at[8] = (uint8_t)flags;
    build_len += 16;
}

/* The table in memory of its own, exactly sized: a byte too far is the sanitizer's finding. */
static struct acpi_cpus read_len(uint32_t *ids, size_t max, uint32_t len)
{
    uint8_t *bytes = malloc(len == 0 ? 1 : len);
    struct acpi acpi = { .memory = &memory, .table_count = 1 };
    struct acpi_cpus found;

    memcpy(bytes, build, len);
    strcpy(acpi.tables[0].signature, "APIC");
    acpi.tables[0].bytes = bytes;
    acpi.tables[0].len = len;
    found = acpi_read_cpus(&acpi, ids, max);
    free(bytes);
    return found;
}

TEST(both_kinds_are_read_in_order)
{
    uint32_t ids[8];
    struct acpi_cpus found;

    begin();
    add_cpu(4, ENABLED);
    add_x2(0x11f, ENABLED);
    add_cpu(0, ENABLED);
    found = read_len(ids, 8, build_len);
    CHECK_EQ(found.count, 3);
    CHECK_EQ(ids[0], 4);
    CHECK_EQ(ids[1], 0x11f);
    CHECK_EQ(ids[2], 0);
    CHECK_STR(logged, "");
}

TEST(disabled_entries_are_counted_and_say_nothing)
{
    uint32_t ids[8];
    struct acpi_cpus found;

    begin();
    add_cpu(0, ENABLED);
    add_cpu(0, 0);
    add_cpu(0xff, 0);
    add_x2(0xffffffff, 0);
    add_cpu(1, ONLINE_CAPABLE);
    add_x2(300, ONLINE_CAPABLE);
    found = read_len(ids, 8, build_len);
    CHECK_EQ(found.count, 1);
    CHECK_EQ(found.disabled, 3);
    CHECK_EQ(found.later, 2);
    CHECK_EQ(found.duplicates, 0);
    CHECK_STR(logged, "");
}

TEST(a_cpu_named_twice_counts_once)
{
    uint32_t ids[8];
    struct acpi_cpus found;

    begin();
    add_cpu(2, ENABLED);
    add_x2(2, ENABLED);
    add_cpu(2, ENABLED);
    add_cpu(3, ENABLED);
    found = read_len(ids, 8, build_len);
    CHECK_EQ(found.count, 2);
    CHECK_EQ(found.duplicates, 2);
    CHECK_EQ(ids[1], 3);
    CHECK(strstr(logged, "offset=52 type=9 id=0x2 is named twice") != NULL);
    CHECK(strstr(logged, "offset=68 type=0 id=0x2 is named twice") != NULL);
}

/* 0xff means everybody in the old kind; in the new kind it is an id like any other. */
TEST(an_id_that_means_everybody_is_refused)
{
    uint32_t ids[8];
    struct acpi_cpus found;

    begin();
    add_cpu(0xff, ENABLED);
    add_x2(0xffffffff, ENABLED);
    add_x2(0xff, ENABLED);
    found = read_len(ids, 8, build_len);
    CHECK_EQ(found.count, 1);
    CHECK_EQ(found.absurd, 2);
    CHECK_EQ(ids[0], 0xff);
    CHECK(strstr(logged, "offset=44 type=0 id=0xff means every CPU") != NULL);
    CHECK(strstr(logged, "offset=52 type=9 id=0xffffffff means every CPU") != NULL);
}

TEST(more_than_fit_are_left_out_with_one_line)
{
    uint32_t ids[3] = { 0, 0, 77 };
    struct acpi_cpus found;

    begin();
    for (uint32_t i = 0; i < 5; i++)
        add_x2(i + 10, ENABLED);
    found = read_len(ids, 2, build_len);
    CHECK_EQ(found.count, 2);
    CHECK_EQ(found.lost, 3);
    CHECK_EQ(ids[1], 11);
    CHECK_EQ(ids[2], 77);
    CHECK(strstr(logged, "more than 2 CPUs") != NULL);
    CHECK(strstr(strstr(logged, "more than") + 1, "more than") == NULL);
}

TEST(an_entry_too_short_for_its_kind_is_none)
{
    uint32_t ids[8];
    struct acpi_cpus found;

    begin();
    build[44] = 0;
    build[45] = 4;
    build_len = 48;
    build[48] = 9;
    build[49] = 8;
    build[52] = ENABLED;
    build_len = 56;
    add_cpu(6, ENABLED);
    found = read_len(ids, 8, build_len);
    CHECK_EQ(found.count, 1);
    CHECK_EQ(ids[0], 6);
}

TEST(an_entry_of_length_zero_ends_the_list)
{
    uint32_t ids[8];

    begin();
    add_cpu(0, ENABLED);
    build_len += 2;
    add_cpu(1, ENABLED);
    CHECK_EQ(read_len(ids, 8, build_len).count, 1);
}

TEST(a_table_cut_at_every_byte_is_survived)
{
    uint32_t ids[8];

    begin();
    add_cpu(0, ENABLED);
    add_x2(1, ENABLED);
    add_cpu(2, ENABLED);
    for (uint32_t len = 0; len <= build_len; len++)
        CHECK_EQ(read_len(ids, 8, len).count,
                 (size_t)(len >= 52) + (len >= 68) + (len >= 76));
}

TEST(without_the_table_there_is_nobody)
{
    struct acpi acpi = { .memory = &memory };
    uint32_t ids[1];

    CHECK_EQ(acpi_read_cpus(&acpi, ids, 1).count, 0);
}

TEST(one_of_several_tables_is_chosen)
{
    struct acpi acpi = { .memory = &memory, .table_count = 2, .madt_index = 1 };
    uint8_t second[52];
    uint32_t ids[2];

    begin();
    add_cpu(9, ENABLED);
    memcpy(second, build, sizeof(second));
    for (unsigned i = 0; i < 2; i++) {
        strcpy(acpi.tables[i].signature, "APIC");
        acpi.tables[i].bytes = i == 0 ? build : second;
        acpi.tables[i].len = i == 0 ? 44 : 52;
    }
    CHECK_EQ(acpi_read_cpus(&acpi, ids, 2).count, 1);
    CHECK_EQ(ids[0], 9);
    acpi.madt_index = 2;
    CHECK_EQ(acpi_read_cpus(&acpi, ids, 2).count, 0);
}
