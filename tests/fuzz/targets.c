/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The targets: the driver library's readers of DMAR and IVRS, the kernel's of
 * the root tables, MADT, MCFG, HPET, FADT and SPCR, the decoder,
 * and the judge. Beside the sanitizers,
 * each checks that what it is told lies inside the table.
 */
#include "targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acpi.h"
#include "acpi_cpus.h"
#include "amd/ivrs.h"
#include "decode.h"
#include "intel/dmar.h"
#include "judge.h"
#include "table_text.h"

#define LENGTH_AT 4u
#define CHECKSUM_AT 9u
#define HEADER_BYTES 36u

#define REQUIRE(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: expected: %s\n", __FILE__, __LINE__, #condition); \
            abort(); \
        } \
    } while (0)

static uint8_t sum(const uint8_t *bytes, size_t len)
{
    uint8_t total = 0;

    for (size_t i = 0; i < len; i++)
        total = (uint8_t)(total + bytes[i]);
    return total;
}

uint8_t *fuzz_table(const uint8_t *data, size_t len, const char *signature)
{
    uint8_t *table = malloc(len + (len == 0));
    uint32_t said = (uint32_t)len;

    REQUIRE(table != NULL);
    memcpy(table, data, len);
    if (len < HEADER_BYTES)
        return table;
    if (signature != NULL && (table[FUZZ_KEEP_AT] & FUZZ_KEEP_SIGNATURE) == 0)
        memcpy(table, signature, 4);
    if ((table[FUZZ_KEEP_AT] & FUZZ_KEEP_LENGTH) == 0)
        memcpy(table + LENGTH_AT, &said, sizeof(said));
    if ((table[FUZZ_KEEP_AT] & FUZZ_KEEP_CHECKSUM) == 0)
        table[CHECKSUM_AT] = (uint8_t)(table[CHECKSUM_AT] - sum(table, len));
    return table;
}

/* ---- DMAR ---- */

struct reading {
    size_t len;
    unsigned steps;         /* none may be without consuming a byte */
};

static void step(struct reading *reading, uint32_t offset)
{
    REQUIRE(offset < reading->len);
    REQUIRE(++reading->steps <= 8 * reading->len);
}

static void dmar_scopes_check(struct reading *reading, struct dmar_scopes scopes)
{
    struct dmar_scope scope;

    while (dmar_scope_next(&scopes, &scope)) {
        step(reading, scope.offset);
        REQUIRE(scope.path_length >= 1);
        (void)sum(scope.path, 2u * scope.path_length);
    }
}

static void on_dmar_unit(void *arg, const struct dmar_unit *unit)
{
    step(arg, unit->offset);
    REQUIRE(unit->registers_len >= 4096);
    dmar_scopes_check(arg, unit->scopes);
}

static void on_dmar_reserved(void *arg, const struct dmar_reserved *region)
{
    step(arg, region->offset);
    REQUIRE(region->start < region->end);
    REQUIRE(((region->start | region->end) & 0xfff) == 0);
    dmar_scopes_check(arg, region->scopes);
}

static void on_problem(void *arg, uint32_t offset, const char *what, uint64_t value)
{
    struct reading *reading = arg;

    (void)value;
    REQUIRE(offset <= reading->len);
    REQUIRE(what != NULL && what[0] != '\0');
    REQUIRE(++reading->steps <= 8 * (reading->len + 1));
}

static void fuzz_dmar(const uint8_t *data, size_t len)
{
    static const struct dmar_handler handler = { .unit = on_dmar_unit, .reserved = on_dmar_reserved,
                                                 .problem = on_problem };
    static const struct dmar_handler silent;
    struct reading reading = { .len = len };
    uint8_t *table = fuzz_table(data, len, "DMAR");

    REQUIRE(dmar_read(table, len, &handler, &reading) == dmar_read(table, len, &silent, NULL));
    free(table);
}

/* ---- IVRS ---- */

static void on_ivrs_unit(void *arg, const struct ivrs_unit *unit)
{
    struct ivrs_entries entries = unit->entries;
    struct ivrs_entry entry;

    step(arg, unit->offset);
    while (ivrs_entry_next(&entries, &entry)) {
        step(arg, entry.offset);
        REQUIRE(entry.first <= entry.last);
        if (entry.kind == IVRS_ENTRY_ACPI)
            (void)(sum((const uint8_t *)entry.hid, 8) + sum((const uint8_t *)entry.cid, 8) +
                   sum(entry.uid, entry.uid_len));
    }
}

static void on_ivrs_region(void *arg, const struct ivrs_region *region)
{
    step(arg, region->offset);
    REQUIRE(region->start < region->end && region->first <= region->last);
    REQUIRE(((region->start | region->end) & 0xfff) == 0);
}

static void fuzz_ivrs(const uint8_t *data, size_t len)
{
    static const struct ivrs_handler handler = { .unit = on_ivrs_unit, .superseded = on_ivrs_unit,
                                                 .region = on_ivrs_region, .problem = on_problem };
    static const struct ivrs_handler silent;
    struct reading reading = { .len = len };
    uint8_t *table = fuzz_table(data, len, "IVRS");

    REQUIRE(ivrs_read(table, len, &handler, &reading) == ivrs_read(table, len, &silent, NULL));
    free(table);
}

/* ---- the kernel's readers ---- */

static void log_nothing(void *ctx, const char *format, ...)
{
    (void)ctx;
    REQUIRE(format != NULL);
}

/* One table, under the signature of each reader. */
static void fuzz_kernel(const uint8_t *data, size_t len)
{
    static const char *const signatures[] = { "APIC", "MCFG", "HPET", "FACP", "SPCR" };
    static const struct acpi_memory memory = { .log = log_nothing };
    struct acpi acpi = { .memory = &memory, .table_count = sizeof(signatures) / sizeof(signatures[0]) };
    uint8_t *table = fuzz_table(data, len, NULL);
    struct acpi_mcfg_entry entries[4];
    struct acpi_madt madt;
    uint32_t ids[16];
    bool wide;

    for (size_t i = 0; i < acpi.table_count; i++) {
        memcpy(acpi.tables[i].signature, signatures[i], 5);
        acpi.tables[i].bytes = table;
        acpi.tables[i].len = (uint32_t)len;
    }
    if (acpi_read_madt(&acpi, &madt))
        REQUIRE(madt.ioapic_count <= sizeof(madt.ioapics) / sizeof(madt.ioapics[0]));
    REQUIRE(acpi_read_cpus(&acpi, ids, 16).count <= 16);
    (void)acpi_read_mcfg(&acpi, entries, 4);
    (void)acpi_hpet_pa(&acpi);
    (void)acpi_pm_timer_port(&acpi, &wide);
    (void)acpi_serial_port(&acpi);
    free(table);
}

/* The bytes are all of the machine's memory, from address 0; an RSDP may be anywhere in it. */
struct all_memory {
    const uint8_t *bytes;
    size_t len;
};

static const void *map_memory(void *ctx, uint64_t pa, uint64_t len)
{
    const struct all_memory *all = ctx;

    return pa < all->len && len <= all->len - pa ? all->bytes + pa : NULL;
}

static void fuzz_root(const uint8_t *data, size_t len)
{
    uint8_t *copy = fuzz_table(data, len, NULL);
    struct all_memory all = { copy, len };
    struct acpi_memory memory = { .map = map_memory, .log = log_nothing, .ctx = &all };
    static struct acpi acpi;

    if (!acpi_read(&acpi, &memory, len > 0 ? data[0] : 0, copy, len < 36 ? len : 36, false))
        REQUIRE(acpi.table_count == 0);
    REQUIRE(acpi.table_count <= ACPI_TABLES);
    for (size_t i = 0; i < acpi.table_count; i++)
        REQUIRE(acpi.tables[i].bytes >= copy && acpi.tables[i].bytes + acpi.tables[i].len <= copy + len);
    free(copy);
}

/* ---- the decoder ---- */

#define NEST_MAX 8u

struct nesting {
    size_t len;
    struct fw_block open[NEST_MAX];
    unsigned depth, fields, problems;
};

static bool lies_in(const struct fw_block *block, uint32_t offset, uint32_t len)
{
    return offset >= block->offset && len <= block->len && offset - block->offset <= block->len - len;
}

static void on_open(void *ctx, const struct fw_block *block)
{
    struct nesting *nesting = ctx;

    REQUIRE(nesting->depth < NEST_MAX && block->name != NULL);
    REQUIRE(block->offset <= nesting->len && block->len <= nesting->len - block->offset);
    if (nesting->depth > 0)
        REQUIRE(lies_in(&nesting->open[nesting->depth - 1], block->offset, block->len));
    nesting->open[nesting->depth++] = *block;
}

static void on_close(void *ctx, const struct fw_block *block)
{
    struct nesting *nesting = ctx;

    REQUIRE(nesting->depth > 0);
    REQUIRE(nesting->open[--nesting->depth].offset == block->offset);
}

static void on_field(void *ctx, const struct fw_field *field)
{
    struct nesting *nesting = ctx;

    REQUIRE(nesting->depth > 0 && ++nesting->fields <= 64 * (nesting->len + 1));
    REQUIRE(lies_in(&nesting->open[nesting->depth - 1], field->offset, field->len));
    REQUIRE(field->name != NULL && field->meaning != NULL);
    (void)strlen(field->meaning);
    if (field->kind == FW_TEXT || field->kind == FW_BYTES)
        (void)sum(field->bytes, field->len);
    else
        REQUIRE(field->len >= 1 && field->len <= 8);
    if (field->bits != 0 && field->bits < 64)
        REQUIRE(field->value >> field->bits == 0);
}

static void on_decode_problem(void *ctx, uint32_t offset, const char *what, uint64_t value)
{
    struct nesting *nesting = ctx;

    (void)value;
    REQUIRE(offset <= nesting->len && what != NULL && what[0] != '\0');
    REQUIRE(++nesting->problems <= 8 * (nesting->len + 1));
}

/* The signature is the input's. */
static void fuzz_decode(const uint8_t *data, size_t len)
{
    struct nesting nesting = { .len = len };
    const struct fw_visitor visitor = { .open = on_open, .field = on_field, .close = on_close,
                                        .problem = on_decode_problem, .ctx = &nesting };
    static const struct fw_visitor silent;
    uint8_t *table = fuzz_table(data, len, NULL);
    bool whole = fw_decode(table, len, &visitor);

    REQUIRE(nesting.depth == 0 && whole == (nesting.problems == 0));
    REQUIRE(fw_decode(table, len, &silent) == whole);
    free(table);
}

/* ---- the judge ---- */

static void on_finding(void *ctx, const struct fw_finding *finding)
{
    struct reading *reading = ctx;

    REQUIRE(finding->id != NULL && finding->id[0] != '\0' && finding->what[0] != '\0');
    REQUIRE(finding->severity <= FW_ERROR && fw_severity_name(finding->severity) != NULL);
    REQUIRE(finding->table != NULL && strlen(finding->table) <= 4);
    (void)(strlen(finding->trips) + strlen(finding->remedy) + strlen(finding->reference));
    reading->steps++;
}

/* The rest of a machine: a table of each kind, a map of memory, and functions with a bridge. */
static size_t companions(struct fw_table tables[8])
{
    static const char *const texts[] = {
        "dmar haw=39 flags=0x1\ndrhd segment=0 base=0xfed90000 flags=1\nscope ioapic id=2 bus=0xf0 path=1f.0\n",
        "ivrs ivinfo=0x203041 revision=2\nivhd type=0x11 flags=0xb0 device=0x0002 capability=0x40 base=0xfeb80000"
        " segment=0 info=0 features=0 efr=0 efr2=0\nstart device=0x0003\nend device=0xffff\n"
        "ioapic id=33 device=0x00a0\n",
        "apic\nioapic id=2 base=0xfec00000 gsi=0\nioapic id=33 base=0xfec01000 gsi=24\n",
    };
    static uint8_t bytes[3][512];
    char error[128];
    size_t count = 0;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        size_t len = table_from_text(texts[i], bytes[i], sizeof(bytes[i]), error, sizeof(error));

        REQUIRE(len > 4);
        tables[count] = (struct fw_table){ .bytes = bytes[i], .len = (uint32_t)len };
        memcpy(tables[count++].signature, bytes[i], 4);
    }
    return count;
}

static const struct pci_function functions[] = {
    { .next = (void *)&functions[1], .rid = 0x0000, .vendor = 0x8086, .class_code = 0x060000 },
    { .next = (void *)&functions[2], .rid = 0x0008, .vendor = 0x8086, .class_code = 0x060400, .is_bridge = true,
      .header_type = 1, .secondary_bus = 1, .subordinate_bus = 1, .express_type = PCI_EXP_ROOT_PORT },
    { .parent = (void *)&functions[1], .rid = 0x0100, .vendor = 0x1234, .bars = { { .pa = 0xfe000000, .len = 4096 } } },
};

/* The input is one table, judged alone and in a machine. */
static void fuzz_judge(const uint8_t *data, size_t len)
{
    static const struct fw_memory memory[] = {
        { 0, 0xa0000, FW_MEMORY_RAM }, { 0x100000, 0x80000000, FW_MEMORY_RAM },
        { 0x80000000, 0x90000000, FW_MEMORY_RESERVED },
        { 0x90000000, 0x90100000, FW_MEMORY_ACPI }, { 0x100000000, 0x280000000, FW_MEMORY_RAM },
    };
    uint8_t *table = fuzz_table(data, len, NULL);
    struct reading reading = { .len = len };
    const struct fw_sink sink = { .found = on_finding, .ctx = &reading };
    struct fw_table tables[9] = { { .bytes = table, .len = (uint32_t)len } };
    struct fw_facts facts = { .tables = tables, .table_count = 1 };

    memcpy(tables[0].signature, table, len < 4 ? len : 4);
    REQUIRE(fw_judge(&facts, &sink) <= reading.steps);
    facts.table_count += companions(tables + 1);
    facts.memory = memory;
    facts.memory_count = sizeof(memory) / sizeof(memory[0]);
    facts.functions = functions;
    facts.cpu_physical_bits = 39;
    facts.every_table = facts.entry_unknown = facts.units_unused = true;
    REQUIRE(fw_judge(&facts, &sink) <= reading.steps);
    free(table);
}

const struct fuzz_target fuzz_targets[] = {
    { "decode", fuzz_decode },
    { "dmar", fuzz_dmar },
    { "ivrs", fuzz_ivrs },
    { "judge", fuzz_judge },
    { "kernel", fuzz_kernel },
    { "root", fuzz_root },
};
const size_t fuzz_target_count = sizeof(fuzz_targets) / sizeof(fuzz_targets[0]);
