/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IOVAs that a device's domain can map: its aperture without the holes and
 * without what firmware keeps mapped for the device. Portable.
 */
#ifndef KERNEL_IOVA_RANGES_H
#define KERNEL_IOVA_RANGES_H

#include "iommu/iommu.h"

#define IOVA_RANGES_MAX 16
struct iova_ranges {
    struct iommu_region list[IOVA_RANGES_MAX];  /* half-open, ascending; prot is 0 */
    size_t count;
    bool more;              /* further ones did not fit */
    const char *format;     /* of the domain's page table */
};

/* The status of the domain that is made for it, and taken away again. */
enum iommu_status iova_ranges(struct iommu *iommu, struct iommu_device *device,
                              struct iova_ranges *out);

/*
 * Takes [start, end) away: what the device's requests meet before they meet the unit
 * (pci_turned_ranges()).
 */
void iova_ranges_without(struct iova_ranges *ranges, uint64_t start, uint64_t end);

/* The same ranges, of the same format. */
bool iova_ranges_equal(const struct iova_ranges *a, const struct iova_ranges *b);

#endif
