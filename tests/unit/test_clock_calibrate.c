/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock_calibrate.c on clocks made here: the TSC of a test advances by a fixed
 * step a look, and the clocks are computed from it.
 */
#include "test.h"

#include "acpi.h"
#include "clock.h"
#include "clock_calibrate.h"
#include "mm.h"

#define TSC_HZ 2000000000ull
#define STEP 40ull
#define WINDOW_US 10000u
#define MASK_24 0xffffffull

static uint64_t tsc, clock_hz, clock_mask, stands_still_at;

/* ---- what the kernel gives clock_calibrate.c ---- */

struct acpi machine_acpi;

uint64_t now_tsc(void)
{
    return tsc += STEP;
}

uint64_t acpi_hpet_pa(const struct acpi *acpi)
{
    (void)acpi;
    return 0;
}

uint16_t acpi_pm_timer_port(const struct acpi *acpi, bool *wide)
{
    (void)acpi;
    *wide = false;
    return 0;
}

void *mmio_map(uint64_t pa, uint64_t len)
{
    (void)pa;
    (void)len;
    return NULL;
}

/* ---- */

static uint64_t read_clock(void)
{
    uint64_t at = tsc < stands_still_at ? tsc : stands_still_at;

    return (uint64_t)((unsigned __int128)at * clock_hz / TSC_HZ) & clock_mask;
}

static struct clock_source clock_of(uint64_t hz, uint64_t mask)
{
    tsc = 0;
    stands_still_at = UINT64_MAX;
    clock_hz = hz;
    clock_mask = mask;
    return (struct clock_source){ "test", hz, mask, read_clock };
}

static void check_measured(const struct clock_source *source)
{
    uint64_t hz = 0, ppm = UINT64_MAX;

    CHECK(clock_measure(source, WINDOW_US, &hz, &ppm));
    /* A tick of the slowest clock here is 84 ppm of the window. */
    CHECK(clock_distance_ppm(TSC_HZ, hz) < 200);
    CHECK(ppm < 400);
}

TEST(frequencies_of_the_real_clocks)
{
    static const uint64_t hz[] = { 14318180, 100000000, 3579545, 1193182 };

    for (size_t i = 0; i < sizeof(hz) / sizeof(hz[0]); i++) {
        struct clock_source source = clock_of(hz[i], UINT32_MAX);

        check_measured(&source);
    }
}

TEST(a_counter_that_wraps_during_the_window)
{
    struct clock_source pm = clock_of(3579545, MASK_24), pit;

    /* 2^24 ticks less 5 ms. */
    tsc = (MASK_24 + 1 - 17897) * TSC_HZ / 3579545;
    check_measured(&pm);
    pit = clock_of(1193182, 0xffff);
    tsc = (0x10000 - 5000) * TSC_HZ / 1193182;
    check_measured(&pit);
}

TEST(a_clock_that_stands_still_is_given_up)
{
    struct clock_source source = clock_of(14318180, UINT32_MAX);
    uint64_t hz, ppm;

    stands_still_at = 0;
    CHECK(!clock_measure(&source, WINDOW_US, &hz, &ppm));
    /* 1000 looks of 20000 ticks and what reading costs: well below a second. */
    CHECK(tsc < TSC_HZ / 4);
    source = clock_of(14318180, UINT32_MAX);
    stands_still_at = TSC_HZ / 200;
    CHECK(!clock_measure(&source, WINDOW_US, &hz, &ppm));
}

TEST(a_clock_that_crawls_is_given_up)
{
    struct clock_source source = clock_of(14318180, UINT32_MAX);
    uint64_t hz, ppm;

    clock_hz = 60000;   /* moves at nearly every look, far too slowly */
    CHECK(!clock_measure(&source, 10 * WINDOW_US * 1000, &hz, &ppm));
}

TEST(rate_of_a_counter)
{
    uint64_t hz;

    clock_of(62500000, UINT32_MAX);
    hz = clock_rate(read_clock, UINT32_MAX, WINDOW_US, TSC_HZ);
    CHECK(clock_distance_ppm(62500000, hz) < 20);
    stands_still_at = 0;
    CHECK_EQ(clock_rate(read_clock, UINT32_MAX, WINDOW_US, TSC_HZ), 0);
}

TEST(distance_is_of_the_first)
{
    CHECK_EQ(clock_distance_ppm(1000000, 1000001), 1);
    CHECK_EQ(clock_distance_ppm(1000000, 999000), 1000);
    CHECK_EQ(clock_distance_ppm(2000000, 1000000), 500000);
    CHECK_EQ(clock_distance_ppm(3, 3), 0);
}
