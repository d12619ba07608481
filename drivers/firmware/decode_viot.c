/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VIOT, ACPI §5.2.31: endpoints and the virtio-iommu devices they lie
 * behind. Nodes name one another by offset; whether a node is there is judged elsewhere.
 */
#include "decode_internal.h"

#define COUNT_AT 36u
#define OFFSET_AT 38u

static const struct fw_word node_names[] = {
    { 1, "PCI range" },
    { 2, "MMIO endpoint" },
    { 3, "virtio-iommu on PCI" },
    { 4, "virtio-iommu in MMIO" },
    { 0, NULL },
};

static const struct fw_layout node_header[] = {
    FW_FIELD(0, 1, FW_NUMBER, "Type", .words = node_names),
    FW_FIELD(1, 1, FW_HEX, "Reserved"),
    FW_FIELD(2, 2, FW_NUMBER, "Length"),
    { .name = NULL },
};

static const struct fw_layout pci_range[] = {
    FW_FIELD(4, 4, FW_HEX, "Endpoint Start"),
    FW_FIELD(8, 2, FW_NUMBER, "PCI Segment Start"),
    FW_FIELD(10, 2, FW_NUMBER, "PCI Segment End"),
    FW_FIELD(12, 2, FW_HEX, "PCI BDF Start", .explain = fw_explain_rid),
    FW_FIELD(14, 2, FW_HEX, "PCI BDF End", .explain = fw_explain_rid),
    FW_FIELD(16, 2, FW_HEX, "Output Node"),
    FW_FIELD(18, 6, FW_HEX, "Reserved"),
    { .name = NULL },
};

static const struct fw_layout mmio_endpoint[] = {
    FW_FIELD(4, 4, FW_HEX, "Endpoint ID"),
    FW_FIELD(8, 8, FW_HEX, "Base Address"),
    FW_FIELD(16, 2, FW_HEX, "Output Node"),
    FW_FIELD(18, 6, FW_HEX, "Reserved"),
    { .name = NULL },
};

static const struct fw_layout iommu_pci[] = {
    FW_FIELD(4, 2, FW_NUMBER, "PCI Segment"),
    FW_FIELD(6, 2, FW_HEX, "PCI BDF", .explain = fw_explain_rid),
    FW_FIELD(8, 8, FW_HEX, "Reserved"),
    { .name = NULL },
};

static const struct fw_layout iommu_mmio[] = {
    FW_FIELD(4, 4, FW_HEX, "Reserved"),
    FW_FIELD(8, 8, FW_HEX, "Base Address"),
    { .name = NULL },
};

static const struct fw_structure nodes[] = {
    { .type = 1, .name = "PCI range", .layout = pci_range },
    { .type = 2, .name = "MMIO endpoint", .layout = mmio_endpoint },
    { .type = 3, .name = "virtio-iommu on PCI", .layout = iommu_pci },
    { .type = 4, .name = "virtio-iommu in MMIO", .layout = iommu_mmio },
    { .name = NULL },
};

static const struct fw_list node_list = {
    .structures = nodes,
    .header = node_header,
    .header_len = 4,
    .type_len = 1,
    .length_at = 2,
    .length_len = 2,
    .unknown = "unknown node",
};

static const struct fw_layout table[] = {
    FW_FIELD(36, 2, FW_NUMBER, "Node Count"),
    FW_FIELD(38, 2, FW_HEX, "Node Offset"),
    FW_FIELD(40, 8, FW_HEX, "Reserved"),
    { .name = NULL },
};

void fw_decode_viot(struct fw_reader *r, uint32_t end)
{
    uint32_t at = fw_fields(r, 0, end, table), start;
    uint64_t count;
    unsigned seen;

    if (at < OFFSET_AT + 2)
        return;
    start = (uint32_t)fw_number(r, OFFSET_AT, 2);
    count = fw_number(r, COUNT_AT, 2);
    if (start < at || start > end) {
        fw_problem(r, OFFSET_AT, "nodes that begin outside of what the table has room for, at",
                   start);
        start = at;
    }
    fw_bytes(r, "Before the nodes", at, start);
    seen = fw_walk(r, &node_list, start, end);
    if (seen != count)
        fw_problem(r, COUNT_AT, "a count of nodes that is not what there are", count);
}
