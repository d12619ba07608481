/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The event log, its overflow (AMD-Vi §2.5), the copy of severe events
 * (§3.4, HESup) and the messages a unit sends of its own (§2.8). A message is
 * sent when a status bit becomes set while its enable is, or the other way
 * round, and at no other time.
 */
#include "amdvi_model_private.h"

#define MESSAGE_ADDRESS 0xfee00000ull
#define MSI_ENABLE (1u << 16)

struct source {
    uint64_t status, enable;
    unsigned xt; /* its register with IntCapXTEn */
};

static const struct source sources[] = {
    { ASPEC_STS_EVENT_LOG_INT | ASPEC_STS_EVENT_OVERFLOW, ASPEC_CTL_EVENT_INT_EN,
      ASPEC_XT_GENERAL },
    { ASPEC_STS_COM_WAIT_INT, ASPEC_CTL_COM_WAIT_INT_EN, ASPEC_XT_GENERAL },
    { ASPEC_STS_GA_LOG_INT | ASPEC_STS_GA_LOG_OVERFLOW, ASPEC_CTL_GA_INT_EN, ASPEC_XT_GA },
};

enum { SOURCES = sizeof(sources) / sizeof(sources[0]) };

static void send(struct am_unit *u, uint64_t address, uint32_t data)
{
    struct amdvi_model *m = u->model;

    u->stats.interrupts++;
    if (m->message_count < AM_MESSAGES)
        m->messages[m->message_count++] = (struct am_message){ u->index, address, data };
}

/* An XT register as the MSI it amounts to: bits 63:40 are the id's 31:8. */
static void send_xt(struct am_unit *u, unsigned offset)
{
    uint64_t xt = am_get(u, offset, 8);
    uint64_t id = spec_get(xt, ASPEC_XT_DEST_LO) | spec_get(xt, ASPEC_XT_DEST_HI) << 24;

    if (xt == 0)
        return;
    send(u, MESSAGE_ADDRESS | (id & 0xff) << 12 | (xt & ASPEC_XT_DEST_MODE) | (id >> 8) << 40,
         (uint32_t)(spec_get(xt, ASPEC_XT_VECTOR) | spec_get(xt, ASPEC_XT_INT_TYPE) << 8));
}

static void send_message(struct am_unit *u, const struct source *source)
{
    const struct am_function *function =
        am_function(u->model, u->config->segment, u->config->rid, false);
    uint64_t address;

    if (am_control(u, ASPEC_CTL_INT_CAP_XT_EN)) {
        send_xt(u, source->xt);
        return;
    }
    if ((am_config_get(function, AMDVI_MODEL_MSI, 4) & MSI_ENABLE) == 0)
        return;
    address = am_config_get(function, AMDVI_MODEL_MSI + 4, 4) |
              (uint64_t)am_config_get(function, AMDVI_MODEL_MSI + 8, 4) << 32;
    send(u, address, am_config_get(function, AMDVI_MODEL_MSI + 12, 2));
}

void am_raise(struct am_unit *u, uint64_t bits)
{
    uint64_t fresh = bits & ~am_get(u, ASPEC_STATUS, 8);

    am_status_set(u, bits);
    for (size_t i = 0; i < SOURCES; i++) {
        if ((fresh & sources[i].status) != 0 && am_control(u, sources[i].enable))
            send_message(u, &sources[i]);
    }
}

void am_raise_enabled(struct am_unit *u, uint64_t before, uint64_t after)
{
    for (size_t i = 0; i < SOURCES; i++) {
        if ((after & ~before & sources[i].enable) != 0 &&
            (am_get(u, ASPEC_STATUS, 8) & sources[i].status) != 0)
            send_message(u, &sources[i]);
    }
}

/* ---- the log ---- */

void am_event_start(struct am_unit *u)
{
    if ((am_get(u, ASPEC_STATUS, 8) & ASPEC_STS_EVENT_OVERFLOW) != 0) {
        am_violation(u->model, "amdvi%u: EventLogEn set while EventOverflow is (AMD-Vi 2.5)",
                     u->index);
        return;
    }
    if (am_ring_bytes(am_get(u, ASPEC_EVT_BASE, 8)) == 0 ||
        am_is_hung(u, AMDVI_MODEL_HANG_EVENT_START))
        return;
    am_status_set(u, ASPEC_STS_EVENT_LOG_RUN);
}

void am_event_stop(struct am_unit *u)
{
    if (!am_is_hung(u, AMDVI_MODEL_HANG_EVENT_STOP))
        am_status_clear(u, ASPEC_STS_EVENT_LOG_RUN);
}

/* The word that holds the code comes last. */
static void write_entry(struct am_unit *u, uint64_t pa, uint64_t lo, uint64_t hi)
{
    (void)am_store(u, pa + 8, hi);
    (void)am_store(u, pa, lo);
}

static void put_entry(struct am_unit *u, uint64_t pa, uint64_t lo, uint64_t hi)
{
    if (!u->config->late_events || u->late_count == AM_LATE) {
        write_entry(u, pa, lo, hi);
        return;
    }
    u->late[u->late_count++] =
        (struct am_late){ u->model->ticks + u->config->delay + 1, pa, lo, hi };
}

void am_events_tick(struct am_unit *u)
{
    while (u->late_count > 0 && u->late[0].due <= u->model->ticks) {
        write_entry(u, u->late[0].pa, u->late[0].lo, u->late[0].hi);
        u->late_count--;
        for (size_t i = 0; i < u->late_count; i++)
            u->late[i] = u->late[i + 1];
    }
}

static bool is_severe(uint64_t lo)
{
    uint64_t code = spec_get(lo, ASPEC_EV_CODE);

    return code == ASPEC_EV_DEV_TAB_ERROR || code == ASPEC_EV_PAGE_TAB_ERROR ||
           code == ASPEC_EV_COMMAND_ERROR;
}

static void keep_severe(struct am_unit *u, uint64_t lo, uint64_t hi)
{
    uint64_t status = am_get(u, ASPEC_HW_EVENT_STATUS, 8);

    if (am_efr(u, ASPEC_EFR_HE_SUP) == 0 || !is_severe(lo))
        return;
    if ((status & ASPEC_HW_EVENT_VALID) != 0) {
        am_set(u, ASPEC_HW_EVENT_STATUS, 8, status | ASPEC_HW_EVENT_OVERFLOW);
        return;
    }
    am_set(u, ASPEC_HW_EVENT_HI, 8, lo);
    am_set(u, ASPEC_HW_EVENT_LO, 8, hi);
    am_set(u, ASPEC_HW_EVENT_STATUS, 8, status | ASPEC_HW_EVENT_VALID);
}

void am_event(struct am_unit *u, uint64_t lo, uint64_t hi)
{
    uint64_t base = am_get(u, ASPEC_EVT_BASE, 8), bytes = am_ring_bytes(base);
    uint64_t head = am_get(u, ASPEC_EVT_HEAD, 8), tail = am_get(u, ASPEC_EVT_TAIL, 8);
    uint64_t pa = (base & ASPEC_RING_ADDR) + tail;

    keep_severe(u, lo, hi);
    if ((am_get(u, ASPEC_STATUS, 8) & ASPEC_STS_EVENT_LOG_RUN) == 0) {
        u->stats.events_lost++;
        return;
    }
    /* A ring of n entries holds n - 1. */
    if (((tail + ASPEC_EVENT_BYTES) & (bytes - 1)) == head) {
        u->stats.events_lost++;
        am_event_stop(u);
        am_raise(u, ASPEC_STS_EVENT_OVERFLOW);
        return;
    }
    if (!am_is_ram(u->model, pa, ASPEC_EVENT_BYTES)) {
        am_violation(u->model, "amdvi%u: the event log at 0x%llx is not memory", u->index,
                     (unsigned long long)pa);
        u->stats.events_lost++;
        return;
    }
    put_entry(u, pa, lo, hi);
    u->stats.events++;
    am_set(u, ASPEC_EVT_TAIL, 8, (tail + ASPEC_EVENT_BYTES) & (bytes - 1));
    am_raise(u, ASPEC_STS_EVENT_LOG_INT);
}
