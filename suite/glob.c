/* SPDX-License-Identifier: BSD-2-Clause */
/* Globs of the run= word: '*' and '?', comma lists, exclusions. No classes, no escapes. */
#include "glob.h"

static size_t text_length(const char *text, char end)
{
    size_t len = 0;

    while (text[len] != '\0' && text[len] != end)
        len++;
    return len;
}

bool text_is(const char *text, const char *other)
{
    while (*text != '\0' && *text == *other) {
        text++;
        other++;
    }
    return *text == *other;
}

/*
 * On a mismatch the last '*' takes one character more: linear space, no recursion on untrusted
 * text.
 */
bool glob_match(const char *glob, size_t glob_len, const char *text, size_t text_len)
{
    size_t g = 0, t = 0, star_g = glob_len, star_t = 0;

    while (t < text_len) {
        if (g < glob_len && glob[g] == '*') {
            star_g = g++;
            star_t = t;
        } else if (g < glob_len && (glob[g] == '?' || glob[g] == text[t])) {
            g++;
            t++;
        } else if (star_g < glob_len) {
            g = star_g + 1;
            t = ++star_t;
        } else {
            return false;
        }
    }
    while (g < glob_len && glob[g] == '*')
        g++;
    return g == glob_len;
}

static bool entry_match(const char *glob, size_t len, const char *name)
{
    bool whole_name = false;

    for (size_t i = 0; i < len; i++)
        whole_name |= glob[i] == ':';
    return glob_match(glob, len, name, text_length(name, whole_name ? '\0' : ':'));
}

bool glob_list_match(const char *list, const char *name)
{
    bool named = false, only_exclusions = true;

    if (list == NULL || list[0] == '\0')
        return true;
    for (const char *at = list;;) {
        size_t len = text_length(at, ',');

        if (len > 0 && at[0] == '-') {
            if (entry_match(at + 1, len - 1, name))
                return false;
        } else if (len > 0) {
            only_exclusions = false;
            named |= entry_match(at, len, name);
        }
        if (at[len] == '\0')
            break;
        at += len + 1;
    }
    return named || only_exclusions;
}
