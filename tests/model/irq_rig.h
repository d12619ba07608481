/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * driver_rig.h with interrupt remapping: one unit that can do all of it, an
 * IOAPIC and an HPET in its scopes, and a DMAR table with flags of one's choice.
 */
#ifndef IOMMU_IRQ_RIG_H
#define IOMMU_IRQ_RIG_H

#include "driver_rig.h"

/* DMAR.Flags, VT-d §8.1 */
#define IRQ_RIG_INTR_REMAP 1u
#define IRQ_RIG_X2APIC_OPT_OUT 2u

#define IRQ_RIG_IOAPIC 4        /* its id; sends as f0:1f.0 */
#define IRQ_RIG_IOAPIC_RID 0xf0f8
#define IRQ_RIG_HPET 0          /* f0:0f.0 */
#define IRQ_RIG_HPET_RID 0xf078

/* vtd_model_default() with ECAP.IR, EIM and MHMV 15, CAP.PI, and the two sources. */
struct vtd_model_config irq_model(void);
/* IOMMU_IRQ_AUTO, IOMMU_X2APIC_AUTO */
struct iommu_config irq_config(void);
/* The model's DMAR table with those flags goes to the library. */
enum iommu_status irq_add_table(struct driver *d, uint8_t flags);
/* create, add_table, the three devices, start: all must succeed. NULL: irq_config(). */
struct driver *irq_started(const struct vtd_model_config *model, const struct iommu_config *config);

#endif
