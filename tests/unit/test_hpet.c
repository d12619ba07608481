/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel/hpet.c against a picture of the registers of HPET 1.0a §2.3. */
#include "test.h"

#include "hpet.h"

static uint32_t registers[0x500 / 4];
static char logged[512];
static bool map_fails;

static volatile void *fake_map(void *ctx, uint64_t pa, uint64_t len)
{
    (void)ctx;
    CHECK_EQ(pa, 0xfed00000);
    CHECK(len <= sizeof(registers));
    return map_fails ? NULL : registers;
}

static size_t place(const volatile void *at)
{
    size_t index = (size_t)((const volatile uint32_t *)at - registers);

    CHECK(index < sizeof(registers) / 4);
    return index;
}

static uint32_t counter_step, reads_of_counter;

/*
 * Comparator 0 (level-triggered, one-shot) as it works: what passes it sets its status, enabled or not; the line
 * that goes up is an interrupt.
 */
static unsigned interrupts;
static bool armed, handled;
static struct hpet hpet;
/* Ticks that pass beside the next write that enables it: before it, and it is not looked at again, or after it. */
static uint32_t late_before, late_after;

static void interrupt(void)
{
    interrupts++;
    if (handled)
        hpet_lower(&hpet, 0);
}

static void look_at_comparator(void)
{
    if (!armed || (int32_t)(registers[0x108 / 4] - registers[0xf0 / 4]) > 0)
        return;
    armed = false;
    registers[0x20 / 4] |= 1;
    if (registers[0x100 / 4] & 4)
        interrupt();
}

static void enable_comparator(void)
{
    armed = armed && late_before == 0;
    registers[0xf0 / 4] += late_before + late_after;
    late_before = late_after = 0;
    if (registers[0x20 / 4] & 1)
        interrupt();
    look_at_comparator();
}

/* The counter moves on with each reading. */
static uint32_t fake_read(void *ctx, const volatile void *at)
{
    (void)ctx;
    if (place(at) == 0xf0 / 4 && reads_of_counter++ > 0)
        registers[0xf0 / 4] += counter_step;
    look_at_comparator();
    return registers[place(at)];
}

/* The status register is cleared by ones. */
static void fake_write(void *ctx, volatile void *at, uint32_t value)
{
    uint32_t old = registers[place(at)];

    (void)ctx;
    if (place(at) == 0x20 / 4)
        registers[0x20 / 4] &= ~value;
    else
        registers[place(at)] = value;
    armed = armed || place(at) == 0x108 / 4;
    if (place(at) == 0x100 / 4 && (value & ~old & 4) != 0)
        enable_comparator();
}

static void fake_log(void *ctx, const char *format, va_list args)
{
    (void)ctx;
    vsnprintf(logged, sizeof(logged), format, args);
}

static const struct hpet_host host = { .map = fake_map, .read = fake_read, .write = fake_write, .log = fake_log };

/* Three comparators, 10 ns a tick; the second can send messages. */
static bool machine(uint32_t capabilities, uint32_t period)
{
    memset(registers, 0, sizeof(registers));
    logged[0] = '\0';
    map_fails = false;
    counter_step = reads_of_counter = interrupts = 0;
    late_before = late_after = 0;
    armed = handled = false;
    registers[0] = capabilities;
    registers[1] = period;
    registers[0x10 / 4] = 3;            /* runs, legacy replacement */
    registers[0x20 / 4] = 7;
    registers[0x100 / 4] = 0x0000000e;  /* level, enabled, periodic */
    registers[0x104 / 4] = 0x00ff0104;
    registers[0x120 / 4] = 0x0000c000;
    return hpet_find(&hpet, &host, 0xfed00000, 0);
}

TEST(found_and_silenced)
{
    CHECK(machine(0x8086a201, 10000000));
    CHECK_EQ(hpet.comparators, 3);
    CHECK_EQ(registers[0x10 / 4], 1);
    CHECK_EQ(registers[0x20 / 4], 0);
    CHECK_EQ(registers[0x100 / 4], 0x100);
    CHECK_EQ(registers[0x120 / 4], 0x8100);
    CHECK_EQ(hpet_pins(&hpet, 0), 0x00ff0104);
    CHECK(!hpet_has_messages(&hpet, 0));
    CHECK(hpet_has_messages(&hpet, 1));
    CHECK_STR(logged, "");
}

TEST(what_cannot_be_is_ignored)
{
    CHECK(!machine(0xffffffff, 0xffffffff));
    CHECK(strstr(logged, "capabilities=0xffffffff") != NULL);
    CHECK_EQ(registers[0x10 / 4], 3);
    CHECK(!machine(0x8086a201, 0));
    CHECK(!machine(0x8086a201, 100000001));
    CHECK(machine(0x8086a201, 100000000));
    map_fails = true;
    CHECK(!hpet_find(&hpet, &host, 0xfed00000, 0));
    CHECK(strstr(logged, "cannot be mapped") != NULL);
}

TEST(a_pin)
{
    CHECK(machine(0x8086a201, 10000000));
    hpet_use_pin(&hpet, 0, 20);
    CHECK_EQ(registers[0x100 / 4], 0x100 | 20 << 9 | 2);
    hpet_use_pin(&hpet, 0, 2);
    CHECK_EQ(registers[0x100 / 4], 0x100 | 2 << 9 | 2);
    registers[0xf0 / 4] = 0xfffffff0;
    hpet_raise(&hpet, 0, 5);            /* 500 ticks */
    CHECK_EQ(registers[0x108 / 4], 484);
    CHECK_EQ(registers[0x100 / 4], 0x100 | 2 << 9 | 6);
    registers[0x20 / 4] = 3;
    hpet_lower(&hpet, 0);
    CHECK_EQ(registers[0x20 / 4], 2);
    hpet_silence(&hpet, 0);
    CHECK_EQ(registers[0x100 / 4], 0x100);
}

/* 500 ticks are gone when 300 pass between two readings; twice as many are enough. */
TEST(a_late_comparator_is_taken_again)
{
    CHECK(machine(0x8086a201, 10000000));
    hpet_use_pin(&hpet, 0, 2);
    counter_step = 300;
    hpet_raise(&hpet, 0, 5);            /* read at 0, 300, 600, 900, enabled, 1200 */
    CHECK_EQ(registers[0x108 / 4], 1600);
    CHECK_EQ(reads_of_counter, 5);
    CHECK_EQ(registers[0x100 / 4] & 4, 4);
    reads_of_counter = 0;
    counter_step = 0x10000000;          /* it never gets there in time: bounded */
    hpet_raise(&hpet, 0, 5);
    CHECK_EQ(reads_of_counter, 16);
}

/* The first turn's comparator was passed while it was disabled: its status is not the second one's interrupt. */
TEST(a_level_that_was_late_comes_once)
{
    CHECK(machine(0x8086a201, 10000000));
    hpet_use_pin(&hpet, 0, 20);
    counter_step = 600;
    hpet_raise(&hpet, 0, 5);            /* 500 and 2200 are late, 4400 is not */
    CHECK_EQ(interrupts, 0);
    CHECK_EQ(registers[0x20 / 4], 0);
    registers[0xf0 / 4] = registers[0x108 / 4];
    look_at_comparator();
    CHECK_EQ(interrupts, 1);
    CHECK_EQ(registers[0x20 / 4], 1);
}

static void raise_once(uint32_t before, uint32_t after, bool handler)
{
    CHECK(machine(0x8086a201, 10000000));
    hpet_use_pin(&hpet, 0, 20);
    handled = handler;
    late_before = before;
    late_after = after;
    hpet_raise(&hpet, 0, 5);
    registers[0xf0 / 4] = registers[0x108 / 4];
    look_at_comparator();
    CHECK_EQ(interrupts, 1);
}

TEST(one_that_was_enabled_too_late_is_taken_again)
{
    raise_once(1000, 0, false);
    CHECK_EQ(registers[0x108 / 4], 2000);   /* from 1000 on, twice as long */
}

TEST(one_that_fired_at_once_is_not)
{
    raise_once(0, 1000, false);
    CHECK_EQ(registers[0x108 / 4], 500);
    raise_once(0, 1000, true);              /* and its status has gone */
    CHECK_EQ(registers[0x108 / 4], 500);
}

TEST(a_message)
{
    uint64_t address;
    uint32_t data;

    CHECK(machine(0x8086a201, 10000000));
    hpet_use_message(&hpet, 1, 0xfee01000, 0x41);
    CHECK_EQ(registers[0x130 / 4], 0x41);
    CHECK_EQ(registers[0x134 / 4], 0xfee01000);
    CHECK_EQ(registers[0x120 / 4], 0xc100);
    hpet_message(&hpet, 1, &address, &data);
    CHECK_EQ(address, 0xfee01000);
    CHECK_EQ(data, 0x41);
}
