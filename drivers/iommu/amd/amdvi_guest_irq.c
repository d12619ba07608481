/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts of virtual CPUs (AMD-Vi §2.2.5.2, §2.2.5.5): entries that lead
 * into a virtual APIC's backing page, and the log of what came while the
 * virtual CPU did not run. Left out: guest interrupts as physical ones (GAPPI).
 */
#include "amd/amdvi.h"
#include "memory.h"

#define LOG_ENTRIES (IOMMU_PAGE / sizeof(uint64_t))
#define LOG_PAGES 2u
/* The length code counts as that of the event log does, whose entries have 16 bytes: 2^8 of those are a page. */
#define LOG_LEN_CODE 8u

/* ---- entries ---- */

enum iommu_status amdvi_irte_post(struct iommu_irqs *irqs, unsigned index, const struct iommu_irq_posting *posting)
{
    const struct amdvi_irte value = {
        .lo = AMDVI_IRTE_REMAP_EN | AMDVI_IRTE_GUEST_MODE | (posting->log ? AMDVI_IRTE_GA_LOG_INTR : 0) |
              (posting->running ? AMDVI_IRTE_IS_RUN : 0) | field_make(AMDVI_IRTE_DEST_LOW, posting->apic_id) |
              field_make(AMDVI_IRTE_GA_TAG, posting->tag),
        .hi = field_make(AMDVI_IRTE_VECTOR, posting->vector) | (posting->descriptor_pa & AMDVI_IRTE_GA_ROOT) |
              field_make(AMDVI_IRTE_DEST_HIGH, posting->apic_id >> 24),
    };

    if (posting->descriptor_pa % IOMMU_PAGE != 0)
        return IOMMU_ERR_INVALID;
    if (posting->descriptor_pa > iommu_unit_limit(irqs->unit))
        return IOMMU_ERR_RANGE;
    return amdvi_irte_lead(irqs, index, value);
}

/* ---- the log ---- */

static const struct amdvi_log_bits guest_log = {
    .enable = AMDVI_CONTROL_GA_LOG_EN, .interrupt = AMDVI_CONTROL_GA_INT_EN,
    .run = AMDVI_STATUS_GA_LOG_RUN, .overflow = AMDVI_STATUS_GA_LOG_OVERFLOW,
};

/* Without memory for it nothing is posted; everything else works. */
enum iommu_status amdvi_guest_log_create(struct amdvi_unit *unit)
{
    if (unit->base.iommu->config.irq.mode == IOMMU_IRQ_OFF || unit->base.no_posting != NULL)
        return IOMMU_OK;
    unit->guest_log.ring = unit->base.platform->page_alloc(unit->base.ctx, LOG_PAGES, iommu_unit_limit(&unit->base));
    if (unit->guest_log.ring == NULL)
        unit->base.no_posting = "no memory for its guest virtual APIC log";
    return IOMMU_OK;
}

void amdvi_guest_log_destroy(struct amdvi_unit *unit)
{
    if (unit->guest_log.ring != NULL)
        unit->base.platform->page_free(unit->base.ctx, unit->guest_log.ring, LOG_PAGES);
    unit->guest_log.ring = NULL;
}

enum iommu_status amdvi_guest_log_enable(struct amdvi_unit *unit)
{
    uint64_t ring = iommu_pa(unit->base.platform, unit->guest_log.ring);
    enum iommu_status status;

    memset(unit->guest_log.ring, 0, LOG_PAGES * IOMMU_PAGE);
    amdvi_write_back(unit, unit->guest_log.ring, LOG_PAGES * IOMMU_PAGE);
    reg_write32(&unit->regs, AMDVI_STATUS, AMDVI_STATUS_GA_LOG_INT | AMDVI_STATUS_GA_LOG_OVERFLOW);
    reg_write64(&unit->regs, AMDVI_GA_BASE, field_make(AMDVI_RING_LEN, LOG_LEN_CODE) | (ring & AMDVI_RING_BASE));
    reg_write64(&unit->regs, AMDVI_GA_TAIL_ADDRESS, (ring + IOMMU_PAGE) & AMDVI_GA_TAIL_ADDRESS_ADDRESS);
    reg_write64(&unit->regs, AMDVI_GA_HEAD, 0);
    reg_write64(&unit->regs, AMDVI_GA_TAIL, 0);
    status = amdvi_control(unit, 0, guest_log.enable | (unit->event_interrupt ? guest_log.interrupt : 0),
                           guest_log.run);
    unit->guest_log.on = status == IOMMU_OK;
    return status;
}

enum iommu_status amdvi_guest_log_disable(struct amdvi_unit *unit)
{
    uintptr_t flags = amdvi_lock(unit);
    enum iommu_status status = amdvi_control_locked(unit, guest_log.enable | guest_log.interrupt, 0, guest_log.run);

    if (status == IOMMU_OK)
        unit->guest_log.on = false;
    amdvi_unlock(unit, flags);
    return status;
}

/* Takes the oldest entry, and clears it as events are; false: there is none. 0: it did not come. */
static bool take(struct amdvi_unit *unit, uint64_t *out)
{
    uintptr_t flags = iommu_lock_irq(unit->base.platform, unit->base.ctx, &unit->base.fault_lock);
    uint64_t head = reg_read64(&unit->regs, AMDVI_GA_HEAD) & AMDVI_GA_POINTER;
    uint64_t tail = reg_read64(&unit->regs, AMDVI_GA_TAIL) & AMDVI_GA_POINTER;
    uint64_t slot = head / sizeof(uint64_t) % LOG_ENTRIES;
    bool outside = head >= IOMMU_PAGE || tail >= IOMMU_PAGE, found = head != tail && !outside;

    if (outside)
        unit->guest_log.on = false;
    *out = 0;
    if (found) {
        uint64_t *entry = &unit->guest_log.ring[slot];

        if (amdvi_entry_arrives(unit, entry))
            *out = *entry;
        *entry = 0;
        amdvi_write_back(unit, entry, sizeof(*entry));
        reg_write64(&unit->regs, AMDVI_GA_HEAD, (slot + 1) % LOG_ENTRIES * sizeof(uint64_t));
    }
    iommu_unlock_irq(unit->base.platform, unit->base.ctx, &unit->base.fault_lock, flags);
    if (outside)
        iommu_log(unit->base.iommu, IOMMU_LOG_ERROR,
                  "%s: guest log has no such place head=0x%llx tail=0x%llx expected<0x%llx, nothing more is logged",
                  unit->base.name, (unsigned long long)head, (unsigned long long)tail, IOMMU_PAGE);
    return found;
}

static void tell(const struct iommu *iommu, uint32_t tag, bool lost)
{
    if (iommu->config.irq.guest_log != NULL)
        iommu->config.irq.guest_log(iommu->config.irq.guest_log_ctx, tag, lost);
}

/* What came meanwhile was not logged: whoever waits has to look for itself. */
static void serve_overflow(struct amdvi_unit *unit)
{
    uintptr_t flags = amdvi_lock(unit);
    bool overflow = unit->guest_log.on && (reg_read32(&unit->regs, AMDVI_STATUS) & guest_log.overflow);
    enum iommu_status status = overflow ? amdvi_log_restart_locked(unit, &guest_log) : IOMMU_OK;

    if (status != IOMMU_OK)
        unit->guest_log.on = false;
    amdvi_unlock(unit, flags);
    if (status != IOMMU_OK)
        iommu_log(unit->base.iommu, IOMMU_LOG_ERROR,
                  "%s: guest log does not restart status=0x%x, nothing more is logged", unit->base.name,
                  reg_read32(&unit->regs, AMDVI_STATUS));
    if (overflow)
        tell(unit->base.iommu, 0, true);
}

void amdvi_guest_log_read(struct amdvi_unit *unit)
{
    uint64_t entry = 1;

    /* What is behind an entry that did not come waits for the next call: a log of such would hold the CPU. */
    for (size_t count = 0; count < LOG_ENTRIES && entry != 0 && unit->guest_log.on && take(unit, &entry); count++) {
        if (field_get(entry, AMDVI_GA_TYPE) == AMDVI_GA_TYPE_GUEST_NOT_RUNNING)
            tell(unit->base.iommu, (uint32_t)field_get(entry, AMDVI_GA_TAG), false);
        else
            iommu_log(unit->base.iommu, IOMMU_LOG_WARNING, "%s: guest log entry seen=0x%016llx expected type 1",
                      unit->base.name, (unsigned long long)entry);
    }
    if (unit->guest_log.on)
        serve_overflow(unit);
}
