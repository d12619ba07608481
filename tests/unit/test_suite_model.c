/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole catalogue on the model, machine by machine: nothing fails, the
 * driver breaks no rule, and what is skipped is what that machine has not.
 */
#include "test.h"

#include "model_env.h"
#include "scenario.h"
#include "suite.h"

static void print_problems(struct model_env *me)
{
    const char *line = model_env_output(me);

    while ((line = strstr(line, "not ok ")) != NULL) {
        const char *end = strstr(line, "  ...\n");

        printf("# %.*s\n", (int)(end == NULL ? 200 : end - line), line);
        line += 7;
    }
}

#define MESSAGE_BYTES 16384
static char message[MESSAGE_BYTES];

static void say(const char *text, const char *detail)
{
    size_t used = strlen(message);

    snprintf(message + used, MESSAGE_BYTES - used, "%s%s\n", text, detail);
}

static bool is_skipped(const char *output, const char *name)
{
    const char *at = strstr(output, name);
    const char *skip = at == NULL ? NULL : strstr(at, "# SKIP");

    return skip != NULL && skip < strchr(at, '\n');
}

static unsigned count_skips(const char *const *skips, const char *output)
{
    unsigned count = 0;

    for (; skips[count] != NULL; count++)
        if (!is_skipped(output, skips[count]))
            say("not skipped: ", skips[count]);
    return count;
}

/*
 * What every machine here has not: real buses, no unit at all, and (unless it says otherwise) a predecessor or
 * memory above 4 GiB.
 */
#define SKIP_TOPOLOGY                                                                              \
    "topology/behind-bridge", "topology/behind-pcie-to-pci-bridge", "dma/bare-address-is-physical"
#define SKIP_STRANGER "entry/stranger-is-blocked"
#define SKIP_AMD                                                                                   \
    "amd/refused-command-and-recovery", "amd/completion-interrupts-arrive", "amd/ring-wraps"
#define SKIP_INTEL "intel/refused-descriptor-and-recovery", "intel/register-based-invalidation"
#define SKIP_RUNS EACH("map/run-of-32k-is-one-leaf"), EACH("map/run-of-64k-is-one-leaf")
#define SKIP_TAKEOVER "takeover/old-tables-are-replaced"
#define SKIP_OVERFLOW "fault/overflow-is-seen-and-cleared"
#define EACH(name)                                                                                 \
    name ":model@0000:00:04.0", name ":model@0000:00:05.0", name ":model@0000:01:00.0"
#define SKIP_ABOVE_4G EACH("map/frame-above-4g-without-copy")
#define SKIP_RESERVED EACH("reserved/region-stays-reachable")
/* What no VT-d machine has. */
#define SKIP_VTD SKIP_AMD, SKIP_RUNS, SKIP_TOPOLOGY
#define SKIP_USUAL                                                                                 \
    SKIP_VTD, SKIP_STRANGER, SKIP_TAKEOVER, SKIP_OVERFLOW, SKIP_ABOVE_4G, SKIP_RESERVED

static void say_skips(const char *output)
{
    const char *line = output, *end;

    say("these scenarios were skipped:", "");
    for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        const char *skip = strstr(line, "# SKIP");
        char text[160];

        if (skip == NULL || skip > end)
            continue;
        snprintf(text, sizeof(text), "%.*s", (int)(end - line), line);
        say("", text);
    }
}

/* Runs everything; exactly the cases that skips names are skipped, NULL ends it. */
static void run_all(const struct model_env_config *config, const char *const *skips)
{
    struct model_env *me = model_env_create(config);
    struct suite_totals totals;

    if (me == NULL)
        test_fail(__FILE__, __LINE__, "%s failed", model_env_error());
    message[0] = '\0';
    totals = suite_run(model_env_suite(me), &(struct suite_options){ .run = "*" });
    print_problems(me);
    if (totals.failed != 0)
        say("scenarios failed", "");
    if (totals.passed < 75)
        say("too few scenarios passed", "");
    if (count_skips(skips, model_env_output(me)) != totals.skipped)
        say_skips(model_env_output(me));
    if (machine_violations(model_env_machine(me)) != 0)
        say("violations:\n", machine_violation_text(model_env_machine(me)));
    model_env_destroy(me);
    if (message[0] != '\0')
        test_fail(__FILE__, __LINE__, "%s", message);
}

TEST(default_machine)
{
    static const char *const skips[] = { SKIP_USUAL, NULL };
    struct model_env_config config = model_env_default();

    run_all(&config, skips);
}

TEST(caching_mode)
{
    static const char *const skips[] = { SKIP_USUAL, NULL };
    struct model_env_config config = model_env_default();

    spec_put(&config.model.units[0].cap, SPEC_CAP_CM, 1);
    run_all(&config, skips);
}

/* SAGAW 00010b, MGAW 38: 39 bits, three levels (VT-d §11.4.2). */
TEST(three_levels)
{
    static const char *const skips[] = { SKIP_USUAL, EACH("map/top-grows-under-dma"), NULL };
    struct model_env_config config = model_env_default();

    spec_put(&config.model.units[0].cap, SPEC_CAP_SAGAW, 2);
    spec_put(&config.model.units[0].cap, SPEC_CAP_MGAW, 38);
    run_all(&config, skips);
}

TEST(walks_do_not_snoop)
{
    static const char *const skips[] = { SKIP_USUAL, NULL };
    struct model_env_config config = model_env_default();

    spec_put(&config.model.units[0].ecap, SPEC_ECAP_C, 0);
    run_all(&config, skips);
}

TEST(write_buffer_needs_flushing)
{
    static const char *const skips[] = { SKIP_USUAL, NULL };
    struct model_env_config config = model_env_default();

    spec_put(&config.model.units[0].cap, SPEC_CAP_RWBF, 1);
    run_all(&config, skips);
}

/* Interrupt remapping needs the queue, so it goes too (VT-d §11.4.3). */
TEST(registers_only)
{
    static const char *const skips[] = { SKIP_USUAL, "intel/refused-descriptor-and-recovery",
                                         NULL };
    struct model_env_config config = model_env_default();

    spec_put(&config.model.units[0].ecap, SPEC_ECAP_QI, 0);
    spec_put(&config.model.units[0].ecap, SPEC_ECAP_IR, 0);
    run_all(&config, skips);
}

/* As QEMU: with one record two devices that fault at once overflow it. */
TEST(one_fault_record)
{
    static const char *const skips[] = { SKIP_VTD, SKIP_STRANGER, SKIP_TAKEOVER, SKIP_ABOVE_4G, SKIP_RESERVED, NULL };
    struct model_env_config config = model_env_default();

    spec_put(&config.model.units[0].cap, SPEC_CAP_NFR, 0);
    run_all(&config, skips);
}

TEST(faults_are_polled)
{
    static const char *const skips[] = { SKIP_USUAL, "fault/interrupt-delivers-the-record", NULL };
    struct model_env_config config = model_env_default();

    config.model.fault_interrupts = false;
    run_all(&config, skips);
}

TEST(no_pass_through)
{
    static const char *const skips[] = { SKIP_USUAL, EACH("domain/pass-through-needs-no-tables"),
                                         NULL };
    struct model_env_config config = model_env_default();

    spec_put(&config.model.units[0].ecap, SPEC_ECAP_PT, 0);
    run_all(&config, skips);
}

TEST(no_large_pages)
{
    static const char *const skips[] = { SKIP_USUAL, EACH("map/leaf-of-2m"),
                                         EACH("map/unmap-inside-2m"),
                                         EACH("map/leaf-of-1g-and-hole"), NULL };
    struct model_env_config config = model_env_default();

    config.iommu.no_superpages = true;
    run_all(&config, skips);
}

/* All RAM above 4 GiB: a device of 32 bits reaches none of it without translation. */
TEST(all_memory_above_4g)
{
    static const char *const skips[] = { SKIP_VTD, SKIP_STRANGER,
                                         SKIP_TAKEOVER,
                                         SKIP_OVERFLOW,
                                         SKIP_RESERVED,
                                         "entry/unattached-device-is-blocked:model@0000:00:05.0",
                                         "domain/blocked-domain-reaches-nothing:model@0000:00:05.0",
                                         "domain/identity-reaches-physical:model@0000:00:05.0",
                                         "domain/every-change-takes-effect:model@0000:00:05.0", NULL };
    struct model_env_config config = model_env_default();

    config.model.ram_pa = 5 * GIB1;
    run_all(&config, skips);
}

/* The predecessor's tables let devices on bus 0 reach what lies below 2 MiB. */
TEST(unit_left_enabled)
{
    static const char *const skips[] = { SKIP_VTD, SKIP_STRANGER, SKIP_OVERFLOW, SKIP_ABOVE_4G, SKIP_RESERVED, NULL };
    struct model_env_config config = model_env_default();

    config.firmware =
        (struct vtd_model_firmware){ .translate = true, .queue = true, .stale_fault = true };
    run_all(&config, skips);
}

TEST(slow_and_reordering_unit)
{
    static const char *const skips[] = { SKIP_USUAL, NULL };
    struct model_env_config config = model_env_default();

    config.model.units[0].delay = 40;
    config.model.units[0].reorder_seed = 7;
    run_all(&config, skips);
}

/* One exerciser under a unit of its own, by scope. */
TEST(two_units)
{
    static const char *const skips[] = { SKIP_USUAL, NULL };
    struct model_env_config config = model_env_default();

    config.model.units[0] = vtd_model_default_unit(0, false);
    config.model.units[0].scopes[0] =
        (struct vtd_model_scope){ .type = 1, .path_count = 1, .path = { { 5, 0 } } };
    config.model.units[0].scope_count = 1;
    config.model.units[1] = vtd_model_default_unit(1, true);
    config.model.unit_count = 2;
    config.exercisers[0].unit = 1;
    config.exercisers[2].unit = 1;
    run_all(&config, skips);
}

/* SAGAW 39 and 48, MGAW 38: the domain ends at 39 bits, the record at 48 (VT-d §11.4.7.6). */
static struct model_env_config narrow_aperture(void)
{
    struct model_env_config config = model_env_default();

    spec_put(&config.model.units[0].cap, SPEC_CAP_MGAW, 38);
    return config;
}

TEST(aperture_narrower_than_the_record)
{
    static const char *const skips[] = { SKIP_USUAL, EACH("map/top-grows-under-dma"), NULL };
    struct model_env_config config = narrow_aperture();

    run_all(&config, skips);
}

/* A region of 32 KiB in the middle of RAM, for the first exerciser and for the one with queues. */
TEST(reserved_regions)
{
    static const char *const skips[] = { SKIP_VTD, SKIP_STRANGER, SKIP_TAKEOVER, SKIP_OVERFLOW, SKIP_ABOVE_4G,
                                         "reserved/region-stays-reachable:model@0000:00:05.0",
                                         NULL };
    struct model_env_config config = model_env_default();
    uint64_t middle = config.model.ram_pa + config.model.ram_len / 2;

    config.model.rmrrs[0] = (struct vtd_model_rmrr){
        .start = middle, .end = middle + 0x8000, .scope_count = 2,
        .scopes = { { .type = 1, .path_count = 1, .path = { { 4, 0 } } },
                    { .type = 1, .bus = 1, .path_count = 1, .path = { { 0, 0 } } } } };
    config.model.rmrr_count = 1;
    run_all(&config, skips);
}

/* ---- a function that nobody has added ---- */

static void check_stranger(struct model_env_config config)
{
    struct suite_totals totals;
    struct model_env *me;

    config.exercisers[config.exerciser_count++] = (struct model_exerciser_config){
        .rid = IOMMU_RID(0, 7, 0), .address_bits = 64, .uncovered = true };
    me = model_env_create(&config);
    CHECK(me != NULL);
    totals = suite_run(model_env_suite(me), &(struct suite_options){ .run = "entry/stranger*" });
    print_problems(me);
    model_env_destroy(me);
    CHECK_EQ(totals.passed, 1);
    CHECK_EQ(totals.failed + totals.skipped, 0);
}

TEST(a_stranger_is_blocked)
{
    check_stranger(model_env_default());
}

/* ---- what the suite is there for: it notices ---- */

static void check_fails(const struct model_env_config *config, const char *run, unsigned failures)
{
    struct model_env *me = model_env_create(config);
    struct suite_totals totals;

    if (me == NULL)
        test_fail(__FILE__, __LINE__, "%s failed", model_env_error());
    totals = suite_run(model_env_suite(me), &(struct suite_options){ .run = run });
    model_env_destroy(me);
    CHECK_EQ(totals.failed, failures);
}

/* Cut where the domain ends instead of where the unit's widest table does. */
TEST(addresses_cut_too_short_are_noticed)
{
    struct model_env_config config = narrow_aperture();

    config.fault_address_mask = (1ull << 39) - 1;
    check_fails(&config, "map/last-page-of-the-aperture:model@0000:00:04.0", 1);
}

TEST(lost_interrupts_are_noticed)
{
    struct model_env_config config = model_env_default();

    config.interrupts_lost = true;
    check_fails(&config, "fault/interrupt-delivers-the-record", 1);
    check_fails(&config, "dma/*", 0);
}
