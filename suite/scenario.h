/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What scenarios are written with. A scenario is a function that calls the
 * helpers below in a straight line: the first check that fails, and a skip,
 * end the case, and every helper called afterwards does nothing. Whatever a
 * helper allocated, mapped or attached is undone by the runner.
 *
 * One thread works on one case. Exercisers of different cases run side by side.
 */
#ifndef SUITE_SCENARIO_H
#define SUITE_SCENARIO_H

#include "quirks.h"

#define FRAME_BYTES 4096ull
/* So many faults of one device that no scenario reaches it (iommu_debug_set_storm()). */
#define SUITE_NO_STORM (1u << 30)
#define MIB2 (1ull << 21)
#define GIB1 (1ull << 30)
#define GIB4 (1ull << 32)

struct suite_case;

enum scenario_kind {
    PER_EXERCISER,      /* master[0]; all exercisers side by side */
    PER_EXERCISER_IN_TURN, /* the same, one after the other: they share something */
    PER_PAIR,           /* master[0] and [1]: neighbours in the list of exercisers */
    PER_BARE_EXERCISER, /* the same where there is no IOMMU, or it is switched off; device is NULL */
    PER_MACHINE,        /* alone; masters[] are the first that can write, as many as there are */
};

struct scenario {
    /* "dma/mapped-write-arrives". In an area named as a vendor ("amd/...") it runs on that vendor's units only. */
    const char *name;
    const char *cite;   /* "VT-d §3.7" */
    enum scenario_kind kind;
    void (*run)(struct suite_case *t);
    uint32_t limit_ms;  /* 0: SCENARIO_LIMIT_MS */
};
#define SCENARIO_LIMIT_MS 15000u

struct scenario_table {
    const struct scenario *rows;
    size_t count;
};
#define SCENARIO_TABLE(table) { (table), sizeof(table) / sizeof((table)[0]) }

extern const struct scenario_table entry_scenarios, takeover_scenarios, dma_scenarios,
    map_scenarios, leaf_scenarios, flush_scenarios, domain_scenarios, topology_scenarios,
    peer_scenarios, stress_scenarios, smp_scenarios, fault_scenarios, reserved_scenarios, irq_scenarios,
    irq_pin_scenarios, irq_blocked_scenarios, intel_scenarios, amd_scenarios;

/* Every area in the order in which it runs. */
extern const struct scenario_table *const suite_catalogue[];
extern const size_t suite_catalogue_count;

/* An exerciser in a case. */
struct master {
    struct exerciser *ex;
    struct iommu_device *device;
    uint16_t rids[IOMMU_DEVICE_RIDS];   /* under which its faults may arrive */
    size_t rid_count;
    uint64_t private_iova;      /* where case_attach() maps its private memory */
    uint64_t window; /* where scenarios map their frames; 1 GiB-aligned where the device reaches
                        that far */
    uint64_t other_gib;         /* nothing is mapped there; for devices of 32 bits and more */
    uint32_t offset;            /* of a transfer within its page */
    uint32_t len;               /* of a transfer within a page */
    bool attached;              /* by case_attach() */
    bool needs_rebase;          /* the last operation may have left the device stuck */
};

#define BUFFER_FILL 0xa5u

/* Frames of a scenario: every byte is BUFFER_FILL between transfers. */
struct buffer {
    uint8_t *at;
    uint64_t pa;
    size_t frames;
    uint8_t *allocated;     /* with the canary frames around it */
    size_t allocated_frames;
};

#define CASE_MASTERS 2
#define CASE_BUFFERS 8
#define CASE_DOMAINS 6
#define CASE_IRQS 4
#define CASE_VECTORS 36
#define CASE_TEXT 200

enum outcome { CASE_RUNS, CASE_FAILED, CASE_SKIPPED };

struct suite_case {
    struct suite_env *env;
    const struct scenario *scenario;
    struct master master[CASE_MASTERS];
    size_t master_count;
    char name[128];             /* with the exercisers */
    uint64_t start_us, deadline_us, time_us;
    uint64_t random;
    enum outcome outcome;
    struct buffer buffers[CASE_BUFFERS];
    size_t buffer_count;
    struct iommu_domain *domains[CASE_DOMAINS];
    size_t domain_count;
    struct suite_irqs *irqs[CASE_IRQS];
    size_t irq_count;
    int vectors[CASE_VECTORS];
    size_t vector_count;
    char expected[CASE_TEXT];
    char seen[CASE_TEXT];       /* of a failure; the reason of a skip */
    char note[CASE_TEXT];       /* a diagnostic that is no failure */
    uint32_t quirks;            /* bit n: a check was left out for enum suite_quirk n */
};

/* ---- case.c: outcome and what a case owns ---- */

/* False once the case has ended; a case past its deadline is ended here. */
bool case_runs(struct suite_case *t);
void case_skip(struct suite_case *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void case_note(struct suite_case *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Whether the quirk applies here; the result then says what was left out. */
bool case_quirk(struct suite_case *t, enum suite_quirk which);
/* Skips where the quirk applies, and names it. */
void case_needs_no(struct suite_case *t, enum suite_quirk which);
/* Ends the case as failed; seen is a format. */
void case_fail(struct suite_case *t, const char *expected, const char *seen, ...)
    __attribute__((format(printf, 3, 4)));
/* Something is wrong with the machine: handed to whoever gathers that; does not end the case. */
void case_finding(struct suite_case *t, const struct fw_finding *finding);
/* Fails unless ok; what says what should have been so. */
void case_check(struct suite_case *t, bool ok, const char *what);
/* Fails unless seen is wanted; what names the call. */
void case_status(struct suite_case *t, const char *what, enum iommu_status seen,
                 enum iommu_status wanted);
/* Skips unless that many masters are there. */
void case_needs_masters(struct suite_case *t, size_t count);
/* Skips unless the device of m can send addresses of so many bits. */
void case_needs_bits(struct suite_case *t, const struct master *m, unsigned bits);
uint64_t case_random(struct suite_case *t, uint64_t below);

/*
 * Frames in [start_pa, end_pa), contiguous, the first aligned to align. With
 * align 4096 a canary frame lies on either side. NULL: the case has ended
 * (skipped: no such memory).
 */
struct buffer *case_buffer(struct suite_case *t, size_t frames, uint64_t align, uint64_t start_pa,
                           uint64_t end_pa);
/* The same without ending the case where there is no such memory. */
struct buffer *case_try_buffer(struct suite_case *t, size_t frames, uint64_t align,
                               uint64_t start_pa, uint64_t end_pa);
/* One frame anywhere. */
struct buffer *case_frame(struct suite_case *t);

/* A domain for count masters. NULL: the case has ended. */
struct iommu_domain *case_domain(struct suite_case *t, enum iommu_domain_type type,
                                 const struct master *masters, size_t count);
void case_destroy(struct suite_case *t, struct iommu_domain *domain);
void case_map(struct suite_case *t, struct iommu_domain *domain, uint64_t iova, uint64_t pa,
              uint64_t len, unsigned prot);
void case_unmap(struct suite_case *t, struct iommu_domain *domain, uint64_t iova, uint64_t len);
/*
 * Attaches, maps the exerciser's private memory where the domain is a
 * translated one, switches bus mastering on and makes the exerciser ready.
 * In a blocked domain the exerciser is left as it was.
 */
void case_attach(struct suite_case *t, struct iommu_domain *domain, struct master *m);
/* Sets a bare exerciser to work: IOVAs are physical addresses. */
void case_enter_bare(struct suite_case *t, struct master *m);
/* Addresses that the exerciser can send are below this. */
uint64_t case_address_end(const struct exerciser *ex);
void case_detach(struct suite_case *t, struct master *m);
void case_bus_master(struct suite_case *t, struct master *m, bool on);
/* Whether the unit's own tables say that of the device (iommu_debug_device_state()). */
bool case_state_is(const struct master *m, const char *state);
/* What they say of a device in no domain. */
const char *case_unattached_state(const struct master *m);
/* An unmanaged domain with m attached: how most scenarios begin. */
struct iommu_domain *case_enter(struct suite_case *t, struct master *m);
/* The same as wide as the device's unit can walk. */
struct iommu_domain *case_enter_wide(struct suite_case *t, struct master *m);
/*
 * Where len bytes, a power of two, may be mapped: aligned, above them, apart from holes, reserved
 * regions and the masters' private memory. 0: nowhere in the domain.
 */
uint64_t case_free_iova(const struct suite_case *t, const struct iommu_domain *domain, uint64_t len);
/* Whether the domain's page table has that format. */
bool case_format_is(const struct iommu_domain *domain, const char *format);
/* Whether addresses below end can be sent by the device. */
bool case_reaches(const struct master *m, uint64_t end);

/* ---- expect.c: transfers and what must come of them ---- */

/* Where in memory a part of a transfer lands. */
struct piece {
    uint8_t *at;
    uint32_t len;
};
#define PLAN_PIECES 4

struct plan {
    struct master *m;
    enum ex_operation operation;
    uint64_t iova;
    uint32_t len;
    struct piece pieces[PLAN_PIECES];   /* in order; together len bytes */
    size_t piece_count;
    /* Called while the transfer is on its way; may be NULL. */
    void (*meanwhile)(struct suite_case *t, void *arg);
    void *arg;
};

#define ANY_LEVEL 0xfeu

struct refusal {
    enum iommu_fault_cause cause;       /* or what a vendor reports instead (expect.c) */
    enum iommu_fault_cause or_cause;    /* another that is as good; IOMMU_CAUSE_OTHER: none */
    uint8_t level;          /* where the walk ended; ANY_LEVEL */
    bool any_address;       /* a blocked device may be stopped at its own queues */
    /* Address bits from here up are missing in the record (VT-d §11.4.7.6); 0: none. */
    uint64_t cut_end;
};

/*
 * A transfer within one page: m->len bytes, m->offset into the page at page_iova and into the
 * frame.
 */
struct plan plan_page(struct master *m, enum ex_operation operation, uint64_t page_iova,
                      const struct buffer *buffer, size_t frame);

/*
 * The transfer ends well, the pieces hold the pattern, every other byte of the case's buffers is as
 * it was.
 */
void expect_arrives(struct suite_case *t, const struct plan *plan);
/*
 * No byte of the case's buffers changes, a read does not see the pattern, and exactly that is
 * reported.
 */
void expect_refused(struct suite_case *t, const struct plan *plan, const struct refusal *refusal);
/* No byte changes, whatever is reported. */
void expect_nothing(struct suite_case *t, const struct plan *plan);

/* A write (or a read, where the exerciser cannot write) to an unmapped page. */
struct refusal refusal_of(enum ex_operation operation, uint8_t level);
/* Any transfer of a device in no domain: blocked, or kept to the regions firmware reserves for it. */
struct refusal refusal_unattached(const struct master *m, enum ex_operation operation);
/* The operation the exerciser can do: a write if it can. */
enum ex_operation case_operation(const struct master *m);

/* Makes m ready if its last operation may have left it stuck. */
void case_ready(struct suite_case *t, struct master *m);
/*
 * Also makes it hold its pattern, as it must before a write in a domain without its private memory.
 */
void case_prepare(struct suite_case *t, struct master *m);
/* The id under which faults of an id are found. */
uint16_t case_fault_rid(const struct suite_env *env, uint16_t rid);
/* Whether it reports a refused transfer. */
bool case_is_refusal(struct suite_case *t, const struct iommu_fault *fault);
/*
 * Forgets faults of m; reads those since, returns the first DMA fault in *out and how many there
 * were.
 */
void case_faults_clear(struct suite_case *t, const struct master *m);
size_t case_faults(struct suite_case *t, const struct master *m, struct iommu_fault *out);
/* How many bytes of all buffers differ from the fill value. */
size_t case_changed(const struct suite_case *t);
/* Fills them again. */
void case_refill(struct suite_case *t);

/* ---- who.c ---- */

/* The ids that a refused request shows are those that were computed. */
void topology_requester_id(struct suite_case *t);

/* ---- invalidation.c ---- */

/* Map, transfer, unmap without the flush, transfer, flush, refused. */
void flush_cycle(struct suite_case *t, struct master *m);
/*
 * Every unit with a queue refuses the one command, several times, and takes the other after it; an
 * ordinary unmap flushes then. Skips where no unit has a queue.
 */
void flush_refused(struct suite_case *t, uint64_t refused, uint64_t harmless);

#endif
