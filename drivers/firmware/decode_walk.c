/* SPDX-License-Identifier: BSD-2-Clause */
/* Layouts and lists of structures, walked: what all decoders share. No table is known here. */
#include "decode_internal.h"

#include "memory.h"

uint64_t fw_number(const struct fw_reader *r, uint32_t at, uint32_t len)
{
    uint64_t value = 0;

    for (uint32_t i = 0; i < len; i++)
        value |= (uint64_t)r->bytes[at + i] << (8 * i);
    return value;
}

void fw_open(struct fw_reader *r, const struct fw_block *block)
{
    if (r->visitor->open != NULL)
        r->visitor->open(r->visitor->ctx, block);
}

void fw_close(struct fw_reader *r, const struct fw_block *block)
{
    if (r->visitor->close != NULL)
        r->visitor->close(r->visitor->ctx, block);
}

void fw_problem(struct fw_reader *r, uint32_t offset, const char *what, uint64_t value)
{
    r->sound = false;
    if (r->visitor->problem != NULL)
        r->visitor->problem(r->visitor->ctx, offset, what, value);
}

/* ---- meanings ---- */

char *fw_put_text(char *out, const char *text)
{
    while (*text != '\0')
        *out++ = *text++;
    *out = '\0';
    return out;
}

char *fw_put_number(char *out, uint64_t value)
{
    char digits[20];
    unsigned count = 0;

    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    while (count > 0)
        *out++ = digits[--count];
    *out = '\0';
    return out;
}

static char *put_hex_byte(char *out, unsigned value)
{
    static const char digits[] = "0123456789abcdef";

    *out++ = digits[value >> 4 & 15];
    *out++ = digits[value & 15];
    *out = '\0';
    return out;
}

void fw_explain_rid(uint64_t value, char *out)
{
    out = put_hex_byte(out, (unsigned)(value >> 8) & 0xff);
    out = fw_put_text(out, ":");
    out = put_hex_byte(out, (unsigned)(value >> 3) & 0x1f);
    out = fw_put_text(out, ".");
    fw_put_number(out, value & 7);
}

static const char *meaning_of(uint64_t value, const struct fw_word *words, fw_explain *explain,
                              char *buffer)
{
    for (; words != NULL && words->text != NULL; words++)
        if (words->value == value)
            return words->text;
    buffer[0] = '\0';
    if (explain != NULL)
        explain(value, buffer);
    return buffer;
}

/* ---- fields ---- */

static void visit(struct fw_reader *r, const struct fw_field *field)
{
    if (r->visitor->field != NULL)
        r->visitor->field(r->visitor->ctx, field);
}

static void visit_part(struct fw_reader *r, const struct fw_field *whole,
                       const struct fw_part *part)
{
    char buffer[FW_MEANING_BYTES];
    struct fw_field field = *whole;

    field.bit = part->bit;
    field.bits = part->bits;
    field.kind = part->bits == 1 ? FW_FLAG : FW_NUMBER;
    field.name = part->name;
    field.value = whole->value >> part->bit & ~0ull >> (64 - part->bits);
    field.meaning = meaning_of(field.value, part->words, part->explain, buffer);
    visit(r, &field);
}

void fw_field(struct fw_reader *r, uint32_t start, const struct fw_layout *layout)
{
    char buffer[FW_MEANING_BYTES];
    struct fw_field field = {
        .offset = start + layout->offset,
        .len = layout->len,
        .kind = layout->kind,
        .name = layout->name,
        .bytes = r->bytes + start + layout->offset,
    };

    if (layout->kind != FW_TEXT && layout->kind != FW_BYTES)
        field.value = fw_number(r, field.offset, field.len);
    field.meaning = meaning_of(field.value, layout->words, layout->explain, buffer);
    visit(r, &field);
    for (const struct fw_part *part = layout->parts; part != NULL && part->name != NULL; part++)
        visit_part(r, &field, part);
}

uint32_t fw_fields(struct fw_reader *r, uint32_t start, uint32_t end,
                   const struct fw_layout *layout)
{
    uint32_t at = start;

    for (; layout->name != NULL; layout++) {
        at = start + layout->offset;
        if (at == end && layout->newer)
            return end;
        if (at > end || end - at < layout->len) {
            fw_problem(r, at < end ? at : end, "ends before its fields do, after bytes",
                       end - start);
            fw_bytes(r, "Cut short", at, end);
            return end;
        }
        fw_field(r, start, layout);
        at += layout->len;
    }
    return at;
}

static void visit_span(struct fw_reader *r, enum fw_kind kind, const char *name, uint32_t at,
                       uint32_t end)
{
    struct fw_field field = { .offset = at, .kind = kind, .name = name, .meaning = "" };

    if (at >= end)
        return;
    field.len = end - at;
    field.bytes = r->bytes + at;
    visit(r, &field);
}

void fw_bytes(struct fw_reader *r, const char *name, uint32_t at, uint32_t end)
{
    visit_span(r, FW_BYTES, name, at, end);
}

void fw_text(struct fw_reader *r, const char *name, uint32_t at, uint32_t end)
{
    visit_span(r, FW_TEXT, name, at, end);
}

/* ---- lists of structures ---- */

static const struct fw_structure *structure_of(const struct fw_list *list, uint64_t type)
{
    const struct fw_structure *structure = list->structures;

    while (structure->name != NULL && structure->type != type)
        structure++;
    return structure->name == NULL ? NULL : structure;
}

void fw_name_unknown(const char *what, uint64_t type, char *out)
{
    out = fw_put_text(out, what);
    out = fw_put_text(out, " ");
    if (type > 0xff)
        out = put_hex_byte(out, (unsigned)(type >> 8) & 0xff);
    out = put_hex_byte(out, (unsigned)type & 0xff);
    fw_put_text(out, "h");
}

static void visit_structure(struct fw_reader *r, const struct fw_list *list, uint32_t start,
                            uint32_t end)
{
    uint64_t type = fw_number(r, start, list->type_len);
    const struct fw_structure *structure = structure_of(list, type);
    struct fw_block block = {
        .offset = start,
        .len = end - start,
        .type = (uint16_t)type,
        .known = structure != NULL,
    };
    const struct fw_layout *header = list->header;
    char name[FW_MEANING_BYTES];
    uint32_t at;

    fw_name_unknown(list->unknown, type, name);
    block.name = structure == NULL ? name : structure->name;
    if (structure == NULL && list->unknown_header != NULL)
        header = list->unknown_header;
    fw_open(r, &block);
    at = fw_fields(r, start, end, header);
    if (structure != NULL && structure->layout != NULL)
        at = fw_fields(r, start, end, structure->layout);
    if (structure != NULL && structure->rest != NULL)
        structure->rest(r, at, end);
    else
        fw_bytes(r, structure != NULL ? "Beyond the fields" : "Undecoded", at, end);
    fw_close(r, &block);
}

unsigned fw_walk(struct fw_reader *r, const struct fw_list *list, uint32_t at, uint32_t end)
{
    unsigned count = 0;

    while (at < end) {
        uint64_t length;

        if (end - at < list->header_len) {
            fw_problem(r, at, "bytes left that are no structure", end - at);
            fw_bytes(r, "Left over", at, end);
            break;
        }
        length = fw_number(r, at + list->length_at, list->length_len);
        if (length < list->header_len) {
            fw_problem(r, at + list->length_at, "a length below that of the structure's own header",
                       length);
            fw_bytes(r, "Left over", at, end);
            break;
        }
        if (length > end - at) {
            fw_problem(r, at + list->length_at, "a length beyond the end of what it lies in",
                       length);
            length = end - at;
        }
        visit_structure(r, list, at, at + (uint32_t)length);
        at += (uint32_t)length;
        count++;
    }
    return count;
}
