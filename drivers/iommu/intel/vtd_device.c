/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Root and context tables of legacy mode (VT-d §3.4.2, §9.1, §9.3). An entry
 * that nobody attached is not present: its device is blocked (fault 2h), and a
 * bus without devices has no context table (fault 1h).
 *
 * An entry that is present is taken away and flushed before a new one is
 * written: a device that moves between domains is refused in between. The
 * alternative, one 16-byte store, needs CMPXCHG16B of every embedder.
 */
#include "intel/vtd.h"

enum iommu_status vtd_tables_create(struct vtd_unit *unit)
{
    unit->root = unit->base.platform->page_alloc(unit->base.ctx, 1, iommu_unit_limit(&unit->base));
    if (unit->root == NULL)
        return IOMMU_ERR_NOMEM;
    vtd_write_back(unit, unit->root, IOMMU_PAGE);
    return IOMMU_OK;
}

static struct vtd_context_entry *context_table(const struct vtd_unit *unit, unsigned bus)
{
    uint64_t lo = unit->root[bus].lo;

    return lo & VTD_ROOT_P ? iommu_at(unit->base.platform, lo & VTD_ROOT_CTP) : NULL;
}

void vtd_tables_destroy(struct vtd_unit *unit)
{
    if (unit->root == NULL)
        return;
    for (unsigned bus = 0; bus < VTD_ROOT_ENTRIES; bus++) {
        struct vtd_context_entry *table = context_table(unit, bus);

        if (table != NULL)
            unit->base.platform->page_free(unit->base.ctx, table, 1);
    }
    unit->base.platform->page_free(unit->base.ctx, unit->root, 1);
    unit->root = NULL;
}

static struct vtd_context_entry *entry_of(const struct vtd_unit *unit, uint16_t rid)
{
    struct vtd_context_entry *table = context_table(unit, rid >> 8);

    return table == NULL ? NULL : &table[rid % VTD_CONTEXT_ENTRIES];
}

/* Links a context table of nothing but absent entries. */
static enum iommu_status make_table(struct vtd_unit *unit, unsigned bus)
{
    const struct iommu_platform *platform = unit->base.platform;
    struct vtd_context_entry *table;

    if (context_table(unit, bus) != NULL)
        return IOMMU_OK;
    table = platform->page_alloc(unit->base.ctx, 1, iommu_unit_limit(&unit->base));
    if (table == NULL)
        return IOMMU_ERR_NOMEM;
    vtd_write_back(unit, table, IOMMU_PAGE);
    platform->dma_write_barrier(unit->base.ctx);
    __atomic_store_n(&unit->root[bus].lo, iommu_pa(platform, table) | VTD_ROOT_P, __ATOMIC_RELAXED);
    vtd_write_back(unit, &unit->root[bus], sizeof(unit->root[bus]));
    unit->root_changed = true;
    return IOMMU_OK;
}

/*
 * Makes value the entry hardware sees at *live, which must be absent (P = 0).
 * The word that holds P is stored last: a walk never sees half of it.
 */
static void context_publish(struct vtd_unit *unit, struct vtd_context_entry *live,
                            struct vtd_context_entry value)
{
    __atomic_store_n(&live->hi, value.hi, __ATOMIC_RELAXED);
    unit->base.platform->dma_write_barrier(unit->base.ctx);
    __atomic_store_n(&live->lo, value.lo, __ATOMIC_RELAXED);
    vtd_write_back(unit, live, sizeof(*live));
}

/* Takes P away; the rest follows when no walk can be in the entry any more. */
static void context_clear(struct vtd_unit *unit, struct vtd_context_entry *live, uint64_t lo)
{
    __atomic_store_n(&live->lo, lo, __ATOMIC_RELAXED);
    vtd_write_back(unit, live, sizeof(*live));
}

static struct vtd_context_entry context_value(const struct vtd_unit *unit, const struct iommu_entry *entry)
{
    /* AW of a pass-through entry is the largest the unit supports (VT-d §9.3). */
    unsigned levels = 31 - (unsigned)__builtin_clz(unit->base.level_mask);
    struct vtd_context_entry value = { .lo = VTD_CONTEXT_P };

    if (entry->kind == IOMMU_ENTRY_PASS_THROUGH) {
        value.lo |= field_make(VTD_CONTEXT_TT, VTD_TT_PASS_THROUGH);
    } else {
        value.lo |= entry->root_pa | field_make(VTD_CONTEXT_TT, VTD_TT_UNTRANSLATED);
        levels = entry->levels;
    }
    value.hi = field_make(VTD_CONTEXT_AW, VTD_AW_OF_LEVELS(levels)) |
               field_make(VTD_CONTEXT_DID, entry->domain_id);
    return value;
}

/* Context cache of each requester id, then the IOTLB of the domain id (VT-d §6.5.3.3). */
static enum iommu_status flush_entries(struct vtd_unit *unit, const uint16_t *rids, size_t count,
                                       uint32_t context_id, uint32_t iotlb_id)
{
    struct vtd_descriptor batch[IOMMU_DEVICE_RIDS + 1];
    uint32_t used = 0;

    for (size_t i = 0; i < count; i++)
        batch[used++] = vtd_context_device(rids[i], context_id);
    batch[used++] = vtd_iotlb_domain(unit, iotlb_id);
    return vtd_invalidate(unit, batch, used);
}

static bool present(const struct iommu_entry *entry)
{
    return entry->kind == IOMMU_ENTRY_TRANSLATED || entry->kind == IOMMU_ENTRY_PASS_THROUGH;
}

static void clear_entries(struct vtd_unit *unit, const uint16_t *rids, size_t count, uint64_t lo)
{
    for (size_t i = 0; i < count; i++)
        context_clear(unit, entry_of(unit, rids[i]), lo);
}

/* An absent entry stays absent: it may be cached too, and with it whether its faults are reported. */
__attribute__((cold, noinline)) static enum iommu_status
flush_absent(struct vtd_unit *unit, const struct iommu_entry *old, uint64_t lo)
{
    if ((old->kind == IOMMU_ENTRY_FENCED) == (lo != 0) || !(unit->cap & VTD_CAP_CM))
        return IOMMU_OK;
    return vtd_invalidate_all(unit);
}

static enum iommu_status clear_and_flush(struct vtd_unit *unit, const uint16_t *rids, size_t count,
                                         const struct iommu_entry *old, uint64_t lo)
{
    clear_entries(unit, rids, count, lo);
    if (!unit->has_tables)
        return IOMMU_OK;
    if (old->kind == IOMMU_ENTRY_UNKNOWN)
        return vtd_invalidate_all(unit);
    if (!present(old))
        return flush_absent(unit, old, lo);
    return flush_entries(unit, rids, count, old->domain_id, old->domain_id);
}

/*
 * Entries became present. With caching mode the absent entry may be cached,
 * tagged with domain id 0 (VT-d §6.1); a new root entry may be cached for
 * every device of its bus.
 */
static enum iommu_status flush_present_entries(struct vtd_unit *unit, const uint16_t *rids, size_t count,
                                               uint32_t domain_id)
{
    if (!unit->has_tables)
        return IOMMU_OK;
    if (!(unit->cap & VTD_CAP_CM))
        return vtd_flush_write_buffers(unit);
    if (unit->root_changed) {
        unit->root_changed = false;
        return vtd_invalidate_all(unit);
    }
    return flush_entries(unit, rids, count, 0, domain_id);
}

enum iommu_status vtd_set_device(struct iommu_unit *base, const uint16_t *rids, size_t count,
                                 const struct iommu_entry *old, const struct iommu_entry *next)
{
    struct vtd_unit *unit = vtd_unit_of(base);
    uint64_t absent = next->kind == IOMMU_ENTRY_FENCED ? VTD_CONTEXT_FPD : 0;
    enum iommu_status status;

    if (unit->root == NULL)
        return IOMMU_ERR_FENCED;
    for (size_t i = 0; i < count; i++) {
        status = make_table(unit, rids[i] >> 8);
        if (status != IOMMU_OK)
            return status;
    }
    if (old->kind != IOMMU_ENTRY_BLOCKED || !present(next)) {
        status = clear_and_flush(unit, rids, count, old, absent);
        if (status != IOMMU_OK || !present(next))
            return status;
    }
    for (size_t i = 0; i < count; i++)
        context_publish(unit, entry_of(unit, rids[i]), context_value(unit, next));
    status = flush_present_entries(unit, rids, count, next->domain_id);
    /* The unit has been fenced: it takes no flush of what it has seen meanwhile either. */
    if (status != IOMMU_OK)
        clear_entries(unit, rids, count, 0);
    return status;
}

enum iommu_entry_kind vtd_device_state(struct iommu_unit *base, uint16_t rid)
{
    struct vtd_unit *unit = vtd_unit_of(base);
    const struct vtd_context_entry *entry = unit->root == NULL ? NULL : entry_of(unit, rid);

    if (entry == NULL || !(entry->lo & VTD_CONTEXT_P))
        return entry != NULL && (entry->lo & VTD_CONTEXT_FPD) ? IOMMU_ENTRY_FENCED : IOMMU_ENTRY_BLOCKED;
    if (field_get(entry->lo, VTD_CONTEXT_TT) == VTD_TT_PASS_THROUGH)
        return IOMMU_ENTRY_PASS_THROUGH;
    return IOMMU_ENTRY_TRANSLATED;
}
