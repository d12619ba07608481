/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command processor (AMD-Vi §2.4): fetch, checks of every command,
 * execution in any order that §2.4.9 permits. Commands are read as tables
 * are: without Coherent, as they were flushed.
 */
#include <string.h>

#include "amdvi_model_private.h"

/* The fields of each command, and the feature it needs; lo 0: there is no such command. */
struct shape {
    uint64_t lo, hi;
    uint64_t efr;
};

static const struct shape shapes[16] = {
    [ASPEC_OP_COMPLETION_WAIT] = { ASPEC_CW_S | ASPEC_CW_I | ASPEC_CW_F | ASPEC_CW_ADDR, ~0ull, 0 },
    [ASPEC_OP_INV_DEVTAB] = { ASPEC_CMD_DEVICE, 0, 0 },
    [ASPEC_OP_INV_PAGES] = { ASPEC_PAGES_PASID | ASPEC_PAGES_DOMAIN,
                             ASPEC_PAGES_S | ASPEC_PAGES_PDE | ASPEC_PAGES_GN | ASPEC_PAGES_ADDR,
                             0 },
    [ASPEC_OP_INV_IOTLB] = { ASPEC_CMD_DEVICE | ASPEC_IOTLB_PASID_15_8 | ASPEC_IOTLB_MAXPEND |
                                 ASPEC_IOTLB_QUEUE | ASPEC_IOTLB_PASID_7_0 |
                                 ASPEC_IOTLB_PASID_19_16,
                             ASPEC_PAGES_S | ASPEC_PAGES_GN | ASPEC_IOTLB_TYPE | ASPEC_PAGES_ADDR,
                             0 },
    [ASPEC_OP_INV_INT_TABLE] = { ASPEC_CMD_DEVICE, 0, 0 },
    [ASPEC_OP_PREFETCH] = { ASPEC_CMD_DEVICE | ASPEC_PREFETCH_COUNT | ASPEC_PREFETCH_PASID,
                            ASPEC_PAGES_S | ASPEC_PAGES_GN | ASPEC_PREFETCH_INVAL |
                                ASPEC_PAGES_ADDR,
                            ASPEC_EFR_PREF_SUP },
    [ASPEC_OP_COMPLETE_PPR] = { ASPEC_CMD_DEVICE | ASPEC_PPR_PASID, ASPEC_PAGES_GN | ASPEC_PPR_TAG,
                                ASPEC_EFR_PPR_SUP },
    [ASPEC_OP_INV_ALL] = { ASPEC_OP, 0, ASPEC_EFR_IA_SUP },
};

static unsigned op_of(uint64_t lo)
{
    return (unsigned)spec_get(lo, ASPEC_OP);
}

static bool is_legal(const struct am_unit *u, uint64_t lo, uint64_t hi)
{
    unsigned op = op_of(lo);
    uint64_t lo_fields = shapes[op].lo | ASPEC_OP, hi_fields = shapes[op].hi;

    if (shapes[op].lo == 0 || (shapes[op].efr != 0 && am_efr(u, shapes[op].efr) == 0))
        return false;
    if (op == ASPEC_OP_INV_IOTLB && (u->config->header & ASPEC_CAPH_IOTLB_SUP) == 0)
        return false;
    if (op != ASPEC_OP_COMPLETION_WAIT && am_efr(u, ASPEC_EFR_GT_SUP) == 0)
        hi_fields &= ~ASPEC_PAGES_GN;
    if (op == ASPEC_OP_INV_IOTLB && am_efr(u, ASPEC_EFR_INV_IOTLB_TYPE_SUP) == 0)
        hi_fields &= ~ASPEC_IOTLB_TYPE;
    return (lo & ~lo_fields) == 0 && (hi & ~hi_fields) == 0;
}

/* ---- start, stop, doorbell ---- */

void am_command_start(struct am_unit *u)
{
    if (am_ring_bytes(am_get(u, ASPEC_CMD_BASE, 8)) == 0 ||
        am_is_hung(u, AMDVI_MODEL_HANG_CMD_START))
        return;
    am_status_set(u, ASPEC_STS_CMD_BUF_RUN);
    u->command_due = u->model->ticks + u->config->delay;
}

static bool runs(const struct am_unit *u)
{
    return (am_get(u, ASPEC_STATUS, 8) & ASPEC_STS_CMD_BUF_RUN) != 0;
}

void am_command_doorbell(struct am_unit *u, uint64_t old_tail)
{
    uint64_t size = am_ring_bytes(am_get(u, ASPEC_CMD_BASE, 8));
    uint64_t tail = am_get(u, ASPEC_CMD_TAIL, 8), head = am_get(u, ASPEC_CMD_HEAD, 8);

    if (((old_tail - head) & (size - 1)) + ((tail - old_tail) & (size - 1)) >= size)
        am_violation(u->model, "amdvi%u: command tail 0x%llx passes the head at 0x%llx", u->index,
                     (unsigned long long)tail, (unsigned long long)head);
    if (old_tail == head && u->pending_count == 0)
        u->command_due = u->model->ticks + u->config->delay;
}

/* ---- fetch ---- */

/* F: nothing behind it is begun before it is done. */
static bool fence_is_pending(const struct am_unit *u)
{
    for (size_t i = 0; i < u->pending_count; i++) {
        if (op_of(u->pending[i].lo) == ASPEC_OP_COMPLETION_WAIT &&
            (u->pending[i].lo & ASPEC_CW_F) != 0)
            return true;
    }
    return false;
}

static bool may_fetch(const struct am_unit *u)
{
    size_t window = u->config->reorder_seed != 0 ? AM_PENDING : 1;

    return runs(u) && am_get(u, ASPEC_CMD_HEAD, 8) != am_get(u, ASPEC_CMD_TAIL, 8) &&
           u->pending_count < window && !fence_is_pending(u);
}

/* The processor stops with its head at the offender, until CmdBufEn goes off and on. */
static void halt(struct am_unit *u, uint64_t event, uint64_t pa)
{
    am_status_clear(u, ASPEC_STS_CMD_BUF_RUN);
    am_event(u, event, pa);
}

static uint64_t hardware_error(void)
{
    return spec_make(ASPEC_EV_CODE, ASPEC_EV_COMMAND_ERROR) |
           spec_make(ASPEC_EV_TYPE, ASPEC_HW_MASTER_ABORT);
}

static bool fetch(struct am_unit *u)
{
    uint64_t base = am_get(u, ASPEC_CMD_BASE, 8), head = am_get(u, ASPEC_CMD_HEAD, 8);
    struct am_command command = { .pa = (base & ASPEC_RING_ADDR) + head, .order = u->fetched };

    if (!am_fetch(u, command.pa, &command.lo) || !am_fetch(u, command.pa + 8, &command.hi)) {
        halt(u, hardware_error(), command.pa);
        return false;
    }
    if (op_of(command.lo) == ASPEC_OP_COMPLETION_WAIT && am_is_hung(u, AMDVI_MODEL_HANG_WAIT))
        return false;
    if (!is_legal(u, command.lo, command.hi)) {
        u->stats.illegal_commands++;
        halt(u, spec_make(ASPEC_EV_CODE, ASPEC_EV_ILLEGAL_COMMAND), command.pa);
        return false;
    }
    u->fetched++;
    u->pending[u->pending_count++] = command;
    am_set(u, ASPEC_CMD_HEAD, 8, (head + ASPEC_COMMAND_BYTES) & (am_ring_bytes(base) - 1));
    return true;
}

/* ---- execution ---- */

/*
 * A wait is behind all that came before it; nothing else has an order of its
 * own: software that wants one says so by a wait with F between.
 */
static bool may_execute(const struct am_unit *u, size_t i)
{
    const struct am_command *candidate = &u->pending[i];
    unsigned op = op_of(candidate->lo);

    for (size_t k = 0; k < u->pending_count; k++) {
        unsigned ahead = op_of(u->pending[k].lo);

        if (u->pending[k].order >= candidate->order)
            continue;
        if (op == ASPEC_OP_COMPLETION_WAIT || ahead == ASPEC_OP_INV_ALL)
            return false;
    }
    return true;
}

static size_t choose(struct am_unit *u)
{
    size_t permitted[AM_PENDING], count = 0;

    for (size_t i = 0; i < u->pending_count; i++) {
        if (may_execute(u, i))
            permitted[count++] = i;
    }
    return u->config->reorder_seed == 0 ? permitted[0] : permitted[am_random(u, (uint32_t)count)];
}

static void wait_finish(struct am_unit *u, const struct am_command *command)
{
    uint64_t pa = command->lo & ASPEC_CW_ADDR;

    u->stats.waits++;
    if ((command->lo & ASPEC_CW_S) != 0 && !am_is_hung(u, AMDVI_MODEL_HANG_STORE) &&
        !am_store(u, pa, command->hi)) {
        halt(u, hardware_error(), pa);
        return;
    }
    if ((command->lo & ASPEC_CW_I) != 0)
        am_raise(u, ASPEC_STS_COM_WAIT_INT);
}

/* S = 1: the size is twice the lowest address bit, from 12 up, that is zero. false: there is none.
 */
static bool range_of(uint64_t hi, uint64_t *start, uint64_t *last)
{
    uint64_t address = hi & ASPEC_PAGES_ADDR, mask = AM_PAGE - 1;

    if ((hi & ASPEC_PAGES_S) != 0) {
        uint64_t zeros = ~address & ASPEC_PAGES_ADDR;

        if (zeros == 0)
            return false;
        mask = ((zeros & -zeros) << 1) - 1;
    }
    *start = address & ~mask;
    *last = *start | mask;
    return true;
}

static void pages_finish(struct am_unit *u, const struct am_command *command)
{
    struct am_space space = { .domain = (uint16_t)spec_get(command->lo, ASPEC_PAGES_DOMAIN),
                              .guest = (command->hi & ASPEC_PAGES_GN) != 0 };
    uint32_t pasid = (uint32_t)spec_get(command->lo, ASPEC_PAGES_PASID);
    uint64_t start, last;

    if (space.guest)
        space.pasid = pasid;
    else if (pasid != 0)
        am_violation(u->model, "amdvi%u: INVALIDATE_IOMMU_PAGES with a PASID and GN = 0", u->index);
    u->stats.pages++;
    if (!range_of(command->hi, &start, &last)) {
        am_violation(u->model,
                     "amdvi%u: INVALIDATE_IOMMU_PAGES with S = 1 and no size in its address",
                     u->index);
        return;
    }
    u->stats.pages_all += last - start == ~0ull;
    am_invalidate_pages(u, &space, start, last, (command->hi & ASPEC_PAGES_PDE) != 0);
}

static void execute(struct am_unit *u, const struct am_command *command)
{
    u->stats.commands++;
    am_watch_look(u->model);
    switch (op_of(command->lo)) {
    case ASPEC_OP_COMPLETION_WAIT:
        wait_finish(u, command);
        break;
    case ASPEC_OP_INV_DEVTAB:
        u->stats.devtab++;
        am_invalidate_entry(u, (uint16_t)spec_get(command->lo, ASPEC_CMD_DEVICE));
        break;
    case ASPEC_OP_INV_PAGES:
        pages_finish(u, command);
        break;
    case ASPEC_OP_INV_IOTLB:
        u->stats.iotlb++;
        break;
    case ASPEC_OP_INV_INT_TABLE:
        u->stats.interrupt_table++;
        am_invalidate_interrupts(u, (uint16_t)spec_get(command->lo, ASPEC_CMD_DEVICE));
        break;
    case ASPEC_OP_PREFETCH:
        u->stats.prefetches++;
        break;
    case ASPEC_OP_COMPLETE_PPR:
        u->stats.ppr++;
        break;
    default:
        u->stats.all++;
        am_invalidate_all(u);
        break;
    }
}

static void execute_one(struct am_unit *u)
{
    size_t i = choose(u);
    struct am_command chosen = u->pending[i];

    u->pending_count--;
    memmove(&u->pending[i], &u->pending[i + 1], (u->pending_count - i) * sizeof(chosen));
    execute(u, &chosen);
}

/* Executes one command; false when there was none to be had. */
static bool step(struct am_unit *u)
{
    while (may_fetch(u) && fetch(u))
        ;
    if (u->pending_count == 0)
        return false;
    execute_one(u);
    return true;
}

/* What has been fetched is still done. */
void am_command_stop(struct am_unit *u)
{
    while (u->pending_count > 0)
        execute_one(u);
    if (!am_is_hung(u, AMDVI_MODEL_HANG_CMD_STOP))
        am_status_clear(u, ASPEC_STS_CMD_BUF_RUN);
}

void am_command_tick(struct am_unit *u)
{
    if (u->model->ticks < u->command_due || (u->pending_count == 0 && !may_fetch(u)))
        return;
    /* Without delay everything that has been submitted is done by the next access. */
    while (step(u) && u->config->delay == 0)
        ;
    u->command_due = u->model->ticks + u->config->delay;
}
