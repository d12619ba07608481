/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a request may reach without meeting a unit. A bridge passes nothing up
 * that lies in its own windows; a port does so with upstream forwarding in
 * force, and a switch's port sends nothing to its peers with requests
 * redirected. What a root complex does between root ports of different devices
 * is its maker's, as it is for groups. BARs of bridges are left out.
 * Sources: PCI-to-PCI Bridge 1.2 §4; PCI Express 6.0 §6.12.1, §7.5.1.3
 */
#include "group_internal.h"

#define MEMORY_UNIT_SHIFT 20u
#define CARDBUS_HEADER 2u

/* ---- windows ---- */

static struct pci_range window_of(uint64_t base, uint64_t limit)
{
    uint64_t end = limit + (1ull << MEMORY_UNIT_SHIFT);

    return base <= limit && end > base ? (struct pci_range){ base, end }
                                       : (struct pci_range){ 0, 0 };
}

/* Bits 15:4 of a register of 16 bits are bits 31:20 of an address. */
static uint64_t window_address(const struct pci_function *f, uint16_t offset)
{
    return (uint64_t)(pci_read(f, offset, 2) & PCI_WINDOW_ADDRESS) << 16;
}

void pci_windows_read(struct pci_function *f)
{
    uint64_t base, limit;

    /* Closed, whatever the registers say, while memory is not decoded. */
    if (!f->is_bridge || f->header_type == CARDBUS_HEADER ||
        !(f->command_at_entry & PCI_COMMAND_MEMORY))
        return;
    f->windows[0] =
        window_of(window_address(f, PCI_MEMORY_BASE), window_address(f, PCI_MEMORY_LIMIT));
    base = window_address(f, PCI_PREFETCH_BASE);
    limit = window_address(f, PCI_PREFETCH_LIMIT);
    if (pci_read(f, PCI_PREFETCH_BASE, 2) & PCI_WINDOW_64) {
        base |= (uint64_t)pci_read(f, PCI_PREFETCH_BASE_HIGH, 4) << 32;
        limit |= (uint64_t)pci_read(f, PCI_PREFETCH_LIMIT_HIGH, 4) << 32;
    }
    f->windows[1] = window_of(base, limit);
}

/* ---- who reaches what ---- */

struct reach {
    const struct pci_function *first;
    const struct pci_group_options *options;
    struct pci_range *out;
    size_t count, max;
};

static void add(struct reach *r, uint64_t start, uint64_t end)
{
    if (start == end)
        return;
    if (r->count < r->max)
        r->out[r->count] = (struct pci_range){ start, end };
    r->count++;
}

static void add_windows(struct reach *r, const struct pci_function *bridge)
{
    for (size_t i = 0; i < sizeof(bridge->windows) / sizeof(bridge->windows[0]); i++)
        add(r, bridge->windows[i].start, bridge->windows[i].end);
}

static void add_bars(struct reach *r, const struct pci_function *f)
{
    for (size_t i = 0; i < sizeof(f->bars) / sizeof(f->bars[0]); i++)
        if (!f->bars[i].io)
            add(r, f->bars[i].pa, f->bars[i].pa + f->bars[i].len);
}

static uint16_t missing_at(const struct reach *r, const struct pci_function *f)
{
    const struct pci_quirk *quirk;

    return pci_acs_missing(f, r->options, &quirk);
}

/* Other functions of f's device that group with it, for the same reason (group.c). */
static void add_neighbours(struct reach *r, const struct pci_function *f)
{
    if (!pci_one_of_several(f) || !(missing_at(r, f) & PCI_ACS_RR))
        return;
    for (const struct pci_function *other = r->first; other != NULL; other = other->next) {
        if (other == f || !pci_same_device(f, other) || missing_at(r, other) == 0)
            continue;
        add_bars(r, other);
        add_windows(r, other);
    }
}

static void add_bridge(struct reach *r, const struct pci_function *bridge)
{
    uint16_t missing = missing_at(r, bridge);

    if (!pci_is_port(bridge)) {
        if (pci_bridge_takes_over(bridge))
            add_windows(r, bridge);
        return;
    }
    if (missing & PCI_ACS_UF)
        add_windows(r, bridge);
    if (!(missing & PCI_ACS_RR))
        return;
    /* What no port of the switch has is not passed up either. */
    if (bridge->express_type == PCI_EXP_DOWNSTREAM && bridge->parent != NULL)
        add_windows(r, bridge->parent);
    else
        add_neighbours(r, bridge);
}

size_t pci_turned_ranges(const struct pci_function *first, const struct pci_function *f,
                         const struct pci_group_options *options, struct pci_range *out, size_t max)
{
    static const struct pci_group_options none;
    struct reach r = {
        .first = first, .options = options != NULL ? options : &none, .out = out, .max = max
    };

    add_neighbours(&r, f);
    for (const struct pci_function *bridge = f->parent; bridge != NULL; bridge = bridge->parent)
        add_bridge(&r, bridge);
    return r.count;
}
