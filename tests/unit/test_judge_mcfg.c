/* SPDX-License-Identifier: BSD-2-Clause */
/* judge_mcfg.c: each finding by a table that has only it, and a twin that has none. */
#include "test.h"

#include "judged.h"

static const struct fw_memory map[] = { { 0x100000, 0xe0100000, FW_MEMORY_RAM } };
static const struct fw_facts with_memory = { .memory = map, .memory_count = 1 };
static const struct fw_memory map_of_bus_2[] = { { 0xe0200000, 0xe0300000, FW_MEMORY_RAM } };
static const struct fw_facts with_bus_2 = { .memory = map_of_bus_2, .memory_count = 1 };

TEST(each_fault_of_a_window_is_found_and_its_twin_is_sound)
{
    static const struct judged_case cases[] = {
        { "mcfg-length", 4, "mcfg\n", "mcfg\nwindow\n", NULL, NULL },
        { "mcfg-length", 4, "mcfg\nwindow\npad bytes=00000000\n", "mcfg\nwindow\n", NULL, NULL },
        { "mcfg-buses", 54, "mcfg\nwindow first=0x40 last=0x3f\n",
          "mcfg\nwindow first=0x3f last=0x3f\n", NULL, NULL },
        { "mcfg-base", 44, "mcfg\nwindow base=0\n", "mcfg\nwindow\n", NULL, NULL },
        { "mcfg-base", 44, "mcfg\nwindow base=0xe0080000\n", "mcfg\nwindow base=0xe0100000\n", NULL,
          NULL },
        { "mcfg-overlap", 60, "mcfg\nwindow last=0x7f\nwindow first=0x7f base=0xd0000000\n",
          "mcfg\nwindow last=0x7f\nwindow first=0x80 base=0xd0000000\nwindow segment=1 "
          "base=0xc0000000\n",
          NULL, NULL },
        { "mcfg-overlap", 60, "mcfg\nwindow first=0x80\nwindow last=0x80 base=0xd0000000\n",
          "mcfg\nwindow first=0x80\nwindow last=0x7f base=0xd0000000\n", NULL, NULL },
        { "mcfg-in-ram", 44, "mcfg\nwindow\n", "mcfg\nwindow first=1\n", &with_memory, NULL },
        { "mcfg-in-ram", 44, "mcfg\nwindow last=2\n", "mcfg\nwindow last=1\n", &with_bus_2, NULL },
    };

    JUDGED_CHECK(cases);
}
