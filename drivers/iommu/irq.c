/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupt remapping as the embedder sees it: whether it is switched on and
 * why not, the sources that firmware and overrides name, blocks of entries.
 * What an entry looks like is asked of the unit's ops.
 */
#include "internal.h"
#include "memory.h"

/* Vectors below are exceptions of the processor; a local APIC refuses them. */
#define VECTOR_MIN 16u
/* CPUs' ids; the next one means all of them (Intel SDM volume 3, 10.6.2.1, 10.12.9). */
#define XAPIC_ID_MAX 0xfeu
#define X2APIC_ID_MAX 0xfffffffeu

/* ---- text ---- */

/* What does not fit is cut off. */
struct text {
    char *at;
    size_t left;    /* with the final 0 */
};

static void put(struct text *text, const char *part)
{
    for (; *part != '\0' && text->left > 1; part++, text->left--)
        *text->at++ = *part;
    *text->at = '\0';
}

static void put_hex(struct text *text, unsigned value, unsigned digits)
{
    char part[2] = "";

    while (digits-- > 0) {
        part[0] = "0123456789abcdef"[value >> (4 * digits) & 15];
        put(text, part);
    }
}

/* Below 1000. */
static void put_decimal(struct text *text, unsigned value)
{
    char part[2] = "";

    for (unsigned divisor = value >= 100 ? 100 : value >= 10 ? 10 : 1; divisor > 0; divisor /= 10) {
        part[0] = (char)('0' + value / divisor % 10);
        put(text, part);
    }
}

static void set_reason(struct iommu *iommu, const char *who, const char *what)
{
    struct text text = { iommu->irq.reason, sizeof(iommu->irq.reason) };

    put(&text, who);
    put(&text, ": ");
    put(&text, what);
}

/* ---- configuration ---- */

enum iommu_status iommu_irq_configure(struct iommu *iommu)
{
    struct iommu_irq_config *config = &iommu->config.irq;

    if (config->override_count > IOMMU_IRQ_OVERRIDES_MAX)
        return IOMMU_ERR_INVALID;
    for (size_t i = 0; i < config->override_count; i++)
        iommu->irq.overrides[i] = config->overrides[i];
    for (size_t i = 0; i < config->ioapic_count; i++)
        iommu->irq.ioapics[config->ioapics[i]] = true;
    config->overrides = iommu->irq.overrides;
    config->ioapics = NULL;
    return IOMMU_OK;
}

/* ---- sources ---- */

static struct iommu_irq_source *find_source(const struct iommu *iommu, enum iommu_irq_source_kind kind, uint8_t id)
{
    struct iommu_irq_source *source = iommu->irq_sources;

    while (source != NULL && (source->kind != kind || source->id != id))
        source = source->next;
    return source;
}

static const struct iommu_irq_override *
find_override(const struct iommu *iommu, enum iommu_irq_source_kind kind, uint8_t id)
{
    for (size_t i = 0; i < iommu->config.irq.override_count; i++)
        if (iommu->irq.overrides[i].kind == kind && iommu->irq.overrides[i].id == id)
            return &iommu->irq.overrides[i];
    return NULL;
}

static enum iommu_status add_source(struct iommu *iommu, const struct iommu_irq_source *value)
{
    struct iommu_irq_source *source = iommu_pool_get(iommu, &iommu->irq_source_pool);

    if (source == NULL)
        return IOMMU_ERR_NOMEM;
    *source = *value;
    source->next = iommu->irq_sources;
    iommu->irq_sources = source;
    iommu_log(iommu, IOMMU_LOG_INFO, "%s: interrupts of %s=%u src=" IOMMU_RID_FORMAT "%s", source->unit->name,
              source->kind == IOMMU_IRQ_IOAPIC ? "ioapic" : "hpet", source->id,
              IOMMU_RID_ARGS(source->unit->segment, source->rid), source->overridden ? " (override)" : "");
    return IOMMU_OK;
}

/* The unit that sees requests of an override's id; NULL: none does. */
static struct iommu_unit *unit_of(const struct iommu *iommu, const struct iommu_irq_override *override)
{
    const struct iommu_device_desc desc = {
        .segment = override->segment, .rids = { override->rid }, .rid_count = 1,
    };

    return iommu_unit_covering(iommu, &desc);
}

enum iommu_status iommu_irq_source_add(struct iommu *iommu, struct iommu_unit *unit, enum iommu_irq_source_kind kind,
                                       uint8_t id, uint16_t rid)
{
    const struct iommu_irq_override *override = find_override(iommu, kind, id);
    struct iommu_irq_source value = { .unit = unit, .kind = kind, .id = id, .rid = rid };

    if (find_source(iommu, kind, id) != NULL) {
        iommu_log(iommu, IOMMU_LOG_WARNING, "%s: source of interrupts named again kind=%u id=%u src=0x%04x, left out",
                  unit->name, kind, id, rid);
        return IOMMU_OK;
    }
    if (override != NULL) {
        value.rid = override->rid;
        value.overridden = true;
        if (override->segment != unit->segment)
            value.unit = unit_of(iommu, override);
        if (value.unit == NULL)
            return IOMMU_OK;
    }
    return add_source(iommu, &value);
}

enum iommu_status iommu_irq_sources_complete(struct iommu *iommu)
{
    for (size_t i = 0; i < iommu->config.irq.override_count; i++) {
        const struct iommu_irq_override *override = &iommu->irq.overrides[i];
        struct iommu_irq_source value = {
            .kind = override->kind, .id = override->id, .rid = override->rid, .overridden = true,
        };
        enum iommu_status status;

        if (override->kind == IOMMU_IRQ_ACPI || find_source(iommu, override->kind, override->id) != NULL)
            continue;
        value.unit = unit_of(iommu, override);
        if (value.unit == NULL) {
            iommu_log(iommu, IOMMU_LOG_WARNING, "iommu: override id=%u src=" IOMMU_RID_FORMAT " which no unit covers",
                      override->id, IOMMU_RID_ARGS(override->segment, override->rid));
            continue;
        }
        status = add_source(iommu, &value);
        if (status != IOMMU_OK)
            return status;
    }
    return IOMMU_OK;
}

enum iommu_status iommu_irq_source(const struct iommu *iommu, enum iommu_irq_source_kind kind, uint8_t id,
                                   struct iommu_irq_source_info *out)
{
    const struct iommu_irq_source *source = find_source(iommu, kind, id);

    if (source == NULL)
        return IOMMU_ERR_NOT_FOUND;
    *out = (struct iommu_irq_source_info){ .segment = source->unit->segment, .rid = source->rid,
                                           .unit = source->unit->index, .overridden = source->overridden };
    return IOMMU_OK;
}

/* ---- the decision ---- */

static bool units_can(struct iommu *iommu)
{
    for (unsigned i = 0; i < iommu->unit_count; i++) {
        const struct iommu_unit *unit = iommu->units[i];
        const char *why = unit->no_remapping;

        if (iommu_unit_fenced(unit))
            why = "the unit was not started";
        else if (unit->ops->irq_alloc == NULL)
            why = "its driver has no interrupt remapping";
        if (why != NULL) {
            set_reason(iommu, unit->name, why);
            return false;
        }
    }
    return true;
}

static bool rid_is_taken(const struct iommu *iommu, uint16_t rid)
{
    for (const struct iommu_irq_source *source = iommu->irq_sources; source != NULL; source = source->next)
        if (source->unit->segment == 0 && source->rid == rid)
            return true;
    return false;
}

/* The override that would name a forgotten IOAPIC, where such ones usually are. */
static void suggest(struct iommu *iommu, unsigned id)
{
    const struct iommu_ops *ops = iommu->units[0]->ops;
    struct text text = { iommu->irq.suggestion, sizeof(iommu->irq.suggestion) };

    if (ops->ioapic_word == NULL)
        return;
    for (size_t i = 0; i < sizeof(ops->ioapic_rids) / sizeof(ops->ioapic_rids[0]); i++) {
        uint16_t rid = ops->ioapic_rids[i];

        if (rid_is_taken(iommu, rid))
            continue;
        put(&text, ops->ioapic_word);
        put(&text, "=");
        put_decimal(&text, id);
        put(&text, "@0000:");
        put_hex(&text, rid >> 8, 2);
        put(&text, ":");
        put_hex(&text, (rid >> 3) & 31, 2);
        put(&text, ".");
        put_hex(&text, rid & 7, 1);
        return;
    }
}

/* An IOAPIC whose source id nobody knows would have to be let through, or be lost (VT-d §8.3.1.1). */
static bool ioapics_are_named(struct iommu *iommu)
{
    for (unsigned id = 0; id < sizeof(iommu->irq.ioapics); id++) {
        struct text text = { iommu->irq.reason, sizeof(iommu->irq.reason) };

        if (!iommu->irq.ioapics[id] || find_source(iommu, IOMMU_IRQ_IOAPIC, (uint8_t)id) != NULL)
            continue;
        put(&text, "IOAPIC ");
        put_decimal(&text, id);
        put(&text, " is not in firmware's table");
        suggest(iommu, id);
        return false;
    }
    return true;
}

static bool x2apic_is_possible(struct iommu *iommu)
{
    const struct iommu_irq_config *config = &iommu->config.irq;

    for (unsigned i = 0; i < iommu->unit_count; i++)
        if (iommu->units[i]->no_x2apic != NULL) {
            set_reason(iommu, iommu->units[i]->name, iommu->units[i]->no_x2apic);
            return false;
        }
    if (!iommu->irq.x2apic_opt_out || config->ignore_x2apic_opt_out)
        return true;
    if (config->x2apic == IOMMU_X2APIC_NEEDED) {
        iommu_log(iommu, IOMMU_LOG_WARNING, "iommu: firmware asks not to use x2APIC, and it is needed");
        return true;
    }
    set_reason(iommu, "firmware", "its table asks not to use x2APIC");
    put(&(struct text){ iommu->irq.suggestion, sizeof(iommu->irq.suggestion) }, "intremap=no_x2apic_optout");
    return false;
}

static bool x2apic_fits(struct iommu *iommu)
{
    if (!iommu->irq.x2apic && iommu->config.irq.x2apic == IOMMU_X2APIC_NEEDED)
        return false;
    for (unsigned i = 0; i < iommu->unit_count; i++)
        if (!iommu->irq.x2apic && iommu->units[i]->x2apic_only) {
            set_reason(iommu, iommu->units[i]->name, "it remaps in x2APIC mode only");
            return false;
        }
    return true;
}

static bool posting_is_possible(const struct iommu *iommu)
{
    for (unsigned i = 0; i < iommu->unit_count; i++)
        if (iommu->units[i]->no_posting != NULL)
            return false;
    return !iommu->config.irq.no_posting;
}

void iommu_irq_decide(struct iommu *iommu)
{
    struct iommu_irq_state *irq = &iommu->irq;
    const struct iommu_irq_config *config = &iommu->config.irq;

    if (config->mode == IOMMU_IRQ_OFF)
        set_reason(iommu, "iommu", "remapping was not asked for");
    else if (units_can(iommu) && ioapics_are_named(iommu)) {
        irq->x2apic = config->x2apic != IOMMU_X2APIC_NO && x2apic_is_possible(iommu);
        irq->remapping = x2apic_fits(iommu);
    }
    irq->x2apic &= irq->remapping;
    irq->wide = irq->x2apic;
    irq->posting = irq->remapping && posting_is_possible(iommu);
    iommu_log(iommu, irq->remapping || config->mode == IOMMU_IRQ_OFF ? IOMMU_LOG_INFO : IOMMU_LOG_WARNING,
              "iommu: interrupts remapped=%u x2apic=%u posting=%u reason=\"%s\" suggestion=\"%s\"", irq->remapping,
              irq->x2apic, irq->posting, irq->reason, irq->suggestion);
}

void iommu_irq_confirm(struct iommu *iommu)
{
    struct iommu_irq_state *irq = &iommu->irq;

    if (!irq->remapping)
        return;
    for (unsigned i = 0; i < iommu->unit_count; i++) {
        const struct iommu_unit *unit = iommu->units[i];

        if (!iommu_unit_fenced(unit) && unit->remaps)
            continue;
        if (irq->failed_units++ == 0)
            set_reason(iommu, unit->name, "it failed when it was started");
        irq->posting = false;
        iommu_log(iommu, IOMMU_LOG_ERROR, "%s: does not remap interrupts, which the other units do", unit->name);
    }
    /* Those of the others name CPUs in x2APIC mode (VT-d §11.4.10, EIME), and no other message is ever given out. */
    irq->wide &= irq->failed_units < iommu->unit_count;
}

void iommu_irq_info(const struct iommu *iommu, struct iommu_irq_info *out)
{
    *out = (struct iommu_irq_info){
        .remapping = iommu->irq.remapping, .x2apic = iommu->irq.wide, .posting = iommu->irq.posting,
        .reason = iommu->irq.reason, .failed_units = iommu->irq.failed_units,
    };
    memcpy(out->suggestion, iommu->irq.suggestion, sizeof(out->suggestion));
}

/* ---- blocks ---- */

static enum iommu_status alloc(struct iommu *iommu, const struct iommu_irqs *value, struct iommu_irqs **out)
{
    struct iommu_unit *unit = value->unit;
    struct iommu_irqs *irqs;
    enum iommu_status status;

    if (value->count == 0 || value->count > IOMMU_IRQS_MAX)
        return IOMMU_ERR_INVALID;
    if (!iommu->irq.remapping || iommu->stopped)
        return IOMMU_ERR_UNSUPPORTED;
    if (iommu_unit_fenced(unit))
        return IOMMU_ERR_FENCED;
    irqs = iommu_pool_get(iommu, &iommu->irqs_pool);
    if (irqs == NULL)
        return IOMMU_ERR_NOMEM;
    *irqs = *value;
    status = unit->ops->irq_alloc(irqs);
    if (status != IOMMU_OK) {
        iommu_pool_put(iommu, &iommu->irqs_pool, irqs);
        return status;
    }
    __atomic_fetch_add(&unit->irq_used, 1u << iommu_irqs_shift(irqs), __ATOMIC_RELAXED);
    *out = irqs;
    return IOMMU_OK;
}

enum iommu_status iommu_irq_alloc(struct iommu_device *device, unsigned count, struct iommu_irqs **out)
{
    const struct iommu_irqs value = { .unit = device->unit, .device = device, .count = count };

    return alloc(device->iommu, &value, out);
}

static enum iommu_status alloc_of_source(struct iommu *iommu, enum iommu_irq_source_kind kind, uint8_t id,
                                         struct iommu_irqs value, struct iommu_irqs **out)
{
    value.source = find_source(iommu, kind, id);
    if (value.source == NULL)
        return IOMMU_ERR_NOT_FOUND;
    value.unit = value.source->unit;
    return alloc(iommu, &value, out);
}

enum iommu_status iommu_irq_alloc_ioapic(struct iommu *iommu, uint8_t ioapic_id, unsigned pin, struct iommu_irqs **out)
{
    return alloc_of_source(iommu, IOMMU_IRQ_IOAPIC, ioapic_id, (struct iommu_irqs){ .pin = pin, .count = 1 }, out);
}

enum iommu_status iommu_irq_alloc_hpet(struct iommu *iommu, uint8_t hpet, unsigned count, struct iommu_irqs **out)
{
    return alloc_of_source(iommu, IOMMU_IRQ_HPET, hpet, (struct iommu_irqs){ .count = count }, out);
}

enum iommu_status iommu_irq_free(struct iommu_irqs *irqs)
{
    struct iommu_unit *unit = irqs->unit;
    enum iommu_status status = unit->ops->irq_free(irqs);

    if (status == IOMMU_OK)
        __atomic_fetch_sub(&unit->irq_used, 1u << iommu_irqs_shift(irqs), __ATOMIC_RELAXED);
    iommu_pool_put(unit->iommu, &unit->iommu->irqs_pool, irqs);
    return status;
}

/* ---- entries ---- */

static bool is_pin(const struct iommu_irqs *irqs)
{
    return irqs->source != NULL && irqs->source->kind == IOMMU_IRQ_IOAPIC;
}

static bool is_reached(const struct iommu *iommu, uint32_t apic_id)
{
    return apic_id <= (iommu->irq.wide ? X2APIC_ID_MAX : XAPIC_ID_MAX);
}

/* OK: entries of the unit can be changed. */
static enum iommu_status unit_state(const struct iommu_unit *unit)
{
    if (__builtin_expect(iommu_unit_fenced(unit), 0))
        return IOMMU_ERR_FENCED;
    return __atomic_load_n(&unit->remaps, __ATOMIC_RELAXED) ? IOMMU_OK : IOMMU_ERR_UNSUPPORTED;
}

enum iommu_status iommu_irq_route(struct iommu_irqs *irqs, unsigned index, const struct iommu_irq_target *target)
{
    const struct iommu_unit *unit = irqs->unit;
    enum iommu_status status = unit_state(unit);

    if (index >= irqs->count || target->vector < VECTOR_MIN || target->delivery > IOMMU_IRQ_LOWEST ||
        (target->level && !is_pin(irqs)))
        return IOMMU_ERR_INVALID;
    if (!is_reached(unit->iommu, target->apic_id))
        return IOMMU_ERR_RANGE;
    return status != IOMMU_OK ? status : unit->ops->irq_route(irqs, index, target);
}

enum iommu_status iommu_irq_post(struct iommu_irqs *irqs, unsigned index, const struct iommu_irq_posting *posting)
{
    const struct iommu_unit *unit = irqs->unit;
    enum iommu_status status = unit_state(unit);

    if (!unit->iommu->irq.posting)
        return IOMMU_ERR_UNSUPPORTED;
    if (index >= irqs->count || is_pin(irqs))
        return IOMMU_ERR_INVALID;
    if (!is_reached(unit->iommu, posting->apic_id))
        return IOMMU_ERR_RANGE;
    return status != IOMMU_OK ? status : unit->ops->irq_post(irqs, index, posting);
}

enum iommu_status iommu_irq_mask(struct iommu_irqs *irqs, unsigned index, bool masked)
{
    enum iommu_status status = unit_state(irqs->unit);

    if (index >= irqs->count)
        return IOMMU_ERR_INVALID;
    return status != IOMMU_OK ? status : irqs->unit->ops->irq_mask(irqs, index, masked);
}

void iommu_irq_message(const struct iommu_irqs *irqs, unsigned index, struct iommu_msi *out)
{
    irqs->unit->ops->irq_message(irqs, index, out);
}

void iommu_irq_ioapic_entry(const struct iommu_irqs *irqs, bool active_low, uint64_t *entry)
{
    *entry = irqs->unit->ops->irq_ioapic_entry(irqs, active_low);
}

/* ---- iommu/debug.h ---- */

void iommu_debug_irq_read(const struct iommu_irqs *irqs, unsigned index, struct iommu_debug_irq_entry *out)
{
    irqs->unit->ops->debug_irq_read(irqs, index, out);
}

enum iommu_status iommu_debug_irq_write(struct iommu_irqs *irqs, unsigned index,
                                        const struct iommu_debug_irq_entry *entry, bool flush)
{
    enum iommu_status status = unit_state(irqs->unit);

    if (index >= irqs->count)
        return IOMMU_ERR_INVALID;
    return status != IOMMU_OK ? status : irqs->unit->ops->debug_irq_write(irqs, index, entry, flush);
}

void iommu_debug_irq_message(const struct iommu_irqs *irqs, unsigned index, struct iommu_msi *out)
{
    irqs->unit->ops->irq_message(irqs, index, out);
}
