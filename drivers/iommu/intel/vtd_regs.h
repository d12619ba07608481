/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of a VT-d remapping unit, VT-d §11.4, by the specification's own
 * names and bit numbers: VTD_<register>, VTD_<register>_<field>. Registers of
 * memory types (§11.4.12), performance monitoring, enhanced and virtual
 * commands (§11.4.13 to §11.4.16) are left out.
 */
#ifndef IOMMU_VTD_REGS_H
#define IOMMU_VTD_REGS_H

#include "bits.h"
#include "mmio.h"

/* §11.4.1 Version Register */
#define VTD_VER                 REG32(0x000)
#define VTD_VER_MAX             BITS32(7, 4)
#define VTD_VER_MIN             BITS32(3, 0)

/* §11.4.2 Capability Register */
#define VTD_CAP                 REG64(0x008)
#define VTD_CAP_ESRTPS          BIT64(63)
#define VTD_CAP_ESIRTPS         BIT64(62)
#define VTD_CAP_ECMDS           BIT64(61)
#define VTD_CAP_FS5LP           BIT64(60)
#define VTD_CAP_PI              BIT64(59)
#define VTD_CAP_FS1GP           BIT64(56)
#define VTD_CAP_DRD             BIT64(55)
#define VTD_CAP_DWD             BIT64(54)
#define VTD_CAP_MAMV            BITS64(53, 48)
#define VTD_CAP_NFR             BITS64(47, 40)
#define VTD_CAP_PSI             BIT64(39)
#define VTD_CAP_SSLPS           BITS64(37, 34)
#define VTD_CAP_SSLPS_2M        BIT64(34)
#define VTD_CAP_SSLPS_1G        BIT64(35)
#define VTD_CAP_FRO             BITS64(33, 24)
#define VTD_CAP_ZLR             BIT64(22)
#define VTD_CAP_MGAW            BITS64(21, 16)
#define VTD_CAP_SAGAW           BITS64(12, 8)
#define VTD_CAP_SAGAW_39        BIT64(9)
#define VTD_CAP_SAGAW_48        BIT64(10)
#define VTD_CAP_SAGAW_57        BIT64(11)
#define VTD_CAP_CM              BIT64(7)
#define VTD_CAP_PHMR            BIT64(6)
#define VTD_CAP_PLMR            BIT64(5)
#define VTD_CAP_RWBF            BIT64(4)
#define VTD_CAP_ND              BITS64(2, 0)

/* §11.4.3 Extended Capability Register */
#define VTD_ECAP                REG64(0x010)
#define VTD_ECAP_IRREQ          BIT64(62)
#define VTD_ECAP_EIMER          BIT64(61)
#define VTD_ECAP_RDTS           BIT64(60)
#define VTD_ECAP_HPT1GPS        BIT64(59)
#define VTD_ECAP_SMS            BIT64(58)
#define VTD_ECAP_SSIRWS         BIT64(57)
#define VTD_ECAP_PTRS           BIT64(56)
#define VTD_ECAP_HPTS           BIT64(55)
#define VTD_ECAP_RPRIVS         BIT64(53)
#define VTD_ECAP_ADMS           BIT64(52)
#define VTD_ECAP_PMS            BIT64(51)
#define VTD_ECAP_TDXCS          BIT64(50)
#define VTD_ECAP_RPS            BIT64(49)
#define VTD_ECAP_SMPWCS         BIT64(48)
#define VTD_ECAP_FSTS           BIT64(47)
#define VTD_ECAP_SSTS           BIT64(46)
#define VTD_ECAP_SSADS          BIT64(45)
#define VTD_ECAP_VCS            BIT64(44)
#define VTD_ECAP_SMTS           BIT64(43)
#define VTD_ECAP_PDS            BIT64(42)
#define VTD_ECAP_DIT            BIT64(41)
#define VTD_ECAP_PASID          BIT64(40)
#define VTD_ECAP_PSS            BITS64(39, 35)
#define VTD_ECAP_EAFS           BIT64(34)
#define VTD_ECAP_NWFS           BIT64(33)
#define VTD_ECAP_SRS            BIT64(31)
#define VTD_ECAP_ERS            BIT64(30)
#define VTD_ECAP_PRS            BIT64(29)
#define VTD_ECAP_NEST           BIT64(26)
#define VTD_ECAP_MTS            BIT64(25)
#define VTD_ECAP_MHMV           BITS64(23, 20)
#define VTD_ECAP_IRO            BITS64(17, 8)
#define VTD_ECAP_SC             BIT64(7)
#define VTD_ECAP_PT             BIT64(6)
#define VTD_ECAP_EIM            BIT64(4)
#define VTD_ECAP_IR             BIT64(3)
#define VTD_ECAP_DT             BIT64(2)
#define VTD_ECAP_QI             BIT64(1)
#define VTD_ECAP_C              BIT64(0)

/* §11.4.4.1 Global Command Register, write-only */
#define VTD_GCMD                REG32(0x018)
#define VTD_GCMD_TE             BIT32(31)
#define VTD_GCMD_SRTP           BIT32(30)
#define VTD_GCMD_WBF            BIT32(27)
#define VTD_GCMD_QIE            BIT32(26)
#define VTD_GCMD_IRE            BIT32(25)
#define VTD_GCMD_SIRTP          BIT32(24)
#define VTD_GCMD_CFI            BIT32(23)
/* What a write of GCMD restates of GSTS: all but the one-shot bits. */
#define VTD_GCMD_STANDING       0x96ffffffu

/* §11.4.4.2 Global Status Register */
#define VTD_GSTS                REG32(0x01c)
#define VTD_GSTS_TES            BIT32(31)
#define VTD_GSTS_RTPS           BIT32(30)
#define VTD_GSTS_WBFS           BIT32(27)
#define VTD_GSTS_QIES           BIT32(26)
#define VTD_GSTS_IRES           BIT32(25)
#define VTD_GSTS_IRTPS          BIT32(24)
#define VTD_GSTS_CFIS           BIT32(23)

/* §11.4.5 Root Table Address Register */
#define VTD_RTADDR              REG64(0x020)
#define VTD_RTADDR_RTA          BITS64(63, 12)
#define VTD_RTADDR_TTM          BITS64(11, 10)
#define VTD_RTADDR_SSIRWE       BIT64(7)
#define VTD_TTM_LEGACY          0u
#define VTD_TTM_SCALABLE        1u
#define VTD_TTM_ABORT_DMA       3u

/* §11.4.6.1 Context Command Register */
#define VTD_CCMD                REG64(0x028)
#define VTD_CCMD_ICC            BIT64(63)
#define VTD_CCMD_CIRG           BITS64(62, 61)
#define VTD_CCMD_CAIG           BITS64(60, 59)
#define VTD_CCMD_FM             BITS64(33, 32)
#define VTD_CCMD_SID            BITS64(31, 16)
#define VTD_CCMD_DID            BITS64(15, 0)

/* Granularities: CIRG, CAIG and the G field of context-cache descriptors. */
#define VTD_CONTEXT_GLOBAL      1u
#define VTD_CONTEXT_DOMAIN      2u
#define VTD_CONTEXT_DEVICE      3u

/* §11.4.6.3, §11.4.6.4: at ECAP.IRO * 16 */
#define VTD_IVA_AT(iro)         REG64((uint32_t)(iro) * 16)
#define VTD_IVA_ADDR            BITS64(63, 12)
#define VTD_IVA_IH              BIT64(6)
#define VTD_IVA_AM              BITS64(5, 0)
#define VTD_IOTLB_AT(iro)       REG64((uint32_t)(iro) * 16 + 8)
#define VTD_IOTLB_IVT           BIT64(63)
#define VTD_IOTLB_IIRG          BITS64(61, 60)
#define VTD_IOTLB_IAIG          BITS64(58, 57)
#define VTD_IOTLB_DR            BIT64(49)
#define VTD_IOTLB_DW            BIT64(48)
#define VTD_IOTLB_DID           BITS64(47, 32)

/* Granularities: IIRG, IAIG and the G field of IOTLB descriptors. */
#define VTD_IOTLB_GLOBAL        1u
#define VTD_IOTLB_DOMAIN        2u
#define VTD_IOTLB_PAGE          3u

/* §11.4.7.1 Fault Status Register */
#define VTD_FSTS                REG32(0x034)
#define VTD_FSTS_FRI            BITS32(15, 8)
#define VTD_FSTS_ITE            BIT32(6)
#define VTD_FSTS_ICE            BIT32(5)
#define VTD_FSTS_IQE            BIT32(4)
#define VTD_FSTS_PPF            BIT32(1)
#define VTD_FSTS_PFO            BIT32(0)

/* §11.4.7.2 to §11.4.7.5: fault event */
#define VTD_FECTL               REG32(0x038)
#define VTD_FECTL_IM            BIT32(31)
#define VTD_FECTL_IP            BIT32(30)
#define VTD_FEDATA              REG32(0x03c)
#define VTD_FEDATA_IMD          BITS32(15, 0)
#define VTD_FEADDR              REG32(0x040)
#define VTD_FEADDR_MA           BITS32(31, 2)
#define VTD_FEUADDR             REG32(0x044)
#define VTD_FEUADDR_MUA         BITS32(31, 0)

/*
 * §11.4.7.6 Fault Recording Registers: 128 bits each, at CAP.FRO * 16.
 * FI lies in the low 64 bits; the fields from SID on are in the high 64 bits,
 * written here relative to bit 64.
 */
#define VTD_FRCD_LO_AT(fro, n)  REG64(((uint32_t)(fro) + (uint32_t)(n)) * 16)
#define VTD_FRCD_HI_AT(fro, n)  REG64(((uint32_t)(fro) + (uint32_t)(n)) * 16 + 8)
/* The double word that holds F, for clearing it by a write of one. */
#define VTD_FRCD_F_AT(fro, n)   REG32(((uint32_t)(fro) + (uint32_t)(n)) * 16 + 12)
#define VTD_FRCD_F_CLEAR        BIT32(31)
#define VTD_FRCD_FI             BITS64(63, 12)
#define VTD_FRCD_F              BIT64(127 - 64)
#define VTD_FRCD_T1             BIT64(126 - 64)
#define VTD_FRCD_AT             BITS64(125 - 64, 124 - 64)
#define VTD_FRCD_PV             BITS64(123 - 64, 104 - 64)
#define VTD_FRCD_FR             BITS64(103 - 64, 96 - 64)
#define VTD_FRCD_PP             BIT64(95 - 64)
#define VTD_FRCD_EXE            BIT64(94 - 64)
#define VTD_FRCD_PRIV           BIT64(93 - 64)
#define VTD_FRCD_T2             BIT64(92 - 64)
#define VTD_FRCD_SID            BITS64(79 - 64, 64 - 64)
/* Of an interrupt fault: the interrupt index, in FI (§11.4.7.6). */
#define VTD_FRCD_INTERRUPT_INDEX BITS64(63, 48)

/* §11.4.8 Protected Memory Range Registers */
#define VTD_PMEN                REG32(0x064)
#define VTD_PMEN_EPM            BIT32(31)
#define VTD_PMEN_PRS            BIT32(0)
#define VTD_PLMBASE             REG32(0x068)
#define VTD_PLMLIMIT            REG32(0x06c)
#define VTD_PHMBASE             REG64(0x070)
#define VTD_PHMLIMIT            REG64(0x078)

/* §11.4.9.1 to §11.4.9.3: invalidation queue */
#define VTD_IQH                 REG64(0x080)
#define VTD_IQH_QH              BITS64(18, 4)
#define VTD_IQT                 REG64(0x088)
#define VTD_IQT_QT              BITS64(18, 4)
#define VTD_IQA                 REG64(0x090)
#define VTD_IQA_IQA             BITS64(63, 12)
#define VTD_IQA_DW              BIT64(11)
#define VTD_IQA_QS              BITS64(2, 0)

/* §11.4.9.4 to §11.4.9.8: invalidation completion event */
#define VTD_ICS                 REG32(0x09c)
#define VTD_ICS_IWC             BIT32(0)
#define VTD_IECTL               REG32(0x0a0)
#define VTD_IECTL_IM            BIT32(31)
#define VTD_IECTL_IP            BIT32(30)
#define VTD_IEDATA              REG32(0x0a4)
#define VTD_IEDATA_IMD          BITS32(15, 0)
#define VTD_IEADDR              REG32(0x0a8)
#define VTD_IEADDR_MA           BITS32(31, 2)
#define VTD_IEUADDR             REG32(0x0ac)
#define VTD_IEUADDR_MUA         BITS32(31, 0)

/* §11.4.9.9 Invalidation Queue Error Record Register */
#define VTD_IQERCD              REG64(0x0b0)
#define VTD_IQERCD_ICESID       BITS64(63, 48)
#define VTD_IQERCD_ITESID       BITS64(47, 32)
#define VTD_IQERCD_IQEI         BITS64(3, 0)

/* §11.4.10 Interrupt Remapping Table Address Register */
#define VTD_IRTA                REG64(0x0b8)
#define VTD_IRTA_IRTA           BITS64(63, 12)
#define VTD_IRTA_EIME           BIT64(11)
#define VTD_IRTA_S              BITS64(3, 0)

/* §11.4.11 page request queue: for the dump of a unit's state */
#define VTD_PQH                 REG64(0x0c0)
#define VTD_PQH_PQH             BITS64(18, 5)
#define VTD_PQT                 REG64(0x0c8)
#define VTD_PQT_PQT             BITS64(18, 5)
#define VTD_PQA                 REG64(0x0d0)
#define VTD_PQA_PQA             BITS64(63, 12)
#define VTD_PQA_PQS             BITS64(2, 0)
#define VTD_PRS                 REG32(0x0dc)
#define VTD_PRS_PRO             BIT32(1)
#define VTD_PRS_PPR             BIT32(0)
/* As those of the fault event, §11.4.7.2 to §11.4.7.5. */
#define VTD_PECTL               REG32(0x0e0)
#define VTD_PEDATA              REG32(0x0e4)
#define VTD_PEADDR              REG32(0x0e8)
#define VTD_PEUADDR             REG32(0x0ec)

#endif
