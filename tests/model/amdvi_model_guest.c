/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts of guests (GuestMode = 1): the request register in the virtual
 * APIC's backing page, the doorbell of a running CPU, and the log of what came
 * while none ran, with its overflow.
 */
#include "amdvi_model_private.h"

void am_guest_log_start(struct am_unit *u)
{
    if ((am_get(u, ASPEC_STATUS, 8) & ASPEC_STS_GA_LOG_OVERFLOW) != 0) {
        am_violation(u->model, "amdvi%u: GALogEn set while GALogOverflow is", u->index);
        return;
    }
    if (am_ring_bytes(am_get(u, ASPEC_GA_BASE, 8)) != 0 &&
        !am_is_hung(u, AMDVI_MODEL_HANG_GUEST_LOG_START))
        am_status_set(u, ASPEC_STS_GA_LOG_RUN);
}

void am_guest_log_stop(struct am_unit *u)
{
    if (!am_is_hung(u, AMDVI_MODEL_HANG_GUEST_LOG_STOP))
        am_status_clear(u, ASPEC_STS_GA_LOG_RUN);
}

/* Memory is told where the tail is; 0: nobody wants to know. */
static void advance_tail(struct am_unit *u, uint64_t tail)
{
    uint64_t pa = am_get(u, ASPEC_GA_TAIL_ADDR, 8) & ASPEC_GA_TAIL_ADDRESS;

    am_set(u, ASPEC_GA_TAIL, 8, tail);
    if (pa != 0 && !am_store(u, pa, tail))
        am_violation(u->model, "amdvi%u: the GA log's tail goes to 0x%llx, which is not memory",
                     u->index, (unsigned long long)pa);
}

static void log_entry(struct am_unit *u, uint16_t rid, uint32_t tag)
{
    uint64_t base = am_get(u, ASPEC_GA_BASE, 8), bytes = am_ring_bytes(base);
    uint64_t tail = am_get(u, ASPEC_GA_TAIL, 8), next;
    uint64_t entry = spec_make(ASPEC_GA_ENTRY_TAG, tag) | spec_make(ASPEC_GA_ENTRY_DEVICE, rid) |
                     spec_make(ASPEC_GA_ENTRY_TYPE, ASPEC_GA_TYPE_GUEST);

    if ((am_get(u, ASPEC_STATUS, 8) & ASPEC_STS_GA_LOG_RUN) == 0) {
        u->stats.guest_log_lost++;
        return;
    }
    next = (tail + ASPEC_GA_ENTRY_BYTES) & (bytes - 1);
    /* A ring of n entries holds n - 1. */
    if (next == am_get(u, ASPEC_GA_HEAD, 8)) {
        u->stats.guest_log_lost++;
        am_guest_log_stop(u);
        am_raise(u, ASPEC_STS_GA_LOG_OVERFLOW);
        return;
    }
    if (!am_store(u, (base & ASPEC_RING_ADDR) + tail, entry))
        am_violation(u->model, "amdvi%u: the GA log at 0x%llx is not memory", u->index,
                     (unsigned long long)(base & ASPEC_RING_ADDR));
    u->stats.guest_log++;
    advance_tail(u, next);
    am_raise(u, ASPEC_STS_GA_LOG_INT);
}

static bool set_request(struct am_unit *u, uint64_t page, unsigned vector)
{
    struct amdvi_model *m = u->model;
    uint64_t pa = page + ASPEC_VAPIC_IRR + vector / 32 * ASPEC_VAPIC_STRIDE;

    if (!am_is_ram(m, page, AM_PAGE))
        return false;
    if (am_page_state(m, page) == AM_FREED || am_page_state(m, page) == AM_FREE) {
        am_violation(m, "amdvi%u: virtual APIC page 0x%llx is freed", u->index,
                     (unsigned long long)page);
        return false;
    }
    __atomic_fetch_or((uint32_t *)(void *)am_ram(m, pa), 1u << vector % 32, __ATOMIC_SEQ_CST);
    return true;
}

struct am_result am_guest_interrupt(struct am_unit *u, const struct am_request *request,
                                    const uint64_t words[2])
{
    uint64_t page = spec_get(words[1], ASPEC_IRTE_GA_ROOT) << 12;

    if (!set_request(u, page, (unsigned)spec_get(words[1], ASPEC_IRTE128_VECTOR)))
        return am_refused(am_event_of(ASPEC_EV_PAGE_TAB_ERROR, request) | ASPEC_EV_I |
                              spec_make(ASPEC_EV_TYPE, ASPEC_HW_MASTER_ABORT),
                          page);
    u->stats.guest_interrupts++;
    if ((words[0] & ASPEC_IRTE_IS_RUN) != 0) {
        u->stats.guest_doorbells++;
        am_deliver(u, (struct amdvi_model_interrupt) { .apic_id = am_irte_destination(u, words),
                                                       .remapped = true,
                                                       .doorbell = true });
    } else if ((words[0] & ASPEC_IRTE_GA_LOG_INTR) != 0) {
        log_entry(u, request->rid, (uint32_t)spec_get(words[0], ASPEC_IRTE_GA_TAG));
    }
    return (struct am_result) { .code = 0 };
}
