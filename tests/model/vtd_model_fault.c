/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fault records, overflow and the events a unit sends (VT-d §6.5.2.10, §7.2,
 * §7.3, §11.4.7). Faults of one source are not collapsed.
 */
#include "vtd_model_private.h"

#define FSTS_CONDITIONS (SPEC_FSTS_PPF | SPEC_FSTS_PFO | SPEC_FSTS_IQE | SPEC_FSTS_ICE | SPEC_FSTS_ITE)
#define FSTS_CLEARABLE (SPEC_FSTS_PFO | SPEC_FSTS_IQE | SPEC_FSTS_ICE | SPEC_FSTS_ITE)
#define FSTS_RESERVED (SPEC_F(31, 16) | SPEC_F(7, 7) | SPEC_F(3, 2))

static void send(struct vm_unit *u, unsigned data_offset)
{
    struct vtd_model *m = u->model;
    uint64_t address = vm_get(u, data_offset + 8, 4) << 32 | vm_get(u, data_offset + 4, 4);

    u->stats.events++;
    if (m->event_count < VM_EVENTS)
        m->events[m->event_count++] = (struct vm_event){ u->index, address, (uint32_t)vm_get(u, data_offset, 4) };
}

/* control is FECTL or IECTL; data, address and upper address follow it. */
static void raise(struct vm_unit *u, unsigned control)
{
    uint64_t value = vm_get(u, control, 4);

    if ((value & SPEC_ECTL_IM) != 0)
        vm_set(u, control, 4, value | SPEC_ECTL_IP);
    else
        send(u, control + 4);
}

/* §7.3: only the change from no condition to some sends an event. */
static void status_set(struct vm_unit *u, uint64_t bit, bool raises)
{
    uint64_t status = vm_get(u, SPEC_FSTS, 4);

    vm_set(u, SPEC_FSTS, 4, status | bit);
    if (raises && (status & FSTS_CONDITIONS) == 0)
        raise(u, SPEC_FECTL);
}

void vm_fault_status(struct vm_unit *u, uint64_t bit)
{
    status_set(u, bit, true);
}

void vm_queue_error(struct vm_unit *u, unsigned info)
{
    uint64_t record = vm_get(u, SPEC_IQERCD, 8);

    spec_put(&record, SPEC_IQERCD_IQEI, info);
    vm_set(u, SPEC_IQERCD, 8, record);
    vm_fault_status(u, SPEC_FSTS_IQE);
}

/* §11.4.7.6: fault reasons with which FI is undefined. */
#define UNDEFINED_FI 0x5a5a5a5a5a5a5000ull

static bool has_no_info(unsigned reason)
{
    return reason == SPEC_FR_IR_REQUEST_RESERVED || reason == SPEC_FR_IR_COMPATIBILITY ||
           reason == SPEC_FR_INTERRUPT_RANGE || reason == SPEC_FR_IR_EIME || reason == SPEC_FR_IR_REQUIRED;
}

/* A record but for SID and FR. */
static void request_words(const struct vm_unit *u, const struct vm_request *request, uint64_t *lo, uint64_t *hi)
{
    /* §11.4.7.6: bits above the largest adjusted width are reserved. */
    uint64_t widths = vm_cap(u, SPEC_CAP_SAGAW), width = widths & 8 ? 57 : widths & 4 ? 48 : 39;

    *hi = 0;
    spec_put(hi, SPEC_FRCD_HI_T1, request->access != VTD_MODEL_WRITE);
    spec_put(hi, SPEC_FRCD_HI_T2, request->access == VTD_MODEL_ATOMIC);
    if (vm_ecap(u, SPEC_ECAP_DT) != 0)
        spec_put(hi, SPEC_FRCD_HI_AT, request->at);
    *lo = request->iova & SPEC_FRCD_LO_FI & (BIT_SPEC(width) - 1);
}

static void record(struct vm_unit *u, uint16_t rid, unsigned reason, uint64_t lo, uint64_t hi)
{
    unsigned offset = vm_record_offset(u, u->record_index);
    uint64_t status = vm_get(u, SPEC_FSTS, 4);

    u->stats.faults++;
    if ((status & SPEC_FSTS_PFO) != 0) {
        u->stats.faults_lost++;
        return;
    }
    if ((vm_get(u, offset + 8, 8) & SPEC_FRCD_HI_F) != 0) {
        u->stats.faults_lost++;
        /* PFO alone is no event of its own: some record is pending then (§7.3). */
        status_set(u, SPEC_FSTS_PFO, false);
        return;
    }
    spec_put(&hi, SPEC_FRCD_HI_SID, rid);
    spec_put(&hi, SPEC_FRCD_HI_FR, reason);
    vm_set(u, offset, 8, has_no_info(reason) ? UNDEFINED_FI : lo);
    vm_set(u, offset + 8, 8, hi | SPEC_FRCD_HI_F);
    if ((status & SPEC_FSTS_PPF) == 0) {
        spec_put(&status, SPEC_FSTS_FRI, u->record_index);
        vm_set(u, SPEC_FSTS, 4, status);
    }
    u->record_index = (u->record_index + 1) % vm_record_count(u);
    status_set(u, SPEC_FSTS_PPF, true);
}

void vm_fault(struct vm_unit *u, const struct vm_request *request, unsigned reason)
{
    uint64_t lo, hi;

    request_words(u, request, &lo, &hi);
    record(u, request->rid, reason, lo, hi);
}

/* T1, T2, AT and the rest mean nothing with these reasons. */
void vm_interrupt_fault(struct vm_unit *u, uint16_t rid, uint32_t index, unsigned reason)
{
    record(u, rid, reason, spec_make(SPEC_FRCD_LO_INDEX, index), 0);
}

/* §11.4.7.2: IP goes when everything pending has been served. */
static void drop_pending_event(struct vm_unit *u)
{
    if ((vm_get(u, SPEC_FSTS, 4) & FSTS_CONDITIONS) == 0)
        vm_set(u, SPEC_FECTL, 4, vm_get(u, SPEC_FECTL, 4) & ~SPEC_ECTL_IP);
}

void vm_fault_status_write(struct vm_unit *u, uint32_t value)
{
    uint64_t status = vm_get(u, SPEC_FSTS, 4);

    if ((value & FSTS_RESERVED) != 0)
        vm_violation(u->model, "vtd%u: FSTS written with reserved bits: 0x%08x", u->index, value);
    /* The queue goes on where it stopped (§6.5.2.11). */
    if ((status & value & (SPEC_FSTS_IQE | SPEC_FSTS_ITE)) != 0)
        u->queue_due = u->model->ticks + u->config->delay;
    vm_set(u, SPEC_FSTS, 4, status & ~(value & FSTS_CLEARABLE));
    drop_pending_event(u);
}

void vm_record_write(struct vm_unit *u, unsigned offset, unsigned width, uint64_t value)
{
    unsigned top = (offset & ~15u) + 12;
    uint64_t f = SPEC_FRCD_HI_F >> 32, pending = 0;

    if (width == 8 && (offset & 8) != 0)
        value >>= 32;
    else if (offset != top)
        return;
    if ((value & f) == 0)
        return;
    vm_set(u, top, 4, vm_get(u, top, 4) & ~f);
    for (unsigned i = 0; i < vm_record_count(u); i++)
        pending |= vm_get(u, vm_record_offset(u, i) + 12, 4) & f;
    if (pending == 0)
        vm_set(u, SPEC_FSTS, 4, vm_get(u, SPEC_FSTS, 4) & ~SPEC_FSTS_PPF);
    drop_pending_event(u);
}

void vm_event_control_write(struct vm_unit *u, unsigned offset, uint32_t value)
{
    uint64_t old = vm_get(u, offset, 4);
    bool sends = (old & SPEC_ECTL_IP) != 0 && (value & SPEC_ECTL_IM) == 0;

    vm_set(u, offset, 4, (value & SPEC_ECTL_IM) | (sends ? 0 : old & SPEC_ECTL_IP));
    if (sends)
        send(u, offset + 4);
}

void vm_completion_event(struct vm_unit *u)
{
    uint64_t status = vm_get(u, SPEC_ICS, 4);

    vm_set(u, SPEC_ICS, 4, status | SPEC_ICS_IWC);
    if ((status & SPEC_ICS_IWC) == 0)
        raise(u, SPEC_IECTL);
}

void vm_completion_status_write(struct vm_unit *u, uint32_t value)
{
    if ((value & ~SPEC_ICS_IWC) != 0)
        vm_violation(u->model, "vtd%u: ICS written with reserved bits: 0x%08x", u->index, value);
    if ((value & SPEC_ICS_IWC) == 0)
        return;
    vm_set(u, SPEC_ICS, 4, 0);
    vm_set(u, SPEC_IECTL, 4, vm_get(u, SPEC_IECTL, 4) & ~SPEC_ECTL_IP);
}
