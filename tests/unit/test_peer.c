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

/* Functions of the exercisers, where a test has made some; the least that they write, 0: what the model's do. */
static struct pci_function *functions[MODEL_EXERCISERS];
static unsigned step_len, align;

static struct suite_totals run(const struct model_env_config *config, size_t *findings)
{
    struct model_env *me = model_env_create(config);
    struct fw_sink sink = { .found = take, .ctx = findings };
    struct suite_totals totals;

    if (me == NULL)
        test_fail(__FILE__, __LINE__, "%s failed", model_env_error());
    *findings = 0;
    model_env_suite(me)->findings = &sink;
    for (size_t i = 0; i < config->exerciser_count; i++) {
        struct exerciser *ex = model_env_suite(me)->exercisers[i];

        ex->function = functions[i];
        ex->step_len = step_len != 0 ? step_len : ex->step_len;
        ex->align = align != 0 ? align : ex->align;
    }
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
    struct pci_function root = { .rid = 0x0010, .express_type = PCI_EXP_ROOT_PORT, .cap_acs = 0x100,
                                 .acs_capability = 0x1d, .acs_control = 0x1d };
    struct pci_function upstream = { .rid = 0x0100, .parent = &root, .express_type = PCI_EXP_UPSTREAM };
    struct pci_function port = { .rid = 0x0200, .parent = &upstream, .express_type = PCI_EXP_DOWNSTREAM };
    struct pci_function down[2] = { port, port };
    struct pci_function ends[2] = { { .parent = &down[0] }, { .parent = &down[1] } };

    down[1].rid = 0x0208;
    functions[0] = &ends[0];
    functions[1] = &ends[1];
    names("0000:02:00.0, which does not redirect requests");
    down[0].cap_acs = 0x100;
    down[0].acs_capability = 0x1d;
    down[0].acs_control = 0x19;
    names("0000:02:00.0, which does not redirect requests");
    /* Nothing is turned round at an upstream port; above what both have in common a request has no need to go. */
    down[0].acs_control = 0x1d;
    root.acs_control = 0;
    names("a bridge or the root complex between them");
    /* What a port does not offer to redirect it never turns round (§7.7.11.2). */
    down[0].acs_capability = down[0].acs_control = 0x01;
    names("a bridge or the root complex between them");
    /* Both behind one root port, each by itself: there it is the root port. */
    ends[0].parent = ends[1].parent = &root;
    names("0000:00:02.0, which does not redirect requests");
    functions[0] = functions[1] = NULL;
}

/* Then there is nothing for the unit to refuse. */
TEST(a_bridge_that_drops_it_is_no_refusal)
{
    struct model_env_config config = model_env_default();

    config.swallows = true;
    is_refused(&config);
}

TEST(nobody_sends_to_itself)
{
    struct model_env_config config = model_env_default();
    size_t findings;

    config.exerciser_count = 1;
    CHECK_EQ(run(&config, &findings).skipped, 1);
}

TEST(registers_beyond_what_a_device_can_send_to)
{
    struct model_env_config config = model_env_default();
    size_t findings;

    for (size_t i = 0; i < config.exerciser_count; i++)
        config.exercisers[i].address_bits = 20;
    CHECK_EQ(run(&config, &findings).skipped, 1);
}

/* Queued devices send more than a word. */
TEST(skipped_without_a_sender)
{
    struct model_env_config config = model_env_default();
    size_t findings;

    config.exercisers[0] = config.exercisers[2];
    config.exerciser_count = 1;
    CHECK_EQ(run(&config, &findings).skipped, 1);
    /* Nor do these, each two of them: what lies beside the register would be written too. */
    config = model_env_default();
    step_len = 64;
    CHECK_EQ(run(&config, &findings).skipped, 1);
    step_len = 0;
    align = 8;
    CHECK_EQ(run(&config, &findings).skipped, 1);
    align = 0;
    CHECK_EQ(run(&config, &findings).passed, 1);
}

/* A write that did not arrive shows nothing by itself: it may not have been sent. */
TEST(a_refusal_without_a_record_is_noticed)
{
    struct model_env_config config = model_env_default();
    size_t findings;

    config.faults_lost = true;
    CHECK_EQ(run(&config, &findings).failed, 1);
    CHECK_EQ(findings, 0);
}
