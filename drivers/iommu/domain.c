/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domains: the address space, its format, what is mapped, and what must be
 * flushed where. The page tables themselves are in pt/, the devices that use
 * them in attach.c.
 */
#include "internal.h"
#include "bits.h"

/* ---- create ---- */

/* Operations on one page in a domain that the embedder may not map in, */
static uint64_t *map_no_page(struct pt_table *table, const struct iommu_mapping *m)
{
    (void)table;
    (void)m;
    return NULL;
}

static uint64_t *unmap_no_page(struct pt_table *table, uint64_t iova, uint64_t len)
{
    (void)table;
    (void)iova;
    (void)len;
    return NULL;
}

/* where there is a hole besides the interrupt range, */
static uint64_t *map_page_beside_hole(struct pt_table *table, const struct iommu_mapping *m)
{
    const struct iommu_domain *domain = (const struct iommu_domain *)table;

    if (m->iova >= domain->hole_start && m->iova < domain->hole_end)
        return NULL;
    return domain->pt->map_page(table, m);
}

/* and where addresses lead in blocked and in identity domains. */
static enum iommu_status
translate_nowhere(const struct pt_table *table, uint64_t iova, uint64_t *pa)
{
    (void)table;
    (void)iova;
    *pa = 0;
    return IOMMU_ERR_NOT_FOUND;
}

static enum iommu_status
translate_same(const struct pt_table *table, uint64_t iova, uint64_t *pa)
{
    (void)table;
    *pa = iova;
    return IOMMU_OK;
}

/* What the units of a domain's devices have in common. */
struct common {
    const struct pt_ops *pt;
    uint64_t page_sizes;
    unsigned level_mask;
    unsigned input_bits;
    unsigned output_bits;
    uint64_t hole_start, hole_end;
    bool pass_through;
    bool coherent;
};

/* One hole that takes in both; there is one kind only, so they are alike. */
static IOMMU_COLD void join_holes(struct common *c, const struct iommu_unit *unit)
{
    if (c->hole_end == 0 || unit->hole_start < c->hole_start)
        c->hole_start = unit->hole_start;
    if (unit->hole_end > c->hole_end)
        c->hole_end = unit->hole_end;
}

static enum iommu_status find_common(const struct iommu_domain_desc *desc, struct common *c)
{
    *c = (struct common){ .page_sizes = UINT64_MAX, .level_mask = UINT32_MAX, .input_bits = 64,
                          .output_bits = 64, .pass_through = true, .coherent = true };
    for (size_t i = 0; i < desc->device_count; i++) {
        const struct iommu_unit *unit = desc->devices[i]->unit;

        if (c->pt != NULL && c->pt != unit->pt)
            return IOMMU_ERR_UNSUPPORTED;
        c->pt = unit->pt;
        c->page_sizes &= unit->page_sizes;
        c->level_mask &= unit->level_mask;
        if (unit->input_bits < c->input_bits)
            c->input_bits = unit->input_bits;
        if (unit->output_bits < c->output_bits)
            c->output_bits = unit->output_bits;
        c->pass_through = c->pass_through && unit->pass_through;
        c->coherent = c->coherent && unit->coherent;
        if (__builtin_expect(unit->hole_end != 0, 0))
            join_holes(c, unit);
    }
    return IOMMU_OK;
}

static unsigned level_bits(unsigned levels)
{
    return levels >= 6 ? 64 : 12 + 9 * levels;
}

/* Trees that grow begin with this many, (AMD-Vi §2.2.3). */
#define FIRST_LEVELS 3u

/*
 * The fewest levels that have the width asked for; where nothing was, those a
 * tree that grows may come to have. 0: too wide.
 */
static IOMMU_COLD unsigned search_levels(const struct common *c, unsigned wanted)
{
    unsigned widest = 0;

    for (unsigned levels = 1; levels <= 6; levels++) {
        if (!(c->level_mask & BIT32(levels)))
            continue;
        widest = levels;
        if (wanted != 0 ? level_bits(levels) >= wanted : c->pt->grow == NULL)
            return levels;
    }
    return wanted == 0 ? widest : 0;
}

/* 48 bits where nothing was asked for and the tree has its size from the start. */
static unsigned choose_levels(const struct common *c, unsigned wanted)
{
    if (wanted == 0 && c->pt->grow == NULL && (c->level_mask & BIT32(4)))
        return 4;
    return search_levels(c, wanted);
}

/* All that the tables may come to map, and where the root they begin with ends. */
static void set_reach(struct iommu_domain *domain, unsigned levels, unsigned bits)
{
    domain->aperture_end = iommu_width_end(bits);
    domain->reach_last = domain->aperture_end - 1;
    if (level_bits(levels) < bits)
        domain->reach_last = BIT64(level_bits(levels)) - 1;
}

/*
 * Of all units, not only those it is for: a mapping need not be ordered with
 * the first attach to such a unit then, since this never changes.
 */
static bool any_flushes_present(const struct iommu *iommu)
{
    for (unsigned i = 0; i < iommu->unit_count; i++)
        if (iommu->units[i]->flush_present)
            return true;
    return false;
}

static enum iommu_status create_tables(struct iommu_domain *domain, const struct common *c,
                                       unsigned input_bits)
{
    unsigned levels = choose_levels(c, input_bits), bits;
    struct pt_config config;

    if (c->level_mask == 0)
        return IOMMU_ERR_UNSUPPORTED;
    if (levels == 0 || input_bits > c->input_bits)
        return IOMMU_ERR_RANGE;
    bits = level_bits(levels) < c->input_bits ? level_bits(levels) : c->input_bits;
    if (c->pt->grow != NULL && levels > FIRST_LEVELS)
        levels = FIRST_LEVELS;
    domain->page_sizes = domain->iommu->config.no_superpages ? IOMMU_PAGE : c->page_sizes;
    set_reach(domain, levels, bits);
    domain->hole_start = c->hole_start;
    domain->hole_end = c->hole_end;
    domain->output_bits = c->output_bits;
    domain->coherent = c->coherent;
    domain->flush_present = any_flushes_present(domain->iommu);
    config = (struct pt_config){
        .platform = domain->iommu->platform, .platform_ctx = domain->iommu->ctx,
        .levels = levels, .input_bits = bits,
        .page_sizes = domain->page_sizes, .output_bits = c->output_bits, .coherent = c->coherent,
        .table_limit_pa = BIT64(c->output_bits) - 1,
    };
    domain->pt = c->pt;
    return domain->pt->create(&domain->table, &config);
}

static enum iommu_status map_identity(struct iommu_domain *domain, uint64_t start, uint64_t end)
{
    if (start < domain->hole_end && end > domain->hole_start)
        end = domain->hole_start;
    if (start >= end)
        return IOMMU_OK;
    return iommu_domain_map(domain, &(struct iommu_mapping){
        .iova = start, .pa = start, .len = end - start, .prot = IOMMU_RW });
}

/* Everything but the interrupt range, in the largest leaves there are. */
static enum iommu_status fill_identity(struct iommu_domain *domain, uint64_t identity_end)
{
    unsigned largest = 63 - (unsigned)__builtin_clzll(domain->page_sizes);
    uint64_t end = identity_end != 0 ? identity_end : BIT64(largest + 9);
    enum iommu_status status;

    if (end > domain->aperture_end)
        end = domain->aperture_end;
    if (end > BIT64(domain->output_bits))
        end = BIT64(domain->output_bits);
    end &= ~(IOMMU_PAGE - 1);
    status = map_identity(domain, 0, end < IOMMU_INTERRUPT_START ? end : IOMMU_INTERRUPT_START);
    if (status != IOMMU_OK)
        return status;
    return map_identity(domain, IOMMU_INTERRUPT_END, end);
}

static enum iommu_status create_identity(struct iommu_domain *domain, const struct common *c,
                                         const struct iommu_domain_desc *desc)
{
    enum iommu_status status;

    domain->translate = translate_same;
    if (c->pass_through) {
        domain->aperture_end = BIT64(c->output_bits);
        domain->output_bits = c->output_bits;
        return IOMMU_OK;
    }
    status = create_tables(domain, c, desc->input_bits);
    if (status != IOMMU_OK)
        return status;
    status = fill_identity(domain, desc->identity_end);
    if (status != IOMMU_OK)
        domain->pt->destroy(&domain->table);
    return status;
}

static enum iommu_status create_mappable(struct iommu_domain *domain, const struct common *c,
                                         const struct iommu_domain_desc *desc)
{
    enum iommu_status status = create_tables(domain, c, desc->input_bits);

    if (status != IOMMU_OK)
        return status;
    domain->mappable = true;
    domain->map_page = domain->hole_end != 0 ? map_page_beside_hole : domain->pt->map_page;
    domain->unmap_page = domain->pt->unmap_page;
    domain->translate = domain->pt->translate;
    return IOMMU_OK;
}

static enum iommu_status create_of_type(struct iommu_domain *domain, const struct iommu_domain_desc *desc)
{
    struct common common;
    enum iommu_status status = find_common(desc, &common);

    if (status != IOMMU_OK)
        return status;
    switch (desc->type) {
    case IOMMU_DOMAIN_BLOCKED:
        return IOMMU_OK;
    case IOMMU_DOMAIN_IDENTITY:
        return create_identity(domain, &common, desc);
    case IOMMU_DOMAIN_UNMANAGED:
    case IOMMU_DOMAIN_DMA:
        return create_mappable(domain, &common, desc);
    case IOMMU_DOMAIN_DMA_FQ:
    case IOMMU_DOMAIN_SVA:
        return IOMMU_ERR_UNSUPPORTED;
    }
    return IOMMU_ERR_INVALID;
}

enum iommu_status iommu_domain_create(struct iommu *iommu, const struct iommu_domain_desc *desc,
                                      struct iommu_domain **out)
{
    struct iommu_domain *domain;
    enum iommu_status status;

    if (desc->device_count == 0)
        return IOMMU_ERR_INVALID;
    domain = iommu_pool_get(iommu, &iommu->domain_pool);
    if (domain == NULL)
        return IOMMU_ERR_NOMEM;
    domain->iommu = iommu;
    domain->type = desc->type;
    domain->map_page = map_no_page;
    domain->unmap_page = unmap_no_page;
    domain->translate = translate_nowhere;
    status = create_of_type(domain, desc);
    if (status != IOMMU_OK) {
        iommu_pool_put(iommu, &iommu->domain_pool, domain);
        return status;
    }
    *out = domain;
    return IOMMU_OK;
}

void iommu_wait_walkers(struct iommu *iommu)
{
    /*
     * Without a deadline, as for a lock: no hardware is asked. A fault handler looks up one address with interrupts
     * off; it holds no lock and waits for nothing. Nothing could be freed where one was overdue.
     */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    while (__atomic_load_n(&iommu->walkers, __ATOMIC_ACQUIRE) != 0)
        iommu->platform->relax(iommu->ctx);
}

enum iommu_status iommu_domain_destroy(struct iommu_domain *domain)
{
    struct iommu *iommu = domain->iommu;

    if (__atomic_load_n(&domain->devices, __ATOMIC_ACQUIRE) != 0)
        return IOMMU_ERR_BUSY;
    iommu_wait_walkers(iommu);
    while (domain->units.next != NULL) {
        struct iommu_domain_unit *du = domain->units.next;

        domain->units.next = du->next;
        iommu_pool_put(iommu, &iommu->domain_unit_pool, du);
    }
    if (domain->pt != NULL)
        domain->pt->destroy(&domain->table);
    iommu_pool_put(iommu, &iommu->domain_pool, domain);
    return IOMMU_OK;
}

void iommu_domain_info(const struct iommu_domain *domain, struct iommu_domain_info *out)
{
    *out = (struct iommu_domain_info){
        .type = domain->type, .page_sizes = domain->page_sizes, .aperture_end = domain->aperture_end,
        .format = "none", .devices = domain->devices,
    };
    if (domain->pt != NULL) {
        out->format = domain->pt->name;
        out->levels = domain->table.config.levels;
        out->table_pages = (size_t)__atomic_load_n(&domain->table.table_pages, __ATOMIC_RELAXED);
    }
}

enum iommu_status iommu_domain_hole(const struct iommu_domain *domain, size_t index, struct iommu_region *out)
{
    static const struct iommu_region interrupts = { IOMMU_INTERRUPT_START, IOMMU_INTERRUPT_END, 0 };

    *out = (struct iommu_region){ 0 };
    if (index == 0 && domain->aperture_end > IOMMU_INTERRUPT_START)
        *out = interrupts;
    if (index == 1 && domain->aperture_end > domain->hole_start)
        *out = (struct iommu_region){ domain->hole_start, domain->hole_end, 0 };
    if (out->end > domain->aperture_end)
        out->end = domain->aperture_end;
    return out->start < out->end ? IOMMU_OK : IOMMU_ERR_NOT_FOUND;
}

/* ---- map, unmap, flush ---- */

/* The mapping became present: a unit with caching mode or write buffers must be told. */
static IOMMU_COLD enum iommu_status
flush_present(struct iommu_domain *domain, const struct iommu_mapping *m)
{
    struct iommu_gather gather = { .start = m->iova, .end = m->iova + m->len, .tables = true };
    enum iommu_status first = IOMMU_OK;
    struct iommu_domain_unit *du = &domain->units;

    /* As in sync_gather(): the entries are there before a domain id is looked for. See unit_get_locked() in attach.c. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for (; du != NULL; du = __atomic_load_n(&du->next, __ATOMIC_ACQUIRE)) {
        uint32_t id = __atomic_load_n(&du->domain_id, __ATOMIC_ACQUIRE);
        enum iommu_status status;

        if (id == 0 || !du->unit->flush_present)
            continue;
        status = du->unit->ops->flush_present(du->unit, id, &gather);
        if (first == IOMMU_OK)
            first = status;
    }
    return first;
}

static bool in_hole(const struct iommu_domain *domain, uint64_t first, uint64_t last)
{
    return (first < IOMMU_INTERRUPT_END && last >= IOMMU_INTERRUPT_START) ||
           (first < domain->hole_end && last >= domain->hole_start);
}

/*
 * A taller root, for an address that the present one does not reach. Nothing
 * is mapped there until every device walks from the new one; the old remains
 * part of it, so DMA goes on meanwhile.
 */
static IOMMU_COLD enum iommu_status grow(struct iommu_domain *domain, uint64_t last)
{
    uintptr_t flags = iommu_attach_lock(domain->iommu);
    enum iommu_status status = IOMMU_OK;
    struct pt_root root;

    if (last > domain->reach_last) {
        status = domain->pt->grow(&domain->table, last, &root);
        if (status == IOMMU_OK)
            status = iommu_domain_reroot_locked(domain, &root);
        if (status == IOMMU_OK) {
            uint64_t end = iommu_width_end(level_bits(root.levels));

            domain->pt->raise(&domain->table, &root);
            __atomic_store_n(&domain->reach_last, end < domain->aperture_end ? end - 1 : domain->aperture_end - 1,
                             __ATOMIC_RELEASE);
        }
    }
    iommu_attach_unlock(domain->iommu, flags);
    return status;
}

/* The common case: one page, one unit. */
static inline enum iommu_status flush_present_page(struct iommu_domain *domain, const struct iommu_mapping *m)
{
    enum iommu_status status;
    struct iommu_unit *unit;
    uint32_t id;

    /* As above. A unit is there before its id. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    id = __atomic_load_n(&domain->units.domain_id, __ATOMIC_ACQUIRE);
    unit = domain->units.unit;
    if (id == 0 || !unit->flush_present || __atomic_load_n(&domain->units.next, __ATOMIC_ACQUIRE) != NULL)
        return flush_present(domain, m);
    status = unit->ops->flush_present_page(unit, id, m->iova, m->len);
    return __builtin_expect(status == IOMMU_ERR_QUEUE, 0) ? flush_present(domain, m) : status;
}

IOMMU_COLD enum iommu_status
iommu_domain_map(struct iommu_domain *domain, const struct iommu_mapping *m)
{
    struct iommu_gather gather = { 0 };
    uint64_t last = m->iova + (m->len - 1);
    enum iommu_status status, flushed, present;

    if (m->len != 0 && (last >= domain->aperture_end || in_hole(domain, m->iova, last)))
        return IOMMU_ERR_RANGE;
    if (m->len != 0 && last > __atomic_load_n(&domain->reach_last, __ATOMIC_ACQUIRE)) {
        status = grow(domain, last);
        if (status != IOMMU_OK)
            return status;
    }
    status = domain->pt->map(&domain->table, m, &gather);
    flushed = iommu_sync(domain, &gather);
    present = domain->flush_present ? flush_present(domain, m) : IOMMU_OK;
    if (flushed != IOMMU_OK)
        return flushed;
    return status != IOMMU_OK ? status : present;
}

static IOMMU_COLD enum iommu_status
map_any(struct iommu_domain *domain, const struct iommu_mapping *m)
{
    if (!domain->mappable || (m->prot & ~IOMMU_RW))
        return IOMMU_ERR_INVALID;
    return iommu_domain_map(domain, m);
}

/*
 * True for any address of the interrupt range. A page of 2 MiB that touches it
 * begins in it, since the range begins where such a page may.
 */
static bool is_interrupt(uint64_t iova)
{
    return iova >= IOMMU_INTERRUPT_START && iova < IOMMU_INTERRUPT_END;
}
_Static_assert(IOMMU_INTERRUPT_START % BIT64(21) == 0, "aligned to the largest page of map_page");

enum iommu_status iommu_map(struct iommu_domain *domain, const struct iommu_mapping *m)
{
    uint64_t *entry = is_interrupt(m->iova) ? NULL : domain->map_page(&domain->table, m);

    if (__builtin_expect(entry == NULL, 0))
        return map_any(domain, m);
    pt_flush_entry(&domain->table, entry);
    if (__builtin_expect(domain->flush_present, 0))
        return flush_present_page(domain, m);
    return IOMMU_OK;
}

enum iommu_status iommu_unmap_gather(struct iommu_domain *domain, uint64_t iova, uint64_t len,
                                     struct iommu_gather *gather, uint64_t *unmapped)
{
    if (!domain->mappable)
        return IOMMU_ERR_INVALID;
    if (len != 0 && iova + (len - 1) >= domain->aperture_end)
        return IOMMU_ERR_RANGE;
    return domain->pt->unmap(&domain->table, iova, len, gather, unmapped);
}

/* Tables that a unit may still walk are never freed: not when a flush has failed. */
static IOMMU_COLD void free_tables(struct iommu_domain *domain, struct iommu_gather *gather)
{
    iommu_wait_walkers(domain->iommu);
    pt_free_gathered(&domain->table, gather);
}

static inline enum iommu_status
flush_page_unit(struct iommu_domain_unit *du, uint64_t iova, uint64_t len)
{
    uint32_t id = __atomic_load_n(&du->domain_id, __ATOMIC_ACQUIRE);

    return id == 0 ? IOMMU_OK : du->unit->ops->flush_page(du->unit, id, iova, len);
}

static inline enum iommu_status flush_unit(struct iommu_domain_unit *du, const struct iommu_gather *gather)
{
    uint32_t id = __atomic_load_n(&du->domain_id, __ATOMIC_ACQUIRE);

    return id == 0 ? IOMMU_OK : du->unit->ops->flush(du->unit, id, gather);
}

static inline enum iommu_status sync_gather(struct iommu_domain *domain, struct iommu_gather *gather)
{
    struct iommu_domain_unit *du = &domain->units;
    enum iommu_status first = IOMMU_OK;

    if (gather->start == gather->end && gather->freed_pa == 0)
        return IOMMU_OK;
    /* The entries are cleared before a domain id is looked for: see unit_get_locked() in attach.c. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    do {
        enum iommu_status status = flush_unit(du, gather);

        if (first == IOMMU_OK)
            first = status;
        du = __atomic_load_n(&du->next, __ATOMIC_ACQUIRE);
    } while (__builtin_expect(du != NULL, 0));
    if (__builtin_expect(gather->freed_pa != 0, 0) && first == IOMMU_OK)
        free_tables(domain, gather);
    return first;
}

enum iommu_status iommu_sync(struct iommu_domain *domain, struct iommu_gather *gather)
{
    enum iommu_status status = sync_gather(domain, gather);

    if (status == IOMMU_OK)
        *gather = (struct iommu_gather){ 0 };
    return status;
}

/* Nothing is mapped there; where a flush has failed, what was may be reachable all the same. */
static IOMMU_COLD enum iommu_status nothing_unmapped(const struct iommu_domain *domain)
{
    const struct iommu_domain_unit *du = domain->iommu->stopped ? NULL : &domain->units;

    for (; du != NULL; du = __atomic_load_n(&du->next, __ATOMIC_ACQUIRE))
        if (__atomic_load_n(&du->domain_id, __ATOMIC_ACQUIRE) != 0 && iommu_unit_fenced(du->unit))
            return IOMMU_ERR_FENCED;
    return IOMMU_OK;
}

static IOMMU_COLD enum iommu_status
unmap_any(struct iommu_domain *domain, uint64_t iova, uint64_t len, uint64_t *unmapped)
{
    struct iommu_gather gather = { 0 };
    enum iommu_status status = iommu_unmap_gather(domain, iova, len, &gather, unmapped);
    bool nothing = gather.start == gather.end && gather.freed_pa == 0;
    enum iommu_status flushed;

    if (nothing)
        return status != IOMMU_OK ? status : nothing_unmapped(domain);
    /* Of two errors the one that leaves pages reachable. */
    flushed = sync_gather(domain, &gather);
    return flushed != IOMMU_OK ? flushed : status;
}

/* The first unit refused the flush, which flush() tries again, or the domain spans further units. */
static IOMMU_COLD enum iommu_status
finish_page(struct iommu_domain *domain, uint64_t iova, uint64_t len, enum iommu_status first)
{
    struct iommu_gather gather = { .start = iova, .end = iova + len };
    struct iommu_domain_unit *du = &domain->units;

    if (first != IOMMU_ERR_QUEUE)
        du = __atomic_load_n(&du->next, __ATOMIC_ACQUIRE);
    else
        first = IOMMU_OK;
    for (; du != NULL; du = __atomic_load_n(&du->next, __ATOMIC_ACQUIRE)) {
        enum iommu_status status = flush_unit(du, &gather);

        if (first == IOMMU_OK)
            first = status;
    }
    return first;
}

enum iommu_status iommu_unmap(struct iommu_domain *domain, uint64_t iova, uint64_t len, uint64_t *unmapped)
{
    uint64_t *entry = domain->unmap_page(&domain->table, iova, len);
    struct iommu_domain_unit *more;
    enum iommu_status status;

    if (__builtin_expect(entry == NULL, 0))
        return unmap_any(domain, iova, len, unmapped);
    if (unmapped != NULL)
        *unmapped = len;
    pt_flush_entry(&domain->table, entry);
    /* As in sync_gather(). */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    status = flush_page_unit(&domain->units, iova, len);
    if (__builtin_expect(status != IOMMU_OK, 0))
        return finish_page(domain, iova, len, status);
    more = __atomic_load_n(&domain->units.next, __ATOMIC_ACQUIRE);
    return __builtin_expect(more != NULL, 0) ? finish_page(domain, iova, len, IOMMU_OK) : IOMMU_OK;
}

enum iommu_status iommu_domain_trim(struct iommu_domain *domain)
{
    struct iommu_gather gather = { 0 };

    if (domain->pt == NULL)
        return IOMMU_OK;
    domain->pt->trim(&domain->table, &gather);
    return iommu_sync(domain, &gather);
}

enum iommu_status iommu_lookup_leaf(const struct iommu_domain *domain, uint64_t iova, struct iommu_leaf *leaf)
{
    if (domain->pt != NULL)
        return domain->pt->lookup(&domain->table, iova, leaf);
    *leaf = (struct iommu_leaf){ .level = IOMMU_LEVEL_NONE };
    if (domain->type != IOMMU_DOMAIN_IDENTITY || iova >= domain->aperture_end)
        return IOMMU_ERR_NOT_FOUND;
    leaf->pa = iova;
    leaf->size_shift = 12;
    leaf->prot = IOMMU_RW;
    return IOMMU_OK;
}

enum iommu_status iommu_lookup(const struct iommu_domain *domain, uint64_t iova, uint64_t *pa)
{
    return domain->translate(&domain->table, iova, pa);
}
