/* SPDX-License-Identifier: BSD-2-Clause */
/* intel/vtd_handoff.c on the model: every register as it is, none written. */
#include "test.h"

#include "iommu/iommu.h"
#include "vtd_model.h"

#define REGISTERS 0x1000u
#define DRHD_BYTES 16u
#define HEADER_BYTES 48u

struct before {
    struct vtd_model *m;
    struct iommu_platform platform; /* what the header promises to be enough */
    uint8_t table[2048];
    size_t len;
};

static struct before prepare(const struct vtd_model_config *config)
{
    struct before b = { .m = vtd_model_create(config) };
    const struct iommu_platform *all = vtd_model_platform(b.m);

    b.platform = (struct iommu_platform){
        .mmio_map = all->mmio_map, .mmio_unmap = all->mmio_unmap,
        .mmio_read32 = all->mmio_read32, .mmio_read64 = all->mmio_read64,
    };
    b.len = vtd_model_dmar(b.m, b.table, sizeof(b.table));
    return b;
}

static enum iommu_status take(struct before *b, struct iommu_handoff *out)
{
    memset(out, 0xff, sizeof(*out));
    return iommu_take_handoff(&b->platform, vtd_model_ctx(b->m), b->table, b->len, out);
}

static void finish(struct before *b)
{
    CHECK_STR(vtd_model_violation_text(b->m), "");
    CHECK_EQ(vtd_model_live_windows(b->m), 0);
    CHECK_EQ(vtd_model_alloc_calls(b->m), 0);
    vtd_model_destroy(b->m);
}

static struct vtd_model_config units(unsigned count)
{
    struct vtd_model_config config = vtd_model_default();

    for (unsigned i = 1; i < count; i++)
        config.units[i] = vtd_model_default_unit(i, false);
    config.unit_count = count;
    return config;
}

static void dump(const struct vtd_model *m, uint32_t *out)
{
    for (unsigned i = 0; i < REGISTERS / 4; i++)
        out[i] = vtd_model_reg32(m, 0, i * 4);
}

/* The checksum makes the bytes add up to 0 (ACPI 6.5 §5.2.6). */
static void seal(uint8_t *table, size_t len)
{
    uint8_t sum = 0;

    table[9] = 0;
    for (size_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + table[i]);
    table[9] = (uint8_t)(0u - sum);
}

TEST(every_field_is_its_register)
{
    struct vtd_model_config config = units(1);
    struct iommu_handoff out;
    struct before b;
    const struct iommu_handoff_unit *u = &out.units[0];

    config.units[0].segment = 3;
    config.units[0].version = 0x40;
    config.units[0].cap |= 0x60;    /* PLMR, PHMR */
    b = prepare(&config);
    vtd_model_poke32(b.m, 0, 0x1c, 0x43000000);
    vtd_model_poke64(b.m, 0, 0x20, 0x1123456c00);
    vtd_model_poke32(b.m, 0, 0x34, 0x00000302);
    vtd_model_poke32(b.m, 0, 0x38, 0x40000000);
    vtd_model_poke32(b.m, 0, 0x64, 0x80000001);
    vtd_model_poke32(b.m, 0, 0x68, 0x00200000);
    vtd_model_poke32(b.m, 0, 0x6c, 0x7fe00000);
    vtd_model_poke64(b.m, 0, 0x70, 0x100000000);
    vtd_model_poke64(b.m, 0, 0x78, 0x27fe00000);
    vtd_model_poke64(b.m, 0, 0x80, 0x1230);
    vtd_model_poke64(b.m, 0, 0x88, 0x4560);
    vtd_model_poke64(b.m, 0, 0x90, 0x2234567807);
    vtd_model_poke64(b.m, 0, 0xb8, 0x387654300f);
    CHECK_OK(take(&b, &out));
    CHECK_EQ(out.taken, 1);
    CHECK_EQ(out.unit_count, 1);
    CHECK(u->present);
    CHECK_EQ(u->registers_pa, 0xfed90000);
    CHECK_EQ(u->segment, 3);
    CHECK_EQ(u->intel.version, 0x40);
    CHECK_EQ(u->intel.capability, config.units[0].cap);
    CHECK_EQ(u->intel.extended, config.units[0].ecap);
    CHECK_EQ(u->intel.status, 0x43000000);
    CHECK_EQ(u->intel.root, 0x1123456c00);
    CHECK_EQ(u->intel.fault_status, 0x302);
    CHECK_EQ(u->intel.fault_control, 0x40000000);
    CHECK_EQ(u->intel.protected_memory, 0x80000001);
    CHECK_EQ(u->intel.protected_low_base, 0x00200000);
    CHECK_EQ(u->intel.protected_low_limit, 0x7fe00000);
    CHECK_EQ(u->intel.protected_high_base, 0x100000000);
    CHECK_EQ(u->intel.protected_high_limit, 0x27fe00000);
    CHECK_EQ(u->intel.queue_head, 0x1230);
    CHECK_EQ(u->intel.queue_tail, 0x4560);
    CHECK_EQ(u->intel.queue_address, 0x2234567807);
    CHECK_EQ(u->intel.interrupt_root, 0x387654300f);
    finish(&b);
}

/* Without them in CAP the registers are not there (VT-d §11.4.8). */
TEST(protected_regions_are_read_where_there_are_some)
{
    struct vtd_model_config config = units(1);
    struct iommu_handoff out;
    struct before b;

    config.units[0].cap &= ~0x60ull;
    b = prepare(&config);
    vtd_model_poke32(b.m, 0, 0x6c, 0x7fe00000);
    vtd_model_poke64(b.m, 0, 0x78, 0x27fe00000);
    CHECK_OK(take(&b, &out));
    CHECK_EQ(out.units[0].intel.protected_low_limit, 0);
    CHECK_EQ(out.units[0].intel.protected_high_limit, 0);
    finish(&b);
}

/* TE, RTPS, QIE, IRE and IRTP are bits 31, 30, 26, 25 and 24 of GSTS (VT-d §11.4.4.2). */
TEST(unit_left_running_is_read_and_not_changed)
{
    static uint32_t before[REGISTERS / 4], after[REGISTERS / 4];
    const struct vtd_model_firmware left = { .translate = true, .queue = true, .protected_memory = true,
                                             .stale_fault = true, .interrupts = true };
    struct vtd_model_config config = units(1);
    struct iommu_handoff out;
    struct before b;

    spec_put(&config.units[0].cap, SPEC_CAP_PLMR, 1);
    spec_put(&config.units[0].ecap, SPEC_ECAP_IR, 1);
    b = prepare(&config);
    vtd_model_firmware_left(b.m, 0, &left);
    dump(b.m, before);
    CHECK_OK(take(&b, &out));
    dump(b.m, after);
    CHECK(memcmp(before, after, sizeof(before)) == 0);
    CHECK_EQ(vtd_model_stats(b.m, 0).mmio_writes, 0);
    CHECK_EQ(out.units[0].intel.status, 0xc7000000);
    CHECK_EQ(out.units[0].intel.fault_status & 3, 3); /* PPF, PFO */
    CHECK_EQ(out.units[0].intel.protected_memory, 0x80000001);
    CHECK(out.units[0].intel.root != 0 && out.units[0].intel.queue_address != 0 && out.units[0].intel.interrupt_root != 0);
    finish(&b);
}

TEST(unit_that_reads_all_ones_is_listed_as_absent)
{
    struct vtd_model_config config = units(3);
    struct iommu_handoff out;
    struct before b;

    config.units[1].absent = true;
    b = prepare(&config);
    CHECK_OK(take(&b, &out));
    CHECK_EQ(out.unit_count, 3);
    CHECK(out.units[0].present && !out.units[1].present && out.units[2].present);
    CHECK_EQ(out.units[1].registers_pa, 0xfeda0000);
    CHECK_EQ(out.units[1].intel.status, 0);
    CHECK_EQ(out.units[1].intel.root, 0);
    CHECK_EQ(vtd_model_stats(b.m, 1).mmio_reads, 3); /* VER, CAP, ECAP, and nothing behind them */
    finish(&b);
}

TEST(window_that_cannot_be_mapped_leaves_the_others)
{
    struct vtd_model_config config = units(2);
    struct before b = prepare(&config);
    struct iommu_handoff out;

    vtd_model_fail_map(b.m, 1);
    CHECK_OK(take(&b, &out));
    CHECK_EQ(out.unit_count, 2);
    CHECK(!out.units[0].present);
    CHECK_EQ(out.units[0].registers_pa, 0xfed90000);
    CHECK_EQ(out.units[0].intel.capability, 0);
    CHECK(out.units[1].present);
    CHECK_EQ(out.units[1].intel.capability, config.units[1].cap);
    finish(&b);
}

/* The model answers at its own unit's base; where there is nothing, all ones are read. */
TEST(units_past_the_limit_are_left_out)
{
    struct vtd_model_config config = units(1);

    for (unsigned count = IOMMU_HANDOFF_UNITS; count <= IOMMU_HANDOFF_UNITS + 2; count++) {
        struct before b = prepare(&config);
        struct iommu_handoff out;

        b.len = HEADER_BYTES + count * DRHD_BYTES;
        for (unsigned i = 1; i < count; i++) {
            uint8_t *drhd = b.table + HEADER_BYTES + i * DRHD_BYTES;

            memcpy(drhd, b.table + HEADER_BYTES, DRHD_BYTES);
            drhd[9] = (uint8_t)(i << 4); /* FED90000h becomes FED91000h and so on */
            drhd[10] = (uint8_t)(0xd9 + i / 16);
        }
        b.table[4] = (uint8_t)b.len;
        b.table[5] = (uint8_t)(b.len >> 8);
        seal(b.table, b.len);
        CHECK_OK(take(&b, &out));
        CHECK_EQ(out.unit_count, 16);
        CHECK_EQ(out.units[15].registers_pa, 0xfed9f000);
        finish(&b);
    }
}

/* ---- tables that are damaged ---- */

TEST(wrong_checksum_is_reported_and_the_units_are_read)
{
    struct vtd_model_config config = units(2);
    struct before b = prepare(&config);
    struct iommu_handoff out;

    b.table[9]++;
    CHECK_EQ(take(&b, &out), IOMMU_ERR_TABLE);
    CHECK_EQ(out.taken, 1);
    CHECK_EQ(out.unit_count, 2);
    CHECK(out.units[0].present && out.units[1].present);
    finish(&b);
}

TEST(structure_without_length_loses_what_follows)
{
    struct vtd_model_config config = units(3);
    struct before b = prepare(&config);
    struct iommu_handoff out;

    b.table[HEADER_BYTES + DRHD_BYTES + 2] = 0;
    seal(b.table, b.len);
    CHECK_EQ(take(&b, &out), IOMMU_ERR_TABLE);
    CHECK_EQ(out.unit_count, 1);
    CHECK(out.units[0].present);
    CHECK_EQ(out.units[1].registers_pa, 0);
    finish(&b);
}

TEST(what_is_no_table_gives_an_empty_answer)
{
    struct vtd_model_config config = units(1);
    struct before b = prepare(&config);
    struct iommu_handoff out, nothing;

    memset(&nothing, 0, sizeof(nothing));
    nothing.taken = 1;
    b.table[0] = 'X';
    CHECK_EQ(take(&b, &out), IOMMU_ERR_TABLE);
    CHECK(memcmp(&out, &nothing, sizeof(out)) == 0);
    b.table[0] = 'D';
    b.len = HEADER_BYTES - 1;
    CHECK_EQ(take(&b, &out), IOMMU_ERR_TABLE);
    CHECK(memcmp(&out, &nothing, sizeof(out)) == 0);
    CHECK_EQ(vtd_model_stats(b.m, 0).mmio_reads, 0);
    finish(&b);
}
