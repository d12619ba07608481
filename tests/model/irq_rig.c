/* SPDX-License-Identifier: BSD-2-Clause */
/* See irq_rig.h. */
#include "irq_rig.h"

#include <string.h>

#include "test.h"

enum { SCOPE_IOAPIC = 3, SCOPE_HPET = 4 };
enum { DMAR_CHECKSUM = 9, DMAR_FLAGS = 37 };

struct vtd_model_config irq_model(void)
{
    struct vtd_model_config config = vtd_model_default();
    struct vtd_model_unit_config *unit = &config.units[0];

    spec_put(&unit->ecap, SPEC_ECAP_IR, 1);
    spec_put(&unit->ecap, SPEC_ECAP_EIM, 1);
    spec_put(&unit->ecap, SPEC_ECAP_MHMV, 15);
    unit->cap |= 1ull << 59; /* PI */
    unit->scopes[unit->scope_count++] = (struct vtd_model_scope){
        .type = SCOPE_IOAPIC, .enumeration_id = IRQ_RIG_IOAPIC, .bus = 0xf0, .path = { { 0x1f, 0 } } };
    unit->scopes[unit->scope_count++] = (struct vtd_model_scope){
        .type = SCOPE_HPET, .enumeration_id = IRQ_RIG_HPET, .bus = 0xf0, .path = { { 0x0f, 0 } } };
    return config;
}

struct iommu_config irq_config(void)
{
    return (struct iommu_config){ .irq = { .mode = IOMMU_IRQ_AUTO, .x2apic = IOMMU_X2APIC_AUTO } };
}

enum iommu_status irq_add_table(struct driver *d, uint8_t flags)
{
    uint8_t table[4096];
    size_t len = vtd_model_dmar(d->m, table, sizeof(table));

    table[DMAR_CHECKSUM] = (uint8_t)(table[DMAR_CHECKSUM] + table[DMAR_FLAGS] - flags);
    table[DMAR_FLAGS] = flags;
    return iommu_add_table(d->iommu, table, len);
}

struct driver *irq_started(const struct vtd_model_config *model, const struct iommu_config *config)
{
    struct iommu_config usual = irq_config();
    struct driver *d = driver_create(model, config == NULL ? &usual : config);

    CHECK_OK(irq_add_table(d, IRQ_RIG_INTR_REMAP));
    driver_add(d, DRIVER_RID);
    driver_add(d, DRIVER_OTHER);
    driver_add(d, DRIVER_FAR);
    CHECK_OK(iommu_start(d->iommu));
    return d;
}
