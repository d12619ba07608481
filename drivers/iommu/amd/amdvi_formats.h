/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an AMD-Vi unit reads from and writes to memory: device table entries
 * (AMD-Vi §2.2.2), GCR3 entries, interrupt remapping entries (§2.2.5),
 * commands (§2.4), events (§2.5), page requests and GA log entries. Bits of
 * words after the first are written relative to that word, as numbers of the
 * whole entry. Page-table entries are in pt/.
 */
#ifndef IOMMU_AMDVI_FORMATS_H
#define IOMMU_AMDVI_FORMATS_H

#include "bits.h"

/* ---- §2.2.2 Device Table Entry ---- */

struct amdvi_dte {
    uint64_t q[4];
} __attribute__((aligned(32)));
_Static_assert(sizeof(struct amdvi_dte) == 32, "AMD-Vi §2.2.2");

/* q[0] */
#define AMDVI_DTE0_V                BIT64(0)
#define AMDVI_DTE0_TV               BIT64(1)
#define AMDVI_DTE0_CXL_ATTRIBUTE    BITS64(6, 4)
#define AMDVI_DTE0_HAD              BITS64(8, 7)
#define AMDVI_DTE0_MODE             BITS64(11, 9)
#define AMDVI_DTE0_ROOT             BITS64(51, 12)
#define AMDVI_DTE0_PPR              BIT64(52)
#define AMDVI_DTE0_GPRP             BIT64(53)
#define AMDVI_DTE0_GIOV             BIT64(54)
#define AMDVI_DTE0_GV               BIT64(55)
#define AMDVI_DTE0_GLX              BITS64(57, 56)
#define AMDVI_DTE0_GCR3_14_12       BITS64(60, 58)
#define AMDVI_DTE0_IR               BIT64(61)
#define AMDVI_DTE0_IW               BIT64(62)
#define AMDVI_DTE0_RESERVED         0x800000000000000cull

/* q[1] */
#define AMDVI_DTE1_DOMAIN_ID        BITS64(79 - 64, 64 - 64)
#define AMDVI_DTE1_GCR3_30_15       BITS64(95 - 64, 80 - 64)
#define AMDVI_DTE1_I                BIT64(96 - 64)
#define AMDVI_DTE1_SE               BIT64(97 - 64)
#define AMDVI_DTE1_SA               BIT64(98 - 64)
#define AMDVI_DTE1_IO_CTL           BITS64(100 - 64, 99 - 64)
#define AMDVI_DTE1_CACHE            BIT64(101 - 64)
#define AMDVI_DTE1_SD               BIT64(102 - 64)
#define AMDVI_DTE1_EX               BIT64(103 - 64)
#define AMDVI_DTE1_SYS_MGT          BITS64(105 - 64, 104 - 64)
#define AMDVI_DTE1_SATS             BIT64(106 - 64)
#define AMDVI_DTE1_GCR3_51_31       BITS64(127 - 64, 107 - 64)

/* q[2] */
#define AMDVI_DTE2_IV               BIT64(128 - 128)
#define AMDVI_DTE2_INT_TAB_LEN      BITS64(132 - 128, 129 - 128)
#define AMDVI_DTE2_IG               BIT64(133 - 128)
#define AMDVI_DTE2_INT_TAB_ROOT     BITS64(179 - 128, 134 - 128)    /* address bits 51:6 */
#define AMDVI_DTE2_GUEST_PAGING_MODE BITS64(183 - 128, 182 - 128)
#define AMDVI_DTE2_INIT_PASS        BIT64(184 - 128)
#define AMDVI_DTE2_EINT_PASS        BIT64(185 - 128)
#define AMDVI_DTE2_NMI_PASS         BIT64(186 - 128)
#define AMDVI_DTE2_HPT_MODE         BIT64(187 - 128)
#define AMDVI_DTE2_INT_CTL          BITS64(189 - 128, 188 - 128)
#define AMDVI_DTE2_LINT0_PASS       BIT64(190 - 128)
#define AMDVI_DTE2_LINT1_PASS       BIT64(191 - 128)
#define AMDVI_DTE2_RESERVED         0x0030000000000000ull

/* q[3] */
#define AMDVI_DTE3_VM_TAG           BITS64(203 - 192, 192 - 192)
#define AMDVI_DTE3_VM_GW            BIT64(206 - 192)
#define AMDVI_DTE3_VIMU_EN          BIT64(207 - 192)
#define AMDVI_DTE3_G_DEVICE_ID      BITS64(223 - 192, 208 - 192)
#define AMDVI_DTE3_GUEST_ID         BITS64(239 - 192, 224 - 192)
#define AMDVI_DTE3_ATTR_V           BIT64(246 - 192)
#define AMDVI_DTE3_MODE0_FC         BIT64(247 - 192)
#define AMDVI_DTE3_SNOOP_ATTRIBUTE  BITS64(255 - 192, 248 - 192)

#define AMDVI_DTE_MODE_NONE         0u  /* no host table */
#define AMDVI_DTE_MODE_MAX          6u

/* SysMgt */
#define AMDVI_SYS_MGT_ABORT         0u
#define AMDVI_SYS_MGT_FORWARD       1u
#define AMDVI_SYS_MGT_INTX          2u
#define AMDVI_SYS_MGT_TRANSLATE     3u

/* IoCtl and IntCtl */
#define AMDVI_CTL_ABORT             0u
#define AMDVI_CTL_FORWARD           1u
#define AMDVI_CTL_TRANSLATE         2u  /* IntCtl: remap */

/* GuestPagingMode */
#define AMDVI_GUEST_4_LEVELS        0u
#define AMDVI_GUEST_5_LEVELS        1u

/* IntTabLen: log2 of the entries */
#define AMDVI_INT_TAB_LEN_512       9u
#define AMDVI_INT_TAB_LEN_2048      11u

/* A table takes whole pages, of this many entries. */
#define AMDVI_DTES_PER_PAGE         128u
/* Requester ids that there are: 16 bits. */
#define AMDVI_DEVICE_IDS            65536u

/* ---- §2.2.6 GCR3 table entry: the root of a v2 table, or a lower table ---- */

#define AMDVI_GCR3_V                BIT64(0)
#define AMDVI_GCR3_ADDRESS          BITS64(51, 12)
#define AMDVI_GCR3_ENTRIES          512u

/* ---- §2.2.5 Interrupt Remapping Table Entry ---- */

/* 32 bits (Control.GAEn = 0) */
#define AMDVI_IRTE32_REMAP_EN       BIT32(0)
#define AMDVI_IRTE32_SUP_IOPF       BIT32(1)
#define AMDVI_IRTE32_INT_TYPE       BITS32(4, 2)
#define AMDVI_IRTE32_RQ_EOI         BIT32(5)
#define AMDVI_IRTE32_DM             BIT32(6)
#define AMDVI_IRTE32_GUEST_MODE     BIT32(7)
#define AMDVI_IRTE32_DESTINATION    BITS32(15, 8)
#define AMDVI_IRTE32_VECTOR         BITS32(23, 16)

/* 128 bits (GAEn = 1) */
struct amdvi_irte {
    uint64_t lo;
    uint64_t hi;
} __attribute__((aligned(16)));
_Static_assert(sizeof(struct amdvi_irte) == 16, "AMD-Vi §2.2.5");

#define AMDVI_IRTE_REMAP_EN         BIT64(0)
#define AMDVI_IRTE_SUP_IOPF         BIT64(1)
#define AMDVI_IRTE_INT_TYPE         BITS64(4, 2)
#define AMDVI_IRTE_RQ_EOI           BIT64(5)
#define AMDVI_IRTE_DM               BIT64(6)
#define AMDVI_IRTE_GUEST_MODE       BIT64(7)
#define AMDVI_IRTE_DEST_LOW         BITS64(31, 8)               /* destination 23:0 */
#define AMDVI_IRTE_VECTOR           BITS64(71 - 64, 64 - 64)
#define AMDVI_IRTE_DEST_HIGH        BITS64(127 - 64, 120 - 64)  /* destination 31:24 */
/* GuestMode = 1 */
#define AMDVI_IRTE_GA_LOG_INTR      BIT64(2)
#define AMDVI_IRTE_GAPPI_DIS        BIT64(5)
#define AMDVI_IRTE_IS_RUN           BIT64(6)
#define AMDVI_IRTE_GA_TAG           BITS64(63, 32)
#define AMDVI_IRTE_GA_ROOT          BITS64(115 - 64, 76 - 64)   /* address bits 51:12 */

/* IntType */
#define AMDVI_INT_TYPE_FIXED        0u
#define AMDVI_INT_TYPE_ARBITRATED   1u

/* ---- §2.4 Commands ---- */

struct amdvi_command {
    uint64_t lo;
    uint64_t hi;
} __attribute__((aligned(16)));
_Static_assert(sizeof(struct amdvi_command) == 16, "AMD-Vi §2.4");

#define AMDVI_CMD_OP                BITS64(63, 60)
#define AMDVI_CMD_OP_COMPLETION_WAIT            0x1u
#define AMDVI_CMD_OP_INVALIDATE_DEVTAB_ENTRY    0x2u
#define AMDVI_CMD_OP_INVALIDATE_IOMMU_PAGES     0x3u
#define AMDVI_CMD_OP_INVALIDATE_IOTLB_PAGES     0x4u
#define AMDVI_CMD_OP_INVALIDATE_INTERRUPT_TABLE 0x5u
#define AMDVI_CMD_OP_PREFETCH_IOMMU_PAGES       0x6u
#define AMDVI_CMD_OP_COMPLETE_PPR_REQUEST       0x7u
#define AMDVI_CMD_OP_INVALIDATE_IOMMU_ALL       0x8u
#define AMDVI_CMD_OP_INSERT_GUEST_EVENT         0x9u
#define AMDVI_CMD_OP_RESET_VMMIO                0xau

/* The requester id, of the commands that have one. */
#define AMDVI_CMD_DEVICE_ID         BITS64(15, 0)

/* §2.4.1 COMPLETION_WAIT: the second word is what is stored */
#define AMDVI_CMD_WAIT_S            BIT64(0)
#define AMDVI_CMD_WAIT_I            BIT64(1)
#define AMDVI_CMD_WAIT_F            BIT64(2)
#define AMDVI_CMD_WAIT_ADDRESS      BITS64(51, 3)

/* §2.4.3 INVALIDATE_IOMMU_PAGES */
#define AMDVI_CMD_PAGES_PASID       BITS64(19, 0)
#define AMDVI_CMD_PAGES_DOMAIN_ID   BITS64(47, 32)
#define AMDVI_CMD_PAGES_S           BIT64(64 - 64)
#define AMDVI_CMD_PAGES_PDE         BIT64(65 - 64)
#define AMDVI_CMD_PAGES_GN          BIT64(66 - 64)
#define AMDVI_CMD_PAGES_ADDRESS     BITS64(127 - 64, 76 - 64)
/* With S: ones below the first zero from bit 12 give the size; bit 63 as that zero is everything. */
#define AMDVI_CMD_PAGES_ALL         0x7ffffffffffff000ull

/* §2.4.4 INVALIDATE_IOTLB_PAGES */
#define AMDVI_CMD_IOTLB_PASID_15_8  BITS64(23, 16)
#define AMDVI_CMD_IOTLB_MAXPEND     BITS64(31, 24)
#define AMDVI_CMD_IOTLB_QUEUE_ID    BITS64(47, 32)
#define AMDVI_CMD_IOTLB_PASID_7_0   BITS64(55, 48)
#define AMDVI_CMD_IOTLB_PASID_19_16 BITS64(59, 56)
#define AMDVI_CMD_IOTLB_S           BIT64(64 - 64)
#define AMDVI_CMD_IOTLB_GN          BIT64(66 - 64)
#define AMDVI_CMD_IOTLB_TYPE        BITS64(69 - 64, 68 - 64)
#define AMDVI_CMD_IOTLB_ADDRESS     BITS64(127 - 64, 76 - 64)

/* §2.4.6 PREFETCH_IOMMU_PAGES */
#define AMDVI_CMD_PREFETCH_COUNT    BITS64(31, 24)
#define AMDVI_CMD_PREFETCH_PASID    BITS64(51, 32)
#define AMDVI_CMD_PREFETCH_S        BIT64(64 - 64)
#define AMDVI_CMD_PREFETCH_GN       BIT64(66 - 64)
#define AMDVI_CMD_PREFETCH_INVAL    BIT64(68 - 64)
#define AMDVI_CMD_PREFETCH_ADDRESS  BITS64(127 - 64, 76 - 64)

/* §2.4.7 COMPLETE_PPR_REQUEST */
#define AMDVI_CMD_PPR_PASID         BITS64(51, 32)
#define AMDVI_CMD_PPR_GN            BIT64(66 - 64)
#define AMDVI_CMD_PPR_TAG           BITS64(104 - 64, 96 - 64)
#define AMDVI_CMD_PPR_STATUS        BITS64(111 - 64, 108 - 64)
#define AMDVI_PPR_STATUS_SUCCESS    0x0u
#define AMDVI_PPR_STATUS_INVALID    0x1u
#define AMDVI_PPR_STATUS_FAILURE    0xfu

/* ---- §2.5 Event Log Entry ---- */

struct amdvi_event {
    uint64_t lo;
    uint64_t hi;    /* an address, or what the event says it is */
} __attribute__((aligned(16)));
_Static_assert(sizeof(struct amdvi_event) == 16, "AMD-Vi §2.5");

#define AMDVI_EVENT_CODE            BITS64(63, 60)
#define AMDVI_EVENT_DEVICE_ID       BITS64(15, 0)
#define AMDVI_EVENT_PASID_19_16     BITS64(19, 16)
#define AMDVI_EVENT_DOMAIN_ID       BITS64(47, 32)  /* GN = 0 */
#define AMDVI_EVENT_PASID_15_0      BITS64(47, 32)  /* GN = 1 */
#define AMDVI_EVENT_FLAGS           BITS64(59, 48)
#define AMDVI_EVENT_GN              BIT64(48)
#define AMDVI_EVENT_NX              BIT64(49)
#define AMDVI_EVENT_US              BIT64(50)
#define AMDVI_EVENT_I               BIT64(51)
#define AMDVI_EVENT_PR              BIT64(52)
#define AMDVI_EVENT_RW              BIT64(53)
#define AMDVI_EVENT_PE              BIT64(54)
#define AMDVI_EVENT_RZ              BIT64(55)
#define AMDVI_EVENT_TR              BIT64(56)
#define AMDVI_EVENT_HW_TYPE         BITS64(58, 57)  /* hardware errors */
#define AMDVI_EVENT_REQUEST_TYPE    BITS64(59, 57)  /* INVALID_DEVICE_REQUEST */
/* Bits 63:48, code and flags: iommu_fault.reason */
#define AMDVI_EVENT_REASON          BITS64(63, 48)

#define AMDVI_EVENT_ILLEGAL_DEV_TABLE_ENTRY 0x1u
#define AMDVI_EVENT_IO_PAGE_FAULT           0x2u
#define AMDVI_EVENT_DEV_TAB_HARDWARE_ERROR  0x3u
#define AMDVI_EVENT_PAGE_TAB_HARDWARE_ERROR 0x4u
#define AMDVI_EVENT_ILLEGAL_COMMAND_ERROR   0x5u
#define AMDVI_EVENT_COMMAND_HARDWARE_ERROR  0x6u
#define AMDVI_EVENT_IOTLB_INV_TIMEOUT       0x7u
#define AMDVI_EVENT_INVALID_DEVICE_REQUEST  0x8u
#define AMDVI_EVENT_INVALID_PPR_REQUEST     0x9u
#define AMDVI_EVENT_EVENT_COUNTER_ZERO      0xau
#define AMDVI_EVENT_GUEST_EVENT_FAULT       0xbu
#define AMDVI_EVENT_RMP_PAGE_FAULT          0xdu
#define AMDVI_EVENT_RMP_HARDWARE_ERROR      0xeu

/* Type of hardware errors */
#define AMDVI_HW_TYPE_MASTER_ABORT  1u
#define AMDVI_HW_TYPE_TARGET_ABORT  2u
#define AMDVI_HW_TYPE_DATA_ERROR    3u

/* ---- PPR Log Entry ---- */

struct amdvi_ppr {
    uint64_t lo;
    uint64_t hi;    /* the address */
} __attribute__((aligned(16)));
_Static_assert(sizeof(struct amdvi_ppr) == 16, "AMD-Vi §2.6");

#define AMDVI_PPR_CODE              BITS64(63, 60)
#define AMDVI_PPR_CODE_REQUEST      0x1u
#define AMDVI_PPR_DEVICE_ID         BITS64(15, 0)
#define AMDVI_PPR_PASID_15_0        BITS64(31, 16)
#define AMDVI_PPR_TAG               BITS64(40, 32)
#define AMDVI_PPR_LAST              BIT64(41)
#define AMDVI_PPR_PASID_19_16       BITS64(45, 42)
#define AMDVI_PPR_EXEC              BIT64(49)
#define AMDVI_PPR_READ              BIT64(50)
#define AMDVI_PPR_WRITE             BIT64(53)
#define AMDVI_PPR_US                BIT64(54)
#define AMDVI_PPR_RSVD              BIT64(55)
#define AMDVI_PPR_GN                BIT64(56)

/* ---- GA Log Entry, 8 bytes ---- */

#define AMDVI_GA_TAG                BITS64(31, 0)
#define AMDVI_GA_DEVICE_ID          BITS64(47, 32)
#define AMDVI_GA_TYPE               BITS64(63, 60)
#define AMDVI_GA_TYPE_GUEST_NOT_RUNNING 1u

#endif
