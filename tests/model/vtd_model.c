/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model as a whole: defaults, life and death, time, what software did
 * wrong, and the views from outside. The units' behaviour is in the
 * vtd_model_*.c files beside this one.
 */
#include "vtd_model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vtd_model_private.h"

#define DEFAULT_BASE 0xfed90000ull
#define DEFAULT_STRIDE 0x10000ull
#define DEFAULT_IOTLB_OFFSET 0x500u
#define DEFAULT_RECORD_OFFSET 0x400u
#define SAGAW_39_AND_48 6u
#define SSLPS_2M_AND_1G 3u
#define ND_256 2u

struct vtd_model_unit_config vtd_model_default_unit(unsigned index, bool include_all)
{
    struct vtd_model_unit_config unit = {
        .base = DEFAULT_BASE + index * DEFAULT_STRIDE,
        .version = 0x10,
        .delay = 3,
        .speculate = true,
        .include_all = include_all,
    };

    spec_put(&unit.cap, SPEC_CAP_ND, ND_256);
    spec_put(&unit.cap, SPEC_CAP_SAGAW, SAGAW_39_AND_48);
    spec_put(&unit.cap, SPEC_CAP_MGAW, 48 - 1);
    spec_put(&unit.cap, SPEC_CAP_ZLR, 1);
    spec_put(&unit.cap, SPEC_CAP_FRO, DEFAULT_RECORD_OFFSET / 16);
    spec_put(&unit.cap, SPEC_CAP_SSLPS, SSLPS_2M_AND_1G);
    spec_put(&unit.cap, SPEC_CAP_PSI, 1);
    spec_put(&unit.cap, SPEC_CAP_NFR, 8 - 1);
    spec_put(&unit.cap, SPEC_CAP_MAMV, 18);
    spec_put(&unit.cap, SPEC_CAP_DWD, 1);
    spec_put(&unit.cap, SPEC_CAP_DRD, 1);
    spec_put(&unit.ecap, SPEC_ECAP_C, 1);
    spec_put(&unit.ecap, SPEC_ECAP_QI, 1);
    spec_put(&unit.ecap, SPEC_ECAP_PT, 1);
    spec_put(&unit.ecap, SPEC_ECAP_IRO, DEFAULT_IOTLB_OFFSET / 16);
    return unit;
}

struct vtd_model_config vtd_model_default(void)
{
    return (struct vtd_model_config){
        .units[0] = vtd_model_default_unit(0, true),
        .unit_count = 1,
        .host_bits = 39,
        .ram_pa = 0x100000,
        .ram_len = 4u << 20,
        .fault_interrupts = true,
        .clock_step_us = 1,
    };
}

struct vtd_model *vtd_model_create(const struct vtd_model_config *config)
{
    struct vtd_model *m = calloc(1, sizeof(*m));
    pthread_mutexattr_t attributes;

    if (m == NULL)
        abort();
    m->config = *config;
    m->units = calloc(config->unit_count == 0 ? 1 : config->unit_count, sizeof(*m->units));
    if (m->units == NULL || !vm_memory_create(m))
        abort();
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&m->lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    vm_platform_create(m);
    for (unsigned i = 0; i < config->unit_count; i++) {
        struct vm_unit *u = &m->units[i];

        u->model = m;
        u->index = i;
        u->config = &m->config.units[i];
        u->random = u->config->reorder_seed;
        vm_registers_reset(u);
    }
    return m;
}

void vtd_model_destroy(struct vtd_model *m)
{
    if (m == NULL)
        return;
    if (m->checker_runs)
        vtd_model_checker_stop(m);
    vm_platform_destroy(m);
    vm_memory_destroy(m);
    pthread_mutex_destroy(&m->lock);
    free(m->violations.at);
    free(m->log.at);
    free(m->units);
    free(m);
}

const struct iommu_platform *vtd_model_platform(struct vtd_model *m)
{
    return &m->platform;
}

struct iommu_platform *vtd_model_platform_edit(struct vtd_model *m)
{
    return &m->platform;
}

void *vtd_model_ctx(struct vtd_model *m)
{
    return m;
}

void vm_lock(struct vtd_model *m)
{
    pthread_mutex_lock(&m->lock);
}

void vm_unlock(struct vtd_model *m)
{
    while (m->event_count > 0) {
        struct vm_event event = m->events[0];

        m->event_count--;
        memmove(&m->events[0], &m->events[1], m->event_count * sizeof(event));
        pthread_mutex_unlock(&m->lock);
        if (m->msi != NULL)
            m->msi(m->msi_ctx, event.unit, event.address, event.data);
        pthread_mutex_lock(&m->lock);
    }
    while (m->delivery_count > 0) {
        struct vtd_model_interrupt interrupt = m->deliveries[0];

        m->delivery_count--;
        memmove(&m->deliveries[0], &m->deliveries[1], m->delivery_count * sizeof(interrupt));
        pthread_mutex_unlock(&m->lock);
        if (m->deliver != NULL)
            m->deliver(m->deliver_ctx, &interrupt);
        pthread_mutex_lock(&m->lock);
    }
    pthread_mutex_unlock(&m->lock);
}

void vm_append(struct vm_text *text, const char *line)
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

void vm_violation(struct vtd_model *m, const char *format, ...)
{
    char line[256];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    m->violation_count++;
    /* A loop that breaks a rule each time needs to be read once only. */
    if (m->violation_count <= 100)
        vm_append(&m->violations, line);
}

void vm_tick(struct vtd_model *m, uint64_t count)
{
    while (count-- > 0) {
        m->ticks++;
        for (unsigned i = 0; i < m->config.unit_count; i++) {
            if (!m->units[i].config->absent)
                vm_registers_tick(&m->units[i]);
        }
    }
}

struct vm_unit *vm_unit(struct vtd_model *m, unsigned index)
{
    if (index >= m->config.unit_count)
        abort();
    return &m->units[index];
}

bool vm_is_hung(const struct vm_unit *u, uint64_t mask)
{
    return (u->hang & mask) != 0;
}

/* xorshift: repeatable from reorder_seed. */
uint32_t vm_random(struct vm_unit *u, uint32_t below)
{
    u->random ^= u->random << 13;
    u->random ^= u->random >> 17;
    u->random ^= u->random << 5;
    return u->random % below;
}

/* ---- views from outside ---- */

size_t vtd_model_violations(const struct vtd_model *m)
{
    return m->violation_count;
}

const char *vtd_model_violation_text(const struct vtd_model *m)
{
    return m->violations.at == NULL ? "" : m->violations.at;
}

static void text_clear(struct vm_text *text)
{
    free(text->at);
    *text = (struct vm_text){ 0 };
}

void vtd_model_violations_clear(struct vtd_model *m)
{
    m->violation_count = 0;
    text_clear(&m->violations);
}

uint64_t vtd_model_alloc_calls(const struct vtd_model *m)
{
    return m->alloc_calls;
}

size_t vtd_model_live_pages(const struct vtd_model *m)
{
    return m->live_pages;
}

size_t vtd_model_live_windows(const struct vtd_model *m)
{
    size_t live = m->memory_windows;

    for (size_t i = 0; i < VM_WINDOWS; i++)
        live += m->windows[i].host != NULL;
    return live;
}

unsigned vtd_model_irq_depth(const struct vtd_model *m)
{
    return m->irq_depth;
}

void vtd_model_fail_alloc(struct vtd_model *m, uint64_t nth)
{
    m->fail_alloc = nth;
}

void vtd_model_fail_map(struct vtd_model *m, uint64_t nth)
{
    m->fail_map = nth;
}

unsigned vtd_model_last_reason(const struct vtd_model *m)
{
    return m->last_reason;
}

uint32_t vtd_model_reg32(const struct vtd_model *m, unsigned unit, unsigned offset)
{
    return (uint32_t)vm_get(&m->units[unit], offset, 4);
}

uint64_t vtd_model_reg64(const struct vtd_model *m, unsigned unit, unsigned offset)
{
    return vm_get(&m->units[unit], offset, 8);
}

void vtd_model_poke32(struct vtd_model *m, unsigned unit, unsigned offset, uint32_t value)
{
    vm_set(vm_unit(m, unit), offset, 4, value);
}

void vtd_model_poke64(struct vtd_model *m, unsigned unit, unsigned offset, uint64_t value)
{
    vm_set(vm_unit(m, unit), offset, 8, value);
}

static uint64_t software_read(struct vtd_model *m, unsigned unit, unsigned offset, unsigned width)
{
    uint64_t value;

    vm_lock(m);
    vm_tick(m, 1);
    value = vm_register_read(vm_unit(m, unit), offset, width);
    vm_unlock(m);
    return value;
}

static void software_write(struct vtd_model *m, unsigned unit, unsigned offset, unsigned width, uint64_t value)
{
    vm_lock(m);
    vm_tick(m, 1);
    vm_register_write(vm_unit(m, unit), offset, width, value);
    vm_unlock(m);
}

uint32_t vtd_model_read32(struct vtd_model *m, unsigned unit, unsigned offset)
{
    return (uint32_t)software_read(m, unit, offset, 4);
}

uint64_t vtd_model_read64(struct vtd_model *m, unsigned unit, unsigned offset)
{
    return software_read(m, unit, offset, 8);
}

void vtd_model_write32(struct vtd_model *m, unsigned unit, unsigned offset, uint32_t value)
{
    software_write(m, unit, offset, 4, value);
}

void vtd_model_write64(struct vtd_model *m, unsigned unit, unsigned offset, uint64_t value)
{
    software_write(m, unit, offset, 8, value);
}

void vtd_model_hang(struct vtd_model *m, unsigned unit, uint64_t mask)
{
    vm_unit(m, unit)->hang = mask;
}

void vtd_model_refuse_register_invalidation(struct vtd_model *m, unsigned unit)
{
    vm_unit(m, unit)->refuse_register = true;
}

void vtd_model_raise_ite(struct vtd_model *m, unsigned unit, uint16_t rid)
{
    struct vm_unit *u = vm_unit(m, unit);
    uint64_t record;

    vm_lock(m);
    record = vm_get(u, SPEC_IQERCD, 8);
    spec_put(&record, SPEC_IQERCD_ITESID, rid);
    vm_set(u, SPEC_IQERCD, 8, record);
    vm_queue_abort_waits(u);
    vm_fault_status(u, SPEC_FSTS_ITE);
    vm_unlock(m);
}

void vtd_model_raise_ice(struct vtd_model *m, unsigned unit, uint16_t rid)
{
    struct vm_unit *u = vm_unit(m, unit);
    uint64_t record;

    vm_lock(m);
    record = vm_get(u, SPEC_IQERCD, 8);
    spec_put(&record, SPEC_IQERCD_ICESID, rid);
    vm_set(u, SPEC_IQERCD, 8, record);
    vm_fault_status(u, SPEC_FSTS_ICE);
    vm_unlock(m);
}

void vtd_model_on_msi(struct vtd_model *m, vtd_model_msi_fn *fn, void *ctx)
{
    m->msi = fn;
    m->msi_ctx = ctx;
}

void vtd_model_on_interrupt(struct vtd_model *m, vtd_model_deliver_fn *fn, void *ctx)
{
    m->deliver = fn;
    m->deliver_ctx = ctx;
}

struct vtd_model_interrupt vtd_model_last_interrupt(const struct vtd_model *m)
{
    return m->last_interrupt;
}

struct vtd_model_stats vtd_model_stats(const struct vtd_model *m, unsigned unit)
{
    return m->units[unit].stats;
}

uint64_t vtd_model_flushed_lines(const struct vtd_model *m)
{
    return m->flushed_lines;
}

uint64_t vtd_model_barriers(const struct vtd_model *m)
{
    return m->barriers;
}

uint64_t vtd_model_now(const struct vtd_model *m)
{
    return m->clock_us;
}

void vtd_model_advance(struct vtd_model *m, uint64_t us)
{
    vm_lock(m);
    m->clock_us += us;
    vm_tick(m, us < 10000 ? us : 10000);
    vm_unlock(m);
}

const char *vtd_model_log(const struct vtd_model *m)
{
    return m->log.at == NULL ? "" : m->log.at;
}

size_t vtd_model_log_lines(const struct vtd_model *m, enum iommu_log_level level)
{
    return m->log_lines[level];
}

void vtd_model_log_clear(struct vtd_model *m)
{
    text_clear(&m->log);
    memset(m->log_lines, 0, sizeof(m->log_lines));
}
