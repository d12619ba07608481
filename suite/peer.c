/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Area peer: requests from device to device. Where a switch or a port may turn
 * a request round (PCI Express 6.0 §6.12), it never meets the unit, and a
 * domain holds nobody back. The target is a register that nothing depends on
 * (struct exerciser_ops, mailbox); its address is not mapped in the domain.
 * QEMU's bridges pass every request up to the unit, so that there a pass says
 * nothing of ACS, and its note says so.
 */
#include "scenario.h"

#include "case.h"
#include "finding.h"
#include "format.h"
#include "pci_group.h"

#define WORD_BYTES 4u
#define UNTOUCHED 0x51515151u
#define PAIRS_TRIED 6u

struct pair {
    struct master *m;           /* sends */
    struct exerciser *target;
    uint64_t pa;                /* of its mailbox */
};

/* Nothing but the four bytes may be written. */
static bool can_send(const struct exerciser *ex)
{
    return ex->device != NULL && ex->silent && ex->can_write && ex->align <= WORD_BYTES &&
           ex->step_len <= WORD_BYTES;
}

static uint32_t sent_word(const struct exerciser *ex)
{
    uint32_t word = 0;

    for (unsigned i = WORD_BYTES; i-- > 0;)
        word = word << 8 | ex->pattern[i];
    return word;
}

static struct plan plan_of(const struct pair *p)
{
    return (struct plan){ .m = p->m, .operation = EX_WRITE, .iova = p->pa, .len = WORD_BYTES };
}

/* Whether the write came to the target, which is made as before. */
static bool taken(const struct pair *p)
{
    uint32_t seen = p->target->ops->mailbox_get(p->target);

    p->target->ops->mailbox_put(p->target, UNTOUCHED);
    return seen == sent_word(p->m->ex);
}

static bool is_above(const struct pci_function *port, const struct pci_function *f)
{
    while (f != NULL && f != port)
        f = f->parent;
    return f != NULL;
}

static bool redirects(const struct pci_function *port)
{
    static const struct pci_group_options by_capability;
    const struct pci_quirk *quirk;

    return (pci_acs_missing(port, &by_capability, &quirk) & PCI_ACS_RR) == 0;
}

/*
 * The first port above both, or on the way there, that may turn the request round; NULL: none is
 * known.
 */
static const struct pci_function *turning_port(const struct pair *p)
{
    const struct pci_function *from = p->m->ex->function, *to = p->target->function;
    const struct pci_function *port = from == NULL ? NULL : from->parent;

    for (; port != NULL && to != NULL; port = port->parent) {
        if (!redirects(port))
            return port;
        if (is_above(port, to))
            break;
    }
    return NULL;
}

static void report_arrival(struct suite_case *t, const struct pair *p)
{
    const struct pci_function *port = turning_port(p);
    char what[CASE_TEXT], where[64] = "a bridge or the root complex between them";

    if (port != NULL)
        format_line(where, sizeof(where), PCI_FORMAT ", which does not redirect requests",
                    PCI_ARGS(port));
    format_line(what, sizeof(what), "%s reaches %s at 0x%llx without the unit, through %s",
                p->m->ex->label, p->target->label, (unsigned long long)p->pa, where);
    case_finding(
        t, &(struct fw_finding){ .severity = FW_ERROR,
                                  .id = "peer-to-peer",
                                  .table = "",
                                  .what = what,
                                  .trips = "systems that know of it put both devices in one group",
                                  .remedy = "keep both devices in one domain, or plug one behind a "
                                            "port with ACS P2P request redirect",
                                  .reference = "PCI Express 6.0 §6.12" });
    case_fail(t, "no write to an unmapped address arrives", "%s", what);
}

/*
 * With the page mapped, so that what is missed later could have come. False: no more is known of
 * this machine.
 */
static bool mapped_arrives(struct suite_case *t, const struct pair *p, struct iommu_domain *domain)
{
    uint64_t page = p->pa & ~(FRAME_BYTES - 1);
    struct plan plan = plan_of(p);
    bool arrived;

    case_map(t, domain, page, page, FRAME_BYTES, IOMMU_RW);
    case_prepare(t, p->m);
    if (!case_runs(t))
        return false;
    expect_nothing(t, &plan);
    arrived = taken(p);
    case_unmap(t, domain, page, FRAME_BYTES);
    return arrived;
}

static void try_pair(struct suite_case *t, const struct pair *p)
{
    struct refusal refusal = refusal_of(EX_WRITE, ANY_LEVEL);
    struct iommu_domain *domain = case_enter(t, p->m);
    struct plan plan = plan_of(p);
    bool shown;

    if (!case_runs(t))
        return;
    p->target->ops->mailbox_put(p->target, UNTOUCHED);
    shown = mapped_arrives(t, p, domain);
    case_prepare(t, p->m);
    expect_nothing(t, &plan);
    if (!case_runs(t))
        return;
    if (taken(p)) {
        report_arrival(t, p);
        return;
    }
    /* A bridge on the way may have swallowed it; else the unit has refused it and says so. */
    if (shown)
        expect_refused(t, &plan, &refusal);
    case_note(t, "%s to %s: %s%s", p->m->ex->label, p->target->label,
              shown ? "arrives where it is mapped" : "arrives nowhere, not even where it is mapped",
              t->env->emulated && !t->env->model
                  ? "; emulated bridges turn nothing round, whatever ACS says"
                  : "");
    case_detach(t, p->m);
    case_destroy(t, domain);
}

/* Whether source can write to target's mailbox at all; it is the case's only master then. */
static bool make_pair(struct suite_case *t, struct exerciser *source, struct exerciser *target,
                      struct pair *out)
{
    if (source == target || !can_send(source) || target->ops->mailbox == NULL)
        return false;
    if (quirk_applies(t->env, QUIRK_AMD_BUS_ZERO) && source->function != NULL &&
        source->function->parent != NULL)
        return false;
    *out = (struct pair){ .target = target, .pa = target->ops->mailbox(target) };
    if (out->pa == 0 || out->pa + WORD_BYTES > case_address_end(source))
        return false;
    t->master_count = 0;
    case_add_master(t, source);
    out->m = &t->master[0];
    return true;
}

static void write_to_other_bar(struct suite_case *t)
{
    struct suite_env *env = t->env;
    unsigned tried = 0;

    for (size_t s = 0; s < env->exerciser_count; s++)
        for (size_t d = 0; d < env->exerciser_count && tried < PAIRS_TRIED && case_runs(t); d++) {
            struct pair pair;

            if (!make_pair(t, env->exercisers[s], env->exercisers[d], &pair))
                continue;
            try_pair(t, &pair);
            tried++;
        }
    if (tried == 0 && case_runs(t))
        case_skip(t,
                  "no exerciser that writes single words beside one with a register to write to");
}

static const struct scenario rows[] = {
    { "peer/write-to-other-bar", "PCI Express 6.0 §6.12", PER_MACHINE, write_to_other_bar, 30000 },
};

const struct scenario_table peer_scenarios = SCENARIO_TABLE(rows);
