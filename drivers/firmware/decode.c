/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header every ACPI table has (ACPI §5.2.6), its checksum, and which
 * decoder takes what follows. FACS, which has another header, is not decoded.
 */
#include "decode.h"

#include "bytes.h"
#include "decode_internal.h"
#include "memory.h"

#define SIGNATURE_BYTES 4u
#define LENGTH_AT 4u
#define CHECKSUM_AT 9u

static const struct fw_layout header[] = {
    FW_FIELD(0, 4, FW_TEXT, "Signature"),        FW_FIELD(4, 4, FW_NUMBER, "Table Length"),
    FW_FIELD(8, 1, FW_NUMBER, "Revision"),       FW_FIELD(9, 1, FW_HEX, "Checksum"),
    FW_FIELD(10, 6, FW_TEXT, "OEM ID"),          FW_FIELD(16, 8, FW_TEXT, "OEM Table ID"),
    FW_FIELD(24, 4, FW_HEX, "OEM Revision"),     FW_FIELD(28, 4, FW_TEXT, "Creator ID"),
    FW_FIELD(32, 4, FW_HEX, "Creator Revision"), { 0 },
};

static const struct {
    const char *signature;
    void (*decode)(struct fw_reader *r, uint32_t end);
} tables[] = {
    { "DMAR", fw_decode_dmar }, { "IVRS", fw_decode_ivrs }, { "VIOT", fw_decode_viot },
    { "APIC", fw_decode_madt }, { "MCFG", fw_decode_mcfg }, { "HPET", fw_decode_hpet },
};
#define TABLE_COUNT (sizeof(tables) / sizeof(tables[0]))

/* Which of tables[] has that signature; TABLE_COUNT: none. */
static size_t table_of(const void *signature)
{
    size_t i = 0;

    while (i < TABLE_COUNT && memcmp(signature, tables[i].signature, SIGNATURE_BYTES) != 0)
        i++;
    return i;
}

bool fw_decodes(const char *signature)
{
    return table_of(signature) < TABLE_COUNT;
}

static void check_sum(struct fw_reader *r, uint32_t length)
{
    uint8_t sum = bytes_sum(r->bytes, length);

    if (sum != 0)
        fw_problem(r, CHECKSUM_AT,
                   "the bytes do not add up to zero, as a checksum of this value would make them",
                   (uint8_t)(r->bytes[CHECKSUM_AT] - sum));
}

/* As far as the table goes: what its header says, where that can be read. */
static uint32_t table_end(struct fw_reader *r)
{
    uint32_t length = (uint32_t)fw_number(r, LENGTH_AT, 4);

    if (length < FW_HEADER_BYTES) {
        fw_problem(r, LENGTH_AT, "a length below that of the header", length);
        return r->len;
    }
    if (length > r->len) {
        fw_problem(r, LENGTH_AT, "a length beyond the bytes there are", length);
        return r->len;
    }
    check_sum(r, length);
    return length;
}

static void decode_body(struct fw_reader *r, uint32_t end)
{
    size_t i = table_of(r->bytes);

    if (i < TABLE_COUNT)
        tables[i].decode(r, end);
    else
        fw_bytes(r, "Body", FW_HEADER_BYTES, end);
    fw_bytes(r, "Bytes behind the table", end, r->len);
}

bool fw_decode(const void *table, size_t len, const struct fw_visitor *visitor)
{
    struct fw_reader r = {
        .bytes = table,
        .len = len > UINT32_MAX ? UINT32_MAX : (uint32_t)len,
        .visitor = visitor,
        .sound = true,
    };
    char name[SIGNATURE_BYTES + 1] = "";
    struct fw_block block = { .len = r.len, .name = name };

    if (r.len < FW_HEADER_BYTES) {
        block.name = "no table";
        fw_open(&r, &block);
        fw_problem(&r, 0, "fewer bytes than a table's header has", r.len);
        fw_bytes(&r, "Bytes", 0, r.len);
        fw_close(&r, &block);
        return false;
    }
    memcpy(name, r.bytes, SIGNATURE_BYTES);
    block.known = fw_decodes(name);
    fw_open(&r, &block);
    fw_fields(&r, 0, FW_HEADER_BYTES, header);
    decode_body(&r, table_end(&r));
    fw_close(&r, &block);
    return r.sound;
}
