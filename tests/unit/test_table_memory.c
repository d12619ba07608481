/* SPDX-License-Identifier: BSD-2-Clause */
/* table_memory.c: memory of every use, and no registers. The map is QEMU's, and a few lines more. */
#include "test.h"

#include "table_memory.h"

#define PAGE 4096

static struct boot_info boot;
static const struct acpi_mcfg_entry mcfg = { .base_pa = 0xb0000000,
                                             .start_bus = 0,
                                             .end_bus = 255 };

static void begin(void)
{
    static const struct boot_range ranges[] = {
        { 0x100000, 0x7ffe0000, BOOT_RAM, 1 },        { 0x7ffe0000, 0x80000000, BOOT_RESERVED, 2 },
        { 0xb0000000, 0xc0000000, BOOT_RESERVED, 2 }, { 0xc8000000, 0xc8001000, BOOT_RESERVED, 11 },
        { 0xfed1c000, 0xfed20000, BOOT_RESERVED, 2 }, { 0xfffc0000, 0x100000000, BOOT_RESERVED, 2 },
        { 0x50000000, 0x50001000, BOOT_BAD, 5 },      { 0x60000000, 0x60002000, BOOT_ACPI_NVS, 4 },
        { 0x100000000, 0x180000000, BOOT_RAM, 1 },
    };

    boot = (struct boot_info) { .door = BOOT_DOOR_PVH,
                                .range_count = sizeof(ranges) / sizeof(ranges[0]) };
    memcpy(boot.ranges, ranges, sizeof(ranges));
}

static bool holds(uint64_t pa)
{
    return table_memory_holds(&boot, &mcfg, 1, pa, PAGE);
}

TEST(memory_of_any_use)
{
    begin();
    CHECK(holds(0x100000));
    CHECK(holds(0x7ffdf000));
    CHECK(holds(0x7ffe0000));       /* firmware's own */
    CHECK(holds(0x60001000));
    CHECK(holds(0x100000000));
    CHECK(holds(0x17ffff000));
}

TEST(nothing_there_or_out_of_order)
{
    begin();
    CHECK(!holds(0));
    CHECK(!holds(0x80000000));
    CHECK(!holds(0x180000000));
    CHECK(!holds(0x17ffff800));     /* half of it */
    CHECK(!holds(0xfffffffffffff000));
    CHECK(!holds(0x50000000));      /* RAM that is bad */
}

TEST(registers_in_reserved_ranges)
{
    begin();
    CHECK(!holds(0xb0000000));      /* configuration space */
    CHECK(!holds(0xbffff000));
    CHECK(table_memory_holds(&boot, &mcfg, 0, 0xb0000000, PAGE));
    CHECK(!holds(0xfed1c000));      /* chip set */
    CHECK(!holds(0xfffff000));      /* flash */
    /* Type 11 is UEFI's for registers; other loaders mean something else by it. */
    CHECK(holds(0xc8000000));
    boot.door = BOOT_DOOR_UEFI;
    CHECK(!holds(0xc8000000));
}
