/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page allocator. A zone is a range of RAM with a tree of bit maps over
 * it, 64 children a node, so that the next free frame from any point on is
 * found in two steps a level; a hint makes the usual case one word. Runs are
 * searched from free frame to free frame, word by word. No lock: mm.c holds
 * one.
 */
#include "page_alloc.h"

#include <string.h>

#include "bits.h"

#define FRAME_SHIFT 12
#define FRAME_BYTES (1ull << FRAME_SHIFT)
#define WORD_SHIFT 6
#define WORD_BITS (UINT64_C(1) << WORD_SHIFT)
#define WORD_MASK (WORD_BITS - 1)
#define NONE UINT64_MAX

/* ---- the memory map ---- */

/* Is the byte range between two neighbouring bounds covered, and only by types of the set? */
static bool interval_fits(const struct boot_range *ranges, size_t count, uint32_t types,
                          uint64_t start)
{
    bool covered = false;

    for (size_t i = 0; i < count; i++) {
        if (start < ranges[i].start || start >= ranges[i].end)
            continue;
        if (ranges[i].type > BOOT_LOADER || !(types & PAGE_TYPE(ranges[i].type)))
            return false;
        covered = true;
    }
    return covered;
}

static size_t sort_bounds(const struct boot_range *ranges, size_t count, uint64_t *bounds)
{
    size_t used = 0;

    for (size_t i = 0; i < 2 * count; i++) {
        uint64_t bound = i & 1 ? ranges[i / 2].end : ranges[i / 2].start;
        size_t at = used;

        if (ranges[i / 2].start >= ranges[i / 2].end)
            continue;
        while (at > 0 && bounds[at - 1] > bound) {
            bounds[at] = bounds[at - 1];
            at--;
        }
        bounds[at] = bound;
        used++;
    }
    return used;
}

/* Appends [start, end) cut down to whole pages, if any is left. */
static size_t add_pages(struct page_range *out, size_t used, size_t max, uint64_t start,
                        uint64_t end)
{
    uint64_t first = start / FRAME_BYTES + (start % FRAME_BYTES != 0);

    if (first >= end / FRAME_BYTES || used == max)
        return used;
    out[used] = (struct page_range){ first * FRAME_BYTES, end / FRAME_BYTES * FRAME_BYTES };
    return used + 1;
}

size_t page_ranges(const struct boot_range *ranges, size_t count, uint32_t types,
                   struct page_range *out, size_t max)
{
    uint64_t bounds[2 * PAGE_ALLOC_RANGES];
    size_t bound_count = sort_bounds(ranges, count, bounds), used = 0;
    uint64_t start = 0;
    bool inside = false;

    for (size_t i = 0; i < bound_count; i++) {
        bool fits = i + 1 < bound_count && interval_fits(ranges, count, types, bounds[i]);

        if (fits && !inside)
            start = bounds[i];
        if (!fits && inside)
            used = add_pages(out, used, max, start, bounds[i]);
        inside = fits;
    }
    return used;
}

/* ---- one zone ---- */

static uint64_t words_of(uint64_t bits)
{
    return (bits + WORD_MASK) >> WORD_SHIFT;
}

/* Words of all levels of a zone. */
static uint64_t zone_words(uint64_t frames)
{
    uint64_t total = 0;

    do {
        frames = words_of(frames);
        total += frames;
    } while (frames > 1);
    return total;
}

static void zone_lay_out(struct page_zone *zone, uint64_t *words)
{
    uint64_t bits = zone->frames;

    zone->levels = 0;
    zone->hint = 0;
    do {
        bits = words_of(bits);
        zone->bits[zone->levels++] = words;
        memset(words, 0, bits * sizeof(*words));
        words += bits;
    } while (bits > 1);
}

/* Bits from first to last, both within one word. */
static uint64_t word_bits(uint64_t first, uint64_t last)
{
    return BITS64(last & WORD_MASK, first & WORD_MASK);
}

/* Tells the levels above that word index of level 0 became empty, or is not any more. */
static void zone_propagate(struct page_zone *zone, uint64_t index, bool empty)
{
    for (unsigned level = 1; level < zone->levels; level++) {
        uint64_t *word = &zone->bits[level][index >> WORD_SHIFT];
        uint64_t bit = BIT64(index & WORD_MASK), before = *word;

        *word = empty ? before & ~bit : before | bit;
        if (empty ? *word != 0 : before != 0)
            return;
        index >>= WORD_SHIFT;
    }
}

static void zone_mark(struct page_zone *zone, uint64_t first, uint64_t count, bool is_free)
{
    uint64_t last = first + count - 1;

    for (uint64_t index = first >> WORD_SHIFT; index <= last >> WORD_SHIFT; index++) {
        uint64_t low = index == first >> WORD_SHIFT ? first : 0;
        uint64_t high = index == last >> WORD_SHIFT ? last : WORD_MASK;
        uint64_t *word = &zone->bits[0][index], before = *word;

        *word = is_free ? before | word_bits(low, high) : before & ~word_bits(low, high);
        if ((before == 0) != (*word == 0))
            zone_propagate(zone, index, !is_free);
    }
}

/* The first free frame at or behind from; NONE. */
static uint64_t zone_next_free(const struct page_zone *zone, uint64_t from)
{
    uint64_t bits = zone->frames, index = from;

    for (unsigned level = 0; level < zone->levels && index < bits; level++) {
        uint64_t word = zone->bits[level][index >> WORD_SHIFT] & (~0ull << (index & WORD_MASK));

        if (word != 0) {
            index = (index & ~WORD_MASK) + (uint64_t)__builtin_ctzll(word);
            while (level-- > 0)
                index = (index << WORD_SHIFT) + (uint64_t)__builtin_ctzll(zone->bits[level][index]);
            return index;
        }
        index = (index >> WORD_SHIFT) + 1;
        bits = words_of(bits);
    }
    return NONE;
}

/* The first frame of [first, first + count) that is not is_free, else first + count. */
static uint64_t zone_first_other(const struct page_zone *zone, uint64_t first, uint64_t count,
                                 bool is_free)
{
    uint64_t end = first + count;

    while (first < end) {
        uint64_t word = zone->bits[0][first >> WORD_SHIFT];
        uint64_t other = (is_free ? ~word : word) & (~0ull << (first & WORD_MASK));

        if (other != 0) {
            first = (first & ~WORD_MASK) + (uint64_t)__builtin_ctzll(other);
            return first < end ? first : end;
        }
        first = (first & ~WORD_MASK) + WORD_BITS;
    }
    return end;
}

/* A run of count frames aligned to align frames (of physical address) in [low, high); NONE. */
static uint64_t zone_find_run(const struct page_zone *zone, uint64_t count, uint64_t align,
                              uint64_t low, uint64_t high)
{
    uint64_t at = low < zone->hint ? zone->hint : low;

    for (;;) {
        uint64_t used;

        at = zone_next_free(zone, at);
        if (at == NONE)
            return NONE;
        at = ((zone->first + at + align - 1) & ~(align - 1)) - zone->first;
        if (at >= high || high - at < count)
            return NONE;
        used = zone_first_other(zone, at, count, true);
        if (used == at + count)
            return at;
        at = used + 1;
    }
}

/* The usual case of zone_find_run() and zone_mark(): one frame, anywhere; NONE. */
static uint64_t zone_take_one(struct page_zone *zone, uint64_t low, uint64_t high)
{
    bool from_hint = low <= zone->hint;
    uint64_t at = zone_next_free(zone, from_hint ? zone->hint : low), *word;

    if (at >= high)
        return NONE;
    if (from_hint)
        zone->hint = at + 1;
    word = &zone->bits[0][at >> WORD_SHIFT];
    *word &= ~BIT64(at & WORD_MASK);
    if (*word == 0)
        zone_propagate(zone, at >> WORD_SHIFT, true);
    return at;
}

/* Its counterpart; false: the frame is free. */
static bool zone_give_one(struct page_zone *zone, uint64_t at)
{
    uint64_t *word = &zone->bits[0][at >> WORD_SHIFT], before = *word;

    if (before & BIT64(at & WORD_MASK))
        return false;
    *word = before | BIT64(at & WORD_MASK);
    if (before == 0)
        zone_propagate(zone, at >> WORD_SHIFT, false);
    return true;
}

static bool zone_give(struct page_zone *zone, uint64_t at, uint64_t count)
{
    if (count == 1)
        return zone_give_one(zone, at);
    if (zone_first_other(zone, at, count, false) != at + count)
        return false;
    zone_mark(zone, at, count, true);
    return true;
}

static uint64_t zone_take(struct page_zone *zone, uint64_t count, uint64_t align_frames,
                          uint64_t low, uint64_t high)
{
    uint64_t at;

    if (count == 1 && align_frames == 1)
        return zone_take_one(zone, low, high);
    at = zone_find_run(zone, count, align_frames, low, high);
    if (at == NONE)
        return NONE;
    zone_mark(zone, at, count, false);
    if (at == zone->hint)
        zone->hint = at + count;
    return at;
}

/* ---- all of them ---- */

/* By eight bytes: emulators execute string instructions element by element. */
static void zero_frames(void *at, uint64_t count)
{
    uint64_t words = count * (FRAME_BYTES / sizeof(uint64_t));

    __asm__ volatile("rep stosq" : "+D"(at), "+c"(words) : "a"(0ull) : "memory");
}

static bool place_metadata(const struct page_range *ranges, size_t count, uint64_t bytes,
                           uint64_t limit, struct page_range *out)
{
    for (size_t i = count; i-- > 0;) {
        uint64_t end = ranges[i].end < limit ? ranges[i].end : limit;

        if (ranges[i].start < end && end - ranges[i].start > bytes) {
            *out = (struct page_range){ end - bytes, end };
            return true;
        }
    }
    return false;
}

bool page_alloc_init(struct page_alloc *alloc, const struct page_range *ranges, size_t count,
                     uintptr_t offset, uint64_t metadata_limit)
{
    struct page_range metadata;
    uint64_t words = 0, *at;

    *alloc = (struct page_alloc){ .offset = offset };
    for (size_t i = 0; i < count; i++)
        words += zone_words((ranges[i].end - ranges[i].start) >> FRAME_SHIFT);
    words = (words + FRAME_BYTES / sizeof(*at) - 1) & ~(FRAME_BYTES / sizeof(*at) - 1);
    if (!place_metadata(ranges, count, words * sizeof(*at), metadata_limit, &metadata))
        return false;
    at = (uint64_t *)(uintptr_t)(metadata.start + offset);
    for (size_t i = 0; i < count; i++) {
        struct page_zone *zone = &alloc->zones[alloc->zone_count++];

        zone->first = ranges[i].start >> FRAME_SHIFT;
        zone->frames = (ranges[i].end - ranges[i].start) >> FRAME_SHIFT;
        zone_lay_out(zone, at);
        at += zone_words(zone->frames);
        zone_mark(zone, 0, zone->frames, true);
        alloc->total_frames += zone->frames;
        if (metadata.start >= ranges[i].start && metadata.start < ranges[i].end) {
            zone_mark(zone, (metadata.start >> FRAME_SHIFT) - zone->first,
                      (metadata.end - metadata.start) >> FRAME_SHIFT, false);
            alloc->total_frames -= (metadata.end - metadata.start) >> FRAME_SHIFT;
        }
    }
    alloc->free_frames = alloc->total_frames;
    return true;
}

/*
 * What take_any() would give for one frame anywhere below high_frame, if a look
 * at the word where the search begins is enough to know it; else 0.
 */
static inline uint64_t take_at_hint(struct page_alloc *alloc, uint64_t high_frame)
{
    struct page_zone *zone = &alloc->zones[alloc->zone_count - 1];
    uint64_t at = zone->hint, *word, left;

    if (at >= zone->frames)
        return 0;
    word = &zone->bits[0][at >> WORD_SHIFT];
    left = *word >> (at & WORD_MASK);
    if (left == 0)
        return 0;
    at += (uint64_t)__builtin_ctzll(left);
    if (zone->first + at >= high_frame)
        return 0;
    zone->hint = at + 1;
    *word &= ~BIT64(at & WORD_MASK);
    if (*word == 0)
        zone_propagate(zone, at >> WORD_SHIFT, true);
    alloc->free_frames--;
    at = (zone->first + at) << FRAME_SHIFT;
    zero_frames((void *)(uintptr_t)(at + alloc->offset), 1);
    return at;
}

static __attribute__((noinline)) uint64_t
take_any(struct page_alloc *alloc, uint64_t count, uint64_t align, uint64_t start, uint64_t end)
{
    uint64_t low_frame = (start >> FRAME_SHIFT) + (start % FRAME_BYTES != 0);
    uint64_t high_frame = end >> FRAME_SHIFT;

    for (size_t i = alloc->zone_count; i-- > 0 && count > 0;) {
        struct page_zone *zone = &alloc->zones[i];
        uint64_t low = low_frame > zone->first ? low_frame - zone->first : 0;
        uint64_t high = high_frame > zone->first ? high_frame - zone->first : 0;
        uint64_t at, pa;

        high = high < zone->frames ? high : zone->frames;
        if (low >= high || high - low < count)
            continue;
        at = zone_take(zone, count, align >> FRAME_SHIFT, low, high);
        if (at == NONE)
            continue;
        alloc->free_frames -= count;
        pa = (zone->first + at) << FRAME_SHIFT;
        zero_frames((void *)(uintptr_t)(pa + alloc->offset), count);
        return pa;
    }
    return 0;
}

uint64_t page_alloc_take(struct page_alloc *alloc, uint64_t count, uint64_t align,
                         uint64_t start, uint64_t end)
{
    uint64_t pa = 0;

    if (count == 1 && align == FRAME_BYTES && start == 0 && alloc->zone_count > 0)
        pa = take_at_hint(alloc, end >> FRAME_SHIFT);
    return pa != 0 ? pa : take_any(alloc, count, align, start, end);
}

static struct page_zone *zone_holding(struct page_alloc *alloc, uint64_t frame, uint64_t count)
{
    for (size_t i = alloc->zone_count; i-- > 0;) {
        struct page_zone *zone = &alloc->zones[i];

        if (frame >= zone->first && frame - zone->first < zone->frames &&
            count <= zone->frames - (frame - zone->first))
            return zone;
    }
    return NULL;
}

static bool give_to(struct page_alloc *alloc, struct page_zone *zone, uint64_t at, uint64_t count)
{
    if (!zone_give(zone, at, count))
        return false;
    if (at < zone->hint)
        zone->hint = at;
    alloc->free_frames += count;
    return true;
}

static __attribute__((noinline)) bool
give_run(struct page_alloc *alloc, uint64_t frame, uint64_t count)
{
    struct page_zone *zone = zone_holding(alloc, frame, count);

    return zone != NULL && count != 0 && give_to(alloc, zone, frame - zone->first, count);
}

bool page_alloc_give(struct page_alloc *alloc, uint64_t pa, uint64_t count)
{
    struct page_zone *last = &alloc->zones[alloc->zone_count - 1];
    uint64_t frame = pa >> FRAME_SHIFT;

    if (pa % FRAME_BYTES != 0 || alloc->zone_count == 0)
        return false;
    if (count == 1 && frame - last->first < last->frames)
        return give_to(alloc, last, frame - last->first, 1);
    return give_run(alloc, frame, count);
}
