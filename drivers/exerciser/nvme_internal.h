/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the NVMe exerciser share: its state and its private memory. */
#ifndef NVME_INTERNAL_H
#define NVME_INTERNAL_H

#include "nvme_regs.h"

#define NVME_QUEUE_DEPTH 16u
#define NVME_DATA_LEN 65536u            /* the longest operation */
#define NVME_BELLS 3u                   /* pairs of queues whose completions are interrupts 1, 2, 3 */

/* Offsets in private memory, all reached by the device at private_iova. */
#define NVME_AT_ADMIN_SQ (0u * EX_PAGE_BYTES)
#define NVME_AT_ADMIN_CQ (1u * EX_PAGE_BYTES)
#define NVME_AT_IO_SQ    (2u * EX_PAGE_BYTES)
#define NVME_AT_IO_CQ    (3u * EX_PAGE_BYTES)
#define NVME_AT_IDENTIFY (4u * EX_PAGE_BYTES)
#define NVME_AT_LIST     (5u * EX_PAGE_BYTES)   /* of PRPs */
#define NVME_AT_DATA     (6u * EX_PAGE_BYTES)
#define NVME_AT_BELLS    (NVME_AT_DATA + NVME_DATA_LEN)     /* submission and completion queue of each */
#define NVME_PRIVATE_PAGES (NVME_AT_BELLS / EX_PAGE_BYTES + 2u * NVME_BELLS)

struct nvme_queue {
    uint32_t id;                        /* 0 admin, 1 I/O, then the bells */
    struct nvme_command *sq;
    struct nvme_completion *cq;
    uint32_t depth;
    uint32_t tail, head;                /* next to submit, next to complete */
    uint32_t phase;                     /* of the next completion */
};

enum nvme_source { NVME_PATTERN_NONE, NVME_PATTERN_IDENTIFY, NVME_PATTERN_BLOCKS };

#define NVME_STEPS 3
struct nvme_step {
    struct nvme_queue *queue;
    struct nvme_command command;        /* without PRPs and command id */
    uint64_t iova;
};

struct nvme {
    volatile uint8_t *registers;
    uint64_t window_len;                /* of the registers */
    uint32_t doorbell_stride;
    uint32_t depth;                     /* of every queue */
    uint64_t timeout_us;                /* of CC.EN and shutdown */
    struct nvme_queue admin, io, bells[NVME_BELLS];
    uint32_t bell_count;                /* that the controller has */
    uint32_t result;                    /* of the command completed last */
    bool failed;                        /* only a reset helps */

    bool raised;                        /* by nvme_raise(); atomic */
    struct nvme_queue *busy;            /* of the one outstanding command; NULL: there is none */
    uint16_t command_id;
    uint64_t deadline_us;

    bool identified;
    bool has_compare;
    uint32_t transfer_max;              /* bytes */
    uint32_t namespace_id;              /* 0: none that is usable */
    uint32_t block_shift;
    uint64_t blocks;

    enum nvme_source source;
    bool source_scratch;                /* source was chosen for a scratch disk */
    uint64_t pattern_lba;               /* where the pattern is */
    uint64_t test_lba;                  /* where EX_READ may overwrite a scratch disk */
    uint8_t *pattern;
    uint32_t len;                       /* of the running operation */
    struct nvme_step steps[NVME_STEPS];
    size_t step, step_count;
    bool compare_after;                 /* the CPU compares what the last step brought */
};

static inline uint8_t *nvme_private(const struct exerciser *ex, uint32_t offset)
{
    return (uint8_t *)ex->private_mem + offset;
}

static inline uint64_t nvme_iova(const struct exerciser *ex, const void *at)
{
    return ex->private_iova + (uint64_t)((const uint8_t *)at - (const uint8_t *)ex->private_mem);
}

static inline uint32_t nvme_read(const struct exerciser *ex, uint32_t offset)
{
    const struct nvme *nvme = ex->state;

    return ex->host->mmio_read32(ex->host_ctx, nvme->registers + offset);
}

static inline void nvme_write(const struct exerciser *ex, uint32_t offset, uint32_t value)
{
    const struct nvme *nvme = ex->state;

    ex->host->mmio_write32(ex->host_ctx, nvme->registers + offset, value);
}

/* ---- nvme_queue.c: one command at a time ---- */

/* Both empty, as the controller sees them after a reset. */
void nvme_queues_reset(struct exerciser *ex);
/* Puts PRPs for [iova, iova + len) into the command, using the list page. */
void nvme_prps_set(struct exerciser *ex, struct nvme_command *command, uint64_t iova, uint32_t len);
void nvme_submit(struct exerciser *ex, struct nvme_queue *queue,
                 const struct nvme_command *command);
/* EX_PENDING, or how the command ended. Bounded by its deadline. */
enum ex_status nvme_complete(struct exerciser *ex);
/* Submits and waits. */
enum ex_status nvme_run(struct exerciser *ex, struct nvme_queue *queue,
                        const struct nvme_command *command);

/*
 * Interrupts without MSI-X: the wire, or MSI, is masked but from nvme_raise() to nvme_lower(). It stays up until the
 * completion is taken, which nvme_lower() does: in the interrupt, or in the thread where none came.
 */
enum ex_status nvme_raise(struct exerciser *ex, const struct nvme_command *command);
void nvme_lower(struct exerciser *ex);

/* ---- nvme_controller.c ---- */

/* Reads CAP; false, logged, where the controller is none this driver can use. */
bool nvme_controller_check(struct exerciser *ex, uint64_t window_len);
/* Off, on with empty queues at private_iova, I/O queues created, bells where MSI-X is on; identified once. */
enum ex_status nvme_controller_start(struct exerciser *ex);
/* shutdown: first a normal one, so that the disk writes back its caches. False: still enabled. */
bool nvme_controller_off(struct exerciser *ex, bool shutdown);

/* A read, write or compare of len bytes from lba on, without PRPs. */
struct nvme_command nvme_io_command(const struct exerciser *ex, uint32_t opcode, uint64_t lba,
                                    uint32_t len);

#endif
