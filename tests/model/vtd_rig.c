/* SPDX-License-Identifier: BSD-2-Clause */
/* See vtd_rig.h. */
#include "vtd_rig.h"

#include <string.h>

#define PAGE 4096u
#define SETTLE_US 400

void rig_store(struct rig *r, uint64_t pa, uint64_t value)
{
    void *at = vtd_model_ram(r->m, pa, sizeof(value));

    memcpy(at, &value, sizeof(value));
    vtd_model_platform(r->m)->dma_flush(vtd_model_ctx(r->m), at, sizeof(value));
}

static uint64_t table(struct rig *r)
{
    uint64_t pa = vtd_model_frames(r->m, 1, PAGE, 0, IOMMU_ANY_PA);

    for (unsigned i = 0; i < PAGE; i += 8)
        rig_store(r, pa + i, 0);
    return pa;
}

struct rig rig_create(const struct vtd_model_config *config)
{
    struct rig r = { .m = vtd_model_create(config) };
    uint64_t hi = spec_make(SPEC_CONTEXT_HI_AW, 2) | spec_make(SPEC_CONTEXT_HI_DID, RIG_DID);

    r.root = table(&r);
    r.contexts = table(&r);
    r.top = table(&r);
    r.level2 = table(&r);
    r.level1 = table(&r);
    r.level0 = table(&r);
    r.frame = table(&r);
    r.queue = table(&r);
    r.status = table(&r);
    rig_store(&r, r.root, r.contexts | SPEC_ROOT_P);
    rig_store(&r, r.contexts + RIG_RID * 16 + 8, hi);
    rig_store(&r, r.contexts + RIG_RID * 16, r.top | SPEC_CONTEXT_P);
    rig_store(&r, r.top, r.level2 | SPEC_SS_R | SPEC_SS_W);
    rig_store(&r, r.level2 + 8, r.level1 | SPEC_SS_R | SPEC_SS_W);
    rig_store(&r, r.level1 + 8, r.level0 | SPEC_SS_R | SPEC_SS_W);
    rig_store(&r, r.level0 + 8, r.frame | SPEC_SS_R | SPEC_SS_W);
    return r;
}

void rig_destroy(struct rig *r)
{
    vtd_model_destroy(r->m);
}

void rig_settle(struct rig *r)
{
    vtd_model_advance(r->m, SETTLE_US);
}

void rig_command(struct rig *r, uint64_t bit, bool on)
{
    uint64_t standing = vtd_model_read32(r->m, 0, SPEC_GSTS) & 0x96ffffffu; /* §11.4.4.1 */

    vtd_model_write32(r->m, 0, SPEC_GCMD, (uint32_t)(on ? standing | bit : standing & ~bit));
    rig_settle(r);
}

void rig_queue_on(struct rig *r)
{
    r->tail = 0;
    vtd_model_write64(r->m, 0, SPEC_IQT, 0);
    vtd_model_write64(r->m, 0, SPEC_IQA, r->queue);
    rig_command(r, SPEC_GCMD_QIE, true);
}

void rig_put(struct rig *r, uint64_t lo, uint64_t hi)
{
    uint64_t words[2] = { lo, hi };

    memcpy(vtd_model_ram(r->m, r->queue + r->tail, sizeof(words)), words, sizeof(words));
    r->tail = (r->tail + sizeof(words)) % PAGE;
}

void rig_ring(struct rig *r)
{
    vtd_model_write64(r->m, 0, SPEC_IQT, r->tail);
    rig_settle(r);
}

bool rig_wait(struct rig *r)
{
    uint32_t seen;

    r->waits++;
    rig_put(r, SPEC_DSC_WAIT | SPEC_WAIT_SW | spec_make(SPEC_WAIT_DATA, r->waits), r->status);
    rig_ring(r);
    memcpy(&seen, vtd_model_ram(r->m, r->status, sizeof(seen)), sizeof(seen));
    return seen == r->waits;
}

bool rig_submit(struct rig *r, uint64_t lo, uint64_t hi)
{
    rig_put(r, lo, hi);
    return rig_wait(r);
}

uint64_t rig_context_descriptor(unsigned granularity, unsigned did, unsigned rid, unsigned fm)
{
    return SPEC_DSC_CONTEXT | spec_make(SPEC_DSC_G, granularity) | spec_make(SPEC_DSC_DID, did) |
           spec_make(SPEC_CC_SID, rid) | spec_make(SPEC_CC_FM, fm);
}

uint64_t rig_iotlb_descriptor(unsigned granularity, unsigned did)
{
    return SPEC_DSC_IOTLB | spec_make(SPEC_DSC_G, granularity) | spec_make(SPEC_DSC_DID, did) | SPEC_IOTLB_DSC_DR |
           SPEC_IOTLB_DSC_DW;
}

static void invalidate_by_registers(struct rig *r)
{
    unsigned iotlb = (unsigned)spec_get(vtd_model_reg64(r->m, 0, SPEC_ECAP), SPEC_ECAP_IRO) * 16 + 8;

    vtd_model_write64(r->m, 0, SPEC_CCMD, SPEC_CCMD_ICC | spec_make(SPEC_CCMD_CIRG, SPEC_G_GLOBAL));
    rig_settle(r);
    vtd_model_write64(r->m, 0, iotlb, SPEC_IOTLB_IVT | spec_make(SPEC_IOTLB_IIRG, SPEC_G_GLOBAL) | SPEC_IOTLB_DR |
                                          SPEC_IOTLB_DW);
    rig_settle(r);
}

void rig_enable(struct rig *r)
{
    bool queue = (vtd_model_read32(r->m, 0, SPEC_GSTS) & SPEC_GCMD_QIE) != 0;

    vtd_model_write64(r->m, 0, SPEC_RTADDR, r->root);
    rig_command(r, SPEC_GCMD_SRTP, true);
    if (queue) {
        rig_put(r, rig_context_descriptor(SPEC_G_GLOBAL, 0, 0, 0), 0);
        rig_put(r, rig_iotlb_descriptor(SPEC_G_GLOBAL, 0), 0);
        (void)rig_wait(r);
    } else {
        invalidate_by_registers(r);
    }
    rig_command(r, SPEC_GCMD_TE, true);
}

unsigned rig_read(struct rig *r, uint16_t rid, uint64_t iova, uint32_t *value)
{
    (void)vtd_model_dma(r->m, 0, rid, iova, value, sizeof(*value), false);
    return vtd_model_last_reason(r->m);
}

unsigned rig_write(struct rig *r, uint16_t rid, uint64_t iova, uint32_t value)
{
    (void)vtd_model_dma(r->m, 0, rid, iova, &value, sizeof(value), true);
    return vtd_model_last_reason(r->m);
}

struct rig rig_started(const struct vtd_model_config *config)
{
    struct vtd_model_config plain = vtd_model_default();
    struct rig r = rig_create(config != NULL ? config : &plain);

    rig_queue_on(&r);
    rig_enable(&r);
    return r;
}
