/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupt remapping tables (AMD-Vi §2.2.5): one for each device or source,
 * made when it is first given interrupts; blocks of entries; what a source
 * sends to reach them. Entries have 32 bits, or 128 where all units have those.
 *
 * An entry is changed without a lock, by one store. It has no bits of ours, so
 * what is to be remembered while RemapEn is 0 is in the fields that mean
 * nothing then: an entry without vector is absent because nobody has routed it,
 * any other because it is masked. Where the processor has no store of 16 bytes
 * RemapEn goes first and comes back last, under a lock, and a message that
 * comes meanwhile is lost.
 */
#include "amd/amdvi.h"
#include "store16.h"

/* The vector of an entry that was masked before it was routed; no CPU is ever sent it. */
#define VECTOR_MASKED 1u

#define MSI_ADDRESS 0xfee00000ull
/* With NumIntRemapMode all 11 bits of data are an index only where this is set (destination mode). */
#define MSI_ADDRESS_LOGICAL BIT64(2)
#define MSI_DATA_INDEX BITS32(10, 0)

/* Redirection entry of an IOAPIC: where a message has its data, the entry has vector, delivery and destination mode. */
#define RTE_INDEX BITS64(10, 0)
#define RTE_LOGICAL BIT64(11)
#define RTE_ACTIVE_LOW BIT64(13)
#define RTE_LEVEL BIT64(15)

/* PCI 3.0 §6.8.2: table size, less one */
#define PCI_CAP_MSIX 0x11u
#define MSIX_CONTROL 0x02u
#define MSIX_CONTROL_SIZE BITS32(10, 0)

/* ---- tables ---- */

static size_t entry_len(const struct amdvi_unit *unit)
{
    return unit->wide_entries ? sizeof(struct amdvi_irte) : sizeof(uint32_t);
}

static size_t table_pages(const struct amdvi_unit *unit, const struct amdvi_irq_table *table)
{
    return (table->count * entry_len(unit) + IOMMU_PAGE - 1) / IOMMU_PAGE;
}

static size_t map_pages(const struct amdvi_unit *unit)
{
    return (unit->table_entries * sizeof(unit->irq_tables[0]) + IOMMU_PAGE - 1) / IOMMU_PAGE;
}

void amdvi_irq_tables_destroy(struct amdvi_unit *unit)
{
    const struct iommu_platform *platform = unit->base.platform;

    for (const struct amdvi_irq_table *table = unit->all_irq_tables; table != NULL; table = table->next)
        platform->page_free(unit->base.ctx, table->entries, table_pages(unit, table));
    unit->all_irq_tables = NULL;
    iommu_pool_destroy(unit->base.iommu, &unit->irq_table_pool);
    if (unit->irq_tables != NULL)
        platform->page_free(unit->base.ctx, unit->irq_tables, map_pages(unit));
    unit->irq_tables = NULL;
}

/* A function that has more messages than the small table entries. */
static bool wants_many(const struct amdvi_unit *unit, const struct iommu_irqs *irqs)
{
    uint16_t rid;
    unsigned at;
    uint32_t control;

    if (!unit->many_entries || irqs->device == NULL)
        return false;
    rid = irqs->device->desc.rids[0];
    at = amdvi_find_capability(unit, rid, PCI_CAP_MSIX);
    if (at == 0)
        return false;
    control = unit->base.platform->pci_read(unit->base.ctx, unit->base.segment, rid, (uint16_t)(at + MSIX_CONTROL), 2);
    return field_get(control, MSIX_CONTROL_SIZE) >= BIT32(AMDVI_INT_TAB_LEN_512);
}

static unsigned len_shift(const struct amdvi_irq_table *table)
{
    return (unsigned)__builtin_ctz(table->count);
}

static struct amdvi_irq_table *make_table(struct amdvi_unit *unit, bool many)
{
    const struct iommu_platform *platform = unit->base.platform;
    struct amdvi_irq_table *table;

    unit->irq_table_pool.size = sizeof(struct amdvi_irq_table);
    table = iommu_pool_get(unit->base.iommu, &unit->irq_table_pool);
    if (table == NULL)
        return NULL;
    table->count = BIT32(many ? AMDVI_INT_TAB_LEN_2048 : AMDVI_INT_TAB_LEN_512);
    table->entries = platform->page_alloc(unit->base.ctx, table_pages(unit, table), iommu_unit_limit(&unit->base));
    if (table->entries == NULL) {
        iommu_pool_put(unit->base.iommu, &unit->irq_table_pool, table);
        return NULL;
    }
    amdvi_write_back(unit, table->entries, table->count * entry_len(unit));
    table->next = unit->all_irq_tables;
    unit->all_irq_tables = table;
    return table;
}
_Static_assert(sizeof(struct amdvi_irq_table) % 8 == 0, "objects of a pool");

/*
 * The ids that have no table yet get this one. Unconfirmed: theirs are aborted
 * again, and stay so; the unit may know the table, which is never freed before.
 */
static enum iommu_status give_locked(struct amdvi_unit *unit, struct amdvi_irq_table *table, const uint16_t *rids,
                                     size_t count)
{
    struct amdvi_command batch[2 * IOMMU_DEVICE_RIDS + 1];
    uint32_t first = table->rid_count, used = 0;
    enum iommu_status status = IOMMU_OK;

    for (size_t i = 0; i < count; i++) {
        if (unit->irq_tables[rids[i]] != NULL)
            continue;
        unit->irq_tables[rids[i]] = table;
        table->rids[table->rid_count] = rids[i];
        __atomic_store_n(&table->rid_count, table->rid_count + 1, __ATOMIC_RELEASE);
        amdvi_table_set_interrupts(unit, rids[i], iommu_pa(unit->base.platform, table->entries), len_shift(table));
        batch[used++] = amdvi_invalidate_entry(rids[i]);
    }
    if (used != 0) {
        batch[used++] = amdvi_hold();
        for (uint32_t i = first; i < table->rid_count; i++)
            batch[used++] = amdvi_invalidate_interrupts(table->rids[i]);
        status = amdvi_invalidate(unit, batch, used);
    }
    for (uint32_t i = first; status != IOMMU_OK && i < table->rid_count; i++)
        amdvi_table_set_interrupts(unit, table->rids[i], 0, 0);
    return status;
}
_Static_assert(2 * IOMMU_DEVICE_RIDS + 1 <= AMDVI_BATCH_MAX, "a device's ids are flushed by one submission");

/*
 * The table of these ids. An IOAPIC may send as a device does: what cannot be
 * told apart has one table. Two of them cannot become one any more.
 */
static enum iommu_status find_locked(struct amdvi_unit *unit, const uint16_t *rids, size_t count,
                                     struct amdvi_irq_table **out)
{
    struct amdvi_irq_table *table = NULL;

    for (size_t i = 0; i < count; i++) {
        struct amdvi_irq_table *own;

        if (rids[i] >= unit->table_entries)
            return IOMMU_ERR_RANGE;
        own = unit->irq_tables[rids[i]];
        if (own != NULL && table != NULL && own != table) {
            iommu_log(unit->base.iommu, IOMMU_LOG_WARNING, "%s: interrupt sources rid=%04x and rid=%04x were given "
                      "entries before they were known as one device", unit->base.name, rids[0], rids[i]);
            return IOMMU_ERR_RANGE;
        }
        table = own != NULL ? own : table;
    }
    *out = table;
    return IOMMU_OK;
}

static enum iommu_status table_of_locked(struct amdvi_unit *unit, const struct iommu_irqs *irqs,
                                         struct amdvi_irq_table **out)
{
    const uint16_t *rids = irqs->device != NULL ? irqs->device->desc.rids : &irqs->source->rid;
    size_t count = irqs->device != NULL ? irqs->device->desc.rid_count : 1;
    enum iommu_status status;

    if (unit->irq_tables == NULL)
        unit->irq_tables = unit->base.platform->page_alloc(unit->base.ctx, map_pages(unit), IOMMU_ANY_PA);
    if (unit->irq_tables == NULL)
        return IOMMU_ERR_NOMEM;
    status = find_locked(unit, rids, count, out);
    if (status != IOMMU_OK)
        return status;
    if (*out == NULL)
        *out = make_table(unit, wants_many(unit, irqs));
    return *out == NULL ? IOMMU_ERR_NOMEM : give_locked(unit, *out, rids, count);
}

/* ---- blocks ---- */

static bool is_pin(const struct iommu_irqs *irqs)
{
    return irqs->source != NULL && irqs->source->kind == IOMMU_IRQ_IOAPIC;
}

/* count: a power of two, at most 32, so that an aligned block lies in one word. */
static bool take_between_locked(struct amdvi_irq_table *table, uint32_t start, uint32_t end, unsigned count,
                                uint32_t *first)
{
    for (uint32_t at = start; at < end; at += count) {
        uint64_t block = (BIT64(count) - 1) << at % 64;

        if (table->taken[at / 64] & block)
            continue;
        table->taken[at / 64] |= block;
        *first = at;
        return true;
    }
    return false;
}

/* A device that shares its id with an IOAPIC leaves the indexes of pins to it as long as there are others. */
static bool take(struct amdvi_unit *unit, struct iommu_irqs *irqs, struct amdvi_irq_table *table)
{
    unsigned count = 1u << iommu_irqs_shift(irqs);
    uintptr_t flags = iommu_lock_irq(unit->base.platform, unit->base.ctx, &unit->base.irq_lock);
    bool taken = !is_pin(irqs) &&
                 take_between_locked(table, AMDVI_IRQ_PIN_ENTRIES, table->count, count, &irqs->first);

    if (!taken)
        taken = take_between_locked(table, 0, AMDVI_IRQ_PIN_ENTRIES, count, &irqs->first);
    iommu_unlock_irq(unit->base.platform, unit->base.ctx, &unit->base.irq_lock, flags);
    return taken;
}

enum iommu_status amdvi_irte_alloc(struct iommu_irqs *irqs)
{
    struct amdvi_unit *unit = amdvi_unit_of(irqs->unit);
    struct amdvi_irq_table *table = NULL;
    uintptr_t flags = iommu_attach_lock(unit->base.iommu);
    enum iommu_status status = table_of_locked(unit, irqs, &table);

    iommu_attach_unlock(unit->base.iommu, flags);
    if (status != IOMMU_OK)
        return status;
    if (!take(unit, irqs, table))
        return IOMMU_ERR_RANGE;
    irqs->table = table;
    irqs->entries = (uint8_t *)table->entries + irqs->first * entry_len(unit);
    return IOMMU_OK;
}

/* ---- one entry ---- */

static void *entry_of(const struct amdvi_unit *unit, const struct iommu_irqs *irqs, unsigned index)
{
    return (uint8_t *)irqs->entries + index * entry_len(unit);
}

/* Of 32 bits: in the lower word, the upper is 0. */
static struct amdvi_irte load(const struct amdvi_unit *unit, const void *at)
{
    const struct amdvi_irte *wide = at;

    if (!unit->wide_entries)
        return (struct amdvi_irte){ .lo = __atomic_load_n((const uint32_t *)at, __ATOMIC_RELAXED) };
    return (struct amdvi_irte){ .lo = __atomic_load_n(&wide->lo, __ATOMIC_RELAXED),
                                .hi = __atomic_load_n(&wide->hi, __ATOMIC_RELAXED) };
}

/* The order in which the unit reads nothing but the old entry, an absent one, and the new. */
static void store_in_steps(const struct amdvi_unit *unit, struct amdvi_irte *live, struct amdvi_irte value)
{
    const struct iommu_platform *platform = unit->base.platform;

    __atomic_store_n(&live->lo, live->lo & ~AMDVI_IRTE_REMAP_EN, __ATOMIC_RELEASE);
    platform->dma_write_barrier(unit->base.ctx);
    __atomic_store_n(&live->hi, value.hi, __ATOMIC_RELEASE);
    platform->dma_write_barrier(unit->base.ctx);
    __atomic_store_n(&live->lo, value.lo, __ATOMIC_RELEASE);
}

static bool exchange(const struct amdvi_unit *unit, void *at, struct amdvi_irte *seen, struct amdvi_irte value)
{
    struct store16 was = { seen->lo, seen->hi };
    uint32_t lo = (uint32_t)seen->lo;
    bool stored;

    if (unit->wide_entries) {
        stored = store16_exchange(at, &was, (struct store16){ value.lo, value.hi });
        *seen = (struct amdvi_irte){ was.lo, was.hi };
        return stored;
    }
    stored = __atomic_compare_exchange_n((uint32_t *)at, &lo, (uint32_t)value.lo, false, __ATOMIC_ACQ_REL,
                                         __ATOMIC_RELAXED);
    seen->lo = lo;
    return stored;
}

static inline enum iommu_status flush(const struct iommu_irqs *irqs)
{
    const struct amdvi_irq_table *table = irqs->table;

    return amdvi_flush_interrupts(amdvi_unit_of(irqs->unit), table->rids,
                                  __atomic_load_n(&table->rid_count, __ATOMIC_ACQUIRE));
}

/* ---- what becomes of it ---- */

static struct amdvi_irte never_routed_masked(const struct amdvi_unit *unit)
{
    if (unit->wide_entries)
        return (struct amdvi_irte){ .hi = field_make(AMDVI_IRTE_VECTOR, VECTOR_MASKED) };
    return (struct amdvi_irte){ .lo = field_make(AMDVI_IRTE32_VECTOR, VECTOR_MASKED) };
}

static bool is_masked(struct amdvi_irte seen)
{
    return !(seen.lo & AMDVI_IRTE_REMAP_EN) && (seen.lo | seen.hi) != 0;
}

static struct amdvi_irte masked(const struct amdvi_unit *unit, struct amdvi_irte seen)
{
    if ((seen.lo | seen.hi) == 0)
        return never_routed_masked(unit);
    seen.lo &= ~AMDVI_IRTE_REMAP_EN;
    return seen;
}

static struct amdvi_irte unmasked(const struct amdvi_unit *unit, struct amdvi_irte seen)
{
    const struct amdvi_irte never = never_routed_masked(unit);

    if (seen.lo == never.lo && seen.hi == never.hi)
        return (struct amdvi_irte){ 0, 0 };
    if (is_masked(seen))
        seen.lo |= AMDVI_IRTE_REMAP_EN;
    return seen;
}

enum change { CHANGE_LEAD, CHANGE_MASK, CHANGE_UNMASK };

static struct amdvi_irte next_of(const struct amdvi_unit *unit, enum change change, struct amdvi_irte value,
                                 struct amdvi_irte seen)
{
    if (change == CHANGE_MASK)
        return masked(unit, seen);
    if (change == CHANGE_UNMASK)
        return unmasked(unit, seen);
    if (is_masked(seen))
        value.lo &= ~AMDVI_IRTE_REMAP_EN;
    return value;
}

/*
 * Without CMPXCHG16B: RemapEn is cleared, the unit forgets the entry, and only
 * then it is written (AMD-Vi §2.2.5.3). The lock keeps other changes out.
 */
static IOMMU_COLD enum iommu_status change_in_steps(struct iommu_irqs *irqs, unsigned index, enum change change,
                                                    struct amdvi_irte value)
{
    struct amdvi_unit *unit = amdvi_unit_of(irqs->unit);
    struct amdvi_irte *live = entry_of(unit, irqs, index);
    uintptr_t flags = iommu_lock_irq(unit->base.platform, unit->base.ctx, &unit->base.irq_lock);
    struct amdvi_irte next = next_of(unit, change, value, *live);
    enum iommu_status status = IOMMU_OK;

    if (live->lo & AMDVI_IRTE_REMAP_EN) {
        __atomic_store_n(&live->lo, live->lo & ~AMDVI_IRTE_REMAP_EN, __ATOMIC_RELEASE);
        amdvi_write_back(unit, live, sizeof(*live));
        status = flush(irqs);
    }
    store_in_steps(unit, live, next);
    amdvi_write_back(unit, live, sizeof(*live));
    iommu_unlock_irq(unit->base.platform, unit->base.ctx, &unit->base.irq_lock, flags);
    return status != IOMMU_OK ? status : flush(irqs);
}

/* One store, and one invalidation: an absent entry may be remembered too. */
static inline enum iommu_status change_entry(struct iommu_irqs *irqs, unsigned index, enum change change,
                                             struct amdvi_irte value)
{
    struct amdvi_unit *unit = amdvi_unit_of(irqs->unit);
    void *live = entry_of(unit, irqs, index);
    struct amdvi_irte seen = load(unit, live);

    if (__builtin_expect(unit->wide_entries && !unit->wide_store, 0))
        return change_in_steps(irqs, index, change, value);
    while (!exchange(unit, live, &seen, next_of(unit, change, value, seen)))
        ;
    amdvi_write_back(unit, live, entry_len(unit));
    return flush(irqs);
}

enum iommu_status amdvi_irte_lead(struct iommu_irqs *irqs, unsigned index, struct amdvi_irte value)
{
    return change_entry(irqs, index, CHANGE_LEAD, value);
}

enum iommu_status amdvi_irte_mask(struct iommu_irqs *irqs, unsigned index, bool mask)
{
    return change_entry(irqs, index, mask ? CHANGE_MASK : CHANGE_UNMASK, (struct amdvi_irte){ 0, 0 });
}

static struct amdvi_irte target_value(const struct amdvi_unit *unit, const struct iommu_irq_target *target)
{
    unsigned type = target->delivery == IOMMU_IRQ_LOWEST ? AMDVI_INT_TYPE_ARBITRATED : AMDVI_INT_TYPE_FIXED;

    if (!unit->wide_entries)
        return (struct amdvi_irte){
            .lo = AMDVI_IRTE32_REMAP_EN | field_make(AMDVI_IRTE32_INT_TYPE, type) |
                  field_make(AMDVI_IRTE32_DESTINATION, target->apic_id) |
                  field_make(AMDVI_IRTE32_VECTOR, target->vector),
        };
    return (struct amdvi_irte){
        .lo = AMDVI_IRTE_REMAP_EN | field_make(AMDVI_IRTE_INT_TYPE, type) |
              field_make(AMDVI_IRTE_DEST_LOW, target->apic_id),
        .hi = field_make(AMDVI_IRTE_VECTOR, target->vector) |
              field_make(AMDVI_IRTE_DEST_HIGH, target->apic_id >> 24),
    };
}

/* An entry has no trigger mode: an IOAPIC sends its own with each message. */
static void remember_trigger(const struct iommu_irqs *irqs, bool level)
{
    struct amdvi_irq_table *table = irqs->table;
    uint64_t bit = BIT64(irqs->first % 64), *word = &table->level[irqs->first / 64];

    if (level)
        __atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
    else
        __atomic_fetch_and(word, ~bit, __ATOMIC_RELAXED);
}

enum iommu_status amdvi_irte_route(struct iommu_irqs *irqs, unsigned index, const struct iommu_irq_target *target)
{
    if (is_pin(irqs))
        remember_trigger(irqs, target->level);
    return change_entry(irqs, index, CHANGE_LEAD, target_value(amdvi_unit_of(irqs->unit), target));
}

/* ---- the end of a block ---- */

/* RemapEn first; nobody else changes them now. True: there was something. */
static bool clear(const struct amdvi_unit *unit, void *live)
{
    struct amdvi_irte *wide = live;

    if (!unit->wide_entries)
        return __atomic_exchange_n((uint32_t *)live, 0, __ATOMIC_ACQ_REL) != 0;
    return (__atomic_exchange_n(&wide->lo, 0, __ATOMIC_ACQ_REL) |
            __atomic_exchange_n(&wide->hi, 0, __ATOMIC_ACQ_REL)) != 0;
}

enum iommu_status amdvi_irte_free(struct iommu_irqs *irqs)
{
    struct amdvi_unit *unit = amdvi_unit_of(irqs->unit);
    struct amdvi_irq_table *table = irqs->table;
    unsigned count = 1u << iommu_irqs_shift(irqs);
    enum iommu_status status = IOMMU_OK;
    bool any = false;
    uintptr_t flags;

    for (unsigned i = 0; i < count; i++)
        any |= clear(unit, entry_of(unit, irqs, i));
    amdvi_write_back(unit, irqs->entries, count * entry_len(unit));
    if (is_pin(irqs))
        remember_trigger(irqs, false);
    if (any)
        status = flush(irqs);
    if (status != IOMMU_OK)
        return status;
    flags = iommu_lock_irq(unit->base.platform, unit->base.ctx, &unit->base.irq_lock);
    table->taken[irqs->first / 64] &= ~((BIT64(count) - 1) << irqs->first % 64);
    iommu_unlock_irq(unit->base.platform, unit->base.ctx, &unit->base.irq_lock, flags);
    return IOMMU_OK;
}

/* ---- what a source sends ---- */

/*
 * Bits 10:8 of an index lie where a message has its delivery mode: without
 * NumIntRemapMode only 0 and 1 there are indexes, the others are NMI, INIT and
 * the like, which the pass bits of the device table decide on (AMD-Vi §2.2.5).
 */
void amdvi_irte_message(const struct iommu_irqs *irqs, unsigned index, struct iommu_msi *out)
{
    out->address = MSI_ADDRESS | (amdvi_unit_of(irqs->unit)->many_entries ? MSI_ADDRESS_LOGICAL : 0);
    out->data = (irqs->first + index) & MSI_DATA_INDEX;
}

uint64_t amdvi_irte_ioapic_entry(const struct iommu_irqs *irqs, bool active_low)
{
    const struct amdvi_irq_table *table = irqs->table;
    uint64_t level = __atomic_load_n(&table->level[irqs->first / 64], __ATOMIC_RELAXED) >> irqs->first % 64 & 1;

    return field_make(RTE_INDEX, irqs->first) | (amdvi_unit_of(irqs->unit)->many_entries ? RTE_LOGICAL : 0) |
           (level ? RTE_LEVEL : 0) | (active_low ? RTE_ACTIVE_LOW : 0);
}

/* ---- iommu/debug.h ---- */

void amdvi_irte_debug_read(const struct iommu_irqs *irqs, unsigned index, struct iommu_debug_irq_entry *out)
{
    const struct amdvi_unit *unit = amdvi_unit_of(irqs->unit);
    struct amdvi_irte seen = load(unit, entry_of(unit, irqs, index));

    *out = (struct iommu_debug_irq_entry){ .table_index = irqs->first + index, .low = seen.lo, .high = seen.hi };
}

enum iommu_status amdvi_irte_debug_write(struct iommu_irqs *irqs, unsigned index,
                                         const struct iommu_debug_irq_entry *entry, bool write_flush)
{
    struct amdvi_unit *unit = amdvi_unit_of(irqs->unit);
    void *live = entry_of(unit, irqs, index);

    if (unit->wide_entries)
        store_in_steps(unit, live, (struct amdvi_irte){ entry->low, entry->high });
    else
        __atomic_store_n((uint32_t *)live, (uint32_t)entry->low, __ATOMIC_RELEASE);
    amdvi_write_back(unit, live, entry_len(unit));
    return write_flush ? flush(irqs) : IOMMU_OK;
}
