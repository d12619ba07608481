/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domains: the address space, the units on which it has devices, the domain id
 * it has on each of them, and what must be flushed where. The page tables
 * themselves are in pt/, the entries that lead to them are the vendor's.
 */
#include "internal.h"
#include "bits.h"
#include "memory.h"

uintptr_t iommu_attach_lock(struct iommu *iommu)
{
    return iommu_lock_irq(iommu->platform, iommu->ctx, &iommu->attach_lock);
}

void iommu_attach_unlock(struct iommu *iommu, uintptr_t flags)
{
    iommu_unlock_irq(iommu->platform, iommu->ctx, &iommu->attach_lock, flags);
}

/* ---- domain ids of a unit ---- */

static size_t id_map_pages(const struct iommu_unit *unit)
{
    return (unit->domain_id_count / 8 + IOMMU_PAGE - 1) / IOMMU_PAGE;
}

enum iommu_status iommu_domain_ids_create(struct iommu_unit *unit)
{
    unit->domain_id_map = unit->platform->page_alloc(unit->ctx, id_map_pages(unit), IOMMU_ANY_PA);
    if (unit->domain_id_map == NULL)
        return IOMMU_ERR_NOMEM;
    /* Id 0 tags what a unit with caching mode remembers of absent entries (VT-d §6.1). */
    unit->domain_id_map[0] = 1;
    unit->domain_id_next = 1;
    return IOMMU_OK;
}

void iommu_domain_ids_destroy(struct iommu_unit *unit)
{
    if (unit->domain_id_map != NULL)
        unit->platform->page_free(unit->ctx, unit->domain_id_map, id_map_pages(unit));
    unit->domain_id_map = NULL;
}

/* The next free id after the one given out last, so that ids are not reused soon. 0: none is left. */
static uint32_t id_get_locked(struct iommu_unit *unit)
{
    uint32_t id = unit->domain_id_next;

    for (uint32_t tried = 0; tried < unit->domain_id_count; tried++) {
        if (id >= unit->domain_id_count)
            id = 1;
        if (!(unit->domain_id_map[id / 64] & BIT64(id % 64))) {
            unit->domain_id_map[id / 64] |= BIT64(id % 64);
            unit->domain_id_next = id + 1;
            return id;
        }
        id++;
    }
    return 0;
}

/* Only after context cache and IOTLB have been flushed of the id (VT-d §6.5.3.3). */
static void id_put_locked(struct iommu_unit *unit, uint32_t id)
{
    unit->domain_id_map[id / 64] &= ~BIT64(id % 64);
}

/* ---- a domain's units ---- */

static struct iommu_domain_unit *find_unit(struct iommu_domain *domain, const struct iommu_unit *unit)
{
    struct iommu_domain_unit *du = &domain->units;

    while (du != NULL && du->unit != unit)
        du = du->next;
    return du;
}

/* The node of a unit, made when the domain had none. */
static enum iommu_status add_unit_locked(struct iommu_domain *domain, struct iommu_unit *unit,
                                         struct iommu_domain_unit **out)
{
    struct iommu_domain_unit *du = find_unit(domain, unit);

    if (du == NULL && domain->units.unit == NULL)
        du = &domain->units;
    if (du == NULL) {
        du = iommu_pool_get(domain->iommu, &domain->iommu->domain_unit_pool);
        if (du == NULL)
            return IOMMU_ERR_NOMEM;
        du->unit = unit;
        du->next = domain->units.next;
        __atomic_store_n(&domain->units.next, du, __ATOMIC_RELEASE);
    }
    du->unit = unit;
    *out = du;
    return IOMMU_OK;
}

/*
 * One device more of the domain on a unit. The id is visible before the device
 * can be: an unmap that does not see it has cleared its entries before the
 * device could have read them.
 */
static enum iommu_status unit_get_locked(struct iommu_domain *domain, struct iommu_unit *unit,
                                         struct iommu_domain_unit **out)
{
    enum iommu_status status = add_unit_locked(domain, unit, out);

    if (status != IOMMU_OK)
        return status;
    if ((*out)->devices == 0) {
        uint32_t id = id_get_locked(unit);

        if (id == 0)
            return IOMMU_ERR_RANGE;
        __atomic_store_n(&(*out)->domain_id, id, __ATOMIC_SEQ_CST);
    }
    (*out)->devices++;
    if (unit->flush_present)
        __atomic_store_n(&domain->flush_present, true, __ATOMIC_SEQ_CST);
    return IOMMU_OK;
}

/* One device less; the unit has forgotten what it cached under the id. */
static void unit_put_locked(struct iommu_domain_unit *du)
{
    uint32_t id = du->domain_id;

    if (--du->devices != 0)
        return;
    __atomic_store_n(&du->domain_id, 0, __ATOMIC_SEQ_CST);
    id_put_locked(du->unit, id);
}

uint32_t iommu_device_domain_id(const struct iommu_device *device)
{
    const struct iommu_domain_unit *du = __atomic_load_n(&device->attached, __ATOMIC_ACQUIRE);

    return du == NULL ? 0 : __atomic_load_n(&du->domain_id, __ATOMIC_RELAXED);
}

/* ---- create ---- */

/* What the units of a domain's devices have in common. */
struct common {
    const struct pt_ops *pt;
    uint64_t page_sizes;
    unsigned level_mask;
    unsigned input_bits;
    unsigned output_bits;
    bool pass_through;
    bool coherent;
    bool flush_present;
};

static enum iommu_status find_common(const struct iommu_domain_desc *desc, struct common *c)
{
    *c = (struct common){ .page_sizes = UINT64_MAX, .level_mask = UINT32_MAX, .input_bits = 64,
                          .output_bits = 64, .pass_through = true, .coherent = true };
    for (size_t i = 0; i < desc->device_count; i++) {
        const struct iommu_unit *unit = desc->devices[i]->unit;

        if (c->pt != NULL && c->pt != unit->ops->pt)
            return IOMMU_ERR_UNSUPPORTED;
        c->pt = unit->ops->pt;
        c->page_sizes &= unit->page_sizes;
        c->level_mask &= unit->level_mask;
        if (unit->input_bits < c->input_bits)
            c->input_bits = unit->input_bits;
        if (unit->output_bits < c->output_bits)
            c->output_bits = unit->output_bits;
        c->pass_through = c->pass_through && unit->pass_through;
        c->coherent = c->coherent && unit->coherent;
        c->flush_present = c->flush_present || unit->flush_present;
    }
    return IOMMU_OK;
}

static unsigned level_bits(unsigned levels)
{
    return 12 + 9 * levels;
}

/* As few levels as the width asked for needs; 48 bits where nothing was asked for. 0: too wide. */
static unsigned choose_levels(const struct common *c, unsigned wanted)
{
    unsigned widest = 0;

    if (wanted == 0 && (c->level_mask & BIT32(4)))
        return 4;
    for (unsigned levels = 3; levels <= 5; levels++) {
        if (!(c->level_mask & BIT32(levels)))
            continue;
        widest = levels;
        if (wanted == 0 || level_bits(levels) >= wanted)
            return levels;
    }
    return wanted == 0 ? widest : 0;
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
    domain->page_sizes = domain->iommu->config.no_superpages ? IOMMU_PAGE : c->page_sizes;
    domain->aperture_end = BIT64(bits);
    domain->output_bits = c->output_bits;
    domain->coherent = c->coherent;
    domain->flush_present = c->flush_present;
    config = (struct pt_config){
        .platform = domain->iommu->platform, .platform_ctx = domain->iommu->ctx, .levels = levels,
        .page_sizes = domain->page_sizes, .output_bits = c->output_bits, .coherent = c->coherent,
        .table_limit_pa = BIT64(c->output_bits) - 1,
    };
    domain->pt = c->pt;
    return domain->pt->create(&domain->table, &config);
}

static enum iommu_status map_identity(struct iommu_domain *domain, uint64_t start, uint64_t end)
{
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
        domain->mappable = true;
        return create_tables(domain, &common, desc->input_bits);
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
    /* A fault handler looks up one address with interrupts off; it holds no lock and waits for nothing. */
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

/* ---- map, unmap, flush ---- */

/* Entries became present: a unit with caching mode or write buffers must be told. */
static enum iommu_status flush_present(struct iommu_domain *domain, const struct iommu_gather *gather)
{
    enum iommu_status first = IOMMU_OK;
    struct iommu_domain_unit *du = &domain->units;

    for (; du != NULL; du = __atomic_load_n(&du->next, __ATOMIC_ACQUIRE)) {
        uint32_t id = __atomic_load_n(&du->domain_id, __ATOMIC_ACQUIRE);
        enum iommu_status status;

        if (id == 0 || !du->unit->flush_present)
            continue;
        status = du->unit->ops->flush_present(du->unit, id, gather);
        if (first == IOMMU_OK)
            first = status;
    }
    return first;
}

static enum iommu_status finish_map(struct iommu_domain *domain, const struct iommu_mapping *m,
                                    struct iommu_gather *gather)
{
    enum iommu_status status = iommu_sync(domain, gather), present;

    if (!domain->flush_present)
        return status;
    present = flush_present(domain, &(struct iommu_gather){
        .start = m->iova, .end = m->iova + m->len, .tables = true });
    return status != IOMMU_OK ? status : present;
}

enum iommu_status iommu_domain_map(struct iommu_domain *domain, const struct iommu_mapping *m)
{
    struct iommu_gather gather = { 0 };
    uint64_t last = m->iova + (m->len - 1);
    enum iommu_status status;

    if (m->len != 0 && (last >= domain->aperture_end ||
                        (m->iova < IOMMU_INTERRUPT_END && last >= IOMMU_INTERRUPT_START)))
        return IOMMU_ERR_RANGE;
    status = domain->pt->map(&domain->table, m, &gather);
    if (__builtin_expect(gather.start != gather.end || domain->flush_present, 0)) {
        enum iommu_status flushed = finish_map(domain, m, &gather);

        return status != IOMMU_OK ? status : flushed;
    }
    return status;
}

enum iommu_status iommu_map(struct iommu_domain *domain, const struct iommu_mapping *m)
{
    if (!domain->mappable || (m->prot & ~IOMMU_RW))
        return IOMMU_ERR_INVALID;
    return iommu_domain_map(domain, m);
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

enum iommu_status iommu_sync(struct iommu_domain *domain, struct iommu_gather *gather)
{
    struct iommu_domain_unit *du = &domain->units;
    enum iommu_status first = IOMMU_OK;

    if (gather->start == gather->end && gather->freed_pa == 0)
        return IOMMU_OK;
    /* The entries are cleared before a domain id is looked for: see unit_get_locked(). */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for (; du != NULL; du = __atomic_load_n(&du->next, __ATOMIC_ACQUIRE)) {
        uint32_t id = __atomic_load_n(&du->domain_id, __ATOMIC_ACQUIRE);
        enum iommu_status status;

        if (id == 0)
            continue;
        status = du->unit->ops->flush(du->unit, id, gather);
        if (first == IOMMU_OK)
            first = status;
    }
    /* Tables that a unit may still walk are never freed. */
    if (gather->freed_pa != 0 && first == IOMMU_OK) {
        iommu_wait_walkers(domain->iommu);
        pt_free_gathered(&domain->table, gather);
    }
    *gather = (struct iommu_gather){ 0 };
    return first;
}

enum iommu_status iommu_unmap(struct iommu_domain *domain, uint64_t iova, uint64_t len, uint64_t *unmapped)
{
    struct iommu_gather gather = { 0 };
    enum iommu_status status = iommu_unmap_gather(domain, iova, len, &gather, unmapped);
    enum iommu_status flushed = iommu_sync(domain, &gather);

    return status != IOMMU_OK ? status : flushed;
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
    struct iommu_leaf leaf;
    enum iommu_status status;

    if (domain->type == IOMMU_DOMAIN_IDENTITY) {
        *pa = iova;
        return IOMMU_OK;
    }
    status = iommu_lookup_leaf(domain, iova, &leaf);
    *pa = status == IOMMU_OK ? leaf.pa : 0;
    return status;
}

/* ---- attach and detach ---- */

static bool domain_fits(const struct iommu_domain *domain, const struct iommu_unit *unit)
{
    if (domain->type == IOMMU_DOMAIN_BLOCKED)
        return true;
    if (domain->pt == NULL)
        return unit->pass_through;
    return domain->pt == unit->ops->pt && (unit->level_mask & BIT32(domain->table.config.levels)) &&
           (domain->page_sizes & ~unit->page_sizes) == 0 && domain->output_bits <= unit->output_bits &&
           domain->aperture_end <= BIT64(unit->input_bits) && (!domain->coherent || unit->coherent);
}

/* The entry that a device's domain asks for; takes a domain id where one is needed. */
static enum iommu_status make_entry_locked(struct iommu_device *device, struct iommu_entry *entry,
                                           struct iommu_domain_unit **du)
{
    struct iommu_domain *domain = device->domain != NULL ? device->domain : device->reserved_domain;
    enum iommu_status status;

    *du = NULL;
    *entry = (struct iommu_entry){ .kind = device->fenced ? IOMMU_ENTRY_FENCED : IOMMU_ENTRY_BLOCKED };
    if (device->fenced || domain == NULL || domain->type == IOMMU_DOMAIN_BLOCKED)
        return IOMMU_OK;
    status = unit_get_locked(domain, device->unit, du);
    if (status != IOMMU_OK)
        return status;
    entry->domain_id = (*du)->domain_id;
    entry->kind = IOMMU_ENTRY_PASS_THROUGH;
    if (domain->pt != NULL) {
        entry->kind = IOMMU_ENTRY_TRANSLATED;
        entry->root_pa = domain->table.root_pa;
        entry->levels = domain->table.config.levels;
    }
    return IOMMU_OK;
}

enum iommu_status iommu_device_apply_locked(struct iommu_device *device)
{
    struct iommu_domain_unit *old = device->attached, *du;
    struct iommu_entry entry;
    enum iommu_status status = make_entry_locked(device, &entry, &du);

    if (status != IOMMU_OK)
        return status;
    status = device->unit->ops->set_device(device->unit, device->desc.rids, device->desc.rid_count,
                                           &device->entry, &entry);
    if (status == IOMMU_OK) {
        device->entry = entry;
        __atomic_store_n(&device->attached, du, __ATOMIC_RELEASE);
        if (old != NULL)
            unit_put_locked(old);
        return IOMMU_OK;
    }
    if (status == IOMMU_ERR_NOMEM) {
        if (du != NULL)
            unit_put_locked(du);
        return status;
    }
    /* An unconfirmed flush: both ids may still be cached, so they are never given out again. */
    device->entry = (struct iommu_entry){ .kind = IOMMU_ENTRY_BLOCKED };
    return status;
}

/* Gives the device another domain or, with NULL, none. */
static enum iommu_status change_domain_locked(struct iommu_device *device, struct iommu_domain *domain)
{
    struct iommu_domain *old = device->domain;
    enum iommu_status status;

    __atomic_store_n(&device->domain, domain, __ATOMIC_RELEASE);
    status = iommu_device_apply_locked(device);
    if (status != IOMMU_OK) {
        __atomic_store_n(&device->domain, old, __ATOMIC_RELEASE);
        return status;
    }
    if (domain != NULL)
        domain->devices++;
    if (old != NULL)
        __atomic_store_n(&old->devices, old->devices - 1, __ATOMIC_RELEASE);
    return IOMMU_OK;
}

enum iommu_status iommu_attach(struct iommu_domain *domain, struct iommu_device *device, uint32_t pasid)
{
    struct iommu *iommu = device->iommu;
    enum iommu_status status;
    uintptr_t flags;

    if (pasid != IOMMU_NO_PASID || !domain_fits(domain, device->unit))
        return IOMMU_ERR_UNSUPPORTED;
    if (!device->unit->running)
        return IOMMU_ERR_BUSY;
    if (iommu_device_fenced(device) || iommu_unit_fenced(device->unit))
        return IOMMU_ERR_FENCED;
    if (device->has_reserved && domain->pt != NULL) {
        status = iommu_reserved_map(device, domain);
        if (status != IOMMU_OK)
            return status;
    }
    flags = iommu_attach_lock(iommu);
    status = device->fenced ? IOMMU_ERR_FENCED : change_domain_locked(device, domain);
    iommu_attach_unlock(iommu, flags);
    return status;
}

enum iommu_status iommu_detach(struct iommu_device *device, uint32_t pasid)
{
    struct iommu *iommu = device->iommu;
    enum iommu_status status;
    uintptr_t flags;

    if (pasid != IOMMU_NO_PASID)
        return IOMMU_ERR_UNSUPPORTED;
    flags = iommu_attach_lock(iommu);
    status = device->domain == NULL ? IOMMU_ERR_NOT_FOUND : change_domain_locked(device, NULL);
    iommu_attach_unlock(iommu, flags);
    return status;
}

enum iommu_status iommu_device_unfence(struct iommu_device *device)
{
    struct iommu *iommu = device->iommu;
    enum iommu_status status = IOMMU_OK;
    uintptr_t flags = iommu_attach_lock(iommu);

    if (device->fenced) {
        __atomic_store_n(&device->fenced, false, __ATOMIC_RELAXED);
        device->storm = (struct iommu_storm){ 0 };
        status = iommu_device_apply_locked(device);
        if (status != IOMMU_OK)
            __atomic_store_n(&device->fenced, true, __ATOMIC_RELAXED);
    }
    iommu_attach_unlock(iommu, flags);
    return status;
}
