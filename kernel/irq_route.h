/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a source of interrupts to a CPU: through a remapped entry where the
 * units remap, else by a message straight to the CPU's local APIC. Vectors are
 * the same on all CPUs (irq.h), so that moving an interrupt to another CPU
 * changes one entry and nothing else.
 *
 * One caller at a time for one route, unless a comment says otherwise.
 */
#ifndef KERNEL_IRQ_ROUTE_H
#define KERNEL_IRQ_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "iommu/irq.h"
#include "pci.h"

struct irq_route;       /* the interrupts of one source */

/*
 * No interrupt is routed yet, all are masked where the source has mask bits. NULL: done; else why
 * not, in words. Several messages of one MSI capability need remapping: without it they would
 * take vectors in a row.
 */
const char *irq_route_msi(struct pci_function *f, unsigned count, struct irq_route **out);
const char *irq_route_msix(struct pci_function *f, unsigned count, struct irq_route **out);
/* A pin of an IOAPIC, by the global interrupt it is. */
const char *irq_route_pin(uint32_t gsi, bool level, bool active_low, struct irq_route **out);
/* Messages of a comparator of the HPET. */
const char *irq_route_hpet(unsigned comparator, struct irq_route **out);
/* Silences the source first. */
enum iommu_status irq_route_free(struct irq_route *route);

/*
 * Number index raises vector on cpu from now on; the first time it is unmasked. A level-triggered pin that gets
 * another vector waits, bounded, for the handler that has it. Errors as iommu_irq_route().
 */
enum iommu_status irq_route_to(struct irq_route *route, unsigned index, unsigned cpu, int vector);
/* As before the first irq_route_to(): masked at the source, its entry absent. Errors as iommu_irq_mask(). */
enum iommu_status irq_route_close(struct irq_route *route, unsigned index);
/* An index the route has not: false from here on. The mask bit of the source, which keeps what is pending. False: it has none. */
bool irq_route_mask(struct irq_route *route, unsigned index, bool masked);
bool irq_route_pending(const struct irq_route *route, unsigned index);
/* In the handler of a level-triggered pin, once the source has let go of it: the IOAPIC is told where that is needed. */
void irq_route_end(const struct irq_route *route);

/* NULL: not remapped. */
struct iommu_irqs *irq_route_block(const struct irq_route *route);
/* What the source holds; written, until the next irq_route_to(). False: a pin. */
bool irq_route_message(const struct irq_route *route, unsigned index, struct iommu_msi *out);
bool irq_route_set_message(struct irq_route *route, unsigned index, const struct iommu_msi *message);
uint16_t irq_route_source_id(const struct irq_route *route);

#endif
