/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine around the model's units: memory, windows, functions, clock, firmware's table and leavings. */
#include "test.h"
#include "vtd_rig.h"

#define VIOLATION(m, words) CHECK(strstr(vtd_model_violation_text(m), words) != NULL)

static struct vtd_model *created(void)
{
    struct vtd_model_config config = vtd_model_default();

    return vtd_model_create(&config);
}

TEST(pages_are_zero_aligned_counted_and_below_the_limit)
{
    struct vtd_model *m = created();
    const struct iommu_platform *platform = vtd_model_platform(m);
    uint64_t limit = 0x1800000; /* inside the upper half of RAM */
    unsigned char *pages = platform->page_alloc(m, 3, limit);

    CHECK(pages != NULL);
    CHECK_EQ(vtd_model_pa(m, pages) % 0x4000, 0);
    CHECK_EQ((uintptr_t)pages - platform->table_offset, vtd_model_pa(m, pages));
    CHECK(vtd_model_pa(m, pages) + 3 * 4096 - 1 <= limit);
    for (unsigned i = 0; i < 3 * 4096; i++)
        CHECK_EQ(pages[i], 0);
    CHECK_EQ(vtd_model_live_pages(m), 3);
    CHECK(platform->page_alloc(m, 1, 0x200000) == NULL); /* nothing of the upper half is below */
    platform->page_free(m, pages, 3);
    CHECK_EQ(vtd_model_live_pages(m), 0);
    CHECK_EQ(vtd_model_violations(m), 0);
    platform->page_free(m, pages, 1);
    VIOLATION(m, "not allocated");
    vtd_model_destroy(m);
}

TEST(nth_allocation_fails_and_no_other)
{
    struct vtd_model *m = created();
    const struct iommu_platform *platform = vtd_model_platform(m);

    vtd_model_fail_alloc(m, 2);
    CHECK(platform->page_alloc(m, 1, IOMMU_ANY_PA) != NULL);
    CHECK(platform->page_alloc(m, 1, IOMMU_ANY_PA) == NULL);
    CHECK(platform->page_alloc(m, 1, IOMMU_ANY_PA) != NULL);
    CHECK_EQ(vtd_model_alloc_calls(m), 3);
    CHECK_EQ(vtd_model_live_pages(m), 2);
    vtd_model_destroy(m);
}

TEST(windows_reach_their_unit_and_no_further)
{
    struct vtd_model_config config = vtd_model_default();
    struct vtd_model *m;
    const struct iommu_platform *platform;
    uint8_t *first, *second, *hole;

    config.unit_count = 2;
    config.units[1] = vtd_model_default_unit(1, false);
    config.units[1].version = 0x20;
    m = vtd_model_create(&config);
    platform = vtd_model_platform(m);
    first = platform->mmio_map(m, 0xfed90000, 4096);
    second = platform->mmio_map(m, 0xfeda0000, 4096);
    hole = platform->mmio_map(m, 0xfedb0000, 4096);
    CHECK_EQ(platform->mmio_read32(m, first), 0x10);
    CHECK_EQ(platform->mmio_read32(m, second), 0x20);
    CHECK_EQ(platform->mmio_read64(m, hole + 8), ~0ull);
    CHECK_EQ(vtd_model_violations(m), 0);
    CHECK_EQ(vtd_model_live_windows(m), 3);
    (void)platform->mmio_read32(m, first + 4096);
    VIOLATION(m, "outside every mapped window");
    platform->mmio_unmap(m, first, 4096);
    platform->mmio_unmap(m, second, 4096);
    platform->mmio_unmap(m, hole, 4096);
    CHECK_EQ(vtd_model_live_windows(m), 0);
    vtd_model_fail_map(m, 1);
    CHECK(platform->mmio_map(m, 0xfed90000, 4096) == NULL);
    vtd_model_destroy(m);
}

TEST(absent_unit_reads_all_ones)
{
    struct vtd_model_config config = vtd_model_default();
    struct vtd_model *m;

    config.units[0].absent = true;
    m = vtd_model_create(&config);
    CHECK_EQ(vtd_model_read32(m, 0, SPEC_VER), 0xffffffff);
    CHECK_EQ(vtd_model_read64(m, 0, SPEC_CAP), ~0ull);
    vtd_model_destroy(m);
}

TEST(bridges_answer_configuration_reads)
{
    struct vtd_model *m = created();
    const struct iommu_platform *platform = vtd_model_platform(m);

    vtd_model_bridge(m, 0, 0x0008, 1, 3);
    CHECK_EQ(platform->pci_read(m, 0, 0x0008, 0x0e, 1), 1);
    CHECK_EQ(platform->pci_read(m, 0, 0x0008, 0x19, 1), 1);
    CHECK_EQ(platform->pci_read(m, 0, 0x0008, 0x1a, 1), 3);
    CHECK_EQ(platform->pci_read(m, 0, 0x0008, 0x0a, 2), 0x0604);
    CHECK_EQ(platform->pci_read(m, 0, 0x0010, 0x19, 1), 0xff);
    CHECK_EQ(platform->pci_read(m, 0, 0x0010, 0, 4), 0xffffffff);
    vtd_model_destroy(m);
}

TEST(bus_mastering_off_stops_dma)
{
    struct vtd_model *m = created();
    uint32_t value = 0;

    CHECK_EQ(vtd_model_dma(m, 0, 0x10, 0x100000, &value, 4, false), VTD_MODEL_DONE);
    vtd_model_platform(m)->bus_master_off(m, 0, 0x10);
    CHECK(!vtd_model_bus_master_is_on(m, 0, 0x10));
    CHECK_EQ(vtd_model_dma(m, 0, 0x10, 0x100000, &value, 4, false), VTD_MODEL_NO_MASTER);
    CHECK_EQ(value, 0xffffffff);
    vtd_model_bus_master(m, 0, 0x10, true);
    CHECK_EQ(vtd_model_dma(m, 0, 0x10, 0x100000, &value, 4, false), VTD_MODEL_DONE);
    vtd_model_destroy(m);
}

TEST(interrupt_flag_nesting_is_checked)
{
    struct vtd_model *m = created();
    const struct iommu_platform *platform = vtd_model_platform(m);
    uintptr_t outer = platform->irq_save(m), inner = platform->irq_save(m);

    CHECK_EQ(vtd_model_irq_depth(m), 2);
    platform->irq_restore(m, inner);
    platform->irq_restore(m, outer);
    CHECK_EQ(vtd_model_irq_depth(m), 0);
    CHECK_EQ(vtd_model_violations(m), 0);
    platform->irq_restore(m, outer);
    VIOLATION(m, "irq_restore");
    vtd_model_destroy(m);
}

TEST(dma_into_freed_frames_is_noticed)
{
    struct vtd_model *m = created();
    uint64_t pa = vtd_model_frames(m, 1, 4096, 0, IOMMU_ANY_PA);
    uint32_t value = 1;

    CHECK_EQ(vtd_model_dma(m, 0, 0x10, pa, &value, 4, true), VTD_MODEL_DONE);
    vtd_model_frames_free(m, pa, 1);
    CHECK_EQ(vtd_model_dma(m, 0, 0x10, pa, &value, 4, true), VTD_MODEL_NO_MEMORY);
    VIOLATION(m, "DMA reached page");
    vtd_model_destroy(m);
}

TEST(flush_outside_memory_is_noticed)
{
    struct vtd_model *m = created();
    int other = 0;

    vtd_model_platform(m)->dma_flush(m, vtd_model_ram(m, 0x10003c, 8), 8);
    CHECK_EQ(vtd_model_flushed_lines(m), 2); /* 3Ch to 43h: two lines of 64 */
    CHECK_EQ(vtd_model_violations(m), 0);
    vtd_model_platform(m)->dma_flush(m, &other, sizeof(other));
    VIOLATION(m, "dma_flush");
    vtd_model_destroy(m);
}

/* §8.1, §8.3, §8.4, by hand. */
TEST(dmar_table)
{
    struct vtd_model_config config = vtd_model_default();
    uint8_t table[256], sum = 0;
    struct vtd_model *m;

    config.units[0].include_all = false;
    config.units[0].scope_count = 1;
    config.units[0].scopes[0] = (struct vtd_model_scope){ .type = 1, .bus = 0, .path = { { 2, 1 } } };
    config.rmrr_count = 1;
    config.rmrrs[0] = (struct vtd_model_rmrr){ .start = 0x200000, .end = 0x204000, .scope_count = 1 };
    config.rmrrs[0].scopes[0] = (struct vtd_model_scope){ .type = 1, .bus = 0, .path_count = 2,
                                                          .path = { { 1, 0 }, { 3, 0 } } };
    m = vtd_model_create(&config);
    CHECK_EQ(vtd_model_dmar(m, table, sizeof(table)), 48 + 16 + 8 + 24 + 10);
    CHECK_EQ(memcmp(table, "DMAR", 4), 0);
    CHECK_EQ(table[4], 106);
    for (unsigned i = 0; i < 106; i++)
        sum = (uint8_t)(sum + table[i]);
    CHECK_EQ(sum, 0);
    CHECK_EQ(table[36], 38); /* HAW 39 */
    CHECK_EQ(memcmp(table + 48, "\0\0\x18\0\0\0\0\0\0\0\xd9\xfe\0\0\0\0", 16), 0);
    CHECK_EQ(memcmp(table + 64, "\x01\x08\0\0\0\0\x02\x01", 8), 0);
    CHECK_EQ(memcmp(table + 72, "\x01\0\x22\0\0\0\0\0\0\0\x20\0\0\0\0\0\xff\x3f\x20\0\0\0\0\0", 24), 0);
    CHECK_EQ(memcmp(table + 96, "\x01\x0a\0\0\0\0\x01\0\x03\0", 10), 0);
    CHECK_EQ(vtd_model_dmar(m, table, 105), 0);
    vtd_model_destroy(m);
}

TEST(firmware_s_unit_runs)
{
    struct vtd_model_firmware left = { .translate = true, .queue = true, .stale_fault = true };
    struct vtd_model *m = created();
    uint32_t value = 0;

    vtd_model_firmware_left(m, 0, &left);
    CHECK_EQ(vtd_model_read32(m, 0, SPEC_GSTS), 0xc4000000);
    CHECK_EQ(vtd_model_read32(m, 0, SPEC_FSTS), SPEC_FSTS_PPF | SPEC_FSTS_PFO);
    CHECK_EQ(vtd_model_dma(m, 0, 0x10, 0x1ff000, &value, 4, false), VTD_MODEL_DONE);
    CHECK_EQ(vtd_model_dma(m, 0, 0x10, 0x200000, &value, 4, false), VTD_MODEL_FAULT);
    CHECK_EQ(vtd_model_dma(m, 0, 0x110, 0x100000, &value, 4, false), VTD_MODEL_FAULT);
    CHECK_EQ(vtd_model_live_pages(m), 0);
    CHECK_EQ(vtd_model_violations(m), 0);
    vtd_model_destroy(m);
}

TEST(firmware_s_queue_may_be_stuck)
{
    struct vtd_model_firmware left = { .queue_stuck = true };
    struct vtd_model *m = created();

    vtd_model_firmware_left(m, 0, &left);
    CHECK_EQ(vtd_model_read32(m, 0, SPEC_FSTS), SPEC_FSTS_IQE);
    CHECK_EQ(vtd_model_read64(m, 0, SPEC_IQT), 16);
    vtd_model_advance(m, 1000);
    CHECK_EQ(vtd_model_read64(m, 0, SPEC_IQH), 0);
    vtd_model_destroy(m);
}
