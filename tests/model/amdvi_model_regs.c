/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The register file of a unit: which registers there are, how they may be
 * accessed, and what a write of each does at once (AMD-Vi §3.4). What takes
 * time is in amdvi_model_control.c and amdvi_model_command.c.
 */
#include <string.h>

#include "amdvi_model_private.h"

struct register_shape {
    uint16_t offset;
    uint8_t width;
    uint64_t efr; /* the feature it comes with; 0: always there */
};

static const struct register_shape shapes[] = {
    { ASPEC_DEV_TAB, 8, 0 },
    { ASPEC_CMD_BASE, 8, 0 },
    { ASPEC_EVT_BASE, 8, 0 },
    { ASPEC_CONTROL, 8, 0 },
    { ASPEC_EXCL_BASE, 8, 0 },
    { ASPEC_EXCL_LIMIT, 8, 0 },
    { ASPEC_EFR, 8, 0 },
    { ASPEC_PPR_BASE, 8, ASPEC_EFR_PPR_SUP },
    { ASPEC_HW_EVENT_HI, 8, ASPEC_EFR_HE_SUP },
    { ASPEC_HW_EVENT_LO, 8, ASPEC_EFR_HE_SUP },
    { ASPEC_HW_EVENT_STATUS, 8, ASPEC_EFR_HE_SUP },
    { ASPEC_GA_BASE, 8, ASPEC_EFR_GA_SUP },
    { ASPEC_GA_TAIL_ADDR, 8, ASPEC_EFR_GA_SUP },
    { ASPEC_PPR_B_BASE, 8, ASPEC_EFR_DUAL_PPR_LOG_SUP },
    { ASPEC_EVT_B_BASE, 8, ASPEC_EFR_DUAL_EVENT_LOG_SUP },
    { ASPEC_DEV_TAB_SEG_1, 8, ASPEC_EFR_DEV_TBL_SEG_SUP },
    { ASPEC_DEV_TAB_SEG_1 + 0x08, 8, ASPEC_EFR_DEV_TBL_SEG_SUP },
    { ASPEC_DEV_TAB_SEG_1 + 0x10, 8, ASPEC_EFR_DEV_TBL_SEG_SUP },
    { ASPEC_DEV_TAB_SEG_1 + 0x18, 8, ASPEC_EFR_DEV_TBL_SEG_SUP },
    { ASPEC_DEV_TAB_SEG_1 + 0x20, 8, ASPEC_EFR_DEV_TBL_SEG_SUP },
    { ASPEC_DEV_TAB_SEG_1 + 0x28, 8, ASPEC_EFR_DEV_TBL_SEG_SUP },
    { ASPEC_DEV_TAB_SEG_1 + 0x30, 8, ASPEC_EFR_DEV_TBL_SEG_SUP },
    { ASPEC_DSFX, 8, 0 },
    { ASPEC_DSCX, 8, 0 },
    { ASPEC_DSSX, 8, 0 },
    { ASPEC_XT_GENERAL, 8, ASPEC_EFR_XT_SUP },
    { ASPEC_XT_PPR, 8, ASPEC_EFR_XT_SUP },
    { ASPEC_XT_GA, 8, ASPEC_EFR_XT_SUP },
    { ASPEC_EFR2, 8, 0 },
    { ASPEC_CMD_HEAD, 8, 0 },
    { ASPEC_CMD_TAIL, 8, 0 },
    { ASPEC_EVT_HEAD, 8, 0 },
    { ASPEC_EVT_TAIL, 8, 0 },
    { ASPEC_STATUS, 8, 0 },
    { ASPEC_PPR_HEAD, 8, ASPEC_EFR_PPR_SUP },
    { ASPEC_PPR_TAIL, 8, ASPEC_EFR_PPR_SUP },
    { ASPEC_GA_HEAD, 8, ASPEC_EFR_GA_SUP },
    { ASPEC_GA_TAIL, 8, ASPEC_EFR_GA_SUP },
};

uint64_t am_get(const struct am_unit *u, unsigned offset, unsigned width)
{
    uint64_t value = 0;

    memcpy(&value, u->registers + offset, width);
    return value;
}

void am_set(struct am_unit *u, unsigned offset, unsigned width, uint64_t value)
{
    memcpy(u->registers + offset, &value, width);
}

/* Without EFRSup there are no extended features (AMD-Vi §3.2). */
uint64_t am_efr(const struct am_unit *u, uint64_t field)
{
    return (u->config->header & ASPEC_CAPH_EFR_SUP) == 0 ? 0 : spec_get(u->config->efr, field);
}

bool am_control(const struct am_unit *u, uint64_t bit)
{
    return (u->control & bit) != 0;
}

void am_status_set(struct am_unit *u, uint64_t bits)
{
    am_set(u, ASPEC_STATUS, 8, am_get(u, ASPEC_STATUS, 8) | bits);
}

void am_status_clear(struct am_unit *u, uint64_t bits)
{
    am_set(u, ASPEC_STATUS, 8, am_get(u, ASPEC_STATUS, 8) & ~bits);
}

void am_registers_reset(struct am_unit *u)
{
    memset(u->registers, 0, sizeof(u->registers));
    if ((u->config->header & ASPEC_CAPH_EFR_SUP) != 0) {
        am_set(u, ASPEC_EFR, 8, u->config->efr);
        am_set(u, ASPEC_EFR2, 8, u->config->efr2);
    }
}

static const struct register_shape *shape_of(const struct am_unit *u, unsigned offset)
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        const struct register_shape *shape = &shapes[i];

        if (offset < shape->offset || offset >= (unsigned)shape->offset + shape->width)
            continue;
        return shape->efr == 0 || am_efr(u, shape->efr) != 0 ? shape : NULL;
    }
    return NULL;
}

/* Aligned dwords or qwords; what is reserved reads as zero and is written as zero. */
static const struct register_shape *access(struct am_unit *u, unsigned offset, unsigned width,
                                           const char *what, uint64_t value)
{
    const struct register_shape *shape;

    if (offset % width != 0) {
        am_violation(u->model, "amdvi%u: %s of %u bytes at 0x%04x is not aligned", u->index, what,
                     width, offset);
        return NULL;
    }
    shape = shape_of(u, offset);
    if (shape == NULL && value != 0)
        am_violation(u->model, "amdvi%u: %s at 0x%04x, where there is no register", u->index, what,
                     offset);
    return shape;
}

static bool answers(const struct am_unit *u)
{
    return !u->config->absent && u->decodes;
}

uint64_t am_register_read(struct am_unit *u, unsigned offset, unsigned width)
{
    u->stats.mmio_reads++;
    if (!answers(u))
        return ~0ull;
    return access(u, offset, width, "read", 0) == NULL ? 0 : am_get(u, offset, width);
}

/* ---- writes ---- */

static void check_reserved(struct am_unit *u, const char *name, uint64_t value, uint64_t reserved)
{
    if ((value & reserved) != 0)
        am_violation(u->model, "amdvi%u: %s written with reserved bits 0x%llx", u->index, name,
                     (unsigned long long)(value & reserved));
}

static uint64_t above_host_width(const struct am_unit *u)
{
    return SPEC_F(51, 12) & ~(BIT_SPEC(u->model->config.host_bits) - 1);
}

static bool is_segment(unsigned offset)
{
    return offset >= ASPEC_DEV_TAB_SEG_1 && offset < ASPEC_DSFX;
}

static bool is_base(unsigned offset)
{
    return offset <= ASPEC_EVT_BASE || offset == ASPEC_GA_BASE || is_segment(offset);
}

/* Head and tail of the ring that a base register is for; 0: it is for a device table. */
static unsigned head_of(unsigned offset)
{
    return offset == ASPEC_CMD_BASE   ? ASPEC_CMD_HEAD
           : offset == ASPEC_EVT_BASE ? ASPEC_EVT_HEAD
           : offset == ASPEC_GA_BASE  ? ASPEC_GA_HEAD
                                      : 0;
}

/* The status bit that forbids the change of a ring under its user; 0: a device table. */
static uint64_t run_bit(unsigned offset)
{
    return offset == ASPEC_CMD_BASE   ? ASPEC_STS_CMD_BUF_RUN
           : offset == ASPEC_EVT_BASE ? ASPEC_STS_EVENT_LOG_RUN
           : offset == ASPEC_GA_BASE  ? ASPEC_STS_GA_LOG_RUN
                                      : 0;
}

static void base_write(struct am_unit *u, unsigned offset, uint64_t value)
{
    bool ring = head_of(offset) != 0;
    uint64_t size = ring                 ? ASPEC_RING_LEN
                    : is_segment(offset) ? ASPEC_DEV_TAB_SEG_SIZE
                                         : ASPEC_DEV_TAB_SIZE;

    check_reserved(u, "base register", value, ~(ASPEC_RING_ADDR | size) | above_host_width(u));
    if (ring && am_ring_bytes(value) == 0)
        am_violation(u->model, "amdvi%u: ring of reserved length in 0x%04x", u->index, offset);
    if ((am_get(u, ASPEC_STATUS, 8) & run_bit(offset)) != 0)
        am_violation(u->model, "amdvi%u: base register 0x%04x written while it runs", u->index,
                     offset);
    if (u->config->ignores_bases && am_control(u, ASPEC_CTL_IOMMU_EN))
        return;
    am_set(u, offset, 8, value);
    if (ring && u->config->resets_pointers) {
        am_set(u, head_of(offset), 8, 0);
        am_set(u, head_of(offset) + 8, 8, 0);
    }
}

/* A base register takes effect when its upper half is written. */
static void base_write_half(struct am_unit *u, unsigned offset, unsigned part, uint32_t value)
{
    if (part == 0) {
        u->low_half[offset / 8] = value;
        return;
    }
    base_write(u, offset, (uint64_t)value << 32 | u->low_half[offset / 8]);
}

static bool pointer_is_valid(struct am_unit *u, unsigned offset, uint64_t base, uint64_t value)
{
    bool guest = offset == ASPEC_GA_HEAD || offset == ASPEC_GA_TAIL;

    check_reserved(u, "ring pointer", value, guest ? ~ASPEC_GA_OFFSET : ~ASPEC_RING_OFFSET);
    if (value == 0 || value < am_ring_bytes(base))
        return true;
    am_violation(u->model, "amdvi%u: pointer 0x%04x set to 0x%llx, beyond its ring", u->index,
                 offset, (unsigned long long)value);
    return false;
}

static void command_pointer_write(struct am_unit *u, unsigned offset, uint64_t value)
{
    uint64_t old = am_get(u, ASPEC_CMD_TAIL, 8);
    bool runs = (am_get(u, ASPEC_STATUS, 8) & ASPEC_STS_CMD_BUF_RUN) != 0;

    if (!pointer_is_valid(u, offset, am_get(u, ASPEC_CMD_BASE, 8), value))
        return;
    if (offset == ASPEC_CMD_HEAD && runs) {
        am_violation(u->model, "amdvi%u: command head written while CmdBufRun = 1", u->index);
        return;
    }
    am_set(u, offset, 8, value);
    if (offset == ASPEC_CMD_HEAD)
        return;
    u->stats.doorbells++;
    if (runs)
        am_command_doorbell(u, old);
}

/* Of a log: the tail is the unit's while it runs. */
static void log_pointer_write(struct am_unit *u, unsigned base, unsigned offset, uint64_t value)
{
    if (!pointer_is_valid(u, offset, am_get(u, base, 8), value))
        return;
    if (offset != head_of(base) && (am_get(u, ASPEC_STATUS, 8) & run_bit(base)) != 0) {
        am_violation(u->model, "amdvi%u: %s tail written while %sLogRun = 1", u->index,
                     base == ASPEC_EVT_BASE ? "event" : "GA",
                     base == ASPEC_EVT_BASE ? "Event" : "GA");
        return;
    }
    am_set(u, offset, 8, value);
}

static void status_write(struct am_unit *u, uint64_t value)
{
    check_reserved(u, "status", value, ~SPEC_F(18, 0) | SPEC_F(14, 13));
    am_status_clear(u, value & ASPEC_STS_RW1C);
}

static void exclusion_write(struct am_unit *u, unsigned offset, uint64_t value)
{
    uint64_t used = offset == ASPEC_EXCL_BASE ? ASPEC_EXCL_EN | ASPEC_EXCL_ALLOW : SPEC_F(11, 0);

    check_reserved(u, "exclusion range", value, ~(ASPEC_EXCL_ADDR | used));
    am_set(u, offset, 8, value);
}

static void xt_write(struct am_unit *u, unsigned offset, uint64_t value)
{
    check_reserved(u, "XT interrupt control", value,
                   ~(ASPEC_XT_DEST_MODE | ASPEC_XT_DEST_LO | ASPEC_XT_VECTOR | ASPEC_XT_INT_TYPE |
                     ASPEC_XT_DEST_HI));
    am_set(u, offset, 8, value);
}

/* value is the whole register's, the part not written taken from what it held; for RW1C bits it is
 * 0. */
static void write_whole(struct am_unit *u, unsigned offset, uint64_t value)
{
    switch (offset) {
    case ASPEC_CONTROL:
        am_control_write(u, value);
        break;
    case ASPEC_EXCL_BASE:
    case ASPEC_EXCL_LIMIT:
        exclusion_write(u, offset, value);
        break;
    case ASPEC_HW_EVENT_STATUS:
        am_set(u, offset, 8, am_get(u, offset, 8) & ~value);
        break;
    case ASPEC_STATUS:
        status_write(u, value);
        break;
    case ASPEC_CMD_HEAD:
    case ASPEC_CMD_TAIL:
        command_pointer_write(u, offset, value);
        break;
    case ASPEC_EVT_HEAD:
    case ASPEC_EVT_TAIL:
        log_pointer_write(u, ASPEC_EVT_BASE, offset, value);
        break;
    case ASPEC_GA_HEAD:
    case ASPEC_GA_TAIL:
        log_pointer_write(u, ASPEC_GA_BASE, offset, value);
        break;
    case ASPEC_GA_TAIL_ADDR:
        check_reserved(u, "GA log tail address", value, ~ASPEC_GA_TAIL_ADDRESS);
        am_set(u, offset, 8, value);
        break;
    case ASPEC_XT_GENERAL:
    case ASPEC_XT_PPR:
    case ASPEC_XT_GA:
        xt_write(u, offset, value);
        break;
    case ASPEC_PPR_BASE:
    case ASPEC_PPR_HEAD:
    case ASPEC_PPR_TAIL:
    case ASPEC_PPR_B_BASE:
    case ASPEC_EVT_B_BASE:
    case ASPEC_DSCX:
        am_set(u, offset, 8, value);
        break;
    default:
        am_violation(u->model, "amdvi%u: write of the read-only register 0x%04x", u->index, offset);
        break;
    }
}

void am_register_write(struct am_unit *u, unsigned offset, unsigned width, uint64_t value)
{
    const struct register_shape *shape;
    uint64_t kept = 0;
    unsigned part;

    u->stats.mmio_writes++;
    if (!answers(u))
        return;
    shape = access(u, offset, width, "write", value);
    if (shape == NULL)
        return;
    part = offset - shape->offset;
    if (width < shape->width && is_base(shape->offset)) {
        base_write_half(u, shape->offset, part, (uint32_t)value);
        return;
    }
    if (is_base(shape->offset)) {
        base_write(u, shape->offset, value);
        return;
    }
    if (width < shape->width && shape->offset != ASPEC_STATUS &&
        shape->offset != ASPEC_HW_EVENT_STATUS)
        kept = am_get(u, shape->offset, 8) & ~((uint64_t)UINT32_MAX << (part * 8));
    write_whole(u, shape->offset, kept | value << (part * 8));
}

void am_registers_tick(struct am_unit *u)
{
    am_control_tick(u);
    am_command_tick(u);
    am_events_tick(u);
}
