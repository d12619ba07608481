/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See preboot_dma.h. What the device holds is brought back to a frame whose
 * IOVA is its physical address: where a unit only says that it translates, it
 * arrives in the same frame.
 */
#include "preboot_dma.h"

#include "amd/amdvi_regs.h"
#include "case.h"
#include "intel/vtd_regs.h"
#include "tap.h"

#define PAGE_BYTES 4096ull
#define FRAMES 2u
#define SECRET_WORDS 32u
#define SECRET_BYTES (SECRET_WORDS * 8u)
#define EVENT_BYTES 16u
/* VT-d §11.4.4.2: advanced fault logging, to a log in memory. */
#define GSTS_AFLS BIT32(28)

const char *preboot_dma_name(enum preboot_dma_result result)
{
    static const char *const names[] = {
        [PREBOOT_DMA_NOT_TRIED] = "not-tried",
        [PREBOOT_DMA_REACHED] = "reached",
        [PREBOOT_DMA_STOPPED] = "stopped",
        [PREBOOT_DMA_UNCLEAR] = "unclear",
    };

    return names[result];
}

/* ---- the units as they were found ---- */

static size_t unit_count(const struct iommu_handoff *handoff)
{
    return handoff->unit_count < IOMMU_HANDOFF_UNITS ? handoff->unit_count : IOMMU_HANDOFF_UNITS;
}

static const char *intel_refused(const struct iommu_handoff_unit *unit)
{
    if (!unit->translating && (unit->intel.protected_memory & VTD_PMEN_PRS) == 0)
        return NULL;    /* nothing there faults */
    if ((unit->intel.fault_control & VTD_FECTL_IM) == 0)
        return "a unit's fault interrupt is on, and leads where its predecessor wanted it";
    if ((unit->intel.status & GSTS_AFLS) != 0)
        return "a unit would record a fault in a log in memory";
    return NULL;
}

static const char *amd_refused(const struct iommu_handoff_unit *unit)
{
    if (!unit->translating)
        return NULL;
    if ((unit->amd.control & AMDVI_CONTROL_EVENT_INT_EN) != 0)
        return "a unit's event interrupt is on, and leads where its predecessor wanted it";
    if ((unit->amd.control & AMDVI_CONTROL_DUAL_EVENT_LOG_EN) != 0)
        return "a unit would record an event in one of two logs";
    return NULL;
}

const char *preboot_dma_refused(const struct iommu_handoff *now)
{
    const char *reason = now->taken == 0 ? "nobody looked at the units" : NULL;

    for (size_t i = 0; i < unit_count(now) && reason == NULL; i++) {
        const struct iommu_handoff_unit *unit = &now->units[i];

        if (unit->present)
            reason = unit->vendor == IOMMU_HANDOFF_AMD ? amd_refused(unit) : intel_refused(unit);
    }
    return reason;
}

bool preboot_dma_event_log(const struct iommu_handoff_unit *unit, uint64_t *pa, uint64_t *len)
{
    if (unit->vendor != IOMMU_HANDOFF_AMD || !unit->present || !unit->translating ||
        (unit->amd.control & AMDVI_CONTROL_EVENT_LOG_EN) == 0)
        return false;
    *pa = unit->amd.event_base & AMDVI_RING_BASE;
    *len = (uint64_t)EVENT_BYTES << field_get(unit->amd.event_base, AMDVI_RING_LEN);
    *len = (*len + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    return true;
}

static bool recorded(const struct iommu_handoff_unit *before, const struct iommu_handoff_unit *after)
{
    const uint32_t seen = VTD_FSTS_PPF | VTD_FSTS_PFO;

    if (after->vendor == IOMMU_HANDOFF_INTEL)
        return (after->intel.fault_status & ~before->intel.fault_status & seen) != 0;
    return after->amd.event_tail != before->amd.event_tail ||
           (after->amd.status & ~before->amd.status & AMDVI_STATUS_EVENT_OVERFLOW) != 0;
}

/* VT-d §11.4.7.1: PPF stands for all records; AMD-Vi §2.5.1: after an overflow nothing more is logged. */
static bool had_some(const struct iommu_handoff_unit *before)
{
    if (before->vendor == IOMMU_HANDOFF_INTEL)
        return (before->intel.fault_status & VTD_FSTS_PPF) != 0;
    return (before->amd.status & AMDVI_STATUS_EVENT_OVERFLOW) != 0;
}

void preboot_dma_faults(const struct iommu_handoff *before, const struct iommu_handoff *after, struct preboot_dma *dma)
{
    dma->recorded = dma->undecided = 0;
    for (size_t i = 0; i < unit_count(before) && i < unit_count(after); i++) {
        const struct iommu_handoff_unit *a = &before->units[i], *b = &after->units[i];

        if (!a->present || !b->present)
            continue;
        if (recorded(a, b))
            dma->recorded++;
        else
            dma->undecided += had_some(a);
    }
}

/* ---- the transfer ---- */

/* Splitmix64: words that nothing else holds by chance. */
static void secret_make(uint64_t *words, uint64_t number)
{
    for (size_t i = 0; i < SECRET_WORDS; i++) {
        uint64_t word = number += 0x9e3779b97f4a7c15ull;

        word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9ull;
        word = (word ^ word >> 27) * 0x94d049bb133111ebull;
        words[i] = word ^ word >> 31;
    }
}

static bool was_master(const struct exerciser *ex)
{
    return ex->function != NULL && pci_bus_master_enabled(ex->function);
}

static void frames_free(struct suite_env *env, struct preboot_dma *dma)
{
    env->ops->frames_free(env, dma->frames, FRAMES);
    dma->frames = NULL;
}

static void unclear(struct preboot_dma *dma, const char *reason)
{
    dma->result = PREBOOT_DMA_UNCLEAR;
    dma->reason = reason;
}

void preboot_dma_send(struct suite_env *env, struct exerciser *ex, uint64_t number, struct preboot_dma *out)
{
    uint64_t end = ex->address_bits >= 64 ? UINT64_MAX : 1ull << ex->address_bits;
    bool master = was_master(ex);
    enum ex_status status;

    *out = (struct preboot_dma){ .ex = ex, .reason = "there is no memory within its reach" };
    out->frames = env->ops->frames_alloc(env, FRAMES, PAGE_BYTES, 0, end, &out->frames_pa);
    if (out->frames == NULL)
        return;
    secret_make((uint64_t *)(void *)out->frames, number);
    env->ops->bus_master(env, ex, true);
    status = exerciser_wait(ex, ex->ops->fetch(ex, out->frames_pa, SECRET_BYTES));
    env->ops->bus_master(env, ex, master);
    if (status == EX_UNSUPPORTED)
        out->reason = "the device does not take the transfer";
    else if (status == EX_TIMEOUT)
        unclear(out, "the transfer did not end");
    else
        unclear(out, "the units have not been started");
    if (status == EX_UNSUPPORTED || status == EX_TIMEOUT)
        frames_free(env, out);
}

/* ---- what the device holds ---- */

enum held { HELD_SECRET, HELD_OTHER, HELD_UNKNOWN };

static enum held bring_back(struct preboot_dma *dma)
{
    const volatile uint64_t *secret = (const uint64_t *)(const void *)dma->frames;
    volatile uint64_t *seen = (uint64_t *)(void *)(dma->frames + PAGE_BYTES);
    size_t equal = 0, unchanged = 0;
    enum ex_status status;

    for (size_t i = 0; i < SECRET_WORDS; i++)
        seen[i] = ~secret[i];
    status = exerciser_wait(dma->ex, dma->ex->ops->give(dma->ex, dma->frames_pa + PAGE_BYTES, SECRET_BYTES));
    for (size_t i = 0; i < SECRET_WORDS; i++) {
        equal += seen[i] == secret[i];
        unchanged += seen[i] == ~secret[i];
    }
    if (status != EX_DONE || unchanged == SECRET_WORDS)
        return HELD_UNKNOWN;
    return equal == SECRET_WORDS ? HELD_SECRET : HELD_OTHER;
}

/* That it did not read then says something only of a device that reads now. */
static void judge(struct preboot_dma *dma)
{
    enum held held = bring_back(dma);
    enum ex_status status;

    if (held == HELD_SECRET) {
        dma->result = PREBOOT_DMA_REACHED;
        dma->reason = NULL;
        return;
    }
    if (held == HELD_UNKNOWN) {
        unclear(dma, "the device did not give back what it holds");
        return;
    }
    status = exerciser_wait(dma->ex, dma->ex->ops->fetch(dma->ex, dma->frames_pa, SECRET_BYTES));
    if (status != EX_DONE || bring_back(dma) != HELD_SECRET) {
        unclear(dma, "the device does not read what is mapped for it either");
        return;
    }
    dma->result = PREBOOT_DMA_STOPPED;
    dma->reason = NULL;
}

static bool map(struct iommu_domain *domain, uint64_t pa, uint32_t prot)
{
    return iommu_map(domain, &(struct iommu_mapping){ .iova = pa, .pa = pa, .len = PAGE_BYTES, .prot = prot }) ==
           IOMMU_OK;
}

static void look_in(struct suite_env *env, struct preboot_dma *dma, struct iommu_domain *domain)
{
    bool master = was_master(dma->ex);

    if (!map(domain, dma->frames_pa, IOMMU_READ) || !map(domain, dma->frames_pa + PAGE_BYTES, IOMMU_WRITE) ||
        iommu_attach(domain, dma->ex->device, IOMMU_NO_PASID) != IOMMU_OK) {
        unclear(dma, "the device cannot be given the frames");
        return;
    }
    env->ops->bus_master(env, dma->ex, true);
    judge(dma);
    dma->ex->ops->stop(dma->ex);
    env->ops->bus_master(env, dma->ex, master);
    if (iommu_detach(dma->ex->device, IOMMU_NO_PASID) != IOMMU_OK)
        unclear(dma, "the device cannot be taken from its domain");
}

static void clear_faults(struct suite_env *env, struct exerciser *ex)
{
    uint16_t rids[IOMMU_DEVICE_RIDS];
    size_t count = case_requester_ids(env, ex, rids);

    if (iommu_device_unfence(ex->device) != IOMMU_OK)
        tap_text(env, "# before: %s cannot be unfenced\n", ex->label);
    for (size_t i = 0; i < count; i++)
        env->ops->faults_clear(env, iommu_device_segment(ex->device), rids[i]);
}

void preboot_dma_look(struct suite_env *env, struct preboot_dma *dma)
{
    struct iommu_device *device;
    struct iommu_domain_desc desc = { .type = IOMMU_DOMAIN_UNMANAGED, .devices = &device, .device_count = 1 };
    struct iommu_domain *domain;

    if (dma->frames == NULL)
        return;
    device = dma->ex->device;
    if (env->iommu == NULL || device == NULL) {
        unclear(dma, "no unit was started for the device");
    } else if (iommu_domain_create(env->iommu, &desc, &domain) != IOMMU_OK) {
        unclear(dma, "the device can be given no domain");
    } else {
        look_in(env, dma, domain);
        if (iommu_domain_destroy(domain) != IOMMU_OK)
            unclear(dma, "the device's domain cannot be given up");
        clear_faults(env, dma->ex);
    }
    frames_free(env, dma);
}
