/* SPDX-License-Identifier: BSD-2-Clause */
/* intel/vtd_walk.c on the model: where a walk ends is where the unit's own request ends. */
#include "test.h"

#include "driver_rig.h"
#include "internal.h"
#include "look.h"

static struct look *look;

static struct iommu_debug_walk walked(struct driver *d, uint16_t rid, uint64_t iova)
{
    struct iommu_debug_walk out;

    look = look_anew();
    CHECK_OK(iommu_debug_walk(d->iommu, 0, rid, iova, &look->visitor, &out));
    return out;
}

/* The walk says what a read and a write of the device come to. */
static struct iommu_debug_walk compared(struct driver *d, uint16_t rid, uint64_t iova)
{
    struct iommu_debug_walk out = walked(d, rid, iova);
    bool lets = out.outcome == IOMMU_DEBUG_TRANSLATED || out.outcome == IOMMU_DEBUG_UNTRANSLATED;
    uint32_t value = 0;
    unsigned reason = driver_read(d, rid, iova, &value);

    if (!lets) {
        if (reason != out.reason || reason == 0)
            test_fail(__FILE__, __LINE__, "iova 0x%llx: the unit says 0x%x, the walk 0x%x (%s)\n%s",
                      (unsigned long long)iova, reason, out.reason, out.why, look->text);
        return out;
    }
    CHECK_EQ(reason, out.prot & IOMMU_READ ? 0 : SPEC_FR_READ);
    CHECK_EQ(driver_write(d, rid, iova, value), out.prot & IOMMU_WRITE ? 0 : SPEC_FR_WRITE);
    return out;
}

static struct iommu_device *device_of(struct driver *d, uint16_t rid)
{
    return iommu_find_device(d->iommu, 0, rid);
}

/* A domain of DRIVER_RID with d->frame at DRIVER_IOVA. */
static struct iommu_domain *attached(struct driver *d, unsigned prot)
{
    struct iommu_domain *domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device_of(d, DRIVER_RID));

    driver_map(domain, DRIVER_IOVA, d->frame, 4096, prot);
    CHECK_OK(iommu_attach(domain, device_of(d, DRIVER_RID), IOMMU_NO_PASID));
    return domain;
}

static void detached(struct driver *d, struct iommu_domain *domain)
{
    CHECK_OK(iommu_detach(device_of(d, DRIVER_RID), IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
}

TEST(mapped_page_is_found_level_by_level)
{
    static const char *const steps[] = { "GSTS", "RTADDR", "root entry", "context entry", "level 4 entry",
                                         "level 3 entry", "level 2 entry", "level 1 entry" };
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_domain *domain = attached(d, IOMMU_RW);
    struct iommu_debug_walk out = compared(d, DRIVER_RID, DRIVER_IOVA + 0x123);
    uint64_t pa, root = vtd_model_reg64(d->m, 0, SPEC_RTADDR) & SPEC_RTADDR_RTA;

    CHECK_EQ(out.outcome, IOMMU_DEBUG_TRANSLATED);
    CHECK_EQ(out.pa, d->frame + 0x123);
    CHECK_EQ(out.prot, IOMMU_RW);
    CHECK_EQ(out.size_shift, 12);
    CHECK_OK(iommu_lookup(domain, DRIVER_IOVA + 0x123, &pa));
    CHECK_EQ(pa, out.pa);
    CHECK_EQ(look->count, sizeof(steps) / sizeof(steps[0]));
    for (size_t i = 0; i < look->count; i++)
        CHECK_STR(look->items[i].name, steps[i]);
    CHECK_EQ(look_item(look, "root entry")->at, root);  /* bus 0 */
    CHECK_EQ(look_item(look, "context entry")->at, (look_item(look, "root entry")->words[0] & SPEC_ROOT_CTP) + 0x10 * 16);
    CHECK_EQ(look_item(look, "level 1 entry")->index, 1);
    CHECK_EQ(look_item(look, "level 1 entry")->at, (look_item(look, "level 2 entry")->words[0] & SPEC_SS_ADDR) + 8);
    CHECK(look_has(look, "GSTS", "TES=1("));
    CHECK(look_has(look, "context entry", "TT=0(second stage, no device-TLB)"));
    CHECK(look_has(look, "context entry", "AW=2(48 bits, 4 levels)"));
    CHECK(look_has(look, "level 1 entry", "R=1() W=1()"));
    detached(d, domain);
    driver_destroy(d);
}

TEST(nothing_mapped_and_not_attached)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_domain *domain = attached(d, IOMMU_RW);
    struct iommu_debug_walk out = compared(d, DRIVER_RID, DRIVER_IOVA + 0x1000);

    CHECK_EQ(out.outcome, IOMMU_DEBUG_REFUSED);
    CHECK_EQ(out.reason, SPEC_FR_READ);
    CHECK_STR(out.reason_name, "not-readable");
    CHECK_STR(out.why, "nothing is mapped there (R = W = 0)");
    CHECK_STR(look->items[look->count - 1].name, "level 1 entry");
    (void)compared(d, DRIVER_RID, DRIVER_IOVA + (1ull << 39));
    CHECK_STR(look->items[look->count - 1].name, "level 4 entry");
    CHECK_EQ(compared(d, DRIVER_RID, 1ull << 48).reason, SPEC_FR_WIDTH);
    CHECK_EQ(compared(d, DRIVER_OTHER, DRIVER_IOVA).reason, SPEC_FR_CONTEXT_P);
    /* A bus without a context table, an id that nobody added. */
    CHECK_EQ(compared(d, 0x4500, DRIVER_IOVA).reason, SPEC_FR_ROOT_P);
    detached(d, domain);
    driver_destroy(d);
}

TEST(rights_are_those_of_all_levels)
{
    static const unsigned prots[] = { IOMMU_READ, IOMMU_WRITE, IOMMU_RW };

    for (size_t i = 0; i < 3; i++) {
        struct vtd_model_config config = vtd_model_default();
        struct driver *d = driver_started(&config);
        struct iommu_domain *domain = attached(d, prots[i]);

        CHECK_EQ(compared(d, DRIVER_RID, DRIVER_IOVA).prot, prots[i]);
        detached(d, domain);
        driver_destroy(d);
    }
}

TEST(large_pages)
{
    static const struct {
        uint64_t iova, pa, len;
        unsigned shift;
        const char *last;
    } pages[] = {
        { 0x80200000, 0x10400000, 1ull << 21, 21, "level 2 entry" },
        { 0x100000000, 0x140000000, 1ull << 30, 30, "level 3 entry" },
    };
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_domain *domain = attached(d, IOMMU_RW);

    for (size_t i = 0; i < 2; i++) {
        struct iommu_debug_walk out;
        struct iommu_leaf leaf;

        driver_map(domain, pages[i].iova, pages[i].pa, pages[i].len, IOMMU_READ);
        out = compared(d, DRIVER_RID, pages[i].iova + 0x1234);
        CHECK_EQ(out.outcome, IOMMU_DEBUG_TRANSLATED);
        CHECK_EQ(out.pa, pages[i].pa + 0x1234);
        CHECK_EQ(out.size_shift, pages[i].shift);
        CHECK_STR(look->items[look->count - 1].name, pages[i].last);
        CHECK_OK(iommu_lookup_leaf(domain, pages[i].iova + 0x1234, &leaf));
        CHECK_EQ(leaf.pa, out.pa);
        CHECK_EQ(leaf.size_shift, out.size_shift);
        CHECK_EQ(leaf.prot, out.prot);
    }
    detached(d, domain);
    driver_destroy(d);
}

TEST(pass_through_interrupts_and_a_unit_that_is_off)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_domain *domain = driver_domain(d, IOMMU_DOMAIN_IDENTITY, device_of(d, DRIVER_RID));
    struct iommu_debug_walk out;

    CHECK_OK(iommu_attach(domain, device_of(d, DRIVER_RID), IOMMU_NO_PASID));
    out = compared(d, DRIVER_RID, d->frame + 8);
    CHECK_EQ(out.outcome, IOMMU_DEBUG_UNTRANSLATED);
    CHECK_EQ(out.pa, d->frame + 8);
    CHECK_STR(out.why, "the device passes through (TT)");
    CHECK_EQ(compared(d, DRIVER_RID, 1ull << 39).reason, SPEC_FR_WIDTH);
    CHECK_EQ(walked(d, DRIVER_RID, 0xfee00000).outcome, IOMMU_DEBUG_INTERRUPT);
    CHECK_EQ(walked(d, DRIVER_RID, 0xfeefffff).outcome, IOMMU_DEBUG_INTERRUPT);
    CHECK_EQ(walked(d, DRIVER_RID, 0xfef00000).outcome, IOMMU_DEBUG_UNTRANSLATED);
    detached(d, domain);
    CHECK_OK(iommu_stop(d->iommu));
    out = compared(d, DRIVER_OTHER, d->frame);
    CHECK_EQ(out.outcome, IOMMU_DEBUG_UNTRANSLATED);
    CHECK_STR(out.why, "translation is off (GSTS.TES = 0)");
    CHECK_EQ(look->count, 1);
    driver_destroy(d);
}

static void poke(struct driver *d, uint64_t pa, uint64_t value)
{
    memcpy(vtd_model_ram(d->m, pa, 8), &value, 8);
}

/* Pointers outside of memory, and what no unit takes; the walk ends where the unit's does. */
TEST(damaged_tables)
{
    static const struct {
        const char *entry;
        unsigned word;
        uint64_t value;     /* 0: reason is that of an absent entry */
        unsigned reason;
        enum iommu_debug_outcome outcome;
    } cases[] = {
        { "root entry", 0, 0x7fff000000ull | 1, SPEC_FR_CONTEXT_ACCESS, IOMMU_DEBUG_UNKNOWN },
        { "root entry", 0, 1ull << 45 | 1, SPEC_FR_ROOT_RESERVED, IOMMU_DEBUG_REFUSED },
        { "root entry", 1, 1, SPEC_FR_ROOT_RESERVED, IOMMU_DEBUG_REFUSED },
        { "root entry", 0, 0, SPEC_FR_ROOT_P, IOMMU_DEBUG_REFUSED },
        { "context entry", 0, 0x7fff000000ull | 1, SPEC_FR_CONTEXT_INVALID, IOMMU_DEBUG_UNKNOWN },
        { "context entry", 0, 1ull << 40 | 1, SPEC_FR_CONTEXT_RESERVED, IOMMU_DEBUG_REFUSED },
        { "context entry", 0, 0xd, SPEC_FR_CONTEXT_INVALID, IOMMU_DEBUG_REFUSED },     /* TT 3 */
        { "context entry", 0, 0x5, SPEC_FR_CONTEXT_INVALID, IOMMU_DEBUG_REFUSED },     /* TT 1 without ECAP.DT */
        { "context entry", 0, 2, SPEC_FR_CONTEXT_P, IOMMU_DEBUG_REFUSED },             /* FPD */
        { "context entry", 1, 0x103, SPEC_FR_CONTEXT_INVALID, IOMMU_DEBUG_REFUSED },   /* 57 bits: SAGAW has not */
        { "context entry", 1, 0x100, SPEC_FR_CONTEXT_INVALID, IOMMU_DEBUG_REFUSED },   /* AW 0 */
        { "level 4 entry", 0, 0x7fff000003ull, SPEC_FR_SS_ACCESS, IOMMU_DEBUG_UNKNOWN },
        { "level 4 entry", 0, 0x83, SPEC_FR_SS_RESERVED, IOMMU_DEBUG_REFUSED },        /* PS */
        { "level 3 entry", 0, 1ull << 39 | 3, SPEC_FR_SS_RESERVED, IOMMU_DEBUG_REFUSED },
        { "level 2 entry", 0, 0x1083, SPEC_FR_SS_RESERVED, IOMMU_DEBUG_REFUSED },      /* not aligned */
        { "level 2 entry", 0, 0x7ffffff003ull, SPEC_FR_SS_ACCESS, IOMMU_DEBUG_UNKNOWN },
        { "level 1 entry", 0, 0xfee01003ull, SPEC_FR_OUTPUT_RANGE, IOMMU_DEBUG_REFUSED },
        { "level 1 entry", 0, 0x803, SPEC_FR_SS_RESERVED, IOMMU_DEBUG_REFUSED },       /* SNP without ECAP.SC */
        { "level 1 entry", 0, 4, SPEC_FR_READ, IOMMU_DEBUG_REFUSED },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vtd_model_config config = vtd_model_default();
        struct driver *d = driver_started(&config);
        struct iommu_debug_walk out;

        (void)attached(d, IOMMU_RW);
        (void)walked(d, DRIVER_RID, DRIVER_IOVA);
        poke(d, look_item(look, cases[i].entry)->at + cases[i].word * 8, cases[i].value);
        CHECK_OK(iommu_debug_flush_all(d->iommu, 0));
        out = compared(d, DRIVER_RID, DRIVER_IOVA);
        CHECK_EQ(out.reason, cases[i].reason);
        CHECK_EQ(out.outcome, cases[i].outcome);
        CHECK_STR(look->items[look->count - 1].name, cases[i].entry);
        driver_abandon(d);
    }
}

/* VT-d §9.8: IR is bit 61 and IW bit 62; bits 63 and 2 are ignored and have no name. */
TEST(permissions_for_io_stand_where_the_specification_has_them)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);

    (void)attached(d, IOMMU_RW);
    (void)walked(d, DRIVER_RID, DRIVER_IOVA);
    poke(d, look_item(look, "level 1 entry")->at, 1ull << 63 | 1ull << 61 | d->frame | 7);
    CHECK_OK(iommu_debug_flush_all(d->iommu, 0));
    CHECK_EQ(compared(d, DRIVER_RID, DRIVER_IOVA).outcome, IOMMU_DEBUG_TRANSLATED);
    CHECK(look_has(look, "level 1 entry", "IR=1() IW=0()"));
    CHECK(look_has(look, "level 1 entry", "R=1() W=1() EMT=0()"));
    poke(d, look_item(look, "level 1 entry")->at, 1ull << 63 | d->frame | 3);
    (void)walked(d, DRIVER_RID, DRIVER_IOVA);
    CHECK(look_has(look, "level 1 entry", "IR=0() IW=0()"));
    driver_abandon(d);
}

TEST(root_table_outside_of_memory_and_other_modes)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_debug_walk out;

    vtd_model_poke64(d->m, 0, SPEC_RTADDR, 0x7fff000000ull);
    out = walked(d, DRIVER_RID, DRIVER_IOVA);
    CHECK_EQ(out.outcome, IOMMU_DEBUG_UNKNOWN);
    CHECK_EQ(out.reason, SPEC_FR_ROOT_ACCESS);
    vtd_model_poke64(d->m, 0, SPEC_RTADDR, 0x7ffffffffffff000ull);     /* beyond HAW */
    CHECK_EQ(walked(d, DRIVER_RID, DRIVER_IOVA).reason, SPEC_FR_ROOT_ACCESS);
    vtd_model_poke64(d->m, 0, SPEC_RTADDR, 1ull << 10);    /* scalable, which the unit has not */
    out = walked(d, DRIVER_RID, DRIVER_IOVA);
    CHECK_EQ(out.outcome, IOMMU_DEBUG_REFUSED);
    CHECK_EQ(out.reason, SPEC_FR_TTM);
    driver_abandon(d);
}

static uint32_t state;

static uint32_t random32(void)
{
    state = state * 1664525u + 1013904223u;
    return state >> 8 | state << 24;
}

/* One to three bits of the walk's entries turned over: unit and walk still agree. */
TEST(random_damage)
{
    struct vtd_model_config config = vtd_model_default();

    config.units[0].speculate = false;
    state = 1;
    for (unsigned round = 0; round < 1500; round++) {
        struct driver *d = driver_started(&config);
        unsigned flips = 1 + random32() % 3;

        (void)attached(d, IOMMU_RW);
        (void)walked(d, DRIVER_RID, DRIVER_IOVA);
        for (unsigned i = 0; i < flips; i++) {
            const struct iommu_debug_item *item = &look->items[2 + random32() % (look->count - 2)];
            uint64_t at = item->at + (item->bits == 128 ? random32() % 2 * 8 : 0), value;

            memcpy(&value, vtd_model_ram(d->m, at, 8), 8);
            poke(d, at, value ^ 1ull << random32() % 64);
        }
        CHECK_OK(iommu_debug_flush_all(d->iommu, 0));
        (void)compared(d, DRIVER_RID, DRIVER_IOVA);
        driver_abandon(d);
    }
}

TEST(no_unit_and_no_way_to_read)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_debug_walk out;

    look = look == NULL ? look_new() : look;
    CHECK_EQ(iommu_debug_walk(d->iommu, 7, DRIVER_RID, 0, &look->visitor, &out), IOMMU_ERR_NOT_FOUND);
    d->platform.memory_map = NULL;
    CHECK_EQ(iommu_debug_walk(d->iommu, 0, DRIVER_RID, 0, &look->visitor, &out), IOMMU_ERR_UNSUPPORTED);
    driver_destroy(d);
}
