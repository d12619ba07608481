/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time is the TSC; its frequency is measured at start, not believed. The local
 * APIC timer ends a sleep: by TSC deadline where the CPU has it (SDM volume 3,
 * 10.5.4.1), else one-shot. Each CPU has its own timer, all at one rate; what a
 * CPU's TSC differs from the boot CPU's, as smp.c found it, is taken off.
 */
#include "clock.h"

#include <stdbool.h>

#include "apic.h"
#include "clock_calibrate.h"
#include "console.h"
#include "cpu.h"
#include "irq.h"
#include "panic.h"
#include "smp.h"

#define MICROSECONDS 1000000ull
#define WINDOW_US 10000
#define TIMER_WINDOW_US 10000
#define TIMER_MASK UINT32_MAX
#define MEASURE_TRIES 4
/* Two runs of one clock that agree, two clocks that agree. */
#define SPREAD_MAX_PPM 2000
#define CLOCKS_MAX_PPM 5000
/* Multiplier of TSC ticks: microseconds in 32.32 fixed point. */
#define FRACTION_BITS 32

static uint64_t hz, start_tsc, us_per_tick;
static uint64_t timer_hz;       /* local APIC timer ticks a second; 0: TSC deadline */
static int timer_vector;
static const char *reference = "none";

uint64_t now_tsc(void)
{
    uint32_t low, high;

    /* SDM 17.17: RDTSC is not ordered; LFENCE keeps earlier loads before it. */
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

uint64_t tsc_hz(void)
{
    return hz;
}

const char *clock_reference(void)
{
    return reference;
}

/* Ticks since the start, of the boot CPU's TSC. */
static uint64_t ticks(void)
{
    return now_tsc() - (uint64_t)this_cpu()->tsc_offset - start_tsc;
}

uint64_t now_us(void)
{
    if (hz == 0)
        return 0;
    return (uint64_t)((unsigned __int128)ticks() * us_per_tick >> FRACTION_BITS);
}

void delay_us(uint64_t us)
{
    uint64_t until = now_us() + us;

    while (hz != 0 && now_us() < until)
        smp_relax();
}

/* ---- calibration ---- */

/* Repeats until two runs agree; the best of what was seen otherwise. */
static bool measure(const struct clock_source *source, uint64_t *best_hz, uint64_t *best_ppm)
{
    *best_ppm = UINT64_MAX;
    for (int i = 0; i < MEASURE_TRIES && *best_ppm > SPREAD_MAX_PPM; i++) {
        uint64_t seen, ppm;

        if (!clock_measure(source, WINDOW_US, &seen, &ppm))
            return false;
        if (ppm < *best_ppm) {
            *best_ppm = ppm;
            *best_hz = seen;
        }
    }
    if (*best_ppm > SPREAD_MAX_PPM)
        log_line(LOG_WARNING, "clock: %s runs differ by %lluppm, at most %uppm expected",
                 source->name, (unsigned long long)*best_ppm, SPREAD_MAX_PPM);
    return true;
}

static void cross_check(const struct clock_source *source)
{
    uint64_t seen, ppm, distance;

    if (!measure(source, &seen, &ppm))
        return;
    distance = clock_distance_ppm(hz, seen);
    log_line(distance > CLOCKS_MAX_PPM ? LOG_WARNING : LOG_INFO,
             "clock: cross-check by=%s tsc=%lluHz distance=%lluppm", source->name,
             (unsigned long long)seen, (unsigned long long)distance);
}

static void calibrate_tsc(void)
{
    struct clock_source sources[CLOCK_SOURCES];
    unsigned count = clock_sources(sources), i = 0;
    uint64_t ppm;

    while (i < count && !measure(&sources[i], &hz, &ppm)) {
        log_line(LOG_WARNING, "clock: %s does not tick", sources[i].name);
        i++;
    }
    if (i == count)
        panic("clock: neither HPET, ACPI PM timer nor PIT ticks");
    reference = sources[i].name;
    start_tsc = now_tsc();
    us_per_tick = (MICROSECONDS << FRACTION_BITS) / hz;
    log_line(LOG_INFO, "clock: tsc=%lluHz by=%s spread=%lluppm invariant=%s",
             (unsigned long long)hz, reference, (unsigned long long)ppm,
             cpuid_read(CPUID_AMD_POWER).edx & CPUID_AMD_7_EDX_INVARIANT_TSC ? "yes" : "no");
    if (i + 1 < count)
        cross_check(&sources[i + 1]);
}

/* ---- the timer ---- */

/* Its work is done by having ended HLT. */
static void timer_interrupt(void *arg)
{
    (void)arg;
}

static uint64_t timer_count(void)
{
    return UINT32_MAX - apic_timer_left();
}

static void start_timer(void)
{
    bool deadline = cpuid_read(CPUID_FEATURES).ecx & CPUID_1_ECX_TSC_DEADLINE;

    timer_vector = irq_vector_alloc(timer_interrupt, NULL);
    if (timer_vector < 0)
        panic("clock: no vector is left for the timer");
    apic_timer_setup((uint8_t)timer_vector, deadline);
    if (!deadline) {
        apic_timer_start(UINT32_MAX);
        timer_hz = clock_rate(timer_count, TIMER_MASK, TIMER_WINDOW_US, hz);
        apic_timer_start(0);
        if (timer_hz == 0)
            panic("clock: the local APIC timer does not count");
    }
    log_line(LOG_INFO, "clock: timer=%s ticks=%lluHz", deadline ? "tsc-deadline" : "one-shot",
             (unsigned long long)(deadline ? hz : timer_hz));
}

void clock_init(void)
{
    calibrate_tsc();
    start_timer();
}

void clock_init_other(void)
{
    apic_timer_setup((uint8_t)timer_vector, timer_hz == 0);
}

void clock_arm(uint64_t deadline_us)
{
    uint64_t now = now_us(), us = deadline_us > now ? deadline_us - now : 0, count;

    if (timer_hz == 0) {
        msr_write(MSR_TSC_DEADLINE, now_tsc() + us * hz / MICROSECONDS + 1);
        return;
    }
    count = us * timer_hz / MICROSECONDS + 1;
    apic_timer_start(count < UINT32_MAX ? (uint32_t)count : UINT32_MAX);
}
