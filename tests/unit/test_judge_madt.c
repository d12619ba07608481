/* SPDX-License-Identifier: BSD-2-Clause */
/* judge_madt.c: each finding by a table that has only it, and a twin that has none. */
#include "test.h"

#include "judged.h"

#define SOUND "apic revision=4\nlapic id=0\nlapic id=1\nioapic id=2\noverride irq=0 gsi=2\n"

TEST(each_fault_of_the_madt_is_found_and_its_twin_is_sound)
{
    static const struct judged_case cases[] = {
        { "madt-entry-length", 82, SOUND "raw type=0 length=0 bytes=0000\n", SOUND, NULL, NULL },
        { "madt-entry-length", 82, SOUND "raw type=0 length=9 bytes=0000\n", SOUND, NULL, NULL },
        { "madt-entry-length", 82, SOUND "raw type=1 bytes=0000\n",
          SOUND "raw type=0x7f bytes=0000\n", NULL, NULL },
        { "madt-entry-length", 82, SOUND "pad bytes=01\n", SOUND "pad bytes=7f02\n", NULL, NULL },
        { "madt-entry-length", 82, SOUND "pad bytes=7f01\n", SOUND "pad bytes=7f027f02\n", NULL,
          NULL },
        { "madt-ioapic-id-twice", 82, SOUND "ioapic id=2 base=0xfec01000 gsi=24\n",
          SOUND "ioapic id=3 base=0xfec01000 gsi=24\n", NULL, NULL },
        { "madt-ioapic-address", 82, SOUND "ioapic id=3 gsi=24\n", SOUND, NULL, NULL },
        { "madt-ioapic-address", 82, SOUND "ioapic id=3 base=0 gsi=24\n", SOUND, NULL, NULL },
        { "madt-gsi-base-twice", 82, SOUND "ioapic id=3 base=0xfec01000\n", SOUND, NULL, NULL },
        { "madt-apic-id-twice", 82, SOUND "lapic id=1\n", SOUND "lapic id=1 flags=0\n", NULL,
          NULL },
        { "madt-apic-id-twice", 98, SOUND "x2apic id=300\nx2apic id=300\n",
          SOUND "x2apic id=300\nx2apic id=301\nlapic id=255\nlapic id=255\n", NULL, NULL },
        { "madt-override-twice", 82, SOUND "override irq=0 gsi=3\n",
          SOUND "override irq=0 gsi=2\noverride irq=9 gsi=9\n", NULL, NULL },
    };

    JUDGED_CHECK(cases);
    CHECK_STR(judge_text(SOUND "x2apic id=300 flags=0\nx2apic id=300 flags=0\n", NULL)->every, "");
    /* One processor in both forms is there once. */
    CHECK_STR(judge_text(SOUND "x2apic id=1\n", NULL)->every, "");
}

TEST(each_fault_of_the_hpet_table_is_found_and_its_twin_is_sound)
{
    static const struct judged_case cases[] = {
        { "hpet-address", 40, "hpet base=0\n", "hpet\n", NULL, NULL },
        { "hpet-address", 40, "hpet space=1\n", "hpet\n", NULL, NULL },
    };

    JUDGED_CHECK(cases);
}
