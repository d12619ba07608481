/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VT-d unit reads from memory in legacy mode: root and context entries
 * (VT-d §9.1, §9.3) and 128-bit invalidation descriptors (§6.5.2). The bits of
 * a second 64-bit word are written relative to bit 64. Page-table entries are
 * in pt/.
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

#endif
