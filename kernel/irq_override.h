/* SPDX-License-Identifier: BSD-2-Clause */
/* What ivrs_ioapic=, ivrs_hpet= and ivrs_acpihid= say, in both of Linux's spellings. Portable. */
#ifndef KERNEL_IRQ_OVERRIDE_H
#define KERNEL_IRQ_OVERRIDE_H

#include <stdbool.h>

#include "iommu/irq.h"

/*
 * text is what follows the word's name: "[4]=00:14.0" or "=4@0000:00:14.0"; "[00:14.5]=AMD0020:0"
 * or "=AMD0020:0@00:14.5". The segment may be left out of either. NULL, or what is wrong with it.
 */
const char *irq_override_parse(enum iommu_irq_source_kind kind, const char *text, struct iommu_irq_override *out);

#endif
