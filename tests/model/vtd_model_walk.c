/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a request to an address or a fault: caches, root and context entry,
 * second-stage walk (VT-d §3.4.2, §3.7, §6.2.7, §7.1.3, §9.1, §9.3, §9.8), and
 * the DMA of a device on top of it.
 */
#include <string.h>

#include "vtd_model_private.h"

#define INTERRUPT_START 0xfee00000ull
#define INTERRUPT_END 0xfef00000ull
#define TABLE_ENTRIES_MASK 511u

unsigned vm_level_shift(unsigned level)
{
    return 12 + 9 * level;
}

static uint64_t host_mask(const struct vm_unit *u)
{
    return BIT_SPEC(u->model->config.host_bits) - 1;
}

static bool is_interrupt_range(uint64_t address)
{
    return address >= INTERRUPT_START && address < INTERRUPT_END;
}

/* ---- root and context entries ---- */

static unsigned largest_width(const struct vm_unit *u)
{
    uint64_t widths = vm_cap(u, SPEC_CAP_SAGAW);

    return widths & 8 ? 3 : widths & 4 ? 2 : widths & 2 ? 1 : 0;
}

/* LCT.4.1, LCT.4.2: 0 or the fault of a present entry without reserved bits set. */
static unsigned context_programming(const struct vm_unit *u, uint64_t lo, uint64_t hi)
{
    uint64_t tt = spec_get(lo, SPEC_CONTEXT_TT), aw = spec_get(hi, SPEC_CONTEXT_HI_AW);

    if (tt == 3 || (tt == SPEC_TT_ALL && vm_ecap(u, SPEC_ECAP_DT) == 0) ||
        (tt == SPEC_TT_PASS && vm_ecap(u, SPEC_ECAP_PT) == 0))
        return SPEC_FR_CONTEXT_INVALID;
    if (aw < 1 || aw > 3 || ((vm_cap(u, SPEC_CAP_SAGAW) >> aw) & 1) == 0)
        return SPEC_FR_CONTEXT_INVALID;
    /* §9.3: pass-through entries must be programmed with the largest width. */
    return tt == SPEC_TT_PASS && aw != largest_width(u) ? SPEC_FR_CONTEXT_INVALID : 0;
}

static unsigned context_reserved(const struct vm_unit *u, uint64_t lo, uint64_t hi)
{
    uint64_t did = spec_get(hi, SPEC_CONTEXT_HI_DID);
    bool pass = spec_get(lo, SPEC_CONTEXT_TT) == SPEC_TT_PASS;

    if ((lo & SPEC_CONTEXT_RESERVED) != 0 || (hi & SPEC_CONTEXT_HI_RESERVED) != 0 ||
        (did & ~vm_domain_mask(u)) != 0 || (!pass && (lo & SPEC_CONTEXT_SSPTPTR & ~host_mask(u)) != 0))
        return SPEC_FR_CONTEXT_RESERVED;
    return 0;
}

/* Reads root and context entry of a source; reason says how far it got. */
static void context_read(struct vm_unit *u, uint16_t rid, struct vm_context *entry)
{
    uint64_t root_pa = (u->root & SPEC_RTADDR_RTA) + (uint64_t)(rid >> 8) * 16, lo, hi, pa;

    *entry = (struct vm_context){ .rid = rid, .reason = SPEC_FR_ROOT_ACCESS };
    if (!vm_fetch(u, root_pa, &lo) || !vm_fetch(u, root_pa + 8, &hi))
        return;
    entry->reason = SPEC_FR_ROOT_P;
    if ((lo & SPEC_ROOT_P) == 0)
        return;
    entry->reason = SPEC_FR_ROOT_RESERVED;
    if ((lo & (SPEC_ROOT_RESERVED | (SPEC_ROOT_CTP & ~host_mask(u)))) != 0 || hi != 0)
        return;
    pa = (lo & SPEC_ROOT_CTP) + (uint64_t)(rid & 0xff) * 16;
    entry->reason = SPEC_FR_CONTEXT_ACCESS;
    if (!vm_fetch(u, pa, &entry->lo) || !vm_fetch(u, pa + 8, &entry->hi))
        return;
    entry->fpd = (entry->lo & SPEC_CONTEXT_FPD) != 0;
    entry->reason = SPEC_FR_CONTEXT_P;
    if ((entry->lo & SPEC_CONTEXT_P) == 0)
        return;
    entry->reason = context_reserved(u, entry->lo, entry->hi);
    if (entry->reason == 0)
        entry->reason = context_programming(u, entry->lo, entry->hi);
    if (entry->reason == 0)
        entry->did = (uint16_t)spec_get(entry->hi, SPEC_CONTEXT_HI_DID);
}

/* Faulting entries are cached with CM = 1 only, tagged with domain 0 (§6.2.2). */
static struct vm_context context_get(struct vm_unit *u, uint16_t rid)
{
    const struct vm_context *cached = vm_context_find(u, rid);
    struct vm_context entry;

    if (cached != NULL)
        return *cached;
    context_read(u, rid, &entry);
    if (entry.reason == 0 && entry.did == 0 && vm_cap(u, SPEC_CAP_CM) != 0)
        vm_violation(u->model, "vtd%u: context entry of %04x has domain 0 with CM = 1 (VT-d 6.2.2.1)", u->index, rid);
    if (entry.reason == 0 || vm_cap(u, SPEC_CAP_CM) != 0)
        vm_context_add(u, &entry);
    return entry;
}

/* ---- second stage ---- */

static bool is_leaf(uint64_t entry, unsigned level)
{
    return level == 0 || ((entry & SPEC_SS_PS) != 0 && level <= 2);
}

static uint64_t ss_reserved(const struct vm_unit *u, uint64_t entry, unsigned level)
{
    uint64_t reserved = (SPEC_SS_ADDR & ~host_mask(u)) | SPEC_SS_IW;

    if (level > 2 || (level > 0 && ((vm_cap(u, SPEC_CAP_SSLPS) >> (level - 1)) & 1) == 0))
        reserved |= SPEC_SS_PS;
    if (!is_leaf(entry, level) || vm_ecap(u, SPEC_ECAP_SC) == 0)
        reserved |= SPEC_SS_SNP;
    if (is_leaf(entry, level))
        reserved |= SPEC_SS_ADDR & (BIT_SPEC(vm_level_shift(level)) - 1);
    return reserved;
}

static unsigned lacks_permission(const struct vm_unit *u, enum vtd_model_access access, unsigned perm)
{
    bool reads = access == VTD_MODEL_READ || access == VTD_MODEL_ATOMIC;
    bool writes = access == VTD_MODEL_WRITE || access == VTD_MODEL_ATOMIC;

    if (writes && (perm & VM_PERM_W) == 0)
        return SPEC_FR_WRITE;
    if (access == VTD_MODEL_ZERO_READ)
        reads = vm_cap(u, SPEC_CAP_ZLR) == 0 || (perm & VM_PERM_W) == 0;
    return reads && (perm & VM_PERM_R) == 0 ? SPEC_FR_READ : 0;
}

static void cache_absent(struct vm_unit *u, uint16_t did, uint64_t iova, unsigned level)
{
    struct vm_paging entry = { .absent = true, .did = did, .level = level, .prefix = iova >> vm_level_shift(level) };

    if (level > 0 && vm_cap(u, SPEC_CAP_CM) != 0)
        vm_paging_add(u, &entry);
}

/* Fills pa, perm and reason of out; perm 0 with reason 0: nothing is mapped. */
static void walk(struct vm_unit *u, const struct vm_context *context, uint64_t iova, struct vm_translation *out)
{
    unsigned top = (unsigned)spec_get(context->hi, SPEC_CONTEXT_HI_AW) + 1, level = top;
    uint64_t table = context->lo & SPEC_CONTEXT_SSPTPTR, entry;
    unsigned perm = VM_PERM_R | VM_PERM_W;
    const struct vm_paging *cached = vm_paging_find(u, context->did, iova, top);

    u->stats.walks++;
    if (cached != NULL) {
        if (cached->absent)
            return;
        table = cached->table;
        perm = cached->perm;
        level = cached->level - 1;
    }
    for (;; level--) {
        uint64_t index = (iova >> vm_level_shift(level)) & TABLE_ENTRIES_MASK;

        if (!vm_fetch(u, table + index * 8, &entry)) {
            out->reason = level == top ? SPEC_FR_CONTEXT_INVALID : SPEC_FR_SS_ACCESS;
            return;
        }
        if ((entry & (SPEC_SS_R | SPEC_SS_W)) == 0) {
            cache_absent(u, context->did, iova, level);
            return;
        }
        if ((entry & ss_reserved(u, entry, level)) != 0) {
            out->reason = SPEC_FR_SS_RESERVED;
            return;
        }
        perm &= (entry & SPEC_SS_R ? VM_PERM_R : 0) | (entry & SPEC_SS_W ? VM_PERM_W : 0);
        table = entry & SPEC_SS_ADDR;
        if (is_leaf(entry, level))
            break;
        vm_paging_add(u, &(struct vm_paging){ .did = context->did, .level = level, .table = table, .perm = perm,
                                              .prefix = iova >> vm_level_shift(level) });
    }
    out->perm = perm;
    out->shift = vm_level_shift(level);
    out->pa = table | (iova & (BIT_SPEC(vm_level_shift(level)) - 1) & ~(uint64_t)(VM_PAGE - 1));
}

/* LGN.1: the width that bounds an untranslated request through this entry. */
static unsigned input_bits(const struct vm_unit *u, const struct vm_context *context)
{
    unsigned adjusted = 30 + 9 * (unsigned)spec_get(context->hi, SPEC_CONTEXT_HI_AW);
    unsigned guest = (unsigned)vm_cap(u, SPEC_CAP_MGAW) + 1;

    if (spec_get(context->lo, SPEC_CONTEXT_TT) == SPEC_TT_PASS)
        return u->model->config.host_bits;
    return guest < adjusted ? guest : adjusted;
}

static void translation_fill(struct vm_unit *u, const struct vm_context *context, uint64_t iova,
                             struct vm_translation *out)
{
    *out = (struct vm_translation){ .rid = context->rid, .did = context->did, .fpd = context->fpd, .iova = iova };
    if (spec_get(context->lo, SPEC_CONTEXT_TT) == SPEC_TT_PASS) {
        out->pa = iova;
        out->perm = VM_PERM_R | VM_PERM_W;
    } else {
        walk(u, context, iova, out);
    }
    if (out->reason == 0 && out->perm != 0 && is_interrupt_range(out->pa))
        out->reason = SPEC_FR_OUTPUT_RANGE;
    if ((out->reason == 0 && out->perm != 0) || vm_cap(u, SPEC_CAP_CM) != 0)
        vm_iotlb_add(u, out);
}

static struct vm_result result_of(const struct vm_unit *u, const struct vm_request *request,
                                  const struct vm_translation *translation)
{
    struct vm_result result = { .reason = translation->reason, .pa = translation->pa };

    if (result.reason == 0 && request->at == VTD_MODEL_UNTRANSLATED)
        result.reason = lacks_permission(u, request->access, translation->perm);
    result.suppressed = translation->fpd;
    result.pa |= request->iova & (VM_PAGE - 1);
    return result;
}

/* RTA.1, RTA.2, RTA.4: what no table decides. 0 or a reason. */
static unsigned refused_early(const struct vm_unit *u, const struct vm_request *request)
{
    uint64_t ttm = spec_get(u->root, SPEC_RTADDR_TTM);

    if (ttm == 3 && vm_ecap(u, SPEC_ECAP_ADMS) != 0)
        return SPEC_FR_ABORT;
    if (ttm != 0 || (u->root & SPEC_RTADDR_SSIRWE) != 0)
        return SPEC_FR_TTM;
    if (request->has_pasid)
        return SPEC_FR_PASID;
    return 0;
}

struct vm_result vm_translate(struct vm_unit *u, const struct vm_request *request)
{
    uint64_t iova = request->iova & ~(uint64_t)(VM_PAGE - 1);
    struct vm_result result = { .pa = request->iova };
    const struct vm_translation *cached;
    struct vm_translation fresh;
    struct vm_context context;

    if (!vm_status(u, SPEC_GCMD_TE))
        return result;
    result.reason = refused_early(u, request);
    if (result.reason != 0)
        return result;
    cached = request->at == VTD_MODEL_UNTRANSLATED ? vm_iotlb_find(u, request->rid, iova) : NULL;
    if (cached != NULL) {
        u->stats.iotlb_hits++;
        return result_of(u, request, cached);
    }
    context = context_get(u, request->rid);
    result.suppressed = context.fpd;
    result.reason = context.reason;
    if (result.reason == 0 && request->at != VTD_MODEL_UNTRANSLATED &&
        spec_get(context.lo, SPEC_CONTEXT_TT) != SPEC_TT_ALL)
        result.reason = SPEC_FR_TYPE_BLOCKED;
    if (result.reason == 0) {
        unsigned bits = request->at == VTD_MODEL_TRANSLATED ? u->model->config.host_bits : input_bits(u, &context);

        if (request->iova >> bits != 0)
            result.reason = SPEC_FR_WIDTH;
    }
    if (result.reason == 0 && request->at == VTD_MODEL_TRANSLATED && is_interrupt_range(iova))
        result.reason = SPEC_FR_OUTPUT_RANGE;
    if (result.reason != 0 || request->at == VTD_MODEL_TRANSLATED)
        return result;
    translation_fill(u, &context, iova, &fresh);
    return result_of(u, request, &fresh);
}

/* ---- DMA ---- */

static bool is_protected(const struct vm_unit *u, uint64_t pa, size_t len)
{
    uint64_t last = pa + len - 1;
    uint64_t low = vm_get(u, SPEC_PLMBASE, 4), high = vm_get(u, SPEC_PHMBASE, 8);
    uint64_t low_limit = vm_get(u, SPEC_PLMLIMIT, 4) | 0xfffff, high_limit = vm_get(u, SPEC_PHMLIMIT, 8) | 0xfffff;

    if ((vm_get(u, SPEC_PMEN, 4) & SPEC_PMEN_PRS) == 0)
        return false;
    return (vm_cap(u, SPEC_CAP_PLMR) != 0 && last >= low && pa <= low_limit) ||
           (vm_cap(u, SPEC_CAP_PHMR) != 0 && last >= high && pa <= high_limit);
}

static enum vtd_model_result move(struct vm_unit *u, uint64_t pa, uint8_t *data, size_t len, bool write)
{
    struct vtd_model *m = u->model;
    size_t page = (size_t)(pa - m->config.ram_pa) / VM_PAGE;

    if (!vm_is_ram(m, pa, len == 0 ? 1 : len))
        return VTD_MODEL_NO_MEMORY;
    if (m->page_state[page] == VM_FREED) {
        vm_violation(m, "vtd%u: DMA reached page 0x%llx, which is freed", u->index, (unsigned long long)pa);
        return VTD_MODEL_NO_MEMORY;
    }
    if (write)
        memcpy(vm_ram(m, pa), data, len);
    else if (len > 0)
        memcpy(data, vm_ram(m, pa), len);
    return VTD_MODEL_DONE;
}

static enum vtd_model_result refuse(struct vm_unit *u, const struct vm_request *request, unsigned reason,
                                    bool suppressed)
{
    u->model->last_reason = reason;
    if (!suppressed)
        vm_fault(u, request, reason);
    return VTD_MODEL_FAULT;
}

static enum vtd_model_result piece(struct vm_unit *u, const struct vm_request *request, uint8_t *data, size_t len)
{
    bool write = request->access == VTD_MODEL_WRITE || request->access == VTD_MODEL_ATOMIC;
    struct vm_message message = { .rid = request->rid, .address = request->iova };
    struct vm_result result;

    if (is_interrupt_range(request->iova) && !request->has_pasid && request->at == VTD_MODEL_UNTRANSLATED &&
        request->access != VTD_MODEL_ZERO_READ) {
        /* §3.15: such a write is an interrupt request and never translated. */
        if (request->access == VTD_MODEL_WRITE && len == sizeof(message.data) && request->iova % len == 0) {
            memcpy(&message.data, data, len);
            return vm_interrupt(u, &message);
        }
        if (vm_status(u, SPEC_GCMD_TE) || vm_status(u, SPEC_GCMD_IRE))
            return refuse(u, request, SPEC_FR_INTERRUPT_RANGE, false);
    }
    result = vm_translate(u, request);
    if (result.reason != 0)
        return refuse(u, request, result.reason, result.suppressed);
    if (request->at == VTD_MODEL_TRANSLATION)
        return VTD_MODEL_DONE;
    if (is_protected(u, result.pa, len == 0 ? 1 : len))
        return VTD_MODEL_PROTECTED;
    return move(u, result.pa, data, len, write);
}

static bool master_is_off(struct vtd_model *m, uint16_t segment, uint16_t rid)
{
    const struct vm_function *function = vm_function(m, segment, rid, false);

    return function != NULL && function->master_off;
}

enum vtd_model_result vtd_model_request(struct vtd_model *m, const struct vtd_model_request *request)
{
    struct vm_unit *u = vm_unit(m, request->unit);
    struct vm_request part = { .rid = request->rid, .iova = request->iova, .access = request->access,
                               .at = request->at, .has_pasid = request->has_pasid, .pasid = request->pasid };
    enum vtd_model_result result = VTD_MODEL_DONE;
    uint8_t *data = request->data;
    size_t left = request->access == VTD_MODEL_ZERO_READ ? 0 : request->len;

    vm_lock(m);
    m->last_reason = 0;
    if (master_is_off(m, u->config->segment, request->rid)) {
        result = VTD_MODEL_NO_MASTER;
        left = 0;
    } else {
        do {
            size_t len = VM_PAGE - (size_t)(part.iova & (VM_PAGE - 1));

            len = len < left ? len : left;
            result = piece(u, &part, data, len);
            if (result != VTD_MODEL_DONE)
                break;
            part.iova += len;
            left -= len;
            data = data == NULL ? NULL : data + len;
        } while (left > 0);
    }
    if (result != VTD_MODEL_DONE && request->access != VTD_MODEL_WRITE && request->data != NULL)
        memset(request->data, 0xff, request->len);
    vm_unlock(m);
    return result;
}

enum vtd_model_result vtd_model_dma(struct vtd_model *m, unsigned unit, uint16_t rid, uint64_t iova,
                                    void *data, size_t len, bool write)
{
    return vtd_model_request(m, &(struct vtd_model_request){ .unit = unit, .rid = rid, .iova = iova, .data = data,
                                                             .len = len,
                                                             .access = write ? VTD_MODEL_WRITE : VTD_MODEL_READ });
}
