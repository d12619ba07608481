/* SPDX-License-Identifier: BSD-2-Clause */
/* amd/amdvi_handoff.c: every register as it is, none written. */
#include "test.h"

#include "fake_amdvi.h"
#include "internal.h"

#define BASE2 (FAKE_AMDVI_BASE + 0x100000)

static struct fake_amdvi fake;
static struct iommu_platform narrow; /* what the header promises to be enough */

static void prepare(void)
{
    const struct iommu_platform *all = &fake.memory.platform;

    fake_amdvi_init(&fake, 4);
    narrow = (struct iommu_platform){
        .mmio_map = all->mmio_map, .mmio_unmap = all->mmio_unmap,
        .mmio_read32 = all->mmio_read32, .mmio_read64 = all->mmio_read64,
    };
    fake_ivrs_begin(&fake, 0x1);
    fake_ivrs_ivhd(&fake, 0x10, 0, 0x0002, FAKE_AMDVI_BASE, 0);
    fake_ivrs_ivhd(&fake, 0x11, 0, 0x0002, FAKE_AMDVI_BASE, 0x40);
    fake_ivrs_ivhd(&fake, 0x11, 0, 0x4002, BASE2, 0x40);
    fake_ivrs_end(&fake);
}

static enum iommu_status take(struct iommu_handoff *out)
{
    return amdvi_take_handoff(&narrow, &fake, fake.table, fake.table_len, out);
}

static void finish(void)
{
    CHECK_EQ(fake.write_count + fake.config_writes, 0);
    CHECK_EQ(fake.windows, 0);
    CHECK_EQ(fake.memory.allocations, 0);
    fake_amdvi_free(&fake);
}

/* The offsets are those of AMD-Vi §3.3. */
TEST(every_field_is_its_register)
{
    static const unsigned offsets[] = { 0x18, 0x30, 0x1a0, 0x00, 0x08, 0x2000, 0x2008, 0x10, 0x2010, 0x2018, 0x20,
                                        0x28 };
    struct iommu_handoff out = { 0 };
    const struct iommu_handoff_unit *u = &out.units[0];

    prepare();
    for (unsigned i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
        fake_amdvi_set(&fake, 0, offsets[i], 0x1234567800000000ull + offsets[i]);
    fake_amdvi_set(&fake, 0, 0x18, 0x0008000000001405ull);
    fake_amdvi_set(&fake, 0, 0x2020, 0x18);
    CHECK_OK(take(&out));
    CHECK_EQ(out.unit_count, 2);
    CHECK_EQ(u->vendor, IOMMU_HANDOFF_AMD);
    CHECK_EQ(u->registers_pa, FAKE_AMDVI_BASE);
    CHECK_EQ(u->segment, 0);
    CHECK(u->present && u->translating);
    CHECK_EQ(u->amd.rid, 0x0002);
    CHECK_EQ(u->amd.capability_offset, 0x40);
    CHECK_EQ(u->amd.control, 0x0008000000001405ull);
    CHECK_EQ(u->amd.status, 0x18);
    CHECK_EQ(u->amd.features, 0x1234567800000030ull);
    CHECK_EQ(u->amd.features2, 0x12345678000001a0ull);
    CHECK_EQ(u->amd.device_table, 0x1234567800000000ull);
    CHECK_EQ(u->amd.command_base, 0x1234567800000008ull);
    CHECK_EQ(u->amd.command_head, 0x1234567800002000ull);
    CHECK_EQ(u->amd.command_tail, 0x1234567800002008ull);
    CHECK_EQ(u->amd.event_base, 0x1234567800000010ull);
    CHECK_EQ(u->amd.event_head, 0x1234567800002010ull);
    CHECK_EQ(u->amd.event_tail, 0x1234567800002018ull);
    CHECK_EQ(u->amd.exclusion_base, 0x1234567800000020ull);
    CHECK_EQ(u->amd.exclusion_limit, 0x1234567800000028ull);
    CHECK_EQ(out.units[1].registers_pa, BASE2);
    CHECK_EQ(out.units[1].amd.rid, 0x4002);
    CHECK(out.units[1].present && !out.units[1].translating);
    finish();
}

TEST(unit_that_reads_all_ones_is_listed_as_absent)
{
    struct iommu_handoff out = { 0 };

    prepare();
    fake.units[0].absent = true;
    CHECK_OK(take(&out));
    CHECK_EQ(out.unit_count, 2);
    CHECK(!out.units[0].present && !out.units[0].translating);
    CHECK_EQ(out.units[0].amd.control, 0);
    CHECK_EQ(out.units[0].amd.device_table, 0);
    CHECK(out.units[1].present);
    finish();
}

TEST(window_that_cannot_be_mapped_leaves_the_others)
{
    struct iommu_handoff out = { 0 };

    prepare();
    fake.fail_map = 1;
    CHECK_OK(take(&out));
    CHECK_EQ(out.unit_count, 2);
    CHECK(!out.units[0].present && out.units[1].present);
    finish();
}

TEST(units_are_added_behind_those_there_are)
{
    static struct iommu_handoff out;

    prepare();
    out.unit_count = IOMMU_HANDOFF_UNITS - 1;
    out.units[0].segment = 7;
    CHECK_OK(take(&out));
    CHECK_EQ(out.unit_count, IOMMU_HANDOFF_UNITS);
    CHECK_EQ(out.units[0].segment, 7);
    CHECK_EQ(out.units[IOMMU_HANDOFF_UNITS - 1].registers_pa, FAKE_AMDVI_BASE);
    finish();
}

TEST(damaged_table_is_reported_and_its_units_are_read)
{
    struct iommu_handoff out = { 0 };

    prepare();
    fake.table[9]++;
    CHECK_EQ(take(&out), IOMMU_ERR_TABLE);
    CHECK_EQ(out.unit_count, 2);
    fake.table[0] = 'X';
    out.unit_count = 0;
    CHECK_EQ(take(&out), IOMMU_ERR_TABLE);
    CHECK_EQ(out.unit_count, 0);
    finish();
}
