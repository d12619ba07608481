/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers and entries by the names of their fields, for the files behind iommu/debug.h that look. */
#ifndef IOMMU_DUMP_H
#define IOMMU_DUMP_H

#include "bits.h"
#include "internal.h"
#include "mmio.h"

struct dump_field {
    const char *name;
    uint64_t mask;                  /* in its word */
    const char *const *meanings;    /* by value; NULL: none */
    uint8_t meaning_count;
    uint8_t word;
    bool in_place;                  /* an address: shown with its bits where they are */
};

#define DUMP_FIELD_OF(number, label, bits) { .name = (label), .mask = (bits), .word = (number) }
#define DUMP_ADDRESS_OF(number, label, bits) { .name = (label), .mask = (bits), .word = (number), .in_place = true }
#define DUMP_MEANING_OF(number, label, bits, table) \
    { .name = (label), .mask = (bits), .word = (number), .meanings = (table), .meaning_count = DUMP_COUNT(table) }
#define DUMP_FIELD(label, bits) DUMP_FIELD_OF(0, label, bits)
#define DUMP_ADDRESS(label, bits) DUMP_ADDRESS_OF(0, label, bits)
#define DUMP_MEANING(label, bits, table) DUMP_MEANING_OF(0, label, bits, table)
#define DUMP_COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct dump_fields {
    const struct dump_field *list;
    size_t count;
};
#define DUMP_FIELDS(table) { (table), DUMP_COUNT(table) }

/* ---- debug_look.c ---- */

void dump_fields(const struct iommu_debug_visitor *visitor, const struct dump_fields *fields, const uint64_t *words);
void dump_item(const struct iommu_debug_visitor *visitor, const struct iommu_debug_item *item,
               const struct dump_fields *fields);
void dump_register32(const struct iommu_debug_visitor *visitor, const struct reg_window *window, const char *name,
                     struct reg32 reg, const struct dump_fields *fields);
void dump_register64(const struct iommu_debug_visitor *visitor, const struct reg_window *window, const char *name,
                     struct reg64 reg, const struct dump_fields *fields);

/* The fields of a capability word: those of ops->capability whose names begin with prefix, without it. */
void dump_capabilities(const struct iommu_unit *unit, const struct iommu_debug_visitor *visitor, const char *prefix);

/*
 * Reads words of memory at pa, which lie in one page, each at once. False:
 * there is no memory, or pa is beyond the unit's addresses.
 */
bool dump_read(const struct iommu_unit *unit, uint64_t pa, uint64_t *words, size_t count);

/* The walk ends here. */
void dump_refuse(struct iommu_debug_walk *out, uint32_t reason, const char *why);
void dump_give_up(struct iommu_debug_walk *out, const char *why);

#endif
