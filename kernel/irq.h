/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts: local APIC (xAPIC or x2APIC), vectors with handlers, messages that reach them. */
#ifndef KERNEL_IRQ_H
#define KERNEL_IRQ_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Local APIC on, 8259 and IOAPICs masked, HPET silent; interrupts are on when it returns.
 * Needs cpu_init(), mm_init() and acpi_init().
 */
void irq_init(void);
/* The same on another CPU; interrupts stay off. False: its APIC is in another mode. */
bool irq_init_other(void);
bool irq_x2apic(void);          /* the mode of this CPU */
/* NULL: CPUs can enter x2APIC mode, else why not. */
const char *irq_no_x2apic(void);
uint32_t irq_apic_id(void);

#define IRQ_VECTORS 256
/* Vectors that CPUs send each other; they have their handlers by irq_vector_set(). */
enum irq_ipi { IRQ_IPI_KICK = 0xf0, IRQ_IPI_CALL, IRQ_IPI_FLUSH };
typedef void irq_fn(void *arg);
/*
 * A vector whose handler runs with interrupts off, on whatever CPU it is sent
 * to, maybe on several at once; EOI is sent after it. Negative: none is left.
 */
int irq_vector_alloc(irq_fn *fn, void *arg);
void irq_vector_set(int vector, irq_fn *fn, void *arg);     /* for the vectors above */
/*
 * For a vector to which nothing leads any more. What CPUs have already accepted is handled first; none runs the handler
 * when it returns. One that does not end within a second is logged, and keeps the vector. By a thread,
 * with interrupts on.
 */
void irq_vector_free(int vector);
/*
 * Handlers that had begun have ended: those that begin see what the caller has stored before (sequentially consistent).
 * False, logged: one has run for a second. Not in a handler.
 */
bool irq_vector_settle(int vector);
/* What a device must write, where, to raise that vector on this CPU. As irq_message_to(). */
bool irq_message(int vector, uint64_t *address, uint32_t *data);
/* What an APIC id is at most for a message to name it without remapping. */
#define IRQ_MESSAGE_APIC_ID_MAX 254u   /* 255 means every CPU */
/* The same on another CPU; false: its APIC id is out of a message's reach without remapping. */
bool irq_message_to(unsigned cpu, int vector, uint64_t *address, uint32_t *data);
uint64_t irq_count(int vector); /* how often its handler has begun since it was allocated, on all CPUs */
uint64_t irq_count_on(unsigned cpu, int vector);
uint64_t irq_unexpected(void);  /* interrupts that nobody asked for */

static inline uintptr_t irq_save(void)
{
    uintptr_t flags;

    __asm__ volatile("pushf; pop %0; cli" : "=r"(flags) : : "memory");
    return flags;
}

static inline void irq_restore(uintptr_t flags)
{
    __asm__ volatile("push %0; popf" : : "r"(flags) : "memory", "cc");
}

#endif
