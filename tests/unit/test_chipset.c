/* SPDX-License-Identifier: BSD-2-Clause */
/* chipset.c: which host bridges are asked, and what their answer means. */
#include "test.h"

#include "chipset.h"

TEST(vtdd_is_bit_23_of_capid0_a)
{
    CHECK_EQ(chipset_register(0x8086, 0x3ec2), 0xe4);
    CHECK_EQ(chipset_units(0x8086, 0x3ec2, 0x00800000), CHIPSET_DISABLED);
    CHECK_EQ(chipset_units(0x8086, 0x3ec2, 0xff7fffff), CHIPSET_POSSIBLE);
    CHECK_EQ(chipset_units(0x8086, 0x0154, 0x00800000), CHIPSET_DISABLED);
}

/* QEMU's q35, AMD's root complex, and a function that does not answer. */
TEST(others_say_nothing)
{
    CHECK_EQ(chipset_register(0x8086, 0x29c0), 0);
    CHECK_EQ(chipset_units(0x8086, 0x29c0, 0x00800000), CHIPSET_UNKNOWN);
    CHECK_EQ(chipset_register(0x1022, 0x0150), 0);
    CHECK_EQ(chipset_units(0x1022, 0x0150, 0x00800000), CHIPSET_UNKNOWN);
    CHECK_EQ(chipset_units(0x8086, 0x3ec2, 0xffffffff), CHIPSET_UNKNOWN);
}
