/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads tables and sorts them into machines. A file's size is what could be
 * read of it, whatever its header or the file system says.
 */
#include "lint.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "decode.h"

#define TABLE_BYTES_MAX (16u << 20)
#define CHUNK_BYTES 65536u
#define SIGNATURE_BYTES 4u
#define LENGTH_END 8u
#define HEADER_BYTES 36u
#define NO_TABLE "no DMAR, IVRS, VIOT, APIC, MCFG or HPET table in it"

void *lint_alloc(void *old, size_t bytes)
{
    void *at = realloc(old, bytes == 0 ? 1 : bytes);

    if (at == NULL) {
        fputs("iommukit-lint: out of memory\n", stderr);
        exit(2);
    }
    return at;
}

char *lint_copy(const char *text)
{
    size_t bytes = strlen(text) + 1;

    return memcpy(lint_alloc(NULL, bytes), text, bytes);
}

void text_add(struct text *text, const char *bytes, size_t len)
{
    if (text->room - text->len < len + 1 || text->bytes == NULL) {
        text->room = 2 * (text->len + len) + 1;
        text->bytes = lint_alloc(text->bytes, text->room);
    }
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
    text->bytes[text->len] = '\0';
}

uint8_t *file_read(const char *path, size_t max, size_t *len)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    size_t got, used = 0;

    if (file == NULL)
        return NULL;
    do {
        bytes = lint_alloc(bytes, used + CHUNK_BYTES);
        got = fread(bytes + used, 1, CHUNK_BYTES, file);
        used += got;
    } while (got > 0 && used <= max);
    if (ferror(file) || used > max) {
        int error = used > max ? EFBIG : errno;

        fclose(file);
        free(bytes);
        errno = error;
        return NULL;
    }
    fclose(file);
    *len = used;
    /* Exactly so many bytes: a reader past the end is seen by the tools that look for such. */
    return lint_alloc(bytes, used);
}

void put_plain(const char *text, FILE *out)
{
    for (; *text != '\0'; text++)
        fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, out);
}

static void unreadable(struct lint *lint, const char *path, const char *why)
{
    fputs("iommukit-lint: ", stderr);
    put_plain(path, stderr);
    fprintf(stderr, ": %s\n", why);
    lint->unreadable = true;
}

static void add_table(struct lint *lint, const char *path, uint8_t *bytes, size_t len)
{
    struct lint_table *table;

    lint->tables = lint_alloc(lint->tables, (lint->table_count + 1) * sizeof(*lint->tables));
    table = &lint->tables[lint->table_count++];
    *table = (struct lint_table) { .file = lint_copy(path) };
    table->table.bytes = bytes;
    table->table.len = (uint32_t)len;
    memcpy(table->table.signature, bytes, SIGNATURE_BYTES);
    table->relevant = fw_decodes(table->table.signature);
}

bool file_is_text(const void *start, size_t len)
{
    return len > 0 && memchr(start, 0, len < LENGTH_END ? len : LENGTH_END) == NULL;
}

/* Of the tables in acpidump's text those that count. */
static void load_dump(struct lint *lint, const char *path, const uint8_t *text, size_t text_len)
{
    struct text copy = { 0 };
    const char *at;
    uint8_t *bytes;
    size_t len, found = 0;

    text_add(&copy, (const char *)text, text_len);
    at = copy.bytes;
    while (dump_read(&at, copy.bytes + copy.len, &bytes, &len)) {
        if (len >= SIGNATURE_BYTES && fw_decodes((const char *)bytes)) {
            add_table(lint, path, bytes, len);
            found++;
        } else {
            free(bytes);
            lint->skipped++;
        }
    }
    free(copy.bytes);
    if (found == 0)
        unreadable(lint, path,
                   "neither a table nor text of acpidump with a table that counts here");
}

/* named: on the command line, and any table will do. */
static void load_bytes(struct lint *lint, const char *path, uint8_t *bytes, size_t len, bool named)
{
    if (named && len > HEADER_BYTES && file_is_text(bytes, len)) {
        load_dump(lint, path, bytes, len);
        free(bytes);
        return;
    }
    if (len >= SIGNATURE_BYTES &&
        (fw_decodes((const char *)bytes) || (named && len >= HEADER_BYTES))) {
        add_table(lint, path, bytes, len);
        return;
    }
    if (!named)
        lint->skipped++;
    else
        unreadable(lint, path, "too short for a table");
    free(bytes);
}

/* The system names a machine's tables by their signatures. One line for all of them is
 * load_own()'s. */
static void denied(struct lint *lint, const char *path)
{
    const char *name = strrchr(path, '/') + 1;

    if (strlen(name) < SIGNATURE_BYTES || !fw_decodes(name)) {
        lint->skipped++;
        return;
    }
    lint->denied = true;
    lint->unreadable = true;
}

static void load_file(struct lint *lint, const char *path, bool named)
{
    size_t len;
    uint8_t *bytes = file_read(path, TABLE_BYTES_MAX, &len);

    if (bytes == NULL) {
        if (errno == EACCES && lint->own)
            denied(lint, path);
        else
            unreadable(lint, path, strerror(errno));
        return;
    }
    load_bytes(lint, path, bytes, len, named);
}

void tables_take(struct lint *lint, const char *path, uint8_t *bytes, size_t len)
{
    if (len > TABLE_BYTES_MAX) {
        unreadable(lint, path, strerror(EFBIG));
        free(bytes);
        return;
    }
    load_bytes(lint, path, bytes, len, true);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Whether there are folders in it. */
static bool load_folder(struct lint *lint, const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_visible, alphasort);
    bool folders = false;

    if (count < 0) {
        unreadable(lint, path, strerror(errno));
        return false;
    }
    for (int i = 0; i < count; i++) {
        struct text file = { 0 };
        struct stat status;

        text_add(&file, path, strlen(path));
        text_add(&file, "/", 1);
        text_add(&file, entries[i]->d_name, strlen(entries[i]->d_name));
        if (stat(file.bytes, &status) == 0) {
            folders |= S_ISDIR(status.st_mode);
            if (S_ISREG(status.st_mode))
                load_file(lint, file.bytes, false);
        }
        free(file.bytes);
        free(entries[i]);
    }
    free(entries);
    return folders;
}

void tables_load(struct lint *lint, const char *path)
{
    size_t before = lint->table_count;
    struct stat status;

    if (stat(path, &status) != 0) {
        unreadable(lint, path, strerror(errno));
    } else if (S_ISDIR(status.st_mode)) {
        bool folders = load_folder(lint, path);

        if (lint->table_count == before && !lint->unreadable)
            unreadable(lint, path,
                       folders ? NO_TABLE "; the folders in it are not entered, name one of them"
                               : NO_TABLE);
    } else {
        load_file(lint, path, true);
    }
}

/* ---- machines ---- */

static size_t folder_len(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? 0 : (size_t)(slash - path);
}

static bool same_folder(const struct lint_table *a, const struct lint_table *b)
{
    size_t len = folder_len(a->file);

    return len == folder_len(b->file) && memcmp(a->file, b->file, len) == 0;
}

static int by_folder(const void *left, const void *right)
{
    const struct lint_table *a = left, *b = right;
    size_t a_len = folder_len(a->file), b_len = folder_len(b->file);
    int order = memcmp(a->file, b->file, a_len < b_len ? a_len : b_len);

    if (order == 0 && a_len != b_len)
        order = a_len < b_len ? -1 : 1;
    return order != 0 ? order : strcmp(a->file, b->file);
}

/* Whether a machine could have all of them: no two that count have one signature. */
static bool are_one_machine(const struct lint_table *tables, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t other = 0; other < i; other++)
            if (tables[i].relevant && memcmp(tables[i].table.signature,
                                             tables[other].table.signature, SIGNATURE_BYTES) == 0)
                return false;
    return true;
}

static void add_machine(struct lint *lint, struct lint_table *tables, size_t count)
{
    lint->machines =
        lint_alloc(lint->machines, (lint->machine_count + 1) * sizeof(*lint->machines));
    lint->machines[lint->machine_count++] =
        (struct lint_machine) { .tables = tables, .table_count = count };
}

void tables_sort(struct lint *lint)
{
    size_t count;

    if (lint->table_count == 0)
        return;
    qsort(lint->tables, lint->table_count, sizeof(*lint->tables), by_folder);
    for (size_t first = 0; first < lint->table_count; first += count) {
        struct lint_table *tables = &lint->tables[first];

        for (count = 1; first + count < lint->table_count && same_folder(tables, tables + count);)
            count++;
        if (lint->own || are_one_machine(tables, count))
            add_machine(lint, tables, count);
        else
            for (size_t i = 0; i < count; i++)
                add_machine(lint, tables + i, 1);
    }
}
