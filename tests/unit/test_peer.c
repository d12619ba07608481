/* SPDX-License-Identifier: BSD-2-Clause */
/* peer.c on the models: a request to another device's register meets the unit, or a switch turns it round. */
#include "test.h"

#include "finding.h"
#include "suite.h"
#include "suite_check.h"

#define NAME "peer/write-to-other-bar"

static char what[200];

static void take(void *ctx, const struct fw_finding *finding)
{
    (*(size_t *)ctx)++;
    CHECK_STR(finding->id, "peer-to-peer");
    snprintf(what, sizeof(what), "%s", finding->what);
}

/* Functions of the exercisers, where a test has made some. */
static struct pci_function *functions[MODEL_EXERCISERS];

static struct suite_totals run(const struct model_env_config *config, size_t *findings)
{
    struct model_env *me = model_env_create(config);
    struct fw_sink sink = { .found = take, .ctx = findings };
    struct suite_totals totals;

    if (me == NULL)
        test_fail(__FILE__, __LINE__, "%s failed", model_env_error());
    *findings = 0;
    model_env_suite(me)->findings = &sink;
    for (size_t i = 0; i < config->exerciser_count; i++)
        model_env_suite(me)->exercisers[i]->function = functions[i];
    totals = suite_run(model_env_suite(me), &(struct suite_options){ .run = NAME });
    CHECK_EQ(machine_violations(model_env_machine(me)), 0);
    model_env_destroy(me);
    return totals;
}

static void is_refused(const struct model_env_config *config)
{
    size_t findings;
    struct suite_totals totals = run(config, &findings);

    CHECK_EQ(totals.passed, 1);
    CHECK_EQ(totals.failed + totals.skipped, 0);
    CHECK_EQ(findings, 0);
}

TEST(the_unit_refuses_it)
{
    struct model_env_config intel = model_env_default(), amd = model_env_amd();

    is_refused(&intel);
    is_refused(&amd);
}

static void is_noticed(struct model_env_config config)
{
    size_t findings;

    config.turns_round = true;
    CHECK_EQ(run(&config, &findings).failed, 1);
    CHECK_EQ(findings, 1);
    CHECK(strstr(what, "model@0000:00:04.0 reaches model@0000:00:05.0 at 0x") != NULL);
    CHECK(strstr(what, "without the unit") != NULL);
}

TEST(a_switch_that_turns_it_round_is_noticed)
{
    is_noticed(model_env_default());
    is_noticed(model_env_amd());
}

static void names(const char *port)
{
    struct model_env_config config = model_env_default();
    size_t findings;

    config.turns_round = true;
    CHECK_EQ(run(&config, &findings).failed, 1);
    if (strstr(what, port) == NULL)
        test_fail(__FILE__, __LINE__, "\"%s\" is not in \"%s\"", port, what);
}

/*
 * A root port, a switch's upstream port, a downstream port for each device. P2P request redirect is bit 2 of ACS
 * control (PCI Express 6.0 §7.7.11.3).
 */
TEST(the_port_that_does_not_redirect_is_named)
{
    struct pci_function root = { .rid = 0x0010, .cap_acs = 0x100, .acs_control = 0x1d };
    struct pci_function upstream = { .rid = 0x0100, .parent = &root, .cap_acs = 0x100, .acs_control = 0x1d };
    struct pci_function down[2] = { { .rid = 0x0200, .parent = &upstream }, { .rid = 0x0208, .parent = &upstream } };
    struct pci_function ends[2] = { { .parent = &down[0] }, { .parent = &down[1] } };

    functions[0] = &ends[0];
    functions[1] = &ends[1];
    names("0000:02:00.0, which does not redirect requests");
    down[0].cap_acs = 0x100;
    down[0].acs_control = 0x19;
    names("0000:02:00.0, which does not redirect requests");
    down[0].acs_control = 0x1d;
    upstream.acs_control = 0;
    names("0000:01:00.0, which does not redirect requests");
    /* Above what both have in common a request has no need to go. */
    upstream.acs_control = 0x1d;
    root.acs_control = 0;
    names("a bridge or the root complex between them");
    functions[0] = functions[1] = NULL;
}

/* Queued devices send more than a word. */
TEST(skipped_without_a_sender)
{
    struct model_env_config config = model_env_default();
    size_t findings;

    config.exercisers[0] = config.exercisers[2];
    config.exerciser_count = 1;
    CHECK_EQ(run(&config, &findings).skipped, 1);
}
