/* SPDX-License-Identifier: BSD-2-Clause */
/* A visitor of iommu/debug.h that keeps what it is shown: items with their addresses, and all of it as text. */
#ifndef IOMMU_LOOK_H
#define IOMMU_LOOK_H

#include "iommu/debug.h"

#define LOOK_ITEMS 2048
#define LOOK_BYTES (512u << 10)

struct look {
    struct iommu_debug_visitor visitor;
    struct iommu_debug_item items[LOOK_ITEMS];
    size_t count;
    char text[LOOK_BYTES];  /* "NAME[INDEX] AT BITS: FIELD=VALUE(MEANING) ...\n", notes as "# NOTE\n", all in hex */
    size_t len;
};

struct look *look_new(void);
/* Forgets what was seen. */
void look_clear(struct look *look);
/* The same one each time, made at the first, having seen nothing. */
struct look *look_anew(void);
/* Is text anywhere in what was seen? */
bool look_noted(const struct look *look, const char *text);
/* The first item of that name; the test fails when there is none. */
const struct iommu_debug_item *look_item(const struct look *look, const char *name);
/* Its fields, as in text. */
const char *look_line(const struct look *look, const char *name);
/* Does the line of the first item of that name hold " FIELD=VALUE(MEANING)" or a part of it? */
bool look_has(const struct look *look, const char *name, const char *field);

#endif
