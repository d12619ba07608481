/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers and entries as text: name, place, bits, then the fields, several a row. */
#include "shell_dump.h"

#include "console.h"
#include "format.h"

#define ROW_BYTES 160u
#define ROW_COLUMNS 96u
#define SMALL 10u           /* the same in both notations */
#define WORD_BITS 64u

static char row[ROW_BYTES];
static size_t used;

void shell_dump_end(void)
{
    if (used > 0)
        print("   %s\n", row);
    used = 0;
}

static void show_item(void *ctx, const struct iommu_debug_item *item)
{
    char index[16] = "";

    (void)ctx;
    shell_dump_end();
    if (!item->is_register || item->index != 0)
        (void)format_line(index, sizeof(index), "[%u]", item->index);
    print("%s%s at 0x%llx: 0x", item->name, index, (unsigned long long)item->at);
    if (item->bits < WORD_BITS)
        print("%08llx", (unsigned long long)item->words[0]);
    for (unsigned word = item->bits / WORD_BITS; word > 0; word--)
        print("%016llx%s", (unsigned long long)item->words[word - 1], word > 1 ? ":" : "");
    print("\n");
}

static void show_field(void *ctx, const char *name, uint64_t value, const char *meaning)
{
    char text[ROW_BYTES];
    size_t len =
        format_line(text, sizeof(text), value < SMALL ? " %s=%llu%s%s%s" : " %s=0x%llx%s%s%s", name,
                    (unsigned long long)value, *meaning != '\0' ? "(" : "", meaning,
                    *meaning != '\0' ? ")" : "");

    (void)ctx;
    len = len < sizeof(text) ? len : sizeof(text) - 1;
    if (used > 0 && used + len > ROW_COLUMNS)
        shell_dump_end();
    used += format_line(row + used, sizeof(row) - used, "%s", text);
}

static void show_note(void *ctx, const char *text)
{
    (void)ctx;
    shell_dump_end();
    print("note: %s\n", text);
}

const struct iommu_debug_visitor shell_dump = { .item = show_item,
                                                .field = show_field,
                                                .note = show_note };
