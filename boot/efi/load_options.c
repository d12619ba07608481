/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Load options (UEFI §9.1.1) to a command line. Portable, tested on the host.
 * Leaves out quoting: no word of the command line holds a space.
 */
#include "load_options.h"

#include <stdbool.h>
#include <string.h>

static const char suffix[] = ".efi";
#define SUFFIX_LEN (sizeof(suffix) - 1)

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool has_suffix(const char *word, size_t len)
{
    if (len < SUFFIX_LEN)
        return false;
    for (size_t i = 0; i < SUFFIX_LEN; i++) {
        if (lower(word[len - SUFFIX_LEN + i]) != suffix[i])
            return false;
    }
    return true;
}

/* Appends one character; control characters become spaces, and spaces never lead. */
static void append(struct boot_info *info, size_t *len, char c)
{
    if (c < ' ' || c > '~')
        c = ' ';
    if (c == ' ' && *len == 0)
        return;
    if (*len + 1 < sizeof(info->cmdline))
        info->cmdline[(*len)++] = c;
    else if (c != ' ')
        info->cmdline_truncated = 1;
}

static void finish(struct boot_info *info, size_t len)
{
    while (len > 0 && info->cmdline[len - 1] == ' ')
        len--;
    memset(info->cmdline + len, 0, sizeof(info->cmdline) - len);
}

/* True when word, without its folder, is own_name with or without the suffix. */
static bool is_own_name(const char *word, size_t len, const uint16_t *own_name)
{
    size_t start = len;

    if (has_suffix(word, len))
        return true;
    if (!own_name)
        return false;
    while (start > 0 && word[start - 1] != '\\' && word[start - 1] != '/' && word[start - 1] != ':')
        start--;
    for (size_t i = 0; start + i < len; i++) {
        if (own_name[i] > '~' || lower(word[start + i]) != lower((char)own_name[i]))
            return false;
    }
    own_name += len - start;
    for (size_t i = 0; i < SUFFIX_LEN; i++) {
        if (own_name[i] > '~' || lower((char)own_name[i]) != suffix[i])
            return false;
    }
    return own_name[SUFFIX_LEN] == 0 && start < len;
}

static void drop_own_name(struct boot_info *info, const uint16_t *own_name)
{
    size_t word = 0, rest;

    while (info->cmdline[word] != ' ' && info->cmdline[word] != '\0')
        word++;
    if (!is_own_name(info->cmdline, word, own_name))
        return;
    for (rest = word; info->cmdline[rest] == ' '; rest++)
        ;
    memmove(info->cmdline, info->cmdline + rest, sizeof(info->cmdline) - rest);
    memset(info->cmdline + sizeof(info->cmdline) - rest, 0, rest);
}

void load_options_read(struct boot_info *info, const uint8_t *options, size_t len,
                       const uint16_t *own_name)
{
    size_t count = 0;

    for (size_t i = 0; i + 1 < len; i += 2) {
        uint16_t unit = (uint16_t)(options[i] | options[i + 1] << 8);

        if (unit == 0)
            break;
        if (unit > '~' || (unit < ' ' && unit != '\t')) {
            info->cmdline_truncated = 0;
            finish(info, 0);
            return;
        }
        append(info, &count, (char)unit);
    }
    finish(info, count);
    drop_own_name(info, own_name);
}

void load_options_file(struct boot_info *info, const char *text, size_t len)
{
    size_t count = 0;

    for (size_t i = 0; i < len && text[i] != '\0'; i++)
        append(info, &count, text[i]);
    finish(info, count);
}
