/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bits of AMD-Vi guest tables (AMD-Vi §2.2.6.5): those of x86-64, with U/S
 * everywhere and NX nowhere, and addresses that are not sign-extended.
 */
#include "test.h"

#include "fake_platform.h"
#include "pt/pt.h"

/* Of entries that lead to tables hardware ignores 62:52, 11:9, 6; PWT and PCD are 0 here. */
#define TABLE_IGNORED 0x7ff0000000000e40ull

#define SIZE_4K 0x1000ull
#define SIZE_2M 0x200000ull
#define SIZE_1G 0x40000000ull

static struct fake_platform fake;
static struct pt_table table;

static enum iommu_status create(unsigned levels, unsigned input_bits)
{
    struct pt_config config = {
        .platform = &fake.platform, .platform_ctx = &fake, .levels = levels,
        .input_bits = input_bits, .page_sizes = SIZE_4K | SIZE_2M | SIZE_1G, .output_bits = 48,
        .coherent = false, .table_limit_pa = IOMMU_ANY_PA,
    };

    fake_platform_init(&fake, 16);
    return pt_amd_v2.create(&table, &config);
}

static enum iommu_status map(uint64_t iova, uint64_t pa, uint64_t len, unsigned prot)
{
    struct iommu_gather gather = { 0 };
    struct iommu_mapping m = { .iova = iova, .pa = pa, .len = len, .prot = prot };
    enum iommu_status status = pt_amd_v2.map(&table, &m, &gather);

    pt_free_gathered(&table, &gather);
    return status;
}

static void finish(void)
{
    pt_amd_v2.destroy(&table);
    CHECK_EQ(fake.live_pages, 0);
    CHECK_EQ(fake.misuses, 0);
    fake_platform_free(&fake);
}

static uint64_t entry(uint64_t pa, unsigned index)
{
    return fake_read64(&fake, pa + index * 8, false);
}

/* P 0, R/W 1, U/S 2, A 5, D 6, PS 7; NX, 63, is 0. */
TEST(users_at_every_level_and_no_nx)
{
    struct iommu_leaf leaf;

    CHECK_OK(create(4, 0));
    CHECK_OK(map(0x7f7f12345000, 0x1abcde000, SIZE_4K, IOMMU_RW));
    CHECK_EQ(entry(0x240000000, 0x0fe) & ~TABLE_IGNORED, 0x240001027);
    CHECK_EQ(entry(0x240001000, 0x1fc) & ~TABLE_IGNORED, 0x240002027);
    CHECK_EQ(entry(0x240002000, 0x091) & ~TABLE_IGNORED, 0x240003027);
    CHECK_EQ(entry(0x240003000, 0x145), 0x1abcde067);
    CHECK_OK(map(0x7f7f12346000, 0x5000, SIZE_4K, IOMMU_READ));
    CHECK_EQ(entry(0x240003000, 0x146), 0x5025);
    CHECK_OK(map(0x7f7f12400000, 0x600000, SIZE_2M, IOMMU_RW));
    CHECK_EQ(entry(0x240002000, 0x092), 0x6000e7);
    CHECK_OK(pt_amd_v2.lookup(&table, 0x7f7f12345678, &leaf));
    CHECK_EQ(leaf.pa, 0x1abcde678);
    CHECK_EQ(leaf.prot, IOMMU_RW);
    CHECK_OK(pt_amd_v2.lookup(&table, 0x7f7f12346678, &leaf));
    CHECK_EQ(leaf.prot, IOMMU_READ);
    finish();
}

/* x86-64 has no page for writing alone, and a lookup says what a device can do. */
TEST(what_may_be_written_can_be_read)
{
    struct iommu_leaf leaf;

    CHECK_OK(create(4, 0));
    CHECK_OK(map(0x1000, 0x5000, SIZE_4K, IOMMU_WRITE));
    CHECK_EQ(entry(0x240003000, 1), 0x5067);
    CHECK_OK(pt_amd_v2.lookup(&table, 0x1000, &leaf));
    CHECK_EQ(leaf.prot, IOMMU_RW);
    finish();
}

/* What the kernel's own spaces ask for has no place here. */
TEST(other_rights_change_nothing)
{
    CHECK_OK(create(4, 0));
    CHECK_OK(map(0, 0x5000, SIZE_4K, IOMMU_READ | PT_UNCACHED | PT_GLOBAL | PT_WRITE_COMBINE));
    CHECK_EQ(entry(0x240003000, 0), 0x5025);
    finish();
}

static void check_width(unsigned levels, unsigned bits)
{
    uint64_t end = 1ull << bits, pa;

    CHECK_OK(create(levels, 0));
    CHECK_EQ(table.input_bits, bits);
    CHECK_OK(map(end - SIZE_4K, 0x5000, SIZE_4K, IOMMU_RW));
    CHECK_OK(pt_amd_v2.translate(&table, end - 1, &pa));
    CHECK_EQ(pa, 0x5fff);
    CHECK_EQ(map(end, 0x5000, SIZE_4K, IOMMU_RW), IOMMU_ERR_RANGE);
    CHECK_EQ(map(0 - end, 0x5000, SIZE_4K, IOMMU_RW), IOMMU_ERR_RANGE);
    CHECK_EQ(pt_amd_v2.translate(&table, 0 - SIZE_4K, &pa), IOMMU_ERR_NOT_FOUND);
    finish();
    CHECK_EQ(create(levels, bits + 1), IOMMU_ERR_UNSUPPORTED);
    fake_platform_free(&fake);
    CHECK_OK(create(levels, bits - 4));
    CHECK_EQ(map(end >> 4, 0x5000, SIZE_4K, IOMMU_RW), IOMMU_ERR_RANGE);
    finish();
}

/* The bit that would be extended is 0 in every address. */
TEST(lower_half_only)
{
    check_width(4, 47);
    check_width(5, 56);
}

TEST(two_depths)
{
    CHECK_EQ(create(3, 0), IOMMU_ERR_UNSUPPORTED);
    fake_platform_free(&fake);
    CHECK_EQ(create(6, 0), IOMMU_ERR_UNSUPPORTED);
    fake_platform_free(&fake);
    CHECK(pt_amd_v2.grow == NULL && pt_x86_64.grow == NULL && pt_vtd_ss.grow == NULL);
}
