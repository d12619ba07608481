/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/pci/config.c: windows, ports, and which of them is taken. */
#include "fake_pci.h"
#include "test.h"

static struct fake_pci fake;

static struct fake_pci_function *one_function(void)
{
    fake_pci_reset(&fake);
    return fake_pci_add(&fake, 0, PCI_RID(0, 3, 0), 0x11e81234, 0x00ff00);
}

TEST(window_reads_every_width)
{
    struct fake_pci_function *hw = one_function();
    struct pci *pci = fake_pci_start(&fake);

    fake_pci_set(hw, 0x2c, 4, 0x89abcdef);
    fake_pci_set(hw, 0xffc, 4, 0x01234567);
    CHECK_EQ(pci_read_raw(pci, 0, 0x18, 0x2c, 4), 0x89abcdef);
    CHECK_EQ(pci_read_raw(pci, 0, 0x18, 0x2e, 2), 0x89ab);
    CHECK_EQ(pci_read_raw(pci, 0, 0x18, 0x2d, 1), 0xcd);
    CHECK_EQ(pci_read_raw(pci, 0, 0x18, 0xffc, 4), 0x01234567);
    CHECK_EQ(fake.bad_width_accesses, 0);
}

TEST(impossible_accesses_read_ones_and_reach_nothing)
{
    struct pci *pci;
    unsigned before;

    one_function();
    pci = fake_pci_start(&fake);
    before = fake.ecam_accesses + fake.port_accesses;
    CHECK_EQ(pci_read_raw(pci, 0, 0x18, 0x02, 4), 0xffffffff);
    CHECK_EQ(pci_read_raw(pci, 0, 0x18, 4096, 4), 0xffffffff);
    CHECK_EQ(pci_read_raw(pci, 0, 0x18, 0, 3), 0xffffffff);
    pci_write_raw(pci, 0, 0x18, 0x41, 2, 0);
    CHECK_EQ(fake.ecam_accesses + fake.port_accesses, before);
}

TEST(absent_functions_read_ones)
{
    struct pci *pci;

    one_function();
    pci = fake_pci_start(&fake);
    CHECK_EQ(pci_read_raw(pci, 0, 0x19, 0, 4), 0xffffffff);
    CHECK_EQ(pci_read_raw(pci, 7, 0x18, 0, 2), 0xffff);
}

TEST(ports_are_taken_without_a_window)
{
    struct fake_pci_function *hw = one_function();
    struct pci *pci = pci_enumerate(&fake_pci_host, &fake, NULL, 0, true);

    CHECK(pci_find(pci, 0, 0x18) != NULL);
    fake_pci_set(hw, 0x2c, 4, 0x89abcdef);
    fake_pci_set(hw, 0x100, 4, 0x01234567);
    CHECK_EQ(pci_read_raw(pci, 0, 0x18, 0x2e, 2), 0x89ab);
    CHECK_EQ(pci_read_raw(pci, 0, 0x18, 0x2d, 1), 0xcd);
    CHECK_EQ(pci_read_raw(pci, 0, 0x18, 0x100, 4), 0xffffffff);
    CHECK_EQ(fake.ecam_accesses, 0);
}

TEST(port_write_of_command_keeps_status)
{
    struct fake_pci_function *hw = one_function();
    struct pci *pci = pci_enumerate(&fake_pci_host, &fake, NULL, 0, false);

    fake_pci_set(hw, 0x06, 2, 0xf900);      /* error bits, cleared by writing ones */
    pci_bus_master(pci_find(pci, 0, 0x18), false);
    CHECK_EQ(fake_pci_get(hw, 0x06, 2), 0xf900);
    CHECK_EQ(fake_pci_get(hw, 0x04, 2), 0x0003);
}

TEST(port_write_of_part_of_a_dword_keeps_the_rest)
{
    struct fake_pci_function *hw = one_function();
    struct pci *pci = pci_enumerate(&fake_pci_host, &fake, NULL, 0, false);

    fake_pci_set(hw, 0x60, 4, 0x11223344);
    pci_write_raw(pci, 0, 0x18, 0x62, 1, 0xaa);
    CHECK_EQ(fake_pci_get(hw, 0x60, 4), 0x11aa3344);
    pci_write_raw(pci, 0, 0x18, 0x60, 2, 0xbbcc);
    CHECK_EQ(fake_pci_get(hw, 0x60, 4), 0x11aabbcc);
}

TEST(port_access_restores_the_address_of_the_one_it_interrupted)
{
    struct pci *pci;

    one_function();
    pci = pci_enumerate(&fake_pci_host, &fake, NULL, 0, false);
    fake.port_address = 0x80001804;
    pci_read_raw(pci, 0, 0x18, 0x3c, 4);
    CHECK_EQ(fake.port_address, 0x80001804);
}

TEST(dead_window_gives_way_to_ports)
{
    struct pci *pci;

    one_function();
    fake.ecam_dead = true;
    pci = fake_pci_start(&fake);
    CHECK(pci_find(pci, 0, 0x18) != NULL);
    CHECK(fake_pci_logged(&fake, "window base=0xe0000000"));
}

TEST(live_window_is_kept_where_ports_are_dead)
{
    struct pci *pci;

    one_function();
    fake.ports_dead = true;
    pci = fake_pci_start(&fake);
    CHECK_EQ(pci_read_raw(pci, 0, 0x18, 0, 4), 0x11e81234);
    CHECK(!fake_pci_logged(&fake, "unusable"));
}

TEST(impossible_window_is_dropped)
{
    struct pci_ecam bad[] = { { .base_pa = 0, .end_bus = 255 },
                              { .base_pa = FAKE_PCI_ECAM + 4096, .end_bus = 255 },
                              { .base_pa = FAKE_PCI_ECAM, .start_bus = 9, .end_bus = 8 } };

    for (size_t i = 0; i < 3; i++) {
        struct pci *pci;

        one_function();
        pci = pci_enumerate(&fake_pci_host, &fake, &bad[i], 1, true);
        CHECK(pci_find(pci, 0, 0x18) != NULL);
        CHECK_EQ(fake.ecam_accesses, 0);
        CHECK(fake_pci_logged(&fake, "unusable"));
    }
}

TEST(window_that_cannot_be_mapped_gives_way_to_ports)
{
    struct pci *pci;

    one_function();
    fake.map_fails = true;
    pci = fake_pci_start(&fake);
    CHECK(pci_find(pci, 0, 0x18) != NULL);
    CHECK(fake_pci_logged(&fake, "window of bus 0000:00 cannot be mapped"));
}

TEST(window_base_is_that_of_bus_0)
{
    struct pci_ecam window = { .base_pa = FAKE_PCI_ECAM, .start_bus = 0x20, .end_bus = 0x20 };
    struct pci *pci;

    one_function();
    fake_pci_add(&fake, 0, PCI_RID(0x20, 0, 0), 0x00051b36, 0x00ff00);
    pci = pci_enumerate(&fake_pci_host, &fake, &window, 1, true);
    fake.ports_dead = true;
    CHECK_EQ(pci_read_raw(pci, 0, 0x2000, 0, 4), 0x00051b36);
    CHECK_EQ(pci_read_raw(pci, 0, 0x0018, 0, 4), 0xffffffff);
}

TEST(bus_master_says_what_it_was)
{
    struct fake_pci_function *hw = one_function();
    struct pci *pci = pci_enumerate(&fake_pci_host, &fake, NULL, 0, false);
    struct pci_function *f = pci_find(pci, 0, 0x18);

    CHECK(pci_bus_master_enabled(f));
    CHECK(pci_bus_master(f, false));
    CHECK(!pci_bus_master_enabled(f));
    CHECK(!pci_bus_master(f, true));
    CHECK_EQ(fake_pci_get(hw, 0x04, 2), 0x0007);
    pci_memory_decode(f, false);
    CHECK_EQ(fake_pci_get(hw, 0x04, 2), 0x0005);
}
