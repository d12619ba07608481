/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The invalidation queue (VT-d §6.5.2): fetch, checks of every descriptor,
 * execution in any order that §6.5.2.12 permits, queue errors (§6.5.2.11).
 * The queue itself and the wait status are always coherent (§11.4.3).
 */
#include <string.h>

#include "vtd_model_private.h"

enum { DW_128 = 16, DW_256 = 32 };

static unsigned descriptor_bytes(const struct vm_unit *u)
{
    return (vm_get(u, SPEC_IQA, 8) & SPEC_IQA_DW) != 0 ? DW_256 : DW_128;
}

static uint64_t queue_bytes(const struct vm_unit *u)
{
    return (uint64_t)VM_PAGE << spec_get(vm_get(u, SPEC_IQA, 8), SPEC_IQA_QS);
}

static unsigned type_of(uint64_t lo)
{
    return (unsigned)(spec_get(lo, SPEC_F(3, 0)) | spec_get(lo, SPEC_F(11, 9)) << 4);
}

void vm_queue_enable(struct vm_unit *u, bool on)
{
    (void)on;
    vm_set(u, SPEC_IQH, 8, 0);
    u->queue_used = false;
    u->queue_waited = false;
    u->pending_count = 0;
}

void vm_queue_doorbell(struct vm_unit *u, uint64_t old_tail)
{
    uint64_t size = queue_bytes(u), tail = vm_get(u, SPEC_IQT, 8), head = vm_get(u, SPEC_IQH, 8);
    bool was_idle = old_tail == head && u->pending_count == 0;

    if (u->gcmd.busy)
        vm_violation(u->model, "vtd%u: IQT written while a GCMD command is pending", u->index);
    if (tail < size && ((old_tail - head) & (size - 1)) + ((tail - old_tail) & (size - 1)) >= size)
        vm_violation(u->model, "vtd%u: IQT 0x%llx passes the head at 0x%llx", u->index, (unsigned long long)tail,
                     (unsigned long long)head);
    if (was_idle)
        u->queue_due = u->model->ticks + u->config->delay;
}

/* ---- checks ---- */

static uint64_t reserved_low(const struct vm_unit *u, unsigned type)
{
    switch (type) {
    case SPEC_DSC_CONTEXT:
        return ~(SPEC_DSC_TYPE | SPEC_DSC_G | SPEC_DSC_DID | SPEC_CC_SID | SPEC_CC_FM);
    case SPEC_DSC_IOTLB:
        return ~(SPEC_DSC_TYPE | SPEC_DSC_G | SPEC_DSC_DID | SPEC_IOTLB_DSC_DW | SPEC_IOTLB_DSC_DR);
    case SPEC_DSC_DEVICE_TLB: {
        uint64_t throttle = SPEC_F(15, 12) | SPEC_F(63, 52); /* PFSID, with DIT only */

        return ~(SPEC_DSC_TYPE | SPEC_F(20, 16) | SPEC_DTLB_SID | (vm_ecap(u, SPEC_ECAP_DIT) != 0 ? throttle : 0));
    }
    case SPEC_DSC_IEC:
        return ~(SPEC_DSC_TYPE | SPEC_IEC_G | SPEC_IEC_IM | SPEC_IEC_IIDX);
    default:
        return ~(SPEC_DSC_TYPE | SPEC_WAIT_IF | SPEC_WAIT_SW | SPEC_WAIT_FN | SPEC_WAIT_DATA |
                 (vm_ecap(u, SPEC_ECAP_PDS) != 0 ? SPEC_WAIT_PD : 0));
    }
}

static uint64_t reserved_high(unsigned type)
{
    switch (type) {
    case SPEC_DSC_CONTEXT:
    case SPEC_DSC_IEC:
        return ~0ull;
    case SPEC_DSC_IOTLB:
        return ~(SPEC_IOTLB_HI_AM | SPEC_IOTLB_HI_IH | SPEC_IOTLB_HI_ADDR);
    case SPEC_DSC_DEVICE_TLB:
        return ~(SPEC_F(0, 0) | SPEC_F(63, 12));
    default:
        return ~SPEC_WAIT_HI_ADDR;
    }
}

static bool type_is_valid(const struct vm_unit *u, unsigned type)
{
    switch (type) {
    case SPEC_DSC_CONTEXT:
    case SPEC_DSC_IOTLB:
    case SPEC_DSC_WAIT:
        return true;
    case SPEC_DSC_DEVICE_TLB:
        return vm_ecap(u, SPEC_ECAP_DT) != 0;
    case SPEC_DSC_IEC:
        return vm_ecap(u, SPEC_ECAP_IR) != 0;
    default:
        return false;
    }
}

/* §6.5.2.1, §6.5.2.3: granularity 0 is reserved; page-selective needs PSI and a mask of at most MAMV. */
static bool granularity_is_valid(const struct vm_unit *u, unsigned type, uint64_t lo, uint64_t hi)
{
    uint64_t granularity = spec_get(lo, SPEC_DSC_G);

    if (type != SPEC_DSC_CONTEXT && type != SPEC_DSC_IOTLB)
        return true;
    if (granularity == 0)
        return false;
    if (type == SPEC_DSC_CONTEXT || granularity != SPEC_G_SELECTIVE)
        return true;
    return vm_cap(u, SPEC_CAP_PSI) != 0 && spec_get(hi, SPEC_IOTLB_HI_AM) <= vm_cap(u, SPEC_CAP_MAMV);
}

/* 0, or the IQEI that a fetch with these register values ends with (§11.4.9.9). */
static unsigned setup_error(const struct vm_unit *u)
{
    uint64_t ttm = spec_get(u->root, SPEC_RTADDR_TTM), tail = vm_get(u, SPEC_IQT, 8);
    bool wide = descriptor_bytes(u) == DW_256;
    bool smts = vm_ecap(u, SPEC_ECAP_SMTS) != 0, adms = vm_ecap(u, SPEC_ECAP_ADMS) != 0;

    if (ttm == 2 || (ttm == 1 && !smts) || (ttm == 3 && !adms))
        return SPEC_IQEI_TTM;
    if ((ttm != 0 && !wide) || (wide && !smts && !adms))
        return SPEC_IQEI_WIDTH;
    if (wide && (tail & DW_128) != 0)
        return SPEC_IQEI_ALIGNMENT;
    return tail >= queue_bytes(u) ? SPEC_IQEI_TAIL : 0;
}

static unsigned descriptor_error(struct vm_unit *u, const uint64_t words[4])
{
    unsigned type = type_of(words[0]);

    if (!type_is_valid(u, type))
        return SPEC_IQEI_TYPE;
    if ((words[0] & reserved_low(u, type)) != 0 || (words[1] & reserved_high(type)) != 0)
        return SPEC_IQEI_RESERVED;
    if ((words[2] | words[3]) != 0 || !granularity_is_valid(u, type, words[0], words[1]))
        return SPEC_IQEI_RESERVED;
    return 0;
}

/* ---- fetch ---- */

static bool fence_is_pending(const struct vm_unit *u)
{
    for (size_t i = 0; i < u->pending_count; i++) {
        if (type_of(u->pending[i].lo) == SPEC_DSC_WAIT && (u->pending[i].lo & SPEC_WAIT_FN) != 0)
            return true;
    }
    return false;
}

static bool may_fetch(const struct vm_unit *u)
{
    size_t window = u->config->reorder_seed != 0 ? VM_PENDING : 1;

    return vm_status(u, SPEC_GCMD_QIE) && vm_get(u, SPEC_IQH, 8) != vm_get(u, SPEC_IQT, 8) &&
           (vm_get(u, SPEC_FSTS, 4) & (SPEC_FSTS_IQE | SPEC_FSTS_ITE)) == 0 && u->pending_count < window &&
           !fence_is_pending(u);
}

/* One descriptor; false when the queue has to stop. */
static bool fetch(struct vm_unit *u)
{
    uint64_t words[4] = { 0 }, head = vm_get(u, SPEC_IQH, 8);
    uint64_t pa = (vm_get(u, SPEC_IQA, 8) & SPEC_IQA_IQA) + head;
    unsigned bytes = descriptor_bytes(u), error = setup_error(u);

    if (error == 0 && !vm_is_ram(u->model, pa, bytes))
        error = SPEC_IQEI_FETCH;
    if (error == 0) {
        memcpy(words, vm_ram(u->model, pa), bytes);
        error = descriptor_error(u, words);
    }
    if (error == 0 && type_of(words[0]) == SPEC_DSC_WAIT && vm_is_hung(u, VTD_MODEL_HANG_WAIT))
        return false;
    if (error != 0) {
        vm_queue_error(u, error);
        return false;
    }
    u->pending[u->pending_count++] = (struct vm_descriptor){ words[0], words[1], u->fetched++, u->waits_fetched };
    u->waits_fetched += type_of(words[0]) == SPEC_DSC_WAIT;
    u->queue_used = true;
    vm_set(u, SPEC_IQH, 8, (head + bytes) & (queue_bytes(u) - 1));
    return true;
}

/* ---- execution ---- */

/* §6.5.2.12: may number i of the pending ones be executed now? */
static bool may_execute(const struct vm_unit *u, size_t i)
{
    const struct vm_descriptor *candidate = &u->pending[i];
    unsigned type = type_of(candidate->lo);

    for (size_t k = 0; k < u->pending_count; k++) {
        const struct vm_descriptor *other = &u->pending[k];
        unsigned ahead = type_of(other->lo);

        if (other->order >= candidate->order)
            continue;
        if (type == SPEC_DSC_WAIT && ahead != SPEC_DSC_WAIT && other->batch == candidate->batch)
            return false;
        if (type == SPEC_DSC_IOTLB && ahead == SPEC_DSC_CONTEXT)
            return false;
        if (type == SPEC_DSC_DEVICE_TLB && (ahead == SPEC_DSC_IOTLB || ahead == SPEC_DSC_IEC))
            return false;
    }
    return true;
}

static size_t choose(struct vm_unit *u)
{
    size_t permitted[VM_PENDING], count = 0;

    for (size_t i = 0; i < u->pending_count; i++) {
        if (may_execute(u, i))
            permitted[count++] = i;
    }
    return u->config->reorder_seed == 0 ? permitted[0] : permitted[vm_random(u, (uint32_t)count)];
}

static void wait_finish(struct vm_unit *u, uint64_t lo, uint64_t hi)
{
    uint64_t pa = hi & SPEC_WAIT_HI_ADDR & (BIT_SPEC(u->model->config.host_bits) - 1);
    uint32_t data = (uint32_t)spec_get(lo, SPEC_WAIT_DATA);

    u->stats.waits++;
    if ((lo & SPEC_WAIT_SW) != 0) {
        if (vm_is_ram(u->model, pa, sizeof(data)))
            __atomic_store_n((uint32_t *)(void *)vm_ram(u->model, pa), data, __ATOMIC_RELEASE);
        else
            vm_violation(u->model, "vtd%u: wait status address 0x%llx is not memory", u->index, (unsigned long long)pa);
    }
    if ((lo & SPEC_WAIT_IF) != 0)
        vm_completion_event(u);
}

static void iotlb_finish(struct vm_unit *u, uint64_t lo, uint64_t hi)
{
    bool version_1 = (u->config->version >> 4 & 0xf) < 2;

    vm_invalidate_iotlb(u, (unsigned)spec_get(lo, SPEC_DSC_G), (uint16_t)spec_get(lo, SPEC_DSC_DID),
                        hi & SPEC_IOTLB_HI_ADDR, (unsigned)spec_get(hi, SPEC_IOTLB_HI_AM),
                        (hi & SPEC_IOTLB_HI_IH) != 0);
    u->stats.undrained += version_1 && ((vm_cap(u, SPEC_CAP_DRD) != 0 && (lo & SPEC_IOTLB_DSC_DR) == 0) ||
                                        (vm_cap(u, SPEC_CAP_DWD) != 0 && (lo & SPEC_IOTLB_DSC_DW) == 0));
}

/* §6.5.2.8: G = 0 is all of it; IM at most MHMV (§11.4.3). */
static void interrupts_finish(struct vm_unit *u, uint64_t lo)
{
    unsigned mask = (unsigned)spec_get(lo, SPEC_IEC_IM);

    u->stats.interrupt_cache++;
    if ((lo & SPEC_IEC_G) == 0) {
        vm_invalidate_interrupts(u, 0, 32);
        return;
    }
    if (mask > vm_ecap(u, SPEC_ECAP_MHMV)) {
        vm_violation(u->model, "vtd%u: index mask %u of an interrupt entry invalidation, beyond MHMV", u->index, mask);
        mask = 0;
    }
    vm_invalidate_interrupts(u, (uint32_t)spec_get(lo, SPEC_IEC_IIDX), mask);
}

static void execute(struct vm_unit *u, uint64_t lo, uint64_t hi)
{
    unsigned type = type_of(lo);

    u->queue_waited = type == SPEC_DSC_WAIT;
    if (type <= SPEC_DSC_IOTLB && (spec_get(lo, SPEC_DSC_DID) & ~vm_domain_mask(u)) != 0)
        vm_violation(u->model, "vtd%u: invalidation of domain 0x%llx, beyond ND", u->index,
                     (unsigned long long)spec_get(lo, SPEC_DSC_DID));
    switch (type) {
    case SPEC_DSC_CONTEXT:
        vm_write_buffer_flush(u);
        vm_invalidate_context(u, (unsigned)spec_get(lo, SPEC_DSC_G), (uint16_t)spec_get(lo, SPEC_DSC_DID),
                              (uint16_t)spec_get(lo, SPEC_CC_SID), (unsigned)spec_get(lo, SPEC_CC_FM));
        break;
    case SPEC_DSC_IOTLB:
        vm_write_buffer_flush(u);
        iotlb_finish(u, lo, hi);
        break;
    case SPEC_DSC_DEVICE_TLB:
        u->stats.device_tlb++;
        break;
    case SPEC_DSC_IEC:
        vm_write_buffer_flush(u);
        interrupts_finish(u, lo);
        break;
    default:
        wait_finish(u, lo, hi);
        break;
    }
}

/* §6.5.2.11: a time-out ends every wait that has not completed. */
void vm_queue_abort_waits(struct vm_unit *u)
{
    size_t kept = 0;

    for (size_t i = 0; i < u->pending_count; i++) {
        if (type_of(u->pending[i].lo) != SPEC_DSC_WAIT)
            u->pending[kept++] = u->pending[i];
    }
    u->pending_count = kept;
}

/* Executes one descriptor; false when there was none to be had. */
static bool step(struct vm_unit *u)
{
    struct vm_descriptor chosen;
    size_t i;

    while (may_fetch(u) && fetch(u))
        ;
    if (u->pending_count == 0)
        return false;
    i = choose(u);
    chosen = u->pending[i];
    memmove(&u->pending[i], &u->pending[i + 1], (u->pending_count - i - 1) * sizeof(chosen));
    u->pending_count--;
    execute(u, chosen.lo, chosen.hi);
    return true;
}

void vm_queue_tick(struct vm_unit *u)
{
    if (!vm_status(u, SPEC_GCMD_QIE) || u->model->ticks < u->queue_due)
        return;
    if (u->pending_count == 0 && !may_fetch(u))
        return;
    /* Without delay everything that has been submitted is done by the next access. */
    while (step(u) && u->config->delay == 0)
        ;
    u->queue_due = u->model->ticks + u->config->delay;
}
