/* SPDX-License-Identifier: BSD-2-Clause */
/* See smp.h. */
#include "smp.h"

/* ---- workers ---- */

/* Turns come in bursts, all CPUs at once: two while the device is at one transfer. */
#define BURST 8u

bool worker_runs(const struct worker *w)
{
    struct suite_case *t = w->team->t;

    if (w->turn >= w->team->turns || w->failed != NULL)
        return false;
    if (w->turn % BURST == BURST - 1)
        t->env->ops->sleep_us(t->env, t->master[0].ex->typical_us / 2);
    return t->env->ops->now_us(t->env) <= t->deadline_us;
}

void worker_status(struct worker *w, const char *what, enum iommu_status seen,
                   enum iommu_status wanted)
{
    if (w->failed != NULL || seen == wanted)
        return;
    w->failed = what;
    w->seen = seen;
    w->wanted = wanted;
}

/* The state of Marsaglia's xorshift, which must not be 0. */
uint64_t worker_random(struct worker *w, uint64_t below)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return w->random % below;
}

void worker_map(struct worker *w, struct iommu_domain *domain, uint64_t iova, uint64_t pa,
                uint64_t len)
{
    if (w->failed == NULL)
        worker_status(w, "iommu_map",
                      iommu_map(domain,
                                &(struct iommu_mapping) {
                                    .iova = iova, .pa = pa, .len = len, .prot = IOMMU_RW }),
                      IOMMU_OK);
}

void worker_unmap(struct worker *w, struct iommu_domain *domain, uint64_t iova, uint64_t len,
                  uint64_t expected)
{
    uint64_t unmapped = 0;

    if (w->failed != NULL)
        return;
    worker_status(w, "iommu_unmap", iommu_unmap(domain, iova, len, &unmapped), IOMMU_OK);
    if (w->failed == NULL && unmapped != expected)
        w->failed = "iommu_unmap takes away what this CPU mapped, and all of it";
}

void worker_lookup(struct worker *w, const struct iommu_domain *domain, uint64_t iova, uint64_t pa)
{
    uint64_t seen;

    if (w->failed != NULL)
        return;
    worker_status(w, "iommu_lookup", iommu_lookup(domain, iova, &seen),
                  pa == 0 ? IOMMU_ERR_NOT_FOUND : IOMMU_OK);
    if (w->failed == NULL && seen != pa)
        w->failed = "iommu_lookup finds what this CPU mapped";
}

/* ---- the team ---- */

static void work(void *arg)
{
    struct worker *w = arg;

    if (w->index == 0)
        w->team->lead(w->team);
    else
        w->team->body(w);
    if (w->index != 0)
        __atomic_fetch_sub(&w->team->left, 1, __ATOMIC_RELEASE);
}

bool team_is_at_work(const struct team *team)
{
    return case_runs(team->t) && __atomic_load_n(&team->left, __ATOMIC_ACQUIRE) != 0;
}

void team_transfer(struct team *team)
{
    do
        expect_arrives(team->t, &team->plan);
    while (team_is_at_work(team));
}

void team_needs_cpus(struct suite_case *t)
{
    const struct suite_env_ops *ops = t->env->ops;

    if (case_runs(t) && (ops->cpus == NULL || ops->run_on_cpus == NULL || ops->cpus(t->env) < 2))
        case_skip(t, "one CPU only");
}

void team_run(struct team *team)
{
    struct suite_case *t = team->t;
    void *args[TEAM_MAX];
    unsigned cpus;

    if (!case_runs(t))
        return;
    cpus = t->env->ops->cpus(t->env);
    team->count = cpus < TEAM_MAX ? cpus : TEAM_MAX;
    team->left = team->count - 1;
    for (unsigned i = 0; i < team->count; i++) {
        team->workers[i] =
            (struct worker) { .team = team, .index = i, .random = 1 + case_random(t, UINT32_MAX) };
        args[i] = &team->workers[i];
    }
    if (!t->env->ops->run_on_cpus(t->env, work, args, team->count))
        case_fail(t, "a thread on each CPU", "not on all %u", team->count);
    for (unsigned i = 1; i < team->count && case_runs(t); i++) {
        const struct worker *w = &team->workers[i];

        if (w->failed != NULL)
            case_fail(t, w->failed, "CPU %u, turn %u of %u: %s instead of %s", i, w->turn,
                      team->turns, iommu_status_name(w->seen), iommu_status_name(w->wanted));
    }
    case_note(t, "%u CPUs", team->count);
}

void team_enter_domain(struct team *team, struct iommu_domain *domain)
{
    struct suite_case *t = team->t;
    struct master *m = &t->master[0];

    team->frame = case_frame(t);
    if (!case_runs(t))
        return;
    case_map(t, domain, m->window, team->frame->pa, FRAME_BYTES, IOMMU_RW);
    team->domain = domain;
    team->plan = plan_page(m, case_operation(m), m->window, team->frame, 0);
}

struct iommu_domain *team_enter(struct team *team)
{
    struct suite_case *t = team->t;
    struct iommu_domain *domain;

    case_needs_masters(t, 1);
    team_needs_cpus(t);
    if (!case_runs(t))
        return NULL;
    domain = case_enter(t, &t->master[0]);
    team_enter_domain(team, domain);
    return case_runs(t) ? domain : NULL;
}

/* Twice as much, of which one half is apart from the first master's window. */
void team_room(struct team *team, uint64_t len)
{
    uint64_t iova;

    if (!case_runs(team->t))
        return;
    iova = case_free_iova(team->t, team->domain, 2 * len);
    if (iova == 0)
        case_skip(team->t, "no room for 0x%llx bytes in the domain", (unsigned long long)len);
    team->iova = team->t->master[0].window - iova < len ? iova + len : iova;
}
