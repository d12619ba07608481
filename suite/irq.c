/* SPDX-License-Identifier: BSD-2-Clause */
/* Area irq: messages of exercisers reach the CPU and vector they were given, and no other. */
#include "irq.h"

/* CPUs whose turn it is; the last one is always among them. */
#define CPUS_TRIED 8u

static unsigned cpu_of_turn(const struct suite_case *t, unsigned turn)
{
    unsigned cpus = irq_cpus(t);

    return cpus > CPUS_TRIED && turn == CPUS_TRIED - 1 ? cpus - 1 : turn;
}

static bool reaches_cpu(const struct suite_case *t, unsigned cpu)
{
    struct iommu_irq_info info;

    iommu_irq_info(t->env->iommu, &info);
    return info.x2apic || t->env->ops->irqs->apic_id(t->env, cpu) < 0xff;
}

static const char *deliver_to_all(struct suite_case *t, struct irq *irq)
{
    int vectors[2] = { irq_vector(t), irq_vector(t) };
    unsigned turns = irq_cpus(t) < CPUS_TRIED ? irq_cpus(t) : CPUS_TRIED;

    for (unsigned turn = 0; turn < turns && case_runs(t); turn++) {
        unsigned cpu = cpu_of_turn(t, turn);

        for (unsigned v = 0; v < 2 && reaches_cpu(t, cpu); v++) {
            irq_route(t, irq, 0, cpu, vectors[v]);
            irq_expect(t, irq, 0, cpu, vectors[v]);
        }
    }
    return NULL;
}

static void delivered_as_routed(struct suite_case *t)
{
    struct master *m = &t->master[0];

    irq_needs_remapping(t);
    irq_enter(t, m);
    irq_each_kind(t, m, 1, deliver_to_all);
}

/* ---- wide destinations ---- */

#define BEYOND 256u

/* VT-d §5.1.1: without EIM an entry has room for 8 bits. */
static void wide_is_refused(struct suite_case *t, struct irq *irq)
{
    const struct iommu_irq_target target = { .apic_id = BEYOND, .vector = 0x60 };

    case_status(t, "iommu_irq_route to APIC id 256", iommu_irq_route(irq->block, 0, &target), IOMMU_ERR_RANGE);
    case_note(t, "32-bit destinations are off; that an APIC id of 9 bits is refused was checked");
}

static const char *deliver_beyond(struct suite_case *t, struct irq *irq)
{
    unsigned cpu = irq_cpus(t);
    struct iommu_irq_info info;
    int vector;

    iommu_irq_info(t->env->iommu, &info);
    if (!info.x2apic) {
        wide_is_refused(t, irq);
        return NULL;
    }
    while (cpu > 0 && t->env->ops->irqs->apic_id(t->env, cpu - 1) < BEYOND)
        cpu--;
    if (cpu == 0)
        return "no CPU has an APIC id above 255";
    vector = irq_vector(t);
    irq_route(t, irq, 0, cpu - 1, vector);
    irq_expect(t, irq, 0, cpu - 1, vector);
    return NULL;
}

static void destination_beyond_8_bits(struct suite_case *t)
{
    struct master *m = &t->master[0];

    irq_needs_remapping(t);
    irq_enter(t, m);
    irq_each_kind(t, m, 1, deliver_beyond);
}

/* ---- affinity ---- */

/* The case's deadline ends what is slower, as a failure. */
#define STREAM 10000u

struct place {
    unsigned cpu;
    int vector;
};

static uint64_t came_at(const struct suite_case *t, const struct place *place)
{
    return t->env->ops->irqs->count(t->env, place->cpu, place->vector);
}

/* One that is on its way while the entry changes may come by either. */
static void one_on_the_way(struct suite_case *t, struct irq *irq, const struct place places[2], const struct place *to)
{
    uint64_t before = came_at(t, &places[0]) + came_at(t, &places[1]), now = before;
    struct irq_wait wait = { 0 };

    irq_raise(t, irq, 0);
    irq_move(t, irq, 0, to->cpu, to->vector);
    while (case_runs(t) && now == before) {
        now = came_at(t, &places[0]) + came_at(t, &places[1]);
        if (now == before && !irq_wait(t, &wait))
            case_fail(t, "an interrupt raised just before its move comes", "it is lost");
    }
    if (case_runs(t) && now != before + 1)
        case_fail(t, "an interrupt raised just before its move comes once", "%llu times",
                  (unsigned long long)(now - before));
}

/* VT-d §6.5.5: once the invalidation has completed none comes by the old entry. */
static void one_after(struct suite_case *t, struct irq *irq, const struct place *from, const struct place *to)
{
    uint64_t old = came_at(t, from), before = came_at(t, to);

    irq_raise(t, irq, 0);
    if (!case_runs(t))
        return;
    if (!irq_came(t, to->cpu, to->vector, before))
        case_fail(t, "an interrupt raised after the move comes by the new entry", "it came %s",
                  came_at(t, from) != old ? "by the old one" : "nowhere");
    if (came_at(t, from) != old)
        case_fail(t, "none comes by the old entry after the move", "one did");
}

static const char *move_under_stream(struct suite_case *t, struct irq *irq)
{
    unsigned other = irq_cpus(t) > 1 && reaches_cpu(t, 1) ? 1 : 0;
    const struct place places[2] = { { 0, irq_vector(t) }, { other, irq_vector(t) } };
    unsigned sent = 0;
    uint64_t all;

    irq_route(t, irq, 0, places[0].cpu, places[0].vector);
    all = case_runs(t) ? irq_all(t) : 0;
    while (sent < STREAM && case_runs(t)) {
        const struct place *from = &places[sent / 2 % 2], *to = &places[(sent / 2 + 1) % 2];

        one_on_the_way(t, irq, places, to);
        one_after(t, irq, from, to);
        sent += 2;
    }
    if (!case_runs(t))
        return NULL;
    irq_settle(t, irq->m);
    if (irq_all(t) != all + sent)
        case_fail(t, "every interrupt of the stream comes once", "%u sent, %llu came", sent,
                  (unsigned long long)(irq_all(t) - all));
    case_note(t, "%u interrupts, %u moves%s", sent, sent / 2, other == 0 ? " on one CPU" : "");
    return NULL;
}

static void moved_under_a_stream(struct suite_case *t)
{
    struct master *m = &t->master[0];

    irq_needs_remapping(t);
    irq_enter(t, m);
    irq_each_kind(t, m, 1, move_under_stream);
}

/* ---- moved by another CPU ---- */

#define MOVER_TURN 8u

struct mover {
    struct suite_case *t;
    struct irq *irq;
    struct place places[2];
    bool ends;
    unsigned sent, moves;
    enum iommu_status status;
};

/* An emulator may run one CPU at a time, until it has nothing to do. */
static void take_turns(const struct suite_case *t, unsigned done)
{
    if (done % MOVER_TURN == 0)
        t->env->ops->sleep_us(t->env, 1);
}

/* The library alone is called, which any CPU may. */
static void move_until_end(struct mover *mover)
{
    while (!__atomic_load_n(&mover->ends, __ATOMIC_ACQUIRE) && mover->status == IOMMU_OK) {
        const struct place *to = &mover->places[++mover->moves % 2];
        const struct iommu_irq_target target = {
            .apic_id = mover->t->env->ops->irqs->apic_id(mover->t->env, to->cpu), .vector = (uint8_t)to->vector,
        };

        mover->status = iommu_irq_route(mover->irq->block, 0, &target);
        take_turns(mover->t, mover->moves);
    }
}

static uint64_t came_at_both(const struct mover *mover)
{
    return came_at(mover->t, &mover->places[0]) + came_at(mover->t, &mover->places[1]);
}

static void raise_until_end(struct mover *mover)
{
    struct suite_case *t = mover->t;

    while (mover->sent < STREAM && case_runs(t)) {
        uint64_t before = came_at_both(mover);
        struct irq_wait wait = { 0 };

        take_turns(t, mover->sent);

        irq_raise(t, mover->irq, 0);
        mover->sent++;
        while (case_runs(t) && came_at_both(mover) == before)
            if (!irq_wait(t, &wait))
                case_fail(t, "none is lost while another CPU moves the interrupt", "number %u is", mover->sent);
    }
    __atomic_store_n(&mover->ends, true, __ATOMIC_RELEASE);
}

struct role {
    struct mover *mover;
    void (*play)(struct mover *mover);
};

static void play(void *arg)
{
    const struct role *role = arg;

    role->play(role->mover);
}

static const char *move_from_another_cpu(struct suite_case *t, struct irq *irq)
{
    struct mover mover = { .t = t, .irq = irq, .places = { { 0, irq_vector(t) }, { 1, irq_vector(t) } } };
    struct role roles[2] = { { &mover, raise_until_end }, { &mover, move_until_end } };
    void *args[2] = { &roles[0], &roles[1] };
    uint64_t all;

    irq_route(t, irq, 0, 0, mover.places[0].vector);
    if (!case_runs(t))
        return NULL;
    all = irq_all(t);
    case_check(t, t->env->ops->run_on_cpus(t->env, play, args, 2), "a thread runs on another CPU");
    case_status(t, "iommu_irq_route on another CPU", mover.status, IOMMU_OK);
    irq_settle(t, irq->m);
    if (case_runs(t) && irq_all(t) != all + mover.sent)
        case_fail(t, "every interrupt of the stream comes once", "%u sent, %llu came", mover.sent,
                  (unsigned long long)(irq_all(t) - all));
    case_check(t, mover.moves > 0, "the other CPU moves it meanwhile");
    case_note(t, "%u interrupts, %u moves", mover.sent, mover.moves);
    return NULL;
}

static void moved_by_another_cpu(struct suite_case *t)
{
    irq_needs_remapping(t);
    case_needs_masters(t, 1);
    if (case_runs(t) && (irq_cpus(t) < 2 || t->env->ops->run_on_cpus == NULL || !reaches_cpu(t, 1)))
        case_skip(t, "needs a second CPU that runs threads");
    if (!case_runs(t))
        return;
    irq_enter(t, &t->master[0]);
    irq_each_kind(t, &t->master[0], 1, move_from_another_cpu);
}

/* ---- masks ---- */

static const char *mask_at_source(struct suite_case *t, struct irq *irq)
{
    const struct suite_irq_ops *ops = t->env->ops->irqs;
    int vector = irq_vector(t);
    uint64_t all, before;

    irq_route(t, irq, 0, 0, vector);
    irq_expect(t, irq, 0, 0, vector);
    if (!case_runs(t))
        return NULL;
    if (!ops->mask(t->env, irq->irqs, 0, true))
        return "the source has no mask bits";
    case_check(t, !ops->pending(t->env, irq->irqs, 0), "nothing is pending before it is raised");
    before = ops->count(t->env, 0, vector);
    all = irq_all(t);
    irq_raise(t, irq, 0);
    irq_settle(t, irq->m);
    case_check(t, irq_all(t) == all, "a masked interrupt does not come");
    case_check(t, ops->pending(t->env, irq->irqs, 0), "a masked interrupt is kept pending");
    /* Where it goes may change meanwhile; it is sent when the mask goes. */
    irq_move(t, irq, 0, 0, vector);
    (void)ops->mask(t->env, irq->irqs, 0, false);
    if (case_runs(t) && !irq_came(t, 0, vector, before))
        case_fail(t, "what is pending comes when the mask goes", "it is lost");
    irq_settle(t, irq->m);
    case_check(t, irq_all(t) == all + 1, "what was pending comes once");
    irq_expect(t, irq, 0, 0, vector);
    return NULL;
}

static void mask_keeps_what_is_pending(struct suite_case *t)
{
    struct master *m = &t->master[0];

    irq_needs_remapping(t);
    irq_enter(t, m);
    irq_each_kind(t, m, 1, mask_at_source);
}

/* ---- blocks ---- */

static unsigned cpu_of_message(const struct suite_case *t, unsigned index)
{
    unsigned cpu = index % irq_cpus(t);

    return reaches_cpu(t, cpu) ? cpu : 0;
}

/*
 * A vector of its own for each; every one comes by its own, whatever the device
 * adds to its data. False: the device has the messages, and cannot send them.
 */
static bool deliver_each(struct suite_case *t, struct irq *irq, unsigned count)
{
    int vectors[IOMMU_IRQS_MAX];

    for (unsigned i = 0; i < count && case_runs(t); i++) {
        vectors[i] = irq_vector(t);
        irq_route(t, irq, i, cpu_of_message(t, i), vectors[i]);
    }
    if (case_runs(t) && t->env->ops->irqs->raise(t->env, irq->irqs, count - 1) == EX_UNSUPPORTED)
        return false;
    irq_settle(t, irq->m);
    for (unsigned i = count; i-- > 0 && case_runs(t);)
        irq_expect(t, irq, i, cpu_of_message(t, i), vectors[i]);
    if (case_runs(t))
        case_note(t, "%u messages", count);
    return true;
}

/* The largest block that the source has messages for. NULL: done. */
static const char *deliver_block(struct suite_case *t, struct master *m, enum suite_irq_kind kind)
{
    const char *reason = NULL;

    for (unsigned count = IOMMU_IRQS_MAX; count > 1; count /= 2) {
        size_t vectors = t->vector_count;
        struct irq irq;

        reason = irq_try(t, m, kind, count, &irq);
        if (reason != NULL)
            continue;
        if (!deliver_each(t, &irq, count))
            reason = "the device sends one message alone";
        irq_free(t, &irq);
        irq_vectors_free(t, vectors);
        if (reason == NULL)
            return NULL;
    }
    return reason;
}

static void every_message_of_a_block(struct suite_case *t)
{
    struct master *m = &t->master[0];
    const char *reasons[2];

    irq_needs_remapping(t);
    irq_enter(t, m);
    reasons[0] = deliver_block(t, m, SUITE_IRQ_MSI);
    reasons[1] = deliver_block(t, m, SUITE_IRQ_MSIX);
    if (reasons[0] != NULL && reasons[1] != NULL)
        case_skip(t, "%s; %s", reasons[0], reasons[1]);
}

/* ---- what the unit remembers ---- */

/*
 * The bits that lead to the second vector are put there without a flush: the
 * unit goes on as before until it is told (VT-d §6.2.4, AMD-Vi §2.2.5). Real
 * units may forget the old bits earlier.
 */
static const char *remember_until_flush(struct suite_case *t, struct irq *irq)
{
    const int vectors[2] = { irq_vector(t), irq_vector(t) };
    struct iommu_debug_irq_entry other;

    irq_route(t, irq, 0, 0, vectors[1]);
    if (!case_runs(t))
        return NULL;
    iommu_debug_irq_read(irq->block, 0, &other);
    irq_route(t, irq, 0, 0, vectors[0]);
    irq_expect(t, irq, 0, 0, vectors[0]);
    if (!case_runs(t))
        return NULL;
    case_status(t, "iommu_debug_irq_write", iommu_debug_irq_write(irq->block, 0, &other, false), IOMMU_OK);
    if (t->env->emulated && !case_quirk(t, QUIRK_QEMU_NO_IRQ_CACHE))
        irq_expect(t, irq, 0, 0, vectors[0]);
    if (!case_runs(t))
        return NULL;
    case_status(t, "iommu_debug_irq_write", iommu_debug_irq_write(irq->block, 0, &other, true), IOMMU_OK);
    irq_expect(t, irq, 0, 0, vectors[1]);
    return NULL;
}

static void entry_changes_with_its_flush(struct suite_case *t)
{
    struct master *m = &t->master[0];

    irq_needs_remapping(t);
    irq_enter(t, m);
    irq_each_kind(t, m, 1, remember_until_flush);
}

static const struct scenario rows[] = {
    { "irq/delivered-as-routed", "VT-d §5.1.4", PER_EXERCISER, delivered_as_routed, 0 },
    { "irq/destination-beyond-8-bits", "VT-d §5.1.1", PER_EXERCISER, destination_beyond_8_bits, 0 },
    { "irq/mask-keeps-what-is-pending", "VT-d §5.1.4", PER_EXERCISER, mask_keeps_what_is_pending, 0 },
    { "irq/every-message-of-a-block", "VT-d §5.1.5.2", PER_EXERCISER, every_message_of_a_block, 0 },
    { "irq/entry-changes-with-its-flush", "VT-d §6.2.4", PER_EXERCISER, entry_changes_with_its_flush, 0 },
    { "irq/moved-under-a-stream", "VT-d §6.5.5", PER_EXERCISER, moved_under_a_stream, 30000 },
    { "irq/moved-by-another-cpu", "VT-d §6.5.5", PER_MACHINE, moved_by_another_cpu, 30000 },
};

const struct scenario_table irq_scenarios = SCENARIO_TABLE(rows);
