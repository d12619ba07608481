/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * amd/amdvi_irte.c and amdvi_guest_irq.c again: messages that go through the
 * library's entries on the model's unit, which caches what it reads, and
 * entries that change under the eyes of a thread that does nothing but read
 * them.
 */
#include "amd/amdvi.h"
#include "amdvi_model.h"
#include "iommu/debug.h"
#include "iommu/iommu.h"
#include "test.h"

#define RID 0x0010
#define OTHER 0x0018
#define ALIASED 0x0108
#define ALIAS 0x0100
#define IOAPIC 4
#define IOAPIC_RID 0x00a0
#define PAGE 4096u
#define ROUNDS 300
#define LOOKS 500000 /* of the checker, at least, while the entry changes */

static const struct iommu_irq_target plain = { .apic_id = 5, .vector = 0x41 };

struct live {
    struct amdvi_model *m;
    struct iommu *iommu;
    struct iommu_device *device, *other, *aliased;
    uint32_t tag;
    unsigned logged;
};

static void guest_log(void *ctx, uint32_t tag, bool lost)
{
    struct live *l = ctx;

    CHECK(!lost);
    l->tag = tag;
    l->logged++;
}

static struct amdvi_model_config capable(void)
{
    struct amdvi_model_config config = amdvi_model_default();
    struct amdvi_model_unit_config *unit = &config.units[0];

    spec_put(&unit->efr, ASPEC_EFR_GAM_SUP, 1);
    unit->entries[unit->entry_count++] =
        (struct amdvi_model_entry) { .type = 0x48, .alias = IOAPIC_RID, .extra = IOAPIC | 1 << 8 };
    return config;
}

static struct iommu_device *add(struct live *l, const uint16_t *rids, size_t count)
{
    struct iommu_device_desc desc = { .rid_count = count };
    struct iommu_device *device;

    memcpy(desc.rids, rids, count * sizeof(*rids));
    CHECK_OK(iommu_add_device(l->iommu, &desc, &device));
    return device;
}

static struct live *described(const struct amdvi_model_config *model, enum iommu_irq_format format,
                              bool wide)
{
    static const uint8_t ioapics[] = { IOAPIC };
    struct live *l = calloc(1, sizeof(*l));
    struct iommu_config config = {
        .irq = { .mode = IOMMU_IRQ_AUTO,
                 .x2apic = format == IOMMU_IRQ_FORMAT_LEGACY ? IOMMU_X2APIC_NO : IOMMU_X2APIC_AUTO,
                 .format = format,
                 .ioapics = ioapics,
                 .ioapic_count = 1,
                 .guest_log = guest_log,
                 .guest_log_ctx = l }
    };
    uint8_t table[1024];

    l->m = amdvi_model_create(model);
    CHECK_OK(iommu_create(amdvi_model_platform(l->m), amdvi_model_ctx(l->m), &config, &l->iommu));
    CHECK_OK(iommu_add_table(l->iommu, table, amdvi_model_ivrs(l->m, table, sizeof(table))));
    if (!wide)
        amdvi_unit_of(l->iommu->units[0])->wide_store = false;
    l->device = add(l, (const uint16_t[]) { RID }, 1);
    l->other = add(l, (const uint16_t[]) { OTHER }, 1);
    l->aliased = add(l, (const uint16_t[]) { ALIASED, ALIAS }, 2);
    return l;
}

static struct live *started(const struct amdvi_model_config *model, enum iommu_irq_format format,
                            bool wide)
{
    struct live *l = described(model, format, wide);
    struct iommu_irq_info info;

    CHECK_OK(iommu_start(l->iommu));
    iommu_irq_info(l->iommu, &info);
    CHECK_STR(info.reason, "");
    CHECK(info.remapping);
    return l;
}

static void stop(struct live *l)
{
    iommu_destroy(l->iommu);
    if (amdvi_model_violations(l->m) != 0)
        test_fail(__FILE__, __LINE__, "violations:\n%s", amdvi_model_violation_text(l->m));
    CHECK_EQ(amdvi_model_live_pages(l->m), 0);
    amdvi_model_destroy(l->m);
    free(l);
}

static struct iommu_irqs *block(struct iommu_device *device, unsigned count)
{
    struct iommu_irqs *irqs;

    CHECK_OK(iommu_irq_alloc(device, count, &irqs));
    return irqs;
}

/* The event code; 0: it arrived. */
static unsigned message(struct live *l, uint16_t rid, const struct iommu_irqs *irqs, unsigned index)
{
    struct iommu_msi msi;
    enum amdvi_model_result result;

    iommu_debug_irq_message(irqs, index, &msi);
    result = amdvi_model_interrupt(l->m, 0, rid, msi.address, msi.data);
    return result == AMDVI_MODEL_INTERRUPT ? 0 : amdvi_model_last_reason(l->m);
}

static void check_last(const struct live *l, uint32_t apic_id, unsigned vector)
{
    struct amdvi_model_interrupt seen = amdvi_model_last_interrupt(l->m);

    CHECK_EQ(seen.apic_id, apic_id);
    CHECK_EQ(seen.vector, vector);
    CHECK(seen.remapped && !seen.logical && seen.mode == 0);
}

static const enum iommu_irq_format formats[] = { IOMMU_IRQ_FORMAT_LEGACY, IOMMU_IRQ_FORMAT_AUTO,
                                                 IOMMU_IRQ_FORMAT_VAPIC };
enum { FORMATS = sizeof(formats) / sizeof(formats[0]) };

TEST(messages_arrive_where_the_entry_leads_and_nowhere_else)
{
    for (unsigned i = 0; i < FORMATS; i++) {
        struct amdvi_model_config config = capable();
        struct live *l = started(&config, formats[i], true);
        struct iommu_irqs *irqs = block(l->device, 4), *one = block(l->other, 1);
        uint32_t far = formats[i] == IOMMU_IRQ_FORMAT_LEGACY ? 200 : 287;

        CHECK_EQ(message(l, RID, irqs, 2), 2); /* IO_PAGE_FAULT */
        CHECK_OK(iommu_irq_route(irqs, 2,
                                 &(struct iommu_irq_target) { .apic_id = far, .vector = 0x51 }));
        CHECK_EQ(message(l, RID, irqs, 2), 0);
        check_last(l, far, 0x51);
        CHECK_OK(
            iommu_irq_route(irqs, 2, &(struct iommu_irq_target) { .apic_id = 3, .vector = 0x52 }));
        CHECK_EQ(message(l, RID, irqs, 2), 0);
        check_last(l, 3, 0x52);
        CHECK_EQ(message(l, RID, irqs, 1), 2);
        CHECK_EQ(message(l, OTHER, irqs, 2), 2);  /* the same index of another's table */
        CHECK_EQ(message(l, RID, irqs, 2047), 2); /* beyond the table, or another class */
        CHECK_EQ(message(l, 0x0028, irqs, 2), 2); /* nobody's id */
        CHECK_OK(iommu_irq_route(one, 0, &plain));
        CHECK_EQ(message(l, OTHER, one, 0), 0);
        CHECK_OK(iommu_irq_free(irqs));
        CHECK_OK(iommu_irq_free(one));
        stop(l);
    }
}

/* The unit caches what it has read: a change that is not flushed would show here. */
TEST(masks_and_frees_reach_the_unit)
{
    for (unsigned i = 0; i < FORMATS; i++) {
        struct amdvi_model_config config = capable();
        struct live *l = started(&config, formats[i], true);
        struct iommu_irqs *irqs = block(l->device, 8);
        struct iommu_msi msi;

        CHECK_OK(iommu_irq_route(irqs, 7, &plain));
        CHECK_EQ(message(l, RID, irqs, 7), 0);
        CHECK_OK(iommu_irq_mask(irqs, 7, true));
        CHECK_EQ(message(l, RID, irqs, 7), 2);
        CHECK_OK(iommu_irq_mask(irqs, 7, false));
        CHECK_EQ(message(l, RID, irqs, 7), 0);
        iommu_irq_message(irqs, 7, &msi);
        CHECK_OK(iommu_irq_free(irqs));
        CHECK_EQ(amdvi_model_interrupt(l->m, 0, RID, msi.address, msi.data), AMDVI_MODEL_FAULT);
        stop(l);
    }
}

/* What the unit has cached of the device before it was given interrupts is forgotten. */
TEST(blocked_until_entries_are_given)
{
    struct amdvi_model_config config = capable();
    struct live *l = started(&config, IOMMU_IRQ_FORMAT_AUTO, true);
    struct iommu_irqs *irqs;

    for (unsigned data = 0; data < 64; data++)
        CHECK_EQ(amdvi_model_interrupt(l->m, 0, RID, 0xfee00000, data), AMDVI_MODEL_FAULT);
    irqs = block(l->device, 1);
    CHECK_OK(iommu_irq_route(irqs, 0, &plain));
    CHECK_EQ(message(l, RID, irqs, 0), 0);
    CHECK_EQ(message(l, OTHER, irqs, 0), 2);
    CHECK_OK(iommu_irq_free(irqs));
    stop(l);
}

TEST(every_id_of_a_device_reaches_its_entries)
{
    struct amdvi_model_config config = capable();
    struct live *l = started(&config, IOMMU_IRQ_FORMAT_AUTO, true);
    struct iommu_irqs *irqs = block(l->aliased, 1);

    CHECK_OK(iommu_irq_route(irqs, 0, &plain));
    CHECK_EQ(message(l, ALIASED, irqs, 0), 0);
    CHECK_EQ(message(l, ALIAS, irqs, 0), 0);
    CHECK_OK(iommu_irq_route(irqs, 0, &(struct iommu_irq_target) { .apic_id = 6, .vector = 0x42 }));
    CHECK_EQ(message(l, ALIAS, irqs, 0), 0);
    check_last(l, 6, 0x42);
    CHECK_EQ(message(l, ALIASED, irqs, 0), 0);
    check_last(l, 6, 0x42);
    CHECK_EQ(message(l, ALIAS + 1, irqs, 0), 2);
    CHECK_OK(iommu_irq_free(irqs));
    stop(l);
}

TEST(pins_arrive_with_their_trigger_mode)
{
    struct amdvi_model_config config = capable();
    struct live *l = started(&config, IOMMU_IRQ_FORMAT_AUTO, true);
    struct iommu_irqs *pin;
    uint64_t rte;

    CHECK_OK(iommu_irq_alloc_ioapic(l->iommu, IOAPIC, 9, &pin));
    CHECK_OK(iommu_irq_route(
        pin, 0, &(struct iommu_irq_target) { .apic_id = 9, .vector = 0x61, .level = true }));
    iommu_irq_ioapic_entry(pin, true, &rte);
    CHECK_EQ(amdvi_model_ioapic(l->m, 0, IOAPIC_RID, rte), AMDVI_MODEL_INTERRUPT);
    check_last(l, 9, 0x61);
    CHECK(amdvi_model_last_interrupt(l->m).level);
    CHECK_EQ(amdvi_model_ioapic(l->m, 0, IOAPIC_RID + 8, rte), AMDVI_MODEL_FAULT);
    CHECK_OK(iommu_irq_free(pin));
    stop(l);
}

/* With commands in any order that is permitted, and tables that are seen as they were written back.
 */
TEST(on_units_that_reorder_or_do_not_snoop)
{
    for (unsigned i = 0; i < 8; i++) {
        struct amdvi_model_config config = capable();
        struct iommu_irqs *irqs;
        struct live *l;

        config.units[0].reorder_seed = i + 1;
        config.units[0].never_snoops = i % 2;
        l = started(&config, formats[i % FORMATS], i % 4 < 2);
        irqs = block(l->device, 1);
        for (unsigned vector = 0x40; vector < 0x50; vector++) {
            CHECK_OK(iommu_irq_route(
                irqs, 0,
                &(struct iommu_irq_target) { .apic_id = vector, .vector = (uint8_t)vector }));
            CHECK_EQ(message(l, RID, irqs, 0), 0);
            check_last(l, vector, vector);
        }
        CHECK_OK(iommu_irq_free(irqs));
        stop(l);
    }
}

/* ---- halves ---- */

/* Absent, or to the guest, or to the CPU: destination and vector are the same number. */
static bool is_whole(void *ctx, uint16_t rid, uint32_t index, const uint64_t entry[2])
{
    const uint64_t *guest = ctx;

    (void)rid;
    (void)index;
    if ((entry[0] & ASPEC_IRTE_REMAP_EN) == 0)
        return true;
    if ((entry[0] & ASPEC_IRTE_GUEST_MODE) != 0)
        return entry[1] == guest[1];
    return (entry[0] >> 8 & 0xff) == entry[1];
}

static void change_under_the_checker(bool wide)
{
    struct amdvi_model_config config = capable();
    struct iommu_irq_posting posting = { .vector = 0x91, .log = true, .tag = 0x77 };
    struct iommu_debug_irq_entry guest;
    uint64_t words[2];
    struct iommu_irqs *irqs;
    struct live *l;

    config.units[0].delay = 0;
    l = started(&config, IOMMU_IRQ_FORMAT_VAPIC, wide);
    irqs = block(l->device, 1);
    posting.descriptor_pa = amdvi_model_frames(l->m, 1, PAGE, 0, IOMMU_ANY_PA);
    CHECK_OK(iommu_irq_post(irqs, 0, &posting));
    iommu_debug_irq_read(irqs, 0, &guest);
    words[0] = guest.low;
    words[1] = guest.high;
    amdvi_model_watch_irte(l->m, 0, RID, guest.table_index, is_whole, words);
    amdvi_model_checker_start(l->m);
    for (unsigned i = 0; i < ROUNDS || amdvi_model_checker_looks(l->m) < LOOKS; i++) {
        const struct iommu_irq_target target = { .apic_id = 0x40 + i % 64,
                                                 .vector = (uint8_t)(0x40 + i % 64) };

        CHECK_OK(i % 3 == 0 ? iommu_irq_post(irqs, 0, &posting)
                            : iommu_irq_route(irqs, 0, &target));
    }
    amdvi_model_checker_stop(l->m);
    amdvi_model_watch_irte(l->m, 0, RID, guest.table_index, NULL, NULL);
    CHECK_OK(iommu_irq_free(irqs));
    stop(l);
}

TEST(an_entry_is_never_seen_half_changed)
{
    change_under_the_checker(true);
}

TEST(an_entry_is_never_seen_half_changed_without_the_wide_store)
{
    change_under_the_checker(false);
}

/* ---- guests ---- */

TEST(posted_messages_reach_the_guest)
{
    struct amdvi_model_config config = capable();
    struct live *l = started(&config, IOMMU_IRQ_FORMAT_VAPIC, true);
    struct iommu_irqs *irqs = block(l->device, 1);
    struct iommu_irq_posting posting = { .vector = 0x91, .log = true, .tag = 0xc0ffee };
    const uint32_t *page;

    posting.descriptor_pa = amdvi_model_frames(l->m, 1, PAGE, 0, IOMMU_ANY_PA);
    page = amdvi_model_ram(l->m, posting.descriptor_pa, PAGE);
    CHECK_OK(iommu_irq_route(irqs, 0, &plain));
    CHECK_EQ(message(l, RID, irqs, 0), 0);
    CHECK_OK(iommu_irq_post(irqs, 0, &posting));
    CHECK_EQ(message(l, RID, irqs, 0), 0);
    CHECK_EQ(page[0x240 / 4], 1u << 17);
    iommu_poll_faults(l->iommu);
    CHECK(l->logged == 1 && l->tag == 0xc0ffee);
    posting.running = true;
    posting.apic_id = 287;
    CHECK_OK(iommu_irq_post(irqs, 0, &posting));
    CHECK_EQ(message(l, RID, irqs, 0), 0);
    CHECK(amdvi_model_last_interrupt(l->m).doorbell);
    CHECK_EQ(amdvi_model_last_interrupt(l->m).apic_id, 287);
    iommu_poll_faults(l->iommu);
    CHECK_EQ(l->logged, 1);
    CHECK_OK(iommu_irq_route(irqs, 0, &plain));
    CHECK_EQ(message(l, RID, irqs, 0), 0);
    check_last(l, 5, 0x41);
    CHECK_OK(iommu_irq_free(irqs));
    stop(l);
}

/* ---- what never finishes ---- */

/* The run bit of the guest log is all that a unit shows of interrupts being on or off (AMD-Vi §2.5.1). */
#define HANGS_US 1000000u

/* With the memory that a hung unit may use. */
static void abandon(struct live *l)
{
    amdvi_model_destroy(l->m);
    free(l);
}

TEST(guest_log_that_never_starts_ends_the_start)
{
    struct amdvi_model_config config = capable();
    struct live *l = described(&config, IOMMU_IRQ_FORMAT_VAPIC, true);
    uint64_t before = amdvi_model_now(l->m);
    struct iommu_unit_info unit;
    struct iommu_irq_info irq;
    struct iommu_irqs *irqs;

    amdvi_model_hang(l->m, 0, AMDVI_MODEL_HANG_GUEST_LOG_START);
    CHECK_EQ(iommu_start(l->iommu), IOMMU_ERR_TIMEOUT);
    CHECK(amdvi_model_now(l->m) - before < 4 * HANGS_US);
    CHECK_OK(iommu_unit_info(l->iommu, 0, &unit));
    CHECK(unit.fenced && !unit.remapping);
    iommu_irq_info(l->iommu, &irq);
    CHECK(irq.failed_units == 1 && !irq.x2apic && !irq.posting);
    CHECK_EQ(iommu_irq_alloc(l->device, 1, &irqs), IOMMU_ERR_FENCED);
    abandon(l);
}

/* The unit may go on writing there: no memory is given back until it has stopped. */
TEST(guest_log_that_never_stops_keeps_its_memory)
{
    struct amdvi_model_config config = capable();
    struct live *l = started(&config, IOMMU_IRQ_FORMAT_VAPIC, true);
    size_t pages = amdvi_model_live_pages(l->m);
    uint64_t before = amdvi_model_now(l->m);

    amdvi_model_hang(l->m, 0, AMDVI_MODEL_HANG_GUEST_LOG_STOP);
    CHECK_EQ(iommu_stop(l->iommu), IOMMU_ERR_TIMEOUT);
    CHECK(amdvi_model_now(l->m) - before < 4 * HANGS_US);
    CHECK(strstr(amdvi_model_log(l->m), "amdvi0: stop status=timeout") != NULL);
    iommu_destroy(l->iommu);
    CHECK_EQ(amdvi_model_live_pages(l->m), pages);
    abandon(l);
}

/* A change that is not confirmed ends, and what the unit remembers is not trusted any more. */
TEST(change_that_is_never_confirmed_fences_the_unit)
{
    static const uint64_t hangs[] = { AMDVI_MODEL_HANG_WAIT, AMDVI_MODEL_HANG_STORE };

    for (unsigned i = 0; i < 2; i++) {
        struct amdvi_model_config config = capable();
        struct live *l = started(&config, IOMMU_IRQ_FORMAT_AUTO, true);
        struct iommu_irqs *irqs = block(l->device, 1);
        uint64_t before;

        CHECK_OK(iommu_irq_route(irqs, 0, &plain));
        amdvi_model_hang(l->m, 0, hangs[i]);
        before = amdvi_model_now(l->m);
        CHECK_EQ(iommu_irq_route(irqs, 0, &plain), IOMMU_ERR_TIMEOUT);
        CHECK(amdvi_model_now(l->m) - before < 4 * HANGS_US);
        CHECK_EQ(iommu_irq_route(irqs, 0, &plain), IOMMU_ERR_FENCED);
        abandon(l);
    }
}
