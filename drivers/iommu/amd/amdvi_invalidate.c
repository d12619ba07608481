/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What to invalidate (AMD-Vi §2.4): exactly the range that has changed where a
 * few commands say it, since each names a power of two of pages aligned to
 * itself; else the one power of two that covers it.
 */
#include "amd/amdvi.h"

/* A batch that is refused so often is not refused because of its neighbours. */
#define SUBMISSIONS_MAX 3u
/* Commands for one range; beyond, one that flushes more costs less. */
#define RANGE_COMMANDS_MAX 8u
/* The widest range that a command names. */
#define RANGE_MAX BIT64(52)

/*
 * A batch was refused, perhaps only because of a neighbour's command, which
 * ends what is under way beside it. An invalidation may be repeated; one that
 * is never confirmed leaves the unit's protection in doubt.
 */
static IOMMU_COLD enum iommu_status
submit_again(struct amdvi_unit *unit, const struct amdvi_command *commands, uint32_t count)
{
    for (unsigned i = 1; i < SUBMISSIONS_MAX; i++) {
        enum iommu_status status = amdvi_queue_run(unit, commands, count);

        if (status != IOMMU_ERR_QUEUE)
            return status;
    }
    iommu_unit_fence(&unit->base, "invalidation", IOMMU_ERR_QUEUE);
    return IOMMU_ERR_QUEUE;
}

/* A unit without our tables has nothing of them: it has not begun, or it has been stopped. */
enum iommu_status amdvi_invalidate(struct amdvi_unit *unit, const struct amdvi_command *commands, uint32_t count)
{
    enum iommu_status status;

    if (__builtin_expect(!unit->has_tables, 0))
        return IOMMU_OK;
    status = amdvi_queue_run(unit, commands, count);
    if (__builtin_expect(status == IOMMU_ERR_QUEUE, 0))
        return submit_again(unit, commands, count);
    return status;
}

static IOMMU_COLD enum iommu_status submit_one_again(struct amdvi_unit *unit, struct amdvi_command command)
{
    return submit_again(unit, &command, 1);
}

static enum iommu_status invalidate_one(struct amdvi_unit *unit, struct amdvi_command command)
{
    enum iommu_status status;

    if (__builtin_expect(!unit->has_tables, 0))
        return IOMMU_OK;
    status = amdvi_queue_run_one(unit, command);
    if (__builtin_expect(status == IOMMU_ERR_QUEUE, 0))
        return submit_one_again(unit, command);
    return status;
}

/* Beside a device with one id this is rare, and its batch would be on the stack of both. */
static IOMMU_COLD enum iommu_status
flush_interrupts_of_several(struct amdvi_unit *unit, const uint16_t *rids, uint32_t count)
{
    struct amdvi_command batch[IOMMU_DEVICE_RIDS];

    for (uint32_t i = 0; i < count; i++)
        batch[i] = amdvi_invalidate_interrupts(rids[i]);
    return amdvi_invalidate(unit, batch, count);
}

enum iommu_status amdvi_flush_interrupts(struct amdvi_unit *unit, const uint16_t *rids, uint32_t count)
{
    return count == 1 ? invalidate_one(unit, amdvi_invalidate_interrupts(rids[0]))
                      : flush_interrupts_of_several(unit, rids, count);
}

/* ---- ranges ---- */

/* The largest power of two that begins at start, is aligned to itself and ends by end. */
static uint64_t first_part(uint64_t start, uint64_t end)
{
    uint64_t len = BIT64(63 - (unsigned)__builtin_clzll(end - start));
    uint64_t aligned = start & -start;

    return aligned != 0 && aligned < len ? aligned : len;
}

/* The smallest power of two, aligned to itself, that has all of it; everything where no command names that. */
static struct amdvi_command covering(const struct amdvi_unit *unit, uint32_t domain_id,
                                     const struct iommu_gather *gather)
{
    uint64_t differs = gather->start ^ (gather->end - 1), len;

    if (gather->start >= gather->end || differs >= RANGE_MAX)
        return amdvi_invalidate_domain(unit, domain_id);
    len = 2 * BIT64(63 - (unsigned)__builtin_clzll(differs));
    return amdvi_invalidate_pages(unit, domain_id, amdvi_range_word(gather->start & -len, len), gather->tables);
}

/*
 * True if a range is of no more parts than commands may be used for. They grow up to the address between its ends
 * that is aligned most, and shrink behind it: as many as bits are set in the two lengths.
 */
static bool few_parts(uint64_t start, uint64_t end)
{
    uint64_t below, before, behind;
    uint32_t parts = 0;

    if (start >= end)
        return false;
    below = BIT64(63 - (unsigned)__builtin_clzll(start ^ end)) - 1;
    before = (end & ~below) - start;
    behind = end & below;
    for (; before != 0 && parts <= RANGE_COMMANDS_MAX; parts++)
        before &= before - 1;
    for (; behind != 0 && parts <= RANGE_COMMANDS_MAX; parts++)
        behind &= behind - 1;
    return parts <= RANGE_COMMANDS_MAX;
}

/* The range in parts, as many as its two ends ask for. */
static IOMMU_COLD enum iommu_status
flush_parts(struct amdvi_unit *unit, uint32_t domain_id, const struct iommu_gather *gather)
{
    struct amdvi_command batch[RANGE_COMMANDS_MAX];
    uint64_t start = gather->start;
    uint32_t count = 0;

    if (!few_parts(start, gather->end))
        return invalidate_one(unit, covering(unit, domain_id, gather));
    while (start < gather->end) {
        uint64_t len = first_part(start, gather->end);

        if (len > RANGE_MAX)
            break;
        batch[count++] = amdvi_invalidate_pages(unit, domain_id, amdvi_range_word(start, len), gather->tables);
        start += len;
    }
    if (start < gather->end)
        return invalidate_one(unit, covering(unit, domain_id, gather));
    return amdvi_invalidate(unit, batch, count);
}

enum iommu_status amdvi_flush(struct iommu_unit *base, uint32_t domain_id, const struct iommu_gather *gather)
{
    struct amdvi_unit *unit = amdvi_unit_of(base);
    uint64_t len = gather->end - gather->start;

    if (__builtin_expect((len & (len - 1)) != 0 || (gather->start & (len - 1)) != 0 || len - 1 >= RANGE_MAX, 0))
        return flush_parts(unit, domain_id, gather);
    return invalidate_one(unit, amdvi_invalidate_pages(unit, domain_id, amdvi_range_word(gather->start, len),
                                                       gather->tables));
}

/* Only a leaf has changed: page directories may stay cached. */
enum iommu_status amdvi_flush_page(struct iommu_unit *base, uint32_t domain_id, uint64_t iova, uint64_t len)
{
    struct amdvi_unit *unit = amdvi_unit_of(base);

    if (__builtin_expect(!unit->has_tables, 0))
        return IOMMU_OK;
    return amdvi_queue_run_one(unit, amdvi_invalidate_pages(unit, domain_id, amdvi_range_word(iova, len), false));
}

/* NpCache: absent entries may be cached, directories too. */
enum iommu_status amdvi_flush_present_page(struct iommu_unit *base, uint32_t domain_id, uint64_t iova, uint64_t len)
{
    struct amdvi_unit *unit = amdvi_unit_of(base);

    if (__builtin_expect(!unit->has_tables, 0))
        return IOMMU_OK;
    return amdvi_queue_run_one(unit, amdvi_invalidate_pages(unit, domain_id, amdvi_range_word(iova, len), true));
}

enum iommu_status amdvi_flush_present(struct iommu_unit *base, uint32_t domain_id,
                                      const struct iommu_gather *gather)
{
    return amdvi_flush(base, domain_id, gather);
}

/* ---- everything ---- */

/* command(unit, n) for each n below count, in batches. */
static enum iommu_status invalidate_each(struct amdvi_unit *unit, uint32_t count,
                                         struct amdvi_command (*command)(const struct amdvi_unit *, uint32_t))
{
    struct amdvi_command batch[AMDVI_BATCH_MAX];
    uint32_t used = 0;

    for (uint32_t n = 0; n < count; n++) {
        batch[used++] = command(unit, n);
        if (used == AMDVI_BATCH_MAX || n + 1 == count) {
            enum iommu_status status = amdvi_invalidate(unit, batch, used);

            if (status != IOMMU_OK)
                return status;
            used = 0;
        }
    }
    return IOMMU_OK;
}

static struct amdvi_command entry_of_id(const struct amdvi_unit *unit, uint32_t id)
{
    (void)unit;
    return amdvi_invalidate_entry((uint16_t)id);
}

static struct amdvi_command interrupts_of_id(const struct amdvi_unit *unit, uint32_t id)
{
    (void)unit;
    return amdvi_invalidate_interrupts((uint16_t)id);
}

static struct amdvi_command host_pages_of_domain(const struct amdvi_unit *unit, uint32_t id)
{
    struct amdvi_command c = amdvi_invalidate_domain(unit, id);

    c.hi &= ~AMDVI_CMD_PAGES_GN;
    return c;
}

enum iommu_status amdvi_invalidate_devices(struct amdvi_unit *unit)
{
    return invalidate_each(unit, (uint32_t)unit->table_entries, entry_of_id);
}

/* A predecessor's table may have been longer than ours, and what is cached of its end leads to its tables. */
static uint32_t cached_ids(const struct amdvi_unit *unit)
{
    return unit->base.found_translating ? AMDVI_DEVICE_IDS : (uint32_t)unit->table_entries;
}

/*
 * Without INVALIDATE_IOMMU_ALL every domain id there is, not just those in use:
 * a predecessor may have used others, which will be given out one day.
 */
enum iommu_status amdvi_invalidate_all(struct amdvi_unit *unit)
{
    enum iommu_status status;

    if (unit->efr & AMDVI_EFR_IA_SUP)
        return invalidate_one(unit, amdvi_invalidate_everything());
    status = invalidate_each(unit, cached_ids(unit), entry_of_id);
    if (status == IOMMU_OK)
        status = invalidate_each(unit, unit->base.domain_id_count, host_pages_of_domain);
    if (status == IOMMU_OK && unit->guest_tables)
        status = invalidate_each(unit, unit->base.domain_id_count, amdvi_invalidate_domain);
    if (status == IOMMU_OK)
        status = invalidate_each(unit, cached_ids(unit), interrupts_of_id);
    return status;
}
