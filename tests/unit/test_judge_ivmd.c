/* SPDX-License-Identifier: BSD-2-Clause */
/* judge_ivmd.c: each finding by a table that has only it, and a twin that has none. */
#include "test.h"

#include "judged.h"

#define HEAD                                                                                       \
    "ivrs ivinfo=0x203043 revision=2\nivhd type=0x11 base=0xfeb80000\n all\n ioapic id=33 "        \
    "device=0xa0\n"
#define SOUND HEAD "ivmd type=0x21 flags=7 device=0x200 start=0x7132c000 size=0x26000\n"
/* EFR2.HTRangeIgnore: these addresses are memory like any other. */
#define NO_HOLE(rest)                                                                              \
    "ivrs ivinfo=0x203043 revision=2\nivhd type=0x11 base=0xfeb80000 efr2=0x800\n all\n ioapic "   \
    "id=33 device=0xa0\n" rest
#define WIDTH(ivinfo, rest)                                                                        \
    "ivrs ivinfo=" ivinfo                                                                          \
    " revision=2\nivhd type=0x11 base=0xfeb80000\n all\n ioapic id=33 device=0xa0\n"               \
    "ivmd type=0x21 flags=7 device=0x200 " rest "\n"
#define IVMD(rest) HEAD "ivmd type=0x21 flags=7 device=0x200 " rest "\n"

/* The region of a laptop whose firmware left it in RAM: Xen does not start with it. */
static const struct fw_memory map[] = {
    { 0x44570000, 0x5077f000, FW_MEMORY_RAM },
    { 0x5077f000, 0x60000000, FW_MEMORY_RESERVED },
    { 0x60000000, 0x60100000, FW_MEMORY_ACPI },
};
static const struct fw_facts with_memory = { .memory = map, .memory_count = 3 };

TEST(each_fault_of_a_region_is_found_and_its_twin_is_sound)
{
    static const struct judged_case cases[] = {
        { "ivmd-length", 102,
          HEAD
          "ivmd type=0x21 flags=7 length=36 start=0x7132c000 size=0x1000\npad bytes=00000000\n",
          SOUND, NULL, NULL },
        { "ivmd-length", 102, HEAD "raw type=0x21 flags=7 bytes=0000000000000000\n", SOUND, NULL,
          NULL },
        { "ivmd-flags", 101, HEAD "ivmd type=0x21 flags=6 start=0x7132c000 size=0x1000\n", SOUND,
          NULL, NULL },
        { "ivmd-flags", 101, HEAD "ivmd type=0x21 flags=1 start=0x7132c000 size=0x1000\n", SOUND,
          NULL, NULL },
        { "ivmd-reserved-flags", 101,
          HEAD "ivmd type=0x21 flags=0x17 start=0x7132c000 size=0x1000\n", SOUND, NULL, NULL },
        { "ivmd-exclusion", 101, HEAD "ivmd type=0x21 flags=8 start=0x7132c000 size=0x1000\n",
          SOUND, NULL, NULL },
        { "ivmd-devices-reversed", 104,
          HEAD "ivmd type=0x22 flags=7 device=0x200 last=0x1ff start=0x7132c000 size=0x1000\n",
          HEAD "ivmd type=0x22 flags=7 device=0x200 last=0x200 start=0x7132c000 size=0x1000\n",
          NULL, NULL },
        { "ivmd-empty", 124, IVMD("start=0x7132c000 size=0"), SOUND, NULL, NULL },
        { "ivmd-beyond-width", 116, IVMD("start=0xfffffffff000 size=0x2000"),
          IVMD("start=0xfffffffff000 size=0x1000"), NULL, NULL },
        { "ivmd-beyond-width", 116, IVMD("start=0xffffffffffff0000 size=0x10000"), SOUND, NULL,
          NULL },
        { "ivmd-beyond-width", 116, IVMD("start=0x1000 size=0xffffffffffffffff"), SOUND, NULL,
          NULL },
        { "ivmd-beyond-width", 116, IVMD("start=0x1000000000000 size=0x1000"),
          IVMD("start=0xfffffffff000 size=0x1000"), NULL, NULL },
        { "ivmd-beyond-width", 116, WIDTH("0x200043", "start=0xffffffffff000 size=0x2000"),
          WIDTH("0x200043", "start=0xffffffffff000 size=0x1000"), NULL, NULL },
        { "ivmd-beyond-width", 116, WIDTH("0x207f43", "start=0xffffffffff000 size=0x2000"),
          WIDTH("0x207f43", "start=0xffffffffff000 size=0x1000"), NULL, NULL },
        { "ivmd-empty", 124, HEAD "ivmd type=0x20 flags=7 start=0x7132c000 size=0\n",
          HEAD "ivmd type=0x20 flags=7 start=0x7132c000 size=0x1000\n", NULL, NULL },
    };

    JUDGED_CHECK(cases);
}

TEST(each_fault_of_a_regions_place_is_found_and_its_twin_is_sound)
{
    static const struct judged_case cases[] = {
        { "ivmd-interrupt-range", 116, IVMD("start=0xfeeff000 size=0x1000"),
          IVMD("start=0xfef00000 size=0x1000"), NULL, NULL },
        { "ivmd-unaligned", 116, IVMD("start=0x7132c800 size=0x26800"), SOUND, NULL, NULL },
        { "ivmd-unaligned", 116, IVMD("start=0x7132c000 size=0x26800"), SOUND, NULL, NULL },
        { "ivmd-interrupt-range", 116, IVMD("start=0xfedff000 size=0x2000"),
          IVMD("start=0xfedff000 size=0x1000"), NULL, NULL },
        { "ht-hole", 116, IVMD("start=0xfcfffff000 size=0x2000"),
          IVMD("start=0xfcfffff000 size=0x1000"), NULL, NULL },
        { "ht-hole", 116, IVMD("start=0xfffffff000 size=0x1000"),
          IVMD("start=0x10000000000 size=0x1000"), NULL, NULL },
        { "ht-hole", 116, IVMD("start=0xfd00000000 size=0x1000"),
          NO_HOLE("ivmd type=0x21 flags=7 device=0x200 start=0xfd00000000 size=0x1000\n"), NULL,
          NULL },
        { "ivmd-duplicate", 132,
          SOUND "ivmd type=0x21 flags=7 device=0x200 start=0x7132c000 size=0x26000\n",
          SOUND "ivmd type=0x21 flags=7 device=0x201 start=0x7132c000 size=0x26000\n", NULL, NULL },
        { "ivmd-in-ram", 116, IVMD("start=0x4f83f000 size=0x41000"),
          IVMD("start=0x5077f000 size=0x41000"), &with_memory, NULL },
        { "ivmd-in-ram", 116, IVMD("start=0x4456f000 size=0x2000"),
          IVMD("start=0x5077f000 size=0x2000"), &with_memory, NULL },
        { "ivmd-in-acpi-memory", 116, IVMD("start=0x5ffff000 size=0x2000"),
          IVMD("start=0x5fffe000 size=0x2000"), &with_memory, NULL },
        { "ivmd-not-reserved", 116, IVMD("start=0x600ff000 size=0x2000"),
          IVMD("start=0x5fffe000 size=0x2000"), &with_memory, NULL },
    };

    JUDGED_CHECK(cases);
    /* Nobody hands it out. */
    CHECK_STR(judge_text(IVMD("start=0x60000000 size=0x1000"), &with_memory)->notes,
              "ivmd-in-acpi-memory");
}
