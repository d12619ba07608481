/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/exerciser/nvme_queue.c without a controller: what lies in the queues
 * and doorbells, completions written by hand (NVM Express Base 1.4 §4.1 - 4.6).
 */
#include "test.h"

#include "nvme_internal.h"

#define DEPTH 4u
#define STRIDE 8u
#define IOVA 0x140000000ull
#define TIMEOUT_US 2000000u

static struct {
    uint8_t registers[0x1040];
    uint8_t memory[NVME_PRIVATE_PAGES * EX_PAGE_BYTES] __attribute__((aligned(4096)));
    struct nvme nvme;
    struct exerciser ex;
    uint64_t now;
    unsigned sleeps, barriers, logs, doorbells;
    uint32_t tail_at_barrier;
} rig;

static uint32_t doorbell(unsigned queue, bool completion)
{
    uint32_t value;

    memcpy(&value, rig.registers + 0x1000 + (2 * queue + completion) * STRIDE, sizeof(value));
    return value;
}

static uint32_t read32(void *ctx, const volatile void *at)
{
    (void)ctx;
    return *(const volatile uint32_t *)at;
}

static void write32(void *ctx, volatile void *at, uint32_t value)
{
    (void)ctx;
    rig.doorbells++;
    *(volatile uint32_t *)at = value;
}

static void barrier(void *ctx)
{
    (void)ctx;
    rig.barriers++;
    rig.tail_at_barrier = doorbell(1, false);
}

static uint64_t now_us(void *ctx)
{
    (void)ctx;
    return rig.now;
}

static void sleep_us(void *ctx, uint64_t us)
{
    (void)ctx;
    rig.sleeps++;
    rig.now += us;
}

static void log_line(void *ctx, const char *format, va_list args)
{
    (void)ctx;
    (void)format;
    (void)args;
    rig.logs++;
}

static void machine(void)
{
    static const struct exerciser_host host = {
        .mmio_read32 = read32, .mmio_write32 = write32, .barrier = barrier, .now_us = now_us,
        .sleep_us = sleep_us, .log = log_line,
    };

    memset(&rig, 0, sizeof(rig));
    memset(rig.memory, 0xcc, sizeof(rig.memory));
    rig.ex = (struct exerciser){ .host = &host, .state = &rig.nvme, .private_mem = rig.memory,
                                 .private_iova = IOVA };
    rig.nvme = (struct nvme){ .registers = rig.registers, .doorbell_stride = STRIDE, .depth = DEPTH };
    nvme_queues_reset(&rig.ex);
}

/* Status in bits 15:1, phase in bit 0 (§4.6.1). */
static void complete(unsigned slot, uint16_t id, uint16_t status, unsigned phase)
{
    rig.nvme.io.cq[slot].command_id = id;
    rig.nvme.io.cq[slot].status = (uint16_t)((unsigned)status << 1 | phase);
}

static void submit(void)
{
    nvme_submit(&rig.ex, &rig.nvme.io, &(struct nvme_command){ .cdw0 = 2, .nsid = 1 });
}

TEST(reset_empties_both_queues)
{
    machine();
    CHECK(rig.nvme.busy == NULL);
    CHECK_EQ(rig.nvme.admin.id, 0);
    CHECK_EQ(rig.nvme.io.id, 1);
    CHECK_EQ(rig.nvme.admin.phase, 1);
    CHECK_EQ(rig.nvme.io.phase, 1);
    for (unsigned i = 0; i < 4 * 4096; i++)
        CHECK_EQ(rig.memory[i], 0);
    CHECK_EQ(rig.memory[4 * 4096], 0xcc);
}

/* §4.3: only the first entry has an offset; a third page means a list. */
TEST(prps_by_hand)
{
    static const struct {
        uint64_t iova;
        uint32_t len;
        uint64_t prp2;
        unsigned entries;
    } cases[] = {
        { 0x80000000, 512, 0, 0 },
        { 0x80000000, 4096, 0, 0 },
        { 0x80000e00, 512, 0, 0 },
        { 0x80000e00, 1024, 0x80001000, 0 },
        { 0x80000000, 8192, 0x80001000, 0 },
        { 0x80000200, 7680, 0x80001000, 0 },            /* ends with the second page */
        { 0x80000200, 8192, IOVA + 0x5000, 2 },
        { 0x80000000, 12288, IOVA + 0x5000, 2 },
        { 0x80000000, 65536, IOVA + 0x5000, 15 },
        { 0x80000200, 65536, IOVA + 0x5000, 16 },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct nvme_command command = { .prp2 = 0x77 };
        uint64_t list[17];

        machine();
        nvme_prps_set(&rig.ex, &command, cases[i].iova, cases[i].len);
        CHECK_EQ(command.prp1, cases[i].iova);
        CHECK_EQ(command.prp2, cases[i].prp2);
        memcpy(list, rig.memory + 0x5000, sizeof(list));
        for (unsigned k = 0; k < cases[i].entries; k++)
            CHECK_EQ(list[k], 0x80001000 + 4096ull * k);
        CHECK_EQ(list[cases[i].entries], 0xcccccccccccccccc);
    }
}

TEST(command_lies_in_its_slot_before_the_doorbell)
{
    struct nvme_command first;

    machine();
    submit();
    memcpy(&first, rig.memory + 0x2000, sizeof(first));
    CHECK_EQ(first.cdw0, 0x00010002); /* command id 1, opcode 2 */
    CHECK_EQ(first.nsid, 1);
    CHECK_EQ(doorbell(1, false), 1);
    CHECK_EQ(doorbell(0, false), 0);
    CHECK_EQ(rig.doorbells, 1);
    CHECK_EQ(rig.barriers, 1);
    CHECK_EQ(rig.tail_at_barrier, 0);
    CHECK_EQ(nvme_complete(&rig.ex), EX_PENDING);
}

/* The entry of the last round has the wrong phase; both doorbells go round with the queue. */
TEST(phase_and_doorbells_go_round)
{
    machine();
    for (unsigned i = 0; i < 3 * DEPTH; i++) {
        unsigned slot = i % DEPTH, phase = i / DEPTH % 2 == 0;

        submit();
        CHECK_EQ(doorbell(1, false), (i + 1) % DEPTH);
        CHECK_EQ(nvme_complete(&rig.ex), EX_PENDING);
        complete(slot, (uint16_t)(i + 1), 0, !phase);
        CHECK_EQ(nvme_complete(&rig.ex), EX_PENDING);
        complete(slot, (uint16_t)(i + 1), 0, phase);
        CHECK_EQ(nvme_complete(&rig.ex), EX_DONE);
        CHECK_EQ(doorbell(1, true), (i + 1) % DEPTH);
        CHECK(rig.nvme.busy == NULL);
    }
    CHECK_EQ(rig.ex.rejected, 0);
}

/* Status: type in bits 10:8, code in bits 7:0; Compare Failure is 2 and 85h (§4.6.1.2.3). */
TEST(status_codes)
{
    static const struct {
        uint16_t status;
        enum ex_status expected;
    } cases[] = {
        { 0, EX_DONE },
        { 0x285, EX_MISMATCH },
        { 0x4285, EX_MISMATCH },    /* Do Not Retry */
        { 0x4000, EX_DONE },
        { 0x085, EX_ABORTED },
        { 0x004, EX_ABORTED },      /* Data Transfer Error */
        { 0x200, EX_ABORTED },
        { 0x700, EX_ABORTED },      /* vendor's */
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        machine();
        submit();
        complete(0, 1, cases[i].status, 1);
        CHECK_EQ(nvme_complete(&rig.ex), cases[i].expected);
        CHECK_EQ(rig.ex.rejected, cases[i].expected == EX_ABORTED);
        CHECK(!rig.nvme.failed);
    }
}

TEST(completion_of_another_command_is_fatal)
{
    machine();
    submit();
    complete(0, 2, 0, 1);
    CHECK_EQ(nvme_complete(&rig.ex), EX_ABORTED);
    CHECK(rig.nvme.failed && rig.nvme.busy == NULL);
    CHECK_EQ(rig.logs, 1);
    CHECK_EQ(doorbell(1, true), 0);
}

TEST(deadline_counts_from_the_doorbell)
{
    machine();
    rig.now = 5000000;
    submit();
    rig.now += TIMEOUT_US;
    CHECK_EQ(nvme_complete(&rig.ex), EX_PENDING);
    rig.now++;
    CHECK_EQ(nvme_complete(&rig.ex), EX_TIMEOUT);
    CHECK(rig.nvme.failed && rig.nvme.busy == NULL);
    /* What is there in time is taken, however late it is looked at. */
    machine();
    submit();
    rig.now += 10 * TIMEOUT_US;
    complete(0, 1, 0, 1);
    CHECK_EQ(nvme_complete(&rig.ex), EX_DONE);
}

/* CSTS.CFS is bit 1 (§3.1.6); a device that is gone reads all ones. */
TEST(fatal_status_ends_the_wait_at_once)
{
    for (unsigned gone = 0; gone <= 1; gone++) {
        machine();
        submit();
        memset(rig.registers + 0x1c, gone ? 0xff : 0, 4);
        rig.registers[0x1c] |= 1u << 1;
        CHECK_EQ(nvme_complete(&rig.ex), EX_ABORTED);
        CHECK(rig.nvme.failed);
        CHECK_EQ(rig.ex.rejected, 1);
    }
    machine();
    submit();
    rig.registers[0x1c] = 1; /* ready, no error */
    CHECK_EQ(nvme_complete(&rig.ex), EX_PENDING);
}

TEST(run_is_bounded)
{
    machine();
    CHECK_EQ(nvme_run(&rig.ex, &rig.nvme.admin, &(struct nvme_command){ .cdw0 = 6 }), EX_TIMEOUT);
    CHECK_EQ(doorbell(0, false), 1);
    CHECK(rig.now > TIMEOUT_US && rig.now <= TIMEOUT_US + 1000);
    CHECK(rig.sleeps > 1);
}
