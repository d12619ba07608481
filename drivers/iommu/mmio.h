/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Access to a unit's registers. An offset carries its width in its type, so
 * that a 64-bit access to a 32-bit register does not compile; every wait is
 * bounded and its result must be looked at.
 */
#ifndef IOMMU_MMIO_H
#define IOMMU_MMIO_H

#include <stddef.h>
#include <stdint.h>

#include "iommu/platform.h"
#include "iommu/status.h"

struct reg32 {
    uint32_t offset;
};

struct reg64 {
    uint32_t offset;
};

#define REG32(at) ((struct reg32){ (at) })
#define REG64(at) ((struct reg64){ (at) })

/* One mapped block of registers. */
struct reg_window {
    const struct iommu_platform *platform;
    void *ctx;
    uint8_t *base;  /* of platform->mmio_map */
    size_t len;
};

static inline uint32_t reg_read32(const struct reg_window *w, struct reg32 reg)
{
    return w->platform->mmio_read32(w->ctx, w->base + reg.offset);
}

static inline uint64_t reg_read64(const struct reg_window *w, struct reg64 reg)
{
    return w->platform->mmio_read64(w->ctx, w->base + reg.offset);
}

static inline void reg_write32(const struct reg_window *w, struct reg32 reg, uint32_t value)
{
    w->platform->mmio_write32(w->ctx, w->base + reg.offset, value);
}

static inline void reg_write64(const struct reg_window *w, struct reg64 reg, uint64_t value)
{
    w->platform->mmio_write64(w->ctx, w->base + reg.offset, value);
}

/*
 * Waits until (register & mask) == wanted. The clock is read before the
 * register: a caller that was held up between the two sees one more value
 * before it gives up.
 */
IOMMU_MUST_CHECK static inline enum iommu_status
reg_wait32(const struct reg_window *w, struct reg32 reg, uint32_t mask, uint32_t wanted, uint64_t timeout_us)
{
    uint64_t start = w->platform->now_us(w->ctx);

    for (;;) {
        uint64_t now = w->platform->now_us(w->ctx);

        if ((reg_read32(w, reg) & mask) == wanted)
            return IOMMU_OK;
        if (now - start >= timeout_us)
            return IOMMU_ERR_TIMEOUT;
        w->platform->relax(w->ctx);
    }
}

IOMMU_MUST_CHECK static inline enum iommu_status
reg_wait64(const struct reg_window *w, struct reg64 reg, uint64_t mask, uint64_t wanted, uint64_t timeout_us)
{
    uint64_t start = w->platform->now_us(w->ctx);

    for (;;) {
        uint64_t now = w->platform->now_us(w->ctx);

        if ((reg_read64(w, reg) & mask) == wanted)
            return IOMMU_OK;
        if (now - start >= timeout_us)
            return IOMMU_ERR_TIMEOUT;
        w->platform->relax(w->ctx);
    }
}

#endif
