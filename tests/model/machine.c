/* SPDX-License-Identifier: BSD-2-Clause */
/* See machine.h: each call goes to the model that is there. Segment 0 only. */
#include "machine.h"

#include "amdvi_model.h"
#include "vtd_model.h"

#define EITHER(m, call, ...) \
    ((m)->vtd != NULL ? vtd_model_##call((m)->vtd, ##__VA_ARGS__) : amdvi_model_##call((m)->amdvi, ##__VA_ARGS__))

void machine_destroy(const struct machine *m)
{
    EITHER(m, destroy);
}

const struct iommu_platform *machine_platform(const struct machine *m)
{
    return EITHER(m, platform);
}

void *machine_ctx(const struct machine *m)
{
    return EITHER(m, ctx);
}

void machine_on_msi(const struct machine *m, machine_msi_fn *fn, void *ctx)
{
    EITHER(m, on_msi, fn, ctx);
}

size_t machine_table(const struct machine *m, void *buf, size_t size)
{
    return m->vtd != NULL ? vtd_model_dmar(m->vtd, buf, size) : amdvi_model_ivrs(m->amdvi, buf, size);
}

uint64_t machine_frames(const struct machine *m, size_t count, uint64_t align, uint64_t start_pa, uint64_t end_pa)
{
    return EITHER(m, frames, count, align, start_pa, end_pa);
}

void machine_frames_free(const struct machine *m, uint64_t pa, size_t count)
{
    EITHER(m, frames_free, pa, count);
}

void *machine_ram(const struct machine *m, uint64_t pa, size_t len)
{
    return EITHER(m, ram, pa, len);
}

uint64_t machine_pa(const struct machine *m, const void *at)
{
    return EITHER(m, pa, at);
}

size_t machine_live_pages(const struct machine *m)
{
    return EITHER(m, live_pages);
}

bool machine_dma(const struct machine *m, unsigned unit, uint16_t rid, uint64_t iova, void *data, size_t len, bool write)
{
    if (m->vtd != NULL) {
        enum vtd_model_result result = vtd_model_dma(m->vtd, unit, rid, iova, data, len, write);

        return result == VTD_MODEL_DONE || result == VTD_MODEL_INTERRUPT;
    } else {
        enum amdvi_model_result result = amdvi_model_dma(m->amdvi, unit, rid, iova, data, len, write);

        return result == AMDVI_MODEL_DONE || result == AMDVI_MODEL_INTERRUPT;
    }
}

/* Delivery modes 0 and 1 of either vendor. */
#define MODE_LOWEST 1

static void from_vtd(void *ctx, const struct vtd_model_interrupt *interrupt)
{
    const struct machine *m = ctx;

    m->interrupt(m->interrupt_ctx, &(struct machine_interrupt){
        .apic_id = interrupt->apic_id, .vector = interrupt->vector, .level = interrupt->level,
        .ordinary = interrupt->mode <= MODE_LOWEST && !interrupt->logical && !interrupt->notification,
    });
}

static void from_amdvi(void *ctx, const struct amdvi_model_interrupt *interrupt)
{
    const struct machine *m = ctx;

    m->interrupt(m->interrupt_ctx, &(struct machine_interrupt){
        .apic_id = interrupt->apic_id, .vector = interrupt->vector, .level = interrupt->level,
        .ordinary = interrupt->mode <= MODE_LOWEST && !interrupt->logical && !interrupt->doorbell,
    });
}

void machine_on_interrupt(struct machine *m, machine_interrupt_fn *fn, void *ctx)
{
    m->interrupt = fn;
    m->interrupt_ctx = ctx;
    if (m->vtd != NULL)
        vtd_model_on_interrupt(m->vtd, from_vtd, m);
    else
        amdvi_model_on_interrupt(m->amdvi, from_amdvi, m);
}

void machine_ioapic(const struct machine *m, unsigned unit, uint16_t rid, uint64_t redirection_entry)
{
    if (m->vtd != NULL)
        (void)vtd_model_ioapic(m->vtd, unit, rid, redirection_entry);
    else
        (void)amdvi_model_ioapic(m->amdvi, unit, rid, redirection_entry);
}

void machine_function(const struct machine *m, uint16_t rid)
{
    EITHER(m, function, 0, rid);
}

void machine_bus_master(const struct machine *m, uint16_t rid, bool on)
{
    EITHER(m, bus_master, 0, rid, on);
}

bool machine_bus_master_is_on(const struct machine *m, uint16_t rid)
{
    return EITHER(m, bus_master_is_on, 0, rid);
}

uint64_t machine_now(const struct machine *m)
{
    return EITHER(m, now);
}

void machine_advance(const struct machine *m, uint64_t us)
{
    EITHER(m, advance, us);
}

const char *machine_log(const struct machine *m)
{
    return EITHER(m, log);
}

size_t machine_violations(const struct machine *m)
{
    return EITHER(m, violations);
}

const char *machine_violation_text(const struct machine *m)
{
    return EITHER(m, violation_text);
}
