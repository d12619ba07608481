/* SPDX-License-Identifier: BSD-2-Clause */
/* judge_dmar_scope.c: each finding by a table that has only it, and a twin that has none. */
#include "test.h"

#include "judged.h"

#define IOAPIC " scope ioapic id=2 bus=0xf0 path=1f.0\n"
#define ALL "drhd base=0xfed90000 flags=1\n" IOAPIC
#define SOUND "dmar flags=5\n" ALL
#define FIRST "dmar flags=5\ndrhd base=0xfed91000\n"
#define NIC " scope endpoint bus=0 path=1f.6\n"
#define PORT " scope bridge bus=0 path=1c.0\n"
#define BELOW " scope endpoint bus=0 path=1c.0,00.0\n"
#define DEEP " scope endpoint bus=0 path=1c.0,00.0,01.0\n"

/* Graphics, a root port to bus 1 with a function, a network card. */
static struct pci_function functions[4] = {
    { .next = &functions[1], .rid = PCI_RID(0, 2, 0), .class_code = 0x030000 },
    { .next = &functions[2],
      .rid = PCI_RID(0, 0x1c, 0),
      .class_code = 0x060400,
      .is_bridge = true,
      .secondary_bus = 1,
      .subordinate_bus = 1 },
    { .next = &functions[3], .rid = PCI_RID(0, 0x1f, 6), .class_code = 0x020000 },
    { .rid = PCI_RID(1, 0, 0), .class_code = 0x010802, .parent = &functions[1] },
};
static const struct fw_facts machine = { .functions = functions };
/* A non-transparent bridge has a bridge's class and an endpoint's header. */
static struct pci_function ntb = { .rid = PCI_RID(0, 0x1c, 0), .class_code = 0x068000 };
static const struct fw_facts with_ntb = { .functions = &ntb };

TEST(each_fault_of_a_scopes_form_is_found_and_its_twin_is_sound)
{
    static const struct judged_case cases[] = {
        { "scope-length", 64, FIRST " scope endpoint bus=0 path=1f.6 length=40\n" ALL,
          FIRST NIC ALL, NULL, NULL },
        { "scope-length", 64, FIRST " scope endpoint bus=0 path=1f.6 length=6\n" ALL, FIRST NIC ALL,
          NULL, NULL },
        { "scope-unknown", 72, SOUND " scope type=9 bus=0 path=1f.6\n", SOUND, NULL, NULL },
        { "scope-unknown", 72, SOUND " scope type=6 bus=0 path=1f.6\n", SOUND, NULL, NULL },
        { "scope-unknown", 72, SOUND " scope type=0 bus=0 path=1f.6\n", SOUND, NULL, NULL },
        { "scope-path", 64, FIRST " scope endpoint bus=0 path=20.0\n" ALL, FIRST NIC ALL, NULL,
          NULL },
        { "scope-path", 64, FIRST " scope endpoint bus=0 path=1f.8\n" ALL, FIRST NIC ALL, NULL,
          NULL },
        { "scope-misplaced", 72, SOUND NIC, FIRST NIC ALL, NULL, NULL },
        { "scope-misplaced", 80, SOUND "atsr\n" NIC, SOUND "atsr\n" PORT, NULL, NULL },
        { "scope-misplaced", 80, SOUND "satc\n" PORT, SOUND "satc\n" NIC, NULL, NULL },
        { "scope-misplaced", 96, SOUND "rmrr base=0x7b800000 limit=0x7fffffff\n" IOAPIC,
          SOUND "rmrr base=0x7b800000 limit=0x7fffffff\n" NIC, NULL, NULL },
        { "scope-misplaced", 96, SOUND "rmrr base=0x7b800000 limit=0x7fffffff\n" IOAPIC,
          SOUND "rmrr base=0x7b800000 limit=0x7fffffff\n" PORT, NULL, NULL },
        { "scope-in-two-units", 88, FIRST NIC "drhd base=0xfed92000\n" NIC ALL,
          FIRST NIC "drhd base=0xfed92000\n scope endpoint bus=0 path=1f.5\n" ALL, NULL, NULL },
        { "scope-in-two-units", 92, FIRST DEEP "drhd base=0xfed92000\n" DEEP ALL,
          FIRST DEEP "drhd base=0xfed92000\n scope endpoint bus=0 path=1c.0,00.0,02.0\n" ALL, NULL,
          NULL },
    };

    JUDGED_CHECK(cases);
}

TEST(scopes_are_compared_with_the_functions_there_are)
{
    static const struct judged_case cases[] = {
        { "scope-kind", 64, FIRST " scope endpoint bus=0 path=1c.0\n" NIC ALL, FIRST PORT NIC ALL,
          &machine, NULL },
        { "scope-kind", 64, FIRST " scope bridge bus=0 path=1f.6\n" ALL, FIRST NIC ALL, &machine,
          NULL },
        { "scope-absent", 72, FIRST NIC " scope endpoint bus=0 path=14.0\n" ALL, FIRST NIC ALL,
          &machine, NULL },
        { "unit-devices-absent", 48, FIRST " scope endpoint bus=0 path=14.0\n" ALL, FIRST NIC ALL,
          &machine, NULL },
        { "scope-absent", 96,
          SOUND "rmrr base=0x7b800000 limit=0x7fffffff\n scope endpoint bus=0 path=14.0\n",
          SOUND "rmrr base=0x7b800000 limit=0x7fffffff\n" NIC, &machine, NULL },
        { "unit-graphics-only", 48, FIRST " scope endpoint bus=0 path=02.0\n" ALL,
          FIRST " scope endpoint bus=0 path=02.0\n" NIC ALL, &machine, NULL },
        { "unit-graphics-only", 48, FIRST " scope endpoint bus=0 path=02.0\n" ALL, FIRST NIC ALL,
          NULL, NULL },
    };

    JUDGED_CHECK(cases);
    CHECK_EQ(judge_text(cases[0].bad, &machine)->finding[0].severity, FW_ERROR);
    CHECK(strstr(judge_text(cases[0].bad, &machine)->finding[0].what,
                 "says endpoint, 0000:00:1c.0 ") != NULL);
    CHECK(strstr(judge_text(cases[1].bad, &machine)->finding[0].what,
                 "says bridge, 0000:00:1f.6 ") != NULL);
    CHECK_STR(judge_text(FIRST PORT ALL, &with_ntb)->every, "");
}

TEST(an_absent_bridge_is_a_warning)
{
    const struct seen_findings *seen =
        judge_text(FIRST NIC " scope bridge bus=0 path=1d.0\n" ALL, &machine);

    CHECK_STR(seen->ids, "scope-bridge-absent");
    CHECK_STR(seen->notes, "scope-absent");
    CHECK_STR(judge_text(FIRST NIC PORT ALL, &machine)->every, "");
}

TEST(a_path_is_walked_through_the_bridges)
{
    CHECK_STR(judge_text(FIRST NIC BELOW ALL, &machine)->notes,
              "structure-unaligned structure-unaligned");
    CHECK_STR(judge_text(FIRST NIC BELOW ALL, &machine)->ids, "");
    CHECK_STR(judge_text(FIRST NIC " scope endpoint bus=0 path=1c.0,01.0\n" ALL, &machine)->notes,
              "structure-unaligned structure-unaligned scope-absent");
    /* A network card has nothing below. */
    CHECK_STR(judge_text(FIRST NIC " scope endpoint bus=0 path=1f.6,02.0\n" ALL, &machine)->notes,
              "structure-unaligned structure-unaligned scope-absent");
}

TEST(every_function_that_no_unit_has_is_named)
{
    static const char partly[] = "dmar flags=5\ndrhd base=0xfed90000\n" IOAPIC NIC;
    static const char bridge[] =
        "dmar flags=5\ndrhd base=0xfed90000\n" IOAPIC NIC PORT " scope endpoint bus=0 path=02.0\n";
    const struct seen_findings *seen = judge_text(partly, &machine);

    CHECK_STR(seen->ids, "device-without-unit device-without-unit device-without-unit");
    CHECK(strstr(seen->finding[1].what, "0000:00:02.0") != NULL);
    CHECK(strstr(seen->finding[2].what, "0000:00:1c.0") != NULL);
    CHECK(strstr(seen->finding[3].what, "0000:01:00.0") != NULL);
    /* A bridge's scope is all below it, an endpoint's is not. */
    CHECK_STR(judge_text(bridge, &machine)->ids, "");
}

TEST(a_host_bridge_needs_no_unit)
{
    struct pci_function host = { .class_code = 0x060000 };
    const struct fw_facts facts = { .functions = &host };
    static const char listed[] = "dmar flags=5\ndrhd base=0xfed90000\n" IOAPIC;

    CHECK_STR(judge_text(listed, &facts)->ids, "");
    host.class_code = 0x060100;
    CHECK_STR(judge_text(listed, &facts)->ids, "device-without-unit");
}

TEST(a_scope_is_of_its_units_segment)
{
    static struct pci_function far = { .segment = 1,
                                       .rid = PCI_RID(0, 0x14, 0),
                                       .class_code = 0x020000 };
    static const struct fw_facts with_far = { .functions = &far };

    CHECK(seen_find(judge_text(FIRST NIC "drhd base=0xfed92000 segment=1\n" NIC ALL, NULL),
                    "scope-in-two-units") == NULL);
    CHECK_STR(judge_text(SOUND, &with_far)->ids, "device-without-unit");
    far.segment = 0;
    CHECK_STR(judge_text(SOUND, &with_far)->ids, "");
}

TEST(an_endpoints_scope_is_not_what_is_below)
{
    static const char endpoint[] =
        "dmar flags=5\ndrhd base=0xfed90000\n" IOAPIC NIC
        " scope endpoint bus=0 path=1c.0\n scope endpoint bus=0 path=02.0\n";
    const struct seen_finding *found =
        seen_find(judge_text(endpoint, &machine), "device-without-unit");

    CHECK(found != NULL && strstr(found->what, "0000:01:00.0") != NULL);
}

/* VT-d §8.3: it goes with its physical function. */
TEST(a_virtual_function_needs_no_scope)
{
    static struct pci_function list[2] = {
        { .next = &list[1], .rid = PCI_RID(0, 0x1f, 6), .class_code = 0x020000 },
        { .rid = PCI_RID(0, 0x1f, 7), .class_code = 0x020000 }
    };
    static const struct fw_facts with = { .functions = list };
    static const char one[] = "dmar flags=5\ndrhd base=0xfed90000\n" IOAPIC NIC;

    CHECK(seen_find(judge_text(one, &with), "device-without-unit") != NULL);
    list[1].physical = &list[0];
    CHECK(seen_find(judge_text(one, &with), "device-without-unit") == NULL);
}
