/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Regions that firmware wants to stay reachable for some devices (RMRR, VT-d
 * §8.4; IVMD, AMD-Vi §5.2.2): mapped one to one into whatever translated domain such a device gets,
 * and into a domain of its own while it has none. A bridge in a region's scope
 * stands for the devices below it that the embedder adds.
 */
#include "internal.h"
#include "bits.h"

static bool scope_applies(const struct iommu_scope *scope, const struct iommu_device_desc *desc)
{
    for (size_t i = 0; i < desc->rid_count; i++)
        if (desc->rids[i] >= scope->rid && desc->rids[i] <= scope->last_rid)
            return true;
    if (!scope->bridge)
        return false;
    for (size_t i = 0; i < desc->bridge_count; i++)
        if (desc->bridges[i] == scope->rid)
            return true;
    return false;
}

bool iommu_reserved_applies(const struct iommu_reserved *region, const struct iommu_device_desc *desc)
{
    if (region->segment != desc->segment)
        return false;
    for (const struct iommu_scope *scope = region->scopes; scope != NULL; scope = scope->next)
        if (scope_applies(scope, desc))
            return true;
    return false;
}

enum iommu_status iommu_reserved_region(const struct iommu_device *device, size_t index,
                                        struct iommu_region *out)
{
    const struct iommu_reserved *r = device->iommu->reserved;

    for (; r != NULL; r = r->next) {
        if (!iommu_reserved_applies(r, &device->desc))
            continue;
        if (index-- == 0) {
            out->start = r->start;
            out->end = r->end;
            out->prot = r->prot;
            return IOMMU_OK;
        }
    }
    return IOMMU_ERR_NOT_FOUND;
}

/* From at to the end of the span that a lookup's answer speaks for. */
static uint64_t span_end(uint64_t at, const struct iommu_leaf *leaf, enum iommu_status status)
{
    unsigned shift = status == IOMMU_OK ? leaf->size_shift : 12 + 9 * leaf->level;

    return (at | (BIT64(shift) - 1)) + 1;
}

static enum iommu_status map_same(struct iommu_domain *domain, uint64_t start, uint64_t end, unsigned prot)
{
    if (start >= end)
        return IOMMU_OK;
    return iommu_domain_map(domain, &(struct iommu_mapping){
        .iova = start, .pa = start, .len = end - start, .prot = prot });
}

/*
 * Maps [start, end) one to one, leaving pages that are so already: regions
 * overlap, and several devices of one domain may share one. A step is as long
 * as the leaf or hole it meets, so that a region of any size ends soon.
 */
static enum iommu_status map_part(struct iommu_domain *domain, uint64_t start, uint64_t end, unsigned prot)
{
    uint64_t run = start, at = start;

    while (at < end) {
        struct iommu_leaf leaf;
        enum iommu_status status = domain->pt->lookup(&domain->table, at, &leaf);

        if (status == IOMMU_OK && (leaf.pa != at || (leaf.prot & prot) != prot))
            return IOMMU_ERR_EXISTS;
        if (status == IOMMU_OK && run < at) {
            status = map_same(domain, run, at, prot);
            if (status != IOMMU_OK)
                return status;
        }
        at = span_end(at, &leaf, status);
        if (status == IOMMU_OK)
            run = at;
    }
    return map_same(domain, run, end, prot);
}

/* What the regions of a device allow at an address, together; *end is lowered to where that changes. */
static unsigned rights_at(const struct iommu_device *device, uint64_t at, uint64_t *end)
{
    unsigned prot = 0;

    for (const struct iommu_reserved *r = device->iommu->reserved; r != NULL; r = r->next) {
        uint64_t change = at < r->start ? r->start : r->end;

        if (at >= r->end || !iommu_reserved_applies(r, &device->desc))
            continue;
        if (at >= r->start)
            prot |= r->prot;
        if (change < *end)
            *end = change;
    }
    return prot;
}

/* A part that cannot be mapped is no reason to leave the others out. */
enum iommu_status iommu_reserved_map(const struct iommu_device *device, struct iommu_domain *domain)
{
    enum iommu_status first = IOMMU_OK;

    for (const struct iommu_reserved *r = device->iommu->reserved; r != NULL; r = r->next) {
        if (!iommu_reserved_applies(r, &device->desc))
            continue;
        for (uint64_t at = r->start; at < r->end;) {
            uint64_t end = r->end;
            unsigned prot = rights_at(device, at, &end);
            enum iommu_status status = map_part(domain, at, end, prot);

            if (first == IOMMU_OK)
                first = status;
            at = end;
        }
    }
    return first;
}

enum iommu_status iommu_reserved_apply(struct iommu_device *device)
{
    struct iommu *iommu = device->iommu;
    struct iommu_domain *domain = device->reserved_domain;
    enum iommu_status status, mapped = IOMMU_OK;
    uintptr_t flags;

    if (domain == NULL && device->has_reserved) {
        struct iommu_device *const devices[] = { device };

        status = iommu_domain_create(iommu, &(struct iommu_domain_desc){
            .type = IOMMU_DOMAIN_UNMANAGED, .devices = devices, .device_count = 1 }, &domain);
        if (status != IOMMU_OK)
            return status;
        mapped = iommu_reserved_map(device, domain);
        if (mapped != IOMMU_OK)
            iommu_log(iommu, IOMMU_LOG_ERROR, "%s: reserved region not mapped dev=" IOMMU_RID_FORMAT " status=%s",
                      device->unit->name, IOMMU_RID_ARGS(device->desc.segment, device->desc.rids[0]),
                      iommu_status_name(mapped));
    }
    flags = iommu_attach_lock(iommu);
    __atomic_store_n(&device->reserved_domain, domain, __ATOMIC_RELEASE);
    status = iommu_device_apply_locked(device);
    iommu_attach_unlock(iommu, flags);
    return status != IOMMU_OK ? status : mapped;
}

/* Firmware names a device that the embedder has not added: its regions must stay reachable all the same. */
static enum iommu_status create_named(struct iommu *iommu, const struct iommu_reserved *region)
{
    for (const struct iommu_scope *scope = region->scopes; scope != NULL; scope = scope->next) {
        enum iommu_status status;

        /* Ranges concern what the embedder adds; what it has not found in one stays blocked. */
        if (scope->bridge || scope->last_rid != scope->rid ||
            iommu_find_device(iommu, region->segment, scope->rid) != NULL)
            continue;
        status = iommu_device_add_named(iommu, region->segment, scope->rid);
        if (status == IOMMU_ERR_NOT_FOUND) {
            iommu_log(iommu, IOMMU_LOG_WARNING, "iommu: reserved region of dev=" IOMMU_RID_FORMAT
                      " which no unit covers", IOMMU_RID_ARGS(region->segment, scope->rid));
            continue;
        }
        if (status != IOMMU_OK)
            return status;
    }
    return IOMMU_OK;
}

enum iommu_status iommu_reserved_apply_all(struct iommu *iommu)
{
    enum iommu_status first = IOMMU_OK;

    for (const struct iommu_reserved *r = iommu->reserved; r != NULL; r = r->next) {
        enum iommu_status status = create_named(iommu, r);

        if (first == IOMMU_OK)
            first = status;
    }
    for (struct iommu_device *device = iommu->devices; device != NULL; device = device->next) {
        enum iommu_status status;

        if (iommu_unit_fenced(device->unit) || device->unit->no_translation)
            continue;
        /* Without regions there is only a table to make; attaching tries again. */
        status = iommu_reserved_apply(device);
        if (first == IOMMU_OK && device->has_reserved)
            first = status;
    }
    return first;
}
