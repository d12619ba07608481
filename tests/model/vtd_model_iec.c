/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt entry cache (VT-d §6.4) and what invalidations drop of it
 * (§6.5.2.8). As with translations nothing is dropped for another reason but
 * want of room, and with speculate what was dropped is fetched again at once.
 * Beside it: who changes live entries by halves, or frees their table.
 */
#include <stdlib.h>
#include <string.h>

#include "vtd_model_private.h"

uint32_t vm_irte_limit(const struct vm_unit *u)
{
    return 2u << spec_get(u->interrupt_root, SPEC_IRTA_S);
}

static uint64_t pa_of(const struct vm_unit *u, uint32_t index)
{
    return (u->interrupt_root & SPEC_IRTA_IRTA) + (uint64_t)index * SPEC_IRTE_BYTES;
}

/* ---- the cache ---- */

static struct vm_irte *find(struct vm_unit *u, uint32_t index)
{
    for (size_t i = 0; i < VM_IRTES && u->irte_count != 0; i++) {
        if (u->irtes[i].used && u->irtes[i].index == index)
            return &u->irtes[i];
    }
    return NULL;
}

static void add(struct vm_unit *u, uint32_t index, uint16_t rid, const uint64_t words[2])
{
    struct vm_irte *slot = &u->irtes[u->irte_next++ % VM_IRTES];

    u->irte_count += !slot->used;
    *slot = (struct vm_irte) { .used = true, .rid = rid, .index = index };
    memcpy(slot->words, words, sizeof(slot->words));
    memcpy(slot->seen, words, sizeof(slot->seen));
}

/* What faults is cached with CM = 1 only (§6.4). */
static unsigned fetch(struct vm_unit *u, uint32_t index, uint16_t rid, uint64_t words[2])
{
    uint64_t pa = pa_of(u, index);

    u->stats.interrupt_walks++;
    if (pa >> u->model->config.host_bits != 0)
        return SPEC_FR_IR_INDEX;
    if (!vm_fetch_pair(u, pa, words))
        return SPEC_FR_IR_ACCESS;
    if (vm_irte_fault(u, words, rid) == 0 || vm_cap(u, SPEC_CAP_CM) != 0)
        add(u, index, rid, words);
    return 0;
}

unsigned vm_irte_get(struct vm_unit *u, uint32_t index, uint16_t rid, uint64_t words[2])
{
    const struct vm_irte *cached = find(u, index);

    if (cached == NULL)
        return fetch(u, index, rid, words);
    u->stats.interrupt_hits++;
    memcpy(words, cached->words, sizeof(cached->words));
    return 0;
}

void vm_irte_forget(struct vm_unit *u, uint32_t index)
{
    struct vm_irte *entry = find(u, index);

    if (entry == NULL || vm_cap(u, SPEC_CAP_CM) != 0)
        return;
    entry->used = false;
    u->irte_count--;
}

void vm_invalidate_interrupts(struct vm_unit *u, uint32_t index, unsigned index_bits)
{
    uint32_t mask = index_bits >= 32 ? 0 : UINT32_MAX << index_bits;
    struct vm_irte *wanted = malloc(sizeof(u->irtes));
    uint64_t words[2];
    size_t count = 0;

    if (wanted == NULL)
        abort();
    for (size_t i = 0; i < VM_IRTES; i++) {
        struct vm_irte *entry = &u->irtes[i];

        if (!entry->used || ((entry->index ^ index) & mask) != 0)
            continue;
        entry->used = false;
        u->irte_count--;
        wanted[count++] = *entry;
    }
    u->stale_interrupts &= mask != 0;
    if (u->config->speculate && vm_status(u, SPEC_GCMD_IRE)) {
        for (size_t i = 0; i < count; i++) {
            if (wanted[i].index < vm_irte_limit(u))
                (void)fetch(u, wanted[i].index, wanted[i].rid, words);
        }
    }
    free(wanted);
}

void vm_invalidate_all_interrupts(struct vm_unit *u)
{
    memset(u->irtes, 0, sizeof(u->irtes));
    u->irte_count = 0;
}

/* ---- entries changed by halves ---- */

/* A change of both words at one look was one store, or nobody could have fetched between the two.
 */
static void look_at(struct vm_unit *u, struct vm_irte *entry)
{
    uint64_t now[2];
    unsigned differs;

    vm_peek_pair(u, pa_of(u, entry->index), now);
    differs = (now[0] != entry->seen[0] ? 1u : 0) | (now[1] != entry->seen[1] ? 2u : 0);
    if (differs == 0)
        return;
    memcpy(entry->seen, now, sizeof(now));
    entry->changed = (now[0] & SPEC_IRTE_P) == 0 || differs == 3 ? 0 : entry->changed | differs;
    if (entry->changed != 3)
        return;
    vm_violation(u->model, "vtd%u: live interrupt entry 0x%x was changed word by word (VT-d 5.1.4)",
                 u->index, entry->index);
    entry->changed = 0;
}

static void look_for_halves(struct vm_unit *u)
{
    if (!vm_status(u, SPEC_GCMD_IRE) || u->irte_count == 0)
        return;
    for (size_t i = 0; i < VM_IRTES; i++) {
        struct vm_irte *entry = &u->irtes[i];

        if (entry->used && entry->index < vm_irte_limit(u) &&
            vm_is_ram(u->model, pa_of(u, entry->index), SPEC_IRTE_BYTES) &&
            vm_page_state(u->model, pa_of(u, entry->index)) != VM_FREED)
            look_at(u, entry);
    }
}

void vm_irte_look(struct vtd_model *m)
{
    const struct vm_watch *watch = &m->watch;
    uint64_t words[2];

    for (size_t i = 0; i < m->config.unit_count; i++)
        look_for_halves(&m->units[i]);
    if (watch->unit == NULL || !vm_is_ram(m, pa_of(watch->unit, watch->index), SPEC_IRTE_BYTES))
        return;
    vm_peek_pair(watch->unit, pa_of(watch->unit, watch->index), words);
    if (!watch->fn(watch->ctx, watch->index, words))
        vm_violation(m, "vtd%u: interrupt entry 0x%x seen as %016llx %016llx", watch->unit->index,
                     watch->index, (unsigned long long)words[0], (unsigned long long)words[1]);
}

void vtd_model_watch_irte(struct vtd_model *m, unsigned unit, uint32_t index, vtd_model_irte_fn *fn,
                          void *ctx)
{
    vm_lock(m);
    m->watch = (struct vm_watch) {
        .unit = fn == NULL ? NULL : vm_unit(m, unit), .index = index, .fn = fn, .ctx = ctx
    };
    vm_unlock(m);
}

/* Without the model's lock: a store of the driver's is looked at between any two of its
 * instructions. */
static void *checker(void *arg)
{
    struct vtd_model *m = arg;
    const struct vm_watch watch = m->watch;
    uint64_t words[2], pa = pa_of(watch.unit, watch.index);

    while (vm_is_ram(m, pa, SPEC_IRTE_BYTES) &&
           !__atomic_load_n(&m->checker_ends, __ATOMIC_RELAXED)) {
        vm_peek_pair(watch.unit, pa, words);
        m->checker_refused += !watch.fn(watch.ctx, watch.index, words);
        __atomic_add_fetch(&m->checker_looks, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

void vtd_model_checker_start(struct vtd_model *m)
{
    if (m->watch.unit == NULL || m->checker_runs)
        abort();
    m->checker_ends = false;
    m->checker_looks = 0;
    m->checker_refused = 0;
    m->checker_runs = pthread_create(&m->checker, NULL, checker, m) == 0;
    if (!m->checker_runs)
        abort();
}

uint64_t vtd_model_checker_looks(const struct vtd_model *m)
{
    return __atomic_load_n(&m->checker_looks, __ATOMIC_RELAXED);
}

void vtd_model_checker_stop(struct vtd_model *m)
{
    __atomic_store_n(&m->checker_ends, true, __ATOMIC_RELAXED);
    pthread_join(m->checker, NULL);
    m->checker_runs = false;
    if (m->checker_refused != 0)
        vm_violation(m, "vtd: the checker refused interrupt entry 0x%x %llu times", m->watch.index,
                     (unsigned long long)m->checker_refused);
}

/* ---- the table's memory ---- */

void vm_interrupt_table_freed(struct vtd_model *m, uint64_t pa)
{
    for (size_t i = 0; i < m->config.unit_count; i++) {
        const struct vm_unit *u = &m->units[i];
        uint64_t start = pa_of(u, 0), end = pa_of(u, vm_irte_limit(u));

        if (vm_status(u, SPEC_GCMD_IRE) && pa + VM_PAGE > start && pa < end)
            vm_violation(m, "vtd%u: page 0x%llx of its interrupt table is freed while IRES is set",
                         u->index, (unsigned long long)pa);
    }
}
