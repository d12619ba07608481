/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks that the scenarios of area map share; of master[0] (tables.c). */
#ifndef SUITE_TABLES_H
#define SUITE_TABLES_H

#include "scenario.h"

/* Fails unless the leaf at iova has that size and reaches pa. */
void map_check_leaf(struct suite_case *t, struct iommu_domain *domain, uint64_t iova, uint64_t pa,
                    unsigned size_shift);
void map_check_unmapped(struct suite_case *t, struct iommu_domain *domain, uint64_t iova);
/* Skips unless the domain has leaves of 2^shift bytes. */
void map_needs_leaves(struct suite_case *t, const struct iommu_domain *domain, unsigned shift);
void map_arrives_at(struct suite_case *t, uint64_t iova, const struct buffer *buffer, size_t frame);
void map_refused_at(struct suite_case *t, uint64_t iova, uint8_t level);

#endif
