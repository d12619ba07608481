/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver on the AMD-Vi model where the suite's scenarios do not look: a
 * device table entry that changes under the eyes of a thread that does nothing
 * but read it (AMD-Vi §2.2.2.2), and requests that must never pass.
 */
#include "amd/amdvi.h"
#include "amdvi_model.h"
#include "iommu/iommu.h"
#include "test.h"

#define RID 0x0010
#define KEEPER 0x0018 /* this and the next function keep the two domains' ids */
#define IOVA 0x40201000ull
#define PAGE 4096u
#define ROUNDS 300
#define LOOKS 500000 /* of the checker, at least, while the entry changes */
#define TRANSLATION                                                                                \
    (ASPEC_DTE_V | ASPEC_DTE_TV | ASPEC_DTE_MODE | ASPEC_DTE_ROOT | ASPEC_DTE_IR | ASPEC_DTE_IW)

struct machine_amd {
    struct amdvi_model *m;
    struct iommu *iommu;
    struct iommu_device *device;
    struct iommu_device *keepers[2];
    struct iommu_domain *domains[2];
    uint64_t entries[2][4]; /* the device table entry with each domain */
};

static struct iommu_device *add(struct iommu *iommu, uint16_t rid)
{
    struct iommu_device *device;

    CHECK_OK(iommu_add_device(
        iommu, &(struct iommu_device_desc){ .rids = { rid }, .rid_count = 1 }, &device));
    return device;
}

static struct machine_amd started(const struct amdvi_model_config *config, bool wide)
{
    struct machine_amd a = { .m = amdvi_model_create(config) };
    const struct iommu_platform *platform = amdvi_model_platform(a.m);
    uint8_t table[1024];
    size_t len = amdvi_model_ivrs(a.m, table, sizeof(table));

    CHECK_OK(iommu_create(platform, amdvi_model_ctx(a.m), &(struct iommu_config){ 0 }, &a.iommu));
    CHECK_OK(iommu_add_table(a.iommu, table, len));
    if (!wide)
        amdvi_unit_of(a.iommu->units[0])->wide_store = false;
    a.device = add(a.iommu, RID);
    for (unsigned i = 0; i < 2; i++)
        a.keepers[i] = add(a.iommu, (uint16_t)(KEEPER + i));
    CHECK_OK(iommu_start(a.iommu));
    return a;
}

static void stop(struct machine_amd *a)
{
    iommu_destroy(a->iommu);
    if (amdvi_model_violations(a->m) != 0)
        test_fail(__FILE__, __LINE__, "violations:\n%s", amdvi_model_violation_text(a->m));
    CHECK_EQ(amdvi_model_live_pages(a->m), 0);
    CHECK_EQ(amdvi_model_live_windows(a->m), 0);
    CHECK_EQ(amdvi_model_stats(a->m, 0).leaks, 0);
    amdvi_model_destroy(a->m);
}

static struct iommu_domain *domain(struct machine_amd *a)
{
    struct iommu_device *const devices[] = { a->device };
    uint64_t pa = amdvi_model_frames(a->m, 1, PAGE, 0, IOMMU_ANY_PA);
    struct iommu_domain *made;

    CHECK_OK(iommu_domain_create(a->iommu,
                                 &(struct iommu_domain_desc){ .type = IOMMU_DOMAIN_DMA,
                                                               .devices = devices,
                                                               .device_count = 1 },
                                 &made));
    CHECK_OK(iommu_map(
        made, &(struct iommu_mapping){ .iova = IOVA, .pa = pa, .len = PAGE, .prot = IOMMU_RW }));
    return made;
}

/* Two domains, and how the device's entry looks with each of them. */
static void two_domains(struct machine_amd *a)
{
    for (unsigned i = 0; i < 2; i++) {
        a->domains[i] = domain(a);
        CHECK_OK(iommu_attach(a->domains[i], a->keepers[i], IOMMU_NO_PASID));
        CHECK_OK(iommu_attach(a->domains[i], a->device, IOMMU_NO_PASID));
        CHECK(amdvi_model_fetch_entry(a->m, 0, RID, a->entries[i]));
        CHECK_OK(iommu_detach(a->device, IOMMU_NO_PASID));
    }
}

/* Blocked, or one of the two: never one's table under the other's id. */
static bool is_whole(void *ctx, uint16_t rid, const uint64_t entry[4])
{
    const struct machine_amd *a = ctx;

    (void)rid;
    if ((entry[0] & ASPEC_DTE_V) == 0)
        return false;
    if ((entry[0] & ASPEC_DTE_TV) == 0)
        return true;
    for (unsigned i = 0; i < 2; i++) {
        if (((entry[0] ^ a->entries[i][0]) & TRANSLATION) == 0 &&
            ((entry[1] ^ a->entries[i][1]) & ASPEC_DTE_DOMAIN) == 0)
            return true;
    }
    return false;
}

static void change_under_the_checker(bool wide)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct machine_amd a;

    config.units[0].delay = 0;
    a = started(&config, wide);
    two_domains(&a);
    amdvi_model_watch_entry(a.m, 0, RID, is_whole, &a);
    amdvi_model_checker_start(a.m);
    for (unsigned i = 0; i < ROUNDS || amdvi_model_checker_looks(a.m) < LOOKS; i++) {
        CHECK_OK(iommu_attach(a.domains[i % 2], a.device, IOMMU_NO_PASID));
        CHECK_OK(iommu_detach(a.device, IOMMU_NO_PASID));
    }
    amdvi_model_checker_stop(a.m);
    amdvi_model_watch_entry(a.m, 0, RID, NULL, NULL);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_OK(iommu_detach(a.keepers[i], IOMMU_NO_PASID));
        CHECK_OK(iommu_domain_destroy(a.domains[i]));
    }
    stop(&a);
}

TEST(an_entry_is_never_seen_half_changed)
{
    change_under_the_checker(true);
}

TEST(an_entry_is_never_seen_half_changed_without_the_wide_store)
{
    change_under_the_checker(false);
}

TEST(no_id_of_the_bus_passes_and_none_beyond_the_table)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct machine_amd a = started(&config, true);
    uint64_t value = 1, frame = amdvi_model_frames(a.m, 1, PAGE, 0, IOMMU_ANY_PA);

    for (unsigned rid = 0; rid < 0x10000; rid += 3)
        CHECK_EQ(amdvi_model_dma(a.m, 0, (uint16_t)rid, frame, &value, sizeof(value), true),
                 AMDVI_MODEL_FAULT);
    iommu_poll_faults(a.iommu);
    stop(&a);
}
