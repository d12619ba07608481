/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupt tables (AMD-Vi §2.2.5): where an entry lies, the cache of what was
 * read, and what INVALIDATE_INTERRUPT_TABLE drops of it (§2.4.5). Beside it: who
 * changes live entries by halves, or frees a table.
 */
#include <stdlib.h>
#include <string.h>

#include "amdvi_model_private.h"

#define TABLE_ALIGN 128u

/* 16 bytes an entry with GAEn, else 4. */
static uint64_t entry_bytes(const struct am_unit *u)
{
    return am_control(u, ASPEC_CTL_GA_EN) ? 16 : 4;
}

static uint64_t root_of(const uint64_t words[4])
{
    return words[2] & ASPEC_DTE_INT_ROOT;
}

static uint64_t table_bytes(const struct am_unit *u, const uint64_t words[4])
{
    return entry_bytes(u) << spec_get(words[2], ASPEC_DTE_INT_TAB_LEN);
}

static bool is_remapped(const uint64_t words[4])
{
    return (words[2] & ASPEC_DTE_IV) != 0 &&
           spec_get(words[2], ASPEC_DTE_INT_CTL) == ASPEC_INT_CTL_REMAP;
}

/* ---- the cache ---- */

static struct am_irte *find(struct am_unit *u, uint16_t rid, uint32_t index)
{
    for (size_t i = 0; i < AM_IRTES && u->irte_count != 0; i++) {
        if (u->irtes[i].used && u->irtes[i].rid == rid && u->irtes[i].index == index)
            return &u->irtes[i];
    }
    return NULL;
}

static void add(struct am_unit *u, const struct am_irte *entry)
{
    struct am_irte *slot = &u->irtes[u->irte_next++ % AM_IRTES];

    u->irte_count += !slot->used;
    *slot = *entry;
    slot->used = true;
    memcpy(slot->seen, entry->words, sizeof(slot->seen));
}

static bool read_entry(struct am_unit *u, uint64_t pa, uint64_t words[2])
{
    uint64_t pair[2];

    if (entry_bytes(u) == 16)
        return am_fetch_pair(u, pa, words);
    if (!am_fetch(u, pa & ~7ull, &pair[0]))
        return false;
    words[0] = pa & 4 ? pair[0] >> 32 : pair[0] & UINT32_MAX;
    words[1] = 0;
    return true;
}

/* With IRTCacheDis nothing stays. */
static bool fetch(struct am_unit *u, const struct am_entry *entry, uint32_t index,
                  uint64_t words[2], uint64_t *pa)
{
    struct am_irte fresh = { .rid = entry->rid, .index = index };

    *pa = root_of(entry->words) + index * entry_bytes(u);
    u->stats.interrupt_walks++;
    if (root_of(entry->words) % TABLE_ALIGN != 0)
        am_violation(u->model, "amdvi%u: interrupt table of %04x at 0x%llx is not aligned",
                     u->index, entry->rid, (unsigned long long)root_of(entry->words));
    if (!read_entry(u, *pa, words))
        return false;
    fresh.pa = *pa;
    memcpy(fresh.words, words, sizeof(fresh.words));
    if (!am_control(u, ASPEC_CTL_IRT_CACHE_DIS))
        add(u, &fresh);
    return true;
}

bool am_irte_get(struct am_unit *u, const struct am_entry *entry, uint32_t index, uint64_t words[2],
                 uint64_t *pa)
{
    const struct am_irte *cached = find(u, entry->rid, index);

    if (cached == NULL)
        return fetch(u, entry, index, words, pa);
    u->stats.interrupt_hits++;
    memcpy(words, cached->words, sizeof(cached->words));
    *pa = cached->pa;
    return true;
}

/* ---- invalidation ---- */

static void fetch_again(struct am_unit *u, const struct am_irte *wanted)
{
    struct am_request request = { .rid = wanted->rid, .quiet = true };
    struct am_result unused;
    const struct am_entry *entry = am_entry_get(u, &request, ASPEC_EV_I, &unused);
    uint64_t words[2], pa;

    if (entry != NULL && is_remapped(entry->words) && am_entry_illegal(u, entry->words) == 0 &&
        wanted->index * entry_bytes(u) < table_bytes(u, entry->words))
        (void)fetch(u, entry, wanted->index, words, &pa);
}

static void drop(struct am_unit *u, bool everyone, uint16_t rid)
{
    struct am_irte *wanted = malloc(sizeof(u->irtes));
    size_t count = 0;

    if (wanted == NULL)
        abort();
    for (size_t i = 0; i < AM_IRTES; i++) {
        struct am_irte *entry = &u->irtes[i];

        if (!entry->used || (!everyone && entry->rid != rid))
            continue;
        entry->used = false;
        u->irte_count--;
        wanted[count++] = *entry;
    }
    if (u->config->speculate && am_control(u, ASPEC_CTL_IOMMU_EN)) {
        for (size_t i = 0; i < count; i++)
            fetch_again(u, &wanted[i]);
    }
    free(wanted);
}

void am_invalidate_interrupts(struct am_unit *u, uint16_t rid)
{
    drop(u, false, rid);
}

void am_invalidate_all_interrupts(struct am_unit *u)
{
    drop(u, true, 0);
}

/* ---- entries changed by halves ---- */

static bool can_look(const struct am_unit *u, uint64_t pa)
{
    return am_is_ram(u->model, pa, 16) && am_page_state(u->model, pa) != AM_FREED;
}

/*
 * A change of both words at one look was one store, or nobody could have
 * fetched between the two.
 */
static void look_at(struct am_unit *u, struct am_irte *entry)
{
    uint64_t now[2];
    unsigned differs;

    am_peek_pair(u, entry->pa, now);
    differs = (now[0] != entry->seen[0] ? 1u : 0) | (now[1] != entry->seen[1] ? 2u : 0);
    if (differs == 0)
        return;
    memcpy(entry->seen, now, sizeof(now));
    entry->changed =
        (now[0] & ASPEC_IRTE_REMAP_EN) == 0 || differs == 3 ? 0 : entry->changed | differs;
    if (entry->changed != 3)
        return;
    am_violation(u->model, "amdvi%u: live interrupt entry 0x%x of %04x was changed word by word",
                 u->index, entry->index, entry->rid);
    entry->changed = 0;
}

static void look_for_halves(struct am_unit *u)
{
    if (!am_control(u, ASPEC_CTL_IOMMU_EN) || entry_bytes(u) != 16 || u->irte_count == 0)
        return;
    for (size_t i = 0; i < AM_IRTES; i++) {
        if (u->irtes[i].used && can_look(u, u->irtes[i].pa))
            look_at(u, &u->irtes[i]);
    }
}

static bool is_refused(const struct am_irte_watch *watch, uint64_t words[2])
{
    am_peek_pair(watch->unit, watch->pa & ~15ull, words);
    if (entry_bytes(watch->unit) != 16) {
        words[0] = words[watch->pa >> 3 & 1] >> (watch->pa & 4) * 8 & UINT32_MAX;
        words[1] = 0;
    }
    return !watch->fn(watch->ctx, watch->rid, watch->index, words);
}

void am_irte_look(struct amdvi_model *m)
{
    const struct am_irte_watch *watch = &m->irte_watch;
    uint64_t words[2];

    for (size_t i = 0; i < m->config.unit_count; i++)
        look_for_halves(&m->units[i]);
    if (watch->unit != NULL && can_look(watch->unit, watch->pa & ~15ull) &&
        is_refused(watch, words))
        am_violation(m, "amdvi%u: interrupt entry 0x%x of %04x seen as %016llx %016llx",
                     watch->unit->index, watch->index, watch->rid, (unsigned long long)words[0],
                     (unsigned long long)words[1]);
}

void amdvi_model_watch_irte(struct amdvi_model *m, unsigned unit, uint16_t rid, uint32_t index,
                            amdvi_model_irte_fn *fn, void *ctx)
{
    struct am_irte_watch watch = { .rid = rid, .index = index, .fn = fn, .ctx = ctx };
    uint64_t words[4], pa;

    am_lock(m);
    if (fn != NULL) {
        watch.unit = am_unit(m, unit);
        if (am_entry_fetch(watch.unit, rid, words, &pa) != AM_ENTRY_READ || !is_remapped(words))
            abort();
        watch.pa = root_of(words) + index * entry_bytes(watch.unit);
    }
    m->irte_watch = watch;
    am_unlock(m);
}

void am_irte_checker(struct amdvi_model *m)
{
    const struct am_irte_watch watch = m->irte_watch;
    uint64_t words[2];

    while (!__atomic_load_n(&m->checker_ends, __ATOMIC_RELAXED)) {
        m->checker_refused += is_refused(&watch, words);
        __atomic_add_fetch(&m->checker_looks, 1, __ATOMIC_RELAXED);
    }
}

/* ---- the tables' memory ---- */

static bool overlaps(uint64_t pa, uint64_t start, uint64_t len)
{
    return pa + AM_PAGE > start && pa < start + len;
}

/* What a unit still knows of is not free, even if the device table says otherwise by now. */
static void check_freed(struct am_unit *u, uint64_t pa)
{
    for (size_t i = 0; i < AM_ENTRIES; i++) {
        const struct am_entry *entry = &u->entries[i];

        if (entry->used && is_remapped(entry->words) &&
            overlaps(pa, root_of(entry->words), table_bytes(u, entry->words)))
            am_violation(u->model, "amdvi%u: page 0x%llx is freed, the interrupt table of %04x",
                         u->index, (unsigned long long)pa, entry->rid);
    }
    for (size_t i = 0; i < AM_IRTES; i++) {
        const struct am_irte *entry = &u->irtes[i];

        if (entry->used && overlaps(pa, entry->pa, entry_bytes(u)))
            am_violation(u->model,
                         "amdvi%u: page 0x%llx is freed, whence interrupt entry 0x%x of %04x is "
                         "cached",
                         u->index, (unsigned long long)pa, entry->index, entry->rid);
    }
}

void am_interrupt_table_freed(struct amdvi_model *m, uint64_t pa)
{
    for (size_t i = 0; i < m->config.unit_count; i++) {
        if (am_control(&m->units[i], ASPEC_CTL_IOMMU_EN))
            check_freed(&m->units[i], pa);
    }
}
