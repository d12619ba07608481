/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decoder against iasl, on every real table in the folder: each field that
 * iasl prints is one of ours with the same place, length and value, and each
 * of ours is one of iasl's, but for what is named below.
 */
#include "test.h"

#include <dirent.h>

#include "decode.h"
#include "iasl_dsl.h"

#define PATH_BYTES 512u
#define FIELD_MAX 8192u

struct own_field {
    struct fw_field field;
    uint8_t bytes[IASL_FIELD_BYTES]; /* as the value says, or as they are */
    bool known;                      /* of a block of a known type */
    bool begins;                     /* a structure or an entry */
    bool matched;
};

struct decoded {
    const char *file;
    struct own_field *fields;
    size_t count;
    unsigned depth;
    bool known[8];
    uint32_t start[8];
    unsigned unknown_blocks, problems;
};

/* Over all tables. */
static struct {
    unsigned tables, compared, fields, parts;
    unsigned split;          /* one of iasl's is two of ours: the segment in an IVMD */
    unsigned past_end;       /* iasl reads on behind a structure of an older revision */
    unsigned padding;        /* iasl leaves it out */
    unsigned unknown_fields; /* in blocks or entries iasl has no layout for */
    unsigned empty_uid;      /* format and length of a UID of no bytes: iasl leaves them out */
    unsigned hpet_parts;     /* iasl prints two bits of a field of four */
} counts;

static void see_open(void *ctx, const struct fw_block *block)
{
    struct decoded *d = ctx;

    CHECK(d->depth < 8);
    d->start[d->depth] = block->offset;
    d->known[d->depth++] = block->known;
    d->unknown_blocks += !block->known;
}

static void see_close(void *ctx, const struct fw_block *block)
{
    (void)block;
    ((struct decoded *)ctx)->depth--;
}

static void see_field(void *ctx, const struct fw_field *field)
{
    struct decoded *d = ctx;
    struct own_field *own = &d->fields[d->count++];

    CHECK(d->count < FIELD_MAX);
    *own = (struct own_field) { .field = *field, .known = d->known[d->depth - 1] };
    own->begins = field->offset == d->start[d->depth - 1] && field->offset > 0;
    for (uint32_t i = 0; i < field->len && i < IASL_FIELD_BYTES; i++)
        if (field->kind == FW_TEXT || field->kind == FW_BYTES)
            own->bytes[i] = field->bytes[i];
        else
            own->bytes[i] = (uint8_t)(field->value >> (8 * i));
}

static void see_problem(void *ctx, uint32_t offset, const char *what, uint64_t value)
{
    (void)offset;
    (void)what;
    (void)value;
    ((struct decoded *)ctx)->problems++;
}

static uint8_t *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes;

    *len = 0;
    if (file == NULL)
        return NULL;
    bytes = malloc(1u << 20);
    CHECK(bytes != NULL);
    *len = fread(bytes, 1, (1u << 20) - 1, file);
    fclose(file);
    bytes[*len] = '\0';
    return bytes;
}

/* No byte is left out, none comes twice; parts are what their field says. */
static void check_cover(const struct decoded *d, size_t len)
{
    const struct own_field *whole = NULL;
    uint32_t at = 0;

    for (size_t i = 0; i < d->count; i++) {
        const struct fw_field *field = &d->fields[i].field;

        if (field->bits == 0) {
            if (field->offset != at)
                test_fail(__FILE__, __LINE__, "%s: '%s' at 0x%x, 0x%x expected", d->file,
                          field->name, field->offset, at);
            at += field->len;
            whole = &d->fields[i];
            continue;
        }
        CHECK(whole != NULL && field->offset == whole->field.offset &&
              field->bits + field->bit <= 64);
        CHECK_EQ(field->value, whole->field.value >> field->bit & ~0ull >> (64 - field->bits));
    }
    CHECK_EQ(at, len);
}

static bool is_hpet_protection(const struct iasl_field *theirs)
{
    return theirs->offset == 55 && theirs->part_count == 2;
}

/* iasl's bits are ours from the first on. */
static void check_parts(const struct decoded *d, size_t index, const struct iasl_field *theirs)
{
    if (memcmp(d->fields[0].bytes, "HPET", 4) == 0 && is_hpet_protection(theirs)) {
        CHECK_EQ(d->fields[index + 1].field.value & 1, theirs->parts[0]);
        CHECK_EQ(d->fields[index + 1].field.value >> 1 & 1, theirs->parts[1]);
        counts.hpet_parts++;
        return;
    }
    for (unsigned i = 0; i < theirs->part_count; i++) {
        const struct fw_field *part = &d->fields[index + 1 + i].field;

        if (index + 1 + i >= d->count || part->bits == 0 || part->value != theirs->parts[i])
            test_fail(__FILE__, __LINE__, "%s: bits %u of '%s' at 0x%x differ", d->file, i,
                      theirs->name, theirs->offset);
        counts.parts++;
    }
}

static bool same_bytes(const struct own_field *own, const struct iasl_field *theirs, uint32_t from)
{
    if (!theirs->text)
        return memcmp(own->bytes, theirs->bytes + from, own->field.len) == 0;
    for (uint32_t i = 0; i < own->field.len && own->bytes[i] != 0; i++)
        if (own->bytes[i] != theirs->bytes[from + i] &&
            (theirs->bytes[from + i] != ' ' || (own->bytes[i] >= ' ' && own->bytes[i] <= '~')))
            return false;
    return true;
}

static void check_value(const struct decoded *d, const struct own_field *own,
                        const struct iasl_field *theirs, uint32_t from)
{
    if (!same_bytes(own, theirs, from))
        test_fail(__FILE__, __LINE__, "%s: '%s' at 0x%x is not what iasl's '%s' says", d->file,
                  own->field.name, own->field.offset, theirs->name);
}

/* Where iasl sees a structure begin, we do, and the other way round. MCFG's have no type. */
static void check_begin(const struct decoded *d, const struct own_field *own,
                        const struct iasl_field *theirs)
{
    bool begins = strcmp(theirs->name, "Subtable Type") == 0 || strcmp(theirs->name, "Type") == 0 ||
                  strcmp(theirs->name, "Device Scope Type") == 0;

    if (begins != own->begins && memcmp(d->fields[0].bytes, "MCFG", 4) != 0)
        test_fail(__FILE__, __LINE__, "%s: at 0x%x a structure begins for one of us only", d->file,
                  theirs->offset);
}

/* One of iasl's fields: one of ours, or several that fill it. */
static void match(struct decoded *d, const struct iasl_field *theirs)
{
    uint32_t at = theirs->offset, end = theirs->offset + theirs->len;

    for (size_t i = 0; i < d->count && at < end; i++) {
        struct own_field *own = &d->fields[i];

        if (own->field.bits != 0 || own->field.offset != at || at + own->field.len > end)
            continue;
        check_value(d, own, theirs, at - theirs->offset);
        own->matched = true;
        check_begin(d, own, theirs);
        if (own->field.len == theirs->len)
            check_parts(d, i, theirs);
        else if (at == theirs->offset)
            counts.split++;
        at += own->field.len;
    }
    if (at != end)
        test_fail(__FILE__, __LINE__, "%s: nothing of ours is iasl's '%s' at 0x%x", d->file,
                  theirs->name, theirs->offset);
    counts.fields++;
}

static bool overruns(const struct iasl_table *table, size_t index)
{
    const struct iasl_field *field = &table->fields[index];

    return index + 1 < table->count && table->fields[index + 1].offset < field->offset + field->len;
}

/* What iasl does not print. */
static void check_unmatched(const struct decoded *d, size_t index)
{
    const struct own_field *own = &d->fields[index];
    const char *name = own->field.name;

    if (strcmp(name, "Padding") == 0 || strcmp(name, "Beyond the fields") == 0)
        counts.padding++;
    else if (!own->known || strcmp(name, "Bytes behind the table") == 0)
        counts.unknown_fields++;
    else if (strcmp(name, "UID Length") == 0 && own->field.value == 0)
        counts.empty_uid++;
    else if (strcmp(name, "UID Format") != 0 || d->fields[index + 1].field.value != 0)
        test_fail(__FILE__, __LINE__, "%s: iasl has no '%s' at 0x%x", d->file, name,
                  own->field.offset);
}

static void compare(struct decoded *d, struct iasl_table *theirs)
{
    for (size_t i = 0; i < theirs->count; i++)
        if (overruns(theirs, i))
            counts.past_end++;
        else
            match(d, &theirs->fields[i]);
    for (size_t i = 0; i < d->count; i++)
        if (d->fields[i].field.bits == 0 && !d->fields[i].matched)
            check_unmatched(d, i);
    counts.compared++;
}

static void check_table(const char *path)
{
    struct decoded d = { .file = path, .fields = calloc(FIELD_MAX, sizeof(*d.fields)) };
    const struct fw_visitor visitor = {
        .open = see_open,
        .field = see_field,
        .close = see_close,
        .problem = see_problem,
        .ctx = &d,
    };
    char other[PATH_BYTES];
    struct iasl_table theirs = { 0 };
    size_t len, text_len;
    uint8_t *bytes = read_file(path, &len);
    char *text;

    CHECK(bytes != NULL && d.fields != NULL);
    CHECK_EQ(fw_decode(bytes, len, &visitor), d.problems == 0);
    check_cover(&d, len);
    snprintf(other, sizeof(other), "%.*s.dsl", (int)(strlen(path) - 4), path);
    text = (char *)read_file(other, &text_len);
    if (text != NULL) {
        iasl_read(text, &theirs);
        CHECK(theirs.count > 9);
        compare(&d, &theirs);
    }
    counts.tables++;
    free(theirs.fields);
    free(text);
    free(bytes);
    free(d.fields);
}

static bool is_table(const char *name)
{
    size_t len = strlen(name);

    return len > 4 && strcmp(name + len - 4, ".dat") == 0;
}

static void check_folder(const char *folder, unsigned depth)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    char path[PATH_BYTES];

    if (dir == NULL)
        return;
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%.200s/%.250s", folder, entry->d_name);
        if (is_table(entry->d_name))
            check_table(path);
        else if (entry->d_type == DT_DIR && depth < 3)
            check_folder(path, depth + 1);
    }
    closedir(dir);
}

TEST(every_field_of_every_real_table_is_what_iasl_says)
{
    const char *folder = test_tables_folder();

    if (folder == NULL)
        test_skip("no folder of real tables");
    check_folder(folder, 0);
    printf("# %u tables without a byte left out, %u of them compared: %u fields and %u bit fields "
           "agree\n",
           counts.tables, counts.compared, counts.fields, counts.parts);
    printf("# iasl has not: %u paddings, %u fields of unknown types, %u UIDs of no bytes; reads "
           "past an end: %u; "
           "one field for two of ours: %u; HPET page protection as two bits: %u\n",
           counts.padding, counts.unknown_fields, counts.empty_uid, counts.past_end, counts.split,
           counts.hpet_parts);
    CHECK(counts.compared > 0);
}
