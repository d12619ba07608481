/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Public entry points that concern the machine: making it, its firmware
 * tables, starting and stopping, units. Arguments are checked here; what a
 * vendor knows is asked of its ops. Devices are in device.c, domains in domain.c.
 */
#include "internal.h"
#include "memory.h"

#include <stdarg.h>

#define POOL_SIZE(type) ((uint32_t)((sizeof(type) + 7u) & ~7u))
/* Another CPU reads faults: what iommu_poll_faults() grants it, and a stop, which waits for recoveries too. */
#define REPORT_TIMEOUT_US 10000u
#define HANDLER_TIMEOUT_US 10000000u
#define MACHINE_PAGES ((sizeof(struct iommu) + IOMMU_PAGE - 1) / IOMMU_PAGE)

const char *iommu_status_name(enum iommu_status status)
{
    static const char *const names[] = {
        "ok", "invalid", "range", "exists", "not-found", "nomem", "busy", "unsupported", "table",
        "hardware", "timeout", "queue", "fenced",
    };
    int index = -(int)status;

    if (index < 0 || (size_t)index >= sizeof(names) / sizeof(names[0]))
        return "unknown";
    return names[index];
}

void iommu_log(const struct iommu *iommu, enum iommu_log_level level, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    iommu->platform->log(iommu->ctx, level, format, args);
    va_end(args);
}

/* ---- the machine ---- */

static bool platform_complete(const struct iommu_platform *p)
{
    return p->page_alloc != NULL && p->page_free != NULL && p->mmio_map != NULL && p->mmio_unmap != NULL &&
           p->mmio_read32 != NULL && p->mmio_read64 != NULL && p->mmio_write32 != NULL &&
           p->mmio_write64 != NULL && p->pci_read != NULL && p->dma_flush != NULL &&
           p->dma_write_barrier != NULL && p->now_us != NULL && p->relax != NULL && p->irq_save != NULL &&
           p->irq_restore != NULL && p->log != NULL;
}

enum iommu_status iommu_create(const struct iommu_platform *platform, void *ctx,
                               const struct iommu_config *config, struct iommu **out)
{
    struct iommu *iommu;

    if (!platform_complete(platform))
        return IOMMU_ERR_INVALID;
    iommu = platform->page_alloc(ctx, MACHINE_PAGES, IOMMU_ANY_PA);
    if (iommu == NULL)
        return IOMMU_ERR_NOMEM;
    iommu->platform = platform;
    iommu->ctx = ctx;
    if (config != NULL)
        iommu->config = *config;
    if (iommu->config.storm_threshold == 0)
        iommu->config.storm_threshold = IOMMU_STORM_THRESHOLD;
    if (iommu->config.storm_window_us == 0)
        iommu->config.storm_window_us = IOMMU_STORM_WINDOW_US;
    iommu->domain_pool.size = POOL_SIZE(struct iommu_domain);
    iommu->domain_unit_pool.size = POOL_SIZE(struct iommu_domain_unit);
    iommu->device_pool.size = POOL_SIZE(struct iommu_device);
    iommu->scope_pool.size = POOL_SIZE(struct iommu_scope);
    iommu->alias_pool.size = POOL_SIZE(struct iommu_alias);
    iommu->reserved_pool.size = POOL_SIZE(struct iommu_reserved);
    iommu->left_off_pool.size = POOL_SIZE(struct iommu_left_off);
    iommu->irqs_pool.size = POOL_SIZE(struct iommu_irqs);
    iommu->irq_source_pool.size = POOL_SIZE(struct iommu_irq_source);
    if (iommu_irq_configure(iommu) != IOMMU_OK) {
        platform->page_free(ctx, iommu, MACHINE_PAGES);
        return IOMMU_ERR_INVALID;
    }
    *out = iommu;
    return IOMMU_OK;
}

static void destroy_reserved_domain(struct iommu_device *device)
{
    struct iommu_domain *domain = device->reserved_domain;

    if (domain == NULL)
        return;
    device->reserved_domain = NULL;
    domain->devices = 0;
    if (iommu_domain_destroy(domain) != IOMMU_OK)
        iommu_log(device->iommu, IOMMU_LOG_ERROR, "iommu: destroy reserved-domain=busy");
}

void iommu_destroy(struct iommu *iommu)
{
    const struct iommu_platform *platform = iommu->platform;

    /* A unit that does not stop has said so; its memory stays, since it may still read it. */
    if (iommu->started && !iommu->stopped && iommu_stop(iommu) != IOMMU_OK)
        return;
    for (struct iommu_device *device = iommu->devices; device != NULL; device = device->next)
        destroy_reserved_domain(device);
    for (unsigned i = 0; i < iommu->unit_count; i++)
        iommu->units[i]->ops->destroy(iommu->units[i]);
    iommu_pool_destroy(iommu, &iommu->domain_pool);
    iommu_pool_destroy(iommu, &iommu->domain_unit_pool);
    iommu_pool_destroy(iommu, &iommu->device_pool);
    iommu_pool_destroy(iommu, &iommu->scope_pool);
    iommu_pool_destroy(iommu, &iommu->alias_pool);
    iommu_pool_destroy(iommu, &iommu->reserved_pool);
    iommu_pool_destroy(iommu, &iommu->left_off_pool);
    iommu_pool_destroy(iommu, &iommu->irqs_pool);
    iommu_pool_destroy(iommu, &iommu->irq_source_pool);
    platform->page_free(iommu->ctx, iommu, MACHINE_PAGES);
}

/* ---- firmware tables ---- */

struct table_reader {
    char signature[5];
    enum iommu_status (*add)(struct iommu *iommu, const void *table, size_t len);
};

static const struct table_reader readers[] = {
    { "DMAR", vtd_add_table },
    { "IVRS", amdvi_add_table },
};

static enum iommu_status
read_table(struct iommu *iommu, const struct table_reader *reader, const void *table, size_t len)
{
    enum iommu_status status = reader->add(iommu, table, len);
    enum iommu_status sources = iommu_irq_sources_complete(iommu);

    return status != IOMMU_OK ? status : sources;
}

enum iommu_status iommu_add_table(struct iommu *iommu, const void *table, size_t len)
{
    if (iommu->started)
        return IOMMU_ERR_BUSY;
    if (len < 4)
        return IOMMU_ERR_TABLE;
    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
        if (memcmp(table, readers[i].signature, 4) == 0)
            return read_table(iommu, &readers[i], table, len);
    return IOMMU_ERR_UNSUPPORTED;
}

enum iommu_status iommu_scope_add(struct iommu *iommu, struct iommu_scope **list, uint16_t rid, bool bridge)
{
    struct iommu_scope *scope = iommu_pool_get(iommu, &iommu->scope_pool);

    if (scope == NULL)
        return IOMMU_ERR_NOMEM;
    scope->rid = rid;
    scope->last_rid = rid;
    scope->bridge = bridge;
    scope->next = *list;
    *list = scope;
    return IOMMU_OK;
}

enum iommu_status iommu_scope_add_range(struct iommu *iommu, struct iommu_scope **list, uint16_t first, uint16_t last)
{
    enum iommu_status status = iommu_scope_add(iommu, list, first, false);

    if (status == IOMMU_OK)
        (*list)->last_rid = last;
    return status;
}

enum iommu_status iommu_alias_add(struct iommu *iommu, struct iommu_unit *unit, uint16_t first, uint16_t last,
                                  uint16_t alias)
{
    struct iommu_alias *node = iommu_pool_get(iommu, &iommu->alias_pool);

    if (node == NULL)
        return IOMMU_ERR_NOMEM;
    node->rid = first;
    node->last_rid = last;
    node->alias = alias;
    node->next = unit->aliases;
    unit->aliases = node;
    return IOMMU_OK;
}

/* "vtd" and 12 give "vtd12". */
static void name_unit(struct iommu_unit *unit, const char *prefix)
{
    unsigned divisor = 100;
    size_t at = 0;

    while (*prefix != '\0' && at < sizeof(unit->name) - 4)
        unit->name[at++] = *prefix++;
    while (divisor > 1 && unit->index < divisor)
        divisor /= 10;
    for (; divisor > 0; divisor /= 10)
        unit->name[at++] = (char)('0' + unit->index / divisor % 10);
    unit->name[at] = '\0';
}

enum iommu_status iommu_unit_add(struct iommu *iommu, struct iommu_unit *unit, const char *prefix)
{
    if (iommu->unit_count == IOMMU_UNITS_MAX)
        return IOMMU_ERR_RANGE;
    unit->index = iommu->unit_count;
    unit->input_end = iommu_width_end(unit->input_bits);
    unit->storm_threshold = iommu->config.storm_threshold;
    unit->storm_window_us = iommu->config.storm_window_us;
    name_unit(unit, prefix);
    iommu->units[iommu->unit_count++] = unit;
    return IOMMU_OK;
}

/* ---- start and stop ---- */

void iommu_unit_stop_masters(struct iommu_unit *unit)
{
    struct iommu *iommu = unit->iommu;
    struct iommu_device *device = __atomic_load_n(&iommu->devices, __ATOMIC_ACQUIRE);

    if (iommu->platform->bus_master_off == NULL)
        return;
    for (; device != NULL; device = device->next)
        if (device->unit == unit)
            iommu->platform->bus_master_off(iommu->ctx, device->desc.segment, device->desc.rids[0]);
}

void iommu_unit_fence(struct iommu_unit *unit, const char *operation, enum iommu_status status)
{
    if (__atomic_exchange_n(&unit->fenced, true, __ATOMIC_ACQ_REL))
        return;
    iommu_log(unit->iommu, IOMMU_LOG_ERROR, "%s: fenced operation=%s status=%s", unit->name, operation,
              iommu_status_name(status));
    unit->ops->dump(unit);
    iommu_unit_stop_masters(unit);
}

/*
 * A unit that cannot translate at all is left as it is: the embedder decides
 * what to do without it. One that could and failed is fenced.
 */
static enum iommu_status start_unit(struct iommu_unit *unit, enum iommu_start_stage stage)
{
    enum iommu_status status;

    if (iommu_unit_fenced(unit))
        return IOMMU_OK;
    status = unit->ops->start(unit, stage);
    if (status == IOMMU_ERR_UNSUPPORTED)
        __atomic_store_n(&unit->fenced, true, __ATOMIC_RELAXED);
    else if (status != IOMMU_OK)
        iommu_unit_fence(unit, "start", status);
    else if (stage == IOMMU_START_ENABLE) {
        __atomic_store_n(&unit->running, !unit->no_translation, __ATOMIC_SEQ_CST);
        /* A fault whose event came before that is still recorded, and no other event would follow. */
        (void)iommu_faults_read(unit);
    }
    return status;
}

static enum iommu_status start_stage(struct iommu *iommu, enum iommu_start_stage stage)
{
    enum iommu_status first = IOMMU_OK;

    for (unsigned i = 0; i < iommu->unit_count; i++) {
        enum iommu_status status = start_unit(iommu->units[i], stage);

        if (first == IOMMU_OK)
            first = status;
    }
    return first;
}

/*
 * All units are prepared. One that is there for interrupts only has nothing to
 * do where these are not remapped; that a unit does not translate is told,
 * unless it was asked for and there is something else that it does.
 */
static enum iommu_status decide(struct iommu *iommu)
{
    enum iommu_status status = IOMMU_OK;

    iommu_irq_decide(iommu);
    for (unsigned i = 0; i < iommu->unit_count; i++) {
        struct iommu_unit *unit = iommu->units[i];

        if (!unit->no_translation)
            continue;
        if (!iommu->config.no_translation || !iommu->irq.remapping)
            status = IOMMU_ERR_UNSUPPORTED;
        if (!iommu->config.no_translation && !iommu->irq.remapping)
            __atomic_store_n(&unit->fenced, true, __ATOMIC_RELAXED);
    }
    return status;
}

enum iommu_status iommu_start(struct iommu *iommu)
{
    enum iommu_status first = IOMMU_OK;

    if (iommu->unit_count == 0)
        return IOMMU_ERR_NOT_FOUND;
    if (iommu->started)
        return IOMMU_ERR_BUSY;
    iommu->started = true;
    for (unsigned stage = IOMMU_START_PREPARE; stage < IOMMU_START_STAGES; stage++) {
        enum iommu_status status;

        /* Reserved regions are in the tables before hardware sees them: no gap, no fault. */
        if (stage == IOMMU_START_TABLES) {
            status = decide(iommu);
            if (first == IOMMU_OK)
                first = status;
            status = iommu_reserved_apply_all(iommu);
            if (first == IOMMU_OK)
                first = status;
        }
        status = start_stage(iommu, (enum iommu_start_stage)stage);
        if (first == IOMMU_OK)
            first = status;
    }
    iommu_irq_confirm(iommu);
    return first;
}

/* A handler that is at work finishes; one that comes now has nothing left to serve. */
static enum iommu_status stop_unit(struct iommu_unit *unit)
{
    enum iommu_status status;

    __atomic_store_n(&unit->running, false, __ATOMIC_SEQ_CST);
    __atomic_store_n(&unit->stopping, true, __ATOMIC_SEQ_CST);
    status = iommu_faults_wait(unit, HANDLER_TIMEOUT_US);
    return status != IOMMU_OK ? status : unit->ops->stop(unit);
}

enum iommu_status iommu_stop(struct iommu *iommu)
{
    enum iommu_status first = IOMMU_OK;

    if (!iommu->started || iommu->stopped)
        return IOMMU_OK;
    for (unsigned i = 0; i < iommu->unit_count; i++) {
        struct iommu_unit *unit = iommu->units[i];
        enum iommu_status status = stop_unit(unit);

        if (status != IOMMU_OK)
            iommu_log(iommu, IOMMU_LOG_ERROR, "%s: stop status=%s", unit->name, iommu_status_name(status));
        if (first == IOMMU_OK)
            first = status;
    }
    iommu->stopped = first == IOMMU_OK;
    return first;
}

/* ---- units ---- */

size_t iommu_unit_count(const struct iommu *iommu)
{
    return iommu->unit_count;
}

bool iommu_unit_left_off(const struct iommu *iommu, uint64_t registers_pa)
{
    for (const struct iommu_left_off *off = iommu->left_off; off != NULL; off = off->next)
        if (off->registers_pa == registers_pa)
            return true;
    return false;
}

enum iommu_status iommu_unit_info(const struct iommu *iommu, size_t index, struct iommu_unit_info *out)
{
    const struct iommu_unit *unit;

    if (index >= iommu->unit_count)
        return IOMMU_ERR_NOT_FOUND;
    unit = iommu->units[index];
    memset(out, 0, sizeof(*out));
    out->name = unit->name;
    out->vendor = unit->ops->vendor;
    out->segment = unit->segment;
    out->registers_pa = unit->registers_pa;
    out->found_translating = unit->found_translating;
    out->found_remapping = unit->found_remapping;
    out->uses_queue = unit->uses_queue;
    out->fenced = iommu_unit_fenced(unit);
    out->pass_through = unit->pass_through;
    out->coherent = unit->coherent;
    out->input_bits = unit->input_bits;
    out->output_bits = unit->output_bits;
    out->page_sizes = unit->page_sizes;
    out->domain_ids = unit->domain_id_count;
    out->irq_entries = unit->irq_entries;
    out->irq_used = __atomic_load_n(&unit->irq_used, __ATOMIC_RELAXED);
    out->faults = __atomic_load_n(&unit->faults, __ATOMIC_RELAXED);
    out->overflows = __atomic_load_n(&unit->overflows, __ATOMIC_RELAXED);
    out->storm_threshold = __atomic_load_n(&unit->storm_threshold, __ATOMIC_RELAXED);
    out->storm_window_us = __atomic_load_n(&unit->storm_window_us, __ATOMIC_RELAXED);
    unit->ops->info(unit, out);
    return IOMMU_OK;
}

enum iommu_status iommu_unit_capability(const struct iommu *iommu, size_t unit, size_t index,
                                        struct iommu_capability *out)
{
    if (unit >= iommu->unit_count)
        return IOMMU_ERR_NOT_FOUND;
    return iommu->units[unit]->ops->capability(iommu->units[unit], index, out);
}

enum iommu_status iommu_unit_set_storm(struct iommu *iommu, size_t unit, uint32_t threshold, uint32_t window_us)
{
    const struct iommu_config *config = &iommu->config;

    if (unit >= iommu->unit_count)
        return IOMMU_ERR_NOT_FOUND;
    __atomic_store_n(&iommu->units[unit]->storm_threshold,
                     threshold != 0 ? threshold : config->storm_threshold, __ATOMIC_RELAXED);
    __atomic_store_n(&iommu->units[unit]->storm_window_us,
                     window_us != 0 ? window_us : config->storm_window_us, __ATOMIC_RELAXED);
    return IOMMU_OK;
}

void iommu_unit_interrupt(struct iommu *iommu, unsigned unit_index)
{
    if (unit_index < iommu->unit_count)
        (void)iommu_faults_read(iommu->units[unit_index]);
}

size_t iommu_poll_faults(struct iommu *iommu)
{
    size_t count = 0;

    for (unsigned i = 0; i < iommu->unit_count; i++)
        count += iommu_faults_read(iommu->units[i]);
    /* Another CPU may have taken a record that is not here any more, and not handed it on yet. */
    for (unsigned i = 0; i < iommu->unit_count; i++)
        (void)iommu_faults_wait(iommu->units[i], REPORT_TIMEOUT_US);
    return count;
}
