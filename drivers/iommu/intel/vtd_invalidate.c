/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What to invalidate (VT-d §6.5.3.3) and by which interface: the queue, or on
 * units without one, and on request, the registers of §6.5.1. A caller says
 * what it wants in descriptors; the register interface executes the same ones.
 */
#include "intel/vtd.h"

/* A batch that is refused so often is not refused because of its neighbours. */
#define SUBMISSIONS_MAX 3u

/* ---- registers, VT-d §6.5.1: legacy mode, major version below 6, queue off ---- */

static enum iommu_status context_by_register(struct vtd_unit *unit, struct vtd_descriptor d)
{
    uint64_t command = VTD_CCMD_ICC | field_make(VTD_CCMD_CIRG, field_get(d.lo, VTD_QI_CC_G)) |
                       field_make(VTD_CCMD_FM, field_get(d.lo, VTD_QI_CC_FM)) |
                       field_make(VTD_CCMD_SID, field_get(d.lo, VTD_QI_CC_SID)) |
                       field_make(VTD_CCMD_DID, field_get(d.lo, VTD_QI_CC_DID));
    enum iommu_status status;

    reg_write64(&unit->regs, VTD_CCMD, command);
    status = reg_wait64(&unit->regs, VTD_CCMD, VTD_CCMD_ICC, 0, VTD_COMMAND_TIMEOUT_US);
    if (status != IOMMU_OK)
        return status;
    /* Granularity 00: the unit did nothing. */
    return reg_read64(&unit->regs, VTD_CCMD) & VTD_CCMD_CAIG ? IOMMU_OK : IOMMU_ERR_HARDWARE;
}

static enum iommu_status iotlb_by_register(struct vtd_unit *unit, struct vtd_descriptor d)
{
    uint64_t iro = field_get(unit->ecap, VTD_ECAP_IRO), granularity = field_get(d.lo, VTD_QI_IOTLB_G);
    uint64_t reserved = reg_read64(&unit->regs, VTD_IOTLB_AT(iro)) & BITS64(31, 0); /* RsvdP */
    enum iommu_status status;

    if (granularity == VTD_IOTLB_PAGE)
        reg_write64(&unit->regs, VTD_IVA_AT(iro),
                    field_make(VTD_IVA_ADDR, field_get(d.hi, VTD_QI_IOTLB_ADDR)) |
                    field_make(VTD_IVA_IH, field_get(d.hi, VTD_QI_IOTLB_IH)) |
                    field_make(VTD_IVA_AM, field_get(d.hi, VTD_QI_IOTLB_AM)));
    reg_write64(&unit->regs, VTD_IOTLB_AT(iro),
                VTD_IOTLB_IVT | field_make(VTD_IOTLB_IIRG, granularity) |
                field_make(VTD_IOTLB_DR, field_get(d.lo, VTD_QI_IOTLB_DR)) |
                field_make(VTD_IOTLB_DW, field_get(d.lo, VTD_QI_IOTLB_DW)) |
                field_make(VTD_IOTLB_DID, field_get(d.lo, VTD_QI_IOTLB_DID)) | reserved);
    status = reg_wait64(&unit->regs, VTD_IOTLB_AT(iro), VTD_IOTLB_IVT, 0, VTD_COMMAND_TIMEOUT_US);
    if (status != IOMMU_OK)
        return status;
    return reg_read64(&unit->regs, VTD_IOTLB_AT(iro)) & VTD_IOTLB_IAIG ? IOMMU_OK : IOMMU_ERR_HARDWARE;
}

static enum iommu_status by_register(struct vtd_unit *unit, struct vtd_descriptor d)
{
    switch (field_get(d.lo, VTD_QI_TYPE)) {
    case VTD_QI_TYPE_CC:
        return context_by_register(unit, d);
    case VTD_QI_TYPE_IOTLB:
        return iotlb_by_register(unit, d);
    default:
        return IOMMU_ERR_UNSUPPORTED;
    }
}

/* Only one command may be under way in a unit (VT-d §6.9), so the lock is held throughout. */
static enum iommu_status
run_registers(struct vtd_unit *unit, const struct vtd_descriptor *descriptors, uint32_t count)
{
    enum iommu_status status = IOMMU_OK;
    uintptr_t flags;

    /* A unit that has been stopped comes here, whatever its interface was. */
    if (!unit->has_tables)
        return IOMMU_OK;
    if (iommu_unit_fenced(&unit->base))
        return IOMMU_ERR_FENCED;
    flags = vtd_lock(unit);
    for (uint32_t i = 0; i < count && status == IOMMU_OK; i++)
        status = by_register(unit, descriptors[i]);
    vtd_unlock(unit, flags);
    if (status != IOMMU_OK)
        iommu_unit_fence(&unit->base, "register invalidation", status);
    return status;
}

/*
 * A batch was refused, perhaps only because of a neighbour's descriptor, which
 * ends what is under way beside it. An invalidation may be repeated; one that
 * is never confirmed leaves the unit's protection in doubt.
 */
static IOMMU_COLD enum iommu_status
submit_again(struct vtd_unit *unit, const struct vtd_descriptor *descriptors, uint32_t count)
{
    for (unsigned i = 1; i < SUBMISSIONS_MAX; i++) {
        enum iommu_status status = vtd_queue_run(unit, descriptors, count);

        if (status != IOMMU_ERR_QUEUE)
            return status;
    }
    iommu_unit_fence(&unit->base, "queue invalidation", IOMMU_ERR_QUEUE);
    return IOMMU_ERR_QUEUE;
}

enum iommu_status vtd_invalidate(struct vtd_unit *unit, const struct vtd_descriptor *descriptors, uint32_t count)
{
    enum iommu_status status;

    if (__builtin_expect(!unit->base.uses_queue, 0))
        return run_registers(unit, descriptors, count);
    status = vtd_queue_run(unit, descriptors, count);
    if (__builtin_expect(status == IOMMU_ERR_QUEUE, 0))
        return submit_again(unit, descriptors, count);
    return status;
}

/* ---- what ---- */

/*
 * One aligned power of two of pages that covers the whole gather, or the whole
 * domain where that is more than the unit takes. IH: only leaves have changed.
 */
static struct vtd_descriptor
range_descriptor(const struct vtd_unit *unit, uint32_t domain_id, const struct iommu_gather *gather)
{
    struct vtd_descriptor d = vtd_iotlb_domain(unit, domain_id);
    uint64_t differs = (gather->start ^ (gather->end - 1)) >> 12;
    unsigned am = differs == 0 ? 0 : 64 - (unsigned)__builtin_clzll(differs);

    if (am >= unit->am_count)
        return d;
    d.lo |= field_make(VTD_QI_IOTLB_G, VTD_IOTLB_PAGE);
    d.hi = (gather->start & (~0ull << (am + 12))) | am;
    if (!gather->tables)
        d.hi |= VTD_QI_IOTLB_IH;
    return d;
}
_Static_assert((VTD_IOTLB_PAGE & VTD_IOTLB_DOMAIN) == VTD_IOTLB_DOMAIN, "G only gains bits in range_descriptor()");

enum iommu_status vtd_flush(struct iommu_unit *base, uint32_t domain_id, const struct iommu_gather *gather)
{
    struct vtd_unit *unit = vtd_unit_of(base);
    struct vtd_descriptor d = range_descriptor(unit, domain_id, gather);

    return vtd_invalidate(unit, &d, 1);
}

static IOMMU_COLD enum iommu_status run_one_by_register(struct vtd_unit *unit, struct vtd_descriptor d)
{
    return run_registers(unit, &d, 1);
}

/* As range_descriptor() would have it for a page, with IH: only a leaf has changed. */
enum iommu_status vtd_flush_page(struct iommu_unit *base, uint32_t domain_id, uint64_t iova, uint64_t len)
{
    struct vtd_unit *unit = vtd_unit_of(base);
    struct vtd_descriptor d = vtd_iotlb_domain(unit, domain_id);
    unsigned am = (unsigned)__builtin_ctzll(len / IOMMU_PAGE);

    d.lo |= field_make(VTD_QI_IOTLB_G, VTD_IOTLB_PAGE);
    d.hi = iova | am | VTD_QI_IOTLB_IH;
    if (__builtin_expect(am >= unit->am_count, 0))
        d = vtd_iotlb_domain(unit, domain_id);
    if (__builtin_expect(!base->uses_queue, 0))
        return run_one_by_register(unit, d);
    return vtd_queue_run_one(unit, d);
}

/* VT-d §6.1, §6.8: absent entries may be cached; or the stores may linger in write buffers. */
enum iommu_status vtd_flush_present(struct iommu_unit *base, uint32_t domain_id,
                                    const struct iommu_gather *gather)
{
    struct vtd_unit *unit = vtd_unit_of(base);

    if (unit->cap & VTD_CAP_CM)
        return vtd_flush(base, domain_id, gather);
    return unit->has_tables ? vtd_flush_write_buffers(unit) : IOMMU_OK;
}

enum iommu_status vtd_flush_present_page(struct iommu_unit *base, uint32_t domain_id, uint64_t iova, uint64_t len)
{
    const struct iommu_gather gather = { .start = iova, .end = iova + len, .tables = true };

    return vtd_flush_present(base, domain_id, &gather);
}

enum iommu_status vtd_invalidate_all(struct vtd_unit *unit)
{
    const struct vtd_descriptor all[] = {
        { .lo = VTD_QI_TYPE_CC | field_make(VTD_QI_CC_G, VTD_CONTEXT_GLOBAL) },
        { .lo = VTD_QI_TYPE_IOTLB | field_make(VTD_QI_IOTLB_G, VTD_IOTLB_GLOBAL) | unit->drain },
    };

    return vtd_invalidate(unit, all, 2);
}
