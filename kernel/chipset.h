/* SPDX-License-Identifier: BSD-2-Clause */
/* What a host bridge itself says about having remapping units. Portable. */
#ifndef KERNEL_CHIPSET_H
#define KERNEL_CHIPSET_H

#include <stdbool.h>
#include <stdint.h>

enum chipset_units {
    CHIPSET_UNKNOWN,    /* a host bridge that says nothing of it, or one not known here */
    CHIPSET_POSSIBLE,
    CHIPSET_DISABLED,   /* fused off, or switched off until the next reset */
};

/* Where the answer lies in the host bridge's configuration space, 4 bytes; 0: nowhere. */
uint16_t chipset_register(uint16_t vendor, uint16_t device);
/* value: of that register. */
enum chipset_units chipset_units(uint16_t vendor, uint16_t device, uint32_t value);

#endif
