/* SPDX-License-Identifier: BSD-2-Clause */
/* amd/amdvi_errata.c: which unit is concerned, and the indirect accesses that work round it. */
#include "test.h"

#include "amd/amdvi_errata.h"
#include "fake_amdvi.h"

#define RID 0x0002

static struct fake_amdvi fake;
static struct iommu *iommu;
static struct amdvi_unit unit;

/* Indirect registers behind F0h and F4h of the unit's function. */
static struct {
    uint32_t index;
    uint32_t registers[256];
    uint32_t indexes[8];
    unsigned index_count;
    unsigned data_writes;
    bool dead;
} l2;

static uint32_t l2_read(void *ctx, uint16_t segment, uint16_t rid, uint16_t offset, unsigned width)
{
    if (rid == RID && offset == 0xf4)
        return l2.registers[l2.index & 0xff];
    for (size_t i = 0; i < fake.function_count; i++)
        if (fake.functions[i].rid == rid && fake.functions[i].segment == segment)
            return fake_amdvi_config_get(&fake.functions[i], offset, width);
    (void)ctx;
    return UINT32_MAX >> (32 - 8 * width);
}

static void l2_write(void *ctx, uint16_t segment, uint16_t rid, uint16_t offset, unsigned width, uint32_t value)
{
    (void)ctx;
    CHECK_EQ(segment, 0);
    CHECK_EQ(rid, RID);
    CHECK_EQ(width, 4);
    if (offset == 0xf0) {
        l2.index = value;
        if (l2.index_count < 8)
            l2.indexes[l2.index_count++] = value;
        return;
    }
    CHECK_EQ(offset, 0xf4);
    l2.data_writes++;
    if ((l2.index & 0x100) && !l2.dead)
        l2.registers[l2.index & 0xff] = value;
}

static void prepare(const struct iommu_config *config)
{
    memset(&l2, 0, sizeof(l2));
    memset(&unit, 0, sizeof(unit));
    fake_amdvi_init(&fake, 64);
    fake.memory.platform.pci_read = l2_read;
    fake.memory.platform.pci_write = l2_write;
    fake_amdvi_iommu(&fake, 0, RID, 0);
    CHECK_OK(iommu_create(&fake.memory.platform, &fake, config, &iommu));
    unit.base.iommu = iommu;
    unit.base.platform = &fake.memory.platform;
    unit.base.ctx = &fake;
    unit.rid = RID;
}

static void finish(void)
{
    iommu_destroy(iommu);
    CHECK_EQ(fake.memory.live_pages, 0);
    fake_amdvi_free(&fake);
}

static enum iommu_status apply(unsigned family, unsigned model)
{
    const struct amdvi_cpu cpu = { family, model };

    return amdvi_errata_apply_for(&unit, &cpu);
}

TEST(erratum_746_sets_its_bit_and_only_that)
{
    prepare(NULL);
    l2.registers[0x90] = 0xa0;
    CHECK_OK(apply(0x15, 0x13));
    CHECK_EQ(l2.registers[0x90], 0xa4);
    CHECK_EQ(l2.data_writes, 1);
    CHECK_EQ(l2.index_count, 3);
    CHECK_EQ(l2.indexes[0], 0x90);
    CHECK_EQ(l2.indexes[1], 0x190);
    CHECK_EQ(l2.indexes[2], 0x90);
    CHECK(fake_amdvi_logged(&fake, "erratum 746"));
    finish();
}

TEST(bit_that_is_set_already_is_not_written)
{
    prepare(NULL);
    l2.registers[0x90] = 4;
    CHECK_OK(apply(0x15, 0x10));
    CHECK_EQ(l2.data_writes, 0);
    CHECK_EQ(l2.indexes[l2.index_count - 1] & 0x100, 0);
    finish();
}

TEST(ats_write_check_is_of_models_30h)
{
    prepare(NULL);
    CHECK_OK(apply(0x15, 0x3f));
    CHECK_EQ(l2.registers[0x47], 1);
    CHECK_EQ(l2.registers[0x90], 0);
    finish();
}

/* Families 14h and 16h, the models around the two ranges, and no AMD CPU at all. */
TEST(other_cpus_are_not_touched)
{
    static const struct amdvi_cpu others[] = { { 0x15, 0x0f }, { 0x15, 0x20 }, { 0x15, 0x2f }, { 0x15, 0x40 },
                                               { 0x14, 0x13 }, { 0x16, 0x30 }, { 0, 0 } };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        prepare(NULL);
        CHECK_OK(apply(others[i].family, others[i].model));
        CHECK_EQ(l2.index_count + l2.data_writes, 0);
        CHECK(!fake_amdvi_logged(&fake, "erratum"));
        finish();
    }
}

TEST(register_that_does_not_take_the_bit_is_reported)
{
    prepare(NULL);
    l2.dead = true;
    CHECK_OK(apply(0x15, 0x10));
    CHECK(fake_amdvi_logged(&fake, "could not be written"));
    finish();
    prepare(NULL);
    fake.memory.platform.pci_write = NULL;
    CHECK_OK(apply(0x15, 0x10));
    CHECK(fake_amdvi_logged(&fake, "could not be written"));
    finish();
}

TEST(stoney_is_left_off_unless_forced)
{
    prepare(NULL);
    fake_amdvi_function(&fake, 0, 0x0008, 0x98e41002, 0x030000);
    CHECK_EQ(apply(0x15, 0x70), IOMMU_ERR_UNSUPPORTED);
    CHECK(fake_amdvi_logged(&fake, "erratum stoney"));
    finish();
    prepare(&(struct iommu_config){ .force = true });
    fake_amdvi_function(&fake, 0, 0x0008, 0x98e41002, 0x030000);
    CHECK_OK(apply(0x15, 0x70));
    CHECK(fake_amdvi_logged(&fake, "overridden"));
    finish();
}

TEST(function_elsewhere_does_not_concern_the_unit)
{
    prepare(NULL);
    fake_amdvi_function(&fake, 0, 0x0100, 0x98e41002, 0x030000); /* another bus */
    fake_amdvi_function(&fake, 1, 0x0008, 0x98e41002, 0x030000); /* another segment */
    CHECK_OK(apply(0x15, 0x70));
    CHECK(!fake_amdvi_logged(&fake, "erratum"));
    finish();
}

/* 00:14.0, byte ADh bit 3: SATA in combined mode. */
TEST(sp5100_in_combined_mode_is_reported)
{
    struct fake_amdvi_function *f;

    prepare(NULL);
    f = fake_amdvi_function(&fake, 0, 0x00a0, 0x43851002, 0x0c0500);
    fake_amdvi_config(f, 0xad, 1, 0xf7);
    CHECK_OK(apply(0x10, 4));
    CHECK(!fake_amdvi_logged(&fake, "erratum"));
    fake_amdvi_config(f, 0xad, 1, 0x08);
    CHECK_OK(apply(0x10, 4));
    CHECK(fake_amdvi_logged(&fake, "erratum sp5100-28"));
    finish();
}

TEST(each_erratum_says_all_it_has_to)
{
    const struct amdvi_erratum *e;
    size_t count = 0;

    for (; (e = amdvi_erratum(count)) != NULL; count++) {
        CHECK(e->id[0] != '\0' && e->symptom[0] != '\0');
        CHECK(e->source[0] != '\0' && e->workaround[0] != '\0');
    }
    CHECK(count >= 8);
}

/* Whatever this machine is: the unit's function, and nothing else, is written. */
TEST(own_cpu_can_be_asked)
{
    prepare(NULL);
    CHECK_OK(amdvi_errata_apply(&unit));
    finish();
}
