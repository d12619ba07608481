/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The AMD-Vi model's units: command processor (AMD-Vi §2.4), event log (§2.5),
 * interrupts of devices (§2.2.5), and what registers may be written.
 */
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
            amdvi_rig_put(&r,
                          command(ASPEC_OP_COMPLETION_WAIT) | ASPEC_CW_S |
                              (fence ? ASPEC_CW_F : 0) | r.semaphore,
                          1);
            amdvi_rig_put(&r, command(ASPEC_OP_INV_DEVTAB) | ARIG_RID, 0);
            amdvi_model_write64(r.m, 0, ASPEC_CMD_TAIL, r.tail);
            for (unsigned i = 0; i < 50; i++) {
                amdvi_model_advance(r.m, 1);
                passed[fence] |=
                    amdvi_model_stats(r.m, 0).devtab == 1 && amdvi_model_stats(r.m, 0).waits == 0;
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
        { 0x40200000ull | ASPEC_PAGES_S, 0x40200000, 0x40202000 }, /* bit 12 is zero: 8 KiB */
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
    amdvi_model_hang(
        r.m, 0, AMDVI_MODEL_HANG_CMD_STOP | AMDVI_MODEL_HANG_EVENT_STOP | AMDVI_MODEL_HANG_STORE);
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
    CHECK_EQ(status(&r) & (ASPEC_STS_EVENT_OVERFLOW | ASPEC_STS_EVENT_LOG_RUN),
             ASPEC_STS_EVENT_OVERFLOW);
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

    amdvi_rig_store(&r, r.level2 + 8,
                    0x40000000ull | ASPEC_PT_PR | ASPEC_PT_IW | spec_make(ASPEC_PT_NEXT, 1));
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
        CHECK_EQ(interrupt(&r, cases[i].data),
                 cases[i].passes ? AMDVI_MODEL_INTERRUPT : AMDVI_MODEL_FAULT);
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
    struct amdvi_model_request request = {
        .rid = ARIG_RID, .iova = ARIG_IOVA, .data = &value, .len = 8, .at = AMDVI_MODEL_TRANSLATED
    };

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
            test_fail(__FILE__, __LINE__, "\"%s\" not in: %s", cases[i].says,
                      amdvi_model_violation_text(r.m));
        amdvi_rig_abandon(&r);
    }
}
