/* SPDX-License-Identifier: BSD-2-Clause */
/* Time: the TSC, calibrated against HPET, ACPI PM timer or PIT, and sleeping by HLT. */
#ifndef KERNEL_CLOCK_H
#define KERNEL_CLOCK_H

#include <stdint.h>

void clock_init(void);          /* needs acpi_init() and irq_init(); says which reference it took */
void clock_init_other(void);    /* the timer of another CPU, on that CPU */
uint64_t now_us(void);          /* since clock_init(), the same on every CPU; any context */
uint64_t now_tsc(void);         /* ordered read of the TSC */
uint64_t tsc_hz(void);
const char *clock_reference(void);
/*
 * At least that long; other threads run meanwhile, the CPU halts when there is
 * none. Needs thread_init(). Not from interrupt context.
 */
void sleep_us(uint64_t us);
/* For the idle loop: interrupts this CPU at that now_us() or after; replaces the one before. */
void clock_arm(uint64_t deadline_us);
/* Busy wait, for drivers' short delays; any context. */
void delay_us(uint64_t us);

#endif
