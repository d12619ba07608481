/* SPDX-License-Identifier: BSD-2-Clause */
/* What firmware gives software: the IVRS table (AMD-Vi §5.2), and units it left running. */
#include <string.h>

#include "amdvi_model_private.h"

enum { IVRS_HEADER = 48, IVHD_10_BYTES = 24, IVHD_BYTES = 40, IVMD_BYTES = 32, IVHD_TYPES = 3 };

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

static void put_header(struct writer *w, const struct amdvi_model *m)
{
    static const char signature[] = "IVRS", oem[] = "MODEL ", table[] = "AMDMODEL";

    for (unsigned i = 0; i < 4; i++)
        put(w, (uint8_t)signature[i], 1);
    put(w, 0, 4); /* length, at the end */
    put(w, m->config.ivrs_revision, 1);
    put(w, 0, 1); /* checksum, at the end */
    for (unsigned i = 0; i < 6; i++)
        put(w, (uint8_t)oem[i], 1);
    for (unsigned i = 0; i < 8; i++)
        put(w, (uint8_t)table[i], 1);
    put(w, 1, 4);
    put(w, 0, 4);
    put(w, 1, 4);
    put(w, m->config.ivinfo, 4);
    put(w, 0, 8);
}

/* ---- IVHD ---- */

static unsigned entry_bytes(const struct amdvi_model_entry *entry)
{
    return entry->type == 0xf0 ? 22 : 4u << (entry->type >> 6);
}

static void put_entry(struct writer *w, const struct amdvi_model_entry *entry)
{
    bool special = entry->type == 0x48, aliased = entry->type == 0x42 || entry->type == 0x43;

    put(w, entry->type, 1);
    put(w, special ? 0 : entry->id, 2);
    put(w, entry->setting, 1);
    if (entry->type == 0xf0) {
        put(w, 0x30303030434d4544ull, 8); /* "DEMC0000" */
        put(w, 0, 10);
    } else if (special) {
        put(w, entry->extra & 0xff, 1);
        put(w, entry->alias, 2);
        put(w, entry->extra >> 8 & 0xff, 1);
    } else if (aliased) {
        put(w, 0, 1);
        put(w, entry->alias, 2);
        put(w, 0, 1);
    } else if (entry->type >= 0x40) {
        put(w, entry->extra, 4);
    }
}

/* Entries of variable length are in blocks of type 40h only. */
static bool entry_belongs(const struct amdvi_model_entry *entry, uint8_t block)
{
    return entry->type != 0xf0 || block == 0x40;
}

static void put_ivhd(struct writer *w, const struct amdvi_model_unit_config *unit, uint8_t type)
{
    size_t length = type == 0x10 ? IVHD_10_BYTES : IVHD_BYTES;

    for (size_t i = 0; i < unit->entry_count; i++)
        length += entry_belongs(&unit->entries[i], type) ? entry_bytes(&unit->entries[i]) : 0;
    put(w, type, 1);
    put(w, unit->ivhd_flags, 1);
    put(w, length, 2);
    put(w, unit->rid, 2);
    put(w, AMDVI_MODEL_CAPABILITY, 2);
    put(w, unit->base, 8);
    put(w, unit->segment, 2);
    put(w, 0, 2);
    put(w, unit->ivhd_features, 4);
    if (type != 0x10) {
        put(w, unit->efr, 8);
        put(w, unit->efr2, 8);
    }
    for (size_t i = 0; i < unit->entry_count; i++) {
        if (entry_belongs(&unit->entries[i], type))
            put_entry(w, &unit->entries[i]);
    }
}

static void put_ivmd(struct writer *w, const struct amdvi_model_ivmd *ivmd)
{
    put(w, ivmd->type, 1);
    put(w, ivmd->flags, 1);
    put(w, IVMD_BYTES, 2);
    put(w, ivmd->first, 2);
    put(w, ivmd->last, 2);
    put(w, ivmd->segment, 2);
    put(w, 0, 6);
    put(w, ivmd->start, 8);
    put(w, ivmd->end - ivmd->start, 8);
}

size_t amdvi_model_ivrs(const struct amdvi_model *m, void *buf, size_t size)
{
    static const uint8_t types[IVHD_TYPES] = { 0x10, 0x11, 0x40 };
    struct writer w = { buf, size, 0 };
    uint8_t sum = 0;

    put_header(&w, m);
    for (unsigned t = 0; t < IVHD_TYPES; t++) {
        for (size_t i = 0; i < m->config.unit_count; i++) {
            if ((m->config.units[i].ivhd_types >> t & 1) != 0)
                put_ivhd(&w, &m->config.units[i], types[t]);
        }
    }
    for (size_t i = 0; i < m->config.ivmd_count; i++)
        put_ivmd(&w, &m->config.ivmds[i]);
    if (w.used > size || w.used < IVRS_HEADER)
        return 0;
    for (unsigned i = 0; i < 4; i++)
        w.at[4 + i] = (uint8_t)(w.used >> (8 * i));
    for (size_t i = 0; i < w.used; i++)
        sum = (uint8_t)(sum + w.at[i]);
    w.at[9] = (uint8_t)(0u - sum);
    return w.used;
}

/* ---- units left running ---- */

#define BUS_IDS 256u
#define FIRMWARE_DOMAIN 1u
#define STALE_ID 0x00f8u
#define STALE_ADDRESS 0xdead000ull
#define RING_LENGTH 8u /* 256 entries: one page */

static void store64(struct amdvi_model *m, uint64_t pa, uint64_t value)
{
    memcpy(am_ram(m, pa), &value, sizeof(value));
}

/* Identity below 2 MiB for every function of bus 0: one table of the lowest level. */
static void build_tables(struct am_unit *u, bool interrupts)
{
    struct amdvi_model *m = u->model;
    size_t pages = BUS_IDS * ASPEC_DTE_BYTES / AM_PAGE;
    uint64_t table = am_take_pages(m, pages, AM_FIRMWARE), root = am_take_pages(m, 1, AM_FIRMWARE);
    uint64_t lo = root | ASPEC_DTE_V | ASPEC_DTE_TV | ASPEC_DTE_IR | ASPEC_DTE_IW |
                  spec_make(ASPEC_DTE_MODE, 1);
    uint64_t remap = ASPEC_DTE_IV | spec_make(ASPEC_DTE_INT_CTL, ASPEC_INT_CTL_FORWARD);

    for (unsigned i = 0; i < BUS_IDS; i++) {
        store64(m, table + i * ASPEC_DTE_BYTES, lo);
        store64(m, table + i * ASPEC_DTE_BYTES + 8, FIRMWARE_DOMAIN);
        store64(m, table + i * ASPEC_DTE_BYTES + 16, interrupts ? remap : 0);
    }
    for (unsigned i = 0; i < AM_PAGE / 8; i++)
        store64(m, root + i * 8, (uint64_t)i * AM_PAGE | ASPEC_PT_PR | ASPEC_PT_IR | ASPEC_PT_IW);
    am_publish(m, table, pages * AM_PAGE);
    am_publish(m, root, AM_PAGE);
    am_set(u, ASPEC_DEV_TAB, 8, table | (pages - 1));
}

static uint64_t build_ring(struct am_unit *u, unsigned base)
{
    uint64_t page = am_take_pages(u->model, 1, AM_FIRMWARE);

    am_publish(u->model, page, AM_PAGE);
    am_set(u, base, 8, page | spec_make(ASPEC_RING_LEN, RING_LENGTH));
    return page;
}

static void leave_commands(struct am_unit *u, bool stuck)
{
    uint64_t page = build_ring(u, ASPEC_CMD_BASE);

    am_command_start(u);
    if (!stuck)
        return;
    store64(u->model, page, ASPEC_OP); /* there is no command 15 */
    am_publish(u->model, page, AM_PAGE);
    am_set(u, ASPEC_CMD_TAIL, 8, ASPEC_COMMAND_BYTES);
    am_status_clear(u, ASPEC_STS_CMD_BUF_RUN);
}

static void leave_event(struct am_unit *u)
{
    am_event(u, spec_make(ASPEC_EV_CODE, ASPEC_EV_PAGE_FAULT) | STALE_ID | ASPEC_EV_RW,
             STALE_ADDRESS);
    am_status_clear(u, ASPEC_STS_EVENT_LOG_RUN);
    am_status_set(u, ASPEC_STS_EVENT_OVERFLOW);
}

void amdvi_model_firmware_left(struct amdvi_model *m, unsigned unit,
                               const struct amdvi_model_firmware *left)
{
    struct am_unit *u = am_unit(m, unit);
    struct am_function *function = am_function(m, u->config->segment, u->config->rid, false);
    uint64_t control = ASPEC_CTL_COHERENT | left->control;

    am_lock(m);
    if (left->translate || left->interrupts) {
        build_tables(u, left->interrupts);
        control |= ASPEC_CTL_IOMMU_EN;
    }
    if (left->commands || left->commands_stuck) {
        leave_commands(u, left->commands_stuck);
        control |= ASPEC_CTL_CMD_BUF_EN;
    }
    if (left->event_log || left->stale_event) {
        (void)build_ring(u, ASPEC_EVT_BASE);
        am_event_start(u);
        control |= ASPEC_CTL_EVENT_LOG_EN;
    }
    if (left->stale_event)
        leave_event(u);
    if (left->interrupts)
        am_config_put(function, AMDVI_MODEL_MSI + 2, 2,
                      am_config_get(function, AMDVI_MODEL_MSI + 2, 2) | 1);
    am_set(u, ASPEC_CONTROL, 8, control);
    u->control = control;
    am_unlock(m);
}
