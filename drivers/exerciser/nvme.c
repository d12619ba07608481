/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An NVMe disk as an exerciser. It writes memory by reading blocks that hold
 * its pattern, and reads memory by Compare with those blocks, which changes
 * nothing on the disk. Where there is no Compare, a scratch disk is written
 * and read back. A scratch disk is given a pattern; any other lends what it
 * holds, or its Identify data where its first blocks are blank.
 * Source: NVM Express Base 1.4
 */
#include "nvme_internal.h"

#include <string.h>

#define NVME_CLASS 0x010802u
#define WINDOW_MAX (1ull << 20) /* registers and the first four doorbells, whatever their stride */
#define SEARCH_LEN (1ull << 20)         /* of the disk, for blocks that can be a pattern */
#define TYPICAL_US 200u

static bool word_is_telling(uint32_t word)
{
    return word != 0 && word != ~0u;
}

/* Three quarters of the words, the first among them, can be told from blank memory. */
static bool is_pattern(const uint8_t *bytes)
{
    uint32_t telling = 0, word = 0;

    for (uint32_t at = 0; at < EX_PAGE_BYTES; at += 4) {
        memcpy(&word, bytes + at, sizeof(word));
        if (at == 0 && !word_is_telling(word))
            return false;
        telling += word_is_telling(word);
    }
    return telling >= EX_PAGE_BYTES / 4 / 4 * 3;
}

static enum ex_status io_run(struct exerciser *ex, uint32_t opcode, uint64_t lba, uint32_t len)
{
    struct nvme *nvme = ex->state;
    struct nvme_command command = nvme_io_command(ex, opcode, lba, len);

    nvme_prps_set(ex, &command, ex->private_iova + NVME_AT_DATA, len);
    return nvme_run(ex, &nvme->io, &command);
}

static void limits_set(struct exerciser *ex, enum nvme_source source, uint32_t step_len,
                       uint32_t max_len)
{
    struct nvme *nvme = ex->state;

    nvme->source = source;
    ex->step_len = step_len;
    ex->max_len = max_len;
    ex->can_read = source == NVME_PATTERN_BLOCKS && (nvme->has_compare || ex->scratch);
    ex->writes_storage = nvme->source_scratch;
}

/* EX_MISMATCH: no block of the disk's beginning will do. */
static enum ex_status pattern_find(struct exerciser *ex)
{
    struct nvme *nvme = ex->state;
    uint64_t disk_len = nvme->blocks << nvme->block_shift;
    uint64_t end = disk_len < SEARCH_LEN ? disk_len : SEARCH_LEN;
    const uint8_t *data = nvme_private(ex, NVME_AT_DATA);

    for (uint64_t at = 0; at + EX_PAGE_BYTES <= end; at += EX_PAGE_BYTES) {
        enum ex_status status = io_run(ex, NVME_IO_READ, at >> nvme->block_shift, EX_PAGE_BYTES);

        if (status != EX_DONE)
            return status;
        if (is_pattern(data)) {
            memcpy(nvme->pattern, data, EX_PAGE_BYTES);
            nvme->pattern_lba = at >> nvme->block_shift;
            return EX_DONE;
        }
    }
    return EX_MISMATCH;
}

/* The odd factor makes every word another one; the high byte keeps it from 0 and all ones. */
static void pattern_make(struct exerciser *ex)
{
    struct nvme *nvme = ex->state;

    for (uint32_t i = 0; i < NVME_DATA_LEN / 4; i++) {
        uint32_t word =
            0xa5000000u | ((ex->function->rid * 0x9e37u + i * 0x3b9ac5u) & EX_BITS32(23, 0));

        memcpy(nvme->pattern + 4 * (size_t)i, &word, sizeof(word));
    }
}

static enum ex_status pattern_store(struct exerciser *ex)
{
    struct nvme *nvme = ex->state;

    pattern_make(ex);
    memcpy(nvme_private(ex, NVME_AT_DATA), nvme->pattern, nvme->transfer_max);
    nvme->pattern_lba = 0;
    nvme->test_lba = nvme->transfer_max >> nvme->block_shift;
    nvme->source_scratch = true;
    limits_set(ex, NVME_PATTERN_BLOCKS, 1u << nvme->block_shift, nvme->transfer_max);
    return io_run(ex, NVME_IO_WRITE, nvme->pattern_lba, nvme->transfer_max);
}

static enum ex_status pattern_choose(struct exerciser *ex)
{
    struct nvme *nvme = ex->state;
    enum ex_status status = EX_MISMATCH;

    if (nvme->namespace_id != 0 && ex->scratch &&
        nvme->blocks << nvme->block_shift >= 2ull * nvme->transfer_max)
        return pattern_store(ex);
    if (nvme->namespace_id != 0)
        status = pattern_find(ex);
    if (status == EX_DONE)
        limits_set(ex, NVME_PATTERN_BLOCKS, 1u << nvme->block_shift, EX_PAGE_BYTES);
    else if (status == EX_MISMATCH)
        limits_set(ex, NVME_PATTERN_IDENTIFY, EX_PAGE_BYTES, EX_PAGE_BYTES);
    else
        return status;
    return EX_DONE;
}

static enum ex_status nvme_rebase(struct exerciser *ex, uint64_t private_iova)
{
    struct nvme *nvme = ex->state;
    enum ex_status status;

    ex->private_iova = private_iova;
    nvme->step = nvme->step_count = 0;
    status = nvme_controller_start(ex);
    if (status != EX_DONE) {
        nvme->failed = true;
        return status;
    }
    if (nvme->source != NVME_PATTERN_NONE && nvme->source_scratch == ex->scratch)
        return EX_DONE;
    return pattern_choose(ex);
}

/* The blocks hold it already. */
static enum ex_status nvme_prepare(struct exerciser *ex)
{
    const struct nvme *nvme = ex->state;

    return nvme->failed ? EX_TIMEOUT : EX_DONE;
}

static void step_add(struct exerciser *ex, uint32_t opcode, uint64_t lba, uint64_t iova)
{
    struct nvme *nvme = ex->state;

    nvme->steps[nvme->step_count++] = (struct nvme_step){
        .queue = &nvme->io, .command = nvme_io_command(ex, opcode, lba, nvme->len), .iova = iova,
    };
}

static void write_steps(struct exerciser *ex, const struct ex_dma *dma)
{
    struct nvme *nvme = ex->state;

    if (nvme->source == NVME_PATTERN_BLOCKS) {
        step_add(ex, NVME_IO_READ, nvme->pattern_lba, dma->iova);
        return;
    }
    nvme->steps[nvme->step_count++] = (struct nvme_step){
        .queue = &nvme->admin,
        .command = { .cdw0 = NVME_ADMIN_IDENTIFY, .cdw10 = NVME_CNS_CONTROLLER },
        .iova = dma->iova,
    };
}

/*
 * Without Compare the disk is first given the complement, so that a transfer
 * that did not take place is not taken for one that did.
 */
static void read_steps(struct exerciser *ex, const struct ex_dma *dma)
{
    struct nvme *nvme = ex->state;
    uint8_t *data = nvme_private(ex, NVME_AT_DATA);
    uint64_t data_iova = ex->private_iova + NVME_AT_DATA;

    if (nvme->has_compare) {
        step_add(ex, NVME_IO_COMPARE, nvme->pattern_lba, dma->iova);
        return;
    }
    for (uint32_t i = 0; i < dma->len; i++)
        data[i] = (uint8_t)~nvme->pattern[i];
    nvme->compare_after = true;
    step_add(ex, NVME_IO_WRITE, nvme->test_lba, data_iova);
    step_add(ex, NVME_IO_WRITE, nvme->test_lba, dma->iova);
    step_add(ex, NVME_IO_READ, nvme->test_lba, data_iova);
}

static void step_start(struct exerciser *ex)
{
    struct nvme *nvme = ex->state;
    struct nvme_step *step = &nvme->steps[nvme->step];

    nvme_prps_set(ex, &step->command, step->iova, nvme->len);
    nvme_submit(ex, step->queue, &step->command);
}

static enum ex_status nvme_start(struct exerciser *ex, const struct ex_dma *dma)
{
    struct nvme *nvme = ex->state;

    if (nvme->failed || nvme->busy != NULL)
        return EX_TIMEOUT;
    if (!ex_dma_fits(ex, dma))
        return EX_UNSUPPORTED;
    nvme->len = dma->len;
    nvme->step = nvme->step_count = 0;
    nvme->compare_after = false;
    if (dma->operation == EX_WRITE)
        write_steps(ex, dma);
    else
        read_steps(ex, dma);
    step_start(ex);
    return EX_PENDING;
}

static enum ex_status nvme_poll(struct exerciser *ex)
{
    struct nvme *nvme = ex->state;
    enum ex_status status;

    if (nvme->busy == NULL)
        return nvme->failed ? EX_TIMEOUT : EX_DONE;
    status = nvme_complete(ex);
    if (status != EX_DONE)
        return status;
    if (++nvme->step < nvme->step_count) {
        step_start(ex);
        return EX_PENDING;
    }
    if (nvme->compare_after &&
        memcmp(nvme_private(ex, NVME_AT_DATA), nvme->pattern, nvme->len) != 0)
        return EX_MISMATCH;
    return EX_DONE;
}

static void nvme_stop(struct exerciser *ex)
{
    nvme_controller_off(ex, true);
}

/*
 * A command without data completes. Number 0 is the admin queue's interrupt
 * (§5.3), the others are the bells'. With MSI-X the message goes as that happens.
 */
static enum ex_status nvme_interrupt(struct exerciser *ex, unsigned number)
{
    struct nvme *nvme = ex->state;
    const struct nvme_command command = { .cdw0 = NVME_ADMIN_GET_FEATURES, .cdw10 = NVME_FEATURE_QUEUES };
    const struct nvme_command flush = { .cdw0 = NVME_IO_FLUSH, .nsid = nvme->namespace_id };

    /* One before that reached nobody. */
    if (nvme->raised)
        nvme_lower(ex);
    if (nvme->failed || nvme->busy != NULL)
        return EX_TIMEOUT;
    if (number > nvme->bell_count)
        return EX_UNSUPPORTED;
    if (number > 0)
        return nvme_run(ex, &nvme->bells[number - 1], &flush);
    if (pci_msix_enabled(ex->function))
        return nvme_run(ex, &nvme->admin, &command);
    return nvme_raise(ex, &command);
}

static void nvme_interrupt_done(struct exerciser *ex)
{
    if (!pci_msix_enabled(ex->function))
        nvme_lower(ex);
}

/* QEMU's takes a queue's vector into use where MSI-X is enabled as the queue is created. */
static enum ex_status nvme_interrupt_changed(struct exerciser *ex)
{
    const struct nvme *nvme = ex->state;

    return nvme->failed ? EX_DONE : nvme_rebase(ex, ex->private_iova);
}

static const struct exerciser_ops nvme_ops = {
    .name = "nvme",
    .disk = true,
    .rebase = nvme_rebase,
    .prepare = nvme_prepare,
    .start = nvme_start,
    .poll = nvme_poll,
    .interrupt = nvme_interrupt,
    .interrupt_done = nvme_interrupt_done,
    .interrupt_changed = nvme_interrupt_changed,
    .stop = nvme_stop,
};

static bool nvme_knows(const struct pci_function *f)
{
    return f->class_code == NVME_CLASS && !f->is_bridge;
}

static bool nvme_setup(struct exerciser *ex)
{
    struct nvme *nvme = ex->host->alloc(ex->host_ctx, sizeof(*nvme));
    uint64_t bar_len = ex->function->bars[0].len;
    uint64_t window = bar_len < WINDOW_MAX ? bar_len : WINDOW_MAX;

    if (nvme == NULL)
        return false;
    ex->ops = &nvme_ops;
    ex->state = nvme;
    nvme->failed = true;
    nvme->pattern = ex->host->alloc(ex->host_ctx, NVME_DATA_LEN);
    if (nvme->pattern == NULL)
        return false;
    nvme->registers = ex_map_bar(ex, 0, window > NVME_DOORBELLS ? window : NVME_DOORBELLS + 1);
    if (nvme->registers == NULL || !nvme_controller_check(ex, window) ||
        !ex_alloc_private(ex, NVME_PRIVATE_PAGES, UINT64_MAX))
        return false;
    ex->address_bits = 64;
    ex->align = 4;
    ex->can_write = true;
    ex->typical_us = TYPICAL_US;
    ex->pattern = nvme->pattern;
    limits_set(ex, NVME_PATTERN_NONE, EX_PAGE_BYTES, EX_PAGE_BYTES);
    return true;
}

const struct exerciser_driver nvme_driver = { .name = "nvme",
                                              .knows = nvme_knows,
                                              .setup = nvme_setup };
