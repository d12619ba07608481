/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts of devices (AMD-Vi §2.2.5): message classes and their pass bits,
 * IV and IntCtl, the entry that the message's index names in either format, and
 * what goes to a CPU. Guest virtual APIC: amdvi_model_guest.c.
 */
#include <stdlib.h>

#include "amdvi_model_private.h"

#define INTERRUPT_START 0xfee00000u
/* The local APIC takes a fixed interrupt of vectors 0 to 15 for an error. */
#define FIRST_VECTOR 16u
#define MODE_2048 1u
#define GUEST_VAPIC 1u

void am_deliver(struct am_unit *u, struct amdvi_model_interrupt interrupt)
{
    struct amdvi_model *m = u->model;

    interrupt.unit = u->index;
    u->stats.delivered += !interrupt.doorbell;
    m->last_interrupt = interrupt;
    if (m->delivery_count == AM_DELIVERIES)
        abort();
    m->deliveries[m->delivery_count++] = interrupt;
}

/* Unmodified. */
static struct am_result pass(struct am_unit *u, const struct am_request *request, uint32_t data)
{
    am_deliver(u, (struct amdvi_model_interrupt) {
                      .apic_id = (uint32_t)spec_get(request->iova, ASPEC_MSI_DESTINATION),
                      .vector = (uint8_t)spec_get(data, ASPEC_MSI_DATA_VECTOR),
                      .mode = (uint8_t)spec_get(data, ASPEC_MSI_DATA_MODE),
                      .logical = (request->iova & ASPEC_MSI_DM) != 0,
                      .level = (data & ASPEC_MSI_DATA_LEVEL) != 0,
                  });
    return (struct am_result) { .code = 0 };
}

/* IG and the entry's SupIOPF keep it out of the log. */
static struct am_result block(struct am_entry *entry, const struct am_request *request,
                              uint64_t flags, bool suppressed)
{
    struct am_result result =
        am_page_fault(entry, request,
                      ASPEC_EV_I | flags |
                          spec_make(ASPEC_EV_DOMAIN, spec_get(entry->words[1], ASPEC_DTE_DOMAIN)));

    result.suppressed = suppressed || (entry->words[2] & ASPEC_DTE_IG) != 0;
    return result;
}

/* ---- message classes ---- */

/*
 * Data 10:8 of a message is its class where the destination is physical. With
 * NumIntRemapMode 1 a logical one is an index of 11 bits whatever they are.
 */
static bool has_index(const struct am_unit *u, const struct am_request *request, uint32_t data)
{
    return spec_get(data, ASPEC_MSI_DATA_MODE) <= ASPEC_MT_ARBITRATED ||
           ((request->iova & ASPEC_MSI_DM) != 0 &&
            spec_get(u->control, ASPEC_CTL_NUM_INT_REMAP_MODE) == MODE_2048);
}

/* The others are passed by their own bits, whatever IntCtl is, and with a physical destination
 * only. */
static bool is_passed(const struct am_entry *entry, const struct am_request *request, uint32_t data)
{
    static const uint64_t bits[8] = { [ASPEC_MT_NMI] = ASPEC_DTE_NMI_PASS,
                                      [ASPEC_MT_INIT] = ASPEC_DTE_INIT_PASS,
                                      [ASPEC_MT_EXTINT] = ASPEC_DTE_EINT_PASS };

    return (request->iova & ASPEC_MSI_DM) == 0 &&
           (entry->words[2] & bits[spec_get(data, ASPEC_MSI_DATA_MODE)]) != 0;
}

/* ---- entries ---- */

static bool is_wrong_guest(const struct am_unit *u, const uint64_t words[2])
{
    return spec_get(u->control, ASPEC_CTL_GAM_EN) != GUEST_VAPIC ||
           (words[0] & ASPEC_IRTE_GUEST_RESERVED) != 0 ||
           (words[1] & ASPEC_IRTE_GUEST_HI_RESERVED) != 0;
}

static bool is_wrong(const struct am_unit *u, const uint64_t words[2])
{
    bool wide = am_control(u, ASPEC_CTL_GA_EN);

    if (wide && (words[0] & ASPEC_IRTE_GUEST_MODE) != 0)
        return is_wrong_guest(u, words);
    return (words[0] & (wide ? ASPEC_IRTE128_RESERVED : ASPEC_IRTE32_RESERVED)) != 0 ||
           (words[1] & ASPEC_IRTE128_HI_RESERVED) != 0 ||
           spec_get(words[0], ASPEC_IRTE_INT_TYPE) > ASPEC_INT_TYPE_ARBITRATED;
}

uint32_t am_irte_destination(const struct am_unit *u, const uint64_t words[2])
{
    uint64_t id;

    if (!am_control(u, ASPEC_CTL_GA_EN))
        return (uint32_t)spec_get(words[0], ASPEC_IRTE32_DEST);
    id = spec_get(words[0], ASPEC_IRTE128_DEST_LO) | spec_get(words[1], ASPEC_IRTE128_DEST_HI)
                                                         << 24;
    if (!am_control(u, ASPEC_CTL_XT_EN) && id > 0xff) {
        am_violation(u->model, "amdvi%u: interrupt to APIC id 0x%x without XTEn", u->index,
                     (unsigned)id);
        id &= 0xff;
    }
    return (uint32_t)id;
}

/* Trigger mode is the message's. */
static struct am_result remapped(struct am_unit *u, const uint64_t words[2], uint32_t data)
{
    uint64_t vector = am_control(u, ASPEC_CTL_GA_EN) ? spec_get(words[1], ASPEC_IRTE128_VECTOR)
                                                     : spec_get(words[0], ASPEC_IRTE32_VECTOR);

    if (vector < FIRST_VECTOR)
        am_violation(u->model, "amdvi%u: interrupt remapped to vector 0x%x", u->index,
                     (unsigned)vector);
    am_deliver(u, (struct amdvi_model_interrupt) {
                      .apic_id = am_irte_destination(u, words),
                      .vector = (uint8_t)vector,
                      .mode = (uint8_t)spec_get(words[0], ASPEC_IRTE_INT_TYPE),
                      .logical = (words[0] & ASPEC_IRTE_DM) != 0,
                      .level = (data & ASPEC_MSI_DATA_LEVEL) != 0,
                      .remapped = true,
                  });
    return (struct am_result) { .code = 0 };
}

static struct am_result by_entry(struct am_unit *u, struct am_entry *entry,
                                 const struct am_request *request, uint32_t data)
{
    uint32_t index = (uint32_t)spec_get(data, ASPEC_MSI_DATA_INDEX);
    uint64_t words[2], pa;
    bool quiet;

    if (index >> spec_get(entry->words[2], ASPEC_DTE_INT_TAB_LEN) != 0)
        return block(entry, request, 0, false);
    if (!am_irte_get(u, entry, index, words, &pa))
        return am_refused(am_event_of(ASPEC_EV_PAGE_TAB_ERROR, request) | ASPEC_EV_I |
                              spec_make(ASPEC_EV_TYPE, ASPEC_HW_MASTER_ABORT),
                          pa);
    quiet = (words[0] & ASPEC_IRTE_SUP_IOPF) != 0;
    if ((words[0] & ASPEC_IRTE_REMAP_EN) == 0)
        return block(entry, request, 0, quiet);
    if (is_wrong(u, words))
        return block(entry, request, ASPEC_EV_PR | ASPEC_EV_RZ, quiet);
    if (am_control(u, ASPEC_CTL_GA_EN) && (words[0] & ASPEC_IRTE_GUEST_MODE) != 0)
        return am_guest_interrupt(u, request, words);
    return remapped(u, words, data);
}

/* IV says whether interrupts are looked at at all, whatever V is. */
struct am_result am_interrupt(struct am_unit *u, const struct am_request *request, uint32_t data)
{
    struct am_result result = { .code = 0 };
    struct am_entry *entry;

    am_irte_look(u->model);
    if (!am_control(u, ASPEC_CTL_IOMMU_EN))
        return pass(u, request, data);
    entry = am_entry_get(u, request, ASPEC_EV_I, &result);
    if (entry == NULL)
        return result;
    if ((entry->words[2] & ASPEC_DTE_IV) == 0)
        return pass(u, request, data);
    if (am_is_illegal(u, entry, request, ASPEC_EV_I, &result))
        return result;
    if (!has_index(u, request, data))
        return is_passed(entry, request, data) ? pass(u, request, data)
                                               : block(entry, request, 0, false);
    switch (spec_get(entry->words[2], ASPEC_DTE_INT_CTL)) {
    case ASPEC_INT_CTL_FORWARD:
        return pass(u, request, data);
    case ASPEC_INT_CTL_REMAP:
        return by_entry(u, entry, request, data);
    default:
        return block(entry, request, 0, false);
    }
}

/* ---- who sends ---- */

enum amdvi_model_result amdvi_model_interrupt(struct amdvi_model *m, unsigned unit, uint16_t rid,
                                              uint64_t address, uint32_t data)
{
    return amdvi_model_dma(m, unit, rid, address, &data, sizeof(data), true);
}

/* Bits 63:48 are sent as address bits 19:4. */
enum amdvi_model_result amdvi_model_ioapic(struct amdvi_model *m, unsigned unit, uint16_t rid,
                                           uint64_t redirection_entry)
{
    uint64_t pin = redirection_entry;
    uint64_t address = INTERRUPT_START | spec_get(pin, ASPEC_RTE_ADDRESS_19_4) << 4 |
                       spec_make(ASPEC_MSI_DM, spec_get(pin, ASPEC_RTE_DM));

    if ((pin & ASPEC_RTE_MASK) != 0)
        return AMDVI_MODEL_MASKED;
    return amdvi_model_interrupt(
        m, unit, rid, address,
        (uint32_t)(pin & (ASPEC_RTE_LEVEL | ASPEC_RTE_MODE | ASPEC_RTE_VECTOR)));
}

enum amdvi_model_result amdvi_model_lint(struct amdvi_model *m, unsigned unit, uint16_t rid,
                                         unsigned number)
{
    struct am_unit *u = am_unit(m, unit);
    struct am_request request = { .rid = rid,
                                  .iova = INTERRUPT_START,
                                  .access = AMDVI_MODEL_WRITE };
    uint64_t bit = number == 0 ? ASPEC_DTE_LINT0_PASS : ASPEC_DTE_LINT1_PASS;
    enum amdvi_model_result answer = AMDVI_MODEL_INTERRUPT;
    struct am_result result = { .code = 0 };
    struct am_entry *entry = NULL;

    am_lock(m);
    if (am_control(u, ASPEC_CTL_IOMMU_EN)) {
        entry = am_entry_get(u, &request, ASPEC_EV_I, &result);
        if (entry != NULL && (entry->words[2] & ASPEC_DTE_IV) != 0 &&
            !am_is_illegal(u, entry, &request, ASPEC_EV_I, &result) && (entry->words[2] & bit) == 0)
            result = block(entry, &request, 0, false);
    }
    if (result.code != 0)
        answer = am_finish(u, &result);
    am_unlock(m);
    return answer;
}
