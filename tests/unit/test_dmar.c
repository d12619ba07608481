/* SPDX-License-Identifier: BSD-2-Clause */
/* intel/dmar.c: fixtures described as text, tables cut and bent in every place, and real tables in place. */
#include "test.h"

#include <dirent.h>

#include "built_table.h"
#include "intel/dmar.h"

struct seen {
    unsigned units, regions, problems, scopes[6], long_paths;
    unsigned bad_units, bad_regions;    /* reported as left out */
    struct dmar_unit unit[16];
    struct dmar_reserved region[16];
    struct dmar_info info;
    uint32_t problem_at[32];
    char problem[32][64];
};

static void count_scopes(struct seen *seen, struct dmar_scopes scopes)
{
    struct dmar_scope scope;

    while (dmar_scope_next(&scopes, &scope)) {
        seen->scopes[scope.type <= DMAR_SCOPE_ACPI ? scope.type : 0]++;
        if (scope.path_length > 1)
            seen->long_paths++;
    }
}

static void see_header(void *arg, const struct dmar_info *info)
{
    ((struct seen *)arg)->info = *info;
}

static void see_unit(void *arg, const struct dmar_unit *unit)
{
    struct seen *seen = arg;

    if (seen->units < 16)
        seen->unit[seen->units] = *unit;
    seen->units++;
    count_scopes(seen, unit->scopes);
}

static void see_region(void *arg, const struct dmar_reserved *region)
{
    struct seen *seen = arg;

    if (seen->regions < 16)
        seen->region[seen->regions] = *region;
    seen->regions++;
    count_scopes(seen, region->scopes);
}

static void see_problem(void *arg, uint32_t offset, const char *what, uint64_t value)
{
    struct seen *seen = arg;

    (void)value;
    if (strstr(what, "base is not usable") != NULL)
        seen->bad_units++;
    if (strstr(what, "limit is not above") != NULL)
        seen->bad_regions++;
    if (seen->problems < 32) {
        seen->problem_at[seen->problems] = offset;
        snprintf(seen->problem[seen->problems], 64, "%s", what);
    }
    seen->problems++;
}

static const struct dmar_handler handler = {
    .header = see_header, .unit = see_unit, .reserved = see_region, .problem = see_problem,
};

/* Reads from a heap copy of exactly len bytes, so that a read past the end is caught. */
static enum iommu_status read_exact(const uint8_t *bytes, size_t len, struct seen *seen)
{
    uint8_t *copy = malloc(len == 0 ? 1 : len);
    enum iommu_status status;

    CHECK(copy != NULL);
    memcpy(copy, bytes, len);
    memset(seen, 0, sizeof(*seen));
    status = dmar_read(copy, len, &handler, seen);
    free(copy);
    return status;
}

TEST(laptop_units_and_regions_are_read)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    size_t len = built_table_file("tests/fixtures/dmar/laptop.txt", table);

    CHECK_OK(read_exact(table, len, &seen));
    CHECK_EQ(seen.problems, 0);
    CHECK_EQ(seen.info.host_address_bits, 39);
    CHECK_EQ(seen.info.flags, DMAR_FLAG_INTR_REMAP);
    CHECK_EQ(seen.units, 2);
    CHECK_EQ(seen.unit[0].registers_pa, 0xfed90000);
    CHECK_EQ(seen.unit[0].registers_len, 4096);
    CHECK(!seen.unit[0].include_pci_all);
    CHECK(seen.unit[1].include_pci_all);
    CHECK_EQ(seen.regions, 2);
    CHECK_EQ(seen.region[1].start, 0x7b800000);
    CHECK_EQ(seen.region[1].end, 0x80000000);
    CHECK_EQ(seen.scopes[DMAR_SCOPE_ENDPOINT], 3);
    CHECK_EQ(seen.scopes[DMAR_SCOPE_IOAPIC], 1);
    CHECK_EQ(seen.scopes[DMAR_SCOPE_HPET], 1);
}

TEST(server_paths_of_several_hops_are_read)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    size_t len = built_table_file("tests/fixtures/dmar/server.txt", table);

    CHECK_OK(read_exact(table, len, &seen));
    CHECK_EQ(seen.problems, 0);
    CHECK_EQ(seen.units, 2);
    CHECK_EQ(seen.regions, 1);
    CHECK_EQ(seen.scopes[DMAR_SCOPE_BRIDGE], 2);
    CHECK_EQ(seen.long_paths, 2);
}

TEST(each_oddity_is_reported_at_its_offset)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    size_t len = built_table_file("tests/fixtures/dmar/odd.txt", table);

    CHECK_OK(read_exact(table, len, &seen));
    CHECK_EQ(seen.units, 2);
    CHECK_EQ(seen.unit[0].registers_len, 4 * 4096);
    CHECK_EQ(seen.unit[1].registers_pa, 0xfed92000);
    CHECK_EQ(seen.bad_units, 3);
    CHECK_EQ(seen.bad_regions, 2);
    CHECK_EQ(seen.regions, 2);
    CHECK_EQ(seen.region[0].start, 0x2000);
    CHECK_EQ(seen.region[0].end, 0x3000);
    CHECK_EQ(seen.region[1].end, 0x6000);
    /* 48 bytes of header, 24 of the first unit: its scope at 64, the second unit at 72. */
    CHECK_EQ(seen.problem_at[0], 72);
    CHECK_STR(seen.problem[0], "DRHD register base is not usable");
    CHECK_EQ(seen.scopes[0], 1);
    CHECK_EQ(seen.scopes[DMAR_SCOPE_HPET], 1);
}

TEST(wrong_checksum_is_reported_and_the_rest_is_read)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    size_t len = built_table("dmar\ndrhd base=0xfed90000 flags=1\n", table);

    table[9] ^= 1;
    CHECK_EQ(read_exact(table, len, &seen), IOMMU_ERR_TABLE);
    CHECK_EQ(seen.units, 1);
    CHECK_EQ(seen.problems, 1);
    CHECK_EQ(seen.problem_at[0], 9);
}

TEST(structure_without_length_ends_the_table)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    size_t len = built_table("dmar\ndrhd base=0xfed90000\ndrhd base=0xfed91000 length=0\n"
                       "drhd base=0xfed92000\n", table);

    CHECK_EQ(read_exact(table, len, &seen), IOMMU_ERR_TABLE);
    CHECK_EQ(seen.units, 1);
    CHECK_EQ(seen.problem_at[0], 64);
}

TEST(structure_past_the_end_is_left_out)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    size_t len = built_table("dmar\ndrhd base=0xfed90000\ndrhd base=0xfed91000 length=17\n", table);

    CHECK_EQ(read_exact(table, len, &seen), IOMMU_ERR_TABLE);
    CHECK_EQ(seen.units, 1);
}

TEST(scope_with_a_wrong_length_ends_the_scopes)
{
    static const char *const lengths[] = { "0", "6", "7", "9", "255" };

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        uint8_t table[BUILT_TABLE_BYTES];
        char text[256];
        struct seen seen;

        snprintf(text, sizeof(text), "dmar\ndrhd base=0xfed90000\nscope endpoint path=02.0\n"
                 "scope endpoint path=03.0 length=%s\n", lengths[i]);
        CHECK_EQ(read_exact(table, built_table(text, table), &seen), IOMMU_ERR_TABLE);
        CHECK_EQ(seen.units, 1);
        CHECK_EQ(seen.scopes[DMAR_SCOPE_ENDPOINT], 1);
        CHECK_EQ(seen.problem_at[0], 72);
    }
}

TEST(short_structures_are_left_out)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    size_t len = built_table("dmar\nraw type=0 bytes=0000000000000000000000\nraw type=1 bytes=00000000\n", table);

    CHECK_OK(read_exact(table, len, &seen));
    CHECK_EQ(seen.units + seen.regions, 0);
    CHECK_EQ(seen.problems, 2);
}

TEST(every_truncation_is_survived)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    size_t len = built_table_file("tests/fixtures/dmar/server.txt", table);

    for (size_t cut = 0; cut < len; cut++)
        CHECK_EQ(read_exact(table, cut, &seen), IOMMU_ERR_TABLE);
    CHECK_OK(read_exact(table, len, &seen));
}

TEST(every_byte_bent_is_survived)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    size_t len = built_table_file("tests/fixtures/dmar/odd.txt", table);
    static const uint8_t bends[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };

    for (size_t at = 0; at < len; at++)
        for (size_t i = 0; i < sizeof(bends); i++) {
            uint8_t kept = table[at];

            table[at] = bends[i];
            (void)read_exact(table, len, &seen);
            table[at] = kept;
        }
    CHECK_OK(read_exact(table, len, &seen));
}

/* A bridge 00:1c.7 with secondary bus 5, on it a bridge 05:00.2 with secondary bus 9. */
static uint32_t bridge_read(void *ctx, uint16_t segment, uint16_t rid, uint16_t offset, unsigned width)
{
    bool first = rid == IOMMU_RID(0, 0x1c, 7), second = rid == IOMMU_RID(5, 0, 2);

    (void)ctx;
    if (segment != 0 || !(first || second))
        return width == 4 ? UINT32_MAX : (1u << (8 * width)) - 1;
    switch (offset) {
    case 0x00:
        return 0x8086;
    case 0x0e:
        return 0x81;
    case 0x19:
        return first ? 5 : 9;
    default:
        return 0;
    }
}

TEST(paths_are_followed_through_secondary_buses)
{
    static const struct iommu_platform platform = { .pci_read = bridge_read };
    static const uint8_t path[] = { 0x1c, 7, 0, 2, 4, 1 };
    struct dmar_scope scope = { .type = DMAR_SCOPE_ENDPOINT, .path = path };
    uint16_t rid = 0;

    scope.path_length = 1;
    CHECK_OK(dmar_scope_rid(&platform, NULL, 0, &scope, &rid));
    CHECK_EQ(rid, IOMMU_RID(0, 0x1c, 7));
    scope.path_length = 3;
    CHECK_OK(dmar_scope_rid(&platform, NULL, 0, &scope, &rid));
    CHECK_EQ(rid, IOMMU_RID(9, 4, 1));
    scope.start_bus = 1;
    CHECK_EQ(dmar_scope_rid(&platform, NULL, 0, &scope, &rid), IOMMU_ERR_NOT_FOUND);
}

TEST(impossible_device_numbers_are_refused)
{
    static const struct iommu_platform platform = { .pci_read = bridge_read };
    static const uint8_t device[] = { 32, 0 }, function[] = { 0, 8 };
    struct dmar_scope scope = { .path_length = 1, .path = device };
    uint16_t rid = 0;

    CHECK_EQ(dmar_scope_rid(&platform, NULL, 0, &scope, &rid), IOMMU_ERR_TABLE);
    scope.path = function;
    CHECK_EQ(dmar_scope_rid(&platform, NULL, 0, &scope, &rid), IOMMU_ERR_TABLE);
}

/* "DRHD=2 RMRR=1 scope_EP=3": the number behind key, 0 when it is not there. */
static unsigned counted(const char *counts, const char *key)
{
    size_t len = strlen(key);

    for (const char *at = counts; (at = strstr(at, key)) != NULL; at += len)
        if ((at == counts || at[-1] == ' ') && at[len] == '=')
            return (unsigned)strtoul(at + len + 1, NULL, 10);
    return 0;
}

static size_t load(const char *folder, const char *name, uint8_t *out)
{
    char path[512];
    FILE *file;
    size_t len;

    snprintf(path, sizeof(path), "%s/dmar/%s", folder, name);
    file = fopen(path, "rb");
    if (file == NULL)
        test_fail(__FILE__, __LINE__, "cannot open %s", path);
    len = fread(out, 1, BUILT_TABLE_BYTES, file);
    fclose(file);
    return len;
}

/* The counts of INDEX.tsv, which an independent checker made: column 9, and the file's name in column 1. */
static void check_real_table(const char *folder, char *row)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    char *column[12] = { row };
    size_t len;

    for (unsigned i = 1; i < 12; i++) {
        column[i] = strchr(column[i - 1], '\t');
        CHECK(column[i] != NULL);
        *column[i]++ = '\0';
    }
    len = load(folder, column[0], table);
    if (read_exact(table, len, &seen) != IOMMU_OK && column[7][0] == 'y')
        test_fail(__FILE__, __LINE__, "%s: refused: %s at 0x%x", column[0], seen.problem[0], seen.problem_at[0]);
    if (seen.units + seen.bad_units != counted(column[8], "DRHD") ||
        seen.regions + seen.bad_regions != counted(column[8], "RMRR"))
        test_fail(__FILE__, __LINE__, "%s: seen DRHD=%u+%u RMRR=%u+%u, expected %s", column[0], seen.units,
                  seen.bad_units, seen.regions, seen.bad_regions, column[8]);
    /* A unit that is left out takes its scopes along; ATSR, SATC and SIDP have endpoint and bridge scopes too. */
    if (seen.bad_units == 0 && (seen.scopes[DMAR_SCOPE_IOAPIC] != counted(column[8], "scope_IOAPIC") ||
                                seen.scopes[DMAR_SCOPE_HPET] != counted(column[8], "scope_HPET") ||
                                seen.scopes[DMAR_SCOPE_ACPI] != counted(column[8], "scope_ACPI")))
        test_fail(__FILE__, __LINE__, "%s: scopes differ from %s", column[0], column[8]);
}

TEST(real_tables_agree_with_their_index)
{
    const char *folder = test_tables_folder();
    char path[512], row[4096];
    unsigned tables = 0;
    FILE *index;

    if (folder == NULL)
        test_skip("no folder of real tables");
    snprintf(path, sizeof(path), "%s/dmar/INDEX.tsv", folder);
    index = fopen(path, "r");
    CHECK(index != NULL);
    while (fgets(row, sizeof(row), index) != NULL) {
        if (row[0] == '#')
            continue;
        check_real_table(folder, row);
        tables++;
    }
    fclose(index);
    printf("# %u real DMAR tables read\n", tables);
    CHECK(tables > 0);
}

/* The same as above, counted: a reader that does not move on fails here instead of hanging. */
static void count_problem(void *arg, uint32_t offset, const char *what, uint64_t value)
{
    unsigned *count = arg;

    (void)value;
    if (++*count > 1000)
        test_fail(__FILE__, __LINE__, "problem after problem at 0x%x: %s", offset, what);
}

TEST(reading_ends_at_a_structure_without_length)
{
    static const struct dmar_handler counting = { .problem = count_problem };
    uint8_t table[BUILT_TABLE_BYTES];
    unsigned count = 0;
    size_t len = built_table("dmar\ndrhd base=0xfed90000\ndrhd base=0xfed91000 length=0\n", table);

    CHECK_EQ(dmar_read(table, len, &counting, &count), IOMMU_ERR_TABLE);
    CHECK_EQ(count, 1);
}

static uint32_t endpoint_read(void *ctx, uint16_t segment, uint16_t rid, uint16_t offset, unsigned width)
{
    (void)ctx;
    (void)segment;
    (void)rid;
    (void)width;
    return offset == 0x00 ? 0x8086 : 0;
}

TEST(path_through_an_endpoint_leads_nowhere)
{
    static const struct iommu_platform platform = { .pci_read = endpoint_read };
    static const uint8_t path[] = { 0x1c, 0, 0, 0 };
    struct dmar_scope scope = { .type = DMAR_SCOPE_ENDPOINT, .path = path, .path_length = 2 };
    uint16_t rid = 0;

    CHECK_EQ(dmar_scope_rid(&platform, NULL, 0, &scope, &rid), IOMMU_ERR_NOT_FOUND);
}
