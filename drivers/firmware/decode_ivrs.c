/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IVRS, AMD-Vi §5.2: blocks and device entries, fields as they lie there;
 * nothing is judged, ranges are not paired. Blocks of other types than 10h,
 * 11h, 40h, 20h to 22h have no published layout and come as bytes.
 */
#include "decode_internal.h"

static const struct fw_word block_names[] = {
    { 0x10, "I/O virtualization hardware definition" },
    { 0x11, "I/O virtualization hardware definition, with feature registers" },
    { 0x40, "I/O virtualization hardware definition, mixed" },
    { 0x20, "memory definition, all devices" },
    { 0x21, "memory definition, one device" },
    { 0x22, "memory definition, a range of devices" },
    { 0, NULL },
};

static const struct fw_part ivhd_flags[] = {
    FW_PART(0, 1, "HtTunEn"), FW_PART(1, 1, "PassPW"),   FW_PART(2, 1, "ResPassPW"),
    FW_PART(3, 1, "Isoc"),    FW_PART(4, 1, "IotlbSup"), FW_PART(5, 1, "Coherent"),
    FW_PART(6, 1, "PreFSup"), FW_PART(7, 1, "PPRSup"),   { .name = NULL },
};

static const struct fw_part ivmd_flags[] = {
    FW_PART(0, 1, "Unity"),          FW_PART(1, 1, "IR"),       FW_PART(2, 1, "IW"),
    FW_PART(3, 1, "ExclusionRange"), FW_PART(4, 4, "Reserved"), { .name = NULL },
};

/* Flags are the kind's own and stand with its fields. */
static const struct fw_layout block_header[] = {
    FW_FIELD(0, 1, FW_HEX, "Type", .words = block_names),
    { .name = NULL },
};

/* ---- device entries, §5.2.2.7 and §5.2.2.8 ---- */

static const struct fw_word management_names[] = {
    { 0, "aborted" },
    { 1, "messages forwarded untranslated" },
    { 2, "INTx messages forwarded untranslated" },
    { 3, "translated" },
    { 0, NULL },
};

static const struct fw_part settings[] = {
    FW_PART(0, 1, "INITPass"),
    FW_PART(1, 1, "EIntPass"),
    FW_PART(2, 1, "NMIPass"),
    FW_PART(3, 1, "Reserved"),
    FW_PART(4, 2, "SysMgt", .words = management_names),
    FW_PART(6, 1, "Lint0Pass"),
    FW_PART(7, 1, "Lint1Pass"),
    { .name = NULL },
};

#define ENTRY_START \
    FW_FIELD(0, 1, FW_HEX, "Type"), \
    FW_FIELD(1, 2, FW_HEX, "DeviceID", .explain = fw_explain_rid), \
    FW_FIELD(3, 1, FW_HEX, "DTE Setting", .parts = settings)

static const struct fw_layout entry_plain[] = { ENTRY_START, { .name = NULL } };

static const struct fw_layout entry_alias[] = {
    ENTRY_START,
    FW_FIELD(4, 1, FW_HEX, "Reserved"),
    FW_FIELD(5, 2, FW_HEX, "Source DeviceID", .explain = fw_explain_rid),
    FW_FIELD(7, 1, FW_HEX, "Reserved"),
    { .name = NULL },
};

static const struct fw_part extended_parts[] = {
    FW_PART(0, 31, "Reserved"),
    FW_PART(31, 1, "AtsDisabled"),
    { .name = NULL },
};

static const struct fw_layout entry_extended[] = {
    ENTRY_START,
    FW_FIELD(4, 4, FW_HEX, "Extended DTE Setting", .parts = extended_parts),
    { .name = NULL },
};

static const struct fw_word varieties[] = { { 1, "IOAPIC" }, { 2, "HPET" }, { 0, NULL } };

static const struct fw_layout entry_special[] = {
    ENTRY_START,
    FW_FIELD(4, 1, FW_NUMBER, "Handle"),
    FW_FIELD(5, 2, FW_HEX, "Source DeviceID", .explain = fw_explain_rid),
    FW_FIELD(7, 1, FW_NUMBER, "Variety", .words = varieties),
    { .name = NULL },
};

static const struct fw_word uid_formats[] = {
    { 0, "none" }, { 1, "integer" }, { 2, "string" }, { 0, NULL }
};

static const struct fw_layout entry_acpi[] = {
    ENTRY_START,
    FW_FIELD(4, 8, FW_TEXT, "Hardware ID"),
    FW_FIELD(12, 8, FW_TEXT, "Compatible ID"),
    FW_FIELD(20, 1, FW_NUMBER, "UID Format", .words = uid_formats),
    FW_FIELD(21, 1, FW_NUMBER, "UID Length"),
    { .name = NULL },
};

#define ENTRY_ACPI 0xf0u
#define ENTRY_ACPI_BYTES 22u
#define UID_FORMAT_AT 20u
#define UID_LENGTH_AT 21u
#define UID_INTEGER 1u
#define UID_INTEGER_BYTES 8u

static const struct fw_structure entries[] = {
    { .type = 0x00, .name = "padding", .layout = entry_plain },
    { .type = 0x01, .name = "all devices", .layout = entry_plain },
    { .type = 0x02, .name = "device", .layout = entry_plain },
    { .type = 0x03, .name = "range start", .layout = entry_plain },
    { .type = 0x04, .name = "range end", .layout = entry_plain },
    { .type = 0x40, .name = "padding of 8 bytes", .layout = entry_plain },
    { .type = 0x42, .name = "alias", .layout = entry_alias },
    { .type = 0x43, .name = "alias range start", .layout = entry_alias },
    { .type = 0x46, .name = "extended device", .layout = entry_extended },
    { .type = 0x47, .name = "extended range start", .layout = entry_extended },
    { .type = 0x48, .name = "special device", .layout = entry_special },
    { .type = ENTRY_ACPI, .name = "ACPI device", .layout = entry_acpi },
    { .name = NULL },
};

/* An entry's type says how long it is. 0: F0h, and its end is not to be had. */
static uint32_t entry_length(const struct fw_reader *r, uint32_t at, uint32_t end)
{
    uint8_t type = r->bytes[at];

    if (type != ENTRY_ACPI)
        return 4u << (type >> 6);
    return end - at < ENTRY_ACPI_BYTES ? 0 : ENTRY_ACPI_BYTES + r->bytes[at + UID_LENGTH_AT];
}

static const struct fw_layout uid_number[] = {
    FW_FIELD(0, UID_INTEGER_BYTES, FW_HEX, "UID"),
    { .name = NULL },
};

static void decode_uid(struct fw_reader *r, uint32_t entry, uint32_t at, uint32_t end)
{
    if (r->bytes[entry + UID_FORMAT_AT] == UID_INTEGER && end - at == UID_INTEGER_BYTES)
        fw_field(r, at, uid_number);
    else
        fw_text(r, "UID", at, end);
}

static void decode_entry(struct fw_reader *r, uint32_t at, uint32_t end)
{
    const struct fw_structure *known = entries;
    struct fw_block block = { .offset = at, .len = end - at, .type = r->bytes[at] };
    char name[FW_MEANING_BYTES];
    uint32_t start = at;

    fw_name_unknown("unknown device entry", block.type, name);
    while (known->name != NULL && known->type != block.type)
        known++;
    block.known = known->name != NULL;
    block.name = block.known ? known->name : name;
    fw_open(r, &block);
    at = fw_fields(r, start, end, block.known ? known->layout : entry_plain);
    if (block.type == ENTRY_ACPI)
        decode_uid(r, start, at, end);
    else
        fw_bytes(r, block.known ? "Padding" : "Undecoded", at, end);
    fw_close(r, &block);
}

static void decode_entries(struct fw_reader *r, uint32_t at, uint32_t end)
{
    while (at < end) {
        uint32_t length = entry_length(r, at, end);

        if (length == 0 || length > end - at) {
            fw_problem(r, at, "a device entry beyond the end of its block, of type", r->bytes[at]);
            fw_bytes(r, "Left over", at, end);
            return;
        }
        decode_entry(r, at, at + length);
        at += length;
    }
}

/* ---- IVHD, §5.2.2.2 to §5.2.2.4 ---- */

static const struct fw_part unit_info[] = {
    FW_PART(0, 5, "MSInum"),    FW_PART(5, 3, "Reserved"), FW_PART(8, 5, "UnitID"),
    FW_PART(13, 3, "Reserved"), { .name = NULL },
};

static const struct fw_word host_levels[] = {
    { 0, "4 levels" }, { 1, "5 levels" }, { 2, "6 levels" }, { 3, "no host translation" },
    { 0, NULL },
};
static const struct fw_word guest_levels[] = { { 0, "4 levels" }, { 1, "5 levels" }, { 0, NULL } };

static const struct fw_part features[] = {
    FW_PART(0, 1, "XTSup"),
    FW_PART(1, 1, "NXSup"),
    FW_PART(2, 1, "GTSup"),
    FW_PART(3, 2, "GLXSup"),
    FW_PART(5, 1, "IASup"),
    FW_PART(6, 1, "GASup"),
    FW_PART(7, 1, "HESup"),
    FW_PART(8, 5, "PASmax"),
    FW_PART(13, 4, "PNCounters"),
    FW_PART(17, 6, "PNBanks"),
    FW_PART(23, 5, "MsiNumPPR"),
    FW_PART(28, 2, "GATS", .words = guest_levels),
    FW_PART(30, 2, "HATS", .words = host_levels),
    { .name = NULL },
};

static const struct fw_part attributes[] = {
    FW_PART(0, 1, "HATDis"),   FW_PART(1, 12, "Reserved"),  FW_PART(13, 4, "PNCounters"),
    FW_PART(17, 6, "PNBanks"), FW_PART(23, 5, "MsiNumPPR"), FW_PART(28, 4, "Reserved"),
    { .name = NULL },
};

/* The register's own fields, AMD-Vi §3.4 (MMIO 0030h); what is reserved there is left out. */
static const struct fw_part efr[] = {
    FW_PART(0, 1, "PreFSup"),
    FW_PART(1, 1, "PPRSup"),
    FW_PART(2, 1, "XTSup"),
    FW_PART(3, 1, "NXSup"),
    FW_PART(4, 1, "GTSup"),
    FW_PART(5, 1, "GAPPISup"),
    FW_PART(6, 1, "IASup"),
    FW_PART(7, 1, "GASup"),
    FW_PART(8, 1, "HESup"),
    FW_PART(9, 1, "PCSup"),
    FW_PART(10, 2, "HATS", .words = host_levels),
    FW_PART(12, 2, "GATS", .words = guest_levels),
    FW_PART(14, 2, "GLXSup"),
    FW_PART(16, 2, "SmiFSup"),
    FW_PART(18, 3, "SmiFRC"),
    FW_PART(21, 3, "GAMSup"),
    FW_PART(24, 2, "DualPprLogSup"),
    FW_PART(28, 2, "DualEventLogSup"),
    FW_PART(31, 1, "SATSup"),
    FW_PART(32, 5, "PASmax"),
    FW_PART(37, 1, "USSup"),
    FW_PART(38, 2, "DevTblSegSup"),
    FW_PART(40, 1, "PprOvrflwEarlySup"),
    FW_PART(41, 1, "PprAutoRspSup"),
    FW_PART(42, 2, "MarcSup"),
    FW_PART(44, 1, "BlkStopMrkSup"),
    FW_PART(45, 1, "PerfOptSup"),
    FW_PART(46, 1, "MsiCapMmioSup"),
    FW_PART(47, 1, "SnoopAttrSup"),
    FW_PART(48, 1, "GIoSup"),
    FW_PART(49, 1, "HASup"),
    FW_PART(50, 1, "EPHSup"),
    FW_PART(51, 1, "AttrFWSup"),
    FW_PART(52, 1, "HDSup"),
    FW_PART(54, 1, "InvIotlbTypeSup"),
    FW_PART(55, 1, "vIommuSup"),
    FW_PART(56, 1, "VmGuardIoSup"),
    FW_PART(57, 4, "VmTableSize"),
    FW_PART(61, 1, "GAUpdateDisSup"),
    FW_PART(62, 1, "ForcePhyDest"),
    FW_PART(63, 1, "SNPSup"),
    { .name = NULL },
};

/* MMIO 01A0h. */
static const struct fw_part efr2[] = {
    FW_PART(0, 1, "CXLIOSup"),       FW_PART(1, 1, "SEVSNPIOSup"),    FW_PART(2, 1, "TMPMSup"),
    FW_PART(3, 1, "GCR3TRPModeSup"), FW_PART(4, 1, "GAPPIDisSup"),    FW_PART(5, 3, "SNPAVICSup"),
    FW_PART(8, 2, "NumIntRemapSup"), FW_PART(11, 1, "HTRangeIgnore"), { .name = NULL },
};

#define IVHD_START \
    FW_FIELD(1, 1, FW_HEX, "Flags", .parts = ivhd_flags), \
    FW_FIELD(2, 2, FW_NUMBER, "Length"), \
    FW_FIELD(4, 2, FW_HEX, "DeviceID", .explain = fw_explain_rid), \
    FW_FIELD(6, 2, FW_HEX, "Capability Offset"), \
    FW_FIELD(8, 8, FW_HEX, "IOMMU Base Address"), \
    FW_FIELD(16, 2, FW_NUMBER, "PCI Segment Group"), \
    FW_FIELD(18, 2, FW_HEX, "IOMMU Info", .parts = unit_info)

static const struct fw_layout ivhd_10[] = {
    IVHD_START,
    FW_FIELD(20, 4, FW_HEX, "IOMMU Feature Reporting", .parts = features),
    { .name = NULL },
};

static const struct fw_layout ivhd_11[] = {
    IVHD_START,
    FW_FIELD(20, 4, FW_HEX, "IOMMU Attributes", .parts = attributes),
    FW_FIELD(24, 8, FW_HEX, "EFR Register Image", .parts = efr),
    FW_FIELD(32, 8, FW_HEX, "EFR2 Register Image", .parts = efr2),
    { .name = NULL },
};

/* ---- IVMD, §5.2.2.9 ---- */

static const struct fw_layout ivmd[] = {
    FW_FIELD(1, 1, FW_HEX, "Flags", .parts = ivmd_flags),
    FW_FIELD(2, 2, FW_NUMBER, "Length"),
    FW_FIELD(4, 2, FW_HEX, "DeviceID", .explain = fw_explain_rid),
    FW_FIELD(6, 2, FW_HEX, "Auxiliary Data", .explain = fw_explain_rid),
    FW_FIELD(8, 2, FW_NUMBER, "PCI Segment Group"),
    FW_FIELD(10, 6, FW_HEX, "Reserved"),
    FW_FIELD(16, 8, FW_HEX, "IVMD Start Address"),
    FW_FIELD(24, 8, FW_HEX, "IVMD Memory Block Length"),
    { .name = NULL },
};

static const struct fw_layout unknown_block[] = {
    FW_FIELD(0, 1, FW_HEX, "Type"),
    FW_FIELD(1, 1, FW_HEX, "Flags"),
    FW_FIELD(2, 2, FW_NUMBER, "Length"),
    { .name = NULL },
};

static const struct fw_structure blocks[] = {
    { .type = 0x10, .name = "IVHD 10h", .layout = ivhd_10, .rest = decode_entries },
    { .type = 0x11, .name = "IVHD 11h", .layout = ivhd_11, .rest = decode_entries },
    { .type = 0x40, .name = "IVHD 40h", .layout = ivhd_11, .rest = decode_entries },
    { .type = 0x20, .name = "IVMD 20h", .layout = ivmd },
    { .type = 0x21, .name = "IVMD 21h", .layout = ivmd },
    { .type = 0x22, .name = "IVMD 22h", .layout = ivmd },
    { .name = NULL },
};

static const struct fw_list block_list = {
    .structures = blocks,
    .header = block_header,
    .header_len = 4,
    .type_len = 1,
    .length_at = 2,
    .length_len = 2,
    .unknown = "unknown block",
    .unknown_header = unknown_block,
};

/* ---- the table, §5.2.1 ---- */

static void explain_bits(uint64_t value, char *out)
{
    if (value == 0) {
        fw_put_text(out, "not said");
        return;
    }
    out = fw_put_number(out, value);
    fw_put_text(out, " bits");
}

static const struct fw_part ivinfo[] = {
    FW_PART(0, 1, "EFRSup"),
    FW_PART(1, 1, "DMA remap"),
    FW_PART(2, 3, "Reserved"),
    FW_PART(5, 3, "GVASize"),
    FW_PART(8, 7, "PASize", .explain = explain_bits),
    FW_PART(15, 7, "VASize", .explain = explain_bits),
    FW_PART(22, 1, "HtAtsResv"),
    FW_PART(23, 9, "Reserved"),
    { .name = NULL },
};

static const struct fw_layout table[] = {
    FW_FIELD(36, 4, FW_HEX, "IVinfo", .parts = ivinfo),
    FW_FIELD(40, 8, FW_HEX, "Reserved"),
    { .name = NULL },
};

void fw_decode_ivrs(struct fw_reader *r, uint32_t end)
{
    fw_walk(r, &block_list, fw_fields(r, 0, end, table), end);
}
