/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * amd/ivrs_entry.c: every type of device entry, lengths that lie, and, entry
 * by entry, what iasl saw in the real tables.
 */
#include "test.h"

#include <dirent.h>

#include "amd/ivrs.h"
#include "built_table.h"
#include "ivrs_dsl.h"

#define UNITS_MAX 32u

struct seen {
    uint8_t table[BUILT_TABLE_BYTES];
    struct ivrs_info info;
    unsigned units, regions, problems, unknown_blocks, reversed;
    struct ivrs_unit unit[UNITS_MAX];   /* superseded ones too */
    struct ivrs_region region[UNITS_MAX];
};

static void see_header(void *arg, const struct ivrs_info *info)
{
    ((struct seen *)arg)->info = *info;
}

static void see_unit(void *arg, const struct ivrs_unit *unit)
{
    struct seen *seen = arg;

    CHECK(seen->units < UNITS_MAX);
    seen->unit[seen->units++] = *unit;
}

static void see_region(void *arg, const struct ivrs_region *region)
{
    struct seen *seen = arg;

    CHECK(seen->regions < UNITS_MAX);
    seen->region[seen->regions++] = *region;
}

static void see_problem(void *arg, uint32_t offset, const char *what, uint64_t value)
{
    struct seen *seen = arg;

    (void)offset;
    seen->problems++;
    if (strstr(what, "unknown block type") != NULL && value == 0x51)
        seen->unknown_blocks++;
    if (strstr(what, "last device is below") != NULL)
        seen->reversed++;
}

static const struct ivrs_handler handler = {
    .header = see_header, .unit = see_unit, .superseded = see_unit, .region = see_region, .problem = see_problem,
};

/* The entries of one block of that type, described as text; the seen table must outlive them. */
static struct ivrs_entries entries_of(struct seen *seen, unsigned type, const char *text)
{
    char whole[1024];

    memset(seen, 0, sizeof(*seen));
    snprintf(whole, sizeof(whole), "ivrs ivinfo=1\nivhd type=%u base=0xfd200000\n%s", type, text);
    (void)ivrs_read(seen->table, built_table(whole, seen->table), &handler, seen);
    CHECK_EQ(seen->units, 1);
    return seen->unit[0].entries;
}

/* The only entry there is. */
static struct ivrs_entry entry_of(struct seen *seen, unsigned type, const char *text)
{
    struct ivrs_entries entries = entries_of(seen, type, text);
    struct ivrs_entry entry, more;

    CHECK(ivrs_entry_next(&entries, &entry));
    CHECK(!ivrs_entry_next(&entries, &more));
    return entry;
}

static bool is_devices(const struct ivrs_entry *entry, unsigned type, unsigned first, unsigned last)
{
    return entry->kind == IVRS_ENTRY_DEVICES && entry->type == type && entry->first == first && entry->last == last;
}

TEST(every_type_of_one_device_is_read)
{
    struct seen seen;
    struct ivrs_entry entry = entry_of(&seen, 0x10, "all setting=0xd7\n");

    CHECK(is_devices(&entry, 0x01, 0, 0xffff) && entry.setting == 0xd7 && !entry.has_alias && !entry.ats_denied);
    CHECK_EQ(entry.offset, 72);
    entry = entry_of(&seen, 0x11, "select device=0x1234 setting=0x10\n");
    CHECK(is_devices(&entry, 0x02, 0x1234, 0x1234) && entry.setting == 0x10 && !entry.has_alias);
    CHECK_EQ(entry.offset, 88);
    entry = entry_of(&seen, 0x10, "select device=0x1234 as=0x5678 setting=1\n");
    CHECK(is_devices(&entry, 0x42, 0x1234, 0x1234) && entry.has_alias && entry.alias == 0x5678 && entry.setting == 1);
    entry = entry_of(&seen, 0x10, "select device=0x1234 extended=0x80000000\n");
    CHECK(is_devices(&entry, 0x46, 0x1234, 0x1234) && entry.ats_denied && !entry.has_alias);
    entry = entry_of(&seen, 0x10, "select device=0x1234 extended=0x7fffffff\n");
    CHECK(is_devices(&entry, 0x46, 0x1234, 0x1234) && !entry.ats_denied);
}

TEST(every_type_of_range_is_read)
{
    struct seen seen;
    struct ivrs_entry entry = entry_of(&seen, 0x10, "start device=8 setting=2\nend device=0xfffe\n");

    CHECK(is_devices(&entry, 0x03, 8, 0xfffe) && entry.setting == 2 && !entry.has_alias && !entry.ats_denied);
    entry = entry_of(&seen, 0x10, "start device=0xff00 as=0xa5\nend device=0xffff\n");
    CHECK(is_devices(&entry, 0x43, 0xff00, 0xffff) && entry.has_alias && entry.alias == 0xa5);
    entry = entry_of(&seen, 0x10, "start device=0x100 extended=0x80000001\nend device=0x1ff\n");
    CHECK(is_devices(&entry, 0x47, 0x100, 0x1ff) && entry.ats_denied && !entry.has_alias);
}

TEST(special_devices_carry_their_own_id)
{
    struct seen seen;
    struct ivrs_entry entry = entry_of(&seen, 0x10, "ioapic id=33 device=0x00a0 setting=0xd7\n");

    CHECK(entry.kind == IVRS_ENTRY_IOAPIC && entry.handle == 33 && entry.variety == 1 && entry.setting == 0xd7);
    CHECK(entry.first == 0xa0 && entry.last == 0xa0);
    entry = entry_of(&seen, 0x10, "hpet id=1 device=0x00a1\n");
    CHECK(entry.kind == IVRS_ENTRY_HPET && entry.handle == 1 && entry.variety == 2 && entry.first == 0xa1);
    entry = entry_of(&seen, 0x10, "special variety=7 id=9 device=0x00a2\n");
    CHECK(entry.kind == IVRS_ENTRY_SPECIAL && entry.handle == 9 && entry.variety == 7 && entry.first == 0xa2);
}

TEST(acpi_devices_carry_names)
{
    struct seen seen;
    struct ivrs_entry entry = entry_of(&seen, 0x40, "acpi device=0xa5 setting=0x40 hid=AMDI0020 cid=PNP0501 "
                                                    "uid=\\_SB.FUR0\n");

    CHECK(entry.kind == IVRS_ENTRY_ACPI && entry.first == 0xa5 && entry.last == 0xa5 && entry.setting == 0x40);
    CHECK(memcmp(entry.hid, "AMDI0020", 8) == 0 && memcmp(entry.cid, "PNP0501\0", 8) == 0);
    CHECK(entry.uid_format == 2 && entry.uid_len == 9 && memcmp(entry.uid, "\\_SB.FUR0", 9) == 0);
    CHECK_EQ(seen.problems, 0);
    entry = entry_of(&seen, 0x40, "acpi device=0xa5 hid=AMDI0020 number=0x1122334455667788\n");
    CHECK(entry.uid_format == 1 && entry.uid_len == 8 && entry.uid[0] == 0x88 && entry.uid[7] == 0x11);
    CHECK_EQ(seen.problems, 0);
    entry = entry_of(&seen, 0x40, "acpi device=0xa5 hid=AMDI0020\n");
    CHECK(entry.uid_format == 0 && entry.uid_len == 0);
    CHECK_EQ(seen.problems, 0);
}

TEST(entries_of_other_types_are_stepped_over_by_their_length)
{
    static const struct {
        const char *bytes;
        unsigned problems;
    } others[] = {
        { "00000000", 0 }, { "4000000000000000", 0 }, { "05ffffff", 1 }, { "3f000000", 1 },
        { "4402020202020202", 1 }, { "7f02020202020202", 1 }, { "80020202020202020202020202020202", 1 },
        { "bf020202020202020202020202020202", 1 },
        { "c002020202020202020202020202020202020202020202020202020202020202", 1 },
        { "ff02020202020202020202020202020202020202020202020202020202020202", 1 },
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct seen seen;
        struct ivrs_entry entry;
        char text[256];

        snprintf(text, sizeof(text), "entry bytes=%s\nselect device=0x1234\n", others[i].bytes);
        entry = entry_of(&seen, 0x40, text);
        CHECK(is_devices(&entry, 0x02, 0x1234, 0x1234));
        CHECK_EQ(seen.problems, others[i].problems);
    }
}

TEST(padding_may_lie_inside_a_range)
{
    struct seen seen;
    struct ivrs_entry entry = entry_of(&seen, 0x10, "start device=8\nentry bytes=00000000\n"
                                                    "entry bytes=4000000000000000\nend device=9\n");

    CHECK(is_devices(&entry, 0x03, 8, 9));
    CHECK_EQ(seen.problems, 0);
}

TEST(entries_inside_a_range_stand_for_themselves)
{
    struct seen seen;
    struct ivrs_entries entries = entries_of(&seen, 0x10, "start device=8\nselect device=0x1000\nend device=9\n");
    struct ivrs_entry entry;

    CHECK(ivrs_entry_next(&entries, &entry) && is_devices(&entry, 0x03, 8, 9));
    CHECK(ivrs_entry_next(&entries, &entry) && is_devices(&entry, 0x02, 0x1000, 0x1000));
    CHECK(!ivrs_entry_next(&entries, &entry));
    CHECK_EQ(seen.problems, 1);
}

TEST(ranges_without_two_good_ends_are_left_out)
{
    static const char *const bad[] = {
        "start device=8\nselect device=0x1234\n", "select device=0x1234\nend device=9\n",
        "start device=8\nend device=7\nselect device=0x1234\n", "select device=0x1234\nstart device=8\n",
        "start device=9\nentry bytes=00000000\nend device=8\nselect device=0x1234\n",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct seen seen;
        struct ivrs_entry entry = entry_of(&seen, 0x10, bad[i]);

        CHECK(is_devices(&entry, 0x02, 0x1234, 0x1234));
        CHECK_EQ(seen.problems, 1);
    }
}

TEST(a_nested_start_opens_its_own_range)
{
    struct seen seen;
    struct ivrs_entry entry = entry_of(&seen, 0x10, "start device=8\nstart device=0x20 as=0x30\nend device=0x2f\n");

    CHECK(is_devices(&entry, 0x43, 0x20, 0x2f) && entry.alias == 0x30);
    CHECK_EQ(seen.problems, 1);
}

/* A heap copy of just the list, so that a read past its end is caught. */
static unsigned count_exact(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len == 0 ? 1 : len);
    struct ivrs_entries entries = { .at = copy, .left = len, .offset = 88 };
    struct ivrs_entry entry;
    unsigned count = 0;

    CHECK(copy != NULL);
    memcpy(copy, bytes, len);
    while (ivrs_entry_next(&entries, &entry))
        count++;
    free(copy);
    return count;
}

TEST(a_cut_entry_ends_the_list)
{
    static const char *const texts[] = {
        "all\n", "select device=8\n", "select device=8 as=9\n", "select device=8 extended=1\n",
        "ioapic id=1 device=8\n", "acpi device=8 hid=AMDI0020 uid=ABC\n", "start device=8\nend device=9\n",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct seen seen;
        struct ivrs_entries entries = entries_of(&seen, 0x40, texts[i]);

        for (size_t cut = 0; cut < entries.left; cut++)
            CHECK_EQ(count_exact(entries.at, cut), 0);
        CHECK_EQ(count_exact(entries.at, entries.left), 1);
    }
}

/* ---- iasl's view of the real tables ---- */

struct totals {
    unsigned tables, blocks, entries, regions, unknown_blocks, bare_uids;
};

/* What a raw entry amounts to. */
struct expected {
    struct dsl_item item;
    uint16_t last;
    bool left_out;              /* a range start without a good end */
};

static uint16_t last_of(const struct dsl_item *item)
{
    return (uint16_t)(item->type == 0x48 ? item->alias : item->type == 0x01 ? 0xffff : item->device);
}

/* Pairs the raw entries of the block at items[at] to ranges: an end belongs to the last start before it. */
static size_t expected_entries(const struct dsl *dsl, size_t at, struct expected *out)
{
    size_t count = 0, open = SIZE_MAX;

    for (size_t i = at + 1; i < dsl->items && !dsl->item[i].block; i++) {
        const struct dsl_item *item = &dsl->item[i];
        bool start = item->type == 0x03 || item->type == 0x43 || item->type == 0x47;

        if (item->unknown)
            continue;
        if (item->type != 0x04) {
            open = start ? count : open;
            out[count++] = (struct expected){ .item = *item, .last = last_of(item), .left_out = start };
        } else if (open != SIZE_MAX) {
            out[open].last = (uint16_t)item->device;
            out[open].left_out = item->device < out[open].item.device;
            open = SIZE_MAX;
        }
    }
    return count;
}

/* "" when both decoders agree, else the field. */
static const char *entry_differs(const struct ivrs_entry *entry, const struct expected *expected)
{
    const struct dsl_item *item = &expected->item;
    bool alias = item->type == 0x42 || item->type == 0x43, special = item->type == 0x48;
    uint64_t first = special ? item->alias : item->type == 0x01 ? 0 : item->device;

    if (entry->offset != item->offset || entry->type != item->type)
        return "place or type";
    if (entry->setting != item->setting)
        return "setting";
    if (entry->first != first || entry->last != expected->last)
        return "ids";
    if (entry->has_alias != alias || (alias && entry->alias != item->alias))
        return "alias";
    if (entry->ats_denied != (item->extended >> 31 != 0))
        return "extended data";
    if (special && (entry->handle != item->handle || entry->variety != item->variety))
        return "special device";
    return "";
}

static const char *name_differs(const struct ivrs_entry *entry, const struct dsl_item *item)
{
    static const char zeros[8];

    if (strncmp(entry->hid, item->hid, 8) != 0)
        return "HID";
    /* iasl prints a name that is missing as a number of 16 digits; no table here has a CID. */
    if (strcmp(item->cid, "0000000000000000") != 0 || memcmp(entry->cid, zeros, 8) != 0)
        return "CID";
    if (!item->has_uid)
        return entry->uid_len == 0 ? "" : "a UID that iasl did not print";
    if (entry->uid_format != item->uid_format || entry->uid_len != item->uid_len ||
        strlen(item->uid) != entry->uid_len || memcmp(entry->uid, item->uid, entry->uid_len) != 0)
        return "UID";
    return "";
}

static const char *differs(const struct ivrs_entry *entry, const struct expected *expected)
{
    const char *field = entry_differs(entry, expected);

    return *field == '\0' && entry->kind == IVRS_ENTRY_ACPI ? name_differs(entry, &expected->item) : field;
}

static void compare_entries(const char *name, struct ivrs_entries entries, const struct dsl *dsl, size_t at,
                            struct totals *totals)
{
    static struct expected expected[512];
    size_t count = expected_entries(dsl, at, expected);
    struct ivrs_entry entry;

    for (size_t i = 0; i < count; i++) {
        const char *field;

        if (expected[i].left_out)
            continue;
        if (!ivrs_entry_next(&entries, &entry))
            test_fail(__FILE__, __LINE__, "%s: no entry at 0x%x", name, expected[i].item.offset);
        field = differs(&entry, &expected[i]);
        if (*field != '\0')
            test_fail(__FILE__, __LINE__, "%s: entry at 0x%x: %s is not iasl's", name, entry.offset, field);
        totals->entries++;
        totals->bare_uids += entry.kind == IVRS_ENTRY_ACPI && !expected[i].item.has_uid;
    }
    if (ivrs_entry_next(&entries, &entry))
        test_fail(__FILE__, __LINE__, "%s: iasl has no entry at 0x%x", name, entry.offset);
}

static bool unit_agrees(const struct ivrs_unit *unit, const struct dsl_item *item)
{
    return unit->offset == item->offset && unit->type == item->type && unit->flags == item->flags &&
        unit->rid == item->device && unit->capability == item->capability && unit->registers_pa == item->base &&
        unit->segment == item->segment && unit->info == item->info && unit->features == item->features &&
        (!unit->has_efr || (unit->efr == item->efr && unit->efr2 == item->efr2));
}

static bool region_agrees(const struct ivrs_region *region, const struct dsl_item *item)
{
    uint64_t first = item->type == 0x20 ? 0 : item->device;
    uint64_t last = item->type == 0x20 ? 0xffff : item->type == 0x21 ? item->device : item->auxiliary;

    return region->offset == item->offset && region->type == item->type && region->flags == item->flags &&
        region->first == first && region->last == last && region->start == item->start / 4096 * 4096 &&
        region->end == (item->start + item->size + 4095) / 4096 * 4096;
}

static void compare_table(const char *name, const struct seen *seen, const struct dsl *dsl, struct totals *totals)
{
    unsigned unit = 0, region = 0, reversed = 0;

    if (seen->info.revision != dsl->revision || seen->info.ivinfo != dsl->ivinfo)
        test_fail(__FILE__, __LINE__, "%s: header differs", name);
    for (size_t i = 0; i < dsl->items; i++) {
        const struct dsl_item *item = &dsl->item[i];

        if (!item->block)
            continue;
        if (item->type == 0x22 && item->auxiliary < item->device) {
            reversed++;
        } else if (item->type >= 0x20 && item->type <= 0x22) {
            if (region == seen->regions || !region_agrees(&seen->region[region++], item))
                test_fail(__FILE__, __LINE__, "%s: IVMD at 0x%x differs", name, item->offset);
        } else {
            if (unit == seen->units || !unit_agrees(&seen->unit[unit], item))
                test_fail(__FILE__, __LINE__, "%s: IVHD at 0x%x differs", name, item->offset);
            compare_entries(name, seen->unit[unit++].entries, dsl, i, totals);
        }
    }
    if (unit != seen->units || region != seen->regions || reversed != seen->reversed ||
        dsl->unknown_blocks != seen->unknown_blocks)
        test_fail(__FILE__, __LINE__, "%s: blocks seen that iasl has not", name);
    totals->tables++;
    totals->blocks += unit;
    totals->regions += region;
    totals->unknown_blocks += dsl->unknown_blocks;
}

static size_t load(const char *folder, const char *name, const char *ending, void *out, size_t size)
{
    char path[512];
    FILE *file;
    size_t len;

    snprintf(path, sizeof(path), "%s/ivrs/%s%s", folder, name, ending);
    file = fopen(path, "rb");
    if (file == NULL)
        test_fail(__FILE__, __LINE__, "cannot open %s", path);
    len = fread(out, 1, size, file);
    fclose(file);
    return len;
}

static void compare_file(const char *folder, const char *name, struct totals *totals)
{
    static struct seen seen;
    static struct dsl dsl;
    static char text[262144];
    size_t len;

    memset(&seen, 0, sizeof(seen));
    len = load(folder, name, "dat", seen.table, sizeof(seen.table));
    (void)ivrs_read(seen.table, len, &handler, &seen);
    len = load(folder, name, "dsl", text, sizeof(text) - 1);
    text[len] = '\0';
    if (!dsl_read(text, &dsl))
        test_fail(__FILE__, __LINE__, "%s: too many items", name);
    compare_table(name, &seen, &dsl, totals);
}

/*
 * iasl's gaps: it stops at a block of type 51h, which is the last one in the
 * tables that have it, and prints neither format nor length of a UID of no bytes.
 */
TEST(real_tables_agree_with_their_disassembly)
{
    const char *folder = test_tables_folder();
    struct totals totals = { 0 };
    const struct dirent *file;
    char path[512], name[256];
    DIR *dir;

    if (folder == NULL)
        test_skip("no folder of real tables");
    snprintf(path, sizeof(path), "%s/ivrs", folder);
    dir = opendir(path);
    CHECK(dir != NULL);
    while ((file = readdir(dir)) != NULL) {
        size_t len = strlen(file->d_name);

        if (len < 4 || len >= sizeof(name) || strcmp(file->d_name + len - 4, ".dat") != 0)
            continue;
        snprintf(name, sizeof(name), "%.*s", (int)(len - 3), file->d_name);
        compare_file(folder, name, &totals);
    }
    closedir(dir);
    printf("# %u tables, %u IVHD, %u entries, %u IVMD as iasl has them; it leaves out %u blocks of type 51h "
           "and %u empty UIDs\n", totals.tables, totals.blocks, totals.entries, totals.regions,
           totals.unknown_blocks, totals.bare_uids);
    CHECK(totals.tables > 0 && totals.entries > 0);
}
