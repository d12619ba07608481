/* SPDX-License-Identifier: BSD-2-Clause */
/* Groups in words: why a function is in the group it is in. */
#include "group_internal.h"

struct text {
    char *out;
    size_t size, used; /* used without the final zero */
};

static void put(struct text *t, const char *words)
{
    for (; *words != '\0'; words++)
        if (t->used + 1 < t->size)
            t->out[t->used++] = *words;
    if (t->size > 0)
        t->out[t->used] = '\0';
}

static void put_hex(struct text *t, unsigned value, unsigned digits)
{
    char digit[2] = "";

    while (digits-- > 0) {
        digit[0] = "0123456789abcdef"[value >> (4 * digits) & 0xfu];
        put(t, digit);
    }
}

static void put_id(struct text *t, uint16_t segment, uint16_t rid)
{
    put_hex(t, segment, 4);
    put(t, ":");
    put_hex(t, rid >> 8, 2);
    put(t, ":");
    put_hex(t, rid >> 3 & 0x1fu, 2);
    put(t, ".");
    put_hex(t, rid & 7u, 1);
}

static void put_function(struct text *t, const struct pci_function *f)
{
    put_id(t, f->segment, f->rid);
}

static void put_bits(struct text *t, uint16_t bits)
{
    static const char *const names[] = { "SV", "TB", "RR", "CR", "UF", "EC", "DT" };
    const char *between = "";

    for (unsigned bit = 0; bit < sizeof(names) / sizeof(names[0]); bit++) {
        if (!(bits & PCI_BIT32(bit)))
            continue;
        put(t, between);
        put(t, names[bit]);
        between = " ";
    }
}

static const char *kind_of(const struct pci_function *f)
{
    switch (f->express_type) {
    case PCI_EXP_ROOT_PORT:
        return "root port";
    case PCI_EXP_UPSTREAM:
        return "upstream port";
    case PCI_EXP_DOWNSTREAM:
        return "downstream port";
    case PCI_EXP_TO_PCI_BRIDGE:
        return "PCIe-to-PCI bridge";
    case PCI_EXP_FROM_PCI_BRIDGE:
        return "PCI-to-PCIe bridge";
    default:
        return f->is_bridge ? "conventional bridge" : "function";
    }
}

/* "has no ACS", "has ACS RR CR off". */
static void put_gap(struct text *t, const struct pci_function *f, uint16_t missing)
{
    if (f->express_type == PCI_EXP_NONE) {
        put(t, "is conventional and cannot have ACS");
    } else if (f->cap_acs == 0) {
        put(t, "has no ACS");
    } else {
        put(t, "has ACS ");
        put_bits(t, missing);
        put(t, " off");
    }
}

static void put_bridge(struct text *t, const struct pci_function *bridge)
{
    put(t, "behind ");
    put(t, kind_of(bridge));
    put(t, " ");
    put_function(t, bridge);
    put(t, ", which sends for all behind it as ");
    if (bridge->express_type == PCI_EXP_TO_PCI_BRIDGE)
        put_id(t, bridge->segment, PCI_RID(bridge->secondary_bus, 0, 0));
    else
        put(t, "itself");
}

static void put_port(struct text *t, const struct pci_group_member *m)
{
    const struct pci_function *above = m->function->parent;

    while (above != NULL && above != m->because)
        above = above->parent;
    put(t, kind_of(m->because));
    put(t, " ");
    put_function(t, m->because);
    put(t, above != NULL ? " above it " : " of the same switch ");
    put_gap(t, m->because, m->missing);
    put(t, above != NULL ? ": it may turn requests round to others"
                         : ": it may turn requests round to this one");
}

static void put_peer(struct text *t, const struct pci_group_member *m)
{
    put(t, "function ");
    put_function(t, m->because);
    put(t, " of the same device ");
    put_gap(t, m->because, m->missing);
    put(t, ": each may reach the other inside the device");
}

static void put_alone(struct text *t, const struct pci_group_member *m)
{
    if (m->missing != 0) {
        put(t, "begins the group, and what is behind it joins: it ");
        put_gap(t, m->function, m->missing);
        return;
    }
    put(t, m->function->parent == NULL ? "on a root bus, by itself"
                                       : "every port above it up to the root keeps it apart");
}

size_t pci_group_text(const struct pci_group_member *member, char *out, size_t size)
{
    struct text t = { .out = out, .size = size };

    put(&t, "");
    switch (member->reason) {
    case PCI_GROUP_ALONE:
        put_alone(&t, member);
        break;
    case PCI_GROUP_BEHIND_BRIDGE:
        put_bridge(&t, member->because);
        break;
    case PCI_GROUP_PORT_WITHOUT_ACS:
        put_port(&t, member);
        break;
    case PCI_GROUP_FUNCTION_WITHOUT_ACS:
        put_peer(&t, member);
        break;
    case PCI_GROUP_SAME_ALIAS:
        put(&t, "shares a requester id with ");
        put_function(&t, member->because);
        break;
    case PCI_GROUP_NO_UNIT:
        put(&t, "no unit watches it");
        break;
    }
    if (member->quirk != NULL) {
        put(&t, "; ");
        put(&t, member->quirk->reason);
        put(&t, " (");
        put(&t, member->quirk->source);
        put(&t, ")");
    }
    return t.used;
}

size_t pci_acs_names(uint16_t bits, char *out, size_t size)
{
    struct text t = { .out = out, .size = size };

    put(&t, "");
    put_bits(&t, bits);
    return t.used;
}

const char *pci_group_reason_name(enum pci_group_reason reason)
{
    static const char *const names[] = {
        [PCI_GROUP_ALONE] = "alone",
        [PCI_GROUP_BEHIND_BRIDGE] = "behind-bridge",
        [PCI_GROUP_PORT_WITHOUT_ACS] = "port-without-acs",
        [PCI_GROUP_FUNCTION_WITHOUT_ACS] = "function-without-acs",
        [PCI_GROUP_SAME_ALIAS] = "same-alias",
        [PCI_GROUP_NO_UNIT] = "no-unit",
    };

    return names[reason];
}
