/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel/smp_modes.c: who enters x2APIC mode when, and what becomes of one that does not. */
#include "kernel_here.h"

#include "kernel/smp_modes.c"

#include <stdarg.h>

#define CPUS 4u

static struct per_cpu cpus[CPUS] = { { 0, 0, { 0 } }, { 1, 4, { 0 } }, { 2, 5, { 0 } }, { 3, 254, { 0 } } };
static struct cpu_set online, deaf;
static unsigned here;
static char trace[512];

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
    size_t len = strlen(trace);
    va_list args;

    va_start(args, format);
    vsnprintf(trace + len, sizeof(trace) - len, format, args);
    va_end(args);
}

struct per_cpu *percpu_at(unsigned index)
{
    return index < CPUS ? &cpus[index] : NULL;
}

unsigned smp_next(unsigned from)
{
    return cpu_set_next(&online, from);
}

bool smp_call(unsigned cpu, void (*fn)(void *arg), void *arg)
{
    CHECK(cpu_set_has(&online, cpu));
    if (cpu_set_has(&deaf, cpu))
        return false;
    here = cpu;
    fn(arg);
    here = 0;
    return true;
}

void smp_set_offline(const struct per_cpu *cpu)
{
    note("offline=%u ", cpu->index);
    cpu_set_remove(&online, cpu->index);
}

void apic_enter_x2apic(void *arg)
{
    (void)arg;
    note("enter=%u ", here);
}

/* By the boot CPU, which is in xAPIC mode as long as it has not entered the other. */
bool apic_ipi(uint32_t apic_id, uint32_t command)
{
    CHECK(strstr(trace, "enter=0") == NULL);
    note("ipi=%u:%05x ", apic_id, command);
    return true;
}

void log_line(enum log_level level, const char *format, ...)
{
    va_list args;
    char line[200];

    CHECK_EQ(level, LOG_ERROR);
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    note("\"%s\" ", line);
}

static void begin(void)
{
    online = (struct cpu_set){ .words = { 0xf } };
    deaf = (struct cpu_set){ .words = { 0 } };
    trace[0] = '\0';
}

/* Whom the boot CPU still sends commands to is in its own mode: it is the last. */
TEST(the_boot_cpu_is_the_last)
{
    begin();
    smp_enter_x2apic();
    CHECK_STR(trace, "enter=1 enter=2 enter=3 enter=0 ");
}

TEST(one_alone_enters)
{
    begin();
    online.words[0] = 1;
    smp_enter_x2apic();
    CHECK_STR(trace, "enter=0 ");
}

/* SDM 10.6.1: INIT, delivery mode 5, level asserted. It is nobody's to count on before it is sent there. */
TEST(one_that_does_not_answer_is_stopped_and_left_out)
{
    begin();
    cpu_set_add(&deaf, 2);
    smp_enter_x2apic();
    CHECK_STR(trace, "enter=1 offline=2 ipi=5:04500 \"smp: cpu=2 apic_id=0x5 does not enter x2apic mode, left out\" "
                     "enter=3 enter=0 ");
    CHECK_EQ(online.words[0], 0xb);
}

TEST(nor_any_that_do_not_answer)
{
    begin();
    deaf.words[0] = 0xe;
    smp_enter_x2apic();
    CHECK_EQ(online.words[0], 1);
    CHECK(strstr(trace, "ipi=4:04500") != NULL && strstr(trace, "ipi=254:04500") != NULL);
    CHECK(strstr(trace, "enter=1") == NULL && strstr(trace, "enter=0") != NULL);
}
