/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VT-d unit looks like now: its registers (VT-d §11.4), its invalidation
 * queue (§6.5.2) and its interrupt entries (§9.9, §9.10), field by field.
 * Nothing is written, and what the registers point to is read as memory that
 * somebody else may be changing. GCMD and the IVA register are write-only and
 * left out; so are the registers vtd_regs.h leaves out.
 */
#include "intel/vtd.h"
#include "dump.h"

/* ---- registers ---- */

static const char *const ttm_names[] = { "legacy", "scalable", "reserved", "abort DMA" };
static const char *const granularity_names[] = { "none", "global", "domain", "device" };
static const char *const iotlb_granularity_names[] = { "none", "global", "domain", "page" };
static const char *const queue_error_names[] = {
    "not said",
    "tail beyond the queue",
    "fetch failed",
    "unknown descriptor type",
    "reserved field set",
    "descriptor width (DW) not for this mode",
    "tail not aligned to the width",
    "invalid root table mode",
};

static const struct dump_field ver_fields[] = {
    DUMP_FIELD("MAX", VTD_VER_MAX), DUMP_FIELD("MIN", VTD_VER_MIN),
};
static const struct dump_field gsts_fields[] = {
    DUMP_FIELD("TES", VTD_GSTS_TES),   DUMP_FIELD("RTPS", VTD_GSTS_RTPS),
    DUMP_FIELD("WBFS", VTD_GSTS_WBFS), DUMP_FIELD("QIES", VTD_GSTS_QIES),
    DUMP_FIELD("IRES", VTD_GSTS_IRES), DUMP_FIELD("IRTPS", VTD_GSTS_IRTPS),
    DUMP_FIELD("CFIS", VTD_GSTS_CFIS),
};
static const struct dump_field rtaddr_fields[] = {
    DUMP_ADDRESS("RTA", VTD_RTADDR_RTA),
    DUMP_MEANING("TTM", VTD_RTADDR_TTM, ttm_names),
    DUMP_FIELD("SSIRWE", VTD_RTADDR_SSIRWE),
};
static const struct dump_field ccmd_fields[] = {
    DUMP_FIELD("ICC", VTD_CCMD_ICC),
    DUMP_MEANING("CIRG", VTD_CCMD_CIRG, granularity_names),
    DUMP_MEANING("CAIG", VTD_CCMD_CAIG, granularity_names),
    DUMP_FIELD("DID", VTD_CCMD_DID),
};
static const struct dump_field iotlb_fields[] = {
    DUMP_FIELD("IVT", VTD_IOTLB_IVT),
    DUMP_MEANING("IIRG", VTD_IOTLB_IIRG, iotlb_granularity_names),
    DUMP_MEANING("IAIG", VTD_IOTLB_IAIG, iotlb_granularity_names),
    DUMP_FIELD("DR", VTD_IOTLB_DR),
    DUMP_FIELD("DW", VTD_IOTLB_DW),
    DUMP_FIELD("DID", VTD_IOTLB_DID),
};
static const struct dump_field fsts_fields[] = {
    DUMP_FIELD("FRI", VTD_FSTS_FRI), DUMP_FIELD("ITE", VTD_FSTS_ITE),
    DUMP_FIELD("ICE", VTD_FSTS_ICE), DUMP_FIELD("IQE", VTD_FSTS_IQE),
    DUMP_FIELD("PPF", VTD_FSTS_PPF), DUMP_FIELD("PFO", VTD_FSTS_PFO),
};
static const struct dump_field fectl_fields[] = {
    DUMP_FIELD("IM", VTD_FECTL_IM),
    DUMP_FIELD("IP", VTD_FECTL_IP),
};
static const struct dump_field fedata_fields[] = { DUMP_FIELD("IMD", VTD_FEDATA_IMD) };
static const struct dump_field feaddr_fields[] = { DUMP_ADDRESS("MA", VTD_FEADDR_MA) };
static const struct dump_field feuaddr_fields[] = { DUMP_FIELD("MUA", VTD_FEUADDR_MUA) };
static const struct dump_field pmen_fields[] = {
    DUMP_FIELD("EPM", VTD_PMEN_EPM),
    DUMP_FIELD("PRS", VTD_PMEN_PRS),
};
static const struct dump_field iqh_fields[] = { DUMP_ADDRESS("QH", VTD_IQH_QH) };
static const struct dump_field iqt_fields[] = { DUMP_ADDRESS("QT", VTD_IQT_QT) };
static const struct dump_field iqa_fields[] = {
    DUMP_ADDRESS("IQA", VTD_IQA_IQA), DUMP_FIELD("DW", VTD_IQA_DW), DUMP_FIELD("QS", VTD_IQA_QS),
};
static const struct dump_field ics_fields[] = { DUMP_FIELD("IWC", VTD_ICS_IWC) };
static const struct dump_field iqercd_fields[] = {
    DUMP_FIELD("ICESID", VTD_IQERCD_ICESID),
    DUMP_FIELD("ITESID", VTD_IQERCD_ITESID),
    DUMP_MEANING("IQEI", VTD_IQERCD_IQEI, queue_error_names),
};
static const struct dump_field irta_fields[] = {
    DUMP_ADDRESS("IRTA", VTD_IRTA_IRTA),
    DUMP_FIELD("EIME", VTD_IRTA_EIME),
    DUMP_FIELD("S", VTD_IRTA_S),
};
static const struct dump_field fault_fields[] = {
    DUMP_ADDRESS("FI", VTD_FRCD_FI),
    DUMP_FIELD_OF(1, "F", VTD_FRCD_F),
    DUMP_FIELD_OF(1, "T1", VTD_FRCD_T1),
    DUMP_FIELD_OF(1, "T2", VTD_FRCD_T2),
    DUMP_FIELD_OF(1, "AT", VTD_FRCD_AT),
    DUMP_FIELD_OF(1, "PV", VTD_FRCD_PV),
    DUMP_FIELD_OF(1, "PP", VTD_FRCD_PP),
    DUMP_FIELD_OF(1, "EXE", VTD_FRCD_EXE),
    DUMP_FIELD_OF(1, "PRIV", VTD_FRCD_PRIV),
    DUMP_FIELD_OF(1, "SID", VTD_FRCD_SID),
    DUMP_FIELD_OF(1, "FR", VTD_FRCD_FR),
};
static const struct dump_field pqh_fields[] = { DUMP_ADDRESS("PQH", VTD_PQH_PQH) };
static const struct dump_field pqt_fields[] = { DUMP_ADDRESS("PQT", VTD_PQT_PQT) };
static const struct dump_field pqa_fields[] = {
    DUMP_ADDRESS("PQA", VTD_PQA_PQA),
    DUMP_FIELD("PQS", VTD_PQA_PQS),
};
static const struct dump_field prs_fields[] = {
    DUMP_FIELD("PRO", VTD_PRS_PRO),
    DUMP_FIELD("PPR", VTD_PRS_PPR),
};

/* Shown where needs is 0 or one of its bits is set in CAP, or in ECAP. */
struct vtd_register {
    const char *name;
    struct reg32 narrow;
    struct reg64 wide;      /* offset 0: the register has 32 bits */
    struct dump_fields fields;
    uint64_t needs;
    bool of_ecap;
};
#define NARROW(label, reg, table) .name = (label), .narrow = reg, .fields = DUMP_FIELDS(table)
#define WIDE(label, reg, table) .name = (label), .wide = reg, .fields = DUMP_FIELDS(table)
#define BARE_NARROW(label, reg) .name = (label), .narrow = reg
#define BARE_WIDE(label, reg) .name = (label), .wide = reg
#define NEEDS_ECAP(bits) .needs = (bits), .of_ecap = true

static const struct vtd_register registers[] = {
    { NARROW("GSTS", VTD_GSTS, gsts_fields) },
    { WIDE("RTADDR", VTD_RTADDR, rtaddr_fields) },
    { WIDE("CCMD", VTD_CCMD, ccmd_fields) },
    { NARROW("FSTS", VTD_FSTS, fsts_fields) },
    { NARROW("FECTL", VTD_FECTL, fectl_fields) },
    { NARROW("FEDATA", VTD_FEDATA, fedata_fields) },
    { NARROW("FEADDR", VTD_FEADDR, feaddr_fields) },
    { NARROW("FEUADDR", VTD_FEUADDR, feuaddr_fields) },
    { NARROW("PMEN", VTD_PMEN, pmen_fields), .needs = VTD_CAP_PLMR | VTD_CAP_PHMR },
    { BARE_NARROW("PLMBASE", VTD_PLMBASE), .needs = VTD_CAP_PLMR },
    { BARE_NARROW("PLMLIMIT", VTD_PLMLIMIT), .needs = VTD_CAP_PLMR },
    { BARE_WIDE("PHMBASE", VTD_PHMBASE), .needs = VTD_CAP_PHMR },
    { BARE_WIDE("PHMLIMIT", VTD_PHMLIMIT), .needs = VTD_CAP_PHMR },
    { WIDE("IQH", VTD_IQH, iqh_fields), NEEDS_ECAP(VTD_ECAP_QI) },
    { WIDE("IQT", VTD_IQT, iqt_fields), NEEDS_ECAP(VTD_ECAP_QI) },
    { WIDE("IQA", VTD_IQA, iqa_fields), NEEDS_ECAP(VTD_ECAP_QI) },
    { NARROW("ICS", VTD_ICS, ics_fields), NEEDS_ECAP(VTD_ECAP_QI) },
    { NARROW("IECTL", VTD_IECTL, fectl_fields), NEEDS_ECAP(VTD_ECAP_QI) },
    { NARROW("IEDATA", VTD_IEDATA, fedata_fields), NEEDS_ECAP(VTD_ECAP_QI) },
    { NARROW("IEADDR", VTD_IEADDR, feaddr_fields), NEEDS_ECAP(VTD_ECAP_QI) },
    { NARROW("IEUADDR", VTD_IEUADDR, feuaddr_fields), NEEDS_ECAP(VTD_ECAP_QI) },
    { WIDE("IQERCD", VTD_IQERCD, iqercd_fields), NEEDS_ECAP(VTD_ECAP_QI) },
    { WIDE("IRTA", VTD_IRTA, irta_fields), NEEDS_ECAP(VTD_ECAP_IR) },
    { WIDE("PQH", VTD_PQH, pqh_fields), NEEDS_ECAP(VTD_ECAP_PRS) },
    { WIDE("PQT", VTD_PQT, pqt_fields), NEEDS_ECAP(VTD_ECAP_PRS) },
    { WIDE("PQA", VTD_PQA, pqa_fields), NEEDS_ECAP(VTD_ECAP_PRS) },
    { NARROW("PRS", VTD_PRS, prs_fields), NEEDS_ECAP(VTD_ECAP_PRS) },
    { NARROW("PECTL", VTD_PECTL, fectl_fields), NEEDS_ECAP(VTD_ECAP_PRS) },
    { NARROW("PEDATA", VTD_PEDATA, fedata_fields), NEEDS_ECAP(VTD_ECAP_PRS) },
    { NARROW("PEADDR", VTD_PEADDR, feaddr_fields), NEEDS_ECAP(VTD_ECAP_PRS) },
    { NARROW("PEUADDR", VTD_PEUADDR, feuaddr_fields), NEEDS_ECAP(VTD_ECAP_PRS) },
};

/* CAP and ECAP have their names and meanings already. */
static void capability_word(struct vtd_unit *unit, const struct iommu_debug_visitor *visitor,
                            const char *name, struct reg64 reg, const char *prefix)
{
    static const struct dump_fields none = { NULL, 0 };

    dump_register64(visitor, &unit->regs, name, reg, &none);
    dump_capabilities(&unit->base, visitor, prefix);
}

static void fault_records(struct vtd_unit *unit, const struct iommu_debug_visitor *visitor)
{
    static const struct dump_fields fields = DUMP_FIELDS(fault_fields);
    uint32_t fro = (uint32_t)field_get(unit->cap, VTD_CAP_FRO);

    for (uint32_t n = 0; n < unit->fault_records; n++) {
        struct iommu_debug_item item = { .name = "FRCD",
                                         .is_register = true,
                                         .index = n,
                                         .bits = 128,
                                         .at = VTD_FRCD_LO_AT(fro, n).offset };

        item.words[0] = reg_read64(&unit->regs, VTD_FRCD_LO_AT(fro, n));
        item.words[1] = reg_read64(&unit->regs, VTD_FRCD_HI_AT(fro, n));
        dump_item(visitor, &item, &fields);
    }
}

void vtd_debug_registers(struct iommu_unit *base, const struct iommu_debug_visitor *visitor)
{
    static const struct dump_fields ver = DUMP_FIELDS(ver_fields),
                                    iotlb = DUMP_FIELDS(iotlb_fields);
    struct vtd_unit *unit = vtd_unit_of(base);

    dump_register32(visitor, &unit->regs, "VER", VTD_VER, &ver);
    capability_word(unit, visitor, "CAP", VTD_CAP, "cap.");
    capability_word(unit, visitor, "ECAP", VTD_ECAP, "ecap.");
    for (size_t i = 0; i < DUMP_COUNT(registers); i++) {
        const struct vtd_register *reg = &registers[i];

        if (reg->needs != 0 && !((reg->of_ecap ? unit->ecap : unit->cap) & reg->needs))
            continue;
        if (reg->wide.offset != 0)
            dump_register64(visitor, &unit->regs, reg->name, reg->wide, &reg->fields);
        else
            dump_register32(visitor, &unit->regs, reg->name, reg->narrow, &reg->fields);
    }
    dump_register64(visitor, &unit->regs, "IOTLB",
                    VTD_IOTLB_AT(field_get(unit->ecap, VTD_ECAP_IRO)), &iotlb);
    fault_records(unit, visitor);
}

/* ---- the invalidation queue ---- */

static const struct dump_field context_cache_fields[] = {
    DUMP_MEANING("G", VTD_QI_CC_G, granularity_names),
    DUMP_FIELD("DID", VTD_QI_CC_DID),
    DUMP_FIELD("SID", VTD_QI_CC_SID),
    DUMP_FIELD("FM", VTD_QI_CC_FM),
};
static const struct dump_field iotlb_descriptor_fields[] = {
    DUMP_MEANING("G", VTD_QI_IOTLB_G, iotlb_granularity_names),
    DUMP_FIELD("DW", VTD_QI_IOTLB_DW),
    DUMP_FIELD("DR", VTD_QI_IOTLB_DR),
    DUMP_FIELD("DID", VTD_QI_IOTLB_DID),
    DUMP_FIELD_OF(1, "AM", VTD_QI_IOTLB_AM),
    DUMP_FIELD_OF(1, "IH", VTD_QI_IOTLB_IH),
    DUMP_ADDRESS_OF(1, "ADDR", VTD_QI_IOTLB_ADDR),
};
static const struct dump_field device_tlb_fields[] = {
    DUMP_FIELD("MIP", VTD_QI_DEV_TLB_MIP),
    DUMP_FIELD("SID", VTD_QI_DEV_TLB_SID),
    DUMP_FIELD("PFSID15:4", VTD_QI_DEV_TLB_PFSID_HI),
    DUMP_FIELD("PFSID3:0", VTD_QI_DEV_TLB_PFSID_LO),
    DUMP_FIELD_OF(1, "S", VTD_QI_DEV_TLB_S),
    DUMP_ADDRESS_OF(1, "ADDR", VTD_QI_DEV_TLB_ADDR),
};
static const char *const iec_granularity_names[] = { "global", "index" };
static const struct dump_field interrupt_cache_fields[] = {
    DUMP_MEANING("G", VTD_QI_IEC_G, iec_granularity_names),
    DUMP_FIELD("IM", VTD_QI_IEC_IM),
    DUMP_FIELD("IIDX", VTD_QI_IEC_IIDX),
};
static const struct dump_field wait_fields[] = {
    DUMP_FIELD("IF", VTD_QI_WAIT_IF),
    DUMP_FIELD("SW", VTD_QI_WAIT_SW),
    DUMP_FIELD("FN", VTD_QI_WAIT_FN),
    DUMP_FIELD("PD", VTD_QI_WAIT_PD),
    DUMP_FIELD("STATUS_DATA", VTD_QI_WAIT_STATUS_DATA),
    DUMP_ADDRESS_OF(1, "STATUS_ADDR", VTD_QI_WAIT_STATUS_ADDR),
};

/* By type; those without fields belong to scalable mode. */
static const struct {
    const char *name;
    struct dump_fields fields;
} descriptors[] = {
    { "reserved type 0", { NULL, 0 } },
    { "context-cache invalidate", DUMP_FIELDS(context_cache_fields) },
    { "IOTLB invalidate", DUMP_FIELDS(iotlb_descriptor_fields) },
    { "device-TLB invalidate", DUMP_FIELDS(device_tlb_fields) },
    { "interrupt entry cache invalidate", DUMP_FIELDS(interrupt_cache_fields) },
    { "invalidation wait", DUMP_FIELDS(wait_fields) },
    { "PASID-based IOTLB invalidate", { NULL, 0 } },
    { "PASID-cache invalidate", { NULL, 0 } },
    { "PASID-based device-TLB invalidate", { NULL, 0 } },
    { "page group response", { NULL, 0 } },
    { "HPT cache invalidate", { NULL, 0 } },
};

/* Number index of so many in the ring; head and tail are such numbers. */
struct ring {
    uint64_t base_pa;
    uint32_t count, head, tail;
};

static bool descriptor(const struct vtd_unit *unit, const struct ring *ring, uint32_t index,
                       const struct iommu_debug_visitor *visitor)
{
    struct iommu_debug_item item = { .name = "descriptor of no known type",
                                     .index = index,
                                     .bits = 128 };
    struct dump_fields fields = { NULL, 0 };
    bool pending = (index - ring->head) % ring->count < (ring->tail - ring->head) % ring->count;
    unsigned type;

    item.at = ring->base_pa + (uint64_t)index * sizeof(struct vtd_descriptor);
    if (!dump_read(&unit->base, item.at, item.words, 2)) {
        visitor->note(visitor->ctx, "the queue lies where there is no memory");
        return false;
    }
    if ((item.words[0] | item.words[1]) == 0 && !pending)
        return true;    /* never written */
    type = (unsigned)(field_get(item.words[0], VTD_QI_TYPE) |
                      field_get(item.words[0], VTD_QI_TYPE_HIGH) << 4);
    if (type < DUMP_COUNT(descriptors)) {
        item.name = descriptors[type].name;
        fields = descriptors[type].fields;
    }
    visitor->item(visitor->ctx, &item);
    visitor->field(visitor->ctx, "state", pending, pending ? "not fetched yet" : "fetched");
    dump_fields(visitor, &fields, item.words);
    return true;
}

enum iommu_status vtd_debug_queues(struct iommu_unit *base, size_t count,
                                   const struct iommu_debug_visitor *visitor)
{
    static const struct dump_fields iqa_list = DUMP_FIELDS(iqa_fields),
                                    iqh_list = DUMP_FIELDS(iqh_fields),
                                    iqt_list = DUMP_FIELDS(iqt_fields),
                                    fsts_list = DUMP_FIELDS(fsts_fields);
    struct vtd_unit *unit = vtd_unit_of(base);
    const struct reg_window *w = &unit->regs;
    uint64_t iqa;
    struct ring ring;

    if (!(unit->ecap & VTD_ECAP_QI))
        return IOMMU_ERR_UNSUPPORTED;
    if (!(reg_read32(w, VTD_GSTS) & VTD_GSTS_QIES))
        visitor->note(visitor->ctx, "the queue is off (GSTS.QIES = 0)");
    dump_register64(visitor, w, "IQA", VTD_IQA, &iqa_list);
    dump_register64(visitor, w, "IQH", VTD_IQH, &iqh_list);
    dump_register64(visitor, w, "IQT", VTD_IQT, &iqt_list);
    dump_register32(visitor, w, "FSTS", VTD_FSTS, &fsts_list);
    iqa = reg_read64(w, VTD_IQA);
    if (iqa & VTD_IQA_DW) {
        visitor->note(visitor->ctx, "descriptors of 256 bits (IQA.DW = 1) are not looked at");
        return IOMMU_OK;
    }
    ring.base_pa = iqa & VTD_IQA_IQA;
    ring.count = 256u << field_get(iqa, VTD_IQA_QS);    /* §11.4.9.3: 2^QS pages */
    ring.head = (uint32_t)field_get(reg_read64(w, VTD_IQH), VTD_IQH_QH) % ring.count;
    ring.tail = (uint32_t)field_get(reg_read64(w, VTD_IQT), VTD_IQT_QT) % ring.count;
    for (size_t back = count < ring.count ? count : ring.count; back > 0; back--)
        if (!descriptor(unit, &ring, (ring.tail - (uint32_t)back) % ring.count, visitor))
            break;
    return IOMMU_OK;
}

/* ---- interrupt entries ---- */

static const char *const delivery_names[] = { "fixed", "lowest priority", "SMI", "reserved",
                                              "NMI",   "INIT",            "reserved", "ExtINT" };
static const char *const destination_names[] = { "physical", "logical" };
static const char *const trigger_names[] = { "edge", "level" };
static const char *const validation_names[] = { "no check", "source id", "bus range", "reserved" };
static const char *const qualifier_names[] = { "all bits", "not bit 2", "not bits 2:1",
                                               "not bits 2:0" };
#define SOURCE_FIELDS \
    DUMP_FIELD_OF(1, "SID", VTD_IRTE_SID), DUMP_MEANING_OF(1, "SQ", VTD_IRTE_SQ, qualifier_names), \
        DUMP_MEANING_OF(1, "SVT", VTD_IRTE_SVT, validation_names)

static const struct dump_field remapped_fields[] = {
    DUMP_FIELD("P", VTD_IRTE_P),
    DUMP_FIELD("FPD", VTD_IRTE_FPD),
    DUMP_MEANING("DM", VTD_IRTE_DM, destination_names),
    DUMP_FIELD("RH", VTD_IRTE_RH),
    DUMP_MEANING("TM", VTD_IRTE_TM, trigger_names),
    DUMP_MEANING("DLM", VTD_IRTE_DLM, delivery_names),
    DUMP_FIELD("AVAIL", VTD_IRTE_AVAIL),
    DUMP_FIELD("IM", VTD_IRTE_IM),
    DUMP_FIELD("V", VTD_IRTE_V),
    SOURCE_FIELDS,
};
static const struct dump_field posted_fields[] = {
    DUMP_FIELD("P", VTD_IRTE_P),
    DUMP_FIELD("FPD", VTD_IRTE_FPD),
    DUMP_FIELD("AVAIL", VTD_IRTE_AVAIL),
    DUMP_FIELD("IM", VTD_IRTE_IM),
    DUMP_FIELD("URG", VTD_IRTE_URG),
    DUMP_FIELD("VV", VTD_IRTE_VV),
    SOURCE_FIELDS,
};

static void entry(const struct iommu_debug_item *item, bool extended,
                  const struct iommu_debug_visitor *visitor)
{
    static const struct dump_fields remapped = DUMP_FIELDS(remapped_fields),
                                    posted = DUMP_FIELDS(posted_fields);
    uint64_t lo = item->words[0], hi = item->words[1];

    if (lo & VTD_IRTE_IM) {
        dump_item(visitor, item, &posted);
        visitor->field(
            visitor->ctx, "PDA",
            field_get(hi, VTD_IRTE_PDA_HIGH) << 32 | field_get(lo, VTD_IRTE_PDA_LOW) << 6, "");
        return;
    }
    dump_item(visitor, item, &remapped);
    visitor->field(visitor->ctx, "DST", field_get(lo, extended ? VTD_IRTE_DST : VTD_IRTE_DST_XAPIC),
                   "APIC id");
}

/* Does the entry take messages of rid? */
static bool takes(const uint64_t *words, uint16_t rid)
{
    static const uint16_t compared[] = { 0xffff, 0xfffb, 0xfff9, 0xfff8 };  /* by SQ, §9.9 */
    uint16_t sid = (uint16_t)field_get(words[1], VTD_IRTE_SID);
    unsigned bus = rid >> 8;

    switch (field_get(words[1], VTD_IRTE_SVT)) {
    case VTD_SVT_NONE:
        return words[0] != 0;
    case VTD_SVT_ID:
        return ((sid ^ rid) & compared[field_get(words[1], VTD_IRTE_SQ)]) == 0;
    case VTD_SVT_BUS:
        return bus >= field_get(sid, VTD_SID_FIRST_BUS) && bus <= field_get(sid, VTD_SID_LAST_BUS);
    default:
        return false;
    }
}

static bool wanted(const struct iommu_debug_item *item, const struct iommu_debug_irq_filter *filter)
{
    if (filter->has_index && item->index != filter->index)
        return false;
    if (filter->has_rid)
        return takes(item->words, filter->rid);
    return filter->has_index || (item->words[0] | item->words[1]) != 0;
}

enum iommu_status vtd_debug_irq_entries(struct iommu_unit *base,
                                        const struct iommu_debug_irq_filter *filter,
                                        const struct iommu_debug_visitor *visitor)
{
    static const struct dump_fields fields = DUMP_FIELDS(irta_fields);
    struct vtd_unit *unit = vtd_unit_of(base);
    uint64_t irta;
    uint32_t count, shown = 0;

    if (!(unit->ecap & VTD_ECAP_IR) || !(reg_read32(&unit->regs, VTD_GSTS) & VTD_GSTS_IRES))
        return IOMMU_ERR_UNSUPPORTED;
    irta = reg_read64(&unit->regs, VTD_IRTA);
    dump_register64(visitor, &unit->regs, "IRTA", VTD_IRTA, &fields);
    count = 2u << field_get(irta, VTD_IRTA_S);
    if (filter->has_index && filter->index >= count)
        visitor->note(visitor->ctx, "the index lies beyond the table");
    for (uint32_t i = 0; i < count; i++) {
        struct iommu_debug_item item = { .name = "interrupt entry",
                                         .index = i,
                                         .bits = 128,
                                         .at = (irta & VTD_IRTA_IRTA) +
                                               (uint64_t)i * sizeof(struct vtd_irte) };

        if (filter->has_index && i != filter->index)
            continue;
        if (!dump_read(base, item.at, item.words, 2)) {
            visitor->note(visitor->ctx, "the table lies where there is no memory");
            break;
        }
        if (!wanted(&item, filter))
            continue;
        shown++;
        entry(&item, (irta & VTD_IRTA_EIME) != 0, visitor);
    }
    if (shown == 0)
        visitor->note(visitor->ctx, "no entry is in use, or none is like that");
    return IOMMU_OK;
}
