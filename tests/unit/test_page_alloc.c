/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory map's ranges and the page allocator, with host memory for physical memory. */
#include "page_alloc.h"
#include "test.h"

#define PAGE UINT64_C(4096)
#define PA 0x10000000ull        /* what the host buffer pretends to be */
#define ANY UINT64_MAX

static uint8_t *buffer;
static struct page_alloc alloc;

static uintptr_t offset_of_buffer(void)
{
    return (uintptr_t)buffer - (uintptr_t)PA;
}

/* That many frames from PA on; the last one holds the bit maps, up to some 32000 frames. */
static void start(size_t frames)
{
    struct page_range range = { PA, PA + frames * PAGE };

    free(buffer);
    buffer = aligned_alloc(PAGE, frames * PAGE);
    memset(buffer, 0xa5, frames * PAGE);
    CHECK(page_alloc_init(&alloc, &range, 1, offset_of_buffer(), ANY));
}

static uint64_t take(uint64_t count)
{
    return page_alloc_take(&alloc, count, PAGE, 0, ANY);
}

TEST(ranges_of_one_type_are_cut_to_whole_pages)
{
    static const struct boot_range in[] = { { 0x1800, 0x5800, BOOT_RAM, 0 } };
    struct page_range out[2];

    CHECK_EQ(page_ranges(in, 1, PAGE_TYPE(BOOT_RAM), out, 2), 1);
    CHECK_EQ(out[0].start, 0x2000);
    CHECK_EQ(out[0].end, 0x5000);
}

TEST(neighbours_and_overlaps_of_ram_merge)
{
    static const struct boot_range in[] = {
        { 0x6800, 0x9000, BOOT_RAM, 0 },
        { 0x2000, 0x4800, BOOT_RAM, 0 },
        { 0x4000, 0x6800, BOOT_RAM, 0 },
    };
    struct page_range out[2];

    CHECK_EQ(page_ranges(in, 3, PAGE_TYPE(BOOT_RAM), out, 2), 1);
    CHECK_EQ(out[0].start, 0x2000);
    CHECK_EQ(out[0].end, 0x9000);
}

TEST(the_worse_type_wins_and_takes_whole_pages)
{
    static const struct boot_range in[] = {
        { 0, 0x10000, BOOT_RAM, 0 },
        { 0x4010, 0x4020, BOOT_RESERVED, 0 },
        { 0x8000, 0x9001, BOOT_BAD, 0 },
    };
    struct page_range out[4];

    CHECK_EQ(page_ranges(in, 3, PAGE_TYPE(BOOT_RAM), out, 4), 3);
    CHECK_EQ(out[0].end, 0x4000);
    CHECK_EQ(out[1].start, 0x5000);
    CHECK_EQ(out[1].end, 0x8000);
    CHECK_EQ(out[2].start, 0xa000);
    CHECK_EQ(out[2].end, 0x10000);
}

TEST(types_of_the_set_join_where_they_meet_within_a_page)
{
    static const struct boot_range in[] = {
        { 0x1000, 0x2345, BOOT_RAM, 0 }, { 0x2345, 0x4000, BOOT_LOADER, 0 },
    };
    struct page_range out[2];

    CHECK_EQ(page_ranges(in, 2, PAGE_TYPE(BOOT_RAM) | PAGE_TYPE(BOOT_LOADER), out, 2), 1);
    CHECK_EQ(out[0].start, 0x1000);
    CHECK_EQ(out[0].end, 0x4000);
    CHECK_EQ(page_ranges(in, 2, PAGE_TYPE(BOOT_RAM), out, 2), 1);
    CHECK_EQ(out[0].end, 0x2000);
}

TEST(empty_reversed_and_unknown_ranges_do_no_harm)
{
    static const struct boot_range in[] = {
        { 0x3000, 0x3000, BOOT_RESERVED, 0 }, { 0x8000, 0x1000, BOOT_RESERVED, 0 },
        { 0x1000, 0x9000, BOOT_RAM, 0 }, { 0x5000, 0x6000, 4711, 0 },
    };
    struct page_range out[4];

    CHECK_EQ(page_ranges(in, 4, PAGE_TYPE(BOOT_RAM), out, 4), 2);
    CHECK_EQ(out[0].end, 0x5000);
    CHECK_EQ(out[1].start, 0x6000);
    CHECK_EQ(page_ranges(in, 0, PAGE_TYPE(BOOT_RAM), out, 4), 0);
}

TEST(a_range_up_to_the_last_address_is_kept)
{
    static const struct boot_range in[] = { { 0xfffffffffff00000ull, UINT64_MAX, BOOT_RAM, 0 } };
    struct page_range out[1];

    CHECK_EQ(page_ranges(in, 1, PAGE_TYPE(BOOT_RAM), out, 1), 1);
    CHECK_EQ(out[0].end, 0xfffffffffffff000ull);
}

TEST(every_frame_is_handed_out_once_and_zeroed)
{
    enum { FRAMES = 300 };
    uint8_t seen[FRAMES] = { 0 };

    start(FRAMES);
    CHECK_EQ(alloc.total_frames, FRAMES - 1);
    for (int i = 0; i < FRAMES - 1; i++) {
        uint64_t pa = take(1);

        CHECK(pa >= PA && pa < PA + FRAMES * PAGE && pa % PAGE == 0);
        CHECK_EQ(seen[(pa - PA) / PAGE]++, 0);
        for (size_t b = 0; b < PAGE; b++)
            CHECK_EQ(buffer[pa - PA + b], 0);
    }
    CHECK_EQ(take(1), 0);
    CHECK_EQ(alloc.free_frames, 0);
}

TEST(a_freed_frame_comes_back_zeroed)
{
    uint64_t pa;

    start(4);
    CHECK(take(1) != 0 && (pa = take(1)) != 0 && take(1) != 0);
    buffer[pa - PA + 17] = 1;
    CHECK(page_alloc_give(&alloc, pa, 1));
    CHECK_EQ(alloc.free_frames, 1);
    CHECK_EQ(take(1), pa);
    CHECK_EQ(buffer[pa - PA + 17], 0);
}

TEST(freeing_twice_or_what_was_never_ours_is_refused)
{
    uint64_t pa;

    start(64);
    pa = take(3);
    CHECK(page_alloc_give(&alloc, pa + PAGE, 1));
    CHECK(!page_alloc_give(&alloc, pa + PAGE, 1));
    CHECK(!page_alloc_give(&alloc, pa, 3));
    CHECK_EQ(alloc.free_frames, 61);
    CHECK(!page_alloc_give(&alloc, PA - PAGE, 1));
    CHECK(!page_alloc_give(&alloc, PA + 64 * PAGE, 1));
    CHECK(!page_alloc_give(&alloc, pa + 1, 1));
    CHECK(!page_alloc_give(&alloc, pa, 0));
    CHECK(!page_alloc_give(&alloc, pa, UINT64_MAX));
}

TEST(runs_are_contiguous_aligned_and_within_limits)
{
    uint64_t pa;

    start(1024);
    pa = page_alloc_take(&alloc, 100, 64 * PAGE, PA + 65 * PAGE, PA + 300 * PAGE);
    CHECK_EQ(pa, PA + 128 * PAGE);
    CHECK_EQ(page_alloc_take(&alloc, 73, PAGE, PA + 228 * PAGE, PA + 300 * PAGE), 0);
    CHECK_EQ(page_alloc_take(&alloc, 72, PAGE, PA + 228 * PAGE, PA + 300 * PAGE), PA + 228 * PAGE);
    CHECK_EQ(page_alloc_take(&alloc, 1, PAGE, PA + 128 * PAGE, PA + 300 * PAGE), 0);
    CHECK_EQ(page_alloc_take(&alloc, 1, PAGE, PA + 127 * PAGE + 1, PA + 128 * PAGE + 4095), 0);
    CHECK_EQ(page_alloc_take(&alloc, 0, PAGE, 0, ANY), 0);
}

TEST(alignment_counts_from_physical_zero)
{
    struct page_range range = { PA + 3 * PAGE, PA + 64 * PAGE };

    start(64);
    CHECK(page_alloc_init(&alloc, &range, 1, offset_of_buffer(), ANY));
    CHECK_EQ(page_alloc_take(&alloc, 4, 8 * PAGE, 0, ANY), PA + 8 * PAGE);
}

TEST(one_frame_keeps_to_limits_and_alignment_where_the_next_free_one_does_not)
{
    start(128);
    CHECK_EQ(take(1), PA);
    CHECK_EQ(page_alloc_take(&alloc, 1, PAGE, 0, PA + PAGE), 0);
    CHECK_EQ(page_alloc_take(&alloc, 1, PAGE, 0, PA + 2 * PAGE - 1), 0);
    CHECK_EQ(page_alloc_take(&alloc, 1, 2 * PAGE, 0, ANY), PA + 2 * PAGE);
    CHECK_EQ(page_alloc_take(&alloc, 1, PAGE, PA + 64 * PAGE, ANY), PA + 64 * PAGE);
    CHECK_EQ(page_alloc_take(&alloc, 1, PAGE, 0, PA + 2 * PAGE), PA + PAGE);
    CHECK_EQ(take(1), PA + 3 * PAGE);
}

TEST(words_emptied_frame_by_frame_are_passed_over)
{
    start(512);
    for (uint64_t frame = 0; frame < 192; frame++)
        CHECK_EQ(take(1), PA + frame * PAGE);
    CHECK(page_alloc_give(&alloc, PA, 1));
    CHECK_EQ(take(1), PA);
    CHECK_EQ(take(1), PA + 192 * PAGE);
}

/* The map is not at the range's end, and what follows it is not 0. */
TEST(nothing_is_found_behind_a_range_whose_last_frame_is_taken)
{
    struct page_range range = { PA, PA + 64 * PAGE };

    start(64);
    memset(buffer, 0xa5, 64 * PAGE);
    CHECK(page_alloc_init(&alloc, &range, 1, offset_of_buffer(), PA + 2 * PAGE));
    CHECK_EQ(take(1), PA);
    for (uint64_t frame = 2; frame < 64; frame++)
        CHECK_EQ(take(1), PA + frame * PAGE);
    CHECK_EQ(take(1), 0);
}

TEST(a_run_skips_holes_and_finds_the_gap_that_fits)
{
    uint64_t first;

    start(512);
    first = take(511);
    CHECK_EQ(first, PA);
    CHECK(page_alloc_give(&alloc, first + 60 * PAGE, 7));
    CHECK(page_alloc_give(&alloc, first + 200 * PAGE, 130));
    CHECK_EQ(take(8), first + 200 * PAGE);
    CHECK_EQ(take(7), first + 60 * PAGE);
    CHECK_EQ(take(123), 0);
    CHECK_EQ(take(122), first + 208 * PAGE);
    CHECK_EQ(take(1), 0);
}

TEST(the_highest_range_is_used_first_and_limits_reach_the_lower)
{
    struct page_range ranges[2] = { { PA, PA + 16 * PAGE }, { PA + 32 * PAGE, PA + 64 * PAGE } };

    start(64);
    CHECK(page_alloc_init(&alloc, ranges, 2, offset_of_buffer(), PA + 24 * PAGE));
    CHECK_EQ(alloc.total_frames, 15 + 32);
    CHECK_EQ(take(1), PA + 32 * PAGE);
    CHECK_EQ(page_alloc_take(&alloc, 1, PAGE, 0, PA + 32 * PAGE), PA);
    CHECK_EQ(take(32), 0);
    CHECK_EQ(take(31), PA + 33 * PAGE);
    CHECK_EQ(take(1), PA + PAGE);
}

TEST(a_run_does_not_pass_the_limit_when_it_starts_behind_a_used_frame)
{
    start(512);
    CHECK_EQ(page_alloc_take(&alloc, 1, PAGE, PA + 200 * PAGE, ANY), PA + 200 * PAGE);
    CHECK_EQ(page_alloc_take(&alloc, 100, PAGE, PA + 200 * PAGE, PA + 300 * PAGE), 0);
    CHECK_EQ(page_alloc_take(&alloc, 99, PAGE, PA + 200 * PAGE, PA + 300 * PAGE), PA + 201 * PAGE);
}

/* Frames 4096 to 8191 are one word of level 1 and one bit of level 2: used up, both must be 0. */
TEST(a_search_passes_over_a_full_word_of_every_level)
{
    enum { FRAMES = 3 * 64 * 64 };

    start(FRAMES);
    CHECK_EQ(take(FRAMES - 1), PA);
    CHECK(page_alloc_give(&alloc, PA + 5 * PAGE, 1));
    CHECK(page_alloc_give(&alloc, PA + 8300 * PAGE, 1));
    CHECK_EQ(take(1), PA + 5 * PAGE);
    CHECK_EQ(take(1), PA + 8300 * PAGE);
    CHECK_EQ(take(1), 0);
}

TEST(a_map_that_fits_nowhere_below_the_limit_is_refused)
{
    struct page_range range = { PA, PA + 64 * PAGE };

    start(64);
    CHECK(!page_alloc_init(&alloc, &range, 1, offset_of_buffer(), PA));
    CHECK(!page_alloc_init(&alloc, &range, 1, offset_of_buffer(), PA + PAGE));
    CHECK(page_alloc_init(&alloc, &range, 1, offset_of_buffer(), PA + 2 * PAGE));
    CHECK_EQ(alloc.free_frames, 63);
}

/* More than 64^2 frames make three levels; the order empties and fills words of each. */
TEST(levels_above_stay_right_when_words_fill_and_empty)
{
    enum { FRAMES = 64 * 64 + 200 };
    uint64_t pa = 0;

    start(FRAMES);
    CHECK_EQ(alloc.zones[0].levels, 3);
    CHECK_EQ(take(FRAMES - 1), PA);
    for (uint64_t i = 0; i < FRAMES - 1; i += 67)
        CHECK(page_alloc_give(&alloc, PA + i * PAGE, 1));
    for (uint64_t i = 0; i < FRAMES - 1; i += 67)
        CHECK_EQ((pa = take(1)), PA + i * PAGE);
    CHECK(pa != 0);
    CHECK_EQ(take(1), 0);
    CHECK(page_alloc_give(&alloc, PA, FRAMES - 1));
    CHECK_EQ(take(FRAMES - 1), PA);
}

/* Against a plain array that says who owns what. */
TEST(random_use_agrees_with_a_plain_array)
{
    enum { FRAMES = 700, HELD = 64, STEPS = 20000 };
    static uint8_t owned[FRAMES];
    struct { uint64_t at, count; } held[HELD] = { { 0, 0 } };
    uint32_t random = 12345;

    memset(owned, 0, sizeof(owned));
    start(FRAMES);
    for (int step = 0; step < STEPS; step++) {
        uint32_t slot, count, low;
        uint64_t pa;

        random = random * 1664525u + 1013904223u;
        slot = random >> 26;
        count = 1 + (random >> 8) % 40;
        low = (random >> 14) % FRAMES;
        if (held[slot].count != 0) {
            CHECK(page_alloc_give(&alloc, PA + held[slot].at * PAGE, held[slot].count));
            memset(owned + held[slot].at, 0, held[slot].count);
            held[slot].count = 0;
            continue;
        }
        pa = page_alloc_take(&alloc, count, PAGE, PA + low * PAGE, ANY);
        if (pa == 0) {
            for (uint32_t i = low, run = 0; i < FRAMES - 1; i++) {
                run = owned[i] ? 0 : run + 1;
                CHECK(run < count);
            }
            continue;
        }
        held[slot].at = (pa - PA) / PAGE;
        held[slot].count = count;
        CHECK(held[slot].at >= low && held[slot].at + count <= FRAMES - 1);
        for (uint32_t i = 0; i < count; i++)
            CHECK_EQ(owned[held[slot].at + i]++, 0);
    }
    free(buffer);
    buffer = NULL;
}
