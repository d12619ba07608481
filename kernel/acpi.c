/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the RSDP to the list of tables (ACPI §5.2.5 to §5.2.8). Portable: the
 * host's unit tests compile the same file. What the tables say is read in
 * acpi_tables.c. AML is left out: the DSDT is listed, never run.
 */
#include "acpi.h"

#include "bytes.h"

#define RSDP_V1_BYTES 20u
#define RSDP_V2_BYTES 36u
#define RSDP_REVISION 15u
#define RSDP_RSDT 16u
#define RSDP_LENGTH 20u
#define RSDP_XSDT 24u

#define BIOS_STEP 16u
#define BIOS_AREA_PA 0xe0000u
#define BIOS_AREA_END_PA 0x100000u
#define EBDA_SEGMENT_PA 0x40eu
#define EBDA_LOWEST_PA 0x400u
#define EBDA_END_PA 0xa0000u
#define EBDA_SEARCHED 1024u

/* More entries than any machine has: a longer list is a damaged length. */
#define ROOT_ENTRIES_MAX 512u
#define TABLE_BYTES_MAX (16u << 20)

static bool same_bytes(const uint8_t *bytes, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != (uint8_t)text[i])
            return false;
    return true;
}

/* ---- RSDP ---- */

static bool is_rsdp(const uint8_t *bytes)
{
    return same_bytes(bytes, "RSD PTR ", 8) && bytes_sum(bytes, RSDP_V1_BYTES) == 0;
}

/* What the RSDP points at; 0: not there. */
struct roots {
    uint64_t rsdt_pa, xsdt_pa;
};

/* bytes holds len valid ones, RSDP_V1_BYTES at least. */
static struct roots read_roots(struct acpi *acpi, const struct acpi_memory *memory,
                               const uint8_t *bytes, size_t len)
{
    struct roots roots = { .rsdt_pa = bytes_u32(bytes + RSDP_RSDT) };

    acpi->revision = bytes[RSDP_REVISION];
    if (acpi->revision < 2)
        return roots;
    if (len < RSDP_V2_BYTES || bytes_u32(bytes + RSDP_LENGTH) < RSDP_V2_BYTES ||
        bytes_sum(bytes, RSDP_V2_BYTES) != 0) {
        memory->log(memory->ctx,
                    "acpi: RSDP pa=0x%llx length or extended checksum wrong, its XSDT is not used",
                    (unsigned long long)acpi->rsdp_pa);
        return roots;
    }
    roots.xsdt_pa = bytes_u64(bytes + RSDP_XSDT);
    return roots;
}

static bool rsdp_at(struct acpi *acpi, const struct acpi_memory *memory, uint64_t pa,
                    struct roots *roots)
{
    const uint8_t *bytes = memory->map(memory->ctx, pa, RSDP_V1_BYTES);
    const uint8_t *all;

    if (bytes == NULL || !is_rsdp(bytes))
        return false;
    acpi->rsdp_pa = pa;
    all = bytes[RSDP_REVISION] >= 2 ? memory->map(memory->ctx, pa, RSDP_V2_BYTES) : NULL;
    *roots = all != NULL ? read_roots(acpi, memory, all, RSDP_V2_BYTES)
                         : read_roots(acpi, memory, bytes, RSDP_V1_BYTES);
    return true;
}

static bool rsdp_in(struct acpi *acpi, const struct acpi_memory *memory, uint64_t start_pa,
                    uint64_t end_pa, struct roots *roots)
{
    const uint8_t *area = memory->map(memory->ctx, start_pa, end_pa - start_pa);

    if (area == NULL)
        return false;
    for (uint64_t at = 0; at + RSDP_V1_BYTES <= end_pa - start_pa; at += BIOS_STEP)
        if (is_rsdp(area + at))
            return rsdp_at(acpi, memory, start_pa + at, roots);
    return false;
}

/* ACPI §5.2.5.1: the first KiB of the EBDA, then the BIOS area, on 16-byte boundaries. */
static bool rsdp_search(struct acpi *acpi, const struct acpi_memory *memory, struct roots *roots)
{
    const uint8_t *segment = memory->map(memory->ctx, EBDA_SEGMENT_PA, sizeof(uint16_t));
    uint64_t ebda_pa = segment != NULL ? (uint64_t)bytes_u16(segment) * BIOS_STEP : 0;

    if (ebda_pa >= EBDA_LOWEST_PA && ebda_pa + EBDA_SEARCHED <= EBDA_END_PA &&
        rsdp_in(acpi, memory, ebda_pa, ebda_pa + EBDA_SEARCHED, roots))
        return true;
    return rsdp_in(acpi, memory, BIOS_AREA_PA, BIOS_AREA_END_PA, roots);
}

static bool find_rsdp(struct acpi *acpi, const struct acpi_memory *memory, const uint8_t *copy,
                      size_t copy_len, bool search_bios, uint64_t rsdp_pa, struct roots *roots)
{
    if (rsdp_pa != 0) {
        if (rsdp_at(acpi, memory, rsdp_pa, roots))
            return true;
        memory->log(memory->ctx, "acpi: RSDP pa=0x%llx given by the loader does not check",
                    (unsigned long long)rsdp_pa);
    }
    if (copy != NULL && copy_len >= RSDP_V1_BYTES) {
        if (is_rsdp(copy)) {
            *roots = read_roots(acpi, memory, copy, copy_len);
            return true;
        }
        memory->log(memory->ctx, "acpi: the loader's copy of the RSDP does not check");
    }
    return search_bios && rsdp_search(acpi, memory, roots);
}

/* ---- tables ---- */

static void copy_signature(char out[5], const uint8_t *bytes)
{
    for (size_t i = 0; i < 4; i++)
        out[i] = bytes[i] >= ' ' && bytes[i] <= '~' ? (char)bytes[i] : '?';
    out[4] = '\0';
}

/* Maps a whole table. False, with the reason logged: there are no bytes to be had. */
static bool map_table(const struct acpi_memory *memory, uint64_t pa, struct acpi_table *table)
{
    const uint8_t *header = memory->map(memory->ctx, pa, ACPI_HEADER_BYTES);
    const uint8_t *bytes;
    uint32_t len;

    if (header == NULL) {
        memory->log(memory->ctx, "acpi: table pa=0x%llx cannot be reached", (unsigned long long)pa);
        return false;
    }
    len = bytes_u32(header + ACPI_LENGTH);
    copy_signature(table->signature, header);
    if (len < ACPI_HEADER_BYTES || len > TABLE_BYTES_MAX) {
        memory->log(memory->ctx, "acpi: table %s pa=0x%llx length=%u expected=%u..%u, left out",
                    table->signature, (unsigned long long)pa, len, ACPI_HEADER_BYTES,
                    TABLE_BYTES_MAX);
        return false;
    }
    bytes = memory->map(memory->ctx, pa, len);
    if (bytes == NULL) {
        memory->log(memory->ctx, "acpi: table %s pa=0x%llx length=%u cannot be reached, left out",
                    table->signature, (unsigned long long)pa, len);
        return false;
    }
    table->pa = pa;
    table->len = len;
    table->bytes = bytes;
    table->checksum_ok = bytes_sum(bytes, len) == 0;
    if (!table->checksum_ok)
        memory->log(memory->ctx, "acpi: table %s pa=0x%llx checksum wrong", table->signature,
                    (unsigned long long)pa);
    return true;
}

static void add_table(struct acpi *acpi, const struct acpi_memory *memory, uint64_t pa)
{
    struct acpi_table table;

    /*
     * Two entries for one table, or an entry that leads back to the root, would be followed for
     * ever.
     */
    for (size_t i = 0; i < acpi->table_count; i++)
        if (acpi->tables[i].pa == pa)
            return;
    if (acpi->table_count == ACPI_TABLES) {
        memory->log(memory->ctx, "acpi: more than %u tables, pa=0x%llx left out", ACPI_TABLES,
                    (unsigned long long)pa);
        return;
    }
    if (map_table(memory, pa, &table))
        acpi->tables[acpi->table_count++] = table;
}

/* entry_bytes is 4 for an RSDT, 8 for an XSDT. False: it cannot be used. */
static bool read_root_table(struct acpi *acpi, const struct acpi_memory *memory, uint64_t pa,
                            const char *signature, size_t entry_bytes)
{
    struct acpi_table root;
    size_t count;

    if (pa == 0 || !map_table(memory, pa, &root))
        return false;
    if (!same_bytes(root.bytes, signature, 4) || !root.checksum_ok) {
        memory->log(memory->ctx, "acpi: %s pa=0x%llx seen=%s checksum=%s, not used", signature,
                    (unsigned long long)pa, root.signature, root.checksum_ok ? "ok" : "wrong");
        return false;
    }
    count = (root.len - ACPI_HEADER_BYTES) / entry_bytes;
    if (count > ROOT_ENTRIES_MAX) {
        memory->log(memory->ctx, "acpi: %s pa=0x%llx entries=%llu, only the first %u are read",
                    signature, (unsigned long long)pa, (unsigned long long)count,
                    ROOT_ENTRIES_MAX);
        count = ROOT_ENTRIES_MAX;
    }
    for (size_t i = 0; i < count; i++) {
        const uint8_t *entry = root.bytes + ACPI_HEADER_BYTES + i * entry_bytes;
        uint64_t table_pa = entry_bytes == 8 ? bytes_u64(entry) : bytes_u32(entry);

        if (table_pa != 0 && table_pa != pa)
            add_table(acpi, memory, table_pa);
    }
    return acpi->table_count > 0;
}

bool acpi_read(struct acpi *acpi, const struct acpi_memory *memory, uint64_t rsdp_pa,
               const uint8_t *rsdp_copy, size_t rsdp_copy_len, bool search_bios)
{
    struct roots roots = { 0 };

    *acpi = (struct acpi){ .memory = memory };
    if (!find_rsdp(acpi, memory, rsdp_copy, rsdp_copy_len, search_bios, rsdp_pa, &roots)) {
        memory->log(memory->ctx, "acpi: no RSDP that checks");
        return false;
    }
    acpi->used_xsdt = read_root_table(acpi, memory, roots.xsdt_pa, "XSDT", sizeof(uint64_t));
    if (acpi->used_xsdt || read_root_table(acpi, memory, roots.rsdt_pa, "RSDT", sizeof(uint32_t)))
        return true;
    memory->log(memory->ctx, "acpi: neither XSDT pa=0x%llx nor RSDT pa=0x%llx can be used",
                (unsigned long long)roots.xsdt_pa, (unsigned long long)roots.rsdt_pa);
    return false;
}

const struct acpi_table *acpi_find(const struct acpi *acpi, const char *signature, size_t index)
{
    for (size_t i = 0; i < acpi->table_count; i++)
        if (same_bytes((const uint8_t *)acpi->tables[i].signature, signature, 4) && index-- == 0)
            return &acpi->tables[i];
    return NULL;
}
