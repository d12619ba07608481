/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first screen of the report: the verdict as far as it is known before the
 * tests, the checks that it rests on, what to do about the first that failed,
 * and a line each of what the full report says at length.
 */
#include "report_diagnosis.h"

#include "acpi.h"
#include "amd/ivrs.h"
#include "console.h"
#include "cpu.h"
#include "format.h"
#include "groups.h"
#include "intel/dmar.h"
#include "irq.h"
#include "machine.h"
#include "mm.h"
#include "report.h"
#include "smp.h"
#include "verdict.h"
#include "words.h"

#define MIB (1ull << 20)
#define CLASS_HOST_BRIDGE 0x0600u
#define CLASS_IOMMU 0x0806u
#define COLUMN_STATE 15

#define SCREEN_ROWS 25u
#define SCREEN_COLUMNS 80u
#define LINE_BYTES (VERDICT_REASON_BYTES + 64u)
/* Kept free: the findings and where to find the rest, two rows of "before", the groups. */
#define ROWS_BELOW_BEFORE 2u
#define ROWS_BELOW_GROUPS (ROWS_BELOW_BEFORE + 2u)
#define ROWS_BELOW_UNITS (ROWS_BELOW_GROUPS + 1u)
/* More units than these are in the full report. */
#define UNIT_LINES 4u

/* ---- what the checks look at ---- */

static void dmar_header_seen(void *arg, const struct dmar_info *info)
{
    struct check_facts *f = arg;

    f->flags_known = true;
    f->intel_interrupts = (info->flags & DMAR_FLAG_INTR_REMAP) != 0;
    f->intel_x2apic_opt_out = (info->flags & DMAR_FLAG_X2APIC_OPT_OUT) != 0;
    f->intel_dma_opt_in = (info->flags & DMAR_FLAG_DMA_CTRL_OPT_IN) != 0;
}

static void ivrs_header_seen(void *arg, const struct ivrs_info *info)
{
    struct check_facts *f = arg;

    f->flags_known = true;
    f->amd_efr = info->efr_valid;
    f->amd_dma_remap = info->dma_remap;
}

static void table_facts(struct check_facts *f)
{
    static const struct dmar_handler dmar = { .header = dmar_header_seen };
    static const struct ivrs_handler ivrs = { .header = ivrs_header_seen };
    static char missing[24];
    const struct acpi_table *table = machine.table;
    enum iommu_status status;

    f->virtio_table = acpi_find(&machine_acpi, "VIOT", 0) != NULL;
    if (table == NULL) {
        bool dmar_there = acpi_find(&machine_acpi, "DMAR", 0) != NULL;
        bool ivrs_there = acpi_find(&machine_acpi, "IVRS", 0) != NULL;

        if (dmar_there)
            format_line(missing, sizeof(missing), "dmar=%u", machine.options.dmar_table);
        else if (ivrs_there)
            format_line(missing, sizeof(missing), "ivrs=%u", machine.options.ivrs_table);
        f->missing_word = dmar_there || ivrs_there ? missing : NULL;
        return;
    }
    f->table = table->signature;
    f->table_len = table->len;
    f->table_revision = table->bytes[8];
    f->table_checksum_ok = table->checksum_ok;
    status = text_equal(table->signature, "IVRS") ? ivrs_read(table->bytes, table->len, &ivrs, f)
                                                  : dmar_read(table->bytes, table->len, &dmar, f);
    f->table_damaged = status != IOMMU_OK;
}

static bool runs(uint64_t registers_pa)
{
    struct iommu_unit_info unit;

    for (size_t i = 0;
         machine.iommu != NULL && iommu_unit_info(machine.iommu, i, &unit) == IOMMU_OK; i++)
        if (unit.registers_pa == registers_pa)
            return unit.translating && !unit.fenced;
    return false;
}

static bool is_left_off(uint64_t registers_pa)
{
    return machine.iommu != NULL && iommu_unit_left_off(machine.iommu, registers_pa);
}

static void unit_facts(struct check_facts *f)
{
    const struct iommu_handoff *handoff = &machine.handoff;

    for (uint32_t i = 0; i < handoff->unit_count && i < IOMMU_HANDOFF_UNITS; i++) {
        const struct iommu_handoff_unit *unit = &handoff->units[i];

        if (!machine_handoff_first(i))
            continue;
        f->units[f->unit_count++] = (struct check_unit){
            .registers_pa = unit->registers_pa,
            .answers = unit->present,
            .translates = runs(unit->registers_pa),
            .left_off = is_left_off(unit->registers_pa),
        };
        f->answering += unit->present;
    }
    if (machine.iommu == NULL)
        return;
    /* The snapshot ends at its size; the driver knows the others. */
    if (iommu_unit_count(machine.iommu) > f->unit_count)
        f->unit_count = f->answering = iommu_unit_count(machine.iommu);
    f->translating = machine_translating_units();
}
_Static_assert((int)CHECK_UNITS >= (int)IOMMU_HANDOFF_UNITS,
               "every unit of the snapshot has a place");

static enum chipset_units ask_chipset(const struct pci_function *bridge)
{
    uint16_t offset = chipset_register(bridge->vendor, bridge->device);

    return offset == 0 ? CHIPSET_UNKNOWN
                       : chipset_units(bridge->vendor, bridge->device,
                                       pci_read(bridge, offset, sizeof(uint32_t)));
}

static void device_facts(struct check_facts *f)
{
    f->functions = machine.functions;
    f->covered = machine.covered;
    f->graphics_word = WORD_GRAPHICS_OFF;
    f->left_off = machine.left_off;
    for (const struct pci_function *p = machine.pci ? pci_first(machine.pci) : NULL; p != NULL;
         p = p->next) {
        if (p->rid == 0 && p->segment == 0 && p->class_code >> 8 == CLASS_HOST_BRIDGE) {
            f->bridge_vendor = p->vendor;
            f->bridge_device = p->device;
            f->chipset = ask_chipset(p);
        }
        if (f->uncovered[0] == '\0' && !p->is_bridge && p->class_code >> 8 != CLASS_IOMMU &&
            p->owner == NULL)
            format_line(f->uncovered, sizeof(f->uncovered), PCI_FORMAT, PCI_ARGS(p));
    }
}

static void proof_facts(struct check_facts *f)
{
    f->blocked = machine.proof.blocked;
    f->passed = machine.proof.passed;
    f->leak = machine.proof.leak == NULL ? "" : machine.proof.leak->label;
    f->qemu_amd = machine.suite.emulated && machine.table != NULL &&
                  text_equal(machine.table->signature, "IVRS");
}

/* info outlives the facts: they point to its texts. */
static void interrupt_facts(struct check_facts *f, struct iommu_irq_info *info)
{
    *info = (struct iommu_irq_info){ .reason = "no unit is driven" };
    if (machine.iommu != NULL)
        iommu_irq_info(machine.iommu, info);
    f->remapping = info->remapping;
    f->failed_irq_units = info->failed_units;
    f->interrupts_off_word = machine.options.intremap_off;
    f->no_queue_word = machine.options.no_queue && machine.table != NULL &&
                       text_equal(machine.table->signature, "DMAR");
    f->interrupts_reason = info->reason;
    f->interrupts_suggestion = info->suggestion;
}

bool report_opt_in(bool *opt_in)
{
    struct check_facts facts = { 0 };

    table_facts(&facts);
    *opt_in = facts.intel_dma_opt_in || facts.amd_dma_remap;
    return facts.flags_known;
}

size_t report_make_checks(struct check out[CHECKS_MAX])
{
    static char vendor[13];
    char name[CPU_NAME_BYTES];
    struct iommu_irq_info info;
    uint32_t features = cpuid_read(CPUID_FEATURES).ecx;
    struct check_facts facts = {
        .cpu_vendor = vendor,
        .x2apic_capable = (features & CPUID_1_ECX_X2APIC) != 0,
        .x2apic_on = irq_x2apic(),
        .hypervisor = (features & CPUID_1_ECX_HYPERVISOR) != 0,
        .off_word = machine_off_word(),
    };

    report_cpu_names(vendor, name);
    table_facts(&facts);
    unit_facts(&facts);
    device_facts(&facts);
    proof_facts(&facts);
    interrupt_facts(&facts, &info);
    if (machine.iommu_status != IOMMU_OK)
        facts.failure = iommu_status_name(machine.iommu_status);
    return checks_make(&facts, out);
}

/* ---- the screen ---- */

static const char *mark(enum check_state state)
{
    static const char *const marks[] = {
        [CHECK_OK] = "ok", [CHECK_FAILED] = "NO", [CHECK_UNKNOWN] = "?", [CHECK_NOT_REACHED] = "-",
    };

    return marks[state];
}

static unsigned rows_left;

bool report_line(unsigned reserve, const char *format, ...)
{
    char text[LINE_BYTES];
    size_t len;
    unsigned rows;
    va_list args;

    va_start(args, format);
    len = format_text(text, sizeof(text), format, args);
    va_end(args);
    len = len < sizeof(text) ? len : sizeof(text) - 1;
    rows = len == 0 ? 1 : (unsigned)((len + SCREEN_COLUMNS - 1) / SCREEN_COLUMNS);
    if (rows + reserve > rows_left)
        return false;
    rows_left -= rows;
    print("%s\n", text);
    return true;
}

static void show_check(const struct check *check)
{
    int indent = (int)(2 * check->depth);

    (void)report_line(0, "#   %*s%-*s %s%*s%s", indent, "", COLUMN_STATE - indent, check->name,
                      mark(check->state),
                      check->text[0] == '\0'          ? 0
                      : check->state == CHECK_UNKNOWN ? 2
                                                      : 1,
                      "", check->text);
}

static void show_checks(void)
{
    struct check checks[CHECKS_MAX];
    size_t count = report_make_checks(checks);
    const struct check *first = checks_first_failed(checks, count);
    char reason[VERDICT_REASON_BYTES];
    const char *verdict = machine_verdict(reason, sizeof(reason));

    (void)report_line(0, "# report: %s (%s)", verdict, reason);
    for (size_t i = 0; i < count; i++) {
        show_check(&checks[i]);
        if (checks[i].remedy[0] != '\0' &&
            (&checks[i] == first || checks[i].state == CHECK_UNKNOWN))
            (void)report_line(0, "#     try: %s", checks[i].remedy);
    }
}

static void machine_line(void)
{
    char vendor[13], name[CPU_NAME_BYTES];

    report_cpu_names(vendor, name);
    (void)report_line(ROWS_BELOW_UNITS, "# machine: %s, %u of %u processors, %llu MiB", name,
                      smp_summary().online, smp_summary().named,
                      (unsigned long long)(ram_bytes() / MIB));
}

/* One row stays for the number of the others. */
static void unit_lines(const char *rest)
{
    struct iommu_unit_info unit;
    size_t count = machine.iommu == NULL ? 0 : iommu_unit_count(machine.iommu), shown = 0;

    while (shown < count && shown < UNIT_LINES &&
           iommu_unit_info(machine.iommu, shown, &unit) == IOMMU_OK &&
           report_line(ROWS_BELOW_UNITS + 1,
                       "# %s: base=0x%llx translating=%s remapping=%s bits=%u faults=%llu",
                       unit.name, (unsigned long long)unit.registers_pa,
                       unit.translating ? "yes" : "no", unit.remapping ? "yes" : "no",
                       unit.input_bits, (unsigned long long)unit.faults))
        shown++;
    if (count > shown)
        (void)report_line(ROWS_BELOW_UNITS, "# units: %zu more %s%s", count - shown,
                          rest == NULL ? "below" : "in ", rest == NULL ? "" : rest);
}

static void groups_line(void)
{
    if (groups_none() != NULL)
        (void)report_line(ROWS_BELOW_GROUPS, "# groups: none (%s)", groups_none());
    else
        (void)report_line(ROWS_BELOW_GROUPS, "# groups: %zu, of %zu functions", groups_count(),
                          groups_functions());
}

void report_summary(const char *rest)
{
    rows_left = SCREEN_ROWS;
    show_checks();
    machine_line();
    unit_lines(rest);
    groups_line();
    report_preboot_line(ROWS_BELOW_BEFORE);
    report_findings_summary(rest);
}
