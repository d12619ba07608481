/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Areas entry and domain: what a device may reach follows from the domain it is in, and from
 * nothing before.
 */
#include "case.h"
#include "glob.h"

#define REFUSED_WHEN_BLOCKED                                                                       \
    ((struct refusal){                                                                             \
        .cause = IOMMU_CAUSE_BLOCKED, .level = IOMMU_LEVEL_NONE, .any_address = true })

/* The exerciser works, has its pattern, and is then taken out of its domain. */
static void make_ready_then_detach(struct suite_case *t, struct master *m)
{
    (void)case_enter(t, m);
    case_prepare(t, m);
    case_detach(t, m);
}

/* The end of the addresses that the device can send and that are RAM. */
static uint64_t reachable_end(const struct suite_case *t, const struct master *m)
{
    uint64_t end = t->env->ops->ram_end(t->env);

    return m->ex->address_bits < 64 && end > 1ull << m->ex->address_bits
               ? 1ull << m->ex->address_bits
               : end;
}

/*
 * Design section 3, rule 1. The first to run: nothing was attached before, so
 * there may be no context table for the device's bus yet (VT-d).
 */
static void unattached_device_is_blocked(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frame = case_buffer(t, 1, FRAME_BYTES, 0, reachable_end(t, m));
    struct refusal refusal = refusal_unattached(m, case_operation(m));
    struct plan plan;

    if (!case_runs(t))
        return;
    case_check(t, iommu_device_domain(m->device) == NULL, "the device is in no domain yet");
    if (m->ex->function != NULL && !iommu_device_has_reserved(m->device))
        case_check(t, !pci_bus_master_enabled(m->ex->function),
                   "bus mastering is off before the first domain");
    plan = plan_page(m, case_operation(m), frame->pa, frame, 0);
    expect_nothing(t, &plan);
    case_bus_master(t, m, true);
    /* A device with queues sends nothing until they are set up, which takes a domain. */
    if (m->needs_rebase)
        expect_nothing(t, &plan);
    else
        expect_refused(t, &plan, &refusal);
}

#define IDS 0x10000u

/* Design section 3, rule 1: that goes for ids of which nobody has heard, too. */
static void unknown_ids_are_blocked(struct suite_case *t)
{
    struct iommu *iommu = t->env->iommu;
    struct iommu_unit_info info;

    for (size_t unit = 0; iommu_unit_info(iommu, unit, &info) == IOMMU_OK; unit++)
        for (uint32_t rid = 0; rid < IDS && t->outcome == CASE_RUNS; rid++) {
            const char *state = iommu_debug_id_state(iommu, unit, (uint16_t)rid);

            if (iommu_find_device(iommu, info.segment, (uint16_t)rid) == NULL && !text_is(state, "blocked"))
                case_fail(t, "an id that is no device's is blocked",
                          "unit %s: " IOMMU_RID_FORMAT " is %s", info.name,
                          IOMMU_RID_ARGS(info.segment, rid), state);
        }
}

/* Faults of an id that belongs to no device. */
static size_t faults_of_stranger(struct suite_case *t, uint16_t rid)
{
    struct iommu_fault faults[4];
    size_t count = t->env->ops->faults(t->env, 0, rid, faults, 4);

    for (size_t i = 0; i < count && i < 4; i++)
        case_check(t, faults[i].device == NULL, "the fault names no device");
    return count;
}

/* A function that came after the units were started, and that nobody has added. */
static void stranger_is_blocked(struct suite_case *t)
{
    struct suite_env *env = t->env;
    struct exerciser *ex = NULL;
    struct buffer *frame;
    struct master *m;
    struct plan plan;
    uint16_t rid = 0;

    for (size_t i = 0; env->model && i < env->exerciser_count; i++)
        if (env->exercisers[i]->device == NULL)
            ex = env->exercisers[i];
    if (ex == NULL || env->ops->requester_ids(env, ex, &rid, 1) != 1) {
        case_skip(t, "every function that a unit covers is a device");
        return;
    }
    t->master_count = 0;
    m = case_add_bare_master(t, ex);
    frame = case_frame(t);
    if (!case_runs(t))
        return;
    plan = plan_page(m, case_operation(m), frame->pa, frame, 0);
    case_bus_master(t, m, true);
    env->ops->faults_clear(env, 0, rid);
    expect_nothing(t, &plan);
    if (case_runs(t))
        case_check(t, faults_of_stranger(t, rid) > 0, "a fault of the stranger is reported");
}

/* A function whose bus mastering is off does nothing, and the unit hears nothing of it. */
static void no_dma_without_bus_master(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frame = case_frame(t);
    struct iommu_domain *domain = case_enter(t, m);
    struct iommu_fault fault = { 0 };
    struct plan plan;

    if (!case_runs(t))
        return;
    case_map(t, domain, m->window, frame->pa, FRAME_BYTES, IOMMU_RW);
    plan = plan_page(m, case_operation(m), m->window, frame, 0);
    case_prepare(t, m);
    case_faults_clear(t, m);
    case_bus_master(t, m, false);
    expect_nothing(t, &plan);
    if (case_runs(t))
        case_check(t, case_faults(t, m, &fault) == 0, "no fault from a function that may not send");
    case_bus_master(t, m, true);
    m->needs_rebase = true;
    expect_arrives(t, &plan);
}

static void detached_device_is_blocked(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frame = case_frame(t);
    struct iommu_domain *domain = case_enter(t, m);
    struct refusal refusal = refusal_unattached(m, case_operation(m));
    struct plan plan;

    if (!case_runs(t))
        return;
    case_map(t, domain, m->window, frame->pa, FRAME_BYTES, IOMMU_RW);
    plan = plan_page(m, case_operation(m), m->window, frame, 0);
    expect_arrives(t, &plan);
    case_prepare(t, m);
    case_detach(t, m);
    expect_refused(t, &plan, &refusal);
}

static void blocked_domain_reaches_nothing(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frame = case_buffer(t, 1, FRAME_BYTES, 0, reachable_end(t, m));
    struct refusal refusal = REFUSED_WHEN_BLOCKED;
    struct iommu_domain *domain;
    struct plan plan;
    uint64_t pa = 1;

    make_ready_then_detach(t, m);
    domain = case_domain(t, IOMMU_DOMAIN_BLOCKED, m, 1);
    case_attach(t, domain, m);
    if (!case_runs(t))
        return;
    case_status(t, "iommu_lookup in a blocked domain", iommu_lookup(domain, frame->pa, &pa),
                IOMMU_ERR_NOT_FOUND);
    case_status(
        t, "iommu_map into a blocked domain",
        iommu_map(domain, &(struct iommu_mapping){ m->window, frame->pa, FRAME_BYTES, IOMMU_RW }),
        IOMMU_ERR_INVALID);
    case_check(t, case_state_is(m, "blocked"),
               "the unit's tables say blocked");
    plan = plan_page(m, case_operation(m), frame->pa, frame, 0);
    expect_refused(t, &plan, &refusal);
}

static void identity_reaches_physical(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frame = case_buffer(t, 1, FRAME_BYTES, 0, reachable_end(t, m));
    struct iommu_domain *domain = case_domain(t, IOMMU_DOMAIN_IDENTITY, m, 1);
    struct refusal refusal = refusal_unattached(m, case_operation(m));
    struct plan plan;

    if (!case_runs(t))
        return;
    if (m->ex->private_pages > 0 && m->ex->private_pa >= reachable_end(t, m))
        case_skip(t, "the exerciser's own memory lies beyond its %u address bits",
                  m->ex->address_bits);
    case_attach(t, domain, m);
    if (!case_runs(t))
        return;
    plan = plan_page(m, case_operation(m), frame->pa, frame, 0);
    expect_arrives(t, &plan);
    case_prepare(t, m);
    case_detach(t, m);
    expect_refused(t, &plan, &refusal);
}

/* Where a unit has pass-through, an identity domain needs no tables (VT-d §9.3, TT = 10b; AMD-Vi Mode 0). */
static void pass_through_needs_no_tables(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct iommu_domain *domain = case_domain(t, IOMMU_DOMAIN_IDENTITY, m, 1);
    struct iommu_domain_info info;

    if (!case_runs(t))
        return;
    case_status(t, "iommu_attach", iommu_attach(domain, m->device, IOMMU_NO_PASID), IOMMU_OK);
    m->attached = t->outcome == CASE_RUNS;
    iommu_domain_info(domain, &info);
    if (!case_state_is(m, "pass-through"))
        case_skip(t, "the unit has no pass-through");
    case_check(t, info.levels == 0 && info.table_pages == 0,
               "a pass-through domain has no page table");
    case_detach(t, m);
    if (case_runs(t))
        case_check(t, case_state_is(m, case_unattached_state(m)),
                   "blocked after the detach, or kept to its reserved regions");
}

/* A window that both masters reach. */
static uint64_t common_window(const struct suite_case *t)
{
    return t->master[0].window < t->master[1].window ? t->master[0].window : t->master[1].window;
}

static void same_iova_different_frames(struct suite_case *t)
{
    struct buffer *frames[2] = { case_frame(t), case_frame(t) };
    uint64_t iova = common_window(t);

    for (size_t i = 0; i < 2 && case_runs(t); i++) {
        struct master *m = &t->master[i];
        struct iommu_domain *domain = case_enter(t, m);

        if (case_runs(t))
            case_map(t, domain, iova, frames[i]->pa, FRAME_BYTES, IOMMU_RW);
    }
    for (size_t i = 0; i < 2 && case_runs(t); i++) {
        struct master *m = &t->master[i];
        struct plan plan = plan_page(m, case_operation(m), iova, frames[i], 0);

        expect_arrives(t, &plan);
    }
}

/* What is mapped for one is not mapped for its neighbour. */
static void neighbour_reaches_nothing(struct suite_case *t)
{
    struct master *owner = &t->master[0], *other = &t->master[1];
    struct buffer *frame = case_frame(t);
    struct iommu_domain *domain = case_enter(t, owner);
    struct iommu_domain *empty = case_enter(t, other);
    struct refusal refusal = refusal_of(case_operation(other), ANY_LEVEL);
    struct plan plan;

    (void)empty;
    if (!case_runs(t))
        return;
    case_map(t, domain, other->window, frame->pa, FRAME_BYTES, IOMMU_RW);
    plan = plan_page(other, case_operation(other), other->window, frame, 0);
    expect_refused(t, &plan, &refusal);
}

static void one_domain_two_devices(struct suite_case *t)
{
    struct buffer *frame = case_frame(t);
    struct iommu_domain *domain = case_domain(t, IOMMU_DOMAIN_UNMANAGED, t->master, 2);
    uint64_t iova = common_window(t);

    if (!case_runs(t))
        return;
    case_map(t, domain, iova, frame->pa, FRAME_BYTES, IOMMU_RW);
    for (size_t i = 0; i < 2; i++)
        case_attach(t, domain, &t->master[i]);
    for (size_t i = 0; i < 2 && case_runs(t); i++) {
        struct master *m = &t->master[i];
        struct plan plan = plan_page(m, case_operation(m), iova, frame, 0);

        expect_arrives(t, &plan);
    }
    case_status(t, "iommu_domain_destroy while attached", iommu_domain_destroy(domain),
                IOMMU_ERR_BUSY);
    case_unmap(t, domain, iova, FRAME_BYTES);
    for (size_t i = 0; i < 2 && case_runs(t); i++) {
        struct master *m = &t->master[i];
        struct plan plan = plan_page(m, case_operation(m), iova, frame, 0);
        struct refusal refusal = refusal_of(case_operation(m), ANY_LEVEL);

        expect_refused(t, &plan, &refusal);
    }
}

/*
 * VT-d §6.2: entries are tagged with the domain id; a new domain may get the id of one destroyed
 * before.
 */
static void reused_id_leaks_nothing(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frames[2] = { case_frame(t), case_frame(t) };
    struct refusal refusal = refusal_of(case_operation(m), ANY_LEVEL);
    struct iommu_domain *domain;
    struct plan plan;

    for (unsigned turn = 0; turn < 2; turn++) {
        domain = case_enter(t, m);
        if (!case_runs(t))
            return;
        plan = plan_page(m, case_operation(m), m->window, frames[turn], 0);
        if (turn > 0)
            expect_refused(t, &plan, &refusal);
        case_map(t, domain, m->window, frames[turn]->pa, FRAME_BYTES, IOMMU_RW);
        expect_arrives(t, &plan);
        case_detach(t, m);
        case_destroy(t, domain);
    }
}

/* ---- attach and detach while a transfer is on its way ---- */

#define LOAD_ROUNDS 2
#define LOAD_SWITCHES 6

/* Switches m between the domains while its transfer runs; false: it did not end in time. */
static bool run_while_switching(struct suite_case *t, struct master *m, const struct ex_dma *dma,
                                struct iommu_domain *const domains[2])
{
    uint64_t pause_us = m->ex->typical_us / LOAD_SWITCHES + 1;
    enum ex_status status = m->ex->ops->start(m->ex, dma);

    for (unsigned i = 1; status == EX_PENDING && case_runs(t); i++) {
        case_status(t, "iommu_attach during a transfer",
                    iommu_attach(domains[i % 2], m->device, IOMMU_NO_PASID), IOMMU_OK);
        t->env->ops->sleep_us(t->env, pause_us);
        status = m->ex->ops->poll(m->ex);
    }
    m->needs_rebase = true;
    return status != EX_PENDING;
}

/* Bytes of the pattern that are not the fill value: in the frame, or (at NULL) in all of it. */
static size_t pattern_bytes(const volatile uint8_t *at, const uint8_t *pattern, uint32_t len)
{
    size_t count = 0;

    for (uint32_t i = 0; i < len; i++)
        count += pattern[i] != BUFFER_FILL && (at == NULL || at[i] == pattern[i]);
    return count;
}

/*
 * A transfer that was split by the switch is complete over both frames, or a fault says what is
 * missing.
 */
static void check_switched(struct suite_case *t, struct master *m, const struct plan plans[2])
{
    const uint8_t *pattern = m->ex->pattern;
    size_t landed = pattern_bytes(plans[0].pieces[0].at, pattern, m->len)
        + pattern_bytes(plans[1].pieces[0].at, pattern, m->len);
    size_t all = pattern_bytes(NULL, pattern, m->len);
    size_t changed = case_changed(t);
    struct iommu_fault fault = { 0 };
    size_t faults = case_faults(t, m, &fault);

    case_refill(t);
    if (changed != landed)
        case_fail(t, "the write lands in the frames of its two domains only",
                  "%u bytes changed, %u of them there", (unsigned)changed, (unsigned)landed);
    else if (landed != all && faults == 0 && !case_quirk(t, QUIRK_AMD_NO_EVENTS))
        case_fail(t, "the whole write lands, or a fault is reported", "%u of %u bytes, no fault",
                  (unsigned)landed, (unsigned)all);
}

static void switch_under_load(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frames[2] = { case_frame(t), case_frame(t) };
    struct iommu_domain *domains[2];
    struct plan plans[2];

    if (case_runs(t) && !m->ex->can_write)
        case_skip(t, "%s does no DMA write here", m->ex->ops->name);
    for (size_t i = 0; i < 2; i++) {
        domains[i] = case_enter(t, m);
        if (!case_runs(t))
            return;
        case_map(t, domains[i], m->window, frames[i]->pa, FRAME_BYTES, IOMMU_RW);
        plans[i] = plan_page(m, EX_WRITE, m->window, frames[i], 0);
    }
    for (unsigned round = 0; round < LOAD_ROUNDS && case_runs(t); round++) {
        case_attach(t, domains[0], m);
        case_prepare(t, m);
        case_faults_clear(t, m);
        if (!case_runs(t))
            return;
        case_check(t,
                   run_while_switching(
                       t, m, &(struct ex_dma){ EX_WRITE, plans[0].iova, plans[0].len }, domains),
                   "the transfer ends");
        check_switched(t, m, plans);
    }
}

/* The transfer is started in the domain and arrives, if at all, before the detach. */
static void detach_under_load(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct buffer *frame = case_frame(t);
    struct iommu_domain *domain = case_enter(t, m);
    enum ex_status status;
    struct plan plan;

    if (!case_runs(t))
        return;
    case_map(t, domain, m->window, frame->pa, FRAME_BYTES, IOMMU_RW);
    plan = plan_page(m, EX_WRITE, m->window, frame, 0);
    if (!m->ex->can_write)
        case_skip(t, "%s does no DMA write here", m->ex->ops->name);
    case_prepare(t, m);
    if (!case_runs(t))
        return;
    status = m->ex->ops->start(m->ex, &(struct ex_dma){ EX_WRITE, plan.iova, plan.len });
    case_detach(t, m);
    case_refill(t);     /* whatever arrived before the detach returned */
    while (status == EX_PENDING && case_runs(t)) {
        t->env->ops->sleep_us(t->env, m->ex->typical_us / LOAD_SWITCHES + 1);
        status = m->ex->ops->poll(m->ex);
    }
    if (case_changed(t) > 0)
        case_needs_no(t, QUIRK_QEMU_MAPS_AHEAD);
    if (case_changed(t) > 0)
        case_fail(t, "nothing arrives once iommu_detach has returned", "%u bytes",
                  (unsigned)case_changed(t));
    case_refill(t);
    case_attach(t, domain, m);
    expect_arrives(t, &plan);
}

/* Of a domain's mappings nothing is left when the device has got the next. */
static void attach_and_reach(struct suite_case *t, struct iommu_domain *domain, struct master *m,
                             uint64_t iova, const struct buffer *frame)
{
    struct plan plan = plan_page(m, case_operation(m), iova, frame, 0);

    case_attach(t, domain, m);
    if (case_runs(t))
        expect_arrives(t, &plan);
}

#define CHANGES 2

/* The turn ends in no domain, or in one that reaches nothing. */
static void leave_for_nothing(struct suite_case *t, struct master *m, struct iommu_domain *blocked,
                              const struct buffer *frame)
{
    struct refusal refusal = REFUSED_WHEN_BLOCKED;
    struct plan plan = plan_page(m, case_operation(m), m->window, frame, 0);

    case_prepare(t, m);
    if (blocked != NULL) {
        case_attach(t, blocked, m);
    } else {
        case_detach(t, m);
        refusal = refusal_unattached(m, case_operation(m));
    }
    if (case_runs(t))
        expect_refused(t, &plan, &refusal);
}

/*
 * Every kind of entry after every other: AMD-Vi §2.2.2.2 has a rule for each,
 * and QEMU translates by an entry only after the command that names the device.
 */
static void every_change_takes_effect(struct suite_case *t)
{
    struct master *m = &t->master[0];
    uint64_t end = reachable_end(t, m);
    struct buffer *frames[2] = { case_buffer(t, 1, FRAME_BYTES, 0, end),
                                 case_buffer(t, 1, FRAME_BYTES, 0, end) };
    struct iommu_domain *domains[2], *identity, *blocked;

    if (m->ex->private_pages > 0 && m->ex->private_pa >= end)
        case_skip(t, "the exerciser's own memory lies beyond its %u address bits",
                  m->ex->address_bits);
    identity = case_domain(t, IOMMU_DOMAIN_IDENTITY, m, 1);
    blocked = case_domain(t, IOMMU_DOMAIN_BLOCKED, m, 1);
    for (size_t i = 0; i < 2 && case_runs(t); i++) {
        domains[i] = case_domain(t, IOMMU_DOMAIN_UNMANAGED, m, 1);
        if (case_runs(t))
            case_map(t, domains[i], m->window, frames[i]->pa, FRAME_BYTES, IOMMU_RW);
    }
    for (unsigned turn = 0; turn < CHANGES && case_runs(t); turn++) {
        attach_and_reach(t, domains[0], m, m->window, frames[0]);
        attach_and_reach(t, identity, m, frames[1]->pa, frames[1]);
        attach_and_reach(t, domains[1], m, m->window, frames[1]);
        attach_and_reach(t, domains[0], m, m->window, frames[0]);
        if (case_runs(t))
            leave_for_nothing(t, m, turn == 0 ? blocked : NULL, frames[0]);
    }
}

static const struct scenario entry_rows[] = {
    { "entry/unknown-ids-are-blocked", "VT-d §9.1, AMD-Vi §2.2.2", PER_MACHINE,
      unknown_ids_are_blocked, 0 },
    { "entry/stranger-is-blocked", "VT-d §9.1, AMD-Vi §2.2.2", PER_MACHINE, stranger_is_blocked, 0 },
    { "entry/unattached-device-is-blocked", "VT-d §9.3", PER_EXERCISER,
      unattached_device_is_blocked, 0 },
    { "entry/no-dma-without-bus-master", "VT-d §9.3", PER_EXERCISER, no_dma_without_bus_master, 0 },
};

const struct scenario_table entry_scenarios = SCENARIO_TABLE(entry_rows);

static const struct scenario rows[] = {
    { "domain/detached-device-is-blocked", "VT-d §9.3", PER_EXERCISER, detached_device_is_blocked,
      0 },
    { "domain/blocked-domain-reaches-nothing", "VT-d §9.3", PER_EXERCISER,
      blocked_domain_reaches_nothing, 0 },
    { "domain/identity-reaches-physical", "VT-d §3.7", PER_EXERCISER, identity_reaches_physical,
      0 },
    { "domain/pass-through-needs-no-tables", "VT-d §9.3", PER_EXERCISER,
      pass_through_needs_no_tables, 0 },
    { "domain/same-iova-different-frames", "VT-d §3.3", PER_PAIR, same_iova_different_frames, 0 },
    { "domain/neighbour-reaches-nothing", "VT-d §3.3", PER_PAIR, neighbour_reaches_nothing, 0 },
    { "domain/one-domain-two-devices", "VT-d §3.3", PER_PAIR, one_domain_two_devices, 0 },
    { "domain/reused-id-leaks-nothing", "VT-d §6.2", PER_EXERCISER, reused_id_leaks_nothing, 0 },
    { "domain/every-change-takes-effect", "VT-d §6.5.3, AMD-Vi §2.2.2.2", PER_EXERCISER,
      every_change_takes_effect, 0 },
    { "domain/switch-under-load", "VT-d §6.5.3", PER_EXERCISER, switch_under_load, 0 },
    { "domain/detach-under-load", "VT-d §6.5.3", PER_EXERCISER, detach_under_load, 0 },
};

const struct scenario_table domain_scenarios = SCENARIO_TABLE(rows);
