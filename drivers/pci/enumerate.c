/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds every function of every bus. A bridge's secondary bus must have a
 * higher number than its own, so one ascending pass over the bus numbers
 * meets every bridge before the bus behind it: no recursion, and no chain of
 * bridges can lead it in a circle. A bus that answers and belongs to no
 * bridge's range is a further host bridge's root bus. Virtual functions are
 * listed where firmware left them on; none are switched on here.
 * Sources: PCI-to-PCI Bridge Architecture 1.2 §3.2.5.3 - 3.2.5.5, PCIe §9.2.1.2
 */
#include "pci_internal.h"

static bool function_present(uint32_t vendor)
{
    return (vendor & 0xffffu) != 0xffffu;
}

static void function_append(struct pci *pci, struct pci_function *f)
{
    if (pci->last != NULL)
        pci->last->next = f;
    else
        pci->first = f;
    pci->last = f;
}

/* Host bridges have header type 0, and some gate their devices' requests with their master bit. */
static bool masters_itself(const struct pci_function *f)
{
    return !f->is_bridge && (f->class_code & PCI_CLASS_SUB) != PCI_CLASS_HOST_BRIDGE;
}

static void function_identify(struct pci_function *f)
{
    uint32_t header = pci_read(f, PCI_HEADER, 1);
    uint32_t revision = pci_read(f, PCI_REVISION, 4);

    f->vendor = (uint16_t)pci_read(f, PCI_VENDOR, 2);
    f->device = (uint16_t)pci_read(f, PCI_DEVICE, 2);
    f->revision = (uint8_t)revision;
    f->class_code = revision >> 8;
    f->header_type = (uint8_t)(header & PCI_HEADER_TYPE);
    f->multifunction = (header & PCI_HEADER_MULTI) != 0;
    f->is_bridge = f->header_type == PCI_HEADER_BRIDGE || f->header_type == PCI_HEADER_CARDBUS;
    if (f->is_bridge) {
        f->secondary_bus = (uint8_t)pci_read(f, PCI_SECONDARY_BUS, 1);
        f->subordinate_bus = (uint8_t)pci_read(f, PCI_SUBORDINATE_BUS, 1);
    } else {
        uint32_t subsystem = pci_read(f, PCI_SUBSYSTEM, 4);

        f->subsystem_vendor = (uint16_t)subsystem;
        f->subsystem_device = (uint16_t)(subsystem >> 16);
    }
}

/*
 * Gives the bridge its range of buses. Numbers that contradict others are
 * reported and not followed, so that no bus is scanned twice.
 */
static void bridge_claim(struct pci *pci, struct pci_function *f)
{
    struct pci_function *outer = f->parent;
    const char *problem = NULL;

    if (f->secondary_bus == 0)
        return;                 /* firmware never set it up: nothing is behind it */
    if (f->secondary_bus <= pci_bus_of(f->rid))
        problem = "secondary bus is not above its own";
    else if (f->subordinate_bus < f->secondary_bus)
        problem = "subordinate bus is below secondary";
    else if (pci->range_of[f->secondary_bus] != outer)
        problem = "secondary bus is not its parent's or another bridge's";
    if (problem != NULL) {
        pci_log(pci, "pci: " PCI_FORMAT " bridge buses=%02x-%02x not followed: %s", PCI_ARGS(f),
                (unsigned)f->secondary_bus, (unsigned)f->subordinate_bus, problem);
        return;
    }
    pci->secondary_of[f->secondary_bus] = f;
    for (unsigned bus = f->secondary_bus; bus <= f->subordinate_bus; bus++) {
        if (pci->range_of[bus] != outer) {
            pci_log(pci,
                    "pci: " PCI_FORMAT " bridge buses=%02x-%02x overlaps another's from %02x on",
                    PCI_ARGS(f), (unsigned)f->secondary_bus, (unsigned)f->subordinate_bus, bus);
            return;
        }
        pci->range_of[bus] = f;
    }
}

static struct pci_function *function_new(struct pci *pci, uint16_t segment, uint16_t rid)
{
    struct pci_function_state *state = pci->host->alloc(pci->ctx, sizeof(*state));
    struct pci_function *f;

    if (state == NULL)
        return NULL;
    f = &state->function;
    f->pci = pci;
    f->segment = segment;
    f->rid = rid;
    f->parent = pci->range_of[pci_bus_of(rid)];
    return f;
}

/* What every function has that can be asked: its master bit, a place in the list, capabilities. */
static void function_enter(struct pci *pci, struct pci_function *f)
{
    f->command_at_entry = (uint16_t)pci_read(f, PCI_COMMAND, 2);
    if (pci->stop_bus_masters && masters_itself(f))
        pci_bus_master(f, false);
    function_append(pci, f);
    pci_capabilities_read(f);
}

/* A virtual function answers, but its physical one tells its vendor and device id (PCIe §9.3.4.1). */
static bool virtual_add(struct pci *pci, const struct pci_function *physical, uint16_t rid)
{
    struct pci_function *f = function_new(pci, physical->segment, rid);

    if (f == NULL)
        return false;
    f->physical = physical;
    f->vendor = physical->vendor;
    f->device = (uint16_t)pci_read(physical, (uint16_t)(physical->cap_sriov + PCI_SRIOV_DEVICE), 2);
    f->subsystem_vendor = physical->subsystem_vendor;
    f->subsystem_device = (uint16_t)pci_read(f, PCI_SUBSYSTEM + 2, 2);
    f->class_code = physical->class_code;
    f->revision = physical->revision;
    f->header_type = physical->header_type;
    function_enter(pci, f);
    return true;
}

/* Those that firmware has switched on: they send like any other function. */
static bool virtual_scan(struct pci *pci, const struct pci_function *physical)
{
    uint16_t at = physical->cap_sriov;
    unsigned count;

    if (at == 0 ||
        !(pci_read(physical, (uint16_t)(at + PCI_SRIOV_CONTROL), 2) & PCI_SRIOV_CONTROL_VFE))
        return true;
    count = pci_read(physical, (uint16_t)(at + PCI_SRIOV_COUNT), 2);
    for (unsigned n = 0; n < count; n++) {
        uint16_t rid;

        if (!pci_virtual_id(physical, n, &rid) ||
            pci->range_of[pci_bus_of(rid)] != physical->parent) {
            pci_log(pci,
                    "pci: " PCI_FORMAT " virtual functions from number %u of %u on have no place",
                    PCI_ARGS(physical), n, count);
            return true;
        }
        if (!virtual_add(pci, physical, rid))
            return false;
    }
    return true;
}

static struct pci_function *function_add(struct pci *pci, uint16_t segment, uint16_t rid)
{
    struct pci_function *f = function_new(pci, segment, rid);

    if (f == NULL)
        return NULL;
    function_identify(f);
    function_enter(pci, f);
    pci_bars_read(f);
    pci_windows_read(f);
    if (f->is_bridge)
        bridge_claim(pci, f);
    return virtual_scan(pci, f) ? f : NULL;
}

static bool device_scan(struct pci *pci, uint16_t segment, unsigned bus, unsigned device)
{
    unsigned functions = 1;

    for (unsigned function = 0; function < functions; function++) {
        uint16_t rid = PCI_RID(bus, device, function);
        struct pci_function *f;

        if (!function_present(pci_read_raw(pci, segment, rid, PCI_VENDOR, 2)))
            continue;
        f = function_add(pci, segment, rid);
        if (f == NULL)
            return false;
        if (function == 0 && f->multifunction)
            functions = PCI_FUNCTIONS;
    }
    return true;
}

static bool bus_scan(struct pci *pci, uint16_t segment, unsigned bus)
{
    for (unsigned device = 0; device < PCI_DEVICES; device++)
        if (!device_scan(pci, segment, bus, device))
            return false;
    return true;
}

/* Whether a bus that no bridge leads to answers. Ports spare mapping the windows of empty buses. */
static bool bus_answers(struct pci *pci, uint16_t segment, unsigned bus)
{
    for (unsigned device = 0; device < PCI_DEVICES; device++) {
        uint16_t rid = PCI_RID(bus, device, 0);
        uint32_t vendor = segment == 0 ? pci_port_read(pci, rid, PCI_VENDOR, 2)
                                       : pci_read_raw(pci, segment, rid, PCI_VENDOR, 2);

        if (function_present(vendor))
            return true;
    }
    return false;
}

static bool segment_scan(struct pci *pci, uint16_t segment)
{
    for (unsigned bus = 0; bus < PCI_BUSES; bus++) {
        pci->range_of[bus] = NULL;
        pci->secondary_of[bus] = NULL;
    }
    for (unsigned bus = 0; bus < PCI_BUSES; bus++) {
        if (pci->secondary_of[bus] == NULL) {
            if (!bus_answers(pci, segment, bus))
                continue;
            if (pci->range_of[bus] != NULL)
                pci_log(pci, "pci: bus %04x:%02x answers inside the range of bridge " PCI_FORMAT,
                        (unsigned)segment, bus, PCI_ARGS(pci->range_of[bus]));
            else if (bus != 0)
                pci_log(pci, "pci: bus %04x:%02x is a further root bus", (unsigned)segment, bus);
        }
        if (!bus_scan(pci, segment, bus))
            return false;
    }
    return true;
}

/* The lowest segment at or above from that some window holds; false: none. */
static bool next_segment(const struct pci *pci, uint32_t from, uint16_t *out)
{
    bool found = false;

    for (size_t i = 0; i < pci->window_count; i++) {
        const struct pci_window *w = pci->windows[i];

        if (!w->dropped && w->ecam.segment >= from && (!found || w->ecam.segment < *out)) {
            *out = w->ecam.segment;
            found = true;
        }
    }
    return found;
}

static bool windows_copy(struct pci *pci, const struct pci_ecam *ecams, size_t count)
{
    if (count == 0)
        return true;
    pci->windows = pci->host->alloc(pci->ctx, count * sizeof(struct pci_window *));
    if (pci->windows == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct pci_window *w = pci->host->alloc(pci->ctx, sizeof(*w));

        if (w == NULL)
            return false;
        w->ecam = ecams[i];
        pci->windows[pci->window_count++] = w;
    }
    return true;
}

struct pci *pci_enumerate(const struct pci_host *host, void *ctx, const struct pci_ecam *ecams,
                          size_t ecam_count, bool stop_bus_masters)
{
    struct pci *pci = host->alloc(ctx, sizeof(*pci));
    uint16_t segment = 0;

    if (pci == NULL)
        return NULL;
    pci->host = host;
    pci->ctx = ctx;
    pci->stop_bus_masters = stop_bus_masters;
    if (!windows_copy(pci, ecams, ecam_count))
        return NULL;
    pci_windows_check(pci);
    /* Segment 0 is there without any window, through the ports. */
    do {
        if (!segment_scan(pci, segment))
            return NULL;
    } while (next_segment(pci, segment + 1u, &segment));
    return pci;
}

bool pci_virtual_id(const struct pci_function *physical, unsigned n, uint16_t *rid)
{
    uint32_t id = physical->rid + physical->sriov_offset + n * physical->sriov_stride;

    if (n >= physical->sriov_total || physical->sriov_offset == 0 ||
        (n > 0 && physical->sriov_stride == 0) || id > UINT16_MAX)
        return false;
    *rid = (uint16_t)id;
    return true;
}

struct pci_function *pci_first(struct pci *pci)
{
    return pci->first;
}

struct pci_function *pci_find(struct pci *pci, uint16_t segment, uint16_t rid)
{
    for (struct pci_function *f = pci->first; f != NULL; f = f->next)
        if (f->segment == segment && f->rid == rid)
            return f;
    return NULL;
}
