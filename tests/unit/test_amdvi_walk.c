/* SPDX-License-Identifier: BSD-2-Clause */
/* amd/amdvi_walk.c on the model: where a walk ends is where the unit's own request ends. */
#include "test.h"

#include "amd/amdvi.h"
#include "amdvi_model.h"
#include "look.h"

#define RID 0x0010      /* 00:02.0 */
#define OTHER 0x0018    /* 00:03.0 */
#define BEYOND 0x0200   /* past the device table */
#define IOVA 0x40201000ull

struct machine {
    struct amdvi_model *m;
    struct iommu *iommu;
    struct iommu_device *device;
    uint64_t frame;
};
static struct look *look;

static struct machine *started(const struct amdvi_model_config *config, bool guest_tables)
{
    struct machine *d = calloc(1, sizeof(*d));
    struct iommu_config iommu = { .guest_tables = guest_tables };
    uint8_t table[4096];

    if (look == NULL)
        look = look_new();
    d->m = amdvi_model_create(config);
    amdvi_model_function(d->m, 0, RID);
    amdvi_model_function(d->m, 0, OTHER);
    CHECK_OK(iommu_create(amdvi_model_platform(d->m), amdvi_model_ctx(d->m), &iommu, &d->iommu));
    CHECK_OK(iommu_add_table(d->iommu, table, amdvi_model_ivrs(d->m, table, sizeof(table))));
    CHECK_OK(iommu_add_device(d->iommu, &(struct iommu_device_desc){ .rids = { RID }, .rid_count = 1 }, &d->device));
    CHECK_OK(iommu_start(d->iommu));
    d->frame = amdvi_model_frames(d->m, 1, 4096, 0, IOMMU_ANY_PA);
    return d;
}

static void abandoned(struct machine *d)
{
    amdvi_model_destroy(d->m);
    free(d);
}

static void ended(struct machine *d)
{
    iommu_destroy(d->iommu);
    CHECK_STR(amdvi_model_violation_text(d->m), "");
    CHECK_EQ(amdvi_model_live_pages(d->m), 0);
    CHECK_EQ(amdvi_model_live_windows(d->m), 0);
    abandoned(d);
}

static struct iommu_domain *domain_of(struct machine *d, enum iommu_domain_type type)
{
    struct iommu_domain *domain;

    CHECK_OK(iommu_domain_create(d->iommu, &(struct iommu_domain_desc){ .type = type, .devices = &d->device,
                                                                        .device_count = 1 }, &domain));
    return domain;
}

static void map(struct iommu_domain *domain, uint64_t iova, uint64_t pa, uint64_t len, unsigned prot)
{
    CHECK_OK(iommu_map(domain, &(struct iommu_mapping){ .iova = iova, .pa = pa, .len = len, .prot = prot }));
}

static struct iommu_domain *attached(struct machine *d, unsigned prot)
{
    struct iommu_domain *domain = domain_of(d, IOMMU_DOMAIN_UNMANAGED);

    map(domain, IOVA, d->frame, 4096, prot);
    CHECK_OK(iommu_attach(domain, d->device, IOMMU_NO_PASID));
    return domain;
}

static void detached(struct machine *d, struct iommu_domain *domain)
{
    CHECK_OK(iommu_detach(d->device, IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
}

static struct iommu_debug_walk walked(struct machine *d, uint16_t rid, uint64_t iova)
{
    struct iommu_debug_walk out = { .why = "" };

    look_clear(look);
    d->iommu->units[0]->ops->debug_walk(d->iommu->units[0], rid, iova, &look->visitor, &out);
    return out;
}

/* The event code; 0: it was done. */
static unsigned request(struct machine *d, uint16_t rid, uint64_t iova, bool write)
{
    uint32_t value = 0;

    (void)amdvi_model_dma(d->m, 0, rid, iova, &value, sizeof(value), write);
    return amdvi_model_last_reason(d->m);
}

/* The walk says what a read and a write of the device come to. */
static struct iommu_debug_walk compared(struct machine *d, uint16_t rid, uint64_t iova)
{
    struct iommu_debug_walk out = walked(d, rid, iova);
    bool lets = out.outcome == IOMMU_DEBUG_TRANSLATED || out.outcome == IOMMU_DEBUG_UNTRANSLATED;
    unsigned reading = request(d, rid, iova, false), writing = request(d, rid, iova, true);
    unsigned read_wanted = !lets ? out.reason : out.prot & IOMMU_READ ? 0 : ASPEC_EV_PAGE_FAULT;
    unsigned write_wanted = !lets ? out.reason : out.prot & IOMMU_WRITE ? 0 : ASPEC_EV_PAGE_FAULT;

    if (reading != read_wanted || writing != write_wanted || (!lets && out.reason == 0))
        test_fail(__FILE__, __LINE__, "iova 0x%llx: the unit says 0x%x and 0x%x, the walk 0x%x, prot %u (%s)\n%s",
                  (unsigned long long)iova, reading, writing, out.reason, out.prot, out.why, look->text);
    return out;
}

TEST(mapped_page_is_found_level_by_level)
{
    static const char *const steps[] = { "CONTROL", "DEV_TAB", "device table entry", "level 3 entry",
                                         "level 2 entry", "level 1 entry" };
    struct amdvi_model_config config = amdvi_model_default();
    struct machine *d = started(&config, false);
    struct iommu_domain *domain = attached(d, IOMMU_RW);
    struct iommu_debug_walk out = compared(d, RID, IOVA + 0x123);
    uint64_t pa;

    CHECK_EQ(out.outcome, IOMMU_DEBUG_TRANSLATED);
    CHECK_EQ(out.pa, d->frame + 0x123);
    CHECK_EQ(out.prot, IOMMU_RW);
    CHECK_EQ(out.size_shift, 12);
    CHECK_OK(iommu_lookup(domain, IOVA + 0x123, &pa));
    CHECK_EQ(pa, out.pa);
    /* The tree grows with what is mapped: 3 levels hold 39 bits. */
    CHECK_EQ(look->count, sizeof(steps) / sizeof(steps[0]));
    for (size_t i = 0; i < look->count; i++)
        CHECK_STR(look->items[i].name, steps[i]);
    CHECK_EQ(look_item(look, "device table entry")->at,
             (amdvi_model_reg64(d->m, 0, ASPEC_DEV_TAB) & ASPEC_DEV_TAB_ADDR) + RID * 32);
    CHECK(look_has(look, "CONTROL", "IommuEn=1("));
    CHECK(look_has(look, "device table entry", "Mode=3(3 levels)"));
    CHECK(look_has(look, "device table entry", "V=1() TV=1()"));
    CHECK(look_has(look, "level 2 entry", "NextLevel=1(level 1)"));
    CHECK(look_has(look, "level 1 entry", "NextLevel=0(page)"));
    detached(d, domain);
    ended(d);
}

TEST(nothing_mapped_not_attached_and_beyond)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct machine *d = started(&config, false);
    struct iommu_domain *domain = attached(d, IOMMU_RW);

    CHECK_STR(compared(d, RID, IOVA + 0x1000).why, "nothing is mapped there (PR = 0)");
    CHECK_STR(compared(d, RID, 1ull << 39).why, "the address has more bits than the tables (Mode)");
    CHECK_STR(compared(d, OTHER, IOVA).why, "the device is blocked (TV = 0)");
    CHECK_STR(compared(d, BEYOND, IOVA).why, "the device table has no entry for the id");
    detached(d, domain);
    ended(d);
}

TEST(rights_are_those_of_all_levels)
{
    for (unsigned prot = IOMMU_READ; prot <= IOMMU_RW; prot++) {
        struct amdvi_model_config config = amdvi_model_default();
        struct machine *d = started(&config, false);
        struct iommu_domain *domain = attached(d, prot);

        CHECK_EQ(compared(d, RID, IOVA).prot, prot);
        detached(d, domain);
        ended(d);
    }
}

static void check_page(struct machine *d, struct iommu_domain *domain, uint64_t iova, uint64_t pa, unsigned shift)
{
    struct iommu_debug_walk out;
    struct iommu_leaf leaf;

    map(domain, iova, pa, 1ull << shift, IOMMU_READ);
    out = compared(d, RID, iova + 0x1234);
    CHECK_EQ(out.outcome, IOMMU_DEBUG_TRANSLATED);
    CHECK_EQ(out.pa, pa + 0x1234);
    CHECK_EQ(out.size_shift, shift);
    CHECK_OK(iommu_lookup_leaf(domain, iova + 0x1234, &leaf));
    CHECK_EQ(leaf.pa, out.pa);
    CHECK_EQ(leaf.size_shift, out.size_shift);
    CHECK_EQ(leaf.prot, out.prot);
}

TEST(pages_of_every_size)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct machine *d = started(&config, false);
    struct iommu_domain *domain = attached(d, IOMMU_RW);

    for (unsigned shift = 13; shift <= 38; shift++)
        check_page(d, domain, 1ull << (shift + 9), 1ull << shift, shift);
    detached(d, domain);
    ended(d);
}

TEST(guest_tables)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct machine *d = started(&config, true);
    struct iommu_domain *domain = attached(d, IOMMU_RW);
    struct iommu_debug_walk out = compared(d, RID, IOVA + 8);

    CHECK_EQ(out.outcome, IOMMU_DEBUG_TRANSLATED);
    CHECK_EQ(out.pa, d->frame + 8);
    CHECK(look_has(look, "GCR3 entry", "V=1("));
    CHECK_EQ(look_item(look, "level 4 entry")->at, look_item(look, "GCR3 entry")->words[0] & ASPEC_GCR3_ADDR);
    CHECK(look_has(look, "device table entry", "GIoV=1() GV=1("));
    CHECK_STR(compared(d, RID, IOVA + 0x1000).why, "nothing is mapped there (P = 0)");
    check_page(d, domain, 0x80200000, 0x10400000, 21);
    check_page(d, domain, 0x100000000, 0x140000000, 30);
    detached(d, domain);
    ended(d);
}

TEST(pass_through_interrupts_and_a_unit_that_is_off)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct machine *d = started(&config, false);
    struct iommu_domain *domain = domain_of(d, IOMMU_DOMAIN_IDENTITY);
    struct iommu_debug_walk out;

    CHECK_OK(iommu_attach(domain, d->device, IOMMU_NO_PASID));
    out = compared(d, RID, d->frame + 8);
    CHECK_EQ(out.outcome, IOMMU_DEBUG_UNTRANSLATED);
    CHECK_EQ(out.pa, d->frame + 8);
    CHECK_STR(out.why, "the device passes through (Mode = 0)");
    CHECK_EQ(walked(d, RID, 0xfeefffff).outcome, IOMMU_DEBUG_INTERRUPT);
    CHECK_EQ(walked(d, RID, 0xfef00000).outcome, IOMMU_DEBUG_UNTRANSLATED);
    detached(d, domain);
    CHECK_OK(iommu_stop(d->iommu));
    CHECK_STR(compared(d, OTHER, d->frame).why, "the unit is off (IommuEn = 0)");
    ended(d);
}

static void poke(struct machine *d, uint64_t pa, uint64_t value)
{
    memcpy(amdvi_model_ram(d->m, pa, 8), &value, 8);
}

#define RW (3ull << 61)

TEST(damaged_tables)
{
    static const struct {
        const char *entry;
        unsigned word;
        uint64_t value;
        const char *why;
        enum iommu_debug_outcome outcome;
    } cases[] = {
        { "device table entry", 0, 0, "the entry says nothing: the device passes through (V = 0)",
          IOMMU_DEBUG_UNTRANSLATED },
        { "device table entry", 0, 3, "the device is blocked (Mode = 0, IR = IW = 0)", IOMMU_DEBUG_REFUSED },
        { "device table entry", 0, RW | 0xe03, "the unit has no tables of so many levels (Mode, GLX, GuestPagingMode)",
          IOMMU_DEBUG_REFUSED },
        { "device table entry", 0, RW | 0x607, "a reserved bit of the entry is set", IOMMU_DEBUG_REFUSED },
        { "device table entry", 0, RW | 0x7ffffff000 | 0x603, "the page table lies where there is no memory",
          IOMMU_DEBUG_UNKNOWN },
        { "level 3 entry", 0, RW | 0x7ffffff000 | 0x401, "the page table lies where there is no memory",
          IOMMU_DEBUG_UNKNOWN },
        { "level 3 entry", 0, RW | 0x601, "NextLevel does not lead down", IOMMU_DEBUG_REFUSED },
        { "level 3 entry", 0, RW | 0x201, "the address has bits of a level that is left out", IOMMU_DEBUG_REFUSED },
        { "level 2 entry", 0, RW | 1ull << 60 | 0x201, "a reserved bit of the entry is set", IOMMU_DEBUG_REFUSED },
        { "level 1 entry", 0, RW | 1ull << 55 | 1, "a reserved bit of the entry is set", IOMMU_DEBUG_REFUSED },
        { "level 1 entry", 0, 1, "the levels together give neither read nor write", IOMMU_DEBUG_REFUSED },
        { "level 1 entry", 0, RW | 0x1ff000 | 0xe01, "the encoded size is none of the level's", IOMMU_DEBUG_REFUSED },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct amdvi_model_config config = amdvi_model_default();
        struct machine *d = started(&config, false);
        struct iommu_debug_walk out;

        (void)attached(d, IOMMU_RW);
        (void)walked(d, RID, IOVA);
        poke(d, look_item(look, cases[i].entry)->at + cases[i].word * 8, cases[i].value);
        CHECK_OK(iommu_debug_flush_all(d->iommu, 0));
        out = compared(d, RID, IOVA);
        CHECK_STR(out.why, cases[i].why);
        CHECK_EQ(out.outcome, cases[i].outcome);
        abandoned(d);
    }
}

TEST(device_table_outside_of_memory)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct machine *d = started(&config, false);
    struct iommu_debug_walk out;

    amdvi_model_poke64(d->m, 0, ASPEC_DEV_TAB, 0x7ffffff000ull | 3);
    out = walked(d, RID, IOVA);
    CHECK_EQ(out.outcome, IOMMU_DEBUG_UNKNOWN);
    CHECK_EQ(out.reason, ASPEC_EV_DEV_TAB_ERROR);
    CHECK_STR(out.reason_name, "DEV_TAB_HARDWARE_ERROR");
    abandoned(d);
}

static uint32_t state;

static uint32_t random32(void)
{
    state = state * 1664525u + 1013904223u;
    return state >> 8 | state << 24;
}

/* One to three bits of the walk's entries turned over: unit and walk still agree. */
static void damage(bool guest)
{
    struct amdvi_model_config config = amdvi_model_default();

    config.units[0].speculate = false;
    state = 1;
    for (unsigned round = 0; round < 750; round++) {
        struct machine *d = started(&config, guest);
        unsigned flips = 1 + random32() % 3;

        (void)attached(d, IOMMU_RW);
        (void)walked(d, RID, IOVA);
        for (unsigned i = 0; i < flips; i++) {
            const struct iommu_debug_item *item = &look->items[2 + random32() % (look->count - 2)];
            uint64_t at = item->at + (item->bits == 256 ? random32() % 3 * 8 : 0), value;

            memcpy(&value, amdvi_model_ram(d->m, at, 8), 8);
            poke(d, at, value ^ 1ull << random32() % 64);
        }
        CHECK_OK(iommu_debug_flush_all(d->iommu, 0));
        if (walked(d, RID, IOVA).outcome != IOMMU_DEBUG_UNKNOWN || walked(d, RID, IOVA).reason != 0)
            (void)compared(d, RID, IOVA);
        abandoned(d);
    }
}

TEST(random_damage_of_host_tables)
{
    damage(false);
}

TEST(random_damage_of_guest_tables)
{
    damage(true);
}
