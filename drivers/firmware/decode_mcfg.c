/* SPDX-License-Identifier: BSD-2-Clause */
/* MCFG, PCI Firmware §4.1.2: the windows of configuration space. */
#include "decode_internal.h"

#define WINDOW_BYTES 16u

static const struct fw_layout table[] = {
    FW_FIELD(36, 8, FW_HEX, "Reserved"),
    { .name = NULL },
};

static const struct fw_layout window[] = {
    FW_FIELD(0, 8, FW_HEX, "Base Address"),
    FW_FIELD(8, 2, FW_NUMBER, "PCI Segment Group Number"),
    FW_FIELD(10, 1, FW_HEX, "Start Bus Number"),
    FW_FIELD(11, 1, FW_HEX, "End Bus Number"),
    FW_FIELD(12, 4, FW_HEX, "Reserved"),
    { .name = NULL },
};

void fw_decode_mcfg(struct fw_reader *r, uint32_t end)
{
    uint32_t at = fw_fields(r, 0, end, table);

    for (; end - at >= WINDOW_BYTES; at += WINDOW_BYTES) {
        struct fw_block block = {
            .offset = at, .len = WINDOW_BYTES, .name = "window", .known = true
        };

        fw_open(r, &block);
        fw_fields(r, at, at + WINDOW_BYTES, window);
        fw_close(r, &block);
    }
    if (at < end)
        fw_problem(r, at, "bytes left that are no window", end - at);
    fw_bytes(r, "Left over", at, end);
}
