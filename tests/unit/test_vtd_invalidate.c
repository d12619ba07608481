/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intel/vtd_invalidate.c on the model: the very words a flush puts into the
 * queue (VT-d §6.5.2.1, §6.5.2.3) or the registers (§11.4.6), worked out by hand.
 */
#include "test.h"

#include "driver_rig.h"
#include "intel/vtd.h"

#define DID 0x5au
#define SLOTS 256u
#define WRITES 16

/* Type 2, G, DW and DR (bits 6 and 7), DID from bit 16 on. */
#define PAGE_LO 0x5a00f2ull
#define DOMAIN_LO 0x5a00e2ull

static struct {
    struct iommu_platform below;
    struct {
        unsigned offset;
        uint64_t value;
    } writes[WRITES];
    unsigned count;
} watch;

static void write64(void *ctx, volatile void *at, uint64_t value)
{
    if (watch.count < WRITES) {
        watch.writes[watch.count].offset = (unsigned)((uintptr_t)at & 0xfff);
        watch.writes[watch.count++].value = value;
    }
    watch.below.mmio_write64(ctx, at, value);
}

/* Started; 64-bit writes are kept from now on. */
static struct driver *started(const struct vtd_model_config *config)
{
    struct driver *d = driver_started(config);

    memset(&watch, 0, sizeof(watch));
    watch.below = d->platform;
    d->platform.mmio_write64 = write64;
    return d;
}

static struct vtd_unit *unit_of(const struct driver *d)
{
    return vtd_unit_of(d->iommu->units[0]);
}

/* What lies back slots before the tail: 1 is the last batch's wait. */
static struct vtd_descriptor behind_tail(struct driver *d, unsigned back)
{
    const struct vtd_descriptor *ring =
        vtd_model_ram(d->m, vtd_model_reg64(d->m, 0, SPEC_IQA) & SPEC_IQA_IQA, 4096);

    return ring[(vtd_model_reg64(d->m, 0, SPEC_IQT) / 16 + SLOTS - back) % SLOTS];
}

static struct vtd_descriptor flushed(struct driver *d, uint64_t start, uint64_t end, bool tables)
{
    const struct iommu_gather gather = { .start = start, .end = end, .tables = tables };

    CHECK_OK(vtd_flush(&unit_of(d)->base, DID, &gather));
    CHECK_EQ(behind_tail(d, 1).lo & 0x2f, 0x25); /* wait, with SW: a status is written */
    return behind_tail(d, 2);
}

struct range {
    uint64_t start, end;
    bool tables;
    uint64_t lo, hi;
};

static void check_ranges(struct driver *d, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct vtd_descriptor seen = flushed(d, ranges[i].start, ranges[i].end, ranges[i].tables);

        CHECK_EQ(seen.lo, ranges[i].lo);
        CHECK_EQ(seen.hi, ranges[i].hi);
    }
}

/* High word: the address, IH in bit 6, and 2^AM pages in bits 5:0. */
TEST(range_is_the_smallest_aligned_power_of_two_around_it)
{
    static const struct range ranges[] = {
        { 0x40201000, 0x40202000, false, PAGE_LO, 0x40201040 },
        { 0x40201000, 0x40202000, true, PAGE_LO, 0x40201000 },      /* a table has gone: no IH */
        { 0x40202000, 0x40204000, false, PAGE_LO, 0x40202041 },
        { 0x40201000, 0x40203000, false, PAGE_LO, 0x40200042 },     /* two pages, over a border of 8 KiB */
        { 0x40201000, 0x40204000, false, PAGE_LO, 0x40200042 },     /* three pages */
        { 0x40203000, 0x40205000, false, PAGE_LO, 0x40200043 },
        { 0x40200000, 0x40400000, false, PAGE_LO, 0x40200049 },     /* 2 MiB */
        { 0x40200000, 0x40400000, true, PAGE_LO, 0x40200009 },
        { 0, 0x1000, false, PAGE_LO, 0x40 },
        { 0xfffffffff000, 0x1000000000000, false, PAGE_LO, 0xfffffffff040 },
    };
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = started(&config);

    check_ranges(d, ranges, sizeof(ranges) / sizeof(ranges[0]));
    CHECK_EQ(vtd_model_stats(d->m, 0).iotlb_page, sizeof(ranges) / sizeof(ranges[0]));
    driver_destroy(d);
}

TEST(range_beyond_the_mask_is_the_whole_domain)
{
    static const struct range ranges[] = {
        { 0x40000000, 0x80000000, false, PAGE_LO, 0x40000052 },     /* 1 GiB: AM 18, which is MAMV */
        { 0x40000000, 0x80001000, false, DOMAIN_LO, 0 },
        { 0x7ffff000, 0x80001000, false, DOMAIN_LO, 0 },            /* two pages over a border of 2 GiB */
        { 0, 0x1000000000000, true, DOMAIN_LO, 0 },
    };
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = started(&config);

    check_ranges(d, ranges, sizeof(ranges) / sizeof(ranges[0]));
    driver_destroy(d);
}

/* §11.4.2: MAMV 0 is one page at a time; without PSI there are no pages. */
TEST(smaller_masks_and_none)
{
    static const struct range one_page[] = {
        { 0x40201000, 0x40202000, false, PAGE_LO, 0x40201040 },
        { 0x40202000, 0x40204000, false, DOMAIN_LO, 0 },
    };
    static const struct range no_page = { 0x40201000, 0x40202000, false, DOMAIN_LO, 0 };
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    spec_put(&config.units[0].cap, SPEC_CAP_MAMV, 0);
    d = started(&config);
    check_ranges(d, one_page, 2);
    driver_destroy(d);
    spec_put(&config.units[0].cap, SPEC_CAP_PSI, 0);
    d = started(&config);
    check_ranges(d, &no_page, 1);
    driver_destroy(d);
}

/* §6.5.4: DR where CAP.DRD says so, DW where CAP.DWD does; both are reserved elsewhere. */
TEST(drain_bits_are_those_the_unit_knows)
{
    static const struct {
        unsigned reads, writes;
        uint64_t lo;
    } cases[] = { { 0, 0, 0x5a0032 }, { 0, 1, 0x5a0072 }, { 1, 0, 0x5a00b2 }, { 1, 1, 0x5a00f2 } };

    for (unsigned i = 0; i < 4; i++) {
        struct vtd_model_config config = vtd_model_default();
        struct driver *d;

        spec_put(&config.units[0].cap, SPEC_CAP_DRD, cases[i].reads);
        spec_put(&config.units[0].cap, SPEC_CAP_DWD, cases[i].writes);
        d = started(&config);
        CHECK_EQ(flushed(d, 0x40201000, 0x40202000, false).lo, cases[i].lo);
        driver_destroy(d);
    }
}

TEST(one_page_of_each_size)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = started(&config);

    CHECK_OK(vtd_flush_page(&unit_of(d)->base, DID, 0x40201000, 4096));
    CHECK_EQ(behind_tail(d, 2).lo, PAGE_LO);
    CHECK_EQ(behind_tail(d, 2).hi, 0x40201040);
    CHECK_OK(vtd_flush_page(&unit_of(d)->base, DID, 0x40200000, 2 << 20));
    CHECK_EQ(behind_tail(d, 2).lo, PAGE_LO);
    CHECK_EQ(behind_tail(d, 2).hi, 0x40200049);
    driver_destroy(d);
    spec_put(&config.units[0].cap, SPEC_CAP_MAMV, 8); /* 1 MiB */
    d = started(&config);
    CHECK_OK(vtd_flush_page(&unit_of(d)->base, DID, 0x40200000, 2 << 20));
    CHECK_EQ(behind_tail(d, 2).lo, DOMAIN_LO);
    CHECK_EQ(behind_tail(d, 2).hi, 0);
    driver_destroy(d);
}

TEST(batch_is_in_order_and_has_one_wait_and_one_doorbell)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = started(&config);
    struct vtd_unit *unit = unit_of(d);
    const struct vtd_descriptor batch[] = { vtd_context_device(0x0108, DID), vtd_iotlb_domain(unit, DID) };
    struct vtd_model_stats before = vtd_model_stats(d->m, 0), after;

    CHECK_OK(vtd_invalidate(unit, batch, 2));
    after = vtd_model_stats(d->m, 0);
    /* Type 1, G = 11, DID from bit 16 on, SID from bit 32 on. */
    CHECK_EQ(behind_tail(d, 3).lo, 0x108005a0031);
    CHECK_EQ(behind_tail(d, 3).hi, 0);
    CHECK_EQ(behind_tail(d, 2).lo, DOMAIN_LO);
    CHECK_EQ(behind_tail(d, 1).lo & 0xf, 5);
    CHECK_EQ(after.doorbells - before.doorbells, 1);
    CHECK_EQ(after.waits - before.waits, 1);
    CHECK_EQ(after.context_device - before.context_device, 1);
    CHECK_EQ(after.iotlb_domain - before.iotlb_domain, 1);
    driver_destroy(d);
}

TEST(all_is_both_caches_globally)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = started(&config);

    CHECK_OK(vtd_invalidate_all(unit_of(d)));
    CHECK_EQ(behind_tail(d, 3).lo, 0x11);
    CHECK_EQ(behind_tail(d, 2).lo, 0xd2);
    CHECK_EQ(behind_tail(d, 2).hi, 0);
    driver_destroy(d);
}

/* §6.1: entries that become present matter where absent ones are cached; §6.8: or where stores linger. */
TEST(present_entries_need_what_the_unit_says)
{
    const struct iommu_gather gather = { .start = 0x40201000, .end = 0x40202000 };

    for (unsigned kind = 0; kind < 3; kind++) {
        struct vtd_model_config config = vtd_model_default();
        struct vtd_model_stats before, after;
        struct driver *d;

        spec_put(&config.units[0].cap, SPEC_CAP_CM, kind == 1);
        spec_put(&config.units[0].cap, SPEC_CAP_RWBF, kind == 2);
        d = started(&config);
        before = vtd_model_stats(d->m, 0);
        CHECK_OK(vtd_flush_present(&unit_of(d)->base, DID, &gather));
        after = vtd_model_stats(d->m, 0);
        CHECK_EQ(after.iotlb_page - before.iotlb_page, kind == 1);
        CHECK_EQ(after.wbfs - before.wbfs, kind == 2);
        CHECK_EQ(after.doorbells - before.doorbells, kind == 1);
        driver_destroy(d);
    }
}

/* ---- the same by registers ---- */

static struct driver *without_queue(void)
{
    struct vtd_model_config config = vtd_model_default();

    spec_put(&config.units[0].ecap, SPEC_ECAP_QI, 0);
    return started(&config);
}

static void check_write(unsigned n, unsigned offset, uint64_t value)
{
    CHECK(n < watch.count);
    CHECK_EQ(watch.writes[n].offset, offset);
    CHECK_EQ(watch.writes[n].value, value);
}

/*
 * IVA lies at 500h, IOTLB at 508h: IVT 63, IIRG 61:60, DR 49, DW 48, DID 47:32.
 * §11.4.6.3: IVA before IOTLB.
 */
TEST(registers_get_pages_and_domains)
{
    const struct iommu_gather three = { .start = 0x40201000, .end = 0x40204000 };
    const struct iommu_gather tables = { .start = 0x40201000, .end = 0x40204000, .tables = true };
    const struct iommu_gather beyond = { .start = 0, .end = 1ull << 47 };
    struct driver *d = without_queue();
    struct iommu_unit *unit = &unit_of(d)->base;

    CHECK_OK(vtd_flush(unit, DID, &three));
    CHECK_OK(vtd_flush(unit, DID, &tables));
    CHECK_OK(vtd_flush(unit, DID, &beyond));
    CHECK_OK(vtd_flush_page(unit, DID, 0x40200000, 2 << 20));
    CHECK_EQ(watch.count, 7);
    check_write(0, 0x500, 0x40200042);
    check_write(1, 0x508, 0xb003005a00000000);
    check_write(2, 0x500, 0x40200002);
    check_write(3, 0x508, 0xb003005a00000000);
    check_write(4, 0x508, 0xa003005a00000000);
    check_write(5, 0x500, 0x40200049);
    check_write(6, 0x508, 0xb003005a00000000);
    CHECK_EQ(vtd_model_stats(d->m, 0).iotlb_page, 3);
    driver_destroy(d);
}

/* CCMD: ICC 63, CIRG 62:61, FM 33:32, SID 31:16, DID 15:0. */
TEST(registers_get_contexts_in_order)
{
    struct driver *d = without_queue();
    struct vtd_unit *unit = unit_of(d);
    struct vtd_descriptor batch[] = { vtd_context_device(0x0108, DID), vtd_iotlb_domain(unit, DID) };

    batch[0].lo |= 2ull << 48; /* FM */
    CHECK_OK(vtd_invalidate(unit, batch, 2));
    CHECK_OK(vtd_invalidate_all(unit));
    CHECK_EQ(watch.count, 4);
    check_write(0, 0x28, 0xe00000020108005a);
    check_write(1, 0x508, 0xa003005a00000000);
    check_write(2, 0x28, 0xa000000000000000);
    check_write(3, 0x508, 0x9003000000000000);
    driver_destroy(d);
}

/* §11.4.6.4: bits 31:0 of IOTLB are reserved and preserved. */
TEST(reserved_half_of_the_iotlb_register_is_kept)
{
    struct driver *d = without_queue();

    vtd_model_poke64(d->m, 0, 0x508, 0x89abcdef);
    CHECK_OK(vtd_invalidate_all(unit_of(d)));
    check_write(1, 0x508, 0x9003000089abcdef);
    driver_destroy(d);
}

TEST(registers_know_only_two_types)
{
    const struct vtd_descriptor interrupts = { .lo = VTD_QI_TYPE_IEC };
    struct driver *d = without_queue();

    CHECK_EQ(vtd_invalidate(unit_of(d), &interrupts, 1), IOMMU_ERR_UNSUPPORTED);
    CHECK_EQ(watch.count, 0);
    CHECK(unit_of(d)->base.fenced);
    CHECK_EQ(vtd_invalidate_all(unit_of(d)), IOMMU_ERR_FENCED);
    CHECK_EQ(watch.count, 0);
    driver_abandon(d);
}

/* The second command of a batch is not given when the first has been refused. */
TEST(refused_command_ends_the_batch)
{
    struct driver *d = without_queue();

    vtd_model_refuse_register_invalidation(d->m, 0);
    CHECK_EQ(vtd_invalidate_all(unit_of(d)), IOMMU_ERR_HARDWARE);
    CHECK_EQ(watch.count, 1);
    CHECK(unit_of(d)->base.fenced);
    CHECK_EQ(vtd_model_irq_depth(d->m), 0);
    driver_abandon(d);
}

TEST(stopped_unit_is_given_nothing)
{
    struct vtd_model_config config = vtd_model_default();

    for (unsigned has_queue = 0; has_queue <= 1; has_queue++) {
        const struct iommu_gather gather = { .start = 0x40201000, .end = 0x40202000 };
        struct driver *d;

        spec_put(&config.units[0].ecap, SPEC_ECAP_QI, has_queue);
        d = started(&config);
        CHECK_OK(iommu_stop(d->iommu));
        watch.count = 0;
        CHECK_OK(vtd_flush(&unit_of(d)->base, DID, &gather));
        CHECK_OK(vtd_flush_page(&unit_of(d)->base, DID, 0x40201000, 4096));
        CHECK_OK(vtd_flush_present(&unit_of(d)->base, DID, &gather));
        CHECK_OK(vtd_invalidate_all(unit_of(d)));
        CHECK_EQ(watch.count, 0);
        driver_destroy(d);
    }
}

/* ---- waits, counted in polls: one without a limit fails here instead of hanging ---- */

#define POLLS_MAX 4000000u

static unsigned polls;
static void (*model_relax)(void *ctx);

static void count_poll(void *ctx)
{
    if (++polls > POLLS_MAX)
        test_fail(__FILE__, __LINE__, "a wait goes on after %u polls", POLLS_MAX);
    model_relax(ctx);
}

static void check_wait_ends(bool has_queue, uint64_t hang)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    spec_put(&config.units[0].ecap, SPEC_ECAP_QI, has_queue);
    d = driver_started(&config);
    vtd_model_hang(d->m, 0, hang);
    polls = 0;
    model_relax = d->platform.relax;
    d->platform.relax = count_poll;
    CHECK_EQ(iommu_debug_flush_all(d->iommu, 0), IOMMU_ERR_TIMEOUT);
    CHECK(polls > 0);
    driver_abandon(d);
}

TEST(every_wait_ends_by_queue_and_by_registers)
{
    check_wait_ends(true, VTD_MODEL_HANG_WAIT);
    check_wait_ends(false, VTD_MODEL_HANG_CCMD);
    check_wait_ends(false, VTD_MODEL_HANG_IOTLB);
}

TEST(registers_flush_all_pages_of_a_range)
{
    struct vtd_model_config config = vtd_model_default();
    struct iommu_device *device;
    struct iommu_domain *domain;
    struct driver *d;

    spec_put(&config.units[0].ecap, SPEC_ECAP_QI, 0);
    d = driver_started(&config);
    device = iommu_find_device(d->iommu, 0, DRIVER_RID);
    domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);
    CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
    for (uint64_t i = 0; i < 16; i++) {
        driver_map(domain, DRIVER_IOVA + i * 4096, d->frame, 4096, IOMMU_RW);
        CHECK_EQ(driver_write(d, DRIVER_RID, DRIVER_IOVA + i * 4096, 1), 0);
    }
    CHECK_OK(iommu_unmap(domain, DRIVER_IOVA, 16 * 4096, NULL));
    for (uint64_t i = 0; i < 16; i++)
        CHECK_EQ(driver_write(d, DRIVER_RID, DRIVER_IOVA + i * 4096, 2), SPEC_FR_WRITE);
    CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}
