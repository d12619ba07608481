/* SPDX-License-Identifier: BSD-2-Clause */
/* See suite_check.h. */
#include "suite_check.h"

#include "scenario.h"
#include "suite.h"
#include "test.h"

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

void suite_check_all(const struct model_env_config *config, const char *const *skips)
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

void suite_check_fails(const struct model_env_config *config, const char *run, unsigned failures)
{
    struct model_env *me = model_env_create(config);
    struct suite_totals totals;

    if (me == NULL)
        test_fail(__FILE__, __LINE__, "%s failed", model_env_error());
    totals = suite_run(model_env_suite(me), &(struct suite_options){ .run = run });
    model_env_destroy(me);
    CHECK_EQ(totals.failed, failures);
}

void suite_check_some(const struct model_env_config *config, const char *run, unsigned passed, unsigned skipped)
{
    struct model_env *me = model_env_create(config);
    struct suite_totals totals;

    if (me == NULL)
        test_fail(__FILE__, __LINE__, "%s failed", model_env_error());
    message[0] = '\0';
    totals = suite_run(model_env_suite(me), &(struct suite_options){ .run = run });
    print_problems(me);
    if (totals.skipped != skipped)
        say_skips(model_env_output(me));
    if (machine_violations(model_env_machine(me)) != 0)
        say("violations:\n", machine_violation_text(model_env_machine(me)));
    model_env_destroy(me);
    if (message[0] != '\0')
        test_fail(__FILE__, __LINE__, "%s", message);
    CHECK_EQ(totals.failed, 0);
    CHECK_EQ(totals.passed, passed);
    CHECK_EQ(totals.skipped, skipped);
}

void suite_check_passes(const struct model_env_config *config, const char *run, unsigned count)
{
    suite_check_some(config, run, count, 0);
}

void suite_check_stranger(struct model_env_config config)
{
    config.exercisers[config.exerciser_count++] = (struct model_exerciser_config){
        .rid = IOMMU_RID(0, 7, 0), .address_bits = 64, .uncovered = true };
    suite_check_passes(&config, "entry/stranger*", 1);
}
