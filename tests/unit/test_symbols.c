/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel/symbols.c on a table of our own; the kernel's is made by tools/symbols.awk. */
#include "symbols.h"
#include "test.h"

const char symbol_names[] = "\0start\0middle";
const struct symbol_entry symbol_table[] = {
    { 0xffffffff80000100, 1 },
    { 0xffffffff80000180, 7 },
    { 0xffffffff80001000, 0 },      /* the end of the code */
};
const uint64_t symbol_count = 3;

static void check_symbol(uint64_t address, const char *name, uint64_t offset)
{
    uint64_t seen = 0;
    const char *found = symbol_find(address, &seen);

    CHECK(found);
    CHECK_STR(found, name);
    CHECK_EQ(seen, offset);
}

TEST(address_belongs_to_the_function_below)
{
    check_symbol(0xffffffff80000100, "start", 0);
    check_symbol(0xffffffff8000017f, "start", 0x7f);
    check_symbol(0xffffffff80000180, "middle", 0);
    check_symbol(0xffffffff80000fff, "middle", 0xe7f);
}

TEST(addresses_outside_the_code_have_no_name)
{
    uint64_t offset;

    CHECK(!symbol_find(0xffffffff800000ff, &offset));
    CHECK(!symbol_find(0xffffffff80001000, &offset));
    CHECK(!symbol_find(UINT64_MAX, &offset));
    CHECK(!symbol_find(0, &offset));
}
