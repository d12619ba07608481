/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The register file of a unit: which registers there are, how they may be
 * accessed (VT-d §11.2) and what a write of each does at once (§11.4). What
 * takes time is in vtd_model_command.c.
 */
#include <string.h>

#include "vtd_model_private.h"

/* Bits N:0 of the protected memory bounds, which read as 0 (§11.4.8.2). */
#define PMR_GRANULE_MASK 0xfffffull

struct register_shape {
    uint16_t offset;
    uint8_t width;
};

static const struct register_shape shapes[] = {
    { SPEC_VER, 4 },       { SPEC_CAP, 8 },      { SPEC_ECAP, 8 },     { SPEC_GCMD, 4 },     { SPEC_GSTS, 4 },
    { SPEC_RTADDR, 8 },    { SPEC_CCMD, 8 },     { SPEC_FSTS, 4 },     { SPEC_FECTL, 4 },    { SPEC_FEDATA, 4 },
    { SPEC_FEADDR, 4 },    { SPEC_FEUADDR, 4 },  { SPEC_PMEN, 4 },     { SPEC_PLMBASE, 4 },  { SPEC_PLMLIMIT, 4 },
    { SPEC_PHMBASE, 8 },   { SPEC_PHMLIMIT, 8 }, { SPEC_IQH, 8 },      { SPEC_IQT, 8 },      { SPEC_IQA, 8 },
    { SPEC_ICS, 4 },       { SPEC_IECTL, 4 },    { SPEC_IEDATA, 4 },   { SPEC_IEADDR, 4 },   { SPEC_IEUADDR, 4 },
    { SPEC_IQERCD, 8 },    { SPEC_IRTA, 8 },
};

uint64_t vm_get(const struct vm_unit *u, unsigned offset, unsigned width)
{
    uint64_t value = 0;

    memcpy(&value, u->registers + offset, width);
    return value;
}

void vm_set(struct vm_unit *u, unsigned offset, unsigned width, uint64_t value)
{
    memcpy(u->registers + offset, &value, width);
}

uint64_t vm_cap(const struct vm_unit *u, uint64_t field)
{
    return spec_get(u->config->cap, field);
}

uint64_t vm_ecap(const struct vm_unit *u, uint64_t field)
{
    return spec_get(u->config->ecap, field);
}

bool vm_status(const struct vm_unit *u, uint64_t gsts_bit)
{
    return (vm_get(u, SPEC_GSTS, 4) & gsts_bit) != 0;
}

unsigned vm_iva_offset(const struct vm_unit *u)
{
    return (unsigned)vm_ecap(u, SPEC_ECAP_IRO) * 16;
}

unsigned vm_record_count(const struct vm_unit *u)
{
    return (unsigned)vm_cap(u, SPEC_CAP_NFR) + 1;
}

unsigned vm_record_offset(const struct vm_unit *u, unsigned index)
{
    return (unsigned)vm_cap(u, SPEC_CAP_FRO) * 16 + index * 16;
}

void vm_registers_reset(struct vm_unit *u)
{
    memset(u->registers, 0, sizeof(u->registers));
    vm_set(u, SPEC_VER, 4, u->config->version);
    vm_set(u, SPEC_CAP, 8, u->config->cap);
    vm_set(u, SPEC_ECAP, 8, u->config->ecap);
    vm_set(u, SPEC_FECTL, 4, SPEC_ECTL_IM);
    if (vm_ecap(u, SPEC_ECAP_QI) != 0)
        vm_set(u, SPEC_IECTL, 4, SPEC_ECTL_IM);
}

static bool is_record(const struct vm_unit *u, unsigned offset)
{
    return offset >= vm_record_offset(u, 0) && offset < vm_record_offset(u, vm_record_count(u));
}

/* The register that holds offset; false: none. A fault record counts as two of 64 bits. */
static bool shape_of(const struct vm_unit *u, unsigned offset, struct register_shape *shape)
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (offset >= shapes[i].offset && offset < shapes[i].offset + shapes[i].width) {
            *shape = shapes[i];
            return true;
        }
    }
    *shape = (struct register_shape){ (uint16_t)(offset & ~7u), 8 };
    return is_record(u, offset) || (offset & ~15u) == vm_iva_offset(u);
}

/* §11.2: dwords of 32-bit registers; aligned dwords or qwords of the others. */
static bool access_is_allowed(struct vm_unit *u, unsigned offset, unsigned width, const char *what)
{
    struct register_shape shape;

    if (offset % width != 0) {
        vm_violation(u->model, "vtd%u: %s of %u bytes at 0x%03x is not aligned", u->index, what, width, offset);
        return false;
    }
    if (!shape_of(u, offset, &shape)) {
        vm_violation(u->model, "vtd%u: %s at 0x%03x, where there is no register", u->index, what, offset);
        return false;
    }
    if (width > shape.width) {
        vm_violation(u->model, "vtd%u: %s of %u bytes of the 32-bit register 0x%03x", u->index, what, width, offset);
        return false;
    }
    return true;
}

uint64_t vm_register_read(struct vm_unit *u, unsigned offset, unsigned width)
{
    u->stats.mmio_reads++;
    if (u->config->absent)
        return ~0ull;
    if (!access_is_allowed(u, offset, width, "read"))
        return 0;
    /* The value of a write-only register is undefined when read (§11.4.4.1, §11.4.6.4). */
    if (offset == SPEC_GCMD || (offset & ~7u) == vm_iva_offset(u))
        vm_violation(u->model, "vtd%u: read of the write-only register 0x%03x", u->index, offset);
    return vm_get(u, offset, width);
}

static void check_reserved(struct vm_unit *u, const char *name, uint64_t value, uint64_t reserved)
{
    if ((value & reserved) != 0)
        vm_violation(u->model, "vtd%u: %s written with reserved bits 0x%llx", u->index, name,
                     (unsigned long long)(value & reserved));
}

static uint64_t above_host_width(const struct vm_unit *u)
{
    return ~(BIT_SPEC(u->model->config.host_bits) - 1);
}

static void rtaddr_write(struct vm_unit *u, uint64_t value)
{
    check_reserved(u, "RTADDR", value, SPEC_RTADDR_RESERVED | above_host_width(u));
    if (u->gcmd.busy && (u->gcmd.value & SPEC_GCMD_SRTP) != 0)
        vm_violation(u->model, "vtd%u: RTADDR written while SRTP is pending (VT-d 6.9)", u->index);
    vm_set(u, SPEC_RTADDR, 8, value);
}

static void iva_write(struct vm_unit *u, uint64_t value)
{
    check_reserved(u, "IVA", value, SPEC_IVA_RESERVED);
    if (u->iotlb.busy)
        vm_violation(u->model, "vtd%u: IVA written while IVT is set (VT-d 11.4.6.3)", u->index);
    vm_set(u, vm_iva_offset(u), 8, value);
    u->iva_written = true;
}

static void queue_register_write(struct vm_unit *u, unsigned offset, uint64_t value)
{
    uint64_t old = vm_get(u, SPEC_IQT, 8);

    if (vm_ecap(u, SPEC_ECAP_QI) == 0) {
        check_reserved(u, "queue register without QI", value, ~0ull);
        return;
    }
    if (offset == SPEC_IQA) {
        check_reserved(u, "IQA", value, SPEC_IQA_RESERVED | above_host_width(u));
        if (vm_status(u, SPEC_GCMD_QIE))
            vm_violation(u->model, "vtd%u: IQA written while the queue is enabled (VT-d 6.5.2)", u->index);
        vm_set(u, SPEC_IQA, 8, value);
        return;
    }
    check_reserved(u, "IQT", value, ~SPEC_IQ_OFFSET);
    vm_set(u, SPEC_IQT, 8, value & SPEC_IQ_OFFSET);
    u->stats.doorbells++;
    if (vm_status(u, SPEC_GCMD_QIE))
        vm_queue_doorbell(u, old);
    else if (value != 0)
        vm_violation(u->model, "vtd%u: IQT set to 0x%llx while the queue is off", u->index, (unsigned long long)value);
}

static void protected_bound_write(struct vm_unit *u, unsigned offset, unsigned width, uint64_t value)
{
    bool low = offset == SPEC_PLMBASE || offset == SPEC_PLMLIMIT;

    if (vm_cap(u, low ? SPEC_CAP_PLMR : SPEC_CAP_PHMR) == 0)
        return;
    if ((vm_get(u, SPEC_PMEN, 4) & (SPEC_PMEN_PRS | SPEC_PMEN_EPM)) != 0) {
        vm_violation(u->model, "vtd%u: protected memory bound 0x%03x written while enabled", u->index, offset);
        return;
    }
    value &= ~PMR_GRANULE_MASK;
    vm_set(u, offset, width, low ? value : value & ~above_host_width(u));
}

static void message_write(struct vm_unit *u, unsigned offset, uint64_t value)
{
    uint64_t reserved = 0;

    if (offset == SPEC_FEDATA || offset == SPEC_IEDATA)
        reserved = ~SPEC_EDATA_IMD;
    else if (offset == SPEC_FEADDR || offset == SPEC_IEADDR)
        reserved = ~SPEC_EADDR_MA;
    else if (vm_ecap(u, SPEC_ECAP_EIM) == 0)
        reserved = ~0ull;
    check_reserved(u, "event message register", value, reserved);
    vm_set(u, offset, 4, value & ~reserved);
}

static void interrupt_table_write(struct vm_unit *u, uint64_t value)
{
    uint64_t reserved = SPEC_IRTA_RESERVED | above_host_width(u);

    if (vm_ecap(u, SPEC_ECAP_EIM) == 0)
        reserved |= SPEC_IRTA_EIME;
    check_reserved(u, "IRTA", value, vm_ecap(u, SPEC_ECAP_IR) == 0 ? ~0ull : reserved);
    if (vm_status(u, SPEC_GCMD_IRE) && ((value ^ vm_get(u, SPEC_IRTA, 8)) & SPEC_IRTA_EIME) != 0)
        vm_violation(u->model, "vtd%u: EIME changed while IRES is set (VT-d 11.4.10)", u->index);
    if (u->gcmd.busy && (u->gcmd.value & SPEC_GCMD_SIRTP) != 0)
        vm_violation(u->model, "vtd%u: IRTA written while SIRTP is pending (VT-d 6.9)", u->index);
    vm_set(u, SPEC_IRTA, 8, value);
}

/* value is the whole register's, the part not written taken from what it held. */
static void write_whole(struct vm_unit *u, unsigned offset, uint64_t value)
{
    switch (offset) {
    case SPEC_GCMD:
        vm_gcmd_write(u, (uint32_t)value);
        break;
    case SPEC_RTADDR:
        rtaddr_write(u, value);
        break;
    case SPEC_CCMD:
        vm_ccmd_write(u, value);
        break;
    case SPEC_FSTS:
        vm_fault_status_write(u, (uint32_t)value);
        break;
    case SPEC_FECTL:
    case SPEC_IECTL:
        vm_event_control_write(u, offset, (uint32_t)value);
        break;
    case SPEC_FEDATA:
    case SPEC_FEADDR:
    case SPEC_FEUADDR:
    case SPEC_IEDATA:
    case SPEC_IEADDR:
    case SPEC_IEUADDR:
        message_write(u, offset, value);
        break;
    case SPEC_PMEN:
        vm_pmen_write(u, (uint32_t)value);
        break;
    case SPEC_PLMBASE:
    case SPEC_PLMLIMIT:
        protected_bound_write(u, offset, 4, value);
        break;
    case SPEC_PHMBASE:
    case SPEC_PHMLIMIT:
        protected_bound_write(u, offset, 8, value);
        break;
    case SPEC_IQT:
    case SPEC_IQA:
        queue_register_write(u, offset, value);
        break;
    case SPEC_ICS:
        vm_completion_status_write(u, (uint32_t)value);
        break;
    case SPEC_IRTA:
        interrupt_table_write(u, value);
        break;
    default:
        vm_violation(u->model, "vtd%u: write of the read-only register 0x%03x", u->index, offset);
        break;
    }
}

void vm_register_write(struct vm_unit *u, unsigned offset, unsigned width, uint64_t value)
{
    struct register_shape shape;
    unsigned shift;
    uint64_t whole;

    u->stats.mmio_writes++;
    if (u->config->absent || !access_is_allowed(u, offset, width, "write"))
        return;
    if (is_record(u, offset)) {
        vm_record_write(u, offset, width, value);
        return;
    }
    shape_of(u, offset, &shape);
    shift = (offset - shape.offset) * 8;
    whole = value;
    if (width < shape.width) {
        uint64_t part = (uint64_t)UINT32_MAX << shift;

        whole = (vm_get(u, shape.offset, shape.width) & ~part) | (((uint64_t)(uint32_t)value) << shift);
    }
    if (shape.offset == vm_iva_offset(u))
        iva_write(u, whole);
    else if (shape.offset == vm_iva_offset(u) + 8)
        vm_iotlb_write(u, whole);
    else
        write_whole(u, shape.offset, whole);
}

void vm_registers_tick(struct vm_unit *u)
{
    vm_commands_tick(u);
    vm_queue_tick(u);
}
