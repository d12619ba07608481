/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupt remapping of one unit (VT-d §5.1, §9.9, §9.10): its table, switched
 * on and off; blocks of entries; what a source sends to reach them.
 *
 * An entry of a block is changed without a lock. Its second word says whose
 * messages it takes and stays as it was allocated, so that an entry which leads
 * to a CPU changes by its first word alone; posting changes both at once, and
 * needs CMPXCHG16B. What the entry would say if it were not masked is in it too.
 */
#include "intel/vtd.h"
#include "store16.h"

/*
 * 256 KiB. A CPU has some 200 vectors, so that devices of one unit can use the
 * vectors of 64 CPUs, or 8 network functions of 2048 messages each; all 65536
 * entries would take a contiguous MiB for every unit, whatever is behind it.
 */
#define ENTRIES 16384u
#define TABLE_PAGES (ENTRIES * sizeof(struct vtd_irte) / IOMMU_PAGE)
#define MAP_WORDS (ENTRIES / 64)
/* IRTA.S: 2^(S + 1) entries. */
#define TABLE_S 13u
_Static_assert(2u << TABLE_S == ENTRIES, "VT-d §11.4.10");
_Static_assert(ENTRIES / 8 <= IOMMU_PAGE, "the map is one page");

/* AVAIL, which hardware leaves to us. */
#define ROUTED BIT64(8)     /* it has led somewhere */
#define MASKED BIT64(9)     /* P is 0 because of iommu_irq_mask() */

/* Units that show it at all take microseconds. */
#define CFIS_WAIT_US 10000u

/* ---- the table ---- */

/* Memory is no reason to do without protection of memory: then interrupts are not remapped. */
void vtd_interrupts_create(struct vtd_unit *unit)
{
    const struct iommu_platform *platform = unit->base.platform;

    if (unit->base.iommu->config.irq.mode == IOMMU_IRQ_OFF || unit->base.no_remapping != NULL)
        return;
    unit->irtes = platform->page_alloc(unit->base.ctx, TABLE_PAGES, iommu_unit_limit(&unit->base));
    unit->irte_map = platform->page_alloc(unit->base.ctx, 1, IOMMU_ANY_PA);
    if (unit->irtes == NULL || unit->irte_map == NULL) {
        vtd_interrupts_destroy(unit);
        unit->base.no_remapping = "no memory for its interrupt table";
        return;
    }
    vtd_write_back(unit, unit->irtes, TABLE_PAGES * IOMMU_PAGE);
    unit->base.irq_entries = ENTRIES;
}

void vtd_interrupts_destroy(struct vtd_unit *unit)
{
    const struct iommu_platform *platform = unit->base.platform;

    if (unit->irtes != NULL)
        platform->page_free(unit->base.ctx, unit->irtes, TABLE_PAGES);
    if (unit->irte_map != NULL)
        platform->page_free(unit->base.ctx, unit->irte_map, 1);
    unit->irtes = NULL;
    unit->irte_map = NULL;
}

static enum iommu_status switch_off(struct vtd_unit *unit, const char *why)
{
    iommu_log(unit->base.iommu, IOMMU_LOG_WARNING, "%s: window: interrupt remapping off %s irta=0x%llx",
              unit->base.name, why, (unsigned long long)unit->found_irta);
    return vtd_command(unit, VTD_GCMD_IRE, false);
}

/*
 * Over a live table too, so that remapping never pauses; what firmware's
 * sources still send names entries that are absent in ours. Only the width of
 * destinations cannot change under it (VT-d §11.4.10).
 */
enum iommu_status vtd_interrupts_set_table(struct vtd_unit *unit)
{
    const struct iommu_irq_state *irq = &unit->base.iommu->irq;
    uint64_t irta = irq->x2apic ? VTD_IRTA_EIME : 0;
    enum iommu_status status = IOMMU_OK;

    if (!irq->remapping) {
        if (unit->ecap & VTD_ECAP_IRREQ)
            iommu_log(unit->base.iommu, IOMMU_LOG_WARNING, "%s: blocks every message, not remapping: ecap.IRREQ",
                      unit->base.name);
        return unit->base.found_remapping ? switch_off(unit, "as nothing is to be remapped") : IOMMU_OK;
    }
    if (unit->base.found_remapping && ((unit->found_irta ^ irta) & VTD_IRTA_EIME))
        status = switch_off(unit, "to change the width of destinations");
    if (status != IOMMU_OK)
        return status;
    irta |= (iommu_pa(unit->base.platform, unit->irtes) & VTD_IRTA_IRTA) | TABLE_S;
    reg_write64(&unit->regs, VTD_IRTA, irta);
    status = vtd_command(unit, VTD_GCMD_SIRTP, true);
    unit->has_irtes = status == IOMMU_OK;
    unit->in_doubt |= status != IOMMU_OK;
    return status;
}

static struct vtd_descriptor iec_global(void)
{
    return (struct vtd_descriptor){ .lo = VTD_QI_TYPE_IEC };
}

static struct vtd_descriptor iec_index(uint32_t index, unsigned shift)
{
    return (struct vtd_descriptor){
        .lo = VTD_QI_TYPE_IEC | VTD_QI_IEC_G | field_make(VTD_QI_IEC_IM, shift) | field_make(VTD_QI_IEC_IIDX, index),
    };
}

enum iommu_status vtd_interrupts_flush(struct vtd_unit *unit)
{
    struct vtd_descriptor all = iec_global();

    return unit->has_irtes ? vtd_invalidate(unit, &all, 1) : IOMMU_OK;
}

/* With EIME there is no compatibility format, and CFIS means nothing (VT-d §11.4.4.2). */
static bool shows_compatibility(const struct vtd_unit *unit)
{
    return !unit->base.iommu->irq.x2apic && (reg_read32(&unit->regs, VTD_GSTS) & VTD_GSTS_CFIS);
}

/*
 * Before remapping is on CFIS means nothing either, and need not follow: it is
 * given the time to, and GCMD.CFI is 0 from then on whatever it shows.
 */
static void clear_compatibility(struct vtd_unit *unit)
{
    if (!shows_compatibility(unit))
        return;
    reg_write32(&unit->regs, VTD_GCMD, reg_read32(&unit->regs, VTD_GSTS) & VTD_GCMD_STANDING & ~VTD_GCMD_CFI);
    unit->gcmd_clear = VTD_GCMD_CFI;
    if (reg_wait32(&unit->regs, VTD_GSTS, VTD_GSTS_CFIS, 0, CFIS_WAIT_US) != IOMMU_OK)
        iommu_log(unit->base.iommu, IOMMU_LOG_INFO, "%s: CFIS stays 1 until remapping is on", unit->base.name);
}

static enum iommu_status end_compatibility(struct vtd_unit *unit)
{
    return shows_compatibility(unit) ? vtd_command(unit, VTD_GCMD_CFI, false) : IOMMU_OK;
}

/*
 * Compatibility format goes first: it never passes once remapping is on (VT-d
 * §11.4.4.1). Whether it has gone is sure only then.
 */
enum iommu_status vtd_interrupts_enable(struct vtd_unit *unit)
{
    enum iommu_status status;

    if (!unit->has_irtes)
        return IOMMU_OK;
    clear_compatibility(unit);
    status = vtd_command(unit, VTD_GCMD_IRE, true);
    if (status == IOMMU_OK)
        status = end_compatibility(unit);
    if (status == IOMMU_OK)
        __atomic_store_n(&unit->base.remaps, true, __ATOMIC_RELEASE);
    return status;
}

enum iommu_status vtd_interrupts_disable(struct vtd_unit *unit)
{
    enum iommu_status status;

    if (!unit->has_irtes)
        return IOMMU_OK;
    __atomic_store_n(&unit->base.remaps, false, __ATOMIC_RELAXED);
    status = vtd_command(unit, VTD_GCMD_IRE, false);
    /* Leaves no trace of a table that is about to be freed. */
    if (status == IOMMU_OK && !iommu_unit_fenced(&unit->base))
        status = vtd_interrupts_flush(unit);
    unit->has_irtes = status != IOMMU_OK;
    return status;
}

/* ---- whose messages an entry takes (VT-d §5.1.1, §9.9) ---- */

static uint64_t check_id(unsigned rid, unsigned qualifier)
{
    return field_make(VTD_IRTE_SID, rid) | field_make(VTD_IRTE_SQ, qualifier) |
           field_make(VTD_IRTE_SVT, VTD_SVT_ID);
}

/*
 * QEMU takes the first bus for the last and the other way round, so that a
 * range of several matches nothing there.
 */
static uint64_t check_buses(unsigned first, unsigned last)
{
    return field_make(VTD_IRTE_SID, field_make(VTD_SID_FIRST_BUS, first) | field_make(VTD_SID_LAST_BUS, last)) |
           field_make(VTD_IRTE_SVT, VTD_SVT_BUS);
}

static bool has_rid(const struct iommu_device_desc *desc, uint16_t rid)
{
    for (size_t i = 1; i < desc->rid_count; i++)
        if (desc->rids[i] == rid)
            return true;
    return false;
}

/* Behind a conventional bridge everything arrives under the bridge's own id; the one nearest to the root counts. */
static bool behind_conventional(const struct iommu_device_desc *desc, uint16_t *rid)
{
    for (size_t i = desc->bridge_count; i-- > 0;)
        if (desc->bridges[i] >> 8 != desc->rids[0] >> 8 && has_rid(desc, desc->bridges[i])) {
            *rid = desc->bridges[i];
            return true;
        }
    return false;
}

/* Phantom functions: SQ leaves out bit 2, then downwards, to the lowest in which the ids differ (§3.12.5, §9.9). */
static unsigned qualifier_of(unsigned differs)
{
    if (differs & 1)
        return VTD_SQ_NOT_2_1_0;
    if (differs & 2)
        return VTD_SQ_NOT_2_1;
    return differs != 0 ? VTD_SQ_NOT_2 : VTD_SQ_ALL;
}

static uint64_t check_device(const struct iommu_device_desc *desc)
{
    unsigned first = desc->rids[0] >> 8, last = first, differs = 0;
    uint16_t bridge;

    if (behind_conventional(desc, &bridge))
        return check_id(bridge, VTD_SQ_ALL);
    for (size_t i = 1; i < desc->rid_count; i++) {
        unsigned bus = desc->rids[i] >> 8;

        first = bus < first ? bus : first;
        last = bus > last ? bus : last;
        differs |= desc->rids[i] ^ desc->rids[0];
    }
    if (differs < 8)
        return check_id(desc->rids[0], qualifier_of(differs));
    /* A bridge to conventional PCI may send its device's id, or bus and 00.0 (§3.12.1). */
    return check_buses(first, last);
}

static uint64_t check_of(const struct iommu_irqs *irqs)
{
    if (irqs->unit->iommu->config.irq.no_source_check)
        return field_make(VTD_IRTE_SVT, VTD_SVT_NONE);
    if (irqs->source == NULL)
        return check_device(&irqs->device->desc);
    /* Firmware's function number of an HPET is often not the one it sends. */
    return check_id(irqs->source->rid, irqs->source->kind == IOMMU_IRQ_HPET ? VTD_SQ_NOT_2_1_0 : VTD_SQ_ALL);
}

/* ---- blocks ---- */

static uintptr_t lock_map(struct vtd_unit *unit)
{
    return iommu_lock_irq(unit->base.platform, unit->base.ctx, &unit->base.irq_lock);
}

static void unlock_map(struct vtd_unit *unit, uintptr_t flags)
{
    iommu_unlock_irq(unit->base.platform, unit->base.ctx, &unit->base.irq_lock, flags);
}

/* count: a power of two, at most 32, so that an aligned block lies in one word; from is a multiple of it. */
static bool take_in_word_locked(uint64_t *word, unsigned from, unsigned count, unsigned *bit)
{
    uint64_t block = BIT64(count) - 1;

    for (unsigned at = from; at < 64; at += count)
        if (!(*word >> at & block)) {
            *word |= block << at;
            *bit = at;
            return true;
        }
    return false;
}

/*
 * From behind the block that was given out last, round to there: what a freed
 * block's source still sends meets an absent entry and not the next owner's.
 */
static bool take_locked(struct vtd_unit *unit, unsigned count, uint32_t *first)
{
    uint32_t start = (unit->irte_next + count - 1) & ~(count - 1);

    for (uint32_t tried = 0; tried <= MAP_WORDS; tried++) {
        uint32_t word = (start / 64 + tried) % MAP_WORDS;
        unsigned from = tried == 0 ? start % 64 : 0, bit;

        if (unit->irte_map[word] == ~0ull || !take_in_word_locked(&unit->irte_map[word], from, count, &bit))
            continue;
        *first = word * 64 + bit;
        unit->irte_next = (*first + count) % ENTRIES;
        return true;
    }
    return false;
}

enum iommu_status vtd_irte_alloc(struct iommu_irqs *irqs)
{
    struct vtd_unit *unit = vtd_unit_of(irqs->unit);
    unsigned count = 1u << iommu_irqs_shift(irqs);
    uint64_t check = check_of(irqs);
    struct vtd_irte *entries;
    uintptr_t flags = lock_map(unit);
    bool taken = take_locked(unit, count, &irqs->first);

    unlock_map(unit, flags);
    if (!taken)
        return IOMMU_ERR_RANGE;
    entries = &unit->irtes[irqs->first];
    irqs->entries = entries;
    for (unsigned i = 0; i < count; i++)
        entries[i] = (struct vtd_irte){ .hi = check };
    vtd_write_back(unit, entries, count * sizeof(*entries));
    return IOMMU_OK;
}

/* An aligned group by its mask, or one after the other where the unit's mask is shorter (ECAP.MHMV). */
static enum iommu_status flush_block(struct vtd_unit *unit, uint32_t first, unsigned shift)
{
    struct vtd_descriptor each[IOMMU_IRQS_MAX];
    uint32_t count = 1;

    if (!__atomic_load_n(&unit->base.remaps, __ATOMIC_ACQUIRE))
        return iommu_unit_fenced(&unit->base) && unit->has_irtes ? IOMMU_ERR_FENCED : IOMMU_OK;
    if (shift > field_get(unit->ecap, VTD_ECAP_MHMV)) {
        count = 1u << shift;
        shift = 0;
    }
    for (uint32_t i = 0; i < count; i++)
        each[i] = iec_index(first + i, shift);
    return vtd_invalidate(unit, each, count);
}
_Static_assert(IOMMU_IRQS_MAX <= VTD_BATCH_MAX, "a block is flushed by one submission");

enum iommu_status vtd_irte_free(struct iommu_irqs *irqs)
{
    struct vtd_unit *unit = vtd_unit_of(irqs->unit);
    unsigned shift = iommu_irqs_shift(irqs), count = 1u << shift;
    struct vtd_irte *entries = irqs->entries;
    bool present = false;
    enum iommu_status status = IOMMU_OK;
    uintptr_t flags;

    for (unsigned i = 0; i < count; i++)
        present |= __atomic_exchange_n(&entries[i].lo, 0, __ATOMIC_ACQ_REL) & VTD_IRTE_P;
    vtd_write_back(unit, entries, count * sizeof(*entries));
    if (present || unit->base.flush_present)
        status = flush_block(unit, irqs->first, shift);
    if (status != IOMMU_OK)
        return status;
    flags = lock_map(unit);
    unit->irte_map[irqs->first / 64] &= ~((BIT64(count) - 1) << irqs->first % 64);
    unlock_map(unit, flags);
    return IOMMU_OK;
}

/* ---- entries ---- */

static struct vtd_irte *entry_of(const struct iommu_irqs *irqs, unsigned index)
{
    return (struct vtd_irte *)irqs->entries + index;
}

static IOMMU_COLD enum iommu_status flush_again(struct vtd_unit *unit, struct vtd_descriptor d)
{
    return vtd_invalidate(unit, &d, 1);
}

/*
 * The unit forgets the entry's old content, and messages it had let through by
 * it have reached their CPU when the wait completes (VT-d §6.5.5). An absent
 * entry is remembered by units with caching mode only.
 */
static inline enum iommu_status changed(struct iommu_irqs *irqs, unsigned index, uint64_t old, uint64_t new)
{
    struct vtd_unit *unit = vtd_unit_of(irqs->unit);
    struct vtd_descriptor d = iec_index(irqs->first + index, 0);
    enum iommu_status status;

    vtd_write_back(unit, entry_of(irqs, index), sizeof(struct vtd_irte));
    if (!(old & VTD_IRTE_P) && !((new & VTD_IRTE_P) && unit->base.flush_present))
        return IOMMU_OK;
    status = vtd_queue_run_one(unit, d);
    return __builtin_expect(status == IOMMU_ERR_QUEUE, 0) ? flush_again(unit, d) : status;
}

/* What a new content is while the entry is masked. */
static uint64_t under_mask(uint64_t value, uint64_t seen)
{
    return seen & MASKED ? (value & ~VTD_IRTE_P) | MASKED : value;
}

/* One of the two contents is posted: both words change at once. Returns the first word as it was. */
static IOMMU_COLD uint64_t exchange_wide(struct vtd_irte *live, struct vtd_irte value)
{
    struct store16 *at = (struct store16 *)(void *)live;
    struct store16 seen = { live->lo, live->hi }, next;

    do {
        next.lo = under_mask(value.lo, seen.lo);
        next.hi = (seen.hi & ~VTD_IRTE_PDA_HIGH) | value.hi;
    } while (!store16_exchange(at, &seen, next));
    return seen.lo;
}

static uint64_t destination(const struct iommu *iommu, uint32_t apic_id)
{
    return iommu->irq.x2apic ? field_make(VTD_IRTE_DST, apic_id) : field_make(VTD_IRTE_DST_XAPIC, apic_id);
}

enum iommu_status vtd_irte_route(struct iommu_irqs *irqs, unsigned index, const struct iommu_irq_target *target)
{
    struct vtd_irte *live = entry_of(irqs, index);
    uint64_t value = VTD_IRTE_P | ROUTED | (target->level ? VTD_IRTE_TM : 0) |
                     field_make(VTD_IRTE_DLM, target->delivery == IOMMU_IRQ_LOWEST ? VTD_DLM_LOWEST : VTD_DLM_FIXED) |
                     field_make(VTD_IRTE_V, target->vector) | destination(irqs->unit->iommu, target->apic_id);
    uint64_t old = __atomic_load_n(&live->lo, __ATOMIC_RELAXED), next;

    do {
        if (__builtin_expect((old & VTD_IRTE_IM) != 0, 0)) {
            old = exchange_wide(live, (struct vtd_irte){ .lo = value });
            next = under_mask(value, old);
            break;
        }
        next = under_mask(value, old);
    } while (!__atomic_compare_exchange_n(&live->lo, &old, next, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    return changed(irqs, index, old, next);
}

enum iommu_status vtd_irte_post(struct iommu_irqs *irqs, unsigned index, const struct iommu_irq_posting *posting)
{
    const struct vtd_irte value = {
        .lo = VTD_IRTE_P | ROUTED | VTD_IRTE_IM | (posting->urgent ? VTD_IRTE_URG : 0) |
              field_make(VTD_IRTE_VV, posting->vector) |
              field_make(VTD_IRTE_PDA_LOW, posting->descriptor_pa / sizeof(struct iommu_posted)),
        .hi = field_make(VTD_IRTE_PDA_HIGH, posting->descriptor_pa >> 32),
    };
    uint64_t old;

    if (posting->descriptor_pa % sizeof(struct iommu_posted) != 0)
        return IOMMU_ERR_INVALID;
    if (posting->descriptor_pa > iommu_unit_limit(irqs->unit))
        return IOMMU_ERR_RANGE;
    old = exchange_wide(entry_of(irqs, index), value);
    return changed(irqs, index, old, under_mask(value.lo, old));
}

enum iommu_status vtd_irte_mask(struct iommu_irqs *irqs, unsigned index, bool masked)
{
    struct vtd_irte *live = entry_of(irqs, index);
    uint64_t old = __atomic_load_n(&live->lo, __ATOMIC_RELAXED), next;

    do {
        next = old & ~(VTD_IRTE_P | MASKED);
        if (masked)
            next |= MASKED;
        else if (old & ROUTED)
            next |= VTD_IRTE_P;
    } while (!__atomic_compare_exchange_n(&live->lo, &old, next, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    return changed(irqs, index, old, next);
}

/* ---- what a source sends ---- */

/* A block of several is one handle, to which the unit adds the number in the data (VT-d §5.1.5.2). */
void vtd_irte_message(const struct iommu_irqs *irqs, unsigned index, struct iommu_msi *out)
{
    bool block = irqs->count > 1;
    uint32_t handle = block ? irqs->first : irqs->first + index;

    out->address = VTD_MSI_ADDRESS | VTD_MSI_REMAPPABLE | field_make(VTD_MSI_HANDLE_LOW, handle) |
                   field_make(VTD_MSI_HANDLE_HIGH, handle >> 15) | (block ? VTD_MSI_SHV : 0);
    out->data = block ? index & (uint32_t)VTD_MSI_SUBHANDLE : 0;
}

/* Vector and trigger mode are the entry's: an end of interrupt is matched by them (VT-d §5.1.5.1). */
uint64_t vtd_irte_ioapic_entry(const struct iommu_irqs *irqs, bool active_low)
{
    uint64_t lo = __atomic_load_n(&entry_of(irqs, 0)->lo, __ATOMIC_RELAXED);

    return VTD_RTE_REMAPPABLE | field_make(VTD_RTE_INDEX_LOW, irqs->first) |
           field_make(VTD_RTE_INDEX_HIGH, irqs->first >> 15) | (lo & VTD_IRTE_TM ? VTD_RTE_LEVEL : 0) |
           (active_low ? VTD_RTE_ACTIVE_LOW : 0) | field_make(VTD_RTE_VECTOR, field_get(lo, VTD_IRTE_V));
}

/* ---- iommu/debug.h ---- */

void vtd_irte_debug_read(const struct iommu_irqs *irqs, unsigned index, struct iommu_debug_irq_entry *out)
{
    const struct vtd_irte *live = entry_of(irqs, index);

    *out = (struct iommu_debug_irq_entry){ .table_index = irqs->first + index, .low = live->lo, .high = live->hi };
}

enum iommu_status vtd_irte_debug_write(struct iommu_irqs *irqs, unsigned index,
                                      const struct iommu_debug_irq_entry *entry, bool flush)
{
    struct vtd_unit *unit = vtd_unit_of(irqs->unit);
    struct vtd_irte *live = entry_of(irqs, index);

    __atomic_store_n(&live->lo, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&live->hi, entry->high, __ATOMIC_RELEASE);
    __atomic_store_n(&live->lo, entry->low, __ATOMIC_RELEASE);
    vtd_write_back(unit, live, sizeof(*live));
    return flush ? flush_block(unit, irqs->first + index, 0) : IOMMU_OK;
}
