/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the decoders describe a table: layouts are constants, one line a field,
 * and one walk serves every table whose structures begin with type and length.
 */
#ifndef FIRMWARE_DECODE_INTERNAL_H
#define FIRMWARE_DECODE_INTERNAL_H

#include "decode.h"

#define FW_MEANING_BYTES 64u
#define FW_HEADER_BYTES 36u

/* What a value stands for. A list ends with text NULL. */
struct fw_word {
    uint64_t value;
    const char *text;
};

/* Writes what the value means, terminated, into FW_MEANING_BYTES. */
typedef void fw_explain(uint64_t value, char *out);

/* Some bits of a field. A list ends with name NULL. */
struct fw_part {
    uint8_t bit, bits;
    const char *name;
    const struct fw_word *words;
    fw_explain *explain;
};

/*
 * One field, its offset counted from the structure's first byte. A list ends
 * with name NULL; its fields follow one another without a gap. newer: of a
 * later revision, a shorter structure is as good.
 */
struct fw_layout {
    uint16_t offset, len;
    enum fw_kind kind;
    const char *name;
    const struct fw_part *parts;
    const struct fw_word *words;
    fw_explain *explain;
    bool newer;
};

#define FW_PART(bit_, bits_, name_, ...) { .bit = bit_, .bits = bits_, .name = name_, __VA_ARGS__ }
#define FW_FIELD(offset_, len_, kind_, name_, ...) \
    { .offset = offset_, .len = len_, .kind = kind_, .name = name_, __VA_ARGS__ }

struct fw_reader {
    const uint8_t *bytes;
    uint32_t len;               /* what may be read */
    const struct fw_visitor *visitor;
    bool sound;                 /* no problem so far */
};

/* One structure of a known type. A list ends with name NULL. */
struct fw_structure {
    uint16_t type;
    const char *name;
    const struct fw_layout *layout;     /* behind the header that all have; NULL: nothing fixed */
    /* Visits what follows the layout, from at to end; NULL: nothing may. */
    void (*rest)(struct fw_reader *r, uint32_t at, uint32_t end);
};

/* Structures one after the other. */
struct fw_list {
    const struct fw_structure *structures;
    const struct fw_layout *header;             /* of all of them, and */
    const struct fw_layout *unknown_header;     /* of those of other types; NULL: the same */
    uint8_t header_len;         /* no structure is shorter */
    uint8_t type_len;           /* the type comes first, of so many bytes; */
    uint8_t length_at, length_len;      /* where the length is */
    const char *unknown;        /* what one of another type is called, before its number */
};

/* Little-endian, 1 to 8 bytes; the caller has checked that they are there. */
uint64_t fw_number(const struct fw_reader *r, uint32_t at, uint32_t len);

void fw_open(struct fw_reader *r, const struct fw_block *block);
void fw_close(struct fw_reader *r, const struct fw_block *block);
void fw_problem(struct fw_reader *r, uint32_t offset, const char *what, uint64_t value);
/* One field at start + its offset, with its parts. */
void fw_field(struct fw_reader *r, uint32_t start, const struct fw_layout *layout);
/* All fields of the list that lie below end; returns where they stop. A field cut short is told. */
uint32_t fw_fields(struct fw_reader *r, uint32_t start, uint32_t end,
                   const struct fw_layout *layout);
/* What lies between the two as one field, where there is anything. */
void fw_bytes(struct fw_reader *r, const char *name, uint32_t at, uint32_t end);
void fw_text(struct fw_reader *r, const char *name, uint32_t at, uint32_t end);
/* Returns how many structures were visited. */
unsigned fw_walk(struct fw_reader *r, const struct fw_list *list, uint32_t at, uint32_t end);

/* Parts of a meaning: out is moved on, and stays terminated. */
char *fw_put_text(char *out, const char *text);
char *fw_put_number(char *out, uint64_t value);
/* "what 51h" */
void fw_name_unknown(const char *what, uint64_t type, char *out);
/* As bb:dd.f. */
fw_explain fw_explain_rid;

/* From behind the header to end; each visits all of it. */
void fw_decode_dmar(struct fw_reader *r, uint32_t end);
void fw_decode_ivrs(struct fw_reader *r, uint32_t end);
void fw_decode_viot(struct fw_reader *r, uint32_t end);
void fw_decode_madt(struct fw_reader *r, uint32_t end);
void fw_decode_mcfg(struct fw_reader *r, uint32_t end);
void fw_decode_hpet(struct fw_reader *r, uint32_t end);

#endif
