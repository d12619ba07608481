/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which requester id interrupts of IOAPICs and HPETs carry: DMAR scopes or
 * IVRS special entries against MADT and HPET table. An address for AMD's
 * kernel parameter is derived from an entry left over or from where the south
 * bridge is known to be, never guessed. VT-d §8.3.1, AMD-Vi §5.2.2.7
 */
#include "judge_internal.h"

#include "memory.h"

/* South bridges and FCHs of AMD always send their IOAPIC's and HPET's interrupts from here. */
#define SOUTH_BRIDGE PCI_RID(0, 0x14, 0)
#define HPET_NUMBER 52u
#define REFERENCE "VT-d §8.3.1, AMD-Vi §5.2.2.7"

static const struct judge_rule none_intel = {
    FW_ERROR,
    "intremap-without-ioapic",
    "Linux and Xen refuse interrupt remapping; a system that enables it loses its interrupts",
    "intremap=off; firmware update",
    "VT-d §8.1, §8.3.1",
};
static const struct judge_rule none_amd = {
    FW_ERROR,
    "ioapic-none",
    "Linux finds no south bridge IOAPIC and switches interrupt remapping off",
    "with the IOAPIC's id from the boot log: ivrs_ioapic[ID]=00:14.0; firmware update",
    "AMD-Vi §5.2.2.7",
};
static const struct judge_rule missing = {
    FW_ERROR,
    "ioapic-missing",
    "Linux and Xen switch interrupt remapping off for the whole machine; Linux on AMD not where "
    "the "
    "MADT has this IOAPIC before the south bridge's: then its interrupts fail alone",
    "intremap=off; firmware update",
    REFERENCE,
};
static const struct judge_rule unknown = {
    FW_WARNING, "ioapic-unknown", "Linux never asks for the entry", "firmware update", REFERENCE,
};
static const struct judge_rule duplicate = {
    FW_ERROR,
    "ioapic-duplicate",
    "Linux takes the first entry of that id; interrupts that carry the other id are blocked",
    "firmware update",
    REFERENCE,
};
static const struct judge_rule repeated = {
    FW_WARNING, "ioapic-repeated", "Linux and Xen take the first", "firmware update", REFERENCE,
};
static const struct judge_rule no_south_bridge = {
    FW_ERROR,
    "ioapic-not-south-bridge",
    "Linux wants one IOAPIC at 00:14.0, else it switches interrupt remapping off",
    "firmware update",
    "AMD-Vi §5.2.2.7",
};
static const struct judge_rule hpet_missing = {
    FW_WARNING,
    "hpet-missing",
    "Linux does not use the HPET's own messages while interrupts are remapped",
    "hpet=disable; firmware update",
    REFERENCE,
};
static const struct judge_rule hpet_none = {
    FW_NOTE,
    "hpet-none",
    "Linux does not use the HPET's own messages while interrupts are remapped",
    "",
    REFERENCE,
};
static const struct judge_rule hpet_duplicate = {
    FW_WARNING,        "hpet-duplicate", "Linux takes the first entry of that number",
    "firmware update", REFERENCE,
};
static const struct judge_rule hpet_many = {
    FW_NOTE,
    "hpet-many-ids",
    "Linux takes the first and does not compare ids of HPET messages exactly",
    "",
    REFERENCE,
};
static const struct judge_rule too_many = {
    FW_NOTE, "sources-not-judged", "", "", REFERENCE,
};

void judge_source_add(struct judge *j, const struct judge_source *source)
{
    if (j->source_count < JUDGE_SOURCES)
        j->sources[j->source_count] = *source;
    j->source_count++;
}

static bool is_amd(const struct judge_table *t)
{
    return memcmp(t->signature, "IVRS", 4) == 0;
}

static const struct judge_source *source_of(const struct judge *j, bool hpet, uint8_t id)
{
    for (size_t i = 0; i < j->source_count; i++)
        if (j->sources[i].hpet == hpet && j->sources[i].id == id)
            return &j->sources[i];
    return NULL;
}

static const struct judge_source *source_at(const struct judge *j, bool hpet, uint16_t rid)
{
    for (size_t i = 0; i < j->source_count; i++)
        if (j->sources[i].hpet == hpet && j->sources[i].segment == 0 && j->sources[i].rid == rid)
            return &j->sources[i];
    return NULL;
}

static bool in_madt(const struct judge_table *madt, uint8_t id)
{
    struct judge_item item = { 0 };
    struct judge_ioapic io;

    while (judge_ioapic_next(madt, &item, &io))
        if (io.id == id)
            return true;
    return false;
}

/* The only IOAPIC entry that no IOAPIC of the MADT claims; NULL: there is none, or several. */
static const struct judge_source *left_over(const struct judge *j, const struct judge_table *madt)
{
    const struct judge_source *only = NULL;

    for (size_t i = 0; i < j->source_count; i++) {
        const struct judge_source *s = &j->sources[i];

        if (s->hpet || (in_madt(madt, s->id) && source_of(j, false, s->id) == s))
            continue;
        if (only != NULL && (only->rid != s->rid || only->segment != s->segment))
            return NULL;
        only = s;
    }
    return only;
}

static unsigned missing_count(const struct judge *j, const struct judge_table *madt)
{
    struct judge_item item = { 0 };
    struct judge_ioapic io;
    unsigned count = 0;

    while (judge_ioapic_next(madt, &item, &io))
        count += source_of(j, false, io.id) == NULL;
    return count;
}

/* The entry that must be meant for the one IOAPIC without an entry; NULL: not just one of each. */
static const struct judge_source *meant(const struct judge *j, const struct judge_table *madt)
{
    return missing_count(j, madt) == 1 ? left_over(j, madt) : NULL;
}

/* SMBus function of the SB600 to SB900 and of all FCHs. */
static bool south_bridge_seen(const struct judge *j)
{
    const struct pci_function *f = judge_function(j, 0, SOUTH_BRIDGE);

    return f != NULL && ((f->vendor == 0x1002 && f->device == 0x4385) ||
                         (f->vendor == 0x1022 && (f->device == 0x780b || f->device == 0x790b)));
}

static bool is_south_bridge(const struct judge_source *source)
{
    return source->segment == 0 && source->rid == SOUTH_BRIDGE;
}

/*
 * What says where the IOAPIC is; NULL: nothing does. over: the entry left over
 * for it, or NULL. Wires from 0 on are the south bridge's.
 */
static const char *derive(const struct judge *j, const struct judge_ioapic *io,
                          const struct judge_source *over, uint16_t *segment, uint16_t *rid)
{
    if (over != NULL && is_south_bridge(over) == (io->gsi_base == 0)) {
        *segment = over->segment;
        *rid = over->rid;
        return "the only IOAPIC entry left over has that address";
    }
    *segment = 0;
    *rid = SOUTH_BRIDGE;
    if (io->gsi_base != 0)
        return NULL;
    if (source_at(j, true, SOUTH_BRIDGE) != NULL)
        return "its interrupts begin with 0, so it is the south bridge's, where the table's HPET "
               "entry is";
    return south_bridge_seen(j) ? "its interrupts begin with 0, so it is the south bridge's, which "
                                  "is at that address"
                                : NULL;
}

/* The parameter, or why there is none. */
static void remedy_amd(struct judge *j, const struct judge_ioapic *io,
                       const struct judge_source *over)
{
    uint16_t segment, rid;
    const char *why = derive(j, io, over, &segment, &rid);

    if (why != NULL && segment != 0)
        judge_remedy(j, "ivrs_ioapic=%u@%04x:%02x:%02x.%x (%s); firmware update", io->id, segment,
                     rid >> 8, rid >> 3 & 31u, rid & 7u, why);
    else if (why != NULL)
        judge_remedy(j, "ivrs_ioapic[%u]=%02x:%02x.%x (%s); firmware update", io->id, rid >> 8,
                     rid >> 3 & 31u, rid & 7u, why);
    else if (io->gsi_base != 0)
        judge_remedy(j,
                     "firmware update; no ivrs_ioapic[%u]= can be derived: it is no south "
                     "bridge's IOAPIC (its interrupts begin with %u) and not exactly one entry "
                     "is left over",
                     io->id, io->gsi_base);
    else
        judge_remedy(j,
                     "firmware update; no ivrs_ioapic[%u]= can be derived: neither an HPET "
                     "entry nor a known function tells where the south bridge is",
                     io->id);
}

static void judge_missing(struct judge *j, const struct judge_table *t,
                          const struct judge_table *madt, const struct judge_ioapic *io,
                          const struct judge_source *over)
{
    if (is_amd(t))
        remedy_amd(j, io, over);
    if (over != NULL && !in_madt(madt, over->id))
        judge_found(j, &missing, t, over->offset,
                    "IOAPIC %u of the MADT (at 0x%x, interrupts from %u) has no entry; "
                    "there is one of id %u, which the MADT does not have",
                    io->id, io->address, io->gsi_base, over->id);
    else
        judge_found(j, &missing, t, over == NULL ? 0 : over->offset,
                    "IOAPIC %u of the MADT (at 0x%x, interrupts from %u) has no entry", io->id,
                    io->address, io->gsi_base);
}

static void judge_twice(struct judge *j, const struct judge_table *t, const struct judge_source *s)
{
    const struct judge_source *first = source_of(j, s->hpet, s->id);
    const struct judge_rule *rule = s->hpet ? &hpet_duplicate : &duplicate;

    if (first == s)
        return;
    if (first->rid == s->rid && first->segment == s->segment && !s->hpet)
        rule = &repeated;
    /* Each timer of an HPET may send as a function of its own: VT-d §8.3.1. */
    if (s->hpet && !is_amd(t) && first->rid >> 3 == s->rid >> 3 && first->rid != s->rid)
        rule = &hpet_many;
    judge_found(j, rule, t, s->offset,
                "%s %u has two entries: %02x:%02x.%x at 0x%x and %02x:%02x.%x here",
                s->hpet ? "HPET" : "IOAPIC", s->id, first->rid >> 8, first->rid >> 3 & 31u,
                first->rid & 7u, first->offset, s->rid >> 8, s->rid >> 3 & 31u, s->rid & 7u);
}

static void judge_ioapics(struct judge *j, const struct judge_table *t,
                          const struct judge_table *madt)
{
    struct judge_item item = { 0 };
    struct judge_ioapic io;
    const struct judge_source *over = meant(j, madt);

    while (judge_ioapic_next(madt, &item, &io))
        if (source_of(j, false, io.id) == NULL)
            judge_missing(j, t, madt, &io, over);
    for (size_t i = 0; i < j->source_count; i++) {
        const struct judge_source *s = &j->sources[i];

        if (!s->hpet && !in_madt(madt, s->id) && over == NULL)
            judge_found(j, &unknown, t, s->offset, "the MADT has no IOAPIC %u", s->id);
    }
}

static void judge_hpets(struct judge *j, const struct judge_table *t,
                        const struct judge_table *hpet)
{
    uint8_t number = hpet->bytes[HPET_NUMBER];
    const struct judge_source *other = NULL;

    if (source_of(j, true, number) != NULL)
        return;
    for (size_t i = 0; i < j->source_count; i++)
        if (j->sources[i].hpet)
            other = &j->sources[i];
    if (other == NULL) {
        judge_found(j, &hpet_none, t, 0, "HPET %u has no entry", number);
        return;
    }
    if (is_amd(t))
        judge_remedy(
            j,
            "ivrs_hpet[%u]=%02x:%02x.%x (the table's entry of the other number); firmware update",
            number, other->rid >> 8, other->rid >> 3 & 31u, other->rid & 7u);
    judge_found(j, &hpet_missing, t, other->offset, "the HPET table says number %u, this entry %u",
                number, other->id);
}

static bool any_ioapic(const struct judge *j)
{
    for (size_t i = 0; i < j->source_count; i++)
        if (!j->sources[i].hpet)
            return true;
    return false;
}

static void judge_south_bridge(struct judge *j, const struct judge_table *t,
                               const struct judge_table *madt)
{
    struct judge_item item = { 0 };
    struct judge_ioapic io;

    if (source_at(j, false, SOUTH_BRIDGE) != NULL)
        return;
    while (judge_ioapic_next(madt, &item, &io))
        if (io.gsi_base == 0)
            judge_remedy(j, "ivrs_ioapic[%u]=00:14.0; firmware update", io.id);
    judge_found(j, &no_south_bridge, t, 0,
                "no IOAPIC entry has the south bridge's address 00:14.0");
}

void judge_sources(struct judge *j, const struct judge_table *t)
{
    const struct judge_table madt = judge_table(j, "APIC"), hpet = judge_table(j, "HPET");
    struct judge_item item = { 0 };
    struct judge_ioapic io;

    if (j->source_count > JUDGE_SOURCES) {
        judge_found(j, &too_many, t, 0, "of %u IOAPIC and HPET entries the first %u are judged",
                    (unsigned)j->source_count, JUDGE_SOURCES);
        j->source_count = JUDGE_SOURCES;
    }
    for (size_t i = 0; i < j->source_count; i++)
        judge_twice(j, t, &j->sources[i]);
    if (madt.bytes != NULL && (is_amd(t) || any_ioapic(j)))
        judge_ioapics(j, t, &madt);
    if (!any_ioapic(j)) {
        if (!is_amd(t) && (madt.bytes == NULL || judge_ioapic_next(&madt, &item, &io)))
            judge_found(j, &none_intel, t, 37,
                        "the table offers interrupt remapping and names no IOAPIC");
        else if (madt.bytes == NULL)
            judge_found(j, &none_amd, t, 0, "the table names no IOAPIC");
    } else if (is_amd(t)) {
        judge_south_bridge(j, t, &madt);
    }
    if (hpet.bytes != NULL)
        judge_hpets(j, t, &hpet);
}
