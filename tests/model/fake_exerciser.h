/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an exerciser's driver lives on in a host test: virtual time that
 * passes only in sleep_us, pages, a translation of IOVAs for the device, and
 * a fake device behind two functions.
 */
#ifndef FAKE_EXERCISER_H
#define FAKE_EXERCISER_H

#include "exerciser.h"

#define FAKE_MAPPINGS 16

struct fake_mapping {
    uint64_t iova, len;
    uint8_t *memory;
    bool readable, writable;
};

struct fake_exerciser {
    /* The device: registers by offset. */
    uint64_t (*read)(struct fake_exerciser *fake, uint32_t offset, unsigned width);
    void (*write)(struct fake_exerciser *fake, uint32_t offset, unsigned width, uint64_t value);
    void *device;

    uint64_t now_us;
    struct fake_mapping maps[FAKE_MAPPINGS];
    size_t map_count;
    unsigned refused;                   /* accesses of the device that no mapping allowed */
    size_t allocs,
        fail_alloc; /* the fail_alloc-th of alloc, pages_alloc and mmio_map fails; 0: none */
    uint64_t no_pages_below;            /* pages_alloc has none with a smaller limit */
    void *blocks[64];
    size_t block_count;
    char log[4096];

    struct pci_function function; /* the test fills it; configuration accesses go to fake_pci */
};

extern const struct exerciser_host fake_exerciser_host;     /* its ctx is a struct fake_exerciser */

/* Empties it and frees what was handed out. Start with a static, zeroed one. */
void fake_exerciser_reset(struct fake_exerciser *fake);
void fake_exerciser_map(struct fake_exerciser *fake, uint64_t iova, void *memory, uint64_t len,
                        bool readable, bool writable);
void fake_exerciser_unmap(struct fake_exerciser *fake, uint64_t iova);
/* The device's DMA, page by page; false: some of it was refused, and that part left as it was. */
bool fake_exerciser_dma(struct fake_exerciser *fake, uint64_t iova, void *buffer, uint64_t len,
                        bool to_memory);
bool fake_exerciser_logged(const struct fake_exerciser *fake, const char *text);

#endif
