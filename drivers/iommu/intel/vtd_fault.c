/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Primary fault records (VT-d §7.2, §11.4.7): read, cleared and handed on.
 * Errors of the queue (IQE, ICE, ITE) share the status register and the event,
 * so they are dealt with here as well as by whoever waits on the queue. Recoverable faults are not handled: no device
 * is allowed to send page requests.
 */
#include "intel/vtd.h"

/* Rounds over all records in one call; a device that is faster than that is fenced meanwhile. */
#define ROUNDS_MAX 1024u

#define QUEUE_ERRORS (VTD_FSTS_IQE | VTD_FSTS_ITE | VTD_FSTS_ICE)

/* VT-d §5.1.4.1 (Table 15), §7.1.3 (Table 30). */
static const struct reason {
    uint8_t code;
    const char *name;
} reasons[] = {
    { 0x01, "root-entry-not-present" },
    { 0x02, "context-entry-not-present" },
    { 0x03, "context-entry-invalid" },
    { 0x04, "address-beyond-width" },
    { 0x05, "not-writable" },
    { 0x06, "not-readable" },
    { 0x07, "page-table-access-error" },
    { 0x08, "root-table-access-error" },
    { 0x09, "context-table-access-error" },
    { 0x0a, "root-entry-reserved-bit" },
    { 0x0b, "context-entry-reserved-bit" },
    { 0x0c, "page-table-reserved-bit" },
    { 0x0d, "translation-type-blocks" },
    { 0x0e, "output-in-interrupt-range" },
    { 0x20, "interrupt-reserved-field" },
    { 0x21, "interrupt-index-too-large" },
    { 0x22, "interrupt-entry-not-present" },
    { 0x23, "interrupt-table-access-error" },
    { 0x24, "interrupt-entry-reserved-bit" },
    { 0x25, "compatibility-interrupt-blocked" },
    { 0x26, "interrupt-source-refused" },
    { 0x27, "posted-descriptor-access-error" },
    { 0x28, "posted-descriptor-reserved-bit" },
    { 0x29, "malformed-interrupt-request" },
    { 0x2a, "extended-interrupt-mode-required" },
    { 0x2b, "interrupt-remapping-required" },
    { 0x30, "root-table-mode-invalid" },
    { 0x31, "pasid-in-legacy-mode" },
    { 0x32, "page-request-in-legacy-mode" },
    { 0x33, "abort-dma-mode" },
    { 0x34, "execute-requested" },
    { 0x38, "scalable-root-access-error" },
    { 0x39, "scalable-root-not-present" },
    { 0x3a, "scalable-root-reserved-bit" },
    { 0x40, "scalable-context-access-error" },
    { 0x41, "scalable-context-not-present" },
    { 0x42, "scalable-context-reserved-bit" },
    { 0x43, "scalable-context-invalid" },
    { 0x44, "device-tlb-not-enabled" },
    { 0x45, "pasid-not-enabled" },
    { 0x46, "pasid-beyond-directory" },
    { 0x47, "page-request-not-enabled" },
    { 0x48, "pasid-equals-rid-pasid" },
    { 0x49, "translated-request-with-pasid" },
    { 0x50, "pasid-directory-access-error" },
    { 0x51, "pasid-directory-not-present" },
    { 0x52, "pasid-directory-reserved-bit" },
    { 0x58, "pasid-table-access-error" },
    { 0x59, "pasid-entry-not-present" },
    { 0x5a, "pasid-entry-reserved-bit" },
    { 0x5b, "pasid-entry-invalid" },
    { 0x5c, "execute-requests-not-supported" },
    { 0x5d, "supervisor-requests-not-enabled" },
    { 0x60, "beyond-host-permission-table" },
    { 0x70, "first-stage-access-error" },
    { 0x71, "first-stage-not-present" },
    { 0x72, "first-stage-reserved-bit" },
    { 0x73, "first-stage-root-access-error" },
    { 0x74, "first-stage-address-beyond-width" },
    { 0x75, "first-stage-root-not-readable" },
    { 0x76, "first-stage-table-not-readable" },
    { 0x77, "first-stage-table-not-writable" },
    { 0x78, "second-stage-access-error" },
    { 0x79, "second-stage-not-present" },
    { 0x7a, "second-stage-reserved-bit" },
    { 0x7b, "second-stage-root-access-error" },
    { 0x7c, "second-stage-walk-not-snooped" },
    { 0x7d, "second-stage-update-failed" },
    { 0x80, "address-not-canonical" },
    { 0x81, "user-access-refused" },
    { 0x82, "execute-refused" },
    { 0x83, "address-beyond-host-width" },
    { 0x84, "address-beyond-second-stage-width" },
    { 0x85, "not-writable" },
    { 0x86, "not-readable" },
    { 0x87, "output-in-interrupt-range" },
    { 0x89, "pasid-beyond-width" },
    { 0x90, "first-stage-walk-not-snooped" },
    { 0x91, "first-stage-update-failed" },
    { 0xa0, "host-permission-access-error" },
    { 0xa1, "host-permission-reserved-bit" },
    { 0xa2, "host-permission-root-access-error" },
    { 0xa3, "host-permission-zero-length-read" },
    { 0xa4, "host-permission-not-writable" },
    { 0xa5, "host-permission-not-readable" },
};

const char *vtd_fault_reason_name(uint32_t reason)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].code == reason)
            return reasons[i].name;
    return "unknown";
}

/* Reasons that a page-table entry explains: 5h to 7h and Ch (VT-d §7.1.3, LGN and LSS). */
static bool ends_in_tables(uint32_t reason)
{
    return (reason >= 0x05 && reason <= 0x07) || reason == 0x0c;
}

/* Reasons 1 to Eh are those of legacy mode (VT-d §7.1.3), the only mode this driver uses. */
static enum iommu_fault_cause cause_of(uint32_t reason)
{
    switch (reason) {
    case 0x01:
    case 0x02:
        return IOMMU_CAUSE_BLOCKED;
    case 0x04:
        return IOMMU_CAUSE_TOO_WIDE;
    case 0x05:
        return IOMMU_CAUSE_NOT_WRITABLE;
    case 0x06:
        return IOMMU_CAUSE_NOT_READABLE;
    case 0x03:
    case 0x07:
    case 0x08:
    case 0x09:
    case 0x0a:
    case 0x0b:
    case 0x0c:
        return IOMMU_CAUSE_BAD_ENTRY;
    default:
        return reason >= 0x20 && reason <= 0x2b ? IOMMU_CAUSE_INTERRUPT : IOMMU_CAUSE_OTHER;
    }
}

static bool is_interrupt(uint32_t reason)
{
    return reason >= 0x20 && reason <= 0x2b;
}

/* §11.4.7.6, table of T1 and T2. */
static enum iommu_access access_of(uint64_t hi)
{
    if (hi & VTD_FRCD_T1)
        return hi & VTD_FRCD_T2 ? IOMMU_ACCESS_ATOMIC : IOMMU_ACCESS_READ;
    return hi & VTD_FRCD_T2 ? IOMMU_ACCESS_PAGE_REQUEST : IOMMU_ACCESS_WRITE;
}

static void report_record(struct vtd_unit *unit, uint64_t lo, uint64_t hi)
{
    uint32_t reason = (uint32_t)field_get(hi, VTD_FRCD_FR);
    struct iommu_fault fault = {
        .kind = is_interrupt(reason) ? IOMMU_FAULT_INTERRUPT : IOMMU_FAULT_DMA,
        .rid = (uint16_t)field_get(hi, VTD_FRCD_SID),
        /* PV means nothing without PP; QEMU leaves rubbish in it. */
        .pasid = hi & VTD_FRCD_PP ? (uint32_t)field_get(hi, VTD_FRCD_PV) : IOMMU_NO_PASID,
        .access = access_of(hi),
        .cause = cause_of(reason),
        .raw = { lo, hi },
        .reason = reason,
        .reason_name = vtd_fault_reason_name(reason),
    };

    if (fault.kind == IOMMU_FAULT_INTERRUPT)
        fault.index = (uint32_t)field_get(lo, VTD_FRCD_INTERRUPT_INDEX);
    else
        fault.iova = lo & VTD_FRCD_FI;
    iommu_fault_report(&unit->base, &fault, fault.kind == IOMMU_FAULT_DMA && ends_in_tables(reason));
}

/*
 * Takes record number index, if there is one. F is looked at first: hardware
 * sets it when the rest is complete (VT-d §11.4.7.6). The lock keeps another
 * CPU from reading a record that this one is about to clear.
 */
static bool take_record(struct vtd_unit *unit, uint64_t index, uint64_t *lo, uint64_t *hi)
{
    uint64_t fro = field_get(unit->cap, VTD_CAP_FRO);
    uintptr_t flags = iommu_lock_irq(unit->base.platform, unit->base.ctx, &unit->base.fault_lock);
    bool found;

    *hi = reg_read64(&unit->regs, VTD_FRCD_HI_AT(fro, index));
    found = (*hi & VTD_FRCD_F) != 0;
    if (found) {
        *lo = reg_read64(&unit->regs, VTD_FRCD_LO_AT(fro, index));
        *hi = reg_read64(&unit->regs, VTD_FRCD_HI_AT(fro, index));
        reg_write32(&unit->regs, VTD_FRCD_F_AT(fro, index), VTD_FRCD_F_CLEAR);
    }
    iommu_unlock_irq(unit->base.platform, unit->base.ctx, &unit->base.fault_lock, flags);
    return found;
}

static size_t take_pending(struct vtd_unit *unit, uint64_t first)
{
    size_t count = 0;
    uint64_t lo = 0, hi;

    while (count < unit->fault_records &&
           take_record(unit, (first + count) % unit->fault_records, &lo, &hi)) {
        report_record(unit, lo, hi);
        count++;
    }
    return count;
}

/* The bits that this unit's handler can and must clear. A queue that did not recover has fenced the unit. */
static uint32_t served_bits(const struct vtd_unit *unit)
{
    uint32_t bits = VTD_FSTS_PPF | VTD_FSTS_PFO;

    return unit->base.uses_queue && !iommu_unit_fenced(&unit->base) ? bits | QUEUE_ERRORS : bits;
}

/*
 * An event is sent only when none of the status bits was set before: all must
 * be clear when this returns, or no further one arrives (VT-d §7.3).
 */
size_t vtd_read_faults(struct iommu_unit *base)
{
    struct vtd_unit *unit = vtd_unit_of(base);
    size_t count = 0;

    if (!base->running && !__atomic_load_n(&base->remaps, __ATOMIC_RELAXED))
        return 0;
    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        uint32_t fsts = reg_read32(&unit->regs, VTD_FSTS), pending = fsts & served_bits(unit);

        if (pending == 0)
            return count;
        if (fsts & VTD_FSTS_PPF)
            count += take_pending(unit, field_get(fsts, VTD_FSTS_FRI) % unit->fault_records);
        if (fsts & VTD_FSTS_PFO) {
            reg_write32(&unit->regs, VTD_FSTS, VTD_FSTS_PFO);
            iommu_fault_overflow(base);
        }
        if (pending & QUEUE_ERRORS)
            vtd_queue_recover(unit);
    }
    iommu_log(base->iommu, IOMMU_LOG_ERROR, "%s: faults do not end rounds=%u fsts=0x%x", base->name, ROUNDS_MAX,
              reg_read32(&unit->regs, VTD_FSTS));
    return count;
}

void vtd_faults_discard(struct vtd_unit *unit)
{
    uint64_t fro = field_get(unit->cap, VTD_CAP_FRO);

    for (unsigned i = 0; i < unit->fault_records; i++)
        if (reg_read64(&unit->regs, VTD_FRCD_HI_AT(fro, i)) & VTD_FRCD_F)
            reg_write32(&unit->regs, VTD_FRCD_F_AT(fro, i), VTD_FRCD_F_CLEAR);
    reg_write32(&unit->regs, VTD_FSTS, VTD_FSTS_PFO | VTD_FSTS_IQE | VTD_FSTS_ICE | VTD_FSTS_ITE);
}
