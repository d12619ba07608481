/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * amd/amdvi_unit.c: bring-up, take-over, refusal, stopping, on units of plain
 * registers that each behave in one odd way.
 */
#include "test.h"

#include "amd/amdvi.h"
#include "fake_amdvi.h"

#define RID 0x0002
#define DEVICE 0x0010
/* IVinfo: EFR valid, 40 physical bits. */
#define IVINFO 0x2801u
#define EFR 0x8c0u
#define BASE2 (FAKE_AMDVI_BASE + 0x100000)

/* AMD-Vi §3.3 */
#define DEV_TAB 0x00u
#define CMD_BASE 0x08u
#define EVENT_BASE 0x10u
#define CONTROL 0x18u
#define EXCLUSION 0x20u
#define CMD_TAIL 0x2008u
#define STATUS 0x2020u
#define IOMMU_EN 1ull
#define EVENT_LOG_EN (1ull << 2)
#define CMD_BUF_EN (1ull << 12)

static struct fake_amdvi fake;
static struct iommu *iommu;

static void prepare(const struct iommu_config *config)
{
    fake_amdvi_init(&fake, 256);
    fake_amdvi_iommu(&fake, 0, RID, 0x08000000);
    fake_amdvi_set(&fake, 0, 0x30, EFR);
    CHECK_OK(iommu_create(&fake.memory.platform, &fake, config, &iommu));
    fake_ivrs_begin(&fake, IVINFO);
}

static void add_unit(uint8_t flags, uint64_t efr)
{
    const struct iommu_device_desc desc = { .rids = { DEVICE }, .rid_count = 1 };
    struct iommu_device *device;

    fake_amdvi_set(&fake, 0, 0x30, efr);
    fake_ivrs_ivhd(&fake, 0x11, flags, RID, FAKE_AMDVI_BASE, efr);
    fake_ivrs_entry(&fake, 0x03, 0x0008, 0);
    fake_ivrs_entry(&fake, 0x04, 0x01ff, 0);
    fake_ivrs_end(&fake);
    CHECK_OK(amdvi_add_table(iommu, fake.table, fake.table_len));
    CHECK_OK(iommu_add_device(iommu, &desc, &device));
}

static struct amdvi_unit *unit(unsigned index)
{
    CHECK(index < iommu->unit_count);
    return (struct amdvi_unit *)iommu->units[index];
}

static uint64_t reg(unsigned offset)
{
    return fake_amdvi_get(&fake, 0, offset);
}

static void finish(void)
{
    iommu_destroy(iommu);
    CHECK_EQ(fake.memory.live_pages, 0);
    CHECK_EQ(fake.memory.misuses, 0);
    CHECK_EQ(fake.windows, 0);
    fake_amdvi_free(&fake);
}

/* The unit may still read its memory: what has not been given back is given up. */
static void abandon(void)
{
    fake_amdvi_free(&fake);
}

static uint64_t table_pa(void)
{
    return fake_pa(&fake.memory, unit(0)->table);
}

static struct iommu_unit_info info(void)
{
    struct iommu_unit_info out;

    CHECK_OK(iommu_unit_info(iommu, 0, &out));
    return out;
}

/* ---- bring-up ---- */

TEST(cold_start_programs_everything_and_enables_last)
{
    size_t on;

    prepare(NULL);
    add_unit(0, EFR);
    CHECK_OK(iommu_start(iommu));
    /* IommuEn, EventLogEn, both own interrupts, InvTimeOut = 4, Coherent, CmdBufEn */
    CHECK_EQ(reg(CONTROL), 0x149d);
    CHECK_EQ(reg(DEV_TAB), table_pa() | 3); /* 512 entries: 4 pages */
    CHECK_EQ(reg(CMD_BASE), fake_pa(&fake.memory, unit(0)->queue.ring) | 9ull << 56);
    CHECK_EQ(reg(EVENT_BASE), fake_pa(&fake.memory, unit(0)->events.ring) | 9ull << 56);
    on = fake_amdvi_find(&fake, 0, 0, CONTROL, IOMMU_EN);
    CHECK(on != SIZE_MAX);
    CHECK(fake_amdvi_find(&fake, 0, 0, DEV_TAB, table_pa()) < on);
    CHECK_EQ(fake_amdvi_find(&fake, on, 0, DEV_TAB, 0), SIZE_MAX);
    CHECK_EQ(fake_amdvi_find(&fake, on, 0, CMD_BASE, 0), SIZE_MAX);
    CHECK_EQ(fake.writes[on].value & (CMD_BUF_EN | EVENT_LOG_EN), CMD_BUF_EN | EVENT_LOG_EN);
    CHECK_EQ(reg(EXCLUSION), 0);
    CHECK(fake_amdvi_find(&fake, 0, 0, EXCLUSION, 0) < on);
    finish();
}

/* Rings may be switched on while IommuEn is 0, and run when it is set (AMD-Vi §2.3). */
TEST(nothing_that_cannot_run_yet_is_waited_for)
{
    uint64_t before;

    prepare(NULL);
    add_unit(0, EFR);
    before = fake.memory.time_us;
    CHECK_OK(amdvi_control(unit(0), 0, CMD_BUF_EN, 1u << 4));
    CHECK_EQ(reg(STATUS) & 1u << 4, 0);
    CHECK(fake.memory.time_us - before < 100);
    CHECK_OK(amdvi_control(unit(0), 0, IOMMU_EN, 1u << 4));
    CHECK_EQ(reg(STATUS) & 1u << 4, 1u << 4);
    fake.units[0].run_one = 1u << 4;
    CHECK_EQ(amdvi_control(unit(0), CMD_BUF_EN, 0, 1u << 4), IOMMU_ERR_TIMEOUT);
    finish();
}

/* Opcodes 8 INVALIDATE_IOMMU_ALL and 2 INVALIDATE_DEVTAB_ENTRY: QEMU 11.1 wants one for each of the 512 ids. */
TEST(everything_is_flushed_after_enabling)
{
    prepare(NULL);
    add_unit(0, EFR);
    CHECK_OK(iommu_start(iommu));
    CHECK(fake.units[0].commands[8] >= 1);
    CHECK_EQ(fake.units[0].commands[2], 512);
    finish();
}

/* AMD-Vi §5.2.2.2: flag bits 0 to 3 are Control bits 1, 8, 9 and 11. */
TEST(link_flags_come_from_the_block)
{
    static const struct { uint8_t flags; uint64_t bits; } cases[] = {
        { 0x01, 1ull << 1 }, { 0x02, 1ull << 8 }, { 0x04, 1ull << 9 }, { 0x08, 1ull << 11 }, { 0x30, 0 },
    };

    for (unsigned i = 0; i < 5; i++) {
        prepare(NULL);
        fake_amdvi_set(&fake, 0, CONTROL, 0xb02 & ~cases[i].bits); /* firmware had the others */
        add_unit(cases[i].flags, EFR);
        CHECK_OK(iommu_start(iommu));
        CHECK_EQ(reg(CONTROL) & 0xb02, cases[i].bits);
        finish();
    }
}

TEST(info_says_what_the_unit_is)
{
    prepare(NULL);
    add_unit(0, EFR);
    CHECK(!info().translating);
    CHECK_OK(iommu_start(iommu));
    CHECK_STR(info().name, "amdvi0");
    CHECK_STR(info().vendor, "amd");
    CHECK(info().has_rid);
    CHECK_EQ(info().rid, RID);
    CHECK_EQ(info().capability, EFR);
    CHECK_EQ(info().domain_ids, 65536);
    CHECK_EQ(info().fault_records, 512);
    CHECK(info().translating && info().uses_queue && info().fault_interrupt && info().coherent);
    CHECK(!info().found_translating && !info().fenced && !info().caching_mode);
    finish();
}

/* Bit 16, with GTSup and GIoSup (bits 4, 48), if asked for. */
TEST(guest_translation_is_enabled_on_request_only)
{
    const uint64_t efr = EFR | 0x10 | 1ull << 48;

    prepare(&(struct iommu_config){ .guest_tables = true });
    add_unit(0, efr);
    CHECK_OK(iommu_start(iommu));
    CHECK(reg(CONTROL) & 1u << 16);
    finish();
    prepare(NULL);
    add_unit(0, efr);
    CHECK_OK(iommu_start(iommu));
    CHECK(!(reg(CONTROL) & 1u << 16));
    finish();
    prepare(&(struct iommu_config){ .guest_tables = true });
    add_unit(0, EFR | 0x10);
    CHECK_OK(iommu_start(iommu));
    CHECK(!(reg(CONTROL) & 1u << 16));
    CHECK(fake_amdvi_logged(&fake, "amdvi0: v1 tables, since v2 need GTSup and GIoSup, efr seen=0x8d0"));
    finish();
}

/* Bit 10 does not stick: table and rings are written back line by line. */
TEST(unit_that_does_not_snoop_is_given_written_back_memory)
{
    prepare(NULL);
    fake.units[0].control_zero = 1u << 10;
    add_unit(0, EFR);
    CHECK_OK(iommu_start(iommu));
    CHECK(!info().coherent);
    CHECK(fake_amdvi_logged(&fake, "amdvi0: walks do not snoop the caches"));
    for (unsigned rid = 0; rid < 512; rid++)
        CHECK_EQ(fake_read64(&fake.memory, table_pa() + rid * 32u, false), unit(0)->table[rid].q[0]);
    finish();
}

/* ---- units that are of no use ---- */

/* HATS = 3; attribute bit 0 of block 11h (HATDis). */
TEST(unit_without_host_tables_is_left_alone)
{
    prepare(NULL);
    add_unit(0, EFR | 0xc00);
    CHECK_EQ(iommu_start(iommu), IOMMU_ERR_UNSUPPORTED);
    CHECK_EQ(fake.write_count, 0);
    CHECK_EQ(fake.stopped_count, 0);
    CHECK(fake_amdvi_logged(&fake, "amdvi0: no host translation: hats=3 hatdis=0"));
    finish();
    prepare(NULL);
    fake_ivrs_ivhd(&fake, 0x11, 0, RID, FAKE_AMDVI_BASE, EFR);
    fake.table[48 + 20] = 1;
    fake_ivrs_entry(&fake, 0x02, DEVICE, 0);
    fake_ivrs_end(&fake);
    CHECK_OK(amdvi_add_table(iommu, fake.table, fake.table_len));
    CHECK_EQ(iommu_start(iommu), IOMMU_ERR_UNSUPPORTED);
    CHECK(fake_amdvi_logged(&fake, "hats=2 hatdis=1"));
    finish();
}

TEST(unit_that_has_gone_since_is_not_found)
{
    prepare(NULL);
    add_unit(0, EFR);
    fake.units[0].absent = true;
    CHECK_EQ(iommu_start(iommu), IOMMU_ERR_NOT_FOUND);
    CHECK_EQ(fake.write_count, 0);
    CHECK(fake_amdvi_logged(&fake, "amdvi0: registers have gone"));
    finish();
}

TEST(erratum_leaves_the_unit_off)
{
    prepare(NULL);
    fake_amdvi_function(&fake, 0, 0x0008, 0x98e41002, 0x030000);
    add_unit(0, EFR);
    CHECK_EQ(iommu_start(iommu), IOMMU_ERR_UNSUPPORTED);
    CHECK_EQ(fake.write_count, 0);
    finish();
    prepare(&(struct iommu_config){ .force = true });
    fake_amdvi_function(&fake, 0, 0x0008, 0x98e41002, 0x030000);
    add_unit(0, EFR);
    CHECK_OK(iommu_start(iommu));
    finish();
}

TEST(run_bit_that_never_comes_is_bounded)
{
    static const uint32_t bits[] = { 1u << 3, 1u << 4 }; /* EventLogRun, CmdBufRun */

    for (unsigned i = 0; i < 2; i++) {
        prepare(NULL);
        fake.units[0].run_zero = bits[i];
        add_unit(0, EFR);
        CHECK_EQ(iommu_start(iommu), IOMMU_ERR_TIMEOUT);
        CHECK(fake.memory.time_us < 5000000);
        CHECK(info().fenced);
        CHECK_EQ(fake.stopped_count, 1);
        CHECK_EQ(fake.stopped[0], DEVICE);
        CHECK(fake_amdvi_logged(&fake, "amdvi0: timeout control="));
        CHECK(fake_amdvi_logged(&fake, "amdvi0: dump base=0xfd000000"));
        CHECK_OK(iommu_stop(iommu)); /* IommuEn and all run bits are 0: nothing of ours is in use */
        CHECK_EQ(reg(CONTROL) & IOMMU_EN, 0);
        finish();
    }
}

TEST(exclusion_range_that_stays_on_is_refused)
{
    prepare(NULL);
    fake_amdvi_set(&fake, 0, EXCLUSION, 0x10000001);
    fake.units[0].exclusion_stuck = true;
    add_unit(0, EFR);
    CHECK_EQ(iommu_start(iommu), IOMMU_ERR_HARDWARE);
    CHECK(fake_amdvi_logged(&fake, "amdvi0: exclusion range stays on, expected ExEn=0, base seen=0x10000001"));
    CHECK_EQ(fake_amdvi_find(&fake, 0, 0, CONTROL, IOMMU_EN), SIZE_MAX);
    finish();
}

TEST(table_that_is_never_taken_is_refused)
{
    prepare(NULL);
    fake.units[0].table_dead = true;
    add_unit(0, EFR);
    CHECK_EQ(iommu_start(iommu), IOMMU_ERR_HARDWARE);
    CHECK(fake_amdvi_logged(&fake, "amdvi0: base refused table=0x0 expected=0x24"));
    CHECK_EQ(fake_amdvi_find(&fake, 0, 0, CONTROL, IOMMU_EN), SIZE_MAX);
    finish();
}

/* Taken over, and refused even when nothing is on any more: bounded, and no pass-through with live masters. */
TEST(table_that_is_never_taken_from_a_running_unit_is_bounded)
{
    prepare(NULL);
    fake_amdvi_set(&fake, 0, CONTROL, IOMMU_EN);
    fake.units[0].table_dead = true;
    add_unit(0, EFR);
    CHECK_EQ(iommu_start(iommu), IOMMU_ERR_HARDWARE);
    CHECK(fake.memory.time_us < 1000000);
    CHECK_EQ(fake.stopped[0], DEVICE);
    CHECK(fake.stopped_while_on);
    CHECK(info().fenced);
    /* What firmware had is better than nothing. */
    CHECK_EQ(reg(CONTROL) & IOMMU_EN, IOMMU_EN);
    CHECK_EQ(reg(DEV_TAB), 0);
    CHECK(fake_amdvi_logged(&fake, "amdvi0: window: closed, the old table=0x0 translates again"));
    CHECK_OK(iommu_stop(iommu));
    CHECK_EQ(reg(CONTROL) & IOMMU_EN, IOMMU_EN);
    finish();
}

/* Also where the unit has taken the table, and its ring does not start: nothing of ours stays in use. */
TEST(unit_that_fails_after_a_window_protects_as_before)
{
    prepare(NULL);
    fake_amdvi_set(&fake, 0, DEV_TAB, 0x7000);
    fake_amdvi_set(&fake, 0, CONTROL, IOMMU_EN);
    fake_amdvi_set(&fake, 0, EXCLUSION, 0x10000001);
    fake.units[0].locked = true;
    fake.units[0].exclusion_stuck = true;
    add_unit(0, EFR);
    CHECK_EQ(iommu_start(iommu), IOMMU_ERR_HARDWARE);
    CHECK_EQ(reg(DEV_TAB), 0x7000);
    CHECK_EQ(reg(CONTROL) & (IOMMU_EN | CMD_BUF_EN | EVENT_LOG_EN), IOMMU_EN);
    CHECK_OK(iommu_stop(iommu));
    CHECK_EQ(reg(CONTROL) & IOMMU_EN, IOMMU_EN);
    finish();
}

TEST(one_failed_unit_does_not_stop_the_other)
{
    prepare(NULL);
    fake_amdvi_iommu(&fake, 0, 0x4002, 0x08000000);
    fake_ivrs_ivhd(&fake, 0x11, 0, 0x4002, BASE2, EFR);
    fake_ivrs_entry(&fake, 0x02, 0x0009, 0);
    add_unit(0, EFR);
    CHECK_EQ(iommu->unit_count, 2);
    fake.units[0].table_dead = true;
    CHECK_EQ(iommu_start(iommu), IOMMU_ERR_HARDWARE);
    CHECK_EQ(fake_amdvi_get(&fake, 1, CONTROL) & IOMMU_EN, IOMMU_EN);
    CHECK_EQ(reg(CONTROL) & IOMMU_EN, 0);
    finish();
}

/* ---- take-over ---- */

#define OLD_TABLE 0x12345000ull

/* Firmware's: everything on, the log overflowed, two segments, an exclusion range open to all, MSI on. */
static void left_on(uint64_t more)
{
    fake_amdvi_set(&fake, 0, DEV_TAB, OLD_TABLE | 0xff);
    fake_amdvi_set(&fake, 0, CMD_BASE, 0x800000011000ull | 8ull << 56);
    fake_amdvi_set(&fake, 0, EVENT_BASE, 0x12000 | 8ull << 56);
    fake_amdvi_set(&fake, 0, 0x2000, 0x40);
    fake_amdvi_set(&fake, 0, 0x2008, 0x40);
    fake_amdvi_set(&fake, 0, EXCLUSION, 0x5000 | 3);
    fake_amdvi_set(&fake, 0, 0x28, 0x6000);
    fake_amdvi_set(&fake, 0, STATUS, 0x1b);
    fake_amdvi_set(&fake, 0, CONTROL, IOMMU_EN | EVENT_LOG_EN | CMD_BUF_EN | 0x18 | more);
    fake_amdvi_config(&fake.functions[0], 0x64 + 2, 2, 0x81);
}

/* docs/design.md: no moment of pass-through. */
TEST(take_over_never_clears_the_enable_bit)
{
    size_t table;

    prepare(NULL);
    left_on(1ull << 34 | 1ull << 16); /* DevTblSegEn = 1, GTEn */
    add_unit(0, EFR);
    CHECK_OK(iommu_start(iommu));
    for (size_t i = 0; i < fake.write_count; i++)
        if (fake.writes[i].offset == CONTROL)
            CHECK(fake.writes[i].value & IOMMU_EN);
    CHECK_EQ(reg(CONTROL), 0x149d);
    CHECK_EQ(reg(DEV_TAB), table_pa() | 3);
    CHECK_EQ(reg(EXCLUSION), 0);
    CHECK(info().found_translating && info().translating);
    CHECK_EQ(fake.stopped_count, 0);
    CHECK(fake_amdvi_logged(&fake, "amdvi0: take-over control=0x000000040001101d status=0x0000001b table=0x123450ff"));
    CHECK(!fake_amdvi_logged(&fake, "window"));
    table = fake_amdvi_find(&fake, 0, 0, DEV_TAB, table_pa());
    /* The old ring and log stop before anything is replaced; segments end after it. */
    CHECK_EQ(fake.writes[fake_amdvi_find(&fake, 0, 0, CONTROL, 1ull << 34)].value & 0x18, 0);
    for (size_t i = 0; i < table; i++)
        if (fake.writes[i].offset == CONTROL)
            CHECK(fake.writes[i].value & 1ull << 34);
    for (size_t i = table; i < fake.write_count; i++)
        if (fake.writes[i].offset == CONTROL)
            CHECK(!(fake.writes[i].value & 1ull << 34));
    CHECK_EQ(fake_amdvi_find(&fake, table + 1, 0, DEV_TAB, 0), SIZE_MAX);
    finish();
}

/* The command ring is off while its base changes, so that nothing of the old one is executed. */
TEST(rings_are_off_while_their_bases_change)
{
    uint64_t control = 0x1d | CMD_BUF_EN;

    prepare(NULL);
    left_on(0);
    add_unit(0, EFR);
    CHECK_OK(iommu_start(iommu));
    for (size_t i = 0; i < fake.write_count; i++) {
        if (fake.writes[i].offset == CONTROL)
            control = fake.writes[i].value;
        if (fake.writes[i].offset == CMD_BASE)
            CHECK(!(control & CMD_BUF_EN));
        if (fake.writes[i].offset == EVENT_BASE)
            CHECK(!(control & EVENT_LOG_EN));
    }
    finish();
}

TEST(interrupt_formats_are_left_as_they_are_found)
{
    const uint64_t formats = 1ull << 17 | 1ull << 25 | 1ull << 43 | 1ull << 50 | 1ull << 59;

    prepare(NULL);
    left_on(formats | 1ull << 40 | 1ull << 53 | 3ull << 32); /* MARC, vIOMMU, dual event logs go */
    add_unit(0, EFR);
    CHECK_OK(iommu_start(iommu));
    CHECK_EQ(reg(CONTROL), 0x149d | formats);
    finish();
}

/* Some models ignore bases while IommuEn = 1: masters off first, and the window is said. */
TEST(bases_that_are_locked_open_a_window_that_is_reported)
{
    prepare(NULL);
    left_on(0);
    fake.units[0].locked = true;
    add_unit(0, EFR);
    CHECK_OK(iommu_start(iommu));
    CHECK_EQ(fake.stopped_count, 1);
    CHECK(fake.stopped_while_on);
    CHECK(fake_amdvi_logged(&fake, "amdvi0: window: translation off"));
    CHECK_EQ(reg(DEV_TAB), table_pa() | 3);
    CHECK_EQ(reg(CONTROL), 0x149d);
    finish();
}

/* A ring that does not stop is one the unit still writes with: it keeps the tables it has. */
TEST(old_rings_that_do_not_stop_leave_the_unit_as_it_was)
{
    static const uint32_t bits[] = { 1u << 3, 1u << 4, 1u << 8 };

    for (unsigned i = 0; i < 3; i++) {
        prepare(NULL);
        left_on(i == 2 ? 1u << 28 : 0);
        fake_amdvi_set(&fake, 0, STATUS, 0x118);
        fake.units[0].run_one = bits[i];
        add_unit(0, EFR);
        CHECK_EQ(iommu_start(iommu), IOMMU_ERR_TIMEOUT);
        CHECK_EQ(reg(DEV_TAB), OLD_TABLE | 0xff);
        CHECK_EQ(reg(CONTROL) & IOMMU_EN, IOMMU_EN);
        CHECK(info().fenced);
        CHECK_OK(iommu_stop(iommu));
        CHECK_EQ(reg(CONTROL) & IOMMU_EN, IOMMU_EN);
        finish();
    }
}

/* Some sources have the overflow of the GA log there: without GALogEn the bit says nothing. */
TEST(status_bit_of_a_log_that_is_off_is_not_waited_for)
{
    prepare(NULL);
    left_on(0);
    fake_amdvi_set(&fake, 0, STATUS, 0x118);
    fake.units[0].run_one = 1u << 8;
    add_unit(0, EFR);
    CHECK_OK(iommu_start(iommu));
    CHECK_OK(iommu_stop(iommu));
    finish();
}

/* GTEn, HADUpdate, GCR3TRPMode: cached entries of the old table are read by them up to the flush, opcode 8. */
TEST(guest_modes_of_the_old_table_end_after_the_flush)
{
    const uint64_t modes = 1ull << 16 | 3ull << 46 | 1ull << 58;
    size_t flush;

    prepare(NULL);
    left_on(modes);
    add_unit(0, EFR);
    CHECK_OK(iommu_start(iommu));
    CHECK_EQ(reg(CONTROL), 0x149d);
    flush = fake_amdvi_find(&fake, 0, 0, CMD_TAIL, 0x20); /* two commands: with its COMPLETION_WAIT */
    CHECK(flush != SIZE_MAX);
    for (size_t i = 0; i < fake.write_count; i++)
        if (fake.writes[i].offset == CONTROL)
            CHECK_EQ((fake.writes[i].value & modes) == modes, i < flush);
    finish();
}

/* An entry with GV must not be seen while GTEn is 0. */
TEST(guest_translation_is_on_before_the_table)
{
    const uint64_t efr = EFR | 0x10 | 1ull << 48;
    size_t table;

    prepare(&(struct iommu_config){ .guest_tables = true });
    left_on(0);
    add_unit(0, efr);
    CHECK_OK(iommu_start(iommu));
    table = fake_amdvi_find(&fake, 0, 0, DEV_TAB, table_pa());
    CHECK(fake_amdvi_find(&fake, 0, 0, CONTROL, 1u << 16) < table);
    for (size_t i = table; i < fake.write_count; i++)
        if (fake.writes[i].offset == CONTROL)
            CHECK(fake.writes[i].value & 1u << 16);
    finish();
}

/* What SNP needs is cleared with the exclusion range (AMD-Vi §3.3). */
TEST(window_of_snp_is_named)
{
    for (unsigned i = 0; i < 2; i++) {
        prepare(NULL);
        left_on(0);
        add_unit(0, EFR | (uint64_t)i << 63);
        CHECK_OK(iommu_start(iommu));
        CHECK_EQ(fake_amdvi_logged(&fake, "amdvi0: take-over base=0x5003 is of an exclusion range, or SNP"), i == 1);
        finish();
    }
}

TEST(stale_status_is_gone)
{
    prepare(NULL);
    left_on(0);
    fake_amdvi_set(&fake, 0, STATUS, 0x68e67 | 0x18);
    add_unit(0, EFR);
    CHECK_OK(iommu_start(iommu));
    CHECK_EQ(reg(STATUS) & 0x68e67, 0);
    finish();
}

/* ---- stop ---- */

TEST(stop_leaves_the_unit_off_and_as_it_was_found)
{
    prepare(NULL);
    fake_amdvi_set(&fake, 0, DEV_TAB, 0x7000);
    add_unit(0, EFR);
    CHECK_OK(iommu_start(iommu));
    CHECK_OK(iommu_stop(iommu));
    CHECK_EQ(reg(CONTROL) & (IOMMU_EN | CMD_BUF_EN | EVENT_LOG_EN | 0x18), 0);
    CHECK_EQ(reg(DEV_TAB), 0x7000); /* QEMU looks interrupts up there even with IommuEn = 0 */
    CHECK_EQ(fake_amdvi_config_get(&fake.functions[0], 0x66, 2) & 1, 0);
    CHECK(!info().translating);
    CHECK_OK(iommu_stop(iommu));
    finish();
}

static void (*below_write64)(void *ctx, volatile void *at, uint64_t value);
static unsigned unlocked;

static void watch_write64(void *ctx, volatile void *at, uint64_t value)
{
    if ((volatile uint8_t *)at == fake.units[0].registers + CONTROL)
        unlocked += unit(0)->lock.held == 0 || iommu->units[0]->running;
    below_write64(ctx, at, value);
}

/* An event interrupt may have begun on another CPU, and restarts a log that has run over. */
TEST(stop_and_an_event_interrupt_exclude_each_other)
{
    prepare(NULL);
    add_unit(0, EFR);
    CHECK_OK(iommu_start(iommu));
    below_write64 = fake.memory.platform.mmio_write64;
    fake.memory.platform.mmio_write64 = watch_write64;
    unlocked = 0;
    CHECK_OK(iommu_stop(iommu));
    CHECK_EQ(unlocked, 0);
    /* One that comes too late changes nothing. */
    fake_amdvi_set(&fake, 0, STATUS, 1);
    iommu->units[0]->running = true;
    iommu_unit_interrupt(iommu, 0);
    iommu->units[0]->running = false;
    CHECK_EQ(reg(CONTROL) & (IOMMU_EN | CMD_BUF_EN | EVENT_LOG_EN | 0x18), 0);
    finish();
}

TEST(unit_that_does_not_stop_keeps_its_memory)
{
    size_t pages;

    prepare(NULL);
    add_unit(0, EFR);
    CHECK_OK(iommu_start(iommu));
    fake.units[0].run_one = 1u << 4;
    pages = fake.memory.live_pages;
    CHECK_EQ(iommu_stop(iommu), IOMMU_ERR_TIMEOUT);
    iommu_destroy(iommu);
    CHECK_EQ(fake.memory.live_pages, pages);
    abandon();
}

TEST(unit_that_stops_at_the_second_attempt_gives_its_memory_back)
{
    prepare(NULL);
    add_unit(0, EFR);
    CHECK_OK(iommu_start(iommu));
    fake.units[0].run_one = 1u << 4;
    CHECK_EQ(iommu_stop(iommu), IOMMU_ERR_TIMEOUT);
    fake.units[0].run_one = 0;
    CHECK_OK(iommu_stop(iommu));
    finish();
}

/* ---- memory ---- */

TEST(each_failing_allocation_is_reported_and_leaks_nothing)
{
    for (size_t nth = 1;; nth++) {
        size_t before;
        enum iommu_status status;

        prepare(NULL);
        add_unit(0, EFR);
        before = fake.memory.allocations;
        fake.memory.fail_at = before + nth;
        status = iommu_start(iommu);
        if (fake.memory.allocations < before + nth) {
            CHECK_OK(status);
            CHECK(nth > 3); /* domain ids, command ring, semaphore or log */
            finish();
            return;
        }
        CHECK_EQ(status, IOMMU_ERR_NOMEM);
        CHECK_EQ(fake_amdvi_find(&fake, 0, 0, CONTROL, IOMMU_EN), SIZE_MAX);
        CHECK(info().fenced);
        finish();
    }
}

/* ---- iommu/debug.h ---- */

TEST(debug_calls_reach_the_ring)
{
    struct iommu_debug_counters counters;

    prepare(NULL);
    add_unit(0, EFR);
    CHECK_EQ(unit(0)->base.ops->debug_submit(iommu->units[0], 0x8000000000000000ull, 0), IOMMU_ERR_UNSUPPORTED);
    CHECK_OK(iommu_start(iommu));
    fake.units[0].commands[5] = 0;
    CHECK_OK(unit(0)->base.ops->debug_submit(iommu->units[0], 0x5000000000000010ull, 0));
    CHECK_EQ(fake.units[0].commands[5], 1);
    CHECK_OK(unit(0)->base.ops->debug_use_queue(iommu->units[0], true));
    CHECK_EQ(unit(0)->base.ops->debug_use_queue(iommu->units[0], false), IOMMU_ERR_UNSUPPORTED);
    fake.units[0].commands[8] = 0;
    CHECK_OK(iommu_debug_flush_all(iommu, 0));
    CHECK_EQ(fake.units[0].commands[8], 1);
    iommu_debug_counters(iommu, 0, &counters);
    CHECK_EQ(counters.descriptors, unit(0)->queue.commands);
    CHECK(counters.doorbells > 0 && counters.doorbells <= counters.descriptors);
    finish();
}
