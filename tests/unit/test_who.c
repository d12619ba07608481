/* SPDX-License-Identifier: BSD-2-Clause */
/* who.c on the models: ids that were computed are found again, others are noticed. */
#include "test.h"

#include "finding.h"
#include "suite_check.h"
#include "suite.h"

#define NAME "topology/requester-id"

struct found {
    size_t count;
    char id[48], what[200];
};

static void take(void *ctx, const struct fw_finding *finding)
{
    struct found *found = ctx;

    found->count++;
    snprintf(found->id, sizeof(found->id), "%s", finding->id);
    snprintf(found->what, sizeof(found->what), "%s", finding->what);
    CHECK_EQ(finding->severity, FW_ERROR);
}

/* Instead of the environment's: others' records among those of the case. */
static size_t (*records)(struct suite_env *env, size_t skip, struct iommu_fault *out, size_t max);
static bool others_fault_too;

static size_t records_and_others(struct suite_env *env, size_t skip, struct iommu_fault *out, size_t max)
{
    size_t count = records(env, skip, out, max);

    if (count == 0 || count + 2 > max)
        return count;
    out[count] = out[count + 1] = out[0];
    out[count].rid = out[count + 1].rid = IOMMU_RID(2, 0, 0);
    out[count].iova = out[0].iova + (1ull << 30);   /* where the case sends nothing */
    out[count + 1].segment = out[0].segment + 1;
    return count + 2;
}

static struct suite_totals run(const struct model_env_config *config, struct found *found)
{
    struct model_env *me = model_env_create(config);
    struct fw_sink sink = { .found = take, .ctx = found };
    struct suite_totals totals;

    if (me == NULL)
        test_fail(__FILE__, __LINE__, "%s failed", model_env_error());
    *found = (struct found){ 0 };
    model_env_suite(me)->findings = &sink;
    if (others_fault_too) {
        static struct suite_env_ops ops;

        ops = *model_env_suite(me)->ops;
        records = ops.all_faults;
        ops.all_faults = records_and_others;
        model_env_suite(me)->ops = &ops;
    }
    totals = suite_run(model_env_suite(me), &(struct suite_options){ .run = NAME });
    CHECK_EQ(machine_violations(model_env_machine(me)), 0);
    model_env_destroy(me);
    return totals;
}

static void all_pass(const struct model_env_config *config)
{
    struct found found;
    struct suite_totals totals = run(config, &found);

    CHECK_EQ(totals.passed, 3);
    CHECK_EQ(totals.failed + totals.skipped, 0);
    CHECK_EQ(found.count, 0);
}

TEST(own_ids)
{
    struct model_env_config intel = model_env_default(), amd = model_env_amd();

    all_pass(&intel);
    all_pass(&amd);
}

/* Behind a bridge that takes requests over, and whose id was computed. */
TEST(a_computed_alias)
{
    struct model_env_config intel = model_env_default(), amd = model_env_amd();

    /* AMD-Vi: of the ids that the table has entries for. */
    intel.exercisers[0].sends_as = amd.exercisers[0].sends_as = IOMMU_RID(0, 9, 0);
    all_pass(&intel);
    all_pass(&amd);
}

/* Another device, on the same segment and on another one, faults meanwhile: that is no id of this one. */
TEST(faults_of_others)
{
    struct model_env_config config = model_env_default();

    others_fault_too = true;
    all_pass(&config);
    others_fault_too = false;
}

static void is_noticed(struct model_env_config config, size_t exerciser, const char *what)
{
    struct suite_totals totals;
    struct found found;

    config.exercisers[exerciser].sends_as = IOMMU_RID(2, 0, 0);
    config.exercisers[exerciser].secret = true;
    totals = run(&config, &found);
    CHECK_EQ(totals.failed, 1);
    CHECK_EQ(totals.passed, 2);
    CHECK_EQ(found.count, 1);
    CHECK_STR(found.id, "requester-id");
    CHECK_STR(found.what, what);
}

TEST(an_id_that_nobody_computed_is_noticed)
{
    is_noticed(model_env_default(), 0, "model@0000:00:04.0 sends as 0000:02:00.0, computed are 0000:00:04.0");
    is_noticed(model_env_amd(), 0, "model@0000:00:04.0 sends as 0000:02:00.0, computed are 0000:00:04.0");
    is_noticed(model_env_default(), 2, "model@0000:01:00.0 sends as 0000:02:00.0, computed are 0000:01:00.0");
}

/* It has sent nothing that was refused, or nobody says so. */
TEST(no_record_at_all_is_noticed)
{
    struct model_env_config config = model_env_default();
    struct found found;

    config.faults_lost = true;
    CHECK_EQ(run(&config, &found).failed, 3);
    CHECK_EQ(found.count, 0);
}
