/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel/irq.c with CPUs and a local APIC that do what each test says. */
#include "kernel_here.h"

#include "kernel/irq.c"

#include <stdarg.h>

/* As irq.h says it: those between the 8259's and the CPUs' own. */
#define FIRST 0x30
#define COUNT (0xf0 - 0x30)

static struct per_cpu cpus[3] = { { .index = 0, .apic_id = 0 }, { .index = 1, .apic_id = 254 },
                                  { .index = 2, .apic_id = 287 } };
static unsigned here;
static uint64_t now;
static char logged[4096];
static unsigned eois, handled;
static bool in_service;
/* What CPU 1's local APIC has of a vector: so many looks long. */
static unsigned requested_looks;
static bool cpu1_answers;
static int finishing;       /* its handler ends in the next turn of a wait; 0: none */

struct per_cpu *percpu_at(unsigned index)
{
    return index < 3 ? &cpus[index] : NULL;
}

struct per_cpu *this_cpu(void)
{
    return &cpus[here];
}

void smp_relax(void)
{
    now += 1000;
    if (finishing > 0)
        vectors[finishing].running = 0;
}

bool smp_online(unsigned cpu)
{
    return cpu < 2;
}

unsigned smp_next(unsigned from)
{
    return from < 2 ? from : CPUS_MAX;
}

bool smp_call(unsigned cpu, void (*fn)(void *arg), void *arg)
{
    unsigned before = here;

    if (cpu == 1 && !cpu1_answers)
        return false;
    here = cpu;
    fn(arg);
    here = before;
    return true;
}

uint64_t now_us(void)
{
    return now;
}

void sleep_us(uint64_t us)
{
    now += us;
}

void log_line(enum log_level level, const char *format, ...)
{
    size_t len = strlen(logged);
    va_list args;

    (void)level;
    va_start(args, format);
    vsnprintf(logged + len, sizeof(logged) - len, format, args);
    va_end(args);
    strncat(logged, "\n", sizeof(logged) - strlen(logged) - 1);
}

bool apic_requested(unsigned vector)
{
    (void)vector;
    return here == 1 && requested_looks > 0 && requested_looks-- > 0;
}

bool apic_in_service(unsigned vector)
{
    (void)vector;
    return in_service && here == 0;
}

void apic_eoi(void)
{
    eois++;
}

/* irq_init() is not for the host: what it asks for is not asked here. */
void apic_init(uint8_t spurious_vector)
{
    (void)spurious_vector;
    test_fail(__FILE__, __LINE__, "the local APIC is set up");
}

bool apic_init_other(uint8_t spurious_vector)
{
    (void)spurious_vector;
    return false;
}

void apic_mask_8259(uint8_t first_vector)
{
    (void)first_vector;
}

void irq_sources_init(void)
{
}

bool irq_x2apic(void)
{
    return false;
}

uint32_t irq_apic_id(void)
{
    return cpus[here].apic_id;
}

static void begin(void)
{
    memset(vectors, 0, sizeof(vectors));
    for (unsigned i = 0; i < 3; i++)
        memset(cpus[i].irq_counts, 0, sizeof(cpus[i].irq_counts));
    turn = FIRST;
    unexpected = 0;
    here = eois = handled = requested_looks = 0;
    finishing = 0;
    in_service = false;
    cpu1_answers = true;
    now = 1;
    logged[0] = '\0';
}

static void handler(void *arg)
{
    CHECK(arg == &handled);
    /* It has been counted by then, and is not ended. */
    CHECK_EQ(eois, handled);
    handled++;
}

static int take(void)
{
    return irq_vector_alloc(handler, &handled);
}

/* ---- who has which ---- */

TEST(each_vector_is_given_once)
{
    begin();
    for (int i = 0; i < COUNT; i++)
        CHECK_EQ(take(), FIRST + i);
    CHECK_EQ(take(), -1);
    irq_vector_free(FIRST + 9);
    CHECK_EQ(take(), FIRST + 9);
    CHECK_EQ(take(), -1);
}

/* What was sent by it may arrive yet. */
TEST(a_freed_one_comes_last)
{
    begin();
    CHECK_EQ(take(), FIRST);
    irq_vector_free(FIRST);
    for (int i = 1; i < COUNT; i++)
        CHECK_EQ(take(), FIRST + i);
    CHECK_EQ(take(), FIRST);
}

TEST(a_new_owner_counts_from_nothing)
{
    int vector;

    begin();
    vector = take();
    irq_dispatch((unsigned)vector);
    here = 1;
    irq_dispatch((unsigned)vector);
    irq_dispatch((unsigned)vector);
    CHECK_EQ(irq_count_on(0, vector), 1);
    CHECK_EQ(irq_count_on(1, vector), 2);
    CHECK_EQ(irq_count_on(3, vector), 0);
    CHECK_EQ(irq_count(vector), 3);
    CHECK_EQ(handled, 3);
    CHECK_EQ(eois, 3);
    CHECK_EQ(irq_unexpected(), 0);
    here = 0;
    irq_vector_free(vector);
    for (int i = 0; i < COUNT; i++)
        (void)take();
    CHECK_EQ(irq_count(vector), 0);
}

/* ---- the end of a vector ---- */

TEST(a_free_one_waits_for_what_is_pending_elsewhere)
{
    int vector;

    begin();
    vector = take();
    requested_looks = 3;
    irq_vector_free(vector);
    CHECK_EQ(requested_looks, 0);
    CHECK(vectors[vector].fn == NULL);
    CHECK_STR(logged, "");
}

static void check_stays(int vector, const char *why)
{
    CHECK(now > 1000000 && now < 2100000);
    CHECK(strstr(logged, why) != NULL);
    for (int i = 0; i < COUNT - 1; i++)
        CHECK(take() != vector);
    CHECK_EQ(take(), -1);
}

TEST(one_that_stays_pending_is_not_given_again)
{
    int vector;

    begin();
    vector = take();
    requested_looks = 1000000;
    irq_vector_free(vector);
    check_stays(vector, "vector=0x30 is still pending on cpu=1 after 1000 ms");
    requested_looks = 0;
    irq_dispatch((unsigned)vector);     /* it comes after all: nobody's, and ended */
    CHECK_EQ(handled, 0);
    CHECK_EQ(eois, 1);
    CHECK_EQ(irq_unexpected(), 0);
}

TEST(nor_one_that_a_cpu_does_not_tell_of)
{
    int vector;

    begin();
    vector = take();
    cpu1_answers = false;
    irq_vector_free(vector);
    check_stays(vector, "is still pending on cpu=1");
}

TEST(a_free_one_waits_for_its_handler)
{
    int vector;

    begin();
    vector = take();
    vectors[vector].running = 1;
    finishing = vector;
    irq_vector_free(vector);
    CHECK_STR(logged, "");
    CHECK(now > 1 && now < 10000);
}

/* What it uses may be given back then; the vector is not. */
TEST(handlers_that_had_begun_are_waited_for)
{
    int vector;

    begin();
    vector = take();
    CHECK(irq_vector_settle(vector));
    CHECK_EQ(now, 1);
    vectors[vector].running = 1;
    finishing = vector;
    CHECK(irq_vector_settle(vector));
    CHECK(now > 1 && now < 10000);
    finishing = 0;
    vectors[vector].running = 1;
    CHECK(!irq_vector_settle(vector));
    CHECK(now > 1000000 && now < 2100000);
    CHECK(strstr(logged, "handler of vector=0x30 has run for 1000 ms") != NULL);
    CHECK(vectors[vector].fn == handler);
}

TEST(one_whose_handler_does_not_end_is_not_given_again)
{
    int vector;

    begin();
    vector = take();
    vectors[vector].running = 1;
    irq_vector_free(vector);
    check_stays(vector, "handler of vector=0x30 has run for 1000 ms");
}

/* ---- what nobody asked for ---- */

TEST(an_interrupt_of_nobody_is_counted_and_ended)
{
    begin();
    in_service = true;
    irq_dispatch(0x55);
    CHECK_EQ(irq_unexpected(), 1);
    CHECK_EQ(eois, 1);
    CHECK_STR(logged, "irq: unexpected vector=0x55 cpu=0 count=1\n");
    in_service = false;     /* its end would be another one's */
    irq_dispatch(0x55);
    CHECK_EQ(irq_unexpected(), 2);
    CHECK_EQ(eois, 1);
}

TEST(only_the_first_are_logged)
{
    unsigned lines = 0;

    begin();
    for (unsigned i = 0; i < 100; i++)
        irq_dispatch(0x55);
    for (const char *at = logged; *at != '\0'; at++)
        lines += *at == '\n';
    CHECK_EQ(lines, 8);
    CHECK_EQ(irq_unexpected(), 100);
}

/* SDM 10.9: the local APIC's own, without a bit in its ISR. A message with that vector has one. */
TEST(a_spurious_one_is_nobody_s_and_not_ended)
{
    begin();
    irq_dispatch(0xff);
    CHECK_EQ(irq_unexpected(), 0);
    CHECK_EQ(eois, 0);
    in_service = true;
    irq_dispatch(0xff);
    CHECK_EQ(irq_unexpected(), 1);
    CHECK_EQ(eois, 1);
}

/* ---- messages ---- */

/* VT-d §5.1.2.1: FEEh, the destination in bits 19:12. */
TEST(messages_name_ids_of_8_bits)
{
    uint64_t address;
    uint32_t data;

    begin();
    CHECK(irq_message_to(1, 0x41, &address, &data));
    CHECK_EQ(address, 0xfeefe000);
    CHECK_EQ(data, 0x41);
    CHECK(!irq_message_to(2, 0x41, &address, &data));
    cpus[1].apic_id = 255;      /* every CPU */
    CHECK(!irq_message_to(1, 0x41, &address, &data));
    cpus[1].apic_id = 254;
    CHECK(irq_message(0x42, &address, &data));
    CHECK_EQ(address, 0xfee00000);
}
