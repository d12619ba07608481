/* SPDX-License-Identifier: BSD-2-Clause */
/* iommu/debug.h: what only test suites and benchmarks may do. */
#include "internal.h"

enum iommu_status iommu_debug_queue_submit(struct iommu *iommu, size_t unit, uint64_t low, uint64_t high)
{
    if (unit >= iommu->unit_count)
        return IOMMU_ERR_NOT_FOUND;
    return iommu->units[unit]->ops->debug_submit(iommu->units[unit], low, high);
}

enum iommu_status iommu_debug_use_queue(struct iommu *iommu, size_t unit, bool use_queue)
{
    if (unit >= iommu->unit_count)
        return IOMMU_ERR_NOT_FOUND;
    return iommu->units[unit]->ops->debug_use_queue(iommu->units[unit], use_queue);
}

enum iommu_status iommu_debug_flush_all(struct iommu *iommu, size_t unit)
{
    if (unit >= iommu->unit_count)
        return IOMMU_ERR_NOT_FOUND;
    return iommu->units[unit]->ops->debug_flush_all(iommu->units[unit]);
}

void iommu_debug_counters(const struct iommu *iommu, size_t unit, struct iommu_debug_counters *out)
{
    *out = (struct iommu_debug_counters){ 0 };
    if (unit < iommu->unit_count)
        iommu->units[unit]->ops->debug_counters(iommu->units[unit], out);
}

void iommu_debug_set_storm(struct iommu *iommu, uint32_t threshold, uint32_t window_us)
{
    size_t unit = 0;

    while (iommu_unit_set_storm(iommu, unit, threshold, window_us) == IOMMU_OK)
        unit++;
}

static const char *state_of(struct iommu_unit *unit, uint16_t rid)
{
    switch (unit->ops->device_state(unit, rid)) {
    case IOMMU_ENTRY_TRANSLATED:
        return "translated";
    case IOMMU_ENTRY_PASS_THROUGH:
        return "pass-through";
    case IOMMU_ENTRY_BLOCKED:
    case IOMMU_ENTRY_FENCED:
    case IOMMU_ENTRY_UNKNOWN:
        break;
    }
    return "blocked";
}

const char *iommu_debug_device_state(const struct iommu_device *device)
{
    return state_of(device->unit, device->desc.rids[0]);
}

const char *iommu_debug_id_state(const struct iommu *iommu, size_t unit, uint16_t rid)
{
    return unit < iommu->unit_count ? state_of(iommu->units[unit], rid) : "blocked";
}
