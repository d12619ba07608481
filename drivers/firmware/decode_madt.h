/* SPDX-License-Identifier: BSD-2-Clause */
/* The MADT's structures of other processors than x86. */
#ifndef FIRMWARE_DECODE_MADT_H
#define FIRMWARE_DECODE_MADT_H

#include "decode_internal.h"

extern const struct fw_layout madt_gicc[], madt_gicd[], madt_gic_msi[], madt_gicr[], madt_gic_its[];
extern const struct fw_layout madt_core_pic[], madt_lio_pic[], madt_ht_pic[], madt_eio_pic[],
    madt_msi_pic[], madt_bio_pic[], madt_lpc_pic[];
extern const struct fw_layout madt_rintc[], madt_imsic[], madt_aplic[], madt_plic[];

#endif
