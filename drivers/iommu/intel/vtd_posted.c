/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Posted-interrupt descriptors (VT-d §5.2.2, §5.2.5, §9.11). A unit changes one
 * as a whole cache line: it sets the vector's bit, and unless ON is set or SN
 * holds it back, sets ON and notifies. So whoever clears SN or ON looks at the
 * bits after that: one that was set before brings no notification any more.
 */
#include "bits.h"
#include "intel/vtd_formats.h"
#include "internal.h"

_Static_assert(sizeof(struct iommu_posted) == 64, "VT-d §9.11");
_Static_assert(offsetof(struct iommu_posted, control) * 8 == 256, "VT-d §9.11");

void iommu_posted_init(struct iommu_posted *descriptor)
{
    *descriptor = (struct iommu_posted){ .control = VTD_PID_SN };
}

static bool is_pending(const struct iommu_posted *descriptor)
{
    uint64_t any = 0;

    for (unsigned i = 0; i < 4; i++)
        any |= __atomic_load_n(&descriptor->pending[i], __ATOMIC_SEQ_CST);
    return any != 0;
}

/*
 * Notifies from now on. ON stays as it is: it is set while a notification is on
 * its way, perhaps to where the virtual CPU was before.
 */
static bool notify(const struct iommu *iommu, struct iommu_posted *descriptor, uint32_t apic_id, uint8_t vector)
{
    uint64_t to = field_make(VTD_PID_NV, vector) |
                  field_make(iommu->irq.x2apic ? VTD_PID_NDST : VTD_PID_NDST_XAPIC, apic_id);
    uint64_t old = __atomic_load_n(&descriptor->control, __ATOMIC_RELAXED);

    while (!__atomic_compare_exchange_n(&descriptor->control, &old, (old & VTD_PID_ON) | to, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED))
        ;
    return (old & VTD_PID_ON) || is_pending(descriptor);
}

bool iommu_posted_run(const struct iommu *iommu, struct iommu_posted *descriptor, uint32_t apic_id, uint8_t vector)
{
    return notify(iommu, descriptor, apic_id, vector);
}

void iommu_posted_suppress(struct iommu_posted *descriptor)
{
    __atomic_fetch_or(&descriptor->control, VTD_PID_SN, __ATOMIC_SEQ_CST);
}

bool iommu_posted_wake(const struct iommu *iommu, struct iommu_posted *descriptor, uint32_t apic_id, uint8_t vector)
{
    return notify(iommu, descriptor, apic_id, vector);
}

bool iommu_posted_take(struct iommu_posted *descriptor, uint64_t pending[4])
{
    uint64_t any = 0;

    __atomic_fetch_and(&descriptor->control, ~VTD_PID_ON, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < 4; i++) {
        pending[i] = __atomic_exchange_n(&descriptor->pending[i], 0, __ATOMIC_SEQ_CST);
        any |= pending[i];
    }
    return any != 0;
}
