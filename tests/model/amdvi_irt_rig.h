/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * amdvi_rig.h with an interrupt table of ARIG_RID: entries written by hand, for
 * the tests of the model itself.
 */
#ifndef IOMMU_AMDVI_IRT_RIG_H
#define IOMMU_AMDVI_IRT_RIG_H

#include "amdvi_rig.h"

#define AIRT_ADDRESS 0xfee00000ull
#define AIRT_LOGICAL 0xfee00004ull /* DM */

struct airt {
    struct amdvi_rig r;
    uint64_t table; /* pa, one page */
};

/* amdvi_model_default() with guest virtual APIC mode. */
struct amdvi_model_config airt_model(void);
/* A table of 16 entries, IntCtl = 2; control bits, then IommuEn. */
struct airt airt_started(const struct amdvi_model_config *config, uint64_t control);
/* airt_model() with GAEn, and GAEn with XTEn. */
struct airt airt_wide(void);
struct airt airt_x2apic(void);
/* Fails the test when a rule was broken. */
void airt_ended(struct airt *q);

/* The third word of a device table entry: IV, IntCtl = 2, that table and IntTabLen. */
uint64_t airt_word(uint64_t table, unsigned len);
void airt_put32(struct airt *q, unsigned index, uint32_t value);
/* The word that holds RemapEn last. */
void airt_put(struct airt *q, unsigned index, uint64_t lo, uint64_t hi);
bool airt_flush(struct airt *q, uint16_t rid);

/* The event code; 0: accepted. */
unsigned airt_message(struct airt *q, uint16_t rid, uint64_t address, uint32_t data);
/* By ARIG_RID, through one entry. */
unsigned airt_raise(struct airt *q, unsigned index);
/* The vector of the last interrupt that reached a CPU. */
unsigned airt_vector(const struct airt *q);

#endif
