/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * preboot_dma.c: a device whose first read meets what firmware may have left (nothing, tables that refuse it or lead
 * it elsewhere), and whose later transfers go through the model's units; and devices that do not do as they are told.
 */
#include "test.h"

#include "model_env.h"
#include "preboot_dma.h"

#define HELD_BYTES 2048u

enum first_read { READS_MEMORY, READS_NOTHING, READS_ELSEWHERE };

static struct {
    struct exerciser_ops ops;
    struct suite_env_ops env_ops;
    const struct suite_env_ops *real;
    enum first_read first;
    bool never_ends, does_not_fit, gives_nothing, never_reads, reads_half;
    bool no_frames;
    unsigned fetches, gives, masters;
    uint64_t given_to, asked_below;
    uint8_t held[HELD_BYTES];
    struct machine machine;
    uint16_t rid;
    enum ex_status status;
} fake;

static enum ex_status fake_fetch(struct exerciser *ex, uint64_t iova, uint32_t len)
{
    bool first = fake.fetches++ == 0;

    (void)ex;
    CHECK(len <= HELD_BYTES);
    CHECK(machine_bus_master_is_on(&fake.machine, fake.rid));
    fake.status = EX_DONE;
    if (fake.does_not_fit)
        return EX_UNSUPPORTED;
    if (fake.never_ends)
        fake.status = EX_TIMEOUT;
    else if (first && fake.first == READS_ELSEWHERE)
        memset(fake.held, 0x42, len);
    else if (first && fake.first == READS_MEMORY)
        memcpy(fake.held, machine_ram(&fake.machine, iova, len), fake.reads_half ? len / 2 : len);
    else if (!first && !fake.never_reads)
        (void)machine_dma(&fake.machine, 0, fake.rid, iova, fake.held, len, false);
    return EX_PENDING;
}

static enum ex_status fake_give(struct exerciser *ex, uint64_t iova, uint32_t len)
{
    (void)ex;
    fake.gives++;
    fake.given_to = iova;
    CHECK(machine_bus_master_is_on(&fake.machine, fake.rid));
    if (!fake.gives_nothing)
        (void)machine_dma(&fake.machine, 0, fake.rid, iova, fake.held, len, true);
    fake.status = EX_DONE;
    return EX_PENDING;
}

static enum ex_status fake_poll(struct exerciser *ex)
{
    (void)ex;
    return fake.status;
}

static void count_masters(struct suite_env *env, struct exerciser *ex, bool on)
{
    fake.masters += on;
    fake.real->bus_master(env, ex, on);
}

static void *frames(struct suite_env *env, size_t count, uint64_t align, uint64_t start_pa, uint64_t end_pa,
                    uint64_t *pa)
{
    fake.asked_below = end_pa;
    return fake.no_frames ? NULL : fake.real->frames_alloc(env, count, align, start_pa, end_pa, pa);
}

static struct model_env *begin(const struct model_env_config *config, enum first_read first)
{
    struct model_env *me = model_env_create(config);
    struct suite_env *env;
    struct exerciser *ex;

    if (me == NULL)
        test_fail(__FILE__, __LINE__, "%s failed", model_env_error());
    env = model_env_suite(me);
    ex = env->exercisers[0];
    memset(&fake, 0, sizeof(fake));
    memset(fake.held, 0x77, sizeof(fake.held));
    fake.first = first;
    fake.machine = *model_env_machine(me);
    fake.rid = config->exercisers[0].rid;
    fake.ops = *ex->ops;
    fake.ops.fetch = fake_fetch;
    fake.ops.give = fake_give;
    fake.ops.poll = fake_poll;
    ex->ops = &fake.ops;
    fake.real = env->ops;
    fake.env_ops = *env->ops;
    fake.env_ops.bus_master = count_masters;
    fake.env_ops.frames_alloc = frames;
    env->ops = &fake.env_ops;
    return me;
}

/* The device is in no domain and no bus master, and none of its faults is left. */
static void end(struct model_env *me)
{
    struct suite_env *env = model_env_suite(me);
    struct exerciser *ex = env->exercisers[0];
    struct iommu_fault seen;

    CHECK(iommu_device_domain(ex->device) == NULL);
    CHECK(!iommu_device_fenced(ex->device));
    CHECK(!machine_bus_master_is_on(&fake.machine, fake.rid));
    CHECK_EQ(env->ops->faults(env, 0, fake.rid, &seen, 1), 0);
    CHECK_EQ(machine_violations(model_env_machine(me)), 0);
    model_env_destroy(me);
}

static struct preboot_dma attempt(struct model_env *me)
{
    struct suite_env *env = model_env_suite(me);
    struct preboot_dma dma;

    preboot_dma_send(env, env->exercisers[0], 1, &dma);
    CHECK(!machine_bus_master_is_on(&fake.machine, fake.rid));
    CHECK_EQ(fake.gives, 0);
    preboot_dma_look(env, &dma);
    CHECK(dma.frames == NULL);
    return dma;
}

static void reached(const struct model_env_config *config)
{
    struct model_env *me = begin(config, READS_MEMORY);
    struct preboot_dma dma = attempt(me);

    CHECK_EQ(dma.result, PREBOOT_DMA_REACHED);
    CHECK(dma.reason == NULL);
    CHECK_EQ(fake.fetches, 1);
    CHECK_EQ(fake.given_to, dma.frames_pa + 4096);
    end(me);
}

static void stopped(const struct model_env_config *config, enum first_read first)
{
    struct model_env *me = begin(config, first);
    struct preboot_dma dma = attempt(me);

    CHECK_EQ(dma.result, PREBOOT_DMA_STOPPED);
    CHECK(dma.reason == NULL);
    CHECK_EQ(fake.fetches, 2);
    end(me);
}

TEST(a_device_that_holds_the_secret_has_read_it)
{
    struct model_env_config intel = model_env_default(), amd = model_env_amd();

    reached(&intel);
    reached(&amd);
}

TEST(a_device_that_holds_something_else_has_not)
{
    struct model_env_config intel = model_env_default(), amd = model_env_amd();

    stopped(&intel, READS_NOTHING);
    stopped(&intel, READS_ELSEWHERE);
    stopped(&amd, READS_NOTHING);
    stopped(&amd, READS_ELSEWHERE);
}

TEST(half_of_the_secret_is_not_the_secret)
{
    struct model_env_config config = model_env_default();
    struct model_env *me = begin(&config, READS_MEMORY);

    fake.reads_half = true;
    CHECK_EQ(attempt(me).result, PREBOOT_DMA_STOPPED);
    end(me);
}

static void check_unclear(struct model_env *me, const char *reason)
{
    struct preboot_dma dma = attempt(me);

    CHECK_EQ(dma.result, PREBOOT_DMA_UNCLEAR);
    CHECK_STR(dma.reason, reason);
    end(me);
}

/* What it does not do where it may says nothing of where it might not. */
TEST(a_device_that_does_not_do_its_part_shows_nothing)
{
    struct model_env_config config = model_env_default();
    struct model_env *me = begin(&config, READS_NOTHING);

    fake.never_reads = true;
    check_unclear(me, "the device does not read what is mapped for it either");
    me = begin(&config, READS_MEMORY);
    fake.gives_nothing = true;
    check_unclear(me, "the device did not give back what it holds");
}

TEST(a_transfer_that_never_ends_is_left_alone)
{
    struct model_env_config config = model_env_default();
    struct model_env *me = begin(&config, READS_MEMORY);

    fake.never_ends = true;
    check_unclear(me, "the transfer did not end");
}

TEST(no_unit_to_ask_afterwards)
{
    struct model_env_config config = model_env_default();
    struct model_env *me = begin(&config, READS_MEMORY);
    struct suite_env *env = model_env_suite(me);
    struct iommu *iommu = env->iommu;
    struct preboot_dma dma;

    env->iommu = NULL;
    dma = attempt(me);
    env->iommu = iommu;
    CHECK_EQ(dma.result, PREBOOT_DMA_UNCLEAR);
    CHECK_STR(dma.reason, "no unit was started for the device");
    CHECK_EQ(fake.gives, 0);
    end(me);
}

TEST(nothing_is_sent_without_frames_or_limits_that_fit)
{
    struct model_env_config config = model_env_default();
    struct model_env *me = begin(&config, READS_MEMORY);
    struct preboot_dma dma;

    fake.no_frames = true;
    dma = attempt(me);
    CHECK_EQ(dma.result, PREBOOT_DMA_NOT_TRIED);
    CHECK_STR(dma.reason, "there is no memory within its reach");
    CHECK_EQ(fake.masters, 0);
    fake.no_frames = false;
    fake.does_not_fit = true;
    dma = attempt(me);
    CHECK_EQ(dma.result, PREBOOT_DMA_NOT_TRIED);
    CHECK_STR(dma.reason, "the device does not take the transfer");
    end(me);
}

TEST(a_frame_within_the_devices_reach)
{
    struct model_env_config config = model_env_default();
    struct model_env *me;

    config.exercisers[0].address_bits = 28;
    me = begin(&config, READS_MEMORY);
    CHECK_EQ(attempt(me).result, PREBOOT_DMA_REACHED);
    CHECK_EQ(fake.asked_below, 0x10000000);
    end(me);
}

TEST(the_secret_is_another_for_another_number)
{
    struct model_env_config config = model_env_default();
    struct model_env *me = begin(&config, READS_MEMORY);
    struct suite_env *env = model_env_suite(me);
    struct preboot_dma one, two;

    preboot_dma_send(env, env->exercisers[0], 1, &one);
    preboot_dma_send(env, env->exercisers[0], 2, &two);
    for (size_t i = 0; i < 256; i += 8)
        CHECK(memcmp(one.frames + i, two.frames + i, 8) != 0);
    preboot_dma_look(env, &one);
    preboot_dma_look(env, &two);
    end(me);
}

/* ---- units as they were found ---- */

#define TRANSLATES true

static struct iommu_handoff found(enum iommu_handoff_vendor vendor, bool translating)
{
    struct iommu_handoff h = { .taken = 1, .unit_count = 1 };

    h.units[0] = (struct iommu_handoff_unit){ .vendor = vendor, .present = true, .translating = translating };
    if (vendor == IOMMU_HANDOFF_INTEL)
        h.units[0].intel.fault_control = 0x80000000;   /* VT-d §11.4.7.2: IM, the value after a reset */
    return h;
}

TEST(a_fault_that_would_interrupt_is_not_provoked)
{
    struct iommu_handoff h = found(IOMMU_HANDOFF_INTEL, TRANSLATES);

    CHECK(preboot_dma_refused(&h) == NULL);
    h.units[0].intel.fault_control = 0;
    CHECK_STR(preboot_dma_refused(&h), "a unit's fault interrupt is on, and leads where its predecessor wanted it");
    h.units[0].translating = false;
    CHECK(preboot_dma_refused(&h) == NULL);
    h.units[0].intel.protected_memory = 1;              /* PRS: a request to a region is a fault too */
    CHECK(preboot_dma_refused(&h) != NULL);
    h.units[0].present = false;
    CHECK(preboot_dma_refused(&h) == NULL);
    h = found(IOMMU_HANDOFF_INTEL, TRANSLATES);
    h.units[0].intel.status = 1u << 28;                 /* AFLS */
    CHECK_STR(preboot_dma_refused(&h), "a unit would record a fault in a log in memory");
    h.taken = 0;
    h.unit_count = 0;
    CHECK_STR(preboot_dma_refused(&h), "nobody looked at the units");
}

/* AMD-Vi §3.4: EventLogEn is bit 2 of the control register, EventIntEn bit 3, DualEventLogEn bits 33:32. */
TEST(an_event_that_would_interrupt_is_not_provoked)
{
    struct iommu_handoff h = found(IOMMU_HANDOFF_AMD, TRANSLATES);

    h.units[0].amd.control = 0x5;
    CHECK(preboot_dma_refused(&h) == NULL);
    h.units[0].amd.control = 0xd;
    CHECK_STR(preboot_dma_refused(&h), "a unit's event interrupt is on, and leads where its predecessor wanted it");
    h.units[0].amd.control = 0x100000005;
    CHECK_STR(preboot_dma_refused(&h), "a unit would record an event in one of two logs");
    h.units[0].translating = false;
    CHECK(preboot_dma_refused(&h) == NULL);
}

/* AMD-Vi §3.4: EventLen 8 is 256 entries of 16 bytes, 15 is 32768. */
TEST(where_an_event_would_be_recorded)
{
    struct iommu_handoff h = found(IOMMU_HANDOFF_AMD, TRANSLATES);
    uint64_t pa, len;

    CHECK(!preboot_dma_event_log(&h.units[0], &pa, &len));
    h.units[0].amd.control = 0x5;
    h.units[0].amd.event_base = 0x0800000050004000;
    CHECK(preboot_dma_event_log(&h.units[0], &pa, &len));
    CHECK_EQ(pa, 0x50004000);
    CHECK_EQ(len, 0x1000);
    h.units[0].amd.event_base = 0x0f00000050000000;
    CHECK(preboot_dma_event_log(&h.units[0], &pa, &len));
    CHECK_EQ(len, 0x80000);
    h.units[0].translating = false;
    CHECK(!preboot_dma_event_log(&h.units[0], &pa, &len));
    h = found(IOMMU_HANDOFF_INTEL, TRANSLATES);
    CHECK(!preboot_dma_event_log(&h.units[0], &pa, &len));
}

static void check_faults(const struct iommu_handoff *before, const struct iommu_handoff *after, size_t recorded,
                         size_t undecided)
{
    struct preboot_dma dma = { .recorded = 7, .undecided = 7 };

    preboot_dma_faults(before, after, &dma);
    CHECK_EQ(dma.recorded, recorded);
    CHECK_EQ(dma.undecided, undecided);
}

/* VT-d §11.4.7.1: PFO is bit 0 of FSTS, PPF bit 1. */
TEST(recorded_faults_are_told_from_older_ones)
{
    struct iommu_handoff before = found(IOMMU_HANDOFF_INTEL, TRANSLATES), after = before;

    check_faults(&before, &after, 0, 0);
    after.units[0].intel.fault_status = 2;
    check_faults(&before, &after, 1, 0);
    before.units[0].intel.fault_status = 2;
    check_faults(&before, &after, 0, 1);
    after.units[0].intel.fault_status = 3;              /* its only record was in use */
    check_faults(&before, &after, 1, 0);
    before.units[0].present = false;
    check_faults(&before, &after, 0, 0);
}

/* AMD-Vi §3.4: EventOverflow is bit 0 of the status register. */
TEST(recorded_events_are_told_from_older_ones)
{
    struct iommu_handoff before = found(IOMMU_HANDOFF_AMD, TRANSLATES), after = before;

    check_faults(&before, &after, 0, 0);
    after.units[0].amd.event_tail = 0x10;
    check_faults(&before, &after, 1, 0);
    before.units[0].amd.event_tail = 0x10;
    check_faults(&before, &after, 0, 0);
    before.units[0].amd.status = 1;
    after.units[0].amd.status = 1;
    check_faults(&before, &after, 0, 1);
}

TEST(results_have_names)
{
    CHECK_STR(preboot_dma_name(PREBOOT_DMA_NOT_TRIED), "not-tried");
    CHECK_STR(preboot_dma_name(PREBOOT_DMA_REACHED), "reached");
    CHECK_STR(preboot_dma_name(PREBOOT_DMA_STOPPED), "stopped");
    CHECK_STR(preboot_dma_name(PREBOOT_DMA_UNCLEAR), "unclear");
}
