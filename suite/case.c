/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A case: its outcome, and the frames, domains and attachments it owns until the runner closes it.
 */
#include "case.h"

#include "format.h"
#include "glob.h"

/* ---- outcome ---- */

bool case_runs(struct suite_case *t)
{
    if (t->outcome == CASE_RUNS && t->env->ops->now_us(t->env) > t->deadline_us)
        case_fail(t, "an end within the scenario's time", "timed out after %llu ms",
                  (unsigned long long)(t->deadline_us - t->start_us) / 1000);
    return t->outcome == CASE_RUNS;
}

void case_skip(struct suite_case *t, const char *format, ...)
{
    va_list args;

    if (t->outcome != CASE_RUNS)
        return;
    t->outcome = CASE_SKIPPED;
    va_start(args, format);
    format_text(t->seen, sizeof(t->seen), format, args);
    va_end(args);
}

void case_note(struct suite_case *t, const char *format, ...)
{
    va_list args;

    if (t->outcome != CASE_RUNS)
        return;
    va_start(args, format);
    format_text(t->note, sizeof(t->note), format, args);
    va_end(args);
}

bool case_quirk(struct suite_case *t, enum suite_quirk which)
{
    if (!quirk_applies(t->env, which))
        return false;
    t->quirks |= 1u << which;
    return true;
}

void case_needs_no(struct suite_case *t, enum suite_quirk which)
{
    if (quirk_applies(t->env, which))
        case_skip(t, "quirk %s: %s", quirk(which)->name, quirk(which)->left_out);
}

void case_fail(struct suite_case *t, const char *expected, const char *seen, ...)
{
    va_list args;

    if (t->outcome != CASE_RUNS)
        return;
    t->outcome = CASE_FAILED;
    format_line(t->expected, sizeof(t->expected), "%s", expected);
    va_start(args, seen);
    format_text(t->seen, sizeof(t->seen), seen, args);
    va_end(args);
}

void case_finding(struct suite_case *t, const struct fw_finding *finding)
{
    const struct fw_sink *sink = t->env->findings;

    if (sink != NULL && case_runs(t))
        sink->found(sink->ctx, finding);
}

void case_check(struct suite_case *t, bool ok, const char *what)
{
    if (!ok)
        case_fail(t, what, "it is not so");
}

void case_status(struct suite_case *t, const char *what, enum iommu_status seen,
                 enum iommu_status wanted)
{
    char expected[CASE_TEXT];

    if (seen == wanted)
        return;
    format_line(expected, sizeof(expected), "%s returns %s", what, iommu_status_name(wanted));
    case_fail(t, expected, "%s", iommu_status_name(seen));
}

void case_needs_masters(struct suite_case *t, size_t count)
{
    if (t->master_count < count)
        case_skip(t, "needs %u exerciser(s) covered by a unit, there are %u", (unsigned)count,
                  (unsigned)t->master_count);
}

uint64_t case_address_end(const struct exerciser *ex)
{
    return ex->address_bits >= 64 ? UINT64_MAX : 1ull << ex->address_bits;
}

void case_needs_bits(struct suite_case *t, const struct master *m, unsigned bits)
{
    if (m->ex->address_bits < bits)
        case_skip(t, "the device sends %u address bits, %u are needed", m->ex->address_bits, bits);
}

/* Marsaglia's xorshift64: repeatable from the seed that the run prints. */
uint64_t case_random(struct suite_case *t, uint64_t below)
{
    t->random ^= t->random << 13;
    t->random ^= t->random >> 7;
    t->random ^= t->random << 17;
    return t->random % below;
}

/* ---- frames ---- */

struct buffer *case_try_buffer(struct suite_case *t, size_t frames, uint64_t align,
                               uint64_t start_pa, uint64_t end_pa)
{
    size_t canaries = align == FRAME_BYTES ? 1 : 0;
    struct buffer *buffer = &t->buffers[t->buffer_count];
    uint64_t pa = 0;

    if (!case_runs(t))
        return NULL;
    if (t->buffer_count == CASE_BUFFERS) {
        case_fail(t, "no more buffers than a case holds", "%u are in use", CASE_BUFFERS);
        return NULL;
    }
    buffer->allocated_frames = frames + 2 * canaries;
    buffer->allocated =
        t->env->ops->frames_alloc(t->env, buffer->allocated_frames, align, start_pa, end_pa, &pa);
    if (buffer->allocated == NULL)
        return NULL;
    buffer->frames = frames;
    buffer->at = buffer->allocated + canaries * FRAME_BYTES;
    buffer->pa = pa + canaries * FRAME_BYTES;
    t->buffer_count++;
    case_refill(t);
    return buffer;
}

struct buffer *case_buffer(struct suite_case *t, size_t frames, uint64_t align, uint64_t start_pa,
                           uint64_t end_pa)
{
    struct buffer *buffer = case_try_buffer(t, frames, align, start_pa, end_pa);

    if (buffer == NULL)
        case_skip(t, "no %u free frames in 0x%llx-0x%llx", (unsigned)frames,
                  (unsigned long long)start_pa, (unsigned long long)end_pa);
    return buffer;
}

struct buffer *case_frame(struct suite_case *t)
{
    return case_buffer(t, 1, FRAME_BYTES, 0, UINT64_MAX);
}

/* ---- domains ---- */

static struct iommu_domain *make_domain(struct suite_case *t, enum iommu_domain_type type,
                                        const struct master *masters, size_t count,
                                        unsigned input_bits)
{
    struct iommu_device *devices[CASE_MASTERS];
    struct iommu_domain *domain = NULL;

    for (size_t i = 0; i < count; i++)
        devices[i] = masters[i].device;
    if (!case_runs(t))
        return NULL;
    if (t->domain_count == CASE_DOMAINS) {
        case_fail(t, "no more domains than a case holds", "%u are in use", CASE_DOMAINS);
        return NULL;
    }
    case_status(t, "iommu_domain_create",
                iommu_domain_create(t->env->iommu, &(struct iommu_domain_desc){
                    .type = type, .devices = devices, .device_count = count,
                    .input_bits = input_bits, .identity_end = t->env->ops->ram_end(t->env) }, &domain),
                IOMMU_OK);
    if (t->outcome == CASE_RUNS)
        t->domains[t->domain_count++] = domain;
    return domain;
}

struct iommu_domain *case_domain(struct suite_case *t, enum iommu_domain_type type,
                                 const struct master *masters, size_t count)
{
    return make_domain(t, type, masters, count, 0);
}

void case_destroy(struct suite_case *t, struct iommu_domain *domain)
{
    if (!case_runs(t))
        return;
    case_status(t, "iommu_domain_destroy", iommu_domain_destroy(domain), IOMMU_OK);
    for (size_t i = 0; i < t->domain_count && t->outcome == CASE_RUNS; i++)
        if (t->domains[i] == domain) {
            t->domains[i] = t->domains[--t->domain_count];
            break;
        }
}

void case_map(struct suite_case *t, struct iommu_domain *domain, uint64_t iova, uint64_t pa,
              uint64_t len, unsigned prot)
{
    if (!case_runs(t))
        return;
    case_status(t, "iommu_map", iommu_map(domain, &(struct iommu_mapping){
                    .iova = iova, .pa = pa, .len = len, .prot = prot }), IOMMU_OK);
}

void case_unmap(struct suite_case *t, struct iommu_domain *domain, uint64_t iova, uint64_t len)
{
    uint64_t unmapped = 0;

    if (!case_runs(t))
        return;
    case_status(t, "iommu_unmap", iommu_unmap(domain, iova, len, &unmapped), IOMMU_OK);
    if (unmapped != len)
        case_fail(t, "iommu_unmap takes away the whole range", "0x%llx of 0x%llx bytes",
                  (unsigned long long)unmapped, (unsigned long long)len);
}

/* ---- attachments ---- */

void case_bus_master(struct suite_case *t, struct master *m, bool on)
{
    if (case_runs(t))
        t->env->ops->bus_master(t->env, m->ex, on);
}

/*
 * The exerciser's memory may be in the domain already: attached before, or by a mapping of the
 * scenario.
 */
static void map_private(struct suite_case *t, struct iommu_domain *domain, const struct master *m)
{
    uint64_t pa;

    if (iommu_lookup(domain, m->private_iova, &pa) == IOMMU_OK && pa == m->ex->private_pa)
        return;
    case_map(t, domain, m->private_iova, m->ex->private_pa, m->ex->private_pages * FRAME_BYTES,
             IOMMU_RW);
}

void case_attach(struct suite_case *t, struct iommu_domain *domain, struct master *m)
{
    struct iommu_domain_info info;

    if (!case_runs(t))
        return;
    iommu_domain_info(domain, &info);
    m->private_iova =
        info.type == IOMMU_DOMAIN_IDENTITY ? m->ex->private_pa : case_private_iova(t, m);
    if (info.type == IOMMU_DOMAIN_UNMANAGED && m->ex->private_pages > 0)
        map_private(t, domain, m);
    if (!case_runs(t))
        return;
    case_status(t, "iommu_attach", iommu_attach(domain, m->device, IOMMU_NO_PASID), IOMMU_OK);
    if (t->outcome != CASE_RUNS)
        return;
    m->attached = true;
    t->env->ops->bus_master(t->env, m->ex, true);
    m->needs_rebase = true;
    if (info.type != IOMMU_DOMAIN_BLOCKED)
        case_ready(t, m);
}

void case_enter_bare(struct suite_case *t, struct master *m)
{
    m->private_iova = m->ex->private_pa;
    if (m->ex->private_pa + m->ex->private_pages * FRAME_BYTES > case_address_end(m->ex))
        case_skip(t, "the device cannot reach its private memory at 0x%llx",
                  (unsigned long long)m->ex->private_pa);
    if (!case_runs(t))
        return;
    t->env->ops->bus_master(t->env, m->ex, true);
    m->needs_rebase = true;
}

void case_detach(struct suite_case *t, struct master *m)
{
    if (!case_runs(t))
        return;
    case_status(t, "iommu_detach", iommu_detach(m->device, IOMMU_NO_PASID), IOMMU_OK);
    m->attached = false;
}

struct iommu_domain *case_enter(struct suite_case *t, struct master *m)
{
    struct iommu_domain *domain = case_domain(t, IOMMU_DOMAIN_UNMANAGED, m, 1);

    case_attach(t, domain, m);
    return domain;
}

struct iommu_domain *case_enter_wide(struct suite_case *t, struct master *m)
{
    struct iommu_unit_info info = { 0 };
    struct iommu_domain *domain;

    case_status(t, "iommu_unit_info",
                iommu_unit_info(t->env->iommu, iommu_device_unit(m->device), &info), IOMMU_OK);
    domain = make_domain(t, IOMMU_DOMAIN_UNMANAGED, m, 1, info.input_bits);
    case_attach(t, domain, m);
    return domain;
}

bool case_state_is(const struct master *m, const char *state)
{
    return text_is(iommu_debug_device_state(m->device), state);
}

const char *case_unattached_state(const struct master *m)
{
    return iommu_device_has_reserved(m->device) ? "translated" : "blocked";
}

/* ---- beginning and end ---- */

static size_t index_of(const struct suite_env *env, const struct exerciser *ex)
{
    size_t i = 0;

    while (i < env->exerciser_count && env->exercisers[i] != ex)
        i++;
    return i;
}

/*
 * Apart from the interrupt range (VT-d §3.15) and from every window below; 1 MiB
 * for each exerciser, so that several share a domain.
 */
uint64_t case_private_iova(const struct suite_case *t, const struct master *m)
{
    uint64_t base = m->ex->address_bits >= 32 ? 0xe0000000ull : 0x0c000000ull;

    return base + index_of(t->env, m->ex) * 0x100000ull;
}

static uint32_t round_up(uint32_t value, uint32_t step)
{
    return (value + step - 1) / step * step;
}

static bool meets_region(const struct iommu_device *device, uint64_t start, uint64_t end)
{
    struct iommu_region region;

    for (size_t i = 0; iommu_reserved_region(device, i, &region) == IOMMU_OK; i++)
        if (region.start < end && start < region.end)
            return true;
    return false;
}

/*
 * A GiB below the private memory, other than taken and apart from what firmware reserves for the
 * device, which is mapped in every domain it enters.
 */
static uint64_t free_gib(const struct iommu_device *device, uint64_t taken)
{
    static const uint64_t order[] = { GIB1, 2 * GIB1, 0 };

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        if (order[i] != taken && !meets_region(device, order[i], order[i] + GIB1))
            return order[i];
    return order[0];
}

static bool meets_hole(const struct iommu_domain *domain, uint64_t start, uint64_t end)
{
    struct iommu_region hole;

    for (size_t i = 0; iommu_domain_hole(domain, i, &hole) == IOMMU_OK; i++)
        if (hole.start < end && start < hole.end)
            return true;
    return false;
}

static bool meets_private(const struct suite_case *t, uint64_t start, uint64_t end)
{
    for (size_t i = 0; i < t->master_count; i++) {
        const struct master *m = &t->master[i];
        uint64_t private_end = m->private_iova + m->ex->private_pages * FRAME_BYTES;

        if ((m->private_iova < end && start < private_end) || meets_region(m->device, start, end))
            return true;
    }
    return false;
}

#define PLACES 64u

uint64_t case_free_iova(const struct suite_case *t, const struct iommu_domain *domain, uint64_t len)
{
    struct iommu_domain_info info;

    iommu_domain_info(domain, &info);
    for (uint64_t i = 1; i <= PLACES && len <= info.aperture_end / (i + 1); i++)
        if (!meets_hole(domain, i * len, (i + 1) * len)
            && !meets_private(t, i * len, (i + 1) * len))
            return i * len;
    return 0;
}

bool case_format_is(const struct iommu_domain *domain, const char *format)
{
    struct iommu_domain_info info;

    iommu_domain_info(domain, &info);
    return text_is(info.format, format);
}

bool case_reaches(const struct master *m, uint64_t end)
{
    return end <= case_address_end(m->ex);
}

struct master *case_add_bare_master(struct suite_case *t, struct exerciser *ex)
{
    struct master *m = &t->master[t->master_count++];
    uint32_t step = ex->step_len > ex->align ? ex->step_len : ex->align;

    *m = (struct master){ .ex = ex };
    m->len = round_up(64, step);
    if (m->len > ex->max_len)
        m->len = ex->max_len;
    m->offset = round_up(256, ex->align);
    if (m->offset + m->len > FRAME_BYTES)
        m->offset = 0;
    return m;
}

size_t case_requester_ids(struct suite_env *env, struct exerciser *ex,
                          uint16_t rids[IOMMU_DEVICE_RIDS])
{
    size_t count = 0;

    if (env->ops->requester_ids != NULL)
        count = env->ops->requester_ids(env, ex, rids, IOMMU_DEVICE_RIDS);
    else if (ex->function != NULL)
        count = pci_requester_ids(ex->function, rids, IOMMU_DEVICE_RIDS);
    if (count > 0)
        return count;
    rids[0] = iommu_device_rid(ex->device);
    return 1;
}

void case_add_master(struct suite_case *t, struct exerciser *ex)
{
    struct master *m = case_add_bare_master(t, ex);

    m->device = ex->device;
    m->window = ex->address_bits >= 32 ? free_gib(ex->device, UINT64_MAX) : 0x08000000ull;
    m->other_gib = free_gib(ex->device, m->window);
    m->rid_count = case_requester_ids(t->env, ex, m->rids);
}

static void quiet(struct suite_case *t, struct master *m)
{
    m->ex->ops->stop(m->ex);
    t->env->ops->bus_master(t->env, m->ex, false);
    if (m->attached && iommu_detach(m->device, IOMMU_NO_PASID) != IOMMU_OK)
        case_fail(t, "the device can be detached at the end", "iommu_detach failed");
}

/* Sources first: nothing leads to their vectors then. */
static void free_interrupts(struct suite_case *t)
{
    for (size_t i = 0; i < t->irq_count; i++) {
        enum iommu_status status = t->env->ops->irqs->free(t->env, t->irqs[i]);

        if (status != IOMMU_OK)
            case_fail(t, "the interrupts can be freed at the end", "%s", iommu_status_name(status));
    }
    for (size_t i = 0; i < t->vector_count; i++)
        t->env->ops->irqs->vector_free(t->env, t->vectors[i]);
    t->irq_count = 0;
    t->vector_count = 0;
}

void case_close(struct suite_case *t)
{
    for (size_t i = 0; i < t->master_count; i++)
        quiet(t, &t->master[i]);
    free_interrupts(t);
    for (size_t i = 0; i < t->domain_count; i++) {
        enum iommu_status status = iommu_domain_destroy(t->domains[i]);

        if (status != IOMMU_OK)
            case_fail(t, "the domain can be destroyed at the end", "%s", iommu_status_name(status));
    }
    for (size_t i = 0; i < t->buffer_count; i++)
        t->env->ops->frames_free(t->env, t->buffers[i].allocated, t->buffers[i].allocated_frames);
    t->domain_count = 0;
    t->buffer_count = 0;
}
