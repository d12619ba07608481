/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices and their domains: the domain ids of a unit, the units on which a
 * domain has devices, attach, detach and fences. What an entry looks like is
 * the vendor's business.
 */
#include "internal.h"
#include "bits.h"

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

    if (du == NULL && domain->units.unit == NULL) {
        du = &domain->units;
        du->unit = unit;
    }
    if (du == NULL) {
        du = iommu_pool_get(domain->iommu, &domain->iommu->domain_unit_pool);
        if (du == NULL)
            return IOMMU_ERR_NOMEM;
        du->unit = unit;
        du->next = domain->units.next;
        __atomic_store_n(&domain->units.next, du, __ATOMIC_RELEASE);
    }
    *out = du;
    return IOMMU_OK;
}

/*
 * One device more of the domain on a unit. The id is stored before the device's
 * entry, whose publication is a barrier; unmap and map store their entries
 * before they look for ids, with a fence in between (sync_gather(),
 * iommu_unmap(), flush_present(), flush_present_page()). So either they see the
 * id and flush, or the device, which comes later, finds what they have stored:
 * no entry that was cleared, and not the absence of one that was mapped.
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

/* ---- attach and detach ---- */

static bool domain_fits(const struct iommu_domain *domain, const struct iommu_unit *unit)
{
    if (domain->type == IOMMU_DOMAIN_BLOCKED)
        return true;
    if (domain->pt == NULL)
        return unit->pass_through;
    if (unit->hole_end != 0 && (domain->hole_start > unit->hole_start || domain->hole_end < unit->hole_end))
        return false;
    return domain->pt == unit->pt && (unit->level_mask & BIT32(domain->table.config.levels)) &&
           (domain->page_sizes & ~unit->page_sizes) == 0 && domain->output_bits <= unit->output_bits &&
           domain->aperture_end <= unit->input_end && (!domain->coherent || unit->coherent) &&
           (!unit->flush_present || domain->flush_present);
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

/* The unit cannot reach any domain of before. */
static IOMMU_COLD void forget_doubtful_locked(struct iommu_device *device)
{
    __atomic_store_n(&device->doubtful->devices, device->doubtful->devices - 1, __ATOMIC_RELEASE);
    device->doubtful = NULL;
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
        if (__builtin_expect(device->doubtful != NULL, 0))
            forget_doubtful_locked(device);
        return IOMMU_OK;
    }
    if (iommu_entry_unchanged(status) || device->entry.kind == IOMMU_ENTRY_UNKNOWN) {
        if (du != NULL)
            unit_put_locked(du);
        return status;
    }
    /* An unconfirmed flush: both ids may still be cached, so they are never given out again. */
    device->entry = (struct iommu_entry){ .kind = IOMMU_ENTRY_UNKNOWN };
    return status;
}

static enum iommu_status reroot_device(struct iommu_device *device, const struct pt_root *root)
{
    struct iommu_entry next = device->entry;
    enum iommu_status status;

    next.root_pa = root->pa;
    next.levels = root->levels;
    status = device->unit->ops->set_device(device->unit, device->desc.rids, device->desc.rid_count, &device->entry,
                                           &next);
    if (status == IOMMU_OK)
        device->entry = next;
    else if (!iommu_entry_unchanged(status))
        device->entry = (struct iommu_entry){ .kind = IOMMU_ENTRY_UNKNOWN };
    return status;
}

enum iommu_status iommu_domain_reroot_locked(struct iommu_domain *domain, const struct pt_root *root)
{
    enum iommu_status first = IOMMU_OK;

    for (struct iommu_device *device = domain->iommu->devices; device != NULL; device = device->next) {
        const struct iommu_domain *used = device->domain != NULL ? device->domain : device->reserved_domain;
        enum iommu_status status;

        if (used != domain || device->entry.kind == IOMMU_ENTRY_BLOCKED || device->entry.kind == IOMMU_ENTRY_FENCED)
            continue;
        status = device->entry.kind == IOMMU_ENTRY_TRANSLATED ? reroot_device(device, root) : IOMMU_ERR_FENCED;
        if (first == IOMMU_OK)
            first = status;
    }
    return first;
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
        /* The unit may have seen the new domain: it is in use until the device is known to be out of it. */
        if (device->entry.kind == IOMMU_ENTRY_UNKNOWN && device->doubtful == NULL && domain != NULL) {
            device->doubtful = domain;
            domain->devices++;
        }
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

    if (pasid != IOMMU_NO_PASID || device->unit->no_translation || !domain_fits(domain, device->unit))
        return IOMMU_ERR_UNSUPPORTED;
    if (!device->unit->running)
        return IOMMU_ERR_BUSY;
    if (iommu_device_fenced(device) || iommu_unit_fenced(device->unit))
        return IOMMU_ERR_FENCED;
    if (device->has_reserved && domain->pt != NULL) {
        /* Devices of one domain may share a region: one of them maps it. */
        flags = iommu_lock_irq(iommu->platform, iommu->ctx, &iommu->devices_lock);
        status = iommu_reserved_map(device, domain);
        iommu_unlock_irq(iommu->platform, iommu->ctx, &iommu->devices_lock, flags);
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
    status = device->domain == NULL && device->doubtful == NULL ? IOMMU_ERR_NOT_FOUND
                                                                : change_domain_locked(device, NULL);
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
        iommu_storm_forget(device);
        status = iommu_device_apply_locked(device);
        if (status != IOMMU_OK)
            __atomic_store_n(&device->fenced, true, __ATOMIC_RELAXED);
    }
    iommu_attach_unlock(iommu, flags);
    return status;
}
