/* SPDX-License-Identifier: BSD-2-Clause */
/* See quirks.h. The facts were measured on QEMU 7.2, 10.0 and 11.1, and read in its source (hw/i386). */
#include "quirks.h"

#include "glob.h"

static const struct quirk quirks[QUIRK_COUNT] = {
    /*
     * Up to 10.0 an inverted test of the overflow bit suppresses every event:
     * the log stays empty (amdvi_test_mask(); requests are refused all the same).
     */
    [QUIRK_AMD_NO_EVENTS] = { "amd-no-events", "fault record not checked" },
    /*
     * From 10.1 on a request that an entry with TV = 0 refuses is not logged
     * (amdvi_do_translate()); AMD-Vi §2.2.2, Table 8 says that it may be.
     */
    [QUIRK_AMD_NO_BLOCKED_EVENTS] = { "amd-no-blocked-events", "fault record of a blocked device not checked" },
    /*
     * From 10.1 on events are logged, but: the address is always 0 and I always
     * set, read and write come as GN and NX, RW, PR and DomainID are 0, the bus
     * number is lost, and every four bytes of a request make one event
     * (amdvi_setevent_bits(), amdvi_page_fault()).
     */
    [QUIRK_AMD_EVENT_FIELDS] = { "amd-event-fields", "of the fault record only device and function are checked" },
    /*
     * Up to 10.0 a device on another bus is given the device-table entry of its
     * device and function on bus 0. The versions are those without events.
     */
    [QUIRK_AMD_BUS_ZERO] = { "amd-bus-zero", "devices on other buses are translated by entries of bus 0" },
    /* All versions: an illegal command does not stop the processor (amdvi_cmdbuf_exec()). */
    [QUIRK_AMD_COMMAND_GOES_ON] = { "amd-command-goes-on", "the command processor does not stop" },
    /* All versions: a disk's transfer is translated as a whole when its command starts. */
    [QUIRK_QEMU_MAPS_AHEAD] = { "qemu-maps-ahead", "QEMU translated the whole transfer before the detach" },
    /* All versions, VT-d: an address that is too wide is recorded whole (§11.4.7.6 has it cut). */
    [QUIRK_QEMU_WIDE_ADDRESS] = { "qemu-wide-address", "upper bits of the recorded address not checked" },
    /* 7.2, VT-d: a refused interrupt is blocked and nothing recorded (vtd_interrupt_remap_msi()). */
    [QUIRK_QEMU_NO_IRQ_RECORDS] = { "qemu-no-irq-records", "fault record of a refused interrupt not checked" },
    /* All versions, both vendors: interrupt entries are read from memory each time, so that no flush is missed. */
    [QUIRK_QEMU_NO_IRQ_CACHE] = { "qemu-no-irq-cache", "that an entry is remembered until its flush not checked" },
    /* All versions, VT-d: compatibility format passes, whatever CFI and EIME say (vtd_interrupt_remap_msi()). */
    [QUIRK_QEMU_COMPATIBILITY_PASSES] = { "qemu-compatibility-passes", "messages in compatibility format are not blocked" },
    /* All versions, VT-d: requests of the IOAPIC carry no id (ioapic_service()), so that a wrong one in its entry works. */
    [QUIRK_QEMU_IOAPIC_SOURCE] = { "qemu-ioapic-source", "source id of the IOAPIC not checked" },
    /* All versions, VT-d: nor do interrupts that a device writes by DMA (pci_dma_write() gives no attributes). */
    [QUIRK_QEMU_DMA_SOURCE] = { "qemu-dma-source", "source id of a message written by DMA not checked" },
    /* All versions, VT-d: first and last bus of SVT=2 are taken the wrong way round. */
    [QUIRK_QEMU_BUS_RANGE] = { "qemu-bus-range", "a source id range of several buses matches nothing" },
    /* All versions: refused interrupts are dropped, and one line goes to stderr (amdvi_int_remap_msi()). */
    [QUIRK_AMD_NO_IRQ_EVENTS] = { "amd-no-irq-events", "fault record of a refused interrupt not checked" },
    /* All versions: IntTabLen is not looked at; what lies behind the table is taken for entries. */
    [QUIRK_AMD_IRQ_TABLE_LENGTH] = { "amd-irq-table-length", "the end of the interrupt table is not known" },
    /* All versions: a remapped message loses its trigger mode, so that no EOI of the CPU reaches the IOAPIC. */
    [QUIRK_AMD_LEVEL_AS_EDGE] = { "amd-level-as-edge", "end of interrupt by the CPU not checked" },
};

const struct quirk *quirk(enum suite_quirk which)
{
    return &quirks[which];
}

bool suite_vendor_is(const struct suite_env *env, const char *vendor)
{
    struct iommu_unit_info info;

    if (env->iommu == NULL || iommu_unit_info(env->iommu, 0, &info) != IOMMU_OK)
        return false;
    return text_is(info.vendor, vendor);
}

bool suite_translates(const struct suite_env *env)
{
    struct iommu_unit_info info;

    for (size_t i = 0; env->iommu != NULL && iommu_unit_info(env->iommu, i, &info) == IOMMU_OK; i++)
        if (info.translating)
            return true;
    return false;
}

/* CAP.ESRTPS, which QEMU's unit has since a version that records refused interrupts. */
#define VTD_CAP_ESRTPS (1ull << 63)

static bool has_esrtps(const struct suite_env *env)
{
    struct iommu_unit_info info;

    return iommu_unit_info(env->iommu, 0, &info) == IOMMU_OK && (info.capability & VTD_CAP_ESRTPS) != 0;
}

bool quirk_applies(const struct suite_env *env, enum suite_quirk which)
{
    if (env->model)
        return false;
    switch (which) {
    case QUIRK_AMD_NO_EVENTS:
        return env->no_events;
    case QUIRK_AMD_NO_BLOCKED_EVENTS:
        return env->no_blocked_events;
    case QUIRK_AMD_EVENT_FIELDS:
        return env->event_fields_wrong;
    case QUIRK_AMD_BUS_ZERO:
        return env->no_events && env->emulated && suite_vendor_is(env, "amd");
    case QUIRK_AMD_COMMAND_GOES_ON:
        return env->emulated && suite_vendor_is(env, "amd");
    case QUIRK_QEMU_MAPS_AHEAD:
        return env->emulated;
    case QUIRK_QEMU_NO_IRQ_CACHE:
        return env->emulated;
    case QUIRK_AMD_NO_IRQ_EVENTS:
    case QUIRK_AMD_IRQ_TABLE_LENGTH:
    case QUIRK_AMD_LEVEL_AS_EDGE:
        return env->emulated && suite_vendor_is(env, "amd");
    case QUIRK_QEMU_NO_IRQ_RECORDS:
        return env->emulated && suite_vendor_is(env, "intel") && !has_esrtps(env);
    case QUIRK_QEMU_COMPATIBILITY_PASSES:
    case QUIRK_QEMU_IOAPIC_SOURCE:
    case QUIRK_QEMU_DMA_SOURCE:
    case QUIRK_QEMU_BUS_RANGE:
    case QUIRK_QEMU_WIDE_ADDRESS:
        return env->emulated && suite_vendor_is(env, "intel");
    case QUIRK_COUNT:
        break;
    }
    return false;
}
