/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands that take time: GCMD (VT-d §11.4.4), the register-based
 * invalidations (§6.5.1, §11.4.6) and PMEN (§11.4.8.1). One at a time may be
 * in the unit's hands (§6.9).
 */
#include "vtd_model_private.h"

#define FIRST_MAJOR_WITHOUT_REGISTERS 6u

static void start(struct vm_unit *u, struct vm_command *command, uint64_t value)
{
    *command = (struct vm_command){ true, u->model->ticks + u->config->delay, value };
}

static bool is_due(const struct vm_unit *u, const struct vm_command *command, uint64_t hang)
{
    return command->busy && !vm_is_hung(u, hang) && u->model->ticks >= command->due;
}

static void check_idle(struct vm_unit *u, const char *name)
{
    const char *owner = u->gcmd.busy ? "GCMD" : u->ccmd.busy ? "CCMD" : u->iotlb.busy ? "IOTLB" :
                        u->pmen.busy ? "PMEN" : NULL;

    if (owner != NULL)
        vm_violation(u->model, "vtd%u: %s written while a %s command is pending (VT-d 6.9)", u->index, name, owner);
}

static unsigned major_version(const struct vm_unit *u)
{
    return u->config->version >> 4 & 0xf;
}

/* ---- GCMD ---- */

static void check_supported(struct vm_unit *u, uint64_t changed)
{
    if ((changed & SPEC_GCMD_WBF) != 0 && vm_cap(u, SPEC_CAP_RWBF) == 0)
        vm_violation(u->model, "vtd%u: WBF on a unit without RWBF", u->index);
    if ((changed & SPEC_GCMD_QIE) != 0 && vm_ecap(u, SPEC_ECAP_QI) == 0)
        vm_violation(u->model, "vtd%u: QIE on a unit without QI", u->index);
    if ((changed & (SPEC_GCMD_IRE | SPEC_GCMD_SIRTP | SPEC_GCMD_CFI)) != 0 && vm_ecap(u, SPEC_ECAP_IR) == 0)
        vm_violation(u->model, "vtd%u: interrupt remapping command on a unit without IR", u->index);
}

/* What must be true when a command is given, seen from what software did before. */
static void check_sequence(struct vm_unit *u, uint64_t value, uint64_t changed)
{
    struct vtd_model *m = u->model;
    bool tes = vm_status(u, SPEC_GCMD_TE);

    if ((changed & SPEC_GCMD_TE) != 0 && (value & SPEC_GCMD_TE) != 0) {
        if (!u->root_set)
            vm_violation(m, "vtd%u: TE without SRTP since translation was last off (VT-d 6.6)", u->index);
        if (u->stale_contexts || u->stale_iotlb)
            vm_violation(m, "vtd%u: TE without global invalidation of %s after SRTP (VT-d 6.6)", u->index,
                         u->stale_contexts ? "the context cache" : "the IOTLB");
    }
    if ((changed & SPEC_GCMD_SRTP) != 0 && tes && vm_cap(u, SPEC_CAP_ESRTPS) == 0 &&
        ((vm_get(u, SPEC_RTADDR, 8) ^ u->root) & (SPEC_RTADDR_TTM | SPEC_RTADDR_SSIRWE)) != 0)
        vm_violation(m, "vtd%u: translation table mode changed while TES is set (VT-d 6.6)", u->index);
    if ((changed & SPEC_GCMD_IRE) != 0 && (value & SPEC_GCMD_IRE) != 0 && !u->interrupt_root_set)
        vm_violation(m, "vtd%u: IRE without SIRTP (VT-d 6.7)", u->index);
    if ((changed & SPEC_GCMD_IRE) != 0 && (value & SPEC_GCMD_IRE) != 0 && u->stale_interrupts)
        vm_violation(m, "vtd%u: IRE without global invalidation of the interrupt entry cache after SIRTP (VT-d 6.7)",
                     u->index);
    if ((changed & SPEC_GCMD_QIE) != 0 && (value & SPEC_GCMD_QIE) != 0 && vm_get(u, SPEC_IQT, 8) != 0)
        vm_violation(m, "vtd%u: QIE with IQT not zero (VT-d 6.5.2)", u->index);
    if ((changed & SPEC_GCMD_QIE) != 0 && (value & SPEC_GCMD_QIE) == 0 && !u->hang &&
        (vm_get(u, SPEC_FSTS, 4) & (SPEC_FSTS_IQE | SPEC_FSTS_ITE)) == 0) {
        if (vm_get(u, SPEC_IQH, 8) != vm_get(u, SPEC_IQT, 8) || u->pending_count != 0)
            vm_violation(m, "vtd%u: queue switched off while it is not empty (VT-d 6.5.2)", u->index);
        else if (u->queue_used && !u->queue_waited)
            vm_violation(m, "vtd%u: queue switched off without a wait as last descriptor (VT-d 6.5.2)", u->index);
    }
}

/* What the standing fields are, of which GSTS may not show CFI. */
static uint64_t standing(const struct vm_unit *u)
{
    uint64_t status = vm_get(u, SPEC_GSTS, 4);

    return u->config->late_cfis ? (status & ~SPEC_GCMD_CFI) | (u->compatibility ? SPEC_GCMD_CFI : 0) : status;
}

void vm_gcmd_write(struct vm_unit *u, uint32_t value)
{
    uint64_t status = standing(u);
    uint64_t changed = ((value ^ status) & SPEC_GCMD_LEVEL) | (value & SPEC_GCMD_ONE_SHOT);

    check_idle(u, "GCMD");
    if ((value & ~(SPEC_GCMD_LEVEL | SPEC_GCMD_ONE_SHOT)) != 0)
        vm_violation(u->model, "vtd%u: GCMD 0x%08x has reserved bits", u->index, value);
    if ((changed & (changed - 1)) != 0)
        vm_violation(u->model, "vtd%u: GCMD 0x%08x changes more than one bit: 0x%08x (VT-d 11.4.4.1)", u->index, value,
                     (unsigned)changed);
    check_supported(u, changed);
    check_sequence(u, value, changed);
    if ((value & SPEC_GCMD_WBF) != 0)
        vm_set(u, SPEC_GSTS, 4, vm_get(u, SPEC_GSTS, 4) | SPEC_GCMD_WBF);
    if ((value & (SPEC_GCMD_SRTP | SPEC_GCMD_SIRTP)) != 0)
        vm_set(u, SPEC_GSTS, 4, vm_get(u, SPEC_GSTS, 4) & ~(value & (SPEC_GCMD_SRTP | SPEC_GCMD_SIRTP)));
    start(u, &u->gcmd, value);
}

static uint64_t gcmd_hang(uint64_t value, uint64_t changed)
{
    return ((changed & SPEC_GCMD_TE) != 0 ? VTD_MODEL_HANG_TE : 0) |
           ((value & SPEC_GCMD_SRTP) != 0 ? VTD_MODEL_HANG_SRTP : 0) |
           ((changed & SPEC_GCMD_QIE) != 0 ? VTD_MODEL_HANG_QIE : 0) |
           ((value & SPEC_GCMD_WBF) != 0 ? VTD_MODEL_HANG_WBF : 0) |
           ((changed & SPEC_GCMD_IRE) != 0 ? VTD_MODEL_HANG_IRE : 0) |
           ((value & SPEC_GCMD_SIRTP) != 0 ? VTD_MODEL_HANG_SIRTP : 0) |
           ((changed & SPEC_GCMD_CFI) != 0 ? VTD_MODEL_HANG_CFI : 0);
}

static void root_latch(struct vm_unit *u)
{
    u->root = vm_get(u, SPEC_RTADDR, 8);
    u->root_set = true;
    u->stats.srtps++;
    if (vm_cap(u, SPEC_CAP_ESRTPS) != 0) {
        vm_invalidate_all(u);
        return;
    }
    u->stale_contexts = true;
    u->stale_iotlb = true;
}

static void interrupt_root_latch(struct vm_unit *u)
{
    u->interrupt_root = vm_get(u, SPEC_IRTA, 8);
    u->interrupt_root_set = true;
    u->stale_interrupts = vm_cap(u, SPEC_CAP_ESIRTPS) == 0;
    if (!u->stale_interrupts)
        vm_invalidate_all_interrupts(u);
}

static void interrupts_disabled(struct vm_unit *u)
{
    u->interrupt_root_set = false;
    if (vm_cap(u, SPEC_CAP_ESIRTPS) != 0)
        vm_invalidate_all_interrupts(u);
}

static void gcmd_finish(struct vm_unit *u)
{
    uint64_t value = u->gcmd.value, status = vm_get(u, SPEC_GSTS, 4);
    uint64_t changed = (value ^ status) & SPEC_GCMD_LEVEL;

    if ((value & SPEC_GCMD_SRTP) != 0) {
        root_latch(u);
        status |= SPEC_GCMD_SRTP;
    }
    if ((value & SPEC_GCMD_SIRTP) != 0) {
        interrupt_root_latch(u);
        status |= SPEC_GCMD_SIRTP;
    }
    if ((value & SPEC_GCMD_WBF) != 0) {
        vm_write_buffer_flush(u);
        u->stats.wbfs++;
        status &= ~SPEC_GCMD_WBF;
    }
    if ((changed & SPEC_GCMD_QIE) != 0)
        vm_queue_enable(u, (value & SPEC_GCMD_QIE) != 0);
    /* SRTP is needed again before translation or interrupt remapping is enabled again (§6.6, §6.7). */
    if ((changed & SPEC_GCMD_TE) != 0 && (value & SPEC_GCMD_TE) == 0)
        u->root_set = false;
    if ((changed & SPEC_GCMD_IRE) != 0 && (value & SPEC_GCMD_IRE) == 0)
        interrupts_disabled(u);
    u->compatibility = (value & SPEC_GCMD_CFI) != 0;
    if (u->config->late_cfis && ((value & SPEC_GCMD_IRE) == 0 || (u->interrupt_root & SPEC_IRTA_EIME) != 0))
        value = (value & ~SPEC_GCMD_CFI) | (status & SPEC_GCMD_CFI);
    status = (status & ~SPEC_GCMD_LEVEL) | (value & SPEC_GCMD_LEVEL);
    vm_set(u, SPEC_GSTS, 4, status);
    if ((status & (SPEC_GCMD_TE | SPEC_GCMD_IRE)) == 0)
        u->record_index = 0;
    u->gcmd.busy = false;
}

/* ---- CCMD and IOTLB_REG ---- */

static bool registers_are_usable(struct vm_unit *u, const char *name)
{
    if (vm_status(u, SPEC_GCMD_QIE)) {
        vm_violation(u->model, "vtd%u: %s used while the queue is enabled (VT-d 6.5.2)", u->index, name);
        return false;
    }
    if (u->refuse_register) {
        u->refuse_register = false;
        return false;
    }
    return major_version(u) < FIRST_MAJOR_WITHOUT_REGISTERS && spec_get(u->root, SPEC_RTADDR_TTM) == 0;
}

void vm_ccmd_write(struct vm_unit *u, uint64_t value)
{
    check_idle(u, "CCMD");
    if ((value & SPEC_CCMD_RESERVED) != 0)
        vm_violation(u->model, "vtd%u: CCMD written with reserved bits", u->index);
    if (u->ccmd.busy)
        return;
    vm_set(u, SPEC_CCMD, 8, value & ~SPEC_CCMD_CAIG);
    if ((value & SPEC_CCMD_ICC) != 0)
        start(u, &u->ccmd, value);
}

static void check_domain(struct vm_unit *u, uint64_t did)
{
    if ((did & ~vm_domain_mask(u)) != 0)
        vm_violation(u->model, "vtd%u: invalidation of domain 0x%llx, beyond ND", u->index, (unsigned long long)did);
}

static void ccmd_finish(struct vm_unit *u)
{
    uint64_t value = u->ccmd.value;
    unsigned granularity = (unsigned)spec_get(value, SPEC_CCMD_CIRG);
    bool done = granularity != 0 && registers_are_usable(u, "CCMD");

    u->ccmd.busy = false;
    if (granularity == 0)
        vm_violation(u->model, "vtd%u: CCMD with reserved granularity 0", u->index);
    if (done) {
        check_domain(u, spec_get(value, SPEC_CCMD_DID));
        vm_write_buffer_flush(u);
        vm_invalidate_context(u, granularity, (uint16_t)spec_get(value, SPEC_CCMD_DID),
                              (uint16_t)spec_get(value, SPEC_CCMD_SID), (unsigned)spec_get(value, SPEC_CCMD_FM));
        u->stats.register_invalidations++;
    }
    spec_put(&value, SPEC_CCMD_CAIG, done ? granularity : 0);
    vm_set(u, SPEC_CCMD, 8, value & ~SPEC_CCMD_ICC);
}

void vm_iotlb_write(struct vm_unit *u, uint64_t value)
{
    unsigned offset = vm_iva_offset(u) + 8;

    check_idle(u, "IOTLB");
    if ((value & SPEC_IOTLB_RESERVED) != 0)
        vm_violation(u->model, "vtd%u: IOTLB written with reserved bits", u->index);
    if (u->iotlb.busy)
        return;
    vm_set(u, offset, 8, value & ~SPEC_IOTLB_IAIG);
    if ((value & SPEC_IOTLB_IVT) != 0)
        start(u, &u->iotlb, value);
}

/* §11.4.6.3: a page-selective request needs PSI, its address in IVA, and a mask of at most MAMV. */
static bool page_request_is_valid(struct vm_unit *u, uint64_t iva)
{
    if (!u->iva_written)
        vm_violation(u->model, "vtd%u: page-selective IOTLB command without IVA written before", u->index);
    if (vm_cap(u, SPEC_CAP_PSI) != 0 && spec_get(iva, SPEC_IVA_AM) <= vm_cap(u, SPEC_CAP_MAMV))
        return true;
    vm_violation(u->model, "vtd%u: page-selective IOTLB command beyond PSI or MAMV", u->index);
    return false;
}

static void iotlb_finish(struct vm_unit *u)
{
    uint64_t value = u->iotlb.value, iva = vm_get(u, vm_iva_offset(u), 8);
    unsigned granularity = (unsigned)spec_get(value, SPEC_IOTLB_IIRG);
    bool done = granularity != 0 && registers_are_usable(u, "IOTLB");

    u->iotlb.busy = false;
    if (granularity == 0)
        vm_violation(u->model, "vtd%u: IOTLB command with reserved granularity 0", u->index);
    if (done && granularity == SPEC_G_SELECTIVE)
        done = page_request_is_valid(u, iva);
    u->iva_written = false;
    if (done) {
        check_domain(u, spec_get(value, SPEC_IOTLB_DID));
        vm_write_buffer_flush(u);
        vm_invalidate_iotlb(u, granularity, (uint16_t)spec_get(value, SPEC_IOTLB_DID), iva & SPEC_IVA_ADDR,
                            (unsigned)spec_get(iva, SPEC_IVA_AM), (iva & SPEC_IVA_IH) != 0);
        u->stats.register_invalidations++;
        u->stats.undrained += major_version(u) < 2 && ((vm_cap(u, SPEC_CAP_DRD) != 0 && (value & SPEC_IOTLB_DR) == 0) ||
                                                       (vm_cap(u, SPEC_CAP_DWD) != 0 && (value & SPEC_IOTLB_DW) == 0));
    }
    spec_put(&value, SPEC_IOTLB_IAIG, done ? granularity : 0);
    vm_set(u, vm_iva_offset(u) + 8, 8, value & ~SPEC_IOTLB_IVT);
}

/* ---- PMEN ---- */

void vm_pmen_write(struct vm_unit *u, uint32_t value)
{
    if (vm_cap(u, SPEC_CAP_PLMR) == 0 && vm_cap(u, SPEC_CAP_PHMR) == 0) {
        vm_violation(u->model, "vtd%u: PMEN written on a unit without protected memory", u->index);
        return;
    }
    check_idle(u, "PMEN");
    vm_set(u, SPEC_PMEN, 4, (vm_get(u, SPEC_PMEN, 4) & SPEC_PMEN_PRS) | (value & SPEC_PMEN_EPM));
    start(u, &u->pmen, value);
}

void vm_commands_tick(struct vm_unit *u)
{
    uint64_t changed = (u->gcmd.value ^ standing(u)) & SPEC_GCMD_LEVEL;

    if (is_due(u, &u->gcmd, gcmd_hang(u->gcmd.value, changed)))
        gcmd_finish(u);
    if (is_due(u, &u->ccmd, VTD_MODEL_HANG_CCMD))
        ccmd_finish(u);
    if (is_due(u, &u->iotlb, VTD_MODEL_HANG_IOTLB))
        iotlb_finish(u);
    if (is_due(u, &u->pmen, VTD_MODEL_HANG_PMEN)) {
        u->pmen.busy = false;
        vm_set(u, SPEC_PMEN, 4, (u->pmen.value & SPEC_PMEN_EPM) != 0 ? SPEC_PMEN_EPM | SPEC_PMEN_PRS : 0);
    }
}
