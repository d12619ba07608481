/* SPDX-License-Identifier: BSD-2-Clause */
#include "fake_nvme.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 4096u
#define STATUS_INVALID_OPCODE 0x01u
#define STATUS_INVALID_FIELD 0x02u
#define STATUS_TRANSFER_ERROR 0x04u
#define STATUS_LBA_RANGE 0x80u
#define STATUS_INVALID_QUEUE 0x101u
#define STATUS_INVALID_VECTOR 0x108u
#define STATUS_COMPARE_FAILURE 0x285u

static uint64_t get(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;

    memcpy(&value, at, bytes);
    return value;
}

static void put(uint8_t *at, uint64_t value, unsigned bytes)
{
    memcpy(at, &value, bytes);
}

/* Moves data along the command's PRPs; the status. */
static uint32_t transfer(struct fake_nvme *n, const uint8_t *sqe, uint8_t *data, uint32_t len,
                         bool to_memory)
{
    uint64_t prp = get(sqe + 24, 8), prp2 = get(sqe + 32, 8);
    uint32_t part = PAGE - prp % PAGE;
    bool list = len > part && len - part > PAGE, ok = true;

    if (prp % 4 != 0 || (len > part && !list && prp2 % PAGE != 0))
        return STATUS_INVALID_FIELD;
    for (uint32_t entry = 0; len > 0; entry++) {
        if (part > len)
            part = len;
        ok &= fake_exerciser_dma(n->host, prp, data, part, to_memory);
        data += part;
        len -= part;
        part = PAGE;
        prp = prp2;
        if (list && len > 0)
            ok &= fake_exerciser_dma(n->host, prp2 + 8 * entry, &prp, 8, false);
        if (len > 0 && prp % PAGE != 0)
            return STATUS_INVALID_FIELD;
    }
    return ok || n->quiet_dma_errors ? 0 : STATUS_TRANSFER_ERROR;
}

static uint32_t identify(struct fake_nvme *n, const uint8_t *sqe)
{
    uint8_t data[PAGE] = { 0 };

    n->identifies++;
    switch (get(sqe + 40, 1)) {
    case 0:
        put(data, n->blocks, 8);
        data[26] = 1;                               /* format 1 is in use */
        put(data + 128, 9u << 16, 4);
        put(data + 132, (uint32_t)n->block_shift << 16 | n->metadata, 4);
        break;
    case 1:
        put(data, 0x1af41b36, 4);
        memset(data + 4, ' ', 60);
        memcpy(data + 4, n->serial, strlen(n->serial));
        data[77] = n->mdts;
        put(data + 516, n->blocks != 0, 4);
        put(data + 520, n->oncs, 2);
        break;
    default:
        return STATUS_INVALID_FIELD;
    }
    return transfer(n, sqe, data, PAGE, true);
}

static uint32_t create(struct fake_nvme *n, const uint8_t *sqe, bool submission)
{
    uint32_t depth = (uint32_t)get(sqe + 42, 2) + 1, contiguous = sqe[44] & 1, id = (uint32_t)get(sqe + 40, 2);
    struct fake_nvme_queue *q = &n->queues[id % FAKE_NVME_QUEUES];

    if (id == 0 || id > n->queue_limit + 1u || id >= FAKE_NVME_QUEUES || !contiguous ||
        get(sqe + 24, 8) % PAGE != 0 || depth < 2 || depth > (n->cap & 0xffff) + 1)
        return STATUS_INVALID_QUEUE;
    if (submission) {
        if (!q->cq_created || get(sqe + 46, 2) != id)
            return STATUS_INVALID_QUEUE;
        q->sq = get(sqe + 24, 8);
        q->sq_depth = depth;
        q->sq_created = true;
    } else {
        q->cq = get(sqe + 24, 8);
        q->cq_depth = depth;
        q->cq_created = true;
        q->phase = 1;
        q->interrupts = (sqe[44] & 2) != 0;
        q->vector = (uint32_t)get(sqe + 46, 2);
        if (q->vector >= FAKE_NVME_VECTORS)
            return STATUS_INVALID_VECTOR;
    }
    return 0;
}

static uint32_t admin(struct fake_nvme *n, const uint8_t *sqe)
{
    switch (sqe[0]) {
    case 0x01: return create(n, sqe, true);
    case 0x05: return create(n, sqe, false);
    case 0x06: return identify(n, sqe);
    case 0x0a:
    case 0x09:
        n->result = (uint32_t)n->queue_limit << 16 | n->queue_limit;
        return get(sqe + 40, 1) == 7 ? 0 : STATUS_INVALID_FIELD;
    default: return STATUS_INVALID_OPCODE;
    }
}

static uint32_t compare(struct fake_nvme *n, const uint8_t *sqe, const uint8_t *disk, uint32_t len)
{
    static uint8_t data[1u << 20];
    uint32_t status;

    memset(data, 0, len);
    n->compares++;
    status = transfer(n, sqe, data, len, false);
    return status != 0 ? status : memcmp(data, disk, len) == 0 ? 0 : STATUS_COMPARE_FAILURE;
}

static uint32_t io(struct fake_nvme *n, const uint8_t *sqe)
{
    uint64_t lba = get(sqe + 40, 8), count = get(sqe + 48, 2) + 1;
    uint32_t len = (uint32_t)count << n->block_shift;
    uint8_t *disk = n->disk + (lba << n->block_shift);

    if (get(sqe + 4, 4) != 1)
        return STATUS_INVALID_FIELD;
    if (sqe[0] == 0) {
        n->flushes++;
        return 0;
    }
    if (lba + count > n->blocks)
        return STATUS_LBA_RANGE;
    if (n->mdts != 0 && len > PAGE << n->mdts)
        return STATUS_INVALID_FIELD;
    switch (sqe[0]) {
    case 0x01:
        n->writes++;
        n->lowest_written = lba < n->lowest_written ? lba : n->lowest_written;
        return transfer(n, sqe, disk, len, false);
    case 0x02:
        n->reads++;
        return transfer(n, sqe, disk, len, true);
    case 0x05:
        return n->oncs & 1 ? compare(n, sqe, disk, len) : STATUS_INVALID_OPCODE;
    default:
        return STATUS_INVALID_OPCODE;
    }
}

static void complete(struct fake_nvme *n, struct fake_nvme_queue *q, uint32_t id,
                     const uint8_t *sqe, uint32_t status)
{
    uint8_t cqe[16] = { 0 };

    put(cqe, n->result, 4);
    n->result = 0;
    put(cqe + 8, q->head, 2);
    put(cqe + 10, id, 2);
    put(cqe + 12, get(sqe + 2, 2) + n->wrong_id, 2);
    put(cqe + 14, status << 1 | q->phase, 2);
    if (!fake_exerciser_dma(n->host, q->cq + 16ull * q->cq_tail, cqe, 16, true))
        n->csts = 2;
    if (q->interrupts)
        n->interrupts[q->vector]++;
    if (++q->cq_tail == q->cq_depth) {
        q->cq_tail = 0;
        q->phase ^= 1;
    }
}

static void queue_run(struct fake_nvme *n, uint32_t id)
{
    struct fake_nvme_queue *q = &n->queues[id];

    while (q->head != q->tail && !n->hangs && n->csts == 1) {
        uint8_t sqe[64];
        uint32_t status;

        if (!fake_exerciser_dma(n->host, q->sq + 64ull * q->head, sqe, 64, false)) {
            n->csts = 2;
            return;
        }
        q->head = (q->head + 1) % q->sq_depth;
        if (n->fail_opcode == (0x100u | sqe[0]))
            status = n->fail_status;
        else
            status = id == 0 ? admin(n, sqe) : io(n, sqe);
        complete(n, q, id, sqe, status);
    }
}

static void enable(struct fake_nvme *n)
{
    memset(n->queues, 0, sizeof(n->queues));
    n->queues[0] = (struct fake_nvme_queue){
        .sq = n->asq,
        .cq = n->acq,
        .sq_depth = (n->aqa & 0xfff) + 1,
        .cq_depth = (n->aqa >> 16 & 0xfff) + 1,
        .phase = 1,
        .sq_created = true,
        .cq_created = true,
        .interrupts = true,
    };
    /* Entries of 64 and 16 bytes, pages of 4096, everything aligned to them. */
    if ((n->cc >> 16 & 0xff) != 0x46 || (n->cc & 0x3ff0) != 0 || n->asq % PAGE != 0 ||
        n->acq % PAGE != 0)
        n->bad++;
    n->csts = n->fails_to_start ? 2 : n->never_ready ? 0 : 1;
}

static void cc_write(struct fake_nvme *n, uint32_t value)
{
    uint32_t old = n->cc;

    n->cc = value;
    if ((value & 1) && !(old & 1))
        enable(n);
    if (!(value & 1) && (old & 1)) {
        n->resets++;
        n->csts = n->never_idle ? 1 : 0;
    }
    if ((value & 0xc000) && (value & 1)) {
        n->shutdowns++;
        n->csts |= 8;
    }
}

static uint64_t nvme_read(struct fake_exerciser *host, uint32_t offset, unsigned width)
{
    struct fake_nvme *n = host->device;

    n->bad += width != 4;
    switch (offset) {
    case 0x00: return (uint32_t)n->cap;
    case 0x04: return n->cap >> 32;
    case 0x14: return n->cc;
    case 0x1c: return n->csts;
    default: n->bad++; return 0;
    }
}

static void doorbell(struct fake_nvme *n, uint32_t offset, uint32_t value)
{
    uint32_t stride = 4u << (n->cap >> 32 & 0xf);
    uint32_t index = (offset - 0x1000) / stride, id = index / 2;
    struct fake_nvme_queue *q = &n->queues[id % FAKE_NVME_QUEUES];

    if ((offset - 0x1000) % stride != 0 || id >= FAKE_NVME_QUEUES || !q->sq_created || value >= q->sq_depth) {
        n->bad++;
        return;
    }
    if (index % 2 == 0) {
        q->tail = value;
        queue_run(n, id);
    }
}

static void nvme_write(struct fake_exerciser *host, uint32_t offset, unsigned width, uint64_t value)
{
    struct fake_nvme *n = host->device;

    n->bad += width != 4;
    switch (offset) {
    case 0x0c: n->intms |= (uint32_t)value; break;
    case 0x10: n->intms &= ~(uint32_t)value; break;
    case 0x14: cc_write(n, (uint32_t)value); break;
    case 0x24: n->aqa = (uint32_t)value; break;
    case 0x28: put((uint8_t *)&n->asq, value, 4); break;
    case 0x2c: put((uint8_t *)&n->asq + 4, value, 4); break;
    case 0x30: put((uint8_t *)&n->acq, value, 4); break;
    case 0x34: put((uint8_t *)&n->acq + 4, value, 4); break;
    default:
        if (offset >= 0x1000)
            doorbell(n, offset, (uint32_t)value);
        else
            n->bad++;
    }
}

void fake_nvme_init(struct fake_nvme *nvme, struct fake_exerciser *host)
{
    fake_exerciser_reset(host);
    memset(nvme, 0, sizeof(*nvme));
    nvme->host = host;
    nvme->cap = 1ull << 37 | 15ull << 24 | 1ull << 16 | 2047;
    nvme->oncs = 0x5d;          /* Compare and others */
    nvme->mdts = 7;
    nvme->block_shift = 9;
    nvme->blocks = FAKE_NVME_DISK >> 9;
    nvme->queue_limit = FAKE_NVME_QUEUES - 2;
    nvme->lowest_written = UINT64_MAX;
    memcpy(nvme->serial, "disk0", 6);
    host->device = nvme;
    host->read = nvme_read;
    host->write = nvme_write;
}
