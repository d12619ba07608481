/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts of guests in the AMD-Vi model: backing page, doorbell, and the
 * guest virtual APIC log with its overflow.
 */
#include "amdvi_irt_rig.h"
#include "test.h"

#define GAM (1ull << 25)
#define LOG_EN (1ull << 28)
#define INT_EN (1ull << 29)
#define RUN (1ull << 8)
#define OVERFLOW (1ull << 9)
#define LOG_INT (1ull << 10)
#define PAGE_FAULT 2u
#define VIOLATION(q, words) CHECK(strstr(amdvi_model_violation_text((q).r.m), words) != NULL)

/* RemapEn, GALogIntr, GuestMode, destination 7; IsRun is bit 6. */
#define GUEST 0x0785ull
#define IS_RUN 0x40ull
#define TAG (0xc0ffee05ull << 32)

struct guest {
    struct airt q;
    uint64_t page, log, tail;
};

/* The log: 512 entries, code 8 in 59:56. */
static struct guest started(uint64_t control)
{
    struct amdvi_model_config config = airt_model();
    struct guest g = { .q = airt_started(&config, ASPEC_CTL_GA_EN | GAM) };

    g.page = amdvi_model_frames(g.q.r.m, 1, 4096, 0, IOMMU_ANY_PA);
    g.log = amdvi_model_frames(g.q.r.m, 1, 4096, 0, IOMMU_ANY_PA);
    g.tail = amdvi_model_frames(g.q.r.m, 1, 4096, 0, IOMMU_ANY_PA);
    amdvi_model_write64(g.q.r.m, 0, ASPEC_GA_BASE, g.log | 8ull << 56);
    amdvi_model_write64(g.q.r.m, 0, ASPEC_GA_TAIL_ADDR, g.tail);
    amdvi_model_write64(g.q.r.m, 0, ASPEC_GA_HEAD, 0);
    amdvi_model_write64(g.q.r.m, 0, ASPEC_GA_TAIL, 0);
    amdvi_rig_control(&g.q.r, control, true);
    return g;
}

/* Entry 3: guest vector 91h, page in bits 115:76. */
static void put(struct guest *g, uint64_t lo)
{
    airt_put(&g->q, 3, lo, g->page | 0x91);
    CHECK(airt_flush(&g->q, ARIG_RID));
}

static uint64_t status(const struct guest *g)
{
    return amdvi_model_reg64(g->q.r.m, 0, ASPEC_STATUS) & (RUN | OVERFLOW | LOG_INT);
}

/* 200h + (91h / 32) * 16, bit 91h % 32. */
static uint32_t request_register(struct guest *g)
{
    uint32_t value;

    memcpy(&value, amdvi_model_ram(g->q.r.m, g->page + 0x240, 4), 4);
    return value;
}

TEST(running_guests_get_a_doorbell)
{
    struct guest g = started(LOG_EN);
    struct amdvi_model_interrupt seen;

    put(&g, GUEST | IS_RUN | TAG);
    CHECK_EQ(airt_raise(&g.q, 3), 0);
    CHECK_EQ(request_register(&g), 1u << 17);
    seen = amdvi_model_last_interrupt(g.q.r.m);
    CHECK(seen.doorbell && seen.apic_id == 7);
    CHECK_EQ(amdvi_model_stats(g.q.r.m, 0).guest_doorbells, 1);
    CHECK_EQ(amdvi_model_stats(g.q.r.m, 0).delivered, 0);
    CHECK_EQ(amdvi_model_stats(g.q.r.m, 0).guest_log, 0);
    airt_ended(&g.q);
}

TEST(others_are_logged)
{
    struct guest g = started(LOG_EN);

    CHECK_EQ(status(&g), RUN);
    put(&g, GUEST | TAG);
    CHECK_EQ(airt_raise(&g.q, 3), 0);
    CHECK_EQ(request_register(&g), 1u << 17);
    CHECK_EQ(amdvi_rig_load(&g.q.r, g.log), 0x10000010c0ffee05); /* type 1, 00:02.0 */
    CHECK_EQ(amdvi_model_reg64(g.q.r.m, 0, ASPEC_GA_TAIL), 8);
    CHECK_EQ(amdvi_rig_load(&g.q.r, g.tail), 8);
    CHECK_EQ(status(&g), RUN | LOG_INT);
    CHECK_EQ(amdvi_model_stats(g.q.r.m, 0).guest_doorbells, 0);
    put(&g, (GUEST | TAG) & ~4ull); /* GALogIntr = 0 */
    CHECK_EQ(airt_raise(&g.q, 3), 0);
    CHECK_EQ(amdvi_model_stats(g.q.r.m, 0).guest_log, 1);
    airt_ended(&g.q);
}

TEST(guest_mode_needs_its_control_bits)
{
    struct airt q = airt_wide();
    uint64_t page = amdvi_model_frames(q.r.m, 1, 4096, 0, IOMMU_ANY_PA);

    airt_put(&q, 3, GUEST, page | 0x91);
    CHECK_EQ(airt_raise(&q, 3), PAGE_FAULT);
    airt_ended(&q);
}

TEST(reserved_bits_of_guest_entries)
{
    static const uint64_t cases[][2] = {
        { 1 << 3, 0 }, { 1 << 4, 0 }, { 0, 1 << 8 }, { 0, 1 << 11 }, { 0, 1ull << 52 }
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct guest g = started(LOG_EN);

        airt_put(&g.q, 3, GUEST | cases[i][0], g.page | 0x91 | cases[i][1]);
        CHECK_EQ(airt_raise(&g.q, 3), PAGE_FAULT);
        CHECK_EQ(request_register(&g), 0);
        airt_ended(&g.q);
    }
}

TEST(pages_that_are_not_there)
{
    struct guest g = started(LOG_EN);

    airt_put(&g.q, 3, GUEST, 0x40000091);
    CHECK_EQ(airt_raise(&g.q, 3), 4);
    put(&g, GUEST);
    amdvi_model_frames_free(g.q.r.m, g.page, 1);
    CHECK_EQ(airt_raise(&g.q, 3), 4);
    VIOLATION(g.q, "virtual APIC page");
    amdvi_rig_abandon(&g.q.r);
}

/* ---- the log ---- */

static unsigned messages;

static void count(void *ctx, unsigned unit, uint64_t address, uint32_t data)
{
    (void)ctx;
    (void)unit;
    messages += address == 0xfee07000 && data == 0x71;
}

TEST(interrupt_by_msi_once_until_cleared)
{
    struct guest g = started(LOG_EN | INT_EN);
    struct amdvi_model *m = g.q.r.m;

    messages = 0;
    amdvi_model_on_msi(m, count, NULL);
    amdvi_model_config_write(m, 0, 2, AMDVI_MODEL_MSI + 4, 4, 0xfee07000);
    amdvi_model_config_write(m, 0, 2, AMDVI_MODEL_MSI + 12, 2, 0x71);
    amdvi_model_config_write(m, 0, 2, AMDVI_MODEL_MSI + 2, 2, 1);
    put(&g, GUEST);
    CHECK_EQ(airt_raise(&g.q, 3), 0);
    CHECK_EQ(airt_raise(&g.q, 3), 0);
    CHECK_EQ(messages, 1);
    amdvi_model_write64(m, 0, ASPEC_STATUS, LOG_INT);
    CHECK_EQ(airt_raise(&g.q, 3), 0);
    CHECK_EQ(messages, 2);
    airt_ended(&g.q);
}

TEST(interrupt_by_its_own_xt_register)
{
    struct guest g = started(LOG_EN | INT_EN | 1ull << 51);

    messages = 0;
    amdvi_model_on_msi(g.q.r.m, count, NULL);
    amdvi_model_write64(g.q.r.m, 0, ASPEC_XT_GA, 0x71ull << 32 | 7 << 8);
    put(&g, GUEST);
    CHECK_EQ(airt_raise(&g.q, 3), 0);
    CHECK_EQ(messages, 1);
    airt_ended(&g.q);
}

TEST(overflow_stops_the_log_until_it_is_started_again)
{
    struct guest g = started(LOG_EN);

    put(&g, GUEST | TAG);
    for (unsigned i = 0; i < 511; i++)
        CHECK_EQ(airt_raise(&g.q, 3), 0);
    CHECK_EQ(status(&g), RUN | LOG_INT);
    CHECK_EQ(airt_raise(&g.q, 3), 0);
    CHECK_EQ(status(&g), OVERFLOW | LOG_INT);
    amdvi_model_write64(g.q.r.m, 0, ASPEC_GA_HEAD, 511 * 8);
    CHECK_EQ(airt_raise(&g.q, 3), 0);
    CHECK_EQ(amdvi_model_stats(g.q.r.m, 0).guest_log, 511);
    CHECK_EQ(amdvi_model_stats(g.q.r.m, 0).guest_log_lost, 2);
    amdvi_rig_control(&g.q.r, LOG_EN, false);
    amdvi_model_write64(g.q.r.m, 0, ASPEC_STATUS, OVERFLOW);
    amdvi_rig_control(&g.q.r, LOG_EN, true);
    CHECK_EQ(airt_raise(&g.q, 3), 0);
    CHECK_EQ(amdvi_model_stats(g.q.r.m, 0).guest_log, 512);
    CHECK_EQ(amdvi_model_reg64(g.q.r.m, 0, ASPEC_GA_TAIL), 0); /* wrapped */
    airt_ended(&g.q);
}

TEST(rules_of_the_log)
{
    struct guest g = started(LOG_EN);
    struct amdvi_model *m = g.q.r.m;

    amdvi_model_write64(m, 0, ASPEC_GA_TAIL, 8);
    VIOLATION(g.q, "GA tail written while GALogRun");
    amdvi_model_write64(m, 0, ASPEC_GA_BASE, g.log | 8ull << 56);
    VIOLATION(g.q, "base register 0x00e0 written while it runs");
    amdvi_model_write64(m, 0, ASPEC_GA_HEAD, 4096);
    VIOLATION(g.q, "beyond its ring");
    amdvi_model_write64(m, 0, ASPEC_GA_TAIL_ADDR, g.tail | 4);
    VIOLATION(g.q, "GA log tail address written with reserved bits 0x4");
    amdvi_rig_control(&g.q.r, LOG_EN, false);
    amdvi_model_poke64(m, 0, ASPEC_STATUS, OVERFLOW);
    amdvi_rig_control(&g.q.r, LOG_EN, true);
    VIOLATION(g.q, "GALogEn set while GALogOverflow is");
    amdvi_rig_abandon(&g.q.r);
}

TEST(run_bit_that_does_not_come_or_go)
{
    struct guest g = started(0);

    amdvi_model_hang(g.q.r.m, 0, AMDVI_MODEL_HANG_GUEST_LOG_START);
    amdvi_rig_control(&g.q.r, LOG_EN, true);
    CHECK_EQ(status(&g), 0);
    amdvi_model_hang(g.q.r.m, 0, AMDVI_MODEL_HANG_GUEST_LOG_STOP);
    amdvi_rig_control(&g.q.r, LOG_EN, false);
    amdvi_rig_control(&g.q.r, LOG_EN, true);
    amdvi_rig_control(&g.q.r, LOG_EN, false);
    CHECK_EQ(status(&g), RUN);
    airt_ended(&g.q);
}
