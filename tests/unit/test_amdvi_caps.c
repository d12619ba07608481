/* SPDX-License-Identifier: BSD-2-Clause */
/* amd/amdvi_caps.c: every defined bit of EFR, EFR2 and the block's header has exactly one name. */
#include "test.h"

#include "amd/amdvi.h"

/* AMD-Vi §3.3: reserved bits, by number. */
#define EFR_RESERVED (1ull << 26 | 1ull << 27 | 1ull << 30)
#define EFR2_RESERVED (~0ull << 12 | 1ull << 10)
/* Id, next pointer and type are no features; 31:29 are reserved. */
#define HEADER_UNNAMED 0xe007ffffu

static unsigned named(uint64_t efr, uint64_t efr2, uint32_t header)
{
    static struct amdvi_unit unit;
    struct iommu_capability c;
    unsigned set = 0;

    unit.efr = efr;
    unit.efr2 = efr2;
    unit.header = header;
    for (size_t i = 0; amdvi_capability(&unit.base, i, &c) == IOMMU_OK; i++) {
        CHECK(c.name[0] != '\0' && c.meaning[0] != '\0');
        set += c.value != 0;
    }
    return set;
}

TEST(each_defined_bit_is_in_one_field)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        CHECK_EQ(named(1ull << bit, 0, 0), !(EFR_RESERVED >> bit & 1));
        CHECK_EQ(named(0, 1ull << bit, 0), !(EFR2_RESERVED >> bit & 1));
    }
    for (unsigned bit = 0; bit < 32; bit++)
        CHECK_EQ(named(0, 0, 1u << bit), !(HEADER_UNNAMED >> bit & 1));
}

static uint64_t value_of(const struct amdvi_unit *unit, const char *name)
{
    struct iommu_capability c;

    for (size_t i = 0; amdvi_capability(&unit->base, i, &c) == IOMMU_OK; i++)
        if (strcmp(c.name, name) == 0)
            return c.value;
    test_fail(__FILE__, __LINE__, "no capability %s", name);
}

/* QEMU's unit with xtsup=on: EFR 29D7h, header 1F03000Fh, decoded by hand. */
TEST(qemu_unit_by_name)
{
    static struct amdvi_unit unit;

    unit.efr = 0x29d7;
    unit.header = 0x1f03000f;
    CHECK_EQ(value_of(&unit, "efr.PrefSup"), 1);
    CHECK_EQ(value_of(&unit, "efr.PPRSup"), 1);
    CHECK_EQ(value_of(&unit, "efr.XTSup"), 1);
    CHECK_EQ(value_of(&unit, "efr.NXSup"), 0);
    CHECK_EQ(value_of(&unit, "efr.GTSup"), 1);
    CHECK_EQ(value_of(&unit, "efr.IASup"), 1);
    CHECK_EQ(value_of(&unit, "efr.GASup"), 1);
    CHECK_EQ(value_of(&unit, "efr.HESup"), 1);
    CHECK_EQ(value_of(&unit, "efr.PCSup"), 0);
    CHECK_EQ(value_of(&unit, "efr.HATS"), 2);
    CHECK_EQ(value_of(&unit, "efr.GATS"), 2);
    CHECK_EQ(value_of(&unit, "efr.GIoSup"), 0);
    CHECK_EQ(value_of(&unit, "cap.IotlbSup"), 1);
    CHECK_EQ(value_of(&unit, "cap.NpCache"), 1);
    CHECK_EQ(value_of(&unit, "cap.CapRev"), 0);
}

/* AMD-Vi §3.3: PASmax is 36:32, SNPSup 63, HTRangeIgnore EFR2 bit 11. */
TEST(fields_of_the_upper_half)
{
    static struct amdvi_unit unit;

    unit.efr = 1ull << 63 | 0x0full << 32 | 2ull << 38;
    unit.efr2 = 1u << 11 | 1u << 8;
    CHECK_EQ(value_of(&unit, "efr.SNPSup"), 1);
    CHECK_EQ(value_of(&unit, "efr.PASmax"), 15);
    CHECK_EQ(value_of(&unit, "efr.DevTblSegSup"), 2);
    CHECK_EQ(value_of(&unit, "efr2.HTRangeIgnore"), 1);
    CHECK_EQ(value_of(&unit, "efr2.NumIntRemapSup"), 1);
}
