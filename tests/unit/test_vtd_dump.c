/* SPDX-License-Identifier: BSD-2-Clause */
/* intel/vtd_dump.c on the model: registers, queue and interrupt entries as they are, by name. */
#include "test.h"

#include "irq_rig.h"
#include "look.h"

static struct look *look;

static const struct iommu_debug_visitor *visitor(void)
{
    look = look_anew();
    return &look->visitor;
}

static size_t items_named(const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < look->count; i++)
        count += strcmp(look->items[i].name, name) == 0;
    return count;
}

TEST(registers_are_the_units)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    const char *line;

    CHECK_OK(iommu_debug_registers(d->iommu, 0, visitor()));
    CHECK_EQ(look_item(look, "GSTS")->words[0], vtd_model_reg32(d->m, 0, SPEC_GSTS));
    CHECK_EQ(look_item(look, "GSTS")->bits, 32);
    CHECK_EQ(look_item(look, "RTADDR")->words[0], vtd_model_reg64(d->m, 0, SPEC_RTADDR));
    CHECK_EQ(look_item(look, "CAP")->words[0], config.units[0].cap);
    CHECK_EQ(look_item(look, "ECAP")->words[0], config.units[0].ecap);
    CHECK(look_has(look, "GSTS", "TES=1() RTPS=1() WBFS=0() QIES=1()"));
    CHECK(look_has(look, "VER", "MAX=1() MIN=0()"));
    CHECK(look_has(look, "CAP", "MAMV=12(largest address mask of a page-selective invalidation)"));
    CHECK(look_has(look, "ECAP", "QI=1(invalidation queue)"));
    line = look_line(look, "CAP");
    CHECK(strstr(line, "QI=1(invalidation queue)") > line + strcspn(line, "\n")); /* in ECAP's */
    CHECK_EQ(look_item(look, "IOTLB")->at, spec_get(config.units[0].ecap, SPEC_ECAP_IRO) * 16 + 8);
    CHECK_EQ(items_named("FRCD"), spec_get(config.units[0].cap, SPEC_CAP_NFR) + 1);
    CHECK(look_has(look, "IQA", "DW=0() QS=0()"));
    CHECK_EQ(look_item(look, "FRCD")->at, spec_get(config.units[0].cap, SPEC_CAP_FRO) * 16);
    /* The default unit has no protected regions, interrupt remapping, page requests. */
    for (size_t i = 0; i < look->count; i++)
        CHECK(strcmp(look->items[i].name, "PMEN") != 0 &&
              strcmp(look->items[i].name, "IRTA") != 0 && strcmp(look->items[i].name, "PQA") != 0);
    CHECK_EQ(iommu_debug_registers(d->iommu, 1, visitor()), IOMMU_ERR_NOT_FOUND);
    driver_destroy(d);
}

TEST(registers_follow_what_the_unit_has)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    spec_put(&config.units[0].cap, SPEC_CAP_PLMR, 1);
    spec_put(&config.units[0].ecap, SPEC_ECAP_QI, 0);
    d = driver_started(&config);
    vtd_model_poke32(d->m, 0, SPEC_PMEN, 1u << 31);
    CHECK_OK(iommu_debug_registers(d->iommu, 0, visitor()));
    CHECK(look_has(look, "PMEN", "EPM=1() PRS=0()"));
    (void)look_item(look, "PLMBASE");
    for (size_t i = 0; i < look->count; i++)
        CHECK(strcmp(look->items[i].name, "IQA") != 0 &&
              strcmp(look->items[i].name, "PHMBASE") != 0);
    CHECK_EQ(iommu_debug_queues(d->iommu, 0, 8, visitor()), IOMMU_ERR_UNSUPPORTED);
    driver_destroy(d);
}

/* VT-d §11.4.6.1; §11.4.11, whose registers the model reads as 0: their masks are
 * test_vtd_regs.c's. */
TEST(page_requests_and_the_last_context_command)
{
    static const struct {
        const char *name;
        uint64_t at;
        const char *fields;
    } wanted[] = {
        { "CCMD", 0x028, "DID=1234()" },     { "PQH", 0x0c0, "PQH=0()" },
        { "PQT", 0x0c8, "PQT=0()" },         { "PQA", 0x0d0, "PQA=0() PQS=0()" },
        { "PRS", 0x0dc, "PRO=0() PPR=0()" }, { "PECTL", 0x0e0, "IM=0() IP=0()" },
        { "PEDATA", 0x0e4, "IMD=0()" },      { "PEADDR", 0x0e8, "MA=0()" },
        { "PEUADDR", 0x0ec, "MUA=0()" },
    };
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    config.units[0].ecap |= 1ull << 29; /* PRS, VT-d §11.4.3 */
    d = driver_started(&config);
    vtd_model_poke64(d->m, 0, 0x028, 0x1234);
    CHECK_OK(iommu_debug_registers(d->iommu, 0, visitor()));
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        CHECK_EQ(look_item(look, wanted[i].name)->at, wanted[i].at);
        if (!look_has(look, wanted[i].name, wanted[i].fields))
            test_fail(__FILE__, __LINE__, "%s lacks %s", wanted[i].name, wanted[i].fields);
    }
    driver_abandon(d); /* reads of what the model has not are violations */
}

TEST(a_fault_stands_in_its_record)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;
    uint32_t value;

    config.fault_interrupts = false;
    d = driver_started(&config);
    CHECK_EQ(driver_read(d, DRIVER_RID, 0x12345678, &value), SPEC_FR_CONTEXT_P);
    CHECK_OK(iommu_debug_registers(d->iommu, 0, visitor()));
    CHECK(look_has(look, "FRCD", "FI=12345000() F=1()"));
    CHECK(look_has(look, "FRCD", "SID=10() FR=2()"));
    CHECK(look_has(look, "FSTS", "FRI=0() ITE=0() ICE=0() IQE=0() PPF=1()"));
    (void)iommu_poll_faults(d->iommu);
    driver_destroy(d);
}

TEST(queue_shows_the_newest_descriptors)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    uint64_t tail, base;

    /* VT-d §6.5.2.3: type 2, G = 11, domain 5, drained; address 12345000h, AM 1, IH. */
    CHECK_OK(iommu_debug_queue_submit(d->iommu, 0, 0x500f2, 0x12345041));
    CHECK_OK(iommu_debug_queues(d->iommu, 0, 2, visitor()));
    tail = vtd_model_reg64(d->m, 0, SPEC_IQT);
    base = vtd_model_reg64(d->m, 0, SPEC_IQA) & ~0xfffull;
    CHECK_EQ(look_item(look, "IOTLB invalidate")->index, tail / 16 - 2);
    CHECK_EQ(look_item(look, "IOTLB invalidate")->at, base + tail - 32);
    CHECK(
        look_has(look, "IOTLB invalidate",
                 "state=0(fetched) G=3(page) DW=1() DR=1() DID=5() AM=1() IH=1() ADDR=12345000()"));
    CHECK(look_has(look, "invalidation wait", "IF=0() SW=1()"));
    CHECK(!look_noted(look, "the queue is off"));
    CHECK_OK(iommu_stop(d->iommu));
    CHECK_OK(iommu_debug_queues(d->iommu, 0, 2, visitor()));
    CHECK(look_noted(look, "the queue is off"));
    driver_destroy(d);
}

/* Slots that never held anything are left out, and nothing is shown twice. Four are registers. */
TEST(queue_is_shown_once_as_far_as_it_was_used)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    size_t used = vtd_model_reg64(d->m, 0, SPEC_IQT) / 16;

    CHECK_OK(iommu_debug_queues(d->iommu, 0, 256, visitor()));
    CHECK_EQ(look->count, used + 4);
    CHECK_OK(iommu_debug_queues(d->iommu, 0, 1000, visitor()));
    CHECK_EQ(look->count, used + 4);
    driver_destroy(d);
}

/* VT-d §11.4.9.3: QS = 1 is two pages, 512 descriptors. */
TEST(queue_of_two_pages)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    uint64_t base = vtd_model_reg64(d->m, 0, SPEC_IQA) & ~0xfffull, low = 0x500f2;

    vtd_model_poke64(d->m, 0, SPEC_IQA, base | 1);
    vtd_model_poke64(d->m, 0, SPEC_IQH, 300 << 4);
    vtd_model_poke64(d->m, 0, SPEC_IQT, 300 << 4);
    memcpy(vtd_model_ram(d->m, base + 299 * 16, 8), &low, 8);
    CHECK_OK(iommu_debug_queues(d->iommu, 0, 1, visitor()));
    CHECK_EQ(look_item(look, "IOTLB invalidate")->index, 299);
    driver_abandon(d);
}

static const void *(*memory_map)(void *ctx, uint64_t pa, uint64_t len);

static const void *map_below_48_bits(void *ctx, uint64_t pa, uint64_t len)
{
    CHECK(pa + len <= 1ull << 48);
    return memory_map(ctx, pa, len);
}

/* Nobody is asked for what no unit can address. */
TEST(queue_beyond_every_width)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);

    memory_map = d->platform.memory_map;
    d->platform.memory_map = map_below_48_bits;
    vtd_model_poke64(d->m, 0, SPEC_IQA, 1ull << 51);
    CHECK_OK(iommu_debug_queues(d->iommu, 0, 8, visitor()));
    CHECK(look_noted(look, "the queue lies where there is no memory"));
    driver_abandon(d);
}

TEST(queue_outside_of_memory_and_refused)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);

    vtd_model_poke64(d->m, 0, SPEC_IQA, 0x7fff000000ull);
    CHECK_OK(iommu_debug_queues(d->iommu, 0, 8, visitor()));
    CHECK(look_noted(look, "the queue lies where there is no memory"));
    vtd_model_poke64(d->m, 0, SPEC_IQA, 1ull << 11);
    CHECK_OK(iommu_debug_queues(d->iommu, 0, 8, visitor()));
    CHECK(look_noted(look, "descriptors of 256 bits"));
    driver_abandon(d);
    d = driver_started(&config);
    d->platform.memory_map = NULL;
    CHECK_EQ(iommu_debug_queues(d->iommu, 0, 8, visitor()), IOMMU_ERR_UNSUPPORTED);
    CHECK_EQ(iommu_debug_queues(d->iommu, 1, 8, visitor()), IOMMU_ERR_NOT_FOUND);
    driver_destroy(d);
}

/* VT-d §6.5.2.5, Figure 6-5: PFSID lies in two places; §6.5.2.7: type Ah. */
TEST(descriptors_of_later_revisions)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    uint64_t tail = vtd_model_reg64(d->m, 0, SPEC_IQT),
             low = 0x123ull << 52 | 0x1238ull << 32 | 0x8003;
    uint8_t *newest =
        vtd_model_ram(d->m, (vtd_model_reg64(d->m, 0, SPEC_IQA) & ~0xfffull) + tail - 16, 8);

    memcpy(newest, &low, 8);
    CHECK_OK(iommu_debug_queues(d->iommu, 0, 1, visitor()));
    CHECK(look_has(look, "device-TLB invalidate", "SID=1238() PFSID15:4=123() PFSID3:0=8()"));
    low = 0x00a;
    memcpy(newest, &low, 8);
    CHECK_OK(iommu_debug_queues(d->iommu, 0, 1, visitor()));
    (void)look_item(look, "HPT cache invalidate");
    driver_destroy(d);
}

TEST(descriptors_of_no_known_type)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    uint64_t base = vtd_model_reg64(d->m, 0, SPEC_IQA) & ~0xfffull, low = 0x1e0e,
             tail = vtd_model_reg64(d->m, 0, SPEC_IQT);

    memcpy(vtd_model_ram(d->m, base + tail - 16, 8), &low, 8);
    CHECK_OK(iommu_debug_queues(d->iommu, 0, 1, visitor()));
    CHECK_EQ(look_item(look, "descriptor of no known type")->words[0], low);
    low = 0xe; /* of four bits, and beyond the last */
    memcpy(vtd_model_ram(d->m, base + tail - 16, 8), &low, 8);
    CHECK_OK(iommu_debug_queues(d->iommu, 0, 1, visitor()));
    CHECK_EQ(look_item(look, "descriptor of no known type")->words[0], low);
    low = 0xe02; /* its low four bits alone would be an IOTLB invalidation */
    memcpy(vtd_model_ram(d->m, base + tail - 16, 8), &low, 8);
    CHECK_OK(iommu_debug_queues(d->iommu, 0, 1, visitor()));
    CHECK_EQ(look_item(look, "descriptor of no known type")->words[0], low);
    driver_destroy(d);
}

static struct driver *remapping(void)
{
    struct vtd_model_config config = irq_model();

    return irq_started(&config, NULL);
}

/* One entry of DRIVER_RID routed to APIC id 5, vector 40h. */
static struct iommu_irqs *routed(struct driver *d)
{
    struct iommu_irqs *irqs;

    CHECK_OK(iommu_irq_alloc(iommu_find_device(d->iommu, 0, DRIVER_RID), 1, &irqs));
    CHECK_OK(iommu_irq_route(irqs, 0, &(struct iommu_irq_target) { .apic_id = 5, .vector = 0x40 }));
    return irqs;
}

TEST(interrupt_entries)
{
    struct iommu_debug_irq_filter all = { 0 }, one = { .has_rid = true, .rid = DRIVER_RID },
                                  other = { .has_rid = true, .rid = DRIVER_FAR };
    struct driver *d = remapping();
    struct iommu_irqs *irqs;
    size_t before;

    CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &all, visitor()));
    CHECK(look_noted(look, "no entry is in use"));
    irqs = routed(d);
    CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &all, visitor()));
    before = look->count;
    CHECK_EQ(before, 2); /* IRTA and the entry */
    CHECK(look_has(look, "interrupt entry", "P=1()"));
    CHECK(look_has(look, "interrupt entry", "TM=0(edge) DLM=0(fixed)"));
    CHECK(look_has(look, "interrupt entry",
                   "V=40() SID=10() SQ=0(all bits) SVT=1(source id) DST=5(APIC id)"));
    CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &one, visitor()));
    CHECK_EQ(look->count, 2);
    CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &other, visitor()));
    CHECK_EQ(look->count, 1);
    CHECK_OK(iommu_irq_free(irqs));
    driver_destroy(d);
}

TEST(interrupt_entry_by_index)
{
    struct iommu_debug_irq_filter filter = { .has_index = true, .index = 7 };
    struct driver *d = remapping();

    CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &filter, visitor()));
    CHECK_EQ(look_item(look, "interrupt entry")->index, 7); /* though it is all zero */
    filter.index = 0x10000;
    CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &filter, visitor()));
    CHECK(look_noted(look, "beyond the table"));
    CHECK_EQ(look->count, 1);
    vtd_model_poke64(d->m, 0, SPEC_IRTA, 0x7fff000000ull);
    filter.index = 0;
    CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &filter, visitor()));
    CHECK(look_noted(look, "the table lies where there is no memory"));
    driver_abandon(d);
}

/* VT-d §11.4.10.2: S = n is 2^(n+1) entries. */
TEST(last_entry_of_the_table)
{
    struct iommu_debug_irq_filter filter = { .has_index = true };
    struct driver *d = remapping();
    uint64_t irta = vtd_model_reg64(d->m, 0, SPEC_IRTA);

    filter.index = (2u << (irta & 15)) - 1;
    CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &filter, visitor()));
    CHECK_EQ(look_item(look, "interrupt entry")->index, filter.index);
    CHECK(!look_noted(look, "beyond the table"));
    filter.index++;
    CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &filter, visitor()));
    CHECK(look_noted(look, "beyond the table"));
    driver_destroy(d);
}

/* Entry 3 as these words, looked at with EIME (bit 11 of IRTA) or without. */
static void look_at_entry(uint64_t lo, uint64_t hi, bool extended)
{
    struct iommu_debug_irq_filter filter = { .has_index = true, .index = 3 };
    struct driver *d = remapping();
    uint64_t irta = vtd_model_reg64(d->m, 0, SPEC_IRTA), words[2] = { lo, hi };

    memcpy(vtd_model_ram(d->m, (irta & ~0xfffull) + 3 * 16, 16), words, 16);
    vtd_model_poke64(d->m, 0, SPEC_IRTA, extended ? irta | 0x800 : irta & ~0x800ull);
    CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &filter, visitor()));
    driver_abandon(d);
}

/* VT-d §9.9: an APIC id of 8 bits stands in bits 47:40. */
TEST(destination_in_both_modes)
{
    look_at_entry(0x0000050000400001, 0, false);
    CHECK(look_has(look, "interrupt entry", "DST=5(APIC id)"));
    look_at_entry(0x0000050000400001, 0, true);
    CHECK(look_has(look, "interrupt entry", "DST=500(APIC id)"));
}

/* VT-d §9.10: IM is bit 15; the descriptor's address is bits 63:38 from bit 6 on, and the high half
 * of the other word. */
TEST(posted_entry)
{
    look_at_entry(1ull << 15 | 1 | 0x1234567ull << 38, 0xaull << 32 | 0x10, true);
    CHECK(look_has(look, "interrupt entry", "PDA=a48d159c0()"));
    CHECK(!look_has(look, "interrupt entry", "DST="));
}

TEST(no_interrupt_entries_where_nothing_is_remapped)
{
    struct iommu_debug_irq_filter filter = { 0 };
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);

    CHECK_EQ(iommu_debug_irq_entries(d->iommu, 0, &filter, visitor()), IOMMU_ERR_UNSUPPORTED);
    CHECK_EQ(iommu_debug_irq_entries(d->iommu, 1, &filter, visitor()), IOMMU_ERR_NOT_FOUND);
    driver_destroy(d);
    d = remapping();
    d->platform.memory_map = NULL;
    CHECK_EQ(iommu_debug_irq_entries(d->iommu, 0, &filter, visitor()), IOMMU_ERR_UNSUPPORTED);
    CHECK_OK(iommu_stop(d->iommu));
    driver_destroy(d);
    d = remapping();
    CHECK_OK(iommu_stop(d->iommu));
    CHECK_EQ(iommu_debug_irq_entries(d->iommu, 0, &filter, visitor()), IOMMU_ERR_UNSUPPORTED);
    driver_destroy(d);
}

/* SVT and SQ: which entries take messages of an id (VT-d §9.9). */
TEST(entries_are_found_by_what_they_compare)
{
    static const struct {
        uint64_t hi;
        uint16_t rid;
        bool takes;
    } cases[] = {
        { 0, 0x1234, true }, /* SVT 0 */
        { 1ull << 18 | 0x0010, 0x0010, true },
        { 1ull << 18 | 0x0010, 0x0014, false },
        { 1ull << 18 | 1ull << 16 | 0x0010, 0x0014, true }, /* bit 2 is not compared */
        { 1ull << 18 | 1ull << 16 | 0x0010, 0x0012, false },
        { 1ull << 18 | 3ull << 16 | 0x0010, 0x0017, true },
        { 1ull << 18 | 3ull << 16 | 0x0010, 0x0018, false },
        { 2ull << 18 | 0x0205, 0x0400, true }, /* buses 2 to 5 */
        { 2ull << 18 | 0x0205, 0x0600, false },
        { 2ull << 18 | 0x0205, 0x0100, false },
        { 3ull << 18 | 0x0010, 0x0010, false },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct iommu_debug_irq_filter filter = { .has_rid = true, .rid = cases[i].rid };
        struct driver *d = remapping();
        uint64_t table = vtd_model_reg64(d->m, 0, SPEC_IRTA) & ~0xfffull, lo = 0x400001;

        memcpy(vtd_model_ram(d->m, table + 3 * 16, 8), &lo, 8);
        memcpy(vtd_model_ram(d->m, table + 3 * 16 + 8, 8), &cases[i].hi, 8);
        CHECK_OK(iommu_debug_irq_entries(d->iommu, 0, &filter, visitor()));
        CHECK_EQ(look->count, cases[i].takes ? 2 : 1);
        driver_abandon(d);
    }
}
