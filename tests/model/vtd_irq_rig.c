/* SPDX-License-Identifier: BSD-2-Clause */
/* See vtd_irq_rig.h. */
#include "vtd_irq_rig.h"

#include "test.h"

#define PAGE 4096u

struct vtd_model_config virq_model(void)
{
    struct vtd_model_config config = vtd_model_default();

    spec_put(&config.units[0].ecap, SPEC_ECAP_IR, 1);
    spec_put(&config.units[0].ecap, SPEC_ECAP_EIM, 1);
    spec_put(&config.units[0].ecap, SPEC_ECAP_MHMV, 4);
    spec_put(&config.units[0].cap, SPEC_CAP_PI, 1);
    return config;
}

struct virq virq_created(const struct vtd_model_config *config)
{
    struct virq q = { .r = rig_create(config) };

    q.table = vtd_model_frames(q.r.m, 1, PAGE, 0, IOMMU_ANY_PA);
    for (unsigned i = 0; i < PAGE; i += 8)
        rig_store(&q.r, q.table + i, 0);
    rig_queue_on(&q.r);
    return q;
}

struct virq virq_started_with(const struct vtd_model_config *config, uint64_t irta_bits)
{
    struct virq q = virq_created(config);

    vtd_model_write64(q.r.m, 0, SPEC_IRTA, q.table | irta_bits);
    rig_command(&q.r, SPEC_GCMD_SIRTP, true);
    CHECK(virq_flush_all(&q));
    rig_command(&q.r, SPEC_GCMD_IRE, true);
    return q;
}

struct virq virq_started(void)
{
    struct vtd_model_config config = virq_model();

    return virq_started_with(&config, VIRQ_S);
}

void virq_ended(struct virq *q)
{
    CHECK_STR(vtd_model_violation_text(q->r.m), "");
    rig_destroy(&q->r);
}

void virq_put(struct virq *q, unsigned index, uint64_t lo, uint64_t hi)
{
    rig_store(&q->r, q->table + index * SPEC_IRTE_BYTES + 8, hi);
    rig_store(&q->r, q->table + index * SPEC_IRTE_BYTES, lo);
}

uint64_t virq_to(unsigned vector)
{
    return 5ull << 40 | vector << 16 | 1;
}

/* Type 4; G = bit 4, IM = 31:27, IIDX = 47:32 (VT-d §6.5.2.8). */
bool virq_flush(struct virq *q, unsigned index, unsigned mask)
{
    return rig_submit(&q->r, 4 | 1 << 4 | (uint64_t)mask << 27 | (uint64_t)index << 32, 0);
}

bool virq_flush_all(struct virq *q)
{
    return rig_submit(&q->r, 4, 0);
}

/* Handle in bits 19:5 and 2, format in bit 4 (VT-d §5.1.2.2). */
uint64_t virq_address(unsigned handle)
{
    return 0xfee00010ull | (uint64_t)(handle & 0x7fff) << 5 | (uint64_t)(handle >> 15) << 2;
}

unsigned virq_message(struct virq *q, uint16_t rid, uint64_t address, uint32_t data)
{
    enum vtd_model_result result = vtd_model_interrupt(q->r.m, 0, rid, address, data);
    unsigned reason = vtd_model_last_reason(q->r.m);

    CHECK_EQ(result, reason == 0 ? VTD_MODEL_INTERRUPT : VTD_MODEL_FAULT);
    return reason;
}

unsigned virq_raise(struct virq *q, unsigned index)
{
    return virq_message(q, RIG_RID, virq_address(index), 0);
}

unsigned virq_vector(const struct virq *q)
{
    return vtd_model_last_interrupt(q->r.m).vector;
}

uint64_t virq_delivered(const struct virq *q)
{
    return vtd_model_stats(q->r.m, 0).interrupts;
}
