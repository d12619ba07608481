/* SPDX-License-Identifier: BSD-2-Clause */
/* Errata of AMD-Vi units as data: what is seen, who says so, and what is done. */
#ifndef IOMMU_AMDVI_ERRATA_H
#define IOMMU_AMDVI_ERRATA_H

#include "amd/amdvi.h"

struct amdvi_cpu {
    unsigned family;    /* 0: not AMD's */
    unsigned model;
};

enum amdvi_workaround {
    AMDVI_ALWAYS,       /* the driver works so on every unit */
    AMDVI_L2_BIT,       /* a bit of an L2 indirect register is set */
    AMDVI_INTERRUPTS,   /* interrupts must not be remapped, which this library does not do: reported */
    AMDVI_LEAVE_OFF,    /* the unit stays off, but for config.force */
};

struct amdvi_erratum {
    const char *id;
    const char *symptom;
    const char *source;
    const char *workaround;
    enum amdvi_workaround kind;
    uint16_t family, model_first, model_last;   /* of the CPU; family 0: any */
    uint32_t pci_id;            /* device << 16 | vendor of a function on the unit's bus; 0: none needed */
    uint8_t devfn_first, devfn_last;    /* where it is looked for */
    uint8_t config_offset;      /* a byte of that function's configuration space, */
    uint8_t config_bits;        /* of which one of these must be set; 0: none needed */
    uint8_t l2_register;        /* L2_BIT */
    uint32_t l2_bit;
};

/* Number index of the table; NULL past the last. */
const struct amdvi_erratum *amdvi_erratum(size_t index);

/* amdvi_errata_apply() with a CPU of the caller's. */
enum iommu_status amdvi_errata_apply_for(struct amdvi_unit *unit, const struct amdvi_cpu *cpu);

#endif
