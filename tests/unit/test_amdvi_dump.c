/* SPDX-License-Identifier: BSD-2-Clause */
/* amd/amdvi_dump.c on the model: registers, rings and interrupt entries as they are, by name. */
#include "test.h"

#include "amdvi_model.h"
#include "iommu/iommu.h"
#include "look.h"

#define RID 0x0010
#define OTHER 0x0018
#define BEYOND 0x0200

struct machine {
    struct amdvi_model *m;
    struct iommu *iommu;
    struct iommu_device *device, *other;
};
static struct look *look;

static const struct iommu_debug_visitor *visitor(void)
{
    look = look_anew();
    return &look->visitor;
}

static struct iommu_device *add(struct machine *d, uint16_t rid)
{
    struct iommu_device *device;

    amdvi_model_function(d->m, 0, rid);
    CHECK_OK(iommu_add_device(
        d->iommu, &(struct iommu_device_desc) { .rids = { rid }, .rid_count = 1 }, &device));
    return device;
}

static struct machine *started(const struct amdvi_model_config *config, enum iommu_irq_mode mode,
                               enum iommu_irq_format format)
{
    struct machine *d = calloc(1, sizeof(*d));
    struct iommu_config iommu = { .irq = { .mode = mode, .format = format } };
    uint8_t table[4096];

    d->m = amdvi_model_create(config);
    CHECK_OK(iommu_create(amdvi_model_platform(d->m), amdvi_model_ctx(d->m), &iommu, &d->iommu));
    CHECK_OK(iommu_add_table(d->iommu, table, amdvi_model_ivrs(d->m, table, sizeof(table))));
    d->device = add(d, RID);
    d->other = add(d, OTHER);
    CHECK_OK(iommu_start(d->iommu));
    return d;
}

static struct machine *plain(void)
{
    struct amdvi_model_config config = amdvi_model_default();

    return started(&config, IOMMU_IRQ_OFF, IOMMU_IRQ_FORMAT_AUTO);
}

static struct machine *remapping(enum iommu_irq_format format)
{
    struct amdvi_model_config config = amdvi_model_default();

    return started(&config, IOMMU_IRQ_AUTO, format);
}

static void abandoned(struct machine *d)
{
    amdvi_model_destroy(d->m);
    free(d);
}

static void ended(struct machine *d)
{
    iommu_destroy(d->iommu);
    CHECK_STR(amdvi_model_violation_text(d->m), "");
    CHECK_EQ(amdvi_model_live_pages(d->m), 0);
    CHECK_EQ(amdvi_model_live_windows(d->m), 0);
    abandoned(d);
}

static bool seen(const char *name)
{
    for (size_t i = 0; i < look->count; i++)
        if (strcmp(look->items[i].name, name) == 0)
            return true;
    return false;
}

TEST(registers_are_the_units)
{
    struct machine *d = plain();

    CHECK_OK(iommu_debug_registers(d->iommu, 0, visitor()));
    CHECK_EQ(look_item(look, "CONTROL")->words[0], amdvi_model_reg64(d->m, 0, ASPEC_CONTROL));
    CHECK_EQ(look_item(look, "DEV_TAB")->words[0], amdvi_model_reg64(d->m, 0, ASPEC_DEV_TAB));
    CHECK_EQ(look_item(look, "EFR")->words[0], amdvi_model_reg64(d->m, 0, ASPEC_EFR));
    CHECK(look_has(look, "CONTROL", "IommuEn=1() HtTunEn=0() EventLogEn=1()"));
    CHECK(look_has(look, "STATUS", "EventLogRun=1() CmdBufRun=1()"));
    CHECK(look_has(look, "EFR", "HATS=2(host tables: 0 to 2 are 4 to 6 levels, 3 none)"));
    CHECK(look_has(look, "PCI capability header", "CapId=f() CapPtr="));
    CHECK_EQ(look_item(look, "PCI capability header")->at, AMDVI_MODEL_CAPABILITY);
    CHECK(look_has(look, "PCI base low", "Enable=1() Base31:14=fd000000()"));
    CHECK(look_has(look, "DEV_TAB", "Size=3()")); /* ids to 01FFh: 4 pages */
    CHECK(seen("XT_GENERAL"));
    CHECK(!seen("PPR_B_BASE"));
    CHECK(!seen("DEV_TAB_SEGMENT"));
    CHECK(!seen("PERF_OPT"));
    CHECK(seen("PCI miscellaneous 1"));
    CHECK(!look_noted(look, "other features"));
    CHECK_EQ(iommu_debug_registers(d->iommu, 1, visitor()), IOMMU_ERR_NOT_FOUND);
    ended(d);
}

TEST(registers_follow_what_the_unit_has)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct machine *d;

    spec_put(&config.units[0].efr, ASPEC_EFR_DEV_TBL_SEG_SUP, 2);
    spec_put(&config.units[0].efr, ASPEC_EFR_XT_SUP, 0);
    d = started(&config, IOMMU_IRQ_OFF, IOMMU_IRQ_FORMAT_AUTO);
    CHECK_OK(iommu_debug_registers(d->iommu, 0, visitor()));
    CHECK(!seen("XT_GENERAL"));
    CHECK_EQ(look_item(look, "DEV_TAB_SEGMENT")->index, 1);
    CHECK_EQ(look_item(look, "DEV_TAB_SEGMENT")->at, 0x100);
    ended(d);
}

/* CapExt is bit 28 of the capability header, EFRSup bit 27 (AMD-Vi §3.2). */
TEST(words_follow_the_capability_header)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct machine *d;

    config.units[0].header &= ~(1u << 28);
    d = started(&config, IOMMU_IRQ_OFF, IOMMU_IRQ_FORMAT_AUTO);
    CHECK_OK(iommu_debug_registers(d->iommu, 0, visitor()));
    CHECK(!seen("PCI miscellaneous 1"));
    CHECK(seen("EFR"));
    ended(d);
    config.units[0].header &= ~(1u << 27);
    config.units[0].efr = config.units[0].efr2 = 0;
    d = started(&config, IOMMU_IRQ_OFF, IOMMU_IRQ_FORMAT_AUTO);
    CHECK_OK(iommu_debug_registers(d->iommu, 0, visitor()));
    CHECK(!seen("EFR"));
    ended(d);
}

TEST(a_table_with_other_features_is_noted)
{
    struct machine *d = plain();

    amdvi_model_poke64(d->m, 0, ASPEC_EFR, amdvi_model_reg64(d->m, 0, ASPEC_EFR) ^ 1);
    CHECK_OK(iommu_debug_registers(d->iommu, 0, visitor()));
    CHECK(look_noted(look, "other features"));
    abandoned(d);
}

TEST(rings_show_the_newest_entries)
{
    struct machine *d = plain();
    uint64_t tail, base, value;

    /* AMD-Vi §2.4.3: domain 5, GN = 0, address 12345000h. */
    CHECK_OK(iommu_debug_queue_submit(d->iommu, 0, 3ull << 60 | 5ull << 32, 0x12345000));
    CHECK_OK(iommu_debug_queues(d->iommu, 0, 2, visitor()));
    tail = amdvi_model_reg64(d->m, 0, ASPEC_CMD_TAIL);
    base = amdvi_model_reg64(d->m, 0, ASPEC_CMD_BASE) & 0xffffffffff000ull;
    CHECK_EQ(look_item(look, "INVALIDATE_IOMMU_PAGES")->at, base + tail - 32);
    CHECK(look_has(look, "INVALIDATE_IOMMU_PAGES", "state=0(fetched) PASID=0() DomainID=5()"));
    CHECK(look_has(look, "INVALIDATE_IOMMU_PAGES", "Address=12345000()"));
    CHECK(look_has(look, "COMPLETION_WAIT", "S=1() I=0() F=0() StoreAddress="));
    CHECK(!look_noted(look, "Run = 0"));
    (void)amdvi_model_dma(d->m, 0, RID, 0x777000, &value, sizeof(value), true);
    CHECK_OK(iommu_debug_queues(d->iommu, 0, 1, visitor()));
    CHECK(look_has(look, "IO_PAGE_FAULT", "DeviceID=10() DomainID=0()"));
    CHECK(look_has(look, "IO_PAGE_FAULT", "Address=777000()"));
    CHECK_OK(iommu_stop(d->iommu));
    CHECK_OK(iommu_debug_queues(d->iommu, 0, 1, visitor()));
    CHECK(look_noted(look, "CmdBufRun = 0"));
    CHECK(look_noted(look, "EventLogRun = 0"));
    ended(d);
}

/* Three registers a ring; each id was flushed at start, so that all slots for commands were used,
 * and none for events. */
TEST(rings_are_shown_as_far_as_they_were_used)
{
    struct machine *d = plain();

    CHECK_OK(iommu_debug_queues(d->iommu, 0, 1000, visitor()));
    CHECK_EQ(look->count, 512 + 6);
    ended(d);
}

TEST(commands_that_wait)
{
    struct machine *d = plain();
    uint64_t base = amdvi_model_reg64(d->m, 0, ASPEC_CMD_BASE) & 0xffffffffff000ull,
             low = 3ull << 60 | 5ull << 32;

    /* The newest of 256 is the last before the tail. */
    memcpy(amdvi_model_ram(d->m, base + 199 * 16, 8), &low, 8);
    amdvi_model_poke64(d->m, 0, ASPEC_CMD_HEAD, 199 << 4);
    amdvi_model_poke64(d->m, 0, ASPEC_CMD_TAIL, 200 << 4);
    CHECK_OK(iommu_debug_queues(d->iommu, 0, 1, visitor()));
    CHECK_EQ(look_item(look, "INVALIDATE_IOMMU_PAGES")->index, 199);
    CHECK(look_has(look, "INVALIDATE_IOMMU_PAGES", "state=1(not fetched yet)"));
    abandoned(d);
}

TEST(rings_outside_of_memory_and_no_way_to_read)
{
    struct machine *d = plain();

    amdvi_model_poke64(d->m, 0, ASPEC_CMD_BASE, 0x09000000ull << 32 | 0x7f000000);
    CHECK_OK(iommu_debug_queues(d->iommu, 0, 8, visitor()));
    CHECK(look_noted(look, "the ring lies where there is no memory"));
    amdvi_model_platform_edit(d->m)->memory_map = NULL;
    CHECK_EQ(iommu_debug_queues(d->iommu, 0, 8, visitor()), IOMMU_ERR_UNSUPPORTED);
    CHECK_EQ(iommu_debug_queues(d->iommu, 1, 8, visitor()), IOMMU_ERR_NOT_FOUND);
    abandoned(d);
}

static struct iommu_irqs *routed(struct machine *d)
{
    struct iommu_irqs *irqs;

    CHECK_OK(iommu_irq_alloc(d->device, 1, &irqs));
    CHECK_OK(iommu_irq_route(irqs, 0, &(struct iommu_irq_target) { .apic_id = 5, .vector = 0x40 }));
    return irqs;
}

TEST(interrupt_entries_of_both_widths)
{
    static const struct {
        enum iommu_irq_format format;
        unsigned bits;
    } formats[] = { { IOMMU_IRQ_FORMAT_LEGACY, 32 }, { IOMMU_IRQ_FORMAT_AUTO, 128 } };
    struct iommu_debug_irq_filter all = { 0 }, one = { .has_rid = true, .rid = RID },
                                  other = { .has_rid = true, .rid = OTHER };

    for (size_t i = 0; i < 2; i++) {
        struct machine *d = remapping(formats[i].format);
        struct iommu_irqs *irqs;
        struct iommu_msi message;

        CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &all, visitor()));
        CHECK(look_noted(look, "no id has a table"));
        irqs = routed(d);
        CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &all, visitor()));
        CHECK_EQ(look->count, 3); /* DEV_TAB, the device table entry, and it */
        CHECK_EQ(look_item(look, "interrupt entry")->bits, formats[i].bits);
        iommu_irq_message(irqs, 0, &message);
        CHECK_EQ(look_item(look, "interrupt entry")->index,
                 message.data); /* §2.2.5: it names the entry */
        CHECK(look_has(look, "interrupt entry", "RemapEn=1() SupIOPF=0() IntType=0(fixed)"));
        CHECK(look_has(look, "interrupt entry", "Vector=40()"));
        CHECK(look_has(look, "interrupt entry", "Destination=5("));
        CHECK(look_has(look, "device table entry", "IntCtl=2(remap)"));
        CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &one, visitor()));
        CHECK_EQ(look->count, 3);
        CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &other, visitor()));
        CHECK(look_noted(look, "not remapped"));
        CHECK_OK(iommu_irq_free(irqs));
        ended(d);
    }
}

TEST(interrupt_entry_by_index)
{
    struct iommu_debug_irq_filter filter = {
        .has_rid = true, .has_index = true, .rid = RID, .index = 7
    };
    struct machine *d = remapping(IOMMU_IRQ_FORMAT_AUTO);
    struct iommu_irqs *irqs = routed(d);

    CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &filter, visitor()));
    CHECK_EQ(look_item(look, "interrupt entry")->index, 7); /* though it is all zero */
    filter.index = 512;
    CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &filter, visitor()));
    CHECK(look_noted(look, "beyond the table"));
    CHECK(!seen("interrupt entry"));
    filter.rid = BEYOND;
    CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &filter, visitor()));
    CHECK(look_noted(look, "the device table has no entry for the id"));
    CHECK_OK(iommu_irq_free(irqs));
    ended(d);
}

/* Bytes 16 to 23 of an id's device table entry: IV, IntTabLen, the table, IntCtl (AMD-Vi §2.2.2).
 */
static uint64_t *interrupt_word(struct machine *d, uint16_t rid)
{
    return amdvi_model_ram(
        d->m, (amdvi_model_reg64(d->m, 0, ASPEC_DEV_TAB) & ASPEC_DEV_TAB_ADDR) + rid * 32u + 16, 8);
}

static uint64_t *first_entry(struct machine *d)
{
    return amdvi_model_ram(d->m, *interrupt_word(d, RID) & 0xfffffffffffc0ull, 16);
}

/* AMD-Vi §2.2.5: GuestMode is bit 7; bits 31:24 of a destination are the highest of the second
 * word. */
TEST(guest_entries_and_wide_destinations)
{
    struct iommu_debug_irq_filter filter = { .has_rid = true, .has_index = true, .rid = RID };
    struct machine *d = remapping(IOMMU_IRQ_FORMAT_AUTO);
    uint64_t *entry;

    (void)routed(d);
    entry = first_entry(d);
    entry[0] = 5u << 8 | 1;
    entry[1] = 0x12ull << 56 | 0x40;
    CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &filter, visitor()));
    CHECK(look_has(look, "interrupt entry", "Destination=12000005(APIC id)"));
    CHECK(!look_has(look, "interrupt entry", "GATag="));
    entry[0] |= 1u << 7;
    CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &filter, visitor()));
    CHECK(look_has(look, "interrupt entry", "GATag="));
    abandoned(d);
}

TEST(interrupt_tables_that_are_shared_off_or_too_long)
{
    struct iommu_debug_irq_filter all = { 0 }, one = { .has_rid = true, .rid = RID };
    struct machine *d = remapping(IOMMU_IRQ_FORMAT_AUTO);

    (void)routed(d);
    *interrupt_word(d, OTHER) = *interrupt_word(d, RID);
    CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &all, visitor()));
    CHECK_EQ(look->count, 3);            /* as if one had it */
    *interrupt_word(d, RID) |= 15u << 1; /* 32,768 entries, of which no table has more than 2,048 */
    first_entry(d)[2 * 3000] = 1;
    CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &one, visitor()));
    for (size_t i = 0; i < look->count; i++)
        CHECK(strcmp(look->items[i].name, "interrupt entry") != 0 || look->items[i].index < 2048);
    *interrupt_word(d, RID) &= ~1ull;
    CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &one, visitor()));
    CHECK(look_noted(look, "not remapped"));
    abandoned(d);
}

TEST(no_interrupt_entries_of_a_unit_that_is_off)
{
    struct iommu_debug_irq_filter all = { 0 };
    struct machine *d = remapping(IOMMU_IRQ_FORMAT_AUTO);

    CHECK_OK(iommu_stop(d->iommu));
    CHECK_EQ(iommu_debug_irq_entries(d->iommu, 0, &all, visitor()), IOMMU_ERR_UNSUPPORTED);
    ended(d);
}

TEST(interrupt_table_outside_of_memory)
{
    struct iommu_debug_irq_filter filter = { 0 };
    struct machine *d = remapping(IOMMU_IRQ_FORMAT_AUTO);
    uint64_t at, word = 2ull << 60 | 0x7f000000 | 9 << 1 | 1;

    at = (amdvi_model_reg64(d->m, 0, ASPEC_DEV_TAB) & ASPEC_DEV_TAB_ADDR) + OTHER * 32 + 16;
    memcpy(amdvi_model_ram(d->m, at, 8), &word, 8);
    CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &filter, visitor()));
    CHECK(look_noted(look, "the interrupt table lies where there is no memory"));
    abandoned(d);
}
