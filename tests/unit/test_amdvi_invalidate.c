/* SPDX-License-Identifier: BSD-2-Clause */
/* amd/amdvi_invalidate.c: exactly the range, domains, everything; refusals. */
#include "test.h"

#include "amdvi_bare.h"

/* The range a command flushes, decoded by the rule: ones from bit 12 on say half the size. */
static void decode(const struct amdvi_command *c, uint64_t *start, uint64_t *len)
{
    uint64_t address = c->hi & ~0xfffull;

    *len = 4096;
    *start = address;
    if (!(c->hi & 1))
        return;
    for (*len = 8192; address & (*len >> 1); *len <<= 1)
        ;
    *start = address & ~(*len - 1);
}

/* Every page of [start, end) is flushed, and nothing else, in at most 8 commands at one doorbell. */
static void check_exact(uint64_t start, uint64_t end, size_t commands)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);
    struct iommu_gather gather = { .start = start, .end = end };
    uint64_t at = start;

    CHECK_OK(amdvi_flush(&hw->unit.base, 0x1234, &gather));
    CHECK_EQ(hw->seen_count, commands);
    CHECK_EQ(hw->doorbells, 1);
    for (size_t i = 0; i < hw->seen_count; i++) {
        uint64_t from, len;

        CHECK_EQ(hw->seen[i].lo, 0x3000123400000000);
        CHECK_EQ(hw->seen[i].hi & 6, 0); /* leaves only, no PASID */
        decode(&hw->seen[i], &from, &len);
        CHECK_EQ(from, at);
        at += len;
    }
    CHECK_EQ(at, end);
    amdvi_bare_destroy(hw);
}

TEST(range_is_flushed_exactly)
{
    check_exact(0x1000, 0x2000, 1);
    check_exact(0, 0x1000, 1);
    check_exact(0, 0x2000, 1);
    check_exact(0x1000, 0x3000, 2);                     /* crosses a border of 8 KiB */
    check_exact(0x200000, 0x400000, 1);
    check_exact(0x40201000, 0x40210000, 4);             /* 4, 8, 16, 32 KiB */
    check_exact(0x40201000, 0x4021f000, 8);             /* up and down again */
    check_exact(0x8000000000, 0x10000000000, 1);        /* 512 GiB */
    check_exact(0, 1ull << 52, 1);
    check_exact(0x7ffffffff000, 0x800000000000, 1);
}

static struct amdvi_command flush_one(uint64_t start, uint64_t end, bool tables, bool guest)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);
    struct iommu_gather gather = { .start = start, .end = end, .tables = tables };
    struct amdvi_command c;

    hw->unit.guest_tables = guest;
    CHECK_OK(amdvi_flush(&hw->unit.base, 5, &gather));
    CHECK_EQ(hw->seen_count, 1);
    c = hw->seen[0];
    amdvi_bare_destroy(hw);
    return c;
}

TEST(range_of_too_many_parts_is_covered_by_one)
{
    uint64_t start, len;
    struct amdvi_command c = flush_one(0x40201000, 0x4023f000, false, false); /* 10 parts */

    decode(&c, &start, &len);
    CHECK_EQ(start, 0x40200000);
    CHECK_EQ(len, 0x40000);
    c = flush_one(0x1000, 0x3ffffffff000, false, false);
    decode(&c, &start, &len);
    CHECK_EQ(start, 0);
    CHECK_EQ(len, 1ull << 46);
}

TEST(all_pages_where_no_size_says_it)
{
    CHECK_EQ(flush_one(0x1000, ~0xfffull, false, false).hi, 0x7ffffffffffff003);
    CHECK_EQ(flush_one(0, 1ull << 53, false, false).hi, 0x7ffffffffffff003);
    /* Only freed tables: nothing says where they were. */
    CHECK_EQ(flush_one(0, 0, true, false).hi, 0x7ffffffffffff003);
    CHECK_EQ(flush_one(0, 0, true, false).lo, 0x3000000500000000);
}

TEST(directories_go_where_tables_changed)
{
    CHECK_EQ(flush_one(0x1000, 0x2000, true, false).hi, 0x1002);
    CHECK_EQ(flush_one(0x1000, 0x2000, false, false).hi, 0x1000);
    CHECK_EQ(flush_one(0x2000, 0x4000, true, false).hi, 0x2003);
    CHECK_EQ(flush_one(0x1000, 0x2000, true, true).hi, 0x1006); /* v2: GN = 1, PASID 0 */
    CHECK_EQ(flush_one(0x1000, 0x2000, true, true).lo, 0x3000000500000000);
    CHECK_EQ(flush_one(0x40201000, 0x4023f000, true, false).hi & 7, 3);
}

TEST(directories_go_in_every_part)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);
    struct iommu_gather gather = { .start = 0x40201000, .end = 0x40210000, .tables = true };

    CHECK_OK(amdvi_flush(&hw->unit.base, 5, &gather));
    CHECK_EQ(hw->seen_count, 4);
    for (unsigned i = 0; i < 4; i++)
        CHECK_EQ(hw->seen[i].hi & 6, 2);
    amdvi_bare_destroy(hw);
}

TEST(page_is_one_command)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);

    CHECK_OK(amdvi_flush_page(&hw->unit.base, 0xffff, 0x40201000, 4096));
    CHECK_OK(amdvi_flush_page(&hw->unit.base, 0xffff, 0x40200000, 2u << 20));
    CHECK_EQ(hw->seen_count, 2);
    CHECK_EQ(hw->doorbells, 2);
    CHECK_EQ(hw->seen[0].lo, 0x3000ffff00000000);
    CHECK_EQ(hw->seen[0].hi, 0x40201000);
    CHECK_EQ(hw->seen[1].hi, 0x402ff001);
    amdvi_bare_destroy(hw);
}

TEST(present_entries_are_flushed_as_the_gather_says)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);
    struct iommu_gather gather = { .start = 0x40200000, .end = 0x40204000, .tables = true };

    CHECK_OK(amdvi_flush_present(&hw->unit.base, 9, &gather));
    CHECK_EQ(hw->seen_count, 1);
    CHECK_EQ(hw->seen[0].lo, 0x3000000900000000);
    CHECK_EQ(hw->seen[0].hi, 0x40201003);
    amdvi_bare_destroy(hw);
}

/* NpCache: a directory that pointed to nothing may be cached too. */
TEST(present_page_is_one_command_with_its_directories)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);

    CHECK_OK(amdvi_flush_present_page(&hw->unit.base, 9, 0x40201000, 4096));
    CHECK_EQ(hw->seen_count, 1);
    CHECK_EQ(hw->seen[0].lo, 0x3000000900000000);
    CHECK_EQ(hw->seen[0].hi, 0x40201002);
    hw->unit.has_tables = false;
    CHECK_OK(amdvi_flush_present_page(&hw->unit.base, 9, 0x40201000, 4096));
    CHECK_EQ(hw->doorbells, 1);
    amdvi_bare_destroy(hw);
}

TEST(stopped_unit_has_nothing_to_flush)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);
    struct iommu_gather gather = { .start = 0x1000, .end = 0x4000 };

    hw->unit.has_tables = false;
    CHECK_OK(amdvi_flush(&hw->unit.base, 9, &gather));
    CHECK_OK(amdvi_flush_page(&hw->unit.base, 9, 0x1000, 4096));
    CHECK_OK(amdvi_invalidate_all(&hw->unit));
    CHECK_EQ(hw->doorbells, 0);
    amdvi_bare_destroy(hw);
}

/* ---- refusals ---- */

TEST(refused_flush_is_submitted_again)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);
    struct iommu_gather one = { .start = 0x1000, .end = 0x2000 }, two = { .start = 0x1000, .end = 0x3000 };

    hw->refuse = 2;
    CHECK_OK(amdvi_flush(&hw->unit.base, 9, &one));
    CHECK_EQ(hw->seen_count, 1);
    hw->refuse = 2;
    CHECK_OK(amdvi_flush(&hw->unit.base, 9, &two));
    CHECK_EQ(hw->seen_count, 3);
    CHECK(!iommu_unit_fenced(&hw->unit.base));
    /* The core tries the flush of a page again, by flush(). */
    hw->refuse = 1;
    CHECK_EQ(amdvi_flush_page(&hw->unit.base, 9, 0x1000, 4096), IOMMU_ERR_QUEUE);
    CHECK(!iommu_unit_fenced(&hw->unit.base));
    amdvi_bare_destroy(hw);
}

TEST(flush_that_is_refused_every_time_fences_the_unit)
{
    for (unsigned parts = 1; parts <= 2; parts++) {
        struct amdvi_bare *hw = amdvi_bare_create(0xff);
        struct iommu_gather gather = { .start = 0x1000, .end = 0x1000 + parts * 0x1000 };

        hw->refuse = UINT32_MAX;
        CHECK_EQ(amdvi_flush(&hw->unit.base, 9, &gather), IOMMU_ERR_QUEUE);
        CHECK_EQ(hw->doorbells, 3);
        CHECK(iommu_unit_fenced(&hw->unit.base));
        CHECK_EQ(amdvi_flush_page(&hw->unit.base, 9, 0x1000, 4096), IOMMU_ERR_FENCED);
        amdvi_bare_destroy(hw);
    }
}

/* ---- everything ---- */

TEST(one_command_flushes_everything_where_there_is_one)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);

    CHECK_OK(amdvi_invalidate_all(&hw->unit));
    CHECK_EQ(hw->seen_count, 1);
    CHECK_EQ(hw->seen[0].lo, 0x8000000000000000);
    CHECK_EQ(hw->seen[0].hi, 0);
    amdvi_bare_destroy(hw);
}

TEST(each_kind_is_flushed_where_there_is_no_such_command)
{
    for (unsigned guest = 0; guest < 2; guest++) {
        struct amdvi_bare *hw = amdvi_bare_create(0x17f); /* three pages of entries */
        size_t n = 0;

        hw->unit.efr = 0;
        hw->unit.guest_tables = guest;
        hw->unit.base.domain_id_count = 1000;
        CHECK_OK(amdvi_invalidate_all(&hw->unit));
        for (unsigned id = 0; id < 0x180; id++)
            CHECK_EQ(hw->seen[n++].lo, 0x2000000000000000 | id);
        for (unsigned gn = 0; gn <= guest; gn++)
            for (unsigned id = 0; id < 1000; id++) {
                CHECK_EQ(hw->seen[n].lo, 0x3000000000000000 | (uint64_t)id << 32);
                CHECK_EQ(hw->seen[n++].hi, 0x7ffffffffffff003 | gn << 2);
            }
        for (unsigned id = 0; id < 0x180; id++)
            CHECK_EQ(hw->seen[n++].lo, 0x5000000000000000 | id);
        CHECK_EQ(hw->seen_count, n);
        amdvi_bare_destroy(hw);
    }
}

static uint8_t named[3][65536];

static void note_kinds(struct amdvi_bare *hw, const struct amdvi_command *c)
{
    unsigned op = (unsigned)(c->lo >> 60);

    (void)hw;
    if (op == 2 || op == 5)
        named[op == 5][c->lo & 0xffff]++;
    else if (op == 3)
        named[2][c->lo >> 32 & 0xffff]++;
}

/* A predecessor's table may have been longer: its entries are cached, and lead to its tables. */
TEST(unit_taken_over_forgets_ids_beyond_the_table)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x17f);

    memset(named, 0, sizeof(named));
    hw->unit.efr = 0;
    hw->unit.base.found_translating = true;
    hw->unit.base.domain_id_count = 65536;
    hw->on_command = note_kinds;
    CHECK_OK(amdvi_invalidate_all(&hw->unit));
    for (unsigned kind = 0; kind < 3; kind++)
        for (unsigned id = 0; id < 65536; id++)
            CHECK_EQ(named[kind][id], 1);
    amdvi_bare_destroy(hw);
}

TEST(every_entry_is_announced)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x80);

    CHECK_OK(amdvi_invalidate_devices(&hw->unit));
    CHECK_EQ(hw->seen_count, 256);
    CHECK_EQ(hw->doorbells, 256 / 32);
    for (unsigned id = 0; id < 256; id++)
        CHECK_EQ(hw->seen[id].lo, 0x2000000000000000 | id);
    amdvi_bare_destroy(hw);
}

TEST(flush_of_everything_ends_at_the_first_error)
{
    struct amdvi_bare *hw = amdvi_bare_create(0xff);

    hw->unit.efr = 0;
    hw->hangs = true;
    CHECK_EQ(amdvi_invalidate_all(&hw->unit), IOMMU_ERR_TIMEOUT);
    CHECK_EQ(hw->doorbells, 1);
    amdvi_bare_destroy(hw);
}
