/* SPDX-License-Identifier: BSD-2-Clause */
/* amd/amdvi_device.c: what entries say, how they change, and that nobody sees half of one. */
#include "test.h"

#include <pthread.h>
#include <sched.h>

#include "amdvi_bare.h"

#define RID 0x0108
#define ROOT_A 0x12345000ull
#define ROOT_B 0x6789a000ull

static const struct iommu_entry blocked = { .kind = IOMMU_ENTRY_BLOCKED };
static const struct iommu_entry fenced = { .kind = IOMMU_ENTRY_FENCED };
static const struct iommu_entry unknown = { .kind = IOMMU_ENTRY_UNKNOWN };
static const struct iommu_entry pass = { .kind = IOMMU_ENTRY_PASS_THROUGH, .domain_id = 1 };
static const struct iommu_entry a = { .kind = IOMMU_ENTRY_TRANSLATED, .domain_id = 7, .root_pa = ROOT_A, .levels = 4 };
static const struct iommu_entry b = { .kind = IOMMU_ENTRY_TRANSLATED, .domain_id = 8, .root_pa = ROOT_B, .levels = 5 };
/* a, grown by a level */
static const struct iommu_entry grown = {
    .kind = IOMMU_ENTRY_TRANSLATED, .domain_id = 7, .root_pa = ROOT_B, .levels = 5 };

static enum iommu_status set(struct amdvi_bare *hw, uint16_t rid, const struct iommu_entry *old,
                             const struct iommu_entry *next)
{
    return amdvi_set_device(&hw->unit.base, &rid, 1, old, next);
}

static void check_entry(struct amdvi_bare *hw, uint16_t rid, uint64_t q0, uint64_t q1, uint64_t q2)
{
    const uint64_t *q = hw->unit.table[rid].q;

    CHECK_EQ(q[0], q0);
    CHECK_EQ(q[1], q1);
    CHECK_EQ(q[2], q2);
    CHECK_EQ(q[3], 0);
}

/* ---- the table ---- */

TEST(table_blocks_every_id_up_to_whole_pages)
{
    static const struct { uint16_t highest; size_t entries; } cases[] = {
        { 0, 128 }, { 127, 128 }, { 128, 256 }, { 0x1ff, 512 }, { 0x3fff, 16384 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct amdvi_bare *hw = amdvi_bare_empty();

        CHECK_OK(amdvi_table_create(&hw->unit, cases[i].highest));
        CHECK_EQ(hw->unit.table_entries, cases[i].entries);
        CHECK_EQ(fake_pa(&hw->mem, hw->unit.table) % 4096, 0);
        for (size_t id = 0; id < cases[i].entries; id++)
            check_entry(hw, (uint16_t)id, 1, 0, 0); /* V = 1, TV = 0, IR = IW = 0, domain id 0, IV = 0 */
        amdvi_bare_destroy(hw);
    }
}

TEST(every_allocation_of_the_table_may_fail)
{
    for (size_t n = 1; n <= 2; n++) {
        struct amdvi_bare *hw = amdvi_bare_empty();

        hw->mem.fail_at = n;
        CHECK_EQ(amdvi_table_create(&hw->unit, 0xff), IOMMU_ERR_NOMEM);
        CHECK(hw->unit.table == NULL);
        CHECK_EQ(set(hw, RID, &blocked, &a), IOMMU_ERR_FENCED);
        amdvi_bare_destroy(hw);
    }
}

TEST(table_is_written_back_where_the_unit_does_not_snoop)
{
    struct amdvi_bare *hw = amdvi_bare_empty();
    uint64_t at;

    hw->unit.base.coherent = false;
    CHECK_OK(amdvi_table_create(&hw->unit, 0xff));
    at = fake_pa(&hw->mem, hw->unit.table) + 0x80 * 32;
    CHECK_EQ(fake_read64(&hw->mem, at, false), 1);
    CHECK_EQ(fake_read64(&hw->mem, fake_pa(&hw->mem, hw->unit.nowhere), false), 0);
    amdvi_table_setting(&hw->unit, 0x80, 0x01);
    CHECK_EQ(fake_read64(&hw->mem, at + 16, false), 1ull << 56);
    for (unsigned wide = 0; wide < 2; wide++) {
        hw->unit.wide_store = wide;
        CHECK_OK(set(hw, 0x80, &blocked, &a));
        CHECK_EQ(fake_read64(&hw->mem, at, false), 0x6000000012345803);
        CHECK_EQ(fake_read64(&hw->mem, at + 8, false), 7);
        CHECK_OK(set(hw, 0x80, &a, &blocked));
        CHECK_EQ(fake_read64(&hw->mem, at, false), 1);
    }
    amdvi_bare_destroy(hw);
}

TEST(settings_of_firmware_stay)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

    /* INIT, EInt, NMI, Lint0, Lint1; SysMgt = 3 */
    amdvi_table_setting(&hw->unit, RID, 0xf7);
    check_entry(hw, RID, 1, 3ull << 40, 0xc700000000000000);
    CHECK_OK(set(hw, RID, &blocked, &a));
    check_entry(hw, RID, 0x6000000012345803, 7 | 3ull << 40, 0xc700000000000000);
    CHECK_OK(set(hw, RID, &a, &fenced));
    check_entry(hw, RID, 1, 1ull << 34 | 3ull << 40, 0xc700000000000000);
    amdvi_table_setting(&hw->unit, 0x0009, 0x02);
    amdvi_table_setting(&hw->unit, 0x0009, 0x10 * 2);
    check_entry(hw, 0x0009, 1, 2ull << 40, 0x0200000000000000);
    amdvi_table_setting(&hw->unit, 0xffff, 0xf7); /* beyond the table */
    amdvi_bare_destroy(hw);
}

/* Erratum 63: SysMgt = 1 only with IW = 1, which must not open memory. */
TEST(forwarded_system_management_opens_no_memory)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);
    uint64_t nowhere = fake_pa(&hw->mem, hw->unit.nowhere), word = 0x4000000000000003 | 1 << 9 | nowhere;
    static const uint64_t nothing[512];

    amdvi_table_setting(&hw->unit, RID, 0x10);
    check_entry(hw, RID, word, 0xffff | 1ull << 40, 0); /* an id that no domain gets */
    CHECK_EQ(memcmp(hw->unit.nowhere, nothing, 4096), 0);
    CHECK_EQ(amdvi_device_state(&hw->unit.base, RID), IOMMU_ENTRY_BLOCKED);
    CHECK_OK(set(hw, RID, &blocked, &pass));
    check_entry(hw, RID, 0x6000000000000003, 1 | 1ull << 40, 0);
    CHECK_OK(set(hw, RID, &pass, &fenced));
    check_entry(hw, RID, word, 0xffff | 1ull << 34 | 1ull << 40, 0);
    CHECK_EQ(amdvi_device_state(&hw->unit.base, RID), IOMMU_ENTRY_FENCED);
    /* A predecessor had that id: another, and settings stay. */
    amdvi_table_setting(&hw->unit, RID + 1, 0x20);
    amdvi_table_set_nowhere(&hw->unit, 0xfffe);
    check_entry(hw, RID, word, 0xfffe | 1ull << 40, 0);
    check_entry(hw, RID + 1, 1, 2ull << 40, 0);
    check_entry(hw, RID + 2, 1, 0, 0);
    amdvi_bare_destroy(hw);
}

/* ---- what entries say ---- */

TEST(entries_of_every_kind)
{
    for (unsigned wide = 0; wide < 2; wide++) {
        struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

        hw->unit.wide_store = wide;
        CHECK_OK(set(hw, RID, &blocked, &a));
        check_entry(hw, RID, 0x6000000012345803, 7, 0);
        CHECK_EQ(amdvi_device_state(&hw->unit.base, RID), IOMMU_ENTRY_TRANSLATED);
        CHECK_OK(set(hw, RID, &a, &pass));
        check_entry(hw, RID, 0x6000000000000003, 1, 0);
        CHECK_EQ(amdvi_device_state(&hw->unit.base, RID), IOMMU_ENTRY_PASS_THROUGH);
        CHECK_OK(set(hw, RID, &pass, &b));
        check_entry(hw, RID, 0x600000006789aa03, 8, 0);
        CHECK_OK(set(hw, RID, &b, &fenced));
        check_entry(hw, RID, 1, 1ull << 34, 0);
        CHECK_EQ(amdvi_device_state(&hw->unit.base, RID), IOMMU_ENTRY_FENCED);
        CHECK_OK(set(hw, RID, &fenced, &blocked));
        check_entry(hw, RID, 1, 0, 0);
        CHECK_EQ(amdvi_device_state(&hw->unit.base, RID), IOMMU_ENTRY_BLOCKED);
        check_entry(hw, RID - 1, 1, 0, 0);
        check_entry(hw, RID + 1, 1, 0, 0);
        amdvi_bare_destroy(hw);
    }
}

TEST(ids_beyond_the_table_change_nothing)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);
    const uint16_t rids[] = { RID, 0x0200 };

    CHECK_EQ(amdvi_set_device(&hw->unit.base, rids, 2, &blocked, &a), IOMMU_ERR_RANGE);
    check_entry(hw, RID, 1, 0, 0);
    CHECK_EQ(hw->doorbells, 0);
    CHECK_EQ(amdvi_device_state(&hw->unit.base, 0x0200), IOMMU_ENTRY_BLOCKED);
    amdvi_bare_destroy(hw);
}

/* ---- flushes ---- */

static void check_seen(const struct amdvi_bare *hw, size_t first, const uint64_t *expected, size_t count)
{
    CHECK_EQ(hw->seen_count - first, count);
    for (size_t i = 0; i < count; i++) {
        CHECK_EQ(hw->seen[first + i].lo, expected[i]);
        if (expected[i] >> 60 == 3)
            CHECK_EQ(hw->seen[first + i].hi, 0x7ffffffffffff003);
    }
}
#define DEVTAB(rid) (0x2000000000000000ull | (rid))
#define FENCE 0x1000000000000004ull /* COMPLETION_WAIT that only holds what follows (F) */
#define PAGES(id) (0x3000000000000000ull | (uint64_t)(id) << 32)

TEST(entries_and_domains_are_flushed_in_one_batch)
{
    for (unsigned np_cache = 0; np_cache < 2; np_cache++) {
        struct amdvi_bare *hw = amdvi_bare_create(0x1ff);
        const uint16_t rids[] = { 0x0010, RID, 0x01ff };
        size_t n;

        hw->unit.base.flush_present = np_cache;
        CHECK_OK(amdvi_set_device(&hw->unit.base, rids, 3, &blocked, &a));
        check_seen(hw, 0, (const uint64_t[]){ DEVTAB(0x0010), DEVTAB(RID), DEVTAB(0x01ff), FENCE, PAGES(7) },
                   3 + 2 * np_cache);
        n = hw->seen_count;
        CHECK_OK(amdvi_set_device(&hw->unit.base, rids, 3, &a, &b));
        check_seen(hw, n, (const uint64_t[]){ DEVTAB(0x0010), DEVTAB(RID), DEVTAB(0x01ff), FENCE, PAGES(7), PAGES(8) },
                   5 + np_cache);
        n = hw->seen_count;
        CHECK_OK(amdvi_set_device(&hw->unit.base, rids, 3, &b, &blocked));
        check_seen(hw, n, (const uint64_t[]){ DEVTAB(0x0010), DEVTAB(RID), DEVTAB(0x01ff), FENCE, PAGES(8) }, 5);
        CHECK_EQ(hw->doorbells, 3);
        amdvi_bare_destroy(hw);
    }
}

TEST(new_root_flushes_the_domain_once)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

    hw->unit.base.flush_present = true;
    CHECK_OK(set(hw, RID, &blocked, &a));
    hw->seen_count = 0;
    CHECK_OK(set(hw, RID, &a, &grown));
    check_entry(hw, RID, 0x600000006789aa03, 7, 0);
    check_seen(hw, 0, (const uint64_t[]){ DEVTAB(RID), FENCE, PAGES(7) }, 3);
    amdvi_bare_destroy(hw);
}

TEST(unit_not_yet_started_is_sent_nothing)
{
    struct amdvi_bare *hw = amdvi_bare_empty();

    CHECK_OK(amdvi_table_create(&hw->unit, 0x1ff));
    CHECK_OK(set(hw, RID, &blocked, &a));
    check_entry(hw, RID, 0x6000000012345803, 7, 0);
    CHECK_OK(set(hw, RID, &a, &fenced));
    CHECK_EQ(hw->doorbells, 0);
    amdvi_bare_destroy(hw);
}

/* At the doorbell the entry is what it is to be: nothing is flushed too early. */
static uint64_t entry_at_flush[2];

static void note_entry(struct amdvi_bare *hw, const struct amdvi_command *c)
{
    if (c->lo == DEVTAB(RID))
        memcpy(entry_at_flush, hw->unit.table[RID].q, sizeof(entry_at_flush));
}

TEST(entry_is_written_before_it_is_flushed)
{
    for (unsigned wide = 0; wide < 2; wide++) {
        struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

        hw->unit.wide_store = wide;
        hw->on_command = note_entry;
        CHECK_OK(set(hw, RID, &blocked, &a));
        CHECK_EQ(entry_at_flush[0], 0x6000000012345803);
        CHECK_EQ(entry_at_flush[1], 7);
        CHECK_OK(set(hw, RID, &a, &blocked));
        CHECK_EQ(entry_at_flush[0], 1);
        amdvi_bare_destroy(hw);
    }
}

static uint64_t words_at_flush[8][2];
static size_t flush_count;

static void note_flushes(struct amdvi_bare *hw, const struct amdvi_command *c)
{
    if (c->lo == DEVTAB(RID))
        memcpy(words_at_flush[flush_count++ % 8], hw->unit.table[RID].q, 16);
}

/* Where no store leads from one to the other: blocked and flushed of the old domain, then the new one. */
TEST(move_without_the_wide_store_passes_through_blocked)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

    hw->unit.wide_store = false;
    CHECK_OK(set(hw, RID, &blocked, &a));
    hw->seen_count = flush_count = 0;
    hw->on_command = note_flushes;
    CHECK_OK(set(hw, RID, &a, &b));
    check_seen(hw, 0, (const uint64_t[]){ DEVTAB(RID), FENCE, PAGES(7), DEVTAB(RID) }, 4);
    CHECK_EQ(words_at_flush[0][0], 1);
    CHECK_EQ(words_at_flush[1][0], 0x600000006789aa03);
    amdvi_bare_destroy(hw);
}

TEST(move_between_guest_tables_passes_through_blocked)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

    hw->unit.guest_tables = true;
    CHECK_OK(set(hw, RID, &blocked, &a));
    hw->seen_count = flush_count = 0;
    hw->on_command = note_flushes;
    CHECK_OK(set(hw, RID, &a, &b));
    CHECK_EQ(hw->seen_count, 4);
    CHECK_EQ(hw->seen[2].lo, PAGES(7));
    CHECK_EQ(hw->seen[2].hi, 0x7ffffffffffff007); /* GN, PASID 0 */
    CHECK_EQ(words_at_flush[0][0], 1);
    CHECK_EQ(words_at_flush[1][0] >> 54 & 3, 3);
    CHECK_EQ(hw->unit.guest_roots[RID][0], ROOT_B | 1);
    amdvi_bare_destroy(hw);
}

/* The first barrier of a change: what hardware has seen by then. */
static uint64_t at_barrier[3], root_at_barrier;
static bool barrier_seen;

static void note_barrier(struct amdvi_bare *hw)
{
    uint64_t at = fake_pa(&hw->mem, &hw->unit.table[RID]);

    if (barrier_seen)
        return;
    barrier_seen = true;
    for (unsigned i = 0; i < 3; i++)
        at_barrier[i] = fake_read64(&hw->mem, at + 8 * i, hw->unit.base.coherent);
    if (hw->unit.guest_roots != NULL)
        root_at_barrier = fake_read64(&hw->mem, fake_pa(&hw->mem, hw->unit.guest_roots[RID]),
                                      hw->unit.base.coherent);
}

/* Between two stores; the one that opens comes last, the one that blocks first. */
TEST(halves_are_ordered_by_a_barrier)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

    hw->unit.wide_store = false;
    hw->on_barrier = note_barrier;
    barrier_seen = false;
    CHECK_OK(set(hw, RID, &blocked, &a));
    CHECK_EQ(at_barrier[0], 1);
    CHECK_EQ(at_barrier[1], 7);
    barrier_seen = false;
    CHECK_OK(set(hw, RID, &a, &blocked));
    CHECK_EQ(at_barrier[0], 1);
    CHECK_EQ(at_barrier[1], 7);
    amdvi_bare_destroy(hw);
}

/* A guest root and its depth are there, and written back, before an entry leads to them. */
TEST(guest_root_and_depth_come_before_the_entry)
{
    for (unsigned coherent = 0; coherent < 2; coherent++) {
        struct amdvi_bare *hw = amdvi_bare_create(0x1ff);
        uint64_t root;

        hw->unit.base.coherent = coherent;
        hw->mem.platform.dma_flush(hw, hw->unit.table, 0x200 * 32);
        hw->unit.guest_tables = true;
        hw->on_barrier = note_barrier;
        barrier_seen = false;
        CHECK_OK(set(hw, RID, &blocked, &b)); /* five levels */
        CHECK_EQ(at_barrier[0], 1);
        CHECK_EQ(at_barrier[2], 1ull << 54);
        CHECK_EQ(root_at_barrier, ROOT_B | 1);
        root = fake_pa(&hw->mem, hw->unit.guest_roots[RID]);
        for (unsigned at = 8; at < 4096; at += 8)
            CHECK_EQ(fake_read64(&hw->mem, root + at, coherent), 0);
        amdvi_bare_destroy(hw);
    }
}

/* ---- errors ---- */

TEST(unconfirmed_flush_leaves_the_entry_blocked)
{
    for (unsigned wide = 0; wide < 2; wide++) {
        struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

        hw->unit.wide_store = wide;
        CHECK_OK(set(hw, RID, &blocked, &a));
        hw->hangs = true;
        CHECK_EQ(set(hw, RID, &a, &b), IOMMU_ERR_TIMEOUT);
        check_entry(hw, RID, 1, 0, 0);
        CHECK(iommu_unit_fenced(&hw->unit.base));
        CHECK_EQ(set(hw, RID, &unknown, &b), IOMMU_ERR_FENCED);
        check_entry(hw, RID, 1, 0, 0);
        amdvi_bare_destroy(hw);
    }
}

TEST(unknown_entry_is_flushed_of_everything_first)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

    CHECK_OK(set(hw, RID, &unknown, &a));
    check_seen(hw, 0, (const uint64_t[]){ 0x8000000000000000, DEVTAB(RID) }, 2);
    check_entry(hw, RID, 0x6000000012345803, 7, 0);
    amdvi_bare_destroy(hw);
}

/* Where what is cached may lead anywhere, the new entry is not stored at all. */
static unsigned opened;

static void look_for_open(void *ctx, const void *at, size_t len, bool after)
{
    const struct amdvi_bare *hw = ctx;

    (void)at;
    (void)len;
    (void)after;
    opened += hw->unit.table[RID].q[0] != 1;
}

TEST(unknown_entry_stays_blocked_where_nothing_can_be_flushed)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

    hw->unit.base.coherent = false;
    hw->hangs = true;
    hw->mem.on_flush = look_for_open;
    hw->mem.on_flush_ctx = hw;
    opened = 0;
    CHECK_EQ(set(hw, RID, &unknown, &b), IOMMU_ERR_TIMEOUT);
    CHECK_EQ(opened, 0);
    check_entry(hw, RID, 1, 0, 0);
    hw->mem.on_flush = NULL;
    amdvi_bare_destroy(hw);
}

/* ---- guest tables ---- */

TEST(guest_tables_are_reached_through_a_table_of_the_id)
{
    struct amdvi_bare *hw = amdvi_bare_create(0x1ff);
    const uint16_t rids[] = { RID, 0x0010 };
    struct iommu_entry five = a;
    uint64_t gcr3[2];

    five.levels = 5;
    five.domain_id = 9;
    hw->unit.guest_tables = true;
    CHECK_OK(amdvi_set_device(&hw->unit.base, rids, 2, &blocked, &a));
    for (unsigned i = 0; i < 2; i++) {
        uint64_t *table = hw->unit.guest_roots[rids[i]];

        gcr3[i] = fake_pa(&hw->mem, table);
        CHECK_EQ(table[0], ROOT_A | 1);
        CHECK_EQ(table[1], 0);
        check_entry(hw, rids[i], 0x60c0000000000003 | (gcr3[i] >> 12 & 7) << 58,
                    7 | (gcr3[i] >> 15 & 0xffff) << 16 | gcr3[i] >> 31 << 43, 0);
    }
    CHECK(gcr3[0] != gcr3[1]);
    CHECK_EQ(amdvi_device_state(&hw->unit.base, RID), IOMMU_ENTRY_TRANSLATED);
    /* Another domain of another depth: never both halves of two. */
    CHECK_OK(set(hw, RID, &a, &five));
    CHECK_EQ(hw->unit.table[RID].q[2], 1ull << 54);
    CHECK_EQ(hw->unit.table[RID].q[1] & 0xffff, 9);
    CHECK_EQ(fake_pa(&hw->mem, hw->unit.guest_roots[RID]), gcr3[0]);
    CHECK_OK(set(hw, RID, &five, &pass));
    CHECK_EQ(hw->unit.table[RID].q[0], 0x6000000000000003);
    CHECK_OK(set(hw, RID, &pass, &a));
    CHECK_EQ(hw->unit.table[RID].q[2], 0);
    amdvi_bare_destroy(hw);
}

TEST(every_allocation_for_guest_tables_may_fail)
{
    for (size_t n = 1; n <= 3; n++) {
        struct amdvi_bare *hw = amdvi_bare_create(0x1ff);
        const uint16_t rids[] = { RID, 0x0010 };

        hw->unit.guest_tables = true;
        hw->mem.fail_at = hw->mem.allocations + n;
        CHECK_EQ(amdvi_set_device(&hw->unit.base, rids, 2, &blocked, &a), IOMMU_ERR_NOMEM);
        check_entry(hw, RID, 1, 0, 0);
        check_entry(hw, 0x0010, 1, 0, 0);
        CHECK_EQ(hw->doorbells, 0);
        CHECK_OK(amdvi_set_device(&hw->unit.base, rids, 2, &blocked, &a));
        amdvi_bare_destroy(hw);
    }
}

/* ---- half-written entries ---- */

/* What hardware may see of the lower half, besides a blocked one. */
static uint64_t allowed[2][2];
static bool may_block;
static struct amdvi_bare *watched;
static unsigned looks, wrong, blocks;
static bool done;

struct pair {
    uint64_t lo, hi;
} __attribute__((aligned(16)));

static void load_half(uint64_t half[2])
{
    struct pair *at = (struct pair *)(void *)&watched->unit.table[RID];
    bool equal;

    half[0] = half[1] = 0;
    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(equal), "+m"(*at), "+a"(half[0]), "+d"(half[1])
                     : "b"(0ull), "c"(0ull)
                     : "memory");
}

static void judge(const uint64_t half[2])
{
    __atomic_fetch_add(&looks, 1, __ATOMIC_RELAXED);
    if (half[0] == 1) {
        blocks++;
        wrong += !may_block;
    } else if (memcmp(half, allowed[0], 16) != 0 && memcmp(half, allowed[1], 16) != 0) {
        wrong++;
    }
}

static void judge_now(struct amdvi_bare *hw)
{
    uint64_t half[2];

    (void)hw;
    load_half(half);
    judge(half);
}

static void *watch(void *arg)
{
    while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE))
        judge_now(arg);
    return NULL;
}

static void entry_as(const struct iommu_entry *entry, uint64_t half[2])
{
    static const uint64_t kinds[] = { 1, 1, 0x6000000000000003, 0x6000000000000003, 1 };

    half[0] = kinds[entry->kind];
    half[1] = entry->kind == IOMMU_ENTRY_FENCED ? 1ull << 34 : entry->domain_id;
    if (entry->kind == IOMMU_ENTRY_TRANSLATED)
        half[0] |= entry->root_pa | (uint64_t)entry->levels << 9;
}

/* Between any two states, back and forth; blocked in between only without the wide store. */
TEST(no_half_of_an_entry_is_ever_seen)
{
    static const struct iommu_entry *const kinds[] = { &blocked, &fenced, &pass, &a, &b, &grown };
    const size_t count = sizeof(kinds) / sizeof(kinds[0]);

    for (unsigned wide = 0; wide < 2; wide++)
        for (size_t i = 0; i < count * count; i++) {
            const struct iommu_entry *x = kinds[i / count], *y = kinds[i % count];
            struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

            watched = hw;
            hw->unit.wide_store = wide;
            CHECK_OK(set(hw, RID, &blocked, x));
            entry_as(x, allowed[0]);
            entry_as(y, allowed[1]);
            may_block = !wide || allowed[0][0] == 1 || allowed[1][0] == 1;
            looks = wrong = 0;
            hw->on_barrier = judge_now;
            CHECK_OK(set(hw, RID, x, y));
            CHECK_OK(set(hw, RID, y, x));
            hw->on_barrier = NULL;
            CHECK(looks >= 2);
            CHECK_EQ(wrong, 0);
            amdvi_bare_destroy(hw);
        }
}

/* The same between two roots of one domain, with another CPU that does nothing but look. */
TEST(growing_domain_is_never_blocked_nor_torn)
{
    for (unsigned wide = 0; wide < 2; wide++) {
        pthread_t thread;
        struct amdvi_bare *hw = amdvi_bare_create(0x1ff);

        watched = hw;
        hw->unit.wide_store = wide;
        CHECK_OK(set(hw, RID, &blocked, &a));
        entry_as(&a, allowed[0]);
        entry_as(&b, allowed[1]);
        may_block = !wide;
        looks = wrong = blocks = 0;
        done = false;
        CHECK_EQ(pthread_create(&thread, NULL, watch, hw), 0);
        while (__atomic_load_n(&looks, __ATOMIC_RELAXED) == 0)
            sched_yield();
        for (unsigned i = 0; i < 5000; i++) {
            CHECK_OK(set(hw, RID, &a, &b));
            CHECK_OK(set(hw, RID, &b, &a));
        }
        __atomic_store_n(&done, true, __ATOMIC_RELEASE);
        CHECK_EQ(pthread_join(thread, NULL), 0);
        CHECK_EQ(wrong, 0);
        amdvi_bare_destroy(hw);
    }
}
