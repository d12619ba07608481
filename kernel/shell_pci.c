/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lspci: one function with its registers, BARs and capabilities by name. The
 * lists are the device's word: walked with a bound, each pointer looked at
 * before it is followed.
 * Sources: PCI Local Bus 3.0 §6, PCI Express Base 6.0 §7
 */
#include "shell.h"

#include "console.h"
#include "machine.h"
#include "pci_group.h"
#include "report.h"

#define COMMAND 0x04u
#define STATUS 0x06u
#define STATUS_LIST 0x10u
#define POINTER 0x34u
#define POINTER_CARDBUS 0x14u
#define HEADER_CARDBUS 2u
#define STANDARD_FIRST 0x40u
#define STANDARD_END 0x100u
#define EXTENDED_FIRST 0x100u
#define EXTENDED_END 0x1000u
/* No list can be longer: an entry takes four bytes, an extended one eight. */
#define STANDARD_MAX 48u
#define EXTENDED_MAX 480u

struct name {
    uint16_t id;
    const char *name;
};

static const struct name standard_names[] = {
    { 0x01, "power management" },
    { 0x02, "AGP" },
    { 0x03, "vital product data" },
    { 0x04, "slot" },
    { 0x05, "MSI" },
    { 0x07, "PCI-X" },
    { 0x08, "HyperTransport" },
    { 0x09, "vendor" },
    { 0x0a, "debug port" },
    { 0x0c, "hot-plug" },
    { 0x0d, "bridge subsystem" },
    { 0x0f, "IOMMU or secure device" },
    { 0x10, "PCI Express" },
    { 0x11, "MSI-X" },
    { 0x12, "SATA" },
    { 0x13, "advanced features" },
    { 0x14, "enhanced allocation" },
};
static const struct name extended_names[] = {
    { 0x0001, "advanced error reporting" },
    { 0x0002, "virtual channel" },
    { 0x0003, "serial number" },
    { 0x0004, "power budget" },
    { 0x0005, "root complex links" },
    { 0x0007, "event collector" },
    { 0x000b, "vendor" },
    { 0x000d, "ACS" },
    { 0x000e, "ARI" },
    { 0x000f, "ATS" },
    { 0x0010, "SR-IOV" },
    { 0x0012, "multicast" },
    { 0x0013, "page requests" },
    { 0x0015, "resizable BAR" },
    { 0x0017, "TPH" },
    { 0x0018, "latency tolerance" },
    { 0x0019, "secondary PCI Express" },
    { 0x001b, "PASID" },
    { 0x001d, "downstream port containment" },
    { 0x001e, "L1 substates" },
    { 0x001f, "time measurement" },
    { 0x0023, "designated vendor" },
    { 0x0025, "data link features" },
    { 0x0026, "16 GT/s" },
    { 0x002a, "32 GT/s" },
    { 0x002e, "data object exchange" },
};
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *name_of(const struct name *names, size_t count, uint32_t id)
{
    for (size_t i = 0; i < count; i++)
        if (names[i].id == id)
            return names[i].name;
    return "unknown";
}

static unsigned bit(uint32_t word, unsigned n)
{
    return word >> n & 1;
}

/* ---- what a few capabilities say ---- */

static void print_express(const struct pci_function *f)
{
    static const char *const types[16] = {
        "endpoint",
        "legacy endpoint",
        "2",
        "3",
        "root port",
        "upstream port",
        "downstream port",
        "bridge to PCI",
        "bridge from PCI",
        "root complex endpoint",
        "event collector",
        "11",
        "12",
        "13",
        "14",
        "15",
    };

    if (f->express_type < COUNT(types))
        print(" type=%s", types[f->express_type]);
}

static void print_standard(const struct pci_function *f, uint16_t at, uint32_t id)
{
    uint32_t control = pci_read(f, (uint16_t)(at + 2), 2);

    print("  capability 0x%02x id=0x%02x %s", at, id,
          name_of(standard_names, COUNT(standard_names), id));
    if (id == 0x05)     /* §6.8.1.3 */
        print(" enabled=%u messages=%u 64-bit=%u maskable=%u", bit(control, 0),
              1u << (control >> 1 & 7), bit(control, 7), bit(control, 8));
    else if (id == 0x11)    /* §6.8.2.3 */
        print(" enabled=%u masked=%u entries=%u", bit(control, 15), bit(control, 14),
              (control & 0x7ff) + 1);
    else if (id == 0x10)
        print_express(f);
    print("\n");
}

static void print_acs(const struct pci_function *f, uint16_t at)
{
    char can[64], does[64];

    (void)pci_acs_names((uint16_t)pci_read(f, (uint16_t)(at + 4), 2), can, sizeof(can));
    (void)pci_acs_names((uint16_t)pci_read(f, (uint16_t)(at + 6), 2), does, sizeof(does));
    print(" can=\"%s\" does=\"%s\"", can, does);
}

static void print_extended(const struct pci_function *f, uint16_t at, uint32_t id)
{
    print("  extended 0x%03x id=0x%04x %s", at, id,
          name_of(extended_names, COUNT(extended_names), id));
    if (id == 0x000d)
        print_acs(f, at);
    else if (id == 0x000f)
        print(" enabled=%u", bit(pci_read(f, (uint16_t)(at + 6), 2), 15));
    else if (id == 0x0010)
        print(" functions=%u offset=%u stride=%u", f->sriov_total, f->sriov_offset,
              f->sriov_stride);
    print("\n");
}

/* ---- lists ---- */

static void standard_list(const struct pci_function *f)
{
    uint32_t at =
        pci_read(f, f->header_type == HEADER_CARDBUS ? POINTER_CARDBUS : POINTER, 1) & ~3u;

    if (!(pci_read(f, STATUS, 2) & STATUS_LIST))
        return;
    for (unsigned i = 0; i < STANDARD_MAX && at >= STANDARD_FIRST && at < STANDARD_END; i++) {
        uint32_t head = pci_read(f, (uint16_t)at, 2);

        if (head == 0xffff)
            return;
        print_standard(f, (uint16_t)at, head & 0xff);
        at = head >> 8 & ~3u;
    }
}

static void extended_list(const struct pci_function *f)
{
    uint32_t at = EXTENDED_FIRST;

    if (f->cap_express == 0)
        return;
    for (unsigned i = 0; i < EXTENDED_MAX && at >= EXTENDED_FIRST && at < EXTENDED_END; i++) {
        uint32_t head = pci_read(f, (uint16_t)at, 4);

        if (head == 0 || head == UINT32_MAX)
            return;
        print_extended(f, (uint16_t)at, head & 0xffff);
        at = head >> 20 & ~3u;
    }
}

/* ---- the rest ---- */

static void print_bars(const struct pci_function *f)
{
    for (unsigned i = 0; i < COUNT(f->bars); i++) {
        const struct pci_bar *bar = &f->bars[i];

        if (bar->len != 0)
            print("  bar%u %s 0x%llx-0x%llx%s%s\n", i, bar->io ? "ports" : "memory",
                  (unsigned long long)bar->pa, (unsigned long long)(bar->pa + bar->len - 1),
                  bar->is_64bit ? " 64-bit" : "", bar->prefetchable ? " prefetchable" : "");
    }
}

static void print_ids(const struct pci_function *f)
{
    uint16_t ids[IOMMU_DEVICE_RIDS];
    size_t count = pci_requester_ids(f, ids, IOMMU_DEVICE_RIDS);

    print("  unit=%s requester-ids=", report_unit_of(f));
    for (size_t i = 0; i < count; i++)
        print("%s%02x:%02x.%x", i == 0 ? "" : ",", ids[i] >> 8, ids[i] >> 3 & 31u, ids[i] & 7u);
    print("\n");
}

static void print_function(const struct pci_function *f)
{
    uint32_t command = pci_read(f, COMMAND, 2);

    print(PCI_FORMAT " %04x:%04x %s\n", PCI_ARGS(f), f->vendor, f->device,
          pci_class_name(f->class_code));
    print("  class=0x%06x revision=0x%02x header=%u multifunction=%u subsystem=%04x:%04x\n",
          f->class_code, f->revision, f->header_type, f->multifunction, f->subsystem_vendor,
          f->subsystem_device);
    print("  command=0x%04x io=%u memory=%u bus-master=%u intx-off=%u status=0x%04x; at entry "
          "command=0x%04x "
          "bus-master=%u\n",
          command, bit(command, 0), bit(command, 1), bit(command, 2), bit(command, 10),
          pci_read(f, STATUS, 2), f->command_at_entry, bit(f->command_at_entry, 2));
    if (f->is_bridge)
        print("  buses=%02x..%02x\n", f->secondary_bus, f->subordinate_bus);
    if (f->parent != NULL)
        print("  behind " PCI_FORMAT "\n", PCI_ARGS(f->parent));
    print_bars(f);
    print_ids(f);
    standard_list(f);
    extended_list(f);
}

void shell_lspci(unsigned count, char *const *words)
{
    const struct pci_function *f;
    struct shell_id id;

    if (count == 0) {
        report_topology();
        return;
    }
    if (!shell_want_id("lspci", words[0], &id))
        return;
    f = machine.pci != NULL ? pci_find(machine.pci, id.segment, id.rid) : NULL;
    if (f == NULL)
        print("lspci: there is no function %s, \"lspci\" lists them\n", words[0]);
    else
        print_function(f);
}
