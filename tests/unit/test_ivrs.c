/* SPDX-License-Identifier: BSD-2-Clause */
/* amd/ivrs.c: fixtures described as text, tables cut and bent in every place, and real tables in place. */
#include "test.h"

#include "amd/ivrs.h"
#include "built_table.h"

#define SEEN_MAX 64u

struct problem {
    uint32_t at;
    char what[80];
    uint64_t value;
};

struct seen {
    unsigned units, superseded, regions, problems, entries[IVRS_ENTRY_ACPI + 1];
    unsigned blocks[256];           /* IVHD of that type, visited either way, */
    unsigned types[256];            /* and their entries of that type */
    struct ivrs_unit unit[8];
    struct ivrs_region region[16];
    struct ivrs_info info;
    struct problem problem[SEEN_MAX];
};

static void see_header(void *arg, const struct ivrs_info *info)
{
    ((struct seen *)arg)->info = *info;
}

static void count_entries(struct seen *seen, struct ivrs_entries entries)
{
    struct ivrs_entry entry;

    while (ivrs_entry_next(&entries, &entry))
        seen->entries[entry.kind]++;
}

static void count_types(struct seen *seen, const struct ivrs_unit *unit)
{
    struct ivrs_entries entries = unit->entries;
    struct ivrs_entry entry;

    seen->blocks[unit->type]++;
    while (ivrs_entry_next(&entries, &entry))
        seen->types[entry.type]++;
}

static void see_unit(void *arg, const struct ivrs_unit *unit)
{
    struct seen *seen = arg;

    if (seen->units < 8)
        seen->unit[seen->units] = *unit;
    seen->units++;
    count_types(seen, unit);
    count_entries(seen, unit->entries);
}

static void see_superseded(void *arg, const struct ivrs_unit *unit)
{
    struct seen *seen = arg;

    seen->superseded++;
    count_types(seen, unit);
}

static void see_region(void *arg, const struct ivrs_region *region)
{
    struct seen *seen = arg;

    if (seen->regions < 16)
        seen->region[seen->regions] = *region;
    seen->regions++;
}

static void see_problem(void *arg, uint32_t offset, const char *what, uint64_t value)
{
    struct seen *seen = arg;

    if (seen->problems < SEEN_MAX) {
        seen->problem[seen->problems] = (struct problem){ .at = offset, .value = value };
        snprintf(seen->problem[seen->problems].what, sizeof(seen->problem[0].what), "%s", what);
    }
    if (++seen->problems > 100000)
        test_fail(__FILE__, __LINE__, "problem after problem at 0x%x: %s", offset, what);
}

static const struct ivrs_handler handler = {
    .header = see_header, .unit = see_unit, .superseded = see_superseded, .region = see_region,
    .problem = see_problem,
};

/* Reads from a heap copy of exactly len bytes, so that a read past the end is caught. */
static enum iommu_status read_exact(const uint8_t *bytes, size_t len, struct seen *seen)
{
    uint8_t *copy = malloc(len == 0 ? 1 : len);
    enum iommu_status status;

    CHECK(copy != NULL);
    memcpy(copy, bytes, len);
    memset(seen, 0, sizeof(*seen));
    status = ivrs_read(copy, len, &handler, seen);
    free(copy);
    return status;
}

/* Builds and reads the text, which must have just this problem; status is what reading returned. */
static void check_problem(const char *text, enum iommu_status wanted, uint32_t at, const char *what, uint64_t value)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;

    CHECK_EQ(read_exact(table, built_table(text, table), &seen), wanted);
    CHECK_EQ(seen.problems, 1);
    CHECK_STR(seen.problem[0].what, what);
    CHECK_EQ(seen.problem[0].at, at);
    CHECK_EQ(seen.problem[0].value, value);
}

TEST(laptop_unit_is_taken_from_its_highest_block)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    size_t len = built_table_file("tests/fixtures/ivrs/laptop.txt", table);

    CHECK_OK(read_exact(table, len, &seen));
    CHECK_EQ(seen.problems, 0);
    CHECK_EQ(seen.units, 1);
    CHECK_EQ(seen.superseded, 2);
    CHECK_EQ(seen.unit[0].type, IVRS_UNIT_40);
    CHECK_EQ(seen.unit[0].flags, IVRS_FLAG_COHERENT | IVRS_FLAG_IOTLB_SUP);
    CHECK_EQ(seen.unit[0].rid, IOMMU_RID(0, 0, 2));
    CHECK_EQ(seen.unit[0].capability, 0x40);
    CHECK_EQ(seen.unit[0].registers_pa, 0xfd200000);
    CHECK_EQ(seen.unit[0].features, 0x40000);
    CHECK(seen.unit[0].has_efr);
    CHECK_EQ(seen.unit[0].efr, 0x206d73ef22254ade);
    CHECK_EQ(seen.unit[0].efr2, 0x10);
    CHECK_EQ(seen.entries[IVRS_ENTRY_DEVICES], 2);
    CHECK_EQ(seen.entries[IVRS_ENTRY_IOAPIC], 2);
    CHECK_EQ(seen.entries[IVRS_ENTRY_HPET], 1);
    CHECK_EQ(seen.entries[IVRS_ENTRY_ACPI], 3);
}

TEST(header_fields_are_taken_apart)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;

    /* Bits 0 and 1, 14:8 = 30h, 21:15 = 40h; then the reverse. */
    CHECK_OK(read_exact(table, built_table("ivrs ivinfo=0x00203003 revision=2", table), &seen));
    CHECK_EQ(seen.info.revision, 2);
    CHECK_EQ(seen.info.ivinfo, 0x00203003);
    CHECK(seen.info.efr_valid && seen.info.dma_remap && !seen.info.ht_ats_reserved);
    CHECK_EQ(seen.info.physical_bits, 48);
    CHECK_EQ(seen.info.virtual_bits, 64);
    CHECK_OK(read_exact(table, built_table("ivrs ivinfo=0x00580004", table), &seen));
    CHECK(!seen.info.efr_valid && !seen.info.dma_remap && seen.info.ht_ats_reserved);
    CHECK_EQ(seen.info.physical_bits, 0);
    CHECK_EQ(seen.info.virtual_bits, 48);
}

TEST(exclusion_range_of_one_device_allows_all)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    size_t len = built_table_file("tests/fixtures/ivrs/laptop.txt", table);

    CHECK_OK(read_exact(table, len, &seen));
    CHECK_EQ(seen.regions, 1);
    CHECK_EQ(seen.region[0].type, 0x21);
    CHECK_EQ(seen.region[0].flags, IVRS_REGION_EXCLUSION);
    CHECK_EQ(seen.region[0].first, 0x200);
    CHECK_EQ(seen.region[0].last, 0x200);
    CHECK_EQ(seen.region[0].start, 0x7132c000);
    CHECK_EQ(seen.region[0].end, 0x71352000);
    CHECK_EQ(seen.region[0].prot, IOMMU_READ | IOMMU_WRITE);
}

TEST(each_unit_of_a_server_keeps_its_own_highest_block)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    size_t len = built_table_file("tests/fixtures/ivrs/server.txt", table);

    CHECK_OK(read_exact(table, len, &seen));
    CHECK_EQ(seen.problems, 0);
    CHECK_EQ(seen.units, 3);
    CHECK_EQ(seen.superseded, 1);
    CHECK_EQ(seen.unit[0].type, IVRS_UNIT_10);
    CHECK_EQ(seen.unit[0].features, 0x80048f6e);
    CHECK_EQ(seen.unit[1].type, IVRS_UNIT_11);
    CHECK_EQ(seen.unit[1].rid, IOMMU_RID(0x40, 0, 2));
    CHECK_EQ(seen.unit[2].type, IVRS_UNIT_40);
    CHECK_EQ(seen.unit[2].segment, 1);
    CHECK_EQ(seen.unit[2].capability, 0x64);
    /* IVinfo bit 0 is clear: nobody vouches for the images. */
    CHECK(!seen.unit[1].has_efr);
    CHECK_EQ(seen.unit[1].efr, 0);
}

TEST(regions_before_the_units_keep_their_rights)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    size_t len = built_table_file("tests/fixtures/ivrs/server.txt", table);

    CHECK_OK(read_exact(table, len, &seen));
    CHECK_EQ(seen.regions, 2);
    CHECK_EQ(seen.region[0].first, 0);
    CHECK_EQ(seen.region[0].last, 0xffff);
    CHECK_EQ(seen.region[0].prot, IOMMU_READ);
    CHECK_EQ(seen.region[1].segment, 1);
    CHECK_EQ(seen.region[1].first, 0x4000);
    CHECK_EQ(seen.region[1].last, 0x40ff);
    CHECK_EQ(seen.region[1].end, 0x7e200000);
    CHECK_EQ(seen.region[1].prot, IOMMU_WRITE);
}

/* In odd.txt: a header of 48 bytes, the first unit's block with its entries from 88, the second block at 221. */
static const struct problem odd_problems[] = {
    { 88, "end of a range without a start", 0x10 },
    { 92, "start of a range without an end, left out", 0x20 },
    { 96, "other entries inside a range", 1 },
    { 108, "range ends below its start, left out; end", 0x4f },
    { 116, "special device of unknown variety", 3 },
    { 124, "unknown device entry type, skipped", 0x44 },
    { 132, "unknown device entry type, skipped", 0x80 },
    { 148, "unknown format of an ACPI device's unique id", 3 },
    { 171, "length of an ACPI device's unique id does not fit its format", 1 },
    { 194, "ACPI device without a hardware id", 0xa7 },
    { 217, "start of a range without an end, left out", 0x60 },
    { 221, "a second block of one type for the same unit, left out; function", 2 },
    { 261, "registers belong to the unit of another function, left out", 0xfd200000 },
    { 301, "IVHD names no function", 0 },
    { 325, "IVHD capability offset is not usable", 0 },
    { 349, "IVHD register base is not usable", 0 },
    { 373, "IVHD register base is not usable", 0xfd200800 },
    { 413, "IVHD register base is not usable", 0xffff000000000000 },
    { 453, "IVHD shorter than 24 bytes", 6 },
    { 459, "IVHD shorter than 40 bytes", 23 },
    { 482, "unknown block type, skipped", 0x51 },
    { 490, "unknown block type, skipped", 0x23 },
    { 522, "IVMD shorter than 32 bytes", 6 },
    { 528, "IVMD start is not page aligned, rounded down", 0x2100 },
    { 560, "IVMD end is not page aligned, rounded up", 0x5001 },
    { 592, "IVMD last device is below its first", 0x1ff },
    { 624, "IVMD region is empty", 0x6000 },
    { 656, "IVMD region ends above 52 bits, its length is", 0x1001 },
    { 688, "IVMD region ends above 52 bits, its length is", 0x1000 },
    { 720, "IVMD is neither unity mapped nor an exclusion range", 6 },
    { 752, "IVMD allows neither reading nor writing", 1 },
    { 784, "IVMD reserved flags are set", 0xf3 },
    { 816, "IVHD register base is not aligned to its size", 0xfd401000 },
};

TEST(each_oddity_is_reported_at_its_offset)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    size_t len = built_table_file("tests/fixtures/ivrs/odd.txt", table);
    unsigned wanted = sizeof(odd_problems) / sizeof(odd_problems[0]);

    CHECK_OK(read_exact(table, len, &seen));
    for (unsigned i = 0; i < wanted && i < seen.problems; i++) {
        CHECK_STR(seen.problem[i].what, odd_problems[i].what);
        CHECK_EQ(seen.problem[i].at, odd_problems[i].at);
        CHECK_EQ(seen.problem[i].value, odd_problems[i].value);
    }
    CHECK_EQ(seen.problems, wanted);
}

TEST(what_stands_beside_an_oddity_is_kept)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    size_t len = built_table_file("tests/fixtures/ivrs/odd.txt", table);

    CHECK_OK(read_exact(table, len, &seen));
    CHECK_EQ(seen.units, 2);
    CHECK_EQ(seen.unit[0].type, IVRS_UNIT_40);
    /* Two blocks of a higher type for it are of no use. */
    CHECK_EQ(seen.unit[1].type, IVRS_UNIT_10);
    CHECK_EQ(seen.unit[1].registers_pa, 0xfd401000);
    CHECK_EQ(seen.superseded, 0);
    CHECK_EQ(seen.entries[IVRS_ENTRY_DEVICES], 3);
    CHECK_EQ(seen.entries[IVRS_ENTRY_SPECIAL], 1);
    CHECK_EQ(seen.entries[IVRS_ENTRY_ACPI], 3);
    CHECK_EQ(seen.regions, 3);
    CHECK_EQ(seen.region[0].start, 0x2000);
    CHECK_EQ(seen.region[0].end, 0x3000);
    CHECK_EQ(seen.region[1].start, 0x4000);
    CHECK_EQ(seen.region[1].end, 0x6000);
    CHECK_EQ(seen.region[2].prot, IOMMU_READ);
}

TEST(region_may_end_at_52_bits)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    size_t len = built_table("ivrs\nivmd type=0x20 flags=9 start=0xffffffffff000 size=0x1000\n"
                       "ivmd type=0x20 flags=9 start=0xfffffffffffff size=1\n", table);

    CHECK_OK(read_exact(table, len, &seen));
    CHECK_EQ(seen.problems, 1);
    CHECK_EQ(seen.regions, 2);
    CHECK_EQ(seen.region[0].end, 1ull << 52);
    CHECK_EQ(seen.region[1].start, 0xffffffffff000);
    CHECK_EQ(seen.region[1].end, 1ull << 52);
}

TEST(region_block_that_is_too_long_is_read)
{
    check_problem("ivrs\nraw type=0x20 flags=9 bytes="
                  "00000000000000000000000000100000000000000010000000000000ffff\n",
                  IOMMU_OK, 48, "IVMD longer than 32 bytes", 34);
}

TEST(range_of_one_id_is_a_range)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    size_t len = built_table("ivrs\nivmd type=0x22 flags=9 device=0x10 last=0x10 size=0x1000\n"
                       "ivhd base=0xfd200000\nstart device=0x10\nend device=0x10\n", table);

    CHECK_OK(read_exact(table, len, &seen));
    CHECK_EQ(seen.problems, 0);
    CHECK_EQ(seen.regions, 1);
    CHECK_EQ(seen.entries[IVRS_ENTRY_DEVICES], 1);
}

TEST(block_of_a_higher_type_wins_wherever_it_stands)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    size_t len = built_table("ivrs ivinfo=1\nivhd type=0x40 base=0xfd200000\nivhd type=0x10 base=0xfd200000\n"
                       "ivhd type=0x11 base=0xfd200000\n", table);

    CHECK_OK(read_exact(table, len, &seen));
    CHECK_EQ(seen.problems, 0);
    CHECK_EQ(seen.units, 1);
    CHECK_EQ(seen.unit[0].offset, 48);
    CHECK_EQ(seen.superseded, 2);
}

TEST(image_of_a_first_generation_block_is_never_read)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;

    CHECK_OK(read_exact(table, built_table("ivrs ivinfo=1\nivhd base=0xfd200000\n", table), &seen));
    CHECK_EQ(seen.units, 1);
    CHECK(!seen.unit[0].has_efr);
}

TEST(same_registers_as_a_superseded_block_are_free)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    size_t len = built_table("ivrs\nivhd type=0x10 base=0xfd200000\nivhd type=0x11 base=0xfd280000\n"
                       "ivhd type=0x10 device=3 base=0xfd200000\n", table);

    CHECK_OK(read_exact(table, len, &seen));
    CHECK_EQ(seen.problems, 0);
    CHECK_EQ(seen.units, 2);
    CHECK_EQ(seen.superseded, 1);
}

TEST(acpi_device_in_an_older_block_is_reported)
{
    check_problem("ivrs\nivhd type=0x11 base=0xfd200000\nacpi device=0xa5 hid=AMDI0020\n", IOMMU_OK, 88,
                  "ACPI device in a block of fixed-size entries, type", 0x11);
}

TEST(capability_offsets_outside_configuration_space_are_refused)
{
    check_problem("ivrs\nivhd base=0xfd200000 capability=0x3c\n", IOMMU_OK, 48,
                  "IVHD capability offset is not usable", 0x3c);
    check_problem("ivrs\nivhd base=0xfd200000 capability=0x42\n", IOMMU_OK, 48,
                  "IVHD capability offset is not usable", 0x42);
    check_problem("ivrs\nivhd base=0xfd200000 capability=0x100\n", IOMMU_OK, 48,
                  "IVHD capability offset is not usable", 0x100);
}

TEST(wrong_checksum_is_reported_and_the_rest_is_read)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    size_t len = built_table("ivrs\nivhd base=0xfd200000\n", table);

    table[9]++;
    CHECK_EQ(read_exact(table, len, &seen), IOMMU_ERR_TABLE);
    CHECK_EQ(seen.units, 1);
    CHECK_EQ(seen.problems, 1);
    CHECK_EQ(seen.problem[0].at, 9);
    CHECK_EQ(seen.problem[0].value, 1);
}

TEST(block_with_a_wrong_length_ends_the_table)
{
    /* No length, shorter than its header, one past the end. */
    static const unsigned lengths[] = { 0, 3, 25, 0xffff };

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        uint8_t table[BUILT_TABLE_BYTES];
        char text[256];
        struct seen seen;

        snprintf(text, sizeof(text), "ivrs\nivhd base=0xfd200000\nivhd device=3 base=0xfd280000 length=%u\n",
                 lengths[i]);
        CHECK_EQ(read_exact(table, built_table(text, table), &seen), IOMMU_ERR_TABLE);
        CHECK_EQ(seen.units, 1);
        CHECK_EQ(seen.problems, 1);
        CHECK_STR(seen.problem[0].what, "block length wrong, rest of the table lost");
        CHECK_EQ(seen.problem[0].at, 72);
        CHECK_EQ(seen.problem[0].value, lengths[i]);
    }
}

/* Each block is compared with all others: their number is a bound for the time that takes. */
TEST(blocks_beyond_1024_are_left_out)
{
    static const uint8_t block[4] = { 0x99, 0, 4, 0 };
    uint8_t table[48 + 1025 * 4] = "IVRS";
    struct seen seen;

    for (size_t at = 48; at < sizeof(table); at += sizeof(block))
        memcpy(table + at, block, sizeof(block));
    for (size_t len = sizeof(table) - 4; len <= sizeof(table); len += 4) {
        uint8_t sum = 0;

        table[4] = (uint8_t)len;
        table[5] = (uint8_t)(len >> 8);
        table[9] = 0;
        for (size_t i = 0; i < len; i++)
            sum = (uint8_t)(sum + table[i]);
        table[9] = (uint8_t)-sum;
        CHECK_EQ(read_exact(table, len, &seen), len < sizeof(table) ? IOMMU_OK : IOMMU_ERR_TABLE);
        CHECK_EQ(seen.problems, len < sizeof(table) ? 1024 : 1025);
    }
    CHECK_EQ(seen.problem[0].at, sizeof(table) - 4);
    CHECK_EQ(seen.problem[0].value, 4);
}

TEST(reading_ends_at_a_block_without_length)
{
    check_problem("ivrs\nivhd base=0xfd200000 length=0\n", IOMMU_ERR_TABLE, 48,
                  "block length wrong, rest of the table lost", 0);
}

TEST(bytes_too_few_for_a_block_are_reported)
{
    check_problem("ivrs\npad bytes=102030\n", IOMMU_ERR_TABLE, 48, "block length wrong, rest of the table lost", 3);
}

TEST(entry_past_its_block_ends_the_block_alone)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    size_t len = built_table("ivrs\nivhd base=0xfd200000\nselect device=8\nentry bytes=420000\n"
                       "ivhd device=3 base=0xfd280000\nselect device=9\n", table);

    CHECK_EQ(read_exact(table, len, &seen), IOMMU_ERR_TABLE);
    CHECK_EQ(seen.units, 2);
    CHECK_EQ(seen.entries[IVRS_ENTRY_DEVICES], 2);
    CHECK_EQ(seen.problems, 1);
    CHECK_EQ(seen.problem[0].at, 76);
    CHECK_EQ(seen.problem[0].value, 0x42);
}

TEST(tables_of_another_kind_are_refused)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;

    CHECK_EQ(read_exact(table, built_table("dmar\n", table), &seen), IOMMU_ERR_TABLE);
    CHECK_STR(seen.problem[0].what, "not an IVRS table, bytes there");
    CHECK_EQ(read_exact(table, built_table("ivrs length=47\n", table), &seen), IOMMU_ERR_TABLE);
    CHECK_STR(seen.problem[0].what, "table length too small");
}

TEST(every_truncation_is_survived)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    size_t len = built_table_file("tests/fixtures/ivrs/laptop.txt", table);

    for (size_t cut = 0; cut < len; cut++)
        CHECK_EQ(read_exact(table, cut, &seen), IOMMU_ERR_TABLE);
    CHECK_OK(read_exact(table, len, &seen));
}

TEST(every_byte_bent_is_survived)
{
    static const char *const files[] = { "tests/fixtures/ivrs/odd.txt", "tests/fixtures/ivrs/laptop.txt" };
    static const uint8_t bends[] = { 0x00, 0x01, 0x10, 0x40, 0x7f, 0x80, 0xf0, 0xff };
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;

    for (size_t f = 0; f < 2; f++) {
        size_t len = built_table_file(files[f], table);

        for (size_t at = 0; at < len; at++)
            for (size_t i = 0; i < sizeof(bends); i++) {
                uint8_t kept = table[at];

                table[at] = bends[i];
                (void)read_exact(table, len, &seen);
                table[at] = kept;
            }
        CHECK_OK(read_exact(table, len, &seen));
    }
}

TEST(members_of_the_handler_may_be_missing)
{
    static const struct ivrs_handler nothing;
    uint8_t table[BUILT_TABLE_BYTES];
    size_t len = built_table_file("tests/fixtures/ivrs/odd.txt", table);

    CHECK_OK(ivrs_read(table, len, &nothing, NULL));
    len = built_table_file("tests/fixtures/ivrs/laptop.txt", table);
    CHECK_OK(ivrs_read(table, len, &nothing, NULL));
}

/* "IVHD10=1 IVMD21=1 e_SEL=3": the number behind key, 0 when it is not there. */
static unsigned counted(const char *counts, const char *key)
{
    size_t len = strlen(key);

    for (const char *at = counts; (at = strstr(at, key)) != NULL; at += len)
        if ((at == counts || at[-1] == ' ') && at[len] == '=')
            return (unsigned)strtoul(at + len + 1, NULL, 10);
    return 0;
}

static unsigned problems_with(const struct seen *seen, const char *what)
{
    unsigned count = 0;

    for (unsigned i = 0; i < seen->problems && i < SEEN_MAX; i++)
        if (strstr(seen->problem[i].what, what) != NULL)
            count++;
    return count;
}

static size_t load(const char *folder, const char *name, uint8_t *out)
{
    char path[512];
    FILE *file;
    size_t len;

    snprintf(path, sizeof(path), "%s/ivrs/%s", folder, name);
    file = fopen(path, "rb");
    if (file == NULL)
        test_fail(__FILE__, __LINE__, "cannot open %s", path);
    len = fread(out, 1, BUILT_TABLE_BYTES, file);
    fclose(file);
    return len;
}

static const struct {
    const char *key;
    uint8_t type;
} entry_keys[] = {
    { "e_ALL", 0x01 }, { "e_SEL", 0x02 }, { "e_SOR", 0x03 }, { "e_ASEL", 0x42 }, { "e_ASOR", 0x43 },
    { "e_EXTSEL", 0x46 }, { "e_EXTSOR", 0x47 }, { "e_SPEC", 0x48 }, { "e_HID", 0xf0 },
};

/* A range start that was left out is missing from its type; synthetic tables have some. */
static void check_entry_counts(const char *name, const struct seen *seen, const char *counts)
{
    unsigned bad = problems_with(seen, "start of a range without an end"), missing = 0;

    for (size_t i = 0; i < sizeof(entry_keys) / sizeof(entry_keys[0]); i++) {
        unsigned wanted = counted(counts, entry_keys[i].key), found = seen->types[entry_keys[i].type];

        if (found > wanted)
            test_fail(__FILE__, __LINE__, "%s: %u of %s, expected %u", name, found, entry_keys[i].key, wanted);
        missing += wanted - found;
    }
    CHECK_EQ(missing, bad);
}

/* INDEX.tsv, which an independent checker made: name, -, kind, ..., checksum_valid (7), counts, -, anomalies. */
static void check_real_table(const char *folder, char *row)
{
    uint8_t table[BUILT_TABLE_BYTES];
    struct seen seen;
    char *column[12] = { row };
    enum iommu_status status;
    size_t len;

    for (unsigned i = 1; i < 12; i++) {
        column[i] = strchr(column[i - 1], '\t');
        CHECK(column[i] != NULL);
        *column[i]++ = '\0';
    }
    len = load(folder, column[0], table);
    status = read_exact(table, len, &seen);
    if ((status == IOMMU_OK) != (column[7][0] == 'y'))
        test_fail(__FILE__, __LINE__, "%s: status %d: %s at 0x%x", column[0], (int)status, seen.problem[0].what,
                  seen.problem[0].at);
    if (seen.blocks[0x10] != counted(column[8], "IVHD10") || seen.blocks[0x11] != counted(column[8], "IVHD11") ||
        seen.blocks[0x40] != counted(column[8], "IVHD40") ||
        problems_with(&seen, "unknown block type") != counted(column[8], "UNKNOWN51") ||
        seen.regions + problems_with(&seen, "last device is below") !=
            counted(column[8], "IVMD20") + counted(column[8], "IVMD21") + counted(column[8], "IVMD22"))
        test_fail(__FILE__, __LINE__, "%s: blocks differ from %s", column[0], column[8]);
    check_entry_counts(column[0], &seen, column[8]);
    /* A machine's own firmware may repeat ids and have blocks of a type nobody knows, nothing else. */
    if (strcmp(column[2], "firmware") == 0 && seen.problems != problems_with(&seen, "unknown block type"))
        test_fail(__FILE__, __LINE__, "%s: %s at 0x%x", column[0], seen.problem[0].what, seen.problem[0].at);
}

TEST(real_tables_agree_with_their_index)
{
    const char *folder = test_tables_folder();
    char path[512], row[4096];
    unsigned tables = 0;
    FILE *index;

    if (folder == NULL)
        test_skip("no folder of real tables");
    snprintf(path, sizeof(path), "%s/ivrs/INDEX.tsv", folder);
    index = fopen(path, "r");
    CHECK(index != NULL);
    while (fgets(row, sizeof(row), index) != NULL) {
        if (row[0] == '#')
            continue;
        check_real_table(folder, row);
        tables++;
    }
    fclose(index);
    printf("# %u real IVRS tables read\n", tables);
    CHECK(tables > 0);
}
