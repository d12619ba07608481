/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See preboot_try.h. An AMD unit that a predecessor left on records a refused
 * request in a ring in memory. Where that lies in RAM that this kernel may use
 * its frames are held until the unit has a ring of its own; where somebody has
 * them already, nothing is sent.
 */
#include "preboot_try.h"

#include "acpi.h"
#include "clock.h"
#include "console.h"
#include "hosts.h"
#include "machine.h"
#include "mm.h"
#include "policy.h"

static struct {
    void *frames;
    size_t count;
} held[IOMMU_HANDOFF_UNITS];

static bool is_ram(uint64_t start, uint64_t end)
{
    for (uint32_t i = 0; i < machine.boot->range_count; i++) {
        const struct boot_range *range = &machine.boot->ranges[i];

        if (range->type == BOOT_RAM && range->start < end && start < range->end)
            return true;
    }
    return false;
}

static bool hold_event_logs(void)
{
    for (uint32_t i = 0; i < machine.handoff.unit_count && i < IOMMU_HANDOFF_UNITS; i++) {
        uint64_t pa, len;

        if (!preboot_dma_event_log(&machine.handoff.units[i], &pa, &len))
            continue;
        held[i].count = len / PAGE_BYTES;
        held[i].frames = pages_alloc(held[i].count, PAGE_BYTES, pa, pa + len);
        if (held[i].frames == NULL && is_ram(pa, pa + len))
            return false;
    }
    return true;
}

static void release_event_logs(void)
{
    for (size_t i = 0; i < IOMMU_HANDOFF_UNITS; i++) {
        if (held[i].frames != NULL)
            pages_free(held[i].frames, held[i].count);
        held[i].frames = NULL;
    }
}

/* The first device that can, and that a unit knows as itself. */
static struct pci_function *find_fetcher(void)
{
    for (struct pci_function *f = pci_first(machine.pci); f != NULL; f = f->next)
        if (!f->is_bridge && f->owner != NULL && iommu_device_owner(f->owner) == f && exerciser_fetches(f))
            return f;
    return NULL;
}

static const char *why_not(void)
{
    if (machine.options.preboot == PREBOOT_WORD_OFF)
        return "preboot=off";
    if (machine.options.preboot == PREBOOT_WORD_NONE && machine.options.report != REPORT_FULL &&
        machine.options.report != REPORT_JSON)
        return "report=full, report=json or preboot=on asks for it at boot";
    if (machine.iommu == NULL || machine_off_word() != NULL)
        return "no unit is to translate that could be asked afterwards";
    return preboot_dma_refused(&machine.handoff);
}

static void send(struct pci_function *f)
{
    static struct iommu_handoff after;
    struct preboot_dma *dma = &machine.preboot;
    struct exerciser *ex = exerciser_probe(&kernel_exerciser_host, NULL, f, false);

    if (ex == NULL) {
        dma->reason = "the device that could cannot be set up";
        return;
    }
    ex->device = f->owner;
    preboot_dma_send(&machine.suite, ex, machine.options.seed ^ now_tsc(), dma);
    if (iommu_take_handoff(&kernel_iommu_platform, NULL, machine.table->bytes, machine.table->len, &after) == IOMMU_OK)
        preboot_dma_faults(&machine.handoff, &after, dma);
    log_line(LOG_INFO, "preboot: read sent dev=%s pa=0x%llx units_with_faults=%zu", ex->label,
             (unsigned long long)dma->frames_pa, dma->recorded);
}

void preboot_try(void)
{
    struct pci_function *f = find_fetcher();

    machine.preboot.reason = why_not();
    if (machine.preboot.reason != NULL)
        return;
    if (f == NULL)
        machine.preboot.reason = "no device here that a unit watches reads memory without writing to it";
    else if (!hold_event_logs())
        machine.preboot.reason = "a unit would record an event in memory that is in use";
    else
        send(f);
}

void preboot_try_look(void)
{
    preboot_dma_look(&machine.suite, &machine.preboot);
    release_event_logs();
    if (machine.preboot.ex != NULL)
        log_line(LOG_INFO, "preboot: read dev=%s result=%s", machine.preboot.ex->label,
                 preboot_dma_name(machine.preboot.result));
}
