/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model of a VT-d unit against the specification, continued: register
 * access rules, both invalidation interfaces, queue errors.
 */
#include "test.h"
#include "vtd_rig.h"

#define NO_VIOLATION(r) CHECK_STR(vtd_model_violation_text((r).m), "")
#define VIOLATION(r, words) CHECK(strstr(vtd_model_violation_text((r).m), words) != NULL)
#define IVA 0x500
#define IOTLB 0x508

static struct rig created(void)
{
    struct vtd_model_config config = vtd_model_default();

    return rig_create(&config);
}

/* ---- access rules (§11.2, §11.3) ---- */

TEST(reset_values)
{
    struct rig r = created();

    CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_VER), 0x10);
    CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_GSTS), 0);
    CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_FECTL), 0x80000000);
    CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_IECTL), 0x80000000);
    CHECK_EQ(vtd_model_read64(r.m, 0, SPEC_CAP), vtd_model_read32(r.m, 0, SPEC_CAP) |
                                                     (uint64_t)vtd_model_read32(r.m, 0, SPEC_CAP + 4) << 32);
    NO_VIOLATION(r);
    rig_destroy(&r);
}

TEST(wrong_accesses_are_violations)
{
    static const struct { unsigned offset; bool wide, write; const char *words; } cases[] = {
        { 0x018, true, true, "of the 32-bit register 0x018" }, { 0x038, true, false, "of the 32-bit register 0x038" },
        { 0x00c, true, false, "not aligned" },                 { 0x030, false, false, "no register" },
        { 0x058, true, true, "no register" },                  { 0x018, false, false, "write-only" },
        { 0x500, true, false, "write-only" },                  { 0x008, true, true, "read-only" },
        { 0x01c, false, true, "read-only" },                   { 0x080, true, true, "read-only" },
        { 0x0c0, true, false, "no register" },                 { 0x480, true, false, "no register" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rig r = created();

        if (cases[i].write && cases[i].wide)
            vtd_model_write64(r.m, 0, cases[i].offset, 0);
        else if (cases[i].write)
            vtd_model_write32(r.m, 0, cases[i].offset, 0);
        else if (cases[i].wide)
            (void)vtd_model_read64(r.m, 0, cases[i].offset);
        else
            (void)vtd_model_read32(r.m, 0, cases[i].offset);
        CHECK_EQ(vtd_model_violations(r.m), 1);
        VIOLATION(r, cases[i].words);
        rig_destroy(&r);
    }
}

TEST(reserved_bits_written_are_violations)
{
    static const struct { unsigned offset; bool wide; uint64_t value; } cases[] = {
        { 0x018, false, 1 },      { 0x018, false, 1u << 28 }, { 0x020, true, 1 },          { 0x020, true, 1 << 9 },
        { 0x034, false, 0x80 },   { 0x034, false, 0x04 },     { 0x03c, false, 0x10000 },   { 0x040, false, 1 },
        { 0x044, false, 1 },      { 0x088, true, 8 },         { 0x088, true, 1 << 19 },    { 0x090, true, 8 },
        { 0x09c, false, 2 },      { 0x500, true, 0x80 },      { 0x028, true, 3ull << 62 | 1ull << 34 | 1ull << 61 },
        { 0x508, true, 9ull << 60 | 1ull << 50 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rig r = created();

        if (cases[i].wide)
            vtd_model_write64(r.m, 0, cases[i].offset, cases[i].value);
        else
            vtd_model_write32(r.m, 0, cases[i].offset, (uint32_t)cases[i].value);
        CHECK(vtd_model_violations(r.m) >= 1);
        rig_destroy(&r);
    }
}

TEST(quadwords_may_be_written_as_two_doublewords)
{
    struct rig r = created();

    vtd_model_write32(r.m, 0, SPEC_RTADDR, 0x00345000);
    vtd_model_write32(r.m, 0, SPEC_RTADDR + 4, 0x12);
    CHECK_EQ(vtd_model_read64(r.m, 0, SPEC_RTADDR), 0x1200345000);
    /* CCMD acts on its upper half. */
    vtd_model_write32(r.m, 0, SPEC_CCMD, 0);
    rig_settle(&r);
    CHECK_EQ(vtd_model_stats(r.m, 0).context_global, 0);
    vtd_model_write32(r.m, 0, SPEC_CCMD + 4, 0xa0000000); /* ICC, global */
    rig_settle(&r);
    CHECK_EQ(vtd_model_stats(r.m, 0).context_global, 1);
    NO_VIOLATION(r);
    rig_destroy(&r);
}

/* ---- register-based invalidation (§6.5.1, §11.4.6) ---- */

TEST(register_invalidation_reports_what_it_did)
{
    struct rig r = created();

    rig_enable(&r);
    vtd_model_write64(r.m, 0, SPEC_CCMD, 0xe000000000000000ull | (uint64_t)RIG_RID << 16 | RIG_DID); /* device */
    CHECK(vtd_model_read64(r.m, 0, SPEC_CCMD) & SPEC_CCMD_ICC);
    rig_settle(&r);
    CHECK_EQ(vtd_model_read64(r.m, 0, SPEC_CCMD) >> 59, 0xf); /* ICC clear, CIRG 11, CAIG 11 */
    vtd_model_write64(r.m, 0, IVA, RIG_IOVA | 1);
    vtd_model_write64(r.m, 0, IOTLB, 0xb003000500000000ull); /* page, DR, DW, domain 5 */
    rig_settle(&r);
    CHECK_EQ(vtd_model_read64(r.m, 0, IOTLB) >> 57, 0x1b); /* IVT clear, IIRG 11, IAIG 11 */
    CHECK_EQ(vtd_model_stats(r.m, 0).iotlb_page, 1);
    CHECK_EQ(vtd_model_stats(r.m, 0).undrained, 0);
    NO_VIOLATION(r);
    rig_destroy(&r);
}

TEST(page_selective_by_register_drops_the_page)
{
    struct rig r = created();
    uint32_t value;

    rig_enable(&r);
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0);
    rig_store(&r, r.level0 + 8, 0);
    vtd_model_write64(r.m, 0, IVA, (RIG_IOVA + 0x1000) | 0x40);
    vtd_model_write64(r.m, 0, IOTLB, 0xb003000500000000ull);
    rig_settle(&r);
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0);
    vtd_model_write64(r.m, 0, IVA, RIG_IOVA | 0x40);
    vtd_model_write64(r.m, 0, IOTLB, 0xb003000500000000ull);
    rig_settle(&r);
    CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0x6);
    rig_destroy(&r);
}

TEST(refused_register_invalidations_report_00)
{
    struct vtd_model_config config = vtd_model_default();
    struct rig r;

    config.units[0].version = 0x60; /* major 6: no register interface */
    r = rig_create(&config);
    vtd_model_write64(r.m, 0, SPEC_CCMD, 0xa000000000000000ull);
    rig_settle(&r);
    CHECK_EQ(spec_get(vtd_model_read64(r.m, 0, SPEC_CCMD), SPEC_CCMD_CAIG), 0);
    vtd_model_write64(r.m, 0, IOTLB, 0x9000000000000000ull);
    rig_settle(&r);
    CHECK_EQ(spec_get(vtd_model_read64(r.m, 0, IOTLB), SPEC_IOTLB_IAIG), 0);
    CHECK_EQ(vtd_model_stats(r.m, 0).register_invalidations, 0);
    rig_destroy(&r);

    r = created();
    vtd_model_write64(r.m, 0, IVA, 19); /* MAMV is 18 */
    vtd_model_write64(r.m, 0, IOTLB, 0xb000000000000000ull);
    rig_settle(&r);
    CHECK_EQ(spec_get(vtd_model_read64(r.m, 0, IOTLB), SPEC_IOTLB_IAIG), 0);
    VIOLATION(r, "beyond PSI or MAMV");
    rig_destroy(&r);
}

TEST(misused_register_invalidation_is_noticed)
{
    struct rig r = rig_started(NULL);

    vtd_model_write64(r.m, 0, SPEC_CCMD, 0xa000000000000000ull);
    rig_settle(&r);
    VIOLATION(r, "CCMD used while the queue is enabled");
    CHECK_EQ(spec_get(vtd_model_read64(r.m, 0, SPEC_CCMD), SPEC_CCMD_CAIG), 0);
    rig_destroy(&r);

    r = created();
    vtd_model_write64(r.m, 0, SPEC_CCMD, 0xa000000000000000ull);
    vtd_model_write64(r.m, 0, IOTLB, 0x9000000000000000ull);
    VIOLATION(r, "IOTLB written while a CCMD command is pending");
    rig_destroy(&r);

    r = created();
    vtd_model_write64(r.m, 0, SPEC_CCMD, 0xa000000000000000ull);
    vtd_model_write32(r.m, 0, SPEC_CCMD, 1);
    VIOLATION(r, "CCMD written while a CCMD command is pending");
    rig_destroy(&r);

    r = created();
    vtd_model_write64(r.m, 0, IOTLB, 0xb000000000000000ull);
    rig_settle(&r);
    VIOLATION(r, "without IVA written before");
    rig_destroy(&r);

    r = created();
    vtd_model_write64(r.m, 0, IOTLB, 0x9000000000000000ull);
    vtd_model_write64(r.m, 0, IVA, 0);
    VIOLATION(r, "IVA written while IVT is set");
    rig_destroy(&r);
}

/* ---- queue (§6.5.2) ---- */

TEST(descriptors_are_counted_by_granularity)
{
    struct rig r = rig_started(NULL);
    struct vtd_model_stats stats;

    rig_put(&r, rig_context_descriptor(SPEC_G_DOMAIN, RIG_DID, 0, 0), 0);
    rig_put(&r, rig_context_descriptor(SPEC_G_SELECTIVE, RIG_DID, RIG_RID, 3), 0);
    rig_put(&r, rig_iotlb_descriptor(SPEC_G_DOMAIN, RIG_DID), 0);
    rig_put(&r, rig_iotlb_descriptor(SPEC_G_SELECTIVE, RIG_DID), 18 | 0x40);
    CHECK(rig_wait(&r));
    stats = vtd_model_stats(r.m, 0);
    CHECK_EQ(stats.context_global, 1); /* of rig_enable() */
    CHECK_EQ(stats.context_domain, 1);
    CHECK_EQ(stats.context_device, 1);
    CHECK_EQ(stats.iotlb_global, 1);
    CHECK_EQ(stats.iotlb_domain, 1);
    CHECK_EQ(stats.iotlb_page, 1);
    CHECK_EQ(stats.waits, 2);
    CHECK_EQ(stats.doorbells, 3); /* IQT = 0 first */
    NO_VIOLATION(r);
    rig_destroy(&r);
}

TEST(head_moves_at_fetch_and_wraps)
{
    struct rig r = rig_started(NULL);

    for (unsigned i = 0; i < 300; i++) /* 256 descriptors of 16 bytes */
        CHECK(rig_wait(&r));
    CHECK_EQ(vtd_model_read64(r.m, 0, SPEC_IQH), (3 + 300) * 16 - 4096);
    NO_VIOLATION(r);
    rig_destroy(&r);
}

TEST(wait_status_comes_late)
{
    struct vtd_model_config config = vtd_model_default();
    struct rig r;
    uint32_t seen;

    config.units[0].delay = 30;
    r = rig_create(&config);
    rig_queue_on(&r);
    rig_put(&r, SPEC_DSC_WAIT | SPEC_WAIT_SW | 7ull << 32, r.status);
    vtd_model_write64(r.m, 0, SPEC_IQT, 16);
    vtd_model_advance(r.m, 29);
    memcpy(&seen, vtd_model_ram(r.m, r.status, 4), 4);
    CHECK_EQ(seen, 0);
    vtd_model_advance(r.m, 1);
    memcpy(&seen, vtd_model_ram(r.m, r.status, 4), 4);
    CHECK_EQ(seen, 7);
    rig_destroy(&r);
}

TEST(without_delay_all_is_done_by_the_next_access)
{
    struct vtd_model_config config = vtd_model_default();
    struct rig r;

    config.units[0].delay = 0;
    r = rig_create(&config);
    rig_queue_on(&r);
    for (unsigned i = 0; i < 100; i++)
        rig_put(&r, rig_iotlb_descriptor(SPEC_G_GLOBAL, 0), 0);
    vtd_model_write64(r.m, 0, SPEC_IQT, 1600);
    (void)vtd_model_read32(r.m, 0, SPEC_GSTS);
    CHECK_EQ(vtd_model_stats(r.m, 0).iotlb_global, 100);
    rig_destroy(&r);
}

/* The IQEI one descriptor ends with, 0 when its wait completes; head must stay on a refused one. */
static unsigned refused(const struct vtd_model_config *config, uint64_t lo, uint64_t hi)
{
    struct rig r = rig_create(config);
    unsigned info;
    bool done;

    rig_queue_on(&r);
    done = rig_submit(&r, lo, hi);
    info = (unsigned)vtd_model_read64(r.m, 0, SPEC_IQERCD) & 0xf;
    CHECK_EQ((vtd_model_read32(r.m, 0, SPEC_FSTS) & SPEC_FSTS_IQE) != 0, !done);
    CHECK_EQ(vtd_model_read64(r.m, 0, SPEC_IQH), done ? 32 : 0);
    rig_destroy(&r);
    return done ? 0 : info;
}

TEST(descriptor_types)
{
    struct vtd_model_config config = vtd_model_default();

    CHECK_EQ(refused(&config, 0x11, 0), 0);
    CHECK_EQ(refused(&config, 0x0, 0), 3);
    for (unsigned type = 6; type < 16; type++)
        CHECK_EQ(refused(&config, type | 0x10, 0), 3);
    CHECK_EQ(refused(&config, 0x11 | 1 << 9, 0), 3);
    CHECK_EQ(refused(&config, 0x3, 0), 3); /* DT = 0 */
    CHECK_EQ(refused(&config, 0x4, 0), 3); /* IR = 0 */
    spec_put(&config.units[0].ecap, SPEC_ECAP_DT, 1);
    spec_put(&config.units[0].ecap, SPEC_ECAP_IR, 1);
    CHECK_EQ(refused(&config, 0x3, 0), 0);
    CHECK_EQ(refused(&config, 0x4, 0), 0);
}

TEST(reserved_bits_of_descriptors)
{
    struct vtd_model_config config = vtd_model_default();
    static const struct { uint64_t lo; unsigned char low_reserved[12]; uint64_t hi_reserved; } cases[] = {
        { 0x11, { 6, 7, 8, 12, 13, 14, 15, 50, 57, 63 }, 1 },
        { 0x12, { 8, 12, 15, 32, 40, 63 }, 0x80 },
        { 0x12, { 32, 47, 48, 62 }, 0x800 },
        { 0x05, { 7, 8, 12, 16, 31 }, 1 },  /* PD with PDS = 0 */
        { 0x25, { 8, 12, 20, 31 }, 2 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t k = 0; k < 12 && cases[i].low_reserved[k] != 0; k++)
            CHECK_EQ(refused(&config, cases[i].lo | BIT_SPEC(cases[i].low_reserved[k]), 0x200000), 4);
        CHECK_EQ(refused(&config, cases[i].lo, 0x200000 | cases[i].hi_reserved), 4);
    }
    CHECK_EQ(refused(&config, 0x01, 0), 4); /* granularity 00 */
    CHECK_EQ(refused(&config, 0x02, 0), 4);
    spec_put(&config.units[0].ecap, SPEC_ECAP_PDS, 1);
    CHECK_EQ(refused(&config, 0x05 | 1 << 7, 0), 0);
}

TEST(page_selective_needs_psi_and_a_mask_of_at_most_mamv)
{
    struct vtd_model_config config = vtd_model_default();

    CHECK_EQ(refused(&config, 0x32, 18), 0);
    CHECK_EQ(refused(&config, 0x32, 19), 4);
    spec_put(&config.units[0].cap, SPEC_CAP_PSI, 0);
    CHECK_EQ(refused(&config, 0x32, 0), 4);
    CHECK_EQ(refused(&config, 0x22, 0), 0);
}

TEST(queue_setup_errors)
{
    struct rig r = created();

    rig_queue_on(&r);
    vtd_model_write64(r.m, 0, SPEC_IQT, 4096); /* beyond one page */
    rig_settle(&r);
    CHECK_EQ(vtd_model_read64(r.m, 0, SPEC_IQERCD), 1);
    rig_destroy(&r);

    r = created();
    vtd_model_write64(r.m, 0, SPEC_IQA, 0x4000000000);
    rig_command(&r, SPEC_GCMD_QIE, true);
    vtd_model_write64(r.m, 0, SPEC_IQT, 16);
    rig_settle(&r);
    CHECK_EQ(vtd_model_read64(r.m, 0, SPEC_IQERCD), 2);
    rig_destroy(&r);

    r = created();
    vtd_model_write64(r.m, 0, SPEC_IQA, r.queue | 0x800); /* DW with neither SMTS nor ADMS */
    rig_command(&r, SPEC_GCMD_QIE, true);
    vtd_model_write64(r.m, 0, SPEC_IQT, 32);
    rig_settle(&r);
    CHECK_EQ(vtd_model_read64(r.m, 0, SPEC_IQERCD), 5);
    rig_destroy(&r);

    r = created();
    rig_queue_on(&r);
    r.root |= 2 << 10; /* TTM = 10 */
    rig_enable(&r);
    CHECK_EQ(vtd_model_read64(r.m, 0, SPEC_IQERCD), 7);
    rig_destroy(&r);
}

TEST(wide_descriptors)
{
    struct vtd_model_config config = vtd_model_default();
    struct rig r;
    uint32_t seen;

    spec_put(&config.units[0].ecap, SPEC_ECAP_ADMS, 1);
    r = rig_create(&config);
    vtd_model_write64(r.m, 0, SPEC_IQA, r.queue | 0x800);
    rig_command(&r, SPEC_GCMD_QIE, true);
    rig_put(&r, SPEC_DSC_WAIT | SPEC_WAIT_SW | 9ull << 32, r.status);
    r.tail = 32;
    rig_ring(&r);
    memcpy(&seen, vtd_model_ram(r.m, r.status, 4), 4);
    CHECK_EQ(seen, 9);
    vtd_model_write64(r.m, 0, SPEC_IQT, 48);
    rig_settle(&r);
    CHECK_EQ(vtd_model_read64(r.m, 0, SPEC_IQERCD), 6);
    rig_destroy(&r);
}

TEST(queue_goes_on_when_iqe_is_cleared_after_the_slot_was_mended)
{
    struct rig r = rig_started(NULL);
    uint64_t good[2] = { 0x12, 0 };
    uint32_t seen;

    CHECK(!rig_submit(&r, 0x1f, 0));
    CHECK(!rig_wait(&r)); /* a doorbell alone does not restart it */
    memcpy(vtd_model_ram(r.m, r.queue + 3 * 16, 16), good, 16);
    vtd_model_write32(r.m, 0, SPEC_FSTS, SPEC_FSTS_IQE);
    rig_settle(&r);
    memcpy(&seen, vtd_model_ram(r.m, r.status, 4), 4);
    CHECK_EQ(seen, 3);
    NO_VIOLATION(r);
    rig_destroy(&r);
}

TEST(time_out_error_stops_the_queue_until_cleared)
{
    struct rig r = rig_started(NULL);

    vtd_model_raise_ite(r.m, 0, 0x1234);
    CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_FSTS), SPEC_FSTS_ITE);
    CHECK_EQ(vtd_model_read64(r.m, 0, SPEC_IQERCD) >> 32, 0x1234);
    CHECK(!rig_wait(&r));
    vtd_model_write32(r.m, 0, SPEC_FSTS, SPEC_FSTS_ITE);
    CHECK(rig_wait(&r));
    rig_destroy(&r);
}

TEST(queue_misuse_is_noticed)
{
    struct rig r = rig_started(NULL);

    vtd_model_write64(r.m, 0, SPEC_IQA, r.queue);
    VIOLATION(r, "IQA written while the queue is enabled");
    rig_destroy(&r);

    r = rig_started(NULL);
    rig_put(&r, rig_iotlb_descriptor(SPEC_G_GLOBAL, 0), 0);
    rig_ring(&r);
    rig_command(&r, SPEC_GCMD_QIE, false);
    VIOLATION(r, "without a wait as last descriptor");
    rig_destroy(&r);

    r = rig_started(NULL);
    vtd_model_hang(r.m, 0, VTD_MODEL_HANG_WAIT);
    CHECK(!rig_wait(&r));
    vtd_model_write64(r.m, 0, SPEC_IQT, 3 * 16); /* the head: one more than N - 1 */
    VIOLATION(r, "passes the head");
    rig_destroy(&r);

    r = rig_started(NULL);
    rig_command(&r, SPEC_GCMD_QIE, false);
    NO_VIOLATION(r);
    CHECK_EQ(vtd_model_read64(r.m, 0, SPEC_IQH), 0);
    rig_command(&r, SPEC_GCMD_QIE, true); /* IQT still says 48 */
    VIOLATION(r, "QIE with IQT not zero");
    rig_destroy(&r);
}

TEST(reordering_keeps_what_the_specification_orders)
{
    struct vtd_model_config config = vtd_model_default();

    for (uint32_t seed = 1; seed <= 20; seed++) {
        struct rig r;
        uint32_t value;

        config.units[0].reorder_seed = seed;
        r = rig_create(&config);
        rig_queue_on(&r);
        rig_enable(&r);
        CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0);
        rig_store(&r, r.contexts + RIG_RID * 16, 0);
        /* Context, IOTLB and wait in one batch are correct in any permitted order (§6.5.2.12). */
        rig_put(&r, rig_iotlb_descriptor(SPEC_G_DOMAIN, 9), 0);
        rig_put(&r, rig_context_descriptor(SPEC_G_SELECTIVE, RIG_DID, RIG_RID, 0), 0);
        CHECK(rig_submit(&r, rig_iotlb_descriptor(SPEC_G_DOMAIN, RIG_DID), 0));
        CHECK_EQ(rig_read(&r, RIG_RID, RIG_IOVA, &value), 0x2);
        NO_VIOLATION(r);
        rig_destroy(&r);
    }
}

TEST(wait_completes_after_everything_before_it)
{
    struct vtd_model_config config = vtd_model_default();

    for (uint32_t seed = 0; seed <= 20; seed++) {
        struct rig r;
        uint32_t seen = 0;

        config.units[0].reorder_seed = seed;
        r = rig_create(&config);
        rig_queue_on(&r);
        for (unsigned i = 0; i < 5; i++)
            rig_put(&r, rig_iotlb_descriptor(SPEC_G_GLOBAL, 0), 0);
        rig_put(&r, SPEC_DSC_WAIT | SPEC_WAIT_SW | 1ull << 32, r.status);
        vtd_model_write64(r.m, 0, SPEC_IQT, r.tail);
        for (unsigned i = 0; i < 100 && seen == 0; i++) {
            vtd_model_advance(r.m, 1);
            memcpy(&seen, vtd_model_ram(r.m, r.status, 4), 4);
        }
        CHECK_EQ(seen, 1);
        CHECK_EQ(vtd_model_stats(r.m, 0).iotlb_global, 5);
        rig_destroy(&r);
    }
}
