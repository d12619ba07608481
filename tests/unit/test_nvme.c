/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/exerciser/nvme*.c against a controller that sees memory through IOVAs only. */
#include "fake_nvme.h"
#include "fake_pci.h"
#include "test.h"

#define PRIVATE 0x40000000ull
#define TARGET 0x80000000ull
#define TARGET_LEN 0x20000u

static struct fake_pci bus;
static struct fake_exerciser fake;
static struct fake_nvme disk;
static uint8_t target[TARGET_LEN];

static void machine(void)
{
    fake_nvme_init(&disk, &fake);
    fake_pci_reset(&bus);
    fake_pci_bar(fake_pci_add(&bus, 0, PCI_RID(1, 0, 0), 0x00101b36, 0x010802), 0, 0xfebf0000,
                 0x4000);
    memset(target, 0x11, sizeof(target));
}

static struct exerciser *probe(bool scratch)
{
    return exerciser_probe(&fake_exerciser_host, &fake, pci_first(fake_pci_start(&bus)), scratch);
}

static void fill_disk(uint64_t at, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        disk.disk[at + i] = (uint8_t)(i * 7 + i / 256 + 1);
}

static struct exerciser *attach(bool scratch)
{
    struct exerciser *ex = probe(scratch);

    CHECK(ex != NULL);
    fake_exerciser_map(&fake, PRIVATE, ex->private_mem, ex->private_pages * 4096, true, true);
    fake_exerciser_map(&fake, TARGET, target, TARGET_LEN, true, true);
    return ex;
}

static struct exerciser *attached(bool scratch)
{
    struct exerciser *ex = attach(scratch);

    CHECK_EQ(ex->ops->rebase(ex, PRIVATE), EX_DONE);
    CHECK_EQ(disk.bad, 0);
    return ex;
}

static enum ex_status run(struct exerciser *ex, enum ex_operation operation, uint64_t iova,
                          uint32_t len)
{
    return exerciser_run(ex, &(struct ex_dma){ .operation = operation, .iova = iova, .len = len });
}

TEST(probe_touches_nothing)
{
    struct exerciser *ex;

    machine();
    ex = probe(false);
    CHECK(ex != NULL);
    CHECK_STR(ex->label, "nvme@0000:01:00.0");
    CHECK_EQ(disk.cc, 0);
    CHECK_EQ(fake.refused, 0);
    CHECK_STR(ex->serial, "");
    CHECK_EQ(ex->ops->start(ex, &(struct ex_dma){ EX_WRITE, TARGET, 4096 }), EX_TIMEOUT);
}

TEST(controllers_that_cannot_be_used_are_refused)
{
    static const uint64_t caps[] = {
        UINT64_MAX,                                 /* gone */
        15ull << 24 | 2047,                         /* no NVM commands */
        1ull << 37 | 1ull << 48 | 2047,             /* pages of 8192 bytes at least */
        1ull << 37 | 0,                             /* queues of one entry */
        1ull << 37 | 15ull << 32 | 2047,            /* doorbells beyond the BAR */
    };

    for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
        machine();
        disk.cap = caps[i];
        CHECK(probe(false) == NULL);
        CHECK(fake_exerciser_logged(&fake, "needs the NVM commands"));
    }
    machine();
    fake_pci_bar(&bus.functions[0], 0, 0xfebf0000, 0x1000);
    CHECK(probe(false) == NULL);
}

TEST(every_allocation_can_fail)
{
    for (size_t nth = 1; nth <= 4; nth++) {
        machine();
        fake.fail_alloc = nth;
        CHECK(probe(false) == NULL);
    }
    machine();
    fake.no_pages_below = 0;
    fake.fail_alloc = 6;
    CHECK(probe(false) != NULL);
}

TEST(blocks_of_the_disk_are_the_pattern)
{
    struct exerciser *ex;

    machine();
    fill_disk(0x3000, 4096);
    ex = attached(false);
    CHECK_STR(ex->serial, "disk0");
    CHECK_EQ(ex->max_len, 4096);
    CHECK_EQ(ex->step_len, 512);
    CHECK(ex->can_read && ex->can_write && !ex->writes_storage);
    CHECK(memcmp(ex->pattern, disk.disk + 0x3000, 4096) == 0);
    CHECK_EQ(ex->ops->prepare(ex), EX_DONE);
    CHECK_EQ(run(ex, EX_WRITE, TARGET + 0x1000, 512), EX_DONE);
    CHECK(memcmp(target + 0x1000, disk.disk + 0x3000, 512) == 0);
    CHECK_EQ(target[0xfff], 0x11);
    CHECK_EQ(target[0x1200], 0x11);
    CHECK_EQ(disk.writes, 0);
}

TEST(compare_tells_right_from_wrong_and_writes_nothing)
{
    struct exerciser *ex;

    machine();
    fill_disk(0, 4096);
    ex = attached(false);
    memcpy(target, ex->pattern, 4096);
    CHECK_EQ(run(ex, EX_READ, TARGET, 4096), EX_DONE);
    target[4095] ^= 1;
    CHECK_EQ(run(ex, EX_READ, TARGET, 4096), EX_MISMATCH);
    CHECK_EQ(ex->rejected, 0);
    CHECK_EQ(disk.compares, 2);
    CHECK_EQ(disk.writes, 0);
}

TEST(blank_disk_lends_its_identify_data)
{
    struct exerciser *ex;

    machine();
    ex = attached(false);
    CHECK_EQ(ex->step_len, 4096);
    CHECK_EQ(ex->max_len, 4096);
    CHECK(!ex->can_read);
    CHECK_EQ(run(ex, EX_READ, TARGET, 4096), EX_UNSUPPORTED);
    CHECK_EQ(run(ex, EX_WRITE, TARGET + 0x204, 4096), EX_DONE);
    CHECK(memcmp(target + 0x204, ex->pattern, 4096) == 0);
    CHECK(memcmp(target + 0x204 + 4, "disk0 ", 6) == 0);
    CHECK_EQ(disk.writes, 0);
}

TEST(disks_without_usable_blocks_lend_it_too)
{
    for (unsigned kind = 0; kind < 3; kind++) {
        struct exerciser *ex;

        machine();
        fill_disk(0, 4096);
        if (kind == 0)
            disk.blocks = 0;
        else if (kind == 1)
            disk.metadata = 8;
        else
            disk.block_shift = 13;
        ex = attached(true);
        CHECK(!ex->can_read && !ex->writes_storage);
        CHECK_EQ(disk.reads + disk.writes, 0);
        CHECK_EQ(run(ex, EX_WRITE, TARGET, 4096), EX_DONE);
    }
}

TEST(scratch_disk_is_given_a_pattern)
{
    struct exerciser *ex;
    uint32_t word;

    machine();
    ex = attached(true);
    CHECK_EQ(ex->max_len, 65536);
    CHECK(ex->writes_storage && ex->can_read);
    CHECK(memcmp(disk.disk, ex->pattern, 65536) == 0);
    for (uint32_t at = 0; at < 65536; at += 4) {
        memcpy(&word, ex->pattern + at, 4);
        CHECK(word != 0 && word != 0xffffffff);
    }
    memcpy(target, ex->pattern, 65536);
    CHECK_EQ(run(ex, EX_READ, TARGET, 65536), EX_DONE);
    CHECK_EQ(disk.writes, 1);
    CHECK_EQ(ex->ops->rebase(ex, PRIVATE), EX_DONE);
    CHECK_EQ(disk.writes, 1);
}

TEST(disk_becomes_scratch_when_it_is_named)
{
    struct exerciser *ex;

    machine();
    ex = attached(false);
    CHECK_EQ(disk.writes, 0);
    ex->scratch = true;
    CHECK_EQ(ex->ops->rebase(ex, PRIVATE), EX_DONE);
    CHECK_EQ(ex->max_len, 65536);
    CHECK(ex->writes_storage);
}

TEST(transfer_limit_of_the_controller_is_kept)
{
    struct exerciser *ex;

    machine();
    disk.mdts = 2;
    ex = attached(true);
    CHECK_EQ(ex->max_len, 16384);
    CHECK_EQ(run(ex, EX_WRITE, TARGET, 16384), EX_DONE);
    CHECK_EQ(run(ex, EX_WRITE, TARGET, 16896), EX_UNSUPPORTED);
}

TEST(prps_of_every_shape)
{
    static const struct {
        uint32_t offset, len;
    } cases[] = {
        { 0, 512 },  { 0xe00, 512 }, { 0xe04, 512 },  { 0, 4096 },  { 4, 4096 },  { 0xffc, 4096 },
        { 0, 8192 }, { 4, 8192 },    { 0xffc, 8192 }, { 0, 65536 }, { 4, 65536 }, { 0xffc, 65536 },
    };
    struct exerciser *ex;

    machine();
    ex = attached(true);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t at = 0x4000 + cases[i].offset, len = cases[i].len;

        memset(target, 0x11, sizeof(target));
        CHECK_EQ(run(ex, EX_WRITE, TARGET + at, len), EX_DONE);
        CHECK(memcmp(target + at, ex->pattern, len) == 0);
        CHECK_EQ(target[at - 1], 0x11);
        CHECK_EQ(target[at + len], 0x11);
    }
    CHECK_EQ(fake.refused, 0);
}

TEST(without_compare_only_a_scratch_disk_reads)
{
    struct exerciser *ex;

    machine();
    disk.oncs = 0;
    fill_disk(0, 4096);
    ex = attached(false);
    CHECK(!ex->can_read);
    CHECK_EQ(run(ex, EX_READ, TARGET, 512), EX_UNSUPPORTED);

    machine();
    disk.oncs = 0;
    ex = attached(true);
    memcpy(target, ex->pattern, 4096);
    CHECK_EQ(run(ex, EX_READ, TARGET, 4096), EX_DONE);
    target[100] ^= 1;
    CHECK_EQ(run(ex, EX_READ, TARGET, 4096), EX_MISMATCH);
    CHECK(memcmp(disk.disk, ex->pattern, 65536) == 0);
    CHECK_EQ(disk.compares, 0);
}

TEST(refused_transfers_are_reported)
{
    struct exerciser *ex;

    machine();
    fill_disk(0, 4096);
    ex = attached(false);
    fake_exerciser_unmap(&fake, TARGET);
    CHECK_EQ(run(ex, EX_WRITE, TARGET, 512), EX_ABORTED);
    CHECK_EQ(run(ex, EX_READ, TARGET, 512), EX_ABORTED);
    CHECK_EQ(ex->rejected, 2);
    CHECK_EQ(target[0], 0x11);
    /* The controller lives on. */
    fake_exerciser_map(&fake, TARGET, target, TARGET_LEN, true, true);
    CHECK_EQ(run(ex, EX_WRITE, TARGET, 512), EX_DONE);
}

TEST(refused_read_without_compare_is_no_success_even_if_the_controller_says_so)
{
    struct exerciser *ex;

    machine();
    disk.oncs = 0;
    ex = attached(true);
    memcpy(target, ex->pattern, 4096);
    CHECK_EQ(run(ex, EX_READ, TARGET, 4096), EX_DONE);
    disk.quiet_dma_errors = true;
    fake_exerciser_unmap(&fake, TARGET);
    CHECK_EQ(run(ex, EX_READ, TARGET, 4096), EX_MISMATCH);
}

TEST(queue_that_cannot_be_fetched_is_fatal_until_rebase)
{
    struct exerciser *ex;

    machine();
    fill_disk(0, 4096);
    ex = attached(false);
    fake_exerciser_unmap(&fake, PRIVATE);
    CHECK_EQ(run(ex, EX_WRITE, TARGET, 512), EX_ABORTED);
    CHECK(fake_exerciser_logged(&fake, "fatal status"));
    CHECK_EQ(ex->rejected, 1);
    CHECK_EQ(run(ex, EX_WRITE, TARGET, 512), EX_TIMEOUT);
    CHECK_EQ(ex->ops->prepare(ex), EX_TIMEOUT);
    CHECK_EQ(ex->ops->rebase(ex, PRIVATE), EX_ABORTED);
    fake_exerciser_map(&fake, 0x1000, ex->private_mem, ex->private_pages * 4096, true, true);
    CHECK_EQ(ex->ops->rebase(ex, 0x1000), EX_DONE);
    CHECK_EQ(run(ex, EX_WRITE, TARGET, 512), EX_DONE);
    CHECK_EQ(disk.bad, 0);
}

TEST(lost_command_times_out)
{
    struct exerciser *ex;
    uint64_t before;

    machine();
    fill_disk(0, 4096);
    ex = attached(false);
    disk.hangs = true;
    before = fake.now_us;
    CHECK_EQ(run(ex, EX_WRITE, TARGET, 512), EX_TIMEOUT);
    CHECK(fake.now_us - before < 3000000);
    CHECK(fake_exerciser_logged(&fake, "no completion"));
    CHECK_EQ(ex->ops->rebase(ex, PRIVATE), EX_TIMEOUT);
    disk.hangs = false;
    CHECK_EQ(ex->ops->rebase(ex, PRIVATE), EX_DONE);
    CHECK_EQ(run(ex, EX_WRITE, TARGET, 512), EX_DONE);
}

TEST(error_statuses_abort)
{
    static const uint16_t statuses[] = { 0x004, 0x281, 0x4002 /* Invalid Field with DNR */ };
    struct exerciser *ex;

    machine();
    fill_disk(0, 4096);
    ex = attached(false);
    for (size_t i = 0; i < 3; i++) {
        disk.fail_opcode = 0x102;
        disk.fail_status = statuses[i];
        CHECK_EQ(run(ex, EX_WRITE, TARGET, 512), EX_ABORTED);
        CHECK_EQ(ex->rejected, i + 1);
    }
    disk.fail_opcode = 0x105;
    disk.fail_status = 0x4285;              /* Compare Failure with DNR */
    CHECK_EQ(run(ex, EX_READ, TARGET, 512), EX_MISMATCH);
}

TEST(completion_of_another_command_is_not_taken)
{
    struct exerciser *ex;

    machine();
    fill_disk(0, 4096);
    ex = attached(false);
    disk.wrong_id = true;
    CHECK_EQ(run(ex, EX_WRITE, TARGET, 512), EX_ABORTED);
    CHECK(fake_exerciser_logged(&fake, "completion of a command that was not sent"));
}

TEST(phase_turns_with_every_round_of_the_queue)
{
    static const uint64_t caps[] = { 2047, 1, 2 };

    for (size_t i = 0; i < 3; i++) {
        struct exerciser *ex;

        machine();
        disk.cap = 1ull << 37 | 1ull << 32 | caps[i];       /* doorbells 8 bytes apart */
        fill_disk(0, 4096);
        ex = attached(false);
        for (unsigned k = 0; k < 50; k++) {
            memset(target, 0x11, 512);
            CHECK_EQ(run(ex, EX_WRITE, TARGET, 512), EX_DONE);
            CHECK(memcmp(target, ex->pattern, 512) == 0);
        }
        CHECK_EQ(disk.bad, 0);
    }
}

TEST(admin_commands_that_fail_end_rebase)
{
    static const uint16_t opcodes[] = { 0x101, 0x105, 0x106, 0x109 };

    for (size_t i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++) {
        struct exerciser *ex;

        machine();
        ex = attach(false);
        disk.fail_opcode = opcodes[i];
        disk.fail_status = 0x006;
        CHECK_EQ(ex->ops->rebase(ex, PRIVATE), EX_ABORTED);
        CHECK_EQ(ex->ops->start(ex, &(struct ex_dma){ EX_WRITE, TARGET, 4096 }), EX_TIMEOUT);
        disk.fail_opcode = 0;
        CHECK_EQ(ex->ops->rebase(ex, PRIVATE), EX_DONE);
    }
}

TEST(controller_that_does_not_come_up_is_bounded)
{
    struct exerciser *ex;

    machine();
    ex = attach(false);
    disk.never_ready = true;
    CHECK_EQ(ex->ops->rebase(ex, PRIVATE), EX_TIMEOUT);
    CHECK(fake.now_us >= 7500000 && fake.now_us < 9000000);     /* CAP.TO is 15 */
    CHECK(fake_exerciser_logged(&fake, "csts=0x0, expected 0x1"));

    machine();
    ex = attach(false);
    disk.fails_to_start = true;
    CHECK_EQ(ex->ops->rebase(ex, PRIVATE), EX_TIMEOUT);
    CHECK(fake.now_us < 1000000);

    machine();
    ex = attach(false);
    disk.never_idle = true;
    disk.cc = disk.csts = 1;                                    /* as firmware left it */
    CHECK_EQ(ex->ops->rebase(ex, PRIVATE), EX_TIMEOUT);
    CHECK(fake.now_us < 9000000);
}

TEST(controller_that_firmware_left_on_is_reset_first)
{
    machine();
    disk.cc = disk.csts = 1;
    attached(false);
    CHECK_EQ(disk.resets, 1);
    CHECK_EQ(disk.shutdowns, 0);
}

TEST(stop_shuts_down_and_disables)
{
    struct exerciser *ex;

    machine();
    fill_disk(0, 4096);
    ex = attached(false);
    ex->ops->stop(ex);
    CHECK_EQ(disk.shutdowns, 1);
    CHECK_EQ(disk.cc & 1, 0);
    CHECK_EQ(run(ex, EX_WRITE, TARGET, 512), EX_TIMEOUT);
    ex->ops->stop(ex);
    CHECK_EQ(disk.shutdowns, 1);
    CHECK_EQ(ex->ops->rebase(ex, PRIVATE), EX_DONE);
}

TEST(second_operation_waits_for_the_first)
{
    struct exerciser *ex;
    struct ex_dma dma = { EX_WRITE, TARGET, 512 };

    machine();
    fill_disk(0, 4096);
    ex = attached(false);
    CHECK_EQ(ex->ops->start(ex, &dma), EX_PENDING);
    CHECK_EQ(ex->ops->start(ex, &dma), EX_TIMEOUT);
    CHECK_EQ(ex->ops->poll(ex), EX_DONE);
    CHECK_EQ(ex->ops->start(ex, &dma), EX_PENDING);
}

/* Masked but from the raise to the end; the completion is taken by the end, and only once. */
TEST(an_interrupt_by_the_wire)
{
    struct exerciser *ex;

    machine();
    ex = attached(false);
    CHECK_EQ(disk.intms, 1);
    CHECK_EQ(ex->ops->interrupt(ex, 0), EX_DONE);
    CHECK_EQ(disk.intms, 0);
    CHECK_EQ(run(ex, EX_WRITE, TARGET, 4096), EX_TIMEOUT);      /* one command at a time */
    ex->ops->interrupt_done(ex);
    CHECK_EQ(disk.intms, 1);
    ex->ops->interrupt_done(ex);
    CHECK_EQ(run(ex, EX_WRITE, TARGET, 4096), EX_DONE);
    CHECK_EQ(ex->ops->interrupt(ex, 0), EX_DONE);
    CHECK_EQ(ex->ops->interrupt(ex, 0), EX_DONE);                  /* the one before reached nobody */
    ex->ops->interrupt_done(ex);
    CHECK_EQ(disk.bad, 0);
    disk.hangs = true;
    CHECK_EQ(ex->ops->interrupt(ex, 0), EX_TIMEOUT);
}

/* NVMe 1.4 §3.1.3: INTMS and INTMC are not for a function that uses MSI-X. */
TEST(an_interrupt_by_msix)
{
    struct fake_pci_function *hw;
    struct exerciser *ex;

    machine();
    hw = &bus.functions[0];
    fake_pci_cap(hw, 0x40, 0x11, 0);
    fake_pci_set(hw, 0x42, 2, 0x8000);
    ex = attached(false);
    CHECK_EQ(disk.intms, 0);
    CHECK_EQ(ex->ops->interrupt(ex, 0), EX_DONE);
    ex->ops->interrupt_done(ex);
    CHECK_EQ(disk.intms, 0);
    CHECK_EQ(run(ex, EX_WRITE, TARGET, 4096), EX_DONE);
    CHECK_EQ(disk.bad, 0);
}

/* ---- a message for each queue ---- */

/* With an MSI-X table of that many entries, enabled or not. */
static void machine_with_messages(unsigned entries, bool enabled)
{
    struct fake_pci_function *hw;

    machine();
    hw = &bus.functions[0];
    fake_pci_bar(hw, 0, (uint32_t)FAKE_PCI_REGISTERS, 0x4000);
    fake_pci_cap(hw, 0x40, 0x11, 0);
    fake_pci_set(hw, 0x42, 2, (enabled ? 0x8000u : 0) | (entries - 1));
    fake_pci_set(hw, 0x44, 4, 0x2000);
    fake_pci_set(hw, 0x48, 4, 0x3000);
}

/* §5.3: interrupt vector and IEN are the completion queue's. */
TEST(every_message_has_a_queue)
{
    struct exerciser *ex;
    unsigned admin;

    machine_with_messages(8, true);
    fill_disk(0, 4096);
    ex = attached(false);
    for (unsigned i = 1; i < 8; i++)
        CHECK_EQ(disk.interrupts[i], 0);
    for (unsigned round = 1; round < 40; round++)           /* the phase turns twice */
        for (unsigned i = 4; i-- > 0;) {
            admin = disk.interrupts[0];
            CHECK_EQ(ex->ops->interrupt(ex, i), EX_DONE);
            CHECK_EQ(disk.interrupts[0], admin + (i == 0));
            CHECK_EQ(disk.interrupts[i], i == 0 ? admin + 1 : round);
        }
    CHECK_EQ(disk.flushes, 3 * 39);
    CHECK_EQ(ex->ops->interrupt(ex, 4), EX_UNSUPPORTED);
    /* Transfers are looked for, and interrupt nobody. */
    admin = disk.interrupts[0];
    CHECK_EQ(run(ex, EX_WRITE, TARGET, 512), EX_DONE);
    CHECK_EQ(disk.interrupts[0], admin);
    for (unsigned i = 1; i < 8; i++)
        CHECK_EQ(disk.interrupts[i], i < 4 ? 39 : 0);
    CHECK_EQ(disk.intms, 0);
    CHECK_EQ(disk.bad, 0);
}

TEST(messages_that_are_not_there)
{
    static const struct {
        unsigned entries;
        bool enabled;
        uint16_t queue_limit;
        uint64_t cap;           /* 0: as it is */
        unsigned messages;
    } cases[] = {
        { 1, true, 3, 0, 1 }, { 2, true, 3, 0, 2 }, { 3, true, 3, 0, 3 }, { 4, true, 3, 0, 4 },
        { 8, false, 3, 0, 1 },                              /* the wire */
        { 8, true, 0, 0, 1 }, { 8, true, 1, 0, 2 },         /* fewer queues than were asked for */
        { 8, true, 3, 1ull << 37 | 9ull << 32 | 2047, 2 },  /* doorbells 2 KiB apart, a window of 16 KiB */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct exerciser *ex;

        machine_with_messages(cases[i].entries, cases[i].enabled);
        disk.queue_limit = cases[i].queue_limit;
        disk.cap = cases[i].cap == 0 ? disk.cap : cases[i].cap;
        ex = attached(false);
        for (unsigned n = 0; n < 5; n++) {
            CHECK_EQ(ex->ops->interrupt(ex, n), n < cases[i].messages ? EX_DONE : EX_UNSUPPORTED);
            ex->ops->interrupt_done(ex);
        }
        CHECK_EQ(disk.bad, 0);
    }
}

TEST(a_message_of_a_disk_without_blocks)
{
    struct exerciser *ex;

    machine_with_messages(8, true);
    disk.blocks = 0;
    ex = attached(false);
    CHECK_EQ(ex->ops->interrupt(ex, 1), EX_UNSUPPORTED);
    CHECK_EQ(disk.bad, 0);
}

TEST(a_queue_of_a_message_that_cannot_be_created_ends_rebase)
{
    struct exerciser *ex;

    machine_with_messages(8, true);
    ex = attached(false);
    disk.fail_opcode = 0x101;
    disk.fail_status = 0x006;
    CHECK_EQ(ex->ops->rebase(ex, PRIVATE), EX_ABORTED);
    CHECK_EQ(ex->ops->interrupt(ex, 1), EX_TIMEOUT);
    disk.fail_opcode = 0;
    CHECK_EQ(ex->ops->rebase(ex, PRIVATE), EX_DONE);
    CHECK_EQ(ex->ops->interrupt(ex, 1), EX_DONE);
}
