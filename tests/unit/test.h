/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host tests' frame: a test file holds TEST(name) { ... } blocks and no
 * main(); each becomes one TAP line "file/name". A failed check prints where,
 * what was expected and what was seen, and ends that test only.
 */
#ifndef TEST_H
#define TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test_case {
    const char *name;
    void (*run)(void);
    struct test_case *next;
};

void test_register(struct test_case *test);
/* Ends the running test as failed. */
_Noreturn void test_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Ends the running test as skipped, with the reason. */
_Noreturn void test_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The folder of real firmware tables (ACPI_TABLES in the environment, else ../shared/acpi-tables), NULL when absent. */
const char *test_tables_folder(void);

#define TEST(test_name)                                                             \
    static void test_run_##test_name(void);                                         \
    static struct test_case test_case_##test_name = { #test_name, test_run_##test_name, NULL }; \
    __attribute__((constructor)) static void test_add_##test_name(void)             \
    {                                                                               \
        test_register(&test_case_##test_name);                                      \
    }                                                                               \
    static void test_run_##test_name(void)

#define CHECK(condition)                                                            \
    do {                                                                            \
        if (!(condition))                                                           \
            test_fail(__FILE__, __LINE__, "expected: %s", #condition);              \
    } while (0)

#define CHECK_EQ(seen, wanted)                                                      \
    do {                                                                            \
        unsigned long long check_seen = (unsigned long long)(seen);                 \
        unsigned long long check_wanted = (unsigned long long)(wanted);             \
        if (check_seen != check_wanted)                                             \
            test_fail(__FILE__, __LINE__, "%s: seen 0x%llx, expected 0x%llx (%s)", #seen, \
                      check_seen, check_wanted, #wanted);                           \
    } while (0)

#define CHECK_STR(seen, wanted)                                                     \
    do {                                                                            \
        const char *check_seen = (seen), *check_wanted = (wanted);                  \
        if (strcmp(check_seen, check_wanted) != 0)                                  \
            test_fail(__FILE__, __LINE__, "%s: seen \"%s\", expected \"%s\"", #seen, \
                      check_seen, check_wanted);                                    \
    } while (0)

/* For enum iommu_status and any other status whose success is 0. */
#define CHECK_OK(call)                                                              \
    do {                                                                            \
        int check_status = (int)(call);                                             \
        if (check_status != 0)                                                      \
            test_fail(__FILE__, __LINE__, "%s: status %d, expected 0", #call, check_status); \
    } while (0)

#endif
