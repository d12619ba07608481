/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bring-up of one AMD-Vi unit as a list of named steps (AMD-Vi §2.3, §3.3),
 * take-over of what firmware left running, and stopping it again. A unit may
 * be there for interrupts alone: DMA passes then. Where none are remapped their
 * format is left as it is found, but our entries have IV = 0: what an owner
 * before us had remapped arrives as it was sent. PPR logs, MARC, SMI filters
 * and SNP are not used: where SNP is on, COMPLETION_WAIT stores nowhere once
 * its window is cleared with the exclusion range, and the unit ends fenced.
 */
#include "amd/amdvi.h"
#include "amd/ivrs.h"

/* What may be switched under tables that are not ours. */
#define OWN_INTERRUPTS (AMDVI_CONTROL_EVENT_INT_EN | AMDVI_CONTROL_COM_WAIT_INT_EN | AMDVI_CONTROL_PPR_INT_EN | \
                        AMDVI_CONTROL_GA_INT_EN)
#define LOGS (AMDVI_CONTROL_EVENT_LOG_EN | AMDVI_CONTROL_PPR_LOG_EN | AMDVI_CONTROL_GA_LOG_EN)
/* How entries with GV are read. */
#define GUEST_MODES (AMDVI_CONTROL_GT_EN | AMDVI_CONTROL_HAD_UPDATE | AMDVI_CONTROL_GCR3_TRP_MODE)
#define LINK_BITS (AMDVI_CONTROL_HT_TUN_EN | AMDVI_CONTROL_PASS_PW | AMDVI_CONTROL_RES_PASS_PW | AMDVI_CONTROL_ISOC)
/* The format of interrupt remapping entries, and filters of firmware's. */
#define LEFT_AS_FOUND (AMDVI_CONTROL_GA_EN | AMDVI_CONTROL_GAM_EN | AMDVI_CONTROL_NUM_INT_REMAP_MODE | \
                       AMDVI_CONTROL_XT_EN | AMDVI_CONTROL_IRT_CACHE_DIS | AMDVI_CONTROL_SMIF_EN)

/* DMA to these addresses belongs to HyperTransport (EFR2.HTRangeIgnore). */
#define HT_HOLE_START 0xfd00000000ull
#define HT_HOLE_END 0x10000000000ull

#define DOMAIN_IDS 65536u

/* How long base registers may stay locked after translation has been switched off. */
#define BASE_TIMEOUT_US 10000u

/* Host pages of every power of two below 512 GiB, which parts get wrong (amdvi_errata.c). */
#define HOST_PAGE_SIZES BITS64(38, 12)
#define GUEST_PAGE_SIZES (BIT64(12) | BIT64(21) | BIT64(30))

static void report(const struct amdvi_unit *unit, enum iommu_log_level level, const char *what, uint64_t seen)
{
    iommu_log(unit->base.iommu, level, "%s: %s seen=0x%llx", unit->base.name, what, (unsigned long long)seen);
}

/* ---- the control register ---- */

enum iommu_status amdvi_control_locked(struct amdvi_unit *unit, uint64_t clear, uint64_t set, uint32_t run_bits)
{
    uint32_t wanted = set != 0 ? run_bits : 0;
    enum iommu_status status;

    unit->control = (unit->control & ~clear) | set;
    reg_write64(&unit->regs, AMDVI_CONTROL, unit->control);
    if (run_bits == 0 || (wanted != 0 && !(unit->control & AMDVI_CONTROL_IOMMU_EN)))
        return IOMMU_OK;
    status = reg_wait32(&unit->regs, AMDVI_STATUS, run_bits, wanted, AMDVI_RUN_TIMEOUT_US);
    if (status != IOMMU_OK)
        iommu_log(unit->base.iommu, IOMMU_LOG_ERROR,
                  "%s: timeout control=0x%016llx status=0x%08x expected run bits=0x%08x", unit->base.name,
                  (unsigned long long)unit->control, reg_read32(&unit->regs, AMDVI_STATUS), wanted);
    return status;
}

enum iommu_status amdvi_control(struct amdvi_unit *unit, uint64_t clear, uint64_t set, uint32_t run_bits)
{
    uintptr_t flags = amdvi_lock(unit);
    enum iommu_status status = amdvi_control_locked(unit, clear, set, run_bits);

    amdvi_unlock(unit, flags);
    return status;
}

static bool enabled(const struct amdvi_unit *unit)
{
    return (unit->control & AMDVI_CONTROL_IOMMU_EN) != 0;
}

/* ---- what the unit can do ---- */

static void choose_host_tables(struct amdvi_unit *unit)
{
    struct iommu_unit *base = &unit->base;
    uint64_t hats = field_get(unit->efr, AMDVI_EFR_HATS);
    unsigned levels = unit->host_off || hats == AMDVI_HATS_NONE ? 0 : 4 + (unsigned)hats;

    base->pt = &pt_amd_v1;
    base->page_sizes = HOST_PAGE_SIZES;
    base->level_mask = levels == 0 ? 0 : BITS32(levels, 1);
    base->input_bits = levels >= 6 ? 64 : 12 + 9 * levels;
    if (unit->virtual_bits != 0 && unit->virtual_bits < base->input_bits)
        base->input_bits = unit->virtual_bits;
}

/* A v2 table translates requests without a PASID only where DTE.GIoV exists. */
static bool has_guest_tables(const struct amdvi_unit *unit)
{
    const uint64_t needed = AMDVI_EFR_GT_SUP | AMDVI_EFR_GIO_SUP;

    return (unit->efr & needed) == needed;
}

static void choose_guest_tables(struct amdvi_unit *unit)
{
    struct iommu_unit *base = &unit->base;
    bool five = field_get(unit->efr, AMDVI_EFR_GATS) == AMDVI_ATS_5_LEVELS;

    base->pt = &pt_amd_v2;
    base->page_sizes = GUEST_PAGE_SIZES;
    base->level_mask = BIT32(4) | (five ? BIT32(5) : 0);
    base->input_bits = five ? 56 : 47;  /* the highest bit is not used: see pt_amd_v2 */
}

/* Firmware may hide features; one that the unit does not have is not believed. */
static uint64_t common_efr(uint64_t image, uint64_t efr)
{
    static const uint64_t numbers[] = { AMDVI_EFR_HATS, AMDVI_EFR_GATS, AMDVI_EFR_GLX_SUP };
    uint64_t common = image & efr;

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        uint64_t smaller = (image & numbers[i]) < (efr & numbers[i]) ? image : efr;

        common = (common & ~numbers[i]) | (smaller & numbers[i]);
    }
    if (field_get(image, AMDVI_EFR_HATS) == AMDVI_HATS_NONE || field_get(efr, AMDVI_EFR_HATS) == AMDVI_HATS_NONE)
        common |= AMDVI_EFR_HATS;
    return common;
}

static void read_features(struct amdvi_unit *unit, bool has_efr)
{
    bool has_register = (unit->header & AMDVI_CAP_HEADER_EFR_SUP) != 0;
    uint64_t efr = has_register ? reg_read64(&unit->regs, AMDVI_EFR) : 0;
    uint64_t efr2 = has_register ? reg_read64(&unit->regs, AMDVI_EFR2) : 0;

    if (!has_efr) {
        unit->efr = efr;
        unit->efr2 = efr2;
        return;
    }
    if (!has_register || (efr == unit->efr && efr2 == unit->efr2))
        return;
    iommu_log(unit->base.iommu, IOMMU_LOG_WARNING,
              "ivrs: features of rid=%04x as firmware says: efr=0x%016llx efr2=0x%llx, "
              "registers say 0x%016llx 0x%llx, used is what both have",
              unit->rid, (unsigned long long)unit->efr, (unsigned long long)unit->efr2, (unsigned long long)efr,
              (unsigned long long)efr2);
    unit->efr = common_efr(unit->efr, efr);
    unit->efr2 &= efr2;
}

enum iommu_status amdvi_unit_identify(struct amdvi_unit *unit, bool has_efr)
{
    struct iommu_unit *base = &unit->base;

    if (reg_read64(&unit->regs, AMDVI_CONTROL) == UINT64_MAX &&
        reg_read32(&unit->regs, AMDVI_STATUS) == UINT32_MAX)
        return IOMMU_ERR_NOT_FOUND;
    read_features(unit, has_efr);
    unit->guest_tables = base->iommu->config.guest_tables && has_guest_tables(unit);
    if (unit->guest_tables)
        choose_guest_tables(unit);
    else
        choose_host_tables(unit);
    base->pass_through = true;
    base->coherent = false;     /* until step_coherent() */
    base->flush_present = (unit->header & AMDVI_CAP_HEADER_NP_CACHE) != 0;
    base->domain_id_count = DOMAIN_IDS;
    if (!(unit->efr2 & AMDVI_EFR2_HT_RANGE_IGNORE)) {
        base->hole_start = HT_HOLE_START;
        base->hole_end = HT_HOLE_END;
    }
    amdvi_interrupts_identify(unit);
    return IOMMU_OK;
}

/* ---- steps: prepare ---- */

static enum iommu_status step_check(struct amdvi_unit *unit)
{
    uint64_t control = reg_read64(&unit->regs, AMDVI_CONTROL);

    if (control == UINT64_MAX) {
        report(unit, IOMMU_LOG_ERROR, "registers have gone, control", control);
        return IOMMU_ERR_NOT_FOUND;
    }
    unit->base.no_translation = unit->base.iommu->config.no_translation;
    if (unit->base.level_mask == 0) {
        iommu_log(unit->base.iommu, IOMMU_LOG_ERROR,
                  "%s: no host translation: hats=%u hatdis=%u, expected hats 0 to 2", unit->base.name,
                  (unsigned)field_get(unit->efr, AMDVI_EFR_HATS), unit->host_off);
        unit->base.no_translation = true;
        if (unit->base.iommu->config.irq.mode == IOMMU_IRQ_OFF)
            return IOMMU_ERR_UNSUPPORTED;
    }
    if (unit->base.iommu->config.guest_tables && !unit->guest_tables)
        report(unit, IOMMU_LOG_WARNING, "v1 tables, since v2 need GTSup and GIoSup, efr", unit->efr);
    return IOMMU_OK;
}

static enum iommu_status step_errata(struct amdvi_unit *unit)
{
    return amdvi_errata_apply(unit);
}

static enum iommu_status step_look(struct amdvi_unit *unit)
{
    amdvi_takeover_look(unit);
    return IOMMU_OK;
}

static enum iommu_status step_old_interrupts(struct amdvi_unit *unit)
{
    amdvi_irq_disable(unit);
    return amdvi_control(unit, OWN_INTERRUPTS, 0, 0);
}

/* Of these logs; the bit of one that is off says nothing: sources differ on which it is (AMD-Vi §3.3.15). */
static uint32_t run_bits_of(uint64_t control)
{
    return (control & AMDVI_CONTROL_EVENT_LOG_EN ? AMDVI_STATUS_EVENT_LOG_RUN : 0) |
           (control & AMDVI_CONTROL_PPR_LOG_EN ? AMDVI_STATUS_PPR_LOG_RUN : 0) |
           (control & AMDVI_CONTROL_GA_LOG_EN ? AMDVI_STATUS_GA_LOG_RUN : 0);
}

/*
 * The rings found lie in memory that is not ours. A unit that does not let go
 * of them is given up, and keeps the tables it has.
 */
static enum iommu_status step_old_rings(struct amdvi_unit *unit)
{
    enum iommu_status status;

    status = amdvi_control(unit, AMDVI_CONTROL_CMD_BUF_EN, 0, AMDVI_STATUS_CMD_BUF_RUN);
    if (status == IOMMU_OK)
        status = amdvi_control(unit, LOGS | AMDVI_CONTROL_PPR_EN, 0, run_bits_of(unit->found_control));
    return status;
}

/* Also since QEMU 11.1 ignores a new event log base while EventLogInt is set. */
static enum iommu_status step_stale_status(struct amdvi_unit *unit)
{
    reg_write32(&unit->regs, AMDVI_STATUS, AMDVI_STATUS_RW1C);
    return IOMMU_OK;
}

/*
 * Before a walk can read anything of ours, and before domains choose how they
 * write theirs. To tables of others it makes no difference.
 */
static enum iommu_status step_coherent(struct amdvi_unit *unit)
{
    uint64_t control;

    (void)amdvi_control(unit, 0, AMDVI_CONTROL_COHERENT, 0);
    control = reg_read64(&unit->regs, AMDVI_CONTROL);
    unit->base.coherent = (control & AMDVI_CONTROL_COHERENT) != 0;
    if (!unit->base.coherent)
        report(unit, IOMMU_LOG_WARNING, "walks do not snoop the caches, control", control);
    return IOMMU_OK;
}

static enum iommu_status step_memory(struct amdvi_unit *unit)
{
    enum iommu_status status = iommu_domain_ids_create(&unit->base);

    if (status == IOMMU_OK)
        status = amdvi_queue_create(unit);
    if (status == IOMMU_OK)
        status = amdvi_events_create(unit);
    if (status == IOMMU_OK)
        status = amdvi_guest_log_create(unit);
    unit->base.uses_queue = status == IOMMU_OK;
    return status;
}

static enum iommu_status step_old_ids(struct amdvi_unit *unit)
{
    amdvi_takeover_hold_ids(unit);
    return IOMMU_OK;
}

/* ---- steps: tables ---- */

/* Nothing is asked of a unit that is there for interrupts only, where these are not remapped. */
static bool is_idle(const struct amdvi_unit *unit)
{
    return unit->base.no_translation && !unit->base.iommu->irq.remapping;
}

static enum iommu_status step_idle(struct amdvi_unit *unit)
{
    if (!is_idle(unit) || !enabled(unit))
        return IOMMU_OK;
    report(unit, IOMMU_LOG_WARNING, "window: translation off, as nothing is to be translated, table",
           unit->found_table);
    return amdvi_control(unit, AMDVI_CONTROL_IOMMU_EN, 0, 0);
}

static enum iommu_status step_pass(struct amdvi_unit *unit)
{
    if (unit->base.no_translation)
        amdvi_table_pass(unit);
    return IOMMU_OK;
}

static uint64_t link_bits(uint8_t ivhd_flags)
{
    return (ivhd_flags & IVRS_FLAG_HT_TUN_EN ? AMDVI_CONTROL_HT_TUN_EN : 0) |
           (ivhd_flags & IVRS_FLAG_PASS_PW ? AMDVI_CONTROL_PASS_PW : 0) |
           (ivhd_flags & IVRS_FLAG_RES_PASS_PW ? AMDVI_CONTROL_RES_PASS_PW : 0) |
           (ivhd_flags & IVRS_FLAG_ISOC ? AMDVI_CONTROL_ISOC : 0);
}

/* Before our table: with GTEn = 0 its entries with GV would be illegal, or let DMA pass. */
static enum iommu_status step_control(struct amdvi_unit *unit)
{
    uint64_t timeout = field_make(AMDVI_CONTROL_INV_TIMEOUT, AMDVI_INV_TIMEOUT_1S);

    return amdvi_control(unit, LINK_BITS | AMDVI_CONTROL_INV_TIMEOUT,
                         link_bits(unit->ivhd_flags) | timeout | (unit->guest_tables ? AMDVI_CONTROL_GT_EN : 0), 0);
}

static bool takes(const struct amdvi_unit *unit, struct reg64 reg, uint64_t value)
{
    reg_write64(&unit->regs, reg, value);
    return reg_read64(&unit->regs, reg) == value;
}

static uint64_t table_base(const struct amdvi_unit *unit)
{
    return (iommu_pa(unit->base.platform, unit->table) & AMDVI_DEV_TAB_BASE) |
           field_make(AMDVI_DEV_TAB_SIZE, unit->table_entries / AMDVI_DTES_PER_PAGE - 1);
}

static uint64_t ring_base(const struct amdvi_unit *unit, const void *ring, unsigned slots)
{
    return (iommu_pa(unit->base.platform, ring) & AMDVI_RING_BASE) |
           field_make(AMDVI_RING_LEN, (unsigned)__builtin_ctz(slots));
}

/*
 * The rings first, which are off: where their base registers are locked that
 * of the table is too, and nothing has changed yet.
 */
static bool give_bases(struct amdvi_unit *unit)
{
    if (!takes(unit, AMDVI_CMD_BASE, ring_base(unit, unit->queue.ring, AMDVI_COMMAND_SLOTS)) ||
        !takes(unit, AMDVI_EVENT_BASE, ring_base(unit, unit->events.ring, AMDVI_EVENT_SLOTS)))
        return false;
    unit->table_given = true;
    return takes(unit, AMDVI_DEV_TAB, table_base(unit));
}

/* Nothing says when IommuEn = 0 has taken effect but that. */
static bool give_bases_in_time(struct amdvi_unit *unit)
{
    const struct iommu_platform *platform = unit->base.platform;
    uint64_t start = platform->now_us(unit->base.ctx);

    for (;;) {
        uint64_t now = platform->now_us(unit->base.ctx);

        if (give_bases(unit))
            return true;
        if (now - start >= BASE_TIMEOUT_US)
            return false;
        platform->relax(unit->base.ctx);
    }
}

void amdvi_open_window(struct amdvi_unit *unit, const char *why, uint64_t seen)
{
    iommu_log(unit->base.iommu, IOMMU_LOG_WARNING, "%s: window: translation off, since %s seen=0x%llx",
              unit->base.name, why, (unsigned long long)seen);
    iommu_unit_stop_masters(&unit->base);
    (void)amdvi_control(unit, AMDVI_CONTROL_IOMMU_EN, 0, 0);
}

/*
 * Over live tables too: devices go from the old ones to ours without a moment
 * of pass-through. A unit that was left on with a segmented table uses ours
 * for the lowest ids up to the next step, which ends segmentation. Some models
 * of a unit ignore new bases while IommuEn is 1; only there translation goes
 * off, although devices may have been running, which lose bus mastering first.
 */
static enum iommu_status step_table(struct amdvi_unit *unit)
{
    if (give_bases(unit))
        return IOMMU_OK;
    if (enabled(unit)) {
        amdvi_open_window(unit, "new bases are ignored while it is on, table",
                          reg_read64(&unit->regs, AMDVI_DEV_TAB));
    }
    if (unit->base.found_translating && give_bases_in_time(unit))
        return IOMMU_OK;
    iommu_log(unit->base.iommu, IOMMU_LOG_ERROR,
              "%s: base refused table=0x%llx expected=0x%llx commands=0x%llx events=0x%llx", unit->base.name,
              (unsigned long long)reg_read64(&unit->regs, AMDVI_DEV_TAB), (unsigned long long)table_base(unit),
              (unsigned long long)reg_read64(&unit->regs, AMDVI_CMD_BASE),
              (unsigned long long)reg_read64(&unit->regs, AMDVI_EVENT_BASE));
    return IOMMU_ERR_HARDWARE;
}

/* Segments, MARC and the like had a meaning under the old table only. */
static enum iommu_status step_old_modes(struct amdvi_unit *unit)
{
    uint64_t keep = AMDVI_CONTROL_IOMMU_EN | LINK_BITS | AMDVI_CONTROL_COHERENT | AMDVI_CONTROL_INV_TIMEOUT |
                    GUEST_MODES | LEFT_AS_FOUND;

    /* A cache that was left off slows every interrupt. */
    if (unit->base.iommu->irq.remapping)
        keep &= ~AMDVI_CONTROL_IRT_CACHE_DIS;
    return amdvi_control(unit, ~keep, 0, 0);
}

/* They let DMA pass by our table; regions of IVMDs are mapped instead. Limit and base are two registers. */
static enum iommu_status step_exclusion(struct amdvi_unit *unit)
{
    reg_write64(&unit->regs, AMDVI_EXCL_BASE, 0);
    reg_write64(&unit->regs, AMDVI_EXCL_LIMIT, 0);
    if (!(reg_read64(&unit->regs, AMDVI_EXCL_BASE) & AMDVI_EXCL_BASE_EX_EN))
        return IOMMU_OK;
    report(unit, IOMMU_LOG_ERROR, "exclusion range stays on, expected ExEn=0, base",
           reg_read64(&unit->regs, AMDVI_EXCL_BASE));
    return IOMMU_ERR_HARDWARE;
}

/* ---- steps: enable ---- */

static enum iommu_status step_queue(struct amdvi_unit *unit)
{
    return amdvi_queue_enable(unit);
}

static enum iommu_status step_events(struct amdvi_unit *unit)
{
    return amdvi_events_enable(unit);
}

static enum iommu_status step_interrupt(struct amdvi_unit *unit)
{
    amdvi_irq_enable(unit);
    return IOMMU_OK;
}

/* Everything is blocked from here on. Ring and log start with it (AMD-Vi §2.3). */
static enum iommu_status step_translate(struct amdvi_unit *unit)
{
    enum iommu_status status = amdvi_control(unit, 0, AMDVI_CONTROL_IOMMU_EN,
                                             AMDVI_STATUS_CMD_BUF_RUN | AMDVI_STATUS_EVENT_LOG_RUN);

    unit->has_tables = status == IOMMU_OK;
    return status;
}

static enum iommu_status step_flush(struct amdvi_unit *unit)
{
    return amdvi_invalidate_all(unit);
}

/* Old entries with GV are not cached any more, which were to be read as their owner meant them. */
static enum iommu_status step_old_guests(struct amdvi_unit *unit)
{
    uint64_t stale = unit->control & GUEST_MODES & ~(unit->guest_tables ? AMDVI_CONTROL_GT_EN : 0);

    amdvi_takeover_free_ids(unit);
    return stale == 0 ? IOMMU_OK : amdvi_control(unit, stale, 0, 0);
}

static enum iommu_status step_entries(struct amdvi_unit *unit)
{
    return amdvi_invalidate_devices(unit);
}

/* ---- the list ---- */

struct step {
    enum iommu_start_stage stage;
    bool also_idle;
    const char *name;
    enum iommu_status (*run)(struct amdvi_unit *unit);
};

static const struct step steps[] = {
    { IOMMU_START_PREPARE, true, "check capabilities", step_check },
    { IOMMU_START_PREPARE, true, "apply errata", step_errata },
    { IOMMU_START_PREPARE, true, "look at what was left on", step_look },
    { IOMMU_START_PREPARE, true, "switch the old interrupts off", step_old_interrupts },
    { IOMMU_START_PREPARE, true, "stop the old rings", step_old_rings },
    { IOMMU_START_PREPARE, true, "discard stale status", step_stale_status },
    { IOMMU_START_PREPARE, true, "snoop the caches", step_coherent },
    { IOMMU_START_PREPARE, true, "allocate rings", step_memory },
    { IOMMU_START_PREPARE, true, "keep away from old domain ids", step_old_ids },
    { IOMMU_START_PREPARE, true, "check the sources of interrupts", amdvi_interrupts_check },
    { IOMMU_START_TABLES, true, "switch unwanted translation off", step_idle },
    { IOMMU_START_TABLES, false, "program the control register", step_control },
    { IOMMU_START_TABLES, false, "choose the format of interrupt entries", amdvi_interrupts_format },
    { IOMMU_START_TABLES, false, "block interrupts", amdvi_interrupts_block },
    { IOMMU_START_TABLES, false, "let DMA pass where nothing translates", step_pass },
    { IOMMU_START_TABLES, false, "set the device table", step_table },
    { IOMMU_START_TABLES, false, "leave old modes", step_old_modes },
    { IOMMU_START_TABLES, false, "switch the exclusion range off", step_exclusion },
    { IOMMU_START_ENABLE, false, "start the command ring", step_queue },
    { IOMMU_START_ENABLE, false, "start the event log", step_events },
    { IOMMU_START_ENABLE, false, "enable the unit's interrupt", step_interrupt },
    { IOMMU_START_ENABLE, false, "enable translation", step_translate },
    { IOMMU_START_ENABLE, false, "flush all caches", step_flush },
    { IOMMU_START_ENABLE, false, "forget the old domains", step_old_guests },
    { IOMMU_START_ENABLE, false, "announce every device table entry", step_entries },
    { IOMMU_START_ENABLE, false, "remap interrupts", amdvi_interrupts_enable },
};

static enum iommu_status amdvi_start(struct iommu_unit *base, enum iommu_start_stage stage)
{
    struct amdvi_unit *unit = amdvi_unit_of(base);

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        enum iommu_status status;

        if (steps[i].stage != stage || (!steps[i].also_idle && is_idle(unit)))
            continue;
        status = steps[i].run(unit);
        iommu_log(base->iommu, status == IOMMU_OK ? IOMMU_LOG_DEBUG : IOMMU_LOG_ERROR, "%s: step=\"%s\" status=%s",
                  base->name, steps[i].name, iommu_status_name(status));
        if (status != IOMMU_OK) {
            amdvi_takeover_undo(unit);
            return status;
        }
    }
    return IOMMU_OK;
}

/* ---- stop ---- */

/* OK: IommuEn and every run bit of ours are 0, so that none of our memory is in use by the unit. */
static enum iommu_status switch_off(struct amdvi_unit *unit)
{
    uint32_t logs = AMDVI_STATUS_EVENT_LOG_RUN | (unit->guest_log.ring != NULL ? AMDVI_STATUS_GA_LOG_RUN : 0);
    enum iommu_status status = amdvi_control(unit, AMDVI_CONTROL_IOMMU_EN, 0, AMDVI_STATUS_CMD_BUF_RUN | logs);

    if (status == IOMMU_OK)
        status = reg_wait64(&unit->regs, AMDVI_CONTROL, AMDVI_CONTROL_IOMMU_EN, 0, AMDVI_RUN_TIMEOUT_US);
    return status;
}

/* A unit that never had our table keeps what firmware gave it. */
static enum iommu_status amdvi_stop(struct iommu_unit *base)
{
    struct amdvi_unit *unit = amdvi_unit_of(base);
    enum iommu_status status;

    if (!unit->table_given)
        return IOMMU_OK;
    amdvi_irq_disable(unit);
    amdvi_interrupts_disable(unit);
    if (unit->queue.on)
        (void)amdvi_queue_disable(unit);
    if (unit->events.on)
        (void)amdvi_events_disable(unit);
    status = switch_off(unit);
    if (status != IOMMU_OK)
        return status;
    amdvi_interrupts_restore(unit);
    /*
     * Models look interrupts up in the table even with IommuEn = 0 (QEMU); it is about to be freed. A base of 0,
     * which a cold start had, is no better there than what lies at 0; hardware reads nothing.
     */
    reg_write64(&unit->regs, AMDVI_DEV_TAB, unit->found_table);
    unit->table_given = false;
    unit->has_tables = false;
    base->uses_queue = false;
    return IOMMU_OK;
}

static void amdvi_destroy(struct iommu_unit *base)
{
    struct amdvi_unit *unit = amdvi_unit_of(base);

    amdvi_queue_destroy(unit);
    amdvi_events_destroy(unit);
    amdvi_guest_log_destroy(unit);
    amdvi_table_destroy(unit);
    iommu_domain_ids_destroy(base);
    base->platform->mmio_unmap(base->ctx, unit->regs.base, unit->regs.len);
    base->platform->page_free(base->ctx, unit, (sizeof(*unit) + IOMMU_PAGE - 1) / IOMMU_PAGE);
}

/* ---- what is known of it ---- */

static void amdvi_info(const struct iommu_unit *base, struct iommu_unit_info *out)
{
    const struct amdvi_unit *unit = (const struct amdvi_unit *)base;

    out->has_rid = true;
    out->rid = unit->rid;
    out->version = (uint32_t)field_get(unit->header, AMDVI_CAP_HEADER_REV);
    out->capability = unit->efr;
    out->extended = unit->efr2;
    out->caching_mode = base->flush_present;
    out->fault_records = AMDVI_EVENT_SLOTS;
    out->fault_interrupt = unit->event_interrupt;
    out->translating = base->running && (reg_read64(&unit->regs, AMDVI_CONTROL) & AMDVI_CONTROL_IOMMU_EN);
    out->remapping = base->remaps && (reg_read64(&unit->regs, AMDVI_CONTROL) & AMDVI_CONTROL_IOMMU_EN);
}

void amdvi_unit_dump(struct iommu_unit *base)
{
    struct amdvi_unit *unit = amdvi_unit_of(base);
    const struct reg_window *w = &unit->regs;

    iommu_log(base->iommu, IOMMU_LOG_ERROR,
              "%s: dump base=0x%llx efr=0x%016llx efr2=0x%llx control=0x%016llx expected=0x%016llx status=0x%08x",
              base->name, (unsigned long long)base->registers_pa, (unsigned long long)unit->efr,
              (unsigned long long)unit->efr2, (unsigned long long)reg_read64(w, AMDVI_CONTROL),
              (unsigned long long)unit->control, reg_read32(w, AMDVI_STATUS));
    iommu_log(base->iommu, IOMMU_LOG_ERROR,
              "%s: dump table=0x%llx events=0x%llx head=0x%llx tail=0x%llx exclusion=0x%llx", base->name,
              (unsigned long long)reg_read64(w, AMDVI_DEV_TAB), (unsigned long long)reg_read64(w, AMDVI_EVENT_BASE),
              (unsigned long long)reg_read64(w, AMDVI_EVENT_HEAD),
              (unsigned long long)reg_read64(w, AMDVI_EVENT_TAIL),
              (unsigned long long)reg_read64(w, AMDVI_EXCL_BASE));
    amdvi_queue_dump(unit);
}

/* ---- iommu/debug.h ---- */

static enum iommu_status debug_submit(struct iommu_unit *base, uint64_t low, uint64_t high)
{
    if (!base->uses_queue)
        return IOMMU_ERR_UNSUPPORTED;
    return amdvi_queue_run_raw(amdvi_unit_of(base), (struct amdvi_command){ .lo = low, .hi = high });
}

/* There is no other way to give a command. */
static enum iommu_status debug_use_queue(struct iommu_unit *base, bool use_queue)
{
    return use_queue == base->uses_queue ? IOMMU_OK : IOMMU_ERR_UNSUPPORTED;
}

static enum iommu_status debug_flush_all(struct iommu_unit *base)
{
    return amdvi_invalidate_all(amdvi_unit_of(base));
}

static void debug_counters(const struct iommu_unit *base, struct iommu_debug_counters *out)
{
    const struct amdvi_unit *unit = (const struct amdvi_unit *)base;

    out->descriptors = unit->queue.commands;
    out->doorbells = unit->queue.doorbells;
    out->completion_interrupts = unit->queue.completion_interrupts;
}

const struct iommu_ops amdvi_ops = {
    .vendor = "amd",
    .start = amdvi_start,
    .stop = amdvi_stop,
    .destroy = amdvi_destroy,
    .set_device = amdvi_set_device,
    .device_state = amdvi_device_state,
    .flush = amdvi_flush,
    .flush_page = amdvi_flush_page,
    .flush_present = amdvi_flush_present,
    .flush_present_page = amdvi_flush_present_page,
    .read_faults = amdvi_read_faults,
    .dump = amdvi_unit_dump,
    .info = amdvi_info,
    .capability = amdvi_capability,
    .debug_submit = debug_submit,
    .debug_use_queue = debug_use_queue,
    .debug_flush_all = debug_flush_all,
    .debug_counters = debug_counters,
    .irq_alloc = amdvi_irte_alloc,
    .irq_free = amdvi_irte_free,
    .irq_route = amdvi_irte_route,
    .irq_post = amdvi_irte_post,
    .irq_mask = amdvi_irte_mask,
    .irq_message = amdvi_irte_message,
    .irq_ioapic_entry = amdvi_irte_ioapic_entry,
    .ioapic_word = "ivrs_ioapic",
    .ioapic_rids = { AMDVI_SOUTHBRIDGE_RID, AMDVI_NORTHBRIDGE_RID },
    .debug_irq_read = amdvi_irte_debug_read,
    .debug_irq_write = amdvi_irte_debug_write,
    .debug_registers = amdvi_debug_registers,
    .debug_queues = amdvi_debug_queues,
    .debug_irq_entries = amdvi_debug_irq_entries,
    .debug_walk = amdvi_debug_walk,
};
