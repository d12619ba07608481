/* SPDX-License-Identifier: BSD-2-Clause */
/* The IVRS table as text (word amd_iommu_dump), line by line through print(). */
#ifndef KERNEL_IVRS_DUMP_H
#define KERNEL_IVRS_DUMP_H

#include <stddef.h>

/* One line for the header, each unit, device entry, region and problem; each begins with "# ivrs: ". */
void ivrs_dump(const void *table, size_t len);

#endif
