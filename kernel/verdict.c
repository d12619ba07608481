/* SPDX-License-Identifier: BSD-2-Clause */
/* The verdict on the machine: what is on, what it covers, what was proven. */
#include "verdict.h"

#include "acpi.h"
#include "format.h"
#include "machine.h"
#include "words.h"

/* A table of which one was named that is not there. */
static bool missing_table(const char *signature, const char *word, unsigned number, char *reason,
                          size_t size)
{
    if (acpi_find(&machine_acpi, signature, 0) == NULL)
        return false;
    format_line(reason, size, "there is no %s table number %u (%s=%u)", signature, number, word,
                number);
    return true;
}

static const char *no_iommu_verdict(char *reason, size_t size)
{
    if (machine_off_word() != NULL)
        format_line(reason, size, "switched off on the command line by %s", machine_off_word());
    else if (machine.table != NULL)
        format_line(reason, size, "no memory for the IOMMU driver");
    else if (missing_table("DMAR", "dmar", machine.options.dmar_table, reason, size) ||
             missing_table("IVRS", "ivrs", machine.options.ivrs_table, reason, size))
        return "not-protected";
    else if (acpi_find(&machine_acpi, "VIOT", 0) != NULL)
        format_line(reason, size,
                    "the VIOT table describes a virtio-iommu, which this version does not drive");
    else
        format_line(reason, size, "no DMAR or IVRS table: no IOMMU, or it is switched off in the "
                                  "firmware's setup");
    return "not-protected";
}

/* Whose DMA went through although it is in no domain, and what is known to do that. */
static const char *leak_verdict(char *reason, size_t size)
{
    bool qemu_amd = machine.suite.emulated && text_equal(machine.table->signature, "IVRS");

    format_line(reason, size, "DMA of blocked %s arrived: the unit does not translate%s",
                machine.proof.leak->label,
                qemu_amd ? " (QEMU's amd-iommu without dma-remap=on, or with pt=on?)" : "");
    return "not-protected";
}

/* "interrupts remapped", or why not and what may help. */
static void interrupts_text(char *out, size_t size)
{
    struct iommu_irq_info info;

    iommu_irq_info(machine.iommu, &info);
    if (info.failed_units > 0)
        format_line(out, size, "interrupts remapped, but for those of %u of %zu units: %s",
                    info.failed_units, iommu_unit_count(machine.iommu), info.reason);
    else if (info.remapping)
        format_line(out, size, "interrupts remapped");
    else if (machine.options.intremap_off)
        format_line(out, size, "interrupts not remapped by intremap=off");
    else
        format_line(out, size, "interrupts not remapped: %s%s%s", info.reason,
                    info.suggestion[0] != '\0' ? ", try " : "", info.suggestion);
}

/*
 * Units that the table names, once each, and that do not answer: what they should watch is not
 * known.
 */
static size_t dead_units(void)
{
    const struct iommu_handoff *handoff = &machine.handoff;
    size_t count = 0;

    for (uint32_t i = 0; i < handoff->unit_count && i < IOMMU_HANDOFF_UNITS; i++)
        count += !handoff->units[i].present && machine_handoff_first(i);
    return count;
}

/* ", 1 device left unwatched by intel_iommu=igfx_off"; "": none. */
static void left_off_text(char *out, size_t size)
{
    out[0] = '\0';
    if (machine.left_off > 0)
        format_line(out, size, ", %zu device%s left unwatched by " WORD_GRAPHICS_OFF,
                    machine.left_off, machine.left_off == 1 ? "" : "s");
}

/* Nothing translates. */
static void untranslated_text(const char *interrupts, const char *left_off, char *reason,
                              size_t size)
{
    size_t units = iommu_unit_count(machine.iommu);

    if (machine_off_word() != NULL)
        format_line(reason, size, "DMA is not translated by %s, %s", machine_off_word(),
                    interrupts);
    else if (units == 0 && machine.left_off > 0)
        format_line(reason, size, "no unit is driven%s", left_off);
    else if (units > 0)
        format_line(reason, size, "none of %zu units translates, status %s, %s", units,
                    iommu_status_name(machine.iommu_status), interrupts);
    else if (machine.handoff.unit_count > 0)
        format_line(reason, size, "no unit that the %s table names answers",
                    machine.table->signature);
    else
        format_line(reason, size, "the %s table names no unit that makes sense",
                    machine.table->signature);
}

const char *machine_verdict(char *reason, size_t size)
{
    size_t units, translating, dead = dead_units();
    char proven[96], interrupts[160], left_off[80];

    if (machine.iommu == NULL)
        return no_iommu_verdict(reason, size);
    units = iommu_unit_count(machine.iommu);
    translating = machine_translating_units();
    interrupts_text(interrupts, sizeof(interrupts));
    left_off_text(left_off, sizeof(left_off));
    if (translating == 0) {
        untranslated_text(interrupts, left_off, reason, size);
        return "not-protected";
    }
    if (machine.proof.passed > 0)
        return leak_verdict(reason, size);
    /* What a damaged table does not name may be there all the same. */
    if (machine.iommu_status == IOMMU_ERR_TABLE) {
        format_line(reason, size, "the %s table is damaged, %zu of %zu devices are covered",
                    machine.table->signature, machine.covered, machine.functions);
        return "partial";
    }
    if (translating < units + dead || machine.covered < machine.functions) {
        format_line(reason, size,
                    "%zu of %zu units translate, %zu of %zu devices are covered%s, %s", translating,
                    units + dead, machine.covered, machine.functions, left_off, interrupts);
        return "partial";
    }
    (void)proof_text(&machine.proof, proven, sizeof(proven));
    format_line(reason, size, "%zu unit%s, %zu devices, %s, %s", units, units == 1 ? "" : "s",
                machine.covered, interrupts, proven);
    return "protected";
}

bool machine_open_as_asked(void)
{
    if (machine_off_word() != NULL)
        return true;
    return machine.left_off > 0 && machine.covered + machine.left_off == machine.functions &&
           machine.iommu_status == IOMMU_OK && machine.proof.passed == 0 && dead_units() == 0 &&
           machine_translating_units() == iommu_unit_count(machine.iommu);
}
