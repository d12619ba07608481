/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * acpi.c and acpi_tables.c on hand-built memory and, where the folder is
 * there, on real machines' tables. Offsets are written as ACPI 6.5 prints
 * them, a second transcription beside the code's.
 */
#include "test.h"

#include <dirent.h>
#include <stdarg.h>

#include "acpi.h"

#define MEMORY_PA 0xe0000u
#define MEMORY_BYTES 0x20000u
#define RSDP_PA 0xf0010u
#define RSDT_PA 0xf1000u
#define XSDT_PA 0xf2003u        /* not aligned on purpose */
#define TABLE_PA(n) (0xf4001u + 0x800u * (n))

/* Exactly sized so that one byte too far is the sanitizer's finding. */
static uint8_t *ram;
static uint64_t longest_asked;
static char logged[4096];

static const void *fake_map(void *ctx, uint64_t pa, uint64_t len)
{
    (void)ctx;
    longest_asked = len > longest_asked ? len : longest_asked;
    if (pa < MEMORY_PA || pa - MEMORY_PA > MEMORY_BYTES || len > MEMORY_BYTES - (pa - MEMORY_PA))
        return NULL;
    return ram + (pa - MEMORY_PA);
}

static void fake_log(void *ctx, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void fake_log(void *ctx, const char *format, ...)
{
    size_t used = strlen(logged);
    va_list args;

    (void)ctx;
    va_start(args, format);
    vsnprintf(logged + used, sizeof(logged) - used, format, args);
    va_end(args);
}

static const struct acpi_memory memory = { .map = fake_map, .log = fake_log };

static uint8_t *at(uint64_t pa)
{
    return ram + (pa - MEMORY_PA);
}

static void put(uint64_t pa, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at(pa)[i] = (uint8_t)(value >> (8 * i));
}

static void fix_sum(uint64_t pa, size_t len, size_t where)
{
    uint8_t sum = 0;

    at(pa)[where] = 0;
    for (size_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + at(pa)[i]);
    at(pa)[where] = (uint8_t)-sum;
}

static void seal(uint64_t pa, const char *signature, uint32_t len)
{
    memcpy(at(pa), signature, 4);
    put(pa + 4, len, 4);
    fix_sum(pa, len, 9);
}

static void seal_rsdp(uint64_t pa)
{
    memcpy(at(pa), "RSD PTR ", 8);
    at(pa)[15] = 2;
    put(pa + 16, RSDT_PA, 4);
    put(pa + 20, 36, 4);
    put(pa + 24, XSDT_PA, 8);
    at(pa)[32] = 0;
    fix_sum(pa, 20, 8);
    fix_sum(pa, 36, 32);
}

/* Two tables, named by both roots: MCFG and HPET. */
static void machine_begin(void)
{
    free(ram);
    ram = calloc(1, MEMORY_BYTES);
    logged[0] = '\0';
    seal_rsdp(RSDP_PA);
    put(RSDT_PA + 36, TABLE_PA(0), 4);
    put(RSDT_PA + 40, TABLE_PA(1), 4);
    seal(RSDT_PA, "RSDT", 44);
    put(XSDT_PA + 36, TABLE_PA(0), 8);
    put(XSDT_PA + 44, TABLE_PA(1), 8);
    seal(XSDT_PA, "XSDT", 52);
    seal(TABLE_PA(0), "MCFG", 60);
    seal(TABLE_PA(1), "HPET", 56);
}

static bool read_machine(struct acpi *acpi)
{
    return acpi_read(acpi, &memory, RSDP_PA, NULL, 0, false);
}

/* An acpi with one table, len bytes long and not a byte more. */
static struct acpi with_table(const char *signature, const uint8_t *bytes, size_t len)
{
    struct acpi acpi = { .memory = &memory, .table_count = 1 };

    free(ram);
    ram = malloc(len);
    memcpy(ram, bytes, len);
    logged[0] = '\0';
    strcpy(acpi.tables[0].signature, signature);
    acpi.tables[0].bytes = ram;
    acpi.tables[0].len = (uint32_t)len;
    return acpi;
}

/* ---- RSDP and root tables ---- */

TEST(xsdt_is_preferred)
{
    struct acpi acpi;

    machine_begin();
    CHECK(read_machine(&acpi));
    CHECK(acpi.used_xsdt);
    CHECK_EQ(acpi.table_count, 2);
    CHECK_EQ(acpi.revision, 2);
    CHECK_EQ(acpi.rsdp_pa, RSDP_PA);
    CHECK_STR(acpi.tables[0].signature, "MCFG");
    CHECK_EQ(acpi.tables[0].len, 60);
    CHECK(acpi.tables[0].checksum_ok);
    CHECK_STR(logged, "");
}

TEST(rsdt_serves_where_the_xsdt_is_bad)
{
    struct acpi acpi;

    machine_begin();
    at(XSDT_PA)[9]++;
    CHECK(read_machine(&acpi));
    CHECK(!acpi.used_xsdt);
    CHECK_EQ(acpi.table_count, 2);
    CHECK(strstr(logged, "XSDT") != NULL);
}

TEST(revision_0_has_no_xsdt)
{
    struct acpi acpi;

    machine_begin();
    at(RSDP_PA)[15] = 0;
    fix_sum(RSDP_PA, 20, 8);
    CHECK(read_machine(&acpi));
    CHECK(!acpi.used_xsdt);
}

TEST(wrong_extended_checksum_leaves_the_rsdt)
{
    struct acpi acpi;

    machine_begin();
    at(RSDP_PA)[32]++;
    CHECK(read_machine(&acpi));
    CHECK(!acpi.used_xsdt);
}

/* ACPI §5.2.5.3: the length of revision 2 covers its 36 bytes. */
TEST(rsdp_that_says_it_is_shorter_leaves_the_rsdt)
{
    struct acpi acpi;

    machine_begin();
    put(RSDP_PA + 20, 35, 4);
    fix_sum(RSDP_PA, 36, 32);
    CHECK(read_machine(&acpi));
    CHECK(!acpi.used_xsdt);
}

TEST(wrong_rsdp_checksum_is_refused)
{
    struct acpi acpi;

    machine_begin();
    at(RSDP_PA)[8]++;
    CHECK(!read_machine(&acpi));
    CHECK(strstr(logged, "RSDP") != NULL);
}

TEST(no_root_that_checks_is_refused)
{
    struct acpi acpi;

    machine_begin();
    at(XSDT_PA)[9]++;
    at(RSDT_PA)[9]++;
    CHECK(!read_machine(&acpi));
}

TEST(rsdp_copy_serves_without_an_address)
{
    struct acpi acpi;
    uint8_t copy[36];

    machine_begin();
    memcpy(copy, at(RSDP_PA), sizeof(copy));
    CHECK(acpi_read(&acpi, &memory, 0, copy, 36, false));
    CHECK(acpi.used_xsdt);
    CHECK(acpi_read(&acpi, &memory, 0, copy, 20, false));
    CHECK(!acpi.used_xsdt);
    CHECK(!acpi_read(&acpi, &memory, 0, copy, 19, false));
}

TEST(bios_area_is_searched_only_when_asked)
{
    struct acpi acpi;

    machine_begin();
    CHECK(acpi_read(&acpi, &memory, 0, NULL, 0, true));
    CHECK_EQ(acpi.rsdp_pa, RSDP_PA);
    CHECK(!acpi_read(&acpi, &memory, 0, NULL, 0, false));
}

TEST(bios_search_keeps_to_16_byte_steps_and_checksums)
{
    struct acpi acpi;

    machine_begin();
    memset(at(RSDP_PA), 0, 36);
    seal_rsdp(RSDP_PA + 8);
    CHECK(!acpi_read(&acpi, &memory, 0, NULL, 0, true));
    machine_begin();
    at(RSDP_PA)[8]++;
    seal_rsdp(MEMORY_PA + MEMORY_BYTES - 48);
    CHECK(acpi_read(&acpi, &memory, 0, NULL, 0, true));
    CHECK_EQ(acpi.rsdp_pa, MEMORY_PA + MEMORY_BYTES - 48);
}

/* Low memory with an EBDA whose first KiB holds the RSDP; the tables stay where they were. */
static uint8_t low[0xa0000];
static const void *map_with_low(void *ctx, uint64_t pa, uint64_t len)
{
    return pa < sizeof(low) && len <= sizeof(low) - pa ? low + pa : fake_map(ctx, pa, len);
}

TEST(ebda_is_searched_first)
{
    const struct acpi_memory with_low = { .map = map_with_low, .log = fake_log };
    struct acpi acpi;

    machine_begin();
    low[0x40e] = 0xc0;      /* segment 9FC0h */
    low[0x40f] = 0x9f;
    memcpy(low + 0x9fc00 + 0x3d0, at(RSDP_PA), 36);
    CHECK(acpi_read(&acpi, &with_low, 0, NULL, 0, true));
    CHECK_EQ(acpi.rsdp_pa, 0x9fc00 + 0x3d0);
    low[0x40f] = 0xff;      /* FFC00h: no EBDA can be there */
    CHECK(acpi_read(&acpi, &with_low, 0, NULL, 0, true));
    CHECK_EQ(acpi.rsdp_pa, RSDP_PA);
}

TEST(table_with_wrong_checksum_is_kept_and_marked)
{
    struct acpi acpi;

    machine_begin();
    at(TABLE_PA(1))[50]++;
    CHECK(read_machine(&acpi));
    CHECK_EQ(acpi.table_count, 2);
    CHECK(!acpi.tables[1].checksum_ok);
    CHECK(strstr(logged, "HPET") != NULL);
}

TEST(table_lengths_out_of_bounds_are_left_out)
{
    static const uint32_t lengths[] = { 0, 35, (16u << 20) + 1, 0xffffffff, MEMORY_BYTES };
    struct acpi acpi;

    longest_asked = 0;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        machine_begin();
        put(TABLE_PA(0) + 4, lengths[i], 4);
        CHECK(read_machine(&acpi));
        CHECK_EQ(acpi.table_count, 1);
        CHECK(strstr(logged, "MCFG") != NULL);
    }
    CHECK(longest_asked <= 16u << 20);
}

TEST(table_of_a_bare_header_is_kept)
{
    struct acpi acpi;

    machine_begin();
    seal(TABLE_PA(0), "MCFG", 36);
    CHECK(read_machine(&acpi));
    CHECK_EQ(acpi.table_count, 2);
    CHECK_EQ(acpi_read_mcfg(&acpi, NULL, 0), 0);
}

TEST(pointers_to_nowhere_are_left_out)
{
    struct acpi acpi;

    machine_begin();
    put(XSDT_PA + 36, 0xfffffffffffffff0ull, 8);
    put(XSDT_PA + 44, 0, 8);
    seal(XSDT_PA, "XSDT", 52);
    CHECK(read_machine(&acpi));
    CHECK(!acpi.used_xsdt);     /* it named no table that can be reached */
    CHECK_EQ(acpi.table_count, 2);
}

TEST(root_that_names_itself_or_a_table_twice_ends)
{
    struct acpi acpi;

    machine_begin();
    put(XSDT_PA + 36, XSDT_PA, 8);
    put(XSDT_PA + 44, TABLE_PA(1), 8);
    put(XSDT_PA + 52, TABLE_PA(1), 8);
    seal(XSDT_PA, "XSDT", 60);
    CHECK(read_machine(&acpi));
    CHECK_EQ(acpi.table_count, 1);
}

TEST(more_tables_than_fit_are_counted_out)
{
    struct acpi acpi;

    machine_begin();
    for (unsigned i = 0; i < ACPI_TABLES + 1; i++) {
        seal(0xe0000 + 64 * i, "SSDT", 36);
        put(XSDT_PA + 36 + 8 * i, 0xe0000 + 64 * i, 8);
    }
    seal(XSDT_PA, "XSDT", 36 + 8 * (ACPI_TABLES + 1));
    CHECK(read_machine(&acpi));
    CHECK_EQ(acpi.table_count, ACPI_TABLES);
    CHECK(strstr(logged, "more than") != NULL);
}

TEST(find_counts_tables_of_one_name)
{
    struct acpi acpi;

    machine_begin();
    seal(TABLE_PA(1), "MCFG", 60);
    CHECK(read_machine(&acpi));
    CHECK(acpi_find(&acpi, "MCFG", 0) == &acpi.tables[0]);
    CHECK(acpi_find(&acpi, "MCFG", 1) == &acpi.tables[1]);
    CHECK(acpi_find(&acpi, "MCFG", 2) == NULL);
    CHECK(acpi_find(&acpi, "DMAR", 0) == NULL);
}

/* ---- MADT ---- */

static const uint8_t madt[] = {
    'A', 'P', 'I', 'C', 100, 0, 0, 0, [36] = 0x00, 0x00, 0xe0, 0xfe, 1, 0, 0, 0,
    [44] = 0, 8, 0, 0, 1, 0, 0, 0,                                              /* CPU 0 on */
    [52] = 0, 8, 1, 1, 2, 0, 0, 0,                                              /* online capable only */
    [60] = 1, 12, 2, 0, 0x00, 0x00, 0xc0, 0xfe, 24, 0, 0, 0,                    /* IOAPIC 2 */
    [72] = 9, 16, 0, 0, 0x00, 1, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0,                  /* x2APIC id 256 */
    [88] = 5, 12, 0, 0, 0x00, 0x00, 0xe0, 0xfe, 1, 0, 0, 0,                     /* address override */
};

TEST(madt_entries_are_read)
{
    struct acpi acpi = with_table("APIC", madt, sizeof(madt));
    struct acpi_madt out;

    CHECK(acpi_read_madt(&acpi, &out));
    CHECK_EQ(out.cpu_count, 2);
    CHECK_EQ(out.ioapic_count, 1);
    CHECK_EQ(out.ioapics[0].id, 2);
    CHECK_EQ(out.ioapics[0].pa, 0xfec00000);
    CHECK_EQ(out.ioapics[0].gsi_base, 24);
    CHECK_EQ(out.local_apic_pa, 0x1fee00000ull);
    CHECK(out.has_8259);
    CHECK_STR(logged, "");
}

TEST(madt_cut_at_every_byte_is_survived)
{
    struct acpi_madt out;

    for (size_t len = 0; len < sizeof(madt); len++) {
        struct acpi acpi = with_table("APIC", madt, len + 1);

        CHECK_EQ(acpi_read_madt(&acpi, &out), len + 1 >= 44);
        CHECK(out.cpu_count <= 2);
    }
}

TEST(madt_entry_of_length_zero_ends_the_list)
{
    uint8_t bad[sizeof(madt)];
    struct acpi_madt out;
    struct acpi acpi;

    memcpy(bad, madt, sizeof(bad));
    bad[61] = 0;
    acpi = with_table("APIC", bad, sizeof(bad));
    CHECK(acpi_read_madt(&acpi, &out));
    CHECK_EQ(out.cpu_count, 1);
    CHECK_EQ(out.ioapic_count, 0);
    CHECK(strstr(logged, "offset=60") != NULL);
}

TEST(madt_entry_too_short_for_its_type_is_skipped)
{
    uint8_t bad[sizeof(madt)];
    struct acpi_madt out;
    struct acpi acpi;

    memcpy(bad, madt, sizeof(bad));
    bad[72] = 1;    /* an IOAPIC ... */
    bad[73] = 8;    /* ... of 8 bytes, */
    bad[80] = 0x7f; /* then 8 bytes of an unknown type */
    bad[81] = 8;
    acpi = with_table("APIC", bad, sizeof(bad));
    CHECK(acpi_read_madt(&acpi, &out));
    CHECK_EQ(out.ioapic_count, 1);
    CHECK_EQ(out.local_apic_pa, 0x1fee00000ull);
    CHECK(strstr(logged, "offset=72 type=1 length=8") != NULL);
}

TEST(madt_with_more_ioapics_than_fit)
{
    static uint8_t many[44 + 12 * 258];
    struct acpi_madt out;
    struct acpi acpi;

    for (unsigned i = 0; i < 258; i++) {
        many[44 + 12 * i] = 1;
        many[45 + 12 * i] = 12;
        many[46 + 12 * i] = (uint8_t)i;
    }
    acpi = with_table("APIC", many, sizeof(many));
    CHECK(acpi_read_madt(&acpi, &out));
    CHECK_EQ(out.ioapic_count, 256);
    CHECK_EQ(out.ioapics[255].id, 255);
    CHECK_EQ(out.ioapics_left_out, 2);
    CHECK(strstr(logged, "more IOAPICs") != NULL);
    CHECK(!out.has_8259);
}

TEST(no_madt)
{
    struct acpi acpi = { .memory = &memory };
    struct acpi_madt out;

    CHECK(!acpi_read_madt(&acpi, &out));
}

/* ---- MCFG, HPET, FADT, SPCR ---- */

static const uint8_t mcfg[] = {
    'M', 'C', 'F', 'G', 76, 0, 0, 0,
    [44] = 0x00, 0x00, 0x00, 0xb0, 0, 0, 0, 0, 0x00, 0x00, 0x00, 0xff, 0, 0, 0, 0,
    [60] = 0x00, 0x00, 0x00, 0x00, 8, 0, 0, 0, 0x02, 0x01, 0x10, 0x1f, 0, 0, 0, 0,
};

TEST(mcfg_windows_are_read)
{
    struct acpi acpi = with_table("MCFG", mcfg, sizeof(mcfg));
    struct acpi_mcfg_entry out[4];

    CHECK_EQ(acpi_read_mcfg(&acpi, out, 4), 2);
    CHECK_EQ(out[0].base_pa, 0xb0000000);
    CHECK_EQ(out[0].end_bus, 0xff);
    CHECK_EQ(out[1].base_pa, 0x800000000ull);
    CHECK_EQ(out[1].segment, 0x0102);
    CHECK_EQ(out[1].start_bus, 0x10);
    CHECK_EQ(out[1].end_bus, 0x1f);
    CHECK_EQ(acpi_read_mcfg(&acpi, out, 1), 1);
}

TEST(mcfg_cut_and_nonsense_windows_are_left_out)
{
    struct acpi_mcfg_entry out[4];
    uint8_t bad[sizeof(mcfg)];
    struct acpi acpi;

    for (size_t len = 1; len < sizeof(mcfg); len++) {
        acpi = with_table("MCFG", mcfg, len);
        CHECK_EQ(acpi_read_mcfg(&acpi, out, 4), len < 60 ? 0 : 1);
    }
    memcpy(bad, mcfg, sizeof(bad));
    bad[70] = 0x20;     /* starts behind its end */
    acpi = with_table("MCFG", bad, sizeof(bad));
    CHECK_EQ(acpi_read_mcfg(&acpi, out, 4), 1);
    CHECK(strstr(logged, "offset=60") != NULL);
}

TEST(hpet_address_only_in_memory_space)
{
    uint8_t hpet[56] = { [40] = 0, 64, 0, 0, 0x00, 0x00, 0xd0, 0xfe };
    struct acpi acpi = with_table("HPET", hpet, sizeof(hpet));

    CHECK_EQ(acpi_hpet_pa(&acpi), 0xfed00000);
    hpet[40] = 1;
    acpi = with_table("HPET", hpet, sizeof(hpet));
    CHECK_EQ(acpi_hpet_pa(&acpi), 0);
    hpet[40] = 0;
    acpi = with_table("HPET", hpet, 51);
    CHECK_EQ(acpi_hpet_pa(&acpi), 0);
}

TEST(pm_timer_from_x_field_else_from_the_old_one)
{
    uint8_t fadt[244] = { [76] = 0x08, 0x06, [91] = 4, [113] = 1 };
    bool wide = false;
    struct acpi acpi = with_table("FACP", fadt, sizeof(fadt));

    CHECK_EQ(acpi_pm_timer_port(&acpi, &wide), 0x608);
    CHECK(wide);
    fadt[208] = 1;
    fadt[212] = 0x08;
    fadt[213] = 0x18;
    fadt[113] = 0;
    acpi = with_table("FACP", fadt, sizeof(fadt));
    CHECK_EQ(acpi_pm_timer_port(&acpi, &wide), 0x1808);
    CHECK(!wide);
    acpi = with_table("FACP", fadt, 116);   /* an ACPI 1.0 table ends before the X fields */
    CHECK_EQ(acpi_pm_timer_port(&acpi, &wide), 0x608);
    acpi = with_table("FACP", fadt, 90);
    CHECK_EQ(acpi_pm_timer_port(&acpi, &wide), 0);
    fadt[91] = 0;                           /* no PM timer */
    acpi = with_table("FACP", fadt, 116);
    CHECK_EQ(acpi_pm_timer_port(&acpi, &wide), 0);
}

TEST(serial_port_only_of_a_16550_in_port_space)
{
    uint8_t spcr[80] = { [36] = 0, [40] = 1, 8, 0, 1, 0xf8, 0x02 };
    struct acpi acpi = with_table("SPCR", spcr, sizeof(spcr));

    CHECK_EQ(acpi_serial_port(&acpi), 0x2f8);
    spcr[36] = 3;   /* PL011 */
    acpi = with_table("SPCR", spcr, sizeof(spcr));
    CHECK_EQ(acpi_serial_port(&acpi), 0);
    spcr[36] = 0x12;
    spcr[40] = 0;   /* memory mapped */
    acpi = with_table("SPCR", spcr, sizeof(spcr));
    CHECK_EQ(acpi_serial_port(&acpi), 0);
    acpi = with_table("SPCR", spcr, 36);
    CHECK_EQ(acpi_serial_port(&acpi), 0);
}

/* ---- real machines' tables ---- */

/* As much as the table's own length field names: some files go on behind it. */
static size_t load(const char *path, uint8_t *out, size_t max)
{
    FILE *file = fopen(path, "rb");
    size_t len = 0, named;

    if (file != NULL) {
        len = fread(out, 1, max, file);
        fclose(file);
    }
    named = len < 8 ? 0 : (size_t)(out[4] | out[5] << 8 | out[6] << 16);
    return named < len ? named : len;
}

/* The number behind "name=" in a row of INDEX.tsv; 0 when it is not there. */
static unsigned long count_in(const char *row, const char *name)
{
    const char *found = strstr(row, name);

    return found != NULL ? strtoul(found + strlen(name), NULL, 0) : 0;
}

/* An independent checker wrote the counts into INDEX.tsv. */
static void check_row(const char *row, const struct acpi *acpi)
{
    struct acpi_mcfg_entry windows[16];
    struct acpi_madt out;

    if (strstr(row, "\tAPIC\t") != NULL) {
        CHECK(acpi_read_madt(acpi, &out));
        if (strstr(row, "type1=") != NULL)
            CHECK_EQ(out.ioapic_count, count_in(row, "type1="));
        CHECK(out.cpu_count <= count_in(row, "type0=") + count_in(row, "type9="));
    } else if (strstr(row, "\tMCFG\t") != NULL && strstr(row, "\ty\t") != NULL) {
        CHECK_EQ(acpi_read_mcfg(acpi, windows, 16), count_in(row, "entries="));
    } else if (strstr(row, "\tHPET\t") != NULL) {
        CHECK_EQ(acpi_hpet_pa(acpi), count_in(row, "base="));
    }
}

TEST(real_tables_read_as_indexed)
{
    static uint8_t bytes[1 << 16];
    const char *folder = test_tables_folder();
    char path[512], row[2048], name[5] = "";
    unsigned seen = 0;
    FILE *index;

    if (folder == NULL)
        test_skip("no folder of real ACPI tables");
    snprintf(path, sizeof(path), "%s/other/INDEX.tsv", folder);
    index = fopen(path, "r");
    CHECK(index != NULL);
    while (fgets(row, sizeof(row), index) != NULL) {
        char *tab = strchr(row, '\t');
        struct acpi acpi;
        size_t len;

        if (row[0] == '#' || tab == NULL)
            continue;
        snprintf(path, sizeof(path), "%s/other/%.*s", folder, (int)(tab - row), row);
        len = load(path, bytes, sizeof(bytes));
        snprintf(name, sizeof(name), "%.4s", tab + 1);
        if (len < 36)
            continue;
        acpi = with_table(name, bytes, len);
        check_row(row, &acpi);
        seen++;
    }
    fclose(index);
    CHECK(seen > 80);
}

TEST(real_machines_have_cpus_and_windows)
{
    static uint8_t bytes[1 << 16];
    const char *folder = test_tables_folder();
    char path[512];
    struct dirent *entry;
    unsigned seen = 0;
    DIR *dir;

    if (folder == NULL)
        test_skip("no folder of real ACPI tables");
    snprintf(path, sizeof(path), "%s/machines", folder);
    dir = opendir(path);
    CHECK(dir != NULL);
    while ((entry = readdir(dir)) != NULL) {
        struct acpi_mcfg_entry windows[16];
        struct acpi_madt out;
        struct acpi acpi;
        size_t len;

        snprintf(path, sizeof(path), "%s/machines/%s/apic.dat", folder, entry->d_name);
        len = load(path, bytes, sizeof(bytes));
        if (len == 0)
            continue;
        acpi = with_table("APIC", bytes, len);
        CHECK(acpi_read_madt(&acpi, &out));
        CHECK(out.cpu_count > 0 && out.ioapic_count > 0);
        CHECK_EQ(out.local_apic_pa, 0xfee00000);
        snprintf(path, sizeof(path), "%s/machines/%s/mcfg.dat", folder, entry->d_name);
        len = load(path, bytes, sizeof(bytes));
        acpi = with_table("MCFG", bytes, len);
        CHECK(acpi_read_mcfg(&acpi, windows, 16) > 0);
        seen++;
    }
    closedir(dir);
    CHECK_EQ(seen, 7);
}
