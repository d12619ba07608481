/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report as one JSON object, schema iommukit-lint/1. Units, functions,
 * groups and findings have the members they have in the kernel's report.
 */
#include "lint.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"

#include "decode.h"
#include "iommu/iommu.h"
#include "version.h"

#define SCHEMA "iommukit-lint/1"
#define ADDRESS_BYTES 16u
#define REASON_BYTES 256u
#define RIDS_MAX 64u

static void put_json(void *ctx, const char *bytes, size_t len)
{
    text_add(ctx, bytes, len);
}

static void put_rid(struct json *json, const char *name, uint16_t segment, uint16_t rid)
{
    char text[ADDRESS_BYTES];

    snprintf(text, sizeof(text), IOMMU_RID_FORMAT, IOMMU_RID_ARGS(segment, rid));
    json_text(json, name, text);
}

/* ---- tables ---- */

/*
 * A block's fields and its blocks are two lists, and the decoder tells both
 * mixed: each waits in a text of its own until the block is closed. The
 * outermost level is not a block: it has the table in its list of blocks.
 */
#define DEPTH_MAX 8u

struct level {
    struct text fields, blocks;
    struct json field_json, block_json;
};

struct table_writer {
    struct level levels[DEPTH_MAX];
    size_t depth; /* blocks open */
    struct text problems;
    struct json problem_json;
};

static struct json writer_to(struct text *text)
{
    return (struct json) { .put = put_json, .ctx = text };
}

static void open_level(struct level *level)
{
    memset(level, 0, sizeof(*level));
    level->field_json = writer_to(&level->fields);
    level->block_json = writer_to(&level->blocks);
    text_add(&level->fields, "", 0);
    text_add(&level->blocks, "", 0);
}

static void close_level(struct level *level)
{
    free(level->fields.bytes);
    free(level->blocks.bytes);
}

static void open_block(void *ctx, const struct fw_block *block)
{
    struct table_writer *w = ctx;

    (void)block;
    open_level(&w->levels[++w->depth]);
}

/* Text ends at its first NUL: firmware pads with them. */
static void put_value_text(struct json *json, const struct fw_field *field)
{
    size_t len = strnlen((const char *)field->bytes, field->len);
    struct text value = { 0 };

    text_add(&value, (const char *)field->bytes, len);
    json_text(json, "value", value.bytes);
    free(value.bytes);
}

static void put_value_bytes(struct json *json, const struct fw_field *field)
{
    struct text value = { 0 };

    for (uint32_t i = 0; i < field->len; i++) {
        char pair[4];

        text_add(&value, pair,
                 (size_t)snprintf(pair, sizeof(pair), i == 0 ? "%02x" : " %02x", field->bytes[i]));
    }
    json_text(json, "value", value.bytes);
    free(value.bytes);
}

static void put_field(void *ctx, const struct fw_field *field)
{
    struct table_writer *w = ctx;
    struct json *json = &w->levels[w->depth].field_json;

    json_open(json, NULL, '{');
    json_text(json, "name", field->name);
    json_number(json, "offset", field->offset);
    json_number(json, "length", field->len);
    if (field->bits != 0) {
        json_number(json, "bit", field->bit);
        json_number(json, "bits", field->bits);
    }
    if (field->kind == FW_TEXT)
        put_value_text(json, field);
    else if (field->kind == FW_BYTES)
        put_value_bytes(json, field);
    else if (field->kind == FW_HEX)
        json_hex(json, "value", field->value);
    else
        json_number(json, "value", field->value);
    json_text(json, "meaning", field->meaning);
    json_close(json, '}');
}

/* A list written elsewhere goes in as it is. */
static void put_list(struct json *json, const char *name, const struct text *list)
{
    json_open(json, name, '[');
    json->put(json->ctx, list->bytes, list->len);
    json_close(json, ']');
}

static void close_block(void *ctx, const struct fw_block *block)
{
    struct table_writer *w = ctx;
    struct level *level = &w->levels[w->depth--];
    struct json *json = &w->levels[w->depth].block_json;

    json_open(json, NULL, '{');
    json_text(json, "name", block->name);
    json_number(json, "type", block->type);
    json_bool(json, "known", block->known);
    json_number(json, "offset", block->offset);
    json_number(json, "length", block->len);
    put_list(json, "fields", &level->fields);
    put_list(json, "blocks", &level->blocks);
    json_close(json, '}');
    close_level(level);
}

static void put_problem(void *ctx, uint32_t offset, const char *what, uint64_t value)
{
    struct json *json = &((struct table_writer *)ctx)->problem_json;

    json_open(json, NULL, '{');
    json_number(json, "offset", offset);
    json_text(json, "what", what);
    json_hex(json, "value", value);
    json_close(json, '}');
}

static void put_table(struct json *json, const struct lint_table *table)
{
    struct table_writer w = { .problem_json = writer_to(&w.problems) };
    const struct fw_visitor visitor = {
        .open = open_block,
        .field = put_field,
        .close = close_block,
        .problem = put_problem,
        .ctx = &w,
    };

    open_level(&w.levels[0]);
    text_add(&w.problems, "", 0);
    fw_decode(table->table.bytes, table->table.len, &visitor);
    json_open(json, NULL, '{');
    json_text(json, "file", table->file);
    json_text(json, "signature", table->table.signature);
    json_number(json, "length", table->table.len);
    put_list(json, "blocks", &w.levels[0].blocks);
    put_list(json, "problems", &w.problems);
    json_close(json, '}');
    close_level(&w.levels[0]);
    free(w.problems.bytes);
}

/* ---- units, functions, groups ---- */

static void put_unit(struct json *json, const struct lint_unit *unit)
{
    json_open(json, NULL, '{');
    json_text(json, "name", unit->name);
    json_text(json, "vendor", unit->amd ? "amd" : "intel");
    json_number(json, "segment", unit->segment);
    json_hex(json, "base", unit->base);
    if (unit->amd)
        put_rid(json, "function", unit->segment, unit->rid);
    json_text(json, "file", unit->file);
    json_number(json, "offset", unit->offset);
    json_close(json, '}');
}

static const struct pci_group_member *member_of(const struct lint_machine *machine,
                                                const struct pci_function *f)
{
    for (size_t i = 0; i < machine->member_count; i++)
        if (machine->members[i].function == f)
            return &machine->members[i];
    return NULL;
}

static void put_group_of(struct json *json, const struct pci_group_member *member)
{
    char reason[REASON_BYTES];

    if (member == NULL)
        return;
    if (member->group != PCI_NO_GROUP)
        json_number(json, "group", member->group);
    json_text(json, "group_kind", pci_group_reason_name(member->reason));
    if (member->because != NULL)
        put_rid(json, "group_because", member->because->segment, member->because->rid);
    pci_group_text(member, reason, sizeof(reason));
    json_text(json, "group_reason", reason);
}

static void put_requester_ids(struct json *json, const struct lint_machine *machine,
                              const struct pci_function *f)
{
    uint16_t rids[RIDS_MAX];
    size_t count = pci_requester_ids(f, rids, RIDS_MAX);

    count += machine_aliases(machine, f, rids + count, RIDS_MAX - count);
    json_open(json, "requester_ids", '[');
    for (size_t i = 0; i < count; i++)
        put_rid(json, NULL, f->segment, rids[i]);
    json_close(json, ']');
}

static void put_region(struct json *json, const struct lint_region *region)
{
    json_open(json, NULL, '{');
    json_hex(json, "start", region->start);
    json_hex(json, "end", region->end);
    json_bool(json, "read", (region->prot & IOMMU_READ) != 0);
    json_bool(json, "write", (region->prot & IOMMU_WRITE) != 0);
    json_close(json, '}');
}

static void put_reserved(struct json *json, const struct lint_machine *machine,
                         const struct pci_function *f)
{
    json_open(json, "reserved", '[');
    for (size_t i = 0; i < machine->region_count; i++)
        if (machine_region_names(machine, &machine->regions[i], f))
            put_region(json, &machine->regions[i]);
    json_close(json, ']');
}

static void put_function(struct json *json, const struct lint_machine *machine,
                         const struct pci_function *f)
{
    const struct lint_unit *unit = machine_unit_of(machine, f);

    json_open(json, NULL, '{');
    put_rid(json, "address", f->segment, f->rid);
    if (f->parent != NULL)
        put_rid(json, "parent", f->segment, f->parent->rid);
    json_hex(json, "vendor", f->vendor);
    json_hex(json, "device", f->device);
    json_hex(json, "class", f->class_code);
    json_text(json, "class_name", pci_class_name(f->class_code));
    json_bool(json, "bridge", f->is_bridge);
    json_text(json, "unit", unit == NULL ? "" : unit->name);
    put_requester_ids(json, machine, f);
    put_reserved(json, machine, f);
    put_group_of(json, member_of(machine, f));
    json_close(json, '}');
}

static size_t group_count(const struct lint_machine *machine)
{
    size_t count = 0;

    for (size_t i = 0; i < machine->member_count; i++)
        if (machine->members[i].group != PCI_NO_GROUP && machine->members[i].group >= count)
            count = machine->members[i].group + 1;
    return count;
}

/* The region, or an equal one before it, of some member of the group; SIZE_MAX: of none. */
static size_t first_like(const struct lint_machine *machine, size_t group, size_t region)
{
    const struct lint_region *wanted = &machine->regions[region];

    for (size_t i = 0; i <= region; i++) {
        const struct lint_region *r = &machine->regions[i];

        if (r->start != wanted->start || r->end != wanted->end || r->prot != wanted->prot)
            continue;
        for (size_t m = 0; m < machine->member_count; m++)
            if (machine->members[m].group == group &&
                machine_region_names(machine, r, machine->members[m].function))
                return i;
    }
    return SIZE_MAX;
}

static void put_group_reserved(struct json *json, const struct lint_machine *machine, size_t group)
{
    json_open(json, "reserved", '[');
    for (size_t i = 0; i < machine->region_count; i++)
        if (first_like(machine, group, i) == i)
            put_region(json, &machine->regions[i]);
    json_close(json, ']');
}

static void put_groups(struct json *json, const struct lint_machine *machine)
{
    size_t count = group_count(machine);

    for (size_t group = 0; group < count; group++) {
        json_open(json, NULL, '{');
        json_number(json, "id", group);
        json_open(json, "members", '[');
        for (size_t i = 0; i < machine->member_count; i++)
            if (machine->members[i].group == group)
                put_rid(json, NULL, machine->members[i].function->segment,
                        machine->members[i].function->rid);
        json_close(json, ']');
        put_group_reserved(json, machine, group);
        json_close(json, '}');
    }
}

/* ---- findings ---- */

static void put_finding(struct json *json, const struct lint_finding *finding)
{
    json_open(json, NULL, '{');
    json_text(json, "severity", fw_severity_name(finding->severity));
    json_text(json, "id", finding->id);
    json_text(json, "table", finding->table);
    json_text(json, "file", finding->file);
    json_number(json, "offset", finding->offset);
    json_text(json, "what", finding->what);
    json_text(json, "trips", finding->trips);
    json_text(json, "remedy", finding->remedy);
    json_text(json, "reference", finding->reference);
    json_close(json, '}');
}

/* ---- the report ---- */

static void put_tables(struct json *json, const struct lint *lint)
{
    json_open(json, "tables", '[');
    for (size_t i = 0; i < lint->table_count; i++)
        put_table(json, &lint->tables[i]);
    json_close(json, ']');
}

static void put_units(struct json *json, const struct lint_machine *machine)
{
    for (size_t i = 0; i < machine->unit_count; i++)
        put_unit(json, &machine->units[i]);
}

static void put_functions(struct json *json, const struct lint_machine *machine)
{
    for (const struct pci_function *f = machine->facts.functions; f != NULL; f = f->next)
        put_function(json, machine, f);
}

static void put_findings(struct json *json, const struct lint_machine *machine)
{
    for (size_t i = 0; i < machine->finding_count; i++)
        put_finding(json, &machine->findings[i]);
}

/* One list over all machines. */
static void put_each(struct json *json, const char *name, const struct lint *lint,
                     void (*put)(struct json *json, const struct lint_machine *machine))
{
    json_open(json, name, '[');
    for (size_t i = 0; i < lint->machine_count; i++)
        put(json, &lint->machines[i]);
    json_close(json, ']');
}

void show_json(const struct lint *lint, struct text *out)
{
    struct json json = writer_to(out);

    json_open(&json, NULL, '{');
    json_text(&json, "schema", SCHEMA);
    json_text(&json, "version", IOMMUKIT_VERSION);
    put_tables(&json, lint);
    put_each(&json, "units", lint, put_units);
    put_each(&json, "functions", lint, put_functions);
    put_each(&json, "groups", lint, put_groups);
    put_each(&json, "findings", lint, put_findings);
    json_close(&json, '}');
}
