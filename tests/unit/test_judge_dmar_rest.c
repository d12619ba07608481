/* SPDX-License-Identifier: BSD-2-Clause */
/* judge_dmar_rest.c: each finding by a table that has only it, and a twin that has none. */
#include "test.h"

#include "judged.h"

#define IOAPIC " scope ioapic id=2 bus=0xf0 path=1f.0\n"
#define SOUND "dmar flags=5\ndrhd base=0xfed90000 flags=1\n" IOAPIC
#define WITH_ACPI SOUND " scope acpi id=1 bus=0 path=15.0\n"
#define PORT " scope bridge bus=0 path=1c.0\n"
#define NIC " scope endpoint bus=0 path=1f.6\n"

TEST(each_fault_of_the_lesser_structures_is_found_and_its_twin_is_sound)
{
    static const struct judged_case cases[] = {
        { "atsr-all-and-scopes", 72, SOUND "atsr flags=1\n" PORT, SOUND "atsr flags=1\n", NULL,
          NULL },
        { "atsr-empty", 72, SOUND "atsr flags=0\n", SOUND "atsr flags=0\n" PORT, NULL, NULL },
        { "atsr-contradiction", 88, SOUND "atsr flags=0\n" PORT "atsr flags=1\n",
          SOUND "atsr flags=0\n" PORT "atsr flags=0\n" PORT, NULL, NULL },
        { "rhsa-without-unit", 72, SOUND "rhsa base=0xfed91000\n", SOUND "rhsa base=0xfed90000\n",
          NULL, NULL },
        { "rhsa-twice", 92, SOUND "rhsa base=0xfed90000\nrhsa base=0xfed90000 domain=1\n",
          SOUND "rhsa base=0xfed90000\n", NULL, NULL },
        { "andd-name", 80, WITH_ACPI "raw type=4 bytes=000000015c5f5342\n",
          WITH_ACPI "andd number=1 name=abc\n", NULL, NULL },
        { "andd-name", 80, WITH_ACPI "raw type=4 bytes=0000000100000000\n",
          WITH_ACPI "andd number=1 name=abc\n", NULL, NULL },
        { "andd-without-scope", 80, WITH_ACPI "andd number=2 name=abc\nandd number=1 name=abc\n",
          WITH_ACPI "andd number=1 name=abc\n", NULL, NULL },
        { "acpi-scope-without-andd", 72, WITH_ACPI, WITH_ACPI "andd number=1 name=abc\n", NULL,
          NULL },
        { "andd-number-twice", 92, WITH_ACPI "andd number=1 name=abc\nandd number=1 name=abd\n",
          WITH_ACPI "andd number=1 name=abc\n", NULL, NULL },
        { "satc-beside-sidp", 72, SOUND "satc\n" NIC "sidp\n" NIC, SOUND "satc\n" NIC, NULL, NULL },
        { "satc-not-integrated", 80, SOUND "satc\n scope endpoint bus=0 path=1c.0,00.0,00.0\n",
          SOUND "satc\n" NIC, NULL, NULL },
    };

    JUDGED_CHECK(cases);
}

TEST(atsr_of_another_segment_contradicts_nothing)
{
    CHECK_STR(judge_text(SOUND "atsr flags=1\natsr segment=1 flags=1\n", NULL)->every, "");
}

TEST(a_bridge_on_the_path_is_one_too_many)
{
    CHECK_STR(judge_text(SOUND "satc\n scope endpoint bus=0 path=1c.0,00.0\n", NULL)->ids,
              "satc-not-integrated");
}
