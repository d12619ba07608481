/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small objects of one size each, cut from pages of the embedder: it hands out
 * nothing smaller. Pages are given back when the machine is destroyed.
 */
#include "internal.h"
#include "memory.h"

static bool add_page(struct iommu *iommu, struct iommu_pool *pool)
{
    char *page = iommu->platform->page_alloc(iommu->ctx, 1, IOMMU_ANY_PA);

    if (page == NULL)
        return false;
    *(void **)(void *)page = pool->pages;
    pool->pages = page;
    /* The first word of the page is its link, and objects are aligned to 8 bytes. */
    for (size_t at = sizeof(void *); at + pool->size <= IOMMU_PAGE; at += pool->size) {
        *(void **)(void *)(page + at) = pool->free;
        pool->free = page + at;
    }
    return true;
}

void *iommu_pool_get(struct iommu *iommu, struct iommu_pool *pool)
{
    uintptr_t flags = iommu_lock_irq(iommu->platform, iommu->ctx, &iommu->pool_lock);
    void *object = NULL;

    if (pool->free != NULL || add_page(iommu, pool)) {
        object = pool->free;
        pool->free = *(void **)object;
    }
    iommu_unlock_irq(iommu->platform, iommu->ctx, &iommu->pool_lock, flags);
    if (object != NULL)
        memset(object, 0, pool->size);
    return object;
}

void iommu_pool_put(struct iommu *iommu, struct iommu_pool *pool, void *object)
{
    uintptr_t flags = iommu_lock_irq(iommu->platform, iommu->ctx, &iommu->pool_lock);

    *(void **)object = pool->free;
    pool->free = object;
    iommu_unlock_irq(iommu->platform, iommu->ctx, &iommu->pool_lock, flags);
}

void iommu_pool_destroy(struct iommu *iommu, struct iommu_pool *pool)
{
    while (pool->pages != NULL) {
        void *page = pool->pages;

        pool->pages = *(void **)page;
        iommu->platform->page_free(iommu->ctx, page, 1);
    }
    pool->free = NULL;
}
