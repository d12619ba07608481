/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What becomes of a device's request: by its device table entry (AMD-Vi
 * §2.2.2, Tables 7 and 8), the exclusion range, page tables, and the event of
 * what is refused (§2.5); then the DMA itself. Interrupts: amdvi_model_irq.c.
 */
#include <string.h>

#include "amdvi_model_private.h"

#define INTERRUPT_START 0xfee00000ull
#define INTERRUPT_END 0xfef00000ull
#define HT_START 0xfd00000000ull
#define HT_END 0x10000000000ull

/* Types of INVALID_DEVICE_REQUEST (AMD-Vi §2.5.9); 1 to 5 with TR = 0. */
enum {
    REQUEST_INTERRUPT_READ = 0,
    REQUEST_PRETRANSLATED = 1,
    REQUEST_SYSTEM = 6,
    REQUEST_NO_ATS = 1
};

static bool is_interrupt_range(uint64_t address)
{
    return address >= INTERRUPT_START && address < INTERRUPT_END;
}

/* ---- events ---- */

static bool writes(const struct am_request *request)
{
    return request->access != AMDVI_MODEL_READ;
}

uint64_t am_event_of(unsigned code, const struct am_request *request)
{
    return spec_make(ASPEC_EV_CODE, code) | spec_make(ASPEC_EV_DEVICE, request->rid) |
           spec_make(ASPEC_EV_RW, writes(request)) |
           spec_make(ASPEC_EV_TR, request->at == AMDVI_MODEL_TRANSLATION);
}

static uint64_t tag_of(const struct am_space *space)
{
    if (!space->guest)
        return spec_make(ASPEC_EV_DOMAIN, space->domain);
    return ASPEC_EV_GN | spec_make(ASPEC_EV_DOMAIN, space->pasid & 0xffff) |
           spec_make(ASPEC_EV_PASID_19_16, space->pasid >> 16);
}

struct am_result am_refused(uint64_t lo, uint64_t hi)
{
    return (struct am_result) { .code = (unsigned)spec_get(lo, ASPEC_EV_CODE),
                                .event = { lo, hi } };
}

/* SE, SA: of page faults only. */
struct am_result am_page_fault(struct am_entry *entry, const struct am_request *request,
                               uint64_t flags)
{
    struct am_result result =
        am_refused(am_event_of(ASPEC_EV_PAGE_FAULT, request) | flags, request->iova);

    if (entry == NULL)
        return result;
    result.suppressed = (entry->words[1] & ASPEC_DTE_SA) != 0 ||
                        ((entry->words[1] & ASPEC_DTE_SE) != 0 && entry->logged);
    entry->logged |= !request->quiet;
    return result;
}

static struct am_result invalid_request(const struct am_request *request, unsigned type)
{
    return am_refused((am_event_of(ASPEC_EV_INVALID_REQUEST, request) & ~ASPEC_EV_RW) |
                          spec_make(ASPEC_EV_REQUEST_TYPE, type),
                      request->iova);
}

/* ---- the entry ---- */

struct am_entry *am_entry_get(struct am_unit *u, const struct am_request *request, uint64_t flags,
                              struct am_result *result)
{
    struct am_entry *entry = am_entry_find(u, request->rid);
    uint64_t words[4], pa;

    if (entry != NULL)
        return entry;
    switch (am_entry_fetch(u, request->rid, words, &pa)) {
    case AM_ENTRY_BEYOND:
        *result = am_page_fault(NULL, request, flags);
        return NULL;
    case AM_ENTRY_NO_MEMORY:
        *result = am_refused(am_event_of(ASPEC_EV_DEV_TAB_ERROR, request) | flags |
                                 spec_make(ASPEC_EV_TYPE, ASPEC_HW_MASTER_ABORT),
                             pa);
        return NULL;
    default:
        return am_entry_add(u, request->rid, words);
    }
}

bool am_is_illegal(struct am_unit *u, const struct am_entry *entry,
                   const struct am_request *request, uint64_t flags, struct am_result *result)
{
    unsigned illegal = am_entry_illegal(u, entry->words);

    if (illegal == 0)
        return false;
    *result = am_refused(am_event_of(ASPEC_EV_ILLEGAL_DTE, request) | flags |
                             (illegal == 2 ? ASPEC_EV_RZ : 0),
                         request->iova);
    return true;
}

/* ---- translation ---- */

static unsigned needs(const struct am_request *request)
{
    return (writes(request) ? AM_PERM_W : 0) |
           (request->access != AMDVI_MODEL_WRITE ? AM_PERM_R : 0);
}

static unsigned entry_perm(const struct am_entry *entry)
{
    return (entry->words[0] & ASPEC_DTE_IR ? AM_PERM_R : 0) |
           (entry->words[0] & ASPEC_DTE_IW ? AM_PERM_W : 0);
}

static bool is_excluded(const struct am_unit *u, const struct am_entry *entry, uint64_t iova)
{
    uint64_t base = am_get(u, ASPEC_EXCL_BASE, 8),
             limit = am_get(u, ASPEC_EXCL_LIMIT, 8) | SPEC_F(11, 0);

    return (base & ASPEC_EXCL_EN) != 0 &&
           ((base & ASPEC_EXCL_ALLOW) != 0 || (entry->words[1] & ASPEC_DTE_EX) != 0) &&
           iova >= (base & ASPEC_EXCL_ADDR) && iova <= limit;
}

/* What no table decides; true: result is the answer. */
static bool decided_early(struct am_unit *u, const struct am_entry *entry,
                          const struct am_request *request, struct am_result *result)
{
    bool ats = (entry->words[1] & ASPEC_DTE_I) != 0;
    bool ht = request->iova >= HT_START && request->iova < HT_END &&
              spec_get(u->config->efr2, ASPEC_EFR2_HT_RANGE_IGNORE) == 0;

    if (request->at == AMDVI_MODEL_TRANSLATION && !ats)
        *result = invalid_request(request, REQUEST_NO_ATS);
    else if (request->at == AMDVI_MODEL_TRANSLATED && !ats)
        *result = invalid_request(request, REQUEST_PRETRANSLATED);
    else if (request->at == AMDVI_MODEL_UNTRANSLATED && is_interrupt_range(request->iova) &&
             !request->has_pasid)
        *result = invalid_request(request, REQUEST_INTERRUPT_READ);
    else if (ht && request->at == AMDVI_MODEL_UNTRANSLATED)
        *result = invalid_request(request, REQUEST_SYSTEM);
    else
        return request->at == AMDVI_MODEL_TRANSLATED || is_excluded(u, entry, request->iova);
    return true;
}

/* The address space a request is in; false: it has a PASID and the device no guest tables. */
static bool space_of(const struct am_entry *entry, const struct am_request *request,
                     struct am_space *space)
{
    bool gv = (entry->words[0] & ASPEC_DTE_GV) != 0;

    *space = (struct am_space) { .domain = (uint16_t)spec_get(entry->words[1], ASPEC_DTE_DOMAIN) };
    space->guest = gv && (request->has_pasid || (entry->words[0] & ASPEC_DTE_GIOV) != 0);
    space->pasid = request->has_pasid ? request->pasid : 0;
    return gv || !request->has_pasid;
}

static struct am_result walk_result(struct am_entry *entry, const struct am_request *request,
                                    const struct am_space *space, const struct am_walk *walk)
{
    uint64_t flags = tag_of(space), offset = walk->shift >= 64 ? ~0ull : BIT_SPEC(walk->shift) - 1;

    if (walk->code == ASPEC_EV_PAGE_TAB_ERROR)
        return am_refused(am_event_of(ASPEC_EV_PAGE_TAB_ERROR, request) | flags |
                              spec_make(ASPEC_EV_TYPE, ASPEC_HW_MASTER_ABORT),
                          walk->at);
    if (walk->code != 0)
        return am_page_fault(entry, request,
                             flags | (walk->present ? ASPEC_EV_PR : 0) |
                                 (walk->reserved ? ASPEC_EV_RZ : 0));
    if ((needs(request) & ~(walk->perm & entry_perm(entry))) != 0)
        return am_page_fault(entry, request, flags | ASPEC_EV_PR | ASPEC_EV_PE);
    return (struct am_result) { .pa = walk->pa | (request->iova & offset) };
}

static struct am_result translate_by(struct am_unit *u, struct am_entry *entry,
                                     const struct am_request *request)
{
    struct am_result result = { .pa = request->iova };
    struct am_space space;
    struct am_walk walk = { .pa = request->iova, .shift = 0, .perm = AM_PERM_R | AM_PERM_W };
    uint64_t words[4];

    if (am_is_illegal(u, entry, request, 0, &result) || decided_early(u, entry, request, &result))
        return result;
    if ((entry->words[0] & ASPEC_DTE_TV) == 0) {
        result =
            am_page_fault(entry, request,
                          spec_make(ASPEC_EV_DOMAIN, spec_get(entry->words[1], ASPEC_DTE_DOMAIN)));
        result.suppressed |= u->config->quiet_blocked;
        return result;
    }
    if (!space_of(entry, request, &space))
        return am_page_fault(entry, request, tag_of(&space));
    memcpy(words, entry->words, sizeof(words));
    if (space.guest || spec_get(words[0], ASPEC_DTE_MODE) != 0)
        walk = am_walk(u, words, &space, request);
    return walk_result(entry, request, &space, &walk);
}

struct am_result am_translate(struct am_unit *u, const struct am_request *request)
{
    struct am_result result = { .pa = request->iova };
    struct am_entry *entry;

    if (!am_control(u, ASPEC_CTL_IOMMU_EN)) {
        u->stats.unprotected += !request->quiet;
        return result;
    }
    entry = am_entry_get(u, request, 0, &result);
    if (entry == NULL)
        return result;
    if ((entry->words[0] & ASPEC_DTE_V) == 0) {
        u->stats.leaks += !request->quiet;
        return result;
    }
    return translate_by(u, entry, request);
}

/* ---- DMA ---- */

enum amdvi_model_result am_finish(struct am_unit *u, const struct am_result *result)
{
    u->stats.faults++;
    memcpy(u->model->last_event, result->event, sizeof(u->model->last_event));
    if (!result->suppressed)
        am_event(u, result->event[0], result->event[1]);
    return AMDVI_MODEL_FAULT;
}

static enum amdvi_model_result move(struct am_unit *u, uint64_t pa, uint8_t *data, size_t len,
                                    bool write)
{
    struct amdvi_model *m = u->model;

    if (!am_is_ram(m, pa, len == 0 ? 1 : len))
        return AMDVI_MODEL_NO_MEMORY;
    if (am_page_state(m, pa) == AM_FREED) {
        am_violation(m, "amdvi%u: DMA reached page 0x%llx, which is freed", u->index,
                     (unsigned long long)pa);
        return AMDVI_MODEL_NO_MEMORY;
    }
    if (write) {
        memcpy(am_ram(m, pa), data, len);
        am_publish(m, pa, len);
    } else if (len > 0) {
        memcpy(data, am_ram(m, pa), len);
    }
    return AMDVI_MODEL_DONE;
}

static enum amdvi_model_result piece(struct am_unit *u, const struct am_request *request,
                                     uint8_t *data, size_t len)
{
    uint32_t message = 0;
    struct am_result result;

    if (request->at == AMDVI_MODEL_UNTRANSLATED && request->access == AMDVI_MODEL_WRITE &&
        !request->has_pasid && is_interrupt_range(request->iova)) {
        memcpy(&message, data, len < sizeof(message) ? len : sizeof(message));
        result = am_interrupt(u, request, message);
        return result.code != 0 ? am_finish(u, &result) : AMDVI_MODEL_INTERRUPT;
    }
    result = am_translate(u, request);
    /* A translation request that finds nothing is answered so, without an event (AMD-Vi §2.1.3.2).
     */
    result.suppressed |=
        request->at == AMDVI_MODEL_TRANSLATION && result.code == ASPEC_EV_PAGE_FAULT;
    if (result.code != 0)
        return am_finish(u, &result);
    if (request->at == AMDVI_MODEL_TRANSLATION)
        return AMDVI_MODEL_DONE;
    return move(u, result.pa, data, len, writes(request));
}

static enum amdvi_model_result pieces(struct am_unit *u, struct am_request part, uint8_t *data,
                                      size_t left)
{
    enum amdvi_model_result result;

    do {
        size_t len = AM_PAGE - (size_t)(part.iova & (AM_PAGE - 1));

        len = len < left ? len : left;
        result = piece(u, &part, data, len);
        part.iova += len;
        left -= len;
        data += len;
    } while (left > 0 && result == AMDVI_MODEL_DONE);
    return result;
}

enum amdvi_model_result amdvi_model_request(struct amdvi_model *m,
                                            const struct amdvi_model_request *request)
{
    struct am_unit *u = am_unit(m, request->unit);
    struct am_request part = { .rid = request->rid,
                               .iova = request->iova,
                               .access = request->access,
                               .at = request->at,
                               .has_pasid = request->has_pasid,
                               .pasid = request->pasid };
    enum amdvi_model_result result = AMDVI_MODEL_NO_MASTER;
    const struct am_function *function;

    am_lock(m);
    memset(m->last_event, 0, sizeof(m->last_event));
    function = am_function(m, u->config->segment, request->rid, false);
    if (function == NULL || !function->master_off)
        result = pieces(u, part, request->data, request->len);
    if (result != AMDVI_MODEL_DONE && request->access == AMDVI_MODEL_READ)
        memset(request->data, 0xff, request->len);
    am_unlock(m);
    return result;
}

enum amdvi_model_result amdvi_model_dma(struct amdvi_model *m, unsigned unit, uint16_t rid,
                                        uint64_t iova, void *data, size_t len, bool write)
{
    return amdvi_model_request(m, &(struct amdvi_model_request) {
                                      .unit = unit,
                                      .rid = rid,
                                      .iova = iova,
                                      .data = data,
                                      .len = len,
                                      .access = write ? AMDVI_MODEL_WRITE : AMDVI_MODEL_READ });
}
