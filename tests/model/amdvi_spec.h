/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AMD-Vi numbers for the model, transcribed by another reader than the
 * driver's headers, which are never included here. No specification text was
 * to be had: the numbers are the definitions other implementations agree on
 * (FreeBSD's two drivers, Linux, Xen, VirtualBox's emulation). What only one
 * of them has is marked with its name.
 *
 * Entries wider than 64 bits are words 0 to 3; a field is written as the
 * specification prints it, numbered through the whole entry, by AMDVI_W(high,
 * low), which leaves its place within its own word.
 */
#ifndef IOMMU_AMDVI_SPEC_H
#define IOMMU_AMDVI_SPEC_H

#include "spec_field.h"

#define AMDVI_W(high, low) SPEC_F((high) % 64, (low) % 64)

/* ---- register offsets ---- */
enum {
    ASPEC_DEV_TAB = 0x0000,
    ASPEC_CMD_BASE = 0x0008,
    ASPEC_EVT_BASE = 0x0010,
    ASPEC_CONTROL = 0x0018,
    ASPEC_EXCL_BASE = 0x0020,
    ASPEC_EXCL_LIMIT = 0x0028,
    ASPEC_EFR = 0x0030,
    ASPEC_PPR_BASE = 0x0038,
    ASPEC_HW_EVENT_HI = 0x0040,
    ASPEC_HW_EVENT_LO = 0x0048,
    ASPEC_HW_EVENT_STATUS = 0x0050,
    ASPEC_SMI_FILTER_0 = 0x0060, /* 16 of them, 8 bytes apart */
    ASPEC_GA_BASE = 0x00e0,
    ASPEC_GA_TAIL_ADDR = 0x00e8,
    ASPEC_PPR_B_BASE = 0x00f0,
    ASPEC_EVT_B_BASE = 0x00f8,   /* VirtualBox; FreeBSD gives 00F0h to both logs B */
    ASPEC_DEV_TAB_SEG_1 = 0x0100, /* segments 1 to 7, 8 bytes apart */
    ASPEC_DSFX = 0x0138,
    ASPEC_DSCX = 0x0140,
    ASPEC_DSSX = 0x0148,
    ASPEC_MSI_VECTOR_0 = 0x0150,
    ASPEC_MSI_VECTOR_1 = 0x0154,
    ASPEC_MSI_CAP = 0x0158,
    ASPEC_MSI_ADDR_LO = 0x015c,
    ASPEC_MSI_ADDR_HI = 0x0160,
    ASPEC_MSI_DATA = 0x0164,
    ASPEC_MSI_MAPPING = 0x0168,
    ASPEC_PERF_OPT = 0x016c,
    ASPEC_XT_GENERAL = 0x0170,
    ASPEC_XT_PPR = 0x0178,
    ASPEC_XT_GA = 0x0180,
    ASPEC_VIOMMU_STATUS = 0x0190, /* FreeBSD */
    ASPEC_EFR2 = 0x01a0,
    ASPEC_MARC_BASE_0 = 0x0200, /* base, relocation, length of four apertures */
    ASPEC_MARC_RELOC_0 = 0x0208,
    ASPEC_MARC_LEN_0 = 0x0210,
    ASPEC_MARC_STRIDE = 0x18,
    ASPEC_CMD_HEAD = 0x2000,
    ASPEC_CMD_TAIL = 0x2008,
    ASPEC_EVT_HEAD = 0x2010,
    ASPEC_EVT_TAIL = 0x2018,
    ASPEC_STATUS = 0x2020,
    ASPEC_PPR_HEAD = 0x2030,
    ASPEC_PPR_TAIL = 0x2038,
    ASPEC_GA_HEAD = 0x2040,
    ASPEC_GA_TAIL = 0x2048,
    ASPEC_PPR_B_HEAD = 0x2050,
    ASPEC_PPR_B_TAIL = 0x2058,
    ASPEC_EVT_B_HEAD = 0x2070,
    ASPEC_EVT_B_TAIL = 0x2078,
    ASPEC_PPR_AUTO = 0x2080,
    ASPEC_PPR_EARLY = 0x2088,
    ASPEC_PPR_B_EARLY = 0x2090,
    ASPEC_COUNTER_CONF = 0x4000, /* Linux */
    ASPEC_COUNTERS = 0x40000,    /* Linux */
};
#define ASPEC_WINDOW 0x4000u          /* without performance counters */
#define ASPEC_WINDOW_COUNTERS 0x80000u

/* ---- base registers ---- */
#define ASPEC_DEV_TAB_SIZE SPEC_F(8, 0)      /* pages of 4 KiB minus one */
#define ASPEC_DEV_TAB_SEG_SIZE SPEC_F(7, 0)
#define ASPEC_DEV_TAB_ADDR SPEC_F(51, 12)
#define ASPEC_RING_LEN SPEC_F(59, 56)        /* log2 of entries; 8 to 15 */
#define ASPEC_RING_ADDR SPEC_F(51, 12)
#define ASPEC_RING_OFFSET SPEC_F(18, 4)      /* heads and tails */
#define ASPEC_EXCL_EN SPEC_F(0, 0)
#define ASPEC_EXCL_ALLOW SPEC_F(1, 1)
#define ASPEC_EXCL_ADDR SPEC_F(51, 12)

#define ASPEC_GA_TAIL_ADDRESS SPEC_F(51, 3)  /* VirtualBox, as all to the end of the section */
#define ASPEC_GA_OFFSET SPEC_F(15, 3)
#define ASPEC_PERF_OPT_EN SPEC_F(13, 13)
#define ASPEC_PPR_AUTO_CODE SPEC_F(3, 0)
#define ASPEC_PPR_AUTO_MASK_GN SPEC_F(4, 4)
#define ASPEC_PPR_EARLY_THRESHOLD SPEC_F(14, 0)
#define ASPEC_PPR_EARLY_INT_EN SPEC_F(30, 30)
#define ASPEC_PPR_EARLY_EN SPEC_F(31, 31)

/* ---- control ---- */
#define ASPEC_CTL_IOMMU_EN SPEC_F(0, 0)
#define ASPEC_CTL_HT_TUN_EN SPEC_F(1, 1)
#define ASPEC_CTL_EVENT_LOG_EN SPEC_F(2, 2)
#define ASPEC_CTL_EVENT_INT_EN SPEC_F(3, 3)
#define ASPEC_CTL_COM_WAIT_INT_EN SPEC_F(4, 4)
#define ASPEC_CTL_INV_TIMEOUT SPEC_F(7, 5)
#define ASPEC_CTL_PASS_PW SPEC_F(8, 8)
#define ASPEC_CTL_RES_PASS_PW SPEC_F(9, 9)
#define ASPEC_CTL_COHERENT SPEC_F(10, 10)
#define ASPEC_CTL_ISOC SPEC_F(11, 11)
#define ASPEC_CTL_CMD_BUF_EN SPEC_F(12, 12)
#define ASPEC_CTL_PPR_LOG_EN SPEC_F(13, 13)
#define ASPEC_CTL_PPR_INT_EN SPEC_F(14, 14)
#define ASPEC_CTL_PPR_EN SPEC_F(15, 15)
#define ASPEC_CTL_GT_EN SPEC_F(16, 16)
#define ASPEC_CTL_GA_EN SPEC_F(17, 17)
#define ASPEC_CTL_CRW SPEC_F(21, 18)
#define ASPEC_CTL_SMIF_EN SPEC_F(22, 22)
#define ASPEC_CTL_SLF_WB_DIS SPEC_F(23, 23)
#define ASPEC_CTL_SMIF_LOG_EN SPEC_F(24, 24)
#define ASPEC_CTL_GAM_EN SPEC_F(27, 25)
#define ASPEC_CTL_GA_LOG_EN SPEC_F(28, 28)
#define ASPEC_CTL_GA_INT_EN SPEC_F(29, 29)
#define ASPEC_CTL_DUAL_PPR_LOG_EN SPEC_F(31, 30)
#define ASPEC_CTL_DUAL_EVENT_LOG_EN SPEC_F(33, 32)
#define ASPEC_CTL_DEV_TBL_SEG_EN SPEC_F(36, 34)
#define ASPEC_CTL_PRIV_ABRT_EN SPEC_F(38, 37)
#define ASPEC_CTL_PPR_AUTO_RSP_EN SPEC_F(39, 39)
#define ASPEC_CTL_MARC_EN SPEC_F(40, 40)
#define ASPEC_CTL_BLK_STOP_MRK_EN SPEC_F(41, 41)
#define ASPEC_CTL_PPR_AUTO_RSP_AON SPEC_F(42, 42)
#define ASPEC_CTL_NUM_INT_REMAP_MODE SPEC_F(44, 43) /* FreeBSD; Xen, VirtualBox: bit 43 DomainIDPNE, 44 reserved */
#define ASPEC_CTL_EPH_EN SPEC_F(45, 45)
#define ASPEC_CTL_HAD_UPDATE SPEC_F(47, 46)
#define ASPEC_CTL_GD_UPDATE_DIS SPEC_F(48, 48)
#define ASPEC_CTL_XT_EN SPEC_F(50, 50)
#define ASPEC_CTL_INT_CAP_XT_EN SPEC_F(51, 51)
#define ASPEC_CTL_VCMD_EN SPEC_F(52, 52)
#define ASPEC_CTL_VIOMMU_EN SPEC_F(53, 53)
#define ASPEC_CTL_GA_UPDATE_DIS SPEC_F(54, 54)
#define ASPEC_CTL_GAPPI_EN SPEC_F(55, 55)
#define ASPEC_CTL_TMPM_EN SPEC_F(56, 56)            /* FreeBSD, as the next five */
#define ASPEC_CTL_GCR3_TRP_MODE SPEC_F(58, 58)
#define ASPEC_CTL_IRT_CACHE_DIS SPEC_F(59, 59)      /* and Linux */
#define ASPEC_CTL_GST_BUFFER_TRP_MODE SPEC_F(60, 60)
#define ASPEC_CTL_SNP_AVIC_EN SPEC_F(63, 61)        /* and Linux */
#define ASPEC_CTL_RESERVED (SPEC_F(49, 49) | SPEC_F(57, 57))

/* ---- status ---- */
#define ASPEC_STS_EVENT_OVERFLOW SPEC_F(0, 0)
#define ASPEC_STS_EVENT_LOG_INT SPEC_F(1, 1)
#define ASPEC_STS_COM_WAIT_INT SPEC_F(2, 2)
#define ASPEC_STS_EVENT_LOG_RUN SPEC_F(3, 3)
#define ASPEC_STS_CMD_BUF_RUN SPEC_F(4, 4)
#define ASPEC_STS_PPR_OVERFLOW SPEC_F(5, 5)
#define ASPEC_STS_PPR_INT SPEC_F(6, 6)
#define ASPEC_STS_PPR_LOG_RUN SPEC_F(7, 7)
/* Linux, FreeBSD, VirtualBox; Xen has overflow, interrupt, run in this order. */
#define ASPEC_STS_GA_LOG_RUN SPEC_F(8, 8)
#define ASPEC_STS_GA_LOG_OVERFLOW SPEC_F(9, 9)
#define ASPEC_STS_GA_LOG_INT SPEC_F(10, 10)
#define ASPEC_STS_PPR_OVERFLOW_B SPEC_F(11, 11)
#define ASPEC_STS_PPR_LOG_ACTIVE SPEC_F(12, 12)
#define ASPEC_STS_EVENT_OVERFLOW_B SPEC_F(15, 15)
#define ASPEC_STS_EVENT_LOG_ACTIVE SPEC_F(16, 16)
#define ASPEC_STS_PPR_OVERFLOW_EARLY_B SPEC_F(17, 17)
#define ASPEC_STS_PPR_OVERFLOW_EARLY SPEC_F(18, 18)
#define ASPEC_STS_RW1C \
    (SPEC_F(2, 0) | SPEC_F(6, 5) | SPEC_F(11, 9) | SPEC_F(15, 15) | SPEC_F(18, 17))
#define ASPEC_HW_EVENT_VALID SPEC_F(0, 0)
#define ASPEC_HW_EVENT_OVERFLOW SPEC_F(1, 1)

/* ---- extended features ---- */
#define ASPEC_EFR_PREF_SUP SPEC_F(0, 0)
#define ASPEC_EFR_PPR_SUP SPEC_F(1, 1)
#define ASPEC_EFR_XT_SUP SPEC_F(2, 2)
#define ASPEC_EFR_NX_SUP SPEC_F(3, 3)
#define ASPEC_EFR_GT_SUP SPEC_F(4, 4)
#define ASPEC_EFR_GAPPI_SUP SPEC_F(5, 5) /* Xen */
#define ASPEC_EFR_IA_SUP SPEC_F(6, 6)
#define ASPEC_EFR_GA_SUP SPEC_F(7, 7)
#define ASPEC_EFR_HE_SUP SPEC_F(8, 8)
#define ASPEC_EFR_PC_SUP SPEC_F(9, 9)
#define ASPEC_EFR_HATS SPEC_F(11, 10)
#define ASPEC_EFR_GATS SPEC_F(13, 12)
#define ASPEC_EFR_GLX_SUP SPEC_F(15, 14)
#define ASPEC_EFR_SMIF_SUP SPEC_F(17, 16)
#define ASPEC_EFR_SMIF_RC SPEC_F(20, 18)
#define ASPEC_EFR_GAM_SUP SPEC_F(23, 21)
#define ASPEC_EFR_DUAL_PPR_LOG_SUP SPEC_F(25, 24)
#define ASPEC_EFR_DUAL_EVENT_LOG_SUP SPEC_F(29, 28)
#define ASPEC_EFR_SATS_SUP SPEC_F(31, 31) /* Xen, illumos, OpenVMM */
#define ASPEC_EFR_PAS_MAX SPEC_F(36, 32)
#define ASPEC_EFR_US_SUP SPEC_F(37, 37)
#define ASPEC_EFR_DEV_TBL_SEG_SUP SPEC_F(39, 38)
#define ASPEC_EFR_PPR_OVERFLOW_EARLY_SUP SPEC_F(40, 40)
#define ASPEC_EFR_PPR_AUTO_RSP_SUP SPEC_F(41, 41)
#define ASPEC_EFR_MARC_SUP SPEC_F(43, 42)
#define ASPEC_EFR_BLK_STOP_MRK_SUP SPEC_F(44, 44)
#define ASPEC_EFR_PERF_OPT_SUP SPEC_F(45, 45)
#define ASPEC_EFR_MSI_CAP_MMIO_SUP SPEC_F(46, 46)
#define ASPEC_EFR_SNOOP_ATTR_SUP SPEC_F(47, 47) /* illumos, OpenVMM */
#define ASPEC_EFR_GIO_SUP SPEC_F(48, 48)
#define ASPEC_EFR_HA_SUP SPEC_F(49, 49)
#define ASPEC_EFR_EPH_SUP SPEC_F(50, 50)
#define ASPEC_EFR_ATTR_FW_SUP SPEC_F(51, 51)
#define ASPEC_EFR_HD_SUP SPEC_F(52, 52)
#define ASPEC_EFR_V2_HD_DIS_SUP SPEC_F(53, 53) /* illumos, OpenVMM */
#define ASPEC_EFR_INV_IOTLB_TYPE_SUP SPEC_F(54, 54)
#define ASPEC_EFR_VIOMMU_SUP SPEC_F(55, 55)      /* Xen, illumos, OpenVMM */
#define ASPEC_EFR_VM_GUARD_IO_SUP SPEC_F(56, 56) /* Xen, OpenVMM; illumos has SEV-TIO there */
#define ASPEC_EFR_VM_TABLE_SIZE SPEC_F(60, 57)   /* Xen; reserved elsewhere */
#define ASPEC_EFR_GA_UPDATE_DIS_SUP SPEC_F(61, 61)
#define ASPEC_EFR_FORCE_PHY_DEST_SUP SPEC_F(62, 62) /* VirtualBox */
#define ASPEC_EFR_SNP_SUP SPEC_F(63, 63)            /* Linux */

#define ASPEC_EFR2_TMPM_SUP SPEC_F(2, 2)            /* FreeBSD, as all here */
#define ASPEC_EFR2_GCR3_TRP_MODE_SUP SPEC_F(3, 3)
#define ASPEC_EFR2_GAPPI_DIS_SUP SPEC_F(4, 4)
#define ASPEC_EFR2_SNP_AVIC_SUP SPEC_F(7, 5)        /* and Linux */
#define ASPEC_EFR2_NUM_INT_REMAP_SUP SPEC_F(9, 8)
#define ASPEC_EFR2_HT_RANGE_IGNORE SPEC_F(11, 11)

/* ---- feature reporting of IVHD block 10h (AMD's own firmware sources) ---- */
#define ASPEC_IVHD_XT_SUP SPEC_F(0, 0)
#define ASPEC_IVHD_NX_SUP SPEC_F(1, 1)
#define ASPEC_IVHD_GT_SUP SPEC_F(2, 2)
#define ASPEC_IVHD_GLX_SUP SPEC_F(4, 3)
#define ASPEC_IVHD_IA_SUP SPEC_F(5, 5)
#define ASPEC_IVHD_GA_SUP SPEC_F(6, 6)
#define ASPEC_IVHD_HE_SUP SPEC_F(7, 7)
#define ASPEC_IVHD_PAS_MAX SPEC_F(12, 8)
#define ASPEC_IVHD_COUNTERS SPEC_F(16, 13)
#define ASPEC_IVHD_BANKS SPEC_F(22, 17)
#define ASPEC_IVHD_MSI_NUM_PPR SPEC_F(27, 23)
#define ASPEC_IVHD_GATS SPEC_F(29, 28)
#define ASPEC_IVHD_HATS SPEC_F(31, 30)

/* ---- XT interrupt control (Xen, VirtualBox) ---- */
#define ASPEC_XT_DEST_MODE SPEC_F(2, 2)
#define ASPEC_XT_DEST_LO SPEC_F(31, 8)
#define ASPEC_XT_VECTOR SPEC_F(39, 32)
#define ASPEC_XT_INT_TYPE SPEC_F(40, 40)
#define ASPEC_XT_DEST_HI SPEC_F(63, 56)

/* ---- PCI capability block ---- */
enum {
    ASPEC_CAP_HEADER = 0x00,
    ASPEC_CAP_BASE_LO = 0x04,
    ASPEC_CAP_BASE_HI = 0x08,
    ASPEC_CAP_RANGE = 0x0c,
    ASPEC_CAP_MISC = 0x10,
    ASPEC_CAP_MISC_1 = 0x14, /* VirtualBox */
    ASPEC_CAP_ID = 0x0f,
    ASPEC_CAP_TYPE_IOMMU = 3,
};
#define ASPEC_CAPH_ID SPEC_F(7, 0)
#define ASPEC_CAPH_NEXT SPEC_F(15, 8)
#define ASPEC_CAPH_TYPE SPEC_F(18, 16)
#define ASPEC_CAPH_REV SPEC_F(23, 19)
#define ASPEC_CAPH_IOTLB_SUP SPEC_F(24, 24)
#define ASPEC_CAPH_HT_TUNNEL SPEC_F(25, 25)
#define ASPEC_CAPH_NP_CACHE SPEC_F(26, 26)
#define ASPEC_CAPH_EFR_SUP SPEC_F(27, 27)
#define ASPEC_CAPH_CAP_EXT SPEC_F(28, 28)
#define ASPEC_CAPB_ENABLE SPEC_F(0, 0)
#define ASPEC_CAPB_BASE SPEC_F(31, 14)
#define ASPEC_CAPR_UNIT_ID SPEC_F(4, 0)
#define ASPEC_CAPR_VALID SPEC_F(7, 7) /* VirtualBox */
#define ASPEC_CAPR_BUS SPEC_F(15, 8)
#define ASPEC_CAPR_FIRST SPEC_F(23, 16)
#define ASPEC_CAPR_LAST SPEC_F(31, 24)
#define ASPEC_CAPM_MSI_NUM SPEC_F(4, 0)
#define ASPEC_CAPM_GVA_SIZE SPEC_F(7, 5)
#define ASPEC_CAPM_PA_SIZE SPEC_F(14, 8)
#define ASPEC_CAPM_VA_SIZE SPEC_F(21, 15)
#define ASPEC_CAPM_HT_ATS_RESV SPEC_F(22, 22)
#define ASPEC_CAPM_MSI_NUM_PPR SPEC_F(31, 27)

/* ---- device table entry, words 0 to 3 ---- */
#define ASPEC_DTE_V AMDVI_W(0, 0)
#define ASPEC_DTE_TV AMDVI_W(1, 1)
#define ASPEC_DTE_HAD AMDVI_W(8, 7)
#define ASPEC_DTE_MODE AMDVI_W(11, 9)
#define ASPEC_DTE_ROOT AMDVI_W(51, 12)
#define ASPEC_DTE_PPR AMDVI_W(52, 52)
#define ASPEC_DTE_GPRP AMDVI_W(53, 53)
#define ASPEC_DTE_GIOV AMDVI_W(54, 54)
#define ASPEC_DTE_GV AMDVI_W(55, 55)
#define ASPEC_DTE_GLX AMDVI_W(57, 56)
#define ASPEC_DTE_GCR3_14_12 AMDVI_W(60, 58)
#define ASPEC_DTE_IR AMDVI_W(61, 61)
#define ASPEC_DTE_IW AMDVI_W(62, 62)
#define ASPEC_DTE_W0_RESERVED (AMDVI_W(6, 2) | AMDVI_W(63, 63))
#define ASPEC_DTE_DOMAIN AMDVI_W(79, 64)
#define ASPEC_DTE_GCR3_30_15 AMDVI_W(95, 80)
#define ASPEC_DTE_I AMDVI_W(96, 96)
#define ASPEC_DTE_SE AMDVI_W(97, 97)
#define ASPEC_DTE_SA AMDVI_W(98, 98)
#define ASPEC_DTE_IOCTL AMDVI_W(100, 99)
#define ASPEC_DTE_CACHE AMDVI_W(101, 101)
#define ASPEC_DTE_SD AMDVI_W(102, 102)
#define ASPEC_DTE_EX AMDVI_W(103, 103)
#define ASPEC_DTE_SYSMGT AMDVI_W(105, 104)
#define ASPEC_DTE_SATS AMDVI_W(106, 106) /* FreeBSD; reserved elsewhere */
#define ASPEC_DTE_GCR3_51_31 AMDVI_W(127, 107)
#define ASPEC_DTE_IV AMDVI_W(128, 128)
#define ASPEC_DTE_INT_TAB_LEN AMDVI_W(132, 129)
#define ASPEC_DTE_IG AMDVI_W(133, 133)
#define ASPEC_DTE_INT_ROOT AMDVI_W(179, 134)
#define ASPEC_DTE_W2_RESERVED AMDVI_W(181, 180)
#define ASPEC_DTE_GUEST_PAGING AMDVI_W(183, 182) /* FreeBSD; reserved elsewhere */
#define ASPEC_DTE_INIT_PASS AMDVI_W(184, 184)
#define ASPEC_DTE_EINT_PASS AMDVI_W(185, 185)
#define ASPEC_DTE_NMI_PASS AMDVI_W(186, 186)
#define ASPEC_DTE_HPT_MODE AMDVI_W(187, 187) /* FreeBSD; reserved elsewhere */
#define ASPEC_DTE_INT_CTL AMDVI_W(189, 188)
#define ASPEC_DTE_LINT0_PASS AMDVI_W(190, 190)
#define ASPEC_DTE_LINT1_PASS AMDVI_W(191, 191)
#define ASPEC_DTE_VIMU_EN AMDVI_W(207, 207)   /* FreeBSD, as the next two */
#define ASPEC_DTE_GDEVICE AMDVI_W(223, 208)
#define ASPEC_DTE_GUEST_ID AMDVI_W(239, 224)
#define ASPEC_DTE_W3_RESERVED (AMDVI_W(206, 192) | AMDVI_W(244, 240))
#define ASPEC_DTE_ATTR_V AMDVI_W(246, 246)
#define ASPEC_DTE_MODE0_FC AMDVI_W(247, 247)
#define ASPEC_DTE_SNOOP_ATTR AMDVI_W(255, 248)
enum { ASPEC_DTE_BYTES = 32, ASPEC_INT_TAB_LEN_MAX = 11 };
enum { ASPEC_INT_CTL_ABORT = 0, ASPEC_INT_CTL_FORWARD = 1, ASPEC_INT_CTL_REMAP = 2, ASPEC_INT_CTL_RESERVED = 3 };
enum { ASPEC_IOCTL_ABORT = 0, ASPEC_IOCTL_FORWARD = 1, ASPEC_IOCTL_TRANSLATE = 2, ASPEC_IOCTL_RESERVED = 3 };
enum { ASPEC_SYSMGT_ABORT = 0, ASPEC_SYSMGT_FORWARD = 1, ASPEC_SYSMGT_INT_FORWARD = 2, ASPEC_SYSMGT_TRANSLATE = 3 };

/* ---- host page table entries ---- */
#define ASPEC_PT_PR SPEC_F(0, 0)
#define ASPEC_PT_A SPEC_F(5, 5)
#define ASPEC_PT_D SPEC_F(6, 6)
#define ASPEC_PT_NEXT SPEC_F(11, 9)
#define ASPEC_PT_ADDR SPEC_F(51, 12)
#define ASPEC_PT_U SPEC_F(59, 59)
#define ASPEC_PT_FC SPEC_F(60, 60)
#define ASPEC_PT_IR SPEC_F(61, 61)
#define ASPEC_PT_IW SPEC_F(62, 62)
#define ASPEC_PTE_RESERVED SPEC_F(58, 52) /* FreeBSD has a page migration state in 58:57 */
#define ASPEC_PDE_RESERVED SPEC_F(60, 52)
#define ASPEC_PT_IGNORED (SPEC_F(63, 63) | SPEC_F(8, 7) | SPEC_F(4, 1))
enum { ASPEC_NEXT_SIZED = 7 };

/* ---- GCR3 table and guest (AMD64) page table entries ---- */
#define ASPEC_GCR3_V SPEC_F(0, 0) /* Linux */
#define ASPEC_GCR3_ADDR SPEC_F(51, 12)
#define ASPEC_V2_P SPEC_F(0, 0)
#define ASPEC_V2_RW SPEC_F(1, 1)
#define ASPEC_V2_US SPEC_F(2, 2)
#define ASPEC_V2_A SPEC_F(5, 5)
#define ASPEC_V2_D SPEC_F(6, 6)
#define ASPEC_V2_PS SPEC_F(7, 7)
#define ASPEC_V2_ADDR SPEC_F(51, 12)
#define ASPEC_V2_NX SPEC_F(63, 63)

/* ---- interrupt remapping entries ---- */
#define ASPEC_IRTE_REMAP_EN SPEC_F(0, 0)
#define ASPEC_IRTE_SUP_IOPF SPEC_F(1, 1)
#define ASPEC_IRTE_INT_TYPE SPEC_F(4, 2)
#define ASPEC_IRTE_RQ_EOI SPEC_F(5, 5)
#define ASPEC_IRTE_DM SPEC_F(6, 6)
#define ASPEC_IRTE_GUEST_MODE SPEC_F(7, 7)
#define ASPEC_IRTE32_DEST SPEC_F(15, 8)
#define ASPEC_IRTE32_VECTOR SPEC_F(23, 16)
#define ASPEC_IRTE128_DEST_LO SPEC_F(31, 8)
#define ASPEC_IRTE128_VECTOR AMDVI_W(71, 64)
#define ASPEC_IRTE128_DEST_HI AMDVI_W(127, 120)
#define ASPEC_IRTE32_RESERVED (SPEC_F(31, 24) | SPEC_F(7, 7))
#define ASPEC_IRTE128_RESERVED SPEC_F(63, 32)
#define ASPEC_IRTE128_HI_RESERVED AMDVI_W(119, 72)
#define ASPEC_IRTE_GA_LOG_INTR SPEC_F(2, 2)  /* the rest with GuestMode = 1 */
#define ASPEC_IRTE_IS_RUN SPEC_F(6, 6)
#define ASPEC_IRTE_GA_TAG SPEC_F(63, 32)
#define ASPEC_IRTE_GA_ROOT AMDVI_W(115, 76)
#define ASPEC_IRTE_GUEST_RESERVED SPEC_F(4, 3)
#define ASPEC_IRTE_GUEST_HI_RESERVED (AMDVI_W(119, 116) | AMDVI_W(75, 72))
enum { ASPEC_INT_TYPE_FIXED = 0, ASPEC_INT_TYPE_ARBITRATED = 1 };

/* ---- what a device or an IOAPIC sends as an interrupt ---- */
#define ASPEC_MSI_DESTINATION SPEC_F(19, 12)
#define ASPEC_MSI_DM SPEC_F(2, 2)
#define ASPEC_MSI_DATA_LEVEL SPEC_F(15, 15)
#define ASPEC_MSI_DATA_MODE SPEC_F(10, 8)
#define ASPEC_MSI_DATA_VECTOR SPEC_F(7, 0)
#define ASPEC_MSI_DATA_INDEX SPEC_F(10, 0) /* of a fixed or arbitrated one that is remapped */
enum { ASPEC_MT_FIXED = 0, ASPEC_MT_ARBITRATED = 1, ASPEC_MT_SMI = 2, ASPEC_MT_NMI = 4, ASPEC_MT_INIT = 5, ASPEC_MT_EXTINT = 7 };
#define ASPEC_RTE_ADDRESS_19_4 SPEC_F(63, 48)
#define ASPEC_RTE_MASK SPEC_F(16, 16)
#define ASPEC_RTE_LEVEL SPEC_F(15, 15)
#define ASPEC_RTE_DM SPEC_F(11, 11)
#define ASPEC_RTE_MODE SPEC_F(10, 8)
#define ASPEC_RTE_VECTOR SPEC_F(7, 0)

/* ---- guest virtual APIC: log entries, and the request register in the backing page (APM volume 2) ---- */
#define ASPEC_GA_ENTRY_TAG SPEC_F(31, 0)
#define ASPEC_GA_ENTRY_DEVICE SPEC_F(47, 32)
#define ASPEC_GA_ENTRY_TYPE SPEC_F(63, 60)
enum { ASPEC_GA_TYPE_GUEST = 1, ASPEC_GA_ENTRY_BYTES = 8 };
enum { ASPEC_VAPIC_IRR = 0x200, ASPEC_VAPIC_STRIDE = 16 }; /* 32 vectors every 16 bytes */

/* ---- commands: word 0, word 1 ---- */
#define ASPEC_OP AMDVI_W(63, 60)
enum {
    ASPEC_OP_COMPLETION_WAIT = 1,
    ASPEC_OP_INV_DEVTAB = 2,
    ASPEC_OP_INV_PAGES = 3,
    ASPEC_OP_INV_IOTLB = 4,
    ASPEC_OP_INV_INT_TABLE = 5,
    ASPEC_OP_PREFETCH = 6,
    ASPEC_OP_COMPLETE_PPR = 7,
    ASPEC_OP_INV_ALL = 8,
    ASPEC_OP_GUEST_EVENT = 9,  /* FreeBSD, as the next */
    ASPEC_OP_RESET_VMMIO = 10,
};
#define ASPEC_CW_S AMDVI_W(0, 0)
#define ASPEC_CW_I AMDVI_W(1, 1)
#define ASPEC_CW_F AMDVI_W(2, 2)
#define ASPEC_CW_ADDR AMDVI_W(51, 3)
#define ASPEC_CMD_DEVICE AMDVI_W(15, 0)
#define ASPEC_PAGES_PASID AMDVI_W(19, 0)
#define ASPEC_PAGES_DOMAIN AMDVI_W(47, 32)
#define ASPEC_PAGES_S AMDVI_W(64, 64)
#define ASPEC_PAGES_PDE AMDVI_W(65, 65)
#define ASPEC_PAGES_GN AMDVI_W(66, 66)
#define ASPEC_PAGES_ADDR AMDVI_W(127, 76)
#define ASPEC_IOTLB_PASID_15_8 AMDVI_W(23, 16)
#define ASPEC_IOTLB_MAXPEND AMDVI_W(31, 24)
#define ASPEC_IOTLB_QUEUE AMDVI_W(47, 32)
#define ASPEC_IOTLB_PASID_7_0 AMDVI_W(55, 48)
#define ASPEC_IOTLB_PASID_19_16 AMDVI_W(59, 56)
#define ASPEC_IOTLB_TYPE AMDVI_W(69, 68)
#define ASPEC_PREFETCH_COUNT AMDVI_W(31, 24)
#define ASPEC_PREFETCH_PASID AMDVI_W(51, 32)
#define ASPEC_PREFETCH_INVAL AMDVI_W(68, 68) /* FreeBSD */
#define ASPEC_PPR_PASID AMDVI_W(51, 32)
#define ASPEC_PPR_TAG AMDVI_W(111, 96)
/* S = 1, address 63:12 ones but the top one. */
#define ASPEC_ALL_PAGES 0x7ffffffffffff000ull
enum { ASPEC_COMMAND_BYTES = 16, ASPEC_EVENT_BYTES = 16 };

/* ---- event log entries: word 0; word 1 is the address ---- */
#define ASPEC_EV_CODE AMDVI_W(63, 60)
enum {
    ASPEC_EV_ILLEGAL_DTE = 1,
    ASPEC_EV_PAGE_FAULT = 2,
    ASPEC_EV_DEV_TAB_ERROR = 3,
    ASPEC_EV_PAGE_TAB_ERROR = 4,
    ASPEC_EV_ILLEGAL_COMMAND = 5,
    ASPEC_EV_COMMAND_ERROR = 6,
    ASPEC_EV_IOTLB_TIMEOUT = 7,
    ASPEC_EV_INVALID_REQUEST = 8,
    ASPEC_EV_INVALID_PPR = 9,
    ASPEC_EV_COUNTER_ZERO = 10, /* FreeBSD; VirtualBox has 10h, which the field cannot hold */
    ASPEC_EV_RMP_FAULT = 13,    /* Linux, as the next */
    ASPEC_EV_RMP_ERROR = 14,
};
#define ASPEC_EV_DEVICE AMDVI_W(15, 0)
#define ASPEC_EV_PASID_19_16 AMDVI_W(19, 16)
#define ASPEC_EV_DOMAIN AMDVI_W(47, 32) /* or PASID 15:0 */
#define ASPEC_EV_GN AMDVI_W(48, 48)
#define ASPEC_EV_NX AMDVI_W(49, 49)
#define ASPEC_EV_US AMDVI_W(50, 50)
#define ASPEC_EV_I AMDVI_W(51, 51)
#define ASPEC_EV_PR AMDVI_W(52, 52)
#define ASPEC_EV_RW AMDVI_W(53, 53)
#define ASPEC_EV_PE AMDVI_W(54, 54)
#define ASPEC_EV_RZ AMDVI_W(55, 55)
#define ASPEC_EV_TR AMDVI_W(56, 56)
#define ASPEC_EV_TYPE AMDVI_W(58, 57)         /* hardware errors */
#define ASPEC_EV_REQUEST_TYPE AMDVI_W(59, 57) /* INVALID_DEVICE_REQUEST */
enum { ASPEC_HW_MASTER_ABORT = 1, ASPEC_HW_TARGET_ABORT = 2, ASPEC_HW_DATA_ERROR = 3 };

#endif
