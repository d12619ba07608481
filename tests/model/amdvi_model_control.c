/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control register (AMD-Vi §3.4): what may be written, and the starting
 * and stopping that follows after a while and is reported by the Run bits.
 */
#include "amdvi_model_private.h"

/* What needs a feature. */
static const struct {
    uint64_t control, efr;
} gates[] = {
    { ASPEC_CTL_PPR_LOG_EN | ASPEC_CTL_PPR_INT_EN | ASPEC_CTL_PPR_EN, ASPEC_EFR_PPR_SUP },
    { ASPEC_CTL_GT_EN, ASPEC_EFR_GT_SUP },
    { ASPEC_CTL_GA_EN | ASPEC_CTL_GA_LOG_EN | ASPEC_CTL_GA_INT_EN, ASPEC_EFR_GA_SUP },
    { ASPEC_CTL_GAM_EN, ASPEC_EFR_GAM_SUP },
    { ASPEC_CTL_SMIF_EN | ASPEC_CTL_SMIF_LOG_EN, ASPEC_EFR_SMIF_SUP },
    { ASPEC_CTL_DUAL_PPR_LOG_EN, ASPEC_EFR_DUAL_PPR_LOG_SUP },
    { ASPEC_CTL_DUAL_EVENT_LOG_EN, ASPEC_EFR_DUAL_EVENT_LOG_SUP },
    { ASPEC_CTL_DEV_TBL_SEG_EN, ASPEC_EFR_DEV_TBL_SEG_SUP },
    { ASPEC_CTL_PPR_AUTO_RSP_EN | ASPEC_CTL_PPR_AUTO_RSP_AON, ASPEC_EFR_PPR_AUTO_RSP_SUP },
    { ASPEC_CTL_MARC_EN, ASPEC_EFR_MARC_SUP },
    { ASPEC_CTL_BLK_STOP_MRK_EN, ASPEC_EFR_BLK_STOP_MRK_SUP },
    { ASPEC_CTL_EPH_EN, ASPEC_EFR_EPH_SUP },
    { ASPEC_CTL_HAD_UPDATE, ASPEC_EFR_HA_SUP },
    { ASPEC_CTL_XT_EN | ASPEC_CTL_INT_CAP_XT_EN, ASPEC_EFR_XT_SUP },
    { ASPEC_CTL_VCMD_EN | ASPEC_CTL_VIOMMU_EN, ASPEC_EFR_VIOMMU_SUP },
    { ASPEC_CTL_GA_UPDATE_DIS | ASPEC_CTL_GD_UPDATE_DIS, ASPEC_EFR_GA_UPDATE_DIS_SUP },
    { ASPEC_CTL_GAPPI_EN, ASPEC_EFR_GAPPI_SUP },
};

/* They change how entries in memory are read. */
#define FORMATS                                                                                    \
    (ASPEC_CTL_GA_EN | ASPEC_CTL_XT_EN | ASPEC_CTL_NUM_INT_REMAP_MODE | ASPEC_CTL_DEV_TBL_SEG_EN)
#define INV_TIMEOUT_LAST 6

uint64_t am_ring_bytes(uint64_t base)
{
    uint64_t len = spec_get(base, ASPEC_RING_LEN);

    return len < 8 ? 0 : (uint64_t)ASPEC_COMMAND_BYTES << len;
}

static void check(struct am_unit *u, uint64_t value)
{
    uint64_t old = am_get(u, ASPEC_CONTROL, 8);

    if ((value & ASPEC_CTL_RESERVED) != 0)
        am_violation(u->model, "amdvi%u: control written with reserved bits", u->index);
    if (spec_get(value, ASPEC_CTL_INV_TIMEOUT) > INV_TIMEOUT_LAST)
        am_violation(u->model, "amdvi%u: control written with a reserved InvTimeOut", u->index);
    if (spec_get(value, ASPEC_CTL_DEV_TBL_SEG_EN) > am_efr(u, ASPEC_EFR_DEV_TBL_SEG_SUP))
        am_violation(u->model, "amdvi%u: more device table segments than there are", u->index);
    if (spec_get(value, ASPEC_CTL_NUM_INT_REMAP_MODE) >
        spec_get(u->config->efr2, ASPEC_EFR2_NUM_INT_REMAP_SUP))
        am_violation(u->model, "amdvi%u: NumIntRemapMode without NumIntRemapSup", u->index);
    if ((value & ASPEC_CTL_GAM_EN) != 0 && (value & ASPEC_CTL_GA_EN) == 0)
        am_violation(u->model, "amdvi%u: GAMEn without GAEn", u->index);
    if ((value & ASPEC_CTL_XT_EN) != 0 && (value & ASPEC_CTL_GA_EN) == 0)
        am_violation(u->model, "amdvi%u: XTEn without GAEn", u->index);
    if ((old & ASPEC_CTL_IOMMU_EN) != 0 && ((old ^ value) & FORMATS) != 0)
        am_violation(u->model, "amdvi%u: entry formats changed while IommuEn = 1: 0x%llx", u->index,
                     (unsigned long long)((old ^ value) & FORMATS));
    for (size_t i = 0; i < sizeof(gates) / sizeof(gates[0]); i++) {
        if ((value & gates[i].control) != 0 && am_efr(u, gates[i].efr) == 0)
            am_violation(u->model, "amdvi%u: control bits 0x%llx without their feature", u->index,
                         (unsigned long long)(value & gates[i].control));
    }
}

void am_control_write(struct am_unit *u, uint64_t value)
{
    check(u, value);
    /* Late, but in order: what is switched off and on again has been off. */
    if (u->control_busy)
        am_control_apply(u);
    if (u->config->never_snoops)
        value &= ~ASPEC_CTL_COHERENT;
    am_set(u, ASPEC_CONTROL, 8, value);
    u->control_busy = true;
    u->control_due = u->model->ticks + u->config->delay;
}

static bool runs(uint64_t control, uint64_t enable)
{
    return (control & enable) != 0 && (control & ASPEC_CTL_IOMMU_EN) != 0;
}

void am_control_apply(struct am_unit *u)
{
    uint64_t before = u->control, after = am_get(u, ASPEC_CONTROL, 8);
    bool commanded = runs(before, ASPEC_CTL_CMD_BUF_EN),
         commands = runs(after, ASPEC_CTL_CMD_BUF_EN);
    bool guest_logged = runs(before, ASPEC_CTL_GA_LOG_EN),
         guest_logs = runs(after, ASPEC_CTL_GA_LOG_EN);
    bool logged = runs(before, ASPEC_CTL_EVENT_LOG_EN), logs = runs(after, ASPEC_CTL_EVENT_LOG_EN);

    u->control_busy = false;
    if (commanded && !commands)
        am_command_stop(u);
    u->control = after;
    if (logged && !logs)
        am_event_stop(u);
    if (!logged && logs)
        am_event_start(u);
    if (guest_logged && !guest_logs)
        am_guest_log_stop(u);
    if (!guest_logged && guest_logs)
        am_guest_log_start(u);
    if (!commanded && commands)
        am_command_start(u);
    am_raise_enabled(u, before, after);
}

void am_control_tick(struct am_unit *u)
{
    if (u->control_busy && u->model->ticks >= u->control_due)
        am_control_apply(u);
}
