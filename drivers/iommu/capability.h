/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields of a unit's capability words by name and meaning, as iommu_unit_capability() lists them. */
#ifndef IOMMU_CAPABILITY_H
#define IOMMU_CAPABILITY_H

#include "bits.h"
#include "iommu/iommu.h"

struct capability {
    const char *name;
    uint64_t mask;
    const char *meaning;
};

/* One word of a unit and all of its fields. */
struct capability_word {
    const struct capability *fields;
    size_t count;
    uint64_t word;
};
#define CAPABILITY_WORD(table, value) { (table), sizeof(table) / sizeof((table)[0]), (value) }

/* Field number index, counted through all words. */
static inline enum iommu_status
capability_find(const struct capability_word *words, size_t count, size_t index, struct iommu_capability *out)
{
    for (size_t i = 0; i < count; i++) {
        if (index < words[i].count) {
            const struct capability *field = &words[i].fields[index];

            out->name = field->name;
            out->meaning = field->meaning;
            out->value = field_get(words[i].word, field->mask);
            return IOMMU_OK;
        }
        index -= words[i].count;
    }
    return IOMMU_ERR_NOT_FOUND;
}

#endif
