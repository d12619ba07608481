/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The judge over real tables, read in place: what their index calls odd must be
 * found, and what it does not must not be, but for what is listed here with a
 * reason. Machines are judged with all their tables, memory map and functions.
 */
#include "test.h"

#include "judged.h"
#include "table_text.h"

#define COLUMNS 13u
#define ROW_BYTES 8192u
#define MACHINE_FUNCTIONS 512u
#define MACHINE_MEMORY 64u

/* What the index calls odd, and what the judge calls it; several: one of them is enough. */
static const struct {
    const char *index, *ids[2];
} known[] = {
    { "RMRR huge", { "rmrr-huge", "rmrr-large" } },
    { "no IOAPIC scope", { "interrupt-remapping-not-offered", "intremap-without-ioapic" } },
    { "not a multiple of 4", { "structure-unaligned" } },
    { "at unaligned offset", { "structure-unaligned" } },
    { "DRHD base address 0", { "unit-base-zero" } },
    { "HPET id", { "hpet-many-ids" } },
    { "has no INCLUDE_PCI_ALL DRHD", { "include-all-missing" } },
    { "no scopes and no INCLUDE_PCI_ALL", { "unit-without-devices" } },
    { "duplicate entry HID", { "acpi-devices-share-id" } },
    { "inside open range", { "entry-inside-range" } },
    { "nested start-of-range", { "range-without-end" } },
    { "unterminated range", { "range-without-end" } },
    { "no IOAPIC special device", { "ioapic-none", "blocks-disagree" } },
    { "duplicate special handle", { "ioapic-duplicate" } },
    { "unaligned 0x", { "ivmd-unaligned" } },
    { "disagree on device entries", { "blocks-disagree" } },
    { "checksum invalid", { "checksum", "table-trailing" } },
    { "reserved header bytes nonzero", { "reserved-set" } },
    { "unknown entry type", { "entry-unknown" } },
    { "unknown block type", { "block-unknown" } },
    /* other/INDEX.tsv */
    { "ck", { "checksum", "table-trailing" } },
    { "len", { "table-trailing", "mcfg-length" } },
};

/* Warnings and errors that the index does not speak of. */
static struct {
    const char *file, *id, *reason;
    bool seen;
} further[] = {
    { "hp-elitebook-8540p-dmar.dat", "rmrr-page-zero", "its region is 0 to fff", false },
    { "hp-elitebook-8740w-dmar.dat", "rmrr-page-zero", "its region is 0 to fff", false },
    { "fwts-ivrs-test-3f5e-ivrs.dat", "ivmd-devices-reversed",
      "made so: last device 0 below the first", false },
    { "fwts-ivrs-test-5e0d-ivrs.dat", "ivmd-devices-reversed",
      "made so: last device 0 below the first", false },
    { "fwts-viot-0001-acpidump-0002-viot.dat", "viot-node-length",
      "made so: the last node passes the table", false },
    { "fwts-viot-0001-acpidump-0002-viot.dat", "viot-node-count",
      "made so: the last node passes the table", false },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct tally {
    unsigned tables, cases, further, false_alarms;
};

static uint8_t *load(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    static uint8_t room[0x20000];
    uint8_t *own;

    if (file == NULL)
        return NULL;
    *len = fread(room, 1, sizeof(room), file);
    fclose(file);
    own = malloc(*len);
    memcpy(own, room, *len);
    return own;
}

static bool add_table(struct fw_facts *facts, struct fw_table *tables, const char *path)
{
    struct fw_table *t = &tables[facts->table_count];
    size_t len;
    uint8_t *bytes = load(path, &len);

    if (bytes == NULL)
        return false;
    memset(t, 0, sizeof(*t));
    memcpy(t->signature, bytes, 4);
    t->bytes = bytes;
    t->len = (uint32_t)len;
    facts->tables = tables;
    facts->table_count++;
    return true;
}

static void free_tables(const struct fw_facts *facts)
{
    for (size_t i = 0; i < facts->table_count; i++)
        free((void *)(uintptr_t)facts->tables[i].bytes);
}

static unsigned split(char *row, char *column[COLUMNS])
{
    unsigned count = 0;

    row[strcspn(row, "\n")] = '\0';
    for (char *at = row; at != NULL && count < COLUMNS; count++) {
        column[count] = at;
        at = strchr(at, '\t');
        if (at != NULL)
            *at++ = '\0';
    }
    return count;
}

/* Where the index says it is: "at 0x70", "at unaligned offset 0x112"; -1: it does not. */
static long offset_of(const char *anomaly)
{
    const char *at = strstr(anomaly, "at unaligned offset 0x");

    if (at != NULL)
        return strtol(at + strlen("at unaligned offset "), NULL, 16);
    at = strstr(anomaly, "at 0x");
    return at == NULL ? -1 : strtol(at + strlen("at "), NULL, 16);
}

static bool found(const struct seen_findings *seen, const char *id, long offset)
{
    for (size_t i = 0; i < seen->count && i < FINDINGS_MAX; i++)
        if (strcmp(seen->finding[i].id, id) == 0 &&
            (offset < 0 || seen->finding[i].offset == (uint32_t)offset))
            return true;
    return false;
}

/* expected: gathers the ids that the anomaly stands for. */
static void check_anomaly(const char *file, const char *anomaly, const struct seen_findings *seen,
                          char *expected)
{
    for (size_t k = 0; k < COUNT(known); k++) {
        bool any = false;

        if (strstr(anomaly, known[k].index) == NULL)
            continue;
        for (unsigned i = 0; i < 2 && known[k].ids[i] != NULL; i++) {
            any |= found(seen, known[k].ids[i], offset_of(anomaly));
            strcat(strcat(expected, " "), known[k].ids[i]);
        }
        if (!any)
            test_fail(__FILE__, __LINE__, "%s: \"%s\" is not found: %s", file, anomaly,
                      seen->every);
        return;
    }
    test_fail(__FILE__, __LINE__, "%s: what \"%s\" is called is not known", file, anomaly);
}

static unsigned check_anomalies(const char *file, char *text, const struct seen_findings *seen,
                                char *expected)
{
    unsigned count = 0;

    if (strcmp(text, "-") == 0)
        return 0;
    for (char *at = text; at != NULL; count++) {
        char *end = strstr(at, "; ");

        if (end != NULL)
            *end = '\0';
        check_anomaly(file, at, seen, expected);
        at = end == NULL ? NULL : end + 2;
    }
    return count;
}

static bool is_further(const char *file, const char *id)
{
    for (size_t i = 0; i < COUNT(further); i++)
        if (strcmp(further[i].file, file) == 0 && strcmp(further[i].id, id) == 0) {
            further[i].seen = true;
            return true;
        }
    return false;
}

static void check_alarms(const char *file, const struct seen_findings *seen, const char *expected,
                         struct tally *tally)
{
    for (size_t i = 0; i < seen->count && i < FINDINGS_MAX; i++) {
        const struct seen_finding *f = &seen->finding[i];

        if (f->severity == FW_NOTE || strstr(expected, f->id) != NULL)
            continue;
        if (is_further(file, f->id)) {
            tally->further++;
            continue;
        }
        tally->false_alarms++;
        printf("# false alarm: %s: %s at 0x%x: %s\n", file, f->id, f->offset, f->what);
    }
}

/* One row; anomalies: what the index says, "" of other/, whose notes are words. */
static void check_table(const char *folder, const char *kind, char *column[COLUMNS],
                        struct tally *tally)
{
    char path[600], expected[4096] = "", *notes = column[9];
    struct fw_table table;
    struct fw_facts facts = { 0 };
    const struct seen_findings *seen;

    snprintf(path, sizeof(path), "%s/%s/%s", folder, kind, column[0]);
    if (!add_table(&facts, &table, path))
        test_fail(__FILE__, __LINE__, "%s cannot be read", path);
    seen = judge_tables(&facts);
    if (strcmp(kind, "other") != 0) {
        tally->cases += check_anomalies(column[0], column[10], seen, expected);
    } else {
        for (char *word = strtok(notes, " "); word != NULL; word = strtok(NULL, " "))
            if (strcmp(word, "ck") == 0 || strcmp(word, "len") == 0)
                tally->cases += check_anomalies(column[0], word, seen, expected);
        if (column[7][0] == 'n')
            check_anomaly(column[0], "checksum invalid", seen, expected);
    }
    check_alarms(column[0], seen, expected, tally);
    tally->tables++;
    free_tables(&facts);
}

static void check_folder(const char *folder, const char *kind, struct tally *tally)
{
    char path[600], row[ROW_BYTES], *column[COLUMNS] = { 0 };
    FILE *index;

    snprintf(path, sizeof(path), "%s/%s/INDEX.tsv", folder, kind);
    index = fopen(path, "r");
    CHECK(index != NULL);
    while (fgets(row, sizeof(row), index) != NULL)
        if (row[0] != '#' && split(row, column) >= 11)
            check_table(folder, kind, column, tally);
    fclose(index);
}

TEST(what_the_index_calls_odd_is_found_and_nothing_else)
{
    const char *folder = test_tables_folder();
    struct tally tally = { 0 };

    if (folder == NULL)
        test_skip("no folder of real tables");
    check_folder(folder, "dmar", &tally);
    check_folder(folder, "ivrs", &tally);
    check_folder(folder, "other", &tally);
    printf("# %u tables, %u known cases found, %u further findings listed with reasons, %u false "
           "alarms\n",
           tally.tables, tally.cases, tally.further, tally.false_alarms);
    CHECK(tally.tables > 0);
    CHECK_EQ(tally.false_alarms, 0);
    for (size_t i = 0; i < COUNT(further); i++)
        if (!further[i].seen)
            test_fail(__FILE__, __LINE__, "%s no longer has %s (%s)", further[i].file,
                      further[i].id, further[i].reason);
}

/* ---- whole machines ---- */

struct machine {
    struct fw_facts facts;
    struct fw_table tables[8];
    struct fw_memory memory[MACHINE_MEMORY];
    struct pci_function functions[MACHINE_FUNCTIONS];
    size_t function_count;
};

static enum fw_memory_kind memory_kind(const char *word)
{
    return strncmp(word, "usable", 6) == 0     ? FW_MEMORY_RAM
           : strncmp(word, "reserved", 8) == 0 ? FW_MEMORY_RESERVED
           : strncmp(word, "ACPI", 4) == 0     ? FW_MEMORY_ACPI
                                               : FW_MEMORY_OTHER;
}

/* "BIOS-e820: [mem 0x0-0x9fff] usable" of the boot log. */
static void read_memory(struct machine *m, const char *path)
{
    FILE *log = fopen(path, "r");
    unsigned long long start, end;
    char line[1024], kind[20];

    while (log != NULL && fgets(line, sizeof(line), log) != NULL)
        if (m->facts.memory_count < MACHINE_MEMORY &&
            sscanf(line, "BIOS-e820: [mem 0x%llx-0x%llx] %19s", &start, &end, kind) == 3)
            m->memory[m->facts.memory_count++] =
                (struct fw_memory) { start, end + 1, memory_kind(kind) };
    if (log != NULL)
        fclose(log);
    if (m->facts.memory_count != 0)
        m->facts.memory = m->memory;
}

static bool read_function(struct pci_function *f, char *column[COLUMNS])
{
    unsigned segment, bus, device, function, class_code, vendor, id;

    if (sscanf(column[0], "%x:%x:%x.%x", &segment, &bus, &device, &function) != 4 ||
        sscanf(column[1], "%x", &class_code) != 1)
        return false;
    *f = (struct pci_function) { .segment = (uint16_t)segment,
                                 .rid = PCI_RID(bus, device, function),
                                 .class_code = class_code << 8,
                                 .is_bridge = strcmp(column[5], "-") != 0 };
    if (sscanf(column[2], "%x:%x", &vendor, &id) == 2) {
        f->vendor = (uint16_t)vendor;
        f->device = (uint16_t)id;
    }
    if (f->is_bridge) {
        f->secondary_bus = (uint8_t)strtoul(column[5], NULL, 16);
        f->subordinate_bus = (uint8_t)strtoul(column[6], NULL, 16);
    }
    return true;
}

/* A source that does not give the classes says nothing here. */
static void read_functions(struct machine *m, const char *path)
{
    FILE *list = fopen(path, "r");
    char row[1024], *column[COLUMNS];
    bool whole = true;

    while (list != NULL && fgets(row, sizeof(row), list) != NULL)
        if (row[0] != '#' && m->function_count < MACHINE_FUNCTIONS && split(row, column) >= 7) {
            whole &= read_function(&m->functions[m->function_count], column);
            m->function_count++;
        }
    if (list != NULL)
        fclose(list);
    for (size_t i = 0; whole && i < m->function_count; i++) {
        m->functions[i].next = i + 1 < m->function_count ? &m->functions[i + 1] : NULL;
        for (size_t up = 0; up < m->function_count; up++)
            if (m->functions[up].is_bridge &&
                m->functions[up].secondary_bus == m->functions[i].rid >> 8)
                m->functions[i].parent = &m->functions[up];
    }
    if (whole && m->function_count != 0)
        m->facts.functions = m->functions;
}

static struct machine *machine(const char *folder, const char *name)
{
    static const char *const tables[] = { "dmar", "ivrs", "apic", "hpet", "mcfg" };
    struct machine *m = calloc(1, sizeof(*m));
    char path[600];

    for (size_t i = 0; i < COUNT(tables); i++) {
        snprintf(path, sizeof(path), "%s/machines/%s/%s.dat", folder, name, tables[i]);
        (void)add_table(&m->facts, m->tables, path);
    }
    snprintf(path, sizeof(path), "%s/machines/%s/dmesg-iommu.txt", folder, name);
    read_memory(m, path);
    snprintf(path, sizeof(path), "%s/machines/%s/topology.tsv", folder, name);
    read_functions(m, path);
    return m;
}

TEST(machines_with_all_their_tables_have_just_the_findings_they_should)
{
    static const struct {
        const char *name, *ids, *reason;
    } machines[] = {
        { "dell-inspiron-7352", "rmrr-not-reserved",
          "graphics memory 9d800000 to 9fffffff is not in the memory map" },
        { "asus-prime-x399-a", "", "" },
        { "asus-minipc-pn51", "", "" },
        { "hp-proliant-dl380e-gen8", "", "" },
        { "hp-compaq-dc7800", "", "" },
        { "gigabyte-a320m-s2h", "ioapic-duplicate ioapic-missing",
          "IOAPIC id 0 twice, 1 not at all" },
        { "lenovo-thinkpad-e15-gen-2", "unit-base-zero", "the last unit" },
    };
    const char *folder = test_tables_folder();

    if (folder == NULL)
        test_skip("no folder of real tables");
    for (size_t i = 0; i < COUNT(machines); i++) {
        struct machine *m = machine(folder, machines[i].name);
        const struct seen_findings *seen = judge_tables(&m->facts);

        if (strcmp(seen->ids, machines[i].ids) != 0)
            test_fail(__FILE__, __LINE__, "%s: expected \"%s\" (%s), seen \"%s\" (%s)",
                      machines[i].name, machines[i].ids, machines[i].reason, seen->ids,
                      seen->finding[0].what);
        free_tables(&m->facts);
        free(m);
    }
    printf("# %zu machines judged with all their tables\n", COUNT(machines));
}

TEST(the_parameter_for_a_machine_is_the_one_that_helps_it)
{
    const char *folder = test_tables_folder();
    struct machine *m;
    const struct seen_finding *f;

    if (folder == NULL)
        test_skip("no folder of real tables");
    m = machine(folder, "gigabyte-a320m-s2h");
    f = seen_find(judge_tables(&m->facts), "ioapic-missing");
    CHECK(f != NULL && strncmp(f->remedy, "ivrs_ioapic[1]=00:00.1 ", 23) == 0);
    free_tables(&m->facts);
    free(m);
}

/* Regions as the boot log names them, in a table of their own, with the log's memory map. */
static size_t judge_log(const char *path, struct machine *m, bool *linux_complains)
{
    char line[1024], text[4096] = "dmar flags=5 haw=46\ndrhd base=0xfed90000 flags=1\n scope "
                                  "ioapic id=2 bus=0xf0 path=1f.0\n";
    FILE *log = fopen(path, "r");
    unsigned long long base, end;
    size_t regions = 0;

    *linux_complains = false;
    while (log != NULL && fgets(line, sizeof(line), log) != NULL) {
        *linux_complains |= strstr(line, "reserved region can cover this RMRR") != NULL;
        if (sscanf(line, "DMAR: RMRR base: 0x%llx end: 0x%llx", &base, &end) != 2)
            continue;
        regions++;
        snprintf(text + strlen(text), 120,
                 "rmrr base=0x%llx limit=0x%llx\n scope endpoint bus=0 path=14.0\n", base, end);
    }
    if (log != NULL)
        fclose(log);
    read_memory(m, path);
    (void)judge_text(text, &m->facts);
    return regions;
}

TEST(regions_are_called_broken_where_linux_calls_them_broken)
{
    /* Linux 5.4 did not look yet: the region is in ACPI NVS, as the PowerEdge's. */
    static const struct {
        const char *name;
        bool looks;
    } logs[] = {
        { "topo-asrock-x299-taichi-xe", false },
        { "topo-dell-poweredge-t440", true },
        { "topo-hp-spectre-x360-15-df1xxx", true },
    };
    const char *folder = test_tables_folder();

    if (folder == NULL)
        test_skip("no folder of real tables");
    for (size_t i = 0; i < COUNT(logs); i++) {
        struct machine *m = calloc(1, sizeof(*m));
        const struct seen_findings *seen = judge_text("mcfg\nwindow\n", NULL);
        char path[600];
        bool complains, called;
        size_t regions;

        snprintf(path, sizeof(path), "%s/machines/%s/dmesg-iommu.txt", folder, logs[i].name);
        regions = judge_log(path, m, &complains);
        free(m);
        CHECK(regions > 0);
        called =
            seen_find(seen, "rmrr-not-reserved") != NULL || seen_find(seen, "rmrr-in-ram") != NULL;
        if (called != (complains || !logs[i].looks))
            test_fail(__FILE__, __LINE__, "%s: Linux %s, seen \"%s\"", logs[i].name,
                      complains ? "complains" : "does not complain", seen->every);
    }
}
