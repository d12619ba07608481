/* SPDX-License-Identifier: BSD-2-Clause */
/* judge_rmrr.c: each finding by a table that has only it, and a twin that has none. */
#include "test.h"

#include "judged.h"

#define HEAD                                                                                       \
    "dmar flags=5 haw=39\ndrhd base=0xfed90000 flags=1\n scope ioapic id=2 bus=0xf0 path=1f.0\n"
#define USB " scope endpoint bus=0 path=14.0\n"
#define REGION(base, limit) HEAD "rmrr base=" base " limit=" limit "\n" USB
#define SOUND REGION("0x7b800000", "0x7fffffff")

/* Of a machine whose firmware puts its region into ACPI NVS: Linux calls that region broken. */
static const struct fw_memory map[] = {
    { 0x100, 0xa0000, FW_MEMORY_RAM },
    { 0xa0000, 0x100000, FW_MEMORY_RESERVED },
    { 0x100000, 0x682ff000, FW_MEMORY_RAM },
    { 0x682ff000, 0x6ebff000, FW_MEMORY_RESERVED },
    { 0x6ebff000, 0x6f9ff000, FW_MEMORY_ACPI },
    { 0x70000000, 0x78000000, FW_MEMORY_RESERVED },
    { 0x78000000, 0x90000000, FW_MEMORY_RESERVED },
    { 0x100000000, 0x2080000000, FW_MEMORY_RAM },
};
static const struct fw_facts with_memory = { .memory = map,
                                             .memory_count = sizeof(map) / sizeof(map[0]) };
static const struct fw_facts with_amd = { .amd = true };
static const struct fw_facts nothing;

TEST(each_fault_of_a_region_is_found_and_its_twin_is_sound)
{
    static const struct judged_case cases[] = {
        { "rmrr-reversed", 72, REGION("0x7b800000", "0x7b7fffff"), SOUND, NULL, NULL },
        { "rmrr-reversed", 72, REGION("0x7b800000", "0x7b800000"),
          REGION("0x7b800000", "0x7b800fff"), NULL, NULL },
        { "rmrr-reversed", 72, REGION("0x7b800000", "0xffffffffffffffff"), SOUND, NULL, NULL },
        { "rmrr-unaligned", 72, REGION("0x7b800800", "0x7fffffff"), SOUND, NULL, NULL },
        { "rmrr-unaligned", 72, REGION("0x7b800000", "0x7ffffff0"), SOUND, NULL, NULL },
        { "rmrr-page-zero", 72, REGION("0", "0xfff"), SOUND, NULL, NULL },
        { "rmrr-page-zero", 72, HEAD "rmrr base=0 limit=0x1fff\n" USB,
          REGION("0x100000", "0x101fff"), NULL, NULL },
        { "rmrr-below-1m", 72, REGION("0x1000", "0x1fff"), SOUND, NULL, NULL },
        { "rmrr-in-legacy-area", 72, REGION("0xa0000", "0xa0fff"), SOUND, NULL, NULL },
        { "rmrr-below-1m", 72, REGION("0x9f000", "0x9ffff"), REGION("0x100000", "0x100fff"), NULL,
          NULL },
        { "rmrr-in-legacy-area", 72, REGION("0xe8000", "0xe8fff"), REGION("0x100000", "0x100fff"),
          NULL, NULL },
        { "rmrr-interrupt-range", 72, REGION("0xfeeff000", "0xfeefffff"),
          REGION("0xfef00000", "0xfef00fff"), NULL, NULL },
        { "rmrr-interrupt-range", 72, REGION("0xfedff000", "0xfee00fff"),
          REGION("0xfedff000", "0xfedfffff"), NULL, NULL },
        { "rmrr-beyond-width", 72, REGION("0x7ffffff000", "0x8000000fff"),
          REGION("0x7ffffff000", "0x7fffffffff"), NULL, NULL },
        { "rmrr-large", 72, REGION("0x60000000", "0x70000fff"), REGION("0x60000000", "0x6fffffff"),
          NULL, NULL },
        { "rmrr-huge", 72, REGION("0x60000000", "0xa0000fff"), REGION("0x60000000", "0x6fffffff"),
          NULL, NULL },
        { "rmrr-large", 72, REGION("0x60000000", "0x9fffffff"), REGION("0x60000000", "0x6fffffff"),
          NULL, NULL },
        { "rmrr-without-device", 72, HEAD "rmrr base=0x7b800000 limit=0x7fffffff\n", SOUND, NULL,
          NULL },
        { "rmrr-duplicate", 104, SOUND "rmrr base=0x7b800000 limit=0x7fffffff\n" USB, SOUND, NULL,
          NULL },
        { "rmrr-overlap", 104, SOUND "rmrr base=0x7b800000 limit=0x7b800fff\n" USB,
          SOUND "rmrr base=0x7b7ff000 limit=0x7b7fffff\n" USB, NULL, NULL },
        { "rmrr-overlap", 104, SOUND "rmrr base=0x7ffff000 limit=0x7fffffff\n" USB, SOUND, NULL,
          NULL },
        { "rmrr-overlap", 104, SOUND "rmrr base=0x7ffff000 limit=0x80000fff\n" USB,
          SOUND "rmrr base=0x80000000 limit=0x80000fff\n" USB, NULL, NULL },
    };

    JUDGED_CHECK(cases);
}

TEST(a_region_is_compared_with_the_memory_map)
{
    static const struct judged_case cases[] = {
        { "rmrr-in-ram", 72, REGION("0x682fe000", "0x682fffff"), REGION("0x682ff000", "0x682fffff"),
          &with_memory, NULL },
        { "rmrr-not-reserved", 72, REGION("0x6f760000", "0x6f762fff"), NULL, &with_memory,
          &nothing },
        { "rmrr-not-reserved", 72, REGION("0x6ebfe000", "0x6ec00fff"),
          REGION("0x6ebfd000", "0x6ebfefff"), &with_memory, NULL },
        { "rmrr-not-reserved", 72, REGION("0x91000000", "0x91000fff"),
          REGION("0x77fff000", "0x78000fff"), &with_memory, NULL },
    };

    JUDGED_CHECK(cases);
    /* The last page of it. */
    CHECK_STR(judge_text(REGION("0xff000", "0x100fff"), &with_memory)->ids, "rmrr-in-ram");
    CHECK_STR(judge_text(REGION("0xfe000", "0xfffff"), &with_memory)->ids, "");
}

TEST(regions_of_other_segments_do_not_overlap)
{
    CHECK_STR(
        judge_text(SOUND "rmrr segment=1 base=0x7b800000 limit=0x7fffffff\n" USB, NULL)->every, "");
}

TEST(hypertransports_hole_matters_on_amd_only)
{
    static const char hole[] =
        "dmar flags=5 haw=46\ndrhd base=0xfed90000 flags=1\n scope ioapic id=2 bus=0xf0 path=1f.0\n"
        "rmrr base=0xfd00000000 limit=0xfd00000fff\n" USB;
    static const char below[] =
        "dmar flags=5 haw=46\ndrhd base=0xfed90000 flags=1\n scope ioapic id=2 bus=0xf0 path=1f.0\n"
        "rmrr base=0xfcfffff000 limit=0xfcffffffff\n" USB;
    static const char above[] =
        "dmar flags=5 haw=46\ndrhd base=0xfed90000 flags=1\n scope ioapic id=2 bus=0xf0 path=1f.0\n"
        "rmrr base=0x10000000000 limit=0x10000000fff\n" USB;
    static const struct judged_case cases[] = {
        { "ht-hole", 72, hole, NULL, &with_amd, &nothing },
        { "ht-hole", 72, hole, below, &with_amd, NULL },
        { "ht-hole", 72, hole, above, &with_amd, NULL },
    };

    JUDGED_CHECK(cases);
}
