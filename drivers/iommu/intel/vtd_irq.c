/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The unit's fault event (VT-d §5.1.6, §7.3, §11.4.7.2 to §11.4.7.5): a message
 * of its own that is never remapped. A unit without one is polled by
 * iommu_poll_faults(). Every access is 32 bits wide: FECTL and FEADDR are two
 * registers each with a neighbour, and QEMU aborts on a 64-bit write here.
 */
#include "intel/vtd.h"

void vtd_irq_mask(struct vtd_unit *unit)
{
    uint32_t control = reg_read32(&unit->regs, VTD_FECTL);

    reg_write32(&unit->regs, VTD_FECTL, control | VTD_FECTL_IM);
}

void vtd_irq_enable(struct vtd_unit *unit)
{
    const struct iommu_platform *platform = unit->base.platform;
    struct iommu_msi msi;
    uint32_t upper;

    if (platform->fault_interrupt == NULL ||
        !platform->fault_interrupt(unit->base.ctx, unit->base.index, &msi))
        return;
    upper = (uint32_t)(msi.address >> 32);
    if (upper != 0 && !(unit->ecap & VTD_ECAP_EIM)) {
        iommu_log(unit->base.iommu, IOMMU_LOG_WARNING, "%s: fault event not sent: address=0x%llx needs ecap.EIM",
                  unit->base.name, (unsigned long long)msi.address);
        return;
    }
    reg_write32(&unit->regs, VTD_FEDATA, msi.data & VTD_FEDATA_IMD);
    reg_write32(&unit->regs, VTD_FEADDR, (uint32_t)msi.address & VTD_FEADDR_MA);
    if (unit->ecap & VTD_ECAP_EIM)
        reg_write32(&unit->regs, VTD_FEUADDR, upper);
    reg_write32(&unit->regs, VTD_FECTL, reg_read32(&unit->regs, VTD_FECTL) & ~VTD_FECTL_IM);
    unit->fault_event = true;
}
