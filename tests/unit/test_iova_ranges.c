/* SPDX-License-Identifier: BSD-2-Clause */
/* iova_ranges.c on the models: aperture, the vendor's holes, regions of the device. */
#include "test.h"

#include "iova_ranges.h"
#include "model_env.h"

static struct iova_ranges ranges_of(const struct model_env_config *config, size_t exerciser)
{
    struct model_env *me = model_env_create(config);
    struct suite_env *env;
    struct iova_ranges ranges;

    if (me == NULL)
        test_fail(__FILE__, __LINE__, "%s failed", model_env_error());
    env = model_env_suite(me);
    CHECK_OK(iova_ranges(env->iommu, env->exercisers[exerciser]->device, &ranges));
    CHECK(!ranges.more);
    CHECK_EQ(machine_violations(model_env_machine(me)), 0);
    model_env_destroy(me);
    return ranges;
}

static void check_range(const struct iova_ranges *ranges, size_t index, uint64_t start, uint64_t end)
{
    CHECK(index < ranges->count);
    CHECK_EQ(ranges->list[index].start, start);
    CHECK_EQ(ranges->list[index].end, end);
}

/* VT-d §3.15: FEExxxxxh are interrupts. 48 bits: VT-d §11.4.2 SAGAW. */
TEST(vtd_without_the_interrupt_range)
{
    struct model_env_config config = model_env_default();
    struct iova_ranges ranges = ranges_of(&config, 0);

    CHECK_EQ(ranges.count, 2);
    check_range(&ranges, 0, 0, 0xfee00000);
    check_range(&ranges, 1, 0xfef00000, 1ull << 48);
    CHECK_STR(ranges.format, "vtd-ss");
}

/* AMD-Vi §2.1.2: FD_0000_0000h to FF_FFFF_FFFFh is HyperTransport's. */
TEST(amd_without_the_hypertransport_range)
{
    struct model_env_config config = model_env_amd();
    struct iova_ranges ranges = ranges_of(&config, 0);

    CHECK_EQ(ranges.count, 3);
    check_range(&ranges, 0, 0, 0xfee00000);
    check_range(&ranges, 1, 0xfef00000, 0xfd00000000);
    CHECK_EQ(ranges.list[2].start, 0x10000000000);
}

/* A region of 32 KiB in RAM for 00:04.0; 00:05.0 has none. */
TEST(a_reserved_region_of_the_device_alone)
{
    struct model_env_config config = model_env_default();
    uint64_t middle = config.model.ram_pa + config.model.ram_len / 2;
    struct iova_ranges with, without;

    config.model.rmrrs[0] = (struct vtd_model_rmrr){
        .start = middle, .end = middle + 0x8000, .scope_count = 1,
        .scopes = { { .type = 1, .path_count = 1, .path = { { 4, 0 } } } } };
    config.model.rmrr_count = 1;
    with = ranges_of(&config, 0);
    without = ranges_of(&config, 1);
    CHECK_EQ(with.count, 3);
    check_range(&with, 0, 0, middle);
    check_range(&with, 1, middle + 0x8000, 0xfee00000);
    CHECK_EQ(without.count, 2);
    CHECK(!iova_ranges_equal(&with, &without));
    CHECK(iova_ranges_equal(&with, &with));
}

/* Regions that touch one another, the aperture's start, and a hole. */
TEST(regions_at_the_edges)
{
    struct model_env_config config = model_env_default();
    const uint64_t starts[] = { 0, 0x1000, 0xfedff000 };
    struct iova_ranges ranges;

    for (size_t i = 0; i < 3; i++)
        config.model.rmrrs[i] = (struct vtd_model_rmrr){
            .start = starts[i], .end = starts[i] + 0x1000, .scope_count = 1,
            .scopes = { { .type = 1, .path_count = 1, .path = { { 4, 0 } } } } };
    config.model.rmrr_count = 3;
    ranges = ranges_of(&config, 0);
    CHECK_EQ(ranges.count, 2);
    check_range(&ranges, 0, 0x2000, 0xfedff000);
    check_range(&ranges, 1, 0xfef00000, 1ull << 48);
}

TEST(windows_that_the_unit_never_sees)
{
    struct model_env_config config = model_env_default();
    struct iova_ranges ranges = ranges_of(&config, 0);

    iova_ranges_without(&ranges, 0xe0000000, 0xe0100000);
    iova_ranges_without(&ranges, 0xe0000000, 0xe0001000);       /* a BAR in that window */
    CHECK_EQ(ranges.count, 3);
    check_range(&ranges, 0, 0, 0xe0000000);
    check_range(&ranges, 1, 0xe0100000, 0xfee00000);
    check_range(&ranges, 2, 0xfef00000, 1ull << 48);
    iova_ranges_without(&ranges, 0xfe000000, 0xff000000);       /* over a hole */
    CHECK_EQ(ranges.count, 3);
    check_range(&ranges, 1, 0xe0100000, 0xfe000000);
    check_range(&ranges, 2, 0xff000000, 1ull << 48);
}

TEST(no_memory_for_the_domain)
{
    struct model_env_config config = model_env_default();
    struct model_env *me = model_env_create(&config);
    struct suite_env *env = model_env_suite(me);
    struct iova_ranges ranges;

    vtd_model_fail_alloc(model_env_model(me), 1);
    CHECK_EQ(iova_ranges(env->iommu, env->exercisers[0]->device, &ranges), IOMMU_ERR_NOMEM);
    CHECK_EQ(ranges.count, 0);
    model_env_destroy(me);
}
