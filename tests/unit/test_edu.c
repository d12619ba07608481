/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/exerciser/edu.c against a device that behaves as QEMU's: 100 ms a
 * transfer, no error when it is refused, registers of 64 bits in one write,
 * addresses cut to a mask, and no patience with 4096 bytes.
 */
#include "fake_exerciser.h"
#include "fake_pci.h"
#include "test.h"

#define REGISTERS 0xfea00000u
#define PRIVATE 0x100000ull
#define TARGET 0x200000ull

static struct fake_pci bus;
static struct fake_exerciser fake;

static struct edu_device {
    uint64_t source, target, count, command;
    uint64_t mask;
    uint64_t runs_at;
    uint32_t irq_status;
    uint32_t liveness;
    uint32_t id;
    bool stuck;
    unsigned transfers, ignored, bad_access, out_of_buffer;
    uint8_t buffer[4096];
} device;

static void device_transfer(void)
{
    bool to_memory = (device.command & 2) != 0;
    uint64_t at = to_memory ? device.source : device.target;
    uint64_t iova = (to_memory ? device.target : device.source) & device.mask;

    device.command &= ~1ull;
    device.transfers++;
    if (at < 0x40000 || at + device.count >= 0x41000) { /* 4096 bytes from the start are too many */
        device.out_of_buffer++;
        return;
    }
    fake_exerciser_dma(&fake, iova, device.buffer + (at - 0x40000), device.count, to_memory);
}

static void device_time_passes(void)
{
    if ((device.command & 1) && !device.stuck && fake.now_us >= device.runs_at)
        device_transfer();
}

static uint64_t device_read(struct fake_exerciser *host, uint32_t offset, unsigned width)
{
    (void)host;
    device_time_passes();
    device.bad_access += offset < 0x80 && width != 4;
    switch (offset) {
    case 0x00: return device.id;
    case 0x04: return (uint32_t)~device.liveness;
    case 0x24: return device.irq_status;
    case 0x80: return device.source;
    case 0x88: return device.target;
    case 0x90: return device.count;
    case 0x98: return device.command;
    default: return ~0ull;
    }
}

static void device_write(struct fake_exerciser *host, uint32_t offset, unsigned width,
                         uint64_t value)
{
    device_time_passes();
    device.bad_access += (offset < 0x80) != (width == 4);
    if (offset >= 0x80 && (device.command & 1)) {
        device.ignored++;
        return;
    }
    switch (offset) {
    case 0x04: device.liveness = (uint32_t)value; break;
    case 0x60: device.irq_status |= (uint32_t)value; break;
    case 0x64: device.irq_status &= ~(uint32_t)value; break;
    case 0x80: device.source = value; break;
    case 0x88: device.target = value; break;
    case 0x90: device.count = value; break;
    case 0x98:
        device.command = value;
        device.runs_at = host->now_us + 100000;
        break;
    }
}

static struct exerciser *probe(void)
{
    struct pci_function *f = pci_first(fake_pci_start(&bus));

    return exerciser_probe(&fake_exerciser_host, &fake, f, false);
}

static void machine(void)
{
    struct fake_pci_function *hw;

    fake_exerciser_reset(&fake);
    fake_pci_reset(&bus);
    device = (struct edu_device){ .mask = 0x0fffffff, .id = 0x010000ed };
    memset(device.buffer, 0x77, sizeof(device.buffer));
    fake.read = device_read;
    fake.write = device_write;
    hw = fake_pci_add(&bus, 0, PCI_RID(0, 4, 0), 0x11e81234, 0x00ff00);
    fake_pci_bar(hw, 0, REGISTERS, 0x100000);
}

/* Attached: its private memory is mapped, and a page at TARGET. */
static struct exerciser *attached(uint8_t *page)
{
    struct exerciser *ex;

    machine();
    ex = probe();
    CHECK(ex != NULL);
    fake_exerciser_map(&fake, PRIVATE, ex->private_mem, ex->private_pages * 4096, true, true);
    fake_exerciser_map(&fake, TARGET, page, 4096, true, true);
    CHECK_EQ(ex->ops->rebase(ex, PRIVATE), EX_DONE);
    return ex;
}

static enum ex_status run(struct exerciser *ex, enum ex_operation operation, uint64_t iova,
                          uint32_t len)
{
    return exerciser_run(ex, &(struct ex_dma){ .operation = operation, .iova = iova, .len = len });
}

TEST(probe_describes_the_device)
{
    struct exerciser *ex;
    uint32_t word;

    machine();
    ex = probe();
    CHECK(ex != NULL);
    CHECK_STR(ex->label, "edu@0000:00:04.0");
    CHECK_STR(ex->ops->name, "edu");
    CHECK_EQ(ex->address_bits, 28);
    CHECK_EQ(ex->max_len, 2048);
    CHECK(ex->can_read && ex->can_write && !ex->writes_storage);
    for (uint32_t at = 0; at < ex->max_len; at += 4) {
        memcpy(&word, ex->pattern + at, 4);
        CHECK(word != 0 && word != 0xffffffff);
    }
    CHECK_EQ(device.transfers, 0);
    CHECK(!pci_bus_master_enabled(ex->function));
}

TEST(probe_refuses_others)
{
    machine();
    device.id = 0xffffffff;
    CHECK(probe() == NULL);
    CHECK(fake_exerciser_logged(&fake, "edu@0000:00:04.0: identification 0xffffffff"));
    machine();
    fake_pci_bar(&bus.functions[0], 0, 0, 0x100000);
    CHECK(probe() == NULL);
    CHECK(fake_exerciser_logged(&fake, "BAR 0 len=0x0"));
    machine();
    fake_pci_set(&bus.functions[0], 0, 4, 0x11e91234);
    CHECK(probe() == NULL);
    CHECK_STR(fake.log, "");
}

TEST(every_allocation_can_fail)
{
    for (size_t nth = 1; nth <= 3; nth++) {
        machine();
        fake.fail_alloc = nth;
        CHECK(probe() == NULL);
    }
    /* The private pages: once more without the limit. */
    machine();
    fake.fail_alloc = 4;
    CHECK(probe() != NULL);
    machine();
    fake.no_pages_below = UINT64_MAX;
    fake.fail_alloc = 4;
    CHECK(probe() == NULL);
}

TEST(write_brings_the_pattern_and_nothing_else)
{
    static uint8_t page[4096];
    struct exerciser *ex;

    memset(page, 0x11, sizeof(page));
    ex = attached(page);
    CHECK_EQ(run(ex, EX_WRITE, TARGET + 0x10, 0x100), EX_DONE);
    CHECK(memcmp(page + 0x10, ex->pattern, 0x100) == 0);
    CHECK_EQ(page[0x0f], 0x11);
    CHECK_EQ(page[0x110], 0x11);
    CHECK_EQ(device.bad_access, 0);
    CHECK_EQ(device.ignored, 0);
    CHECK_EQ(device.out_of_buffer, 0);
}

TEST(prepared_write_is_one_transfer)
{
    static uint8_t page[4096];
    struct exerciser *ex = attached(page);

    CHECK_EQ(ex->ops->prepare(ex), EX_DONE);
    CHECK_EQ(ex->ops->prepare(ex), EX_DONE);
    CHECK_EQ(device.transfers, 1);
    CHECK_EQ(run(ex, EX_WRITE, TARGET, 2048), EX_DONE);
    CHECK_EQ(device.transfers, 2);
    CHECK_EQ(device.out_of_buffer, 0);
}

TEST(refused_write_leaves_memory)
{
    static uint8_t page[4096];
    struct exerciser *ex;

    memset(page, 0x11, sizeof(page));
    ex = attached(page);
    fake_exerciser_unmap(&fake, TARGET);
    CHECK_EQ(run(ex, EX_WRITE, TARGET, 0x100), EX_DONE);
    CHECK_EQ(page[0], 0x11);
    CHECK_EQ(fake.refused, 1);
}

TEST(read_sees_the_pattern)
{
    static uint8_t page[4096];
    struct exerciser *ex = attached(page);

    memcpy(page + 0x20, ex->pattern, 0x200);
    CHECK_EQ(run(ex, EX_READ, TARGET + 0x20, 0x200), EX_DONE);
    CHECK_EQ(device.transfers, 3);
    page[0x21f] ^= 1;
    CHECK_EQ(run(ex, EX_READ, TARGET + 0x20, 0x200), EX_MISMATCH);
}

TEST(refused_read_is_a_mismatch_though_the_buffer_held_the_pattern)
{
    static uint8_t page[4096];
    struct exerciser *ex = attached(page);

    memcpy(page, ex->pattern, 2048);
    CHECK_EQ(run(ex, EX_READ, TARGET, 2048), EX_DONE);      /* the buffer now holds it */
    fake_exerciser_unmap(&fake, TARGET);
    CHECK_EQ(run(ex, EX_READ, TARGET, 2048), EX_MISMATCH);
    CHECK_EQ(ex->ops->prepare(ex), EX_DONE);                /* and again */
    CHECK_EQ(run(ex, EX_READ, TARGET, 4), EX_MISMATCH);
}

TEST(repeated_refused_reads_need_no_new_poison)
{
    static uint8_t page[4096];
    struct exerciser *ex = attached(page);
    unsigned before;

    fake_exerciser_unmap(&fake, TARGET);
    CHECK_EQ(run(ex, EX_READ, TARGET, 64), EX_MISMATCH);
    before = device.transfers;
    CHECK_EQ(run(ex, EX_READ, TARGET, 64), EX_MISMATCH);
    CHECK_EQ(device.transfers - before, 2);
}

TEST(partial_read_poisons_anew)
{
    static uint8_t page[4096];
    struct exerciser *ex = attached(page);
    unsigned before;

    memcpy(page, ex->pattern, 32);
    CHECK_EQ(run(ex, EX_READ, TARGET, 64), EX_MISMATCH);    /* half of it was the pattern */
    before = device.transfers;
    CHECK_EQ(run(ex, EX_READ, TARGET, 32), EX_DONE);
    CHECK_EQ(device.transfers - before, 3);
}

TEST(unreachable_private_memory_is_no_mismatch)
{
    static uint8_t page[4096];
    struct exerciser *ex = attached(page);

    fake_exerciser_unmap(&fake, PRIVATE);
    CHECK_EQ(run(ex, EX_READ, TARGET, 64), EX_ABORTED);
    CHECK(fake_exerciser_logged(&fake, "private memory at 0x100000 is out of its reach"));
}

TEST(operations_that_do_not_fit_are_refused)
{
    static const struct ex_dma bad[] = {
        { EX_WRITE, TARGET, 0 },         { EX_WRITE, TARGET, 2052 }, { EX_WRITE, TARGET, 6 },
        { EX_READ, TARGET + 2, 4 },      { EX_READ, 0x10000000, 4 }, { EX_READ, 0x0ffffffc, 8 },
        { EX_WRITE, UINT64_MAX - 3, 4 },
    };
    static uint8_t page[4096];
    struct exerciser *ex = attached(page);

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_EQ(ex->ops->start(ex, &bad[i]), EX_UNSUPPORTED);
    CHECK_EQ(device.transfers, 0);
    CHECK_EQ(device.command, 0);
}

TEST(stuck_device_times_out_and_recovers)
{
    static uint8_t page[4096];
    struct exerciser *ex = attached(page);
    uint64_t before = fake.now_us;

    device.stuck = true;
    CHECK_EQ(run(ex, EX_WRITE, TARGET, 64), EX_TIMEOUT);
    CHECK(fake.now_us - before < 2000000);
    CHECK_EQ(run(ex, EX_WRITE, TARGET, 64), EX_TIMEOUT);
    CHECK_EQ(ex->ops->rebase(ex, PRIVATE), EX_TIMEOUT);
    ex->ops->stop(ex);
    device.stuck = false;
    CHECK_EQ(ex->ops->rebase(ex, PRIVATE), EX_DONE);
    CHECK_EQ(run(ex, EX_WRITE, TARGET, 64), EX_DONE);
    CHECK(memcmp(page, ex->pattern, 64) == 0);
}

TEST(rebase_moves_private_memory)
{
    static uint8_t page[4096];
    struct exerciser *ex = attached(page);

    fake_exerciser_unmap(&fake, PRIVATE);
    fake_exerciser_map(&fake, 0x8000000, ex->private_mem, ex->private_pages * 4096, true, true);
    CHECK_EQ(ex->ops->rebase(ex, 0x8000000), EX_DONE);
    CHECK_EQ(ex->private_iova, 0x8000000);
    memcpy(page, ex->pattern, 64);
    CHECK_EQ(run(ex, EX_READ, TARGET, 64), EX_DONE);
    CHECK_EQ(fake.refused, 0);
}

TEST(interrupt_is_raised_and_acknowledged)
{
    static uint8_t page[4096];
    struct exerciser *ex = attached(page);

    CHECK_EQ(ex->ops->interrupt(ex, 1), EX_UNSUPPORTED);
    CHECK_EQ(device.irq_status, 0);
    CHECK_EQ(ex->ops->interrupt(ex, 0), EX_DONE);
    CHECK(device.irq_status != 0);
    ex->ops->interrupt_done(ex);
    CHECK_EQ(device.irq_status, 0);
    CHECK_EQ(device.bad_access, 0);
}

/* The liveness register: docs/specs/edu.rst. Another device's write is a register write like the CPU's. */
TEST(mailbox_holds_what_was_written_by_whomever)
{
    static uint8_t page[4096];
    struct exerciser *ex = attached(page);

    CHECK_EQ(ex->ops->mailbox(ex), REGISTERS + 4);
    ex->ops->mailbox_put(ex, 0x51515151);
    CHECK_EQ(device.liveness, 0x51515151);
    CHECK_EQ(ex->ops->mailbox_get(ex), 0x51515151);
    device.liveness = 0x12345678;
    CHECK_EQ(ex->ops->mailbox_get(ex), 0x12345678);
    CHECK_EQ(device.bad_access, 0);
    ex->function->bars[0].pa = 0;
    CHECK_EQ(ex->ops->mailbox(ex), 0);
}

/* Pages that only 32 and 48 bits reach. */
static unsigned measured(uint64_t mask)
{
    static uint8_t page[4096], high32[4096], high48[4096];
    struct exerciser *ex = attached(page);
    const struct exerciser_bits_probe probes[] = {
        { 32, 1ull << 31 | TARGET, high32 }, { 48, 1ull << 47 | TARGET, high48 },
    };

    memset(high32, 0, sizeof(high32));
    memset(high48, 0, sizeof(high48));
    fake_exerciser_map(&fake, probes[0].iova, high32, 4096, true, true);
    fake_exerciser_map(&fake, probes[1].iova, high48, 4096, true, true);
    device.mask = mask;
    CHECK_EQ(exerciser_measure_address_bits(ex, probes, 2), ex->address_bits);
    return ex->address_bits;
}

TEST(address_bits_are_measured)
{
    CHECK_EQ(measured(0x0fffffff), 28);
    CHECK_EQ(measured(0xffffffff), 32);
    CHECK_EQ(measured(UINT64_MAX), 48);
}

TEST(address_bits_can_be_told)
{
    static uint8_t page[4096];
    struct exerciser *ex = attached(page);

    exerciser_set_address_bits(ex, 64);
    CHECK_EQ(ex->ops->start(ex, &(struct ex_dma){ EX_WRITE, 1ull << 40, 4 }), EX_PENDING);
}

/* One transfer each way, before rebase() was called: the private memory is not mapped, and nothing else is touched. */
TEST(what_is_fetched_can_be_given)
{
    static uint8_t page[4096];
    struct exerciser *ex;

    machine();
    ex = probe();
    CHECK(ex != NULL);
    fake_exerciser_map(&fake, TARGET, page, 4096, true, true);
    memset(page, 0x3c, 256);
    CHECK_EQ(exerciser_wait(ex, ex->ops->fetch(ex, TARGET, 256)), EX_DONE);
    CHECK_EQ(device.transfers, 1);
    CHECK_EQ(exerciser_wait(ex, ex->ops->give(ex, TARGET + 1024, 256)), EX_DONE);
    CHECK_EQ(device.transfers, 2);
    CHECK(memcmp(page + 1024, page, 256) == 0);
    CHECK_EQ(page[1280], 0);
    CHECK_EQ(fake.refused, 0);
}

TEST(a_refused_fetch_leaves_what_the_device_held)
{
    static uint8_t page[4096];
    struct exerciser *ex = attached(page);

    fake_exerciser_unmap(&fake, TARGET);
    CHECK_EQ(exerciser_wait(ex, ex->ops->fetch(ex, TARGET, 64)), EX_DONE);
    fake_exerciser_map(&fake, TARGET, page, 4096, true, true);
    CHECK_EQ(exerciser_wait(ex, ex->ops->give(ex, TARGET, 64)), EX_DONE);
    CHECK_EQ(page[0], 0x77);
}

/* The pattern is no longer in the buffer: a write must not take it for granted. */
TEST(a_fetch_makes_the_next_write_bring_the_pattern_anew)
{
    static uint8_t page[4096];
    struct exerciser *ex = attached(page);

    CHECK_EQ(ex->ops->prepare(ex), EX_DONE);
    CHECK_EQ(exerciser_wait(ex, ex->ops->fetch(ex, TARGET, 64)), EX_DONE);
    CHECK_EQ(run(ex, EX_WRITE, TARGET, 64), EX_DONE);
    CHECK(memcmp(page, ex->pattern, 64) == 0);
}

TEST(fetch_and_give_keep_to_the_limits)
{
    static uint8_t page[4096];
    struct exerciser *ex = attached(page);

    CHECK_EQ(ex->ops->fetch(ex, TARGET, 2052), EX_UNSUPPORTED);
    CHECK_EQ(ex->ops->give(ex, 0x10000000, 4), EX_UNSUPPORTED);
    CHECK_EQ(device.transfers, 0);
    device.stuck = true;
    CHECK_EQ(exerciser_wait(ex, ex->ops->fetch(ex, TARGET, 64)), EX_TIMEOUT);
    CHECK_EQ(ex->ops->give(ex, TARGET, 64), EX_TIMEOUT);
}

TEST(it_is_known_as_one_that_fetches)
{
    struct pci_function *f;

    machine();
    f = pci_first(fake_pci_start(&bus));
    CHECK(exerciser_fetches(f));
    f->device = 0x11e9;
    CHECK(!exerciser_fetches(f));
    f->vendor = 0x8086;
    f->class_code = 0x010802;       /* a disk answers every command by a write */
    CHECK(!exerciser_fetches(f));
}
