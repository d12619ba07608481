/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of page tables that no format has a say in: freeing what a gather holds. */
#include "pt/pt_walk.h"

static uint64_t *listed(const struct pt_table *table, uint64_t pa)
{
    return pt_at(table, pa & ~(PT_PAGE - 1));
}

static void serve(const struct pt_notice *notice)
{
    uint64_t wanted = notice->table_pa | notice->fresh, mask = notice->address | notice->fresh;
    uint64_t seen = pt_load(notice->entry);

    /* It changes when it is settled, or when hardware sets A. */
    while ((seen & mask) == wanted &&
           !__atomic_compare_exchange_n(notice->entry, &seen, seen & ~notice->fresh, false,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

/* Before anything is freed: the entry of a notice may lie in a table that is in the list too. */
static void serve_all(struct pt_table *table, uint64_t pa)
{
    while (pa != 0) {
        uint64_t *page = listed(table, pa);

        if (pa & PT_NOTICE) {
            serve((const struct pt_notice *)page);
            __atomic_fetch_sub(&table->notices, 1, __ATOMIC_RELAXED);
        }
        pa = page[0];
    }
}

void pt_free_gathered(struct pt_table *table, struct iommu_gather *gather)
{
    const struct iommu_platform *platform = table->config.platform;
    uint64_t pa = gather->freed_pa, freed = 0;

    if (__atomic_load_n(&table->notices, __ATOMIC_RELAXED) != 0)
        serve_all(table, pa);
    while (pa != 0) {
        uint64_t *page = listed(table, pa);

        pa = page[0];
        platform->page_free(table->config.platform_ctx, page, 1);
        freed++;
    }
    if (freed > 0)
        __atomic_fetch_sub(&table->table_pages, freed, __ATOMIC_RELAXED);
    *gather = (struct iommu_gather){ 0 };
}
