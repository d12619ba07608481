/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/pci/capability.c: lists, and lists that lead nowhere. */
#include "fake_pci.h"
#include "test.h"

static struct fake_pci fake;
static struct fake_pci_function *hw;

static void device(void)
{
    fake_pci_reset(&fake);
    hw = fake_pci_add(&fake, 0, 0x18, 0x00101b36, 0x010802);
}

TEST(capabilities_are_found)
{
    struct pci_function *f;

    device();
    fake_pci_cap(hw, 0x40, 0x11, 0x80);
    fake_pci_cap(hw, 0x80, 0x10, 0x60);
    fake_pci_cap(hw, 0x60, 0x01, 0xfc);
    fake_pci_cap(hw, 0xfc, 0x05, 0x00);
    fake_pci_set(hw, 0x82, 2, 0x0092); /* root complex integrated endpoint */
    f = pci_first(fake_pci_start(&fake));
    CHECK_EQ(f->cap_msix, 0x40);
    CHECK_EQ(f->cap_express, 0x80);
    CHECK_EQ(f->cap_power, 0x60);
    CHECK_EQ(f->cap_msi, 0xfc);
    CHECK_EQ(f->express_type, PCI_EXP_ROOT_ENDPOINT);
    CHECK_EQ(pci_capability(f, 0x09), 0);
    CHECK_STR(fake.log, "");
}

TEST(list_without_status_bit_is_not_walked)
{
    struct pci_function *f;

    device();
    fake_pci_cap(hw, 0x40, 0x05, 0);
    fake_pci_set(hw, 0x06, 2, 0);
    f = pci_first(fake_pci_start(&fake));
    CHECK_EQ(f->cap_msi, 0);
    CHECK_EQ(f->express_type, PCI_EXP_NONE);
}

TEST(cardbus_list_starts_elsewhere)
{
    struct pci_function *f;

    device();
    fake_pci_set(hw, 0x0e, 1, 2);
    fake_pci_cap(hw, 0xa0, 0x01, 0);
    fake_pci_set(hw, 0x34, 1, 0);
    fake_pci_set(hw, 0x14, 1, 0xa0);
    f = pci_first(fake_pci_start(&fake));
    CHECK_EQ(f->cap_power, 0xa0);
    CHECK(f->is_bridge);
}

TEST(looping_list_ends_and_is_reported_once)
{
    struct pci_function *f;
    const char *line;

    device();
    fake_pci_cap(hw, 0x40, 0x01, 0x50);
    fake_pci_cap(hw, 0x50, 0x09, 0x40);
    f = pci_first(fake_pci_start(&fake));
    CHECK_EQ(f->cap_power, 0x40);
    CHECK_EQ(pci_capability(f, 0x05), 0);
    line = strstr(fake.log, "cut at 0x50: pointer 0x40 leads back");
    CHECK(line != NULL);
    CHECK(strstr(line + 1, "cut at") == NULL);
}

TEST(pointer_into_the_header_is_cut)
{
    struct pci_function *f;

    device();
    fake_pci_cap(hw, 0x40, 0x01, 0x3c);
    fake_pci_set(hw, 0x3c, 1, 0x05);
    f = pci_first(fake_pci_start(&fake));
    CHECK_EQ(f->cap_power, 0x40);
    CHECK_EQ(f->cap_msi, 0);
    CHECK(fake_pci_logged(&fake, "cut at 0x40: pointer 0x3c"));
}

TEST(odd_pointer_is_cut)
{
    struct pci_function *f;

    device();
    fake_pci_cap(hw, 0x40, 0x01, 0x51);
    fake_pci_set(hw, 0x51, 1, 0x05);
    f = pci_first(fake_pci_start(&fake));
    CHECK_EQ(f->cap_msi, 0);
    CHECK(fake_pci_logged(&fake, "pointer 0x51"));
}

static void extended(uint16_t at, uint16_t id, uint16_t next)
{
    fake_pci_set(hw, at, 4, (uint32_t)next << 20 | 1u << 16 | id);
}

TEST(extended_capabilities_are_found)
{
    struct pci_function *f;

    device();
    fake_pci_express(hw, PCI_EXP_ENDPOINT);
    extended(0x100, 0x0001, 0x148);
    extended(0x148, 0x000d, 0xffc);
    extended(0xffc, 0x000f, 0);
    f = pci_first(fake_pci_start(&fake));
    CHECK_EQ(pci_extended_capability(f, 0x0001), 0x100);
    CHECK_EQ(pci_extended_capability(f, 0x000d), 0x148);
    CHECK_EQ(pci_extended_capability(f, 0x000f), 0xffc);
    CHECK_EQ(pci_extended_capability(f, 0x0010), 0);
    CHECK_STR(fake.log, "");
}

TEST(conventional_functions_have_no_extended_ones)
{
    device();
    extended(0x100, 0x0001, 0);
    CHECK_EQ(pci_extended_capability(pci_first(fake_pci_start(&fake)), 0x0001), 0);
}

TEST(extended_list_loops_and_bad_pointers_end)
{
    struct pci_function *f;

    device();
    fake_pci_express(hw, PCI_EXP_ENDPOINT);
    extended(0x100, 0x0001, 0x148);
    extended(0x148, 0x000d, 0x100);
    f = pci_first(fake_pci_start(&fake));
    CHECK_EQ(pci_extended_capability(f, 0x0010), 0);
    CHECK(
        fake_pci_logged(&fake, "extended capability list cut at 0x148: pointer 0x100 leads back"));

    device();
    fake_pci_express(hw, PCI_EXP_ENDPOINT);
    extended(0x100, 0x0001, 0x080);
    f = pci_first(fake_pci_start(&fake));
    CHECK_EQ(pci_extended_capability(f, 0x0010), 0);
    CHECK(fake_pci_logged(&fake, "pointer 0x80 is no place"));
}

TEST(absent_extended_space_is_no_error)
{
    device();
    fake_pci_express(hw, PCI_EXP_ENDPOINT);
    fake_pci_set(hw, 0x100, 4, 0xffffffff);
    CHECK_EQ(pci_extended_capability(pci_first(fake_pci_start(&fake)), 0xffff), 0);
    CHECK_STR(fake.log, "");
}

TEST(extended_capabilities_of_isolation_are_read)
{
    struct pci_function *f;

    device();
    fake_pci_express(hw, PCI_EXP_ENDPOINT);
    fake_pci_set(hw, 0x100, 4, 0x1401000e); /* ARI, next 140h */
    fake_pci_set(hw, 0x140, 4, 0x1801000f); /* ATS, next 180h */
    fake_pci_set(hw, 0x180, 4, 0x2001000d); /* ACS, next 200h */
    fake_pci_set(hw, 0x184, 4, 0x000c005c);
    fake_pci_set(hw, 0x200, 4, 0x00010010); /* SR-IOV, the last */
    fake_pci_set(hw, 0x20e, 2, 0x0040);
    fake_pci_set(hw, 0x214, 4, 0x00020080);
    f = pci_first(fake_pci_start(&fake));
    CHECK(f->ari);
    CHECK_EQ(f->cap_ats, 0x140);
    CHECK_EQ(f->cap_acs, 0x180);
    CHECK_EQ(f->acs_capability, 0x5c);
    CHECK_EQ(f->acs_control, 0x0c);
    CHECK_EQ(f->cap_sriov, 0x200);
    CHECK_EQ(f->sriov_total, 0x40);
    CHECK_EQ(f->sriov_offset, 0x80);
    CHECK_EQ(f->sriov_stride, 2);
    CHECK_STR(fake.log, "");

    /* Without its express capability a function has no extended ones. */
    fake_pci_set(hw, 0x40, 1, 0x01);
    f = pci_first(fake_pci_start(&fake));
    CHECK(!f->ari && f->cap_ats == 0 && f->cap_acs == 0 && f->cap_sriov == 0);
    CHECK_EQ(f->acs_capability | f->acs_control | f->sriov_total, 0);
}
