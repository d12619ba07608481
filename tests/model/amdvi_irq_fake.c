/* SPDX-License-Identifier: BSD-2-Clause */
/* See amdvi_irq_fake.h. */
#include "amdvi_irq_fake.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static const uint8_t ioapics[] = { 0, 9 };

struct irq_fake *irq_fake_make(void)
{
    struct irq_fake *f = calloc(1, sizeof(*f));

    CHECK(f != NULL);
    f->efr = IRQ_FAKE_EFR;
    f->ioapic_rid = IRQ_FAKE_SMBUS;
    f->pages = 512;
    f->config.irq = (struct iommu_irq_config){ .mode = IOMMU_IRQ_AUTO, .ioapics = ioapics, .ioapic_count = 2 };
    fake_amdvi_init(&f->fake, f->pages);
    fake_amdvi_iommu(&f->fake, 0, IRQ_FAKE_UNIT, 0x08000000);
    return f;
}

static void write_table(struct irq_fake *f)
{
    fake_ivrs_begin(&f->fake, 0x2801);
    fake_ivrs_ivhd(&f->fake, 0x11, 0, IRQ_FAKE_UNIT, FAKE_AMDVI_BASE, f->efr);
    memcpy(f->fake.table + f->fake.table_len - 8, &f->efr2, 8);
    fake_ivrs_entry(&f->fake, 0x03, 0x0001, 0);
    fake_ivrs_entry(&f->fake, 0x04, 0x01ff, 0);
    fake_ivrs_entry(&f->fake, 0x02, IRQ_FAKE_DEVICE, 0x01);
    fake_ivrs_special(&f->fake, 1, 0, f->ioapic_rid, 0x80);
    if (!f->no_second_ioapic)
        fake_ivrs_special(&f->fake, 1, 9, IRQ_FAKE_IOAPIC2, 0);
    fake_ivrs_special(&f->fake, 2, 0, IRQ_FAKE_HPET, 0);
    if (f->efr_second != 0) {
        fake_ivrs_ivhd(&f->fake, 0x11, 0, 0x0202, FAKE_AMDVI_BASE + 0x100000, f->efr_second);
        fake_ivrs_entry(&f->fake, 0x02, 0x0210, 0);
        fake_amdvi_iommu(&f->fake, 0, 0x0202, 0x08000000);
        fake_amdvi_set(&f->fake, 1, 0x30, f->efr_second);
    }
    fake_ivrs_end(&f->fake);
}

static struct iommu_device *add(struct irq_fake *f, const struct iommu_device_desc *desc)
{
    struct iommu_device *device;

    CHECK_OK(iommu_add_device(f->iommu, desc, &device));
    return device;
}

void irq_fake_open(struct irq_fake *f)
{
    fake_amdvi_set(&f->fake, 0, 0x30, f->efr);
    fake_amdvi_set(&f->fake, 0, 0x1a0, f->efr2);
    CHECK_OK(iommu_create(&f->fake.memory.platform, f, &f->config, &f->iommu));
    write_table(f);
    CHECK_OK(iommu_add_table(f->iommu, f->fake.table, f->fake.table_len));
    f->device = add(f, &(struct iommu_device_desc){ .rids = { IRQ_FAKE_DEVICE }, .rid_count = 1 });
    f->other = add(f, &(struct iommu_device_desc){ .rids = { IRQ_FAKE_OTHER }, .rid_count = 1 });
    f->aliased = add(f, &(struct iommu_device_desc){
        .rids = { IRQ_FAKE_ALIASED, IRQ_FAKE_ALIAS, IRQ_FAKE_ALIAS2 }, .rid_count = 3 });
}

struct irq_fake *irq_fake_start(void)
{
    struct irq_fake *f = irq_fake_make();
    struct iommu_irq_info info;

    irq_fake_open(f);
    CHECK_OK(iommu_start(f->iommu));
    iommu_irq_info(f->iommu, &info);
    CHECK_STR(info.reason, "");
    CHECK(info.remapping);
    return f;
}

void irq_fake_abandon(struct irq_fake *f)
{
    fake_amdvi_free(&f->fake);
    free(f);
}

void irq_fake_free(struct irq_fake *f)
{
    iommu_destroy(f->iommu);
    CHECK_EQ(f->fake.memory.live_pages, 0);
    CHECK_EQ(f->fake.memory.misuses, 0);
    CHECK_EQ(f->fake.windows, 0);
    irq_fake_abandon(f);
}

struct amdvi_unit *irq_fake_unit(const struct irq_fake *f)
{
    return amdvi_unit_of(f->iommu->units[0]);
}

uint64_t irq_fake_control(const struct irq_fake *f, unsigned unit)
{
    return fake_amdvi_get(&f->fake, unit, IRQ_FAKE_CONTROL);
}

uint64_t irq_fake_word(const struct irq_fake *f, uint16_t rid)
{
    return irq_fake_unit(f)->table[rid].q[2];
}

uint64_t irq_fake_command(const struct irq_fake *f, unsigned back)
{
    const struct amdvi_queue *q = &irq_fake_unit(f)->queue;

    return q->ring[(q->tail - back) % 512].lo;
}

struct iommu_irqs *irq_fake_block(struct iommu_device *device, unsigned count)
{
    struct iommu_irqs *irqs;

    CHECK_OK(iommu_irq_alloc(device, count, &irqs));
    return irqs;
}

struct iommu_debug_irq_entry irq_fake_entry(const struct iommu_irqs *irqs, unsigned index)
{
    struct iommu_debug_irq_entry out;

    iommu_debug_irq_read(irqs, index, &out);
    return out;
}

unsigned irq_fake_used(const struct irq_fake *f)
{
    struct iommu_unit_info info;

    CHECK_OK(iommu_unit_info(f->iommu, 0, &info));
    return info.irq_used;
}

void irq_fake_hang(struct irq_fake *f)
{
    f->fake.units[0].run_zero |= 0x10;
    fake_amdvi_set(&f->fake, 0, IRQ_FAKE_STATUS, fake_amdvi_get(&f->fake, 0, IRQ_FAKE_STATUS) & ~0x10ull);
}
