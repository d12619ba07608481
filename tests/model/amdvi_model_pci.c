/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration spaces of the machine's functions. A unit's own holds the
 * capability block (AMD-Vi §3.2), the MSI capability its messages go by, and
 * behind that two capabilities nobody should use: an MSI without an address
 * and a HyperTransport MSI mapping. Registers F0h and F4h are the way to the
 * L2 registers that work-arounds touch.
 */
#include <string.h>

#include "amdvi_model_private.h"

enum {
    CONFIG_VENDOR = 0x00,
    CONFIG_COMMAND = 0x04,
    CONFIG_STATUS = 0x06,
    CONFIG_SUBCLASS = 0x0a,
    CONFIG_CLASS = 0x0b,
    CONFIG_HEADER_TYPE = 0x0e,
    CONFIG_SECONDARY_BUS = 0x19,
    CONFIG_SUBORDINATE_BUS = 0x1a,
    CONFIG_CAPABILITIES = 0x34,
    CONFIG_L2_INDEX = 0xf0,
    CONFIG_L2_DATA = 0xf4,
    CONFIG_L1_INDEX = 0xf8,
};

#define VENDOR_AMD 0x14811022u
#define VENDOR_ANY 0x00018086u
#define STATUS_CAPABILITIES 0x10u
#define CAPABILITY AMDVI_MODEL_CAPABILITY
#define MSI AMDVI_MODEL_MSI
#define DUMMY_MSI 0x80u
#define HT_MAPPING 0x84u
#define MSI_64_BIT 0x0080u
#define MSI_ENABLE 0x0001u
#define MSI_MULTIPLE_ENABLE 0x0070u
#define L2_WRITE 0x100u

static uint32_t *l2_register(struct am_function *function)
{
    return &function->unit->l2[am_config_get(function, CONFIG_L2_INDEX, 1)];
}

uint32_t am_config_get(const struct am_function *function, unsigned offset, unsigned width)
{
    uint32_t value = 0;

    memcpy(&value, function->config + offset, width);
    return value;
}

void am_config_put(struct am_function *function, unsigned offset, unsigned width, uint32_t value)
{
    memcpy(function->config + offset, &value, width);
}

struct am_function *am_function(struct amdvi_model *m, uint16_t segment, uint16_t rid, bool add)
{
    struct am_function *unused = NULL;

    for (size_t i = 0; i < AM_FUNCTIONS; i++) {
        struct am_function *function = &m->functions[i];

        if ((function->present || function->master_off) && function->segment == segment &&
            function->rid == rid)
            return function;
        if (!function->present && !function->master_off && unused == NULL)
            unused = function;
    }
    if (!add || unused == NULL)
        return NULL;
    *unused = (struct am_function){ .segment = segment, .rid = rid };
    return unused;
}

void amdvi_model_function(struct amdvi_model *m, uint16_t segment, uint16_t rid)
{
    struct am_function *function = am_function(m, segment, rid, true);

    function->present = true;
    am_config_put(function, CONFIG_VENDOR, 4, VENDOR_ANY);
    function->config[CONFIG_CLASS] = 0x02;
}

void amdvi_model_bridge(struct amdvi_model *m, uint16_t segment, uint16_t rid, uint8_t secondary,
                        uint8_t subordinate)
{
    struct am_function *function;

    amdvi_model_function(m, segment, rid);
    function = am_function(m, segment, rid, false);
    function->config[CONFIG_HEADER_TYPE] = 0x01;
    function->config[CONFIG_CLASS] = 0x06;
    function->config[CONFIG_SUBCLASS] = 0x04;
    function->config[CONFIG_SECONDARY_BUS] = secondary;
    function->config[CONFIG_SUBORDINATE_BUS] = subordinate;
}

static uint32_t capability_header(uint8_t id, uint8_t next, uint32_t control)
{
    return id | (uint32_t)next << 8 | control << 16;
}

void am_function_of_unit(struct am_unit *u)
{
    const struct amdvi_model_unit_config *config = u->config;
    struct am_function *function = am_function(u->model, config->segment, config->rid, true);
    uint32_t own =
        (uint32_t)(spec_make(ASPEC_CAPH_ID, ASPEC_CAP_ID) | spec_make(ASPEC_CAPH_NEXT, MSI) |
                   spec_make(ASPEC_CAPH_TYPE, ASPEC_CAP_TYPE_IOMMU));

    function->present = true;
    function->unit = u;
    am_config_put(function, CONFIG_VENDOR, 4, VENDOR_AMD);
    am_config_put(function, CONFIG_STATUS, 2, STATUS_CAPABILITIES);
    function->config[CONFIG_CLASS] = 0x08;
    function->config[CONFIG_SUBCLASS] = 0x06;
    function->config[CONFIG_CAPABILITIES] = CAPABILITY;
    am_config_put(function, CAPABILITY + ASPEC_CAP_HEADER, 4, config->header | own);
    am_config_put(function, CAPABILITY + ASPEC_CAP_BASE_LO, 4,
                  (uint32_t)(config->base & ASPEC_CAPB_BASE) | (u->decodes ? 1u : 0));
    am_config_put(function, CAPABILITY + ASPEC_CAP_BASE_HI, 4, (uint32_t)(config->base >> 32));
    am_config_put(function, CAPABILITY + ASPEC_CAP_MISC, 4,
                  (uint32_t)(spec_make(ASPEC_CAPM_PA_SIZE, u->model->config.host_bits) |
                             spec_make(ASPEC_CAPM_VA_SIZE, 64) |
                             spec_make(ASPEC_CAPM_GVA_SIZE, 2)));
    am_config_put(function, MSI, 4, capability_header(0x05, DUMMY_MSI, MSI_64_BIT));
    am_config_put(function, DUMMY_MSI, 4, capability_header(0x05, HT_MAPPING, 0));
    am_config_put(function, HT_MAPPING, 4, capability_header(0x08, 0, 0xa803));
}

uint32_t am_config_read(struct amdvi_model *m, uint16_t segment, uint16_t rid, unsigned offset,
                        unsigned width)
{
    struct am_function *function = am_function(m, segment, rid, false);

    if ((width != 1 && width != 2 && width != 4) || offset % width != 0) {
        am_violation(m, "configuration access of %u bytes at 0x%x", width, offset);
        return UINT32_MAX;
    }
    if (function == NULL || !function->present)
        return UINT32_MAX >> (32 - width * 8);
    if (offset + width > AM_CONFIG_BYTES)
        return 0;
    if (function->unit != NULL && (offset & ~3u) == CONFIG_L2_DATA)
        return *l2_register(function) >> ((offset & 3) * 8);
    return am_config_get(function, offset, width);
}

/* ---- writes ---- */

/* The bits of a dword that software may write; the rest keeps what it has. */
static uint32_t writable(const struct am_function *function, unsigned offset)
{
    bool locked =
        (am_config_get(function, CAPABILITY + ASPEC_CAP_BASE_LO, 4) & ASPEC_CAPB_ENABLE) != 0;

    if (offset == CONFIG_COMMAND)
        return 0xffff;
    if (function->unit == NULL)
        return 0;
    switch (offset) {
    case CAPABILITY + ASPEC_CAP_BASE_LO:
        return (uint32_t)(locked ? 0 : ASPEC_CAPB_BASE | ASPEC_CAPB_ENABLE);
    case CAPABILITY + ASPEC_CAP_BASE_HI:
        return locked ? 0 : UINT32_MAX;
    case MSI:
        return (MSI_ENABLE | MSI_MULTIPLE_ENABLE) << 16;
    case MSI + 4:
        return ~3u;
    case MSI + 8:
        return UINT32_MAX;
    case MSI + 12:
        return 0xffff;
    case CONFIG_L2_INDEX:
    case CONFIG_L1_INDEX:
        return UINT32_MAX;
    default:
        return 0;
    }
}

static void l2_write(struct am_function *function, uint32_t value)
{
    if ((am_config_get(function, CONFIG_L2_INDEX, 4) & L2_WRITE) == 0)
        am_violation(function->unit->model, "amdvi%u: F4h written while F0h does not allow it",
                     function->unit->index);
    else
        *l2_register(function) = value;
}

static void unit_write(struct am_function *function, unsigned offset, uint32_t allowed,
                       uint32_t part, uint32_t whole)
{
    struct am_unit *u = function->unit;

    if (offset == CAPABILITY + ASPEC_CAP_BASE_LO)
        u->decodes |= (whole & ASPEC_CAPB_ENABLE) != 0;
    /* Elsewhere read-only bits may be written with anything, as in every PCI function. */
    if (offset >= CAPABILITY && offset < MSI &&
        (part & ~allowed & (whole ^ am_config_get(function, offset, 4))) != 0)
        am_violation(u->model, "amdvi%u: capability register 0x%02x changed where it is read-only",
                     u->index, offset);
}

void am_config_write(struct amdvi_model *m, uint16_t segment, uint16_t rid, unsigned offset,
                     unsigned width, uint32_t value)
{
    struct am_function *function = am_function(m, segment, rid, false);
    unsigned at = offset & ~3u, shift = (offset & 3u) * 8;
    uint32_t part, allowed, old, whole;

    if ((width != 1 && width != 2 && width != 4) || offset % width != 0 ||
        offset + width > AM_CONFIG_BYTES) {
        am_violation(m, "configuration write of %u bytes at 0x%x", width, offset);
        return;
    }
    if (function == NULL || !function->present)
        return;
    if (function->unit != NULL && at == CONFIG_L2_DATA) {
        l2_write(function, value);
        return;
    }
    part = UINT32_MAX >> (32 - width * 8) << shift;
    allowed = writable(function, at);
    old = am_config_get(function, at, 4);
    whole = (old & ~part) | ((value << shift) & part);
    if (function->unit != NULL)
        unit_write(function, at, allowed, part, whole);
    am_config_put(function, at, 4, (old & ~(allowed & part)) | (whole & allowed & part));
}

uint32_t amdvi_model_config_read(struct amdvi_model *m, uint16_t segment, uint16_t rid,
                                 uint16_t offset, unsigned width)
{
    uint32_t value;

    am_lock(m);
    value = am_config_read(m, segment, rid, offset, width);
    am_unlock(m);
    return value;
}

void amdvi_model_config_write(struct amdvi_model *m, uint16_t segment, uint16_t rid,
                              uint16_t offset, unsigned width, uint32_t value)
{
    am_lock(m);
    am_config_write(m, segment, rid, offset, width, value);
    am_unlock(m);
}

void amdvi_model_bus_master(struct amdvi_model *m, uint16_t segment, uint16_t rid, bool on)
{
    struct am_function *function;

    am_lock(m);
    function = am_function(m, segment, rid, !on);
    if (function != NULL)
        function->master_off = !on;
    am_unlock(m);
}

bool amdvi_model_bus_master_is_on(const struct amdvi_model *m, uint16_t segment, uint16_t rid)
{
    for (size_t i = 0; i < AM_FUNCTIONS; i++) {
        const struct am_function *function = &m->functions[i];

        if (function->master_off && function->segment == segment && function->rid == rid)
            return false;
    }
    return true;
}
