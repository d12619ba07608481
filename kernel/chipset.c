/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See chipset.h. Intel's processors for clients and small servers from the
 * second Core generation on have CAPID0_A at E4h of their host bridge, whose
 * bit 23 (VTDD) says that there is no VT-d (processor data sheets, volume 2,
 * "Capabilities A"). AMD's host bridges say nothing of the kind.
 */
#include "chipset.h"

#include <stddef.h>

#define VENDOR_INTEL 0x8086u
#define CAPID0_A 0x00e4u
#define CAPID0_A_VTDD (1u << 23)

/* Host bridges by generation; device ids from first to last. */
static const struct {
    uint16_t first, last;
} bridges[] = {
    { 0x0100, 0x010f },     /* Core 2nd generation, Xeon E3 */
    { 0x0150, 0x015f },     /* 3rd, Xeon E3 v2 */
    { 0x0a00, 0x0a0f },     /* 4th, mobile */
    { 0x0c00, 0x0c0f },     /* 4th, Xeon E3 v3 */
    { 0x1600, 0x161f },     /* 5th */
    { 0x1900, 0x191f },     /* 6th, Xeon E3 v5 */
    { 0x5900, 0x591f },     /* 7th, Xeon E3 v6 */
    { 0x3e00, 0x3eff },     /* 8th and 9th, Xeon E */
    { 0x4600, 0x467f },     /* 12th */
};

uint16_t chipset_register(uint16_t vendor, uint16_t device)
{
    for (size_t i = 0; vendor == VENDOR_INTEL && i < sizeof(bridges) / sizeof(bridges[0]); i++)
        if (device >= bridges[i].first && device <= bridges[i].last)
            return CAPID0_A;
    return 0;
}

enum chipset_units chipset_units(uint16_t vendor, uint16_t device, uint32_t value)
{
    if (chipset_register(vendor, device) == 0 || value == UINT32_MAX)
        return CHIPSET_UNKNOWN;
    return (value & CAPID0_A_VTDD) != 0 ? CHIPSET_DISABLED : CHIPSET_POSSIBLE;
}
