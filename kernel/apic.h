/* SPDX-License-Identifier: BSD-2-Clause */
/* The interrupt controllers' registers; irq.h is what the rest of the kernel uses. */
#ifndef KERNEL_APIC_H
#define KERNEL_APIC_H

#include <stdbool.h>
#include <stdint.h>

void apic_init(uint8_t spurious_vector);    /* local APIC on, its inputs masked but NMI */
/* The same on another CPU, in the mode that the boot CPU is in now. False: it is in the other mode. */
bool apic_init_other(uint8_t spurious_vector);
/* For smp_call(): this CPU into x2APIC mode. Nothing that was pending or in service is lost. */
void apic_enter_x2apic(void *arg);
void apic_mask_8259(uint8_t first_vector);  /* moved to that vector and 15 more, then masked */
void apic_eoi(void);
bool apic_in_service(unsigned vector);
bool apic_requested(unsigned vector);       /* accepted by this CPU, and not in service yet */

/*
 * Interrupts from CPU to CPU (SDM 10.6): the low half of the command. False: the one before it
 * has not left, or xAPIC cannot name that id.
 */
#define APIC_IPI_FIXED      0x04000u    /* and the vector */
#define APIC_IPI_NMI        0x04400u
#define APIC_IPI_INIT       0x04500u
#define APIC_IPI_STARTUP    0x04600u    /* and the page's number */
bool apic_ipi(uint32_t apic_id, uint32_t command);
#define APIC_ID_MAX_XAPIC   254u        /* 255 means every CPU */

/* The local timer, one-shot: counts down from count once, 0 stops it. */
void apic_timer_setup(uint8_t vector, bool tsc_deadline);
void apic_timer_start(uint32_t count);
uint32_t apic_timer_left(void);

/* Called with interrupts off by the common entry for vectors that are not exceptions. */
void irq_dispatch(unsigned vector);

#endif
