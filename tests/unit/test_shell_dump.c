/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel/shell_dump.c: what is printed of items and fields. */
#include "test.h"

#include <stdarg.h>

#include "console.h"
#include "shell_dump.h"

static char printed[4096];

void print(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(printed + strlen(printed), sizeof(printed) - strlen(printed), format, args);
    va_end(args);
}

static void item(const struct iommu_debug_item *seen)
{
    shell_dump.item(shell_dump.ctx, seen);
}

static void field(const char *name, uint64_t value, const char *meaning)
{
    shell_dump.field(shell_dump.ctx, name, value, meaning);
}

TEST(items_of_every_width)
{
    printed[0] = '\0';
    item(&(struct iommu_debug_item){ .name = "GSTS", .is_register = true, .at = 0x1c, .bits = 32,
                                     .words = { 0xc7000000 } });
    item(&(struct iommu_debug_item){ .name = "FRCD", .is_register = true, .index = 2, .at = 0x240, .bits = 128,
                                     .words = { 1, 2 } });
    item(&(struct iommu_debug_item){ .name = "level 1 entry", .at = 0x1000, .bits = 64, .words = { 0x5003 } });
    item(&(struct iommu_debug_item){ .name = "device table entry", .index = 24, .at = 0x2300, .bits = 256,
                                     .words = { 1, 2, 3, 4 } });
    shell_dump_end();
    CHECK_STR(printed, "GSTS at 0x1c: 0xc7000000\n"
                       "FRCD[2] at 0x240: 0x0000000000000002:0000000000000001\n"
                       "level 1 entry[0] at 0x1000: 0x0000000000005003\n"
                       "device table entry[24] at 0x2300: "
                       "0x0000000000000004:0000000000000003:0000000000000002:0000000000000001\n");
}

TEST(fields_stand_behind_their_item)
{
    printed[0] = '\0';
    item(&(struct iommu_debug_item){ .name = "A", .is_register = true, .bits = 32 });
    field("TT", 2, "pass-through");
    field("DID", 10, "");
    field("ADDR", 0x12345000, "");
    shell_dump.note(shell_dump.ctx, "a remark");
    field("P", 9, "");
    shell_dump_end();
    shell_dump_end();
    CHECK_STR(printed, "A at 0x0: 0x00000000\n"
                       "    TT=2(pass-through) DID=0xa ADDR=0x12345000\n"
                       "note: a remark\n"
                       "    P=9\n");
}

TEST(rows_are_broken_and_nothing_overflows)
{
    char name[400], *line;

    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    printed[0] = '\0';
    for (unsigned i = 0; i < 100; i++)
        field("NAME", i, "meaning");
    field(name, 1, name);
    field("LAST", 1, "");
    shell_dump_end();
    CHECK(strstr(printed, " NAME=0x63(meaning)\n") != NULL);
    CHECK(strstr(printed, "    LAST=1\n") != NULL);
    for (line = strtok(printed, "\n"); line != NULL; line = strtok(NULL, "\n"))
        CHECK(strlen(line) <= 100 || strchr(line, 'x') != NULL);
}
