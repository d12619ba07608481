/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report as text: the machine, its tables, its units, its devices and
 * which unit watches each of them. Only what was read stands here; what
 * judges is in report_summary.c, report_diagnosis.c and report_findings.c.
 */
#include "report.h"

#include "acpi.h"
#include "console.h"
#include "cpu.h"
#include "irq.h"
#include "irq_sources.h"
#include "machine.h"
#include "format.h"
#include "groups.h"
#include "mm.h"
#include "report_diagnosis.h"
#include "smp.h"

#define MIB (1ull << 20)
#define CPUID_VENDOR 0u
#define CPUID_BRAND 0x80000002u
#define BRAND_LEAVES 3u
#define ROOT_DEPTH_MAX 16u
#define CLASS_HOST_BRIDGE 0x0600u
#define CLASS_SUBCLASS(code) ((code) >> 8)

static const char *yes(bool value)
{
    return value ? "yes" : "no";
}

const char *report_door_name(void)
{
    switch (machine.boot->door) {
    case BOOT_DOOR_PVH:
        return "PVH";
    case BOOT_DOOR_MULTIBOOT2:
        return "multiboot2";
    case BOOT_DOOR_UEFI:
        return "UEFI";
    default:
        return "an unknown door";
    }
}

void report_rid(char out[RID_TEXT_BYTES], uint16_t segment, uint16_t rid)
{
    format_line(out, RID_TEXT_BYTES, IOMMU_RID_FORMAT, IOMMU_RID_ARGS(segment, rid));
}

/* ---- processor and memory ---- */

static char *append_register(char *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++, value >>= 8) {
        char c = (char)(value & 0xff);

        *at++ = c == '\0' || (c >= ' ' && c <= '~') ? c : '?';
    }
    return at;
}

void report_cpu_names(char vendor[13], char name[CPU_NAME_BYTES])
{
    struct cpuid r = cpuid_read(CPUID_VENDOR);
    char text[CPU_NAME_BYTES], *at = text;
    const char *from = text;
    size_t len = 0;

    *append_register(append_register(append_register(vendor, r.ebx), r.edx), r.ecx) = '\0';
    for (uint32_t i = 0; i < BRAND_LEAVES; i++) {
        r = cpuid_read(CPUID_BRAND + i);
        at = append_register(
            append_register(append_register(append_register(at, r.eax), r.ebx), r.ecx), r.edx);
    }
    *at = '\0';
    while (*from == ' ')
        from++;
    for (; *from != '\0'; from++)
        name[len++] = *from;
    while (len > 0 && name[len - 1] == ' ')
        len--;
    name[len] = '\0';
}

void report_processor(void)
{
    char vendor[13], name[CPU_NAME_BYTES];
    struct acpi_madt madt;

    report_cpu_names(vendor, name);
    print("# cpu: %s %s", vendor, name);
    if (acpi_read_madt(&machine_acpi, &madt))
        print(", %u of %u processors run, %zu IOAPICs", smp_summary().online, smp_summary().named,
              madt.ioapic_count);
    print("\n");
}

void report_memory(void)
{
    print("# memory: %llu MiB usable, %llu MiB free, end 0x%llx\n",
          (unsigned long long)(ram_bytes() / MIB), (unsigned long long)(free_bytes() / MIB),
          (unsigned long long)ram_end_pa());
}

/* ---- tables ---- */

void report_acpi(void)
{
    print("# acpi: revision=%u root=%s tables=%zu\n", machine_acpi.revision,
          machine_acpi.used_xsdt ? "XSDT" : "RSDT", machine_acpi.table_count);
    for (size_t i = 0; i < machine_acpi.table_count; i++) {
        const struct acpi_table *table = &machine_acpi.tables[i];

        print("#   %s pa=0x%llx length=%u oem=%.6s%s\n", table->signature,
              (unsigned long long)table->pa, table->len, (const char *)table->bytes + 10,
              table->checksum_ok ? "" : " checksum wrong");
    }
}

/* ---- units ---- */

static void unit_capabilities(size_t index)
{
    struct iommu_capability cap;

    for (size_t i = 0; iommu_unit_capability(machine.iommu, index, i, &cap) == IOMMU_OK; i++)
        print("#   %-14s %-4llu %s\n", cap.name, (unsigned long long)cap.value, cap.meaning);
}

/* Each vendor's registers by its own names. */
static void unit_registers(const struct iommu_unit_info *unit)
{
    print("# %s: unit vendor=%s segment=%04x base=0x%llx", unit->name, unit->vendor, unit->segment,
          (unsigned long long)unit->registers_pa);
    if (unit->has_rid)
        print(" function=" IOMMU_RID_FORMAT " revision=%u efr=0x%016llx efr2=0x%016llx\n",
              IOMMU_RID_ARGS(unit->segment, unit->rid), unit->version,
              (unsigned long long)unit->capability, (unsigned long long)unit->extended);
    else
        print(" version=%u.%u cap=0x%016llx ecap=0x%016llx\n", unit->version >> 8,
              unit->version & 0xff, (unsigned long long)unit->capability,
              (unsigned long long)unit->extended);
}

static void unit_summary(const struct iommu_unit_info *unit)
{
    unit_registers(unit);
    print("# %s: translating=%s found-translating=%s queue=%s fenced=%s pass-through=%s "
          "coherent=%s caching-mode=%s\n",
          unit->name, yes(unit->translating), yes(unit->found_translating), yes(unit->uses_queue),
          yes(unit->fenced), yes(unit->pass_through), yes(unit->coherent), yes(unit->caching_mode));
    print("# %s: input-bits=%u output-bits=%u page-sizes=0x%llx domain-ids=%u fault-records=%u "
          "faults=%llu overflows=%llu\n",
          unit->name, unit->input_bits, unit->output_bits, (unsigned long long)unit->page_sizes,
          unit->domain_ids, unit->fault_records, (unsigned long long)unit->faults,
          (unsigned long long)unit->overflows);
}

void report_units(bool full)
{
    struct iommu_unit_info unit;

    if (machine.iommu == NULL) {
        print("# units: none is driven\n");
        return;
    }
    for (size_t i = 0; iommu_unit_info(machine.iommu, i, &unit) == IOMMU_OK; i++) {
        unit_summary(&unit);
        if (full)
            unit_capabilities(i);
    }
}

static void intel_handoff(const struct iommu_handoff_unit *unit)
{
    print(" gsts=0x%08x fsts=0x%08x fectl=0x%08x pmen=0x%08x root=0x%llx iqa=0x%llx "
          "iqh=0x%llx iqt=0x%llx irta=0x%llx\n",
          unit->intel.status, unit->intel.fault_status, unit->intel.fault_control,
          unit->intel.protected_memory, (unsigned long long)unit->intel.root,
          (unsigned long long)unit->intel.queue_address, (unsigned long long)unit->intel.queue_head,
          (unsigned long long)unit->intel.queue_tail,
          (unsigned long long)unit->intel.interrupt_root);
}

static void amd_handoff(const struct iommu_handoff_unit *unit)
{
    print(" function=" IOMMU_RID_FORMAT " control=0x%llx status=0x%llx devtab=0x%llx "
          "cmdbuf=0x%llx cmdhead=0x%llx cmdtail=0x%llx evtlog=0x%llx evthead=0x%llx evttail=0x%llx "
          "exclbase=0x%llx excllimit=0x%llx\n",
          IOMMU_RID_ARGS(unit->segment, unit->amd.rid), (unsigned long long)unit->amd.control,
          (unsigned long long)unit->amd.status, (unsigned long long)unit->amd.device_table,
          (unsigned long long)unit->amd.command_base, (unsigned long long)unit->amd.command_head,
          (unsigned long long)unit->amd.command_tail, (unsigned long long)unit->amd.event_base,
          (unsigned long long)unit->amd.event_head, (unsigned long long)unit->amd.event_tail,
          (unsigned long long)unit->amd.exclusion_base,
          (unsigned long long)unit->amd.exclusion_limit);
}

void report_handoff_units(const char *when, const struct iommu_handoff *handoff)
{
    if (handoff->taken == 0)
        return;
    for (uint32_t i = 0; i < handoff->unit_count && i < IOMMU_HANDOFF_UNITS; i++) {
        const struct iommu_handoff_unit *unit = &handoff->units[i];

        print("# handoff: %s unit base=0x%llx segment=%04x", when,
              (unsigned long long)unit->registers_pa, unit->segment);
        if (!unit->present)
            print(" absent\n");
        else if (unit->vendor == IOMMU_HANDOFF_AMD)
            amd_handoff(unit);
        else
            intel_handoff(unit);
    }
}

void report_handoff(void)
{
    report_handoff_units("before ExitBootServices", &machine.boot->before_exit);
    report_handoff_units("at kernel entry", &machine.handoff);
}

/* ---- devices ---- */

const char *report_unit_of(const struct pci_function *f)
{
    struct iommu_unit_info unit;

    if (machine.iommu == NULL || f->owner == NULL)
        return "none";
    return iommu_unit_info(machine.iommu, iommu_device_unit(f->owner), &unit) == IOMMU_OK
               ? unit.name
               : "none";
}

static unsigned depth_of(const struct pci_function *f)
{
    unsigned depth = 0;

    for (; f->parent != NULL && depth < ROOT_DEPTH_MAX; f = f->parent)
        depth++;
    return depth;
}

static void function_ids(const struct pci_function *f)
{
    uint16_t rids[IOMMU_DEVICE_RIDS];
    size_t count = pci_requester_ids(f, rids, IOMMU_DEVICE_RIDS);

    print(" unit=%s", report_unit_of(f));
    for (size_t i = 1; i < count; i++)
        print(" alias=" IOMMU_RID_FORMAT, IOMMU_RID_ARGS(f->segment, rids[i]));
    if (f->owner != NULL && iommu_device_has_reserved(f->owner))
        print(" reserved-regions");
}

static void function_line(const struct pci_function *f)
{
    print("# pci: %*s" PCI_FORMAT " %04x:%04x %s", (int)(2 * depth_of(f)), "", PCI_ARGS(f),
          f->vendor, f->device, pci_class_name(f->class_code));
    if (f->is_bridge)
        print(" buses=%02x..%02x", f->secondary_bus, f->subordinate_bus);
    else
        function_ids(f);
    print("\n");
}

static void children_of(const struct pci_function *parent, unsigned depth)
{
    if (depth > ROOT_DEPTH_MAX)
        return;
    for (const struct pci_function *f = pci_first(machine.pci); f != NULL; f = f->next) {
        if (f->parent != parent)
            continue;
        function_line(f);
        if (f->is_bridge)
            children_of(f, depth + 1);
    }
}

/* A root bus hangs off a host bridge; where that shows as a function it is on the bus itself. */
static void root_buses(void)
{
    unsigned last = UINT32_MAX;

    for (const struct pci_function *f = pci_first(machine.pci); f != NULL; f = f->next) {
        unsigned bus = (unsigned)f->segment << 8 | f->rid >> 8;

        if (f->parent != NULL || bus == last)
            continue;
        last = bus;
        print("# pci: root bus %04x:%02x host bridge %s\n", f->segment, f->rid >> 8,
              CLASS_SUBCLASS(f->class_code) == CLASS_HOST_BRIDGE ? "is function 00.0"
                                                                 : "is not a PCI function");
    }
}

void report_topology(void)
{
    if (machine.pci == NULL)
        return;
    root_buses();
    children_of(NULL, 0);
    print("# pci: %zu functions that are not bridges, %zu covered by a unit\n", machine.functions,
          machine.covered);
}

void report_reserved(void)
{
    struct iommu_region region;

    for (const struct pci_function *f = machine.pci ? pci_first(machine.pci) : NULL; f != NULL;
         f = f->next)
        for (size_t i = 0;
             f->owner != NULL && iommu_reserved_region(f->owner, i, &region) == IOMMU_OK; i++)
            print("# reserved: " PCI_FORMAT " 0x%llx-0x%llx %s%s\n", PCI_ARGS(f),
                  (unsigned long long)region.start, (unsigned long long)region.end,
                  region.prot & IOMMU_READ ? "r" : "", region.prot & IOMMU_WRITE ? "w" : "");
}

void report_exercisers(void)
{
    for (size_t i = 0; i < machine.suite.exerciser_count; i++) {
        const struct exerciser *ex = machine.suite.exercisers[i];

        print("# exerciser: %s address-bits=%u align=%u max=%u read=%s write=%s covered=%s\n",
              ex->label, ex->address_bits, ex->align, ex->max_len, yes(ex->can_read),
              yes(ex->can_write), yes(ex->device != NULL));
    }
    if (machine.suite.exerciser_count == 0)
        print("# exerciser: none\n");
}

/* ---- interrupts ---- */

static void interrupt_source(enum iommu_irq_source_kind kind, uint8_t id)
{
    struct iommu_irq_source_info info;

    if (machine.iommu == NULL || iommu_irq_source(machine.iommu, kind, id, &info) != IOMMU_OK)
        print(" source=unknown\n");
    else
        print(" source=" IOMMU_RID_FORMAT "%s\n", IOMMU_RID_ARGS(info.segment, info.rid),
              info.overridden ? " (override)" : "");
}

static void interrupt_entries(void)
{
    struct iommu_unit_info unit;

    for (size_t i = 0; iommu_unit_info(machine.iommu, i, &unit) == IOMMU_OK; i++)
        print("# interrupts: %s entries=%u used=%u\n", unit.name, unit.irq_entries, unit.irq_used);
}

void report_interrupts(void)
{
    struct iommu_irq_info info;

    print("# interrupts: apic=%s unexpected=%llu\n", irq_x2apic() ? "x2apic" : "xapic",
          (unsigned long long)irq_unexpected());
    for (size_t i = 0; i < irq_ioapics.count; i++) {
        const struct ioapic *ioapic = &irq_ioapics.list[i];

        print("# interrupts: ioapic=%u version=0x%x gsi=%u pins=%u", ioapic->id, ioapic->version,
              ioapic->gsi_base, ioapic->pins);
        interrupt_source(IOMMU_IRQ_IOAPIC, ioapic->id);
    }
    if (irq_has_hpet) {
        print("# interrupts: hpet=%u comparators=%u messages=%s", irq_hpet.number,
              irq_hpet.comparators, yes(hpet_has_messages(&irq_hpet, 0)));
        interrupt_source(IOMMU_IRQ_HPET, irq_hpet.number);
    }
    if (machine.iommu == NULL)
        return;
    iommu_irq_info(machine.iommu, &info);
    print("# interrupts: remapped=%s failed-units=%u x2apic=%s posting=%s reason=\"%s\" "
          "suggestion=\"%s\"\n",
          yes(info.remapping), info.failed_units, yes(info.x2apic), yes(info.posting), info.reason,
          info.suggestion);
    interrupt_entries();
}

static void report_proof(void)
{
    char text[96];

    if (machine.iommu == NULL)
        return;
    (void)proof_text(&machine.proof, text, sizeof(text));
    print("# proof: %s, %zu pass, refusals recorded: %zu while blocked, %zu of %zu unmapped\n",
          text, machine.proof.passed, machine.proof.blocked_recorded,
          machine.proof.unmapped_recorded, machine.proof.unmapped);
}

/* Everything, the verdict first. */
static void report_whole(void)
{
    report_summary(NULL);
    report_processor();
    report_memory();
    report_acpi();
    report_units(true);
    report_interrupts();
    report_handoff();
    report_preboot();
    report_topology();
    groups_print();
    report_reserved();
    report_iova();
    report_exercisers();
    report_proof();
    report_findings();
}

void report_print(enum report_kind kind, const char *full)
{
    switch (kind) {
    case REPORT_SUMMARY:
        report_summary(full);
        break;
    case REPORT_FULL:
        report_whole();
        break;
    case REPORT_JSON:
        report_json();
        break;
    case REPORT_NONE:
        break;
    }
}
