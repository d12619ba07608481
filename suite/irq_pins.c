/* SPDX-License-Identifier: BSD-2-Clause */
/* Area irq: sources that are no exerciser's message: pins of an IOAPIC, INTx wires, comparators of an HPET. */
#include "irq.h"

#define TURNS 3u

/* VT-d §5.1.5.1: a level-triggered pin sends again only once its end of interrupt has found it. */
static void deliver_in_turn(struct suite_case *t, struct irq *irq)
{
    const int vectors[2] = { irq_vector(t), irq_vector(t) };

    (void)case_quirk(t, QUIRK_QEMU_IOAPIC_SOURCE);
    for (unsigned turn = 0; turn < 2 * TURNS && case_runs(t); turn++) {
        unsigned cpu = turn / 2 % irq_cpus(t), v = turn % 2;

        if (t->env->ops->irqs->apic_id(t->env, cpu) >= 0xff)
            cpu = 0;
        irq_route(t, irq, 0, cpu, vectors[v]);
        for (unsigned i = 0; i < TURNS; i++)
            irq_expect(t, irq, 0, cpu, vectors[v]);
    }
}

/* A pin has no pending bit but its delivery status: an edge that comes while it is masked is lost (82093AA). */
static void mask_pin(struct suite_case *t, struct irq *irq)
{
    uint64_t all;
    int vector = irq_vector(t);

    irq_route(t, irq, 0, 0, vector);
    irq_expect(t, irq, 0, 0, vector);
    if (!case_runs(t) || !t->env->ops->irqs->mask(t->env, irq->irqs, 0, true))
        return;
    all = irq_all(t);
    irq_raise(t, irq, 0);
    irq_settle(t, irq->m);
    case_check(t, irq_all(t) == all, "a masked pin sends nothing");
}

/* Raised under its mask the wire stays up, so that the mask's end brings the interrupt. */
static void mask_wire(struct suite_case *t, struct irq *irq)
{
    const struct suite_irq_ops *ops = t->env->ops->irqs;
    int vector = irq_vector(t);
    uint64_t before;

    irq_route(t, irq, 0, 0, vector);
    irq_expect(t, irq, 0, 0, vector);
    if (!case_runs(t) || !ops->mask(t->env, irq->irqs, 0, true))
        return;
    before = ops->count(t->env, 0, vector);
    irq_raise(t, irq, 0);
    irq_settle(t, irq->m);
    case_check(t, ops->count(t->env, 0, vector) == before, "a masked pin sends nothing");
    (void)ops->mask(t->env, irq->irqs, 0, false);
    if (case_runs(t) && !irq_came(t, 0, vector, before))
        case_fail(t, "a wire that is up comes when the mask goes", "it is lost");
    irq_expect(t, irq, 0, 0, vector);
}

static void edge_of_a_pin(struct suite_case *t)
{
    struct irq irq;

    irq_needs_remapping(t);
    irq_have(t, NULL, SUITE_IRQ_PIN_EDGE, 1, &irq);
    deliver_in_turn(t, &irq);
    mask_pin(t, &irq);
}

static void level_of_a_pin(struct suite_case *t)
{
    struct irq irq;

    irq_needs_remapping(t);
    irq_have(t, NULL, SUITE_IRQ_PIN_LEVEL, 1, &irq);
    (void)case_quirk(t, QUIRK_AMD_LEVEL_AS_EDGE);
    deliver_in_turn(t, &irq);
    mask_wire(t, &irq);
}

/* ---- what a level-triggered pin waits for ---- */

#define LINGER_US 5000u

/* The end of the interrupt names the vector it came by: a pin that has another one by then must not wait for ever. */
static void pin_moved_in_service(struct suite_case *t)
{
    const struct suite_irq_ops *ops = t->env->ops->irqs;
    struct irq irq;
    int vectors[2];
    unsigned cpu;

    irq_needs_remapping(t);
    irq_have(t, NULL, SUITE_IRQ_PIN_LEVEL, 1, &irq);
    (void)case_quirk(t, QUIRK_AMD_LEVEL_AS_EDGE);
    if (!case_runs(t))
        return;
    cpu = irq_cpus(t) > 1 && ops->apic_id(t->env, 1) <= 0xff ? 1 : 0;
    vectors[0] = irq_vector(t);
    vectors[1] = irq_vector(t);
    irq_route(t, &irq, 0, cpu, vectors[0]);
    if (case_runs(t) && ops->linger != NULL)
        ops->linger(t->env, irq.irqs, LINGER_US);
    irq_raise(t, &irq, 0);
    if (case_runs(t) && !irq_came(t, cpu, vectors[0], 0))
        case_fail(t, "a level-triggered pin sends", "nothing came");
    irq_route(t, &irq, 0, cpu, vectors[1]);
    if (case_runs(t) && ops->linger != NULL)
        ops->linger(t->env, irq.irqs, 0);
    for (unsigned i = 0; i < TURNS; i++)
        irq_expect(t, &irq, 0, cpu, vectors[1]);
}

/* Nobody ends an interrupt that was blocked on its way; whoever has the pin next gets his all the same. */
static void pin_after_a_blocked_one(struct suite_case *t)
{
    struct irq irq;
    uint64_t all;
    int vector;

    irq_needs_remapping(t);
    irq_have(t, NULL, SUITE_IRQ_PIN_LEVEL, 1, &irq);
    (void)case_quirk(t, QUIRK_AMD_LEVEL_AS_EDGE);
    vector = irq_vector(t);
    irq_route(t, &irq, 0, 0, vector);
    if (!case_runs(t))
        return;
    case_status(t, "iommu_irq_mask", iommu_irq_mask(irq.block, 0, true), IOMMU_OK);
    all = irq_all(t);
    irq_raise(t, &irq, 0);
    irq_settle(t, NULL);
    case_check(t, irq_all(t) == all, "an entry that is not present lets nothing through");
    irq_free(t, &irq);
    irq_have(t, NULL, SUITE_IRQ_PIN_LEVEL, 1, &irq);
    irq_route(t, &irq, 0, 0, vector);
    for (unsigned i = 0; i < TURNS; i++)
        irq_expect(t, &irq, 0, 0, vector);
}

/* Wires of several may be one. */
static void wire_of_an_exerciser(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct irq irq;

    irq_needs_remapping(t);
    irq_enter(t, m);
    irq_have(t, m, SUITE_IRQ_INTX, 1, &irq);
    (void)case_quirk(t, QUIRK_AMD_LEVEL_AS_EDGE);
    deliver_in_turn(t, &irq);
    mask_wire(t, &irq);
}

static void comparator_of_an_hpet(struct suite_case *t)
{
    struct irq irq;

    irq_needs_remapping(t);
    irq_have(t, NULL, SUITE_IRQ_HPET, 1, &irq);
    deliver_in_turn(t, &irq);
}

static const struct scenario rows[] = {
    { "irq/pin-edge", "VT-d §5.1.5.1", PER_MACHINE, edge_of_a_pin, 0 },
    { "irq/pin-level", "VT-d §5.1.5.1", PER_MACHINE, level_of_a_pin, 0 },
    { "irq/pin-moved-in-service", "VT-d §5.1.5.1", PER_MACHINE, pin_moved_in_service, 0 },
    { "irq/pin-after-a-blocked-one", "VT-d §5.1.5.1", PER_MACHINE, pin_after_a_blocked_one, 0 },
    { "irq/intx", "VT-d §5.1.5.1", PER_EXERCISER_IN_TURN, wire_of_an_exerciser, 0 },
    { "irq/hpet", "VT-d §5.1.5.2", PER_MACHINE, comparator_of_an_hpet, 0 },
};

const struct scenario_table irq_pin_scenarios = SCENARIO_TABLE(rows);
