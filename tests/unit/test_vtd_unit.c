/* SPDX-License-Identifier: BSD-2-Clause */
/* intel/vtd_unit.c and vtd_discover.c on the model: bring-up, take-over, refusal, stopping. */
#include "test.h"

#include "driver_rig.h"

#define TE SPEC_GCMD_TE
/* Unit, device and scope objects, id map, root, ring and status page. */
#define BRING_UP_PAGES 6

static bool translating(const struct driver *d)
{
    return (vtd_model_reg32(d->m, 0, SPEC_GSTS) & TE) != 0;
}

static struct iommu_unit_info info_of(const struct driver *d, size_t unit)
{
    struct iommu_unit_info info;

    CHECK_OK(iommu_unit_info(d->iommu, unit, &info));
    return info;
}

/* ---- bring-up ---- */

TEST(translation_is_enabled_last_and_everything_is_blocked)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    uint32_t value;

    CHECK(translating(d));
    CHECK_EQ(d->commands[d->command_count - 1] & TE, TE);
    for (size_t i = 0; i + 1 < d->command_count; i++)
        CHECK_EQ(d->commands[i] & TE, 0);
    CHECK_EQ(driver_read(d, DRIVER_RID, d->frame, &value), SPEC_FR_CONTEXT_P);
    CHECK_EQ(driver_read(d, 0x0500, d->frame, &value), SPEC_FR_ROOT_P);
    driver_destroy(d);
}

/*
 * §11.4.4.1: a status bit of a one-shot command, restated, would fire again.
 * Firmware's interrupt remapping stays on until the command that ends it.
 */
TEST(one_shot_commands_fire_once_and_standing_bits_stay)
{
    struct vtd_model_config config = vtd_model_default();
    bool off = false;
    struct driver *d;

    spec_put(&config.units[0].ecap, SPEC_ECAP_IR, 1);
    d = driver_create(&config, NULL);
    vtd_model_firmware_left(d->m, 0, &(struct vtd_model_firmware){ .interrupts = true });
    CHECK_OK(driver_add_table(d));
    CHECK_OK(iommu_start(d->iommu));
    CHECK_EQ(vtd_model_stats(d->m, 0).srtps, 1);
    CHECK_EQ(vtd_model_reg32(d->m, 0, SPEC_GSTS) & SPEC_GCMD_IRE, 0);
    for (size_t i = 0; i < d->command_count; i++) {
        bool remapping = (d->commands[i] & SPEC_GCMD_IRE) != 0;

        CHECK_EQ(d->commands[i] & SPEC_GCMD_SIRTP, 0);
        CHECK(i < 2 ? remapping : !(off && remapping)); /* queue and root table come before */
        off |= !remapping;
    }
    CHECK(off);
    driver_destroy(d);
}

TEST(info_says_what_the_unit_is)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct iommu_unit_info info = info_of(d, 0);

    CHECK_STR(info.name, "vtd0");
    CHECK_STR(info.vendor, "intel");
    CHECK_EQ(info.registers_pa, 0xfed90000);
    CHECK_EQ(info.version, 0x100);
    CHECK_EQ(info.capability, config.units[0].cap);
    CHECK_EQ(info.extended, config.units[0].ecap);
    CHECK_EQ(info.input_bits, 48);
    CHECK_EQ(info.output_bits, 39);
    CHECK_EQ(info.page_sizes, 1ull << 12 | 1ull << 21 | 1ull << 30);
    CHECK_EQ(info.domain_ids, 256);
    CHECK_EQ(info.fault_records, 8);
    CHECK(info.translating && info.uses_queue && info.pass_through && info.coherent);
    CHECK(!info.found_translating && !info.fenced && !info.caching_mode);
    driver_destroy(d);
}

TEST(registers_beyond_the_first_page_are_mapped)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;
    uint32_t value;

    spec_put(&config.units[0].cap, SPEC_CAP_FRO, 0x3f0);
    spec_put(&config.units[0].ecap, SPEC_ECAP_IRO, 0x2f0);
    config.units[0].size_shift = 3;
    d = driver_started(&config);
    CHECK_EQ(driver_read(d, DRIVER_RID, 0x5000, &value), SPEC_FR_CONTEXT_P);
    CHECK_EQ(driver_fault(d)->iova, 0x5000);
    driver_destroy(d);
}

TEST(stop_leaves_the_unit_off)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_started(&config);
    struct vtd_model_stats before = vtd_model_stats(d->m, 0), after;
    uint32_t value;

    CHECK_OK(iommu_stop(d->iommu));
    after = vtd_model_stats(d->m, 0);
    CHECK_EQ(after.context_global - before.context_global, 1); /* nothing of our tables stays cached */
    CHECK_EQ(after.iotlb_global - before.iotlb_global, 1);
    CHECK_EQ(vtd_model_reg32(d->m, 0, SPEC_GSTS) & (TE | SPEC_GCMD_QIE), 0);
    CHECK_EQ(driver_read(d, DRIVER_RID, d->frame, &value), 0);
    CHECK(!info_of(d, 0).translating);
    driver_destroy(d);
}

/* What was attached and mapped can still be given back; nothing is left to be flushed. */
TEST(stopped_unit_needs_no_flush)
{
    static const uint64_t with[] = { 0, SPEC_CAP_CM, SPEC_CAP_RWBF };

    for (unsigned i = 0; i < 6; i++) {
        struct vtd_model_config config = vtd_model_default();
        struct iommu_device *device;
        struct iommu_domain *domain;
        struct driver *d;
        uint64_t before;

        config.units[0].cap |= with[i / 2];
        spec_put(&config.units[0].ecap, SPEC_ECAP_QI, i % 2);
        d = driver_started(&config);
        device = iommu_find_device(d->iommu, 0, DRIVER_RID);
        domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);
        CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
        driver_map(domain, DRIVER_IOVA, d->frame, 8192, IOMMU_RW);
        CHECK_OK(iommu_stop(d->iommu));
        before = vtd_model_now(d->m);
        CHECK_OK(iommu_unmap(domain, DRIVER_IOVA, 4096, NULL));
        CHECK_OK(iommu_unmap(domain, DRIVER_IOVA & ~0x1fffffull, 0x200000, NULL));
        driver_map(domain, DRIVER_IOVA, d->frame, 4096, IOMMU_RW);
        CHECK_OK(iommu_debug_flush_all(d->iommu, 0));
        CHECK_EQ(iommu_attach(domain, device, IOMMU_NO_PASID), IOMMU_ERR_BUSY);
        CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
        CHECK_OK(iommu_domain_destroy(domain));
        CHECK(vtd_model_now(d->m) - before < 1000);
        CHECK(!info_of(d, 0).fenced);
        driver_destroy(d);
    }
}

/* A unit that no longer translates reaches no domain, whatever it failed to confirm before. */
TEST(stop_settles_what_a_fenced_unit_left_in_doubt)
{
    struct vtd_model_config config = vtd_model_default();
    struct iommu_domain *a, *b, *c;
    struct iommu_device *device, *other;
    struct driver *d;

    spec_put(&config.units[0].cap, SPEC_CAP_CM, 1);
    d = driver_started(&config);
    device = iommu_find_device(d->iommu, 0, DRIVER_RID);
    other = iommu_find_device(d->iommu, 0, DRIVER_OTHER);
    a = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);
    b = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);
    c = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, other);
    CHECK_OK(iommu_attach(a, device, IOMMU_NO_PASID));
    vtd_model_hang(d->m, 0, VTD_MODEL_HANG_WAIT);
    CHECK_EQ(iommu_attach(b, device, IOMMU_NO_PASID), IOMMU_ERR_TIMEOUT);
    vtd_model_hang(d->m, 0, 0);
    CHECK_EQ(iommu_attach(c, other, IOMMU_NO_PASID), IOMMU_ERR_FENCED);
    CHECK_EQ(iommu_domain_destroy(a), IOMMU_ERR_BUSY);
    CHECK_EQ(iommu_domain_destroy(b), IOMMU_ERR_BUSY);
    CHECK_OK(iommu_domain_destroy(c));
    CHECK_EQ(iommu_unmap(a, DRIVER_IOVA, 4096, NULL), IOMMU_ERR_FENCED);
    CHECK_OK(iommu_stop(d->iommu));
    CHECK_OK(iommu_unmap(a, DRIVER_IOVA, 4096, NULL));
    CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
    CHECK_EQ(iommu_detach(device, IOMMU_NO_PASID), IOMMU_ERR_NOT_FOUND);
    CHECK_OK(iommu_domain_destroy(a));
    CHECK_OK(iommu_domain_destroy(b));
    driver_destroy(d);
}

/* ---- units that are of no use ---- */

static enum iommu_status start_status(const struct vtd_model_config *config, struct driver **out)
{
    struct driver *d = driver_create(config, NULL);

    CHECK_OK(driver_add_table(d));
    driver_add(d, DRIVER_RID);
    *out = d;
    return iommu_start(d->iommu);
}

TEST(unit_without_table_depths_is_unsupported_and_left_alone)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    spec_put(&config.units[0].cap, SPEC_CAP_SAGAW, 0);
    CHECK_EQ(start_status(&config, &d), IOMMU_ERR_UNSUPPORTED);
    CHECK(!translating(d));
    CHECK_EQ(d->command_count, 0);
    CHECK(vtd_model_bus_master_is_on(d->m, 0, DRIVER_RID));
    CHECK(strstr(vtd_model_log(d->m), "sagaw=0x0") != NULL);
    driver_destroy(d);
}

TEST(reserved_domain_width_is_refused)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    spec_put(&config.units[0].cap, SPEC_CAP_ND, 7);
    CHECK_EQ(start_status(&config, &d), IOMMU_ERR_HARDWARE);
    CHECK(info_of(d, 0).fenced);
    CHECK(!vtd_model_bus_master_is_on(d->m, 0, DRIVER_RID));
    driver_destroy(d);
}

TEST(register_offsets_over_other_registers_are_refused)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    spec_put(&config.units[0].cap, SPEC_CAP_FRO, 0);
    CHECK_EQ(start_status(&config, &d), IOMMU_ERR_HARDWARE);
    CHECK_EQ(d->command_count, 0);
    driver_destroy(d);
    config = vtd_model_default();
    spec_put(&config.units[0].ecap, SPEC_ECAP_IRO, 0);
    spec_put(&config.units[0].ecap, SPEC_ECAP_QI, 0);
    CHECK_EQ(start_status(&config, &d), IOMMU_ERR_HARDWARE);
    vtd_model_violations_clear(d->m); /* the version register is IVA there, and write-only */
    driver_destroy(d);
}

TEST(version_six_needs_a_queue)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    config.units[0].version = 0x60;
    spec_put(&config.units[0].ecap, SPEC_ECAP_QI, 0);
    CHECK_EQ(start_status(&config, &d), IOMMU_ERR_UNSUPPORTED);
    driver_destroy(d);
    config.units[0].version = 0x50;
    CHECK_OK(start_status(&config, &d));
    CHECK(!info_of(d, 0).uses_queue);
    driver_destroy(d);
}

TEST(version_six_keeps_its_queue_whatever_is_asked)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    config.units[0].version = 0x60;
    d = driver_create(&config, &(struct iommu_config){ .no_queue = true });
    CHECK_OK(driver_add_table(d));
    CHECK_OK(iommu_start(d->iommu));
    CHECK(info_of(d, 0).uses_queue);
    driver_destroy(d);
}

TEST(absent_unit_is_left_out_and_the_others_run)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    config.units[0].include_all = false;
    config.units[0].absent = true;
    config.units[1] = vtd_model_default_unit(1, true);
    config.unit_count = 2;
    d = driver_create(&config, NULL);
    CHECK_OK(driver_add_table(d));
    CHECK_EQ(iommu_unit_count(d->iommu), 1);
    CHECK_OK(iommu_start(d->iommu));
    CHECK_EQ(info_of(d, 0).registers_pa, config.units[1].base);
    CHECK(strstr(vtd_model_log(d->m), "all ones") != NULL);
    driver_destroy(d);
}

TEST(only_unit_absent_is_no_usable_table)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    config.units[0].absent = true;
    d = driver_create(&config, NULL);
    CHECK_EQ(driver_add_table(d), IOMMU_ERR_TABLE);
    CHECK_EQ(iommu_start(d->iommu), IOMMU_ERR_NOT_FOUND);
    driver_destroy(d);
}

/* Every command that never finishes: a time-out of one second, a dump, a fenced unit, silent devices. */
static void check_hang(struct vtd_model_config *config, uint64_t what)
{
    struct driver *d = driver_create(config, NULL);
    uint64_t before;

    vtd_model_firmware_left(d->m, 0, &(struct vtd_model_firmware){ .protected_memory = what == VTD_MODEL_HANG_PMEN });
    CHECK_OK(driver_add_table(d));
    driver_add(d, DRIVER_RID);
    vtd_model_hang(d->m, 0, what);
    before = vtd_model_now(d->m);
    CHECK_EQ(iommu_start(d->iommu), IOMMU_ERR_TIMEOUT);
    CHECK(vtd_model_now(d->m) - before < 5000000);
    CHECK(info_of(d, 0).fenced);
    CHECK(!info_of(d, 0).translating);
    CHECK(strstr(vtd_model_log(d->m), "vtd0: dump base=0xfed90000") != NULL);
    CHECK(!vtd_model_bus_master_is_on(d->m, 0, DRIVER_RID));
    driver_abandon(d);
}

TEST(command_that_never_finishes_is_bounded)
{
    struct vtd_model_config config = vtd_model_default();

    check_hang(&config, VTD_MODEL_HANG_TE);
    check_hang(&config, VTD_MODEL_HANG_SRTP);
    check_hang(&config, VTD_MODEL_HANG_QIE);
    check_hang(&config, VTD_MODEL_HANG_WAIT);
    spec_put(&config.units[0].cap, SPEC_CAP_RWBF, 1);
    check_hang(&config, VTD_MODEL_HANG_WBF);
    spec_put(&config.units[0].cap, SPEC_CAP_RWBF, 0);
    spec_put(&config.units[0].cap, SPEC_CAP_PLMR, 1);
    check_hang(&config, VTD_MODEL_HANG_PMEN);
    spec_put(&config.units[0].ecap, SPEC_ECAP_QI, 0);
    check_hang(&config, VTD_MODEL_HANG_CCMD);
    check_hang(&config, VTD_MODEL_HANG_IOTLB);
}

TEST(one_failed_unit_does_not_stop_the_other)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    config.units[0].include_all = false;
    config.units[1] = vtd_model_default_unit(1, true);
    config.unit_count = 2;
    d = driver_create(&config, NULL);
    CHECK_OK(driver_add_table(d));
    vtd_model_hang(d->m, 0, VTD_MODEL_HANG_SRTP);
    CHECK_EQ(iommu_start(d->iommu), IOMMU_ERR_TIMEOUT);
    CHECK(info_of(d, 0).fenced && !info_of(d, 1).fenced);
    CHECK(info_of(d, 1).translating);
    driver_abandon(d);
}

/* The ring belongs to the unit while QIES is set; it is given back only after that. */
TEST(unit_that_failed_before_its_root_table_is_stopped_too)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    spec_put(&config.units[0].cap, SPEC_CAP_RWBF, 1);
    d = driver_create(&config, NULL);
    CHECK_OK(driver_add_table(d));
    vtd_model_hang(d->m, 0, VTD_MODEL_HANG_WBF);
    CHECK_EQ(iommu_start(d->iommu), IOMMU_ERR_TIMEOUT);
    CHECK(vtd_model_reg32(d->m, 0, SPEC_GSTS) & SPEC_GCMD_QIE);
    vtd_model_hang(d->m, 0, 0);
    vtd_model_advance(d->m, 100);
    CHECK_OK(iommu_stop(d->iommu));
    CHECK_EQ(vtd_model_reg32(d->m, 0, SPEC_GSTS) & SPEC_GCMD_QIE, 0);
    vtd_model_violations_clear(d->m); /* time-outs end in commands on top of one another */
    driver_destroy(d);
}

/* It may take what it was given at any time after the time-out. */
TEST(memory_of_a_command_that_never_finished_is_not_given_back)
{
    static const uint64_t hangs[] = { VTD_MODEL_HANG_QIE, VTD_MODEL_HANG_SRTP };

    for (unsigned i = 0; i < 2; i++) {
        struct vtd_model_config config = vtd_model_default();
        struct driver *d = driver_create(&config, NULL);
        size_t pages;

        CHECK_OK(driver_add_table(d));
        vtd_model_hang(d->m, 0, hangs[i]);
        CHECK_EQ(iommu_start(d->iommu), IOMMU_ERR_TIMEOUT);
        pages = vtd_model_live_pages(d->m);
        CHECK_EQ(iommu_stop(d->iommu), IOMMU_ERR_TIMEOUT);
        iommu_destroy(d->iommu);
        CHECK_EQ(vtd_model_live_pages(d->m), pages);
        driver_abandon(d);
    }
}

/* ---- take-over ---- */

static struct driver *take_over(struct vtd_model_config *config, const struct vtd_model_firmware *left,
                                uint64_t mode)
{
    struct driver *d = driver_create(config, NULL);

    vtd_model_firmware_left(d->m, 0, left);
    if (mode != 0)
        vtd_model_poke64(d->m, 0, SPEC_RTADDR, vtd_model_reg64(d->m, 0, SPEC_RTADDR) | mode << 10);
    CHECK_OK(driver_add_table(d));
    driver_add(d, DRIVER_RID);
    CHECK_OK(iommu_start(d->iommu));
    CHECK(info_of(d, 0).found_translating);
    CHECK(translating(d));
    return d;
}

TEST(live_tables_are_replaced_without_translation_ever_off)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = take_over(&config, &(struct vtd_model_firmware){ .translate = true, .queue = true }, 0);
    uint32_t value;

    CHECK(d->command_count > 0);
    for (size_t i = 0; i < d->command_count; i++)
        CHECK_EQ(d->commands[i] & TE, TE);
    CHECK_EQ(driver_read(d, DRIVER_RID, 0x100000, &value), SPEC_FR_CONTEXT_P);
    CHECK(strstr(vtd_model_log(d->m), "take-over") != NULL);
    CHECK(strstr(vtd_model_log(d->m), "window") == NULL);
    driver_destroy(d);
}

static unsigned windows, masters_in_window;

static void look_at_window(struct driver *d)
{
    if (d->commands[d->command_count - 1] & TE)
        return;
    windows++;
    masters_in_window += vtd_model_bus_master_is_on(d->m, 0, DRIVER_RID);
}

/* Design section 3: bus masters go off first. */
TEST(other_table_mode_without_esrtps_opens_a_reported_window)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_create(&config, NULL);

    windows = masters_in_window = 0;
    vtd_model_firmware_left(d->m, 0, &(struct vtd_model_firmware){ .translate = true });
    vtd_model_poke64(d->m, 0, SPEC_RTADDR, vtd_model_reg64(d->m, 0, SPEC_RTADDR) | 1 << 10);
    CHECK_OK(driver_add_table(d));
    driver_add(d, DRIVER_RID);
    d->on_command = look_at_window;
    CHECK_OK(iommu_start(d->iommu));
    d->on_command = NULL;
    CHECK(windows > 0);
    CHECK_EQ(masters_in_window, 0);
    CHECK(strstr(vtd_model_log(d->m), "window: translation off") != NULL);
    driver_destroy(d);
}

TEST(other_table_mode_with_esrtps_needs_no_window)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    spec_put(&config.units[0].cap, SPEC_CAP_ESRTPS, 1);
    d = take_over(&config, &(struct vtd_model_firmware){ .translate = true }, 1);
    for (size_t i = 0; i < d->command_count; i++)
        CHECK_EQ(d->commands[i] & TE, TE);
    driver_destroy(d);
}

TEST(queue_that_never_drains_is_replaced_without_a_window)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = take_over(&config, &(struct vtd_model_firmware){ .translate = true, .queue_stuck = true }, 0);

    CHECK(strstr(vtd_model_log(d->m), "old queue does not drain") != NULL);
    for (size_t i = 0; i < d->command_count; i++)
        CHECK_EQ(d->commands[i] & TE, TE);
    CHECK_OK(iommu_debug_flush_all(d->iommu, 0));
    iommu_destroy(d->iommu);
    driver_abandon(d);
}

/* As QEMU refuses it. The old tables stay live, which is more than none. */
TEST(queue_that_cannot_be_switched_off_fences_the_unit_under_its_old_tables)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_create(&config, NULL);

    vtd_model_firmware_left(d->m, 0, &(struct vtd_model_firmware){ .translate = true, .queue = true });
    CHECK_OK(driver_add_table(d));
    driver_add(d, DRIVER_RID);
    vtd_model_hang(d->m, 0, VTD_MODEL_HANG_QIE);
    CHECK_EQ(iommu_start(d->iommu), IOMMU_ERR_TIMEOUT);
    CHECK(info_of(d, 0).fenced);
    CHECK(translating(d));
    CHECK(!vtd_model_bus_master_is_on(d->m, 0, DRIVER_RID));
    driver_abandon(d);
}

TEST(stale_faults_are_dropped_unseen)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_create(&config, NULL);

    vtd_model_firmware_left(d->m, 0, &(struct vtd_model_firmware){ .stale_fault = true });
    CHECK_OK(driver_add_table(d));
    CHECK_OK(iommu_start(d->iommu));
    iommu_poll_faults(d->iommu);
    CHECK_EQ(d->fault_count, 0);
    CHECK_EQ(vtd_model_reg32(d->m, 0, SPEC_FSTS), 0);
    driver_destroy(d);
}

TEST(protected_memory_ends_when_our_tables_are_live)
{
    struct vtd_model_config config = vtd_model_default();
    struct iommu_domain *domain;
    struct iommu_device *device;
    struct driver *d;

    spec_put(&config.units[0].cap, SPEC_CAP_PLMR, 1);
    d = driver_create(&config, NULL);
    vtd_model_firmware_left(d->m, 0, &(struct vtd_model_firmware){ .protected_memory = true });
    CHECK_OK(driver_add_table(d));
    device = driver_add(d, DRIVER_RID);
    CHECK_OK(iommu_start(d->iommu));
    CHECK_EQ(vtd_model_reg32(d->m, 0, SPEC_PMEN), 0);
    domain = driver_domain(d, IOMMU_DOMAIN_UNMANAGED, device);
    driver_map(domain, DRIVER_IOVA, d->frame, 4096, IOMMU_RW);
    CHECK_OK(iommu_attach(domain, device, IOMMU_NO_PASID));
    CHECK_EQ(driver_write(d, DRIVER_RID, DRIVER_IOVA, 7), 0);
    CHECK_EQ(driver_word(d, d->frame), 7);
    CHECK_OK(iommu_detach(device, IOMMU_NO_PASID));
    CHECK_OK(iommu_domain_destroy(domain));
    driver_destroy(d);
}

/* ---- every allocation and every mapping failing in turn ---- */

static enum iommu_status bring_up(struct driver *d)
{
    enum iommu_status status = driver_add_table(d);
    struct iommu_device *device;

    if (status != IOMMU_OK)
        return status;
    status = iommu_add_device(d->iommu, &(struct iommu_device_desc){
        .rids = { DRIVER_RID, DRIVER_FAR }, .rid_count = 2 }, &device);
    return status != IOMMU_OK ? status : iommu_start(d->iommu);
}

TEST(no_memory_at_any_step_leaves_nothing_behind)
{
    struct vtd_model_config config = vtd_model_default();
    enum iommu_status status = IOMMU_ERR_NOMEM;
    unsigned nth = 1;

    for (; status != IOMMU_OK; nth++) {
        struct driver *d = driver_create(&config, NULL);

        vtd_model_fail_alloc(d->m, nth);
        status = bring_up(d);
        CHECK(status == IOMMU_OK || status == IOMMU_ERR_NOMEM);
        CHECK(status == IOMMU_OK || !translating(d));
        driver_destroy(d);
    }
    CHECK(nth > BRING_UP_PAGES);
}

TEST(registers_that_cannot_be_mapped_are_reported)
{
    struct vtd_model_config config = vtd_model_default();

    spec_put(&config.units[0].cap, SPEC_CAP_FRO, 0x3f0);
    config.units[0].size_shift = 3;
    for (unsigned nth = 1; nth <= 2; nth++) {
        struct driver *d = driver_create(&config, NULL);

        vtd_model_fail_map(d->m, nth);
        CHECK_EQ(bring_up(d), IOMMU_ERR_NOMEM);
        CHECK_EQ(iommu_unit_count(d->iommu), 0);
        driver_destroy(d);
    }
}

/* ---- waits, counted in polls: one without a limit fails here instead of hanging ---- */

#define POLLS_MAX 4000000u

static unsigned polls;
static void (*model_relax)(void *ctx);

static void count_poll(void *ctx)
{
    if (++polls > POLLS_MAX)
        test_fail(__FILE__, __LINE__, "a wait goes on after %u polls", POLLS_MAX);
    model_relax(ctx);
}

static enum iommu_status start_counting_polls(struct driver *d)
{
    polls = 0;
    model_relax = d->platform.relax;
    d->platform.relax = count_poll;
    CHECK_OK(driver_add_table(d));
    driver_add(d, DRIVER_RID);
    return iommu_start(d->iommu);
}

TEST(every_wait_ends_of_commands)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_create(&config, NULL);

    vtd_model_hang(d->m, 0, VTD_MODEL_HANG_SRTP);
    CHECK_EQ(start_counting_polls(d), IOMMU_ERR_TIMEOUT);
    CHECK(polls > 0);
    driver_abandon(d);
}

TEST(every_wait_ends_of_an_old_queue)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d = driver_create(&config, NULL);

    vtd_model_firmware_left(d->m, 0, &(struct vtd_model_firmware){ .translate = true, .queue_stuck = true });
    CHECK_OK(start_counting_polls(d));
    iommu_destroy(d->iommu);
    driver_abandon(d);
}

static unsigned open_moments;

/* Protected memory off while translation is not on yet: DMA would go anywhere. */
static void look_for_opening(struct driver *d)
{
    bool blocked = (vtd_model_reg32(d->m, 0, SPEC_PMEN) & (uint32_t)SPEC_PMEN_PRS) != 0;
    bool translates = (vtd_model_reg32(d->m, 0, SPEC_GSTS) & (uint32_t)SPEC_GCMD_TE) != 0;

    open_moments += !blocked && !translates;
}

TEST(protected_memory_stays_until_translation_is_on)
{
    struct vtd_model_config config = vtd_model_default();
    struct driver *d;

    spec_put(&config.units[0].cap, SPEC_CAP_PLMR, 1);
    d = driver_create(&config, NULL);
    vtd_model_firmware_left(d->m, 0, &(struct vtd_model_firmware){ .protected_memory = true });
    CHECK_OK(driver_add_table(d));
    open_moments = 0;
    d->on_command = look_for_opening;
    CHECK_OK(iommu_start(d->iommu));
    d->on_command = NULL;
    CHECK(d->command_count > 0);
    CHECK_EQ(open_moments, 0);
    driver_destroy(d);
}
