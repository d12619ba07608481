/* SPDX-License-Identifier: BSD-2-Clause */
/* See driver_rig.h. */
#include "driver_rig.h"

#include "test.h"

/* The model's platform does not tell registers apart; a driver of one process is enough for the tests. */
static struct driver *watched;

static void keep_fault(void *ctx, const struct iommu_fault *fault)
{
    struct driver *d = ctx;

    if (d->fault_count < DRIVER_FAULTS)
        d->faults[d->fault_count++] = *fault;
}

static void watch_write32(void *ctx, volatile void *at, uint32_t value)
{
    struct driver *d = watched;
    bool command = ((uintptr_t)at & 0xfff) == SPEC_GCMD;

    if (command && d->command_count < DRIVER_COMMANDS)
        d->commands[d->command_count++] = value;
    vtd_model_platform(d->m)->mmio_write32(ctx, at, value);
    if (command && d->on_command != NULL)
        d->on_command(d);
}

static void refuse(struct driver *d, uint64_t tail)
{
    uint64_t slots = 4096 / 16, slot = (tail / 16 + slots - d->refuse_back) % slots;
    uint64_t *ring = vtd_model_ram(d->m, vtd_model_reg64(d->m, 0, SPEC_IQA) & SPEC_IQA_IQA, 4096);

    d->refuse_batches--;
    ring[2 * slot] |= SPEC_DSC_TYPE;
}

static void watch_write64(void *ctx, volatile void *at, uint64_t value)
{
    struct driver *d = watched;

    if (((uintptr_t)at & 0xfff) == SPEC_IQT) {
        /* The same tail again is recovery's. */
        if (d->refuse_batches > 0 && value != d->last_tail)
            refuse(d, value);
        d->last_tail = value;
    }
    vtd_model_platform(d->m)->mmio_write64(ctx, at, value);
}

void driver_refuse(struct driver *d, unsigned back, unsigned count)
{
    d->refuse_back = back;
    d->refuse_batches = count;
}

static void watch_barrier(void *ctx)
{
    struct driver *d = watched;

    vtd_model_platform(d->m)->dma_write_barrier(ctx);
    if (d->on_barrier != NULL)
        d->on_barrier(d);
}

struct driver *driver_create(const struct vtd_model_config *config, const struct iommu_config *iommu)
{
    struct driver *d = calloc(1, sizeof(*d));
    struct iommu_config copy = iommu == NULL ? (struct iommu_config){ 0 } : *iommu;

    d->m = vtd_model_create(config);
    d->unit_count = (unsigned)config->unit_count;
    d->platform = *vtd_model_platform(d->m);
    d->platform.mmio_write32 = watch_write32;
    d->platform.mmio_write64 = watch_write64;
    d->platform.dma_write_barrier = watch_barrier;
    watched = d;
    copy.fault = keep_fault;
    copy.fault_ctx = d;
    CHECK_OK(iommu_create(&d->platform, vtd_model_ctx(d->m), &copy, &d->iommu));
    d->frame = vtd_model_frames(d->m, 1, 4096, 0, IOMMU_ANY_PA);
    return d;
}

enum iommu_status driver_add_table(struct driver *d)
{
    uint8_t table[4096];
    size_t len = vtd_model_dmar(d->m, table, sizeof(table));

    return iommu_add_table(d->iommu, table, len);
}

struct iommu_device *driver_add(struct driver *d, uint16_t rid)
{
    struct iommu_device *device;

    CHECK_OK(iommu_add_device(d->iommu, &(struct iommu_device_desc){ .rids = { rid }, .rid_count = 1 }, &device));
    return device;
}

struct driver *driver_started(const struct vtd_model_config *config)
{
    struct driver *d = driver_create(config, NULL);

    CHECK_OK(driver_add_table(d));
    driver_add(d, DRIVER_RID);
    driver_add(d, DRIVER_OTHER);
    driver_add(d, DRIVER_FAR);
    CHECK_OK(iommu_start(d->iommu));
    return d;
}

void driver_abandon(struct driver *d)
{
    vtd_model_destroy(d->m);
    free(d);
}

void driver_destroy(struct driver *d)
{
    iommu_destroy(d->iommu);
    if (vtd_model_violations(d->m) != 0)
        test_fail(__FILE__, __LINE__, "violations:\n%s", vtd_model_violation_text(d->m));
    for (unsigned i = 0; i < d->unit_count; i++)
        CHECK_EQ(vtd_model_stats(d->m, i).undrained, 0);
    CHECK_EQ(vtd_model_live_pages(d->m), 0);
    CHECK_EQ(vtd_model_live_windows(d->m), 0);
    CHECK_EQ(vtd_model_irq_depth(d->m), 0);
    driver_abandon(d);
}

struct iommu_domain *driver_domain(struct driver *d, enum iommu_domain_type type, struct iommu_device *device)
{
    struct iommu_device *const devices[] = { device };
    struct iommu_domain *domain;

    CHECK_OK(iommu_domain_create(d->iommu, &(struct iommu_domain_desc){
        .type = type, .devices = devices, .device_count = 1 }, &domain));
    return domain;
}

void driver_map(struct iommu_domain *domain, uint64_t iova, uint64_t pa, uint64_t len, unsigned prot)
{
    CHECK_OK(iommu_map(domain, &(struct iommu_mapping){ .iova = iova, .pa = pa, .len = len, .prot = prot }));
}

unsigned driver_read(struct driver *d, uint16_t rid, uint64_t iova, uint32_t *value)
{
    (void)vtd_model_dma(d->m, 0, rid, iova, value, sizeof(*value), false);
    return vtd_model_last_reason(d->m);
}

unsigned driver_write(struct driver *d, uint16_t rid, uint64_t iova, uint32_t value)
{
    (void)vtd_model_dma(d->m, 0, rid, iova, &value, sizeof(value), true);
    return vtd_model_last_reason(d->m);
}

uint32_t driver_word(struct driver *d, uint64_t pa)
{
    uint32_t value;

    memcpy(&value, vtd_model_ram(d->m, pa, sizeof(value)), sizeof(value));
    return value;
}

const struct iommu_fault *driver_fault(struct driver *d)
{
    iommu_poll_faults(d->iommu);
    CHECK(d->fault_count > 0);
    return &d->faults[d->fault_count - 1];
}
