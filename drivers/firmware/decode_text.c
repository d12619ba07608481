/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The visitor that prints. A field's line begins with its offset in the table
 * and its length, both hexadecimal; structures in structures are indented.
 * Long runs of bytes take several lines.
 */
#include "decode_text.h"

#include "decode.h"

#define LINE_BYTES 160u
#define NAME_COLUMN 40u
#define BYTES_A_LINE 16u
#define INDENT 2u

struct printer {
    fw_line *line;
    void *ctx;
    unsigned depth;
    unsigned used;
    char text[LINE_BYTES];
};

static void put(struct printer *p, const char *text)
{
    while (*text != '\0' && p->used < LINE_BYTES - 1)
        p->text[p->used++] = *text++;
}

static void put_char(struct printer *p, char c)
{
    if (p->used < LINE_BYTES - 1)
        p->text[p->used++] = c;
}

static void pad_to(struct printer *p, unsigned column)
{
    while (p->used < column)
        put_char(p, ' ');
}

static void put_base(struct printer *p, uint64_t value, unsigned base, unsigned digits)
{
    char out[20];
    unsigned count = 0;

    while (value != 0 || count < digits || count == 0) {
        out[count++] = "0123456789abcdef"[value % base];
        value /= base;
    }
    while (count > 0)
        put_char(p, out[--count]);
}

static void put_hex(struct printer *p, uint64_t value, unsigned digits)
{
    put_base(p, value, 16, digits);
}

static void put_number(struct printer *p, uint64_t value)
{
    put_base(p, value, 10, 1);
}

static void end_line(struct printer *p)
{
    p->text[p->used] = '\0';
    p->line(p->ctx, p->text);
    p->used = 0;
}

static void indent(struct printer *p)
{
    pad_to(p, p->depth * INDENT);
}

/* "[034h 2] " */
static void put_place(struct printer *p, uint32_t offset, uint32_t len)
{
    put(p, "[");
    put_hex(p, offset, 3);
    put(p, "h ");
    put_number(p, len);
    put(p, "] ");
}

static void print_open(void *ctx, const struct fw_block *block)
{
    struct printer *p = ctx;

    indent(p);
    put(p, block->name);
    put(p, " at ");
    put_hex(p, block->offset, 3);
    put(p, "h, ");
    put_number(p, block->len);
    put(p, " bytes");
    end_line(p);
    p->depth++;
}

static void print_close(void *ctx, const struct fw_block *block)
{
    (void)block;
    ((struct printer *)ctx)->depth--;
}

static void put_meaning(struct printer *p, const char *meaning)
{
    if (*meaning == '\0')
        return;
    put(p, "  (");
    put(p, meaning);
    put(p, ")");
}

static void put_value(struct printer *p, const struct fw_field *field)
{
    put(p, "0x");
    put_hex(p, field->value, 2 * field->len);
}

static void put_text(struct printer *p, const struct fw_field *field)
{
    put(p, "\"");
    for (uint32_t i = 0; i < field->len && field->bytes[i] != 0; i++)
        put_char(p, field->bytes[i] < ' ' || field->bytes[i] > '~' ? '?' : (char)field->bytes[i]);
    put(p, "\"");
}

static void print_bytes(struct printer *p, const struct fw_field *field)
{
    unsigned column = p->used;

    for (uint32_t i = 0; i < field->len; i++) {
        if (i % BYTES_A_LINE == 0 && i > 0) {
            end_line(p);
            pad_to(p, column);
        }
        if (i % BYTES_A_LINE != 0)
            put(p, " ");
        put_hex(p, field->bytes[i], 2);
    }
    end_line(p);
}

static void print_field(void *ctx, const struct fw_field *field)
{
    struct printer *p = ctx;

    indent(p);
    if (field->bits == 0) {
        put_place(p, field->offset, field->len);
    } else {
        put(p, field->bits == 1 ? "  bit " : "  bits ");
        if (field->bits > 1) {
            put_number(p, field->bit + field->bits - 1u);
            put(p, ":");
        }
        put_number(p, field->bit);
        put(p, " ");
    }
    put(p, field->name);
    pad_to(p, NAME_COLUMN + p->depth * INDENT);
    put(p, " : ");
    if (field->kind == FW_BYTES) {
        print_bytes(p, field);
        return;
    }
    if (field->kind == FW_TEXT)
        put_text(p, field);
    else if (field->kind == FW_HEX)
        put_value(p, field);
    else
        put_number(p, field->value);
    put_meaning(p, field->meaning);
    end_line(p);
}

static void print_problem(void *ctx, uint32_t offset, const char *what, uint64_t value)
{
    struct printer *p = ctx;

    indent(p);
    put(p, "problem at ");
    put_hex(p, offset, 3);
    put(p, "h: ");
    put(p, what);
    put(p, " (0x");
    put_hex(p, value, 1);
    put(p, ")");
    end_line(p);
}

bool fw_print(const void *table, size_t len, fw_line *line, void *ctx)
{
    struct printer p = { .line = line, .ctx = ctx };
    const struct fw_visitor visitor = {
        .open = print_open,
        .field = print_field,
        .close = print_close,
        .problem = print_problem,
        .ctx = &p,
    };

    return fw_decode(table, len, &visitor);
}
