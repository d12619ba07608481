/* SPDX-License-Identifier: BSD-2-Clause */
/* See proof.h. A canary is a frame of known bytes that a device is told to write to. */
#include "proof.h"

#include "format.h"
#include "quirks.h"
#include "tap.h"

#define CANARY 0xa5u
#define CANARY_BYTES 4096u
#define PAGE_BYTES 4096ull
/* Within the page, so that what is written too early or too late is seen as well. */
#define WRITE_OFFSET 1024u
#define WRITE_LEN 64u
/* IOVAs that every device can send, apart from one another. */
#define PRIVATE_IOVA 0x0c000000ull
#define MAPPED_IOVA 0x08000000ull
#define UNMAPPED_IOVA 0x08200000ull
#define FAULTS_READ 8u

struct trial {
    struct suite_env *env;
    struct proof *proof;
    struct exerciser *ex;
    uint16_t segment;
    uint16_t rids[IOMMU_DEVICE_RIDS];
    size_t rid_count;
    bool was_master;        /* for the regions that firmware reserves for it */
    uint8_t *canary;
    uint64_t canary_pa;
};

static void refill(struct trial *t)
{
    for (size_t i = 0; i < CANARY_BYTES; i++)
        ((volatile uint8_t *)t->canary)[i] = CANARY;
}

static bool changed(const struct trial *t)
{
    for (size_t i = 0; i < CANARY_BYTES; i++)
        if (((const volatile uint8_t *)t->canary)[i] != CANARY)
            return true;
    return false;
}

static void faults_clear(struct trial *t)
{
    for (size_t i = 0; i < t->rid_count; i++)
        t->env->ops->faults_clear(t->env, t->segment, t->rids[i]);
}

/*
 * Faults of the device, as what kind of request ever they are recorded; in *right those of a write
 * by it to the page at iova.
 */
static size_t faults(struct trial *t, uint64_t iova, size_t *right)
{
    struct iommu_fault seen[FAULTS_READ];
    size_t count = 0;

    *right = 0;
    for (size_t i = 0; i < t->rid_count; i++) {
        size_t found = t->env->ops->faults(t->env, t->segment, t->rids[i], seen, FAULTS_READ);

        for (size_t f = 0; f < found && f < FAULTS_READ; f++) {
            count += seen[f].kind == IOMMU_FAULT_DMA || seen[f].kind == IOMMU_FAULT_INTERRUPT;
            *right += seen[f].kind == IOMMU_FAULT_DMA && seen[f].iova == iova &&
                      seen[f].access == IOMMU_ACCESS_WRITE && seen[f].device == t->ex->device;
        }
    }
    return count;
}

/* One write; of a device with queues that it comes to life, for which it reads and answers them. */
static enum ex_status send(struct trial *t, uint64_t private_iova, uint64_t iova)
{
    uint32_t step = t->ex->align > t->ex->step_len ? t->ex->align : t->ex->step_len;
    uint32_t len = (WRITE_LEN + step - 1) / step * step;
    enum ex_status status = t->ex->ops->rebase(t->ex, private_iova);

    if (status != EX_DONE)
        return status;
    if (!t->ex->silent)
        return t->ex->ops->prepare(t->ex);
    return exerciser_run(t->ex, &(struct ex_dma){ EX_WRITE, iova + WRITE_OFFSET, len });
}

/*
 * Sends to where the canary lies while the device is blocked. A device with
 * queues that comes to life has done DMA.
 */
static enum proof_result blocked_dma(struct trial *t, size_t *recorded)
{
    enum ex_status status;
    size_t right;

    refill(t);
    faults_clear(t);
    status = send(t, t->ex->private_pa, t->canary_pa);
    *recorded = faults(t, t->canary_pa, &right);
    if (changed(t) || (status == EX_DONE && !t->ex->silent))
        return PROOF_PASSED;
    return PROOF_BLOCKED;
}

static bool map(struct iommu_domain *domain, uint64_t iova, uint64_t pa, uint64_t pages)
{
    return iommu_map(domain, &(struct iommu_mapping){ .iova = iova, .pa = pa, .prot = IOMMU_RW,
                                                      .len = pages * PAGE_BYTES }) == IOMMU_OK;
}

/* True when the device wrote to the page mapped for it: what it can do, it does. */
static bool mapped_arrives(struct trial *t)
{
    enum ex_status status;

    refill(t);
    status = send(t, PRIVATE_IOVA, MAPPED_IOVA);
    return t->ex->silent ? changed(t) : status == EX_DONE;
}

/* A device that holds its pattern sends nothing but the write, so that each record is of that. */
static void unmapped_write(struct trial *t)
{
    size_t count, right;

    if (!t->ex->silent || t->ex->ops->prepare(t->ex) != EX_DONE)
        return;
    refill(t);
    faults_clear(t);
    (void)exerciser_run(t->ex, &(struct ex_dma){ EX_WRITE, UNMAPPED_IOVA, WRITE_LEN });
    count = faults(t, UNMAPPED_IOVA, &right);
    t->proof->unmapped++;
    t->proof->unmapped_recorded += count > 0;
    t->proof->wrong_records += right < count;
}

static enum proof_result tried_in(struct trial *t, struct iommu_domain *domain)
{
    enum proof_result result = PROOF_NOT_TRIED;

    if (!map(domain, MAPPED_IOVA, t->canary_pa, 1) ||
        !map(domain, PRIVATE_IOVA, t->ex->private_pa, t->ex->private_pages) ||
        iommu_attach(domain, t->ex->device, IOMMU_NO_PASID) != IOMMU_OK)
        return PROOF_NOT_TRIED;
    if (mapped_arrives(t)) {
        result = PROOF_BLOCKED;
        unmapped_write(t);
    }
    t->ex->ops->stop(t->ex);
    return iommu_detach(t->ex->device, IOMMU_NO_PASID) == IOMMU_OK ? result : PROOF_NOT_TRIED;
}

/* Shows in a domain of its own that the device does DMA at all. */
static enum proof_result shown_by_mapping(struct trial *t)
{
    struct iommu_device *device = t->ex->device;
    struct iommu_domain_desc desc = {
        .type = IOMMU_DOMAIN_UNMANAGED, .devices = &device, .device_count = 1
    };
    enum proof_result result;
    struct iommu_domain *domain;

    if (iommu_domain_create(t->env->iommu, &desc, &domain) != IOMMU_OK)
        return PROOF_NOT_TRIED;
    result = tried_in(t, domain);
    return iommu_domain_destroy(domain) == IOMMU_OK ? result : PROOF_NOT_TRIED;
}

static bool trial_begin(struct trial *t, struct exerciser *ex)
{
    uint64_t end = ex->address_bits >= 64 ? UINT64_MAX : 1ull << ex->address_bits;

    t->ex = ex;
    t->segment = iommu_device_segment(ex->device);
    t->rids[0] = iommu_device_rid(ex->device);
    t->rid_count = 1;
    if (ex->function != NULL) {
        t->rid_count = pci_requester_ids(ex->function, t->rids, IOMMU_DEVICE_RIDS);
        t->was_master = pci_bus_master_enabled(ex->function);
    }
    t->canary = t->env->ops->frames_alloc(t->env, 1, PAGE_BYTES, 0, end, &t->canary_pa);
    return t->canary != NULL;
}

static void trial_end(struct trial *t)
{
    t->ex->ops->stop(t->ex);
    t->env->ops->bus_master(t->env, t->ex, t->was_master);
    if (iommu_device_unfence(t->ex->device) != IOMMU_OK)
        tap_text(t->env, "# proof: %s cannot be unfenced\n", t->ex->label);
    faults_clear(t);
    t->env->ops->frames_free(t->env, t->canary, 1);
}

static void count_refusal(struct proof *proof, bool translated, bool recorded)
{
    proof->blocked++;
    if (translated) {
        proof->unmapped++;
        proof->unmapped_recorded += recorded;
    } else {
        proof->blocked_recorded += recorded;
        proof->blocked_unrecorded += !recorded;
    }
}

static void try_device(struct suite_env *env, struct proof *proof, struct exerciser *ex)
{
    struct trial t = { .env = env, .proof = proof };
    enum proof_result result;
    size_t recorded;

    if (!trial_begin(&t, ex))
        return;
    env->ops->bus_master(env, ex, true);
    result = blocked_dma(&t, &recorded);
    if (result == PROOF_BLOCKED && recorded == 0)
        result = shown_by_mapping(&t);
    if (result == PROOF_PASSED && proof->passed++ == 0) {
        proof->leak = ex;
        proof->leak_pa = ex->silent ? t.canary_pa : ex->private_pa;
    }
    if (result == PROOF_BLOCKED)
        count_refusal(proof, iommu_device_has_reserved(ex->device), recorded > 0);
    trial_end(&t);
}

/*
 * Devices without queues first. One with queues is only tried where there is
 * no other: stopped at its queues it takes seconds to say so, and says it
 * loudly.
 */
void proof_take(struct suite_env *env, struct proof *out)
{
    *out = (struct proof){ 0 };
    for (size_t i = 0; i < env->exerciser_count; i++)
        if (env->exercisers[i]->device != NULL && env->exercisers[i]->silent)
            try_device(env, out, env->exercisers[i]);
    for (size_t i = 0; i < env->exerciser_count && out->blocked + out->passed == 0; i++)
        if (env->exercisers[i]->device != NULL && !env->exercisers[i]->silent)
            try_device(env, out, env->exercisers[i]);
    iommu_reset_fault_counters(env->iommu);
}

size_t proof_text(const struct proof *proof, char *out, size_t size)
{
    if (proof->blocked == 0)
        return format_line(out, size, "blocking not tried: no device that can show it");
    return format_line(out, size, "blocking proven by %zu device%s", proof->blocked,
                       proof->blocked == 1 ? "" : "s");
}

bool proof_all_passed(const struct proof *proof)
{
    return proof->passed > 0 && proof->blocked == 0;
}

void proof_quirks(const struct proof *proof, struct suite_env *env)
{
    if (!env->emulated || env->model || !suite_vendor_is(env, "amd") || proof->unmapped == 0)
        return; /* hardware, or nothing was seen */
    env->no_events = proof->blocked_recorded + proof->unmapped_recorded == 0;
    env->no_blocked_events =
        !env->no_events && proof->blocked_recorded == 0 && proof->blocked_unrecorded > 0;
    env->event_fields_wrong = proof->wrong_records > 0;
}
