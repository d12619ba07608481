/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vectors and their handlers, the same on all CPUs. Interrupts reach a CPU as
 * messages only (the 8259 is masked, pins of IOAPICs are until they are routed);
 * one that nobody asked for is counted and acknowledged, never fatal.
 */
#include "irq.h"

#include <stddef.h>

#include "apic.h"
#include "bits.h"
#include "clock.h"
#include "console.h"
#include "irq_sources.h"
#include "smp.h"
#include "spinlock.h"
#include "thread.h"
#include "traps.h"

#define VECTOR_8259         0x20
#define VECTOR_FIRST        0x30
#define VECTOR_END          0xf0
#define VECTOR_SPURIOUS     0xff
#define FREE_WAIT_US        1000000u
#define LOOK_AGAIN_US       100u
/* The first few unexpected ones are worth a line each. */
#define UNEXPECTED_LINES    8

/* VT-d §5.1.2.1, compatibility format: FEEh and the 8-bit destination; fixed delivery, edge. */
#define MESSAGE_BASE        0xfee00000ull
#define MESSAGE_DESTINATION BITS64(19, 12)

struct vector {
    irq_fn *fn;         /* NULL: free; atomic, stored after arg */
    void *arg;
    uint32_t running;   /* CPUs in its handler; atomic */
};

/* Guards: who has which vector, and whose turn it is. Handlers are looked up without it. */
static struct spin_lock lock = SPIN_LOCK("vectors");
static struct vector vectors[IRQ_VECTORS];
static int turn = VECTOR_FIRST;
_Static_assert(IRQ_VECTORS == TRAP_VECTORS, "every vector may have a handler");
_Static_assert(IRQ_VECTORS == PER_CPU_VECTORS, "every CPU counts every vector");
_Static_assert(VECTOR_END == IRQ_IPI_KICK, "the CPUs' own vectors are not given out");
static uint64_t unexpected;

void irq_init(void)
{
    apic_mask_8259(VECTOR_8259);
    irq_sources_init();
    apic_init(VECTOR_SPURIOUS);
    if (irq_apic_id() > IRQ_MESSAGE_APIC_ID_MAX)
        log_line(LOG_WARNING, "irq: APIC id 0x%x is out of reach of messages without remapping",
                 irq_apic_id());
    log_line(LOG_INFO, "irq: mode=%s apic_id=0x%x", irq_x2apic() ? "x2apic" : "xapic",
             irq_apic_id());
    __asm__ volatile("sti" : : : "memory");
}

bool irq_init_other(void)
{
    return apic_init_other(VECTOR_SPURIOUS);
}

void irq_vector_set(int vector, irq_fn *fn, void *arg)
{
    vectors[vector].arg = arg;
    __atomic_store_n(&vectors[vector].fn, fn, __ATOMIC_RELEASE);
}

/* Nobody counts a free one. */
static void forget_counts(int vector)
{
    for (unsigned cpu = 0; percpu_at(cpu) != NULL; cpu++)
        __atomic_store_n(&percpu_at(cpu)->irq_counts[vector], 0, __ATOMIC_RELAXED);
}

/* In turn: a source that is not remapped may have sent one by a freed vector that has not arrived yet. */
int irq_vector_alloc(irq_fn *fn, void *arg)
{
    uintptr_t flags = spin_lock(&lock);
    int found = -1;

    for (int n = VECTOR_FIRST; n < VECTOR_END && found < 0; n++) {
        int i = turn;

        turn = turn + 1 == VECTOR_END ? VECTOR_FIRST : turn + 1;
        if (vectors[i].fn != NULL || __atomic_load_n(&vectors[i].running, __ATOMIC_ACQUIRE) != 0)
            continue;
        forget_counts(i);
        irq_vector_set(i, fn, arg);
        found = i;
    }
    spin_unlock(&lock, flags);
    return found;
}

/* ---- the end of a vector ---- */

struct look {
    unsigned vector;
    bool held;
};

/* On the CPU that is asked; IPIs come before what it has still to handle. */
static void look(void *arg)
{
    struct look *at = arg;

    at->held = apic_requested(at->vector) || apic_in_service(at->vector);
}

/* A CPU that has an interrupt by it yet to handle, or does not say; CPUS_MAX: none. */
static unsigned holder_of(int vector)
{
    for (unsigned cpu = smp_next(0); cpu < CPUS_MAX; cpu = smp_next(cpu + 1)) {
        struct look at = { .vector = (unsigned)vector };
        bool answered = smp_call(cpu, look, &at);

        if (at.held || (!answered && smp_online(cpu)))
            return cpu;
    }
    return CPUS_MAX;
}

/* False, logged: somebody still does after a while. */
static bool wait_for_holders(int vector)
{
    uint64_t start = now_us();

    for (;;) {
        unsigned cpu = holder_of(vector);

        if (cpu == CPUS_MAX)
            return true;
        if (now_us() - start > FREE_WAIT_US) {
            log_line(LOG_ERROR, "irq: vector=0x%x is still pending on cpu=%u after %u ms, it stays in use",
                     (unsigned)vector, cpu, FREE_WAIT_US / 1000);
            return false;
        }
        sleep_us(LOOK_AGAIN_US);
    }
}

/* For what comes by a vector that could not be freed. */
static void nobody_waits(void *arg)
{
    (void)arg;
}

bool irq_vector_settle(int vector)
{
    uint64_t start = now_us();

    while (__atomic_load_n(&vectors[vector].running, __ATOMIC_SEQ_CST) != 0) {
        if (now_us() - start > FREE_WAIT_US) {
            log_line(LOG_ERROR, "irq: handler of vector=0x%x has run for %u ms, what it uses stays in use",
                     (unsigned)vector, FREE_WAIT_US / 1000);
            return false;
        }
        smp_relax();
    }
    return true;
}

/* The store and the look at running are in one order with a handler's two (irq_dispatch()). */
void irq_vector_free(int vector)
{
    bool ended = wait_for_holders(vector);

    __atomic_store_n(&vectors[vector].fn, ended ? NULL : nobody_waits, __ATOMIC_SEQ_CST);
    (void)irq_vector_settle(vector);
}

/* ---- messages ---- */

bool irq_message_to(unsigned cpu, int vector, uint64_t *address, uint32_t *data)
{
    uint32_t apic_id = percpu_at(cpu)->apic_id;

    *address = MESSAGE_BASE | field_make(MESSAGE_DESTINATION, apic_id);
    *data = (uint32_t)vector;
    return apic_id <= IRQ_MESSAGE_APIC_ID_MAX;
}

bool irq_message(int vector, uint64_t *address, uint32_t *data)
{
    return irq_message_to(this_cpu()->index, vector, address, data);
}

uint64_t irq_count_on(unsigned cpu, int vector)
{
    const struct per_cpu *block = percpu_at(cpu);

    return block == NULL ? 0 : __atomic_load_n(&block->irq_counts[vector], __ATOMIC_RELAXED);
}

uint64_t irq_count(int vector)
{
    uint64_t count = 0;

    for (unsigned cpu = 0; percpu_at(cpu) != NULL; cpu++)
        count += irq_count_on(cpu, vector);
    return count;
}

uint64_t irq_unexpected(void)
{
    return __atomic_load_n(&unexpected, __ATOMIC_RELAXED);
}

static void unasked(unsigned vector)
{
    uint64_t count = __atomic_add_fetch(&unexpected, 1, __ATOMIC_RELAXED);

    if (count <= UNEXPECTED_LINES)
        log_line(LOG_WARNING, "irq: unexpected vector=0x%x cpu=%u count=%llu", vector,
                 this_cpu()->index, (unsigned long long)count);
}

/*
 * SDM 10.9: a spurious interrupt is not in service, so an EOI would end
 * another one; nobody sent it. For a vector with a handler the ISR is not asked:
 * some hypervisors deliver interrupts without showing them there.
 */
void irq_dispatch(unsigned vector)
{
    struct vector *v = &vectors[vector];
    irq_fn *fn;
    bool held;

    __atomic_add_fetch(&v->running, 1, __ATOMIC_SEQ_CST);
    fn = __atomic_load_n(&v->fn, __ATOMIC_SEQ_CST);
    if (fn != NULL) {
        uint64_t *count = &this_cpu()->irq_counts[vector];

        __atomic_store_n(count, *count + 1, __ATOMIC_RELAXED);
        fn(v->arg);
    }
    __atomic_sub_fetch(&v->running, 1, __ATOMIC_SEQ_CST);
    held = fn != NULL || apic_in_service(vector);
    if (fn == NULL && (held || vector != VECTOR_SPURIOUS))
        unasked(vector);
    if (held)
        apic_eoi();
}
