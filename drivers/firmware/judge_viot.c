/* SPDX-License-Identifier: BSD-2-Clause */
/* VIOT: which endpoints a virtio-iommu has. ACPI 6.5 §5.2.31 */
#include "judge_internal.h"

#define NODE_COUNT 36u
#define NODE_OFFSET 38u
#define VIOT_FIXED 48u
#define REFERENCE "ACPI 6.5 §5.2.31"

enum { NODE_PCI_RANGE = 1, NODE_MMIO = 2, NODE_IOMMU_PCI = 3, NODE_IOMMU_MMIO = 4, NODE_TYPES = 5 };

static const uint8_t shortest[NODE_TYPES] = { 4, 24, 24, 16, 16 };

static const struct judge_rule length_rule = {
    FW_ERROR, "viot-node-length", "Linux ignores the table", "firmware update", REFERENCE,
};
static const struct judge_rule count_rule = {
    FW_ERROR,          "viot-node-count", "Linux reads as many nodes as the count says",
    "firmware update", REFERENCE,
};
static const struct judge_rule unknown = {
    FW_NOTE, "viot-node-unknown", "Linux warns and skips it", "", REFERENCE,
};
static const struct judge_rule output = {
    FW_ERROR,
    "viot-output-node",
    "Linux ignores the endpoints: their DMA stays without an IOMMU",
    "firmware update",
    REFERENCE,
};
static const struct judge_rule range = {
    FW_ERROR,
    "viot-range-reversed",
    "Linux ignores the endpoints: their DMA stays without an IOMMU",
    "firmware update",
    REFERENCE,
};
static const struct judge_rule overlap = {
    FW_ERROR,
    "viot-range-overlap",
    "Linux takes the first range that has the function",
    "firmware update",
    REFERENCE,
};
static const struct judge_rule base_rule = {
    FW_ERROR, "viot-base-zero", "Linux finds no device there", "firmware update", REFERENCE,
};

static bool node_next(const struct judge_table *viot, struct judge_item *item)
{
    uint32_t at =
        item->offset == 0 ? bytes_u16(viot->bytes + NODE_OFFSET) : item->offset + item->len;

    if (at < VIOT_FIXED || at > viot->len || viot->len - at < 4)
        return false;
    *item = (struct judge_item) { .at = viot->bytes + at,
                                  .offset = at,
                                  .type = viot->bytes[at],
                                  .len = bytes_u16(viot->bytes + at + 2) };
    return item->len >= 4 && item->len <= viot->len - at &&
           (item->type >= NODE_TYPES || item->len >= shortest[item->type]);
}

static void judge_output(struct judge *j, const struct judge_table *viot,
                         const struct judge_item *node)
{
    struct judge_item item = { 0 };
    uint16_t to = bytes_u16(node->at + 16);

    while (node_next(viot, &item))
        if (item.offset == to && (item.type == NODE_IOMMU_PCI || item.type == NODE_IOMMU_MMIO))
            return;
    judge_found(j, &output, viot, node->offset + 16,
                "the endpoints' IOMMU is the node at 0x%x, where none is", to);
}

/* First and last requester id, segments in front. */
static void bounds(const struct judge_item *node, uint32_t *first, uint32_t *last)
{
    *first = (uint32_t)bytes_u16(node->at + 8) << 16 | bytes_u16(node->at + 12);
    *last = (uint32_t)bytes_u16(node->at + 10) << 16 | bytes_u16(node->at + 14);
}

static void judge_range(struct judge *j, const struct judge_table *viot,
                        const struct judge_item *node)
{
    struct judge_item item = { 0 };
    uint32_t first, last, other_first, other_last;

    bounds(node, &first, &last);
    if (bytes_u16(node->at + 10) < bytes_u16(node->at + 8) ||
        bytes_u16(node->at + 14) < bytes_u16(node->at + 12)) {
        judge_found(j, &range, viot, node->offset + 8,
                    "the range of functions 0x%08x to 0x%08x is reversed", first, last);
        return;
    }
    while (node_next(viot, &item) && item.offset < node->offset) {
        if (item.type != NODE_PCI_RANGE)
            continue;
        bounds(&item, &other_first, &other_last);
        if (first <= other_last && other_first <= last) {
            judge_found(j, &overlap, viot, node->offset + 8,
                        "functions 0x%08x to 0x%08x and those of 0x%x overlap", first, last,
                        item.offset);
            return;
        }
    }
}

static void judge_node(struct judge *j, const struct judge_table *viot,
                       const struct judge_item *node)
{
    if (node->type == NODE_PCI_RANGE)
        judge_range(j, viot, node);
    if (node->type == NODE_PCI_RANGE || node->type == NODE_MMIO)
        judge_output(j, viot, node);
    if ((node->type == NODE_MMIO || node->type == NODE_IOMMU_MMIO) && bytes_u64(node->at + 8) == 0)
        judge_found(j, &base_rule, viot, node->offset + 8, "the node's registers are at address 0");
    if (node->type == 0 || node->type >= NODE_TYPES)
        judge_found(j, &unknown, viot, node->offset, "node type %u is not known", node->type);
}

void judge_viot(struct judge *j, const struct judge_table *viot)
{
    struct judge_item item = { 0 };
    uint32_t end = bytes_u16(viot->bytes + NODE_OFFSET), nodes = 0;

    for (; node_next(viot, &item); end = item.offset + item.len, nodes++)
        judge_node(j, viot, &item);
    if (end != viot->len)
        judge_found(j, &length_rule, viot, end < viot->len ? end : NODE_OFFSET,
                    "a node at 0x%x of %u bytes does not fit the table of %u", end,
                    end + 4 <= viot->len ? bytes_u16(viot->bytes + end + 2) : 0, viot->len);
    if (nodes != bytes_u16(viot->bytes + NODE_COUNT))
        judge_found(j, &count_rule, viot, NODE_COUNT, "the header counts %u nodes, there are %u",
                    bytes_u16(viot->bytes + NODE_COUNT), nodes);
}
