/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's nec-usb-xhci as a source of interrupts: the one emulated device that
 * sends several messages of one MSI capability (msix=off). It does no DMA for
 * the suite. The controller never runs. Each interrupter is given an event
 * ring; where the pointer of what has been taken from it is not that of what
 * was put there, the ring is not empty, and clearing EHB sends the
 * interrupter's message (xHCI 1.2 §4.17.2). Controllers of silicon may keep it
 * to themselves while they are halted, and have their users: left alone.
 * Source: xHCI 1.2 §5.3 to §5.5, §6.5
 */
#include "exerciser_internal.h"

#include <string.h>

#define XHCI_ID             0x01941033u
#define XHCI_SUBSYSTEM_AT   0x2c
#define XHCI_SUBSYSTEM_QEMU 0x11001af4u

#define XHCI_CAPLENGTH      0x00
#define XHCI_CAPLENGTH_MASK EX_BITS32(7, 0)
#define XHCI_HCSPARAMS1     0x04
#define XHCI_MAX_INTRS      EX_BITS32(18, 8)
#define XHCI_RTSOFF         0x18
#define XHCI_RTSOFF_MASK    EX_BITS32(31, 5)
#define XHCI_WINDOW_BYTES   0x3000u

/* From CAPLENGTH on. */
#define XHCI_USBCMD         0x00
#define XHCI_USBCMD_RS      EX_BIT32(0)
#define XHCI_USBCMD_HCRST   EX_BIT32(1)
#define XHCI_USBCMD_INTE    EX_BIT32(2)
#define XHCI_USBSTS         0x04
#define XHCI_USBSTS_HCH     EX_BIT32(0)
#define XHCI_USBSTS_HSE     EX_BIT32(2)
#define XHCI_USBSTS_CNR     EX_BIT32(11)
#define XHCI_USBSTS_HCE     EX_BIT32(12)

/* From RTSOFF on, for each interrupter. */
#define XHCI_INTERRUPTER(n) (0x20u + 0x20u * (n))
#define XHCI_IMAN           0x00
#define XHCI_IMAN_IP        EX_BIT32(0)     /* a one clears */
#define XHCI_IMAN_IE        EX_BIT32(1)
#define XHCI_ERSTSZ         0x08
#define XHCI_ERSTBA         0x10
#define XHCI_ERDP           0x18
#define XHCI_ERDP_EHB       EX_BIT32(3)     /* a one clears */

/* Private memory: the table of segments, of which there is one, and that segment. */
#define AT_SEGMENTS         0x000u
#define AT_RING             0x400u
#define RING_TRBS           16u
#define TRB_BYTES           16u

#define WAIT_US             1000000u
#define POLL_US             100u

struct xhci {
    volatile uint8_t *registers;
    uint32_t operational, runtime;
    uint32_t interrupters;
    bool ready;
};

static uint32_t get(const struct exerciser *ex, uint32_t at)
{
    const struct xhci *xhci = ex->state;

    return ex->host->mmio_read32(ex->host_ctx, xhci->registers + at);
}

static void put(const struct exerciser *ex, uint32_t at, uint32_t value)
{
    const struct xhci *xhci = ex->state;

    ex->host->mmio_write32(ex->host_ctx, xhci->registers + at, value);
}

static uint32_t of(const struct exerciser *ex, uint32_t n, uint32_t part)
{
    const struct xhci *xhci = ex->state;

    return xhci->runtime + XHCI_INTERRUPTER(n) + part;
}

static bool await(struct exerciser *ex, uint32_t at, uint32_t mask, uint32_t wanted)
{
    uint64_t deadline = ex_now_us(ex) + WAIT_US;

    while ((get(ex, at) & mask) != wanted)
        if (!ex_wait(ex, deadline, POLL_US)) {
            ex_log(ex, "%s: register 0x%x is 0x%x, expected 0x%x of mask 0x%x", ex->label, (unsigned)at,
                   (unsigned)get(ex, at), (unsigned)wanted, (unsigned)mask);
            return false;
        }
    return true;
}

/* §4.2: halted before it is reset, and nothing else written until it is ready. */
static bool reset(struct exerciser *ex)
{
    struct xhci *xhci = ex->state;
    uint32_t command = xhci->operational + XHCI_USBCMD, status = xhci->operational + XHCI_USBSTS;

    xhci->ready = false;
    put(ex, command, get(ex, command) & ~(XHCI_USBCMD_RS | XHCI_USBCMD_INTE));
    if (!await(ex, status, XHCI_USBSTS_HCH, XHCI_USBSTS_HCH))
        return false;
    put(ex, command, XHCI_USBCMD_HCRST);
    return await(ex, command, XHCI_USBCMD_HCRST, 0) && await(ex, status, XHCI_USBSTS_CNR, 0);
}

static void put64(const struct exerciser *ex, uint32_t at, uint64_t value)
{
    put(ex, at, (uint32_t)value);
    put(ex, at + 4, (uint32_t)(value >> 32));
}

/* The write of ERSTBA makes it read the table: the only DMA it does. One that it cannot read ends in an error. */
static enum ex_status xhci_rebase(struct exerciser *ex, uint64_t private_iova)
{
    struct xhci *xhci = ex->state;
    const uint64_t segment[2] = { private_iova + AT_RING, RING_TRBS };

    if (!reset(ex))
        return EX_TIMEOUT;
    ex->private_iova = private_iova;
    memcpy((uint8_t *)ex->private_mem + AT_SEGMENTS, segment, sizeof(segment));
    ex->host->barrier(ex->host_ctx);
    for (uint32_t n = 0; n < xhci->interrupters; n++) {
        put(ex, of(ex, n, XHCI_ERSTSZ), 1);
        put64(ex, of(ex, n, XHCI_ERDP), private_iova + AT_RING);
        put64(ex, of(ex, n, XHCI_ERSTBA), private_iova + AT_SEGMENTS);
    }
    if (get(ex, xhci->operational + XHCI_USBSTS) & (XHCI_USBSTS_HSE | XHCI_USBSTS_HCE)) {
        ex->rejected++;
        return EX_ABORTED;
    }
    put(ex, xhci->operational + XHCI_USBCMD, XHCI_USBCMD_INTE);
    xhci->ready = true;
    return EX_DONE;
}

static enum ex_status xhci_prepare(struct exerciser *ex)
{
    const struct xhci *xhci = ex->state;

    return xhci->ready ? EX_DONE : EX_ABORTED;
}

static enum ex_status xhci_start(struct exerciser *ex, const struct ex_dma *dma)
{
    (void)ex;
    (void)dma;
    return EX_UNSUPPORTED;
}

static enum ex_status xhci_poll(struct exerciser *ex)
{
    (void)ex;
    return EX_DONE;
}

/* Its enable bit is written each time: with MSI-X QEMU takes a vector into use at that. */
static enum ex_status xhci_interrupt(struct exerciser *ex, unsigned number)
{
    const struct xhci *xhci = ex->state;

    if (number >= xhci->interrupters)
        return EX_UNSUPPORTED;
    if (!xhci->ready)
        return EX_ABORTED;
    put(ex, of(ex, number, XHCI_IMAN), XHCI_IMAN_IE | XHCI_IMAN_IP);
    put(ex, of(ex, number, XHCI_ERDP), (uint32_t)(ex->private_iova + AT_RING + TRB_BYTES) | XHCI_ERDP_EHB);
    return EX_DONE;
}

/* The wire is interrupter 0's alone; messages need no answer. */
static void xhci_interrupt_done(struct exerciser *ex)
{
    put(ex, of(ex, 0, XHCI_IMAN), XHCI_IMAN_IE | XHCI_IMAN_IP);
}

static void xhci_off(struct exerciser *ex)
{
    (void)reset(ex);
}

static const struct exerciser_ops xhci_ops = {
    .name = "xhci",
    .rebase = xhci_rebase,
    .prepare = xhci_prepare,
    .start = xhci_start,
    .poll = xhci_poll,
    .interrupt = xhci_interrupt,
    .interrupt_done = xhci_interrupt_done,
    .stop = xhci_off,
};

static bool xhci_knows(const struct pci_function *f)
{
    return f->vendor == (XHCI_ID & 0xffffu) && f->device == XHCI_ID >> 16 &&
           pci_read(f, XHCI_SUBSYSTEM_AT, 4) == XHCI_SUBSYSTEM_QEMU;
}

static bool xhci_setup(struct exerciser *ex)
{
    struct xhci *xhci = ex->host->alloc(ex->host_ctx, sizeof(*xhci));

    if (xhci == NULL)
        return false;
    ex->ops = &xhci_ops;
    ex->state = xhci;
    xhci->registers = ex_map_bar(ex, 0, XHCI_WINDOW_BYTES);
    if (xhci->registers == NULL || !ex_alloc_private(ex, 1, UINT32_MAX))
        return false;
    xhci->operational = get(ex, XHCI_CAPLENGTH) & XHCI_CAPLENGTH_MASK;
    xhci->runtime = get(ex, XHCI_RTSOFF) & XHCI_RTSOFF_MASK;
    xhci->interrupters = (get(ex, XHCI_HCSPARAMS1) & XHCI_MAX_INTRS) >> 8;
    if (xhci->interrupters == 0 ||
        (uint64_t)xhci->runtime + XHCI_INTERRUPTER((uint64_t)xhci->interrupters) > XHCI_WINDOW_BYTES) {
        ex_log(ex, "%s: rtsoff=0x%x interrupters=%u do not fit its registers", ex->label, (unsigned)xhci->runtime,
               (unsigned)xhci->interrupters);
        return false;
    }
    ex->address_bits = 32;
    ex->align = ex->step_len = TRB_BYTES;
    ex->pattern = ex->private_mem;
    ex->typical_us = POLL_US;
    return true;
}

const struct exerciser_driver xhci_driver = {
    .name = "xhci",
    .knows = xhci_knows,
    .setup = xhci_setup,
};
