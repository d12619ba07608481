/* SPDX-License-Identifier: BSD-2-Clause */
/* See irq.h. Interrupts are counted where they arrive; what is refused is found in the fault log. */
#include "irq.h"

#include "format.h"

/* It is looked for so often without a pause. */
#define EAGER_LOOKS 200u
#define PAUSE_US 200u
/* What may still come is here then. */
#define SETTLE_US 2000u

static const struct suite_irq_ops *ops_of(const struct suite_case *t)
{
    return t->env->ops->irqs;
}

/* ---- what a case owns ---- */

void irq_needs_remapping(struct suite_case *t)
{
    struct iommu_irq_info info;

    iommu_irq_info(t->env->iommu, &info);
    if (!info.remapping)
        case_skip(t, "interrupts are not remapped: %s", info.reason);
    if (ops_of(t) == NULL)
        case_skip(t, "the environment takes no interrupts");
}

void irq_enter(struct suite_case *t, struct master *m)
{
    if (suite_translates(t->env)) {
        (void)case_enter(t, m);
        return;
    }
    case_enter_bare(t, m);
    case_ready(t, m);
}

/* Behind a PCIe-to-PCI bridge, whose requests are of function 00.0 of its bus, and another one. */
static bool on_several_buses(const struct master *m)
{
    for (size_t i = 1; i < m->rid_count; i++)
        if ((m->rids[i] & 0xff) == 0 && m->rids[i] >> 8 != m->rids[0] >> 8)
            return true;
    return false;
}

const char *irq_try(struct suite_case *t, struct master *m, enum suite_irq_kind kind, unsigned count, struct irq *out)
{
    const char *reason;

    *out = (struct irq){ .m = m, .kind = kind };
    if (!case_runs(t))
        return "the case has ended";
    if (t->irq_count == CASE_IRQS)
        return "the case has no room for it";
    if (m != NULL && kind != SUITE_IRQ_INTX && on_several_buses(m) && quirk_applies(t->env, QUIRK_QEMU_BUS_RANGE))
        return "quirk qemu-bus-range: a source id range of several buses matches nothing";
    reason = ops_of(t)->alloc(t->env, m == NULL ? NULL : m->ex, kind, count, &out->irqs);
    if (reason != NULL)
        return reason;
    t->irqs[t->irq_count++] = out->irqs;
    out->block = ops_of(t)->block(t->env, out->irqs);
    return NULL;
}

void irq_have(struct suite_case *t, struct master *m, enum suite_irq_kind kind, unsigned count, struct irq *out)
{
    const char *reason = irq_try(t, m, kind, count, out);

    if (reason != NULL)
        case_skip(t, "%s", reason);
}

void irq_vectors_free(struct suite_case *t, size_t count)
{
    while (t->vector_count > count)
        ops_of(t)->vector_free(t->env, t->vectors[--t->vector_count]);
}

static const enum suite_irq_kind message_kinds[] = { SUITE_IRQ_MSIX, SUITE_IRQ_MSI };
#define MESSAGE_KINDS (sizeof(message_kinds) / sizeof(message_kinds[0]))

void irq_have_message(struct suite_case *t, struct master *m, struct irq *out)
{
    const char *reason = NULL;

    for (size_t i = 0; i < MESSAGE_KINDS; i++) {
        reason = irq_try(t, m, message_kinds[i], 1, out);
        if (reason == NULL)
            return;
    }
    case_skip(t, "%s", reason);
}

void irq_free(struct suite_case *t, struct irq *irq)
{
    for (size_t i = 0; i < t->irq_count; i++)
        if (t->irqs[i] == irq->irqs) {
            t->irqs[i] = t->irqs[--t->irq_count];
            case_status(t, "freeing the interrupts", ops_of(t)->free(t->env, irq->irqs), IOMMU_OK);
            return;
        }
}

void irq_each_kind(struct suite_case *t, struct master *m, unsigned count, irq_kind_fn *fn)
{
    const char *reason = NULL;
    bool any = false;

    for (size_t i = 0; i < MESSAGE_KINDS && case_runs(t); i++) {
        size_t vectors = t->vector_count;
        struct irq irq;
        const char *why = irq_try(t, m, message_kinds[i], count, &irq);

        if (why == NULL) {
            why = fn(t, &irq);
            irq_free(t, &irq);
            irq_vectors_free(t, vectors);
        }
        any |= why == NULL;
        reason = reason == NULL ? why : reason;
    }
    if (!any)
        case_skip(t, "%s", reason == NULL ? "it raises no interrupt" : reason);
}

int irq_vector(struct suite_case *t)
{
    int vector;

    if (!case_runs(t))
        return 0;
    if (t->vector_count == CASE_VECTORS) {
        case_fail(t, "no more vectors than a case holds", "%u are in use", CASE_VECTORS);
        return 0;
    }
    vector = ops_of(t)->vector_alloc(t->env);
    if (vector < 0) {
        case_skip(t, "no vector is left");
        return 0;
    }
    t->vectors[t->vector_count++] = vector;
    return vector;
}

unsigned irq_cpus(const struct suite_case *t)
{
    return t->env->ops->cpus == NULL ? 1 : t->env->ops->cpus(t->env);
}

/* ---- one interrupt ---- */

void irq_route(struct suite_case *t, struct irq *irq, unsigned index, unsigned cpu, int vector)
{
    if (case_runs(t))
        case_status(t, "routing the interrupt", ops_of(t)->route(t->env, irq->irqs, index, cpu, vector), IOMMU_OK);
}

void irq_move(struct suite_case *t, struct irq *irq, unsigned index, unsigned cpu, int vector)
{
    const struct iommu_irq_target target = {
        .apic_id = ops_of(t)->apic_id(t->env, cpu), .vector = (uint8_t)vector,
    };

    if (case_runs(t))
        case_status(t, "iommu_irq_route", iommu_irq_route(irq->block, index, &target), IOMMU_OK);
}

void irq_raise(struct suite_case *t, struct irq *irq, unsigned index)
{
    enum ex_status status;

    if (!case_runs(t))
        return;
    status = ops_of(t)->raise(t->env, irq->irqs, index);
    if (status == EX_UNSUPPORTED)
        case_skip(t, "the source cannot raise interrupt %u", index);
    else if (status != EX_DONE)
        case_fail(t, "the source raises its interrupt", "%s", ex_status_name(status));
}

uint64_t irq_total(const struct suite_case *t, int vector)
{
    uint64_t total = 0;

    for (unsigned cpu = 0; cpu < irq_cpus(t); cpu++)
        total += ops_of(t)->count(t->env, cpu, vector);
    return total;
}

uint64_t irq_all(const struct suite_case *t)
{
    uint64_t total = ops_of(t)->unexpected(t->env);

    for (size_t i = 0; i < t->vector_count; i++)
        total += irq_total(t, t->vectors[i]);
    return total;
}

bool irq_wait(struct suite_case *t, struct irq_wait *wait)
{
    uint64_t now = t->env->ops->now_us(t->env);

    if (wait->looks++ == 0)
        wait->start_us = now;
    if (now - wait->start_us > IRQ_ARRIVAL_US)
        return false;
    if (wait->looks > EAGER_LOOKS)
        t->env->ops->sleep_us(t->env, PAUSE_US);
    return true;
}

bool irq_came(struct suite_case *t, unsigned cpu, int vector, uint64_t before)
{
    struct irq_wait wait = { 0 };

    while (ops_of(t)->count(t->env, cpu, vector) == before)
        if (!irq_wait(t, &wait))
            return false;
    return true;
}

void irq_settle(struct suite_case *t, const struct master *m)
{
    uint64_t us = SETTLE_US;

    if (m != NULL && m->ex->typical_us / 8 > us)
        us = m->ex->typical_us / 8;
    t->env->ops->sleep_us(t->env, us);
}

/* How many came so far of those that tell where one too many went. */
struct counts {
    uint64_t here, by_vector, all, unexpected;
};

static struct counts count_all(const struct suite_case *t, unsigned cpu, int vector)
{
    return (struct counts){ .here = ops_of(t)->count(t->env, cpu, vector), .by_vector = irq_total(t, vector),
                            .all = irq_all(t), .unexpected = ops_of(t)->unexpected(t->env) };
}

static void settle_and_compare(struct suite_case *t, struct irq *irq, unsigned cpu, int vector, struct counts before)
{
    struct counts now;
    uint64_t here, elsewhere, unexpected;

    irq_settle(t, irq->m);
    now = count_all(t, cpu, vector);
    if (now.all == before.all + 1)
        return;
    here = now.here - before.here;
    elsewhere = now.by_vector - before.by_vector - here;
    unexpected = now.unexpected - before.unexpected;
    case_fail(t, "one interrupt comes once, to its CPU and vector alone",
              "%llu to CPU %u by 0x%02x, %llu to other CPUs, %llu by other vectors, %llu unexpected",
              (unsigned long long)here, cpu, (unsigned)vector, (unsigned long long)elsewhere,
              (unsigned long long)(now.all - before.all - here - elsewhere - unexpected),
              (unsigned long long)unexpected);
}

void irq_expect(struct suite_case *t, struct irq *irq, unsigned index, unsigned cpu, int vector)
{
    struct counts before;

    if (!case_runs(t))
        return;
    before = count_all(t, cpu, vector);
    irq_raise(t, irq, index);
    if (!case_runs(t))
        return;
    if (irq_came(t, cpu, vector, before.here))
        settle_and_compare(t, irq, cpu, vector, before);
    else
        case_fail(t, "the interrupt comes to its CPU by its vector", "not in %u ms to CPU %u by 0x%02x, %llu elsewhere",
                  IRQ_ARRIVAL_US / 1000, cpu, (unsigned)vector, (unsigned long long)(irq_all(t) - before.all));
}

/* ---- refused ---- */

struct reason {
    const char *name;
    uint32_t vtd;       /* VT-d §7.1.3, Table 15 */
};

static const struct reason reasons[] = {
    [IRQ_NOT_PRESENT] = { "of an entry that is not present", 0x22 },
    [IRQ_INDEX] = { "of an index past the table", 0x21 },
    [IRQ_RESERVED] = { "of an entry with reserved bits", 0x24 },
    [IRQ_SOURCE] = { "of another source's entry", 0x26 },
    [IRQ_COMPATIBILITY] = { "in compatibility format", 0x25 },
};

/* AMD-Vi §2.5.3: IO_PAGE_FAULT with I; which entry it was is not in the event. */
#define AMD_CODE_SHIFT 12
#define AMD_IO_PAGE_FAULT 2u
#define AMD_FLAG_I (1u << 3)

static bool reason_fits(const struct suite_case *t, const struct iommu_fault *fault, const struct irq_refusal *refusal)
{
    if (suite_vendor_is(t->env, "amd"))
        return fault->reason >> AMD_CODE_SHIFT == AMD_IO_PAGE_FAULT && (fault->reason & AMD_FLAG_I) != 0;
    /* A request without an index has none in its record. */
    return fault->reason == reasons[refusal->reason].vtd
           && (refusal->reason == IRQ_COMPATIBILITY || fault->index == refusal->index);
}

static bool leaves_no_record(struct suite_case *t)
{
    return case_quirk(t, QUIRK_QEMU_NO_IRQ_RECORDS) || case_quirk(t, QUIRK_AMD_NO_IRQ_EVENTS)
           || case_quirk(t, QUIRK_AMD_NO_EVENTS);
}

/* VT-d §7.2.1: with few records the one that is looked for may be lost. */
#define TURNS 5u
#define APART_US 1700u
#define FAULTS_READ 8u

struct refusal_check {
    struct suite_case *t;
    const struct master *m;
    const struct irq_refusal *refusal;
    const char *expected;
    size_t seen;
};

static void check_fault(struct refusal_check *check, const struct iommu_fault *fault)
{
    check->seen++;
    if (fault->kind != IOMMU_FAULT_INTERRUPT || fault->cause != IOMMU_CAUSE_INTERRUPT
        || fault->device != check->m->device || !reason_fits(check->t, fault, check->refusal))
        case_fail(check->t, check->expected, "fault reason 0x%02x (%s), kind %u, cause %u, index 0x%x", fault->reason,
                  fault->reason_name, fault->kind, fault->cause, fault->index);
}

static void read_faults(struct refusal_check *check)
{
    struct suite_env *env = check->t->env;
    struct iommu_fault faults[FAULTS_READ];

    for (size_t r = 0; r < check->m->rid_count; r++) {
        size_t count = env->ops->faults(env, iommu_device_segment(check->m->device), check->m->rids[r], faults,
                                        FAULTS_READ);

        for (size_t i = 0; i < count && i < FAULTS_READ; i++)
            check_fault(check, &faults[i]);
    }
}

static void send_and_read(struct refusal_check *check, irq_send_fn *send, void *arg)
{
    struct suite_case *t = check->t;
    const struct master *m = check->m;

    for (unsigned turn = 0; turn < TURNS && check->seen == 0 && case_runs(t); turn++) {
        uint64_t overflows = t->env->ops->overflows(t->env);

        if (turn > 0)
            t->env->ops->sleep_us(t->env, turn * (1 + m->rids[0] % 31u) * APART_US);
        case_faults_clear(t, m);
        send(t, arg);
        irq_settle(t, m);
        read_faults(check);
        if (t->env->ops->overflows(t->env) == overflows)
            break;
    }
}

void irq_expect_refused(struct suite_case *t, const struct master *m, const struct irq_refusal *refusal,
                        irq_send_fn *send, void *arg)
{
    struct refusal_check check = { .t = t, .m = m, .refusal = refusal };
    char expected[CASE_TEXT];
    uint64_t all;

    if (!case_runs(t))
        return;
    format_line(expected, sizeof(expected), "an interrupt %s is refused and reported, index 0x%x",
                reasons[refusal->reason].name, refusal->index);
    check.expected = expected;
    all = irq_all(t);
    send_and_read(&check, send, arg);
    if (!case_runs(t))
        return;
    if (irq_all(t) != all)
        case_fail(t, expected, "%llu arrived", (unsigned long long)(irq_all(t) - all));
    if (check.seen == 0 && !leaves_no_record(t))
        case_fail(t, expected, "nothing arrived, and nothing was reported");
}

static void raise_first(struct suite_case *t, void *arg)
{
    irq_raise(t, arg, 0);
}

void irq_expect_raise_refused(struct suite_case *t, struct irq *irq, const struct irq_refusal *refusal)
{
    irq_expect_refused(t, irq->m, refusal, raise_first, irq);
}
