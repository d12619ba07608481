/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hand-off snapshot: what the registers of every unit hold, read and not
 * changed, before a driver touches them. Works without a struct iommu, so
 * that a boot loader can take it too; the vendors read their own units.
 */
#include "internal.h"
#include "memory.h"

enum iommu_status iommu_take_handoff(const struct iommu_platform *platform, void *ctx,
                                     const void *table, size_t len, struct iommu_handoff *out)
{
    memset(out, 0, sizeof(*out));
    out->taken = 1;
    if (len >= 4 && memcmp(table, "IVRS", 4) == 0)
        return amdvi_take_handoff(platform, ctx, table, len, out);
    return vtd_take_handoff(platform, ctx, table, len, out);
}
