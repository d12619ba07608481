/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Area topology: devices whose requests arrive through bridges, perhaps under another id (VT-d
 * §3.12).
 */
#include "scenario.h"

#include "case.h"

typedef bool function_test(const struct pci_function *f);

static bool behind_any_bridge(const struct pci_function *f)
{
    return f->parent != NULL;
}

static const struct pci_function *to_pci_bridge_above(const struct pci_function *f)
{
    const struct pci_function *above = f->parent;

    while (above != NULL && above->express_type != PCI_EXP_TO_PCI_BRIDGE)
        above = above->parent;
    return above;
}

static bool behind_to_pci_bridge(const struct pci_function *f)
{
    return to_pci_bridge_above(f) != NULL;
}

/* Makes the first exerciser of that kind the case's only master; skips when there is none. */
static void take_master(struct suite_case *t, function_test *fits, const char *where)
{
    t->master_count = 0;
    for (size_t i = 0; i < t->env->exerciser_count; i++) {
        struct exerciser *ex = t->env->exercisers[i];

        if (ex->device == NULL || ex->function == NULL || !fits(ex->function))
            continue;
        case_needs_no(t, QUIRK_AMD_BUS_ZERO);
        case_add_master(t, ex);
        case_note(t, "with %s", ex->label);
        return;
    }
    case_skip(t, "no exerciser %s", where);
}

/* Mapped arrives, unmapped faults; the fault's source is returned. */
static uint16_t arrives_and_faults(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frame = case_frame(t);
    struct iommu_domain *domain = frame == NULL ? NULL : case_enter(t, m);
    struct iommu_fault fault = { 0 };
    struct refusal refusal;
    struct plan plan;

    if (!case_runs(t))
        return 0;
    refusal = refusal_of(case_operation(m), 0);
    case_map(t, domain, m->window, frame->pa, FRAME_BYTES, IOMMU_RW);
    plan = plan_page(m, case_operation(m), m->window, frame, 0);
    expect_arrives(t, &plan);
    plan = plan_page(m, case_operation(m), m->window + FRAME_BYTES, frame, 0);
    expect_refused(t, &plan, &refusal);
    if (case_runs(t))
        (void)case_faults(t, m, &fault);
    return fault.rid;
}

static void behind_bridge(struct suite_case *t)
{
    take_master(t, behind_any_bridge, "behind a bridge");
    (void)arrives_and_faults(t);
}

/* The bridge takes ownership: (secondary bus, 0, 0), or leaves a PCI-X device its own id. */
static void behind_pcie_to_pci_bridge(struct suite_case *t)
{
    const struct pci_function *f;
    uint16_t alias, seen;

    take_master(t, behind_to_pci_bridge, "behind a PCIe-to-PCI bridge");
    seen = arrives_and_faults(t);
    if (!case_runs(t) || case_quirk(t, QUIRK_AMD_NO_EVENTS)
        || case_quirk(t, QUIRK_AMD_EVENT_FIELDS))
        return;
    f = t->master[0].ex->function;
    alias = PCI_RID(to_pci_bridge_above(f)->secondary_bus, 0, 0);
    if (seen != alias && seen != f->rid)
        case_fail(t, "the fault's source is the bridge's secondary bus or the device",
                  IOMMU_RID_FORMAT ", neither " IOMMU_RID_FORMAT " nor " IOMMU_RID_FORMAT,
                  IOMMU_RID_ARGS(f->segment, seen), IOMMU_RID_ARGS(f->segment, alias), PCI_ARGS(f));
}

static const struct scenario rows[] = {
    { "topology/behind-bridge", "VT-d §3.12", PER_MACHINE, behind_bridge, 0 },
    { "topology/behind-pcie-to-pci-bridge", "VT-d §3.12.1", PER_MACHINE, behind_pcie_to_pci_bridge,
      0 },
    { "topology/requester-id", "VT-d §3.12", PER_EXERCISER_IN_TURN, topology_requester_id, 30000 },
};

const struct scenario_table topology_scenarios = SCENARIO_TABLE(rows);
