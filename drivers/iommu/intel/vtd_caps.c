/* SPDX-License-Identifier: BSD-2-Clause */
/* Every field of CAP and ECAP by name and meaning (VT-d §11.4.2, §11.4.3), for reports. */
#include "intel/vtd.h"
#include "capability.h"

static const struct capability cap_fields[] = {
    { "cap.ESRTPS", VTD_CAP_ESRTPS, "setting the root table pointer flushes all translation caches" },
    { "cap.ESIRTPS", VTD_CAP_ESIRTPS, "setting the interrupt table pointer flushes its caches" },
    { "cap.ECMDS", VTD_CAP_ECMDS, "enhanced command interface" },
    { "cap.FS5LP", VTD_CAP_FS5LP, "5-level paging in the first stage" },
    { "cap.PI", VTD_CAP_PI, "posted interrupts" },
    { "cap.FS1GP", VTD_CAP_FS1GP, "1 GiB pages in the first stage" },
    { "cap.DRD", VTD_CAP_DRD, "IOTLB invalidation drains reads" },
    { "cap.DWD", VTD_CAP_DWD, "IOTLB invalidation drains writes" },
    { "cap.MAMV", VTD_CAP_MAMV, "largest address mask of a page-selective invalidation" },
    { "cap.NFR", VTD_CAP_NFR, "fault recording registers, less one" },
    { "cap.PSI", VTD_CAP_PSI, "page-selective IOTLB invalidation" },
    { "cap.SSLPS", VTD_CAP_SSLPS, "large pages in the second stage: bit 0 2 MiB, bit 1 1 GiB" },
    { "cap.FRO", VTD_CAP_FRO, "offset of the fault recording registers, in 16 bytes" },
    { "cap.ZLR", VTD_CAP_ZLR, "zero-length reads of write-only pages" },
    { "cap.MGAW", VTD_CAP_MGAW, "address width of the second stage, less one" },
    { "cap.SAGAW", VTD_CAP_SAGAW, "table depths: bit 1 39-bit, bit 2 48-bit, bit 3 57-bit" },
    { "cap.CM", VTD_CAP_CM, "entries that are not present may be cached" },
    { "cap.PHMR", VTD_CAP_PHMR, "protected high memory region" },
    { "cap.PLMR", VTD_CAP_PLMR, "protected low memory region" },
    { "cap.RWBF", VTD_CAP_RWBF, "write buffers must be flushed" },
    { "cap.ND", VTD_CAP_ND, "width of domain ids: 4 + 2 * ND bits" },
};

static const struct capability ecap_fields[] = {
    { "ecap.IRREQ", VTD_ECAP_IRREQ, "interrupts are blocked while remapping is off" },
    { "ecap.EIMER", VTD_ECAP_EIMER, "extended interrupt mode must be enabled" },
    { "ecap.RDTS", VTD_ECAP_RDTS, "resource director configuration" },
    { "ecap.HPT1GPS", VTD_ECAP_HPT1GPS, "1 GiB pages in host permission tables" },
    { "ecap.SMS", VTD_ECAP_SMS, "stop marker messages" },
    { "ecap.SSIRWS", VTD_ECAP_SSIRWS, "I/O read and write bits in the second stage" },
    { "ecap.PTRS", VTD_ECAP_PTRS, "PASIDs in translated requests" },
    { "ecap.HPTS", VTD_ECAP_HPTS, "host permission tables" },
    { "ecap.RPRIVS", VTD_ECAP_RPRIVS, "privilege of requests without PASID" },
    { "ecap.ADMS", VTD_ECAP_ADMS, "abort-DMA mode" },
    { "ecap.PMS", VTD_ECAP_PMS, "performance monitoring" },
    { "ecap.TDXCS", VTD_ECAP_TDXCS, "TDX Connect" },
    { "ecap.RPS", VTD_ECAP_RPS, "PASID of requests without PASID" },
    { "ecap.SMPWCS", VTD_ECAP_SMPWCS, "snooped walks in scalable mode" },
    { "ecap.FSTS", VTD_ECAP_FSTS, "first-stage translation" },
    { "ecap.SSTS", VTD_ECAP_SSTS, "second-stage translation in scalable mode" },
    { "ecap.SSADS", VTD_ECAP_SSADS, "accessed and dirty bits in the second stage" },
    { "ecap.VCS", VTD_ECAP_VCS, "virtual commands" },
    { "ecap.SMTS", VTD_ECAP_SMTS, "scalable mode" },
    { "ecap.PDS", VTD_ECAP_PDS, "page request drain in wait descriptors" },
    { "ecap.DIT", VTD_ECAP_DIT, "device-TLB invalidation throttling" },
    { "ecap.PASID", VTD_ECAP_PASID, "requests with PASID" },
    { "ecap.PSS", VTD_ECAP_PSS, "width of PASIDs, less one" },
    { "ecap.EAFS", VTD_ECAP_EAFS, "extended accessed flag" },
    { "ecap.NWFS", VTD_ECAP_NWFS, "no-write flag of translation requests" },
    { "ecap.SRS", VTD_ECAP_SRS, "supervisor requests" },
    { "ecap.ERS", VTD_ECAP_ERS, "execute requests" },
    { "ecap.PRS", VTD_ECAP_PRS, "page requests" },
    { "ecap.NEST", VTD_ECAP_NEST, "nested translation" },
    { "ecap.MTS", VTD_ECAP_MTS, "memory types" },
    { "ecap.MHMV", VTD_ECAP_MHMV, "largest mask of an interrupt entry invalidation" },
    { "ecap.IRO", VTD_ECAP_IRO, "offset of the IOTLB registers, in 16 bytes" },
    { "ecap.SC", VTD_ECAP_SC, "snoop control" },
    { "ecap.PT", VTD_ECAP_PT, "pass-through" },
    { "ecap.EIM", VTD_ECAP_EIM, "extended interrupt mode (x2APIC)" },
    { "ecap.IR", VTD_ECAP_IR, "interrupt remapping" },
    { "ecap.DT", VTD_ECAP_DT, "device-TLBs" },
    { "ecap.QI", VTD_ECAP_QI, "invalidation queue" },
    { "ecap.C", VTD_ECAP_C, "walks snoop the caches" },
};

enum iommu_status vtd_capability(const struct iommu_unit *base, size_t index, struct iommu_capability *out)
{
    const struct vtd_unit *unit = (const struct vtd_unit *)base;
    const struct capability_word words[] = {
        CAPABILITY_WORD(cap_fields, unit->cap),
        CAPABILITY_WORD(ecap_fields, unit->ecap),
    };

    return capability_find(words, sizeof(words) / sizeof(words[0]), index, out);
}
