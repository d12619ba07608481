/* SPDX-License-Identifier: BSD-2-Clause */
/* The interrupt controllers' registers; irq.h is what the rest of the kernel uses. */
#ifndef KERNEL_APIC_H
#define KERNEL_APIC_H

#include <stdbool.h>
#include <stdint.h>

void apic_init(uint8_t spurious_vector);    /* local APIC on, its inputs masked but NMI */
void apic_mask_8259(uint8_t first_vector);  /* moved to that vector and 15 more, then masked */
void apic_mask_ioapics(void);
void apic_eoi(void);
bool apic_in_service(unsigned vector);

/* The local timer, one-shot: counts down from count once, 0 stops it. */
void apic_timer_setup(uint8_t vector, bool tsc_deadline);
void apic_timer_start(uint32_t count);
uint32_t apic_timer_left(void);

/* Called with interrupts off by the common entry for vectors that are not exceptions. */
void irq_dispatch(unsigned vector);

#endif
