/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The AMD-Vi model's units: command processor (AMD-Vi §2.4), event log (§2.5),
 * interrupts of devices (§2.2.5) and of its own (§2.8), base registers,
 * capability block, what firmware leaves, and the watch for torn entries.
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

static uint64_t command(unsigned op)
{
    return spec_make(ASPEC_OP, op);
}

/* ---- commands ---- */

TEST(run_bits_follow_after_a_while)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct amdvi_rig r = amdvi_rig_create(&config);

    amdvi_rig_enable(&r);
    CHECK_EQ(status(&r), ASPEC_STS_CMD_BUF_RUN | ASPEC_STS_EVENT_LOG_RUN);
    amdvi_model_write64(r.m, 0, ASPEC_CONTROL, r.control & ~ASPEC_CTL_CMD_BUF_EN);
    CHECK_EQ(status(&r), ASPEC_STS_CMD_BUF_RUN | ASPEC_STS_EVENT_LOG_RUN);
    amdvi_rig_settle(&r);
    CHECK_EQ(status(&r), ASPEC_STS_EVENT_LOG_RUN);
    amdvi_rig_destroy(&r);
}

TEST(without_iommu_en_nothing_runs)
{
    struct amdvi_rig r = started();

    amdvi_rig_control(&r, ASPEC_CTL_IOMMU_EN, false);
    CHECK_EQ(status(&r), 0);
    amdvi_rig_destroy(&r);
}

TEST(a_wait_stores_its_data_and_moves_the_head)
{
    struct amdvi_rig r = started();

    CHECK(amdvi_rig_wait(&r));
    CHECK_EQ(amdvi_model_reg64(r.m, 0, ASPEC_CMD_HEAD), 16);
    CHECK_EQ(amdvi_model_stats(r.m, 0).waits, 1);
    amdvi_rig_destroy(&r);
}

TEST(a_wait_with_i_sets_the_status_whatever_the_enable)
{
    struct amdvi_rig r = started();

    amdvi_rig_put(&r, command(ASPEC_OP_COMPLETION_WAIT) | ASPEC_CW_I, 0);
    amdvi_rig_ring(&r);
    CHECK((status(&r) & ASPEC_STS_COM_WAIT_INT) != 0);
    CHECK_EQ(amdvi_model_stats(r.m, 0).interrupts, 0);
    amdvi_model_write32(r.m, 0, ASPEC_STATUS, (uint32_t)ASPEC_STS_COM_WAIT_INT);
    CHECK((status(&r) & ASPEC_STS_COM_WAIT_INT) == 0);
    amdvi_rig_destroy(&r);
}

struct refused {
    const char *what;
    uint64_t lo, hi;
};

TEST(illegal_commands_stop_the_processor_at_themselves)
{
    static const struct refused cases[] = {
        { "opcode 0", 0, 0 },
        { "opcode 15", SPEC_F(63, 60), 0 },
        { "reserved bit of INVALIDATE_DEVTAB_ENTRY", 2ull << 60 | BIT_SPEC(16), 0 },
        { "second word of INVALIDATE_DEVTAB_ENTRY", 2ull << 60, 1 },
        { "bit 67 of INVALIDATE_IOMMU_PAGES", 3ull << 60, BIT_SPEC(3) },
        { "bit 48 of INVALIDATE_IOMMU_PAGES", 3ull << 60 | BIT_SPEC(48), 0 },
        { "INVALIDATE_IOTLB_PAGES without IotlbSup", 4ull << 60, 0 },
        { "PREFETCH_IOMMU_PAGES without PreFSup", 6ull << 60, 0 },
        { "bit 52 of COMPLETION_WAIT", 1ull << 60 | BIT_SPEC(52), 0 },
        { "operand of INVALIDATE_IOMMU_ALL", 8ull << 60 | 1, 0 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct amdvi_rig r = started();
        uint64_t event[2];

        CHECK(amdvi_rig_wait(&r));
        if (amdvi_rig_submit(&r, cases[i].lo, cases[i].hi))
            test_fail(__FILE__, __LINE__, "%s: accepted", cases[i].what);
        CHECK_EQ(status(&r) & ASPEC_STS_CMD_BUF_RUN, 0);
        CHECK_EQ(amdvi_model_reg64(r.m, 0, ASPEC_CMD_HEAD), 16);
        amdvi_rig_event(&r, 0, event);
        CHECK_EQ(event[0], 0x5000000000000000ull);
        CHECK_EQ(event[1], r.commands + 16);
        amdvi_rig_destroy(&r);
    }
}

TEST(cmd_buf_en_off_and_on_restarts_the_processor)
{
    struct amdvi_rig r = started();

    CHECK(!amdvi_rig_submit(&r, 0, 0));
    amdvi_rig_control(&r, ASPEC_CTL_CMD_BUF_EN, false);
    amdvi_model_write64(r.m, 0, ASPEC_CMD_HEAD, 0);
    amdvi_model_write64(r.m, 0, ASPEC_CMD_TAIL, 0);
    r.tail = 0;
    amdvi_rig_control(&r, ASPEC_CTL_CMD_BUF_EN, true);
    CHECK(amdvi_rig_wait(&r));
    amdvi_rig_destroy(&r);
}

TEST(a_ring_that_is_not_memory_is_a_hardware_error)
{
    struct amdvi_rig r = started();
    uint64_t event[2];

    amdvi_rig_control(&r, ASPEC_CTL_CMD_BUF_EN, false);
    amdvi_model_write64(r.m, 0, ASPEC_CMD_BASE, 0x40000000ull | spec_make(ASPEC_RING_LEN, 8));
    amdvi_rig_control(&r, ASPEC_CTL_CMD_BUF_EN, true);
    amdvi_model_write64(r.m, 0, ASPEC_CMD_TAIL, 16);
    amdvi_rig_settle(&r);
    amdvi_rig_event(&r, 0, event);
    CHECK_EQ(event[0], 0x6200000000000000ull); /* type 1 in bits 58:57 */
    CHECK_EQ(event[1], 0x40000000ull);
    /* HESup: a copy is kept in the registers. */
    CHECK_EQ(amdvi_model_reg64(r.m, 0, ASPEC_HW_EVENT_HI), event[0]);
    CHECK_EQ(amdvi_model_reg64(r.m, 0, ASPEC_HW_EVENT_STATUS), ASPEC_HW_EVENT_VALID);
    amdvi_rig_destroy(&r);
}

TEST(later_commands_may_pass_a_wait_only_without_f)
{
    bool passed[2] = { false, false };

    for (uint32_t seed = 1; seed <= 60; seed++) {
        for (unsigned fence = 0; fence < 2; fence++) {
            struct amdvi_model_config config = amdvi_model_default();
            struct amdvi_rig r;

            config.units[0].reorder_seed = seed;
            config.units[0].delay = 2;
            r = amdvi_rig_create(&config);
            amdvi_rig_enable(&r);
            amdvi_rig_put(&r, command(ASPEC_OP_COMPLETION_WAIT) | ASPEC_CW_S | (fence ? ASPEC_CW_F : 0) | r.semaphore, 1);
            amdvi_rig_put(&r, command(ASPEC_OP_INV_DEVTAB) | ARIG_RID, 0);
            amdvi_model_write64(r.m, 0, ASPEC_CMD_TAIL, r.tail);
            for (unsigned i = 0; i < 50; i++) {
                amdvi_model_advance(r.m, 1);
                passed[fence] |= amdvi_model_stats(r.m, 0).devtab == 1 && amdvi_model_stats(r.m, 0).waits == 0;
            }
            CHECK_EQ(amdvi_rig_load(&r, r.semaphore), 1);
            amdvi_rig_destroy(&r);
        }
    }
    CHECK(passed[0]);
    CHECK(!passed[1]);
}

TEST(a_wait_is_behind_everything_before_it)
{
    for (uint32_t seed = 1; seed <= 20; seed++) {
        struct amdvi_model_config config = amdvi_model_default();
        struct amdvi_rig r;

        config.units[0].reorder_seed = seed;
        r = amdvi_rig_create(&config);
        amdvi_rig_enable(&r);
        for (unsigned i = 0; i < 5; i++)
            amdvi_rig_put(&r, command(ASPEC_OP_INV_DEVTAB) | i, 0);
        amdvi_rig_put(&r, command(ASPEC_OP_COMPLETION_WAIT) | ASPEC_CW_S | r.semaphore, 1);
        amdvi_model_write64(r.m, 0, ASPEC_CMD_TAIL, r.tail);
        while (amdvi_rig_load(&r, r.semaphore) != 1)
            amdvi_model_advance(r.m, 1);
        CHECK_EQ(amdvi_model_stats(r.m, 0).devtab, 5);
        amdvi_rig_destroy(&r);
    }
}

TEST(commands_that_were_not_flushed_are_not_seen_without_coherent)
{
    struct amdvi_rig r = started();
    uint64_t words[2] = { command(ASPEC_OP_INV_DEVTAB), 0 };

    amdvi_rig_control(&r, ASPEC_CTL_COHERENT, false);
    memcpy(amdvi_model_ram(r.m, r.commands, 16), words, 16);
    amdvi_model_write64(r.m, 0, ASPEC_CMD_TAIL, 16);
    amdvi_rig_settle(&r);
    CHECK_EQ(amdvi_model_stats(r.m, 0).devtab, 0);
    CHECK_EQ(amdvi_model_stats(r.m, 0).illegal_commands, 1);
    amdvi_rig_destroy(&r);
}

TEST(sizes_of_invalidations)
{
    static const struct {
        uint64_t address, start, end;
    } cases[] = {
        { 0x40200000ull | ASPEC_PAGES_S, 0x40200000, 0x40202000 },                /* bit 12 is zero: 8 KiB */
        { 0x40201000ull | ASPEC_PAGES_S, 0x40200000, 0x40204000 },
        { 0x4020f000ull | ASPEC_PAGES_S, 0x40200000, 0x40220000 },
        { 0x40201000ull, 0x40201000, 0x40202000 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct amdvi_rig r = started();

        for (unsigned n = 0; n < 64; n++) {
            amdvi_rig_store(&r, r.level1 + n * 8, r.frame | ASPEC_PT_PR | ASPEC_PT_IW);
            CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, 0x40200000 + n * PAGE, 1), 0);
            amdvi_rig_store(&r, r.level1 + n * 8, 0);
        }
        CHECK(amdvi_rig_flush_pages(&r, cases[i].address));
        for (unsigned n = 0; n < 64; n++) {
            uint64_t iova = 0x40200000 + n * PAGE;
            bool dropped = iova >= cases[i].start && iova < cases[i].end;

            CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, iova, 1), dropped ? ASPEC_EV_PAGE_FAULT : 0);
        }
        amdvi_rig_destroy(&r);
    }
}

TEST(what_hangs_never_reports)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct amdvi_rig r = amdvi_rig_create(&config);

    amdvi_model_hang(r.m, 0, AMDVI_MODEL_HANG_CMD_START | AMDVI_MODEL_HANG_EVENT_START);
    amdvi_rig_enable(&r);
    CHECK_EQ(status(&r), 0);
    amdvi_rig_destroy(&r);
    r = started();
    amdvi_model_hang(r.m, 0, AMDVI_MODEL_HANG_CMD_STOP | AMDVI_MODEL_HANG_EVENT_STOP | AMDVI_MODEL_HANG_STORE);
    CHECK(!amdvi_rig_wait(&r));
    CHECK_EQ(amdvi_model_reg64(r.m, 0, ASPEC_CMD_HEAD), 16);
    amdvi_rig_control(&r, ASPEC_CTL_IOMMU_EN, false);
    CHECK_EQ(status(&r), ASPEC_STS_CMD_BUF_RUN | ASPEC_STS_EVENT_LOG_RUN);
    amdvi_rig_destroy(&r);
    r = started();
    amdvi_model_hang(r.m, 0, AMDVI_MODEL_HANG_WAIT);
    CHECK(!amdvi_rig_wait(&r));
    CHECK_EQ(amdvi_model_reg64(r.m, 0, ASPEC_CMD_HEAD), 0);
    amdvi_rig_destroy(&r);
}

/* ---- events ---- */

static void fault(struct amdvi_rig *r)
{
    CHECK_EQ(amdvi_rig_write(r, ARIG_RID, ARIG_IOVA + PAGE, 1), ASPEC_EV_PAGE_FAULT);
}

TEST(a_full_log_stops_until_it_is_restarted)
{
    struct amdvi_rig r = started();

    for (unsigned i = 0; i < 255; i++)
        fault(&r);
    CHECK_EQ(status(&r) & ASPEC_STS_EVENT_OVERFLOW, 0);
    fault(&r);
    CHECK_EQ(status(&r) & (ASPEC_STS_EVENT_OVERFLOW | ASPEC_STS_EVENT_LOG_RUN), ASPEC_STS_EVENT_OVERFLOW);
    amdvi_model_write64(r.m, 0, ASPEC_EVT_HEAD, 255 * 16);
    fault(&r);
    CHECK_EQ(amdvi_model_stats(r.m, 0).events, 255);
    CHECK_EQ(amdvi_model_stats(r.m, 0).events_lost, 2);
    amdvi_rig_control(&r, ASPEC_CTL_EVENT_LOG_EN, false);
    amdvi_model_write32(r.m, 0, ASPEC_STATUS, (uint32_t)ASPEC_STS_EVENT_OVERFLOW);
    amdvi_rig_control(&r, ASPEC_CTL_EVENT_LOG_EN, true);
    fault(&r);
    CHECK_EQ(amdvi_model_stats(r.m, 0).events, 256);
    amdvi_rig_destroy(&r);
}

TEST(restarting_a_log_that_still_says_overflow_is_a_violation)
{
    struct amdvi_rig r = started();

    for (unsigned i = 0; i < 256; i++)
        fault(&r);
    amdvi_rig_control(&r, ASPEC_CTL_EVENT_LOG_EN, false);
    amdvi_rig_control(&r, ASPEC_CTL_EVENT_LOG_EN, true);
    CHECK_EQ(status(&r) & ASPEC_STS_EVENT_LOG_RUN, 0);
    CHECK(violated(&r, "EventLogEn set while EventOverflow is"));
    amdvi_rig_abandon(&r);
}

TEST(se_records_the_first_fault_and_sa_none)
{
    struct amdvi_rig r = started();

    amdvi_rig_entry(&r, ARIG_RID, 1, ARIG_DID | ASPEC_DTE_SE);
    fault(&r);
    fault(&r);
    CHECK_EQ(amdvi_model_stats(r.m, 0).events, 1);
    CHECK(amdvi_rig_flush_entry(&r, ARIG_RID));
    fault(&r);
    CHECK_EQ(amdvi_model_stats(r.m, 0).events, 2);
    amdvi_rig_entry(&r, ARIG_RID, 1, ARIG_DID | ASPEC_DTE_SA);
    CHECK(amdvi_rig_flush_entry(&r, ARIG_RID));
    fault(&r);
    CHECK_EQ(amdvi_model_stats(r.m, 0).events, 2);
    CHECK_EQ(amdvi_model_stats(r.m, 0).faults, 4);
    amdvi_rig_destroy(&r);
}

TEST(entries_may_come_after_their_tail)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct amdvi_rig r;
    uint64_t event[2];

    config.units[0].late_events = true;
    r = amdvi_rig_create(&config);
    amdvi_rig_enable(&r);
    fault(&r);
    CHECK_EQ(amdvi_model_reg64(r.m, 0, ASPEC_EVT_TAIL), 16);
    amdvi_rig_event(&r, 0, event);
    CHECK_EQ(event[0], 0);
    amdvi_rig_settle(&r);
    amdvi_rig_event(&r, 0, event);
    CHECK_EQ(spec_get(event[0], ASPEC_EV_CODE), ASPEC_EV_PAGE_FAULT);
    amdvi_rig_destroy(&r);
}

TEST(tables_that_are_not_memory_are_hardware_errors)
{
    struct amdvi_rig r = started();
    uint64_t event[2];

    amdvi_rig_store(&r, r.level2 + 8, 0x40000000ull | ASPEC_PT_PR | ASPEC_PT_IW | spec_make(ASPEC_PT_NEXT, 1));
    CHECK_EQ(amdvi_rig_write(&r, ARIG_RID, ARIG_IOVA, 1), ASPEC_EV_PAGE_TAB_ERROR);
    amdvi_rig_event(&r, 0, event);
    /* Code 4, type 1, RW, domain 5, device; the address is that of the entry. */
    CHECK_EQ(event[0], 0x4220000500000010ull);
    CHECK_EQ(event[1], 0x40000008ull);
    amdvi_model_poke64(r.m, 0, ASPEC_DEV_TAB, 0x40000000ull);
    CHECK_EQ(amdvi_rig_write(&r, ARIG_OTHER, ARIG_IOVA, 1), ASPEC_EV_DEV_TAB_ERROR);
    amdvi_rig_event(&r, 1, event);
    CHECK_EQ(event[0], 0x3220000000000018ull);
    CHECK_EQ(event[1], 0x40000000ull + ARIG_OTHER * 32);
    amdvi_rig_destroy(&r);
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

/* ---- interrupts of devices ---- */

static enum amdvi_model_result interrupt(struct amdvi_rig *r, uint32_t data)
{
    return amdvi_model_dma(r->m, 0, ARIG_RID, MSI_TARGET, &data, sizeof(data), true);
}

TEST(device_interrupts_pass_by_iv_int_ctl_and_pass_bits)
{
    static const struct {
        uint64_t word;
        uint32_t data;
        bool passes;
    } cases[] = {
        { 0, 0x41, true },
        { ASPEC_DTE_IV, 0x41, false },
        { ASPEC_DTE_IV | 1ull << 60, 0x41, true },
        { ASPEC_DTE_IV | 1ull << 60, 0x441, false },
        { ASPEC_DTE_IV | ASPEC_DTE_NMI_PASS, 0x441, true },
        { ASPEC_DTE_IV | ASPEC_DTE_INIT_PASS, 0x541, true },
        { ASPEC_DTE_IV | ASPEC_DTE_EINT_PASS, 0x741, true },
        { ASPEC_DTE_IV | ASPEC_DTE_EINT_PASS, 0x541, false },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct amdvi_rig r = started();

        amdvi_rig_entry(&r, ARIG_RID, 2, cases[i].word);
        CHECK_EQ(interrupt(&r, cases[i].data), cases[i].passes ? AMDVI_MODEL_INTERRUPT : AMDVI_MODEL_FAULT);
        amdvi_rig_destroy(&r);
    }
}

TEST(a_read_of_the_interrupt_range_is_an_invalid_request)
{
    struct amdvi_rig r = started();
    uint64_t seen, event[2];

    CHECK_EQ(amdvi_rig_read(&r, ARIG_RID, MSI_TARGET, &seen), ASPEC_EV_INVALID_REQUEST);
    amdvi_rig_event(&r, 0, event);
    CHECK_EQ(event[0], 0x8000000000000010ull);
    amdvi_rig_destroy(&r);
}

TEST(ats_needs_the_entrys_leave)
{
    struct amdvi_rig r = started();
    uint64_t value = 0;
    struct amdvi_model_request request = { .rid = ARIG_RID, .iova = ARIG_IOVA, .data = &value, .len = 8,
                                           .at = AMDVI_MODEL_TRANSLATED };

    CHECK_EQ(amdvi_model_request(r.m, &request), AMDVI_MODEL_FAULT);
    CHECK_EQ(amdvi_model_last_reason(r.m), ASPEC_EV_INVALID_REQUEST);
    amdvi_rig_destroy(&r);
}

/* ---- registers ---- */

TEST(a_base_takes_effect_with_its_upper_half)
{
    struct amdvi_rig r = started();

    amdvi_rig_control(&r, ASPEC_CTL_IOMMU_EN, false);
    amdvi_model_write32(r.m, 0, ASPEC_DEV_TAB, 0x100000);
    CHECK_EQ(amdvi_model_read64(r.m, 0, ASPEC_DEV_TAB), r.table | 1);
    amdvi_model_write32(r.m, 0, ASPEC_DEV_TAB + 4, 0);
    CHECK_EQ(amdvi_model_read64(r.m, 0, ASPEC_DEV_TAB), 0x100000);
    amdvi_rig_destroy(&r);
}

TEST(bases_are_honoured_or_ignored_while_enabled)
{
    for (unsigned ignores = 0; ignores < 2; ignores++) {
        struct amdvi_model_config config = amdvi_model_default();
        struct amdvi_rig r;

        config.units[0].ignores_bases = ignores;
        r = amdvi_rig_create(&config);
        amdvi_rig_enable(&r);
        amdvi_model_write64(r.m, 0, ASPEC_DEV_TAB, 0x100000);
        CHECK_EQ(amdvi_model_read64(r.m, 0, ASPEC_DEV_TAB), ignores ? r.table | 1 : 0x100000);
        amdvi_rig_destroy(&r);
    }
}

struct wrong {
    const char *says;
    unsigned offset, width;
    uint64_t value;
};

TEST(broken_rules_are_violations)
{
    static const struct wrong cases[] = {
        { "not aligned", 0x2004, 8, 0 },
        { "where there is no register", 0x0098, 8, 1 },
        { "read-only register", ASPEC_EFR, 8, 1 },
        { "while it runs", ASPEC_CMD_BASE, 8, 8ull << 56 },
        { "while CmdBufRun = 1", ASPEC_CMD_HEAD, 8, 0 },
        { "while EventLogRun = 1", ASPEC_EVT_TAIL, 8, 0 },
        { "beyond its ring", ASPEC_CMD_TAIL, 8, 0x1000 },
        { "ring of reserved length", ASPEC_EVT_BASE, 8, 7ull << 56 },
        { "reserved bits", ASPEC_CONTROL, 8, BIT_SPEC(49) | 1 },
        { "without their feature", ASPEC_CONTROL, 8, ASPEC_CTL_PPR_EN | 1 },
        { "XTEn without GAEn", ASPEC_CONTROL, 8, ASPEC_CTL_XT_EN | 1 },
        { "formats changed", ASPEC_CONTROL, 8, ASPEC_CTL_GA_EN | 1 },
        { "reserved bits", ASPEC_STATUS, 8, BIT_SPEC(20) },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct amdvi_rig r = started();

        if (cases[i].width == 8)
            amdvi_model_write64(r.m, 0, cases[i].offset, cases[i].value);
        else
            amdvi_model_write32(r.m, 0, cases[i].offset, (uint32_t)cases[i].value);
        if (!violated(&r, cases[i].says))
            test_fail(__FILE__, __LINE__, "\"%s\" not in: %s", cases[i].says, amdvi_model_violation_text(r.m));
        amdvi_rig_abandon(&r);
    }
}

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
    CHECK_EQ(amdvi_model_config_read(m, 0, 0x0002, 0x40, 4), 0x180b640f); /* revision 1, EFRSup, CapExt */
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
    static const uint8_t start[] = { 0x10, 0x20, 32, 0, 0x02, 0, 0x40, 0, 0, 0, 0, 0xfd, 0, 0, 0, 0 };
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

    amdvi_model_firmware_left(r.m, 0, &(struct amdvi_model_firmware){ .translate = true, .commands_stuck = true,
                                                                      .stale_event = true });
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
    return (entry[0] == other[0] && entry[1] == ARIG_DID) || (entry[0] == other[1] && entry[1] == 9);
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
