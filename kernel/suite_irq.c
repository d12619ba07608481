/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sources for the suite: an exerciser and its route, or an HPET comparator and
 * the pin it raises. The wire of a function to a pin of an IOAPIC is not
 * written anywhere but in AML, so it is found by raising it: the pin that
 * fires while the device asserts its INTx, and does not when it does not, is it.
 */
#include "suite_irq.h"

#include "clock.h"
#include "irq.h"
#include "irq_route.h"
#include "irq_sources.h"
#include "machine.h"
#include "smp.h"
#include "spinlock.h"
#include "suite_env.h"
#include "thread.h"

#define SOURCES_MAX 64u
/* Interrupts of ISA devices are below. */
#define INTX_GSI_FIRST 16u
#define WIRE_WAIT_US 200u
#define WIRES_MAX 32u
/* Wires are shared: one device has its interrupt on one at a time, the others wait. */
#define TURN_POLL_US 500u
#define TURN_WAIT_US 10000000u
#define HPET_DELAY_US 200u

struct suite_irqs {
    bool used;
    enum suite_irq_kind kind;
    struct exerciser *ex;
    struct irq_route *route;
    unsigned comparator;        /* of those without an exerciser */
    uint64_t linger_us;         /* of its handler; atomic */
};

/* Where a function's wire was found. */
struct wire {
    const struct pci_function *f;
    uint32_t gsi;
};

/* Guards: used of both, and the list of wires. */
static struct spin_lock lock = SPIN_LOCK("suite interrupts");
static struct suite_irqs sources[SOURCES_MAX];
static struct wire wires[WIRES_MAX];
static size_t wire_count;
static struct suite_irqs *wire_user;    /* atomic; NULL: nobody */
/* By vector: whose interrupt it is; atomic. */
static struct suite_irqs *owners[IRQ_VECTORS];

/* ---- handlers ---- */

static void quiet(const struct suite_irqs *irqs)
{
    if (irqs->ex != NULL && irqs->ex->ops->interrupt_done != NULL)
        irqs->ex->ops->interrupt_done(irqs->ex);
    else if (irqs->kind == SUITE_IRQ_PIN_LEVEL)
        hpet_lower(&irq_hpet, irqs->comparator);
}

static void came(void *arg)
{
    struct suite_irqs *const *owner = arg;
    const struct suite_irqs *irqs = owner == NULL ? NULL : __atomic_load_n(owner, __ATOMIC_SEQ_CST);

    if (irqs == NULL)
        return;
    quiet(irqs);
    for (uint64_t start = now_us(); now_us() - start < __atomic_load_n(&irqs->linger_us, __ATOMIC_RELAXED);)
        smp_relax();
    irq_route_end(irqs->route);
}

static int env_vector_alloc(struct suite_env *env)
{
    int vector;

    (void)env;
    /* The owner is looked up by vector, which is not known before. */
    vector = irq_vector_alloc(came, NULL);
    if (vector >= 0) {
        owners[vector] = NULL;
        irq_vector_set(vector, came, &owners[vector]);
    }
    return vector;
}

static void env_vector_free(struct suite_env *env, int vector)
{
    (void)env;
    irq_vector_free(vector);
}

/* ---- counts ---- */

static uint64_t env_count(struct suite_env *env, unsigned cpu, int vector)
{
    (void)env;
    return irq_count_on(suite_env_cpu(cpu), vector);
}

static uint64_t env_unexpected(struct suite_env *env)
{
    (void)env;
    return irq_unexpected();
}

static uint32_t env_apic_id(struct suite_env *env, unsigned cpu)
{
    const struct per_cpu *block = percpu_at(suite_env_cpu(cpu));

    (void)env;
    return block == NULL ? UINT32_MAX : block->apic_id;
}

/* ---- exercisers ---- */

static const char *told(struct exerciser *ex)
{
    if (ex->ops->interrupt_changed == NULL || ex->ops->interrupt_changed(ex) == EX_DONE)
        return NULL;
    return "the device cannot be set up anew for its interrupts";
}

static void ignore(void *arg)
{
    (void)arg;
}

/* What is pending from its setting up is let out to where nobody counts it. */
static void drain(struct irq_route *route)
{
    int vector = irq_route_pending(route, 0) ? irq_vector_alloc(ignore, NULL) : -1;

    if (vector < 0)
        return;
    if (irq_route_to(route, 0, smp_next(0), vector) == IOMMU_OK)
        sleep_us(WIRE_WAIT_US);
    (void)irq_route_close(route, 0);
    irq_vector_free(vector);
}

/* Messages of an exerciser, masked where that can be. */
static const char *alloc_messages(struct suite_irqs *irqs, unsigned count)
{
    bool msix = irqs->kind == SUITE_IRQ_MSIX;
    const char *why = msix ? irq_route_msix(irqs->ex->function, count, &irqs->route)
                           : irq_route_msi(irqs->ex->function, count, &irqs->route);

    if (why != NULL)
        return why;
    why = told(irqs->ex);
    if (why != NULL)
        (void)irq_route_free(irqs->route);
    else
        drain(irqs->route);
    return why;
}

/* ---- the wire ---- */

static bool known_wire(const struct pci_function *f, uint32_t *gsi)
{
    for (size_t i = 0; i < wire_count; i++) {
        if (wires[i].f != f)
            continue;
        *gsi = wires[i].gsi;
        return true;
    }
    return false;
}

/* A handler that masks its pin: whatever pulls it must not come again and again. */
struct probe {
    struct irq_route *route;
    uint32_t fired;     /* atomic */
};

static void probe_fired(void *arg)
{
    struct probe *probe = arg;

    (void)irq_route_mask(probe->route, 0, true);
    irq_route_end(probe->route);
    __atomic_store_n(&probe->fired, 1, __ATOMIC_RELEASE);
}

/*
 * Whether the pin fires within a while, level-triggered as wires are, with the device asserting its
 * INTx or not. The pin listens before the wire rises: an emulated one does not see it otherwise.
 */
static bool pin_fires(struct exerciser *ex, uint32_t gsi, bool asserted)
{
    struct probe probe = { 0 };
    int vector = irq_vector_alloc(probe_fired, &probe);

    if (vector < 0)
        return false;
    if (irq_route_pin(gsi, true, true, &probe.route) != NULL) {
        irq_vector_free(vector);
        return false;
    }
    if (irq_route_to(probe.route, 0, smp_next(0), vector) == IOMMU_OK) {
        if (asserted)
            (void)ex->ops->interrupt(ex, 0);
        sleep_us(WIRE_WAIT_US);
        ex->ops->interrupt_done(ex);
    }
    /* A handler that still runs uses the route. */
    (void)irq_route_mask(probe.route, 0, true);
    irq_vector_free(vector);
    (void)irq_route_free(probe.route);
    return __atomic_load_n(&probe.fired, __ATOMIC_ACQUIRE);
}

static const char *find_wire(struct exerciser *ex, uint32_t *gsi)
{
    struct pci_function *f = ex->function;
    const char *why;

    if (ex->ops->interrupt == NULL)
        return "the device raises no interrupts";
    if (pci_intx_pin(f) == 0)
        return "the device has no INTx";
    pci_msi_disable(f);
    pci_msix_disable(f);
    pci_intx_enable(f, true);
    why = told(ex);
    if (why != NULL || known_wire(f, gsi))
        return why;
    for (size_t i = 0; i < irq_ioapics.count; i++) {
        const struct ioapic *ioapic = &irq_ioapics.list[i];

        for (*gsi = ioapic->gsi_base; *gsi < ioapic->gsi_base + ioapic->pins; (*gsi)++) {
            if (*gsi < INTX_GSI_FIRST || !pin_fires(ex, *gsi, true) || pin_fires(ex, *gsi, false))
                continue;
            if (wire_count < WIRES_MAX)
                wires[wire_count++] = (struct wire){ .f = f, .gsi = *gsi };
            return NULL;
        }
    }
    return "no pin of an IOAPIC fires when the device asserts its INTx";
}

/* ---- allocation ---- */

static struct suite_irqs *take(void)
{
    uintptr_t flags = spin_lock(&lock);
    struct suite_irqs *found = NULL;

    for (size_t i = 0; i < SOURCES_MAX && found == NULL; i++)
        if (!sources[i].used)
            found = &sources[i];
    if (found != NULL)
        *found = (struct suite_irqs){ .used = true };
    spin_unlock(&lock, flags);
    return found;
}

static bool comparator_taken(unsigned n)
{
    for (size_t i = 0; i < SOURCES_MAX; i++)
        if (sources[i].used && sources[i].ex == NULL && sources[i].route != NULL && sources[i].comparator == n)
            return true;
    return false;
}

/* A comparator that reaches a pin of the first IOAPIC; the highest one, which no ISA device has. */
static const char *alloc_pin(struct suite_irqs *irqs)
{
    bool level = irqs->kind == SUITE_IRQ_PIN_LEVEL;

    if (!irq_has_hpet || irq_ioapics.count == 0)
        return "no HPET that could raise a pin of an IOAPIC";
    for (unsigned n = 0; n < irq_hpet.comparators; n++) {
        uint32_t pins = hpet_pins(&irq_hpet, n);

        for (unsigned pin = 32; !comparator_taken(n) && pin-- > 0;) {
            if (!(pins >> pin & 1))
                continue;
            irqs->comparator = n;
            hpet_use_pin(&irq_hpet, n, pin);
            return irq_route_pin(irq_ioapics.list[0].gsi_base + pin, level, false, &irqs->route);
        }
    }
    return "no comparator of the HPET that reaches a pin is free";
}

static const char *alloc_hpet(struct suite_irqs *irqs)
{
    const char *why = "there is no HPET";

    for (unsigned n = 0; irq_has_hpet && n < irq_hpet.comparators; n++) {
        if (comparator_taken(n))
            continue;
        irqs->comparator = n;
        why = irq_route_hpet(n, &irqs->route);
        if (why == NULL)
            return NULL;
    }
    return why;
}

static bool wire_take(struct suite_irqs *irqs)
{
    uint64_t start = now_us();
    struct suite_irqs *nobody = NULL;

    while (!__atomic_compare_exchange_n(&wire_user, &nobody, irqs, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        if (now_us() - start > TURN_WAIT_US)
            return false;
        sleep_us(TURN_POLL_US);
        nobody = NULL;
    }
    return true;
}

static void wire_leave(const struct suite_irqs *irqs)
{
    pci_intx_enable(irqs->ex->function, false);
    __atomic_store_n(&wire_user, NULL, __ATOMIC_RELEASE);
}

static const char *alloc_intx(struct suite_irqs *irqs)
{
    const char *why;
    uint32_t gsi;

    if (!wire_take(irqs))
        return "another device has its interrupt on a wire";
    why = find_wire(irqs->ex, &gsi);
    if (why == NULL)
        why = irq_route_pin(gsi, true, true, &irqs->route);
    if (why != NULL)
        wire_leave(irqs);
    return why;
}

static const char *alloc_kind(struct suite_irqs *irqs, unsigned count)
{
    switch (irqs->kind) {
    case SUITE_IRQ_MSI:
    case SUITE_IRQ_MSIX:
        return alloc_messages(irqs, count);
    case SUITE_IRQ_INTX:
        return alloc_intx(irqs);
    case SUITE_IRQ_HPET:
        return alloc_hpet(irqs);
    default:
        return alloc_pin(irqs);
    }
}

static const char *env_alloc(struct suite_env *env, struct exerciser *ex, enum suite_irq_kind kind,
                             unsigned count, struct suite_irqs **out)
{
    struct suite_irqs *irqs = take();
    const char *why;

    (void)env;
    if (irqs == NULL)
        return "more sources of interrupts than this kernel has room for";
    irqs->kind = kind;
    irqs->ex = ex;
    why = alloc_kind(irqs, count);
    if (why != NULL)
        irqs->used = false;
    *out = irqs;
    return why;
}

/*
 * A handler on another CPU may have been counted and be at work yet. False: one does not end. next: whose
 * the source's vectors are for those that begin from now on.
 */
static bool settle(const struct suite_irqs *irqs, struct suite_irqs *next)
{
    bool ended = true;

    for (unsigned vector = 0; vector < IRQ_VECTORS; vector++)
        if (__atomic_load_n(&owners[vector], __ATOMIC_RELAXED) == irqs) {
            __atomic_store_n(&owners[vector], next, __ATOMIC_SEQ_CST);
            ended = irq_vector_settle((int)vector) && ended;
        }
    return ended;
}

/* Its vectors lead to nobody before source and route are somebody else's. */
static enum iommu_status env_free(struct suite_env *env, struct suite_irqs *irqs)
{
    enum iommu_status status;
    bool ended;

    (void)env;
    if (irqs->ex == NULL)
        hpet_silence(&irq_hpet, irqs->comparator);
    /* Nobody lowers the source of one that comes now: once is enough. */
    if (irqs->kind == SUITE_IRQ_INTX || irqs->kind == SUITE_IRQ_PIN_LEVEL)
        (void)irq_route_mask(irqs->route, 0, true);
    ended = settle(irqs, NULL);
    status = irq_route_free(irqs->route);
    if (irqs->kind == SUITE_IRQ_INTX) {
        quiet(irqs);
        wire_leave(irqs);
    }
    if (ended)
        irqs->used = false;
    return status;
}

/* ---- the source ---- */

static enum iommu_status env_route(struct suite_env *env, struct suite_irqs *irqs, unsigned index,
                                   unsigned cpu, int vector)
{
    (void)env;
    if (vector < 0 || vector >= (int)IRQ_VECTORS)
        return IOMMU_ERR_INVALID;
    __atomic_store_n(&owners[vector], irqs, __ATOMIC_RELEASE);
    return irq_route_to(irqs->route, index, suite_env_cpu(cpu), vector);
}

static bool env_mask(struct suite_env *env, struct suite_irqs *irqs, unsigned index, bool masked)
{
    (void)env;
    return irq_route_mask(irqs->route, index, masked);
}

static bool env_pending(struct suite_env *env, struct suite_irqs *irqs, unsigned index)
{
    (void)env;
    return irqs->kind == SUITE_IRQ_INTX ? pci_intx_asserted(irqs->ex->function)
                                        : irq_route_pending(irqs->route, index);
}

static enum ex_status env_raise(struct suite_env *env, struct suite_irqs *irqs, unsigned index)
{
    (void)env;
    if (irqs->ex == NULL && index != 0)
        return EX_UNSUPPORTED;
    /* Or the handler of the one before lowers this one too. */
    if (!settle(irqs, irqs))
        return EX_TIMEOUT;
    if (irqs->ex == NULL) {
        hpet_raise(&irq_hpet, irqs->comparator, HPET_DELAY_US);
        return EX_DONE;
    }
    return irqs->ex->ops->interrupt == NULL ? EX_UNSUPPORTED : irqs->ex->ops->interrupt(irqs->ex, index);
}

static void env_linger(struct suite_env *env, struct suite_irqs *irqs, uint64_t us)
{
    (void)env;
    __atomic_store_n(&irqs->linger_us, us, __ATOMIC_RELAXED);
}

static struct iommu_irqs *env_block(struct suite_env *env, struct suite_irqs *irqs)
{
    (void)env;
    return irq_route_block(irqs->route);
}

static bool env_message_read(struct suite_env *env, struct suite_irqs *irqs, unsigned index, struct iommu_msi *out)
{
    (void)env;
    return irq_route_message(irqs->route, index, out);
}

static bool env_message_write(struct suite_env *env, struct suite_irqs *irqs, unsigned index,
                              const struct iommu_msi *message)
{
    (void)env;
    return irq_route_set_message(irqs->route, index, message);
}

static uint16_t env_source_id(struct suite_env *env, struct suite_irqs *irqs)
{
    (void)env;
    return irq_route_source_id(irqs->route);
}

const struct suite_irq_ops kernel_suite_irq_ops = {
    .alloc = env_alloc,
    .free = env_free,
    .vector_alloc = env_vector_alloc,
    .vector_free = env_vector_free,
    .count = env_count,
    .unexpected = env_unexpected,
    .apic_id = env_apic_id,
    .route = env_route,
    .mask = env_mask,
    .pending = env_pending,
    .raise = env_raise,
    .linger = env_linger,
    .block = env_block,
    .message_read = env_message_read,
    .message_write = env_message_write,
    .source_id = env_source_id,
};
