/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The unit's own interrupt (AMD-Vi §2.8): events and COMPLETION_WAIT. It goes
 * out by the MSI capability of the unit's PCI function or, with
 * Control.IntCapXTEn, by the XT registers, whose destination has 32 bits; it
 * is never remapped. The registers are used only where the capability is not
 * there or does not reach the destination: emulators have the feature bit
 * without them, and parts may want XTEn too. A unit without either is polled
 * by iommu_poll_faults().
 */
#include "amd/amdvi.h"

/* PCI Local Bus 3.0 §6.1, §6.7, §6.8.1 */
#define PCI_COMMAND 0x04u
#define PCI_COMMAND_MASTER BIT32(2)
#define PCI_STATUS 0x06u
#define PCI_STATUS_CAPABILITIES BIT32(4)
#define PCI_CAPABILITIES 0x34u
#define PCI_CAPABILITIES_MAX 48u
#define PCI_CAP_MSI 0x05u
#define MSI_CONTROL 0x02u
#define MSI_CONTROL_ENABLE BIT32(0)
#define MSI_CONTROL_MULTIPLE BITS32(6, 4)
#define MSI_CONTROL_64 BIT32(7)
#define MSI_CONTROL_MASKS BIT32(8)
#define MSI_ADDRESS 0x04u
#define MSI_ADDRESS_HIGH 0x08u
#define MSI_DATA_32 0x08u
#define MSI_DATA_64 0x0cu
#define MSI_MASKS_32 0x0cu
#define MSI_MASKS_64 0x10u

/* Of a message (AMD64 volume 2, §16) */
#define MESSAGE_DESTINATION BITS64(19, 12)
#define MESSAGE_DESTINATION_HIGH BITS64(63, 40)
#define MESSAGE_LOGICAL BIT64(2)
#define MESSAGE_VECTOR BITS32(7, 0)
#define MESSAGE_LOWEST_PRIORITY BIT32(8)

#define OWN_INTERRUPTS (AMDVI_CONTROL_EVENT_INT_EN | AMDVI_CONTROL_COM_WAIT_INT_EN)

static uint32_t function_read(const struct amdvi_unit *unit, uint16_t rid, unsigned offset, unsigned width)
{
    return unit->base.platform->pci_read(unit->base.ctx, unit->base.segment, rid, (uint16_t)offset, width);
}

static uint32_t config_read(const struct amdvi_unit *unit, unsigned offset, unsigned width)
{
    return function_read(unit, unit->rid, offset, width);
}

static void config_write(const struct amdvi_unit *unit, unsigned offset, unsigned width, uint32_t value)
{
    unit->base.platform->pci_write(unit->base.ctx, unit->base.segment, unit->rid, (uint16_t)offset, width, value);
}

unsigned amdvi_find_capability(const struct amdvi_unit *unit, uint16_t rid, uint8_t id)
{
    uint32_t status = function_read(unit, rid, PCI_STATUS, 2);
    unsigned at;

    if (status == 0xffff || !(status & PCI_STATUS_CAPABILITIES))
        return 0;
    at = function_read(unit, rid, PCI_CAPABILITIES, 1) & 0xfcu;
    for (unsigned i = 0; i < PCI_CAPABILITIES_MAX && at >= 0x40; i++) {
        uint32_t header = function_read(unit, rid, at, 2);

        if ((header & 0xff) == id)
            return at;
        at = header >> 8 & 0xfcu;
    }
    return 0;
}

/* The first MSI capability; QEMU's list has a second one that does nothing. 0: none, or no way to write it. */
static unsigned find_msi(const struct amdvi_unit *unit)
{
    return unit->base.platform->pci_write == NULL ? 0 : amdvi_find_capability(unit, unit->rid, PCI_CAP_MSI);
}

static void msi_off(const struct amdvi_unit *unit, unsigned at)
{
    config_write(unit, at + MSI_CONTROL, 2, config_read(unit, at + MSI_CONTROL, 2) & ~MSI_CONTROL_ENABLE);
}

/* Off while it changes: a message made of two halves would go astray. */
static bool msi_on(const struct amdvi_unit *unit, const struct iommu_msi *msi)
{
    unsigned at = find_msi(unit);
    uint32_t control;
    bool wide;

    if (at == 0 || msi->address >> 32 != 0)
        return false;
    msi_off(unit, at);
    control = config_read(unit, at + MSI_CONTROL, 2);
    wide = (control & MSI_CONTROL_64) != 0;
    config_write(unit, at + MSI_ADDRESS, 4, (uint32_t)msi->address);
    if (wide)
        config_write(unit, at + MSI_ADDRESS_HIGH, 4, 0);
    config_write(unit, at + (wide ? MSI_DATA_64 : MSI_DATA_32), 2, msi->data & 0xffffu);
    if (control & MSI_CONTROL_MASKS)
        config_write(unit, at + (wide ? MSI_MASKS_64 : MSI_MASKS_32), 4, 0);
    /* One message: every source of the unit then uses it, whatever its MsiNum says. */
    config_write(unit, at + MSI_CONTROL, 2, (control & ~MSI_CONTROL_MULTIPLE) | MSI_CONTROL_ENABLE);
    /* A message is a write of the function's own. */
    config_write(unit, PCI_COMMAND, 2, config_read(unit, PCI_COMMAND, 2) | PCI_COMMAND_MASTER);
    return true;
}

static bool has_xt(const struct amdvi_unit *unit)
{
    return (unit->efr & AMDVI_EFR_XT_SUP) != 0;
}

static void xt_on(struct amdvi_unit *unit, struct reg64 reg, const struct iommu_msi *msi)
{
    uint64_t destination = field_get(msi->address, MESSAGE_DESTINATION) |
                           field_get(msi->address, MESSAGE_DESTINATION_HIGH) << 8;

    reg_write64(&unit->regs, reg,
                (msi->address & MESSAGE_LOGICAL ? AMDVI_XT_DEST_MODE : 0) |
                (msi->data & MESSAGE_LOWEST_PRIORITY ? AMDVI_XT_DELIVERY : 0) |
                field_make(AMDVI_XT_VECTOR, field_get(msi->data, MESSAGE_VECTOR)) |
                field_make(AMDVI_XT_DEST_LOW, destination) | field_make(AMDVI_XT_DEST_HIGH, destination >> 24));
}

void amdvi_irq_enable(struct amdvi_unit *unit)
{
    const struct iommu_platform *platform = unit->base.platform;
    struct iommu_msi msi;
    bool by_xt;

    if (platform->fault_interrupt == NULL ||
        !platform->fault_interrupt(unit->base.ctx, unit->base.index, &msi))
        return;
    by_xt = !msi_on(unit, &msi);
    if (by_xt && !has_xt(unit)) {
        iommu_log(unit->base.iommu, IOMMU_LOG_WARNING,
                  "%s: no interrupt of its own: address=0x%llx msi-capability=0x%x xtsup=0 config-writes=%u",
                  unit->base.name, (unsigned long long)msi.address, find_msi(unit), platform->pci_write != NULL);
        return;
    }
    if (by_xt)
        xt_on(unit, AMDVI_XT_GENERAL, &msi);
    if (by_xt && unit->guest_log.ring != NULL)
        xt_on(unit, AMDVI_XT_GA, &msi);
    (void)amdvi_control(unit, 0, OWN_INTERRUPTS | (by_xt ? AMDVI_CONTROL_INT_CAP_XT_EN : 0), 0);
    unit->event_interrupt = true;
}

void amdvi_irq_disable(struct amdvi_unit *unit)
{
    unsigned at = find_msi(unit);

    unit->event_interrupt = false;
    (void)amdvi_control(unit, OWN_INTERRUPTS | AMDVI_CONTROL_INT_CAP_XT_EN, 0, 0);
    if (has_xt(unit))
        reg_write64(&unit->regs, AMDVI_XT_GENERAL, 0);
    if (has_xt(unit) && unit->guest_log.ring != NULL)
        reg_write64(&unit->regs, AMDVI_XT_GA, 0);
    if (at != 0)
        msi_off(unit, at);
}
