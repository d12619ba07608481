/* SPDX-License-Identifier: BSD-2-Clause */
/* See iova_ranges.h. */
#include "iova_ranges.h"

/* What is left of list[at] outside of [start, end): nothing, one piece or two. */
static void cut(struct iova_ranges *r, size_t at, uint64_t start, uint64_t end)
{
    struct iommu_region *range = &r->list[at];
    struct iommu_region upper = { .start = end, .end = range->end };

    if (start <= range->start && end >= range->end) {
        for (r->count--; at < r->count; at++)
            r->list[at] = r->list[at + 1];
        return;
    }
    if (start <= range->start) {
        range->start = end;
        return;
    }
    range->end = start;
    if (upper.start >= upper.end)
        return;
    if (r->count == IOVA_RANGES_MAX) {
        r->more = true;
        return;
    }
    for (size_t i = r->count++; i > at + 1; i--)
        r->list[i] = r->list[i - 1];
    r->list[at + 1] = upper;
}

static void take_away(struct iova_ranges *r, const struct iommu_region *hole)
{
    for (size_t i = r->count; i-- > 0;)
        if (hole->start < r->list[i].end && hole->end > r->list[i].start)
            cut(r, i, hole->start, hole->end);
}

void iova_ranges_without(struct iova_ranges *ranges, uint64_t start, uint64_t end)
{
    const struct iommu_region hole = { .start = start, .end = end };

    take_away(ranges, &hole);
}

static void take_ranges(const struct iommu_domain *domain, const struct iommu_device *device,
                        struct iova_ranges *out)
{
    struct iommu_domain_info info;
    struct iommu_region hole;

    iommu_domain_info(domain, &info);
    *out = (struct iova_ranges){ .list = { { .end = info.aperture_end } },
                                  .count = 1,
                                  .format = info.format };
    for (size_t i = 0; iommu_domain_hole(domain, i, &hole) == IOMMU_OK; i++)
        take_away(out, &hole);
    for (size_t i = 0; iommu_reserved_region(device, i, &hole) == IOMMU_OK; i++)
        take_away(out, &hole);
}

enum iommu_status iova_ranges(struct iommu *iommu, struct iommu_device *device,
                              struct iova_ranges *out)
{
    const struct iommu_domain_desc desc = {
        .type = IOMMU_DOMAIN_UNMANAGED, .devices = &device, .device_count = 1
    };
    struct iommu_domain *domain;
    enum iommu_status status = iommu_domain_create(iommu, &desc, &domain);

    *out = (struct iova_ranges){ .format = "none" };
    if (status != IOMMU_OK)
        return status;
    take_ranges(domain, device, out);
    return iommu_domain_destroy(domain);
}

bool iova_ranges_equal(const struct iova_ranges *a, const struct iova_ranges *b)
{
    if (a->count != b->count || a->more != b->more || a->format != b->format)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->list[i].start != b->list[i].start || a->list[i].end != b->list[i].end)
            return false;
    return true;
}
