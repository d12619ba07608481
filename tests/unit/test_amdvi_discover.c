/* SPDX-License-Identifier: BSD-2-Clause */
/* amd/amdvi_discover.c: what becomes of an IVRS table: units, their tables, scopes, aliases, regions. */
#include "test.h"

#include "amd/amdvi.h"
#include "fake_amdvi.h"

#define IOMMU_RID_0 0x0002
#define IOMMU_RID_1 0x4002
#define BASE2 (FAKE_AMDVI_BASE + 0x100000)
/* IVinfo: EFR valid, 40 physical bits. */
#define IVINFO 0x2801u
/* IASup, GASup, 6 levels. */
#define EFR 0x8c0u
#define NP_CACHE 0x04000000u
#define EFR_SUP 0x08000000u

static struct fake_amdvi fake;
static struct iommu *iommu;

static void prepare(const struct iommu_config *config)
{
    fake_amdvi_init(&fake, 1024);
    fake_amdvi_iommu(&fake, 0, IOMMU_RID_0, EFR_SUP);
    fake_amdvi_iommu(&fake, 0, IOMMU_RID_1, EFR_SUP);
    fake_amdvi_set(&fake, 0, 0x30, EFR);
    fake_amdvi_set(&fake, 1, 0x30, EFR);
    CHECK_OK(iommu_create(&fake.memory.platform, &fake, config, &iommu));
    fake_ivrs_begin(&fake, IVINFO);
}

static enum iommu_status read_table(void)
{
    fake_ivrs_end(&fake);
    return amdvi_add_table(iommu, fake.table, fake.table_len);
}

static void finish(void)
{
    iommu_destroy(iommu);
    CHECK_EQ(fake.memory.live_pages, 0);
    CHECK_EQ(fake.memory.misuses, 0);
    CHECK_EQ(fake.windows, 0);
    CHECK_EQ(fake.write_count + fake.config_writes, 0); /* finding a unit does not change it */
    fake_amdvi_free(&fake);
}

static const struct amdvi_unit *unit(unsigned index)
{
    CHECK(index < iommu->unit_count);
    return (const struct amdvi_unit *)iommu->units[index];
}

static const struct iommu_scope *scope_with(const struct iommu_scope *list, uint16_t rid)
{
    for (; list != NULL; list = list->next)
        if (rid >= list->rid && rid <= list->last_rid)
            return list;
    return NULL;
}

static void plain_unit(uint16_t last)
{
    fake_ivrs_ivhd(&fake, 0x11, 0, IOMMU_RID_0, FAKE_AMDVI_BASE, EFR);
    fake_ivrs_entry(&fake, 0x03, 0x0008, 0);
    fake_ivrs_entry(&fake, 0x04, last, 0);
}

TEST(unit_is_as_its_block_says)
{
    prepare(NULL);
    plain_unit(0x01ff);
    CHECK_OK(read_table());
    CHECK_EQ(iommu->unit_count, 1);
    CHECK_STR(unit(0)->base.name, "amdvi0");
    CHECK_EQ(unit(0)->base.registers_pa, FAKE_AMDVI_BASE);
    CHECK_EQ(unit(0)->base.segment, 0);
    CHECK_EQ(unit(0)->rid, IOMMU_RID_0);
    CHECK_EQ(unit(0)->efr, EFR);
    CHECK_EQ(unit(0)->table_entries, 0x200);
    CHECK(unit(0)->base.pt == &pt_amd_v1);
    CHECK_EQ(unit(0)->base.level_mask, 0x7e);
    CHECK_EQ(unit(0)->base.input_bits, 64);
    CHECK_EQ(unit(0)->base.output_bits, 40);
    CHECK_EQ(unit(0)->base.page_sizes, (1ull << 39) - 4096); /* 4 KiB to 256 GiB */
    CHECK_EQ(unit(0)->base.domain_id_count, 65536);
    CHECK_EQ(unit(0)->base.hole_start, 0xfd00000000);
    CHECK_EQ(unit(0)->base.hole_end, 0x10000000000);
    CHECK(unit(0)->base.pass_through && !unit(0)->base.flush_present);
    CHECK(!unit(0)->base.coherent); /* until it has been tried */
    CHECK(scope_with(unit(0)->base.scopes, 0x0008) != NULL);
    CHECK(scope_with(unit(0)->base.scopes, 0x01ff) != NULL);
    CHECK(scope_with(unit(0)->base.scopes, 0x0007) == NULL);
    CHECK(scope_with(unit(0)->base.scopes, 0x0200) == NULL);
    finish();
}

/* Blocks 10h and 11h of one function are one unit, whose entries are those of 11h. */
TEST(unit_described_twice_is_made_once)
{
    prepare(NULL);
    fake_ivrs_ivhd(&fake, 0x10, 0, IOMMU_RID_0, FAKE_AMDVI_BASE, 0);
    fake_ivrs_entry(&fake, 0x02, 0x0010, 0);
    plain_unit(0x00ff);
    CHECK_OK(read_table());
    CHECK_EQ(iommu->unit_count, 1);
    CHECK_EQ(unit(0)->table_entries, 0x100);
    CHECK(scope_with(unit(0)->base.scopes, 0x0020) != NULL);
    finish();
}

TEST(table_given_twice_makes_no_second_unit)
{
    prepare(NULL);
    plain_unit(0x00ff);
    CHECK_OK(read_table());
    CHECK_EQ(read_table(), IOMMU_ERR_TABLE);
    CHECK_EQ(iommu->unit_count, 1);
    CHECK(fake_amdvi_logged(&fake, "ivrs: second block for one unit offset=0x30 seen=0x2"));
    finish();
}

TEST(two_units_have_a_table_each)
{
    prepare(NULL);
    plain_unit(0x00ff);
    fake_ivrs_ivhd(&fake, 0x11, 0, IOMMU_RID_1, BASE2, EFR);
    fake_ivrs_entry(&fake, 0x03, 0x4000, 0);
    fake_ivrs_entry(&fake, 0x04, 0x41ff, 0);
    CHECK_OK(read_table());
    CHECK_EQ(iommu->unit_count, 2);
    CHECK_STR(unit(1)->base.name, "amdvi1");
    CHECK_EQ(unit(0)->table_entries, 0x100);
    CHECK_EQ(unit(1)->table_entries, 0x4200);
    CHECK(unit(0)->table != unit(1)->table);
    finish();
}

/* AMD-Vi §5.2.2.5: setting bits 0, 1, 2, 5:4, 6, 7 are DTE bits 184, 185, 186, 105:104, 190, 191. */
static void check_settings(uint16_t rid, uint64_t sys_mgt, uint64_t passes)
{
    const struct amdvi_dte *entry = &unit(0)->table[rid];

    CHECK_EQ(entry->q[1] >> 40 & 3, sys_mgt);
    CHECK_EQ(entry->q[2] & 0xc700000000000000ull, passes);
}

TEST(settings_reach_every_id_of_a_range_and_its_alias)
{
    prepare(NULL);
    fake_ivrs_ivhd(&fake, 0x11, 0, IOMMU_RID_0, FAKE_AMDVI_BASE, EFR);
    fake_ivrs_entry(&fake, 0x02, 0x0010, 0xd7);
    fake_ivrs_alias(&fake, 0x43, 0x0020, 0x20, 0x0090);
    fake_ivrs_entry(&fake, 0x04, 0x0022, 0);
    fake_ivrs_special(&fake, 1, 4, 0x00a0, 0x01);
    fake_ivrs_entry(&fake, 0x02, 0x0028, 0);
    CHECK_OK(read_table());
    check_settings(0x0010, 1, 0xc700000000000000ull);
    check_settings(0x0020, 2, 0);
    check_settings(0x0022, 2, 0);
    check_settings(0x0090, 2, 0);
    check_settings(0x00a0, 0, 0x0100000000000000ull);
    check_settings(0x0023, 0, 0);
    check_settings(0x0028, 0, 0);
    finish();
}

TEST(aliases_are_kept_and_make_the_table_large_enough)
{
    const struct iommu_alias *alias;

    prepare(NULL);
    fake_ivrs_ivhd(&fake, 0x11, 0, IOMMU_RID_0, FAKE_AMDVI_BASE, EFR);
    fake_ivrs_alias(&fake, 0x43, 0x0020, 0, 0x0300);
    fake_ivrs_entry(&fake, 0x04, 0x0027, 0);
    fake_ivrs_alias(&fake, 0x42, 0x0040, 0, 0x0010);
    CHECK_OK(read_table());
    CHECK_EQ(unit(0)->table_entries, 0x380); /* 128 entries a page */
    alias = unit(0)->base.aliases;
    CHECK(alias != NULL && alias->next != NULL && alias->next->next == NULL);
    CHECK_EQ(alias->rid, 0x0040);
    CHECK_EQ(alias->last_rid, 0x0040);
    CHECK_EQ(alias->alias, 0x0010);
    CHECK_EQ(alias->next->rid, 0x0020);
    CHECK_EQ(alias->next->last_rid, 0x0027);
    CHECK_EQ(alias->next->alias, 0x0300);
    finish();
}

/* IOAPICs and HPETs are no DMA masters, but their ids need an entry. */
TEST(special_devices_are_in_the_table_and_no_scope)
{
    prepare(NULL);
    fake_ivrs_ivhd(&fake, 0x11, 0, IOMMU_RID_0, FAKE_AMDVI_BASE, EFR);
    fake_ivrs_entry(&fake, 0x02, 0x0010, 0);
    fake_ivrs_special(&fake, 1, 0, 0x00a0, 0);
    fake_ivrs_special(&fake, 2, 0, 0x01a1, 0);
    CHECK_OK(read_table());
    CHECK_EQ(unit(0)->table_entries, 0x200);
    CHECK(scope_with(unit(0)->base.scopes, 0x00a0) == NULL);
    CHECK(scope_with(unit(0)->base.scopes, 0x01a1) == NULL);
    finish();
}

TEST(all_devices_are_65536)
{
    prepare(NULL);
    fake_ivrs_ivhd(&fake, 0x11, 0, IOMMU_RID_0, FAKE_AMDVI_BASE, EFR);
    fake_ivrs_entry(&fake, 0x01, 0, 0x80);
    CHECK_OK(read_table());
    CHECK_EQ(unit(0)->table_entries, 65536);
    check_settings(0x0000, 0, 0x8000000000000000ull);
    check_settings(0xffff, 0, 0x8000000000000000ull);
    finish();
}

/* ---- widths and features ---- */

/* VASize 48 and PASize 36; HATS = 0 is 4 levels. */
TEST(narrower_of_levels_and_firmware_holds)
{
    prepare(NULL);
    fake_ivrs_begin(&fake, 48u << 15 | 36u << 8 | 1);
    plain_unit(0x00ff);
    CHECK_OK(read_table());
    CHECK_EQ(unit(0)->base.input_bits, 48);
    CHECK_EQ(unit(0)->base.output_bits, 36);
    finish();
    prepare(NULL);
    fake_ivrs_begin(&fake, 64u << 15 | 40u << 8 | 1);
    fake_ivrs_ivhd(&fake, 0x11, 0, IOMMU_RID_0, FAKE_AMDVI_BASE, EFR & ~0xc00u);
    fake_ivrs_entry(&fake, 0x02, 0x0010, 0);
    CHECK_OK(read_table());
    CHECK_EQ(unit(0)->base.input_bits, 48);
    CHECK_EQ(unit(0)->base.level_mask, 0x1e);
    CHECK(fake_amdvi_logged(&fake, "registers say 0x00000000000008c0")); /* the IVHD holds */
    finish();
}

TEST(nonsense_widths_are_bounded)
{
    prepare(NULL);
    fake_ivrs_begin(&fake, 100u << 15 | 60u << 8 | 1);
    plain_unit(0x00ff);
    CHECK_OK(read_table());
    CHECK_EQ(unit(0)->base.output_bits, 52);
    CHECK_EQ(unit(0)->base.input_bits, 64);
    CHECK(fake_amdvi_logged(&fake, "ivrs: physical address width seen=60 expected=32..52"));
    CHECK(fake_amdvi_logged(&fake, "ivrs: virtual address width seen=100 expected=32..64"));
    finish();
}

/* QEMU 7.2: IVinfo 2800h, a block 10h whose HATS says 0, and a register that says 2. */
TEST(register_holds_where_firmware_has_no_image)
{
    prepare(NULL);
    fake_ivrs_begin(&fake, 0x2800);
    fake_amdvi_set(&fake, 0, 0x30, 0x29d3);
    fake_ivrs_ivhd(&fake, 0x10, 0xd1, IOMMU_RID_0, FAKE_AMDVI_BASE, 0);
    fake_ivrs_entry(&fake, 0x02, 0x0010, 0);
    CHECK_OK(read_table());
    CHECK_EQ(unit(0)->efr, 0x29d3);
    CHECK_EQ(unit(0)->base.level_mask, 0x7e);
    finish();
}

TEST(unit_without_a_feature_register_has_none)
{
    prepare(NULL);
    fake_amdvi_config(&fake.functions[0], 0x40, 4, 0x0003000f);
    fake_ivrs_ivhd(&fake, 0x10, 0, IOMMU_RID_0, FAKE_AMDVI_BASE, 0);
    fake_ivrs_entry(&fake, 0x02, 0x0010, 0);
    CHECK_OK(read_table());
    CHECK_EQ(unit(0)->efr, 0);
    CHECK_EQ(unit(0)->base.level_mask, 0x1e);
    finish();
}

/* EFR2 bit 11; header bit 26. */
TEST(holes_and_flushes_follow_the_features)
{
    prepare(NULL);
    fake_amdvi_set(&fake, 0, 0x1a0, 0x800);
    fake_amdvi_config(&fake.functions[0], 0x40, 4, 0x0003000f | NP_CACHE | EFR_SUP);
    fake_ivrs_ivhd(&fake, 0x10, 0, IOMMU_RID_0, FAKE_AMDVI_BASE, 0);
    fake_ivrs_entry(&fake, 0x02, 0x0010, 0);
    CHECK_OK(read_table());
    CHECK_EQ(unit(0)->base.hole_end, 0);
    CHECK(unit(0)->base.flush_present);
    finish();
}

/* HATS 11:10, GATS 13:12, GLXSup 15:14; IASup bit 6. Firmware may hide, not add. */
TEST(image_has_no_feature_that_the_register_has_not)
{
    static const struct { uint64_t image, efr, common; } cases[] = {
        { 0x8d0, 0x880, 0x880 }, { 0x880, 0x8d0, 0x880 },   /* IASup, GTSup */
        { 0x800, 0x400, 0x400 }, { 0x400, 0x800, 0x400 },   /* 6 and 5 levels: not 4 */
        { 0x800, 0xc00, 0xc00 }, { 0xc00, 0x800, 0xc00 },   /* no host tables */
        { 0x5000, 0x2000, 0x1000 }, { 0x8000, 0x4000, 0x4000 },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        prepare(NULL);
        fake_amdvi_set(&fake, 0, 0x30, cases[i].efr);
        fake_ivrs_ivhd(&fake, 0x11, 0, IOMMU_RID_0, FAKE_AMDVI_BASE, cases[i].image);
        fake_ivrs_entry(&fake, 0x02, 0x0010, 0);
        CHECK_OK(read_table());
        CHECK_EQ(unit(0)->efr, cases[i].common);
        CHECK(fake_amdvi_logged(&fake, "ivrs: features of rid=0002 as firmware says"));
        finish();
    }
}

/* GTSup is bit 4, GIoSup bit 48, GATS 13:12. */
TEST(guest_tables_need_both_features)
{
    static const uint64_t efrs[] = { 1ull << 48 | 0x8d0, 0x8d0, 1ull << 48 | 0x8c0, 1ull << 48 | 0x18d0 };
    const struct iommu_config config = { .guest_tables = true };

    for (unsigned i = 0; i < 4; i++) {
        prepare(&config);
        fake_amdvi_set(&fake, 0, 0x30, efrs[i]);
        fake_ivrs_ivhd(&fake, 0x11, 0, IOMMU_RID_0, FAKE_AMDVI_BASE, efrs[i]);
        fake_ivrs_entry(&fake, 0x02, 0x0010, 0);
        CHECK_OK(read_table());
        CHECK_EQ(unit(0)->guest_tables, i == 0 || i == 3);
        CHECK(unit(0)->base.pt == (unit(0)->guest_tables ? &pt_amd_v2 : &pt_amd_v1));
        if (unit(0)->guest_tables)
            CHECK_EQ(unit(0)->base.level_mask, i == 3 ? 0x30 : 0x10);
        finish();
    }
}

/* ---- the PCI function ---- */

TEST(function_that_contradicts_is_reported_and_the_block_holds)
{
    static const char *const lines[] = { "does not answer", "of another class than 080600h", "expected id 0Fh type 3",
                                         "expected id 0Fh type 3", "decodes at another base" };

    for (unsigned i = 0; i < 5; i++) {
        struct fake_amdvi_function *f = &fake.functions[0];

        prepare(NULL);
        if (i == 0)
            fake.function_count = 0;
        if (i == 1)
            fake_amdvi_config(f, 8, 4, 0x06000000);
        if (i == 2)
            fake_amdvi_config(f, 0x40, 4, 0x08030005);
        if (i == 3)
            fake_amdvi_config(f, 0x40, 4, 0x0802000f);
        if (i == 4)
            fake_amdvi_config(f, 0x44, 4, BASE2 | 1);
        plain_unit(0x00ff);
        CHECK_OK(read_table());
        CHECK(fake_amdvi_logged(&fake, lines[i]));
        /* One that is locked is true. */
        CHECK_EQ(unit(0)->base.registers_pa, i == 4 ? BASE2 : FAKE_AMDVI_BASE);
        CHECK((const uint8_t *)unit(0)->regs.base == fake.units[i == 4].registers);
        /* Of a block that is none nothing is known: absent entries may be cached. */
        CHECK_EQ(unit(0)->base.flush_present, i == 0 || i == 2 || i == 3);
        finish();
    }
}

TEST(base_is_compared_only_where_it_decodes)
{
    prepare(NULL);
    fake_amdvi_config(&fake.functions[0], 0x44, 4, 0xfed80000); /* QEMU: Enable reads 0 */
    plain_unit(0x00ff);
    CHECK_OK(read_table());
    CHECK(!fake_amdvi_logged(&fake, "decodes"));
    finish();
    prepare(NULL);
    fake_amdvi_config(&fake.functions[0], 0x44, 4, FAKE_AMDVI_BASE | 1);
    plain_unit(0x00ff);
    CHECK_OK(read_table());
    CHECK(!fake_amdvi_logged(&fake, "decodes"));
    finish();
}

TEST(absent_unit_is_left_out_and_the_others_stay)
{
    prepare(NULL);
    fake.units[0].absent = true;
    fake_amdvi_config(&fake.functions[0], 0x44, 4, FAKE_AMDVI_BASE | 1);
    plain_unit(0x00ff);
    fake_ivrs_ivhd(&fake, 0x11, 0, IOMMU_RID_1, BASE2, EFR);
    fake_ivrs_entry(&fake, 0x02, 0x4008, 0);
    CHECK_OK(read_table());
    CHECK_EQ(iommu->unit_count, 1);
    CHECK_EQ(unit(0)->rid, IOMMU_RID_1);
    CHECK(fake_amdvi_logged(&fake, "ivrs: registers read all ones offset=0x30 seen=0xfd000000"));
    finish();
    prepare(NULL);
    fake.units[0].absent = true;
    fake_amdvi_config(&fake.functions[0], 0x44, 4, FAKE_AMDVI_BASE | 1);
    plain_unit(0x00ff);
    CHECK_EQ(read_table(), IOMMU_ERR_TABLE);
    finish();
}

/* AMD-Vi §3.2: base high, then base low with Enable, which locks both. */
TEST(registers_that_are_switched_off_are_switched_on)
{
    prepare(NULL);
    fake.units[0].absent = true;
    plain_unit(0x00ff);
    CHECK_EQ(read_table(), IOMMU_ERR_TABLE); /* it stays absent all the same */
    CHECK_EQ(fake.config_writes, 2);
    CHECK_EQ(fake_amdvi_config_get(&fake.functions[0], 0x44, 4), FAKE_AMDVI_BASE | 1);
    CHECK_EQ(fake_amdvi_config_get(&fake.functions[0], 0x48, 4), 0);
    CHECK(fake_amdvi_logged(&fake, "registers were switched off, switched on"));
    fake.config_writes = 0;
    finish();
    prepare(NULL);
    fake.units[0].absent = true;
    fake.memory.platform.pci_write = NULL;
    plain_unit(0x00ff);
    CHECK_EQ(read_table(), IOMMU_ERR_TABLE);
    CHECK(!fake_amdvi_logged(&fake, "switched on"));
    finish();
}

static uint64_t (*below_read64)(void *ctx, const volatile void *at);

/* Something else than the unit answers, with zeros at one place. */
static uint64_t memory_read64(void *ctx, const volatile void *at)
{
    if ((const volatile uint8_t *)at == fake.units[0].registers + 0x3ff8)
        return 0;
    return below_read64(ctx, at);
}

TEST(registers_are_not_switched_on_over_something_else)
{
    prepare(NULL);
    fake.units[0].absent = true;
    below_read64 = fake.memory.platform.mmio_read64;
    fake.memory.platform.mmio_read64 = memory_read64;
    plain_unit(0x00ff);
    CHECK_EQ(read_table(), IOMMU_ERR_TABLE);
    CHECK_EQ(fake.config_writes, 0);
    finish();
}

TEST(register_base_where_none_can_be_is_left_out)
{
    /* Beyond 40 bits; locked at 0. */
    for (unsigned i = 0; i < 2; i++) {
        prepare(NULL);
        fake_amdvi_config(&fake.functions[0], 0x44, 4, i);
        fake_ivrs_ivhd(&fake, 0x11, 0, IOMMU_RID_0, 1ull << 40, EFR);
        fake_ivrs_entry(&fake, 0x02, 0x0010, 0);
        CHECK_EQ(read_table(), IOMMU_ERR_TABLE);
        CHECK(fake_amdvi_logged(&fake, "ivrs: unit left out, no registers can be at offset=0x30"));
        finish();
    }
}

TEST(register_base_off_its_boundary_is_left_out)
{
    prepare(NULL);
    fake_ivrs_ivhd(&fake, 0x11, 0, IOMMU_RID_0, FAKE_AMDVI_BASE + 0x1000, EFR);
    fake_ivrs_entry(&fake, 0x02, 0x0010, 0);
    CHECK_EQ(read_table(), IOMMU_ERR_TABLE);
    CHECK_EQ(iommu->unit_count, 0);
    CHECK(fake_amdvi_logged(&fake, "offset=0x30 seen=0xfd001000"));
    finish();
}

/* ---- regions ---- */

TEST(regions_come_before_and_behind_their_units)
{
    const struct iommu_reserved *region;

    prepare(NULL);
    fake_ivrs_ivmd(&fake, 0x21, 0x07, 0x0010, 0, 0x10000000, 0x2000);
    plain_unit(0x00ff);
    fake_ivrs_ivmd(&fake, 0x22, 0x03, 0x0020, 0x0030, 0x20000000, 0x1000);
    fake_ivrs_ivmd(&fake, 0x20, 0x08, 0, 0, 0x30000000, 0x1000);
    CHECK_OK(read_table());
    region = iommu->reserved;
    CHECK(region != NULL && region->next != NULL && region->next->next != NULL);
    CHECK_EQ(region->start, 0x30000000);
    CHECK_EQ(region->prot, IOMMU_RW);
    CHECK_EQ(region->scopes->rid, 0);
    CHECK_EQ(region->scopes->last_rid, 0xffff);
    region = region->next;
    CHECK_EQ(region->start, 0x20000000);
    CHECK_EQ(region->end, 0x20001000);
    CHECK_EQ(region->prot, IOMMU_READ);
    CHECK_EQ(region->scopes->rid, 0x0020);
    CHECK_EQ(region->scopes->last_rid, 0x0030);
    region = region->next;
    CHECK_EQ(region->start, 0x10000000);
    CHECK_EQ(region->end, 0x10002000);
    CHECK_EQ(region->prot, IOMMU_RW);
    CHECK_EQ(region->scopes->rid, 0x0010);
    CHECK_EQ(region->scopes->last_rid, 0x0010);
    CHECK(region->next == NULL);
    finish();
}

TEST(region_beyond_physical_memory_is_left_out)
{
    prepare(NULL);
    plain_unit(0x00ff);
    fake_ivrs_ivmd(&fake, 0x21, 0x07, 0x0010, 0, (1ull << 40) - 0x1000, 0x2000);
    fake_ivrs_ivmd(&fake, 0x21, 0x07, 0x0010, 0, (1ull << 40) - 0x1000, 0x1000); /* below it, but HyperTransport's */
    fake_ivrs_ivmd(&fake, 0x21, 0x07, 0x0010, 0, 0xfd00000000 - 0x1000, 0x1000);
    CHECK_OK(read_table());
    CHECK(fake_amdvi_logged(&fake, "IVMD ends beyond the physical address width, left out offset="));
    CHECK(iommu->reserved != NULL && iommu->reserved->next == NULL);
    finish();
}

/* No table can hold these, of no device: every other region is kept, and every device can be attached. */
TEST(region_that_nobody_can_be_given_is_left_out)
{
    static const struct {
        uint64_t start, len;
        const char *why;
    } cases[] = {
        { 0xfee00000, 0x1000, "IVMD touches the interrupt range, left out offset=" },
        { 0xfeeff000, 0x2000, "IVMD touches the interrupt range, left out offset=" },
        { 0x10000000, 0xf0000000, "IVMD touches the interrupt range, left out offset=" },
        { 0xfd00000000, 0x1000, "IVMD touches the HyperTransport range, left out offset=" },
        { 0xfcfffff000, 0x2000, "IVMD touches the HyperTransport range, left out offset=" },
        { 0xfedff000, 0x1000, NULL },
        { 0xfef00000, 0x1000, NULL },
        { 0xfcfffff000, 0x1000, NULL },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (unsigned behind = 0; behind < 2; behind++) {
            prepare(NULL);
            if (behind)
                plain_unit(0x00ff);
            fake_ivrs_ivmd(&fake, 0x20, 0x07, 0, 0, cases[i].start, cases[i].len);
            fake_ivrs_ivmd(&fake, 0x21, 0x07, 0x0010, 0, 0x10000000, 0x1000);
            if (!behind)
                plain_unit(0x00ff);
            CHECK_OK(read_table());
            CHECK(iommu->reserved != NULL && iommu->reserved->start == 0x10000000);
            CHECK_EQ(iommu->reserved->next == NULL, cases[i].why != NULL);
            if (cases[i].why != NULL)
                CHECK(fake_amdvi_logged(&fake, cases[i].why));
            finish();
        }
}

/* ---- memory ---- */

TEST(each_failing_allocation_is_reported_and_leaks_nothing)
{
    size_t last;

    for (size_t nth = 1;; nth++) {
        enum iommu_status status;

        prepare(NULL);
        fake_ivrs_ivmd(&fake, 0x21, 0x07, 0x0010, 0, 0x10000000, 0x2000);
        fake_ivrs_ivhd(&fake, 0x11, 0, IOMMU_RID_0, FAKE_AMDVI_BASE, EFR);
        fake_ivrs_entry(&fake, 0x02, 0x0010, 0);
        fake_ivrs_alias(&fake, 0x42, 0x0040, 0, 0x0010);
        last = fake.memory.allocations;
        fake.memory.fail_at = last + nth;
        status = read_table();
        if (fake.memory.allocations < last + nth) {
            CHECK_OK(status);
            CHECK(nth > 4);
            finish();
            return;
        }
        CHECK_EQ(status, IOMMU_ERR_NOMEM);
        finish();
    }
}

TEST(window_that_cannot_be_mapped_leaves_the_unit_out)
{
    prepare(NULL);
    fake.fail_map = 1;
    plain_unit(0x00ff);
    CHECK_EQ(read_table(), IOMMU_ERR_NOMEM);
    CHECK_EQ(iommu->unit_count, 0);
    CHECK(fake_amdvi_logged(&fake, "ivrs: unit left out offset=0x30 base=0xfd000000 status=nomem"));
    finish();
}

TEST(damaged_table_keeps_what_could_be_used)
{
    prepare(NULL);
    plain_unit(0x00ff);
    fake_ivrs_end(&fake);
    fake.table[9]++;
    CHECK_EQ(amdvi_add_table(iommu, fake.table, fake.table_len), IOMMU_ERR_TABLE);
    CHECK_EQ(iommu->unit_count, 1);
    finish();
}
