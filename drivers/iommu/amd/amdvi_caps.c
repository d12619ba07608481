/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every field of EFR, EFR2 (AMD-Vi §3.3) and of the capability block's header
 * (§3.2) by name and meaning, for reports. The values of EFR are those of the
 * IVHD where it has them.
 */
#include "amd/amdvi.h"
#include "capability.h"

static const struct capability efr_fields[] = {
    { "efr.PrefSup", AMDVI_EFR_PREF_SUP, "PREFETCH_IOMMU_PAGES" },
    { "efr.PPRSup", AMDVI_EFR_PPR_SUP, "peripheral page requests" },
    { "efr.XTSup", AMDVI_EFR_XT_SUP, "x2APIC: interrupts with 32 bits of destination" },
    { "efr.NXSup", AMDVI_EFR_NX_SUP, "no-execute protection in guest tables" },
    { "efr.GTSup", AMDVI_EFR_GT_SUP, "guest (v2) translation" },
    { "efr.GAPPISup", AMDVI_EFR_GAPPI_SUP, "guest APIC physical processor interrupts" },
    { "efr.IASup", AMDVI_EFR_IA_SUP, "INVALIDATE_IOMMU_ALL" },
    { "efr.GASup", AMDVI_EFR_GA_SUP, "guest virtual APIC, 128-bit interrupt entries" },
    { "efr.HESup", AMDVI_EFR_HE_SUP, "hardware error registers" },
    { "efr.PCSup", AMDVI_EFR_PC_SUP, "performance counters" },
    { "efr.HATS", AMDVI_EFR_HATS, "host tables: 0 to 2 are 4 to 6 levels, 3 none" },
    { "efr.GATS", AMDVI_EFR_GATS, "guest tables: 0 is 4 levels, 1 is 5" },
    { "efr.GLXSup", AMDVI_EFR_GLX_SUP, "levels of the GCR3 table, less one" },
    { "efr.SmiFSup", AMDVI_EFR_SMIF_SUP, "SMI filter registers" },
    { "efr.SmiFRC", AMDVI_EFR_SMIF_RC, "count of SMI filter registers" },
    { "efr.GAMSup", AMDVI_EFR_GAM_SUP, "guest virtual APIC modes" },
    { "efr.DualPprLogSup", AMDVI_EFR_DUAL_PPR_LOG_SUP, "two page request logs" },
    { "efr.DualEventLogSup", AMDVI_EFR_DUAL_EVENT_LOG_SUP, "two event logs" },
    { "efr.SATSup", AMDVI_EFR_SAT_SUP, "secure ATS" },
    { "efr.PASmax", AMDVI_EFR_PAS_MAX, "width of PASIDs, less one" },
    { "efr.USSup", AMDVI_EFR_US_SUP, "user and supervisor privilege in guest tables" },
    { "efr.DevTblSegSup", AMDVI_EFR_DEV_TBL_SEG_SUP, "device table segments: 2^n" },
    { "efr.PprOvrflwEarlySup", AMDVI_EFR_PPR_OVRFLW_EARLY_SUP, "early warning of a full page request log" },
    { "efr.PprAutoRspSup", AMDVI_EFR_PPR_AUTO_RSP_SUP, "automatic answers to page requests" },
    { "efr.MarcSup", AMDVI_EFR_MARC_SUP, "memory access routing and control" },
    { "efr.BlkStopMrkSup", AMDVI_EFR_BLK_STOP_MRK_SUP, "blocking of stop markers" },
    { "efr.PerfOptSup", AMDVI_EFR_PERF_OPT_SUP, "performance optimization" },
    { "efr.MsiCapMmioSup", AMDVI_EFR_MSI_CAP_MMIO_SUP, "MSI registers among the memory-mapped ones" },
    { "efr.SnoopAttrSup", AMDVI_EFR_SNOOP_ATTR_SUP, "snoop attributes" },
    { "efr.GIoSup", AMDVI_EFR_GIO_SUP, "guest translation of requests without PASID" },
    { "efr.HASup", AMDVI_EFR_HA_SUP, "accessed bits in host tables" },
    { "efr.EPHSup", AMDVI_EFR_EPH_SUP, "enhanced page request handling" },
    { "efr.AttrFWSup", AMDVI_EFR_ATTR_FW_SUP, "attribute forwarding" },
    { "efr.HDSup", AMDVI_EFR_HD_SUP, "dirty bits in host tables" },
    { "efr.V2HDDisSup", AMDVI_EFR_V2_HD_DIS_SUP, "dirty bits in guest tables can be switched off" },
    { "efr.InvIotlbTypeSup", AMDVI_EFR_INV_IOTLB_TYPE_SUP, "types of INVALIDATE_IOTLB_PAGES" },
    { "efr.vIommuSup", AMDVI_EFR_VIOMMU_SUP, "virtual units" },
    { "efr.VmGuardIoSup", AMDVI_EFR_VM_GUARD_IO_SUP, "VM guard for I/O" },
    { "efr.VmTableSize", AMDVI_EFR_VM_TABLE_SIZE, "size of the VM table" },
    { "efr.GAUpdateDisSup", AMDVI_EFR_GA_UPDATE_DIS_SUP, "accessed bits in guest tables can be switched off" },
    { "efr.ForcePhyDestSup", AMDVI_EFR_FORCE_PHY_DEST_SUP, "physical destinations can be forced" },
    { "efr.SNPSup", AMDVI_EFR_SNP_SUP, "secure nested paging" },
};

static const struct capability efr2_fields[] = {
    { "efr2.CXLIoSup", AMDVI_EFR2_CXL_IO_SUP, "CXL.io" },
    { "efr2.SevTioSup", AMDVI_EFR2_SEV_TIO_SUP, "trusted I/O" },
    { "efr2.TMPMSup", AMDVI_EFR2_TMPM_SUP, "tiered memory page migration" },
    { "efr2.GCR3TRPModeSup", AMDVI_EFR2_GCR3_TRP_MODE_SUP, "guest-physical GCR3 roots" },
    { "efr2.GAPPIDisSup", AMDVI_EFR2_GAPPI_DIS_SUP, "guest APIC physical interrupts can be switched off by entry" },
    { "efr2.SNPAVICSup", AMDVI_EFR2_SNP_AVIC_SUP, "guest virtual APIC with secure nested paging" },
    { "efr2.NumIntRemapSup", AMDVI_EFR2_NUM_INT_REMAP_SUP, "interrupt entries of a device: 0 is 512, 1 is 2048" },
    { "efr2.HTRangeIgnore", AMDVI_EFR2_HT_RANGE_IGNORE, "the HyperTransport range is ordinary memory" },
};

static const struct capability header_fields[] = {
    { "cap.CapRev", AMDVI_CAP_HEADER_REV, "revision of the capability block" },
    { "cap.IotlbSup", AMDVI_CAP_HEADER_IOTLB_SUP, "device-TLBs (ATS)" },
    { "cap.HtTunnel", AMDVI_CAP_HEADER_HT_TUNNEL, "HyperTransport tunnel" },
    { "cap.NpCache", AMDVI_CAP_HEADER_NP_CACHE, "entries that are not present may be cached" },
    { "cap.EFRSup", AMDVI_CAP_HEADER_EFR_SUP, "extended feature register" },
    { "cap.CapExt", AMDVI_CAP_HEADER_CAP_EXT, "miscellaneous information register 1" },
};

enum iommu_status amdvi_capability(const struct iommu_unit *base, size_t index, struct iommu_capability *out)
{
    const struct amdvi_unit *unit = (const struct amdvi_unit *)base;
    const struct capability_word words[] = {
        CAPABILITY_WORD(efr_fields, unit->efr),
        CAPABILITY_WORD(efr2_fields, unit->efr2),
        CAPABILITY_WORD(header_fields, unit->header),
    };

    return capability_find(words, sizeof(words) / sizeof(words[0]), index, out);
}
