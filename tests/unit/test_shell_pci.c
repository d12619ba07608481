/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel/shell_pci.c on a made-up configuration space: one function as lspci RID prints it, lists that lead nowhere. */
#include "test.h"

#include <stdarg.h>

#include "console.h"
#include "fake_pci.h"
#include "machine.h"
#include "report.h"
#include "shell.h"

/* What it asks of the kernel. */
struct machine machine;
static char printed[65536];
static unsigned trees;

void print(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(printed + strlen(printed), sizeof(printed) - strlen(printed), format, args);
    va_end(args);
}

void report_topology(void)
{
    trees++;
}

const char *report_unit_of(const struct pci_function *f)
{
    (void)f;
    return "vtd0";
}

bool shell_want_id(const char *command, const char *word, struct shell_id *id)
{
    (void)command;
    return shell_read_id(word, id);
}

static struct fake_pci fake;
static struct fake_pci_function *hw;

static void device(void)
{
    fake_pci_reset(&fake);
    hw = fake_pci_add(&fake, 0, 0x18, 0x00101b36, 0x010802);
}

static void lspci(const char *word)
{
    char text[32], *words[] = { text };

    snprintf(text, sizeof(text), "%s", word);
    printed[0] = '\0';
    machine.pci = fake_pci_start(&fake);
    shell_lspci(1, words);
}

static void check_printed(const char *text)
{
    if (strstr(printed, text) == NULL)
        test_fail(__FILE__, __LINE__, "no \"%s\" in:\n%s", text, printed);
}

TEST(without_a_word_the_tree)
{
    trees = 0;
    shell_lspci(0, NULL);
    CHECK_EQ(trees, 1);
}

TEST(one_function)
{
    device();
    fake_pci_cap(hw, 0x40, 0x11, 0x80);
    fake_pci_set(hw, 0x42, 2, 0xc007);      /* MSI-X: enabled, masked, 8 entries */
    fake_pci_cap(hw, 0x80, 0x10, 0x60);
    fake_pci_set(hw, 0x82, 2, 0x0002);
    fake_pci_cap(hw, 0x60, 0x05, 0xc0);
    fake_pci_set(hw, 0x62, 2, 0x0189);      /* MSI: enabled, 16 messages, 64-bit, maskable */
    fake_pci_cap(hw, 0xc0, 0xee, 0);
    fake_pci_set(hw, 0x100, 4, 0x1400000d); /* ACS, next 140h */
    fake_pci_set(hw, 0x104, 2, 0x1d);
    fake_pci_set(hw, 0x106, 2, 0x05);
    fake_pci_set(hw, 0x140, 4, 0x0000000f);
    fake_pci_set(hw, 0x146, 2, 0x8000);
    fake_pci_bar(hw, 0, 0xfea10000, 0x4000);
    lspci("00:03.0");
    check_printed("0000:00:03.0 1b36:0010 NVMe controller\n");
    check_printed("  class=0x010802 ");
    check_printed("  bar0 memory 0xfea10000-0xfea13fff\n");
    check_printed("  unit=vtd0 requester-ids=00:03.0\n");
    check_printed("  capability 0x40 id=0x11 MSI-X enabled=1 masked=1 entries=8\n");
    check_printed("  capability 0x80 id=0x10 PCI Express type=endpoint\n");
    check_printed("  capability 0x60 id=0x05 MSI enabled=1 messages=16 64-bit=1 maskable=1\n");
    check_printed("  capability 0xc0 id=0xee unknown\n");
    check_printed("  extended 0x100 id=0x000d ACS can=\"SV RR CR UF\" does=\"SV RR\"\n");
    check_printed("  extended 0x140 id=0x000f ATS enabled=1\n");
}

static unsigned count_of(const char *text)
{
    unsigned count = 0;

    for (const char *at = printed; (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

TEST(lists_that_lead_back_end)
{
    device();
    fake_pci_cap(hw, 0x40, 0x10, 0x40);
    fake_pci_set(hw, 0x100, 4, 0x1000000d);
    lspci("00:03.0");
    CHECK(count_of("  capability 0x40") >= 1 && count_of("  capability") <= 48);
    CHECK(count_of("  extended 0x100") >= 1 && count_of("  extended") <= 480);
    fake_pci_cap(hw, 0x40, 0x01, 0x08);     /* into the header */
    lspci("00:03.0");
    CHECK_EQ(count_of("  capability"), 1);
}

TEST(no_such_function)
{
    device();
    lspci("00:04.0");
    CHECK_STR(printed, "lspci: there is no function 00:04.0, \"lspci\" lists them\n");
    lspci("zz");
    CHECK_STR(printed, "");
}
