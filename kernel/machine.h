/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine as brought up by kernel_main(): what the report, the suite and the shell look at. */
#ifndef KERNEL_MACHINE_H
#define KERNEL_MACHINE_H

#include "cmdline.h"
#include "env.h"
#include "iommu/iommu.h"
#include "pci.h"
#include "preboot_dma.h"
#include "proof.h"

struct machine {
    const struct boot_info *boot;
    struct options options;             /* the command line */
    struct pci *pci;
    const struct acpi_table *table;     /* describes the units: DMAR or IVRS; NULL: there is none */
    struct iommu *iommu;                /* NULL: no table, or switched off */
    enum iommu_status iommu_status;     /* of iommu_add_table() or iommu_start() */
    struct iommu_handoff handoff;       /* the units as the kernel found them */
    size_t functions, covered;          /* PCI functions but bridges; those some unit covers */
    size_t left_off;                    /* those whose unit stays off by WORD_GRAPHICS_OFF */
    struct preboot_dma preboot;         /* a read that was sent before the units were programmed */
    struct proof proof;                 /* that blocked devices are blocked */
    struct suite_env suite;
};
extern struct machine machine;

/* PCI, exercisers, the IOMMU: in the order that leaves no device unwatched (docs/design.md). */
void machine_init(const struct boot_info *info);
/* Says once that scratch= names no disk, as soon as that is known. */
void machine_check_scratch(void);

/* The word on the command line that leaves the units off; NULL: none. */
const char *machine_off_word(void);
/* How many units translate. */
size_t machine_translating_units(void);
/* Whether they remap interrupts; there are units. */
bool machine_remaps(void);
/* Whether unit number index of the hand-off is the first with its registers: a table may name them twice. */
static inline bool machine_handoff_first(uint32_t index)
{
    for (uint32_t i = 0; i < index; i++)
        if (machine.handoff.units[i].registers_pa == machine.handoff.units[index].registers_pa)
            return false;
    return true;
}

#endif
