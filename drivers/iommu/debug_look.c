/* SPDX-License-Identifier: BSD-2-Clause */
/* iommu/debug.h: what only looks. What is seen is each vendor's, how it is shown is here. */
#include "dump.h"

/* ---- for vendors ---- */

static uint64_t value_of(const struct dump_field *field, uint64_t word)
{
    return field->in_place ? word & field->mask : field_get(word, field->mask);
}

void dump_fields(const struct iommu_debug_visitor *visitor, const struct dump_fields *fields,
                 const uint64_t *words)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct dump_field *field = &fields->list[i];
        uint64_t value = value_of(field, words[field->word]);

        visitor->field(visitor->ctx, field->name, value,
                       value < field->meaning_count ? field->meanings[value] : "");
    }
}

void dump_item(const struct iommu_debug_visitor *visitor, const struct iommu_debug_item *item,
               const struct dump_fields *fields)
{
    visitor->item(visitor->ctx, item);
    dump_fields(visitor, fields, item->words);
}

void dump_register32(const struct iommu_debug_visitor *visitor, const struct reg_window *window,
                     const char *name, struct reg32 reg, const struct dump_fields *fields)
{
    struct iommu_debug_item item = {
        .name = name, .is_register = true, .at = reg.offset, .bits = 32
    };

    item.words[0] = reg_read32(window, reg);
    dump_item(visitor, &item, fields);
}

void dump_register64(const struct iommu_debug_visitor *visitor, const struct reg_window *window,
                     const char *name, struct reg64 reg, const struct dump_fields *fields)
{
    struct iommu_debug_item item = {
        .name = name, .is_register = true, .at = reg.offset, .bits = 64
    };

    item.words[0] = reg_read64(window, reg);
    dump_item(visitor, &item, fields);
}

/* What follows prefix in name; NULL: it begins otherwise. */
static const char *behind(const char *name, const char *prefix)
{
    for (; *prefix != '\0'; name++, prefix++)
        if (*name != *prefix)
            return NULL;
    return name;
}

void dump_capabilities(const struct iommu_unit *unit, const struct iommu_debug_visitor *visitor,
                       const char *prefix)
{
    struct iommu_capability cap;

    for (size_t i = 0; unit->ops->capability(unit, i, &cap) == IOMMU_OK; i++) {
        const char *name = behind(cap.name, prefix);

        if (name != NULL)
            visitor->field(visitor->ctx, name, cap.value, cap.meaning);
    }
}

bool dump_read(const struct iommu_unit *unit, uint64_t pa, uint64_t *words, size_t count)
{
    const struct iommu_platform *platform = unit->platform;
    uint64_t page_pa = pa & ~(IOMMU_PAGE - 1);
    const uint64_t *page = NULL;

    if (page_pa + IOMMU_PAGE <= iommu_width_end(unit->output_bits))
        page = platform->memory_map(unit->ctx, page_pa, IOMMU_PAGE);
    if (page == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        words[i] = __atomic_load_n(&page[(pa - page_pa) / sizeof(*page) + i], __ATOMIC_RELAXED);
    platform->memory_unmap(unit->ctx, page, IOMMU_PAGE);
    return true;
}

void dump_refuse(struct iommu_debug_walk *out, uint32_t reason, const char *why)
{
    out->outcome = IOMMU_DEBUG_REFUSED;
    out->reason = reason;
    out->why = why;
}

void dump_give_up(struct iommu_debug_walk *out, const char *why)
{
    out->outcome = IOMMU_DEBUG_UNKNOWN;
    out->why = why;
}

/* ---- iommu/debug.h ---- */

enum iommu_status iommu_debug_registers(struct iommu *iommu, size_t unit,
                                        const struct iommu_debug_visitor *visitor)
{
    if (unit >= iommu->unit_count)
        return IOMMU_ERR_NOT_FOUND;
    iommu->units[unit]->ops->debug_registers(iommu->units[unit], visitor);
    return IOMMU_OK;
}

enum iommu_status iommu_debug_queues(struct iommu *iommu, size_t unit, size_t count,
                                     const struct iommu_debug_visitor *visitor)
{
    if (unit >= iommu->unit_count)
        return IOMMU_ERR_NOT_FOUND;
    if (iommu->platform->memory_map == NULL)
        return IOMMU_ERR_UNSUPPORTED;
    return iommu->units[unit]->ops->debug_queues(iommu->units[unit], count, visitor);
}

enum iommu_status iommu_debug_irq_entries(struct iommu *iommu, size_t unit,
                                          const struct iommu_debug_irq_filter *filter,
                                          const struct iommu_debug_visitor *visitor)
{
    if (unit >= iommu->unit_count)
        return IOMMU_ERR_NOT_FOUND;
    if (iommu->platform->memory_map == NULL)
        return IOMMU_ERR_UNSUPPORTED;
    return iommu->units[unit]->ops->debug_irq_entries(iommu->units[unit], filter, visitor);
}

/* Of a device that was never added too. */
static struct iommu_unit *unit_of(struct iommu *iommu, uint16_t segment, uint16_t rid)
{
    const struct iommu_device *device = iommu_find_device(iommu, segment, rid);
    struct iommu_device_desc desc = { .segment = segment, .rids = { rid }, .rid_count = 1 };

    return device != NULL ? device->unit : iommu_unit_covering(iommu, &desc);
}

enum iommu_status iommu_debug_walk(struct iommu *iommu, uint16_t segment, uint16_t rid,
                                   uint64_t iova, const struct iommu_debug_visitor *visitor,
                                   struct iommu_debug_walk *out)
{
    struct iommu_unit *unit = unit_of(iommu, segment, rid);

    if (unit == NULL)
        return IOMMU_ERR_NOT_FOUND;
    if (iommu->platform->memory_map == NULL)
        return IOMMU_ERR_UNSUPPORTED;
    *out = (struct iommu_debug_walk){ .unit = unit->index, .reason_name = "", .why = "" };
    unit->ops->debug_walk(unit, rid, iova, visitor, out);
    return IOMMU_OK;
}
