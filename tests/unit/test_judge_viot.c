/* SPDX-License-Identifier: BSD-2-Clause */
/* judge_viot.c: each finding by a table that has only it, and a twin that has none. */
#include "test.h"

#include "judged.h"

#define UNIT "viot revision=0\niommu device=8\n"
#define SOUND UNIT "range last=0xff\n"

TEST(each_fault_of_a_node_is_found_and_its_twin_is_sound)
{
    static const struct judged_case cases[] = {
        { "viot-node-length", 88, SOUND "pad bytes=01000000\n", SOUND, NULL, NULL },
        { "viot-node-length", 88, SOUND "pad bytes=0500640000000000\n", SOUND, NULL, NULL },
        { "viot-node-length", 88, SOUND "pad bytes=02000400\n", SOUND, NULL, NULL },
        { "viot-node-length", 38, "viot revision=0 first=100 count=0\n", "viot revision=0\n", NULL,
          NULL },
        { "viot-node-count", 36, "viot revision=0 count=3\niommu device=8\nrange last=0xff\n",
          SOUND, NULL, NULL },
        { "viot-node-unknown", 88, SOUND "raw type=5 bytes=00000000\n", SOUND, NULL, NULL },
        { "viot-output-node", 80, UNIT "range last=0xff output=64\n", SOUND, NULL, NULL },
        { "viot-output-node", 104, SOUND "mmio base=0x1000 output=64\n", SOUND "mmio base=0x1000\n",
          NULL, NULL },
        { "viot-range-reversed", 72, UNIT "range device=0x100 last=0xff\n", SOUND, NULL, NULL },
        { "viot-range-reversed", 72, UNIT "range segment=1 last-segment=0 last=0xff\n", SOUND, NULL,
          NULL },
        { "viot-range-overlap", 96, SOUND "range device=0xff last=0x1ff\n",
          SOUND "range device=0x100 last=0x1ff\n", NULL, NULL },
        { "viot-range-overlap", 96, UNIT "range device=0x100 last=0x1ff\nrange last=0x100\n",
          UNIT "range device=0x100 last=0x1ff\nrange last=0xff\n", NULL, NULL },
        { "viot-range-reversed", 72, UNIT "range device=9 last=8\n", UNIT "range device=8 last=8\n",
          NULL, NULL },
        { "viot-node-unknown", 88, SOUND "raw type=0\n", SOUND, NULL, NULL },
        { "viot-node-length", 88, SOUND "pad bytes=000003\n", SOUND, NULL, NULL },
        { "viot-node-length", 88, SOUND "pad bytes=00000300\n", SOUND, NULL, NULL },
        { "viot-node-length", 47, "viot revision=0 first=47 count=0\niommu device=8\n", UNIT, NULL,
          NULL },
        { "viot-base-zero", 96, SOUND "mmio base=0\n", SOUND "mmio base=0x1000\n", NULL, NULL },
        { "viot-base-zero", 96, SOUND "iommu-mmio base=0\n", SOUND "iommu-mmio base=0x1000\n", NULL,
          NULL },
    };

    JUDGED_CHECK(cases);
    CHECK_STR(judge_text("viot revision=0\niommu-mmio base=0x1000\nrange last=0xff\n", NULL)->every,
              "");
}
