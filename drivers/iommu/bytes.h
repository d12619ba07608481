/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes of firmware's tables: little-endian numbers at any alignment, and the checksum (ACPI §5.2.6). */
#ifndef IOMMU_BYTES_H
#define IOMMU_BYTES_H

#include <stddef.h>
#include <stdint.h>

static inline uint16_t bytes_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t bytes_u32(const uint8_t *at)
{
    return bytes_u16(at) | (uint32_t)bytes_u16(at + 2) << 16;
}

static inline uint64_t bytes_u64(const uint8_t *at)
{
    return bytes_u32(at) | (uint64_t)bytes_u32(at + 4) << 32;
}

/* 0 where the checksum is right. */
static inline uint8_t bytes_sum(const uint8_t *bytes, size_t len)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return sum;
}

#endif
