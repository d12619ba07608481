/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What scenarios of interrupts are written with, on top of scenario.h: a source
 * that a case owns, vectors that count, one interrupt and what must come of it.
 */
#ifndef SUITE_IRQ_H
#define SUITE_IRQ_H

#include "scenario.h"

/* Interrupts of one source in a case. */
struct irq {
    struct suite_irqs *irqs;
    struct iommu_irqs *block;   /* NULL: nothing is remapped */
    struct master *m;           /* NULL: it is no exerciser's */
    enum suite_irq_kind kind;
};

/* Skips unless interrupts are remapped. */
void irq_needs_remapping(struct suite_case *t);
/* Makes m able to raise interrupts: attached where DMA is translated, else at work as it is. */
void irq_enter(struct suite_case *t, struct master *m);
/* NULL: the case owns it until it ends. Else why it cannot be had. */
const char *irq_try(struct suite_case *t, struct master *m, enum suite_irq_kind kind, unsigned count, struct irq *out);
/* The same, where the case is skipped instead. */
void irq_have(struct suite_case *t, struct master *m, enum suite_irq_kind kind, unsigned count, struct irq *out);
/* One message of m, by MSI-X or MSI. */
void irq_have_message(struct suite_case *t, struct master *m, struct irq *out);
void irq_free(struct suite_case *t, struct irq *irq);

/*
 * fn with one source of each kind of message that m has, NULL or why that kind
 * cannot do it; skips where none can.
 */
typedef const char *irq_kind_fn(struct suite_case *t, struct irq *irq);
void irq_each_kind(struct suite_case *t, struct master *m, unsigned count, irq_kind_fn *fn);

int irq_vector(struct suite_case *t);       /* 0: the case has ended */
/* Those that were allocated after there were count of them; nothing leads to them any more. */
void irq_vectors_free(struct suite_case *t, size_t count);
unsigned irq_cpus(const struct suite_case *t);
void irq_route(struct suite_case *t, struct irq *irq, unsigned index, unsigned cpu, int vector);
/* By the library alone: the source is told nothing. */
void irq_move(struct suite_case *t, struct irq *irq, unsigned index, unsigned cpu, int vector);
/* Raises it, and does not wait. */
void irq_raise(struct suite_case *t, struct irq *irq, unsigned index);
/* How often a vector came, on any CPU. */
uint64_t irq_total(const struct suite_case *t, int vector);
/* The same of all vectors of the case, and of those that are nobody's. */
uint64_t irq_all(const struct suite_case *t);
/* An interrupt that takes longer is lost. */
#define IRQ_ARRIVAL_US 500000u
/* Between two looks at a count, from a zeroed struct on; false: it has taken too long. */
struct irq_wait {
    uint64_t start_us;
    unsigned looks;
};
bool irq_wait(struct suite_case *t, struct irq_wait *wait);
/* Waits until more than before came to that CPU by that vector; false: nothing did. */
bool irq_came(struct suite_case *t, unsigned cpu, int vector, uint64_t before);
/* As long as an interrupt that m raised may take to arrive; m may be NULL. */
void irq_settle(struct suite_case *t, const struct master *m);

/* Raised once, it comes once, there, and nowhere else. */
void irq_expect(struct suite_case *t, struct irq *irq, unsigned index, unsigned cpu, int vector);

enum irq_reason { IRQ_NOT_PRESENT, IRQ_INDEX, IRQ_RESERVED, IRQ_SOURCE, IRQ_COMPATIBILITY };

struct irq_refusal {
    enum irq_reason reason;
    uint32_t index;             /* of the table, as far as the unit records it */
};
/* What send makes m send reaches nobody, and is reported so. */
typedef void irq_send_fn(struct suite_case *t, void *arg);
void irq_expect_refused(struct suite_case *t, const struct master *m, const struct irq_refusal *refusal,
                        irq_send_fn *send, void *arg);
/* The same of number 0 of the source, raised. */
void irq_expect_raise_refused(struct suite_case *t, struct irq *irq, const struct irq_refusal *refusal);

#endif
