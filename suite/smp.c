/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Area smp: one domain, a domain each, attachments, faults, refused
 * descriptors and trees that grow, with every CPU at it at once (smp.h).
 */
#include "smp.h"

#define DEVICES_MAX 16u

/* ---- one domain, ranges that do not overlap ---- */

/* Some pages of [iova, iova + RANGE_PAGES), one call each or all by one. */
static void use_range(struct worker *w, struct iommu_domain *domain, uint64_t iova)
{
    uint64_t pages = 1 + worker_random(w, RANGE_PAGES), pa = w->team->frame->pa;
    uint64_t at = iova + worker_random(w, pages) * FRAME_BYTES;

    if (worker_random(w, 2) == 0)
        for (uint64_t i = 0; i < pages; i++)
            worker_map(w, domain, iova + i * FRAME_BYTES, pa, FRAME_BYTES);
    else
        worker_map(w, domain, iova, pa, pages * FRAME_BYTES);
    worker_lookup(w, domain, iova, pa);
    worker_unmap(w, domain, at, FRAME_BYTES, FRAME_BYTES);
    worker_lookup(w, domain, at, 0);
    worker_unmap(w, domain, iova, RANGE_PAGES * FRAME_BYTES, (pages - 1) * FRAME_BYTES);
    worker_lookup(w, domain, iova, 0);
}

/*
 * In turn n the pages lie in span n, where no table is yet: all CPUs come to
 * link one. Then one page in a span of its own, which is unmapped whole: its
 * table is unlinked and freed beside those of others. And what CPU 0 has mapped
 * is looked up where it transfers to it.
 */
static void share_domain(struct worker *w)
{
    const struct team *team = w->team;
    const struct master *m = &team->t->master[0];
    uint64_t own = team->iova + (TURNS + w->index) * MIB2;

    for (; worker_runs(w); w->turn++) {
        uint64_t span = team->iova + w->turn * MIB2;
        uint64_t page = own + worker_random(w, MIB2 / FRAME_BYTES) * FRAME_BYTES;

        use_range(w, team->domain, span + w->index * RANGE_PAGES * FRAME_BYTES);
        worker_map(w, team->domain, page, team->frame->pa, FRAME_BYTES);
        worker_unmap(w, team->domain, own, MIB2, FRAME_BYTES);
        worker_lookup(w, team->domain, m->window, team->frame->pa);
    }
}

#define SHARED_SPANS 64u
_Static_assert(TURNS + TEAM_MAX <= SHARED_SPANS, "a span each turn, and each CPU");
_Static_assert(TEAM_MAX *RANGE_PAGES *FRAME_BYTES <= MIB2,
               "the ranges of all CPUs lie in one span");

static void ranges_of_one_domain(struct suite_case *t)
{
    struct team team = { .t = t, .lead = team_transfer, .body = share_domain, .turns = TURNS };

    if (team_enter(&team) == NULL)
        return;
    team_room(&team, SHARED_SPANS * MIB2);
    team_run(&team);
    for (unsigned i = 0; i < SHARED_SPANS && case_runs(t); i++) {
        uint64_t left = 0;

        case_status(t, "iommu_unmap of a span",
                    iommu_unmap(team.domain, team.iova + i * MIB2, MIB2, &left), IOMMU_OK);
        case_check(t, left == 0, "nothing is left of what was mapped and unmapped");
    }
    expect_arrives(t, &team.plan);
}

/* ---- a domain each ---- */

static struct iommu_domain *make_domain(struct worker *w, struct iommu_device *device)
{
    struct iommu_domain *domain = NULL;

    if (w->failed == NULL)
        worker_status(
            w, "iommu_domain_create",
            iommu_domain_create(w->team->t->env->iommu,
                                &(struct iommu_domain_desc) { .type = IOMMU_DOMAIN_UNMANAGED,
                                                              .devices = &device,
                                                              .device_count = 1 },
                                &domain),
            IOMMU_OK);
    return domain;
}

static void destroy_domain(struct worker *w, struct iommu_domain *domain)
{
    enum iommu_status status = domain == NULL ? IOMMU_OK : iommu_domain_destroy(domain);

    worker_status(w, "iommu_domain_destroy", status, IOMMU_OK);
}

/* All at one address: a mapping that got into another CPU's domain would be found, or missed. */
static void use_own_domain(struct worker *w)
{
    struct iommu_domain *domain = make_domain(w, w->team->t->master[0].device);

    for (; worker_runs(w); w->turn++)
        use_range(w, domain, w->team->iova);
    destroy_domain(w, domain);
}

static void use_new_domains(struct worker *w)
{
    for (; worker_runs(w); w->turn++) {
        struct iommu_domain *domain = make_domain(w, w->team->t->master[0].device);

        if (domain == NULL)
            return;
        use_range(w, domain, w->team->iova);
        /* Tables go with their domain, whatever they still map. */
        worker_map(w, domain, w->team->iova, w->team->frame->pa, FRAME_BYTES);
        destroy_domain(w, domain);
    }
}

static void with_own_domains(struct suite_case *t, void (*body)(struct worker *w))
{
    struct team team = { .t = t, .lead = team_transfer, .body = body, .turns = TURNS };

    if (team_enter(&team) == NULL)
        return;
    team_room(&team, MIB2);
    team_run(&team);
}

static void a_domain_each(struct suite_case *t)
{
    with_own_domains(t, use_own_domain);
}

static void domains_come_and_go(struct suite_case *t)
{
    with_own_domains(t, use_new_domains);
}

/* ---- attach and detach ---- */

/*
 * The device of worker n: any but the one that transfers, and one worker's
 * alone. NULL: there are not so many.
 */
static struct iommu_device *device_of(const struct worker *w)
{
    const struct suite_env *env = w->team->t->env;
    unsigned n = w->index;

    for (size_t i = 0; i < env->exerciser_count; i++) {
        struct iommu_device *device = env->exercisers[i]->device;

        if (device != NULL && device != w->team->t->master[0].device && --n == 0)
            return device;
    }
    return NULL;
}

static void attach_once(struct worker *w, struct iommu_domain *domain, struct iommu_device *device)
{
    if (w->failed != NULL)
        return;
    worker_status(w, "iommu_attach", iommu_attach(domain, device, IOMMU_NO_PASID), IOMMU_OK);
    if (w->failed == NULL && iommu_device_domain(device) != domain)
        w->failed = "a device is in the domain it was attached to";
}

static void detach_once(struct worker *w, struct iommu_device *device)
{
    if (w->failed != NULL)
        return;
    worker_status(w, "iommu_detach", iommu_detach(device, IOMMU_NO_PASID), IOMMU_OK);
    if (w->failed == NULL && iommu_device_domain(device) != NULL)
        w->failed = "a device that was detached is in no domain";
}

/* Two domains of its own in turn, from one straight into the other, then into none. */
static void attach_to_own(struct worker *w, struct iommu_device *device)
{
    struct iommu_domain *domains[2] = { make_domain(w, device), make_domain(w, device) };

    for (; worker_runs(w); w->turn++) {
        attach_once(w, domains[0], device);
        if (worker_random(w, 2) == 0)
            attach_once(w, domains[1], device);
        detach_once(w, device);
    }
    destroy_domain(w, domains[0]);
    destroy_domain(w, domains[1]);
}

static void attach_own(struct worker *w)
{
    struct iommu_device *device = device_of(w);

    if (device != NULL)
        attach_to_own(w, device);
    else
        use_new_domains(w);
}

/*
 * CPUs without a device of their own map meanwhile: a flush must reach units
 * that the domain comes to and leaves.
 */
static void attach_shared(struct worker *w)
{
    const struct team *team = w->team;
    struct iommu_device *device = device_of(w);

    for (; worker_runs(w); w->turn++) {
        if (device != NULL)
            attach_once(w, team->domain, device);
        use_range(w, team->domain, team->iova + w->index * RANGE_PAGES * FRAME_BYTES);
        if (device != NULL)
            detach_once(w, device);
    }
}

static void needs_two_devices(struct suite_case *t)
{
    size_t count = 0;

    for (size_t i = 0; i < t->env->exerciser_count; i++)
        count += t->env->exercisers[i]->device != NULL;
    if (case_runs(t) && count < 2)
        case_skip(t, "one device only");
}

static void attach_of_different_devices(struct suite_case *t)
{
    needs_two_devices(t);
    with_own_domains(t, attach_own);
}

/* A domain for all devices with master[0] in it. */
static void enter_together(struct team *team)
{
    struct suite_case *t = team->t;
    struct suite_env *env = t->env;
    struct iommu_device *devices[DEVICES_MAX];
    struct iommu_domain *domain = NULL;
    size_t count = 0;
    enum iommu_status status;

    case_needs_masters(t, 1);
    team_needs_cpus(t);
    needs_two_devices(t);
    if (!case_runs(t))
        return;
    for (size_t i = 0; i < env->exerciser_count && count < DEVICES_MAX; i++)
        if (env->exercisers[i]->device != NULL)
            devices[count++] = env->exercisers[i]->device;
    status = iommu_domain_create(env->iommu,
                                 &(struct iommu_domain_desc) { .type = IOMMU_DOMAIN_UNMANAGED,
                                                               .devices = devices,
                                                               .device_count = count },
                                 &domain);
    if (status == IOMMU_ERR_UNSUPPORTED)
        case_skip(t, "the devices' units have no page tables in common");
    case_status(t, "iommu_domain_create for all devices", status, IOMMU_OK);
    if (!case_runs(t))
        return;
    t->domains[t->domain_count++] = domain;
    case_attach(t, domain, &t->master[0]);
    team_enter_domain(team, domain);
}

static void attach_to_one_domain(struct suite_case *t)
{
    struct team team = { .t = t, .lead = team_transfer, .body = attach_shared, .turns = TURNS };

    enter_together(&team);
    if (!case_runs(t))
        return;
    team_room(&team, MIB2);
    team_run(&team);
}

/* ---- faults meanwhile ---- */

/* The handler runs on whatever CPU the unit interrupts, and looks into tables that others change.
 */
static void provoke_faults(struct team *team)
{
    struct suite_case *t = team->t;
    struct master *m = &t->master[0];
    struct refusal refusal = refusal_of(case_operation(m), 0);
    struct plan refused = plan_page(m, case_operation(m), m->window + FRAME_BYTES, team->frame, 0);

    do {
        expect_refused(t, &refused, &refusal);
        expect_arrives(t, &team->plan);
    } while (team_is_at_work(team));
}

static void faults_beside_attach(struct suite_case *t)
{
    struct team team = { .t = t, .lead = provoke_faults, .body = attach_own, .turns = TURNS };

    needs_two_devices(t);
    if (team_enter(&team) == NULL)
        return;
    team_room(&team, MIB2);
    iommu_debug_set_storm(t->env->iommu, SUITE_NO_STORM, 0);
    team_run(&team);
}

/* ---- a refused descriptor among good ones ---- */

/* VT-d §6.5.2 has no type Fh, AMD-Vi §2.4 no opcode Fh. */
#define DESCRIPTOR_RESERVED 0x0full
#define COMMAND_RESERVED 0xf000000000000000ull
#define REFUSALS 6u

static void refuse_or_flush(struct worker *w)
{
    const struct team *team = w->team;
    struct suite_env *env = team->t->env;
    size_t unit = iommu_device_unit(team->t->master[0].device);
    uint64_t refused = suite_vendor_is(env, "amd") ? COMMAND_RESERVED : DESCRIPTOR_RESERVED;

    for (; worker_runs(w); w->turn++) {
        if (w->index == 1 && w->turn % (TURNS / REFUSALS) == 0) {
            enum iommu_status status = iommu_debug_queue_submit(env->iommu, unit, refused, 0);

            if (status != IOMMU_OK || !team->goes_on)
                worker_status(w, "a descriptor that does not exist", status, IOMMU_ERR_QUEUE);
        }
        use_range(w, team->domain, team->iova + w->index * RANGE_PAGES * FRAME_BYTES);
    }
}

/*
 * VT-d §6.5.2.11: only the batch with the refused descriptor fails; every other
 * CPU's flush is carried out.
 */
static void one_is_refused_among_many(struct suite_case *t)
{
    struct team team = { .t = t, .lead = team_transfer, .body = refuse_or_flush, .turns = TURNS };
    struct refusal refusal = refusal_of(case_operation(&t->master[0]), 0);
    struct iommu_unit_info info = { 0 };

    if (team_enter(&team) == NULL)
        return;
    team_room(&team, MIB2);
    case_status(t, "iommu_unit_info",
                iommu_unit_info(t->env->iommu, iommu_device_unit(t->master[0].device), &info),
                IOMMU_OK);
    if (!info.uses_queue)
        case_skip(t, "the unit runs without a queue");
    team.goes_on = case_quirk(t, QUIRK_AMD_COMMAND_GOES_ON);
    team_run(&team);
    case_unmap(t, team.domain, team.plan.iova - team.plan.m->offset, FRAME_BYTES);
    expect_refused(t, &team.plan, &refusal);
}

/* ---- trees that grow ---- */

/*
 * After some turns the tree has to grow for an address that all CPUs want at
 * once (AMD-Vi §2.2.3).
 */
static void grow_and_map(struct worker *w)
{
    static const unsigned shifts[] = { 39, 48, 57 };
    const struct team *team = w->team;

    for (; worker_runs(w); w->turn++) {
        unsigned step = w->turn / (TURNS / 4);
        uint64_t at = team->iova;

        if (step > 0 && 1ull << shifts[step - 1] < team->end)
            at = 1ull << shifts[step - 1];
        use_range(w, team->domain, at + w->index * RANGE_PAGES * FRAME_BYTES);
    }
}

static void growth_beside_mapping(struct suite_case *t)
{
    struct team team = { .t = t, .lead = team_transfer, .body = grow_and_map, .turns = TURNS };
    struct iommu_domain_info before, after;

    case_needs_masters(t, 1);
    team_needs_cpus(t);
    if (!case_runs(t))
        return;
    team_enter_domain(&team, case_enter_wide(t, &t->master[0]));
    if (!case_runs(t))
        return;
    iommu_domain_info(team.domain, &before);
    if (!case_format_is(team.domain, "amd-v1") || before.aperture_end <= 1ull << 39)
        case_skip(t, "%s tables of %u levels do not grow", before.format, before.levels);
    team_room(&team, MIB2);
    team.end = before.aperture_end;
    team_run(&team);
    if (!case_runs(t))
        return;
    iommu_domain_info(team.domain, &after);
    case_check(t, after.levels > before.levels, "the tree has grown");
    expect_arrives(t, &team.plan);
}

static const struct scenario rows[] = {
    { "smp/ranges-of-one-domain", "VT-d §6.5.3", PER_MACHINE, ranges_of_one_domain, 0 },
    { "smp/a-domain-each", "VT-d §6.5.3", PER_MACHINE, a_domain_each, 0 },
    { "smp/domains-come-and-go", "VT-d §6.5.3.3", PER_MACHINE, domains_come_and_go, 0 },
    { "smp/attach-of-different-devices", "VT-d §6.5.3.3", PER_MACHINE, attach_of_different_devices,
      0 },
    { "smp/attach-to-one-domain", "VT-d §6.5.3.3", PER_MACHINE, attach_to_one_domain, 0 },
    { "smp/faults-beside-attach", "VT-d §7.3", PER_MACHINE, faults_beside_attach, 0 },
    { "smp/one-is-refused-among-many", "VT-d §6.5.2.11", PER_MACHINE, one_is_refused_among_many,
      0 },
    { "amd/growth-beside-mapping", "AMD-Vi §2.2.3", PER_MACHINE, growth_beside_mapping, 0 },
};

const struct scenario_table smp_scenarios = SCENARIO_TABLE(rows);
