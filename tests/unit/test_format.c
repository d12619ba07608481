/* SPDX-License-Identifier: BSD-2-Clause */
/* format.c against what C 7.21.6 says of printf, and the host's own. */
#include "test.h"

#include "format.h"

#define CHECK_SAME(...)                                                             \
    do {                                                                            \
        char ours[256], theirs[256];                                                \
        size_t our_len = format_line(ours, sizeof(ours), __VA_ARGS__);              \
        int their_len = snprintf(theirs, sizeof(theirs), __VA_ARGS__);              \
                                                                                    \
        CHECK_STR(ours, theirs);                                                    \
        CHECK_EQ(our_len, their_len);                                               \
    } while (0)

TEST(numbers)
{
    CHECK_SAME("%d %d %d %d", 0, 1, -1, -2147483647 - 1);
    CHECK_SAME("%u %x", 4294967295u, 4294967295u);
    CHECK_SAME("%llx %llu %lld", ~0ull, ~0ull, -9223372036854775807ll - 1);
    CHECK_SAME("%lx %zu %zx", 0x123456789abul, (size_t)77, ~(size_t)0);
}

TEST(widths_zeros_and_left)
{
    CHECK_SAME("[%5d][%-5d][%05d][%05d]", 42, 42, 42, -42);
    CHECK_SAME("[%016llx][%2x][%02x]", 0x1234ull, 0x123u, 0xau);
    CHECK_SAME("[%*d][%*s]", 6, 42, 8, "ab");
}

TEST(text)
{
    CHECK_SAME("[%s][%8s][%-8s][%c][%%]", "ab", "ab", "ab", 'x');
    CHECK_SAME("[%.2s][%.*s][%5.1s]", "abcdef", 3, "abcdef", "xyz");
    CHECK_SAME("plain");
}

TEST(text_with_a_precision_is_not_read_beyond_it)
{
    char *four = malloc(4);
    char out[16];

    memcpy(four, "DMAR", 4);
    format_line(out, sizeof(out), "%.4s", four);
    free(four);
    CHECK_STR(out, "DMAR");
}

TEST(pointers_have_0x)
{
    char out[32];

    format_line(out, sizeof(out), "%p", (void *)0xfee00000);
    CHECK_STR(out, "0xfee00000");
}

TEST(no_text_for_null)
{
    char out[32];
    const char *volatile none = NULL;

    format_line(out, sizeof(out), "%s", none);
    CHECK_STR(out, "(null)");
}

TEST(cut_at_the_size_and_counted_whole)
{
    char out[8];

    memset(out, 'z', sizeof(out));
    CHECK_EQ(format_line(out, 4, "%s", "abcdef"), 6);
    CHECK_STR(out, "abc");
    CHECK_EQ(out[4], 'z');
    CHECK_EQ(format_line(out, 1, "%d", 123), 3);
    CHECK_STR(out, "");
    CHECK_EQ(format_line(NULL, 0, "%d", 123), 3);
}

/* The compiler would refuse these as literals. */
static size_t format_unchecked(char *out, size_t size, const char *format, ...)
{
    va_list args;
    size_t len;

    va_start(args, format);
    len = format_text(out, size, format, args);
    va_end(args);
    return len;
}

TEST(unknown_and_cut_conversions_are_printed)
{
    char out[32];

    format_unchecked(out, sizeof(out), "a %q b");
    CHECK_STR(out, "a %q b");
    format_unchecked(out, sizeof(out), "100%");
    CHECK_STR(out, "100%");
    format_unchecked(out, sizeof(out), "%08");
    CHECK_STR(out, "%08");
}

TEST(left_beats_zero)
{
    char out[16];

    format_unchecked(out, sizeof(out), "[%-05d]", 42);
    CHECK_STR(out, "[42   ]");
}

TEST(endless_width_is_bounded)
{
    CHECK(format_unchecked(NULL, 0, "%999999999d", 1) <= 4096);
}

static unsigned pieces;
static void count_piece(void *ctx, const char *piece, size_t len)
{
    size_t *sum = ctx;

    (void)piece;
    pieces++;
    *sum += len;
}

static void stream(size_t *sum, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    format_stream(count_piece, sum, format, args);
    va_end(args);
}

TEST(stream_hands_out_every_byte)
{
    size_t sum = 0;

    pieces = 0;
    stream(&sum, "%s and %d", "this", 1234);
    CHECK_EQ(sum, 13);
    CHECK_EQ(pieces, 3);
}
