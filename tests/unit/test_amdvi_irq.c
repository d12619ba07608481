/* SPDX-License-Identifier: BSD-2-Clause */
/* amd/amdvi_irq.c: which capability and which registers get the unit's message, in which order. */
#include "test.h"

#include "amd/amdvi.h"
#include "fake_amdvi.h"

#define RID 0x0002
#define MSI 0x64u
#define XT 0x170u
#define CONTROL 0x18u
#define XT_SUP 0x4u
#define INT_CAP_XT_EN (1ull << 51)

static struct fake_amdvi fake;
static struct iommu *iommu;
static struct amdvi_unit unit;
static struct fake_amdvi_function *function;

static void prepare(uint64_t efr)
{
    memset(&unit, 0, sizeof(unit));
    fake_amdvi_init(&fake, 64);
    function = fake_amdvi_iommu(&fake, 0, RID, 0);
    CHECK_OK(iommu_create(&fake.memory.platform, &fake, NULL, &iommu));
    unit.base.iommu = iommu;
    unit.base.platform = &fake.memory.platform;
    unit.base.ctx = &fake;
    unit.base.index = 2;
    unit.rid = RID;
    unit.efr = efr;
    unit.regs = (struct reg_window){ .platform = &fake.memory.platform, .ctx = &fake,
                                     .base = fake.units[0].registers, .len = FAKE_AMDVI_LEN };
}

static void finish(void)
{
    iommu_destroy(iommu);
    fake_amdvi_free(&fake);
}

static uint32_t config(unsigned offset, unsigned width)
{
    return fake_amdvi_config_get(function, offset, width);
}

/* PCI 3.0 §6.8.1: 64-bit message at +4, +8 and +Ch; one message. Control bits 3 and 4: own interrupts. */
TEST(message_goes_into_the_first_msi_capability)
{
    prepare(0);
    fake_amdvi_config(function, MSI + 2, 2, 0x00f0); /* firmware had more messages */
    fake_amdvi_config(function, MSI + 8, 4, 0x12345678);
    amdvi_irq_enable(&unit);
    CHECK_EQ(config(MSI + 4, 4), 0xfee05000);
    CHECK_EQ(config(MSI + 8, 4), 0);
    CHECK_EQ(config(MSI + 12, 2), 0x43); /* unit 2 */
    CHECK_EQ(config(MSI + 2, 2), 0x0081);
    CHECK_EQ(config(0x04, 2) & 4, 4);
    CHECK_EQ(config(0x58 + 2, 2), 0x0080); /* the second is left alone */
    CHECK_EQ(config(0x58 + 4, 4), 0);
    CHECK_EQ(fake_amdvi_get(&fake, 0, CONTROL), 0x18);
    CHECK_EQ(fake_amdvi_get(&fake, 0, XT), 0);
    CHECK(unit.event_interrupt);
    finish();
}

/* Without bit 7 data lies at +8, and without mask bits nothing behind it is the capability's. */
TEST(message_of_32_bits)
{
    prepare(0);
    fake_amdvi_config(function, MSI + 2, 2, 0);
    fake_amdvi_config(function, MSI + 12, 4, 0x55aa55aa);
    amdvi_irq_enable(&unit);
    CHECK_EQ(config(MSI + 4, 4), 0xfee05000);
    CHECK_EQ(config(MSI + 8, 2), 0x43);
    CHECK_EQ(config(MSI + 12, 4), 0x55aa55aa);
    CHECK_EQ(config(MSI + 2, 2), 1);
    finish();
}

TEST(mask_bits_are_cleared)
{
    prepare(0);
    fake_amdvi_config(function, MSI + 2, 2, 0x0180);
    fake_amdvi_config(function, MSI + 16, 4, 0xffffffff);
    amdvi_irq_enable(&unit);
    CHECK_EQ(config(MSI + 16, 4), 0);
    finish();
}

/*
 * Destination AB012345h, logical, lowest priority, vector 44h: 31:8 and 63:56, 2, 40, 39:32 (AMD-Vi §3.3). In the
 * message the upper 24 bits of the destination are 63:40.
 */
TEST(xt_registers_take_32_bits_of_destination)
{
    prepare(XT_SUP);
    fake.message = (struct iommu_msi){ 0xab0123ull << 40 | 0xfee45004, 0x142 };
    amdvi_irq_enable(&unit);
    CHECK_EQ(fake_amdvi_get(&fake, 0, XT), 0xabull << 56 | 1ull << 40 | 0x44ull << 32 | 0x012345u << 8 | 4);
    CHECK_EQ(fake_amdvi_get(&fake, 0, CONTROL), INT_CAP_XT_EN | 0x18);
    CHECK_EQ(config(MSI + 2, 2) & 1, 0); /* no message of 8 bits reaches that CPU */
    CHECK(unit.event_interrupt);
    finish();
}

/* A part that wants XTEn for its XT registers would be silent. */
TEST(message_that_msi_can_carry_does_not_use_the_xt_registers)
{
    prepare(XT_SUP);
    amdvi_irq_enable(&unit);
    CHECK_EQ(fake_amdvi_get(&fake, 0, XT), 0);
    CHECK_EQ(fake_amdvi_get(&fake, 0, CONTROL), 0x18);
    CHECK_EQ(config(MSI + 4, 4), 0xfee05000);
    CHECK_EQ(config(MSI + 12, 2), 0x43);
    finish();
}

TEST(destination_that_cannot_be_reached_is_reported)
{
    prepare(0);
    fake.message.address |= 1ull << 40;
    amdvi_irq_enable(&unit);
    CHECK(!unit.event_interrupt);
    CHECK_EQ(fake_amdvi_get(&fake, 0, CONTROL), 0);
    CHECK_EQ(fake.config_writes, 0);
    CHECK(fake_amdvi_logged(&fake, "no interrupt of its own: address=0x100fee05000 msi-capability=0x64"));
    finish();
}

static void no_capability(void) { fake_amdvi_config(function, 0x06, 2, 0); }
static void empty_list(void) { fake_amdvi_config(function, 0x34, 1, 0); }
static void no_writes(void) { fake.memory.platform.pci_write = NULL; }
static void list_in_a_circle(void) { fake_amdvi_config(function, 0x64, 2, 0x6408); }
static void absent_function(void) { fake.function_count = 0; }

TEST(unit_without_a_usable_capability_says_so)
{
    static void (*const spoil[])(void) = { no_capability, empty_list, no_writes, list_in_a_circle, absent_function };

    for (size_t i = 0; i < sizeof(spoil) / sizeof(spoil[0]); i++) {
        prepare(0);
        spoil[i]();
        amdvi_irq_enable(&unit);
        CHECK(!unit.event_interrupt);
        CHECK_EQ(fake_amdvi_get(&fake, 0, CONTROL), 0);
        CHECK(fake_amdvi_logged(&fake, "no interrupt of its own"));
        finish();
    }
}

/* Neither is an error: events are found by looking. */
TEST(platform_without_an_interrupt_is_not_asked_twice)
{
    prepare(0);
    fake.no_message = true;
    amdvi_irq_enable(&unit);
    fake.memory.platform.fault_interrupt = NULL;
    amdvi_irq_enable(&unit);
    CHECK(!unit.event_interrupt);
    CHECK_EQ(fake.config_writes + fake.write_count, 0);
    finish();
}

TEST(disabling_leaves_nothing_on)
{
    prepare(XT_SUP);
    amdvi_irq_enable(&unit);
    amdvi_irq_disable(&unit);
    CHECK_EQ(fake_amdvi_get(&fake, 0, CONTROL), 0);
    CHECK_EQ(fake_amdvi_get(&fake, 0, XT), 0);
    CHECK_EQ(config(MSI + 2, 2) & 1, 0);
    CHECK(!unit.event_interrupt);
    finish();
}

/* MSI is off while its words change, and Control lets interrupts out last. */
static uint32_t enabled_while_changing;

static void watch_write(void *ctx, uint16_t segment, uint16_t rid, uint16_t offset, unsigned width, uint32_t value)
{
    (void)ctx;
    (void)segment;
    (void)rid;
    if (offset >= MSI + 4 && offset < MSI + 0x14)
        enabled_while_changing |= config(MSI + 2, 2) & 1;
    enabled_while_changing |= (fake_amdvi_get(&fake, 0, CONTROL) & 0x18) != 0;
    fake_amdvi_config(function, offset, width, value);
}

TEST(nothing_is_sent_while_the_message_changes)
{
    prepare(0);
    fake_amdvi_config(function, MSI + 2, 2, 0x0081); /* firmware left it on */
    fake.memory.platform.pci_write = watch_write;
    enabled_while_changing = 0;
    amdvi_irq_enable(&unit);
    CHECK_EQ(enabled_while_changing, 0);
    CHECK_EQ(config(MSI + 2, 2) & 1, 1);
    finish();
}
