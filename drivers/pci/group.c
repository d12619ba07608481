/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Groups. Two functions are of one group when either can send under the
 * other's requester id, when one's requests may be turned round at a bridge
 * and so reach what is there, or when both are functions of one device that
 * may reach each other inside it. That holds both ways and
 * from one to the next: the groups are what these pairs connect, in whatever
 * order they are looked at.
 *
 * While pairs are joined, a member's group is the index of another that it was
 * joined with; the one whose group is its own index stands for all.
 * Sources: PCIe §6.12; PCI Express to PCI/PCI-X Bridge 1.0 §2.3; VT-d §3.17
 */
#include "group_internal.h"

#define IDS_MAX 64u

struct work {
    struct pci_group_member *members;
    size_t count;
    const struct pci_group_options *options;
};

static size_t index_of(const struct work *w, const struct pci_function *f)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->members[i].function == f)
            return i;
    return PCI_NO_GROUP;
}

static size_t stands_for(const struct work *w, size_t i)
{
    while (w->members[i].group != i)
        i = w->members[i].group;
    return i;
}

static void join(struct work *w, size_t a, size_t b)
{
    if (a != PCI_NO_GROUP && b != PCI_NO_GROUP)
        w->members[stands_for(w, a)].group = stands_for(w, b);
}

/*
 * A reason stands once it is found: the rules are looked at in the order of what is hardest to
 * change.
 */
static void explain(struct pci_group_member *m, enum pci_group_reason reason,
                    const struct pci_function *because, uint16_t missing,
                    const struct pci_quirk *quirk)
{
    if (m->reason != PCI_GROUP_ALONE)
        return;
    m->reason = reason;
    m->because = because;
    m->missing = missing;
    m->quirk = quirk;
}

static bool is_above(const struct pci_function *bridge, const struct pci_function *f)
{
    for (f = f->parent; f != NULL; f = f->parent)
        if (f == bridge)
            return true;
    return false;
}

/* ---- bridges above ---- */

/* The highest bridge above f at which requests may be turned round; NULL: there is none. */
static const struct pci_function *highest_gap(const struct work *w, const struct pci_function *f,
                                              uint16_t *missing, const struct pci_quirk **quirk)
{
    const struct pci_function *gap = NULL;

    for (const struct pci_function *p = f->parent; p != NULL; p = p->parent) {
        const struct pci_quirk *q;
        uint16_t bits = pci_acs_missing(p, w->options, &q);

        if (bits == 0)
            continue;
        gap = p;
        *missing = bits;
        *quirk = q;
    }
    return gap;
}

static const struct pci_function *nearest_taking_over(const struct pci_function *f)
{
    for (f = f->parent; f != NULL; f = f->parent)
        if (pci_bridge_takes_over(f))
            return f;
    return NULL;
}

static void join_bridges(struct work *w, size_t i)
{
    struct pci_group_member *m = &w->members[i];
    const struct pci_function *f = m->function;
    const struct pci_quirk *quirk = NULL;
    uint16_t missing = 0;
    const struct pci_function *gap = highest_gap(w, f, &missing, &quirk);
    const struct pci_function *bridge = nearest_taking_over(f);

    if (gap == NULL)
        return;
    /* The bridges between have the same gap above them. */
    join(w, i, index_of(w, gap));
    if (bridge != NULL)
        explain(m, PCI_GROUP_BEHIND_BRIDGE, bridge, 0, NULL);
    else
        explain(m, PCI_GROUP_PORT_WITHOUT_ACS, gap, missing, quirk);
}

/*
 * A downstream port that does not send requests up may send them to any of its
 * peers, and those peers cannot refuse: whatever is below the switch is within
 * reach of what is below that port.
 */
static void join_switches(struct work *w, size_t i)
{
    struct pci_group_member *m = &w->members[i];

    for (const struct pci_function *up = m->function->parent; up != NULL; up = up->parent) {
        if (up->express_type != PCI_EXP_UPSTREAM)
            continue;
        for (size_t k = 0; k < w->count; k++) {
            const struct pci_function *port = w->members[k].function;
            const struct pci_quirk *quirk;
            uint16_t missing;

            if (port->parent != up || port->express_type != PCI_EXP_DOWNSTREAM)
                continue;
            missing = pci_acs_missing(port, w->options, &quirk);
            if (missing == 0)
                continue;
            join(w, i, k);
            if (k != i)
                explain(m, PCI_GROUP_PORT_WITHOUT_ACS, port, missing, quirk);
        }
    }
}

/* ---- requester ids ---- */

static size_t ids_of(const struct work *w, const struct pci_function *f, uint16_t ids[IDS_MAX])
{
    const struct pci_group_options *options = w->options;
    size_t count = pci_requester_ids(f, ids, IDS_MAX);

    if (options->firmware_ids != NULL)
        count += options->firmware_ids(options->ctx, f, ids + count, IDS_MAX - count);
    return count;
}

static bool share(const uint16_t *a, size_t a_count, const uint16_t *b, size_t b_count)
{
    for (size_t i = 0; i < a_count; i++)
        for (size_t k = 0; k < b_count; k++)
            if (a[i] == b[k])
                return true;
    return false;
}

/* Others that have one of the ids of member i, which has more than its own. */
static void join_ids(struct work *w, size_t i)
{
    struct pci_group_member *m = &w->members[i];
    uint16_t ids[IDS_MAX], others[IDS_MAX];
    size_t count = ids_of(w, m->function, ids);

    if (count < 2)
        return;
    for (size_t k = 0; k < w->count; k++) {
        struct pci_group_member *other = &w->members[k];

        if (k == i || other->function->segment != m->function->segment ||
            !share(ids, count, others, ids_of(w, other->function, others)))
            continue;
        join(w, i, k);
        /* A bridge lends its id to what is behind it, which is their reason and not its own. */
        if (!is_above(m->function, other->function))
            explain(m, PCI_GROUP_SAME_ALIAS, other->function, 0, NULL);
        if (!is_above(other->function, m->function))
            explain(other, PCI_GROUP_SAME_ALIAS, m->function, 0, NULL);
    }
}

/* ---- functions of one device ---- */

static void join_device(struct work *w, size_t i)
{
    struct pci_group_member *m = &w->members[i];
    const struct pci_quirk *quirk;

    if (!pci_one_of_several(m->function) || pci_acs_missing(m->function, w->options, &quirk) == 0)
        return;
    for (size_t k = 0; k < w->count; k++) {
        const struct pci_function *other = w->members[k].function;
        uint16_t missing;

        if (k == i || !pci_same_device(m->function, other))
            continue;
        missing = pci_acs_missing(other, w->options, &quirk);
        if (missing == 0)
            continue;
        join(w, i, k);
        explain(m, PCI_GROUP_FUNCTION_WITHOUT_ACS, other, missing, quirk);
    }
}

/* ---- all ---- */

/*
 * What keeps member i alone although no capability says so; for a bridge also what it lacks itself.
 */
static void describe_alone(const struct work *w, struct pci_group_member *m)
{
    const struct pci_quirk *quirk;

    m->missing = pci_acs_missing(m->function, w->options, &m->quirk);
    if (!m->function->is_bridge)
        m->missing = 0;
    for (const struct pci_function *p = m->function->parent; p != NULL && m->quirk == NULL;
         p = p->parent) {
        pci_acs_missing(p, w->options, &quirk);
        m->quirk = quirk;
    }
}

/*
 * In the order of the functions; what nobody watches is in none. Numbers are kept apart from
 * indices by count.
 */
static void number_groups(struct work *w)
{
    size_t next = 0;

    for (size_t i = 0; i < w->count; i++)
        w->members[i].group = stands_for(w, i);
    for (size_t i = 0; i < w->count; i++) {
        size_t one = w->members[i].group;

        if (w->members[i].reason == PCI_GROUP_NO_UNIT || one >= w->count)
            continue;
        for (size_t k = i; k < w->count; k++)
            if (w->members[k].group == one && w->members[k].reason != PCI_GROUP_NO_UNIT)
                w->members[k].group = w->count + next;
        next++;
    }
    for (size_t i = 0; i < w->count; i++)
        w->members[i].group = w->members[i].reason == PCI_GROUP_NO_UNIT
                                  ? PCI_NO_GROUP
                                  : w->members[i].group - w->count;
}

static size_t list_members(const struct pci_function *first,
                           const struct pci_group_options *options,
                           struct pci_group_member *members, size_t max)
{
    size_t count = 0;

    for (const struct pci_function *f = first; f != NULL; f = f->next, count++)
        if (count < max)
            members[count] = (struct pci_group_member) {
                .function = f,
                .group = count,
                .reason = options->watched == NULL || options->watched(options->ctx, f)
                              ? PCI_GROUP_ALONE
                              : PCI_GROUP_NO_UNIT,
            };
    return count;
}

size_t pci_groups(const struct pci_function *first, const struct pci_group_options *options,
                  struct pci_group_member *members, size_t max)
{
    static const struct pci_group_options none;
    struct work w = { .members = members, .options = options != NULL ? options : &none };
    size_t total = list_members(first, w.options, members, max);

    w.count = total < max ? total : max;
    for (size_t i = 0; i < w.count; i++)
        join_bridges(&w, i);
    for (size_t i = 0; i < w.count && !w.options->as_linux; i++)
        join_switches(&w, i);
    for (size_t i = 0; i < w.count; i++)
        join_ids(&w, i);
    for (size_t i = 0; i < w.count; i++)
        join_device(&w, i);
    for (size_t i = 0; i < w.count; i++)
        if (members[i].reason == PCI_GROUP_ALONE)
            describe_alone(&w, &members[i]);
    number_groups(&w);
    return total;
}

const struct pci_group_member *pci_group_first(const struct pci_group_member *members, size_t count,
                                               const struct pci_group_member *member)
{
    if (member->group != PCI_NO_GROUP)
        for (size_t i = 0; i < count; i++)
            if (members[i].group == member->group)
                return &members[i];
    return member;
}
