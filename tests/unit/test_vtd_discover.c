/* SPDX-License-Identifier: BSD-2-Clause */
/* intel/vtd_discover.c on the model: what becomes of the units and regions a DMAR table names. */
#include "test.h"

#include "driver_rig.h"
#include "intel/vtd.h"

#define HAW_BYTE 36 /* host address width, less one (VT-d §8.1) */

static const struct iommu_scope *find(const struct iommu_scope *scope, uint16_t rid)
{
    while (scope != NULL && scope->rid != rid)
        scope = scope->next;
    return scope;
}

static size_t length(const struct iommu_scope *scope)
{
    size_t count = 0;

    for (; scope != NULL; scope = scope->next)
        count++;
    return count;
}

static bool logged(const struct driver *d, const char *text)
{
    return strstr(vtd_model_log(d->m), text) != NULL;
}

static size_t warnings(const struct driver *d)
{
    return vtd_model_log_lines(d->m, IOMMU_LOG_WARNING);
}

/* One more unit with one scope; the first covers all. */
static struct vtd_model_config with_scope(struct vtd_model_scope scope)
{
    struct vtd_model_config config = vtd_model_default();

    config.units[1] = vtd_model_default_unit(1, false);
    config.units[1].scopes[0] = scope;
    config.units[1].scope_count = 1;
    config.unit_count = 2;
    return config;
}

static size_t unit_of(struct driver *d, uint16_t segment, uint16_t rid, uint16_t bridge)
{
    const struct iommu_device_desc desc = { .segment = segment, .rids = { rid }, .rid_count = 1,
                                            .bridges = { bridge }, .bridge_count = bridge != 0 };
    struct iommu_device *device;

    CHECK_OK(iommu_add_device(d->iommu, &desc, &device));
    return iommu_device_unit(device);
}

/* ---- scopes ---- */

/* §8.3.1: endpoints, bridges and ACPI devices issue DMA of their own; IOAPIC (3) and HPET (4) do not. */
TEST(types_of_scopes)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;
    const struct iommu_scope *scopes;

    for (uint8_t type = 1; type <= 6; type++)
        config.units[0].scopes[type - 1] = (struct vtd_model_scope){ .type = type, .path = { { type, 1 } } };
    config.units[0].scope_count = 6;
    d = driver_create(&config, NULL);
    CHECK_OK(driver_add_table(d));
    scopes = d->iommu->units[0]->scopes;
    CHECK_EQ(length(scopes), 3);
    CHECK(find(scopes, IOMMU_RID(0, 1, 1)) != NULL && !find(scopes, IOMMU_RID(0, 1, 1))->bridge);
    CHECK(find(scopes, IOMMU_RID(0, 2, 1)) != NULL && find(scopes, IOMMU_RID(0, 2, 1))->bridge);
    CHECK(find(scopes, IOMMU_RID(0, 5, 1)) != NULL && !find(scopes, IOMMU_RID(0, 5, 1))->bridge);
    driver_destroy(d);
}

TEST(path_begins_at_its_bus_and_goes_through_bridges)
{
    struct vtd_model_config config = with_scope((struct vtd_model_scope){
        .type = 1, .bus = 0x80, .path_count = 3, .path = { { 0x1c, 0 }, { 0, 1 }, { 4, 2 } } });
    struct driver *d;

    config.units[1].scopes[1] = (struct vtd_model_scope){ .type = 1, .bus = 0x80, .path = { { 0x1f, 7 } } };
    config.units[1].scope_count = 2;
    d = driver_create(&config, NULL);
    vtd_model_bridge(d->m, 0, IOMMU_RID(0x80, 0x1c, 0), 0x82, 0x8f);
    vtd_model_bridge(d->m, 0, IOMMU_RID(0x82, 0, 1), 0x85, 0x85);
    CHECK_OK(driver_add_table(d));
    CHECK_EQ(length(d->iommu->units[1]->scopes), 2);
    CHECK(find(d->iommu->units[1]->scopes, IOMMU_RID(0x85, 4, 2)) != NULL);
    CHECK(find(d->iommu->units[1]->scopes, IOMMU_RID(0x80, 0x1f, 7)) != NULL);
    CHECK_EQ(unit_of(d, 0, IOMMU_RID(0x85, 4, 2), 0), 1);
    CHECK_EQ(unit_of(d, 0, IOMMU_RID(0x85, 4, 1), 0), 0);
    CHECK_EQ(warnings(d), 0);
    driver_destroy(d);
}

/* Nothing there, or an endpoint where a bridge should be: the unit keeps its other scopes. */
TEST(path_that_leads_nowhere_is_left_out)
{
    for (unsigned endpoint = 0; endpoint <= 1; endpoint++) {
        struct vtd_model_config config = with_scope((struct vtd_model_scope){
            .type = 1, .path_count = 2, .path = { { 0x1d, 0 }, { 3, 0 } } });
        struct driver *d;

        config.units[1].scopes[1] = (struct vtd_model_scope){ .type = 1, .path = { { 2, 0 } } };
        config.units[1].scope_count = 2;
        d = driver_create(&config, NULL);
        if (endpoint)
            vtd_model_function(d->m, 0, IOMMU_RID(0, 0x1d, 0));
        CHECK_OK(driver_add_table(d));
        CHECK_EQ(length(d->iommu->units[1]->scopes), 1);
        CHECK(find(d->iommu->units[1]->scopes, IOMMU_RID(0, 2, 0)) != NULL);
        CHECK(logged(d, "dmar: scope leads nowhere"));
        CHECK_EQ(warnings(d), 1);
        driver_destroy(d);
    }
}

/* §8.3: INCLUDE_PCI_ALL means all that no other unit of the segment names, wherever it is listed. */
TEST(named_device_goes_to_the_unit_that_names_it)
{
    for (unsigned first = 0; first <= 1; first++) {
        struct vtd_model_config config = with_scope((struct vtd_model_scope){ .type = 1, .path = { { 2, 0 } } });
        struct driver *d;

        config.units[1].scopes[1] = (struct vtd_model_scope){ .type = 2, .path = { { 0x1c, 0 } } };
        config.units[1].scope_count = 2;
        if (first) {
            struct vtd_model_unit_config unit = config.units[0];

            config.units[0] = config.units[1];
            config.units[1] = unit;
        }
        d = driver_create(&config, NULL);
        CHECK_OK(driver_add_table(d));
        CHECK_EQ(d->iommu->units[first]->include_all, true);
        CHECK_EQ(d->iommu->units[!first]->include_all, false);
        CHECK_EQ(unit_of(d, 0, IOMMU_RID(0, 2, 0), 0), !first);
        CHECK_EQ(unit_of(d, 0, IOMMU_RID(0, 2, 1), 0), first);
        CHECK_EQ(unit_of(d, 0, IOMMU_RID(3, 0, 0), IOMMU_RID(0, 0x1c, 0)), !first);
        CHECK_EQ(unit_of(d, 0, IOMMU_RID(9, 0, 0), IOMMU_RID(0, 0x1d, 0)), first);
        driver_destroy(d);
    }
}

TEST(units_serve_their_own_segment)
{
    struct vtd_model_config config = with_scope((struct vtd_model_scope){
        .type = 1, .path_count = 2, .path = { { 0x1d, 0 }, { 3, 0 } } });
    const struct iommu_device_desc elsewhere = { .segment = 2, .rids = { 0x10 }, .rid_count = 1 };
    const struct iommu_device_desc unnamed = { .segment = 1, .rids = { 0x10 }, .rid_count = 1 };
    struct iommu_device *device;
    struct driver *d;

    config.units[1].segment = 1;
    d = driver_create(&config, NULL);
    vtd_model_bridge(d->m, 0, IOMMU_RID(0, 0x1d, 0), 5, 5); /* not this segment's bridge */
    vtd_model_bridge(d->m, 1, IOMMU_RID(0, 0x1d, 0), 7, 7);
    CHECK_OK(driver_add_table(d));
    CHECK_EQ(unit_of(d, 1, IOMMU_RID(7, 3, 0), 0), 1);
    CHECK_EQ(unit_of(d, 0, IOMMU_RID(7, 3, 0), 0), 0);
    CHECK_EQ(iommu_add_device(d->iommu, &unnamed, &device), IOMMU_ERR_NOT_FOUND);
    CHECK_EQ(iommu_add_device(d->iommu, &elsewhere, &device), IOMMU_ERR_NOT_FOUND);
    driver_destroy(d);
}

/* ---- units ---- */

TEST(second_unit_at_the_same_registers_is_left_out)
{
    struct vtd_model_config config = with_scope((struct vtd_model_scope){ .type = 1, .path = { { 2, 0 } } });
    struct driver *d;

    config.units[1].base = config.units[0].base;
    d = driver_create(&config, NULL);
    CHECK_OK(driver_add_table(d));
    CHECK_EQ(iommu_unit_count(d->iommu), 1);
    CHECK(logged(d, "dmar: second unit at the same registers"));
    CHECK(logged(d, "seen=0xfed90000"));
    driver_destroy(d);
}

TEST(unit_that_reads_all_ones_is_left_out)
{
    for (unsigned absent = 0; absent <= 1; absent++) {
        struct vtd_model_config config = with_scope((struct vtd_model_scope){ .type = 1, .path = { { 2, 0 } } });
        struct driver *d;

        config.units[absent].absent = true;
        d = driver_create(&config, NULL);
        CHECK_OK(driver_add_table(d));
        CHECK_EQ(iommu_unit_count(d->iommu), 1);
        CHECK_EQ(d->iommu->units[0]->registers_pa, config.units[!absent].base);
        CHECK_STR(d->iommu->units[0]->name, "vtd0");
        CHECK_EQ(d->iommu->units[0]->index, 0);
        CHECK_EQ(vtd_model_live_windows(d->m), 1);
        CHECK(logged(d, "dmar: registers read all ones"));
        driver_destroy(d);
    }
}

/*
 * §11.3: the window reaches as far as the IOTLB registers (IRO * 16, two of 8
 * bytes) and the fault records (FRO * 16, 16 bytes each) do.
 */
TEST(register_window_is_as_long_as_the_registers)
{
    static const struct {
        unsigned iro, fro, records;
        size_t len;
    } cases[] = {
        { 0x050, 0x040, 8, 0x1000 },
        { 0x0ff, 0x040, 1, 0x1000 },    /* FF0h and FF8h */
        { 0x100, 0x040, 1, 0x2000 },
        { 0x050, 0x0f8, 8, 0x1000 },    /* ends at 1000h */
        { 0x050, 0x0f8, 9, 0x2000 },
        { 0x2f0, 0x3f0, 8, 0x4000 },
        { 0x3ff, 0x040, 8, 0x4000 },
        { 0x050, 0x3ff, 256, 0x5000 },  /* 3FF0h and 1000h more */
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vtd_model_config config = vtd_model_default();
        struct driver *d;

        spec_put(&config.units[0].ecap, SPEC_ECAP_IRO, cases[i].iro);
        spec_put(&config.units[0].cap, SPEC_CAP_FRO, cases[i].fro);
        spec_put(&config.units[0].cap, SPEC_CAP_NFR, cases[i].records - 1);
        config.units[0].size_shift = 3;
        d = driver_create(&config, NULL);
        CHECK_OK(driver_add_table(d));
        CHECK_EQ(vtd_unit_of(d->iommu->units[0])->regs.len, cases[i].len);
        CHECK_EQ(vtd_model_live_windows(d->m), 1);
        driver_destroy(d);
    }
}

TEST(unit_whose_window_cannot_be_mapped_leaves_nothing_behind)
{
    for (unsigned nth = 1; nth <= 2; nth++) {
        struct vtd_model_config config = vtd_model_default();
        struct driver *d;

        spec_put(&config.units[0].cap, SPEC_CAP_FRO, 0x3f0);
        config.units[0].size_shift = 3;
        d = driver_create(&config, NULL);
        vtd_model_fail_map(d->m, nth); /* the first page; all of it */
        CHECK_EQ(driver_add_table(d), IOMMU_ERR_NOMEM);
        CHECK_EQ(iommu_unit_count(d->iommu), 0);
        CHECK_EQ(vtd_model_live_windows(d->m), 0);
        CHECK(logged(d, "dmar: unit left out"));
        driver_destroy(d);
    }
}

/* Bring-up has written nothing yet. */
TEST(discovery_only_reads)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_create(&config, NULL);

    CHECK_OK(driver_add_table(d));
    CHECK_EQ(vtd_model_stats(d->m, 0).mmio_writes, 0);
    CHECK_EQ(d->command_count, 0);
    driver_destroy(d);
}

/* ---- units for graphics alone ---- */

#define DISPLAY IOMMU_RID(0, 2, 0)

static const struct vtd_model_scope display_scope = { .type = 1, .path = { { 2, 0 } } };

/* A unit for a display, which firmware has left translating, listed first or after the one for the rest. */
static struct driver *with_display(struct vtd_model_config *config, bool first, bool skip)
{
    struct driver *d;

    if (first) {
        struct vtd_model_unit_config unit = config->units[0];

        config->units[0] = config->units[1];
        config->units[1] = unit;
    }
    d = driver_create(config, &(struct iommu_config){ .skip_graphics = skip });
    vtd_model_display(d->m, 0, DISPLAY);
    vtd_model_function(d->m, 0, IOMMU_RID(0, 3, 0));
    vtd_model_poke32(d->m, !first, SPEC_GSTS, SPEC_GCMD_TE);
    return d;
}

static enum iommu_status add_display(struct driver *d, struct iommu_device **device)
{
    const struct iommu_device_desc desc = { .rids = { DISPLAY }, .rid_count = 1 };

    return iommu_add_device(d->iommu, &desc, device);
}

static bool left_off(const struct driver *d, uint16_t rid)
{
    return iommu_device_left_off(d->iommu, &(struct iommu_device_desc){ .rids = { rid }, .rid_count = 1 });
}

TEST(graphics_unit_is_left_alone_on_request)
{
    for (unsigned first = 0; first <= 1; first++) {
        struct vtd_model_config config = with_scope(display_scope);
        struct driver *d = with_display(&config, first, true);
        struct vtd_model_stats stats;
        struct iommu_device *device;

        CHECK_OK(driver_add_table(d));
        CHECK_EQ(iommu_unit_count(d->iommu), 1);
        CHECK_EQ(d->iommu->units[0]->registers_pa, config.units[first].base);
        CHECK(iommu_unit_left_off(d->iommu, config.units[!first].base));
        CHECK(!iommu_unit_left_off(d->iommu, config.units[first].base));
        CHECK(logged(d, "dmar: unit base=0xfeda0000 watches graphics only, left off by igfx_off"));
        CHECK_EQ(add_display(d, &device), IOMMU_ERR_NOT_FOUND);
        CHECK(left_off(d, DISPLAY) && !left_off(d, IOMMU_RID(0, 3, 0)));
        CHECK_EQ(unit_of(d, 0, IOMMU_RID(0, 3, 0), 0), 0);
        CHECK_OK(iommu_start(d->iommu));
        CHECK_OK(iommu_stop(d->iommu));
        stats = vtd_model_stats(d->m, !first);
        CHECK_EQ(stats.mmio_reads, 0);
        CHECK_EQ(stats.mmio_writes, 0);
        CHECK_EQ(vtd_model_reg32(d->m, !first, SPEC_GSTS), SPEC_GCMD_TE);
        CHECK(vtd_model_stats(d->m, first).mmio_writes > 0);
        driver_destroy(d);
    }
}

TEST(graphics_unit_is_driven_without_the_request)
{
    struct vtd_model_config config = with_scope(display_scope);
    struct driver *d = with_display(&config, false, false);
    struct iommu_device *device;

    CHECK_OK(driver_add_table(d));
    CHECK_EQ(iommu_unit_count(d->iommu), 2);
    CHECK_OK(add_display(d, &device));
    CHECK_EQ(iommu_device_unit(device), 1);
    CHECK(!left_off(d, DISPLAY) && !iommu_unit_left_off(d->iommu, config.units[1].base));
    CHECK_OK(iommu_start(d->iommu));
    CHECK(vtd_model_stats(d->m, 1).mmio_writes > 0);
    driver_destroy(d);
}

/* Another function, one that is not there, a bridge, an IOAPIC; nothing at all; the rest of the segment. */
TEST(unit_that_watches_more_than_graphics_is_driven)
{
    static const struct vtd_model_scope others[] = {
        { .type = 1, .path = { { 3, 0 } } },
        { .type = 1, .path = { { 4, 0 } } },
        { .type = 1, .path_count = 2, .path = { { 4, 0 }, { 0, 0 } } },
        { .type = 2, .path = { { 2, 0 } } },
        { .type = 3, .enumeration_id = 1, .path = { { 2, 0 } } },
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]) + 2; i++) {
        struct vtd_model_config config = with_scope(display_scope);
        struct driver *d;

        if (i < sizeof(others) / sizeof(others[0]))
            config.units[1].scopes[config.units[1].scope_count++] = others[i];
        else if (i == sizeof(others) / sizeof(others[0]))
            config.units[1].scope_count = 0;
        else {
            config.units[1].include_all = true;
            config.units[0].include_all = false;
        }
        d = with_display(&config, false, true);
        CHECK_OK(driver_add_table(d));
        CHECK_EQ(iommu_unit_count(d->iommu), 2);
        CHECK(!iommu_unit_left_off(d->iommu, config.units[1].base) && !left_off(d, DISPLAY));
        driver_destroy(d);
    }
}

TEST(unit_that_watches_more_than_graphics_may_have_lost_a_scope)
{
    struct vtd_model_config config = with_scope(display_scope);
    struct driver *d;
    uint8_t table[512];
    size_t len;

    config.units[1].scopes[1] = display_scope;
    config.units[1].scope_count = 2;
    d = with_display(&config, false, true);
    len = vtd_model_dmar(d->m, table, sizeof(table));
    CHECK_EQ(table[len - 7], 8);    /* the last scope's length: one more than there is */
    table[len - 7]++;
    table[9]--;
    CHECK_EQ(iommu_add_table(d->iommu, table, len), IOMMU_ERR_TABLE);
    CHECK_EQ(iommu_unit_count(d->iommu), 2);
    CHECK(!left_off(d, DISPLAY));
    driver_destroy(d);
}

TEST(several_displays_of_one_unit_and_of_its_segment_only)
{
    struct vtd_model_config config = with_scope(display_scope);
    const struct iommu_device_desc elsewhere = { .segment = 1, .rids = { DISPLAY }, .rid_count = 1 };
    struct iommu_device *device;
    struct driver *d;

    config.units[1].scopes[1] = (struct vtd_model_scope){ .type = 1, .path = { { 2, 1 } } };
    config.units[1].scope_count = 2;
    config.units[2] = vtd_model_default_unit(2, true);
    config.units[2].segment = 1;
    config.unit_count = 3;
    d = with_display(&config, false, true);
    vtd_model_display(d->m, 0, IOMMU_RID(0, 2, 1));
    CHECK_OK(driver_add_table(d));
    CHECK_EQ(iommu_unit_count(d->iommu), 2);
    CHECK(left_off(d, DISPLAY) && left_off(d, IOMMU_RID(0, 2, 1)) && !left_off(d, IOMMU_RID(0, 2, 2)));
    CHECK_EQ(unit_of(d, 0, IOMMU_RID(0, 2, 2), 0), 0);
    CHECK(!iommu_device_left_off(d->iommu, &elsewhere));
    CHECK_OK(iommu_add_device(d->iommu, &elsewhere, &device));
    CHECK_EQ(iommu_device_unit(device), 1);
    driver_destroy(d);
}

/* It is no table without units, though none is left to be started; and nobody else gets its registers. */
TEST(only_unit_left_off)
{
    struct vtd_model_config config = with_scope(display_scope);
    struct driver *d;

    config.units[1].base = config.units[0].base;
    d = with_display(&config, true, true);
    CHECK_OK(driver_add_table(d));
    CHECK_EQ(iommu_unit_count(d->iommu), 0);
    CHECK(logged(d, "dmar: second unit at the same registers"));
    CHECK_EQ(iommu_start(d->iommu), IOMMU_ERR_NOT_FOUND);
    driver_destroy(d);
}

TEST(no_memory_for_a_unit_left_off)
{
    /* The first unit, the page of units left off, that of scopes. */
    for (unsigned nth = 2; nth <= 4; nth++) {
        struct vtd_model_config config = with_scope(display_scope);
        struct driver *d = with_display(&config, false, true);

        vtd_model_fail_alloc(d->m, nth);
        CHECK_EQ(driver_add_table(d), nth < 4 ? IOMMU_ERR_NOMEM : IOMMU_OK);
        driver_destroy(d);
    }
}

/* ---- the table's header, regions, memory ---- */

TEST(host_address_width_is_bounded)
{
    static const struct {
        uint8_t byte;
        unsigned bits;
        size_t warnings;
    } cases[] = { { 38, 39, 0 }, { 31, 32, 0 }, { 51, 52, 0 }, { 30, 32, 1 }, { 0, 32, 1 }, { 52, 52, 1 },
                  { 255, 52, 1 } };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vtd_model_config config = vtd_model_default();
        struct driver *d = driver_create(&config, NULL);
        uint8_t table[512];
        size_t len = vtd_model_dmar(d->m, table, sizeof(table));

        table[9] = (uint8_t)(table[9] + table[HAW_BYTE] - cases[i].byte);
        table[HAW_BYTE] = cases[i].byte;
        CHECK_OK(iommu_add_table(d->iommu, table, len));
        CHECK_EQ(d->iommu->units[0]->output_bits, cases[i].bits);
        CHECK_EQ(warnings(d), cases[i].warnings);
        driver_destroy(d);
    }
}

TEST(region_within_the_host_width_is_kept_with_its_scopes)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    config.rmrrs[0] = (struct vtd_model_rmrr){ .start = (1ull << 39) - 8192, .end = 1ull << 39, .scope_count = 2,
        .scopes = { { .type = 1, .path = { { 2, 0 } } }, { .type = 2, .path = { { 0x1c, 0 } } } } };
    config.rmrrs[1] = (struct vtd_model_rmrr){ .start = 1ull << 39, .end = (1ull << 39) + 4096, .scope_count = 1,
        .scopes = { { .type = 1, .path = { { 3, 0 } } } } };
    config.rmrr_count = 2;
    d = driver_create(&config, NULL);
    CHECK_OK(driver_add_table(d));
    CHECK(d->iommu->reserved != NULL && d->iommu->reserved->next == NULL);
    CHECK_EQ(d->iommu->reserved->start, 0x7fffffe000);
    CHECK_EQ(d->iommu->reserved->end, 0x8000000000);
    CHECK_EQ(length(d->iommu->reserved->scopes), 2);
    CHECK(find(d->iommu->reserved->scopes, IOMMU_RID(0, 0x1c, 0))->bridge);
    CHECK(logged(d, "dmar: RMRR ends beyond the host address width, left out"));
    driver_destroy(d);
}

/* A unit's scopes bring a page that a region's find room in; without them the region needs its own. */
static enum iommu_status add_without_memory(bool scopes, unsigned nth)
{
    struct vtd_model_config config = with_scope((struct vtd_model_scope){ .type = 1, .path = { { 2, 0 } } });
    enum iommu_status status;
    struct driver *d;

    config.units[1].scope_count = scopes;
    config.rmrrs[0] = (struct vtd_model_rmrr){ .start = 0x1c0000, .end = 0x1c1000, .scope_count = 1,
        .scopes = { { .type = 1, .path = { { 2, 0 } } } } };
    config.rmrr_count = 1;
    d = driver_create(&config, NULL);
    vtd_model_fail_alloc(d->m, nth);
    status = driver_add_table(d);
    driver_destroy(d);
    return status;
}

TEST(no_memory_at_any_step_leaves_nothing_behind)
{
    for (unsigned scopes = 0; scopes <= 1; scopes++) {
        /* Two units, a page of scopes, a page of regions. */
        for (unsigned nth = 1; nth <= 4; nth++)
            CHECK_EQ(add_without_memory(scopes, nth), IOMMU_ERR_NOMEM);
        CHECK_OK(add_without_memory(scopes, 5));
    }
}
