/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vectors and their handlers. Interrupts reach the CPU as messages only
 * (IOAPICs and 8259 are masked); one that nobody asked for is counted and
 * acknowledged, never fatal.
 */
#include "irq.h"

#include <stddef.h>

#include "apic.h"
#include "bits.h"
#include "console.h"
#include "traps.h"

#define VECTOR_8259         0x20
#define VECTOR_FIRST        0x30
#define VECTOR_END          0xf0
#define VECTOR_SPURIOUS     0xff
/* The first few unexpected ones are worth a line each. */
#define UNEXPECTED_LINES    8

/* VT-d §5.1.2.1, compatibility format: FEEh and the 8-bit destination; fixed delivery, edge. */
#define MESSAGE_BASE        0xfee00000ull
#define MESSAGE_DESTINATION BITS64(19, 12)
#define MESSAGE_APIC_ID_MAX 255u

struct vector {
    irq_fn *fn;     /* NULL: free */
    void *arg;
    uint64_t count;
};

static struct vector vectors[IRQ_VECTORS];
_Static_assert(IRQ_VECTORS == TRAP_VECTORS, "every vector may have a handler");
static uint64_t unexpected;

void irq_init(void)
{
    apic_mask_8259(VECTOR_8259);
    apic_mask_ioapics();
    apic_init(VECTOR_SPURIOUS);
    if (irq_apic_id() > MESSAGE_APIC_ID_MAX)
        log_line(LOG_WARNING, "irq: APIC id 0x%x is out of reach of messages without remapping",
                 irq_apic_id());
    log_line(LOG_INFO, "irq: mode=%s apic_id=0x%x", irq_x2apic() ? "x2apic" : "xapic",
             irq_apic_id());
    __asm__ volatile("sti" : : : "memory");
}

int irq_vector_alloc(irq_fn *fn, void *arg)
{
    uintptr_t flags = irq_save();
    int found = -1;

    for (int i = VECTOR_FIRST; i < VECTOR_END && found < 0; i++) {
        if (vectors[i].fn != NULL)
            continue;
        vectors[i] = (struct vector){ .fn = fn, .arg = arg };
        found = i;
    }
    irq_restore(flags);
    return found;
}

void irq_vector_free(int vector)
{
    uintptr_t flags = irq_save();

    vectors[vector].fn = NULL;
    irq_restore(flags);
}

void irq_message(int vector, uint64_t *address, uint32_t *data)
{
    *address = MESSAGE_BASE | field_make(MESSAGE_DESTINATION, irq_apic_id());
    *data = (uint32_t)vector;
}

uint64_t irq_count(int vector)
{
    return __atomic_load_n(&vectors[vector].count, __ATOMIC_RELAXED);
}

uint64_t irq_unexpected(void)
{
    return __atomic_load_n(&unexpected, __ATOMIC_RELAXED);
}

static void unasked(unsigned vector)
{
    if (unexpected++ < UNEXPECTED_LINES)
        log_line(LOG_WARNING, "irq: unexpected vector=0x%x count=%llu", vector,
                 (unsigned long long)unexpected);
}

/*
 * SDM 10.9: a spurious interrupt is not in service, so an EOI would end
 * another one. For a vector with a handler the ISR is not asked: some
 * hypervisors deliver interrupts without showing them there.
 */
void irq_dispatch(unsigned vector)
{
    struct vector *v = &vectors[vector];

    if (v->fn == NULL) {
        unasked(vector);
        if (vector != VECTOR_SPURIOUS && apic_in_service(vector))
            apic_eoi();
        return;
    }
    v->count++;
    v->fn(v->arg);
    apic_eoi();
}
