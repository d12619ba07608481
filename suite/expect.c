/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transfers, and what memory and the fault log must show afterwards. All
 * buffers of a case hold one fill value between transfers, so that a byte
 * that arrives anywhere else is seen wherever it lands in them.
 */
#include "case.h"

#include "format.h"
#include "glob.h"
#include "tap.h"

#define FILL_WORD 0xa5a5a5a5a5a5a5a5ull

/* ---- memory ---- */

static size_t words_of(const struct buffer *buffer)
{
    return buffer->allocated_frames * FRAME_BYTES / sizeof(uint64_t);
}

/* The library and devices write these words behind the compiler's back. */
static volatile uint64_t *words_at(const struct buffer *buffer)
{
    return (volatile uint64_t *)(void *)buffer->allocated;
}

void case_refill(struct suite_case *t)
{
    for (size_t b = 0; b < t->buffer_count; b++) {
        volatile uint64_t *word = words_at(&t->buffers[b]);

        for (size_t i = 0; i < words_of(&t->buffers[b]); i++)
            word[i] = FILL_WORD;
    }
}

static size_t bytes_changed(uint64_t word)
{
    size_t count = 0;

    for (word ^= FILL_WORD; word != 0; word >>= 8)
        count += (word & 0xff) != 0;
    return count;
}

size_t case_changed(const struct suite_case *t)
{
    size_t changed = 0;

    for (size_t b = 0; b < t->buffer_count; b++) {
        const volatile uint64_t *word = words_at(&t->buffers[b]);

        for (size_t i = 0; i < words_of(&t->buffers[b]); i++)
            if (word[i] != FILL_WORD)
                changed += bytes_changed(word[i]);
    }
    return changed;
}

static void put_pattern(const struct plan *plan)
{
    const uint8_t *pattern = plan->m->ex->pattern;

    for (size_t p = 0; p < plan->piece_count; p++) {
        for (uint32_t i = 0; i < plan->pieces[p].len; i++)
            ((volatile uint8_t *)plan->pieces[p].at)[i] = pattern[i];
        pattern += plan->pieces[p].len;
    }
}

/* How many bytes of the pieces are not the pattern's; makes them fill again. */
static size_t take_pattern(const struct plan *plan)
{
    const uint8_t *pattern = plan->m->ex->pattern;
    size_t wrong = 0;

    for (size_t p = 0; p < plan->piece_count; p++) {
        volatile uint8_t *at = plan->pieces[p].at;

        for (uint32_t i = 0; i < plan->pieces[p].len; i++) {
            wrong += at[i] != pattern[i];
            at[i] = BUFFER_FILL;
        }
        pattern += plan->pieces[p].len;
    }
    return wrong;
}

/* ---- faults ---- */

/* Where the bus is lost the records of every bus are those of bus 0. */
#define DEVICE_AND_FUNCTION 0xffu

uint16_t case_fault_rid(const struct suite_env *env, uint16_t rid)
{
    return quirk_applies(env, QUIRK_AMD_EVENT_FIELDS) ? rid & DEVICE_AND_FUNCTION : rid;
}

bool case_is_refusal(struct suite_case *t, const struct iommu_fault *fault)
{
    return fault->kind == IOMMU_FAULT_DMA
           || (fault->kind == IOMMU_FAULT_INTERRUPT && quirk_applies(t->env, QUIRK_AMD_EVENT_FIELDS));
}

void case_faults_clear(struct suite_case *t, const struct master *m)
{
    for (size_t i = 0; i < m->rid_count; i++)
        t->env->ops->faults_clear(t->env, iommu_device_segment(m->device), case_fault_rid(t->env, m->rids[i]));
}

#define FAULTS_READ 8

/*
 * Calls visit for the DMA faults of m, at most FAULTS_READ of each id; returns how many there were.
 */
static size_t for_each_fault(struct suite_case *t, const struct master *m,
                             void (*visit)(void *arg, const struct iommu_fault *fault), void *arg)
{
    struct iommu_fault faults[FAULTS_READ];
    size_t seen = 0;

    for (size_t i = 0; i < m->rid_count; i++) {
        size_t count = t->env->ops->faults(t->env, iommu_device_segment(m->device),
                                           case_fault_rid(t->env, m->rids[i]), faults, FAULTS_READ);

        for (size_t f = 0; f < count && f < FAULTS_READ; f++)
            if (case_is_refusal(t, &faults[f])) {
                visit(arg, &faults[f]);
                seen++;
            }
    }
    return seen;
}

struct first_fault {
    struct iommu_fault *out;
    bool found;
};

static void take_first(void *arg, const struct iommu_fault *fault)
{
    struct first_fault *first = arg;

    if (!first->found)
        *first->out = *fault;
    first->found = true;
}

size_t case_faults(struct suite_case *t, const struct master *m, struct iommu_fault *out)
{
    struct first_fault first = { .out = out };

    return for_each_fault(t, m, take_first, &first);
}

/* What else a unit may rightly report where a scenario expects a cause. */
struct alternative {
    const char *vendor;
    enum iommu_fault_cause expected;
    enum iommu_fault_cause seen;
};

static const struct alternative alternatives[] = {
    /* AMD-Vi §2.2.2, Table 8: what a blocked entry refuses is a page fault like any other. */
    { "amd", IOMMU_CAUSE_BLOCKED, IOMMU_CAUSE_NOT_READABLE },
    { "amd", IOMMU_CAUSE_BLOCKED, IOMMU_CAUSE_NOT_WRITABLE },
    /* AMD-Vi §2.2.3: so is an address that has bits above the width of the entry's mode. */
    { "amd", IOMMU_CAUSE_TOO_WIDE, IOMMU_CAUSE_NOT_READABLE },
    { "amd", IOMMU_CAUSE_TOO_WIDE, IOMMU_CAUSE_NOT_WRITABLE },
};

static const char *cause_name(enum iommu_fault_cause cause)
{
    static const char *const names[] = {
        [IOMMU_CAUSE_OTHER] = "other",
        [IOMMU_CAUSE_BLOCKED] = "blocked",
        [IOMMU_CAUSE_NOT_READABLE] = "not-readable",
        [IOMMU_CAUSE_NOT_WRITABLE] = "not-writable",
        [IOMMU_CAUSE_TOO_WIDE] = "too-wide",
        [IOMMU_CAUSE_BAD_ENTRY] = "bad-entry",
        [IOMMU_CAUSE_INTERRUPT] = "interrupt",
    };

    return (size_t)cause < sizeof(names) / sizeof(names[0]) ? names[cause] : "unknown";
}

struct fault_check {
    struct suite_case *t;
    const struct plan *plan;
    const struct refusal *refusal;
    bool wrong;
    char seen[CASE_TEXT];
};

static bool cause_fits(const struct fault_check *check, enum iommu_fault_cause cause)
{
    const struct refusal *refusal = check->refusal;

    if (cause == refusal->cause || (cause != IOMMU_CAUSE_OTHER && cause == refusal->or_cause))
        return true;
    for (size_t i = 0; i < sizeof(alternatives) / sizeof(alternatives[0]); i++)
        if (alternatives[i].expected == refusal->cause && alternatives[i].seen == cause
            && suite_vendor_is(check->t->env, alternatives[i].vendor))
            return true;
    return false;
}

static bool pages_hold(uint64_t iova, uint32_t len, uint64_t page)
{
    return page % FRAME_BYTES == 0 && page + FRAME_BYTES > iova && page < iova + len;
}

static bool address_fits(const struct fault_check *check, const struct iommu_fault *fault)
{
    const struct plan *plan = check->plan;
    uint64_t end = check->refusal->cut_end, recorded = end == 0 ? plan->iova : plan->iova % end;

    if (check->refusal->any_address || pages_hold(recorded, plan->len, fault->iova))
        return true;
    return pages_hold(plan->iova, plan->len, fault->iova)
           && case_quirk(check->t, QUIRK_QEMU_WIDE_ADDRESS);
}

/* AMD-Vi §2.2.6: with guest tables a request without PASID is one of PASID 0 (GIoV), and recorded so. */
static bool pasid_fits(const struct fault_check *check, const struct iommu_fault *fault)
{
    const struct iommu_domain *domain = iommu_device_domain(check->plan->m->device);

    if (fault->pasid == IOMMU_NO_PASID)
        return true;
    return fault->pasid == 0 && domain != NULL && case_format_is(domain, "amd-v2");
}

static bool fault_fits(const struct fault_check *check, const struct iommu_fault *fault)
{
    const struct refusal *refusal = check->refusal;
    enum iommu_access access =
        check->plan->operation == EX_WRITE ? IOMMU_ACCESS_WRITE : IOMMU_ACCESS_READ;

    if (case_quirk(check->t, QUIRK_AMD_EVENT_FIELDS))
        return true;
    if (!cause_fits(check, fault->cause))
        return false;
    if (!refusal->any_address && fault->access != access)
        return false;
    if (refusal->level != ANY_LEVEL && fault->walk_level != refusal->level)
        return false;
    return address_fits(check, fault) && fault->device == check->plan->m->device
        && pasid_fits(check, fault);
}

static void check_fault(void *arg, const struct iommu_fault *fault)
{
    struct fault_check *check = arg;

    if (check->wrong || fault_fits(check, fault))
        return;
    check->wrong = true;
    format_line(check->seen, sizeof(check->seen),
                "fault reason 0x%02x (%s), %s from " IOMMU_RID_FORMAT
                " (%s device) at 0x%llx, level 0x%x",
                fault->reason, fault->reason_name,
                fault->access == IOMMU_ACCESS_WRITE ? "write" : "read",
                IOMMU_RID_ARGS(fault->segment, fault->rid),
                fault->device == check->plan->m->device ? "its" : "not its",
                (unsigned long long)fault->iova, fault->walk_level);
}

static void say_refusal(char *out, size_t size, const struct plan *plan,
                        const struct refusal *refusal)
{
    const struct master *m = plan->m;

    format_line(out, size,
                "fault %s, %s from " IOMMU_RID_FORMAT " at 0x%llx%s, level 0x%x",
                cause_name(refusal->cause), plan->operation == EX_WRITE ? "write" : "read",
                IOMMU_RID_ARGS(iommu_device_segment(m->device), m->rids[0]),
                (unsigned long long)(plan->iova & ~(FRAME_BYTES - 1)),
                refusal->any_address ? " or at its queues" : "", refusal->level);
}

/* ---- transfers ---- */

enum ex_operation case_operation(const struct master *m)
{
    return m->ex->can_write ? EX_WRITE : EX_READ;
}

struct refusal refusal_of(enum ex_operation operation, uint8_t level)
{
    return (struct refusal){
        .cause = operation == EX_WRITE ? IOMMU_CAUSE_NOT_WRITABLE : IOMMU_CAUSE_NOT_READABLE,
        .level = level };
}

struct refusal refusal_unattached(const struct master *m, enum ex_operation operation)
{
    struct refusal refusal = { .cause = IOMMU_CAUSE_BLOCKED, .level = IOMMU_LEVEL_NONE };

    if (iommu_device_has_reserved(m->device))
        refusal = refusal_of(operation, ANY_LEVEL);
    /* It may be stopped at its own queues, which it reads. */
    if (iommu_device_has_reserved(m->device) && operation == EX_WRITE)
        refusal.or_cause = IOMMU_CAUSE_NOT_READABLE;
    refusal.any_address = true;
    return refusal;
}

struct plan plan_page(struct master *m, enum ex_operation operation, uint64_t page_iova,
                      const struct buffer *buffer, size_t frame)
{
    struct plan plan = {
        .m = m, .operation = operation, .iova = page_iova + m->offset, .len = m->len
    };

    if (buffer != NULL) {
        plan.pieces[0] = (struct piece){ buffer->at + frame * FRAME_BYTES + m->offset, m->len };
        plan.piece_count = 1;
    }
    return plan;
}

/* A disk that was named by its serial number, which is known after the first rebase(). */
static bool is_scratch(const struct suite_env *env, const struct exerciser *ex)
{
    const char *named = env->scratch_serial;

    if (ex->scratch || named == NULL || *named == '\0')
        return false;
    return text_is(named, ex->serial);
}

void case_ready(struct suite_case *t, struct master *m)
{
    enum ex_status status;

    if (!m->needs_rebase || !case_runs(t))
        return;
    status = m->ex->ops->rebase(m->ex, m->private_iova);
    if (status == EX_DONE && is_scratch(t->env, m->ex)) {
        m->ex->scratch = true;
        status = m->ex->ops->rebase(m->ex, m->private_iova);
    }
    if (status != EX_DONE)
        case_fail(t, "the exerciser works after its private memory is mapped", "%s",
                  ex_status_name(status));
    m->needs_rebase = false;
}

void case_prepare(struct suite_case *t, struct master *m)
{
    enum ex_status status;

    case_ready(t, m);
    if (!case_runs(t))
        return;
    status = m->ex->ops->prepare(m->ex);
    if (status != EX_DONE)
        case_fail(t, "the exerciser takes its pattern from its private memory", "%s",
                  ex_status_name(status));
}

/* A write of a device that holds its pattern does no other DMA. */
static void before_transfer(struct suite_case *t, const struct plan *plan)
{
    if (plan->operation == EX_WRITE)
        case_prepare(t, plan->m);
    else
        case_ready(t, plan->m);
}

#define POLLS_EACH 8u

static bool operation_exists(struct suite_case *t, const struct plan *plan)
{
    const struct exerciser *ex = plan->m->ex;

    if (plan->operation == EX_WRITE ? !ex->can_write : !ex->can_read)
        case_skip(t, "%s does no DMA %s here", ex->ops->name,
                  plan->operation == EX_WRITE ? "write" : "read");
    return case_runs(t);
}

static enum ex_status run_transfer(struct suite_case *t, const struct plan *plan)
{
    struct exerciser *ex = plan->m->ex;
    const struct ex_dma dma = { plan->operation, plan->iova, plan->len };
    enum ex_status status;

    if (plan->meanwhile == NULL)
        return exerciser_run(ex, &dma);
    status = ex->ops->start(ex, &dma);
    if (status == EX_PENDING)
        plan->meanwhile(t, plan->arg);
    while (status == EX_PENDING) {
        t->env->ops->sleep_us(t->env, ex->typical_us / POLLS_EACH + 1);
        status = ex->ops->poll(ex);
    }
    return status;
}

static enum ex_status transfer(struct suite_case *t, const struct plan *plan)
{
    enum ex_status status;

    if (plan->operation == EX_READ)
        put_pattern(plan);
    status = run_transfer(t, plan);
    if (status == EX_UNSUPPORTED)
        case_skip(t, "the exerciser cannot do %u bytes at 0x%llx", plan->len,
                  (unsigned long long)plan->iova);
    plan->m->needs_rebase |= status == EX_ABORTED || status == EX_TIMEOUT;
    return status;
}

/* The physical address of a byte of the case's buffers. */
static uint64_t pa_of(const struct suite_case *t, const uint8_t *at)
{
    for (size_t b = 0; b < t->buffer_count; b++) {
        const struct buffer *buffer = &t->buffers[b];

        if (at >= buffer->at && at < buffer->at + buffer->frames * FRAME_BYTES)
            return buffer->pa + (uint64_t)(at - buffer->at);
    }
    return 0;
}

/* Where the bytes arrived, to be compared with what the emulator says (tests/boot/checks.py). */
static void say_arrived(struct suite_case *t, const struct plan *plan)
{
    const struct master *m = plan->m;
    struct iommu_domain_info info;
    struct iommu_domain *domain;
    uint64_t iova = plan->iova;

    domain = m->device == NULL ? NULL : iommu_device_domain(m->device);
    if (!t->env->trace_dma || domain == NULL)
        return;
    iommu_domain_info(domain, &info);
    if (info.levels == 0)
        return;
    for (size_t p = 0; p < plan->piece_count; iova += plan->pieces[p++].len)
        tap_text(t->env, "# dma %s rids=0x%04x,0x%04x %s iova=0x%llx pa=0x%llx\n", m->ex->label,
                 m->rids[0], m->rids[m->rid_count - 1], plan->operation == EX_WRITE ? "write" : "read",
                 (unsigned long long)iova, (unsigned long long)pa_of(t, plan->pieces[p].at));
}

/* Where records lose the bus, another exerciser's may look like this one's. */
static bool shares_records(struct suite_case *t, const struct master *m)
{
    uint16_t rids[IOMMU_DEVICE_RIDS];

    for (size_t i = 0; i < t->env->exerciser_count; i++) {
        struct exerciser *ex = t->env->exercisers[i];
        size_t count = ex == m->ex || ex->device == NULL ? 0 : case_requester_ids(t->env, ex, rids);

        for (size_t r = 0; r < count * m->rid_count; r++)
            if (case_fault_rid(t->env, rids[r % count]) == case_fault_rid(t->env, m->rids[r / count]))
                return case_quirk(t, QUIRK_AMD_EVENT_FIELDS);
    }
    return false;
}

void expect_arrives(struct suite_case *t, const struct plan *plan)
{
    struct iommu_fault fault = { 0 };
    enum ex_status status;
    size_t wrong, elsewhere, faults;

    if (!operation_exists(t, plan))
        return;
    before_transfer(t, plan);
    case_faults_clear(t, plan->m);
    if (!case_runs(t))
        return;
    status = transfer(t, plan);
    wrong = take_pattern(plan);
    elsewhere = case_changed(t);
    faults = case_faults(t, plan->m, &fault);
    if (status == EX_DONE && wrong == 0 && elsewhere == 0 && (faults == 0 || shares_records(t, plan->m))) {
        say_arrived(t, plan);
        return;
    }
    case_refill(t);
    if (faults > 0)
        case_fail(t, "the transfer arrives in its frame and nowhere else",
                  "%s at 0x%llx ended %s, fault reason 0x%02x (%s) at 0x%llx",
                  plan->operation == EX_WRITE ? "write" : "read", (unsigned long long)plan->iova,
                  ex_status_name(status), fault.reason, fault.reason_name,
                  (unsigned long long)fault.iova);
    else
        case_fail(t, "the transfer arrives in its frame and nowhere else",
                  "%s at 0x%llx ended %s, %u of %u bytes wrong, %u changed elsewhere, no fault",
                  plan->operation == EX_WRITE ? "write" : "read", (unsigned long long)plan->iova,
                  ex_status_name(status), (unsigned)wrong, plan->len, (unsigned)elsewhere);
}

/* The buffers as before a transfer that must not arrive; false: the case has ended. */
static bool nothing_arrived(struct suite_case *t, const struct plan *plan, const char *expected)
{
    enum ex_status status = transfer(t, plan);
    size_t changed;

    if (t->outcome != CASE_RUNS) {
        case_refill(t);
        return false;
    }
    /* The pattern that a read found is the scenario's own; it must be there still. */
    if (plan->operation == EX_READ && take_pattern(plan) != 0)
        case_fail(t, expected, "the frame to be read from has changed");
    changed = case_changed(t);
    if (plan->operation == EX_READ && status == EX_DONE)
        case_fail(t, expected, "the read saw the frame");
    if (changed > 0)
        case_fail(t, expected, "%u bytes changed", (unsigned)changed);
    case_refill(t);
    return t->outcome == CASE_RUNS;
}

/*
 * An expected fault may be lost where a unit has few fault records and another
 * device faulted at the same moment (VT-d §7.2.1): when none is there but
 * records overflowed meanwhile, the transfer is made again, a few times.
 */
#define REFUSAL_TURNS 5u
#define APART_US 1700u

static size_t refused_turns(struct suite_case *t, struct fault_check *check, const char *expected)
{
    const struct plan *plan = check->plan;
    uint64_t overflows;
    size_t count = 0;

    for (unsigned turn = 0; turn < REFUSAL_TURNS && count == 0; turn++) {
        /* Two devices that met once would meet again: each waits a time of its own. */
        if (turn > 0)
            t->env->ops->sleep_us(t->env, turn * (1 + plan->m->rids[0] % 31u) * APART_US);
        if (!check->refusal->any_address)
            before_transfer(t, plan);
        case_faults_clear(t, plan->m);
        if (!case_runs(t))
            return 0;
        overflows = t->env->ops->overflows(t->env);
        /* A device stopped at its queues sends nothing until it is reset; then it reads them again. */
        if (turn > 0 && check->refusal->any_address && plan->m->needs_rebase)
            (void)plan->m->ex->ops->rebase(plan->m->ex, plan->m->private_iova);
        if (!nothing_arrived(t, plan, expected))
            return 0;
        count = for_each_fault(t, plan->m, check_fault, check);
        if (t->env->ops->overflows(t->env) == overflows)
            break;
    }
    return count;
}

/* An emulator that records nothing of it, or nothing of devices in no domain. */
static bool leaves_no_record(struct suite_case *t, const struct refusal *refusal)
{
    return case_quirk(t, QUIRK_AMD_NO_EVENTS) ||
           (refusal->cause == IOMMU_CAUSE_BLOCKED && case_quirk(t, QUIRK_AMD_NO_BLOCKED_EVENTS));
}

void expect_refused(struct suite_case *t, const struct plan *plan, const struct refusal *refusal)
{
    struct fault_check check = { .t = t, .plan = plan, .refusal = refusal };
    char expected[CASE_TEXT];
    size_t count;

    if (!operation_exists(t, plan))
        return;
    say_refusal(expected, sizeof(expected), plan, refusal);
    count = refused_turns(t, &check, expected);
    if (!case_runs(t))
        return;
    if (count == 0 && !leaves_no_record(t, refusal))
        case_fail(t, expected, "no fault, no byte changed");
    else if (check.wrong)
        case_fail(t, expected, "%s", check.seen);
}

void expect_nothing(struct suite_case *t, const struct plan *plan)
{
    if (operation_exists(t, plan))
        (void)nothing_arrived(t, plan, "no byte of the transfer arrives");
}
