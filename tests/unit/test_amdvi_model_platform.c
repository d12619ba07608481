/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The AMD-Vi model's machine: the units' PCI functions and their own messages
 * (AMD-Vi §2.8, §3.2), firmware's table and what firmware leaves running, and
 * the watch for torn device table entries.
 */
#include <sched.h>

#include "amdvi_rig.h"
#include "test.h"

#define PAGE 4096u
#define MSI_TARGET 0xfee00000ull

static struct amdvi_rig started(void)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct amdvi_rig r = amdvi_rig_create(&config);

    amdvi_rig_enable(&r);
    return r;
}

static uint64_t status(struct amdvi_rig *r)
{
    return amdvi_model_reg64(r->m, 0, ASPEC_STATUS);
}

static bool violated(struct amdvi_rig *r, const char *what)
{
    return strstr(amdvi_model_violation_text(r->m), what) != NULL;
}

static void fault(struct amdvi_rig *r)
{
    CHECK_EQ(amdvi_rig_write(r, ARIG_RID, ARIG_IOVA + PAGE, 1), ASPEC_EV_PAGE_FAULT);
}

/* ---- messages of the unit ---- */

struct sent {
    unsigned count;
    uint64_t address;
    uint32_t data;
};

static void keep(void *ctx, unsigned unit, uint64_t address, uint32_t data)
{
    struct sent *sent = ctx;

    (void)unit;
    *sent = (struct sent){ sent->count + 1, address, data };
}

static void config_write(struct amdvi_rig *r, unsigned offset, unsigned width, uint32_t value)
{
    amdvi_model_config_write(r->m, 0, 0x0002, (uint16_t)offset, width, value);
}

TEST(an_event_sends_the_units_msi_once_until_it_is_cleared)
{
    struct amdvi_rig r = started();
    struct sent sent = { 0 };

    amdvi_model_on_msi(r.m, keep, &sent);
    config_write(&r, AMDVI_MODEL_MSI + 4, 4, (uint32_t)MSI_TARGET);
    config_write(&r, AMDVI_MODEL_MSI + 12, 2, 0x41);
    fault(&r);
    CHECK_EQ(sent.count, 0); /* neither enable is set */
    config_write(&r, AMDVI_MODEL_MSI + 2, 2, 1);
    amdvi_rig_control(&r, ASPEC_CTL_EVENT_INT_EN, true);
    CHECK_EQ(sent.count, 1);
    CHECK_EQ(sent.address, MSI_TARGET);
    CHECK_EQ(sent.data, 0x41);
    fault(&r);
    CHECK_EQ(sent.count, 1);
    amdvi_model_write32(r.m, 0, ASPEC_STATUS, (uint32_t)ASPEC_STS_EVENT_LOG_INT);
    fault(&r);
    CHECK_EQ(sent.count, 2);
    amdvi_rig_destroy(&r);
}

TEST(xt_registers_take_the_place_of_msi)
{
    struct amdvi_rig r = started();
    struct sent sent = { 0 };

    amdvi_model_on_msi(r.m, keep, &sent);
    amdvi_model_write64(r.m, 0, ASPEC_XT_GENERAL,
                        spec_make(ASPEC_XT_VECTOR, 0x52) | spec_make(ASPEC_XT_DEST_LO, 0x123) |
                            spec_make(ASPEC_XT_DEST_HI, 0x01));
    amdvi_rig_control(&r, ASPEC_CTL_INT_CAP_XT_EN | ASPEC_CTL_EVENT_INT_EN, true);
    fault(&r);
    CHECK_EQ(sent.count, 1);
    /* APIC id 01000123h: 23h in bits 19:12, 010001h from bit 40 up. */
    CHECK_EQ(sent.address, 0x0100010000000000ull + 0xfee23000ull);
    CHECK_EQ(sent.data, 0x52);
    amdvi_rig_destroy(&r);
}

/* ---- capability block ---- */

TEST(an_absent_unit_reads_all_ones)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct amdvi_rig r;

    config.units[0].absent = true;
    r = amdvi_rig_create(&config);
    CHECK_EQ(amdvi_model_read64(r.m, 0, ASPEC_EFR), ~0ull);
    CHECK_EQ(amdvi_model_read32(r.m, 0, ASPEC_STATUS), UINT32_MAX);
    amdvi_rig_destroy(&r);
}

TEST(enable_switches_the_registers_on_and_locks_their_base)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct amdvi_rig r;
    uint32_t low;

    config.units[0].decode_off = true;
    r = amdvi_rig_create(&config);
    CHECK_EQ(amdvi_model_read64(r.m, 0, ASPEC_EFR), ~0ull);
    low = amdvi_model_config_read(r.m, 0, 0x0002, AMDVI_MODEL_CAPABILITY + 4, 4);
    CHECK_EQ(low, 0xfd000000);
    config_write(&r, AMDVI_MODEL_CAPABILITY + 4, 4, low | 1);
    CHECK_EQ(amdvi_model_read64(r.m, 0, ASPEC_EFR), config.units[0].efr);
    CHECK_EQ(amdvi_model_violations(r.m), 0);
    config_write(&r, AMDVI_MODEL_CAPABILITY + 4, 4, 0);
    CHECK_EQ(amdvi_model_config_read(r.m, 0, 0x0002, AMDVI_MODEL_CAPABILITY + 4, 4), low | 1);
    CHECK(violated(&r, "read-only"));
    amdvi_rig_abandon(&r);
}

TEST(the_functions_capabilities_are_a_chain)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct amdvi_model *m = amdvi_model_create(&config);

    CHECK_EQ(amdvi_model_config_read(m, 0, 0x0002, 0x0a, 2), 0x0806);
    CHECK_EQ(amdvi_model_config_read(m, 0, 0x0002, 0x34, 1), 0x40);
    CHECK_EQ(amdvi_model_config_read(m, 0, 0x0002, 0x40, 4),
             0x180b640f); /* revision 1, EFRSup, CapExt */
    CHECK_EQ(amdvi_model_config_read(m, 0, 0x0002, 0x64, 4), 0x00808005);
    CHECK_EQ(amdvi_model_config_read(m, 0, 0x0002, 0x80, 4), 0x00008405);
    CHECK_EQ(amdvi_model_config_read(m, 0, 0x0002, 0x84, 2), 0x0008);
    CHECK_EQ(amdvi_model_config_read(m, 0, 0x0003, 0, 4), UINT32_MAX);
    amdvi_model_destroy(m);
}

/* ---- firmware ---- */

TEST(the_table_describes_the_unit)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct amdvi_model *m = amdvi_model_create(&config);
    uint8_t table[512], sum = 0;
    size_t len = amdvi_model_ivrs(m, table, sizeof(table));
    static const uint8_t start[] = {
        0x10, 0x20, 32, 0, 0x02, 0, 0x40, 0, 0, 0, 0, 0xfd, 0, 0, 0, 0
    };
    static const uint8_t entries[] = { 0x03, 0, 0, 0, 0x04, 0xff, 0x01, 0 };

    /* Header, a block 10h of 24 + 8 bytes, 11h and 40h of 40 + 8 each. */
    CHECK_EQ(len, 48 + 32 + 48 + 48);
    for (size_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + table[i]);
    CHECK_EQ(sum, 0);
    CHECK(memcmp(table, "IVRS", 4) == 0);
    CHECK_EQ(table[8], 2);
    CHECK(memcmp(table + 48, start, sizeof(start)) == 0);
    CHECK(memcmp(table + 48 + 24, entries, sizeof(entries)) == 0);
    CHECK_EQ(table[80], 0x11);
    CHECK(memcmp(table + 80 + 24, &config.units[0].efr, 8) == 0);
    CHECK_EQ(table[128], 0x40);
    amdvi_model_destroy(m);
}

TEST(a_unit_that_firmware_left_on_translates_bus_0_to_itself)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct amdvi_rig r = amdvi_rig_create(&config);

    amdvi_model_firmware_left(r.m, 0,
                              &(struct amdvi_model_firmware){
                                  .translate = true, .commands_stuck = true, .stale_event = true });
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, 0x180000, 7), 0);
    CHECK_EQ(amdvi_rig_load(&r, 0x180000), 7);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, 0x200000, 7), ASPEC_EV_PAGE_FAULT);
    CHECK_EQ(amdvi_model_stats(r.m, 0).leaks, 0);
    CHECK_EQ(status(&r) & (ASPEC_STS_CMD_BUF_RUN | ASPEC_STS_EVENT_LOG_RUN), 0);
    CHECK((status(&r) & ASPEC_STS_EVENT_OVERFLOW) != 0);
    amdvi_rig_destroy(&r);
}

/* ---- entries seen half written ---- */

static bool is_old_or_new(void *ctx, uint16_t rid, const uint64_t entry[4])
{
    const uint64_t *other = ctx; /* of word 0: word 1 of the new entry */

    (void)rid;
    return (entry[0] == other[0] && entry[1] == ARIG_DID) ||
           (entry[0] == other[1] && entry[1] == 9);
}

TEST(a_torn_entry_is_seen_at_the_next_barrier)
{
    struct amdvi_rig r = started();
    uint64_t roots[2] = { amdvi_rig_entry_word(&r, ARIG_RID, 0), r.frame | 0x6000000000000803ull };
    uint64_t *entry = amdvi_model_ram(r.m, r.table + ARIG_RID * 32, 32);

    amdvi_model_watch_entry(r.m, 0, ARIG_RID, is_old_or_new, roots);
    amdvi_model_platform(r.m)->dma_write_barrier(amdvi_model_ctx(r.m));
    CHECK_EQ(amdvi_model_violations(r.m), 0);
    entry[0] = roots[1];
    amdvi_model_platform(r.m)->dma_write_barrier(amdvi_model_ctx(r.m));
    CHECK(violated(&r, "entry of 0010 seen as"));
    amdvi_model_watch_entry(r.m, 0, ARIG_RID, NULL, NULL);
    amdvi_rig_abandon(&r);
}

static void wait_for_looks(struct amdvi_rig *r)
{
    uint64_t wanted = amdvi_model_checker_looks(r->m) + 2;

    while (amdvi_model_checker_looks(r->m) < wanted)
        sched_yield();
}

TEST(the_checker_sees_a_torn_entry_that_no_barrier_shows)
{
    struct amdvi_rig r = started();
    uint64_t roots[2] = { amdvi_rig_entry_word(&r, ARIG_RID, 0), r.frame | 0x6000000000000803ull };
    volatile uint64_t *entry = amdvi_model_ram(r.m, r.table + ARIG_RID * 32, 32);

    amdvi_model_watch_entry(r.m, 0, ARIG_RID, is_old_or_new, roots);
    amdvi_model_checker_start(r.m);
    wait_for_looks(&r);
    entry[0] = roots[1];
    wait_for_looks(&r);
    entry[1] = 9;
    amdvi_model_checker_stop(r.m);
    CHECK(violated(&r, "the checker refused"));
    amdvi_rig_abandon(&r);
}

/* ---- memory ---- */

TEST(a_walk_into_a_freed_page_is_a_violation)
{
    struct amdvi_rig r = started();

    amdvi_model_frames_free(r.m, r.level1, 1);
    (void)amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1);
    CHECK(violated(&r, "which is freed"));
    amdvi_rig_abandon(&r);
}

TEST(dma_into_a_freed_page_is_a_violation)
{
    struct amdvi_rig r = started();

    amdvi_model_frames_free(r.m, r.frame, 1);
    (void)amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1);
    CHECK(violated(&r, "DMA reached page"));
    amdvi_rig_abandon(&r);
}

TEST(an_entry_that_was_never_flushed_is_a_violation_without_coherent)
{
    struct amdvi_rig r = started();
    const struct iommu_platform *platform = amdvi_model_platform(r.m);
    uint64_t *page = platform->page_alloc(amdvi_model_ctx(r.m), 1, IOMMU_ANY_PA);
    uint64_t pa = amdvi_model_pa(r.m, page);

    amdvi_rig_store(&r, r.level2 + 8,
                    pa | ASPEC_PT_PR | ASPEC_PT_IR | ASPEC_PT_IW | spec_make(ASPEC_PT_NEXT, 1));
    amdvi_rig_control(&r, ASPEC_CTL_COHERENT, false);
    (void)amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1);
    CHECK(violated(&r, "was never flushed"));
    platform->page_free(amdvi_model_ctx(r.m), page, 1);
    amdvi_rig_abandon(&r);
}

TEST(pages_and_windows_are_counted_and_fail_when_told)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct amdvi_model *m = amdvi_model_create(&config);
    const struct iommu_platform *platform = amdvi_model_platform(m);
    void *ctx = amdvi_model_ctx(m), *page, *window;

    amdvi_model_fail_alloc(m, 1);
    CHECK(platform->page_alloc(ctx, 1, IOMMU_ANY_PA) == NULL);
    page = platform->page_alloc(ctx, 1, IOMMU_ANY_PA);
    CHECK_EQ(amdvi_model_live_pages(m), 1);
    platform->page_free(ctx, page, 1);
    CHECK_EQ(amdvi_model_violations(m), 0);
    platform->page_free(ctx, page, 1);
    CHECK_EQ(amdvi_model_violations(m), 1);
    amdvi_model_fail_map(m, 1);
    CHECK(platform->mmio_map(ctx, 0xfd000000, 0x4000) == NULL);
    window = platform->mmio_map(ctx, 0xfd000000, 0x4000);
    CHECK_EQ(platform->mmio_read64(ctx, (char *)window + ASPEC_EFR), config.units[0].efr);
    CHECK_EQ(amdvi_model_live_windows(m), 1);
    platform->mmio_unmap(ctx, window, 0x4000);
    CHECK_EQ(amdvi_model_live_windows(m), 0);
    amdvi_model_destroy(m);
}
