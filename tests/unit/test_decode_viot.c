/* SPDX-License-Identifier: BSD-2-Clause */
/* firmware/decode_viot.c, ACPI §5.2.31. Offsets are counted by hand: the header is 48 bytes. */
#include "test.h"

#include "decode_seen.h"

TEST(nodes_of_all_types)
{
    const struct seen *seen =
        decode_table("viot revision=0\n"
                     "iommu segment=1 device=0x0108\nrange endpoint=0x1000 segment=1 "
                     "last-segment=2 device=0x0200 last=0x02ff output=48\n"
                     "iommu-mmio base=0x9050000\nmmio endpoint=0x10000 base=0xa000000 output=88\n");

    check_sound(seen);
    check_field(seen, 36, 2, "Node Count", 4, "");
    check_field(seen, 38, 2, "Node Offset", 48, "");
    check_block(seen, 1, "virtio-iommu on PCI", 48, 16);
    check_field(seen, 48, 1, "Type", 3, "virtio-iommu on PCI");
    check_field(seen, 50, 2, "Length", 16, "");
    check_field(seen, 52, 2, "PCI Segment", 1, "");
    check_field(seen, 54, 2, "PCI BDF", 0x108, "01:01.0");
    check_field(seen, 56, 8, "Reserved", 0, "");
    check_block(seen, 2, "PCI range", 64, 24);
    check_field(seen, 68, 4, "Endpoint Start", 0x1000, "");
    check_field(seen, 72, 2, "PCI Segment Start", 1, "");
    check_field(seen, 74, 2, "PCI Segment End", 2, "");
    check_field(seen, 76, 2, "PCI BDF Start", 0x200, "02:00.0");
    check_field(seen, 78, 2, "PCI BDF End", 0x2ff, "02:1f.7");
    check_field(seen, 80, 2, "Output Node", 48, "");
    check_field(seen, 82, 6, "Reserved", 0, "");
    check_block(seen, 3, "virtio-iommu in MMIO", 88, 16);
    check_field(seen, 96, 8, "Base Address", 0x9050000, "");
    check_block(seen, 4, "MMIO endpoint", 104, 24);
    check_field(seen, 108, 4, "Endpoint ID", 0x10000, "");
    check_field(seen, 112, 8, "Base Address", 0xa000000, "");
    check_field(seen, 120, 2, "Output Node", 88, "");
    CHECK_EQ(seen->block_count, 5);
}

TEST(nodes_that_begin_later)
{
    const struct seen *seen = decode_table("viot first=56\npad bytes=0011223344556677\niommu\n");

    check_sound(seen);
    check_field(seen, 48, 8, "Before the nodes", 0, "");
    check_block(seen, 1, "virtio-iommu on PCI", 56, 16);
}

TEST(nodes_that_begin_nowhere)
{
    static const char before[] = "nodes that begin outside of what the table has room for, at";

    check_problem(decode_table("viot first=47\niommu\n"), 38, before, 47);
    check_problem(decode_table("viot first=65\niommu\n"), 38, before, 65);
    /* At the end: none, which is not the count of 1. */
    check_problem(decode_table("viot first=64\niommu\n"), 36,
                  "a count of nodes that is not what there are", 1);
}

TEST(count_that_is_wrong)
{
    check_problem(decode_table("viot count=2\niommu\n"), 36,
                  "a count of nodes that is not what there are", 2);
    check_sound(decode_table("viot count=1\niommu\n"));
}

TEST(unknown_node)
{
    const struct seen *seen = decode_table("viot\nraw type=6 bytes=0011223344556677\n");

    check_sound(seen);
    check_block(seen, 1, "unknown node 06h", 48, 12);
    CHECK(!seen->blocks[1].known);
    check_field(seen, 52, 8, "Undecoded", 0, "");
}

TEST(node_past_the_table)
{
    check_problem(decode_table("viot\niommu-mmio length=0x20\n"), 50,
                  "a length beyond the end of what it lies in", 0x20);
}

TEST(table_that_ends_in_its_fields)
{
    const struct seen *seen = decode_table("viot length=40\niommu\n");

    CHECK(!seen->sound);
    check_field(seen, 40, 24, "Bytes behind the table", 0, "");
    CHECK_EQ(seen->block_count, 1);
}

TEST(damaged_everywhere)
{
    decode_damaged(
        "viot\niommu device=8\nrange last=0xff\niommu-mmio base=0x9050000\nmmio output=48\n");
}
