/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Findings: firmware's tables judged against what this kernel knows of the
 * machine, and what scenarios provoked. The judge's texts last for its call
 * only, so it is asked anew each time; scenarios' are copied.
 */
#include "report_diagnosis.h"

#include "acpi.h"
#include "amd/amdvi_regs.h"
#include "console.h"
#include "cpu.h"
#include "format.h"
#include "intel/vtd_regs.h"
#include "judge.h"
#include "machine.h"
#include "report.h"
#include "spinlock.h"
#include "words.h"

#define KEPT_MAX 16u
#define TEXT_BYTES 200u

struct kept {
    struct fw_finding finding;      /* its texts are the following */
    char id[48], table[8], what[TEXT_BYTES], trips[TEXT_BYTES], remedy[TEXT_BYTES], reference[48];
};

static struct spin_lock kept_lock = SPIN_LOCK("findings");     /* guards: the two below */
static struct kept kept[KEPT_MAX];
static size_t kept_count;

/* ---- what the judge is told ---- */

static struct fw_table tables[ACPI_TABLES];
static struct fw_memory memory[BOOT_RANGES];
static struct fw_unit_state units[IOMMU_HANDOFF_UNITS];

static size_t fill_tables(void)
{
    for (size_t i = 0; i < machine_acpi.table_count; i++) {
        const struct acpi_table *table = &machine_acpi.tables[i];

        tables[i] = (struct fw_table){ .bytes = table->bytes, .len = table->len };
        (void)text_copy(tables[i].signature, sizeof(tables[i].signature), table->signature);
    }
    return machine_acpi.table_count;
}

/*
 * Memory that the boot loader or firmware's boot services lie in is handed to an operating system
 * as RAM.
 */
static enum fw_memory_kind kind_of(uint32_t type)
{
    switch (type) {
    case BOOT_RAM:
    case BOOT_LOADER:
        return FW_MEMORY_RAM;
    case BOOT_RESERVED:
    case BOOT_FIRMWARE:
        return FW_MEMORY_RESERVED;
    case BOOT_ACPI_TABLES:
    case BOOT_ACPI_NVS:
        return FW_MEMORY_ACPI;
    default:
        return FW_MEMORY_OTHER;
    }
}

static size_t fill_memory(void)
{
    for (size_t i = 0; i < machine.boot->range_count; i++) {
        const struct boot_range *range = &machine.boot->ranges[i];

        memory[i] = (struct fw_memory){ range->start, range->end, kind_of(range->type) };
    }
    return machine.boot->range_count;
}

static void add_widths(struct fw_unit_state *unit)
{
    struct iommu_unit_info info;

    for (size_t i = 0;
         machine.iommu != NULL && iommu_unit_info(machine.iommu, i, &info) == IOMMU_OK; i++)
        if (info.registers_pa == unit->registers_pa) {
            unit->guest_address_bits = info.input_bits;
            unit->host_address_bits = info.output_bits;
        }
}

static size_t fill_units(void)
{
    size_t count = 0;

    for (; count < machine.handoff.unit_count && count < IOMMU_HANDOFF_UNITS; count++) {
        const struct iommu_handoff_unit *found = &machine.handoff.units[count];
        bool amd = found->vendor == IOMMU_HANDOFF_AMD;

        units[count] = (struct fw_unit_state){
            .registers_pa = found->registers_pa,
            .answers = found->present,
            .interrupt_remapping = amd || (found->intel.extended & VTD_ECAP_IR) != 0,
            .x2apic = amd ? (found->amd.features & AMDVI_EFR_XT_SUP) != 0
                          : (found->intel.extended & VTD_ECAP_EIM) != 0,
            .translated_at_entry = found->translating,
            .protected_memory_at_entry =
                !amd && (found->intel.protected_memory & VTD_PMEN_PRS) != 0,
        };
        add_widths(&units[count]);
    }
    return count;
}

static bool is_amd(void)
{
    char vendor[13], name[CPU_NAME_BYTES];

    if (machine.table != NULL)
        return text_equal(machine.table->signature, "IVRS");
    report_cpu_names(vendor, name);
    return text_equal(vendor, "AuthenticAMD") || text_equal(vendor, "HygonGenuine");
}

static size_t judge_machine(const struct fw_sink *sink)
{
    struct fw_facts facts = {
        .tables = tables,
        .table_count = fill_tables(),
        .memory = memory,
        .memory_count = fill_memory(),
        .functions = machine.pci == NULL ? NULL : pci_first(machine.pci),
        .units = units,
        .unit_count = fill_units(),
        .cpu_physical_bits = cpuid_read(CPUID_AMD_SIZES).eax & CPUID_AMD_8_EAX_PHYSICAL,
        .amd = is_amd(),
        .hypervisor = machine.suite.emulated,
    };

    return fw_judge(&facts, sink);
}

void report_each_finding(const struct fw_sink *sink)
{
    (void)judge_machine(sink);
    for (size_t i = 0; i < kept_count; i++)
        sink->found(sink->ctx, &kept[i].finding);
}

/* ---- as text ---- */

static void print_detail(const char *name, const char *text)
{
    if (text[0] != '\0')
        print("#   %s: %s\n", name, text);
}

static void print_head(const struct fw_finding *f)
{
    if (f->table[0] != '\0')
        print("# finding: %s %s %s+0x%x: %s\n", fw_severity_name(f->severity), f->id, f->table,
              f->offset, f->what);
    else
        print("# finding: %s %s: %s\n", fw_severity_name(f->severity), f->id, f->what);
}

static void print_finding(void *ctx, const struct fw_finding *f)
{
    (void)ctx;
    print_head(f);
    print_detail("trips", f->trips);
    print_detail("try", f->remedy);
    print_detail("see", f->reference);
}

struct tally {
    size_t count[FW_ERROR + 1];
};

static void count_finding(void *ctx, const struct fw_finding *f)
{
    ((struct tally *)ctx)->count[f->severity]++;
}

#define TALLY_BYTES 64u

static void tally_text(const struct tally *t, char out[TALLY_BYTES])
{
    format_line(out, TALLY_BYTES, "# findings: %zu error%s, %zu warning%s, %zu note%s",
                t->count[FW_ERROR], t->count[FW_ERROR] == 1 ? "" : "s", t->count[FW_WARNING],
                t->count[FW_WARNING] == 1 ? "" : "s", t->count[FW_NOTE],
                t->count[FW_NOTE] == 1 ? "" : "s");
}

static void tally_all(struct tally *t)
{
    *t = (struct tally){ { 0 } };
    report_each_finding(&(struct fw_sink){ .found = count_finding, .ctx = t });
}

void report_findings(void)
{
    struct tally tally;
    char text[TALLY_BYTES];

    tally_all(&tally);
    tally_text(&tally, text);
    print("%s\n", text);
    report_each_finding(&(struct fw_sink){ .found = print_finding });
}

struct worst {
    enum fw_severity severity;
    size_t shown;
};

/* One row stays free for where the rest is. */
static void show_worst(void *ctx, const struct fw_finding *f)
{
    struct worst *worst = ctx;

    if (f->severity != worst->severity)
        return;
    if (f->table[0] != '\0'
            ? !report_line(1, "# finding: %s %s %s+0x%x: %s", fw_severity_name(f->severity), f->id,
                           f->table, f->offset, f->what)
            : !report_line(1, "# finding: %s %s: %s", fw_severity_name(f->severity), f->id,
                           f->what))
        return;
    worst->shown++;
    if (f->remedy[0] != '\0')
        (void)report_line(1, "#   try: %s", f->remedy);
}

/* Errors first, then warnings. */
void report_findings_summary(const char *rest)
{
    struct tally tally;
    struct worst worst = { .severity = FW_ERROR };
    char text[TALLY_BYTES];

    tally_all(&tally);
    tally_text(&tally, text);
    (void)report_line(0, "%s", text);
    report_each_finding(&(struct fw_sink){ .found = show_worst, .ctx = &worst });
    worst.severity = FW_WARNING;
    report_each_finding(&(struct fw_sink){ .found = show_worst, .ctx = &worst });
    if (rest != NULL &&
        (tally.count[FW_ERROR] + tally.count[FW_WARNING] > worst.shown || tally.count[FW_NOTE] > 0))
        (void)report_line(0, "#   all of them: %s", rest);
}

/* ---- as JSON ---- */

static void put_finding(void *ctx, const struct fw_finding *f)
{
    struct json *json = ctx;

    json_open(json, NULL, '{');
    json_text(json, "severity", fw_severity_name(f->severity));
    json_text(json, "id", f->id);
    json_text(json, "table", f->table);
    json_number(json, "offset", f->offset);
    json_text(json, "what", f->what);
    json_text(json, "trips", f->trips);
    json_text(json, "remedy", f->remedy);
    json_text(json, "reference", f->reference);
    json_close(json, '}');
}

void report_findings_json(struct json *json)
{
    json_open(json, "findings", '[');
    report_each_finding(&(struct fw_sink){ .found = put_finding, .ctx = json });
    json_close(json, ']');
}

/* ---- from scenarios ---- */

static bool is_kept(const struct fw_finding *f)
{
    for (size_t i = 0; i < kept_count; i++)
        if (text_equal(kept[i].id, f->id) && text_equal(kept[i].what, f->what))
            return true;
    return false;
}

static void keep(const struct fw_finding *f)
{
    struct kept *k = &kept[kept_count];

    (void)text_copy(k->id, sizeof(k->id), f->id);
    (void)text_copy(k->table, sizeof(k->table), f->table);
    (void)text_copy(k->what, sizeof(k->what), f->what);
    (void)text_copy(k->trips, sizeof(k->trips), f->trips);
    (void)text_copy(k->remedy, sizeof(k->remedy), f->remedy);
    (void)text_copy(k->reference, sizeof(k->reference), f->reference);
    k->finding = (struct fw_finding){ f->severity, k->id,    k->table,  f->offset,
                                       k->what,     k->trips, k->remedy, k->reference };
    kept_count++;
}

/* A scenario that is run again finds the same again. */
static void scenario_found(void *ctx, const struct fw_finding *f)
{
    uintptr_t flags = spin_lock(&kept_lock);
    bool known = is_kept(f);

    if (!known && kept_count < KEPT_MAX)
        keep(f);
    spin_unlock(&kept_lock, flags);
    if (!known)
        print_finding(ctx, f);
}

const struct fw_sink report_scenario_findings = { .found = scenario_found };
