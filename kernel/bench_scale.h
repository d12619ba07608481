/* SPDX-License-Identifier: BSD-2-Clause */
/* What several CPUs take for maps and unmaps of one domain at once. */
#ifndef KERNEL_BENCH_SCALE_H
#define KERNEL_BENCH_SCALE_H

#include <stdbool.h>
#include <stdint.h>

#include "iommu/iommu.h"

#define BENCH_SCALE_OPS 512u        /* of one CPU: a map and an unmap each */
#define BENCH_SCALE_CPUS_MAX 4u

/*
 * Each of so many CPUs maps and unmaps a page in a range of its own, from iova
 * on. The boot CPU's TSC when all begin and when the last has ended. False: a
 * call failed, or a thread could not be had.
 */
bool bench_scale(struct iommu_domain *domain, uint64_t iova, unsigned cpus, uint64_t *begin, uint64_t *end);

#endif
