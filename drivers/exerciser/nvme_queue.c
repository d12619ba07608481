/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NVMe queues with one command outstanding at a time: submission, completion
 * by polling the phase bit, PRPs. Interrupts are left out.
 * Source: NVM Express Base 1.4 §4.1 - 4.6
 */
#include "nvme_internal.h"

#include <string.h>

#define COMMAND_TIMEOUT_US 2000000u
#define COMMAND_POLL_US 50u

static void queue_reset(struct exerciser *ex, struct nvme_queue *queue, uint32_t id, uint32_t sq_at,
                        uint32_t cq_at)
{
    const struct nvme *nvme = ex->state;

    *queue = (struct nvme_queue){
        .id = id,
        .sq = (struct nvme_command *)(void *)nvme_private(ex, sq_at),
        .cq = (struct nvme_completion *)(void *)nvme_private(ex, cq_at),
        .depth = nvme->depth,
        .phase = 1,
    };
    memset(queue->sq, 0, EX_PAGE_BYTES);
    memset(queue->cq, 0, EX_PAGE_BYTES);
}

void nvme_queues_reset(struct exerciser *ex)
{
    struct nvme *nvme = ex->state;

    queue_reset(ex, &nvme->admin, 0, NVME_AT_ADMIN_SQ, NVME_AT_ADMIN_CQ);
    queue_reset(ex, &nvme->io, 1, NVME_AT_IO_SQ, NVME_AT_IO_CQ);
    for (uint32_t i = 0; i < NVME_BELLS; i++)
        queue_reset(ex, &nvme->bells[i], 2 + i, NVME_AT_BELLS + 2 * i * EX_PAGE_BYTES,
                    NVME_AT_BELLS + (2 * i + 1) * EX_PAGE_BYTES);
    nvme->busy = NULL;
}

/*
 * NVMe §4.3: only the first entry may have an offset; one more page stands in
 * PRP2 itself, several in a list to which PRP2 points.
 */
void nvme_prps_set(struct exerciser *ex, struct nvme_command *command, uint64_t iova, uint32_t len)
{
    uint32_t first = EX_PAGE_BYTES - (uint32_t)(iova % EX_PAGE_BYTES);
    uint64_t *list = (uint64_t *)(void *)nvme_private(ex, NVME_AT_LIST);
    uint64_t next = iova + first;

    command->prp1 = iova;
    command->prp2 = 0;
    if (len <= first)
        return;
    if (len - first <= EX_PAGE_BYTES) {
        command->prp2 = next;
        return;
    }
    for (uint64_t end = iova + len; next < end; next += EX_PAGE_BYTES)
        *list++ = next;
    command->prp2 = ex->private_iova + NVME_AT_LIST;
}

static void doorbell(struct exerciser *ex, const struct nvme_queue *queue, bool completion,
                     uint32_t value)
{
    const struct nvme *nvme = ex->state;

    nvme_write(ex, NVME_DOORBELLS + (2 * queue->id + completion) * nvme->doorbell_stride, value);
}

void nvme_submit(struct exerciser *ex, struct nvme_queue *queue, const struct nvme_command *command)
{
    struct nvme *nvme = ex->state;
    struct nvme_command *slot = &queue->sq[queue->tail];

    *slot = *command;
    slot->cdw0 |= (uint32_t)++nvme->command_id << 16;
    queue->tail = (queue->tail + 1) % queue->depth;
    nvme->busy = queue;
    nvme->deadline_us = ex->host->now_us(ex->host_ctx) + COMMAND_TIMEOUT_US;
    ex->host->barrier(ex->host_ctx);
    doorbell(ex, queue, false, queue->tail);
}

/* The controller is lost until it is reset. */
static enum ex_status give_up(struct exerciser *ex, enum ex_status status, const char *why)
{
    struct nvme *nvme = ex->state;

    ex_log(ex, "%s: command queue=%u csts=0x%x: %s", ex->label, (unsigned)nvme->busy->id,
           (unsigned)nvme_read(ex, NVME_CSTS), why);
    nvme->failed = true;
    nvme->busy = NULL;
    return status;
}

/* Nothing has completed yet. */
static enum ex_status still_waiting(struct exerciser *ex, bool late)
{
    /* Also all ones, of a device that is gone. */
    if (nvme_read(ex, NVME_CSTS) & NVME_CSTS_CFS) {
        ex->rejected++;
        return give_up(ex, EX_ABORTED, "fatal status");
    }
    return late ? give_up(ex, EX_TIMEOUT, "no completion") : EX_PENDING;
}

static enum ex_status status_meaning(struct exerciser *ex, uint32_t status)
{
    status &= NVME_STATUS_CODE;
    if (status == 0)
        return EX_DONE;
    if (status == NVME_STATUS_COMPARE_FAILURE)
        return EX_MISMATCH;
    ex->rejected++;
    return EX_ABORTED;
}

enum ex_status nvme_complete(struct exerciser *ex)
{
    struct nvme *nvme = ex->state;
    struct nvme_queue *queue = nvme->busy;
    bool late = ex_now_us(ex) > nvme->deadline_us;
    const struct nvme_completion *entry = &queue->cq[queue->head];
    /* The phase bit is written last; the rest must not be read before it. */
    uint32_t status = __atomic_load_n(&entry->status, __ATOMIC_ACQUIRE);

    if ((status & NVME_STATUS_PHASE) != queue->phase)
        return still_waiting(ex, late);
    if (entry->command_id != nvme->command_id)
        return give_up(ex, EX_ABORTED, "completion of a command that was not sent");
    if (++queue->head == queue->depth) {
        queue->head = 0;
        queue->phase ^= NVME_STATUS_PHASE;
    }
    doorbell(ex, queue, true, queue->head);
    nvme->result = entry->result;
    nvme->busy = NULL;
    return status_meaning(ex, status);
}

enum ex_status nvme_run(struct exerciser *ex, struct nvme_queue *queue,
                        const struct nvme_command *command)
{
    enum ex_status status;

    nvme_submit(ex, queue, command);
    while ((status = nvme_complete(ex)) == EX_PENDING)
        ex->host->sleep_us(ex->host_ctx, COMMAND_POLL_US);
    return status;
}

/* Another CPU's nvme_lower() may have taken it already. */
static bool posted(const struct exerciser *ex)
{
    const struct nvme *nvme = ex->state;
    const struct nvme_queue *queue = &nvme->admin;

    if (!__atomic_load_n(&nvme->raised, __ATOMIC_ACQUIRE))
        return true;
    return (__atomic_load_n(&queue->cq[queue->head].status, __ATOMIC_ACQUIRE) & NVME_STATUS_PHASE) == queue->phase;
}

enum ex_status nvme_raise(struct exerciser *ex, const struct nvme_command *command)
{
    struct nvme *nvme = ex->state;
    uint64_t deadline;

    nvme_submit(ex, &nvme->admin, command);
    deadline = nvme->deadline_us;
    __atomic_store_n(&nvme->raised, true, __ATOMIC_RELEASE);
    nvme_write(ex, NVME_INTMC, NVME_ADMIN_VECTOR);
    while (!posted(ex)) {
        if (ex_now_us(ex) > deadline)
            return EX_TIMEOUT;
        ex->host->sleep_us(ex->host_ctx, COMMAND_POLL_US);
    }
    return EX_DONE;
}

void nvme_lower(struct exerciser *ex)
{
    struct nvme *nvme = ex->state;

    nvme_write(ex, NVME_INTMS, NVME_ADMIN_VECTOR);
    if (nvme->busy == &nvme->admin && __atomic_load_n(&nvme->raised, __ATOMIC_ACQUIRE) && posted(ex)) {
        (void)nvme_complete(ex);
        __atomic_store_n(&nvme->raised, false, __ATOMIC_RELEASE);
    }
}
