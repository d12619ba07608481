/* SPDX-License-Identifier: BSD-2-Clause */
/* judge_sources.c: each finding by tables that have only it, twins that have none, and what is
 * derived for AMD. */
#include "test.h"

#include "judged.h"

#define DMAR "dmar flags=5\ndrhd base=0xfed90000 flags=1\n"
#define IOAPIC " scope ioapic id=2 bus=0xf0 path=1f.0\n"
#define SECOND " scope ioapic id=3 bus=0xf0 path=1f.1\n"
#define TIMER " scope hpet id=0 bus=0xf0 path=0f.0\n"
#define MADT "---\napic\nioapic id=2\n"
#define MADT2 MADT "ioapic id=3 base=0xfec01000 gsi=24\n"
#define HPET "---\nhpet number=0\n"

#define IVRS "ivrs ivinfo=0x203043 revision=2\nivhd type=0x11 base=0xfeb80000\n all\n"
#define SOUTH " ioapic id=33 device=0xa0\n"
#define NORTH " ioapic id=34 device=0x01\n"
#define AMD_MADT "---\napic\nioapic id=33\n"
#define AMD_MADT2 AMD_MADT "ioapic id=34 base=0xfec01000 gsi=24\n"

/* An FCH's SMBus function. */
static struct pci_function fch = {
    .rid = PCI_RID(0, 0x14, 0), .vendor = 0x1022, .device = 0x790b, .class_code = 0x0c0500
};
static struct pci_function other = {
    .rid = PCI_RID(0, 0x14, 0), .vendor = 0x1022, .device = 0x1234, .class_code = 0x0c0500
};
static struct pci_function sb700 = {
    .rid = PCI_RID(0, 0x14, 0), .vendor = 0x1002, .device = 0x4385, .class_code = 0x0c0500
};
static struct pci_function ati = {
    .rid = PCI_RID(0, 0x14, 0), .vendor = 0x1002, .device = 0x790b, .class_code = 0x030000
};
static const struct fw_facts with_sb700 = { .functions = &sb700 };
static const struct fw_facts with_ati = { .functions = &ati };
static const struct fw_facts with_fch = { .functions = &fch };
static const struct fw_facts with_other = { .functions = &other };

TEST(each_fault_of_intels_scopes_is_found_and_its_twin_is_sound)
{
    static const struct judged_case cases[] = {
        { "intremap-without-ioapic", 37, DMAR, DMAR IOAPIC, NULL, NULL },
        { "intremap-without-ioapic", 37, DMAR MADT, DMAR IOAPIC MADT, NULL, NULL },
        { "ioapic-missing", 0, DMAR IOAPIC MADT2, DMAR IOAPIC SECOND MADT2, NULL, NULL },
        { "ioapic-missing", 64, DMAR SECOND MADT, DMAR IOAPIC MADT, NULL, NULL },
        { "ioapic-unknown", 72, DMAR IOAPIC SECOND MADT, DMAR IOAPIC SECOND MADT2, NULL, NULL },
        { "ioapic-duplicate", 72, DMAR IOAPIC " scope ioapic id=2 bus=0xf0 path=1f.1\n",
          DMAR IOAPIC SECOND, NULL, NULL },
        { "ioapic-repeated", 72, DMAR IOAPIC IOAPIC, DMAR IOAPIC, NULL, NULL },
        { "hpet-none", 0, DMAR IOAPIC HPET, DMAR IOAPIC TIMER HPET, NULL, NULL },
        { "hpet-missing", 72, DMAR IOAPIC " scope hpet id=1 bus=0xf0 path=0f.0\n" HPET,
          DMAR IOAPIC TIMER HPET, NULL, NULL },
        { "hpet-many-ids", 80, DMAR IOAPIC TIMER " scope hpet id=0 bus=0xf0 path=0f.1\n",
          DMAR IOAPIC TIMER, NULL, NULL },
        { "hpet-duplicate", 80, DMAR IOAPIC TIMER " scope hpet id=0 bus=0xf0 path=0e.0\n",
          DMAR IOAPIC TIMER, NULL, NULL },
    };

    JUDGED_CHECK(cases);
    /* What no unit names has no entry. */
    CHECK_STR(judge_text(DMAR "satc\n" IOAPIC, NULL)->ids,
              "scope-misplaced intremap-without-ioapic");
    /* What is not there needs no scope. */
    CHECK_STR(judge_text(DMAR "---\napic revision=4\nlapic id=1\n", NULL)->every, "");
    /* Without the flag nobody asks for the scopes. */
    CHECK_STR(judge_text("dmar flags=4\ndrhd base=0xfed90000 flags=1\n" MADT, NULL)->notes,
              "interrupt-remapping-not-offered");
}

TEST(each_fault_of_amds_entries_is_found_and_its_twin_is_sound)
{
    static const struct judged_case cases[] = {
        { "ioapic-none", 0, IVRS, IVRS SOUTH, NULL, NULL },
        { "ioapic-missing", 0, IVRS AMD_MADT, IVRS SOUTH AMD_MADT, NULL, NULL },
        { "ioapic-missing", 0, IVRS SOUTH AMD_MADT2, IVRS SOUTH NORTH AMD_MADT2, NULL, NULL },
        { "ioapic-unknown", 100, IVRS SOUTH NORTH AMD_MADT, IVRS SOUTH NORTH AMD_MADT2, NULL,
          NULL },
        { "ioapic-missing", 0, IVRS SOUTH AMD_MADT "ioapic id=0 base=0xfec01000 gsi=24\n",
          IVRS SOUTH " ioapic id=0 device=1\n" AMD_MADT "ioapic id=0 base=0xfec01000 gsi=24\n",
          NULL, NULL },
        { "ioapic-not-south-bridge", 0, IVRS NORTH, IVRS SOUTH NORTH, NULL, NULL },
        { "hpet-missing", 100, IVRS SOUTH " hpet id=2 device=0xa0\n" HPET,
          IVRS SOUTH " hpet id=0 device=0xa0\n" HPET, NULL, NULL },
        { "hpet-duplicate", 108, IVRS SOUTH " hpet id=0 device=0xa0\n hpet id=0 device=0xa0\n",
          IVRS SOUTH " hpet id=0 device=0xa0\n", NULL, NULL },
    };

    JUDGED_CHECK(cases);
}

static const char *remedy(const char *text, const struct fw_facts *facts, const char *id)
{
    const struct seen_finding *f = seen_find(judge_text(text, facts), id);

    return f == NULL ? "" : f->remedy;
}

TEST(the_parameter_is_derived_from_the_entry_left_over)
{
    /* Handle 0 twice, as a board's firmware has it; the MADT has 0 and 1. */
    static const char board[] =
        IVRS " hpet id=0 device=0xa0\n ioapic id=0 device=0xa0\n ioapic id=0 device=0x01\n"
             "---\napic\nioapic id=0\nioapic id=1 base=0xfec01000 gsi=24\n";

    CHECK_STR(judge_text(board, NULL)->ids, "ioapic-duplicate ioapic-missing");
    CHECK(strstr(remedy(board, NULL, "ioapic-missing"), "ivrs_ioapic[1]=00:00.1 ") != NULL);
    /* One entry under another id. */
    CHECK(strstr(remedy(IVRS " ioapic id=7 device=0xa0\n" AMD_MADT, NULL, "ioapic-missing"),
                 "ivrs_ioapic[33]=00:14.0 ") != NULL);
    CHECK(strstr(seen_find(judge_text(IVRS " ioapic id=7 device=0xa0\n" AMD_MADT, NULL),
                           "ioapic-missing")
                     ->what,
                 "one of id 7") != NULL);
    CHECK(strstr(seen_find(judge_text(board, NULL), "ioapic-missing")->what, "one of id") == NULL);
    CHECK_STR(judge_text(IVRS " ioapic id=7 device=0xa0\n" AMD_MADT, NULL)->ids, "ioapic-missing");
}

TEST(the_parameter_is_derived_from_where_the_south_bridge_is_known_to_be)
{
    CHECK(strstr(remedy(IVRS " hpet id=0 device=0xa0\n" AMD_MADT, NULL, "ioapic-missing"),
                 "ivrs_ioapic[33]=00:14.0 ") != NULL);
    CHECK(strstr(remedy(IVRS AMD_MADT, &with_fch, "ioapic-missing"), "ivrs_ioapic[33]=00:14.0 ") !=
          NULL);
    CHECK(strstr(remedy(IVRS AMD_MADT, &with_sb700, "ioapic-missing"),
                 "ivrs_ioapic[33]=00:14.0 ") != NULL);
    CHECK(strstr(remedy(IVRS AMD_MADT, &with_ati, "ioapic-missing"), "can be derived") != NULL);
}

TEST(a_segment_is_said_where_there_is_one)
{
    static const char far[] = IVRS SOUTH
        "ivhd type=0x11 segment=1 base=0xfeb84000\n ioapic id=7 device=0x4001\n" AMD_MADT2
        "---\nmcfg\nwindow\nwindow segment=1 base=0xc0000000\n";

    CHECK(strstr(remedy(far, NULL, "ioapic-missing"), "ivrs_ioapic=34@0001:40:00.1 ") != NULL);
}

TEST(nothing_is_derived_from_nothing)
{
    const char *none = remedy(IVRS AMD_MADT, &with_other, "ioapic-missing");

    CHECK(strstr(none, "no ivrs_ioapic[33]= can be derived") != NULL &&
          strstr(none, "=00:14.0") == NULL);
    CHECK(strstr(none, "neither an HPET entry") != NULL);
    /* Nor is there anything of AMD's to derive for Intel's. */
    CHECK_STR(remedy(DMAR IOAPIC MADT2, NULL, "ioapic-missing"), "intremap=off; firmware update");
    /* The north bridge's is not where the south bridge is. */
    none = remedy(IVRS SOUTH " hpet id=0 device=0xa0\n" AMD_MADT2, &with_fch, "ioapic-missing");
    CHECK(strstr(none, "no ivrs_ioapic[34]= can be derived") != NULL &&
          strstr(none, "begin with 24") != NULL);
    /* Two are missing and two left over: which is which is not known. */
    none = remedy(IVRS " ioapic id=1 device=0x08\n ioapic id=2 device=0x10\n" AMD_MADT2, NULL,
                  "ioapic-missing");
    CHECK(strstr(none, "can be derived") != NULL);
    /* One is missing and two are left over. */
    none = remedy(IVRS " ioapic id=1 device=0xa0\n ioapic id=2 device=0x10\n" AMD_MADT, NULL,
                  "ioapic-missing");
    CHECK(strstr(none, "can be derived") != NULL);
    none = remedy(IVRS " ioapic id=2 device=0x10\n ioapic id=1 device=0xa0\n" AMD_MADT, NULL,
                  "ioapic-missing");
    CHECK(strstr(none, "can be derived") != NULL);
    none = remedy(IVRS " ioapic id=2 device=0xa0\nivhd type=0x11 segment=1 base=0xfeb84000\n"
                       " ioapic id=1 device=0xa0\n" AMD_MADT,
                  NULL, "ioapic-missing");
    CHECK(strstr(none, "can be derived") != NULL);
    /* Two that say the same are as one. */
    none = remedy(IVRS " ioapic id=2 device=0xa0\n ioapic id=1 device=0xa0\n" AMD_MADT, NULL,
                  "ioapic-missing");
    CHECK(strstr(none, "ivrs_ioapic[33]=00:14.0 ") != NULL);
    /* The only one left over cannot be the south bridge's. */
    none = remedy(IVRS " ioapic id=1 device=0x08\n" AMD_MADT, NULL, "ioapic-missing");
    CHECK(strstr(none, "can be derived") != NULL);
}

TEST(hpet_and_south_bridge_have_their_parameters)
{
    CHECK(strstr(remedy(IVRS SOUTH " hpet id=2 device=0xa0\n" HPET, NULL, "hpet-missing"),
                 "ivrs_hpet[0]=00:14.0") != NULL);
    CHECK(
        strstr(remedy(IVRS " ioapic id=33 device=0x08\n" AMD_MADT, NULL, "ioapic-not-south-bridge"),
               "ivrs_ioapic[33]=00:14.0") != NULL);
}

/* What was derived for one finding is not said of the next. */
TEST(a_finding_without_a_remedy_has_none)
{
    CHECK(strstr(remedy(IVRS SOUTH AMD_MADT2 HPET, NULL, "ioapic-missing"), "can be derived") !=
          NULL);
    CHECK_STR(remedy(IVRS SOUTH AMD_MADT2 HPET, NULL, "hpet-none"), "");
}

TEST(more_sources_than_can_be_kept_are_said)
{
    static char text[8192] = IVRS;

    for (unsigned i = 0; i < 128; i++)
        snprintf(text + strlen(text), 40, " ioapic id=%u device=0xa0\n", i);
    CHECK_STR(judge_text(text, NULL)->every, "");
    snprintf(text + strlen(text), 40, " ioapic id=128 device=0xa0\n");
    CHECK_STR(judge_text(text, NULL)->notes, "sources-not-judged");
}
