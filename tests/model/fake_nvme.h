/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An NVMe controller with four I/O queues and one namespace for host tests. It
 * reaches queues, PRP lists and data through the IOVAs of a struct
 * fake_exerciser only, executes a command when its doorbell is written, and
 * sets CSTS.CFS when it cannot fetch one. Faults are injected by fields.
 */
#ifndef FAKE_NVME_H
#define FAKE_NVME_H

#include "fake_exerciser.h"

#define FAKE_NVME_DISK (2u << 20)

struct fake_nvme_queue {
    uint64_t sq, cq;
    uint32_t sq_depth, cq_depth;
    uint32_t head, tail;        /* of the submission queue */
    uint32_t cq_tail, phase;
    bool sq_created, cq_created;
    bool interrupts;            /* each completion is one, by that vector */
    uint32_t vector;
};

#define FAKE_NVME_QUEUES 5
#define FAKE_NVME_VECTORS 8

struct fake_nvme {
    struct fake_exerciser *host;
    /* As the device is built. */
    uint64_t cap;
    uint16_t oncs;
    uint8_t mdts;
    uint8_t block_shift;
    uint16_t metadata;
    uint64_t blocks;
    uint16_t queue_limit;       /* pairs of I/O queues that it gives, less one */
    uint8_t disk[FAKE_NVME_DISK];
    char serial[21];
    /* Faults. */
    bool never_ready, never_idle, fails_to_start;
    bool hangs;                 /* executes nothing */
    bool wrong_id;              /* completes another command */
    bool quiet_dma_errors;      /* success where a transfer was refused, as QEMU does */
    uint16_t fail_opcode; /* 0x100 | opcode: that command ends with this status, of bits 15:1 */
    uint16_t fail_status;
    /* State. */
    uint32_t cc, csts, aqa, intms;
    uint64_t asq, acq;
    uint32_t result;            /* of the command that is being executed */
    struct fake_nvme_queue queues[FAKE_NVME_QUEUES];
    /* Counted. */
    unsigned resets, shutdowns, writes, reads, compares, identifies, bad;
    unsigned interrupts[FAKE_NVME_VECTORS], flushes;
    uint64_t lowest_written;    /* LBA; all ones: none */
};

/* Resets both; the exerciser's registers lead here afterwards. */
void fake_nvme_init(struct fake_nvme *nvme, struct fake_exerciser *host);

#endif
