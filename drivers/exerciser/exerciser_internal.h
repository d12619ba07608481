/* SPDX-License-Identifier: BSD-2-Clause */
/* What the exercisers' drivers share. */
#ifndef EXERCISER_INTERNAL_H
#define EXERCISER_INTERNAL_H

#include "exerciser.h"

#define EX_PAGE_BYTES 4096u
#define EX_BIT32(n) (1u << (n))
#define EX_BITS32(high, low) ((~0u >> (31 - (high))) & (~0u << (low)))
#define EX_BIT64(n) (1ull << (n))
#define EX_BITS64(high, low) ((~0ull >> (63 - (high))) & (~0ull << (low)))

struct exerciser_driver {
    const char *name;
    bool (*knows)(const struct pci_function *f);
    /* Fills in ex; function, host, label, scratch are set. False: unusable, and why was logged. */
    bool (*setup)(struct exerciser *ex);
    bool fetches;       /* its ops have fetch() and give() */
};

extern const struct exerciser_driver edu_driver;
extern const struct exerciser_driver nvme_driver;
extern const struct exerciser_driver xhci_driver;

void ex_log(const struct exerciser *ex, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The registers behind a BAR of at least len bytes, decoding on; NULL, logged, otherwise. */
volatile uint8_t *ex_map_bar(struct exerciser *ex, unsigned bar, uint64_t len);

/* ex->private_mem and what belongs to it, below limit_pa where there are such frames. */
bool ex_alloc_private(struct exerciser *ex, size_t pages, uint64_t limit_pa);

/* Whether an operation keeps to what the exerciser says of itself. */
bool ex_dma_fits(const struct exerciser *ex, const struct ex_dma *dma);

/* Sleeps a while; false once the deadline had passed. Read the hardware after it, not before. */
bool ex_wait(const struct exerciser *ex, uint64_t deadline_us, uint64_t step_us);

static inline uint64_t ex_now_us(const struct exerciser *ex)
{
    return ex->host->now_us(ex->host_ctx);
}

#endif
