/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intel/vtd_irte.c again: entries changed from several CPUs at once, and
 * messages that go through them on the model's unit, which caches what it reads.
 */
#include <pthread.h>

#include "test.h"

#include "internal.h"
#include "irq_rig.h"

/* AVAIL, bits 11:8, is software's: no value of it is right or wrong. */
#define AVAIL 0xf00ull
#define ENTRIES 16384u

static const struct iommu_irq_target plain = { .apic_id = 5, .vector = 0x41 };

static struct iommu_irqs *block(struct driver *d, uint16_t rid, unsigned count)
{
    struct iommu_irqs *irqs;

    CHECK_OK(iommu_irq_alloc(iommu_find_device(d->iommu, 0, rid), count, &irqs));
    return irqs;
}

static struct iommu_debug_irq_entry entry(const struct iommu_irqs *irqs, unsigned index)
{
    struct iommu_debug_irq_entry out;

    iommu_debug_irq_read(irqs, index, &out);
    return out;
}

static uint64_t low(const struct iommu_irqs *irqs, unsigned index)
{
    return entry(irqs, index).low & ~AVAIL;
}

static unsigned used(const struct driver *d)
{
    struct iommu_unit_info info;

    CHECK_OK(iommu_unit_info(d->iommu, 0, &info));
    return info.irq_used;
}

/* ---- several CPUs ---- */

enum { THREADS = 3, ROUNDS = 300 };

struct worker {
    struct driver *d;
    struct iommu_irqs *shared;
    unsigned number;
    bool failed;
};

static bool take_and_give(struct worker *w, unsigned count)
{
    struct iommu_device *device = iommu_find_device(w->d->iommu, 0, w->number % 2 ? DRIVER_RID : DRIVER_OTHER);
    struct iommu_irqs *irqs;
    bool good;

    if (iommu_irq_alloc(device, count, &irqs) != IOMMU_OK)
        return false;
    good = iommu_irq_route(irqs, count - 1, &(struct iommu_irq_target){
        .apic_id = w->number, .vector = (uint8_t)(0x40 + w->number) }) == IOMMU_OK;
    good &= (low(irqs, count - 1) >> 32) == w->number; /* nobody else has this entry */
    return iommu_irq_free(irqs) == IOMMU_OK && good;
}

static void *work(void *arg)
{
    struct worker *w = arg;

    for (unsigned i = 0; i < ROUNDS && !w->failed; i++) {
        const struct iommu_irq_posting posting = { .descriptor_pa = 0x3412345640, .vector = 0x99 };
        const struct iommu_irq_target target = { .apic_id = w->number, .vector = 0x66 };

        w->failed |= !take_and_give(w, 1 + (i * 7 + w->number) % 32);
        switch ((i + w->number) % 3) {
        case 0:
            w->failed |= iommu_irq_route(w->shared, 0, &target) != IOMMU_OK;
            break;
        case 1:
            w->failed |= iommu_irq_post(w->shared, 0, &posting) != IOMMU_OK;
            break;
        default:
            w->failed |= iommu_irq_mask(w->shared, 0, i % 2) != IOMMU_OK;
        }
    }
    return NULL;
}

/* An entry is one of what was asked for, never half of each. */
static bool is_whole(struct iommu_debug_irq_entry e)
{
    if (e.low & (1u << 15))
        return (e.low & ~(AVAIL | 1)) == 0x1234564000998000 && e.high == 0x0000003400040010;
    return ((e.low & ~(AVAIL | 1)) & 0xffffffff) == 0x660000 && e.low >> 32 < THREADS && e.high == 0x40010;
}

TEST(entries_are_changed_from_several_cpus_at_once)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    struct iommu_irqs *shared = block(d, DRIVER_RID, 1);
    struct worker workers[THREADS];
    pthread_t threads[THREADS];

    CHECK_OK(iommu_irq_route(shared, 0, &(struct iommu_irq_target){ .apic_id = 0, .vector = 0x66 }));
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){ .d = d, .shared = shared, .number = i };
        CHECK_EQ(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK(!workers[i].failed);
    }
    CHECK(is_whole(entry(shared, 0)));
    CHECK_OK(iommu_irq_free(shared));
    CHECK_EQ(used(d), 0);
    driver_destroy(d);
}

/* ---- on the unit ---- */

/* 0: it arrived; else the fault reason (§5.1.4.1). */
static unsigned message(struct driver *d, uint16_t rid, const struct iommu_irqs *irqs, unsigned index)
{
    struct iommu_msi msi;

    iommu_debug_irq_message(irqs, index, &msi);
    return vtd_model_interrupt(d->m, 0, rid, msi.address, msi.data) == VTD_MODEL_INTERRUPT ?
           0 : vtd_model_last_reason(d->m);
}

TEST(messages_arrive_where_the_entry_leads_and_nowhere_else)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    struct iommu_irqs *irqs = block(d, DRIVER_RID, 4), *one = block(d, DRIVER_OTHER, 1);
    struct vtd_model_interrupt seen;

    CHECK_EQ(message(d, DRIVER_RID, irqs, 2), 0x22); /* not present */
    CHECK_OK(iommu_irq_route(irqs, 2, &(struct iommu_irq_target){ .apic_id = 287, .vector = 0x51 }));
    CHECK_EQ(message(d, DRIVER_RID, irqs, 2), 0);
    seen = vtd_model_last_interrupt(d->m);
    CHECK(seen.apic_id == 287 && seen.vector == 0x51 && seen.mode == 0);
    CHECK(seen.remapped && !seen.level && !seen.logical);
    CHECK_OK(iommu_irq_route(irqs, 2, &(struct iommu_irq_target){ .apic_id = 3, .vector = 0x52 }));
    CHECK_EQ(message(d, DRIVER_RID, irqs, 2), 0);
    seen = vtd_model_last_interrupt(d->m);
    CHECK(seen.apic_id == 3 && seen.vector == 0x52);
    CHECK_EQ(message(d, DRIVER_RID, irqs, 1), 0x22);
    CHECK_OK(iommu_irq_route(one, 0, &plain));
    CHECK_EQ(message(d, DRIVER_OTHER, one, 0), 0);
    CHECK_EQ(message(d, DRIVER_RID, one, 0), 0x26);         /* another's entry */
    CHECK_EQ(message(d, DRIVER_OTHER, one, ENTRIES), 0x21); /* beyond the table */
    CHECK(vtd_model_interrupt(d->m, 0, DRIVER_RID, 0xfee00000, 0x51) != VTD_MODEL_INTERRUPT);
    CHECK_EQ(vtd_model_last_reason(d->m), 0x25);            /* not remappable */
    CHECK_OK(iommu_irq_free(irqs));
    CHECK_EQ(message(d, DRIVER_OTHER, one, 0), 0);
    CHECK_OK(iommu_irq_free(one));
    driver_destroy(d);
}

/* The unit caches what it has read: a change that is not flushed would show here. */
TEST(masks_and_frees_reach_the_unit)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    struct iommu_irqs *irqs = block(d, DRIVER_RID, 8);
    struct iommu_msi msi;

    CHECK_OK(iommu_irq_route(irqs, 7, &plain));
    CHECK_EQ(message(d, DRIVER_RID, irqs, 7), 0);
    CHECK_OK(iommu_irq_mask(irqs, 7, true));
    CHECK_EQ(message(d, DRIVER_RID, irqs, 7), 0x22);
    CHECK_OK(iommu_irq_mask(irqs, 7, false));
    CHECK_EQ(message(d, DRIVER_RID, irqs, 7), 0);
    iommu_irq_message(irqs, 7, &msi);
    CHECK_OK(iommu_irq_free(irqs));
    CHECK(vtd_model_interrupt(d->m, 0, DRIVER_RID, msi.address, msi.data) != VTD_MODEL_INTERRUPT);
    CHECK_EQ(vtd_model_last_reason(d->m), 0x22);
    CHECK_EQ(driver_fault(d)->kind, IOMMU_FAULT_INTERRUPT);
    CHECK(driver_fault(d)->index == 7 && driver_fault(d)->rid == DRIVER_RID && driver_fault(d)->reason == 0x22);
    driver_destroy(d);
}

TEST(any_source_arrives_where_sources_are_not_checked)
{
    struct vtd_model_config model = irq_model();
    struct iommu_config config = irq_config();
    struct iommu_irqs *irqs;
    struct driver *d;

    config.irq.no_source_check = true;
    d = irq_started(&model, &config);
    irqs = block(d, DRIVER_RID, 1);
    CHECK_OK(iommu_irq_route(irqs, 0, &plain));
    CHECK_EQ(message(d, DRIVER_FAR, irqs, 0), 0);
    CHECK_OK(iommu_irq_free(irqs));
    driver_destroy(d);
}

TEST(pins_arrive_with_level_and_vector)
{
    for (unsigned x2apic = 0; x2apic < 2; x2apic++) {
        struct vtd_model_config model = irq_model();
        struct iommu_config config = irq_config();
        struct vtd_model_interrupt seen;
        struct iommu_irqs *pin;
        struct driver *d;
        uint64_t rte;

        config.irq.x2apic = x2apic ? IOMMU_X2APIC_AUTO : IOMMU_X2APIC_NO;
        d = irq_started(&model, &config);
        CHECK_OK(iommu_irq_alloc_ioapic(d->iommu, IRQ_RIG_IOAPIC, 9, &pin));
        CHECK_OK(iommu_irq_route(pin, 0, &(struct iommu_irq_target){ .apic_id = 9, .vector = 0x61, .level = true }));
        iommu_irq_ioapic_entry(pin, true, &rte);
        CHECK_EQ(vtd_model_ioapic(d->m, 0, IRQ_RIG_IOAPIC_RID, rte), VTD_MODEL_INTERRUPT);
        seen = vtd_model_last_interrupt(d->m);
        CHECK(seen.apic_id == 9 && seen.vector == 0x61 && seen.level && seen.remapped);
        CHECK(vtd_model_ioapic(d->m, 0, IRQ_RIG_IOAPIC_RID + 1, rte) != VTD_MODEL_INTERRUPT);
        CHECK_EQ(vtd_model_last_reason(d->m), 0x26);
        CHECK_OK(iommu_irq_free(pin));
        driver_destroy(d);
    }
}

TEST(posted_messages_are_recorded_and_notify)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);
    struct iommu_irqs *irqs = block(d, DRIVER_RID, 1);
    struct iommu_posted *p = vtd_model_ram(d->m, d->frame, sizeof(*p));
    struct vtd_model_interrupt seen;
    uint64_t pending[4];

    iommu_posted_init(p);
    CHECK_OK(iommu_irq_route(irqs, 0, &plain));
    CHECK_EQ(message(d, DRIVER_RID, irqs, 0), 0);
    CHECK_OK(iommu_irq_post(irqs, 0, &(struct iommu_irq_posting){ .descriptor_pa = d->frame, .vector = 0xc3 }));
    CHECK_EQ(message(d, DRIVER_RID, irqs, 0), 0);
    CHECK_EQ(vtd_model_last_interrupt(d->m).vector, 0x41); /* suppressed: nothing new */
    CHECK(iommu_posted_run(d->iommu, p, 6, 0xf2));
    CHECK(iommu_posted_take(p, pending));
    CHECK(pending[3] == 1u << 3 && pending[0] == 0);
    CHECK_EQ(message(d, DRIVER_RID, irqs, 0), 0);
    seen = vtd_model_last_interrupt(d->m);
    CHECK(seen.notification && seen.apic_id == 6 && seen.vector == 0xf2);
    CHECK_OK(iommu_irq_route(irqs, 0, &plain));
    CHECK_EQ(message(d, DRIVER_RID, irqs, 0), 0);
    seen = vtd_model_last_interrupt(d->m);
    CHECK(!seen.notification && seen.apic_id == 5 && seen.vector == 0x41);
    CHECK_OK(iommu_irq_free(irqs));
    driver_destroy(d);
}

/* ---- what shows only in time ---- */

/* VT-d §11.4.4.2: CFIS means something only while remapping is on without EIM; some show it only then. */
static bool shown;

static void show_compatibility(struct driver *d)
{
    if (shown || !(d->commands[d->command_count - 1] & SPEC_GCMD_IRE))
        return;
    vtd_model_advance(d->m, 100);
    shown = (vtd_model_reg32(d->m, 0, SPEC_GSTS) & SPEC_GCMD_IRE) != 0;
    vtd_model_poke32(d->m, 0, SPEC_GSTS, vtd_model_reg32(d->m, 0, SPEC_GSTS) | SPEC_GCMD_CFI);
}

TEST(compatibility_format_that_shows_later_is_off_too)
{
    struct vtd_model_config model = irq_model();
    struct iommu_config config = irq_config();
    struct driver *d;

    config.irq.x2apic = IOMMU_X2APIC_NO;
    d = driver_create(&model, &config);
    shown = false;
    d->on_command = show_compatibility;
    CHECK_OK(irq_add_table(d, IRQ_RIG_INTR_REMAP));
    CHECK_OK(iommu_start(d->iommu));
    CHECK(shown);
    CHECK_EQ(vtd_model_reg32(d->m, 0, SPEC_GSTS) & (SPEC_GCMD_IRE | SPEC_GCMD_CFI), SPEC_GCMD_IRE);
    driver_destroy(d);
}

/* What its last owner's source still sends meets an absent entry, not the next owner's. */
TEST(a_freed_index_is_not_given_out_at_once)
{
    struct vtd_model_config model = irq_model();
    struct driver *d = irq_started(&model, NULL);

    for (uint32_t i = 0; i < ENTRIES; i++) {
        struct iommu_irqs *irqs = block(d, DRIVER_RID, 1);

        CHECK_EQ(entry(irqs, 0).table_index, i);
        CHECK_OK(iommu_irq_free(irqs));
    }
    CHECK_EQ(entry(block(d, DRIVER_RID, 1), 0).table_index, 0); /* round */
    CHECK_EQ(entry(block(d, DRIVER_RID, 8), 0).table_index, 8);
    CHECK_EQ(entry(block(d, DRIVER_RID, 1), 0).table_index, 16);
    driver_destroy(d);
}
