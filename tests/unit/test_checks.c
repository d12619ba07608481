/* SPDX-License-Identifier: BSD-2-Clause */
/* checks.c: each branch failing alone, what is not reached then, and what is said to be done. */
#include "test.h"

#include "checks.h"

struct rig {
    struct check checks[CHECKS_MAX];
    size_t count;
};

/* A machine on which everything passes. */
static struct check_facts sound(void)
{
    return (struct check_facts){
        .cpu_vendor = "GenuineIntel", .x2apic_capable = true,
        .bridge_vendor = 0x8086, .bridge_device = 0x29c0,
        .table = "DMAR", .table_len = 136, .table_revision = 1, .table_checksum_ok = true,
        .flags_known = true, .intel_interrupts = true,
        .units = { { .registers_pa = 0xfed90000, .answers = true, .translates = true } },
        .unit_count = 1, .answering = 1, .translating = 1,
        .functions = 8, .covered = 8, .blocked = 3,
        .remapping = true, .interrupts_reason = "", .interrupts_suggestion = "",
    };
}

static struct rig make(const struct check_facts *facts)
{
    struct rig rig;

    rig.count = checks_make(facts, rig.checks);
    CHECK(rig.count <= CHECKS_MAX);
    return rig;
}

static const struct check *find(const struct rig *rig, const char *name)
{
    for (size_t i = 0; i < rig->count; i++)
        if (strcmp(rig->checks[i].name, name) == 0)
            return &rig->checks[i];
    test_fail(__FILE__, __LINE__, "no check %s", name);
}

/* The states of all checks in order: o ok, F failed, u unknown, - not reached. */
static void check_states(const struct rig *rig, const char *wanted)
{
    char seen[CHECKS_MAX + 1] = "";

    for (size_t i = 0; i < rig->count; i++)
        seen[i] = "oFu-"[rig->checks[i].state];
    CHECK_STR(seen, wanted);
}

static void first_failed_is(const struct rig *rig, const char *name, const char *remedy)
{
    const struct check *first = checks_first_failed(rig->checks, rig->count);

    CHECK(first != NULL);
    CHECK_STR(first->name, name);
    if (strstr(first->remedy, remedy) == NULL)
        test_fail(__FILE__, __LINE__, "remedy \"%s\" lacks \"%s\"", first->remedy, remedy);
}

TEST(a_sound_machine_passes_all)
{
    static const char *const names[] = { "cpu", "chipset", "table", "flags", "units", "translation",
                                         "devices", "blocking", "interrupts" };
    static const unsigned depths[] = { 0, 0, 0, 1, 1, 1, 2, 2, 1 };
    struct check_facts facts = sound();
    struct rig rig = make(&facts);

    check_states(&rig, "ooooooooo");
    for (size_t i = 0; i < 9; i++) {
        CHECK_STR(rig.checks[i].name, names[i]);
        CHECK_EQ(rig.checks[i].depth, depths[i]);
        CHECK_STR(rig.checks[i].remedy, "");
    }
    CHECK(checks_first_failed(rig.checks, rig.count) == NULL);
    CHECK_STR(find(&rig, "table")->text, "DMAR, 136 bytes, revision 1, checksum right");
    CHECK_STR(find(&rig, "flags")->text, "interrupt remapping yes, x2APIC opt-out no, DMA protection opt-in no");
}

TEST(no_table_names_the_setup_of_each_vendor)
{
    struct check_facts facts = sound();
    struct rig rig;

    facts.table = NULL;
    rig = make(&facts);
    check_states(&rig, "ooF------");
    first_failed_is(&rig, "table", "VT-d");
    facts.cpu_vendor = "AuthenticAMD";
    rig = make(&facts);
    first_failed_is(&rig, "table", "IOMMU = Enabled, not Auto");
    facts.hypervisor = true;
    rig = make(&facts);
    first_failed_is(&rig, "table", "-device intel-iommu");
    facts.virtio_table = true;
    rig = make(&facts);
    first_failed_is(&rig, "table", "another one");
    facts.missing_word = "dmar=3";
    rig = make(&facts);
    first_failed_is(&rig, "table", "leave out dmar=3");
}

/* What could be read of it is used all the same. */
TEST(damaged_table)
{
    struct check_facts facts = sound();
    struct rig rig;

    facts.table_checksum_ok = false;
    facts.table_damaged = true;
    rig = make(&facts);
    check_states(&rig, "ooFoooooo");
    CHECK_STR(find(&rig, "table")->text, "DMAR, 136 bytes, revision 1, checksum wrong");
    facts.table_checksum_ok = true;
    rig = make(&facts);
    CHECK_STR(find(&rig, "table")->text, "DMAR, 136 bytes, revision 1, checksum right, damaged");
    first_failed_is(&rig, "table", "firmware update");
}

TEST(unreadable_header_leaves_the_flags_out)
{
    struct check_facts facts = sound();
    struct rig rig;

    facts.flags_known = false;
    facts.unit_count = facts.answering = facts.translating = 0;
    rig = make(&facts);
    check_states(&rig, "ooo-F----");
    first_failed_is(&rig, "units", "firmware update");
}

TEST(flags_of_an_ivrs)
{
    struct check_facts facts = sound();
    struct rig rig;

    facts.table = "IVRS";
    facts.amd_efr = true;
    rig = make(&facts);
    CHECK_STR(find(&rig, "flags")->text, "EFR image valid, DMA remapping before boot not claimed");
}

TEST(dead_unit_alone)
{
    struct check_facts facts = sound();
    struct rig rig;

    facts.units[0].answers = facts.units[0].translates = false;
    facts.answering = facts.translating = 0;
    rig = make(&facts);
    check_states(&rig, "ooooF----");
    CHECK_STR(find(&rig, "units")->text, "0 of 1 answer, registers at 0xfed90000 read all ones");
    first_failed_is(&rig, "units", "firmware update");
}

TEST(one_dead_unit_of_two)
{
    struct check_facts facts = sound();
    struct rig rig;

    facts.units[1].registers_pa = 0xfed91000;
    facts.unit_count = 2;
    rig = make(&facts);
    check_states(&rig, "ooooFoooo");
    CHECK_STR(find(&rig, "units")->text, "1 of 2 answer, registers at 0xfed91000 read all ones");
    CHECK_STR(find(&rig, "translation")->text, "on in 1 of the 1 that answer");
    /* One that answers and does not translate is the driver's. */
    facts.units[2] = (struct check_unit){ .registers_pa = 0xfed92000, .answers = true };
    facts.unit_count = 3;
    facts.answering = 2;
    rig = make(&facts);
    check_states(&rig, "ooooFFooo");
    CHECK_STR(find(&rig, "translation")->text, "on in 1 of the 2 that answer, not at 0xfed92000");
    CHECK(strstr(find(&rig, "translation")->remedy, "log") != NULL);
}

TEST(switched_off_on_the_command_line)
{
    struct check_facts facts = sound();
    struct rig rig;

    facts.off_word = "intel_iommu=off";
    facts.translating = 0;
    facts.remapping = false;
    rig = make(&facts);
    check_states(&rig, "oooooF---");
    first_failed_is(&rig, "translation", "take intel_iommu=off off");
    /* Interrupts may be remapped without translation. */
    facts.remapping = true;
    rig = make(&facts);
    check_states(&rig, "oooooF--o");
}

TEST(graphics_left_off_on_the_command_line)
{
    struct check_facts facts = sound();
    struct rig rig;

    facts.graphics_word = "intel_iommu=igfx_off";
    facts.units[1] = facts.units[0];
    facts.units[0] = (struct check_unit){ .registers_pa = 0xfed91000, .answers = true, .left_off = true };
    facts.unit_count = facts.answering = 2;
    facts.covered = 7;
    facts.left_off = 1;
    strcpy(facts.uncovered, "0000:00:02.0");
    rig = make(&facts);
    check_states(&rig, "oooooFFoo");
    CHECK_STR(find(&rig, "translation")->text,
              "on in 1 of 2 units, not at 0xfed91000, left off by intel_iommu=igfx_off");
    first_failed_is(&rig, "translation", "take intel_iommu=igfx_off off");
    CHECK_STR(find(&rig, "devices")->text, "7 of 8 are watched by a unit, not 0000:00:02.0, "
                                           "1 left unwatched by intel_iommu=igfx_off");
    CHECK(strstr(find(&rig, "devices")->remedy, "take intel_iommu=igfx_off off") != NULL);
    /* What has another reason too is not mended by that. */
    facts.covered = 6;
    facts.units[1].translates = false;
    facts.units[2] = (struct check_unit){ .registers_pa = 0xfed92000, .answers = true, .translates = true };
    facts.unit_count = facts.answering = 3;
    rig = make(&facts);
    check_states(&rig, "oooooFFoo");
    CHECK_STR(find(&rig, "translation")->text, "on in 1 of 3 units, not at 0xfed90000");
    CHECK(strstr(find(&rig, "translation")->remedy, "log") != NULL);
    CHECK(strstr(find(&rig, "devices")->remedy, "firmware update") != NULL);
    CHECK(strstr(find(&rig, "devices")->text, "1 left unwatched by intel_iommu=igfx_off") != NULL);
    /* Nothing else is there. */
    facts.units[1] = facts.units[2] = (struct check_unit){ .registers_pa = 0 };
    facts.unit_count = facts.answering = 1;
    facts.translating = 0;
    facts.remapping = false;
    facts.failure = "not-found";
    rig = make(&facts);
    check_states(&rig, "oooooF---");
    CHECK_STR(find(&rig, "translation")->text,
              "on in 0 of 1 units, not at 0xfed91000, left off by intel_iommu=igfx_off");
}

TEST(driver_failed)
{
    struct check_facts facts = sound();
    struct rig rig;

    facts.translating = 0;
    facts.units[0].translates = false;
    facts.remapping = false;
    facts.failure = "timeout";
    rig = make(&facts);
    check_states(&rig, "oooooF---");
    CHECK_STR(find(&rig, "translation")->text, "on in 0 of 1 units, not at 0xfed90000, status timeout");
    first_failed_is(&rig, "translation", "log");
    /* A status that is no reason here: the table's, which has its own line. */
    facts.translating = 1;
    facts.failure = "table";
    rig = make(&facts);
    CHECK_STR(find(&rig, "translation")->text, "on in 1 of 1 units");
}

TEST(uncovered_device_is_named)
{
    struct check_facts facts = sound();
    struct rig rig;

    facts.covered = 7;
    strcpy(facts.uncovered, "0000:80:01.0");
    rig = make(&facts);
    check_states(&rig, "ooooooFoo");
    CHECK_STR(find(&rig, "devices")->text, "7 of 8 are watched by a unit, not 0000:80:01.0");
}

TEST(blocking)
{
    struct check_facts facts = sound();
    struct rig rig;

    facts.blocked = 0;
    rig = make(&facts);
    check_states(&rig, "ooooooouo");
    CHECK(find(&rig, "blocking")->remedy[0] != '\0');
    CHECK(checks_first_failed(rig.checks, rig.count) == NULL);
    facts.passed = 1;
    facts.leak = "edu@0000:00:03.0";
    rig = make(&facts);
    check_states(&rig, "oooooooFo");
    CHECK_STR(find(&rig, "blocking")->text, "DMA of blocked edu@0000:00:03.0 arrived");
    first_failed_is(&rig, "blocking", "do not trust");
    facts.qemu_amd = true;
    rig = make(&facts);
    first_failed_is(&rig, "blocking", "dma-remap=on");
}

TEST(interrupts)
{
    struct check_facts facts = sound();
    struct rig rig;

    facts.remapping = false;
    facts.interrupts_reason = "ioapic 4 has no entry";
    facts.interrupts_suggestion = "ivrs_ioapic=4@0000:00:14.0";
    rig = make(&facts);
    check_states(&rig, "ooooooooF");
    first_failed_is(&rig, "interrupts", "ivrs_ioapic=4@0000:00:14.0");
    facts.interrupts_off_word = true;
    rig = make(&facts);
    first_failed_is(&rig, "interrupts", "intremap=off");
    /* Without a parameter that would help there is something to do all the same. */
    facts.interrupts_off_word = false;
    facts.interrupts_suggestion = "";
    rig = make(&facts);
    first_failed_is(&rig, "interrupts", "firmware update");
    facts.no_queue_word = true;
    rig = make(&facts);
    first_failed_is(&rig, "interrupts", "take vtd=noqueue off");
}

TEST(interrupts_of_a_unit_that_failed)
{
    struct check_facts facts = sound();
    struct rig rig;

    facts.failed_irq_units = 1;
    facts.interrupts_reason = "vtd1 has failed";
    rig = make(&facts);
    check_states(&rig, "ooooooooF");
    CHECK_STR(find(&rig, "interrupts")->text, "remapped, but for those of 1 units: vtd1 has failed");
    first_failed_is(&rig, "interrupts", "log");
}

TEST(vtd_off_in_the_chip)
{
    struct check_facts facts = sound();
    struct rig rig;

    facts.chipset = CHIPSET_POSSIBLE;
    rig = make(&facts);
    CHECK_STR(find(&rig, "chipset")->text, "host bridge 8086:29c0, which has VT-d");
    facts.chipset = CHIPSET_DISABLED;
    facts.table = NULL;
    facts.translating = 0;
    rig = make(&facts);
    check_states(&rig, "oFF------");
    first_failed_is(&rig, "chipset", "this processor has none");
    /* What translates refutes it. */
    facts = sound();
    facts.chipset = CHIPSET_DISABLED;
    rig = make(&facts);
    check_states(&rig, "ooooooooo");
}

TEST(host_bridge_elsewhere)
{
    struct check_facts facts = sound();
    struct rig rig;

    facts.bridge_vendor = facts.bridge_device = 0;
    rig = make(&facts);
    check_states(&rig, "ouooooooo");
}

TEST(states_have_names)
{
    CHECK_STR(check_state_name(CHECK_OK), "ok");
    CHECK_STR(check_state_name(CHECK_FAILED), "failed");
    CHECK_STR(check_state_name(CHECK_UNKNOWN), "unknown");
    CHECK_STR(check_state_name(CHECK_NOT_REACHED), "not-reached");
}
