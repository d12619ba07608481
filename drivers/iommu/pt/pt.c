/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of page tables that no format has a say in: freeing what a gather holds. */
#include "pt/pt.h"

void pt_free_gathered(struct pt_table *table, struct iommu_gather *gather)
{
    const struct iommu_platform *platform = table->config.platform;
    uint64_t pa = gather->freed_pa, freed = 0;

    while (pa != 0) {
        uint64_t *page = (uint64_t *)((uintptr_t)pa + platform->table_offset);

        pa = page[0];
        platform->page_free(table->config.platform_ctx, page, 1);
        freed++;
    }
    if (freed > 0)
        __atomic_fetch_sub(&table->table_pages, freed, __ATOMIC_RELAXED);
    *gather = (struct iommu_gather){ 0 };
}
