/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Halves of a device table entry, stored at once: a unit reads an entry whole,
 * so one that changes by one store is never seen in between (AMD-Vi §2.2.2.2).
 * Without CMPXCHG16B amdvi_device.c keeps an order instead.
 */
#ifndef IOMMU_AMDVI_STORE_H
#define IOMMU_AMDVI_STORE_H

#include "store16.h"

static inline bool amdvi_has_wide_store(void)
{
    return store16_available();
}

struct amdvi_half {
    struct store16 words;
};

static inline void amdvi_store_half(struct amdvi_half *at, uint64_t lo, uint64_t hi)
{
    store16(&at->words, (struct store16){ .lo = lo, .hi = hi });
}

#endif
