/* SPDX-License-Identifier: BSD-2-Clause */
/* Words of a command line, and the tables of commands they are looked up in. Portable. */
#include "shell_words.h"

#include "words.h"

#define ID_DIGITS 4u

unsigned shell_split(char *text, char **words, unsigned max)
{
    unsigned count = 0;

    for (;;) {
        while (*text == ' ')
            *text++ = '\0';
        if (*text == '\0')
            return count;
        if (count == max)
            return max + 1;
        words[count++] = text;
        while (*text != '\0' && *text != ' ')
            text++;
    }
}

const struct shell_command *shell_find(const struct shell_command *commands, const char *name)
{
    for (; commands->name != NULL; commands++)
        if (text_equal(commands->name, name))
            return commands;
    return NULL;
}

const struct shell_command *shell_resolve(const struct shell_table *table, unsigned count,
                                          char *const *words, unsigned *used)
{
    const struct shell_command *commands = table->commands, *found;

    for (*used = 0; *used < count; (*used)++) {
        found = shell_find(commands, words[*used]);
        if (found == NULL)
            return NULL;
        if (found->subs == NULL) {
            (*used)++;
            return found;
        }
        commands = found->subs;
    }
    return NULL;
}

/* ---- ids ---- */

/*
 * Hexadecimal digits, at least one and at most so many, up to end; NULL: something else stands
 * there.
 */
static const char *read_hex(const char *text, char end, uint32_t largest, uint32_t *value)
{
    unsigned digits = 0;

    for (*value = 0; *text != end; text++, digits++) {
        char c = *text;
        uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10 : 16;

        if (digit == 16 || digits == ID_DIGITS)
            return NULL;
        *value = *value * 16 + digit;
    }
    return digits > 0 && *value <= largest ? text + (end != '\0') : NULL;
}

static unsigned colons(const char *text)
{
    unsigned count = 0;

    for (; *text != '\0'; text++)
        count += *text == ':';
    return count;
}

bool shell_read_id(const char *text, struct shell_id *id)
{
    uint32_t segment = 0, bus, device, function;

    if (colons(text) == 2)
        text = read_hex(text, ':', 0xffff, &segment);
    if (text != NULL)
        text = read_hex(text, ':', 0xff, &bus);
    if (text != NULL)
        text = read_hex(text, '.', 0x1f, &device);
    if (text != NULL)
        text = read_hex(text, '\0', 7, &function);
    if (text == NULL)
        return false;
    *id = (struct shell_id){ (uint16_t)segment, (uint16_t)(bus << 8 | device << 3 | function) };
    return true;
}

/* ---- completion ---- */

/* The word that begins at *at, copied; *at goes behind it. False: there is none before end. */
static bool next_word(const char *text, size_t end, size_t *at, char *out, size_t size)
{
    size_t len = 0;

    while (*at < end && text[*at] == ' ')
        (*at)++;
    for (; *at < end && text[*at] != ' '; (*at)++)
        if (len + 1 < size)
            out[len++] = text[*at];
    out[len] = '\0';
    return len > 0;
}

bool shell_candidate(const struct shell_table *table, const char *text, size_t start, size_t n,
                     char *out, size_t size)
{
    const struct shell_command *commands = table->commands, *chosen = NULL;
    unsigned arguments = 0;
    char word[32];
    size_t at = 0;

    while (next_word(text, start, &at, word, sizeof(word))) {
        if (chosen != NULL) {
            arguments++;
            continue;
        }
        chosen = shell_find(commands, word);
        if (chosen == NULL)
            return false;
        if (chosen->subs == NULL && chosen->kinds[0] != SHELL_COMMAND)
            continue;
        commands = chosen->subs != NULL ? chosen->subs : table->commands;
        chosen = NULL;
    }
    if (chosen == NULL) {
        while (n > 0 && commands->name != NULL) {
            commands++;
            n--;
        }
        return commands->name != NULL && text_copy(out, size, commands->name);
    }
    return arguments < SHELL_ARGUMENTS && arguments < chosen->most &&
           table->value(chosen->kinds[arguments], n, out, size);
}
