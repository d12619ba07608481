/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decodes firmware tables field by field: DMAR, IVRS, VIOT, MADT (signature
 * APIC), MCFG, HPET, and the header of any other. Whoever shows a table (text,
 * JSON, the kernel's shell) is a visitor. The bytes are firmware's: nothing is
 * read past a length that was checked; what makes no sense is told by offset
 * and the rest is still visited where a length says how far to go.
 *
 * No state, no allocation, any context. Sources: VT-d §8, AMD-Vi §5.2,
 * ACPI §5.2.6, §5.2.12, §5.2.31, PCI Firmware §4.1.2, HPET §3.2.4
 */
#ifndef FIRMWARE_DECODE_H
#define FIRMWARE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fw_kind {
    FW_NUMBER,      /* shown decimal: lengths, counts, bus numbers */
    FW_HEX,         /* addresses, ids, masks */
    FW_FLAG,        /* one bit */
    FW_TEXT,        /* characters, in bytes; not terminated */
    FW_BYTES,       /* anything else, in bytes: paths, reserved fields longer than 8 */
};

struct fw_field {
    uint32_t offset;        /* of its first byte in the table */
    uint32_t len;           /* bytes it lies in */
    uint8_t bit;            /* a part of these bytes: its lowest bit, */
    uint8_t bits;           /* and how many; 0: the whole */
    enum fw_kind kind;
    const char *name;       /* as the specification has it */
    uint64_t value;         /* NUMBER, HEX, FLAG */
    const uint8_t *bytes;   /* TEXT, BYTES: len of them */
    /* Of the value, "" where the number says it all; valid during the call. */
    const char *meaning;
};

/* The table itself, a structure in it, or an entry of a structure: they nest. */
struct fw_block {
    uint32_t offset;
    uint32_t len;           /* as far as it was checked */
    uint16_t type;          /* its type number; 0 for the table itself */
    const char *name;       /* "DRHD", "IVHD 11h", "device scope" */
    bool known;             /* false: of an unknown type, its bytes come as one field */
};

/* Any member may be NULL. */
struct fw_visitor {
    void (*open)(void *ctx, const struct fw_block *block);
    void (*field)(void *ctx, const struct fw_field *field);
    void (*close)(void *ctx, const struct fw_block *block);
    /* Something is wrong at that byte: what, and the value met. */
    void (*problem)(void *ctx, uint32_t offset, const char *what, uint64_t value);
    void *ctx;
};

/*
 * Visits the whole table, a header's checksum included. len is what can be
 * read, whatever the header says. False: a problem was told.
 */
bool fw_decode(const void *table, size_t len, const struct fw_visitor *visitor);

/* Whether fw_decode() knows more of it than the header. signature: 4 characters. */
bool fw_decodes(const char *signature);

#endif
