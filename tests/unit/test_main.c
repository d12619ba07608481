/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the tests of one file and prints TAP 14; exit status 1 when one failed. */
#include "test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

static struct test_case *first, **last = &first;
static jmp_buf leave;
static char message[1024];
enum { LEFT_FAILED = 1, LEFT_SKIPPED = 2 };

void test_register(struct test_case *test)
{
    *last = test;
    last = &test->next;
}

void test_fail(const char *file, int line, const char *format, ...)
{
    int used = snprintf(message, sizeof(message), "%s:%d: ", file, line);
    va_list args;

    va_start(args, format);
    vsnprintf(message + used, sizeof(message) - (size_t)used, format, args);
    va_end(args);
    longjmp(leave, LEFT_FAILED);
}

void test_skip(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    longjmp(leave, LEFT_SKIPPED);
}

const char *test_tables_folder(void)
{
    const char *folder = getenv("ACPI_TABLES");
    struct stat st;

    if (folder == NULL)
        folder = "../shared/acpi-tables";
    return stat(folder, &st) == 0 && S_ISDIR(st.st_mode) ? folder : NULL;
}

/* "build/host/tests/test_vtd_unit" is area "vtd_unit". */
static const char *area_of(const char *program)
{
    const char *name = strrchr(program, '/');

    name = name == NULL ? program : name + 1;
    return strncmp(name, "test_", 5) == 0 ? name + 5 : name;
}

/* 0: passed; otherwise how it was left. Alone in a function: nothing here changes after setjmp(). */
static int run_one(const struct test_case *test)
{
    int left = setjmp(leave);

    if (left == 0)
        test->run();
    return left;
}

int main(int argc, char **argv)
{
    const char *area = area_of(argv[0]);
    unsigned passed = 0, failed = 0, skipped = 0, number = 0;

    puts("TAP version 14");
    for (struct test_case *test = first; test != NULL; test = test->next) {
        if (argc > 1 && strstr(test->name, argv[1]) == NULL)
            continue;
        number++;
        switch (run_one(test)) {
        case 0:
            passed++;
            printf("ok %u - %s/%s\n", number, area, test->name);
            break;
        case LEFT_SKIPPED:
            skipped++;
            printf("ok %u - %s/%s # SKIP %s\n", number, area, test->name, message);
            break;
        default:
            failed++;
            printf("not ok %u - %s/%s\n  ---\n  message: %s\n  ...\n", number, area, test->name, message);
            break;
        }
        fflush(stdout);
    }
    printf("1..%u\n%u passed, %u failed, %u skipped\n", number, passed, failed, skipped);
    return failed == 0 && number > 0 ? 0 : 1;
}
