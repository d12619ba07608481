/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model as a whole: defaults, life and death, time, what software did
 * wrong, and the views from outside. The units' behaviour is in the
 * amdvi_model_*.c files beside this one.
 */
#include "amdvi_model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amdvi_model_private.h"

#define DEFAULT_BASE 0xfd000000ull
#define DEFAULT_STRIDE 0x100000ull
#define DEFAULT_FUNCTION 0x0002 /* 00:00.2, further units one bus further up each */
#define DEFAULT_LAST_ID 0x01ff
#define ENTRY_START_RANGE 0x03
#define ENTRY_END_RANGE 0x04
#define IVINFO_EFR_SUP 0x1u
#define IVINFO_48_BITS ((48u << 8) | (48u << 15))
#define IVHD_COHERENT 0x20

struct amdvi_model_unit_config amdvi_model_default_unit(unsigned index, bool include_all)
{
    struct amdvi_model_unit_config unit = {
        .base = DEFAULT_BASE + index * DEFAULT_STRIDE,
        .rid = (uint16_t)(DEFAULT_FUNCTION + (index << 8)),
        .header =
            (uint32_t)(ASPEC_CAPH_EFR_SUP | ASPEC_CAPH_CAP_EXT | spec_make(ASPEC_CAPH_REV, 1)),
        .delay = 3,
        .speculate = true,
        .ivhd_types = 7,
        .ivhd_flags = IVHD_COHERENT,
    };

    spec_put(&unit.efr, ASPEC_EFR_XT_SUP, 1);
    spec_put(&unit.efr, ASPEC_EFR_GT_SUP, 1);
    spec_put(&unit.efr, ASPEC_EFR_IA_SUP, 1);
    spec_put(&unit.efr, ASPEC_EFR_GA_SUP, 1);
    spec_put(&unit.efr, ASPEC_EFR_HE_SUP, 1);
    spec_put(&unit.efr, ASPEC_EFR_HATS, 2);
    spec_put(&unit.efr, ASPEC_EFR_GLX_SUP, 1);
    spec_put(&unit.efr, ASPEC_EFR_PAS_MAX, 15);
    spec_put(&unit.efr, ASPEC_EFR_US_SUP, 1);
    spec_put(&unit.efr, ASPEC_EFR_GIO_SUP, 1);
    if (include_all) {
        unit.entries[0] = (struct amdvi_model_entry){ .type = ENTRY_START_RANGE };
        unit.entries[1] =
            (struct amdvi_model_entry){ .type = ENTRY_END_RANGE, .id = DEFAULT_LAST_ID };
        unit.entry_count = 2;
    }
    return unit;
}

struct amdvi_model_config amdvi_model_default(void)
{
    return (struct amdvi_model_config){
        .units[0] = amdvi_model_default_unit(0, true),
        .unit_count = 1,
        .ivrs_revision = 2,
        .ivinfo = IVINFO_EFR_SUP | IVINFO_48_BITS,
        .host_bits = 48,
        .ram_pa = 0x100000,
        .ram_len = 4u << 20,
        .fault_interrupts = true,
        .clock_step_us = 1,
    };
}

static void unit_create(struct amdvi_model *m, unsigned index)
{
    struct am_unit *u = &m->units[index];

    u->model = m;
    u->index = index;
    u->config = &m->config.units[index];
    u->random = u->config->reorder_seed;
    u->decodes = !u->config->decode_off;
    am_registers_reset(u);
    am_function_of_unit(u);
}

struct amdvi_model *amdvi_model_create(const struct amdvi_model_config *config)
{
    struct amdvi_model *m = calloc(1, sizeof(*m));
    pthread_mutexattr_t attributes;

    if (m == NULL)
        abort();
    m->config = *config;
    m->units = calloc(config->unit_count == 0 ? 1 : config->unit_count, sizeof(*m->units));
    if (m->units == NULL || !am_memory_create(m))
        abort();
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&m->lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    am_platform_create(m);
    for (unsigned i = 0; i < config->unit_count; i++)
        unit_create(m, i);
    return m;
}

void amdvi_model_destroy(struct amdvi_model *m)
{
    if (m == NULL)
        return;
    if (m->checker_runs)
        amdvi_model_checker_stop(m);
    am_platform_destroy(m);
    am_memory_destroy(m);
    pthread_mutex_destroy(&m->lock);
    free(m->violations.at);
    free(m->log.at);
    free(m->units);
    free(m);
}

const struct iommu_platform *amdvi_model_platform(struct amdvi_model *m)
{
    return &m->platform;
}

struct iommu_platform *amdvi_model_platform_edit(struct amdvi_model *m)
{
    return &m->platform;
}

void *amdvi_model_ctx(struct amdvi_model *m)
{
    return m;
}

void am_lock(struct amdvi_model *m)
{
    pthread_mutex_lock(&m->lock);
}

void am_unlock(struct amdvi_model *m)
{
    while (m->message_count > 0) {
        struct am_message message = m->messages[0];

        m->message_count--;
        memmove(&m->messages[0], &m->messages[1], m->message_count * sizeof(message));
        pthread_mutex_unlock(&m->lock);
        if (m->msi != NULL)
            m->msi(m->msi_ctx, message.unit, message.address, message.data);
        pthread_mutex_lock(&m->lock);
    }
    while (m->delivery_count > 0) {
        struct amdvi_model_interrupt interrupt = m->deliveries[0];

        m->delivery_count--;
        memmove(&m->deliveries[0], &m->deliveries[1], m->delivery_count * sizeof(interrupt));
        pthread_mutex_unlock(&m->lock);
        if (m->deliver != NULL)
            m->deliver(m->deliver_ctx, &interrupt);
        pthread_mutex_lock(&m->lock);
    }
    pthread_mutex_unlock(&m->lock);
}

void am_append(struct am_text *text, const char *line)
{
    size_t len = strlen(line);

    if (text->len + len + 2 > text->size) {
        text->size = (text->len + len + 2) * 2;
        text->at = realloc(text->at, text->size);
        if (text->at == NULL)
            abort();
    }
    memcpy(text->at + text->len, line, len);
    text->len += len;
    text->at[text->len++] = '\n';
    text->at[text->len] = '\0';
}

void am_violation(struct amdvi_model *m, const char *format, ...)
{
    char line[256];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    m->violation_count++;
    /* A loop that breaks a rule each time needs to be read once only. */
    if (m->violation_count <= 100)
        am_append(&m->violations, line);
}

void am_tick(struct amdvi_model *m, uint64_t count)
{
    while (count-- > 0) {
        m->ticks++;
        for (unsigned i = 0; i < m->config.unit_count; i++) {
            if (!m->units[i].config->absent)
                am_registers_tick(&m->units[i]);
        }
    }
}

struct am_unit *am_unit(struct amdvi_model *m, unsigned index)
{
    if (index >= m->config.unit_count)
        abort();
    return &m->units[index];
}

bool am_is_hung(const struct am_unit *u, uint64_t mask)
{
    return (u->hang & mask) != 0;
}

/* xorshift: repeatable from reorder_seed. */
uint32_t am_random(struct am_unit *u, uint32_t below)
{
    u->random ^= u->random << 13;
    u->random ^= u->random >> 17;
    u->random ^= u->random << 5;
    return u->random % below;
}

/* ---- views from outside ---- */

size_t amdvi_model_violations(const struct amdvi_model *m)
{
    return m->violation_count;
}

const char *amdvi_model_violation_text(const struct amdvi_model *m)
{
    return m->violations.at == NULL ? "" : m->violations.at;
}

static void text_clear(struct am_text *text)
{
    free(text->at);
    *text = (struct am_text){ 0 };
}

void amdvi_model_violations_clear(struct amdvi_model *m)
{
    m->violation_count = 0;
    text_clear(&m->violations);
}

uint64_t amdvi_model_alloc_calls(const struct amdvi_model *m)
{
    return m->alloc_calls;
}

size_t amdvi_model_live_pages(const struct amdvi_model *m)
{
    return m->live_pages;
}

size_t amdvi_model_live_windows(const struct amdvi_model *m)
{
    size_t live = m->memory_windows;

    for (size_t i = 0; i < AM_WINDOWS; i++)
        live += m->windows[i].host != NULL;
    return live;
}

unsigned amdvi_model_irq_depth(const struct amdvi_model *m)
{
    return m->irq_depth;
}

void amdvi_model_fail_alloc(struct amdvi_model *m, uint64_t nth)
{
    m->fail_alloc = nth;
}

void amdvi_model_fail_map(struct amdvi_model *m, uint64_t nth)
{
    m->fail_map = nth;
}

unsigned amdvi_model_last_reason(const struct amdvi_model *m)
{
    return (unsigned)spec_get(m->last_event[0], ASPEC_EV_CODE);
}

void amdvi_model_last_event(const struct amdvi_model *m, uint64_t event[2])
{
    memcpy(event, m->last_event, sizeof(m->last_event));
}

uint32_t amdvi_model_reg32(const struct amdvi_model *m, unsigned unit, unsigned offset)
{
    return (uint32_t)am_get(&m->units[unit], offset, 4);
}

uint64_t amdvi_model_reg64(const struct amdvi_model *m, unsigned unit, unsigned offset)
{
    return am_get(&m->units[unit], offset, 8);
}

void amdvi_model_poke32(struct amdvi_model *m, unsigned unit, unsigned offset, uint32_t value)
{
    am_set(am_unit(m, unit), offset, 4, value);
}

void amdvi_model_poke64(struct amdvi_model *m, unsigned unit, unsigned offset, uint64_t value)
{
    am_set(am_unit(m, unit), offset, 8, value);
}

static uint64_t software_read(struct amdvi_model *m, unsigned unit, unsigned offset, unsigned width)
{
    uint64_t value;

    am_lock(m);
    am_tick(m, 1);
    value = am_register_read(am_unit(m, unit), offset, width);
    am_unlock(m);
    return value;
}

static void software_write(struct amdvi_model *m, unsigned unit, unsigned offset, unsigned width,
                           uint64_t value)
{
    am_lock(m);
    am_tick(m, 1);
    am_register_write(am_unit(m, unit), offset, width, value);
    am_unlock(m);
}

uint32_t amdvi_model_read32(struct amdvi_model *m, unsigned unit, unsigned offset)
{
    return (uint32_t)software_read(m, unit, offset, 4);
}

uint64_t amdvi_model_read64(struct amdvi_model *m, unsigned unit, unsigned offset)
{
    return software_read(m, unit, offset, 8);
}

void amdvi_model_write32(struct amdvi_model *m, unsigned unit, unsigned offset, uint32_t value)
{
    software_write(m, unit, offset, 4, value);
}

void amdvi_model_write64(struct amdvi_model *m, unsigned unit, unsigned offset, uint64_t value)
{
    software_write(m, unit, offset, 8, value);
}

void amdvi_model_hang(struct amdvi_model *m, unsigned unit, uint64_t mask)
{
    am_unit(m, unit)->hang = mask;
}

void amdvi_model_raise_event(struct amdvi_model *m, unsigned unit, uint64_t lo, uint64_t hi)
{
    am_lock(m);
    am_event(am_unit(m, unit), lo, hi);
    am_unlock(m);
}

void amdvi_model_raise_iotlb_timeout(struct amdvi_model *m, unsigned unit, uint16_t rid,
                                     uint64_t command_pa)
{
    amdvi_model_raise_event(m, unit, spec_make(ASPEC_EV_CODE, ASPEC_EV_IOTLB_TIMEOUT) | rid,
                            command_pa);
}

void amdvi_model_on_msi(struct amdvi_model *m, amdvi_model_msi_fn *fn, void *ctx)
{
    m->msi = fn;
    m->msi_ctx = ctx;
}

void amdvi_model_on_interrupt(struct amdvi_model *m, amdvi_model_deliver_fn *fn, void *ctx)
{
    m->deliver = fn;
    m->deliver_ctx = ctx;
}

struct amdvi_model_interrupt amdvi_model_last_interrupt(const struct amdvi_model *m)
{
    return m->last_interrupt;
}

struct amdvi_model_stats amdvi_model_stats(const struct amdvi_model *m, unsigned unit)
{
    return m->units[unit].stats;
}

uint64_t amdvi_model_flushed_lines(const struct amdvi_model *m)
{
    return m->flushed_lines;
}

uint64_t amdvi_model_barriers(const struct amdvi_model *m)
{
    return m->barriers;
}

uint64_t amdvi_model_now(const struct amdvi_model *m)
{
    return m->clock_us;
}

void amdvi_model_advance(struct amdvi_model *m, uint64_t us)
{
    am_lock(m);
    m->clock_us += us;
    am_tick(m, us < 10000 ? us : 10000);
    am_unlock(m);
}

const char *amdvi_model_log(const struct amdvi_model *m)
{
    return m->log.at == NULL ? "" : m->log.at;
}

size_t amdvi_model_log_lines(const struct amdvi_model *m, enum iommu_log_level level)
{
    return m->log_lines[level];
}

void amdvi_model_log_clear(struct amdvi_model *m)
{
    text_clear(&m->log);
    memset(m->log_lines, 0, sizeof(m->log_lines));
}
