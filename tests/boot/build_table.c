/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns the text of a firmware table (table_text.h) into the table itself, for
 * QEMU's -acpitable.
 *
 * usage: build_table TEXT OUT
 */
#include <stdint.h>
#include <stdio.h>

#include "table_text.h"

#define TEXT_BYTES 65536u
#define TABLE_BYTES 16384u

static int complain(const char *name, const char *what)
{
    fprintf(stderr, "build_table: %s: %s\n", name, what);
    return 1;
}

static int write_table(const char *name, const uint8_t *table, size_t len)
{
    FILE *out = fopen(name, "wb");
    size_t written;

    if (out == NULL)
        return complain(name, "cannot be written");
    written = fwrite(table, 1, len, out);
    if (fclose(out) != 0 || written != len)
        return complain(name, "was not written whole");
    return 0;
}

int main(int argc, char **argv)
{
    static char text[TEXT_BYTES];
    static uint8_t table[TABLE_BYTES];
    char error[256];
    FILE *in;
    size_t len;

    if (argc != 3)
        return complain("usage", "build_table TEXT OUT");
    in = fopen(argv[1], "rb");
    if (in == NULL)
        return complain(argv[1], "cannot be read");
    len = fread(text, 1, sizeof(text) - 1, in);
    fclose(in);
    if (len == sizeof(text) - 1)
        return complain(argv[1], "is too long");
    len = table_from_text(text, table, sizeof(table), error, sizeof(error));
    if (len == 0)
        return complain(argv[1], error);
    return write_table(argv[2], table, len);
}
