/* SPDX-License-Identifier: BSD-2-Clause */
/* HPET, HPET §3.2.4; the address is a Generic Address Structure (ACPI §5.2.3.2). */
#include "decode_internal.h"

static const struct fw_word spaces[] = { { 0, "system memory" }, { 1, "system I/O" }, { 0, NULL } };

static const struct fw_word widths[] = {
    { 0, "not said" }, { 1, "byte" }, { 2, "word" }, { 3, "dword" }, { 4, "qword" }, { 0, NULL },
};

static const struct fw_word protections[] = {
    { 0, "none" },
    { 1, "a 4 KiB page" },
    { 2, "a 64 KiB page" },
    { 0, NULL },
};

static const struct fw_part block_id[] = {
    FW_PART(0, 8, "REV_ID"),    FW_PART(8, 5, "NUM_TIM_CAP"), FW_PART(13, 1, "COUNT_SIZE_CAP"),
    FW_PART(14, 1, "Reserved"), FW_PART(15, 1, "LEG_RT_CAP"), FW_PART(16, 16, "VENDOR_ID"),
    { .name = NULL },
};

static const struct fw_part protection[] = {
    FW_PART(0, 4, "Page Protection", .words = protections),
    FW_PART(4, 4, "OEM Attribute"),
    { .name = NULL },
};

static const struct fw_layout table[] = {
    FW_FIELD(36, 4, FW_HEX, "Event Timer Block ID", .parts = block_id),
    FW_FIELD(40, 1, FW_NUMBER, "Address Space ID", .words = spaces),
    FW_FIELD(41, 1, FW_NUMBER, "Register Bit Width"),
    FW_FIELD(42, 1, FW_NUMBER, "Register Bit Offset"),
    FW_FIELD(43, 1, FW_NUMBER, "Access Size", .words = widths),
    FW_FIELD(44, 8, FW_HEX, "Base Address"),
    FW_FIELD(52, 1, FW_NUMBER, "HPET Number"),
    FW_FIELD(53, 2, FW_NUMBER, "Main Counter Minimum Clock Tick in Periodic Mode"),
    FW_FIELD(55, 1, FW_HEX, "Page Protection and OEM Attribute", .parts = protection),
    { .name = NULL },
};

void fw_decode_hpet(struct fw_reader *r, uint32_t end)
{
    fw_bytes(r, "Beyond the fields", fw_fields(r, 0, end, table), end);
}
