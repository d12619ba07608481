/* SPDX-License-Identifier: BSD-2-Clause */
/* What iommu/debug.h shows, printed: an item a line, its fields behind it. Portable. */
#ifndef KERNEL_SHELL_DUMP_H
#define KERNEL_SHELL_DUMP_H

#include "iommu/debug.h"

/* One at a time. */
extern const struct iommu_debug_visitor shell_dump;
/* The last fields. */
void shell_dump_end(void);

#endif
