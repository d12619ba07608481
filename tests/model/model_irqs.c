/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts of suite/env.h on a model: devices write their messages, pins have
 * redirection entries, four CPUs count what arrives. A handler ends at once.
 */
#include "model_env_private.h"

#include <pthread.h>
#include <stdlib.h>

#define MSI_MESSAGES 32u
#define MSIX_MESSAGES 8u
#define FIRST_VECTOR 0x30
#define PIN 5u
#define PIN_VECTOR 0xffull
#define PIN_LEVEL (1ull << 15)

static const uint32_t apic_ids[MODEL_CPUS] = { 0, 1, 3, 287 };

struct source_state {
    struct iommu_msi message;
    bool enabled, masked, pending;
};

/* Pins use number 0 alone. */
struct suite_irqs {
    struct model_env *me;
    struct model_exerciser *mx;     /* NULL: a pin's or the HPET's */
    enum suite_irq_kind kind;
    unsigned count;
    struct iommu_irqs *block;
    struct source_state each[MSI_MESSAGES];
    uint64_t pin;                   /* redirection entry */
    bool wire;                      /* up until the handler has run */
    bool remote_irr;
};

static struct model_env *env_of(struct suite_env *env)
{
    return env->ctx;
}

static bool is_pin(const struct suite_irqs *irqs)
{
    return irqs->kind == SUITE_IRQ_INTX || irqs->kind == SUITE_IRQ_PIN_EDGE || irqs->kind == SUITE_IRQ_PIN_LEVEL;
}

static bool is_level(const struct suite_irqs *irqs)
{
    return is_pin(irqs) && irqs->kind != SUITE_IRQ_PIN_EDGE;
}

/* ---- CPUs ---- */

unsigned model_cpus(struct suite_env *env)
{
    return env_of(env)->cpus;
}

bool model_run_on(struct suite_env *env, unsigned cpu, void (*fn)(void *arg), void *arg)
{
    (void)env;
    (void)cpu;
    fn(arg);
    return true;
}

struct job {
    void (*fn)(void *arg);
    void *arg;
};

static void *run_job(void *arg)
{
    const struct job *job = arg;

    job->fn(job->arg);
    return NULL;
}

/* The others call the library and sleep: all else of the environment is for one thread. */
bool model_run_on_cpus(struct suite_env *env, void (*fn)(void *arg), void *const args[], size_t count)
{
    pthread_t threads[MODEL_CPUS];
    struct job jobs[MODEL_CPUS];

    (void)env;
    for (size_t i = 1; i < count; i++) {
        jobs[i] = (struct job){ fn, args[i] };
        if (pthread_create(&threads[i], NULL, run_job, &jobs[i]) != 0)
            abort();
    }
    fn(args[0]);
    for (size_t i = 1; i < count; i++)
        (void)pthread_join(threads[i], NULL);
    return true;
}

/* A CPU's end of interrupt finds the pin by its vector; on AMD-Vi the IOAPIC's own register is written. */
static void handle(struct suite_irqs *irqs, uint8_t vector)
{
    irqs->wire = false;
    if (irqs->me->machine.amdvi != NULL || (irqs->pin & PIN_VECTOR) == vector)
        irqs->remote_irr = false;
}

void model_interrupt(void *ctx, const struct machine_interrupt *interrupt)
{
    struct model_env *me = ctx;
    unsigned cpu = 0;

    while (cpu < MODEL_CPUS && apic_ids[cpu] != interrupt->apic_id)
        cpu++;
    if (cpu == MODEL_CPUS || !interrupt->ordinary || !me->vector_used[interrupt->vector]) {
        me->unexpected++;
        return;
    }
    me->counts[cpu][interrupt->vector]++;
    if (me->sending == NULL || !is_level(me->sending))
        return;
    me->sending->remote_irr = interrupt->level;
    handle(me->sending, interrupt->vector);
}

static int model_vector_alloc(struct suite_env *env)
{
    struct model_env *me = env_of(env);

    for (int vector = FIRST_VECTOR; vector < MODEL_VECTORS; vector++)
        if (!me->vector_used[vector]) {
            me->vector_used[vector] = true;
            for (unsigned cpu = 0; cpu < MODEL_CPUS; cpu++)
                me->counts[cpu][vector] = 0;
            return vector;
        }
    return -1;
}

static void model_vector_free(struct suite_env *env, int vector)
{
    env_of(env)->vector_used[vector] = false;
}

static uint64_t model_count(struct suite_env *env, unsigned cpu, int vector)
{
    return env_of(env)->counts[cpu][vector];
}

static uint64_t model_unexpected(struct suite_env *env)
{
    return env_of(env)->unexpected;
}

static uint32_t model_apic_id(struct suite_env *env, unsigned cpu)
{
    (void)env;
    return apic_ids[cpu];
}

/* ---- sources ---- */

static enum iommu_status alloc_block(struct suite_irqs *irqs)
{
    struct iommu *iommu = irqs->me->suite.iommu;

    if (is_pin(irqs))
        return iommu_irq_alloc_ioapic(iommu, MODEL_IOAPIC, PIN, &irqs->block);
    if (irqs->kind == SUITE_IRQ_HPET)
        return iommu_irq_alloc_hpet(iommu, MODEL_HPET, irqs->count, &irqs->block);
    return iommu_irq_alloc(irqs->mx->ex.device, irqs->count, &irqs->block);
}

/* NULL: the source exists. */
static const char *why_not(const struct suite_irqs *irqs)
{
    bool silent = irqs->mx != NULL && irqs->mx->config.manner == MODEL_SILENT;

    switch (irqs->kind) {
    case SUITE_IRQ_MSI:
        return !silent ? "the device has no MSI" : irqs->count > MSI_MESSAGES ? "MSI has 32 messages" : NULL;
    case SUITE_IRQ_MSIX:
        return silent ? "the device has no MSI-X" : irqs->count > MSIX_MESSAGES ? "MSI-X has 8 messages" : NULL;
    case SUITE_IRQ_INTX:
        return silent ? NULL : "the device has no wire";
    default:
        return irqs->mx == NULL ? NULL : "no source of an exerciser";
    }
}

static const char *model_alloc(struct suite_env *env, struct exerciser *ex, enum suite_irq_kind kind, unsigned count,
                               struct suite_irqs **out)
{
    struct suite_irqs *irqs = calloc(1, sizeof(*irqs));
    enum iommu_status status;
    const char *reason;

    if (irqs == NULL)
        abort();
    *irqs = (struct suite_irqs){ .me = env_of(env), .mx = ex == NULL ? NULL : ex->state, .kind = kind, .count = count };
    reason = why_not(irqs);
    if (reason == NULL) {
        status = alloc_block(irqs);
        reason = status == IOMMU_OK ? NULL : iommu_status_name(status);
    }
    if (reason != NULL)
        free(irqs);
    else
        *out = irqs;
    return reason;
}

static enum iommu_status model_free(struct suite_env *env, struct suite_irqs *irqs)
{
    enum iommu_status status = iommu_irq_free(irqs->block);

    (void)env;
    free(irqs);
    return status;
}

static uint16_t model_source_id(struct suite_env *env, struct suite_irqs *irqs)
{
    if (irqs->kind == SUITE_IRQ_HPET)
        return env_of(env)->hpet_rid;
    return is_pin(irqs) ? env_of(env)->ioapic_rid : model_sends_as(&irqs->mx->config);
}

/* ---- what they send ---- */

/* MSI has one message; a device puts the number into the low bits of its data. */
static struct iommu_msi message_of(const struct suite_irqs *irqs, unsigned index)
{
    struct iommu_msi message = irqs->each[index].message;
    unsigned numbers = 1;

    if (irqs->kind != SUITE_IRQ_MSI)
        return message;
    while (numbers < irqs->count)
        numbers *= 2;
    message = irqs->each[0].message;
    message.data = (message.data & ~(numbers - 1)) | index;
    return message;
}

static void send(struct suite_irqs *irqs, unsigned index)
{
    struct model_env *me = irqs->me;
    unsigned unit = irqs->mx == NULL ? 0 : irqs->mx->config.unit;
    uint16_t rid = model_source_id(&me->suite, irqs);
    struct iommu_msi message = message_of(irqs, index);

    me->sending = irqs;
    if (is_pin(irqs))
        machine_ioapic(&me->machine, 0, rid, irqs->pin);
    else if (irqs->mx == NULL || machine_bus_master_is_on(&me->machine, irqs->mx->config.rid))
        (void)machine_dma(&me->machine, unit, rid, message.address, &message.data, sizeof(message.data), true);
    me->sending = NULL;
}

static enum ex_status raise_pin(struct suite_irqs *irqs)
{
    irqs->wire = is_level(irqs);
    if (!irqs->each[0].masked && !irqs->remote_irr)
        send(irqs, 0);
    return EX_DONE;
}

static enum ex_status model_raise(struct suite_env *env, struct suite_irqs *irqs, unsigned index)
{
    struct source_state *source = &irqs->each[index];

    (void)env;
    if (!source->enabled)
        return EX_UNSUPPORTED;
    if (is_pin(irqs))
        return raise_pin(irqs);
    source->pending = source->masked;
    if (!source->masked)
        send(irqs, index);
    return EX_DONE;
}

/* An edge that came under the mask is lost; a wire that is up is seen, if the pin is a level-triggered one. */
static bool wire_is_seen(const struct suite_irqs *irqs)
{
    return irqs->wire && !irqs->remote_irr && (irqs->pin & PIN_LEVEL) != 0;
}

static bool model_mask(struct suite_env *env, struct suite_irqs *irqs, unsigned index, bool masked)
{
    struct source_state *source = &irqs->each[index];
    bool sends = !masked && (is_pin(irqs) ? wire_is_seen(irqs) : source->pending);

    (void)env;
    source->masked = masked;
    source->pending = source->pending && masked;
    if (sends)
        send(irqs, index);
    return true;
}

static bool model_pending(struct suite_env *env, struct suite_irqs *irqs, unsigned index)
{
    (void)env;
    return is_pin(irqs) ? irqs->wire : irqs->each[index].pending;
}

static enum iommu_status model_route(struct suite_env *env, struct suite_irqs *irqs, unsigned index, unsigned cpu,
                                     int vector)
{
    const struct iommu_irq_target target = {
        .apic_id = apic_ids[cpu], .vector = (uint8_t)vector, .level = is_level(irqs),
    };
    enum iommu_status status = iommu_irq_route(irqs->block, index, &target);

    (void)env;
    if (status != IOMMU_OK)
        return status;
    if (is_pin(irqs))
        iommu_irq_ioapic_entry(irqs->block, false, &irqs->pin);
    else
        iommu_irq_message(irqs->block, index, &irqs->each[index].message);
    irqs->each[index].enabled = true;
    return IOMMU_OK;
}

static struct iommu_irqs *model_block(struct suite_env *env, struct suite_irqs *irqs)
{
    (void)env;
    return irqs->block;
}

static bool model_message_read(struct suite_env *env, struct suite_irqs *irqs, unsigned index, struct iommu_msi *out)
{
    (void)env;
    *out = irqs->each[index].message;
    return !is_pin(irqs);
}

static bool model_message_write(struct suite_env *env, struct suite_irqs *irqs, unsigned index,
                                const struct iommu_msi *message)
{
    (void)env;
    irqs->each[index].message = *message;
    return !is_pin(irqs);
}

const struct suite_irq_ops model_irq_ops = {
    .alloc = model_alloc,
    .free = model_free,
    .vector_alloc = model_vector_alloc,
    .vector_free = model_vector_free,
    .count = model_count,
    .unexpected = model_unexpected,
    .apic_id = model_apic_id,
    .route = model_route,
    .mask = model_mask,
    .pending = model_pending,
    .raise = model_raise,
    .block = model_block,
    .message_read = model_message_read,
    .message_write = model_message_write,
    .source_id = model_source_id,
};
