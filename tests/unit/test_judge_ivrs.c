/* SPDX-License-Identifier: BSD-2-Clause */
/* judge_ivrs.c and judge_unit.c: each finding by a table that has only it, and a twin that has
 * none. */
#include "test.h"

#include "judged.h"

#define HEAD "ivrs ivinfo=0x203043 revision=2\n"
#define ENTRIES " all\n ioapic id=33 device=0xa0\n"
#define SOUND HEAD "ivhd type=0x11 base=0xfeb80000\n" ENTRIES
#define OTHER " select device=0x4008\n"

static const struct fw_unit_state good_unit = {
    .registers_pa = 0xfeb80000,
    .answers = true,
    .interrupt_remapping = true,
    .translated_at_entry = true,
    .guest_address_bits = 64,
};
static const struct fw_unit_state dead_unit = { .registers_pa = 0xfeb80000 };
static const struct fw_unit_state open_unit = { .registers_pa = 0xfeb80000,
                                                .answers = true,
                                                .interrupt_remapping = true };
static const struct fw_unit_state old_unit = { .registers_pa = 0xfeb80000,
                                               .answers = true,
                                               .translated_at_entry = true };
static const struct fw_unit_state narrow_unit = {
    .registers_pa = 0xfeb80000,
    .answers = true,
    .interrupt_remapping = true,
    .translated_at_entry = true,
    .guest_address_bits = 39,
};
static const struct fw_facts with_good = { .units = &good_unit, .unit_count = 1 };
static const struct fw_facts with_dead = { .units = &dead_unit, .unit_count = 1 };
static const struct fw_facts with_open = { .units = &open_unit, .unit_count = 1 };
static const struct fw_facts with_running = { .units = &open_unit,
                                              .unit_count = 1,
                                              .entry_unknown = true };
static const struct fw_facts with_unused = { .entry_unknown = true, .units_unused = true };
static const struct fw_facts with_old = { .units = &old_unit, .unit_count = 1 };
static const struct fw_facts with_narrow = { .units = &narrow_unit, .unit_count = 1 };

static const struct fw_memory map[] = {
    { 0x100000, 0xc0000000, FW_MEMORY_RAM },
    { 0x100000000, 0xfd00000000, FW_MEMORY_RAM },
};
static const struct fw_memory map_in_hole[] = { { 0x100000000, 0xfd00001000, FW_MEMORY_RAM } };
static const struct fw_facts with_memory = { .memory = map, .memory_count = 2 };
static const struct fw_facts with_hole = { .memory = map_in_hole, .memory_count = 1 };
static struct pci_function iommu = { .rid = 2, .class_code = 0x080600 };
static struct pci_function smbus = { .rid = 2, .class_code = 0x0c0500 };
static struct pci_function host = { .rid = 0, .class_code = 0x060000 };
static const struct fw_facts with_iommu = { .functions = &iommu };
static const struct fw_facts with_smbus = { .functions = &smbus };
static const struct fw_facts with_host = { .functions = &host };

TEST(each_fault_of_header_and_blocks_is_found_and_its_twin_is_sound)
{
    static const struct judged_case cases[] = {
        { "block-length", 100, SOUND "pad bytes=11000000\n", SOUND, NULL, NULL },
        { "block-length", 100, SOUND "pad bytes=11\n", SOUND, NULL, NULL },
        { "block-length", 100, SOUND "raw type=0x51 length=200 bytes=00\n", SOUND, NULL, NULL },
        { "block-short", 100, SOUND "raw type=0x11 bytes=02000000\n", SOUND, NULL, NULL },
        { "block-unknown", 100, SOUND "raw type=0x51 bytes=00000000\n", SOUND, NULL, NULL },
        { "block-unknown", 100, SOUND "raw type=0x51\n", SOUND, NULL, NULL },
        { "block-length", 100, SOUND "raw type=0x11 length=3\n",
          SOUND "ivhd type=0x11 device=0x4002 base=0xfeb84000\n", NULL, NULL },
        { "block-revision", 48,
          "ivrs ivinfo=0x203043 revision=1\nivhd type=0x40 base=0xfeb80000\n" ENTRIES,
          HEAD "ivhd type=0x40 base=0xfeb80000\n" ENTRIES, NULL, NULL },
        { "no-unit", 0, HEAD, SOUND, NULL, NULL },
        { "efr-not-valid", 36,
          "ivrs ivinfo=0x203042 revision=2\nivhd type=0x11 base=0xfeb80000\n" ENTRIES,
          "ivrs ivinfo=0x203042 revision=2\nivhd type=0x10 base=0xfeb80000\n" ENTRIES, NULL, NULL },
        { "address-width-below-ram", 36,
          "ivrs ivinfo=0x202743 revision=2\nivhd type=0x11 base=0xfeb80000\n" ENTRIES, SOUND,
          &with_memory, NULL },
        { "virtual-width", 36,
          "ivrs ivinfo=0x183043 revision=2\nivhd type=0x11 base=0xfeb80000\n" ENTRIES,
          "ivrs ivinfo=0x103043 revision=2\nivhd type=0x11 base=0xfeb80000\n" ENTRIES, &with_narrow,
          NULL },
        { "dma-opt-in-missing", 36,
          "ivrs ivinfo=0x203041 revision=2\nivhd type=0x11 base=0xfeb80000\n" ENTRIES, SOUND, NULL,
          NULL },
        { "dma-opt-in-not-protected", 36, SOUND, NULL, &with_open, &with_good },
        { "dma-opt-in-not-protected", 36, SOUND, NULL, &with_open, &with_running },
        { "dma-opt-in-unused", 36, SOUND, NULL, &with_unused, &with_running },
        { "ht-hole", 0, SOUND, NULL, &with_hole, &with_memory },
        { "ht-hole", 0, SOUND, HEAD "ivhd type=0x11 base=0xfeb80000 efr2=0x800\n" ENTRIES,
          &with_hole, NULL },
    };

    JUDGED_CHECK(cases);
}

TEST(a_reserved_byte_of_the_header_is_a_note)
{
    uint8_t bytes[48] = "IVRS\x30\0\0\0\x02";
    const struct fw_table table = { "IVRS", bytes, sizeof(bytes) };
    const struct fw_facts facts = { .tables = &table, .table_count = 1 };

    bytes[36] = 0x43;
    for (unsigned i = 0; i < 48; i++)
        bytes[9] = (uint8_t)(bytes[9] - (i == 9 ? 0 : bytes[i]));
    CHECK_STR(judge_tables(&facts)->every, "no-unit");
    for (unsigned at = 40; at < 48; at++) {
        bytes[at] = 0xcc;
        bytes[9] = (uint8_t)(bytes[9] - 0xcc);
        CHECK_STR(judge_tables(&facts)->notes, "reserved-set");
        CHECK_EQ(seen_find(judge_tables(&facts), "reserved-set")->offset, at);
        bytes[at] = 0;
        bytes[9] = (uint8_t)(bytes[9] + 0xcc);
    }
}

TEST(each_fault_of_a_unit_is_found_and_its_twin_is_sound)
{
    static const struct judged_case cases[] = {
        { "unit-base-zero", 48, HEAD "ivhd type=0x11 base=0\n" ENTRIES, SOUND, NULL, NULL },
        { "unit-base-all-ones", 48, HEAD "ivhd type=0x11 base=0xffffffffffffffff\n" ENTRIES, SOUND,
          NULL, NULL },
        { "unit-base-unaligned", 48, HEAD "ivhd type=0x11 base=0xfeb81000\n" ENTRIES,
          HEAD "ivhd type=0x11 base=0xfeb84000\n" ENTRIES, NULL, NULL },
        { "unit-base-in-ram", 48, HEAD "ivhd type=0x11 base=0xbfffc000\n" ENTRIES,
          HEAD "ivhd type=0x11 base=0xc0000000\n" ENTRIES, &with_memory, NULL },
        { "unit-base-shared", 100, SOUND "ivhd type=0x11 device=0x4002 base=0xfeb80000\n" OTHER,
          SOUND "ivhd type=0x11 device=0x4002 base=0xfeb84000\n" OTHER, NULL, NULL },
        { "unit-dead", 48, SOUND, NULL, &with_dead, &with_good },
        { "intremap-not-capable", 48, SOUND, NULL, &with_old, &with_good },
        { "unit-without-function", 48, HEAD "ivhd type=0x11 device=0 base=0xfeb80000\n" ENTRIES,
          SOUND, NULL, NULL },
        { "unit-without-function", 48,
          HEAD "ivhd type=0x11 capability=0x3c base=0xfeb80000\n" ENTRIES, SOUND, NULL, NULL },
        { "unit-without-function", 48,
          HEAD "ivhd type=0x11 capability=0x42 base=0xfeb80000\n" ENTRIES, SOUND, NULL, NULL },
        { "unit-without-function", 48,
          HEAD "ivhd type=0x11 capability=0x100 base=0xfeb80000\n" ENTRIES,
          HEAD "ivhd type=0x11 capability=0xfc base=0xfeb80000\n" ENTRIES, NULL, NULL },
        { "unit-function-absent", 48, SOUND, NULL, &with_host, &with_iommu },
        { "unit-function-absent", 48, SOUND, NULL, &with_smbus, &with_iommu },
        { "segment-unknown", 116,
          SOUND "ivhd type=0x11 segment=1 base=0xfeb84000\n" OTHER "---\nmcfg\nwindow\n",
          SOUND "---\nmcfg\nwindow\n", NULL, NULL },
    };

    JUDGED_CHECK(cases);
    CHECK(strstr(judge_text(SOUND, &with_host)->finding[0].what, "is not there") != NULL);
    CHECK(strstr(judge_text(SOUND, &with_smbus)->finding[0].what, "is no IOMMU") != NULL);
}

/* Linux looks for the first unit's highest type and takes blocks of that type alone. */
TEST(each_unit_must_have_a_block_of_the_type_that_linux_takes)
{
#define SECOND(type) "ivhd type=" type " device=0x4002 base=0xfeb84000\n select device=0x4100\n"
    const struct seen_findings *seen =
        judge_text(SOUND "ivhd type=0x40 base=0xfeb80000\n" ENTRIES SECOND("0x11"), NULL);

    CHECK_STR(seen->ids, "block-type-missing");
    CHECK_EQ(seen->finding[seen->count - 1].offset, 152);
    CHECK_STR(judge_text(SOUND "ivhd type=0x40 base=0xfeb80000\n" ENTRIES SECOND("0x11")
                             SECOND("0x40"),
                         NULL)
                  ->ids,
              "");
    CHECK_STR(judge_text(SOUND SECOND("0x11"), NULL)->ids, "");
    /* The first unit's type is not the highest of all. */
    CHECK_STR(judge_text(SOUND SECOND("0x40"), NULL)->ids, "block-type-missing");
}

TEST(blocks_of_one_unit_must_agree)
{
    static const struct judged_case cases[] = {
        { "block-twice", 100, SOUND "ivhd type=0x11 base=0xfeb80000\n" ENTRIES, SOUND, NULL, NULL },
        { "blocks-disagree", 84,
          HEAD "ivhd type=0x10 base=0xfeb84000\n" ENTRIES
               "ivhd type=0x11 base=0xfeb80000\n" ENTRIES,
          HEAD "ivhd type=0x10 base=0xfeb80000\n" ENTRIES
               "ivhd type=0x11 base=0xfeb80000\n" ENTRIES,
          NULL, NULL },
        { "blocks-disagree", 84,
          HEAD "ivhd type=0x10 capability=0x80 base=0xfeb80000\n" ENTRIES
               "ivhd type=0x11 base=0xfeb80000\n" ENTRIES,
          SOUND, NULL, NULL },
        { "blocks-disagree", 124,
          SOUND "ivhd type=0x40 base=0xfeb80000 efr=0x8000000000000000\n" ENTRIES,
          SOUND "ivhd type=0x40 base=0xfeb80000\n" ENTRIES, NULL, NULL },
        { "blocks-disagree", 144,
          SOUND "ivhd type=0x40 base=0xfeb80000\n all\n ioapic id=34 device=0xa0\n",
          SOUND "ivhd type=0x40 base=0xfeb80000\n entry bytes=00000000\n" ENTRIES
                " acpi device=0xa5 hid=AMDI0020\n",
          NULL, NULL },
        { "blocks-disagree", 144,
          SOUND "ivhd type=0x40 base=0xfeb80000\n" ENTRIES " select device=1\n", SOUND, NULL,
          NULL },
    };

    judged_check(cases, 4);
    CHECK_STR(judge_text(cases[4].bad, NULL)->ids, "blocks-disagree");
    CHECK_EQ(seen_find(judge_text(cases[4].bad, NULL), "blocks-disagree")->offset, 144);
    CHECK_STR(judge_text(cases[4].good, NULL)->ids, "");
    CHECK_STR(judge_text(cases[5].bad, NULL)->ids, "blocks-disagree");
}

/* AMD-Vi §5.2.2: a unit is what its block of the highest type says. */
TEST(a_superseded_block_is_no_unit)
{
    static const char zero[] =
        HEAD "ivhd type=0x10 base=0\n" ENTRIES "ivhd type=0x11 base=0xfeb80000\n" ENTRIES;
    static const char taken[] =
        HEAD "ivhd type=0x10 base=0xfeb84000\n" ENTRIES "ivhd type=0x11 base=0xfeb80000\n" ENTRIES
             "ivhd type=0x11 device=0x4002 base=0xfeb84000\n" OTHER;

    CHECK_STR(judge_text(zero, NULL)->ids, "blocks-disagree");
    CHECK_STR(judge_text(taken, NULL)->ids, "blocks-disagree");
}
