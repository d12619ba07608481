/* SPDX-License-Identifier: BSD-2-Clause */
/* See table_memory.h. Sources: UEFI 2.10 §7.2.3 (memory types); PCI Firmware 3.3 §4.1.2 (MCFG). */
#include "table_memory.h"

#define EFI_MEMORY_MAPPED_IO 11u
#define EFI_MEMORY_MAPPED_PORTS 12u
/* IOAPICs, HPET, VT-d units, local APICs and the firmware's flash: on every PC's chip set. */
#define CHIPSET_START 0xfec00000ull
#define CHIPSET_END (1ull << 32)
#define BUS_BYTES_SHIFT 20u

static bool touches(uint64_t pa, size_t len, uint64_t start, uint64_t end)
{
    return pa < end && (pa >= start || len > start - pa);
}

static bool is_registers(const struct boot_info *boot, const struct boot_range *range)
{
    return boot->door == BOOT_DOOR_UEFI && (range->firmware_type == EFI_MEMORY_MAPPED_IO ||
                                            range->firmware_type == EFI_MEMORY_MAPPED_PORTS);
}

static bool is_configuration(const struct acpi_mcfg_entry *mcfg, size_t count, uint64_t pa,
                             size_t len)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t start = mcfg[i].base_pa + ((uint64_t)mcfg[i].start_bus << BUS_BYTES_SHIFT);
        uint64_t end = mcfg[i].base_pa + (((uint64_t)mcfg[i].end_bus + 1) << BUS_BYTES_SHIFT);

        if (touches(pa, len, start, end))
            return true;
    }
    return false;
}

bool table_memory_holds(const struct boot_info *boot, const struct acpi_mcfg_entry *mcfg,
                        size_t mcfg_count, uint64_t pa, size_t len)
{
    bool named = false;

    if (touches(pa, len, CHIPSET_START, CHIPSET_END) ||
        is_configuration(mcfg, mcfg_count, pa, len))
        return false;
    for (uint32_t i = 0; i < boot->range_count; i++) {
        const struct boot_range *range = &boot->ranges[i];

        if (!touches(pa, len, range->start, range->end))
            continue;
        if (range->type == BOOT_BAD || is_registers(boot, range))
            return false;
        named |= pa >= range->start && len <= range->end - pa;
    }
    return named;
}
