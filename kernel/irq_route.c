/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Routes. What a source is told: address and data (MSI, MSI-X, HPET) or a
 * redirection entry (pins). A remapped source is told once; afterwards its
 * entry moves. A source that is not remapped is told anew each time.
 */
#include "irq_route.h"

#include "clock.h"
#include "console.h"
#include "irq.h"
#include "irq_sources.h"
#include "machine.h"
#include "smp.h"
#include "spinlock.h"
#include "words.h"

#define ROUTES_MAX 64u
/* A handler that runs longer than that ends its interrupt without its pin. */
#define IN_SERVICE_WAIT_US 100000u

enum kind { MSI, MSIX, PIN, HPET };

struct irq_route {
    bool used;
    enum kind kind;
    unsigned count;
    struct iommu_irqs *block;           /* NULL: not remapped */
    struct pci_function *f;             /* MSI, MSIX */
    const struct ioapic *ioapic;        /* PIN */
    unsigned pin;
    bool level, active_low;
    unsigned comparator;                /* HPET */
    bool on;                            /* MSI: the capability is enabled */
    uint8_t told[IOMMU_IRQS_MAX];       /* the vector it was told with; 0: it has to be told */
    bool absent[IOMMU_IRQS_MAX];        /* its entry, since irq_route_close() */
    bool opened[IOMMU_IRQS_MAX];        /* unmasked once; since then its mask bit is the caller's */
};

/* Guards: used. */
static struct spin_lock lock = SPIN_LOCK("routes");
static struct irq_route routes[ROUTES_MAX];

static bool remapping(void)
{
    struct iommu_irq_info info;

    if (machine.iommu == NULL)
        return false;
    iommu_irq_info(machine.iommu, &info);
    return info.remapping;
}

/* ---- allocation ---- */

static struct irq_route *take(const struct irq_route *value)
{
    uintptr_t flags = spin_lock(&lock);
    struct irq_route *found = NULL;

    for (size_t i = 0; i < ROUTES_MAX && found == NULL; i++)
        if (!routes[i].used)
            found = &routes[i];
    if (found != NULL) {
        *found = *value;
        found->used = true;
    }
    spin_unlock(&lock, flags);
    return found;
}

static const char *keep(const struct irq_route *value, struct irq_route **out)
{
    *out = take(value);
    if (*out != NULL)
        return NULL;
    if (value->block != NULL && iommu_irq_free(value->block) != IOMMU_OK)
        log_line(LOG_WARNING, "irq: entries of a route that did not fit stay in use");
    return "more sources of interrupts than this kernel routes";
}

static const char *why_not(enum iommu_status status)
{
    switch (status) {
    case IOMMU_ERR_NOT_FOUND:
        return "firmware's table does not name it, so its interrupts cannot be remapped";
    case IOMMU_ERR_RANGE:
        return "no block of entries is free";
    default:
        return iommu_status_name(status);
    }
}

/* A device that no unit covers sends past them all. */
static const char *take_device_entries(struct irq_route *value)
{
    enum iommu_status status;

    if (value->f->owner != NULL && remapping()) {
        status = iommu_irq_alloc(value->f->owner, value->count, &value->block);
        if (status != IOMMU_OK)
            return why_not(status);
    }
    pci_intx_enable(value->f, false);
    return NULL;
}

const char *irq_route_msi(struct pci_function *f, unsigned count, struct irq_route **out)
{
    struct irq_route value = { .kind = MSI, .f = f, .count = count };
    unsigned has = pci_msi_count(f);
    const char *wrong;

    if (has == 0)
        return "the device has no MSI";
    if (count == 0 || count > has)
        return "the device has fewer messages";
    wrong = take_device_entries(&value);
    if (wrong != NULL)
        return wrong;
    if (value.block == NULL && count > 1)
        return "several messages of one MSI, and interrupts are not remapped";
    return keep(&value, out);
}

const char *irq_route_msix(struct pci_function *f, unsigned count, struct irq_route **out)
{
    struct irq_route value = { .kind = MSIX, .f = f, .count = count };
    unsigned has = pci_msix_count(f);
    const char *wrong;

    if (has == 0)
        return "the device has no MSI-X";
    if (count == 0 || count > has || count > IOMMU_IRQS_MAX)
        return "the device has fewer entries";
    wrong = take_device_entries(&value);
    if (wrong != NULL)
        return wrong;
    wrong = keep(&value, out);
    if (wrong != NULL || pci_msix_enable(f))
        return wrong;
    if (irq_route_free(*out) != IOMMU_OK)
        log_line(LOG_WARNING, "irq: entries of " PCI_FORMAT " stay in use", PCI_ARGS(f));
    return "its MSI-X cannot be enabled";
}

const char *irq_route_pin(uint32_t gsi, bool level, bool active_low, struct irq_route **out)
{
    struct irq_route value = { .kind = PIN, .count = 1, .level = level, .active_low = active_low };

    value.ioapic = ioapics_by_gsi(&irq_ioapics, gsi, &value.pin);
    if (value.ioapic == NULL)
        return "no IOAPIC has that interrupt";
    if (remapping()) {
        enum iommu_status status =
            iommu_irq_alloc_ioapic(machine.iommu, value.ioapic->id, value.pin, &value.block);

        if (status != IOMMU_OK)
            return why_not(status);
    }
    return keep(&value, out);
}

const char *irq_route_hpet(unsigned comparator, struct irq_route **out)
{
    struct irq_route value = { .kind = HPET, .count = 1, .comparator = comparator };

    if (!irq_has_hpet || comparator >= irq_hpet.comparators)
        return "there is no such comparator";
    if (!hpet_has_messages(&irq_hpet, comparator))
        return "the comparator sends no messages";
    /* quirk hpet-bypass: QEMU's sends past its units, and no table of QEMU names it. */
    if (remapping() && !machine.suite.emulated) {
        enum iommu_status status = iommu_irq_alloc_hpet(machine.iommu, irq_hpet.number, 1, &value.block);

        if (status != IOMMU_OK)
            return why_not(status);
    }
    return keep(&value, out);
}

static void silence(const struct irq_route *route)
{
    switch (route->kind) {
    case MSI:
        pci_msi_disable(route->f);
        break;
    case MSIX:
        pci_msix_disable(route->f);
        break;
    case PIN:
        ioapic_mask(route->ioapic, route->pin, true);
        ioapic_forget(route->ioapic, route->pin);
        break;
    case HPET:
        hpet_silence(&irq_hpet, route->comparator);
        break;
    }
}

enum iommu_status irq_route_free(struct irq_route *route)
{
    enum iommu_status status = IOMMU_OK;
    uintptr_t flags;

    silence(route);
    if (route->block != NULL)
        status = iommu_irq_free(route->block);
    flags = spin_lock(&lock);
    route->used = false;
    spin_unlock(&lock, flags);
    return status;
}

/* ---- telling the source ---- */

static bool tell_message(struct irq_route *route, unsigned index, const struct iommu_msi *message)
{
    switch (route->kind) {
    case MSI:
        if (!route->on)
            route->on = pci_msi_enable(route->f, route->count, message->address, message->data);
        else if (!pci_msi_write(route->f, message->address, message->data))
            return false;
        return route->on;
    case MSIX:
        pci_msix_write(route->f, index, message->address, message->data);
        return true;
    case HPET:
        hpet_use_message(&irq_hpet, route->comparator, message->address, message->data);
        return true;
    default:
        return false;
    }
}

static void tell_pin(const struct irq_route *route, unsigned cpu, int vector)
{
    uint64_t masked = ioapic_read(route->ioapic, route->pin) & IOAPIC_MASKED, entry;

    if (route->block != NULL)
        iommu_irq_ioapic_entry(route->block, route->active_low, &entry);
    else
        entry = ioapic_direct_entry(percpu_at(cpu)->apic_id, (uint8_t)vector, route->level, route->active_low);
    ioapic_write(route->ioapic, route->pin, entry | masked);
}

static bool tell(struct irq_route *route, unsigned index, unsigned cpu, int vector)
{
    struct iommu_msi message;

    if (route->kind == PIN) {
        tell_pin(route, cpu, vector);
        return true;
    }
    /* Message 0 stands for all of an MSI capability. */
    if (route->block != NULL)
        iommu_irq_message(route->block, route->kind == MSI ? 0 : index, &message);
    else
        (void)irq_message_to(cpu, vector, &message.address, &message.data);
    return tell_message(route, index, &message);
}

/*
 * Whether what the source holds does not lead there yet. Of a remapped one only a pin's entry has
 * anything of the target in it: the vector.
 */
static bool must_be_told(const struct irq_route *route, unsigned index, int vector)
{
    if (route->block == NULL || route->told[index] == 0)
        return true;
    return route->kind == PIN && route->told[index] != vector;
}

static enum iommu_status move_entry(struct irq_route *route, unsigned index, unsigned cpu, int vector)
{
    const struct iommu_irq_target target = {
        .apic_id = percpu_at(cpu)->apic_id, .vector = (uint8_t)vector, .level = route->level,
    };

    return iommu_irq_route(route->block, index, &target);
}

/*
 * VT-d §5.1.5.1: the end of an interrupt finds the pin by the vector its entry holds, and entries change while their
 * pin is masked: what was sent by the old vector is ended first. True: the pin has to be unmasked again.
 */
static bool hold_pin(const struct irq_route *route, int vector)
{
    uint64_t start = now_us();
    bool open;

    if (route->kind != PIN || !route->level || route->told[0] == vector)
        return false;
    open = !(ioapic_read(route->ioapic, route->pin) & IOAPIC_MASKED);
    ioapic_mask(route->ioapic, route->pin, true);
    while (ioapic_read(route->ioapic, route->pin) & (IOAPIC_REMOTE_IRR | IOAPIC_SENDING)) {
        if (now_us() - start > IN_SERVICE_WAIT_US)
            break;
        smp_relax();
    }
    ioapic_forget(route->ioapic, route->pin);
    return open;
}

static void open_once(struct irq_route *route, unsigned index)
{
    if (!route->opened[index])
        (void)irq_route_mask(route, index, false);
    route->opened[index] = true;
}

static enum iommu_status move_and_tell(struct irq_route *route, unsigned index, unsigned cpu, int vector)
{
    enum iommu_status status = IOMMU_OK;

    if (route->block != NULL)
        status = move_entry(route, index, cpu, vector);
    else if (percpu_at(cpu)->apic_id > IRQ_MESSAGE_APIC_ID_MAX)
        status = IOMMU_ERR_RANGE;
    if (status != IOMMU_OK || !must_be_told(route, index, vector))
        return status;
    if (!tell(route, index, cpu, vector))
        return IOMMU_ERR_RANGE;
    if (route->absent[index])
        status = iommu_irq_mask(route->block, index, false);
    if (status != IOMMU_OK)
        return status;
    route->absent[index] = false;
    route->told[index] = (uint8_t)vector;
    open_once(route, index);
    return IOMMU_OK;
}

enum iommu_status irq_route_to(struct irq_route *route, unsigned index, unsigned cpu, int vector)
{
    enum iommu_status status;
    bool held;

    /* One that was left out may be in another mode than its messages. */
    if (index >= route->count || vector <= 0 || vector >= IRQ_VECTORS || !smp_online(cpu))
        return IOMMU_ERR_INVALID;
    held = hold_pin(route, vector);
    status = move_and_tell(route, index, cpu, vector);
    if (held)
        ioapic_mask(route->ioapic, route->pin, false);
    return status;
}

enum iommu_status irq_route_close(struct irq_route *route, unsigned index)
{
    if (index >= route->count)
        return IOMMU_ERR_INVALID;
    (void)irq_route_mask(route, index, true);
    route->opened[index] = false;
    route->told[index] = 0;
    if (route->block == NULL)
        return IOMMU_OK;
    route->absent[index] = true;
    return iommu_irq_mask(route->block, index, true);
}

/* ---- mask and pending bits, the end ---- */

bool irq_route_mask(struct irq_route *route, unsigned index, bool masked)
{
    if (index >= route->count)
        return false;
    switch (route->kind) {
    case MSI:
        return pci_msi_mask(route->f, index, masked);
    case MSIX:
        pci_msix_mask(route->f, index, masked);
        return true;
    case PIN:
        ioapic_mask(route->ioapic, route->pin, masked);
        return true;
    default:
        return false;
    }
}

bool irq_route_pending(const struct irq_route *route, unsigned index)
{
    if (index >= route->count)
        return false;
    switch (route->kind) {
    case MSI:
        return pci_msi_pending(route->f, index);
    case MSIX:
        return pci_msix_pending(route->f, index);
    default:
        return false;
    }
}

/*
 * A processor's end of interrupt tells its vector to the IOAPICs, which look for it in their entries.
 * Behind an AMD-Vi unit an entry holds the number of a remapped one instead, so no IOAPIC would
 * find it. (quirk level-as-edge: QEMU's unit makes them edge-triggered on the way, and the
 * processor tells nobody.)
 */
void irq_route_end(const struct irq_route *route)
{
    if (route->kind == PIN && route->level && route->block != NULL &&
        text_equal(machine.table->signature, "IVRS"))
        ioapic_eoi(route->ioapic, route->pin);
}

/* ---- what it holds ---- */

struct iommu_irqs *irq_route_block(const struct irq_route *route)
{
    return route->block;
}

bool irq_route_message(const struct irq_route *route, unsigned index, struct iommu_msi *out)
{
    if (index >= route->count)
        return false;
    switch (route->kind) {
    case MSI:
        pci_msi_read(route->f, &out->address, &out->data);
        return true;
    case MSIX:
        pci_msix_read(route->f, index, &out->address, &out->data);
        return true;
    case HPET:
        hpet_message(&irq_hpet, route->comparator, &out->address, &out->data);
        return true;
    default:
        return false;
    }
}

bool irq_route_set_message(struct irq_route *route, unsigned index, const struct iommu_msi *message)
{
    if (index >= route->count || route->kind == PIN || !tell_message(route, index, message))
        return false;
    route->told[index] = 0;
    open_once(route, index);
    return true;
}

uint16_t irq_route_source_id(const struct irq_route *route)
{
    struct iommu_irq_source_info info;
    enum iommu_irq_source_kind kind = route->kind == PIN ? IOMMU_IRQ_IOAPIC : IOMMU_IRQ_HPET;
    uint8_t id = route->kind == PIN ? route->ioapic->id : irq_hpet.number;

    if (route->f != NULL)
        return route->f->rid;
    return machine.iommu != NULL && iommu_irq_source(machine.iommu, kind, id, &info) == IOMMU_OK ? info.rid : 0;
}
