/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel/ivrs_dump.c: its text beside each fixture, and bytes that would upset a terminal. */
#include "test.h"

#include <stdarg.h>

#include "built_table.h"
#include "console.h"
#include "ivrs_dump.h"

static char printed[65536];
static size_t printed_len;

void print(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    printed_len += (size_t)vsnprintf(printed + printed_len, sizeof(printed) - printed_len, format, args);
    va_end(args);
    CHECK(printed_len < sizeof(printed));
}

static void dump_text(const char *text)
{
    uint8_t table[BUILT_TABLE_BYTES];
    size_t len = built_table(text, table);

    printed_len = 0;
    printed[0] = '\0';
    ivrs_dump(table, len);
}

static void read_text(const char *name, const char *ending, char *out, size_t size)
{
    char path[256];

    snprintf(path, sizeof(path), "tests/fixtures/ivrs/%s.%s", name, ending);
    fixture_read(path, out, size);
}

/* Line by line, so that a difference is told by its line. */
static void check_fixture(const char *name)
{
    static char text[16384], wanted[65536];
    char *seen_line = printed, *wanted_line = wanted;

    read_text(name, "txt", text, sizeof(text));
    read_text(name, "dump", wanted, sizeof(wanted));
    dump_text(text);
    for (unsigned line = 1; *seen_line != '\0' || *wanted_line != '\0'; line++) {
        size_t seen_len = strcspn(seen_line, "\n"), wanted_len = strcspn(wanted_line, "\n");

        if (seen_len != wanted_len || strncmp(seen_line, wanted_line, seen_len) != 0)
            test_fail(__FILE__, __LINE__, "%s.dump:%u: seen \"%.*s\", expected \"%.*s\"", name, line,
                      (int)seen_len, seen_line, (int)wanted_len, wanted_line);
        seen_line += seen_len + (seen_line[seen_len] == '\n');
        wanted_line += wanted_len + (wanted_line[wanted_len] == '\n');
    }
}

TEST(laptop_is_told_in_full)
{
    check_fixture("laptop");
}

TEST(server_is_told_in_full)
{
    check_fixture("server");
}

TEST(oddities_are_told_with_their_offsets)
{
    check_fixture("odd");
}

TEST(control_characters_of_firmware_are_not_printed)
{
    dump_text("ivrs\nivhd type=0x40 base=0xfd200000\n"
              "entry bytes=f0a500001b5b324a0700ffff00000000000000000203415c1b\n");
    CHECK(strstr(printed, "acpi hid=?[2J? cid=- uid=A\\? as 00:14.5") != NULL);
    for (size_t i = 0; i < printed_len; i++)
        CHECK(printed[i] == '\n' || (printed[i] >= ' ' && printed[i] <= '~'));
}

TEST(damaged_table_is_called_so)
{
    dump_text("ivrs checksum=1\n");
    CHECK(strstr(printed, "# ivrs: offset=0x009 problem: checksum wrong, bytes add up to 0x") != NULL);
    CHECK(strstr(printed, "# ivrs: the table is damaged\n") != NULL);
    dump_text("ivrs\n");
    CHECK_STR(printed, "# ivrs: revision=1 ivinfo=0x00000000 physical-bits=0 virtual-bits=0\n");
}
