/* SPDX-License-Identifier: BSD-2-Clause */
/* See amdvi_rig.h. */
#include "amdvi_rig.h"

#include "test.h"

#define PAGE 4096u
#define SETTLE_US 400
#define IDS 256u
#define TABLE_PAGES (IDS * ASPEC_DTE_BYTES / PAGE)
#define RING_LENGTH 8u
#define RW (ASPEC_PT_IR | ASPEC_PT_IW)

void amdvi_rig_store(struct amdvi_rig *r, uint64_t pa, uint64_t value)
{
    void *at = amdvi_model_ram(r->m, pa, sizeof(value));

    memcpy(at, &value, sizeof(value));
    amdvi_model_platform(r->m)->dma_flush(amdvi_model_ctx(r->m), at, sizeof(value));
}

uint64_t amdvi_rig_load(struct amdvi_rig *r, uint64_t pa)
{
    uint64_t value;

    memcpy(&value, amdvi_model_ram(r->m, pa, sizeof(value)), sizeof(value));
    return value;
}

static uint64_t pages(struct amdvi_rig *r, size_t count)
{
    uint64_t pa = amdvi_model_frames(r->m, count, PAGE, 0, IOMMU_ANY_PA);

    for (unsigned i = 0; i < count * PAGE; i += 8)
        amdvi_rig_store(r, pa + i, 0);
    return pa;
}

void amdvi_rig_entry(struct amdvi_rig *r, uint16_t rid, unsigned word, uint64_t value)
{
    amdvi_rig_store(r, r->table + rid * (uint64_t)ASPEC_DTE_BYTES + word * 8, value);
}

uint64_t amdvi_rig_entry_word(struct amdvi_rig *r, uint16_t rid, unsigned word)
{
    return amdvi_rig_load(r, r->table + rid * (uint64_t)ASPEC_DTE_BYTES + word * 8);
}

static uint64_t directory(uint64_t table, unsigned next)
{
    return table | ASPEC_PT_PR | RW | spec_make(ASPEC_PT_NEXT, next);
}

struct amdvi_rig amdvi_rig_create(const struct amdvi_model_config *config)
{
    struct amdvi_rig r = { .m = amdvi_model_create(config) };

    r.table = pages(&r, TABLE_PAGES);
    r.top = pages(&r, 1);
    r.level3 = pages(&r, 1);
    r.level2 = pages(&r, 1);
    r.level1 = pages(&r, 1);
    r.frame = pages(&r, 1);
    r.commands = pages(&r, 1);
    r.events = pages(&r, 1);
    r.semaphore = pages(&r, 1);
    for (unsigned i = 0; i < IDS; i++)
        amdvi_rig_entry(&r, (uint16_t)i, 0, ASPEC_DTE_V);
    amdvi_rig_entry(&r, ARIG_RID, 1, ARIG_DID);
    amdvi_rig_entry(&r, ARIG_RID, 0,
                    r.top | ASPEC_DTE_V | ASPEC_DTE_TV | RW | spec_make(ASPEC_DTE_MODE, 4));
    amdvi_rig_store(&r, r.top, directory(r.level3, 3));
    amdvi_rig_store(&r, r.level3 + 8, directory(r.level2, 2));
    amdvi_rig_store(&r, r.level2 + 8, directory(r.level1, 1));
    amdvi_rig_store(&r, r.level1 + 8, r.frame | ASPEC_PT_PR | RW);
    return r;
}

void amdvi_rig_abandon(struct amdvi_rig *r)
{
    amdvi_model_destroy(r->m);
}

void amdvi_rig_destroy(struct amdvi_rig *r)
{
    if (amdvi_model_violations(r->m) != 0)
        test_fail(__FILE__, __LINE__, "violations:\n%s", amdvi_model_violation_text(r->m));
    amdvi_rig_abandon(r);
}

void amdvi_rig_settle(struct amdvi_rig *r)
{
    amdvi_model_advance(r->m, SETTLE_US);
}

void amdvi_rig_control(struct amdvi_rig *r, uint64_t bits, bool on)
{
    r->control = on ? r->control | bits : r->control & ~bits;
    amdvi_model_write64(r->m, 0, ASPEC_CONTROL, r->control);
    amdvi_rig_settle(r);
}

void amdvi_rig_enable(struct amdvi_rig *r)
{
    amdvi_model_write64(r->m, 0, ASPEC_DEV_TAB, r->table | (TABLE_PAGES - 1));
    amdvi_model_write64(r->m, 0, ASPEC_CMD_BASE,
                        r->commands | spec_make(ASPEC_RING_LEN, RING_LENGTH));
    amdvi_model_write64(r->m, 0, ASPEC_EVT_BASE,
                        r->events | spec_make(ASPEC_RING_LEN, RING_LENGTH));
    for (unsigned pointer = ASPEC_CMD_HEAD; pointer <= ASPEC_EVT_TAIL; pointer += 8)
        amdvi_model_write64(r->m, 0, pointer, 0);
    r->tail = 0;
    amdvi_rig_control(r, ASPEC_CTL_COHERENT | ASPEC_CTL_CMD_BUF_EN | ASPEC_CTL_EVENT_LOG_EN, true);
    amdvi_rig_control(r, ASPEC_CTL_IOMMU_EN, true);
}

void amdvi_rig_put(struct amdvi_rig *r, uint64_t lo, uint64_t hi)
{
    amdvi_rig_store(r, r->commands + r->tail, lo);
    amdvi_rig_store(r, r->commands + r->tail + 8, hi);
    r->tail = (r->tail + ASPEC_COMMAND_BYTES) % PAGE;
}

void amdvi_rig_ring(struct amdvi_rig *r)
{
    amdvi_model_write64(r->m, 0, ASPEC_CMD_TAIL, r->tail);
    amdvi_rig_settle(r);
}

bool amdvi_rig_wait(struct amdvi_rig *r)
{
    r->waits++;
    amdvi_rig_put(r, spec_make(ASPEC_OP, ASPEC_OP_COMPLETION_WAIT) | ASPEC_CW_S | r->semaphore,
                  r->waits);
    amdvi_rig_ring(r);
    return amdvi_rig_load(r, r->semaphore) == r->waits;
}

bool amdvi_rig_submit(struct amdvi_rig *r, uint64_t lo, uint64_t hi)
{
    amdvi_rig_put(r, lo, hi);
    return amdvi_rig_wait(r);
}

bool amdvi_rig_flush_entry(struct amdvi_rig *r, uint16_t rid)
{
    return amdvi_rig_submit(r, spec_make(ASPEC_OP, ASPEC_OP_INV_DEVTAB) | rid, 0);
}

bool amdvi_rig_flush_pages(struct amdvi_rig *r, uint64_t hi)
{
    return amdvi_rig_submit(
        r, spec_make(ASPEC_OP, ASPEC_OP_INV_PAGES) | spec_make(ASPEC_PAGES_DOMAIN, ARIG_DID), hi);
}

unsigned amdvi_rig_read(struct amdvi_rig *r, uint16_t rid, uint64_t iova, uint64_t *value)
{
    (void)amdvi_model_dma(r->m, 0, rid, iova, value, sizeof(*value), false);
    return amdvi_model_last_reason(r->m);
}

unsigned amdvi_rig_write(struct amdvi_rig *r, uint16_t rid, uint64_t iova, uint64_t value)
{
    (void)amdvi_model_dma(r->m, 0, rid, iova, &value, sizeof(value), true);
    return amdvi_model_last_reason(r->m);
}

void amdvi_rig_event(struct amdvi_rig *r, unsigned n, uint64_t event[2])
{
    event[0] = amdvi_rig_load(r, r->events + n * (uint64_t)ASPEC_EVENT_BYTES);
    event[1] = amdvi_rig_load(r, r->events + n * (uint64_t)ASPEC_EVENT_BYTES + 8);
}
