/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of an AMD-Vi unit: its PCI capability block (AMD-Vi §3.2) and its
 * memory-mapped registers (§3.3), by the specification's own names and bit
 * numbers: AMDVI_<register>, AMDVI_<register>_<field>. Left out: the SMI
 * filter's semantics, MARC apertures, counter banks, and what virtualises the
 * unit itself (vIOMMU).
 */
#ifndef IOMMU_AMDVI_REGS_H
#define IOMMU_AMDVI_REGS_H

#include "bits.h"
#include "mmio.h"

/* ---- §3.2 PCI capability block: offsets from its start in configuration space ---- */

#define AMDVI_PCI_CLASS_CODE            0x080600u   /* base class, subclass, interface */
#define AMDVI_CAP_ID                    0x0fu

#define AMDVI_CAP_HEADER                0x00u
#define AMDVI_CAP_HEADER_ID             BITS32(7, 0)
#define AMDVI_CAP_HEADER_NEXT           BITS32(15, 8)
#define AMDVI_CAP_HEADER_TYPE           BITS32(18, 16)
#define AMDVI_CAP_HEADER_REV            BITS32(23, 19)
#define AMDVI_CAP_HEADER_IOTLB_SUP      BIT32(24)
#define AMDVI_CAP_HEADER_HT_TUNNEL      BIT32(25)
#define AMDVI_CAP_HEADER_NP_CACHE       BIT32(26)
#define AMDVI_CAP_HEADER_EFR_SUP        BIT32(27)
#define AMDVI_CAP_HEADER_CAP_EXT        BIT32(28)
#define AMDVI_CAP_TYPE_IOMMU            3u

#define AMDVI_CAP_BASE_LOW              0x04u
#define AMDVI_CAP_BASE_LOW_ENABLE       BIT32(0)
#define AMDVI_CAP_BASE_LOW_ADDRESS      BITS32(31, 14)
#define AMDVI_CAP_BASE_HIGH             0x08u

#define AMDVI_CAP_RANGE                 0x0cu
#define AMDVI_CAP_RANGE_UNIT_ID         BITS32(4, 0)
#define AMDVI_CAP_RANGE_RNG_VALID       BIT32(7)
#define AMDVI_CAP_RANGE_BUS             BITS32(15, 8)
#define AMDVI_CAP_RANGE_FIRST           BITS32(23, 16)
#define AMDVI_CAP_RANGE_LAST            BITS32(31, 24)

#define AMDVI_CAP_MISC0                 0x10u
#define AMDVI_CAP_MISC0_MSI_NUM         BITS32(4, 0)
#define AMDVI_CAP_MISC0_GVA_SIZE        BITS32(7, 5)
#define AMDVI_CAP_MISC0_PA_SIZE         BITS32(14, 8)
#define AMDVI_CAP_MISC0_VA_SIZE         BITS32(21, 15)
#define AMDVI_CAP_MISC0_HT_ATS_RESV     BIT32(22)
#define AMDVI_CAP_MISC0_MSI_NUM_PPR     BITS32(31, 27)

#define AMDVI_CAP_MISC1                 0x14u
#define AMDVI_CAP_MISC1_MSI_NUM_GA      BITS32(4, 0)

/* ---- §3.3 memory-mapped registers ---- */

/* One region of 16 KiB; 512 KiB where the counters are (EFR.PCSup). */
#define AMDVI_REGISTERS_LEN             0x4000u

/* Device Table Base Address Register; segments 1 to 7 have one each at 0100h on. */
#define AMDVI_DEV_TAB                   REG64(0x0000)
#define AMDVI_DEV_TAB_SEGMENT(n)        REG64(0x0100 + 8 * ((uint32_t)(n) - 1))
#define AMDVI_DEV_TAB_SIZE              BITS64(8, 0)
#define AMDVI_DEV_TAB_BASE              BITS64(51, 12)

/* Command Buffer, Event Log and PPR Log Base Address Registers */
#define AMDVI_CMD_BASE                  REG64(0x0008)
#define AMDVI_EVENT_BASE                REG64(0x0010)
#define AMDVI_PPR_BASE                  REG64(0x0038)
#define AMDVI_GA_BASE                   REG64(0x00e0)
#define AMDVI_PPR_B_BASE                REG64(0x00f0)
#define AMDVI_EVENT_B_BASE              REG64(0x00f8)
#define AMDVI_RING_LEN                  BITS64(59, 56)  /* 2^n entries, 8 to 15 */
#define AMDVI_RING_BASE                 BITS64(51, 12)

/* Control Register */
#define AMDVI_CONTROL                   REG64(0x0018)
#define AMDVI_CONTROL_IOMMU_EN          BIT64(0)
#define AMDVI_CONTROL_HT_TUN_EN         BIT64(1)
#define AMDVI_CONTROL_EVENT_LOG_EN      BIT64(2)
#define AMDVI_CONTROL_EVENT_INT_EN      BIT64(3)
#define AMDVI_CONTROL_COM_WAIT_INT_EN   BIT64(4)
#define AMDVI_CONTROL_INV_TIMEOUT       BITS64(7, 5)
#define AMDVI_CONTROL_PASS_PW           BIT64(8)
#define AMDVI_CONTROL_RES_PASS_PW       BIT64(9)
#define AMDVI_CONTROL_COHERENT          BIT64(10)
#define AMDVI_CONTROL_ISOC              BIT64(11)
#define AMDVI_CONTROL_CMD_BUF_EN        BIT64(12)
#define AMDVI_CONTROL_PPR_LOG_EN        BIT64(13)
#define AMDVI_CONTROL_PPR_INT_EN        BIT64(14)
#define AMDVI_CONTROL_PPR_EN            BIT64(15)
#define AMDVI_CONTROL_GT_EN             BIT64(16)
#define AMDVI_CONTROL_GA_EN             BIT64(17)
#define AMDVI_CONTROL_CRW               BITS64(21, 18)
#define AMDVI_CONTROL_SMIF_EN           BIT64(22)
#define AMDVI_CONTROL_SLF_WB_DIS        BIT64(23)
#define AMDVI_CONTROL_SMIF_LOG_EN       BIT64(24)
#define AMDVI_CONTROL_GAM_EN            BITS64(27, 25)
#define AMDVI_CONTROL_GA_LOG_EN         BIT64(28)
#define AMDVI_CONTROL_GA_INT_EN         BIT64(29)
#define AMDVI_CONTROL_DUAL_PPR_LOG_EN   BITS64(31, 30)
#define AMDVI_CONTROL_DUAL_EVENT_LOG_EN BITS64(33, 32)
#define AMDVI_CONTROL_DEV_TBL_SEG_EN    BITS64(36, 34)
#define AMDVI_CONTROL_PRIV_ABRT_EN      BITS64(38, 37)
#define AMDVI_CONTROL_PPR_AUTO_RSP_EN   BIT64(39)
#define AMDVI_CONTROL_MARC_EN           BIT64(40)
#define AMDVI_CONTROL_BLK_STOP_MRK_EN   BIT64(41)
#define AMDVI_CONTROL_PPR_AUTO_RSP_AON  BIT64(42)
#define AMDVI_CONTROL_NUM_INT_REMAP_MODE BITS64(44, 43)
#define AMDVI_CONTROL_EPH_EN            BIT64(45)
#define AMDVI_CONTROL_HAD_UPDATE        BITS64(47, 46)
#define AMDVI_CONTROL_GD_UPDATE_DIS     BIT64(48)
#define AMDVI_CONTROL_XT_EN             BIT64(50)
#define AMDVI_CONTROL_INT_CAP_XT_EN     BIT64(51)
#define AMDVI_CONTROL_VCMD_EN           BIT64(52)
#define AMDVI_CONTROL_VIOMMU_EN         BIT64(53)
#define AMDVI_CONTROL_GA_UPDATE_DIS     BIT64(54)
#define AMDVI_CONTROL_GAPPI_EN          BIT64(55)
#define AMDVI_CONTROL_TMPM_EN           BIT64(56)
#define AMDVI_CONTROL_GCR3_TRP_MODE     BIT64(58)
#define AMDVI_CONTROL_IRT_CACHE_DIS     BIT64(59)
#define AMDVI_CONTROL_GST_BUFFER_TRP_MODE BIT64(60)
#define AMDVI_CONTROL_SNP_AVIC_EN       BITS64(63, 61)

/* InvTimeOut */
#define AMDVI_INV_TIMEOUT_NONE          0u
#define AMDVI_INV_TIMEOUT_1MS           1u
#define AMDVI_INV_TIMEOUT_10MS          2u
#define AMDVI_INV_TIMEOUT_100MS         3u
#define AMDVI_INV_TIMEOUT_1S            4u
#define AMDVI_INV_TIMEOUT_10S           5u
#define AMDVI_INV_TIMEOUT_100S          6u

/* Exclusion Base and Range Limit Registers; with SNP where a COMPLETION_WAIT may store */
#define AMDVI_EXCL_BASE                 REG64(0x0020)
#define AMDVI_EXCL_BASE_EX_EN           BIT64(0)
#define AMDVI_EXCL_BASE_ALLOW           BIT64(1)
#define AMDVI_EXCL_BASE_ADDRESS         BITS64(51, 12)
#define AMDVI_EXCL_LIMIT                REG64(0x0028)
#define AMDVI_EXCL_LIMIT_ADDRESS        BITS64(51, 12)

/* Extended Feature Register */
#define AMDVI_EFR                       REG64(0x0030)
#define AMDVI_EFR_PREF_SUP              BIT64(0)
#define AMDVI_EFR_PPR_SUP               BIT64(1)
#define AMDVI_EFR_XT_SUP                BIT64(2)
#define AMDVI_EFR_NX_SUP                BIT64(3)
#define AMDVI_EFR_GT_SUP                BIT64(4)
#define AMDVI_EFR_GAPPI_SUP             BIT64(5)
#define AMDVI_EFR_IA_SUP                BIT64(6)
#define AMDVI_EFR_GA_SUP                BIT64(7)
#define AMDVI_EFR_HE_SUP                BIT64(8)
#define AMDVI_EFR_PC_SUP                BIT64(9)
#define AMDVI_EFR_HATS                  BITS64(11, 10)
#define AMDVI_EFR_GATS                  BITS64(13, 12)
#define AMDVI_EFR_GLX_SUP               BITS64(15, 14)
#define AMDVI_EFR_SMIF_SUP              BITS64(17, 16)
#define AMDVI_EFR_SMIF_RC               BITS64(20, 18)
#define AMDVI_EFR_GAM_SUP               BITS64(23, 21)
#define AMDVI_EFR_DUAL_PPR_LOG_SUP      BITS64(25, 24)
#define AMDVI_EFR_DUAL_EVENT_LOG_SUP    BITS64(29, 28)
#define AMDVI_EFR_SAT_SUP               BIT64(31)
#define AMDVI_EFR_PAS_MAX               BITS64(36, 32)
#define AMDVI_EFR_US_SUP                BIT64(37)
#define AMDVI_EFR_DEV_TBL_SEG_SUP       BITS64(39, 38)
#define AMDVI_EFR_PPR_OVRFLW_EARLY_SUP  BIT64(40)
#define AMDVI_EFR_PPR_AUTO_RSP_SUP      BIT64(41)
#define AMDVI_EFR_MARC_SUP              BITS64(43, 42)
#define AMDVI_EFR_BLK_STOP_MRK_SUP      BIT64(44)
#define AMDVI_EFR_PERF_OPT_SUP          BIT64(45)
#define AMDVI_EFR_MSI_CAP_MMIO_SUP      BIT64(46)
#define AMDVI_EFR_SNOOP_ATTR_SUP        BIT64(47)
#define AMDVI_EFR_GIO_SUP               BIT64(48)
#define AMDVI_EFR_HA_SUP                BIT64(49)
#define AMDVI_EFR_EPH_SUP               BIT64(50)
#define AMDVI_EFR_ATTR_FW_SUP           BIT64(51)
#define AMDVI_EFR_HD_SUP                BIT64(52)
#define AMDVI_EFR_V2_HD_DIS_SUP         BIT64(53)
#define AMDVI_EFR_INV_IOTLB_TYPE_SUP    BIT64(54)
#define AMDVI_EFR_VIOMMU_SUP            BIT64(55)
#define AMDVI_EFR_VM_GUARD_IO_SUP       BIT64(56)
#define AMDVI_EFR_VM_TABLE_SIZE         BITS64(60, 57)
#define AMDVI_EFR_GA_UPDATE_DIS_SUP     BIT64(61)
#define AMDVI_EFR_FORCE_PHY_DEST_SUP    BIT64(62)
#define AMDVI_EFR_SNP_SUP               BIT64(63)

/* HATS and GATS: 4, 5 or 6 levels; no host translation (guest: reserved) */
#define AMDVI_ATS_4_LEVELS              0u
#define AMDVI_ATS_5_LEVELS              1u
#define AMDVI_ATS_6_LEVELS              2u
#define AMDVI_HATS_NONE                 3u

/* Hardware Event Registers */
#define AMDVI_HW_EVENT_UPPER            REG64(0x0040)
#define AMDVI_HW_EVENT_LOWER            REG64(0x0048)
#define AMDVI_HW_EVENT_STATUS           REG64(0x0050)
#define AMDVI_HW_EVENT_STATUS_HEV       BIT64(0)
#define AMDVI_HW_EVENT_STATUS_HEO       BIT64(1)

#define AMDVI_SMI_FILTER(n)             REG64(0x0060 + 8 * (uint32_t)(n))   /* 0 to 15 */

#define AMDVI_GA_TAIL_ADDRESS           REG64(0x00e8)
#define AMDVI_GA_TAIL_ADDRESS_ADDRESS   BITS64(51, 3)

/* Device-Specific Feature, Control and Status Extension */
#define AMDVI_DSFX                      REG64(0x0138)
#define AMDVI_DSCX                      REG64(0x0140)
#define AMDVI_DSSX                      REG64(0x0148)

/* Copies of the PCI MSI registers (EFR.MsiCapMmioSup) */
#define AMDVI_MSI_VECTOR_0              REG32(0x0150)
#define AMDVI_MSI_VECTOR_1              REG32(0x0154)
#define AMDVI_MSI_HEADER                REG32(0x0158)
#define AMDVI_MSI_ADDRESS_LOW           REG32(0x015c)
#define AMDVI_MSI_ADDRESS_HIGH          REG32(0x0160)
#define AMDVI_MSI_DATA                  REG32(0x0164)
#define AMDVI_MSI_MAPPING               REG32(0x0168)

#define AMDVI_PERF_OPT                  REG32(0x016c)
#define AMDVI_PERF_OPT_EN               BIT32(13)

/* XT Interrupt Control Registers: events and COMPLETION_WAIT, PPR log, GA log */
#define AMDVI_XT_GENERAL                REG64(0x0170)
#define AMDVI_XT_PPR                    REG64(0x0178)
#define AMDVI_XT_GA                     REG64(0x0180)
#define AMDVI_XT_DEST_MODE              BIT64(2)        /* logical */
#define AMDVI_XT_DEST_LOW               BITS64(31, 8)   /* destination 23:0 */
#define AMDVI_XT_VECTOR                 BITS64(39, 32)
#define AMDVI_XT_DELIVERY               BIT64(40)       /* arbitrated */
#define AMDVI_XT_DEST_HIGH              BITS64(63, 56)  /* destination 31:24 */

#define AMDVI_VIOMMU_STATUS             REG64(0x0190)

/* Extended Feature Register 2 */
#define AMDVI_EFR2                      REG64(0x01a0)
#define AMDVI_EFR2_CXL_IO_SUP           BIT64(0)
#define AMDVI_EFR2_SEV_TIO_SUP          BIT64(1)
#define AMDVI_EFR2_TMPM_SUP             BIT64(2)
#define AMDVI_EFR2_GCR3_TRP_MODE_SUP    BIT64(3)
#define AMDVI_EFR2_GAPPI_DIS_SUP        BIT64(4)
#define AMDVI_EFR2_SNP_AVIC_SUP         BITS64(7, 5)
#define AMDVI_EFR2_NUM_INT_REMAP_SUP    BITS64(9, 8)
#define AMDVI_EFR2_HT_RANGE_IGNORE      BIT64(11)

/* Pointers: byte offsets. Commands have their tail written by software, logs their head. */
#define AMDVI_CMD_HEAD                  REG64(0x2000)
#define AMDVI_CMD_TAIL                  REG64(0x2008)
#define AMDVI_EVENT_HEAD                REG64(0x2010)
#define AMDVI_EVENT_TAIL                REG64(0x2018)
#define AMDVI_PPR_HEAD                  REG64(0x2030)
#define AMDVI_PPR_TAIL                  REG64(0x2038)
#define AMDVI_GA_HEAD                   REG64(0x2040)
#define AMDVI_GA_TAIL                   REG64(0x2048)
#define AMDVI_PPR_B_HEAD                REG64(0x2050)
#define AMDVI_PPR_B_TAIL                REG64(0x2058)
#define AMDVI_EVENT_B_HEAD              REG64(0x2070)
#define AMDVI_EVENT_B_TAIL              REG64(0x2078)
#define AMDVI_POINTER                   BITS64(18, 4)
#define AMDVI_GA_POINTER                BITS64(15, 3)

/*
 * Status Register; its upper half is reserved. RW1C bits are cleared by
 * writing one, so a write names just what it clears.
 */
#define AMDVI_STATUS                    REG32(0x2020)
#define AMDVI_STATUS_EVENT_OVERFLOW     BIT32(0)
#define AMDVI_STATUS_EVENT_LOG_INT      BIT32(1)
#define AMDVI_STATUS_COM_WAIT_INT       BIT32(2)
#define AMDVI_STATUS_EVENT_LOG_RUN      BIT32(3)
#define AMDVI_STATUS_CMD_BUF_RUN        BIT32(4)
#define AMDVI_STATUS_PPR_OVERFLOW       BIT32(5)
#define AMDVI_STATUS_PPR_INT            BIT32(6)
#define AMDVI_STATUS_PPR_LOG_RUN        BIT32(7)
#define AMDVI_STATUS_GA_LOG_RUN         BIT32(8)
#define AMDVI_STATUS_GA_LOG_OVERFLOW    BIT32(9)
#define AMDVI_STATUS_GA_LOG_INT         BIT32(10)
#define AMDVI_STATUS_PPR_OVERFLOW_B     BIT32(11)
#define AMDVI_STATUS_PPR_LOG_ACTIVE     BIT32(12)
#define AMDVI_STATUS_EVENT_OVERFLOW_B   BIT32(15)
#define AMDVI_STATUS_EVENT_LOG_ACTIVE   BIT32(16)
#define AMDVI_STATUS_PPR_EARLY_B        BIT32(17)
#define AMDVI_STATUS_PPR_EARLY_A        BIT32(18)
#define AMDVI_STATUS_RW1C               0x68e67u

#define AMDVI_PPR_AUTO_RESPONSE         REG64(0x2080)
#define AMDVI_PPR_AUTO_RESPONSE_CODE    BITS64(3, 0)
#define AMDVI_PPR_AUTO_RESPONSE_MASK_GN BIT64(4)
#define AMDVI_PPR_EARLY_OVERFLOW_A      REG64(0x2088)
#define AMDVI_PPR_EARLY_OVERFLOW_B      REG64(0x2090)
#define AMDVI_PPR_EARLY_THRESHOLD       BITS64(14, 0)
#define AMDVI_PPR_EARLY_INT_EN          BIT64(30)
#define AMDVI_PPR_EARLY_EN              BIT64(31)

/* Counter Configuration Register, past the first 16 KiB (EFR.PCSup) */
#define AMDVI_COUNTER_CONFIG            REG64(0x4000)
#define AMDVI_COUNTER_CONFIG_COUNTERS   BITS64(10, 7)
#define AMDVI_COUNTER_CONFIG_BANKS      BITS64(17, 12)

/* ---- IVRS device attributes that belong to the features (§5.2.2.3) ---- */

#define AMDVI_IVHD_ATTRIBUTE_HAT_DIS    BIT32(0)    /* 11h, 40h */
/* Feature reporting of block 10h */
#define AMDVI_IVHD_FEATURE_XT_SUP       BIT32(0)
#define AMDVI_IVHD_FEATURE_NX_SUP       BIT32(1)
#define AMDVI_IVHD_FEATURE_GT_SUP       BIT32(2)
#define AMDVI_IVHD_FEATURE_GLX_SUP      BITS32(4, 3)
#define AMDVI_IVHD_FEATURE_IA_SUP       BIT32(5)
#define AMDVI_IVHD_FEATURE_GA_SUP       BIT32(6)
#define AMDVI_IVHD_FEATURE_HE_SUP       BIT32(7)
#define AMDVI_IVHD_FEATURE_PAS_MAX      BITS32(12, 8)
#define AMDVI_IVHD_FEATURE_GATS         BITS32(29, 28)
#define AMDVI_IVHD_FEATURE_HATS         BITS32(31, 30)

#endif
