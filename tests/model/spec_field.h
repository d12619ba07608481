/* SPDX-License-Identifier: BSD-2-Clause */
/* How the models' own transcriptions write a field: SPEC_F(high, low), as specifications print it. */
#ifndef IOMMU_SPEC_FIELD_H
#define IOMMU_SPEC_FIELD_H

#include <stdint.h>

#define BIT_SPEC(n) ((uint64_t)1 << (n))
#define SPEC_F(high, low) \
    ((((high) - (low)) == 63 ? ~(uint64_t)0 : (BIT_SPEC((high) - (low) + 1) - 1)) << (low))

static inline unsigned spec_low(uint64_t field)
{
    unsigned low = 0;

    while (!((field >> low) & 1))
        low++;
    return low;
}

static inline uint64_t spec_get(uint64_t word, uint64_t field)
{
    return (word & field) >> spec_low(field);
}

static inline uint64_t spec_make(uint64_t field, uint64_t value)
{
    return (value << spec_low(field)) & field;
}

/* Replaces one field of a word: spec_put(&config.units[0].cap, SPEC_CAP_CM, 1). */
static inline void spec_put(uint64_t *word, uint64_t field, uint64_t value)
{
    *word = (*word & ~field) | spec_make(field, value);
}

#endif
