/* SPDX-License-Identifier: BSD-2-Clause */
/* objects.c on the model's pages: how many objects a page gives, reuse, no memory. */
#include "test.h"

#include "driver_rig.h"
#include "internal.h"

#define SIZE 48u
#define PER_PAGE 85u /* (4096 - 8) / 48: the first word is the page's link */

static struct driver *machine(void)
{
    struct vtd_model_config config = vtd_model_default();

    return driver_create(&config, NULL);
}

static void finish(struct driver *d, struct iommu_pool *pool, size_t pages_before)
{
    iommu_pool_destroy(d->iommu, pool);
    CHECK_EQ(vtd_model_live_pages(d->m), pages_before);
    driver_destroy(d);
}

static bool is_filled(const uint8_t *object, uint8_t value)
{
    for (unsigned i = 0; i < SIZE; i++)
        if (object[i] != value)
            return false;
    return true;
}

TEST(page_is_cut_into_whole_objects_and_the_next_one_is_another_page)
{
    struct driver *d = machine();
    struct iommu_pool pool = { .size = SIZE };
    size_t pages = vtd_model_live_pages(d->m);
    uint8_t *objects[PER_PAGE + 1];

    for (unsigned i = 0; i < PER_PAGE; i++) {
        objects[i] = iommu_pool_get(d->iommu, &pool);
        CHECK(objects[i] != NULL);
    }
    CHECK_EQ(vtd_model_live_pages(d->m), pages + 1);
    objects[PER_PAGE] = iommu_pool_get(d->iommu, &pool);
    CHECK_EQ(vtd_model_live_pages(d->m), pages + 2);
    finish(d, &pool, pages);
}

TEST(objects_are_zeroed_aligned_and_do_not_overlap)
{
    struct driver *d = machine();
    struct iommu_pool pool = { .size = SIZE };
    size_t pages = vtd_model_live_pages(d->m);
    uint8_t *objects[2 * PER_PAGE];

    for (unsigned i = 0; i < 2 * PER_PAGE; i++) {
        objects[i] = iommu_pool_get(d->iommu, &pool);
        CHECK_EQ((uintptr_t)objects[i] % 8, 0);
        CHECK(is_filled(objects[i], 0));
        memset(objects[i], (int)i + 1, SIZE);
    }
    for (unsigned i = 0; i < 2 * PER_PAGE; i++)
        CHECK(is_filled(objects[i], (uint8_t)(i + 1)));
    /* The objects were filled to the last byte, and the pages are still found. */
    finish(d, &pool, pages);
}

TEST(largest_object_fills_its_page)
{
    struct driver *d = machine();
    struct iommu_pool pool = { .size = 4096 - 8 };
    size_t pages = vtd_model_live_pages(d->m);

    for (unsigned i = 1; i <= 3; i++) {
        uint8_t *object = iommu_pool_get(d->iommu, &pool);

        CHECK(object != NULL);
        memset(object, 0xff, pool.size);
        CHECK_EQ((uintptr_t)object % 4096, 8);
        CHECK_EQ(vtd_model_live_pages(d->m), pages + i);
    }
    finish(d, &pool, pages);
}

TEST(returned_object_is_given_out_again_zeroed)
{
    struct driver *d = machine();
    struct iommu_pool pool = { .size = SIZE };
    size_t pages = vtd_model_live_pages(d->m);
    uint8_t *object = iommu_pool_get(d->iommu, &pool), *other = iommu_pool_get(d->iommu, &pool);
    uint64_t calls = vtd_model_alloc_calls(d->m);

    memset(object, 0xff, SIZE);
    memset(other, 0x77, SIZE);
    iommu_pool_put(d->iommu, &pool, object);
    CHECK(iommu_pool_get(d->iommu, &pool) == object);
    CHECK(is_filled(object, 0));
    CHECK(is_filled(other, 0x77));
    for (unsigned i = 0; i < 10 * PER_PAGE; i++) {
        iommu_pool_put(d->iommu, &pool, other);
        other = iommu_pool_get(d->iommu, &pool);
    }
    CHECK_EQ(vtd_model_alloc_calls(d->m), calls);
    finish(d, &pool, pages);
}

TEST(without_a_page_there_is_no_object_and_the_pool_stays_as_it_was)
{
    struct driver *d = machine();
    struct iommu_pool pool = { .size = SIZE };
    size_t pages = vtd_model_live_pages(d->m);

    vtd_model_fail_alloc(d->m, 1);
    CHECK(iommu_pool_get(d->iommu, &pool) == NULL);
    CHECK_EQ(vtd_model_irq_depth(d->m), 0);
    CHECK_EQ(vtd_model_live_pages(d->m), pages);
    for (unsigned i = 0; i < PER_PAGE; i++)
        CHECK(iommu_pool_get(d->iommu, &pool) != NULL);
    vtd_model_fail_alloc(d->m, 1);
    CHECK(iommu_pool_get(d->iommu, &pool) == NULL);
    CHECK(iommu_pool_get(d->iommu, &pool) != NULL);
    CHECK_EQ(vtd_model_live_pages(d->m), pages + 2);
    finish(d, &pool, pages);
}

TEST(free_object_needs_no_page)
{
    struct driver *d = machine();
    struct iommu_pool pool = { .size = SIZE };
    size_t pages = vtd_model_live_pages(d->m);

    CHECK(iommu_pool_get(d->iommu, &pool) != NULL);
    vtd_model_fail_alloc(d->m, 1);
    for (unsigned i = 1; i < PER_PAGE; i++)
        CHECK(iommu_pool_get(d->iommu, &pool) != NULL);
    CHECK(iommu_pool_get(d->iommu, &pool) == NULL);
    finish(d, &pool, pages);
}

TEST(destroyed_pool_begins_again)
{
    struct driver *d = machine();
    struct iommu_pool pool = { .size = SIZE };
    size_t pages = vtd_model_live_pages(d->m);

    iommu_pool_put(d->iommu, &pool, iommu_pool_get(d->iommu, &pool));
    iommu_pool_destroy(d->iommu, &pool);
    CHECK_EQ(vtd_model_live_pages(d->m), pages);
    /* What was free lay in a page that is gone. */
    CHECK(iommu_pool_get(d->iommu, &pool) != NULL);
    CHECK_EQ(vtd_model_live_pages(d->m), pages + 1);
    finish(d, &pool, pages);
}
