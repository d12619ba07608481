/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sixteen bytes changed at once, for entries that a unit reads whole while
 * they are live: halves of a device table entry (AMD-Vi §2.2.2.2), interrupt
 * entries of either vendor (VT-d §5.1.4; AMD-Vi §2.2.5). CMPXCHG16B is there on
 * every processor beside such a unit; who embeds the library elsewhere, or
 * hides it, is told so by store16_available(), and gets the longer way round.
 */
#ifndef IOMMU_STORE16_H
#define IOMMU_STORE16_H

#include <stdbool.h>
#include <stdint.h>

#include "bits.h"

/* CPUID function 1, ECX */
#define STORE16_CPUID_FEATURES 1u
#define STORE16_CPUID_ECX_CX16 BIT32(13)

static inline bool store16_available(void)
{
    uint32_t eax = STORE16_CPUID_FEATURES, ebx, ecx = 0, edx;

    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return (ecx & STORE16_CPUID_ECX_CX16) != 0;
}

struct store16 {
    uint64_t lo;
    uint64_t hi;
} __attribute__((aligned(16)));

/* Puts value there if *seen still is; otherwise *seen becomes what is there. A full barrier. */
static inline bool store16_exchange(struct store16 *at, struct store16 *seen, struct store16 value)
{
    bool stored;

    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(stored), "+m"(*at), "+a"(seen->lo), "+d"(seen->hi)
                     : "b"(value.lo), "c"(value.hi)
                     : "memory");
    return stored;
}

/* Repeated until nobody came in between. */
static inline void store16(struct store16 *at, struct store16 value)
{
    struct store16 seen = *at;

    while (!store16_exchange(at, &seen, value))
        ;
}

#endif
