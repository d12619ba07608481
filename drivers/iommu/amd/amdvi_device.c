/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device table (AMD-Vi §2.2.2): one entry of 256 bits for each requester id
 * from 0 to the highest that firmware names. An entry that nobody attached is
 * blocked; so is every id before the table is given to the unit.
 *
 * A unit reads an entry whole, but no store is as wide. What this file changes
 * lies in the lower half, which one store of 16 bytes replaces: a device that
 * moves between domains, or whose domain's root grows, is never refused in
 * between. Where the processor has no such store the entry is blocked first, by
 * the one word that says whether it translates. The interrupt fields lie in a
 * word of their own. Left out: device TLBs (I = 0), page requests, more than
 * one PASID.
 */
#include "amd/amdvi.h"
#include "amd/amdvi_store.h"
#include "memory.h"

#define READ_WRITE (AMDVI_DTE0_IR | AMDVI_DTE0_IW)

/* The last that id_get_locked() would give out. */
#define NOWHERE_ID 0xffffu

/* ---- the table ---- */

static size_t table_pages(const struct amdvi_unit *unit)
{
    return unit->table_entries / AMDVI_DTES_PER_PAGE;
}

static size_t guest_root_pages(const struct amdvi_unit *unit)
{
    return (unit->table_entries * sizeof(unit->guest_roots[0]) + IOMMU_PAGE - 1) / IOMMU_PAGE;
}

/*
 * The word that blocks. V = 1 with TV = 0 ends every request (AMD-Vi §2.2.2,
 * Table 8); QEMU before 11 looks at IR and IW there, so both are 0, and QEMU
 * 11.1 lets everything pass where TV = 1 and Mode = 0, whatever they say.
 *
 * Erratum 63: system-management messages are forwarded (SysMgt = 1) only with
 * IW = 1. Such an entry translates by a table that maps nothing, of one level:
 * no reading of IW lets a request through that. Its domain id is no other's,
 * as what is cached under an id serves every entry that has it.
 */
static uint64_t blocked_word(const struct amdvi_unit *unit, uint64_t q1)
{
    if (field_get(q1, AMDVI_DTE1_SYS_MGT) != AMDVI_SYS_MGT_FORWARD)
        return AMDVI_DTE0_V;
    return AMDVI_DTE0_V | AMDVI_DTE0_TV | AMDVI_DTE0_IW | field_make(AMDVI_DTE0_MODE, 1) |
           iommu_pa(unit->base.platform, unit->nowhere);
}

enum iommu_status amdvi_table_create(struct amdvi_unit *unit, uint16_t highest)
{
    const struct iommu_platform *platform = unit->base.platform;

    unit->wide_store = amdvi_has_wide_store();
    unit->nowhere_id = NOWHERE_ID;
    unit->table_entries = (highest / AMDVI_DTES_PER_PAGE + 1) * AMDVI_DTES_PER_PAGE;
    unit->base.rid_end = (uint32_t)unit->table_entries;
    unit->table = platform->page_alloc(unit->base.ctx, table_pages(unit), iommu_unit_limit(&unit->base));
    unit->nowhere = platform->page_alloc(unit->base.ctx, 1, iommu_unit_limit(&unit->base));
    if (unit->table == NULL || unit->nowhere == NULL) {
        amdvi_table_destroy(unit);
        return IOMMU_ERR_NOMEM;
    }
    for (size_t id = 0; id < unit->table_entries; id++)
        unit->table[id].q[0] = AMDVI_DTE0_V;
    amdvi_write_back(unit, unit->table, unit->table_entries * sizeof(unit->table[0]));
    /* Whether the unit snoops is not known yet, and nobody writes this page again. */
    platform->dma_flush(unit->base.ctx, unit->nowhere, IOMMU_PAGE);
    return IOMMU_OK;
}

static void free_guest_roots(struct amdvi_unit *unit)
{
    const struct iommu_platform *platform = unit->base.platform;

    if (unit->guest_roots == NULL)
        return;
    for (size_t id = 0; id < unit->table_entries; id++)
        if (unit->guest_roots[id] != NULL)
            platform->page_free(unit->base.ctx, unit->guest_roots[id], 1);
    platform->page_free(unit->base.ctx, unit->guest_roots, guest_root_pages(unit));
    unit->guest_roots = NULL;
}

void amdvi_table_destroy(struct amdvi_unit *unit)
{
    const struct iommu_platform *platform = unit->base.platform;

    free_guest_roots(unit);
    amdvi_irq_tables_destroy(unit);
    if (unit->table != NULL)
        platform->page_free(unit->base.ctx, unit->table, table_pages(unit));
    if (unit->nowhere != NULL)
        platform->page_free(unit->base.ctx, unit->nowhere, 1);
    unit->table = NULL;
    unit->nowhere = NULL;
}

/* ---- values of an entry ---- */

/* The lower half of an entry. */
struct half {
    uint64_t q[2];
};

static uint64_t blocked_domain(const struct amdvi_unit *unit, uint64_t q1)
{
    if (field_get(q1, AMDVI_DTE1_SYS_MGT) != AMDVI_SYS_MGT_FORWARD)
        return 0;
    return field_make(AMDVI_DTE1_DOMAIN_ID, unit->nowhere_id);
}

/* What firmware has set stays, whatever else an entry says. */
static uint64_t settings_of(const struct amdvi_unit *unit, uint16_t rid)
{
    return unit->table[rid].q[1] & AMDVI_DTE1_SYS_MGT;
}

static struct half blocked_half(const struct amdvi_unit *unit, uint16_t rid, bool fenced)
{
    uint64_t q1 = settings_of(unit, rid);

    return (struct half){ {
        blocked_word(unit, q1), q1 | blocked_domain(unit, q1) | (fenced ? AMDVI_DTE1_SA : 0) } };
}

/* A v2 table is reached through a GCR3 table of one level, whose entry 0 serves requests without a PASID (GIoV). */
static struct half guest_half(const struct amdvi_unit *unit, uint16_t rid)
{
    uint64_t gcr3 = iommu_pa(unit->base.platform, unit->guest_roots[rid]);

    return (struct half){ {
        AMDVI_DTE0_GV | AMDVI_DTE0_GIOV | field_make(AMDVI_DTE0_GCR3_14_12, gcr3 >> 12),
        field_make(AMDVI_DTE1_GCR3_30_15, gcr3 >> 15) | field_make(AMDVI_DTE1_GCR3_51_31, gcr3 >> 31),
    } };
}

static bool is_guest(const struct amdvi_unit *unit, const struct iommu_entry *entry)
{
    return unit->guest_tables && entry->kind == IOMMU_ENTRY_TRANSLATED;
}

static bool is_present(const struct iommu_entry *entry)
{
    return entry->kind == IOMMU_ENTRY_TRANSLATED || entry->kind == IOMMU_ENTRY_PASS_THROUGH;
}

static struct half value_of(const struct amdvi_unit *unit, uint16_t rid, const struct iommu_entry *entry)
{
    struct half value = { { 0, 0 } };

    if (!is_present(entry))
        return blocked_half(unit, rid, entry->kind == IOMMU_ENTRY_FENCED);
    if (is_guest(unit, entry))
        value = guest_half(unit, rid);
    else if (entry->kind == IOMMU_ENTRY_TRANSLATED)
        value.q[0] = (entry->root_pa & AMDVI_DTE0_ROOT) | field_make(AMDVI_DTE0_MODE, entry->levels);
    value.q[0] |= AMDVI_DTE0_V | AMDVI_DTE0_TV | READ_WRITE;
    value.q[1] |= settings_of(unit, rid) | field_make(AMDVI_DTE1_DOMAIN_ID, entry->domain_id);
    return value;
}

void amdvi_table_setting(struct amdvi_unit *unit, uint16_t rid, uint8_t setting)
{
    static const struct {
        uint8_t setting;
        uint64_t pass;
    } passes[] = {
        { IVRS_SETTING_INIT_PASS, AMDVI_DTE2_INIT_PASS },   { IVRS_SETTING_EINT_PASS, AMDVI_DTE2_EINT_PASS },
        { IVRS_SETTING_NMI_PASS, AMDVI_DTE2_NMI_PASS },     { IVRS_SETTING_LINT0_PASS, AMDVI_DTE2_LINT0_PASS },
        { IVRS_SETTING_LINT1_PASS, AMDVI_DTE2_LINT1_PASS },
    };
    struct amdvi_dte *entry;
    struct half value;

    if (rid >= unit->table_entries)
        return;
    entry = &unit->table[rid];
    entry->q[1] |= field_make(AMDVI_DTE1_SYS_MGT, field_get(setting, IVRS_SETTING_SYSMGT));
    for (size_t i = 0; i < sizeof(passes) / sizeof(passes[0]); i++)
        if (setting & passes[i].setting)
            entry->q[2] |= passes[i].pass;
    value = blocked_half(unit, rid, false);
    memcpy(entry->q, value.q, sizeof(value.q));
    amdvi_write_back(unit, entry, sizeof(*entry));
}

void amdvi_table_set_nowhere(struct amdvi_unit *unit, uint16_t domain_id)
{
    unit->nowhere_id = domain_id;
    for (size_t id = 0; id < unit->table_entries; id++) {
        struct half value = blocked_half(unit, (uint16_t)id, false);

        memcpy(unit->table[id].q, value.q, sizeof(value.q));
    }
    amdvi_write_back(unit, unit->table, unit->table_entries * sizeof(unit->table[0]));
}

/* ---- interrupts ---- */

#define INTERRUPT_FIELDS (AMDVI_DTE2_IV | AMDVI_DTE2_INT_TAB_LEN | AMDVI_DTE2_INT_TAB_ROOT | AMDVI_DTE2_INT_CTL)

/* One store of the word changes all of them at once (AMD-Vi §2.2.2.2). IV holds whatever V says. */
void amdvi_table_set_interrupts(const struct amdvi_unit *unit, uint16_t rid, uint64_t table_pa, unsigned len_shift)
{
    struct amdvi_dte *live = &unit->table[rid];
    uint64_t q2 = (live->q[2] & ~INTERRUPT_FIELDS) | AMDVI_DTE2_IV;

    if (table_pa != 0)
        q2 |= (table_pa & AMDVI_DTE2_INT_TAB_ROOT) | field_make(AMDVI_DTE2_INT_TAB_LEN, len_shift) |
              field_make(AMDVI_DTE2_INT_CTL, AMDVI_CTL_TRANSLATE);
    __atomic_store_n(&live->q[2], q2, __ATOMIC_RELEASE);
    amdvi_write_back(unit, live, sizeof(*live));
}

/* An id without IV would raise any interrupt it likes. */
void amdvi_table_abort_interrupts(struct amdvi_unit *unit)
{
    for (size_t id = 0; id < unit->table_entries; id++)
        amdvi_table_set_interrupts(unit, (uint16_t)id, 0, 0);
}

/* Nothing is ever cached under that id, and no domain is attached on such a unit. */
void amdvi_table_pass(struct amdvi_unit *unit)
{
    const struct iommu_entry pass = { .kind = IOMMU_ENTRY_PASS_THROUGH, .domain_id = unit->nowhere_id };

    for (size_t id = 0; id < unit->table_entries; id++) {
        struct half value = value_of(unit, (uint16_t)id, &pass);

        memcpy(unit->table[id].q, value.q, sizeof(value.q));
    }
    amdvi_write_back(unit, unit->table, unit->table_entries * sizeof(unit->table[0]));
}

/* ---- publishing ---- */

/*
 * Without the wide store one of the two states must be blocked: the word that
 * blocks or translates is stored first when it blocks, last when it does not,
 * so that a walk sees nothing but the old entry, a blocked one, and the new.
 */
static IOMMU_COLD void store_in_steps(const struct amdvi_unit *unit, struct amdvi_dte *live, struct half value,
                                      bool present)
{
    unsigned first = present ? 1 : 0;

    __atomic_store_n(&live->q[first], value.q[first], __ATOMIC_RELAXED);
    unit->base.platform->dma_write_barrier(unit->base.ctx);
    __atomic_store_n(&live->q[1 - first], value.q[1 - first], __ATOMIC_RELAXED);
}

/* Makes value the half that hardware sees. */
static void publish_half(const struct amdvi_unit *unit, uint16_t rid, struct half value, bool present)
{
    struct amdvi_dte *live = &unit->table[rid];

    if (unit->wide_store)
        amdvi_store_half((struct amdvi_half *)(void *)live, value.q[0], value.q[1]);
    else
        store_in_steps(unit, live, value, present);
    amdvi_write_back(unit, live, sizeof(*live));
}

/* Refused interrupts of a fenced id are not recorded either; where none are refused the bit has no meaning. */
static void publish_silence(const struct amdvi_unit *unit, uint16_t rid, bool silent)
{
    struct amdvi_dte *live = &unit->table[rid];
    uint64_t q2 = live->q[2] & ~AMDVI_DTE2_IG;

    if (silent && (q2 & AMDVI_DTE2_IV))
        q2 |= AMDVI_DTE2_IG;
    if (q2 != live->q[2])
        __atomic_store_n(&live->q[2], q2, __ATOMIC_RELAXED);
}

/* Looked at only while GV is set, which it is not: the upper half goes first (AMD-Vi §2.2.2.2). */
static void publish_paging_mode(const struct amdvi_unit *unit, uint16_t rid, unsigned levels)
{
    struct amdvi_dte *live = &unit->table[rid];
    uint64_t mode = levels == 5 ? AMDVI_GUEST_5_LEVELS : AMDVI_GUEST_4_LEVELS;

    __atomic_store_n(&live->q[2], (live->q[2] & ~AMDVI_DTE2_GUEST_PAGING_MODE) |
                                  field_make(AMDVI_DTE2_GUEST_PAGING_MODE, mode), __ATOMIC_RELAXED);
    amdvi_write_back(unit, live, sizeof(*live));
    unit->base.platform->dma_write_barrier(unit->base.ctx);
}

static void publish_guest_root(const struct amdvi_unit *unit, uint16_t rid, const struct iommu_entry *entry)
{
    uint64_t *root = unit->guest_roots[rid];

    __atomic_store_n(&root[0], (entry->root_pa & AMDVI_GCR3_ADDRESS) | AMDVI_GCR3_V, __ATOMIC_RELAXED);
    amdvi_write_back(unit, root, sizeof(root[0]));
    publish_paging_mode(unit, rid, entry->levels);
}

static void publish(const struct amdvi_unit *unit, const uint16_t *rids, size_t count,
                    const struct iommu_entry *next)
{
    for (size_t i = 0; i < count; i++) {
        if (is_guest(unit, next))
            publish_guest_root(unit, rids[i], next);
        publish_silence(unit, rids[i], next->kind == IOMMU_ENTRY_FENCED);
        publish_half(unit, rids[i], value_of(unit, rids[i], next), is_present(next));
    }
}

/* ---- set_device ---- */

/* GCR3 tables stay with their ids until the table goes: the unit has been stopped then. */
static enum iommu_status make_guest_roots(struct amdvi_unit *unit, const uint16_t *rids, size_t count)
{
    const struct iommu_platform *platform = unit->base.platform;
    uint64_t limit = iommu_unit_limit(&unit->base);

    if (unit->guest_roots == NULL)
        unit->guest_roots = platform->page_alloc(unit->base.ctx, guest_root_pages(unit), IOMMU_ANY_PA);
    if (unit->guest_roots == NULL)
        return IOMMU_ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        uint64_t **root = &unit->guest_roots[rids[i]];

        if (*root == NULL)
            *root = platform->page_alloc(unit->base.ctx, 1, limit);
        if (*root == NULL)
            return IOMMU_ERR_NOMEM;
        amdvi_write_back(unit, *root, IOMMU_PAGE);
    }
    return IOMMU_OK;
}

/*
 * The entry of each id, then what was cached of the old domain, and where
 * absent entries are cached too (NpCache), or the id stays and its tables do
 * not, of the new one. One batch; pages dropped while an old entry is cached
 * would be fetched again by it (AMD-Vi §2.4.9).
 */
static enum iommu_status flush_entries(struct amdvi_unit *unit, const uint16_t *rids, size_t count,
                                       const struct iommu_entry *old, const struct iommu_entry *next)
{
    bool fresh = is_present(next) && unit->base.flush_present &&
                 (!is_present(old) || next->domain_id != old->domain_id);
    struct amdvi_command batch[IOMMU_DEVICE_RIDS + 3];
    uint32_t used = 0;

    for (size_t i = 0; i < count; i++)
        batch[used++] = amdvi_invalidate_entry(rids[i]);
    if (is_present(old) || fresh)
        batch[used++] = amdvi_hold();
    if (is_present(old))
        batch[used++] = amdvi_invalidate_domain(unit, old->domain_id);
    if (fresh)
        batch[used++] = amdvi_invalidate_domain(unit, next->domain_id);
    return amdvi_invalidate(unit, batch, used);
}

static const struct iommu_entry blocked = { .kind = IOMMU_ENTRY_BLOCKED };

/* What the unit remembers of these ids, and of domains they were in, cannot be known. */
static enum iommu_status forget_all(struct amdvi_unit *unit, const uint16_t *rids, size_t count)
{
    publish(unit, rids, count, &blocked);
    return amdvi_invalidate_all(unit);
}

/* True where no store leads from one entry to the other. */
static bool needs_block(const struct amdvi_unit *unit, const struct iommu_entry *old,
                        const struct iommu_entry *next)
{
    if (!is_present(old) || !is_present(next))
        return false;
    return !unit->wide_store || (is_guest(unit, old) && is_guest(unit, next));
}

static enum iommu_status replace(struct amdvi_unit *unit, const uint16_t *rids, size_t count,
                                 const struct iommu_entry *old, const struct iommu_entry *next)
{
    enum iommu_status status;

    if (old->kind == IOMMU_ENTRY_UNKNOWN) {
        status = forget_all(unit, rids, count);
        if (status != IOMMU_OK)
            return status;
        old = &blocked;
    }
    if (needs_block(unit, old, next)) {
        publish(unit, rids, count, &blocked);
        status = flush_entries(unit, rids, count, old, &blocked);
        if (status != IOMMU_OK)
            return status;
        old = &blocked;
    }
    publish(unit, rids, count, next);
    status = flush_entries(unit, rids, count, old, next);
    /* The unit has been fenced: it takes no flush of what it has seen meanwhile either. */
    if (status != IOMMU_OK)
        publish(unit, rids, count, &blocked);
    return status;
}

enum iommu_status amdvi_set_device(struct iommu_unit *base, const uint16_t *rids, size_t count,
                                   const struct iommu_entry *old, const struct iommu_entry *next)
{
    struct amdvi_unit *unit = amdvi_unit_of(base);

    if (unit->table == NULL)
        return IOMMU_ERR_FENCED;
    for (size_t i = 0; i < count; i++)
        if (rids[i] >= unit->table_entries)
            return IOMMU_ERR_RANGE;
    if (is_guest(unit, next)) {
        enum iommu_status status = make_guest_roots(unit, rids, count);

        if (status != IOMMU_OK)
            return status;
    }
    return replace(unit, rids, count, old, next);
}

enum iommu_entry_kind amdvi_device_state(struct iommu_unit *base, uint16_t rid)
{
    const struct amdvi_unit *unit = amdvi_unit_of(base);
    const struct amdvi_dte *entry;

    if (unit->table == NULL || rid >= unit->table_entries)
        return IOMMU_ENTRY_BLOCKED;
    entry = &unit->table[rid];
    /* AMD-Vi §2.2.2, Table 8: nothing is checked. */
    if (!(entry->q[0] & AMDVI_DTE0_V))
        return IOMMU_ENTRY_PASS_THROUGH;
    if ((entry->q[0] & READ_WRITE) != READ_WRITE)
        return entry->q[1] & AMDVI_DTE1_SA ? IOMMU_ENTRY_FENCED : IOMMU_ENTRY_BLOCKED;
    return entry->q[0] & (AMDVI_DTE0_MODE | AMDVI_DTE0_GV) ? IOMMU_ENTRY_TRANSLATED : IOMMU_ENTRY_PASS_THROUGH;
}
