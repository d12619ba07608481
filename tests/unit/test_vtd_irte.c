/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intel/vtd_irte.c: bring-up of interrupt remapping and its take-over, entries
 * bit by bit, what sources are given to send, blocks, and what each change
 * costs. Values are from the layouts of VT-d §5.1.2.2, §5.1.5.1, §9.9, §9.10.
 */
#include "test.h"

#include "intel/vtd.h"
#include "irq_rig.h"

/* AVAIL, bits 11:8, is software's: no value of it is right or wrong. */
#define AVAIL 0xf00ull
#define ENTRIES 16384u

static const struct iommu_irq_target plain = { .apic_id = 5, .vector = 0x41 };

static struct vtd_unit *unit_of(const struct driver *d)
{
    return vtd_unit_of(d->iommu->units[0]);
}

static struct iommu_irqs *block(struct driver *d, uint16_t rid, unsigned count)
{
    struct iommu_irqs *irqs;

    CHECK_OK(iommu_irq_alloc(iommu_find_device(d->iommu, 0, rid), count, &irqs));
    return irqs;
}

static struct iommu_debug_irq_entry entry(const struct iommu_irqs *irqs, unsigned index)
{
    struct iommu_debug_irq_entry out;

    iommu_debug_irq_read(irqs, index, &out);
    return out;
}

static uint64_t low(const struct iommu_irqs *irqs, unsigned index)
{
    return entry(irqs, index).low & ~AVAIL;
}

static unsigned used(const struct driver *d)
{
    struct iommu_unit_info info;

    CHECK_OK(iommu_unit_info(d->iommu, 0, &info));
    return info.irq_used;
}

/* The first word of the descriptor so many slots before the tail (1: the wait). */
static uint64_t descriptor(const struct driver *d, unsigned back)
{
    uint64_t tail = vtd_model_reg64(d->m, 0, SPEC_IQT) / 16;
    const uint64_t *ring = vtd_model_ram(d->m, vtd_model_reg64(d->m, 0, SPEC_IQA) & SPEC_IQA_IQA, 4096);

    return ring[(tail + 256 - back) % 256 * 2];
}

/* ---- bring-up ---- */

/* At the command that switches remapping on everything it needs has been done. */
static struct {
    bool seen, table, flushed, compatible;
} at_enable;

static void look_at_enable(struct driver *d)
{
    if (at_enable.seen || !(d->commands[d->command_count - 1] & SPEC_GCMD_IRE))
        return;
    at_enable.seen = true;
    at_enable.table = (vtd_model_reg32(d->m, 0, SPEC_GSTS) & SPEC_GCMD_SIRTP) != 0;
    at_enable.flushed = vtd_model_stats(d->m, 0).interrupt_cache == 1;
    at_enable.compatible = (d->commands[d->command_count - 1] & SPEC_GCMD_CFI) != 0;
}

static struct driver *watched_start(struct vtd_model_config *model, const struct iommu_config *config,
                                    const struct vtd_model_firmware *left, uint64_t irta)
{
    struct driver *d = driver_create(model, config);

    if (left != NULL)
        vtd_model_firmware_left(d->m, 0, left);
    if (irta != 0)
        vtd_model_poke64(d->m, 0, SPEC_IRTA, vtd_model_reg64(d->m, 0, SPEC_IRTA) | irta);
    memset(&at_enable, 0, sizeof(at_enable));
    d->on_command = look_at_enable;
    CHECK_OK(irq_add_table(d, IRQ_RIG_INTR_REMAP));
    driver_add(d, DRIVER_RID);
    CHECK_OK(iommu_start(d->iommu));
    return d;
}

/* VT-d §6.7: table, flush, then IRE; S = 13 is 2^14 entries. */
TEST(table_and_flush_before_remapping)
{
    for (unsigned x2apic = 0; x2apic < 2; x2apic++) {
        struct vtd_model_config model = irq_model();
        struct iommu_config config = irq_config();
        struct iommu_unit_info info;
        struct driver *d;
        uint64_t irta;

        config.irq.x2apic = x2apic ? IOMMU_X2APIC_AUTO : IOMMU_X2APIC_NO;
        d = watched_start(&model, &config, NULL, 0);
        irta = vtd_model_reg64(d->m, 0, SPEC_IRTA);
        CHECK(at_enable.seen && at_enable.table && at_enable.flushed && !at_enable.compatible);
        CHECK_EQ(irta & 0xfff, (x2apic ? 0x800u : 0u) | 13);
        CHECK_EQ(irta & ~0xfffull, vtd_model_pa(d->m, unit_of(d)->irtes));
        CHECK_OK(iommu_unit_info(d->iommu, 0, &info));
        CHECK(info.remapping && info.translating && info.irq_entries == ENTRIES && info.irq_used == 0);
        CHECK(!info.found_remapping);
        driver_destroy(d);
    }
}

/* VT-d §11.4.4.1: with CFIS set messages that are not remapped would pass. */
TEST(compatibility_format_is_off_before_remapping_is_on)
{
    struct vtd_model_config model = irq_model();
    struct iommu_config config = irq_config();
    struct driver *d;

    config.irq.x2apic = IOMMU_X2APIC_NO;
    d = driver_create(&model, &config);
    vtd_model_poke32(d->m, 0, SPEC_GSTS, SPEC_GCMD_CFI);
    memset(&at_enable, 0, sizeof(at_enable));
    d->on_command = look_at_enable;
    CHECK_OK(irq_add_table(d, IRQ_RIG_INTR_REMAP));
    CHECK_OK(iommu_start(d->iommu));
    CHECK(d->commands[0] & SPEC_GCMD_CFI);
    CHECK(at_enable.seen && !at_enable.compatible);
    CHECK_EQ(vtd_model_reg32(d->m, 0, SPEC_GSTS) & (SPEC_GCMD_IRE | SPEC_GCMD_CFI), SPEC_GCMD_IRE);
    driver_destroy(d);
}

static unsigned commands_without_remapping(const struct driver *d)
{
    unsigned count = 0;

    for (size_t i = 0; i < d->command_count; i++)
        count += !(d->commands[i] & SPEC_GCMD_IRE);
    return count;
}

/* Only the width of destinations may not change while remapping is on (VT-d §11.4.10). */
TEST(take_over_leaves_remapping_on_where_it_may)
{
    static const struct vtd_model_firmware left = { .interrupts = true, .translate = true, .queue = true };

    for (unsigned i = 0; i < 4; i++) {
        bool found = i & 1, wanted = i & 2;
        struct vtd_model_config model = irq_model();
        struct iommu_config config = irq_config();
        struct iommu_unit_info info;
        struct driver *d;

        config.irq.x2apic = wanted ? IOMMU_X2APIC_AUTO : IOMMU_X2APIC_NO;
        d = watched_start(&model, &config, &left, found ? 0x800 : 0);
        CHECK_EQ(commands_without_remapping(d) == 0, found == wanted);
        CHECK_EQ(strstr(vtd_model_log(d->m), "window: interrupt remapping off") == NULL, found == wanted);
        CHECK_OK(iommu_unit_info(d->iommu, 0, &info));
        CHECK(info.remapping && info.found_remapping);
        CHECK_EQ(vtd_model_reg64(d->m, 0, SPEC_IRTA) & ~0xfffull, vtd_model_pa(d->m, unit_of(d)->irtes));
        driver_destroy(d);
    }
}

TEST(remapping_is_off_after_a_stop)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    uint64_t before = vtd_model_stats(d->m, 0).interrupt_cache;

    CHECK_OK(iommu_stop(d->iommu));
    CHECK_EQ(vtd_model_reg32(d->m, 0, SPEC_GSTS) & SPEC_GCMD_IRE, 0);
    CHECK_EQ(vtd_model_stats(d->m, 0).interrupt_cache - before, 1); /* nothing of our table stays cached */
    driver_destroy(d);
}

/* Its entries could not be flushed without it. */
TEST(the_queue_stays_on_while_interrupts_are_remapped)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    uint64_t before = vtd_model_stats(d->m, 0).interrupt_cache;

    CHECK_EQ(iommu_debug_use_queue(d->iommu, 0, false), IOMMU_ERR_UNSUPPORTED);
    CHECK_OK(iommu_debug_flush_all(d->iommu, 0));
    CHECK_EQ(vtd_model_stats(d->m, 0).interrupt_cache - before, 1);
    driver_destroy(d);
}

/* ---- refused chip sets ---- */

static uint32_t chip_id, chip_revision;
static uint32_t (*model_pci_read)(void *ctx, uint16_t segment, uint16_t rid, uint16_t offset, unsigned width);

static uint32_t read_chip(void *ctx, uint16_t segment, uint16_t rid, uint16_t offset, unsigned width)
{
    if (rid == 0 && offset == 0 && width == 4)
        return chip_id;
    if (rid == 0 && offset == 8 && width == 1)
        return chip_revision;
    return model_pci_read(ctx, segment, rid, offset, width);
}

TEST(chip_sets_that_lose_interrupts_are_left_alone)
{
    static const struct { uint32_t id, revision; bool force, remapped; } cases[] = {
        { 0x34038086, 0x13, false, false }, { 0x34038086, 0x14, false, true }, { 0x34058086, 0x22, false, false },
        { 0x34058086, 0x21, false, true }, { 0x34068086, 0x00, false, false }, { 0x34068086, 0x00, true, true },
        { 0x29c08086, 0x00, false, true },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vtd_model_config model = irq_model();
        struct iommu_config config = irq_config();
        struct iommu_irq_info info;
        struct driver *d;

        config.force = cases[i].force;
        d = driver_create(&model, &config);
        chip_id = cases[i].id;
        chip_revision = cases[i].revision;
        model_pci_read = d->platform.pci_read;
        d->platform.pci_read = read_chip;
        CHECK_OK(irq_add_table(d, IRQ_RIG_INTR_REMAP));
        CHECK_OK(iommu_start(d->iommu));
        iommu_irq_info(d->iommu, &info);
        CHECK_EQ(info.remapping, cases[i].remapped);
        CHECK_STR(info.reason, cases[i].remapped ? "" : "vtd0: its chip set loses interrupts (errata 47, 53)");
        driver_destroy(d);
    }
}

/* ---- entries ---- */

TEST(entry_of_a_route)
{
    static const struct { struct iommu_irq_target target; uint64_t xapic, x2apic; } cases[] = {
        { { .apic_id = 5, .vector = 0x41 }, 0x0000050000410001, 0x0000000500410001 },
        { { .apic_id = 0xfe, .vector = 0xff }, 0x0000fe0000ff0001, 0x000000fe00ff0001 },
        { { .apic_id = 0, .vector = 0x10, .delivery = IOMMU_IRQ_LOWEST }, 0x0000000000100021, 0x0000000000100021 },
        { { .apic_id = 1, .vector = 0x30, .level = true }, 0x0000010000300011, 0x0000000100300011 },
    };

    for (unsigned x2apic = 0; x2apic < 2; x2apic++) {
        struct vtd_model_config model = irq_model();
        struct iommu_config config = irq_config();
        struct iommu_irqs *pin;
        struct driver *d;

        config.irq.x2apic = x2apic ? IOMMU_X2APIC_AUTO : IOMMU_X2APIC_NO;
        d = irq_started(&model, &config);
        CHECK_OK(iommu_irq_alloc_ioapic(d->iommu, IRQ_RIG_IOAPIC, 2, &pin));
        CHECK_EQ(entry(pin, 0).low, 0);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            CHECK_OK(iommu_irq_route(pin, 0, &cases[i].target));
            CHECK_EQ(low(pin, 0), x2apic ? cases[i].x2apic : cases[i].xapic);
            CHECK_EQ(entry(pin, 0).high, 0x4f0f8); /* SVT 01, SQ 00, SID f0f8h */
        }
        CHECK_OK(iommu_irq_free(pin));
        driver_destroy(d);
    }
}

TEST(destinations_of_32_bits)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    struct iommu_irqs *irqs = block(d, DRIVER_RID, 1);

    CHECK_OK(iommu_irq_route(irqs, 0, &(struct iommu_irq_target){ .apic_id = 287, .vector = 0x55 }));
    CHECK_EQ(low(irqs, 0), 0x0000011f00550001);
    CHECK_OK(iommu_irq_route(irqs, 0, &(struct iommu_irq_target){ .apic_id = 0x12345678, .vector = 0x55 }));
    CHECK_EQ(low(irqs, 0), 0x1234567800550001);
    CHECK_OK(iommu_irq_free(irqs));
    driver_destroy(d);
}

/* SVT is bits 83:82, SQ 81:80, SID 79:64 (§9.9); requester ids by §5.1.1. */
TEST(source_check_follows_the_ids)
{
    static const struct { struct iommu_device_desc desc; uint64_t high; } cases[] = {
        { { .rids = { 0x0320 }, .rid_count = 1 }, 0x40320 },
        /* phantom functions 4 and 0; 2 and 0; 1 and 0; 6, 4, 2 and 0 */
        { { .rids = { 0x0420, 0x0424 }, .rid_count = 2 }, 0x50420 },
        { { .rids = { 0x0428, 0x042a }, .rid_count = 2 }, 0x60428 },
        { { .rids = { 0x0430, 0x0431 }, .rid_count = 2 }, 0x70430 },
        { { .rids = { 0x0438, 0x043c, 0x043a, 0x043e }, .rid_count = 4 }, 0x60438 },
        /* behind a PCIe-to-PCI bridge: its own id, or bus 5 device 0 */
        { { .rids = { 0x0508, 0x0500 }, .rid_count = 2, .bridges = { 0x0020 }, .bridge_count = 1 }, 0x80505 },
        /* behind a conventional bridge: the bridge's; of two the one nearest to the root */
        { { .rids = { 0x0608, 0x0028 }, .rid_count = 2, .bridges = { 0x0028 }, .bridge_count = 1 }, 0x40028 },
        { { .rids = { 0x0808, 0x0708, 0x0030 }, .rid_count = 3, .bridges = { 0x0708, 0x0030 }, .bridge_count = 2 },
          0x40030 },
        /* aliases on other buses that no bridge explains */
        { { .rids = { 0x0a08, 0x0910, 0x0b00 }, .rid_count = 3 }, 0x8090b },
    };
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct iommu_device *device;
        struct iommu_irqs *irqs;

        CHECK_OK(iommu_add_device(d->iommu, &cases[i].desc, &device));
        CHECK_OK(iommu_irq_alloc(device, 2, &irqs));
        CHECK_EQ(entry(irqs, 0).high, cases[i].high);
        CHECK_EQ(entry(irqs, 1).high, cases[i].high);
        CHECK_OK(iommu_irq_free(irqs));
    }
    driver_destroy(d);
}

TEST(source_check_of_sources)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    struct iommu_irqs *pin, *hpet;

    CHECK_OK(iommu_irq_alloc_ioapic(d->iommu, IRQ_RIG_IOAPIC, 23, &pin));
    CHECK_OK(iommu_irq_alloc_hpet(d->iommu, IRQ_RIG_HPET, 1, &hpet));
    CHECK_EQ(entry(pin, 0).high, 0x4f0f8);
    CHECK_EQ(entry(hpet, 0).high, 0x7f078); /* whatever function number */
    CHECK_OK(iommu_irq_free(pin));
    CHECK_OK(iommu_irq_free(hpet));
    driver_destroy(d);
}

TEST(source_check_can_be_switched_off)
{
    struct vtd_model_config model = irq_model();
    struct iommu_config config = irq_config();
    struct iommu_irqs *irqs;
    struct driver *d;

    config.irq.no_source_check = true;
    d = irq_started(&model, &config);
    irqs = block(d, DRIVER_RID, 1);
    CHECK_EQ(entry(irqs, 0).high, 0);
    CHECK_OK(iommu_irq_free(irqs));
    driver_destroy(d);
}

/* ---- what a change costs ---- */

/* Runs route() once and says what reached the unit; *word: the descriptor before the wait. */
static struct vtd_model_stats cost(struct driver *d, struct iommu_irqs *irqs, unsigned index, uint32_t apic_id)
{
    struct vtd_model_stats before = vtd_model_stats(d->m, 0), after;

    CHECK_OK(iommu_irq_route(irqs, index, &(struct iommu_irq_target){ .apic_id = apic_id, .vector = 0x60 }));
    after = vtd_model_stats(d->m, 0);
    after.doorbells -= before.doorbells;
    after.interrupt_cache -= before.interrupt_cache;
    after.waits -= before.waits;
    return after;
}

TEST(a_move_is_one_invalidation_and_its_wait)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    struct iommu_irqs *irqs = block(d, DRIVER_RID, 8);
    struct vtd_model_stats c = cost(d, irqs, 3, 1);

    CHECK(c.doorbells == 0 && c.interrupt_cache == 0); /* an absent entry is in no cache */
    c = cost(d, irqs, 3, 2);
    CHECK(c.doorbells == 1 && c.interrupt_cache == 1 && c.waits == 1);
    /* type 4, G 1, IM 0, IIDX */
    CHECK_EQ(descriptor(d, 2), 0x14 | (uint64_t)entry(irqs, 3).table_index << 32);
    CHECK_OK(iommu_irq_free(irqs));
    driver_destroy(d);
}

TEST(a_first_route_is_flushed_where_absent_entries_are_cached)
{
    static const uint64_t with[] = { SPEC_CAP_CM, SPEC_CAP_RWBF };

    for (unsigned i = 0; i < 2; i++) {
        struct vtd_model_config model = irq_model();
        struct iommu_irqs *irqs;
        struct driver *d;

        model.units[0].cap |= with[i];
        d = irq_started(&model, NULL);
        irqs = block(d, DRIVER_RID, 1);
        CHECK_EQ(cost(d, irqs, 0, 1).interrupt_cache, 1);
        CHECK_OK(iommu_irq_free(irqs));
        driver_destroy(d);
    }
}

TEST(entries_are_written_back_for_a_unit_that_does_not_snoop)
{
    for (unsigned coherent = 0; coherent < 2; coherent++) {
        struct vtd_model_config model = irq_model();
        struct iommu_irqs *irqs;
        struct driver *d;
        uint64_t before;

        spec_put(&model.units[0].ecap, SPEC_ECAP_C, coherent);
        d = irq_started(&model, NULL);
        irqs = block(d, DRIVER_RID, 1);
        before = vtd_model_flushed_lines(d->m);
        CHECK_OK(iommu_irq_route(irqs, 0, &plain));
        CHECK_EQ(vtd_model_flushed_lines(d->m) - before, coherent ? 0 : 1);
        before = vtd_model_flushed_lines(d->m);
        CHECK_OK(iommu_irq_free(irqs));
        CHECK_EQ(vtd_model_flushed_lines(d->m) - before, coherent ? 0 : 1);
        driver_destroy(d);
    }
}

TEST(a_refused_invalidation_is_tried_again)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    struct iommu_irqs *irqs = block(d, DRIVER_RID, 1);

    CHECK_OK(iommu_irq_route(irqs, 0, &plain));
    driver_refuse(d, 2, 1);
    CHECK_OK(iommu_irq_route(irqs, 0, &(struct iommu_irq_target){ .apic_id = 6, .vector = 0x42 }));
    CHECK_EQ(low(irqs, 0), 0x0000000600420001);
    CHECK_OK(iommu_irq_free(irqs));
    driver_destroy(d);
}

/* ---- masks ---- */

TEST(a_mask_is_kept_through_routes)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    struct iommu_irqs *irqs = block(d, DRIVER_RID, 1);
    uint64_t before;

    CHECK_OK(iommu_irq_mask(irqs, 0, false));
    CHECK_EQ(low(irqs, 0), 0); /* it has never led anywhere */
    CHECK_OK(iommu_irq_route(irqs, 0, &plain));
    before = vtd_model_stats(d->m, 0).interrupt_cache;
    CHECK_OK(iommu_irq_mask(irqs, 0, true));
    CHECK_EQ(vtd_model_stats(d->m, 0).interrupt_cache - before, 1);
    CHECK_EQ(low(irqs, 0) & 1, 0);
    CHECK_OK(iommu_irq_route(irqs, 0, &(struct iommu_irq_target){ .apic_id = 6, .vector = 0x42 }));
    CHECK_EQ(low(irqs, 0) & 1, 0);
    CHECK_OK(iommu_irq_mask(irqs, 0, false));
    CHECK_EQ(low(irqs, 0), 0x0000000600420001);
    CHECK_EQ(vtd_model_stats(d->m, 0).interrupt_cache - before, 1); /* absent ones are in no cache */
    CHECK_OK(iommu_irq_free(irqs));
    driver_destroy(d);
}

TEST(an_entry_can_be_masked_before_it_leads_anywhere)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    struct iommu_irqs *irqs = block(d, DRIVER_RID, 1);

    CHECK_OK(iommu_irq_mask(irqs, 0, true));
    CHECK_OK(iommu_irq_route(irqs, 0, &plain));
    CHECK_EQ(low(irqs, 0) & 1, 0);
    CHECK_OK(iommu_irq_mask(irqs, 0, false));
    CHECK_EQ(low(irqs, 0), 0x0000000500410001);
    CHECK_OK(iommu_irq_free(irqs));
    driver_destroy(d);
}

/* ---- what sources send ---- */

/* handle 14:0 in address bits 19:5, handle 15 in bit 2, format bit 4, SHV bit 3 (§5.1.2.2) */
TEST(messages_name_their_entries)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    struct iommu_irqs *one = block(d, DRIVER_RID, 1), *four;
    struct iommu_msi msi;

    CHECK_EQ(entry(one, 0).table_index, 0);
    iommu_irq_message(one, 0, &msi);
    CHECK(msi.address == 0xfee00010 && msi.data == 0);
    iommu_debug_irq_message(one, 0x123, &msi);
    CHECK(msi.address == 0xfee02470 && msi.data == 0);
    iommu_debug_irq_message(one, 0x8001, &msi);
    CHECK(msi.address == 0xfee00034 && msi.data == 0);
    four = block(d, DRIVER_RID, 4);
    CHECK_EQ(entry(four, 0).table_index, 4);
    for (unsigned i = 0; i < 4; i++) {
        iommu_irq_message(four, i, &msi);
        CHECK_EQ(msi.address, 0xfee00098);
        CHECK_EQ(msi.data, i);
    }
    CHECK_OK(iommu_irq_free(one));
    CHECK_OK(iommu_irq_free(four));
    driver_destroy(d);
}

/* index 14:0 in bits 63:49, index 15 in bit 11, format bit 48, level bit 15, low active bit 13 (§5.1.5.1) */
TEST(redirection_entries_name_their_entries)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    struct iommu_irqs *before = block(d, DRIVER_RID, 1), *pin;
    uint64_t rte;

    CHECK_OK(iommu_irq_alloc_ioapic(d->iommu, IRQ_RIG_IOAPIC, 9, &pin));
    CHECK_EQ(entry(pin, 0).table_index, 1);
    CHECK_OK(iommu_irq_route(pin, 0, &(struct iommu_irq_target){ .apic_id = 3, .vector = 0x77, .level = true }));
    iommu_irq_ioapic_entry(pin, true, &rte);
    CHECK_EQ(rte, 0x000300000000a077);
    CHECK_OK(iommu_irq_route(pin, 0, &(struct iommu_irq_target){ .apic_id = 3, .vector = 0x31 }));
    iommu_irq_ioapic_entry(pin, false, &rte);
    CHECK_EQ(rte, 0x0003000000000031);
    CHECK_OK(iommu_irq_free(pin));
    CHECK_OK(iommu_irq_free(before));
    driver_destroy(d);
}

/* ---- blocks ---- */

TEST(blocks_are_aligned_and_do_not_overlap)
{
    static const unsigned counts[] = { 1, 2, 3, 4, 5, 8, 16, 17, 32, 1, 7, 32, 2 };
    enum { BLOCKS = sizeof(counts) / sizeof(counts[0]) };
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    struct iommu_irqs *blocks[BLOCKS];
    bool taken[512] = { false };
    unsigned total = 0;

    for (size_t i = 0; i < BLOCKS; i++) {
        unsigned size = 1;
        uint32_t first;

        while (size < counts[i])
            size *= 2;
        blocks[i] = block(d, DRIVER_RID, counts[i]);
        first = entry(blocks[i], 0).table_index;
        CHECK_EQ(first % size, 0);
        for (unsigned k = 0; k < size; k++) {
            CHECK(first + k < 512 && !taken[first + k]);
            taken[first + k] = true;
        }
        total += size;
        CHECK_EQ(used(d), total);
    }
    for (size_t i = 0; i < BLOCKS; i++)
        CHECK_OK(iommu_irq_free(blocks[i]));
    CHECK_EQ(used(d), 0);
    driver_destroy(d);
}

TEST(full_table_and_freed_again)
{
    static struct iommu_irqs *blocks[ENTRIES];
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    struct iommu_device *device = iommu_find_device(d->iommu, 0, DRIVER_RID);
    struct iommu_irqs *more;

    for (unsigned round = 0; round < 2; round++) {
        unsigned size = round == 0 ? 1 : 32;
        size_t count = ENTRIES / size;

        for (size_t i = 0; i < count; i++)
            CHECK_OK(iommu_irq_alloc(device, size, &blocks[i]));
        CHECK_EQ(used(d), ENTRIES);
        CHECK_EQ(iommu_irq_alloc(device, 1, &more), IOMMU_ERR_RANGE);
        CHECK_OK(iommu_irq_free(blocks[count / 2]));
        CHECK_OK(iommu_irq_alloc(device, size, &blocks[count / 2]));
        CHECK_EQ(iommu_irq_alloc(device, size, &more), IOMMU_ERR_RANGE);
        for (size_t i = 0; i < count; i++)
            CHECK_OK(iommu_irq_free(blocks[i]));
        CHECK_EQ(used(d), 0);
    }
    driver_destroy(d);
}

TEST(a_freed_block_is_absent_and_flushed_at_once)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    struct iommu_irqs *irqs = block(d, DRIVER_RID, 8);
    const struct vtd_irte *live = irqs->entries;
    struct vtd_model_stats before, after;

    CHECK_OK(iommu_irq_route(irqs, 5, &plain));
    before = vtd_model_stats(d->m, 0);
    CHECK_OK(iommu_irq_free(irqs));
    after = vtd_model_stats(d->m, 0);
    CHECK_EQ(after.doorbells - before.doorbells, 1);
    CHECK_EQ(after.interrupt_cache - before.interrupt_cache, 1);
    CHECK_EQ(descriptor(d, 2), 0x14 | 3u << 27); /* IM 3, IIDX 0 */
    for (unsigned i = 0; i < 8; i++)
        CHECK_EQ(live[i].lo, 0);
    driver_destroy(d);
}

/* ECAP.MHMV 1: groups of 2 at most */
TEST(a_group_larger_than_the_unit_s_mask_is_flushed_one_by_one)
{
    struct vtd_model_config model = irq_model();
    struct vtd_model_stats before, after;
    struct iommu_irqs *irqs;
    struct driver *d;

    spec_put(&model.units[0].ecap, SPEC_ECAP_MHMV, 1);
    d = irq_started(&model, NULL);
    irqs = block(d, DRIVER_RID, 32);
    CHECK_OK(iommu_irq_route(irqs, 0, &plain));
    before = vtd_model_stats(d->m, 0);
    CHECK_OK(iommu_irq_free(irqs));
    after = vtd_model_stats(d->m, 0);
    CHECK_EQ(after.interrupt_cache - before.interrupt_cache, 32);
    CHECK_EQ(after.doorbells - before.doorbells, 1);
    CHECK_EQ(descriptor(d, 2), 0x14 | 31ull << 32);
    driver_destroy(d);
}

/* What an unconfirmed flush left behind may still be cached: nobody gets those entries again. */
TEST(entries_of_an_unconfirmed_free_are_never_used_again)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    struct iommu_irqs *irqs = block(d, DRIVER_RID, 4);

    CHECK_OK(iommu_irq_route(irqs, 0, &plain));
    driver_refuse(d, 2, 3);
    CHECK_EQ(iommu_irq_free(irqs), IOMMU_ERR_QUEUE);
    CHECK_EQ(used(d), 4);
    CHECK_EQ(unit_of(d)->irte_map[0], 0xf);
    CHECK_EQ(iommu_irq_alloc(iommu_find_device(d->iommu, 0, DRIVER_RID), 1, &irqs), IOMMU_ERR_FENCED);
    driver_destroy(d);
}

/* ---- posting ---- */

/* PDA 31:6 in bits 63:38, 63:32 in bits 127:96; VV 23:16, URG 14, IM 15 (§9.10) */
TEST(posted_entries)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    struct iommu_irqs *irqs = block(d, DRIVER_RID, 1);
    struct iommu_irq_posting posting = { .descriptor_pa = 0x7f12345fc0, .vector = 0xa5, .urgent = true };
    uint64_t before;

    CHECK_OK(iommu_irq_route(irqs, 0, &plain));
    before = vtd_model_stats(d->m, 0).interrupt_cache;
    CHECK_OK(iommu_irq_post(irqs, 0, &posting));
    CHECK_EQ(low(irqs, 0), 0x12345fc000a5c001);
    CHECK_EQ(entry(irqs, 0).high, 0x0000007f00040010);
    CHECK_EQ(vtd_model_stats(d->m, 0).interrupt_cache - before, 1);
    posting.urgent = false;
    CHECK_OK(iommu_irq_post(irqs, 0, &posting));
    CHECK_EQ(low(irqs, 0), 0x12345fc000a58001);
    CHECK_OK(iommu_irq_mask(irqs, 0, true));
    CHECK_EQ(low(irqs, 0), 0x12345fc000a58000);
    CHECK_OK(iommu_irq_mask(irqs, 0, false));
    CHECK_EQ(low(irqs, 0), 0x12345fc000a58001);
    CHECK_OK(iommu_irq_route(irqs, 0, &plain));
    CHECK_EQ(low(irqs, 0), 0x0000000500410001);
    CHECK_EQ(entry(irqs, 0).high, 0x40010);
    CHECK_OK(iommu_irq_free(irqs));
    driver_destroy(d);
}

TEST(postings_that_make_no_sense_are_refused)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    struct iommu_irqs *irqs = block(d, DRIVER_RID, 1), *pin;
    struct iommu_irq_posting posting = { .descriptor_pa = 0x200020, .vector = 0x40 };

    CHECK_OK(iommu_irq_alloc_ioapic(d->iommu, IRQ_RIG_IOAPIC, 1, &pin));
    CHECK_EQ(iommu_irq_post(irqs, 0, &posting), IOMMU_ERR_INVALID);
    posting.descriptor_pa = 1ull << 39; /* host address width 39 */
    CHECK_EQ(iommu_irq_post(irqs, 0, &posting), IOMMU_ERR_RANGE);
    posting.descriptor_pa = 0x200040;
    CHECK_EQ(iommu_irq_post(irqs, 1, &posting), IOMMU_ERR_INVALID);
    CHECK_EQ(iommu_irq_post(pin, 0, &posting), IOMMU_ERR_INVALID);
    CHECK_EQ(entry(irqs, 0).low, 0);
    CHECK_OK(iommu_irq_post(irqs, 0, &posting));
    CHECK_OK(iommu_irq_free(irqs));
    CHECK_OK(iommu_irq_free(pin));
    driver_destroy(d);
    model.units[0].cap &= ~(1ull << 59); /* PI */
    d = irq_started(&model, NULL);
    irqs = block(d, DRIVER_RID, 1);
    CHECK_EQ(iommu_irq_post(irqs, 0, &posting), IOMMU_ERR_UNSUPPORTED);
    CHECK_OK(iommu_irq_free(irqs));
    driver_destroy(d);
}
