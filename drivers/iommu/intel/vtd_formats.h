/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VT-d unit reads from memory in legacy mode: root and context entries
 * (VT-d §9.1, §9.3), 128-bit invalidation descriptors (§6.5.2), interrupt
 * entries and posted-interrupt descriptors (§9.9 to §9.11); and what sources of
 * interrupts send (§5.1.2.2, §5.1.5.1). The bits of a second 64-bit word are
 * written relative to bit 64. Page-table entries are in pt/.
 */
#ifndef IOMMU_VTD_FORMATS_H
#define IOMMU_VTD_FORMATS_H

#include "bits.h"

/* §9.1 Root Entry */
struct vtd_root_entry {
    uint64_t lo;
    uint64_t hi;
};
_Static_assert(sizeof(struct vtd_root_entry) == 16, "VT-d §9.1");

#define VTD_ROOT_P              BIT64(0)
#define VTD_ROOT_CTP            BITS64(63, 12)

/* §9.3 Context Entry */
struct vtd_context_entry {
    uint64_t lo;
    uint64_t hi;
};
_Static_assert(sizeof(struct vtd_context_entry) == 16, "VT-d §9.3");

#define VTD_CONTEXT_P           BIT64(0)
#define VTD_CONTEXT_FPD         BIT64(1)
#define VTD_CONTEXT_TT          BITS64(3, 2)
#define VTD_CONTEXT_SSPTPTR     BITS64(63, 12)
#define VTD_CONTEXT_AW          BITS64(66 - 64, 64 - 64)
#define VTD_CONTEXT_IGNORED     BITS64(70 - 64, 67 - 64)
#define VTD_CONTEXT_DID         BITS64(87 - 64, 72 - 64)

/* TT */
#define VTD_TT_UNTRANSLATED     0u  /* untranslated requests only, through the second stage */
#define VTD_TT_DEVICE_TLB       1u
#define VTD_TT_PASS_THROUGH     2u

/* Tables: one root table of 256 buses, context tables of 256 device functions. */
#define VTD_ROOT_ENTRIES        256u
#define VTD_CONTEXT_ENTRIES     256u

/* AW of a table of so many levels: 1 for 3 levels, 3 for 5 (§9.3). */
#define VTD_AW_OF_LEVELS(levels) ((levels) - 2u)

/* §6.5.2 Queued Invalidation Interface: 128-bit descriptors */
struct vtd_descriptor {
    uint64_t lo;
    uint64_t hi;
};
_Static_assert(sizeof(struct vtd_descriptor) == 16, "VT-d §6.5.2");

#define VTD_QI_TYPE             BITS64(3, 0)
#define VTD_QI_TYPE_HIGH        BITS64(11, 9)
#define VTD_QI_TYPE_CC          1u
#define VTD_QI_TYPE_IOTLB       2u
#define VTD_QI_TYPE_DEV_TLB     3u
#define VTD_QI_TYPE_IEC         4u
#define VTD_QI_TYPE_WAIT        5u

/* §6.5.2.1 Context-cache Invalidate Descriptor */
#define VTD_QI_CC_G             BITS64(5, 4)
#define VTD_QI_CC_DID           BITS64(31, 16)
#define VTD_QI_CC_SID           BITS64(47, 32)
#define VTD_QI_CC_FM            BITS64(49, 48)

/* §6.5.2.3 IOTLB Invalidate: ADDR, IH and AM are in the second word */
#define VTD_QI_IOTLB_G          BITS64(5, 4)
#define VTD_QI_IOTLB_DW         BIT64(6)
#define VTD_QI_IOTLB_DR         BIT64(7)
#define VTD_QI_IOTLB_DID        BITS64(31, 16)
#define VTD_QI_IOTLB_AM         BITS64(69 - 64, 64 - 64)
#define VTD_QI_IOTLB_IH         BIT64(70 - 64)
#define VTD_QI_IOTLB_ADDR       BITS64(127 - 64, 76 - 64)

/* §6.5.2.5 Device-TLB Invalidate Descriptor: S and ADDR are in the second word */
#define VTD_QI_DEV_TLB_PFSID_LO BITS64(15, 12)
#define VTD_QI_DEV_TLB_MIP      BITS64(20, 16)
#define VTD_QI_DEV_TLB_SID      BITS64(47, 32)
#define VTD_QI_DEV_TLB_PFSID_HI BITS64(63, 52)
#define VTD_QI_DEV_TLB_S        BIT64(64 - 64)
#define VTD_QI_DEV_TLB_ADDR     BITS64(127 - 64, 76 - 64)

/* §6.5.2.8 Interrupt Entry Cache Invalidate Descriptor */
#define VTD_QI_IEC_G            BIT64(4)
#define VTD_QI_IEC_IM           BITS64(31, 27)
#define VTD_QI_IEC_IIDX         BITS64(47, 32)

/* §6.5.2.9 Invalidation Wait Descriptor: STATUS_ADDR is in the second word */
#define VTD_QI_WAIT_IF          BIT64(4)
#define VTD_QI_WAIT_SW          BIT64(5)
#define VTD_QI_WAIT_FN          BIT64(6)
#define VTD_QI_WAIT_PD          BIT64(7)
#define VTD_QI_WAIT_STATUS_DATA BITS64(63, 32)
#define VTD_QI_WAIT_STATUS_ADDR BITS64(127 - 64, 66 - 64)

/* §9.9 IRTE for Remapped Interrupts, §9.10 for Posted Interrupts: P, FPD, AVAIL, IM and the second word alike */
struct vtd_irte {
    uint64_t lo;
    uint64_t hi;
} __attribute__((aligned(16)));
_Static_assert(sizeof(struct vtd_irte) == 16, "VT-d §9.9");

#define VTD_IRTE_P              BIT64(0)
#define VTD_IRTE_FPD            BIT64(1)
#define VTD_IRTE_DM             BIT64(2)
#define VTD_IRTE_RH             BIT64(3)
#define VTD_IRTE_TM             BIT64(4)
#define VTD_IRTE_DLM            BITS64(7, 5)
#define VTD_IRTE_AVAIL          BITS64(11, 8)
#define VTD_IRTE_IM             BIT64(15)
#define VTD_IRTE_V              BITS64(23, 16)
#define VTD_IRTE_DST            BITS64(63, 32)
#define VTD_IRTE_DST_XAPIC      BITS64(47, 40) /* EIME = 0; the rest of DST is reserved then */
#define VTD_IRTE_SID            BITS64(79 - 64, 64 - 64)
#define VTD_IRTE_SQ             BITS64(81 - 64, 80 - 64)
#define VTD_IRTE_SVT            BITS64(83 - 64, 82 - 64)
#define VTD_IRTE_URG            BIT64(14)       /* IM = 1 */
#define VTD_IRTE_VV             BITS64(23, 16)
#define VTD_IRTE_PDA_LOW        BITS64(63, 38)  /* address bits 31:6 */
#define VTD_IRTE_PDA_HIGH       BITS64(127 - 64, 96 - 64)

#define VTD_DLM_FIXED           0u
#define VTD_DLM_LOWEST          1u

/* SVT: what of the requester id is compared with SID */
#define VTD_SVT_NONE            0u
#define VTD_SVT_ID              1u  /* all of it, but for the bits of SQ */
#define VTD_SVT_BUS             2u  /* SID is the first bus and the last */

/* SQ: function bits that are not compared */
#define VTD_SQ_ALL              0u
#define VTD_SQ_NOT_2            1u
#define VTD_SQ_NOT_2_1          2u
#define VTD_SQ_NOT_2_1_0        3u

/* With SVT_BUS */
#define VTD_SID_FIRST_BUS       BITS64(15, 8)
#define VTD_SID_LAST_BUS        BITS64(7, 0)

/* §9.11 Posted Interrupt Descriptor: the word behind the 256 bits of PIR */
#define VTD_PID_ON              BIT64(256 - 256)
#define VTD_PID_SN              BIT64(257 - 256)
#define VTD_PID_NV              BITS64(279 - 256, 272 - 256)
#define VTD_PID_NDST            BITS64(319 - 256, 288 - 256)
#define VTD_PID_NDST_XAPIC      BITS64(303 - 256, 296 - 256)

/* §5.1.2.2 Remappable Format: address and data of a message */
#define VTD_MSI_ADDRESS         0xfee00000u
#define VTD_MSI_HANDLE_LOW      BITS64(19, 5)
#define VTD_MSI_REMAPPABLE      BIT64(4)
#define VTD_MSI_SHV             BIT64(3)
#define VTD_MSI_HANDLE_HIGH     BIT64(2)
#define VTD_MSI_SUBHANDLE       BITS64(15, 0)

/* §5.1.5.1 I/OxAPIC redirection entry */
#define VTD_RTE_VECTOR          BITS64(7, 0)
#define VTD_RTE_INDEX_HIGH      BIT64(11)
#define VTD_RTE_ACTIVE_LOW      BIT64(13)
#define VTD_RTE_LEVEL           BIT64(15)
#define VTD_RTE_MASK            BIT64(16)
#define VTD_RTE_REMAPPABLE      BIT64(48)
#define VTD_RTE_INDEX_LOW       BITS64(63, 49)

#endif
