/* SPDX-License-Identifier: BSD-2-Clause */
/* judge_facts.c: what is looked up, at its edges, and what is answered when nothing is known. */
#include "test.h"

#include "judge_internal.h"
#include "table_text.h"

static const struct fw_memory map[] = {
    { 0x8000, 0x9000, FW_MEMORY_RAM },      { 0x2000, 0x3000, FW_MEMORY_RESERVED },
    { 0x1000, 0x2000, FW_MEMORY_RESERVED }, { 0x4000, 0x5000, FW_MEMORY_RAM },
    { 0xa000, 0xb000, FW_MEMORY_ACPI },
};
static const struct fw_facts facts = { .memory = map,
                                       .memory_count = sizeof(map) / sizeof(map[0]) };
static const struct fw_facts nothing;

TEST(a_region_is_met_by_a_byte_of_it)
{
    const struct judge j = { .facts = &facts };

    CHECK(judge_memory_of(&j, 0x7fff, 0x8001, FW_MEMORY_RAM) == &map[0]);
    CHECK(judge_memory_of(&j, 0x8fff, 0x9000, FW_MEMORY_RAM) == &map[0]);
    CHECK(judge_memory_of(&j, 0x7000, 0x8000, FW_MEMORY_RAM) == NULL);
    CHECK(judge_memory_of(&j, 0x9000, 0xa000, FW_MEMORY_RAM) == NULL);
    CHECK(judge_memory_of(&j, 0x8000, 0x9000, FW_MEMORY_ACPI) == NULL);
}

TEST(regions_side_by_side_are_as_one)
{
    const struct judge j = { .facts = &facts };

    CHECK(judge_memory_is(&j, 0x1000, 0x3000, FW_MEMORY_RESERVED));
    CHECK(judge_memory_is(&j, 0x1800, 0x2001, FW_MEMORY_RESERVED));
    CHECK(!judge_memory_is(&j, 0x1000, 0x3001, FW_MEMORY_RESERVED));
    CHECK(!judge_memory_is(&j, 0xfff, 0x2000, FW_MEMORY_RESERVED));
}

TEST(the_end_of_ram_is_the_highest_and_of_ram)
{
    const struct judge j = { .facts = &facts }, none = { .facts = &nothing };

    CHECK_EQ(judge_ram_end(&j), 0x9000);
    CHECK_EQ(judge_ram_end(&none), 0);
}

TEST(buses_are_those_of_mcfg)
{
    uint8_t bytes[256];
    char error[100];
    struct fw_table table = { .signature = "MCFG", .bytes = bytes };
    const struct fw_facts with = { .tables = &table, .table_count = 1 };
    const struct judge j = { .facts = &with }, none = { .facts = &nothing };

    table.len = (uint32_t)table_from_text(
        "mcfg\nwindow first=1 last=0x7f\nwindow segment=2 first=0xff last=0xff\n", bytes,
        sizeof(bytes), error, sizeof(error));
    CHECK(judge_bus_known(&j, 0, 1) && judge_bus_known(&j, 0, 0x7f) &&
          judge_bus_known(&j, 2, 0xff));
    CHECK(!judge_bus_known(&j, 0, 0) && !judge_bus_known(&j, 0, 0x80) &&
          !judge_bus_known(&j, 2, 0xfe) && !judge_bus_known(&j, 2, 1));
    CHECK(judge_segment_known(&j, 0) && judge_segment_known(&j, 2) && !judge_segment_known(&j, 1));
    /* Without MCFG only segment 0 has buses, and no segment is called unknown. */
    CHECK(judge_bus_known(&none, 0, 0xff) && !judge_bus_known(&none, 1, 0));
    CHECK(judge_segment_known(&none, 1));
    /* Half a window is none. */
    table.len -= 4;
    CHECK(judge_bus_known(&j, 0, 1) && !judge_bus_known(&j, 2, 0xff));
}

TEST(functions_are_found_by_segment_and_id)
{
    static struct pci_function list[2] = { { .next = &list[1], .segment = 1, .rid = 8 },
                                           { .rid = 8 } };
    const struct fw_facts with = { .functions = list };
    const struct judge j = { .facts = &with };

    CHECK(judge_function(&j, 0, 8) == &list[1] && judge_function(&j, 1, 8) == &list[0] &&
          judge_function(&j, 0, 9) == NULL);
}

TEST(units_are_found_by_their_registers)
{
    static const struct fw_unit_state units[] = { { .registers_pa = 0x1000 },
                                                  { .registers_pa = 0x2000 } };
    const struct fw_facts with = { .units = units, .unit_count = 2 };
    const struct judge j = { .facts = &with };

    CHECK(judge_unit_state(&j, 0x2000) == &units[1] && judge_unit_state(&j, 0x1000) == &units[0]);
    CHECK(judge_unit_state(&j, 0x3000) == NULL);
}

TEST(a_bar_counts_up_to_its_last_byte)
{
    static struct pci_function list[2] = { { .next = &list[1],
                                             .bars = { { .io = true, .pa = 0x9000, .len = 4 } } },
                                           { .bars = { [1] = { .pa = 0x1000, .len = 0x1000 } } } };
    const struct fw_facts with = { .functions = list };
    const struct judge j = { .facts = &with };
    uint64_t end = 0;

    CHECK(judge_bar_above(&j, 0x1fff, &end) == &list[1]);
    CHECK_EQ(end, 0x2000);
    CHECK(judge_bar_above(&j, 0x2000, &end) == NULL);
}
