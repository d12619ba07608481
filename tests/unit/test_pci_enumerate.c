/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/pci/enumerate.c: buses, bridges, and bridges that lie. */
#include "fake_pci.h"
#include "test.h"

static struct fake_pci fake;

#define ENDPOINT 0x00101b36u    /* nvme */
#define ENDPOINT_CLASS 0x010802u

static void endpoint(uint16_t segment, uint16_t rid)
{
    fake_pci_add(&fake, segment, rid, ENDPOINT, ENDPOINT_CLASS);
}

static size_t count(struct pci *pci)
{
    size_t n = 0;

    for (struct pci_function *f = pci_first(pci); f != NULL; f = f->next)
        n++;
    return n;
}

/* 00:00.0 host bridge, 00:01.0 -> 01-02, 01:00.0 -> 02, 02:00.0 and 02:03.0 */
static void two_bridges(void)
{
    fake_pci_reset(&fake);
    fake_pci_add(&fake, 0, 0, 0x29c08086, 0x060000);
    fake_pci_add_bridge(&fake, PCI_RID(0, 1, 0), 1, 2);
    fake_pci_add_bridge(&fake, PCI_RID(1, 0, 0), 2, 2);
    endpoint(0, PCI_RID(2, 0, 0));
    endpoint(0, PCI_RID(2, 3, 0));
}

TEST(functions_behind_bridges_have_parents_and_are_in_order)
{
    static const uint16_t order[] = { 0x0000, 0x0008, 0x0100, 0x0200, 0x0218 };
    struct pci *pci;
    struct pci_function *f;

    two_bridges();
    pci = fake_pci_start(&fake);
    f = pci_first(pci);
    for (size_t i = 0; i < 5; i++, f = f->next) {
        CHECK(f != NULL);
        CHECK_EQ(f->rid, order[i]);
    }
    CHECK(f == NULL);
    f = pci_find(pci, 0, 0x0218);
    CHECK(f->parent == pci_find(pci, 0, 0x0100));
    CHECK(f->parent->parent == pci_find(pci, 0, 0x0008));
    CHECK(f->parent->parent->parent == NULL);
    CHECK_STR(fake.log, "");
}

TEST(identity_is_read)
{
    struct fake_pci_function *hw;
    struct pci_function *f;

    fake_pci_reset(&fake);
    hw = fake_pci_add(&fake, 0, PCI_RID(0, 2, 0), ENDPOINT, ENDPOINT_CLASS);
    fake_pci_set(hw, 0x2c, 4, 0x11001af4);
    fake_pci_set(hw, 0x08, 1, 0x02);
    f = pci_first(fake_pci_start(&fake));
    CHECK_EQ(f->vendor, 0x1b36);
    CHECK_EQ(f->device, 0x0010);
    CHECK_EQ(f->subsystem_vendor, 0x1af4);
    CHECK_EQ(f->subsystem_device, 0x1100);
    CHECK_EQ(f->class_code, 0x010802);
    CHECK_EQ(f->revision, 2);
    CHECK(!f->is_bridge);
    CHECK_STR(pci_class_name(f->class_code), "NVMe controller");
}

TEST(only_multifunction_devices_are_asked_for_more)
{
    struct fake_pci_function *hw;
    struct pci *pci;

    fake_pci_reset(&fake);
    hw = fake_pci_add(&fake, 0, PCI_RID(0, 2, 0), ENDPOINT, ENDPOINT_CLASS);
    endpoint(0, PCI_RID(0, 2, 5));
    endpoint(0, PCI_RID(0, 3, 1));      /* function 0 is missing: no device */
    CHECK_EQ(count(fake_pci_start(&fake)), 1);
    fake_pci_set(hw, 0x0e, 1, 0x80);
    pci = fake_pci_start(&fake);
    CHECK_EQ(count(pci), 2);
    CHECK(pci_find(pci, 0, PCI_RID(0, 2, 5)) != NULL);
}

TEST(further_root_buses_are_found)
{
    struct pci *pci;

    two_bridges();
    endpoint(0, PCI_RID(0x20, 0, 0));
    fake_pci_add_bridge(&fake, PCI_RID(0x20, 1, 0), 0x21, 0x21);
    endpoint(0, PCI_RID(0x21, 0, 0));
    pci = fake_pci_start(&fake);
    CHECK_EQ(count(pci), 8);
    CHECK(pci_find(pci, 0, 0x2000)->parent == NULL);
    CHECK(pci_find(pci, 0, 0x2100)->parent == pci_find(pci, 0, 0x2008));
}

TEST(further_segments_are_found_in_order)
{
    struct pci_ecam windows[] = { fake_pci_window(3), fake_pci_window(0), fake_pci_window(1) };
    struct pci *pci;

    fake_pci_reset(&fake);
    endpoint(3, 0x0008);
    endpoint(1, 0x0010);
    endpoint(0, 0x0018);
    pci = pci_enumerate(&fake_pci_host, &fake, windows, 3, true);
    CHECK_EQ(count(pci), 3);
    CHECK_EQ(pci_first(pci)->segment, 0);
    CHECK_EQ(pci_first(pci)->next->segment, 1);
    CHECK_EQ(pci_first(pci)->next->next->segment, 3);
}

TEST(bus_masters_stop_but_not_bridges)
{
    struct pci *pci;

    two_bridges();
    pci = fake_pci_start(&fake);
    for (struct pci_function *f = pci_first(pci); f != NULL; f = f->next) {
        bool bridge = f->rid == 0 || f->is_bridge;

        CHECK_EQ(f->command_at_entry, 7);
        CHECK_EQ(pci_bus_master_enabled(f), bridge);
    }
}

TEST(bus_masters_stay_when_not_asked)
{
    struct pci *pci;

    two_bridges();
    pci = pci_enumerate(&fake_pci_host, &fake, NULL, 0, false);
    CHECK(pci_bus_master_enabled(pci_find(pci, 0, 0x0218)));
}

TEST(bridge_to_its_own_or_a_lower_bus_is_not_followed)
{
    struct pci *pci;

    fake_pci_reset(&fake);
    fake_pci_add_bridge(&fake, PCI_RID(0, 1, 0), 1, 3);
    fake_pci_add_bridge(&fake, PCI_RID(1, 0, 0), 1, 3);     /* its own */
    fake_pci_add_bridge(&fake, PCI_RID(1, 1, 0), 0, 3);     /* not set up */
    fake_pci_add_bridge(&fake, PCI_RID(1, 2, 0), 2, 2);
    fake_pci_add_bridge(&fake, PCI_RID(2, 0, 0), 1, 3);     /* back up */
    pci = fake_pci_start(&fake);
    CHECK_EQ(count(pci), 5);
    CHECK(fake_pci_logged(&fake, "0000:01:00.0 bridge buses=01-03 not followed"));
    CHECK(fake_pci_logged(&fake, "0000:02:00.0 bridge buses=01-03 not followed"));
    CHECK(!fake_pci_logged(&fake, "0000:01:01.0"));
}

TEST(two_bridges_to_one_bus_are_scanned_once)
{
    struct pci *pci;

    fake_pci_reset(&fake);
    fake_pci_add_bridge(&fake, PCI_RID(0, 1, 0), 1, 1);
    fake_pci_add_bridge(&fake, PCI_RID(0, 2, 0), 1, 1);
    endpoint(0, PCI_RID(1, 0, 0));
    pci = fake_pci_start(&fake);
    CHECK_EQ(count(pci), 3);
    CHECK(pci_find(pci, 0, 0x0100)->parent == pci_find(pci, 0, 0x0008));
    CHECK(fake_pci_logged(&fake, "0000:00:02.0 bridge buses=01-01 not followed"));
}

TEST(subordinate_below_secondary_is_reported)
{
    fake_pci_reset(&fake);
    fake_pci_add_bridge(&fake, PCI_RID(0, 1, 0), 5, 4);
    CHECK_EQ(count(fake_pci_start(&fake)), 1);
    CHECK(fake_pci_logged(&fake, "subordinate bus is below secondary"));
}

TEST(range_beyond_the_parents_is_reported)
{
    struct pci *pci;

    fake_pci_reset(&fake);
    fake_pci_add_bridge(&fake, PCI_RID(0, 1, 0), 1, 2);
    fake_pci_add_bridge(&fake, PCI_RID(1, 0, 0), 2, 4);
    endpoint(0, PCI_RID(2, 0, 0));
    pci = fake_pci_start(&fake);
    CHECK_EQ(count(pci), 3);
    CHECK(fake_pci_logged(&fake, "0000:01:00.0 bridge buses=02-04 overlaps another's from 03 on"));
    CHECK(pci_find(pci, 0, 0x0200)->parent == pci_find(pci, 0, 0x0100));
}

TEST(bus_255_is_scanned)
{
    struct pci *pci;

    fake_pci_reset(&fake);
    fake_pci_add_bridge(&fake, PCI_RID(0, 1, 0), 255, 255);
    fake_pci_add_bridge(&fake, PCI_RID(255, 0, 0), 255, 255);
    endpoint(0, PCI_RID(255, 31, 0));
    pci = fake_pci_start(&fake);
    CHECK_EQ(count(pci), 3);
    CHECK(pci_find(pci, 0, PCI_RID(255, 31, 0)) != NULL);
}

TEST(every_allocation_can_fail)
{
    for (size_t nth = 1; nth <= 8; nth++) {
        struct pci *pci;

        two_bridges();
        fake.fail_alloc = nth;
        pci = fake_pci_start(&fake);
        /* The machine, its window list and window, and five functions. */
        CHECK_EQ(pci == NULL, true);
    }
    two_bridges();
    fake.fail_alloc = 9;
    CHECK(fake_pci_start(&fake) != NULL);
}

TEST(class_names_fall_back)
{
    CHECK_STR(pci_class_name(0x060000), "host bridge");
    CHECK_STR(pci_class_name(0x018000), "storage controller");
    CHECK_STR(pci_class_name(0xff0000), "device");
}

/* ---- virtual functions ---- */

#define SRIOV 0x100

/*
 * 01:00.0 behind 00:01.0 (buses 1 and 2) with that many virtual functions on,
 * the first at 01:1c.0, then in steps of two devices.
 */
static struct fake_pci_function *physical(uint16_t enabled, uint16_t total)
{
    struct fake_pci_function *hw;

    fake_pci_reset(&fake);
    fake_pci_express(fake_pci_add_bridge(&fake, PCI_RID(0, 1, 0), 1, 2), PCI_EXP_ROOT_PORT);
    hw = fake_pci_add(&fake, 0, PCI_RID(1, 0, 0), ENDPOINT, ENDPOINT_CLASS);
    fake_pci_express(hw, PCI_EXP_ENDPOINT);
    fake_pci_set(hw, SRIOV, 4, 0x00010010);
    fake_pci_set(hw, SRIOV + 0x08, 2, enabled > 0);
    fake_pci_set(hw, SRIOV + 0x0e, 2, total);
    fake_pci_set(hw, SRIOV + 0x10, 2, enabled);
    fake_pci_set(hw, SRIOV + 0x14, 2, 0x00e0);
    fake_pci_set(hw, SRIOV + 0x16, 2, 0x0010);
    fake_pci_set(hw, SRIOV + 0x1a, 2, 0x1234);
    return hw;
}

/* It answers, with a vendor id of all ones. */
static void virtual(uint16_t rid)
{
    struct fake_pci_function *hw = fake_pci_add(&fake, 0, rid, 0xffffffff, 0);

    fake_pci_set(hw, 0x2e, 2, 0x7777);
    fake_pci_express(hw, PCI_EXP_ENDPOINT);
}

TEST(virtual_functions_that_are_on_are_listed_across_buses)
{
    static const uint16_t rids[] = { 0x01e0, 0x01f0, 0x0200 };
    struct pci *pci;

    physical(3, 4);
    for (size_t i = 0; i < 3; i++)
        virtual(rids[i]);
    pci = fake_pci_start(&fake);
    CHECK_EQ(count(pci), 5);
    for (size_t i = 0; i < 3; i++) {
        struct pci_function *f = pci_find(pci, 0, rids[i]);

        CHECK(f != NULL);
        CHECK(f->physical == pci_find(pci, 0, 0x0100));
        CHECK(f->parent == pci_find(pci, 0, 0x0008));
        CHECK_EQ(f->vendor, 0x1b36);
        CHECK_EQ(f->device, 0x1234);
        CHECK_EQ(f->subsystem_device, 0x7777);
        CHECK_EQ(f->class_code, ENDPOINT_CLASS);
        CHECK_EQ(f->express_type, PCI_EXP_ENDPOINT);
        CHECK(!f->multifunction && !f->is_bridge);
        CHECK(!pci_bus_master_enabled(f));
    }
    CHECK(pci_find(pci, 0, 0x0100)->physical == NULL);
    CHECK_STR(fake.log, "");
}

TEST(virtual_functions_that_are_off_are_not)
{
    physical(0, 4);
    virtual(0x01e0);
    CHECK_EQ(count(fake_pci_start(&fake)), 2);
}

TEST(virtual_functions_without_a_place_are_reported_and_left_out)
{
    struct fake_pci_function *hw;

    /* More than there may be. */
    physical(3, 2);
    virtual(0x01e0);
    virtual(0x01f0);
    CHECK_EQ(count(fake_pci_start(&fake)), 4);
    CHECK(fake_pci_logged(&fake, "0000:01:00.0 virtual functions from number 2 of 3 on"));
    /* The second bus is not behind the bridge. */
    physical(3, 4);
    fake_pci_set(&fake.functions[0], 0x1a, 1, 1);
    CHECK_EQ(count(fake_pci_start(&fake)), 4);
    CHECK(fake_pci_logged(&fake, "0000:01:00.0 virtual functions from number 2 of 3 on"));
    /* No step, no offset: the second, or the first, would be another's. */
    hw = physical(2, 4);
    fake_pci_set(hw, SRIOV + 0x16, 2, 0);
    CHECK_EQ(count(fake_pci_start(&fake)), 3);
    fake_pci_set(hw, SRIOV + 0x14, 2, 0);
    CHECK_EQ(count(fake_pci_start(&fake)), 2);
}

TEST(ids_of_virtual_functions_end_where_they_would_wrap)
{
    struct pci_function f = { .rid = 0xfe00, .sriov_total = 3, .sriov_offset = 0x100,
                              .sriov_stride = 0xff };
    uint16_t rid = 0;

    CHECK(pci_virtual_id(&f, 0, &rid));
    CHECK_EQ(rid, 0xff00);
    CHECK(pci_virtual_id(&f, 1, &rid));
    CHECK_EQ(rid, 0xffff);
    CHECK(!pci_virtual_id(&f, 2, &rid));
    f.sriov_stride = 1;
    CHECK(pci_virtual_id(&f, 2, &rid));
    CHECK(!pci_virtual_id(&f, 3, &rid));
}

TEST(every_allocation_may_fail_with_virtual_functions_too)
{
    size_t needed;

    physical(2, 2);
    fake_pci_start(&fake);
    needed = fake.allocs;
    for (size_t fail = 1; fail <= needed; fail++) {
        physical(2, 2);
        fake.fail_alloc = fail;
        CHECK(fake_pci_start(&fake) == NULL);
    }
}
