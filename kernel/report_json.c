/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report as one JSON object (docs/report-json.md). Registers and addresses are text in
 * hexadecimal.
 */
#include "report.h"

#include "acpi.h"
#include "console.h"
#include "groups.h"
#include "json.h"
#include "irq.h"
#include "irq_sources.h"
#include "machine.h"
#include "mm.h"
#include "report_diagnosis.h"
#include "smp.h"
#include "verdict.h"
#include "version.h"

#define SCHEMA "iommukit-report/1"
#define PCI_COMMAND_MASTER 0x0004u

static void put_console(void *ctx, const char *text, size_t len)
{
    (void)ctx;
    console_write(text, len);
}

static void put_rid(struct json *json, const char *name, uint16_t segment, uint16_t rid)
{
    char text[RID_TEXT_BYTES];

    report_rid(text, segment, rid);
    json_text(json, name, text);
}

static void put_machine(struct json *json)
{
    char vendor[13], name[CPU_NAME_BYTES];

    report_cpu_names(vendor, name);
    json_text(json, "version", IOMMUKIT_VERSION);
    json_text(json, "door", report_door_name());
    json_text(json, "loader", machine.boot->loader);
    json_text(json, "cmdline", machine.boot->cmdline);
    json_text(json, "cpu_vendor", vendor);
    json_text(json, "cpu_name", name);
    json_number(json, "cpus_named", smp_summary().named);
    json_number(json, "cpus_running", smp_summary().online);
    json_number(json, "ram_bytes", ram_bytes());
    json_hex(json, "ram_end", ram_end_pa());
}

static void put_tables(struct json *json)
{
    json_text(json, "acpi_root", machine_acpi.used_xsdt ? "XSDT" : "RSDT");
    json_open(json, "acpi_tables", '[');
    for (size_t i = 0; i < machine_acpi.table_count; i++) {
        const struct acpi_table *table = &machine_acpi.tables[i];

        json_open(json, NULL, '{');
        json_text(json, "signature", table->signature);
        json_hex(json, "address", table->pa);
        json_number(json, "length", table->len);
        json_bool(json, "checksum_ok", table->checksum_ok);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void put_capabilities(struct json *json, size_t unit)
{
    struct iommu_capability cap;

    json_open(json, "capabilities", '{');
    for (size_t i = 0; iommu_unit_capability(machine.iommu, unit, i, &cap) == IOMMU_OK; i++)
        json_number(json, cap.name, cap.value);
    json_close(json, '}');
}

static void put_unit(struct json *json, size_t index, const struct iommu_unit_info *unit)
{
    json_open(json, NULL, '{');
    json_text(json, "name", unit->name);
    json_text(json, "vendor", unit->vendor);
    json_number(json, "segment", unit->segment);
    json_hex(json, "base", unit->registers_pa);
    if (unit->has_rid) {
        put_rid(json, "function", unit->segment, unit->rid);
        json_number(json, "revision", unit->version);
        json_hex(json, "efr", unit->capability);
        json_hex(json, "efr2", unit->extended);
    } else {
        json_number(json, "version_major", unit->version >> 8);
        json_number(json, "version_minor", unit->version & 0xff);
        json_hex(json, "cap", unit->capability);
        json_hex(json, "ecap", unit->extended);
    }
    json_bool(json, "translating", unit->translating);
    json_bool(json, "found_translating", unit->found_translating);
    json_bool(json, "remapping", unit->remapping);
    json_bool(json, "found_remapping", unit->found_remapping);
    json_bool(json, "fenced", unit->fenced);
    json_bool(json, "queue", unit->uses_queue);
    json_number(json, "input_bits", unit->input_bits);
    json_number(json, "output_bits", unit->output_bits);
    json_hex(json, "page_sizes", unit->page_sizes);
    json_number(json, "domain_ids", unit->domain_ids);
    json_number(json, "fault_records", unit->fault_records);
    json_number(json, "faults", unit->faults);
    put_capabilities(json, index);
    json_close(json, '}');
}

static void put_units(struct json *json)
{
    struct iommu_unit_info unit;

    json_open(json, "units", '[');
    for (size_t i = 0;
         machine.iommu != NULL && iommu_unit_info(machine.iommu, i, &unit) == IOMMU_OK; i++)
        put_unit(json, i, &unit);
    json_close(json, ']');
}

static void put_intel_handoff(struct json *json, const struct iommu_handoff_unit *u)
{
    json_hex(json, "version", u->intel.version);
    json_hex(json, "cap", u->intel.capability);
    json_hex(json, "ecap", u->intel.extended);
    json_hex(json, "gsts", u->intel.status);
    json_hex(json, "fsts", u->intel.fault_status);
    json_hex(json, "fectl", u->intel.fault_control);
    json_hex(json, "pmen", u->intel.protected_memory);
    json_hex(json, "plmbase", u->intel.protected_low_base);
    json_hex(json, "plmlimit", u->intel.protected_low_limit);
    json_hex(json, "phmbase", u->intel.protected_high_base);
    json_hex(json, "phmlimit", u->intel.protected_high_limit);
    json_hex(json, "rtaddr", u->intel.root);
    json_hex(json, "iqa", u->intel.queue_address);
    json_hex(json, "iqh", u->intel.queue_head);
    json_hex(json, "iqt", u->intel.queue_tail);
    json_hex(json, "irta", u->intel.interrupt_root);
}

static void put_amd_handoff(struct json *json, const struct iommu_handoff_unit *u)
{
    put_rid(json, "function", u->segment, u->amd.rid);
    json_hex(json, "control", u->amd.control);
    json_hex(json, "status", u->amd.status);
    json_hex(json, "efr", u->amd.features);
    json_hex(json, "efr2", u->amd.features2);
    json_hex(json, "devtab", u->amd.device_table);
    json_hex(json, "cmdbuf", u->amd.command_base);
    json_hex(json, "cmdhead", u->amd.command_head);
    json_hex(json, "cmdtail", u->amd.command_tail);
    json_hex(json, "evtlog", u->amd.event_base);
    json_hex(json, "evthead", u->amd.event_head);
    json_hex(json, "evttail", u->amd.event_tail);
    json_hex(json, "exclbase", u->amd.exclusion_base);
    json_hex(json, "excllimit", u->amd.exclusion_limit);
}

static void put_handoff(struct json *json, const char *name, const struct iommu_handoff *handoff)
{
    json_open(json, name, '[');
    for (uint32_t i = 0;
         handoff->taken != 0 && i < handoff->unit_count && i < IOMMU_HANDOFF_UNITS; i++) {
        const struct iommu_handoff_unit *u = &handoff->units[i];

        json_open(json, NULL, '{');
        json_text(json, "vendor", u->vendor == IOMMU_HANDOFF_AMD ? "amd" : "intel");
        json_hex(json, "base", u->registers_pa);
        json_number(json, "segment", u->segment);
        json_bool(json, "present", u->present);
        json_bool(json, "translating", u->translating);
        if (u->vendor == IOMMU_HANDOFF_AMD)
            put_amd_handoff(json, u);
        else
            put_intel_handoff(json, u);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void put_reserved(struct json *json, const struct pci_function *f)
{
    struct iommu_region region;

    json_open(json, "reserved", '[');
    for (size_t i = 0;
         f->owner != NULL && iommu_reserved_region(f->owner, i, &region) == IOMMU_OK; i++) {
        json_open(json, NULL, '{');
        json_hex(json, "start", region.start);
        json_hex(json, "end", region.end);
        json_bool(json, "read", (region.prot & IOMMU_READ) != 0);
        json_bool(json, "write", (region.prot & IOMMU_WRITE) != 0);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void put_function(struct json *json, const struct pci_function *f)
{
    uint16_t rids[IOMMU_DEVICE_RIDS];
    size_t count = pci_requester_ids(f, rids, IOMMU_DEVICE_RIDS);

    json_open(json, NULL, '{');
    put_rid(json, "address", f->segment, f->rid);
    if (f->parent != NULL)
        put_rid(json, "parent", f->segment, f->parent->rid);
    json_hex(json, "vendor", f->vendor);
    json_hex(json, "device", f->device);
    json_hex(json, "class", f->class_code);
    json_text(json, "class_name", pci_class_name(f->class_code));
    json_bool(json, "bridge", f->is_bridge);
    json_text(json, "unit", report_unit_of(f));
    json_open(json, "requester_ids", '[');
    for (size_t i = 0; i < count; i++)
        put_rid(json, NULL, f->segment, rids[i]);
    json_close(json, ']');
    put_reserved(json, f);
    groups_json_function(json, f);
    report_iova_json(json, f);
    json_text(json, "state", f->owner == NULL ? "unwatched" : iommu_debug_device_state(f->owner));
    json_bool(json, "bus_master_at_entry", (f->command_at_entry & PCI_COMMAND_MASTER) != 0);
    json_close(json, '}');
}

static void put_functions(struct json *json)
{
    json_open(json, "functions", '[');
    for (const struct pci_function *f = machine.pci ? pci_first(machine.pci) : NULL; f != NULL;
         f = f->next)
        put_function(json, f);
    json_close(json, ']');
}

static void put_exercisers(struct json *json)
{
    json_open(json, "exercisers", '[');
    for (size_t i = 0; i < machine.suite.exerciser_count; i++) {
        const struct exerciser *ex = machine.suite.exercisers[i];

        json_open(json, NULL, '{');
        json_text(json, "label", ex->label);
        json_number(json, "address_bits", ex->address_bits);
        json_number(json, "max_len", ex->max_len);
        json_bool(json, "covered", ex->device != NULL);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void put_proof(struct json *json)
{
    const struct proof *proof = &machine.proof;

    json_open(json, "proof", '{');
    json_number(json, "blocked", proof->blocked);
    json_number(json, "passed", proof->passed);
    json_number(json, "blocked_recorded", proof->blocked_recorded);
    json_number(json, "blocked_unrecorded", proof->blocked_unrecorded);
    json_number(json, "unmapped", proof->unmapped);
    json_number(json, "unmapped_recorded", proof->unmapped_recorded);
    json_number(json, "wrong_records", proof->wrong_records);
    json_close(json, '}');
}

static void put_interrupts(struct json *json)
{
    struct iommu_irq_info info = { .reason = "no unit is driven" };

    if (machine.iommu != NULL)
        iommu_irq_info(machine.iommu, &info);
    json_open(json, "interrupts", '{');
    json_text(json, "apic", irq_x2apic() ? "x2apic" : "xapic");
    json_bool(json, "remapped", info.remapping);
    json_number(json, "failed_units", info.failed_units);
    json_bool(json, "x2apic", info.x2apic);
    json_bool(json, "posting", info.posting);
    json_text(json, "reason", info.reason);
    json_text(json, "suggestion", info.suggestion);
    json_number(json, "unexpected", irq_unexpected());
    json_open(json, "ioapics", '[');
    for (size_t i = 0; i < irq_ioapics.count; i++) {
        const struct ioapic *ioapic = &irq_ioapics.list[i];
        struct iommu_irq_source_info source;

        json_open(json, NULL, '{');
        json_number(json, "id", ioapic->id);
        json_hex(json, "base", ioapic->pa);
        json_number(json, "gsi", ioapic->gsi_base);
        json_number(json, "pins", ioapic->pins);
        if (machine.iommu != NULL &&
            iommu_irq_source(machine.iommu, IOMMU_IRQ_IOAPIC, ioapic->id, &source) == IOMMU_OK)
            put_rid(json, "source", source.segment, source.rid);
        json_close(json, '}');
    }
    json_close(json, ']');
    json_close(json, '}');
}

static void put_verdict(struct json *json)
{
    char reason[VERDICT_REASON_BYTES];

    json_text(json, "verdict", machine_verdict(reason, sizeof(reason)));
    json_text(json, "verdict_reason", reason);
}

void report_json(void)
{
    struct json json = { .put = put_console };

    print("---8<--- report\n");
    json_open(&json, NULL, '{');
    json_text(&json, "schema", SCHEMA);
    put_verdict(&json);
    report_checks_json(&json);
    put_machine(&json);
    put_tables(&json);
    put_units(&json);
    put_interrupts(&json);
    put_handoff(&json, "handoff_before_exit", &machine.boot->before_exit);
    put_handoff(&json, "handoff_kernel_entry", &machine.handoff);
    put_functions(&json);
    groups_json(&json);
    put_exercisers(&json);
    put_proof(&json);
    report_domains_json(&json);
    report_preboot_json(&json);
    report_findings_json(&json);
    json_close(&json, '}');
    print("\n--->8---\n");
}
