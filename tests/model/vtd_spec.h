/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VT-d numbers for the model, transcribed from the specification revision
 * 5.10 by another reader than the driver's headers; never include those here.
 * A field is written SPEC_F(high, low), as the specification prints it.
 */
#ifndef IOMMU_VTD_SPEC_H
#define IOMMU_VTD_SPEC_H

#include "spec_field.h"

/* ---- §11.3 register offsets ---- */
enum {
    SPEC_VER = 0x000,
    SPEC_CAP = 0x008,
    SPEC_ECAP = 0x010,
    SPEC_GCMD = 0x018,
    SPEC_GSTS = 0x01c,
    SPEC_RTADDR = 0x020,
    SPEC_CCMD = 0x028,
    SPEC_FSTS = 0x034,
    SPEC_FECTL = 0x038,
    SPEC_FEDATA = 0x03c,
    SPEC_FEADDR = 0x040,
    SPEC_FEUADDR = 0x044,
    SPEC_PMEN = 0x064,
    SPEC_PLMBASE = 0x068,
    SPEC_PLMLIMIT = 0x06c,
    SPEC_PHMBASE = 0x070,
    SPEC_PHMLIMIT = 0x078,
    SPEC_IQH = 0x080,
    SPEC_IQT = 0x088,
    SPEC_IQA = 0x090,
    SPEC_ICS = 0x09c,
    SPEC_IECTL = 0x0a0,
    SPEC_IEDATA = 0x0a4,
    SPEC_IEADDR = 0x0a8,
    SPEC_IEUADDR = 0x0ac,
    SPEC_IQERCD = 0x0b0,
    SPEC_IRTA = 0x0b8,
};

/* ---- §11.4.2 ---- */
#define SPEC_CAP_ND SPEC_F(2, 0)
#define SPEC_CAP_RWBF SPEC_F(4, 4)
#define SPEC_CAP_PLMR SPEC_F(5, 5)
#define SPEC_CAP_PHMR SPEC_F(6, 6)
#define SPEC_CAP_CM SPEC_F(7, 7)
#define SPEC_CAP_SAGAW SPEC_F(12, 8)
#define SPEC_CAP_MGAW SPEC_F(21, 16)
#define SPEC_CAP_ZLR SPEC_F(22, 22)
#define SPEC_CAP_FRO SPEC_F(33, 24)
#define SPEC_CAP_SSLPS SPEC_F(37, 34)
#define SPEC_CAP_PSI SPEC_F(39, 39)
#define SPEC_CAP_NFR SPEC_F(47, 40)
#define SPEC_CAP_MAMV SPEC_F(53, 48)
#define SPEC_CAP_DWD SPEC_F(54, 54)
#define SPEC_CAP_DRD SPEC_F(55, 55)
#define SPEC_CAP_PI SPEC_F(59, 59)
#define SPEC_CAP_ESIRTPS SPEC_F(62, 62)
#define SPEC_CAP_ESRTPS SPEC_F(63, 63)

/* ---- §11.4.3 ---- */
#define SPEC_ECAP_C SPEC_F(0, 0)
#define SPEC_ECAP_QI SPEC_F(1, 1)
#define SPEC_ECAP_DT SPEC_F(2, 2)
#define SPEC_ECAP_IR SPEC_F(3, 3)
#define SPEC_ECAP_EIM SPEC_F(4, 4)
#define SPEC_ECAP_PT SPEC_F(6, 6)
#define SPEC_ECAP_SC SPEC_F(7, 7)
#define SPEC_ECAP_IRO SPEC_F(17, 8)
#define SPEC_ECAP_MHMV SPEC_F(23, 20)
#define SPEC_ECAP_DIT SPEC_F(41, 41)
#define SPEC_ECAP_PDS SPEC_F(42, 42)
#define SPEC_ECAP_SMTS SPEC_F(43, 43)
#define SPEC_ECAP_ADMS SPEC_F(52, 52)
#define SPEC_ECAP_EIMER SPEC_F(61, 61)
#define SPEC_ECAP_IRREQ SPEC_F(62, 62)

/* ---- §11.4.4 ---- */
#define SPEC_GCMD_TE SPEC_F(31, 31)
#define SPEC_GCMD_SRTP SPEC_F(30, 30)
#define SPEC_GCMD_WBF SPEC_F(27, 27)
#define SPEC_GCMD_QIE SPEC_F(26, 26)
#define SPEC_GCMD_IRE SPEC_F(25, 25)
#define SPEC_GCMD_SIRTP SPEC_F(24, 24)
#define SPEC_GCMD_CFI SPEC_F(23, 23)
/* The status bit of each command has its number (§11.4.4.2). */
#define SPEC_GCMD_ONE_SHOT (SPEC_GCMD_SRTP | SPEC_GCMD_WBF | SPEC_GCMD_SIRTP)
#define SPEC_GCMD_LEVEL (SPEC_GCMD_TE | SPEC_GCMD_QIE | SPEC_GCMD_IRE | SPEC_GCMD_CFI)

/* ---- §11.4.5 ---- */
#define SPEC_RTADDR_RTA SPEC_F(63, 12)
#define SPEC_RTADDR_TTM SPEC_F(11, 10)
#define SPEC_RTADDR_SSIRWE SPEC_F(7, 7)
#define SPEC_RTADDR_RESERVED (SPEC_F(9, 8) | SPEC_F(6, 0))

/* ---- §11.4.6 ---- */
#define SPEC_CCMD_ICC SPEC_F(63, 63)
#define SPEC_CCMD_CIRG SPEC_F(62, 61)
#define SPEC_CCMD_CAIG SPEC_F(60, 59)
#define SPEC_CCMD_FM SPEC_F(33, 32)
#define SPEC_CCMD_SID SPEC_F(31, 16)
#define SPEC_CCMD_DID SPEC_F(15, 0)
#define SPEC_CCMD_RESERVED SPEC_F(58, 34)
#define SPEC_IOTLB_IVT SPEC_F(63, 63)
#define SPEC_IOTLB_IIRG SPEC_F(61, 60)
#define SPEC_IOTLB_IAIG SPEC_F(58, 57)
#define SPEC_IOTLB_DR SPEC_F(49, 49)
#define SPEC_IOTLB_DW SPEC_F(48, 48)
#define SPEC_IOTLB_DID SPEC_F(47, 32)
#define SPEC_IOTLB_RESERVED (SPEC_F(62, 62) | SPEC_F(59, 59) | SPEC_F(56, 50))
#define SPEC_IVA_ADDR SPEC_F(63, 12)
#define SPEC_IVA_IH SPEC_F(6, 6)
#define SPEC_IVA_AM SPEC_F(5, 0)
#define SPEC_IVA_RESERVED SPEC_F(11, 7)
/* Granularities of CIRG, IIRG and of descriptors 1 and 2 (§6.5.2.1, §6.5.2.3). */
enum { SPEC_G_GLOBAL = 1, SPEC_G_DOMAIN = 2, SPEC_G_SELECTIVE = 3 };

/* ---- §11.4.7 ---- */
#define SPEC_FSTS_PFO SPEC_F(0, 0)
#define SPEC_FSTS_PPF SPEC_F(1, 1)
#define SPEC_FSTS_IQE SPEC_F(4, 4)
#define SPEC_FSTS_ICE SPEC_F(5, 5)
#define SPEC_FSTS_ITE SPEC_F(6, 6)
#define SPEC_FSTS_FRI SPEC_F(15, 8)
#define SPEC_ECTL_IM SPEC_F(31, 31)
#define SPEC_ECTL_IP SPEC_F(30, 30)
#define SPEC_EDATA_IMD SPEC_F(15, 0)
#define SPEC_EADDR_MA SPEC_F(31, 2)
/* FRCD_REG: bits 127:64 as a word of their own. */
#define SPEC_FRCD_LO_FI SPEC_F(63, 12)
#define SPEC_FRCD_LO_INDEX SPEC_F(63, 48) /* of interrupt faults, 47:12 being zero then */
#define SPEC_FRCD_HI_SID SPEC_F(79 - 64, 64 - 64)
#define SPEC_FRCD_HI_T2 SPEC_F(92 - 64, 92 - 64)
#define SPEC_FRCD_HI_PP SPEC_F(95 - 64, 95 - 64)
#define SPEC_FRCD_HI_FR SPEC_F(103 - 64, 96 - 64)
#define SPEC_FRCD_HI_PV SPEC_F(123 - 64, 104 - 64)
#define SPEC_FRCD_HI_AT SPEC_F(125 - 64, 124 - 64)
#define SPEC_FRCD_HI_T1 SPEC_F(126 - 64, 126 - 64)
#define SPEC_FRCD_HI_F SPEC_F(127 - 64, 127 - 64)

/* ---- §11.4.8, §11.4.9, §11.4.10 ---- */
#define SPEC_PMEN_EPM SPEC_F(31, 31)
#define SPEC_PMEN_PRS SPEC_F(0, 0)
#define SPEC_IQ_OFFSET SPEC_F(18, 4) /* IQH.QH, IQT.QT */
#define SPEC_IQA_IQA SPEC_F(63, 12)
#define SPEC_IQA_DW SPEC_F(11, 11)
#define SPEC_IQA_QS SPEC_F(2, 0)
#define SPEC_IQA_RESERVED SPEC_F(10, 3)
#define SPEC_ICS_IWC SPEC_F(0, 0)
#define SPEC_IQERCD_ICESID SPEC_F(63, 48)
#define SPEC_IQERCD_ITESID SPEC_F(47, 32)
#define SPEC_IQERCD_IQEI SPEC_F(3, 0)
enum {
    SPEC_IQEI_TAIL = 1,
    SPEC_IQEI_FETCH = 2,
    SPEC_IQEI_TYPE = 3,
    SPEC_IQEI_RESERVED = 4,
    SPEC_IQEI_WIDTH = 5,
    SPEC_IQEI_ALIGNMENT = 6,
    SPEC_IQEI_TTM = 7,
};

/* ---- §11.4.10 ---- */
#define SPEC_IRTA_IRTA SPEC_F(63, 12)
#define SPEC_IRTA_EIME SPEC_F(11, 11)
#define SPEC_IRTA_RESERVED SPEC_F(10, 4)
#define SPEC_IRTA_S SPEC_F(3, 0) /* 2^(S + 1) entries */

/* ---- §5.1.2 address and data of an interrupt request; the remappable format ---- */
#define SPEC_MSI_HANDLE_14_0 SPEC_F(19, 5)
#define SPEC_MSI_FORMAT SPEC_F(4, 4)
#define SPEC_MSI_SHV SPEC_F(3, 3)
#define SPEC_MSI_HANDLE_15 SPEC_F(2, 2)
#define SPEC_MSI_DATA_RESERVED SPEC_F(31, 16) /* SHV = 1; ignored otherwise */
#define SPEC_MSI_SUBHANDLE SPEC_F(15, 0)
/* §5.1.2.1, the compatibility format; Figure 5-1 */
#define SPEC_MSI_DESTINATION SPEC_F(19, 12)
#define SPEC_MSI_HINT SPEC_F(3, 3)
#define SPEC_MSI_LOGICAL SPEC_F(2, 2)
#define SPEC_MSI_DATA_LEVEL SPEC_F(15, 15)
#define SPEC_MSI_DATA_MODE SPEC_F(10, 8)
#define SPEC_MSI_DATA_VECTOR SPEC_F(7, 0)

/* ---- §9.9, §9.10 interrupt remapping entries: low word, high word (bits 127:64) ---- */
#define SPEC_IRTE_P SPEC_F(0, 0)
#define SPEC_IRTE_FPD SPEC_F(1, 1)
#define SPEC_IRTE_DM SPEC_F(2, 2)
#define SPEC_IRTE_RH SPEC_F(3, 3)
#define SPEC_IRTE_TM SPEC_F(4, 4)
#define SPEC_IRTE_DLM SPEC_F(7, 5)
#define SPEC_IRTE_AVAIL SPEC_F(11, 8)
#define SPEC_IRTE_IM SPEC_F(15, 15)
#define SPEC_IRTE_V SPEC_F(23, 16)
#define SPEC_IRTE_DST SPEC_F(63, 32)
#define SPEC_IRTE_DST_XAPIC SPEC_F(47, 40)
#define SPEC_IRTE_DST_XAPIC_RESERVED (SPEC_F(63, 48) | SPEC_F(39, 32))
#define SPEC_IRTE_RESERVED (SPEC_F(31, 24) | SPEC_F(14, 12))
#define SPEC_IRTE_HI_SID SPEC_F(79 - 64, 64 - 64)
#define SPEC_IRTE_HI_SQ SPEC_F(81 - 64, 80 - 64)
#define SPEC_IRTE_HI_SVT SPEC_F(83 - 64, 82 - 64)
#define SPEC_IRTE_HI_RESERVED SPEC_F(127 - 64, 84 - 64)
#define SPEC_PIRTE_URG SPEC_F(14, 14) /* IM = 1 */
#define SPEC_PIRTE_VV SPEC_F(23, 16)
#define SPEC_PIRTE_PDAL SPEC_F(63, 38) /* address bits 31:6 */
#define SPEC_PIRTE_RESERVED (SPEC_F(37, 24) | SPEC_F(13, 12) | SPEC_F(7, 2))
#define SPEC_PIRTE_HI_PDAH SPEC_F(127 - 64, 96 - 64)
#define SPEC_PIRTE_HI_RESERVED SPEC_F(95 - 64, 84 - 64)
enum { SPEC_SVT_NONE = 0, SPEC_SVT_ID = 1, SPEC_SVT_BUS = 2, SPEC_SVT_RESERVED = 3 };
enum { SPEC_DLM_FIXED = 0, SPEC_DLM_LOWEST = 1, SPEC_DLM_SMI = 2, SPEC_DLM_NMI = 4, SPEC_DLM_INIT = 5, SPEC_DLM_EXTINT = 7 };

/* ---- §9.11 posted interrupt descriptor: words 0 to 3 are PIR, this is word 4, words 5 to 7 are reserved ---- */
#define SPEC_PID_ON SPEC_F(256 - 256, 256 - 256)
#define SPEC_PID_SN SPEC_F(257 - 256, 257 - 256)
#define SPEC_PID_NV SPEC_F(279 - 256, 272 - 256)
#define SPEC_PID_NDST SPEC_F(319 - 256, 288 - 256)
#define SPEC_PID_NDST_XAPIC SPEC_F(303 - 256, 296 - 256)
#define SPEC_PID_NDST_XAPIC_RESERVED (SPEC_F(319 - 256, 304 - 256) | SPEC_F(295 - 256, 288 - 256))
#define SPEC_PID_RESERVED (SPEC_F(271 - 256, 258 - 256) | SPEC_F(287 - 256, 280 - 256))
enum { SPEC_PID_BYTES = 64, SPEC_IRTE_BYTES = 16 };

/* ---- I/OxAPIC redirection entry: what it sends of it (the chipset's datasheets), Figure 5-3 ---- */
#define SPEC_RTE_ADDRESS_19_4 SPEC_F(63, 48)
#define SPEC_RTE_MASK SPEC_F(16, 16)
#define SPEC_RTE_LEVEL SPEC_F(15, 15)
#define SPEC_RTE_LOGICAL SPEC_F(11, 11)
#define SPEC_RTE_MODE SPEC_F(10, 8)
#define SPEC_RTE_VECTOR SPEC_F(7, 0)

/* ---- §9.1, §9.3: low word, high word (bits 127:64) ---- */
#define SPEC_ROOT_P SPEC_F(0, 0)
#define SPEC_ROOT_CTP SPEC_F(63, 12)
#define SPEC_ROOT_RESERVED SPEC_F(11, 1)
#define SPEC_CONTEXT_P SPEC_F(0, 0)
#define SPEC_CONTEXT_FPD SPEC_F(1, 1)
#define SPEC_CONTEXT_TT SPEC_F(3, 2)
#define SPEC_CONTEXT_RESERVED SPEC_F(11, 4)
#define SPEC_CONTEXT_SSPTPTR SPEC_F(63, 12)
#define SPEC_CONTEXT_HI_AW SPEC_F(66 - 64, 64 - 64)
#define SPEC_CONTEXT_HI_DID SPEC_F(87 - 64, 72 - 64)
#define SPEC_CONTEXT_HI_RESERVED (SPEC_F(71 - 64, 71 - 64) | SPEC_F(127 - 64, 88 - 64))
enum { SPEC_TT_UNTRANSLATED = 0, SPEC_TT_ALL = 1, SPEC_TT_PASS = 2 };

/* ---- §9.8 second-stage entries ---- */
#define SPEC_SS_R SPEC_F(0, 0)
#define SPEC_SS_W SPEC_F(1, 1)
#define SPEC_SS_PS SPEC_F(7, 7)
#define SPEC_SS_SNP SPEC_F(11, 11)
#define SPEC_SS_ADDR SPEC_F(51, 12)
#define SPEC_SS_IW SPEC_F(62, 62) /* reserved while SSIRWE = 0 */

/* ---- §7.1.3 fault reasons of legacy mode and of RTADDR ---- */
enum {
    SPEC_FR_ROOT_P = 0x1,
    SPEC_FR_CONTEXT_P = 0x2,
    SPEC_FR_CONTEXT_INVALID = 0x3,
    SPEC_FR_WIDTH = 0x4,
    SPEC_FR_WRITE = 0x5,
    SPEC_FR_READ = 0x6,
    SPEC_FR_SS_ACCESS = 0x7,
    SPEC_FR_ROOT_ACCESS = 0x8,
    SPEC_FR_CONTEXT_ACCESS = 0x9,
    SPEC_FR_ROOT_RESERVED = 0xa,
    SPEC_FR_CONTEXT_RESERVED = 0xb,
    SPEC_FR_SS_RESERVED = 0xc,
    SPEC_FR_TYPE_BLOCKED = 0xd,
    SPEC_FR_OUTPUT_RANGE = 0xe,
    SPEC_FR_INTERRUPT_RANGE = 0x29, /* and those of interrupts in Table 15 */
    SPEC_FR_TTM = 0x30,
    SPEC_FR_PASID = 0x31,
    SPEC_FR_ABORT = 0x33,
};

/* ---- §5.1.4.1, Table 15 ---- */
enum {
    SPEC_FR_IR_REQUEST_RESERVED = 0x20,
    SPEC_FR_IR_INDEX = 0x21,
    SPEC_FR_IR_P = 0x22,
    SPEC_FR_IR_ACCESS = 0x23,
    SPEC_FR_IR_RESERVED = 0x24,
    SPEC_FR_IR_COMPATIBILITY = 0x25,
    SPEC_FR_IR_SOURCE = 0x26,
    SPEC_FR_IR_PID_ACCESS = 0x27,
    SPEC_FR_IR_PID_RESERVED = 0x28,
    SPEC_FR_IR_EIME = 0x2a,
    SPEC_FR_IR_REQUIRED = 0x2b,
};

/* ---- §6.5.2 descriptors: low word, then high word ---- */
#define SPEC_DSC_TYPE (SPEC_F(11, 9) | SPEC_F(3, 0))
enum { SPEC_DSC_CONTEXT = 1, SPEC_DSC_IOTLB = 2, SPEC_DSC_DEVICE_TLB = 3, SPEC_DSC_IEC = 4, SPEC_DSC_WAIT = 5 };
#define SPEC_DSC_G SPEC_F(5, 4)
#define SPEC_DSC_DID SPEC_F(31, 16)
#define SPEC_CC_SID SPEC_F(47, 32)
#define SPEC_CC_FM SPEC_F(49, 48)
#define SPEC_IOTLB_DSC_DW SPEC_F(6, 6)
#define SPEC_IOTLB_DSC_DR SPEC_F(7, 7)
#define SPEC_IOTLB_HI_AM SPEC_F(5, 0)
#define SPEC_IOTLB_HI_IH SPEC_F(6, 6)
#define SPEC_IOTLB_HI_ADDR SPEC_F(63, 12)
#define SPEC_DTLB_SID SPEC_F(47, 32)
#define SPEC_IEC_G SPEC_F(4, 4)
#define SPEC_IEC_IM SPEC_F(31, 27)
#define SPEC_IEC_IIDX SPEC_F(47, 32)
#define SPEC_WAIT_IF SPEC_F(4, 4)
#define SPEC_WAIT_SW SPEC_F(5, 5)
#define SPEC_WAIT_FN SPEC_F(6, 6)
#define SPEC_WAIT_PD SPEC_F(7, 7)
#define SPEC_WAIT_DATA SPEC_F(63, 32)
#define SPEC_WAIT_HI_ADDR SPEC_F(63, 2)

#endif
