/* SPDX-License-Identifier: BSD-2-Clause */
/* Words of a command line: cutting, what they mean, and what could stand there (Tab). Portable. */
#ifndef KERNEL_SHELL_WORDS_H
#define KERNEL_SHELL_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHELL_WORDS 8u
#define SHELL_ARGUMENTS 2u

/* What an argument is, for completion. */
enum shell_kind {
    SHELL_ANYTHING,
    SHELL_COMMAND,      /* the words of a command, from the first on */
    SHELL_RID,
    SHELL_UNIT,
    SHELL_TABLE,        /* signature of an ACPI table */
    SHELL_SCENARIO,
    SHELL_REPORT,       /* full, json */
};

struct shell_command {
    const char *name;
    const char *arguments;      /* "RID IOVA", "[UNIT]"; "" */
    const char *meaning;        /* one line of the list */
    const char *more;           /* what help COMMAND says besides; NULL: nothing */
    /* The words behind the name, as many as least and most say. */
    void (*run)(unsigned count, char *const *words);
    /* Instead of run: the next word chooses; ended as a table is. */
    const struct shell_command *subs;
    unsigned least, most;
    enum shell_kind kinds[SHELL_ARGUMENTS];
};

struct shell_table {
    const struct shell_command *commands;   /* ended by one without a name */
    /* Value number n of a kind, into out; false past the last. */
    bool (*value)(enum shell_kind kind, size_t n, char *out, size_t size);
};

struct shell_id {
    uint16_t segment, rid;
};

/*
 * Cuts text at blanks; returns how many words, at most max + 1 where there are more. words has max
 * places.
 */
unsigned shell_split(char *text, char **words, unsigned max);
/* NULL: there is none of that name. */
const struct shell_command *shell_find(const struct shell_command *commands, const char *name);
/*
 * The command that words begin with, sub-commands included; *used words name it. NULL: the word at
 * *used is no command; *used == count: a sub-command is missing.
 */
const struct shell_command *shell_resolve(const struct shell_table *table, unsigned count,
                                          char *const *words, unsigned *used);
/* "03.0" is none: "00:03.0" and "0000:00:03.0", hexadecimal. */
bool shell_read_id(const char *text, struct shell_id *id);
/* struct line's candidate, of that table. */
bool shell_candidate(const struct shell_table *table, const char *text, size_t start, size_t n,
                     char *out, size_t size);

#endif
