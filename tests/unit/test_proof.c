/* SPDX-License-Identifier: BSD-2-Clause */
/* proof.c: on the models, and on models that lie, leak and say nothing. */
#include "test.h"

#include "model_env.h"
#include "proof.h"

/* What stands between the proof and the environment, to leave things out. */
static struct {
    const struct suite_env_ops *ops;
    struct suite_env_ops shim;
    bool hide_blocked, hide_all;    /* records of devices in no domain; all records */
    bool no_masters;                /* bus mastering stays off */
    bool no_frames;
} between;

static size_t shim_faults(struct suite_env *env, uint16_t segment, uint16_t rid, struct iommu_fault *out, size_t max)
{
    const struct iommu_device *device = iommu_find_device(env->iommu, segment, rid);
    size_t count = between.ops->faults(env, segment, rid, out, max);

    return between.hide_all || (between.hide_blocked && iommu_device_domain(device) == NULL) ? 0 : count;
}

static void shim_bus_master(struct suite_env *env, struct exerciser *ex, bool on)
{
    between.ops->bus_master(env, ex, on && !between.no_masters);
}

static void *shim_frames(struct suite_env *env, size_t count, uint64_t align, uint64_t start_pa, uint64_t end_pa,
                         uint64_t *pa)
{
    return between.no_frames ? NULL : between.ops->frames_alloc(env, count, align, start_pa, end_pa, pa);
}

static struct model_env *begin(const struct model_env_config *config)
{
    struct model_env *me = model_env_create(config);
    struct suite_env *env;

    if (me == NULL)
        test_fail(__FILE__, __LINE__, "%s failed", model_env_error());
    env = model_env_suite(me);
    memset(&between, 0, sizeof(between));
    between.ops = env->ops;
    between.shim = *env->ops;
    between.shim.faults = shim_faults;
    between.shim.bus_master = shim_bus_master;
    between.shim.frames_alloc = shim_frames;
    env->ops = &between.shim;
    return me;
}

/* The devices are in no domain, not fenced and no bus masters, and the driver broke no rule. */
static void end(struct model_env *me)
{
    struct suite_env *env = model_env_suite(me);

    for (size_t i = 0; i < env->exerciser_count; i++)
        if (env->exercisers[i]->device != NULL) {
            CHECK(iommu_device_domain(env->exercisers[i]->device) == NULL);
            CHECK(!iommu_device_fenced(env->exercisers[i]->device));
            CHECK(!machine_bus_master_is_on(model_env_machine(me), iommu_device_rid(env->exercisers[i]->device)));
        }
    CHECK_EQ(machine_violations(model_env_machine(me)), 0);
    model_env_destroy(me);
}

static void check_text(const struct proof *proof, const char *wanted)
{
    char text[96];

    CHECK_EQ(proof_text(proof, text, sizeof(text)), strlen(wanted));
    CHECK_STR(text, wanted);
}

/* The third device has queues, and is left alone. */
static void blocked_is_proven(const struct model_env_config *config)
{
    struct model_env *me = begin(config);
    struct proof proof;

    proof_take(model_env_suite(me), &proof);
    CHECK_EQ(proof.blocked, 2);
    CHECK_EQ(proof.blocked_recorded, 2);
    CHECK_EQ(proof.blocked_unrecorded, 0);
    CHECK_EQ(proof.passed, 0);
    CHECK_EQ(proof.unmapped, 0);
    CHECK(proof.leak == NULL && !proof_all_passed(&proof));
    check_text(&proof, "blocking proven by 2 devices");
    end(me);
}

TEST(blocked_devices_are_proven)
{
    struct model_env_config intel = model_env_default(), amd = model_env_amd();

    blocked_is_proven(&intel);
    blocked_is_proven(&amd);
}

#define VTD_GCMD 0x18           /* VT-d §11.4.4.1 */
#define VTD_GSTS 0x1c
#define VTD_STANDING 0x16ffffffu
#define AMDVI_CONTROL 0x18      /* AMD-Vi §3.4.1 */
#define AMDVI_IOMMU_EN 1ull

/* Requests then pass, whatever the driver believes. */
static void switch_translation_off(struct model_env *me)
{
    const struct machine *machine = model_env_machine(me);
    const struct iommu_platform *platform = machine_platform(machine);
    void *ctx = machine_ctx(machine);
    struct iommu_unit_info info;
    uint8_t *registers;

    CHECK_OK(iommu_unit_info(model_env_suite(me)->iommu, 0, &info));
    registers = platform->mmio_map(ctx, info.registers_pa, 4096);
    if (machine->amdvi != NULL)
        platform->mmio_write64(ctx, registers + AMDVI_CONTROL,
                               platform->mmio_read64(ctx, registers + AMDVI_CONTROL) & ~AMDVI_IOMMU_EN);
    else
        platform->mmio_write32(ctx, registers + VTD_GCMD,
                               platform->mmio_read32(ctx, registers + VTD_GSTS) & VTD_STANDING);
    machine_advance(machine, 10000);    /* the unit takes its time */
    platform->mmio_unmap(ctx, registers, 4096);
}

static void leak_is_seen(const struct model_env_config *config)
{
    struct model_env *me = begin(config);
    struct proof proof;

    switch_translation_off(me);
    proof_take(model_env_suite(me), &proof);
    CHECK_EQ(proof.passed, 2);
    CHECK_EQ(proof.blocked, 0);
    CHECK(proof.leak == model_env_suite(me)->exercisers[0]);
    CHECK(proof_all_passed(&proof));
    model_env_destroy(me);
}

TEST(a_unit_that_only_says_that_it_translates_is_seen)
{
    struct model_env_config intel = model_env_default(), amd = model_env_amd();

    leak_is_seen(&intel);
    leak_is_seen(&amd);
}

TEST(a_device_with_queues_that_comes_to_life_is_seen)
{
    struct model_env_config config = model_env_default();
    struct model_env *me;
    struct proof proof;

    config.exercisers[0] = config.exercisers[2];
    config.exerciser_count = 1;
    me = begin(&config);
    switch_translation_off(me);
    proof_take(model_env_suite(me), &proof);
    CHECK_EQ(proof.passed, 1);
    model_env_destroy(me);
}

TEST(a_device_with_queues_is_tried_where_there_is_no_other)
{
    struct model_env_config config = model_env_default();
    struct model_env *me;
    struct proof proof;

    config.exercisers[0] = config.exercisers[2];
    config.exerciser_count = 1;
    me = begin(&config);
    proof_take(model_env_suite(me), &proof);
    CHECK_EQ(proof.blocked, 1);
    check_text(&proof, "blocking proven by 1 device");
    between.hide_blocked = true;
    proof_take(model_env_suite(me), &proof);
    CHECK_EQ(proof.blocked, 1);
    CHECK_EQ(proof.unmapped, 0);
    end(me);
}

/* A refusal that nobody records proves nothing until the device has shown that it sends at all. */
TEST(without_a_record_a_mapped_page_must_be_reached)
{
    struct model_env_config config = model_env_default();
    struct model_env *me = begin(&config);
    struct proof proof;

    between.hide_blocked = true;
    proof_take(model_env_suite(me), &proof);
    CHECK_EQ(proof.blocked, 2);
    CHECK_EQ(proof.blocked_recorded, 0);
    CHECK_EQ(proof.blocked_unrecorded, 2);
    CHECK_EQ(proof.unmapped, 2);
    CHECK_EQ(proof.unmapped_recorded, 2);
    CHECK_EQ(proof.wrong_records, 0);
    between.no_masters = true;
    proof_take(model_env_suite(me), &proof);
    CHECK_EQ(proof.blocked, 0);
    CHECK_EQ(proof.passed, 0);
    CHECK(!proof_all_passed(&proof));
    check_text(&proof, "blocking not tried: no device that can show it");
    end(me);
}

/* It is not blocked but kept to its regions: what it misses is an unmapped page. */
TEST(a_device_with_reserved_regions_counts_as_unmapped)
{
    struct model_env_config config = model_env_default();
    uint64_t middle = config.model.ram_pa + config.model.ram_len / 2;
    struct model_env *me;
    struct proof proof;

    config.model.rmrrs[0] = (struct vtd_model_rmrr){
        .start = middle, .end = middle + 0x8000, .scope_count = 1,
        .scopes = { { .type = 1, .path_count = 1, .path = { { 4, 0 } } } } };
    config.model.rmrr_count = 1;
    me = begin(&config);
    proof_take(model_env_suite(me), &proof);
    CHECK_EQ(proof.blocked, 2);
    CHECK_EQ(proof.blocked_recorded, 1);
    CHECK_EQ(proof.unmapped, 1);
    CHECK_EQ(proof.unmapped_recorded, 1);
    end(me);
}

TEST(records_that_never_come_are_counted)
{
    struct model_env_config config = model_env_default();
    struct model_env *me = begin(&config);
    struct suite_env *env = model_env_suite(me);
    struct proof proof;

    between.hide_all = true;
    proof_take(env, &proof);
    CHECK_EQ(proof.blocked, 2);
    CHECK_EQ(proof.unmapped, 2);
    CHECK_EQ(proof.unmapped_recorded, 0);
    end(me);
}

TEST(records_of_another_address_are_counted)
{
    struct model_env_config config = model_env_default();
    struct model_env *me;
    struct proof proof;

    config.fault_address_mask = 0xfff;
    me = begin(&config);
    between.hide_blocked = true;
    proof_take(model_env_suite(me), &proof);
    CHECK_EQ(proof.unmapped_recorded, 2);
    CHECK_EQ(proof.wrong_records, 2);
    end(me);
}

static struct suite_env with_quirks(const struct suite_env *env, struct proof proof)
{
    struct suite_env found = *env;

    proof_quirks(&proof, &found);
    return found;
}

static void check_no_quirks(const struct suite_env *env)
{
    const struct proof proofs[] = {
        { .blocked = 1, .blocked_unrecorded = 1, .unmapped = 1 },
        { .blocked = 1, .blocked_unrecorded = 1, .unmapped = 1, .unmapped_recorded = 1, .wrong_records = 1 },
    };

    for (size_t i = 0; i < 2; i++) {
        struct suite_env found = with_quirks(env, proofs[i]);

        CHECK(!found.no_events && !found.no_blocked_events && !found.event_fields_wrong);
    }
}

/* Hardware and the model have no quirks, nor has another vendor. */
TEST(quirks_are_assumed_on_an_emulated_amd_unit_alone)
{
    struct model_env_config intel = model_env_default(), amd = model_env_amd();
    struct model_env *me = begin(&intel);
    struct suite_env *env = model_env_suite(me);

    check_no_quirks(env);
    env->model = false;
    check_no_quirks(env);
    end(me);
    me = begin(&amd);
    env = model_env_suite(me);
    check_no_quirks(env);
    env->model = false;
    env->emulated = false;
    check_no_quirks(env);
    end(me);
}

TEST(quirks_are_what_the_proof_saw)
{
    struct model_env_config config = model_env_amd();
    struct model_env *me = begin(&config);
    struct suite_env *env = model_env_suite(me), found;

    env->model = false;
    found = with_quirks(env, (struct proof){ .blocked = 2, .blocked_recorded = 2 });
    CHECK(!found.no_events && !found.no_blocked_events && !found.event_fields_wrong);
    found = with_quirks(env, (struct proof){ .blocked = 2, .blocked_unrecorded = 2, .unmapped = 2 });
    CHECK(found.no_events && !found.no_blocked_events && !found.event_fields_wrong);
    found = with_quirks(env, (struct proof){ .blocked = 2, .blocked_unrecorded = 2, .unmapped = 2,
                                             .unmapped_recorded = 1 });
    CHECK(!found.no_events && found.no_blocked_events && !found.event_fields_wrong);
    found = with_quirks(env, (struct proof){ .blocked = 2, .blocked_recorded = 1, .blocked_unrecorded = 1,
                                             .unmapped = 1, .unmapped_recorded = 1, .wrong_records = 1 });
    CHECK(!found.no_events && !found.no_blocked_events && found.event_fields_wrong);
    end(me);
}

TEST(devices_that_no_unit_covers_prove_nothing)
{
    struct model_env_config config = model_env_default();
    struct model_env *me;
    struct proof proof;

    for (size_t i = 0; i < config.exerciser_count; i++)
        config.exercisers[i].uncovered = true;
    me = begin(&config);
    proof_take(model_env_suite(me), &proof);
    CHECK_EQ(proof.blocked + proof.passed, 0);
    end(me);
}

/* Storm control may fence a device for the very requests that prove it blocked. */
TEST(a_device_fenced_meanwhile_is_let_go)
{
    struct model_env_config config = model_env_default();
    struct model_env *me;
    struct proof proof;

    config.iommu.storm_threshold = 1;
    me = begin(&config);
    proof_take(model_env_suite(me), &proof);
    CHECK_EQ(proof.blocked, 2);
    end(me);
}

TEST(without_memory_nothing_is_claimed)
{
    struct model_env_config config = model_env_default();
    struct model_env *me = begin(&config);
    struct proof proof;

    between.no_frames = true;
    proof_take(model_env_suite(me), &proof);
    CHECK_EQ(proof.blocked + proof.passed, 0);
    end(me);
}
