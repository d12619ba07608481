/* SPDX-License-Identifier: BSD-2-Clause */
/* See amdvi_bare.h. */
#include "amdvi_bare.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

/* Numbers of publication 48882, written a second time. */
enum {
    R_CMD_BASE = 0x0008, R_EVENT_BASE = 0x0010, R_CONTROL = 0x0018, R_CMD_HEAD = 0x2000, R_CMD_TAIL = 0x2008,
    R_EVENT_HEAD = 0x2010, R_EVENT_TAIL = 0x2018, R_STATUS = 0x2020,
};
enum { C_IOMMU_EN = 1u << 0, C_EVENT_LOG_EN = 1u << 2, C_CMD_BUF_EN = 1u << 12 };
enum { S_OVERFLOW = 1u << 0, S_EVENT_INT = 1u << 1, S_WAIT_INT = 1u << 2, S_EVENT_RUN = 1u << 3, S_CMD_RUN = 1u << 4 };
#define ADDRESS 0xffffffffff000ull

static uint64_t *reg(struct amdvi_bare *hw, unsigned offset)
{
    return &hw->regs[offset / 8];
}

static uint64_t ring_len(uint64_t base)
{
    return 16ull << (base >> 56 & 15);
}

static bool on(const struct amdvi_bare *hw, uint64_t bit)
{
    return (hw->regs[R_CONTROL / 8] & (bit | C_IOMMU_EN)) == (bit | C_IOMMU_EN);
}

uint32_t amdvi_bare_status(const struct amdvi_bare *hw)
{
    uint32_t status = (uint32_t)hw->regs[R_STATUS / 8];

    if (on(hw, C_CMD_BUF_EN) && !hw->stopped)
        status |= S_CMD_RUN;
    if ((on(hw, C_EVENT_LOG_EN) && !hw->log_stopped) || hw->log_never_stops)
        status |= S_EVENT_RUN;
    return status;
}

/* ---- events ---- */

void amdvi_bare_event(struct amdvi_bare *hw, uint64_t lo, uint64_t hi)
{
    uint64_t base = *reg(hw, R_EVENT_BASE), tail = *reg(hw, R_EVENT_TAIL), next = (tail + 16) % ring_len(base);
    uint64_t *entry;

    if (!on(hw, C_EVENT_LOG_EN) || hw->log_stopped)
        return;
    if (next == *reg(hw, R_EVENT_HEAD)) {
        *reg(hw, R_STATUS) |= S_OVERFLOW;
        hw->log_stopped = true;
        return;
    }
    entry = fake_at(&hw->mem, (base & ADDRESS) + tail);
    CHECK_EQ(entry[0], 0); /* consumed entries have been cleared */
    if (hw->late != 0) {
        hw->late_entry = entry;
        hw->late_lo = lo;
    } else {
        entry[1] = hi;
        entry[0] = lo;
    }
    *reg(hw, R_EVENT_TAIL) = next;
    *reg(hw, R_STATUS) |= S_EVENT_INT;
}

/* ---- commands ---- */

static bool is_illegal(struct amdvi_bare *hw, const struct amdvi_command *c)
{
    unsigned op = (unsigned)(c->lo >> 60);

    if (op == 3 && hw->refuse != 0) {
        hw->refuse--;
        return true;
    }
    return op == 0 || op > 8;
}

/* False: the unit has stopped at it. */
static bool refuse(struct amdvi_bare *hw, uint64_t pa)
{
    if (!hw->silent)
        amdvi_bare_event(hw, 5ull << 60, hw->nameless ? 0 : pa);
    hw->stopped = !hw->goes_on;
    return hw->goes_on;
}

static void execute(struct amdvi_bare *hw, const struct amdvi_command *c)
{
    if (c->lo >> 60 == 1) {
        if (c->lo & 1)
            *(uint64_t *)fake_at(&hw->mem, c->lo & 0xffffffffffff8) = c->hi;
        if (c->lo & 2)
            *reg(hw, R_STATUS) |= S_WAIT_INT;
    }
    if (c->lo == hw->unit.queue.wait_lo) {
        hw->waits++;
        return;
    }
    if (hw->on_command != NULL)
        hw->on_command(hw, c);
    hw->seen[hw->seen_count++ % AMDVI_BARE_COMMANDS] = *c;
}

void amdvi_bare_run(struct amdvi_bare *hw)
{
    uint64_t base = *reg(hw, R_CMD_BASE), len = ring_len(base);

    while (on(hw, C_CMD_BUF_EN) && !hw->stopped && !hw->hangs) {
        uint64_t head = *reg(hw, R_CMD_HEAD) % len, pa = (base & ADDRESS) + head;
        struct amdvi_command *c = fake_at(&hw->mem, pa);

        if (head == *reg(hw, R_CMD_TAIL))
            return;
        if (is_illegal(hw, c)) {
            if (!refuse(hw, pa))
                return;
        } else {
            execute(hw, c);
        }
        head += 16;
        *reg(hw, R_CMD_HEAD) = hw->head_at_length ? head : head % len;
    }
}

/* ---- the platform ---- */

static unsigned offset_of(struct amdvi_bare *hw, const volatile void *at)
{
    return (unsigned)((const volatile uint8_t *)at - (const volatile uint8_t *)hw->regs);
}

static uint32_t read32(void *ctx, const volatile void *at)
{
    struct amdvi_bare *hw = ctx;

    CHECK_EQ(offset_of(hw, at), R_STATUS);
    if (hw->on_status != NULL)
        hw->on_status(hw);
    return amdvi_bare_status(hw);
}

static uint64_t read64(void *ctx, const volatile void *at)
{
    return *reg(ctx, offset_of(ctx, at));
}

static void write32(void *ctx, volatile void *at, uint32_t value)
{
    CHECK_EQ(offset_of(ctx, at), R_STATUS);
    *reg(ctx, R_STATUS) &= ~(uint64_t)value;
}

static void write64(void *ctx, volatile void *at, uint64_t value)
{
    struct amdvi_bare *hw = ctx;
    unsigned offset = offset_of(hw, at);

    if (offset == R_CMD_HEAD)
        CHECK_EQ(amdvi_bare_status(hw) & S_CMD_RUN, 0); /* only while it does not fetch */
    *reg(hw, offset) = value;
    if (offset == R_CONTROL && !(value & C_CMD_BUF_EN))
        hw->stopped = hw->never_starts;
    if (offset == R_CONTROL && !(value & C_EVENT_LOG_EN))
        hw->log_stopped = hw->log_never_starts;
    if (offset == R_CMD_TAIL && on(hw, C_CMD_BUF_EN))
        hw->doorbells++;
    if (offset == R_CMD_TAIL || offset == R_CONTROL)
        amdvi_bare_run(hw);
}

static void relax(void *ctx)
{
    struct amdvi_bare *hw = ctx;

    hw->mem.time_us++;
    if (hw->late_entry != NULL && --hw->late == 0) {
        *hw->late_entry = hw->late_lo;
        hw->late_entry = NULL;
    }
    if (hw->on_relax != NULL)
        hw->on_relax(hw);
}

static void barrier(void *ctx)
{
    struct amdvi_bare *hw = ctx;

    if (hw->on_barrier != NULL)
        hw->on_barrier(hw);
}

static void keep_fault(void *ctx, const struct iommu_fault *fault)
{
    struct amdvi_bare *hw = ctx;

    hw->faults[hw->fault_count++ % AMDVI_BARE_FAULTS] = *fault;
    if (hw->on_fault != NULL)
        hw->on_fault(hw);
}

/* ---- life ---- */

struct amdvi_bare *amdvi_bare_empty(void)
{
    struct amdvi_bare *hw = calloc(1, sizeof(*hw));
    struct iommu_platform *p;

    CHECK(hw != NULL);
    fake_platform_init(&hw->mem, AMDVI_BARE_PAGES);
    p = &hw->mem.platform;
    p->mmio_read32 = read32;
    p->mmio_read64 = read64;
    p->mmio_write32 = write32;
    p->mmio_write64 = write64;
    p->relax = relax;
    p->dma_write_barrier = barrier;
    hw->iommu.platform = p;
    hw->iommu.ctx = hw;
    hw->iommu.config.fault = keep_fault;
    hw->iommu.config.fault_ctx = hw;
    hw->unit.base = (struct iommu_unit){
        .iommu = &hw->iommu, .platform = p, .ctx = hw, .ops = &amdvi_ops, .name = "amdvi0", .coherent = true,
        .output_bits = 48, .domain_id_count = 65536, .storm_threshold = UINT32_MAX, .storm_window_us = 1000000,
        .uses_queue = true,
    };
    hw->unit.efr = BIT64(6);
    hw->unit.regs = (struct reg_window){ .platform = p, .ctx = hw, .base = (uint8_t *)hw->regs, .len = 0x4000 };
    return hw;
}

struct amdvi_bare *amdvi_bare_create(uint16_t highest)
{
    struct amdvi_bare *hw = amdvi_bare_empty();

    CHECK_OK(amdvi_table_create(&hw->unit, highest));
    CHECK_OK(amdvi_queue_create(&hw->unit));
    CHECK_OK(amdvi_events_create(&hw->unit));
    CHECK_OK(amdvi_control(&hw->unit, 0, C_IOMMU_EN, 0));
    CHECK_OK(amdvi_queue_enable(&hw->unit));
    CHECK_OK(amdvi_events_enable(&hw->unit));
    hw->unit.has_tables = true;
    hw->unit.base.running = true;
    return hw;
}

void amdvi_bare_destroy(struct amdvi_bare *hw)
{
    amdvi_queue_destroy(&hw->unit);
    amdvi_events_destroy(&hw->unit);
    amdvi_table_destroy(&hw->unit);
    CHECK_EQ(hw->mem.live_pages, 0);
    CHECK_EQ(hw->mem.misuses, 0);
    fake_platform_free(&hw->mem);
    free(hw);
}
