/* SPDX-License-Identifier: BSD-2-Clause */
/* Clocks of a known frequency that the TSC is measured against. */
#ifndef KERNEL_CLOCK_CALIBRATE_H
#define KERNEL_CLOCK_CALIBRATE_H

#include <stdbool.h>
#include <stdint.h>

struct clock_source {
    const char *name;
    uint64_t hz;
    uint64_t mask;                  /* the counter wraps behind it */
    uint64_t (*read)(void);         /* free running */
};

#define CLOCK_SOURCES 3
/* Those the machine has: HPET, ACPI PM timer, PIT, in this order; returns how many. */
unsigned clock_sources(struct clock_source out[CLOCK_SOURCES]);

/*
 * TSC ticks a second by that clock, twice over window_us. False: it did not
 * move in time. *spread_ppm is how far the two runs are apart.
 */
bool clock_measure(const struct clock_source *source, uint64_t window_us, uint64_t *hz,
                   uint64_t *spread_ppm);

/* Ticks a second of a counter of unknown rate, by a TSC of tsc_hz; 0: it stands still. */
uint64_t clock_rate(uint64_t (*read)(void), uint64_t mask, uint64_t window_us, uint64_t tsc_hz);

/*
 * The TSC is that of an emulator which counts the instructions it executes (QEMU's -icount).
 * Before other CPUs run: their instructions count, too.
 */
bool clock_counts_instructions(void);

/* Distance of two frequencies in parts per million of the first. */
uint64_t clock_distance_ppm(uint64_t a, uint64_t b);

#endif
