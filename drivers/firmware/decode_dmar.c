/* SPDX-License-Identifier: BSD-2-Clause */
/* DMAR, VT-d §8: all structures and device scopes, fields as they lie there; nothing is judged. */
#include "decode_internal.h"

static const struct fw_word structure_names[] = {
    { 0, "remapping hardware unit" },
    { 1, "reserved memory region" },
    { 2, "root port ATS capability" },
    { 3, "remapping hardware static affinity" },
    { 4, "ACPI name-space device declaration" },
    { 5, "SoC integrated address translation cache" },
    { 6, "SoC integrated device property" },
    { 0, NULL },
};

static const struct fw_word scope_names[] = {
    { 1, "PCI endpoint" },     { 2, "PCI sub-hierarchy" },      { 3, "IOAPIC" },
    { 4, "MSI-capable HPET" }, { 5, "ACPI name-space device" }, { 0, NULL },
};

/* ---- device scopes, §8.3.1 ---- */

static const struct fw_layout scope_header[] = {
    FW_FIELD(0, 1, FW_NUMBER, "Type", .words = scope_names),
    FW_FIELD(1, 1, FW_NUMBER, "Length"),
    { .name = NULL },
};

static const struct fw_layout scope_fields[] = {
    FW_FIELD(2, 1, FW_HEX, "Flags"),
    FW_FIELD(3, 1, FW_HEX, "Reserved"),
    FW_FIELD(4, 1, FW_NUMBER, "Enumeration ID"),
    FW_FIELD(5, 1, FW_HEX, "Start Bus Number"),
    { .name = NULL },
};

/* §8.9: the flags mean something in a SIDP only. */
static const struct fw_part property_flags[] = {
    FW_PART(0, 1, "REQ_WO_PASID_NESTED_NOTALLOWED"),
    FW_PART(1, 1, "REQ_WO_PASID_PWSNP_NOTALLOWED"),
    FW_PART(2, 1, "REQ_WO_PASID_PGSNP_NOTALLOWED"),
    FW_PART(3, 1, "ATC_HARDENED"),
    FW_PART(4, 1, "ATC_REQUIRED"),
    FW_PART(5, 3, "Reserved"),
    { .name = NULL },
};

static const struct fw_layout property_scope_fields[] = {
    FW_FIELD(2, 1, FW_HEX, "Flags", .parts = property_flags),
    FW_FIELD(3, 1, FW_HEX, "Reserved"),
    FW_FIELD(4, 1, FW_NUMBER, "Enumeration ID"),
    FW_FIELD(5, 1, FW_HEX, "Start Bus Number"),
    { .name = NULL },
};

static void explain_hop(uint64_t value, char *out)
{
    out = fw_put_text(out, "device ");
    out = fw_put_number(out, value & 0xff);
    out = fw_put_text(out, " function ");
    fw_put_number(out, value >> 8);
}

static const struct fw_layout hop[] = {
    FW_FIELD(0, 2, FW_HEX, "Path", .explain = explain_hop),
    { .name = NULL },
};

static void decode_path(struct fw_reader *r, uint32_t at, uint32_t end)
{
    if (at == end)
        fw_problem(r, at, "a scope without a path, which has at least one pair", 0);
    for (; end - at >= 2; at += 2)
        fw_field(r, at, hop);
    if (at < end)
        fw_problem(r, at, "half a pair at the end of a path", fw_number(r, at, 1));
    fw_bytes(r, "Left over", at, end);
}

#define SCOPES(fields)                                                                             \
    {                                                                                              \
        { .type = 1, .name = "scope endpoint", .layout = fields, .rest = decode_path },            \
            { .type = 2, .name = "scope bridge", .layout = fields, .rest = decode_path },          \
            { .type = 3, .name = "scope IOAPIC", .layout = fields, .rest = decode_path },          \
            { .type = 4, .name = "scope HPET", .layout = fields, .rest = decode_path },            \
            { .type = 5, .name = "scope ACPI device", .layout = fields, .rest = decode_path },     \
            { .name = NULL },                                                                      \
    }

static const struct fw_structure scopes[] = SCOPES(scope_fields);
static const struct fw_structure property_scopes[] = SCOPES(property_scope_fields);

static const struct fw_list scope_list = {
    .structures = scopes,
    .header = scope_header,
    .header_len = 6,
    .type_len = 1,
    .length_at = 1,
    .length_len = 1,
    .unknown = "unknown scope",
};

static const struct fw_list property_scope_list = {
    .structures = property_scopes,
    .header = scope_header,
    .header_len = 6,
    .type_len = 1,
    .length_at = 1,
    .length_len = 1,
    .unknown = "unknown scope",
};

static void decode_scopes(struct fw_reader *r, uint32_t at, uint32_t end)
{
    fw_walk(r, &scope_list, at, end);
}

static void decode_property_scopes(struct fw_reader *r, uint32_t at, uint32_t end)
{
    fw_walk(r, &property_scope_list, at, end);
}

/* ---- structures, §8.2 to §8.9 ---- */

static const struct fw_layout structure_header[] = {
    FW_FIELD(0, 2, FW_NUMBER, "Type", .words = structure_names),
    FW_FIELD(2, 2, FW_NUMBER, "Length"),
    { .name = NULL },
};

static void explain_size(uint64_t value, char *out)
{
    out = fw_put_number(out, 4ull << value);
    fw_put_text(out, " KiB");
}

static const struct fw_part drhd_flags[] = {
    FW_PART(0, 1, "INCLUDE_PCI_ALL"),
    FW_PART(1, 7, "Reserved"),
    { .name = NULL },
};
static const struct fw_part drhd_size[] = {
    FW_PART(0, 4, "Size", .explain = explain_size),
    FW_PART(4, 4, "Reserved"),
    { .name = NULL },
};

static const struct fw_layout drhd[] = {
    FW_FIELD(4, 1, FW_HEX, "Flags", .parts = drhd_flags),
    FW_FIELD(5, 1, FW_HEX, "Size", .parts = drhd_size),
    FW_FIELD(6, 2, FW_NUMBER, "Segment Number"),
    FW_FIELD(8, 8, FW_HEX, "Register Base Address"),
    { .name = NULL },
};

static const struct fw_layout rmrr[] = {
    FW_FIELD(4, 2, FW_HEX, "Reserved"),
    FW_FIELD(6, 2, FW_NUMBER, "Segment Number"),
    FW_FIELD(8, 8, FW_HEX, "Reserved Memory Region Base Address"),
    FW_FIELD(16, 8, FW_HEX, "Reserved Memory Region Limit Address"),
    { .name = NULL },
};

static const struct fw_part atsr_flags[] = {
    FW_PART(0, 1, "ALL_PORTS"),
    FW_PART(1, 7, "Reserved"),
    { .name = NULL },
};

static const struct fw_layout atsr[] = {
    FW_FIELD(4, 1, FW_HEX, "Flags", .parts = atsr_flags),
    FW_FIELD(5, 1, FW_HEX, "Reserved"),
    FW_FIELD(6, 2, FW_NUMBER, "Segment Number"),
    { .name = NULL },
};

static const struct fw_layout rhsa[] = {
    FW_FIELD(4, 4, FW_HEX, "Reserved"),
    FW_FIELD(8, 8, FW_HEX, "Register Base Address"),
    FW_FIELD(16, 4, FW_NUMBER, "Proximity Domain"),
    { .name = NULL },
};

static const struct fw_layout andd[] = {
    FW_FIELD(4, 3, FW_HEX, "Reserved"),
    FW_FIELD(7, 1, FW_NUMBER, "ACPI Device Number"),
    { .name = NULL },
};

/* The name ends at its first NUL; what firmware put behind it is told apart from it. */
static void decode_object_name(struct fw_reader *r, uint32_t at, uint32_t end)
{
    uint32_t stop = at;

    while (stop < end && r->bytes[stop] != 0)
        stop++;
    if (stop == end)
        fw_problem(r, end, "an object name that does not end, after bytes", end - at);
    else
        stop++;
    fw_text(r, "ACPI Object Name", at, stop);
    fw_bytes(r, "Padding", stop, end);
}

static const struct fw_part satc_flags[] = {
    FW_PART(0, 1, "ATC_REQUIRED"),
    FW_PART(1, 7, "Reserved"),
    { .name = NULL },
};

static const struct fw_layout satc[] = {
    FW_FIELD(4, 1, FW_HEX, "Flags", .parts = satc_flags),
    FW_FIELD(5, 1, FW_HEX, "Reserved"),
    FW_FIELD(6, 2, FW_NUMBER, "Segment Number"),
    { .name = NULL },
};

static const struct fw_layout sidp[] = {
    FW_FIELD(4, 2, FW_HEX, "Reserved"),
    FW_FIELD(6, 2, FW_NUMBER, "Segment Number"),
    { .name = NULL },
};

static const struct fw_structure structures[] = {
    { .type = 0, .name = "DRHD", .layout = drhd, .rest = decode_scopes },
    { .type = 1, .name = "RMRR", .layout = rmrr, .rest = decode_scopes },
    { .type = 2, .name = "ATSR", .layout = atsr, .rest = decode_scopes },
    { .type = 3, .name = "RHSA", .layout = rhsa },
    { .type = 4, .name = "ANDD", .layout = andd, .rest = decode_object_name },
    { .type = 5, .name = "SATC", .layout = satc, .rest = decode_scopes },
    { .type = 6, .name = "SIDP", .layout = sidp, .rest = decode_property_scopes },
    { .name = NULL },
};

static const struct fw_list structure_list = {
    .structures = structures,
    .header = structure_header,
    .header_len = 4,
    .type_len = 2,
    .length_at = 2,
    .length_len = 2,
    .unknown = "unknown structure",
};

/* ---- the table, §8.1 ---- */

static void explain_width(uint64_t value, char *out)
{
    out = fw_put_number(out, value + 1);
    fw_put_text(out, " bits");
}

static const struct fw_part table_flags[] = {
    FW_PART(0, 1, "INTR_REMAP"),
    FW_PART(1, 1, "X2APIC_OPT_OUT"),
    FW_PART(2, 1, "DMA_CTRL_PLATFORM_OPT_IN_FLAG"),
    FW_PART(3, 5, "Reserved"),
    { .name = NULL },
};

static const struct fw_layout table[] = {
    FW_FIELD(36, 1, FW_NUMBER, "Host Address Width", .explain = explain_width),
    FW_FIELD(37, 1, FW_HEX, "Flags", .parts = table_flags),
    FW_FIELD(38, 10, FW_BYTES, "Reserved"),
    { .name = NULL },
};

void fw_decode_dmar(struct fw_reader *r, uint32_t end)
{
    fw_walk(r, &structure_list, fw_fields(r, 0, end, table), end);
}
