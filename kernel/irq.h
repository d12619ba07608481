/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts: local APIC (xAPIC or x2APIC), vectors with handlers, messages that reach them. */
#ifndef KERNEL_IRQ_H
#define KERNEL_IRQ_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Local APIC on, 8259 and IOAPICs masked; interrupts are on when it returns.
 * Needs cpu_init(), mm_init() and acpi_init().
 */
void irq_init(void);
bool irq_x2apic(void);
uint32_t irq_apic_id(void);

#define IRQ_VECTORS 256
typedef void irq_fn(void *arg);
/* A vector whose handler runs with interrupts off; EOI is sent after it. Negative: none is left. */
int irq_vector_alloc(irq_fn *fn, void *arg);
void irq_vector_free(int vector);
/* What a device must write, where, to raise that vector on this CPU. */
void irq_message(int vector, uint64_t *address, uint32_t *data);
uint64_t irq_count(int vector); /* how often its handler ran */
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
