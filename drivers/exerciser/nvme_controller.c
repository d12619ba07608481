/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An NVMe controller from reset to one I/O queue pair, and off again; with
 * MSI-X further pairs for interrupts beyond number 0. All its memory is private
 * memory of the exerciser, reached at private_iova.
 * Source: NVM Express Base 1.4 §3.1, §5, §7.6.1 (initialisation), §7.6.2 (shutdown)
 */
#include "nvme_internal.h"

#include <string.h>

#define READY_POLL_US 200u
#define READY_MIN_US 1000000u           /* CAP.TO may say 0 */
#define BLOCK_SHIFT_MIN 9u
#define BLOCK_SHIFT_MAX 12u

static uint32_t get32(const uint8_t *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static uint64_t field(uint64_t word, uint64_t mask)
{
    return (word & mask) >> __builtin_ctzll(mask);
}

bool nvme_controller_check(struct exerciser *ex, uint64_t window_len)
{
    struct nvme *nvme = ex->state;
    /* Two accesses: 8 bytes at once are not promised by every controller. */
    uint64_t cap = nvme_read(ex, NVME_CAP) | (uint64_t)nvme_read(ex, NVME_CAP + 4) << 32;
    uint64_t entries = field(cap, NVME_CAP_MQES) + 1;

    nvme->window_len = window_len;
    nvme->doorbell_stride = 4u << field(cap, NVME_CAP_DSTRD);
    nvme->depth = entries < NVME_QUEUE_DEPTH ? (uint32_t)entries : NVME_QUEUE_DEPTH;
    nvme->timeout_us = field(cap, NVME_CAP_TO) * NVME_TO_US;
    if (nvme->timeout_us < READY_MIN_US)
        nvme->timeout_us = READY_MIN_US;
    if (cap == ~0ull || nvme->depth < 2 || !(cap & NVME_CAP_NVM) ||
        field(cap, NVME_CAP_MPSMIN) != 0 ||
        NVME_DOORBELLS + 4ull * nvme->doorbell_stride > window_len) {
        ex_log(ex,
               "%s: cap=0x%llx: needs the NVM commands, pages of 4096 bytes, queues and their "
               "doorbells",
               ex->label, (unsigned long long)cap);
        return false;
    }
    return true;
}

/* Waits for CSTS & mask to become wanted; stop_at: bits that end the wait as a failure. */
static bool csts_wait(struct exerciser *ex, uint32_t mask, uint32_t wanted, uint32_t stop_at)
{
    const struct nvme *nvme = ex->state;
    uint64_t deadline = ex_now_us(ex) + nvme->timeout_us;
    bool in_time;

    do {
        uint32_t csts;

        in_time = ex_wait(ex, deadline, READY_POLL_US);
        csts = nvme_read(ex, NVME_CSTS);
        if ((csts & mask) == wanted)
            return true;
        if (csts & stop_at)
            break;
    } while (in_time);
    ex_log(ex, "%s: csts=0x%x, expected 0x%x of mask 0x%x", ex->label,
           (unsigned)nvme_read(ex, NVME_CSTS), (unsigned)wanted, (unsigned)mask);
    return false;
}

bool nvme_controller_off(struct exerciser *ex, bool shutdown)
{
    struct nvme *nvme = ex->state;
    uint32_t cc = nvme_read(ex, NVME_CC);

    nvme->failed = true;
    nvme->busy = NULL;
    if (shutdown && (cc & NVME_CC_EN) && !(nvme_read(ex, NVME_CSTS) & NVME_CSTS_CFS)) {
        nvme_write(ex, NVME_CC, (cc & ~NVME_CC_SHN) | NVME_CC_SHN_NORMAL);
        csts_wait(ex, NVME_CSTS_SHST, NVME_CSTS_SHST_DONE, NVME_CSTS_CFS);
    }
    if (cc & NVME_CC_EN)
        nvme_write(ex, NVME_CC, cc & ~(NVME_CC_EN | NVME_CC_SHN));
    return csts_wait(ex, NVME_CSTS_RDY, 0, 0);
}

static void write_address(struct exerciser *ex, uint32_t at, uint64_t value)
{
    nvme_write(ex, at, (uint32_t)value);
    nvme_write(ex, at + 4, (uint32_t)(value >> 32));
}

static bool controller_on(struct exerciser *ex)
{
    struct nvme *nvme = ex->state;

    nvme_queues_reset(ex);
    nvme_write(ex, NVME_AQA, (nvme->depth - 1) << 16 | (nvme->depth - 1));
    write_address(ex, NVME_ASQ, ex->private_iova + NVME_AT_ADMIN_SQ);
    write_address(ex, NVME_ACQ, ex->private_iova + NVME_AT_ADMIN_CQ);
    ex->host->barrier(ex->host_ctx);
    nvme_write(ex, NVME_CC, NVME_CC_EN | NVME_CC_IOSQES_64 | NVME_CC_IOCQES_16);
    return csts_wait(ex, NVME_CSTS_RDY, NVME_CSTS_RDY, NVME_CSTS_CFS);
}

/* §5.21.1.7: how many pairs of I/O queues the controller gives of those wanted; all counts are 0-based. */
static enum ex_status pairs_ask(struct exerciser *ex, uint32_t wanted, uint32_t *given)
{
    struct nvme *nvme = ex->state;
    const struct nvme_command command = {
        .cdw0 = NVME_ADMIN_SET_FEATURES, .cdw10 = NVME_FEATURE_QUEUES, .cdw11 = (wanted - 1) << 16 | (wanted - 1),
    };
    enum ex_status status = nvme_run(ex, &nvme->admin, &command);
    uint32_t completion = nvme->result >> 16, submission = nvme->result & 0xffffu;
    uint32_t fewer = (completion < submission ? completion : submission) + 1;

    *given = fewer < wanted ? fewer : wanted;
    return status;
}

/* cq_flags: with what the completion queue is created. */
static enum ex_status pair_create(struct exerciser *ex, const struct nvme_queue *queue, uint32_t cq_flags)
{
    struct nvme *nvme = ex->state;
    uint32_t size_and_id = (nvme->depth - 1) << 16 | queue->id;
    const struct nvme_command completion = {
        .cdw0 = NVME_ADMIN_CREATE_CQ, .cdw10 = size_and_id, .cdw11 = cq_flags | NVME_CONTIGUOUS,
        .prp1 = nvme_iova(ex, queue->cq),
    };
    const struct nvme_command submission = {
        .cdw0 = NVME_ADMIN_CREATE_SQ, .cdw10 = size_and_id, .cdw11 = queue->id << 16 | NVME_CONTIGUOUS,
        .prp1 = nvme_iova(ex, queue->sq),
    };
    enum ex_status status = nvme_run(ex, &nvme->admin, &completion);

    return status == EX_DONE ? nvme_run(ex, &nvme->admin, &submission) : status;
}

/* Bells need a vector each, a namespace to which a command can be sent, and their doorbells. */
static uint32_t bells_wanted(struct exerciser *ex)
{
    const struct nvme *nvme = ex->state;
    uint32_t vectors = pci_msix_enabled(ex->function) ? pci_msix_count(ex->function) : 0;
    uint32_t wanted = 0;

    while (nvme->namespace_id != 0 && wanted < NVME_BELLS && wanted + 1 < vectors &&
           NVME_DOORBELLS + (4ull + 2 * (wanted + 1)) * nvme->doorbell_stride <= nvme->window_len)
        wanted++;
    return wanted;
}

/* Of the I/O queue no completion is an interrupt; of bell number n it is message n + 1. */
static enum ex_status io_queues_create(struct exerciser *ex)
{
    struct nvme *nvme = ex->state;
    uint32_t pairs;
    enum ex_status status = pairs_ask(ex, 1 + bells_wanted(ex), &pairs);

    nvme->bell_count = 0;
    if (status == EX_DONE)
        status = pair_create(ex, &nvme->io, 0);
    while (status == EX_DONE && 1 + nvme->bell_count < pairs) {
        uint32_t n = nvme->bell_count++;

        status = pair_create(ex, &nvme->bells[n], (n + 1) << 16 | NVME_CQ_INTERRUPTS);
    }
    return status;
}

static enum ex_status identify(struct exerciser *ex, uint32_t cns, uint32_t namespace_id)
{
    struct nvme *nvme = ex->state;
    struct nvme_command command = { .cdw0 = NVME_ADMIN_IDENTIFY,
                                    .nsid = namespace_id,
                                    .cdw10 = cns };

    nvme_prps_set(ex, &command, ex->private_iova + NVME_AT_IDENTIFY, EX_PAGE_BYTES);
    return nvme_run(ex, &nvme->admin, &command);
}

static void controller_read(struct exerciser *ex)
{
    struct nvme *nvme = ex->state;
    const uint8_t *id = nvme_private(ex, NVME_AT_IDENTIFY);
    uint32_t mdts = id[NVME_ID_MDTS];
    size_t len = NVME_ID_SERIAL_BYTES;

    memcpy(ex->serial, id + NVME_ID_SERIAL, len);
    while (len > 0 && (ex->serial[len - 1] == ' ' || ex->serial[len - 1] == '\0'))
        len--;
    ex->serial[len] = '\0';
    nvme->has_compare = (get32(id + NVME_ID_ONCS) & NVME_ID_ONCS_COMPARE) != 0;
    nvme->namespace_id = get32(id + NVME_ID_NN) != 0;
    /* 0: no limit. In units of the smallest page, which is 4096 bytes here. */
    nvme->transfer_max = NVME_DATA_LEN;
    if (mdts != 0 && mdts < 31 && (uint64_t)EX_PAGE_BYTES << mdts < NVME_DATA_LEN)
        nvme->transfer_max = EX_PAGE_BYTES << mdts;
}

/* Blocks with metadata are left out: their transfers have another length. */
static void namespace_read(struct exerciser *ex)
{
    struct nvme *nvme = ex->state;
    const uint8_t *id = nvme_private(ex, NVME_AT_IDENTIFY);
    uint32_t index = id[NVME_NS_FLBAS] & NVME_NS_FLBAS_INDEX;
    uint32_t format = get32(id + NVME_NS_LBAF + 4 * index);

    memcpy(&nvme->blocks, id + NVME_NS_NSZE, sizeof(nvme->blocks));
    nvme->block_shift = format >> NVME_NS_LBAF_DATA_SHIFT & 0xffu;
    if (nvme->blocks == 0 || (format & NVME_NS_LBAF_METADATA) != 0 ||
        nvme->block_shift < BLOCK_SHIFT_MIN || nvme->block_shift > BLOCK_SHIFT_MAX)
        nvme->namespace_id = 0;
}

static enum ex_status identify_all(struct exerciser *ex)
{
    struct nvme *nvme = ex->state;
    enum ex_status status = identify(ex, NVME_CNS_CONTROLLER, 0);

    if (status != EX_DONE)
        return status;
    controller_read(ex);
    /* Kept as the pattern of a disk whose blocks give none. */
    memcpy(nvme->pattern, nvme_private(ex, NVME_AT_IDENTIFY), EX_PAGE_BYTES);
    if (nvme->namespace_id != 0) {
        status = identify(ex, NVME_CNS_NAMESPACE, nvme->namespace_id);
        if (status != EX_DONE)
            return status;
        namespace_read(ex);
    }
    nvme->identified = true;
    return EX_DONE;
}

enum ex_status nvme_controller_start(struct exerciser *ex)
{
    struct nvme *nvme = ex->state;
    enum ex_status status;

    if (!nvme_controller_off(ex, false) || !controller_on(ex))
        return EX_TIMEOUT;
    nvme->failed = nvme->raised = false;
    /* A reset unmasks them (§3.1.3, forbidden with MSI-X). Completions are looked for, not waited for. */
    if (!pci_msix_enabled(ex->function))
        nvme_write(ex, NVME_INTMS, NVME_ADMIN_VECTOR);
    if (!nvme->identified) {
        status = identify_all(ex);
        if (status != EX_DONE)
            return status;
    }
    return io_queues_create(ex);
}

struct nvme_command nvme_io_command(const struct exerciser *ex, uint32_t opcode, uint64_t lba,
                                    uint32_t len)
{
    const struct nvme *nvme = ex->state;

    return (struct nvme_command){
        .cdw0 = opcode,
        .nsid = nvme->namespace_id,
        .cdw10 = (uint32_t)lba,
        .cdw11 = (uint32_t)(lba >> 32),
        .cdw12 = (len >> nvme->block_shift) - 1,
    };
}
