/* SPDX-License-Identifier: BSD-2-Clause */
/* intel/vtd_device.c on the model: context entries of one or several requester ids. */
#include "test.h"

#include "driver_rig.h"
#include "internal.h"

static struct iommu_device *device_of(struct driver *d, uint16_t rid)
{
    return iommu_find_device(d->iommu, 0, rid);
}

/* A domain with one frame at DRIVER_IOVA, marked with a word of its own. */
static struct iommu_domain *marked(struct driver *d, struct iommu_device *device, uint32_t mark, uint64_t *pa)
{
    struct iommu_domain *domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);

    *pa = vtd_model_frames(d->m, 1, 4096, 0, IOMMU_ANY_PA);
    memcpy(vtd_model_ram(d->m, *pa, 4), &mark, 4);
    driver_map(domain, DRIVER_IOVA, *pa, 4096, IOMMU_RW);
    return domain;
}

/* What a unit may look like; everything below holds on each. */
static struct vtd_model_config variant(unsigned number)
{
    struct vtd_model_config config = vtd_model_default();
    struct vtd_model_unit_config *unit = &config.units[0];

    spec_put(&unit->ecap, SPEC_ECAP_C, !(number & 1));
    spec_put(&unit->cap, SPEC_CAP_CM, (number & 2) != 0);
    spec_put(&unit->cap, SPEC_CAP_RWBF, (number & 4) != 0);
    spec_put(&unit->ecap, SPEC_ECAP_QI, !(number & 8));
    return config;
}
#define VARIANTS 16u

TEST(attach_move_and_detach_on_every_kind_of_unit)
{
    for (unsigned number = 0; number < VARIANTS; number++) {
        struct vtd_model_config config = variant(number);
        struct driver *d = driver_started(&config);
        struct iommu_device *device = device_of(d, DRIVER_RID);
        struct iommu_domain *a, *b;
        uint64_t pa_a, pa_b;
        uint32_t value;

        a = marked(d, device, 0xaaaa, &pa_a);
        b = marked(d, device, 0xbbbb, &pa_b);
        CHECK_EQ(driver_read(d, DRIVER_RID, DRIVER_IOVA, &value), SPEC_FR_CONTEXT_P);
        CHECK_STR(iommu_debug_device_state(device), "blocked");
        CHECK_OK(iommu_attach(a, device, IOMMU_NO_PASID));
        CHECK_STR(iommu_debug_device_state(device), "translated");
        CHECK_EQ(driver_read(d, DRIVER_RID, DRIVER_IOVA, &value), 0);
        CHECK_EQ(value, 0xaaaa);
        CHECK_OK(iommu_attach(b, device, IOMMU_NO_PASID));
        CHECK_EQ(driver_read(d, DRIVER_RID, DRIVER_IOVA, &value), 0);
        CHECK_EQ(value, 0xbbbb);
        CHECK_OK(iommu_domain_destroy(a));
        CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
        CHECK_EQ(driver_read(d, DRIVER_RID, DRIVER_IOVA, &value), SPEC_FR_CONTEXT_P);
        CHECK_OK(iommu_domain_destroy(b));
        driver_destroy(d);
    }
}

/* The context entry of DRIVER_RID as it lies in memory (VT-d §9.1, §9.3). */
static void read_entry(struct driver *d, uint64_t *lo, uint64_t *hi)
{
    uint64_t root = vtd_model_reg64(d->m, 0, SPEC_RTADDR) & SPEC_RTADDR_RTA, table;

    memcpy(&table, vtd_model_ram(d->m, root + (DRIVER_RID >> 8) * 16, 8), 8);
    table &= SPEC_ROOT_CTP;
    memcpy(lo, vtd_model_ram(d->m, table + (DRIVER_RID & 0xff) * 16, 8), 8);
    memcpy(hi, vtd_model_ram(d->m, table + (DRIVER_RID & 0xff) * 16 + 8, 8), 8);
}

static unsigned half_entries, complete_entries;

static void look_at_entry(struct driver *d)
{
    uint64_t lo, hi;

    read_entry(d, &lo, &hi);
    half_entries += !(lo & SPEC_CONTEXT_P) && spec_get(hi, SPEC_CONTEXT_HI_DID) != 0;
    complete_entries += (lo & SPEC_CONTEXT_P) && spec_get(hi, SPEC_CONTEXT_HI_DID) != 0;
}

/* The word that holds P is stored after a barrier behind the other. */
TEST(present_bit_is_published_last)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_domain *domain;
    uint64_t pa;

    domain = marked(d, device_of(d, DRIVER_RID), 1, &pa);
    half_entries = complete_entries = 0;
    d->on_barrier = look_at_entry;
    CHECK_OK(iommu_attach(domain, device_of(d, DRIVER_RID), IOMMU_NO_PASID));
    d->on_barrier = NULL;
    CHECK_EQ(half_entries, 1);
    CHECK_EQ(complete_entries, 0);
    look_at_entry(d);
    CHECK_EQ(complete_entries, 1);
    CHECK_OK(iommu_detach(device_of(d, DRIVER_RID), IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

TEST(attach_to_an_absent_entry_needs_no_flush_without_caching_mode)
{
    for (unsigned cm = 0; cm <= 1; cm++) {
        struct vtd_model_config config = vtd_model_default();
        struct vtd_model_stats before, after;
        struct iommu_domain *domain;
        struct driver *d;
        uint64_t pa;

        spec_put(&config.units[0].cap, SPEC_CAP_CM, cm);
        d = driver_started(&config);
        domain = marked(d, device_of(d, DRIVER_RID), 1, &pa);
        before = vtd_model_stats(d->m, 0);
        CHECK_OK(iommu_attach(domain, device_of(d, DRIVER_RID), IOMMU_NO_PASID));
        after = vtd_model_stats(d->m, 0);
        CHECK_EQ(after.context_device - before.context_device, cm);
        CHECK_EQ(after.iotlb_domain - before.iotlb_domain, cm);
        CHECK_OK(iommu_detach(device_of(d, DRIVER_RID), IOMMU_NO_PASID));
        CHECK_OK(iommu_domain_destroy(domain));
        driver_destroy(d);
    }
}

/* VT-d §6.5.3.3: context cache of the device, IOTLB of its domain, in one batch. */
TEST(detach_flushes_the_device_and_its_domain_at_one_doorbell)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct vtd_model_stats before, after;
    struct iommu_domain *domain;
    uint64_t pa;

    domain = marked(d, device_of(d, DRIVER_RID), 1, &pa);
    CHECK_OK(iommu_attach(domain, device_of(d, DRIVER_RID), IOMMU_NO_PASID));
    before = vtd_model_stats(d->m, 0);
    CHECK_OK(iommu_detach(device_of(d, DRIVER_RID), IOMMU_NO_PASID));
    after = vtd_model_stats(d->m, 0);
    CHECK_EQ(after.context_device - before.context_device, 1);
    CHECK_EQ(after.iotlb_domain - before.iotlb_domain, 1);
    CHECK_EQ(after.doorbells - before.doorbells, 1);
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

TEST(every_alias_is_programmed_alike)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_device *device;
    struct iommu_domain *domain;
    uint64_t pa;
    uint32_t value;

    CHECK_OK(iommu_add_device(d->iommu, &(struct iommu_device_desc){
        .rids = { 0x0208, 0x0300, 0x0310 }, .rid_count = 3 }, &device));
    domain = marked(d, device, 0x77, &pa);
    CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
    CHECK_EQ(driver_read(d, 0x0208, DRIVER_IOVA, &value), 0);
    CHECK_EQ(driver_read(d, 0x0300, DRIVER_IOVA, &value), 0);
    CHECK_EQ(driver_read(d, 0x0310, DRIVER_IOVA, &value), 0);
    CHECK_EQ(value, 0x77);
    CHECK_EQ(driver_read(d, 0x0308, DRIVER_IOVA, &value), SPEC_FR_CONTEXT_P);
    CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
    CHECK_EQ(driver_read(d, 0x0208, DRIVER_IOVA, &value), SPEC_FR_CONTEXT_P);
    CHECK_EQ(driver_read(d, 0x0310, DRIVER_IOVA, &value), SPEC_FR_CONTEXT_P);
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

TEST(pass_through_reaches_memory_as_it_is)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_domain *domain = driver_domain(d, IOMMU_DOMAIN_IDENTITY, device_of(d, DRIVER_RID));

    CHECK_OK(iommu_attach(domain, device_of(d, DRIVER_RID), IOMMU_NO_PASID));
    CHECK_STR(iommu_debug_device_state(device_of(d, DRIVER_RID)), "pass-through");
    CHECK_EQ(driver_write(d, DRIVER_RID, d->frame, 0x1234), 0);
    CHECK_EQ(driver_word(d, d->frame), 0x1234);
    CHECK_EQ(driver_write(d, DRIVER_OTHER, d->frame, 0x9999), SPEC_FR_CONTEXT_P);
    CHECK_EQ(driver_word(d, d->frame), 0x1234);
    CHECK_OK(iommu_detach(device_of(d, DRIVER_RID), IOMMU_NO_PASID));
    CHECK_EQ(driver_write(d, DRIVER_RID, d->frame, 1), SPEC_FR_CONTEXT_P);
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

TEST(blocked_domain_reaches_nothing)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_device *device = device_of(d, DRIVER_RID);
    struct iommu_domain *domain = driver_domain(d, IOMMU_DOMAIN_BLOCKED, device), *open;
    uint64_t pa;

    open = marked(d, device, 1, &pa);
    CHECK_OK(iommu_attach(open, device, IOMMU_NO_PASID));
    CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
    CHECK(iommu_device_domain(device) == domain);
    CHECK_EQ(driver_write(d, DRIVER_RID, DRIVER_IOVA, 2), SPEC_FR_CONTEXT_P);
    CHECK_EQ(driver_word(d, pa), 1);
    CHECK_EQ(iommu_domain_destroy(domain), IOMMU_ERR_BUSY);
    CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
    CHECK_OK(iommu_domain_destroy(open));
    driver_destroy(d);
}

/* A bus that comes into use while the unit caches that it has no context table. */
TEST(new_bus_is_seen_though_its_absence_was_cached)
{
    for (unsigned number = 0; number < VARIANTS; number++) {
        struct vtd_model_config config = variant(number);
        struct driver *d = driver_started(&config);
        struct iommu_device *device;
        struct iommu_domain *domain;
        uint64_t pa;
        uint32_t value;

        CHECK_EQ(driver_read(d, 0x4200, DRIVER_IOVA, &value), SPEC_FR_ROOT_P);
        CHECK_EQ(driver_read(d, 0x4280, DRIVER_IOVA, &value), SPEC_FR_ROOT_P);
        device = driver_add(d, 0x4200);
        domain = marked(d, device, 5, &pa);
        CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
        CHECK_EQ(driver_read(d, 0x4200, DRIVER_IOVA, &value), 0);
        CHECK_EQ(value, 5);
        CHECK_EQ(driver_read(d, 0x4280, DRIVER_IOVA, &value), SPEC_FR_CONTEXT_P);
        CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
        CHECK_OK(iommu_domain_destroy(domain));
        driver_destroy(d);
    }
}

TEST(no_memory_for_a_context_table_leaves_the_device_blocked)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_device *device;
    struct iommu_domain *domain;
    uint64_t pa;
    uint32_t value;

    vtd_model_fail_alloc(d->m, 1);
    CHECK_EQ(iommu_add_device(d->iommu, &(struct iommu_device_desc){ .rids = { 0x4200 }, .rid_count = 1 }, &device),
             IOMMU_ERR_NOMEM);
    /* It is known now, and attaching makes what was missing. */
    device = device_of(d, 0x4200);
    CHECK(device != NULL);
    domain = marked(d, device, 5, &pa);
    vtd_model_fail_alloc(d->m, 1);
    CHECK_EQ(iommu_attach(domain, device, IOMMU_NO_PASID), IOMMU_ERR_NOMEM);
    CHECK(iommu_device_domain(device) == NULL);
    CHECK_EQ(driver_read(d, 0x4200, DRIVER_IOVA, &value), SPEC_FR_ROOT_P);
    CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
    CHECK_EQ(driver_read(d, 0x4200, DRIVER_IOVA, &value), 0);
    CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

TEST(detach_that_is_not_confirmed_keeps_the_domain)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_domain *domain;
    uint64_t pa;

    domain = marked(d, device_of(d, DRIVER_RID), 5, &pa);
    CHECK_OK(iommu_attach(domain, device_of(d, DRIVER_RID), IOMMU_NO_PASID));
    vtd_model_hang(d->m, 0, VTD_MODEL_HANG_WAIT);
    CHECK_EQ(iommu_detach(device_of(d, DRIVER_RID), IOMMU_NO_PASID), IOMMU_ERR_TIMEOUT);
    CHECK_EQ(iommu_domain_destroy(domain), IOMMU_ERR_BUSY);
    driver_abandon(d);
}

/* With caching mode an attach is a flush too; an id whose flush was not confirmed stays taken. */
TEST(attach_that_is_not_confirmed_leaves_no_entry)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;
    struct iommu_domain *domain;
    uint64_t pa;

    spec_put(&config.units[0].cap, SPEC_CAP_CM, 1);
    d = driver_started(&config);
    domain = marked(d, device_of(d, DRIVER_RID), 5, &pa);
    vtd_model_hang(d->m, 0, VTD_MODEL_HANG_WAIT);
    CHECK_EQ(iommu_attach(domain, device_of(d, DRIVER_RID), IOMMU_NO_PASID), IOMMU_ERR_TIMEOUT);
    CHECK_STR(iommu_debug_device_state(device_of(d, DRIVER_RID)), "blocked");
    driver_abandon(d);
}

TEST(detach_that_is_not_confirmed_keeps_the_id)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_domain *domain;
    uint32_t id;
    uint64_t pa;

    domain = marked(d, device_of(d, DRIVER_RID), 5, &pa);
    CHECK_OK(iommu_attach(domain, device_of(d, DRIVER_RID), IOMMU_NO_PASID));
    id = iommu_device_domain_id(device_of(d, DRIVER_RID));
    CHECK(id != 0);
    vtd_model_hang(d->m, 0, VTD_MODEL_HANG_WAIT);
    CHECK_EQ(iommu_detach(device_of(d, DRIVER_RID), IOMMU_NO_PASID), IOMMU_ERR_TIMEOUT);
    CHECK_EQ(iommu_device_domain_id(device_of(d, DRIVER_RID)), id);
    driver_abandon(d);
}

static unsigned before_link;

static void look_at_root(struct driver *d)
{
    uint64_t root = vtd_model_reg64(d->m, 0, SPEC_RTADDR), entry;

    memcpy(&entry, vtd_model_ram(d->m, root + 0x42 * 16, sizeof(entry)), sizeof(entry));
    before_link += !(entry & SPEC_ROOT_P);
}

TEST(new_bus_is_linked_behind_a_barrier)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_device *device;
    struct iommu_domain *domain;
    uint64_t pa;

    before_link = 0;
    d->on_barrier = look_at_root;
    device = driver_add(d, 0x4200);
    domain = marked(d, device, 5, &pa);
    CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
    d->on_barrier = NULL;
    CHECK_EQ(before_link, 1);
    CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

static void (*model_flush)(void *ctx, const void *at, size_t len);
static struct driver *flushing;
static unsigned tables_flushed, linked_early;

/* Any line may reach memory by itself, so a table must be there before the entry that leads to it is stored. */
static void look_at_flush(void *ctx, const void *at, size_t len)
{
    if (len == 4096) {
        before_link = 0;
        look_at_root(flushing);
        tables_flushed++;
        linked_early += before_link == 0;
    }
    model_flush(ctx, at, len);
}

TEST(new_bus_is_written_back_before_it_is_linked)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    spec_put(&config.units[0].ecap, SPEC_ECAP_C, 0);
    d = driver_started(&config);
    flushing = d;
    model_flush = d->platform.dma_flush;
    tables_flushed = linked_early = 0;
    d->platform.dma_flush = look_at_flush;
    driver_add(d, 0x4200);
    d->platform.dma_flush = model_flush;
    CHECK_EQ(tables_flushed, 1);
    CHECK_EQ(linked_early, 0);
    driver_destroy(d);
}

/* However often it is asked for: VT-d §6.2.2.1, the id may be given out again only after a flush. */
TEST(detach_that_is_not_confirmed_cannot_be_repeated_into_success)
{
    for (unsigned refused = 0; refused < 2; refused++) {
        struct vtd_model_config config = vtd_model_default();
        struct driver *d = driver_started(&config);
        struct iommu_device *device = device_of(d, DRIVER_RID);
        struct iommu_domain *domain;
        uint64_t pa;

        domain = marked(d, device, 5, &pa);
        CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
        CHECK_EQ(driver_write(d, DRIVER_RID, DRIVER_IOVA, 7), 0);
        if (refused)
            driver_refuse(d, 3, UINT32_MAX); /* the context-cache descriptor */
        else
            vtd_model_hang(d->m, 0, VTD_MODEL_HANG_WAIT);
        CHECK_EQ(iommu_detach(device, IOMMU_NO_PASID), refused ? IOMMU_ERR_QUEUE : IOMMU_ERR_TIMEOUT);
        CHECK_EQ(iommu_detach(device, IOMMU_NO_PASID), IOMMU_ERR_FENCED);
        CHECK_EQ(iommu_domain_destroy(domain), IOMMU_ERR_BUSY);
        CHECK(iommu_device_domain(device) == domain);
        driver_abandon(d);
    }
}

TEST(detach_whose_flush_is_refused_once_is_confirmed_all_the_same)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_domain *domain;
    uint64_t pa;

    domain = marked(d, device_of(d, DRIVER_RID), 5, &pa);
    CHECK_OK(iommu_attach(domain, device_of(d, DRIVER_RID), IOMMU_NO_PASID));
    CHECK_EQ(driver_write(d, DRIVER_RID, DRIVER_IOVA, 7), 0);
    driver_refuse(d, 3, 1);
    CHECK_OK(iommu_detach(device_of(d, DRIVER_RID), IOMMU_NO_PASID));
    CHECK_EQ(driver_write(d, DRIVER_RID, DRIVER_IOVA, 8), SPEC_FR_CONTEXT_P);
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

/* The entry was present for a moment and may be cached: the domain is in use, though attach has failed. */
TEST(attach_that_is_not_confirmed_keeps_the_new_domain)
{
    for (unsigned rwbf = 0; rwbf < 2; rwbf++) {
        struct vtd_model_config config = vtd_model_default();
        struct iommu_device *device;
        struct iommu_domain *domain;
        struct driver *d;
        uint64_t pa;
        uint32_t value;

        spec_put(&config.units[0].cap, rwbf ? SPEC_CAP_RWBF : SPEC_CAP_CM, 1);
        d = driver_started(&config);
        device = device_of(d, DRIVER_RID);
        domain = marked(d, device, 5, &pa);
        CHECK_EQ(driver_read(d, DRIVER_RID, DRIVER_IOVA, &value), SPEC_FR_CONTEXT_P);
        if (rwbf)
            vtd_model_hang(d->m, 0, VTD_MODEL_HANG_WBF);
        else
            driver_refuse(d, 2, UINT32_MAX); /* the IOTLB descriptor: the device has walked before it */
        CHECK_EQ(iommu_attach(domain, device, IOMMU_NO_PASID), rwbf ? IOMMU_ERR_TIMEOUT : IOMMU_ERR_QUEUE);
        CHECK(iommu_device_domain(device) == NULL);
        CHECK_EQ(iommu_domain_destroy(domain), IOMMU_ERR_BUSY);
        CHECK_EQ(iommu_detach(device, IOMMU_NO_PASID), IOMMU_ERR_FENCED);
        CHECK_EQ(iommu_domain_destroy(domain), IOMMU_ERR_BUSY);
        CHECK_EQ(iommu_attach(domain, device, IOMMU_NO_PASID), IOMMU_ERR_FENCED);
        driver_abandon(d);
    }
}
