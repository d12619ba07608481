/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measures the TSC against a clock whose frequency is known: HPET (IA-PC HPET
 * 1.0a), the ACPI PM timer (ACPI 6.5 §4.8.3.3), PIT channel 2 (8254 data
 * sheet). Reading such a clock is slow and may be interrupted by firmware or
 * an emulator, so a reading counts only with the narrowest pair of TSC values
 * around it, and the loop between two readings touches nothing but the TSC.
 */
#include "clock_calibrate.h"

#include <stddef.h>

#include "acpi.h"
#include "bits.h"
#include "clock.h"
#include "cpu.h"
#include "irq.h"
#include "mm.h"

#define MICROSECONDS 1000000ull
#define FEMTOSECONDS 1000000000000000ull
#define READ_TRIES 5
/* TSC ticks between two looks at the clock: a few microseconds anywhere. */
#define LOOK_TICKS 20000
/* Looks after which a clock that stands still (milliseconds), or is too slow, is given up. */
#define STILL_LOOKS_MAX 1000
#define LOOKS_MAX 300000

#define HPET_BYTES          0x400u
#define HPET_CAPABILITIES   0x000u
#define HPET_PERIOD         BITS64(63, 32)
#define HPET_PERIOD_MAX     100000000ull
/* Femtoseconds: below 2^32 Hz, which measure_once() relies on. No HPET comes near. */
#define HPET_PERIOD_MIN     232831ull
#define HPET_CONFIG         0x010u
#define HPET_CONFIG_ENABLE  BIT64(0)
#define HPET_COUNTER        0x0f0u

#define PM_TIMER_HZ 3579545ull

#define PIT_HZ              1193182ull
#define PIT_CHANNEL_2       0x42
#define PIT_COMMAND         0x43
/* Channel 2, low byte then high, mode 2 (counts down from 65536 again and again), binary. */
#define PIT_CHANNEL_2_RATE  0xb4
#define PIT_CHANNEL_2_LATCH 0x80
#define PIT_GATE_PORT       0x61
#define PIT_GATE            BIT32(0)
#define PIT_SPEAKER         BIT32(1)
#define COUNTER_16          0xffffu
#define COUNTER_24          0xffffffu
#define COUNTER_32          0xffffffffu

#define TCG_NAME_EBX        0x54474354u
#define TCG_NAME_ECX        0x43544743u
#define TCG_NAME_EDX        0x47435447u
#define COUNT_TURNS         1000u
#define COUNT_TRIES         4u

static volatile uint8_t *hpet;
static uint16_t pm_timer_port;

/* The low half alone: one access of 32 bits is atomic on every HPET. */
static uint64_t hpet_read(void)
{
    return *(const volatile uint32_t *)(hpet + HPET_COUNTER);
}

static uint64_t pm_timer_read(void)
{
    return io_read32(pm_timer_port);
}

static uint64_t pit_read(void)
{
    uint32_t low, high;

    io_write8(PIT_COMMAND, PIT_CHANNEL_2_LATCH);
    low = io_read8(PIT_CHANNEL_2);
    high = io_read8(PIT_CHANNEL_2);
    return COUNTER_16 - (high << 8 | low);
}

static bool find_hpet(struct clock_source *out)
{
    uint64_t pa = acpi_hpet_pa(&machine_acpi), period;
    volatile uint64_t *config;

    if (pa == 0 || (hpet = mmio_map(pa, HPET_BYTES)) == NULL)
        return false;
    period = field_get(*(const volatile uint64_t *)(hpet + HPET_CAPABILITIES), HPET_PERIOD);
    if (period < HPET_PERIOD_MIN || period > HPET_PERIOD_MAX)
        return false;
    config = (volatile uint64_t *)(hpet + HPET_CONFIG);
    *config = *config | HPET_CONFIG_ENABLE;
    *out = (struct clock_source){ "hpet", FEMTOSECONDS / period, COUNTER_32, hpet_read };
    return true;
}

static bool find_pm_timer(struct clock_source *out)
{
    bool wide;

    pm_timer_port = acpi_pm_timer_port(&machine_acpi, &wide);
    if (pm_timer_port == 0)
        return false;
    *out = (struct clock_source){ "pm-timer", PM_TIMER_HZ, wide ? COUNTER_32 : COUNTER_24,
                                  pm_timer_read };
    return true;
}

static bool find_pit(struct clock_source *out)
{
    uint8_t gate = io_read8(PIT_GATE_PORT);

    io_write8(PIT_GATE_PORT, (uint8_t)((gate & ~PIT_SPEAKER) | PIT_GATE));
    io_write8(PIT_COMMAND, PIT_CHANNEL_2_RATE);
    io_write8(PIT_CHANNEL_2, 0);
    io_write8(PIT_CHANNEL_2, 0);
    *out = (struct clock_source){ "pit", PIT_HZ, COUNTER_16, pit_read };
    return true;
}

unsigned clock_sources(struct clock_source out[CLOCK_SOURCES])
{
    unsigned count = 0;

    count += find_hpet(&out[count]);
    count += find_pm_timer(&out[count]);
    count += find_pit(&out[count]);
    return count;
}

/* ---- measuring ---- */

struct reading {
    uint64_t count;
    uint64_t tsc;
};

static struct reading look(const struct clock_source *source)
{
    struct reading best = { 0 };
    uint64_t narrowest = UINT64_MAX;

    for (int i = 0; i < READ_TRIES; i++) {
        uint64_t before = now_tsc(), count = source->read() & source->mask, after = now_tsc();

        if (after - before >= narrowest)
            continue;
        narrowest = after - before;
        best = (struct reading){ count, before + narrowest / 2 };
    }
    return best;
}

static bool measure_once(const struct clock_source *source, uint64_t window_us, uint64_t *hz)
{
    uint64_t wanted = source->hz * window_us / MICROSECONDS, passed = 0;
    struct reading start = look(source), now = start;
    uint32_t still = 0;

    for (uint32_t looks = 0; passed < wanted; looks++) {
        uint64_t until = now_tsc() + LOOK_TICKS, last = now.count;

        if (looks == LOOKS_MAX || still == STILL_LOOKS_MAX)
            return false;
        while (now_tsc() < until)
            ;
        now = look(source);
        passed += (now.count - last) & source->mask;
        still = now.count == last ? still + 1 : 0;
    }
    /* Fits 64 bits: 10 ms at 5 GHz are 2^26 ticks, and clocks stay below 2^32 Hz. */
    *hz = (now.tsc - start.tsc) * source->hz / passed;
    return true;
}

uint64_t clock_rate(uint64_t (*read)(void), uint64_t mask, uint64_t window_us, uint64_t tsc_hz)
{
    struct clock_source source = { .mask = mask, .read = read };
    struct reading start = look(&source), end;
    uint64_t until = start.tsc + tsc_hz * window_us / MICROSECONDS;

    while (now_tsc() < until)
        ;
    end = look(&source);
    return ((end.count - start.count) & mask) * tsc_hz / (end.tsc - start.tsc);
}

/* "TCGTCGTCGTCG" in EBX, ECX and EDX: no other processor's TSC is asked. */
static bool is_tcg(void)
{
    struct cpuid r;

    if (!(cpuid_read(CPUID_FEATURES).ecx & CPUID_1_ECX_HYPERVISOR))
        return false;
    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(CPUID_HYPERVISOR), "c"(0));
    return r.ebx == TCG_NAME_EBX && r.ecx == TCG_NAME_ECX && r.edx == TCG_NAME_EDX;
}

/* TSC ticks of a loop of two instructions. */
static uint64_t loop_ticks(uint32_t turns)
{
    uintptr_t flags = irq_save();
    uint64_t start = now_tsc();

    __asm__ volatile("1: dec %0; jnz 1b" : "+r"(turns) : : "cc");
    start = now_tsc() - start;
    irq_restore(flags);
    return start;
}

/* So much longer a loop takes so many instructions more, each of 2^n ticks: exactly, every time. */
bool clock_counts_instructions(void)
{
    uint64_t seen[COUNT_TRIES], per_turn;

    if (!is_tcg())
        return false;
    for (unsigned i = 0; i < COUNT_TRIES; i++)
        seen[i] = loop_ticks(2 * COUNT_TURNS) - loop_ticks(COUNT_TURNS);
    for (unsigned i = 1; i < COUNT_TRIES; i++)
        if (seen[i] != seen[0])
            return false;
    per_turn = seen[0] / COUNT_TURNS;
    return seen[0] % COUNT_TURNS == 0 && per_turn >= 2 && (per_turn & (per_turn - 1)) == 0;
}

uint64_t clock_distance_ppm(uint64_t a, uint64_t b)
{
    return (a > b ? a - b : b - a) * MICROSECONDS / a;
}

bool clock_measure(const struct clock_source *source, uint64_t window_us, uint64_t *hz,
                   uint64_t *spread_ppm)
{
    uint64_t first, second;

    if (!measure_once(source, window_us, &first) || !measure_once(source, window_us, &second))
        return false;
    if (first == 0 || second == 0)
        return false;
    *hz = first / 2 + second / 2;
    *spread_ppm = clock_distance_ppm(first, second);
    return true;
}
