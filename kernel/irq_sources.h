/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's interrupt controllers beyond the CPUs' own: its IOAPICs and its HPET. */
#ifndef KERNEL_IRQ_SOURCES_H
#define KERNEL_IRQ_SOURCES_H

#include <stdbool.h>

#include "hpet.h"
#include "ioapic.h"

extern struct ioapics irq_ioapics;
extern struct hpet irq_hpet;
extern bool irq_has_hpet;

/* Finds both and silences them: pins masked, comparators off. Needs mm_init() and acpi_init(). */
void irq_sources_init(void);

#endif
