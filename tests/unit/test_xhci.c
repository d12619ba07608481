/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drivers/exerciser/xhci.c against a controller as xHCI 1.2 §4.2, §4.17 and
 * QEMU's nec-usb-xhci have it: it reads its segment table when ERSTBA is
 * written, and sends a message when EHB is cleared of a ring that is not empty.
 */
#include "fake_exerciser.h"
#include "fake_pci.h"
#include "test.h"

#include <string.h>

#define PRIVATE 0x100000ull
#define OPERATIONAL 0x40u
#define RUNTIME 0x1000u
#define INTERRUPTERS 16u

/* As numbers of the specification. */
#define COMMAND_RUN 1u
#define COMMAND_RESET 2u
#define COMMAND_INTE 4u
#define STATUS_HALTED 1u
#define STATUS_NOT_READY 0x800u
#define STATUS_ERROR 0x1000u
#define IMAN_PENDING 1u
#define IMAN_ENABLED 2u
#define EHB 8u

static struct fake_pci bus;
static struct fake_exerciser fake;

static struct controller {
    uint32_t command, status;
    uint32_t max_intrs;
    bool never_halts, never_ready;
    unsigned resets, early;     /* writes while it was not ready, or running */
    struct {
        uint32_t iman, erstsz;
        uint64_t erstba, erdp, ring, size;
        unsigned sent;
    } at[INTERRUPTERS];
    bool wire;
} device;

static uint64_t device_read(struct fake_exerciser *host, uint32_t offset, unsigned width)
{
    (void)host;
    CHECK_EQ(width, 4);
    switch (offset) {
    case 0x00: return 0x01000000u | OPERATIONAL;
    case 0x04: return 0x08000040u | device.max_intrs << 8;
    case 0x18: return RUNTIME;
    case OPERATIONAL: return device.command;
    case OPERATIONAL + 4: return device.status;
    default: return ~0u;
    }
}

static void write_command(uint32_t value)
{
    device.command = value;
    if (!(value & COMMAND_RUN) && !device.never_halts)
        device.status |= STATUS_HALTED;
    if (!(value & COMMAND_RESET))
        return;
    CHECK(device.status & STATUS_HALTED);
    memset(device.at, 0, sizeof(device.at));
    device.command = 0;
    device.status = STATUS_HALTED | (device.never_ready ? STATUS_NOT_READY : 0);
    device.wire = false;
    device.resets++;
}

static void read_segments(unsigned n)
{
    uint32_t segment[4];

    if (!fake_exerciser_dma(&fake, device.at[n].erstba, segment, sizeof(segment), false) || device.at[n].erstsz != 1 ||
        segment[2] < 16 || segment[2] > 4096) {
        device.status |= STATUS_ERROR;
        return;
    }
    device.at[n].ring = segment[0] | (uint64_t)segment[1] << 32;
    device.at[n].size = segment[2];
}

/* Nothing was put into the ring: it is not empty for anybody who says to have taken something else. */
static void write_dequeue(unsigned n, uint32_t low)
{
    uint64_t *erdp = &device.at[n].erdp;

    *erdp = (*erdp & ~0xffffffffull) | (low & ~0xfu);
    if (!(low & EHB) || *erdp <= device.at[n].ring || *erdp >= device.at[n].ring + 16 * device.at[n].size)
        return;
    device.at[n].iman |= IMAN_PENDING;
    if (!(device.at[n].iman & IMAN_ENABLED) || !(device.command & COMMAND_INTE))
        return;
    device.at[n].sent++;
    device.wire |= n == 0;
}

static void write_interrupter(unsigned n, uint32_t part, uint32_t value)
{
    switch (part) {
    case 0x00:
        device.at[n].iman = (device.at[n].iman & ~IMAN_ENABLED & ~(value & IMAN_PENDING)) | (value & IMAN_ENABLED);
        device.wire = device.wire && !(n == 0 && (value & IMAN_PENDING));
        break;
    case 0x08: device.at[n].erstsz = value; break;
    case 0x10: device.at[n].erstba = value; break;
    case 0x14:
        device.at[n].erstba |= (uint64_t)value << 32;
        read_segments(n);
        break;
    case 0x18: write_dequeue(n, value); break;
    case 0x1c: device.at[n].erdp = (device.at[n].erdp & 0xffffffffu) | (uint64_t)value << 32; break;
    default: test_fail(__FILE__, __LINE__, "a register that is not its own");
    }
}

static void device_write(struct fake_exerciser *host, uint32_t offset, unsigned width, uint64_t value)
{
    (void)host;
    CHECK_EQ(width, 4);
    if (offset == OPERATIONAL) {
        write_command((uint32_t)value);
        return;
    }
    device.early += (device.status & STATUS_NOT_READY) != 0 || !(device.status & STATUS_HALTED);
    CHECK(offset >= RUNTIME + 0x20 && offset < RUNTIME + 0x20 + 0x20 * INTERRUPTERS);
    write_interrupter((offset - RUNTIME - 0x20) / 0x20, offset % 0x20, (uint32_t)value);
}

/* Firmware has left it running. */
static struct exerciser *probe(uint32_t id, uint32_t subsystem)
{
    struct fake_pci_function *hw;
    struct pci_function *f;

    fake_pci_reset(&bus);
    fake.read = device_read;
    fake.write = device_write;
    hw = fake_pci_add(&bus, 0, PCI_RID(0, 8, 0), id, 0x0c0330);
    fake_pci_set(hw, 0x2c, 4, subsystem);
    fake_pci_bar(hw, 0, 0xfea00000u, 0x4000);
    f = pci_first(fake_pci_start(&bus));
    return exerciser_probe(&fake_exerciser_host, &fake, f, false);
}

static void machine(void)
{
    fake_exerciser_reset(&fake);
    device = (struct controller){ .command = COMMAND_RUN, .max_intrs = INTERRUPTERS };
}

static struct exerciser *ready(void)
{
    struct exerciser *ex;

    machine();
    ex = probe(0x01941033, 0x11001af4);
    CHECK(ex != NULL);
    fake_exerciser_map(&fake, PRIVATE, ex->private_mem, ex->private_pages * 4096, true, false);
    CHECK_EQ(ex->ops->rebase(ex, PRIVATE), EX_DONE);
    return ex;
}

static unsigned all_sent(void)
{
    unsigned sent = 0;

    for (unsigned n = 0; n < INTERRUPTERS; n++)
        sent += device.at[n].sent;
    return sent;
}

TEST(each_interrupter_sends_its_message_each_time)
{
    struct exerciser *ex = ready();

    CHECK_STR(ex->label, "xhci@0000:00:08.0");
    CHECK(!ex->can_read && !ex->can_write && !ex->silent);
    CHECK_EQ(all_sent(), 0);
    for (unsigned n = 0; n < INTERRUPTERS; n++)
        for (unsigned turn = 1; turn <= 3; turn++) {
            CHECK_EQ(ex->ops->interrupt(ex, n), EX_DONE);
            CHECK_EQ(device.at[n].sent, turn);
        }
    CHECK_EQ(all_sent(), 3 * INTERRUPTERS);
    CHECK_EQ(ex->ops->interrupt(ex, INTERRUPTERS), EX_UNSUPPORTED);
    CHECK_EQ(device.early, 0);
}

TEST(the_wire_goes_down_when_the_interrupt_is_done)
{
    struct exerciser *ex = ready();

    CHECK_EQ(ex->ops->interrupt(ex, 0), EX_DONE);
    CHECK(device.wire);
    ex->ops->interrupt_done(ex);
    CHECK(!device.wire);
}

TEST(only_the_emulated_one_is_taken)
{
    machine();
    CHECK(probe(0x01941033, 0x01941033) == NULL);   /* the same, of silicon */
    CHECK(probe(0x000d1b36, 0x11001af4) == NULL);   /* qemu-xhci has no MSI */
    CHECK_EQ(device.resets, 0);
    CHECK_STR(fake.log, "");
}

TEST(memory_it_does_not_reach_is_told)
{
    struct exerciser *ex = ready();

    fake_exerciser_unmap(&fake, PRIVATE);
    CHECK_EQ(ex->ops->rebase(ex, PRIVATE), EX_ABORTED);
    CHECK_EQ(ex->rejected, 1);
    CHECK_EQ(ex->ops->prepare(ex), EX_ABORTED);
    CHECK_EQ(ex->ops->interrupt(ex, 0), EX_ABORTED);
    fake_exerciser_map(&fake, PRIVATE, ex->private_mem, 4096, true, false);
    CHECK_EQ(ex->ops->rebase(ex, PRIVATE), EX_DONE);
    CHECK_EQ(ex->ops->interrupt(ex, 3), EX_DONE);
    CHECK_EQ(device.at[3].sent, 1);
}

TEST(one_that_does_not_halt_or_come_ready_is_told_in_time)
{
    struct exerciser *ex = ready();
    uint64_t before = fake.now_us;

    device.command = COMMAND_RUN;
    device.status = 0;
    device.never_halts = true;
    CHECK_EQ(ex->ops->rebase(ex, PRIVATE), EX_TIMEOUT);
    CHECK(fake.now_us - before < 2000000);
    CHECK(fake_exerciser_logged(&fake, "register 0x44 is 0x0, expected 0x1 of mask 0x1"));
    device.never_halts = false;
    device.never_ready = true;
    CHECK_EQ(ex->ops->rebase(ex, PRIVATE), EX_TIMEOUT);
    CHECK(fake_exerciser_logged(&fake, "register 0x44 is 0x801, expected 0x0 of mask 0x800"));
    CHECK_EQ(device.early, 0);
}

TEST(it_does_no_transfers_and_stops)
{
    struct exerciser *ex = ready();

    CHECK_EQ(exerciser_run(ex, &(struct ex_dma){ EX_WRITE, 0x200000, 16 }), EX_UNSUPPORTED);
    CHECK_EQ(ex->ops->poll(ex), EX_DONE);
    ex->ops->stop(ex);
    CHECK_EQ(device.command, 0);
    CHECK_EQ(ex->ops->interrupt(ex, 0), EX_ABORTED);
}

TEST(registers_that_make_no_sense_are_refused)
{
    machine();
    device.max_intrs = 0;
    CHECK(probe(0x01941033, 0x11001af4) == NULL);
    CHECK(fake_exerciser_logged(&fake, "rtsoff=0x1000 interrupters=0 do not fit"));
    device.max_intrs = 256;     /* the last one ends at 3020h */
    CHECK(probe(0x01941033, 0x11001af4) == NULL);
    CHECK_EQ(device.resets, 0);
}

/* Behind an IOMMU any page will do: the last one is asked for twice. */
TEST(every_failing_allocation_is_refused_or_got_along_without)
{
    for (size_t n = 1; n <= 4; n++) {
        machine();
        fake.fail_alloc = n;
        CHECK((probe(0x01941033, 0x11001af4) == NULL) == (n < 4));
    }
}
