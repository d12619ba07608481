/* SPDX-License-Identifier: BSD-2-Clause */
/* keymap.c with the codes a keyboard sends (scan code set 1). */
#include "test.h"

#include "keymap.h"

/* What a run of codes types. */
static const char *typed(const char *codes, size_t count)
{
    static char out[64];
    struct keymap keys = { 0 };

    out[0] = '\0';
    for (size_t i = 0; i < count; i++)
        strcat(out, keymap_read(&keys, (uint8_t)codes[i]));
    return out;
}
#define CHECK_TYPED(codes, text) CHECK_STR(typed(codes, sizeof(codes) - 1), text)

TEST(letters_digits_and_releases)
{
    CHECK_TYPED("\x23\xa3\x17\x97", "hi");
    CHECK_TYPED("\x02\x0b\x1c\x39\x0e\x0f\x01", "10\r \b\t\033");
    CHECK_TYPED("\x10\x1e\x2c\x32\x33\x34\x35", "qazm,./");
    CHECK_TYPED("\x2b\x29\x28\x1a\x1b\x27", "\\`'[];");
}

TEST(shift_of_either_side_until_released)
{
    CHECK_TYPED("\x2a\x1e\xaa\x1e", "Aa");
    CHECK_TYPED("\x36\x02\x28\xb6\x02", "!\"1");
    CHECK_TYPED("\x2a\x36\xaa\x1e", "A");
}

TEST(caps_turns_letters_only)
{
    CHECK_TYPED("\x3a\xba\x1e\x02", "A1");
    CHECK_TYPED("\x3a\xba\x2a\x1e\xaa", "a");
    CHECK_TYPED("\x3a\xba\x3a\xba\x1e", "a");
}

TEST(control_makes_control_characters)
{
    CHECK_TYPED("\x1d\x2e\x9d\x2e", "\x03" "c");
    CHECK_TYPED("\xe0\x1d\x1e\xe0\x9d\x1e", "\x01" "a");
}

TEST(arrows_are_escape_sequences)
{
    CHECK_TYPED("\xe0\x48\xe0\xc8", "\033[A");
    CHECK_TYPED("\xe0\x50\xe0\x4b\xe0\x4d", "\033[B\033[D\033[C");
    CHECK_TYPED("\xe0\x53\xe0\x47\xe0\x4f", "\033[3~\033[H\033[F");
}

TEST(false_shifts_around_arrows_are_none)
{
    CHECK_TYPED("\xe0\x2a\xe0\x48\xe0\xc8\xe0\xaa\x1e", "\033[Aa");
    CHECK_TYPED("\xe0\x2a\x1e\xe0\x36\x30", "ab");
}

TEST(pause_types_nothing)
{
    CHECK_TYPED("\xe1\x1d\x45\xe1\x9d\xc5\x1e", "a");
}

TEST(codes_without_meaning_type_nothing)
{
    CHECK_TYPED("\x00\x7f\x3b\x58\xe0\x5b\xff\xfa\xfe", "");
    CHECK_TYPED("\xe0\x1c\xe0\x35", "\r/");
}
