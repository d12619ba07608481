/* SPDX-License-Identifier: BSD-2-Clause */
/* firmware/decode_text.c: lines, compared as a whole. */
#include "test.h"

#include "built_table.h"
#include "decode_text.h"

#define TEXT_BYTES 8192u

static char printed[TEXT_BYTES];

static void keep(void *ctx, const char *line)
{
    size_t used = strlen(printed);

    (void)ctx;
    snprintf(printed + used, sizeof(printed) - used, "%s\n", line);
}

static bool print_table(const char *text)
{
    uint8_t table[BUILT_TABLE_BYTES];
    size_t len = built_table(text, table);

    printed[0] = '\0';
    return fw_print(table, len, keep, NULL);
}

/* The whole line that has words in it. */
static void check_line(const char *words, const char *line)
{
    char *at = strstr(printed, words);
    char *start = at;

    if (at == NULL)
        test_fail(__FILE__, __LINE__, "no line with '%s'", words);
    while (start > printed && start[-1] != '\n')
        start--;
    start[strcspn(start, "\n")] = '\0';
    CHECK_STR(start, line);
    start[strlen(start)] = '\n';
}

TEST(fields_bits_and_blocks)
{
    CHECK(
        print_table("dmar haw=39 flags=1\natsr segment=1 flags=1\n  scope bridge bus=0 path=1c.5\n"
                    "rhsa base=0xfed90000\n"));
    CHECK(strncmp(printed, "DMAR at 000h, 84 bytes\n  [000h 4] Signature ", 43) == 0);
    check_line("Host Address", "  [024h 1] Host Address Width              : 38  (39 bits)");
    check_line("INTR_REMAP", "    bit 0 INTR_REMAP                       : 1");
    check_line("bits 7:3 Reserved", "    bits 7:3 Reserved                      : 0");
    check_line("ATSR", "  ATSR at 030h, 16 bytes");
    check_line("[034h", "    [034h 1] Flags                           : 0x01");
    check_line("scope bridge at", "    scope bridge at 038h, 8 bytes");
    check_line("[03eh",
               "      [03eh 2] Path                            : 0x051c  (device 28 function 5)");
    check_line("RHSA", "  RHSA at 040h, 20 bytes");
    check_line("[026h",
               "  [026h 10] Reserved                       : 00 00 00 00 00 00 00 00 00 00");
    check_line("Signature", "  [000h 4] Signature                       : \"DMAR\"");
    check_line("OEM Table ID", "  [010h 8] OEM Table ID                    : \"FIXTURE \"");
}

TEST(long_bytes_take_several_lines)
{
    CHECK(print_table("dmar\nraw type=9 bytes=000102030405060708090a0b0c0d0e0f1011\n"));
    check_line("Undecoded", "    [034h 18] Undecoded                      : 00 01 02 03 04 05 06 "
                            "07 08 09 0a 0b 0c 0d 0e 0f");
    check_line("  10 11", "                                               10 11");
}

/* A terminal must not be steered by firmware; what is behind a NUL is left out. */
TEST(text_that_cannot_be_printed)
{
    CHECK(print_table("ivrs revision=2\nivhd type=0x40\n"
                      "  entry bytes=f0000000"
                      "5807411bff004200"
                      "0000000000000000"
                      "0000\n"));
    check_line("Hardware ID", "      [05ch 8] Hardware ID                     : \"X?A??\"");
}

TEST(problems_have_their_line)
{
    CHECK(!print_table("dmar\natsr length=3\n"));
    check_line("problem",
               "  problem at 032h: a length below that of the structure's own header (0x3)");
}

/* A UID may have 255 characters, a line has 159. */
TEST(long_text_is_cut)
{
    char text[1024] = "ivrs revision=2\nivhd type=0x40\n  acpi device=0 hid=X uid=";
    size_t longest = 0;

    memset(text + strlen(text), 'U', 255);
    CHECK(print_table(text));
    for (char *line = printed; *line != '\0'; line += strcspn(line, "\n") + 1)
        longest = strcspn(line, "\n") > longest ? strcspn(line, "\n") : longest;
    CHECK_EQ(longest, 159);
}
