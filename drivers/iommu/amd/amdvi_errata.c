/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errata of AMD-Vi units, as a table, and what is done about them in
 * configuration space. Left out: what concerns device-TLBs and memory
 * encryption, which this library does not use.
 */
#include "amd/amdvi_errata.h"

/* Indirect access to L2 registers, in the unit's own configuration space. */
#define L2_INDEX 0xf0u
#define L2_INDEX_WRITE BIT32(8)
#define L2_DATA 0xf4u

#define ANY_DEVFN .devfn_first = 0, .devfn_last = 0xff

static const struct amdvi_erratum errata[] = {
    { .id = "63", .symptom = "system-management messages are dropped with DTE.SysMgt=01b and IW=0",
      .source = "AMD RD890S errata", .workaround = "IW is set in such entries, which map nothing",
      .kind = AMDVI_ALWAYS },
    { .id = "732/733", .symptom = "pointer or interrupt arrives before the event or page request itself",
      .source = "AMD 48931 (family 15h)", .workaround = "entries are polled until their code is not 0, and zeroed",
      .kind = AMDVI_ALWAYS },
    { .id = "787/1312", .symptom = "an interrupt is lost that is raised while its status bit is cleared",
      .source = "AMD revision guides", .workaround = "the status is read again until it stays clear",
      .kind = AMDVI_ALWAYS },
    { .id = "512-gib-pages", .symptom = "leaves of 512 GiB translate wrongly",
      .source = "Linux drivers/iommu/amd", .workaround = "they are never used", .kind = AMDVI_ALWAYS },
    { .id = "746", .symptom = "translation stalls while an event is logged",
      .source = "AMD 48931 (family 15h models 10h-1Fh)", .workaround = "L2B_CK_GATE_CONTROL bit 2 is set",
      .kind = AMDVI_L2_BIT, .family = 0x15, .model_first = 0x10, .model_last = 0x1f,
      .l2_register = 0x90, .l2_bit = BIT32(2) },
    { .id = "ats-write-check", .symptom = "ATS requests are answered without regard to write permission",
      .source = "AMD family 15h models 30h-3Fh", .workaround = "L2_DEBUG_3.AtsIgnoreIWDis is set",
      .kind = AMDVI_L2_BIT, .family = 0x15, .model_first = 0x30, .model_last = 0x3f,
      .l2_register = 0x47, .l2_bit = BIT32(0) },
    { .id = "sp5100-28", .symptom = "interrupts of SATA in combined mode carry another function's id",
      .source = "AMD SP5100 errata", .workaround = "interrupts must not be remapped; switch combined mode off",
      .kind = AMDVI_INTERRUPTS, .pci_id = 0x43851002, .devfn_first = 0xa0, .devfn_last = 0xa0,
      .config_offset = 0xad, .config_bits = 0x08 },
    { .id = "stoney", .symptom = "the GPU hangs behind the unit",
      .source = "Linux drivers/iommu/amd", .workaround = "the unit stays off (amd_iommu=force_enable overrides)",
      .kind = AMDVI_LEAVE_OFF, .pci_id = 0x98e41002, ANY_DEVFN },
};

const struct amdvi_erratum *amdvi_erratum(size_t index)
{
    return index < sizeof(errata) / sizeof(errata[0]) ? &errata[index] : NULL;
}

static uint32_t config_read(const struct amdvi_unit *unit, uint16_t rid, uint16_t offset, unsigned width)
{
    return unit->base.platform->pci_read(unit->base.ctx, unit->base.segment, rid, offset, width);
}

static void config_write(const struct amdvi_unit *unit, uint16_t offset, uint32_t value)
{
    unit->base.platform->pci_write(unit->base.ctx, unit->base.segment, unit->rid, offset, 4, value);
}

static bool function_is_there(const struct amdvi_unit *unit, const struct amdvi_erratum *e)
{
    for (unsigned devfn = e->devfn_first; devfn <= e->devfn_last; devfn++) {
        uint16_t rid = (uint16_t)((unit->rid & 0xff00u) | devfn);

        if (config_read(unit, rid, 0, 4) == e->pci_id)
            return e->config_bits == 0 || (config_read(unit, rid, e->config_offset, 1) & e->config_bits) != 0;
    }
    return false;
}

static bool concerns(const struct amdvi_unit *unit, const struct amdvi_erratum *e, const struct amdvi_cpu *cpu)
{
    if (e->family != 0 &&
        (cpu->family != e->family || cpu->model < e->model_first || cpu->model > e->model_last))
        return false;
    return e->pci_id == 0 || function_is_there(unit, e);
}

/* The index is left without its write bit: a stray write of the data register does nothing then. */
static bool set_l2_bit(const struct amdvi_unit *unit, const struct amdvi_erratum *e)
{
    uint32_t value;

    if (unit->base.platform->pci_write == NULL)
        return false;
    config_write(unit, L2_INDEX, e->l2_register);
    value = config_read(unit, unit->rid, L2_DATA, 4);
    if (value & e->l2_bit)
        return true;
    config_write(unit, L2_INDEX, e->l2_register | L2_INDEX_WRITE);
    config_write(unit, L2_DATA, value | e->l2_bit);
    config_write(unit, L2_INDEX, e->l2_register);
    return (config_read(unit, unit->rid, L2_DATA, 4) & e->l2_bit) != 0;
}

static void tell(const struct amdvi_unit *unit, const struct amdvi_erratum *e, enum iommu_log_level level,
                 const char *done)
{
    iommu_log(unit->base.iommu, level, "%s: erratum %s (%s): %s: %s", unit->base.name, e->id, e->symptom, done,
              e->workaround);
}

static enum iommu_status apply(struct amdvi_unit *unit, const struct amdvi_erratum *e)
{
    switch (e->kind) {
    case AMDVI_ALWAYS:
        break;
    case AMDVI_L2_BIT:
        if (set_l2_bit(unit, e))
            tell(unit, e, IOMMU_LOG_INFO, "worked round");
        else
            tell(unit, e, IOMMU_LOG_WARNING, "the register could not be written");
        break;
    case AMDVI_INTERRUPTS:
        unit->base.no_remapping = e->symptom;
        tell(unit, e, IOMMU_LOG_WARNING, "present");
        break;
    case AMDVI_LEAVE_OFF:
        if (!unit->base.iommu->config.force) {
            tell(unit, e, IOMMU_LOG_ERROR, "present");
            return IOMMU_ERR_UNSUPPORTED;
        }
        tell(unit, e, IOMMU_LOG_WARNING, "overridden");
        break;
    }
    return IOMMU_OK;
}

enum iommu_status amdvi_errata_apply_for(struct amdvi_unit *unit, const struct amdvi_cpu *cpu)
{
    const struct amdvi_erratum *e;

    for (size_t i = 0; (e = amdvi_erratum(i)) != NULL; i++) {
        enum iommu_status status;

        if (e->kind == AMDVI_ALWAYS || !concerns(unit, e, cpu))
            continue;
        status = apply(unit, e);
        if (status != IOMMU_OK)
            return status;
    }
    return IOMMU_OK;
}

static void cpuid(uint32_t leaf, uint32_t out[4])
{
    __asm__ volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3]) : "a"(leaf), "c"(0));
}

/* Family and model as CPUID function 1 has them: the extended ones count from family Fh on. */
static struct amdvi_cpu this_cpu(void)
{
    uint32_t r[4];
    struct amdvi_cpu cpu = { 0, 0 };

    cpuid(0, r);
    if (r[1] != 0x68747541u || r[3] != 0x69746e65u || r[2] != 0x444d4163u) /* "AuthenticAMD" */
        return cpu;
    cpuid(1, r);
    cpu.family = (unsigned)field_get(r[0], BITS32(11, 8));
    cpu.model = (unsigned)field_get(r[0], BITS32(7, 4));
    if (cpu.family == 0xf) {
        cpu.family += (unsigned)field_get(r[0], BITS32(27, 20));
        cpu.model |= (unsigned)field_get(r[0], BITS32(19, 16)) << 4;
    }
    return cpu;
}

enum iommu_status amdvi_errata_apply(struct amdvi_unit *unit)
{
    const struct amdvi_cpu cpu = this_cpu();

    return amdvi_errata_apply_for(unit, &cpu);
}
