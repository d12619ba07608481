/* SPDX-License-Identifier: BSD-2-Clause */
/* intel/vtd_caps.c: every defined bit of CAP and ECAP has exactly one name, and values come out right. */
#include "test.h"

#include "driver_rig.h"

/* Reserved and deprecated bits, VT-d §11.4.2 and §11.4.3. */
#define CAP_UNDEFINED (SPEC_F(58, 57) | SPEC_F(38, 38) | SPEC_F(23, 23) | SPEC_F(15, 13) | SPEC_F(3, 3))
#define ECAP_UNDEFINED                                                                                    \
    (SPEC_F(63, 63) | SPEC_F(54, 54) | SPEC_F(32, 32) | SPEC_F(28, 27) | SPEC_F(24, 24) | SPEC_F(19, 18) | \
     SPEC_F(5, 5))

static struct driver *unit_with(uint64_t cap, uint64_t ecap)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    config.units[0].cap = cap;
    config.units[0].ecap = ecap;
    config.units[0].size_shift = 3;
    d = driver_create(&config, NULL);
    CHECK_OK(driver_add_table(d));
    return d;
}

/* Both offsets lie past the first page, so that any other bit may be set or not. */
#define OFFSETS_CAP (SPEC_F(33, 28))
#define OFFSETS_ECAP (SPEC_F(17, 12))

/* How many fields are not 0 in a unit with just that bit, besides the two offsets. */
static unsigned named(uint64_t cap, uint64_t ecap)
{
    struct driver *d = unit_with(cap | OFFSETS_CAP, ecap | OFFSETS_ECAP);
    struct iommu_capability c;
    unsigned set = 0;

    for (size_t i = 0; iommu_unit_capability(d->iommu, 0, i, &c) == IOMMU_OK; i++) {
        CHECK(c.meaning != NULL && c.meaning[0] != '\0');
        if (strcmp(c.name, "cap.FRO") != 0 && strcmp(c.name, "ecap.IRO") != 0)
            set += c.value != 0;
    }
    driver_destroy(d);
    return set;
}

TEST(each_defined_bit_is_in_one_field)
{
    const uint64_t cap_fields = ~(CAP_UNDEFINED | SPEC_CAP_FRO), ecap_fields = ~(ECAP_UNDEFINED | SPEC_ECAP_IRO);

    for (unsigned bit = 0; bit < 64; bit++) {
        CHECK_EQ(named(BIT_SPEC(bit), 0), (cap_fields & BIT_SPEC(bit)) != 0);
        CHECK_EQ(named(0, BIT_SPEC(bit)), (ecap_fields & BIT_SPEC(bit)) != 0);
    }
}

static uint64_t value_of(const struct driver *d, const char *name)
{
    struct iommu_capability c;

    for (size_t i = 0; iommu_unit_capability(d->iommu, 0, i, &c) == IOMMU_OK; i++)
        if (strcmp(c.name, name) == 0)
            return c.value;
    test_fail(__FILE__, __LINE__, "no capability %s", name);
}

/* The default unit of QEMU 10.0, decoded by hand from its register values. */
TEST(qemu_unit_by_name)
{
    struct driver *d = unit_with(0x00d2008c222f0606, 0xf00f4a);

    CHECK_EQ(value_of(d, "cap.ND"), 6);
    CHECK_EQ(value_of(d, "cap.CM"), 0);
    CHECK_EQ(value_of(d, "cap.SAGAW"), 6);
    CHECK_EQ(value_of(d, "cap.MGAW"), 47);
    CHECK_EQ(value_of(d, "cap.ZLR"), 0);
    CHECK_EQ(value_of(d, "cap.FRO"), 0x22);
    CHECK_EQ(value_of(d, "cap.SSLPS"), 3);
    CHECK_EQ(value_of(d, "cap.PSI"), 1);
    CHECK_EQ(value_of(d, "cap.NFR"), 0);
    CHECK_EQ(value_of(d, "cap.MAMV"), 18);
    CHECK_EQ(value_of(d, "cap.DWD"), 1);
    CHECK_EQ(value_of(d, "cap.DRD"), 1);
    CHECK_EQ(value_of(d, "cap.ESRTPS"), 0);
    CHECK_EQ(value_of(d, "ecap.C"), 0);
    CHECK_EQ(value_of(d, "ecap.QI"), 1);
    CHECK_EQ(value_of(d, "ecap.IR"), 1);
    CHECK_EQ(value_of(d, "ecap.EIM"), 0);
    CHECK_EQ(value_of(d, "ecap.PT"), 1);
    CHECK_EQ(value_of(d, "ecap.IRO"), 0xf);
    CHECK_EQ(value_of(d, "ecap.MHMV"), 15);
    driver_destroy(d);
}

TEST(no_such_unit)
{
    struct driver *d = unit_with(0x00d2008c222f0606, 0xf00f4a);
    struct iommu_capability c;

    CHECK_EQ(iommu_unit_capability(d->iommu, 1, 0, &c), IOMMU_ERR_NOT_FOUND);
    driver_destroy(d);
}
