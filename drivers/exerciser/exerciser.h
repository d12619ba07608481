/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DMA masters behind one small interface. A scenario is written once against
 * it and runs on every exerciser present.
 *
 * Each exerciser has a pattern: bytes it can write to memory, and against
 * which it can compare what it reads from memory. It also owns private
 * memory (queues, bounce page) that the device must reach to work at all:
 * whoever attaches its device to a domain maps that memory there and tells
 * the exerciser at which IOVA with rebase().
 *
 * Operations are started and polled, so that several devices work at once.
 * One caller a time for one exerciser.
 */
#ifndef EXERCISER_H
#define EXERCISER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pci.h"

/* What exercisers ask of their embedder. All are needed unless it says otherwise. */
struct exerciser_host {
    /* Zeroed, contiguous. */
    void *(*pages_alloc)(void *ctx, size_t count, uint64_t limit_pa, uint64_t *pa);
    void (*pages_free)(void *ctx, void *pages, size_t count);
    void *(*alloc)(void *ctx, size_t bytes);                    /* zeroed, never freed */
    void *(*mmio_map)(void *ctx, uint64_t pa, uint64_t len);    /* uncached */
    uint32_t (*mmio_read32)(void *ctx, const volatile void *at);
    uint64_t (*mmio_read64)(void *ctx, const volatile void *at);
    void (*mmio_write32)(void *ctx, volatile void *at, uint32_t value);
    void (*mmio_write64)(void *ctx, volatile void *at, uint64_t value);
    void (*barrier)(void *ctx);             /* stores to memory before, register writes after */
    uint64_t (*now_us)(void *ctx);
    void (*sleep_us)(void *ctx, uint64_t us);
    void (*log)(void *ctx, const char *format, va_list args);
};

enum ex_status {
    EX_PENDING,     /* still at work */
    EX_DONE,        /* ended; a read saw the pattern */
    EX_MISMATCH,    /* ended; a read saw something else */
    EX_ABORTED,     /* the device itself reported an error */
    EX_TIMEOUT,     /* nothing after the exerciser's own time limit */
    EX_UNSUPPORTED, /* not by this device, or not with these parameters */
};

enum ex_operation {
    EX_WRITE,       /* the device writes the first len bytes of its pattern to [iova, iova + len) */
    EX_READ,        /* the device reads [iova, iova + len) and compares it with its pattern */
};

struct ex_dma {
    enum ex_operation operation;
    uint64_t iova;
    uint32_t len;
};

struct exerciser;

struct exerciser_ops {
    const char *name;       /* "edu" */
    bool disk;              /* what it drives is one, with a serial number */

    /*
     * The private memory is now reached at this IOVA. The device is made to
     * use it there: reset, queues set up anew. Also the way back to life after
     * EX_ABORTED or EX_TIMEOUT. The device is attached and bus mastering on.
     */
    enum ex_status (*rebase)(struct exerciser *ex, uint64_t private_iova);

    /* Makes the device hold its pattern, so that a following EX_WRITE does no other DMA. Waits. */
    enum ex_status (*prepare)(struct exerciser *ex);

    /*
     * Starts an operation; EX_PENDING, or why not. len and iova must be multiples of ex->align,
     * len <= ex->max_len.
     */
    enum ex_status (*start)(struct exerciser *ex, const struct ex_dma *dma);
    enum ex_status (*poll)(struct exerciser *ex);

    /*
     * One transfer that touches no memory but [iova, iova + len): fetch() reads that into the device, give() writes
     * there what the device holds. Started and polled as start() is, with the same limits, but rebase() need not have
     * been called. Both NULL: it reads nothing without writing something.
     */
    enum ex_status (*fetch)(struct exerciser *ex, uint64_t iova, uint32_t len);
    enum ex_status (*give)(struct exerciser *ex, uint64_t iova, uint32_t len);

    /*
     * Raises an interrupt of the device as soon as it can; 0 is its first message, or its wire.
     * EX_UNSUPPORTED: it never sends one of that number. NULL: it raises none.
     */
    enum ex_status (*interrupt)(struct exerciser *ex, unsigned number);
    /* Acknowledges it in the device. NULL where interrupt is NULL. */
    void (*interrupt_done)(struct exerciser *ex);

    /*
     * The function uses another kind of interrupt from now on: a device that has to know is set up anew as by
     * rebase(), if it was before. Interrupts of that may be pending. NULL: it need not know.
     */
    enum ex_status (*interrupt_changed)(struct exerciser *ex);

    /*
     * Four bytes of the device's registers that anybody may write, since nothing depends on them: their physical
     * address (0: they cannot be reached), and what was last written there. All three NULL: it has none.
     */
    uint64_t (*mailbox)(const struct exerciser *ex);
    void (*mailbox_put)(struct exerciser *ex, uint32_t value);
    uint32_t (*mailbox_get)(struct exerciser *ex);

    /* No DMA from here on. */
    void (*stop)(struct exerciser *ex);
};

/* What a disk can do (lengths, can_read, pattern, serial) is known after the first rebase(). */
struct exerciser {
    const struct exerciser_ops *ops;
    const struct exerciser_host *host;
    void *host_ctx;
    struct pci_function *function;      /* NULL on the model */
    char label[48];                     /* "edu@0000:00:04.0" */
    void *device;                       /* the suite's: struct iommu_device * */
    void *state;                        /* the driver's */
    unsigned address_bits;              /* widest IOVA the device can send */
    uint32_t align;                     /* of iova and len */
    uint32_t max_len;                   /* bytes in one operation */
    uint32_t step_len;                  /* len is a multiple of it (a disk's block; 1 otherwise) */
    bool can_read, can_write;
    bool scratch;                       /* its disk may be written; may be set before rebase() */
    bool silent;                        /* after prepare() a write does no other DMA: no queues */
    bool writes_storage;                /* rebase() and EX_READ overwrite the scratch disk */
    uint64_t typical_us;                /* how long one operation takes */
    /*
     * max_len bytes that differ from 0 and from all ones in every 4-byte word.
     * A disk that is not scratch gives what it holds: the first word keeps
     * that rule and most others do, or, where the disk holds no such block,
     * its Identify data, of which only the first words do.
     */
    const uint8_t *pattern;
    char serial[24];                    /* of a disk, cut at spaces; "" before the first rebase() */
    void *private_mem;                  /* pages the device works with */
    uint64_t private_pa;
    size_t private_pages;
    uint64_t private_iova;              /* as rebase() was told */
    uint64_t rejected;                  /* operations the device reported as failed */
};

/*
 * An exerciser for a function, or NULL when no driver here knows it or it
 * cannot be set up (said through host->log). It does no DMA before rebase().
 * scratch: this function's disk may be written.
 */
struct exerciser *exerciser_probe(const struct exerciser_host *host, void *ctx,
                                  struct pci_function *f, bool scratch);

/* Whether a driver here knows the function and has fetch(). Does not touch the device. */
bool exerciser_fetches(const struct pci_function *f);

/*
 * edu cuts addresses to a mask that it does not show, and starts with
 * address_bits 28, its default. Who knows better says so here, or measures.
 */
void exerciser_set_address_bits(struct exerciser *ex, unsigned bits);

/* One step of a measurement: a page that only an address of that many bits reaches. */
struct exerciser_bits_probe {
    unsigned bits;                  /* iova has bit (bits - 1) set and none above */
    uint64_t iova;                  /* mapped writable for the device, to frame */
    const volatile uint8_t *frame;  /* the CPU's view of it; must not start with the pattern */
};

/*
 * Widens address_bits step by step, narrowest first, as long as what the
 * device writes to a probe's iova arrives in its frame, and returns the
 * result. The device is attached, rebase() has been called, and what the
 * device reaches with cut addresses is harmless: unmapped, it faults.
 */
unsigned exerciser_measure_address_bits(struct exerciser *ex,
                                        const struct exerciser_bits_probe *probes, size_t count);

/* Starts, then sleeps and polls until it ended. */
enum ex_status exerciser_run(struct exerciser *ex, const struct ex_dma *dma);
/* The same of what has been started: status is what start(), fetch() or give() returned. */
enum ex_status exerciser_wait(struct exerciser *ex, enum ex_status status);
const char *ex_status_name(enum ex_status status);

#endif
