/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * suite/env.h on a model: frames and clock are the model's, faults come through the
 * library's callback.
 */
#include "model_env_private.h"

#include "amd/amdvi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRIVATE_PAGES 2u
#define COMMAND_BYTES 64u
#define POLLS_PER_OPERATION 4u
#define TYPICAL_US 200u
#define ENV_RAM (32u << 20)     /* room for frames of 2 MiB */

static const char *error = "";

const char *model_env_error(void)
{
    return error;
}

/* ---- interrupts and faults ---- */

static void log_fault(void *ctx, const struct iommu_fault *fault)
{
    struct model_env *me = ctx;

    if (me->faults_lost)
        return;
    pthread_mutex_lock(&me->lock);
    if (fault->kind == IOMMU_FAULT_OVERFLOW)
        me->overflows++;
    else if (me->fault_count < FAULT_LOG) {
        me->faults[me->fault_count] = *fault;
        if (me->fault_address_mask != 0)
            me->faults[me->fault_count].iova &= me->fault_address_mask;
        me->fault_count++;
    }
    pthread_mutex_unlock(&me->lock);
}

static void take_msi(void *ctx, unsigned unit, uint64_t address, uint32_t data)
{
    struct model_env *me = ctx;

    (void)address;
    (void)data;
    me->interrupt_pending[unit] = !me->interrupts_lost;
}

/*
 * Interrupts arrive while CPU 0 sleeps, as on a machine that waits by HLT. Were
 * they handled elsewhere, a case that looks for a fault could come between a
 * record's being taken and its being reported.
 */
static void deliver_interrupts(struct model_env *me)
{
    if (!pthread_equal(pthread_self(), me->boot_cpu))
        return;
    for (unsigned i = 0; i < MACHINE_UNITS; i++)
        if (me->interrupt_pending[i]) {
            me->interrupt_pending[i] = false;
            iommu_unit_interrupt(me->suite.iommu, i);
        }
}

static void model_sleep(struct model_env *me, uint64_t us)
{
    const uint64_t longest = 10000;

    for (; us > longest; us -= longest)
        machine_advance(&me->machine, longest);
    machine_advance(&me->machine, us);
    deliver_interrupts(me);
}

/* ---- exercisers ---- */

static struct model_exerciser *model_of(struct exerciser *ex)
{
    return ex->state;
}

uint16_t model_sends_as(const struct model_exerciser_config *config)
{
    return config->sends_as == 0 ? config->rid : config->sends_as;
}

/* What a switch sends back down, or drops: a write to a register of another exerciser. */
static bool kept_from_unit(struct model_exerciser *me, uint64_t iova, const void *data, size_t len)
{
    const struct model_env *env = me->env;

    if (!env->turns_round && !env->swallows)
        return false;
    for (size_t i = 0; i < env->suite.exerciser_count; i++) {
        const struct model_exerciser *other = &env->exercisers[i];

        if (other == me || iova != other->mailbox_pa || len != sizeof(uint32_t))
            continue;
        if (env->turns_round)
            memcpy(machine_ram(&env->machine, other->mailbox_pa, len), data, len);
        return true;
    }
    return false;
}

/* A device cuts addresses to what it can send, whatever it says of itself. */
static bool device_dma(struct model_exerciser *me, uint64_t iova, void *data, size_t len, bool write)
{
    const struct model_exerciser_config *config = &me->config;
    size_t payload = config->payload == 0 ? len : config->payload;
    bool done = true;

    /* The model knows of bus mastering by the id that a request carries. */
    if (!machine_bus_master_is_on(&me->env->machine, config->rid))
        return false;
    if (config->address_bits < 64)
        iova &= (1ull << config->address_bits) - 1;
    if (write && kept_from_unit(me, iova, data, len))
        return true;
    for (size_t at = 0; at < len; at += payload)
        if (!machine_dma(&me->env->machine, config->unit, model_sends_as(config), iova + at,
                         (uint8_t *)data + at, len - at < payload ? len - at : payload, write))
            done = false;
    return done;
}

static enum ex_status model_rebase(struct exerciser *ex, uint64_t private_iova)
{
    struct model_exerciser *me = model_of(ex);

    ex->private_iova = private_iova;
    me->stuck = false;
    me->polls_left = 0;
    me->last = EX_DONE;
    me->holds_pattern = false;
    return EX_DONE;
}

/* The pattern comes from private memory, as a real device's would. */
static enum ex_status model_prepare(struct exerciser *ex)
{
    struct model_exerciser *me = model_of(ex);
    uint8_t held[PATTERN_BYTES];

    if (me->holds_pattern)
        return EX_DONE;
    if (me->stuck || !device_dma(me, ex->private_iova, held, sizeof(held), false))
        return EX_ABORTED;
    if (memcmp(held, me->pattern, sizeof(held)) != 0)
        return EX_MISMATCH;
    me->holds_pattern = me->config.manner == MODEL_SILENT;
    return EX_DONE;
}

static enum ex_status model_start(struct exerciser *ex, const struct ex_dma *dma)
{
    struct model_exerciser *me = model_of(ex);

    if (dma->len == 0 || dma->len > ex->max_len || dma->iova % ex->align != 0
        || dma->len % ex->align != 0)
        return EX_UNSUPPORTED;
    if (ex->address_bits < 64 && dma->iova + dma->len > 1ull << ex->address_bits)
        return EX_UNSUPPORTED;
    if (me->polls_left > 0)
        return EX_TIMEOUT;
    me->dma = *dma;
    me->polls_left = POLLS_PER_OPERATION;
    return EX_PENDING;
}

/* A refused read leaves all ones in buffer, which no pattern holds. */
static enum ex_status perform(struct model_exerciser *me)
{
    struct exerciser *ex = &me->ex;
    uint8_t buffer[PATTERN_BYTES];
    bool done;

    if (me->config.manner == MODEL_QUEUED) {
        if (me->stuck
            || !device_dma(me, ex->private_iova + FRAME, buffer, COMMAND_BYTES, false)) {
            me->stuck = true;
            return EX_TIMEOUT;
        }
    }
    memset(buffer, 0xff, sizeof(buffer));
    me->holds_pattern = me->holds_pattern && me->dma.operation == EX_WRITE;
    if (me->dma.operation == EX_WRITE)
        memcpy(buffer, me->pattern, me->dma.len);
    done = device_dma(me, me->dma.iova, buffer, me->dma.len, me->dma.operation == EX_WRITE);
    if (!done && me->config.manner == MODEL_QUEUED) {
        ex->rejected++;
        return EX_ABORTED;
    }
    if (me->dma.operation == EX_WRITE)
        return EX_DONE;
    return memcmp(buffer, me->pattern, me->dma.len) == 0 ? EX_DONE : EX_MISMATCH;
}

static enum ex_status model_poll(struct exerciser *ex)
{
    struct model_exerciser *me = model_of(ex);

    if (me->polls_left == 0)
        return me->last;
    if (--me->polls_left > 0)
        return EX_PENDING;
    me->last = perform(me);
    return me->last;
}

static void model_stop(struct exerciser *ex)
{
    while (model_of(ex)->polls_left > 0)
        (void)model_poll(ex);
}

static uint64_t model_mailbox(const struct exerciser *ex)
{
    return ((const struct model_exerciser *)ex->state)->mailbox_pa;
}

static void *mailbox_at(struct exerciser *ex)
{
    return machine_ram(&model_of(ex)->env->machine, model_of(ex)->mailbox_pa, sizeof(uint32_t));
}

static void model_mailbox_put(struct exerciser *ex, uint32_t value)
{
    memcpy(mailbox_at(ex), &value, sizeof(value));
}

static uint32_t model_mailbox_get(struct exerciser *ex)
{
    uint32_t value;

    memcpy(&value, mailbox_at(ex), sizeof(value));
    return value;
}

static const struct exerciser_ops model_exerciser_ops = {
    .mailbox = model_mailbox, .mailbox_put = model_mailbox_put, .mailbox_get = model_mailbox_get,
    .name = "model", .rebase = model_rebase, .prepare = model_prepare, .start = model_start,
    .poll = model_poll, .stop = model_stop,
};

static uint64_t host_now_us(void *ctx)
{
    struct model_env *me = ctx;

    return machine_now(&me->machine);
}

static void host_sleep_us(void *ctx, uint64_t us)
{
    model_sleep(ctx, us);
}

static void host_log(void *ctx, const char *format, va_list args)
{
    (void)ctx;
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

static const struct exerciser_host model_host = {
    .now_us = host_now_us, .sleep_us = host_sleep_us, .log = host_log,
};

static bool exerciser_make(struct model_env *me, size_t index,
                           const struct model_exerciser_config *config)
{
    struct model_exerciser *mx = &me->exercisers[index];
    struct exerciser *ex = &mx->ex;
    uint64_t pa = machine_frames(&me->machine, PRIVATE_PAGES, FRAME, 0, UINT64_MAX);

    mx->mailbox_pa = machine_frames(&me->machine, 1, FRAME, 0, UINT64_MAX);
    if (pa == 0 || mx->mailbox_pa == 0)
        return false;
    mx->env = me;
    mx->config = *config;
    mx->last = EX_DONE;
    for (size_t i = 0; i < PATTERN_BYTES; i++)
        mx->pattern[i] = (uint8_t)(1 + (i * 7 + index * 31) % 150); /* neither 0 nor FFh, nor A5h */
    *ex = (struct exerciser){
        .ops = &model_exerciser_ops, .host = &model_host, .host_ctx = me, .state = mx,
        .address_bits = config->address_bits, .align = 4, .max_len = PATTERN_BYTES, .step_len = 4,
        .can_read = true, .can_write = true, .silent = config->manner == MODEL_SILENT, .typical_us = TYPICAL_US, .pattern = mx->pattern,
        .private_mem = machine_ram(&me->machine, pa, PRIVATE_PAGES * FRAME), .private_pa = pa,
        .private_pages = PRIVATE_PAGES };
    snprintf(ex->label, sizeof(ex->label), "model@" IOMMU_RID_FORMAT,
             IOMMU_RID_ARGS(0, config->rid));
    memcpy(ex->private_mem, mx->pattern, PATTERN_BYTES);
    me->list[index] = ex;
    machine_function(&me->machine, config->rid);
    machine_bus_master(&me->machine, config->rid, false);
    return true;
}

/* ---- struct suite_env_ops ---- */

static struct model_env *env_of(struct suite_env *env)
{
    return env->ctx;
}

static void *env_frames_alloc(struct suite_env *env, size_t count, uint64_t align,
                              uint64_t start_pa, uint64_t end_pa, uint64_t *pa)
{
    const struct machine *machine = &env_of(env)->machine;

    *pa = machine_frames(machine, count, align, start_pa, end_pa);
    return *pa == 0 ? NULL : machine_ram(machine, *pa, count * FRAME);
}

static void env_frames_free(struct suite_env *env, void *frames, size_t count)
{
    const struct machine *machine = &env_of(env)->machine;

    machine_frames_free(machine, machine_pa(machine, frames), count);
}

static uint64_t env_now_us(struct suite_env *env)
{
    return machine_now(&env_of(env)->machine);
}

static void env_sleep_us(struct suite_env *env, uint64_t us)
{
    model_sleep(env_of(env), us);
}

static void env_parallel(struct suite_env *env, void (*fn)(void *arg), void *const args[],
                         size_t count, uint64_t stagger_us)
{
    for (size_t i = 0; i < count; i++) {
        env_sleep_us(env, stagger_us);
        fn(args[i]);
    }
}

static bool same_source(const struct iommu_fault *fault, uint16_t segment, uint16_t rid)
{
    return fault->segment == segment && fault->rid == rid;
}

static size_t env_faults_delivered(struct suite_env *env, uint16_t segment, uint16_t rid,
                                   struct iommu_fault *out, size_t max)
{
    struct model_env *me = env_of(env);
    size_t found = 0;

    pthread_mutex_lock(&me->lock);
    for (size_t i = 0; i < me->fault_count; i++) {
        if (!same_source(&me->faults[i], segment, rid))
            continue;
        if (found < max)
            out[found] = me->faults[i];
        found++;
    }
    pthread_mutex_unlock(&me->lock);
    return found;
}

static size_t env_faults(struct suite_env *env, uint16_t segment, uint16_t rid,
                         struct iommu_fault *out, size_t max)
{
    if (env->iommu != NULL)
        (void)iommu_poll_faults(env->iommu);
    return env_faults_delivered(env, segment, rid, out, max);
}

static size_t env_all_faults(struct suite_env *env, size_t skip, struct iommu_fault *out, size_t max)
{
    struct model_env *me = env_of(env);
    size_t count;

    if (env->iommu != NULL)
        (void)iommu_poll_faults(env->iommu);
    pthread_mutex_lock(&me->lock);
    count = me->fault_count > skip ? me->fault_count - skip : 0;
    for (size_t i = 0; i < count && i < max; i++)
        out[i] = me->faults[skip + i];
    pthread_mutex_unlock(&me->lock);
    return count;
}

static void env_faults_clear(struct suite_env *env, uint16_t segment, uint16_t rid)
{
    struct model_env *me = env_of(env);
    size_t kept = 0;

    if (env->iommu != NULL)
        (void)iommu_poll_faults(env->iommu);
    pthread_mutex_lock(&me->lock);
    for (size_t i = 0; i < me->fault_count; i++)
        if (!same_source(&me->faults[i], segment, rid))
            me->faults[kept++] = me->faults[i];
    me->fault_count = kept;
    pthread_mutex_unlock(&me->lock);
}

static uint64_t env_overflows(struct suite_env *env)
{
    return env_of(env)->overflows;
}

static void env_bus_master(struct suite_env *env, struct exerciser *ex, bool on)
{
    machine_bus_master(&env_of(env)->machine, model_of(ex)->config.rid, on);
}

static void env_print(struct suite_env *env, const char *format, va_list args)
{
    struct model_env *me = env_of(env);
    va_list again;
    size_t len;

    va_copy(again, args);
    len = (size_t)vsnprintf(NULL, 0, format, again);
    va_end(again);
    me->output = realloc(me->output, me->output_len + len + 1);
    if (me->output == NULL)
        abort();
    vsnprintf(me->output + me->output_len, len + 1, format, args);
    me->output_len += len;
}

static uint64_t env_ram_end(struct suite_env *env)
{
    return env_of(env)->ram_end;
}

static size_t env_requester_ids(struct suite_env *env, struct exerciser *ex, uint16_t *rids, size_t max)
{
    const struct model_exerciser_config *config = &model_of(ex)->config;

    (void)env;
    rids[0] = config->rid;
    if (config->sends_as == 0 || config->secret || max < 2)
        return 1;
    rids[1] = config->sends_as;
    return 2;
}

static const struct suite_env_ops model_env_ops = {
    .frames_alloc = env_frames_alloc,
    .frames_free = env_frames_free,
    .now_us = env_now_us,
    .sleep_us = env_sleep_us,
    .parallel = env_parallel,
    .faults = env_faults,
    .faults_delivered = env_faults_delivered,
    .faults_clear = env_faults_clear,
    .all_faults = env_all_faults,
    .overflows = env_overflows,
    .bus_master = env_bus_master,
    .print = env_print,
    .ram_end = env_ram_end,
    .requester_ids = env_requester_ids,
    .cpus = model_cpus,
    .run_on = model_run_on,
    .run_on_cpus = model_run_on_cpus,
    .irqs = &model_irq_ops,
};

/* ---- beginning and end ---- */

struct model_env_config model_env_default(void)
{
    struct model_env_config config = {
        .model = vtd_model_default(),
        .exercisers = {
            { .rid = IOMMU_RID(0, 4, 0), .manner = MODEL_SILENT, .address_bits = 64 },
            { .rid = IOMMU_RID(0, 5, 0), .manner = MODEL_SILENT, .address_bits = 32 },
            { .rid = IOMMU_RID(1, 0, 0), .manner = MODEL_QUEUED, .address_bits = 64 },
        },
        .exerciser_count = 3,
    };

    config.model.ram_len = ENV_RAM;
    return config;
}

struct model_env_config model_env_amd(void)
{
    struct model_env_config config = model_env_default();

    config.is_amd = true;
    config.amdvi = amdvi_model_default();
    config.amdvi.ram_len = ENV_RAM;
    return config;
}

/* Scopes of DMAR (VT-d §8.3.1), and special device entries of IVRS (AMD-Vi §5.2.2.6), which both name by id. */
enum { SCOPE_IOAPIC = 3, SCOPE_HPET = 4, ENTRY_SPECIAL = 0x48, VARIETY_IOAPIC = 0x100, VARIETY_HPET = 0x200 };

static void add_vtd_sources(struct model_env_config *config)
{
    struct vtd_model_unit_config *unit = &config->model.units[0];

    for (size_t i = 0; i < config->model.unit_count; i++) {
        spec_put(&config->model.units[i].ecap, SPEC_ECAP_IR, 1);
        spec_put(&config->model.units[i].ecap, SPEC_ECAP_EIM, 1);
        spec_put(&config->model.units[i].ecap, SPEC_ECAP_MHMV, 15);
    }
    unit->scopes[unit->scope_count++] = (struct vtd_model_scope){
        .type = SCOPE_IOAPIC, .enumeration_id = MODEL_IOAPIC, .bus = 0xf0, .path = { { 0x1f, 0 } } };
    unit->scopes[unit->scope_count++] = (struct vtd_model_scope){
        .type = SCOPE_HPET, .enumeration_id = MODEL_HPET, .bus = 0xf0, .path = { { 0x0f, 0 } } };
    config->ioapic_rid = IOMMU_RID(0xf0, 0x1f, 0);
    config->hpet_rid = IOMMU_RID(0xf0, 0x0f, 0);
}

/* The southbridge's IOAPIC is always 00:14.0. */
static void add_amd_sources(struct model_env_config *config)
{
    struct amdvi_model_unit_config *unit = &config->amdvi.units[0];

    config->ioapic_rid = IOMMU_RID(0, 0x14, 0);
    config->hpet_rid = IOMMU_RID(0, 0x14, 2);
    unit->entries[unit->entry_count++] = (struct amdvi_model_entry){
        .type = ENTRY_SPECIAL, .alias = config->ioapic_rid, .extra = VARIETY_IOAPIC | MODEL_IOAPIC };
    unit->entries[unit->entry_count++] = (struct amdvi_model_entry){
        .type = ENTRY_SPECIAL, .alias = config->hpet_rid, .extra = VARIETY_HPET | MODEL_HPET };
}

void model_env_interrupts(struct model_env_config *config)
{
    static const uint8_t ioapics[] = { MODEL_IOAPIC };

    config->interrupts = true;
    config->iommu.irq = (struct iommu_irq_config){
        .mode = IOMMU_IRQ_AUTO, .x2apic = IOMMU_X2APIC_AUTO, .ioapics = ioapics, .ioapic_count = 1 };
    if (config->is_amd)
        add_amd_sources(config);
    else
        add_vtd_sources(config);
}

static bool failed(const char *where, enum iommu_status status)
{
    if (status == IOMMU_OK)
        return false;
    error = where;
    return true;
}

static bool add_devices(struct model_env *me)
{
    for (size_t i = 0; i < me->suite.exerciser_count; i++) {
        struct model_exerciser *mx = &me->exercisers[i];
        struct iommu_device_desc desc = { .rids = { mx->config.rid, mx->config.sends_as },
                                          .rid_count = 1,
                                          .owner = &mx->ex };
        struct iommu_device *device = NULL;

        if (mx->config.uncovered)
            continue;
        if (mx->config.sends_as != 0 && !mx->config.firmware_alias && !mx->config.secret)
            desc.rid_count = 2;
        if (failed("iommu_add_device", iommu_add_device(me->suite.iommu, &desc, &device)))
            return false;
        mx->ex.device = device;
    }
    return true;
}

/* VT-d §8.1: DMAR.Flags, which says that firmware is ready for it. */
enum { DMAR_CHECKSUM = 9, DMAR_FLAGS = 37, DMAR_INTR_REMAP = 1 };

static void say_interrupts(uint8_t *table)
{
    table[DMAR_FLAGS] = (uint8_t)(table[DMAR_FLAGS] + DMAR_INTR_REMAP);
    table[DMAR_CHECKSUM] = (uint8_t)(table[DMAR_CHECKSUM] - DMAR_INTR_REMAP);
}

static bool start_driver(struct model_env *me, const struct model_env_config *config)
{
    const struct iommu_platform *platform = machine_platform(&me->machine);
    void *ctx = machine_ctx(&me->machine);
    struct iommu_config iommu = config->iommu;
    uint8_t table[4096];
    size_t len = machine_table(&me->machine, table, sizeof(table));

    if (config->interrupts && !config->is_amd)
        say_interrupts(table);
    if (failed("iommu_take_handoff",
               iommu_take_handoff(platform, ctx, table, len, &me->handoff)))
        return false;
    iommu.fault = log_fault;
    iommu.fault_ctx = me;
    if (failed("iommu_create", iommu_create(platform, ctx, &iommu, &me->suite.iommu)))
        return false;
    machine_on_msi(&me->machine, take_msi, me);
    if (failed("iommu_add_table", iommu_add_table(me->suite.iommu, table, len)))
        return false;
    for (size_t i = 0; config->narrow_store && i < iommu_unit_count(me->suite.iommu); i++)
        amdvi_unit_of(me->suite.iommu->units[i])->wide_store = false;
    return add_devices(me) && !failed("iommu_start", iommu_start(me->suite.iommu));
}

static void make_machine(struct model_env *me, const struct model_env_config *config)
{
    if (config->is_amd) {
        me->machine.amdvi = amdvi_model_create(&config->amdvi);
        me->ram_end = config->amdvi.ram_pa + config->amdvi.ram_len;
    } else {
        me->machine.vtd = vtd_model_create(&config->model);
        me->ram_end = config->model.ram_pa + config->model.ram_len;
    }
}

static void leave_firmware(struct model_env *me, const struct model_env_config *config)
{
    if (config->is_amd)
        amdvi_model_firmware_left(me->machine.amdvi, 0, &config->amdvi_firmware);
    else
        vtd_model_firmware_left(me->machine.vtd, 0, &config->firmware);
}

struct model_env *model_env_create(const struct model_env_config *config)
{
    struct model_env *me = calloc(1, sizeof(*me));

    if (me == NULL)
        abort();
    me->output = calloc(1, 1);
    pthread_mutex_init(&me->lock, NULL);
    me->boot_cpu = pthread_self();
    me->cpus = config->one_cpu ? 1 : MODEL_CPUS;
    make_machine(me, config);
    me->fault_address_mask = config->fault_address_mask;
    me->interrupts_lost = config->interrupts_lost;
    me->faults_lost = config->faults_lost;
    me->turns_round = config->turns_round;
    me->swallows = config->swallows;
    me->ioapic_rid = config->ioapic_rid;
    me->hpet_rid = config->hpet_rid;
    machine_on_interrupt(&me->machine, model_interrupt, me);
    me->suite = (struct suite_env){ .ops = &model_env_ops,
                                    .ctx = me,
                                    .exercisers = me->list,
                                    .exerciser_count = config->exerciser_count,
                                    .handoff = &me->handoff,
                                    .emulated = true,
                                    .model = true,
                                    .no_source_check = config->iommu.irq.no_source_check,
                                    .seed = 1 };
    for (size_t i = 0; i < config->exerciser_count; i++)
        if (!exerciser_make(me, i, &config->exercisers[i])) {
            error = "no frames for an exerciser";
            model_env_destroy(me);
            return NULL;
        }
    leave_firmware(me, config);
    if (!config->no_iommu && !start_driver(me, config)) {
        fputs(machine_log(&me->machine), stderr);
        model_env_destroy(me);
        return NULL;
    }
    return me;
}

void model_env_destroy(struct model_env *me)
{
    if (me->suite.iommu != NULL)
        iommu_destroy(me->suite.iommu);
    machine_destroy(&me->machine);
    pthread_mutex_destroy(&me->lock);
    free(me->output);
    free(me);
}

struct suite_env *model_env_suite(struct model_env *me)
{
    return &me->suite;
}

const struct machine *model_env_machine(const struct model_env *me)
{
    return &me->machine;
}

struct vtd_model *model_env_model(struct model_env *me)
{
    return me->machine.vtd;
}

const char *model_env_output(const struct model_env *me)
{
    return me->output;
}
