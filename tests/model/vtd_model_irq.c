/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupt requests (VT-d §5.1.4): compatibility format, remappable format,
 * source check, delivery as remapped (§9.9) or into a posted-interrupt
 * descriptor (§5.2.3, §9.10, §9.11), and the faults of Table 15.
 */
#include <stdlib.h>

#include "vtd_model_private.h"

/* The local APIC takes a fixed interrupt of vectors 0 to 15 for an error. */
#define FIRST_VECTOR 16u

static bool is_extended(const struct vm_unit *u)
{
    return (u->interrupt_root & SPEC_IRTA_EIME) != 0;
}

/* ---- what goes out ---- */

static enum vtd_model_result deliver(struct vm_unit *u, struct vtd_model_interrupt interrupt)
{
    struct vtd_model *m = u->model;

    interrupt.unit = u->index;
    u->stats.interrupts++;
    m->last_interrupt = interrupt;
    if (m->delivery_count == VM_DELIVERIES)
        abort();
    m->deliveries[m->delivery_count++] = interrupt;
    return VTD_MODEL_INTERRUPT;
}

static enum vtd_model_result pass(struct vm_unit *u, const struct vm_message *message)
{
    return deliver(u, (struct vtd_model_interrupt) {
                          .apic_id = (uint32_t)spec_get(message->address, SPEC_MSI_DESTINATION),
                          .vector = (uint8_t)spec_get(message->data, SPEC_MSI_DATA_VECTOR),
                          .mode = (uint8_t)spec_get(message->data, SPEC_MSI_DATA_MODE),
                          .logical = (message->address & SPEC_MSI_LOGICAL) != 0,
                          .hint = (message->address & SPEC_MSI_HINT) != 0,
                          .level = (message->data & SPEC_MSI_DATA_LEVEL) != 0,
                      });
}

static enum vtd_model_result block(struct vm_unit *u, const struct vm_message *message,
                                   uint32_t index, unsigned reason, bool suppressed)
{
    u->model->last_reason = reason;
    if (!suppressed)
        vm_interrupt_fault(u, message->rid, index, reason);
    return VTD_MODEL_FAULT;
}

/* ---- entries ---- */

static bool is_from_source(uint64_t hi, uint16_t rid)
{
    /* §9.9: SQ leaves out bit 2, bits 2:1 or bits 2:0. */
    static const uint16_t left_out[4] = { 0, 4, 6, 7 };
    uint64_t sid = spec_get(hi, SPEC_IRTE_HI_SID), bus = rid >> 8;

    switch (spec_get(hi, SPEC_IRTE_HI_SVT)) {
    case SPEC_SVT_ID:
        return ((sid ^ rid) & 0xffff & (uint16_t)~left_out[spec_get(hi, SPEC_IRTE_HI_SQ)]) == 0;
    case SPEC_SVT_BUS:
        return bus >= sid >> 8 && bus <= (sid & 0xff);
    default:
        return true;
    }
}

static bool is_wrong_remapped(const struct vm_unit *u, const uint64_t words[2])
{
    uint64_t mode = spec_get(words[0], SPEC_IRTE_DLM);
    uint64_t reserved = SPEC_IRTE_RESERVED | (is_extended(u) ? 0 : SPEC_IRTE_DST_XAPIC_RESERVED);

    return (words[0] & reserved) != 0 || (words[1] & SPEC_IRTE_HI_RESERVED) != 0 || mode == 3 ||
           mode == 6;
}

static uint64_t descriptor_of(const uint64_t words[2])
{
    return spec_get(words[1], SPEC_PIRTE_HI_PDAH) << 32 | spec_get(words[0], SPEC_PIRTE_PDAL) << 6;
}

static bool is_wrong_posted(const struct vm_unit *u, const uint64_t words[2])
{
    return vm_cap(u, SPEC_CAP_PI) == 0 || (words[0] & SPEC_PIRTE_RESERVED) != 0 ||
           (words[1] & SPEC_PIRTE_HI_RESERVED) != 0 ||
           descriptor_of(words) >> u->model->config.host_bits != 0;
}

unsigned vm_irte_fault(const struct vm_unit *u, const uint64_t words[2], uint16_t rid)
{
    bool posted = (words[0] & SPEC_IRTE_IM) != 0;

    if ((words[0] & SPEC_IRTE_P) == 0)
        return SPEC_FR_IR_P;
    if (spec_get(words[1], SPEC_IRTE_HI_SVT) == SPEC_SVT_RESERVED)
        return SPEC_FR_IR_RESERVED;
    if (!is_from_source(words[1], rid))
        return SPEC_FR_IR_SOURCE;
    return (posted ? is_wrong_posted(u, words) : is_wrong_remapped(u, words)) ? SPEC_FR_IR_RESERVED
                                                                              : 0;
}

/* ---- remapped ---- */

/* §5.1.5.1, §5.2.6: how an IOAPIC's pin and the entry must agree. */
static void check_pin(struct vm_unit *u, const struct vm_message *message, const uint64_t words[2])
{
    uint64_t pin = message->pin == NULL ? 0 : *message->pin;
    bool level = (pin & SPEC_RTE_LEVEL) != 0;

    if (message->pin == NULL)
        return;
    if ((words[0] & SPEC_IRTE_IM) != 0) {
        if (level)
            vm_violation(u->model, "vtd%u: a level-triggered pin is posted (VT-d 5.2.6)", u->index);
        return;
    }
    if (level != ((words[0] & SPEC_IRTE_TM) != 0))
        vm_violation(u->model,
                     "vtd%u: trigger modes of pin and interrupt entry differ (VT-d 5.1.5.1)",
                     u->index);
    if (level && spec_get(pin, SPEC_RTE_VECTOR) != spec_get(words[0], SPEC_IRTE_V))
        vm_violation(
            u->model,
            "vtd%u: vectors of pin and interrupt entry differ, 0x%llx and 0x%llx (VT-d 5.1.5.1)",
            u->index, (unsigned long long)spec_get(pin, SPEC_RTE_VECTOR),
            (unsigned long long)spec_get(words[0], SPEC_IRTE_V));
}

static enum vtd_model_result remap(struct vm_unit *u, uint64_t lo)
{
    uint64_t destination = is_extended(u) ? SPEC_IRTE_DST : SPEC_IRTE_DST_XAPIC;
    struct vtd_model_interrupt out = {
        .apic_id = (uint32_t)spec_get(lo, destination),
        .vector = (uint8_t)spec_get(lo, SPEC_IRTE_V),
        .mode = (uint8_t)spec_get(lo, SPEC_IRTE_DLM),
        .logical = (lo & SPEC_IRTE_DM) != 0,
        .hint = (lo & SPEC_IRTE_RH) != 0,
        .level = (lo & SPEC_IRTE_TM) != 0,
        .remapped = true,
    };

    if (out.mode <= SPEC_DLM_LOWEST && out.vector < FIRST_VECTOR)
        vm_violation(u->model, "vtd%u: interrupt remapped to vector 0x%x", u->index, out.vector);
    return deliver(u, out);
}

/* ---- posted ---- */

static bool is_wrong_descriptor(const struct vm_unit *u, const uint64_t *descriptor)
{
    uint64_t reserved = SPEC_PID_RESERVED | (is_extended(u) ? 0 : SPEC_PID_NDST_XAPIC_RESERVED);

    return (__atomic_load_n(&descriptor[4], __ATOMIC_ACQUIRE) & reserved) != 0 ||
           descriptor[5] != 0 || descriptor[6] != 0 || descriptor[7] != 0;
}

/* Sets ON where a notification is due; control is as it was or has become. */
static bool notifies(uint64_t *at, bool urgent, uint64_t *control)
{
    *control = __atomic_load_n(at, __ATOMIC_SEQ_CST);
    do {
        if ((*control & SPEC_PID_ON) != 0 || (!urgent && (*control & SPEC_PID_SN) != 0))
            return false;
    } while (!__atomic_compare_exchange_n(at, control, *control | SPEC_PID_ON, false,
                                          __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    return true;
}

/* 0, or why the descriptor of a posted entry cannot be used: 27h or 28h. */
static unsigned descriptor_fault(struct vm_unit *u, uint64_t pa)
{
    struct vtd_model *m = u->model;

    if (!vm_is_ram(m, pa, SPEC_PID_BYTES))
        return SPEC_FR_IR_PID_ACCESS;
    if (vm_page_state(m, pa) == VM_FREED || vm_page_state(m, pa) == VM_FREE) {
        vm_violation(m, "vtd%u: posted-interrupt descriptor at 0x%llx, which is freed", u->index,
                     (unsigned long long)pa);
        return SPEC_FR_IR_PID_ACCESS;
    }
    return is_wrong_descriptor(u, (const uint64_t *)(const void *)vm_ram(m, pa))
               ? SPEC_FR_IR_PID_RESERVED
               : 0;
}

static enum vtd_model_result post(struct vm_unit *u, const uint64_t words[2])
{
    uint64_t *descriptor = (uint64_t *)(void *)vm_ram(u->model, descriptor_of(words));
    uint64_t vector = spec_get(words[0], SPEC_PIRTE_VV), control;

    u->stats.posted++;
    __atomic_fetch_or(&descriptor[vector / 64], BIT_SPEC(vector % 64), __ATOMIC_SEQ_CST);
    if (!notifies(&descriptor[4], (words[0] & SPEC_PIRTE_URG) != 0, &control))
        return VTD_MODEL_INTERRUPT;
    u->stats.notifications++;
    return deliver(u, (struct vtd_model_interrupt) {
                          .apic_id = (uint32_t)spec_get(
                              control, is_extended(u) ? SPEC_PID_NDST : SPEC_PID_NDST_XAPIC),
                          .vector = (uint8_t)spec_get(control, SPEC_PID_NV),
                          .remapped = true,
                          .notification = true,
                      });
}

/* ---- requests ---- */

static enum vtd_model_result remappable(struct vm_unit *u, const struct vm_message *message)
{
    uint64_t address = message->address, words[2];
    uint32_t index = (uint32_t)(spec_get(address, SPEC_MSI_HANDLE_14_0) |
                                spec_get(address, SPEC_MSI_HANDLE_15) << 15);
    unsigned reason;
    bool posted;

    if ((address & SPEC_MSI_SHV) != 0) {
        if ((message->data & SPEC_MSI_DATA_RESERVED) != 0)
            return block(u, message, 0, SPEC_FR_IR_REQUEST_RESERVED, false);
        index += (uint32_t)spec_get(message->data, SPEC_MSI_SUBHANDLE);
    }
    if (index >= vm_irte_limit(u))
        return block(u, message, index, SPEC_FR_IR_INDEX, false);
    reason = vm_irte_get(u, index, message->rid, words);
    if (reason != 0)
        return block(u, message, index, reason, false);
    reason = vm_irte_fault(u, words, message->rid);
    posted = (words[0] & SPEC_IRTE_IM) != 0;
    if (reason == 0 && posted) {
        reason = descriptor_fault(u, descriptor_of(words));
        if (reason != 0)
            vm_irte_forget(u, index);
    }
    if (reason != 0)
        return block(u, message, index, reason, (words[0] & SPEC_IRTE_FPD) != 0);
    check_pin(u, message, words);
    return posted ? post(u, words) : remap(u, words[0]);
}

enum vtd_model_result vm_interrupt(struct vm_unit *u, const struct vm_message *message)
{
    vm_irte_look(u->model);
    if (!vm_status(u, SPEC_GCMD_IRE)) {
        if (vm_ecap(u, SPEC_ECAP_IRREQ) != 0)
            return block(u, message, 0, SPEC_FR_IR_REQUIRED, false);
        return pass(u, message);
    }
    if (vm_ecap(u, SPEC_ECAP_EIMER) != 0 && !is_extended(u))
        return block(u, message, 0, SPEC_FR_IR_EIME, false);
    if ((message->address & SPEC_MSI_FORMAT) != 0)
        return remappable(u, message);
    if (is_extended(u) || !vm_status(u, SPEC_GCMD_CFI))
        return block(u, message, 0, SPEC_FR_IR_COMPATIBILITY, false);
    return pass(u, message);
}

enum vtd_model_result vtd_model_interrupt(struct vtd_model *m, unsigned unit, uint16_t rid,
                                          uint64_t address, uint32_t data)
{
    return vtd_model_dma(m, unit, rid, address, &data, sizeof(data), true);
}

/* Figure 5-3 beside Figures 5-1 and 5-2: bits 63:48 are sent as address bits 19:4, and are read
 * there as either format. */
enum vtd_model_result vtd_model_ioapic(struct vtd_model *m, unsigned unit, uint16_t rid,
                                       uint64_t redirection_entry)
{
    uint64_t pin = redirection_entry, mode = spec_get(pin, SPEC_RTE_MODE);
    struct vm_message message = { .rid = rid, .pin = &pin };
    enum vtd_model_result result;

    if ((pin & SPEC_RTE_MASK) != 0)
        return VTD_MODEL_MASKED;
    message.address = 0xfee00000u | spec_get(pin, SPEC_RTE_ADDRESS_19_4) << 4 |
                      spec_make(SPEC_MSI_HINT, mode == SPEC_DLM_LOWEST) |
                      spec_make(SPEC_MSI_LOGICAL, spec_get(pin, SPEC_RTE_LOGICAL));
    message.data = (uint32_t)(pin & (SPEC_RTE_LEVEL | SPEC_RTE_MODE | SPEC_RTE_VECTOR));
    vm_lock(m);
    m->last_reason = 0;
    result = vm_interrupt(vm_unit(m, unit), &message);
    vm_unlock(m);
    return result;
}
