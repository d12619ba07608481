/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sixteen bytes stored at once. A unit reads a device table entry whole, so a
 * half of it that changes by one store is never seen in between (AMD-Vi
 * §2.2.2.2). Every processor beside an AMD-Vi unit has CMPXCHG16B; who embeds
 * the library elsewhere, or hides it, gets the order of amdvi_device.c instead.
 */
#ifndef IOMMU_AMDVI_STORE_H
#define IOMMU_AMDVI_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "bits.h"

/* CPUID function 1, ECX */
#define AMDVI_CPUID_FEATURES 1u
#define AMDVI_CPUID_ECX_CX16 BIT32(13)

static inline bool amdvi_has_wide_store(void)
{
    uint32_t eax = AMDVI_CPUID_FEATURES, ebx, ecx = 0, edx;

    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return (ecx & AMDVI_CPUID_ECX_CX16) != 0;
}

struct amdvi_half {
    uint64_t lo;
    uint64_t hi;
} __attribute__((aligned(16)));

/* A store of 16 bytes is a compare-exchange that is repeated until nobody came in between; and a full barrier. */
static inline void amdvi_store_half(struct amdvi_half *at, uint64_t lo, uint64_t hi)
{
    uint64_t seen_lo = at->lo, seen_hi = at->hi;
    bool stored;

    do
        __asm__ volatile("lock cmpxchg16b %1"
                         : "=@ccz"(stored), "+m"(*at), "+a"(seen_lo), "+d"(seen_hi)
                         : "b"(lo), "c"(hi)
                         : "memory");
    while (!stored);
}

#endif
