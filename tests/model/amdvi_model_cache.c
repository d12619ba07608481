/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The caches of a unit: device table entries, directory entries (with those
 * of GCR3 tables) and translations, and what each command drops of them
 * (AMD-Vi §2.4.2, §2.4.3, §2.4.8). Nothing is dropped for another reason but
 * want of room; no more is dropped than was asked for.
 *
 * With speculate the devices are taken to go on with what they did: what an
 * invalidation drops is fetched again before the next thing happens, through
 * whatever is still cached. Software that invalidates before the memory holds
 * the new entry, or in the wrong order, is left with the old one.
 */
#include <stdlib.h>
#include <string.h>

#include "amdvi_model_private.h"

bool am_same_space(const struct am_space *a, const struct am_space *b)
{
    return a->domain == b->domain && a->guest == b->guest && a->pasid == b->pasid;
}

/* 2^this is what an entry of a table of the level covers; level 0: everything, an address space. */
unsigned am_level_shift(unsigned level)
{
    return level == 0 ? 64 : 12 + 9 * (level - 1);
}

static uint64_t prefix_of(uint64_t iova, unsigned level)
{
    return level == 0 ? 0 : iova >> am_level_shift(level);
}

static uint64_t last_of(uint64_t start, unsigned shift)
{
    return start | (shift >= 64 ? ~0ull : BIT_SPEC(shift) - 1);
}

/* ---- device table entries ---- */

struct am_entry *am_entry_find(struct am_unit *u, uint16_t rid)
{
    for (size_t i = 0; i < AM_ENTRIES; i++) {
        if (u->entries[i].used && u->entries[i].rid == rid)
            return &u->entries[i];
    }
    return NULL;
}

static bool is_paged(const uint64_t words[4])
{
    return (words[0] & ASPEC_DTE_V) != 0 && (words[0] & ASPEC_DTE_TV) != 0 &&
           spec_get(words[0], ASPEC_DTE_MODE) != 0;
}

/* One domain id, one table. A table of another height is taken for the same one grown by a level.
 */
static void check_domain_is_one_table(struct am_unit *u, uint16_t rid, const uint64_t words[4])
{
    if (!is_paged(words))
        return;
    for (size_t i = 0; i < AM_ENTRIES; i++) {
        const struct am_entry *other = &u->entries[i];

        if (!other->used || !is_paged(other->words) ||
            ((other->words[1] ^ words[1]) & ASPEC_DTE_DOMAIN) != 0)
            continue;
        if (((other->words[0] ^ words[0]) & ASPEC_DTE_MODE) == 0 &&
            ((other->words[0] ^ words[0]) & ASPEC_DTE_ROOT) != 0)
            am_violation(u->model, "amdvi%u: domain %u of %04x and %04x names two tables", u->index,
                         (unsigned)spec_get(words[1], ASPEC_DTE_DOMAIN), other->rid, rid);
    }
}

struct am_entry *am_entry_add(struct am_unit *u, uint16_t rid, const uint64_t words[4])
{
    struct am_entry *slot = &u->entries[u->entry_next++ % AM_ENTRIES];

    check_domain_is_one_table(u, rid, words);
    /* Erratum 63. */
    if ((words[0] & ASPEC_DTE_V) != 0 &&
        spec_get(words[1], ASPEC_DTE_SYSMGT) == ASPEC_SYSMGT_FORWARD &&
        (words[0] & ASPEC_DTE_IW) == 0)
        am_violation(u->model, "amdvi%u: entry of %04x has SysMgt 01 without IW (erratum 63)",
                     u->index, rid);
    *slot = (struct am_entry){ .used = true, .rid = rid };
    memcpy(slot->words, words, sizeof(slot->words));
    return slot;
}

/* ---- translations and directories ---- */

const struct am_translation *am_translation_find(struct am_unit *u, const struct am_space *space,
                                                 uint64_t iova)
{
    for (size_t i = 0; i < AM_TRANSLATIONS; i++) {
        const struct am_translation *entry = &u->translations[i];

        if (entry->used && am_same_space(&entry->space, space) &&
            iova >> entry->shift == entry->start >> entry->shift)
            return entry;
    }
    return NULL;
}

void am_translation_add(struct am_unit *u, const struct am_translation *entry)
{
    struct am_translation *slot = &u->translations[u->translation_next++ % AM_TRANSLATIONS];

    *slot = *entry;
    slot->used = true;
}

const struct am_directory *am_directory_find(struct am_unit *u, const struct am_space *space,
                                             uint64_t iova, unsigned level)
{
    for (size_t i = 0; i < AM_DIRECTORIES; i++) {
        const struct am_directory *entry = &u->directories[i];

        if (entry->used && entry->level == level && am_same_space(&entry->space, space) &&
            entry->prefix == prefix_of(iova, level))
            return entry;
    }
    return NULL;
}

void am_directory_add(struct am_unit *u, const struct am_directory *entry)
{
    struct am_directory *slot = &u->directories[u->directory_next++ % AM_DIRECTORIES];

    *slot = *entry;
    slot->used = true;
}

/* ---- what was dropped, to be fetched again ---- */

struct wanted {
    uint16_t rid;
    uint64_t iova;
    uint32_t pasid;
};

static void fetch_again(struct am_unit *u, const struct wanted *wanted, size_t count)
{
    if (!u->config->speculate || !am_control(u, ASPEC_CTL_IOMMU_EN))
        return;
    for (size_t i = 0; i < count; i++) {
        struct am_request request = { .rid = wanted[i].rid,
                                      .iova = wanted[i].iova,
                                      .quiet = true,
                                      .has_pasid = wanted[i].pasid != 0,
                                      .pasid = wanted[i].pasid };

        (void)am_translate(u, &request);
    }
}

void am_invalidate_entry(struct am_unit *u, uint16_t rid)
{
    struct wanted wanted = { .rid = rid };
    struct am_entry *entry = am_entry_find(u, rid);

    if (entry == NULL)
        return;
    entry->used = false;
    fetch_again(u, &wanted, 1);
}

/* A page is held as one: what does not cover all of it does not drop it. */
static bool is_covered(const struct am_translation *entry, uint64_t start, uint64_t last)
{
    return entry->start >= start && last_of(entry->start, entry->shift) <= last;
}

static bool is_touched(const struct am_directory *entry, uint64_t start, uint64_t last)
{
    unsigned shift = am_level_shift(entry->level);
    uint64_t first = shift >= 64 ? 0 : entry->prefix << shift;

    return first <= last && last_of(first, shift) >= start;
}

void am_invalidate_pages(struct am_unit *u, const struct am_space *space, uint64_t start,
                         uint64_t last, bool pde)
{
    struct wanted *wanted = malloc(AM_TRANSLATIONS * sizeof(*wanted));
    size_t count = 0;

    if (wanted == NULL)
        abort();
    for (size_t i = 0; i < AM_TRANSLATIONS; i++) {
        struct am_translation *entry = &u->translations[i];

        if (!entry->used || !am_same_space(&entry->space, space) || !is_covered(entry, start, last))
            continue;
        entry->used = false;
        wanted[count++] = (struct wanted){ entry->rid, entry->start, entry->space.pasid };
    }
    for (size_t i = 0; pde && i < AM_DIRECTORIES; i++) {
        struct am_directory *entry = &u->directories[i];

        if (entry->used && am_same_space(&entry->space, space) && is_touched(entry, start, last))
            entry->used = false;
    }
    fetch_again(u, wanted, count);
    free(wanted);
}

void am_invalidate_all(struct am_unit *u)
{
    struct wanted *wanted = malloc(AM_ENTRIES * sizeof(*wanted));
    size_t count = 0;

    if (wanted == NULL)
        abort();
    for (size_t i = 0; i < AM_ENTRIES; i++) {
        if (u->entries[i].used)
            wanted[count++] = (struct wanted){ .rid = u->entries[i].rid };
    }
    memset(u->entries, 0, sizeof(u->entries));
    memset(u->translations, 0, sizeof(u->translations));
    memset(u->directories, 0, sizeof(u->directories));
    fetch_again(u, wanted, count);
    free(wanted);
    am_invalidate_all_interrupts(u);
}
