/* SPDX-License-Identifier: BSD-2-Clause */
/* What firmware gives software: the DMAR table (VT-d §8), and units it left running. */
#include <string.h>

#include "vtd_model_private.h"

enum { DMAR_HEADER = 48, DRHD_BYTES = 16, RMRR_BYTES = 24, SCOPE_BYTES = 6 };

struct writer {
    uint8_t *at;
    size_t size, used; /* used may pass size: then the result is discarded */
};

static void put(struct writer *w, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++, w->used++) {
        if (w->used < w->size)
            w->at[w->used] = (uint8_t)(i < 8 ? value >> (8 * i) : 0);
    }
}

static unsigned pairs_of(const struct vtd_model_scope *scope)
{
    return scope->path_count == 0 ? 1 : scope->path_count;
}

static size_t scopes_bytes(const struct vtd_model_scope *scopes, size_t count)
{
    size_t bytes = 0;

    for (size_t i = 0; i < count; i++)
        bytes += SCOPE_BYTES + 2u * pairs_of(&scopes[i]);
    return bytes;
}

static void put_scopes(struct writer *w, const struct vtd_model_scope *scopes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put(w, scopes[i].type, 1);
        put(w, SCOPE_BYTES + 2u * pairs_of(&scopes[i]), 1);
        put(w, 0, 2);
        put(w, scopes[i].enumeration_id, 1);
        put(w, scopes[i].bus, 1);
        for (unsigned k = 0; k < pairs_of(&scopes[i]); k++) {
            put(w, scopes[i].path[k][0], 1);
            put(w, scopes[i].path[k][1], 1);
        }
    }
}

static void put_header(struct writer *w, const struct vtd_model *m)
{
    static const char signature[] = "DMAR", oem[] = "MODEL ", table[] = "VTDMODEL";

    for (unsigned i = 0; i < 4; i++)
        put(w, (uint8_t)signature[i], 1);
    put(w, 0, 4); /* length, at the end */
    put(w, 1, 1); /* revision */
    put(w, 0, 1); /* checksum, at the end */
    for (unsigned i = 0; i < 6; i++)
        put(w, (uint8_t)oem[i], 1);
    for (unsigned i = 0; i < 8; i++)
        put(w, (uint8_t)table[i], 1);
    put(w, 1, 4);
    put(w, 0, 4);
    put(w, 1, 4);
    put(w, m->config.host_bits - 1, 1);
    put(w, 0, 1);
    put(w, 0, 10);
}

size_t vtd_model_dmar(const struct vtd_model *m, void *buf, size_t size)
{
    struct writer w = { buf, size, 0 };
    uint8_t sum = 0;

    put_header(&w, m);
    for (size_t i = 0; i < m->config.unit_count; i++) {
        const struct vtd_model_unit_config *unit = &m->config.units[i];

        put(&w, 0, 2);
        put(&w, DRHD_BYTES + scopes_bytes(unit->scopes, unit->scope_count), 2);
        put(&w, unit->include_all, 1);
        put(&w, unit->size_shift, 1);
        put(&w, unit->segment, 2);
        put(&w, unit->base, 8);
        put_scopes(&w, unit->scopes, unit->scope_count);
    }
    for (size_t i = 0; i < m->config.rmrr_count; i++) {
        const struct vtd_model_rmrr *rmrr = &m->config.rmrrs[i];

        put(&w, 1, 2);
        put(&w, RMRR_BYTES + scopes_bytes(rmrr->scopes, rmrr->scope_count), 2);
        put(&w, 0, 2);
        put(&w, rmrr->segment, 2);
        put(&w, rmrr->start, 8);
        put(&w, rmrr->end - 1, 8);
        put_scopes(&w, rmrr->scopes, rmrr->scope_count);
    }
    if (w.used > size || w.used < DMAR_HEADER)
        return 0;
    for (unsigned i = 0; i < 4; i++)
        w.at[4 + i] = (uint8_t)(w.used >> (8 * i));
    for (size_t i = 0; i < w.used; i++)
        sum = (uint8_t)(sum + w.at[i]);
    w.at[9] = (uint8_t)(0u - sum);
    return w.used;
}

/* ---- units left running ---- */

static void store64(struct vtd_model *m, uint64_t pa, uint64_t value)
{
    memcpy(vm_ram(m, pa), &value, sizeof(value));
}

/* Identity below 2 MiB for every function of bus 0, out of 4 KiB leaves that every unit has. */
static uint64_t build_tables(struct vm_unit *u)
{
    struct vtd_model *m = u->model;
    uint64_t widths = vm_cap(u, SPEC_CAP_SAGAW);
    unsigned aw = widths & 2 ? 1 : widths & 4 ? 2 : 3, levels = aw + 2;
    uint64_t pages = vm_take_pages(m, 2 + levels, VM_FIRMWARE);
    uint64_t root = pages, contexts = pages + VM_PAGE, table = pages + 2 * VM_PAGE;
    uint64_t hi = 0;

    spec_put(&hi, SPEC_CONTEXT_HI_AW, aw);
    spec_put(&hi, SPEC_CONTEXT_HI_DID, 1);
    store64(m, root, contexts | SPEC_ROOT_P);
    for (unsigned i = 0; i < 256; i++) {
        store64(m, contexts + i * 16, table | SPEC_CONTEXT_P);
        store64(m, contexts + i * 16 + 8, hi);
    }
    for (unsigned i = 0; i + 1 < levels; i++)
        store64(m, table + i * VM_PAGE, (table + (i + 1) * VM_PAGE) | SPEC_SS_R | SPEC_SS_W);
    for (unsigned i = 0; i < 512; i++)
        store64(m, table + (levels - 1) * VM_PAGE + i * 8, (uint64_t)i * VM_PAGE | SPEC_SS_R | SPEC_SS_W);
    vm_publish(m, pages, (2 + levels) * VM_PAGE);
    return root;
}

static void leave_queue(struct vm_unit *u, bool stuck)
{
    uint64_t page = vm_take_pages(u->model, 1, VM_FIRMWARE);

    vm_set(u, SPEC_IQA, 8, page);
    vm_set(u, SPEC_GSTS, 4, vm_get(u, SPEC_GSTS, 4) | SPEC_GCMD_QIE);
    if (stuck) {
        store64(u->model, page, SPEC_F(3, 0)); /* no such type */
        vm_set(u, SPEC_IQT, 8, 16);
        vm_queue_error(u, SPEC_IQEI_TYPE);
    }
}

void vtd_model_firmware_left(struct vtd_model *m, unsigned unit, const struct vtd_model_firmware *left)
{
    struct vm_unit *u = vm_unit(m, unit);
    uint64_t status;

    vm_lock(m);
    if (left->translate) {
        u->root = build_tables(u);
        u->root_set = true;
        vm_set(u, SPEC_RTADDR, 8, u->root);
        vm_set(u, SPEC_GSTS, 4, vm_get(u, SPEC_GSTS, 4) | SPEC_GCMD_TE | SPEC_GCMD_SRTP);
    }
    if (left->queue || left->queue_stuck)
        leave_queue(u, left->queue_stuck);
    if (left->protected_memory) {
        vm_set(u, SPEC_PLMLIMIT, 4, 0xfff00000u);
        vm_set(u, SPEC_PMEN, 4, SPEC_PMEN_EPM | SPEC_PMEN_PRS);
    }
    if (left->stale_fault) {
        struct vm_request request = { .rid = 0x00f8, .iova = 0xdead000, .access = VTD_MODEL_WRITE };

        vm_fault(u, &request, SPEC_FR_ROOT_P);
        vm_fault_status(u, SPEC_FSTS_PFO);
    }
    if (left->compatibility) {
        vm_set(u, SPEC_GSTS, 4, vm_get(u, SPEC_GSTS, 4) | SPEC_GCMD_CFI);
        u->compatibility = true;
    }
    if (left->interrupts) {
        status = vm_get(u, SPEC_GSTS, 4) | SPEC_GCMD_IRE | SPEC_GCMD_SIRTP;
        u->interrupt_root = vm_take_pages(m, 1, VM_FIRMWARE);
        vm_publish(m, u->interrupt_root, VM_PAGE);
        vm_set(u, SPEC_IRTA, 8, u->interrupt_root);
        vm_set(u, SPEC_GSTS, 4, status);
        u->interrupt_root_set = true;
    }
    vm_unlock(m);
}
