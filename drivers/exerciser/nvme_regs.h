/* SPDX-License-Identifier: BSD-2-Clause */
/* NVMe registers, commands and completions (NVM Express Base 1.4), as far as they are used. */
#ifndef NVME_REGS_H
#define NVME_REGS_H

#include "exerciser_internal.h"

/* ---- controller registers, §3.1 ---- */
#define NVME_CAP            0x00
#define NVME_CAP_MQES       EX_BITS64(15, 0)    /* entries - 1 */
#define NVME_CAP_TO         EX_BITS64(31, 24)   /* of 500 ms */
#define NVME_CAP_DSTRD      EX_BITS64(35, 32)
#define NVME_CAP_NVM        EX_BIT64(37)
#define NVME_CAP_MPSMIN     EX_BITS64(51, 48)
#define NVME_INTMS          0x0c                /* mask bits by vector: a one sets */
#define NVME_INTMC          0x10                /* a one clears */
#define NVME_ADMIN_VECTOR   EX_BIT32(0)
#define NVME_CC             0x14
#define NVME_CC_EN          EX_BIT32(0)
#define NVME_CC_SHN         EX_BITS32(15, 14)
#define NVME_CC_SHN_NORMAL  EX_BIT32(14)
#define NVME_CC_IOSQES_64   (6u << 16)          /* log2 of the entry */
#define NVME_CC_IOCQES_16   (4u << 20)
#define NVME_CSTS           0x1c
#define NVME_CSTS_RDY       EX_BIT32(0)
#define NVME_CSTS_CFS       EX_BIT32(1)
#define NVME_CSTS_SHST      EX_BITS32(3, 2)
#define NVME_CSTS_SHST_DONE EX_BIT32(3)
#define NVME_AQA            0x24                /* sizes - 1: 27:16 completion, 11:0 submission */
#define NVME_ASQ            0x28
#define NVME_ACQ            0x30
#define NVME_DOORBELLS      0x1000u
#define NVME_TO_US          500000u

/* ---- admin commands, §5 ---- */
#define NVME_ADMIN_CREATE_SQ    0x01u
#define NVME_ADMIN_CREATE_CQ    0x05u
#define NVME_ADMIN_IDENTIFY     0x06u
#define NVME_ADMIN_SET_FEATURES 0x09u
#define NVME_ADMIN_GET_FEATURES 0x0au
#define NVME_CONTIGUOUS         EX_BIT32(0)     /* CDW11 of both create commands */
#define NVME_CQ_INTERRUPTS      EX_BIT32(1)     /* CDW11 of Create CQ; the vector is in its bits 31:16 */
#define NVME_FEATURE_QUEUES     0x07u
#define NVME_CNS_NAMESPACE      0u
#define NVME_CNS_CONTROLLER     1u

/* ---- NVM commands, §6 ---- */
#define NVME_IO_FLUSH       0x00u
#define NVME_IO_WRITE       0x01u
#define NVME_IO_READ        0x02u
#define NVME_IO_COMPARE     0x05u

struct nvme_command {
    uint32_t cdw0;          /* 31:16 command id, 7:0 opcode; PRPs, not fused */
    uint32_t nsid;
    uint32_t cdw2, cdw3;
    uint64_t metadata;
    uint64_t prp1, prp2;
    uint32_t cdw10, cdw11, cdw12, cdw13, cdw14, cdw15;
};
_Static_assert(sizeof(struct nvme_command) == 64, "NVMe §4.2");

struct nvme_completion {
    uint32_t result;
    uint32_t reserved;
    uint16_t sq_head, sq_id;
    uint16_t command_id;
    uint16_t status;
};
_Static_assert(sizeof(struct nvme_completion) == 16, "NVMe §4.6");

#define NVME_STATUS_PHASE   EX_BITS32(0, 0)
#define NVME_STATUS_CODE    EX_BITS32(11, 1)    /* type 11:9 and code 8:1 */
#define NVME_STATUS_COMPARE_FAILURE ((2u << 9) | (0x85u << 1))

/* ---- Identify data, §5.15.2 ---- */
#define NVME_ID_SERIAL          4u
#define NVME_ID_SERIAL_BYTES    20u
#define NVME_ID_MDTS            77u
#define NVME_ID_NN              516u
#define NVME_ID_ONCS            520u
#define NVME_ID_ONCS_COMPARE    EX_BIT32(0)
#define NVME_NS_NSZE            0u
#define NVME_NS_FLBAS           26u
#define NVME_NS_FLBAS_INDEX     EX_BITS32(3, 0)
#define NVME_NS_LBAF            128u            /* 4 bytes a format */
#define NVME_NS_LBAF_METADATA   EX_BITS32(15, 0)
#define NVME_NS_LBAF_DATA_SHIFT 16              /* log2 of the block in 23:16 */

#endif
