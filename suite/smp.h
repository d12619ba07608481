/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios in which every CPU calls the library at once. CPU 0 works on the
 * case: it leads, and moves data with a device for as long as the others are at
 * work. Those call the library alone, and leave what went wrong in their own
 * struct worker. All are bounded by turns and by the case's deadline; what they
 * do follows from the seed, when they do it does not.
 */
#ifndef SUITE_SMP_H
#define SUITE_SMP_H

#include "scenario.h"

#define TEAM_MAX 16u
#define TURNS 48u
#define RANGE_PAGES 16u /* of a worker's range */

struct team;

struct worker {
    struct team *team;
    unsigned index; /* of its CPU; the leader is 0 */
    unsigned turn;
    uint64_t random;
    const char *failed; /* the call, or what should have been so; NULL: nothing has */
    enum iommu_status seen, wanted;
};

struct team {
    struct suite_case *t;
    void (*lead)(struct team *team); /* on CPU 0, in the case's thread */
    void (*body)(struct worker *w);  /* on all others */
    unsigned turns;
    unsigned count;
    unsigned left; /* workers that have not ended; atomic */
    struct worker workers[TEAM_MAX];
    /* What a scenario has to say to them: */
    struct buffer *frame;
    struct iommu_domain *domain; /* of the first master */
    struct plan plan;            /* arrives */
    uint64_t iova;               /* where workers map */
    uint64_t end;
    bool goes_on; /* a refused descriptor is no error here */
};

/* Before team_enter(); ends the case as skipped where there is one CPU. */
void team_needs_cpus(struct suite_case *t);
/* The first master in a domain with one page mapped, to which team->plan transfers. NULL: the case
 * has ended. */
struct iommu_domain *team_enter(struct team *team);
/* The same in a domain that it has been attached to. */
void team_enter_domain(struct team *team, struct iommu_domain *domain);
/* Sets team->iova: len bytes, a power of two, apart from what is mapped. */
void team_room(struct team *team, uint64_t len);
/* Runs leader and workers; the first worker that failed ends the case. */
void team_run(struct team *team);

/* For leaders: a worker has not ended, and the case neither. */
bool team_is_at_work(const struct team *team);
/* The leader that transfers team->plan, once at least. */
void team_transfer(struct team *team);

/* For workers. After a failure the calls below do nothing. */
/* Another turn is due; asked before each. */
bool worker_runs(const struct worker *w);
void worker_status(struct worker *w, const char *what, enum iommu_status seen,
                   enum iommu_status wanted);
uint64_t worker_random(struct worker *w, uint64_t below);
void worker_map(struct worker *w, struct iommu_domain *domain, uint64_t iova, uint64_t pa,
                uint64_t len);
/* expected: how many bytes of it are mapped. */
void worker_unmap(struct worker *w, struct iommu_domain *domain, uint64_t iova, uint64_t len,
                  uint64_t expected);
/* pa 0: nothing is mapped there. */
void worker_lookup(struct worker *w, const struct iommu_domain *domain, uint64_t iova, uint64_t pa);

#endif
