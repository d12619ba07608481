/* SPDX-License-Identifier: BSD-2-Clause */
/* The output's exact bytes. */
#include "test.h"

#include "tap.h"

static char output[2048];

static void capture(struct suite_env *env, const char *format, va_list args)
{
    size_t used = strlen(output);

    (void)env;
    vsnprintf(output + used, sizeof(output) - used, format, args);
}

static const struct suite_env_ops capture_ops = { .print = capture };
static struct suite_env env = { .ops = &capture_ops };

static void begin(struct tap *tap)
{
    output[0] = '\0';
    tap_begin(tap, &env);
}

TEST(plan_stands_at_the_end)
{
    struct tap tap;

    begin(&tap);
    tap_end(&tap);
    CHECK_STR(output, "TAP version 14\n1..0\n");
}

TEST(success_carries_its_time)
{
    struct tap tap;

    begin(&tap);
    tap_print(&tap, &(struct tap_result){ .name = "dma/unmapped-read-faults:edu@0000:00:04.0",
                                          .ok = true,
                                          .time_us = 312,
                                          .cite = "VT-d §7.1.3" });
    tap_end(&tap);
    CHECK_STR(output, "TAP version 14\n"
                      "ok 1 - dma/unmapped-read-faults:edu@0000:00:04.0 # time=312us\n"
                      "1..1\n");
}

TEST(failure_says_expected_seen_and_cite)
{
    struct tap tap;

    begin(&tap);
    tap_print(&tap,
              &(struct tap_result){ .name = "dma/read-only-page-refuses-write:nvme@0000:00:05.0",
                                    .expected = "fault reason 0x05 from 0000:00:05.0 at 0x40002000",
                                    .seen = "no fault, 4096 bytes changed",
                                    .cite = "VT-d §7.1.3" });
    CHECK_STR(output, "TAP version 14\n"
                      "not ok 1 - dma/read-only-page-refuses-write:nvme@0000:00:05.0\n"
                      "  ---\n"
                      "  expected: fault reason 0x05 from 0000:00:05.0 at 0x40002000\n"
                      "  seen: no fault, 4096 bytes changed\n"
                      "  cite: VT-d §7.1.3\n"
                      "  ...\n");
}

TEST(skip_gives_its_reason_and_no_time)
{
    struct tap tap;

    begin(&tap);
    tap_print(&tap, &(struct tap_result){ .name = "irq/x2apic-destination",
                                          .ok = true,
                                          .time_us = 5,
                                          .skip = "unit vtd0 has no EIM (ECAP bit 4)" });
    CHECK_STR(output, "TAP version 14\n"
                      "ok 1 - irq/x2apic-destination # SKIP unit vtd0 has no EIM (ECAP bit 4)\n");
}

TEST(numbers_count_every_kind)
{
    struct tap tap;

    begin(&tap);
    tap_print(&tap, &(struct tap_result){ .name = "a/a", .ok = true });
    tap_print(&tap, &(struct tap_result){ .name = "a/b", .skip = "why" });
    tap_print(&tap, &(struct tap_result){ .name = "a/c", .seen = "", .expected = NULL });
    tap_end(&tap);
    CHECK_STR(output, "TAP version 14\nok 1 - a/a # time=0us\nok 2 - a/b # SKIP why\n"
                      "not ok 3 - a/c\n  ---\n  ...\n1..3\n");
}
