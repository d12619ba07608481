/* SPDX-License-Identifier: BSD-2-Clause */
/* judge_text.c against the C library's own formatting. */
#include "test.h"

#include "judge_internal.h"

static const char *formatted(char *out, size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    judge_format(out, size, format, args);
    va_end(args);
    return out;
}

TEST(numbers_and_words_come_as_from_printf)
{
    char seen[100], wanted[100];

    snprintf(wanted, sizeof(wanted), "%s %c %u %x %02x %04x %9u 0x%08x %llx %llu", "word", 'c', 0u,
             0xabcu, 5u, 0x12345u, 7u, 0xffffffffu, 0xffffffffffffffffull, 0xffffffffffffffffull);
    CHECK_STR(formatted(seen, sizeof(seen), "%s %c %u %x %02x %04x %9u 0x%08x %llx %llu", "word",
                        'c', 0u, 0xabcu, 5u, 0x12345u, 7u, 0xffffffffu, 0xffffffffffffffffull,
                        0xffffffffffffffffull),
              wanted);
}

TEST(what_does_not_fit_is_cut)
{
    char *own = malloc(4);

    CHECK_STR(formatted(own, 4, "%u", 123456u), "123");
    CHECK_STR(formatted(own, 4, "ab%s", "cdef"), "abc");
    CHECK_STR(formatted(own, 1, "x"), "");
    free(own);
}
