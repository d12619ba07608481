/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Brings the machine's devices up in the order that leaves none unwatched
 * (design section 3): the units are looked at, PCI functions are found and
 * lose bus mastering, the units are started with every device blocked, and
 * only then do exercisers touch their devices.
 */
#include "machine.h"

#include "acpi.h"
#include "console.h"
#include "cpu.h"
#include "format.h"
#include "hosts.h"
#include "mm.h"
#include "policy.h"
#include "suite_env.h"

#define EXERCISERS_MAX 32u
#define PCI_CLASS_HOST_BRIDGE 0x0600u

struct machine machine;

static const struct acpi_table *find_dmar(void)
{
    return acpi_find(&machine_acpi, "DMAR", machine.options.dmar_table);
}

static void take_handoff(void)
{
    const struct acpi_table *dmar = find_dmar();

    if (dmar == NULL)
        return;
    if (iommu_take_handoff(&kernel_iommu_platform, NULL, dmar->bytes, dmar->len,
                           &machine.handoff) != IOMMU_OK)
        log_line(LOG_WARNING, "handoff: the DMAR table is damaged, units may be missing");
}

static void find_functions(void)
{
    struct acpi_mcfg_entry mcfg[16];
    struct pci_ecam ecams[16];
    size_t count = acpi_read_mcfg(&machine_acpi, mcfg, 16);

    for (size_t i = 0; i < count; i++)
        ecams[i] = (struct pci_ecam){
            .base_pa = mcfg[i].base_pa,
            .segment = mcfg[i].segment,
            .start_bus = mcfg[i].start_bus,
            .end_bus = mcfg[i].end_bus,
        };
    machine.pci = pci_enumerate(&kernel_pci_host, NULL, ecams, count, false);
    if (machine.pci == NULL)
        panic("pci: no memory for the list of functions");
}

static void add_device(struct pci_function *f)
{
    struct iommu_device_desc desc = { .segment = f->segment, .owner = f };
    struct iommu_device *device;
    enum iommu_status status;

    desc.rid_count = pci_requester_ids(f, desc.rids, IOMMU_DEVICE_RIDS);
    desc.bridge_count =
        pci_bridges_above(f, desc.bridges, sizeof(desc.bridges) / sizeof(desc.bridges[0]));
    status = iommu_add_device(machine.iommu, &desc, &device);
    /* Functions that share an id cannot be told apart by the unit: the first one stands for all. */
    if (status == IOMMU_ERR_EXISTS)
        for (size_t i = 0; i < desc.rid_count && status != IOMMU_OK; i++) {
            device = iommu_find_device(machine.iommu, f->segment, desc.rids[i]);
            if (device != NULL)
                status = IOMMU_OK;
        }
    if (status != IOMMU_OK) {
        log_line(LOG_WARNING, "iommu: device " PCI_FORMAT " is not covered by any unit (%s)",
                 PCI_ARGS(f), iommu_status_name(status));
        return;
    }
    f->owner = device;
    machine.covered++;
}

/* Every unit and every device; nothing is switched on yet. */
static void describe_iommu(void)
{
    const struct acpi_table *table = find_dmar();
    struct iommu_config config = {
        .no_superpages = machine.options.no_superpages,
        .no_queue = machine.options.no_queue,
        .fault = suite_env_fault,
    };

    if (machine.options.iommu_off || table == NULL)
        return;
    machine.iommu_status = iommu_create(&kernel_iommu_platform, NULL, &config, &machine.iommu);
    if (machine.iommu_status != IOMMU_OK)
        return;
    machine.iommu_status = iommu_add_table(machine.iommu, table->bytes, table->len);
    if (machine.iommu_status != IOMMU_OK)
        log_line(LOG_ERROR, "iommu: table DMAR status=%s", iommu_status_name(machine.iommu_status));
}

/* Bridges carry others' requests; host bridges (class 0600) carry memory's own. */
static bool keeps_bus_mastering(const struct pci_function *f)
{
    if (f->is_bridge || f->class_code >> 8 == PCI_CLASS_HOST_BRIDGE)
        return true;
    if (f->owner == NULL || !iommu_device_has_reserved(f->owner))
        return false;
    log_line(LOG_INFO, "pci: " PCI_FORMAT " keeps bus mastering for its reserved regions",
             PCI_ARGS(f));
    return true;
}

/* Functions with reserved regions keep bus mastering, for those regions only. */
static void stop_bus_masters(void)
{
    for (struct pci_function *f = pci_first(machine.pci); f != NULL; f = f->next) {
        if (!f->is_bridge) {
            machine.functions++;
            if (machine.iommu != NULL)
                add_device(f);
        }
        if (!keeps_bus_mastering(f) && pci_bus_master(f, false))
            log_line(LOG_DEBUG, "pci: " PCI_FORMAT " had bus mastering on at entry, now off",
                     PCI_ARGS(f));
    }
}

static void start_iommu(void)
{
    enum iommu_status status;

    if (machine.iommu == NULL)
        return;
    status = iommu_start(machine.iommu);
    if (status == IOMMU_OK)
        return;
    log_line(LOG_ERROR, "iommu: start status=%s", iommu_status_name(status));
    machine.iommu_status = status;
}

static void find_exercisers(void)
{
    static struct exerciser *found[EXERCISERS_MAX];

    machine.suite.exercisers = found;
    for (struct pci_function *f = pci_first(machine.pci); f != NULL; f = f->next) {
        struct exerciser *ex;

        if (f->is_bridge || machine.suite.exerciser_count == EXERCISERS_MAX)
            continue;
        ex = exerciser_probe(&kernel_exerciser_host, NULL, f,
                             policy_is_scratch(&machine.options, f->segment, f->rid));
        if (ex == NULL)
            continue;
        ex->device = f->owner;
        found[machine.suite.exerciser_count++] = ex;
    }
}

/* How many units translate. */
static size_t translating_units(size_t units)
{
    struct iommu_unit_info unit;
    size_t count = 0;

    for (size_t i = 0; i < units; i++)
        if (iommu_unit_info(machine.iommu, i, &unit) == IOMMU_OK && unit.translating &&
            !unit.fenced)
            count++;
    return count;
}

/* CPUID says so under TCG and every common hypervisor: devices and units are then emulated. */
static bool under_hypervisor(void)
{
    return (cpuid_read(1).ecx & CPUID_1_ECX_HYPERVISOR) != 0;
}

void machine_init(const struct boot_info *info)
{
    machine.boot = info;
    take_handoff();
    find_functions();
    describe_iommu();
    stop_bus_masters();
    start_iommu();
    find_exercisers();
    machine.suite.ops = &kernel_suite_env_ops;
    /* A unit that translates nothing has nothing to be tested. */
    if (machine.iommu != NULL && translating_units(iommu_unit_count(machine.iommu)) > 0)
        machine.suite.iommu = machine.iommu;
    machine.suite.handoff = &machine.handoff;
    machine.suite.emulated = under_hypervisor();
    machine.suite.trace_dma = machine.options.trace_dma;
    machine.suite.scratch_serial = machine.options.scratch;
    machine.suite.seed = (uint32_t)machine.options.seed;
}

static const char *no_iommu_verdict(char *reason, size_t size)
{
    if (machine.options.iommu_off)
        format_line(reason, size, "switched off on the command line by %s",
                    machine.options.iommu_off_word);
    else if (find_dmar() != NULL)
        format_line(reason, size, "no memory for the IOMMU driver");
    else if (acpi_find(&machine_acpi, "DMAR", 0) != NULL)
        format_line(reason, size, "there is no DMAR table number %u (dmar=%u)",
                    machine.options.dmar_table, machine.options.dmar_table);
    else if (acpi_find(&machine_acpi, "IVRS", 0) != NULL)
        format_line(reason, size,
                    "the IVRS table describes AMD-Vi units, which this version does not drive");
    else if (acpi_find(&machine_acpi, "VIOT", 0) != NULL)
        format_line(reason, size,
                    "the VIOT table describes a virtio-iommu, which this version does not drive");
    else
        format_line(reason, size,
                    "no DMAR table: no IOMMU, or it is switched off in the firmware's setup");
    return "not-protected";
}

const char *machine_verdict(char *reason, size_t size)
{
    size_t units, translating;

    if (machine.iommu == NULL)
        return no_iommu_verdict(reason, size);
    units = iommu_unit_count(machine.iommu);
    translating = translating_units(units);
    if (translating == 0) {
        format_line(reason, size, "none of %zu units translates, status %s", units,
                    iommu_status_name(machine.iommu_status));
        return "not-protected";
    }
    if (translating < units || machine.covered < machine.functions) {
        format_line(reason, size, "%zu of %zu units translate, %zu of %zu devices are covered",
                    translating, units, machine.covered, machine.functions);
        return "partial";
    }
    format_line(reason, size, "%zu unit%s, %zu devices, interrupts not remapped", units,
                units == 1 ? "" : "s", machine.covered);
    return "protected";
}
