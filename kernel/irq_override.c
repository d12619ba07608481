/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The overrides of interrupt sources as text. Each part is read whole: what is
 * left over, too long or out of range makes the word wrong.
 */
#include "irq_override.h"

#include <stdint.h>

#include "words.h"

#define ID_MAX 255u
#define SEGMENT_MAX 0xffffu
#define BUS_MAX 0xffu
#define DEVICE_MAX 31u
#define FUNCTION_MAX 7u

static const char no_id[] = "the id is no number up to 255";
static const char no_place[] = "no PCI function in the form 0000:00:14.0 or 00:14.0";
static const char no_form[] = "neither in the form [ID]=PLACE nor =ID@PLACE";
static const char no_hid[] = "no name of a device in the form AMD0020:0";

/* Digits of a base up to max; what follows them, NULL: there are none, or the number is too large. */
static const char *number(const char *text, unsigned base, unsigned max, unsigned *value)
{
    const char *start = text;

    for (*value = 0;; text++) {
        char lower = (char)(*text | 0x20);
        unsigned digit = *text >= '0' && *text <= '9' ? (unsigned)(*text - '0')
                         : lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a') + 10
                                                        : base;

        if (digit >= base)
            return text == start ? NULL : text;
        *value = *value * base + digit;
        if (*value > max)
            return NULL;
    }
}

/* One number and the character behind it. */
static const char *part(const char *text, unsigned max, char end, unsigned *value)
{
    text = number(text, 16, max, value);
    return text != NULL && *text == end ? text + 1 : NULL;
}

/* "SEGMENT:BUS:DEVICE.FUNCTION" or without the segment; what follows it, or NULL. */
static const char *place(const char *text, struct iommu_irq_override *out)
{
    unsigned first, bus, device, function;
    const char *after = part(text, SEGMENT_MAX, ':', &first);
    const char *with_segment = after == NULL ? NULL : part(after, BUS_MAX, ':', &bus);

    if (after == NULL)
        return NULL;
    out->segment = with_segment == NULL ? 0 : (uint16_t)first;
    if (with_segment == NULL)
        bus = first;
    after = part(with_segment == NULL ? after : with_segment, DEVICE_MAX, '.', &device);
    if (after == NULL || bus > BUS_MAX)
        return NULL;
    after = number(after, 16, FUNCTION_MAX, &function);
    out->rid = (uint16_t)(bus << 8 | device << 3 | function);
    return after;
}

static bool whole_place(const char *text, struct iommu_irq_override *out)
{
    text = place(text, out);
    return text != NULL && *text == '\0';
}

static const char *id_override(const char *text, struct iommu_irq_override *out)
{
    bool brackets = *text == '[';
    unsigned id;

    if (*text != '[' && *text != '=')
        return no_form;
    text = number(text + 1, 10, ID_MAX, &id);
    if (text == NULL)
        return no_id;
    out->id = (uint8_t)id;
    text = text_after(text, brackets ? "]=" : "@");
    if (text == NULL)
        return no_form;
    return whole_place(text, out) ? NULL : no_place;
}

/* Characters up to one of two ends; what follows, NULL: too many. */
static const char *name(const char *text, char end, char *out, size_t size)
{
    size_t len = 0;

    for (; *text != end && *text != '\0'; text++) {
        if (len + 1 == size)
            return NULL;
        out[len++] = *text;
    }
    out[len] = '\0';
    return text;
}

/* "HID:UID"; Linux compares UIDs without leading zeros. What follows, or NULL. */
static const char *device_name(const char *text, char end, struct iommu_irq_override *out)
{
    text = name(text, ':', out->hid, sizeof(out->hid));
    if (text == NULL || *text != ':' || out->hid[0] == '\0')
        return NULL;
    text++;
    while (text[0] == '0' && text[1] != '\0' && text[1] != end)
        text++;
    return name(text, end, out->uid, sizeof(out->uid));
}

static const char *hid_override(const char *text, struct iommu_irq_override *out)
{
    if (*text == '[') {
        text = place(text + 1, out);
        if (text == NULL)
            return no_place;
        text = text_after(text, "]=");
        if (text == NULL)
            return no_form;
        text = device_name(text, '\0', out);
        return text != NULL ? NULL : no_hid;
    }
    if (*text != '=')
        return no_form;
    text = device_name(text + 1, '@', out);
    if (text == NULL)
        return no_hid;
    if (*text != '@')
        return no_form;
    return whole_place(text + 1, out) ? NULL : no_place;
}

const char *irq_override_parse(enum iommu_irq_source_kind kind, const char *text, struct iommu_irq_override *out)
{
    *out = (struct iommu_irq_override){ .kind = kind };
    return kind == IOMMU_IRQ_ACPI ? hid_override(text, out) : id_override(text, out);
}
