/* SPDX-License-Identifier: BSD-2-Clause */
/* See amdvi_irt_rig.h. */
#include "amdvi_irt_rig.h"

#include "test.h"

#define PAGE 4096u

struct amdvi_model_config airt_model(void)
{
    struct amdvi_model_config config = amdvi_model_default();

    spec_put(&config.units[0].efr, ASPEC_EFR_GAM_SUP, 1);
    return config;
}

/* Bits 61:60 IntCtl, 51:6 table, 4:1 IntTabLen, 0 IV. */
uint64_t airt_word(uint64_t table, unsigned len)
{
    return 2ull << 60 | table | len << 1 | 1;
}

struct airt airt_started(const struct amdvi_model_config *config, uint64_t control)
{
    struct airt q = { .r = amdvi_rig_create(config) };

    q.table = amdvi_model_frames(q.r.m, 1, PAGE, 0, IOMMU_ANY_PA);
    for (unsigned i = 0; i < PAGE; i += 8)
        amdvi_rig_store(&q.r, q.table + i, 0);
    amdvi_rig_entry(&q.r, ARIG_RID, 2, airt_word(q.table, 4));
    amdvi_rig_control(&q.r, control, true);
    amdvi_rig_enable(&q.r);
    return q;
}

struct airt airt_wide(void)
{
    struct amdvi_model_config config = airt_model();

    return airt_started(&config, ASPEC_CTL_GA_EN);
}

struct airt airt_x2apic(void)
{
    struct amdvi_model_config config = airt_model();

    return airt_started(&config, ASPEC_CTL_GA_EN | ASPEC_CTL_XT_EN);
}

void airt_ended(struct airt *q)
{
    amdvi_rig_destroy(&q->r);
}

void airt_put32(struct airt *q, unsigned index, uint32_t value)
{
    uint64_t pa = q->table + index / 2 * 8, pair = amdvi_rig_load(&q->r, pa);
    unsigned shift = index % 2 * 32;

    amdvi_rig_store(&q->r, pa,
                    (pair & ~((uint64_t)UINT32_MAX << shift)) | (uint64_t)value << shift);
}

void airt_put(struct airt *q, unsigned index, uint64_t lo, uint64_t hi)
{
    amdvi_rig_store(&q->r, q->table + index * 16 + 8, hi);
    amdvi_rig_store(&q->r, q->table + index * 16, lo);
}

bool airt_flush(struct airt *q, uint16_t rid)
{
    return amdvi_rig_submit(&q->r, spec_make(ASPEC_OP, ASPEC_OP_INV_INT_TABLE) | rid, 0);
}

unsigned airt_message(struct airt *q, uint16_t rid, uint64_t address, uint32_t data)
{
    enum amdvi_model_result result = amdvi_model_interrupt(q->r.m, 0, rid, address, data);
    unsigned code = amdvi_model_last_reason(q->r.m);

    CHECK_EQ(result, code == 0 ? AMDVI_MODEL_INTERRUPT : AMDVI_MODEL_FAULT);
    return code;
}

unsigned airt_raise(struct airt *q, unsigned index)
{
    return airt_message(q, ARIG_RID, AIRT_ADDRESS, index);
}

unsigned airt_vector(const struct airt *q)
{
    return amdvi_model_last_interrupt(q->r.m).vector;
}
