/* SPDX-License-Identifier: BSD-2-Clause */
/* What ioapic.c and hpet.c ask of their embedder, and the MADT and HPET tables they come from. */
#include "irq_sources.h"

#include "acpi.h"
#include "console.h"
#include "hosts.h"
#include "mm.h"
#include "spinlock.h"

/* ACPI's HPET table: which HPET it is. */
#define HPET_TABLE_NUMBER 52u

struct ioapics irq_ioapics;
struct hpet irq_hpet;
bool irq_has_hpet;

/* Guards: the index registers of all IOAPICs. */
static struct spin_lock ioapic_lock = SPIN_LOCK("ioapics");

static volatile void *sources_map(void *ctx, uint64_t pa, uint64_t len)
{
    (void)ctx;
    return mmio_map(pa, len);
}

static uintptr_t sources_lock(void *ctx)
{
    (void)ctx;
    return spin_lock(&ioapic_lock);
}

static void sources_unlock(void *ctx, uintptr_t flags)
{
    (void)ctx;
    spin_unlock(&ioapic_lock, flags);
}

static void sources_log(void *ctx, const char *format, va_list args)
{
    (void)ctx;
    vlog_line(LOG_WARNING, format, args);
}

static const struct ioapic_host ioapic_host = {
    .map = sources_map,
    .read = host_read32,
    .write = host_write32,
    .lock = sources_lock,
    .unlock = sources_unlock,
    .log = sources_log,
};

static const struct hpet_host hpet_host = {
    .map = sources_map,
    .read = host_read32,
    .write = host_write32,
    .log = sources_log,
};

static void find_hpet(void)
{
    const struct acpi_table *table = acpi_find(&machine_acpi, "HPET", 0);
    uint64_t pa = acpi_hpet_pa(&machine_acpi);

    if (pa == 0 || table->len <= HPET_TABLE_NUMBER)
        return;
    irq_has_hpet = hpet_find(&irq_hpet, &hpet_host, pa, table->bytes[HPET_TABLE_NUMBER]);
}

void irq_sources_init(void)
{
    static struct acpi_madt madt;

    if (acpi_read_madt(&machine_acpi, &madt))
        ioapics_find(&irq_ioapics, &ioapic_host, &madt);
    else
        log_line(LOG_WARNING, "irq: no MADT, IOAPICs stay as firmware left them");
    if (irq_ioapics.unknown != 0)
        log_line(LOG_ERROR, "irq: ioapics=%zu of the MADT are not masked, interrupts stay unremapped: more than %u",
                 irq_ioapics.unknown, IOAPICS_MAX);
    find_hpet();
}
