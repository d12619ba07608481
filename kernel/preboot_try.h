/* SPDX-License-Identifier: BSD-2-Clause */
/* The DMA attempt of preboot_dma.h on this machine: machine.preboot. */
#ifndef KERNEL_PREBOOT_TRY_H
#define KERNEL_PREBOOT_TRY_H

/*
 * Sends it, where report=full, report=json or preboot=on asks for it. After bus masters were switched off and devices
 * described to the units, before any unit is programmed.
 */
void preboot_try(void);
/* Judges it once the units are started, before exercisers do anything else. */
void preboot_try_look(void);

#endif
