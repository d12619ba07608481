/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the last owner of a unit left on: its device table is read and reported
 * (AMD-Vi §2.2.2), never trusted, and domain ids under which the unit may have
 * cached its translations are kept from our domains until the first flush.
 * Segments of the table but the first are not looked at.
 */
#include "amd/amdvi.h"
#include "memory.h"

/* Owners give ids out from 1 on: ours are others also where the old table cannot be read, or has changed. */
#define FIRST_ID 0x8000u

struct old_table {
    unsigned translating;
    unsigned passing;
    unsigned remapped;      /* interrupts */
    unsigned domains;
};

static bool hold(struct iommu_unit *base, uint64_t id)
{
    uint64_t *word = &base->domain_id_map[id / 64];
    bool taken = (*word & BIT64(id % 64)) != 0;

    *word |= BIT64(id % 64);
    return !taken;
}

void amdvi_takeover_look(struct amdvi_unit *unit)
{
    const struct reg_window *w = &unit->regs;
    struct iommu *iommu = unit->base.iommu;

    unit->found_control = reg_read64(w, AMDVI_CONTROL);
    unit->found_table = reg_read64(w, AMDVI_DEV_TAB);
    unit->control = unit->found_control;
    unit->base.found_translating = (unit->found_control & AMDVI_CONTROL_IOMMU_EN) != 0;
    if (!unit->base.found_translating)
        return;
    iommu_log(iommu, IOMMU_LOG_WARNING,
              "%s: take-over control=0x%016llx status=0x%08x table=0x%llx commands=0x%llx head=0x%llx tail=0x%llx",
              unit->base.name, (unsigned long long)unit->found_control, reg_read32(w, AMDVI_STATUS),
              (unsigned long long)unit->found_table, (unsigned long long)reg_read64(w, AMDVI_CMD_BASE),
              (unsigned long long)reg_read64(w, AMDVI_CMD_HEAD), (unsigned long long)reg_read64(w, AMDVI_CMD_TAIL));
    if ((unit->efr & AMDVI_EFR_SNP_SUP) && (reg_read64(w, AMDVI_EXCL_BASE) & AMDVI_EXCL_BASE_ADDRESS))
        iommu_log(iommu, IOMMU_LOG_WARNING,
                  "%s: take-over base=0x%llx is of an exclusion range, or SNP is on, which is not supported",
                  unit->base.name, (unsigned long long)reg_read64(w, AMDVI_EXCL_BASE));
}

/* ---- the old table ---- */

static void count_entry(struct amdvi_unit *unit, struct old_table *seen, const struct amdvi_dte *entry)
{
    uint64_t q0 = entry->q[0];

    seen->remapped += (entry->q[2] & AMDVI_DTE2_IV) != 0;
    if (!(q0 & AMDVI_DTE0_V)) {
        seen->passing++;
        return;
    }
    if (!(q0 & AMDVI_DTE0_TV))
        return;
    seen->domains += hold(&unit->base, field_get(entry->q[1], AMDVI_DTE1_DOMAIN_ID));
    if (q0 & (AMDVI_DTE0_MODE | AMDVI_DTE0_GV))
        seen->translating++;
    else
        seen->passing += (q0 & (AMDVI_DTE0_IR | AMDVI_DTE0_IW)) != 0;
}

/* It may change while it is read. */
static struct amdvi_dte copy_entry(const struct amdvi_dte *at)
{
    struct amdvi_dte entry;

    for (unsigned i = 0; i < sizeof(entry.q) / sizeof(entry.q[0]); i++)
        entry.q[i] = __atomic_load_n(&at->q[i], __ATOMIC_RELAXED);
    return entry;
}

/* At most 2 MiB, as the size field has no more bits. */
static void read_table(struct amdvi_unit *unit)
{
    const struct iommu_platform *platform = unit->base.platform;
    size_t count = (field_get(unit->found_table, AMDVI_DEV_TAB_SIZE) + 1) * AMDVI_DTES_PER_PAGE;
    uint64_t pa = unit->found_table & AMDVI_DEV_TAB_BASE;
    bool segmented = (unit->found_control & AMDVI_CONTROL_DEV_TBL_SEG_EN) != 0;
    const struct amdvi_dte *table = NULL;
    struct old_table seen = { 0 };
    size_t len = count * sizeof(*table);

    unit->base.found_remapping = true;  /* what is not read may do anything */
    if (platform->memory_map != NULL && pa + len <= iommu_width_end(unit->base.iommu->host_bits))
        table = platform->memory_map(unit->base.ctx, pa, len);
    if (table == NULL) {
        iommu_log(unit->base.iommu, IOMMU_LOG_WARNING, "%s: take-over table=0x%llx cannot be read", unit->base.name,
                  (unsigned long long)unit->found_table);
        return;
    }
    for (size_t id = 0; id < count; id++) {
        struct amdvi_dte entry = copy_entry(&table[id]);

        count_entry(unit, &seen, &entry);
    }
    platform->memory_unmap(unit->base.ctx, table, len);
    unit->base.found_remapping = seen.remapped != 0 || segmented;
    iommu_log(unit->base.iommu, IOMMU_LOG_WARNING,
              "%s: take-over entries=%zu translating=%u passing=%u remapped=%u domains=%u segments=%u",
              unit->base.name, count, seen.translating, seen.passing, seen.remapped, seen.domains,
              1u << field_get(unit->found_control, AMDVI_CONTROL_DEV_TBL_SEG_EN));
}

/* ---- domain ids ---- */

/* The highest that nobody has; where all are taken, the one it was. */
static uint16_t find_nowhere(const struct amdvi_unit *unit)
{
    for (uint32_t id = unit->base.domain_id_count; id-- > 0;)
        if (!(unit->base.domain_id_map[id / 64] & BIT64(id % 64)))
            return (uint16_t)id;
    return unit->nowhere_id;
}

void amdvi_takeover_hold_ids(struct amdvi_unit *unit)
{
    if (unit->base.found_translating) {
        unit->base.domain_id_next = FIRST_ID;
        read_table(unit);
        amdvi_table_set_nowhere(unit, find_nowhere(unit));
    }
    (void)hold(&unit->base, unit->nowhere_id);
}

void amdvi_takeover_free_ids(struct amdvi_unit *unit)
{
    struct iommu_unit *base = &unit->base;
    uintptr_t flags;

    if (!base->found_translating)
        return;
    flags = iommu_attach_lock(base->iommu);
    memset(base->domain_id_map, 0, base->domain_id_count / 8);
    (void)hold(base, 0);
    (void)hold(base, unit->nowhere_id);
    for (size_t id = 0; id < unit->table_entries; id++)
        if (unit->table[id].q[0] & AMDVI_DTE0_TV)
            (void)hold(base, field_get(unit->table[id].q[1], AMDVI_DTE1_DOMAIN_ID));
    iommu_attach_unlock(base->iommu, flags);
}

/* ---- back to the old table ---- */

void amdvi_takeover_undo(struct amdvi_unit *unit)
{
    const struct reg_window *w = &unit->regs;

    if (!unit->base.found_translating || (unit->control & AMDVI_CONTROL_IOMMU_EN))
        return;
    (void)amdvi_control(unit, AMDVI_CONTROL_CMD_BUF_EN | AMDVI_CONTROL_EVENT_LOG_EN, 0, 0);
    amdvi_interrupts_restore(unit);
    if (reg_read64(w, AMDVI_DEV_TAB) != unit->found_table)
        reg_write64(w, AMDVI_DEV_TAB, unit->found_table);
    if (reg_read64(w, AMDVI_DEV_TAB) != unit->found_table)
        return;
    unit->table_given = false;
    (void)amdvi_control(unit, 0, AMDVI_CONTROL_IOMMU_EN, 0);
    iommu_log(unit->base.iommu, IOMMU_LOG_WARNING, "%s: window: closed, the old table=0x%llx translates again",
              unit->base.name, (unsigned long long)unit->found_table);
}
