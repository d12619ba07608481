/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Context cache, IOTLB and paging-structure caches (VT-d §6.2) and what each
 * invalidation drops (§6.5.1, Table 23). Nothing is dropped for another
 * reason but want of room; no more is dropped than was asked for.
 *
 * With speculate the devices are taken to go on with what they did: what an
 * invalidation drops is fetched again before the next thing happens, through
 * whatever is still cached. Software that invalidates before the memory holds
 * the new entry, or in the wrong order, is left with the old one.
 */
#include <stdlib.h>
#include <string.h>

#include "vtd_model_private.h"

/* The unit compares only as many bits of a domain id as ND says. */
uint64_t vm_domain_mask(const struct vm_unit *u)
{
    return BIT_SPEC(4 + 2 * vm_cap(u, SPEC_CAP_ND)) - 1;
}

const struct vm_context *vm_context_find(struct vm_unit *u, uint16_t rid)
{
    for (size_t i = 0; i < VM_CONTEXTS; i++) {
        if (u->contexts[i].used && u->contexts[i].rid == rid)
            return &u->contexts[i];
    }
    return NULL;
}

/* §6.2.2.1: one domain id, one table. */
static void check_domain_is_one_table(struct vm_unit *u, const struct vm_context *entry)
{
    const uint64_t same_lo = SPEC_CONTEXT_SSPTPTR;

    for (size_t i = 0; i < VM_CONTEXTS; i++) {
        const struct vm_context *other = &u->contexts[i];
        bool pass = spec_get(entry->lo, SPEC_CONTEXT_TT) == SPEC_TT_PASS;

        if (!other->used || other->reason != 0 || other->did != entry->did)
            continue;
        if (pass && spec_get(other->lo, SPEC_CONTEXT_TT) == SPEC_TT_PASS)
            continue;
        if (((other->lo ^ entry->lo) & same_lo) != 0 || ((other->hi ^ entry->hi) & SPEC_CONTEXT_HI_AW) != 0)
            vm_violation(u->model, "vtd%u: domain %u of %04x and %04x names two tables (VT-d 6.2.2.1)", u->index,
                         entry->did, other->rid, entry->rid);
    }
}

const struct vm_context *vm_context_add(struct vm_unit *u, const struct vm_context *entry)
{
    struct vm_context *slot = &u->contexts[u->context_next++ % VM_CONTEXTS];

    if (entry->reason == 0)
        check_domain_is_one_table(u, entry);
    *slot = *entry;
    slot->used = true;
    return slot;
}

const struct vm_translation *vm_iotlb_find(struct vm_unit *u, uint16_t rid, uint64_t iova)
{
    for (size_t i = 0; i < VM_IOTLB; i++) {
        const struct vm_translation *entry = &u->iotlb_cache[i];

        if (entry->used && entry->rid == rid && entry->iova == iova)
            return entry;
    }
    return NULL;
}

void vm_iotlb_add(struct vm_unit *u, const struct vm_translation *entry)
{
    struct vm_translation *slot = &u->iotlb_cache[u->iotlb_next++ % VM_IOTLB];

    *slot = *entry;
    slot->used = true;
}

const struct vm_paging *vm_paging_find(struct vm_unit *u, uint16_t did, uint64_t iova, unsigned top_level)
{
    for (unsigned level = 1; level <= top_level; level++) {
        for (size_t i = 0; i < VM_PAGING; i++) {
            const struct vm_paging *entry = &u->paging[i];

            if (entry->used && entry->did == did && entry->level == level &&
                entry->prefix == iova >> vm_level_shift(level))
                return entry;
        }
    }
    return NULL;
}

void vm_paging_add(struct vm_unit *u, const struct vm_paging *entry)
{
    struct vm_paging *slot = &u->paging[u->paging_next++ % VM_PAGING];

    *slot = *entry;
    slot->used = true;
}

/* ---- what was dropped, to be fetched again ---- */

struct wanted {
    uint16_t rid;
    uint64_t iova;
};

static void fetch_again(struct vm_unit *u, const struct wanted *wanted, size_t count)
{
    if (!u->config->speculate || !vm_status(u, SPEC_GCMD_TE))
        return;
    for (size_t i = 0; i < count; i++) {
        struct vm_request request = { .rid = wanted[i].rid, .iova = wanted[i].iova };

        (void)vm_translate(u, &request);
    }
}

/* §11.4.6.1: FM masks bit 2, bits 2:1 or bits 2:0 of the source id. */
static uint16_t source_mask(unsigned function_mask)
{
    static const uint16_t masked[4] = { 0, 4, 6, 7 };

    return (uint16_t)~masked[function_mask & 3];
}

void vm_invalidate_context(struct vm_unit *u, unsigned granularity, uint16_t did, uint16_t rid, unsigned function_mask)
{
    struct wanted wanted[VM_CONTEXTS];
    uint16_t mask = source_mask(function_mask);
    size_t count = 0;

    did &= (uint16_t)vm_domain_mask(u);
    u->stats.context_global += granularity == SPEC_G_GLOBAL;
    u->stats.context_domain += granularity == SPEC_G_DOMAIN;
    u->stats.context_device += granularity == SPEC_G_SELECTIVE;
    for (size_t i = 0; i < VM_CONTEXTS; i++) {
        struct vm_context *entry = &u->contexts[i];

        if (!entry->used || (granularity != SPEC_G_GLOBAL && entry->did != did))
            continue;
        if (granularity == SPEC_G_SELECTIVE && ((entry->rid ^ rid) & mask) != 0)
            continue;
        entry->used = false;
        wanted[count++] = (struct wanted){ entry->rid, 0 };
    }
    if (granularity == SPEC_G_GLOBAL)
        u->stale_contexts = false;
    fetch_again(u, wanted, count);
}

/*
 * A large page is held as one translation: what does not cover it does not
 * drop it (§6.5.2.3, AM).
 */
static bool translation_matches(const struct vm_translation *entry, unsigned granularity, uint16_t did,
                                uint64_t start, uint64_t mask)
{
    uint64_t size = BIT_SPEC(entry->shift > 12 ? entry->shift : 12), first = entry->iova & ~(size - 1);

    if (granularity == SPEC_G_GLOBAL)
        return true;
    if (entry->did != did || granularity == SPEC_G_DOMAIN)
        return entry->did == did;
    return (first & mask) == start && ((first + size - 1) & mask) == start;
}

static bool paging_matches(const struct vm_paging *entry, unsigned granularity, uint16_t did, uint64_t start,
                           uint64_t mask, bool hint)
{
    uint64_t covered = ~(BIT_SPEC(vm_level_shift(entry->level)) - 1);
    uint64_t entry_start = entry->prefix << vm_level_shift(entry->level);

    if (granularity == SPEC_G_GLOBAL)
        return true;
    if (entry->did != did)
        return false;
    if (granularity == SPEC_G_DOMAIN)
        return true;
    return !hint && ((entry_start ^ start) & mask & covered) == 0;
}

void vm_invalidate_iotlb(struct vm_unit *u, unsigned granularity, uint16_t did, uint64_t addr, unsigned am, bool hint)
{
    struct wanted *wanted = malloc(VM_IOTLB * sizeof(*wanted));
    /* Bits 63:MGAW of the address are ignored (§6.5.2.3). */
    uint64_t mask = ~(((uint64_t)VM_PAGE << am) - 1) & ((BIT_SPEC(vm_cap(u, SPEC_CAP_MGAW)) << 1) - 1);
    uint64_t start = addr & mask;
    size_t count = 0;

    if (wanted == NULL)
        abort();
    did &= (uint16_t)vm_domain_mask(u);
    u->stats.iotlb_global += granularity == SPEC_G_GLOBAL;
    u->stats.iotlb_domain += granularity == SPEC_G_DOMAIN;
    u->stats.iotlb_page += granularity == SPEC_G_SELECTIVE;
    for (size_t i = 0; i < VM_IOTLB; i++) {
        struct vm_translation *entry = &u->iotlb_cache[i];

        if (!entry->used || !translation_matches(entry, granularity, did, start, mask))
            continue;
        entry->used = false;
        wanted[count++] = (struct wanted){ entry->rid, entry->iova };
    }
    for (size_t i = 0; i < VM_PAGING; i++) {
        if (u->paging[i].used && paging_matches(&u->paging[i], granularity, did, start, mask, hint))
            u->paging[i].used = false;
    }
    /* The order counts: contexts first (§6.6). */
    if (granularity == SPEC_G_GLOBAL && !u->stale_contexts)
        u->stale_iotlb = false;
    fetch_again(u, wanted, count);
    free(wanted);
}

void vm_invalidate_all(struct vm_unit *u)
{
    memset(u->contexts, 0, sizeof(u->contexts));
    memset(u->iotlb_cache, 0, sizeof(u->iotlb_cache));
    memset(u->paging, 0, sizeof(u->paging));
}
