/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices: their unit (VT-d §8.3; AMD-Vi §5.2.2), their requester ids with the
 * aliases firmware gives them, and how one that only a reserved region has
 * named becomes the embedder's. Domains are given to them in attach.c.
 */
#include "internal.h"

#include "memory.h"

static unsigned bucket_of(uint16_t rid)
{
    return (rid ^ (unsigned)(rid >> 8)) % IOMMU_BUCKETS;
}

struct iommu_device *iommu_find_device(struct iommu *iommu, uint16_t segment, uint16_t rid)
{
    struct iommu_rid *node = __atomic_load_n(&iommu->buckets[bucket_of(rid)], __ATOMIC_ACQUIRE);

    for (; node != NULL; node = node->next)
        if (node->rid == rid && node->device->desc.segment == segment)
            return node->device;
    return NULL;
}

static bool scope_covers(const struct iommu_scope *scope, const struct iommu_device_desc *desc)
{
    if (desc->rids[0] >= scope->rid && desc->rids[0] <= scope->last_rid)
        return true;
    if (!scope->bridge)
        return false;
    for (size_t i = 0; i < desc->bridge_count; i++)
        if (desc->bridges[i] == scope->rid)
            return true;
    return false;
}

static bool scopes_cover(const struct iommu_scope *scope, const struct iommu_device_desc *desc)
{
    while (scope != NULL && !scope_covers(scope, desc))
        scope = scope->next;
    return scope != NULL;
}

static bool left_off_names(const struct iommu *iommu, const struct iommu_device_desc *desc)
{
    for (const struct iommu_left_off *off = iommu->left_off; off != NULL; off = off->next)
        if (off->segment == desc->segment && scopes_cover(off->scopes, desc))
            return true;
    return false;
}

/*
 * VT-d §8.3: a unit that names the device, else the one that takes what is left
 * of the segment; what a unit names that is left off is not left.
 */
struct iommu_unit *iommu_unit_covering(const struct iommu *iommu, const struct iommu_device_desc *desc)
{
    struct iommu_unit *rest = NULL;

    for (unsigned i = 0; i < iommu->unit_count; i++) {
        struct iommu_unit *unit = iommu->units[i];

        if (unit->segment != desc->segment)
            continue;
        if (scopes_cover(unit->scopes, desc))
            return unit;
        if (unit->include_all)
            rest = unit;
    }
    return left_off_names(iommu, desc) ? NULL : rest;
}

bool iommu_device_left_off(const struct iommu *iommu, const struct iommu_device_desc *desc)
{
    return iommu_unit_covering(iommu, desc) == NULL && left_off_names(iommu, desc);
}

static bool has_reserved(const struct iommu *iommu, const struct iommu_device_desc *desc)
{
    for (const struct iommu_reserved *r = iommu->reserved; r != NULL; r = r->next)
        if (iommu_reserved_applies(r, desc))
            return true;
    return false;
}

/* Makes those requester ids findable that are not yet. The node is complete before it can be reached. */
static void add_rids(struct iommu_device *device)
{
    struct iommu *iommu = device->iommu;
    struct iommu_rid *node = device->rids;

    for (size_t i = 0; i < device->desc.rid_count; i++) {
        struct iommu_rid **bucket = &iommu->buckets[bucket_of(device->desc.rids[i])];

        if (iommu_find_device(iommu, device->desc.segment, device->desc.rids[i]) != NULL)
            continue;
        while (node->device != NULL)
            node++;
        node->rid = device->desc.rids[i];
        node->device = device;
        node->next = *bucket;
        __atomic_store_n(bucket, node, __ATOMIC_RELEASE);
    }
}

static enum iommu_status create(struct iommu *iommu, const struct iommu_device_desc *desc, bool named,
                                struct iommu_device **out)
{
    struct iommu_unit *unit = iommu_unit_covering(iommu, desc);
    struct iommu_device *device;

    if (unit == NULL)
        return IOMMU_ERR_NOT_FOUND;
    device = iommu_pool_get(iommu, &iommu->device_pool);
    if (device == NULL)
        return IOMMU_ERR_NOMEM;
    device->iommu = iommu;
    device->unit = unit;
    device->desc = *desc;
    device->has_reserved = has_reserved(iommu, desc);
    device->firmware_only = named;
    add_rids(device);
    device->next = iommu->devices;
    __atomic_store_n(&iommu->devices, device, __ATOMIC_RELEASE);
    *out = device;
    /* Those that regions name get them together, when the units are started. */
    if (named || !iommu->started || iommu_unit_fenced(unit) || unit->no_translation)
        return IOMMU_OK;
    return iommu_reserved_apply(device);
}

/* Before its bridges were known the device was taken for one of this unit. */
static enum iommu_status leave_unit(struct iommu_device *device)
{
    struct iommu_domain *domain = device->reserved_domain;
    uintptr_t flags = iommu_attach_lock(device->iommu);
    enum iommu_status status;

    __atomic_store_n(&device->reserved_domain, NULL, __ATOMIC_RELEASE);
    status = iommu_device_apply_locked(device);
    if (status != IOMMU_OK)
        __atomic_store_n(&device->reserved_domain, domain, __ATOMIC_RELEASE);
    iommu_attach_unlock(device->iommu, flags);
    if (status != IOMMU_OK || domain == NULL)
        return status;
    return iommu_domain_destroy(domain);
}

static bool names(const struct iommu_device_desc *desc, uint16_t rid)
{
    for (size_t i = 0; i < desc->rid_count; i++)
        if (desc->rids[i] == rid)
            return true;
    return false;
}

/* The ids that an adopted device brings get what those have that were known. */
static enum iommu_status adopt_rids_locked(struct iommu_device *device, const struct iommu_device_desc *known)
{
    static const struct iommu_entry blocked = { .kind = IOMMU_ENTRY_BLOCKED };
    uint16_t fresh[IOMMU_DEVICE_RIDS];
    enum iommu_status status;
    size_t count = 0;

    for (size_t i = 0; i < device->desc.rid_count; i++)
        if (!names(known, device->desc.rids[i]))
            fresh[count++] = device->desc.rids[i];
    add_rids(device);
    if (count == 0 || device->entry.kind == IOMMU_ENTRY_BLOCKED || device->entry.kind == IOMMU_ENTRY_UNKNOWN)
        return IOMMU_OK;
    status = device->unit->ops->set_device(device->unit, fresh, count, &blocked, &device->entry);
    if (status != IOMMU_OK && !iommu_entry_unchanged(status))
        device->entry = (struct iommu_entry){ .kind = IOMMU_ENTRY_UNKNOWN };
    return status;
}

/*
 * A device that only a reserved region had named becomes the one described,
 * with the aliases and bridges it brings: they may put it under another unit,
 * which there is, since its first id alone had one, and give it more regions.
 */
static enum iommu_status adopt(struct iommu_device *device, const struct iommu_device_desc *desc, bool named)
{
    const struct iommu_device_desc known = device->desc;
    struct iommu *iommu = device->iommu;
    struct iommu_unit *unit = iommu_unit_covering(iommu, desc);
    enum iommu_status status = IOMMU_OK;
    uintptr_t flags;

    if (unit != device->unit)
        status = device->domain != NULL ? IOMMU_ERR_BUSY : leave_unit(device);
    if (status != IOMMU_OK)
        return status;
    flags = iommu_attach_lock(iommu);
    if (unit != device->unit)
        device->entry = (struct iommu_entry){ .kind = IOMMU_ENTRY_BLOCKED };
    device->unit = unit;
    device->desc = *desc;
    device->has_reserved = has_reserved(iommu, desc);
    device->firmware_only = named;
    status = adopt_rids_locked(device, &known);
    iommu_attach_unlock(iommu, flags);
    if (status != IOMMU_OK || iommu_unit_fenced(unit) || unit->no_translation)
        return status;
    if (device->reserved_domain != NULL)
        return iommu_reserved_map(device, device->reserved_domain);
    return iommu_reserved_apply(device);
}

/* What firmware says of the ids the embedder knows; its aliases have none of their own. */
static void add_aliases(const struct iommu *iommu, struct iommu_device_desc *desc)
{
    const struct iommu_unit *unit = iommu_unit_covering(iommu, desc);
    size_t known = desc->rid_count;

    for (const struct iommu_alias *a = unit == NULL ? NULL : unit->aliases; a != NULL; a = a->next)
        for (size_t i = 0; i < known; i++) {
            if (desc->rids[i] < a->rid || desc->rids[i] > a->last_rid || names(desc, a->alias))
                continue;
            if (desc->rid_count < IOMMU_DEVICE_RIDS)
                desc->rids[desc->rid_count++] = a->alias;
            else
                iommu_log(iommu, IOMMU_LOG_WARNING, "%s: device " IOMMU_RID_FORMAT " has more than %u ids, "
                          "alias 0x%04x stays blocked", unit->name, IOMMU_RID_ARGS(desc->segment, desc->rids[0]),
                          IOMMU_DEVICE_RIDS, a->alias);
        }
}

/* A unit refuses what it has no entry for by itself, and none could be changed. */
static void drop_ids_beyond(const struct iommu *iommu, struct iommu_device_desc *desc)
{
    const struct iommu_unit *unit = iommu_unit_covering(iommu, desc);
    size_t kept = 1;

    if (unit == NULL || unit->rid_end == 0)
        return;
    for (size_t i = 1; i < desc->rid_count; i++) {
        if (desc->rids[i] < unit->rid_end)
            desc->rids[kept++] = desc->rids[i];
        else
            iommu_log(iommu, IOMMU_LOG_WARNING, "%s: device " IOMMU_RID_FORMAT " alias 0x%04x is beyond the unit's "
                      "table of 0x%x ids, stays blocked", unit->name, IOMMU_RID_ARGS(desc->segment, desc->rids[0]),
                      desc->rids[i], unit->rid_end);
    }
    desc->rid_count = kept;
}

/* Ids under which an adopted device was known are its own, whether the embedder names them or not. */
static bool keep_known(struct iommu_device_desc *desc, const struct iommu_device *known)
{
    for (size_t i = 0; i < known->desc.rid_count; i++) {
        if (names(desc, known->desc.rids[i]))
            continue;
        if (desc->rid_count == IOMMU_DEVICE_RIDS)
            return false;
        desc->rids[desc->rid_count++] = known->desc.rids[i];
    }
    return true;
}

/*
 * Who has one of these ids. *adoptable: one device alone, which only a region
 * has named; otherwise it is one that stands in the way.
 */
static struct iommu_device *find_holder(struct iommu *iommu, const struct iommu_device_desc *desc, bool *adoptable)
{
    struct iommu_device *holder = NULL;

    *adoptable = false;
    for (size_t i = 0; i < desc->rid_count; i++) {
        struct iommu_device *known = iommu_find_device(iommu, desc->segment, desc->rids[i]);

        if (known == NULL || known == holder)
            continue;
        if (holder != NULL || !known->firmware_only)
            return known;
        holder = known;
    }
    *adoptable = holder != NULL;
    return holder;
}

/* One id twice would be flushed twice, and be in its bucket twice. */
static bool names_one_twice(const struct iommu_device_desc *desc)
{
    for (size_t i = 1; i < desc->rid_count; i++)
        for (size_t k = 0; k < i; k++)
            if (desc->rids[i] == desc->rids[k])
                return true;
    return false;
}

/*
 * devices_lock held: of two that name one id the second finds the first. named: only a region names it so
 * far. *out is who has one of its ids where it cannot be added.
 */
static enum iommu_status add_or_adopt_locked(struct iommu *iommu, const struct iommu_device_desc *said, bool named,
                                             struct iommu_device **out)
{
    struct iommu_device_desc desc = *said;
    bool adoptable;

    add_aliases(iommu, &desc);
    drop_ids_beyond(iommu, &desc);
    *out = find_holder(iommu, &desc, &adoptable);
    if (*out == NULL)
        return create(iommu, &desc, named, out);
    return adoptable && keep_known(&desc, *out) ? adopt(*out, &desc, named) : IOMMU_ERR_EXISTS;
}

enum iommu_status iommu_add_device(struct iommu *iommu, const struct iommu_device_desc *desc,
                                   struct iommu_device **out)
{
    enum iommu_status status;
    uintptr_t flags;

    if (desc->rid_count == 0 || desc->rid_count > IOMMU_DEVICE_RIDS ||
        desc->bridge_count > sizeof(desc->bridges) / sizeof(desc->bridges[0]) || names_one_twice(desc))
        return IOMMU_ERR_INVALID;
    flags = iommu_lock_irq(iommu->platform, iommu->ctx, &iommu->devices_lock);
    status = add_or_adopt_locked(iommu, desc, false, out);
    iommu_unlock_irq(iommu->platform, iommu->ctx, &iommu->devices_lock, flags);
    return status;
}

enum iommu_status iommu_device_add_named(struct iommu *iommu, uint16_t segment, uint16_t rid)
{
    const struct iommu_device_desc desc = { .segment = segment, .rids = { rid }, .rid_count = 1 };
    struct iommu_device *device;
    uintptr_t flags = iommu_lock_irq(iommu->platform, iommu->ctx, &iommu->devices_lock);
    enum iommu_status status = add_or_adopt_locked(iommu, &desc, true, &device);

    /* An alias is somebody else's already: what arrives as that is not given the region. */
    if (status == IOMMU_ERR_EXISTS)
        status = create(iommu, &desc, true, &device);
    iommu_unlock_irq(iommu->platform, iommu->ctx, &iommu->devices_lock, flags);
    return status;
}

void *iommu_device_owner(const struct iommu_device *device)
{
    return device->desc.owner;
}

uint16_t iommu_device_segment(const struct iommu_device *device)
{
    return device->desc.segment;
}

uint16_t iommu_device_rid(const struct iommu_device *device)
{
    return device->desc.rids[0];
}

size_t iommu_device_unit(const struct iommu_device *device)
{
    return device->unit->index;
}

size_t iommu_device_ids(const struct iommu_device *device, uint16_t *rids, size_t max)
{
    size_t count = device->desc.rid_count < max ? device->desc.rid_count : max;

    memcpy(rids, device->desc.rids, count * sizeof(rids[0]));
    return count;
}

enum iommu_status iommu_covering_unit(const struct iommu *iommu, const struct iommu_device_desc *desc, size_t *index)
{
    const struct iommu_unit *unit = iommu_unit_covering(iommu, desc);

    if (unit == NULL)
        return IOMMU_ERR_NOT_FOUND;
    *index = unit->index;
    return IOMMU_OK;
}

struct iommu_domain *iommu_device_domain(const struct iommu_device *device)
{
    return __atomic_load_n(&device->domain, __ATOMIC_ACQUIRE);
}

bool iommu_device_has_reserved(const struct iommu_device *device)
{
    return device->has_reserved;
}

bool iommu_device_fenced(const struct iommu_device *device)
{
    return __atomic_load_n(&device->fenced, __ATOMIC_RELAXED);
}
