/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fields of registers and memory formats. Bit numbers are written as the
 * specification prints them, high to low; a field is named by its mask.
 */
#ifndef IOMMU_BITS_H
#define IOMMU_BITS_H

#include <stdint.h>

#define BIT64(n) (1ull << (n))
#define BITS64(high, low) ((~0ull >> (63 - (high))) & (~0ull << (low)))
#define BIT32(n) (1u << (n))
#define BITS32(high, low) ((~0u >> (31 - (high))) & (~0u << (low)))

/* The value of a field, moved down to bit 0. */
static inline uint64_t field_get(uint64_t word, uint64_t mask)
{
    return (word & mask) >> __builtin_ctzll(mask);
}

/* value moved up into a field; bits that do not fit are cut off, so check first where they could occur. */
static inline uint64_t field_make(uint64_t mask, uint64_t value)
{
    return (value << __builtin_ctzll(mask)) & mask;
}

#endif
