/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an address to a page: host tables with skipped levels and encoded page
 * sizes (AMD-Vi §2.2.3), guest tables behind a GCR3 table (§2.2.6), with the
 * caches of amdvi_model_cache.c in between.
 */
#include <stddef.h>

#include "amdvi_model_private.h"

#define HOST_TOP 6u
#define BAD_SHIFT 39u /* hardware mistranslates 512 GiB pages; nobody uses them */
#define PASID_BITS 9u
#define TABLE_MASK 511u

/* A walk under way: the table to be read next and what led there. */
struct walker {
    struct am_unit *u;
    const uint64_t *entry;
    const struct am_space *space;
    const struct am_request *request;
    uint64_t iova;
    unsigned level;
    uint64_t table;
    unsigned perm;
};

static bool caches_absent(const struct am_unit *u)
{
    return (u->config->header & ASPEC_CAPH_NP_CACHE) != 0;
}

static struct am_walk fault(bool present, bool reserved)
{
    return (
        struct am_walk) { .code = ASPEC_EV_PAGE_FAULT, .present = present, .reserved = reserved };
}

static struct am_walk absent(const struct walker *w)
{
    struct am_directory directory = { .absent = true, .space = *w->space, .level = w->level };
    struct am_translation translation = { .absent = true,
                                          .rid = w->request->rid,
                                          .space = *w->space,
                                          .shift = 12,
                                          .start = w->iova & ~(uint64_t)(AM_PAGE - 1) };

    if (!caches_absent(w->u))
        return fault(false, false);
    if (w->level == 1) {
        am_translation_add(w->u, &translation);
    } else {
        directory.prefix = w->level == 0 ? 0 : w->iova >> am_level_shift(w->level);
        am_directory_add(w->u, &directory);
    }
    return fault(false, false);
}

static bool read_entry(const struct walker *w, uint64_t pa, uint64_t *value, struct am_walk *failed)
{
    if (am_fetch(w->u, pa, value))
        return true;
    *failed = (struct am_walk){ .code = ASPEC_EV_PAGE_TAB_ERROR, .at = pa };
    return false;
}

/* Bits from one shift up to, not including, another one. */
static uint64_t bits_between(unsigned from, unsigned to)
{
    uint64_t below_to = to >= 64 ? ~0ull : BIT_SPEC(to) - 1;

    return from >= 64 ? 0 : below_to & ~(BIT_SPEC(from) - 1);
}

static void descend(struct walker *w, uint64_t table, unsigned next)
{
    am_directory_add(w->u, &(struct am_directory){ .space = *w->space,
                                                    .level = w->level,
                                                    .next = next,
                                                    .prefix = w->iova >> am_level_shift(w->level),
                                                    .table = table,
                                                    .perm = w->perm });
    w->table = table;
    w->level = next;
}

/* Address bits of levels that an entry of the level skips must be zero. */
static bool skips_set_bits(const struct walker *w, unsigned level, unsigned next)
{
    return (w->iova & bits_between(am_level_shift(next + 1), am_level_shift(level))) != 0;
}

/* Goes on from the cached entry nearest to the page; false: it decides, and found says what. */
static bool resume(struct walker *w, struct am_walk *found)
{
    for (unsigned level = 2; level <= w->level; level++) {
        const struct am_directory *cached = am_directory_find(w->u, w->space, w->iova, level);

        if (cached == NULL)
            continue;
        *found = fault(!cached->absent, false);
        if (cached->absent || skips_set_bits(w, level, cached->next))
            return false;
        w->table = cached->table;
        w->perm = cached->perm;
        w->level = cached->next;
        return true;
    }
    return true;
}

static void remember(const struct walker *w, const struct am_walk *found)
{
    am_translation_add(w->u,
                       &(struct am_translation){ .rid = w->request->rid,
                                                  .space = *w->space,
                                                  .start = w->iova & ~bits_between(0, found->shift),
                                                  .pa = found->pa,
                                                  .shift = found->shift,
                                                  .perm = found->perm,
                                                  .leaf = found->leaf });
}

/* ---- host tables ---- */

/* NextLevel 7: the lowest zero from bit 12 up, plus one. */
static unsigned encoded_shift(uint64_t entry)
{
    unsigned shift = 12;

    while (shift < 52 && ((entry >> shift) & 1) != 0)
        shift++;
    return shift + 1;
}

/* All entries that one page takes must be the same, but for A and D; those that are not there yet,
 * or no more, are not. */
static void check_copies(const struct walker *w, uint64_t pa, uint64_t entry, unsigned shift)
{
    uint64_t bytes = BIT_SPEC(shift - am_level_shift(w->level)) * sizeof(entry), other;
    const uint64_t free_bits = ASPEC_PT_A | ASPEC_PT_D | ASPEC_PT_IGNORED;

    for (uint64_t at = pa & ~(bytes - 1); at < (pa & ~(bytes - 1)) + bytes; at += sizeof(entry)) {
        if (!am_fetch(w->u, at, &other) || (other & ASPEC_PT_PR) == 0 ||
            ((other ^ entry) & ~free_bits) == 0)
            continue;
        am_violation(w->u->model,
                     "amdvi%u: copies of one page differ: 0x%llx at 0x%llx, 0x%llx at 0x%llx",
                     w->u->index, (unsigned long long)entry, (unsigned long long)pa,
                     (unsigned long long)other, (unsigned long long)at);
        return;
    }
}

static struct am_walk host_leaf(const struct walker *w, uint64_t pa, uint64_t entry)
{
    unsigned shift = am_level_shift(w->level), natural = shift;
    struct am_walk found = { .perm = w->perm, .leaf = pa };

    if ((entry & ASPEC_PTE_RESERVED) != 0)
        return fault(true, true);
    if (w->level == HOST_TOP)
        return fault(true, false);
    if (spec_get(entry, ASPEC_PT_NEXT) == ASPEC_NEXT_SIZED) {
        shift = encoded_shift(entry);
        if (shift <= natural || shift >= am_level_shift(w->level + 1))
            return fault(true, false);
        check_copies(w, pa, entry, shift);
    } else if ((entry & ASPEC_PT_ADDR & bits_between(0, shift)) != 0) {
        am_violation(w->u->model, "amdvi%u: page of 2^%u bytes at 0x%llx is not aligned",
                     w->u->index, shift, (unsigned long long)(entry & ASPEC_PT_ADDR));
    }
    if (shift == BAD_SHIFT)
        am_violation(w->u->model, "amdvi%u: page of 512 GiB at 0x%llx", w->u->index,
                     (unsigned long long)pa);
    found.shift = shift;
    found.pa = entry & ASPEC_PT_ADDR & ~bits_between(0, shift);
    remember(w, &found);
    return found;
}

static struct am_walk host_walk(struct walker *w)
{
    struct am_walk failed;
    uint64_t entry;

    for (;;) {
        uint64_t pa =
            w->table + ((w->iova >> am_level_shift(w->level)) & TABLE_MASK) * sizeof(entry);
        unsigned next;

        if (!read_entry(w, pa, &entry, &failed))
            return failed;
        if ((entry & ASPEC_PT_PR) == 0)
            return absent(w);
        w->perm &= (entry & ASPEC_PT_IR ? AM_PERM_R : 0) | (entry & ASPEC_PT_IW ? AM_PERM_W : 0);
        next = (unsigned)spec_get(entry, ASPEC_PT_NEXT);
        if (next == 0 || next == ASPEC_NEXT_SIZED)
            return host_leaf(w, pa, entry);
        if ((entry & ASPEC_PDE_RESERVED) != 0)
            return fault(true, true);
        if (next >= w->level)
            return fault(true, false);
        if (skips_set_bits(w, w->level, next))
            return fault(true, false);
        descend(w, entry & ASPEC_PT_ADDR, next);
    }
}

static struct am_walk host(struct walker *w)
{
    unsigned mode = (unsigned)spec_get(w->entry[0], ASPEC_DTE_MODE);
    struct am_walk found;

    w->level = mode;
    w->table = w->entry[0] & ASPEC_DTE_ROOT;
    if (mode < HOST_TOP && w->iova >> am_level_shift(mode + 1) != 0)
        return fault(false, false);
    return resume(w, &found) ? host_walk(w) : found;
}

/* ---- guest tables ---- */

static uint64_t gcr3_root(const uint64_t entry[4])
{
    return spec_get(entry[0], ASPEC_DTE_GCR3_14_12) << 12 |
           spec_get(entry[1], ASPEC_DTE_GCR3_30_15) << 15 |
           spec_get(entry[1], ASPEC_DTE_GCR3_51_31) << 31;
}

/* The root that the GCR3 table has for the PASID; true: found, in w->table. */
static bool gcr3_walk(struct walker *w, struct am_walk *failed)
{
    unsigned glx = (unsigned)spec_get(w->entry[0], ASPEC_DTE_GLX);
    const struct am_directory *cached = am_directory_find(w->u, w->space, 0, 0);
    uint64_t entry;

    *failed = fault(false, false);
    w->table = gcr3_root(w->entry);
    if (cached != NULL) {
        w->table = cached->table;
        return !cached->absent;
    }
    if (w->space->pasid >> (PASID_BITS * (glx + 1)) != 0)
        return false;
    for (unsigned level = glx + 1; level-- > 0;) {
        uint64_t index = (w->space->pasid >> (PASID_BITS * level)) & TABLE_MASK;

        if (!read_entry(w, w->table + index * sizeof(entry), &entry, failed))
            return false;
        w->level = 0;
        if ((entry & ASPEC_GCR3_V) == 0) {
            *failed = absent(w);
            return false;
        }
        w->table = entry & ASPEC_GCR3_ADDR;
    }
    am_directory_add(w->u, &(struct am_directory){ .space = *w->space, .table = w->table });
    return true;
}

/* Without PASID addresses are not sign-extended; others are canonical. */
static bool is_in_width(const struct walker *w, unsigned levels)
{
    unsigned width = 12 + 9 * levels;

    if (!w->request->has_pasid)
        return w->iova >> width == 0;
    return (uint64_t)((int64_t)(w->iova << (64 - width)) >> (64 - width)) == w->iova;
}

static uint64_t guest_reserved(const struct walker *w, uint64_t entry, bool leaf)
{
    uint64_t reserved = ASPEC_V2_ADDR & ~(BIT_SPEC(w->u->model->config.host_bits) - 1);

    if (w->level > 3)
        reserved |= ASPEC_V2_PS;
    if (leaf && w->level > 1) /* bit 12 is PAT there */
        reserved |= bits_between(13, am_level_shift(w->level));
    if (am_efr(w->u, ASPEC_EFR_NX_SUP) == 0)
        reserved |= ASPEC_V2_NX;
    return entry & reserved;
}

static struct am_walk guest_leaf(const struct walker *w, uint64_t pa, uint64_t entry)
{
    struct am_walk found = { .perm = w->perm, .leaf = pa, .shift = am_level_shift(w->level) };

    found.pa = entry & ASPEC_V2_ADDR & ~bits_between(0, found.shift);
    remember(w, &found);
    return found;
}

static struct am_walk guest_walk(struct walker *w)
{
    struct am_walk failed;
    uint64_t entry;

    for (;;) {
        uint64_t pa =
            w->table + ((w->iova >> am_level_shift(w->level)) & TABLE_MASK) * sizeof(entry);
        bool leaf;

        if (!read_entry(w, pa, &entry, &failed))
            return failed;
        if ((entry & ASPEC_V2_P) == 0)
            return absent(w);
        leaf = w->level == 1 || (w->level <= 3 && (entry & ASPEC_V2_PS) != 0);
        if (guest_reserved(w, entry, leaf) != 0)
            return fault(true, true);
        if ((entry & ASPEC_V2_RW) == 0)
            w->perm &= ~AM_PERM_W;
        /* Requests of devices are the user's (US = 1). */
        if (am_efr(w->u, ASPEC_EFR_US_SUP) != 0 && (entry & ASPEC_V2_US) == 0)
            w->perm = 0;
        if (leaf)
            return guest_leaf(w, pa, entry);
        descend(w, entry & ASPEC_V2_ADDR, w->level - 1);
    }
}

static struct am_walk guest(struct walker *w)
{
    unsigned levels = 4 + (unsigned)spec_get(w->entry[2], ASPEC_DTE_GUEST_PAGING);
    struct am_walk failed;

    if (spec_get(w->entry[0], ASPEC_DTE_MODE) != 0)
        am_violation(w->u->model, "amdvi%u: nested translation of %04x, which the model has not",
                     w->u->index, w->request->rid);
    if (!is_in_width(w, levels))
        return fault(false, false);
    if (!gcr3_walk(w, &failed))
        return failed;
    w->level = levels;
    return resume(w, &failed) ? guest_walk(w) : failed;
}

/* ---- A and D ---- */

/* Set by the unit in the entry that maps the page, unless it is gone meanwhile. */
static void mark(struct walker *w, uint64_t leaf)
{
    bool writes = w->request->access != AMDVI_MODEL_READ;
    uint64_t had = spec_get(w->entry[0], ASPEC_DTE_HAD), wanted, entry;

    if (w->space->guest)
        wanted = ASPEC_V2_A | (writes ? ASPEC_V2_D : 0);
    else
        wanted = (had != 0 ? ASPEC_PT_A : 0) | (had == 3 && writes ? ASPEC_PT_D : 0);
    if (wanted == 0 || w->request->quiet || am_page_state(w->u->model, leaf) == AM_FREED)
        return;
    if (am_fetch(w->u, leaf, &entry) && (entry & ASPEC_PT_PR) != 0 && (entry & wanted) != wanted)
        am_set_bits(w->u, leaf, wanted);
}

struct am_walk am_walk(struct am_unit *u, const uint64_t entry[4], const struct am_space *space,
                       const struct am_request *request)
{
    struct walker w = { .u = u,
                        .entry = entry,
                        .space = space,
                        .request = request,
                        .iova = request->iova,
                        .perm = AM_PERM_R | AM_PERM_W };
    const struct am_translation *cached = am_translation_find(u, space, w.iova);
    struct am_walk found;

    if (cached != NULL) {
        u->stats.tlb_hits += !request->quiet;
        if (cached->absent)
            return fault(false, false);
        found = (struct am_walk){
            .pa = cached->pa, .shift = cached->shift, .perm = cached->perm, .leaf = cached->leaf
        };
    } else {
        u->stats.walks++;
        found = space->guest ? guest(&w) : host(&w);
    }
    if (found.code == 0)
        mark(&w, found.leaf);
    return found;
}
