/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model of a VT-d unit against the specification, continued: fault
 * records, events, protected memory.
 */
#include "test.h"
#include "vtd_rig.h"

#define NO_VIOLATION(r) CHECK_STR(vtd_model_violation_text((r).m), "")
#define VIOLATION(r, words) CHECK(strstr(vtd_model_violation_text((r).m), words) != NULL)
#define RECORD(n) (0x400u + 16u * (n))

/* ---- fault records and events (§7.2, §7.3, §11.4.7) ---- */

struct heard {
    unsigned count;
    uint64_t address;
    uint32_t data;
};

static void hear(void *ctx, unsigned unit, uint64_t address, uint32_t data)
{
    struct heard *heard = ctx;

    (void)unit;
    *heard = (struct heard){ heard->count + 1, address, data };
}

static void unmask(struct rig *r, struct heard *heard)
{
    vtd_model_on_msi(r->m, hear, heard);
    vtd_model_write32(r->m, 0, SPEC_FEDATA, 0x41);
    vtd_model_write32(r->m, 0, SPEC_FEADDR, 0xfee01000);
    vtd_model_write32(r->m, 0, SPEC_FEUADDR, 0);
    vtd_model_write32(r->m, 0, SPEC_FECTL, 0);
}

TEST(record_holds_source_address_type_and_reason)
{
    struct rig r = rig_started(NULL);

    CHECK_EQ(rig_write(&r, RIG_RID, 0x40209abc, 0), 0x5);
    CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_FSTS), SPEC_FSTS_PPF);
    CHECK_EQ(vtd_model_read64(r.m, 0, RECORD(0)), 0x40209000);
    CHECK_EQ(vtd_model_read64(r.m, 0, RECORD(0) + 8), 0x8000000500000010ull); /* F, write, 05h, 00:02.0 */
    rig_destroy(&r);
}

TEST(overflow_loses_faults_until_pfo_is_cleared)
{
    struct rig r = rig_started(NULL);
    uint32_t value;

    for (unsigned i = 0; i < 9; i++)
        CHECK_EQ(rig_read(&r, RIG_RID, 0x40210000 + i * 0x1000, &value), 0x6);
    CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_FSTS), SPEC_FSTS_PPF | SPEC_FSTS_PFO);
    CHECK_EQ(vtd_model_read64(r.m, 0, RECORD(7)), 0x40217000);
    /* Every F cleared: PPF goes, PFO stays and still loses. */
    for (unsigned i = 0; i < 8; i++)
        vtd_model_write32(r.m, 0, RECORD(i) + 12, 0x80000000);
    CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_FSTS), SPEC_FSTS_PFO);
    CHECK_EQ(rig_read(&r, RIG_RID, 0x40220000, &value), 0x6);
    CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_FSTS), SPEC_FSTS_PFO);
    vtd_model_write32(r.m, 0, SPEC_FSTS, SPEC_FSTS_PFO);
    CHECK_EQ(rig_read(&r, RIG_RID, 0x40221000, &value), 0x6);
    CHECK_EQ(vtd_model_read64(r.m, 0, RECORD(0)), 0x40221000);
    CHECK_EQ(vtd_model_stats(r.m, 0).faults_lost, 2);
    NO_VIOLATION(r);
    rig_destroy(&r);
}

TEST(index_goes_round_and_fri_points_at_the_first_pending)
{
    struct rig r = rig_started(NULL);
    uint32_t value;

    for (unsigned i = 0; i < 11; i++) {
        CHECK_EQ(rig_read(&r, RIG_RID, 0x40210000, &value), 0x6);
        CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_FSTS), SPEC_FSTS_PPF | (i % 8) << 8);
        vtd_model_write64(r.m, 0, RECORD(i % 8) + 8, 1ull << 63);
        CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_FSTS) & SPEC_FSTS_PPF, 0);
    }
    /* The index is back at 0 when translation is off (§7.2.1). */
    rig_command(&r, SPEC_GCMD_TE, false);
    rig_enable(&r);
    CHECK_EQ(rig_read(&r, RIG_RID, 0x40210000, &value), 0x6);
    CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_FSTS), SPEC_FSTS_PPF);
    rig_destroy(&r);
}

TEST(event_only_on_the_change_from_nothing_pending)
{
    struct rig r = rig_started(NULL);
    struct heard heard = { 0 };
    uint32_t value;

    unmask(&r, &heard);
    (void)rig_read(&r, RIG_RID, 0x40210000, &value);
    CHECK_EQ(heard.count, 1);
    CHECK_EQ(heard.address, 0xfee01000);
    CHECK_EQ(heard.data, 0x41);
    (void)rig_read(&r, RIG_RID, 0x40211000, &value);
    vtd_model_write32(r.m, 0, RECORD(0) + 12, 0x80000000);
    (void)rig_read(&r, RIG_RID, 0x40212000, &value);
    CHECK_EQ(heard.count, 1); /* one record was left pending */
    vtd_model_write32(r.m, 0, RECORD(1) + 12, 0x80000000);
    vtd_model_write32(r.m, 0, RECORD(2) + 12, 0x80000000);
    (void)rig_read(&r, RIG_RID, 0x40213000, &value);
    CHECK_EQ(heard.count, 2);
    rig_destroy(&r);
}

TEST(masked_event_is_held_and_sent_or_dropped)
{
    struct rig r = rig_started(NULL);
    struct heard heard = { 0 };
    uint32_t value;

    unmask(&r, &heard);
    vtd_model_write32(r.m, 0, SPEC_FECTL, SPEC_ECTL_IM);
    (void)rig_read(&r, RIG_RID, 0x40210000, &value);
    CHECK_EQ(heard.count, 0);
    CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_FECTL), 0xc0000000);
    vtd_model_write32(r.m, 0, SPEC_FECTL, 0);
    CHECK_EQ(heard.count, 1);
    CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_FECTL), 0);
    /* Served while masked: nothing left to send. */
    vtd_model_write32(r.m, 0, RECORD(0) + 12, 0x80000000);
    vtd_model_write32(r.m, 0, SPEC_FECTL, SPEC_ECTL_IM);
    (void)rig_read(&r, RIG_RID, 0x40210000, &value);
    vtd_model_write32(r.m, 0, RECORD(1) + 12, 0x80000000);
    CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_FECTL), SPEC_ECTL_IM);
    vtd_model_write32(r.m, 0, SPEC_FECTL, 0);
    CHECK_EQ(heard.count, 1);
    rig_destroy(&r);
}

TEST(queue_error_raises_the_fault_event)
{
    struct rig r = rig_started(NULL);
    struct heard heard = { 0 };

    unmask(&r, &heard);
    CHECK(!rig_submit(&r, 0x1f, 0));
    CHECK_EQ(heard.count, 1);
    rig_destroy(&r);
}

TEST(completion_event)
{
    struct rig r = rig_started(NULL);
    struct heard heard = { 0 };

    vtd_model_on_msi(r.m, hear, &heard);
    vtd_model_write32(r.m, 0, SPEC_IEDATA, 0x42);
    vtd_model_write32(r.m, 0, SPEC_IEADDR, 0xfee02000);
    vtd_model_write32(r.m, 0, SPEC_IECTL, 0);
    for (unsigned i = 0; i < 2; i++) {
        rig_put(&r, SPEC_DSC_WAIT | SPEC_WAIT_IF, 0);
        rig_ring(&r);
        CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_ICS), 1);
        CHECK_EQ(heard.count, 1); /* not again while IWC is set */
    }
    CHECK_EQ(heard.data, 0x42);
    vtd_model_write32(r.m, 0, SPEC_ICS, 1);
    CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_ICS), 0);
    rig_destroy(&r);
}

/* ---- protected memory (§11.4.8) ---- */

TEST(protected_memory_blocks_silently)
{
    struct vtd_model_config config = vtd_model_default();
    struct rig r;
    uint32_t value;

    spec_put(&config.units[0].cap, SPEC_CAP_PLMR, 1);
    r = rig_create(&config);
    vtd_model_write32(r.m, 0, SPEC_PLMBASE, 0xffffffff);
    CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_PLMBASE), 0xfff00000); /* N is 19 */
    vtd_model_write32(r.m, 0, SPEC_PLMBASE, 0x100000);
    vtd_model_write32(r.m, 0, SPEC_PLMLIMIT, 0x100000); /* one megabyte */
    vtd_model_write32(r.m, 0, SPEC_PMEN, SPEC_PMEN_EPM);
    CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_PMEN), SPEC_PMEN_EPM);
    rig_settle(&r);
    CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_PMEN), SPEC_PMEN_EPM | SPEC_PMEN_PRS);
    CHECK_EQ(vtd_model_dma(r.m, 0, RIG_RID, 0x1ffffc, &value, 4, false), VTD_MODEL_PROTECTED);
    CHECK_EQ(vtd_model_dma(r.m, 0, RIG_RID, 0x200000, &value, 4, false), VTD_MODEL_DONE);
    CHECK_EQ(vtd_model_read32(r.m, 0, SPEC_FSTS), 0);
    NO_VIOLATION(r);
    vtd_model_write32(r.m, 0, SPEC_PLMBASE, 0);
    VIOLATION(r, "written while enabled");
    vtd_model_write32(r.m, 0, SPEC_PMEN, 0);
    rig_settle(&r);
    CHECK_EQ(vtd_model_dma(r.m, 0, RIG_RID, 0x1ffffc, &value, 4, false), VTD_MODEL_DONE);
    rig_destroy(&r);
}
