/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's edu device: one DMA engine between memory and a buffer of 4 KiB
 * inside the device, one MSI. A transfer starts 100 ms after its command, and
 * ends without an error where the IOMMU refused it: a refused read leaves in
 * the buffer what was there. So before every EX_READ the buffer is given the
 * pattern's complement, and what then comes back tells.
 * Source: QEMU docs/specs/edu.rst
 *
 * The device cuts addresses to its dma_mask property, which no register
 * shows; see exerciser_set_address_bits().
 */
#include "exerciser_internal.h"

#include <string.h>

#define EDU_VENDOR 0x1234
#define EDU_DEVICE 0x11e8

/* Below 80h only accesses of 4 bytes are answered, above it 8 bytes must be written at once. */
#define EDU_ID              0x00
#define EDU_ID_MASK         EX_BITS32(7, 0)
#define EDU_ID_VALUE        0xedu
#define EDU_LIVENESS        0x04            /* reads as the complement of what was written */
#define EDU_IRQ_STATUS      0x24
#define EDU_IRQ_RAISE       0x60
#define EDU_IRQ_ACK         0x64
#define EDU_DMA_SOURCE      0x80
#define EDU_DMA_TARGET      0x88
#define EDU_DMA_COUNT       0x90
#define EDU_DMA_COMMAND     0x98
#define EDU_DMA_RUN         EX_BIT64(0)
#define EDU_DMA_TO_MEMORY   EX_BIT64(1)
#define EDU_REGISTER_BYTES  0x1000u

#define EDU_BUFFER          0x40000ull  /* the buffer's address on the device's side */
/* QEMU 7.2 aborts at 4096 bytes. Half of that lets pattern and complement share a page. */
#define EDU_LEN             2048u
#define EDU_WORDS           (EDU_LEN / 4)
#define EDU_DEFAULT_BITS    28
#define EDU_TRANSFER_US     100000u
#define EDU_TIMEOUT_US      1000000u
#define EDU_POLL_US         5000u
#define EDU_STEPS           3

/* Private memory. */
#define PRIVATE_PATTERN     0u
#define PRIVATE_COMPLEMENT  EDU_LEN
#define PRIVATE_RETURN      EX_PAGE_BYTES   /* where the buffer comes back to */
#define PRIVATE_PAGES       2
#define RETURN_MARKER       0x6e6f7468u     /* what it holds until something arrives */

enum edu_buffer {
    BUFFER_UNKNOWN,
    BUFFER_PATTERN,
    BUFFER_OTHER,       /* differs from the pattern in every word */
};

enum edu_transfer { PRIME, POISON, TO_MEMORY, FROM_MEMORY, BRING_BACK };

struct edu {
    volatile uint8_t *registers;
    uint32_t pattern[EDU_WORDS];
    enum edu_buffer buffer;
    struct ex_dma dma;
    enum edu_transfer steps[EDU_STEPS];     /* of the running operation */
    size_t step, step_count;
    uint64_t deadline_us;
    enum ex_status last;                    /* how the operation ended, once step == step_count */
};

static bool edu_busy(const struct exerciser *ex)
{
    const struct edu *edu = ex->state;

    uint64_t command = ex->host->mmio_read64(ex->host_ctx, edu->registers + EDU_DMA_COMMAND);

    return (command & EDU_DMA_RUN) != 0;
}

static void edu_transfer(struct exerciser *ex, uint64_t iova, uint32_t len, bool to_memory)
{
    const struct exerciser_host *host = ex->host;
    struct edu *edu = ex->state;

    host->mmio_write64(ex->host_ctx, edu->registers + EDU_DMA_SOURCE,
                       to_memory ? EDU_BUFFER : iova);
    host->mmio_write64(ex->host_ctx, edu->registers + EDU_DMA_TARGET,
                       to_memory ? iova : EDU_BUFFER);
    host->mmio_write64(ex->host_ctx, edu->registers + EDU_DMA_COUNT, len);
    host->barrier(ex->host_ctx);
    edu->deadline_us = ex_now_us(ex) + EDU_TIMEOUT_US;
    host->mmio_write64(ex->host_ctx, edu->registers + EDU_DMA_COMMAND,
                       EDU_DMA_RUN | (to_memory ? EDU_DMA_TO_MEMORY : 0));
}

static uint32_t *private_words(const struct exerciser *ex, uint32_t offset)
{
    return (uint32_t *)(void *)((uint8_t *)ex->private_mem + offset);
}

static void step_start(struct exerciser *ex)
{
    struct edu *edu = ex->state;

    switch (edu->steps[edu->step]) {
    case PRIME:
        edu->buffer = BUFFER_UNKNOWN;
        edu_transfer(ex, ex->private_iova + PRIVATE_PATTERN, EDU_LEN, false);
        break;
    case POISON:
        edu->buffer = BUFFER_UNKNOWN;
        edu_transfer(ex, ex->private_iova + PRIVATE_COMPLEMENT, EDU_LEN, false);
        break;
    case TO_MEMORY:
        edu_transfer(ex, edu->dma.iova, edu->dma.len, true);
        break;
    case FROM_MEMORY:
        edu->buffer = BUFFER_UNKNOWN;
        edu_transfer(ex, edu->dma.iova, edu->dma.len, false);
        break;
    case BRING_BACK:
        for (uint32_t i = 0; i < EDU_WORDS; i++)
            private_words(ex, PRIVATE_RETURN)[i] = RETURN_MARKER;
        edu_transfer(ex, ex->private_iova + PRIVATE_RETURN, edu->dma.len, true);
        break;
    }
}

/* What the device read, against the pattern. */
static enum ex_status compare_returned(struct exerciser *ex)
{
    struct edu *edu = ex->state;
    const uint32_t *seen = private_words(ex, PRIVATE_RETURN);
    uint32_t equal = 0, unchanged = 0, words = edu->dma.len / 4;

    for (uint32_t i = 0; i < words; i++) {
        equal += seen[i] == edu->pattern[i];
        unchanged += seen[i] == RETURN_MARKER;
    }
    if (unchanged == words) {
        ex_log(ex, "%s: private memory at 0x%llx is out of its reach", ex->label,
               (unsigned long long)ex->private_iova);
        return EX_ABORTED;
    }
    /* Beyond dma.len the complement is still in place. */
    if (equal == 0)
        edu->buffer = BUFFER_OTHER;
    return equal == words ? EX_DONE : EX_MISMATCH;
}

/* The transfer of the current step has ended. */
static void step_end(struct exerciser *ex)
{
    struct edu *edu = ex->state;

    switch (edu->steps[edu->step]) {
    case PRIME:
        edu->buffer = BUFFER_PATTERN;
        edu->last = EX_DONE;
        break;
    case POISON:
        edu->buffer = BUFFER_OTHER;
        break;
    case TO_MEMORY:
    case FROM_MEMORY:
        edu->last = EX_DONE;
        break;
    case BRING_BACK:
        edu->last = compare_returned(ex);
        break;
    }
}

static void steps_begin(struct exerciser *ex, const enum edu_transfer *steps, size_t count)
{
    struct edu *edu = ex->state;

    memcpy(edu->steps, steps, count * sizeof(steps[0]));
    edu->step = 0;
    edu->step_count = count;
    step_start(ex);
}

static enum ex_status edu_poll(struct exerciser *ex)
{
    struct edu *edu = ex->state;
    bool late = ex_now_us(ex) > edu->deadline_us;

    if (edu->step == edu->step_count)
        return edu->last;
    if (edu_busy(ex)) {
        if (!late)
            return EX_PENDING;
        ex_log(ex, "%s: dma still running after %u us", ex->label, EDU_TIMEOUT_US);
        edu->step = edu->step_count;
        return edu->last = EX_TIMEOUT;
    }
    step_end(ex);
    if (++edu->step == edu->step_count)
        return edu->last;
    step_start(ex);
    return EX_PENDING;
}

static enum ex_status edu_start(struct exerciser *ex, const struct ex_dma *dma)
{
    static const enum edu_transfer write_steps[] = { PRIME, TO_MEMORY };
    static const enum edu_transfer read_steps[] = { POISON, FROM_MEMORY, BRING_BACK };
    struct edu *edu = ex->state;
    /* Left out where the buffer holds the right thing already. */
    size_t skip;

    if (!ex_dma_fits(ex, dma))
        return EX_UNSUPPORTED;
    /* Registers ignore what is written while a transfer runs. */
    if (edu_busy(ex))
        return EX_TIMEOUT;
    edu->dma = *dma;
    if (dma->operation == EX_WRITE) {
        skip = edu->buffer == BUFFER_PATTERN;
        steps_begin(ex, write_steps + skip, 2 - skip);
    } else {
        skip = edu->buffer == BUFFER_OTHER;
        steps_begin(ex, read_steps + skip, 3 - skip);
    }
    return EX_PENDING;
}

/* A step of its own: what it leaves in the buffer is nothing that other operations know of. */
static enum ex_status edu_single(struct exerciser *ex, const struct ex_dma *dma, enum edu_transfer step)
{
    struct edu *edu = ex->state;

    if (!ex_dma_fits(ex, dma))
        return EX_UNSUPPORTED;
    if (edu_busy(ex))
        return EX_TIMEOUT;
    edu->dma = *dma;
    steps_begin(ex, &step, 1);
    return EX_PENDING;
}

static enum ex_status edu_fetch(struct exerciser *ex, uint64_t iova, uint32_t len)
{
    return edu_single(ex, &(struct ex_dma){ EX_READ, iova, len }, FROM_MEMORY);
}

static enum ex_status edu_give(struct exerciser *ex, uint64_t iova, uint32_t len)
{
    return edu_single(ex, &(struct ex_dma){ EX_WRITE, iova, len }, TO_MEMORY);
}

static bool edu_wait_idle(struct exerciser *ex)
{
    uint64_t deadline = ex_now_us(ex) + EDU_TIMEOUT_US;

    while (edu_busy(ex))
        if (!ex_wait(ex, deadline, EDU_POLL_US))
            return !edu_busy(ex);
    return true;
}

static enum ex_status edu_rebase(struct exerciser *ex, uint64_t private_iova)
{
    struct edu *edu = ex->state;

    if (!edu_wait_idle(ex))
        return EX_TIMEOUT;
    ex->private_iova = private_iova;
    edu->buffer = BUFFER_UNKNOWN;
    edu->step = edu->step_count = 0;
    edu->last = EX_DONE;
    return EX_DONE;
}

static enum ex_status edu_prepare(struct exerciser *ex)
{
    static const enum edu_transfer steps[] = { PRIME };
    struct edu *edu = ex->state;
    enum ex_status status;

    if (edu->buffer == BUFFER_PATTERN)
        return EX_DONE;
    if (edu_busy(ex))
        return EX_TIMEOUT;
    steps_begin(ex, steps, 1);
    do {
        ex->host->sleep_us(ex->host_ctx, EDU_POLL_US);
        status = edu_poll(ex);
    } while (status == EX_PENDING);
    return status;
}

static enum ex_status edu_interrupt(struct exerciser *ex, unsigned number)
{
    struct edu *edu = ex->state;

    if (number != 0)
        return EX_UNSUPPORTED;
    ex->host->mmio_write32(ex->host_ctx, edu->registers + EDU_IRQ_RAISE, 1);
    return EX_DONE;
}

/* Needed with MSI too: the next one is only sent once the status is clear. */
static void edu_interrupt_done(struct exerciser *ex)
{
    struct edu *edu = ex->state;
    uint32_t status = ex->host->mmio_read32(ex->host_ctx, edu->registers + EDU_IRQ_STATUS);

    ex->host->mmio_write32(ex->host_ctx, edu->registers + EDU_IRQ_ACK, status);
}

static uint64_t edu_mailbox(const struct exerciser *ex)
{
    return ex->function->bars[0].pa == 0 ? 0 : ex->function->bars[0].pa + EDU_LIVENESS;
}

static void edu_mailbox_put(struct exerciser *ex, uint32_t value)
{
    struct edu *edu = ex->state;

    ex->host->mmio_write32(ex->host_ctx, edu->registers + EDU_LIVENESS, value);
}

static uint32_t edu_mailbox_get(struct exerciser *ex)
{
    struct edu *edu = ex->state;

    return ~ex->host->mmio_read32(ex->host_ctx, edu->registers + EDU_LIVENESS);
}

static void edu_stop(struct exerciser *ex)
{
    struct edu *edu = ex->state;

    if (!edu_wait_idle(ex))
        ex_log(ex, "%s: stop: dma still running after %u us", ex->label, EDU_TIMEOUT_US);
    edu->step = edu->step_count = 0;
}

static const struct exerciser_ops edu_ops = {
    .name = "edu",
    .rebase = edu_rebase,
    .prepare = edu_prepare,
    .start = edu_start,
    .poll = edu_poll,
    .fetch = edu_fetch,
    .give = edu_give,
    .interrupt = edu_interrupt,
    .interrupt_done = edu_interrupt_done,
    .mailbox = edu_mailbox,
    .mailbox_put = edu_mailbox_put,
    .mailbox_get = edu_mailbox_get,
    .stop = edu_stop,
};

static bool edu_knows(const struct pci_function *f)
{
    return f->vendor == EDU_VENDOR && f->device == EDU_DEVICE;
}

/* Each word names its device and its place; its high bits keep it from 0 and all ones. */
static void pattern_make(struct exerciser *ex)
{
    struct edu *edu = ex->state;

    for (uint32_t i = 0; i < EDU_WORDS; i++) {
        edu->pattern[i] = 0xed000000u ^ (uint32_t)ex->function->rid << 10 ^ i * 0x00010001u;
        private_words(ex, PRIVATE_PATTERN)[i] = edu->pattern[i];
        private_words(ex, PRIVATE_COMPLEMENT)[i] = ~edu->pattern[i];
    }
}

static bool edu_setup(struct exerciser *ex)
{
    struct edu *edu = ex->host->alloc(ex->host_ctx, sizeof(*edu));
    uint32_t id;

    if (edu == NULL)
        return false;
    ex->ops = &edu_ops;
    ex->state = edu;
    edu->registers = ex_map_bar(ex, 0, EDU_REGISTER_BYTES);
    if (edu->registers == NULL ||
        !ex_alloc_private(ex, PRIVATE_PAGES, EX_BIT64(EDU_DEFAULT_BITS) - 1))
        return false;
    id = ex->host->mmio_read32(ex->host_ctx, edu->registers + EDU_ID);
    if ((id & EDU_ID_MASK) != EDU_ID_VALUE) {
        ex_log(ex, "%s: identification 0x%x, expected 0x..ed", ex->label, (unsigned)id);
        return false;
    }
    ex->address_bits = EDU_DEFAULT_BITS;
    ex->align = 4;
    ex->max_len = EDU_LEN;
    ex->step_len = 1;
    ex->can_read = ex->can_write = ex->silent = true;
    ex->typical_us = EDU_STEPS * EDU_TRANSFER_US;
    pattern_make(ex);
    ex->pattern = (const uint8_t *)edu->pattern;
    return true;
}

const struct exerciser_driver edu_driver = {
    .name = "edu",
    .knows = edu_knows,
    .setup = edu_setup,
    .fetches = true,
};
