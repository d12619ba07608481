/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Brings the machine's devices up in the order that leaves none unwatched
 * (docs/design.md, "Order at boot"): the units are looked at, PCI functions are found and
 * lose bus mastering, the units are started with every device blocked, and
 * only then do exercisers touch their devices: first of all to show that what
 * is blocked does not arrive. Where it is asked for, one of them reads one
 * page before that (preboot_try.h).
 */
#include "machine.h"

#include "acpi.h"
#include "console.h"
#include "cpu.h"
#include "format.h"
#include "groups.h"
#include "hosts.h"
#include "irq.h"
#include "irq_sources.h"
#include "ivrs_dump.h"
#include "mm.h"
#include "pci_group.h"
#include "policy.h"
#include "preboot_try.h"
#include "report_diagnosis.h"
#include "smp.h"
#include "suite_env.h"

#define EXERCISERS_MAX 32u
#define PCI_CLASS_HOST_BRIDGE 0x0600u
#define PCI_CLASS_IOMMU 0x0806u

struct machine machine;

/* A machine is Intel's or AMD's: where firmware gives tables of both, one is wrong. */
static void find_table(void)
{
    const struct acpi_table *dmar = acpi_find(&machine_acpi, "DMAR", machine.options.dmar_table);
    const struct acpi_table *ivrs = acpi_find(&machine_acpi, "IVRS", machine.options.ivrs_table);

    machine.table = dmar != NULL ? dmar : ivrs;
    if (dmar != NULL && ivrs != NULL)
        log_line(LOG_WARNING, "iommu: there are a DMAR and an IVRS table, IVRS is left out");
    if (machine.options.graphics_off && dmar == NULL)
        log_line(LOG_WARNING, "cmdline: " WORD_GRAPHICS_OFF ": known, has no effect here");
    if (ivrs != NULL && machine.options.ivrs_dump)
        ivrs_dump(ivrs->bytes, ivrs->len);
}

static void take_handoff(void)
{
    const struct acpi_table *table = machine.table;

    if (table == NULL)
        return;
    if (iommu_take_handoff(&kernel_iommu_platform, NULL, table->bytes, table->len,
                           &machine.handoff) != IOMMU_OK)
        log_line(LOG_WARNING, "handoff: the %s table is damaged, units may be missing",
                 table->signature);
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
    for (struct pci_function *f = pci_first(machine.pci); f != NULL; f = f->next)
        pci_acs_enable(f);
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
    if (status == IOMMU_ERR_NOT_FOUND && iommu_device_left_off(machine.iommu, &desc)) {
        machine.left_off++;
        log_line(LOG_WARNING, "iommu: device " PCI_FORMAT " is left unwatched by " WORD_GRAPHICS_OFF,
                 PCI_ARGS(f));
        return;
    }
    /* Functions that share an id cannot be told apart by the unit: the first one stands for all. */
    if (status != IOMMU_OK && status != IOMMU_ERR_EXISTS) {
        log_line(LOG_WARNING, "iommu: device " PCI_FORMAT " is not covered by any unit (%s)",
                 PCI_ARGS(f), iommu_status_name(status));
        return;
    }
    f->owner = device;
    machine.covered++;
}

/* Where firmware left the CPUs in x2APIC mode they cannot leave it; else they enter it later (settle_cpus()). */
static enum iommu_irq_x2apic wanted_x2apic(void)
{
    if (irq_x2apic())
        return IOMMU_X2APIC_NEEDED;
    return irq_no_x2apic() == NULL ? IOMMU_X2APIC_AUTO : IOMMU_X2APIC_NO;
}

static void describe_interrupts(struct iommu_irq_config *config)
{
    static uint8_t ids[IOAPICS_MAX];
    const struct options *options = &machine.options;

    for (size_t i = 0; i < irq_ioapics.count; i++)
        ids[i] = irq_ioapics.list[i].id;
    *config = (struct iommu_irq_config){
        .mode = options->intremap_off || irq_ioapics.unknown != 0 ? IOMMU_IRQ_OFF : IOMMU_IRQ_AUTO,
        .x2apic = wanted_x2apic(),
        .format = options->irq_format,
        .no_source_check = options->intremap_nosid,
        .ignore_x2apic_opt_out = options->intremap_x2apic,
        .no_posting = options->intremap_nopost,
        .ioapics = ids,
        .ioapic_count = irq_ioapics.count,
        .overrides = options->overrides,
        .override_count = options->override_count,
    };
}

/* Every unit and every device; nothing is switched on yet. */
static void describe_iommu(void)
{
    const struct acpi_table *table = machine.table;
    struct iommu_config config = {
        .no_superpages = machine.options.no_superpages,
        .no_queue = machine.options.no_queue,
        .guest_tables = machine.options.guest_tables,
        .skip_graphics = machine.options.graphics_off,
        .force = machine.options.force_enable,
        .fault = suite_env_fault,
    };

    if (table == NULL || (machine_off_word() != NULL && !policy_remaps_alone(&machine.options, table->signature)))
        return;
    config.no_translation = machine_off_word() != NULL;
    describe_interrupts(&config.irq);
    machine.iommu_status = iommu_create(&kernel_iommu_platform, NULL, &config, &machine.iommu);
    if (machine.iommu_status != IOMMU_OK)
        return;
    machine.iommu_status = iommu_add_table(machine.iommu, table->bytes, table->len);
    if (machine.iommu_status != IOMMU_OK)
        log_line(LOG_ERROR, "iommu: table %s status=%s", table->signature,
                 iommu_status_name(machine.iommu_status));
}

/* An AMD-Vi unit's own function: its requests are never translated. */
static bool is_unit(const struct pci_function *f)
{
    return f->class_code >> 8 == PCI_CLASS_IOMMU;
}

/* Bridges carry others' requests; host bridges (class 0600) carry memory's own. */
static bool keeps_bus_mastering(const struct pci_function *f)
{
    if (f->is_bridge || is_unit(f) || f->class_code >> 8 == PCI_CLASS_HOST_BRIDGE)
        return true;
    if (f->owner == NULL || !iommu_device_has_reserved(f->owner))
        return false;
    log_line(LOG_INFO, "pci: " PCI_FORMAT " keeps bus mastering for its reserved regions",
             PCI_ARGS(f));
    return true;
}

/* Messages that firmware left on would be blocked, or reach vectors that mean something else here. */
static void stop_interrupts(struct pci_function *f)
{
    pci_msi_disable(f);
    pci_msix_disable(f);
    pci_intx_enable(f, false);
}

/* Functions with reserved regions keep bus mastering, for those regions only. */
static void stop_bus_masters(void)
{
    for (struct pci_function *f = pci_first(machine.pci); f != NULL; f = f->next) {
        if (!f->is_bridge && !is_unit(f)) {
            machine.functions++;
            if (machine.iommu != NULL)
                add_device(f);
        }
        if (!is_unit(f))
            stop_interrupts(f);
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
    /* Without units what was wrong with their table says more. */
    if (machine.iommu_status == IOMMU_OK)
        machine.iommu_status = status;
}

/* VT-d §5.1.4, §5.1.5: x2APIC mode only once units remap with destinations of 32 bits; then the CPUs that need them. */
static void settle_cpus(void)
{
    struct iommu_irq_info info = { .reason = "interrupts are not remapped" };
    char why_not[160] = "";

    if (machine.iommu != NULL)
        iommu_irq_info(machine.iommu, &info);
    if (!irq_x2apic() && info.x2apic) {
        smp_enter_x2apic();
        log_line(LOG_INFO, "irq: mode=x2apic apic_id=0x%x", irq_apic_id());
    }
    if (!info.x2apic)
        format_line(why_not, sizeof(why_not), "%s%s%s", info.reason[0] == '\0' ? irq_no_x2apic() : info.reason,
                    info.suggestion[0] == '\0' ? "" : ", try ", info.suggestion);
    smp_init_wide(info.x2apic ? NULL : why_not);
}

bool machine_remaps(void)
{
    struct iommu_irq_info info;

    iommu_irq_info(machine.iommu, &info);
    return info.remapping;
}

/* What the suite has units for; one that neither translates nor remaps is as none. */
static void give_to_suite(void)
{
    if (machine.iommu != NULL && (machine_remaps() || machine_translating_units() > 0))
        machine.suite.iommu = machine.iommu;
}

/*
 * Functions that share an id are one device to the library: what one is given the other reaches. A scenario
 * that knows of one of them only would take the other's transfers for its own.
 */
static bool stands_for_itself(const struct pci_function *f)
{
    const struct pci_function *owner = f->owner == NULL ? f : iommu_device_owner(f->owner);

    if (owner == f || owner == NULL)
        return true;
    log_line(LOG_INFO, "pci: " PCI_FORMAT " is left out of the tests: it sends as " PCI_FORMAT " does",
             PCI_ARGS(f), PCI_ARGS(owner));
    return false;
}

static void find_exercisers(void)
{
    static struct exerciser *found[EXERCISERS_MAX];

    machine.suite.exercisers = found;
    for (struct pci_function *f = pci_first(machine.pci); f != NULL; f = f->next) {
        struct exerciser *ex;

        if (f->is_bridge || machine.suite.exerciser_count == EXERCISERS_MAX || !stands_for_itself(f))
            continue;
        ex = machine.preboot.ex;
        if (ex == NULL || ex->function != f)
            ex = exerciser_probe(&kernel_exerciser_host, NULL, f,
                                 policy_is_scratch(&machine.options, f->segment, f->rid));
        if (ex == NULL)
            continue;
        ex->device = f->owner;
        found[machine.suite.exerciser_count++] = ex;
    }
}

/* Serial numbers are read once a device is mapped, by the proof and by scenarios. */
void machine_check_scratch(void)
{
    static bool said;

    if (said || !policy_scratch_missing(&machine.options, machine.suite.exercisers, machine.suite.exerciser_count))
        return;
    said = true;
    log_line(LOG_WARNING, "cmdline: scratch=%s: no disk found is that one, expected the address (00:06.0) or the "
             "serial number of an NVMe disk", machine.options.scratch);
}

size_t machine_translating_units(void)
{
    struct iommu_unit_info unit;
    size_t count = 0;

    for (size_t i = 0; iommu_unit_info(machine.iommu, i, &unit) == IOMMU_OK; i++)
        if (unit.translating && !unit.fenced)
            count++;
    return count;
}

const char *machine_off_word(void)
{
    return machine.table == NULL ? NULL
                                 : policy_off_word(&machine.options, machine.table->signature);
}

/* CPUID says so under TCG and every common hypervisor: devices and units are then emulated. */
static bool under_hypervisor(void)
{
    return (cpuid_read(1).ecx & CPUID_1_ECX_HYPERVISOR) != 0;
}

/* A unit that only says that it translates is none to the suite. */
static void prove_blocking(void)
{
    char text[96];

    if (machine.iommu == NULL || machine_translating_units() == 0)
        return;
    proof_take(&machine.suite, &machine.proof);
    proof_quirks(&machine.proof, &machine.suite);
    (void)proof_text(&machine.proof, text, sizeof(text));
    log_line(LOG_INFO, "proof: %s, %zu refusals recorded", text,
             machine.proof.blocked_recorded + machine.proof.unmapped_recorded);
    if (machine.proof.passed > 0)
        log_line(LOG_ERROR,
                 "proof: DMA of blocked %s to 0x%llx arrived: THIS MACHINE IS NOT PROTECTED, "
                 "%zu of %zu devices pass",
                 machine.proof.leak->label, (unsigned long long)machine.proof.leak_pa,
                 machine.proof.passed, machine.proof.passed + machine.proof.blocked);
    if (proof_all_passed(&machine.proof))
        machine.suite.iommu = NULL;
}

void machine_init(const struct boot_info *info)
{
    machine.boot = info;
    machine.suite.ops = &kernel_suite_env_ops;
    find_table();
    take_handoff();
    find_functions();
    describe_iommu();
    stop_bus_masters();
    preboot_try();
    start_iommu();
    groups_init();
    settle_cpus();
    find_exercisers();
    machine.suite.handoff = &machine.handoff;
    machine.suite.emulated = under_hypervisor();
    machine.suite.no_source_check = machine.options.intremap_nosid;
    machine.suite.findings = &report_scenario_findings;
    machine.suite.trace_dma = machine.options.trace_dma;
    machine.suite.scratch_serial = machine.options.scratch;
    machine.suite.seed = (uint32_t)machine.options.seed;
    give_to_suite();
    preboot_try_look();
    prove_blocking();
    machine_check_scratch();
}
