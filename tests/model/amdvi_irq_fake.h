/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine of fake_amdvi.h for the tests of interrupt remapping: one unit, or
 * two, with devices, IOAPICs and an HPET, driven through the library's own
 * interface. Nothing is remapped here: entries, device table and commands are
 * looked at as they lie in memory.
 */
#ifndef AMDVI_IRQ_FAKE_H
#define AMDVI_IRQ_FAKE_H

#include "amd/amdvi.h"
#include "fake_amdvi.h"

#define IRQ_FAKE_UNIT 0x0002
#define IRQ_FAKE_DEVICE 0x0010      /* firmware lets its INIT pass */
#define IRQ_FAKE_OTHER 0x0020
#define IRQ_FAKE_ALIASED 0x0108     /* sends as itself and as the next two */
#define IRQ_FAKE_ALIAS 0x0100
#define IRQ_FAKE_ALIAS2 0x0101
#define IRQ_FAKE_SMBUS 0x00a0       /* sends as IOAPIC 0 does */
#define IRQ_FAKE_IOAPIC2 0x0001     /* IOAPIC 9 */
#define IRQ_FAKE_HPET 0x00a2        /* number 0 */

/* Bits of EFR and of Control, AMD-Vi §3.3 */
#define IRQ_FAKE_EFR 0x8c0ull       /* HATS 2, GASup, IASup */
#define IRQ_FAKE_EFR_XT (1ull << 2)
#define IRQ_FAKE_EFR_GA (1ull << 7)
#define IRQ_FAKE_EFR_VAPIC (1ull << 21)
#define IRQ_FAKE_GA_EN (1ull << 17)
#define IRQ_FAKE_GAM_VAPIC (1ull << 25)
#define IRQ_FAKE_MODE_2048 (1ull << 43)
#define IRQ_FAKE_XT_EN (1ull << 50)
#define IRQ_FAKE_CONTROL 0x18u
#define IRQ_FAKE_STATUS 0x2020u
#define IRQ_FAKE_DEV_TAB 0x00u

struct irq_fake {
    struct fake_amdvi fake;     /* first: the platform's ctx */
    struct iommu_config config; /* irq.mode is AUTO, two IOAPICs; to be changed before irq_fake_open() */
    uint64_t efr, efr2;         /* of unit 0 */
    uint64_t efr_second;        /* of unit 1; 0: there is none */
    uint16_t ioapic_rid;        /* of IOAPIC 0 */
    bool no_second_ioapic;      /* firmware does not name IOAPIC 9 */
    size_t pages;
    struct iommu *iommu;
    struct iommu_device *device, *other, *aliased;
};

/* A machine whose members may still be changed. */
struct irq_fake *irq_fake_make(void);
/* Its library, with table and devices, not started. */
void irq_fake_open(struct irq_fake *f);
/* All three, and remapping. */
struct irq_fake *irq_fake_start(void);
void irq_fake_free(struct irq_fake *f);
/* Without iommu_destroy(): a unit that did not stop. */
void irq_fake_abandon(struct irq_fake *f);

struct amdvi_unit *irq_fake_unit(const struct irq_fake *f);
uint64_t irq_fake_control(const struct irq_fake *f, unsigned unit);
/* The word of an id's device table entry that says what becomes of its interrupts. */
uint64_t irq_fake_word(const struct irq_fake *f, uint16_t rid);
/* The first word of the command so many before the ring's tail (1: the batch's wait). */
uint64_t irq_fake_command(const struct irq_fake *f, unsigned back);
struct iommu_irqs *irq_fake_block(struct iommu_device *device, unsigned count);
struct iommu_debug_irq_entry irq_fake_entry(const struct iommu_irqs *irqs, unsigned index);
/* Entries of all blocks. */
unsigned irq_fake_used(const struct irq_fake *f);
/* From now on no command is executed. */
void irq_fake_hang(struct irq_fake *f);

#endif
