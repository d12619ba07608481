/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/pci/acs.c: what is read, what is switched on, and where chip sets keep it. */
#include "fake_pci.h"
#include "pci_group.h"
#include "test.h"

#define ISOLATION 0x1d /* SV, RR, CR, UF */
#define AT 0x100       /* of the ACS capability */

static struct fake_pci fake;
static struct fake_pci_function *hw;
static const struct pci_group_options plain, no_quirks = { .no_quirks = true },
                                             amd = { .amd_unit = true };

static void device(uint32_t vendor_device, enum pci_express_type type)
{
    fake_pci_reset(&fake);
    hw = fake_pci_add(&fake, 0, PCI_RID(0, 0x1c, 0), vendor_device, 0x060400);
    fake_pci_express(hw, type);
}

static void acs(uint16_t capability, uint16_t control)
{
    fake_pci_set(hw, AT, 4, 0x0001000d);
    fake_pci_set(hw, AT + 4, 2, capability);
    fake_pci_set(hw, AT + 6, 2, control);
}

static struct pci_function *start(void)
{
    return pci_find(fake_pci_start(&fake), 0, PCI_RID(0, 0x1c, 0));
}

static unsigned missing(const struct pci_function *f, const struct pci_group_options *options)
{
    const struct pci_quirk *quirk;

    return pci_acs_missing(f, options, &quirk);
}

TEST(capability_and_control_are_read)
{
    struct pci_function *f;

    device(0x00011234, PCI_EXP_ROOT_PORT);
    acs(0x005f, 0x0011);
    f = start();
    CHECK_EQ(f->cap_acs, AT);
    CHECK_EQ(f->acs_capability, 0x5f);
    CHECK_EQ(f->acs_control, 0x11);
    CHECK_EQ(missing(f, &plain), 0x0c);
}

TEST(a_function_without_the_capability_has_none)
{
    struct pci_function *f;

    device(0x00011234, PCI_EXP_ROOT_PORT);
    f = start();
    CHECK_EQ(f->cap_acs, 0);
    pci_acs_enable(f);
    CHECK_EQ(f->acs_control, 0);
    CHECK_EQ(missing(f, &plain), ISOLATION);
}

TEST(what_is_offered_is_switched_on_and_the_rest_left)
{
    struct pci_function *f;

    device(0x00011234, PCI_EXP_ROOT_PORT);
    acs(0x7f, 0x42);
    f = start();
    pci_acs_enable(f);
    CHECK_EQ(fake_pci_get(hw, AT + 6, 2), 0x42 | ISOLATION);
    CHECK_EQ(f->acs_control, 0x42 | ISOLATION);
    CHECK_EQ(missing(f, &plain), 0);
    /* Offered is SV only. */
    acs(PCI_ACS_SV, 0);
    f = start();
    pci_acs_enable(f);
    CHECK_EQ(fake_pci_get(hw, AT + 6, 2), PCI_ACS_SV);
}

TEST(what_hardware_does_not_take_is_not_on)
{
    struct pci_function *f;

    device(0x00011234, PCI_EXP_ROOT_PORT);
    acs(0x1f, 0);
    f = start();
    fake.read_only = true;
    pci_acs_enable(f);
    CHECK_EQ(f->acs_control, 0);
}

TEST(nobodys_bus_mastering_changes)
{
    device(0x00011234, PCI_EXP_ENDPOINT);
    acs(0x0c, 0);
    pci_acs_enable(start());
    CHECK_EQ(fake_pci_get(hw, 0x04, 2), 0x0003); /* as enumeration left it: not a master */
    device(0x00011234, PCI_EXP_ENDPOINT);
    acs(0x0c, 0);
    pci_acs_enable(pci_first(pci_enumerate(&fake_pci_host, &fake, NULL, 0, false)));
    CHECK_EQ(fake_pci_get(hw, 0x04, 2), 0x0007);
}

TEST(a_single_function_needs_nothing)
{
    static const enum pci_express_type types[] = { PCI_EXP_ENDPOINT, PCI_EXP_LEGACY_ENDPOINT,
                                                   PCI_EXP_UPSTREAM, PCI_EXP_ROOT_ENDPOINT };

    for (size_t i = 0; i < 4; i++) {
        struct pci_function *f;

        device(0x00011234, types[i]);
        f = start();
        CHECK_EQ(missing(f, &plain), 0);
        f->multifunction = true;
        CHECK_EQ(missing(f, &plain), PCI_ACS_RR | PCI_ACS_CR);
    }
}

TEST(bridges_to_conventional_buses_and_event_collectors_never_isolate)
{
    static const enum pci_express_type types[] = { PCI_EXP_TO_PCI_BRIDGE, PCI_EXP_FROM_PCI_BRIDGE,
                                                   PCI_EXP_EVENT_COLLECTOR };

    for (size_t i = 0; i < 3; i++) {
        device(0x00011234, types[i]);
        acs(0x1d, 0x1d);
        CHECK(missing(start(), &plain) != 0);
    }
    device(0x00011234, PCI_EXP_ENDPOINT);
    acs(0x1d, 0x1d);
    CHECK_EQ(missing(start(), &plain), 0);
}

/* ---- Sunrise Point: the control is at 8, both are dwords ---- */

TEST(dword_registers_are_found_where_they_are)
{
    struct pci_function *f;

    device(0xa1108086, PCI_EXP_ROOT_PORT);
    fake_pci_set(hw, AT, 4, 0x0001000d);
    fake_pci_set(hw, AT + 4, 4, 0x0000000f);
    fake_pci_set(hw, AT + 8, 4, 0x01);
    f = start();
    CHECK_EQ(f->acs_control, 0x01);
    CHECK_EQ(missing(f, &plain), 0x0c);
    pci_acs_enable(f);
    CHECK_EQ(fake_pci_get(hw, AT + 8, 4), 0x0d);
    CHECK_EQ(fake_pci_get(hw, AT + 4, 4), 0x0f);
    CHECK_EQ(f->acs_control, 0x0d);
    CHECK_EQ(missing(f, &plain), 0);

    /* The next id does as the specification says. */
    device(0xa1208086, PCI_EXP_ROOT_PORT);
    acs(0x0f, 0);
    f = start();
    pci_acs_enable(f);
    CHECK_EQ(fake_pci_get(hw, AT + 6, 2), 0x0d);
    CHECK_EQ(fake_pci_get(hw, AT + 8, 4), 0);
}

/* ---- Lynx Point: no capability, registers of the chip set ---- */

#define RCBA_AT FAKE_PCI_REGISTERS
#define BSPR 0x1104
#define UPDCR 0x1014

static void chipset(uint32_t rcba, uint32_t bspr, uint32_t updcr)
{
    device(0x8c108086, PCI_EXP_ROOT_PORT);
    fake_pci_set(fake_pci_add(&fake, 0, PCI_RID(0, 31, 0), 0x8c4f8086, 0x060100), 0xf0, 4, rcba);
    memcpy(fake.registers + BSPR, &bspr, 4);
    memcpy(fake.registers + UPDCR, &updcr, 4);
}

static uint32_t updcr(void)
{
    uint32_t value;

    memcpy(&value, fake.registers + UPDCR, 4);
    return value;
}

TEST(chipset_ports_stop_decoding_their_peers)
{
    struct pci_function *f;

    chipset(RCBA_AT | 1, 0x100, 0xffffffff); /* posted peer cycles are allowed */
    f = start();
    CHECK_EQ(missing(f, &plain), ISOLATION);
    pci_acs_enable(f);
    CHECK_EQ(updcr(), 0xffffffc0);
    CHECK_EQ(fake_pci_get(hw, 0xd8, 4), 1u << 26);
    CHECK_EQ(f->acs_control, ISOLATION);
    CHECK_EQ(missing(f, &plain), 0);
    CHECK_EQ(missing(f, &no_quirks), ISOLATION);
    CHECK_EQ(fake.bad_width_accesses, 0);
    CHECK_STR(fake.log, "");
}

TEST(chipset_straps_may_have_done_it)
{
    chipset(RCBA_AT | 1, 0x300, 0xffffffff);
    pci_acs_enable(start());
    CHECK_EQ(updcr(), 0xffffffff);
}

TEST(chipset_registers_are_mapped_once)
{
    struct pci_function *f;
    unsigned before;

    chipset(RCBA_AT | 1, 0x300, 0xffffffff);
    f = start();
    before = fake.maps;
    pci_acs_enable(f);
    pci_acs_enable(f);
    CHECK_EQ(fake.maps, before + 1);
}

TEST(a_chipset_that_takes_no_writes_is_believed_in_nothing)
{
    struct pci_function *f;

    chipset(RCBA_AT | 1, 0, 0x3f);
    f = start();
    fake.read_only = true;
    pci_acs_enable(f);
    CHECK_EQ(f->acs_control, 0);
    /* The straps forbid peers, but nobody checks sources. */
    chipset(RCBA_AT | 1, 0x300, 0x3f);
    f = start();
    fake.read_only = true;
    pci_acs_enable(f);
    CHECK_EQ(f->acs_control, PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_UF);
}

TEST(chipset_registers_that_are_not_to_be_had_leave_the_port_as_it_is)
{
    struct pci_function *f;

    chipset(RCBA_AT, 0, 0x3f); /* not enabled */
    f = start();
    pci_acs_enable(f);
    CHECK_EQ(f->acs_control, 0);
    CHECK_EQ(fake_pci_get(hw, 0xd8, 4), 0);
    CHECK(fake_pci_logged(&fake, "0000:00:1c.0 cannot be isolated"));

    chipset(RCBA_AT | 1, 0, 0x3f);
    f = start();
    fake.map_fails = true;
    f->pci = NULL; /* nothing of the hardware is needed to assume */
    pci_acs_assume_hidden(f);
    CHECK_EQ(f->acs_control, ISOLATION);

    /* No LPC bridge at all. */
    device(0x8c108086, PCI_EXP_ROOT_PORT);
    f = start();
    pci_acs_enable(f);
    CHECK_EQ(missing(f, &plain), ISOLATION);
}

TEST(an_endpoint_with_a_chipset_ports_id_is_none)
{
    device(0x8c108086, PCI_EXP_ENDPOINT);
    pci_acs_enable(start());
    CHECK_STR(fake.log, "");
}

TEST(what_another_system_has_done_is_assumed)
{
    struct pci_function *f;

    device(0xa1108086, PCI_EXP_ROOT_PORT);
    fake_pci_set(hw, AT, 4, 0x0001000d);
    fake_pci_set(hw, AT + 4, 4, 0x0f);
    f = start();
    pci_acs_assume_hidden(f);
    CHECK_EQ(f->acs_control, 0x0d);
    device(0x00011234, PCI_EXP_ROOT_PORT);
    acs(0x0f, 0);
    f = start();
    pci_acs_assume_hidden(f);
    CHECK_EQ(f->acs_control, 0);
    device(0x07101d17, PCI_EXP_ROOT_PORT); /* a quirk of another kind */
    acs(0x0f, 0);
    f = start();
    pci_acs_assume_hidden(f);
    CHECK_EQ(f->acs_control, 0);
}

/* ---- quirks decide ---- */

static const struct {
    uint32_t vendor_device;
    enum pci_express_type type;
    unsigned missing, without_quirks, with_amd;
} cases[] = {
    { 0x15218086, PCI_EXP_ENDPOINT, 0, 0x0c, 0 }, /* I350 */
    { 0x15258086, PCI_EXP_ENDPOINT, 0x0c, 0x0c, 0x0c },
    { 0x10fb8086, PCI_EXP_ENDPOINT, 0, 0x0c, 0 }, /* 82599 */
    { 0x15b88086, PCI_EXP_NONE, 0, 0x0c, 0 },          /* I219 */
    { 0x12348086, PCI_EXP_ROOT_ENDPOINT, 0, 0x0c, 0 }, /* Intel's root complex */
    { 0x12348086, PCI_EXP_NONE, 0x0c, 0x0c, 0x0c },
    { 0x12341022, PCI_EXP_ROOT_ENDPOINT, 0x0c, 0x0c, 0x0c }, /* AMD promises nothing */
    { 0x780f1022, PCI_EXP_NONE, 0x0c, 0x0c, 0 },             /* AMD south bridge */
    { 0x43851002, PCI_EXP_NONE, 0x0c, 0x0c, 0 },             /* ATI south bridge */
    { 0x790e1022, PCI_EXP_NONE, 0x0c, 0x0c, 0x0c },
    { 0x07101d17, PCI_EXP_ROOT_PORT, 0, 0x1d, 0 }, /* Zhaoxin */
    { 0x071f1d17, PCI_EXP_ROOT_PORT, 0x1d, 0x1d, 0x1d },
    { 0x07211d17, PCI_EXP_DOWNSTREAM, 0, 0x1d, 0 },
    { 0x07521d17, PCI_EXP_ROOT_PORT, 0, 0x1d, 0 },
    { 0x07101d17, PCI_EXP_ENDPOINT, 0x0c, 0x0c, 0x0c },
};

TEST(quirks_decide_where_they_hold)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct pci_quirk *quirk;
        struct pci_function *f;

        device(cases[i].vendor_device, cases[i].type);
        f = start();
        f->multifunction = true;
        CHECK_EQ(pci_acs_missing(f, &plain, &quirk), cases[i].missing);
        CHECK_EQ(quirk != NULL, cases[i].missing != cases[i].without_quirks);
        CHECK_EQ(missing(f, &no_quirks), cases[i].without_quirks);
        CHECK_EQ(missing(f, &amd), cases[i].with_amd);
    }
}

TEST(a_quirk_that_decides_nothing_is_not_named)
{
    const struct pci_quirk *quirk;

    device(0x15218086, PCI_EXP_ENDPOINT); /* I350, one function */
    CHECK_EQ(pci_acs_missing(start(), &plain, &quirk), 0);
    CHECK(quirk == NULL);
    device(0xa1108086, PCI_EXP_ROOT_PORT); /* Sunrise Point without the capability */
    CHECK_EQ(pci_acs_missing(start(), &plain, &quirk), ISOLATION);
    CHECK(quirk == NULL);
}

TEST(a_south_bridge_is_one_on_the_root_bus_only)
{
    struct pci_function *f, above = { .rid = 0x10 };

    device(0x780f1022, PCI_EXP_NONE);
    f = start();
    f->multifunction = true;
    CHECK_EQ(missing(f, &amd), 0);
    f->multifunction = false;
    CHECK_EQ(missing(f, &amd), 0x0c);
    f->multifunction = true;
    f->parent = &above;
    CHECK_EQ(missing(f, &amd), 0x0c);
}

TEST(bits_have_names)
{
    char text[32];

    CHECK_EQ(pci_acs_names(0x7f, text, sizeof(text)), 20);
    CHECK_STR(text, "SV TB RR CR UF EC DT");
    CHECK_EQ(pci_acs_names(0, text, sizeof(text)), 0);
    CHECK_STR(text, "");
    CHECK_EQ(pci_acs_names(ISOLATION, text, 6), 5);
    CHECK_STR(text, "SV RR");
}
