/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an AMD-Vi unit looks like now: its capability block (AMD-Vi §3.2), its
 * registers (§3.3), the command ring and the event log (§2.4, §2.5) and its
 * interrupt entries (§2.2.5), field by field. Nothing is written, and what the
 * registers point to is read as memory that somebody else may be changing. Left
 * out: copies of the MSI registers, SMI filters, and what amdvi_regs.h leaves out.
 */
#include "amd/amdvi.h"
#include "dump.h"

#define NONE { NULL, 0 }
static const struct dump_fields no_fields = NONE;

/* ---- registers ---- */

static const struct dump_field table_fields[] = {
    DUMP_ADDRESS("Base", AMDVI_DEV_TAB_BASE), DUMP_FIELD("Size", AMDVI_DEV_TAB_SIZE),
};
static const struct dump_field ring_fields[] = {
    DUMP_ADDRESS("Base", AMDVI_RING_BASE), DUMP_FIELD("Length", AMDVI_RING_LEN),
};
static const char *const timeout_names[] = { "none", "1 ms", "10 ms", "100 ms",
                                             "1 s",  "10 s", "100 s", "reserved" };
static const struct dump_field control_fields[] = {
    DUMP_FIELD("IommuEn", AMDVI_CONTROL_IOMMU_EN),
    DUMP_FIELD("HtTunEn", AMDVI_CONTROL_HT_TUN_EN),
    DUMP_FIELD("EventLogEn", AMDVI_CONTROL_EVENT_LOG_EN),
    DUMP_FIELD("EventIntEn", AMDVI_CONTROL_EVENT_INT_EN),
    DUMP_FIELD("ComWaitIntEn", AMDVI_CONTROL_COM_WAIT_INT_EN),
    DUMP_MEANING("InvTimeOut", AMDVI_CONTROL_INV_TIMEOUT, timeout_names),
    DUMP_FIELD("PassPW", AMDVI_CONTROL_PASS_PW),
    DUMP_FIELD("ResPassPW", AMDVI_CONTROL_RES_PASS_PW),
    DUMP_FIELD("Coherent", AMDVI_CONTROL_COHERENT),
    DUMP_FIELD("Isoc", AMDVI_CONTROL_ISOC),
    DUMP_FIELD("CmdBufEn", AMDVI_CONTROL_CMD_BUF_EN),
    DUMP_FIELD("PPRLogEn", AMDVI_CONTROL_PPR_LOG_EN),
    DUMP_FIELD("PPRIntEn", AMDVI_CONTROL_PPR_INT_EN),
    DUMP_FIELD("PPREn", AMDVI_CONTROL_PPR_EN),
    DUMP_FIELD("GTEn", AMDVI_CONTROL_GT_EN),
    DUMP_FIELD("GAEn", AMDVI_CONTROL_GA_EN),
    DUMP_FIELD("CRW", AMDVI_CONTROL_CRW),
    DUMP_FIELD("SmiFEn", AMDVI_CONTROL_SMIF_EN),
    DUMP_FIELD("SlfWBDis", AMDVI_CONTROL_SLF_WB_DIS),
    DUMP_FIELD("SmiFLogEn", AMDVI_CONTROL_SMIF_LOG_EN),
    DUMP_FIELD("GAMEn", AMDVI_CONTROL_GAM_EN),
    DUMP_FIELD("GALogEn", AMDVI_CONTROL_GA_LOG_EN),
    DUMP_FIELD("GAIntEn", AMDVI_CONTROL_GA_INT_EN),
    DUMP_FIELD("DualPprLogEn", AMDVI_CONTROL_DUAL_PPR_LOG_EN),
    DUMP_FIELD("DualEventLogEn", AMDVI_CONTROL_DUAL_EVENT_LOG_EN),
    DUMP_FIELD("DevTblSegEn", AMDVI_CONTROL_DEV_TBL_SEG_EN),
    DUMP_FIELD("PrivAbrtEn", AMDVI_CONTROL_PRIV_ABRT_EN),
    DUMP_FIELD("PprAutoRspEn", AMDVI_CONTROL_PPR_AUTO_RSP_EN),
    DUMP_FIELD("MarcEn", AMDVI_CONTROL_MARC_EN),
    DUMP_FIELD("BlkStopMrkEn", AMDVI_CONTROL_BLK_STOP_MRK_EN),
    DUMP_FIELD("PprAutoRspAon", AMDVI_CONTROL_PPR_AUTO_RSP_AON),
    DUMP_FIELD("NumIntRemapMode", AMDVI_CONTROL_NUM_INT_REMAP_MODE),
    DUMP_FIELD("EPHEn", AMDVI_CONTROL_EPH_EN),
    DUMP_FIELD("HADUpdate", AMDVI_CONTROL_HAD_UPDATE),
    DUMP_FIELD("GDUpdateDis", AMDVI_CONTROL_GD_UPDATE_DIS),
    DUMP_FIELD("XTEn", AMDVI_CONTROL_XT_EN),
    DUMP_FIELD("IntCapXTEn", AMDVI_CONTROL_INT_CAP_XT_EN),
    DUMP_FIELD("vCmdEn", AMDVI_CONTROL_VCMD_EN),
    DUMP_FIELD("vIommuEn", AMDVI_CONTROL_VIOMMU_EN),
    DUMP_FIELD("GAUpdateDis", AMDVI_CONTROL_GA_UPDATE_DIS),
    DUMP_FIELD("GAPPIEn", AMDVI_CONTROL_GAPPI_EN),
    DUMP_FIELD("TMPMEn", AMDVI_CONTROL_TMPM_EN),
    DUMP_FIELD("GCR3TRPMode", AMDVI_CONTROL_GCR3_TRP_MODE),
    DUMP_FIELD("IRTCacheDis", AMDVI_CONTROL_IRT_CACHE_DIS),
    DUMP_FIELD("GstBufferTRPMode", AMDVI_CONTROL_GST_BUFFER_TRP_MODE),
    DUMP_FIELD("SNPAVICEn", AMDVI_CONTROL_SNP_AVIC_EN),
};
static const struct dump_field exclusion_base_fields[] = {
    DUMP_FIELD("ExEn", AMDVI_EXCL_BASE_EX_EN), DUMP_FIELD("Allow", AMDVI_EXCL_BASE_ALLOW),
    DUMP_ADDRESS("Base", AMDVI_EXCL_BASE_ADDRESS),
};
static const struct dump_field exclusion_limit_fields[] = {
    DUMP_ADDRESS("Limit", AMDVI_EXCL_LIMIT_ADDRESS),
};
static const struct dump_field hardware_event_fields[] = {
    DUMP_FIELD("HEV", AMDVI_HW_EVENT_STATUS_HEV), DUMP_FIELD("HEO", AMDVI_HW_EVENT_STATUS_HEO),
};
static const struct dump_field guest_tail_fields[] = {
    DUMP_ADDRESS("Address", AMDVI_GA_TAIL_ADDRESS_ADDRESS),
};
static const struct dump_field xt_fields[] = {
    DUMP_FIELD("DestMode", AMDVI_XT_DEST_MODE), DUMP_FIELD("Dest23:0", AMDVI_XT_DEST_LOW),
    DUMP_FIELD("Vector", AMDVI_XT_VECTOR),      DUMP_FIELD("Delivery", AMDVI_XT_DELIVERY),
    DUMP_FIELD("Dest31:24", AMDVI_XT_DEST_HIGH),
};
static const struct dump_field pointer_fields[] = {
    DUMP_ADDRESS("Pointer", AMDVI_POINTER),
};
static const struct dump_field guest_pointer_fields[] = {
    DUMP_ADDRESS("Pointer", AMDVI_GA_POINTER),
};
static const struct dump_field status_fields[] = {
    DUMP_FIELD("EventOverflow", AMDVI_STATUS_EVENT_OVERFLOW),
    DUMP_FIELD("EventLogInt", AMDVI_STATUS_EVENT_LOG_INT),
    DUMP_FIELD("ComWaitInt", AMDVI_STATUS_COM_WAIT_INT),
    DUMP_FIELD("EventLogRun", AMDVI_STATUS_EVENT_LOG_RUN),
    DUMP_FIELD("CmdBufRun", AMDVI_STATUS_CMD_BUF_RUN),
    DUMP_FIELD("PPROverflow", AMDVI_STATUS_PPR_OVERFLOW),
    DUMP_FIELD("PPRInt", AMDVI_STATUS_PPR_INT),
    DUMP_FIELD("PPRLogRun", AMDVI_STATUS_PPR_LOG_RUN),
    DUMP_FIELD("GALogRun", AMDVI_STATUS_GA_LOG_RUN),
    DUMP_FIELD("GALOverflow", AMDVI_STATUS_GA_LOG_OVERFLOW),
    DUMP_FIELD("GAInt", AMDVI_STATUS_GA_LOG_INT),
    DUMP_FIELD("PPROvrflwB", AMDVI_STATUS_PPR_OVERFLOW_B),
    DUMP_FIELD("PPRLogActive", AMDVI_STATUS_PPR_LOG_ACTIVE),
    DUMP_FIELD("EvtOvrflwB", AMDVI_STATUS_EVENT_OVERFLOW_B),
    DUMP_FIELD("EvtLogActive", AMDVI_STATUS_EVENT_LOG_ACTIVE),
    DUMP_FIELD("PPROvrflwEarlyB", AMDVI_STATUS_PPR_EARLY_B),
    DUMP_FIELD("PPROvrflwEarlyA", AMDVI_STATUS_PPR_EARLY_A),
};
static const struct dump_field performance_fields[] = {
    DUMP_FIELD("PerfOptEn", AMDVI_PERF_OPT_EN),
};
static const struct dump_field early_fields[] = {
    DUMP_FIELD("Threshold", AMDVI_PPR_EARLY_THRESHOLD), DUMP_FIELD("IntEn", AMDVI_PPR_EARLY_INT_EN),
    DUMP_FIELD("En", AMDVI_PPR_EARLY_EN),
};
static const struct dump_field answer_fields[] = {
    DUMP_FIELD("Code", AMDVI_PPR_AUTO_RESPONSE_CODE),
    DUMP_FIELD("MaskGN", AMDVI_PPR_AUTO_RESPONSE_MASK_GN),
};

/* Shown where needs is 0 or one of its bits is set in EFR. */
struct amdvi_register {
    const char *name;
    struct reg64 wide;
    struct dump_fields fields;
    uint64_t needs;
};
static const struct amdvi_register registers[] = {
    { "DEV_TAB", AMDVI_DEV_TAB, DUMP_FIELDS(table_fields), 0 },
    { "CMD_BASE", AMDVI_CMD_BASE, DUMP_FIELDS(ring_fields), 0 },
    { "EVENT_BASE", AMDVI_EVENT_BASE, DUMP_FIELDS(ring_fields), 0 },
    { "CONTROL", AMDVI_CONTROL, DUMP_FIELDS(control_fields), 0 },
    { "EXCL_BASE", AMDVI_EXCL_BASE, DUMP_FIELDS(exclusion_base_fields), 0 },
    { "EXCL_LIMIT", AMDVI_EXCL_LIMIT, DUMP_FIELDS(exclusion_limit_fields), 0 },
    { "PPR_BASE", AMDVI_PPR_BASE, DUMP_FIELDS(ring_fields), AMDVI_EFR_PPR_SUP },
    { "HW_EVENT_UPPER", AMDVI_HW_EVENT_UPPER, NONE, AMDVI_EFR_HE_SUP },
    { "HW_EVENT_LOWER", AMDVI_HW_EVENT_LOWER, NONE, AMDVI_EFR_HE_SUP },
    { "HW_EVENT_STATUS", AMDVI_HW_EVENT_STATUS, DUMP_FIELDS(hardware_event_fields),
      AMDVI_EFR_HE_SUP },
    { "GA_BASE", AMDVI_GA_BASE, DUMP_FIELDS(ring_fields), AMDVI_EFR_GAM_SUP },
    { "GA_TAIL_ADDRESS", AMDVI_GA_TAIL_ADDRESS, DUMP_FIELDS(guest_tail_fields), AMDVI_EFR_GAM_SUP },
    { "PPR_B_BASE", AMDVI_PPR_B_BASE, DUMP_FIELDS(ring_fields), AMDVI_EFR_DUAL_PPR_LOG_SUP },
    { "EVENT_B_BASE", AMDVI_EVENT_B_BASE, DUMP_FIELDS(ring_fields), AMDVI_EFR_DUAL_EVENT_LOG_SUP },
    { "XT_GENERAL", AMDVI_XT_GENERAL, DUMP_FIELDS(xt_fields), AMDVI_EFR_XT_SUP },
    { "XT_PPR", AMDVI_XT_PPR, DUMP_FIELDS(xt_fields), AMDVI_EFR_XT_SUP },
    { "XT_GA", AMDVI_XT_GA, DUMP_FIELDS(xt_fields), AMDVI_EFR_XT_SUP },
    { "VIOMMU_STATUS", AMDVI_VIOMMU_STATUS, NONE, AMDVI_EFR_VIOMMU_SUP },
    { "CMD_HEAD", AMDVI_CMD_HEAD, DUMP_FIELDS(pointer_fields), 0 },
    { "CMD_TAIL", AMDVI_CMD_TAIL, DUMP_FIELDS(pointer_fields), 0 },
    { "EVENT_HEAD", AMDVI_EVENT_HEAD, DUMP_FIELDS(pointer_fields), 0 },
    { "EVENT_TAIL", AMDVI_EVENT_TAIL, DUMP_FIELDS(pointer_fields), 0 },
    { "PPR_HEAD", AMDVI_PPR_HEAD, DUMP_FIELDS(pointer_fields), AMDVI_EFR_PPR_SUP },
    { "PPR_TAIL", AMDVI_PPR_TAIL, DUMP_FIELDS(pointer_fields), AMDVI_EFR_PPR_SUP },
    { "GA_HEAD", AMDVI_GA_HEAD, DUMP_FIELDS(guest_pointer_fields), AMDVI_EFR_GAM_SUP },
    { "GA_TAIL", AMDVI_GA_TAIL, DUMP_FIELDS(guest_pointer_fields), AMDVI_EFR_GAM_SUP },
    { "PPR_B_HEAD", AMDVI_PPR_B_HEAD, DUMP_FIELDS(pointer_fields), AMDVI_EFR_DUAL_PPR_LOG_SUP },
    { "PPR_B_TAIL", AMDVI_PPR_B_TAIL, DUMP_FIELDS(pointer_fields), AMDVI_EFR_DUAL_PPR_LOG_SUP },
    { "EVENT_B_HEAD", AMDVI_EVENT_B_HEAD, DUMP_FIELDS(pointer_fields),
      AMDVI_EFR_DUAL_EVENT_LOG_SUP },
    { "EVENT_B_TAIL", AMDVI_EVENT_B_TAIL, DUMP_FIELDS(pointer_fields),
      AMDVI_EFR_DUAL_EVENT_LOG_SUP },
    { "PPR_AUTO_RESPONSE", AMDVI_PPR_AUTO_RESPONSE, DUMP_FIELDS(answer_fields),
      AMDVI_EFR_PPR_AUTO_RSP_SUP },
    { "PPR_EARLY_OVERFLOW_A", AMDVI_PPR_EARLY_OVERFLOW_A, DUMP_FIELDS(early_fields),
      AMDVI_EFR_PPR_OVRFLW_EARLY_SUP },
    { "PPR_EARLY_OVERFLOW_B", AMDVI_PPR_EARLY_OVERFLOW_B, DUMP_FIELDS(early_fields),
      AMDVI_EFR_PPR_OVRFLW_EARLY_SUP },
};

/* ---- the capability block ---- */

static const struct dump_field cap_header_fields[] = {
    DUMP_FIELD("CapId", AMDVI_CAP_HEADER_ID),
    DUMP_FIELD("CapPtr", AMDVI_CAP_HEADER_NEXT),
    DUMP_FIELD("CapType", AMDVI_CAP_HEADER_TYPE),
    DUMP_FIELD("CapRev", AMDVI_CAP_HEADER_REV),
    DUMP_FIELD("IotlbSup", AMDVI_CAP_HEADER_IOTLB_SUP),
    DUMP_FIELD("HtTunnel", AMDVI_CAP_HEADER_HT_TUNNEL),
    DUMP_FIELD("NpCache", AMDVI_CAP_HEADER_NP_CACHE),
    DUMP_FIELD("EFRSup", AMDVI_CAP_HEADER_EFR_SUP),
    DUMP_FIELD("CapExt", AMDVI_CAP_HEADER_CAP_EXT),
};
static const struct dump_field cap_base_fields[] = {
    DUMP_FIELD("Enable", AMDVI_CAP_BASE_LOW_ENABLE),
    DUMP_ADDRESS("Base31:14", AMDVI_CAP_BASE_LOW_ADDRESS),
};
static const struct dump_field cap_range_fields[] = {
    DUMP_FIELD("UnitID", AMDVI_CAP_RANGE_UNIT_ID),
    DUMP_FIELD("RngValid", AMDVI_CAP_RANGE_RNG_VALID),
    DUMP_FIELD("BusNumber", AMDVI_CAP_RANGE_BUS),
    DUMP_FIELD("FirstDevice", AMDVI_CAP_RANGE_FIRST),
    DUMP_FIELD("LastDevice", AMDVI_CAP_RANGE_LAST),
};
static const struct dump_field cap_misc0_fields[] = {
    DUMP_FIELD("MsiNum", AMDVI_CAP_MISC0_MSI_NUM),
    DUMP_FIELD("GVAsize", AMDVI_CAP_MISC0_GVA_SIZE),
    DUMP_FIELD("PAsize", AMDVI_CAP_MISC0_PA_SIZE),
    DUMP_FIELD("VAsize", AMDVI_CAP_MISC0_VA_SIZE),
    DUMP_FIELD("HtAtsResv", AMDVI_CAP_MISC0_HT_ATS_RESV),
    DUMP_FIELD("MsiNumPPR", AMDVI_CAP_MISC0_MSI_NUM_PPR),
};
static const struct dump_field cap_misc1_fields[] = {
    DUMP_FIELD("MsiNumGA", AMDVI_CAP_MISC1_MSI_NUM_GA),
};

static const struct {
    const char *name;
    uint16_t offset;
    bool extended;      /* there with CapExt only */
    struct dump_fields fields;
} cap_words[] = {
    { "PCI capability header", AMDVI_CAP_HEADER, false, DUMP_FIELDS(cap_header_fields) },
    { "PCI base low", AMDVI_CAP_BASE_LOW, false, DUMP_FIELDS(cap_base_fields) },
    { "PCI base high", AMDVI_CAP_BASE_HIGH, false, NONE },
    { "PCI range", AMDVI_CAP_RANGE, false, DUMP_FIELDS(cap_range_fields) },
    { "PCI miscellaneous 0", AMDVI_CAP_MISC0, false, DUMP_FIELDS(cap_misc0_fields) },
    { "PCI miscellaneous 1", AMDVI_CAP_MISC1, true, DUMP_FIELDS(cap_misc1_fields) },
};

static void capability_block(struct amdvi_unit *unit, const struct iommu_debug_visitor *visitor)
{
    const struct iommu_platform *platform = unit->base.platform;

    for (size_t i = 0; i < DUMP_COUNT(cap_words); i++) {
        struct iommu_debug_item item = { .name = cap_words[i].name,
                                         .is_register = true,
                                         .bits = 32 };

        if (cap_words[i].extended && !(unit->header & AMDVI_CAP_HEADER_CAP_EXT))
            continue;
        item.at = (uint64_t)unit->capability + cap_words[i].offset;
        item.words[0] =
            platform->pci_read(unit->base.ctx, unit->base.segment, unit->rid, (uint16_t)item.at, 4);
        dump_item(visitor, &item, &cap_words[i].fields);
    }
}

static void features(struct amdvi_unit *unit, const struct iommu_debug_visitor *visitor)
{
    if (unit->header & AMDVI_CAP_HEADER_EFR_SUP) {
        dump_register64(visitor, &unit->regs, "EFR", AMDVI_EFR, &no_fields);
        if (reg_read64(&unit->regs, AMDVI_EFR) != unit->efr)
            visitor->note(visitor->ctx, "firmware's table (IVHD) has other features than the "
                                        "register: these fields are its");
    }
    dump_capabilities(&unit->base, visitor, "efr.");
    if (unit->efr2 != 0)
        dump_register64(visitor, &unit->regs, "EFR2", AMDVI_EFR2, &no_fields);
    dump_capabilities(&unit->base, visitor, "efr2.");
}

/* §3.3: segment 0 has DEV_TAB. */
static void segments(struct amdvi_unit *unit, const struct iommu_debug_visitor *visitor)
{
    static const struct dump_fields fields = DUMP_FIELDS(table_fields);
    uint32_t count = 1u << field_get(unit->efr, AMDVI_EFR_DEV_TBL_SEG_SUP);

    for (uint32_t n = 1; n < count; n++) {
        struct iommu_debug_item item = { .name = "DEV_TAB_SEGMENT", .is_register = true, .index = n,
                                         .bits = 64, .at = AMDVI_DEV_TAB_SEGMENT(n).offset };

        item.words[0] = reg_read64(&unit->regs, AMDVI_DEV_TAB_SEGMENT(n));
        dump_item(visitor, &item, &fields);
    }
}

void amdvi_debug_registers(struct iommu_unit *base, const struct iommu_debug_visitor *visitor)
{
    static const struct dump_fields status = DUMP_FIELDS(status_fields),
                                    performance = DUMP_FIELDS(performance_fields);
    struct amdvi_unit *unit = amdvi_unit_of(base);

    capability_block(unit, visitor);
    features(unit, visitor);
    for (size_t i = 0; i < DUMP_COUNT(registers); i++)
        if (registers[i].needs == 0 || (unit->efr & registers[i].needs))
            dump_register64(visitor, &unit->regs, registers[i].name, registers[i].wide,
                            &registers[i].fields);
    segments(unit, visitor);
    dump_register32(visitor, &unit->regs, "STATUS", AMDVI_STATUS, &status);
    if (unit->efr & AMDVI_EFR_PERF_OPT_SUP)
        dump_register32(visitor, &unit->regs, "PERF_OPT", AMDVI_PERF_OPT, &performance);
}

/* ---- command ring and event log ---- */

static const struct dump_field wait_fields[] = {
    DUMP_FIELD("S", AMDVI_CMD_WAIT_S),
    DUMP_FIELD("I", AMDVI_CMD_WAIT_I),
    DUMP_FIELD("F", AMDVI_CMD_WAIT_F),
    DUMP_ADDRESS("StoreAddress", AMDVI_CMD_WAIT_ADDRESS),
    DUMP_FIELD_OF(1, "StoreData", BITS64(63, 0)),
};
static const struct dump_field device_fields[] = {
    DUMP_FIELD("DeviceID", AMDVI_CMD_DEVICE_ID),
};
static const struct dump_field pages_fields[] = {
    DUMP_FIELD("PASID", AMDVI_CMD_PAGES_PASID),
    DUMP_FIELD("DomainID", AMDVI_CMD_PAGES_DOMAIN_ID),
    DUMP_FIELD_OF(1, "S", AMDVI_CMD_PAGES_S),
    DUMP_FIELD_OF(1, "PDE", AMDVI_CMD_PAGES_PDE),
    DUMP_FIELD_OF(1, "GN", AMDVI_CMD_PAGES_GN),
    DUMP_ADDRESS_OF(1, "Address", AMDVI_CMD_PAGES_ADDRESS),
};
static const struct dump_field iotlb_fields[] = {
    DUMP_FIELD("DeviceID", AMDVI_CMD_DEVICE_ID), DUMP_FIELD("Maxpend", AMDVI_CMD_IOTLB_MAXPEND),
    DUMP_FIELD("QueueID", AMDVI_CMD_IOTLB_QUEUE_ID), DUMP_FIELD_OF(1, "S", AMDVI_CMD_IOTLB_S),
    DUMP_FIELD_OF(1, "GN", AMDVI_CMD_IOTLB_GN), DUMP_FIELD_OF(1, "Type", AMDVI_CMD_IOTLB_TYPE),
    DUMP_ADDRESS_OF(1, "Address", AMDVI_CMD_IOTLB_ADDRESS),
};
static const struct dump_field prefetch_fields[] = {
    DUMP_FIELD("DeviceID", AMDVI_CMD_DEVICE_ID),
    DUMP_FIELD("PFCount", AMDVI_CMD_PREFETCH_COUNT),
    DUMP_FIELD("PASID", AMDVI_CMD_PREFETCH_PASID),
    DUMP_FIELD_OF(1, "S", AMDVI_CMD_PREFETCH_S),
    DUMP_FIELD_OF(1, "GN", AMDVI_CMD_PREFETCH_GN),
    DUMP_FIELD_OF(1, "Inval", AMDVI_CMD_PREFETCH_INVAL),
    DUMP_ADDRESS_OF(1, "Address", AMDVI_CMD_PREFETCH_ADDRESS),
};
static const struct dump_field answer_command_fields[] = {
    DUMP_FIELD("DeviceID", AMDVI_CMD_DEVICE_ID), DUMP_FIELD("PASID", AMDVI_CMD_PPR_PASID),
    DUMP_FIELD_OF(1, "GN", AMDVI_CMD_PPR_GN), DUMP_FIELD_OF(1, "Tag", AMDVI_CMD_PPR_TAG),
    DUMP_FIELD_OF(1, "Status", AMDVI_CMD_PPR_STATUS),
};
static const struct {
    const char *name;
    struct dump_fields fields;
} commands[] = {
    [AMDVI_CMD_OP_COMPLETION_WAIT] = { "COMPLETION_WAIT", DUMP_FIELDS(wait_fields) },
    [AMDVI_CMD_OP_INVALIDATE_DEVTAB_ENTRY] = { "INVALIDATE_DEVTAB_ENTRY",
                                               DUMP_FIELDS(device_fields) },
    [AMDVI_CMD_OP_INVALIDATE_IOMMU_PAGES] = { "INVALIDATE_IOMMU_PAGES", DUMP_FIELDS(pages_fields) },
    [AMDVI_CMD_OP_INVALIDATE_IOTLB_PAGES] = { "INVALIDATE_IOTLB_PAGES", DUMP_FIELDS(iotlb_fields) },
    [AMDVI_CMD_OP_INVALIDATE_INTERRUPT_TABLE] = { "INVALIDATE_INTERRUPT_TABLE",
                                                  DUMP_FIELDS(device_fields) },
    [AMDVI_CMD_OP_PREFETCH_IOMMU_PAGES] = { "PREFETCH_IOMMU_PAGES", DUMP_FIELDS(prefetch_fields) },
    [AMDVI_CMD_OP_COMPLETE_PPR_REQUEST] = { "COMPLETE_PPR_REQUEST",
                                            DUMP_FIELDS(answer_command_fields) },
    [AMDVI_CMD_OP_INVALIDATE_IOMMU_ALL] = { "INVALIDATE_IOMMU_ALL", NONE },
    [AMDVI_CMD_OP_INSERT_GUEST_EVENT] = { "INSERT_GUEST_EVENT", NONE },
    [AMDVI_CMD_OP_RESET_VMMIO] = { "RESET_VMMIO", NONE },
};
static const struct dump_field event_fields[] = {
    DUMP_FIELD("DeviceID", AMDVI_EVENT_DEVICE_ID),
    DUMP_FIELD("DomainID", AMDVI_EVENT_DOMAIN_ID),
    DUMP_FIELD("GN", AMDVI_EVENT_GN),
    DUMP_FIELD("NX", AMDVI_EVENT_NX),
    DUMP_FIELD("US", AMDVI_EVENT_US),
    DUMP_FIELD("I", AMDVI_EVENT_I),
    DUMP_FIELD("PR", AMDVI_EVENT_PR),
    DUMP_FIELD("RW", AMDVI_EVENT_RW),
    DUMP_FIELD("PE", AMDVI_EVENT_PE),
    DUMP_FIELD("RZ", AMDVI_EVENT_RZ),
    DUMP_FIELD("TR", AMDVI_EVENT_TR),
    DUMP_FIELD_OF(1, "Address", BITS64(63, 0)),
};

/* A ring of entries of 16 bytes; who reads it is behind at its head. */
struct ring {
    uint64_t base_pa;
    uint32_t count, head, tail;
    bool is_log;
};

static void command_fields(const struct iommu_debug_item *item, const char **name,
                           struct dump_fields *fields)
{
    unsigned op = (unsigned)field_get(item->words[0], AMDVI_CMD_OP);

    *name = op < DUMP_COUNT(commands) && commands[op].name != NULL ? commands[op].name
                                                                   : "command of no known code";
    if (op < DUMP_COUNT(commands))
        *fields = commands[op].fields;
}

static bool ring_entry(const struct amdvi_unit *unit, const struct ring *ring, uint32_t index,
                       const struct iommu_debug_visitor *visitor)
{
    struct iommu_debug_item item = { .index = index, .bits = 128 };
    struct dump_fields fields = DUMP_FIELDS(event_fields);
    bool pending = (index - ring->head) % ring->count < (ring->tail - ring->head) % ring->count;

    item.at = ring->base_pa + (uint64_t)index * sizeof(struct amdvi_command);
    if (!dump_read(&unit->base, item.at, item.words, 2)) {
        visitor->note(visitor->ctx, "the ring lies where there is no memory");
        return false;
    }
    if (ring->is_log)
        item.name = amdvi_event_name((uint32_t)field_get(item.words[0], AMDVI_EVENT_CODE));
    else
        command_fields(&item, &item.name, &fields);
    if ((item.words[0] | item.words[1]) == 0 && !pending)
        return true;    /* never written */
    visitor->item(visitor->ctx, &item);
    visitor->field(visitor->ctx, "state", pending,
                   ring->is_log ? (pending ? "not read yet" : "read")
                   : pending    ? "not fetched yet"
                                : "fetched");
    dump_fields(visitor, &fields, item.words);
    return true;
}

static void ring_entries(const struct amdvi_unit *unit, struct ring *ring, uint64_t base,
                         uint64_t head, uint64_t tail, size_t count,
                         const struct iommu_debug_visitor *visitor)
{
    ring->base_pa = base & AMDVI_RING_BASE;
    ring->count = 1u << field_get(base, AMDVI_RING_LEN);
    ring->head = (uint32_t)(field_get(head, AMDVI_POINTER) % ring->count);
    ring->tail = (uint32_t)(field_get(tail, AMDVI_POINTER) % ring->count);
    for (size_t back = count < ring->count ? count : ring->count; back > 0; back--)
        if (!ring_entry(unit, ring, (ring->tail - (uint32_t)back) % ring->count, visitor))
            return;
}

static void show_ring(struct amdvi_unit *unit, size_t count, bool is_log,
                      const struct iommu_debug_visitor *visitor)
{
    static const struct dump_fields base_list = DUMP_FIELDS(ring_fields),
                                    pointer_list = DUMP_FIELDS(pointer_fields);
    const struct reg_window *w = &unit->regs;
    struct reg64 base = is_log ? AMDVI_EVENT_BASE : AMDVI_CMD_BASE;
    struct reg64 head = is_log ? AMDVI_EVENT_HEAD : AMDVI_CMD_HEAD;
    struct reg64 tail = is_log ? AMDVI_EVENT_TAIL : AMDVI_CMD_TAIL;
    struct ring ring = { .is_log = is_log };

    dump_register64(visitor, w, is_log ? "EVENT_BASE" : "CMD_BASE", base, &base_list);
    dump_register64(visitor, w, is_log ? "EVENT_HEAD" : "CMD_HEAD", head, &pointer_list);
    dump_register64(visitor, w, is_log ? "EVENT_TAIL" : "CMD_TAIL", tail, &pointer_list);
    ring_entries(unit, &ring, reg_read64(w, base), reg_read64(w, head), reg_read64(w, tail), count,
                 visitor);
}

enum iommu_status amdvi_debug_queues(struct iommu_unit *base, size_t count,
                                     const struct iommu_debug_visitor *visitor)
{
    struct amdvi_unit *unit = amdvi_unit_of(base);
    uint32_t status = reg_read32(&unit->regs, AMDVI_STATUS);

    if (!(status & AMDVI_STATUS_CMD_BUF_RUN))
        visitor->note(visitor->ctx, "the unit executes no commands (CmdBufRun = 0)");
    show_ring(unit, count, false, visitor);
    if (!(status & AMDVI_STATUS_EVENT_LOG_RUN))
        visitor->note(visitor->ctx, "the unit records no events (EventLogRun = 0)");
    show_ring(unit, count, true, visitor);
    return IOMMU_OK;
}

/* ---- interrupt entries ---- */

static const char *const type_names[] = { "fixed", "arbitrated", "SMI",      "NMI",
                                          "INIT",  "ExtINT",     "reserved", "reserved" };
static const char *const destination_names[] = { "physical", "logical" };
static const struct dump_field narrow_fields[] = {
    DUMP_FIELD("RemapEn", AMDVI_IRTE32_REMAP_EN),
    DUMP_FIELD("SupIOPF", AMDVI_IRTE32_SUP_IOPF),
    DUMP_MEANING("IntType", AMDVI_IRTE32_INT_TYPE, type_names),
    DUMP_FIELD("RqEoi", AMDVI_IRTE32_RQ_EOI),
    DUMP_MEANING("DM", AMDVI_IRTE32_DM, destination_names),
    DUMP_FIELD("GuestMode", AMDVI_IRTE32_GUEST_MODE),
    DUMP_FIELD("Vector", AMDVI_IRTE32_VECTOR),
    DUMP_FIELD("Destination", AMDVI_IRTE32_DESTINATION),
};
static const struct dump_field wide_fields[] = {
    DUMP_FIELD("RemapEn", AMDVI_IRTE_REMAP_EN),
    DUMP_FIELD("SupIOPF", AMDVI_IRTE_SUP_IOPF),
    DUMP_MEANING("IntType", AMDVI_IRTE_INT_TYPE, type_names),
    DUMP_FIELD("RqEoi", AMDVI_IRTE_RQ_EOI),
    DUMP_MEANING("DM", AMDVI_IRTE_DM, destination_names),
    DUMP_FIELD("GuestMode", AMDVI_IRTE_GUEST_MODE),
    DUMP_FIELD_OF(1, "Vector", AMDVI_IRTE_VECTOR),
};
static const struct dump_field guest_fields[] = {
    DUMP_FIELD("RemapEn", AMDVI_IRTE_REMAP_EN), DUMP_FIELD("SupIOPF", AMDVI_IRTE_SUP_IOPF),
    DUMP_FIELD("GALogIntr", AMDVI_IRTE_GA_LOG_INTR), DUMP_FIELD("IsRun", AMDVI_IRTE_IS_RUN),
    DUMP_FIELD("GuestMode", AMDVI_IRTE_GUEST_MODE), DUMP_FIELD("GATag", AMDVI_IRTE_GA_TAG),
    DUMP_FIELD_OF(1, "Vector", AMDVI_IRTE_VECTOR), DUMP_ADDRESS_OF(1, "GARoot", AMDVI_IRTE_GA_ROOT),
};

static void show_entry(const struct iommu_debug_item *item,
                       const struct iommu_debug_visitor *visitor)
{
    static const struct dump_fields narrow = DUMP_FIELDS(narrow_fields),
                                    wide = DUMP_FIELDS(wide_fields),
                                    guest = DUMP_FIELDS(guest_fields);

    if (item->bits == 32) {
        dump_item(visitor, item, &narrow);
        return;
    }
    dump_item(visitor, item, item->words[0] & AMDVI_IRTE_GUEST_MODE ? &guest : &wide);
    visitor->field(visitor->ctx, "Destination",
                   field_get(item->words[1], AMDVI_IRTE_DEST_HIGH) << 24 |
                       field_get(item->words[0], AMDVI_IRTE_DEST_LOW), "APIC id");
}

/* One of 32 bits is half of a word. */
static bool read_entry(const struct amdvi_unit *unit, struct iommu_debug_item *item)
{
    if (item->bits == 128)
        return dump_read(&unit->base, item->at, item->words, 2);
    if (!dump_read(&unit->base, item->at & ~7ull, item->words, 1))
        return false;
    item->words[0] = item->at & 4 ? item->words[0] >> 32 : item->words[0] & UINT32_MAX;
    return true;
}

/* The table of one id; false: it cannot be read. */
static bool show_table(const struct amdvi_unit *unit, const struct amdvi_dte *dte, bool wide,
                       const struct iommu_debug_irq_filter *filter,
                       const struct iommu_debug_visitor *visitor)
{
    uint64_t table = dte->q[2] & AMDVI_DTE2_INT_TAB_ROOT;
    uint32_t count = 1u << field_get(dte->q[2], AMDVI_DTE2_INT_TAB_LEN);
    unsigned bits = wide ? 128 : 32;

    if (filter->has_index && filter->index >= count)
        visitor->note(visitor->ctx, "the index lies beyond the table");
    for (uint32_t i = 0; i < count && i < AMDVI_IRQ_ENTRIES_MAX; i++) {
        struct iommu_debug_item item = { .name = "interrupt entry", .index = i, .bits = bits,
                                         .at = table + (uint64_t)i * bits / 8 };

        if (filter->has_index && i != filter->index)
            continue;
        if (!read_entry(unit, &item)) {
            visitor->note(visitor->ctx, "the interrupt table lies where there is no memory");
            return false;
        }
        if (filter->has_index || (item.words[0] | item.words[1]) != 0)
            show_entry(&item, visitor);
    }
    return true;
}

static bool remaps(const struct amdvi_dte *dte)
{
    return (dte->q[2] & AMDVI_DTE2_IV) &&
           field_get(dte->q[2], AMDVI_DTE2_INT_CTL) == AMDVI_CTL_TRANSLATE;
}

static void show_one(struct amdvi_unit *unit, bool wide,
                     const struct iommu_debug_irq_filter *filter,
                     const struct iommu_debug_visitor *visitor)
{
    struct iommu_debug_walk out = { .why = "" };
    struct amdvi_dte dte;

    if (!amdvi_debug_entry(unit, filter->rid, visitor, &dte, &out))
        visitor->note(visitor->ctx, out.why);
    else if (!remaps(&dte))
        visitor->note(visitor->ctx, "the id's interrupts are not remapped (IV, IntCtl)");
    else
        (void)show_table(unit, &dte, wide, filter, visitor);
}

/*
 * Ids of one device, or of several with one alias, have one table: it is shown with the first of
 * neighbours.
 */
static void show_all(struct amdvi_unit *unit, bool wide,
                     const struct iommu_debug_irq_filter *filter,
                     const struct iommu_debug_visitor *visitor)
{
    uint64_t before = 0;
    bool found = false;

    for (uint32_t rid = 0; rid < AMDVI_DEVICE_IDS; rid++) {
        struct iommu_debug_walk out = { .why = "" };
        struct amdvi_dte dte;

        if (!amdvi_debug_entry(unit, (uint16_t)rid, NULL, &dte, &out)) {
            if (out.outcome != IOMMU_DEBUG_REFUSED)     /* that is the table's end */
                visitor->note(visitor->ctx, out.why);
            break;
        }
        if (!remaps(&dte) || (dte.q[2] & AMDVI_DTE2_INT_TAB_ROOT) == before)
            continue;
        before = dte.q[2] & AMDVI_DTE2_INT_TAB_ROOT;
        found = true;
        (void)amdvi_debug_entry(unit, (uint16_t)rid, visitor, &dte, &out);
        if (!show_table(unit, &dte, wide, filter, visitor))
            break;
    }
    if (!found)
        visitor->note(visitor->ctx, "no id has a table of interrupt entries");
}

enum iommu_status amdvi_debug_irq_entries(struct iommu_unit *base,
                                          const struct iommu_debug_irq_filter *filter,
                                          const struct iommu_debug_visitor *visitor)
{
    struct amdvi_unit *unit = amdvi_unit_of(base);
    uint64_t control = reg_read64(&unit->regs, AMDVI_CONTROL);
    bool wide = (control & AMDVI_CONTROL_GA_EN) != 0;

    if (!(control & AMDVI_CONTROL_IOMMU_EN))
        return IOMMU_ERR_UNSUPPORTED;
    if (filter->has_rid)
        show_one(unit, wide, filter, visitor);
    else
        show_all(unit, wide, filter, visitor);
    return IOMMU_OK;
}
