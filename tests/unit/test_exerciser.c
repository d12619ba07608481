/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/exerciser/exerciser.c: what is common to all. The devices have their own files. */
#include "exerciser_internal.h"
#include "fake_exerciser.h"
#include "test.h"

static struct fake_exerciser fake;

static struct exerciser sample(void)
{
    return (struct exerciser){ .host = &fake_exerciser_host,
                               .host_ctx = &fake,
                               .address_bits = 32,
                               .align = 4,
                               .step_len = 512,
                               .max_len = 4096,
                               .can_read = true,
                               .can_write = true,
                               .typical_us = 800 };
}

static bool fits(const struct exerciser *ex, enum ex_operation operation, uint64_t iova,
                 uint32_t len)
{
    return ex_dma_fits(ex, &(struct ex_dma){ .operation = operation, .iova = iova, .len = len });
}

TEST(operations_keep_to_the_limits)
{
    struct exerciser ex = sample();

    CHECK(fits(&ex, EX_READ, 0, 512));
    CHECK(fits(&ex, EX_WRITE, 0xfffff000, 4096));
    CHECK(!fits(&ex, EX_WRITE, 0xfffff004, 4096));
    CHECK(!fits(&ex, EX_WRITE, 0x100000000, 512));
    CHECK(!fits(&ex, EX_WRITE, 2, 512));
    CHECK(!fits(&ex, EX_WRITE, 0, 516));
    CHECK(!fits(&ex, EX_WRITE, 0, 0));
    CHECK(!fits(&ex, EX_WRITE, 0, 4608));
    ex.can_read = false;
    CHECK(!fits(&ex, EX_READ, 0, 512));
    CHECK(fits(&ex, EX_WRITE, 0, 512));
    ex.can_write = false;
    CHECK(!fits(&ex, EX_WRITE, 0, 512));
    ex.can_read = true;
    ex.address_bits = 64;
    CHECK(fits(&ex, EX_READ, 1ull << 63, 512));
    CHECK(!fits(&ex, EX_READ, UINT64_MAX - 511, 1024));
}

static unsigned polls;

static enum ex_status start_pending(struct exerciser *ex, const struct ex_dma *dma)
{
    (void)ex;
    (void)dma;
    polls = 0;
    return EX_PENDING;
}

static enum ex_status start_refused(struct exerciser *ex, const struct ex_dma *dma)
{
    (void)ex;
    (void)dma;
    polls = 0;
    return EX_UNSUPPORTED;
}

static enum ex_status poll_third(struct exerciser *ex)
{
    (void)ex;
    return ++polls == 3 ? EX_MISMATCH : EX_PENDING;
}

TEST(run_sleeps_between_polls)
{
    static const struct exerciser_ops ops = { .start = start_pending, .poll = poll_third };
    struct exerciser ex = sample();

    fake_exerciser_reset(&fake);
    ex.ops = &ops;
    CHECK_EQ(exerciser_run(&ex, &(struct ex_dma){ EX_READ, 0, 512 }), EX_MISMATCH);
    CHECK_EQ(polls, 3);
    CHECK_EQ(fake.now_us, 300);     /* an eighth of the typical time, three times */
}

TEST(run_gives_back_why_it_did_not_start)
{
    static const struct exerciser_ops ops = { .start = start_refused, .poll = poll_third };
    struct exerciser ex = sample();

    fake_exerciser_reset(&fake);
    ex.ops = &ops;
    CHECK_EQ(exerciser_run(&ex, &(struct ex_dma){ EX_READ, 0, 512 }), EX_UNSUPPORTED);
    CHECK_EQ(polls, 0);
    CHECK_EQ(fake.now_us, 0);
}

TEST(statuses_have_names)
{
    CHECK_STR(ex_status_name(EX_PENDING), "pending");
    CHECK_STR(ex_status_name(EX_UNSUPPORTED), "unsupported");
    CHECK_STR(ex_status_name((enum ex_status)6), "unknown");
}
