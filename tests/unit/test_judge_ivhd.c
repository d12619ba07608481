/* SPDX-License-Identifier: BSD-2-Clause */
/* judge_ivhd.c: each finding by a table that has only it, and a twin that has none. */
#include "test.h"

#include "judged.h"

#define HEAD "ivrs ivinfo=0x203043 revision=2\n"
#define BLOCK(type, entries)                                                                       \
    HEAD "ivhd type=" type " base=0xfeb80000\n ioapic id=33 device=0xa0\n" entries
#define SOUND BLOCK("0x11", " start device=8\n end device=0xfffe\n")
#define WINDOW "---\nmcfg\nwindow last=0x7f\n"
#define BYTES(hex) BLOCK("0x11", " start device=8\n end device=0xfffe\n entry bytes=" hex "\n")
#define UART " acpi device=0xa5 hid=AMDI0020 uid=\\_SB.FUR0\n"

static struct pci_function functions[4] = {
    { .next = &functions[1], .rid = PCI_RID(0, 0, 0), .class_code = 0x060000 },
    { .next = &functions[2], .rid = PCI_RID(0, 0, 2), .class_code = 0x080600 },
    { .next = &functions[3], .rid = PCI_RID(0, 1, 0), .class_code = 0x060400, .is_bridge = true },
    { .rid = PCI_RID(1, 0, 0), .class_code = 0x010802 },
};
static const struct fw_facts machine = { .functions = functions };

TEST(each_fault_of_an_entry_is_found_and_its_twin_is_sound)
{
    static const struct judged_case cases[] = {
        { "entry-length", 104, BYTES("03"), SOUND, NULL, NULL },
        { "entry-length", 104, BYTES("4800000021a000"), BYTES("0000000000000000"), NULL, NULL },
        { "entry-length", 96, BLOCK("0x40", " entry bytes=f0a50000\n"), BLOCK("0x40", UART), NULL,
          NULL },
        { "entry-unknown", 104, BYTES("05000000"), BYTES("00000000"), NULL, NULL },
        { "entry-unknown", 104, BYTES("4400000000000000"), BYTES("4000000000000000"), NULL, NULL },
        { "range-reversed", 96, BLOCK("0x11", " start device=8\n end device=7\n"),
          BLOCK("0x11", " start device=8\n end device=8\n"), NULL, NULL },
        { "range-without-end", 96, BLOCK("0x11", " start device=8\n"), SOUND, NULL, NULL },
        { "range-without-end", 96,
          BLOCK("0x11", " start device=8\n start device=16\n end device=24\n"), SOUND, NULL, NULL },
        { "range-without-start", 104,
          BLOCK("0x11", " start device=8\n end device=16\n end device=24\n"), SOUND, NULL, NULL },
        { "entry-inside-range", 100,
          BLOCK("0x11", " start device=8\n select device=0x4000\n end device=16\n"),
          BLOCK("0x11", " start device=8\n entry bytes=00000000\n end device=16\n"), NULL, NULL },
        { "alias-beyond", 101, BLOCK("0x11", " select device=8 as=0x8000\n") WINDOW,
          BLOCK("0x11", " select device=8 as=0x7f00\n") WINDOW, NULL, NULL },
        { "alias-beyond", 101, BLOCK("0x11", " start device=8 as=0x8000\n end device=16\n") WINDOW,
          BLOCK("0x11", " start device=8 as=0xa5\n end device=16\n") WINDOW, NULL, NULL },
        { "special-unknown", 103, BLOCK("0x11", " special variety=7 device=0xa0\n"), SOUND, NULL,
          NULL },
        { "acpi-entry-misplaced", 96, BLOCK("0x11", UART), BLOCK("0x40", UART), NULL, NULL },
        { "acpi-entry-nameless", 100, BLOCK("0x40", " acpi device=0xa5 uid=\\_SB.FUR0\n"),
          BLOCK("0x40", UART), NULL, NULL },
        { "acpi-entry-uid", 116,
          BLOCK("0x40", " acpi device=0xa5 hid=AMDI0020 format=3 uid=\\_SB.FUR0\n"),
          BLOCK("0x40", UART), NULL, NULL },
        { "acpi-entry-uid", 116,
          BLOCK("0x40", " acpi device=0xa5 hid=AMDI0020 format=0 uid=\\_SB.FUR0\n"),
          BLOCK("0x40", " acpi device=0xa5 hid=AMDI0020\n"), NULL, NULL },
        { "acpi-entry-uid", 116,
          BLOCK("0x40", " acpi device=0xa5 hid=AMDI0020 format=1 uid=\\_SB.FUR0\n"),
          BLOCK("0x40", " acpi device=0xa5 hid=AMDI0020 number=1\n"), NULL, NULL },
        { "acpi-devices-share-id", 127, BLOCK("0x40", UART UART),
          BLOCK("0x40", UART " acpi device=0xa6 hid=AMDI0020 uid=\\_SB.FUR0\n"), NULL, NULL },
        { "device-without-unit", 0, BLOCK("0x11", " start device=8\n end device=0xff\n"), SOUND,
          &machine, NULL },
        { "device-without-unit", 0, BLOCK("0x11", " select device=8\n"),
          BLOCK("0x11", " select device=8\n select device=0x100\n"), &machine, NULL },
        { "device-without-unit", 0, BLOCK("0x11", " start device=9\n end device=0x100\n"),
          BLOCK("0x11", " start device=8\n end device=0x100\n"), &machine, NULL },
        { "device-without-unit", 0, BLOCK("0x11", " select device=8 as=0x100\n select device=9\n"),
          BLOCK("0x11", " select device=8 as=0x100\n select device=0x100 extended=0\n"), &machine,
          NULL },
        { "device-without-unit", 0,
          BLOCK("0x11", " select device=8\n select device=0xff extended=0\n"),
          BLOCK("0x11", " select device=8 extended=0\n select device=0x100 as=8\n"), &machine,
          NULL },
        { "device-without-unit", 0, BLOCK("0x11", " select device=0x100\n"),
          BLOCK("0x11", " all\n"), &machine, NULL },
    };

    JUDGED_CHECK(cases);
}

TEST(a_device_that_pci_names_too_shares_no_id)
{
    CHECK_STR(judge_text(BLOCK("0x40", " select device=0xa5\n" UART), NULL)->every, "");
}

TEST(entries_are_of_their_blocks_segment)
{
    static struct pci_function far = { .segment = 1,
                                       .rid = PCI_RID(1, 0, 0),
                                       .class_code = 0x010802 };
    static const struct fw_facts with_far = { .functions = &far };

    CHECK(seen_find(judge_text(BLOCK("0x11", " all\n"), &with_far), "device-without-unit") != NULL);
    far.segment = 0;
    CHECK(seen_find(judge_text(BLOCK("0x11", " all\n"), &with_far), "device-without-unit") == NULL);
}
