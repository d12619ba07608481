/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel/verdict.c: what is said of a machine that the test describes. */
#include "test.h"

#include "acpi.h"
#include "machine.h"
#include "verdict.h"

struct machine machine;
struct acpi machine_acpi;

static size_t units, translating;
static const char *off_word;
static struct iommu_irq_info irq;

const char *machine_off_word(void)
{
    return off_word;
}

size_t machine_translating_units(void)
{
    return translating;
}

size_t iommu_unit_count(const struct iommu *iommu)
{
    (void)iommu;
    return units;
}

const char *iommu_status_name(enum iommu_status status)
{
    return status == IOMMU_OK ? "ok" : status == IOMMU_ERR_UNSUPPORTED ? "unsupported" : "other";
}

void iommu_irq_info(const struct iommu *iommu, struct iommu_irq_info *out)
{
    (void)iommu;
    *out = irq;
}

size_t proof_text(const struct proof *proof, char *out, size_t size)
{
    (void)proof;
    return (size_t)snprintf(out, size, "blocking proven");
}

/* Two units, nine devices, all well. */
static void begin(void)
{
    static uint8_t somewhere[8];
    static const struct acpi_table dmar = { .signature = "DMAR" };

    machine = (struct machine){ .iommu = (struct iommu *)(void *)somewhere, .table = &dmar, .functions = 9,
                                .covered = 9 };
    machine_acpi = (struct acpi){ .table_count = 0 };
    units = translating = 2;
    off_word = NULL;
    irq = (struct iommu_irq_info){ .remapping = true, .reason = "" };
}

static void check(const char *verdict, const char *reason)
{
    char seen[VERDICT_REASON_BYTES];

    CHECK_STR(machine_verdict(seen, sizeof(seen)), verdict);
    CHECK_STR(seen, reason);
}

TEST(all_is_well)
{
    begin();
    check("protected", "2 units, 9 devices, interrupts remapped, blocking proven");
}

TEST(interrupts_that_are_not_remapped)
{
    begin();
    irq = (struct iommu_irq_info){ .reason = "IOAPIC 4 is not in firmware's table" };
    strcpy(irq.suggestion, "ivrs_ioapic=4@0000:00:14.0");
    check("protected", "2 units, 9 devices, interrupts not remapped: IOAPIC 4 is not in firmware's table, try "
                       "ivrs_ioapic=4@0000:00:14.0, blocking proven");
    machine.options.intremap_off = true;
    check("protected", "2 units, 9 devices, interrupts not remapped by intremap=off, blocking proven");
}

/* Its devices send past all entries. */
TEST(a_unit_that_failed_is_told)
{
    begin();
    translating = 1;
    irq = (struct iommu_irq_info){ .remapping = true, .failed_units = 1,
                                   .reason = "vtd1: it failed when it was started" };
    check("partial", "1 of 2 units translate, 9 of 9 devices are covered, interrupts remapped, but for those of 1 of 2 "
                     "units: vtd1: it failed when it was started");
}

TEST(interrupts_alone)
{
    begin();
    translating = 0;
    machine.iommu_status = IOMMU_ERR_UNSUPPORTED;
    check("not-protected", "none of 2 units translates, status unsupported, interrupts remapped");
    off_word = "intel_iommu=off";
    check("not-protected", "DMA is not translated by intel_iommu=off, interrupts remapped");
}

TEST(what_is_not_covered_or_not_there)
{
    begin();
    machine.covered = 8;
    check("partial", "2 of 2 units translate, 8 of 9 devices are covered, interrupts remapped");
    machine.iommu_status = IOMMU_ERR_TABLE;
    check("partial", "the DMAR table is damaged, 8 of 9 devices are covered");
    machine.iommu = NULL;
    check("not-protected", "no memory for the IOMMU driver");
    off_word = "iommu=off";
    check("not-protected", "switched off on the command line by iommu=off");
}

TEST(graphics_left_off)
{
    begin();
    CHECK(!machine_open_as_asked());
    machine.covered = 8;
    CHECK(!machine_open_as_asked());
    machine.left_off = 1;
    check("partial", "2 of 2 units translate, 8 of 9 devices are covered, 1 device left unwatched by "
                     "intel_iommu=igfx_off, interrupts remapped");
    CHECK(machine_open_as_asked());
    machine.covered = 6;
    machine.left_off = 2;
    check("partial", "2 of 2 units translate, 6 of 9 devices are covered, 2 devices left unwatched by "
                     "intel_iommu=igfx_off, interrupts remapped");
    CHECK(!machine_open_as_asked());
    machine.covered = 7;
    CHECK(machine_open_as_asked());
    machine.proof.passed = 1;
    CHECK(!machine_open_as_asked());
    machine.proof.passed = 0;
    translating = 1;
    CHECK(!machine_open_as_asked());
    translating = units;
    machine.iommu_status = IOMMU_ERR_TABLE;
    CHECK(!machine_open_as_asked());
    machine.iommu_status = IOMMU_OK;
    machine.handoff = (struct iommu_handoff){ .unit_count = 1, .units = { { .registers_pa = 0xfed92000 } } };
    CHECK(!machine_open_as_asked());
    units = translating = 0;
    machine.handoff.units[0].present = true;
    check("not-protected", "no unit is driven, 2 devices left unwatched by intel_iommu=igfx_off");
    off_word = "iommu=off";
    CHECK(machine_open_as_asked());
}

/* A unit that the table names and that does not answer may have devices that nobody sees. */
TEST(units_that_do_not_answer)
{
    begin();
    machine.handoff = (struct iommu_handoff){ .unit_count = 3, .units = {
        { .registers_pa = 0xfed90000, .present = true }, { .registers_pa = 0xfed91000, .present = true },
        { .registers_pa = 0xfed92000 } } };
    check("partial", "2 of 3 units translate, 9 of 9 devices are covered, interrupts remapped");
    /* The same registers twice are one unit. */
    machine.handoff.units[2].registers_pa = 0xfed91000;
    check("protected", "2 units, 9 devices, interrupts remapped, blocking proven");
    units = translating = 0;
    machine.handoff = (struct iommu_handoff){ .unit_count = 1, .units = { { .registers_pa = 0xfed92000 } } };
    check("not-protected", "no unit that the DMAR table names answers");
    machine.handoff.unit_count = 0;
    check("not-protected", "the DMAR table names no unit that makes sense");
}
